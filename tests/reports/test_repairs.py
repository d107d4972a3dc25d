"""What a reader would stumble over: units, weights, words that touch, weak sentences, empty lines, mixed totals."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.disclosure.comparisons import protect_differences
from xzz_analysis.disclosure.protect import Policy, protect
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.report.blocks import Column, Table
from xzz_analysis.report.chapters import methods
from xzz_analysis.report.chapters.naming import drawing, policy_of, with_figures
from xzz_analysis.report.chapters.needs import group_chapter, profile_table, weighting_note
from xzz_analysis.report.html import render_html
from xzz_analysis.report.sentences import beside, clear_gaps, leading_needs, response, statement
from xzz_analysis.report.tables import Naming, printed_figures, unit_of
from xzz_analysis.report.theme import figure_text

NEEDS = Naming("indicator", {"out": {"zh": "未在学", "en": "Out of school"}, "rent": {"zh": "房租", "en": "Rent"}})
LEVELS = {"g=Rural − Urban": ({"": "Rural"}, {"": "Urban"})}


@pytest.fixture(scope="module")
def survey(root):
    return xzz.open_round(root / "data" / "demo")


# --- ratios of totals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statistic", "unit"), [("ratio", "percent"), ("ratio_difference", "points"), ("gini", "ratio"), ("mean", "number")]
)
def test_a_ratio_of_totals_is_printed_in_percent(statistic, unit):
    assert unit_of(statistic) == unit


def test_rent_burden_reads_as_a_percentage_and_is_no_need_that_is_frequent(shares):
    table = shares(0.0634, 0.3, indicator=["rent", "out"], statistic=["ratio", "share"], unit="child")
    row = printed_figures(table.frame).iloc[0]
    assert figure_text(row["estimate"], row["unit"]) == "6.3%"
    said = leading_needs(table, NEEDS, {"child": {"zh": "名儿童", "en": "children"}})
    assert said.text["en"].startswith("Out of school: 30.0%") and "ent" not in said.text["zh"]


# --- weights and designs ------------------------------------------------------------------------------------


def notes_of(survey):
    return profile_table(survey, "family", policy_of(survey)).notes[0]


def test_shares_are_called_weighted_where_there_are_weights(survey):
    assert notes_of(survey)["en"] == "Shares are weighted, counts are not."


def test_shares_are_not_called_weighted_without_weights():
    study = SimpleNamespace(study=SimpleNamespace(design=SimpleNamespace(weight="", rake=None)))
    assert weighting_note(study)["zh"] == "数据没有权重，每位回答者各计一次。"


def test_a_design_without_columns_has_no_column_for_them(survey, monkeypatch):
    monkeypatch.setattr(methods, "_design_columns", lambda survey: {})
    table = methods.design_table(survey)
    assert [column.name for column in table.columns] == ["label", "strata", "clusters", "n"]
    assert len(methods.design_table(survey).rows) == 2


# --- words and figures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "text"),
    [
        ("Rural", "31.4%", "Rural 31.4%"),
        ("农村", "31.4%", "农村31.4%"),
        ("Rural", "−3.1", "Rural −3.1"),
        ("1,234", "households", "1,234 households"),
        ("1,234", "户", "1,234户"),
        ("", "31.4%", "31.4%"),
    ],
)
def test_latin_words_do_not_touch_figures(left, right, text):
    assert beside(left, right) == text


def test_latin_units_stand_apart_in_chinese_sentences(shares):
    row = printed_figures(shares(0.2, indicator="out").frame).iloc[0].to_dict()
    assert "基数240 households）" in statement(row, {"zh": "未在学"}, {"": "households"}, "zh")
    assert "共有712 families的回答" in response({"family": 712}, {"family": {"en": "families"}}, ("a", "b")).text["zh"]


# --- tested differences -------------------------------------------------------------------------------------


def differences(p=(0.001, 0.3)):
    """Two needs of two groups: the difference, its p and both sides, as protected as their levels."""
    by = ["g=Rural", "g=Urban"]
    frame = pd.DataFrame(
        {"out": [1.0] * 50 + [0.0] * 50 + [1.0] * 20 + [0.0] * 80, "g": np.repeat(["Rural", "Urban"], 100)}
    )
    frame["rent"] = frame["out"].sample(frac=1, random_state=1).to_numpy()
    levels = protect(xzz.share(xzz.Sample(frame), ["out", "rent"], by="g"), Policy(5))
    made = pd.DataFrame(xzz.differences(xzz.share(xzz.Sample(frame), ["out", "rent"], by="g"), "g", reference="Urban"))
    known = levels.frame.set_index(["indicator", "by"])
    for side, name in zip(("level", "reference"), by, strict=True):
        found = known.loc[[(one, name) for one in made["indicator"]]]
        made[f"of_{side}"] = found["estimate"].to_numpy()
        made[f"result_id_{side}"] = found["result_id"].to_numpy()
    return protect_differences(made.assign(p_adjusted=p), levels)


def test_only_a_clear_difference_is_named_with_both_sides_and_its_interval():
    said = clear_gaps(differences(), NEEDS, LEVELS)
    assert said.text["zh"].startswith(
        "经检验差别明确的需求（按全部指标校正）：未在学（Rural 50.0%，Urban 20.0%，相差+30.0个百分点，95% 置信区间+"
    )
    assert said.text["zh"].endswith("其余各项的差别没有超出抽样误差所能解释的范围，这不等于没有差别。")
    assert (
        "out of school (rural 50.0%, urban 20.0%: +30.0 percentage points; 95% confidence interval" in said.text["en"]
    )
    assert len(said.results) == 1


def test_nothing_clear_is_not_called_alike():
    said = clear_gaps(differences((0.06, 0.3)), NEEDS, LEVELS)
    assert said.results == [] and "这不等于没有差别" in said.text["zh"]


def test_groups_that_are_tested_are_not_told_by_their_intervals(survey):
    tested, other = (
        group_chapter(survey, protect(survey.needs(group, domain="livelihood"), policy_of(survey)), group)[1].text["zh"]
        for group in ("hardship", "hukou")
    )
    assert tested.startswith("经检验") and "重叠" not in tested
    assert "重叠" in other


# --- lines without a figure ---------------------------------------------------------------------------------


def test_lines_without_a_figure_are_not_drawn_but_counted(shares, caption):
    table = shares(0.3, 0.01, 0.2, indicator=["out", "rent", "x"], n=[240, 240, 3], n_need=[72, 2, 1])
    (figure,) = drawing(table, NEEDS, caption)
    assert figure.caption["zh"] == "各项需求（另有2项没有可以公布的数字，未画出）"
    assert figure.caption["en"] == "All needs (2 more without a figure that can be published not drawn)"
    assert "未在学" in figure.alt["zh"] and "房租" not in figure.alt["zh"]


def test_nothing_to_draw_is_no_chart(shares, caption):
    assert drawing(shares(0.01, indicator="out", n_need=2), NEEDS, caption) == []


def test_a_need_that_no_group_has_a_figure_of_is_named_under_the_table(shares):
    hidden = shares(
        0.3, 0.2, 0.01, 0.01, indicator=["out"] * 2 + ["rent"] * 2, by=["g=a", "g=b"] * 2, n_need=[72, 48, 2, 2]
    )
    shown, notes = with_figures(hidden, NEEDS)
    assert set(shown.frame["indicator"]) == {"out"}
    assert notes == [
        {
            "zh": "未列出（没有可以公布的数字）：房租",
            "en": "Left out, having no figure that can be published: Rent",
        }
    ]


# --- samples that were not drawn ----------------------------------------------------------------------------


def test_a_sample_that_was_not_drawn_is_summed_up_by_its_groups(survey, monkeypatch):
    summary = import_module("xzz_analysis.report.chapters.summary")
    monkeypatch.setattr(summary, "_drawn", lambda survey: False)
    needs = protect(survey.needs(), policy_of(survey))
    said = summary._leading(survey, needs, next(iter(DOMAINS)))
    assert said.text["zh"].startswith(
        "教育公平方面，最常见的需求是近30个上学日有缺课。按困境状况看，最高的是困境家庭："
    )
    assert "；受访者合计：31.5%" in said.text["zh"]
    assert "By hardship, highest: In hardship: " in said.text["en"] and len(said.results) == 3


# --- pages --------------------------------------------------------------------------------------------------


def test_a_folded_table_opens_at_its_caption(meta, title, caption):
    columns = [Column("name", caption), Column("n", caption, "count")]
    table = Table(caption, columns, [{"name": "x", "n": 7}], folded=True)
    page = render_html([table], language="en", title=title, meta=meta)
    assert '<details class="table">\n<summary>Table 1. All needs</summary>' in page
    assert page.count("<details") == page.count("</details>") == 1


def test_a_column_of_another_language_is_no_fallback(meta, title, caption):
    columns = [Column("name", caption), Column("zh", {"zh": "中文", "en": "Chinese"})]
    page = render_html(
        [Table(caption, columns, [{"name": "x", "zh": {"zh": "几岁"}}])], language="en", title=title, meta=meta
    )
    assert '<td lang="zh-CN">几岁</td>' in page and "no English wording" not in page
