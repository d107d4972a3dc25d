"""What stands beside a paper map: its legend and the numbered key of the places that have no name on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle

from xzz_analysis.language import Label
from xzz_analysis.report.maps.coding import coded, shades_of, spoken
from xzz_analysis.report.maps.content import MapContent
from xzz_analysis.report.maps.fragment import WORDS as PAGE_WORDS
from xzz_analysis.report.maps.fragment import crossed_legend, legend
from xzz_analysis.report.maps.paper.body import HATCH, HATCH_COLOUR, STREET_COLOUR, Body, draw_symbols
from xzz_analysis.report.theme import COLOURS, wrapped

WORDS: dict[str, Label] = {
    "key": {"zh": "图上编号", "en": "Numbers on the map"},
    "more": {"zh": "另有 {count} 处未标名称，见清单", "en": "{count} more without a name: see the list"},
}

EM = 25.4 / 72
"""Millimetres that a Chinese character of one point is wide."""

LOWEST = 34.0
"""Millimetres: a legend that is no higher stays in one column."""

Drawing = Callable[[Body, float, float], None]


@dataclass(frozen=True)
class Entry:
    """One line of a legend: its text, its height in millimetres, its size in points, and what is drawn before it."""

    text: str
    height: float = 4.5
    size: float = 7.5
    indent: float = 0.0
    drawn: Drawing | None = None
    heading: bool = False
    numbered: bool = False


def legend_entries(content: MapContent, language: str) -> list[Entry]:
    """Classes of figures, then categories of places by group, then streets.

    Parameters
    ----------
    content : MapContent
    language : "zh" or "en"
    """
    data = coded(content, shapes=False)
    told = spoken(data, language)
    entries = _classes(told, spoken([shade.__dict__ for shade in shades_of(data)], language))
    for group in legend(told["places"]):
        entries.append(_heading(group["label"]))
        for entry in group["entries"]:
            icon = told["places"]["categories"][entry["place"]]["icon"]
            entries.append(Entry(entry["label"], indent=6.5, drawn=_disc(group["colour"], icon)))
    if content.lines is not None and len(content.lines):
        entries.append(Entry(PAGE_WORDS["streets"][language], indent=6.5, drawn=_street))
    return entries


def key_entries(names: Sequence[str], language: str) -> list[Entry]:
    """The numbered key, under its heading."""
    if not names:
        return []
    numbered = (
        Entry(name, 3.6, 7, indent=6.5, drawn=_number(str(at)), numbered=True) for at, name in enumerate(names, start=1)
    )
    return [_heading(WORDS["key"][language]), *numbered]


@dataclass(frozen=True)
class Spot:
    """Where an entry stands in a panel: its column, how far down, its text in lines, and how high it is."""

    column: int
    down: float
    text: str
    height: float


def arranged(entries: Sequence[Entry], columns: int, across: float, height: float) -> list[Spot]:
    """Fill columns downwards and then to the right; a heading never stands alone at the foot of one.

    Parameters
    ----------
    entries : sequence of Entry
    columns : int
    across, height : float
        Millimetres of one column.

    Returns
    -------
    list of Spot
        Of the entries that find room, which are the first.
    """
    texts = [wrapped(entry.text, max(8, int((across - entry.indent - 2) / (entry.size * EM / 2)))) for entry in entries]
    high = [
        entry.height + text.count("\n") * entry.size * EM * 1.25 for entry, text in zip(entries, texts, strict=True)
    ]
    spots: list[Spot] = []
    column, down = 0, 0.0
    for at, entry in enumerate(entries):
        above = 1.2 if entry.heading and down else 0.0
        with_next = high[at + 1] if entry.heading and at + 1 < len(entries) else 0.0
        if down and down + above + high[at] + with_next > height:
            column, down, above = column + 1, 0.0, 0.0
        if column == columns or down + high[at] > height + 1e-6:
            return spots
        spots.append(Spot(column, down + above, texts[at], high[at]))
        down += above + high[at]
    return spots


def balanced(entries: Sequence[Entry], columns: int, across: float, most: float) -> list[Spot]:
    """The lowest arrangement that holds all entries, or the first of them where ``most`` millimetres are too few."""
    height = min(most, max(LOWEST, sum(entry.height for entry in entries) / columns))
    while len(spots := arranged(entries, columns, across, height)) < len(entries) and height < most:
        height = min(most, height + 2.0)
    return spots


def height_of(spots: Sequence[Spot]) -> float:
    """Millimetres of the longest column."""
    return max((spot.down + spot.height for spot in spots), default=0.0)


def draw_entries(
    body: Body, entries: Sequence[Entry], spots: Sequence[Spot], corner: tuple[float, float], across: float
) -> None:
    """Draw the entries that were arranged."""
    for entry, spot in zip(entries, spots, strict=False):
        x, y = corner[0] + spot.column * across, corner[1] + spot.down
        if entry.drawn is not None:
            entry.drawn(body, x, y)
        body.write(x + entry.indent, y + 0.4, spot.text, entry.size, color=COLOURS["grey" if entry.heading else "ink"])


def _heading(text: str) -> Entry:
    return Entry(text, 5.0, heading=True)


def _classes(told: dict[str, Any], shades: Sequence[dict[str, Any]]) -> list[Entry]:
    """The title of a shading and its classes; nine crossed ones as a square above."""
    if not told["shading"]:
        return []
    entries = [_heading(told["shading"]["title"])]
    crossed = crossed_legend(told)
    if crossed is not None:
        said = f"↑ {crossed['up']}\n→ {crossed['right']}"
        entries.append(Entry(said, 17, 7, indent=18, drawn=_square(crossed["rows"])))
    return entries + [
        Entry(shade["label"], indent=6.5, drawn=_swatch(shade["colour"], shade["hatched"])) for shade in shades
    ]


def _swatch(colour: str, hatched: bool) -> Drawing:
    def draw(body: Body, x: float, y: float) -> None:
        body.axes.add_patch(Rectangle((x, y + 0.3), 5, 3.2, facecolor=colour, edgecolor=COLOURS["grey"], linewidth=0.6))
        if hatched:
            looks: dict[str, Any] = {"facecolor": "none", "edgecolor": HATCH_COLOUR, "linewidth": 0, "hatch": HATCH}
            body.axes.add_patch(Rectangle((x, y + 0.3), 5, 3.2, **looks))

    return draw


def _square(rows: Sequence[Sequence[str]]) -> Drawing:
    def draw(body: Body, x: float, y: float) -> None:
        for down, row in enumerate(rows):
            for right, colour in enumerate(row):
                place = (x + right * 5, y + down * 5)
                body.axes.add_patch(Rectangle(place, 5, 5, facecolor=colour, edgecolor="white", linewidth=0.5))

    return draw


def _disc(colour: str, icon: str) -> Drawing:
    return lambda body, x, y: draw_symbols(body.axes, np.array([[x + 2.2, y + 1.9]]), 1.75, colour, icon)


def _street(body: Body, x: float, y: float) -> None:
    body.axes.plot([x, x + 5], [y + 1.9, y + 1.9], color=STREET_COLOUR, linewidth=0.9)


def _number(text: str) -> Drawing:
    def draw(body: Body, x: float, y: float) -> None:
        body.write(x + 5, y + 0.4, text, 7, ha="right")

    return draw
