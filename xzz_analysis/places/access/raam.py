"""The rational agent access model: people weigh a farther service against a more crowded one.

At service j a person from i meets the cost ``c_ij = D_j / (ρ S_j) + t_ij / τ``: people D_j who go there over what it
offers, in units of the average, plus the way. Everybody chooses the cheapest, which crowds it, until nobody gains by
changing. That state minimises the convex function ``Φ = Σ_j D_j² / (2 ρ S_j) + Σ_ij x_ij t_ij / τ`` of the people x_ij
who go from i to j (Beckmann et al. 1956), so crowding and costs are unique, whatever the order of the data. People may
be divided between services in any fractions: with whole persons only, small places never move.

References
----------
Saxon, J. and Snow, D. (2020). A Rational Agent Model for the Spatial Accessibility of Primary Health Care. Annals of
the American Association of Geographers 110, 205–222.
Beckmann, M., McGuire, C. B. and Winsten, C. B. (1956). Studies in the Economics of Transportation. Yale University
Press.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from xzz_analysis.places.access.reach import Reach

GAP = 1e-6
"""Stop when people could save no more than this part of their costs by changing."""

WORK = 1.5e8
"""Stop after about so many looks at a pair in any case, but not before ``FEWEST`` rounds: in 20,000 places by 2,000
services people could then still save a thousandth of their costs."""

FEWEST, MOST = 150, 5000


@dataclass(frozen=True)
class Crowding:
    """The problem in units of the average: who goes, along which pairs, and how fast services fill up.

    Parameters
    ----------
    way : ndarray, shape (pairs,)
        Travel cost over τ.
    service : ndarray of int, shape (pairs,)
    row : ndarray of int, shape (pairs,)
    starts : ndarray of int, shape (rows,)
        First pair of each row; every row has one.
    people : ndarray, shape (rows,)
    filling : ndarray, shape (services,)
        Crowding that one more person adds, 1 / (ρ S).
    """

    way: np.ndarray
    service: np.ndarray
    row: np.ndarray
    starts: np.ndarray
    people: np.ndarray
    filling: np.ndarray

    def load(self, going: np.ndarray) -> np.ndarray:
        """People at each service, shape (services,)."""
        return np.bincount(self.service, going, len(self.filling))

    def costs(self, load: np.ndarray) -> np.ndarray:
        """Cost of every pair, shape (pairs,)."""
        return np.asarray((load * self.filling)[self.service] + self.way)


def equilibrium(reach: Reach, tau: float | None) -> np.ndarray:
    """Cost that people of each origin meet when nobody gains by changing.

    Parameters
    ----------
    reach : Reach
        Only which pairs are in reach counts, not their weights.
    tau : float, optional
        Travel cost that weighs as much as average crowding; the limit of the costs by default.

    Returns
    -------
    ndarray, shape (origins,)
        1 is what average crowding costs without a way. Those who reach nothing have the cost of the worst-off who do,
        or that of a way to the limit if it is more. Where nobody lives it is what one person would meet.
    """
    tau = tau or reach.limit or 1.0
    reached = reach.choices > 0
    least = reach.limit / tau
    result = np.full(len(reach.demand), least)
    if not reached.any():
        return result
    crowding = _crowding(reach, reached, tau)
    load = crowding.load(_settle(crowding))
    result[reached] = np.minimum.reduceat(crowding.costs(load), crowding.starts)
    result[~reached] = max(least, float(result[reached].max()))
    return result


def _crowding(reach: Reach, reached: np.ndarray, tau: float) -> Crowding:
    matrix: sparse.csr_array = reach.costs
    service = matrix.indices
    people, offered = reach.demand[reached], reach.supply[np.unique(service)]
    average = people.sum() / offered.sum()
    capacity = average * reach.supply
    filling = np.divide(1.0, capacity, out=np.zeros(len(capacity)), where=capacity > 0)
    counts = reach.choices[reached]
    row = np.repeat(np.arange(len(people)), counts)
    return Crowding(matrix.data / tau, service, row, matrix.indptr[:-1][reached], people, filling)


def _settle(crowding: Crowding) -> np.ndarray:
    """People on every pair when (nearly) nobody gains by changing."""
    pairs = np.arange(len(crowding.way))
    going = np.zeros(len(pairs))
    going[_first(crowding, crowding.way, pairs)] = crowding.people
    speed = 1.0
    for _ in range(int(np.clip(WORK / len(pairs), FEWEST, MOST))):
        costs = crowding.costs(crowding.load(going))
        best = _first(crowding, costs, pairs)
        if going @ costs - crowding.people @ costs[best] <= GAP * (going @ costs):
            break
        worst = _first(crowding, np.where(going > 0, -costs, np.inf), pairs)
        moving, part = _move(crowding, going, costs, (best, worst), speed)
        going[best] += moving
        going[worst] -= moving
        speed = speed * 1.5 if part == 1 else speed * max(part, 0.1)
    return going


def _move(
    crowding: Crowding, going: np.ndarray, costs: np.ndarray, ends: tuple[np.ndarray, np.ndarray], speed: float
) -> tuple[np.ndarray, float]:
    """How many change from their worst to their best service, so that Φ falls as far as it can this way."""
    best, worst = ends
    gain = costs[worst] - costs[best]
    into, out = crowding.service[best], crowding.service[worst]
    slowing = crowding.filling[into] + crowding.filling[out]
    wish = np.divide(speed * gain, slowing, out=np.zeros(len(gain)), where=slowing > 0)
    moving = np.where(into == out, 0.0, np.minimum(wish, going[worst]))
    change = np.bincount(into, moving, len(crowding.filling)) - np.bincount(out, moving, len(crowding.filling))
    bend = float(change**2 @ crowding.filling)
    part = min(1.0, float(moving @ gain) / bend) if bend > 0 else 1.0
    return part * moving, part


def _first(crowding: Crowding, values: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """The pair of the smallest value of each row, the first one of those alike."""
    smallest = np.minimum.reduceat(values, crowding.starts)
    return np.minimum.reduceat(np.where(values == smallest[crowding.row], pairs, len(pairs)), crowding.starts)
