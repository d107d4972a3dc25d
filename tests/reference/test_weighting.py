"""Calibrated weights equal R's, and so do the estimates made with them and their errors."""

import ast
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz

REFERENCE = json.loads((Path(__file__).parent / "weighting.json").read_text(encoding="utf-8"))
RTOL = 1e-8  # R's algorithms stop at 1e-13 of a total, and sums are taken in another order
ATOL = 1e-10  # R writes 15 digits; a total that was calibrated has an error of 0
SAME = 1e-10  # two ways to solve the same equations


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("matrix", REFERENCE["covariances"], ids=lambda matrix: matrix["call"])
def test_covariance_equals_r(matrix, run, assert_covariance_equals_r):
    assert_covariance_equals_r(run(matrix), matrix, rtol=RTOL)


@pytest.mark.parametrize("weights", REFERENCE["weights"], ids=lambda weights: weights["sample"])
def test_weights_equal_r(weights, samples):
    sample = samples[weights["sample"]]
    ours = sample.design.weight
    numbers = {
        "sum": ours.sum(),
        "squares": (ours**2).sum(),
        "by_number": (ours * sample.frame["person"]).sum(),
        "shown": ours[:: REFERENCE["shown_every"]],
    }
    for name, number in numbers.items():
        np.testing.assert_allclose(number, weights[name], rtol=RTOL, err_msg=name)


# --- what calibration promises -------------------------------------------------------------------


def margins_of(name):
    """The totals a sample was raked or calibrated to, as the call writes them."""
    call = REFERENCE["samples"][name]
    return ast.literal_eval(call[call.index("{") : call.rindex("}") + 1])


@pytest.mark.parametrize("name", ["raked_two_stage", "raked_as_r_streets", "trimmed_then_raked", "post_two_stage"])
def test_margins_are_met(samples, name):
    margins = margins_of(name)
    margins = margins if isinstance(next(iter(margins.values())), dict) else {"sex": margins}
    weight = pd.Series(samples[name].design.weight)
    for column, totals in margins.items():
        achieved = weight.groupby(samples[name].frame[column]).sum()
        np.testing.assert_allclose(achieved[list(totals)], list(totals.values()), rtol=SAME, err_msg=column)


@pytest.mark.parametrize("name", ["linear_two_stage", "linear_bounded", "exponential", "logit_two_stage"])
def test_a_total_that_was_calibrated_to_has_no_error(samples, name):
    for column in ("rooms", "debt"):
        total = xzz.total(samples[name], column)
        wanted = margins_of(name)[column]
        np.testing.assert_allclose(total["estimate"], wanted, rtol=SAME)
        assert total["se"].item() < SAME * wanted


def test_bounds_hold_and_bind(samples):
    for name, low, high in (("linear_bounded", 0.8, 1.6), ("logit_two_stage", 0.6, 2.2)):
        before, after = samples["two_stage"].design.weight, samples[name].design.weight
        change = after[before > 0] / before[before > 0]
        assert low * (1 - SAME) <= change.min() and change.max() <= high * (1 + SAME)
    change = samples["linear_bounded"].design.weight / np.where(before > 0, before, 1)
    assert np.isclose(change, 0.8, rtol=SAME).any() and np.isclose(change, 1.6, rtol=SAME).any()


def test_raking_is_calibration_by_the_raking_distance(samples):
    margins = margins_of("raked_two_stage")
    calibrated = xzz.weighting.calibrate(samples["two_stage"], margins, distance="raking")
    np.testing.assert_allclose(calibrated.design.weight, samples["raked_two_stage"].design.weight, rtol=SAME)


def test_both_errors_of_raking_have_the_same_weights(samples):
    raked, as_r = (xzz.mean(samples[name], "income") for name in ("raked_streets", "raked_as_r_streets"))
    np.testing.assert_allclose(as_r["estimate"], raked["estimate"], rtol=SAME)
    assert not np.isclose(as_r["se"].item(), raked["se"].item(), rtol=1e-6)  # R averages without weights


def test_trimming_leaves_the_sum_and_the_zeros(samples):
    for name, base in (("trimmed", "two_stage"), ("raked_then_trimmed", "raked_two_stage")):
        before, after = samples[base].design.weight, samples[name].design.weight
        np.testing.assert_allclose(after.sum(), before.sum(), rtol=SAME)
        assert (after[before == 0] == 0).all()


def test_nobody_loses_a_weight_or_gets_one_by_calibration(samples):
    base = samples["two_stage"].design.weight > 0
    for name in samples:
        if name != "raked_girls":
            assert ((samples[name].design.weight > 0) == base).all(), name


def test_a_subpopulation_of_a_raked_sample_is_a_group_of_it(samples):
    whole = xzz.mean(samples["raked_two_stage"], "spend", by="girl").set_index("by").loc["girl=1"]
    girls = xzz.mean(samples["raked_girls"], "spend").iloc[0]
    numbers = ["estimate", "se", "low", "high", "df", "n", "weighted_n"]
    np.testing.assert_allclose(girls[numbers].astype(float), whole[numbers].astype(float), rtol=SAME)
