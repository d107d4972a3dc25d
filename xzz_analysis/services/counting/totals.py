"""Activities, person-times and persons in all and by group, with bounds where persons cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xzz_analysis.services.counting.rows import Counted, counted_in
from xzz_analysis.services.ledgers import ledger_columns
from xzz_analysis.services.opening import Ledgers

FIGURES = ("activities", "person_times", "persons", "persons_low", "persons_high")
"""Columns of figures that :func:`count` gives."""

GROUPS = ("community", "domain", "type", "project", "month", "week", "sheet")
"""What counts can be split by."""


def count(chosen: Counted, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count activities, person-times and persons.

    Parameters
    ----------
    chosen : Counted
        The rows of a period.
    by : sequence of str
        Words of :data:`GROUPS`; none: one row for all.

    Returns
    -------
    DataFrame
        ``by`` and the columns

        - ``activities``;
        - ``person_times``: NaN where no row states any; ``at_least`` is True where some rows do not;
        - ``without_times``: activities whose person-times are not known;
        - ``persons_low`` and ``persons_high``: fewest and most different persons that the ledgers allow (``high`` NaN
          where nothing bounds them);
        - ``persons``: their number where both are the same, else NaN;
        - ``keyed_persons``: different persons on attendance sheets;
        - ``people``: most different persons of the rows that say anything of them.

        Rows are sorted by ``by``. Docs/methods/counting.md proves that the bounds are attained.
    """
    rows = chosen.rows
    group, levels = _groups(rows, by)
    size = len(levels)
    cover = rows["cover"].to_numpy(np.int64)
    covered = cover >= 0
    covered[covered] = group[cover[covered]] == group[covered]
    unknown = rows["times"].isna().to_numpy() & ~covered
    least = _sum(group, rows["least_times"], size)
    partly = np.bincount(group[unknown], minlength=size) > 0
    keyed = distinct(group[chosen.presences["row"].to_numpy()], chosen.presences["person"].to_numpy(), size)
    fewest = np.zeros(size)
    np.maximum.at(fewest, group, rows["low"].to_numpy(float))
    most = rows["high"].mask(covered, 0.0)
    low, high = np.maximum(keyed, fewest), keyed + _sum(group, most, size)
    return levels.assign(
        activities=_sum(group, rows["activities"], size),
        person_times=np.where(partly & (least == 0), np.nan, least),
        at_least=partly,
        without_times=_sum(group, rows["activities"].where(unknown, 0.0), size),
        persons=np.where(low == high, low, np.nan),
        persons_low=low,
        persons_high=high,
        keyed_persons=keyed,
        people=keyed + _sum(group, most.fillna(0.0), size),
    )


def distinct(group: np.ndarray, person: np.ndarray, size: int) -> np.ndarray:
    """Different persons in each group.

    Parameters
    ----------
    group, person : int array, shape (rows,)
    size : int
        Number of groups.

    Returns
    -------
    float array, shape (size,)
    """
    people = int(person.max(initial=-1)) + 1
    seen = pd.unique(group.astype(np.int64) * people + person)
    return np.bincount(seen // max(people, 1), minlength=size).astype(float)


def _groups(rows: pd.DataFrame, by: Sequence[str]) -> tuple[np.ndarray, pd.DataFrame]:
    """The group of each row, and what the groups are called."""
    if not by:
        return np.zeros(len(rows), dtype=np.int64), pd.DataFrame(index=[0])
    grouped = rows.groupby(list(by), sort=True)
    levels = grouped.size().index.to_frame(index=False)
    return grouped.ngroup().to_numpy(np.int64), levels


def _sum(group: np.ndarray, values: pd.Series, size: int) -> np.ndarray:
    """Sums by group; NaN where one of the values is."""
    return np.bincount(group, weights=values.to_numpy(float), minlength=size)


def served(ledgers: Ledgers, by: Sequence[str] = ("community", "domain")) -> pd.DataFrame:
    """Count what was done in the ledgers' period, in the study's order.

    Parameters
    ----------
    ledgers : Ledgers
    by : sequence of str
        Words of :data:`GROUPS`.

    Returns
    -------
    DataFrame
        As :func:`count` gives it: communities in the study's order, choices in that of the ledger's columns, empty
        cells last.
    """
    return in_order(ledgers, count(counted_in(ledgers), by), by)


def in_order(ledgers: Ledgers, table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Rows in the order of the study's communities and of the choices of the ledger of activities."""
    if not by:
        return table
    known = {"community": list(ledgers.communities)}
    known |= {one.id: list(one.choices) for one in ledger_columns("activities") if one.choices}
    places = {name: {level: place for place, level in enumerate(known.get(name, ()))} for name in by}

    def rank(column: pd.Series) -> pd.Series:
        codes = places[str(column.name)]
        other = {value: len(codes) + place for place, value in enumerate(sorted({*column} - {*codes, ""}))}
        return column.map({**codes, **other, "": len(codes) + len(other)})

    return table.sort_values(list(by), key=rank, kind="stable", ignore_index=True)
