"""Standardised rates, inequality, select-multiple questions and priorities against brute force.

The error of each is compared with that of the total of its slopes in every single weight, found by a step into the
imaginary numbers: no difference is taken, so no digit is lost.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import studentized_range, t

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError, XzzError
from xzz_analysis.survey import weighting
from xzz_analysis.survey.estimates import MISSING_COLUMNS, group_pairs
from xzz_analysis.survey.measures.inequality import concentration, gini
from xzz_analysis.survey.measures.multiple import multiple
from xzz_analysis.survey.measures.priorities import priorities, rank_intervals
from xzz_analysis.survey.measures.standardised import standardised

RTOL = 1e-10  # sums are taken in another order; the standard error takes a root
AGES = {"0-14": 0.3, "15-59": 0.5, "60+": 0.2}
PEOPLE = {"0-14": 1500, "15-59": 2500, "60+": 800}
STEP = 1e-30
AREAS = ["城中村", "村庄", "老旧小区"]


@pytest.fixture(scope="module")
def frame(root):
    rounds = pd.read_csv(root / "tests" / "reference" / "fixtures" / "rounds.csv")
    return rounds[rounds["round"] == "r1"].reset_index(drop=True)


@pytest.fixture(scope="module", params=["plain", "fpc", "post-stratified"])
def sample(request, frame):
    fpc = "n_grids" if request.param == "fpc" else None
    made = xzz.Sample(frame, weight="w", strata="stratum", cluster="grid", fpc=fpc)
    if request.param != "post-stratified":
        return made
    return weighting.post_stratify(made, "age", PEOPLE)


def slopes(weight, statistic):
    """Derivative of a function of the weights (rows, weights) → (rows,) in each weight."""
    stepped = np.tile(weight.astype(complex), (len(weight), 1))
    stepped[np.diag_indices(len(weight))] += 1j * STEP
    return np.imag(statistic(stepped)) / STEP


def brute(sample, statistic):
    """Estimate and standard error of any function of the weights."""
    weight = sample.design.weight
    total = xzz.total(with_column(sample, slopes(weight, statistic)), "slope")
    return float(np.real(statistic(weight[None, :].astype(complex)))[0]), total["se"].item()


def with_column(sample, values):
    out = sample.reweighted(sample.design.weight)
    out.frame = out.frame.assign(slope=values)
    return out


def of_weights(mask, values=1.0):
    """Σ w·values over some respondents as a function of the weights."""
    part = np.where(mask, np.nan_to_num(values), 0.0)
    return lambda w: w @ part


def assert_brute(estimates, sample, statistic, rtol=RTOL):
    estimate, se = brute(sample, statistic)
    np.testing.assert_allclose(estimates["estimate"].item(), estimate, rtol=rtol)
    np.testing.assert_allclose(estimates["se"].item(), se, rtol=rtol, atol=1e-15)


# --- standardised -----------------------------------------------------------------------------------------------


def rate(sample, column, group, shares):
    """Σ π · mean of each age inside a group, π as functions of the weights."""
    frame = sample.frame

    def value(w):
        out = 0
        for age, share in shares.items():
            base = group & (frame["age"] == age) & frame[column].notna()
            out = out + share(w) * of_weights(base, frame[column])(w) / of_weights(base)(w)
        return out

    return value


@pytest.mark.parametrize("area", AREAS)
def test_standardised_share_by_brute_force(sample, area):
    group = (sample.frame["area"] == area).to_numpy()
    fixed = {age: lambda w, share=share: share for age, share in AGES.items()}
    rows = standardised(sample, "phone", "age", AGES, by="area")
    assert_brute(rows[rows["by"] == f"area={area}"], sample, rate(sample, "phone", group, fixed))


@pytest.mark.parametrize("area", AREAS)
def test_standard_of_the_sample_brings_its_own_error(sample, area):
    group = (sample.frame["area"] == area).to_numpy()
    known = sample.frame["age"].notna()
    own = {age: lambda w, age=age: of_weights(sample.frame["age"] == age)(w) / of_weights(known)(w) for age in AGES}
    rows = standardised(sample, "income", "age", "sample", by="area", statistic="mean")
    row = rows[rows["by"] == f"area={area}"]
    assert_brute(row, sample, rate(sample, "income", group, own))
    np.testing.assert_allclose(np.sqrt(np.diag(rows.covariance())), rows["se"], rtol=RTOL)
    assert row["method"].item() == "wald; standard age of the sample"


def test_a_sample_at_its_own_composition_is_the_crude_share(frame):
    complete = frame[frame["age"].notna() & frame["phone"].notna()]
    sample = xzz.Sample(complete, weight="w", strata="stratum", cluster="grid")
    crude, own = xzz.share(sample, "phone"), standardised(sample, "phone", "age", "sample")
    for column in ("estimate", "se", "df", "n", "n_need", "weighted_n"):
        np.testing.assert_allclose(own[column], crude[column], rtol=RTOL, err_msg=column)


def test_people_and_shares_are_one_standard(sample):
    people = {age: 1000 * share for age, share in AGES.items()}
    one, other = standardised(sample, "phone", "age", AGES), standardised(sample, "phone", "age", people)
    pd.testing.assert_frame_equal(one, other)
    assert one["method"].item() == "wald; standard age: 0-14 0.3, 15-59 0.5, 60+ 0.2"
    assert one["statistic"].item() == "standardised_share"


def test_two_columns_are_crossed(sample):
    crossed = {(age, hukou): share / 2 for age, share in AGES.items() for hukou in ("外地", "本地")}
    rows = standardised(sample, "income", ["age", "hukou"], crossed, statistic="mean")
    cells = xzz.mean(sample, "income", by=["age", "hukou"])
    coefficients = np.array([crossed[tuple(level for _, level in group_pairs(by))] for by in cells["by"]])
    np.testing.assert_allclose(rows["estimate"].item(), coefficients @ cells["estimate"], rtol=RTOL)
    se = np.sqrt(coefficients @ cells.covariance() @ coefficients)
    np.testing.assert_allclose(rows["se"].item(), se, rtol=RTOL)
    assert np.isnan(rows["n_need"].item())


def test_a_level_of_no_weight_leaves_its_respondents_out(sample):
    children = sample.subpopulation(sample.frame["age"] == "0-14")
    only = standardised(sample, "phone", "age", {"0-14": 1, "15-59": 0, "60+": 0}, by="area")
    expected = xzz.share(children, "phone", by="area")
    for column in ("estimate", "se", "df", "n", "n_need", "weighted_n"):
        np.testing.assert_allclose(only[column], expected[column], rtol=RTOL, err_msg=column)


def test_a_group_without_an_age_has_no_rate_and_says_so(frame):
    gone = frame[(frame["area"] != "村庄") | (frame["age"] != "60+")]
    sample = xzz.Sample(gone, weight="w", strata="stratum", cluster="grid")
    for standard in (AGES, "sample"):
        rows = standardised(sample, "phone", "age", standard, by="area").set_index("by")
        assert rows.loc["area=村庄", "reason"] == "empty_stratum"
        assert rows.loc["area=村庄", ["estimate", "se", "low", "high"]].isna().all()
        assert rows.loc["area=村庄", "n"] > 0
        assert (rows.drop("area=村庄")["reason"] == "").all()


def test_an_age_that_a_form_lists_and_nobody_has_is_an_empty_stratum(frame):
    ages = pd.Categorical(frame["age"], categories=["0-14", "15-59", "60+", "90+"])
    sample = xzz.Sample(frame.assign(age=ages), weight="w", strata="stratum", cluster="grid")
    row = standardised(sample, "phone", "age", {**AGES, "90+": 0.1})
    assert row["reason"].item() == "empty_stratum"


def test_respondents_of_unknown_age_are_missing(frame):
    unknown = frame.assign(age=frame["age"].mask(np.arange(len(frame)) % 9 == 0))
    known = xzz.Sample(unknown, weight="w", strata="stratum", cluster="grid").subpopulation(unknown["age"].notna())
    found = standardised(xzz.Sample(unknown, weight="w", strata="stratum", cluster="grid"), "phone", "age", AGES)
    expected = standardised(known, "phone", "age", AGES)
    for column in ("estimate", "se", "df", "n", "weighted_n"):
        np.testing.assert_allclose(found[column], expected[column], rtol=RTOL, err_msg=column)
    assert found["n_blank"].item() == (unknown["age"].isna() | unknown["phone"].isna()).sum()


def test_a_known_composition_has_no_error(frame):
    sample = weighting.post_stratify(xzz.Sample(frame, weight="w", strata="stratum", cluster="grid"), "age", PEOPLE)
    own, fixed = standardised(sample, "phone", "age", "sample"), standardised(sample, "phone", "age", PEOPLE)
    np.testing.assert_allclose(own[["estimate", "se"]], fixed[["estimate", "se"]], rtol=RTOL)


def test_every_respondent_of_a_group_is_counted_or_missing(sample):
    rows = standardised(sample, ["phone", "documents"], "age", AGES, by="area")
    answered = rows["n"] + rows[list(MISSING_COLUMNS)].sum(axis=1)
    weightless = (sample.design.weight == 0).sum()
    size = sample.frame["area"].value_counts()
    for by, counted in zip(rows["by"], answered, strict=True):
        assert size[by.removeprefix("area=")] - weightless <= counted <= size[by.removeprefix("area=")]


@pytest.mark.parametrize(
    ("over", "standard", "by", "options", "match"),
    [
        ("age", {**AGES, "60": 1}, None, {}, "level '60' of the standard .* did you mean '60\\+'"),
        ("age", {"0-14": 1, "15-59": 1}, None, {}, "level '60\\+' of age has .* no weight .*1 such levels of 3"),
        ("age", {**AGES, "60+": -1}, None, {}, "level '60\\+' has -1; give finite numbers"),
        ("age", {**AGES, "60+": np.inf}, None, {}, "level '60\\+' has inf"),
        ("age", dict.fromkeys(AGES, 0), None, {}, "no level has a weight"),
        ("age", "samples", None, {}, "standard 'samples' is neither"),
        ("age", {("0-14", "外地"): 1}, None, {}, "level '0-14 × 外地' of the standard"),
        ("area", "sample", "area", {}, "column 'area' is in over and in by"),
        ([], "sample", None, {}, "over names no column"),
        ("age", AGES, None, {"statistic": "shares"}, "did you mean 'share'"),
        ("ages", AGES, None, {}, "did you mean 'age'"),
    ],
)
def test_a_standard_that_cannot_be_used(frame, over, standard, by, options, match):
    sample = xzz.Sample(frame, weight="w", strata="stratum", cluster="grid")
    with pytest.raises(DesignError, match=match):
        standardised(sample, "phone", over, standard, by, **options)


# --- inequality -------------------------------------------------------------------------------------------------


def index_of(y, rank, mask, corrected=lambda index, mean: index):
    """The index from its definition, a function of the weights: ranks of a row are taken below and half at it."""
    y, rank = np.where(mask, y, 0.0), np.where(mask, rank, 0.0)
    counts = ((rank[:, None] > rank) + (rank[:, None] == rank) / 2) * mask

    def value(w):
        w = w * mask
        below = w @ counts.T / w.sum(axis=1, keepdims=True)
        mean = (w @ y) / w.sum(axis=1)
        centred = (y - mean[:, None]) * (below - 0.5)
        return corrected(2 * (w * centred).sum(axis=1) / w.sum(axis=1) / mean, mean)

    return value


@pytest.mark.parametrize("column", ["income", "children", "phone"])
def test_gini_by_brute_force(sample, column):
    y = sample.frame[column].to_numpy(float)
    assert_brute(gini(sample, column), sample, index_of(y, y, ~np.isnan(y)))


def test_gini_is_half_the_mean_difference_of_pairs(sample):
    y, w = sample.frame["income"].to_numpy(float), sample.design.weight
    y, w = y[~np.isnan(y)], w[~np.isnan(y)]
    pairs = (np.outer(w, w) * np.abs(y[:, None] - y)).sum() / (2 * w.sum() * (w * y).sum())
    np.testing.assert_allclose(gini(sample, "income")["estimate"].item(), pairs, rtol=RTOL)


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize(
    ("correction", "corrected"),
    [
        ("none", lambda index, mean: index),
        ("wagstaff", lambda index, mean: index / (1 - mean)),
        ("erreygers", lambda index, mean: 4 * mean * index),
    ],
)
def test_concentration_of_a_need_by_brute_force(sample, area, correction, corrected):
    need, income = sample.frame["phone"].to_numpy(float), sample.frame["income"].to_numpy(float)
    mask = (sample.frame["area"] == area).to_numpy() & ~np.isnan(need) & ~np.isnan(income)
    rows = concentration(sample, "phone", "income", by="area", correction=correction)
    row = rows[rows["by"] == f"area={area}"]
    assert_brute(row, sample, index_of(need, income, mask, corrected))
    assert row["n"].item() == (mask & (sample.design.weight > 0)).sum()


@pytest.mark.parametrize("correction", ["wagstaff", "erreygers"])
def test_a_correction_for_other_bounds_by_brute_force(sample, correction):
    y, rank = sample.frame["children"].to_numpy(float) + 1, sample.frame["income"].to_numpy(float)
    low, high = 0.5, 9.0
    formulae = {
        "wagstaff": lambda c, mean: (high - low) * mean * c / ((high - mean) * (mean - low)),
        "erreygers": lambda c, mean: 4 * mean * c / (high - low),
    }
    moved = with_column(sample, y)
    row = concentration(moved, "slope", "income", correction=correction, bounds=(low, high))
    assert_brute(row, sample, index_of(y, rank, ~np.isnan(y) & ~np.isnan(rank), formulae[correction]))
    assert row["method"].item() == "wald; rank income, bounds 0.5 to 9"


def test_a_rank_can_belong_to_a_whole_group(sample):
    level = sample.frame["area"].map(dict(zip(AREAS, (3.0, 1.0, 2.0), strict=True)))
    ordered = pd.Categorical(sample.frame["area"], categories=["村庄", "老旧小区", "城中村"], ordered=True)
    made = with_column(sample, level)
    by_number = concentration(made, "phone", "slope")
    made.frame = made.frame.assign(slope=ordered)
    by_category = concentration(made, "phone", "slope")
    pd.testing.assert_frame_equal(by_number, by_category)
    need = sample.frame["phone"].to_numpy(float)
    assert_brute(by_number, sample, index_of(need, level.to_numpy(), ~np.isnan(need) & level.notna().to_numpy()))


@pytest.mark.parametrize("call", [gini, lambda sample, name, by: concentration(sample, name, "income", by)])
def test_nothing_cannot_be_unequal(frame, call):
    sample = xzz.Sample(frame.assign(debt=0.0), weight="w", strata="stratum", cluster="grid")
    rows = call(sample, "debt", "area")
    assert (rows["reason"] == "denominator_zero").all()
    assert rows[["estimate", "se", "low", "high"]].isna().all(axis=None)


def test_a_need_of_all_has_no_wagstaff_index(frame):
    sample = xzz.Sample(frame.assign(need=1.0), weight="w", strata="stratum", cluster="grid")
    plain, corrected = (
        concentration(sample, "need", "income"),
        concentration(sample, "need", "income", correction="wagstaff"),
    )
    np.testing.assert_allclose(plain["estimate"], 0, atol=1e-12)
    assert corrected["reason"].item() == "denominator_zero" and np.isnan(corrected["se"].item())


def test_a_missing_rank_is_a_missing_answer(sample):
    row = concentration(sample, "phone", "income")
    both = sample.frame[["phone", "income"]].notna().all(axis=1)
    assert row["n"].item() == (both & (sample.design.weight > 0)).sum()
    assert row[list(MISSING_COLUMNS)].sum(axis=1).item() == (~both).sum()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda sample: gini(sample, "loss"), "'loss' is negative in 2 of .* rows"),
        (lambda sample: concentration(sample, "loss", "income"), "negative in 2 of"),
        (lambda sample: gini(sample, "area"), "'area' holds text"),
        (lambda sample: concentration(sample, "phone", "area"), "'area' holds text, which ranks nobody"),
        (lambda sample: concentration(sample, "phone", "incomes"), "did you mean 'income'"),
        (lambda sample: concentration(sample, "children", "income", correction="wagstaff"), "outside 0 to 1 in"),
        (lambda sample: concentration(sample, "phone", "income", correction="wagstaf"), "did you mean 'wagstaff'"),
        (lambda sample: concentration(sample, "phone", "income", bounds=(1, 0)), "bounds are 1 and 0"),
    ],
)
def test_an_inequality_that_cannot_be(frame, call, match):
    loss = np.where(np.arange(len(frame)) < 2, -5.0, 3.0)
    sample = xzz.Sample(frame.assign(loss=loss), weight="w", strata="stratum", cluster="grid")
    with pytest.raises(DesignError, match=match):
        call(sample)


# --- select-multiple --------------------------------------------------------------------------------------------

NEEDS = pd.DataFrame(
    {
        "w": [1.0, 2, 1, 1, 3, 1, 1, 2],
        "village": list("aaaabbbb"),
        "need/water": [1, 1, 0, 0, 1, 0, np.nan, 1],
        "need/school": [1, 0, 1, 0, 1, 0, np.nan, 1],
        "need/none": [0, 0, 0, 1, 0, 0, np.nan, 1],
    }
)


def rows_of(estimates, statistic, by=""):
    rows = estimates[(estimates["statistic"] == statistic) & (estimates["by"] == by)]
    return dict(zip(rows["option"], rows["estimate"], strict=True))


def test_everything_a_question_says():
    found = multiple(xzz.Sample(NEEDS, weight="w"), "need", exclusive="none")
    assert rows_of(found, "share") == pytest.approx({"water": 8 / 11, "school": 7 / 11, "none": 3 / 11})
    assert rows_of(found, "share_of_cases") == pytest.approx({"water": 8 / 9, "school": 7 / 9})
    assert rows_of(found, "share_of_mentions") == pytest.approx({"water": 8 / 15, "school": 7 / 15})
    assert rows_of(found, "mean_count") == pytest.approx({"": 15 / 11})
    assert rows_of(found, "contradictory") == pytest.approx({"": 2 / 11})
    combinations = {"water+school": 4, "water": 2, "water+school+none": 2, "school": 1, "none": 1}
    assert rows_of(found, "combination") == pytest.approx({name: w / 11 for name, w in combinations.items()})
    assert list(rows_of(found, "combination")) == list(combinations)


def test_counts_behind_the_rows_of_a_question():
    found = multiple(xzz.Sample(NEEDS, weight="w"), "need", exclusive="none").set_index(["statistic", "option"])
    assert found.loc[("share", "water"), ["n", "n_need", "n_blank"]].tolist() == [7, 4, 1]
    assert found.loc[("share_of_cases", "water"), ["n", "n_need", "n_blank"]].tolist() == [5, 4, 1]
    assert found.loc[("share_of_mentions", "school"), ["n", "n_need"]].tolist() == [7, 4]
    assert found.loc[("contradictory", ""), ["n", "n_need"]].tolist() == [7, 1]
    assert found.loc[("mean_count", ""), "n"] == 7 and np.isnan(found.loc[("mean_count", ""), "n_need"])


def test_without_exclusive_options_every_option_is_a_need():
    found = multiple(xzz.Sample(NEEDS, weight="w"), "need", combinations=1)
    assert "contradictory" not in set(found["statistic"])
    assert rows_of(found, "mean_count") == pytest.approx({"": 18 / 11})
    assert rows_of(found, "share_of_cases") == pytest.approx({"water": 8 / 10, "school": 7 / 10, "none": 3 / 10})
    assert rows_of(found, "combination") == pytest.approx({"water+school": 4 / 11})
    assert set(found["method"]) == {"wilson-adjusted", "wald"}


def test_shares_of_options_are_what_share_gives():
    sample = xzz.Sample(NEEDS, weight="w")
    found = multiple(sample, "need", by="village", exclusive="none")
    expected = xzz.share(sample, "need", by="village")
    ours = found[found["statistic"] == "share"].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.DataFrame(ours), pd.DataFrame(expected))


@pytest.fixture(scope="module")
def households(root):
    """A clustered sample with a select-multiple question, a ranking and a group that answers neither."""
    frame = pd.read_csv(root / "tests" / "reference" / "fixtures" / "households.csv")
    random = np.random.default_rng(11)
    options = ["water", "school", "cash", "none"]
    for position, option in enumerate(options):
        frame[f"need/{option}"] = (random.random(len(frame)) < 0.15 + 0.1 * position).astype(float)
    unasked = (frame["area"] == "村庄") | (random.random(len(frame)) < 0.05)
    frame.loc[unasked, [f"need/{option}" for option in options]] = np.nan
    order = np.argsort(random.random((len(frame), 4)) - [0.0, 0.3, 0.1, 0.35], axis=1)
    for place in range(3):
        frame[f"choice{place + 1}"] = pd.Series(np.array(options)[order[:, place]]).mask(unasked)
    return xzz.Sample(frame, weight="w", strata="stratum", cluster="grid")


def test_a_share_of_mentions_by_brute_force(households):
    frame = households.frame
    named = frame[["need/water", "need/school", "need/cash"]]
    answered = frame["need/water"].notna().to_numpy() & (frame["hukou"] == "外地").to_numpy()
    found = multiple(households, "need", by="hukou", exclusive=["none"])
    row = found.query("statistic == 'share_of_mentions' and option == 'cash' and by == 'hukou=外地'")
    count, cash = of_weights(answered, named.sum(axis=1)), of_weights(answered, named["need/cash"])
    assert_brute(row, households, lambda w: cash(w) / count(w))


def test_a_mean_count_is_the_sum_of_shares_with_its_error(households):
    found = multiple(households, "need", by="hukou", exclusive="none")
    outside = found["by"] == "hukou=外地"
    needs = outside & (found["statistic"] == "share") & (found["option"] != "none")
    count = found[outside & (found["statistic"] == "mean_count")]
    np.testing.assert_allclose(count["estimate"].item(), found[needs]["estimate"].sum(), rtol=RTOL)
    np.testing.assert_allclose(count["se"].item(), np.sqrt(found[needs].covariance().sum()), rtol=RTOL)


def test_a_group_that_was_not_asked_says_so(households):
    for found in (
        multiple(households, "need", by="area", exclusive="none"),
        priorities(households, ["choice1", "choice2", "choice3"], by="area"),
    ):
        unasked = found[found["by"] == "area=村庄"]
        assert len(unasked) and (unasked["reason"] == "nobody_answered").all()
        assert (unasked["n"] == 0).all() and (unasked["n_blank"] > 0).all()
        assert unasked[["estimate", "se", "low", "high"]].isna().all(axis=None)


def test_the_commonest_combinations_are_those_of_the_subpopulation(households):
    movers = households.subpopulation(households.frame["hukou"] == "外地")
    found = multiple(movers, "need", combinations=3)
    rows = movers.frame[(movers.frame["hukou"] == "外地") & movers.frame["need/water"].notna()]
    columns = [name for name in rows if name.startswith("need/")]
    names = rows[columns].apply(
        lambda row: "+".join(name.removeprefix("need/") for name in columns if row[name]), axis=1
    )
    totals = rows["w"].groupby(names[names != ""]).sum().sort_values(ascending=False)
    expected = (totals / rows["w"].sum()).iloc[:3]
    assert rows_of(found, "combination") == pytest.approx(expected.to_dict())


def test_a_column_of_all_names_beside_the_options_does_no_harm(households):
    beside = households.reweighted(households.design.weight)
    beside.frame = beside.frame.assign(need="water school")
    pd.testing.assert_frame_equal(multiple(beside, "need"), multiple(households, "need"))


@pytest.mark.parametrize(
    ("frame", "question", "options", "match"),
    [
        (NEEDS.assign(**{"need/none": np.nan}), "need", {}, "7 of 8 answers in which some options are missing"),
        (NEEDS.assign(**{"need/none": 2}), "need", {}, "'need/none' holds 8 numbers other than 0 and 1"),
        (NEEDS.assign(**{"need/none": "no"}), "need", {}, "option column 'need/none' holds text"),
        (NEEDS, "need", {"exclusive": "non"}, "exclusive option 'non' is not one .* did you mean 'none'"),
        (NEEDS, "village", {}, "'village' has no option columns"),
        (NEEDS, "vilage", {}, "did you mean 'village'"),
        (NEEDS, "need", {"combinations": -1}, "combinations is -1"),
    ],
)
def test_a_question_that_cannot_be_read(frame, question, options, match):
    with pytest.raises(DesignError, match=match):
        multiple(xzz.Sample(frame, weight="w"), question, **options)


# --- priorities -------------------------------------------------------------------------------------------------

RANKED = pd.DataFrame(
    {
        "first": ["a", "b", "a", None, "a", None, "c"],
        "second": ["b", "a", "a", "b", None, None, "a"],
        "third": ["c", None, "b", "c", None, None, "c"],
    }
)
"""The third respondent names ``a`` twice and the last ``c``; the fourth begins with the second place."""


def test_everything_a_ranking_says():
    found = priorities(xzz.Sample(RANKED), ["first", "second", "third"])
    assert rows_of(found, "first_choice") == pytest.approx({"a": 3 / 6, "b": 1 / 6, "c": 1 / 6})
    assert rows_of(found, "named") == pytest.approx({"a": 5 / 6, "b": 4 / 6, "c": 3 / 6})
    assert rows_of(found, "score") == pytest.approx({"a": 13 / 6, "b": 8 / 6, "c": 5 / 6})
    assert rows_of(found, "rank") == {"a": 1, "b": 2, "c": 3}
    assert rows_of(found, "repeated_choice") == pytest.approx({"": 2 / 6})
    assert rows_of(found, "skipped_place") == pytest.approx({"": 1 / 6})
    score = found[found["statistic"] == "score"]
    assert list(score["n_need"]) == [5, 4, 3] and set(score["n_blank"]) == {1}
    assert set(score["method"]) == {"wald; scores 3, 2, 1"}


def test_scores_are_declared_and_printed():
    found = priorities(xzz.Sample(RANKED), ["first", "second", "third"], [5, 1, 0])
    assert rows_of(found, "score") == pytest.approx({"a": 17 / 6, "b": 7 / 6, "c": 5 / 6})
    assert set(found.loc[found["statistic"] == "rank", "method"]) == {"max-t; scores 5, 1, 0"}
    assert list(found.loc[found["statistic"] == "score", "n_need"]) == [5, 4, 3]


def test_one_ranking_in_three_ways():
    answers = [["a", "b", "c"], ["b", "a"], ["c"], [], ["c", "a", "b"]]
    columns = {f"p{place}": [one[place] if place < len(one) else None for one in answers] for place in range(3)}
    ranks = {f"q/{name}": [one.index(name) + 1 if name in one else np.nan for one in answers] for name in "abc"}
    words = {"r": [" ".join(one) or None for one in answers]}
    sample = xzz.Sample(pd.DataFrame({**columns, **ranks, **words}))
    made = [pd.DataFrame(priorities(sample, choices)) for choices in (["p0", "p1", "p2"], "q", "r")]
    same = made[0].columns.difference(["result_id", "indicator"])
    pd.testing.assert_frame_equal(made[0][same], made[1][same])
    pd.testing.assert_frame_equal(made[0][same], made[2][same])
    assert [one["indicator"].iloc[0] for one in made] == ["p0, p1, p2", "q", "r"]


def test_a_rank_given_twice_and_a_rank_left_out_are_counted():
    frame = pd.DataFrame({"q/a": [1, 1, 1, 2], "q/b": [1, 2, 3, np.nan], "q/c": [np.nan, 3, np.nan, np.nan]})
    found = priorities(xzz.Sample(frame), "q")
    assert rows_of(found, "repeated_choice") == {"": 1 / 4}
    assert rows_of(found, "skipped_place") == {"": 2 / 4}


def test_options_keep_the_order_of_their_categories():
    listed = RANKED.astype(pd.CategoricalDtype(["c", "b", "a", "unused"]))
    found = priorities(xzz.Sample(listed), ["first", "second", "third"])
    assert list(rows_of(found, "score")) == ["c", "b", "a", "unused"]
    assert rows_of(found, "rank")["unused"] == 4
    assert (found["reason"] == "").all()


def test_a_score_by_brute_force(households):
    found = priorities(households, ["choice1", "choice2", "choice3"], by="hukou")
    row = found.query("statistic == 'score' and option == 'cash' and by == 'hukou=外地'")
    frame = households.frame
    points = sum((3 - place) * (frame[f"choice{place + 1}"] == "cash") for place in range(3))
    base = frame["choice1"].notna().to_numpy() & (frame["hukou"] == "外地").to_numpy()
    assert_brute(row, households, lambda w: of_weights(base, points)(w) / of_weights(base)(w))


def test_rank_intervals_come_from_the_covariance_of_scores(households):
    found = priorities(households, ["choice1", "choice2", "choice3"], by="hukou")
    for by in ("hukou=外地", "hukou=本地"):
        score, rank = (found[(found["statistic"] == name) & (found["by"] == by)] for name in ("score", "rank"))
        low, high = rank_intervals(score["estimate"].to_numpy(), score.covariance(), score["df"].iloc[0], 0.95)
        np.testing.assert_array_equal(rank[["low", "high"]].to_numpy().T, [low, high])
        order = score["estimate"].rank(ascending=False).to_numpy()
        np.testing.assert_array_equal(rank["estimate"], order)
    assert found["result_id"].is_unique


def test_a_rank_has_no_covariance(households):
    found = priorities(households, ["choice1", "choice2", "choice3"])
    assert found[found["statistic"] == "rank"]["se"].isna().all()
    with pytest.raises(XzzError, match="not in this frame's influence matrix"):
        found[found["statistic"] == "rank"].covariance()
    assert found[found["statistic"] != "rank"].covariance().shape == (14, 14)


@pytest.mark.parametrize(("options", "df"), [(2, 7), (3, 7), (3, 40), (6, 20)])
def test_independent_scores_are_told_apart_at_the_studentised_range(options, df):
    """Equal variances and no correlation: the critical value of all pairs is Tukey's."""
    critical = studentized_range.ppf(0.95, options, df) / np.sqrt(2)
    for reach, expected in ((0.995, 1), (1.005, options)):  # 0.5 %: the directions of many pairs are counted
        score = np.zeros(options)
        score[0] = -reach * critical * np.sqrt(2)
        low, high = rank_intervals(score, np.eye(options), df, 0.95)
        assert (low[0], high[0]) == (expected, options)


def test_options_beyond_the_largest_family_take_bonferroni():
    options, df = 26, 30
    critical = t.ppf(1 - 0.025 / (options * (options - 1) / 2), df)
    for reach, expected in ((0.999, options), (1.001, 1)):
        score = np.append(reach * critical * np.sqrt(2), np.zeros(options - 1))
        assert rank_intervals(score, np.eye(options), df, 0.95)[1][0] == expected


def test_scores_that_move_together_are_told_apart_by_less():
    score, apart, together = np.array([0.0, 0.0, 1.0]), np.full((3, 3), 0.0), np.full((3, 3), 0.19)
    np.fill_diagonal(apart, 0.2)
    np.fill_diagonal(together, 0.2)
    assert rank_intervals(score, apart, 30, 0.95)[1][2] == 3
    assert rank_intervals(score, together, 30, 0.95)[1][2] == 1


def test_ranks_of_a_census_are_certain_but_for_ties():
    frame = pd.DataFrame({"first": ["a", "a", "b", "c"] * 5, "second": ["b", "c", "a", "a"] * 5, "c": range(20)})
    found = priorities(xzz.Sample(frame, cluster="c", kind="census"), ["first", "second"])
    rank = found[found["statistic"] == "rank"].set_index("option")
    assert rank["estimate"].to_dict() == {"a": 1, "b": 2, "c": 2}
    assert rank[["low", "high"]].to_numpy().tolist() == [[1, 1], [2, 3], [2, 3]]


def test_one_cluster_has_ranks_without_an_interval():
    frame = RANKED.assign(place=["x"] * 5 + ["y"] * 2, village=[1, 1, 1, 1, 1, 2, 3])
    found = priorities(xzz.Sample(frame, cluster="village"), ["first", "second", "third"], by="place")
    rank = found[(found["statistic"] == "rank") & (found["by"] == "place=x")]
    assert rank["estimate"].notna().all() and rank[["low", "high"]].isna().all(axis=None)
    assert (rank["reason"] == "no_degrees_of_freedom").all()


@pytest.mark.parametrize(
    ("choices", "scores", "match"),
    [
        (["first", "second", "third"], [2, 1], "scores are \\[2.0, 1.0\\] for 3 choices"),
        (["first", "second"], [1, 2], "not increasing"),
        (["first", "second"], [0, 0], "the first above 0"),
        (["first", "second"], [1, np.nan], "finite"),
        ([], None, "names no column"),
        (["first", "secnd"], None, "did you mean 'second'"),
        (["empty"], None, "nobody named an option in 'empty'"),
        ("empty", None, "nobody named an option in 'empty'"),
        ("number", None, "'number' holds numbers"),
        ("yes", None, "no whole numbers from 1 to 2 in 7 of 7 answers"),
    ],
)
def test_a_ranking_that_cannot_be_read(choices, scores, match):
    empty = pd.Series([None] * 7, dtype=object)
    frame = RANKED.assign(empty=empty, number=1.5, **{"yes/a": 1.0, "yes/b": 0.0})
    with pytest.raises(DesignError, match=match):
        priorities(xzz.Sample(frame), choices, scores)
