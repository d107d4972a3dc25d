"""Tables of a month, a quarter and a year, protected beside each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

import pandas as pd

from xzz_analysis.disclosure.periods import Elsewhere, Sums, Weight, Year
from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.period import read_period
from xzz_analysis.survey.part import PART, Part


@dataclass(frozen=True)
class Reports(Generic[Weight]):
    """How the table of a period is made and protected.

    Attributes
    ----------
    made : callable
        Ledgers of a period → its table.
    safe : callable
        Table and :class:`~xzz_analysis.disclosure.periods.Elsewhere` → the table as it may be shown.
    sums : Sums
    """

    made: Callable[[Ledgers], pd.DataFrame]
    safe: Callable[[pd.DataFrame, Elsewhere], Protected]
    sums: Sums[Weight]


def year_of(ledgers: Ledgers, name: str, reports: Callable[[Ledgers], Reports[Weight]]) -> Year[Weight]:
    """The tables of all periods of a year, made once.

    Parameters
    ----------
    ledgers : Ledgers
        Of any period of the year; months after the day they stand at are in no table, and only periods of the lengths
        that the study declares are told of each other.
    name : str
        Of the tables.
    reports : callable
        Ledgers → :class:`Reports`.
    """
    lengths, year = ledgers.declared.periods, str(ledgers.period.first.year)

    def make() -> Year[Weight]:
        begun: dict[str, list[str]] = {year: []}
        for quarter, months in ledgers.period.quarters().items():
            parts = months if "month" in lengths else (quarter,) if "quarter" in lengths else ()
            there = [one for one in parts if read_period(one).first <= ledgers.until]
            if {"month", "quarter"} <= set(lengths):
                begun |= {quarter: there} if there else {}
            else:
                begun[year] += there
        begun = {name: there for name, there in begun.items() if there or len(begun) == 1}
        own = reports(ledgers)
        return Year(begun, lambda period: own.made(ledgers.at(read_period(period))), own.safe, own.sums)

    return ledgers.shared((name, year), make)


def people_behind(ledgers: Ledgers, follows: dict[str, str], adds: frozenset[str]) -> Sums[float]:
    """Sums over time that the threshold on people protects; see :class:`~xzz_analysis.disclosure.periods.Sums`."""
    least = Policy.of(ledgers.study).threshold
    return Sums(
        follows,
        adds,
        lambda table: table["n"].fillna(0).tolist(),
        lambda lost: sum(lost) >= least,
        lambda n: 0 < n < least,
    )


def linked(ledgers: Ledgers) -> Callable[[pd.DataFrame, Elsewhere], Protected]:
    """Protects rows along every margin of the tables that they make together, and beside other periods."""
    policy = Policy.of(ledgers.study)

    def safe(frame: pd.DataFrame, elsewhere: Elsewhere) -> Protected:
        asked = frame.copy()
        asked.attrs = {
            PART: Part("", frame, frozenset(), elsewhere.hidden, elsewhere.known, elsewhere.before, watched=True)
        }
        return protect(asked, policy)

    return safe
