"""How well points fit the places they belong to, were they in this datum or that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.special import bdtrc, fdtrc

from xzz_analysis.places.datum.conversion import Area, Degrees, Pair, move
from xzz_analysis.study.datums import SHIFTED

Axes = Literal["lon, lat", "lat, lon"]
AS_GIVEN: Axes = "lon, lat"
EXCHANGED: Axes = "lat, lon"
FEWEST_LANDMARKS = 3
"""Landmarks without which a common displacement cannot be told from scatter."""
SAME = 1.0
"""Metres below which two distances are the same."""


@dataclass(frozen=True)
class Hypothesis:
    """What the points, and the polygons they are compared with, may really be in."""

    points: str
    axes: Axes
    polygons: str


@dataclass(frozen=True)
class Belonging:
    """Points beside the places they belong to.

    ``lon`` and ``lat`` (n, degrees) are as given; ``place`` (n) is the row of each point's own place among ``shapes``
    (m, in degrees of the datum they are declared in). ``plane`` holds the shapes in metres around their own
    ``centre`` (m × 2, degrees), ``scale`` (m × 2) is metres in a degree there, and ``near`` how many metres from a
    landmark count as there (0 for polygons).
    """

    lon: Degrees
    lat: Degrees
    place: NDArray[np.intp]
    shapes: NDArray[np.object_]
    plane: NDArray[np.object_]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    near: float

    def part(self, rows: NDArray[np.bool_]) -> Belonging:
        """The same places with some of the points."""
        kept = (self.lon[rows], self.lat[rows], self.place[rows])
        return Belonging(*kept, self.shapes, self.plane, self.centre, self.scale, self.near)


def belonging(
    lon: Degrees, lat: Degrees, place: NDArray[np.intp], shapes: NDArray[np.object_], near: float
) -> Belonging:
    """Put the places into metres, each around its own middle: right within 0.1 % up to 100 km away."""
    bounds = shapely.bounds(shapes)
    centre = (bounds[:, :2] + bounds[:, 2:]) / 2
    bend = 1 - 0.00669438 * np.sin(np.radians(centre[:, 1])) ** 2
    parallel = 6378137.0 / np.sqrt(bend) * np.cos(np.radians(centre[:, 1]))
    meridian = 6378137.0 * (1 - 0.00669438) / bend**1.5
    scale = np.radians(np.column_stack([parallel, meridian]))
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    plane = shapely.set_coordinates(shapely.force_2d(shapes).copy(), (points - centre[owner]) * scale[owner])
    shapely.prepare(plane)
    return Belonging(lon, lat, place, shapes, plane, centre, scale, near)


def hypotheses(points: str, polygons: str) -> list[Hypothesis]:
    """All that is compared: the points in each datum, exchanged or not, and the polygons in another than they say.

    Parameters
    ----------
    points : str
        Declared datum, or "" when there is none.
    polygons : str
        Declared datum of what the points are compared with.

    Returns
    -------
    list of Hypothesis
        Seven or eight; the first is that all is as declared. Points and polygons in one datum, whichever, look the
        same, so this stands only once.
    """
    plain = points if points and points not in SHIFTED else "WGS84"
    known = sorted([plain, *SHIFTED], key=lambda name: name != points)
    own = [Hypothesis(name, AS_GIVEN, polygons) for name in known]
    other = [name for name in ("WGS84", *SHIFTED) if not _alike(name, polygons) and not _alike(name, known[0])]
    wrong_polygons = [Hypothesis(known[0], AS_GIVEN, name) for name in other]
    return [*own, *wrong_polygons, *(Hypothesis(name, EXCHANGED, polygons) for name in known)]


def _alike(first: str, second: str) -> bool:
    return first == second or not {first, second} & set(SHIFTED)


def position(data: Belonging, hypothesis: Hypothesis, area: Area) -> Pair:
    """Where the points would lie among the places, in the degrees of the places."""
    lon, lat = (data.lon, data.lat) if hypothesis.axes == AS_GIVEN else (data.lat, data.lon)
    return move(lon, lat, hypothesis.points, hypothesis.polygons, area)


def displacement(data: Belonging, where: Pair) -> NDArray[np.float64]:
    """Metres east and north (n × 2) of each point from the middle of its own place."""
    return (np.column_stack(where) - data.centre[data.place]) * data.scale[data.place]


def distances(data: Belonging, metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres (n) from each point to its own place; 0 inside it and on its border."""
    own = data.plane[data.place]
    away: NDArray[np.float64] = np.zeros(len(own))
    outside = np.flatnonzero(~shapely.intersects_xy(own, metres[:, 0], metres[:, 1]))
    away[outside] = shapely.distance(own[outside], shapely.points(metres[outside]))
    return away


def compare(data: Belonging, kinds: Sequence[Hypothesis], area: Area) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Distances under every hypothesis, and a table of them.

    Returns
    -------
    DataFrame
        One row per hypothesis: ``points``, ``axes``, ``polygons``, ``n``, ``inside``, ``share`` (of points inside
        their own place, or near their own landmark), ``median_m`` (to the own place, all points), ``outside_m``
        (median of the points outside; 0 when there are none), ``p`` (against the best: the chance of seeing as clear
        a difference were this one as good; 1 for the best), ``best``, and ``nearer`` and ``farther`` (places where
        the best is nearer or farther than this one).
    ndarray
        Metres (hypotheses × n).
    """
    moved = [displacement(data, position(data, kind, area)) for kind in kinds]
    away = np.array([distances(data, metres) for metres in moved])
    inside = away <= data.near
    best = int(np.lexsort((np.arange(len(kinds)), np.minimum(away, 1e5).mean(axis=1), -inside.sum(axis=1)))[0])
    rows = []
    for number, kind in enumerate(kinds):
        nearer, farther = votes(away[best], away[number], data.place)
        p = landmark_p(moved[number]) if data.near else sign_p(nearer, farther)
        rows.append(
            {
                **vars(kind),
                "n": len(data.lon),
                "inside": int(inside[number].sum()),
                "share": float(inside[number].mean()),
                "median_m": float(np.median(away[number])),
                "outside_m": float(np.median(away[number][~inside[number]])) if (~inside[number]).any() else 0.0,
                "nearer": nearer,
                "farther": farther,
                "p": 1.0 if number == best else p,
                "best": number == best,
            }
        )
    return pd.DataFrame(rows), away


def votes(first: NDArray[np.float64], second: NDArray[np.float64], place: NDArray[np.intp]) -> tuple[int, int]:
    """Places whose points are mostly nearer by the first distances, and by the second.

    Points of one place share its border, drawn well or badly, so each place has one vote.
    """
    sign = np.where(np.abs(second - first) < SAME, 0.0, np.sign(second - first))
    balance = np.bincount(place, weights=sign)
    return int((balance > 0).sum()), int((balance < 0).sum())


def sign_p(nearer: int, farther: int) -> float:
    """One-sided p of the sign test: as many votes for the better of two that are equally good."""
    return float(bdtrc(nearer - 1, nearer + farther, 0.5)) if nearer else 1.0


def landmark_p(metres: NDArray[np.float64]) -> float:
    """p of no common displacement from the landmarks (n × 2): F of the mean against the scatter around it.

    Scatter is taken as equal in both directions, so F has 2 and 2n − 2 degrees of freedom.
    """
    n = len(metres)
    if n < FEWEST_LANDMARKS:
        return 1.0
    mean = metres.mean(axis=0)
    scatter = ((metres - mean) ** 2).sum() / (2 * n - 2)
    return float(fdtrc(2, 2 * n - 2, n * (mean**2).sum() / 2 / max(scatter, 1e-6)))
