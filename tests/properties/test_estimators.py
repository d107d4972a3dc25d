"""What holds of standardised rates, inequality, select-multiple questions and rankings whatever the answers are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xzz_analysis as xzz
from xzz_analysis.survey.measures.inequality import concentration, gini
from xzz_analysis.survey.measures.multiple import multiple
from xzz_analysis.survey.measures.priorities import priorities
from xzz_analysis.survey.measures.standardised import standardised

SIZE = 24
NUMBERS = ["estimate", "se", "low", "high", "df", "n"]
COLUMNS = ["m/a", "m/b", "m/c", "m/none"]
CLOSE = {"rtol": 1e-8, "atol": 1e-10}  # sums in another order, and a root of what may be nothing but rounding

some = settings(max_examples=25, deadline=None)


@st.composite
def samples(draw):
    """Two dozen respondents in eight clusters of two strata; needs may be of nobody, few or all, answers missing."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    often, missing = draw(st.sampled_from([0, 0.1, 0.5, 1])), draw(st.sampled_from([0, 0.2, 0.9]))
    places = [pd.Categorical.from_codes(random.integers(-1, 3, SIZE), ["a", "b", "c"]) for _ in range(3)]
    frame = pd.DataFrame(
        {
            "cluster": np.arange(SIZE) % 8,
            "stratum": np.arange(SIZE) % 2,
            "w": random.integers(1, 6, SIZE),
            "area": random.choice(["x", "y"], SIZE),
            "age": random.choice(["old", "young"], SIZE, p=[0.3, 0.7]),
            "need": np.where(random.random(SIZE) < missing, np.nan, random.random(SIZE) < often),
            "y": random.choice([0, 1, 2.5, 40], SIZE) * (often > 0),
            "income": random.integers(0, 10, SIZE),
            **{name: (random.random(SIZE) < often).astype(float) for name in COLUMNS},
            **{f"p{place}": choice for place, choice in enumerate(places)},
        }
    )
    frame.loc[random.random(SIZE) < missing, COLUMNS] = np.nan
    return xzz.Sample(frame, weight="w", strata="stratum", cluster="cluster")


def changed(sample, **columns):
    return xzz.Sample(sample.frame.assign(**columns), weight="w", strata="stratum", cluster="cluster")


CALLS = {
    "standardised": lambda sample: standardised(sample, "need", "age", "sample", by="area"),
    "gini": lambda sample: gini(sample, "y", by="area"),
    "concentration": lambda sample: concentration(sample, "need", "income", by="area", correction="erreygers"),
    "multiple": lambda sample: multiple(sample, "m", by="area", exclusive="none"),
    "priorities": lambda sample: priorities(sample, ["p0", "p1", "p2"], by="area"),
}


@pytest.mark.parametrize("name", CALLS)
@some
@given(sample=samples(), seed=st.integers(0, 99))
def test_the_order_of_the_rows_and_the_scale_of_weights_change_nothing(name, sample, seed):
    shuffled = sample.frame.sample(frac=1, random_state=seed).assign(w=lambda frame: frame["w"] * 7)
    found = CALLS[name](xzz.Sample(shuffled, weight="w", strata="stratum", cluster="cluster"))
    expected = CALLS[name](sample)
    pd.testing.assert_frame_equal(found[NUMBERS], expected[NUMBERS], **CLOSE)
    assert list(found["reason"]) == list(expected["reason"])


@pytest.mark.parametrize("name", CALLS)
@some
@given(sample=samples())
def test_no_figure_is_absent_without_a_reason(name, sample):
    found = CALLS[name](sample)
    figures = found[["estimate", "se", "low", "high"]].mask(found["statistic"] == "rank", 0)
    figures["estimate"] = found["estimate"]
    assert (found["reason"] != "").equals(figures.isna().any(axis=1)) or (found["df"] <= 0).any()
    assert not np.isinf(found[NUMBERS].to_numpy(float)).any()


@some
@given(sample=samples())
def test_a_subpopulation_is_a_group(sample):
    for call in (
        lambda some, by: standardised(some, "need", "age", {"old": 1, "young": 2}, by=by),
        lambda some, by: gini(some, "y", by=by),
    ):
        inside = call(sample.subpopulation(sample.frame["area"] == "x"), None)
        group = call(sample, "area").query("by == 'area=x'")
        np.testing.assert_allclose(inside[NUMBERS], group[NUMBERS].to_numpy(), **CLOSE)


@some
@given(sample=samples(), part=st.floats(0.05, 0.95))
def test_a_standardised_share_lies_between_those_of_the_ages(sample, part):
    rate = standardised(sample, "need", "age", {"old": part, "young": 1 - part})
    shares = xzz.share(sample, "need", by="age")
    if len(shares) == 2 and shares["estimate"].notna().all():
        mixed = np.array([part, 1 - part])
        np.testing.assert_allclose(rate["estimate"].item(), mixed @ shares["estimate"], **CLOSE)
        np.testing.assert_allclose(rate["se"].item() ** 2, mixed @ shares.covariance() @ mixed, **CLOSE)


@some
@given(sample=samples(), scale=st.floats(0.01, 1000))
def test_gini_lies_between_none_and_all_and_knows_no_unit(sample, scale):
    index = gini(sample, "y")
    rescaled = gini(changed(sample, y=sample.frame["y"] * scale), "y")
    np.testing.assert_allclose(rescaled[NUMBERS], index[NUMBERS].to_numpy(float), **CLOSE)
    assert index["estimate"].isna().item() or -1e-12 <= index["estimate"].item() < 1


@some
@given(sample=samples())
def test_concentration_by_the_number_itself_is_gini(sample):
    itself, index = concentration(sample, "y", "y"), gini(sample, "y")
    np.testing.assert_allclose(itself[NUMBERS], index[NUMBERS].to_numpy(float), **CLOSE)
    other = concentration(sample, "y", "income")["estimate"].item()
    assert np.isnan(other) or abs(other) <= index["estimate"].item() + 1e-12


@some
@given(sample=samples(), correction=st.sampled_from(["none", "wagstaff", "erreygers"]))
def test_a_ranking_turned_round_turns_the_sign(sample, correction):
    frame = sample.frame
    plain = concentration(sample, "need", "income", correction=correction)
    turned = concentration(changed(sample, income=-frame["income"]), "need", "income", correction=correction)
    np.testing.assert_allclose(turned[["estimate", "se"]], plain[["estimate", "se"]] * [-1, 1], **CLOSE)


@some
@given(sample=samples(), correction=st.sampled_from(["wagstaff", "erreygers"]))
def test_a_corrected_index_of_those_without_the_need_mirrors_it(sample, correction):
    plain = concentration(sample, "need", "income", correction=correction)
    without = concentration(changed(sample, need=1 - sample.frame["need"]), "need", "income", correction=correction)
    np.testing.assert_allclose(without[["estimate", "se"]], plain[["estimate", "se"]] * [-1, 1], **CLOSE)


@some
@given(sample=samples())
def test_the_parts_of_a_question_add_up(sample):
    found = multiple(sample, "m", exclusive="none", combinations=20)
    parts = found.groupby("statistic")["estimate"].sum(min_count=1)
    needs = found[(found["statistic"] == "share") & (found["option"] != "none")]["estimate"].sum()
    count = found.query("statistic == 'mean_count'")["estimate"].item()
    assert np.isnan(count) or np.isclose(count, needs, **CLOSE)
    assert parts.get("combination", 0) <= 1 + 1e-12
    if count > 0:
        np.testing.assert_allclose(parts["share_of_mentions"], 1, **CLOSE)
    shares = found[found["statistic"] == "share"].set_index("option")["estimate"]
    for row in found[found["statistic"] == "combination"].itertuples():
        assert row.estimate <= shares[row.option.split("+")].min() + 1e-12


@some
@given(sample=samples())
def test_share_of_cases_times_cases_is_the_share(sample):
    found = multiple(sample, "m", exclusive="none").set_index(["statistic", "option"])["estimate"]
    named = sample.frame[COLUMNS[:3]].max(axis=1)
    cases = xzz.share(changed(sample, case=named), "case")["estimate"].item()
    for option in "abc":
        if cases > 0:
            share = found["share_of_cases", option] * cases
            np.testing.assert_allclose(share, found["share", option], **CLOSE)


@some
@given(sample=samples(), scores=st.lists(st.integers(0, 5), min_size=3, max_size=3))
def test_ranks_lie_in_their_intervals_and_follow_the_scores(sample, scores):
    points = sorted((score + 1 for score in scores), reverse=True)
    found = priorities(sample, ["p0", "p1", "p2"], points)
    score, rank = (found[found["statistic"] == name].reset_index() for name in ("score", "rank"))
    wider = priorities(sample, ["p0", "p1", "p2"], points, level=0.99)
    wide = wider[wider["statistic"] == "rank"].reset_index()
    if score["estimate"].notna().all():
        expected = score["estimate"].round(12).rank(ascending=False, method="min")
        assert list(rank["estimate"]) == list(expected)
        assert (rank["low"] >= 1).all() and (rank["high"] <= 3).all()
        assert ((rank["low"] <= rank["estimate"]) & (rank["estimate"] <= rank["high"])).all()
        assert ((wide["low"] <= rank["low"]) & (wide["high"] >= rank["high"])).all()


@some
@given(sample=samples())
def test_a_score_of_one_for_every_place_is_the_share_that_names_the_option(sample):
    found = priorities(sample, ["p0", "p1", "p2"], [1, 1, 1])
    score, named = (found[found["statistic"] == name] for name in ("score", "named"))
    np.testing.assert_allclose(score[["estimate", "se"]], named[["estimate", "se"]].to_numpy(), **CLOSE)
