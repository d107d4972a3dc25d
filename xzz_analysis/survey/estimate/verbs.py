"""Shares, means, totals, ratios and quantiles of a sample, as a tidy frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.engine.interval import DEFAULT
from xzz_analysis.survey.estimate.batches import (
    By,
    estimate_means,
    estimate_quantiles,
    estimate_ratios,
    estimate_shares,
    estimate_totals,
)
from xzz_analysis.survey.estimate.items import Item, answers, names_of, number_item, share_items
from xzz_analysis.survey.estimates import Estimates


def share(
    sample: Sample, what: str | Sequence[str], by: By = None, *, level: float = 0.95, method: str = DEFAULT
) -> Estimates:
    """Estimate the share of people with each answer.

    Parameters
    ----------
    sample : Sample
    what : str or sequence of str
        A 0/1 column gives one row; a text column one row per answer; a select-multiple question one
        row per option (share of those who answered the question).
    by : str or sequence of str, optional
        Grouping columns, crossed in the given order; the whole sample without them.
    level : float
        Confidence level.
    method : "wilson-adjusted", "wilson", "korn-graubard", "logit" or "wald"
        Interval, see :mod:`xzz_analysis.survey.engine.interval`; the default allows for needs that few clusters hold.

    Returns
    -------
    Estimates
        Shares between 0 and 1; ``n_need`` respondents have the answer.

    Raises
    ------
    DesignError
        Unknown column, or numbers other than 0 and 1.

    References
    ----------
    Franco, C., Little, R. J. A., Louis, T. A. and Slud, E. V. (2019). Comparative study of confidence intervals
    for proportions in complex sample surveys. J. Survey Statistics and Methodology 7, 334–364.
    """
    items = [item for name in names_of(what) for item in share_items(sample, name)]
    return estimate_shares(sample, items, by, level=level, method=method)


def mean(sample: Sample, what: str | Sequence[str], by: By = None, *, level: float = 0.95) -> Estimates:
    """Estimate means of numeric columns.

    Parameters
    ----------
    sample : Sample
    what : str or sequence of str
        Numeric or yes/no columns.
    by, level
        As in :func:`share`.

    Returns
    -------
    Estimates
        Means in the columns' unit; the interval is estimate ± t(df) · se.

    Raises
    ------
    DesignError
        Unknown column, text, or infinite numbers.

    References
    ----------
    Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys. International
    Statistical Review 51, 279–292.
    """
    return estimate_means(sample, [number_item(sample, name) for name in names_of(what)], by, level=level)


def total(sample: Sample, what: str | Sequence[str], by: By = None, *, level: float = 0.95) -> Estimates:
    """Estimate population totals Σ w·y of numeric columns.

    Parameters
    ----------
    sample : Sample
    what : str or sequence of str
        Numeric or yes/no columns.
    by, level
        As in :func:`share`.

    Returns
    -------
    Estimates
        Totals in the columns' unit; the interval is estimate ± t(df) · se.

    Raises
    ------
    DesignError
        Unknown column, text, or infinite numbers.

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling, chapter 2.
    """
    return estimate_totals(sample, [number_item(sample, name) for name in names_of(what)], by, level=level)


def ratio(sample: Sample, numerator: str, denominator: str, by: By = None, *, level: float = 0.95) -> Estimates:
    """Estimate the ratio of two totals; respondents without either answer are left out of both.

    Parameters
    ----------
    sample : Sample
    numerator, denominator : str
        Numeric columns; the result's indicator is ``numerator/denominator``.
    by, level
        As in :func:`share`.

    Returns
    -------
    Estimates
        Ratios in units of the numerator per unit of the denominator; the interval is estimate ± t(df) · se.

    Raises
    ------
    DesignError
        Unknown column, text, or infinite numbers.

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling, section 5.6.
    """
    above, below = number_item(sample, numerator), number_item(sample, denominator)
    reasons = np.maximum(sample.missing_reason(numerator), sample.missing_reason(denominator))
    item = Item(f"{numerator}/{denominator}", above.y, reasons, below=answers(below))
    return estimate_ratios(sample, [item], by, level=level)


def quantile(
    sample: Sample,
    what: str | Sequence[str],
    by: By = None,
    *,
    probs: Sequence[float] = (0.25, 0.5, 0.75),
    rule: str = "math",
    level: float = 0.95,
) -> Estimates:
    """Estimate quantiles with Woodruff's interval.

    Parameters
    ----------
    sample, what, by, level
        As in :func:`mean`.
    probs : sequence of float
        Between 0 and 1; the statistic of a row is ``p25``, ``p50`` …
    rule : "math", "school", "hf4", "hf5", "hf6", "hf7", "hf8" or "hf9"
        Which answer, or point between two answers, is the quantile: see
        :data:`xzz_analysis.survey.engine.quantiles.RULES`.

    Returns
    -------
    Estimates
        Quantiles in the columns' unit. ``se`` is the interval's width over twice the critical value; a bound that
        lies outside the answers is absent, with the reason ``beyond_the_data``.

    Raises
    ------
    XzzError
        A probability outside 0–1, an unknown rule or column, text.

    Notes
    -----
    By default the quantile is the smallest answer at which the weighted distribution reaches the probability;
    the interval inverts the Wald interval of the distribution there.

    References
    ----------
    Woodruff, R. S. (1952). Confidence intervals for medians and other position measures. JASA 47, 635–646.
    """
    items = [number_item(sample, name) for name in names_of(what)]
    return estimate_quantiles(sample, items, by, probs=probs, rule=rule, level=level)
