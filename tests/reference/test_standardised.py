"""Standardised rates equal R's ``svystandardize`` and ``svymean``, row for row."""

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError

RTOL = 1e-8  # sums are taken in another order than R's; the standard error takes a root of a difference
ATOL = 1e-10  # R writes 15 digits
AGES = {"0-14": 0.3, "15-59": 0.5, "60+": 0.2}
NUMBERS = ["estimate", "se", "low", "high", "df", "n"]


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


def test_a_standard_in_people_is_the_standard_in_shares(samples):
    people = {age: 1000 * share for age, share in AGES.items()}
    found = xzz.standardised(samples["r1"], "phone", over="age", standard=people, by="area")
    expected = xzz.standardised(samples["r1"], "phone", over="age", standard=AGES, by="area")
    pd.testing.assert_frame_equal(found[NUMBERS], expected[NUMBERS], rtol=1e-12)  # divided by 1000


def test_the_samples_own_ages_change_nothing_in_the_rate(samples):
    """The error does change: the sample's ages are taken as known."""
    sample = samples["r1"].subpopulation(samples["r1"].frame["phone"].notna())
    own = xzz.share(sample, "age").set_index("option")["estimate"].to_dict()
    found = xzz.standardised(sample, "phone", over="age", standard=own)["estimate"].item()
    assert found == pytest.approx(xzz.mean(sample, "phone")["estimate"].item(), rel=1e-12)  # another order of sums


def test_a_standard_of_one_age_is_the_mean_of_that_age(samples):
    only = {"0-14": 0, "15-59": 1, "60+": 0}
    found = xzz.standardised(samples["r1"], "phone", over="age", standard=only)
    expected = xzz.mean(samples["r1"], "phone", by="age").set_index("by").loc["age=15-59"]
    for column in ("estimate", "se"):
        assert found[column].item() == pytest.approx(expected[column], rel=1e-12)  # added to two zeros


def test_a_group_without_one_of_the_ages_has_no_rate_and_says_why(samples):
    found = xzz.standardised(samples["r2"], "phone", over="age", standard=AGES, by="area").set_index("by")
    assert np.isnan(found.loc["area=安置点", ["estimate", "se", "low", "high"]].astype(float)).all()
    assert found.loc["area=安置点", "reason"]


def test_a_rate_of_zero_has_no_error(samples):
    found = xzz.standardised(samples["r1"], "documents", over="age", standard=AGES, by="area").set_index("by")
    assert list(found.loc["area=村庄", ["estimate", "se"]]) == [0, 0]


@pytest.mark.parametrize(
    ("standard", "message"),
    [
        ({"0-14": 0.3, "15-59": 0.7}, r"60\+"),
        ({**AGES, "90+": 0.1}, r"90\+"),
        ({"0-14": -0.3, "15-59": 0.8, "60+": 0.5}, "-0.3"),
        ({"0-14": 0, "15-59": 0, "60+": 0}, "0"),
        ({"0-14": float("nan"), "15-59": 0.8, "60+": 0.2}, "nan"),
    ],
    ids=["an-age-of-the-sample-is-missing", "an-age-nobody-has", "negative", "nobody", "not-a-number"],
)
def test_a_standard_that_cannot_be_used_is_refused(samples, standard, message):
    with pytest.raises(DesignError, match=message):
        xzz.standardised(samples["r1"], "phone", over="age", standard=standard)
