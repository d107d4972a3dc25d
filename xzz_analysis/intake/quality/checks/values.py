"""Single answers: numbers far from all others, broken constraints, options that exclude each other, what is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd
from scipy.special import ndtri

from xzz_analysis.intake.answers import Question, Reason
from xzz_analysis.intake.quality.check import Check, Found, robust_z
from xzz_analysis.intake.quality.records import Records
from xzz_analysis.intake.quality.thresholds import QualityRules
from xzz_analysis.language import choose

ONE_IN = 0.05
"""Honest normal answers to a question show an outlier in one round of twenty."""

UNUSABLE = (Reason.BLANK, Reason.DONT_KNOW, Reason.REFUSED, Reason.REMOVED, Reason.INVALID)
"""Asked, and without a usable answer."""


def outlier(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Numbers far from the median on the raw and on the log scale.

    Incomes are skewed to the right and would be far on the raw scale alone, small counts on the log scale alone;
    only what is far on both is listed, and the message says how many are far on each. Where more than half of the
    answers are one value (often 0), the others are judged by themselves. With many answers the limit rises, so that a
    normal question shows an outlier in one round of twenty.
    """
    limits = rules.thresholds
    for question in records.questions.values():
        if question.kind not in ("integer", "decimal", "calculate") or question.name not in records.values:
            continue
        column = records.values[question.name]
        if column.dtype.kind not in "fiu":
            continue
        values = np.where(records.reasons[question.name] == Reason.ANSWERED, column.to_numpy(float), np.nan)
        known = int(np.isfinite(values).sum())
        limit = max(limits.outlier, float(-ndtri(ONE_IN / 2 / max(known, 1))))
        raw, log = far_on_both_scales(values, limit, limits.outlier_answers)
        facts = {"raw": int(raw.sum()), "log": int(log.sum())}
        yield Found(known, raw & log, question=question.name, threshold=limit, facts=facts)


def far_on_both_scales(values: np.ndarray, limit: float, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Which numbers are far from the median in robust deviations, on the raw and on the log scale.

    Parameters
    ----------
    values : array of float, shape (n,)
        NaN = unknown. The log scale is that of ``sign(x) · log(1 + |x|)``.
    limit : float
        Robust deviations.
    least : int
        Fewer known values are not judged.

    Returns
    -------
    two bool arrays of shape (n,)
    """
    none = np.zeros(len(values), bool)
    judged = values
    known = np.isfinite(values)
    if known.any():
        different, counts = np.unique(values[known], return_counts=True)
        if counts.max() > known.sum() / 2:
            judged = np.where(values == different[counts.argmax()], np.nan, values)
    if np.isfinite(judged).sum() < least:
        return none, none
    with np.errstate(invalid="ignore"):
        raw = np.abs(robust_z(judged)) > limit
        log = np.abs(robust_z(np.sign(judged) * np.log1p(np.abs(judged)))) > limit
    return raw, log


def broken(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Answers that break the constraint of their question."""
    yield from _marked(records, records.broken)


def other_repeats(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Texts of "other" that say what a listed option says."""
    yield from _marked(records, records.other_repeats)


def _marked(records: Records, marks: pd.DataFrame) -> Iterator[Found]:
    for name in marks:
        reasons = records.reasons.get(name)
        asked = len(records) if reasons is None else int((reasons.to_numpy() == Reason.ANSWERED).sum())
        question = records.questions.get(str(name))
        facts = {"constraint": " ".join(question.constraint.split()) if question is not None else ""}
        yield Found(asked, marks[name].to_numpy(bool), question=str(name), facts=facts)


def exclusive(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Select-multiple answers that hold an exclusive option and another one."""
    for name, options in records.exclusive.items():
        question = records.questions.get(name)
        if question is None or question.kind != "select_multiple":
            continue
        chosen = records.values[list(question.columns)].to_numpy(float) == 1
        alone = [option.name in options for option in question.options]
        rows = chosen[:, alone].any(axis=1) & (chosen.sum(axis=1) > 1)
        answered = int((records.reasons[question.columns[0]] == Reason.ANSWERED).sum())
        facts = {f"options_{language}": between.join(named) for language, between, named in _called(question, options)}
        yield Found(answered, rows, question=name, facts=facts)


def _called(question: Question, options: Collection[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Language, what stands between, and the labels of the options there are."""
    there = [option for option in question.options if option.name in options]
    for language, between in (("zh", "、"), ("en", ", ")):
        yield language, between, [choose(option.label, language, option.name).text for option in there]


def unusable(records: Records) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Which questions each record was asked, and which of them have no usable answer.

    Parameters
    ----------
    records : Records

    Returns
    -------
    names : tuple of str
        Questions of the form with a column, calculated ones left out.
    asked, without : bool arrays of shape (records, questions)
    """
    names = tuple(
        question.name
        for question in records.questions.values()
        if question.kind in ("select_one", "select_multiple", "integer", "decimal", "date")
        and question.columns
        and question.columns[0] in records.reasons
    )
    columns = [records.questions[name].columns[0] for name in names]
    reasons = records.reasons[columns].to_numpy()
    without = np.isin(reasons, UNUSABLE)
    return names, without | (reasons == Reason.ANSWERED), without


def missing(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Questions that many of those asked did not usably answer."""
    names, asked, without = unusable(records)
    whole = int(asked.sum())
    for name, bases, counts in zip(names, asked.sum(axis=0), without.sum(axis=0), strict=True):
        if bases >= rules.thresholds.missing_asked and counts > rules.thresholds.missing * bases:
            limit = rules.thresholds.missing
            yield Found(int(bases), count=int(counts), question=name, threshold=limit, whole=whole)


OUTLIER = Check(
    "outlier",
    "warning",
    (),
    ("outlier", "outlier_answers"),
    outlier,
    {
        "zh": "{base:,} 个回答中有 {count:,} 个在原始和对数两种尺度上都离中位数 {threshold:.1f} 个稳健标准差以上"
        "（原始尺度 {raw:,} 个，对数尺度 {log:,} 个）",
        "en": "{count:,} of {base:,} answers lie more than {threshold:.1f} robust deviations from the median on the "
        "raw and on the log scale ({raw:,} on the raw, {log:,} on the log scale)",
    },
    {
        "zh": "核对单位（元、千元）和多打的零；错误的用更正表改，真实的保留",
        "en": "look for wrong units and added zeros; correct errors in the corrections file, keep what is true",
    },
    {"zh": "家庭月收入多打两个零", "en": "a monthly income with two zeros too many"},
    "Iglewicz, B. and Hoaglin, D. C. (1993), How to Detect and Handle Outliers",
)
CONSTRAINT_BROKEN = Check(
    "constraint_broken",
    "warning",
    ("broken",),
    (),
    broken,
    {
        "zh": "{base:,} 个回答中有 {count:,} 个违反问卷对该题的约束（{constraint}）",
        "en": "{count:,} of {base:,} answers break the form's constraint ({constraint})",
    },
    {"zh": "更正回答，或放宽问卷的约束", "en": "correct the answers, or loosen the constraint in the form"},
    {"zh": "约束为 3–15 岁，却有 42 岁的儿童", "en": "a child of 42 where the form allows 3 to 15"},
    "cleaningtools 0.0.0.9003 (2024), check_logical",
)
EXCLUSIVE_WITH_OTHERS = Check(
    "exclusive_with_others",
    "warning",
    ("exclusive",),
    (),
    exclusive,
    {
        "zh": "{base:,} 个回答中有 {count:,} 个同时选了互斥选项（{options_zh}）和其他选项",
        "en": "{count:,} of {base:,} answers join an exclusive option ({options_en}) with others",
    },
    {"zh": "决定保留哪一个，并更正回答", "en": "decide which stands, and correct the answers"},
    {"zh": "同时选了“以上都没有”和“医疗保险”", "en": "'none of these' together with 'health insurance'"},
)
OTHER_REPEATS_OPTION = Check(
    "other_repeats_option",
    "note",
    ("other_repeats",),
    (),
    other_repeats,
    {
        "zh": "{count:,} 段“其他”文字说的就是已有的选项",
        "en": "{count:,} other-text(s) say what an option of the question says",
    },
    {"zh": "在更正表中改为该选项", "en": "change the answer to that option in the corrections file"},
    {"zh": "选了“其他”，写的是“公办学校”，而选项中已有", "en": "'other: public school', which is an option"},
    "ipacheck 4 (2024), specify",
)
MISSING_QUESTION = Check(
    "missing_question",
    "warning",
    (),
    ("missing", "missing_asked"),
    missing,
    {
        "zh": "被问到的 {base:,} 人中有 {count:,} 人（{share:.0%}）没有可用回答，超过 {threshold:.0%}",
        "en": "{count:,} of {base:,} asked ({share:.0%}) have no usable answer, more than {threshold:.0%}",
    },
    {"zh": "查看原因（空白、不知道、拒绝），改进提问", "en": "look at the reasons, and word the question better"},
    {"zh": "问到收入的 400 户中有 130 户拒绝回答", "en": "130 of 400 families asked refuse to tell their income"},
    "cleaningtools 0.0.0.9003 (2024), check_percentage_missing",
)
CHECKS = (OUTLIER, CONSTRAINT_BROKEN, EXCLUSIVE_WITH_OTHERS, OTHER_REPEATS_OPTION, MISSING_QUESTION)
