"""Persons who came for the first time, and those who came back."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import pandas as pd

from xzz_analysis.services.counting.rows import presences, with_days


class Comers(NamedTuple):
    """Different persons on the attendance sheets of a period.

    Attributes
    ----------
    new, returning : int
        Their first activity in the ledger lies in the period; lies before it.
    since : date or None
        First day of the attendance sheets: nobody is known to have come before it.
    """

    new: int
    returning: int
    since: dt.date | None


def comers(activities: pd.DataFrame, attendance: pd.DataFrame, first: dt.date, last: dt.date) -> Comers:
    """Tell new persons from returning ones.

    Parameters
    ----------
    activities, attendance : DataFrame
        As :meth:`~xzz_analysis.services.opening.Ledgers.table` gives them, from the first entry on.
    first, last : date
        Both are in the period.

    Returns
    -------
    Comers
        Of keyed activities alone: count-only rows do not say who came.
    """
    ledger = with_days(activities)
    there = presences(ledger, attendance)
    if not len(there):
        return Comers(0, 0, None)
    began = ledger["date"].to_numpy()[there["row"].to_numpy()]
    ended = ledger["until"].to_numpy()[there["row"].to_numpy()]
    inside = (began >= pd.Timestamp(first)) & (ended <= pd.Timestamp(last))
    earliest = pd.Series(began).groupby(there["person"].to_numpy()).min()
    came = earliest.loc[pd.unique(there["person"].to_numpy()[inside])]
    new = int((came >= pd.Timestamp(first)).sum())
    return Comers(new, len(came) - new, pd.Timestamp(began.min()).date())
