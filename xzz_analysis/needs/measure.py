"""An indicator's column on the rows of its unit: 0/1 or a number, and why there is none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.intake.answers import Reason, shared_reasons
from xzz_analysis.intake.expression import Vector, evaluate, number_vector, parse
from xzz_analysis.intake.store import Dataset
from xzz_analysis.survey.estimate import Item

if TYPE_CHECKING:
    from xzz_analysis.needs.indicator import Growth, Indicator, Scoring
    from xzz_analysis.needs.scales import Scale

Compute = Callable[..., Vector]
"""Expression → its column on the unit's rows."""


def item(indicator: Indicator, dataset: Dataset, rows: np.ndarray, *, today: dt.date | None = None) -> Item:
    """Compute an indicator's column on some rows of its unit.

    Parameters
    ----------
    indicator : Indicator
    dataset : Dataset
    rows : bool array, shape (respondents of the unit,)
        Rows to keep (one round).
    today : date, optional
        What ``today()`` means: the round's last day.

    Returns
    -------
    Item
        ``y`` is 0/1 for a share, the number for a mean, the numerator for a ratio; NaN outside the
        base and where unmeasured. The reason of an unmeasured row is that of the first question without
        a usable answer: of the base's questions where the base is unknown, of the measure's where it
        holds; INVALID where every question is answered and the value is still unknown (0 div 0, a code that the
        scale does not know, an implausible height). Rows outside the base carry no reason.

    Raises
    ------
    InputError
        A question that is not asked of the unit or its parents; an indicator that ranks options.

    Notes
    -----
    A share made of a score needs every item answered, also where the scale's own rule allows a score without some:
    so no answer that turns missing can make somebody one without the need.
    """
    if indicator.rank:
        raise InputError(
            f"indicator {indicator.id!r} ranks options and has no column of its own; "
            f"estimate it with priorities(sample, {indicator.rank})"
        )
    length = len(dataset.unit(indicator.unit))
    bindings = cache(dataset.bindings(indicator.unit))  # a question is read once for all expressions
    compute = cache(partial(evaluate, bindings=bindings, length=length, today=today))
    base = compute(indicator.base).truth() if indicator.base else np.ones(length, np.int8)
    columns = _columns(indicator, compute)
    y = np.where(base == 1, columns[0], np.nan)
    below = np.where(base == 1, columns[1], np.nan) if indicator.over else None
    unmeasured = np.isnan(y) | (np.isnan(below) if below is not None else False)
    first = np.where(
        base == 1,
        _measure_reason(indicator, dataset, compute),
        _first_reason(indicator, dataset, [indicator.base]),
    )
    reasons = np.where(unmeasured & (base != 0), first, 0).astype(np.int8)
    for name, rule in indicator.missing.items():
        if rule == "need" and indicator.statistic == "share":
            counted = (reasons == Reason[name]) & (base == 1)
            y[counted], reasons[counted] = 1.0, Reason.ANSWERED
    return Item(
        indicator.id,
        y[rows],
        reasons[rows],
        version=str(indicator.version),
        below=None if below is None else below[rows],
    )


def _columns(indicator: Indicator, compute: Compute) -> list[np.ndarray]:
    """What is measured, everybody of the unit: one column, or numerator and denominator."""
    if indicator.scale is not None:
        return [_scored(indicator.scale, indicator.cut, compute)]
    if indicator.growth is not None:
        return [_cut(_grown(indicator.growth, compute), indicator.cut)]
    return [_measured(compute(text), is_need=bool(indicator.need)) for text in indicator.measured()]


def _measured(value: Vector, *, is_need: bool) -> np.ndarray:
    """The value of one expression: 0/1/NaN for a need, else a finite number or NaN."""
    if is_need:
        truth = value.truth().astype(float)
        return np.where(truth < 0, np.nan, truth)
    number = value.number()
    return np.where(np.isfinite(number), number, np.nan)


def _cut(score: np.ndarray, condition: str) -> np.ndarray:
    """Which scores are beyond the cut-off, 0/1/NaN; the scores themselves without a condition."""
    if not condition:
        return score
    here = number_vector(score, ~np.isnan(score))
    return _measured(evaluate(f". {condition}", _no_question, len(score), here=here), is_need=True)


def _no_question(name: str) -> Vector:
    raise InputError(f"the cut-off of a score names question {name!r}; compare the score with a number: '<= 50'")


def require_rules(indicator: Indicator) -> None:
    """Check that a declaration's scale and growth reference are known.

    Raises
    ------
    InputError
        They are not, or the items are not the scale's; the nearest name is told.
    """
    if indicator.scale is not None:
        scale_of(indicator.scale)
    if indicator.growth is not None:
        from xzz_analysis.needs.growth import MEASURES, REFERENCES

        growth = indicator.growth
        for what, name, known in (
            ("measure", growth.measure, [*MEASURES]),
            ("reference", growth.reference, [*REFERENCES]),
        ):
            if name not in known:
                raise InputError(f"growth {what} {name!r} is not known{suggest(name, known)}")


def scale_of(scoring: Scoring) -> Scale:
    """The scale that a declaration names.

    Parameters
    ----------
    scoring : Scoring

    Returns
    -------
    Scale

    Raises
    ------
    InputError
        There is no such scale or subscale, or the expressions are more or fewer than its items.
    """
    from xzz_analysis.needs.scales import SCALES

    if scoring.rule not in SCALES:
        raise InputError(f"scale {scoring.rule!r} is not known{suggest(scoring.rule, SCALES)}")
    whole = SCALES[scoring.rule]
    scale = whole.part(scoring.part) if scoring.part else whole
    if len(scoring.items) != len(scale.items):
        raise InputError(
            f"scale {scoring.rule!r} has {len(scale.items)} items and `items` names {len(scoring.items)}; "
            f"write one expression for each of {', '.join(scale.items)}"
        )
    return scale


def _codes(text: str, scale: Scale, compute: Compute) -> np.ndarray:
    """Answer codes of one item, NaN where there is none that the scale knows."""
    codes = compute(text).number()
    return np.where(np.isin(codes, list(scale.responses)), codes, np.nan)


def _scored(scoring: Scoring, condition: str, compute: Compute) -> np.ndarray:
    """Scores, or who is beyond the cut-off, NaN where there is none."""
    from xzz_analysis.needs.scales import score

    scale = scale_of(scoring)
    codes = [_codes(text, scale, compute) for text in scoring.items]
    items = pd.DataFrame(dict(zip(scale.items, codes, strict=True)))
    scores = np.asarray(score(scale, items), np.float64)
    if not condition:
        return scores
    return _cut(np.where(items.notna().all(axis=1), scores, np.nan), condition)


def _grown(growth: Growth, compute: Compute) -> np.ndarray:
    """z-scores, NaN where a part is missing, outside the reference's ages, or implausible."""
    from xzz_analysis.needs.growth import growth_z

    value, age = (_measured(compute(text), is_need=False) for text in (growth.value, growth.age))
    sex = [text or None for text in compute(growth.sex).text()]
    found = growth_z(growth.measure, value, age, sex, reference=growth.reference)
    return np.where(found["flag"] == "", found["z"], np.nan).astype(np.float64)


def _measure_reason(indicator: Indicator, dataset: Dataset, compute: Compute) -> np.ndarray:
    """Reason of the first question of the measure without a usable answer; of a scale, of its first item without."""
    texts = indicator.measured()
    if indicator.scale is None:
        return _first_reason(indicator, dataset, texts)
    scale = scale_of(indicator.scale)
    found = np.full(len(dataset.unit(indicator.unit)), Reason.INVALID, np.int8)
    for text in reversed(texts):
        found = np.where(np.isnan(_codes(text, scale, compute)), _first_reason(indicator, dataset, [text]), found)
    return found


def _first_reason(indicator: Indicator, dataset: Dataset, texts: Sequence[str]) -> np.ndarray:
    """Reason of the first question of some expressions without a usable answer.

    NOT_ASKED where all have one but an option that they name was not offered, INVALID where that is not so either.
    """
    found = np.zeros(len(dataset.unit(indicator.unit)), np.int8)
    unoffered = np.zeros(len(found), bool)
    written = " ".join(texts)
    for name in dict.fromkeys(name for text in texts if text for name in parse(text).names):
        columns = dataset.question(indicator.unit, name).columns
        reasons = [dataset.values(indicator.unit, column, name)[1] for column in columns]
        if reasons:
            found = np.where(found == 0, shared_reasons(reasons), found)
        for column, own in zip(columns, reasons, strict=True):
            unoffered |= (own == Reason.NOT_ASKED) & (column.rpartition("/")[2] in written)
    return np.where(found > 0, found, np.where(unoffered, Reason.NOT_ASKED, Reason.INVALID)).astype(np.int8)
