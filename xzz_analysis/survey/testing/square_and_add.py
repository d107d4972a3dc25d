"""Intervals and tests of a difference of two shares, from the score intervals of both.

A share of 2 % cannot fall far and can rise far; estimate ± t · se knows nothing of it. The interval here takes the
distance of each share to the ends of its own interval for its standard error on that side.

References
----------
Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions. Statistics in
Medicine 17, 873–890; for paired proportions 17, 2635–2650.
Zou, G. Y. and Donner, A. (2008). Construction of confidence limits about effect measures: a general approach.
Statistics in Medicine 27, 1693–1702.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import stdtrit

from xzz_analysis.survey.engine.interval import Score, score_interval
from xzz_analysis.survey.estimates import Estimates

_SMALLEST = 1e-30
"""Smallest p that is told from zero."""

_HALVINGS = 100
"""Steps after which p is known to the last bit."""


@dataclass(frozen=True)
class Differences:
    """Differences of two shares of the same surveys, arrays of shape (differences,).

    Attributes
    ----------
    places : int array
        Which comparisons they are.
    first, second : pair of (array, Score)
        The shares, of which the second is subtracted, and what their score intervals are made of.
    correlation : array
        Of the two shares, between −1 and 1.
    """

    places: np.ndarray
    first: tuple[np.ndarray, Score]
    second: tuple[np.ndarray, Score]
    correlation: np.ndarray

    def interval(self, tail: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both ends of the interval that misses with probability ``tail``, one for each difference.

        d − √((p₁ − l₁)² + (u₂ − p₂)² − 2 r (p₁ − l₁)(u₂ − p₂)), and the same with the other sides, for l and u the ends
        of both score intervals.
        """
        (p, one), (q, other) = self.first, self.second
        low, high = score_interval(p, one, tail)
        below, above = score_interval(q, other, tail)
        difference = p - q
        return difference - self._side(p - low, above - q), difference + self._side(high - p, q - below)

    def _side(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        squares = one**2 + other**2 - 2 * self.correlation * one * other
        return np.asarray(np.sqrt(np.maximum(squares, 0)))

    def p(self, null: np.ndarray) -> np.ndarray:
        """Smallest ``tail`` whose interval misses the null, by bisection; 1 where the null is the difference."""
        high, low = np.zeros(len(null)), np.full(len(null), np.log(_SMALLEST))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            left, right = self.interval(np.exp(middle))
            misses = (null < left) | (null > right)
            low, high = np.where(misses, low, middle), np.where(misses, middle, high)
        return np.asarray(np.where(null == self.first[0] - self.second[0], 1.0, np.exp(high)))


def differences_of(estimates: Estimates, matrix: sparse.csr_array, asked: np.ndarray, se: np.ndarray) -> Differences:
    """Find the differences of two shares with score intervals among comparisons.

    Parameters
    ----------
    estimates : Estimates
        With its influence matrix.
    matrix : sparse array, shape (comparisons, rows of the estimates)
    asked : int array
        Comparisons to look at.
    se : array, shape (comparisons,)
        Their standard errors.
    """
    two = asked[np.diff(matrix.indptr)[asked] == 2]
    entries = matrix.indptr[two, None] + np.arange(2)
    order = np.argsort(-matrix.data[entries], axis=1, kind="stable")
    values, rows = (np.take_along_axis(part[entries], order, axis=1) for part in (matrix.data, matrix.indices))
    ids = estimates["result_id"].to_numpy()[rows]
    one, other = (estimates.known_influence().scores(list(ids[:, side])) for side in (0, 1))
    share, own = (estimates[name].to_numpy(float)[rows] for name in ("estimate", "se"))
    product, spread = own.prod(axis=1), (own**2).sum(axis=1) - se[two] ** 2
    correlation = np.clip(np.divide(spread, 2 * product, out=np.zeros(len(two)), where=product > 0), -1, 1)
    known = (one.degrees > 0) & (other.degrees > 0) & (values == [1, -1]).all(axis=1)
    known &= (se[two] > 0) | (own == 0).all(axis=1)
    first, second = ((share[known, side], score.take(known)) for side, score in ((0, one), (1, other)))
    return Differences(two[known], first, second, correlation[known])


def equivalent_t(p: np.ndarray, df: np.ndarray, side: np.ndarray) -> np.ndarray:
    """The t that has this two-sided p, with the sign of ``side``."""
    return np.asarray(-np.sign(side) * stdtrit(df, p / 2))
