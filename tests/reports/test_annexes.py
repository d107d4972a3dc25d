"""The annexes of the needs report: definitions, full tables, wording and change log."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import xzz_analysis as xzz
from xzz_analysis.disclosure.protect import Policy
from xzz_analysis.editions.trace import find_results
from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.privacy.vault import Vault
from xzz_analysis.intake.rounds import Crosswalk, Entry
from xzz_analysis.needs.indicator import DOMAINS, Indicator
from xzz_analysis.report.chapters.annexes import (
    change_log,
    definitions_annex,
    full_tables,
    history,
    questions,
    wording_annex,
)
from xzz_analysis.report.chapters.annexes.wording import asked_of


@pytest.fixture(scope="module")
def survey(root):
    return xzz.open_round(root / "data" / "demo")


@pytest.fixture(scope="module")
def tables(survey):
    return full_tables(survey)


# --- definitions --------------------------------------------------------------------------------------------


def test_every_indicator_is_defined_in_words_in_the_table_of_its_domain(survey):
    blocks = definitions_annex(survey)
    assert [block.caption["zh"].split("：")[0] for block in blocks] == [label["zh"] for label in DOMAINS.values()]
    rows = {row["label"]["en"]: row["definition"] for block in blocks for row in block.rows}
    assert list(rows) == [one.label["en"] for domain in DOMAINS for one in survey.indicators if one.domain == domain]
    assert rows["Out of school"]["zh"] == (
        "6至15岁儿童中，目前没有在任何学校就读的比例。\n"
        "规范性需求；基数：定义所说的儿童；6–15岁；回答者：主要照料者；回忆期：目前；对应政策：SDG 4.1、CRC 28；第1版"
    )
    assert rows["Out of school"]["en"].endswith(
        "\nNormative need; base: children as defined; aged 6 to 15; answered by: the main carer; recall: now; "
        "policy: SDG 4.1, CRC 28; version 1"
    )


def test_sources_licences_and_what_is_unchecked_stand_under_the_table(survey):
    told = {
        "cutoff_source": "WHO 2007",
        "licence": {"zh": "可免费使用", "en": "Free to use"},
        "evidence": {"zh": "中国信效度见某研究。", "en": "Validated in China."},
        "to_check": ["cutoff_source"],
    }
    first = survey.indicators[0].model_dump() | told
    made = SimpleNamespace(study=survey.study, indicators=[Indicator(**first), survey.indicators[1]])
    (table,) = definitions_annex(made)
    assert [note["zh"] for note in table.notes] == [
        "学龄未在学　切点及出处：WHO 2007。题目授权：可免费使用。中国人群中的证据：中国信效度见某研究。"
        "凭记忆写下、发布前须核对：切点及出处。"
    ]
    assert table.notes[0]["en"].startswith(
        "Out of school – Cut-off and its source: WHO 2007. Licence of the wording: Free"
    )


# --- full tables --------------------------------------------------------------------------------------------


def test_tables_follow_the_sections_of_the_questionnaires(tables):
    captions = [table.caption["en"] for table in tables]
    assert "Questionnaire of families: Livelihood" in captions and "Questionnaire of children: Education" in captions
    assert "家庭成员问卷：家庭成员" in [table.caption["zh"] for table in tables]
    assert all(table.folded for table in tables)


def test_every_question_of_the_round_is_there_and_no_free_text(survey, tables):
    asked = {name for unit in survey.units for name in (one.name for one in survey.dataset.unit(unit).tabulated())}
    labels = {
        survey.dataset.question(unit, name).label["zh"]
        for unit in survey.units
        for name in asked
        if name in survey.dataset.unit(unit).questions
    }
    printed = {row["section"]["zh"] for table in tables for row in table.rows}
    left_out = {name for table in tables for note in table.notes for name in labels if name in note["zh"]}
    assert printed | left_out == labels
    texts = {
        q.label.get("zh")
        for unit in survey.units
        for q in survey.dataset.unit(unit).questions.values()
        if q.kind == "text"
    }
    assert not printed & texts


def test_every_figure_of_the_full_tables_is_found_again_as_it_is_printed(survey, tables):
    rows = [row for table in tables for row in table.rows]
    found = find_results(survey, [row["result_id"] for row in rows]).set_index("result_id")["estimate"]
    assert len(found) == len(rows) > 100
    shown = [row for row in rows if row["estimate"] is not None]
    assert all(row["estimate"] == round(found[row["result_id"]], 3 if row["unit"] == "percent" else 1) for row in shown)


def test_who_asked_is_no_question(survey, monkeypatch):
    table = survey.study.tables["family"].model_copy(update={"interviewer": "family/hukou"})
    monkeypatch.setitem(survey.study.tables, "family", table)
    assert questions._about_fieldwork(survey, "family") == {"hukou"}
    printed = {row["section"].get("zh") for table in full_tables(survey) for row in table.rows}
    assert "户口类型" not in printed


def test_questions_of_the_same_wording_are_told_apart():
    pair = [Question(name, "integer", {"zh": "几个", "fr": ""}) for name in ("a", "b")]
    assert questions._wordings(pair)["b"] == {"zh": "几个 (b)", "fr": ""}


def test_a_question_that_needs_are_computed_from_hides_no_single_option(survey, monkeypatch):
    """The hidden option could be had from the need's own figure, so the question is left out whole, and named."""
    monkeypatch.setattr(questions, "policy_of", lambda _: Policy(40))
    every = questions._tabulated(survey, "child").frame
    hidden = set(every.loc[every["suppressed"] & (every["option"] != ""), "indicator"])
    told = hidden & {name for one in survey.indicators for name in one.questions()}
    assert told and hidden - told
    left = questions._not_told_twice(survey, questions._tabulated(survey, "child")).frame
    assert set(every["indicator"]) - set(left["indicator"]) == told
    notes = "".join(note["zh"] for table in full_tables(survey) for note in table.notes)
    labels = [survey.dataset.question("child", name).label["zh"] for name in told]
    assert all(label in notes for label in labels)


# --- wording ------------------------------------------------------------------------------------------------


def test_wording_stands_in_both_languages_with_options_and_who_was_asked(survey):
    tables = {table.caption["en"].split(" of ")[-1]: table for table in wording_annex(survey)}
    assert list(tables) == ["families", "children"]
    rows = {row["question"]: row for row in tables["families"].rows}
    assert rows["tenure"]["zh"] == {"zh": "住房来源\n租房 / 自有住房 / 单位提供 / 其他"}
    assert rows["tenure"]["en"] == {"en": "Tenure of the dwelling\nRents / Owns / Provided by employer / Other"}
    assert rows["rent"]["asked"]["en"] == "“Tenure of the dwelling” is “Rents”"
    assert rows["tenure"]["asked"] == {"zh": "所有家庭", "en": "All families"}  # of those who agreed to be interviewed


@pytest.mark.parametrize(
    ("rule", "zh", "en"),
    [
        ("${age} >= 6", "“周岁年龄”不小于6", "“Age in full years” is at least 6"),
        (
            "${enrolment} != 'refused'",
            "“现在在哪里上学？”不是“拒绝回答”",
            "“Where is the child enrolled?” is not “Refused”",
        ),
        (
            "not(selected(${documents_asked}, 'none')) or ${age} < 9",
            "“入学时被要求提供哪些材料？”没有选“以上都没有”，或者“周岁年龄”小于9",
            "“Which papers were asked for at enrolment?” does not include “None of these” or “Age in full years” is "
            "less than 9",
        ),
        ('selected(${vision}, "normal")', "“视力情况”选了“正常”", "“Eyesight” includes “Normal”"),
        ("count-selected(${friends}) > 2", "count-selected(${friends}) > 2", "count-selected(${friends}) > 2"),
        ("${elsewhere} > 1", "“elsewhere”大于1", "“elsewhere” is more than 1"),
    ],
)
def test_skip_logic_is_said_in_words_or_as_it_stands(survey, rule, zh, en):
    asked = asked_of(survey, "child", Question("x", "integer", relevant=(rule, rule)))
    assert asked == {"zh": zh, "en": en}


def test_who_was_asked_without_any_rule(survey):
    assert asked_of(survey, "child", Question("x", "integer")) == {"zh": "所有儿童", "en": "All children"}
    assert asked_of(survey, "child", Question("x", "calculate"))["en"] == "not asked: computed from other answers"


# --- change log ---------------------------------------------------------------------------------------------


def test_the_log_names_the_rounds_and_what_one_of_them_did_not_ask(survey):
    rounds, differ = change_log(survey)
    assert [row["label"]["zh"] for row in rounds.rows] == ["2025Q2", "2025Q4"]
    assert [row["family"] for row in rounds.rows] == [742, 742]
    assert [(row["question"]["zh"], row["round"], row["change"]["zh"]) for row in differ.rows] == [
        ("是否知道街道社工站？", "2025Q2", "该轮没有问")
    ]


def test_a_first_round_without_corrections_has_no_log(survey):
    one = survey.dataset.unit("child")
    answers = {"child": SimpleNamespace(rounds=one.rounds[one.rounds == "2025Q2"], tabulated=one.tabulated)}
    study = SimpleNamespace(
        rounds=survey.study.rounds, tables={}, settings=SimpleNamespace(privacy=None, crosswalk=survey.study.folder)
    )
    first = SimpleNamespace(
        place="", study=study, name="2025Q2", dataset=SimpleNamespace(answers=answers, unit=answers.get), indicators=[]
    )
    assert change_log(first) == []


def form(*questions):
    return Form("", "", ("zh",), {one.name: one for one in questions}, (), ())


def test_the_crosswalk_is_told_with_its_reasons(survey, monkeypatch):
    options = (Option("f"), Option("m"))
    earlier = form(
        Question("gender", "select_one", {"zh": "男孩女孩"}, options), Question("gone", "integer", {"zh": "旧题"})
    )
    later = form(Question("sex", "select_one", {"zh": "性别"}, options), Question("fresh", "integer", {"zh": "新题"}))
    reason = {"zh": "措辞有改动", "en": "the wording changed"}
    entries = (
        Entry(question="gender", becomes="sex", relation="not comparable", confirmed=True, reason=reason),
        Entry(question="gone", relation="not comparable", confirmed=True),
    )
    crosswalk = Crosswalk(earlier, later, entries, ("fresh",))
    monkeypatch.setattr(history, "crosswalks_of", lambda study: {"child": {"2025Q2": crosswalk}})
    (differ,) = (block for block in change_log(survey) if "questionnaires differ" in block.caption["en"])
    told = [
        (row["question"]["zh"], row["change"]["zh"], row.get("reason"))
        for row in differ.rows
        if row["section"]["zh"] == "儿童"
    ]
    assert told == [("性别", "不可比", reason), ("旧题", "后来不再问", None), ("新题", "后来新增", None)]


def test_an_indicator_of_a_later_version_is_named(survey):
    raised = survey.indicators[0].model_copy(update={"version": 2})
    (note,) = history._versions(SimpleNamespace(indicators=[raised, survey.indicators[1]]))
    assert note.text["zh"].startswith("定义改过的指标：学龄未在学（第2版）。")
    assert "Out of school (version 2)" in note.text["en"]


def test_corrections_are_counted_by_question_and_nobody_is_named(survey, tmp_path):
    log = tmp_path / "corrections.csv"
    log.write_text(
        "key,round,question,old,change,new,reason\n"
        "F0001,2025Q4,rent,90,change_response,900,张三说写错了\n"
        "F0002,2025Q4,rent,80,change_response,800,typing error\n"
        "F0003,2025Q4,tenure,rent,blank_response,,doubtful\n"
        "F0004,2025Q4,,,remove_survey,,interviewed twice\n"
        "F0005,2025Q4,rent,70,no_action,,right\n"
        "F0006,2025Q2,rent,70,change_response,700,typing error\n",
        encoding="utf-8",
    )
    tables_ = {"family": survey.study.tables["family"].model_copy(update={"corrections": log})}
    study = SimpleNamespace(tables=tables_, rounds=survey.study.rounds)
    (table,) = history._corrections(SimpleNamespace(study=study, name=survey.name, dataset=survey.dataset))
    assert [(row["label"]["zh"], row["what"]["zh"], row["n"]) for row in table.rows] == [
        ("每月房租（元）", "改为新值", 2),
        ("住房来源", "清空此题", 1),
        ("（整条记录）", "删除整条记录", 1),
    ]
    assert not any(word in str(table.to_json()) for word in ("F000", "张三", "900"))


@pytest.mark.parametrize(("count", "said"), [(6, "6条记录"), (2, "不足5条记录"), (0, "")])
def test_how_many_were_forgotten_is_told_but_no_small_number(survey, tmp_path, count, said):
    vault = Vault.open(tmp_path, tmp_path / "vault")
    vault.close("child", "2025Q2")
    if count:
        vault._bury([f"p{place}" for place in range(count)])
    settings = SimpleNamespace(
        privacy=SimpleNamespace(vault=tmp_path / "vault"), disclosure=survey.study.settings.disclosure
    )
    study = SimpleNamespace(settings=settings, folder=tmp_path, tables=survey.study.tables, rounds=survey.study.rounds)
    notes = history._removed(SimpleNamespace(study=study, place=""))
    assert [said in note.text["zh"] for note in notes] == ([True] if count else [])
