"""People beside their roles, their consent and their attendance."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.services.checks.finding import found
from xzz_analysis.services.opening import Ledgers

EXCLUSIVE = (("recipient", "staff"), ("recipient", "social_worker"))
"""Roles that nobody has at once: who is paid to serve is not served."""

OF_PERSONS = ("attendance", "vouchers_issued", "roles", "points", "scores")
"""Ledgers whose column ``person`` is a key of the table of people."""

_EVER = pd.Timestamp("2262-01-01")


def check_people(ledgers: Ledgers) -> Iterator[Finding]:
    """Check people, their roles and their consent.

    Parameters
    ----------
    ledgers : Ledgers

    Yields
    ------
    Finding
        Roles that exclude each other, persons that are in no table, two keys that may be one person, attendance before
        consent or after withdrawal.
    """
    if ledgers.has("roles"):
        yield from _roles(ledgers)
    if not ledgers.has("people"):
        return
    people = ledgers.table("people")
    for kind in filter(ledgers.has, OF_PERSONS):
        table = ledgers.table(kind)
        strange = table[(table["person"] != "") & ~table["person"].isin(people["person"])]
        message = "{count} row(s) name a person who is not in the table of people"
        yield from found(ledgers, kind, "ledger_person_unknown", strange, message)
    yield from _alike(ledgers, people)
    if ledgers.has("attendance"):
        yield from _consent(ledgers, people)


def _roles(ledgers: Ledgers) -> Iterator[Finding]:
    roles = ledgers.table("roles")
    spells = roles.loc[roles["person"] != "", ["person", "role", "since", "until", "line"]]
    spells = spells.assign(until=spells["until"].fillna(_EVER))
    for one, other in EXCLUSIVE:
        pairs = spells[spells["role"] == one].merge(spells[spells["role"] == other], on="person", suffixes=("_x", ""))
        both = pairs[(pairs["since_x"] <= pairs["until"]) & (pairs["since"] <= pairs["until_x"])]
        message = f"{{count}} person(s) are {other} and {one} at the same time"
        count = both["person"].nunique()
        yield from found(ledgers, "roles", "ledger_roles_exclusive", both, message, count=count)


def _alike(ledgers: Ledgers, people: pd.DataFrame) -> Iterator[Finding]:
    known = people[(people["family"] != "") & (people["sex"] != "") & people["born"].notna()]
    alike = known[known.duplicated(["family", "born", "sex"], keep=False)]
    message = "{count} key(s) have family, month of birth and sex in common with another: perhaps one person, or twins"
    yield from found(ledgers, "people", "ledger_person_perhaps_twice", alike, message, severity="note")


def _consent(ledgers: Ledgers, people: pd.DataFrame) -> Iterator[Finding]:
    told = people.loc[people["consent"].notna() | people["withdrawn"].notna(), ["person", "consent", "withdrawn"]]
    came = ledgers.table("attendance")[["person", "date", "line"]].merge(told, on="person")
    early = came[came["date"] < came["consent"]]
    message = "{count} attendance(s) with a key are earlier than the person's consent"
    yield from found(ledgers, "attendance", "ledger_attendance_before_consent", early, message)
    late = came[came["date"] > came["withdrawn"]]
    message = "{count} attendance(s) with a key are later than the withdrawal of the person's consent"
    yield from found(ledgers, "attendance", "ledger_attendance_after_withdrawal", late, message)
