"""What study.yml says of services: ledgers, and the rules they are counted and judged by."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from xzz_analysis.declaration import Declaration
from xzz_analysis.study.words import BothLanguages, Name, Text, Words

LEDGERS = (
    "activities",
    "attendance",
    "vouchers_issued",
    "vouchers_redeemed",
    "merchants",
    "merchant_visits",
    "people",
    "roles",
    "points",
    "ties",
    "organisations",
    "projects",
    "scores",
)
"""Ledgers that an organisation may keep; docs/services.md lists their columns."""


class Ledger(Declaration):
    """Where a ledger is: a file (CSV, XLSX, Parquet; ``*`` for several), or a table of a database by its URL.

    ``columns`` gives headers that are not the usual ones: header → column.
    """

    file: Path | None = None
    sheet: str = ""
    url: str = Field(default="", repr=False)
    table: str = ""
    columns: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (not self.url):
            raise ValueError("name either a file, or the url and the table of a database")
        if self.url and not self.table:
            raise ValueError("the url of a database needs the name of a table")
        return self


def ledger_files(path: Path) -> list[Path]:
    """The files of a ledger, sorted by name: one, or all that a name with ``*`` stands for."""
    return sorted(path.parent.glob(path.name)) if "*" in path.name else [path]


def _as_ledger(value: Any) -> Any:
    return {"file": value} if isinstance(value, str | Path) else value


Source = Annotated[Ledger, BeforeValidator(_as_ledger)]


class PointRule(Declaration):
    """Who earns more points for an hour: those for whom the expression ``when`` holds, over columns of people.

    Beside the columns ``age`` (whole years on the day of the service) may be used: ``${age} >= 60 and ${age} < 70``.
    Of several rules that hold the highest ``times`` counts.
    """

    id: Name
    label: BothLanguages
    when: str
    times: float = Field(gt=0, le=10)


class Points(Declaration):
    """How volunteer points are earned: so many per hour, more for some."""

    per_hour: float = Field(default=1, gt=0)
    rules: list[PointRule] = Field(default_factory=list)


class Lights(Declaration):
    """Traffic lights of a target: part of what should have been reached by now, from which it is green and amber."""

    green: float = Field(default=0.9, gt=0)
    amber: float = Field(default=0.7, gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.amber >= self.green:
            raise ValueError(f"amber begins at {self.amber} and green at {self.green}; amber must be lower")
        return self


class Anomalies(Declaration):
    """When redemptions are listed for a person to look at.

    Attributes
    ----------
    burst : int
        Redemptions at one merchant within ``burst_minutes``.
    round_share : float
        Part of a merchant's redemptions in round amounts (multiples of ``round_to``).
    merchants, minutes : int, float
        One person at so many merchants within so many minutes.
    fewest : int
        Redemptions of a merchant from which on its shares are judged.
    """

    burst: int = Field(default=10, ge=2)
    burst_minutes: float = Field(default=10, gt=0)
    round_to: float = Field(default=50, gt=0)
    round_share: float = Field(default=0.9, gt=0, le=1)
    merchants: int = Field(default=3, ge=2)
    minutes: float = Field(default=10, gt=0)
    fewest: int = Field(default=20, ge=1)


class Star(Declaration):
    """The health star (健康之星): an instrument of scores and the scores from which its levels begin, lowest first."""

    instrument: str
    levels: list[float] = Field(min_length=2)


class InstrumentRule(Declaration):
    """What a change of a score means: from how many points on somebody improved, and in which direction."""

    step: float = Field(default=1, gt=0)
    lower_is_better: bool = False


class Ratio(Declaration):
    """Volunteers per social worker that a community is set beside, and who says so."""

    volunteers: int = Field(gt=0)
    source: BothLanguages
    url: str = ""


PERIODS = ("month", "quarter", "year")
"""How long a period of reporting may be."""


class Services(Declaration):
    """Ledgers of what the organisation did, and the rules they are counted by.

    Attributes
    ----------
    activities … scores : Ledger
        Each a path, or a mapping; see :data:`LEDGERS`.
    until : date
        The day the ledgers stand at; the last day of the latest round when empty. Later entries are in the future.
    currency : str
    late_days : int
        Entries written down later than this are late.
    instruments : dict of InstrumentRule
        Instrument of scores → what counts as better; a point upwards where nothing is said.
    periods : list of str
        Lengths of the periods that reports are published on, of :data:`PERIODS`. Nothing in one may give away what
        another hides, so that an organisation which reports years alone shows more of them.
    categories : dict
        Categories of vouchers and merchants, and reasons and instruments: code → what it is called.
    """

    activities: Source | None = None
    attendance: Source | None = None
    vouchers_issued: Source | None = None
    vouchers_redeemed: Source | None = None
    merchants: Source | None = None
    merchant_visits: Source | None = None
    people: Source | None = None
    roles: Source | None = None
    points: Source | None = None
    ties: Source | None = None
    organisations: Source | None = None
    projects: Source | None = None
    scores: Source | None = None
    until: dt.date | None = None
    currency: str = "CNY"
    late_days: int = Field(default=30, ge=0)
    periods: list[Literal["month", "quarter", "year"]] = Field(default=["month", "quarter", "year"], min_length=1)
    categories: dict[str, BothLanguages] = Field(default_factory=dict)
    point_rules: Points = Field(default_factory=Points)
    lights: Lights = Field(default_factory=Lights)
    anomalies: Anomalies = Field(default_factory=Anomalies)
    instruments: dict[str, InstrumentRule] = Field(default_factory=dict)
    star: Star | None = None
    ratios: list[Ratio] = Field(default_factory=list)
    before_after: Words = Field(default_factory=list)
    notes: Text = Field(default_factory=dict)

    def ledgers(self) -> dict[str, Ledger]:
        """The ledgers that are named."""
        return {name: one for name in LEDGERS if (one := getattr(self, name)) is not None}
