"""Comparisons and tests: what they refuse, what they say when there is no number, and numbers known by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError, XzzError
from xzz_analysis.survey import testing
from xzz_analysis.survey.estimates import COLUMNS, group_pairs, join
from xzz_analysis.survey.testing import simultaneous as largest
from xzz_analysis.survey.testing.comparisons import COMPARISON_COLUMNS
from xzz_analysis.survey.testing.equality import adjusted_mean_wald, mean_wald, t_test, wald
from xzz_analysis.survey.testing.families import adjust
from xzz_analysis.survey.testing.hypotheses import METHODS, TEST_COLUMNS
from xzz_analysis.survey.testing.independence import Table, design_effects, rao_scott, table_wald
from xzz_analysis.survey.testing.simultaneous import simultaneous

NUMBERS = ["statistic", "df1", "df2", "p", "n"]


@pytest.fixture(scope="module")
def answers():
    """Clustered answers: 40 clusters in 4 strata, 12 respondents each, some answers missing."""
    rng = np.random.default_rng(20)
    cluster = np.repeat(np.arange(40), 12)
    rows = len(cluster)
    frame = pd.DataFrame({"cluster": cluster, "stratum": cluster // 10, "w": rng.uniform(0.5, 2, rows)})
    frame["area"] = rng.choice(["村庄", "老街", "新村"], rows)
    frame["hukou"] = rng.choice(["外地", "本地"], rows)
    lean = 0.3 + 0.2 * (frame["area"] == "村庄") + 0.02 * (cluster % 7)
    frame["need"] = (rng.random(rows) < lean).astype(float)
    frame["reason"] = rng.choice(["cost", "distance", "papers"], rows)
    frame["hours"] = rng.gamma(2, 2, rows)
    frame.loc[rng.random(rows) < 0.1, "need"] = np.nan
    frame.loc[rng.random(rows) < 0.1, "hours"] = np.nan
    return frame


@pytest.fixture(scope="module")
def sample(answers):
    return xzz.Sample(answers, weight="w", strata="stratum", cluster="cluster")


@pytest.fixture(scope="module")
def shares(sample):
    return xzz.share(sample, "need", "area")


@pytest.fixture(scope="module")
def crossed(sample):
    return xzz.share(sample, "need", ["area", "hukou"])


def made_from(frame, **changed):
    return xzz.Sample(frame.assign(**changed), weight="w", strata="stratum", cluster="cluster")


# --- families -----------------------------------------------------------------------------------------------------


def test_holm_by_hand():
    adjusted, tests = adjust(np.array([0.04, 0.01, 0.03, 0.5]), "holm")
    np.testing.assert_allclose(adjusted, [0.09, 0.04, 0.09, 0.5])
    assert tests == 4


def test_benjamini_hochberg_by_hand():
    adjusted, _ = adjust(np.array([0.04, 0.01, 0.03, 0.5]), "benjamini-hochberg")
    np.testing.assert_allclose(adjusted, [0.16 / 3, 0.04, 0.16 / 3, 0.5])


@pytest.mark.parametrize("method", ["holm", "benjamini-hochberg"])
def test_adjusted_p_never_exceeds_one(method):
    np.testing.assert_array_equal(adjust(np.array([0.9, 0.95, 1.0]), method)[0] <= 1, True)


@pytest.mark.parametrize("method", ["none", "holm", "benjamini-hochberg"])
def test_a_question_without_a_test_costs_the_others_nothing(method):
    p = np.array([0.01, np.nan, 0.2, np.nan])
    adjusted, tests = adjust(p, method)
    np.testing.assert_array_equal(adjusted[[0, 2]], adjust(p[[0, 2]], method)[0])
    assert np.isnan(adjusted[[1, 3]]).all()
    assert tests == 2


def test_no_adjustment_leaves_the_given_array_alone():
    p = np.array([0.03, 0.04])
    adjusted, _ = adjust(p, "holm")
    np.testing.assert_array_equal(p, [0.03, 0.04])
    np.testing.assert_array_equal(adjusted, [0.06, 0.06])


def test_an_empty_family():
    adjusted, tests = adjust(np.zeros(0), "holm")
    assert (len(adjusted), tests) == (0, 0)


def test_an_unknown_adjustment_is_named():
    with pytest.raises(DesignError, match="'bonferoni' is not one of none, holm"):
        adjust(np.array([0.1]), "bonferoni")


def test_p_values_outside_bounds_are_counted():
    with pytest.raises(DesignError, match="1 of 2 p-values"):
        adjust(np.array([0.1, 1.2]), "holm")


# --- the largest |t| ----------------------------------------------------------------------------------------------


def p_of(t, df):
    return 2 * stats.t.sf(np.abs(t), df)


def pairs_of(groups):
    """Correlation of all differences between independent means of equal size."""
    first, second = np.triu_indices(groups, 1)
    contrasts = np.eye(groups)[first] - np.eye(groups)[second]
    return contrasts @ contrasts.T / 2


def test_one_comparison_is_exact():
    p, df = np.array([0.03]), np.array([17.0])
    found = simultaneous(p, np.eye(1), df)
    assert found.p_adjusted[0] == 0.03
    assert found.critical[0] == pytest.approx(stats.t.ppf(0.975, 17), rel=1e-12)


def test_a_comparison_and_its_opposite_are_one():
    p, df = np.array([0.03, 0.03]), np.array([17.0, 17.0])
    found = simultaneous(p, np.array([[1.0, -1.0], [-1.0, 1.0]]), df)
    np.testing.assert_array_equal(found.p_adjusted, p)


@pytest.mark.parametrize("df", [5.0, 40.0])
def test_three_groups_are_tukeys_range(df):
    t = np.array([2.0, 2.5, 4.0])
    found = simultaneous(p_of(t, df), pairs_of(3), np.full(3, df))
    expected = stats.studentized_range.sf(t * np.sqrt(2), 3, df)
    np.testing.assert_allclose(found.p_adjusted, expected, rtol=1e-9)  # scipy integrates to about 1e-11
    assert found.critical[0] == pytest.approx(stats.studentized_range.ppf(0.95, 3, df) / np.sqrt(2), rel=1e-9)


@pytest.mark.parametrize(("groups", "df"), [(4, 5.0), (6, 40.0), (10, 12.0)])
def test_more_groups_are_tukeys_range_within_the_stated_error(groups, df):
    size = groups * (groups - 1) // 2
    t = np.linspace(1.5, 4, size)
    found = simultaneous(p_of(t, df), pairs_of(groups), np.full(size, df))
    np.testing.assert_allclose(found.p_adjusted, stats.studentized_range.sf(t * np.sqrt(2), groups, df), rtol=2e-3)
    exact = stats.studentized_range.ppf(0.95, groups, df) / np.sqrt(2)
    np.testing.assert_allclose(found.critical, exact, rtol=2e-4)


@pytest.mark.parametrize(("size", "error"), [(5, 3e-3), (60, 1e-2), (300, 2e-2)])
def test_independent_comparisons_with_many_degrees_of_freedom(size, error):
    df = np.full(size, 1e7)
    p = np.full(size, 0.3)
    p[:3] = 1e-2, 1e-4, 1e-6
    found = simultaneous(p, np.eye(size), df)
    np.testing.assert_allclose(found.p_adjusted, -np.expm1(size * np.log1p(-p)), rtol=error)


def test_the_plane_and_the_lattice_agree(monkeypatch):
    t, df = np.array([1.0, 2.0, 3.0]), np.full(3, 20.0)
    exact = simultaneous(p_of(t, df), pairs_of(3), df)
    monkeypatch.setattr(largest, "_MOST_IN_A_PLANE", 0)
    counted = simultaneous(p_of(t, df), pairs_of(3), df)
    np.testing.assert_allclose(counted.p_adjusted, exact.p_adjusted, rtol=1e-4)  # the lattice's own error
    np.testing.assert_allclose(counted.critical, exact.critical, rtol=1e-5)


def test_the_same_family_gives_the_same_bytes():
    df = np.full(10, 30.0)
    p = np.linspace(0.001, 0.5, 10)
    first, second = (simultaneous(p, pairs_of(5), df) for _ in range(2))
    assert first.p_adjusted.tobytes() == second.p_adjusted.tobytes()
    assert first.critical.tobytes() == second.critical.tobytes()


def test_unequal_degrees_of_freedom_keep_each_its_own_distribution():
    p, df = np.array([0.01, 0.01]), np.array([4.0, 40.0])
    found = simultaneous(p, np.eye(2), df)
    assert found.critical[0] > found.critical[1] > stats.t.ppf(0.975, 40)
    np.testing.assert_allclose(found.p_adjusted, found.p_adjusted[0])
    single = p_of(found.critical, df)
    np.testing.assert_allclose(single, single[0])


def test_a_p_value_of_zero_stays_zero():
    found = simultaneous(np.array([0.0, 0.2]), np.eye(2), np.array([30.0, 30.0]))
    assert found.p_adjusted[0] == 0


def test_too_large_a_family_is_refused():
    with pytest.raises(DesignError, match="301 comparisons and max-t takes 300 at most; use adjust='holm'"):
        simultaneous(np.full(301, 0.1), np.eye(301), np.full(301, 9.0))


# --- tables -------------------------------------------------------------------------------------------------------


def simple_table(counts, df=50.0):
    """A table as a simple random sample with replacement gives it."""
    counts = np.asarray(counts, float)
    n = counts.sum()
    p = counts.ravel() / max(n, 1)
    return Table(counts, (np.diag(p) - np.outer(p, p)) * n, n, df)


COUNTS = [[20, 35, 14], [31, 22, 28]]


def test_simple_sampling_has_no_design_effect():
    effects, reason = design_effects(simple_table(COUNTS))
    assert reason == ""
    assert (effects.trace, effects.squares, effects.interactions) == (pytest.approx(2), pytest.approx(2), 2)


def test_simple_sampling_gives_pearsons_test():
    expected = stats.chi2_contingency(COUNTS, correction=False)
    found = rao_scott(simple_table(COUNTS), order=1)
    assert (found.statistic, found.p) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))
    assert found.df1 == 2 and np.isnan(found.df2)


def test_second_order_divides_by_the_degrees_of_freedom():
    first, second = (rao_scott(simple_table(COUNTS), order=order) for order in (1, 2))
    assert second.statistic == pytest.approx(first.statistic / 2)
    assert (second.df1, second.df2) == (pytest.approx(2), pytest.approx(100))
    assert second.p == pytest.approx(stats.f.sf(first.statistic / 2, 2, 100))


def test_a_design_effect_of_three_divides_the_statistic_by_three():
    table = simple_table(COUNTS)
    tripled = Table(table.total, 3 * table.covariance, table.n, table.df)
    assert rao_scott(tripled).statistic == pytest.approx(rao_scott(table).statistic / 3)


@pytest.mark.parametrize("method", [rao_scott, lambda table: table_wald(table, adjusted=True)])
def test_turning_the_table_changes_nothing(method):
    table = simple_table(COUNTS)
    order = np.arange(6).reshape(2, 3).T.ravel()
    turned = Table(table.total.T, table.covariance[np.ix_(order, order)], table.n, table.df)
    assert method(turned).p == pytest.approx(method(table).p, rel=1e-10)


def test_wald_of_a_square_table_by_hand():
    table = simple_table([[20, 30], [40, 10]])
    excess = 20 - 50 * 60 / 100
    slope = np.array([0.2, -0.3, -0.2, 0.3])  # derivatives of a − (a+b)(a+c)/n, by hand
    found = table_wald(table, adjusted=False)
    assert found.statistic == pytest.approx(excess**2 / (slope @ table.covariance @ slope))


def test_an_empty_cell_is_allowed():
    table = simple_table([[20, 35, 0], [31, 22, 28]])
    assert 0 < rao_scott(table).p < 1e-5


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (simple_table([[0, 0], [0, 0]]), "nobody_answered"),
        (simple_table([[12, 30], [0, 0]]), "one_category"),
        (simple_table(COUNTS, df=0), "no_degrees_of_freedom"),
        (simple_table(np.diag([9, 8, 7])), "empty_cells"),
        (Table(np.array(COUNTS, float), np.zeros((6, 6)), 150, 9), "no_sampling_error"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_table_without_a_test_says_why(table, reason):
    found = rao_scott(table.without_empty())
    assert found.reason == reason
    assert np.isnan([found.statistic, found.df1, found.df2, found.p]).all()


def test_empty_answers_are_left_out():
    table = simple_table([[20, 0, 35], [0, 0, 0], [31, 0, 22]]).without_empty()
    assert table.total.tolist() == [[20, 35], [31, 22]]
    assert rao_scott(table).p == pytest.approx(rao_scott(simple_table([[20, 35], [31, 22]])).p)


# --- means --------------------------------------------------------------------------------------------------------

MEANS, SPREAD = np.array([3.0, 4.0]), np.diag([0.09, 0.16])


def test_t_by_hand():
    found = t_test(MEANS, SPREAD, 20)
    assert (found.statistic, found.df1, found.df2) == (pytest.approx(2), 1, 19)
    assert found.p == pytest.approx(p_of(2, 19))


def test_two_means_by_wald_are_t_squared():
    t, f = t_test(MEANS, SPREAD, 20), mean_wald(MEANS, SPREAD, 20)
    assert (f.statistic, f.df1, f.df2, f.p) == (pytest.approx(t.statistic**2), 1, 19, pytest.approx(t.p))


def test_the_allowance_for_few_clusters_counts_the_differences():
    means, spread = np.array([3.0, 4.0, 6.0]), np.diag([0.09, 0.16, 0.25])
    plain, adjusted = mean_wald(means, spread, 20), adjusted_mean_wald(means, spread, 20)
    assert (adjusted.df1, adjusted.df2) == (2, 19)
    assert adjusted.statistic == pytest.approx(plain.statistic * 19 / 20)


def test_wald_by_hand():
    difference, covariance = np.array([1.0, 2.0]), np.array([[1.0, 0.5], [0.5, 2.0]])
    quadratic = 4 / 1.75 * 1.0  # (1·2 − 2·0.5·2 + 4·1) / (2 − 0.25)
    plain, adjusted = wald(difference, covariance, 9), wald(difference, covariance, 9, adjusted=True)
    assert (plain.statistic, plain.df1, plain.df2) == (pytest.approx(quadratic / 2), 2, 9)
    assert (adjusted.statistic, adjusted.df2) == (pytest.approx(quadratic * 8 / 18), 8)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (t_test(MEANS, SPREAD, 1), "no_degrees_of_freedom"),
        (t_test(MEANS, 0 * SPREAD, 9), "no_sampling_error"),
        (t_test(np.array([2.0, 2.0]), 0 * SPREAD, 9), "no_sampling_error"),
        (mean_wald(MEANS, SPREAD, 1), "no_degrees_of_freedom"),
        (adjusted_mean_wald(np.ones(4), np.eye(4), 2), "no_degrees_of_freedom"),
        (mean_wald(np.zeros(2), 0 * SPREAD, 9), "no_sampling_error"),
        (mean_wald(np.array([1.0, 0, 0]), np.diag([1.0, 0, 0]), 9), "singular_covariance"),
        (wald(np.ones(2), np.ones((2, 2)), 9), "singular_covariance"),
        (wald(np.ones(1), np.eye(1), 0), "no_degrees_of_freedom"),
        (wald(np.ones(2), np.eye(2), 1, adjusted=True), "no_degrees_of_freedom"),
    ],
)
def test_means_without_a_test_say_why(found, reason):
    assert found.reason == reason
    assert np.isnan([found.statistic, found.df1, found.df2, found.p]).all()


# --- contrasts ----------------------------------------------------------------------------------------------------


def test_a_contrast_by_hand(sample):
    shares = xzz.share(sample, "need", "area", method="wald")
    gap = testing.contrast(shares, {"gap": {0: 1, 1: -1}}).iloc[0]
    v = shares.covariance()
    assert gap["estimate"] == pytest.approx(shares["estimate"][0] - shares["estimate"][1])
    assert gap["se"] == pytest.approx(np.sqrt(v[0, 0] + v[1, 1] - 2 * v[0, 1]))
    assert gap["t"] == pytest.approx(gap["estimate"] / gap["se"])
    assert gap["p"] == gap["p_adjusted"] == pytest.approx(p_of(gap["t"], gap["df"]))
    assert gap["high"] - gap["estimate"] == pytest.approx(stats.t.ppf(0.975, gap["df"]) * gap["se"])


def test_comparisons_have_every_column_and_no_gap_in_words(shares):
    found = testing.differences(shares, "area")
    assert list(found.columns) == list(COMPARISON_COLUMNS)
    assert set(COLUMNS) < set(COMPARISON_COLUMNS)
    words = ["result_id", "indicator", "by", "statistic", "method", "kind", "reason", "adjust", "flags"]
    assert found[words].notna().all().all()
    assert not found["estimate"].isna().any()


def test_a_contrast_is_named_beside_the_groups_its_estimates_share(crossed):
    place = {by: row for row, by in crossed["by"].items()}
    here, there = place["area=村庄;hukou=外地"], place["area=村庄;hukou=本地"]
    found = testing.contrast(crossed, {"a=b;c": {here: 1, there: -1}})
    assert group_pairs(found["by"][0]) == [("area", "村庄"), ("contrast", "a=b;c")]
    assert found["statistic"][0] == "contrast"


def test_what_estimates_do_not_share_is_joined(sample):
    both = join([xzz.share(sample, "need"), xzz.mean(sample, "hours")])
    found = testing.contrast(both, {"less": {0: 1, 1: -1}, "other": {0: -1, 1: 1}, "sum": {0: 1, 1: 1}})
    assert found["indicator"].tolist() == ["need − hours", "hours − need", "need; hours"]
    assert set(found["unit"]) == {"respondent"}


def test_respondents_of_groups_apart_are_added_up(shares):
    found = testing.contrast(shares, {"gap": {0: 1, 2: -1}, "one": {1: 1}})
    assert found["n"].tolist() == [shares["n"][0] + shares["n"][2], shares["n"][1]]
    assert found["n_blank"].tolist() == [shares["n_blank"][0] + shares["n_blank"][2], shares["n_blank"][1]]
    assert found["n_blank"].dtype == shares["n_blank"].dtype


def test_respondents_who_may_be_the_same_are_not_added_up(sample, shares):
    overlapping = join([shares, xzz.share(sample, "need", "hukou")])
    found = testing.contrast(overlapping, {"mixed": {0: 1, 3: -1}})
    assert found["n"].item() == max(overlapping["n"][0], overlapping["n"][3])


def test_two_questions_of_one_group_count_its_respondents_once(sample):
    both = join([xzz.mean(sample, "need", "area"), xzz.mean(sample, "hours", "area")])
    found = testing.contrast(both, {"gap of gaps": {0: 1, 1: -1, 3: -1, 4: 1}})
    assert found["n"].item() == both["n"][[0, 3]].max() + both["n"][[1, 4]].max()


def test_a_coefficient_of_zero_is_no_part_of_the_contrast(shares):
    one, same = (testing.contrast(shares, {"a": given}) for given in ({0: 1}, {0: 1, 1: 0}))
    pd.testing.assert_frame_equal(one, same)


def test_rows_are_named_by_their_label_wherever_they_stand(shares):
    asked = {"gap": {0: 1, 2: -1}}
    shuffled = testing.contrast(shares.sort_values("estimate"), asked)
    kept = testing.contrast(shares.loc[[2, 0]], asked)
    expected = testing.contrast(shares, asked)
    for found in (shuffled, kept):
        pd.testing.assert_frame_equal(found, expected, rtol=1e-12)  # sums in another order


def test_contrasts_of_contrasts(shares):
    direct = testing.contrast(shares, {"all": {0: 0.5, 1: 0.5, 2: -1}})
    halves = testing.contrast(shares, {"a": {0: 1, 2: -1}, "b": {1: 1, 2: -1}})
    indirect = testing.contrast(halves, {"all": {0: 0.5, 1: 0.5}})
    numbers = ["estimate", "se", "low", "high", "df", "t", "p"]
    pd.testing.assert_frame_equal(indirect[numbers], direct[numbers], rtol=1e-10)


def test_a_contrast_is_tested_against_its_null(shares):
    found = testing.contrast(shares, {"one": {0: 1}}, null=0.5).iloc[0]
    assert found["t"] == pytest.approx((found["estimate"] - 0.5) / found["se"])
    assert found["null"] == 0.5


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"gap": {0: 1, 9: -1}}, r"contrast 'gap' names 1 rows .* such as 9; .* from 0 to 2"),
        ({"gap": {0: np.nan}}, r"contrast 'gap' has the coefficients \[nan\]"),
        ({"gap": {0: np.inf, 1: 1}}, "they are finite"),
        ({"gap": {0: 0}}, "not all zero"),
        ({"gap": {}}, "not all zero"),
    ],
)
def test_coefficients_that_make_no_contrast(shares, asked, message):
    with pytest.raises(DesignError, match=message):
        testing.contrast(shares, asked)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"adjust": "Holm"}, "adjustment 'Holm' is not one of .*max-t; did you mean 'holm'"),
        ({"level": 95}, "confidence level is 95"),
        ({"null": np.nan}, "null=nan"),
    ],
)
def test_arguments_that_cannot_be(shares, given, message):
    with pytest.raises(DesignError, match=message):
        testing.contrast(shares, {"gap": {0: 1}}, **given)


def test_repeated_row_labels_are_refused(shares):
    repeated = shares.set_axis([0, 0, 1])
    with pytest.raises(DesignError, match="reset_index"):
        testing.contrast(repeated, {"gap": {0: 1}})


def test_estimates_without_influence_are_refused(shares):
    alone = shares.copy()
    alone.influence = None
    with pytest.raises(XzzError, match="keep no influence matrix"):
        testing.contrast(alone, {"gap": {0: 1}})


def test_no_contrasts_are_an_empty_frame(shares):
    found = testing.contrast(shares, {})
    assert len(found) == 0
    assert list(found.columns) == list(COMPARISON_COLUMNS)


def test_result_ids_follow_from_the_question(shares):
    asked = {"gap": {0: 1, 1: -1}}
    first, again = (testing.contrast(shares, asked)["result_id"][0] for _ in range(2))
    assert first == again and len(first) == 12
    others = [{"adjust": "holm"}, {"level": 0.9}, {"null": 0.1}]
    ids = {testing.contrast(shares, asked, **other)["result_id"][0] for other in others}
    assert len(ids | {first, testing.contrast(shares, {"gap": {0: 1, 1: 1}})["result_id"][0]}) == 5


# --- differences --------------------------------------------------------------------------------------------------


def test_all_pairs_later_minus_earlier(shares):
    found = testing.differences(shares, "area")
    order = [dict(group_pairs(by))["area"] for by in shares["by"]]
    expected = [f"{order[b]} − {order[a]}" for a, b in ((0, 1), (0, 2), (1, 2))]
    assert [dict(group_pairs(by))["area"] for by in found["by"]] == expected
    np.testing.assert_allclose(found["estimate"][0], shares["estimate"][1] - shares["estimate"][0])
    assert set(found["statistic"]) == {"share_difference"}


def test_each_level_less_the_reference(shares):
    found = testing.differences(shares, "area", reference="村庄")
    assert [by.endswith(" − 村庄") for by in found["by"]] == [True, True]


def test_differences_within_the_other_groups(crossed):
    found = testing.differences(crossed, "hukou", reference="本地")
    assert len(found) == 3
    assert [pairs[1] for pairs in map(group_pairs, found["by"])] == [("hukou", "外地 − 本地")] * 3
    assert {pairs[0][1] for pairs in map(group_pairs, found["by"])} == {"村庄", "老街", "新村"}


def test_differences_of_differences(crossed):
    gaps = testing.differences(crossed, "hukou", reference="本地")
    found = testing.differences(gaps, "area", reference="村庄")
    assert set(found["statistic"]) == {"share_difference_difference"}
    at = {dict(group_pairs(by))["area"]: estimate for by, estimate in zip(gaps["by"], gaps["estimate"], strict=True)}
    expected = [at["新村"] - at["村庄"], at["老街"] - at["村庄"]]
    np.testing.assert_allclose(found["estimate"], expected)
    assert set(found["by"]) == {"area=新村 − 村庄;hukou=外地 − 本地", "area=老街 − 村庄;hukou=外地 − 本地"}


def test_options_are_compared_each_with_itself(sample):
    found = testing.differences(xzz.share(sample, "reason", "hukou"), "hukou")
    assert found["option"].tolist() == ["cost", "distance", "papers"]
    assert found["estimate"].sum() == pytest.approx(0, abs=1e-12)


def test_rows_that_are_not_split_by_the_group_are_passed_over(sample, shares):
    with_whole = join([xzz.share(sample, "need"), shares])
    assert len(testing.differences(with_whole, "area")) == 3


def test_a_level_without_estimate_leaves_a_row_that_says_so(answers):
    nobody = answers["need"].where((answers["area"] != "村庄") | (answers["hukou"] != "外地"))
    sample = made_from(answers[nobody.notna()], need=nobody)
    found = testing.differences(xzz.share(sample, "need", ["area", "hukou"]), "hukou", reference="本地")
    absent = found[found["estimate"].isna()]
    assert absent["by"].tolist() == ["area=村庄;hukou=外地 − 本地"]
    assert absent["reason"].tolist() == ["nobody_answered"]
    assert absent[["se", "low", "high", "t", "p", "p_adjusted"]].isna().all().all()
    assert found["tests"].tolist() == [2, 2, 2]


def test_an_estimate_that_is_absent_hands_on_its_reason(answers):
    sample = made_from(answers, need=answers["need"].where(answers["area"] != "村庄"))
    found = testing.differences(xzz.share(sample, "need", "area"), "area")
    concerned = found["by"].str.contains("村庄")
    assert set(found.loc[concerned, "reason"]) == {"nobody_answered"}
    assert set(found.loc[~concerned, "reason"]) == {""}
    assert set(found["tests"]) == {1}


def test_no_sampling_error_is_no_test(answers):
    sample = made_from(answers, need=1.0)
    found = testing.differences(xzz.share(sample, "need", "area"), "area", adjust="max-t")
    assert set(found["reason"]) == {"no_sampling_error"}
    assert (found["estimate"] == 0).all() and (found["se"] == 0).all()
    assert (found["low"] < 0).all() and (found["high"] > 0).all()  # both shares have an interval
    assert found[["t", "p", "p_adjusted"]].isna().all().all()
    assert set(found["tests"]) == {0}


def test_a_census_has_differences_but_no_tests(answers):
    census = xzz.Sample(answers, weight="w", kind="census")
    found = testing.differences(xzz.mean(census, "hours", "area"), "area")
    assert set(found["reason"]) == {"no_sampling_error"} and set(found["kind"]) == {"census"}
    np.testing.assert_array_equal(found["low"], found["high"])


def test_one_cluster_leaves_no_degrees_of_freedom(answers):
    alone = answers["area"].where(answers["cluster"] == 3)
    found = testing.differences(xzz.share(made_from(answers, area=alone), "need", "area"), "area")
    assert set(found["reason"]) == {"no_degrees_of_freedom"}
    assert found[["low", "high", "t", "p"]].isna().all().all()


def test_rounding_is_not_sampling_error(answers):
    thirds = made_from(answers, need=1 / 3)
    found = testing.differences(xzz.mean(thirds, "need", "area"), "area")
    assert (found["se"] == 0).all()


def test_degrees_of_freedom_are_those_of_both_groups(answers):
    half = answers["area"].where(~(answers["area"].eq("村庄") & (answers["cluster"] > 4)))
    estimates = xzz.share(made_from(answers, area=half), "need", "area")
    found = testing.differences(estimates, "area", reference="村庄")
    together = [answers["cluster"][half.isin(["村庄", other]) & answers["need"].notna()] for other in ("新村", "老街")]
    assert sorted(found["df"]) == sorted(one.nunique() - (one // 10).nunique() for one in together)


def test_flags_that_suppress_an_estimate_suppress_its_differences(answers):
    few = answers["area"].where(~(answers["area"].eq("村庄") & (answers["cluster"] > 4)))
    estimates = xzz.share(made_from(answers, area=few), "need", "area")
    found = testing.differences(estimates, "area")
    suppressed = found["by"].str.contains("村庄")
    assert found.loc[suppressed, "flags"].str.startswith("suppress:").all()
    assert not found.loc[~suppressed, "flags"].str.contains("suppress").any()


@pytest.mark.parametrize("method", ["none", "holm", "benjamini-hochberg", "max-t"])
def test_families_are_adjusted_together(crossed, method):
    found = testing.differences(crossed, "area", adjust=method)
    assert set(found["tests"]) == {6}
    assert (found["p_adjusted"] >= found["p"]).all()
    if method != "max-t":
        np.testing.assert_array_equal(found["p_adjusted"], adjust(found["p"].to_numpy(), method)[0])


def test_the_largest_t_needs_less_correction_than_holm(crossed):
    holm, joint = (testing.differences(crossed, "area", adjust=method) for method in ("holm", "max-t"))
    smallest = holm["p"].idxmin()
    assert joint["p"][smallest] < joint["p_adjusted"][smallest] < holm["p_adjusted"][smallest]


def test_simultaneous_intervals_agree_with_the_adjusted_p(crossed):
    found = testing.differences(crossed, "area", adjust="max-t", level=0.5)
    single = testing.differences(crossed, "area", adjust="none", level=0.5)
    assert ((found["high"] - found["low"]) > (single["high"] - single["low"])).all()
    outside = (found["low"] > 0) | (found["high"] < 0)
    np.testing.assert_array_equal(outside, found["p_adjusted"] < 0.5)
    assert set(found["method"]) == {"square-and-add, max-t"} and set(single["method"]) == {"square-and-add"}


@pytest.mark.parametrize(
    ("group", "reference", "message"),
    [
        ("areas", "", "no estimate is split by group 'areas'; did you mean 'area'"),
        ("area", "老间", "'老间' is not a level of group 'area'.*there are '.*老街"),
    ],
)
def test_groups_and_levels_that_are_not_there(shares, group, reference, message):
    with pytest.raises(DesignError, match=message):
        testing.differences(shares, group, reference=reference)


def test_two_estimates_of_one_level_are_refused(shares):
    with pytest.raises(DesignError, match="two estimates are of 'need' for 'area="):
        testing.differences(join([shares, shares]), "area")


def test_estimates_at_two_levels_of_confidence_are_compared_apart(sample, shares):
    both = join([shares, xzz.share(sample, "need", "area", level=0.9)])
    assert len(testing.differences(both, "area")) == 6


def test_a_group_with_one_level_has_no_differences(answers):
    one = xzz.share(made_from(answers, area="村庄"), "need", "area")
    assert len(testing.differences(one, "area")) == 0


def test_comparisons_filter_and_sort_as_frames_do(crossed):
    found = testing.differences(crossed, "area")
    kept = found[found["p"] < 2].sort_values("p")
    assert isinstance(kept, testing.Comparisons)
    np.testing.assert_allclose(np.sqrt(np.diag(kept.covariance())), kept["se"], rtol=1e-10)


# --- tests of questions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_every_method_answers(sample, method):
    by = "hukou" if method == "t" else "area"
    found = testing.test(sample, "need", by, method=method)
    assert list(found.columns) == list(TEST_COLUMNS)
    assert 0 < found["p"].item() < 1 and found["reason"].item() == ""
    assert np.isnan(found["df2"].item()) == (method == "rao-scott-chisq")


def test_questions_are_one_family(sample):
    found = testing.test(sample, ["need", "reason", "hukou"], "area")
    np.testing.assert_array_equal(found["p_adjusted"], adjust(found["p"].to_numpy(), "holm")[0])
    assert found["indicator"].tolist() == ["need", "reason", "hukou"]
    assert set(found["tests"]) == {3} and set(found["adjust"]) == {"holm"}


def test_only_usable_answers_take_part(answers, sample):
    usable = answers.dropna(subset=["need", "area"])
    expected = testing.test(made_from(usable), "need", "area")
    found = testing.test(sample, "need", "area")
    assert found["n"].item() == len(usable)
    np.testing.assert_allclose(found[NUMBERS].to_numpy(float), expected[NUMBERS].to_numpy(float), rtol=1e-10)


def test_a_subpopulation_is_tested_with_the_whole_design(sample, answers):
    part = sample.subpopulation(answers["area"] != "村庄")
    found = testing.test(part, "need", "hukou")
    assert found["n"].item() == (answers["need"].notna() & (answers["area"] != "村庄")).sum()


def test_crossed_groups_are_one_grouping(answers):
    crossed = made_from(answers, both=answers["area"] + answers["hukou"])
    expected, found = (testing.test(crossed, "need", by) for by in ("both", ["area", "hukou"]))
    np.testing.assert_allclose(found[NUMBERS].to_numpy(float), expected[NUMBERS].to_numpy(float), rtol=1e-10)
    assert found["by"].item() == "area;hukou"


def test_t_is_the_difference_with_one_degree_less(sample):
    t = testing.test(sample, "hours", "hukou", method="t").iloc[0]
    gap = testing.differences(xzz.mean(sample, "hours", "hukou"), "hukou").iloc[0]
    assert (t["statistic"], t["df2"]) == (pytest.approx(gap["t"]), gap["df"] - 1)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("answer", "reason"), [(np.nan, "nobody_answered"), (1.0, "one_category")], ids=["nobody", "one answer"]
)
def test_questions_without_a_test_say_why_and_are_not_counted(answers, method, answer, reason):
    sample = made_from(answers, empty=answer)
    found = testing.test(sample, ["empty", "need"], "hukou", method=method)
    if method in ("t", "mean-wald", "adjusted-mean-wald") and reason == "one_category":
        reason = "no_sampling_error"
    assert found["reason"].tolist() == [reason, ""]
    assert found.loc[0, ["statistic", "df1", "df2", "p", "p_adjusted"]].isna().all()
    assert set(found["tests"]) == {1}
    assert found["p_adjusted"][1] == found["p"][1]


@pytest.mark.parametrize("method", METHODS)
def test_one_group_has_nothing_to_differ_from(answers, method):
    found = testing.test(made_from(answers, area="村庄"), "need", "area", method=method)
    assert found["reason"].item() == "one_category"


@pytest.mark.parametrize("method", METHODS)
def test_a_census_needs_no_test(answers, method):
    census = xzz.Sample(answers, kind="census")
    assert testing.test(census, "need", "hukou", method=method)["reason"].item() == "no_sampling_error"


def test_levels_of_a_category_that_nobody_chose_are_left_out(answers, sample):
    levels = pd.CategoricalDtype(["cost", "nothing", "distance", "papers"])
    found = testing.test(made_from(answers, reason=answers["reason"].astype(levels)), "reason", "area")
    expected = testing.test(sample, "reason", "area")
    np.testing.assert_allclose(found["p"], expected["p"], rtol=1e-10)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("column", "extra"), [("hukou", "租户"), ("need", 2.0)])
def test_levels_without_weight_are_left_out(answers, method, column, extra):
    rows = answers.index % 9 == 0
    told = answers.assign(**{column: answers[column].where(~rows, extra)})
    found = testing.test(made_from(told, w=answers["w"].where(~rows, 0)), "need", "hukou", method=method)
    expected = testing.test(made_from(answers, w=answers["w"].where(~rows, 0)), "need", "hukou", method=method)
    np.testing.assert_allclose(found[NUMBERS].to_numpy(float), expected[NUMBERS].to_numpy(float), rtol=1e-10)


@pytest.mark.parametrize(
    ("what", "by", "given", "message"),
    [
        ("need", "area", {"method": "rao-scott"}, "test 'rao-scott' is not one of .*did you mean 'rao-scott-"),
        ("need", "area", {"adjust": "max-t"}, "adjustment 'max-t' is not one of none, holm, benjamini-hochberg"),
        ("ned", "area", {}, "column 'ned' is not in the sample; did you mean 'need'"),
        ("area", ["hukou", "area"], {}, "'area' is both the question and the group"),
        ([], "area", {}, "at least one question"),
        ("need", [], {}, "at least one question and one grouping column"),
        ("hours", "area", {}, r"'hours' has \d+ different values.*method='adjusted-mean-wald'"),
        ("need", "area", {"method": "t"}, "'area' has 3 groups .* t compares two"),
        ("reason", "area", {"method": "mean-wald"}, "'reason' holds text"),
        ("tools", "area", {}, "'tools' is a select-multiple question.* 2 options one by one, such as 'tools/bus'"),
    ],
)
def test_questions_that_cannot_be_asked(answers, what, by, given, message):
    options = {"tools/bus": answers["need"], "tools/none": 1 - answers["need"]}
    with pytest.raises(DesignError, match=message):
        testing.test(made_from(answers, **options), what, by, **given)
