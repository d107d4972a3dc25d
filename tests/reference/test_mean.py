"""Means, totals and ratios equal R's ``svymean``, ``svytotal`` and ``svyratio``, row for row."""

import numpy as np
import pytest

import xzz_analysis as xzz

RTOL = 1e-8  # sums are taken in another order than R's; the standard error takes a root of a difference
ATOL = 1e-10  # R writes 15 digits


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("shift", [-40_000, 40_000], ids=["minus", "plus"])
def test_a_number_far_from_zero_keeps_its_error(samples, households, shift):
    """Day numbers lie near 45,000 and differ by a few: no difference of large squares may be taken."""
    frame = households.assign(hours=households["hours"] + shift)
    moved = xzz.mean(xzz.Sample(frame, weight="w", strata="stratum", cluster="grid"), "hours", by="area")
    expected = xzz.mean(samples["clustered"], "hours", by="area")
    np.testing.assert_allclose(moved["estimate"], expected["estimate"] + shift, rtol=RTOL)
    for column in ("se", "deff", "n_eff"):
        np.testing.assert_allclose(moved[column], expected[column], rtol=RTOL, err_msg=column)


def test_a_total_is_the_mean_times_the_weight_that_answered(samples):
    mean = xzz.mean(samples["clustered"], "children", by="area")
    total = xzz.total(samples["clustered"], "children", by="area")
    product = mean["estimate"] * mean["weighted_n"]
    np.testing.assert_allclose(total["estimate"], product, rtol=1e-12)  # two orders of one sum


def test_a_ratio_counts_only_those_who_answered_both(samples, households):
    ratio = xzz.ratio(samples["clustered"], "food", "spend")
    assert ratio["n"].item() == (households[["food", "spend"]].notna().all(axis=1) & (households["w"] > 0)).sum()
