"""Quantiles of every rule equal R's ``svyquantile`` (Woodruff's interval), row for row; the R script says each rule."""

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import XzzError

RTOL = 1e-8  # interpolated between answers; the standard error takes a root of a difference
ATOL = 1e-10  # R writes 15 digits
NUMPY = {
    "math": "inverted_cdf",
    "school": "averaged_inverted_cdf",
    "hf4": "interpolated_inverted_cdf",
    "hf5": "hazen",
    "hf6": "weibull",
    "hf7": "linear",
    "hf8": "median_unbiased",
    "hf9": "normal_unbiased",
}


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("rule", NUMPY)
@pytest.mark.parametrize("probs", [[0.5], [0.1, 0.25, 0.9], [0.37]])
def test_with_equal_weights_a_rule_is_numpys_of_that_name(households, rule, probs):
    frame = households.dropna(subset=["hours"])
    found = xzz.quantile(xzz.Sample(frame), "hours", rule=rule, probs=probs)["estimate"]
    expected = np.quantile(frame["hours"], probs, method=NUMPY[rule])
    np.testing.assert_allclose(found, expected, rtol=1e-12)  # interpolated in another order


@pytest.mark.parametrize("rule", NUMPY)
def test_a_scaled_weight_changes_no_rule(samples, households, rule):
    doubled = xzz.Sample(households.assign(w=households["w"] * 2), weight="w", strata="stratum", cluster="grid")
    expected = xzz.quantile(samples["clustered"], "income", by="area", rule=rule)
    found = xzz.quantile(doubled, "income", by="area", rule=rule)
    pd.testing.assert_frame_equal(found[["estimate", "low", "high"]], expected[["estimate", "low", "high"]], rtol=1e-12)


@pytest.mark.parametrize("rule", NUMPY)
def test_equal_answers_of_unequal_weight_in_any_order(samples, households, rule):
    """R's interpolating rules depend on the order of the rows here; ours take the lighter of equal answers first."""
    backwards = xzz.Sample(households.iloc[::-1], weight="w", strata="stratum", cluster="grid")
    probs = [0.07, 0.5, 0.81]
    expected = xzz.quantile(samples["clustered"], "children", rule=rule, probs=probs)
    found = xzz.quantile(backwards, "children", rule=rule, probs=probs)
    pd.testing.assert_frame_equal(found[["estimate", "se"]], expected[["estimate", "se"]], rtol=1e-12)  # order of sums


@pytest.mark.parametrize("rule", NUMPY)
def test_quantiles_rise_with_their_probability_within_the_answers(samples, households, rule):
    probs = [0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999]
    found = xzz.quantile(samples["clustered"], "income", rule=rule, probs=probs)["estimate"]
    assert found.is_monotonic_increasing
    assert found.between(households["income"].min(), households["income"].max()).all()


@pytest.mark.parametrize("rule", NUMPY)
def test_one_answer_alone_is_every_quantile(rule):
    sample = xzz.Sample(pd.DataFrame({"x": [7.0, np.nan, np.nan]}))
    found = xzz.quantile(sample, "x", rule=rule)
    assert list(found["estimate"]) == [7, 7, 7]
    assert (found["reason"] != "").all()


def test_an_unknown_rule_is_named_with_the_nearest(samples):
    with pytest.raises(XzzError, match=r"'hf77'.*did you mean 'hf7'"):
        xzz.quantile(samples["clustered"], "income", rule="hf77")
