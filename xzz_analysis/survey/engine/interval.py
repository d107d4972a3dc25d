"""Confidence intervals, vectorised over estimates.

All functions take arrays of one shape and return ``(low, high)`` of that shape; where an interval
cannot be computed (no degrees of freedom) both ends are NaN.

References
----------
Korn, E. L. and Graubard, B. I. (1998). Confidence intervals for proportions with small expected number
of positive counts estimated from survey data. Survey Methodology 24, 193–201.
Franco, C., Little, R. J. A., Louis, T. A. and Slud, E. V. (2019). Comparative study of confidence
intervals for proportions in complex sample surveys. J. Survey Statistics and Methodology 7, 334–364.
Valliant, R. and Rust, K. F. (2010). Degrees of freedom approximations and rules-of-thumb. Journal of Official
Statistics 26, 585–602.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
from scipy.special import betaincinv, expit, logit, stdtrit

from xzz_analysis.errors import DesignError, XzzError, suggest

Pair = tuple[np.ndarray, np.ndarray]
DEFAULT = "wilson-adjusted"
METHODS = (DEFAULT, "wilson", "korn-graubard", "logit", "wald")

ASSUMED_ICC = 0.05
"""How alike answers inside a cluster are taken to be before anything is known of it."""

ASSUMED_CLUSTERS = 5
"""How many clusters that assumption counts for, beside those that hold the need (or, of a common need, those where
somebody is without): with few of them, the design effect is hardly known."""


LEVELS = 1e-6, 1 - 1e-9
"""Confidence levels that can be computed with."""


def check_level(level: object) -> float:
    """The confidence level as a float; :class:`DesignError` unless it lies between 0 and 1."""
    if isinstance(level, Real) and LEVELS[0] <= float(level) <= LEVELS[1]:
        return float(level)
    shown = f"{level}" if isinstance(level, Real) else repr(level)
    raise DesignError(f"confidence level is {shown}; it lies between 0 and 1, for example 0.95")


def critical(df: np.ndarray, level: float) -> np.ndarray:
    """Two-sided Student critical value; NaN where ``df`` is not positive."""
    usable = np.where(df > 0, df, 1.0)
    return np.where(df > 0, stdtrit(usable, 0.5 + level / 2), np.nan)


def wald(estimate: np.ndarray, se: np.ndarray, df: np.ndarray, level: float) -> Pair:
    """Estimate ± t(df) · se."""
    half = critical(df, level) * se
    return estimate - half, estimate + half


def effective_size(p: np.ndarray, se: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Effective sample size p(1−p)/se², at most ``n``; ``n`` itself where the share is 0 or 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        size = p * (1 - p) / se**2
    return np.where((p <= 0) | (p >= 1) | (se <= 0), n, np.minimum(size, n))


@dataclass(frozen=True)
class Score:
    """What the score interval of a share is made of, arrays of one shape; NaN where an estimate has none.

    Attributes
    ----------
    size : array
        Respondents that count: the effective sample size.
    degrees : array
        Degrees of freedom of the critical value.
    """

    size: np.ndarray
    degrees: np.ndarray

    @classmethod
    def none(cls, count: int) -> Score:
        """Of estimates without a score interval."""
        return cls(np.full(count, np.nan), np.full(count, np.nan))

    def take(self, places: Sequence[int] | np.ndarray) -> Score:
        """Those of some estimates."""
        return Score(self.size[places], self.degrees[places])


def score_interval(p: np.ndarray, score: Score, tail: np.ndarray) -> Pair:
    """Wilson's interval that misses with probability ``tail``, an array like ``p``; any number of them at once."""
    usable = np.where(score.degrees > 0, score.degrees, 1.0)
    return _wilson(p, score.size, np.where(score.degrees > 0, stdtrit(usable, tail / 2) ** 2, np.nan))


def wilson(p: np.ndarray, se: np.ndarray, df: np.ndarray, n: np.ndarray, level: float) -> Pair:
    """Wilson's score interval at the effective sample size, with Student's critical value."""
    return _wilson(p, effective_size(p, se, n), critical(df, level) ** 2)


def _wilson(p: np.ndarray, size: np.ndarray, square: np.ndarray) -> Pair:
    """Wilson's interval from the effective size and the square of the critical value."""
    centre = p + square / (2 * size)
    half = np.sqrt(square * (p * (1 - p) + square / (4 * size)) / size)
    low = np.where(p <= 0, 0.0, (centre - half) / (1 + square / size))
    high = np.where(p >= 1, 1.0, (centre + half) / (1 + square / size))
    unknown = np.isnan(square)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def korn_graubard(p: np.ndarray, se: np.ndarray, df: np.ndarray, n: np.ndarray, level: float) -> Pair:
    """Clopper and Pearson's interval at the effective sample size adjusted for degrees of freedom."""
    size = effective_size(p, se, n) * (critical(n - 1, level) / critical(df, level)) ** 2
    tail = (1 - level) / 2
    cases, others = size * p, size * (1 - p)
    one = np.ones_like(size)
    with np.errstate(invalid="ignore"):
        low = betaincinv(np.where(cases > 0, cases, one), others + 1, tail)
        high = betaincinv(cases + 1, np.where(others > 0, others, one), 1 - tail)
    unknown = np.isnan(size)
    low = np.where(unknown, np.nan, np.where(cases > 0, low, 0.0))
    return low, np.where(unknown, np.nan, np.where(others > 0, high, 1.0))


def logit_interval(p: np.ndarray, se: np.ndarray, df: np.ndarray, level: float) -> Pair:
    """Wald interval on the logit scale; NaN where the share is 0 or 1."""
    inside = (p > 0) & (p < 1)
    usable = np.where(inside, p, 0.5)
    half = critical(df, level) * se / (usable * (1 - usable))
    centre = logit(usable)
    return np.where(inside, expit(centre - half), np.nan), np.where(inside, expit(centre + half), np.nan)


@dataclass(frozen=True)
class Tails:
    """What the adjusted interval needs to know of the clusters, arrays of one shape.

    Attributes
    ----------
    excess : array
        By how much the variance hangs on a few clusters more than under normality (``Cells.excess_kurtosis``).
    clusters : array
        First-stage units that hold a part of the base.
    telling : array
        The fewer of those that hold somebody with the need, and those that hold somebody without.
    """

    excess: np.ndarray
    clusters: np.ndarray
    telling: np.ndarray

    def degrees(self, df: np.ndarray) -> np.ndarray:
        """Satterthwaite's degrees of freedom, 1/df* = 1/df + excess/2 (Valliant and Rust 2010)."""
        usable = np.where(df > 0, df, 1.0)
        return np.where(df > 0, 1 / (1 / usable + self.excess / 2), df)

    def size(self, p: np.ndarray, se: np.ndarray, n: np.ndarray) -> np.ndarray:
        """Respondents that count at most, by a design effect that allows for how little is known of it.

        n over (c·deff + 5·d) / (c + 5), at most n: c the clusters that tell, d = 1 + (n/clusters − 1)·0.05.
        """
        spread = p * (1 - p)
        deff = np.where(spread > 0, n * se**2 / np.where(spread > 0, spread, 1), 0.0)
        assumed = 1 + np.maximum(n / np.maximum(self.clusters, 1) - 1, 0) * ASSUMED_ICC
        weight = self.telling + ASSUMED_CLUSTERS
        return np.asarray(n / np.maximum(1, (self.telling * deff + ASSUMED_CLUSTERS * assumed) / weight))


def share_score(
    p: np.ndarray, se: np.ndarray, df: np.ndarray, n: np.ndarray, *, method: str, tails: Tails | None
) -> Score | None:
    """What the score interval of a share is made of; None for the methods that are none."""
    if method == DEFAULT and tails is not None:
        return Score(effective_size(p, se, tails.size(p, se, n)), tails.degrees(df))
    return Score(effective_size(p, se, n), df) if method == "wilson" else None


def share_interval(
    p: np.ndarray,
    se: np.ndarray,
    df: np.ndarray,
    n: np.ndarray,
    *,
    level: float,
    method: str,
    tails: Tails | None = None,
) -> Pair:
    """Interval of a share by its method's name.

    Parameters
    ----------
    p, se, df, n : arrays of one shape
        Share, standard error, degrees of freedom, respondents in the base.
    level : float
        Confidence level, between 0 and 1.
    method : "wilson-adjusted", "wilson", "korn-graubard", "logit" or "wald"
        Wilson adjusted is the default of the library: closest to its nominal level for rare needs under
        clustering (docs/methods/simulations.md); Wald is for comparison only.
    tails : Tails, optional
        Needed by the adjusted method.
    """
    if method == DEFAULT and tails is None:
        raise XzzError(f"the interval {method!r} needs to know of the clusters; give tails, or use 'wilson'")
    if method == DEFAULT and tails is not None:
        return wilson(p, se, tails.degrees(df), tails.size(p, se, n), level)
    if method == "wilson":
        return wilson(p, se, df, n, level)
    if method == "korn-graubard":
        return korn_graubard(p, se, df, n, level)
    if method == "logit":
        return logit_interval(p, se, df, level)
    if method == "wald":
        return wald(p, se, df, level)
    raise XzzError(f"interval method {method!r} is not one of {', '.join(METHODS)}{suggest(method, METHODS)}")
