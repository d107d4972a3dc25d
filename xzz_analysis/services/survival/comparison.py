"""Whether groups wait equally long: the log-rank test.

References
----------
Peto, R. and Peto, J. (1972). Asymptotically efficient rank invariant test procedures. Journal of the Royal Statistical
Society A 135, 185–207.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from xzz_analysis.services.survival.checking import require, times_of, yes_or_no


@dataclass(frozen=True)
class LogRank:
    """Whether groups wait equally long.

    Attributes
    ----------
    groups : DataFrame
        ``group``, ``n``, ``observed`` and ``expected`` events if all groups were alike.
    statistic : float
        Chi-squared.
    df : int
        Groups in which events were to be expected, less one.
    p : float
        NaN where nothing can be compared.
    """

    groups: pd.DataFrame
    statistic: float
    df: int
    p: float


def log_rank(time: ArrayLike, event: ArrayLike, group: Sequence[Hashable] | np.ndarray | pd.Series) -> LogRank:
    """Test whether groups wait equally long for an event.

    Parameters
    ----------
    time : array of float, shape (n,)
    event : array of bool, shape (n,)
        As for :func:`kaplan_meier`.
    group : array, shape (n,)
        Two groups or more.

    Returns
    -------
    LogRank

    Raises
    ------
    InputError
        As :func:`kaplan_meier`; fewer than two groups.
    """
    days, happened, names = times_of(time), yes_or_no(event), pd.Series(group).reset_index(drop=True)
    require(len(days) == len(happened) == len(names), f"{len(days)} times, {len(happened)} events, {len(names)} groups")
    require(not names.isna().any(), f"{int(names.isna().sum())} of {len(names)} groups are missing; leave them out")
    code, called = pd.factorize(names, sort=True)
    require(len(called) > 1, f"a comparison needs two groups or more, and there are {len(called)}")
    at, place = np.unique(days, return_inverse=True)
    leaving, died = np.zeros((2, len(at), len(called)))
    np.add.at(leaving, (place, code), 1)
    np.add.at(died, (place, code), happened)
    at_risk, died = np.cumsum(leaving[::-1], axis=0)[::-1], died.sum(axis=1)
    everybody = at_risk.sum(axis=1)
    expected = (at_risk * (died / everybody)[:, None]).sum(axis=0)
    observed = np.bincount(code[happened], minlength=len(called)).astype(float)
    statistic, df = _chi_squared(observed - expected, _covariance(at_risk, died, everybody), expected > 0)
    n = np.bincount(code, minlength=len(called))
    table = pd.DataFrame({"group": called, "n": n, "observed": observed, "expected": expected})
    return LogRank(table, statistic, df, float(chdtrc(df, statistic)) if df else float("nan"))


def _covariance(at_risk: np.ndarray, died: np.ndarray, everybody: np.ndarray) -> np.ndarray:
    """Hypergeometric covariance of the observed counts, summed over times."""
    part = at_risk / everybody[:, None]
    size = died * (everybody - died) / np.maximum(everybody - 1, 1)
    return np.asarray(np.diag((size[:, None] * part).sum(axis=0)) - (part * size[:, None]).T @ part)


def _chi_squared(excess: np.ndarray, covariance: np.ndarray, used: np.ndarray) -> tuple[float, int]:
    """The statistic and its degrees of freedom; none where the groups have no time in common."""
    kept = np.flatnonzero(used)[1:]
    matrix = covariance[np.ix_(kept, kept)]
    df = int(np.linalg.matrix_rank(matrix)) if len(kept) else 0
    if df < len(kept) or not df:
        return float("nan"), 0
    return float(excess[kept] @ np.linalg.solve(matrix, excess[kept])), df
