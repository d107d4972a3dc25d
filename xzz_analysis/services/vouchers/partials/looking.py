"""Redemptions of a file that a person should look at: bursts, round amounts, one person at many merchants.

The same rules as for small ledgers (:mod:`xzz_analysis.services.vouchers.anomalies`), applied to those merchants and
people alone who can be listed at all.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.services.vouchers.anomalies import find_bursts, find_many_merchants, judge_round
from xzz_analysis.services.vouchers.partials.columns import NO_TIME, Lines
from xzz_analysis.study.services import Anomalies

DAY = 86_400_000_000


@dataclass(frozen=True, eq=False)
class Redemptions:
    """Redemptions beside what is known of their vouchers.

    Attributes
    ----------
    lines : Lines
    known : ndarray of bool, shape (lines,)
        Whether the voucher was found.
    persons : ndarray of uint64, shape (lines,)
    categories : tuple of ndarray and int
        Codes, shape (lines,), and how many there are.
    """

    lines: Lines
    known: np.ndarray
    persons: np.ndarray
    categories: tuple[np.ndarray, int]


def look(given: Redemptions, limits: Anomalies) -> str:
    """What a person should look at, as JSON.

    Parameters
    ----------
    given : Redemptions
    limits : Anomalies

    Returns
    -------
    str
        A list of rule, merchant, day, count and what is usual.
    """
    at = given.lines.numbers["at"]
    timed = (at % DAY != 0) & (at != NO_TIME)
    found: list[dict[str, Any]] = [
        {"rule": "voucher_burst", **one} for one in find_bursts(_busy(given, timed, limits), limits)
    ]
    found += [{"rule": "voucher_round_amounts", **one} for one in _round_amounts(given, limits)]
    found += [
        {"rule": "voucher_many_merchants", **one} for one in find_many_merchants(_close(given, timed, limits), limits)
    ]
    lines = [{**one, "day": f"{one['day']:%Y-%m-%d}"} for one in found]
    return json.dumps(lines, ensure_ascii=False, default=float)


def _busy(given: Redemptions, timed: np.ndarray, limits: Anomalies) -> pd.DataFrame:
    """Redemptions at merchants who have a burst."""
    merchants = given.lines.names["merchant"]
    names = np.array(merchants.names, dtype=object)
    codes, moments = _in_turn(merchants.codes[timed], given.lines.numbers["at"][timed])
    back = limits.burst - 1
    near = moments[back:] - moments[: len(moments) - back] <= round(limits.burst_minutes * 60_000_000)
    ends = codes[back:][near & (codes[back:] == codes[: len(codes) - back])]
    listed = np.zeros(len(names), dtype=bool)
    listed[ends] = True
    kept = listed[codes] if len(ends) else np.zeros(len(codes), dtype=bool)
    merchant = pd.Series(names[codes[kept]], dtype="str")
    return pd.DataFrame({"merchant": merchant, "redeemed": moments[kept].astype("datetime64[us]")})


def _in_turn(codes: np.ndarray, moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes and moments, in the order of both."""
    if not len(codes):
        return codes, moments
    start = moments.min()
    span = int(moments.max()) - int(start) + 1
    if (int(codes.max()) + 1) * span >= 2**63:
        order = np.lexsort((moments, codes))
        return codes[order], moments[order]
    both = codes * np.int64(span) + (moments - start)
    both.sort()
    codes = both // span
    return codes, both - codes * span + start


def _round_amounts(given: Redemptions, limits: Anomalies) -> list[dict[str, object]]:
    merchants = given.lines.names["merchant"]
    if not len(merchants.codes):
        return []
    code, categories = given.categories
    both = code * len(merchants.names) + merchants.codes
    cents, at = given.lines.numbers["cents"], given.lines.numbers["at"]
    even = (cents > 0) & (cents % max(round(limits.round_to * 100), 1) == 0)
    count = categories * len(merchants.names)
    size, round_ones = (np.bincount(one, minlength=count) for one in (both, both[even]))
    first = np.full(count, np.iinfo(np.int64).max)
    dated = even & (at != NO_TIME)
    np.minimum.at(first, both[dated], at[dated])
    days = (first - first % DAY).astype("datetime64[us]")
    days[first == np.iinfo(np.int64).max] = np.datetime64("NaT")
    there = np.flatnonzero(size)
    table = pd.DataFrame(
        {"sum": round_ones[there], "size": size[there], "first": days[there]},
        index=pd.MultiIndex.from_arrays(
            [there // len(merchants.names), there % len(merchants.names)], names=["category", "merchant"]
        ),
    )
    return [{**one, "merchant": merchants.names[int(str(one["merchant"]))]} for one in judge_round(table, limits)]


def _close(given: Redemptions, timed: np.ndarray, limits: Anomalies) -> pd.DataFrame:
    """Redemptions of people who may have been at so many merchants: of two bins that hold them, one holds half."""
    rows = np.flatnonzero(timed & given.known)
    persons, moments = given.persons[rows], given.lines.numbers["at"][rows]
    bins = (moments // max(round(limits.minutes * 60_000_000), 1)).astype(np.uint64)
    bins *= np.uint64(0x9E3779B97F4A7C15)  # spreads numbers over 64 bits
    bins ^= persons
    ordered = np.sort(bins)
    back = -(-limits.merchants // 2) - 1
    crowded = np.unique(ordered[back:][ordered[back:] == ordered[: len(ordered) - back]])
    among = np.unique(persons[pd.Series(bins).isin(crowded).to_numpy()]) if len(crowded) else crowded
    kept = pd.Series(persons).isin(among).to_numpy() if len(among) else np.zeros(len(rows), dtype=bool)
    merchants = given.lines.names["merchant"]
    merchant = pd.Series(np.array(merchants.names, dtype=object)[merchants.codes[rows[kept]]], dtype="str")
    return pd.DataFrame(
        {"person": persons[kept], "merchant": merchant, "redeemed": moments[kept].astype("datetime64[us]")}
    )
