"""How far the items of each scale measure one thing, in one round.

References
----------
Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika 16, 297–334.
McDonald, R. P. (1999). Test Theory: A Unified Treatment, chapter 6. Erlbaum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.needs.indicator import Indicator
from xzz_analysis.needs.instruments.figures import LEVEL, figures, today_of
from xzz_analysis.needs.measure import item_codes, scale_of
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.scales import Scale, item_scores, reliability
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimates import Estimates

FEWEST = 3
"""Respondents with every item answered below which there is no coefficient."""

METHODS = {"alpha": "Cronbach; Feldt", "omega": "McDonald; one factor by maximum likelihood"}
"""Coefficient → how it and its interval are computed."""


def scored_indicators(survey: MonitoringRound) -> list[Indicator]:
    """The round's indicators that are made of a scale, in the order of the declarations."""
    return [one for one in survey.indicators if one.scale is not None and one.unit in survey.units]


def reliabilities(survey: MonitoringRound) -> Estimates:
    """Alpha and omega of every scale of a round.

    Parameters
    ----------
    survey : MonitoringRound
        Of one place: the coefficients are those of the whole study.

    Returns
    -------
    Estimates
        Two rows for each indicator with a scale of two items or more, statistics ``alpha`` (with Feldt's interval) and
        ``omega``. ``n`` counts those who answered every item and have weight. Where there is no figure, ``reason``
        is ``few_complete`` (fewer than three of them), ``item_alike`` (an item that all answered alike),
        ``item_determined`` (an item that follows from the others) or ``few_items`` (omega of two items).

    References
    ----------
    Feldt, L. S., Woodruff, D. J. and Salih, F. A. (1987). Statistical inference for coefficient alpha. Applied
    Psychological Measurement 11, 93–103.
    """
    survey = survey.whole
    parts = []
    for one in scored_indicators(survey):
        assert one.scale is not None
        scale = scale_of(one.scale)
        if len(scale.items) > 1:
            codes = item_codes(one, survey.dataset, survey.rows(one.unit), today=today_of(survey))
            sample = survey.sample(one.unit)
            about = {"indicator": one.id, "version": str(one.version)}
            parts.append(figures(sample, [about | row for row in _rows(scale, codes, sample)]))
    return Estimates(pd.concat(parts, ignore_index=True)) if parts else Estimates.none()


def _rows(scale: Scale, codes: pd.DataFrame, sample: Sample) -> list[dict[str, Any]]:
    """Alpha and omega, or why there is none."""
    weight = sample.design.weight
    values = item_scores(scale, codes)
    used = ~np.isnan(values).any(axis=1) & (weight > 0)
    rows = [{"statistic": name, "method": method, "n": used.sum()} for name, method in METHODS.items()]
    reason = _reason(values[used])
    if reason:
        return [row | {"reason": reason} for row in rows]
    try:
        found = reliability(scale, codes, weight, level=LEVEL)
    except InputError:  # the items are as they should be, so the matrix of their correlations is singular
        return [row | {"reason": "item_determined"} for row in rows]
    alpha, omega = rows
    alpha |= {"estimate": found.alpha, "n_eff": found.n_eff}
    if sample.kind != "census":
        alpha |= {"low": found.low, "high": found.high}
    omega |= {"estimate": found.omega, "n_eff": found.n_eff, "reason": "few_items" if np.isnan(found.omega) else ""}
    return [alpha, omega | {"flags": "review" if found.bounded else ""}]


def _reason(values: np.ndarray) -> str:
    """Why complete answers give no coefficient, ``""`` where they may."""
    if not len(values):
        return "nobody_answered"
    if len(values) < FEWEST:
        return "few_complete"
    return "item_alike" if (np.ptp(values, axis=0) == 0).any() else ""
