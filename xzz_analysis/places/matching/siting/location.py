"""Location problems as integer programmes: cover the most people, and travel least among those who are covered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from xzz_analysis.errors import InputError

TIES = 1e-3
"""All ids together weigh less than this share of a person (or of the smallest demand)."""

MOST = 1e4
"""One person covered against the limit of travel, where people are counted for open sites."""


@dataclass(frozen=True, eq=False)
class Sites:
    """People and the places where services are or could be.

    Parameters
    ----------
    communities, ids : Index of str
        Rows and columns, each in the order of ids.
    demand : float array, shape (communities,)
        Above 0.
    matrix : csr_array, shape (communities, sites)
        Stored entries are pairs within the limit; "pairs" below are in their order.
    is_new : bool array, shape (sites,)
        Candidates; the others are open.
    capacity : float array, shape (sites,), or None
        None where a service takes everybody within the limit.
    limit : float
    """

    communities: pd.Index
    ids: pd.Index
    demand: np.ndarray
    matrix: sparse.csr_array
    is_new: np.ndarray
    capacity: np.ndarray | None
    limit: float

    @property
    def row(self) -> np.ndarray:
        """Community of each pair."""
        return np.repeat(np.arange(self.matrix.shape[0]), np.diff(self.matrix.indptr))

    @property
    def site(self) -> np.ndarray:
        """Site of each pair."""
        return np.asarray(self.matrix.indices)

    def near(self, opened: np.ndarray) -> np.ndarray:
        """Open sites within the limit of each community."""
        return np.bincount(self.row, opened[self.site].astype(float), len(self.demand))

    def reach(self, people: np.ndarray) -> np.ndarray:
        """People (by community) within the limit of each site."""
        return np.bincount(self.site, people[self.row], len(self.ids))

    def value(self, opened: np.ndarray) -> float:
        """People covered by the open sites."""
        return float(assign(self, opened).sum())

    def adds(self, opened: np.ndarray) -> np.ndarray:
        """People each site adds to the other open ones, shape (sites,)."""
        if self.capacity is None:
            near = self.near(opened)
            return np.where(opened, self.reach(self.demand * (near == 1)), self.reach(self.demand * (near == 0)))
        people = assign(self, opened)
        left = self.demand - np.bincount(self.row, people, len(self.demand))
        found = np.where(opened, np.nan, np.where(self.reach(left) >= self.capacity, self.capacity, np.nan))
        found = np.where(np.minimum(self.capacity, self.reach(self.demand)) > 0, found, 0.0)
        for place in np.flatnonzero(np.isnan(found)):
            other = opened.copy()
            other[place] = not opened[place]
            found[place] = abs(self.value(other) - people.sum())
        return found


@dataclass(frozen=True, eq=False)
class Located:
    """A choice of sites.

    Parameters
    ----------
    open : bool array, shape (sites,)
        Chosen or open already.
    people : float array, shape (pairs,)
        People counted for each site.
    bound : float
        No choice covers more.
    """

    open: np.ndarray
    people: np.ndarray
    bound: float

    @property
    def covered(self) -> float:
        """People covered."""
        return float(self.people.sum())


class System(NamedTuple):
    """Minimise ``weights @ x`` with ``matrix @ x ≤ limit``; ``x`` are the sites, then people up to ``top``."""

    weights: np.ndarray
    matrix: sparse.csr_array
    limit: np.ndarray
    top: float


def cover(problem: Sites, count: int, seconds: float) -> Located:
    """Choose the sites that cover the most people.

    Parameters
    ----------
    problem : Sites
    count : int
    seconds : float

    Returns
    -------
    Located
    """
    if problem.capacity is not None:
        return _by_pairs(problem, count, seconds)
    rows = len(problem.demand)
    near = sparse.csr_array((np.ones(problem.matrix.nnz), problem.site, problem.matrix.indptr), problem.matrix.shape)
    matrix = sparse.csr_array(sparse.hstack([-near, sparse.eye_array(rows)]))
    weights = np.concatenate([_by_id(problem), -problem.demand])
    return _solve(problem, count, seconds, System(weights, matrix, np.zeros(rows), 1.0))


def median(problem: Sites, count: int, best: Located, seconds: float) -> Located:
    """Choose the sites with the least travel among those that cover as many people as ``best``.

    Parameters
    ----------
    problem : Sites
    count : int
    best : Located
    seconds : float

    Returns
    -------
    Located
    """
    found = _by_pairs(problem, count, seconds, least=best.covered)
    return Located(found.open, found.people, best.bound)


def greedy(problem: Sites, count: int) -> Located:
    """Take the sites one after the other, each where it adds most; the first id where several do.

    Parameters
    ----------
    problem : Sites
    count : int

    Returns
    -------
    Located
    """
    opened = ~problem.is_new
    for _ in range(count):
        added = np.where(opened, -1.0, problem.adds(opened))
        opened = opened.copy()
        opened[int(np.argmax(added))] = True
    return Located(opened, assign(problem, opened), float(problem.demand.sum()))


def assign(problem: Sites, opened: np.ndarray) -> np.ndarray:
    """Count people for open sites: the nearest one, or the most people with the least travel within capacities.

    Parameters
    ----------
    problem : Sites
    opened : bool array, shape (sites,)

    Returns
    -------
    float array, shape (pairs,)
    """
    people = np.zeros(problem.matrix.nnz)
    pairs = np.flatnonzero(opened[problem.site])
    row, site, cost = problem.row[pairs], problem.site[pairs], problem.matrix.data[pairs]
    if not len(pairs):
        return people
    if problem.capacity is None:
        order = np.lexsort((site, cost, row))
        first = order[np.unique(row[order], return_index=True)[1]]
        people[pairs[first]] = problem.demand[row[first]]
        return people
    sums = sparse.vstack([_ones(row, len(problem.demand)), _ones(site, len(problem.ids))])
    limit = np.concatenate([problem.demand, problem.capacity])
    result = linprog(cost / (problem.limit or 1.0) - MOST, sparse.csr_array(sums), limit, method="highs")
    people[pairs] = np.maximum(result.x, 0.0)
    return people


def _by_pairs(problem: Sites, count: int, seconds: float, least: float | None = None) -> Located:
    """People are counted pair by pair; without capacities a site has room for everybody near it.

    With ``least`` travel is minimised while as many people are covered.
    """
    row, site = problem.row, problem.site
    rows, sites, pairs = len(problem.demand), len(problem.ids), len(row)
    room = problem.reach(problem.demand) if problem.capacity is None else problem.capacity
    met = sparse.hstack([sparse.csr_array((rows, sites)), _ones(row, rows)])
    held = sparse.hstack([-sparse.diags_array(room), _ones(site, sites)])
    opened = sparse.csr_array((-problem.demand[row], (np.arange(pairs), site)), (pairs, sites))
    near = sparse.hstack([opened, sparse.eye_array(pairs)])
    kept = sparse.hstack([sparse.csr_array((1, sites)), sparse.csr_array(-np.ones((1, pairs)))])
    limits = [problem.demand, np.zeros(sites), np.zeros(pairs), np.array([-(least or 0.0) * (1 - 1e-9)])]
    each = -np.ones(pairs) if least is None else problem.matrix.data / (problem.limit or 1.0)
    weights = np.concatenate([_by_id(problem), each])
    system = System(weights, sparse.csr_array(sparse.vstack([met, held, near, kept])), np.concatenate(limits), np.inf)
    return _solve(problem, count, seconds, system)


def _solve(problem: Sites, count: int, seconds: float, system: System) -> Located:
    """Sites are 0 or 1, open ones stay, ``count`` candidates are opened."""
    sites, others = len(problem.ids), len(system.weights) - len(problem.ids)
    if not sites or not others:
        return Located(~problem.is_new, np.zeros(problem.matrix.nnz), 0.0)
    lower = np.concatenate([(~problem.is_new).astype(float), np.zeros(others)])
    upper = np.concatenate([np.ones(sites), np.full(others, system.top)])
    new = np.concatenate([problem.is_new.astype(float), np.zeros(others)])
    result: Any = milp(
        system.weights,
        integrality=np.concatenate([np.ones(sites), np.zeros(others)]),
        bounds=Bounds(lower, upper),
        constraints=[LinearConstraint(system.matrix, ub=system.limit), LinearConstraint(new[None], count, count)],
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    if result.x is None:
        raise InputError(f"the solver found no choice of sites in {seconds:g} s ({result.message}); give it more time")
    opened = np.asarray(result.x[:sites] > 0.5)
    people = assign(problem, opened)
    everybody = float(problem.demand.sum())
    bound = everybody if result.mip_dual_bound is None else min(everybody, float(TIES - result.mip_dual_bound))
    return Located(opened, people, float(people.sum()) if result.status == 0 else bound)


def _by_id(problem: Sites) -> np.ndarray:
    """Earlier ids by far less than one person, so that ties go to them."""
    sites = len(problem.ids)
    smallest = float(problem.demand.min(initial=1.0))
    return np.asarray(TIES * smallest * np.arange(sites) / max(sites, 1) ** 2)


def _ones(position: np.ndarray, size: int) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(position)), (position, np.arange(len(position)))), shape=(size, len(position)))
