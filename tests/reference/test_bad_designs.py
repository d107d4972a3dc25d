"""Designs and answers that allow no estimate: each says what is wrong, how often, and what to do."""

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError, XzzError

ROWS = 24


def survey(**columns):
    """Two strata of three clusters, four respondents in each."""
    number = np.arange(ROWS)
    frame = {
        "stratum": np.where(number < ROWS // 2, "东区", "西区"),
        "grid": number // 4,
        "weight": 1.0 + number % 3,
        "n_grids": 30,
        "sex": np.where(number % 2, "f", "m"),
        "school": (number % 5 == 0).astype(float),
        "age": 6.0 + number % 9,
        "barrier": np.where(number % 3, "cost", "papers"),
    }
    return pd.DataFrame(frame | columns)


def sample_of(frame, **changes):
    return xzz.Sample(frame, **({"weight": "weight", "strata": "stratum", "cluster": "grid"} | changes))


def with_value(frame, column, rows, value):
    frame.loc[frame.index[:rows], column] = value
    return frame


def refusal(frame, **changes):
    with pytest.raises(DesignError) as caught:
        xzz.share(sample_of(frame, **changes), "school")
    return str(caught.value)


def assert_every_absence_has_a_reason(estimates):
    absent = estimates[["estimate", "se", "low", "high"]].isna().any(axis=1)
    assert (estimates.loc[absent, "reason"].fillna("") != "").all()


# --- weights -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "word"), [(np.nan, "missing"), (-1.0, "negative"), (np.inf, "infinite"), (-np.inf, "")]
)
def test_unusable_weights_are_refused_with_their_column_and_count(value, word):
    message = refusal(with_value(survey(), "weight", 3, value))
    assert "'weight'" in message
    assert f"3 of {ROWS}" in message
    assert word in message


def test_a_zero_weight_stays_in_the_design_and_out_of_the_base():
    estimate = xzz.mean(sample_of(with_value(survey(), "weight", 3, 0.0)), "age").iloc[0]
    assert estimate["n"] == ROWS - 3
    assert estimate["weighted_n"] == survey()["weight"][3:].sum()


def test_the_answer_of_a_zero_weight_counts_for_nothing():
    frame = with_value(survey(), "weight", 3, 0.0)
    changed = with_value(frame.copy(), "age", 3, 99.0)
    numbers = ["estimate", "se", "low", "high"]
    expected, found = (xzz.mean(sample_of(data), "age")[numbers] for data in (frame, changed))
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


def test_a_group_whose_weights_are_all_zero_has_a_reason():
    frame = survey()
    frame.loc[frame["sex"] == "f", "weight"] = 0.0
    estimates = xzz.share(sample_of(frame), "school", by="sex")
    assert list(estimates["by"]) == ["sex=f", "sex=m"]
    assert np.isnan(estimates["estimate"].iloc[0])
    assert_every_absence_has_a_reason(estimates)


# --- strata and clusters -------------------------------------------------------------------------


def test_a_stratum_with_one_cluster_is_named_with_a_remedy():
    frame = survey()
    frame.loc[frame["grid"] == 5, "stratum"] = "通州区"
    message = refusal(frame)
    assert "'通州区' holds 1 first-stage unit" in message
    assert "1 such strata of 3" in message
    assert "merge it" in message


def test_the_lonely_stratum_of_the_households_is_named(households):
    with pytest.raises(DesignError, match="孤点"):
        xzz.Sample(households, weight="w", strata="st_lonely", cluster="grid")


def test_a_stratum_with_one_respondent_is_lonely_without_clusters_too():
    frame = with_value(survey(), "stratum", 1, "通州区")
    assert "'通州区' holds 1 first-stage unit" in refusal(frame, cluster=None)


def test_the_only_cluster_that_exists_is_not_lonely():
    frame = survey()
    frame.loc[frame["grid"] == 5, ["stratum", "n_grids"]] = ["通州区", 1]
    estimate = xzz.mean(sample_of(frame, fpc="n_grids"), "age").iloc[0]
    assert estimate["df"] == 3
    assert estimate["low"] < estimate["estimate"] < estimate["high"]


def test_a_cluster_number_used_in_two_strata_is_two_clusters():
    numbered_anew = survey(grid=np.arange(ROWS) // 4 % 3)
    expected = xzz.mean(sample_of(survey()), "age", by="sex")
    pd.testing.assert_frame_equal(xzz.mean(sample_of(numbered_anew), "age", by="sex"), expected)
    assert set(expected["df"]) == {4}


@pytest.mark.parametrize("column", ["stratum", "grid"])
def test_respondents_without_stratum_or_cluster_are_refused(column):
    frame = with_value(survey().astype({column: object}), column, 2, None)
    message = refusal(frame)
    assert f"'{column}'" in message
    assert f"2 of {ROWS}" in message


# --- population sizes ----------------------------------------------------------------------------


def test_a_population_smaller_than_its_sample_is_refused():
    frame = survey()
    frame.loc[frame["stratum"] == "西区", "n_grids"] = 2
    message = refusal(frame, fpc="n_grids")
    assert "'n_grids'" in message and "'西区'" in message
    assert "2" in message and "3" in message


def test_two_population_sizes_in_one_stratum_are_refused():
    message = refusal(with_value(survey(), "n_grids", 1, 31), fpc="n_grids")
    assert "'东区'" in message
    assert "30" in message and "31" in message


@pytest.mark.parametrize("value", [np.nan, -5.0, np.inf])
def test_unusable_population_sizes_are_refused(value):
    frame = with_value(survey().astype({"n_grids": float}), "n_grids", 4, value)
    assert "'n_grids'" in refusal(frame, fpc="n_grids")


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "wrong", "right"),
    [("weight", "wieght", "weight"), ("strata", "stratums", "stratum"), ("cluster", "grids", "grid")],
)
def test_an_unknown_design_column_gets_the_nearest_name(role, wrong, right):
    message = refusal(survey(), **{role: wrong})
    assert repr(wrong) in message
    assert f"did you mean {right!r}" in message


def test_an_unknown_population_column_gets_the_nearest_name():
    assert "did you mean 'n_grids'" in refusal(survey(), fpc="n_grid")


@pytest.mark.parametrize(
    "ask",
    [
        lambda sample: xzz.share(sample, "scool"),
        lambda sample: xzz.mean(sample, "scool"),
        lambda sample: xzz.total(sample, "scool"),
        lambda sample: xzz.quantile(sample, "scool"),
        lambda sample: xzz.ratio(sample, "age", "scool"),
        lambda sample: xzz.ratio(sample, "scool", "age"),
        lambda sample: xzz.mean(sample, "age", by="scool"),
        lambda sample: xzz.mean(sample, "age", by=["sex", "scool"]),
    ],
    ids=["share", "mean", "total", "quantile", "denominator", "numerator", "group", "second-group"],
)
def test_an_unknown_question_or_group_gets_the_nearest_name(ask):
    with pytest.raises(XzzError, match=r"'scool'.*did you mean 'school'"):
        ask(sample_of(survey()))


# --- answers that allow no estimate --------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        lambda sample, by: xzz.share(sample, "empty", by=by),
        lambda sample, by: xzz.mean(sample, "empty", by=by),
        lambda sample, by: xzz.total(sample, "empty", by=by),
        lambda sample, by: xzz.ratio(sample, "empty", "age", by=by),
        lambda sample, by: xzz.quantile(sample, "empty", by=by),
    ],
    ids=["share", "mean", "total", "ratio", "quantile"],
)
@pytest.mark.parametrize("by", [None, "sex"])
def test_no_answer_at_all_gives_rows_with_a_reason(ask, by):
    estimates = ask(sample_of(survey(empty=np.nan)), by)
    assert len(estimates) >= (2 if by else 1)
    assert (estimates["n"] == 0).all()
    assert estimates["estimate"].isna().all()
    assert_every_absence_has_a_reason(estimates)


def test_a_group_that_nobody_answered_in_keeps_its_row():
    frame = survey()
    frame.loc[frame["sex"] == "f", "barrier"] = None
    estimates = xzz.share(sample_of(frame), "barrier", by="sex")
    silent = estimates[estimates["by"] == "sex=f"]
    assert len(silent) > 0 and silent["estimate"].isna().all()
    assert_every_absence_has_a_reason(estimates)


@pytest.mark.parametrize("method", ["wilson", "logit", "korn-graubard", "wald"])
def test_a_group_in_one_cluster_has_no_interval_and_says_why(method):
    frame = survey(camp=np.where(np.arange(ROWS) // 4 == 1, "yes", "no"))
    estimates = xzz.share(sample_of(frame), "school", by="camp", method=method).set_index("by")
    alone = estimates.loc["camp=yes"]
    assert alone["df"] == 0
    assert np.isnan([alone["low"], alone["high"]]).all()
    assert alone["reason"]
    assert not np.isnan(estimates.loc["camp=no", "low"])


def test_a_group_in_one_cluster_has_no_quantile_interval_and_says_why():
    frame = survey(camp=np.where(np.arange(ROWS) // 4 == 1, "yes", "no"))
    estimates = xzz.quantile(sample_of(frame), "age", by="camp")
    alone = estimates[estimates["by"] == "camp=yes"]
    assert alone["estimate"].notna().all()
    assert alone[["se", "low", "high"]].isna().all(axis=None)
    assert_every_absence_has_a_reason(estimates)


def test_a_ratio_to_nothing_has_a_reason():
    estimate = xzz.ratio(sample_of(survey(none=0.0)), "age", "none")
    assert np.isnan(estimate["estimate"].item())
    assert_every_absence_has_a_reason(estimate)


def test_one_respondent_in_a_group_has_a_reason_where_a_number_is_absent():
    frame = survey(only=["yes"] + ["no"] * (ROWS - 1))
    for estimates in (
        xzz.share(sample_of(frame), "school", by="only"),
        xzz.mean(sample_of(frame), "age", by="only"),
    ):
        assert_every_absence_has_a_reason(estimates)
