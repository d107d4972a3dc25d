"""Invented people of the ledgers: families, who took which role when, volunteer points, and ties of mutual help.

Nobody here is in the survey, and no key stands for anybody.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

SPEC: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("services.yml").read_text(encoding="utf-8"))
COMMUNITIES = tuple(SPEC["families"])
FIRST, LAST = dt.date(2025, 1, 1), dt.date(2025, 12, 31)
HELPING = ("volunteer", "helper", "leader")

Frame = pd.DataFrame
Rng = np.random.Generator


def day_between(first: dt.date, last: dt.date, rng: Rng) -> dt.date:
    """A day from the first to the last."""
    return first + dt.timedelta(days=int(rng.integers((last - first).days + 1)))


def pick(weights: dict[str, float], rng: Rng) -> str:
    """One name, by its weight."""
    share = np.array(list(weights.values()), float)
    return str(list(weights)[int(rng.choice(len(share), p=share / share.sum()))])


def make_people(rng: Rng) -> Frame:
    """One row per person; beside the ledger's columns ``kind``, ``since`` and ``gone`` (first day away, or empty)."""
    rows: list[dict[str, Any]] = []
    for community, families in SPEC["families"].items():
        for _ in range(families):
            rows += _family(community, len({row["family"] for row in rows}), rng)
        rows += _outside(community, rng)
        for role, number in SPEC["paid"].items():
            rows += [_person("", community, role, _born(23, 54, rng), dt.date(2024, 3, 1), rng) for _ in range(number)]
    people = Frame(rows)
    numbers = rng.permutation(np.arange(1, len(people) + 1))
    people.insert(0, "person", [f"P{number:05d}" for number in numbers])
    _withdraw(people, rng)
    return people


def _person(family: str, community: str, kind: str, born: str, since: dt.date, rng: Rng) -> dict[str, Any]:
    sex = "female" if rng.random() < (0.5 if kind == "child" else 0.62) else "male"
    about = {"family": family, "community": community, "sex": sex, "born": born, "hardship": "no"}
    return about | {"consent": since.isoformat(), "withdrawn": "", "kind": kind, "since": since, "gone": ""}


def _born(youngest: int, oldest: int, rng: Rng) -> str:
    """Year and month of birth of somebody of such an age at the end of 2025."""
    return f"{2025 - int(rng.integers(youngest, oldest + 1))}-{int(rng.integers(1, 13)):02d}"


def _family(community: str, number: int, rng: Rng) -> list[dict[str, Any]]:
    """One family: carers, children and sometimes a grandparent; no two of one sex born in the same month."""
    family = f"J{number + 1:04d}"
    early = rng.random() < 0.72
    since = day_between(
        *((dt.date(2024, 7, 1), dt.date(2024, 12, 31)) if early else (FIRST, dt.date(2025, 10, 31))), rng
    )
    kinds = ["adult"] * int(1 + (rng.random() < 0.35)) + ["child"] * int(rng.choice([1, 2, 3], p=[0.62, 0.33, 0.05]))
    kinds += ["grandparent"] * int(rng.random() < 0.13)
    ages = {"adult": (27, 46), "child": (4, 15), "grandparent": (58, 72)}
    people: list[dict[str, Any]] = []
    for kind in kinds:
        one = _person(family, community, kind, _born(*ages[kind], rng), since, rng)
        while any((one["born"], one["sex"]) == (other["born"], other["sex"]) for other in people):
            one["born"] = _born(*ages[kind], rng)
        people.append(one)
    hardship = "yes" if rng.random() < SPEC["hardship"][community] else "no"
    gone = day_between(dt.date(2025, 3, 1), LAST, rng).isoformat() if rng.random() < SPEC["left_families"] else ""
    gone = gone if gone > (since + dt.timedelta(days=60)).isoformat() else ""
    return [one | {"hardship": hardship, "gone": gone} for one in people]


def _outside(community: str, rng: Rng) -> list[dict[str, Any]]:
    """Volunteers who never received help: young-old people and students."""
    number = SPEC["outside_volunteers"][community]
    ages = [(60, 69) if place % 2 == 0 else (19, 23) for place in range(number)]
    days = [day_between(dt.date(2024, 9, 1), dt.date(2025, 9, 30), rng) for _ in ages]
    return [_person("", community, "outside", _born(*age, rng), day, rng) for age, day in zip(ages, days, strict=True)]


def _withdraw(people: Frame, rng: Rng) -> None:
    """A few adults and children withdraw their consent."""
    fit = people.index[
        people["kind"].isin(["adult", "child"]) & people["gone"].eq("") & people["consent"].lt("2025-01")
    ]
    for row, day in zip(rng.choice(fit, len(SPEC["withdrawn"]), replace=False), SPEC["withdrawn"], strict=True):
        people.loc[row, ["withdrawn", "gone"]] = day.isoformat()


def present(people: Frame, day: dt.date | str) -> pd.Series:
    """Who had consented by a day and was still there."""
    text = str(day)
    return people["consent"].le(text) & (people["gone"].eq("") | people["gone"].gt(text))


def make_roles(people: Frame, rng: Rng) -> Frame:
    """One role after the other for each person; recipients who move away or withdraw end without a next role."""
    rows: list[tuple[str, str, str, str, str]] = []
    for one in people.sort_values("person").itertuples():
        first = {"outside": "volunteer", "owner": "merchant"}.get(one.kind, one.kind)
        first = "recipient" if first in ("adult", "child", "grandparent") else first
        steps = [(first, one.since)]
        if one.kind in ("adult", "grandparent", "outside"):
            steps += _steps(one.community, first, one.since, rng)
        rows += _spells(one, steps)
    return Frame(rows, columns=["person", "role", "since", "until", "community"])


def _steps(community: str, role: str, since: dt.date, rng: Rng) -> list[tuple[str, dt.date]]:
    """Later roles of somebody, with their first days; "" ends the last one."""
    ladder = ("recipient", *HELPING)
    steps = []
    for step in ladder[ladder.index(role) + 1 :]:
        rule = SPEC["conversion"][step]
        chance = rule["chance"][community] if isinstance(rule["chance"], dict) else rule["chance"]
        if rng.random() >= chance:
            break
        since = since + dt.timedelta(days=int(rule["days"][0] + rng.gamma(2, rule["days"][1])))
        steps.append((step, since))
        if rng.random() < rule["stop"]:
            return [*steps, ("", since + dt.timedelta(days=int(rng.integers(40, 160))))]
    return steps


def _spells(one: Any, steps: list[tuple[str, dt.date]]) -> list[tuple[str, str, str, str, str]]:
    """Roles with first and last day, up to the end of the year or until somebody is gone."""
    end = dt.date.fromisoformat(one.gone) if one.gone else LAST + dt.timedelta(days=1)
    kept = [(role, day) for role, day in steps if day < end]
    rows = []
    for place, (role, day) in enumerate(kept):
        following = kept[place + 1][1] if place + 1 < len(kept) else end
        open_end = following > LAST
        last = "" if open_end else (following - dt.timedelta(days=1)).isoformat()
        if role:
            rows.append((one.person, role, day.isoformat(), last, one.community))
    return rows


def helping(roles: Frame, day: str) -> Frame:
    """Spells of volunteers, helpers and leaders on a day."""
    on = roles["since"].le(day) & (roles["until"].eq("") | roles["until"].ge(day))
    return roles[on & roles["role"].isin(HELPING)]


def age_on(born: str, day: str) -> int:
    """Whole years on a day, counted from the first day of the month of birth."""
    return int(day[:4]) - int(born[:4]) - (day[5:7] < born[5:7])


def points_for(about: Any, day: str, hours: float) -> float:
    """Points for hours of service: double for those aged 60 to 69, and for families in hardship."""
    return hours * (2 if 60 <= age_on(about.born, day) < 70 or about.hardship == "yes" else 1)


def make_points(people: Frame, roles: Frame, activities: Frame, rng: Rng) -> Frame:
    """Hours served at activities, what was exchanged, and a few corrections; no balance is ever below zero."""
    known = people.set_index("person")
    held = activities[
        activities["activity"].ne("") & activities["type"].isin(["community_activity", "group", "training"])
    ]
    rows: list[tuple[str, str, str, float | str, float | str, str]] = []
    while len(rows) < SPEC["points"]["entries"]:
        one = held.iloc[int(rng.integers(len(held)))]
        there = helping(roles, one["date"])
        near = there[there["community"].eq(one["community"])]
        if len(near):
            who = str(near["person"].iloc[int(rng.integers(len(near)))])
            rows.append((who, one["date"], "earned", float(rng.choice([1, 1.5, 2, 2, 3, 4])), "", one["activity"]))
    rows = list(dict.fromkeys(rows))
    for who in sorted({row[0] for row in rows}):
        rows += _exchanges(known.loc[who], who, [row for row in rows if row[0] == who], rng)
    table = Frame(rows, columns=["person", "date", "entry", "hours", "points", "activity"])
    return table.sort_values(["date", "entry", "person", "activity"], kind="stable").reset_index(drop=True)


def _exchanges(about: Any, who: str, earned: list[Any], rng: Rng) -> list[Any]:
    """What one person exchanged and had corrected, never more than there was."""
    rows, balance, turn = [], 0.0, int(rng.integers(1, 5))
    days = sorted(earned, key=lambda row: row[1])
    for place, (_, day, _, hours, *_) in enumerate(days):
        balance += points_for(about, day, hours)
        affordable = [cost for cost in SPEC["points"]["spent"] if cost <= balance]
        if affordable and place % 4 == turn - 1:
            cost = affordable[int(rng.integers(len(affordable)))]
            rows.append((who, day, "spent", "", float(cost), ""))
            balance -= cost
    if days and rng.random() < 0.08:
        amount = float(rng.choice([1, 2, -1])) if balance >= 1 else 1.0
        rows.append((who, days[-1][1], "corrected", "", amount, ""))
        balance += amount
    if balance >= 2 and rng.random() < 0.03:
        rows.append((who, LAST.isoformat(), "expired", "", 2.0, ""))
    return rows


def make_ties(people: Frame, roles: Frame, partners: dict[str, list[str]], rng: Rng) -> Frame:
    """Who helped or introduced whom; leaders and helpers have more ties, a few reach another community.

    Partners are organisations and merchants by community.
    """
    rows: list[tuple[str, str, str, str, str]] = []
    halves = ((FIRST, dt.date(2025, 6, 30)), (dt.date(2025, 7, 1), LAST))
    for number, half in zip((SPEC["ties"]["first"], SPEC["ties"]["second"]), halves, strict=True):
        for _ in range(number):
            row = _tie(people, roles, partners, day_between(*half, rng).isoformat(), rng)
            rows += [row] if row is not None and row not in rows else []
    table = Frame(rows, columns=["source", "target", "date", "relation", "mode"])
    return table.sort_values(["date", "source", "target"], kind="stable").reset_index(drop=True)


def _tie(people: Frame, roles: Frame, partners: dict[str, list[str]], day: str, rng: Rng) -> Any:
    there = helping(roles, day).sort_values("person")
    if there.empty:
        return None
    weight = there["role"].map({"volunteer": 1, "helper": 5, "leader": 14}).to_numpy(float)
    one = there.iloc[int(rng.choice(len(there), p=weight / weight.sum()))]
    community = one["community"]
    if rng.random() < SPEC["ties"]["outside"] and one["role"] != "volunteer":
        community = COMMUNITIES[int(rng.integers(len(COMMUNITIES)))]
    if rng.random() < 0.1:
        others = partners[community]
        return one["person"], others[int(rng.integers(len(others)))], day, "introduction", "outdoors"
    near = people[present(people, day) & people["community"].eq(community) & people["person"].ne(one["person"])]
    near = near[near["kind"].isin(["adult", "child", "grandparent", "outside"])]
    popular = near.sort_values("person").iloc[: max(1, len(near) // 2)]
    other = popular.iloc[int(rng.integers(len(popular)))]
    relation = "mentor" if other["kind"] == "child" else pick({"neighbour": 5, "peer": 4, "mentor": 1}, rng)
    return (
        one["person"],
        other["person"],
        day,
        relation,
        pick({"at_home": 3, "at_station": 4, "online": 2, "outdoors": 1}, rng),
    )
