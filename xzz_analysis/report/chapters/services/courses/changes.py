"""Whether scores changed in the courses of the period, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from xzz_analysis.atlas.services.courses import protected_courses
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.disclosure.wide import side_by_side
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Note, Paragraph, Table
from xzz_analysis.report.chapters.services.courses.limits import (
    limit_sentences,
    limits_table,
    lost_sentences,
    lost_table,
)
from xzz_analysis.report.chapters.services.courses.wording import (
    NO_COMPARISON,
    Row,
    called,
    course_called,
    course_naming,
    interval_words,
    probability,
)
from xzz_analysis.report.chapters.services.naming import Bilingual, filled, wide_table
from xzz_analysis.report.figures import dot_interval
from xzz_analysis.report.tables import Naming, estimates_table
from xzz_analysis.report.theme import figure_text
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.training import instrument_of
from xzz_analysis.survey.estimates import group_pairs

SAID: dict[str, Label] = {
    "rose": {
        "zh": "{course}：前后都测过的{n}人，得分平均上升{change}（{interval}），由{before}到{after}。",
        "en": "{course}: among {n} people measured before and after, scores rose by {change} on average ({interval}), "
        "from {before} to {after}.",
    },
    "fell": {
        "zh": "{course}：前后都测过的{n}人，得分平均下降{change}（{interval}），由{before}到{after}。",
        "en": "{course}: among {n} people measured before and after, scores fell by {change} on average ({interval}), "
        "from {before} to {after}.",
    },
    "unclear": {
        "zh": "{course}：前后都测过的{n}人，得分没有明确变化（平均{change}，{interval}）；这不等于没有变化。",
        "en": "{course}: among {n} people measured before and after, no clear change in scores ({change} on average; "
        "{interval}), which is not to say that nothing changed.",
    },
    "few": {
        "zh": "{course}：只有{classes}个班次，下不了结论（前后都测过的{n}人平均{change}，{interval}）。",
        "en": "{course}: only {classes} classes, from which nothing can be concluded ({n} people measured before and "
        "after, {change} on average; {interval}).",
    },
    "untested": {
        "zh": "{course}：前后都测过的{n}人，得分平均{change}；无法检验。",
        "en": "{course}: {n} people measured before and after, {change} on average; this cannot be tested.",
    },
}
"""What is said of a course, by what its test says."""

CAUTIONS: dict[str, Label] = {
    "lower": {"zh": "这个量表得分越低越好。", "en": " On this instrument lower scores are better."},
    "one": {
        "zh": "只有一个班次，只好以人为单位；一起上课的人彼此相像，区间可能偏窄。",
        "en": " There is one class only, so persons are the units; people taught together are alike, and the interval "
        "may be too narrow.",
    },
    "none": {
        "zh": "没有注明班次，只好以人为单位；一起上课的人彼此相像，区间可能偏窄。",
        "en": " Classes are not stated, so persons are the units; people taught together are alike, and the interval "
        "may be too narrow.",
    },
}

FEWEST_DRAWN = 2
"""Courses with one instrument from which there is something to compare in a chart; the table tells of one."""

HIDDEN_BETTER: Bilingual = {
    "zh": "得分有改善或没有改善的人太少，比例不予公布。",
    "en": "Too few people got better, or did not, for the shares to be published.",
}
NOBODY: Bilingual = {
    "zh": "本期没有前后都测过的人，得分是否变化不详。",
    "en": "Nobody was measured both before and after in this period, so whether scores changed is not known.",
}
HOW: Bilingual = {
    "zh": "变化＝同一人最后一次后测减第一次前测。有两个以上班次时以班次为群（基于设计的 t 检验），否则以人为单位；同时检验几项时，p 值按 Holm 法校正。",
    "en": "Change: a person's last score after minus the first one before. Where there are two classes or more they are "
    "clusters (design-based t test), else persons are units; p values of several tests are adjusted by Holm.",
}
EFFECT: Bilingual = {
    "zh": "d_z 为平均变化除以变化的标准差，d_av 为平均变化除以前后标准差的平均（Lakens 2013）。区间由非中心 t 分布得出，自由度与标准误同上表。",
    "en": "d_z: mean change over the standard deviation of the changes; d_av: over the average of the standard deviations "
    "before and after (Lakens 2013). Intervals by the noncentral t distribution with the same standard error and "
    "degrees of freedom as the test.",
}


def courses_chapter(ledgers: Ledgers) -> list[Block]:
    """Whether scores changed in the courses of the period, how much, for whom, and who was lost."""
    if not ledgers.has("scores"):
        return []
    parts = protected_courses(ledgers)
    if not parts:
        return [Paragraph(dict(NOBODY))]
    rows = course_naming(ledgers, parts["change"].frame["by"])
    blocks: list[Block] = list(change_sentences(ledgers, parts))
    blocks += [Note(dict(NO_COMPARISON), "warning"), _change_table(parts, rows), *_change_figures(ledgers, parts, rows)]
    blocks += [_levels_table(parts, rows), _effect_table(parts, rows), _improved(ledgers, parts, rows)]
    blocks += [*limit_sentences(ledgers, parts), limits_table(parts, rows)]
    return [*blocks, *lost_sentences(ledgers, parts), lost_table(parts, rows)]


def change_sentences(ledgers: Ledgers, parts: Mapping[str, Protected]) -> list[Paragraph]:
    """Say of every course whether scores rose, fell, or did not clearly change.

    Parameters
    ----------
    ledgers : Ledgers
    parts : mapping of str to Protected
        Of ``atlas.services.courses.protected_courses``.
    """
    said = []
    table = zip(
        *(parts[name].frame.to_dict("records") for name in ("change", "before", "after", "p_adjusted")), strict=True
    )
    for change, before, after, p in table:
        if change["suppressed"]:
            continue
        ids = [str(one["result_id"]) for one in (change, before, after, p)]
        said.append(Paragraph(_change(ledgers, change, (before, after), p["estimate"]), ids))
    return said


def _verdict(row: Row, p: float) -> str:
    if pd.isna(p):
        return "untested"
    if row["few"] == "yes":
        return "few"
    if p >= round(1 - row["level"], 12):
        return "unclear"
    return "rose" if row["estimate"] > 0 else "fell"


def _change(ledgers: Ledgers, row: Row, levels: tuple[Row, Row], p: float) -> Bilingual:
    """One course in words."""
    verdict = _verdict(row, p)
    moved, ends = row["estimate"], (row["low"], row["high"])
    unit = "number" if verdict in ("rose", "fell") else "number_change"
    if verdict == "fell":
        moved, ends = -moved, (-row["high"], -row["low"])
    instrument = instrument_of(ledgers, dict(group_pairs(row["by"]))["instrument"])
    cautions = ["lower"] if instrument.lower_is_better else []
    if row["units"] == "persons" and verdict != "untested":
        cautions.append("one" if row["classes"] == "1" else "none")
    text = filled(
        SAID[verdict],
        course=course_called(ledgers, row["by"]),
        n=figure_text(row["n"], "count"),
        change=figure_text(moved, unit, 2),
        interval=interval_words(row, ends, unit),
        before=figure_text(levels[0]["estimate"], decimals=2),
        after=figure_text(levels[1]["estimate"], decimals=2),
        classes=row["classes"],
    )
    return {code: text[code] + "".join(CAUTIONS[one][code] for one in cautions) for code in REPORT_LANGUAGES}


def _change_table(parts: Mapping[str, Protected], rows: Naming) -> Table:
    columns: list[str | Column] = [
        Column("estimate", {"zh": "平均变化", "en": "Mean change"}, "figure", decimals=2),
        "interval",
        Column("df", {"zh": "自由度", "en": "Degrees of freedom"}, "number", decimals=0),
        Column("n", {"zh": "前后都测过的人", "en": "People measured twice"}, "count"),
    ]
    caption = {"zh": "前后测得分的变化", "en": "Change of scores from before to after"}
    return estimates_table(parts["change"], caption=caption, rows=rows, columns=columns, notes=[dict(HOW)], decimals=2)


def _change_figures(ledgers: Ledgers, parts: Mapping[str, Protected], rows: Naming) -> list[Block]:
    """One chart for each instrument, since scores of different ones have different units."""
    safe = parts["change"]
    tested = safe.rows(safe.frame["low"].notna().to_numpy())
    blocks: list[Block] = []
    for name in dict.fromkeys(tested.frame["instrument"]):
        caption = filled(
            {"zh": "得分的平均变化（{name}）", "en": "Mean change of scores ({name})"}, name=called(ledgers, name)
        )
        own = tested.rows((tested.frame["instrument"] == name).to_numpy())
        if len(own.frame) < FEWEST_DRAWN:
            continue
        blocks.append(dot_interval(own, rows=rows, caption=caption, decimals=2))
    return blocks


def _levels_table(parts: Mapping[str, Protected], rows: Naming) -> Table:
    """Means before and after, and the test."""
    names = ("before", "after", "t", "p", "p_adjusted")
    safe = side_by_side({name: parts[name] for name in names}, ["by"])
    for name in ("p", "p_adjusted"):
        safe = safe.with_texts(name, [probability(value) for value in safe.frame[name]])
    columns = [
        Column("before", {"zh": "前测平均", "en": "Mean before"}, "number", decimals=2),
        Column("after", {"zh": "后测平均", "en": "Mean after"}, "number", decimals=2),
        Column("t", {"zh": "t 值", "en": "t"}, "number", decimals=2),
        Column("p", {"zh": "p 值", "en": "p"}),
        Column("p_adjusted", {"zh": "校正后的 p 值（Holm）", "en": "p adjusted (Holm)"}),
    ]
    caption = {"zh": "前后平均分与检验", "en": "Mean scores before and after, and the test"}
    return replace(wide_table(safe, caption=caption, rows=rows, columns=columns), folded=True)


def _effect_table(parts: Mapping[str, Protected], rows: Naming) -> Table:
    named = {"effect_d_z": {"zh": "d_z", "en": "d_z"}, "effect_d_av": {"zh": "d_av", "en": "d_av"}}
    columns: list[str | Column] = [
        Column("estimate", {"zh": "效应量（标准差）", "en": "Effect size (standard deviations)"}, "figure", decimals=2),
        "interval",
    ]
    caption = {"zh": "效应量", "en": "Effect sizes"}
    safe = parts["d_z"].joined(parts["d_av"])
    section = Naming("indicator", named)
    table = estimates_table(
        safe, caption=caption, rows=rows, columns=columns, section=section, notes=[dict(EFFECT)], decimals=2
    )
    return replace(table, folded=True)


STEP: Label = {
    "zh": "改善（{instrument}）：得分{way}至少{step}分。",
    "en": "Better ({instrument}): a score {way} by at least {step}.",
}
WAYS: dict[bool, Bilingual] = {False: {"zh": "上升", "en": "higher"}, True: {"zh": "下降", "en": "lower"}}


def _improved(ledgers: Ledgers, parts: Mapping[str, Protected], rows: Naming) -> Block:
    """Shares of people whose score got better; a sentence where none may be shown."""
    if parts["improved"].frame["suppressed"].all():
        return Paragraph(dict(HIDDEN_BETTER))
    notes: list[Bilingual] = []
    for name in dict.fromkeys(parts["improved"].frame["instrument"]):
        said = instrument_of(ledgers, name)
        notes.append(
            filled(STEP, instrument=called(ledgers, name), way=WAYS[said.lower_is_better], step=f"{said.step:g}")
        )
    caption = {"zh": "得分有改善的人所占比例", "en": "Share of people whose score got better"}
    columns: list[str | Column] = [
        "estimate",
        "interval",
        Column("n", {"zh": "前后都测过的人", "en": "People measured twice"}, "count"),
        Column("n_need", {"zh": "其中有改善", "en": "Of whom better"}, "count"),
    ]
    return estimates_table(parts["improved"], caption=caption, rows=rows, columns=columns, notes=notes)
