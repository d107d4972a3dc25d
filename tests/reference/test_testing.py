"""Tests of association and of equal means equal R's ``svychisq``, ``svyttest`` and ``regTermTest``, row for row."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError

RTOL = 1e-8  # solves with a covariance; a p-value far out in the tail repeats the statistic's error many times over
ATOL = 1e-14  # such p-values are as small as 1e-12 and still compared
TABLES = ["rao-scott-f", "rao-scott-chisq", "wald", "adjusted-wald"]
METHODS = [*TABLES, "t", "mean-wald", "adjusted-mean-wald"]
RESULT = ["statistic", "df1", "df2", "p", "n"]


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


def test_the_adjusted_wald_test_is_what_one_gets_when_nothing_is_said(samples):
    plain = xzz.test(samples["clustered"], ["phone", "flooded"], "area")
    named = xzz.test(samples["clustered"], ["phone", "flooded"], "area", method="adjusted-wald", adjust="holm")
    pd.testing.assert_frame_equal(plain, named)


def test_one_question_may_be_named_without_a_list(samples):
    alone = xzz.test(samples["clustered"], "phone", "area")
    pd.testing.assert_frame_equal(alone, xzz.test(samples["clustered"], ["phone"], "area"))


def test_a_simple_random_sample_gives_pearsons_statistic(households):
    """With equal weights every design effect is n/(n − 1)."""
    frame = households.dropna(subset=["phone", "area"])
    found = xzz.test(xzz.Sample(frame), "phone", "area", method="rao-scott-chisq")["statistic"].item()
    table = pd.crosstab(frame["phone"], frame["area"])
    pearson = stats.chi2_contingency(table, correction=False).statistic
    assert found == pytest.approx(pearson * (len(frame) - 1) / len(frame), rel=RTOL)


def test_t_of_two_groups_is_the_root_of_their_wald_test(samples):
    t = xzz.test(samples["clustered"], "income", "hukou", method="t").iloc[0]
    wald = xzz.test(samples["clustered"], "income", "hukou", method="mean-wald").iloc[0]
    assert t["statistic"] ** 2 == pytest.approx(wald["statistic"], rel=RTOL)
    assert t["p"] == pytest.approx(wald["p"], rel=RTOL)


@pytest.mark.parametrize("method", TABLES)
def test_question_and_group_may_change_places(samples, method):
    one = xzz.test(samples["clustered"], "barrier", "area", method=method)
    other = xzz.test(samples["clustered"], "area", "barrier", method=method)
    pd.testing.assert_frame_equal(one[RESULT], other[RESULT], rtol=RTOL)


@pytest.mark.parametrize("method", METHODS)
def test_rows_in_another_order_and_larger_weights_change_nothing(samples, households, method):
    frame = households.iloc[::-1].assign(w=households["w"] * 3)
    moved = xzz.Sample(frame, weight="w", strata="stratum", cluster="grid")
    found = xzz.test(moved, ["phone", "visited"], "hukou", method=method)
    expected = xzz.test(samples["clustered"], ["phone", "visited"], "hukou", method=method)
    pd.testing.assert_frame_equal(found[RESULT], expected[RESULT], rtol=RTOL)


@pytest.mark.parametrize("method", METHODS)
def test_only_those_who_answered_and_belong_to_a_group_count(samples, households, method):
    used = households[["phone", "hukou"]].notna().all(axis=1) & (households["w"] > 0)
    assert xzz.test(samples["clustered"], "phone", "hukou", method=method)["n"].item() == used.sum()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("answer", [0.0, 1.0])
def test_where_all_say_the_same_there_is_no_test_and_a_reason(households, method, answer):
    sample = xzz.Sample(households.assign(q=answer), weight="w", strata="stratum", cluster="grid")
    found = xzz.test(sample, ["q", "phone"], "hukou", method=method).set_index("indicator")
    assert np.isnan(found.loc["q", ["statistic", "p", "p_adjusted"]].astype(float)).all()
    assert found.loc["q", "reason"]
    assert list(found["tests"]) == [1, 1]  # the question without a test costs the other nothing
    assert found.loc["phone", "p"] == found.loc["phone", "p_adjusted"]


@pytest.mark.parametrize("method", METHODS)
def test_one_group_alone_has_nothing_to_be_compared_with(households, method):
    sample = xzz.Sample(households.assign(g="all"), weight="w", strata="stratum", cluster="grid")
    found = xzz.test(sample, "phone", "g", method=method).iloc[0]
    assert np.isnan(found["p"]) and found["reason"]


@pytest.mark.parametrize("method", ["adjusted-wald", "mean-wald", "adjusted-mean-wald"])
def test_more_groups_than_clusters_leave_no_degrees_of_freedom(households, method):
    frame = households[households["village"].isin(["s1g1", "s1g2", "s2g1", "s2g2"])]
    sample = xzz.Sample(frame, weight="w", strata="stratum", cluster="grid")
    found = xzz.test(sample, "phone", ["area", "hukou"], method=method).iloc[0]
    assert np.isnan(found["p"]) and found["reason"]


def test_nobody_answered_gives_a_row_with_a_reason(households):
    sample = xzz.Sample(households.assign(q=np.nan), weight="w", strata="stratum", cluster="grid")
    found = xzz.test(sample, "q", "area").iloc[0]
    assert found["n"] == 0 and np.isnan(found["p"]) and found["reason"]


@pytest.mark.parametrize(
    ("what", "by", "options", "message"),
    [
        ("phone", "area", {"method": "rao-scot-f"}, r"'rao-scot-f'.*did you mean 'rao-scott-f'"),
        ("phone", "area", {"adjust": "bonferoni"}, "'bonferoni'"),
        ("phone", "area", {"method": "t"}, "3"),
        ("barrier", "hukou", {"method": "t"}, "'barrier'"),
        ("barrier", "area", {"method": "mean-wald"}, "'barrier'"),
        ("phnoe", "area", {}, r"'phnoe'.*did you mean 'phone'"),
        ("phone", "areas", {}, r"'areas'.*did you mean 'area'"),
    ],
    ids=["method", "adjust", "t-of-three-groups", "t-of-text", "mean-of-text", "question", "group"],
)
def test_what_cannot_be_tested_is_refused_by_name(samples, what, by, options, message):
    with pytest.raises(DesignError, match=message):
        xzz.test(samples["clustered"], what, by, **options)
