"""Drawings that are no charts of estimates: how records became a sample."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from xzz_analysis.disclosure.protect import MARK, Protected
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.report.blocks import Figure
from xzz_analysis.report.figures import WIDTH
from xzz_analysis.report.tables import Naming, protected_frame
from xzz_analysis.report.theme import COLOURS, check_glyphs, figure_text, house_style, png_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

STEPS: tuple[tuple[str, Label], ...] = (
    ("received", {"zh": "收到的记录", "en": "Records received"}),
    ("repeated", {"zh": "重复而未计", "en": "Repeats left out"}),
    ("declined", {"zh": "不同意受访", "en": "Declined"}),
    ("sample", {"zh": "进入样本", "en": "In the sample"}),
)
"""Steps of the flow: the first and the last are boxes of the column, those between leave it to the right."""

CAPTION: dict[str, str] = {"zh": "从收到的记录到样本", "en": "From records received to the sample"}


def flow_figure(counts: Protected, units: Naming) -> Figure:
    """Draw how many records came in, how many were left out and why, and how many are in the sample.

    Parameters
    ----------
    counts : Protected
        One row per unit with a column per word of :data:`STEPS`; a suppressed count is drawn as the mark.
    units : Naming
        How the rows are called.
    """
    frame = protected_frame(counts, "flow_figure", [name for name, _ in STEPS])
    numbers = [
        {name: MARK if row[name] != row[name] else figure_text(row[name], "count") for name, _ in STEPS}
        for row in frame.to_dict("records")
    ]
    names = units.names(counts.frame)
    png, alt = {}, {}
    for language in REPORT_LANGUAGES:
        titles = [choose(name, language).text for name in names]
        words = {name: choose(label, language).text for name, label in STEPS}
        check_glyphs([*titles, *words.values()], "flow figure")
        with house_style():
            png[language] = base64.b64encode(png_bytes(_draw(titles, numbers, words))).decode()
        between = {"zh": ("：", "，", "；", "。"), "en": (": ", ", ", "; ", ".")}[language]
        said = [
            title + between[0] + between[1].join(f"{words[name]} {row[name]}" for name, _ in STEPS)
            for title, row in zip(titles, numbers, strict=True)
        ]
        alt[language] = CAPTION[language] + between[0] + between[2].join(said) + between[3]
    return Figure(dict(CAPTION), alt, png)


def _draw(titles: Sequence[str], numbers: Sequence[Mapping[str, str]], words: Mapping[str, str]) -> Canvas:
    """One column of boxes per unit."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(WIDTH, 2.6))
    columns = canvas.subplots(1, len(titles), squeeze=False)[0]
    for axes, title, row in zip(columns, titles, numbers, strict=True):
        axes.set(xlim=(0, 2.1), ylim=(0, 3))
        axes.axis("off")
        axes.set_title(title, loc="left", fontsize=9)
        _box(axes, (0.5, 2.5), f"{words['received']}\n{row['received']}")
        _box(axes, (0.5, 0.5), f"{words['sample']}\n{row['sample']}", strong=True)
        axes.annotate("", (0.5, 0.85), (0.5, 2.15), arrowprops={"arrowstyle": "-|>", "color": COLOURS["grey"]})
        for place, name in enumerate(name for name, _ in STEPS[1:-1]):
            height = 1.8 - 0.6 * place
            axes.plot([0.5, 1.0], [height, height], color=COLOURS["grey"], linewidth=0.8)
            _box(axes, (1.05, height), f"{words[name]} {row[name]}", side="left")
    return canvas


def _box(axes: Axes, place: tuple[float, float], text: str, *, side: str = "center", strong: bool = False) -> None:
    edge = COLOURS["blue"] if strong else COLOURS["grey"]
    look = {"boxstyle": "round,pad=0.45", "facecolor": "white", "edgecolor": edge, "linewidth": 1.4 if strong else 0.8}
    axes.text(*place, text, horizontalalignment=side, va="center", fontsize=8, bbox=look)
