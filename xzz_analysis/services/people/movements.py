"""Points of a period: what they were before, what came and went, and what is left, by community, month and rule."""

from __future__ import annotations

import pandas as pd

from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.people.points import ENTRIES, IN_POINTS, SIGN, PointsLedger
from xzz_analysis.services.people.roles import in_order, parts

MOVEMENTS = ("opening", *ENTRIES, "closing")
"""Columns of an account: opening + earned − spent + corrected − expired = closing."""

FOLDED = {"credited": ("earned", "corrected"), "debited": ("spent", "expired")}
"""Columns that take corrections and expiry in with what they belong to: opening + credited − debited = closing."""


def account(ledgers: Ledgers, points: PointsLedger, by: str = "") -> pd.DataFrame:
    """The account of the period.

    Parameters
    ----------
    ledgers : Ledgers
    points : PointsLedger
    by : str
        ``community`` or ``month``; empty for all.

    Returns
    -------
    DataFrame
        ``by`` and, for each of :data:`MOVEMENTS` and :data:`FOLDED`, its points (exact to a hundredth) and the persons
        behind them (``earned_persons`` …). A month is that of the entry; months without an entry have no row.
    """
    entries = points.entries.assign(month=points.entries["date"].dt.strftime("%Y-%m"))
    first = pd.Timestamp(ledgers.period.first)
    before, now = entries[entries["date"] < first], entries[entries["date"] >= first]
    if by == "month":
        rows = [{"month": name, **_row(entries[entries["month"] < name], rows)} for name, rows in parts(now, "month")]
        return pd.DataFrame(rows, columns=["month", *_columns()])
    if not by:
        return pd.DataFrame([_row(before, now)])
    names = sorted(set(entries[by]))
    rows = [{by: name, **_row(before[before[by] == name], now[now[by] == name])} for name in names]
    return in_order(ledgers, pd.DataFrame(rows, columns=[by, *_columns()]), [by])


def _columns() -> list[str]:
    return [name for kind in (*MOVEMENTS, *FOLDED) for name in (kind, f"{kind}_persons")]


def _row(before: pd.DataFrame, now: pd.DataFrame) -> dict[str, float]:
    told: dict[str, tuple[int, int]] = {"opening": (int(before["hundredths"].sum()), before["person"].nunique())}
    for kind in ENTRIES:
        rows = now[now["entry"] == kind]
        told[kind] = (SIGN[kind] * int(rows["hundredths"].sum()), rows["person"].nunique())
    for name, kinds in FOLDED.items():
        rows = now[now["entry"].isin(kinds)]
        told[name] = (SIGN[kinds[0]] * int(rows["hundredths"].sum()), rows["person"].nunique())
    both = pd.concat([before, now])
    told["closing"] = (int(both["hundredths"].sum()), both["person"].nunique())
    made: dict[str, float] = {}
    for kind, (count, persons) in told.items():
        made |= {kind: count / IN_POINTS, f"{kind}_persons": float(persons)}
    return made


def earned_by_rule(ledgers: Ledgers, points: PointsLedger) -> pd.DataFrame:
    """Who earned more points in the period, by the rule that held.

    Returns
    -------
    DataFrame
        ``rule`` (in the order declared), ``persons``, ``hours``, ``points`` and
        ``more`` (points beyond what the hours would have earned without the rule). A person for whom a rule held only
        for part of the period is in two rows.
    """
    now = points.entries[
        (points.entries["date"] >= pd.Timestamp(ledgers.period.first)) & (points.entries["entry"] == "earned")
    ]
    rows = []
    for rule in (one.id for one in ledgers.declared.point_rules.rules):
        mine = now[now["rule"] == rule]
        rows.append(
            {
                "rule": rule,
                "persons": mine["person"].nunique(),
                "hours": float(mine["hours"].sum()),
                "points": int(mine["hundredths"].sum()) / IN_POINTS,
                "more": int((mine["hundredths"] - mine["plain"]).sum()) / IN_POINTS,
            }
        )
    return pd.DataFrame(rows, columns=["rule", "persons", "hours", "points", "more"])
