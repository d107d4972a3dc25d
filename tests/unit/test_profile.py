"""Need profile: every number is one that another way gives too, and nothing unmeasured looks like no need."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError, StudyError
from xzz_analysis.needs import profile as room
from xzz_analysis.needs.indicator import DOMAINS, KINDS, Indicator
from xzz_analysis.needs.profile.figures import Unit, measured, worse_side
from xzz_analysis.needs.profile.inequality import _of_unit
from xzz_analysis.needs.profile.matrix import ALPHA
from xzz_analysis.survey.estimate import Item
from xzz_analysis.survey.measures.priorities import rank_intervals
from xzz_analysis.survey.testing.equality import adjusted_mean_wald
from xzz_analysis.survey.testing.families import holm

LABEL = {"zh": "需求", "en": "need"}


@pytest.fixture(scope="module")
def survey(root):
    return xzz.open_round(root / "data" / "demo", "2025Q4")


@pytest.fixture(scope="module")
def made(survey):
    asked = room.Question("hardship", "ordinary", "family", "help_wanted", "community")
    return room.need_profile(survey, "hardship", question=asked)


# --- figures and matrix ---------------------------------------------------------------------------------------


def test_figures_are_those_of_the_round(survey, made):
    expected = pd.concat([pd.DataFrame(survey.needs(by)) for by in (None, "hardship")]).set_index("result_id")
    found = made.figures.set_index("result_id")
    assert set(found.index) == set(expected.index)
    for column in ("estimate", "se", "low", "high", "n", "n_need"):
        np.testing.assert_array_equal(found[column], expected.loc[found.index, column])


def test_every_domain_and_kind_of_every_level_has_a_cell(made):
    assert len(made.matrix) == 3 * len(DOMAINS) * len(KINDS)
    assert list(dict.fromkeys(made.matrix["by"])) == ["", "hardship=hardship", "hardship=ordinary"]


def test_a_kind_of_need_that_is_not_measured_is_not_called_no_need(made):
    empty = made.matrix[made.matrix["indicators"] == 0]
    assert len(empty) and set(empty["reason"]) == {"no_indicator"}
    assert empty[["highest", "worse", "better", "tested"]].isna().all(axis=None)


def test_cells_by_brute_force(survey, made):
    known = {one.id: one for one in survey.indicators}
    apart = made.against_all
    for _, cell in made.matrix[made.matrix["indicators"] > 0].iterrows():
        mine = [
            (row, known[row["indicator"]])
            for _, row in made.figures.iterrows()
            if row["by"] == cell["by"] and known[row["indicator"]].domain == cell["domain"]
        ]
        mine = [(row, one) for row, one in mine if one.kind == cell["need_kind"] and row["estimate"] == row["estimate"]]
        assert cell["indicators"] == len(mine) and cell["result_ids"] == ";".join(row["result_id"] for row, _ in mine)
        needs = ("need", "none") if cell["need_kind"] == "expressed" else ("need",)
        shares = [row for row, one in mine if one.statistic == "share" and one.direction in needs]
        highest = max((row["estimate"] for row in shares), default=np.nan)
        np.testing.assert_equal(cell["highest"], highest)
        if cell["by"]:
            tests = apart[(apart["by"] == cell["by"]) & apart["indicator"].isin([one.id for _, one in mine])]
            signs = {"need": 1, "good": -1, "none": 0}
            sure = tests[tests["p_adjusted"] <= ALPHA]
            sides = [np.sign(row["estimate"]) * signs[known[row["indicator"]].direction] for _, row in sure.iterrows()]
            assert (cell["worse"], cell["better"]) == (sides.count(1), sides.count(-1))


def test_less_of_what_is_good_is_worse(made):
    """Children of hardship families sleep less: a mean whose direction is good."""
    row = made.against_all.set_index(["indicator", "by"]).loc[("health_sleep_hours", "hardship=hardship")]
    assert row["estimate"] < 0 and row["direction"] == "good"
    assert list(worse_side(pd.DataFrame({"direction": ["need", "good", "none"]}))) == [1, -1, 0]


def test_a_level_against_everybody_is_a_contrast_of_part_and_whole(survey, made):
    unit = measured(survey).units["child"]
    both = xzz.join([unit.figures(["hardship"]), unit.figures()])
    rows = both[both["indicator"] == "edu_absent"].set_index("by", drop=False)
    expected = xzz.contrast(rows, {"one": {"hardship=hardship": 1, "": -1}}).iloc[0]
    row = made.against_all.set_index(["indicator", "by"]).loc[("edu_absent", "hardship=hardship")]
    for column in ("estimate", "se", "low", "high", "df", "p"):
        assert row[column] == pytest.approx(expected[column], rel=1e-9), column


@pytest.mark.parametrize("part", ["against_all", "comparison"])
def test_all_tests_of_a_table_are_one_family(made, part):
    frame = getattr(made, part)
    tested = frame["p"].notna()
    np.testing.assert_allclose(frame.loc[tested, "p_adjusted"], holm(frame.loc[tested, "p"].to_numpy(float)))
    assert set(frame["tests"]) == {int(tested.sum())} and set(frame["unit"]) == {"child", "family"}


# --- groups compared ------------------------------------------------------------------------------------------


def test_hardship_against_ordinary_is_the_difference_of_both_figures(survey, made):
    needs = survey.needs("hardship").set_index(["indicator", "by"])
    for _, row in made.comparison.iterrows():
        one, other = (needs.loc[(row["indicator"], f"hardship={level}")] for level in ("hardship", "ordinary"))
        assert row["estimate"] == pytest.approx(one["estimate"] - other["estimate"], abs=1e-12)
        assert (row["of_level"], row["of_reference"]) == (one["estimate"], other["estimate"])
        assert (row["result_id_level"], row["result_id_reference"]) == (one["result_id"], other["result_id"])
    assert list(made.comparison["indicator"]) == [one.id for one in survey.indicators]


def test_hardship_is_found_to_be_worse_where_the_demonstration_planted_it(made):
    found = made.comparison.set_index("indicator")
    assert (found.loc[["live_no_contract", "live_debt", "health_no_checkup"], "p_adjusted"] < 0.01).all()


def test_names_that_do_not_exist_get_the_nearest(survey):
    with pytest.raises(StudyError, match="did you mean 'hardship'"):
        room.need_profile(survey, "hardshp")
    with pytest.raises(DesignError, match="did you mean 'ordinary'"):
        room.compare_groups(survey, "hardship", "ordinry")


# --- what people say they want --------------------------------------------------------------------------------


def test_options_are_ranked_by_the_share_that_named_them(survey):
    made = room.stated_priorities(survey, "family", "help_wanted")
    shares = xzz.share(survey.sample("family"), "help_wanted")
    shares = shares[shares["option"] != "none"].reset_index(drop=True)
    low, high = rank_intervals(shares["estimate"].to_numpy(), shares.covariance(), shares["df"].iloc[0], 0.95)
    ranks = made[made["statistic"] == "rank"]
    assert list(ranks["option"]) == list(shares["option"])  # "none" is exclusive, and no wish
    np.testing.assert_array_equal(ranks["estimate"], shares["estimate"].rank(ascending=False))
    np.testing.assert_array_equal(ranks[["low", "high"]].to_numpy(), np.stack([low, high], axis=1))
    assert ranks["result_id"].is_unique and ranks["se"].isna().all()
    assert made[made["statistic"] != "rank"].covariance().shape == (len(made) - len(ranks),) * 2


def test_a_ranking_question_keeps_its_scores(survey):
    made = room.stated_priorities(survey, "child", ["enrolment", "homework_help"], "sex")
    assert {"first_choice", "named", "score", "rank"} <= set(made["statistic"])
    expected = xzz.priorities(survey.sample("child"), ["enrolment", "homework_help"], by="sex")
    np.testing.assert_array_equal(made["estimate"], expected["estimate"])


# --- inequality -----------------------------------------------------------------------------------------------


def people(levels: int = 4, seed: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(levels * 6), 9)
    frame = pd.DataFrame({"stratum": cluster // 8, "cluster": cluster, "weight": random.uniform(1, 3, len(cluster))})
    frame["group"] = random.choice([f"g{one}" for one in range(levels)], len(frame))
    chance = 0.2 + 0.15 * frame["group"].str[1].astype(int)
    frame["need"] = (random.random(len(frame)) < chance).astype(float)
    frame["spent"], frame["income"] = random.gamma(2, chance), random.gamma(4, 1, len(frame))
    frame.loc[random.random(len(frame)) < 0.06, "need"] = np.nan
    frame.loc[random.random(len(frame)) < 0.06, "income"] = np.nan
    frame.loc[random.random(len(frame)) < 0.04, "group"] = None
    return frame


def unit_of(frame: pd.DataFrame, statistic: str = "share") -> Unit:
    measure = {"share": {"need": "1"}, "ratio": {"over": ["1", "1"]}}[statistic]
    one = Indicator(id="one", domain="health", kind="felt", unit="child", label=LABEL, definition=LABEL, **measure)
    y, below = (frame["need"], None) if statistic == "share" else (frame["spent"], frame["income"].to_numpy())
    sample = xzz.Sample(frame, weight="weight", strata="stratum", cluster="cluster")
    return Unit(sample, {"one": one}, {statistic: [Item("one", y.to_numpy(), below=below)]})


def deviation(weight: np.ndarray, y: np.ndarray, x: np.ndarray, group: np.ndarray) -> float:
    """Σ s_g |p_g − p| of those with an answer and a group."""
    used = ~np.isnan(y) & ~np.isnan(x) & pd.notna(group)
    weight, y, x, group = weight[used], y[used], x[used], group[used]
    whole = (weight * y).sum() / (weight * x).sum()
    parts = [((weight * x)[group == one].sum(), (weight * y)[group == one].sum()) for one in sorted(set(group))]
    return sum(base * abs(above / base - whole) for base, above in parts) / sum(base for base, _ in parts)


@pytest.mark.parametrize("statistic", ["share", "ratio"])
def test_the_deviation_and_its_error_are_those_of_its_derivative_in_every_weight(statistic):
    frame = people()
    found = _of_unit(unit_of(frame, statistic), "group").set_index("statistic").loc[f"{statistic}_between_deviation"]
    weight, group = frame["weight"].to_numpy(), frame["group"].to_numpy(object)
    y = frame["need" if statistic == "share" else "spent"].to_numpy()
    x = np.ones(len(y)) if statistic == "share" else frame["income"].to_numpy()
    value = deviation(weight, y, x, group)
    assert found["estimate"] == pytest.approx(value, rel=1e-12)
    slope = np.array(
        [
            (deviation(weight + step, y, x, group) - deviation(weight - step, y, x, group)) / 2e-5
            for step in 1e-5 * np.eye(len(weight))
        ]
    )
    z = pd.Series(slope * weight).groupby([frame["stratum"], frame["cluster"]]).sum()
    variance = sum(len(one) / (len(one) - 1) * ((one - one.mean()) ** 2).sum() for _, one in z.groupby(level=0))
    assert found["se"] == pytest.approx(np.sqrt(variance), rel=1e-6)


def test_gap_and_ratio_are_those_of_the_extremes_with_intervals_for_all_pairs():
    frame = people()
    unit = unit_of(frame)
    found = _of_unit(unit, "group").set_index("statistic")
    sample = unit.sample
    shares = xzz.share(sample, "need", by="group").set_index("by", drop=False)
    top, bottom = shares["estimate"].idxmax(), shares["estimate"].idxmin()
    pair = shares.loc[[bottom, top]]
    level = 1 - 0.05 / 6
    expected = xzz.differences(pair, "group", level=level).iloc[0]
    gap = found.loc["share_between_gap"]
    assert gap["by"] == f"group={top[-2:]} − {bottom[-2:]}" and gap["level"] == 0.95
    assert (gap["estimate"], gap["low"], gap["high"]) == pytest.approx(
        tuple(expected[["estimate", "low", "high"]]), rel=1e-9
    )
    ratio, covariance = found.loc["share_between_ratio"], pair.covariance()
    low, high = pair["estimate"]
    error = np.sqrt(covariance[0, 0] / low**2 + covariance[1, 1] / high**2 - 2 * covariance[0, 1] / (low * high))
    reach = t.ppf(0.5 + level / 2, expected["df"]) * error
    assert ratio["estimate"] == pytest.approx(high / low, rel=1e-12)
    assert (ratio["low"], ratio["high"]) == pytest.approx(
        (high / low * np.exp(-reach), high / low * np.exp(reach)), rel=1e-9
    )


def test_the_p_is_that_all_levels_are_equal():
    unit = unit_of(people())
    shares = xzz.share(unit.sample, "need", by="group")
    df = shares.known_influence().degrees(list(shares["result_id"]))
    expected = adjusted_mean_wald(shares["estimate"].to_numpy(), shares.covariance(), df).p
    found = _of_unit(unit, "group").set_index("statistic").loc["share_between_deviation"]
    assert found["p"] == pytest.approx(expected, rel=1e-9) and found["levels"] == 4


def test_nothing_over_zero_is_no_ratio():
    frame = people()
    frame["need"] = frame["need"].mask((frame["group"] == "g0") & frame["need"].notna(), 0.0)
    row = _of_unit(unit_of(frame), "group").set_index("statistic").loc["share_between_ratio"]
    assert np.isnan(row["estimate"]) and row["reason"] == "denominator_zero"


def test_chance_alone_makes_a_deviation_of_about_what_is_said(survey):
    """Groups that are drawn by lot: over many indicators the deviation is what chance makes of it."""
    made = room.between_groups(survey, "sex")
    deviation = made[made["statistic"].str.endswith("between_deviation")]
    assert 0.5 < (deviation["estimate"] / deviation["by_chance"]).mean() < 1.6
    assert (deviation["low"] >= 0).all()


def test_inequality_of_every_indicator_that_the_group_applies_to(survey, made):
    assert list(dict.fromkeys(made.inequality["indicator"])) == [one.id for one in survey.indicators]
    assert made.inequality["result_id"].is_unique


# --- communities ----------------------------------------------------------------------------------------------


def test_direct_and_shrunken_figures_lie_side_by_side(survey, made):
    needs = survey.needs("community").set_index(["indicator", "by"])
    rows = made.communities.set_index(["indicator", "by"])
    np.testing.assert_array_equal(rows["direct"], needs.loc[rows.index, "estimate"])
    own = survey.needs("community")
    expected = xzz.small_area(own[own["indicator"] == "live_debt"]).set_index("by")
    mine = made.communities[made.communities["indicator"] == "live_debt"].set_index("by")
    for column in ("estimate", "se", "low", "high", "shrinkage"):
        np.testing.assert_allclose(mine[column], expected.loc[mine.index, column], rtol=1e-12)


def test_where_there_is_no_model_the_reason_is_told(survey):
    known = pd.DataFrame({"grids": [40.0, 60.0]}, index=["hardship", "ordinary"])
    frame, findings = room.small_communities(
        survey, "hardship", auxiliary=known, indicators=["live_debt", "edu_absent"]
    )
    assert frame.empty and [finding.rule for finding in findings] == ["community_without_model"] * 2
    assert "areas" in findings[0].message and findings[0].where == "indicators: edu_absent"


# --- the whole ------------------------------------------------------------------------------------------------


def test_a_profile_of_everybody_has_no_comparison(survey):
    made = room.need_profile(survey)
    assert len(made.matrix) == 16 and made.by == ()
    for part in (made.against_all, made.comparison, made.priorities, made.inequality, made.communities):
        assert len(part) == 0


def test_groups_of_children_leave_families_out(survey):
    made = room.need_profile(survey, ["sex", "age_band"])
    split = made.figures[made.figures["by"] != ""]
    assert set(split["unit"]) == {"child"} and set(made.figures["unit"]) == {"child", "family"}
    cell = made.matrix[(made.matrix["by"] == "sex=female;age_band=3-5") & (made.matrix["domain"] == "livelihood")]
    assert set(cell["reason"]) == {"no_indicator"}


def test_printing_a_profile_shows_no_answer(made):
    assert repr(made) == "NeedProfile(hardship: 20 indicators, 48 cells)"
    assert "array" not in repr(unit_of(people())) and "0.0" not in repr(unit_of(people()))
