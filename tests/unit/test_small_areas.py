"""Small areas: what is returned beside the numbers, closed forms, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError
from xzz_analysis.survey.small_areas import fit_area_model, small_area
from xzz_analysis.survey.small_areas.areas import ADDED, NOTES

AREAS = [f"社区{number:02}" for number in range(12)]


def people_of(seed, *, respondents=20, clusters=4):
    """Communities of 20 respondents in four clusters each, whose shares differ."""
    random = np.random.default_rng(seed)
    area = np.repeat(np.arange(len(AREAS)), respondents)
    cluster = np.tile(np.repeat(np.arange(clusters), respondents // clusters), len(AREAS))
    truth = random.uniform(0.25, 0.65, len(AREAS))
    local = random.normal(0, 0.05, (len(AREAS), clusters))
    need = random.random(len(area)) < truth[area] + local[area, cluster]
    spend = 900 + 500 * truth[area] + random.normal(0, 150, len(area))
    frame = pd.DataFrame({"community": np.array(AREAS)[area], "grid": area * clusters + cluster, "sex": area % 2})
    return frame.assign(need=need.astype(float), spend=spend, child=random.integers(0, 3, len(area))), truth


@pytest.fixture(scope="module")
def people():
    return people_of(5)[0]


@pytest.fixture(scope="module")
def sample(people):
    return xzz.Sample(people, strata="community", cluster="grid")


@pytest.fixture(scope="module")
def direct(sample):
    return xzz.share(sample, "need", by="community")


@pytest.fixture(scope="module")
def register():
    """What a register knows of every community, and of two that nobody visited."""
    return pd.DataFrame({"children": np.arange(14.0) ** 1.5}, index=[*AREAS, "新区", "老街"])


# --- closed forms ---------------------------------------------------------------------------------------------


def test_equal_variances_have_a_closed_form():
    """σ² is the variance between areas less the sampling variance, and γ = σ² / (σ² + ψ)."""
    direct = np.array([1.0, 4.0, 5.0, 8.0])
    model = fit_area_model(direct, np.full(4, 2.0), np.ones((4, 1)))
    assert model.area_variance == pytest.approx(direct.var(ddof=1) - 2, rel=1e-12)
    assert model.coefficients == pytest.approx([4.5], rel=1e-12)
    assert model.covariance == pytest.approx(direct.var(ddof=1) / 4, rel=1e-12)


def test_areas_that_scatter_less_than_their_errors_have_no_variance():
    assert fit_area_model(np.array([1.0, 1.1, 0.9, 1.0]), np.full(4, 0.5), np.ones((4, 1))).area_variance == 0


def test_the_highest_top_is_found_wherever_the_others_are():
    """A search from one starting point ends on whichever top is near; the likelihood at both is the judge."""
    variance = np.array([0.01, 0.01, 4, 4, 4, 4, 4])
    lower = fit_area_model(np.array([-0.09, -0.10, -4.20, -6.09, -1.99, 2.92, -2.01]), variance, np.ones((7, 1)))
    upper = fit_area_model(np.array([-0.09, -0.12, -4.40, -6.29, -1.99, 3.12, -2.01]), variance, np.ones((7, 1)))
    assert lower.area_variance == 0
    assert upper.area_variance > 4


def test_the_units_do_not_matter(direct, register):
    """Kilometres or metres, and shares or percentages: the same estimates."""
    one = small_area(direct, register, smooth_variance=False)
    other = small_area(direct, 1e6 + 1000 * register, smooth_variance=False)
    percent = direct.assign(estimate=100 * direct["estimate"], se=100 * direct["se"], statistic="mean")
    scaled = small_area(percent, register, smooth_variance=False)
    for column in ("estimate", "se"):
        np.testing.assert_allclose(other[column], one[column], rtol=1e-8)  # a constant of 1e6 costs six digits
        np.testing.assert_allclose(scaled[column], 100 * one[column], rtol=1e-10)


def test_the_order_of_areas_does_not_matter(direct, register):
    one = small_area(direct, register).set_index("result_id")
    other = small_area(direct.iloc[::-1], register.iloc[::-1]).set_index("result_id").loc[one.index]
    np.testing.assert_allclose(other["estimate"], one["estimate"], rtol=1e-12)
    assert list(other["by"]) == list(one["by"])


# --- sampling variances ---------------------------------------------------------------------------------------


def test_the_variance_of_a_share_is_pooled(direct):
    """ψ = d p(1−p)/n, with d the design effects weighted by df·p_i(1−p_i)."""
    found = small_area(direct)
    spread = direct["estimate"] * (1 - direct["estimate"])
    effect = np.average(direct["deff"].fillna(0), weights=direct["df"] * spread)
    pooled = np.average(direct["estimate"], weights=direct["n"])
    np.testing.assert_allclose(found["sampling_se"] ** 2, effect * pooled * (1 - pooled) / direct["n"], rtol=1e-12)
    np.testing.assert_array_equal(found["direct_se"], direct["se"])


def test_the_variance_of_a_mean_is_pooled(sample):
    direct = xzz.mean(sample, "spend", by="community")
    unit = np.average(direct["n"] * direct["se"] ** 2, weights=direct["df"])
    np.testing.assert_allclose(small_area(direct)["sampling_se"] ** 2, unit / direct["n"], rtol=1e-12)


def test_a_share_of_zero_is_not_beyond_doubt(people):
    """One respondent who says no moves little: the estimate stays near the others'."""
    lonely = pd.DataFrame({"community": ["独户"], "grid": [999], "need": [0.0]})
    sample = xzz.Sample(pd.concat([people, lonely], ignore_index=True), cluster="grid")
    found = small_area(xzz.share(sample, "need", by="community")).set_index("by")
    alone = found.loc["community=独户"]
    assert (alone["direct"], alone["direct_se"]) == (0, 0)
    assert alone["shrinkage"] < 0.2
    assert alone["estimate"] > 0.2
    assert alone["se"] > found["se"].drop("community=独户").max()


def test_without_smoothing_each_area_keeps_its_own_error(direct):
    found = small_area(direct, smooth_variance=False)
    np.testing.assert_array_equal(found["sampling_se"], direct["se"])


def test_without_smoothing_an_error_of_zero_is_refused(direct):
    certain = direct.assign(se=direct["se"].where(direct.index > 1, 0.0))
    with pytest.raises(DesignError, match=r"area '社区00' has a standard error of 0 \(2 such areas of 12\).*smooth"):
        small_area(certain, smooth_variance=False)


def test_areas_of_one_cluster_each_are_refused_with_a_remedy(people):
    sample = xzz.Sample(people, cluster="community")
    with pytest.raises(DesignError, match=r"any of 12 areas .*one cluster each.*strata= the areas"):
        small_area(xzz.share(sample, "need", by="community"))
    remedied = xzz.Sample(people, strata="community")
    assert small_area(xzz.share(remedied, "need", by="community"))["estimate"].notna().all()


def test_a_need_that_nobody_has_is_refused(people):
    sample = xzz.Sample(people.assign(need=0.0), cluster="grid")
    with pytest.raises(DesignError, match="no sampling error can be estimated"):
        small_area(xzz.share(sample, "need", by="community"))


# --- what is returned -----------------------------------------------------------------------------------------


def test_the_frame_has_the_columns_of_the_estimates_and_a_few_more(direct):
    found = small_area(direct)
    assert isinstance(found, xzz.Estimates)
    assert list(found) == [*direct, *ADDED]
    assert len(found) == len(direct)
    described = ["by", "indicator", "n", "n_need", "n_eff", "weighted_n", "deff", "kind", "flags", "n_blank"]
    pd.testing.assert_frame_equal(pd.DataFrame(found[described]), pd.DataFrame(direct[described]))


def test_estimates_lie_between_the_direct_one_and_the_mean(direct):
    found = small_area(direct)
    assert found["shrinkage"].between(0, 1, inclusive="neither").all()
    assert found["estimate"].std() < found["direct"].std()
    assert (found["se"] < found["sampling_se"]).all()
    assert set(found["method"]) == {"fay-herriot"}
    assert set(found["df"]) == {len(AREAS) - 1}


def test_flags_are_kept(direct):
    flagged = direct.assign(flags=[f"review:{number}" for number in range(12)])
    assert list(small_area(flagged)["flags"]) == list(flagged["flags"])


def test_an_area_with_one_cluster_gets_an_interval(people):
    """Its direct interval has no degrees of freedom; the model's has those of the areas."""
    kept = (people["community"] != AREAS[3]) | (people["grid"] % 4 == 0)
    frame = people[kept].assign(all_of_them=1)
    found = small_area(xzz.share(xzz.Sample(frame, strata="all_of_them", cluster="grid"), "need", by="community"))
    area = found[found["by"] == f"community={AREAS[3]}"].iloc[0]
    assert area["direct_se"] == 0
    assert (area["low"], area["high"]) == pytest.approx((area["estimate"], area["estimate"]), abs=0.4)
    assert area["reason"] == ""


def test_an_area_nobody_visited_gets_a_synthetic_estimate(direct, register):
    found = small_area(direct, register)
    assert list(found["by"].iloc[-2:]) == ["community=新区", "community=老街"]
    new = found.iloc[-2:]
    assert set(new["method"]) == {"synthetic"}
    assert set(new["reason"]) == {"no_respondents"}
    assert (new["n"] == 0).all()
    assert (new["n_need"] == 0).all()
    assert (new["n_blank"] == 0).all()
    assert (new["flags"] == "").all()
    assert new[["direct", "direct_se", "sampling_se", "deff"]].isna().all(axis=None)
    assert new[["estimate", "se", "low", "high"]].notna().all(axis=None)
    assert (new["se"] > found["se"].iloc[:-2].max()).all()
    assert dict(found.dtypes[list(direct)]) == dict(direct.dtypes)


def test_an_area_where_nobody_answered_keeps_its_reason(people):
    frame = people.assign(need=people["need"].mask(people["community"] == AREAS[0]))
    found = small_area(xzz.share(xzz.Sample(frame, cluster="grid"), "need", by="community"))
    assert found.loc[0, ["method", "reason", "shrinkage"]].tolist() == ["synthetic", "nobody_answered", 0]
    assert found.loc[0, "n_blank"] == 20
    assert found["estimate"].notna().all()


def test_areas_may_be_numbers_or_hold_signs_of_their_own(people):
    codes = people["community"].map({area: number + 0.5 for number, area in enumerate(AREAS)})
    table = pd.DataFrame({"x": range(12)}, index=np.arange(12) + 0.5)
    sample = xzz.Sample(people.assign(community=codes), cluster="grid")
    assert len(small_area(xzz.share(sample, "need", by="community"), table)) == 12
    named = people["community"] + "=a;b%"
    sample = xzz.Sample(people.assign(community=named), cluster="grid")
    table = pd.DataFrame({"x": range(13)}, index=[*(f"{area}=a;b%" for area in AREAS), "新;区"])
    assert small_area(xzz.share(sample, "need", by="community"), table)["by"].iloc[-1] == "community=新%3B区"


def test_result_ids_say_what_was_asked(direct, register):
    ids = [
        set(small_area(direct)["result_id"]),
        set(small_area(direct, level=0.9)["result_id"]),
        set(small_area(direct, smooth_variance=False)["result_id"]),
        set(small_area(direct, register.loc[AREAS])["result_id"]),
        set(direct["result_id"]),
    ]
    assert len(set.union(*ids)) == sum(map(len, ids))
    assert set(small_area(direct)["result_id"]) == ids[0]


def test_the_kind_of_sample_is_kept(people):
    sample = xzz.Sample(people, cluster="grid", kind="nonprobability")
    assert set(small_area(xzz.share(sample, "need", by="community"))["kind"]) == {"nonprobability"}


# --- notes ----------------------------------------------------------------------------------------------------


def test_nothing_is_noted_where_all_is_well(direct):
    assert set(small_area(direct)["note"]) == {""}


def test_no_variance_between_areas_is_noted(direct):
    alike = direct.assign(estimate=0.3 + 0.01 * np.arange(12))
    found = small_area(alike)
    assert set(found["note"]) == {"no_area_variance"}
    assert found["estimate"].nunique() == 1
    assert (found["area_variance"] == 0).all()
    assert (found["se"] > 0).all()


def test_areas_that_share_clusters_are_noted(people):
    """Ages of children are not places: those of one grid answer alike."""
    shared = people.assign(need=(people["grid"] % 3 == 0).astype(float))
    found = small_area(xzz.mean(xzz.Sample(shared, cluster="grid"), "need", by="child"))
    assert set(found["note"]) == {"no_area_variance;correlated_areas"}


def test_a_frame_that_lost_its_influence_says_so(direct, register):
    found = small_area(pd.DataFrame(direct), register)
    assert list(found["note"].iloc[:12]) == ["correlation_unknown"] * 12
    assert list(found["note"].iloc[12:]) == [""] * 2


def test_a_cut_interval_is_noted(direct, register):
    rare = direct.assign(estimate=direct["estimate"] / 8)
    found = small_area(rare)
    cut = found["note"].str.contains("clipped")
    assert cut.any()
    assert (found.loc[cut, "low"] == 0).all()
    outside = small_area(rare, register * -5 + register**2)
    assert outside[["estimate", "low", "high"]].stack().between(0, 1).all()


def test_every_note_is_explained():
    assert set(NOTES) == {"no_area_variance", "correlated_areas", "correlation_unknown", "clipped"}


# --- what is refused ------------------------------------------------------------------------------------------


def test_a_frame_of_several_groups_needs_the_name_of_one(sample, direct):
    both = xzz.Estimates(pd.concat([direct, xzz.share(sample, "need", by="sex"), xzz.share(sample, "need")]))
    with pytest.raises(DesignError, match=r"not split by one group alone.*community.*sex.*group="):
        small_area(both)
    with pytest.raises(DesignError, match="group 'comunity' alone; did you mean 'community'"):
        small_area(both, group="comunity")
    found = small_area(both, group="community")
    np.testing.assert_allclose(found["estimate"], small_area(direct)["estimate"], rtol=1e-12)


def test_crossed_groups_are_refused(sample):
    with pytest.raises(DesignError, match="one column of crossed groups"):
        small_area(xzz.share(sample, "need", by=["community", "sex"]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"indicator": ["need"] * 6 + ["other"] * 6}, "2 items, which differ in indicator"),
        ({"option": list("abcdefabcdef")}, "6 items, which differ in option"),
        ({"statistic": "total"}, "totals grow with the size"),
        ({"kind": "census"}, "a census has no sampling error"),
        ({"by": "community=社区00"}, "area '社区00' has 12 rows"),
    ],
)
def test_unsuitable_estimates_are_refused(direct, change, message):
    with pytest.raises(DesignError, match=message):
        small_area(direct.assign(**change))


def test_an_empty_frame_and_another_table_are_refused(direct):
    with pytest.raises(DesignError, match="no rows"):
        small_area(direct.iloc[:0])
    with pytest.raises(DesignError, match=r"lack 2 columns \(se, deff\)"):
        small_area(direct.drop(columns=["se", "deff"]))


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_outside_its_range_is_refused(direct, level):
    with pytest.raises(DesignError, match=f"confidence level is {level}"):
        small_area(direct, level=level)


def test_too_few_areas_are_refused(direct, register):
    wide = register.assign(**{f"x{power}": register["children"] ** power for power in (2, 3)})
    with pytest.raises(
        DesignError, match=r"4 areas have a direct estimate, but a model with 3 covariates .* at least 5"
    ):
        small_area(direct.iloc[:4], wide.loc[AREAS[:4]])
    assert len(small_area(direct.iloc[:4], wide.loc[AREAS[:4]].drop(columns="x3"))) == 4


def test_a_covariate_that_says_nothing_new_is_refused(direct, register):
    twice = register.assign(adults=100 - 2 * register["children"])
    with pytest.raises(DesignError, match="covariate 'adults' can be calculated from the constant, children"):
        small_area(direct, twice)
    with pytest.raises(DesignError, match="covariate 'one' can be calculated from the constant in"):
        small_area(direct, register.assign(one=1)[["one", "children"]])


def test_a_misspelt_area_is_found(direct, register):
    with pytest.raises(DesignError, match=r"'社区00' has no covariates \(1 such areas of 12\); did you mean '社区00 '"):
        small_area(direct, register.rename(index={"社区00": "社区00 "}))


def test_an_area_with_two_rows_of_covariates_is_refused(direct, register):
    with pytest.raises(DesignError, match="area '社区01' has several rows of covariates"):
        small_area(direct, register.rename(index={"社区02": "社区01"}))


def test_covariates_that_are_missing_or_text_are_refused(direct, register):
    with pytest.raises(
        DesignError, match=r"'children' is missing or infinite for area '社区04' \(2 such areas of 14\)"
    ):
        small_area(direct, register.replace({"children": {8.0: np.nan, 27.0: np.inf}}))
    with pytest.raises(DesignError, match="covariate 'city' is not a column of numbers"):
        small_area(direct, register.assign(city="东"))


# --- what it is for -------------------------------------------------------------------------------------------


def test_communities_of_twenty_are_better_known_with_the_others():
    """The shrunken estimate errs less than the direct one, and its interval holds what it promises."""
    gains, held = [], []
    for seed in range(40):
        frame, truth = people_of(seed)
        sample = xzz.Sample(frame, strata="community", cluster="grid")
        found = small_area(xzz.share(sample, "need", by="community")).set_index("by")
        truth = pd.Series(truth, [f"community={area}" for area in AREAS])[found.index]
        gains.append(np.mean((found["direct"] - truth) ** 2) - np.mean((found["estimate"] - truth) ** 2))
        held.append(np.mean((found["low"] <= truth) & (truth <= found["high"])))
    assert np.mean(gains) > 2 * np.std(gains) / np.sqrt(len(gains))
    assert 0.92 < np.mean(held) < 0.99
