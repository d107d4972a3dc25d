"""Labels never overlap and coordinates come back, whatever they are."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from xzz_analysis.report.maps.coding import PRECISION, SIGNS, numbers, rings, steps, written_numbers
from xzz_analysis.report.maps.paper.labels import overlap, place_labels

SIGN = {sign: at for at, sign in enumerate(SIGNS)}


def read(steps: str) -> list[tuple[float, float]]:
    """Points of a coded line, read one character at a time as the page does."""
    found, value, unit = [], 0, 1
    for sign in steps:
        value += SIGN[sign] % 32 * unit
        unit *= 32
        if SIGN[sign] < 32:
            found.append(-(value + 1) // 2 if value % 2 else value // 2)
            value, unit = 0, 1
    pairs = np.cumsum(np.array(found).reshape(-1, 2), axis=0) / PRECISION
    return [(float(lon), float(lat)) for lat, lon in pairs]


degrees = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@given(st.lists(degrees, min_size=1, max_size=30))
def test_coordinates_come_back_to_half_a_step(points: list[tuple[float, float]]) -> None:
    again = read(steps(np.array(points)))
    kept = [np.array(points[0])]
    for point in points[1:]:
        if (np.rint(np.array(point) * PRECISION) != np.rint(kept[-1] * PRECISION)).any():
            kept.append(np.array(point))
    np.testing.assert_allclose(again, kept, atol=0.5 / PRECISION + 1e-9)


def test_holes_and_parts_are_kept() -> None:
    square = shapely.box(0, 0, 1, 1).difference(shapely.box(0.4, 0.4, 0.6, 0.6))
    shape = shapely.union(square, shapely.box(2, 2, 3, 3))
    assert [len(part) for part in rings(shape)] == [2, 1]
    assert shapely.Polygon(read(rings(shape)[0][1])).area == pytest.approx(0.04)


@given(st.lists(st.integers(0, 10**6), max_size=40))
def test_numbers_come_back(values: list[int]) -> None:
    assert written_numbers(numbers(values), len(values)) == values


spots = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(spots, st.floats(2, 25), st.booleans())
def test_labels_overlap_neither_each_other_nor_a_symbol(
    points: list[tuple[float, float]], width: float, centred: bool
) -> None:
    where = np.array(points)
    taken = np.column_stack([where - 1, where + 1])
    sizes = np.column_stack([np.full(len(where), width), np.full(len(where), 3.0)])
    options = {"room": (0, 0, 100, 100), "taken": taken, "distances": np.array([1.2, 3.0, 6.0]), "centred": centred}
    placed = place_labels(where, sizes, **options)
    boxes = placed.boxes[placed.there]
    assert not np.triu(overlap(boxes, boxes), 1).any()
    assert not overlap(boxes, taken).any()
    assert (boxes[:, :2] >= 0).all() and (boxes[:, 2:] <= 100).all()
    again = place_labels(where, sizes, **options)
    np.testing.assert_array_equal(again.boxes, placed.boxes)
