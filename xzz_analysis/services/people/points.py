"""The ledger of volunteer points: what was earned by the rules, spent, corrected and expired, and balances that add up.

Points are counted in hundredths, as whole numbers: hours, points an hour and multiples are decimals as they are
written, each entry is rounded once (half up) to a hundredth, and from there on nothing is rounded. Sums are therefore
exact and do not hang on the order of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, Severity
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.people.roles import UNSTATED, last_day, people_groups
from xzz_analysis.services.people.rules import rules_of

ENTRIES = ("earned", "spent", "corrected", "expired")
"""Kinds of entries."""

SIGN = {"earned": 1, "spent": -1, "corrected": 1, "expired": -1}
"""What an entry does to a balance; a correction has a sign of its own."""

IN_POINTS = 100
"""Hundredths in a point."""

LEDGER = "points"


def hundredths(*factors: float) -> int:
    """The product of decimals in hundredths, rounded half up (away from zero) once.

    Parameters
    ----------
    *factors : float
        Each stands for the shortest decimal that it prints as.

    Examples
    --------
    >>> hundredths(1.15, 1.5), hundredths(0.1, 3), hundredths(-2.345)
    (173, 30, -235)
    """
    product = Decimal(1)
    for factor in factors:
        product *= Decimal(repr(float(factor)))
    return int((product * IN_POINTS).to_integral_value(ROUND_HALF_UP))


@dataclass(frozen=True, eq=False)
class PointsLedger:
    """Entries of points up to the last day reported.

    Attributes
    ----------
    entries : DataFrame
        ``person``, ``date``, ``entry``, ``hours``, ``hundredths`` (int64, as they change the balance: spent and expired
        are negative), ``plain`` (int64: what the hours would have earned without a rule), ``rule``, ``community`` and
        ``line``. Entries that cannot be counted are not among them.
    findings : tuple of Finding
    """

    entries: pd.DataFrame
    findings: tuple[Finding, ...] = ()

    def balances(self, by: Sequence[str] = ("person",)) -> pd.Series:
        """What is left, in hundredths, by person or by other columns of the entries.

        Returns
        -------
        Series of int64
            Sorted by name.
        """
        return self.entries.groupby(list(by), sort=True)["hundredths"].sum()

    def totals(self) -> dict[str, int]:
        """Hundredths earned, spent, corrected and expired, spent and expired as positive numbers."""
        summed = self.entries.groupby("entry")["hundredths"].sum()
        return {kind: SIGN[kind] * int(summed.get(kind, 0)) for kind in ENTRIES}


def points_ledger(ledgers: Ledgers) -> PointsLedger:
    """Read the entries of points and work out what was earned.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    PointsLedger

    Raises
    ------
    StudyError
        A rule of study.yml that cannot be read.

    Notes
    -----
    An entry that earns is worth hours × points an hour × the ``times`` of its rule
    (:func:`~xzz_analysis.services.people.rules.rules_of`). Points that stand in it are compared with that and do not
    count, unless hours are missing.
    """
    table = ledgers.up_to(LEDGER)
    table = table[(table["date"] <= last_day(ledgers)) & (table["entry"] != "") & (table["person"] != "")]
    table = table.reset_index(drop=True)
    earns = (table["entry"] == "earned").to_numpy()
    by_hours = earns & table["hours"].notna().to_numpy()
    amount = table["points"].where(~by_hours, table["hours"])
    missing, negative = amount.isna(), (amount < 0) & (table["entry"] != "corrected")
    counted = ~(missing | negative).to_numpy()
    found = rules_of(ledgers, table)
    per_hour = ledgers.declared.point_rules.per_hour
    worth = _worth(amount.where(counted, 0.0), by_hours, found.times, per_hour)
    given = table["points"].notna().to_numpy() & by_hours & counted
    written = _worth(table["points"].fillna(0.0), np.zeros(len(table), bool), found.times, 1.0)
    noticed = {
        "points_missing": missing.to_numpy(),
        "points_negative": negative.to_numpy(),
        "points_without_hours": earns & ~by_hours & counted,
        "points_differ": given & (written != worth),
        "points_rule_open": by_hours & counted & found.open,
    }
    plain = _worth(amount.where(counted, 0.0), by_hours, np.ones(len(table)), per_hour)
    made = table[["person", "date", "entry", "hours", "line"]].assign(
        hundredths=worth * table["entry"].map(SIGN).to_numpy(dtype=np.int64),
        plain=np.where(by_hours, plain, 0),
        rule=np.where(by_hours, found.rule, ""),
        community=people_groups(ledgers)["community"].reindex(table["person"]).fillna(UNSTATED).to_numpy(),
    )
    entries = made[counted].reset_index(drop=True)
    return PointsLedger(entries, (*_noticed(table, noticed), *_overdrawn(entries)))


def _worth(amount: pd.Series, by_hours: np.ndarray, times: np.ndarray, per_hour: float) -> np.ndarray:
    """Hundredths of each entry; each combination of factors is worked out once."""
    keys = pd.DataFrame({"amount": amount.to_numpy(float), "times": np.where(by_hours, times, 1.0), "hours": by_hours})
    distinct = keys.drop_duplicates()
    values = [
        hundredths(one, multiple, per_hour if earned else 1.0)
        for one, multiple, earned in zip(*(distinct[name].tolist() for name in keys), strict=True)
    ]
    valued = keys.merge(distinct.assign(value=np.array(values, dtype=np.int64)), how="left")
    return valued["value"].to_numpy(np.int64)


def _noticed(table: pd.DataFrame, rows: Mapping[str, np.ndarray]) -> list[Finding]:
    """Findings about entries, each with its count and the first line."""
    told: list[tuple[Severity, str, str, str]] = [
        (
            "warning",
            "points_missing",
            "say neither hours nor points, so they are left out",
            "write the hours of service, or the points of the other entries",
        ),
        (
            "warning",
            "points_negative",
            "are negative and no corrections, so they are left out",
            "write what was earned, spent or expired as a positive number, and a correction as an entry of its own",
        ),
        (
            "note",
            "points_without_hours",
            "earn points without hours, so the points written down count",
            "write the hours of service, so that the rules can be followed",
        ),
        (
            "warning",
            "points_differ",
            "earn by the rules something other than the points written down; the rules count",
            "compare hours and points with services.point_rules in study.yml",
        ),
        (
            "note",
            "points_rule_open",
            "might earn more, but the people ledger does not say whether a rule holds",
            "add month of birth, sex or hardship to the people ledger",
        ),
    ]
    findings = []
    for severity, rule, said, remedy in told:
        count = int(rows[rule].sum())
        if count:
            line = int(table["line"].to_numpy()[rows[rule]].min())
            message = f"{count} of {len(table)} entries {said}, first in line {line}"
            findings.append(Finding(severity, rule, LEDGER, message, remedy, count))
    return findings


def _overdrawn(entries: pd.DataFrame) -> list[Finding]:
    """Balances that were negative at the end of some day."""
    daily = entries.groupby(["person", "date"], sort=True)["hundredths"].sum()
    below = daily.groupby(level="person").cumsum() < 0
    if not below.any():
        return []
    days = below[below].reset_index()[["person", "date"]]
    count = days["person"].nunique()
    line = int(entries.merge(days.drop_duplicates("person"), on=["person", "date"])["line"].min())
    message = f"{count} balances were negative at the end of a day, first in line {line}"
    remedy = "look for an entry that is missing, or was written twice"
    return [Finding("warning", "points_overdrawn", LEDGER, message, remedy, count)]
