"""Sentences about change between two rounds: a verdict is bound to the numbers that are printed with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.report.blocks import Paragraph
from xzz_analysis.report.sentences.levels import INTERVAL_WORD, lower_first
from xzz_analysis.report.tables import ESTIMATED, Naming, printed_figures, protected_frame
from xzz_analysis.report.theme import figure_text, interval_text, level_unit

VERDICTS: dict[str, dict[str, str]] = {
    "rose": {"zh": "上升", "en": "rose"},
    "fell": {"zh": "下降", "en": "fell"},
    "unclear": {"zh": "没有明确变化", "en": "no clear change"},
    "unknown": {"zh": "无法比较", "en": "cannot be compared"},
}
"""What is said of a change: clear only where the p adjusted for all tests of the family is below 1 − level."""

POINTS: dict[str, str] = {"zh": "个百分点", "en": " percentage points"}


def verdict(row: Mapping[Any, Any]) -> str:
    """``rose``, ``fell``, ``unclear`` or ``unknown``, a word of :data:`VERDICTS`.

    Parameters
    ----------
    row : mapping
        A row of comparisons with ``estimate``, ``p_adjusted`` and ``level``.
    """
    if pd.isna(row["estimate"]) or pd.isna(row["p_adjusted"]):
        return "unknown" if pd.isna(row["estimate"]) else "unclear"
    if row["p_adjusted"] >= round(1 - row["level"], 12):
        return "unclear"
    return "rose" if row["estimate"] > 0 else "fell"


def change_text(row: Mapping[Any, Any], label: Label, language: str) -> str:
    """State one clear change with both levels, the difference and its interval.

    Parameters
    ----------
    row : mapping
        A row of ``printed_figures`` with ``before`` and ``after``.
    label : Label
        What changed.
    language : "zh" or "en"
    """
    unit = str(row["unit"])
    before, after = (figure_text(row[side], level_unit(unit), 2) for side in ("before", "after"))
    points = POINTS[language] if unit == "points" else ""
    moved = figure_text(row["estimate"], unit, 2) + points
    word = INTERVAL_WORD[row["kind"] == "nonprobability"][language].format(level=f"{row['level']:.0%}")
    span = interval_text(row["low"], row["high"], language, unit=unit, decimals=2) + points
    verb = VERDICTS[verdict(row)][language]
    name = choose(label, language).text
    if language == "zh":
        return f"{name}由{before}{verb}到{after}（变化{moved}，{word}{span}）"
    return f"{name} {verb} from {before} to {after} ({moved}; {word} {span})"


def changed_needs(changes: Protected, naming: Naming) -> Paragraph:
    """Say what clearly rose or fell, shares first, and of how many indicators nothing clear can be said.

    Parameters
    ----------
    changes : Protected
        Made by ``disclosure.comparisons.protect_changes``; one row per indicator.
    naming : Naming
        Labels of the indicators.
    """
    columns = (*ESTIMATED, "before", "after", "p_adjusted")
    frame = printed_figures(protected_frame(changes, "changed_needs", columns), 2)
    told = frame.assign(verdict=[verdict(row) for row in changes.frame.to_dict("records")])
    clear = told[told["verdict"].isin(["rose", "fell"])]
    largest = clear.sort_values("estimate", key=abs, ascending=False, kind="stable")
    rows = largest.sort_values("unit", key=lambda unit: unit != "points", kind="stable").to_dict("records")
    unclear = int((told["verdict"] == "unclear").sum())
    text = {language: _changed(rows, naming, unclear, language) for language in REPORT_LANGUAGES}
    return Paragraph(text, [row["result_id"] for row in rows])


NOTHING: dict[str, dict[str, str]] = {
    "zh": {
        "none": "两轮之间没有可以比较、也可以公布的指标。",
        "one": "可比较的1项指标，其变化没有超出抽样误差所能解释的范围；这不等于没有变化。",
        "many": "比较的{count}项指标中，没有一项的变化超出抽样误差所能解释的范围；这不等于没有变化。",
    },
    "en": {
        "none": "Between the rounds there is no indicator that can be compared and published.",
        "one": "The one indicator compared changed by no more than sampling error can explain; that is not to say that "
        "nothing changed.",
        "many": "Of the {count} indicators compared, none changed by more than sampling error can explain; that is not "
        "to say that nothing changed.",
    },
}
"""What is said where nothing changed clearly, by how many indicators were compared."""


def _changed(rows: Sequence[Mapping[Any, Any]], naming: Naming, unclear: int, language: str) -> str:
    said = [change_text(row, naming.label(row["indicator"]), language) for row in rows]
    if not said:
        return NOTHING[language]["none" if not unclear else "one" if unclear == 1 else "many"].format(count=unclear)
    if language == "zh":
        rest = f"另有{unclear}项没有明确变化，不等于没有变化。" if unclear else ""
        return f"有明确变化的指标有{len(said)}项：{'；'.join(said)}。{rest}"
    others = "one other" if unclear == 1 else f"{unclear} others"
    rest = f" For {others} no clear change can be told, which is not to say that nothing changed."
    number = "One indicator changed clearly" if len(said) == 1 else f"{len(said)} indicators changed clearly"
    return f"{number}: {'; '.join(map(lower_first, said))}.{rest if unclear else ''}"
