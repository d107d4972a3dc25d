"""The synthetic population: families and children of four fictional communities, two rounds, known truth.

Every answer comes from one score: the sum of a community, a neighbourhood (grid), a hardship, a
household-registration and a personal part. People are ranked by their score and the options are dealt
out along the ranks, so the share of each option in the population is exactly the one in population.yml.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml
from scipy.stats import rankdata

ROUNDS = ("2025Q2", "2025Q4")
COMMUNITIES = ("weidu", "tangxu", "xingzhan", "heyan")
GRIDS = 60
MONTHS_APART = 6
HARDSHIP = {"weidu": 0.22, "tangxu": 0.30, "xingzhan": 0.26, "heyan": 0.34}
ADULTS = {
    "mother": ("18_59", 0.7),
    "father": ("18_59", 0.93),
    "grandparent": ("60_plus", 0.15),
    "relative": ("18_59", 0.8),
}
CLUSTERING = 0.13
PERSISTENCE = 0.6
SPEC = yaml.safe_load((Path(__file__).parent / "population.yml").read_text(encoding="utf-8"))

Frame = pd.DataFrame
Rule = Callable[[Frame], pd.Series]


class Population(NamedTuple):
    """Everybody, one frame per round: families, children aged 3 to 15, and members of the families."""

    families: dict[str, Frame]
    children: dict[str, Frame]
    members: dict[str, Frame]


def at_school(children: Frame) -> pd.Series:
    """Children of six and over who are enrolled."""
    return (children["age"] >= 6) & ~children["enrolment"].isin(["none", "refused"])


def employed(families: Frame) -> pd.Series:
    """Families whose main earner works for somebody."""
    return families["job"].isin(["employee", "platform", "casual"])


def everybody(people: Frame) -> pd.Series:
    """All of them."""
    return people["family_id"] != ""


def asked_for_papers(children: Frame) -> pd.Series:
    """Enrolled children whose school asked for at least one paper."""
    return at_school(children) & ~children["documents_asked"].isin(["none", "dont_know", "refused"])


ASKED: dict[str, Rule] = {
    "rent": lambda f: f["tenure"] == "rent",
    "contract": employed,
    "arrears": employed,
    "debt_reason": lambda f: f["debt"] == "yes",
    "student_record": at_school,
    "documents_asked": at_school,
    "documents_failed": asked_for_papers,
    "homework_help": at_school,
    "absent_days": at_school,
    "absence_reason": lambda c: pd.to_numeric(c["absent_days"]) > 0,
    "vision": lambda c: c["age"] >= 6,
    "care_received": lambda c: c["care_needed"] == "yes",
    "care_barrier": lambda c: c["care_received"] == "no",
    "treated_unfairly": lambda c: c["age"] >= 8,
    "belonging": lambda c: c["age"] >= 8,
}
"""The forms' skip logic, written again in pandas: who is asked; questions not named are for everybody."""


SHARES: dict[str, tuple[str, Rule, Rule]] = {
    "edu_out_of_school": ("child", lambda c: c["age"] >= 6, lambda c: c["enrolment"] == "none"),
    "edu_no_city_record": ("child", at_school, lambda c: c["student_record"] != "city"),
    "edu_document_failed": ("child", asked_for_papers, lambda c: c["documents_failed"] != "none"),
    "edu_no_homework_help": ("child", at_school, lambda c: c["homework_help"] == "never"),
    "edu_absent": ("child", at_school, lambda c: c["absent_days"] != "0"),
    "health_uninsured": ("child", everybody, lambda c: c["health_insurance"] == "none"),
    "health_no_checkup": ("child", everybody, lambda c: c["checkup"] == "no"),
    "health_vision_uncorrected": (
        "child",
        lambda c: (c["age"] >= 6) & (c["vision"] != "untested"),
        lambda c: c["vision"] == "uncorrected",
    ),
    "health_unmet_care": ("child", ASKED["care_received"], lambda c: c["care_received"] == "no"),
    "live_no_contract": ("family", employed, lambda f: f["contract"] == "no"),
    "live_wage_arrears": ("family", employed, lambda f: f["arrears"] == "yes"),
    "live_no_social_insurance": ("family", everybody, lambda f: f["social_insurance"] == "none"),
    "live_debt": ("family", everybody, lambda f: f["debt"] == "yes"),
    "sup_no_trusted_adult": ("child", everybody, lambda c: c["trusted_adults"] == "0"),
    "sup_treated_unfairly": ("child", ASKED["treated_unfairly"], lambda c: c["treated_unfairly"] == "yes"),
    "sup_asked_for_help": ("family", everybody, lambda f: f["asked_for_help"] == "yes"),
    "sup_station_unknown": ("family", everybody, lambda f: f["station_known"] == "no"),
}
"""Shares of the indicators: unit, base and need; written again in pandas, apart from indicators.yml."""
MEANS = {"health_sleep_hours": "sleep_hours", "sup_hours_alone": "hours_alone"}


def make_population(rng: np.random.Generator) -> Population:
    """Make the whole population and its answers in both rounds."""
    plain = _families(rng)
    families = {name: plain.copy() for name in ROUNDS}
    for question, spec in SPEC["family"].items():
        _answer(families, question, spec, rng)
    children, members = {}, {}
    born = _births(plain, rng)
    about = ["family_id", "community", "grid", "neighbourhood", "hardship", "hukou"]
    for later, name in enumerate(ROUNDS):
        kin = born.assign(age=(born["months"] + MONTHS_APART * later) // 12)
        members[name] = _members(plain, kin, rng)
        young = members[name]["member_age_band"].isin(["0_2", "3_5", "6_11", "12_15"])
        sizes = members[name].assign(young=young).groupby("family_id")["young"].agg(["size", "sum"])
        families[name][["family_size", "children_under_16"]] = sizes.to_numpy()
        children[name] = kin.merge(families[name][about], on="family_id", validate="m:1")
    for question, spec in SPEC["child"].items():
        _answer(children, question, spec, rng)
    surveyed = {name: kin[_surveyed(kin)].reset_index(drop=True) for name, kin in children.items()}
    return Population(families, surveyed, members)


def _surveyed(children: Frame) -> pd.Series:
    return children["age"].between(3, 15)


def _families(rng: np.random.Generator) -> Frame:
    """Families in their grids, with hardship status and the adults of the household."""
    sizes = rng.integers(28, 53, len(COMMUNITIES) * GRIDS)
    grid = np.repeat(np.arange(len(sizes)), sizes)
    n = len(grid)
    community = np.array(COMMUNITIES)[grid // GRIDS]
    neighbourhood = rng.standard_normal(len(sizes))[grid]
    score = pd.Series(0.35 * neighbourhood + rng.standard_normal(n))
    place = score.groupby(community).rank(pct=True)
    mother = rng.random(n) < 0.95
    return Frame(
        {
            "family_id": [f"F{number:04d}" for number in range(1, n + 1)],
            "community": community,
            "grid": [f"{name}-{number % GRIDS + 1:02d}" for name, number in zip(community, grid, strict=True)],
            "neighbourhood": neighbourhood,
            "hardship": np.where(place > 1 - pd.Series(community).map(HARDSHIP), "hardship", "ordinary"),
            "mother": mother,
            "father": ~mother | (rng.random(n) < 0.88),
            "grandparent": rng.binomial(2, 0.11, n),
            "relative": rng.random(n) < 0.07,
        }
    )


def _births(families: Frame, rng: np.random.Generator) -> Frame:
    """Children of the families, with sex and age in months at the first round."""
    number = rng.choice([1, 2, 3], len(families), p=[0.58, 0.36, 0.06])
    family_id = np.repeat(families["family_id"].to_numpy(), number)
    n = len(family_id)
    return Frame(
        {
            "child_id": [f"C{position:05d}" for position in range(1, n + 1)],
            "family_id": family_id,
            "months": rng.integers(0, 16 * 12, n),
            "sex": np.where(rng.random(n) < 0.54, "male", "female"),
        }
    )


def _members(families: Frame, kin: Frame, rng: np.random.Generator) -> Frame:
    """Roster of every family: adults first, then children."""
    bands = pd.cut(kin["age"], [-1, 2, 5, 11, 15, 17], labels=["0_2", "3_5", "6_11", "12_15", "16_17"])
    young = Frame({"family_id": kin["family_id"], "member_age_band": bands.astype(str), "member_works": ""})
    parts = []
    for relation, (band, works) in ADULTS.items():
        who = families["family_id"].repeat(families[relation].astype(int))
        answer = np.where(rng.random(len(who)) < works, "yes", "no")
        adult = {"family_id": who, "member_relation": relation, "member_age_band": band}
        parts.append(Frame({**adult, "member_works": answer}))
    roster = pd.concat([*parts, young.assign(member_relation="child")], ignore_index=True)
    return roster.sort_values("family_id", kind="stable").reset_index(drop=True)


def _answer(frames: dict[str, Frame], question: str, spec: dict[str, Any], rng: np.random.Generator) -> None:
    """Write one question's answers into the frame of every round."""
    first = frames[ROUNDS[0]]
    shift, lasting = _lasting(first, spec.get("hardship", 0.4), rng)
    for name, frame in frames.items():
        fresh = rng.standard_normal(len(frame))
        own = np.sqrt(PERSISTENCE) * lasting + np.sqrt(1 - PERSISTENCE) * fresh
        score = shift + np.sqrt(1 - CLUSTERING) * own
        if spec.get("fixed") and name != ROUNDS[0]:
            frame[question] = first[question]
        elif spec.get("only", name) != name:
            frame[question] = ""
        else:
            shares = spec.get("later", spec.get("deal")) if name == ROUNDS[1] else spec.get("deal")
            frame[question] = _given(frame, question, {**spec, "deal": shares}, score, rng)


def _lasting(frame: Frame, hardship: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Parts of a question's score that stay from round to round: of the place and group, of the person."""
    place = dict(zip(COMMUNITIES, 0.15 * rng.standard_normal(len(COMMUNITIES)), strict=True))
    grids = frame["grid"].unique()
    corner = dict(zip(grids, rng.standard_normal(len(grids)), strict=True))
    near = 0.6 * frame["neighbourhood"] + 0.8 * frame["grid"].map(corner)
    hukou = frame["hukou"].map({"local": -0.25, "other_city": 0, "agricultural": 0.15}) if "hukou" in frame else 0
    group = hardship * (frame["hardship"] == "hardship") + hukou + frame["community"].map(place)
    own = rng.standard_normal(len(frame))
    if "child_id" in frame:
        family, _ = pd.factorize(frame["family_id"])
        own = np.sqrt(0.3) * rng.standard_normal(family.max() + 1)[family] + np.sqrt(0.7) * own
    return (group + np.sqrt(CLUSTERING) * near).to_numpy(float), own


def _given(
    frame: Frame, question: str, spec: dict[str, Any], score: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Answers of one round, "" for those who are not asked."""
    asked = np.ones(len(frame), bool)
    if "child_id" in frame:
        asked &= _surveyed(frame)
    if question in ASKED:
        asked &= ASKED[question](frame)
    answers = np.full(len(frame), "", object)
    if "mark" in spec:
        answers[asked] = _mark(frame[asked], spec, score[asked], rng)
    elif spec.get("deal"):
        young = (frame["age"] < 6).to_numpy() if "under_6" in spec else np.zeros(len(frame), bool)
        answers[asked & ~young] = _deal(score[asked & ~young], spec["deal"])
        answers[asked & young] = _deal(score[asked & young], spec.get("under_6", spec["deal"]))
    else:
        answers[asked] = _measure(frame, spec, score)[asked]
    return answers


def _deal(score: np.ndarray, shares: dict[str, float]) -> np.ndarray:
    """Deal options along the ranks of the scores, the first option to the lowest."""
    rank = (rankdata(score, method="ordinal") - 0.5) / max(len(score), 1)
    place = np.searchsorted(np.cumsum(list(shares.values())), rank)
    return np.array(list(shares), object)[np.minimum(place, len(shares) - 1)]


def _measure(frame: Frame, spec: dict[str, Any], score: np.ndarray) -> np.ndarray:
    """A number that depends on the score, and on age where the specification says so."""
    if "log" in spec:
        value = np.exp(spec["log"][0] + spec["log"][1] * score)
    else:
        value = spec["linear"][0] + spec["linear"][1] * score + spec["by_age"] * frame["age"].to_numpy()
    return np.clip(np.round(value / spec["step"]) * spec["step"], *spec["range"])


def _mark(frame: Frame, spec: dict[str, Any], score: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Options marked by each person, at least one, joined by spaces in form order."""
    names = np.array(list(spec["mark"]), object)
    margin = np.array(list(spec["mark"].values())) - rng.random((len(frame), len(names)))
    if "among" in spec:
        possible = [[name in cell.split() for name in names] for cell in frame[spec["among"]]]
        margin -= 9.0 * ~np.array(possible, bool)
    order = rankdata(-margin, method="ordinal", axis=1)
    marked = ((margin > 0) & (order <= spec.get("most", len(names)))) | (order == 1)
    texts = np.array([" ".join(names[row]) for row in marked], object)
    nothing = _deal(score, {"some": 1 - spec.get("none", 0), "none": spec.get("none", 0)}) == "none"
    return np.where(nothing, "none", texts)


def truth(population: Population) -> dict[str, dict[str, dict[str, float]]]:
    """Values in the whole population: round → indicator → group (``hukou=local``, "" for the whole)."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name in ROUNDS:
        family = population.families[name]
        child = population.children[name]
        bands = pd.cut(child["age"], [2, 5, 11, 15], labels=["3-5", "6-11", "12-15"]).astype(str)
        people = {"family": family, "child": child.assign(age_band=bands)}
        values = {}
        for indicator, (unit, base, need) in SHARES.items():
            asked = people[unit][base(people[unit])]
            values[indicator] = _by_group(asked, need(asked).astype(float), asked["grid"] != "")
        for indicator, question in MEANS.items():
            values[indicator] = _by_group(people["child"], people["child"][question], child["grid"] != "")
        renting = family[family["tenure"] == "rent"]
        values["live_rent_share"] = _by_group(renting, renting["rent"], renting["income"])
        if (family["station_known"] == "").all():
            del values["sup_station_unknown"]
        found[name] = dict(sorted(values.items()))
    return found


def _by_group(people: Frame, top: pd.Series, bottom: pd.Series) -> dict[str, float]:
    """Sum of ``top`` over sum of ``bottom``, for the whole and for every group."""
    sums = people.assign(top=top.astype(float), bottom=bottom.astype(float))
    values = {"": sums["top"].sum() / sums["bottom"].sum()}
    for group in ("community", "hardship", "hukou", "sex", "age_band"):
        if group in people:
            parts = sums.groupby(group)[["top", "bottom"]].sum()
            values |= {f"{group}={value}": row.top / row.bottom for value, row in parts.iterrows()}
    return {by: round(float(value), 6) for by, value in values.items()}
