"""How far apart the levels of every group are, and whether needs are concentrated along a ranking."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.disclosure.comparisons import protect_made
from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.profile import along_ranking, largest_gaps
from xzz_analysis.report.blocks import Block, Column, Paragraph, Table
from xzz_analysis.report.chapters.naming import both, counted_units, indicator_naming, lower
from xzz_analysis.report.sentences import statement
from xzz_analysis.report.sentences.inequality import concentrated, largest
from xzz_analysis.report.tables import Naming, estimates_table, printed_figures
from xzz_analysis.survey.estimates import group_pairs
from xzz_analysis.survey.testing.contrast import MINUS

GAPS: dict[str, str] = {
    "zh": "比例的差距以百分点计，均值以原单位计。只列出按全部分组和指标校正（Holm）以后各组仍有差别、且区间不含零的需求；"
    "不予公布的组不参加比较。最高和最低是由数据选出的，所以区间按各组两两比较的次数放宽（Bonferroni）。",
    "en": "Gaps of shares are in percentage points, those of means in their own units. Only needs are listed on which the "
    "levels still differ when all groups and indicators are taken together (Holm), with an interval apart from zero; levels "
    "that are not published take no part. Highest and lowest are chosen by the data, so the intervals are widened for all "
    "pairs of levels (Bonferroni).",
}
MOST = 8
"""Gaps of one group that the table lists, the largest first, shares before numbers."""

SIDES: dict[str, str] = {"zh": "、", "en": "; "}
"""What stands between the names of the highest and of the lowest level."""

LEFT_OUT: dict[str, str] = {
    "zh": "每个分组只列差距最大的几项，其余各组的数字见分组附录。",
    "en": "Of each group the largest gaps are listed; the figures of the others are in the annex of groups.",
}
INDEX: dict[str, str] = {
    "zh": "集中指数（Erreygers 2009）在−1和1之间：负数表示需求较多出现在数值低的一端，零表示与排序无关；"
    "没有排序数值的回答者不计入。",
    "en": "The index (Erreygers 2009) lies between −1 and 1: below zero a need is more frequent at the low end, at zero it "
    "does not go with the ranking. Those without the number are left out.",
}
INDEX_NAME: Label = {"zh": "集中指数", "en": "Concentration index"}


def inequality_chapter(survey: MonitoringRound) -> list[Block]:
    """The clear gaps between the levels of every declared group, and concentration along the declared ranking.

    Nothing in a report on one place.
    """
    blocks: list[Block] = []
    if survey.place:
        return []
    if survey.study.groups:
        blocks += _gaps(survey)
    if survey.study.settings.profile.rank:
        blocks += _ranking(survey)
    return blocks


def protected_gaps(survey: MonitoringRound) -> Protected:
    """Gaps and ratios of every declared group between levels that are published, so that they tell of no other.

    ``times`` is the ratio as it is printed beside the gap.
    """
    groups = [group.name for group in survey.study.groups]
    levels = [protect(survey.needs(group), Policy.of(survey.study)) for group in groups]
    shown = [name for one in levels for name in one.frame.loc[~one.frame["suppressed"], "result_id"]]
    made = largest_gaps(survey, groups, shown)
    ratios = made[made["statistic"].str.endswith("_between_ratio")].set_index(["indicator", "by"])["estimate"]
    times = ratios.reindex(pd.MultiIndex.from_frame(made[["indicator", "by"]])).to_numpy(float)
    return protect_made(made.assign(times=np.round(times, 1)), levels)


def protected_ranking(survey: MonitoringRound) -> Protected:
    """Concentration of needs along the declared ranking, and its Gini index, as they may be shown."""
    needs = protect(survey.needs(), Policy.of(survey.study))
    return protect_made(along_ranking(survey, survey.study.settings.profile.rank), [needs])


def _gaps(survey: MonitoringRound) -> list[Block]:
    made = protected_gaps(survey)
    ratios = made.rows(made.frame["statistic"].str.endswith("_between_ratio") & made.frame["estimate"].notna())
    gaps = made.rows(made.frame["statistic"].str.endswith("_between_gap"))
    clear = gaps.rows((gaps.frame["p_adjusted"] < 0.05) & (gaps.frame["low"] > 0))
    frame = clear.frame.assign(number=~clear.frame["statistic"].str.startswith("share"), size=clear.frame["estimate"])
    ordered = clear.ordered(list(frame.sort_values(["number", "size"], ascending=[True, False], kind="stable").index))
    printed = {_place(row): row for row in printed_figures(ratios.frame).to_dict("records")}
    twins = {
        row["result_id"]: printed[_place(row)] for row in ordered.frame.to_dict("records") if _place(row) in printed
    }
    sides = Naming("by", _sides(survey, clear))
    told = largest(ordered, twins, indicator_naming(survey), sides)
    return [told, *([_table(survey, ordered)] if len(clear.frame) else [])]


def _place(row: dict[Any, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in ("indicator", "by"))


def _sides(survey: MonitoringRound, gaps: Protected) -> dict[str, Label]:
    """Labels of the highest and the lowest level of every gap, ``high\\x1flow``."""
    found: dict[str, Label] = {}
    for by, unit in zip(gaps.frame["by"], gaps.frame["unit"], strict=True):
        group, levels = group_pairs(by)[0]
        labels = [survey.label(group, unit, level) or {"": level} for level in levels.split(MINUS)]
        found[by] = {code: "\x1f".join(choose(one, code).text for one in labels) for code in REPORT_LANGUAGES}
    return found


def _table(survey: MonitoringRound, gaps: Protected) -> Table:
    sides = _sides(survey, gaps)
    place = gaps.frame["group"].map({group.name: number for number, group in enumerate(survey.study.groups)})
    kept = place[gaps.frame.groupby("group").cumcount() < MOST].sort_values(kind="stable")
    notes = [GAPS, *([LEFT_OUT] if len(kept) < len(gaps.frame) else [])]
    gaps = gaps.ordered(list(kept.index))
    pairs = [{code: text.replace("\x1f", SIDES[code]) for code, text in sides[by].items()} for by in gaps.frame["by"]]
    gaps = gaps.with_texts("pair", pairs)
    units = dict(zip(gaps.frame["group"], gaps.frame["unit"], strict=True))
    sections = {group: both("按{}", "By {}", lower(survey.label(group, unit))) for group, unit in units.items()}
    columns: list[str | Column] = [
        Column("pair", {"zh": "最高的组与最低的组", "en": "Highest and lowest level"}),
        Column("of_level", {"zh": "最高", "en": "Highest"}, "level", decimals=2),
        Column("of_reference", {"zh": "最低", "en": "Lowest"}, "level", decimals=2),
        Column("estimate", {"zh": "差距", "en": "Gap"}, "figure", decimals=2),
        "interval",
        Column("times", {"zh": "倍数", "en": "Ratio"}, "number"),
    ]
    caption = {"zh": "各组之间的差距", "en": "Gaps between groups"}
    section = Naming("group", sections)
    return estimates_table(
        gaps,
        caption=caption,
        rows=indicator_naming(survey),
        columns=columns,
        section=section,
        notes=notes,
        decimals=2,
    )


def _ranking(survey: MonitoringRound) -> list[Block]:
    made = protected_ranking(survey)
    if not len(made.frame):
        return []
    rank = survey.study.settings.profile.rank
    label = survey.label(rank, str(made.frame["unit"].iloc[0]))
    index = made.rows(made.frame["statistic"] != "gini")
    caption = both("需求沿{}的集中程度", "Concentration of needs along {}", lower(label))
    columns: list[str | Column] = [Column("estimate", dict(INDEX_NAME), "figure"), "interval", "n"]
    table = estimates_table(index, caption=caption, rows=indicator_naming(survey), columns=columns, notes=[INDEX])
    return [*_gini(survey, made, label), concentrated(index, indicator_naming(survey), label), table]


def _gini(survey: MonitoringRound, made: Protected, label: Label) -> list[Block]:
    """How unequal the ranking's own number is, in a sentence."""
    rows = made.rows((made.frame["statistic"] == "gini") & made.frame["low"].notna())
    unit = counted_units(survey)
    blocks: list[Block] = []
    for row, whom in zip(printed_figures(rows.frame).to_dict("records"), rows.frame["unit"], strict=True):
        name = both("{}的基尼系数", "Gini index of {}", lower(label))
        said = {code: statement(row, name, unit[whom], code) for code in REPORT_LANGUAGES}
        text = {"zh": f"{said['zh']}。", "en": f"{said['en'][:1]}{said['en'][1:]}."}
        blocks.append(Paragraph(text, [str(row["result_id"])]))
    return blocks
