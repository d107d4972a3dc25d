"""Factors that bring weights to known totals: iterative proportional fitting, and Newton's method.

References
----------
Deming, W. E. and Stephan, F. F. (1940). On a least squares adjustment of a sampled frequency table when the
expected marginal totals are known. Annals of Mathematical Statistics 11, 427–444.
Deville, J.-C. and Särndal, C.-E. (1992). Calibration estimators in survey sampling. Journal of the American
Statistical Association 87, 376–382.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import expit

STEPS = 200
"""Most Newton steps; the dual problem is convex, so a solution that exists takes far fewer."""

TIGHT = 1e-12
"""Relative misfit at which Newton stops."""

ENOUGH = 1e-9
"""Relative misfit accepted when rounding allows no better."""

SHORTEST = 2.0**-40
"""Shortest part of a Newton step that is tried."""

SUFFICIENT = 1e-4
"""Share of the fall that a step's slope promises which has to come true (Armijo's rule)."""

RIDGE = 1e-10
"""Share of the unbounded curvature added to each step's own, which is zero where all factors are at a bound."""

NEGLIGIBLE = 1e-12
"""Eigenvalues below this share of the largest belong to totals that follow from the others."""


@dataclass(frozen=True)
class Fit:
    """What a solver found.

    Attributes
    ----------
    factor : float array, shape (rows,)
        New weight divided by old weight.
    achieved : float array, shape (totals,)
        Totals under the new weights.
    converged : bool
    steps : int
        Sweeps or Newton steps that were taken.
    """

    factor: np.ndarray
    achieved: np.ndarray
    converged: bool
    steps: int


@dataclass(frozen=True)
class Distance:
    """How factors follow from u = xλ, the linear predictor that calibration solves for.

    Attributes
    ----------
    factor, slope, potential : function of a float array
        F(u) with F(0) = 1, its derivative and its integral.
    low, high : float
        Beyond these values of u the factor stays what it is there.
    """

    factor: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    potential: Callable[[np.ndarray], np.ndarray]
    low: float = -np.inf
    high: float = np.inf

    def factors(self, u: np.ndarray) -> np.ndarray:
        """F(u), constant beyond the ends."""
        return self.factor(np.clip(u, self.low, self.high))

    def slopes(self, u: np.ndarray) -> np.ndarray:
        """F'(u), zero beyond the ends."""
        return np.where((u > self.low) & (u < self.high), self.slope(np.clip(u, self.low, self.high)), 0.0)

    def potentials(self, u: np.ndarray) -> np.ndarray:
        """The integral of F, linear beyond the ends."""
        inside = np.clip(u, self.low, self.high)
        return np.asarray(self.potential(inside) + self.factor(inside) * (u - inside))


def linear(low: float = -np.inf, high: float = np.inf) -> Distance:
    """F(u) = 1 + u (regression estimator), truncated to factors between ``low`` and ``high``."""
    return Distance(lambda u: 1 + u, np.ones_like, lambda u: u + u**2 / 2, low - 1, high - 1)


def raking(low: float = 0.0, high: float = np.inf) -> Distance:
    """F(u) = exp(u), truncated to factors between ``low`` and ``high``."""
    return Distance(np.exp, np.exp, np.exp, np.log(low) if low > 0 else -np.inf, np.log(high))


def logit(low: float, high: float) -> Distance:
    """F(u) rises from ``low`` to ``high`` as a logistic curve with F(0) = F'(0) = 1 (low < 1 < high)."""
    steep = (high - low) / ((1 - low) * (high - 1))
    offset = np.log((1 - low) / (high - 1))

    def slope(u: np.ndarray) -> np.ndarray:
        place = expit(steep * u + offset)
        return np.asarray((high - low) * steep * place * (1 - place))

    return Distance(
        lambda u: low + (high - low) * expit(steep * u + offset),
        slope,
        lambda u: low * u + (high - low) / steep * np.logaddexp(0, steep * u + offset),
    )


def fit_proportionally(
    weight: np.ndarray, codes: Sequence[np.ndarray], totals: Sequence[np.ndarray], *, tolerance: float, sweeps: int
) -> Fit:
    """Rake: scale the levels of each margin in turn to their totals until all agree.

    Parameters
    ----------
    weight : float array, shape (rows,)
    codes : sequence of int array, shape (rows,)
        Level of each row in each margin; -1 where the weight is zero.
    totals : sequence of float array, shape (levels,)
    tolerance : float
        Largest relative misfit of a level at which the work is done.
    sweeps : int
        Most sweeps over the margins.

    Notes
    -----
    Rows with the same levels in every margin keep their proportions, so the work is done on their sums.
    """
    cell, first = _number_cells(codes)
    sums = np.bincount(cell[cell >= 0], weight[cell >= 0], minlength=len(first))
    margins = [(code[first], total) for code, total in zip(codes, totals, strict=True)]
    found, achieved, done = sums.copy(), np.concatenate(totals), False
    step = 0
    while not done and step < sweeps and (found > 0).all():
        step += 1
        for code, total in margins:
            found = found * (total / np.bincount(code, found, minlength=len(total)))[code]
        achieved = np.concatenate([np.bincount(code, found, minlength=len(total)) for code, total in margins])
        done = bool((np.abs(achieved / np.concatenate(totals) - 1) <= tolerance).all())
    return Fit(np.append(found / sums, 1.0)[cell], achieved, done, step)


def _number_cells(codes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Cell of each row (-1 without a level), and one row of each cell."""
    rows = np.flatnonzero(codes[0] >= 0)
    key = np.zeros(len(rows), np.int64)
    first = rows[:1]
    for code in codes:
        _, first, key = np.unique(key * (int(code.max()) + 1) + code[rows], return_index=True, return_inverse=True)
    cell = np.full(len(codes[0]), -1, np.int64)
    cell[rows] = key
    return cell, rows[first]


def fit_newton(distance: Distance, weight: np.ndarray, x: sparse.csr_array, totals: np.ndarray) -> Fit:
    """Find λ with Σ w F(xλ) x = totals by Newton's method on the convex dual, halving steps that overshoot.

    Parameters
    ----------
    distance : Distance
    weight : float array, shape (rows,)
    x : sparse array, shape (rows, totals)
        Auxiliary columns; zero where the weight is. Columns that follow from others are allowed.
    totals : float array, shape (totals,)
    """
    size = float(weight.sum())
    scale = np.sqrt((x**2).T @ (weight / size))
    scale = np.where(scale > 0, scale, 1)
    dual = _Dual(distance, weight / size, sparse.csr_array(x / scale), totals / scale / size)
    ridge = RIDGE * weighted_products(dual.x, dual.weight)
    place, steps, moved = dual.at(np.zeros(len(totals))), 0, True
    while moved and steps < STEPS and place.off > TIGHT:
        curve = weighted_products(dual.x, dual.weight * distance.slopes(place.u)) + ridge
        place, moved = dual.advance(place, inverse(curve) @ place.misfit)
        steps += 1
    achieved = totals - place.misfit * scale * size
    return Fit(distance.factors(place.u), achieved, place.off <= ENOUGH, steps)


@dataclass(frozen=True)
class _Place:
    """One λ: its linear predictor, the dual objective there, and what the totals still miss.

    ``off`` is the largest misfit beside its total, or beside a hundredth of the sum it is a difference in.
    """

    point: np.ndarray
    u: np.ndarray
    objective: float
    misfit: np.ndarray
    off: float


@dataclass(frozen=True)
class _Dual:
    """The function of λ that calibration minimises, Σ w ∫F(xλ) − tλ; weights sum to 1, columns have length 1."""

    distance: Distance
    weight: np.ndarray
    x: sparse.csr_array
    totals: np.ndarray

    def at(self, point: np.ndarray) -> _Place:
        u = self.x @ point
        weights = self.weight * self.distance.factors(u)
        objective = float(self.weight @ self.distance.potentials(u) - self.totals @ point)
        misfit = self.totals - self.x.T @ weights
        beside = np.maximum(np.abs(self.totals), np.abs(abs(self.x).T @ weights) / 100)
        off = float((np.abs(misfit) / np.where(beside > 0, beside, 1)).max())
        return _Place(point, u, objective, misfit, off)

    def advance(self, place: _Place, step: np.ndarray) -> tuple[_Place, bool]:
        """Go along a step until the objective or the misfit falls; stay, and say so, when neither does."""
        slope = float(place.misfit @ step)
        length = 1.0
        with np.errstate(over="ignore", invalid="ignore"):
            while length >= SHORTEST:
                there = self.at(place.point + length * step)
                if there.objective < place.objective - SUFFICIENT * length * slope or there.off < place.off:
                    return there, True
                length /= 2
        return place, False


def weighted_products(x: sparse.csr_array, weight: np.ndarray) -> np.ndarray:
    """Σ w x xᵀ, shape (columns, columns)."""
    return np.asarray((x.T @ x.multiply(weight[:, None])).toarray())


def inverse(products: np.ndarray) -> np.ndarray:
    """Inverse of a matrix of products where columns may follow from others (Moore–Penrose after scaling)."""
    scale = np.sqrt(np.diag(products))
    scale = np.where(scale > 0, scale, 1)
    values, vectors = np.linalg.eigh(products / np.outer(scale, scale))
    kept = values > NEGLIGIBLE * len(values) * values.max()
    scaled = vectors[:, kept] / scale[:, None]
    return np.asarray((scaled / values[kept]) @ scaled.T)
