"""Local Moran's I with its exact conditional permutation distribution, for all communities at once.

For community i with k neighbours the null draws k distinct values out of the other n − 1. One permutation draws m + 1
distinct places for everybody, m the largest number of neighbours. Whoever was not drawn among the first k takes the
mean of these; whoever was, takes the next one for itself. Given that a place is left out, the rest are still a uniform
draw of distinct others, so the distribution of each community is the conditional one; the draws of different
communities are not independent, as they are nowhere compared. Ranks come from one sorted list per k and a correction
for the few that were drawn: work of permutations × m + n × log(permutations), not n × permutations × k.

References
----------
Anselin, L. (1995). Local indicators of spatial association – LISA. Geographical Analysis 27, 93–115.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

BLOCK = 4_000_000
"""Cells of a block of permutations, so that memory stays small."""

FLAT = 1e-12
"""Values that vary less than this, relative to the largest, are all the same."""

TIE = 1e-12
"""A lag nearer than this to the observed one is equal to it and counts on both sides."""


@dataclass(frozen=True, eq=False)
class LocalMoran:
    """Local association of each value with its neighbours; arrays of shape (n,).

    Parameters
    ----------
    local : float array
        Iᵢ; 0 without neighbours.
    lag : float array
        Mean of the neighbours' standardised values; 0 without neighbours.
    quadrant : int array
        1 high–high, 2 low–high, 3 low–low, 4 high–low; 0 without neighbours or without any variation.
    p : float array
        Two-sided; 1 where ``quadrant`` is 0.
    moran : float
        Moran's I of all.
    """

    local: np.ndarray
    lag: np.ndarray
    quadrant: np.ndarray
    p: np.ndarray
    moran: float


def local_moran(y: np.ndarray, near: sparse.csr_array, permutations: int, seed: int) -> LocalMoran:
    """Compute local Moran's I and its p-values.

    Parameters
    ----------
    y : float array, shape (n,)
        None missing.
    near : csr_array of 0 and 1, shape (n, n)
        Neighbours; nothing on the diagonal. Rows are weighted to add up to one.
    permutations, seed : int

    Returns
    -------
    LocalMoran
    """
    size, count, spread = len(y), np.diff(near.indptr), float(y.std())
    varies = spread > FLAT * float(np.abs(y).max(initial=0.0))
    z = (y - y.mean()) / spread if varies else np.zeros(size)
    lag = np.divide(near @ z, count, out=np.zeros(size), where=count > 0)
    tested = (count > 0) & varies
    more, less = null_counts(z, lag, count, permutations, np.random.default_rng(seed))
    p = np.where(tested, np.minimum(2 * (np.minimum(more, less) + 1) / (permutations + 1), 1.0), 1.0)
    quadrant = np.where(tested, np.where(z > 0, np.where(lag > 0, 1, 4), np.where(lag > 0, 2, 3)), 0)
    return LocalMoran(z * lag * (size - 1) / size, lag, quadrant, p, float(z @ lag / max((count > 0).sum(), 1)))


def null_counts(
    z: np.ndarray, lag: np.ndarray, count: np.ndarray, permutations: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Count the permutations in which a lag is at least, and at most, as large as the one observed.

    Parameters
    ----------
    z : float array, shape (n,)
    lag : float array, shape (n,)
        Mean of the neighbours' values.
    count : int array, shape (n,)
        Neighbours of each, fewer than n; 0 for islands.
    permutations : int
    random : Generator

    Returns
    -------
    more, less : int array, shape (n,)
        0 for islands.
    """
    size, most = len(z), int(count.max(initial=0))
    more, less = np.zeros(size, np.int64), np.zeros(size, np.int64)
    if most == 0:
        return more, less
    block = max(1, BLOCK // (size if most**2 > size else most + 1))
    for start in range(0, permutations, block):
        drawn = draw_distinct(size, min(most + 1, size), min(block, permutations - start), random)
        sums = np.cumsum(z[drawn], axis=1)
        for neighbours in np.unique(count[count > 0]):
            who = np.flatnonzero(count == neighbours)
            above, below = _counts(z, lag[who], who, (drawn, sums), int(neighbours))
            more[who] += above
            less[who] += below
    return more, less


def _counts(
    z: np.ndarray, lag: np.ndarray, who: np.ndarray, draws: tuple[np.ndarray, np.ndarray], neighbours: int
) -> tuple[np.ndarray, np.ndarray]:
    """Both counts for the communities with as many neighbours."""
    drawn, sums = draws
    means = sums[:, neighbours - 1] / neighbours
    ordered = np.sort(means)
    tie = TIE * np.maximum(1.0, np.abs(lag))
    more = len(means) - np.searchsorted(ordered, lag - tie, "left")
    less = np.searchsorted(ordered, lag + tie, "right")
    place = np.full(len(z), -1)
    place[who] = np.arange(len(who))
    row, column = np.nonzero(place[drawn[:, :neighbours]] >= 0)
    own = drawn[row, column]
    here = place[own]
    before = means[row]
    after = before + (z[drawn[row, neighbours]] - z[own]) / neighbours
    low, high = lag[here] - tie[here], lag[here] + tie[here]
    more = more + np.bincount(here, (after >= low).astype(int) - (before >= low).astype(int), len(who)).astype(int)
    less = less + np.bincount(here, (after <= high).astype(int) - (before <= high).astype(int), len(who)).astype(int)
    return more, less


def draw_distinct(size: int, count: int, rows: int, random: np.random.Generator) -> np.ndarray:
    """Draw distinct places in random order, shape (rows, count).

    Parameters
    ----------
    size : int
        Places to draw from.
    count : int
        At most ``size``.
    rows : int
    random : Generator

    Returns
    -------
    int array, shape (rows, count)
    """
    if count**2 > size:
        places = np.tile(np.arange(size), (rows, 1))
        each = np.arange(rows)
        for column in range(count):
            other = random.integers(column, size, rows)
            places[each, column], places[each, other] = places[each, other], places[each, column]
        return places[:, :count]
    drawn = random.integers(0, size, (rows, count))
    while True:
        ordered = np.sort(drawn, axis=1)
        again = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
        if not len(again):
            return drawn
        drawn[again] = random.integers(0, size, (len(again), count))
