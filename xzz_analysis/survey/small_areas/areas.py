"""From direct estimates of areas to shrunken ones, as the same tidy frame."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError
from xzz_analysis.survey.engine.interval import check_level, wald
from xzz_analysis.survey.estimates import Estimates
from xzz_analysis.survey.small_areas.inputs import (
    areas_of,
    design_of,
    refuse_unidentified,
    sampling_variance,
    with_unvisited,
)
from xzz_analysis.survey.small_areas.model import Shrunken, fit_area_model, shrink

ADDED = {
    "direct": "the direct estimate; missing where there is none",
    "direct_se": "its standard error",
    "sampling_se": "its standard error as the model takes it, √ψ",
    "shrinkage": "γ, the weight of the direct estimate: 1 follows it, 0 ignores it",
    "area_variance": "σ², the variance between areas that the covariates leave unexplained",
    "note": "words of NOTES, joined by a semicolon",
}
"""Columns that a frame of small areas has after those of the estimates it was made from."""

NOTES = {
    "no_area_variance": "σ² is 0: sampling error alone explains how the areas differ, so all follow the prediction",
    "correlated_areas": "the area's direct estimate is correlated with another's; the model takes them as independent",
    "correlation_unknown": "the frame lost its influence matrix, so nobody can tell whether areas are correlated",
    "clipped": "the estimate or an end of its interval was cut at 0 or 1",
}
"""What may be noted beside an estimate."""

MATERIAL_CORRELATION = 0.1
"""Correlation of two areas' direct estimates above which they cannot be called independent."""


def small_area(
    estimates: pd.DataFrame,
    auxiliary: pd.DataFrame | None = None,
    *,
    group: str = "",
    smooth_variance: bool = True,
    level: float = 0.95,
) -> Estimates:
    """Estimate areas with few respondents by the area-level model of Fay and Herriot.

    Every area's direct estimate is drawn towards what the covariates predict (without covariates: towards the areas'
    mean), the more so the fewer respondents it has.

    Parameters
    ----------
    estimates : Estimates, one row per area
        Shares, means, ratios or quantiles of one item by one group, made in one call.
    auxiliary : DataFrame of numbers, shape (areas, covariates), optional
        What is known of every area (a census figure, a register count), indexed by the area's name. Areas that
        only this table knows get a synthetic estimate.
    group : str
        The group whose levels are the areas; needed when the frame holds rows of other groups too.
    smooth_variance : bool
        Take sampling variances from all areas together (see Notes). False takes each area's own standard error.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Estimates, shape (areas, columns of ``estimates`` and :data:`ADDED`)
        ``estimate`` is the shrunken estimate, ``se`` the root of its mean squared error, ``low`` and ``high`` are
        estimate ± t·se with ``df`` = areas − coefficients, cut at 0 and 1 for shares. ``method`` is ``fay-herriot``,
        or ``synthetic`` where the area has no direct estimate (``reason`` says why). ``n``, ``n_need``, ``n_eff``,
        ``weighted_n``, ``deff``, ``flags`` and the counts of missing answers still describe the direct estimate.
        :data:`ADDED` and :data:`NOTES` say what the further columns hold.

    Raises
    ------
    DesignError
        Several items, crossed groups, an area without covariates, covariates that repeat each other, fewer areas
        than covariates + 2, sampling errors that cannot be estimated.

    Notes
    -----
    Shares of 0 and 1 have a standard error of zero, and in areas of two clusters it is hardly known; taken at face
    value, such errors would put the poorest direct estimates beyond doubt. The generalised variance function of a
    share is ψ_i = d·p(1−p)/n_i, with p the share of all respondents and d the mean of the areas' design effects,
    weighted by df·p_i(1−p_i); of any other statistic ψ_i = v/n_i, with v the mean of n_i·se_i², weighted by df.
    p is not the area's own: a variance that falls with the share would trust low shares more than high ones.

    The model is fitted by restricted maximum likelihood; the mean squared error is g1 + g2 + 2·g3 (see
    :mod:`xzz_analysis.survey.small_areas.model`). It takes the areas' sampling errors as independent. Rare needs in
    areas of a few respondents are far from normal: their intervals hold somewhat less often than they say. Where σ² is
    estimated as 0, most of an area's stated error is the error of σ² itself, of which a synthetic estimate has no
    share: it then looks better known than it is.

    References
    ----------
    Fay, R. E. and Herriot, R. A. (1979). Journal of the American Statistical Association 74, 269–277.
    Datta, G. S. and Lahiri, P. (2000). Statistica Sinica 10, 613–627.
    Rao, J. N. K. and Molina, I. (2015). Small Area Estimation, 2nd edition, chapter 6. Wiley.
    Wolter, K. M. (2007). Introduction to Variance Estimation, 2nd edition, chapter 7 (generalised variance
    functions). Springer.
    """
    level = check_level(level)
    if smooth_variance not in (True, False):
        raise DesignError(f"smooth_variance is {smooth_variance!r}; write True or False")
    group, rows = areas_of(estimates, group)
    table = with_unvisited(rows, auxiliary, group)
    design, names = design_of(list(table.index), auxiliary)
    variance = sampling_variance(table, smooth=smooth_variance)
    fitted = np.isfinite(variance)
    refuse_unidentified(design[fitted], names)
    direct = np.where(fitted, table["estimate"].to_numpy(float), np.nan)
    model = fit_area_model(direct[fitted], variance[fitted], design[fitted])
    shrunken = shrink(model, direct, variance, design)
    out = _with_figures(table, shrunken, level, int(fitted.sum()) - len(names))
    out["result_id"] = _result_ids(table["by"], rows["result_id"], [*names, smooth_variance, level])
    out["method"] = np.where(fitted, "fay-herriot", "synthetic")
    out["reason"] = table["reason"].mask(fitted, "")
    out["direct"], out["direct_se"] = direct, table["se"].where(fitted)
    out["sampling_se"] = np.sqrt(np.where(fitted, variance, np.nan))
    out["shrinkage"], out["area_variance"] = shrunken.shrinkage, model.area_variance
    out["note"] = _notes(out, _correlated(estimates, table["result_id"], fitted))
    return Estimates(out.reset_index(drop=True)[[*estimates.columns, *ADDED]])


def _with_figures(table: pd.DataFrame, shrunken: Shrunken, level: float, df: int) -> pd.DataFrame:
    """Estimate, root mean squared error and interval; those of a share stay between 0 and 1."""
    se = np.sqrt(shrunken.mse)
    low, high = wald(shrunken.estimate, se, np.full(len(se), float(df)), level)
    limits = (0.0, 1.0) if table["statistic"].iloc[0] == "share" else (-np.inf, np.inf)
    return table.assign(
        estimate=np.clip(shrunken.estimate, *limits),
        se=se,
        low=np.clip(low, *limits),
        high=np.clip(high, *limits),
        df=float(df),
        level=level,
    )


def _result_ids(groups: pd.Series, direct: pd.Series, asked: Sequence[object]) -> list[str]:
    """Identify results by what was asked: the direct results modelled together, how, and the area."""
    model = json.dumps([sorted(direct), *asked], ensure_ascii=False)
    return [hashlib.sha256(f"{model},{group}".encode()).hexdigest()[:12] for group in groups]


def _correlated(estimates: pd.DataFrame, result_ids: pd.Series, fitted: np.ndarray) -> np.ndarray | None:
    """Whether each area's direct estimate correlates with another's; None when the frame cannot tell."""
    influence = estimates.influence if isinstance(estimates, Estimates) else None
    known = result_ids[fitted]
    if influence is None or not set(known) <= set(influence.result_ids):
        return None
    covariance = influence.covariance(list(known))
    se = np.sqrt(np.diag(covariance))
    scale = np.outer(se, se)
    correlation = np.divide(covariance, scale, out=np.zeros_like(scale), where=scale > 0)
    np.fill_diagonal(correlation, 0)
    out = np.zeros(len(fitted), bool)
    out[fitted] = np.abs(correlation).max(axis=1) > MATERIAL_CORRELATION
    return out


def _notes(out: pd.DataFrame, correlated: np.ndarray | None) -> list[str]:
    """Words of :data:`NOTES` about each row."""
    direct = (out["method"] == "fay-herriot").to_numpy()
    at_limit = ((out["low"] == 0) | (out["high"] == 1)).to_numpy()
    holds = {
        "no_area_variance": (out["area_variance"] == 0).to_numpy(),
        "correlated_areas": np.zeros(len(out), bool) if correlated is None else correlated,
        "correlation_unknown": direct & (correlated is None),
        "clipped": at_limit & (out["statistic"] == "share").to_numpy(),
    }
    return [";".join(word for word in NOTES if holds[word][row]) for row in range(len(out))]
