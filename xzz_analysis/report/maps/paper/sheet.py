"""Maps on sheets: A4, A3, a booklet's page, or the width of a report."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from xzz_analysis.errors import ReportError, suggest
from xzz_analysis.language import REPORT_LANGUAGES
from xzz_analysis.report.html import replace_file
from xzz_analysis.report.maps.coding import coded
from xzz_analysis.report.maps.content import MapContent
from xzz_analysis.report.maps.fragment import credit_lines
from xzz_analysis.report.maps.paper.body import (
    MANY_AREAS,
    NAMED_TO,
    Body,
    draw_areas,
    draw_north,
    draw_places,
    draw_scale,
    name_areas,
    name_places,
    place_numbers,
    write_numbers,
)
from xzz_analysis.report.maps.paper.ground import Ground, View, ground_of
from xzz_analysis.report.maps.paper.legend import (
    WORDS,
    Entry,
    balanced,
    draw_entries,
    height_of,
    key_entries,
    legend_entries,
)
from xzz_analysis.report.theme import COLOURS, check_glyphs, house_style, png_bytes, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

SIZES: dict[str, tuple[float, float]] = {
    "A4": (210, 297),
    "A3": (297, 420),
    "booklet": (148, 210),
    "report": (160, 0),
}
"""Width and height of sheets in millimetres; A4 and A3 lie down for a wide map, a report's height is what it needs."""

SUFFIXES = (".png", ".svg", ".pdf")
COLUMN, NARROW = 46.0, 36.0
"""Millimetres of a column of the legend, and of one where there is much to list."""

KEY, CREDITS = 22.0, 9.0
"""Millimetres kept for the numbered key below a legend, and for source and date at the foot."""

FIGURES_TO = 40
"""More communities than these have their figures in the table alone, not under their names."""


@dataclass(frozen=True)
class Drawn:
    """A sheet that was drawn.

    Attributes
    ----------
    canvas : matplotlib figure
    body : Body
        Its ``labels`` are the names and numbers on the map.
    key : tuple of str
        Names in the numbered key; the first has number 1.
    unnamed : int
        Places and communities with neither a name nor a number.
    """

    canvas: Canvas
    body: Body
    key: tuple[str, ...]
    unnamed: int


@dataclass(frozen=True)
class Layout:
    """Where things stand on a sheet, in millimetres from its upper left corner.

    Attributes
    ----------
    width, height : float
        Of the sheet; height 0 grows with what stands on it.
    frame, panel : left, top, width, height
        The map, and its legend beside or below it.
    margin : float
    size : float
        Points of the names of places.
    """

    width: float
    height: float
    frame: tuple[float, float, float, float]
    panel: tuple[float, float, float, float]
    margin: float
    size: float


def write_sheet(content: MapContent, path: Path, *, language: str, title: Mapping[str, str], sheet: str = "A4") -> Path:
    """Write a map for paper as one file.

    Parameters
    ----------
    content : MapContent
    path : Path
        Ending in ``.png``, ``.svg`` or ``.pdf``; replaced as a whole, or left as it was.
    language : "zh" or "en"
    title : bilingual text
    sheet : "A4", "A3", "booklet" or "report"

    Returns
    -------
    Path
        ``path``; the same content gives the same bytes.

    Raises
    ------
    ReportError
        The sheet or the kind of file is unknown, a character has no glyph, or the file cannot be written.
    """
    if path.suffix not in SUFFIXES:
        raise ReportError(
            f"{path.name} is no kind of map file{suggest(path.suffix, SUFFIXES)}; use {', '.join(SUFFIXES)}"
        )
    with house_style():
        canvas = draw(content, sheet, language, title[language]).canvas
        if path.suffix == ".png":
            return replace_file(path, _png(canvas, content))
        out = io.BytesIO()
        silent = dict.fromkeys(("Date",) if path.suffix == ".svg" else ("CreationDate", "Producer"))
        canvas.savefig(out, format=path.suffix[1:], metadata={**silent, "Creator": None, "Title": title[language]})
    return replace_file(path, out.getvalue())


def pictures(content: MapContent) -> dict[str, str]:
    """The map as wide as a report's text, as a PNG (base64) in each language, without a title: the caption is that."""
    with house_style():
        drawn = {language: draw(content, "report", language, "").canvas for language in REPORT_LANGUAGES}
        return {language: base64.b64encode(_png(canvas, content)).decode() for language, canvas in drawn.items()}


def _png(canvas: Canvas, content: MapContent) -> bytes:
    shades = () if content.shading is None else content.shading.classes
    return png_bytes(canvas, [shade.colour for shade in shades])


def draw(content: MapContent, sheet: str, language: str, title: str) -> Drawn:
    """Draw a map on a sheet; inside :func:`~xzz_analysis.report.theme.house_style`.

    Parameters
    ----------
    content : MapContent
    sheet : str
    language : "zh" or "en"
    title : str
        Empty for none.

    Returns
    -------
    Drawn
    """
    if sheet not in SIZES:
        raise ReportError(f"no sheet is called {sheet!r}{suggest(sheet, SIZES)}; use {', '.join(SIZES)}")
    ground = ground_of(content)
    notice = content.credits.notice.get(language, "")
    legend = legend_entries(content, language)
    layout = _layout(sheet, ground, (8.0 if title else 0) + (6.0 if notice else 0), legend)
    body = _canvas(layout, ground, language)
    check_glyphs([title, notice, *_names(content, language)], "a map for paper")
    y = layout.margin
    for text, size, colour in ((notice, 8.5, COLOURS["vermilion"]), (title, 13, COLOURS["ink"])):
        if text:
            body.write(layout.margin, y, text, size, color=colour)
            y += 6.0 if text == notice else 8.0
    draw_areas(body, ground, content)
    if not content.schematic:
        draw_scale(body)
        draw_north(body, ground.convergence)
    draw_places(body, ground.points, content)
    return _beside(body, layout, content, legend, _named(body, ground, content))


def _names(content: MapContent, language: str) -> list[str]:
    """Names of places, then of communities."""
    places = [] if content.places is None else list(content.places.frame[language])
    return [*places, *([] if content.areas is None else content.areas[language])]


def _layout(sheet: str, ground: Ground, above: float, legend: Sequence[Entry]) -> Layout:
    """The map above its legend, or beside it on a sheet that lies down; a legend is never cut."""
    width, height = SIZES[sheet]
    size, margin = {"A3": 8.0, "A4": 7.5}.get(sheet, 6.5), 1.0 if sheet == "report" else 10.0
    top = margin + above
    if height and sheet != "booklet" and ground.aspect > 1.1:
        width, height = height, width
        inner, side = height - 2 * margin - above - 8, max(60.0, 0.26 * width)
        frame = (margin, top, width - 2 * margin - side - 4, inner)
        return Layout(width, height, frame, (width - margin - side, top, side, inner), margin, size)
    inner = width - 2 * margin
    high, below = float(np.clip(inner / ground.aspect, 0.5 * inner, 1.05 * inner)), 10_000.0
    if height:
        columns = max(1, int(inner / COLUMN))
        needed = height_of(balanced(legend, columns, inner / columns, height)) + KEY
        free = height - 2 * margin - above - CREDITS - 3
        high, below = max(0.4 * free, free - needed), min(0.6 * free, needed)
    return Layout(width, height, (margin, top, inner, high), (margin, top + high + 3, inner, below), margin, size)


def _canvas(layout: Layout, ground: Ground, language: str) -> Body:
    """An empty sheet whose unit is the millimetre, y downwards."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(layout.width / 25.4, (layout.height or 500) / 25.4), dpi=200)
    canvas.set_layout_engine("none")
    FigureCanvasAgg(canvas)
    axes = canvas.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, layout.width), ylim=(layout.height or 500, 0))
    axes.axis("off")
    return Body(axes, View.of(ground, *layout.frame), language, layout.size)


def _named(body: Body, ground: Ground, content: MapContent) -> tuple[list[str], np.ndarray]:
    """Write names; return those without room, and where their communities or places are."""
    left: list[str] = []
    where: list[np.ndarray] = []
    if content.areas is not None and content.named and len(content.areas) <= MANY_AREAS:
        names = list(content.areas[body.language])
        placed = name_areas(body, ground.middles, _with_figures(content, names, body.language))
        left += [name for name, there in zip(names, placed.there, strict=True) if not there]
        where.append(ground.middles[~placed.there])
    if content.places is not None and 0 < len(ground.points) <= NAMED_TO:
        names = list(content.places.frame[body.language])
        placed = name_places(body, ground.points, names)
        left += [name for name, there in zip(names, placed.there, strict=True) if not there]
        where.append(ground.points[~placed.there])
    points = np.vstack([np.empty((0, 2)), *where])
    order = np.lexsort((points[:, 0], -points[:, 1]))  # from north to south, so that a number is found on the map
    return [left[at] for at in order], points[order]


def _with_figures(content: MapContent, names: list[str], language: str) -> list[str]:
    """Names of communities, each over its figure where these are few."""
    shading = content.shading
    if shading is None or content.areas is None or len(names) > FIGURES_TO or shading.crossed:
        return names
    texts = [shading.texts.get(area, {}).get(language, "") for area in content.areas.index]
    return [f"{name}\n{text}" if text else name for name, text in zip(names, texts, strict=True)]


def _beside(
    body: Body,
    layout: Layout,
    content: MapContent,
    legend: Sequence[Entry],
    unnamed: tuple[list[str], np.ndarray],
) -> Drawn:
    """Legend, numbered key and credits."""
    left, top, width, height = layout.panel
    spare = place_numbers(body, unnamed[1])
    names = [name for name, there in zip(unnamed[0], spare.there, strict=True) if there]
    entries = [*legend, *key_entries(names, body.language)]
    columns = max(1, int(width / COLUMN))
    if len(balanced(entries, columns, width / columns, height)) < len(entries):
        columns = max(1, int(width / NARROW))
    spots = balanced(entries, columns, width / columns, height)
    draw_entries(body, entries, spots, (left, top), width / columns)
    shown = sum(entry.numbered for entry in entries[: len(spots)])
    write_numbers(body, spare, shown)
    silent = len(unnamed[0]) - shown + _too_many(content)
    lines = credit_lines(coded(content, shapes=False), body.language)
    lines += [WORDS["more"][body.language].format(count=f"{silent:,}")] if silent else []
    _credits(body, layout, lines, top + height_of(spots))
    canvas: Canvas = body.axes.figure  # type: ignore[assignment]
    return Drawn(canvas, body, tuple(names[:shown]), silent)


def _too_many(content: MapContent) -> int:
    """Places that are too many to be named at all."""
    count = 0 if content.places is None else len(content.places.frame)
    return count if count > NAMED_TO else 0


def _credits(body: Body, layout: Layout, lines: list[str], lowest: float) -> None:
    """Source, date and review number at the foot; a sheet without a height ends below them."""
    across = int((layout.width - 2 * layout.margin) / (7 * 0.1764))
    text = wrapped("　".join(lines), across)
    high = 3.3 * (text.count("\n") + 1)
    if layout.height:
        body.write(layout.margin, layout.height - layout.margin - high, text, 7, color=COLOURS["grey"])
        return
    top = max(lowest, layout.panel[1]) + 2
    body.write(layout.margin, top, text, 7, color=COLOURS["grey"])
    height = top + high + 1.5
    body.axes.figure.set_size_inches(layout.width / 25.4, height / 25.4)  # type: ignore[union-attr]
    body.axes.set_ylim(height, 0)
