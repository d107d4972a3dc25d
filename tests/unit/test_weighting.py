"""Weighting: worked examples, what becomes certain, and totals that cannot be met."""

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError
from xzz_analysis.survey import weighting
from xzz_analysis.survey.weighting import solve

ROWS = 60
SEX = {"f": 700.0, "m": 500.0}
AREA = {"城中村": 600.0, "村庄": 400.0, "老旧小区": 200.0}
PEOPLE = 1200.0


def survey(**columns):
    """Three strata of four clusters, five respondents in each; every answer known."""
    number = np.arange(ROWS)
    frame = {
        "stratum": np.array(["东", "南", "西"])[number // 20],
        "grid": number // 5,
        "w": 10.0 + number % 7,
        "sex": np.where(number % 3 == 0, "m", "f"),
        "area": np.array(list(AREA))[number % 4 % 3],
        "age": 6.0 + number % 9,
        "school": (number % 5 == 0).astype(float),
        "answered": number % 4 > 0,
    }
    return pd.DataFrame(frame | columns)


def sample_of(frame=None, **changes):
    given = survey() if frame is None else frame
    return xzz.Sample(given, **({"weight": "w", "strata": "stratum", "cluster": "grid"} | changes))


def with_value(column, rows, value):
    frame = survey().astype({column: object}) if value is None else survey()
    frame.loc[frame.index[:rows], column] = value
    return frame


def refusal(call):
    with pytest.raises(DesignError) as caught:
        call()
    return str(caught.value)


def sums(sample, column):
    return sample.frame.assign(w=sample.design.weight).groupby(column)["w"].sum().to_dict()


def value(sample, measure, by="", **options):
    table = weighting.diagnostics(sample, **options)
    return table[(table["measure"] == measure) & (table["by"] == by)]["value"].item()


# --- worked examples -----------------------------------------------------------------------------


def small(**columns):
    return xzz.Sample(pd.DataFrame({"a": ["x", "x", "y", "y"], "b": ["p", "q", "p", "q"]} | columns))


def test_a_post_stratum_s_respondents_share_its_total():
    after = weighting.post_stratify(small(), "a", {"x": 10, "y": 30})
    np.testing.assert_allclose(after.design.weight, [5, 5, 15, 15], rtol=1e-15)


def test_raking_an_independent_table_multiplies_its_margins():
    after = weighting.rake(small(), {"a": {"x": 10, "y": 30}, "b": {"p": 4, "q": 36}})
    np.testing.assert_allclose(after.design.weight, [1, 9, 3, 27], rtol=1e-12)


def test_linear_calibration_adds_in_proportion_to_the_column():
    after = weighting.calibrate(small(size=[1.0, 1.0, 2.0, 2.0]), {"size": 11.0})
    np.testing.assert_allclose(after.design.weight, [1.5, 1.5, 2, 2], rtol=1e-14)


def test_raking_calibration_multiplies_by_a_power():
    after = weighting.calibrate(small(size=[1.0, 1.0, 2.0, 2.0]), {"size": 20.0}, distance="raking").design.weight
    assert after @ [1, 1, 2, 2] == pytest.approx(20, rel=1e-12)
    np.testing.assert_allclose(after[2:], after[:2] ** 2, rtol=1e-12)


def test_bounded_factors_stop_at_the_bound():
    size = np.array([0.0, 1.0, 2.0, 9.0])
    factor = weighting.calibrate(small(size=size), {"size": 13.1}, bounds=(0.5, 1.1)).design.weight
    assert factor[3] == 1.1
    np.testing.assert_allclose(np.diff(factor[:3]), factor[1] - 1, rtol=1e-12)
    assert factor @ size == pytest.approx(13.1, rel=1e-12)


def test_logit_factors_stay_inside_the_bounds_they_approach():
    sample = small(size=[0.0, 1.0, 2.0, 9.0])
    factor = weighting.calibrate(sample, {"size": 13.5}, distance="logit", bounds=(0.5, 1.15)).design.weight
    assert (factor > 0.5).all() and (factor < 1.15).all()
    assert factor @ [0, 1, 2, 9] == pytest.approx(13.5, rel=1e-12)


@pytest.mark.parametrize("distance", [solve.linear(0.4, 3.0), solve.raking(0.4, 3.0), solve.logit(0.4, 3.0)])
def test_every_distance_is_the_slope_of_its_potential_and_leaves_no_change_alone(distance):
    u, step = np.linspace(-2.0, 3.0, 41) + 0.0123, 1e-6
    numeric = (distance.potentials(u + step) - distance.potentials(u - step)) / (2 * step)
    np.testing.assert_allclose(numeric, distance.factors(u), rtol=1e-8)
    numeric = (distance.factors(u + step) - distance.factors(u - step)) / (2 * step)
    np.testing.assert_allclose(numeric, distance.slopes(u), atol=1e-8)
    assert distance.factors(np.zeros(1)) == pytest.approx(1, rel=1e-15)


def test_respondents_carry_the_weight_of_their_class():
    sample = small(w=[1.0, 3.0, 2.0, 2.0], came=[True, False, True, True])
    sample = xzz.Sample(sample.frame, weight="w")
    assert list(weighting.adjust_nonresponse(sample, "came", "a").design.weight) == [4, 0, 2, 2]


@pytest.mark.parametrize(
    ("redistribute", "expected"),
    [("none", [2, 4, 6, 12]), ("equal", [4, 6, 8, 12]), ("proportional", [3, 6, 9, 12])],
)
def test_what_is_cut_off_is_lost_or_given_to_those_inside(redistribute, expected):
    sample = xzz.Sample(pd.DataFrame({"w": [2.0, 4.0, 6.0, 18.0]}), weight="w")
    after = weighting.trim(sample, high=12, redistribute=redistribute)
    np.testing.assert_allclose(after.design.weight, expected, rtol=1e-15)


# --- what a sample keeps -------------------------------------------------------------------------


def every_way(sample):
    """The same sample weighted in every way, by name."""
    return {
        "post_stratify": weighting.post_stratify(sample, "sex", SEX),
        "rake": weighting.rake(sample, {"sex": SEX, "area": AREA}),
        "rake_r": weighting.rake(sample, {"sex": SEX, "area": AREA}, errors="r"),
        "calibrate": weighting.calibrate(sample, {"sex": SEX, "age": 12_000.0}),
        "raking": weighting.calibrate(sample, {"sex": SEX, "age": 12_000.0}, distance="raking"),
        "logit": weighting.calibrate(sample, {"sex": SEX, "age": 12_000.0}, distance="logit", bounds=(0.5, 4)),
        "trim": weighting.trim(sample, low=11, high=15, redistribute="equal"),
        "nonresponse": weighting.adjust_nonresponse(sample, "answered", "stratum"),
    }


@pytest.mark.parametrize("way", every_way(sample_of()))
def test_a_weight_of_zero_stays_zero_even_without_an_answer(way):
    frame = with_value("w", 4, 0.0).astype({"sex": object, "area": object})
    frame.loc[:3, ["sex", "area", "age"]] = [None, None, np.nan]
    after = every_way(sample_of(frame))[way].design.weight
    assert not after[:4].any()
    expected = every_way(sample_of(frame[4:], cluster=None))[way].design.weight
    np.testing.assert_allclose(after[4:], expected, rtol=1e-12)


@pytest.mark.parametrize("way", every_way(sample_of()))
def test_the_sample_that_was_given_is_left_alone(way):
    before = sample_of()
    every_way(before)
    assert list(before.design.weight) == list(survey()["w"])
    assert before.design.correction is None


@pytest.mark.parametrize("way", ["post_stratify", "rake", "rake_r", "calibrate", "raking", "logit"])
def test_a_calibrated_total_is_certain(way):
    row = xzz.total(every_way(sample_of(survey(f=np.arange(ROWS) % 3 > 0)))[way], "f").iloc[0]
    assert row["estimate"] == pytest.approx(SEX["f"], rel=1e-11)
    assert row["se"] == pytest.approx(0, abs=1e-9)


def test_a_calibrated_numeric_total_is_certain_and_others_are_not():
    after = weighting.calibrate(sample_of(), {"age": 12_000.0}, population=PEOPLE)
    age, school = (xzz.total(after, column).iloc[0] for column in ("age", "school"))
    assert age["se"] == pytest.approx(0, abs=1e-8)
    assert school["se"] > 1


def test_r_errors_change_the_error_and_not_the_estimate():
    ours, theirs = (every_way(sample_of())[way] for way in ("rake", "rake_r"))
    np.testing.assert_array_equal(ours.design.weight, theirs.design.weight)
    assert abs(xzz.mean(ours, "age")["se"].item() / xzz.mean(theirs, "age")["se"].item() - 1) > 1e-4


def test_trimming_keeps_the_credit_of_the_calibration_before_it():
    raked = every_way(sample_of())["rake"]
    trimmed = weighting.trim(raked, high=25)
    assert len(trimmed.design.correction.calibrations) == 1
    assert (
        xzz.mean(trimmed, "age")["se"].item()
        < xzz.mean(sample_of().reweighted(trimmed.design.weight), "age")["se"].item()
    )


def test_steps_follow_each_other():
    responding = every_way(sample_of())["nonresponse"]
    after = weighting.calibrate(weighting.post_stratify(responding, "sex", SEX), {"sex": SEX, "age": 12_000.0})
    assert (after.design.weight > 0).sum() == survey()["answered"].sum()
    assert len(after.design.correction.calibrations) == 2
    assert sums(after, "sex") == pytest.approx(SEX, rel=1e-12)


def test_a_respondent_whose_factor_is_zero_leaves_the_regression():
    sample = small(size=[0.0, 1.0, 2.0, 9.0])
    after = weighting.calibrate(sample, {"size": 1.0}, bounds=(0.0, 2.0))
    assert after.design.weight[3] == 0
    assert np.isfinite(xzz.mean(after, "size")["se"].item())


def test_a_subpopulation_is_weighted_with_its_whole_sample():
    frame = survey()
    part = weighting.post_stratify(sample_of(frame).subpopulation(frame["sex"] == "f"), "sex", SEX)
    assert sums(part, "sex") == pytest.approx(SEX)
    assert xzz.total(part.subpopulation(frame["age"] > 0), "age")["n"].item() == (frame["sex"] == "f").sum()


# --- totals as they come -------------------------------------------------------------------------


def test_margins_may_be_a_table():
    margins = {"sex": SEX, "area": AREA}
    rows = [(column, level, total) for column, levels in margins.items() for level, total in levels.items()]
    table = pd.DataFrame(rows, columns=["variable", "level", "total"])
    found, expected = (weighting.rake(sample_of(), given).design.weight for given in (table, margins))
    np.testing.assert_array_equal(found, expected)


def test_post_strata_of_two_columns_are_a_table():
    cells = survey().groupby(["sex", "area"])["w"].sum().mul(2).reset_index(name="total")
    after = weighting.post_stratify(sample_of(), ["sex", "area"], cells.sample(frac=1, random_state=1))
    np.testing.assert_allclose(after.design.weight, survey()["w"] * 2, rtol=1e-14)


def test_shares_are_of_the_present_weights():
    after = weighting.rake(
        sample_of(), {"sex": {"f": 0.6, "m": 0.4}, "area": dict(zip(AREA, (0.5, 0.3, 0.2), strict=True))}
    )
    total = survey()["w"].sum()
    assert sums(after, "sex") == pytest.approx({"f": 0.6 * total, "m": 0.4 * total})


def test_shares_are_of_the_population_when_it_is_given():
    after = weighting.calibrate(sample_of(), {"sex": {"f": 0.6, "m": 0.4}}, population=5000)
    assert sums(after, "sex") == pytest.approx({"f": 3000, "m": 2000})


def test_totals_rounded_to_whole_people_are_levelled():
    rounded = {"城中村": 6_000_001.0, "村庄": 4_000_000.0, "老旧小区": 2_000_001.0}
    after = weighting.rake(sample_of(), {"sex": {"f": 7e6, "m": 5e6}, "area": rounded})
    assert after.design.weight.sum() == pytest.approx(12e6, rel=1e-12)


@pytest.mark.parametrize("kind", [int, float, str])
def test_levels_that_are_numbers_match_however_they_are_written(kind):
    frame = survey(group=np.arange(ROWS) % 2)
    after = weighting.post_stratify(sample_of(frame.astype({"group": float})), "group", {kind(0): 5, "1": 7})
    assert sums(after, "group") == pytest.approx({0: 5, 1: 7})


def test_a_level_of_nobody_may_be_listed_with_nobody():
    assert sums(weighting.post_stratify(sample_of(), "sex", SEX | {"other": 0}), "sex") == pytest.approx(SEX)


def test_margins_that_follow_from_others_change_nothing():
    frame = survey(same=survey()["sex"].str.upper())
    once = weighting.calibrate(sample_of(frame), {"sex": SEX, "age": 12_000.0})
    twice = weighting.calibrate(
        sample_of(frame), {"sex": SEX, "age": 12_000.0, "same": {"F": 700, "M": 500}}, population=PEOPLE
    )
    np.testing.assert_allclose(twice.design.weight, once.design.weight, rtol=1e-11)
    errors = [xzz.mean(sample, "school")["se"].item() for sample in (once, twice)]
    assert errors[1] == pytest.approx(errors[0], rel=1e-10)


def test_weights_of_a_million_millions_are_calibrated_like_any_other():
    large = sample_of(survey(w=survey()["w"] * 1e12))
    after = weighting.calibrate(large, {"sex": {"f": 7e14, "m": 5e14}, "age": 1.2e16}, distance="raking")
    usual = weighting.calibrate(sample_of(), {"sex": SEX, "age": 12_000.0}, distance="raking")
    np.testing.assert_allclose(after.design.weight, usual.design.weight * 1e12, rtol=1e-10)


# --- totals that cannot be met -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("totals", "words"),
    [
        ({"f": 700}, ["level 'm' of 'sex'", "20 respondents but no total", "1 such levels of 2"]),
        ({"f": 700, "male": 500}, ["level 'm' of 'sex'", "no total"]),
        ({"f": 700, "m": 500, "x": 3}, ["level 'x' of 'sex'", "total of 3", "no respondent"]),
        ({"f": 1200, "m": 0}, ["level 'm' of 'sex'", "total of 0 but 20 respondents"]),
        ({"f": 700, "m": -5}, ["level 'm' of 'sex'", "-5", "above zero"]),
        ({"f": 700, "m": np.nan}, ["level 'm' of 'sex'", "nan"]),
        ({"f": 700, "m": np.inf}, ["level 'm' of 'sex'", "inf"]),
        ({"f": 700, "m": "many"}, ["level 'm' of 'sex'", "'many'"]),
        ({"f": 700, None: 5}, ["level of the totals is missing"]),
        ({}, ["'sex' has no levels"]),
    ],
)
@pytest.mark.parametrize("way", ["post_stratify", "rake", "calibrate", "achieved"])
def test_unusable_totals_are_named(way, totals, words):
    calls = {
        "post_stratify": lambda: weighting.post_stratify(sample_of(), "sex", totals),
        "rake": lambda: weighting.rake(sample_of(), {"sex": totals}),
        "calibrate": lambda: weighting.calibrate(sample_of(), {"sex": totals}),
        "achieved": lambda: weighting.achieved(sample_of(), {"sex": totals}),
    }
    message = refusal(calls[way])
    assert [word for word in words if word not in message] == []


def test_a_misspelt_level_gets_the_nearest_name():
    message = refusal(lambda: weighting.rake(sample_of(), {"area": {"城中村村": 600, "村庄": 400, "老旧小区": 200}}))
    assert "level '城中村' of 'area'" in message
    assert "did you mean '城中村村'" in message


def test_margins_that_disagree_are_refused_with_both_sums():
    message = refusal(lambda: weighting.rake(sample_of(), {"sex": SEX, "area": AREA | {"村庄": 500}}))
    assert "'area' sum to 1,300" in message
    assert "'sex' to 1,200" in message


def test_margins_that_disagree_with_the_population_are_refused():
    message = refusal(lambda: weighting.calibrate(sample_of(), {"sex": SEX}, population=1500))
    assert "'sex' sum to 1,200" in message
    assert "population to 1,500" in message


def test_shares_beside_people_are_refused():
    assert "sum to 1" in refusal(lambda: weighting.rake(sample_of(), {"sex": SEX, "area": dict.fromkeys(AREA, 1 / 3)}))


@pytest.mark.parametrize(
    ("call", "column"),
    [
        (lambda sample: weighting.post_stratify(sample, "sex", SEX), "sex"),
        (lambda sample: weighting.rake(sample, {"sex": SEX}), "sex"),
        (lambda sample: weighting.calibrate(sample, {"sex": SEX}), "sex"),
        (lambda sample: weighting.adjust_nonresponse(sample, "answered", ["stratum", "sex"]), "sex"),
        (lambda sample: weighting.calibrate(sample, {"age": 12_000.0}), "age"),
    ],
)
def test_missing_answers_are_counted(call, column):
    sample = sample_of(with_value(column, 7, np.nan if column == "age" else None))
    message = refusal(lambda: call(sample))
    assert repr(column) in message
    assert f"7 of {ROWS}" in message


@pytest.mark.parametrize(
    "call",
    [
        lambda sample: weighting.post_stratify(sample, "sexe", SEX),
        lambda sample: weighting.rake(sample, {"sexe": SEX}),
        lambda sample: weighting.calibrate(sample, {"sexe": SEX}),
        lambda sample: weighting.calibrate(sample, {"sexe": 5}),
        lambda sample: weighting.adjust_nonresponse(sample, "answered", "sexe"),
        lambda sample: weighting.diagnostics(sample, "sexe"),
        lambda sample: weighting.achieved(sample, {"sexe": 5}),
    ],
)
def test_an_unknown_column_gets_the_nearest_name(call):
    assert "did you mean 'sex'" in refusal(lambda: call(sample_of()))


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"variable": ["sex", "sex"], "level": ["f", "f"], "total": [1, 2]}, "level 'f' of 'sex' has two totals"),
        ({"variable": ["sex"], "levle": ["f"], "total": [1]}, "did you mean 'levle'"),
        ({"variable": ["sex"], "level": ["f"], "total": [1], "age": [3]}, "column 'age' that is not used"),
    ],
)
def test_a_table_of_margins_is_checked(columns, word):
    assert word in refusal(lambda: weighting.rake(sample_of(), pd.DataFrame(columns)))


def test_a_table_of_post_strata_is_checked():
    cells = survey().groupby(["sex", "area"])["w"].sum().reset_index(name="total")
    assert "two totals" in refusal(
        lambda: weighting.post_stratify(sample_of(), ["sex", "area"], pd.concat([cells, cells[:1]]))
    )
    assert "no total" in refusal(lambda: weighting.post_stratify(sample_of(), ["sex", "area"], cells[1:]))
    assert "'total'" in refusal(lambda: weighting.post_stratify(sample_of(), ["sex", "area"], SEX))


@pytest.mark.parametrize("given", [{}, {"sex": 5}])
def test_margins_are_levels_with_totals(given):
    assert "{level: total}" in refusal(lambda: weighting.rake(sample_of(), given))


def test_margins_that_exclude_each_other_are_refused():
    sample = small(b=["p", "p", "q", "q"])
    message = refusal(lambda: weighting.rake(sample, {"a": {"x": 3, "y": 1}, "b": {"p": 1, "q": 3}}))
    assert "raking stopped after 500 sweeps" in message
    assert "instead of" in message and "4 totals" in message


def test_too_few_sweeps_are_an_error():
    message = refusal(lambda: weighting.rake(sample_of(), {"sex": SEX, "area": AREA}, sweeps=1))
    assert "after 1 sweeps" in message


@pytest.mark.parametrize("distance", ["linear", "raking"])
def test_totals_that_contradict_each_other_are_refused(distance):
    sample = sample_of(survey(twice=survey()["age"] * 2))
    message = refusal(lambda: weighting.calibrate(sample, {"age": 9000.0, "twice": 20_000.0}, distance=distance))
    assert "found no weights" in message
    assert "instead of" in message


@pytest.mark.parametrize("distance", ["linear", "raking", "logit"])
def test_bounds_that_no_weights_meet_are_refused_with_the_reach(distance):
    message = refusal(lambda: weighting.calibrate(sample_of(), {"sex": SEX}, distance=distance, bounds=(0.9, 1.1)))
    assert "with factors from 0.9 to 1.1" in message
    assert "level 'f' of 'sex' is to be 700" in message
    assert "2 of 2 totals" in message


def test_bounds_that_only_all_totals_together_break_are_refused():
    totals = {"sex": SEX, "age": 14_400.0}
    message = refusal(lambda: weighting.calibrate(sample_of(), totals, distance="logit", bounds=(0.6, 2.4)))
    assert "logit calibration found no weights with factors from 0.6 to 2.4" in message


def test_negative_weights_are_counted_with_the_remedy():
    message = refusal(lambda: weighting.calibrate(sample_of(), {"sex": SEX, "age": 15_500.0}))
    assert f"of {ROWS} respondents a weight below zero" in message
    assert "bounds=" in message and "distance='raking'" in message


def test_a_total_with_the_wrong_sign_is_refused_by_raking():
    message = refusal(lambda: weighting.calibrate(sample_of(), {"age": -5.0}, distance="raking"))
    assert "gives 0 or more" in message


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"distance": "logit"}, "needs bounds"),
        ({"distance": "logit", "bounds": (1.1, 3)}, "1 between them"),
        ({"distance": "logit", "bounds": (0.5, np.inf)}, "finite"),
        ({"distance": "lineal"}, "did you mean 'linear'"),
        ({"bounds": (3, 1)}, "lower one first"),
        ({"bounds": (-1, 2)}, "at least 0"),
        ({"population": -5}, "above zero"),
        ({"population": np.nan}, "the population is nan"),
    ],
)
def test_options_of_calibration_are_checked(options, word):
    assert word in refusal(lambda: weighting.calibrate(sample_of(), {"sex": SEX}, **options))


def test_a_text_column_has_no_single_total():
    assert "'sex' holds text" in refusal(lambda: weighting.calibrate(sample_of(), {"sex": 5.0}))
    assert "total of 'age' is nan" in refusal(lambda: weighting.calibrate(sample_of(), {"age": np.nan}))
    assert "nothing to calibrate to" in refusal(lambda: weighting.calibrate(sample_of(), {}))


def test_the_error_convention_is_checked():
    assert "did you mean 'residual'" in refusal(lambda: weighting.rake(sample_of(), {"sex": SEX}, errors="residuals"))


# --- trimming ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({}, "smallest weight `low`"),
        ({"low": 3, "high": 1}, "between 3 and 1"),
        ({"low": -1}, "between -1 and inf"),
        ({"high": np.nan}, "between 0 and nan"),
        ({"high": 9, "redistribute": "equal"}, f"all {ROWS} weights lie outside"),
        ({"high": 12, "redistribute": "equal", "strict": True}, "sum to 0 to 720"),
        ({"low": 15.5, "redistribute": "equal"}, "raising weights to 15.5"),
        ({"low": 15.5, "redistribute": "proportional"}, "raising weights to 15.5"),
        ({"high": 12, "redistribute": "equally"}, "did you mean 'equal'"),
    ],
)
def test_bounds_of_trimming_are_checked(options, word):
    sample = sample_of(survey(w=[10.0] * 50 + [16.0] * 10)) if "low" in options else sample_of()
    assert word in refusal(lambda: weighting.trim(sample, **options))


@pytest.mark.parametrize("redistribute", ["equal", "proportional"])
def test_strict_trimming_keeps_the_sum_inside_the_bounds(redistribute):
    before = sample_of()
    after = weighting.trim(before, low=11, high=13.5, redistribute=redistribute, strict=True).design.weight
    assert after.min() >= 11 and after.max() <= 13.5
    assert after.sum() == pytest.approx(before.design.weight.sum(), rel=1e-12)


# --- non-response --------------------------------------------------------------------------------


def test_response_rates_are_a_table_of_classes():
    rates = weighting.response_rates(sample_of(), "answered", "stratum")
    assert list(rates["by"]) == ["stratum=东", "stratum=南", "stratum=西"]
    assert list(rates["n"]) == [20, 20, 20] and list(rates["responded"]) == [15, 15, 15]
    np.testing.assert_allclose(rates["factor"] * rates["weighted_rate"], 1, rtol=1e-15)


def test_a_class_without_respondents_is_named_with_a_remedy():
    frame = survey()
    frame.loc[frame["stratum"] == "南", "answered"] = False
    message = refusal(lambda: weighting.adjust_nonresponse(sample_of(frame), "answered", "stratum"))
    assert "'stratum=南' holds 20" in message and "1 such classes of 3" in message
    assert "join it" in message
    silent = weighting.response_rates(sample_of(frame), "answered", "stratum").set_index("by").loc["stratum=南"]
    assert np.isnan(silent["factor"]) and silent["reason"] == "nobody_responded"


@pytest.mark.parametrize("kind", [bool, int, float, object])
def test_who_responded_may_be_yes_or_no_of_any_type(kind):
    after = weighting.adjust_nonresponse(sample_of(), survey()["answered"].astype(kind), ["stratum", "sex"])
    expected = survey().groupby(["stratum", "sex"])["w"].sum().to_dict()
    assert sums(after, ["stratum", "sex"]) == pytest.approx(expected)


def test_an_unclear_response_is_counted():
    unclear = survey()["answered"].astype(object).where(np.arange(ROWS) > 2, None)
    assert f"3 of {ROWS}" in refusal(lambda: weighting.adjust_nonresponse(sample_of(), unclear, "stratum"))
    assert "2 values" in refusal(lambda: weighting.adjust_nonresponse(sample_of(), np.array([1, 0]), "stratum"))
    assert "no weighting classes" in refusal(lambda: weighting.adjust_nonresponse(sample_of(), "answered", []))


# --- inspection ----------------------------------------------------------------------------------


def test_diagnostics_describe_the_weights():
    sample = sample_of(with_value("w", 3, 0.0))
    w = sample.design.weight[3:]
    assert value(sample, "n") == ROWS - 3 and value(sample, "zero_weights") == 3
    assert value(sample, "n_eff") == pytest.approx(w.sum() ** 2 / (w**2).sum())
    assert value(sample, "deff_weighting") == pytest.approx(1 + value(sample, "cv") ** 2)
    assert value(sample, "largest_share") == pytest.approx(w.max() / w.sum())
    assert value(sample, "max_to_median") == pytest.approx(w.max() / np.median(w))


def test_equal_weights_lose_nothing():
    assert value(sample_of(weight=None), "deff_weighting") == 1
    assert value(sample_of(weight=None), "n_eff") == ROWS


def test_diagnostics_by_stratum_sum_to_the_whole():
    table = weighting.diagnostics(sample_of(), "stratum").pivot(index="by", columns="measure", values="value")
    assert list(table.index) == ["stratum=东", "stratum=南", "stratum=西"]
    assert table["sum"].sum() == pytest.approx(survey()["w"].sum())


def test_a_group_without_weight_has_counts_only():
    table = weighting.diagnostics(sample_of(with_value("w", 20, 0.0)), "stratum")
    assert dict(table[table["by"] == "stratum=东"][["measure", "value"]].to_numpy()) == {
        "n": 0,
        "zero_weights": 20,
        "sum": 0,
    }
    assert table["value"].notna().all()


def test_diagnostics_count_whose_weight_was_trimmed():
    before, weights = sample_of(), survey()["w"]
    after = weighting.trim(before, low=11, high=15)
    assert value(after, "raised", before=before) == (weights < 11).sum()
    assert value(after, "lowered", before=before) == (weights > 15).sum()
    assert value(after, "smallest_factor", before=before) == 15 / 16
    assert "cannot be compared" in refusal(lambda: weighting.diagnostics(after, before=sample_of(survey()[:40])))


def test_achieved_totals_stand_beside_the_wanted_ones():
    table = weighting.achieved(every_way(sample_of())["rake"], {"sex": SEX, "area": AREA, "age": 12_000.0})
    assert list(table.columns) == ["variable", "level", "wanted", "achieved", "difference"]
    assert list(table["level"]) == ["", "f", "m", *AREA]
    np.testing.assert_allclose(table["difference"][1:], 0, atol=1e-8)
    assert table["difference"][0] == pytest.approx(table["achieved"][0] - 12_000)
