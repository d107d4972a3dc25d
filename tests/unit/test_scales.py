"""Scales: the manuals' rules worked by hand, what is refused by name, the Rasch model by other means."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import xzz_analysis as xzz
from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.needs import scales
from xzz_analysis.needs.scales.fies import GLOBAL_STANDARD, THRESHOLDS
from xzz_analysis.needs.scales.rasch import conditional, measures, symmetric
from xzz_analysis.needs.scales.reliability import alpha_interval, one_factor

BOTH = {"zh": "量表", "en": "Scale"}
HALF = 0.5


def one(scale, *rows, subscale=""):
    """Scores of respondents whose answers are written as digits, "." for a missing one."""
    values = [[np.nan if digit == "." else float(digit) for digit in row] for row in rows]
    frame = pd.DataFrame(values, columns=scales.SCALES[scale].items)
    return list(scales.score(scales.SCALES[scale], frame, subscale=subscale))


def classes(scale, *scores):
    return list(scales.categories(scales.SCALES[scale], np.array(scores, float)))


# --- the manuals -------------------------------------------------------------------------------------------------


def test_who5_is_the_sum_times_four():
    """Topp et al. (2015): 0 is the worst and 100 the best thinkable well-being; 7 is 28, and 12 and a half is 50."""
    assert one("who5", "00000", "55555", "21211", "33322") == [0, 100, 28, 52]


def test_who5_cut_offs_belong_to_the_lower_class():
    assert classes("who5", 28, 32, 48, 50, 52) == ["very_low", "low", "low", "low", "not_low"]


def test_mspss_sums_and_divides_by_the_number_of_items():
    """Zimet (2016): significant other 1, 2, 5, 10; family 3, 4, 8, 11; friends 6, 7, 9, 12; total of all 12."""
    row = "7" * 2 + "1" * 2 + "7" + "4" * 2 + "1" + "4" + "7" + "1" + "4"
    assert one("mspss", row, subscale="other") == [7]
    assert one("mspss", row, subscale="family") == [1]
    assert one("mspss", row, subscale="friends") == [4]
    assert one("mspss", row) == [4]


def test_mspss_words_of_the_answers_make_three_classes():
    assert classes("mspss", 1, 2.9, 35 / 12, 3, 5, 5.1, 7) == ["low"] * 3 + ["moderate"] * 2 + ["high"] * 2


def test_mos_is_brought_to_a_hundred_by_part_and_as_a_whole():
    """RAND: 100 × (observed − minimum possible) / (maximum possible − minimum possible) of the mean of the items."""
    row = ["1"] * 19
    for place in (1, 4, 11, 14):
        row[place - 1] = "5"
    assert one("mos_sss", "".join(row), subscale="tangible") == [100]
    assert one("mos_sss", "".join(row), subscale="emotional") == [0]
    assert one("mos_sss", "".join(row)) == [pytest.approx(100 * 4 / 19)]


def test_mos_parts_hold_eighteen_items_and_leave_the_thirteenth_to_the_whole():
    parts = [item for part in scales.SCALES["mos_sss"].subscales for item in part.items]
    assert sorted([*parts, "mos_13"]) == sorted(scales.SCALES["mos_sss"].items)


def test_rcsi_weighs_the_days_one_two_one_one_three():
    """Maxwell and Caldwell (2008): days of each strategy times its universal weight; seven days of all give 56."""
    assert one("rcsi", "77777", "10000", "01000", "00100", "00010", "00001", "52130") == [56, 1, 2, 1, 1, 3, 13]
    assert classes("rcsi", 3, 4, 18, 19) == ["low", "medium", "medium", "high"]


def test_hfias_score_adds_up_how_often():
    assert one("hfias", "333333333", "100000000", "123000000") == [27, 1, 6]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("000000000", "food_secure"),
        ("100000000", "food_secure"),  # worried, but rarely
        ("200000000", "mildly_insecure"),
        ("010000000", "mildly_insecure"),
        ("030000000", "mildly_insecure"),
        ("001000000", "mildly_insecure"),
        ("000100000", "mildly_insecure"),
        ("002000000", "moderately_insecure"),
        ("000300000", "moderately_insecure"),
        ("000010000", "moderately_insecure"),
        ("000002000", "moderately_insecure"),
        ("000030000", "severely_insecure"),
        ("000003000", "severely_insecure"),
        ("000000100", "severely_insecure"),
        ("000000010", "severely_insecure"),
        ("000000001", "severely_insecure"),
        ("333300001", "severely_insecure"),  # the severest condition counts
    ],
)
def test_hfias_classes_are_those_of_the_guide(answers, expected):
    """Coates, Swindale and Bilinsky (2007), section 5.4."""
    assert classes("hfias_class", *one("hfias_class", answers)) == [expected]


def test_household_hunger_counts_rarely_and_sometimes_alike():
    assert one("hhs", "000", "120", "333", "113") == [0, 2, 6, 4]
    assert classes("hhs", 1, 2, 3, 4) == ["little_or_none", "moderate", "moderate", "severe"]


def test_five_of_ten_food_groups_are_the_minimum():
    assert one("diet_10", "1111000000", "1111100000") == [4, 5]
    assert classes("diet_10", 4, 5) == ["below_minimum", "minimum_reached"]


@pytest.mark.parametrize("name", scales.SCALES)
def test_every_instrument_says_where_it_comes_from(name):
    scale = scales.SCALES[name]
    assert scale.source and scale.licence and scale.recall and set(scale.label) == {"zh", "en"}
    assert scale.cutoffs is None or scale.cutoffs.source


@pytest.mark.parametrize("name", scales.SCALES)
def test_a_missing_answer_leaves_every_shipped_score_open(name):
    scale = scales.SCALES[name]
    frame = pd.DataFrame([[min(scale.responses)] * len(scale.items)] * 2, columns=scale.items, dtype=float)
    frame.iloc[1, 0] = np.nan
    assert list(np.isnan(scales.score(scale, frame))) == [False, True]


@pytest.mark.parametrize("name", scales.SCALES)
def test_the_methods_page_lists_every_instrument_with_its_range_and_classes(name, root):
    scale = scales.SCALES[name]
    page = (root / "docs" / "methods" / "scales.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
    assert "–".join(f"{end:g}" for end in scale.range) in row
    assert all(band.name in row for band in scale.cutoffs.bands) if scale.cutoffs else "none" in row
    assert all(part.id in row for part in scale.subscales)


# --- a real survey ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def households(real_data):
    return pd.read_csv(real_data / "haiti_msna_2022" / "main.csv.gz", low_memory=False)


@pytest.mark.real
def test_coping_of_a_real_survey_is_scored_as_published(households):
    asked = ["lesspreferred", "borrowfood", "reducemeals", "limitportion", "restrict"]
    days = households[[f"rcsi_{name}" for name in asked]]
    found = scales.score(scales.SCALES["rcsi"], days)
    np.testing.assert_array_equal(found, households["rcsi_score"])
    published = households["rcsi_cat"].map({"No to Low": "low", "Medium": "medium", "Severe": "high"})
    assert list(scales.categories(scales.SCALES["rcsi"], found)) == list(published)


@pytest.mark.real
def test_hunger_of_a_real_survey_is_scored_as_published_but_where_an_answer_is_missing(households):
    happened, often = {"non": 0, "oui": 1}, {"rarement": 1, "parfois": 2, "souvent": 3}
    items = [
        scales.how_often(households[f"hhs_lev1_{name}"].map(happened), households[f"hhs_lev2_{name}"].map(often))
        for name in ("nofoodhh", "sleephungry", "alldaynight")
    ]
    found = scales.score(scales.SCALES["hhs"], pd.concat(items, axis=1))
    known = ~np.isnan(found)
    np.testing.assert_array_equal(found[known], households.loc[known, "hhs_score"])
    assert 0 < (~known).sum() == households.filter(regex=r"hhs_comp\d").isna().any(axis=1).sum()


# --- scales of the study -------------------------------------------------------------------------------------------


def belonging(**options):
    return scales.likert("belonging", BOTH, ["a", "b", "c", "d"], **{"reverse": ["d"], **options})


def answers(*rows):
    return pd.DataFrame(rows, columns=["a", "b", "c", "d"], dtype=float)


def test_reversed_items_count_from_the_other_end():
    assert list(scales.score(belonging(), answers([5, 5, 5, 1], [1, 2, 3, 4]))) == [5, 2]


def test_prorating_takes_the_mean_of_what_was_answered_when_enough_was():
    found = scales.score(belonging(fewest=3), answers([5, 5, np.nan, 1], [5, 5, np.nan, np.nan]))
    assert found[0] == 5 and np.isnan(found[1])


def test_a_prorated_sum_is_scaled_up_by_the_weights():
    scale = scales.SCALES["rcsi"].model_copy(update={"missing": scales.Prorate(prorate=4)})
    frame = pd.DataFrame([[2, 2, 2, 2, np.nan], [2, 2, 2, np.nan, np.nan]], columns=scale.items)
    assert scales.score(scale, frame)[0] == pytest.approx(16) and np.isnan(scales.score(scale, frame)[1])


def test_columns_are_found_by_name_or_else_taken_in_order():
    frame = answers([5, 4, 3, 2], [1, 1, 2, 5])
    expected = list(scales.score(belonging(), frame))
    assert list(scales.score(belonging(), frame[["d", "b", "a", "c"]])) == expected
    assert list(scales.score(belonging(), frame.set_axis(["q1", "q2", "q3", "q4"], axis=1))) == expected


def test_counts_of_nullable_columns_are_the_same():
    frame = pd.DataFrame({name: pd.array([1, None], dtype="Int64") for name in ("a", "b", "c", "d")})
    assert np.isnan(scales.score(belonging(), frame)[1]) and scales.score(belonging(), frame)[0] == 2


def test_food_groups_of_a_study_have_its_own_minimum():
    diet = scales.food_groups("diet", BOTH, ["rice", "beans", "fruit"], enough=2)
    found = scales.score(diet, pd.DataFrame({"rice": [1, 1, 1], "beans": [1, 0, np.nan], "fruit": [0.0, 0, 1]}))
    assert list(scales.categories(diet, found))[:2] == ["enough", "fewer"] and np.isnan(found[2])


def test_did_it_happen_and_how_often_become_one_item():
    happened, often = pd.Series([0, 1, 1, np.nan, 0.0]), pd.Series([np.nan, 3, np.nan, np.nan, 2])
    np.testing.assert_array_equal(scales.how_often(happened, often), [0, 3, np.nan, np.nan, np.nan])
    with pytest.raises(InputError, match="2 answers of 'q1'"):
        scales.how_often(happened.rename("q1") * 2, often)


def test_a_file_of_scales_is_read_like_the_shipped_one(tmp_path):
    path = tmp_path / "scales.yml"
    text = (
        "- {id: mood, label: {zh: 心情, en: Mood}, items: [m1, m2], responses: {0: 0, 1: 2}, range: [0, 4], "
        "higher: better, source: ours, licence: ours}\n"
    )
    path.write_text(text, encoding="utf-8")
    assert scales.read_scales(path)["mood"].range == (0, 4)
    path.write_text(text.replace("[0, 4]", "[0, 5]").replace("higher", "hihger"), encoding="utf-8")
    with pytest.raises(StudyError, match="'hihger'; did you mean 'higher'"):
        scales.read_scales(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"range": (0, 7)}, r"not what the rule gives: \[1, 7\]"),
        ({"reversed": ["mspss_13"]}, "'mspss_13' is not among the items; did you mean 'mspss_"),
        ({"missing": {"prorate": 13}}, "more than the 12 items"),
        ({"weights": {"mspss_1": 2}}, "belong to `rule: sum`"),
        ({"rule": "ladder"}, "needs rungs"),
        ({"items": ["mspss_1"] * 12}, "listed twice"),
    ],
)
def test_declarations_that_contradict_themselves_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        scales.Scale.model_validate(scales.SCALES["mspss"].model_dump() | changes)


def test_bands_have_to_follow_each_other():
    bands = [{"name": name, "label": BOTH, "upto": upto} for name, upto in (("low", 5), ("high", 3), ("rest", None))]
    with pytest.raises(ValueError, match="'high' ends before it begins"):
        scales.CutOffs.model_validate({"bands": bands, "source": "ours"})


# --- bad answers -------------------------------------------------------------------------------------------------


def test_an_unknown_code_is_named_with_the_item_and_the_known_ones():
    with pytest.raises(InputError, match=r"item 'c'.*2 answers.*\(6, 99\).*known codes are 1, 2, 3, 4, 5"):
        scales.score(belonging(), answers([1, 1, 99, 1], [1, 1, 6, 1]))


def test_a_number_that_may_be_somebodys_is_not_shown():
    with pytest.raises(InputError, match=r"1 answers.*\(large numbers\)") as caught:
        scales.score(belonging(), answers([1, 13800138000, 1, 1]))
    assert "138" not in str(caught.value)


def test_text_is_refused_and_not_shown():
    with pytest.raises(InputError, match=r"item 'a'.*not answer codes") as caught:
        scales.score(belonging(), answers([1, 1, 1, 1]).assign(a="often 张三"))
    assert "张三" not in str(caught.value)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (answers([1, 1, 1, 1]).drop(columns="d"), "item 'd' of scale 'belonging' is missing"),
        (answers([1, 1, 1, 1]).assign(e=1), "column 'e' is no item"),
        (pd.DataFrame({"q1": [1.0], "q2": [1.0]}), "has 4 items, and 2 columns"),
        (np.ones((1, 4)), "got ndarray"),
    ],
)
def test_other_columns_than_the_items_are_refused(frame, message):
    with pytest.raises(InputError, match=message):
        scales.score(belonging(), frame)


def test_unknown_subscales_and_missing_cut_offs_are_named():
    with pytest.raises(InputError, match="no subscale 'freinds'; did you mean 'friends'"):
        scales.SCALES["mspss"].part("freinds")
    with pytest.raises(InputError, match="'hdds' has no cut-offs"):
        scales.categories(scales.SCALES["hdds"], np.array([1.0]))
    with pytest.raises(InputError, match="1 scores are outside the range 0 to 100"):
        scales.categories(scales.SCALES["who5"], np.array([104.0, 4]))


def test_nobody_and_empty_frames_have_no_scores():
    assert len(scales.score(belonging(), answers())) == 0
    assert np.isnan(scales.score(belonging(fewest=1), answers([np.nan] * 4))).all()


def test_what_a_reader_has_to_know_is_counted():
    frame = answers([5, 5, 5, 5], [1, np.nan, 2, 3], [4, 4, 4, 1])
    found = {one.rule: one.count for one in scales.inspect_items(belonging(), frame)}
    assert found == {"scale_one_answer": 1, "scale_incomplete": 1}


def test_everybody_at_one_end_and_a_question_nobody_answered_are_told():
    found = {one.rule for one in scales.inspect_items(belonging(), answers([5, 5, 5, 1], [5, 5, 5, 1]))}
    assert found == {"scale_everybody_extreme"}
    found = {one.rule for one in scales.inspect_items(belonging(), answers([5, np.nan, 5, 1], [5, np.nan, 5, 2]))}
    assert found == {"scale_item_unanswered", "scale_incomplete"}


def test_ages_outside_the_instruments_are_counted():
    frame = pd.DataFrame([[3.0] * 12] * 3, columns=scales.SCALES["mspss"].items)
    (found,) = scales.inspect_items(scales.SCALES["mspss"], frame, ages=np.array([8, 12, 15.0]))
    assert found.rule == "scale_age" and found.count == 1


# --- the Rasch model ----------------------------------------------------------------------------------------------


SEVERITY = np.array(list(GLOBAL_STANDARD.values()))


def simulated(n=4000, seed=1):
    """Answers that follow the model exactly."""
    random = np.random.default_rng(seed)
    theta = -0.5 + 1.5 * random.standard_normal(n)
    chance = 1 / (1 + np.exp(SEVERITY - theta[:, None]))
    return pd.DataFrame((random.random(chance.shape) < chance).astype(float), columns=list(GLOBAL_STANDARD))


def test_symmetric_functions_are_sums_over_subsets():
    epsilon = np.array([0.5, 2.0, 3.0, 0.1])
    expected = [sum(np.prod(some) for some in itertools.combinations(epsilon, order)) for order in range(5)]
    np.testing.assert_allclose(symmetric(epsilon), expected, rtol=1e-15)


def test_symmetric_functions_keep_their_digits_for_many_uneven_items():
    severity = np.linspace(-8, 8, 60)
    np.testing.assert_allclose(conditional(severity).sum(axis=1), np.arange(61), rtol=1e-12)


def test_severities_are_where_a_general_optimiser_finds_the_maximum():
    x = simulated(300, seed=3).iloc[:, :5]
    values, raw = x.to_numpy(), x.sum(axis=1).to_numpy().astype(int)
    patterns = np.array(list(itertools.product([0, 1], repeat=5)))

    def negative(free):
        severity = np.append(free, -free.sum())
        chance = np.exp(-patterns @ severity)
        gamma = np.bincount(patterns.sum(axis=1), chance)
        return values @ severity @ np.ones(len(x)) + np.log(gamma[raw]).sum()

    best = optimize.minimize(negative, np.zeros(4), method="BFGS", options={"gtol": 1e-7})
    np.testing.assert_allclose(scales.rasch(x).severity[:4], best.x, atol=1e-5)


def test_known_severities_are_recovered_within_their_errors():
    truth = np.array(list(GLOBAL_STANDARD.values())) - np.mean(list(GLOBAL_STANDARD.values()))
    z = []
    for seed in range(40):
        model = scales.rasch(simulated(600, seed=seed))
        z.append((model.severity - truth) / model.se)
    assert abs(np.mean(z)) < 0.15 and np.std(z) == pytest.approx(1, abs=0.15)  # 320 draws: 0.06 and 0.04 by chance


def test_items_that_follow_the_model_fit():
    fit = scales.rasch(simulated(20_000)).fit
    np.testing.assert_allclose(fit.infit, 1, atol=0.03)
    assert np.abs(fit.residual_correlation - np.eye(8)).max() < 0.25
    assert 0.6 < fit.reliability < 0.8


def test_an_item_that_is_chance_does_not_fit():
    x = simulated(3000).assign(fies_hungry=np.random.default_rng(0).integers(0, 2, 3000).astype(float))
    model = scales.rasch(x)
    assert model.items[model.fit.infit.argmax()] == "fies_hungry" and model.fit.infit.max() > 1.3


def test_two_copies_of_an_item_depend_on_each_other():
    x = simulated(3000)
    fit = scales.rasch(x.assign(fies_skipped=x["fies_ate_less"])).fit
    assert fit.residual_correlation[3, 4] > 0.4


def test_weights_are_repeated_respondents():
    x, weight = simulated(200, seed=5), np.arange(200) % 3 + 1
    once, repeated = scales.rasch(x, weight), scales.rasch(x.loc[x.index.repeat(weight)])
    np.testing.assert_allclose(once.severity, repeated.severity, atol=1e-9)
    np.testing.assert_allclose(once.severity, scales.rasch(x, weight * 17.5).severity, atol=1e-9)


def test_influences_are_slopes_in_the_weights():
    x, weight = simulated(80, seed=6), np.linspace(0.5, 2, 80)
    model = scales.rasch(x, weight)
    (row,) = np.flatnonzero((model.raw > 0) & (model.raw < 8))[:1]
    step = 1e-4 * (np.arange(80) == row)
    slope = (scales.rasch(x, weight + step).severity - scales.rasch(x, weight - step).severity) / 2e-4
    np.testing.assert_allclose(model.influence[row], slope, atol=1e-7)


def test_measures_of_raw_scores_reproduce_them():
    severity = np.array(list(GLOBAL_STANDARD.values()))
    measure, error = measures(severity)
    expected = 1 / (1 + np.exp(severity - measure[:, None]))
    np.testing.assert_allclose(expected.sum(axis=1), [HALF, *range(1, 8), 8 - HALF], atol=1e-12)
    assert (np.diff(measure) > 0).all()
    np.testing.assert_allclose(error**-2, (expected * (1 - expected)).sum(axis=1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x * 0, r"none of 200 complete respondents"),
        (lambda x: x * 0 + 1, r"none of 200 complete respondents"),
        (lambda x: x.assign(fies_hungry=0.0), "'fies_hungry' was affirmed by nobody"),
        (lambda x: x.assign(fies_hungry=x.max(axis=1)), "'fies_hungry' was affirmed by everybody"),
        (lambda x: x.assign(fies_hungry=2.0), "200 answers that its rule does not know"),
        (lambda x: x * np.nan, "none of 0 complete respondents"),
    ],
)
def test_answers_that_determine_no_severities_are_refused_by_name(change, message):
    with pytest.raises(InputError, match=message):
        scales.fies(change(simulated(200)))


def test_items_that_nothing_connects_are_refused():
    x = pd.DataFrame([[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 0], [1, 1, 0, 1]], columns=list("abcd"), dtype=float)
    with pytest.raises(InputError, match=r"2 groups that answers do not connect \(a, b and the rest\)"):
        scales.rasch(x)


@pytest.mark.parametrize(
    ("x", "weights", "message"),
    [
        (simulated(50)[["fies_hungry", "fies_skipped"]], None, "at least 3 items, and 2"),
        (simulated(50), np.full(50, -1.0), "50 of 50 weights"),
        (simulated(50), np.ones(49), "50 of 50 weights"),
        (simulated(50) * 2, None, "answers other than 0 and 1"),
        (simulated(50).astype(str), None, "holds no numbers"),
    ],
)
def test_other_input_of_the_model_is_refused(x, weights, message):
    with pytest.raises(InputError, match=message):
        scales.rasch(x, weights)


# --- prevalences ---------------------------------------------------------------------------------------------------


def test_severities_of_the_standard_are_already_equated():
    own = pd.Series(GLOBAL_STANDARD)
    equating = scales.equate((own - own.mean()) * 0.7)
    assert equating.scale == pytest.approx(1 / 0.7) and len(equating.common) == 8
    np.testing.assert_allclose(equating.severity, own, atol=1e-12)
    np.testing.assert_allclose(equating.shift + equating.scale * equating.thresholds, list(THRESHOLDS.values()))


def test_items_away_from_the_standard_are_unique_and_four_of_them_too_many():
    own = pd.Series(GLOBAL_STANDARD)
    assert "fies_ran_out" not in scales.equate(own.where(own.index != "fies_ran_out", 2.0)).common
    with pytest.raises(InputError, match=r"only 4 items.*at least 5"):
        scales.equate(pd.Series(own.to_numpy()[[7, 3, 5, 0, 6, 2, 4, 1]], index=own.index))


def test_probabilities_rise_with_the_raw_score_and_nobody_who_affirmed_nothing_counts():
    found = scales.fies(simulated(2000))
    assert (np.diff(found.by_raw_score[:-1], axis=0) >= 0).all()  # raw score 8 is measured with a larger error
    assert list(found.by_raw_score[0]) == [0, 0]
    assert (found.by_raw_score[:, 0] >= found.by_raw_score[:, 1]).all()


def test_unmeasured_is_not_secure():
    x = simulated(500)
    x.iloc[:50, 2] = np.nan
    found = scales.fies(x)
    assert np.isnan(found.probability[:50]).all() and not np.isnan(found.probability[50:]).any()
    out = scales.prevalence(xzz.Sample(x), found)
    assert set(out["n"]) == {450} and set(out["n_blank"]) == {50}


def test_prevalences_are_what_the_procedure_gives_for_a_known_population():
    """Raw scores have known chances when θ is normal with known severities; each has its probability."""
    nodes, mass = np.polynomial.hermite_e.hermegauss(60)
    theta = -0.5 + 1.5 * nodes
    gamma = symmetric(np.exp(theta[:, None] - SEVERITY))
    chance = (mass / mass.sum()) @ (gamma / gamma.sum(axis=1, keepdims=True))
    measure, error = measures(SEVERITY)
    beyond = stats.norm.sf((np.array(list(THRESHOLDS.values())) - measure[:, None]) / error[:, None])
    beyond[0] = 0
    out = scales.prevalence(sample := xzz.Sample(simulated(40_000)), scales.fies(sample.frame))
    assert (np.abs(out["estimate"] - chance @ beyond) < 3 * out["se"]).all()
    assert (out["se"] < 0.003).all()


def test_intervals_cover_what_very_many_respondents_give():
    limit = scales.prevalence(xzz.Sample(x := simulated(200_000, seed=99)), scales.fies(x))["estimate"].to_numpy()
    covered = []
    for seed in range(60):
        x = simulated(400, seed=seed)
        out = scales.prevalence(xzz.Sample(x), scales.fies(x))
        covered.append((out["low"] <= limit) & (limit <= out["high"]))
    assert np.mean(covered) >= 0.9  # 120 intervals at 95 %: two standard errors below


def test_scale_of_the_weights_changes_no_prevalence():
    x, weight = simulated(300, seed=2), np.linspace(1, 3, 300)
    sample = xzz.Sample(x.assign(w=weight), weight="w")
    once, other = (scales.prevalence(sample, scales.fies(x, weight * times)) for times in (1, 40))
    pd.testing.assert_frame_equal(once[["estimate", "se"]], other[["estimate", "se"]])


def test_severities_of_other_respondents_are_refused():
    x = simulated(300)
    with pytest.raises(InputError, match="other weights than the sample's"):
        scales.prevalence(xzz.Sample(x), scales.fies(x, np.linspace(1, 2, 300)))


def test_an_item_can_be_left_out_and_an_unknown_one_is_named():
    x = simulated(1000).assign(fies_whole_day=0.0)
    assert len(scales.fies(x, leave_out=["fies_whole_day"]).model.items) == 7
    with pytest.raises(InputError, match="'fies_whole' is no item of the scale; did you mean"):
        scales.fies(x, leave_out=["fies_whole"])


# --- reliability ---------------------------------------------------------------------------------------------------


def with_covariance(matrix):
    """Answers on two hundred points that have this covariance exactly; only differences of scores matter."""
    random = np.random.default_rng(0).standard_normal((200, len(matrix)))
    centred = random - random.mean(axis=0)
    whitened = centred @ np.linalg.inv(np.linalg.cholesky(np.cov(centred.T)).T)
    return whitened @ np.linalg.cholesky(np.asarray(matrix)).T


def test_one_factor_finds_the_loadings_that_made_the_correlations():
    loading = np.array([0.9, 0.7, 0.5, 0.3])
    matrix = np.outer(loading, loading) + np.diag(1 - loading**2)
    found, unique = one_factor(matrix)
    np.testing.assert_allclose(found, loading, atol=1e-6)
    np.testing.assert_allclose(unique, 1 - loading**2, atol=1e-6)


def test_alpha_of_three_items_worked_by_hand():
    """Scores 1 1 2, 2 2 2, 3 4 3, 4 3 5: variances 5/3, 5/3, 2, sum 16/3; of the sums 4, 6, 10, 12 40/3."""
    scale = scales.likert("hand", BOTH, ["a", "b", "c"])
    frame = pd.DataFrame([[1, 1, 2], [2, 2, 2], [3, 4, 3], [4, 3, 5]], columns=["a", "b", "c"], dtype=float)
    assert scales.reliability(scale, frame).alpha == pytest.approx(1.5 * (1 - (16 / 3) / (40 / 3)))


def test_feldts_interval_of_a_published_size():
    low, high = alpha_interval(0.8, 10, 100)
    assert low < 0.8 < high and (low, high) == pytest.approx((0.737, 0.853), abs=0.005)


def test_an_item_that_was_not_turned_round_is_seen():
    x = simulated(800).rename(columns=dict(zip(GLOBAL_STANDARD, "abcdefgh", strict=True))) + 1
    wrong = x.assign(c=3 - x["c"])
    forgotten = scales.likert("food", BOTH, list("abcdefgh"), points=(1, 2))
    turned = scales.likert("food", BOTH, list("abcdefgh"), points=(1, 2), reverse=["c"])
    assert scales.reliability(forgotten, wrong).item_rest["c"] < 0
    assert scales.reliability(turned, wrong).alpha == pytest.approx(scales.reliability(forgotten, x).alpha)


def test_weights_of_reliability_are_repeated_respondents_but_for_their_information():
    x, weight = simulated(150, seed=4), np.arange(150) % 2 + 1
    once = scales.reliability(scales.SCALES["fies"], x, weight)
    repeated = scales.reliability(scales.SCALES["fies"], x.loc[x.index.repeat(weight)])
    assert once.alpha == pytest.approx(repeated.alpha) and once.omega == pytest.approx(repeated.omega, abs=1e-5)
    assert once.n == 150 and once.n_eff < 150 and once.high - once.low > repeated.high - repeated.low


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x.assign(fies_hungry=0.0), r"all 100 respondents answered item 'fies_hungry'.*alike"),
        (lambda x: x.assign(fies_hungry=np.nan), "0 respondents who answered all"),
        (lambda x: x.assign(fies_hungry=x["fies_skipped"]), "determined by the others"),
    ],
)
def test_items_without_a_reliability_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        scales.reliability(scales.SCALES["fies"], change(simulated(100)))


def test_subscales_have_their_own_reliability():
    frame = pd.DataFrame(np.random.default_rng(3).integers(1, 8, (60, 12)), columns=scales.SCALES["mspss"].items)
    found = scales.reliability(scales.SCALES["mspss"], frame, subscale="family")
    assert list(found.item_rest.index) == ["mspss_3", "mspss_4", "mspss_8", "mspss_11"]
