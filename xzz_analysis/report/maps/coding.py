"""A map as compact data: coordinates as integer steps, texts once each, in both languages.

The same content always gives the same data. :func:`spoken` picks one language of it for a page.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from xzz_analysis.language import REPORT_LANGUAGES, choose
from xzz_analysis.report.maps.content import PLACE_TEXTS, VOUCHERS, MapContent, Places, words_of
from xzz_analysis.report.maps.shading import WORDS, Shade, Shading
from xzz_analysis.report.maps.symbols import GROUP_COLOURS, NO_FIGURE_COLOUR, on, symbol

PRECISION = 100_000
"""Steps in a degree: one is about a metre, finer than places are known."""

DIGITS = "abcdefghijklmnoprstuyzABCDEFGHIJKLMNOPRSTUYZ!#$%()*+,-.:;?[]^_"
"""Whole numbers are written in base 62: no digits, q, v, w or x, so that none reads as a telephone or chat account."""

SIGNS = np.array(list(f"{DIGITS}|~"))
"""Coordinates are written in base 32, with 32 more for every digit that another follows."""

BETWEEN_NUMBERS = re.compile(r"(?<=\d) (?=[\d.])")
"""Numbers of a path that spaces part could read as a telephone."""

BEFORE_NUMBER = re.compile(r"[^0-9]*")

UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""Characters that could end a script element or a line of it; only texts hold them, where JSON may escape them."""


def coded(content: MapContent, *, shapes: bool = True) -> dict[str, Any]:
    """A map's content as JSON-ready data, bilingual.

    Parameters
    ----------
    content : MapContent
    shapes : bool
        Whether outlines and lines are there; a legend and credits do without.
    """
    west, south, east, north = content.extent
    data: dict[str, Any] = {
        "audience": content.audience,
        "schematic": content.schematic,
        "extent": [
            math.floor(west * PRECISION),
            math.floor(south * PRECISION),
            math.ceil(east * PRECISION),
            math.ceil(north * PRECISION),
        ],
        "credits": dict(content.credits.__dict__),
        "areas": _areas(content, shapes=shapes),
        "shading": None if content.shading is None else _classes(content.shading),
        "lines": [] if content.lines is None or not shapes else [steps(line) for line in _lines(content.lines)],
        "places": None if content.places is None or content.places.frame.empty else _places(content.places),
    }
    return data


def steps(coordinates: np.ndarray) -> str:
    """A line as text: points of no step after rounding are dropped.

    Parameters
    ----------
    coordinates : array of float, shape (points, 2)
        Longitude and latitude.

    Returns
    -------
    str
        As :func:`written_steps` writes it.
    """
    places = np.rint(np.asarray(coordinates)[:, 1::-1] * PRECISION).astype(np.int64)
    kept = np.concatenate([[True], (np.diff(places, axis=0) != 0).any(axis=1)])
    return written_steps(places[kept])


def written_steps(places: np.ndarray) -> str:
    """Whole numbers as the first pair and the step from each pair to the next, in as few characters as each needs.

    Parameters
    ----------
    places : array of int, shape (points, 2)
        Latitude before longitude, in units of 1 / :data:`PRECISION`.

    Returns
    -------
    str
        Every number is doubled, negative ones less one (so that small ones stay small), and written in base 32, lowest
        digit first, a digit that is not the last raised by 32; characters are those of :data:`SIGNS`.
    """
    moved = np.diff(places, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel()
    left = np.where(moved < 0, -2 * moved - 1, 2 * moved)
    digits = np.full((len(left), 12), -1)
    for at in range(12):
        more = left >= 32
        digits[:, at] = np.where(left >= 0, left % 32 + 32 * more, -1)
        left = np.where(more, left // 32, -1)
    return "".join(SIGNS[digits[digits >= 0]])


def rings(geometry: shapely.Geometry) -> list[list[str]]:
    """The polygons of an area, each its outline and then its holes."""
    return [
        [steps(shapely.get_coordinates(ring)) for ring in (part.exterior, *part.interiors)]
        for part in shapely.get_parts(geometry)
        if not part.is_empty
    ]


def _lines(layer: gpd.GeoDataFrame) -> list[np.ndarray]:
    """Lines as points, each once; what is no line is left out."""
    parts = shapely.get_parts(layer.geometry.to_numpy())
    return [shapely.get_coordinates(part) for part in parts if part.geom_type == "LineString" and not part.is_empty]


def _areas(content: MapContent, *, shapes: bool) -> dict[str, Any] | None:
    layer = content.areas
    if layer is None:
        return None
    shading = content.shading
    of = {} if shading is None else shading.of
    texts = {} if shading is None else shading.texts
    blank = WORDS["none"] if shading is not None else dict.fromkeys(REPORT_LANGUAGES, "")
    centres = shapely.get_coordinates(layer.geometry.representative_point().to_numpy())
    return {
        "names": _both(layer),
        "rings": [rings(geometry) for geometry in layer.geometry] if shapes else [],
        "class": [of.get(name, -1) for name in layer.index],
        "texts": [dict(texts.get(name, blank)) for name in layer.index],
        "centres": _apart(centres),
        "named": content.named,
    }


def _apart(coordinates: np.ndarray) -> str:
    """Points as text, all of them, equal ones too."""
    return written_steps(np.rint(coordinates[:, ::-1] * PRECISION).astype(np.int64))


def _both(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Names in both languages."""
    return [{"zh": zh, "en": en} for zh, en in zip(frame["zh"].tolist(), frame["en"].tolist(), strict=True)]


def _classes(shading: Shading) -> dict[str, Any]:
    shades = [shade.__dict__ for shade in shading.classes]
    return {
        "title": dict(shading.title),
        "classes": [dict(shade) for shade in shades],
        "crossed": list(shading.crossed),
    }


def _places(places: Places) -> dict[str, Any]:
    """Places near each other stand together, so that steps are short."""
    frame = places.frame
    along = frame.geometry.hilbert_distance() if len(frame) > 1 else pd.Series(0, index=frame.index)
    frame = frame.assign(along=along, key=frame.index).sort_values(["along", "key"], kind="stable")
    used = places.used()
    return {
        "categories": [_category(places, name) for name in used],
        "groups": _groups(places, used),
        "domains": _domains(places),
        "xy": _apart(shapely.get_coordinates(frame.geometry.to_numpy())),
        "names": _both(frame),
        "category": numbers([used.index(name) for name in frame["category"]]),
        "domain": numbers([_bits(names, list(places.catalogue.domains)) for names in frame["domains"]]),
        "voucher": numbers([VOUCHERS.index(word) if word in VOUCHERS else 0 for word in frame["voucher"]]),
        "verified": numbers([int(status == "active") for status in frame["status"]]),
        "for": once([words_of(places.catalogue_groups, names) for names in frame["eligibility"]]),
        "texts": {name: once(frame[name].tolist()) for name in PLACE_TEXTS if (frame[name] != "").any()},
        "left_out": dict(places.left_out),
    }


def _category(places: Places, name: str) -> dict[str, Any]:
    kind = places.catalogue.kinds[name]
    headings = [heading.id for heading in places.catalogue.headings]
    group = headings.index(name.partition(".")[0])
    return {
        "label": dict(kind.label),
        "path": BETWEEN_NUMBERS.sub(",", symbol(kind.icon)),
        "icon": kind.icon,
        "group": group,
    }


def _groups(places: Places, used: Sequence[str]) -> list[dict[str, Any]]:
    """First level of the categories; one that no place has is there for its number alone."""
    groups = []
    for at, heading in enumerate(places.catalogue.headings):
        colour = GROUP_COLOURS[min(at, len(GROUP_COLOURS) - 1)]
        there = any(name.startswith(f"{heading.id}.") for name in used)
        groups.append({"label": dict(heading.label), "colour": colour, "on": on(colour), "used": there})
    return groups


def _domains(places: Places) -> list[dict[str, str]]:
    return [dict(label) for label in places.catalogue.domains.values()]


def _bits(names: Sequence[str], known: list[str]) -> int:
    return sum(1 << known.index(name) for name in set(names) if name in known)


def numbers(values: Sequence[int]) -> str:
    """Whole numbers of one width in base 62, after the sign for how wide; the first sign of all: all are alike."""
    width, most = 1, max(values, default=0)
    while most >= len(DIGITS) ** width:
        width += 1
    alike = len(values) > 1 and len(set(values)) == 1
    signs = (
        DIGITS[value // len(DIGITS) ** place % len(DIGITS)]
        for value in (values[:1] if alike else values)
        for place in range(width)
    )
    return (DIGITS[0] if alike else "") + DIGITS[width] + "".join(signs)


def written_numbers(written: str, count: int) -> list[int]:
    """The numbers that :func:`numbers` wrote, ``count`` of them."""
    if written[0] == DIGITS[0]:
        return written_numbers(written[1:], 1)[:1] * count
    width, signs = DIGITS.index(written[0]), [DIGITS.index(sign) for sign in written[1:]]
    return [
        sum(sign * len(DIGITS) ** place for place, sign in enumerate(signs[at : at + width]))
        for at in range(0, len(signs), width)
    ]


def once(texts: Sequence[Any]) -> dict[str, Any]:
    """Texts that repeat, each once, and which of them each place has.

    Where few repeat but many begin alike (a street before its number), the beginnings stand once and the ends apart.
    """
    keys = [text if isinstance(text, str) else tuple(text.values()) for text in texts]
    found = dict(zip(keys, texts, strict=True))
    if 2 * len(found) <= len(keys):
        return _indexed(keys, found)
    if isinstance(texts[0], str):
        begins = [BEFORE_NUMBER.match(text)[0] for text in texts]  # type: ignore[index]
        if 2 * len(set(begins)) <= len(begins) and any(begins):
            ends = [text[len(begin) :] for text, begin in zip(texts, begins, strict=True)]
            return {**_indexed(begins, dict(zip(begins, begins, strict=True))), "ends": ends}
    return {"each": list(texts)}


def _indexed(keys: Sequence[Any], found: Mapping[Any, Any]) -> dict[str, Any]:
    at = {key: place for place, key in enumerate(found)}
    return {"words": list(found.values()), "of": numbers([at[key] for key in keys])}


def spoken(data: Any, language: str) -> Any:
    """The data with every bilingual text as its text in one language."""
    if isinstance(data, Mapping):
        if data and set(data) <= set(REPORT_LANGUAGES):
            return choose(data, language).text
        return {name: spoken(value, language) for name, value in data.items()}
    if isinstance(data, list) and data and not isinstance(data[0], int):
        return [spoken(value, language) for value in data]
    return data


def script_json(data: Any) -> str:
    """Data as JSON that stands inside a script element whatever its texts are."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character, escape in UNSAFE.items():
        text = text.replace(character, escape)
    return text


def shades_of(data: Mapping[str, Any]) -> list[Shade]:
    """The classes of coded data that are in the legend: those with a label, and areas without a figure."""
    shading = data["shading"]
    if shading is None:
        return []
    shades = [Shade(**shade) for shade in shading["classes"] if any(shade["label"].values())]
    if -1 in data["areas"]["class"] and not any(dict(shade.label) == dict(WORDS["none"]) for shade in shades):
        shades.append(Shade(dict(WORDS["none"]), NO_FIGURE_COLOUR))
    return shades
