"""Checks that a study declares: contradictions, ages, linked records, the plan of the sample, interviews made again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from xzz_analysis.intake.answers import Reason
from xzz_analysis.intake.expression import evaluate
from xzz_analysis.intake.quality.check import Check, Found
from xzz_analysis.intake.quality.records import Records, content
from xzz_analysis.intake.quality.thresholds import Counted, QualityRules

NOMINAL = (1, 2)
"""Years by which an age counted the traditional Chinese way (虚岁) is above the completed years."""


def contradictions(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Records for which a declared contradiction is true; unknown answers contradict nothing."""
    for rule in rules.logic:
        if rule.unit == records.unit:
            truth = _truth(records, rule.when)
            told = {f"said_{language}": text for language, text in rule.message.items()}
            yield Found(
                int((truth >= 0).sum()),
                truth == 1,
                question=rule.name,
                facts={"when": " ".join(rule.when.split()), **told},
                severity=rules.severity.get("contradiction", rule.severity),
            )


def _truth(records: Records, when: str) -> np.ndarray:
    today = None if records.collected is None else records.collected[1]
    return evaluate(when, records.bindings, len(records), today=today).truth()


def ages(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Stated ages that are not the completed years on the day of the interview."""
    day = interview_day(records)
    for rule in rules.ages:
        if rule.unit != records.unit:
            continue
        stated, born = _answers(records, rule.age), pd.to_datetime(_answers(records, rule.born))
        years = completed_years(born, day)
        apart = stated.to_numpy(float) - years
        known = np.isfinite(apart)
        rows = known & (np.abs(apart) > rules.thresholds.age_years)
        nominal = int((rows & np.isin(apart, NOMINAL)).sum())
        yield Found(
            int(known.sum()), rows, question=rule.age, threshold=rules.thresholds.age_years, facts={"nominal": nominal}
        )


def interview_day(records: Records) -> pd.Series:
    """Day of each interview, or the round's last day where it is not known."""
    day = records.moment if records.moment is not None else pd.Series(pd.NaT, records.values.index)
    return day if records.collected is None else day.fillna(pd.Timestamp(records.collected[1]))


def completed_years(born: pd.Series, day: pd.Series) -> np.ndarray:
    """Whole years from a birth date to a day, array of float; NaN where either is unknown.

    Who was born on 29 February completes a year on 1 March where there is no 29 February.
    """
    before = (day.dt.month * 100 + day.dt.day) < (born.dt.month * 100 + born.dt.day)
    return np.asarray((day.dt.year - born.dt.year - before.astype(float)).to_numpy(float))


def _answers(records: Records, name: str) -> pd.Series:
    records.bindings(name)  # says which name is nearest when there is no such question
    return records.values[name].where(records.reasons[name] == Reason.ANSWERED)


def linked_counts(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Linked records whose number is not what their parent says."""
    assert records.parent is not None
    for rule in rules.counts:
        if rule.unit == records.unit:
            stated = _stated(records.parent, rule)
            counts = _counted(records, rule)
            wrong = {"equal": counts != stated, "at_most": counts > stated, "at_least": counts < stated}[rule.compare]
            wrong &= np.isfinite(stated)
            rows = (records.parent_rows >= 0) & np.append(wrong, False)[records.parent_rows]
            stating, parents = int(np.isfinite(stated).sum()), int(wrong.sum())
            facts = {"of_unit": records.parent.unit, "stated": rule.question}
            yield Found(stating, rows, count=parents, question=rule.name, facts=facts, whole=len(stated))


def _stated(parent: Records, rule: Counted) -> np.ndarray:
    return _answers(parent, rule.question).to_numpy(float)


def _counted(records: Records, rule: Counted) -> np.ndarray:
    """Linked records of each parent for which the rule's expression holds."""
    assert records.parent is not None
    holds = np.ones(len(records), bool) if not rule.when else _truth(records, rule.when) == 1
    places = records.parent_rows[holds & (records.parent_rows >= 0)]
    return np.bincount(places, minlength=len(records.parent))


def sample_plan(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Parts of the sample with fewer interviews than planned, and interviews in none of the planned parts."""
    for plan in rules.plans:
        targets = plan.targets.get(records.round)
        if plan.unit != records.unit or not targets:
            continue
        table = against_plan(_parts(records, plan.by), targets)
        short = table[table["made"] < rules.thresholds.plan * table["planned"]]
        named = "; ".join(f"{part} {made}/{planned}" for part, made, planned in short.to_numpy(object)[:10])
        unplanned = int((~_parts(records, plan.by).isin(list(targets))).sum())
        facts = {"named": named, "unplanned": unplanned, "planned": int(table["planned"].sum()), "n": len(records)}
        limit = rules.thresholds.plan
        yield Found(
            len(table), count=len(short), question=plan.by, threshold=limit, facts=facts, whole=max(len(table), 1)
        )


def sample_surplus(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Interviews above those planned in a part of the sample; the counts do not tell which ones are too many."""
    for plan in rules.plans:
        targets = plan.targets.get(records.round)
        if plan.unit != records.unit or not targets:
            continue
        table = against_plan(_parts(records, plan.by), targets)
        over = table[table["made"] > rules.thresholds.surplus * table["planned"]]
        named = "; ".join(f"{part} {made}/{planned}" for part, made, planned in over.to_numpy(object)[:10])
        facts = {"named": named, "parts": len(over), "of_parts": len(table)}
        surplus = int((over["made"] - over["planned"]).sum())
        yield Found(len(records), count=surplus, question=plan.by, threshold=rules.thresholds.surplus, facts=facts)


def against_plan(parts: pd.Series, targets: Mapping[str, int]) -> pd.DataFrame:
    """Interviews made in each planned part of the sample.

    Parameters
    ----------
    parts : Series of str
        Part of each record.
    targets : mapping of str to int
        Part → interviews planned.

    Returns
    -------
    DataFrame
        ``part``, ``made``, ``planned``, in the order of the plan.
    """
    made = parts.value_counts()
    rows = [{"part": part, "made": int(made.get(part, 0)), "planned": planned} for part, planned in targets.items()]
    return pd.DataFrame(rows, columns=["part", "made", "planned"])


def _parts(records: Records, by: str) -> pd.Series:
    if by == "stratum" and records.has("stratum"):
        return records.submission["stratum"].fillna("")
    return _answers(records, by).astype("str").fillna("")


def back_check(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Questions on which interviews and those made again disagree."""
    limits = rules.thresholds
    table = agreement(records)
    judged = table[table["pairs"] >= limits.pairs]
    poor = judged[(judged["agreement"] < limits.agreement) & ~(judged["kappa"] >= limits.kappa)]
    for row in poor.to_dict("records"):
        kappa = f"{row['kappa']:.2f}" if np.isfinite(row["kappa"]) else "–"
        yield Found(
            row["pairs"],
            count=row["pairs"] - row["equal"],
            question=row["question"],
            threshold=limits.agreement,
            facts={"agreement": row["agreement"], "kappa": kappa, "least": limits.kappa},
            whole=int(judged["pairs"].sum()),
        )


def agreement(records: Records) -> pd.DataFrame:
    """How far interviews and those made again agree, question by question.

    Parameters
    ----------
    records : Records
        With ``again``.

    Returns
    -------
    DataFrame
        ``question``, ``pairs`` (answered both times), ``equal``, ``agreement`` (equal over pairs) and ``kappa``
        (agreement beyond chance; NaN for numbers and dates, and where everybody answers the same).

    References
    ----------
    Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20,
    37-46.
    """
    assert records.again is not None
    both = pd.Index(records.keys).intersection(pd.Index(records.again.keys), sort=True)
    here, there = (pd.Index(one.keys).get_indexer(both) for one in (records, records.again))
    names = [
        question.name
        for question in records.questions.values()
        if question.kind in ("select_one", "select_multiple", "integer", "decimal", "date")
        and question.columns
        and set(question.columns) <= set(records.again.values.columns)
    ]
    rows = [(name, *_agreement(records, records.again, here, there, name)) for name in names]
    return pd.DataFrame(rows, columns=["question", "pairs", "equal", "agreement", "kappa"])


def _agreement(
    records: Records, again: Records, here: np.ndarray, there: np.ndarray, name: str
) -> tuple[int, int, float, float]:
    """Pairs, equal ones, their share and kappa of one question; ``here`` and ``there`` are the rows of each pair."""
    question = records.questions[name]
    known = (records.reasons[question.columns[0]].to_numpy()[here] == Reason.ANSWERED) & (
        again.reasons[question.columns[0]].to_numpy()[there] == Reason.ANSWERED
    )
    one = content(records.values, question)[here[known]]
    two = content(again.values, question)[there[known]]
    equal = np.asarray(one == two, dtype=bool)
    if not len(equal):
        return 0, 0, np.nan, np.nan
    kappa = cohen_kappa(one, two) if question.kind.startswith("select") else np.nan
    return len(equal), int(equal.sum()), float(equal.mean()), kappa


def cohen_kappa(one: np.ndarray, two: np.ndarray) -> float:
    """Agreement of two nominal answers beyond chance; NaN when chance alone makes them agree always."""
    codes, names = pd.factorize(np.concatenate([one, two]))
    first, second = codes[: len(one)], codes[len(one) :]
    shares = (np.bincount(part, minlength=len(names)) / len(one) for part in (first, second))
    expected = float(np.prod(list(shares), axis=0).sum())
    return float(((first == second).mean() - expected) / (1 - expected)) if expected < 1 else np.nan


CONTRADICTION = Check(
    "contradiction",
    "warning",
    ("logic",),
    (),
    contradictions,
    {
        "zh": "{base:,} 份可判断的记录中有 {count:,} 份：{said_zh}（{when}）",
        "en": "{count:,} of {base:,} records that can be told: {said_en} ({when})",
    },
    {"zh": "查明哪个回答有误，用更正表改", "en": "find out which answer is wrong, and correct it"},
    {
        "zh": "name: young_married, when: ${age} < 15 and ${married} = 'yes'",
        "en": "name: young_married, when: ${age} < 15 and ${married} = 'yes'",
    },
    "cleaningtools 0.0.0.9003 (2024), check_logical_with_list",
)
AGE_BIRTH = Check(
    "age_birth",
    "warning",
    ("ages",),
    ("age_years",),
    ages,
    {
        "zh": "{base:,} 个年龄中有 {count:,} 个与访问当天按出生日期算的周岁相差超过 {threshold:g} 岁"
        "（其中 {nominal:,} 个大一两岁，可能报的是虚岁）",
        "en": "{count:,} of {base:,} ages differ by more than {threshold:g} year(s) from the birth date on the day of "
        "the interview ({nominal:,} are one or two years above, as when counted the traditional way)",
    },
    {"zh": "以出生日期为准，或再问一次", "en": "trust the birth date, or ask again"},
    {
        "zh": "2015 年 9 月出生的孩子 2025 年 5 月报 10 岁，周岁是 9 岁",
        "en": "a child born in September 2015 and said to be 10 in May 2025, when it was 9",
    },
)
COUNT_LINKED = Check(
    "count_linked",
    "warning",
    ("counts", "parent"),
    (),
    linked_counts,
    {
        "zh": "{base:,} 个 {of_unit} 中有 {count:,} 个在 {stated} 题所答的数目与实际记录数不符",
        "en": "{count:,} of {base:,} records of {of_unit} state a number in {stated} that their linked records do "
        "not bear out",
    },
    {"zh": "补录缺少的记录，或更正数目", "en": "add the records that are missing, or correct the number"},
    {"zh": "家庭问卷说有 3 个孩子，只有 2 份儿童问卷", "en": "a family of 3 children with records of 2"},
)
SAMPLE_PLAN = Check(
    "sample_plan",
    "warning",
    ("plans",),
    ("plan",),
    sample_plan,
    {
        "zh": "{base} 个计划部分中有 {count} 个不到计划的 {threshold:.0%}（{named}）；共 {n:,} 份记录，"
        "计划 {planned:,} 份，{unplanned:,} 份不在计划内",
        "en": "{count} of {base} parts of the sample have less than {threshold:.0%} of the interviews planned "
        "({named}); {n:,} records of {planned:,} planned, {unplanned:,} in none of the parts",
    },
    {"zh": "补访，或在方法附录说明", "en": "make the missing interviews, or say so in the annex on methods"},
    {"zh": "东河社区计划 60 户，只访问了 41 户", "en": "41 of 60 families planned in a community"},
    "cleaningtools 0.0.0.9003 (2024), review_sample_frame_with_dataset",
)
SAMPLE_SURPLUS = Check(
    "sample_surplus",
    "note",
    ("plans",),
    ("surplus",),
    sample_surplus,
    {
        "zh": "{of_parts} 个计划部分中有 {parts} 个超出计划，共多 {count:,} 份记录（{named}）",
        "en": "{parts} of {of_parts} parts of the sample have more interviews than planned, {count:,} in all ({named})",
    },
    {
        "zh": "查明是否有试访、补访未删原记录或同一户访问两次",
        "en": "look for trials, for interviews made again whose first record was kept, and for families met twice",
    },
    {"zh": "计划 24 户，有 27 份记录", "en": "27 records where 24 families were to be interviewed"},
)
BACK_CHECK = Check(
    "back_check",
    "warning",
    ("again",),
    ("agreement", "kappa", "pairs"),
    back_check,
    {
        "zh": "{base:,} 次回访中有 {count:,} 次回答不同：一致 {agreement:.0%}（应不低于 {threshold:.0%}），"
        "kappa {kappa}（应不低于 {least:g}）",
        "en": "{count:,} of {base:,} answers differ when asked again: {agreement:.0%} agree (at least {threshold:.0%} "
        "wanted), kappa {kappa} (at least {least:g} wanted)",
    },
    {
        "zh": "不变的事实（出生年、户口）不一致要查访员；看法变化属正常",
        "en": "facts that cannot change (birth year, hukou) point to the interviewer; views may change",
    },
    {"zh": "回访 40 户，12 户的户口类型与原记录不同", "en": "hukou differs for 12 of 40 families asked again"},
    "ipacheck 4 (2024), ipabcstats; Cohen, J. (1960)",
)
CHECKS = (CONTRADICTION, AGE_BIRTH, COUNT_LINKED, SAMPLE_PLAN, SAMPLE_SURPLUS, BACK_CHECK)
