"""Charts chosen for intervals, drawn from protected tables only.

A chart shows the figures of its table at the table's printed precision, nothing finer; a suppressed
figure is drawn as the mark, without a dot. Marker shapes and colours change together, so a chart also
reads in grey.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from xzz_analysis.disclosure.protect import MARK, SUPPRESSED, Protected
from xzz_analysis.errors import ReportError
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.report.blocks import Figure
from xzz_analysis.report.tables import ESTIMATED, Naming, interval_label, printed_figures, protected_frame
from xzz_analysis.report.theme import (
    ABSENT,
    COLOURS,
    NOTHING,
    SERIES,
    check_glyphs,
    figure_text,
    house_style,
    interval_text,
    png_bytes,
    spread,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

WIDTH = 16 / 2.54
"""Inches; the width of the text on an A4 page."""

LINE = 0.175
"""Inches one line of a label takes."""

WORDS: dict[str, Label] = {
    "dots": {"zh": "点区间图", "en": "Dot-and-interval chart"},
    "slope": {"zh": "两轮斜线图", "en": "Slope chart of two rounds"},
    "legend": {
        "zh": "点为估计值，线段为 {interval}，n 为有效回答数。{mark}",
        "en": "Dot: estimate; bar: {interval}; n: how many answered. {mark}",
    },
    "mark": {"zh": f"{MARK} 不予公布。", "en": f"{MARK} not published."},
    "suppressed": {"zh": "不予公布", "en": "not published"},
    "series": {"zh": "{name}（{series}）", "en": "{name}, {series}"},
    "row": {"zh": "{name} {value}（{interval}，n={n}）", "en": "{name} {value} ({interval}, n={n})"},
    "join": {"zh": "；", "en": "; "},
    "alt": {"zh": "{chart}，{caption}：{rows}。", "en": "{chart}, {caption}: {rows}."},
    "more": {"zh": "其余 {count} 项见表", "en": "{count} more in the table"},
}

ALT_ROWS = 12
"""Rows that the alternative text reads out."""


class Mark(NamedTuple):
    """One figure of a chart, rounded to what is printed; ``row`` and ``series`` are places."""

    row: int
    series: int
    estimate: float
    low: float
    high: float
    base: str
    absent: str
    result_id: str


@dataclass(frozen=True)
class Chart:
    """What a chart draws in one language.

    Attributes
    ----------
    marks : tuple of Mark
        By row, then by series.
    rows, series : tuple of str
        Names by place; one empty name without series.
    title : str
        What the series are.
    unit : "percent", "points", "ratio" or "number"
    decimals : int
    footer : str
        Explains dots, bars and marks.
    language : str
    """

    marks: tuple[Mark, ...]
    rows: tuple[str, ...]
    series: tuple[str, ...]
    title: str
    unit: str
    decimals: int
    footer: str
    language: str

    def value(self, mark: Mark) -> str:
        """The figure as printed, or the words for why there is none."""
        absent = ABSENT[mark.absent][self.language] if mark.absent else ""
        return absent or figure_text(mark.estimate, self.unit, self.decimals)

    def limits(self) -> tuple[float, float]:
        """Ends of the axis: it starts at zero unless something is below; tens of per cent for shares."""
        ends = [(mark.estimate, mark.low, mark.high) for mark in self.marks]
        low, high = np.nanmin(ends, initial=0.0), np.nanmax(ends, initial=0.0)
        if self.unit == "percent":
            return math.floor(low * 10) / 10, max(0.1, math.ceil(high * 10 - 1e-9) / 10)
        if self.unit == "points":
            return math.floor(low * 50) / 50, math.ceil(high * 50 - 1e-9) / 50 or 0.02
        return float(low) * 1.05, float(high) * 1.05 or 1.0


def dot_interval(
    table: Protected,
    *,
    rows: Naming,
    caption: dict[str, str],
    series: Naming | None = None,
    alt: dict[str, str] | None = None,
    decimals: int = 1,
) -> Figure:
    """Draw each estimate as a dot on its interval, one line per row, with its n at the right.

    Parameters
    ----------
    table : Protected
        Estimates; their order is the order of the chart.
    rows : Naming
        How the rows are named.
    caption : bilingual text
    series : Naming, optional
        What is told apart within a row, by colour and marker: a group, a round (6 at most).
    alt : bilingual text, optional
        Alternative text; by default it reads the figures out.
    decimals : int
        Decimals of figures that are not shares.

    Raises
    ------
    DisclosureError
        When the table is not protected.
    ReportError
        When rows are of different units or drawn twice, or a character has no glyph.
    """
    frame = printed_figures(protected_frame(table, "dot_interval", ESTIMATED), decimals)
    charts = _charts(frame, rows, series, decimals)
    _limit(len(charts["en"].series), "series; split the chart")
    return _figure(charts, _draw_dots, "dots", caption, alt)


def slope(
    table: Protected,
    *,
    rows: Naming,
    caption: dict[str, str],
    rounds: Naming | None = None,
    alt: dict[str, str] | None = None,
    decimals: int = 1,
) -> Figure:
    """Draw how each row moved between two rounds: two dots with intervals, joined by a line.

    Parameters
    ----------
    table : Protected
        Estimates of exactly two rounds, the earlier first.
    rows : Naming
        How the lines are named (6 at most).
    caption : bilingual text
    rounds : Naming, optional
        Labels of the rounds; their names by default.
    alt, decimals
        As in :func:`dot_interval`.
    """
    frame = printed_figures(protected_frame(table, "slope", ESTIMATED), decimals)
    charts = _charts(frame, rows, rounds or Naming("round"), decimals)
    if (count := len(charts["en"].series)) != 2:
        raise ReportError(f"a slope chart joins two rounds, the table holds {count}; filter the table")
    _limit(len(charts["en"].rows), "lines; use dot_interval with series=Naming('round')")
    return _figure(charts, _draw_slope, "slope", caption, alt)


def _limit(count: int, what: str) -> None:
    if count > len(SERIES):
        raise ReportError(f"a chart can tell {len(SERIES)} colours and markers apart, not {count} {what}")


def _charts(frame: pd.DataFrame, rows: Naming, series: Naming | None, decimals: int) -> dict[str, Chart]:
    """The chart's content in each language."""
    units = sorted(set(frame["unit"]))
    if len(units) != 1:
        raise ReportError(f"a chart has one axis, the table holds {' and '.join(units) or 'no rows'}; filter it")
    names = rows.names(frame)
    groups = series.names(frame) if series else [{"en": ""}] * len(frame)
    places = pd.factorize(frame[rows.column])[0]
    seconds = pd.factorize(frame[series.column])[0] if series else np.zeros(len(frame), int)
    marks = _marks(frame, places, seconds)
    if len({mark[:2] for mark in marks}) < len(marks):
        raise ReportError(
            f"several estimates share one {rows.column!r}; filter the table, or tell them apart with series="
        )
    return {
        language: Chart(
            marks,
            _by_place(places, names, language),
            _by_place(seconds, groups, language),
            choose(series.heading, language).text if series else "",
            units[0],
            decimals,
            _footer(frame, marks, language),
            language,
        )
        for language in REPORT_LANGUAGES
    }


def _footer(frame: pd.DataFrame, marks: Sequence[Mark], language: str) -> str:
    hidden = WORDS["mark"][language] if any(mark.absent == SUPPRESSED for mark in marks) else ""
    return WORDS["legend"][language].format(interval=interval_label(frame)[language], mark=hidden).strip()


def _marks(frame: pd.DataFrame, places: np.ndarray, seconds: np.ndarray) -> tuple[Mark, ...]:
    absent = frame["reason"].fillna("").where(frame["estimate"].isna(), "")
    counts = zip(frame["n"].to_numpy(float), np.where(absent == SUPPRESSED, MARK, NOTHING), strict=True)
    base = [str(mark) if math.isnan(n) else figure_text(n, "count") for n, mark in counts]
    figures = frame[["estimate", "low", "high"]].to_numpy(float).T.tolist()
    columns = [places.tolist(), seconds.tolist(), *figures, base, absent, frame["result_id"]]
    return tuple(sorted((Mark(*values) for values in zip(*columns, strict=True)), key=lambda m: m[:2]))


def _by_place(places: np.ndarray, labels: Sequence[Label], language: str) -> tuple[str, ...]:
    texts = [choose(label, language).text for label in labels]
    named = dict(zip(places.tolist(), texts, strict=True))
    return tuple(named[place] for place in sorted(named))


def _figure(
    charts: Mapping[str, Chart],
    draw: Callable[[Chart], Canvas],
    kind: str,
    caption: dict[str, str],
    alt: dict[str, str] | None,
) -> Figure:
    """Draw in every language and wrap up with the alternative text."""
    png = {}
    for language, chart in charts.items():
        check_glyphs([*chart.rows, *chart.series, chart.title], f"chart {caption.get('en', '')!r}")
        with house_style():
            png[language] = base64.b64encode(png_bytes(draw(chart))).decode()
    texts = alt or {language: _alt(chart, kind, caption[language]) for language, chart in charts.items()}
    return Figure(caption, texts, png, [mark.result_id for mark in charts["en"].marks if not mark.absent])


def _alt(chart: Chart, kind: str, caption: str) -> str:
    """Read the figures of a chart out."""
    words = {name: label[chart.language] for name, label in WORDS.items()}
    parts = []
    for mark in chart.marks[:ALT_ROWS]:
        name, series = chart.rows[mark.row], chart.series[mark.series]
        name = words["series"].format(name=name, series=series) if series else name
        if mark.absent:
            parts.append(f"{name} {words.get(mark.absent, chart.value(mark))}")
            continue
        ends = interval_text(mark.low, mark.high, chart.language, unit=chart.unit, decimals=chart.decimals)
        parts.append(words["row"].format(name=name, value=chart.value(mark), interval=ends, n=mark.base))
    if len(chart.marks) > ALT_ROWS:
        parts.append(words["more"].format(count=len(chart.marks) - ALT_ROWS))
    return words["alt"].format(chart=words[kind], caption=caption, rows=words["join"].join(parts))


def _draw_dots(chart: Chart) -> Canvas:
    from matplotlib.figure import Figure as Canvas

    labels = [wrapped(name) for name in chart.rows]
    several = len(chart.series) > 1
    room = np.array([max(len(chart.series) * 0.2, LINE * len(label.splitlines())) + 0.12 for label in labels])
    centres = np.cumsum(room) - room / 2
    canvas = Canvas(figsize=(WIDTH, room.sum() + 0.75 + 0.3 * several))
    axes = canvas.add_subplot()
    axes.set(xlim=chart.limits(), ylim=(room.sum(), 0))
    axes.set_yticks(centres, labels, linespacing=1.25)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    _scale(chart, axes, axes.xaxis)
    for mark in chart.marks:
        shift = (mark.series - (len(chart.series) - 1) / 2) * 0.2
        _dot(axes, chart, mark, float(centres[mark.row]) + shift)
    axes.annotate("n", (1.015, 1), xycoords="axes fraction", va="bottom", fontsize=8, color=COLOURS["grey"])
    if several:
        _legend(canvas, axes, chart)
    canvas.supxlabel(chart.footer, x=0.01, ha="left", fontsize=7.5, color=COLOURS["grey"])
    return canvas


def _dot(axes: Axes, chart: Chart, mark: Mark, y: float) -> None:
    """One figure across: its bar, dot and n; or why there is none."""
    side: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center_baseline"}
    axes.text(1.015, y, mark.base, fontsize=8, **side)
    if mark.absent:
        axes.text(0.008, y, chart.value(mark), color=COLOURS["grey"], **side)
        return
    _bar(axes, [mark.low, mark.high], [y, y], SERIES[mark.series][0])
    _point(axes, mark.estimate, y, SERIES[mark.series])


def _bar(axes: Axes, x: Sequence[float], y: Sequence[float], colour: str) -> None:
    axes.plot(x, y, color=COLOURS[colour], linewidth=2.2, solid_capstyle="butt", alpha=0.5)


def _point(axes: Axes, x: float, y: float, look: tuple[str, str]) -> None:
    dot: dict[str, Any] = {"markersize": 6.5, "markeredgecolor": "white", "clip_on": False, "zorder": 3}
    axes.plot([x], [y], look[1], color=COLOURS[look[0]], **dot)


def _legend(canvas: Canvas, axes: Axes, chart: Chart) -> None:
    """Name the series above the chart."""
    handles = [
        axes.plot([], [], marker, color=COLOURS[colour], markersize=6.5, label=wrapped(name, 40))[0]
        for name, (colour, marker) in zip(chart.series, SERIES, strict=False)
    ]
    legend = canvas.legend(
        handles=handles, loc="outside upper left", ncols=3, handlelength=1, handletextpad=0.4, borderpad=0.2
    )
    legend.set_title(chart.title)
    legend.set_alignment("left")


def _draw_slope(chart: Chart) -> Canvas:
    from matplotlib.figure import Figure as Canvas

    lines = [[mark for mark in chart.marks if mark.row == place] for place in range(len(chart.rows))]
    labels = [_line_label(chart, marks) for marks in lines]
    room = np.array([LINE * len(label.splitlines()) + 0.08 for label in labels])
    canvas = Canvas(figsize=(WIDTH, max(3.2, room.sum() + 0.9)))
    axes = canvas.add_subplot()
    low, high = chart.limits()
    axes.set(xlim=(-0.08, 1.08), ylim=(low, high))
    axes.set_xticks([0, 1], [wrapped(name) for name in chart.series])
    _scale(chart, axes, axes.yaxis)
    shown = [[mark for mark in marks if not mark.absent] for marks in lines]
    inch = (high - low) / (canvas.get_figheight() - 0.75)
    heights = spread(np.array([marks[-1].estimate if marks else low for marks in shown]), room * inch)
    heights -= max(0.0, (heights + room * inch / 2).max() - high)
    for place, marks in enumerate(shown):
        shift = (place - (len(lines) - 1) / 2) * 0.018
        _line(axes, marks, place, shift)
        if marks and marks[-1].series == 1:
            ends = [marks[-1].estimate, heights[place]]
            axes.plot([1.03 + shift, 1.1], ends, color=COLOURS["line"], linewidth=0.8, clip_on=False)
        _point(axes, 1.12, heights[place], SERIES[place])
        axes.text(1.145, heights[place], labels[place], va="center", fontsize=8, linespacing=1.25)
    canvas.supxlabel(chart.footer, x=0.01, ha="left", fontsize=7.5, color=COLOURS["grey"])
    return canvas


def _line_label(chart: Chart, marks: Sequence[Mark]) -> str:
    values, bases = (" → ".join(texts) for texts in ([*map(chart.value, marks)], [m.base for m in marks]))
    return f"{wrapped(chart.rows[marks[0].row], 26)}\n{values}  (n {bases})"


def _line(axes: Axes, shown: Sequence[Mark], place: int, shift: float) -> None:
    """One line of a slope chart, moved aside a little so that bars do not hide one another."""
    colour = SERIES[place][0]
    across = [mark.series + shift for mark in shown]
    axes.plot(across, [mark.estimate for mark in shown], color=COLOURS[colour])
    for x, mark in zip(across, shown, strict=True):
        _bar(axes, [x, x], [mark.low, mark.high], colour)
        _point(axes, x, mark.estimate, SERIES[place])


def _scale(chart: Chart, axes: Axes, axis: Any) -> None:
    """Ticks and grid of the axis that carries the figures."""
    if chart.unit == "percent":
        low, high = chart.limits()
        step = 0.05 if high - low <= 0.25 else 0.1 if high - low <= 0.65 else 0.2
        axis.set_ticks(np.arange(math.ceil(low / step), math.floor(high / step + 1e-9) + 1) * step)
        axis.set_major_formatter(lambda value, _: f"{round(value * 100)}%".replace("-", "−"))
    else:
        scale = 100 if chart.unit == "points" else 1
        axis.set_major_formatter(lambda value, _: f"{round(value * scale, 9):,g}".replace("-", "−"))
    axis.grid(visible=True)
    axes.set_axisbelow(True)
