"""docs/methods/simulations.md says what the results say, they keep the promises, and the code still draws them."""

import importlib
import sys

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.survey.engine.interval import METHODS
from xzz_analysis.survey.testing import hypotheses

MODULES = ("run", "page", "intervals", "type_one", "surveys", "demo")
OUTSIDE = {
    ("coverage, a group, ICC 0.15", "0.02", 15),
    ("coverage, a group, ICC 0.15", "0.1", 15),
    ("test, change, all clusters again", "0.1 to 0.1", 15),
    ("test, change, two thirds of the clusters again", "0.02 to 0.02", 15),
    ("adjusted-wald, two groups in every cluster", "2 %", 15),
    ("differences, two groups in every cluster", "2 %", 15),
    ("adjusted-wald, two groups in every cluster", "2 %", 30),
    ("differences, two groups in every cluster", "2 %", 30),
}
"""Where a default is outside its band: what, question, clusters. A new miss is a defect; one that is gone leaves."""


@pytest.fixture(scope="module")
def run(root):
    with pytest.MonkeyPatch.context() as patch:
        for name in MODULES:
            patch.delitem(sys.modules, name, raising=False)
        patch.syspath_prepend(root / "benchmarks" / "simulations")
        yield importlib.import_module("run")
        for name in MODULES:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def results(run) -> pd.DataFrame:
    return run.page.read(run.RESULTS)


@pytest.fixture(scope="module")
def demonstration(run) -> pd.DataFrame:
    return run.page.read_demo(run.DEMO)


@pytest.fixture(scope="module")
def again(run) -> pd.DataFrame:
    return run.checks()


@pytest.fixture(scope="module")
def drawn(run):
    """One survey of 15 clusters, with ten columns."""
    rng = run.intervals.generator("test")
    design = run.intervals.draw_design(rng, 15)
    needs = run.intervals.spread("need", run.intervals.draw_needs(rng, design, 0.1, 0.15, 10))
    return run.intervals.sample_of(design.assign(sex=rng.integers(0, 2, len(design))), needs), list(needs)


def test_page_is_written_from_the_results(run, results, demonstration):
    assert run.PAGE.read_text(encoding="utf-8") == run.page.text(results, demonstration), (
        "run benchmarks/simulations/run.py --page"
    )


def test_every_cell_has_been_drawn(run, results):
    full = results[results["run"] == "full"]
    shares = [cell for cell in run.intervals.cells() if cell.panel != "change"]
    changes = [cell for cell in run.intervals.cells() if cell.panel == "change"]
    expected = len(shares) * 3 * len(METHODS) + len(changes) * len(run.intervals.CHANGES)
    assert len(full[full["panel"] != "test"]) == expected
    assert len(full[full["panel"] == "test"].groupby(["question", "group", "clusters"])) == len(
        list(run.type_one.cells())
    )
    assert full["repeats"].min() >= 2000


def test_defaults_keep_their_promise_but_for_what_the_page_names(run, results):
    assert {miss[:3] for miss in run.page.misses(results)} == OUTSIDE


def test_default_interval_is_the_one_that_never_covers_much_too_little(run, results):
    shares = results[(results["run"] == "full") & results["panel"].isin(["share", "group"])]
    worst = shares.groupby("method")["rate"].min()
    assert worst.idxmax() == run.page.DEFAULTS["share"]
    assert worst["wald"] < 0.85


def test_the_check_gives_the_same_figures_again(results, again):
    before = results[results["run"] == "check"].reset_index(drop=True)
    again = again.reset_index(drop=True)
    assert before["method"].tolist() == again["method"].tolist()
    for name in ("rate", "above", "below", "width", "without", "rejected"):
        # results.csv holds six digits
        assert again[name].to_numpy(float) == pytest.approx(before[name].to_numpy(float), rel=1e-5, nan_ok=True), (
            f"{name} changed: estimates or random numbers are not what they were; run benchmarks/simulations/run.py"
        )


def test_the_check_lands_within_chance_of_the_full_run(results, again):
    keys = ["panel", "question", "method", "clusters", "icc", "group", "revisited"]
    full = results[results["run"] == "full"]
    both = again.merge(full, on=keys, suffixes=("", "_full"))
    assert len(both) == len(again)
    independent = np.sqrt(both["rate_full"] * (1 - both["rate_full"]) / both["repeats"])
    # four standard errors: one in 16,000
    assert (np.abs(both["rate"] - both["rate_full"]) <= 4 * np.hypot(independent, both["error"])).all()


def test_intervals_made_from_one_estimate_are_those_of_share(run, drawn):
    sample, names = drawn
    estimates = xzz.share(sample, names)
    figures = [estimates[name].to_numpy(float) for name in ("estimate", "se", "df", "n")]
    for method in set(METHODS) - {run.page.DEFAULTS["share"]}:
        expected = xzz.share(sample, names, method=method)[["low", "high"]].to_numpy()
        found = np.transpose(run.intervals.share_interval(*figures, level=0.95, method=method))
        np.testing.assert_array_equal(found, expected)


def test_table_tests_are_those_of_test(run, drawn):
    sample, names = drawn
    assert {*run.type_one.TABLE_TESTS, "t", "mean-wald", "adjusted-mean-wald"} == set(hypotheses.METHODS)
    tables = [hypotheses.table_of(sample, name, ["sex"]) for name in names]
    for method, compute in run.type_one.TABLE_TESTS.items():
        expected = xzz.test(sample, names, "sex", method=method)["p"]
        assert [compute(table).p for table in tables] == expected.to_list()


def test_drawn_surveys_are_as_the_page_says(run):
    rng = run.intervals.generator("moments")
    designs = [run.intervals.draw_design(rng, 60) for _ in range(50)]
    sizes = np.concatenate([np.bincount(design["cluster"]) for design in designs])
    weights = np.concatenate([design["weight"] for design in designs])
    assert sizes.mean() == pytest.approx(20, abs=1)
    assert sizes.std() == pytest.approx(9, abs=1)
    assert weights.std() / weights.mean() == pytest.approx(0.4, abs=0.02)


def test_drawn_needs_have_their_share_and_their_icc(run):
    rng = run.intervals.generator("needs")
    design = pd.DataFrame({"cluster": np.repeat(np.arange(500), 20)})
    needs = run.intervals.draw_needs(rng, design, 0.1, 0.15, 40).astype(float)
    middle = needs.reshape(500, 20, 40)[200:300]  # the third stratum, whose share is that of the population
    assert middle.mean() == pytest.approx(0.1, abs=0.005)
    between = middle.mean(axis=1).var(axis=0, ddof=1).mean()
    within = middle.var(axis=1, ddof=1).mean()
    assert (between - within / 20) / (between - within / 20 + within) == pytest.approx(0.15, abs=0.01)


def test_intervals_of_the_demonstration_study_hold_its_truth(demonstration):
    full = demonstration[demonstration["run"] == "full"]
    rates = full[full["part"].isin(["level", "change"])]
    assert len(rates) == 12
    assert rates["draws"].min() >= 200
    assert (rates["rate"] >= 0.93).all()


def test_planted_changes_are_found_and_others_are_not(demonstration):
    full = demonstration[demonstration["run"] == "full"].set_index(["part", "name"])
    planted, same = full.loc["planted"], full.loc[("unchanged", "")]
    assert len(planted) == 4
    assert (np.abs(planted["estimate"] - planted["truth"]) < 0.005).all()
    assert planted["rejected"].min() > 0.6
    nominal = 0.05 + 2 * np.sqrt(0.05 * 0.95 / same["draws"])
    assert max(same["rejected"], same["any_holm"]) < nominal


def test_the_first_draw_of_the_demonstration_study_gives_the_same_figures_again(run, demonstration):
    before = demonstration[demonstration["run"] == "check"].reset_index(drop=True)
    again = run.demo.simulate(range(1)).reset_index(drop=True)
    assert before[["part", "name", "intervals"]].equals(again[["part", "name", "intervals"]])
    for name in ("rate", "width", "truth", "estimate", "rejected", "holm"):
        # demo.csv holds six digits
        assert again[name].to_numpy(float) == pytest.approx(before[name].to_numpy(float), rel=1e-5, nan_ok=True)
