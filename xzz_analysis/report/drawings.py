"""Drawings that are no charts of estimates: how records became a sample."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from xzz_analysis.disclosure.protect import MARK, Protected
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.report.blocks import Figure
from xzz_analysis.report.figures import WIDTH
from xzz_analysis.report.tables import Naming, printed_figures, protected_frame
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


def upset_figure(combinations: Protected, dimensions: Mapping[str, Label], caption: dict[str, str]) -> Figure:
    """Draw which dimensions come together, most frequent first: bars of shares over a matrix of dots.

    Parameters
    ----------
    combinations : Protected
        One row per combination: ``combination`` (dimensions joined by ``+``) and the columns of estimates; suppressed
        ones are left out of the drawing.
    dimensions : mapping of str to Label
        In the order of the matrix.
    caption : bilingual text
    """
    frame = printed_figures(protected_frame(combinations, "upset_figure", ["combination", "estimate", "result_id"]))
    shown = frame[frame["estimate"].notna()].sort_values("estimate", ascending=False, kind="stable").head(MOST)
    png, alt = {}, {}
    for language in REPORT_LANGUAGES:
        names = [choose(label, language).text for label in dimensions.values()]
        check_glyphs(names, "overlap figure")
        with house_style():
            png[language] = base64.b64encode(png_bytes(_upset(shown, list(dimensions), names))).decode()
        between = {"zh": ("：", "、", "；", "。", "都没有"), "en": (": ", " + ", "; ", ".", "none")}[language]
        called = dict(zip(dimensions, names, strict=True))
        said = [
            f"{between[1].join(called[one] for one in row['combination'].split('+') if one) or between[4]} "
            f"{figure_text(row['estimate'], 'percent')}"
            for row in shown.to_dict("records")
        ]
        alt[language] = caption[language] + between[0] + between[2].join(said) + between[3]
    return Figure(caption, alt, png, list(shown["result_id"]))


MOST = 12
"""Combinations that are drawn."""


def _upset(shown: pd.DataFrame, dimensions: Sequence[str], names: Sequence[str]) -> Canvas:
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(WIDTH, 2.4 + 0.26 * len(names)))
    above, below = canvas.subplots(2, 1, sharex=True, height_ratios=[2.2, 0.26 * len(names) + 0.2])
    places = range(len(shown))
    above.bar(places, 100 * shown["estimate"], width=0.6, color=COLOURS["blue"])
    for place, value in zip(places, shown["estimate"], strict=True):
        above.annotate(figure_text(value, "percent"), (place, 100 * value), ha="center", va="bottom", fontsize=7.5)
    above.yaxis.set_major_formatter("{x:.0f}%")
    above.yaxis.get_major_locator().set_params(integer=True)
    above.tick_params(axis="x", length=0)
    below.set(ylim=(len(names) - 0.5, -0.5), xticks=[])
    below.set_yticks(range(len(names)), names)
    below.spines[:].set_visible(False)
    below.tick_params(axis="y", length=0)
    for place, combination in zip(places, shown["combination"], strict=True):
        inside = [row for row, name in enumerate(dimensions) if name in combination.split("+")]
        colours = [COLOURS["ink"] if row in inside else COLOURS["line"] for row in range(len(names))]
        below.scatter([place] * len(names), range(len(names)), c=colours, s=28, zorder=3)
        if len(inside) > 1:
            below.plot([place, place], [min(inside), max(inside)], color=COLOURS["ink"], linewidth=1.2)
    return canvas
