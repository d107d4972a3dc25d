"""Drawings of helpers: the share that took a step by time, and the network of groups."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.report.blocks import Figure
from xzz_analysis.report.figures import WIDTH
from xzz_analysis.report.tables import ESTIMATED, printed_figures, protected_frame
from xzz_analysis.report.theme import COLOURS, SERIES, check_glyphs, figure_text, house_style, png_bytes, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

MONTHS: Label = {"zh": "个月", "en": "months"}
BETWEEN = {"zh": ("：", "，", "；", "。"), "en": (": ", ", ", "; ", ".")}
FOOTER: Label = {
    "zh": "点为比例，竖线为95%置信区间；人数不足而不予公布的点不画。",
    "en": "Dot: share; bar: 95% confidence interval; points that rest on too few people are not drawn.",
}
NETWORK_FOOTER: Label = {
    "zh": "线越粗，联系越多；圆环为组内联系。点的大小没有含义；联系太少的线不画。",
    "en": "The wider a line, the more ties; a ring shows ties inside a group. Sizes of points mean nothing; lines of too few ties are not drawn.",
}


def incidence_figure(curves: Mapping[str, Protected], names: Mapping[str, Label], caption: dict[str, str]) -> Figure:
    """Draw the share that took each step by months since the role before began.

    Parameters
    ----------
    curves : mapping of str to Protected
        Step → points; ``option`` is the month in two digits.
    names : mapping of str to Label
        What the steps are called.
    caption : bilingual text
    """
    frames = {}
    for step, safe in curves.items():
        frame = printed_figures(protected_frame(safe, "incidence_figure", ESTIMATED))
        frames[step] = frame[frame["estimate"].notna()].assign(months=lambda table: table["option"].astype(int))
    said = {
        language: [
            choose(names[step], language).text
            + BETWEEN[language][0]
            + BETWEEN[language][1].join(_read(frame, language))
            for step, frame in frames.items()
        ]
        for language in REPORT_LANGUAGES
    }

    def draw(language: str) -> Canvas:
        return _draw_curves(frames, [choose(names[step], language).text for step in frames], language)

    ids = [str(one) for frame in frames.values() for one in frame["result_id"]]
    return _figure(caption, said, draw, ids)


def _figure(
    caption: dict[str, str], said: Mapping[str, Sequence[str]], draw: Callable[[str], Canvas], ids: list[str]
) -> Figure:
    """Draw in every language, with the figures read out as the alternative text."""
    png, alt = {}, {}
    for language in REPORT_LANGUAGES:
        check_glyphs(said[language], f"figure {caption['en']!r}")
        with house_style():
            png[language] = base64.b64encode(png_bytes(draw(language))).decode()
        marks = BETWEEN[language]
        alt[language] = caption[language] + marks[0] + marks[2].join(said[language]) + marks[3]
    return Figure(caption, alt, png, ids)


def _read(frame: pd.DataFrame, language: str) -> list[str]:
    """The points of a curve in words."""
    values = [figure_text(value, "percent") for value in frame["estimate"]]
    if language == "zh":
        return [f"{month}个月{value}" for month, value in zip(frame["months"], values, strict=True)]
    return [f"{value} after {month} months" for month, value in zip(frame["months"], values, strict=True)]


def _draw_curves(frames: Mapping[str, pd.DataFrame], names: Sequence[str], language: str) -> Canvas:
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(WIDTH, 3.2))
    axes = canvas.add_subplot()
    last = max(int(frame["months"].max()) for frame in frames.values())
    highest = max(float(np.nanmax(frame[["estimate", "high"]].to_numpy(float))) for frame in frames.values())
    for place, (frame, name) in enumerate(zip(frames.values(), names, strict=True)):
        colour, marker = SERIES[place]
        across = frame["months"].to_numpy(float) + (place - (len(frames) - 1) / 2) * 0.18
        axes.plot(
            across, 100 * frame["estimate"], f"{marker}-", color=COLOURS[colour], markersize=5, label=wrapped(name, 40)
        )
        for x, low, high in zip(across, frame["low"], frame["high"], strict=True):
            if low == low:
                axes.plot([x, x], [100 * low, 100 * high], color=COLOURS[colour], linewidth=2, alpha=0.5)
    axes.set(xlim=(0, last + 1), ylim=(0, min(100, 110 * highest)), xlabel=choose(MONTHS, language).text)
    axes.set_xticks(range(0, last + 1, 3))
    axes.yaxis.set_major_formatter("{x:.0f}%")
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    canvas.legend(loc="outside upper left", ncols=1, handlelength=1.5)
    canvas.supxlabel(choose(FOOTER, language).text, x=0.01, ha="left", fontsize=7.5, color=COLOURS["grey"])
    return canvas


def group_figure(
    ties: Protected,
    groups: pd.DataFrame,
    names: Mapping[str, Label],
    kinds: Mapping[str, Label],
    caption: dict[str, str],
) -> Figure:
    """Draw ties between groups; nobody is a point of it, and nothing finer than the protected table is drawn.

    Parameters
    ----------
    ties : Protected
        ``one``, ``other`` and ``estimate``.
    groups : DataFrame
        As :func:`~xzz_analysis.services.network.placed` returns them; no number of it is drawn.
    names : mapping of str to Label
        What a group is called.
    kinds : mapping of str to Label
        What its kind is called, in the order of colours.
    caption : bilingual text
    """
    frame = protected_frame(ties, "group_figure", ["one", "other", "estimate", "result_id"])
    inside = frame["one"].isin(groups.index) & frame["other"].isin(groups.index)
    shown = frame[inside & frame["estimate"].notna()].sort_values("estimate", ascending=False, kind="stable")
    said = {language: _read_ties(shown, names, language) for language in REPORT_LANGUAGES}

    def draw(language: str) -> Canvas:
        return _draw_groups(shown, groups, names, kinds, language)

    return _figure(caption, said, draw, [str(one) for one in shown["result_id"]])


READ_OUT = 12
"""Ties that the alternative text reads out, most first."""
MORE: Label = {"zh": "其余{count}条略", "en": "{count} more lines"}
INSIDE: Label = {"zh": "{one}之间{count}", "en": "{count} among {one}"}
ACROSS: Label = {"zh": "{one}与{other}{count}", "en": "{count} between {one} and {other}"}


def _read_ties(shown: pd.DataFrame, names: Mapping[str, Label], language: str) -> list[str]:
    said = []
    for row in shown.head(READ_OUT).to_dict("records"):
        one, other = (choose(names[row[side]], language).text for side in ("one", "other"))
        text = choose(INSIDE if row["one"] == row["other"] else ACROSS, language).text
        said.append(text.format(one=one, other=other, count=figure_text(row["estimate"], "count")))
    rest = len(shown) - READ_OUT
    return [*said, choose(MORE, language).text.format(count=rest)] if rest > 0 else said


def _draw_groups(
    shown: pd.DataFrame,
    groups: pd.DataFrame,
    names: Mapping[str, Label],
    kinds: Mapping[str, Label],
    language: str,
) -> Canvas:
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(WIDTH, WIDTH * 0.82))
    axes = canvas.add_subplot()
    axes.set(xlim=(-1.75, 1.75), ylim=(-1.3, 1.3))
    axes.set_aspect("equal")
    axes.axis("off")
    most = float(shown["estimate"].max()) if len(shown) else 1.0
    for row in shown.iloc[::-1].to_dict("records"):
        width = 0.6 + 6 * (row["estimate"] / most) ** 0.5
        one, other = (groups.loc[row[side], ["x", "y"]].astype(float).tolist() for side in ("one", "other"))
        if row["one"] == row["other"]:
            axes.plot(*one, "o", markersize=19, fillstyle="none", color=COLOURS["grey"], markeredgewidth=width * 0.7)
        else:
            axes.plot([one[0], other[0]], [one[1], other[1]], color=COLOURS["grey"], alpha=0.55, linewidth=width)
    _points(axes, groups, names, kinds, language)
    canvas.legend(loc="outside upper left", ncols=3, handlelength=1)
    canvas.supxlabel(
        wrapped(choose(NETWORK_FOOTER, language).text, 92), x=0.01, ha="left", fontsize=7.5, color=COLOURS["grey"]
    )
    return canvas


def _points(
    axes: Axes, groups: pd.DataFrame, names: Mapping[str, Label], kinds: Mapping[str, Label], language: str
) -> None:
    """A point for each group, by kind, with its community outside the circle."""
    for place, (kind, label) in enumerate(kinds.items()):
        mine = groups[groups["kind"] == kind]
        if len(mine):
            colour, marker = SERIES[place]
            axes.plot(
                mine["x"],
                mine["y"],
                marker,
                color=COLOURS[colour],
                markersize=9,
                zorder=3,
                label=choose(label, language).text,
            )
    for community, mine in groups.groupby("community", sort=False):
        x, y = mine["x"].mean(), mine["y"].mean()
        length = max((x * x + y * y) ** 0.5, 1e-6)
        side = "left" if x > 0.15 else "right" if x < -0.15 else "center"
        text = wrapped(choose(names[str(community)], language).text, 14)
        axes.text(1.16 * x / length, 1.16 * y / length, text, ha=side, va="center", fontsize=8)
