"""Quantiles of a weighted distribution, with Woodruff's interval.

References
----------
Woodruff, R. S. (1952). Confidence intervals for medians and other position measures. Journal of the
American Statistical Association 47, 635–646.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from xzz_analysis.survey.engine.cells import Cells, Figures, means
from xzz_analysis.survey.engine.interval import critical, wald

_STEP = 1e-12
"""Relative slack when a cumulative share is compared with a probability: sums of weights that are equal
on paper differ in their last bits."""


@dataclass(frozen=True)
class QuantileFigures:
    """Quantiles and interval ends, columns ordered item by item, then probability by probability.

    All arrays have shape (domains, items × probabilities).
    """

    figures: Figures
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Distribution:
    """A weighted distribution: ascending values and the share of weight at or below each."""

    value: np.ndarray
    share: np.ndarray

    def inverse(self, p: np.ndarray) -> np.ndarray:
        """Smallest value at which the distribution reaches ``p``; NaN outside 0–1."""
        position = np.searchsorted(self.share, p * (1 - _STEP), side="left")
        inside = (p >= 0) & (p <= 1)
        return np.where(inside, self.value[np.minimum(position, len(self.value) - 1)], np.nan)


def distribution(y: np.ndarray, weight: np.ndarray) -> Distribution | None:
    """Distribution of the answered values with positive weight; None when there are none."""
    usable = ~np.isnan(y) & (weight > 0)
    if not usable.any():
        return None
    order = np.argsort(y[usable], kind="stable")
    cumulative = np.cumsum(weight[usable][order])
    return Distribution(y[usable][order], cumulative / cumulative[-1])


def woodruff(cells: Cells, domain: np.ndarray, y: np.ndarray, probs: Sequence[float], level: float) -> QuantileFigures:
    """Quantiles of every column in every domain.

    Parameters
    ----------
    cells : Cells
    domain : int array, shape (rows,)
        Domain of each row, -1 for none.
    y : float array, shape (rows, items)
        NaN is a missing answer.
    probs : sequence of float
    level : float

    Returns
    -------
    QuantileFigures
        The standard error is the interval's width over twice the critical value.
    """
    p = np.asarray(probs, float)
    members = [np.flatnonzero(domain == position) for position in range(cells.domains)]
    curves = [[distribution(y[rows, j], cells.design.weight[rows]) for j in range(y.shape[1])] for rows in members]
    quantile = _invert(curves, np.broadcast_to(p, (cells.domains, y.shape[1], len(p))))
    reached = means(cells, _at_or_below(y, domain, quantile), binary=True)
    low_share, high_share = wald(reached.estimate, reached.se, reached.df, level)
    shape = quantile.shape
    low = _invert(curves, low_share.reshape(shape)).reshape(cells.domains, -1)
    high = _invert(curves, high_share.reshape(shape)).reshape(cells.domains, -1)
    se = (high - low) / (2 * critical(reached.df, level))
    nothing = np.full_like(se, np.nan)
    figures = replace(reached, estimate=quantile.reshape(cells.domains, -1), se=se, deff=nothing)
    return QuantileFigures(figures, low, high)


def _invert(curves: list[list[Distribution | None]], p: np.ndarray) -> np.ndarray:
    """Invert each domain's and item's curve at its own probabilities, shape (domains, items, probs)."""
    out = np.full(p.shape, np.nan)
    for i, row in enumerate(curves):
        for j, curve in enumerate(row):
            if curve is not None:
                out[i, j] = curve.inverse(p[i, j])
    return out


def _at_or_below(y: np.ndarray, domain: np.ndarray, quantile: np.ndarray) -> np.ndarray:
    """0/1 columns (rows, items × probs): is the answer at or below its own domain's quantile?"""
    own = quantile[np.maximum(domain, 0)]
    below = np.where(np.isnan(y)[:, :, None], np.nan, (y[:, :, None] <= own).astype(float))
    return below.reshape(len(y), -1)
