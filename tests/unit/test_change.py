"""Rounds on one design: what is refused, what is carried along, and what a change says when it has no number."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError
from xzz_analysis.needs.indicator import item as indicator_item
from xzz_analysis.survey.change import Terms, change_items
from xzz_analysis.survey.change.comparability import read_crosswalk
from xzz_analysis.survey.change.rounds import stack
from xzz_analysis.survey.change.trend import line
from xzz_analysis.survey.estimate import Item
from xzz_analysis.survey.sampling import rows_of

SEED = 20251123


def people(rounds: int = 2, strata: int = 3, clusters: int = 4, each: int = 6, seed: int = SEED) -> list[pd.DataFrame]:
    """Rounds of answers in the same clusters; ``person`` repeats from round to round for two in three."""
    draw = np.random.default_rng(seed)
    size = strata * clusters * each
    frames = []
    for position in range(rounds):
        place = np.repeat(np.arange(strata * clusters), each)
        effect = np.random.default_rng(seed + 1).normal(size=strata * clusters)[place]
        frames.append(
            pd.DataFrame(
                {
                    "stratum": [f"s{number // clusters}" for number in place],
                    "cluster": place % clusters,
                    "weight": draw.uniform(1, 3, size),
                    "person": np.where(
                        draw.random(size) < 2 / 3, np.arange(size), 1000 * (position + 1) + np.arange(size)
                    ),
                    "need": (draw.normal(size=size) + 0.5 * effect > 0.3).astype(float),
                    "hours": np.round(8 + effect + draw.normal(size=size) + 0.2 * position, 1),
                    "sex": draw.choice(["f", "m"], size),
                    "age": draw.choice(["young", "middle", "old"], size),
                    "answer": draw.choice(["a", "b", "c"], size),
                }
            )
        )
    return frames


def sample(frame: pd.DataFrame, label: str = "", **design) -> xzz.Sample:
    design = {"weight": "weight", "strata": "stratum", "cluster": "cluster"} | design
    made = xzz.Sample(frame, **{role: columns for role, columns in design.items() if columns is not None})
    return made.described(labels={"round": label}) if label else made


def pair(**design) -> tuple[xzz.Sample, xzz.Sample]:
    first, second = people()
    return sample(first, "2025Q2", **design), sample(second, "2025Q4", **design)


# --- stacking -------------------------------------------------------------------------------------------------


def test_design_columns_may_have_other_names_in_each_round():
    first, second = people()
    renamed = second.rename(columns={"stratum": "层", "cluster": "网格", "weight": "权重"})
    other = sample(renamed, weight="权重", strata="层", cluster="网格")
    found = xzz.change(sample(first), other, "need").iloc[0]
    expected = xzz.change(sample(first), sample(second), "need").iloc[0]
    assert found["se"] == expected["se"] and found["overlap"] == 1


def test_rounds_are_named_by_their_labels():
    found = xzz.change(*pair(), "need")
    assert found["round"].item() == "2025Q2→2025Q4"
    assert xzz.change(*(sample(frame) for frame in people()), "need")["round"].item() == ""


def test_final_weights_are_taken_not_the_column():
    before, after = pair()
    trimmed = xzz.weighting.trim(after, high=2)
    found = xzz.change(before, trimmed, "need").iloc[0]
    assert found["after"] == pytest.approx(xzz.share(trimmed, "need")["estimate"].item(), rel=1e-12)


def test_subpopulations_are_those_of_each_round():
    before, after = pair()
    young = [one.subpopulation(one.frame["age"] == "young") for one in (before, after)]
    found = xzz.change(*young, "need").iloc[0]
    expected = xzz.change(before, after, "need", by="age").set_index("by").loc["age=young"]
    for column in ("estimate", "se", "df", "n", "overlap"):
        assert found[column] == pytest.approx(expected[column], rel=1e-12), column


def test_only_one_round_may_be_a_subpopulation():
    before, after = pair()
    found = xzz.change(before.subpopulation(before.frame["sex"] == "f"), after, "need").iloc[0]
    assert found["n_before"] == (before.frame["sex"] == "f").sum() and found["n_after"] == len(after)


def test_only_the_columns_asked_for_are_carried():
    rounds = stack(pair(), columns=["need"])
    assert [name for name in rounds.sample.frame if not name.startswith("joint:")] == ["need", "round"]


def test_all_columns_are_carried_but_those_of_the_design_and_the_round():
    rounds = stack([sample(frame.assign(round="x")) for frame in people()])
    carried = [name for name in rounds.sample.frame if not name.startswith("joint:")]
    assert carried == ["person", "need", "hours", "sex", "age", "answer", "round"]
    assert list(rounds.sample.frame["round"].cat.categories) == ["1", "2"]


def test_categories_keep_their_order_and_take_in_those_of_the_second_round():
    frames = people()
    frames[0]["age"] = pd.Categorical(frames[0]["age"], ["young", "middle", "old"], ordered=True)
    frames[1]["age"] = pd.Categorical(frames[1]["age"], ["young", "middle", "old", "very old"], ordered=True)
    rounds = stack([sample(frame) for frame in frames])
    assert list(rounds.sample.frame["age"].cat.categories) == ["young", "middle", "old", "very old"]


def test_a_question_of_one_round_was_not_asked_in_the_other():
    before, after = pair()
    after.frame["new"] = after.frame["need"]
    found = xzz.change(before, after, "new").iloc[0]
    assert found["reason"] == "not_in_both_rounds"
    assert np.isnan(found["estimate"]) and np.isnan(found["before"]) and found["after"] > 0
    assert found["n_not_asked"] == len(before) and found["n_before"] == 0


def test_a_question_nobody_answered_says_so():
    before, after = pair()
    for one in (before, after):
        one.frame["empty"] = np.nan
    assert xzz.change(before, after, "empty")["reason"].item() == "nobody_answered"


def test_yes_and_no_may_be_true_in_one_round_and_missing_in_part_of_the_other():
    before, after = pair()
    before.frame["yes"] = before.frame["need"] == 1
    after.frame["yes"] = pd.Series(after.frame["need"] == 1, dtype=object).where(np.arange(len(after)) > 0, None)
    found = xzz.change(before, after, "yes").iloc[0]
    assert found["n_after"] == len(after) - 1 and found["reason"] == ""


@pytest.mark.parametrize("cluster", [None, "cluster"])
def test_a_census_changes_without_sampling_error(cluster):
    found = xzz.change(*pair(kind="census", cluster=cluster), "need", overlap="none").iloc[0]
    assert found["se"] == 0 and found["low"] == found["high"] == found["estimate"]
    assert found["reason"] == "no_sampling_error" and found["kind"] == "census"


def test_a_sample_on_disk_changes_like_one_in_memory(tmp_path):
    frames = people()
    for place, frame in enumerate(frames):
        frame.to_parquet(tmp_path / f"{place}.parquet")
    stored = [sample(xzz.read_parquet(tmp_path / f"{place}.parquet", memory=0)) for place in range(2)]
    assert all(one.stored is not None for one in stored)
    found = xzz.change(*stored, ["need", "answer"], by="sex")
    expected = xzz.change(*(sample(frame) for frame in frames), ["need", "answer"], by="sex")
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected))


# --- several stages -------------------------------------------------------------------------------------------


def staged(household: bool) -> list[pd.DataFrame]:
    frames = people()
    for frame in frames:
        frame["N"], frame["M"] = 12, 40
        frame["house"] = np.arange(len(frame)) % 6 // 2
    return frames


def test_respondents_of_each_round_are_drawn_by_themselves_inside_a_revisited_cluster():
    """Two draws of 6 of 10 people are possible, though together they are 12."""
    frames = [frame.assign(N=12, M=10) for frame in people()]
    rounds = stack([sample(frame, fpc=["N", "M"]) for frame in frames])
    assert list(rounds.sample.design.stages[1].fraction) == [0.6] * 24


def test_households_with_the_same_number_are_the_same_household():
    frames = staged(household=True)
    both = [sample(frame, cluster=["cluster", "house"], fpc=["N", "M"]) for frame in frames]
    assert stack(both).sample.design.units == 36


def test_sampling_fractions_are_population_sizes_in_disguise():
    """Three of 12 clusters, then four: fractions 1/4 and 1/3 of one population."""
    first, second = people()
    first = first[first["cluster"] < 3].assign(N=12, part=3 / 12)
    second = second.assign(N=12, part=4 / 12)
    counted = xzz.change(sample(first, fpc="N"), sample(second, fpc="N"), "need").iloc[0]
    shared = xzz.change(sample(first, fpc="part"), sample(second, fpc="part"), "need").iloc[0]
    assert shared["se"] == pytest.approx(counted["se"], rel=1e-12)
    assert shared["overlap"] == 9 / 12


# --- what is refused ------------------------------------------------------------------------------------------


def refuse(message: str, before: xzz.Sample, after: xzz.Sample, **given) -> None:
    with pytest.raises(DesignError, match=message):
        xzz.change(before, after, "need", **given)


def test_kinds_do_not_mix():
    first, second = people()
    refuse(
        "differ in their kind.*'probability', 'nonprobability'", sample(first), sample(second, kind="nonprobability")
    )


def test_units_do_not_mix():
    before, after = pair()
    refuse("unit.*'respondent', 'child'", before, after.described(labels={"unit": "child"}))


def test_rules_for_lonely_units_do_not_mix():
    first, second = people()
    refuse("lonely units.*'fail', 'adjust'", sample(first), sample(second, lonely="adjust"))


def test_a_round_is_not_compared_with_its_namesake():
    first, second = people()
    refuse("cannot be told apart", sample(first, "2025Q2"), sample(second, "2025Q2"))
    refuse("cannot be told apart", sample(first, "2025Q2"), sample(second))


def test_stages_have_to_be_the_same():
    first, second = (frame.assign(N=12) for frame in people())
    refuse(r"1 stages of sampling with 1 population sizes \(fpc\).*with 0", sample(first, fpc="N"), sample(second))


def test_clusters_in_one_round_only():
    first, second = people()
    refuse("has clusters that other rounds do not have", sample(first), sample(second, cluster=None))
    assert xzz.change(sample(first), sample(second, cluster=None), "need", overlap="none")["se"].item() > 0


def test_strata_in_one_round_only():
    first, second = people()
    refuse("no strata column where another has 'stratum'", sample(first), sample(second, strata=None))


def test_samples_without_clusters_have_none_to_revisit():
    refuse("no clusters that could be visited again.*overlap='panel'.*overlap='none'", *pair(cluster=None))


def test_no_cluster_in_common():
    first, second = people()
    renamed = second.assign(cluster=second["cluster"] + 100)
    refuse("no cluster in common .12 of '1', 12 of '2'", sample(first), sample(renamed))


def test_cluster_numbers_in_one_round_and_texts_in_the_other():
    first, second = people()
    refuse(
        "'cluster' holds numbers in one round and text",
        sample(first),
        sample(second.assign(cluster="c" + second["cluster"].astype(str))),
    )


def test_clusters_that_moved_are_counted():
    first, second = (frame.assign(cluster=frame["stratum"] + "-" + frame["cluster"].astype(str)) for frame in people())
    moved = second.assign(stratum=second["stratum"].where(~second["cluster"].isin(["s0-1", "s0-2"]), "s1"))
    refuse(
        r"'s0-1' is in stratum 's0' in round '1' and in stratum 's1' in round '2' \(2 such clusters of 12\)",
        sample(first),
        sample(moved),
    )


def test_clusters_numbered_anew_in_each_stratum_are_no_movers():
    first, second = people()
    second = second[~((second["stratum"] == "s0") & (second["cluster"] == 1))]
    assert xzz.change(sample(first), sample(second), "need")["overlap"].item() == 11 / 12


def test_a_followed_respondent_who_moved_is_not_named():
    first, second = people()
    person = int(np.intersect1d(first["person"], second["person"])[0])
    moved = second.assign(stratum=second["stratum"].where(second["person"] != person, "s2"))
    with pytest.raises(DesignError, match=r"a followed respondent is in stratum 's0'.*1 such respondents") as caught:
        xzz.change(sample(first, cluster=None), sample(moved, cluster=None), "need", overlap="panel", key="person")
    assert str(person) not in str(caught.value).replace("'s0'", "").replace("'s2'", "").split("(")[0]


def test_population_sizes_have_to_agree():
    first, second = people()
    refuse(
        "stratum 's0' holds 12 in round '1', 14 in round '2' .3 such strata of 3",
        sample(first.assign(N=12), fpc="N"),
        sample(second.assign(N=14), fpc="N"),
    )


def test_rounds_cannot_visit_more_clusters_than_there_are():
    first, second = (frame.assign(N=5) for frame in people())
    second["cluster"] += 2
    refuse(
        "stratum 's0' holds 5 units, but the rounds together visited 6", sample(first, fpc="N"), sample(second, fpc="N")
    )


def test_panel_keys():
    first, second = people()
    followed = {"overlap": "panel", "key": "person"}
    holes = second.assign(person=second["person"].where(second.index > 1))
    refuse("missing for 2 of 72 respondents of round '2'", sample(first), sample(holes), **followed)
    twice = second.assign(person=second["person"].where(second.index > 0, second["person"].iloc[1]))
    refuse("repeats in 1 of 72 rows of round '2'", sample(first), sample(twice), **followed)
    strangers = second.assign(person=second["person"] + 10_000)
    refuse("nobody was followed", sample(first), sample(strangers), **followed)
    refuse("key 'person' is given, but overlap='cluster'", sample(first), sample(second), key="person")


def test_groups_have_to_be_known_in_both_rounds():
    before, after = pair()
    after.frame = after.frame.drop(columns="sex")
    refuse("'sex' is not in round '2025Q4'", before, after, by="sex")


def test_rounds_are_no_group():
    before, after = (sample(frame.assign(round=label)) for frame, label in zip(people(), "ab", strict=True))
    refuse("'round' is what the rounds are told apart by", before, after, by="round")


# --- comparability --------------------------------------------------------------------------------------------


def test_a_question_that_is_not_comparable_has_no_number_and_the_reason():
    found = xzz.change(*pair(), ["need", "answer"], comparable={"need": "asked of another month"}).set_index(
        "indicator"
    )
    refused = found.loc["need"]
    assert refused["reason"] == "not_comparable" and refused["note"] == "asked of another month"
    assert refused[["estimate", "se", "low", "high", "p", "before", "after"]].isna().all()
    assert (found.loc["answer", "note"] == "").all() and set(found["tests"]) == {3}


def test_one_option_may_be_the_only_one_that_is_not_comparable():
    crosswalk = pd.DataFrame({"question": ["answer"], "option": ["b"], "comparable": ["no"], "reason": ["reworded"]})
    found = xzz.change(*pair(), "answer", comparable=crosswalk).set_index("option")
    assert list(found["reason"]) == ["", "not_comparable", ""] and found.loc["b", "note"] == "reworded"


@pytest.mark.parametrize(
    "crosswalk",
    [
        {"need": False, "answer": True},
        {"need": "no"},
        {("need", ""): "否"},
        pd.DataFrame({"question": ["need", "other"], "comparable": [False, True]}),
    ],
)
def test_crosswalks_may_be_written_in_several_ways(crosswalk):
    assert read_crosswalk(crosswalk).refused == {("need", ""): ""}


@pytest.mark.parametrize(
    ("crosswalk", "message"),
    [
        ({"need": 3}, "says 3 about question 'need'"),
        ({"need": ""}, "says '' about"),
        (pd.DataFrame({"question": ["q"]}), "no column 'comparable'"),
        (pd.DataFrame({"question": ["q"], "comparable": ["y"]}), "says 'y' about question 'q'"),
        (pd.DataFrame({"question": ["q"], "comparable": ["yes"], "reasons": [""]}), "'reasons'; did you mean 'reason'"),
        (pd.DataFrame({"question": ["q", "q"], "comparable": ["yes", "no"]}), "both yes and no about question 'q'"),
    ],
)
def test_crosswalks_that_cannot_be_read(crosswalk, message):
    with pytest.raises(DesignError, match=message):
        read_crosswalk(crosswalk)


# --- prepared items -------------------------------------------------------------------------------------------


def test_indicators_of_a_study_change_like_any_column():
    before, after = (xzz.open_round("data/demo", name) for name in ("2025Q2", "2025Q4"))
    samples = [one.sample("child") for one in (before, after)]
    items = []
    for one, made in zip((before, after), samples, strict=True):
        rows = rows_of(one.study, one.dataset, "child", one.name)
        today = one.study.rounds[one.name].collected[1]
        shares = [found for found in one.indicators if found.unit == "child" and found.statistic == "share"]
        items.append([indicator_item(found, one.dataset, rows, today=today) for found in shares])
        made.frame["uninsured"] = next(found.y for found in items[-1] if found.indicator == "health_uninsured")
    found = change_items(*samples, (items[0], items[1]), "hukou", Terms()).set_index(["indicator", "by"])
    expected = xzz.change(*samples, "uninsured", by="hukou").set_index("by")
    for by in expected.index:
        for column in ("estimate", "se", "df", "n", "overlap", "before", "after"):
            assert found.loc[("health_uninsured", by), column] == expected.loc[by, column]
    assert found["version"].eq("1").all()


def test_an_indicator_whose_definition_changed_is_not_compared():
    before, after = pair()
    items = [[Item("i", one.frame["need"].to_numpy(), version=str(place))] for place, one in enumerate((before, after))]
    found = change_items(before, after, (items[0], items[1]), None, Terms()).iloc[0]
    assert found["reason"] == "not_comparable" and found["note"] == "0 → 1"


def test_an_indicator_of_one_round_was_not_asked_in_the_other():
    before, after = pair()
    item = Item("i", after.frame["need"].to_numpy())
    found = change_items(before, after, ([], [item]), "sex", Terms())
    assert (found["reason"] == "not_in_both_rounds").all() and found["n_not_asked"].sum() == len(before)


def test_nothing_asked_is_an_empty_frame_with_every_column():
    before, after = pair()
    assert list(change_items(before, after, ([], []), None, Terms())) == list(xzz.change(before, after, "need"))


# --- statistics -----------------------------------------------------------------------------------------------


def test_a_ratio_changes_as_its_two_totals_do():
    before, after = pair()
    found = xzz.change(before, after, ["hours", "need"], statistic="ratio").iloc[0]
    rounds = [xzz.ratio(one, "hours", "need")["estimate"].item() for one in (before, after)]
    assert found["estimate"] == pytest.approx(rounds[1] - rounds[0], rel=1e-12)
    assert (found["indicator"], found["statistic"]) == ("hours/need", "ratio_change")
    with pytest.raises(DesignError, match="a ratio has a numerator and a denominator; got 1"):
        xzz.change(before, after, "hours", statistic="ratio")


def test_an_option_nobody_could_choose_before_starts_at_none():
    before, after = pair()
    after.frame["answer"] = after.frame["answer"].where(after.frame["sex"] == "f", "d")
    found = xzz.change(before, after, "answer").set_index("option").loc["d"]
    assert found["before"] == 0 and found["estimate"] == found["after"] > 0


def test_select_multiple_questions_have_a_row_per_option_of_any_round():
    before, after = pair()
    for one in (before, after):
        one.frame["help/food"], one.frame["help/rent"] = one.frame["need"], 1 - one.frame["need"]
    after.frame["help/new"] = 0.0
    found = xzz.change(before, after, "help").set_index("option")
    assert list(found.index) == ["food", "rent", "new"]
    assert found.loc["new", "reason"] == "not_in_both_rounds"


def test_changes_can_be_compared_again():
    found = xzz.change(*pair(), "need", by="sex")
    gap = xzz.contrast(found, {"more": {0: -1, 1: 1}})
    assert gap["estimate"].item() == pytest.approx(found["estimate"][1] - found["estimate"][0], rel=1e-12)


def test_asking_otherwise_gives_another_result_id():
    before, after = pair()
    ids = [xzz.change(before, after, "need", overlap=overlap)["result_id"].item() for overlap in ("cluster", "none")]
    assert ids[0] != ids[1]
    assert ids[0] == xzz.change(before, after, "need")["result_id"].item()


# --- composition ----------------------------------------------------------------------------------------------


def test_a_mix_that_stays_leaves_everything_within():
    first, second = people()
    second["sex"], second["weight"] = first["sex"], first["weight"]
    found = xzz.composition_change(sample(first), sample(second), "need", "sex").set_index("statistic")
    assert found.loc["share_change_mix", "estimate"] == 0
    assert found.loc["share_change_within", "estimate"] == pytest.approx(
        found.loc["share_change", "estimate"], rel=1e-12
    )


def test_rates_that_stay_leave_everything_to_the_mix():
    first, second = (frame.assign(need=(frame["sex"] == "f").astype(float)) for frame in people())
    found = xzz.composition_change(sample(first), sample(second), "need", "sex").set_index("statistic")
    assert found.loc["share_change_within", "estimate"] == 0
    assert found.loc["share_change_mix", "estimate"] == pytest.approx(found.loc["share_change", "estimate"], rel=1e-12)


def test_levels_of_one_round_cannot_be_split_by():
    first, second = people()
    second["age"] = second["age"].where(second["sex"] == "f", "very old")
    found = xzz.composition_change(sample(first), sample(second), "need", "age").set_index("statistic")
    assert np.isfinite(found.loc["share_change", "estimate"])
    assert list(found["reason"]) == ["", "level_not_in_both_rounds", "level_not_in_both_rounds"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"over": "sex", "statistic": "total"}, "'total' is no average"),
        ({"over": "sex", "by": "sex"}, "none of those in `by`"),
        ({"over": []}, "at least one"),
    ],
)
def test_splits_that_make_no_sense(given, message):
    with pytest.raises(DesignError, match=message):
        xzz.composition_change(*pair(), "need", **given)


# --- trend ----------------------------------------------------------------------------------------------------


def test_a_trend_over_five_rounds_is_generalised_least_squares():
    samples = [sample(frame, f"r{place}") for place, frame in enumerate(people(rounds=5))]
    times = {"r0": 0.0, "r1": 0.5, "r2": 1.0, "r3": 2.0, "r4": 2.25}
    found = xzz.trend(samples, "hours", times=times, statistic="mean").iloc[0]
    estimates = xzz.mean(stack(samples).sample, "hours", by="round")
    v, y = np.linalg.inv(estimates.covariance()), estimates["estimate"].to_numpy()
    x = np.stack([np.ones(5), list(times.values())], axis=1)
    spread = np.linalg.inv(x.T @ v @ x)
    slope = spread @ x.T @ v @ y
    left = y - x @ slope
    assert found["estimate"] == pytest.approx(slope[1], rel=1e-9)
    assert found["se"] == pytest.approx(np.sqrt(spread[1, 1]), rel=1e-9)
    assert found["fit"] == pytest.approx(left @ v @ left * (9 - 3 + 1) / (9 * 3), rel=1e-9)
    assert (found["fit_df1"], found["fit_df2"], found["df"], found["rounds"]) == (3, 7, 9, 5)


def test_dates_are_counted_in_years():
    samples = [sample(frame, name) for name, frame in zip("abc", people(rounds=3), strict=True)]
    dates = {"a": dt.date(2025, 1, 1), "b": dt.date(2026, 1, 1), "c": pd.Timestamp("2027-01-01")}
    found = xzz.trend(samples, "need", times=dates)["estimate"].item()
    assert found == pytest.approx(xzz.trend(samples, "need")["estimate"].item(), rel=1e-3)  # a year is 365.25 days


def test_a_line_through_estimates_on_a_line():
    coefficients, fit = line(np.array([1.0, 2.0, 4.0]), np.diag([1.0, 4.0, 2.0]), np.array([0.0, 1.0, 3.0]), 10)
    assert coefficients @ [1, 2, 4] == pytest.approx(1)
    assert fit.statistic == pytest.approx(0, abs=1e-20) and fit.p == pytest.approx(1)


def test_rounds_that_cannot_be_told_apart_have_no_trend():
    coefficients, fit = line(np.array([1.0, 2.0, 3.0]), np.ones((3, 3)), np.arange(3.0), 10)
    assert not coefficients.any() and fit.reason == "singular_covariance"


def test_a_share_of_none_in_one_round_has_no_trend_and_says_why():
    frames = people(rounds=3)
    frames[1]["need"] = 0.0
    found = xzz.trend([sample(frame) for frame in frames], "need").iloc[0]
    assert np.isnan(found["estimate"]) and found["reason"] == found["fit_reason"] == "no_sampling_error"


def test_a_group_of_two_rounds_has_no_trend():
    frames = people(rounds=3)
    frames[0] = frames[0][frames[0]["sex"] == "f"]
    found = xzz.trend([sample(frame) for frame in frames], "need", by="sex").set_index("by")
    assert found.loc["sex=m", "reason"] == "fewer_than_three_rounds" and found.loc["sex=m", "rounds"] == 2
    assert found.loc["sex=f", "reason"] == "" and set(found["tests"]) == {1}


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ({"1": 0, "2": 1}, "times has no round '3'"),
        ({"1": 0, "2": 1, "3": 2, "4": 3}, "names round '4'"),
        ({"1": 0, "2": 1, "3": dt.date(2025, 1, 1)}, "int, int, date"),
        ({"1": "a", "2": "b", "3": "c"}, "str, str, str"),
        ({"1": 0, "2": 2, "3": 1}, "earliest first"),
        ({"1": 0, "2": 1, "3": np.inf}, "earliest first"),
    ],
)
def test_times_that_cannot_be_used(times, message):
    with pytest.raises(DesignError, match=message):
        xzz.trend([sample(frame) for frame in people(rounds=3)], "need", times=times)


def test_two_rounds_are_no_trend():
    with pytest.raises(DesignError, match="3 rounds or more, and 2 were given"):
        xzz.trend(pair(), "need")


# --- the panel ------------------------------------------------------------------------------------------------


def test_a_panel_prints_the_share_of_persons():
    first, second = people()
    both, either = np.intersect1d(first["person"], second["person"]), np.union1d(first["person"], second["person"])
    for cluster in ("cluster", None):
        samples = [sample(frame, cluster=cluster) for frame in (first, second)]
        found = xzz.change(*samples, "need", overlap="panel", key="person")
        assert found["overlap"].item() == pytest.approx(len(both) / len(either), rel=1e-12)


def test_matched_change_is_that_of_the_followed_alone():
    first, second = people()
    stayed = np.intersect1d(first["person"], second["person"])
    found = xzz.matched_change(sample(first), sample(second), "hours", key="person", statistic="mean").iloc[0]
    for frame, column in ((first, "before"), (second, "after")):
        mine = frame[frame["person"].isin(stayed)]
        assert found[column] == pytest.approx(np.average(mine["hours"], weights=mine["weight"]), rel=1e-12)
    assert found["n"] == 2 * len(stayed) and found["overlap"] == 1
    assert found["statistic"] == "matched_mean_change"


def test_lost_and_followed_add_up():
    before, after = pair()
    found = xzz.attrition(before, after, "person", by="sex")
    assert (found["followed"] + found["lost"] == found["n"]).all()
    assert found["lost"].sum() == (~before.frame["person"].isin(after.frame["person"])).sum()
    assert found["test_p"].nunique() == 1 and found["round"].iloc[0] == "2025Q2→2025Q4"
    assert found.covariance().shape == (2, 2)


def test_attrition_of_the_whole_has_no_test():
    found = xzz.attrition(*pair(), "person").iloc[0]
    assert np.isnan(found["test_p"]) and found["test_reason"] == "no_groups"


def test_weights_of_those_who_stayed_add_up_to_their_class():
    before, after = pair()
    before.frame["weight"] = after.frame["weight"] = 1.0
    even = [sample(one.frame) for one in (before, after)]
    weighted = xzz.attrition_weights(*even, "person", "sex")
    sexes = before.frame.set_index("person")["sex"]
    earlier = after.frame["person"].map(sexes)
    carried = pd.Series(weighted.design.weight).groupby(earlier.to_numpy()).sum()
    expected = before.frame["sex"].value_counts()
    for sex in ("f", "m"):
        assert carried[sex] == pytest.approx(expected[sex], rel=1e-12)
    assert (weighted.design.weight[earlier.isna()] == 0).all()


def test_a_class_that_was_lost_entirely_is_refused():
    before, after = pair()
    before.frame["left"] = np.where(before.frame["person"].isin(after.frame["person"]), "stayed", "left")
    with pytest.raises(DesignError, match="'left=left' holds"):
        xzz.attrition_weights(before, after, "person", "left")
