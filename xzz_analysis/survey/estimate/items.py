"""Columns of a sample as items to estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.design.columns import refuse_large, texts
from xzz_analysis.survey.design.domains import levels_of
from xzz_analysis.survey.design.sample import require_sample
from xzz_analysis.survey.design.stored import StoredColumn, StoredColumns
from xzz_analysis.survey.engine.sums import Columns


@dataclass(frozen=True)
class Item:
    """One column to estimate, and what to call it.

    Attributes
    ----------
    indicator, option, version : str
        Names written into the result.
    y : array, shape (rows,), or StoredColumn
        NaN is a missing answer.
    reasons : int8 array, shape (rows,), optional
        Reason code of every row (``intake.answers.Reason``); every missing answer is BLANK without it.
    below : float array, optional
        Denominator, for a ratio.
    """

    indicator: str
    y: np.ndarray | StoredColumn
    reasons: np.ndarray | None = None
    option: str = ""
    version: str = ""
    below: np.ndarray | None = None


def answers(item: Item, *, yes_no: bool = False) -> np.ndarray:
    """An item's answers in memory, shape (rows,); ``yes_no`` checks that they are 0 or 1."""
    return item.y.load(yes_no=yes_no) if isinstance(item.y, StoredColumn) else item.y


def columns_of(items: Sequence[Item], *, yes_no: bool = False) -> Columns:
    """Answers of several items: read together where all are columns of one stored table."""
    stored = [item.y for item in items if isinstance(item.y, StoredColumn)]
    if len(stored) == len(items):
        return StoredColumns(stored[0].table, tuple(column.name for column in stored), yes_no)
    return [answers(item, yes_no=yes_no) for item in items]


def names_of(what: str | Sequence[str]) -> list[str]:
    """One name or several, as a list; :class:`DesignError` for data, numbers, and a name given twice."""
    return texts(what)


def groups_of(by: str | Sequence[str] | None) -> list[str]:
    """Grouping columns as a list; empty for the whole."""
    return [] if by is None else texts(by)


def number_item(sample: Sample, name: str) -> Item:
    """A numeric column; :class:`DesignError` when it holds text, or numbers too large to compute with."""
    texts([name])
    stored = require_sample(sample).stored
    if stored is not None and name in stored and stored.is_number(name):
        return Item(name, StoredColumn(stored, name), sample.reasons_of(name))
    column = sample.column(name)
    if not is_number(column):
        kind = _KINDS.get(column.dtype.kind, "text")
        raise DesignError(f"column {name!r} holds {kind}, so it has no mean, total or quantile; use share()")
    y = as_numbers(column)
    refuse_large(name, y)
    return Item(name, y, sample.reasons_of(name))


_KINDS = {"M": "dates", "m": "durations", "c": "complex numbers"}

_NUMBERS = ("boolean", "empty", "integer", "floating", "mixed-integer-float", "decimal")
"""What pandas calls objects that are all numbers or yes/no."""


def is_number(column: pd.Series) -> bool:
    """Whether a column holds numbers or yes/no, also as objects beside None."""
    if column.dtype == object:
        return pd.api.types.infer_dtype(column, skipna=True) in _NUMBERS
    return pd.api.types.is_any_real_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)


def as_numbers(column: pd.Series) -> np.ndarray:
    """A numeric column as it is stored where that has no missing value, else as float with NaN."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        found: np.ndarray = column.to_numpy()
        return found.view(np.uint8) if found.dtype == bool else found
    return np.asarray(column.to_numpy(float, na_value=np.nan))


def share_items(sample: Sample, name: str) -> list[Item]:
    """0/1 items of a question: the column itself, one per answer, or one per option."""
    columns = require_sample(sample).columns_of(name)
    if columns != [name]:
        return [_yes_no(sample, column, name, column.removeprefix(f"{name}/")) for column in columns]
    if sample.stored is not None and sample.stored.is_number(name):
        return [_yes_no(sample, name, name, "")]
    column = sample.column(name)
    if is_number(column):
        return [_yes_no(sample, name, name, "")]
    reasons = sample.reasons_of(name)
    codes, levels = levels_of(column)
    answered = codes >= 0
    items = []
    for place, level in enumerate(levels or [""]):
        y = np.full(len(column), np.nan, np.float32)
        y[answered] = codes[answered] == place
        items.append(Item(name, y, reasons, level))
    return items


def _yes_no(sample: Sample, column: str, name: str, option: str) -> Item:
    if sample.stored is not None and sample.stored.is_number(column):
        return Item(name, StoredColumn(sample.stored, column), sample.reasons_of(column), option)
    y = as_numbers(sample.column(column))
    binary = y.dtype.kind in "bu" and y.max(initial=0) <= 1  # the usual case, told apart without a copy
    wrong = 0 if binary else int(((y != 0) & (y != 1) & (y == y)).sum())
    if wrong:
        raise DesignError(f"column {column!r} holds {wrong} numbers other than 0 and 1, so it has no share; use mean()")
    return Item(name, y, sample.reasons_of(column), option)
