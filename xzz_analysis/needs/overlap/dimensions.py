"""Dimensions of deprivation for every child: deprived, not deprived, or not known, and why.

References
----------
Kleene, S. C. (1952). Introduction to Metamathematics, section 64 (three-valued logic).
de Neubourg, C., Chai, J., de Milliano, M., Plavgo, I. and Wei, Z. (2012). Step-by-step guidelines to the Multiple
Overlapping Deprivation Analysis. UNICEF Office of Research, Working Paper 2012-10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.intake.answers import Reason
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimate.items import Item, answers

Base = Literal["measured", "known"]
"""Whom the point estimates are about; see :func:`~xzz_analysis.needs.overlap.overlap.overlap`."""

TOGETHER = "+"
"""Between the dimensions of a combination."""


@dataclass(frozen=True)
class Dimension:
    """What makes one dimension.

    Attributes
    ----------
    items : sequence of Item
        Indicators of one sample, 0, 1 or NaN for each respondent. NaN with a reason is unmeasured; NaN without one
        (``Reason.ANSWERED``) means that the indicator is not about this respondent.
    at_least : int
        How many of the indicators make a child deprived; 1 is MODA's union.
    """

    items: Sequence[Item]
    at_least: int = 1


Dimensions = Mapping[str, Dimension | Sequence[Item]]
"""Dimensions by name; a list of items is deprived when any of them is."""


@dataclass(frozen=True)
class Deprivations:
    """The dimensions of every respondent.

    Respondents who are alike in all dimensions share a state, and everything is computed once per state.

    Attributes
    ----------
    declared : mapping of str to Dimension
        What is measured, without indicators and dimensions that nobody answered.
    code : int array, shape (rows,)
        State of each respondent.
    low, high : bool arrays, shape (states, dimensions)
        Deprived for certain; deprived for certain or perhaps.
    measured : bool array, shape (states, dimensions)
        Every indicator that is about the respondent has a usable answer.
    applies : bool array, shape (states,)
        Every dimension is about the respondent.
    reasons : int8 array, shape (rows, dimensions)
        Reason of the first indicator without a usable answer, 0 where all have one.
    """

    declared: Mapping[str, Dimension]
    code: np.ndarray
    low: np.ndarray
    high: np.ndarray
    measured: np.ndarray
    applies: np.ndarray
    reasons: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the dimensions, in the declared order."""
        return tuple(self.declared)

    def settled(self, base: Base) -> np.ndarray:
        """Which dimensions count as having an answer, bool array of shape (states, dimensions)."""
        return self.measured if base == "measured" else self.low == self.high

    def first_reason(self, base: Base) -> np.ndarray:
        """Reason of the first unsettled dimension of respondents whom all dimensions are about, shape (rows,)."""
        unsettled = ~self.settled(base) & self.applies[:, None]
        out = np.zeros(len(self.code), np.int8)
        for place in reversed(range(len(self.names))):
            mine = unsettled[self.code, place]
            out[mine] = self.reasons[mine, place]
        return out


@dataclass(frozen=True)
class Cutoff:
    """From how many deprivations on a child counts as multiply deprived.

    Attributes
    ----------
    name : str
        ``2`` for a count of dimensions, ``33.3%`` for a share of the weight.
    share : float
        Share of the weight that is needed.
    """

    name: str
    share: float


@dataclass(frozen=True)
class Scheme:
    """Weights and cutoffs.

    Attributes
    ----------
    weights : float array, shape (dimensions,)
        Adding up to one.
    cutoffs : tuple of Cutoff
    version : str
        Eight hexadecimal digits that identify indicators, thresholds, weights and base.
    """

    weights: np.ndarray
    cutoffs: tuple[Cutoff, ...]
    version: str


def read_dimensions(sample: Sample, dimensions: Dimensions) -> tuple[Deprivations, list[Finding]]:
    """Find out who is deprived in what.

    Parameters
    ----------
    sample : Sample
    dimensions : mapping of str to Dimension or sequence of Item

    Returns
    -------
    Deprivations
    findings : list of Finding
        ``indicator_unmeasured`` and ``dimension_unmeasured`` for what nobody answered and is left out,
        ``outside_overlap`` for respondents whom a dimension is not about.

    Raises
    ------
    InputError
        Dimensions that are none, values other than 0 and 1, an indicator that counts twice.

    Notes
    -----
    With y the number of indicators that hold, u of those unmeasured, and t the threshold: deprived for certain when
    y ≥ t, perhaps when y + u ≥ t > y, not deprived when y + u < t.
    """
    declared = check_dimensions(dimensions, len(sample))
    counted = counted_rows(sample)
    used, findings = measured_dimensions(declared, counted)
    states = _states(used, len(sample))
    return states, [*findings, *_outside(states, counted)]


def counted_rows(sample: Sample) -> np.ndarray:
    """Rows that any estimate can be about: with a weight, and in the subpopulation; bool, shape (rows,)."""
    weighted = sample.design.weight > 0
    return np.asarray(weighted if sample.member is None else weighted & sample.member)


def check_dimensions(dimensions: Dimensions, rows: int) -> dict[str, Dimension]:
    """Refuse dimensions that cannot be counted (see :func:`read_dimensions`)."""
    if not isinstance(dimensions, Mapping) or not dimensions:
        raise InputError(
            "dimensions are a mapping of names to lists of items, such as {'health': [item(…)]}; "
            f"got {'none' if isinstance(dimensions, Mapping) else type(dimensions).__name__}"
        )
    out = {}
    for name, given in dimensions.items():
        if not isinstance(name, str) or not name or TOGETHER in name:
            raise InputError(f"dimension {name!r} needs a name without {TOGETHER!r}, which joins dimensions")
        out[name] = _dimension(name, given)
        for item in out[name].items:
            _check_item(name, item, rows)
    _check_once(out)
    return out


def _check_once(declared: Mapping[str, Dimension]) -> None:
    """Refuse an indicator that counts twice."""
    places: dict[str, list[str]] = {}
    for name, dimension in declared.items():
        for item in dimension.items:
            places.setdefault(_named(item), []).append(name)
    twice = {name: found for name, found in places.items() if len(found) > 1}
    if twice:
        name, found = next(iter(twice.items()))
        raise InputError(
            f"{len(twice)} indicators count more than once (first: {name!r} in {' and '.join(map(repr, found))}), so "
            "one need would be two deprivations; keep each in one place"
        )


def _dimension(name: str, given: Dimension | Sequence[Item]) -> Dimension:
    made = given if isinstance(given, Dimension) else Dimension(given if isinstance(given, Sequence) else ())
    items = tuple(made.items)
    if not items or not all(isinstance(item, Item) for item in items):
        raise InputError(f"dimension {name!r} has no list of items; give the indicators that it is made of")
    if isinstance(made.at_least, bool) or not isinstance(made.at_least, int) or not 1 <= made.at_least <= len(items):
        raise InputError(
            f"dimension {name!r} counts as deprived from {made.at_least!r} of {len(items)} indicators on; "
            f"give a whole number from 1 to {len(items)} as at_least"
        )
    return Dimension(items, made.at_least)


def _check_item(name: str, item: Item, rows: int) -> None:
    y = answers(item)
    if y.shape != (rows,) or (item.reasons is not None and item.reasons.shape != (rows,)):
        raise InputError(
            f"indicator {_named(item)!r} of dimension {name!r} has {y.size} answers and the sample {rows} respondents; "
            "compute it on the rows of this sample"
        )
    wrong = int((~np.isnan(y) & (y != 0) & (y != 1)).sum())
    if wrong or item.below is not None:
        what = "is a ratio" if item.below is not None else f"holds {wrong} numbers other than 0 and 1"
        raise InputError(
            f"indicator {_named(item)!r} of dimension {name!r} {what}, so it does not say who is deprived; "
            "give an indicator that is a need"
        )


def measured_dimensions(
    declared: Mapping[str, Dimension], counted: np.ndarray
) -> tuple[dict[str, Dimension], list[Finding]]:
    """Leave out what nobody among the counted rows has answered, and say so."""
    used, findings = {}, []
    for name, dimension in declared.items():
        kept = [item for item in dimension.items if not np.isnan(answers(item)[counted]).all()]
        if len(kept) < dimension.at_least:
            findings.append(_left_out(name, dimension, len(kept), int(counted.sum())))
            continue
        used[name] = Dimension(tuple(kept), dimension.at_least)
        findings += [
            Finding(
                "warning",
                "indicator_unmeasured",
                f"overlap: {name}",
                f"nobody of {int(counted.sum())} respondents has an answer to {_named(item)!r}, so {name!r} is made of "
                "the other indicators",
                "leave the indicator out, or check that its question was asked",
                int(counted.sum()),
            )
            for item in dimension.items
            if not any(item is one for one in kept)
        ]
    return used, findings


def _left_out(name: str, dimension: Dimension, answered: int, count: int) -> Finding:
    """A dimension that too few indicators were answered for."""
    asked = len(dimension.items)
    message = (
        f"{answered} of its {asked} indicators have an answer by any of {count} respondents and {dimension.at_least} "
        "are needed, so the dimension is left out: no child is counted as deprived in it, and none as not deprived"
    )
    remedy = "leave the dimension out, or check that its questions were asked"
    return Finding("warning", "dimension_unmeasured", f"overlap: {name}", message, remedy, count)


def _states(declared: dict[str, Dimension], rows: int) -> Deprivations:
    """Three-valued states of every dimension, those of respondents who are alike put together."""
    shape = (rows, len(declared))
    low, high, measured, applies = (np.zeros(shape, bool, "F") for _ in range(4))
    reasons = np.zeros(shape, np.int8, "F")
    for place, dimension in enumerate(declared.values()):
        yes, unknown, about = (np.zeros(rows, np.int16) for _ in range(3))
        for item in dimension.items:
            y, codes = answers(item), reasons_of(item)
            yes += y == 1
            unknown += codes > 0
            about += ~np.isnan(y) | (codes > 0)
            reasons[:, place] = np.where(reasons[:, place] > 0, reasons[:, place], codes)
        low[:, place], high[:, place] = yes >= dimension.at_least, yes + unknown >= dimension.at_least
        measured[:, place], applies[:, place] = unknown == 0, about >= dimension.at_least
    code, first = alike(np.concatenate([low, high, measured, applies], axis=1))
    whole = np.asarray(applies[first].all(axis=1))
    return Deprivations(declared, code, low[first], high[first], measured[first], whole, reasons)


def alike(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number rows that are alike.

    Parameters
    ----------
    columns : array of small whole numbers from 0 to 15, shape (rows, columns)

    Returns
    -------
    code : int array, shape (rows,)
    first : int array, shape (codes,)
        A row of each code.
    """
    code = np.zeros(len(columns), np.int64)
    bits = 1 if columns.dtype == bool else 4
    for start in range(0, columns.shape[1], 32 // bits):
        packed = np.zeros(len(columns), np.int64)  # 32 bits, above which the code so far stands
        for place, column in enumerate(columns[:, start : start + 32 // bits].T):
            packed |= column.astype(np.int64) << bits * place
        code = pd.factorize((code << 32) + packed)[0].astype(np.int64)
    first = np.zeros(int(code.max()) + 1, np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]
    return code, first


def reasons_of(item: Item) -> np.ndarray:
    """Why each answer of an item is missing, 0 where it is not or the item is not about the respondent."""
    missing = np.isnan(answers(item))
    codes = np.full(len(missing), Reason.BLANK, np.int8) if item.reasons is None else item.reasons
    return np.where(missing, codes, Reason.ANSWERED).astype(np.int8)


def _outside(states: Deprivations, counted: np.ndarray) -> list[Finding]:
    """Respondents whom some dimension is not about."""
    outside = int((counted & ~states.applies[states.code]).sum())
    if not outside or not states.names:
        return []
    message = (
        f"{outside} of {int(counted.sum())} respondents are not in the base of every dimension "
        f"({', '.join(states.names)}), so what overlaps is not estimated for them"
    )
    remedy = "analyse ages with other dimensions on their own, with subpopulation()"
    return [Finding("note", "outside_overlap", "overlap", message, remedy, outside)]


def _named(item: Item) -> str:
    return f"{item.indicator}/{item.option}" if item.option else item.indicator


def check_base(base: str) -> None:
    """Refuse an unknown base."""
    known = get_args(Base)
    if base not in known:
        raise InputError(f"base {base!r} is not one of {', '.join(known)}{suggest(base, known)}")
