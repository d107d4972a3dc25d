"""Keeping nothing longer than was promised.

Personal Information Protection Law (2021), article 19: data are kept for the shortest time that their purpose needs;
article 47: they are deleted when that time is over. A round whose time is over leaves the vault and every store, and
never enters again; its raw exports belong to the organisation, which is told which files to delete.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pydantic import Field, model_validator

from xzz_analysis.declaration import Declaration, check
from xzz_analysis.errors import Finding, StudyError
from xzz_analysis.intake.forms import forms_of
from xzz_analysis.intake.privacy.forgetting import delete_stores
from xzz_analysis.intake.privacy.vault import Vault
from xzz_analysis.study import Study


class Retention(Declaration):
    """How long the records of a table may be kept: to the end of the day ``until``, or for ``days`` after the last
    day of each round; where both are written the earlier day counts."""

    until: dt.date | None = None
    days: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _says_when(self) -> Retention:
        if self.until is None and self.days is None:
            raise ValueError("it does not say when; write until: 2027-12-31, or days: 730")
        return self

    def last_day(self, collected: dt.date) -> dt.date:
        """Last day on which records may be kept that were collected until a day."""
        given = [] if self.until is None else [self.until]
        return min([*given, *([] if self.days is None else [collected + dt.timedelta(days=self.days)])])


@dataclass(frozen=True)
class Expiry:
    """What was removed because its time was over, and what is left to do.

    Attributes
    ----------
    records : DataFrame
        ``unit``, ``round``, ``until`` (the last day it might be kept) and ``records`` removed from the vault.
    deleted : tuple of Path
        Stores that were deleted; the next build makes them again without these rounds.
    regenerate : tuple of Path
        Published editions; all may hold figures of these rounds.
    raw : tuple of Path
        Raw files that hold them: to be deleted.
    """

    records: pd.DataFrame
    deleted: tuple[Path, ...]
    regenerate: tuple[Path, ...]
    raw: tuple[Path, ...]


def retentions(study: Study) -> dict[str, Retention]:
    """What study.yml declares under ``retention``, by unit; :class:`StudyError` with every problem."""
    found, problems = {}, []
    for unit, table in study.tables.items():
        if table.retention:
            made, wrong = check(Retention, dict(table.retention), f"study.yml: tables.{unit}.retention")
            problems += wrong
            if made is not None:
                found[unit] = made
    if problems:
        raise StudyError(f"study.yml: retention has {len(problems)} problem(s) to correct", problems)
    return found


def check_retention(study: Study, vault: Vault | None = None, today: dt.date | None = None) -> list[Finding]:
    """An error for every round of a table that is kept longer than the study promised.

    Parameters
    ----------
    study : Study
    vault : Vault, optional
        Knows which rounds have gone already.
    today : date, optional
        By default the last day of the study's last round: what is read depends on the study alone, not on the
        calendar. A command that a person runs gives the day it is run.

    Returns
    -------
    list of Finding
    """
    if today is None:
        today = max((one.collected[1] for one in study.rounds.values()), default=dt.date.min)
    return [
        Finding(
            "error",
            "retention_over",
            f"{study.path.name}: tables.{unit}.retention",
            f"the records of unit {unit!r}, round {name}, had to be deleted by {until.isoformat()}",
            "run `xzz forget --expired`, or write the later day that the guardians agreed to",
        )
        for unit, name, until in _over(study, vault, today)
    ]


def expired(study: Study, vault: Vault, today: dt.date) -> pd.DataFrame:
    """Rounds that have to go because their time is over.

    Parameters
    ----------
    study : Study
    vault : Vault
    today : date

    Returns
    -------
    DataFrame
        ``unit``, ``round``, ``until`` and ``records``, the people of that unit and round whom the vault knows; a
        round that has gone already is not listed.
    """
    known = vault.rows()
    rows = [
        (unit, name, until, known.loc[(known["unit"] == unit) & (known["round"] == name), "pseudonym"].nunique())
        for unit, name, until in _over(study, vault, today)
    ]
    return pd.DataFrame(rows, columns=["unit", "round", "until", "records"])


def expire(study: Study, vault: Vault, today: dt.date) -> Expiry:
    """Remove every round whose time is over from the vault and every store, and never let it back in.

    Parameters
    ----------
    study : Study
    vault : Vault
    today : date

    Returns
    -------
    Expiry
    """
    records = expired(study, vault, today)
    raw: dict[Path, None] = {}
    for unit, name in records[["unit", "round"]].itertuples(index=False):
        vault.close(unit, name, forms_of(study, unit)[name].repeats)
        raw |= dict.fromkeys(_files(study, unit, name))
    if records.empty:
        return Expiry(records, (), (), ())
    releases = (study.outputs / "release" / f"{study.id}-{name}" for name in study.rounds)
    made = tuple(path for path in releases if path.is_dir())
    return Expiry(records, tuple(delete_stores(study)), made, tuple(raw))


def _over(study: Study, vault: Vault | None, today: dt.date) -> Iterator[tuple[str, str, dt.date]]:
    """Unit, round and last day of what is kept too long, rounds in the order of the study."""
    declared: Mapping[str, Retention] = retentions(study)
    for unit, retention in declared.items():
        for name in (name for name in study.rounds if name in study.tables[unit].raw):
            until = retention.last_day(study.rounds[name].collected[1])
            if until < today and not (vault is not None and vault.closed(unit, name)):
                yield unit, name, until


def _files(study: Study, unit: str, name: str) -> list[Path]:
    """Raw files of a unit in a round, those of its repeats, of second interviews and of coded texts too."""
    table = study.tables[unit]
    repeats = [files[name] for files in table.repeats.values() if name in files]
    files = [file for one in study.themes.coded(unit) for file in one.files()]
    coded = [path for _, made, path in files if made == name and path.is_file()]
    return [*table.raw[name], *repeats, *table.back_check.get(name, []), *coded]
