"""Waiting times, by hand, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from xzz_analysis.errors import InputError
from xzz_analysis.services.survival import cumulative_incidence, incidence_at, kaplan_meier, log_rank

# Sawyer's example of leukaemia patients on a drug (Freireich et al. 1963): weeks until relapse, + for censored.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def test_the_published_curve_of_freireich():
    curve = kaplan_meier(WEEKS, RELAPSED)
    table = curve.frame().set_index("time")
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert {week: round(table["survival"][week], 3) for week in published} == published
    assert list(table["at_risk"][[6, 7, 10, 23]]) == [21, 17, 15, 6]
    assert round(table["se"][10], 4) == 0.0963
    assert curve.quantile(0.5).estimate == 23
    assert curve.n == 21


def test_the_published_log_rank_test_of_freireich():
    found = log_rank(WEEKS + PLACEBO, RELAPSED + [1] * 21, ["drug"] * 21 + ["placebo"] * 21)
    assert round(found.statistic, 2) == 16.79  # Kleinbaum and Klein, Survival Analysis
    assert list(found.groups["expected"].round(2)) == [19.25, 10.75]
    assert found.df == 1 and found.p < 1e-4


def test_a_curve_between_its_times():
    curve = kaplan_meier([2, 4, 4, 9], [1, 1, 0, 0])
    found = curve.at([0, 2, 3.5, 4, 9])
    assert list(found["survival"]) == [1, 0.75, 0.75, 0.5, 0.5]


def test_after_the_last_time_nothing_is_known_unless_nobody_is_left():
    assert np.isnan(kaplan_meier([2, 4], [1, 0]).at(5)["survival"]).all()
    assert list(kaplan_meier([2, 4], [0, 1]).at(5)["survival"]) == [0]


def test_a_quantile_that_is_not_reached_is_not_known():
    median = kaplan_meier([3, 5, 8, 9], [1, 0, 0, 0]).quantile(0.5)
    assert np.isnan([median.estimate, median.high]).all()
    assert median.low == 3  # half may have had it as early as this


def test_on_a_flat_stretch_the_median_is_its_middle():
    assert kaplan_meier([1, 2, 6, 11], [1, 1, 1, 1]).quantile(0.5).estimate == 4


def test_the_restricted_mean_is_the_area_and_not_known_beyond_the_data():
    curve = kaplan_meier([2, 4], [1, 0])
    assert curve.restricted_mean(4).estimate == 3
    assert np.isnan(curve.restricted_mean(5)).all()
    assert kaplan_meier([2, 4], [1, 1]).restricted_mean(10).estimate == 3


def test_without_censoring_the_curve_is_the_share_left():
    curve = kaplan_meier([3, 1, 2, 2], [True] * 4)
    np.testing.assert_allclose(curve.survival, [0.75, 0.25, 0], atol=1e-15)


def test_where_everybody_is_censored_there_is_no_interval():
    curve = kaplan_meier([3, 5], [0, 0])
    assert list(curve.survival) == [1, 1] and np.isnan(curve.low).all()
    assert list(kaplan_meier([3, 5], [0, 0], interval="linear").low) == [1, 1]


def test_events_and_causes_come_in_any_codes():
    numbers = cumulative_incidence([1, 2, 3, 4], [1, 0, 2, 1])
    texts = cumulative_incidence(pd.Series([1, 2, 3, 4], index=list("abcd")), ["joined", "", "refused", "joined"])
    np.testing.assert_array_equal(numbers["incidence"], texts["incidence"])
    assert list(texts["cause"].unique()) == ["joined", "refused"]


def test_a_cause_that_nobody_had_stays_at_nought():
    found = cumulative_incidence([1, 2], ["joined", None], causes=["refused", "joined"])
    assert list(found["cause"].unique()) == ["refused", "joined"]
    assert list(found.groupby("cause")["incidence"].max()) == [0.5, 0]


def test_incidence_at_a_day_before_between_and_after():
    found = cumulative_incidence([2, 4, 6, 8], ["a", "b", "", "a"])
    assert incidence_at(found, 1)["incidence"].tolist() == [0, 0]
    assert incidence_at(found, 5)["incidence"].tolist() == [0.25, 0.25]
    assert incidence_at(found, 9)["incidence"].tolist() == [0.75, 0.25]
    open_end = cumulative_incidence([2, 4], ["a", ""])
    assert incidence_at(open_end, 5)["incidence"].isna().all()


def test_of_nobody_in_any_cause_nothing_comes_back():
    assert len(cumulative_incidence([2, 4], ["", ""])) == 0


def test_groups_without_a_time_in_common_cannot_be_compared():
    found = log_rank([1, 1, 5], [1, 1, 1], ["a", "a", "b"])
    assert found.df == 1
    alone = log_rank([1, 5], [0, 0], ["a", "b"])
    assert alone.df == 0 and np.isnan(alone.p)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kaplan_meier([], []), "shape"),
        (lambda: kaplan_meier([1, -2], [1, 0]), "1 of 2 times are negative"),
        (lambda: kaplan_meier([1, np.nan], [1, 0]), "1 of 2 times are negative or missing"),
        (lambda: kaplan_meier([1, np.inf], [1, 0]), "1 of 2 times"),
        (lambda: kaplan_meier([1, 2], [1]), "2 times stand beside 1 events"),
        (lambda: kaplan_meier([1, 2], [1, 2]), "1 of 2 events are neither"),
        (lambda: kaplan_meier([1, 2], [1, None]), "1 of 2 events are neither"),
        (lambda: kaplan_meier([1], [1], interval="log-lg"), "did you mean 'log-log'"),
        (lambda: kaplan_meier([1], [1], level=95), "confidence level is 95"),
        (lambda: kaplan_meier([1], [1]).quantile(50), "quantile of 50"),
        (lambda: kaplan_meier([1], [1]).at(-1), "negative"),
        (lambda: kaplan_meier([1], [1]).restricted_mean(-1), "mean until -1"),
        (lambda: cumulative_incidence([1, 2], ["a"]), "2 times stand beside 1 events"),
        (lambda: cumulative_incidence([1, 2], ["a", "b"], causes=["a"]), "1 events are not among the causes a"),
        (lambda: log_rank([1, 2], [1, 1], ["a", "a"]), "two groups or more"),
        (lambda: log_rank([1, 2], [1, 1], ["a", None]), "1 of 2 groups are missing"),
        (lambda: log_rank([1, 2], [1, 1], ["a"]), "1 groups"),
    ],
)
def test_what_is_no_waiting_time_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
