"""The rows of a period that are counted: activities, who was there, and what can be known of how many persons."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.period import Period

SEVERAL = ""
"""Month or week of a total that lies in more than one."""


@dataclass(frozen=True, eq=False)
class Counted:
    """What of a period is counted.

    Attributes
    ----------
    rows : DataFrame
        Rows of the ledger of activities that lie wholly inside, numbered from 0: ``type``, ``domain``, ``community``,
        ``project``, ``month`` and ``week`` (:data:`SEVERAL` of a total over more than one), ``sheet`` (``keyed`` where
        somebody signed the attendance sheet, else ``count_only``), ``activities``, ``times`` (person-times; NaN where
        not known) and ``least_times``; and of count-only rows ``low`` and ``high``, between which the number of
        different persons lies (0 and 0 of keyed rows; ``high`` NaN where nothing bounds it), and ``cover``: the row
        that states the person-times of this one, -1 where there is none.
    presences : DataFrame
        One row per attendance: ``row`` (of ``rows``) and ``person`` (a number that stands for the key).
    left_out : DataFrame
        Totals that lie partly outside the period, and so are not counted: ``date``, ``until``, ``activities`` and
        ``times``.
    differing : int
        Keyed rows whose stated person-times are not those of the attendance sheet; the sheet is counted.
    """

    rows: pd.DataFrame
    presences: pd.DataFrame
    left_out: pd.DataFrame
    differing: int


def counted(activities: pd.DataFrame, attendance: pd.DataFrame, first: dt.date, last: dt.date) -> Counted:
    """Choose and prepare the rows of a period.

    Parameters
    ----------
    activities, attendance : DataFrame
        As :meth:`~xzz_analysis.services.opening.Ledgers.table` gives them.
    first, last : date
        Both are in the period.

    Returns
    -------
    Counted
    """
    ledger = with_days(activities)
    begins, ends = pd.Timestamp(first), pd.Timestamp(last)
    inside = ((ledger["date"] >= begins) & (ledger["until"] <= ends)).to_numpy()
    touching = ((ledger["date"] <= ends) & (ledger["until"] >= begins)).to_numpy() & ~inside
    there = presences(ledger, attendance)
    there = there[inside[there["row"].to_numpy()]]
    place = np.cumsum(inside) - 1
    there = pd.DataFrame({"row": place[there["row"].to_numpy()], "person": there["person"].to_numpy()})
    told = ledger[inside].reset_index(drop=True)
    signed = np.bincount(there["row"], minlength=len(told)).astype(float)
    stated = told["person_times"].to_numpy(float)
    differing = int(((signed > 0) & ~np.isnan(stated) & (stated != signed)).sum())
    outside = ledger[touching]
    left = outside[["date", "until"]].assign(activities=_activities(outside), times=outside["person_times"])
    return Counted(_prepared(told, signed, begins), there, left.reset_index(drop=True), differing)


def counted_in(ledgers: Ledgers, period: Period | None = None) -> Counted:
    """The rows of the ledgers' period, or of another one."""
    chosen = period or ledgers.period
    return counted(ledgers.table("activities"), ledgers.table("attendance"), chosen.first, chosen.last)


def with_days(activities: pd.DataFrame) -> pd.DataFrame:
    """Rows of activities that have a day, numbered from 0, with the last day of each (none before the first)."""
    ledger = activities[activities["date"].notna()].reset_index(drop=True)
    later = ledger["until"].notna() & (ledger["until"] >= ledger["date"])
    return ledger.assign(until=ledger["until"].where(later, ledger["date"]))


def presences(ledger: pd.DataFrame, attendance: pd.DataFrame) -> pd.DataFrame:
    """Who was at which activity, a person once a day.

    Parameters
    ----------
    ledger : DataFrame
        From :func:`with_days`.
    attendance : DataFrame
        Rows without a person, or of an activity that is not in the ledger, are left out.

    Returns
    -------
    DataFrame
        ``row`` of the ledger, ``person`` (a number that stands for the key) and ``day``. Where several rows of the
        ledger have one activity's ID, attendance belongs to the one of its day, else to the earliest.
    """
    row = _matched(ledger, attendance)
    kept = (row >= 0) & (attendance["person"] != "").to_numpy()
    row = row[kept]
    begun = ledger["date"].to_numpy()[row]
    days = attendance["date"].to_numpy()[kept]
    there = pd.DataFrame(
        {
            "row": row,
            "person": pd.factorize(attendance["person"][kept])[0],
            "day": np.where(np.isnat(days), begun, days),
        }
    )
    return there.drop_duplicates(ignore_index=True)


def _matched(ledger: pd.DataFrame, attendance: pd.DataFrame) -> np.ndarray:
    """The row of the ledger that each row of attendance belongs to; -1 where there is none."""
    named = ledger.loc[ledger["activity"] != "", ["activity", "date"]]
    once = named.sort_values("date", kind="stable").drop_duplicates("activity")
    place = pd.Index(once["activity"]).get_indexer(pd.Index(attendance["activity"]))
    found = np.where(place >= 0, once.index.to_numpy()[place] if len(once) else -1, -1)
    repeated = named["activity"][named["activity"].duplicated()].unique()
    doubtful = np.flatnonzero(attendance["activity"].isin(repeated).to_numpy())
    if len(doubtful):
        dated = named.drop_duplicates()
        keys = pd.MultiIndex.from_frame(attendance.iloc[doubtful][["activity", "date"]])
        exact = pd.MultiIndex.from_frame(dated).get_indexer(keys)
        found[doubtful] = np.where(exact >= 0, dated.index.to_numpy()[exact], found[doubtful])
    return found.astype(np.int64)


def _activities(ledger: pd.DataFrame) -> pd.Series:
    return ledger["count"].fillna(1.0)


def _prepared(told: pd.DataFrame, signed: np.ndarray, begins: pd.Timestamp) -> pd.DataFrame:
    """Rows of the period with what is counted of each."""
    keyed = signed > 0
    low, high = _persons(told)
    stated = told["person_times"].to_numpy(float)
    times = np.where(keyed, signed, stated)
    week = (told["date"] - pd.to_timedelta(told["date"].dt.day_of_week, unit="D")).clip(lower=begins)
    last = (told["until"] - pd.to_timedelta(told["until"].dt.day_of_week, unit="D")).clip(lower=begins)
    month = told["date"].dt.strftime("%Y-%m")
    unsaid = np.isnan(times) & np.isnan(high)
    return told[["type", "domain", "community", "project"]].assign(
        month=month.where(month == told["until"].dt.strftime("%Y-%m"), SEVERAL).astype("str"),
        week=week.dt.strftime("%Y-%m-%d").where(week == last, SEVERAL).astype("str"),
        sheet=np.where(keyed, "keyed", "count_only"),
        activities=_activities(told),
        times=times,
        least_times=np.where(np.isnan(times), low, times),
        low=np.where(keyed, 0.0, low),
        high=np.where(keyed, 0.0, high),
        cover=_covers(told, unsaid),
    )


def _covers(told: pd.DataFrame, unsaid: np.ndarray) -> np.ndarray:
    """The row of person-times and no activity of its own, over all its days, that each row says nothing beside."""
    cover = np.full(len(told), -1, dtype=np.int64)
    for place in np.flatnonzero(((told["count"] == 0) & (told["person_times"] > 0)).to_numpy())[::-1]:
        row = told.iloc[place]
        inside = (told["date"] >= row["date"]) & (told["until"] <= row["until"])
        cover[inside.to_numpy() & unsaid] = place
    return cover


def _persons(told: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Fewest and most different persons of each row, from what it states; docs/methods/counting.md says why."""
    times, stated = (told[name].to_numpy(float) for name in ("person_times", "persons"))
    many = _activities(told).to_numpy(float)
    one_day = (told["date"] == told["until"]).to_numpy() & (many >= 1)
    fewest = np.where(one_day, np.ceil(np.divide(times, many, where=many > 0, out=np.ones_like(times))), 1.0)
    fewest = np.where(np.isnan(times), 0.0, np.minimum(fewest, times))
    exact = np.fmin(stated, times)
    return np.where(np.isnan(stated), fewest, exact), np.where(np.isnan(stated), times, exact)
