"""Rounds of outreach of which only totals are known: rows without a merchant, and with a count.

What such rows mean
-------------------
A round is the rows with the same first day, last day and introduction. In it

* ``visited`` is the number of merchants visited in all, and the other rows are parts of it;
* every other row stands for other merchants: pending 30 and refused 43 are 73 merchants, and pending 20 for one reason
  and pending 10 for another are 30;
* ``not_joined`` is pending or refused, and nobody wrote down which; it adds to rows of either that stand beside it;
* merchants visited that no other row tells of are without a known result;
* merchants of different rounds may be the same, so rounds are never added up, nor mixed with merchants that have an id.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.services.merchants.states import STATES
from xzz_analysis.services.opening import Ledgers

_ROUND = ["since", "until", "introduced"]
_PARTS = tuple(state for state in STATES if state != "visited")
ROUND_COLUMNS = (
    *_ROUND,
    "visited",
    "pending",
    "refused",
    "pending_or_refused",
    "joined",
    "left",
    "not_told",
    "reasons",
)


def _totals(ledgers: Ledgers) -> pd.DataFrame:
    """Rows without a merchant that lie in the period as a whole."""
    table = ledgers.table("merchant_visits")
    rows = table[(table["merchant"] == "") & (table["count"] > 0) & table["outcome"].isin(STATES)]
    rows = rows.assign(since=rows["date"], until=rows["until"].fillna(rows["date"]))
    first, last = pd.Timestamp(ledgers.period.first), pd.Timestamp(ledgers.period.last)
    return rows[(rows["since"] >= first) & (rows["until"] <= last)]


def outreach_rounds(ledgers: Ledgers) -> pd.DataFrame:
    """What totals say of rounds of outreach in the period, and what they leave open.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    DataFrame
        One row per round: ``since``, ``until``, ``introduced`` (empty: of all) and numbers of merchants, NaN where
        nobody can know them: ``visited``; ``pending`` and ``refused`` (NaN where a part is only known as either),
        ``pending_or_refused``, ``joined``, ``left``; ``not_told`` (visited, with no result written down; NaN where the
        number visited is not told, or less than its parts); ``reasons`` (a dict of tag → merchants that name it).
    """
    rows = _totals(ledgers)
    made = [_round(key, part) for key, part in rows.groupby(_ROUND, sort=True)]
    return pd.DataFrame(made, columns=list(ROUND_COLUMNS))


def _round(key: Hashable, rows: pd.DataFrame) -> dict[str, object]:
    told = rows.groupby("outcome")["count"].sum().reindex(list(STATES)).astype(float)
    parts = float(told[list(_PARTS)].sum())
    visited = float(told["visited"])
    rest = visited - parts if visited >= parts else np.nan
    either = float(told["not_joined"]) if told["not_joined"] > 0 else 0.0
    known = {name: float(told[name]) if not either else np.nan for name in ("pending", "refused")}
    if rest == 0:  # everybody's result is written down, so what no row tells of is nobody's
        known = {name: 0.0 if np.isnan(value) and not either else value for name, value in known.items()}
    not_joined = told[["pending", "refused", "not_joined"]]
    return {
        **dict(zip(_ROUND, key, strict=True)),  # type: ignore[call-overload]
        "visited": visited,
        **known,
        "pending_or_refused": float(not_joined.sum(min_count=1)),
        "joined": float(told["joined"]) if rest != 0 else float(np.nan_to_num(told["joined"])),
        "left": float(told["left"]) if rest != 0 else float(np.nan_to_num(told["left"])),
        "not_told": rest,
        "reasons": _reasons(rows),
    }


def _reasons(rows: pd.DataFrame) -> dict[str, float]:
    pairs = rows[["reasons", "count"]].explode("reasons").dropna(subset="reasons")
    found = pairs.groupby("reasons")["count"].sum().sort_values(ascending=False, kind="stable")
    return {str(tag): float(count) for tag, count in found.items()}


def totals_findings(ledgers: Ledgers) -> list[Finding]:
    """Totals that cannot be right, or cannot be used.

    Returns
    -------
    list of Finding
        Rows without a merchant and without a count; rounds in which the results add up to more than were visited;
        totals that reach beyond the period.
    """
    table = ledgers.table("merchant_visits")
    bare = table[(table["merchant"] == "") & ~(table["count"] > 0)]
    found = [_finding("merchant_row_without_count", bare)] if len(bare) else []
    rounds = outreach_rounds(ledgers)
    parts = rounds[["pending_or_refused", "joined", "left"]].astype(float).sum(axis=1)
    wrong = rounds[rounds["visited"].astype(float) < parts]
    if len(wrong):
        rows = _totals(ledgers).merge(wrong[_ROUND], on=_ROUND)
        found.append(_finding("outcomes_exceed_visited", rows, len(wrong)))
    whole = table[(table["merchant"] == "") & (table["count"] > 0)]
    until = whole["until"].fillna(whole["date"])
    first, last = pd.Timestamp(ledgers.period.first), pd.Timestamp(ledgers.period.last)
    across = whole[(whole["date"] <= last) & (until >= first) & ~((whole["date"] >= first) & (until <= last))]
    return [*found, *([_finding("total_beyond_the_period", across)] if len(across) else [])]


_MESSAGES = {
    "merchant_row_without_count": (
        "warning",
        "rows name neither a merchant nor how many they stand for, and are left out",
        "write the merchant's id, or a count",
    ),
    "outcomes_exceed_visited": (
        "warning",
        "rounds of outreach have more results than merchants visited, so how many are without one is not known",
        "correct the totals: visited counts all merchants, and each stands in one other row",
    ),
    "total_beyond_the_period": (
        "note",
        "totals reach beyond the period and are left out, as nobody can tell which part lies in it",
        "report a period that holds them as a whole",
    ),
}


def _finding(rule: str, rows: pd.DataFrame, count: int = 0) -> Finding:
    severity, message, remedy = _MESSAGES[rule]
    number = count or len(rows)
    where = f"merchant_visits, line {int(rows['line'].min())}"
    return Finding(severity, rule, where, f"{number} {message}", remedy, number)  # type: ignore[arg-type]
