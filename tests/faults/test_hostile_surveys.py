"""Hostile use of the survey engine: one clear error, or a flagged row with its reason; never a lie."""

import copy
import decimal
import os
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.cli import main
from xzz_analysis.errors import XzzError
from xzz_analysis.survey.engine.sums import product
from xzz_analysis.survey.planning import Plan, detectable_change, simulate

ROWS = 48
NUMBER = np.arange(ROWS)
SEX, AREA = {"f": 100, "m": 120}, {"city": 80, "village": 140}
PLAN = {"share": 0.3, "clusters": 20, "per_cluster": 15, "icc": 0.05}
weighting = xzz.weighting


def survey(**columns):
    """Two strata of six clusters, four respondents in each."""
    frame = {
        "stratum": np.where(NUMBER < ROWS // 2, "东区", "西区"),
        "grid": NUMBER // 4,
        "weight": 1.0 + NUMBER % 3,
        "n_grids": 30,
        "sex": np.where(NUMBER % 2, "f", "m"),
        "area": np.where(NUMBER // 4 % 3 == 0, "city", "village"),
        "need": (NUMBER * 7 % 5 == 0).astype(float),
        "age": 6.0 + NUMBER * 5 % 9,
        "barrier": np.where(NUMBER % 3, "cost", "papers"),
        "id": [f"p{number}" for number in NUMBER],
        "help/food": (NUMBER % 2).astype(float),
        "help/water": (NUMBER % 3 == 0).astype(float),
    }
    return pd.DataFrame(frame | columns)


def sample_of(frame=None, **changes):
    """A sample of the survey, or of another frame or design."""
    design = {"weight": "weight", "strata": "stratum", "cluster": "grid"}
    return xzz.Sample(survey() if frame is None else frame, **(design | changes))


def later(**columns):
    """The same clusters a round later."""
    return sample_of(survey(need=(NUMBER % 3 == 0).astype(float), age=7.0 + NUMBER % 5, **columns))


def assert_settled(found):
    """No infinity anywhere, and no figure absent without a reason."""
    if isinstance(found, xzz.Sample):
        assert np.isfinite(found.design.weight).all()
        return
    assert not np.isinf(found.select_dtypes("number").to_numpy(float, na_value=np.nan)).any()
    figures = found[[name for name in ("estimate", "se", "low", "high", "p") if name in found]].isna().any(axis=1)
    if "reason" in found:
        figures &= ~((found["reason"] != "") | (found.get("statistic", pd.Series("", found.index)) == "rank"))
    assert not figures.any(), found[figures]


# --- refused: what, and a word of the message ----------------------------------------------------------------------

TWICE = pd.concat([survey(), survey()[["age"]]], axis=1)
SHARES = xzz.share(sample_of(), ["need", "barrier"], "grid")
LISTS = pd.Series([["a"], ["b"]] * (ROWS // 2))

DESIGNS = {
    "no frame": (lambda: xzz.Sample(None), "DataFrame"),
    "a column for a frame": (lambda: xzz.Sample(survey()["age"]), "not of a Series"),
    "weights as an array": (lambda: sample_of(weight=survey()["weight"]), "asked for by name"),
    "fpc as a number": (lambda: sample_of(fpc=30), "of type int is none"),
    "no name of a cluster": (lambda: sample_of(cluster=[""]), "cannot be empty"),
    "a cluster twice": (lambda: sample_of(cluster=["grid", "grid"]), "'grid' is named twice"),
    "a column twice": (lambda: xzz.mean(sample_of(TWICE), "age"), "'age' is the name of 2 columns"),
    "fpc of 0": (lambda: sample_of(survey(n_grids=0), fpc="n_grids"), "holds 0 units"),
    "fpc mixes fractions": (
        lambda: sample_of(survey(n_grids=np.where(NUMBER < 24, 0.3, 30)), fpc="n_grids"),
        "holds 0.3 units",
    ),
    "one cluster": (lambda: sample_of(survey(grid=1), strata=None), "the sample holds 1 first-stage unit"),
    "weights are dates": (lambda: sample_of(survey(weight=pd.Timestamp("2026"))), "not a number in 48 of 48"),
    "weights of 1e300": (lambda: sample_of(survey(weight=1e300)), r"above 1e\+50 in 48 of 48"),
    "clusters are lists": (lambda: sample_of(survey(grid=LISTS)), "several values"),
    "nobody": (lambda: sample_of().subpopulation(np.zeros(ROWS, bool)), "none of the 48"),
    "members are words": (lambda: sample_of().subpopulation("sex"), "48 of them neither"),
    "members in two columns": (lambda: sample_of().subpopulation(np.ones((ROWS, 2), bool)), "got 96 values"),
    "weights are a word": (lambda: sample_of().reweighted("weight"), "got 0 numbers"),
    "reasons too few": (lambda: sample_of().described(reasons=pd.DataFrame({"age": [0]})), "48 rows"),
    "no such reason": (lambda: sample_of().described(reasons=pd.DataFrame({"age": [77] * ROWS})), "codes from 0 to 7"),
    "a label that is none": (lambda: sample_of().described(labels={"runde": "a"}), "did you mean 'round'"),
}
QUESTIONS = {
    "a frame for a sample": (lambda: xzz.share(survey(), "need"), "a Sample is needed"),
    "answers for a name": (lambda: xzz.share(sample_of(), survey()["need"]), "asked for by name"),
    "groups for a name": (lambda: xzz.share(sample_of(), "need", survey()["sex"]), "asked for by name"),
    "a set has no order": (lambda: xzz.mean(sample_of(), {"age"}), "type set"),
    "a question twice": (lambda: xzz.mean(sample_of(), ["age", "age"]), "named twice"),
    "a group twice": (lambda: xzz.mean(sample_of(), "age", ["sex", "sex"]), "named twice"),
    "no such column": (lambda: xzz.mean(sample_of(), "zzz"), "its columns are 'stratum'"),
    "level 1": (lambda: xzz.mean(sample_of(), "age", level=1), "level is 1"),
    "level next to 1": (lambda: xzz.share(sample_of(), "need", level=1 - 1e-16), "level is"),
    "level is a word": (lambda: xzz.mean(sample_of(), "age", level="0.95"), "level is '0.95'"),
    "no probability": (lambda: xzz.quantile(sample_of(), "age", probs=[]), "lie between 0 and 1"),
    "answers of 1e200": (lambda: xzz.mean(sample_of(survey(age=1e200)), "age"), r"beyond ±1e\+50 in 48"),
    "dates have no mean": (lambda: xzz.mean(sample_of(survey(age=pd.Timestamp("2026"))), "age"), "holds dates"),
    "answers are lists": (lambda: xzz.share(sample_of(survey(need=LISTS)), "need"), "several values"),
    "groups are lists": (lambda: xzz.mean(sample_of(survey(sex=LISTS)), "age", "sex"), "several values"),
    "endless replicates": (
        lambda: xzz.replicate(sample_of(), "need", method="bootstrap", replicates=10**12),
        "2 to 100000",
    ),
    "no seed": (lambda: xzz.replicate(sample_of(), "need", method="bootstrap", seed=None), "seed is None"),
}
WEIGHTS = {
    "a frame for a sample": (lambda: weighting.trim(survey(), high=2), "a Sample is needed"),
    "no totals": (lambda: weighting.post_stratify(sample_of(), "sex", None), "write {level: total}"),
    "totals of 1e300": (lambda: weighting.post_stratify(sample_of(), "sex", {"f": 1e300, "m": 1}), r"is 1e\+300"),
    "a margin misses a level": (lambda: weighting.rake(sample_of(), {"sex": {"f": 1}}), "'m' of 'sex' has 24"),
    "margins disagree": (
        lambda: weighting.rake(sample_of(), {"sex": SEX, "area": {"city": 1, "village": 1}}),
        "sum to 2",
    ),
    "margins exclude each other": (
        lambda: weighting.rake(
            sample_of(survey(area=survey()["sex"])), {"sex": {"f": 1, "m": 3}, "area": {"f": 2, "m": 2}}
        ),
        "stopped after 500 sweeps",
    ),
    "weights below zero": (lambda: weighting.calibrate(sample_of(), {"age": 2000.0}, population=96), "below zero"),
    "a total out of reach": (
        lambda: weighting.calibrate(sample_of(), {"age": 2000.0}, population=96, distance="raking"),
        "found no weights",
    ),
    "one bound": (lambda: weighting.calibrate(sample_of(), {"age": 900.0}, bounds=(0.5,)), "two numbers"),
    "tolerance is a word": (lambda: weighting.rake(sample_of(), {"sex": SEX}, tolerance="x"), "tolerance is 'x'"),
    "no class": (lambda: weighting.adjust_nonresponse(sample_of(), "need", None), "asked for by name"),
    "responses are words": (lambda: weighting.adjust_nonresponse(sample_of(), "sex", "area"), "48 of 48"),
}
COMPARISONS = {
    "not one sample": (lambda: xzz.join([SHARES, xzz.share(later(), "need")]), "different samples"),
    "whole and part": (
        lambda: xzz.join([SHARES, xzz.share(sample_of().subpopulation("need"), "need")]),
        "different samples",
    ),
    "one frame to join": (lambda: xzz.join(SHARES), "takes a list"),
    "rows without id": (lambda: SHARES.drop(columns="result_id").covariance(), "no column 'result_id'"),
    "rows side by side": (lambda: SHARES.merge(SHARES, on="by").covariance(), "no influence matrix"),
    "rows of two samples": (lambda: pd.concat([SHARES, xzz.share(later(), "need")]).covariance(), "no influence"),
    "a plain frame": (lambda: xzz.contrast(pd.DataFrame(SHARES), {"a": {0: 1}}), "made of Estimates"),
    "no names of contrasts": (lambda: xzz.contrast(SHARES, [{0: 1}]), "mapping of names"),
    "a coefficient that is a word": (lambda: xzz.contrast(SHARES, {"a": {0: "x"}}), "not a mapping of rows to numbers"),
    "no null": (lambda: xzz.contrast(SHARES, {"a": {0: 1}}, null=None), "null=None"),
    "a reference that is a number": (lambda: xzz.differences(SHARES, "grid", reference=0), "write '1' for 1"),
    "a test of nothing": (lambda: xzz.test(sample_of(), [], "sex"), "at least one question"),
    "no adjustment": (lambda: xzz.test(sample_of(), "barrier", "sex", adjust=None), "adjustment None"),
}
ROUNDS = {
    "a frame for a round": (lambda: xzz.change(survey(), later(), "need"), "a Sample is needed"),
    "clusters changed stratum": (
        lambda: xzz.change(sample_of(), later(stratum=np.where(NUMBER < 20, "东区", "西区")), "need"),
        "1 such clusters of 12",
    ),
    "a key repeated": (lambda: xzz.change(sample_of(), later(id="p1"), "need", overlap="panel", key="id"), "47 of 48"),
    "keys are lists": (
        lambda: xzz.change(sample_of(), later(id=LISTS), "need", overlap="panel", key="id"),
        "several values",
    ),
    "the name of the weights": (
        lambda: xzz.change(sample_of(survey(**{"joint:weight": 1.0})), later(), "joint:weight"),
        "rename the column",
    ),
    "a crosswalk of three names": (
        lambda: xzz.change(sample_of(), later(), "need", comparable={("a", "b", "c"): "no"}),
        "name a question",
    ),
    "composition of nothing": (
        lambda: xzz.composition_change(sample_of(survey(sex=None)), later(sex=None), "need", "sex"),
        "nobody's sex is known",
    ),
    "one round is no trend": (lambda: xzz.trend(sample_of(), "need"), "list of samples"),
    "two rounds at one time": (
        lambda: xzz.trend([sample_of(), later(), later()], "need", times={"1": 0, "2": 1, "3": 1}),
        "each at a time of its own",
    ),
    "a round at no time": (
        lambda: xzz.trend([sample_of(), later(), later()], "need", times={"1": 0, "2": pd.NaT, "3": 1}),
        "earliest first",
    ),
}
AREAS = {
    "areas of a sample": (lambda: xzz.small_area(sample_of()), "not from a Sample"),
    "nobody answered": (
        lambda: xzz.small_area(xzz.mean(sample_of(survey(age=np.nan)), "age", "grid")),
        "none of 12 areas",
    ),
    "covariates of 1e300": (
        lambda: xzz.small_area(SHARES[SHARES["indicator"] == "need"], pd.DataFrame({"x": [1e300] * 12})),
        "covariate 'x'",
    ),
    "perhaps smooth": (lambda: xzz.small_area(SHARES, smooth_variance="no"), "write True or False"),
    "no plan": (lambda: detectable_change(None), "a Plan is needed"),
    "endless clusters": (lambda: Plan(**(PLAN | {"clusters": 1e300})), "at most"),
    "communities in a list": (lambda: xzz.plan_sample(["a"], **PLAN), "column 'community'"),
    "no community": (lambda: xzz.plan_sample(pd.DataFrame({"community": [None]}), **PLAN), "1 of 1 rows"),
    "a goal that is a word": (lambda: xzz.plan_sample(pd.DataFrame({"community": ["a"]}), change="x", **PLAN), "'x'"),
    "half a repeat": (lambda: simulate(Plan(**PLAN), repeats=100.5), "whole numbers"),
}
REFUSED = {
    f"{role}: {name}": attack
    for role, attacks in {
        "design": DESIGNS,
        "question": QUESTIONS,
        "weights": WEIGHTS,
        "comparison": COMPARISONS,
        "rounds": ROUNDS,
        "areas": AREAS,
    }.items()
    for name, attack in attacks.items()
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_attack_is_refused_in_a_sentence(name):
    call, word = REFUSED[name]
    with pytest.raises(XzzError, match=word):
        call()


# --- accepted: every absent figure has its reason ------------------------------------------------------------------

THREE = np.where(np.isin(NUMBER, (0, 10, 30)), NUMBER, np.nan)
CALLS = {
    "share": lambda s: xzz.share(s, ["need", "barrier", "help"], "sex"),
    "mean": lambda s: xzz.mean(s, ["age", "need"], ["sex", "area"]),
    "total": lambda s: xzz.total(s, "age", "grid"),
    "ratio": lambda s: xzz.ratio(s, "age", "need", "grid"),
    "quantile": lambda s: xzz.quantile(s, "age", "sex"),
    "jackknife": lambda s: xzz.replicate(s, "need", "grid"),
    "bootstrap": lambda s: xzz.replicate(s, "need", "sex", method="bootstrap", replicates=20),
    "differences": lambda s: xzz.differences(xzz.mean(s, "age", "sex"), "sex", adjust="max-t"),
    "contrast": lambda s: xzz.contrast(xzz.share(s, "need", "grid"), {"a": {0: 1, 1: -1}, "b": {0: 2, 1: -2}}),
    "rao-scott": lambda s: xzz.test(s, ["barrier", "need"], "sex", method="rao-scott-f"),
    "wald": lambda s: xzz.test(s, ["barrier", "need"], "sex", method="adjusted-wald"),
    "t": lambda s: xzz.test(s, ["age", "need"], "sex", method="t"),
    "change": lambda s: xzz.change(s, s, ["need", "barrier"], "sex", adjust="max-t"),
    "composition": lambda s: xzz.composition_change(s, s, "age", "sex", "area", statistic="mean"),
    "trend": lambda s: xzz.trend([s, s, s], "age", "sex", statistic="mean"),
    "raked": lambda s: xzz.mean(weighting.rake(s, {"sex": SEX, "area": AREA}), "age", "grid"),
    "calibrated": lambda s: xzz.total(weighting.calibrate(s, {"sex": {"f": 0.5, "m": 0.5}}), "need", "area"),
    "small areas": lambda s: xzz.small_area(xzz.mean(s, "need", "area")),
    "multiple": lambda s: xzz.multiple(s, "help", "sex"),
    "gini": lambda s: xzz.gini(s, "age", "grid"),
    "standardised": lambda s: xzz.standardised(s, "need", "area", "sample", "sex"),
}
FRAMES = {
    "all the same": survey(need=0.0, age=5.0, barrier="cost"),
    "nobody answered": survey(need=np.nan, age=np.nan, barrier=None),
    "three answered": survey(age=THREE, need=np.where(np.isnan(THREE), np.nan, 1.0)),
    "no weight in a group": survey(weight=np.where(NUMBER % 2, 0.0, 1.0)),
    "weights of 1e12": survey(weight=1e12),
    "weights far apart": survey(weight=np.choose(NUMBER % 3, [1e-50, 1e50, 1e12])),
    "one holds all": survey(weight=np.where(NUMBER == 5, 1e50, 1.0)),
    "groups missing": survey(sex=np.where(NUMBER % 3 == 0, None, survey()["sex"])),
    "levels unused": survey(sex=pd.Categorical(survey()["sex"], categories=["x", "m", "f", "y"])),
    "levels like code": survey(sex=np.where(NUMBER % 2, "a=b;c", "x%3Dy − z")),
    "levels empty": survey(sex=np.where(NUMBER % 2, "", " ")),
    "levels of two types": survey(sex=pd.Series([1, "a"] * (ROWS // 2), dtype=object)),
    "levels are dates": survey(sex=pd.to_datetime(["2025-01-01", "2026-01-01"] * (ROWS // 2))),
    "nullable": survey(need=pd.array([1, 0, None] * 16, "Int64"), sex=pd.array([True, None] * 24, "boolean")),
    "objects": survey(need=pd.Series([True, False, None] * 16, dtype=object), age=[decimal.Decimal("1.5")] * ROWS),
    "huge clusters": survey(grid=[2**70 + number // 4 for number in range(ROWS)]),
    "two rows of one label": survey().set_axis(NUMBER % 2),
    "two clusters": survey().iloc[[0, 1, 4, 5, 24, 25, 28, 29]],
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("call", CALLS)
def test_what_cannot_be_estimated_is_refused_or_has_a_reason(call, frame):
    try:
        found = CALLS[call](sample_of(FRAMES[frame]))
    except XzzError:
        return
    assert_settled(found)


@pytest.mark.parametrize("call", ["share", "mean", "total", "quantile", "differences", "change", "rao-scott"])
@pytest.mark.parametrize(
    "design",
    [{"kind": "census"}, {"lonely": "adjust", "strata": "grid"}, {"lonely": "certainty", "strata": "grid"}],
    ids=lambda design: next(iter(design.values())),
)
def test_designs_without_degrees_of_freedom_say_so(call, design):
    assert_settled(CALLS[call](sample_of(**design)))


def test_a_census_of_one_cluster_has_no_sampling_error():
    found = xzz.mean(sample_of(survey().iloc[:4], kind="census"), "age").iloc[0]
    assert found["low"] == found["estimate"] == found["high"]
    assert found["reason"] == ""


def test_a_text_question_that_nobody_answered_keeps_its_row():
    found = xzz.share(sample_of(survey(barrier=pd.Series([None] * ROWS, dtype="str"))), "barrier", "sex")
    assert list(found["reason"]) == ["nobody_answered"] * 2


def test_a_hundred_thousand_groups_are_estimated():
    frame = pd.DataFrame({"y": np.arange(100_000) % 2, "g": np.arange(100_000), "c": np.arange(100_000) // 10})
    found = xzz.share(xzz.Sample(frame, cluster="c"), "y", "g")
    assert len(found) == 100_000
    assert_settled(found.head(100))


def test_too_many_pairs_are_refused():
    frame = pd.DataFrame({"y": np.arange(2000) % 2, "g": np.arange(2000), "c": np.arange(2000) // 10})
    with pytest.raises(XzzError, match="1999000 differences"):
        xzz.differences(xzz.share(xzz.Sample(frame, cluster="c"), "y", "g"), "g")


# --- nothing lies --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        (lambda e: e.iloc[::-1], np.arange(36)[::-1]),
        (lambda e: e[e["indicator"] == "need"], np.arange(12)),
        (lambda e: e.loc[[3, 1, 2]].reset_index(drop=True), [3, 1, 2]),
        (lambda e: pickle.loads(pickle.dumps(e)), np.arange(36)),
        (copy.deepcopy, np.arange(36)),
        (lambda e: xzz.join([e[:5], e[5:]]), np.arange(36)),
    ],
    ids=["reversed", "filtered", "chosen", "pickled", "copied", "joined"],
)
def test_covariance_follows_the_rows(change, rows):
    expected = SHARES.covariance()[np.ix_(rows, rows)]
    np.testing.assert_allclose(change(SHARES).covariance(), expected, rtol=1e-13)


def test_the_whole_and_a_part_of_it_cannot_be_confused():
    whole = sample_of()
    part = whole.subpopulation(NUMBER < 20)
    with pytest.raises(XzzError, match="name one of the samples"):
        xzz.join([xzz.share(whole, "need"), xzz.share(part, "need")])
    named = xzz.share(part.described(labels={"unit": "first twenty"}), "need")
    both = xzz.join([xzz.share(whole, "need"), named])
    np.testing.assert_allclose(np.sqrt(np.diag(both.covariance())), both["se"], rtol=1e-12)


def test_no_estimate_has_no_covariance():
    silent = xzz.mean(sample_of(survey(age=np.where(NUMBER % 2, 5.0 + NUMBER % 3, np.nan))), "age", "sex")
    assert np.isnan(silent.covariance()).tolist() == [[False, True], [True, True]]


def test_large_numbers_of_groups_stay_apart():
    found = xzz.mean(sample_of(survey(sex=np.where(NUMBER % 5, 1234567.0 + NUMBER % 2, np.nan))), "age", "sex")
    assert list(found["by"]) == ["sex=1234567", "sex=1234568"]
    assert found["result_id"].is_unique


def test_levels_written_alike_are_one():
    found = xzz.mean(sample_of(survey(sex=pd.Series([1, "1"] * (ROWS // 2), dtype=object))), "age", "sex")
    assert list(found["n"]) == [ROWS]


def test_nothing_that_the_user_holds_changes():
    frame, estimates = survey(sex=pd.Categorical(survey()["sex"])), SHARES.copy()
    before = frame.copy(deep=True)
    sample = sample_of(frame)
    for call in CALLS.values():
        call(sample)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(SHARES, estimates)
    weights = np.ones(ROWS)
    later_weighted = sample.reweighted(weights)
    weights[:] = NUMBER
    assert (later_weighted.design.weight == 1).all()


SECRET = "respondent-4711"


@pytest.mark.parametrize(
    "call",
    [
        lambda frame: xzz.mean(sample_of(frame), "name"),
        lambda frame: xzz.share(sample_of(frame), frame["name"]),
        lambda frame: xzz.mean(sample_of(frame), "age", frame["name"]),
        lambda frame: sample_of(frame, weight="name"),
        lambda frame: sample_of(frame).subpopulation("name"),
        lambda frame: sample_of(frame).subpopulation(frame["name"]),
        lambda frame: weighting.adjust_nonresponse(sample_of(frame), "name", "sex"),
        lambda frame: weighting.calibrate(sample_of(frame), {"name": 1.0}),
        lambda frame: xzz.change(sample_of(frame), sample_of(frame), "need", overlap="panel", key="name"),
        lambda frame: xzz.concentration(sample_of(frame), "need", "name"),
    ],
)
def test_no_error_shows_a_respondent(call):
    with pytest.raises(XzzError) as caught:
        call(survey(name=SECRET))
    assert SECRET not in str(caught.value)


# --- stored tables -------------------------------------------------------------------------------------------------


def stored(tmp_path, **columns):
    """The survey as a table that is read block by block."""
    survey(**columns).to_parquet(tmp_path / "t.parquet", index=False)
    return xzz.Sample(xzz.read_parquet(tmp_path / "t.parquet", memory=0), weight="weight", cluster="grid")


def test_a_stored_number_that_is_infinite_is_refused(tmp_path):
    with pytest.raises(XzzError, match="'age' is infinite in 48"):
        xzz.mean(stored(tmp_path, age=np.inf), "age")


@pytest.mark.parametrize("change", ["deleted", "shortened", "damaged"])
def test_a_file_that_changes_under_the_sample_is_noticed(tmp_path, change):
    sample, path = stored(tmp_path), tmp_path / "t.parquet"
    if change == "deleted":
        path.unlink()
    elif change == "shortened":
        survey().iloc[:30].to_parquet(path, index=False)
    else:
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(XzzError, match=r"t\.parquet"):
        xzz.mean(sample, "age")


def test_files_with_other_columns_are_refused(tmp_path):
    survey().to_parquet(tmp_path / "a.parquet")
    survey().drop(columns="age").to_parquet(tmp_path / "b.parquet")
    for memory in (0, 1 << 30):
        with pytest.raises(XzzError, match="other columns"):
            xzz.read_parquet(tmp_path, memory=memory)


# --- the command ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("community,share\n,0.3\n", "1 of 1 rows of communities have no community"),
        ("community;share\na;0,3\n", "separate cells by commas"),
        ("community,share\na,0.3,5\n", "more cells than its header"),
        ("community,share\na,30%\n", "share is '30%'"),
        ("", "no CSV file"),
    ],
)
def test_plan_sample_refuses_a_broken_table(tmp_path, capsys, text, said):
    path = tmp_path / "communities.csv"
    path.write_text(text, encoding="utf-8")
    inputs = [part for name, value in PLAN.items() for part in ("--set", f"{name}={value}")]
    with pytest.raises(SystemExit):
        main(["plan-sample", str(path), *inputs])
    assert said in capsys.readouterr().err


def test_plan_sample_never_overwrites_its_input(tmp_path, capsys):
    path = tmp_path / "communities.csv"
    path.write_text("community,share\na,0.3\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["plan-sample", str(path), "--set", "clusters=20", "--out", str(path)])
    assert "would be overwritten" in capsys.readouterr().err


# --- threads -------------------------------------------------------------------------------------------------------

COMPUTE = """
import hashlib
import numpy as np
import pandas as pd
import xzz_analysis as xzz

N = 3000
def sample(seed):
    draw, grid = np.random.default_rng(seed), np.arange(N) // 10
    frame = {"stratum": grid // 20, "grid": grid, "w": draw.uniform(1, 3, N), "region": draw.integers(0, 10, N)}
    frame |= {f"q{j}": (draw.random(N) < 0.3).astype(float) for j in range(30)} | {"area": grid // 5}
    frame |= {"income": draw.gamma(2, 100, N)}
    return xzz.Sample(pd.DataFrame(frame), weight="w", strata="stratum", cluster="grid")

a, b = sample(1), sample(2)
asked = [f"q{j}" for j in range(30)]
shares = xzz.share(a, asked, "region")
margins = {"region": dict.fromkeys(range(10), 0.1)}
raked = xzz.weighting.rake(a, margins | {"stratum": dict.fromkeys(range(15), 1 / 15)})
fitted = xzz.weighting.calibrate(a, margins | {"income": 1.2e6}, population=6000)
found = [
    shares, shares.covariance(), raked.design.weight, fitted.design.weight, xzz.share(raked, asked, "region"),
    xzz.mean(fitted, "income", "area").covariance(), xzz.change(a, b, asked, "region"),
    xzz.contrast(shares, {f"{i}": {i: 1, i + 1: -1} for i in range(100)}, adjust="max-t"),
    xzz.differences(shares, "region", reference="0"), xzz.test(a, asked[:5], "region"),
    xzz.small_area(xzz.share(a, "q0", "area")), xzz.replicate(a, asked, method="bootstrap", replicates=200),
]
for one in found:
    text = one.tobytes() if isinstance(one, np.ndarray) else one.to_csv(float_format="%.17g").encode()
    print(hashlib.sha256(text).hexdigest())
"""


def test_the_number_of_threads_changes_no_byte(root):
    def hashes(threads):
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
        settings = {**os.environ, **dict.fromkeys(names, str(threads)), "PYTHONPATH": str(root)}
        made = subprocess.run([sys.executable, "-c", COMPUTE], env=settings, capture_output=True, text=True, check=True)
        return made.stdout.split()

    one, two = hashes(1), hashes(2)
    assert len(one) == 12
    assert one == two


@pytest.mark.parametrize("shape", [(0, 5, 3), (3, 0, 2), (1, 200, 1), (65, 64, 63), (130, 129, 7)])
def test_tiled_products_are_products(shape):
    draw = np.random.default_rng(1)
    a, b = draw.normal(size=shape[:2]), draw.normal(size=shape[1:])
    np.testing.assert_allclose(product(a, b), a @ b, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(product(a.T, a), a.T @ a, rtol=1e-12, atol=1e-12)
