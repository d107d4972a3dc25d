"""Scales against R: eRm and brute force over all answer patterns, psych and factanal, and a jackknife of everything."""

import json
import runpy

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.needs import scales

EXACT = 1e-7  # both climb to the same maximum until the slope is nothing; R over all 256 patterns written out
SEARCHED = 1e-4  # eRm stops where a step gains no more, its severities 1e-5 from the maximum, and errors follow them
JACKKNIFE = 0.05  # relative: jackknife and linearisation differ by about one over the number of clusters, 32
ERM = ("severity", "se", "log_likelihood", "measure", "error")


@pytest.fixture(scope="module")
def answers(request):
    return pd.read_csv(request.path.parent / "fixtures" / "scales.csv")


@pytest.fixture(scope="module")
def food(answers):
    return answers.filter(regex="^fies_")


@pytest.fixture(scope="module")
def well(answers):
    return answers.filter(regex="^well_")


@pytest.fixture(scope="module")
def sample(answers):
    return xzz.Sample(answers, weight="w", strata="stratum", cluster="cluster")


@pytest.fixture(scope="module")
def found(food, sample):
    return scales.fies(food, sample.design.weight)


@pytest.fixture(scope="module")
def r(request):
    """R's numbers by call and name."""
    source = json.loads(request.path.with_name("scales.json").read_text(encoding="utf-8"))
    return {case["call"]: numbers(case | {"columns": source["columns"]}) for case in source["cases"]}


def numbers(case):
    rows = pd.DataFrame(case["rows"], columns=case["columns"])
    return {name: group["value"].to_numpy(float) for name, group in rows.groupby("name")}


def ours_of(call, food, well, sample, found):
    """Our numbers by the names that R's have; measures without those of raw scores 0 and k where eRm has none."""
    if call == "rasch(food)":
        model = scales.rasch(food)
        return vars(model) | vars(model.fit) | {"measure": model.measure[1:-1], "error": model.error[1:-1]}
    if call == "rasch(food, weights)":
        return vars(found.model) | vars(found.model.fit)
    if call == "fies(food, weights)":
        return {"by_raw_score": found.by_raw_score, "common": np.isin(found.model.items, found.equating.common)}
    if call == "reliability(well)":
        declared = scales.likert("well", {"zh": "心境", "en": "mood"}, list(well), reverse=["well_3"])
        return vars(scales.reliability(declared, well))
    out = scales.prevalence(sample, found, None if call == "prevalence(sample)" else "area")
    return out[(out["by"] == "") | out["by"].isin([f"area={area}" for area in ("north", "south") if area in call])]


def test_equals_r(case, food, well, sample, found):
    ours = ours_of(case["call"], food, well, sample, found)
    for name, expected in numbers(case).items():
        if name == "design_se" or (name == "se" and "prevalence" in case["call"]):
            continue  # a jackknife, see below
        mine = np.atleast_1d(np.asarray(ours[name], float)).ravel()
        fine = SEARCHED if case["call"] == "rasch(food)" and name not in ("log_likelihood",) else EXACT
        told = name if name == "estimate" else f"{name} of {case['call']}"
        np.testing.assert_allclose(mine, expected, rtol=fine, atol=fine, err_msg=told)


def test_errors_of_prevalences_are_those_of_a_jackknife_of_the_whole_procedure(r, sample, found):
    whole, areas = scales.prevalence(sample, found), scales.prevalence(sample, found, "area").set_index("by")
    assert list(whole["se"]) == pytest.approx(r["prevalence(sample)"]["se"], rel=JACKKNIFE)
    for area in ("north", "south"):
        expected = r[f"prevalence(sample, by='area', level='{area}')"]["se"]
        assert list(areas.loc[f"area={area}", "se"]) == pytest.approx(expected, rel=JACKKNIFE)


def test_errors_that_take_the_severities_as_known_are_too_small_for_severe_insecurity(r, sample, found):
    known = xzz.mean(sample_with(sample, found.probability[:, 1]), "y")["se"].item()
    assert known < 0.95 * r["prevalence(sample)"]["se"][1]


def test_influences_carry_the_designs_error_of_the_severities(r, sample, found):
    errors = [xzz.total(sample_with(sample, column), "y")["se"].item() for column in found.model.influence.T]
    assert errors == pytest.approx(r["rasch(food, weights)"]["design_se"], rel=JACKKNIFE)


def test_the_script_makes_the_committed_answers(request):
    folder = request.path.parent / "fixtures"
    rows = pd.DataFrame(runpy.run_path(str(folder / "make_scales.py"))["respondents"]())
    assert rows.to_csv(index=False, lineterminator="\n").encode() == (folder / "scales.csv").read_bytes()


def test_the_answers_hold_every_awkward_thing(answers, food, found):
    raw = food.sum(axis=1, skipna=False)
    assert {0, 8} <= set(raw) and raw.isna().sum() > 10 and (answers["w"] == 0).any()
    assert found.equating.common == tuple(food.columns[1:])


def sample_with(sample, y):
    frame = sample.frame[["w", "stratum", "cluster"]].assign(y=y)
    return xzz.Sample(frame, weight="w", strata="stratum", cluster="cluster")
