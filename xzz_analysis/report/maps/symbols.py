"""Symbols of places and colours of areas, the same on screen and on paper.

A symbol is a path in a square of 16 × 16 (SVG commands, y downwards), drawn for this project; its names are those of
the Maki icons (Mapbox), so that a catalogue can be read by other map tools too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from xzz_analysis.errors import ReportError
from xzz_analysis.report.theme import COLOURS, SHADES

BOX = 16
"""Side of the square that symbols are drawn in."""

CROSS = "M6 2H10V6H14V10H10V14H6V10H2V6H6Z"
HOUSE = "M8 1.5L15 8H13V14H9.5V10H6.5V14H3V8H1Z"
HEART = "M8 14L2.2 8.2C-.2 5.4 3 1 6.2 2.8C7.2 3.4 8 5 8 5C8 5 8.8 3.4 9.8 2.8C13 1 16.2 5.4 13.8 8.2Z"
CAP = "M8 2.5L15.5 6.2L8 10L.5 6.2Z M4 9V12C6 14 10 14 12 12V9L8 11Z"
BAG = "M2 5.5H14L13 14.5H3Z M4.6 4.8C4.6 .2 11.4 .2 11.4 4.8H9.9C9.9 2.3 6.1 2.3 6.1 4.8Z"

SYMBOLS: dict[str, str] = {
    "school": "M8 1.5L12 4.5V6.5H15V14H9.5V10.5H6.5V14H1V6.5H4V4.5Z",
    "college": CAP,
    "library": "M1 3L7.5 4.5V14L1 12Z M15 3L8.5 4.5V14L15 12Z",
    "playground": "M5.5 2H10.5V7H5.5Z M2 8.5H7V13.5H2Z M9 8.5H14V13.5H9Z",
    "hospital": CROSS,
    "doctor": CROSS,
    "pharmacy": "M3.2 8.2L8.2 3.2C11 .4 15.6 5 12.8 7.8L7.8 12.8C5 15.6 .4 11 3.2 8.2Z",
    "dentist": "M4 2C5.5 1.5 6.5 3 8 3C9.5 3 10.5 1.5 12 2C15 3 13.5 7 12.8 9C12.2 11 12 14.5 10.6 14.5C9 14.5 9.3 10 8"
    " 10C6.7 10 7 14.5 5.4 14.5C4 14.5 3.8 11 3.2 9C2.5 7 1 3 4 2Z",
    "optician": "M.5 6H15.5V7.4H14.8C14.8 12.4 8.9 12.4 8.9 7.4H7.1C7.1 12.4 1.2 12.4 1.2 7.4H.5Z",
    "heart": HEART,
    "wheelchair": "M5 1H8V4H5Z M5 5H7V7.5H11V9H7V10H12L14 14H12.2L11 11.5H5Z M4.2 8L5 9.3C2.4 11 4.4 14.6 7.4 13.3L8.6"
    " 14.4C4 17 .2 11 4.2 8Z",
    "pitch": "M8 1A7 7 0 1 1 8 15A7 7 0 1 1 8 1Z M8 4.6L4.9 6.9L6.1 10.6H9.9L11.1 6.9Z",
    "suitcase": "M5.5 2H10.5V4.5H9V3.5H7V4.5H5.5Z M1 5H15V8.5H1Z M1 9.5H15V14H1Z",
    "commercial": "M5.5 2H10.5V4.5H9V3.5H7V4.5H5.5Z M1 5H15V8.5H1Z M1 9.5H15V14H1Z",
    "home": HOUSE,
    "town-hall": "M8 1L15 5V6.2H1V5Z M2.5 7.2H4.7V12H2.5Z M6.9 7.2H9.1V12H6.9Z M11.3 7.2H13.5V12H11.3Z M1 13H15V15H1Z",
    "police": "M8 1L14 3V8C14 11.5 11 14 8 15C5 14 2 11.5 2 8V3Z",
    "grocery": "M.5 2H3.4L4.2 5H15L13.4 10.5H5.4L3 3.4H.5Z M5 12H8V15H5Z M10.5 12H13.5V15H10.5Z",
    "restaurant": "M3 1H4.2V5H5.2V1H6.4V5H7.4V1H8.6V6L7 7.5V15H4.6V7.5L3 6Z M10.5 1C13 1 13.5 4 13.5 8.5H12.6V15H10.5Z",
    "clothing-store": "M5 1.5C6 3.5 10 3.5 11 1.5L15.5 4.5L13.5 8L12 7V14.5H4V7L2.5 8L.5 4.5Z",
    "shop": BAG,
    "village": "M5 2A2.3 2.3 0 1 1 5 6.6A2.3 2.3 0 1 1 5 2Z M11 2A2.3 2.3 0 1 1 11 6.6A2.3 2.3 0 1 1 11 2Z"
    "M.8 13.5C.8 6 7.7 6 7.7 10V13.5Z M8.3 13.5V10C8.3 6 15.2 6 15.2 13.5Z",
    "theatre": "M1 2H15V7C15 12 11 14.5 8 14.5C5 14.5 1 12 1 7Z M4 5V7H6.5V5Z M9.5 5V7H12V5Z"
    " M4.5 9.5C6 12.5 10 12.5 11.5 9.5Z",
    "monument": "M8 .5L9.8 3V11H6.2V3Z M3.5 12H12.5V15H3.5Z",
    "park": "M8 .8L12.5 7H10.5L14 11.5H9V15H7V11.5H2L5.5 7H3.5Z",
    "bus": "M2 2H14V12H13V14.5H11V12H5V14.5H3V12H2Z M3.5 4V8H7.3V4Z M8.7 4V8H12.5V4Z",
    "telephone": "M3.4 1L6 2.4L6.6 5.6L5 7C5.8 8.8 7.2 10.2 9 11L10.4 9.4L13.6 10L15 12.6C13.4 15.2 10.8 15 8 13C5 10.8"
    " 2.6 8 1.6 5C.9 3 2 1.5 3.4 1Z",
    "bank": "M2.5 1.5H5L8 6.5L11 1.5H13.5L10 7.2H12.5V8.8H9V10H12.5V11.6H9V14.5H7V11.6H3.5V10H7V8.8H3.5V7.2H6Z",
    "toilet": "M4.5 1A1.6 1.6 0 1 1 4.5 4.2A1.6 1.6 0 1 1 4.5 1Z M2 5H7V10H6V15H3V10H2Z M11.5 1A1.6 1.6 0 1 1 11.5 4.2"
    "A1.6 1.6 0 1 1 11.5 1Z M10.2 5H12.8L15 11H13V15H10V11H8Z",
    "star": "M8 .8L10.2 5.6L15.4 6.2L11.5 9.8L12.6 15L8 12.3L3.4 15L4.5 9.8L.6 6.2L5.8 5.6Z",
    "marker": "M8 4.4A3.6 3.6 0 1 1 8 11.6A3.6 3.6 0 1 1 8 4.4Z",
}
"""Name of a symbol → its path."""

OTHER = "marker"
"""Symbol of a category that names none, or one that is not drawn here."""

GROUP_COLOURS = tuple(
    COLOURS[name] for name in ("blue", "vermilion", "green", "purple", "orange", "ink", "grey", "sky")
)
"""Colour of each group of categories, in their order; from the eighth on they are drawn in the last."""

SUPPRESSED_COLOUR, NO_FIGURE_COLOUR = "#ffffff", "#ffffff"
STEPS = {1: (8,), 2: (10, 6), 3: (10, 7, 4), 4: (11, 9, 6, 4), 5: (11, 9, 7, 5, 3), 6: (11, 10, 8, 6, 4, 2)}
"""Number of classes → twelfths of white in each: light enough for symbols and names on top."""


def symbol(name: str) -> str:
    """The path of a symbol; that of :data:`OTHER` when there is none of this name."""
    return SYMBOLS.get(name, SYMBOLS[OTHER])


def on(colour: str) -> str:
    """White, or ink: what can be read on a colour (the higher contrast of WCAG 2.2, 2023)."""
    light = _luminance(colour)
    return (
        "#ffffff" if 1.05 / (light + 0.05) >= (light + 0.05) / (_luminance(COLOURS["ink"]) + 0.05) else COLOURS["ink"]
    )


def _luminance(colour: str) -> float:
    levels = np.array(list(bytes.fromhex(colour[1:]))) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def scale_colours(count: int, hue: str = "blue") -> tuple[str, ...]:
    """Tints of one colour from light to dark: their order is seen in grey and by every kind of colour vision.

    Raises
    ------
    ReportError
        More than six classes: nobody can tell their tints apart.
    """
    if count not in STEPS:
        raise ReportError(
            f"a scale of {count} classes cannot be told apart by its tints; use 1 to {max(STEPS)} classes"
        )
    return tuple(_tint(COLOURS[hue], step / SHADES) for step in STEPS[count])


def _tint(colour: str, white: float) -> str:
    levels = np.array(list(bytes.fromhex(colour[1:])))
    return _hex(levels + (255 - levels) * white)


def _hex(levels: np.ndarray) -> str:
    return "#" + "".join(f"{round(float(level)):02x}" for level in levels)


def crossed_colours() -> tuple[str, ...]:
    """Nine colours of two scales of three classes, by the first and then the second; dark where both are high.

    Two light tints are multiplied, as inks printed over each other are (Stevens 2015, bivariate choropleth maps).
    """
    first = [np.array(list(bytes.fromhex(_tint(COLOURS["sky"], white)[1:]))) for white in (0.85, 0.45, 0.0)]
    second = [np.array(list(bytes.fromhex(_tint(COLOURS["vermilion"], white)[1:]))) for white in (0.9, 0.6, 0.25)]
    return tuple(_hex(one * other / 255) for one in first for other in second)


@cache
def outline(name: str) -> Any:
    """A symbol as a matplotlib path around the origin, two units across, y upwards."""
    from fontTools.pens.recordingPen import RecordingPen
    from fontTools.svgLib.path import parse_path
    from matplotlib.path import Path

    pen = RecordingPen()
    parse_path(symbol(name), pen)
    points: list[tuple[float, float]] = []
    codes: list[int] = []
    kinds = {"moveTo": Path.MOVETO, "lineTo": Path.LINETO, "curveTo": Path.CURVE4, "qCurveTo": Path.CURVE3}
    for command, ends in pen.value:
        last = (points[_start(codes)],) if command not in kinds else ends
        points += last
        codes += [int(kinds.get(command, Path.CLOSEPOLY))] * len(last)
    return Path((np.array(points) - BOX / 2) * [2 / BOX, -2 / BOX], codes)


def _start(codes: Sequence[int]) -> int:
    """Where the last part of a path began."""
    return len(codes) - 1 - list(reversed(codes)).index(1)
