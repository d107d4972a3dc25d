"""One column of a ledger: cells as they are written → values, and which of them cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xzz_analysis.services.ledgers.cells.days import MOMENT, read_days
from xzz_analysis.services.ledgers.cells.numbers import NUMBER, read_numbers, rounded
from xzz_analysis.services.ledgers.cells.texts import TEXT, text_of, truth
from xzz_analysis.services.ledgers.cells.words import (
    SEPARATOR,
    plain,
    read_choices,
    read_flags,
    read_known,
    read_secrets,
    read_tags,
    read_words,
    words_of,
)
from xzz_analysis.services.ledgers.columns import Column

__all__ = ["SEPARATOR", "Meaning", "Values", "empty_values", "plain", "read_cells", "words_of"]

DATES = ("day", "moment", "month")
NUMBERS = ("whole", "number", "money")
_TYPES = dict.fromkeys(DATES, MOMENT) | dict.fromkeys(NUMBERS, NUMBER) | {"flag": pa.bool_()}


@dataclass(frozen=True)
class Meaning:
    """What cells are read with.

    Attributes
    ----------
    zone : str
        Time zone of the study.
    words : mapping of str to mapping
        Column → how its codes may be written (:func:`words_of`); of communities, categories and tags.
    key : bytes
        Of the hashes of phones and id numbers.
    date_system : int
        What day a workbook counts from.
    """

    zone: str
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    key: bytes = field(default=b"", repr=False)
    date_system: int = 1900


@dataclass(frozen=True, eq=False)
class Values:
    """Cells of a column that were read.

    Attributes
    ----------
    values : Array
        timestamp (days, moments, months), float64 (numbers) or bool (flags), null where missing; else large_string,
        ``""`` where missing.
    missing : bool array
        Nothing was read: the cell is empty, or it cannot be read.
    unread : bool array
        The cell is not empty and cannot be read.
    rounded : bool array
        An amount that had more than two decimals.
    """

    values: pa.Array
    missing: np.ndarray
    unread: np.ndarray
    rounded: np.ndarray | None = None


def empty_values(column: Column, rows: int) -> pa.Array:
    """A column that the source does not have."""
    kind = _TYPES.get(column.kind, TEXT)
    return pa.nulls(rows, kind) if kind is not TEXT else pa.repeat(pa.scalar("", TEXT), rows)


def read_cells(cells: pa.ChunkedArray, column: Column, meaning: Meaning) -> Values:
    """Read one column.

    Parameters
    ----------
    cells : ChunkedArray
        As the source has them: text, or already of a type.
    column : Column
    meaning : Meaning

    Returns
    -------
    Values
    """
    made = _read(cells, column, meaning)
    if pa.types.is_large_string(made.type):
        unread = truth(pc.is_null(made))
        values = pc.fill_null(made, "")
        return Values(values, truth(pc.equal(values, "")), unread)
    missing = truth(pc.is_null(made))
    unread = missing & _written(cells, missing)
    money = truth(rounded(cells, made)) if column.kind == "money" else None
    return Values(made, missing, unread, money)


def _read(cells: pa.ChunkedArray, column: Column, meaning: Meaning) -> pa.Array:
    words = meaning.words.get(column.id, {})
    if column.kind in DATES:
        return read_days(cells, column.kind, meaning.zone, meaning.date_system)
    if column.kind in NUMBERS:
        return read_numbers(cells, column.kind)
    if column.kind == "flag":
        return read_flags(cells)
    if column.kind == "choice":
        return read_choices(cells, words_of(column.choices))
    if column.kind == "tags":
        return read_tags(cells, words)
    if column.kind == "secret":
        return read_secrets(cells, meaning.key)
    return read_known(cells, words) if words else read_words(cells)


def _written(cells: pa.ChunkedArray, missing: np.ndarray) -> np.ndarray:
    """Where the cell holds something; looked at only where anything is missing."""
    if not missing.any():
        return missing
    return ~truth(pc.equal(text_of(cells), ""))
