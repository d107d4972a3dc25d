"""What may be said of a change, and which changes may leave."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.disclosure.comparisons import COMPARED, protect_changes
from xzz_analysis.disclosure.protect import Policy, protect
from xzz_analysis.errors import DisclosureError, StudyError
from xzz_analysis.report.chapters import change
from xzz_analysis.report.sentences import changed_needs, verdict
from xzz_analysis.report.tables import Naming, unit_of
from xzz_analysis.report.theme import figure_text
from xzz_analysis.survey.estimates import MISSING_COLUMNS

NAMES = Naming("indicator", {"a": {"zh": "没有医保", "en": "No insurance"}, "b": {"zh": "睡眠", "en": "Sleep"}})


@pytest.fixture(scope="module")
def rounds(root):
    """Both rounds of the demonstration study, the earlier one first."""
    now = xzz.open_round(root / "data" / "demo")
    return now.earlier(), now


def comparison(indicator="a", estimate=-0.064, p=0.02, **more):
    """One row of comparisons as it is printed."""
    row = {
        "result_id": f"id-{indicator}",
        "round": "1→2",
        "unit": "child",
        "indicator": indicator,
        "version": "1",
        "option": "",
        "statistic": "share_change",
        "by": "",
        "estimate": estimate,
        "se": 0.02,
        "low": estimate - 0.04,
        "high": estimate + 0.04,
        "level": 0.95,
        "df": 50.0,
        "n": 900.0,
        "n_need": np.nan,
        "n_eff": np.nan,
        "weighted_n": 5000.0,
        "deff": np.nan,
        "method": "square-and-add",
        "kind": "probability",
        "flags": "show",
        "reason": "",
        "before": 0.329,
        "after": 0.329 + estimate,
        "p_adjusted": p,
        **dict.fromkeys(("n_skipped", "n_blank", "n_dont_know", "n_refused", "n_removed", "n_invalid"), 0.0),
        "n_not_asked": 0.0,
    }
    return row | more


def levels(round_, need=100.0, indicator="a", n=450.0):
    row = comparison(indicator, estimate=0.3, round=round_, statistic="share", n=n, n_need=need)
    return protect(
        pd.DataFrame([{k: v for k, v in row.items() if k not in ("before", "after", "p_adjusted")}]), Policy(5)
    )


def protected(*rows, before=100.0, after=100.0):
    names = dict.fromkeys(row["indicator"] for row in rows)
    tables = [levels(round_, need, name) for name in names for round_, need in (("1", before), ("2", after))]
    return protect_changes(pd.DataFrame(rows), tables)


# --- what may leave -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after", "hidden"), [(100, 100, False), (3, 100, True), (100, 448, True)])
def test_a_change_is_hidden_with_either_of_its_sides(before, after, hidden):
    frame = protected(comparison(), before=before, after=after).frame
    assert frame["suppressed"].tolist() == [hidden]
    figures = [name for name in ("estimate", "low", "high", "n", *COMPARED) if name in frame]
    assert frame[figures].isna().all(axis=None) == hidden and (frame["reason"][0] == "suppressed") == hidden


def test_a_change_without_its_levels_is_refused():
    with pytest.raises(DisclosureError, match="1 changes have no estimate of round 2"):
        protect_changes(pd.DataFrame([comparison()]), [levels("1")])


def test_changes_without_any_level_are_refused():
    with pytest.raises(DisclosureError, match="give those of both rounds"):
        protect_changes(pd.DataFrame([comparison()]), [])


def test_what_cannot_be_compared_keeps_its_reason_and_shows_no_count():
    lost = comparison(estimate=np.nan, reason="not_in_both_rounds", before=np.nan, after=np.nan)
    frame = protect_changes(pd.DataFrame([lost]), [levels("2")]).frame
    assert frame["reason"].tolist() == ["not_in_both_rounds"] and frame["n"].isna().all()
    assert not frame["suppressed"].any()


def test_no_change_of_the_demo_shows_what_a_level_hides(rounds):
    before, now = rounds
    for group in ("hukou", "community"):
        tables = [protect(one.needs(group), Policy(5)) for one in rounds]
        safe = protect_changes(now.change(before, group), tables).frame
        hidden = pd.concat([table.frame for table in tables]).query("suppressed")
        keys = set(zip(hidden["indicator"], hidden["by"], strict=True))
        shown = safe[safe["estimate"].notna()]
        assert keys and not keys & set(zip(shown["indicator"], shown["by"], strict=True))


# --- what is said -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimate", "p", "word"),
    [
        (0.1, 0.01, "rose"),
        (-0.1, 0.01, "fell"),
        (0.1, 0.05, "unclear"),
        (0.1, np.nan, "unclear"),
        (np.nan, 0.0, "unknown"),
    ],
)
def test_a_verdict_is_bound_to_the_numbers(estimate, p, word):
    assert verdict({"estimate": estimate, "p_adjusted": p, "level": 0.95}) == word


def test_no_change_carries_counts_of_missing_answers(rounds):
    made = rounds[1].change(rounds[0])
    levels = [protect(one.needs(), Policy.of(one.study)) for one in rounds]
    assert (made[list(MISSING_COLUMNS)] > 0).any(axis=None)
    assert protect_changes(made, levels).frame[list(MISSING_COLUMNS)].isna().all(axis=None)


def test_a_clear_change_is_said_with_both_levels_and_its_interval():
    said = changed_needs(protected(comparison(), comparison("b", 0.01, 0.7)), NAMES)
    assert said.text["zh"] == (
        "有明确变化的指标有1项：没有医保由32.9%下降到26.5%（变化−6.4个百分点，95% 置信区间−10.4～−2.4个百分点）。"
        "另有1项没有明确变化，不等于没有变化。"
    )
    assert said.text["en"] == (
        "One indicator changed clearly: no insurance fell from 32.9% to 26.5% (−6.4 percentage points; 95% confidence "
        "interval −10.4 to −2.4 percentage points). For one other no clear change can be told, which is not to say "
        "that nothing changed."
    )
    assert said.results == ["id-a"]


def test_a_clear_change_of_a_mean_is_said_in_its_unit():
    row = comparison("b", -0.084, 0.047, statistic="mean_change", before=9.255, after=9.171, low=-0.157, high=-0.012)
    tables = [levels(one, indicator="b").frame.assign(statistic="mean", n_need=np.nan) for one in ("1", "2")]
    safe = protect_changes(
        pd.DataFrame([row]), [protect(one.drop(columns=["suppressed"]), Policy(5)) for one in tables]
    )
    said = changed_needs(safe, NAMES)
    assert said.text["en"].startswith(
        "One indicator changed clearly: sleep fell from 9.26 to 9.17 (−0.08; 95% confidence"
    )
    assert "−0.16 to −0.01)" in said.text["en"] and "points" not in said.text["en"]


def test_nothing_clear_is_said_to_be_no_proof_of_nothing():
    said = changed_needs(protected(comparison(p=0.4)), NAMES)
    assert said.results == []
    assert said.text["zh"].startswith("可比较的1项指标，其变化没有超出抽样误差") and "不等于没有变化" in said.text["zh"]
    assert "not to say that nothing changed" in said.text["en"]


def test_a_hidden_change_is_in_no_sentence():
    said = changed_needs(protected(comparison(), before=3), NAMES)
    assert said.text["zh"] == "两轮之间没有可以比较、也可以公布的指标。" and said.results == []


@pytest.mark.parametrize(
    ("statistic", "unit"),
    [
        ("share", "percent"),
        ("share_change", "points"),
        ("mean_change", "number_change"),
        ("ratio_change", "points"),
        ("matched_share_change", "points"),
        ("mean", "number"),
    ],
)
def test_changes_have_units_of_their_own(statistic, unit):
    assert unit_of(statistic) == unit


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.072, "points", "+7.2"), (-0.0004, "points", "0.0"), (-0.064, "points", "−6.4"), (0.1, "number_change", "+0.1")],
)
def test_differences_carry_a_sign(value, unit, text):
    assert figure_text(value, unit) == text


# --- the report ---------------------------------------------------------------------------------------------


def test_the_first_round_has_no_change_report(rounds):
    with pytest.raises(StudyError, match="2025Q2 is the first of the study"):
        change.earlier_round(rounds[0])


def test_the_planted_changes_are_named_and_no_other(rounds):
    said = change.change_page(rounds[1])[0].text["zh"]
    planted = ("近12个月没有体检", "为孩子的事求助过", "被拖欠工资", "做作业没有人辅导")
    assert said.startswith("有明确变化的指标有4项：") and all(one in said for one in planted)


def test_every_domain_has_a_chart_and_a_table(rounds):
    kinds = [block.kind for block in change.change_chapters(rounds[1])]
    assert kinds == ["heading", "figure", "table"] * 4


def test_what_cannot_be_compared_is_said(rounds):
    note = change.not_compared(rounds[1])
    assert "不知道街道社工站" in note.text["zh"] and "Social-work station unknown" in note.text["en"]
