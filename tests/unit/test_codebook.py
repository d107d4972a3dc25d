"""Codebooks: what is guessed from answers, what is left to a person, and the workbook they complete."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from pyxform.xls2xform import convert

from tests.wjx_export import Asked, Given, write_number, write_text
from xzz_analysis.errors import InputError
from xzz_analysis.intake.answers import Option, Question, Reason
from xzz_analysis.intake.codebook import DOUBTS, derive, guess_exclusive, guess_kind, says_alone, write_codebook
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form, read_form
from xzz_analysis.intake.wjx import read_wjx

NEEDS = Asked("multiple", "孩子需要什么？", ("看病", "上学", "玩", "以上都没有"))


def several(*labels: str) -> Question:
    options = tuple(Option(str(place), {"zh": label}) for place, label in enumerate(labels, 1))
    return Question("q6", "select_multiple", {"zh": "需要"}, options)


def chosen(question: Question, *rows: str) -> pd.DataFrame:
    """One row per answer, its digits the positions of the chosen options."""
    return pd.DataFrame(
        {f"q6/{option.name}": ["1" if option.name in row else "0" for row in rows] for option in question.options}
    )


@pytest.mark.parametrize(
    ("answers", "kind", "doubts"),
    [
        ({}, "text", ("codebook_unanswered",)),
        ({"7": 3, "12": 4}, "integer", ()),
        ({"1": 9, "5": 3}, "integer", ("codebook_choice_or_number",)),
        ({"-1": 1, "3": 1}, "integer", ()),
        ({"1.5": 1, "2": 1, ".5": 1}, "decimal", ()),
        ({"2019/3/5": 1, "2020-12-01": 1, "2021年1月2日": 1}, "date", ()),
        ({"男": 9, "女": 8}, "select_one", ()),
        ({"男": 9, "女": 1}, "select_one", ("codebook_choice_or_text",)),
        ({"男": 9, "f": 1}, "select_one", ("codebook_rare_option",)),
        ({"多办活动": 1, "没有": 2}, "text", ("codebook_choice_or_text",)),
        ({"多办活动": 1, "很好": 1}, "text", ()),
        ({"见10086123": 9}, "text", ("codebook_personal",)),
        ({"1234567890": 9}, "text", ("codebook_personal",)),
        ({"好" * 81: 9}, "text", ()),
        ({f"答{place}": 9 for place in range(60)}, "select_one", ()),
        ({f"答{place}": 9 for place in range(61)}, "text", ()),
        ({"007": 9, "12": 3}, "text", ("codebook_personal",)),
        ({"6岁": 9, "七岁": 1}, "select_one", ("codebook_choice_or_text",)),
        ({f"{age}岁": 1 for age in range(9)}, "decimal", ("codebook_choice_or_text",)),
    ],
)
def test_kinds_are_guessed_from_answers(answers, kind, doubts):
    guess = guess_kind(answers)
    assert (guess.kind, guess.doubts) == (kind, doubts)


def test_what_occurs_once_is_an_option_only_where_own_words_stand_apart():
    answers = {"男": 9, "女": 8, "说来话长": 1}
    assert guess_kind(answers).options == ("男", "女")
    apart = guess_kind(answers, apart=True)
    assert (apart.options, apart.doubts) == (tuple(answers), ("codebook_rare_option",))


def test_dates_that_no_reader_takes_as_written_are_text():
    guess = guess_kind({"13/5/2025": 1, "1/5/2025": 1})
    assert (guess.kind, guess.order, guess.kind_as_written) == ("date", "dmy", "text")


def test_names_are_text_however_often_they_recur():
    names = {f"某人{place}": 5 for place in range(9)}
    assert guess_kind(names, "孩子的姓名").kind == "text"
    assert guess_kind(names, "孩子的学校").kind == "select_one"
    assert guess_kind({"有": 9, "没有": 8}, "孩子有身份证吗？").kind == "select_one"


@pytest.mark.parametrize(
    "label",
    [
        "以上都没有",
        "都没有",
        "没有",
        "无",
        "暂无",
        "不知道",
        "不清楚",
        "说不清楚",
        "拒绝回答",
        "不愿意回答",
        "以上都不是",
    ],
)
def test_wordings_that_exclude_others(label):
    assert says_alone(Option("1", {"zh": label}))
    assert says_alone(Option("1", {"zh": f"{label}（请跳到第9题）"}))


@pytest.mark.parametrize(
    "label", ["上述均无", "都不需要", "以上情况都没有", "没有困难", "None of the above", "Don't know", "Refused"]
)
def test_longer_wordings_that_exclude_others(label):
    assert says_alone(Option("1", {"en": label}))


@pytest.mark.parametrize(
    "label", ["没有钱看病", "不知道去哪里看病", "无障碍设施", "看病", "没有人照顾孩子", "其他", ""]
)
def test_wordings_that_do_not(label):
    assert not says_alone(Option("1", {"zh": label}))


def test_an_option_that_says_so_is_exclusive():
    question, doubts = guess_exclusive(
        several("看病", "上学", "以上都没有"), chosen(several("a", "b", "c"), "12", "3", "1")
    )
    assert [option.exclusive for option in question.options] == [False, False, True]
    assert doubts == ("codebook_exclusive_guessed",)


def test_an_option_that_says_so_and_is_often_joined_is_a_doubt():
    question, doubts = guess_exclusive(
        several("看病", "上学", "不知道"), chosen(several("a", "b", "c"), "13", "23", "3")
    )
    assert not any(option.exclusive for option in question.options)
    assert doubts == ("codebook_exclusive_unclear",)


def test_an_option_that_is_always_alone_where_others_are_not_is_exclusive():
    rows = ["12"] * 18 + ["1", "2"] + ["3"] * 10
    question, doubts = guess_exclusive(several("看病", "上学", "我们很好"), chosen(several("a", "b", "c"), *rows))
    assert [option.exclusive for option in question.options] == [False, False, True]
    assert doubts == ("codebook_exclusive_guessed",)


def test_an_option_that_is_rarely_chosen_is_not():
    rows = ["12"] * 18 + ["1"] * 9 + ["3"]
    question, doubts = guess_exclusive(several("看病", "上学", "玩"), chosen(several("a", "b", "c"), *rows))
    assert not any(option.exclusive for option in question.options)
    assert doubts == ()


@pytest.fixture
def plain_table() -> Export:
    """A table without a form: what anybody's spreadsheet is."""
    frame = pd.DataFrame(
        {
            "编号": [f"F{row}" for row in range(12)],
            "性别": ["男", "女", "(跳过)"] * 4,
            "年龄": [str(row + 20) for row in range(12)],
            "意见": [f"意见{row}" for row in range(12)],
        },
        dtype="str",
    )
    none = Form("", "", (), {}, (), ())
    return Export("表.xlsx", frame, none, words={"(跳过)": Reason.SKIPPED}, roles={"key": "编号"})


def test_a_table_without_a_form_becomes_one_question_per_column(plain_table):
    form = derive(plain_table)
    assert {name: (question.kind, question.source) for name, question in form.questions.items()} == {
        "q1": ("select_one", "性别"),
        "q2": ("integer", "年龄"),
        "q3": ("text", "意见"),
    }
    assert [option.label["zh"] for option in form.questions["q1"].options] == ["男", "女"]
    assert [finding.rule for finding in form.findings] == ["codebook_options_by_appearance"]


def test_every_doubt_is_said_in_both_languages():
    for word, label in DOUBTS.items():
        assert word.startswith("codebook_")
        assert label["zh"] and label["en"]


def records(rows: int = 24) -> list[list[Given]]:
    kinds = [(0, 1), (1, 2), (3,), (0,)]
    return [[Given(kinds[row % 4]), Given(row % 2), Given(f"意见{row}")] for row in range(rows)]


@pytest.fixture
def derived(tmp_path: Path) -> Form:
    """The codebook of an export by text."""
    asked = [NEEDS, Asked("one", "=1+1 您的性别？", ("男", "女")), Asked("text", "您的意见")]
    return read_wjx([write_text(tmp_path / "386_按文本_需求(一)_24_24.xlsx", asked, records())]).form


def test_a_codebook_is_read_as_the_form_it_was(derived, tmp_path):
    write_codebook(derived, tmp_path / "codebook.xlsx")
    again = read_form(tmp_path / "codebook.xlsx")
    assert again.questions == derived.questions
    assert (again.title, again.version, again.languages) == ("需求(一)", "", ("zh", "en"))
    assert {finding.rule for finding in again.findings} <= {"pyxform"}


def test_pyxform_accepts_it(derived, tmp_path):
    write_codebook(derived, tmp_path / "codebook.xlsx")
    said: list[str] = []
    assert "q1" in convert(tmp_path / "codebook.xlsx", warnings=said).xform
    assert said == []


def test_the_sheets_of_a_codebook(derived, tmp_path):
    write_codebook(derived, tmp_path / "codebook.xlsx")
    book = openpyxl.load_workbook(tmp_path / "codebook.xlsx")
    assert book.sheetnames == ["survey", "choices", "settings", "说明"]
    header = [cell.value for cell in book["survey"][1]]
    first = dict(zip(header, (cell.value for cell in book["survey"][2]), strict=True))
    assert first["type"] == "select_multiple q1_options"
    assert first["label::中文 (zh)"] == "孩子需要什么？"
    assert first["label::English (en)"] is None
    assert first["source"] == "1、孩子需要什么？"
    assert DOUBTS["codebook_exclusive_guessed"]["zh"] in first["check"]
    assert DOUBTS["codebook_options_by_appearance"]["en"] in first["check"]
    fill = book["survey"].cell(2, header.index("label::English (en)") + 1).fill.fgColor.rgb
    assert fill == "FFFFF2CC"
    choices = [[cell.value for cell in row] for row in book["choices"].iter_rows(min_row=2)]
    assert ["q1_options", "3", "以上都没有"] in [row[:3] for row in choices] or len(choices) == 6
    assert Counter(row[0] for row in choices) == {"q1_options": 4, "q2_options": 2}
    readme = [cell.value for row in book["说明"].iter_rows() for cell in row]
    assert any("source" in text for text in readme if text)


def test_formula_like_wording_stays_text(derived, tmp_path):
    write_codebook(derived, tmp_path / "codebook.xlsx")
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "codebook.xlsx")["survey"].iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if str(cell.value).startswith("=1+1")] == ["s"]


def test_the_same_codebook_has_the_same_bytes(derived, tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        write_codebook(derived, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_a_codebook_is_never_overwritten(derived, tmp_path):
    write_codebook(derived, tmp_path / "codebook.xlsx")
    before = (tmp_path / "codebook.xlsx").read_bytes()
    with pytest.raises(InputError, match=r"codebook\.xlsx exists, and somebody may have completed it"):
        write_codebook(derived, tmp_path / "codebook.xlsx")
    assert (tmp_path / "codebook.xlsx").read_bytes() == before
    with pytest.raises(InputError, match="cannot be written"):
        write_codebook(derived, tmp_path / "no folder" / "codebook.xlsx")


def test_groups_repeats_and_logic_are_written(tmp_path):
    made = [
        Question("sex", "select_one", {"zh": "性别"}, (Option("f", {"zh": "女"}),), group=("family",)),
        Question(
            "age", "integer", {"zh": "年龄"}, relevant=("${sex} = 'f'", "1 = 1"), constraint=". < 99", required=True
        ),
        Question("name", "text", {"zh": "名字"}, group=("members", "who"), repeat="members"),
        Question("old", "calculate", calculation="${age} + 1", group=("members",), repeat="members"),
        Question("rank", "other", {"zh": "排序"}, (Option("a", {"zh": "甲"}), Option("b", {"zh": "乙"}))),
    ]
    form = Form("表", "3", ("zh",), {question.name: question for question in made}, ("members",), ())
    write_codebook(form, tmp_path / "codebook.xlsx")
    again = read_form(tmp_path / "codebook.xlsx")
    assert (again.repeats, again.version) == (("members",), "3")
    assert again.questions["age"].relevant == ("(${sex} = 'f') and (1 = 1)",)
    for question in made:
        assert replace(again.questions[question.name], relevant=question.relevant) == question


def test_only_numbers_leave_the_wordings_to_a_person(tmp_path):
    asked = [Asked("one", "您的性别？", ("男", "女")), NEEDS]
    rows = [[Given(row % 2), Given((0, 1) if row % 2 else (3,))] for row in range(8)]
    form = read_wjx([write_number(tmp_path / "b.xlsx", asked, rows)]).form
    assert form.questions["q1"].options == (Option("1", {}, "1"), Option("2", {}, "2"))
    assert [option.label["zh"] for option in form.questions["q2"].options] == list(NEEDS.options)
    rules = {finding.rule for finding in form.findings}
    assert {"codebook_labels_missing", "codebook_wording_missing"} <= rules
    write_codebook(form, tmp_path / "codebook.xlsx")
    assert read_form(tmp_path / "codebook.xlsx").questions == form.questions


def test_no_words_of_respondents_reach_a_codebook(tmp_path):
    """Free text with the platform's own signs, and words beside an option, stay out of options and labels."""
    asked = [Asked("one", "性别", ("男", "其他")), Asked("text", "意见")]
    rows = [
        [Given(row % 2, {1: f"私{row}┋话"} if row % 2 else None), Given(f"张三{row}┋李四{row}→王五")]
        for row in range(9)
    ]
    paths = [write_text(tmp_path / "a_按文本.xlsx", asked, rows), write_number(tmp_path / "b.xlsx", asked, rows)]
    for chosen_paths in (paths[:1], paths[1:], paths):
        export = read_wjx(chosen_paths)
        told = repr(export.form)
        assert not any(word in told for word in ("私", "话", "张三", "李四", "王五"))
        assert export.form.questions["q2"].kind == "text"
