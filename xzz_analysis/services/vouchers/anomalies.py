"""Redemptions that a person should look at: never accusations, as each has innocent reasons too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import binom

from xzz_analysis.errors import Finding
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.vouchers.book import Book
from xzz_analysis.study.services import Anomalies

COLUMNS = ("rule", "merchant", "day", "count", "expected")
"""Rule of :data:`RULES`; merchant (empty where it is about several); first day; redemptions; what would be usual, a
share (NaN where the rule knows none)."""

SECONDS = 60
"""Redemptions within so many seconds of issue count as at once."""
AT_ONCE = 3
"""Redemptions at once, at one merchant on one day, from which on they are listed."""
IN_A_ROW = 5
"""Vouchers with consecutive numbers, of more than one person, redeemed in one go."""
CHANCE = 0.001
"""Odds that any merchant of a clean ledger is listed for round amounts, all merchants together."""

Rule = Callable[[pd.DataFrame, Anomalies], Iterator[dict[str, object]]]


def anomalies(ledgers: Ledgers, book: Book) -> pd.DataFrame:
    """List what a person should look at among the redemptions of the period.

    Parameters
    ----------
    ledgers : Ledgers
        The limits are those of ``services.anomalies`` in study.yml.
    book : Book

    Returns
    -------
    DataFrame
        :data:`COLUMNS`, by rule, day and merchant; no person and no voucher.
    """
    rows = with_owners(book.redeemed_during(), ledgers.table("merchants"), ledgers.table("people"))
    return find_anomalies(rows, ledgers.declared.anomalies)


def find_anomalies(rows: pd.DataFrame, limits: Anomalies) -> pd.DataFrame:
    """Apply every rule to redemptions.

    Parameters
    ----------
    rows : DataFrame
        ``voucher``, ``person``, ``merchant``, ``redeemed``, ``issued``, ``amount``, ``category`` and ``own`` (the
        merchant is the person's own, or of the family).
    limits : Anomalies

    Returns
    -------
    DataFrame
        As :func:`anomalies` returns it.
    """
    timed = rows[rows["redeemed"] != rows["redeemed"].dt.normalize()].sort_values(
        ["redeemed", "merchant", "voucher"], kind="stable"
    )
    found = []
    for name, rule in RULES.items():
        given = rows if name in WITHOUT_CLOCK else timed
        found += [{"rule": name, "expected": np.nan, **one} for one in rule(given, limits)]
    return in_order(found)


def in_order(found: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """A table of what is listed, by rule, day and merchant.

    Parameters
    ----------
    found : sequence of mapping
        :data:`COLUMNS`.
    """
    table = pd.DataFrame(found, columns=list(COLUMNS))
    table = table.astype({"rule": "str", "merchant": "str", "count": "int64", "expected": "float64"})
    table["day"] = pd.to_datetime(table["day"])
    order = {name: place for place, name in enumerate(RULES)}
    return table.sort_values(
        ["rule", "day", "merchant"], key=lambda one: one.map(order) if one.name == "rule" else one, ignore_index=True
    )


def with_owners(rows: pd.DataFrame, merchants: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Redemptions with ``own``: the merchant belongs to the person who had the voucher, or to the family."""
    owner = rows["merchant"].map(merchants.drop_duplicates("merchant", keep="last").set_index("merchant")["owner"])
    family = people.drop_duplicates("person", keep="last").set_index("person")["family"]
    owner = owner.astype(object).where(owner.notna(), "")
    homes = [one.map(family).astype(object) for one in (owner, rows["person"])]
    same = (homes[0] == homes[1]) & homes[0].notna() & (homes[0] != "")
    return rows.assign(own=((owner != "") & ((owner == rows["person"]) | same)).to_numpy(bool))


def find_bursts(rows: pd.DataFrame, limits: Anomalies) -> Iterator[dict[str, object]]:
    """Many redemptions at one merchant within minutes.

    Parameters
    ----------
    rows : DataFrame
        ``merchant`` and ``redeemed``, with a time of day.
    limits : Anomalies

    Yields
    ------
    dict
        ``merchant``, ``day`` and ``count``.
    """
    window = pd.Timedelta(minutes=limits.burst_minutes)
    ordered = rows.sort_values(["merchant", "redeemed"], kind="stable")
    back = ordered.groupby("merchant")["redeemed"].shift(limits.burst - 1)
    ends = ordered[(ordered["redeemed"] - back) <= window]
    following = ends["redeemed"].reindex(ordered.index).groupby(ordered["merchant"]).bfill()
    inside = ordered[(following - ordered["redeemed"]) <= window].assign(day=following.dt.normalize())
    for (merchant, day), part in inside.groupby(["merchant", "day"]):
        yield {"merchant": merchant, "day": day, "count": len(part)}


def _round(rows: pd.DataFrame, limits: Anomalies) -> Iterator[dict[str, object]]:
    """Merchants with far more round amounts than others take for vouchers of the same category."""
    multiple = rows["amount"] / limits.round_to
    even = (np.abs(multiple - multiple.round()) < 1e-9) & (rows["amount"] > 0)
    first = rows["redeemed"].where(even).dt.normalize()
    split = rows.assign(even=even, first=first).groupby(["category", "merchant"])
    yield from judge_round(split.agg(sum=("even", "sum"), size=("even", "size"), first=("first", "min")), limits)


def judge_round(table: pd.DataFrame, limits: Anomalies) -> Iterator[dict[str, object]]:
    """Merchants with far more round amounts than others of the same category have.

    Parameters
    ----------
    table : DataFrame
        Index ``category`` and ``merchant``; ``sum`` of redemptions in round amounts, ``size`` of all, and the ``first``
        day of a round one.
    limits : Anomalies

    Yields
    ------
    dict
        ``merchant``, ``day``, ``count`` and ``expected``, as in :data:`COLUMNS`.
    """
    table = table.reset_index()
    whole = table.groupby("category")[["sum", "size"]].transform("sum")
    others = whole - table[["sum", "size"]]
    table["usual"] = others["sum"] / others["size"].where(others["size"] > 0)
    expected = (table["usual"] * table["size"]).groupby(table["merchant"]).sum(min_count=1)
    merchants = table.groupby("merchant")[["sum", "size"]].sum().assign(usual=expected)
    merchants["usual"] = merchants["usual"] / merchants["size"]
    judged = merchants[(merchants["size"] >= limits.fewest) & merchants["usual"].notna()]
    tail = binom.sf(judged["sum"] - 1, judged["size"], judged["usual"])
    listed = (judged["sum"] >= limits.round_share * judged["size"]) & (tail < CHANCE / max(len(judged), 1))
    first = table.groupby("merchant")["first"].min()
    for merchant, row in judged[listed.to_numpy()].iterrows():
        yield {"merchant": merchant, "day": first[merchant], "count": int(row["sum"]), "expected": row["usual"]}


def _own(rows: pd.DataFrame, limits: Anomalies) -> Iterator[dict[str, object]]:
    """Redemptions at a merchant of the person's own or of the family."""
    for merchant, part in rows[rows["own"]].groupby("merchant"):
        yield {"merchant": merchant, "day": part["redeemed"].min().normalize(), "count": len(part)}


def find_many_merchants(rows: pd.DataFrame, limits: Anomalies) -> Iterator[dict[str, object]]:
    """One person at several merchants within minutes.

    Parameters
    ----------
    rows : DataFrame
        ``person`` (empty where it is not known), ``merchant`` and ``redeemed``, with a time of day.
    limits : Anomalies

    Yields
    ------
    dict
        ``merchant`` (empty), ``day`` and ``count``.
    """
    known = rows[rows["person"] != ""].sort_values(["person", "redeemed"], kind="stable")
    window = pd.Timedelta(minutes=limits.minutes)
    back = known.groupby("person")["redeemed"].shift(limits.merchants - 1)
    close = known[(known["redeemed"] - back) <= window]
    for (person, day), part in close.groupby(["person", close["redeemed"].dt.normalize()]):
        own = known[known["person"] == person]
        spans = [own[(own["redeemed"] >= end - window) & (own["redeemed"] <= end)] for end in part["redeemed"]]
        among = [span for span in spans if span["merchant"].nunique() >= limits.merchants]
        if among:
            lines = pd.concat(among)
            yield {"merchant": "", "day": day, "count": int(lines.loc[~lines.index.duplicated()].shape[0])}


def _at_once(rows: pd.DataFrame, limits: Anomalies) -> Iterator[dict[str, object]]:
    """Redemptions within seconds of issue."""
    waited = (rows["redeemed"] - rows["issued"]).dt.total_seconds()
    timed = rows["issued"] != rows["issued"].dt.normalize()
    quick = rows[timed & (waited >= 0) & (waited < SECONDS)]
    for (merchant, day), part in quick.groupby(["merchant", quick["redeemed"].dt.normalize()]):
        if len(part) >= AT_ONCE:
            yield {"merchant": merchant, "day": day, "count": len(part)}


def _in_a_row(rows: pd.DataFrame, limits: Anomalies) -> Iterator[dict[str, object]]:
    """Vouchers with consecutive numbers of several persons, redeemed at one merchant in one go."""
    ordered = rows.sort_values(["merchant", "redeemed", "voucher"], kind="stable")
    split = ordered["voucher"].str.extract(r"^(.*?)(\d{1,15})$")
    number = pd.to_numeric(split[1])
    before = ordered.groupby("merchant")["redeemed"].shift()
    gap = ordered["redeemed"] - before
    stem = split[0].eq(split[0].shift()) & ordered["merchant"].eq(ordered["merchant"].shift())
    follows = stem & (number - number.shift()).eq(1) & (gap <= pd.Timedelta(minutes=limits.burst_minutes))
    run = (~follows).cumsum()
    counted = ordered.groupby(run).agg(
        merchant=("merchant", "first"),
        day=("redeemed", "first"),
        count=("voucher", "size"),
        people=("person", "nunique"),
    )
    for row in counted[(counted["count"] >= IN_A_ROW) & (counted["people"] > 1)].to_dict("records"):
        yield {"merchant": row["merchant"], "day": row["day"].normalize(), "count": row["count"]}


RULES: Mapping[str, Rule] = {
    "voucher_burst": find_bursts,
    "voucher_round_amounts": _round,
    "voucher_self_dealing": _own,
    "voucher_many_merchants": find_many_merchants,
    "voucher_at_once": _at_once,
    "voucher_in_a_row": _in_a_row,
}
"""Rule → what finds its rows."""

WITHOUT_CLOCK = ("voucher_round_amounts", "voucher_self_dealing")
"""Rules that need no time of day; the others pass over redemptions of which only the day is known."""


def anomaly_findings(table: pd.DataFrame) -> tuple[Finding, ...]:
    """What is listed, as findings: one for each rule, with how many rows it has."""
    return tuple(
        Finding(
            "note",
            str(rule),
            "vouchers_redeemed",
            f"{len(part)} case(s) over {int(part['count'].sum())} redemptions are listed for a person to look at",
            "look at the merchants and days in the service report for the house; each may have an innocent reason",
            len(part),
        )
        for rule, part in table.groupby("rule", sort=False)
    )
