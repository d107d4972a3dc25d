"""Quantiles equal R's ``svyquantile`` (rule "math", Woodruff's interval), row for row."""

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz

RTOL = 1e-8  # a quantile is an answer itself; only the standard error is computed
ATOL = 1e-10  # R writes 15 digits


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("sample", ["clustered", "clustered_fpc", "elements", "srs_fpc"])
def test_a_quantile_is_an_answer_that_was_given(samples, households, sample):
    estimates = xzz.quantile(samples[sample], "income", by="area")
    assert np.isin(estimates[["estimate", "low", "high"]], households["income"]).all()


def test_half_of_the_weight_exactly_at_an_answer_takes_that_answer(samples, households):
    median = xzz.quantile(samples["srs"], "food", probs=[0.5])["estimate"].item()
    food = np.sort(households["food"].dropna())
    assert len(food) % 2 == 0
    assert median == food[len(food) // 2 - 1]


def test_a_limit_below_the_lightest_answer_is_the_smallest_answer():
    """survey 4.1-1 gives the second smallest here; the inverse of the distribution is the smallest."""
    sample = xzz.Sample(pd.DataFrame({"x": range(1, 9), "w": 1.0}), weight="w")
    median = xzz.quantile(sample, "x", probs=[0.5])
    assert median["low"].item() == 1


def test_a_limit_beyond_all_answers_is_absent_with_a_reason():
    sample = xzz.Sample(pd.DataFrame({"x": range(1, 9), "w": 1.0}), weight="w")
    lowest = xzz.quantile(sample, "x", probs=[0.1])
    assert np.isnan(lowest["low"].item())
    assert lowest["high"].item() > lowest["estimate"].item()
    assert lowest["reason"].item()
