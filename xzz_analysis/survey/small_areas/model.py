"""The area-level model of Fay and Herriot: numbers in, numbers out.

A direct estimate is the area's true value plus a sampling error; the true values of the areas scatter around what
the covariates predict::

    direct_i = θ_i + e_i          e_i independent, mean 0, variance ψ_i (known)
    θ_i      = x_i β + u_i        u_i independent, mean 0, variance σ² (estimated)

References
----------
Fay, R. E. and Herriot, R. A. (1979). Estimates of income for small places: an application of James–Stein procedures
to census data. Journal of the American Statistical Association 74, 269–277.
Datta, G. S. and Lahiri, P. (2000). A unified measure of uncertainty of estimated best linear unbiased predictors in
small area estimation problems. Statistica Sinica 10, 613–627.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import brentq

STEPS = 80
"""Points at which the slope of the likelihood is looked at, to find every place where it changes sign."""

SMALLEST_STEP = 1e-9
"""The first of these points, as a fraction of the last one."""


@dataclass(frozen=True)
class AreaModel:
    """A fitted model.

    Attributes
    ----------
    coefficients : float array, shape (columns,)
        β, in the direct estimate's unit per unit of each column of the design.
    covariance : float array, shape (columns, columns)
        Covariance of the coefficients, σ² taken as known.
    area_variance : float
        σ², the variance between areas that the covariates leave unexplained; 0 when sampling error alone explains
        how the direct estimates scatter.
    area_variance_variance : float
        Asymptotic variance of the estimated σ², 2 / Σ (σ² + ψ_i)⁻².
    log_likelihood : float
        Restricted log-likelihood at the estimate, without its constant.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    area_variance: float
    area_variance_variance: float
    log_likelihood: float


@dataclass(frozen=True)
class Shrunken:
    """Estimates of areas, each array of shape (areas,).

    ``estimate`` is γ·direct + (1 − γ)·(what the covariates predict), ``mse`` its mean squared error and
    ``shrinkage`` is γ, the weight of the direct estimate: 1 follows it, 0 ignores it.
    """

    estimate: np.ndarray
    mse: np.ndarray
    shrinkage: np.ndarray


@dataclass(frozen=True)
class _Likelihood:
    """The restricted likelihood at k values of σ², with the generalised least squares that belong to them.

    Shapes are (k,), (k,), (k, columns) and (k, columns, columns).
    """

    slope: np.ndarray
    log_likelihood: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray


def fit_area_model(direct: np.ndarray, variance: np.ndarray, design: np.ndarray) -> AreaModel:
    """Fit the model by restricted maximum likelihood (REML).

    Parameters
    ----------
    direct : float array, shape (areas,)
        Direct estimates.
    variance : float array, shape (areas,)
        Their sampling variances ψ, above zero.
    design : float array, shape (areas, columns)
        Covariates of full column rank, the constant among them; more areas than columns.

    Returns
    -------
    AreaModel

    Notes
    -----
    The likelihood may have several tops. Its slope is evaluated at :data:`STEPS` points between 0 and a σ² beyond
    which it only falls; each change from rising to falling is solved to machine precision, 0 is a candidate
    when the likelihood falls from there, and the highest of them is the estimate.
    """
    orthogonal, triangle = np.linalg.qr(design)

    def at(area_variances: Sequence[float]) -> _Likelihood:
        return _restricted(np.asarray(area_variances), direct, variance, orthogonal)

    tops = _tops(lambda values: at(values).slope, _beyond(direct, variance, orthogonal))
    best = tops[int(np.argmax(at(tops).log_likelihood))]
    found = at([best])
    back = solve_triangular(triangle, np.eye(len(triangle)))
    return AreaModel(
        coefficients=back @ found.coefficients[0],
        covariance=back @ found.covariance[0] @ back.T,
        area_variance=best,
        area_variance_variance=2 / float(np.sum((best + variance) ** -2.0)),
        log_likelihood=float(found.log_likelihood[0] - np.log(np.abs(np.diag(triangle))).sum()),
    )


def shrink(model: AreaModel, direct: np.ndarray, variance: np.ndarray, design: np.ndarray) -> Shrunken:
    """Empirical best linear unbiased predictor (EBLUP) of every area, with its mean squared error.

    Parameters
    ----------
    model : AreaModel
    direct : float array, shape (areas,)
        Direct estimates; NaN where there is none.
    variance : float array, shape (areas,)
        Sampling variances; infinite where there is no direct estimate, which leaves what the covariates predict.
    design : float array, shape (areas, columns)

    Returns
    -------
    Shrunken

    Notes
    -----
    The mean squared error is that of Prasad and Rao for REML, g1 + g2 + 2·g3 (Datta and Lahiri 2000), with
    γ = σ² / (σ² + ψ): g1 = γψ is the error if the model were known, g2 = (1 − γ)² x V(β) xᵀ is the error of the
    coefficients, g3 = ψ² (σ² + ψ)⁻³ V(σ²) that of the area variance, counted twice because g1 underestimates.
    """
    total = model.area_variance + variance
    weight = model.area_variance / total
    predicted = design @ model.coefficients
    residual = np.where(np.isnan(direct), 0.0, direct - predicted)
    known = model.area_variance * (1 - weight)
    coefficients = (1 - weight) ** 2 * np.einsum("ij,jk,ik->i", design, model.covariance, design)
    components = (1 - weight) ** 2 / total * model.area_variance_variance
    return Shrunken(predicted + weight * residual, known + coefficients + 2 * components, weight)


def _restricted(
    area_variances: np.ndarray, direct: np.ndarray, variance: np.ndarray, design: np.ndarray
) -> _Likelihood:
    """Restricted log-likelihood and its slope, −½ tr P + ½ yᵀPPy, at several area variances."""
    precision = 1 / (area_variances[:, None] + variance)
    weighted = precision[:, None, :] * design.T
    information = weighted @ design
    covariance = np.linalg.inv(information)
    coefficients = (covariance @ (weighted @ direct)[:, :, None])[:, :, 0]
    residual = direct - coefficients @ design.T
    trace = precision.sum(axis=1) - np.sum(covariance * (weighted @ weighted.swapaxes(1, 2)), axis=(1, 2))
    spread = np.sum(precision * residual**2, axis=1)
    sizes = np.linalg.slogdet(information)[1] - np.log(precision).sum(axis=1)
    slope = (np.sum((precision * residual) ** 2, axis=1) - trace) / 2
    return _Likelihood(slope, -(sizes + spread) / 2, coefficients, covariance)


def _beyond(direct: np.ndarray, variance: np.ndarray, orthogonal: np.ndarray) -> float:
    """A σ² beyond which the likelihood only falls.

    With s² the residual mean square of ordinary least squares, yᵀPPy ≤ (m−q) s² / σ⁴ and tr P ≥ (m−q) / (σ² + max ψ),
    so the slope is negative wherever σ⁴ > s² (σ² + max ψ).
    """
    residual = direct - orthogonal @ (orthogonal.T @ direct)
    square = float(residual @ residual) / (len(direct) - orthogonal.shape[1])
    return 2 * float(max(square, variance.max()))


def _tops(slope: Callable[[Sequence[float]], np.ndarray], far: float) -> list[float]:
    """Area variances at which the likelihood stops rising, 0 among them when it falls from there."""
    points = [0.0, *np.geomspace(far * SMALLEST_STEP, far, STEPS)]
    slopes = slope(points)
    tops = [0.0] if slopes[0] <= 0 else []
    for place in np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0)):
        ends = points[place], points[place + 1]
        tops.append(float(brentq(lambda point: slope([point])[0], *ends, xtol=1e-16 * far, rtol=1e-15)))
    return tops
