"""Chapters made of several tables: parts of changes, trends, gaps, concentration, communities; and their traces."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from tests.small_study import write_small_study
from xzz_analysis.disclosure.comparisons import protect_made
from xzz_analysis.disclosure.protect import Policy, protect
from xzz_analysis.editions.made import made_of_alerts
from xzz_analysis.editions.trace import find_results
from xzz_analysis.errors import DisclosureError, InputError, StudyError
from xzz_analysis.needs.alerts import alerts, read_rules
from xzz_analysis.needs.profile import against_all, along_ranking, between_groups, largest_gaps
from xzz_analysis.needs.profile.communities import FEWEST
from xzz_analysis.needs.rounds import change_parts, middle_of, rounds_until, trends
from xzz_analysis.report.chapters import communities as communities_room
from xzz_analysis.report.chapters import composition, inequality, trend
from xzz_analysis.report.chapters.communities import communities_chapter
from xzz_analysis.report.sentences.rounds import split_changes
from xzz_analysis.report.tables import Naming, unit_of
from xzz_analysis.report.theme import figure_text

COMMUNITIES = (
    "communities: {file: c.geojson, key: community, datum: WGS84}\nprofile: {rank: income}\ncomposition: [hukou]\n"
)

RULES = """
rules:
  - {id: limit, kind: threshold, label: {zh: 限, en: Limit}, indicators: [edu_absent], limit: 0.1, by: [all, hardship]}
  - {id: grew, kind: worsening, label: {zh: 增, en: Grew}, indicators: [edu_absent, live_debt], by: [all, hardship]}
  - {id: gap, kind: gap, label: {zh: 差, en: Gap}, indicators: [edu_absent, live_debt], by: hardship, level: hardship,
     against: ordinary}
  - {id: apart, kind: cluster, label: {zh: 群, en: Apart}, indicators: [edu_absent, live_debt], by: community}
"""


@pytest.fixture(scope="module")
def demo(root):
    return xzz.open_round(root / "data" / "demo")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Three rounds of twelve communities; the share without insurance rises by ten points a round."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "c.geojson").write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    return xzz.open_round(write_small_study(folder, communities=12, each=40, settings=COMMUNITIES))


def tables(blocks):
    return {block.caption["en"]: block for block in blocks if block.kind == "table"}


def said(blocks, language="en"):
    return " ".join(block.text[language] for block in blocks if block.kind == "paragraph")


def stated(blocks):
    rows = [row["result_id"] for block in blocks if block.kind == "table" for row in block.rows]
    return {*rows, *(name for block in blocks for name in getattr(block, "results", []))}


# --- what may leave -------------------------------------------------------------------------------------------


def made(sources, estimate=0.1, **more):
    frame = pd.DataFrame({"estimate": [estimate], "se": [0.1], "extra": [3.0], "level": [0.95], "flags": ["show"]})
    return frame.assign(reason="", result_id="x", sources=sources, **more)


@pytest.mark.parametrize(("sources", "hidden"), [("a", False), ("a;b", True), ("", True)])
def test_what_is_made_of_a_hidden_figure_is_hidden(shares, sources, hidden):
    levels = shares(0.5, 0.01, result_id=["a", "b"], n_need=[120, 2])
    frame = protect_made(made(sources), [levels]).frame
    assert frame["suppressed"].tolist() == [hidden] and "sources" not in frame
    assert frame[["estimate", "se", "extra"]].isna().all(axis=None) == hidden
    assert frame["level"].tolist() == [0.95] and (frame["reason"][0] == "suppressed") == hidden


@pytest.mark.parametrize(("fewest", "hidden"), [(5.0, False), (4.0, True), (np.nan, False)])
def test_other_figures_behind_a_row_count_too(shares, fewest, hidden):
    levels = shares(0.5, result_id=["a"])
    assert protect_made(made("", fewest=fewest), [levels]).frame["suppressed"].tolist() == [hidden]


def test_a_source_that_nobody_protected_is_refused(shares):
    with pytest.raises(DisclosureError, match="1 figures are made of estimates that are not among"):
        protect_made(made("z"), [shares(0.5, result_id=["a"])])
    with pytest.raises(DisclosureError, match="give the tables"):
        protect_made(made("a"), [])


@pytest.mark.parametrize(
    ("statistic", "unit"),
    [
        ("share_between_gap", "points"),
        ("mean_between_gap", "number_change"),
        ("share_between_ratio", "number"),
        ("share_against_others", "points"),
        ("share_difference_change", "points"),
        ("share_change_mix", "points"),
        ("mean_trend", "number_change"),
        ("concentration_erreygers", "ratio"),
    ],
)
def test_units(statistic, unit):
    assert unit_of(statistic) == unit


# --- what a change is made of ---------------------------------------------------------------------------------


def test_both_parts_add_up_to_the_change(demo):
    frame = change_parts(demo.earlier(), demo, "hardship")
    parts = frame.assign(part=frame["statistic"].str.rpartition("_")[2]).pivot(
        index="indicator", columns="part", values="estimate"
    )
    known = parts.dropna()
    assert len(known) > 15
    np.testing.assert_allclose(known["within"] + known["mix"], known["change"], atol=1e-12)


def test_parts_of_indicators_are_those_of_columns(small):
    before = rounds_until(small)[1]
    frame = change_parts(before, small, "hukou").set_index(["indicator", "statistic"])
    samples = []
    for one in (before, small):
        sample = one.sample("child")
        sample.frame["own"] = one.item(one.indicators[0]).y
        samples.append(sample)
    expected = xzz.composition_change(*samples, "own", "hukou").set_index("statistic")
    for statistic in expected.index:
        row = frame.loc[("uninsured", statistic)]
        for column in ("estimate", "se", "low", "high", "df", "n"):
            assert row[column] == pytest.approx(expected.loc[statistic, column], rel=1e-9), column


def test_only_clear_changes_are_split(demo):
    blocks = composition.composition_chapter(demo)
    (table,) = tables(blocks).values()
    named = {row["section"]["en"].partition(", by ")[0] for row in table.rows}
    assert named == {
        "Nobody helps with homework",
        "No health check in 12 months",
        "Wages withheld",
        "Asked for help for a child",
    }
    assert "from their mix" in said(blocks) and "构成变化" in said(blocks, "zh")


def test_the_sentence_holds_the_estimates_of_the_split_with_the_largest_mix(demo):
    parts = composition.protected_parts(demo.earlier(), demo, "hukou")
    parts = parts.rows((parts.frame["indicator"] == "sup_asked_for_help").to_numpy())
    names = Naming("indicator", {"sup_asked_for_help": {"zh": "求助过", "en": "Asked for help"}})
    first, last = split_changes(parts, names, {"hukou": {"zh": "户口", "en": "Registration"}})
    within, mix = (figure_text(parts.frame["estimate"][row], "points") for row in (1, 2))
    assert first.text["zh"].startswith(f"求助过，按户口拆分：组内变化{within}个百分点（95% 置信区间")
    assert first.text["en"].startswith(f"Asked for help, split by registration: {within} percentage points (95% conf")
    assert f"构成变化{mix}个百分点" in first.text["zh"] and first.results == list(parts.frame["result_id"][1:])
    assert "包含零" in last.text["zh"] and last.results == []


def test_a_split_with_a_hidden_level_is_hidden_whole(demo):
    levels = [protect(one.needs("hukou"), Policy(5)).frame for one in (demo.earlier(), demo)]
    hidden = {name for frame in levels for name in frame.loc[frame["suppressed"], "indicator"]}
    frame = composition.protected_parts(demo.earlier(), demo, "hukou").frame
    assert hidden and set(frame.loc[frame["suppressed"], "indicator"]) == hidden & set(frame["indicator"])
    assert frame.loc[frame["suppressed"], ["estimate", "low", "n", "n_before", "overlap"]].isna().all(axis=None)


def test_without_a_declared_group_nothing_is_split(demo, monkeypatch):
    monkeypatch.setattr(demo.study, "settings", demo.study.settings.model_copy(update={"composition": []}))
    assert composition.composition_chapter(demo) == []
    monkeypatch.setattr(demo.study, "settings", demo.study.settings.model_copy(update={"composition": ["hukuo"]}))
    with pytest.raises(StudyError, match="did you mean 'hukou'"):
        composition.composition_chapter(demo)


# --- trends ---------------------------------------------------------------------------------------------------


def test_two_rounds_have_no_trend(demo):
    assert [one.name for one in rounds_until(demo)] == ["2025Q2", "2025Q4"]
    assert trend.trend_chapter(demo) == []


def test_slopes_of_indicators_are_those_of_columns(small):
    rounds = rounds_until(small)
    samples = []
    for one in rounds:
        sample = one.sample("child")
        sample.frame["own"] = one.item(one.indicators[0]).y
        samples.append(sample)
    expected = xzz.trend(samples, "own", times={one.name: middle_of(one) for one in rounds}).iloc[0]
    row = trends(rounds).set_index("indicator").loc["uninsured"]
    for column in ("estimate", "se", "low", "high", "df", "p", "fit_p"):
        assert row[column] == pytest.approx(expected[column], rel=1e-9), column
    assert row["rounds"] == 3 and len(row["sources"].split(";")) == 3


def test_the_planted_trend_is_named_and_no_other(small):
    blocks = trend.trend_chapter(small)
    assert [block.kind for block in blocks] == ["paragraph", "figure", "table"]
    row = trends(rounds_until(small)).set_index("indicator").loc["uninsured"]
    slope = figure_text(row["estimate"], "points")
    assert (
        blocks[0].text["zh"].startswith(f"3轮放在一起看，有明确趋势的1项：没有医保呈上升趋势，平均每年{slope}个百分点")
    )
    assert blocks[0].text["en"].startswith("Over 3 rounds, one need has a clear trend: without insurance: upward, ")
    assert blocks[0].results == [row["result_id"]] and 0.1 < row["estimate"] < 0.3
    assert [one["verdict"]["en"] for one in blocks[2].rows] == ["no clear trend", "upward", "no clear trend"]


def test_the_figure_reads_every_round(small):
    figure = trend.trend_chapter(small)[1]
    levels = [one.needs().set_index("indicator")["estimate"]["uninsured"] for one in rounds_until(small)]
    assert all(f"r{n} {figure_text(value, 'percent')}" in figure.alt["en"] for n, value in enumerate(levels, 1))
    assert len(figure.results) == 6


def test_a_slope_with_a_hidden_round_is_hidden(small, monkeypatch):
    rounds = rounds_until(small)
    few = rounds[0].needs()
    few.loc[few["indicator"] == "uninsured", "n_need"] = 2
    monkeypatch.setattr(rounds[0], "needs", lambda: few)
    frame = trend.protected_trends(rounds).frame.set_index("indicator")
    assert frame["suppressed"].to_dict() == {"uninsured": True, "absent": False, "sleep": False}
    assert frame.loc["uninsured", ["estimate", "t", "fit_p", "n"]].isna().all()


# --- gaps and concentration -----------------------------------------------------------------------------------


def test_gaps_of_several_groups_are_those_of_each(demo):
    gaps = largest_gaps(demo, ["hardship", "sex"])
    parts = [between_groups(demo, group) for group in ("hardship", "sex")]
    expected = pd.concat(parts).set_index("result_id")
    expected = expected[~expected["statistic"].str.endswith("deviation")]
    assert set(gaps["result_id"]) == set(expected.index)
    for column in ("estimate", "low", "high", "df"):
        np.testing.assert_allclose(gaps[column], expected.loc[gaps["result_id"], column].astype(float), rtol=1e-9)
    assert gaps["tests"].nunique() == 1 and gaps["tests"].iloc[0] == gaps["p"].notna().sum()


def test_a_level_that_is_withheld_takes_no_part_in_a_gap(demo):
    levels = protect(demo.needs("hukou"), Policy(5)).frame
    hidden = levels.loc[levels["suppressed"], ["indicator", "by", "result_id"]]
    frame = inequality.protected_gaps(demo).frame
    own = frame[frame["group"] == "hukou"].set_index("indicator")["by"]
    for name, by in zip(hidden["indicator"], hidden["by"], strict=True):
        assert by.removeprefix("hukou=") not in " ".join(own[own.index == name].astype(str)).split(" − ")


def test_the_largest_gaps_are_named_with_both_sides_and_the_ratio(demo):
    blocks = inequality.inequality_chapter(demo)
    table = tables(blocks)["Gaps between groups"]
    assert [row["section"]["en"] for row in table.rows] == sorted(
        [row["section"]["en"] for row in table.rows],
        key=["By hardship", "By household registration", "By community", "By sex", "By age band"].index,
    )
    assert f"有{len(table.rows)}项差距明确" in said(blocks, "zh")
    assert f"{len(table.rows)} gaps are clear" in said(blocks)
    assert len(blocks[0].results) == 6  # three gaps and their ratios


def test_concentration_is_that_of_columns_with_erreygers_correction(small):
    made = along_ranking(small, "income").set_index("indicator")
    sample = small.sample("child")
    sample.frame["own"] = small.item(small.indicators[1]).y
    sample.frame["rank"] = pd.to_numeric(small.dataset.values("child", "income")[0][small.rows("child")]).to_numpy()
    expected = xzz.concentration(sample, "own", "rank", correction="erreygers").iloc[0]
    gini = xzz.gini(sample, "rank").iloc[0]
    for column in ("estimate", "se", "low", "high", "df", "n"):
        assert made.loc["absent", column] == pytest.approx(expected[column], rel=1e-9)
        assert made.loc["income", column] == pytest.approx(gini[column], rel=1e-9)


def test_the_planted_concentration_is_named(small):
    blocks = inequality.inequality_chapter(small)
    assert "needs more frequent at the low end: absent (−0." in said(blocks)
    assert "较多集中在数值低的一端的需求：缺课（−0." in said(blocks, "zh")


def test_a_ranking_that_nobody_was_asked_is_named_with_the_nearest(small):
    with pytest.raises(InputError, match="did you mean 'income'"):
        along_ranking(small, "incom")


# --- small communities ----------------------------------------------------------------------------------------


def test_too_few_communities_are_told_to_be_too_few(demo):
    (note,) = communities_chapter(demo)
    assert f"不足{FEWEST}个" in note.text["zh"] and f"Fewer than {FEWEST} communities" in note.text["en"]


def test_own_and_model_estimates_stand_side_by_side(small):
    blocks = communities_chapter(small)
    (table,) = tables(blocks).values()
    shown = [row for row in table.rows if row.get("absent") != "suppressed"]
    assert len(table.rows) >= 12 and all(0 <= row["borrowed"] <= 1 for row in shown)
    needs = small.needs("community").set_index("by")
    for row in shown[:3]:
        own = needs[needs["indicator"] == ("absent" if row["section"]["en"] == "Absent" else "uninsured")]
        assert row["direct"] in set(own["estimate"].round(3)) and row["direct_low"] in set(own["low"].round(3))
    assert "自己的估计" in said(blocks, "zh") or "同一个估计" in said(blocks, "zh")


def test_a_community_that_is_withheld_has_no_model_estimate_and_no_part_in_it(small, monkeypatch):
    needs = small.needs("community")
    first = needs["by"].iloc[0]
    needs.loc[needs["by"] == first, "n_need"] = 2
    whole = small.needs()
    monkeypatch.setattr(small, "needs", lambda by=None: needs if by else whole)
    frame = communities_room.protected_communities(small).frame
    gone = frame.loc[frame["suppressed"], "by"]
    assert (
        first in set(gone) and frame.groupby("indicator")["suppressed"].sum().min() >= 2
    )  # one alone is a subtraction
    assert frame.loc[frame["suppressed"], ["estimate", "low", "direct", "shrinkage"]].isna().all(axis=None)
    assert (frame["estimate"].notna().groupby(frame["indicator"]).sum() >= FEWEST).all()


def test_a_study_without_communities_has_no_such_chapter(small, monkeypatch):
    monkeypatch.setattr(small.study, "settings", small.study.settings.model_copy(update={"communities": None}))
    assert communities_chapter(small) == []


# --- traces ---------------------------------------------------------------------------------------------------


def test_everything_that_the_chapters_state_is_found_again(small):
    blocks = [
        *trend.trend_chapter(small),
        *composition.composition_chapter(small),
        *inequality.inequality_chapter(small),
        *communities_chapter(small),
    ]
    wanted = stated(blocks)
    found = find_results(small, wanted)
    assert len(wanted) > 40 and set(found["result_id"]) == wanted


@pytest.fixture
def watched(demo, tmp_path, monkeypatch):
    """The demonstration with a rule of every kind, and everything that the rules test."""
    path = tmp_path / "alerts.yml"
    path.write_text(RULES, encoding="utf-8")
    monkeypatch.setattr(demo.study, "settings", demo.study.settings.model_copy(update={"alerts": path}))
    return alerts(demo, demo.earlier(), read_rules(path))


def test_results_of_every_kind_of_alert_and_of_a_profile_are_found_again(demo, watched):
    apart = against_all(demo, ["hardship"])["result_id"], between_groups(demo, "hardship")["result_id"]
    wanted = {*watched["result_id"], *apart[0], *apart[1]}
    found = find_results(demo, wanted).set_index("result_id")
    assert set(watched["kind"]) == {"threshold", "worsening", "gap", "cluster"}
    assert set(found.index) == wanted and found.index.is_unique
    for row in watched[watched["p"].notna()].to_dict("records"):
        here = found.loc[row["result_id"]]
        expected = {"threshold": row["estimate"], "cluster": row["estimate"] - row["reference"]}
        if not here["suppressed"]:
            assert here["estimate"] == pytest.approx(expected.get(row["kind"], row["change"]), abs=1e-12)
            assert (here["low"], here["high"]) == pytest.approx((row["low"], row["high"]), abs=1e-12)
        if row["kind"] == "gap":
            assert (here["after"], here["before"]) == pytest.approx((row["estimate"], row["reference"]), abs=1e-12)


def test_a_level_beside_the_others_has_the_interval_that_the_alert_states(small, tmp_path, monkeypatch):
    """Twelve communities that differ anyway: intervals are wider than those of the plain difference."""
    path = tmp_path / "alerts.yml"
    rule = "{id: apart, kind: cluster, label: {zh: 群, en: Apart}, indicators: [uninsured], by: community}"
    path.write_text(f"rules: [{rule}]", encoding="utf-8")
    monkeypatch.setattr(small.study, "settings", small.study.settings.model_copy(update={"alerts": path}))
    tested = alerts(small, small.earlier(), read_rules(path)).set_index("result_id")
    ((made_of, _),) = made_of_alerts(small)
    rows = made_of.set_index("result_id").loc[tested.index]
    for column, expected in (("low", "low"), ("high", "high"), ("of_level", "estimate"), ("of_reference", "reference")):
        np.testing.assert_allclose(rows[column].astype(float), tested[expected].astype(float))


@pytest.mark.usefixtures("watched")
def test_the_figures_of_an_alert_are_hidden_with_their_sources(demo, monkeypatch):
    settings = demo.study.settings
    strict = settings.disclosure.model_copy(update={"threshold": 200})
    ((_, open_one),) = made_of_alerts(demo)
    shown = open_one().frame
    assert not shown["suppressed"].all() and {"sources", "fewest"}.isdisjoint(shown)
    monkeypatch.setattr(demo.study, "settings", settings.model_copy(update={"disclosure": strict}))
    ((_, closed),) = made_of_alerts(demo)
    figures = ["estimate", "low", "high", "n", "of_level", "of_reference", "before", "after"]
    assert closed().frame["suppressed"].all() and closed().frame[figures].isna().all(axis=None)
