"""Quantiles of a weighted distribution, with Woodruff's interval.

References
----------
Woodruff, R. S. (1952). Confidence intervals for medians and other position measures. Journal of the
American Statistical Association 47, 635–646.
Hyndman, R. J. and Fan, Y. (1996). Sample quantiles in statistical packages. The American Statistician 50,
361–365; with weights as in Lumley's R package survey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from xzz_analysis.survey.engine.cells import Cells
from xzz_analysis.survey.engine.figures import Figures, divide, means
from xzz_analysis.survey.engine.interval import critical, wald

RULES = ("math", "school", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9")
"""``math``: the smallest answer at which the distribution reaches the probability; ``school``: the same, and
half-way to the next answer where it is reached exactly; ``hf4`` … ``hf9``: linear interpolation as numbered by
Hyndman and Fan."""

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
    """A weighted distribution: ascending answers, and their weights added up."""

    value: np.ndarray
    cumulative: np.ndarray

    def inverse(self, p: np.ndarray, rule: str = "math") -> np.ndarray:
        """Quantile at each probability, by one of :data:`RULES`; NaN outside 0–1."""
        inside = (p >= 0) & (p <= 1)
        clean = np.where(inside, p, 0.0)
        if rule in ("math", "school"):
            found = self._step(clean, halves=rule == "school")
        else:
            found = np.interp(clean, self._positions(rule), self.value)
        return np.where(inside, found, np.nan)

    def _step(self, p: np.ndarray, *, halves: bool) -> np.ndarray:
        share = self.cumulative / self.cumulative[-1]
        last = len(share) - 1
        position = np.minimum(np.searchsorted(share, p * (1 - _STEP), side="left"), last)
        found = self.value[position]
        if not halves:
            return np.asarray(found)
        exact = np.abs(share[position] - p) <= _STEP * p
        return np.where(exact, (found + self.value[np.minimum(position + 1, last)]) / 2, found)

    def _positions(self, rule: str) -> np.ndarray:
        """Probability at which each answer is the quantile, for the interpolating rules."""
        total, after = self.cumulative[-1], self.cumulative
        before = np.append(0.0, after[:-1])
        last = total - before[-1]
        if rule == "hf4":
            return np.asarray(after / total)
        if rule == "hf5":
            return np.asarray((before + after) / 2 / total)
        if rule == "hf6":
            return np.asarray(after / (total + last))
        if rule == "hf7":
            return np.asarray(before / max(before[-1], np.finfo(float).tiny))
        if rule == "hf8":
            return np.asarray((before + 2 * after) / 3 / (total + last / 3))
        return np.asarray((3 * before + 5 * after) / 8 / (total + last / 4))


def distribution(y: np.ndarray, weight: np.ndarray) -> Distribution | None:
    """Distribution of the answered values with positive weight; None when there are none."""
    usable = ~np.isnan(y) & (weight > 0)
    if not usable.any():
        return None
    order = np.lexsort((weight[usable], y[usable]))
    return Distribution(y[usable][order], np.cumsum(weight[usable][order]))


def woodruff(
    cells: Cells, columns: Sequence[np.ndarray], probs: Sequence[float], *, level: float, rule: str = "math"
) -> QuantileFigures:
    """Quantiles of every column in every domain.

    Parameters
    ----------
    cells : Cells
    columns : sequence of float arrays, each of shape (rows,)
        NaN is a missing answer.
    probs : sequence of float
    level : float
    rule : one of :data:`RULES`

    Returns
    -------
    QuantileFigures
        The standard error is the interval's width over twice the critical value; influences are those of the
        distribution at the quantile, scaled to it.
    """
    p = np.asarray(probs, float)
    y = [np.asarray(column, float) for column in columns]
    members = [np.flatnonzero(cells.row_domain == position) for position in range(cells.domains)]
    weight = cells.design.weight
    curves = [[distribution(column[rows], weight[rows]) for column in y] for rows in members]
    quantile = _invert(curves, np.broadcast_to(p, (cells.domains, len(y), len(p))), rule)
    reached = means(cells, _at_or_below(y, cells.row_domain, quantile), binary=True)
    low_share, high_share = wald(reached.estimate, reached.se, reached.df, level)
    low = _invert(curves, low_share.reshape(quantile.shape), rule).reshape(cells.domains, -1)
    high = _invert(curves, high_share.reshape(quantile.shape), rule).reshape(cells.domains, -1)
    se = (high - low) / (2 * critical(reached.df, level))
    return QuantileFigures(_rescaled(reached, quantile.reshape(cells.domains, -1), se, cells), low, high)


def _rescaled(reached: Figures, quantile: np.ndarray, se: np.ndarray, cells: Cells) -> Figures:
    """Turn figures of the distribution at the quantile into the quantile's own."""
    slope = -np.nan_to_num(divide(se, reached.se))
    coefficients = None if reached.coefficients is None else reached.coefficients * slope[:, None, :]
    return replace(
        reached,
        estimate=quantile,
        se=se,
        deff=np.full_like(se, np.nan),
        z=reached.z * slope[cells.domain],
        coefficients=coefficients,
    )


def _invert(curves: list[list[Distribution | None]], p: np.ndarray, rule: str) -> np.ndarray:
    """Invert each domain's and item's curve at its own probabilities, shape (domains, items, probs)."""
    out = np.full(p.shape, np.nan)
    for i, row in enumerate(curves):
        for j, curve in enumerate(row):
            if curve is not None:
                out[i, j] = curve.inverse(p[i, j], rule)
    return out


def _at_or_below(y: Sequence[np.ndarray], domain: np.ndarray, quantile: np.ndarray) -> list[np.ndarray]:
    """0/1 columns, items × probs: is the answer at or below its own domain's quantile?"""
    own = quantile[np.maximum(domain, 0)]
    return [
        np.where(np.isnan(column), np.nan, column <= own[:, j, k])
        for j, column in enumerate(y)
        for k in range(quantile.shape[2])
    ]
