"""A long table of pairs, read strictly: every problem named with its count and the first rows it is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError, suggest

ROWS_SHOWN = 3
"""A message lists no more row numbers than this."""


class Known(NamedTuple):
    """All ids there are, or None where the table itself says."""

    origins: pd.Index | None
    destinations: pd.Index | None


@dataclass(frozen=True)
class Pairs:
    """A table of pairs as positions.

    Parameters
    ----------
    row, column : ndarray of int, shape (pairs,)
        Positions in ``origins`` and ``destinations``.
    cost : ndarray of float, shape (pairs,)
    origins, destinations : Index of str
    """

    row: np.ndarray
    column: np.ndarray
    cost: np.ndarray
    origins: pd.Index
    destinations: pd.Index


def read(frame: pd.DataFrame, columns: tuple[str, str, str], known: Known) -> Pairs:
    """Read a table of pairs, or refuse it with all its problems.

    Parameters
    ----------
    frame : DataFrame
    columns : tuple of str
        Names of the columns of origin, destination and cost.
    known : Known

    Returns
    -------
    Pairs

    Raises
    ------
    InputError
        See :meth:`Cost.from_table`.
    """
    for name in columns:
        if name not in frame:
            raise InputError(f"the table of travel costs has no column {name!r}{suggest(name, frame.columns)}")
    findings: list[Finding] = []
    cost = _numbers(frame[columns[2]], findings)
    row, origins = _positions(frame[columns[0]], known.origins, "origins", findings)
    column, destinations = _positions(frame[columns[1]], known.destinations, "destinations", findings)
    placed = (row >= 0) & (column >= 0)
    pair = pd.Series(row.astype(np.int64) * max(len(destinations), 1) + column)
    twice = (pair.duplicated() & placed).to_numpy()
    _note(findings, "travel_pair_twice", twice, "pairs there a second time", "keep one row for each pair")
    if findings:
        raise InputError(f"the table of travel costs ({len(frame):,} rows) cannot be used", findings)
    return Pairs(row, column, cost, origins, destinations)


def ids(given: object, what: str) -> pd.Index:
    """Ids as an Index of unique text.

    Parameters
    ----------
    given : Index or sequence
        Text or whole numbers.
    what : str
        "origins" or "destinations", for the message.

    Returns
    -------
    Index of str

    Raises
    ------
    InputError
        Ids are blank, decimal numbers, or there twice.
    """
    index = pd.Index(given)  # type: ignore[call-overload]
    text, blank, decimal = _text(pd.Series(index))
    if blank.any() or decimal:
        raise InputError(
            f"the ids of {what} are "
            + ("numbers with decimals" if decimal else f"blank in {int(blank.sum())} places")
            + "; give every place its own id as text"
        )
    result: pd.Index = pd.Index(text, name=index.name)
    if not result.is_unique:
        twice = int(result.duplicated().sum())
        raise InputError(f"{twice} of the {len(result)} ids of {what} are there twice; give every place its own id")
    return result


def _text(values: pd.Series) -> tuple[pd.Series, np.ndarray, bool]:
    """Ids as text, which are blank, and whether they are decimal numbers (which lose digits and leading zeros)."""
    decimal = pd.api.types.is_float_dtype(values.dtype) and bool(values.notna().any())
    if not decimal and values.dtype == object:
        decimal = bool(values.map(lambda value: isinstance(value, float) and value == value).any())
    text = values.astype("string").fillna("").astype(str)
    return text, (text.str.strip() == "").to_numpy(), decimal


def _positions(
    values: pd.Series, known: pd.Index | None, what: str, findings: list[Finding]
) -> tuple[np.ndarray, pd.Index]:
    """Positions of ids in the known ids, else in their own sorted ids; -1 where there is none."""
    text, blank, decimal = _text(values)
    if decimal:
        remedy = "read the column as text, so that long ids and leading zeros are kept"
        everywhere = np.ones(len(values), dtype=bool)
        _note(findings, "travel_id_decimal", everywhere, f"ids of {what} that are numbers with decimals", remedy)
    _note(findings, "travel_id_blank", blank, f"blank ids of {what}", "give every place its id")
    index = pd.Index(np.sort(text[~blank].unique())) if known is None else ids(known, what)
    place = index.get_indexer(pd.Index(text))
    if known is not None and not decimal:
        unknown = (place < 0) & ~blank
        remedy = f"correct the ids, or leave out the rows of places that are not among the {len(index):,} {what} given"
        if unknown.any() and (index.get_indexer(pd.Index(_padded(text, index))) >= 0)[unknown].any():
            remedy = "leading zeros are gone: read the column as text"
        _note(findings, "travel_id_unknown", unknown, f"unknown ids of {what}", remedy)
    return place, index


def _padded(text: pd.Series, index: pd.Index) -> pd.Series:
    """Ids with the leading zeros a spreadsheet takes away, if all the known ids are equally long."""
    lengths = set(index.str.len())
    return text.str.zfill(lengths.pop()) if len(lengths) == 1 else text


def _numbers(values: pd.Series, findings: list[Finding]) -> np.ndarray:
    """Costs as float64; what is wrong with them goes to the findings."""
    numbers = values
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        numbers = pd.to_numeric(values.where(~values.map(lambda value: isinstance(value, str | bool))), errors="coerce")
        text = (values.notna() & numbers.isna()).to_numpy()
        _note(findings, "travel_cost_text", text, "costs that are text", "read the column as numbers, without units")
    cost = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    remedy = "leave out the rows of pairs that cannot be travelled: an absent pair is one that is not reached"
    _note(findings, "travel_cost_missing", values.isna().to_numpy(), "missing costs", remedy)
    _note(findings, "travel_cost_infinite", np.isinf(cost) & (cost > 0), "infinite costs", remedy)
    _note(findings, "travel_cost_negative", cost < 0, "negative costs", "correct them; a cost is 0 or more")
    return cost


def _note(findings: list[Finding], rule: str, where: np.ndarray, what: str, remedy: str) -> None:
    """Add a finding when any row is concerned; rows are counted from 1, after the header."""
    rows = np.flatnonzero(where)
    if not len(rows):
        return
    shown = ", ".join(str(row + 1) for row in rows[:ROWS_SHOWN]) + (" …" if len(rows) > ROWS_SHOWN else "")
    findings.append(Finding("error", rule, f"data rows {shown}", f"{what}: {len(rows):,}", remedy, len(rows)))
