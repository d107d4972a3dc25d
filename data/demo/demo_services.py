"""Ledgers of what the fictional organisation did in 2025: activities, vouchers, merchants, helpers, courses.

Drawn from services.yml with a generator of its own, so that nothing else changes with them. ``python
data/demo/demo_services.py FOLDER`` writes the same ledgers without the mistakes and the redemptions to look at; a
second argument is another seed.
"""

from __future__ import annotations

import calendar
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from demo_kobo import write_book
from demo_persons import COMMUNITIES, LAST, SPEC, make_people, make_points, make_roles, make_ties, present
from demo_planted import plant, plant_anomalies
from demo_services_truth import describe_services
from demo_vouchers import make_merchants, make_visits, make_vouchers, spend

from xzz_analysis.services.ledgers.columns import ledger_columns

SEED = 20251231

Frame = pd.DataFrame
Layer = dict[str, Any]
Rng = np.random.Generator
Ledgers = dict[str, Frame]


def make_services(folder: Path, layer: Layer) -> dict[str, Any]:
    """Write the ledgers into a folder; the truth about them is handed back."""
    rng = np.random.default_rng(SEED)
    ledgers, joined = make_ledgers(layer, rng)
    anomalies = plant_anomalies(ledgers, joined, rng)
    truth = {"seed": SEED, **describe_services(ledgers)}
    planted = [*anomalies, *plant(ledgers, anomalies, rng)]
    write_ledgers(folder, ledgers)
    return truth | {"planted": planted}


def make_clean(folder: Path, seed: int = SEED) -> dict[str, Any]:
    """Write ledgers in which nothing is planted; the truth about them is handed back."""
    layer = json.loads((Path(__file__).parent / "places" / "communities.geojson").read_text(encoding="utf-8"))
    ledgers, _ = make_ledgers(layer, np.random.default_rng(seed))
    write_ledgers(folder, ledgers)
    return describe_services(ledgers)


def make_ledgers(layer: Layer, rng: Rng) -> tuple[Ledgers, Frame]:
    """Clean ledgers, and the merchants with the days on which they joined and left."""
    people = make_people(rng)
    merchants = make_merchants(layer, rng)
    visits, joined = make_visits(merchants, rng)
    roles = make_roles(people, rng)
    activities, attendance, scores = make_activities(people, rng)
    issued = make_vouchers(people, rng)
    organisations = make_organisations()
    near = {
        name: [
            *merchants.loc[merchants["community"] == name, "merchant"],
            *organisations.loc[organisations["community"] == name, "organisation"],
        ]
        for name in COMMUNITIES
    }
    ledgers = {
        "activities": activities,
        "attendance": attendance,
        "vouchers_issued": issued,
        "vouchers_redeemed": spend(issued, joined, rng),
        "merchants": merchants,
        "merchant_visits": visits,
        "people": people,
        "roles": roles,
        "points": make_points(people, roles, activities, rng),
        "ties": make_ties(people, roles, near, rng),
        "organisations": organisations,
        "projects": make_projects(),
        "scores": scores,
    }
    return ledgers, joined


def make_activities(people: Frame, rng: Rng) -> tuple[Frame, Frame, Frame]:
    """Activities in order of their days, who attended the keyed ones, and the scores of courses."""
    held: list[dict[str, Any]] = [*_series(people, rng), *_groups(people, rng)]
    taught, scores = _courses(people, rng)
    held += taught
    held.sort(key=lambda one: (one["date"], one["community"], one["name"]))
    attended: list[tuple[str, str, str, str]] = []
    for number, one in enumerate(held, 1):
        one["activity"] = f"A{number:04d}"
        one["entered"] = _later(one["date"], rng)
        here = one.pop("people")
        if here is not None:
            day = one["date"] if one["type"] == "training" else ""
            attended += [(one["activity"], person, day, one["entered"]) for person in here]
            one["person_times"] = "" if rng.random() < 0.12 else len(here)
    held += _phone_visits(rng)
    columns = [column.id for column in ledger_columns("activities")]
    table = Frame([dict.fromkeys(columns, "") | one for one in held])
    table = table.sort_values(["date", "activity", "community"], kind="stable").reset_index(drop=True)
    return table, Frame(attended, columns=["activity", "person", "date", "entered"]), scores


def _later(day: str, rng: Rng) -> str:
    """A day of entry, a few days after."""
    return (dt.date.fromisoformat(day) + dt.timedelta(days=int(rng.integers(0, 7)))).isoformat()


def _day(half: float, rng: Rng) -> str:
    """A day of the year by the weight of its month; ``half`` is how much more the second half of the year counts."""
    weight = np.array(SPEC["months"], float) * np.where(np.arange(12) < 6, 1, half)
    month = int(rng.choice(12, p=weight / weight.sum())) + 1
    return dt.date(2025, month, int(rng.integers(1, calendar.monthrange(2025, month)[1] + 1))).isoformat()


def _who(people: Frame, community: str, who: str, day: str) -> Frame:
    """Those of a community who could come on a day; one in twenty of those who come is from the next community."""
    kinds = {"child": ["child"], "adult": ["adult", "grandparent"]}.get(who, ["adult", "child", "grandparent"])
    here = people["community"].eq(community) & people["kind"].isin(kinds)
    return people[here & present(people, day)]


def _staff(people: Frame, community: str, rng: Rng) -> str:
    paid = people[people["community"].eq(community) & people["kind"].isin(["social_worker", "local_worker"])]
    return str(paid["person"].iloc[int(rng.integers(len(paid)))])


def _series(people: Frame, rng: Rng) -> list[dict[str, Any]]:
    """Activities that stand alone."""
    held = []
    for spec in SPEC["series"]:
        about = {key: spec[key] for key in ("name", "type", "domain", "project")}
        for community, sessions in spec["sessions"].items():
            for _ in range(sessions):
                day = _day(2.5 if community in spec["rising"] else 1, rng)
                size = max(1, int(rng.poisson(spec["size"])))
                came = _came(people, community, spec["who"], day, size, rng) if spec.get("keyed", True) else None
                one = about | {"date": day, "community": community, "staff": _staff(people, community, rng)}
                held.append(one | {"people": came, "person_times": size if came is None else ""})
    unknown = [one for one in held if one["people"] is None and one["type"] == "advice"][::6]
    for one in unknown:
        one["person_times"] = ""
    return held


def _came(people: Frame, community: str, who: str, day: str, size: int, rng: Rng) -> list[str]:
    """Keys of those who came; regular guests come more often than others."""
    near = _who(people, community, who, day).sort_values("person")
    if who == "family":
        families = sorted(set(near["family"]))
        chosen = families[int(rng.integers(len(families)))]
        return list(near.loc[near["family"].eq(chosen), "person"][:3])
    size = min(size, len(near) // 2)
    eager = 1 / (1 + np.arange(len(near)) % 7)
    came = list(near["person"].iloc[rng.choice(len(near), size, replace=False, p=eager / eager.sum())])
    return [str(person) for person in came]


def _groups(people: Frame, rng: Rng) -> list[dict[str, Any]]:
    """Groups: the same people meet every week."""
    held, rule = [], SPEC["groups"]
    for spec in rule["list"]:
        about = {key: spec[key] for key in ("name", "domain", "project")} | {"type": "group"}
        for community in spec["communities"]:
            start = dt.date.fromisoformat(_day(1.3, rng))
            start = min(start, LAST - dt.timedelta(days=7 * rule["meetings"]))
            members = _came(people, community, spec["who"], start.isoformat(), rule["members"], rng)
            staff = _staff(people, community, rng)
            for meeting in range(rule["meetings"]):
                day = (start + dt.timedelta(days=7 * meeting)).isoformat()
                still = set(people.loc[present(people, day), "person"])
                came = [one for one in members if one in still and rng.random() < rule["coming"]]
                held.append(about | {"date": day, "community": community, "staff": staff, "people": came})
    return held


def _courses(people: Frame, rng: Rng) -> tuple[list[dict[str, Any]], Frame]:
    """Classes of courses as activities of six weeks, and scores before and after."""
    held, scores, taught = [], [], 0
    for spec in SPEC["courses"]:
        about = {key: spec[key] for key in ("name", "domain", "project")} | {"type": "training"}
        for number, community in enumerate(spec["classes"], 1):
            start = dt.date(2025, 4 + taught, 6)
            taught += 1
            members = _came(people, community, spec["who"], start.isoformat(), SPEC["class_size"], rng)
            days = [(start + dt.timedelta(days=7 * week)).isoformat() for week in range(6)]
            staying = [rng.random() >= SPEC["attrition"] for _ in members]
            ends = [6 if stays else int(rng.integers(2, 5)) for stays in staying]
            for week, day in enumerate(days):
                still = set(people.loc[present(people, day), "person"])
                came = [one for one, end in zip(members, ends, strict=True) if week < end and one in still]
                came = [one for one in came if week in (0, 5) or rng.random() < 0.92]
                held.append(about | {"date": day, "community": community, "staff": "", "people": came})
            last = [one for one, end in zip(members, ends, strict=True) if end == 6 and one in still]
            scores += _scores(spec, f"{spec['course']}_{number}", members, last, (days[0], days[-1], community), rng)
    columns = ["person", "course", "cluster", "instrument", "wave", "date", "score", "highest", "lowest", "community"]
    return held, Frame(scores, columns=columns)


def _scores(
    spec: dict[str, Any], cluster: str, members: list[str], last: list[str], where: tuple[str, str, str], rng: Rng
) -> list[tuple[Any, ...]]:
    """Whole scores inside the scale; one of a class has no score before."""
    low, high = spec["lowest"], spec["highest"]
    shift = rng.normal(0, 0.3)
    rows = []
    for place, person in enumerate(members):
        before = rng.normal(spec["before"][0] + shift, spec["before"][1])
        after = before + rng.normal(*spec["rise"])
        first, second = (int(np.clip(round(value), low, high)) for value in (before, after))
        about = (person, spec["course"], cluster, spec["instrument"])
        rows.append((*about, "before", where[0], "" if place == 3 else first, high, low, where[2]))
        if person in last:
            rows.append((*about, "after", where[1], second, high, low, where[2]))
    return rows


def _phone_visits(rng: Rng) -> list[dict[str, Any]]:
    """Totals of a month for each community, without keys; one quarter of heyan came as one total."""
    rule, held = SPEC["phone_visits"], []
    for community, mean in rule["mean"].items():
        spans = [(month, month) for month in range(1, 13)]
        spans = [(1, 3), *spans[3:]] if community == "heyan" else spans
        for first, last in spans:
            calls = int(rng.poisson(mean * (last - first + 1)))
            until = dt.date(2025, last, calendar.monthrange(2025, last)[1])
            about = {"activity": "", "date": f"2025-{first:02d}-01", "until": until.isoformat(), "type": "phone_visit"}
            about |= {"name": "电话探访", "domain": rule["domain"], "community": community, "project": rule["project"]}
            entered = (until + dt.timedelta(days=2)).isoformat()
            held.append(about | {"count": calls, "person_times": calls, "entered": entered})
    return held


def make_organisations() -> Frame:
    """Organisations incubated, partners, donors and stations."""
    rows = []
    for number, (standing, name, since, community, *amount) in enumerate(SPEC["organisations"], 1):
        rows.append((f"O{number:02d}", name, standing, since.isoformat(), "", community, *(amount or [""])))
    return Frame(rows, columns=["organisation", "name", "standing", "since", "until", "community", "amount"])


def make_projects() -> Frame:
    """Targets of the projects."""
    rows = []
    for one in SPEC["projects"]:
        for indicator, (target, *why) in one["targets"].items():
            zh, en = why or ("", "")
            first, last = (day.isoformat() for day in one["days"])
            rows.append((one["project"], one["name"], one["funder"], indicator, target, first, last, zh, en))
    return Frame(rows, columns=[column.id for column in ledger_columns("projects")])


def write_ledgers(folder: Path, ledgers: Ledgers) -> None:
    """CSV files; merchant visits as a workbook in Chinese; redemptions as Parquet."""
    for kind, table in ledgers.items():
        kept = table[[column.id for column in ledger_columns(kind) if column.id in table]]
        if kind == "merchant_visits":
            write_book(folder / f"{kind}.xlsx", {"走访": _in_chinese(kept)})
        elif kind == "vouchers_redeemed":
            _write_parquet(folder / f"{kind}.parquet", kept)
        else:
            kept.to_csv(folder / f"{kind}.csv", index=False, lineterminator="\n", encoding="utf-8")


def _in_chinese(table: Frame) -> list[tuple[Any, ...]]:
    """Rows of a sheet with Chinese headers and choices."""
    columns = {column.id: column for column in ledger_columns("merchant_visits")}
    cells = table.copy()
    for name in table:
        choices = columns[name].choices
        if choices:
            cells[name] = cells[name].map(lambda code, told=choices: told[code]["zh"] if code else "")
    return [tuple(columns[name].label["zh"] for name in table), *cells.itertuples(index=False, name=None)]


def _write_parquet(path: Path, table: Frame) -> None:
    """Plain columns without compression, so that the same rows give the same bytes."""
    moments = pd.to_datetime(table["redeemed"]).dt.as_unit("us")
    made = {
        "voucher": pa.array(table["voucher"], pa.string()),
        "redeemed": pa.array(moments, pa.timestamp("us")),
        "merchant": pa.array(table["merchant"], pa.string()),
        "amount": pa.array(table["amount"].astype(float), pa.float64()),
        "currency": pa.array(table["currency"], pa.string()),
    }
    pq.write_table(pa.table(made), path, compression="NONE", version="2.6")


if __name__ == "__main__":
    make_clean(Path(sys.argv[1]), *map(int, sys.argv[2:]))
