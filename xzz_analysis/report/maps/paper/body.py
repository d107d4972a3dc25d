"""The body of a paper map: areas, streets, symbols, names that do not overlap, scale and north."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import patheffects
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Polygon, Rectangle

from xzz_analysis.report.maps.content import MapContent
from xzz_analysis.report.maps.fragment import WORDS
from xzz_analysis.report.maps.paper.ground import Ground, Numbers, View
from xzz_analysis.report.maps.paper.labels import Placed, place_labels
from xzz_analysis.report.maps.symbols import GROUP_COLOURS, on, outline
from xzz_analysis.report.theme import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

POINT = 25.4 / 72
"""Millimetres in a point."""

GLYPHS_TO = 250
"""More places than these are dots without symbols."""

MANY_AREAS = 150
"""Areas above which their borders are thin, and their names left to the page and the tables."""

NAMED_TO = 400
"""More places, or communities, than these are not named on paper: nobody could find one."""

FEW_AREAS = 12
"""Names of so few communities may stand well beside them; among more, such a name would be read as a neighbour's."""

SLACK = 0.35
"""Millimetres kept free around a label: text drawn at another resolution differs by less."""

PAPER_WHITE, UNSHADED, STREET_COLOUR = "#ffffff", "#f3f6fa", "#b4bac2"
HATCH, HATCH_COLOUR = "////", "#b8b8b8"


@dataclass
class Body:
    """A map's body while it is drawn on axes in millimetres.

    Attributes
    ----------
    axes : Axes
        Of the whole sheet, y downwards.
    view : View
    language : str
    size : float
        Points of the names of places.
    taken : list of boxes
        What labels keep off.
    labels : list of Text
        Every name and number that was placed.
    """

    axes: Axes
    view: View
    language: str
    size: float
    taken: list[Numbers] = field(default_factory=list)
    labels: list[Text] = field(default_factory=list)

    def write(self, x: float, y: float, text: str, size: float, **looks: Any) -> Text:
        """Write a text whose upper left corner is at a place; a dollar sign is a dollar sign."""
        looks = {"va": "top", "ha": "left", "linespacing": 1.25, "color": COLOURS["ink"], **looks}
        return self.axes.text(x, y, text, fontsize=size, parse_math=False, **looks)

    def measure(self, texts: Sequence[str], size: float) -> Numbers:
        """Width and height of texts, in millimetres, shape (texts, 2)."""
        figure: Any = self.axes.figure
        renderer = figure.canvas.get_renderer()
        probe = self.write(0, 0, "", size)
        sizes = np.zeros((len(texts), 2))
        for at, text in enumerate(texts):
            probe.set_text(text)
            box = probe.get_window_extent(renderer)
            sizes[at] = box.width, box.height
        probe.remove()
        return np.asarray(sizes * 25.4 / figure.dpi, dtype=float)


def draw_areas(body: Body, ground: Ground, content: MapContent) -> None:
    """Areas in the colours of their classes; a suppressed figure is hatched."""
    shading = content.shading
    frame = Rectangle(
        (body.view.left, body.view.top), body.view.width, body.view.height, facecolor="none", edgecolor="none"
    )
    body.axes.add_patch(frame)
    if content.areas is not None:
        of = {} if shading is None else {name: shading.classes[place] for name, place in shading.of.items()}
        shades = [of.get(name) for name in content.areas.index]
        blank = UNSHADED if shading is None else PAPER_WHITE
        outlines = [body.view.outline(shape) for shape in ground.areas]
        colours = [shade.colour if shade else blank for shade in shades]
        width = 0.8 if len(outlines) <= MANY_AREAS else 0.4
        fills = PathCollection(outlines, facecolors=colours, edgecolors=COLOURS["grey"], linewidths=width)
        body.axes.add_collection(fills, autolim=False)
        fills.set_clip_path(frame)
        for outline_, shade in zip(outlines, shades, strict=True):
            if shade is not None and shade.hatched:
                hatch = PathPatch(outline_, facecolor="none", edgecolor=HATCH_COLOUR, linewidth=0, hatch=HATCH)
                body.axes.add_patch(hatch)
                hatch.set_clip_path(frame)
    lines = LineCollection([body.view.on_sheet(line) for line in ground.lines], colors=STREET_COLOUR, linewidths=0.5)
    body.axes.add_collection(lines)
    lines.set_clip_path(frame)


def symbol_radius(count: int, view: View) -> float:
    """Radius of a place's disc in millimetres: smaller where there are many."""
    return float(np.clip(0.16 * math.sqrt(view.width * view.height / max(count, 1)), 0.7, 1.9))


def draw_places(body: Body, points: Numbers, content: MapContent) -> None:
    """A disc with its symbol for each place; labels keep off them."""
    if content.places is None or not len(points):
        return
    where, kinds = body.view.on_sheet(points), content.places.frame["category"].to_numpy()
    radius = symbol_radius(len(points), body.view)
    headings = [heading.id for heading in content.places.catalogue.headings]
    for name in content.places.used():
        colour = GROUP_COLOURS[min(headings.index(name.partition(".")[0]), len(GROUP_COLOURS) - 1)]
        icon = content.places.catalogue.kinds[name].icon if len(points) <= GLYPHS_TO else ""
        draw_symbols(body.axes, where[kinds == name], radius, colour, icon)
    body.taken.append(np.column_stack([where - radius - 0.1, where + radius + 0.1]))


def draw_symbols(axes: Axes, where: Numbers, radius: float, colour: str, icon: str) -> None:
    """Discs with one symbol; none inside dots."""
    points = radius / POINT
    common: dict[str, Any] = {"linestyle": "none", "markeredgewidth": 0.0, "zorder": 3}
    axes.add_line(Line2D(*where.T, marker="o", markersize=2 * points + 1.2, color=PAPER_WHITE, **common))
    axes.add_line(Line2D(*where.T, marker="o", markersize=2 * points, color=colour, **common))
    if icon and radius > 0.9:
        path = outline(icon)
        reach = 2 * float(np.abs(path.vertices).max()) * points * 0.7
        axes.add_line(Line2D(*where.T, marker=path, markersize=reach, color=on(colour), **common))


def draw_scale(body: Body) -> None:
    """A bar of a round length, true on the sheet, in the lower left corner."""
    view = body.view
    longest = 0.25 * view.width / view.scale
    step = 10 ** math.floor(math.log10(longest))
    metres = max(factor * step for factor in (1, 2, 5) if factor * step <= longest)
    words = WORDS["kilometres" if metres >= 1000 else "metres"][body.language]
    text = words.format(count=f"{metres / 1000 if metres >= 1000 else metres:g}")
    left, bottom, long = view.left + 2.5, view.top + view.height - 2.5, metres * view.scale
    for start, colour in ((0.0, COLOURS["ink"]), (0.5, PAPER_WHITE)):
        bar = Rectangle(
            (left + start * long, bottom - 1.1),
            long / 2,
            1.1,
            facecolor=colour,
            edgecolor=COLOURS["ink"],
            linewidth=0.6,
        )
        body.axes.add_patch(bar)
    said = body.write(left, bottom - 1.6, text, 7, va="bottom")
    width = max(long, float(body.measure([said.get_text()], 7)[0, 0]))
    body.taken.append(np.array([[left - 1, bottom - 6, left + width + 1, bottom + 1]]))


def draw_north(body: Body, convergence: float) -> None:
    """An arrow to true north in the upper right corner."""
    view, turn = body.view, math.radians(convergence)
    x, y = view.left + view.width - 6, view.top + 8
    corners = np.array([[0, -5.5], [2, 0], [0, -1.3], [-2, 0]])
    turned = corners @ np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]) + [x, y]
    body.axes.add_patch(Polygon(turned, closed=True, facecolor=COLOURS["ink"], edgecolor="none"))
    body.write(x, y + 0.5, WORDS["north"][body.language], 8, ha="center")
    body.taken.append(np.array([[x - 4, y - 6.5, x + 4, y + 5]]))


def name_areas(body: Body, middles: Numbers, texts: Sequence[str]) -> Placed:
    """Names of communities around their middles, with the figure below where there is one."""
    few = len(texts) <= FEW_AREAS
    size = body.size + 1 if few else body.size - 0.5
    distances = np.arange(0.0, 30.0, 2.5) if few else np.array([0.0, 1.2, 2.4])
    placed = _placed(body, middles, texts, size, distances, centred=True)
    _write(body, placed, texts, size, color="#333333")
    return placed


def name_places(body: Body, points: Numbers, texts: Sequence[str]) -> Placed:
    """Names beside their symbols, farther ones with a line."""
    placed = _placed(body, points, texts, body.size, _distances(body, len(points)))
    _lines_to(body, placed.leaders[placed.there])
    _write(body, placed, texts, body.size)
    return placed


def place_numbers(body: Body, points: Numbers) -> Placed:
    """Places for the numbers of what has no name; which number each gets is known when the key is."""
    return _placed(body, points, ["88"] * len(points), body.size - 0.5, _distances(body, len(points)))


def write_numbers(body: Body, placed: Placed, count: int) -> None:
    """Write the first numbers, in the order of their places."""
    there = np.flatnonzero(placed.there)[:count]
    shown = Placed(placed.boxes[there], placed.leaders[there])
    _lines_to(body, shown.leaders)
    _write(body, shown, [str(number) for number in range(1, len(there) + 1)], body.size - 0.5)


def _distances(body: Body, count: int) -> Numbers:
    return symbol_radius(count, body.view) + 0.2 + np.array([0.0, 1.0, 2.2, 4.0, 6.5])


def _lines_to(body: Body, leaders: Numbers) -> None:
    lines = leaders[np.isfinite(leaders[:, 0])].reshape(-1, 2, 2)
    body.axes.add_collection(LineCollection(list(lines), colors=COLOURS["grey"], linewidths=0.4, zorder=2))


def _placed(
    body: Body, points: Numbers, texts: Sequence[str], size: float, distances: Numbers, *, centred: bool = False
) -> Placed:
    """Find places for texts and keep later ones off them."""
    sizes = body.measure(texts, size) + 2 * SLACK
    taken = np.vstack([np.empty((0, 4)), *body.taken])
    where = body.view.on_sheet(points)
    placed = place_labels(where, sizes, room=body.view.room, taken=taken, distances=distances, centred=centred)
    body.taken.append(placed.boxes[placed.there])
    return placed


def _write(body: Body, placed: Placed, texts: Sequence[str], size: float, **looks: Any) -> None:
    halo: list[Any] = [patheffects.withStroke(linewidth=1.6, foreground=PAPER_WHITE)]
    for box, text in zip(placed.boxes, texts, strict=True):
        if np.isfinite(box[0]):
            middle = (box[0] + box[2]) / 2
            label = body.write(
                middle, box[1] + SLACK, text, size, ha="center", multialignment="center", zorder=4, **looks
            )
            label.set_path_effects(halo)
            body.labels.append(label)
