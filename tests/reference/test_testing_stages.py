"""Tests in several stages, with lonely units and of a subpopulation, equal R's, row for row."""

import xzz_analysis as xzz

RTOL = 1e-8  # solves with a covariance; a p-value far out in the tail repeats the statistic's error many times over
ATOL = 1e-14  # such p-values are as small as 1e-12 and still compared


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


def test_choice_below_the_first_stage_counts(samples):
    streets, blocks = (xzz.test(samples[name], ["phone", "ill"], "area") for name in ("streets", "two_stage"))
    assert (streets["statistic"] != blocks["statistic"]).all()
    assert list(streets["n"]) == list(blocks["n"])
