"""Entries that were written down late, and count-only rows that look like repeats."""

from __future__ import annotations

import pandas as pd

from xzz_analysis.services.counting.rows import presences, with_days
from xzz_analysis.services.opening import Ledgers

SAME = ["date", "until", "type", "community", "domain", "project", "name", "count", "person_times"]
"""Columns that two count-only rows share when the second is probably the first again."""


def late_entries(ledgers: Ledgers) -> pd.DataFrame:
    """How long after the day the rows of the period were written down.

    Parameters
    ----------
    ledgers : Ledgers
        ``declared.late_days`` says from when on an entry is late.

    Returns
    -------
    DataFrame
        One row for each of activities and attendance that the study keeps: ``ledger``, ``rows`` in the period,
        ``dated`` (those that say when they were entered), ``late`` and ``median_days`` between the day and the entry
        (NaN where none says). Of a total the last day counts.
    """
    made = []
    for kind in ("activities", "attendance"):
        if ledgers.has(kind):
            days = _delays(ledgers, kind)
            late = int((days > ledgers.declared.late_days).sum())
            made.append((kind, len(days), int(days.notna().sum()), late, days.median()))
    return pd.DataFrame(made, columns=["ledger", "rows", "dated", "late", "median_days"])


def _delays(ledgers: Ledgers, kind: str) -> pd.Series:
    """Days from the day of each row of the period to its entry."""
    activities = with_days(ledgers.table("activities"))
    table = activities
    day = activities["until"]
    if kind == "attendance":
        table = ledgers.table("attendance")
        named = activities[activities["activity"] != ""].drop_duplicates("activity").set_index("activity")["date"]
        day = table["date"].fillna(table["activity"].map(named))
    first, last = pd.Timestamp(ledgers.period.first), pd.Timestamp(ledgers.period.last)
    inside = (day >= first) & (day <= last)
    return (table["entered"] - day)[inside].dt.days


def probable_repeats(ledgers: Ledgers) -> int:
    """How many count-only rows of the period say the same as one above them.

    They share day, type, community, domain, project, name and person-times, and nobody signed a sheet that would tell
    them apart. They are counted all the same: two equal activities on one day are possible.
    """
    ledger = with_days(ledgers.table("activities"))
    ledger = ledger[~ledger.index.isin(presences(ledger, ledgers.table("attendance"))["row"])]
    first, last = pd.Timestamp(ledgers.period.first), pd.Timestamp(ledgers.period.last)
    inside = ledger[(ledger["date"] >= first) & (ledger["until"] <= last)]
    return int((inside["person_times"].notna() & inside.duplicated(SAME)).sum())
