"""Outreach to merchants as it may be shown.

Merchants are places of business and not people: no figure here rests on a person, so ``n`` is not known and no row is
hidden for having few merchants behind it. Names and ids of merchants are in no figure, and reasons are never crossed
with a place or a category. What merchants take in is another matter (see ``disclosure.dominance``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
import pandas as pd

from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.services.merchants import (
    INTRODUCED,
    decided_by,
    decision_days,
    funnel,
    introductions_compared,
    merchant_states,
    outreach_rounds,
    pending_curve,
    reasons,
    share_interval,
    visits_in_period,
)
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.results import results
from xzz_analysis.services.survival import Quantile, incidence_at

GROUPINGS = ("community", "category", "introduced")
"""What merchants are grouped by."""

MARKS = (30, 60, 90, 180)
"""Days after the first visit at which the shares that joined and that refused are told."""

TOLD = ("merchants", "pending", "refused", "joined_later")
"""What is told of each reason."""

ROUND_STAGES = ("visited", "pending_or_refused", "pending", "refused", "joined", "left", "not_told")
"""What totals tell of a round of outreach."""

_COUNTED = "at the end of the period"
_WILSON = "of merchants visited, Wilson"

Made = tuple[pd.DataFrame, Callable[[], Protected]]


def _policy(ledgers: Ledgers) -> Policy:
    return Policy.of(ledgers.study).whole


def _told(name: str, by: str) -> str:
    """A method with its grouping, so that those whose group is not stated are no total."""
    return f"{name}, by {by}" if by else name


def _funnel(ledgers: Ledgers, by: str) -> pd.DataFrame:
    """The funnel with its groups in the order in which the study declares them."""
    orders: dict[str, Iterable[str]] = {
        "community": ledgers.communities,
        "category": ledgers.declared.categories,
        "introduced": INTRODUCED,
    }
    return funnel(merchant_states(ledgers), by, order=tuple(orders.get(by, ())))


def stage_results(ledgers: Ledgers, by: str = "") -> pd.DataFrame:
    """Merchants at each stage of the funnel: results with ``option`` a stage, and ``by`` as a column."""
    found = _funnel(ledgers, by).rename(columns={"stage": "option", "count": "estimate"})
    frame = found[[*([by] if by else []), "option", "estimate"]]
    return results(ledgers, "merchants", "total", frame, [by] if by else [], _told(_COUNTED, by))


def share_results(ledgers: Ledgers, by: str = "") -> pd.DataFrame:
    """Shares of merchants visited at each stage, with Wilson's interval."""
    found = _funnel(ledgers, by).rename(columns={"stage": "option", "share": "estimate"})
    frame = found.loc[found["option"] != "visited", [*([by] if by else []), "option", "estimate", "low", "high"]]
    return results(ledgers, "merchants", "share", frame, [by] if by else [], _told(_WILSON, by))


def protected_stages(ledgers: Ledgers, by: str = "") -> Protected:
    """Merchants at each stage, as they may be shown."""
    return protect(stage_results(ledgers, by), _policy(ledgers))


def protected_shares(ledgers: Ledgers, by: str = "") -> Protected:
    """Shares of merchants at each stage, as they may be shown."""
    return protect(share_results(ledgers, by), _policy(ledgers))


def work_results(ledgers: Ledgers) -> pd.DataFrame:
    """What was done in the period: visits, merchants visited, for the first time, joined and left."""
    found = visits_in_period(ledgers)
    frame = pd.DataFrame({"option": list(found), "estimate": list(found.values())})
    return results(ledgers, "merchant_visits", "total", frame, method="in the period")


def protected_work(ledgers: Ledgers) -> Protected:
    """What was done in the period, as it may be shown."""
    return protect(work_results(ledgers), _policy(ledgers))


def round_results(ledgers: Ledgers) -> pd.DataFrame:
    """What totals tell of rounds of outreach; an estimate that nobody knows is NaN."""
    rounds = outreach_rounds(ledgers)
    days = {name: pd.to_datetime(rounds[name]).dt.strftime("%Y-%m-%d") for name in ("since", "until")}
    rounds = rounds.assign(**days)
    groups = ["since", "until", "introduced"]
    long = rounds.melt(groups, list(ROUND_STAGES), "option", "estimate").sort_values(groups, kind="stable")
    return results(ledgers, "outreach_round", "total", long, groups, "totals only")


def round_share_results(ledgers: Ledgers) -> pd.DataFrame:
    """Shares pending or refused, and joined, of merchants visited in rounds of which totals are known."""
    totals = round_results(ledgers)
    groups = ["since", "until", "introduced"]
    visited = totals[totals["option"] == "visited"].set_index(groups)["estimate"]
    parts = totals[totals["option"].isin(["pending_or_refused", "joined"])][[*groups, "option", "estimate"]]
    of = np.array([visited[tuple(key)] for key in parts[groups].to_numpy()], float)
    count = np.where(parts["estimate"].to_numpy(float) <= of, parts["estimate"].to_numpy(float), np.nan)
    low, high = share_interval(count, of)
    frame = parts.assign(estimate=count / of, low=low, high=high)
    return results(ledgers, "outreach_round", "share", frame, groups, _told(_WILSON, "totals only"))


def protected_rounds(ledgers: Ledgers) -> Protected:
    """Rounds of outreach of which totals are known, as they may be shown."""
    return protect(round_results(ledgers), _policy(ledgers))


def protected_round_shares(ledgers: Ledgers) -> Protected:
    """Shares in rounds of outreach of which totals are known, as they may be shown."""
    return protect(round_share_results(ledgers), _policy(ledgers))


def reason_results(ledgers: Ledgers) -> pd.DataFrame:
    """Merchants that named each reason; ``option`` is one of :data:`TOLD`, ``reason_named`` the reason."""
    found = reasons(ledgers, merchant_states(ledgers)).rename(columns={"reason": "reason_named"})
    long = found.melt(["reason_named"], list(TOLD), "option", "estimate")
    return results(ledgers, "merchant_reasons", "total", long, ["reason_named"], "merchants naming it")


def protected_reasons(ledgers: Ledgers) -> Protected:
    """Reasons for pending or refusing, as they may be shown."""
    return protect(reason_results(ledgers), _policy(ledgers))


def reasons_base_results(ledgers: Ledgers) -> pd.DataFrame:
    """Merchants found pending or refusing, and those of them that named no reason."""
    found = reasons(ledgers, merchant_states(ledgers))
    silent = int(found.attrs["silent"])
    asked = int(found["of"].iloc[0]) if len(found) else silent
    frame = pd.DataFrame({"option": ["asked", "silent"], "estimate": [asked, silent]})
    return results(ledgers, "merchant_reasons", "total", frame, method="merchants pending or refusing at a visit")


def protected_reasons_base(ledgers: Ledgers) -> Protected:
    """Merchants found pending or refusing, as they may be shown."""
    return protect(reasons_base_results(ledgers), _policy(ledgers))


def curve_results(ledgers: Ledgers) -> pd.DataFrame:
    """The share of merchants still undecided; ``option`` is the days since the first visit."""
    days = decision_days(merchant_states(ledgers))
    if not len(days):
        return results(ledgers, "merchants_undecided", "share", pd.DataFrame({"option": [], "estimate": []}))
    curve = pending_curve(days).frame()
    kept = curve[(curve["events"] > 0) | (curve.index == len(curve) - 1)]
    frame = kept.rename(columns={"survival": "estimate"})[["estimate", "low", "high"]]
    frame = frame.assign(option=kept["time"].astype(int).astype(str))
    return results(ledgers, "merchants_undecided", "share", frame, method="Kaplan-Meier, log-log interval")


def protected_curve(ledgers: Ledgers) -> Protected:
    """The curve of merchants still undecided, as it may be shown."""
    return protect(curve_results(ledgers), _policy(ledgers))


def median_results(ledgers: Ledgers) -> pd.DataFrame:
    """Days until half of the merchants had decided: all, and by who introduced them (parents, others)."""
    states = merchant_states(ledgers)
    compared = introductions_compared(states)
    found = {"": pending_curve(decision_days(states)).quantile(0.5)} if len(states) else {}
    found |= dict(zip(("parent", "others"), compared.medians, strict=True)) if compared else {}
    frame = pd.DataFrame([[name, *median] for name, median in found.items()], columns=["group", *Quantile._fields])
    frame["reason"] = np.where(frame["estimate"].isna(), "beyond_the_data", "")
    return results(ledgers, "days_to_decision", "median", frame, ["group"], "Kaplan-Meier, log-log interval")


def protected_medians(ledgers: Ledgers) -> Protected:
    """Median days until a decision, as they may be shown."""
    return protect(median_results(ledgers), _policy(ledgers))


def decision_results(ledgers: Ledgers) -> pd.DataFrame:
    """Shares that had joined and that had refused so many days after the first visit."""
    days = decision_days(merchant_states(ledgers))
    parts = []
    if len(days):
        curve = decided_by(days)
        parts = [incidence_at(curve, mark).assign(option=str(mark)) for mark in MARKS]
    columns = ["cause", "incidence", "se", "low", "high", "option"]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    frame = frame.rename(columns={"cause": "decision", "incidence": "estimate"})
    frame["reason"] = np.where(frame["estimate"].isna(), "beyond_the_data", "")
    return results(ledgers, "merchants_decided", "share", frame, ["decision"], "Aalen-Johansen, log-log interval")


def protected_decisions(ledgers: Ledgers) -> Protected:
    """Shares that had joined and refused by days, as they may be shown."""
    return protect(decision_results(ledgers), _policy(ledgers))


def introduction_results(ledgers: Ledgers) -> pd.DataFrame:
    """Merchants introduced by parents and not: how many, how many joined, the shares, and their difference."""
    found = introductions_compared(merchant_states(ledgers))
    if found is None:
        frame = pd.DataFrame(columns=["group", "option", "estimate", "low", "high"])
        return results(ledgers, "introduced", "total", frame, ["group"])
    rows = []
    for place, group in enumerate(("parent", "others")):
        rows += [[group, "visited", found.merchants[place]], [group, "joined", found.joined[place]]]
    counts = pd.DataFrame(rows, columns=["group", "option", "estimate"])
    ends = {"estimate": found.shares, "low": found.low, "high": found.high}
    intervals = pd.DataFrame({"group": ["parent", "others"], "option": "joined", **ends})
    between = pd.DataFrame([[*found.difference]], columns=[*Quantile._fields]).assign(option="joined")
    p = float("nan") if found.test is None else found.test.p
    test = pd.DataFrame({"option": ["joined"], "estimate": [p]})
    parts = [
        results(ledgers, "introduced", "total", counts, ["group"], _COUNTED),
        results(ledgers, "introduced", "share", intervals, ["group"], _WILSON),
        results(ledgers, "introduced", "share_difference", between, method="parents less others, Newcombe"),
        results(ledgers, "introduced", "p", test, method="log-rank test of days until joined"),
    ]
    return pd.concat(parts, ignore_index=True)


def protected_introductions(ledgers: Ledgers) -> Protected:
    """Introductions by parents beside others, as they may be shown."""
    return protect(introduction_results(ledgers), _policy(ledgers))


def figures(ledgers: Ledgers) -> Iterator[Made]:
    """Every results frame of outreach, and how it is protected.

    Parameters
    ----------
    ledgers : Ledgers

    Yields
    ------
    tuple of DataFrame and callable
    """
    if not ledgers.has("merchant_visits"):
        return
    if len(outreach_rounds(ledgers)):
        yield round_results(ledgers), partial(protected_rounds, ledgers)
        yield round_share_results(ledgers), partial(protected_round_shares, ledgers)
    if not len(merchant_states(ledgers)):
        return
    for by in ("", *GROUPINGS):
        yield stage_results(ledgers, by), partial(protected_stages, ledgers, by)
        yield share_results(ledgers, by), partial(protected_shares, ledgers, by)
    for made, safe in (
        (work_results, protected_work),
        (reason_results, protected_reasons),
        (reasons_base_results, protected_reasons_base),
        (curve_results, protected_curve),
        (median_results, protected_medians),
        (decision_results, protected_decisions),
        (introduction_results, protected_introductions),
    ):
        yield made(ledgers), partial(safe, ledgers)
