"""Prevalence of food insecurity from the Food Insecurity Experience Scale, comparable with other countries.

Item severities come from the Rasch model; the study's scale is brought to the global one by mean and spread of the
items that both have in common; each raw score then has a probability of lying beyond a threshold, and a prevalence is
the weighted mean of these probabilities.

References
----------
FAO (2016). Methods for estimating comparable rates of food insecurity experienced by adults throughout the world. Rome.
Cafiero, C., Viviani, S. and Nord, M. (2018). Food security measurement in a global context: The food insecurity
experience scale. Measurement 116, 146–152.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import ndtr

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.needs.scales.rasch import Rasch, measures, rasch
from xzz_analysis.needs.scales.scale import SCALES
from xzz_analysis.needs.scales.scoring import item_scores
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.engine.cells import Cells, make_cells
from xzz_analysis.survey.engine.figures import means, totals
from xzz_analysis.survey.engine.influence import influence_of
from xzz_analysis.survey.engine.interval import logit_interval
from xzz_analysis.survey.estimate import By, Item
from xzz_analysis.survey.estimate.batches import estimate_batches, wald_batch
from xzz_analysis.survey.estimate.layout import Batch
from xzz_analysis.survey.estimates import Estimates

_SEVERITY = (-1.2230564, -0.8471210, -1.1056616, 0.3509848, -0.3117999, 0.5065051, 0.7546138, 1.8755353)

GLOBAL_STANDARD: dict[str, float] = dict(zip(SCALES["fies"].items, _SEVERITY, strict=True))
"""Severities of the items on the global scale: FAO's standard of 2014–2016, the default of R package RM.weights 2.0."""

THRESHOLDS: dict[str, float] = {
    "fies_moderate_or_severe": GLOBAL_STANDARD["fies_ate_less"],
    "fies_severe": GLOBAL_STANDARD["fies_whole_day"],
}
"""Where moderate and severe food insecurity begin on the global scale: at the items "ate less" and "whole day"."""

TOLERANCE = 0.35
"""Logits of the global scale that an item may lie away from the standard and still be common (FAO's default)."""

MOST_UNIQUE = 3
"""Items that may be left out of the equating at most (FAO's default)."""

_STEP = 1e-5
"""Of the severities, for slopes by central differences: their error is near 1e-10."""


@dataclass(frozen=True)
class Equating:
    """The study's scale brought to the global one: global = shift + scale · own.

    Attributes
    ----------
    scale, shift : float
    common : tuple of str
        Items whose severities define the two numbers.
    severity : Series, item → severity on the global scale
    correlation : float
        Of the common items' severities, own with global.
    thresholds : float array, shape (2,)
        Of :data:`THRESHOLDS`, on the study's own scale.
    """

    scale: float
    shift: float
    common: tuple[str, ...]
    severity: pd.Series
    correlation: float
    thresholds: np.ndarray


@dataclass(frozen=True)
class Fies:
    """Food insecurity of n respondents.

    Attributes
    ----------
    model : Rasch
    equating : Equating
    by_raw_score : float array, shape (k + 1, 2)
        Probability of lying beyond each of :data:`THRESHOLDS`; 0 for raw score 0.
    probability : float array, shape (n, 2)
        The same for each respondent; NaN with a missing answer.
    weights : float array, shape (n,)
        What the severities were estimated with.
    """

    model: Rasch
    equating: Equating
    by_raw_score: np.ndarray
    probability: np.ndarray
    weights: np.ndarray

    def items(self) -> list[Item]:
        """The probabilities as numbers to estimate; errors taken from these alone count severities as known."""
        return [Item(name, self.probability[:, place]) for place, name in enumerate(THRESHOLDS)]

    def findings(self) -> list[Finding]:
        """What speaks against the prevalences: misfit, dependent items, few common items, low reliability."""
        return _findings(self)


def fies(items: pd.DataFrame, weights: np.ndarray | None = None, *, leave_out: Sequence[str] = ()) -> Fies:
    """Measure food insecurity by the Food Insecurity Experience Scale.

    Parameters
    ----------
    items : DataFrame of float, shape (n, 8)
        1 affirmed, 0 denied, NaN without an answer; columns as :func:`~xzz_analysis.needs.scales.score` takes them.
    weights : float array, shape (n,), optional
        Sampling weights; all alike without them.
    leave_out : sequence of str
        Items that do not fit, or that nobody affirmed; raw scores are of the others.

    Returns
    -------
    Fies

    Raises
    ------
    InputError
        Answers other than 0 and 1, unknown items, severities that cannot be estimated (everybody extreme, an item
        affirmed by nobody), fewer than five items in common with the global scale.

    References
    ----------
    FAO (2016). Methods for estimating comparable rates of food insecurity experienced by adults throughout the world.
    """
    names = SCALES["fies"].items
    for name in leave_out:
        if name not in names:
            raise InputError(f"leave_out: {name!r} is no item of the scale{suggest(name, names)}")
    answers = pd.DataFrame(item_scores(SCALES["fies"], items), columns=names)
    kept = answers[[name for name in names if name not in leave_out]]
    model = rasch(kept, weights)
    equating = equate(pd.Series(model.severity, index=list(model.items)))
    by_raw_score = _beyond(model.severity, equating)
    measured = ~np.isnan(model.raw)
    probability = np.full((len(kept), len(THRESHOLDS)), np.nan)
    probability[measured] = by_raw_score[model.raw[measured].astype(int)]
    given = np.ones(len(kept)) if weights is None else np.asarray(weights, float)
    return Fies(model, equating, by_raw_score, probability, given)


def equate(severity: pd.Series) -> Equating:
    """Bring severities to FAO's global scale.

    Parameters
    ----------
    severity : Series, item → severity in logits
        Items of :data:`GLOBAL_STANDARD`, all or most of them.

    Returns
    -------
    Equating

    Raises
    ------
    InputError
        More than three items away from the standard, so that the scales have too little in common.

    Notes
    -----
    Means and spreads of the common items are made equal. While an item is more than 0.35 logits away from the
    standard, the one furthest away is taken as unique and the others are equated again.

    References
    ----------
    Cafiero, C., Viviani, S. and Nord, M. (2018). Measurement 116, 146–152.
    """
    standard = pd.Series(GLOBAL_STANDARD)[severity.index]
    common = np.ones(len(severity), bool)
    while True:
        scale, shift = _line(severity.to_numpy(), standard.to_numpy(), common)
        away = np.where(common, np.abs(shift + scale * severity - standard), 0.0)
        if away.max() <= TOLERANCE:
            break
        furthest = int(away.argmax())
        common[furthest] = False
        if len(GLOBAL_STANDARD) - common.sum() > MOST_UNIQUE:
            raise InputError(
                f"only {int(common.sum())} items lie within {TOLERANCE} logits of the global scale, and at least "
                f"{len(GLOBAL_STANDARD) - MOST_UNIQUE} are needed (the last to go: {severity.index[furthest]!r}); "
                "prevalences would not be comparable: report raw scores, and check the translation of the items"
            )
    names = tuple(severity.index[common])
    correlation = float(np.corrcoef(severity[common], standard[common])[0, 1])
    thresholds = (np.array(list(THRESHOLDS.values())) - shift) / scale
    return Equating(scale, shift, names, shift + scale * severity, correlation, thresholds)


def prevalence(
    sample: Sample, found: Fies, by: By = None, *, level: float = 0.95, like: Item | None = None
) -> Estimates:
    """Estimate the prevalence of moderate or severe, and of severe, food insecurity.

    Parameters
    ----------
    sample : Sample
        Its rows are the respondents of ``found``, in the same order and with the same weights.
    found : Fies
    by : str or sequence of str, optional
        Grouping columns; the whole sample without them.
    level : float
        Confidence level.
    like : Item, optional
        Item of the same rows whose version the results get, and its reasons the respondents with a missing answer.

    Returns
    -------
    Estimates
        Means of probabilities, between 0 and 1. Errors are those of the design and include that item severities and
        equating were estimated from the same sample. Respondents with a missing answer are left out and counted.

    Raises
    ------
    InputError
        Other respondents or other weights than the severities were estimated with.

    Notes
    -----
    The influence of a respondent on group d is (p − P_d) / Σ_d w plus g_d · I⁻¹ s, where s is what the respondent
    adds to the slope of the conditional likelihood, I its information and g_d the slope of P_d in the severities,
    through measures, errors of measurement and thresholds. Which items are common counts as known. Intervals are
    symmetric on the logit scale.

    References
    ----------
    Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys. International
    Statistical Review 51, 279–292.
    """
    weight = sample.design.weight
    if len(weight) != len(found.weights) or not _proportional(weight, found.weights):
        raise InputError(
            f"the severities were estimated from {len(found.weights)} respondents with other weights than the sample's "
            f"{len(weight)}; call fies(items, sample.design.weight) with the rows of this sample"
        )

    def batch(cells: Cells, some: Sequence[Item]) -> Batch:
        made = wald_batch(some, "mean", means(cells, [np.asarray(item.y) for item in some]), level)
        return replace(made, method="logit").named("prevalence", "probabilities of the Rasch model")

    items = found.items()
    if like is not None:
        items = [replace(item, reasons=like.reasons, version=like.version) for item in items]
    out = estimate_batches(sample, items, by, batch, level=level)
    return _with_model_error(sample, found, out, by, level) if len(out) else out


def _with_model_error(sample: Sample, found: Fies, out: Estimates, by: By, level: float) -> Estimates:
    """Add to prevalences what they owe to the severities being estimates."""
    model, ids = found.model, list(out["result_id"])
    whole = make_cells(sample.design, sample.domains(None))
    relative = found.weights.sum() / sample.design.weight.sum()
    columns = [relative * model.influence[:, place] for place in range(len(model.items))]
    severities = influence_of(whole, totals(whole, columns), model.items)
    moved = severities.combine(_slopes(sample, found, by), model.items, ids, linear=False)
    own = out.known_influence()
    z = sparse.csc_array(own.z + moved.z)
    out.influence = replace(own, z=z, coefficients=own.coefficients + moved.coefficients)
    estimate, df = (out[name].to_numpy(float) for name in ("estimate", "df"))
    se = np.where(np.isnan(estimate), np.nan, np.sqrt(out.influence.variance(ids)))
    out["se"] = se
    out["low"], out["high"] = logit_interval(estimate, se, df, level)
    undefined = out["low"].isna() & ~out["estimate"].isna() & (out["reason"] == "")
    out.loc[undefined, "reason"] = "interval_undefined"
    return out


def _slopes(sample: Sample, found: Fies, by: By) -> np.ndarray:
    """Slope of each prevalence in each severity, shape (k, thresholds × domains)."""
    domains = sample.domains(by)
    measured = (domains.code >= 0) & ~np.isnan(found.model.raw)
    size, count = len(found.by_raw_score), len(domains.names)
    place = domains.code[measured] * size + found.model.raw[measured].astype(int)
    mass = np.bincount(place, sample.design.weight[measured], minlength=size * count).reshape(count, size)
    total = mass.sum(axis=1, keepdims=True)
    share = np.divide(mass, total, out=np.zeros_like(mass), where=total > 0)
    slope = _beyond_slope(found)  # (k, raw scores, thresholds)
    return np.asarray(np.einsum("dr,krt->ktd", share, slope).reshape(len(slope), -1))


def _beyond_slope(found: Fies) -> np.ndarray:
    """Slope of the probabilities by raw score in each severity, shape (k, k + 1, 2)."""
    severity, names = found.model.severity, list(found.model.items)
    standard = pd.Series(GLOBAL_STANDARD)[names].to_numpy()
    common = np.isin(names, found.equating.common)
    out = []
    for place in range(len(severity)):
        ends = []
        for step in (_STEP, -_STEP):
            moved = severity + step * (np.arange(len(severity)) == place)
            scale, shift = _line(moved, standard, common)
            thresholds = (np.array(list(THRESHOLDS.values())) - shift) / scale
            ends.append(_beyond(moved, replace(found.equating, thresholds=thresholds)))
        out.append((ends[0] - ends[1]) / (2 * _STEP))
    return np.array(out)


def _beyond(severity: np.ndarray, equating: Equating) -> np.ndarray:
    """Probability that each raw score lies beyond the thresholds; who affirmed nothing is taken as secure."""
    measure, error = measures(severity)
    beyond = ndtr((measure[:, None] - equating.thresholds) / error[:, None])
    beyond[0] = 0.0
    return np.asarray(beyond)


def _line(own: np.ndarray, standard: np.ndarray, common: np.ndarray) -> tuple[float, float]:
    """Scale and shift that give the common items the mean and spread they have on the standard."""
    scale = float(np.std(standard[common]) / np.std(own[common]))
    return scale, float(standard[common].mean() - scale * own[common].mean())


def _proportional(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.allclose(one * other.sum(), other * one.sum(), rtol=1e-9, atol=0))


FITTING = (0.7, 1.3)
"""Infit that FAO takes as good enough for use."""

DEPENDENT = 0.4
"""Residual correlation above which two items are taken to ask the same thing (FAO)."""

_RELIABLE = 0.7
"""Rasch reliability that FAO takes as enough for eight items."""


def _findings(found: Fies) -> list[Finding]:
    model, fit = found.model, found.model.fit
    out = []
    low, high = FITTING
    for name, infit in zip(model.items, fit.infit, strict=True):
        if not low <= infit <= high:
            told = f"infit of {name!r} is {infit:.2f}, outside {low} to {high}: it does not measure what the others do"
            out.append(Finding("warning", "rasch_misfit", "fies", told, "check its wording; leave it out if it stays"))
    for one, other in np.argwhere(np.triu(fit.residual_correlation, 1) > DEPENDENT):
        pair = f"{model.items[one]!r} and {model.items[other]!r}"
        told = f"residuals of {pair} correlate at {fit.residual_correlation[one, other]:.2f}: they ask the same thing"
        out.append(Finding("warning", "rasch_dependent", "fies", told, "leave one of them out and compare"))
    if fit.reliability < _RELIABLE:
        told = f"Rasch reliability is {fit.reliability:.2f}, below {_RELIABLE}"
        out.append(Finding("warning", "rasch_unreliable", "fies", told, "report the share of each raw score beside it"))
    unique = [name for name in model.items if name not in found.equating.common]
    if unique:
        told = f"{len(unique)} items are unique to this survey and were not used to equate: {', '.join(unique)}"
        out.append(Finding("note", "rasch_unique", "fies", told, "", len(unique)))
    return out
