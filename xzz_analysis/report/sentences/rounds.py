"""Sentences about several rounds: what a change is made of, and how needs go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.report.blocks import Paragraph
from xzz_analysis.report.sentences.changes import POINTS, verdict
from xzz_analysis.report.sentences.levels import INTERVAL_WORD, joined, lower_first
from xzz_analysis.report.tables import ESTIMATED, Naming, printed_figures, protected_frame
from xzz_analysis.report.theme import figure_text, interval_text

SPLIT: dict[str, str] = {
    "zh": "{label}，按{group}拆分：组内变化{within}，构成变化{mix}。",
    "en": "{label}, split by {group}: {within} inside the groups, and {mix} from their mix.",
}
MIXED: dict[str, dict[str, str]] = {
    "none": {
        "zh": "每一种拆分中，构成变化的区间都包含零：数据没有显示这些变化中有一部分出自回答者构成；"
        "这不等于两轮的构成相同。",
        "en": "In every split the interval of the part from the mix holds zero: no part of these changes is clearly "
        "one of who answered, which is not to say that both rounds were made up alike.",
    },
    "some": {
        "zh": "构成变化的区间不含零的有：{said}。这一部分属于两轮回答者构成的不同，不是同一类儿童或家庭的变化。",
        "en": "The interval of the part from the mix lies apart from zero for {said}: that part is one of who "
        "answered, and no change among children or families of the same kind.",
    },
}
"""What may be said of the part that another mix of groups has in changes."""

TRENDS: dict[str, dict[str, str]] = {
    "rose": {"zh": "上升趋势", "en": "upward"},
    "fell": {"zh": "下降趋势", "en": "downward"},
    "unclear": {"zh": "没有明确趋势", "en": "no clear trend"},
    "unknown": {"zh": "无法判断", "en": "cannot be told"},
}
"""What is said of a slope: clear only where the p adjusted for all indicators is below 1 − level."""


def signed(row: Mapping[Any, Any], language: str) -> str:
    """A difference with its interval: ``+7.0个百分点（95% 置信区间3.1～10.9个百分点）``."""
    unit = str(row["unit"])
    points = POINTS[language] if unit == "points" else ""
    word = INTERVAL_WORD[row["kind"] == "nonprobability"][language].format(level=f"{row['level']:.0%}")
    span = interval_text(row["low"], row["high"], language, unit=unit, decimals=2) + points
    value = figure_text(row["estimate"], unit, 2) + points
    return f"{value}（{word}{span}）" if language == "zh" else f"{value} ({word} {span})"


def split_changes(parts: Protected, indicators: Naming, groups: Mapping[str, Label]) -> list[Paragraph]:
    """Say of each change how much of it lies inside the groups, and how much in their mix.

    Parameters
    ----------
    parts : Protected
        Of ``needs.rounds.change_parts`` for one group or several, told apart by ``over``.
    indicators : Naming
    groups : mapping of str to Label
        What the groups are called.

    Returns
    -------
    list of Paragraph
        One for each indicator, about the group with the largest part of the mix; then what the intervals allow to say.
        Nothing where every split is withheld.
    """
    frame = printed_figures(protected_frame(parts, "split_changes", (*ESTIMATED, "over")), 2)
    known = frame[frame["low"].notna()]
    known = known.assign(part=known["statistic"].str.rpartition("_")[2])
    within = {(row["indicator"], row["over"]): row for row in known[known["part"] == "within"].to_dict("records")}
    mix = known[known["part"] == "mix"].to_dict("records")
    mix = [row for row in mix if (row["indicator"], row["over"]) in within]
    paragraphs = []
    for name in dict.fromkeys(row["indicator"] for row in mix):
        largest = max((row for row in mix if row["indicator"] == name), key=lambda row: abs(row["estimate"]))
        both = within[name, largest["over"]], largest
        paragraphs.append(_split(both, indicators.label(name), groups[largest["over"]]))
    return [*paragraphs, _mixed(mix, indicators, groups)] if paragraphs else []


def _split(parts: Sequence[Mapping[Any, Any]], label: Label, group: Label) -> Paragraph:
    text = {}
    for language in REPORT_LANGUAGES:
        name = choose(group, language).text
        within, mix = (signed(part, language) for part in parts)
        text[language] = SPLIT[language].format(
            label=choose(label, language).text,
            group=name if language == "zh" else lower_first(name),
            within=within,
            mix=mix,
        )
    return Paragraph(text, [str(part["result_id"]) for part in parts])


def _mixed(mix: Sequence[Mapping[Any, Any]], indicators: Naming, groups: Mapping[str, Label]) -> Paragraph:
    """Which parts of the mix are clear by their own interval."""
    clear = [row for row in mix if row["low"] > 0 or row["high"] < 0]
    if not clear:
        return Paragraph(dict(MIXED["none"]))
    text = {}
    for language in REPORT_LANGUAGES:
        pairs = [
            (choose(indicators.label(row["indicator"]), language).text, choose(groups[row["over"]], language).text)
            for row in clear
        ]
        said = [f"{a}（按{b}）" if language == "zh" else f"{lower_first(a)} (by {lower_first(b)})" for a, b in pairs]
        text[language] = MIXED["some"][language].format(said=joined(said, language))
    return Paragraph(text, [str(row["result_id"]) for row in clear])


def clear_trends(slopes: Protected, indicators: Naming, rounds: int) -> Paragraph:
    """Say which needs go up or down over the rounds, by how much a year.

    Parameters
    ----------
    slopes : Protected
        Of ``needs.rounds.trends``.
    indicators : Naming
    rounds : int
        How many rounds the study has had.
    """
    frame = protected_frame(slopes, "clear_trends", (*ESTIMATED, "p_adjusted"))
    words = pd.Series([verdict(row) for row in frame.to_dict("records")], index=frame.index, dtype="str")
    clear = printed_figures(frame, 2)[words.isin(["rose", "fell"])]
    rows = clear.sort_values("estimate", key=abs, ascending=False, kind="stable").to_dict("records")
    unclear = int((words == "unclear").sum())
    text = {language: _trends(rows, indicators, (unclear, rounds), language) for language in REPORT_LANGUAGES}
    return Paragraph(text, [str(row["result_id"]) for row in rows])


def _trends(rows: Sequence[Mapping[Any, Any]], indicators: Naming, counts: tuple[int, int], language: str) -> str:
    unclear, rounds = counts
    said = []
    for row in rows:
        name, word = choose(indicators.label(row["indicator"]), language).text, TRENDS[verdict(row)][language]
        figure = signed(row, language)
        said.append(f"{name}呈{word}，平均每年{figure}" if language == "zh" else f"{name}: {word}, {figure} a year")
    if language == "zh":
        rest = f"另有{unclear}项没有明确趋势，不等于没有变化。" if unclear else ""
        if said:
            return f"{rounds}轮放在一起看，有明确趋势的{len(said)}项：{'；'.join(said)}。{rest}"
        return f"{rounds}轮放在一起看，没有一项呈明确趋势；这不等于没有变化。"
    rest = f" {unclear} more have no clear trend, which is not to say that nothing changed." if unclear else ""
    if said:
        number = "one need has a clear trend" if len(said) == 1 else f"{len(said)} needs have a clear trend"
        return f"Over {rounds} rounds, {number}: {'; '.join(map(lower_first, said))}.{rest}"
    return f"Over {rounds} rounds no need has a clear trend; that is not to say that nothing changed."
