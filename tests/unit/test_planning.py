"""The planner: its formulas by hand, by brute force and by simulation, its laws, and what it refuses."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError
from xzz_analysis.survey.planning import (
    Plan,
    detectable_change,
    plan_sample,
    power_of_change,
    precision,
    sample_needed,
    simulate,
)
from xzz_analysis.survey.planning.plan import Inputs, change_variance, share_covariance, share_variance
from xzz_analysis.survey.planning.simulation import _answers, _cluster_shares, _keeping, _model

PLAN = Plan(0.3, 20, 15, 0.05, label="东村")
REVISITED = replace(PLAN, overlap=1, correlation=0.6)
PANEL = replace(REVISITED, panel=0.4, panel_correlation=0.5)
COUNTED = Plan(0.3, 12, 10, 0.2, overlap=0.5, correlation=0.5, population=40)


def one(frame):
    (row,) = frame.to_dict("records")
    return row


# --- formulas ---------------------------------------------------------------------------------------------------


def test_precision_by_hand():
    row = one(precision(PLAN))
    assert row["n"] == 300
    assert row["deff"] == pytest.approx(1.7)  # 1 + 14 · 0.05
    assert row["se"] == pytest.approx(math.sqrt(0.3 * 0.7 / 300 * 1.7))
    assert row["n_eff"] == pytest.approx(300 / 1.7)
    assert row["df"] == 19
    assert row["half_width"] == pytest.approx((row["high"] - row["low"]) / 2)
    assert row["label"] == "东村"


def test_the_interval_is_the_one_that_estimates_print():
    p, n = 0.3, 176.470588235294
    t = 2.093024054408263  # R: qt(0.975, 19)
    middle, reach = (p + t**2 / (2 * n)), t * math.sqrt(p * (1 - p) / n + t**2 / (4 * n**2))
    row = one(precision(PLAN))
    assert (row["low"], row["high"]) == pytest.approx(
        ((middle - reach) / (1 + t**2 / n), (middle + reach) / (1 + t**2 / n))
    )


def test_a_planned_se_is_the_average_of_estimated_ones():
    rng = np.random.default_rng(7)
    surveys = []
    for _ in range(200):
        true = rng.beta(0.3 * 19, 0.7 * 19, 20)  # 19 = (1 − 0.05)/0.05
        frame = pd.DataFrame({"grid": np.repeat(np.arange(20), 15), "need": rng.random(300) < np.repeat(true, 15)})
        surveys.append(xzz.share(xzz.Sample(frame, cluster="grid"), "need")[["se", "df"]].iloc[0])
    estimated = pd.DataFrame(surveys)
    assert (estimated["df"] == precision(PLAN)["df"].iloc[0]).all()
    # 200 estimated variances with 19 df have a relative error of √(2/19/200) = 2.3 %, and 4 of these are allowed
    assert (estimated["se"] ** 2).mean() == pytest.approx(precision(PLAN)["se"].iloc[0] ** 2, rel=0.092)


def test_weights_cost_kish_factor():
    weighted = replace(PLAN, weight_cv=0.5)
    assert one(precision(weighted))["deff"] == pytest.approx(1.25 * 1.7)
    assert one(precision(weighted))["se"] == pytest.approx(math.sqrt(1.25) * one(precision(PLAN))["se"])


def test_strata_cost_degrees_of_freedom_only():
    row, stratified = one(precision(PLAN)), one(precision(replace(PLAN, strata=4)))
    assert stratified["df"] == 16
    assert stratified["se"] == row["se"]
    assert stratified["half_width"] > row["half_width"]


def test_a_simple_random_sample_of_persons_has_the_textbook_correction():
    persons = Plan(0.3, 50, 1, 0, population=200, cluster_size=1)
    assert one(precision(persons))["se"] ** 2 == pytest.approx(0.3 * 0.7 / 50 * (1 - 50 / 200))


def test_whole_clusters_have_the_one_stage_correction():
    between = 0.2 + 0.8 / 10
    whole = replace(COUNTED, cluster_size=10)
    assert one(precision(whole))["se"] ** 2 == pytest.approx(0.3 * 0.7 * between / 12 * (1 - 12 / 40))


def test_a_census_has_no_sampling_error():
    census = Plan(0.3, 12, 10, 0.2, overlap=1, panel=1, population=12, cluster_size=10)
    row = one(precision(census))
    assert (row["se"], row["low"], row["high"]) == (0, 0.3, 0.3)
    assert detectable_change(census)["change"].tolist() == [0, 0]
    assert detectable_change(census)["power"].tolist() == [1, 1]


def test_covariance_of_overlapping_samples_by_brute_force():
    """Every pair of samples of 2 of 4 clusters that share 1: Tam's covariance, averaged over all populations."""
    first = [(a, b) for a, b in itertools.permutations(range(4), 2)]
    pairs = [(one, two) for one in first for two in first if len(set(one) & set(two)) == 1]
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 4))
    before = np.array([x[list(one)].mean() - x.mean() for one, _ in pairs])
    after = np.array([y[list(two)].mean() - y.mean() for _, two in pairs])
    inputs = Inputs.of(Plan(0.3, 2, 1, 0.2, overlap=0.5, correlation=0.7, population=4, cluster_size=1))
    planned = share_covariance(inputs, np.array([0.3]), np.array([0.3]))[0]
    declared = 0.7 * 0.2 * 0.3 * 0.7  # of two neighbours, and by default of one respondent's answers
    assert planned / declared == pytest.approx((before * after).mean() / np.cov(x, y)[0, 1])


def test_two_whole_rounds_of_the_same_people_differ_only_by_sampling_nobody():
    inputs = Inputs.of(Plan(0.3, 12, 10, 0.2, 1, 0.5, 1, 0.4, population=12, cluster_size=10))
    assert change_variance(inputs, np.array([0.3]), np.array([0.5]))[0] == pytest.approx(0, abs=1e-18)


def test_revisited_clusters_by_hand():
    inputs = Inputs.of(REVISITED)
    p = np.array([0.3])
    expected = 0.6 * 0.05 * 0.3 * 0.7 / 20
    assert share_covariance(inputs, p, p)[0] == pytest.approx(expected)
    assert change_variance(inputs, p, p)[0] == pytest.approx(2 * share_variance(inputs, p)[0] - 2 * expected)


def test_a_panel_by_hand():
    p = np.array([0.3])
    neighbours, own = 0.6 * 0.05, 0.5
    expected = 0.3 * 0.7 / 20 * (neighbours + 0.4 / 15 * (own - neighbours))
    assert share_covariance(Inputs.of(PANEL), p, p)[0] == pytest.approx(expected)


def test_different_shares_cannot_move_together_completely():
    inputs = Inputs.of(Plan(0.3, 50, 1, 0, overlap=1, panel=1, panel_correlation=1))
    changed = 0.4 * (1 - 0.4)  # 40 % more say yes and nobody says no who said yes: a binary difference
    assert change_variance(inputs, np.array([0.3]), np.array([0.7]))[0] == pytest.approx(changed / 50)


def test_degrees_of_freedom_of_a_change():
    found = detectable_change([PLAN, replace(PLAN, overlap=0.5), REVISITED])
    assert found["df"].tolist()[::2] == [38, 28.5, 19]


def test_both_directions_are_solved_for_and_have_their_own_variance():
    up, down = detectable_change(PLAN).to_dict("records")
    assert (up["direction"], down["direction"]) == ("up", "down")
    assert up["change"] > 0 > down["change"]
    assert up["change"] > -down["change"]  # towards 50 % shares vary more
    assert up["share_after"] == pytest.approx(0.3 + up["change"])
    assert [up["power"], down["power"]] == pytest.approx([0.8, 0.8])


def test_the_smallest_whole_numbers_are_found():
    clusters, per_cluster = sample_needed(PLAN, half_width=0.06).to_dict("records")
    assert (clusters["solve_for"], per_cluster["solve_for"]) == ("clusters", "per_cluster")
    assert (clusters["clusters"], clusters["per_cluster"]) == (28, 15)
    for plan, enough in [
        (replace(PLAN, clusters=28), True),
        (replace(PLAN, clusters=27), False),
        (replace(PLAN, per_cluster=per_cluster["per_cluster"]), True),
        (replace(PLAN, per_cluster=per_cluster["per_cluster"] - 1), False),
    ]:
        assert (one(precision(plan))["half_width"] <= 0.06) is enough
    assert clusters["reached"] == one(precision(replace(PLAN, clusters=28)))["half_width"]


def test_several_plans_are_several_rows_in_their_order():
    plans = [PLAN, replace(REVISITED, label="西村"), replace(PLAN, share=0.6, label="北村")]
    for function in (precision, detectable_change, lambda some: sample_needed(some, change=0.1)):
        together = function(plans)
        apart = pd.concat([function(plan) for plan in plans], ignore_index=True)
        pd.testing.assert_frame_equal(together, apart)


# --- what cannot be reached -------------------------------------------------------------------------------------


def test_the_icc_sets_a_floor_and_its_limit_is_said():
    few = Plan(0.5, 8, 10, 0.1)
    _, row = sample_needed(few, half_width=0.08).to_dict("records")
    assert math.isnan(row["per_cluster"]) and math.isnan(row["n"]) and math.isnan(row["reached"])
    assert row["clusters"] == 8
    assert row["reason"] == "unreachable: 8 clusters with icc 0.1, however large, give a half width of 0.1278 at best"
    endless = one(precision(replace(few, per_cluster=1e9)))
    assert row["limit"] == pytest.approx(endless["half_width"], abs=1e-8)


def test_a_community_can_be_too_small():
    row = sample_needed(replace(COUNTED, overlap=0), change=0.1).iloc[0]
    assert row["reason"].startswith(
        "unreachable: 20 clusters, all there are, of 10 respondents each give a power of 0.27"
    )
    assert math.isnan(row["clusters"]) and row["limit"] < 0.8


def test_a_rare_need_cannot_fall_far_enough():
    down = detectable_change(replace(PLAN, share=0.03)).iloc[1]
    assert math.isnan(down["change"]) and math.isnan(down["se"]) and math.isnan(down["power"])
    assert down["reason"].startswith("unreachable: even a change to 0% would be found with a power of only 0.6")


def test_a_share_cannot_leave_0_to_1():
    found = power_of_change([PLAN, replace(PLAN, share=0.6)], -0.4)
    assert found["reason"].tolist() == ["impossible: a share of 0.3 cannot change so much", ""]
    assert found["power"].isna().tolist() == [True, False]
    needed = sample_needed([PLAN, replace(PLAN, share=0.6)], change=-0.4)
    assert (needed["reason"] != "").tolist() == [True, True, False, False]
    assert needed["limit"].isna().tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (
            replace(COUNTED, clusters=24, overlap=0.2, correlation=0),
            "impossible: 24 of 40 clusters in each round with overlap 0.2; overlap must be 0.3333 or more",
        ),
        (
            replace(COUNTED, cluster_size=15),
            "impossible: 10 of 15 respondents per cluster in each round with panel 0; panel must be 0.5 or more",
        ),
    ],
)
def test_an_overlap_that_cannot_be_drawn_has_its_reason(plan, reason):
    assert detectable_change(plan)["reason"].tolist() == [reason] * 2
    assert detectable_change(plan)[["change", "se", "power", "limit"]].isna().all(axis=None)
    assert one(power_of_change(plan, 0.1))["reason"] == reason
    assert reason in sample_needed(plan, change=0.1)["reason"].tolist()
    assert (sample_needed(plan, half_width=0.2)["reason"] == "").all()


# --- bad input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"share": 1.2}, "share is 1.2; it must lie between 0 and 1, both excluded"),
        ({"share": 0}, "share is 0; it must lie between"),
        ({"share": float("nan")}, "share is nan; give a finite number"),
        ({"share": "30%"}, "share is '30%'; give a finite number"),
        ({"clusters": 1}, "clusters is 1; it must be a whole number of 2 or more: one cluster shows no error"),
        ({"clusters": 2.5}, "clusters is 2.5"),
        ({"per_cluster": 0.5}, "per_cluster is 0.5; it must be 1 or more"),
        ({"icc": 1}, "icc is 1; it must lie from 0 to below 1"),
        ({"icc": -0.01}, "icc is -0.01"),
        ({"icc": None}, "icc is not given; it must lie from 0 to below 1"),
        ({"overlap": 1.5}, "overlap is 1.5; it must lie from 0 to 1"),
        ({"level": 95}, "level is 95"),
        ({"power": 0.01}, "power 0.01 is no more than chance; it must exceed 0.025"),
        ({"strata": 20}, "20 clusters in 20 strata; give each stratum 2 or more"),
        ({"weight_cv": -1}, "weight_cv is -1"),
        ({"population": 19}, "20 clusters of 19; correct clusters or population"),
        ({"cluster_size": 14}, "15 respondents of 14; correct per_cluster or cluster_size"),
        ({"panel_correlation": 0.99}, "panel_correlation is 0.99; icc 0.05 and correlation 0 do not allow it"),
        (
            {"correlation": 0.8, "panel_correlation": 0.01},
            "panel_correlation is 0.01; icc 0.05 and correlation 0.8 do not",
        ),
        ({"test": "Z"}, "test is 'Z'; choose t or z"),
    ],
)
def test_wrong_inputs_are_named_with_their_value(inputs, said):
    with pytest.raises(DesignError, match="no sample can be planned: 1 input is wrong") as caught:
        replace(PLAN, **inputs)
    assert f"东村: {said}" in str(caught.value)


def test_all_wrong_inputs_are_said_at_once():
    with pytest.raises(DesignError, match="3 inputs are wrong") as caught:
        Plan(1.2, 1, 15, 7)
    assert [finding.message for finding in caught.value.findings] == ["share is 1.2", "clusters is 1", "icc is 7"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: sample_needed(PLAN), "give one goal"),
        (lambda: sample_needed(PLAN, half_width=0.1, change=0.1), "give one goal"),
        (lambda: sample_needed(PLAN, half_width=0), "half_width 0 cannot be a goal"),
        (lambda: sample_needed(PLAN, half_width=5), "half_width 5 cannot be a goal"),
        (lambda: sample_needed(PLAN, change=0), "change 0 cannot be found by any sample"),
        (lambda: sample_needed(PLAN, change=10), "change 10 is no difference of two shares"),
        (lambda: power_of_change(PLAN, float("nan")), "change nan is no difference"),
        (lambda: power_of_change([PLAN, PLAN], np.array([0.1, -1])), "is no difference"),
    ],
)
def test_goals_that_make_no_sense_are_refused(call, said):
    with pytest.raises(DesignError, match=said):
        call()


# --- the table of communities -----------------------------------------------------------------------------------


@pytest.fixture
def communities():
    return pd.DataFrame(
        {
            "community": ["东村", "东村", "西村"],
            "round": ["2025a", "2025b", "2025a"],
            "share": [0.3, 0.3, 0.04],
            "clusters": [20, 12, 8],
            "population": [np.nan, 60, np.nan],
        }
    )


def test_the_table_says_what_each_plan_says(communities):
    table = plan_sample(communities, half_width=0.07, change=-0.1, per_cluster=15, icc=0.05, correlation=0.5, overlap=1)
    assert table[["community", "round"]].equals(communities[["community", "round"]])
    plan = Plan(0.3, 12, 15, 0.05, 1, 0.5, population=60)
    assert table.loc[1, "half_width"] == precision(plan)["half_width"].iloc[0]
    assert table.loc[1, ["change_up", "change_down"]].tolist() == detectable_change(plan)["change"].tolist()
    assert table.loc[1, "clusters_for_half_width"] == sample_needed(plan, half_width=0.07)["clusters"].iloc[0]
    assert table.loc[1, "per_cluster_for_change"] == sample_needed(plan, change=-0.1)["per_cluster"].iloc[1]


def test_every_absent_number_of_the_table_has_a_reason(communities):
    communities.loc[2, "share"] = 0.2
    table = plan_sample(communities, half_width=0.05, change=-0.15, per_cluster=5, icc=0.1)
    absent = table.drop(columns="reason").isna().any(axis=1)
    assert absent.any()
    assert (absent == (table["reason"] != "")).all()


def test_a_filled_cell_goes_before_what_all_rows_share(communities):
    table = plan_sample(communities.assign(icc=[np.nan, 0.2, np.nan]), per_cluster=15, icc=0.05)
    assert table["icc"].tolist() == [0.05, 0.2, 0.05]


def test_wrong_rows_are_reported_together_with_their_community(communities):
    communities["share"] = [0.3, 30, -1]
    with pytest.raises(DesignError, match="2 inputs are wrong") as caught:
        plan_sample(communities, per_cluster=15, icc=0.05)
    assert "东村 2025b: share is 30" in str(caught.value)
    assert "西村 2025a: share is -1" in str(caught.value)


def test_many_wrong_rows_are_counted_and_the_first_shown():
    frame = pd.DataFrame({"community": range(50), "share": 30, "clusters": 9})
    with pytest.raises(DesignError, match="50 inputs are wrong; the first 20 are shown") as caught:
        plan_sample(frame, per_cluster=15, icc=0.05)
    assert len(caught.value.findings) == 20


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda frame: frame.drop(columns="community"), "needs a column 'community'"),
        (lambda frame: frame.iloc[:0], "one row or more"),
        (lambda frame: frame.rename(columns={"population": "overlaps"}), "'overlaps' is no input.*'overlap'"),
        (lambda frame: frame.drop(columns="round"), r"'东村' is planned more than once \(1 such rows\)"),
        (lambda frame: frame.drop(columns="share"), "东村 2025a: share is not given"),
    ],
)
def test_tables_that_are_no_plan_are_refused(communities, change, said):
    with pytest.raises(DesignError, match=said):
        plan_sample(change(communities), per_cluster=15, icc=0.05)


# --- laws -------------------------------------------------------------------------------------------------------

shares = st.floats(0.02, 0.98)
plans = st.builds(
    Plan,
    share=shares,
    clusters=st.integers(3, 200),
    per_cluster=st.integers(1, 60),
    icc=st.floats(0, 0.6),
    overlap=st.floats(0, 1),
    correlation=st.floats(0, 1),
    panel=st.floats(0, 1),
    level=st.sampled_from([0.8, 0.9, 0.95, 0.99]),
    power=st.sampled_from([0.6, 0.8, 0.95]),
    weight_cv=st.floats(0, 2),
    test=st.sampled_from(["t", "z"]),
)
steady = settings(deadline=None, max_examples=60)


@steady
@given(plans, st.integers(1, 50))
def test_more_clusters_or_respondents_never_hurt(plan, more):
    larger = [replace(plan, clusters=plan.clusters + more), replace(plan, per_cluster=plan.per_cluster + more)]
    for column in ("se", "half_width"):
        assert (precision(larger)[column] <= precision(plan)[column].iloc[0] + 1e-12).all()
    assert (
        power_of_change(larger, -plan.share / 2)["power"]
        >= power_of_change(plan, -plan.share / 2)["power"].iloc[0] - 1e-9
    ).all()


@steady
@given(plans, st.floats(0, 0.3), st.floats(0, 1))
def test_more_likeness_in_clusters_and_unequal_weights_cost(plan, more_icc, more_cv):
    worse = [replace(plan, icc=plan.icc + more_icc, correlation=0), replace(plan, weight_cv=plan.weight_cv + more_cv)]
    assert (precision(worse)["half_width"] >= precision(plan)["half_width"].iloc[0] - 1e-12).all()


@steady
@given(plans, shares, st.floats(0, 1))
def test_more_overlap_and_correlation_never_raise_the_variance(plan, after, more):
    after = np.array([after])
    now = change_variance(Inputs.of(plan), np.array([plan.share]), after)[0]
    better = [replace(plan, overlap=max(plan.overlap, more)), replace(plan, correlation=max(plan.correlation, more))]
    for changed in better:
        assert change_variance(Inputs.of(changed), np.array([plan.share]), after)[0] <= now + 1e-15


@steady
@given(plans)
def test_the_detectable_change_has_exactly_the_power(plan):
    for row in detectable_change(plan).to_dict("records"):
        if row["reason"]:
            assert row["limit"] < plan.power
        else:
            assert row["power"] == pytest.approx(plan.power, abs=1e-7)
            assert one(power_of_change(plan, 0.98 * row["change"]))["power"] < plan.power


@steady
@given(plans, st.floats(0.02, 0.4))
def test_the_sample_needed_is_the_smallest_one(plan, wanted):
    for row in sample_needed(plan, half_width=wanted).to_dict("records"):
        assume(not row["reason"])
        name, number = row["solve_for"], row[row["solve_for"]]
        assert one(precision(replace(plan, **{name: number})))["half_width"] <= wanted
        if number > (2 if name == "clusters" else 1):
            assert one(precision(replace(plan, **{name: number - 1})))["half_width"] > wanted


@steady
@given(plans, st.floats(-0.9, 0.9).filter(lambda part: abs(part) > 0.1))
def test_the_sample_needed_for_a_change_detects_it(plan, part):
    change = part * (1 - plan.share if part > 0 else plan.share)
    for row in sample_needed(plan, change=change).to_dict("records"):
        if row["reason"]:
            assert row["limit"] < plan.power
        else:
            enough = replace(plan, **{row["solve_for"]: row[row["solve_for"]]})
            found = detectable_change(enough)["change"].iloc[0 if change > 0 else 1]
            assert abs(found) <= abs(change) + 1e-9


@steady
@given(plans)
def test_yes_and_no_are_planned_alike(plan):
    mirror = replace(plan, share=1 - plan.share)
    assert precision(mirror)["half_width"].iloc[0] == pytest.approx(precision(plan)["half_width"].iloc[0])
    there, back = detectable_change(plan), detectable_change(mirror)
    np.testing.assert_allclose(there["change"].iloc[::-1], -back["change"], atol=1e-9)


@steady
@given(plans, st.integers(1, 100), st.integers(1, 100))
def test_a_finite_population_only_helps_one_round(plan, others, size):
    finite = replace(plan, population=plan.clusters + others, cluster_size=plan.per_cluster + size)
    assert precision(finite)["se"].iloc[0] <= precision(plan)["se"].iloc[0]


# --- simulation -------------------------------------------------------------------------------------------------

DRAWN = [
    Plan(0.3, 30, 15, 0.1),
    Plan(0.3, 30, 15, 0.1, overlap=1, correlation=0.7),
    Plan(0.6, 40, 10, 0.15, overlap=0.5, correlation=0.7),
    Plan(0.3, 30, 10, 0.1, overlap=1, correlation=0, panel=0.5, panel_correlation=0.5),
    Plan(0.3, 30, 10, 0.1, overlap=0.5, correlation=0.5, weight_cv=0.8),
    Plan(0.02, 30, 15, 0.15),
    Plan(0.3, 20, 10, 0.2, overlap=0.5, correlation=0.5, population=40),
    Plan(0.3, 20, 10, 0.2, 0.5, 0.8, 0.4, 0.6, weight_cv=0.5, population=40, cluster_size=30),
    Plan(0.3, 100, 1, 0, overlap=0.5, panel=1, panel_correlation=0.6, population=200, cluster_size=1),
]


@pytest.mark.parametrize("plan", DRAWN)
def test_simulated_standard_errors_are_those_of_the_formulas(plan):
    drawn = simulate(plan, repeats=4000, seed=20).iloc[:2]
    # 18 comparisons: 4 Monte Carlo standard errors (6 % of a standard error) are exceeded by chance once in 900 runs
    assert (np.abs(drawn["simulated"] - drawn["formula"]) < 4 * drawn["error"]).all(), drawn
    assert (drawn["error"] < 0.02 * drawn["formula"]).all()


@pytest.mark.parametrize("plan", DRAWN[:4])
def test_simulated_coverage_and_power_are_near_the_formulas(plan):
    drawn = simulate(plan, repeats=4000, seed=21).set_index("quantity")
    gap = np.abs(drawn["simulated"] - drawn["formula"])
    # t and Wilson are approximations for sums of binary answers: 1 point of coverage and 3 of power
    # between 10 % and 90 %, beside 4 Monte Carlo standard errors
    assert (gap[["coverage of the share", "coverage of the change"]] < 0.01 + 4 * drawn["error"].iloc[2:4]).all()
    assert gap["power"] < 0.03 + 4 * drawn["error"]["power"]


def test_no_change_is_found_as_often_as_the_level_says():
    drawn = simulate(DRAWN[1], change=0.0, repeats=8000, seed=22).set_index("quantity").loc["power"]
    assert drawn["formula"] == pytest.approx(0.025)  # in one direction
    # 4 Monte Carlo standard errors of √(0.025 · 0.975 / 8000)
    assert drawn["simulated"] == pytest.approx(0.025, abs=0.007)


def test_the_drawn_clusters_have_the_declared_correlations():
    """Moments of the model by themselves: 40,000 clusters of one survey each way."""
    plan = Plan(0.3, 2, 2, 0.2, overlap=1, correlation=0.7, panel=1, panel_correlation=0.5)
    rng = np.random.default_rng(5)
    model = _model(plan, 0.15, 100)
    true = _cluster_shares(model, rng, (200_000, 1))
    answers = [part[:, 0, :].astype(float) for part in _answers(model, rng, true)]
    before, after = (shares[:, 0] for shares in true)
    spread = math.sqrt(0.3 * 0.7 * 0.45 * 0.55)
    # errors of a correlation of 200,000 pairs: 0.0022; 4 of them
    assert np.corrcoef(before, after)[0, 1] == pytest.approx(0.7, abs=0.009)
    assert before.var() == pytest.approx(0.2 * 0.3 * 0.7, rel=0.02)
    assert after.var() == pytest.approx(0.2 * 0.45 * 0.55, rel=0.02)
    assert np.corrcoef(answers[0][:, 0], answers[1][:, 0])[0, 1] == pytest.approx(0.5, abs=0.009)
    assert np.cov(answers[0][:, 0], answers[1][:, 1])[0, 1] / spread == pytest.approx(0.7 * 0.2, abs=0.009)
    assert np.corrcoef(answers[0][:, 0], answers[0][:, 1])[0, 1] == pytest.approx(0.2, abs=0.009)


def test_the_same_seed_draws_the_same_numbers():
    drawn = [simulate(PANEL, repeats=100, seed=seed) for seed in (4, 4, 5)]
    pd.testing.assert_frame_equal(drawn[0], drawn[1])
    assert (drawn[0]["simulated"] != drawn[2]["simulated"]).any()


def test_a_simulated_finite_population_says_what_it_leaves_out():
    drawn = simulate(COUNTED, repeats=100)
    assert drawn["simulated"].isna().tolist() == [False, False, True, True, True]
    assert (drawn["reason"] != "").tolist() == [False, False, True, True, True]


@pytest.mark.parametrize(
    ("plan", "options", "said"),
    [
        (PLAN, {"repeats": 10}, "10 repeats show nothing"),
        (replace(PLAN, strata=2), {}, "set strata to 1"),
        (replace(PLAN, per_cluster=12.5), {}, "per_cluster is 12.5; give a whole number"),
        (replace(PLAN, overlap=0.33), {}, "6.6 clusters are revisited"),
        (replace(REVISITED, panel=0.5), {}, "7.5 respondents are asked again"),
        (replace(PLAN, clusters=3, weight_cv=2), {"change": 0.1}, "weight_cv is 2"),
        (replace(COUNTED, population=1e6, cluster_size=100), {}, "1e[+]08 respondents in each repeat"),
        (replace(COUNTED, clusters=24, overlap=0.25), {"change": 0.1}, "overlap must be 0.3333 or more"),
        (PLAN, {"change": -0.5}, "a share of 0.3 cannot change so much"),
        (
            Plan(0.3, 10, 10, 0.3, overlap=1, correlation=0, panel=1, panel_correlation=0.7),
            {"change": 0},
            "panel_correlation 0.7 cannot be simulated with correlation 0",
        ),
    ],
)
def test_a_plan_that_cannot_be_drawn_is_refused(plan, options, said):
    with pytest.raises(DesignError, match=said):
        simulate(plan, **options)


def test_a_change_that_cannot_be_detected_must_be_given():
    hopeless = Plan(0.5, 2, 2, 0.5, power=0.99)
    with pytest.raises(DesignError, match=r"no change can be simulated .unreachable.*give another plan or change="):
        simulate(hopeless)


@steady
@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(0, 0.95), st.floats(0, 1))
def test_probabilities_of_keeping_are_probabilities(before, after, icc, correlation):
    kept, own = _keeping(Plan(before, 10, 10, icc, correlation=correlation), before, after)
    assert 0 <= kept <= 1
    assert 0 <= own <= 1
