"""No home is in anything that is made: every byte of the outputs, unpacked and decoded, is compared with the homes."""

from __future__ import annotations

import base64
import itertools
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.spatial import cKDTree

from xzz_analysis.atlas.walking import LEAST
from xzz_analysis.places.homes import LEAST as FEWEST

STEP = 1e-5
"""Degrees from one whole number of a map to the next."""
METRES = np.array([93_600.0, 110_900.0])
"""A degree of longitude and of latitude where the demonstration study is."""
DEGREES = re.compile(rb"\d{2,3}\.\d{4,}")
INLINED = re.compile(rb"data:[\w/+.-]+(?:;[\w=-]+)*;base64,([A-Za-z0-9+/=]+)")
STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
MAP_DATA = re.compile(r'<script type="application/json">(.*?)</script>', re.DOTALL)
SIGNS = "abcdefghijklmnoprstuyzABCDEFGHIJKLMNOPRSTUYZ!#$%()*+,-.:;?[]^_|~"


@pytest.fixture(scope="module")
def homes(my_study: Path) -> np.ndarray:
    """Longitude and latitude of every home, in WGS 84, shape (homes, 2)."""
    points = pd.read_csv(my_study / "places" / "homes.csv")[["lon", "lat"]].to_numpy(float)
    assert len(points) > 9000
    return points


@pytest.fixture(scope="module")
def maps(my_study: Path) -> dict[str, dict[str, Any]]:
    """Data of every map of a released page."""
    found = {}
    for path in sorted((my_study / "outputs" / "release").rglob("*.html")):
        for number, text in enumerate(MAP_DATA.findall(path.read_text(encoding="utf-8"))):
            found[f"{path.name} {number}"] = json.loads(text)
    assert len(found) >= 2 * (4 + 1)
    return found


# --- bytes


def parts(path: Path) -> Iterator[bytes]:
    """A file and everything packed into it: members of archives, inlined files, streams of a PDF."""
    data = path.read_bytes()
    yield data
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    yield from (base64.b64decode(text) for text in INLINED.findall(data))
    if data.startswith(b"%PDF"):
        yield from (unpacked(stream) for stream in STREAM.findall(data))


def unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def near_a_home(numbers: list[float], homes: np.ndarray) -> list[tuple[float, float]]:
    """Numbers that follow each other and are a home, to four decimals, in either order."""
    known = {tuple(pair) for pair in np.round(homes, 4)}
    rounded = [(round(one, 4), round(other, 4)) for one, other in itertools.pairwise(numbers)]
    return [pair for pair in rounded if pair in known or pair[::-1] in known]


def test_a_home_would_be_found(homes: np.ndarray, tmp_path: Path) -> None:
    lon, lat = homes[123]
    text = f"here {lat:.5f}, {lon:.4f} there"
    (tmp_path / "page.html").write_text(
        f'<img src="data:image/png;base64,{base64.b64encode(text.encode()).decode()}">', encoding="utf-8"
    )
    found = [DEGREES.findall(part) for part in parts(tmp_path / "page.html")]
    assert near_a_home([float(one) for one in found[1]], homes) == [(round(lat, 4), round(lon, 4))]


def test_no_byte_of_any_output_tells_a_home(my_study: Path, homes: np.ndarray) -> None:
    """All of them, also what stays in the house: no number is a longitude or latitude of the study's homes."""
    low, high = homes.min(axis=0) - 0.001, homes.max(axis=0) + 0.001
    files = [path for path in (my_study / "outputs").rglob("*") if path.is_file() and path.suffix != ".parquet"]
    assert {path.suffix for path in files} >= {".html", ".xlsx", ".csv", ".json"}
    for path in files:
        for part in parts(path):
            numbers = [float(one) for one in DEGREES.findall(part)]
            within = [one for one in numbers if ((low <= one) & (one <= high)).any()]
            assert near_a_home(numbers, homes) == [], path.name
            assert len(within) <= 2, path.name  # one or two figures of a table may happen to be as large


def test_no_stored_answer_tells_a_home(my_study: Path, homes: np.ndarray) -> None:
    low, high = homes.min(axis=0), homes.max(axis=0)
    stored = list((my_study / "outputs").rglob("*.parquet"))
    assert stored
    for path in stored:
        table = pd.read_parquet(path)
        numbers = table.select_dtypes("number").to_numpy(float)
        longitudes = (numbers >= low[0]) & (numbers <= high[0]) & (numbers % 1 != 0)
        texts = "\n".join(str(value) for column in table.select_dtypes(exclude="number") for value in table[column])
        assert not longitudes.any(), path.name
        assert near_a_home([float(one) for one in DEGREES.findall(texts.encode())], homes) == [], path.name


# --- what maps draw


def decoded(text: str) -> np.ndarray:
    """Longitudes and latitudes of a line of a map, shape (points, 2): steps in base 32, signs in the last bit."""
    values, value, place = [], 0, 0
    for sign in text:
        digit = SIGNS.index(sign)
        value += (digit % 32) * 32**place
        place += 1
        if digit < 32:
            values.append(-(value + 1) // 2 if value % 2 else value // 2)
            value, place = 0, 0
    return np.cumsum(np.array(values).reshape(-1, 2), axis=0)[:, ::-1] * STEP


def shapes(data: dict[str, Any]) -> list[shapely.Geometry]:
    """Communities or cells of a map."""
    found = []
    for area in data["areas"]["rings"]:
        rings = [[decoded(ring) for ring in part] for part in area]
        found.append(shapely.MultiPolygon([(outer, inner) for outer, *inner in rings]))
    return found


def layer(my_study: Path, name: str) -> np.ndarray:
    """Every vertex of a layer of the study."""
    return shapely.get_coordinates(gpd.read_file(my_study / "places" / name).geometry.to_numpy())


def apart(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Metres from each point to the nearest of the others."""
    distance: np.ndarray = cKDTree(others * METRES).query(points * METRES)[0]
    return distance


def test_the_decoder_reads_the_boundaries(my_study: Path, maps: dict[str, dict[str, Any]]) -> None:
    borders = layer(my_study, "communities.geojson")
    corners = np.concatenate([shapely.get_coordinates(shape) for shape in shapes(maps["resource_map.zh.html 0"])])
    assert len(corners) > 10
    assert apart(corners, borders).max() < 1.2


def test_points_of_maps_are_public_places(my_study: Path, maps: dict[str, dict[str, Any]], homes: np.ndarray) -> None:
    import xzz_analysis as xzz

    public = shapely.get_coordinates(xzz.open_atlas(my_study).places.geometry.to_numpy())
    seen = 0
    for name, data in maps.items():
        if data["places"]:
            points = decoded(data["places"]["xy"])
            seen += len(points)
            assert apart(points, public).max() < 1.2, name
    assert seen > 150
    assert (apart(homes, public) > 1.2).mean() > 0.99  # homes are elsewhere


def test_lines_of_maps_are_streets(my_study: Path, maps: dict[str, dict[str, Any]]) -> None:
    """A street that leaves the map ends on its frame."""
    streets = layer(my_study, "streets.geojson")
    for name, data in maps.items():
        lines = [decoded(line) for line in data["lines"]]
        if lines:
            corners = np.concatenate([line[1:-1] for line in lines])
            assert apart(corners, streets).max() < 1.2, name


def walk_maps(maps: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Maps of cells, in one language: every other shows communities."""
    return {name: data for name, data in maps.items() if ".zh." in name and len(data["areas"]["rings"]) > 10}


def test_every_drawn_cell_holds_enough_homes(maps: dict[str, dict[str, Any]], homes: np.ndarray) -> None:
    cells = [shape for data in walk_maps(maps).values() for shape in shapes(data)]
    assert len(cells) > 150
    points = shapely.points(homes)
    for cell in cells:
        assert shapely.contains_properly(cell, points).sum() >= FEWEST
        assert shapely.intersects(shapely.buffer(cell, 1.5 * STEP), points).sum() >= LEAST  # borders are rounded


def test_cells_do_not_overlap_so_that_none_is_told_by_taking_away(maps: dict[str, dict[str, Any]]) -> None:
    for data in walk_maps(maps).values():
        cells = np.array(shapes(data))
        one, other = shapely.STRtree(cells).query(cells, predicate="intersects")
        pairs = one < other
        common = shapely.area(shapely.intersection(cells[one[pairs]], cells[other[pairs]])).sum()
        assert common < 0.005 * shapely.area(cells).sum()


def test_corners_of_cells_are_no_nearer_to_homes_than_anywhere(
    my_study: Path, maps: dict[str, dict[str, Any]], homes: np.ndarray
) -> None:
    """Borders of cells must not run through homes: as few corners within a metre of one as when cells are moved."""
    corners = [shapely.get_coordinates(shape) for data in walk_maps(maps).values() for shape in shapes(data)]
    corners += [decoded(data["areas"]["centres"]) for data in walk_maps(maps).values()]
    points = np.unique(np.concatenate(corners), axis=0)
    own = int((apart(points, homes) < 1).sum())
    draw = np.random.default_rng(11)
    turns = draw.uniform(0, 2 * np.pi, 60)
    aside = 30 * np.column_stack([np.cos(turns), np.sin(turns)]) / METRES
    moved = [int((apart(points + one, homes) < 1).sum()) for one in aside]
    assert own <= max(moved) + 2


def test_a_cell_says_whole_minutes(maps: dict[str, dict[str, Any]]) -> None:
    for data in walk_maps(maps).values():
        assert all(re.fullmatch(r"\d+", text) for text in data["areas"]["texts"])
