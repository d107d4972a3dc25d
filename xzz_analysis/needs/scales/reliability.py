"""How far the items of a scale measure one thing: alpha, omega, and each item with the rest.

References
----------
Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika 16, 297–334.
McDonald, R. P. (1999). Test Theory: A Unified Treatment, chapter 6. Erlbaum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from xzz_analysis.errors import InputError
from xzz_analysis.needs.scales.scale import Scale
from xzz_analysis.needs.scales.scoring import item_scores

_LEAST_UNIQUE = 0.005
"""No item is taken to be explained by more than 99.5 % (a Heywood case); R's factanal has the same bound."""


@dataclass(frozen=True)
class Reliability:
    """Internal consistency of k items.

    Attributes
    ----------
    alpha, low, high : float
        Cronbach's alpha and Feldt's interval.
    standardised : float
        Alpha of the items brought to one variance.
    omega : float
        McDonald's omega total of one factor by maximum likelihood; NaN for fewer than three items.
    loadings : Series, item → standardised loading
    item_rest : Series, item → correlation with the sum of the others
        Negative for an item that was not turned round, or does not belong.
    n : int
        Respondents who answered every item.
    n_eff : float
        Size of an equally weighted sample with as much information (Kish): the interval is of that size.
    bounded : tuple of str
        Items whose unique variance was held at the least allowed (Heywood cases): omega is not to be relied on.
    """

    alpha: float
    low: float
    high: float
    standardised: float
    omega: float
    loadings: pd.Series
    item_rest: pd.Series
    n: int
    n_eff: float
    bounded: tuple[str, ...]


def reliability(
    scale: Scale,
    items: pd.DataFrame,
    weights: np.ndarray | None = None,
    *,
    subscale: str = "",
    level: float = 0.95,
) -> Reliability:
    """Internal consistency of a scale's items, reversed items turned round.

    Parameters
    ----------
    scale : Scale
    items : DataFrame of float, shape (n, items)
        As in :func:`~xzz_analysis.needs.scales.score`.
    weights : float array, shape (n,), optional
        Sampling weights.
    subscale : str
        Look at this part only.
    level : float
        Confidence level.

    Returns
    -------
    Reliability

    Raises
    ------
    InputError
        As :func:`~xzz_analysis.needs.scales.score`; and fewer than two items, fewer than three complete respondents,
        an item that everybody answered alike.

    Notes
    -----
    Only respondents with every item answered count. Feldt's interval holds for (1 − α) / (1 − α̂) ~ F with n − 1 and
    (n − 1)(k − 1) degrees of freedom; with weights n is the effective size, clusters are not allowed for.

    References
    ----------
    Feldt, L. S., Woodruff, D. J. and Salih, F. A. (1987). Statistical inference for coefficient alpha. Applied
    Psychological Measurement 11, 93–103.
    """
    values = item_scores(scale, items)
    names = scale.part(subscale).items if subscale else scale.items
    x = values[:, [scale.items.index(name) for name in names]]
    weight = np.ones(len(x)) if weights is None else np.asarray(weights, float)
    used = ~np.isnan(x).any(axis=1) & (weight > 0)
    covariance, n_eff = _covariance(x[used], weight[used], list(names), scale.id)
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    alpha = _alpha(covariance)
    low, high = alpha_interval(alpha, len(names), n_eff, level=level)
    loading, unique = one_factor(correlation) if len(names) > 2 else (np.full(len(names), np.nan),) * 2
    common = float((spread * loading).sum()) ** 2
    return Reliability(
        alpha=alpha,
        low=low,
        high=high,
        standardised=_alpha(correlation),
        omega=float(common / (common + (spread**2 * unique).sum())),
        loadings=pd.Series(loading, index=list(names)),
        item_rest=pd.Series(_item_rest(covariance), index=list(names)),
        n=int(used.sum()),
        n_eff=n_eff,
        bounded=tuple(name for name, u in zip(names, unique, strict=True) if u <= _LEAST_UNIQUE * 1.001),
    )


def alpha_interval(alpha: float, items: int, n: float, *, level: float = 0.95) -> tuple[float, float]:
    """Feldt's interval of Cronbach's alpha.

    Parameters
    ----------
    alpha : float
    items : int
    n : float
        Respondents, or the effective number.
    level : float
        Confidence level.

    Returns
    -------
    low, high : float

    References
    ----------
    Feldt, L. S., Woodruff, D. J. and Salih, F. A. (1987). Applied Psychological Measurement 11, 93–103.
    """
    above, below = n - 1, (n - 1) * (items - 1)
    tail = (1 - level) / 2
    low, high = (1 - (1 - alpha) * stats.f.ppf(p, above, below) for p in (1 - tail, tail))
    return float(low), float(high)


def one_factor(correlation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Loadings of one factor by maximum likelihood.

    Parameters
    ----------
    correlation : float array, shape (k, k), k ≥ 3

    Returns
    -------
    loading, unique : float arrays, shape (k,)
        Standardised loadings, most of them positive, and unique variances.

    Raises
    ------
    InputError
        A matrix that is not positive definite.

    Notes
    -----
    The likelihood is profiled over the unique variances Ψ: the first eigenvector of Ψ^(−1/2) R Ψ^(−1/2) gives the
    loadings (Jöreskog's method). Ψ is kept at 0.005 or more.

    References
    ----------
    Jöreskog, K. G. (1967). Some contributions to maximum likelihood factor analysis. Psychometrika 32, 443–482.
    """
    smallest = np.linalg.eigvalsh(correlation)[0]
    if smallest <= 1e-10:
        raise InputError(
            f"an item is determined by the others (least eigenvalue {smallest:.1g}), so a factor cannot be fitted; "
            "leave out items that are sums or copies of others"
        )
    size = len(correlation)
    start = (1 - 0.5 / size) / np.diag(np.linalg.inv(correlation))
    found = optimize.minimize(
        _misfit,
        np.log(start),
        args=(correlation,),
        jac=True,
        method="L-BFGS-B",
        bounds=[(np.log(_LEAST_UNIQUE), 0.0)] * size,
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000},
    )
    unique = np.exp(found.x)
    loading = _loading(correlation, unique)
    return (loading if loading.sum() >= 0 else -loading), unique


def _misfit(log_unique: np.ndarray, correlation: np.ndarray) -> tuple[float, np.ndarray]:
    """What is left of the likelihood when the best factor for these unique variances is taken, and its slope."""
    unique = np.exp(log_unique)
    scale = 1 / np.sqrt(unique)
    values = np.linalg.eigvalsh(correlation * np.outer(scale, scale))[:-1]
    loading = _loading(correlation, unique)
    gap = np.outer(loading, loading) + np.diag(unique) - correlation
    inverse = gap / np.outer(unique, unique)
    return float((values - np.log(values) - 1).sum()), np.diag(inverse) * unique


def _loading(correlation: np.ndarray, unique: np.ndarray) -> np.ndarray:
    scale = 1 / np.sqrt(unique)
    values, vectors = np.linalg.eigh(correlation * np.outer(scale, scale))
    return np.asarray(np.sqrt(max(values[-1] - 1, 0.0)) * vectors[:, -1] / scale)


def _covariance(x: np.ndarray, weight: np.ndarray, names: list[str], scale: str) -> tuple[np.ndarray, float]:
    """Weighted covariance, and the effective size; every coefficient is a ratio, so n or n − 1 is all the same."""
    if len(names) < 2 or len(x) < 3:
        raise InputError(
            f"scale {scale!r} has {len(names)} items and {len(x)} respondents who answered all of them; its "
            "reliability needs at least 2 items and 3 respondents"
        )
    alike = [name for name, column in zip(names, x.T, strict=True) if np.ptp(column) == 0]
    if alike:
        raise InputError(
            f"all {len(x)} respondents answered item {alike[0]!r} of scale {scale!r} alike ({len(alike)} such items "
            f"of {len(names)}), so its part in the scale cannot be judged; look at its answer codes, or leave it out"
        )
    n_eff = float(weight.sum() ** 2 / (weight**2).sum())
    centred = x - np.average(x, axis=0, weights=weight)
    covariance = (centred * weight[:, None]).T @ centred / weight.sum()
    return covariance, n_eff


def _alpha(covariance: np.ndarray) -> float:
    size = len(covariance)
    return float(size / (size - 1) * (1 - np.trace(covariance) / covariance.sum()))


def _item_rest(covariance: np.ndarray) -> np.ndarray:
    """Correlation of each item with the sum of the others, shape (k,)."""
    own = np.diag(covariance)
    with_rest = covariance.sum(axis=1) - own
    rest = covariance.sum() - 2 * covariance.sum(axis=1) + own
    return np.asarray(np.divide(with_rest, np.sqrt(own * rest), out=np.full_like(own, np.nan), where=rest > 0))
