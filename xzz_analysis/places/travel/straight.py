"""Straight lines between places, block by block, so that memory holds the pairs found and little else."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from xzz_analysis.errors import InputError
from xzz_analysis.places.travel.measured import Legs, Measured
from xzz_analysis.places.travel.points import Points

CELLS_AT_ONCE = 16_000_000
"""Pairs a block may find at most (384 MB, if every place were near every other)."""
MOST_PAIRS = 150_000_000
"""Pairs a cost may hold (1.8 GB)."""


def by_straight_line(origins: Points, destinations: Points, limit: float, detour: float) -> Measured:
    """Measure straight lines times a detour.

    Parameters
    ----------
    origins, destinations : Points
    limit : float
        Metres, detour included; pairs up to and including it are kept.
    detour : float
        At least 1.

    Returns
    -------
    Measured
    """
    matrix = straight(origins.xy, destinations.xy, limit / detour)
    matrix.data *= detour
    method = {"zh": f"直线距离×{detour:g}", "en": f"straight line × {detour:g}"}
    return Measured(matrix, method)


def straight(origins: np.ndarray, destinations: np.ndarray, limit: float, legs: Legs | None = None) -> sparse.csr_array:
    """Measure straight lines within a limit.

    Parameters
    ----------
    origins, destinations : ndarray of float, shape (places, 2)
        Metres; NaN for a place that is not known.
    limit : float
        Metres; pairs up to and including it are kept.
    legs : Legs, optional
        With them, only pairs that are no farther apart than both are from the street together.

    Returns
    -------
    csr_array of float, shape (origins, destinations)
        Metres; a stored 0.0 is a real zero.

    Raises
    ------
    InputError
        There are more pairs than memory should hold.
    """
    known = np.flatnonzero(~np.isnan(destinations[:, 0]))
    tree = cKDTree(destinations[known])
    size = max(CELLS_AT_ONCE // max(len(known), 1), 1)
    placed = np.flatnonzero(~np.isnan(origins[:, 0]))
    blocks: list[sparse.csr_array] = []
    for first in range(0, len(placed), size):
        rows = placed[first : first + size]
        found = cKDTree(origins[rows]).sparse_distance_matrix(tree, limit, output_type="ndarray")
        row, column, metre = found["i"].astype(np.int32), found["j"].astype(np.int32), found["v"]
        if legs is not None:
            near = metre <= legs.origins[rows][row] + legs.destinations[known][column]
            row, column, metre = row[near], column[near], metre[near]
        blocks.append(sparse.csr_array((metre, (row, column)), shape=(len(rows), len(known))))
        _enough(sum(block.nnz for block in blocks), limit)
    return _spread(blocks, placed, known, (len(origins), len(destinations)))


def _spread(
    blocks: list[sparse.csr_array], rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]
) -> sparse.csr_array:
    """Blocks of known places one below the other, as a matrix of all places."""
    if len(blocks) == 1 and blocks[0].shape == shape:
        return blocks[0]
    if not blocks:
        return sparse.csr_array(shape)
    count = np.zeros(shape[0] + 1, dtype=np.int64)
    count[rows + 1] = np.concatenate([np.diff(block.indptr) for block in blocks])
    indices = columns.astype(np.int32)[np.concatenate([block.indices for block in blocks])]
    return sparse.csr_array((np.concatenate([block.data for block in blocks]), indices, np.cumsum(count)), shape=shape)


def shortest(first: sparse.csr_array, second: sparse.csr_array) -> sparse.csr_array:
    """Take the lower of two costs where both are there, else the one that is.

    Parameters
    ----------
    first, second : csr_array of float
        Of the same shape, indices sorted.

    Returns
    -------
    csr_array of float
    """
    if not second.nnz:
        return first
    width = first.shape[1]
    pair, other = (
        np.repeat(np.arange(one.shape[0]) * width, np.diff(one.indptr)) + one.indices for one in (first, second)
    )
    place = np.searchsorted(pair, other)
    both = np.append(pair, -1)[place] == other
    cost = first.data.copy()
    cost[place[both]] = np.minimum(cost[place[both]], second.data[both])
    pair, cost = np.insert(pair, place[~both], other[~both]), np.insert(cost, place[~both], second.data[~both])
    ends = np.searchsorted(pair, np.arange(first.shape[0] + 1) * width)
    return sparse.csr_array((cost, pair % width, ends), shape=first.shape)


def _enough(pairs: int, limit: float) -> None:
    if pairs > MOST_PAIRS:
        raise InputError(
            f"more than {MOST_PAIRS:,} pairs are within {limit:,.0f} m of each other, more than memory should hold; "
            "lower the limit, or gather the origins into areas first"
        )
