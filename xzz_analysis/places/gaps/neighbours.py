"""Neighbours: which communities lie beside which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.spatial import KDTree

from xzz_analysis.errors import InputError
from xzz_analysis.places.travel.cost import Cost

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Who is whose neighbour; nobody is a neighbour of themselves.

    Parameters
    ----------
    ids : Index of str
        Unique.
    matrix : csr_array of 0 and 1, shape (ids, ids)
        1 in a row where the column is a neighbour; it need not be symmetric.

    Raises
    ------
    InputError
        Repeated ids, or a matrix of another shape.
    """

    ids: pd.Index
    matrix: sparse.csr_array

    def __post_init__(self) -> None:
        if not self.ids.is_unique:
            raise InputError(f"{int(self.ids.duplicated().sum())} ids are there twice; give every community its own")
        if self.matrix.shape != (len(self.ids), len(self.ids)):
            raise InputError(
                f"neighbours of {len(self.ids)} communities cannot be a matrix of shape {self.matrix.shape}"
            )
        matrix = sparse.csr_array(self.matrix, dtype=float).tocoo()
        other = (matrix.row != matrix.col) & (matrix.data != 0)
        places = matrix.row[other], matrix.col[other]
        ones = sparse.csr_array((np.ones(len(places[0])), places), shape=matrix.shape)
        ones.sum_duplicates()
        ones.data[:] = 1.0
        object.__setattr__(self, "matrix", ones)

    @property
    def count(self) -> pd.Series:
        """How many neighbours each has: int, on the ids."""
        return pd.Series(np.diff(self.matrix.indptr), index=self.ids, name="neighbours")

    def among(self, ids: pd.Index) -> Neighbours:
        """The neighbours among some ids, in their order."""
        if self.ids.equals(ids):
            return self
        place = self.ids.get_indexer(ids)
        if (place < 0).any():
            raise InputError(f"{int((place < 0).sum())} of {len(ids)} communities are not among those with neighbours")
        return Neighbours(ids, self.matrix[place][:, place])


def from_pairs(ids: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Neighbours:
    """Neighbours as people name them: each pair is taken both ways.

    Parameters
    ----------
    ids : sequence of str
    pairs : sequence of pairs of str

    Returns
    -------
    Neighbours
    """
    index = pd.Index([str(one) for one in ids])
    one, other = (index.get_indexer(pd.Index([pair[side] for pair in pairs], dtype=object)) for side in (0, 1))
    if (np.minimum(one, other) < 0).any():
        raise InputError(f"{int((np.minimum(one, other) < 0).sum())} pairs of neighbours name an unknown community")
    rows, columns = np.concatenate([one, other]), np.concatenate([other, one])
    return Neighbours(index, sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(index), len(index))))


def contiguous(layer: gpd.GeoDataFrame) -> Neighbours:
    """Areas that share a border or a corner (queen contiguity).

    Parameters
    ----------
    layer : GeoDataFrame
        Polygons, indexed by id; in any coordinates, since only touching counts.

    Returns
    -------
    Neighbours
        Symmetric; areas that overlap by a sliver are neighbours, islands have none.
    """
    one, other = layer.sindex.query(layer.geometry, predicate="intersects")
    ones = sparse.csr_array((np.ones(len(one)), (one, other)), shape=(len(layer), len(layer)))
    return Neighbours(layer.index, ones)


def nearest(points: gpd.GeoDataFrame, count: int) -> Neighbours:
    """The nearest communities of each; of several at the same distance those that come first by id.

    Parameters
    ----------
    points : GeoDataFrame
        Points (or areas, whose centroids are taken) in metres, indexed by id.
    count : int
        At least 1, fewer than there are communities.

    Returns
    -------
    Neighbours
        Each has ``count``; being near need not be mutual.

    Raises
    ------
    InputError
        Coordinates in degrees, or a count that cannot be had.
    """
    if points.crs is None or points.crs.is_geographic:
        raise InputError("distances between communities need a metric layer; reproject it first (datum.metric)")
    if not 1 <= count < len(points):
        raise InputError(
            f"{count} neighbours of {len(points)} communities cannot be had; ask for 1 to {len(points) - 1}"
        )
    ordered = points.sort_index()
    middle = ordered.geometry.centroid
    place = np.column_stack([middle.x, middle.y])
    reach = KDTree(place).query(place, k=count + 1)[0][:, -1]
    rows, columns, far = _within(place, reach)
    order = np.lexsort((columns, far, rows))
    rank = np.arange(len(order)) - np.searchsorted(rows[order], rows[order])
    kept = order[rank < count]
    ones = sparse.csr_array((np.ones(len(kept)), (rows[kept], columns[kept])), shape=(len(place), len(place)))
    return Neighbours(ordered.index, ones).among(points.index)


def _within(place: np.ndarray, reach: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of others within a reach of each, with their distance."""
    tree = KDTree(place)
    found = tree.query_ball_point(place, reach * (1 + 1e-12))
    rows = np.repeat(np.arange(len(place)), [len(near) for near in found])
    columns = np.concatenate([np.asarray(near, int) for near in found])
    other = rows != columns
    rows, columns = rows[other], columns[other]
    return rows, columns, np.hypot(*(place[rows] - place[columns]).T)


def within(cost: Cost) -> Neighbours:
    """Communities within the limit of a travel cost from community to community.

    Parameters
    ----------
    cost : Cost
        With the same origins and destinations.

    Returns
    -------
    Neighbours

    Raises
    ------
    InputError
        Origins and destinations differ.
    """
    if set(cost.origins) != set(cost.destinations):
        raise InputError("neighbours need a travel cost from communities to the same communities")
    order = cost.destinations.get_indexer(cost.origins)
    matrix = cost.matrix[:, order]
    ones = sparse.csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    return Neighbours(cost.origins, ones)
