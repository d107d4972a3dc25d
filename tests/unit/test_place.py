"""A round that speaks of one place: a domain of the whole, with the whole's results and the whole's protection."""

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.disclosure.protect import Policy, protect, protect_counts
from xzz_analysis.errors import DisclosureError, StudyError
from xzz_analysis.needs.place import can_compare, levels_with_people, own_groups
from xzz_analysis.needs.profile import compare_groups, stated_priorities
from xzz_analysis.needs.profile.matrix import against_whole
from xzz_analysis.report.chapters import alerting, change, needs, place, profile
from xzz_analysis.survey.estimates import MISSING_COLUMNS
from xzz_analysis.survey.part import PART

LEVELS = ("weidu", "tangxu", "xingzhan", "heyan")


@pytest.fixture(scope="module")
def whole(root):
    return xzz.open_round(root / "data" / "demo")


@pytest.fixture(scope="module")
def heyan(whole):
    return whole.within("community", "heyan")


def plain(frame):
    out = pd.DataFrame(frame).reset_index(drop=True)
    out.attrs = {}
    return out


@pytest.mark.parametrize("by", [[], ["sex"], ["hukou"], ["age_band"]])
def test_a_place_has_the_rows_of_the_crossed_table(whole, heyan, by):
    table = whole.needs(["community", *by])
    rows = table[[("community=heyan" in one.split(";")) for one in table["by"]]]
    pd.testing.assert_frame_equal(plain(heyan.needs(by)), plain(rows))


def test_the_design_is_the_whole_ones(whole, heyan):
    """Clusters without anybody of the place stay, so that errors are those of a domain and not of a smaller survey."""
    sample = heyan.sample("child")
    assert len(sample) == len(whole.sample("child"))
    assert sample.member.sum() < len(sample)
    direct = xzz.share(sample, "health_insurance").set_index("option")
    theirs = xzz.share(whole.sample("child"), "health_insurance", "community")
    theirs = theirs[theirs["by"] == "community=heyan"].set_index("option")
    for column in ("estimate", "se", "low", "high", "df", "n"):
        np.testing.assert_allclose(direct[column], theirs[column], rtol=1e-12, equal_nan=True)  # the same sums


@pytest.mark.parametrize("level", LEVELS)
def test_what_the_annex_by_community_withholds_is_withheld_here(whole, level):
    survey = whole.within("community", level)
    annex = protect(whole.needs("community"), Policy(5)).frame.set_index("result_id")
    here = protect(survey.needs(), Policy(5, survey.place)).frame.set_index("result_id")
    theirs = annex.loc[here.index]
    assert list(here["suppressed"]) == list(theirs["suppressed"])
    pd.testing.assert_series_equal(here["estimate"], theirs["estimate"])
    assert set(here["by"]) == {""}


@pytest.mark.parametrize(("level", "group"), [("weidu", "hukou"), ("heyan", "age_band")])
def test_a_figure_whose_margin_is_withheld_is_withheld(whole, level, group):
    survey = whole.within("community", level)
    policy = Policy(40, survey.place)  # so that some rows of the demonstration are small
    cells = protect(survey.needs(group), policy).frame
    of_place = protect(survey.needs(), policy).frame.set_index("indicator")["suppressed"]
    of_level = protect(whole.needs(group), policy.whole).frame.set_index(["indicator", "by"])["suppressed"]
    of_margin = of_level.reindex(pd.MultiIndex.from_frame(cells[["indicator", "by"]])).to_numpy()
    hidden = of_place.reindex(cells["indicator"]).to_numpy() | of_margin
    assert hidden.any()
    assert (cells["suppressed"] | ~hidden | (cells["reason"] == "nobody_answered")).all()


def test_missing_answers_are_not_had_from_the_other_places(whole):
    """Where one place's count of a reason is hidden, so is another's: the whole study's is printed elsewhere."""
    parts = []
    for level in LEVELS:
        survey = whole.within("community", level)
        safe = protect(survey.needs(), Policy(5, survey.place)).frame.set_index("indicator")
        parts.append(safe[list(MISSING_COLUMNS)].isna().astype(int))
    assert not (sum(parts) == 1).any(axis=None)
    assert (sum(parts) > 1).any(axis=None)


def test_a_table_that_does_not_know_what_it_is_a_part_of_is_refused(whole, heyan):
    with pytest.raises(DisclosureError, match="community=heyan"):
        protect(whole.needs(), Policy.of(heyan.study, heyan.place))
    with pytest.raises(DisclosureError, match="community=heyan"):
        protect(pd.concat([heyan.needs(), whole.needs("sex")]), Policy.of(heyan.study, heyan.place))
    with pytest.raises(DisclosureError, match="keep the rows of the place"):
        protect_counts(pd.DataFrame({"n": [9]}), ["n"], Policy.of(heyan.study, heyan.place))


def test_rows_of_other_tables_are_not_taken_for_the_places(whole, heyan):
    forged = whole.needs("sex")
    forged.attrs = heyan.needs().attrs
    with pytest.raises(DisclosureError, match="not in the tables"):
        protect(forged, Policy.of(heyan.study, heyan.place))


def test_filtered_rows_are_protected_like_all(heyan):
    policy = Policy.of(heyan.study, heyan.place)
    every = heyan.needs("hukou")
    some = every[every["indicator"] == "live_debt"]
    assert PART in some.attrs
    safe, part = protect(every, policy).frame, protect(some, policy).frame
    pd.testing.assert_frame_equal(part, safe[safe["indicator"] == "live_debt"].reset_index(drop=True))


def test_changes_and_comparisons_are_rows_of_the_whole(whole, heyan):
    changes = heyan.change(heyan.earlier(), "sex")
    theirs = whole.change(whole.earlier(), ["community", "sex"]).set_index("result_id")
    pd.testing.assert_series_equal(
        changes.set_index("result_id")["p_adjusted"], theirs.loc[changes["result_id"], "p_adjusted"]
    )
    safe = change.protected_changes(heyan, "sex")
    assert set(safe.frame["by"]) == {"sex=female", "sex=male"}
    made = compare_groups(heyan, "hardship", "ordinary")
    assert set(made["by"]) == {"community=heyan;hardship=hardship − ordinary"}
    assert (made["result_id_level"].isin(heyan.needs("hardship")["result_id"])).all()
    assert set(profile.protected_differences(heyan).frame["by"]) == {"hardship=hardship − ordinary"}


def test_a_place_stands_beside_the_whole_study(whole, heyan):
    made = against_whole(heyan)
    ids = heyan.needs().set_index("result_id")["estimate"], whole.needs().set_index("result_id")["estimate"]
    np.testing.assert_allclose(made["of_level"], ids[0].loc[made["result_id_level"]])
    np.testing.assert_allclose(made["of_reference"], ids[1].loc[made["result_id_reference"]])
    np.testing.assert_allclose(made["estimate"], made["of_level"] - made["of_reference"], atol=1e-12)
    hidden = place.protected_beside(whole.within("community", "weidu")).frame
    assert hidden.loc[hidden["suppressed"], "of_reference"].isna().all()
    assert hidden["suppressed"].any()


def test_overlap_profile_priorities_and_questions_are_about_the_place(whole, heyan):
    policy = Policy.of(heyan.study, heyan.place)
    found = heyan.overlap("sex")
    theirs = whole.overlap(["community", "sex"]).counting.set_index("result_id")["estimate"]
    mine = found.counting[found.counting["by"].str.contains("sex")].set_index("result_id")["estimate"]
    pd.testing.assert_series_equal(mine, theirs.loc[mine.index])
    assert set(protect(found.counting, policy).frame["by"]) == {"", "sex=female", "sex=male"}
    assert len(found.groups) == 0
    assert "community" not in set(heyan.profile("child")["indicator"])
    assert set(stated_priorities(heyan, "family", "help_wanted")["by"]) == {"community=heyan"}
    (table,) = heyan.tabulations("child", [["sex"], ["community"]])
    assert set(protect(table, policy).frame["by"]) == {"sex=female", "sex=male"}


def test_respondents_are_those_of_the_place(whole, heyan):
    frame = whole.sample("family").frame
    assert place.respondents(heyan)["family"] == (frame["community"] == "heyan").sum()
    assert place.respondents(whole)["family"] == len(frame)


def test_alerts_about_other_places_are_left_out(heyan):
    assert alerting.accepted_alerts(heyan)[-1].texts()[0]["en"].startswith("No alert about this place")


def test_the_places_own_group_is_not_compared(heyan):
    assert "community" not in own_groups(heyan)
    assert needs.compared_group(heyan, "") == "hardship"
    assert not can_compare(heyan, "community")
    assert can_compare(heyan, "hardship", "ordinary")
    assert not can_compare(heyan, "hardship", "rich")
    own = protect(heyan.needs("community"), Policy.of(heyan.study, heyan.place))
    assert needs.group_chapter(heyan, own, "community") == []


def test_a_place_may_be_a_level_of_a_class(whole):
    girls = whole.within("age_band", "6-11")
    assert girls.units == ["child"]
    policy = Policy.of(girls.study, girls.place)
    hidden = protect(whole.needs("age_band"), policy.whole).frame.set_index("result_id")["suppressed"]
    here = protect(girls.needs(), policy).frame
    assert list(here["suppressed"]) == list(hidden.loc[here["result_id"]])
    assert len(protect(girls.needs("sex"), policy).frame)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("heyan", "written as group=level, such as community=heyan"),
        ("comunity=heyan", "did you mean 'community'"),
        ("community=heyn", "did you mean 'heyan'"),
    ],
)
def test_an_unknown_place_gets_the_nearest_name(root, written, message):
    with pytest.raises(StudyError, match=message):
        xzz.open_round(root / "data" / "demo", place=written)


def test_levels_come_in_the_order_of_the_form(whole):
    assert tuple(levels_with_people(whole, "community")) == LEVELS
