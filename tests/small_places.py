"""Small invented places: twelve communities side by side, resources and homes in them, with whatever is wrong.

Alone they are a study of places; :func:`places_of` makes the files and the lines of study.yml for a survey study.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

WEST, SOUTH, SIDE = 113.60, 32.85, 0.01
"""Corner of the first community and the side of each, in degrees: about a kilometre."""
ROW = 4
"""Communities in a row."""
DIGITS = 7
"""Decimals of every coordinate in the files."""
CONTACT = "13800138000"
"""Contact of every resource; it is not public."""
KINDS = ("health.clinic", "education.after_school", "livelihood.grocery")
"""Category of the first, second and third resource of each community."""

STUDY = """
id: places
title: {zh: 小地方, en: Small places}
publisher: {zh: 某站, en: A station}
population: {zh: 儿童, en: Children}
rounds:
  "2024": {collected: [2024-05-01, 2024-05-31]}
"""

LAYERS = """
communities:
  file: communities.geojson
  key: community
  datum: CGCS2000
  counts: {children: {source: {zh: 登记, en: register}, year: "2024"}}
  exemption: {zh: 虚构边界，无需审图号, en: fictional boundaries}
resources: {file: resources.csv, datum: WGS84}
access:
  minutes: 15
"""
HOMES = "homes: {file: homes.csv, datum: WGS84, people: children}\n"

Frame = pd.DataFrame
Change = Callable[[Frame], Frame]


def names(count: int = 12) -> list[str]:
    """Keys of the communities."""
    return [f"c{at:02}" for at in range(count)]


def squares(count: int = 12) -> gpd.GeoDataFrame:
    """Communities as squares, row by row."""
    at = np.arange(count)
    west, south = WEST + at % ROW * SIDE, SOUTH + at // ROW * SIDE
    told = {"community": names(count), "children": [100 + one for one in at]}
    told |= {f"name_{language}": [f"{word}{one}" for one in at] for language, word in WORDS.items()}
    return gpd.GeoDataFrame(told, geometry=shapely.box(west, south, west + SIDE, south + SIDE), crs=4490)


WORDS = {"zh": "甲乙社区", "en": "Community "}


def inside(count: int, each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of communities, and points in them."""
    draw, at = np.random.default_rng(seed), np.repeat(np.arange(count), each)
    corner = np.column_stack([WEST + at % ROW * SIDE, SOUTH + at // ROW * SIDE])
    return at, np.round(corner + SIDE * draw.uniform(0.03, 0.97, (len(at), 2)), DIGITS)


def resources(count: int = 12, each: int = 3, seed: int = 1) -> Frame:
    """A clinic, an after-school club and a shop in each community, for everybody, with twenty places each."""
    at, points = inside(count, each, seed)
    kind = np.array(KINDS)[np.arange(len(at)) % each % len(KINDS)]
    return Frame(
        {
            "id": [f"r{number:03}" for number in range(len(at))],
            "name_zh": [f"第{number}号服务点" for number in range(len(at))],
            "name_en": [f"Service {number}" for number in range(len(at))],
            "category": kind,
            "capacity": "20",
            "eligibility": "",
            "hours": "每天 8:00–20:00",
            "procedure": "到前台登记",
            "contact": CONTACT,
            "contact_public": "否",
            "lon": points[:, 0],
            "lat": points[:, 1],
            "community": np.array(names(count))[at],
            "verified_on": "2024-04-01",
            "status": "active",
            "voucher": "",
        }
    )


def homes(count: int = 12, each: int = 30, seed: int = 2) -> Frame:
    """Thirty homes in each community, with one to three children."""
    at, points = inside(count, each, seed)
    people = np.random.default_rng(seed).integers(1, 4, len(at))
    return Frame(
        {"lon": points[:, 0], "lat": points[:, 1], "community": np.array(names(count))[at], "children": people}
    )


def places_of(
    folder: Path, changes: Mapping[str, Change] | None = None, *, count: int = 12, with_homes: bool = True
) -> str:
    """Write the files of the places into a folder.

    Parameters
    ----------
    folder : Path
    changes : mapping of str to callable, optional
        ``communities``, ``resources`` or ``homes`` → what is done to the table before it is written.
    count : int
        Communities.
    with_homes : bool

    Returns
    -------
    str
        Lines of study.yml.
    """
    changes = changes or {}
    folder.mkdir(parents=True, exist_ok=True)
    made = {"communities": squares(count), "resources": resources(count), "homes": homes(count)}
    made = {name: changes[name](table) if name in changes else table for name, table in made.items()}
    (folder / "communities.geojson").write_text(_geojson(made["communities"]), encoding="utf-8")
    made["resources"].to_csv(folder / "resources.csv", index=False)
    if with_homes:
        made["homes"].to_csv(folder / "homes.csv", index=False)
    return LAYERS + (HOMES if with_homes else "")


def _geojson(layer: Any) -> str:
    """The layer as text: values stay the numbers or texts that they are, and shapes may be anything."""
    rows = Frame(layer.drop(columns="geometry")).to_dict("records")
    shapes = [shapely.geometry.mapping(shape) for shape in layer.geometry]
    features = [
        {"type": "Feature", "properties": row, "geometry": shape} for row, shape in zip(rows, shapes, strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, default=lambda value: value.item())


def write_places_study(
    folder: Path, changes: Mapping[str, Change] | None = None, *, with_homes: bool = True, settings: str = ""
) -> Path:
    """Write a study of places alone, without answers.

    Parameters
    ----------
    folder : Path
    changes : mapping of str to callable, optional
        As for :func:`places_of`.
    with_homes : bool
    settings : str
        Further lines of study.yml.
    """
    lines = places_of(folder, changes, with_homes=with_homes)
    (folder / "study.yml").write_text(STUDY + lines + settings, encoding="utf-8")
    return folder


def moved(datum: str, rows: slice | None = None) -> Change:
    """Points as another datum has them, all or some."""
    from xzz_analysis.places.datum import from_wgs84

    def change(table: Frame) -> Frame:
        table = table.copy()
        some = table.index[rows or slice(None)]
        lon, lat = from_wgs84(table.loc[some, "lon"].to_numpy(), table.loc[some, "lat"].to_numpy(), datum)
        table.loc[some, "lon"], table.loc[some, "lat"] = np.round(lon, DIGITS), np.round(lat, DIGITS)
        return table

    return change


def told_places(folder: Path) -> set[str]:
    """Every longitude and latitude of resources and homes as a message might print it: whole, or to four decimals."""
    found: set[str] = set()
    for name in ("resources.csv", "homes.csv"):
        if (folder / name).exists():
            table = pd.read_csv(folder / name, dtype=str)
            values = {value for column in ("lon", "lat") if column in table for value in table[column].dropna()}
            found |= values | {f"{float(value):.4f}" for value in values if value.replace(".", "").isdigit()}
    return {text for text in found if "." in text and len(text.partition(".")[2]) >= 4}
