"""Sentences about two groups that were tested side by side: only what the test bears out is called a difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.report.blocks import Paragraph
from xzz_analysis.report.sentences.changes import POINTS
from xzz_analysis.report.sentences.levels import INTERVAL_WORD, beside, lower_first
from xzz_analysis.report.tables import ESTIMATED, Naming, printed_figures, protected_frame
from xzz_analysis.report.theme import figure_text, interval_text, level_unit

TESTED: dict[str, dict[str, str]] = {
    "clear": {
        "zh": "经检验差别明确的需求（按全部指标校正）：{said}。",
        "en": "Clearly different when tested, all indicators taken together: {said}.",
    },
    "rest": {
        "zh": "其余各项的差别没有超出抽样误差所能解释的范围，这不等于没有差别。",
        "en": " Of the others none differs by more than sampling error can explain, which is not to say that they are "
        "alike.",
    },
    "none": {
        "zh": "经检验，没有一项的差别超出抽样误差所能解释的范围；这不等于没有差别。",
        "en": "When tested, no need differs by more than sampling error can explain; that is not to say that the "
        "groups are alike.",
    },
}
"""What may be said of tested differences."""


def clear_gaps(differences: Protected, indicators: Naming, levels: Mapping[str, tuple[Label, Label]]) -> Paragraph:
    """Name the needs whose difference between two groups stays clear when all indicators are tested together.

    Parameters
    ----------
    differences : Protected
        Of ``disclosure.comparisons.protect_differences``: ``estimate``, both sides, ``p_adjusted``.
    indicators : Naming
        Labels of the indicators.
    levels : mapping of str to pair of Label
        Value of ``by`` → what both sides are called, the level first.
    """
    columns = (*ESTIMATED, "of_level", "of_reference", "p_adjusted")
    frame = protected_frame(differences, "clear_gaps", columns)
    tested = frame["estimate"].notna() & frame["p_adjusted"].notna()
    clear = tested & (frame["p_adjusted"] < (1 - frame["level"]).round(12))
    printed = printed_figures(frame, 2)[clear]
    order = printed.assign(number=printed["unit"] != "points", size=printed["estimate"].abs())
    rows = order.sort_values(["number", "size"], ascending=[True, False], kind="stable").to_dict("records")
    if not rows:
        return Paragraph(dict(TESTED["none"]))
    text = {}
    for language, join in zip(REPORT_LANGUAGES, ("；", "; "), strict=True):
        said = [_difference(row, indicators.label(row["indicator"]), levels[row["by"]], language) for row in rows]
        rest = TESTED["rest"][language] if int(tested.sum()) > len(rows) else ""
        text[language] = TESTED["clear"][language].format(said=join.join(said)) + rest
    return Paragraph(text, [str(row["result_id"]) for row in rows])


def _difference(row: Mapping[Any, Any], label: Label, levels: tuple[Label, Label], language: str) -> str:
    """One difference with both sides and its interval."""
    unit = str(row["unit"])
    sides = [figure_text(row[side], level_unit(unit), 2) for side in ("of_level", "of_reference")]
    points = POINTS[language] if unit == "points" else ""
    word = INTERVAL_WORD[row["kind"] == "nonprobability"][language].format(level=f"{row['level']:.0%}")
    span = interval_text(row["low"], row["high"], language, unit=unit, decimals=2) + points
    moved = figure_text(row["estimate"], unit, 2) + points
    name = choose(label, language).text
    called = [choose(one, language).text for one in levels]
    if language == "zh":
        both = "，".join(beside(one, side) for one, side in zip(called, sides, strict=True))
        return f"{name}（{both}，相差{moved}，{word}{span}）"
    both = ", ".join(f"{lower_first(one)} {side}" for one, side in zip(called, sides, strict=True))
    return f"{lower_first(name)} ({both}: {moved}; {word} {span})"
