"""How firm an allocation is when needs move within the intervals of their estimates."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.places.matching.allocation import Match, Problem
from xzz_analysis.places.matching.candidates import usable
from xzz_analysis.places.matching.inputs import KEYS
from xzz_analysis.places.matching.transport import solve

HALF = 1.959963984540054
"""Standard errors from an estimate to the end of its 95% interval."""

MIDDLE = (0.025, 0.975)
"""Between these quantiles of the draws lies the interval."""


@dataclass(frozen=True, eq=False)
class Stability:
    """What redrawn needs do to an allocation.

    Parameters
    ----------
    pairs : DataFrame
        Every pair of the match or of any draw: ``community``, ``domain``, ``group``, ``organisation``, ``people`` (in
        the match), ``stays`` (share of the draws in which the pair serves anybody), ``people_low``, ``people_high``.
    unmet : DataFrame
        By community and domain: ``unmet`` (in the match), ``unmet_low``, ``unmet_high``, ``left`` (share of the draws
        in which anybody is left without).
    draws, seed : int
    """

    pairs: pd.DataFrame
    unmet: pd.DataFrame
    draws: int
    seed: int


def stability(match: Match, draws: int = 200, seed: int = 1) -> Stability:
    """Repeat an allocation on needs drawn from their intervals.

    Parameters
    ----------
    match : Match
    draws : int
    seed : int
        Each need has a stream of its own, from the seed and its ids: other communities in the table change nothing.

    Returns
    -------
    Stability

    Raises
    ------
    InputError
        Fewer than one draw, or locks that the drawn needs cannot keep.

    Notes
    -----
    Needs are drawn independently from a normal distribution with a side of its own below and above the
    estimate, so that ``low`` and ``high`` are its 2.5 % and 97.5 % points (Wallis 2014), not below 0, and rounded to
    whole people. Locks are kept in every draw, up to the need that was drawn.

    References
    ----------
    Wallis, K. F. (2014). The two-piece normal, binormal, or double Gaussian distribution: its origin and rediscoveries.
    Statistical Science 29, 106–112.
    """
    if draws < 1:
        raise InputError(f"{draws} draws say nothing; 200 give shares to about 3 percentage points")
    problem = match.problem
    if problem is None:
        raise InputError("this match does not hold the problem it was solved from; call match again")
    needs = draw_needs(problem, draws, seed)
    served = np.array([_solved(problem, need) for need in needs]).reshape(draws, len(problem.programme.row))
    return Stability(_pairs(match, served), _unmet(match, problem, needs, served), draws, seed)


def draw_needs(problem: Problem, draws: int, seed: int) -> np.ndarray:
    """Draw needs within their intervals: whole people, shape (draws, rows)."""
    table = problem.needs.table
    keys = ["\x1f".join(row) for row in table[KEYS].itertuples(index=False)]
    drawn = np.empty((draws, len(table)))
    for place, key in enumerate(keys):
        drawn[:, place] = np.random.default_rng([seed, zlib.crc32(key.encode())]).standard_normal(draws)
    need, low, high = (table[name].to_numpy() for name in ("need", "low", "high"))
    side = np.where(drawn < 0, np.maximum(need - low, 0), np.maximum(high - need, 0)) / HALF
    return np.asarray(np.floor(np.maximum(need + drawn * side, 0) + 0.5))


def _solved(problem: Problem, need: np.ndarray) -> np.ndarray:
    """One draw; a lock asks for no more people than were drawn."""
    programme = problem.programme
    locks = programme.locks
    if len(locks.people):
        touched = [np.unique(programme.row[row > 0]) for row in locks.rows.toarray()]
        floor = np.zeros(len(need))
        for rows, people in zip(touched, locks.people, strict=True):
            if need[rows].sum() < people:
                floor[rows] = np.maximum(floor[rows], programme.need[rows])
        need = np.maximum(need, floor)
    return solve(programme.with_need(need), problem.objective, problem.keep)


def _pairs(match: Match, served: np.ndarray) -> pd.DataFrame:
    inside = match.candidates[usable(match.candidates)]
    table = inside[[*KEYS, "organisation", "people"]].reset_index(drop=True)
    table["stays"] = (served > 0).mean(axis=0)
    table["people_low"], table["people_high"] = _quantiles(served)
    return table[(table["people"] > 0) | (table["stays"] > 0)].reset_index(drop=True)


def _unmet(match: Match, problem: Problem, needs: np.ndarray, served: np.ndarray) -> pd.DataFrame:
    left = np.array(
        [
            need - np.bincount(problem.programme.row, people, needs.shape[1])
            for need, people in zip(needs, served, strict=True)
        ]
    )
    groups = problem.needs.table.groupby(["community", "domain"], sort=True).ngroup().to_numpy()
    sums = np.zeros((len(needs), len(match.unmet)))
    np.add.at(sums.T, groups, np.maximum(left, 0).T)
    table = match.unmet[["community", "domain", "unmet"]].copy()
    table["unmet_low"], table["unmet_high"] = _quantiles(sums)
    table["left"] = (sums > 0).mean(axis=0)
    return table


def _quantiles(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.quantile(values, MIDDLE, axis=0, method="inverted_cdf"))
