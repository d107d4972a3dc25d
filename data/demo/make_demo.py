"""Make the demonstration study: forms, raw exports, communities, services and the truth behind them.

Run it as ``python data/demo/make_demo.py``; it overwrites the files beside it with the same bytes each
time. ``python data/demo/make_demo.py FOLDER`` writes them elsewhere. All of it is invented.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import demo_wjx
import numpy as np
import pandas as pd
from demo_kobo import NUMBERS, export, export_repeat, questions, sheet_rows, write_book, write_form
from demo_places import add_codes, make_places
from demo_population import ASKED, COMMUNITIES, GRIDS, ROUNDS, SPEC, Population, make_population, truth
from demo_services import make_services

SEED = 20250510
NOTICE = {"zh": "合成演示数据", "en": "Synthetic demonstration data"}
SAMPLED_GRIDS = {"weidu": 12, "tangxu": 14, "xingzhan": 13, "heyan": 15}
FOLLOWED = 0.4
DECLINED = 0.015
UNANSWERED = ("", "-98", "-99", "dont_know", "refused")
FIRST_DAY = {"2025Q2": dt.date(2025, 5, 10), "2025Q4": dt.date(2025, 11, 1)}
DAYS = 27
WJX = (("2025Q2", "text"), ("2025Q2", "number"), ("2025Q4", "text"))
BEFORE_CONSENT = ("start", "end", "family_id", "community", "consent")
NAMES = {
    "weidu": ("苇渡社区", "Weidu", "岚砚市", "Lanyan"),
    "tangxu": ("棠序社区", "Tangxu", "岚砚市", "Lanyan"),
    "xingzhan": ("星栈社区", "Xingzhan", "澜汀市", "Lanting"),
    "heyan": ("禾砚社区", "Heyan", "澜汀市", "Lanting"),
}
CORNERS = {
    "weidu": [(113.601, 32.902), (113.614, 32.899), (113.619, 32.909), (113.611, 32.916), (113.602, 32.913)],
    "tangxu": [(113.619, 32.909), (113.631, 32.906), (113.636, 32.917), (113.624, 32.922), (113.611, 32.916)],
    "xingzhan": [(113.902, 32.803), (113.917, 32.801), (113.920, 32.812), (113.906, 32.815)],
    "heyan": [(113.920, 32.812), (113.934, 32.808), (113.939, 32.820), (113.928, 32.827), (113.916, 32.822)],
}
CHANGED = ("edu_no_homework_help", "health_no_checkup", "live_wage_arrears", "sup_asked_for_help")

Frame = pd.DataFrame
Tables = dict[tuple[str, str], Frame]


class Flaw(NamedTuple):
    """A kind of dirty record, planted in some clean interviews on purpose."""

    rule: str
    round: str
    table: str
    question: str
    value: str
    count: int
    where: tuple[str, str] = ("", "")


FLAWS = (
    Flaw("option_unlisted", "2025Q2", "child", "vision", "blurred", 3),
    Flaw("option_unlisted", "2025Q4", "child", "belonging", "both_sides", 2),
    Flaw("option_unlisted", "2025Q4", "family", "help_wanted", "tutoring childcare", 2),
    Flaw("value_unreadable", "2025Q2", "child", "sleep_hours", "9小时", 2),
    Flaw("value_unreadable", "2025Q4", "family", "dwelling_area", "约40", 2),
    Flaw("constraint_broken", "2025Q2", "child", "hours_alone", "30", 2),
    Flaw("constraint_broken", "2025Q2", "family", "years_in_city", "75", 2),
    Flaw("constraint_broken", "2025Q4", "child", "trusted_adults", "200", 1),
    Flaw("answer_not_shown", "2025Q2", "child", "care_received", "yes", 4, ("care_needed", "no")),
    Flaw("answer_not_shown", "2025Q4", "family", "rent", "1200", 3, ("tenure", "own")),
    Flaw("required_blank", "2025Q2", "child", "health_insurance", "", 2),
    Flaw("required_blank", "2025Q2", "family", "asked_for_help", "", 2),
    Flaw("required_blank", "2025Q4", "child", "checkup", "", 3),
    Flaw("exclusive_with_others", "2025Q2", "child", "friends", "local none", 2),
    Flaw("exclusive_with_others", "2025Q4", "family", "social_insurance", "medical none", 3),
    Flaw("parent_missing", "2025Q2", "child", "family_id", "F9901", 3),
    Flaw("parent_missing", "2025Q4", "child", "family_id", "F9902", 3),
    Flaw("short_interview", "2025Q2", "child", "end", "", 3),
    Flaw("short_interview", "2025Q4", "family", "end", "", 2),
    Flaw("key_twice", "2025Q2", "family", "family_id", "", 2),
    Flaw("key_twice", "2025Q4", "child", "child_id", "", 3),
)


def make_demo(folder: Path) -> None:
    """Write every generated file of the study into a folder."""
    rng = np.random.default_rng(SEED)
    population = make_population(rng)
    answers = interview(population, draw(population, rng), rng)
    plant(answers, rng)
    for name in ("forms", "raw", "places", "services"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for form in ("family", "child"):
        write_form(folder / "forms" / f"{form}.xlsx", form)
    write_raw(folder / "raw", answers, population, rng)
    layer = add_codes(places(population))
    _write_json(folder / "places" / "communities.geojson", layer)
    reach = make_places(folder / "places", layer)
    served = make_services(folder / "services", layer)
    _write_json(folder / "truth.json", describe(population) | {"places": reach, "services": served})


def draw(population: Population, rng: np.random.Generator) -> Tables:
    """Draw grids, then families in them, then children; round 2 goes back to the same grids."""
    families = population.families[ROUNDS[0]][["family_id", "community", "grid"]]
    chosen: dict[str, list[Frame]] = {name: [] for name in ROUNDS}
    for community in COMMUNITIES:
        grids = families.loc[families["community"] == community, "grid"].unique()
        for grid in sorted(rng.choice(grids, SAMPLED_GRIDS[community], replace=False)):
            for name, drawn in _draw_families(families[families["grid"] == grid], community, rng).items():
                chosen[name].append(drawn)
    tables: Tables = {}
    for name, parts in chosen.items():
        tables[name, "family"] = pd.concat(parts, ignore_index=True)
        tables[name, "child"] = _draw_children(population.children[name], tables[name, "family"], rng)
    return tables


def _draw_families(families: Frame, community: str, rng: np.random.Generator) -> dict[str, Frame]:
    """Families of one grid in both rounds, with their weight.

    Two fifths of the first round's families are followed and the rest are drawn from those not yet
    visited, so every family of the grid keeps the same chance in the second round.
    """
    size = int(rng.integers(12, 16))
    order = rng.permutation(len(families))
    kept = round(FOLLOWED * size)
    weight = GRIDS / SAMPLED_GRIDS[community] * len(families) / size
    rows = (order[:size], np.r_[order[:kept], order[size : 2 * size - kept]])
    return {name: families.iloc[row].assign(weight=weight) for name, row in zip(ROUNDS, rows, strict=True)}


def _draw_children(children: Frame, families: Frame, rng: np.random.Generator) -> Frame:
    """Up to two children of each sampled family, with their weight."""
    here = children.merge(families[["family_id", "weight"]], on="family_id")
    here = here.assign(turn=rng.random(len(here))).sort_values("turn", kind="stable")
    siblings = here.groupby("family_id")
    taken = siblings.cumcount() < 2
    eligible = siblings["child_id"].transform("size")
    weight = here["weight"] * eligible / eligible.clip(upper=2)
    return here.assign(weight=weight)[taken][["child_id", "family_id", "weight"]].reset_index(drop=True)


def interview(population: Population, sample: Tables, rng: np.random.Generator) -> Tables:
    """Interviews of the sampled: some decline, some do not know, some prefer not to answer."""
    tables: Tables = {}
    for name in ROUNDS:
        drawn = sample[name, "family"][["family_id", "weight"]]
        families = drawn.merge(population.families[name], on="family_id", validate="1:1")
        families["consent"] = np.where(rng.random(len(families)) < DECLINED, "no", "yes")
        agreed = families.loc[families["consent"] == "yes", "family_id"]
        drawn = sample[name, "child"].drop(columns="family_id")
        children = drawn.merge(population.children[name], on="child_id", validate="1:1")
        children = children[children["family_id"].isin(agreed)].reset_index(drop=True)
        for form, people in (("family", families), ("child", children)):
            people["start"], people["end"] = _times(people, name, form, rng)
            tables[name, form] = _as_text(_answered(people, form, name, rng), form)
    return tables


def _times(people: Frame, name: str, form: str, rng: np.random.Generator) -> tuple[pd.Series, pd.Series]:
    """First and last minute of each interview; a grid is visited on one day, children after the family."""
    day = pd.factorize(people["grid"], sort=True)[0] * DAYS // (people["grid"].nunique())
    minute = 9 * 60 + rng.integers(0, 540, len(people)) + 60 * (form == "child")
    start = pd.Timestamp(FIRST_DAY[name]) + pd.to_timedelta(day * 1440 + minute, unit="min")
    start = pd.Series(start + pd.to_timedelta(rng.integers(0, 60, len(people)), unit="s"))
    median = 27 if form == "family" else 16
    lasted = np.clip(median * np.exp(0.25 * rng.standard_normal(len(people))), 0.6 * median, 3 * median)
    end = start + pd.to_timedelta((lasted * 60).round(), unit="s")
    return tuple(moment.dt.strftime("%Y-%m-%dT%H:%M:%S.000+08:00") for moment in (start, end))  # type: ignore[return-value]


def _answered(people: Frame, form: str, name: str, rng: np.random.Generator) -> Frame:
    """Answers as recorded: don't-know and refused put in, then the form's skip logic applied in order."""
    for row in questions(form):
        question = row["name"]
        spec = SPEC[form].get(question, {})
        if spec.get("only", name) != name:
            people = people.drop(columns=question)
            continue
        if "unsure" in spec:
            dont_know, refused = ("-98", "-99") if row["type"] in NUMBERS else ("dont_know", "refused")
            chance = rng.random(len(people))
            people.loc[chance < sum(spec["unsure"]), question] = refused
            people.loc[chance < spec["unsure"][0], question] = dont_know
        if question in ASKED:
            people.loc[~ASKED[question](people), question] = ""
    if form == "family":
        income = pd.to_numeric(people["income"])
        people["income_per_head"] = np.where(income >= 0, (income / people["family_size"]).astype(object), "")
        people = people.astype(object)
        later = {row["name"] for row in questions(form)} - set(BEFORE_CONSENT)
        people.loc[people["consent"] == "no", [question for question in people if question in later]] = ""
    return people


def _as_text(people: Frame, form: str) -> Frame:
    """Every cell as an export writes it, with the columns of the sample design."""
    people = people.assign(stratum=people["community"], n_grids=GRIDS, weight=people["weight"].round(4))
    asked = [row["name"] for row in questions(form) if row["name"] in people]
    kept = list(dict.fromkeys(["start", "end", *asked]))
    text = people[[*kept, "stratum", "grid", "n_grids", "weight"]].assign(remark="")
    text.loc[text.index % 40 == 7, "remark"] = "合成示例：无备注"
    return text.map(_cell).astype(str)


def _cell(value: Any) -> str:
    """A number without a trailing ``.0``, anything else as it is."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def plant(tables: Tables, rng: np.random.Generator) -> None:
    """Put the dirty records in, each in an interview of its own that agreed and was clean."""
    clean = {key: pd.Series(True, table.index) for key, table in tables.items()}
    for flaw in FLAWS:
        table = tables[flaw.round, flaw.table]
        gate, answer = flaw.where
        fit = clean[flaw.round, flaw.table] & (table.get("consent", "yes") == "yes")
        fit &= table[gate] == answer if gate else ~table[flaw.question].isin(UNANSWERED)
        rows = rng.choice(table.index[fit], flaw.count, replace=False)
        clean[flaw.round, flaw.table][rows] = False
        if flaw.rule == "key_twice":
            tables[flaw.round, flaw.table] = pd.concat([table, table.loc[rows]], ignore_index=True)
        elif flaw.rule == "short_interview":
            ended = pd.to_datetime(table.loc[rows, "start"]) + pd.Timedelta(seconds=95)
            table.loc[rows, "end"] = ended.dt.strftime("%Y-%m-%dT%H:%M:%S.000+08:00")
        else:
            table.loc[rows, flaw.question] = flaw.value


def write_raw(folder: Path, tables: Tables, population: Population, rng: np.random.Generator) -> None:
    """Write families as Kobo exports, 2025Q2 as a workbook (the repeat as a sheet) and 2025Q4 as CSV files; children
    as 问卷星 exports, 2025Q2 by text and by number, 2025Q4 by text."""
    first, second = ROUNDS
    exports = {name: export(tables[name, "family"], "family", rng) for name in ROUNDS}
    repeats = {name: export_repeat(population.members[name], exports[name]) for name in ROUNDS}
    family = {"family": sheet_rows(exports[first], "family")}
    family["member"] = sheet_rows(repeats[first], "family")
    write_book(folder / f"{first}_family.xlsx", family)
    for name, table in {"family": exports[second], "member": repeats[second]}.items():
        table.to_csv(folder / f"{second}_{name}.csv", index=False, lineterminator="\n")
    for name, flavour in WJX:
        table = demo_wjx.export(tables[name, "child"], "child", flavour)
        write_book(folder / f"{name}_child_{flavour}.xlsx", {"Sheet1": demo_wjx.sheet_rows(table)})


def places(population: Population) -> dict[str, Any]:
    """GeoJSON of the four fictional communities, with the population of the last round."""
    families = population.families[ROUNDS[-1]].groupby("community").size()
    family = population.families[ROUNDS[-1]].set_index("family_id")["community"]
    children = population.children[ROUNDS[-1]]["family_id"].map(family).value_counts()
    features = []
    for code, (name_zh, name_en, city_zh, city_en) in NAMES.items():
        about = {"community": code, "name_zh": name_zh, "name_en": name_en, "city_zh": city_zh}
        counts = {"families": int(families[code]), "children": int(children[code]), "synthetic": True}
        ring = [list(corner) for corner in (*CORNERS[code], CORNERS[code][0])]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append(
            {"type": "Feature", "properties": {**about, "city_en": city_en, **counts}, "geometry": geometry}
        )
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    return {"type": "FeatureCollection", "name": NOTICE["en"], "crs": crs, "features": features}


def describe(population: Population) -> dict[str, Any]:
    """The truth: population values, changes that were built in, and the records planted on purpose."""
    values = truth(population)
    first, second = (values[name] for name in ROUNDS)
    changes = {name: round(second[name][""] - first[name][""], 6) for name in CHANGED}
    people = {
        name: {"families": len(population.families[name]), "children": len(population.children[name])}
        for name in ROUNDS
    }
    planted = [dict(zip(Flaw._fields[:6], flaw, strict=False)) for flaw in FLAWS]
    return {
        "notice": NOTICE,
        "seed": SEED,
        "population": people,
        "truth": values,
        "changes": changes,
        "planted": planted,
    }


def _write_json(path: Path, data: dict[str, Any]) -> None:
    text = json.dumps(data, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    make_demo(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
