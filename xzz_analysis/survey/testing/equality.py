"""Are means equal? Wald's statistic and design-based t, as numbers.

References
----------
Korn, E. L. and Graubard, B. I. (1990). Simultaneous testing of regression coefficients with complex survey data:
use of Bonferroni t statistics. The American Statistician 44, 270–276.
Lumley, T. (2010). Complex Surveys: A Guide to Analysis Using R, sections 2.4 and 5.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc, stdtr

from xzz_analysis.survey.engine.sums import product

NOTHING = 1e-12
"""Standard error, as a part of the figures it comes from, below which there is only rounding."""

_SINGULAR = 1e-10
"""Smallest eigenvalue of a correlation matrix with which Wald's statistic can still be computed."""


@dataclass(frozen=True)
class Outcome:
    """Result of one test; all four are NaN when ``reason`` says why there is none.

    Attributes
    ----------
    statistic : float
    df1 : float
        Degrees of freedom of the numerator: how many differences are tested at once.
    df2 : float
        Of the denominator; NaN for a chi-square statistic, which has none.
    p : float
        Probability of a statistic at least as large if there were no difference.
    reason : str
    """

    statistic: float = np.nan
    df1: float = np.nan
    df2: float = np.nan
    p: float = np.nan
    reason: str = ""


def f_test(statistic: float, df1: float, df2: float) -> Outcome:
    """Outcome of a statistic that has an F distribution when there is no difference."""
    if df2 <= 0:
        return Outcome(reason="no_degrees_of_freedom")
    return Outcome(float(statistic), float(df1), float(df2), float(fdtrc(df1, df2, statistic)))


def wald(difference: np.ndarray, covariance: np.ndarray, df: float, *, adjusted: bool = False) -> Outcome:
    """Wald's test that several differences are all zero.

    Parameters
    ----------
    difference : float array, shape (differences,)
    covariance : float array, shape (differences, differences)
    df : float
        Degrees of freedom of the design.
    adjusted : bool
        Whether to allow for the covariance being itself estimated from few clusters.

    Returns
    -------
    Outcome
        W/q with q and ``df`` degrees of freedom; adjusted, W·(df − q + 1)/(df·q) with q and df − q + 1.
    """
    q = len(difference)
    if df <= 0:
        return Outcome(reason="no_degrees_of_freedom")
    quadratic, reason = _quadratic(difference, covariance)
    if reason:
        return Outcome(reason=reason)
    left = df - q + 1 if adjusted else df
    return f_test(quadratic * left / (q * df), q, left)


def mean_wald(mean: np.ndarray, covariance: np.ndarray, df: float) -> Outcome:
    """Wald's test that the means of several groups are equal, shape (groups,).

    Returns
    -------
    Outcome
        W/(k − 1) with k − 1 and df − k + 1 degrees of freedom, as the regression of the answer on the group
        has them.
    """
    difference, spread = _from_first(mean, covariance)
    quadratic, reason = _quadratic(difference, spread)
    left = df - len(difference)
    if left <= 0:
        return Outcome(reason="no_degrees_of_freedom")
    if reason:
        return Outcome(reason=reason)
    return f_test(quadratic / len(difference), len(difference), left)


def adjusted_mean_wald(mean: np.ndarray, covariance: np.ndarray, df: float) -> Outcome:
    """Wald's test that the means of several groups are equal, with an allowance for few clusters.

    Returns
    -------
    Outcome
        W·(df − q + 1)/(df·q) with q = k − 1 and df − q + 1 degrees of freedom, for k groups (see :func:`wald`).
    """
    return wald(*_from_first(mean, covariance), df, adjusted=True)


def t_test(mean: np.ndarray, covariance: np.ndarray, df: float) -> Outcome:
    """Design-based t of the second mean minus the first, two of each.

    Returns
    -------
    Outcome
        t with 1 and df − 1 degrees of freedom: the regression of the answer on the group has one coefficient more
        than a mean.
    """
    difference, spread = _from_first(mean, covariance)
    if df <= 1:
        return Outcome(reason="no_degrees_of_freedom")
    se = np.sqrt(spread[0, 0])
    if is_nothing(se, np.sqrt(covariance.trace()) + np.abs(mean).max()):
        return Outcome(reason="no_sampling_error")
    t = float(difference[0] / se)
    return Outcome(t, 1.0, float(df - 1), float(2 * stdtr(df - 1, -abs(t))))


def is_nothing(se: np.ndarray | float, scale: np.ndarray | float) -> np.ndarray:
    """Whether standard errors are only the rounding of figures of some size."""
    return np.asarray(se <= NOTHING * np.asarray(scale))


def _from_first(mean: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Differences from the first mean, with their covariance."""
    against = np.hstack([-np.ones((len(mean) - 1, 1)), np.eye(len(mean) - 1)])
    return against @ mean, product(product(against, covariance), against.T)


def _quadratic(difference: np.ndarray, covariance: np.ndarray) -> tuple[float, str]:
    """Differences weighed by the inverse of their covariance; NaN and a reason when there is none."""
    se = np.sqrt(np.maximum(np.diag(covariance), 0))
    none = is_nothing(se, np.abs(difference).max() + se.max())
    if none.all():
        return np.nan, "no_sampling_error"
    scaled = covariance / np.outer(np.where(none, 1, se), np.where(none, 1, se))
    if none.any() or np.linalg.eigvalsh(scaled)[0] < _SINGULAR:
        return np.nan, "singular_covariance"
    unit = difference / se
    return float(unit @ np.linalg.solve(scaled, unit)), ""
