"""Food insecurity in one round: prevalences by the Food Insecurity Experience Scale, and how its items fit.

References
----------
FAO (2016). Methods for estimating comparable rates of food insecurity experienced by adults throughout the world. Rome.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.language import Label
from xzz_analysis.needs.indicator import Indicator
from xzz_analysis.needs.instruments.consistency import scored_indicators
from xzz_analysis.needs.instruments.figures import figures, today_of
from xzz_analysis.needs.measure import item_codes
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.scales import SCALES, Fies, fies, prevalence, rasch
from xzz_analysis.needs.scales.fies import DEPENDENT, FITTING
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimates import Estimates, group_key

FOOD_INSECURITY: dict[str, Label] = {
    "fies_moderate_or_severe": {"zh": "中度或重度粮食不安全", "en": "Moderate or severe food insecurity"},
    "fies_severe": {"zh": "重度粮食不安全", "en": "Severe food insecurity"},
}
"""Prevalences that the scale gives, mildest first, in words."""

MOST_LEFT_OUT = 3
"""Items that the model can do without: five have to be common with the global scale."""

_METHOD = "Rasch model, conditional maximum likelihood"
_NO_MODEL, _UNLIKE = "no_rasch_model", "unlike_the_standard"


def food_indicator(survey: MonitoringRound, unit: str) -> Indicator | None:
    """The indicator whose questions food insecurity of a unit is computed from, None where there is none."""
    return next((one for one in _indicators(survey) if one.unit == unit), None)


def food_insecurity(survey: MonitoringRound, by: str | Sequence[str] | None = None) -> Estimates:
    """Estimate moderate or severe, and severe, food insecurity of a round that asks the eight questions.

    Parameters
    ----------
    survey : MonitoringRound
    by : str or sequence of str, optional
        Declared groups, crossed.

    Returns
    -------
    Estimates
        Statistic ``prevalence``, one row for each of :data:`FOOD_INSECURITY` and each group, of every unit with an
        indicator of scale ``fies``; none where there is no such unit. ``n_need`` counts those who said yes to
        anything: the others have probability zero. Severities are estimated once, from the whole sample. Where they
        cannot be, there is one row for the whole with reason ``no_rasch_model``, or ``unlike_the_standard`` where
        fewer than five items lie where the global scale has them.

    References
    ----------
    Cafiero, C., Viviani, S. and Nord, M. (2018). Food security measurement in a global context: The food insecurity
    experience scale. Measurement 116, 146–152.
    """
    return survey.split(_food_insecurity, by)


def food_items(survey: MonitoringRound) -> Estimates:
    """How each item of the Food Insecurity Experience Scale fits in a round, and the reliability of all.

    Parameters
    ----------
    survey : MonitoringRound

    Returns
    -------
    Estimates
        For each item (``option``) statistic ``infit``, a mean square that is 1 where the item fits; ``n`` counts the
        complete answers, ``n_need`` those who said yes. ``flags`` says ``misfit`` outside 0.7 to 1.3,
        ``dependent`` where its residuals go with those of another item, ``unique`` where it does not lie where the
        global scale has it, ``left_out`` where it is not in the model.
        One more row without option, ``rasch_reliability``; none where there is no model.
    """
    parts = []
    for one in _indicators(survey.whole):
        asked = _Asked(survey.whole, one)
        if isinstance(asked.model, Fies):
            about = {"indicator": one.id, "version": str(one.version), "method": _METHOD}
            parts.append(figures(asked.sample, [about | row for row in _fit_rows(asked, asked.model)]))
    return Estimates(pd.concat(parts, ignore_index=True)) if parts else Estimates.none()


class _Asked:
    """The eight questions of one unit in one round: answers, sample, and the model or why there is none."""

    def __init__(self, survey: MonitoringRound, indicator: Indicator) -> None:
        rows = survey.rows(indicator.unit)
        self.codes = item_codes(indicator, survey.dataset, rows, today=today_of(survey))
        self.sample: Sample = survey.sample(indicator.unit)
        weight = self.sample.design.weight
        left_out = _unusable(self.codes[self.codes.notna().all(axis=1).to_numpy() & (weight > 0)])
        self.answered = self.codes.drop(columns=left_out).notna().all(axis=1).to_numpy() & (weight > 0)
        self.model: Fies | str = _model(self.codes, weight, left_out)


def _indicators(survey: MonitoringRound) -> list[Indicator]:
    """The first indicator of each unit that has the scale."""
    asked = [one for one in scored_indicators(survey) if one.scale is not None and one.scale.rule == "fies"]
    return list({one.unit: one for one in reversed(asked)}.values())[::-1]


def _food_insecurity(survey: MonitoringRound, by: list[str]) -> Estimates:
    parts = []
    for one in _indicators(survey):
        asked = _Asked(survey, one)
        if not set(by) <= set(asked.sample.frame.columns):
            continue
        if isinstance(asked.model, Fies):
            made = prevalence(asked.sample, asked.model, by, like=survey.item(one))
            parts.append(made.assign(n_need=_said_yes(asked, by, made["by"])))
        elif not by:
            row = {"version": str(one.version), "statistic": "prevalence", "method": _METHOD, "reason": asked.model}
            row |= {"n": asked.answered.sum()}
            parts.append(figures(asked.sample, [row | {"indicator": name} for name in FOOD_INSECURITY]))
    return Estimates(pd.concat(parts, ignore_index=True)) if parts else Estimates.none()


def _said_yes(asked: _Asked, by: list[str], groups: pd.Series) -> np.ndarray:
    """Respondents of each row's group who affirmed an item of the model, shape (rows,)."""
    assert isinstance(asked.model, Fies)
    domains = asked.sample.domains(by)
    said = asked.answered & (asked.model.model.raw > 0) & (domains.code >= 0)
    counts = np.bincount(domains.code[said], minlength=len(domains.names))
    named = {group_key(domains.pairs(place)): count for place, count in enumerate(counts)}
    return groups.map(named).to_numpy(float)


def _unusable(codes: pd.DataFrame) -> list[str]:
    """Items that all who tell items apart affirmed, or denied: the model has no severity for them."""
    names = [str(name) for name in codes]
    kept = names
    while len(kept) > len(names) - MOST_LEFT_OUT - 1:
        raw = codes[kept].sum(axis=1)
        telling = codes.loc[(raw > 0) & (raw < len(kept)), kept]
        alike = [name for name in kept if not len(telling) or telling[name].nunique() < 2]
        if not alike:
            break
        kept = [name for name in kept if name not in alike]
    return [name for name in names if name not in kept]


def _model(codes: pd.DataFrame, weight: np.ndarray, left_out: list[str]) -> Fies | str:
    """The model of the items that can be used, or the reason why there is none."""
    if len(left_out) > MOST_LEFT_OUT:
        return _NO_MODEL
    try:
        rasch(codes.drop(columns=left_out), weight)
    except InputError:
        return _NO_MODEL
    try:
        return fies(codes, weight, leave_out=left_out)
    except InputError:
        return _UNLIKE


def _fit_rows(asked: _Asked, found: Fies) -> list[dict[str, Any]]:
    """Infit of every item, and the reliability."""
    infit = dict(zip(found.model.items, found.model.fit.infit, strict=True))
    yes = asked.codes[asked.answered].sum()
    n = int(asked.answered.sum())
    same = np.triu(found.model.fit.residual_correlation, 1) > DEPENDENT
    pairs = dict(zip(found.model.items, np.any(same | same.T, axis=0).tolist(), strict=True))
    rows: list[dict[str, Any]] = []
    for name in SCALES["fies"].items:
        row = {"statistic": "infit", "option": name, "n": n, "n_need": yes[name]}
        if name not in infit:
            rows.append(row | {"flags": "left_out", "reason": _NO_MODEL})
            continue
        said = {"misfit": not FITTING[0] <= infit[name] <= FITTING[1], "dependent": pairs[name]}
        said["unique"] = name not in found.equating.common
        flags = ";".join(flag for flag, holds in said.items() if holds)
        rows.append(row | {"estimate": infit[name], "flags": flags})
    whole = {"statistic": "rasch_reliability", "n": found.model.n, "estimate": found.model.fit.reliability}
    return [*rows, whole]
