"""A map of tiles: every community one hexagon, near its neighbours, where no boundary may be shown."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from xzz_analysis.report.maps.content import Credits, MapContent, resource_map
from xzz_analysis.report.maps.shading import Shading

SIDE = 0.01
"""Side of a hexagon, in the units of the plane that tiles lie in."""

GAP = 1.2
"""Communities farther apart than this many tiles move together: empty land takes no paper."""

TILE_AREA = float(np.sqrt(3) / 2)
"""Of a hexagon whose neighbours' middles are one unit away."""

LOOSE = 1.1
"""Tiles' worth of land for each community: where they lie close, tiles spread into the country around."""

SPARE = 2
"""Rows and columns of free tiles around the communities."""


def tile_map(
    boundaries: gpd.GeoDataFrame, *, credits: Credits, shading: Shading | None = None, audience: str = "release"
) -> MapContent:
    """Show communities as hexagons of one size, each as near as may be to where it lies among the others.

    Parameters
    ----------
    boundaries : GeoDataFrame
        As for ``resource_map``; only the middle of each community is used, so no boundary is shown and none can be had.
    credits : Credits
        No map review number is needed.
    shading : Shading, optional
    audience : "release" or "internal"

    Returns
    -------
    MapContent
        Schematic: without scale and north.

    References
    ----------
    Kuhn, H. W. (1955). The Hungarian method for the assignment problem. Naval Research Logistics Quarterly 2, 83-97
    (the sum of squared distances between communities and tiles is least; solved by scipy).
    """
    areas = resource_map(boundaries, credits=credits, audience="internal").areas
    assert areas is not None
    ordered = areas.sort_index()
    middle = shapely.get_coordinates(ordered.geometry.representative_point().to_numpy())
    middle = middle * [np.cos(np.radians(middle[:, 1].mean())), 1.0]
    cells = _assigned(_drawn_together(middle))
    hexagons = [_hexagon(x, y) for x, y in cells]
    names = pd.DataFrame({"zh": ordered["zh"], "en": ordered["en"]}, index=ordered.index)
    tiles = gpd.GeoDataFrame(names, geometry=hexagons).loc[areas.index]
    return MapContent(credits, tiles, None, shading, None, audience, schematic=True)


def _drawn_together(middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Middles in units of a tile: gaps between them cut to :data:`GAP`, and all so close that tiles fill the land."""
    if len(middle) == 1:
        return np.zeros((1, 2))
    apart = np.hypot(*(middle[:, None, :] - middle[None, :, :]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    nearest = float(np.median(apart.min(axis=1))) or 1.0
    moved = np.empty_like(middle)
    for axis in (0, 1):
        order = np.argsort(middle[:, axis], kind="stable")
        steps = np.diff(middle[order, axis], prepend=middle[order[0], axis]) / nearest
        moved[order, axis] = np.cumsum(np.minimum(steps, GAP))
    land = shapely.concave_hull(shapely.MultiPoint(moved), ratio=0.3).buffer(0.5).area / TILE_AREA
    return np.asarray(moved * min(1.0, np.sqrt(LOOSE * len(moved) / land)), dtype=float)


def _assigned(wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Middles of the tiles that are nearest to the places wanted, all together."""
    low, high = np.floor(wanted.min(axis=0)) - SPARE, np.ceil(wanted.max(axis=0)) + SPARE
    rows = np.arange(int(low[1] / 0.866) - 1, int(high[1] / 0.866) + 2)
    columns = np.arange(int(low[0]) - 1, int(high[0]) + 2)
    down, across = np.meshgrid(rows, columns, indexing="ij")
    cells = np.column_stack([(across + (down % 2) / 2).ravel(), (down * np.sqrt(3) / 2).ravel()])
    cost = ((wanted[:, None, :] - cells[None, :, :]) ** 2).sum(axis=2)
    _, chosen = linear_sum_assignment(cost)
    return np.asarray(cells[chosen], dtype=float)


def _hexagon(x: float, y: float) -> shapely.Polygon:
    """A hexagon with a corner on top; the middles of neighbours are one unit apart."""
    width = SIDE * np.sqrt(3)
    corners = np.radians(np.arange(30, 390, 60))
    return shapely.Polygon(np.column_stack([x * width + SIDE * np.cos(corners), y * width + SIDE * np.sin(corners)]))
