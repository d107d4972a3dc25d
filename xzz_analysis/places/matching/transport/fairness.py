"""Fair shares: the lowest share met as high as it goes, then the next, and so on, found by a few maximum flows.

Everybody is first given the same share of what can be met in all. If the network can carry that, it is the answer.
If not, the minimum cut parts those who compete for too few places from the others; both are solved on their own, the
first with all the places they can use, the second with what is left. At each end everybody has the same share.

References
----------
Megiddo, N. (1974). Optimal flows in networks with multiple sources and sinks. Mathematical Programming 7, 97–107.
Fujishige, S. (1980). Lexicographically optimal base of a polymatroid with respect to a weight vector. Mathematics of
Operations Research 5, 186–196.
Groenevelt, H. (1991). Two algorithms for maximizing a separable concave function over a polymatroid feasible region.
European Journal of Operational Research 54, 227–236.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

LARGEST = 2e9
"""Flows are whole numbers of 32 bits; people are counted in the finest grid that fits."""

FINEST = 1e4
"""No finer than a ten-thousandth of a person."""


@dataclass(frozen=True, eq=False)
class Network:
    """Who may go where, in whole steps of a grid.

    Parameters
    ----------
    need : int array, shape (rows,)
    capacity : int array, shape (pools,)
    unit : int array, shape (rows,)
    weight : float array, shape (units,)
        What shares are of: people in need, in people.
    """

    need: np.ndarray
    capacity: np.ndarray
    unit: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True, eq=False)
class Part:
    """Units that are solved on their own.

    Parameters
    ----------
    units : int array
        Sorted.
    base : float array, shape (units,)
        Steps that each has for certain.
    total : float
        Steps that can be met beyond the base, all together.
    rows : int array
        Rows of these units that are still open.
    fixed, required : int array
        Rows of other units that are met in full from these pools, and their steps.
    pools : int array
    row, pool : int array, shape (pairs,)
        Positions in ``rows`` followed by ``fixed``, and in ``pools``.
    """

    units: np.ndarray
    base: np.ndarray
    total: float
    rows: np.ndarray
    fixed: np.ndarray
    required: np.ndarray
    pools: np.ndarray
    row: np.ndarray
    pool: np.ndarray


class Tight(NamedTuple):
    """What lies on the side of the minimum cut where people are left over: bool arrays over a part."""

    units: np.ndarray
    rows: np.ndarray
    fixed: np.ndarray
    pools: np.ndarray


def fair_totals(
    need: np.ndarray, capacity: np.ndarray, pairs: tuple[np.ndarray, np.ndarray], unit: np.ndarray, base: np.ndarray
) -> np.ndarray:
    """People met by unit when shares are fair.

    Parameters
    ----------
    need : float array, shape (rows,)
        People still to be met.
    capacity : float array, shape (pools,)
        Places still free.
    pairs : pair of int arrays
        Row and pool of each pair.
    unit : int array, shape (rows,)
        Numbered from 0.
    base : float array, shape (units,)
        People met already, who count in the shares.

    Returns
    -------
    float array, shape (units,)
        With the base, to about a ten-thousandth of a person. Their sum is the most that can be met.
    """
    grid = min(FINEST, LARGEST / max(float(need.sum()), 1.0))
    weight = np.bincount(unit, need, len(base)) + base
    need_steps, capacity_steps = (np.floor(values * grid + 1e-6).astype(np.int64) for values in (need, capacity))
    network = Network(need_steps, capacity_steps, unit, np.maximum(weight, 1e-12))
    met = base * grid
    waiting = [_whole(network, *pairs, met)] if need_steps.any() else []
    while waiting:
        part = waiting.pop()
        share = _same_share(part.total, network.weight[part.units], part.base)
        tight = _cut(network, part, share)
        if tight is None:
            met[part.units] += share
            continue
        crossing = ~tight.rows & tight.units[np.searchsorted(part.units, unit[part.rows])]
        place = np.searchsorted(part.units, unit[part.rows[crossing]])
        certain = np.bincount(place, network.need[part.rows[crossing]], len(part.units))
        met[part.units] += certain
        waiting += _two(network, part, tight, crossing, certain)
    return np.asarray(met / grid)


def _whole(network: Network, row: np.ndarray, pool: np.ndarray, base: np.ndarray) -> Part:
    """Everybody, and how many can be met in all."""
    units = np.flatnonzero(np.bincount(network.unit, network.need, len(base)) > 0)
    rows = np.flatnonzero(network.need > 0)
    place = np.full(len(network.need), -1)
    place[rows] = np.arange(len(rows))
    used = place[row] >= 0
    none = np.zeros(0, np.int64)
    pools = np.arange(len(network.capacity))
    part = Part(units, base[units], 0.0, rows, none, none, pools, place[row[used]], pool[used])
    own = np.bincount(network.unit, network.need, len(base))[units]
    flow = maximum_flow(_graph(network, part, own), 0, _sink(part))
    return Part(units, base[units], float(flow.flow_value), rows, none, none, pools, part.row, part.pool)


def _same_share(total: float, weight: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Fill up to one share of the weights that uses the total; who has more already gets nothing."""
    order = np.argsort(base / weight, kind="stable")
    start = (base / weight)[order]
    share = (total + np.cumsum(base[order])) / np.cumsum(weight[order])
    last = int(np.argmax(share <= np.append(start[1:], np.inf)))
    return np.asarray(np.maximum(share[last] * weight - base, 0.0))


def _sink(part: Part) -> int:
    return 1 + len(part.units) + len(part.rows) + len(part.fixed) + len(part.pools)


def _graph(network: Network, part: Part, given: np.ndarray) -> sparse.csr_matrix:
    """Source 0, units (as many as given), their rows, fixed rows, pools, sink."""
    units, rows, fixed, pools = (len(some) for some in (part.units, part.rows, part.fixed, part.pools))
    first_row, first_fixed = 1 + units, 1 + units + rows
    first_pool = first_fixed + fixed
    place = np.searchsorted(part.units, network.unit[part.rows])
    most = np.concatenate([network.need[part.rows], part.required])
    arcs = [
        (np.zeros(units, int), 1 + np.arange(units), np.floor(given)),
        (1 + place, first_row + np.arange(rows), network.need[part.rows]),
        (np.zeros(fixed, int), first_fixed + np.arange(fixed), part.required),
        (first_row + part.row, first_pool + part.pool, most[part.row]),
        (first_pool + np.arange(pools), np.full(pools, _sink(part)), network.capacity[part.pools]),
    ]
    start, end, steps = (np.concatenate(column) for column in zip(*arcs, strict=True))
    steps = np.minimum(steps, LARGEST).astype(np.int32)
    return sparse.csr_matrix((steps, (start, end)), shape=(_sink(part) + 1, _sink(part) + 1))


def _cut(network: Network, part: Part, share: np.ndarray) -> Tight | None:
    """Those who compete for too few places when each asks for this share; None when all of it can be met."""
    if len(part.units) < 2 or part.total < 1:
        return None
    graph = _graph(network, part, share)
    found = maximum_flow(graph, 0, _sink(part))
    if found.flow_value >= int(np.floor(share).sum() + part.required.sum()):
        return None
    left = graph - found.flow
    left.eliminate_zeros()
    reached = np.zeros(_sink(part) + 1, bool)
    reached[breadth_first_order(left, 0, return_predecessors=False)] = True
    sizes = [len(some) for some in (part.units, part.rows, part.fixed)]
    tight = Tight(*np.split(reached[1:-1], np.cumsum(sizes)))
    stuck = not tight.units.any() or (tight.units.all() and tight.rows.all() and tight.pools.all())
    return None if stuck else tight


def _two(network: Network, part: Part, tight: Tight, crossing: np.ndarray, certain: np.ndarray) -> list[Part]:
    """The tight side, and the others with the rows of the tight side that are met in full outside it."""
    inside = tight.units[np.searchsorted(part.units, network.unit[part.rows])]
    total = float(network.capacity[part.pools[tight.pools]].sum() - part.required[tight.fixed].sum())
    base = part.base + certain
    none = np.zeros(len(part.rows), bool)
    one = _sub(network, part, tight.units, (inside & tight.rows, tight.fixed, none), tight.pools, (base, total))
    rest = part.total - total - float(certain.sum())
    other = _sub(network, part, ~tight.units, (~inside, ~tight.fixed, crossing), ~tight.pools, (base, rest))
    return [some for some in (one, other) if len(some.units)]


def _sub(
    network: Network,
    part: Part,
    units: np.ndarray,
    rows: tuple[np.ndarray, np.ndarray, np.ndarray],
    pools: np.ndarray,
    figures: tuple[np.ndarray, float],
) -> Part:
    """A part of a part; rows are those that stay open, those that stay fixed, and open ones that become fixed."""
    stay, fixed, become = (np.flatnonzero(some) for some in rows)
    place = np.full(len(part.rows) + len(part.fixed), -1)
    kept = np.concatenate([stay, len(part.rows) + fixed, become])
    place[kept] = np.arange(len(kept))
    seat = np.full(len(part.pools), -1)
    seat[np.flatnonzero(pools)] = np.arange(int(pools.sum()))
    used = (place[part.row] >= 0) & (seat[part.pool] >= 0)
    base, total = figures
    return Part(
        part.units[units],
        base[units],
        max(total, 0.0),
        part.rows[stay],
        np.concatenate([part.fixed[fixed], part.rows[become]]),
        np.concatenate([part.required[fixed], network.need[part.rows[become]]]),
        part.pools[pools],
        place[part.row[used]],
        seat[part.pool[used]],
    )
