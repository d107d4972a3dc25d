"""The groups that results are split by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.survey.design.columns import factorised


@dataclass(frozen=True)
class Domains:
    """The groups an estimate is split by.

    Attributes
    ----------
    code : int array, shape (rows,)
        Group of each row, -1 where a grouping answer is missing.
    groups : tuple of str
        Grouping columns, in order; empty for the whole.
    names : tuple of tuple of str
        Levels of each group, one per grouping column.
    """

    code: np.ndarray
    groups: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]

    def pairs(self, position: int) -> list[tuple[str, str]]:
        """Ordered (group, level) pairs of one domain."""
        return list(zip(self.groups, self.names[position], strict=True))


def number_domains(columns: Sequence[pd.Series], member: np.ndarray | None, rows: int) -> Domains:
    """Number the combinations of grouping columns that occur.

    Parameters
    ----------
    columns : sequence of Series, each of shape (rows,)
        Categories keep their order, other values are sorted; missing belongs to no domain.
    member : bool array, shape (rows,), optional
        Rows of the subpopulation; the others belong to no domain.
    rows : int
    """
    inside = np.ones(rows, bool) if member is None else member
    code = np.zeros(rows, np.int64)
    levels = [levels_of(column) for column in columns]
    for codes, labels in levels:
        code = code * len(labels) + codes
        inside = inside & (codes >= 0)
    size = int(np.prod([len(labels) for _, labels in levels], dtype=np.int64))
    found, code = _renumber(np.where(inside, code, -1), size)
    names = tuple(_names_of(int(value), [labels for _, labels in levels]) for value in found)
    return Domains(code, tuple(str(column.name) for column in columns), names)


def _renumber(code: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes that occur, ascending, and each row's position among them (-1 stays)."""
    if size > 4 * len(code):
        found = distinct(code[code >= 0])
        return found, np.where(code >= 0, np.searchsorted(found, code), -1)
    counted = np.bincount(code + 1, minlength=size + 1)[1:] > 0
    position = np.append(np.cumsum(counted) - 1, -1)
    return np.flatnonzero(counted), position[code]


def distinct(values: np.ndarray) -> np.ndarray:
    """Ascending distinct integers; sorting is several times faster here than ``np.unique``."""
    ordered = np.sort(values)
    return np.asarray(ordered[np.diff(ordered, prepend=ordered[:1] - 1) != 0])


def _names_of(value: int, levels: Sequence[Sequence[str]]) -> tuple[str, ...]:
    parts = []
    for names in reversed(levels):
        value, position = divmod(value, len(names))
        parts.append(names[position])
    return tuple(reversed(parts))


def levels_of(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Codes (-1 missing) and level names; categories keep their order, other values are sorted.

    Levels that are written alike, such as 1 and "1", are one level.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, levels = column.cat.codes.to_numpy().astype(np.int64), column.cat.categories
    else:
        codes, levels = factorised(column, f"column {column.name!r}")
    names = [level_name(level) for level in levels]
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    if len(places) < len(names):
        codes = np.append([places[name] for name in names], -1)[codes]
    return codes, list(places)


def level_name(level: object) -> str:
    """A level as results write it: ``1`` for 1 and 1.0, other numbers with up to 15 digits."""
    return f"{float(str(level)) + 0.0:.15g}" if isinstance(level, float | np.floating) else str(level)
