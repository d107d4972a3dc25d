"""Conversions undo each other wherever GCJ-02 is in force, order places as they lie, and see each point alone."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from xzz_analysis.places.datum import audit_datum, convert, declare, declared, from_wgs84, to_wgs84

WEST, SOUTH, EAST, NORTH = 72.004, 0.8293, 137.8347, 55.8271
INSIDE = 0.02
"""Degrees: more than either datum moves a place."""
PLACES = st.tuples(st.floats(WEST + INSIDE, EAST - INSIDE), st.floats(SOUTH + INSIDE, NORTH - INSIDE))
ANYWHERE = st.tuples(st.floats(-180, 180), st.floats(-90, 71))
SHIFTED = st.sampled_from(["GCJ02", "BD09"])
ALL = st.sampled_from(["WGS84", "CGCS2000", "GCJ02", "BD09"])


@given(st.lists(PLACES, min_size=1, max_size=40), SHIFTED)
@example([(105.0, 35.0)], "GCJ02")  # where the formula takes the root of 0
@example([(WEST + INSIDE, SOUTH + INSIDE), (EAST - INSIDE, NORTH - INSIDE)], "BD09")
def test_round_trip(places, datum):
    lon, lat = np.array(places).T
    for there, back in ((from_wgs84, to_wgs84), (to_wgs84, from_wgs84)):
        found = back(*there(lon, lat, datum), datum)
        np.testing.assert_allclose(found, (lon, lat), rtol=0, atol=1e-11)  # asked for: 1e-9


def by_the_book(lon, lat):
    """GCJ-02 of one place, term by term as gcoord's src/crs/GCJ02.ts has them."""
    x, y, pi = lon - 105, lat - 35, math.pi
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += (20 * math.sin(6 * x * pi) + 20 * math.sin(2 * x * pi)) * 2 / 3
    north += (20 * math.sin(y * pi) + 40 * math.sin(y / 3 * pi)) * 2 / 3
    north += (160 * math.sin(y / 12 * pi) + 320 * math.sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += (20 * math.sin(6 * x * pi) + 20 * math.sin(2 * x * pi)) * 2 / 3
    east += (20 * math.sin(x * pi) + 40 * math.sin(x / 3 * pi)) * 2 / 3
    east += (150 * math.sin(x / 12 * pi) + 300 * math.sin(x / 30 * pi)) * 2 / 3
    a, ee, angle = 6378245, 0.006693421622965943, lat / 180 * pi
    magic = 1 - ee * math.sin(angle) ** 2
    east = east * 180 / (a / math.sqrt(magic) * math.cos(angle) * pi)
    return lon + east, lat + north * 180 / (a * (1 - ee) / (magic * math.sqrt(magic)) * pi)


@given(PLACES)
@example((105.0, 35.0))
def test_the_formula(place):
    np.testing.assert_allclose(
        from_wgs84(*place, "GCJ02"), by_the_book(*place), rtol=0, atol=1e-12
    )  # rounding of sines


@given(PLACES, SHIFTED)
def test_places_move_by_what_is_known(place, datum):
    """GCJ-02 moves places by less than 740 m, BD-09 by 680 to 1,540 m."""
    lon, lat = from_wgs84(*place, datum)
    metres = np.hypot((lon - place[0]) * np.cos(np.radians(place[1])), lat - place[1]) * 111_320
    assert 1 < metres < 740 if datum == "GCJ02" else 680 < metres < 1540


@given(PLACES, st.floats(1e-7, 0.5), SHIFTED)
def test_places_keep_their_order(place, step, datum):
    """East stays east and north stays north, however near."""
    lon, lat = np.array([place[0], min(place[0] + step, EAST)]), np.array([place[1], min(place[1] + step, NORTH)])
    for convert_to in (from_wgs84, to_wgs84):
        east, _ = convert_to(lon, lat[0], datum)
        _, north = convert_to(lon[0], lat, datum)
        assert (np.sign(np.diff(east)) == np.sign(np.diff(lon))).all()
        assert (np.sign(np.diff(north)) == np.sign(np.diff(lat))).all()


@given(st.lists(ANYWHERE, min_size=1, max_size=30), ALL, st.randoms(use_true_random=False))
def test_a_point_is_converted_alone(places, datum, random):
    """Many at once are what each is alone, to the last bit, in any order and beside any others."""
    lon, lat = np.array(places).T
    order = np.array(random.sample(range(len(places)), len(places)))
    for convert_to in (from_wgs84, to_wgs84):
        together = np.column_stack(convert_to(lon, lat, datum))
        alone = np.array([convert_to(*place, datum) for place in places])
        np.testing.assert_array_equal(together, alone)
        np.testing.assert_array_equal(together[order], np.column_stack(convert_to(lon[order], lat[order], datum)))


def test_many_thousands_are_converted_alone():
    draw = np.random.default_rng(3)
    lon, lat = draw.uniform(70, 140, 30_001), draw.uniform(0, 58, 30_001)
    together = to_wgs84(lon, lat, "BD09")
    some = draw.integers(0, len(lon), 200)
    np.testing.assert_array_equal([to_wgs84(lon[one], lat[one], "BD09")[0] for one in some], together[0][some])
    np.testing.assert_array_equal(to_wgs84(lon[::-3], lat[::-3], "BD09"), np.array(together)[:, ::-3])


@given(st.lists(ANYWHERE, min_size=1, max_size=20), SHIFTED)
def test_only_places_in_the_area_move(places, datum):
    lon, lat = np.array(places).T
    area = shapely.box(100, 20, 120, 40)
    moved = np.array(from_wgs84(lon, lat, datum, area=area)) != (lon, lat)
    inside = (lon >= 100) & (lon <= 120) & (lat >= 20) & (lat <= 40)
    np.testing.assert_array_equal(moved.any(axis=0), inside)


@given(st.lists(PLACES, min_size=1, max_size=10), ALL, ALL, ALL)
def test_layers_forget_the_way_they_came(places, first, second, third):
    start = declare(gpd.GeoDataFrame(geometry=shapely.points(np.array(places))), first)
    direct = convert(start, third)
    around = convert(convert(start, second), third)
    assert declared(direct) == declared(around) == third
    one, other = (shapely.get_coordinates(made.geometry.array) for made in (direct, around))
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-11)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), ALL, st.sampled_from(["WGS84", "GCJ02", "BD09"]))
def test_the_order_of_rows_does_not_matter(seed, said, real):
    draw = np.random.default_rng(seed)
    number = np.arange(64)
    west, south = 116.3 + number % 8 * 0.015, 39.8 + number // 8 * 0.011
    cells = gpd.GeoDataFrame(
        {"name": number.astype(str)}, geometry=shapely.box(west, south, west + 0.015, south + 0.011)
    )
    cells = declare(cells, "WGS84")
    own = draw.integers(0, 64, 100)
    xy = np.column_stack([west[own] + draw.random(100) * 0.015, south[own] + draw.random(100) * 0.011])
    points = gpd.GeoDataFrame(
        {"name": own.astype(str)}, geometry=shapely.points(np.column_stack(from_wgs84(*xy.T, real)))
    )
    points = declare(points, said)
    found = audit_datum(points, cells, "name")
    turned = audit_datum(points.iloc[draw.permutation(100)], cells.iloc[draw.permutation(64)], "name")
    assert (found.verdict, found.found, found.counts) == (turned.verdict, turned.found, turned.counts)
    pd.testing.assert_frame_equal(found.table, turned.table)
    assert found.found in ("", real) or {found.found, real} == {"WGS84", "CGCS2000"}


@pytest.mark.parametrize("datum", ["GCJ02", "BD09"])
def test_round_trip_everywhere(datum):
    """A grid of a quarter of a degree over the whole box, to a millionth of a millimetre."""
    lon, lat = np.meshgrid(
        np.arange(WEST + INSIDE, EAST - INSIDE, 0.25), np.arange(SOUTH + INSIDE, NORTH - INSIDE, 0.25)
    )
    back = np.array(to_wgs84(*from_wgs84(lon, lat, datum), datum))
    assert np.abs(back - (lon, lat)).max() < 1e-12
