"""Where each merchant stands at the end of the period, from the ledger of visits.

Of several visits the latest that says something counts: a visit without a result (``visited``) after a decision changes
nothing. On one day the outcome that is further on counts, so the order of the rows plays no part.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.services.opening import Ledgers

STATES = ("visited", "pending", "not_joined", "refused", "joined", "left")
"""Outcomes of a visit, from the first to the last: ``visited`` is without any result so far."""

DECIDED = ("joined", "refused")
"""Outcomes that are decisions."""

OPEN = ("visited", "pending")
"""Outcomes that leave the decision open."""

INTRODUCED = ("parent", "volunteer", "merchant", "staff", "nobody")
"""Who made the contact."""

COLUMNS = (
    "merchant",
    "community",
    "category",
    "introduced",
    "state",
    "first",
    "last",
    "visits",
    "ever_joined",
    "refusals",
    "reasons",
    "decision",
    "decided",
    "known_open",
)


def stands_at(ledgers: Ledgers) -> dt.date:
    """The day at which merchants stand: the period's last, or the ledgers' last where that is earlier."""
    return min(ledgers.period.last, ledgers.until)


def visits_until(ledgers: Ledgers) -> pd.DataFrame:
    """Visits to known merchants that took place by then, each merchant's in order."""
    table = ledgers.up_to("merchant_visits")
    kept = table[(table["merchant"] != "") & table["outcome"].isin(STATES)]
    kept = kept[kept["date"] <= pd.Timestamp(stands_at(ledgers))]
    rank = kept["outcome"].map({state: place for place, state in enumerate(STATES)})
    return kept.assign(rank=rank).sort_values(["merchant", "date", "rank"], kind="stable", ignore_index=True)


def merchant_states(ledgers: Ledgers) -> pd.DataFrame:
    """Where each merchant that was visited stands at the end of the period.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    DataFrame
        One row per merchant, sorted by its id: ``merchant``, ``community``, ``category`` (empty where no ledger says),
        ``introduced`` (as the first visit that says so), ``state`` (of :data:`STATES`), ``first`` and ``last`` (days of
        visits), ``visits``, ``ever_joined`` (bool), ``refusals``, ``reasons`` (tuple, of the latest visit that names
        any), ``decision`` (``joined``, ``refused`` or empty: the first decision), ``decided`` (its day) and
        ``known_open`` (the last day on which no decision was known to have been made).
    """
    visits = visits_until(ledgers)
    if not len(visits):
        return pd.DataFrame(columns=list(COLUMNS))
    of_merchant = visits.groupby("merchant", sort=True)
    made = pd.DataFrame({"first": of_merchant["date"].min(), "last": of_merchant["date"].max()})
    made["visits"] = of_merchant.size()
    telling = visits[visits["outcome"] != "visited"].groupby("merchant")["outcome"].last()
    made["state"] = telling.reindex(made.index).fillna("visited")
    made["ever_joined"] = made.index.isin(visits.loc[visits["outcome"].isin(["joined", "left"]), "merchant"])
    refused = visits[visits["outcome"] == "refused"].groupby("merchant").size()
    made["refusals"] = refused.reindex(made.index).fillna(0).astype(int)
    made["introduced"] = _first_told(visits, "introduced").reindex(made.index).fillna("")
    named = visits[visits["reasons"].map(len) > 0].groupby("merchant")["reasons"].last().to_dict()
    made["reasons"] = pd.Series([named.get(key, ()) for key in made.index], index=made.index, dtype=object)
    made = _decisions(made, visits, pd.Timestamp(stands_at(ledgers)))
    return _places(made, ledgers).rename_axis("merchant").reset_index()[list(COLUMNS)]


def _first_told(visits: pd.DataFrame, column: str) -> pd.Series:
    return visits[visits[column] != ""].groupby("merchant")[column].first()


def _decisions(made: pd.DataFrame, visits: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
    """The first decision of each merchant, and until when it was known to be open.

    Where a merchant is only known not to have joined, or to have left without ever having joined, the decision fell
    on a day that nobody wrote down: what is known ends at the last visit that found it open.
    """
    decisions = visits[visits["outcome"].isin(DECIDED)].groupby("merchant").first()
    made["decision"] = decisions["outcome"].reindex(made.index).fillna("")
    made["decided"] = decisions["date"].reindex(made.index)
    unclear = visits[visits["outcome"].isin(["not_joined", "left"])].groupby("merchant")["date"].min()
    unclear = unclear.reindex(made.index)
    hazy = unclear.notna() & ~(made["decided"] <= unclear)
    made.loc[hazy, "decision"] = ""
    made.loc[hazy, "decided"] = pd.NaT
    found_open = visits[visits["outcome"].isin(OPEN)]
    before = found_open[found_open["date"] <= found_open["merchant"].map(unclear).fillna(until)]
    last_open = before.groupby("merchant")["date"].max().reindex(made.index).fillna(made["first"])
    made["known_open"] = last_open.where(hazy, made["decided"].fillna(until))
    return made


def _places(made: pd.DataFrame, ledgers: Ledgers) -> pd.DataFrame:
    known = ledgers.table("merchants").drop_duplicates("merchant").set_index("merchant")
    for column in ("community", "category"):
        made[column] = known[column].reindex(made.index).fillna("") if column in known else ""
    return made


def visits_in_period(ledgers: Ledgers) -> dict[str, int]:
    """What was done in the period itself.

    Returns
    -------
    dict
        ``visits`` (keyed rows), ``merchants`` (different ones), ``first`` (visited for the first time), ``joined`` and
        ``left`` (for the first time).
    """
    visits = visits_until(ledgers)
    begins = pd.Timestamp(ledgers.period.first)
    inside = visits[visits["date"] >= begins]
    first = {"first": visits.groupby("merchant")["date"].min()}
    for outcome in ("joined", "left"):
        first[outcome] = visits[visits["outcome"] == outcome].groupby("merchant")["date"].min()
    counts = {name: int((days >= begins).sum()) for name, days in first.items()}
    return {"visits": len(inside), "merchants": int(inside["merchant"].nunique()), **counts}


def merchant_findings(ledgers: Ledgers) -> list[Finding]:
    """What is odd in the order of outcomes, for a person to look at.

    Returns
    -------
    list of Finding
        Merchants that left without having joined, and that turned from joined to pending or refused without having
        left: so many rows, and the line of the first.
    """
    visits = visits_until(ledgers)
    told = visits[visits["outcome"] != "visited"]
    joined_before = told["outcome"].eq("joined").groupby(told["merchant"]).cumsum() > told["outcome"].eq("joined")
    latest = told.groupby("merchant")["outcome"].shift().fillna("")
    odd = {
        "left_without_joining": told[(told["outcome"] == "left") & ~joined_before],
        "back_without_leaving": told[told["outcome"].isin(["pending", "refused", "not_joined"]) & (latest == "joined")],
    }
    return [_finding(rule, rows) for rule, rows in odd.items() if len(rows)]


_MESSAGES = {
    "left_without_joining": (
        "rows say that a merchant left which no earlier row says had joined, so it is not known how long it took part",
        "add the visit at which it joined, or correct the outcome",
    ),
    "back_without_leaving": (
        "rows say pending or refused of a merchant that had joined and had not left, so the later outcome counts",
        "add the visit at which it left, or correct the outcome",
    ),
}


def _finding(rule: str, rows: pd.DataFrame) -> Finding:
    message, remedy = _MESSAGES[rule]
    where = f"merchant_visits, line {int(rows['line'].min())}"
    return Finding("warning", rule, where, f"{len(rows)} {message}", remedy, len(rows))
