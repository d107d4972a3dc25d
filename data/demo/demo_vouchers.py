"""Invented merchants, visits to them, and vouchers issued and spent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from demo_persons import COMMUNITIES, LAST, SPEC, Rng, day_between, pick
from demo_streets import SPEC as PLACES

from xzz_analysis.places.datum import from_wgs84

CITIES = {"weidu": 0, "tangxu": 0, "xingzhan": 1, "heyan": 1}
TAKES = {
    "food": ("food",),
    "meals": ("meals",),
    "school_supplies": ("school_supplies",),
    "medicine": ("medicine", "glasses"),
}
"""Category of a voucher → categories of merchants that take it."""

Frame = pd.DataFrame


def make_merchants(layer: dict[str, Any], rng: Rng) -> Frame:
    """One row per merchant; those of the resources by their id, half of the others with a point (GCJ-02)."""
    rule = SPEC["merchants"]
    named = {spec["id"]: spec for specs in PLACES["resources"].values() for spec in specs}
    rows = [
        {
            "name_zh": named[key]["zh"],
            "name_en": named[key]["en"],
            "category": kind,
            "community": community,
            "resource": key,
        }
        for key, (kind, community, _) in rule["resources"].items()
    ]
    used = {row["name_zh"] for row in rows}
    others = [kind for kind, number in rule["counts"].items() for _ in range(number)]
    for place, kind in enumerate(others):
        (zh, en), (what_zh, what_en) = _name(kind, used, rng)
        used.add(zh + what_zh)
        about = {"name_zh": zh + what_zh, "name_en": f"{en} {what_en}", "category": kind}
        rows.append(about | {"community": COMMUNITIES[place % 4], "resource": ""})
    table = Frame(rows).iloc[rng.permutation(len(rows))].reset_index(drop=True)
    table.insert(0, "merchant", [f"M{number:03d}" for number in range(1, len(table) + 1)])
    return table.assign(owner="", **_points(table, layer, rng))


def _name(kind: str, used: set[str], rng: Rng) -> tuple[list[str], list[str]]:
    """A name that no other merchant has, in both languages."""
    names, kinds = SPEC["merchants"]["names"], SPEC["merchants"]["kinds"][kind]
    while True:
        name, what = names[int(rng.integers(len(names)))], kinds[int(rng.integers(len(kinds)))]
        if name[0] + what[0] not in used:
            return name, what


def _points(table: Frame, layer: dict[str, Any], rng: Rng) -> dict[str, list[str]]:
    """Longitude and latitude near the middle of the community, for every second merchant without a resource."""
    middle = {
        one["properties"]["community"]: np.mean(one["geometry"]["coordinates"][0][:-1], axis=0)
        for one in layer["features"]
    }
    there = np.array([middle[name] for name in table["community"]]) + rng.uniform(-0.002, 0.002, (len(table), 2))
    lon, lat = from_wgs84(*there.T, "GCJ02")
    shown = table["resource"].eq("") & (np.arange(len(table)) % 2 == 0)
    return {
        axis: [f"{value:.5f}" if show else "" for value, show in zip(values, shown, strict=True)]
        for axis, values in (("lon", lon), ("lat", lat))
    }


def make_visits(merchants: Frame, rng: Rng) -> tuple[Frame, Frame]:
    """Visits in order of their days; and merchants with columns ``joined`` and ``left``, the first days of both."""
    rows: list[tuple[str, str, str, str, str]] = []
    early = _early(merchants)
    unseen = set(merchants.loc[merchants["resource"].eq("") & ~merchants["merchant"].isin(early), "merchant"][-4:-1])
    for one in merchants.itertuples():
        if one.merchant not in unseen:
            rows += _visits_to(one, one.merchant in early, rng)
    visits = Frame(rows, columns=["merchant", "date", "outcome", "reasons", "introduced"])
    visits = visits.sort_values(["date", "merchant"], kind="stable").reset_index(drop=True)
    days: dict[str, dict[str, str]] = {"joined": {}, "left": {}}
    for one in visits.itertuples():
        days.get(one.outcome, {}).setdefault(one.merchant, one.date)
    told = {name: [first.get(merchant, "") for merchant in merchants["merchant"]] for name, first in days.items()}
    return visits, merchants.assign(**told)


def _early(merchants: Frame) -> set[str]:
    """Merchants of every category of voucher in both cities, who joined before the year began."""
    chosen: list[str] = []
    plain = merchants[merchants["resource"].eq("")]
    for kind in ("food", "food", "meals", "school_supplies", "medicine"):
        for city in (0, 1):
            fit = plain[plain["category"].eq(kind) & plain["community"].map(CITIES).eq(city)]
            chosen += [name for name in fit["merchant"] if name not in chosen][:1]
    return set(chosen[: SPEC["merchants"]["early"]])


def _visits_to(one: Any, early: bool, rng: Rng) -> list[tuple[str, str, str, str, str]]:
    """Visits to one merchant, from the first to the decision or to the end of the year."""
    rule = SPEC["merchants"]
    known = rule["resources"].get(one.resource, [None] * 3)[2]
    introduced = pick({"parent": 2, "staff": 1} if early else rule["introduced"], rng)
    day = day_between(dt.date(2024, 10, 8), dt.date(2024, 11, 15), rng)
    if not early:
        day = day_between(dt.date(2025, 1, 6), dt.date(2025, 11, 20) if known is None else dt.date(2025, 7, 1), rng)
    joins = rng.random() < rule["join"][introduced] if known is None else known == "joined"
    final = "joined" if joins or early else known or pick({"refused": 5, "pending": 6, "visited": 1}, rng)
    steps = ["visited"] if rng.random() < 0.5 or final == "visited" else []
    steps += ["pending"] * int(rng.integers(0 if steps else 1, 3)) if final != "visited" else []
    steps += [] if steps and steps[-1] == final else [final]
    rows = []
    for step in steps:
        if day > LAST:
            break
        reasons = _reasons(step, rng)
        rows.append((one.merchant, day.isoformat(), step, reasons, introduced if not rows else ""))
        pace = 9 if introduced == "parent" else 20
        day += dt.timedelta(days=int(rng.integers(4, 12) + rng.gamma(2, pace / 2 if early else pace)))
    if final == "joined" and not early and rng.random() < 0.2 and day + dt.timedelta(days=60) < LAST:
        rows.append((one.merchant, (day + dt.timedelta(days=60)).isoformat(), "left", "settlement_slow", ""))
    return rows


def _reasons(outcome: str, rng: Rng) -> str:
    """One reason or two, separated by a Chinese semicolon; none for those who joined."""
    weights = SPEC["merchants"]["reasons"].get(outcome)
    if weights is None or (outcome == "visited" and rng.random() < 0.6):
        return ""
    return "；".join(sorted({pick(weights, rng) for _ in range(1 + int(rng.random() < 0.3))}))


def make_vouchers(people: Frame, rng: Rng) -> Frame:
    """Vouchers handed to the carers of families in hardship, month by month."""
    carers = people[people["kind"].eq("adult") & people["hardship"].eq("yes")].drop_duplicates("family")
    rows = []
    for month in range(1, 13):
        for one in carers.sort_values("person").itertuples():
            day = dt.date(2025, month, int(rng.integers(4, 13))).isoformat()
            here = one.consent <= day and (not one.gone or one.gone > day)
            for category, rule in SPEC["vouchers"].items():
                due = month in rule.get("months", range(1, 13)) and rng.random() < rule["chance"]
                if here and due:
                    rows.append(_voucher(one.person, one.community, day, category, rng))
    return number_vouchers(Frame(rows))


def _voucher(person: str, community: str, day: str, category: str, rng: Rng) -> dict[str, Any]:
    rule = SPEC["vouchers"][category]
    expires = (dt.date.fromisoformat(day) + dt.timedelta(days=rule["days"])).isoformat()
    amount = float(rng.choice(rule["amounts"]))
    about = {"voucher": "", "person": person, "issued": day, "expires": expires, "amount": amount, "currency": "CNY"}
    return about | {"category": category, "community": community, "project": "care_vouchers"}


def number_vouchers(issued: Frame) -> Frame:
    """Give vouchers numbers in the order in which they were issued."""
    table = issued.sort_values(["issued", "person", "category"], kind="stable").reset_index(drop=True)
    return table.assign(voucher=[f"Q{number:06d}" for number in range(1, len(table) + 1)])


def spend(issued: Frame, joined: Frame, rng: Rng) -> Frame:
    """Redemptions: after some days, at merchants near by, often in part and sometimes in two parts."""
    size = np.exp(rng.normal(0, 0.8, len(joined)))
    takers = [
        (one.merchant, one.category, one.community, one.joined, one.left or "9999", weight)
        for one, weight in zip(joined.itertuples(), size, strict=True)
        if one.joined
    ]
    rows: list[tuple[str, str, str, float, str]] = []
    for one in issued.itertuples():
        used = SPEC["vouchers"][one.category]["used"] * SPEC["used_less"].get(one.community, 1)
        if rng.random() < used:
            rows += _spent(one, takers, rng)
    table = Frame(rows, columns=["voucher", "redeemed", "merchant", "amount", "currency"])
    return table.sort_values(["redeemed", "voucher"], kind="stable").reset_index(drop=True)


def _spent(one: Any, takers: list[Any], rng: Rng) -> list[tuple[str, str, str, float, str]]:
    """What of one voucher was used, in one part or two, until it expires or the year ends."""
    rows, left, moment = [], one.amount, _moment(one.issued, rng)
    parts = 1 + int(rng.random() < 0.22)
    for part in range(parts):
        day = moment[:10]
        shops = dict(_open_to(one, takers, day))
        if day > min(one.expires, LAST.isoformat()) or not shops or left < 5:
            break
        shop = pick(shops, rng)
        share = rng.uniform(0.35, 0.65) if parts == 2 and part == 0 else float(pick({"1": 5, "0.95": 3, "0.8": 1}, rng))
        amount = round(left * share, 1)
        rows.append((one.voucher, moment, shop, amount, "CNY"))
        left, moment = round(left - amount, 2), _moment(day, rng)
    return rows


def _open_to(one: Any, takers: list[Any], day: str) -> Iterator[tuple[str, float]]:
    """Merchants of the city that take a voucher on a day; those of the own community count four times."""
    for name, category, community, first, last, weight in takers:
        near = CITIES[community] == CITIES[one.community] and category in TAKES[one.category]
        if near and first <= day < last:
            yield name, weight * (4 if community == one.community else 1)


def _moment(day: str, rng: Rng) -> str:
    """A moment in opening hours some days later, most of them before noon or after work."""
    later = dt.date.fromisoformat(day) + dt.timedelta(days=1 + int(rng.lognormal(np.log(8), 0.8)))
    hour = int(rng.choice([8, 9, 10, 11, 14, 16, 17, 18, 19], p=[0.08, 0.14, 0.14, 0.08, 0.06, 0.1, 0.16, 0.16, 0.08]))
    return f"{later.isoformat()} {hour:02d}:{int(rng.integers(60)):02d}:{int(rng.integers(60)):02d}"
