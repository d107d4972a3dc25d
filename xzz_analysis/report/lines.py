"""How needs went from round to round: one small panel each, a dot on its interval for every round."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.language import REPORT_LANGUAGES, choose
from xzz_analysis.report.blocks import Figure
from xzz_analysis.report.figures import WIDTH
from xzz_analysis.report.tables import ESTIMATED, Naming, interval_label, printed_figures, protected_frame
from xzz_analysis.report.theme import COLOURS, check_glyphs, figure_text, house_style, interval_text, png_bytes, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

ACROSS = 3
"""Panels side by side."""

LEGEND: dict[str, str] = {
    "zh": "点为各轮估计值，竖线为 {interval}；不予公布的轮次不画。",
    "en": "Dot: estimate of a round; bar: {interval}; a round that is not published is not drawn.",
}


def round_lines(levels: Protected, days: Mapping[str, dt.date], *, rows: Naming, caption: dict[str, str]) -> Figure:
    """Draw the shares of several rounds, a panel for each row, all panels on one scale.

    Parameters
    ----------
    levels : Protected
        Shares of all rounds, told apart by ``round``; their order is the order of the panels.
    days : mapping of round to date
        Where each round stands.
    rows : Naming
        How the panels are named.
    caption : bilingual text
    """
    frame = printed_figures(protected_frame(levels, "round_lines", (*ESTIMATED, "round")))
    shown = frame[frame["estimate"].notna()]
    kept = list(dict.fromkeys(shown[rows.column]))
    panels = [shown[shown[rows.column] == name] for name in kept]
    png, alt = {}, {}
    for language in REPORT_LANGUAGES:
        names = [choose(rows.label(name), language).text for name in kept]
        check_glyphs([*names, *days], "lines of rounds")
        footer = LEGEND[language].format(interval=interval_label(shown)[language])
        with house_style():
            png[language] = base64.b64encode(png_bytes(_draw(panels, names, days, footer))).decode()
        between = {"zh": ("：", "，", "；", "。"), "en": (": ", ", ", "; ", ".")}[language]
        said = [
            name + between[0] + between[1].join(_read(row, language) for row in panel.to_dict("records"))
            for name, panel in zip(names, panels, strict=True)
        ]
        alt[language] = caption[language] + between[0] + between[2].join(said) + between[3]
    return Figure(caption, alt, png, list(shown["result_id"]))


def _read(row: Mapping[Any, Any], language: str) -> str:
    """One point in words."""
    value = figure_text(row["estimate"], str(row["unit"]))
    if pd.isna(row["low"]):
        return f"{row['round']} {value}"
    ends = interval_text(row["low"], row["high"], language, unit=str(row["unit"]))
    return f"{row['round']} {value}（{ends}）" if language == "zh" else f"{row['round']} {value} ({ends})"


def _draw(panels: list[pd.DataFrame], names: list[str], days: Mapping[str, dt.date], footer: str) -> Canvas:
    from matplotlib.figure import Figure as Canvas

    across = min(ACROSS, len(panels))
    down = -(-len(panels) // across)
    canvas = Canvas(figsize=(WIDTH, 1.75 * down + 0.4))
    grid = canvas.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    highest = max(float(np.nanmax(panel[["estimate", "high"]].to_numpy(float))) for panel in panels)
    for axes, panel, name in zip(grid.flat, panels, names, strict=False):
        axes.set(ylim=(0, min(100, 105 * highest)))
        axes.set_title(wrapped(name, 26), fontsize=8.5, loc="left")
        _panel(axes, panel, days)
    for axes in list(grid.flat)[len(panels) :]:
        axes.axis("off")
    canvas.supxlabel(footer, x=0.01, ha="left", fontsize=7.5, color=COLOURS["grey"])
    return canvas


def _panel(axes: Axes, panel: pd.DataFrame, days: Mapping[str, dt.date]) -> None:
    """Dots on bars, joined where the rounds follow each other."""
    places = [day.toordinal() for day in days.values()]
    value = panel.set_index("round")["estimate"].reindex(list(days)).to_numpy(float)
    axes.plot(places, 100 * value, "o-", color=COLOURS["blue"], markersize=4.5, linewidth=1.2)
    for row in panel.to_dict("records"):
        if pd.notna(row["low"]):
            place = days[row["round"]].toordinal()
            axes.plot([place] * 2, [100 * row["low"], 100 * row["high"]], color=COLOURS["blue"], linewidth=2, alpha=0.5)
    margin = 0.08 * (max(places) - min(places))
    axes.set_xlim(min(places) - margin, max(places) + margin)
    axes.set_xticks(places, list(days), fontsize=7.5, rotation=30 if len(places) > 4 else 0)
    axes.yaxis.set_major_formatter("{x:.0f}%")
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
