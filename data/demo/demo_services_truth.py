"""What is true of the clean ledgers, added up apart from the library."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pandas as pd
from demo_persons import COMMUNITIES, HELPING, SPEC, points_for

PERIODS = {"2025": "2025-", "2025-11": "2025-11-"}
UNTIL = "2025-12-31"

Frame = pd.DataFrame
Ledgers = dict[str, Frame]


def describe_services(ledgers: Ledgers) -> dict[str, Any]:
    """Totals of the year and of November, and where things stand at the end of the year."""
    return {
        "until": UNTIL,
        "rows": {kind: len(table) for kind, table in ledgers.items()},
        "periods": {name: _period(ledgers, start) for name, start in PERIODS.items()},
        "merchants": _standing(ledgers),
        "introduced": _introduced(ledgers),
        "conversion": _conversion(ledgers["roles"]),
        "conversion_chance": {step: SPEC["conversion"][step]["chance"] for step in HELPING},
        "people_on_last_day": _on_last_day(ledgers["roles"]),
        "scores": _scores(ledgers["scores"]),
    }


def _period(ledgers: Ledgers, start: str) -> dict[str, Any]:
    return _activities(ledgers, start) | {"vouchers": _vouchers(ledgers, start), "points": _points(ledgers, start)}


def _activities(ledgers: Ledgers, start: str) -> dict[str, Any]:
    """Activities and person-times, keyed and counted apart; persons where they are known."""
    came: dict[str, list[str]] = defaultdict(list)
    for row in ledgers["attendance"].itertuples():
        came[row.activity].append(row.person)
    number: dict[str, Counter[str]] = {name: Counter() for name in ("activities", "keyed", "counted", "unknown")}
    persons: dict[str, set[str]] = defaultdict(set)
    types: Counter[str] = Counter()
    for row in ledgers["activities"].itertuples():
        if not row.date.startswith(start):
            continue
        held, here = 1 if row.count == "" else int(row.count), came.get(row.activity, [])
        types[row.type] += held
        for cell in ("", f"domain={row.domain}", f"community={row.community}", f"project={row.project}"):
            number["activities"][cell] += held
            number["keyed"][cell] += len(here)
            number["counted"][cell] += 0 if here or row.person_times == "" else int(row.person_times)
            number["unknown"][cell] += int(not here and row.person_times == "")
            persons[cell] |= set(here)
    told = {name: dict(sorted(counts.items())) for name, counts in number.items()}
    return told | {
        "persons": {cell: len(who) for cell, who in sorted(persons.items())},
        "types": dict(sorted(types.items())),
    }


def _vouchers(ledgers: Ledgers, start: str) -> dict[str, Any]:
    """Numbers and amounts issued and redeemed, by category and by community of the holder."""
    about = {row.voucher: row for row in ledgers["vouchers_issued"].itertuples()}
    told: dict[str, dict[str, list[float]]] = {"issued": {}, "redeemed": {}}
    used: dict[str, set[str]] = defaultdict(set)
    rows = [("issued", row, row.amount) for row in about.values() if row.issued.startswith(start)]
    for row in ledgers["vouchers_redeemed"].itertuples():
        if row.redeemed.startswith(start):
            rows.append(("redeemed", about[row.voucher], row.amount))
            used[""].add(row.voucher)
    for kind, voucher, amount in rows:
        for cell in ("", f"category={voucher.category}", f"community={voucher.community}"):
            one = told[kind].setdefault(cell, [0, 0.0])
            one[0] += 1
            one[1] = round(one[1] + amount, 2)
    named = {
        kind: {cell: {"rows": n, "amount": money} for cell, (n, money) in sorted(cells.items())}
        for kind, cells in told.items()
    }
    return named | {"vouchers_used": len(used[""])}


def _points(ledgers: Ledgers, start: str) -> dict[str, float]:
    """Points by entry, earned ones by the rules; ``balance`` is what was left at the end of the period."""
    people = {row.person: row for row in ledgers["people"].itertuples()}
    told: Counter[str] = Counter()
    for row in ledgers["points"].itertuples():
        earned = row.entry == "earned"
        points = points_for(people[row.person], row.date, row.hours) if earned else float(row.points)
        if row.date.startswith(start):
            told[row.entry] += points
            told["hours"] += row.hours if earned else 0
        if row.date <= (UNTIL if start == "2025-" else start + "31"):
            told["balance"] += -points if row.entry in ("spent", "expired") else points
    return dict(sorted(told.items()))


def _standing(ledgers: Ledgers) -> dict[str, int]:
    """Merchants by how things stood after the last visit."""
    last = {row.merchant: row.outcome for row in ledgers["merchant_visits"].itertuples()}
    none = len(ledgers["merchants"]) - len(last)
    return {**dict(sorted(Counter(last.values()).items())), "not_visited": none}


def _introduced(ledgers: Ledgers) -> dict[str, dict[str, int]]:
    """Merchants visited and joined, by who introduced them."""
    who, joined = {}, set()
    for row in ledgers["merchant_visits"].itertuples():
        who.setdefault(row.merchant, row.introduced)
        joined |= {row.merchant} if row.outcome == "joined" else set()
    counts = Counter(who.values())
    return {
        name: {"visited": counts[name], "joined": sum(who[one] == name for one in joined)} for name in sorted(counts)
    }


def _conversion(roles: Frame) -> dict[str, Any]:
    """How many ever had a role, and how many of them the next one, by the last day; by community of the role."""
    has: dict[str, dict[str, str]] = defaultdict(dict)
    where = {}
    for row in roles.itertuples():
        has[row.person][row.role] = row.since
        where[row.person] = row.community
    told = {}
    for first, second in zip(("recipient", *HELPING[:-1]), HELPING, strict=True):
        cells = {}
        for community in ("", *COMMUNITIES):
            at_risk = [days for who, days in has.items() if first in days and community in ("", where[who])]
            cells[community] = {"from": len(at_risk), "to": sum(second in days for days in at_risk)}
        told[f"{first}_{second}"] = cells
    return told


def _on_last_day(roles: Frame) -> dict[str, dict[str, int]]:
    """Persons in each role on the last day, by community."""
    now = roles[roles["since"].le(UNTIL) & (roles["until"].eq("") | roles["until"].ge(UNTIL))]
    return {name: dict(sorted(Counter(now.loc[now["community"] == name, "role"]).items())) for name in COMMUNITIES}


def _scores(scores: Frame) -> dict[str, dict[str, float]]:
    """Paired scores of each course: how many began and have both, the mean change, the share at the top before."""
    told = {}
    for course, rows in scores[scores["score"].ne("")].groupby("course"):
        wave = {name: part.set_index("person")["score"].astype(float) for name, part in rows.groupby("wave")}
        both = wave["before"].index.intersection(wave["after"].index)
        change = wave["after"][both] - wave["before"][both]
        top = float((wave["before"] == rows["highest"].iloc[0]).mean())
        began = int((scores["course"].eq(course) & scores["wave"].eq("before")).sum())
        told[str(course)] = {
            "began": began,
            "both": len(both),
            "change": round(float(change.mean()), 6),
            "at_top": round(top, 4),
        }
    return told
