"""Gini and concentration indices equal an index written out in R, its error by a slope in every weight; row for row."""

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError

RTOL = 1e-8  # sums are taken in another order than R's; the standard error takes a root of a difference
ATOL = 1e-10  # R writes 15 digits
NUMBERS = ["estimate", "se", "low", "high", "df", "n"]


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize(
    ("incomes", "gini"),
    [([5, 5, 5, 5], 0), ([0, 0, 0, 1], 0.75), ([1, 2, 3, 4], 0.25), ([1, 1, 4, 4], 0.3)],
    ids=["all-equal", "one-has-all", "steps", "two-classes"],
)
def test_gini_of_four_incomes(incomes, gini):
    found = xzz.gini(xzz.Sample(pd.DataFrame({"income": np.array(incomes, float)})), "income")
    assert found["estimate"].item() == pytest.approx(gini, abs=1e-15)


def test_a_need_of_the_poorest_alone_is_as_concentrated_as_can_be():
    frame = pd.DataFrame({"need": [1.0, 0, 0, 0], "income": [1.0, 2, 3, 4]})
    poor, rich = (
        xzz.concentration(xzz.Sample(frame.assign(income=sign * frame["income"])), "need", rank="income")
        for sign in (1, -1)
    )
    assert poor["estimate"].item() == -0.75 == -rich["estimate"].item()  # eighths are exact


def test_a_weight_of_two_is_two_equal_respondents_in_the_index(households):
    frame = households.dropna(subset=["income"]).assign(w=lambda rows: 1 + rows["household"] % 2)
    twice = frame.loc[frame.index.repeat(frame["w"])].assign(w=1)
    once, repeated = (xzz.gini(xzz.Sample(rows, weight="w"), "income")["estimate"].item() for rows in (frame, twice))
    assert once == pytest.approx(repeated, rel=1e-12)  # other sums of the same


def test_gini_is_concentration_ranked_by_itself(samples):
    gini = xzz.gini(samples["clustered"], "income", by="area")
    itself = xzz.concentration(samples["clustered"], "income", rank="income", by="area")
    pd.testing.assert_frame_equal(gini[NUMBERS], itself[NUMBERS], rtol=1e-12)  # the same sums


@pytest.mark.parametrize("change", [lambda x: x * 7, np.log, pd.Series.rank], ids=["unit", "log", "rank"])
def test_only_the_order_of_the_ranking_counts(samples, households, change):
    frame = households.assign(income=change(households["income"]))
    moved = xzz.Sample(frame, weight="w", strata="stratum", cluster="grid")
    found = xzz.concentration(moved, "phone", rank="income", by="area")
    expected = xzz.concentration(samples["clustered"], "phone", rank="income", by="area")
    pd.testing.assert_frame_equal(found[NUMBERS], expected[NUMBERS], rtol=1e-12)  # the same sums


def test_the_unit_and_the_order_of_the_rows_change_no_gini(samples, households):
    frame = households.iloc[::-1].assign(income=households["income"] / 6.9, w=households["w"] * 100)
    found = xzz.gini(xzz.Sample(frame, weight="w", strata="stratum", cluster="grid"), "income", by="area")
    expected = xzz.gini(samples["clustered"], "income", by="area")
    pd.testing.assert_frame_equal(found[NUMBERS], expected[NUMBERS], rtol=1e-9)  # other sums


def test_a_need_that_nobody_has_is_not_concentrated_and_says_why(samples):
    found = xzz.concentration(samples["clustered"], "flooded", rank="income", by="area").set_index("by")
    never = found.loc["area=老旧小区"]
    assert np.isnan(never[["estimate", "se", "low", "high"]].astype(float)).all() and never["reason"]


def test_a_need_that_everybody_has_is_equally_spread(samples):
    found = xzz.concentration(samples["clustered"], "ledger", rank="income", by="area").set_index("by").loc["area=村庄"]
    assert abs(found["estimate"]) < 1e-12 and found["se"] < 1e-12


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda sample: xzz.gini(sample, "incom"), r"'incom'.*did you mean 'income'"),
        (lambda sample: xzz.gini(sample, "barrier"), "'barrier'"),
        (lambda sample: xzz.concentration(sample, "phone", rank="barrier"), "'barrier'"),
        (lambda sample: xzz.gini(sample, "debt"), "'debt'.*negative"),
    ],
    ids=["column", "text", "text-to-rank-by", "negative"],
)
def test_what_has_no_index_is_refused_by_name(households, ask, message):
    sample = xzz.Sample(households.assign(debt=-households["income"]), weight="w", strata="stratum", cluster="grid")
    with pytest.raises(DesignError, match=message):
        ask(sample)
