"""Sentences about how far apart groups are: the extremes, their gap and their ratio, as far as a test bears it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.report.blocks import Paragraph
from xzz_analysis.report.sentences.levels import INTERVAL_WORD, beside, joined, lower_first
from xzz_analysis.report.sentences.rounds import signed
from xzz_analysis.report.tables import ESTIMATED, Naming, printed_figures, protected_frame
from xzz_analysis.report.theme import figure_text, interval_text, level_unit

NAMED = 3
"""Gaps that are named in the sentence; the table has the others."""

GAPPED: dict[str, dict[str, str]] = {
    "clear": {
        "zh": "把各个分组和各项需求一起检验，有{count}项差距明确。差距最大的是：{said}。",
        "en": "Tested together over all groups and needs, {count} gaps are clear. The largest: {said}.",
    },
    "one": {
        "zh": "把各个分组和各项需求一起检验，只有一项差距明确：{said}。",
        "en": "Tested together over all groups and needs, one gap is clear: {said}.",
    },
    "none": {
        "zh": "把各个分组和各项需求一起检验，没有一项差距超出抽样误差所能解释的范围；这不等于各组一样。",
        "en": "Tested together over all groups and needs, no gap is wider than sampling error can explain; that is not "
        "to say that the groups are alike.",
    },
}
"""What may be said of gaps."""

CONCENTRATED: dict[str, dict[str, str]] = {
    "clear": {
        "zh": "按{rank}排序，{low}{high}{rest}",
        "en": "Along {rank}, {low}{high}{rest}",
    },
    "low": {"zh": "较多集中在数值低的一端的需求：{said}。", "en": "needs more frequent at the low end: {said}."},
    "high": {"zh": "较多集中在数值高的一端的需求：{said}。", "en": "needs more frequent at the high end: {said}."},
    "rest": {
        "zh": "其余各项没有明确集中，不等于分布均匀。",
        "en": " No other is clearly more frequent at either end, which is not to say that they are spread evenly.",
    },
    "none": {
        "zh": "按{rank}排序，经校正后没有一项需求明确集中在哪一端；这不等于分布均匀。",
        "en": "Along {rank} no need is clearly more frequent at either end when all are tested together; that is not "
        "to say that they are spread evenly.",
    },
}
"""What may be said of concentration."""


def largest(gaps: Protected, ratios: Mapping[str, Mapping[Any, Any]], indicators: Naming, levels: Naming) -> Paragraph:
    """Name the largest clear gaps with both sides, the gap, its interval and the ratio.

    Parameters
    ----------
    gaps : Protected
        The clear ones of ``needs.profile.largest_gaps``, the largest first.
    ratios : mapping of str to mapping
        Result id of a gap → printed row of the ratio of the same levels.
    indicators, levels : Naming
        Labels of the indicators, and of both levels of a gap's ``by``, each ``high\\x1flow``.
    """
    frame = printed_figures(protected_frame(gaps, "largest", (*ESTIMATED, "of_level", "of_reference")), 2)
    if not len(frame):
        return Paragraph(dict(GAPPED["none"]))
    quotable = frame[~frame["flags"].str.contains("suppress", na=False)]
    rows = (quotable if len(quotable) else frame).head(NAMED).to_dict("records")
    text = {}
    for language in REPORT_LANGUAGES:
        said = [_gap(row, ratios.get(row["result_id"]), indicators, levels, language) for row in rows]
        words = GAPPED["one" if len(frame) == 1 else "clear"][language]
        text[language] = words.format(count=len(frame), said=("；" if language == "zh" else "; ").join(said))
    twins = [ratios[row["result_id"]]["result_id"] for row in rows if row["result_id"] in ratios]
    return Paragraph(text, [str(name) for name in (*(row["result_id"] for row in rows), *twins)])


def _gap(
    row: Mapping[Any, Any], ratio: Mapping[Any, Any] | None, indicators: Naming, levels: Naming, language: str
) -> str:
    unit = str(row["unit"])
    name = choose(indicators.label(row["indicator"]), language).text
    high, low = choose(levels.label(row["by"]), language).text.split("\x1f")
    sides = [figure_text(row[side], level_unit(unit), 2) for side in ("of_level", "of_reference")]
    moved = signed(row, language).lstrip("+")
    times = "" if ratio is None else figure_text(ratio["estimate"], "number")
    if language == "zh":
        held = f"，前者是后者的{times}倍" if times else ""
        return f"{name}（{beside(high, sides[0])}，{beside(low, sides[1])}，相差{_flat(moved)}{held}）"
    held = f", {times} times as high" if times else ""
    return f"{lower_first(name)} ({high} {sides[0]}, {low} {sides[1]}: {_flat(moved)}{held})"


def _flat(text: str) -> str:
    """A figure and its interval without the brackets, which stand inside brackets here."""
    return text.replace("（", "，").replace("）", "").replace(" (", "; ").replace(")", "")


def concentrated(index: Protected, indicators: Naming, rank: Label) -> Paragraph:
    """Say which needs are more frequent at either end of a ranking.

    Parameters
    ----------
    index : Protected
        Concentration indices of ``needs.profile.along_ranking``.
    indicators : Naming
    rank : Label
        What people are ranked by.
    """
    frame = protected_frame(index, "concentrated", (*ESTIMATED, "p_adjusted"))
    printed = printed_figures(frame)
    clear = printed[(frame["p_adjusted"] < 0.05) & frame["estimate"].notna()]
    named = {language: choose(rank, language).text for language in REPORT_LANGUAGES}
    named["en"] = lower_first(named["en"])
    if not len(clear):
        return Paragraph({code: CONCENTRATED["none"][code].format(rank=named[code]) for code in REPORT_LANGUAGES})
    sides = {"low": clear[clear["estimate"] < 0], "high": clear[clear["estimate"] > 0]}
    text = {}
    for code in REPORT_LANGUAGES:
        parts = {
            side: CONCENTRATED[side][code].format(said=_indices(rows.to_dict("records"), indicators, code))
            if len(rows)
            else ""
            for side, rows in sides.items()
        }
        if code == "en" and parts["low"] and parts["high"]:
            parts["high"] = f" {parts['high'][:1].upper()}{parts['high'][1:]}"
        rest = CONCENTRATED["rest"][code] if len(clear) < int(frame["estimate"].notna().sum()) else ""
        text[code] = CONCENTRATED["clear"][code].format(rank=named[code], rest=rest, **parts)
    return Paragraph(text, [str(name) for rows in sides.values() for name in rows["result_id"]])


def _indices(rows: Sequence[Mapping[Any, Any]], indicators: Naming, language: str) -> str:
    said = []
    for row in sorted(rows, key=lambda one: -abs(one["estimate"])):
        name = choose(indicators.label(row["indicator"]), language).text
        word = INTERVAL_WORD[row["kind"] == "nonprobability"][language].format(level=f"{row['level']:.0%}")
        span = interval_text(row["low"], row["high"], language, unit="ratio")
        value = figure_text(row["estimate"], "ratio")
        said.append(
            f"{name}（{value}，{word}{span}）" if language == "zh" else f"{lower_first(name)} ({value}; {word} {span})"
        )
    return joined(said, language)
