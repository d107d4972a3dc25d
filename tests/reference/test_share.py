"""Shares and their four intervals equal R's, row for row."""

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz

RTOL = 1e-8  # sums are taken in another order than R's; the standard error takes a root of a difference
ATOL = 1e-10  # R writes 15 digits, and bounds of 0 and 1 come out of a difference
METHODS = ["wilson-adjusted", "wilson", "logit", "korn-graubard", "wald"]
NUMBERS = ["estimate", "se", "low", "high", "df", "n", "n_need", "weighted_n"]


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


def test_the_adjusted_interval_is_what_a_share_gets_when_nothing_is_said(samples):
    plain = xzz.share(samples["clustered"], "phone", by="area")
    adjusted = xzz.share(samples["clustered"], "phone", by="area", method="wilson-adjusted")
    pd.testing.assert_frame_equal(plain, adjusted)


def test_the_adjusted_interval_is_wider_the_fewer_clusters_hold_the_need(samples, households):
    frame = households.assign(rare=(households["village"] == households["village"].iloc[0]).astype(float))
    sample = xzz.Sample(frame, weight="w", strata="stratum", cluster="grid")
    plain, adjusted = (xzz.share(sample, "rare", method=method).iloc[0] for method in ("wilson", "wilson-adjusted"))
    assert adjusted["high"] - adjusted["low"] > 1.5 * (plain["high"] - plain["low"])


def test_options_come_sorted_and_every_one_in_every_group(samples):
    estimates = xzz.share(samples["clustered"], "barrier", by="area")
    for _, group in estimates.groupby("by"):
        assert list(group["option"]) == ["cost", "distance", "none", "papers"]


def test_options_of_a_question_add_up_to_one(samples):
    estimates = xzz.share(samples["clustered"], "barrier", by=["area", "hukou"])
    np.testing.assert_allclose(estimates.groupby("by")["estimate"].sum(), 1, rtol=1e-12)


def test_groups_leave_out_the_whole_and_rows_without_a_group(samples, households):
    estimates = xzz.share(samples["clustered"], "ledger", by="area")
    assert set(estimates["by"]) == {"area=城中村", "area=村庄", "area=老旧小区"}
    assert estimates["n"].sum() == households[households["w"] > 0]["area"].notna().sum()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("answer", [0.0, 1.0])
def test_a_share_of_none_or_all_stays_within_bounds(households, method, answer):
    frame = households.assign(q=answer)
    estimate = xzz.share(xzz.Sample(frame, weight="w", strata="stratum", cluster="grid"), "q", method=method)
    low, high = estimate["low"].item(), estimate["high"].item()
    assert estimate["estimate"].item() == answer
    if method == "logit":
        assert np.isnan([low, high]).all() and estimate["reason"].item()
    else:
        assert 0 <= low <= answer <= high <= 1


@pytest.mark.parametrize(
    "stored",
    [
        lambda answers: answers.astype("Float64"),
        lambda answers: answers.astype("Int8"),
        lambda answers: answers.astype("boolean"),
        lambda answers: answers.map({0: False, 1: True}).astype(object).where(answers.notna(), None),
    ],
    ids=["Float64", "Int8", "boolean", "object-with-None"],
)
def test_however_a_missing_yes_or_no_is_stored(samples, households, stored):
    frame = households.assign(phone=stored(households["phone"]))
    sample = xzz.Sample(frame, weight="w", strata="stratum", cluster="grid")
    expected = xzz.share(samples["clustered"], "phone", by="area")
    pd.testing.assert_frame_equal(xzz.share(sample, "phone", by="area")[NUMBERS], expected[NUMBERS])


@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_however_a_missing_option_is_stored(samples, households, dtype):
    frame = households.assign(barrier=households["barrier"].astype(dtype))
    sample = xzz.Sample(frame, weight="w", strata="stratum", cluster="grid")
    expected = xzz.share(samples["clustered"], "barrier")
    pd.testing.assert_frame_equal(xzz.share(sample, "barrier")[NUMBERS], expected[NUMBERS])


def test_the_order_of_the_rows_changes_nothing(samples, households):
    backwards = xzz.Sample(households.iloc[::-1], weight="w", strata="stratum", cluster="grid")
    expected = xzz.share(samples["clustered"], "phone", by=["area", "hukou"])
    found = xzz.share(backwards, "phone", by=["area", "hukou"])
    pd.testing.assert_frame_equal(found[NUMBERS], expected[NUMBERS], rtol=1e-12)  # sums in another order
