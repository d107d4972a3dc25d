"""Kobo and ODK exports → answers with reasons, against small hand-written forms and files."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.answers import Answers, Option, Question, Reason
from xzz_analysis.intake.headers import find_column, r_name, restore
from xzz_analysis.intake.table import Keyed, read_table
from xzz_analysis.study import Table, open_study
from xzz_analysis.study.themes import Themes

CHOICES = """
| choices |
| | list_name | name | label::English (en) | label::中文 (zh) |
| | yn    | yes       | Yes        | 是     |
| | yn    | no        | No         | 否     |
| | yn    | dk        | Don't know | 不知道 |
| | paper | residence | Residence  | 居住证 |
| | paper | health    | Health     | 医保卡 |
| | paper | école     | School     | 学籍   |
| | paper | dk        | Don't know | 不知道 |
"""
DK = {"DONT_KNOW": ["dk"], "REFUSED": ["-98"], "INVALID": ["999"]}


class Folder:
    """A study folder on disk that is read with as few words as possible."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept: tuple[str, ...] = ()
        self.tables: dict[str, Table] = {}
        self.files: dict[str, Path] = {}

    def table(
        self, form: str, raw: str | dict[str, str], unit: str = "family", choices: str = "", **options: object
    ) -> None:
        text = f"| survey |\n{form.strip()}\n{CHOICES}{choices}"
        (self.path / f"{unit}.md").write_text(text, encoding="utf-8")
        texts = raw if isinstance(raw, dict) else {"r1": raw}
        files = {name: self.path / f"{name}_{unit}.csv" for name in texts}
        for name, text in texts.items():
            files[name].write_text(text, encoding="utf-8")
        options = {"key": "id", "form": self.path / f"{unit}.md", "raw": self.files or files, **options}
        self.tables[unit] = Table.model_validate({"reader": "kobo"} | options)

    def read(self, unit: str = "family", parent: Keyed | None = None) -> dict[str, Keyed]:
        rounds = {name: SimpleNamespace(collected=(dt.date(2025, 5, 1), dt.date(2025, 5, 31))) for name in ("r1", "r2")}
        study = SimpleNamespace(
            tables=self.tables,
            rounds=rounds,
            kept_columns=lambda unit: self.kept,
            themes=Themes(),
            settings=SimpleNamespace(privacy=None, quality={}, time_zone="Asia/Shanghai"),
        )
        return read_table(study, unit, parent)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def read(folder: Folder):
    """Read one question: its row of the survey sheet, and the export."""

    def answers(form: str, raw: str | dict[str, str], **options: object) -> Answers:
        header = "| | type | name | label | relevant | constraint | required | calculation |\n"
        folder.table(header + form, raw, **options)
        return folder.read()["family"].answers

    return answers


def found(answers: Answers, rule: str) -> list[Finding]:
    return [finding for finding in answers.findings if finding.rule == rule]


def only(answers: Answers, rule: str) -> Finding:
    findings = found(answers, rule)
    assert len(findings) == 1, answers.findings
    return findings[0]


def reasons(answers: Answers, column: str) -> list[str]:
    return [Reason(code).name for code in answers.reasons[column]]


def values(answers: Answers, column: str) -> list[object]:
    return [None if pd.isna(value) else value for value in answers.values[column]]


# --- select_one, numbers, dates, text -----------------------------------------------------------------------


def test_select_one_keeps_names_and_types_the_rest(read):
    answers = read("| | select_one yn | q | |", "id,q\n1,yes\n2, no \n3,\n4,dk\n5,-98\n6,999\n", missing=DK)
    assert values(answers, "q") == ["yes", "no", None, None, None, None]
    assert reasons(answers, "q") == ["ANSWERED", "ANSWERED", "BLANK", "DONT_KNOW", "REFUSED", "INVALID"]
    assert [option.name for option in answers.questions["q"].options] == ["yes", "no"]
    assert answers.values["q"].dtype == "str"
    assert not found(answers, "option_unlisted")


def test_option_not_in_the_list_is_invalid_and_reported_without_free_text(read):
    raw = "id,q\n1,yess\n2,yess\n3,her own words\n4,13912345678\n5,no\n"
    answers = read("| | select_one yn | q | |", raw)
    assert reasons(answers, "q") == ["INVALID"] * 4 + ["ANSWERED"]
    finding = only(answers, "option_unlisted")
    assert (finding.count, finding.severity, finding.where) == (4, "warning", "r1_family.csv: q")
    assert finding.message == (
        "4 answer(s) name 3 option(s) that its list lacks (yess); did you mean 'yes'?; they count as invalid"
    )
    assert "tables.family.added_options.q" in finding.remedy


@pytest.mark.parametrize(("one", "two", "three"), [("Yes", "No", "Don't know"), ("是", "否", "不知道")])
def test_labels_in_the_export_are_matched(read, one, two, three):
    answers = read("| | select_one yn | q | |", f"id,q\n1,{one}\n2,{two}\n3,\n4,{three}\n", missing=DK)
    assert values(answers, "q") == ["yes", "no", None, None]
    assert reasons(answers, "q")[3] == "DONT_KNOW"
    assert only(answers, "labels_exported").severity == "note"


def test_labels_are_not_matched_when_one_value_is_no_label(read):
    answers = read("| | select_one yn | q | |", "id,q\n1,Yes\n2,maybe\n")
    assert reasons(answers, "q") == ["INVALID", "INVALID"]


def test_labels_that_two_options_share_are_not_matched(read):
    added = {"q": {"never": {"en": "No"}}}
    answers = read("| | select_one yn | q | |", "id,q\n1,Yes\n2,No\n", added_options=added)
    assert reasons(answers, "q") == ["INVALID", "INVALID"]


def test_added_options_extend_the_list(read):
    added = {"q": {"later": {"en": "Later"}}}
    answers = read("| | select_one yn | q | |", "id,q\n1,later\n", added_options=added)
    assert values(answers, "q") == ["later"]
    assert answers.questions["q"].option_label("later") == {"en": "Later"}


def test_added_options_of_an_unknown_question(read):
    answers = read("| | select_one yn | paid | |", "id,paid\n1,yes\n", added_options={"paiid": {"x": {}}})
    finding = only(answers, "question_unknown")
    assert (finding.severity, "did you mean 'paid'" in finding.message) == ("error", True)


@pytest.mark.parametrize("kind", ["integer", "decimal"])
def test_numbers(read, kind):
    raw = "id,n\n1,7\n2,1.50\n3,\n4,999\n5,999.0\n6,-98\n7,about 5\n8,1e3\n9,inf\n"
    answers = read(f"| | {kind} | n | |", raw, missing=DK)
    assert values(answers, "n") == [7.0, 1.5, None, None, None, None, None, 1000.0, None]
    assert reasons(answers, "n")[2:7] == ["BLANK", "INVALID", "INVALID", "REFUSED", "INVALID"]
    finding = only(answers, "value_unreadable")
    assert (finding.count, "2 cell(s) hold no number" in finding.message) == (2, True)
    assert "about" not in str(finding)


def test_recorded_numbers_keep_codes_as_the_form_saw_them(read):
    numbers = read("| | integer | n | |", "id,n\n1,7\n2,999\n3,\n4,x\n", missing=DK)
    np.testing.assert_array_equal(numbers.recorded["n"], [7, 999, np.nan, np.nan])
    worded = read("| | integer | n | |", "id,n\n1,7\n2,dk\n3,\n4,x\n", missing=DK)
    assert worded.recorded["n"].tolist() == ["7", "dk", "", ""]


def test_dates(read):
    raw = "id,d\n1,2025-05-10\n2,2025-05-11T08:00:00.000+08:00\n3,\n4,2025-02-30\n5,10/5/25\n6,dk\n"
    answers = read("| | date | d | |", raw, missing=DK)
    assert answers.values["d"].dtype == "datetime64[us]"
    assert answers.values["d"].dt.day.tolist()[:2] == [10, 11]
    assert reasons(answers, "d")[2:] == ["BLANK", "INVALID", "INVALID", "DONT_KNOW"]
    assert "2 cell(s) hold no date" in only(answers, "value_unreadable").message


def test_calculated_numbers_are_kept_and_texts_are_not(read):
    form = "\n".join(f"| | calculate | {name} | | | | | 1 |" for name in ("total", "class", "none"))
    answers = read(form, "id,total,class,none\n1,3,poor,\n2,,3,\n")
    assert answers.values["total"].tolist()[0] == 3.0
    assert values(answers, "class") == [None, None]
    assert reasons(answers, "class") == ["ANSWERED", "ANSWERED"]
    assert [question.name for question in answers.tabulated()] == ["total"]
    assert list(answers.recorded) == ["total"]


@pytest.mark.parametrize("kind", ["text", "geopoint", "note", "start", "barcode", "select_one_from_file x.csv"])
def test_texts_and_metadata_are_never_stored(read, kind):
    answers = read(f"| | {kind} | q | Q |", "id,q\n1,secret words\n2,\n")
    assert values(answers, "q") == [None, None]
    assert reasons(answers, "q") == ["ANSWERED", "BLANK"]
    assert "q" not in answers.recorded


def test_declared_blanks_count_as_empty(read):
    form = "| | select_one yn | q | |\n| | integer | n | |\n| | select_multiple paper | p | |"
    answers = read(form, "id,q,n,p\n1,NA,NA,NA\n2,yes,1,health\n", blank=["", "NA"])
    assert [reasons(answers, column)[0] for column in answers.values] == ["BLANK"] * len(answers.values.columns)


# --- select_multiple ----------------------------------------------------------------------------------------

PAPERS = "| | select_multiple paper | p | |"
OPTIONS = ("residence", "health", "école")


def chosen(answers: Answers) -> list[list[object]]:
    return [values(answers, f"p/{option}") for option in OPTIONS]


def test_multiple_from_one_cell(read):
    answers = read(PAPERS, "id,p\n1,residence health\n2,\n3,école\n4,dk\n", missing=DK)
    assert chosen(answers) == [[1.0, None, 0.0, None], [1.0, None, 0.0, None], [0.0, None, 1.0, None]]
    assert reasons(answers, "p/health") == ["ANSWERED", "BLANK", "ANSWERED", "DONT_KNOW"]
    assert reasons(answers, "p/health") == reasons(answers, "p/école")
    assert list(answers.values) == [f"p/{option}" for option in OPTIONS]
    assert answers.recorded["p"].tolist() == ["residence health", "", "école", "dk"]


@pytest.mark.parametrize("separator", ["/", ".", "_"])
@pytest.mark.parametrize(("yes", "no"), [("1", "0"), ("1.0", "0.0"), ("TRUE", "FALSE")])
def test_multiple_from_option_columns(read, separator, yes, no):
    header = ",".join(f"p{separator}{option}" for option in (*OPTIONS, "dk"))
    raw = f"id,{header}\n1,{yes},{yes},{no},{no}\n2,{no},{no},{no},{no}\n3,,,,\n4,{no},{no},{no},{yes}\n"
    answers = read(PAPERS, raw, missing=DK)
    assert reasons(answers, "p/health") == ["ANSWERED", "BLANK", "BLANK", "DONT_KNOW"]
    assert chosen(answers) == [[1.0, None, None, None], [1.0, None, None, None], [0.0, None, None, None]]
    assert answers.recorded["p"].tolist() == ["residence health", "", "", "dk"]
    assert not answers.findings[1:]


def test_columns_without_accents_are_matched_with_a_note(read):
    answers = read(PAPERS, "id,p/residence,p/ecole\n1,0,1\n")
    assert chosen(answers)[2] == [1.0]
    assert "match the form only without accents: p/ecole" in only(answers, "column_unaccented").message


def test_own_column_wins_over_option_columns(read):
    raw = "id,p,p/residence,p/health\n1,residence,0,1\n2,residence,1,0\n3,,1,\n4,,0,0\n5,health,,\n"
    answers = read(PAPERS, raw)
    assert chosen(answers)[0] == [1.0, 1.0, None, None, 0.0]
    finding = only(answers, "options_disagree")
    assert (finding.count, "in 3 answer(s) the option columns disagree" in finding.message) == (3, True)


def test_word_that_is_no_option(read):
    answers = read(PAPERS, "id,p\n1,residence pasport\n2,pasport\n3,pasport dk\n", missing=DK)
    assert reasons(answers, "p/residence") == ["ANSWERED", "INVALID", "DONT_KNOW"]
    assert chosen(answers)[0] == [1.0, None, None]
    finding = only(answers, "option_unlisted")
    assert (finding.count, "pasport" in finding.message) == (3, False)
    assert "an answer without any counts as invalid" in finding.message


def test_an_unlisted_word_is_shown_only_as_a_slip_of_an_option(read):
    slips = read("| | select_one yn | q | |", "id,q\n1,yess\n2,Zhang_Sanfeng\n3,F7882\n")
    message = only(slips, "option_unlisted").message
    assert "(yess); did you mean 'yes'?" in message
    assert "Zhang" not in message
    assert "F7882" not in message


def test_a_number_like_a_phone_is_never_kept(read):
    answers = read("| | integer | tel | |", "id,tel\n1,13812345678\n2,42\n")
    assert answers.values["tel"].tolist()[1] == 42
    assert reasons(answers, "tel") == ["INVALID", "ANSWERED"]
    finding = only(answers, "number_identifies")
    assert finding.count == 1
    assert "138" not in finding.message


def test_free_text_is_never_kept_even_if_a_group_names_it(folder):
    folder.table("| | type | name | label | relevant |\n| | text | remark | | |", "id,remark\n1,张三 13812345678\n")
    folder.kept = ("remark",)
    answers = folder.read()["family"].answers
    assert answers.values["remark"].isna().all()
    assert only(answers, "text_not_kept").severity == "error"
    assert not [one for one in answers.findings if "张三" in str(one) or "138" in str(one)]


def test_option_column_that_the_list_lacks(read):
    answers = read(PAPERS, "id,p/residence,p/other\n1,1,1\n2,0,1\n3,0,0\n")
    assert reasons(answers, "p/residence") == ["ANSWERED", "INVALID", "BLANK"]
    assert "2 answer(s) name 1 option(s)" in only(answers, "option_unlisted").message
    assert not found(answers, "column_unknown")


def test_declared_code_beside_options(read):
    answers = read(PAPERS, "id,p\n1,residence dk\n2,dk\n", missing=DK)
    assert reasons(answers, "p/residence") == ["ANSWERED", "DONT_KNOW"]
    finding = only(answers, "code_with_options")
    assert (finding.count, "the options stand" in finding.message) == (1, True)


def test_option_cell_that_is_neither_0_nor_1(read):
    answers = read(PAPERS, "id,p/residence,p/health\n1,x,1\n")
    assert chosen(answers)[0] == [0.0]
    assert "1 cell(s) of its option columns hold neither 0 nor 1" in only(answers, "value_unreadable").message


def test_question_name_wins_over_an_option_column_of_the_same_spelling(read):
    answers = read(PAPERS + "\n| | integer | p_health | |", "id,p,p_residence,p_health\n1,residence,1,3\n")
    assert values(answers, "p_health") == [3.0]
    assert chosen(answers)[1] == [0.0]


def test_longer_question_name_owns_an_option_column_that_two_could_own(read):
    form = "| | select_multiple short | p | |\n| | select_multiple long | p_a | |"
    choices = "| | short | a_b | x |\n| | short | c | x |\n| | long | b | x |\n"
    answers = read(form, "id,p_c,p_a_b\n1,1,1\n", choices=choices)
    assert (values(answers, "p/a_b"), values(answers, "p/c"), values(answers, "p_a/b")) == ([None], [1.0], [1.0])
    assert reasons(answers, "p/a_b") == ["NOT_ASKED"]


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sets(st.sampled_from([*OPTIONS, "dk"])), min_size=1, max_size=8))
def test_every_layout_gives_the_same_answers(read, picks):
    names = (*OPTIONS, "dk")
    cells = [" ".join(name for name in names if name in pick) for pick in picks]
    marks = [[str(int(name in pick)) if pick else "" for name in names] for pick in picks]
    columns = ",".join(f"p/{name}" for name in names)
    layouts = (
        "\n".join(["id,p", *(f"{row},{cell}" for row, cell in enumerate(cells))]),
        "\n".join([f"id,{columns}", *(f"{row},{','.join(mark)}" for row, mark in enumerate(marks))]),
    )
    one, split = (read(PAPERS, layout, missing=DK) for layout in layouts)
    pd.testing.assert_frame_equal(one.values, split.values)
    pd.testing.assert_frame_equal(one.reasons, split.reasons)
    pd.testing.assert_frame_equal(one.recorded, split.recorded)


# --- skip logic ---------------------------------------------------------------------------------------------

AGE_THEN_SCHOOL = "| | integer | age | | | | yes |\n| | select_one yn | school | | ${age} >= 6 | | yes |"


def test_blanks_are_skipped_blank_or_unknown(read):
    answers = read(AGE_THEN_SCHOOL, "id,age,school\n1,3,\n2,8,\n3,8,yes\n4,,\n5,x,\n")
    assert reasons(answers, "school") == ["SKIPPED", "BLANK", "ANSWERED", "SKIPPED", "BLANK"]
    required = {finding.where: finding.count for finding in found(answers, "required_blank")}
    assert required == {"r1_family.csv: age": 1, "r1_family.csv: school": 1}
    finding = only(answers, "skip_unknown")
    assert (finding.count, "what the export does not tell (age)" in finding.message) == (1, True)


def test_skip_logic_sees_declared_codes_as_written(read):
    form = "| | select_one yn | q | |\n| | integer | n | | ${q} = 'dk' |"
    answers = read(form, "id,q,n\n1,dk,\n2,yes,\n", missing=DK)
    assert reasons(answers, "n") == ["BLANK", "SKIPPED"]


def test_logic_of_a_column_that_is_not_exported_is_unknown(read):
    answers = read(AGE_THEN_SCHOOL, "id,school\n1,\n2,yes\n")
    assert reasons(answers, "school") == ["BLANK", "ANSWERED"]
    assert "(age)" in only(answers, "skip_unknown").message
    assert not found(answers, "required_blank")
    assert "left out: age" in only(answers, "question_without_column").message


def test_false_condition_of_a_group_decides_even_beside_an_unknown_one(read):
    form = """
| | begin_group | g |  | ${lost} = 'x' |
| | begin_group | h |  | ${q} = 'yes' |
| | integer     | n |  | |
| | end_group   |   |  | |
| | end_group   |   |  | |
| | select_one yn | q | | |
| | text | lost | | |"""
    answers = read(form.strip(), "id,q,n\n1,no,\n2,yes,\n")
    assert reasons(answers, "n") == ["SKIPPED", "BLANK"]


def test_skip_logic_may_read_text_that_is_not_stored(read):
    form = "| | text | why | |\n| | integer | n | | ${why} != '' |"
    answers = read(form, "id,why,n\n1,because,\n2,,\n")
    assert reasons(answers, "n") == ["BLANK", "SKIPPED"]


def test_today_is_the_last_day_of_the_round(folder):
    folder.table(
        "| | type | name | label | relevant | constraint |\n| | date | d | | | . <= today() |",
        "id,d\n1,2025-05-31\n2,2025-06-01\n",
    )
    assert folder.read()["family"].arrivals["r1"].broken["d"].tolist() == [False, True]


def test_answer_that_the_form_cannot_have_shown_is_kept_and_reported(read):
    answers = read(AGE_THEN_SCHOOL, "id,age,school\n1,3,yes\n2,8,yes\n")
    assert reasons(answers, "school") == ["ANSWERED", "ANSWERED"]
    finding = only(answers, "answer_not_shown")
    assert (finding.count, finding.where) == (1, "r1_family.csv: school")


def test_broken_constraints_are_known_to_the_checks(folder):
    header = "| | type | name | label | relevant | constraint |\n"
    folder.table(f"{header}| | integer | n | | | . >= 0 and .<= 20 |", "id,n\n1,21\n2,5\n3,\n4,dk\n", missing=DK)
    families = folder.read()["family"]
    assert reasons(families.answers, "n") == ["ANSWERED", "ANSWERED", "BLANK", "DONT_KNOW"]
    assert families.arrivals["r1"].broken["n"].tolist() == [True, False, False, False]


def test_unreadable_skip_logic_leaves_blanks_blank(read):
    answers = read("| | integer | n | | selected(${a} |", "id,n\n1,\n2,3\n")
    assert reasons(answers, "n") == ["BLANK", "ANSWERED"]
    assert only(answers, "expression_unread").where == "family.md: relevant of n"
    assert "reads as no expression" in only(answers, "skip_unknown").message


# --- columns and rounds -------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["n", "home/room/n", "room/n", "home-room-n", "room:n"])
def test_group_names_in_front_are_optional(read, header):
    groups = "| | begin_group | home | |\n| | begin_group | room | |\n"
    form = groups + "| | integer | n | |\n| | end_group |\n| | end_group |"
    assert values(read(form, f"id,{header}\n1,5\n"), "n") == [5.0]


def test_option_columns_with_group_names(read):
    form = f"| | begin_group | home | |\n{PAPERS}\n| | end_group | | |"
    assert chosen(read(form, "id,home/p,home/p/residence\n1,residence,1\n"))[0] == [1.0]


def test_repeated_question_names_are_told_apart_by_their_groups(read):
    form = """
| | begin_group | a | |
| | integer | n | |
| | end_group | | |
| | begin_group | b | |
| | integer | n | |
| | end_group | | |"""
    answers = read(form.strip(), "id,a/n,b/n\n1,5,7\n")
    assert (values(answers, "n"), values(answers, "n_001")) == ([5.0], [7.0])


def test_question_that_a_round_lacks_is_not_asked_there(read):
    form = f"| | integer | n | |\n{PAPERS}\n| | date | d | |\n| | integer | m | | ${{n}} > 1 |"
    raw = {"r1": "id,n,m\n1,5,\n2,5,1\n", "r2": "id,p,d,m\n1,health,2025-05-01,\n"}
    answers = read(form, raw)
    assert answers.rounds.tolist() == ["r1", "r1", "r2"]
    assert reasons(answers, "n") == ["ANSWERED", "ANSWERED", "NOT_ASKED"]
    assert reasons(answers, "p/health") == ["NOT_ASKED", "NOT_ASKED", "ANSWERED"]
    assert reasons(answers, "m") == ["BLANK", "ANSWERED", "BLANK"]
    assert values(answers, "d")[:2] == [None, None]
    assert answers.recorded["p"].tolist() == ["", "", "health"]
    notes = {finding.where: finding.message for finding in found(answers, "question_not_asked")}
    assert "2 question(s)" in notes["r1_family.csv"] and "not asked in r1: p, d" in notes["r1_family.csv"]
    assert "not asked in r2: n" in notes["r2_family.csv"]


def test_calculation_that_is_text_in_one_round_is_not_kept(read):
    answers = read("| | calculate | c | | | | | 1 |", {"r1": "id,c\n1,5\n", "r2": "id,c\n1,poor\n"})
    assert values(answers, "c") == [None, None]
    assert list(answers.tabulated()) == []


def test_number_that_is_coded_in_words_in_one_round(read):
    answers = read("| | integer | n | |", {"r1": "id,n\n1,5\n2,\n", "r2": "id,n\n1,dk\n"}, missing=DK)
    assert answers.recorded["n"].tolist() == ["5", "", "dk"]
    assert values(answers, "n") == [5.0, None, None]


def test_columns_that_the_study_names_are_kept_as_written(folder, read):
    folder.kept = ("stratum", "class", "q", "absent")
    form = "| | calculate | class | | | | | 1 |\n| | select_one yn | q | |"
    answers = read(form, {"r1": "id,g/stratum,class,q\n1,b,2,yes\n2,,1,no\n", "r2": "id,class\n1,3\n"})
    assert answers.questions["stratum"] == Question("stratum", "column", options=(*_options("b"),))
    assert values(answers, "stratum") == ["b", None, None]
    assert reasons(answers, "stratum") == ["ANSWERED", "BLANK", "NOT_ASKED"]
    assert answers.questions["class"].kind == "column"
    assert answers.questions["class"].options == tuple(_options("1", "2", "3"))
    assert answers.questions["q"].kind == "select_one"
    assert "absent" not in answers.questions


def _options(*names: str) -> list[Option]:
    return [Option(name) for name in names]


def test_columns_that_belong_to_no_question_are_listed_once(read):
    header = "id,n,_uuid,meta/instanceID,end,extra," + ",".join(f"x{column}" for column in range(30))
    answers = read("| | integer | n | |", f"{header}\n" + ",".join("1" for _ in range(36)) + "\n")
    finding = only(answers, "column_unknown")
    assert finding.count == 31
    assert "31 column(s) belong to no question of the form and are not kept: extra, x0, x1" in finding.message
    assert finding.message.endswith("and 11 more")
    assert list(answers.values) == ["n"]


def test_missing_list_is_an_error_unless_the_study_knows_a_way(folder, read):
    form, raw = "| | select_one lost | q | Q |", "id,q\n1,a\n2,b\n"
    answers = read(form, raw)
    assert only(answers, "list_missing").severity == "error"
    assert values(answers, "q") == [None, None]
    folder.kept = ("q",)
    answers = read(form, raw)
    assert (only(answers, "list_missing").severity, values(answers, "q")) == ("warning", ["a", "b"])
    answers = read(form, raw, added_options={"q": {"a": {}, "b": {}}})
    assert (found(answers, "list_missing"), answers.questions["q"].kind) == ([], "select_one")


# --- keys and parents ---------------------------------------------------------------------------------------


def test_missing_key_column_suggests_the_nearest(read):
    with pytest.raises(InputError) as error:
        read("| | integer | n | |", "family_ids,n\n1,2\n", key="family_id")
    assert str(error.value).startswith(
        "r1_family.csv has no column 'family_id'; did you mean 'family_ids'?; without it rows cannot be"
    )


def test_empty_and_repeated_keys(folder, read):
    answers = read("| | integer | n | |", {"r1": "id,n\nA7,1\nB8,2\nA7,3\n,4\n,5\n", "r2": "id,n\nA7,6\n"})
    assert values(answers, "n") == [1.0, 2.0, 4.0, 5.0, 6.0]
    twice, empty = only(answers, "key_twice"), only(answers, "key_empty")
    assert (twice.severity, twice.count, empty.severity, empty.count) == ("error", 1, "error", 2)
    assert "the first row of each key is used, the later ones are left out" in twice.message
    assert "A7" not in str(twice)
    assert folder.read()["family"].keys.tolist()[-1] == ("r2", "A7")


def test_identifiers_are_never_kept(folder, read):
    folder.kept = ("id",)
    answers = read("| | integer | id | |\n| | integer | n | |", "id,n\n101,1\n")
    assert values(answers, "id") == [None]
    assert "never kept" in only(answers, "key_not_kept").message
    assert list(answers.recorded) == ["n"]


CHILD = """
| | type | name | label | relevant |
| | integer | age | | |
| | select_one yn | school | | ${age} > 5 and ${papers} = 'yes' |
"""


@pytest.fixture
def family_and_child(folder: Folder) -> dict[str, Keyed]:
    family = "| | type | name | label |\n| | select_one yn | papers | |\n| | text | name | |"
    folder.table(family, {"r1": "id,papers,name\nF1,yes,Li\nF2,no,Wu\nF3,perhaps,Xu\n", "r2": "id,papers\nF1,no\n"})
    rows = "c1,F1,8,\nc2,F2,8,\nc3,F3,8,\nc4,F9,8,\nc5,,8,\nc6,F1,3,\n"
    raw = {"r1": f"child_id,id,age,school\n{rows}", "r2": "child_id,id,age,school\nc1,F1,8,\n"}
    folder.table(CHILD, raw, "child", key="child_id", parent="family", parent_key="id")
    families = folder.read()
    return families | folder.read("child", families["family"])


def test_children_are_linked_within_their_round(family_and_child):
    child = family_and_child["child"].answers
    assert child.parent.tolist() == [0, 1, 2, -1, -1, 0, 3]
    assert child.parent.dtype == np.int64
    finding = only(child, "parent_missing")
    assert (finding.severity, finding.count, finding.where) == ("warning", 2, "r1_child.csv")
    assert "2 of 6 row(s) have no row in 'family' of round r1" in finding.message


def test_childs_skip_logic_reads_the_family(family_and_child):
    child = family_and_child["child"].answers
    assert reasons(child, "school") == ["BLANK", "SKIPPED", "BLANK", "BLANK", "BLANK", "SKIPPED", "SKIPPED"]
    finding = only(child, "skip_unknown")
    assert (finding.count, "(papers)" in finding.message) == (3, True)


def test_child_file_without_link_column(folder):
    folder.table("| | type | name |\n| | integer | n |", "id,n\n1,2\n")
    folder.table(CHILD, "child_id,family\nc1,F1\n", "child", key="child_id", parent="family", parent_key="family_id")
    with pytest.raises(InputError, match=r"r1_child\.csv has no column 'family_id'; did you mean 'family'"):
        folder.read("child", folder.read()["family"])


def test_child_without_its_parents_answers(folder):
    folder.table(CHILD, "id,age\n1,2\n", "child", parent="family", parent_key="id")
    with pytest.raises(InputError, match="table 'child' needs the answers of its parent 'family'"):
        folder.read("child")


# --- repeats ------------------------------------------------------------------------------------------------

ROSTER = """
| | type | name | label | relevant |
| | select_one yn | papers | | |
| | begin_repeat | member | | |
| | integer | age | | |
| | select_one yn | school | | ${age} > 5 and ${papers} = 'yes' |
| | end_repeat | | | |
"""
MAIN = [
    ["id", "papers", "_index", "_uuid"],
    ["F1", "yes", 1, "u1"],
    ["F2", "no", 2, "u2"],
    ["F1", "no", 3, "u3"],
]


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("columns", "links"),
    [
        (["_parent_index"], [[1], [2], [3], [9]]),
        (["_parent_index", "_submission__uuid"], [[7, "u1"], [7, "u2"], [7, "u3"], [7, "u9"]]),
    ],
)
def test_repeats_of_one_workbook_are_linked(folder, columns, links):
    ages = [8, 8, 8, 3]
    rows = [
        ["member/age", "member/school", *columns],
        *([age, None, *link] for age, link in zip(ages, links, strict=True)),
    ]
    folder.files = {"r1": workbook(folder.path / "export.xlsx", needs=MAIN, member=rows)}
    folder.table(ROSTER, "")
    read = folder.read()
    member = read["member"].answers
    assert (member.unit, list(member.questions)) == ("member", ["age", "school"])
    assert member.parent.tolist() == [0, 1, -1]  # the member of the submission left out is left out too
    assert reasons(member, "school") == ["BLANK", "SKIPPED", "SKIPPED"]
    assert only(member, "parent_missing").count == 1
    assert only(member, "parent_missing").where == "export.xlsx, sheet 'member'"
    assert list(read["family"].answers.questions) == ["papers"]


@pytest.mark.parametrize(
    ("main", "header", "links"),
    [
        ("id,papers", "id", ("F2", "F1")),
        ("id,KEY", "PARENT_KEY", ("uuid:2/member[1]", "uuid:1")),
        ("id,_id", "_submission__id", ("uuid:2", "uuid:1")),
    ],
)
def test_repeats_in_their_own_files(folder, main, header, links):
    repeat = folder.path / "r2_member.csv"
    repeat.write_text(f"age,{header}\n8,{links[0]}\n9,{links[1]}\n", encoding="utf-8")
    second = [("F1", "uuid:1"), ("F2", "uuid:2")]
    rows = "\n".join(",".join(row) for row in second)
    raw = {"r1": "id,papers\nX,yes\n", "r2": f"{main}\n{rows}\n"}
    folder.table(ROSTER, raw, repeats={"member": {"r2": repeat}})
    member = folder.read()["member"].answers
    assert (member.parent.tolist(), member.rounds.tolist()) == ([2, 1], ["r2", "r2"])


def test_repeat_without_link(folder):
    repeat = folder.path / "member.csv"
    repeat.write_text("age\n8\n", encoding="utf-8")
    folder.table(ROSTER, "id,papers\nF1,yes\n", repeats={"member": {"r1": repeat}})
    with pytest.raises(InputError, match=r"member\.csv has no column that links its rows with r1_family\.csv"):
        folder.read()


def test_repeat_without_data_and_unknown_repeat(folder):
    folder.table(ROSTER, "id,papers\nF1,yes\n", repeats={"members": {}})
    read = folder.read()
    assert list(read) == ["family"]
    assert "repeat 'member' (2 question(s)) has no data" in only(read["family"].answers, "repeat_without_data").message
    assert "'members', which is no repeat of the form; did you mean 'member'" in (
        only(read["family"].answers, "repeat_unknown").message
    )


def test_empty_export_and_empty_repeat(folder):
    sheets = {"needs": MAIN[:1], "member": [["age", "school", "_parent_index"]]}
    folder.files = {"r1": workbook(folder.path / "export.xlsx", **sheets)}
    folder.table(ROSTER, "")
    read = folder.read()
    assert (len(read["family"].answers), len(read["member"].answers)) == (0, 0)
    assert list(read["member"].answers.values) == ["age", "school"]


# --- nothing private in messages ----------------------------------------------------------------------------


def test_findings_never_show_a_key_or_free_text(folder, read):
    secret = "王小明 13912345678"
    raw = f'id,q,n,p,d,t\n"{secret}","{secret}","{secret}","{secret}","{secret}","{secret}"\n' * 2
    form = "| | select_one yn | q | |\n| | integer | n | |\n| | select_multiple paper | p | |\n| | date | d | |"
    answers = read(form + "\n| | text | t | | | . = '' |", raw.replace("\nid,q,n,p,d,t", ""))
    assert len(answers) == 1
    assert {finding.rule for finding in answers.findings} >= {
        "key_twice",
        "option_unlisted",
        "value_unreadable",
    }
    text = " ".join(map(str, answers.findings))
    assert "王小明" not in text and "139" not in text
    frames = (answers.values, answers.recorded)
    assert not any(
        frame.astype(str).apply(lambda column: column.str.contains("139")).any(axis=None) for frame in frames
    )


# --- the real survey ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def haiti(real_data: Path, root: Path) -> Answers:
    study = open_study(root / "examples" / "haiti_msna_2022")
    return read_table(study, "household", None)["household"].answers


@pytest.mark.real
def test_haiti_is_read_whole(haiti):
    kinds = pd.Series([question.kind for question in haiti.questions.values()]).value_counts()
    assert len(haiti) == 3896
    assert (kinds["select_one"], kinds["select_multiple"], kinds["integer"]) == (94, 48, 46)
    assert {finding.rule for finding in haiti.findings if finding.severity == "error"} == set()


@pytest.mark.real
def test_haiti_blanks_are_explained_by_skip_logic(haiti):
    columns = [question.columns[0] for question in haiti.questions.values()]
    counts = np.bincount(haiti.reasons[columns].to_numpy().ravel(), minlength=len(Reason))
    explained = counts[Reason.SKIPPED] / (counts[Reason.SKIPPED] + counts[Reason.BLANK])
    assert 0.93 < explained < 0.95
    assert counts[Reason.INVALID] == 3


@pytest.mark.real
def test_haiti_values_equal_the_raw_columns(haiti, real_data):
    raw = pd.read_csv(real_data / "haiti_msna_2022" / "main.csv.gz", dtype=str, keep_default_na=False)
    ages = haiti.values["i_enquete_age"]
    np.testing.assert_array_equal(ages, raw["i_enquete_age"].astype(float))
    for question in haiti.questions.values():
        for option in question.options if question.kind == "select_multiple" else ():
            column = f"{question.name}_{option.name}"
            if column in raw:
                answered = haiti.reasons[f"{question.name}/{option.name}"] == Reason.ANSWERED
                mine = haiti.values.loc[answered, f"{question.name}/{option.name}"]
                np.testing.assert_array_equal(mine, raw.loc[answered, column].astype(float))


# --- headers that another program wrote otherwise -------------------------------------------------------------

R_FORM = f"""
| | begin_group | home | |
| | integer | room-count | |
{PAPERS}
| | geopoint | place | |
| | end_group | | |
| | text | 1st | |"""


def test_names_that_r_wrote_are_those_of_the_form(read):
    raw = "X_uuid,home.room.count,home.p.residence,home.p.health,X_place_latitude,X1st\na,3,1,0,24.1,x\n"
    answers = read(R_FORM.strip(), raw, key="_uuid")
    assert values(answers, "room-count") == [3.0]
    assert values(answers, "p/residence") == [1.0] and values(answers, "p/health") == [0.0]
    assert reasons(answers, "1st") == ["ANSWERED"]
    note = only(answers, "column_renamed")
    assert (note.severity, note.count) == ("note", 6)
    for name in ("_uuid", "room-count", "p/residence", "p/health", "_place_latitude", "1st"):
        assert name in note.message
    assert not found(answers, "column_unknown")


@pytest.mark.parametrize("mark", ["\ufeff", "\ufeff\ufeff", "ï»¿", "ï..", "X.U.FEFF.", "X."])
def test_a_byte_order_mark_is_no_part_of_a_name(mark):
    questions = {"n": Question("n", "integer")}
    assert restore([f"{mark}n", "m"], questions) == {f"{mark}n": "n"}
    assert restore([f"{mark}_uuid", "n"], questions) == {f"{mark}_uuid": "_uuid"}
    assert find_column([f"{mark}id", "n"], "id") == f"{mark}id"


@pytest.mark.parametrize("mark", ["\ufeff", "\ufeff\ufeff", "X.U.FEFF."])
@pytest.mark.parametrize("key", ["id", "_uuid"])
def test_a_byte_order_mark_before_the_first_header_is_told(read, mark, key):
    answers = read("| | integer | n | |", f'"{mark}{key}",n\na,3\n', key=key)
    assert values(answers, "n") == [3.0]
    assert only(answers, "column_renamed").count == 1
    answers = read("| | integer | n | |", f'"{mark}n",id\n3,a\n')
    assert values(answers, "n") == [3.0] and only(answers, "column_renamed").message.endswith("are read as n")


@pytest.mark.parametrize(
    ("names", "headers"),
    [
        (["a-b", "a+b"], ["a.b"]),
        (["a-b", "a.b"], ["a.b"]),
        (["a-b"], ["a.b", "a-b"]),
        (["a-b"], ["a.b", "g.a.b"]),
        (["a-b"], ["a.b", "\ufeffa.b"]),
        (["n"], ["n", "\ufeffn"]),
    ],
)
def test_a_name_that_two_columns_may_have_had_is_left_alone(names, headers):
    assert restore(headers, {name: Question(name, "integer", group=("g",)) for name in names}) == {}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("_uuid", "X_uuid"),
        ("1、您的性别？", "X1.您的性别."),
        ("meta/instanceID", "meta.instanceID"),
        (".5", "X.5"),
        (".a", ".a"),
        ("/a", "X.a"),
        ("if", "if."),
        ("école", "école"),
        ("a b-c", "a.b.c"),
    ],
)
def test_names_as_r_makes_them(name, written):
    """As ``make.names`` of R 4.3 in a UTF-8 locale writes them."""
    assert r_name(name) == written


def test_a_header_that_is_a_question_is_no_rewritten_one(read):
    answers = read("| | integer | X_uuid | |\n| | integer | n | |", "id,X_uuid,n\n1,5,7\n")
    assert values(answers, "X_uuid") == [5.0] and not found(answers, "column_renamed")


def test_a_study_may_name_a_column_as_r_wrote_it(read):
    for header in ("X_uuid", "_uuid"):
        assert values(read("| | integer | n | |", f"{header},n\na,3\n", key="X_uuid"), "n") == [3.0]
