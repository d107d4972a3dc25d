"""Answers → scores and classes, by the declaration of the scale."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.needs.scales.scale import Scale

_SHOWN = 5
"""Unknown codes that an error names at most."""

_LONGEST_CODE = 999
"""Larger numbers are no answer codes, and may be somebody's telephone: they are counted, not shown."""


def score(scale: Scale, items: pd.DataFrame, *, subscale: str = "") -> np.ndarray:
    """Score every respondent.

    Parameters
    ----------
    scale : Scale
    items : DataFrame of float, shape (n, items of the scale)
        Answer codes, NaN where there is no usable answer. Columns have the names of the scale's items, in any
        order; or none of these names, and then the instrument's order.
    subscale : str
        Score this part only; the whole scale without it.

    Returns
    -------
    float64 array, shape (n,)
        In the scale's unit; NaN where fewer items were answered than the missing rule asks for, never zero.

    Raises
    ------
    InputError
        Answer codes that the scale does not know, text instead of codes, missing or unknown columns, an unknown
        subscale.

    References
    ----------
    The ``source`` of each scale; Streiner, D. L., Norman, G. R. and Cairney, J. (2015). Health Measurement Scales,
    5th edition, chapter 7, for sums, means and prorating. Oxford University Press.
    """
    values = item_scores(scale, items)
    part = scale.part(subscale) if subscale else scale
    return _RULES[part.rule](part, values[:, [scale.items.index(name) for name in part.items]])


def item_scores(scale: Scale, items: pd.DataFrame) -> np.ndarray:
    """What each answer counts, reversed items turned round.

    Parameters
    ----------
    scale : Scale
    items : DataFrame of float, shape (n, items of the scale)
        As in :func:`score`.

    Returns
    -------
    float64 array, shape (n, items of the scale)
        In the instrument's order; NaN where there is no usable answer.

    Raises
    ------
    InputError
        As in :func:`score`.
    """
    columns = [_numbers(scale, name, column) for name, column in _in_order(scale, items)]
    codes = np.array(sorted(scale.responses))
    worth = np.array([scale.responses[code] for code in codes])
    values = np.full((len(items), len(columns)), np.nan)
    for place, (name, given) in enumerate(zip(scale.items, columns, strict=True)):
        at = np.minimum(np.searchsorted(codes, given), len(codes) - 1)
        known = codes[at] == given
        _refuse_unknown(scale, name, given[~known & ~np.isnan(given)])
        values[known, place] = worth[at[known]]
        if name in scale.reversed:
            values[:, place] = worth.min() + worth.max() - values[:, place]
    return values


def categories(scale: Scale, scores: np.ndarray) -> pd.Categorical[str]:
    """Divide scores into the scale's classes.

    Parameters
    ----------
    scale : Scale
        With cut-offs; for the classes of a subscale, ``scale.part(name)``.
    scores : float array, shape (n,)
        As :func:`score` gives them.

    Returns
    -------
    Categorical of length n
        Ordered from low to high scores; missing where the score is NaN.

    Raises
    ------
    InputError
        A scale without cut-offs, or scores outside its range.
    """
    if scale.cutoffs is None:
        raise InputError(
            f"scale {scale.id!r} has no cut-offs, so it makes no classes; report its mean, or declare some"
        )
    low, high = scale.range
    outside = int(((scores < low - _NEAR) | (scores > high + _NEAR)).sum())
    if outside:
        raise InputError(f"{outside} scores are outside the range {low:g} to {high:g} of scale {scale.id!r}")
    bands = scale.cutoffs.bands
    ends = np.array([band.end + _NEAR if band.upto is not None else band.end - _NEAR for band in bands[:-1]])
    codes = np.where(np.isnan(scores), -1, np.searchsorted(ends, scores)).astype(np.int64)
    names: pd.Index[str] = pd.Index([band.name for band in bands])
    return pd.Categorical.from_codes(codes, names, ordered=True)


_NEAR = 1e-9
"""Two scores nearer than this are one: thirds and sevenths are no binary fractions."""


def inspect_items(scale: Scale, items: pd.DataFrame, *, ages: np.ndarray | None = None) -> list[Finding]:
    """What a reader of the scores has to know about the answers behind them.

    Parameters
    ----------
    scale : Scale
    items : DataFrame of float, shape (n, items of the scale)
        As in :func:`score`.
    ages : float array, shape (n,), optional
        Ages in years, to compare with those the instrument was made for.

    Returns
    -------
    list of Finding
        Counts only: scores that the missing rule does not allow, items that nobody answered, respondents with one
        answer to items that point both ways, everybody at one end of the scale, ages outside the instrument's.

    Raises
    ------
    InputError
        As in :func:`score`.
    """
    values = item_scores(scale, items)
    scores = score(scale, items)
    found = [*_unmeasured(scale, values, scores), *_one_answer(scale, items, values), *_extreme(scale, scores)]
    if ages is not None and scale.ages is not None:
        first, last = scale.ages
        outside = int((~np.isnan(scores) & ((ages < first) | (ages > last))).sum())
        if outside:
            told = f"{outside} respondents with a score are outside the ages {first:g} to {last:g} of the instrument"
            remedy = "limit the indicator's base to these ages, or say that the instrument was not checked for others"
            found.append(Finding("warning", "scale_age", scale.id, told, remedy, outside))
    return found


def _unmeasured(scale: Scale, values: np.ndarray, scores: np.ndarray) -> list[Finding]:
    found = []
    answered = (~np.isnan(values)).sum(axis=0)
    for name in [name for name, count in zip(scale.items, answered, strict=True) if not count and len(values)]:
        told = f"nobody answered item {name!r}"
        remedy = "check that the question was asked in this round, and that the column is the right one"
        found.append(Finding("warning", "scale_item_unanswered", scale.id, told, remedy, len(values)))
    without = int((np.isnan(scores) & ~np.isnan(values).all(axis=1)).sum())
    if without:
        rule = f"at least {scale.fewest()} of {len(scale.items)} items"
        told = f"{without} respondents answered some items, but not {rule}; they have no score"
        found.append(Finding("note", "scale_incomplete", scale.id, told, "", without))
    return found


def _one_answer(scale: Scale, items: pd.DataFrame, values: np.ndarray) -> list[Finding]:
    """The same answer to items that point both ways contradicts itself."""
    if not 0 < len(scale.reversed) < len(scale.items):
        return []
    given = np.column_stack([_numbers(scale, name, column) for name, column in _in_order(scale, items)])
    complete = ~np.isnan(values).any(axis=1)
    middle = (min(scale.responses.values()) + max(scale.responses.values())) / 2
    same = int((complete & (given == given[:, :1]).all(axis=1) & (values[:, 0] != middle)).sum())
    if not same:
        return []
    told = f"{same} respondents gave one answer to all items, although {len(scale.reversed)} of them are reversed"
    remedy = "see the check of straight-lining in the quality report before relying on their scores"
    return [Finding("warning", "scale_one_answer", scale.id, told, remedy, same)]


def _extreme(scale: Scale, scores: np.ndarray) -> list[Finding]:
    known = scores[~np.isnan(scores)]
    for end in scale.range:
        if len(known) > 1 and np.allclose(known, end):
            told = f"all {len(known)} scores are {end:g}, the end of the scale, so it tells nobody apart"
            remedy = "check the answer codes; report the share at the end, not a mean"
            return [Finding("warning", "scale_everybody_extreme", scale.id, told, remedy, len(known))]
    return []


def _in_order(scale: Scale, items: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    """The columns in the instrument's order, found by name, or by place where no name is an item's."""
    if not isinstance(items, pd.DataFrame):
        raise InputError(f"items are a DataFrame with a column per item of {scale.id!r}; got {type(items).__name__}")
    names = [str(name) for name in items.columns]
    if not set(names) & set(scale.items):
        if len(names) != len(scale.items):
            raise InputError(f"scale {scale.id!r} has {len(scale.items)} items, and {len(names)} columns were given")
        return [(name, items.iloc[:, place]) for place, name in enumerate(scale.items)]
    for name in scale.items:
        if names.count(name) != 1:
            how = "is given more than once" if name in names else f"is missing{suggest(name, names)}"
            raise InputError(f"item {name!r} of scale {scale.id!r} {how}; a score needs every item as one column")
    extra = [name for name in names if name not in scale.items]
    if extra:
        raise InputError(f"column {extra[0]!r} is no item of scale {scale.id!r}{suggest(extra[0], scale.items)}")
    return [(name, items.iloc[:, names.index(name)]) for name in scale.items]


def _numbers(scale: Scale, name: str, column: pd.Series) -> np.ndarray:
    """An item's codes as float; text is refused by name, its content is not shown."""
    if not (pd.api.types.is_any_real_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
        if column.isna().all():
            return np.full(len(column), np.nan)
        codes = ", ".join(f"{code:g}" for code in scale.responses)
        raise InputError(
            f"item {name!r} of scale {scale.id!r} holds {column.dtype}, not answer codes; "
            f"recode its options to {codes} first"
        )
    return np.asarray(column.to_numpy(float, na_value=np.nan))


def _refuse_unknown(scale: Scale, name: str, unknown: np.ndarray) -> None:
    if not len(unknown):
        return
    shown = [f"{code:g}" for code in np.unique(unknown) if abs(code) <= _LONGEST_CODE][:_SHOWN]
    codes = ", ".join(shown) or "large numbers"
    known = ", ".join(f"{code:g}" for code in sorted(scale.responses))
    raise InputError(
        f"item {name!r} of scale {scale.id!r} has {len(unknown)} answers that its rule does not know ({codes}), so "
        f"they cannot be scored; known codes are {known}: recode them, or declare them missing in the form"
    )


def _answered(scale: Scale, values: np.ndarray) -> np.ndarray:
    """Whether each respondent answered enough items, shape (n,)."""
    return np.asarray((~np.isnan(values)).sum(axis=1) >= scale.fewest())


def _sum(scale: Scale, values: np.ndarray) -> np.ndarray:
    """Weighted sum; items without an answer count like the weighted mean of the others."""
    weight = np.array([scale.weights.get(name, 1.0) for name in scale.items])
    known = np.where(np.isnan(values), 0.0, weight)
    total, share = np.nansum(values * weight, axis=1), known.sum(axis=1) / weight.sum()
    complete = ~np.isnan(values).any(axis=1)
    scaled = np.where(complete, total, np.divide(total, share, out=np.full_like(total, np.nan), where=share > 0))
    return np.where(_answered(scale, values), scaled * scale.factor, np.nan)


def _mean(scale: Scale, values: np.ndarray) -> np.ndarray:
    count = (~np.isnan(values)).sum(axis=1)
    total = np.nansum(values, axis=1)
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return np.where(_answered(scale, values), mean, np.nan)


def _percent(scale: Scale, values: np.ndarray) -> np.ndarray:
    low, high = min(scale.responses.values()), max(scale.responses.values())
    return 100 * (_mean(scale, values) - low) / (high - low)


def _ladder(scale: Scale, values: np.ndarray) -> np.ndarray:
    reached = np.full(len(values), scale.ladder[0].score)
    for rung in scale.ladder[1:]:
        places = [(scale.items.index(name), scores) for name, scores in rung.reached.items()]
        stands = np.any([np.isin(values[:, place], scores) for place, scores in places], axis=0)
        reached[stands] = rung.score
    return np.where(_answered(scale, values), reached, np.nan)


_RULES: dict[str, Callable[[Scale, np.ndarray], np.ndarray]] = {
    "sum": _sum,
    "mean": _mean,
    "percent": _percent,
    "ladder": _ladder,
}
