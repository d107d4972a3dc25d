"""Streets as a graph: straight pieces between nodes, and which of them connect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from scipy import sparse
from scipy.sparse import csgraph

from xzz_analysis.errors import Finding, InputError

PER_DEGREE, PER_METRE = 10_000_000, 100
"""Vertices are rounded to these parts (about a centimetre): what is then equal is the same crossing."""
FEW_CONNECTED = 0.9
"""A longest part with less than this share of the length is a warning."""


@dataclass(frozen=True, eq=False, repr=False)
class Streets:
    """Straight pieces of street between nodes; walked both ways.

    Parameters
    ----------
    xy : ndarray of float, shape (nodes, 2)
        Metres in ``crs``, ordered by place, so that nothing depends on the order of the file.
    ends : ndarray of int, shape (pieces, 2)
        The two nodes of each piece, the lower first; no two pieces join the same nodes.
    part : ndarray of int, shape (nodes,)
        Which connected part a node is in; 0 is the longest.
    crs : CRS
    source : str
        Name of the file or layer, as the method label prints it.
    findings : tuple of Finding
    """

    xy: np.ndarray
    ends: np.ndarray
    part: np.ndarray
    crs: Any
    source: str
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        parts = int(self.part.max(initial=-1)) + 1
        return f"Streets({self.source}: {self.length.sum() / 1000:,.1f} km, {len(self.xy):,} nodes, {parts:,} parts)"

    @property
    def length(self) -> np.ndarray:
        """Length of each piece in metres: float, shape (pieces,)."""
        return lengths(self.xy, self.ends)

    @property
    def main_share(self) -> float:
        """Share of the length that is in the longest connected part."""
        length = self.length
        return float(length[self.part[self.ends[:, 0]] == 0].sum() / length.sum())

    def main(self) -> Streets:
        """Keep the longest connected part.

        Returns
        -------
        Streets
        """
        kept = self.part == 0
        place = np.cumsum(kept) - 1
        ends = place[self.ends[kept[self.ends[:, 0]]]]
        return Streets(self.xy[kept], ends, np.zeros(int(kept.sum()), dtype=np.int64), self.crs, self.source)


def lengths(xy: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Straight length of pieces.

    Parameters
    ----------
    xy : ndarray of float, shape (nodes, 2)
    ends : ndarray of int, shape (pieces, 2)

    Returns
    -------
    ndarray of float, shape (pieces,)
    """
    step = xy[ends[:, 0]] - xy[ends[:, 1]]
    length: np.ndarray = np.hypot(step[:, 0], step[:, 1])
    return length


def graph(shapes: gpd.GeoSeries, crs: Any, name: str) -> Streets:
    """Make the graph of lines.

    Parameters
    ----------
    shapes : GeoSeries of LineString
    crs : CRS
        To work in.
    name : str

    Returns
    -------
    Streets
    """
    raw, line = shapely.get_coordinates(shapes.to_numpy(), return_index=True)
    parts = PER_METRE if shapes.crs.is_projected else PER_DEGREE
    grid = np.round(raw * parts).astype(np.int64)
    _, first, node = np.unique(grid[:, 0] * 2**32 + grid[:, 1], return_index=True, return_inverse=True)
    places = gpd.points_from_xy(*(grid[first] / parts).T, crs=shapes.crs).to_crs(crs)
    xy = np.column_stack([places.x, places.y])
    within = line[1:] == line[:-1]
    ends = np.sort(np.column_stack([node[:-1][within], node[1:][within]]), axis=1)
    ends = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0)
    if not len(ends):
        raise InputError(f"the lines of {name} have no length; name another file of streets")
    part = _parts(xy, ends)
    streets = Streets(xy, ends, part, crs, name)
    return Streets(xy, ends, part, crs, name, _disconnected(streets))


def _parts(xy: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Connected part of each node, numbered from the longest; ties by place."""
    links = sparse.csr_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(len(xy), len(xy)))
    count, part = csgraph.connected_components(links, directed=False)
    length = np.bincount(part[ends[:, 0]], lengths(xy, ends), count)
    rank: np.ndarray = np.empty(count, dtype=np.int64)
    rank[np.argsort(-length, kind="stable")] = np.arange(count)
    numbered: np.ndarray = rank[part]
    return numbered


def _disconnected(streets: Streets) -> tuple[Finding, ...]:
    count = int(streets.part.max()) + 1
    if count == 1:
        return ()
    share = streets.main_share
    message = f"the streets are in {count:,} parts that do not connect; the longest has {share:.1%} of the length"
    remedy = "join lines where streets meet, or keep the longest part with streets.main()"
    return (
        Finding(
            "note" if share >= FEW_CONNECTED else "warning", "travel_parts", streets.source, message, remedy, count
        ),
    )
