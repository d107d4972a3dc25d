"""Reports on the months, the quarters and the whole of a year, protected beside each other.

The sums of a year less those of eleven months are the twelfth's. A month has been published when the next one is made,
so that nothing can be taken back: what a month hides must be protected by what comes later. Therefore

- a month hides a row, too, where an earlier month of the year hides it and nothing protects that one yet;
- a quarter and a year hide a row where the months that hide it are too few, or of too few people, together;
- where a quarter or a year hides a row for another one's sake, it takes none that follows from the months shown;
- at last every sum that somebody can read, of all tables and over time, is one equation: as long as a row that may not
  be told follows from them, another one is hidden.

References
----------
Hundepool, A. et al. (2012). Statistical Disclosure Control. Wiley, section 4.4 (linked tables).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import pandas as pd

from xzz_analysis.disclosure.following import Sum, followed, matrix_of, shown_in_derivation
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.survey.estimates import group_key, group_pairs

Weight = TypeVar("Weight")
Key = tuple[str, str, str, str]
"""What a row is of, in every period: indicator, statistic, option and ``by``."""

_CALENDAR = {"month", "week"}
_ROUNDING = 1e-6
"""Rows that do not add up but for this, because some cannot be assigned, are no equation."""


@dataclass(frozen=True)
class Elsewhere:
    """What other reports mean for the rows of a table.

    Attributes
    ----------
    hidden : frozenset of str
        Ids of results that must be hidden.
    known : frozenset of str
        Ids of results that follow from other reports: to hide them protects nothing.
    before : frozenset of str
        Ids of results that an earlier period hides: to hide them again for others' sake costs least.
    """

    hidden: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()


NOWHERE = Elsewhere()
"""There are no other reports."""


class Cell(NamedTuple):
    """A row of a table whose periods add up: whether it is hidden, must be (for its own sake or for that of another
    period), and may be taken for another's sake."""

    hidden: bool
    unsafe: bool
    n: float
    value: float
    known: bool
    before: bool


@dataclass(frozen=True)
class Sums(Generic[Weight]):
    """Which rows of a table add up over time, and when hidden months protect each other.

    Attributes
    ----------
    follows : mapping of str to str
        Indicator → the one that it is hidden with, itself perhaps. Rows of other indicators are left alone.
    adds : frozenset of str
        Those whose months add up to the quarter and the year.
    weights : callable
        Table → what is behind each row.
    enough : callable
        Whether hidden months with these weights may be told together; there are at least two of them.
    unsafe : callable
        Whether a row with this weight may not be told.
    """

    follows: Mapping[str, str]
    adds: frozenset[str]
    weights: Callable[[pd.DataFrame], Sequence[Weight]]
    enough: Callable[[Sequence[Weight]], bool]
    unsafe: Callable[[Weight], bool]

    def closed(self, lost: Sequence[Weight]) -> bool:
        """Whether hidden months protect each other."""
        return len(lost) > 1 and self.enough(lost)


class Year(Generic[Weight]):
    """The tables of a year's periods, each made when it is asked for.

    Parameters
    ----------
    quarters : mapping of str to sequence of str
        Quarter → its months, both in the order of time; those that have not begun are left out. Where no report is on
        quarters, the year → its months; where none is on months, the year → its quarters.
    made : callable
        Name of a period → its table.
    safe : callable
        Table and :class:`Elsewhere` → the table as it may be shown.
    sums : Sums
    """

    def __init__(
        self,
        quarters: Mapping[str, Sequence[str]],
        made: Callable[[str], pd.DataFrame],
        safe: Callable[[pd.DataFrame, Elsewhere], Protected],
        sums: Sums[Weight],
    ) -> None:
        self._quarters = {name: tuple(months) for name, months in quarters.items()}
        self._made, self._safe, self._sums = made, safe, sums
        self._shown: dict[str, Protected] = {}
        self._lost: dict[str, dict[Key, Weight]] = {}
        self._cells: dict[str, dict[Key, Cell]] = {}
        self._there: dict[str, frozenset[Key]] = {}

    def table(self, period: str) -> Protected:
        """The table of a month, a quarter or the year, as it may be shown."""
        if period not in self._shown:
            if period in self._quarters:
                self._publish(period, self._withheld_in_quarter(period))
            elif any(period in months for months in self._quarters.values()):
                self._publish(period, self._withheld_in_month(period))
            else:
                self._publish(period, self._withheld_in_year(period))
        return self._shown[period]

    def _publish(self, period: str, withheld: Callable[[Key], bool | None]) -> None:
        """Protect a period's table; a row is withheld, known (None), or neither."""
        table = self._made(period)
        keys = _keys(table)
        self._there[period] = frozenset(keys)
        weights = self._sums.weights(table)
        ruled = [key[0] in self._sums.follows for key in keys]
        found = [withheld(key) if rule else False for key, rule in zip(keys, ruled, strict=True)]
        known = [one is None for one in found]
        there = (table["n"] > 0).tolist()
        hidden = [bool(one) and some for one, some in zip(found, there, strict=True)]
        earlier = {key for name in self._siblings(period) for key in self._lost[name]}
        before = [key in earlier for key in keys]
        while True:
            safe = self._safe(
                table, Elsewhere(*(frozenset(table["result_id"][one]) for one in (hidden, known, before)))
            )
            gone = safe.frame["suppressed"].to_numpy(bool)
            along = {self._first(key) for key, one, rule in zip(keys, gone, ruled, strict=True) if one and rule}
            more = [
                rule and some and not one and self._first(key) in along
                for key, one, rule, some in zip(keys, gone, ruled, there, strict=True)
            ]
            if not any(more):
                facts = zip(keys, gone, weights, found, table["n"], table["estimate"], known, before, strict=True)
                self._cells[period] = {
                    key: Cell(bool(lost), self._sums.unsafe(weight) or bool(one), n, value, never, again)
                    for key, lost, weight, one, n, value, never, again in facts
                    if key[0] in self._sums.adds
                }
                told = self._told(period)
                if told is None:
                    break
                more = [rule and self._first(key) == told for key, rule in zip(keys, ruled, strict=True)]
            hidden = [one or another for one, another in zip(hidden, more, strict=True)]
        lost = zip(keys, weights, gone, ruled, strict=True)
        self._lost[period] = {key: weight for key, weight, one, rule in lost if one and rule}
        self._shown[period] = safe

    def _told(self, period: str) -> Key | None:
        """A row of the period to hide because a row that may not be told follows from all reports; None without any."""
        cells = {(name, key): cell for name in self._inside(period) for key, cell in self._cells[name].items()}
        places = {one: at for at, one in enumerate(cells)}
        sums = [
            Sum(places[whole], tuple(places[part] for part in parts))
            for whole, parts in self._equations(cells)
            if abs(cells[whole].value - sum(cells[part].value for part in parts)) < _ROUNDING
        ]
        matrix = matrix_of(sums, len(cells))
        hidden = np.array([cell.hidden for cell in cells.values()])
        told = followed(matrix, hidden) & np.array([cell.unsafe for cell in cells.values()])
        for row in np.flatnonzero(told):
            shown = shown_in_derivation(matrix, hidden, int(row))
            chosen = [
                (not cell.before, not key[3], cell.n, at, key)
                for at, ((name, key), cell) in enumerate(cells.items())
                if shown[at] and name == period and cell.n > 0 and not cell.known
            ]
            if chosen:
                return self._first(min(chosen)[-1])
        return None

    def _inside(self, period: str) -> list[str]:
        """A period and those in it, whose tables are protected already."""
        return [*(one for part in self._parts(period) for one in self._inside(part)), period]

    def _parts(self, period: str) -> Sequence[str]:
        """The months of a quarter, or the quarters of the year; nothing for a month."""
        if any(period in months for months in self._quarters.values()):
            return ()
        return self._quarters.get(period, tuple(self._quarters))

    def _equations(
        self, cells: Mapping[tuple[str, Key], Cell]
    ) -> Iterator[tuple[tuple[str, Key], list[tuple[str, Key]]]]:
        """Every sum of a table, and over time, that somebody can read."""
        lines: dict[tuple[str, Key, str], list[tuple[str, Key]]] = {}
        for name, key in cells:
            pairs = group_pairs(key[3])
            for at, (group, _) in enumerate(pairs):
                rest = (key[0], key[1], key[2], group_key(pairs[:at] + pairs[at + 1 :]))
                lines.setdefault((name, rest, group), []).append((name, key))
            if _CALENDAR & {group for group, _ in pairs}:
                yield from (((name, key), [one]) for one in self._same(name, key) if one in cells)
            elif parts := [(one, key) for one in self._parts(name) if (one, key) in cells]:
                yield (name, key), parts
        for (name, rest, _), members in lines.items():
            if (name, rest) in cells:
                yield (name, rest), members

    def _siblings(self, period: str) -> Sequence[str]:
        """Periods before a month in its quarter, or before a quarter in its year."""
        for siblings in (*self._quarters.values(), tuple(self._quarters)):
            if period in siblings:
                return siblings[: siblings.index(period)]
        return ()

    def _withheld_in_month(self, month: str) -> Callable[[Key], bool | None]:
        quarter = next(name for name, months in self._quarters.items() if month in months)
        for earlier in self._siblings(month):
            self.table(earlier)

        def withheld(key: Key) -> bool:
            first = self._first(key)
            carried = self._carried(first, quarter)
            lost = [*self._weights(first, quarter, before=month)]
            alone = bool(lost) and not self._sums.closed(lost)
            return alone or (bool(carried) and not self._sums.closed([*carried, *lost]))

        return withheld

    def _withheld_in_quarter(self, quarter: str) -> Callable[[Key], bool | None]:
        for earlier in self._siblings(quarter):
            self.table(earlier)
        for month in self._quarters[quarter]:
            self.table(month)

        def withheld(key: Key) -> bool | None:
            first = self._first(key)
            lost = self._weights(first, quarter)
            if not lost:
                return None if key[0] in self._sums.adds and self._quarters[quarter] else False
            carried = self._carried(first, quarter)
            return not self._sums.closed(lost) or (bool(carried) and not self._sums.closed(carried))

        return self._beside_months(quarter, withheld)

    def _withheld_in_year(self, year: str) -> Callable[[Key], bool | None]:
        for quarter in self._quarters:
            self.table(quarter)

        def withheld(key: Key) -> bool | None:
            first = self._first(key)
            gone = [name for name in self._quarters if first in self._lost[name]]
            lost = [weight for name in gone for weight in self._weights(first, name)]
            if not lost:
                return None if key[0] in self._sums.adds else False
            return not self._sums.closed(lost)

        return self._beside_months(year, withheld)

    def _beside_months(self, period: str, withheld: Callable[[Key], bool | None]) -> Callable[[Key], bool | None]:
        """The same, with rows by month shown or hidden as in reports on the month, or on its quarter."""

        def beside(key: Key) -> bool | None:
            if not _CALENDAR & {name for name, _ in group_pairs(key[3])}:
                return withheld(key)
            for name, own in self._same(period, key):
                if own in self._there[name]:
                    return True if own in self._lost[name] else None
            return False

        return beside

    def _same(self, period: str, key: Key) -> Iterator[tuple[str, Key]]:
        """Rows of other reports that are of the same month as a row."""
        pairs = group_pairs(key[3])
        rest = group_key([pair for pair in pairs if pair[0] != "month"])
        for name, value in pairs:
            if name == "month" and value != period and value in self._there:
                yield value, (key[0], key[1], key[2], rest)
        yield from ((part, key) for part in self._parts(period) if part in self._there)

    def _first(self, key: Key) -> Key:
        """The row that a row is hidden with."""
        return (self._sums.follows[key[0]], *key[1:])

    def _weights(self, key: Key, quarter: str, before: str = "") -> list[Weight]:
        """What is behind the months of a quarter, perhaps only those before one, that hide a row."""
        months = self._quarters[quarter]
        chosen = months[: months.index(before)] if before else months
        return [self._lost[month][key] for month in chosen if key in self._lost[month]]

    def _carried(self, key: Key, quarter: str) -> list[Weight]:
        """What is behind hidden months of the quarters before that these quarters hide too."""
        carried: list[Weight] = []
        for name, months in self._quarters.items():
            if name == quarter:
                break
            for month in months:
                self.table(month)
            lost = self._weights(key, name)
            if lost and (not self._sums.closed(lost) or (carried and not self._sums.closed(carried))):
                carried += lost
        return carried


def _keys(table: pd.DataFrame) -> list[Key]:
    columns = [table[name].astype(str) for name in ("indicator", "statistic", "option", "by")]
    return list(zip(*columns, strict=True))
