"""Periods of reporting: a month 2025-11, a quarter 2025Q4, a year 2025."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from xzz_analysis.errors import StudyError
from xzz_analysis.language import Label

_SHAPE = re.compile(r"(?P<year>(?:19|20|21)\d\d)(?:-(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4]))?")


@dataclass(frozen=True)
class Period:
    """A month, a quarter or a year.

    Attributes
    ----------
    name : str
        ``2025-11``, ``2025Q4`` or ``2025``.
    first, last : date
        Both are in it.
    """

    name: str
    first: dt.date
    last: dt.date

    @property
    def label(self) -> Label:
        """What the period is called."""
        year, month = self.first.year, self.first.month
        if self.months == 12:
            return {"zh": f"{year}年", "en": str(year)}
        if self.months == 3:
            return {"zh": f"{year}年第{(month + 2) // 3}季度", "en": f"quarter {(month + 2) // 3} of {year}"}
        return {"zh": f"{year}年{month}月", "en": f"{calendar.month_name[month]} {year}"}

    @property
    def months(self) -> int:
        """How many months it has."""
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    @property
    def length(self) -> str:
        """``month``, ``quarter`` or ``year``."""
        return {1: "month", 3: "quarter", 12: "year"}[self.months]

    def quarters(self) -> dict[str, tuple[str, ...]]:
        """The quarters of its year, each with its months."""
        year = self.first.year
        return {
            f"{year}Q{one}": tuple(f"{year}-{month:02d}" for month in range(3 * one - 2, 3 * one + 1))
            for one in range(1, 5)
        }

    def before(self) -> Period:
        """The period of the same length that ends the day before."""
        last = self.first - dt.timedelta(days=1)
        if self.months == 12:
            return read_period(str(last.year))
        return read_period(f"{last.year}Q{(last.month + 2) // 3}" if self.months == 3 else f"{last:%Y-%m}")


def last_whole(length: str, until: dt.date) -> Period:
    """The last month, quarter or year that was over on a day."""
    names = {
        "month": f"{until:%Y-%m}",
        "quarter": f"{until.year}Q{(until.month + 2) // 3}",
        "year": str(until.year),
    }
    this = read_period(names[length])
    return this if this.last <= until else this.before()


def read_period(name: str) -> Period:
    """Read the name of a period.

    Parameters
    ----------
    name : str
        ``2025-11``, ``2025Q4`` or ``2025``.

    Returns
    -------
    Period

    Raises
    ------
    StudyError
        It is no month, quarter or year.
    """
    found = _SHAPE.fullmatch(name)
    if found is None:
        raise StudyError(f"period {name!r} is no month (2025-11), quarter (2025Q4) or year (2025); write one of them")
    year = int(found["year"])
    start, end = 1, 12
    if found["month"]:
        start = end = int(found["month"])
    elif found["quarter"]:
        end = 3 * int(found["quarter"])
        start = end - 2
    return Period(name, dt.date(year, start, 1), dt.date(year, end, calendar.monthrange(year, end)[1]))
