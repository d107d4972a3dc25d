"""Activities beside their attendance, and totals beside single activities."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.services.checks.finding import found
from xzz_analysis.services.opening import Ledgers

_SAME = ("domain", "community", "project", "name")
"""What tells totals apart beside their type: the same, or not stated in one of the two."""


def check_activities(ledgers: Ledgers) -> Iterator[Finding]:
    """Check activities and attendance.

    Parameters
    ----------
    ledgers : Ledgers

    Yields
    ------
    Finding
        Attendance of unknown activities and of one person at one activity on several days, person-times that differ
        from the attendance sheet, totals that overlap, unknown projects, late entries.
    """
    if ledgers.has("activities"):
        yield from _overlaps(ledgers)
        if ledgers.has("attendance"):
            yield from _attendance(ledgers)
    for kind in filter(ledgers.has, ("activities", "attendance")):
        yield from _late(ledgers, kind)
    if ledgers.has("projects"):
        known = ledgers.table("projects")["project"]
        for kind in filter(ledgers.has, ("activities", "vouchers_issued")):
            table = ledgers.table(kind)
            strange = table[(table["project"] != "") & ~table["project"].isin(known)]
            message = "{count} row(s) name a project that is not in the table of projects"
            yield from found(ledgers, kind, "ledger_project_unknown", strange, message)


def _attendance(ledgers: Ledgers) -> Iterator[Finding]:
    activities, came = ledgers.table("activities"), ledgers.table("attendance")
    strange = came[~came["activity"].isin(activities["activity"])]
    message = "{count} attendance(s) are of an activity that is not in the ledger of activities"
    yield from found(ledgers, "attendance", "ledger_activity_unknown", strange, message)
    several = came[came.duplicated(["activity", "person"])]
    message = "{count} attendance(s) are of a person who was at the same activity on another day too"
    yield from found(ledgers, "attendance", "ledger_attendance_again", several, message, severity="note")
    stated = activities[activities["activity"] != ""]
    stated = stated.assign(unknown=stated["person_times"].isna())
    told = stated.groupby("activity", sort=False).agg(
        times=("person_times", "sum"), unknown=("unknown", "any"), line=("line", "min")
    )
    counted = came.groupby("activity", sort=False).size().reindex(told.index)
    differ = told[counted.notna() & ~told["unknown"] & (told["times"] != counted)]
    message = "{count} activit(ies) state other person-times than their attendance sheet has rows"
    yield from found(ledgers, "activities", "ledger_person_times_differ", differ, message)


def _overlaps(ledgers: Ledgers) -> Iterator[Finding]:
    """Totals over some time beside other rows of the same type and time."""
    table = ledgers.table("activities")
    table = table.assign(last=table["until"].fillna(table["date"]))
    total = (table["last"] > table["date"]) & ((table["activity"] == "") | (table["count"] > 1))
    twice = [
        place
        for _, rows in table.groupby("type", sort=False)
        for place in rows.index[total[rows.index]]
        if _overlapping(rows, rows.loc[place]).sum() > 1  # it overlaps itself
    ]
    message = "{count} total(s) cover days that other rows of the same type cover too, so people may be counted twice"
    yield from found(ledgers, "activities", "ledger_totals_overlap", table.loc[twice], message)


def _overlapping(rows: pd.DataFrame, total: pd.Series) -> pd.Series:
    hit: pd.Series = (rows["date"] <= total["last"]) & (rows["last"] >= total["date"])
    for name in _SAME:
        if total[name]:
            hit &= rows[name].isin([total[name], ""])
    return hit


def _late(ledgers: Ledgers, kind: str) -> Iterator[Finding]:
    table = ledgers.table(kind)
    happened = table["date"] if kind == "attendance" else table["until"].fillna(table["date"])
    days = ledgers.declared.late_days
    late = table[(table["entered"] - happened).dt.days > days]
    message = f"{{count}} row(s) were written down more than {days} days after the day"
    yield from found(ledgers, kind, "ledger_late", late, message, severity="note")
