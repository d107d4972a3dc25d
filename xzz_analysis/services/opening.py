"""The ledgers of a study, read once, and the period that is reported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from xzz_analysis.errors import Finding, StudyError, suggest
from xzz_analysis.language import Label
from xzz_analysis.services.communities import community_names
from xzz_analysis.services.ledgers import DAYS, ReadLedger, empty_ledger, last_day, read_ledger, with_activity_days
from xzz_analysis.services.period import Period, last_whole, read_period
from xzz_analysis.study import Study, open_study
from xzz_analysis.study.services import LEDGERS, PERIODS, Services

Made = TypeVar("Made")


class Ledgers:
    """The ledgers of a study and one period of them.

    A ledger is read when it is first asked for. A study that does not name it gives an empty table with its columns.

    Parameters
    ----------
    study : Study
    period : str
        A month ``2025-11``, a quarter ``2025Q4`` or a year ``2025`` (one that the study reports on);
        when empty the last whole one of the shortest length in ``services.periods``.
    """

    def __init__(self, study: Study, period: str = "") -> None:
        if not study.settings.services.ledgers():
            raise StudyError(f"{study.path.name} names no ledgers; write `services:` (docs/services.md)")
        self.study = study
        self._read: dict[str, ReadLedger] = {}
        self.period: Period = read_period(period) if period else self._last_whole()
        self._refuse(self.period)
        self._at: dict[Period, Ledgers] = {self.period: self}
        self._shared: dict[tuple[str, ...], Any] = {}

    def __repr__(self) -> str:
        return f"<Ledgers of {self.study.id!r}, {self.period.name}: {', '.join(self.declared.ledgers())}>"

    @property
    def declared(self) -> Services:
        """What study.yml says of services."""
        return self.study.settings.services

    @property
    def until(self) -> dt.date:
        """The day the ledgers stand at; what is later is in the future."""
        return last_day(self.study)

    def at(self, period: Period) -> Ledgers:
        """The same ledgers for another period; nothing is read twice.

        Raises
        ------
        StudyError
            The period lies in the future, or the study reports nothing on periods so long.
        """
        if period not in self._at:
            self._refuse(period)
            other = copy(self)
            other.period = period
            self._at[period] = other
        return self._at[period]

    def shared(self, name: tuple[str, ...], make: Callable[[], Made]) -> Made:
        """What these ledgers need once for all periods, made when it is first asked for."""
        if name not in self._shared:
            self._shared[name] = make()
        made: Made = self._shared[name]
        return made

    def _refuse(self, period: Period) -> None:
        """Refuse a period in the future, or of a length that the study reports nothing on."""
        if period.first > self.until:
            raise StudyError(
                f"period {period.name} begins after {self.until.isoformat()}, the day the ledgers stand at; "
                "choose an earlier one, or set services.until in study.yml"
            )
        if period.length not in self.declared.periods:
            raise StudyError(
                f"period {period.name} is a {period.length}, and services.periods in study.yml names "
                f"{', '.join(self.declared.periods)} alone; choose one of these, or add {period.length} there"
            )

    @cached_property
    def communities(self) -> dict[str, Label]:
        """Keys of the study's communities and what they are called."""
        return community_names(self.study)

    def _last_whole(self) -> Period:
        return last_whole(next(one for one in PERIODS if one in self.declared.periods), self.until)

    def has(self, kind: str) -> bool:
        """Whether study.yml names the ledger."""
        return kind in self.declared.ledgers()

    def table(self, kind: str) -> pd.DataFrame:
        """A whole ledger, with the columns of fields.yml.

        Parameters
        ----------
        kind : str
            One of ``study.services.LEDGERS``.

        Returns
        -------
        DataFrame
            Days and moments are datetime64, keys, names and choices str (empty when missing), numbers float (NaN when
            missing), flags boolean with missing values, tags tuples; a column ``line`` says where each row stands.
            Rows that cannot be used are left out, and are findings.
        """
        return self._ledger(kind).table

    def during(self, kind: str) -> pd.DataFrame:
        """Rows of a ledger of events that lie in the period, both ends included."""
        table = self.table(kind)
        day = table[DAYS[kind]]
        first, last = pd.Timestamp(self.period.first), pd.Timestamp(self.period.last) + pd.Timedelta(days=1)
        return table[(day >= first) & (day < last)]

    def up_to(self, kind: str) -> pd.DataFrame:
        """Rows of a ledger that begin no later than the period ends."""
        table = self.table(kind)
        return table[table[DAYS[kind]] < pd.Timestamp(self.period.last) + pd.Timedelta(days=1)]

    def findings(self, kind: str) -> tuple[Finding, ...]:
        """What reading a ledger noticed."""
        return self._ledger(kind).findings

    def rows(self, kind: str) -> int:
        """How many rows the source of a ledger has, before any was left out."""
        return self._ledger(kind).rows

    def called(self, code: str) -> Label:
        """What a category, a reason or an instrument is called; its code where nobody says."""
        return self.declared.categories.get(code, {"zh": code, "en": code})

    def _ledger(self, kind: str) -> ReadLedger:
        if kind not in LEDGERS:
            raise StudyError(f"there is no ledger {kind!r}{suggest(kind, LEDGERS)}; they are {', '.join(LEDGERS)}")
        if kind not in self._read:
            named = self.declared.ledgers().get(kind)
            read = empty_ledger(kind) if named is None else read_ledger(self.study, kind, named, self.communities)
            if kind == "attendance" and read.rows:
                read = with_activity_days(read, self._ledger("activities"))
            self._read[kind] = read
        return self._read[kind]


def open_ledgers(study: str | Path | Study, period: str = "") -> Ledgers:
    """Open the ledgers of a study.

    Parameters
    ----------
    study : str, Path or Study
        Study folder, or a study already open.
    period : str
        A month ``2025-11``, a quarter ``2025Q4`` or a year ``2025`` (one that the study reports on);
        when empty the last whole one of the shortest length in ``services.periods``.

    Returns
    -------
    Ledgers

    Raises
    ------
    StudyError
        The study names no ledgers; a period that is none, lies in the future, or is not of ``services.periods``.
    InputError
        A ledger cannot be read.
    """
    return Ledgers(study if isinstance(study, Study) else open_study(study), period)
