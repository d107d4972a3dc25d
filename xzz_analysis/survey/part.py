"""Rows that are a part of larger tables: what protection has to know of the rows a report about one place leaves out.

A report about one community prints rows of the tables of the whole study. Whether a row may be printed depends on its
neighbours, printed in other reports: so the rows carry those tables with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from xzz_analysis.survey.estimates import Estimates, group_key, group_pairs

PART = "part_of"
"""Attribute of a frame whose rows are some of a larger table's: the :class:`Part`."""


@dataclass(frozen=True, eq=False)
class Part:
    """The tables that rows were taken from.

    Attributes
    ----------
    place : str
        The level that the rows are about, as ``by`` writes it: ``community=heyan``.
    table : DataFrame
        Estimates of everybody, by the places, by every other group asked for, and by all of them crossed.
    classes : frozenset of str
        Groups that are declared by classes: those in none of them are a group of their own (see ``estimates.REST``).
    hidden : frozenset of str
        Ids of results that are hidden for the sake of other reports.
    known : frozenset of str
        Ids of results that other reports tell: to hide them protects nothing.
    before : frozenset of str
        Ids of results that an earlier report hid of the period before; they are hidden first.
    watched : bool
        Whether somebody sees to it afterwards that no hidden row follows from all tables together. Rows whose sum is
        hidden are then left to him; otherwise the sum is taken for known.
    """

    place: str
    table: pd.DataFrame
    classes: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()
    watched: bool = False

    def __deepcopy__(self, memo: dict[int, Any]) -> Part:
        return self  # pandas copies attributes with every frame; the tables are never changed


def rows_of_place(
    place: str, by: Sequence[str], estimate: Callable[[list[str]], Estimates], classes: frozenset[str] = frozenset()
) -> Estimates:
    """Estimate one level of a group as a domain of the whole: nobody is dropped, and the results are the whole's.

    Parameters
    ----------
    place : str
        ``community=heyan``.
    by : sequence of str
        Other groups, crossed with the place's.
    estimate : callable
        Groups → estimates of the whole by those groups crossed, everybody without any.
    classes : frozenset of str
        See :class:`Part`.

    Returns
    -------
    Estimates
        The rows of the place among those by its group and ``by``, with the tables they are a part of.
    """
    ((group, _),) = group_pairs(place)
    names = [group, *(name for name in by if name != group)]
    splits = [list(one) for size in range(len(names) + 1) for one in combinations(names, size)]
    tables = [estimate(split) for split in splits]
    mine = about_place(tables[-1], place).reset_index(drop=True)
    every = pd.concat([pd.DataFrame(table) for table in tables if len(table)] or [mine], ignore_index=True)
    mine.attrs = {PART: Part(place, every.drop_duplicates("result_id", ignore_index=True), classes)}
    return mine


def about_place(table: Estimates, place: str) -> Estimates:
    """The rows of a table by a place's group, perhaps crossed with others, that are about the place."""
    wanted = {by for by in table["by"].unique() if group_pairs(place)[0] in group_pairs(by)}
    return table[table["by"].isin(wanted)]


def without_place(by: pd.Series, place: str) -> pd.Series:
    """What rows are split by beside the place: ``community=heyan;sex=f`` → ``sex=f``; ``""`` for all of the place."""
    if not place:
        return by
    own = group_pairs(place)
    short = {one: group_key([pair for pair in group_pairs(one) if pair not in own]) for one in by.unique()}
    return by.map(short).astype("str")
