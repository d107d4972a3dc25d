"""Person-times as bars, one panel for each domain."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from xzz_analysis.disclosure.protect import MARK, Protected
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.report.blocks import Figure
from xzz_analysis.report.chapters.services.naming import UNKNOWN, Bilingual
from xzz_analysis.report.figures import WIDTH
from xzz_analysis.report.tables import Naming, protected_frame
from xzz_analysis.report.theme import COLOURS, check_glyphs, figure_text, house_style, png_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

Row = Mapping[Any, Any]

SPAN: Label = {
    "zh": "{name}：最少{low_when} {low}，最多{high_when} {high}",
    "en": "{name}: least {low} in {low_when}, most {high} in {high_when}",
}
ALONE: Label = {"zh": "{name}：{high_when} {high}", "en": "{name}: {high} in {high_when}"}
NOTHING_SHOWN: Label = {"zh": "{name}：没有可公布的数字", "en": "{name}: no figure that may be shown"}
AROUND: Label = {"zh": "柱状图，{caption}：{rows}。{mark}", "en": "Bar chart, {caption}: {rows}.{mark}"}
HIDDEN: Label = {"zh": f"{MARK} 不予公布。", "en": f" {MARK} not published."}
NO_HIDDEN: Label = {"zh": "", "en": ""}
BETWEEN: Label = {"zh": "；", "en": "; "}


def series_figure(safe: Protected, rows: Naming, step: str, times: Sequence[str], caption: Bilingual) -> Figure:
    """Draw figures over time as bars, one panel below the other.

    Parameters
    ----------
    safe : Protected
        Counts with a column ``step`` of times, and one that ``rows`` names; a suppressed one is drawn as the mark.
    rows : Naming
        How the panels are named.
    step : str
        Column of times: ``month`` or ``week``.
    times : sequence of str
        All there are, in order.
    caption : bilingual text
    """
    frame = protected_frame(safe, "series_figure", [step, rows.column, "estimate", "suppressed", "result_id"])
    panels = {level: part.to_dict("records") for level, part in frame.groupby(rows.column, sort=False)}
    order = [level for level in rows.labels if level in panels]
    png, alt = {}, {}
    for language in REPORT_LANGUAGES:
        names = [choose(rows.label(level), language).text for level in order]
        check_glyphs(names, "figure of person-times")
        drawn = [(name, panels[level]) for name, level in zip(names, order, strict=True)]
        with house_style():
            png[language] = base64.b64encode(png_bytes(_draw(drawn, step, times, language))).decode()
        alt[language] = _read_out(drawn, step, caption, language)
    shown = frame[frame["estimate"].notna()]
    return Figure(caption, alt, png, list(shown["result_id"]))


def _read_out(panels: Sequence[tuple[str, Sequence[Row]]], step: str, caption: Bilingual, language: str) -> str:
    """The least and the most of each panel, in words."""
    said = []
    for name, rows in panels:
        shown = sorted((row for row in rows if row["estimate"] == row["estimate"]), key=lambda row: row[step])
        words: dict[str, str] = {"name": name}
        for end, choice in (("low", min), ("high", max)):
            if shown:
                row = choice(shown, key=lambda one: one["estimate"])
                words |= {end: figure_text(row["estimate"], "count"), f"{end}_when": row[step]}
        text = SPAN if len(shown) > 1 else ALONE if shown else NOTHING_SHOWN
        said.append(text[language].format(**words))
    mark = HIDDEN if any(row["suppressed"] for _, rows in panels for row in rows) else NO_HIDDEN
    rows_text = BETWEEN[language].join(said)
    return AROUND[language].format(caption=caption[language], rows=rows_text, mark=mark[language])


def _draw(panels: Sequence[tuple[str, Sequence[Row]]], step: str, times: Sequence[str], language: str) -> Canvas:
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(WIDTH, 0.95 * len(panels) + 0.5))
    axes = canvas.subplots(len(panels), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for panel, (name, rows) in zip(axes, panels, strict=True):
        panel.set_title(name, loc="left", fontsize=9)
        _panel(panel, rows, {time: place for place, time in enumerate(times)}, step, language)
    short = [time[5:] if step == "week" or len({one[:4] for one in times}) == 1 else time for time in times]
    axes[-1].set_xticks(range(len(times)), short)
    axes[-1].set_xlim(-0.6, len(times) - 0.4)
    axes[-1].set_ylim(bottom=0)
    return canvas


def _panel(axes: Axes, rows: Sequence[Row], places: Mapping[str, int], step: str, language: str) -> None:
    """Bars of one panel, each with its number."""
    axes.margins(y=0.28)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="both", length=0)
    axes.yaxis.set_visible(False)
    for row in rows:
        place = places[row[step]]
        height, text = (
            (row["estimate"], figure_text(row["estimate"], "count")) if row["estimate"] == row["estimate"] else (0, "")
        )
        if not text:
            text = MARK if row["suppressed"] else UNKNOWN[language]
        axes.bar(place, height, width=0.7, color=COLOURS["blue"])
        axes.annotate(text, (place, height), (0, 1), textcoords="offset points", ha="center", va="bottom", fontsize=7)
