"""An indicator's column on the rows of its unit: 0/1 or a number, and why there is none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.intake.answers import Reason, shared_reasons
from xzz_analysis.intake.expression import Vector, evaluate, number_vector, parse
from xzz_analysis.intake.expression.grammar import Call, Chain, Expression, Name, Node
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
    compute = _computing(indicator, dataset, rows, today)
    base = _base(indicator, rows, compute)
    columns = _columns(indicator, compute)
    y = np.where(base == 1, columns[0], np.nan)
    below = np.where(base == 1, columns[1], np.nan) if indicator.over else None
    unmeasured = np.isnan(y) | (np.isnan(below) if below is not None else False)
    why = partial(_first_reason, indicator, dataset, rows, compute)
    first = np.where(base == 1, _measure_reason(indicator, why, compute), why([indicator.base]))
    reasons = np.where(unmeasured & (base != 0), first, 0).astype(np.int8)
    for name, rule in indicator.missing.items():
        if rule == "need" and indicator.statistic == "share":
            counted = (reasons == Reason[name]) & (base == 1)
            y[counted], reasons[counted] = 1.0, Reason.ANSWERED
    return Item(indicator.id, y, reasons, version=str(indicator.version), below=below)


def item_codes(
    indicator: Indicator, dataset: Dataset, rows: np.ndarray, *, today: dt.date | None = None
) -> pd.DataFrame:
    """Answer codes of the items of an indicator's scale on some rows of its unit.

    Parameters
    ----------
    indicator : Indicator
        With a ``scale``.
    dataset, rows, today
        As in :func:`item`.

    Returns
    -------
    DataFrame of float, shape (rows, items)
        Columns named as the scale names its items; NaN outside the base and without a usable answer.

    Raises
    ------
    InputError
        An indicator without a scale, a question that is not asked.
    """
    if indicator.scale is None:
        raise InputError(f"indicator {indicator.id!r} declares no scale, so it has no items")
    compute = _computing(indicator, dataset, rows, today)
    codes = _item_codes(indicator.scale, compute)
    codes.loc[_base(indicator, rows, compute) != 1] = np.nan
    return codes


def growth_parts(
    indicator: Indicator, dataset: Dataset, rows: np.ndarray, *, today: dt.date | None = None
) -> pd.DataFrame:
    """What the growth of an indicator is computed from, for those of some rows that are in its base.

    Parameters
    ----------
    indicator : Indicator
        With ``growth``.
    dataset, rows, today
        As in :func:`item`.

    Returns
    -------
    DataFrame
        ``value`` and ``age`` (months) as floats, ``sex`` as text; missing where there is no usable answer.

    Raises
    ------
    InputError
        An indicator without growth, a question that is not asked.
    """
    if indicator.growth is None:
        raise InputError(f"indicator {indicator.id!r} declares no growth, so nobody was measured for it")
    compute = _computing(indicator, dataset, rows, today)
    inside = np.flatnonzero(_base(indicator, rows, compute) == 1)
    return _parts(indicator.growth, compute).iloc[inside].reset_index(drop=True)


def in_base(indicator: Indicator, dataset: Dataset, rows: np.ndarray, *, today: dt.date | None = None) -> np.ndarray:
    """Which of some rows of its unit are in an indicator's base, as a bool array; where it is unknown none is."""
    compute = _computing(indicator, dataset, rows, today)
    return np.asarray(_base(indicator, rows, compute) == 1)


def _computing(indicator: Indicator, dataset: Dataset, rows: np.ndarray, today: dt.date | None) -> Compute:
    """What computes expressions on some rows; a question is read once for all of them."""
    bindings = cache(dataset.bindings(indicator.unit, rows))
    return cache(partial(evaluate, bindings=bindings, length=int(np.count_nonzero(rows)), today=today))


def _base(indicator: Indicator, rows: np.ndarray, compute: Compute) -> np.ndarray:
    """Who is in the base: 1, 0, or -1 where that is unknown."""
    return compute(indicator.base).truth() if indicator.base else np.ones(np.count_nonzero(rows), np.int8)


def _columns(indicator: Indicator, compute: Compute) -> list[np.ndarray]:
    """What is measured, inside the base and outside: one column, or numerator and denominator."""
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
        from xzz_analysis.needs.growth import wrong_names

        wrong = wrong_names(indicator.growth)
        if wrong:
            raise InputError(wrong)


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


def _item_codes(scoring: Scoring, compute: Compute) -> pd.DataFrame:
    """Answer codes of every item, a column each."""
    scale = scale_of(scoring)
    codes = [_codes(text, scale, compute) for text in scoring.items]
    return pd.DataFrame(dict(zip(scale.items, codes, strict=True)))


def _scored(scoring: Scoring, condition: str, compute: Compute) -> np.ndarray:
    """Scores, or who is beyond the cut-off, NaN where there is none."""
    from xzz_analysis.needs.scales import score

    scale = scale_of(scoring)
    items = _item_codes(scoring, compute)
    scores = np.asarray(score(scale, items), np.float64)
    if not condition:
        return scores
    return _cut(np.where(items.notna().all(axis=1), scores, np.nan), condition)


def _grown(growth: Growth, compute: Compute) -> np.ndarray:
    """z-scores or a class, NaN where a part is missing, outside the reference's ages, or implausible."""
    from xzz_analysis.needs.growth import grown

    return grown(growth, _parts(growth, compute))["y"].to_numpy(np.float64)


def _parts(growth: Growth, compute: Compute) -> pd.DataFrame:
    """Value, age and sex, a column each."""
    value, age = (_measured(compute(text), is_need=False) for text in (growth.value, growth.age))
    sex = [text or None for text in compute(growth.sex).text()]
    return pd.DataFrame({"value": value, "age": age, "sex": pd.Series(sex, dtype=object)})


def _measure_reason(indicator: Indicator, why: Callable[[Sequence[str]], np.ndarray], compute: Compute) -> np.ndarray:
    """Reason of the first question of the measure without a usable answer; of a scale, of its first item without."""
    texts = indicator.measured()
    if indicator.scale is None:
        return why(texts)
    scale, found = scale_of(indicator.scale), np.array(Reason.INVALID, np.int8)
    for text in reversed(texts):
        found = np.where(np.isnan(_codes(text, scale, compute)), why([text]), found)
    return found


def _first_reason(
    indicator: Indicator, dataset: Dataset, rows: np.ndarray, compute: Compute, texts: Sequence[str]
) -> np.ndarray:
    """Reason of the first question of some expressions without a usable answer, on some rows of the unit.

    Of ``if`` the branch that was taken counts. NOT_ASKED where all have one but an option that they name was not
    offered, INVALID where that is not so either.
    """
    found = np.zeros(np.count_nonzero(rows), np.int8)
    unoffered = np.zeros(len(found), bool)
    written = " ".join(texts)
    every = np.ones(len(found), bool)
    for name, wanted in (one for text in texts if text for one in _wanted(parse(text).tree, every, compute)):
        columns = dataset.question(indicator.unit, name).columns
        reasons = [dataset.values(indicator.unit, column, name)[1][rows] for column in columns]
        if reasons:
            found = np.where((found == 0) & wanted, shared_reasons(reasons), found)
        for column, own in zip(columns, reasons, strict=True):
            unoffered |= (own == Reason.NOT_ASKED) & (column.rpartition("/")[2] in written)
    return np.where(found > 0, found, np.where(unoffered, Reason.NOT_ASKED, Reason.INVALID)).astype(np.int8)


def _wanted(node: Node, rows: np.ndarray, compute: Compute) -> Iterator[tuple[str, np.ndarray]]:
    """Questions of an expression in order of use, each with the rows that need it: ``if`` takes one branch."""
    if isinstance(node, Name):
        yield node.name, rows
    elif isinstance(node, Call) and node.function == "if":
        condition = node.arguments[0]
        truth = compute(Expression(repr(condition), (), (), condition)).truth()  # columns are kept by the text
        for argument, taken in zip(node.arguments, (rows, rows & (truth == 1), rows & (truth == 0)), strict=True):
            yield from _wanted(argument, taken, compute)
    elif isinstance(node, Call | Chain):
        inside = node.arguments if isinstance(node, Call) else (node.first, *(operand for _, operand in node.rest))
        for argument in inside:
            yield from _wanted(argument, rows, compute)
