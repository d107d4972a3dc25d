"""Cells of a file: lines by month, community and category, and what they sum to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.services.vouchers.partials.columns import NO_TIME
from xzz_analysis.services.vouchers.partials.sorted_keys import different_by_cell

BY = ["month", "community", "category"]


@dataclass(frozen=True, eq=False)
class Cells:
    """Where each line belongs.

    Attributes
    ----------
    codes : ndarray of int, shape (lines,)
        Rows of ``table``.
    table : DataFrame
        ``month`` and ``place``, both codes.
    """

    codes: np.ndarray
    table: pd.DataFrame


def months_of(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Months of moments.

    Parameters
    ----------
    at : ndarray of int64, shape (lines,)
        Microseconds since 1970, or ``NO_TIME``.

    Returns
    -------
    tuple of ndarray
        Codes, shape (lines,); and the months that they stand for, ascending, as first days; a moment that is not
        stated has the month NaT.
    """
    if not len(at):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype="datetime64[us]")
    stated = at != NO_TIME
    known = at if stated.all() else at[stated]
    if not len(known):
        return np.zeros(len(at), dtype=np.int64), np.array(["NaT"], dtype="datetime64[us]")
    ends = np.array([known.min(), known.max()]).astype("datetime64[us]").astype("datetime64[M]")
    months = np.arange(ends[0], ends[1] + 1).astype("datetime64[us]")
    if len(months) == 1 and len(known) == len(at):
        return np.zeros(len(at), dtype=np.int64), months
    codes = np.searchsorted(months.astype(np.int64), at, side="right")
    months = np.concatenate([np.array(["NaT"], dtype="datetime64[us]"), months])
    codes, present = compact(codes, len(months))
    return codes, months[present]


def compact(codes: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes without gaps, and which they were."""
    present = np.flatnonzero(np.bincount(codes, minlength=count))
    moved = np.zeros(count, dtype=np.int64)
    moved[present] = np.arange(len(present))
    return moved[codes], present


def cells_of(month: np.ndarray, place: np.ndarray, places: int) -> Cells:
    """Put lines into cells.

    Parameters
    ----------
    month, place : ndarray of int, shape (lines,)
        Codes.
    places : int
        Number of places.

    Returns
    -------
    Cells
    """
    codes = place if not month.any() else month * places + place
    codes, present = compact(codes, (int(month.max(initial=0)) + 1) * places)
    return Cells(codes, pd.DataFrame({"month": present // max(places, 1), "place": present % max(places, 1)}))


def summed(cells: Cells, cents: np.ndarray, who: np.ndarray) -> pd.DataFrame:
    """Lines, money and different people of cells.

    Parameters
    ----------
    cells : Cells
    cents : ndarray of int64, shape (lines,)
    who : ndarray of uint64, shape (lines,)
        Hashes of people.

    Returns
    -------
    DataFrame
        ``month``, ``place``, ``lines``, ``cents``, ``persons``; a row for each cell.
    """
    count = len(cells.table)
    return cells.table.assign(
        lines=np.bincount(cells.codes, minlength=count),
        cents=np.bincount(cells.codes, weights=cents, minlength=count).astype(np.int64),
        persons=different_by_cell(cells.codes, who, count),
    )


def named(table: pd.DataFrame, months: np.ndarray, places: list[tuple[str, str]]) -> pd.DataFrame:
    """A table with months, communities and categories in place of their codes."""
    place = table["place"].to_numpy()
    texts = {
        name: pd.Series([one[at] for one in places], dtype="str").take(place).to_numpy()
        for at, name in enumerate(BY[1:])
    }
    first = pd.DataFrame({"month": months[table["month"].to_numpy()], **texts}, index=table.index)
    return first.join(table.drop(columns=["month", "place"]))
