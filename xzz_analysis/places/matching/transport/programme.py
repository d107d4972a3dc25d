"""Allocation as a transport problem: linear programmes in a row, each keeping what the last one reached.

People of a need (rows) go to places of an organisation (pools) along candidates (pairs). The programme is built in the
order of ids, so equal tables in any order give the same answer.

References
----------
Huangfu, Q. and Hall, J. A. J. (2018). Parallelizing the dual revised simplex method. Mathematical Programming
Computation 10, 119–142 (HiGHS).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.places.matching.orders import Locks
from xzz_analysis.places.matching.transport.fairness import fair_totals

MET, NEARER, BY_ID = 1e4, 1.0, 1e-4
"""What one person met, the limit of travel and the order of ids weigh, where travel only breaks ties."""

SLACKS = (-1e-3, 1e-3, 1e-2, 1.0)
"""People by which an allocation may miss fair totals, which are found on a grid; the first that works.

Below 0: a total so near to a whole number is that number.
"""

WHOLE = 1e-6
"""A solution nearer than this to a whole number is that number (HiGHS keeps constraints to 1e-7)."""


@dataclass(frozen=True, eq=False)
class Programme:
    """One allocation problem.

    Parameters
    ----------
    need : float array, shape (rows,)
    capacity : float array, shape (pools,)
    row, pool : int array, shape (pairs,)
    cost : float array, shape (pairs,)
        Divided by the limit: 0 to 1.
    unit : int array, shape (rows,)
        Whom shares are compared between: the community of each row.
    locks : Locks
    present : float array, shape (pairs,)
        People served now; zeros where nothing is known.
    """

    need: np.ndarray
    capacity: np.ndarray
    row: np.ndarray
    pool: np.ndarray
    cost: np.ndarray
    unit: np.ndarray
    locks: Locks
    present: np.ndarray

    def units(self) -> sparse.csr_array:
        """1 where a pair is of a unit, shape (units, pairs)."""
        return _ones(self.unit[self.row], int(self.unit.max(initial=-1)) + 1)

    def with_need(self, need: np.ndarray) -> Programme:
        """The same problem with other needs."""
        return replace(self, need=need)


@dataclass(frozen=True, eq=False)
class System:
    """Constraints ``at_most @ x ≤ limit``, ``equal @ x = value`` and ``0 ≤ x ≤ top``."""

    at_most: sparse.csr_array
    limit: np.ndarray
    equal: sparse.csr_array
    value: np.ndarray
    top: np.ndarray

    def minimise(self, weights: np.ndarray) -> Any:
        """Solve it; scipy's result."""
        bounds = np.column_stack([np.zeros(len(self.top)), self.top])
        return linprog(weights, self.at_most, self.limit, self.equal, self.value, bounds, method="highs")

    def keeping(self, weights: np.ndarray, limit: float) -> System:
        """Also keep ``weights @ x ≤ limit``."""
        at_most = sparse.csr_array(sparse.vstack([self.at_most, sparse.csr_array(weights[None])]))
        return replace(self, at_most=at_most, limit=np.append(self.limit, limit))

    def with_variables(self, equal: sparse.csr_array, top: np.ndarray) -> System:
        """Add variables that equations ``equal @ (x, new) = 0`` tie to the old ones."""
        new = len(top)

        def wider(matrix: sparse.csr_array) -> sparse.csr_array:
            return sparse.csr_array(sparse.hstack([matrix, sparse.csr_array((matrix.shape[0], new))]))

        rows = sparse.csr_array(sparse.vstack([wider(self.equal), equal]))
        value = np.concatenate([self.value, np.zeros(equal.shape[0])])
        return System(wider(self.at_most), self.limit, rows, value, np.concatenate([self.top, top]))


def solve(programme: Programme, objective: str, keep: float = 1.0) -> np.ndarray:
    """Allocate people.

    Parameters
    ----------
    programme : Programme
    objective : "most_need", "least_travel", "fair" or "least_change"
    keep : float
        Share of the most need that can be met which ``least_travel`` and ``least_change`` must still meet.

    Returns
    -------
    float array, shape (pairs,)
        People; whole where needs, capacities and locks are.

    Raises
    ------
    InputError
        The locks cannot all be kept; those that fall short are named.
    """
    if not len(programme.row):
        return np.zeros(0)
    system = _system(programme)
    first = system.minimise(_most(programme))
    if first.status == 2:
        raise _infeasible(programme)
    if objective == "most_need":
        return _clean(_solution(first), programme)
    if objective == "fair":
        return _clean(_fair(programme, system, _clean(_solution(first), programme)), programme)
    most = _clean(_solution(first), programme).sum()
    kept = system.keeping(-np.ones(len(programme.row)), -keep * most * (1 - 1e-12))
    found = _least_travel(programme, kept) if objective == "least_travel" else _least_change(programme, kept)
    return _clean(found, programme)


def one_more(programme: Programme, people: np.ndarray) -> np.ndarray:
    """How many more people each pool would let be met with one more place, at an allocation that meets the most.

    Parameters
    ----------
    programme : Programme
    people : float array, shape (pairs,)
        An allocation that meets the most need.

    Returns
    -------
    float array, shape (pools,)
        1 where somebody unmet could come in, directly or because others move over; else 0.

    Notes
    -----
    This is the right-hand derivative of the most need met in the capacity (the shadow price); the marginals of a solver
    are one of many at a degenerate solution. Somebody whom a lock holds does not move.
    """
    rows, pools = len(programme.need), len(programme.capacity)
    met = np.bincount(programme.row, people, rows)
    held = np.asarray(programme.locks.rows.sum(axis=0)).ravel() > 0 if len(programme.locks.people) else False
    forward = sparse.csr_array((np.ones(len(people)), (programme.row, programme.pool)), shape=(rows, pools))
    moves = (people > WHOLE) & ~np.asarray(held)
    back = sparse.csr_array((moves.astype(float), (programme.pool, programme.row)), shape=(pools, rows))
    waiting, seen = programme.need - met > WHOLE, np.zeros(pools, bool)
    while True:
        reached = (forward.T @ waiting.astype(float) > 0) & ~seen
        if not reached.any():
            return seen.astype(float)
        seen |= reached
        waiting = waiting | (back.T @ reached.astype(float) > 0)


def _system(programme: Programme) -> System:
    locks = programme.locks
    sums = [_ones(programme.row, len(programme.need)), _ones(programme.pool, len(programme.capacity))]
    loose = sparse.csr_array(-locks.rows[np.flatnonzero(~locks.exact)])
    limit = np.concatenate([programme.need, programme.capacity, -locks.people[~locks.exact]])
    equal = sparse.csr_array(locks.rows[np.flatnonzero(locks.exact)])
    top = np.full(len(programme.row), np.inf)
    return System(sparse.csr_array(sparse.vstack([*sums, loose])), limit, equal, locks.people[locks.exact], top)


def _ones(position: np.ndarray, size: int) -> sparse.csr_array:
    """1 at each pair's position, shape (size, pairs)."""
    return sparse.csr_array((np.ones(len(position)), (position, np.arange(len(position)))), shape=(size, len(position)))


def _ties(programme: Programme) -> np.ndarray:
    """Less where travel is shorter, then where the ids of both come earlier."""
    rows, pools = max(len(programme.need), 1), max(len(programme.capacity), 1)
    earlier = (1 - programme.row / rows) * (1 - programme.pool / pools)
    return np.asarray(NEARER * programme.cost - BY_ID * earlier)


def _most(programme: Programme) -> np.ndarray:
    return _ties(programme) - MET


def _least_travel(programme: Programme, system: System) -> np.ndarray:
    """Travel alone counts; ids break its ties a hundred times more weakly than elsewhere."""
    ties = _ties(programme) - NEARER * programme.cost
    return _solution(system.minimise(100 * programme.cost + ties))


def _least_change(programme: Programme, system: System) -> np.ndarray:
    """Pairs are split into people more and people fewer than now."""
    pairs = len(programme.row)
    start = sparse.csr_array(
        sparse.hstack([sparse.eye_array(pairs), -sparse.eye_array(pairs), sparse.eye_array(pairs)])
    )
    wide = system.with_variables(start, np.concatenate([np.full(pairs, np.inf), programme.present]))
    value = wide.value.copy()
    value[len(value) - pairs :] = programme.present
    weights = np.concatenate([_ties(programme), np.full(2 * pairs, MET)])
    return _solution(replace(wide, value=value).minimise(weights))[:pairs]


def _fair(programme: Programme, system: System, most: np.ndarray) -> np.ndarray:
    """Find fair shares, then the allocation with the least travel that gives them.

    People whom a lock asks for keep the places they have in ``most``; the others share what is left. Where all is whole
    so are the shares: each unit's people are rounded down or up, up first where the share is lowest.
    """
    held, free = _held(programme, most)
    need = programme.need - np.bincount(programme.row, held, len(programme.need))
    capacity = programme.capacity - np.bincount(programme.pool, held, len(programme.capacity))
    pairs = (programme.row[free], programme.pool[free])
    units = programme.units()
    totals = fair_totals(np.maximum(need, 0), np.maximum(capacity, 0), pairs, programme.unit, units @ held)
    everybody = np.bincount(programme.unit, programme.need, len(totals))
    found: Any = None
    for slack in SLACKS:
        low, high = (np.floor(totals - slack), np.ceil(totals + slack)) if _whole(programme) else _near(totals, slack)
        share = np.divide(low, everybody, out=np.ones(len(low)), where=everybody > 0)
        limit = np.concatenate([system.limit, high, -low])
        bounded = replace(system, at_most=_stack(system.at_most, _stack(units, -units)), limit=limit)
        found = bounded.minimise(_ties(programme) - MET * (2 - share)[programme.unit[programme.row]])
        if found.x is not None:
            break
    return _solution(found)


def _near(totals: np.ndarray, slack: float) -> tuple[np.ndarray, np.ndarray]:
    return totals - abs(slack), totals + abs(slack)


def _held(programme: Programme, most: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """People by pair whom locks ask for, and the pairs that others may still take."""
    held, free = np.zeros(len(most)), np.ones(len(most), bool)
    locks = programme.locks
    for row, people, exact in zip(locks.rows.toarray() > 0, locks.people, locks.exact, strict=True):
        pairs = np.flatnonzero(row)
        rest = np.maximum(people - held[pairs].sum(), 0.0)
        room = most[pairs] - held[pairs]
        held[pairs] += np.clip(rest - (np.cumsum(room) - room), 0.0, room)
        free[pairs] &= not exact
    return held, free


def _stack(one: sparse.csr_array, other: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array(sparse.vstack([one, other]))


def _whole(programme: Programme) -> bool:
    given = (programme.need, programme.capacity, programme.locks.people, programme.present)
    return all(np.array_equal(values, np.round(values)) for values in given)


def _solution(result: Any) -> np.ndarray:
    """The solver's numbers; a programme that was feasible before has a solution."""
    if result.x is None:
        raise InputError(f"the solver found no allocation ({result.message}); needs and capacities may be too large")
    return np.asarray(result.x, float)


def _clean(people: np.ndarray, programme: Programme) -> np.ndarray:
    near = np.round(people)
    return np.maximum(np.where(np.abs(people - near) < WHOLE * np.maximum(1, near), near, people), 0.0)


def _infeasible(programme: Programme) -> InputError:
    """Which locks fall short when as few people as possible are left out of them."""
    locks = programme.locks
    short = replace(locks, rows=sparse.csr_array((0, len(programme.row))), people=np.zeros(0), exact=np.zeros(0, bool))
    system = _system(replace(programme, locks=short))
    count = len(locks.people)
    tied = sparse.csr_array(sparse.hstack([locks.rows, sparse.eye_array(count), -sparse.eye_array(count)]))
    over = np.where(locks.exact, 0.0, np.inf)
    wide = system.with_variables(tied, np.concatenate([np.full(count, np.inf), over]))
    value = wide.value.copy()
    value[len(value) - count :] = locks.people
    pairs = len(programme.row)
    weights = np.concatenate([np.zeros(pairs), np.ones(count), np.zeros(count)])
    missing = _solution(replace(wide, value=value).minimise(weights))[pairs : pairs + count]
    return InputError(
        f"the {count} locks cannot all be kept: there are not enough places, or not enough people in need",
        [_short(order, people) for order, people in zip(locks.orders, missing, strict=True) if people > WHOLE],
    )


def _short(order: object, people: float) -> Finding:
    return Finding(
        "error",
        "lock_short",
        "orders",
        f"{order}: {people:g} people too many beside the other locks, the capacity and the need",
        "lower this order or another of the same organisation or community",
    )
