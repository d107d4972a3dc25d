"""Corrections: a declared log applied to a raw export, derived back from the data, and written for those who clean."""

import datetime as dt
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from xzz_analysis.errors import InputError
from xzz_analysis.intake.answers import Option, Question, Reason
from xzz_analysis.intake.corrections import (
    CHANGES,
    NOTHING,
    REMOVED_WORD,
    Correction,
    Log,
    apply,
    compare,
    derive,
    read_log,
    write_workbook,
)
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form

YES_NO = (Option("yes", {"en": "Yes", "zh": "是"}), Option("no", {"en": "No", "zh": "否"}))
PAPERS = tuple(Option(name, {"en": name.title(), "zh": zh}) for name, zh in (("permit", "居住证"), ("card", "医保卡")))
QUESTIONS = (
    Question("school", "select_one", {"en": "In school?", "zh": "上学吗？"}, YES_NO),
    Question("papers", "select_multiple", {"en": "Papers", "zh": "证件"}, (*PAPERS, Option("other"))),
    Question("age", "integer", {"en": "Age", "zh": "年龄"}),
    Question("spent", "decimal"),
    Question("born", "date"),
    Question("remark", "text"),
)
FORM = Form("form", "", ("en", "zh"), {question.name: question for question in QUESTIONS}, (), ())
SECRET = "王小明 13912345678"
"""A key and a text that no message may show."""
FRAME = pd.DataFrame(
    {
        "id": ["a", "b", SECRET, "d", "d"],
        "school": ["yes", "no", "", "yes", "yes"],
        "papers": ["permit card", "card", "", "other", "other"],
        "papers/permit": ["1", "0", "", "0", "0"],
        "papers/card": ["1", "1", "", "0", "0"],
        "papers/other": ["0", "0", "", "1", "1"],
        "age": ["7", "8.0", "", "70", "70"],
        "spent": ["3e+05", "1.50", "", "", ""],
        "born": ["2017-05-10", "2016-01-01T08:00:00+08:00", "", "", ""],
        "remark": [SECRET, "", "", "", ""],
        "area": ["x", "y", "z", "", ""],
    },
    dtype="str",
)
RAW = Export("raw.csv", FRAME, FORM)


def change(question: str, new: str = "", old: str = "", key: str = "a", **more: str) -> Correction:
    """A correction; one without a new value takes the answer out."""
    kind = "change_response" if new else "blank_response"
    return Correction(
        2, **{"change": kind, "question": question, "key": key, "old": old, "new": new, "reason": "r", **more}
    )


def log_of(*corrections: Correction) -> Log:
    return Log("log.csv", corrections)


def corrected(*corrections: Correction, export: Export = RAW) -> pd.Series:
    """The first record after the corrections."""
    return apply(export, log_of(*corrections), "id")[0].frame.iloc[0]


def refused(*corrections: Correction, export: Export = RAW) -> str:
    with pytest.raises(InputError) as error:
        apply(export, log_of(*corrections), "id")
    assert "王" not in str(error.value) and "139" not in str(error.value)
    return str(error.value)


def rules(findings: tuple) -> dict[str, int]:
    return {finding.rule: finding.count for finding in findings}


# --- applying -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "old", "new", "left"),
    [
        ("school", "yes", "no", "no"),
        ("school", "Yes", "否", "no"),
        ("school", "yes · Yes · 是", "no · No · 否", "no"),
        ("age", "7.0", "9", "9"),
        ("spent", "300000", "30000", "30000"),
        ("born", "2017-05-10", "2018-05-10", "2018-05-10"),
        ("remark", SECRET, "removed a name", "removed a name"),
        ("area", "x", "y", "y"),
    ],
)
def test_an_answer_is_changed_when_the_cell_holds_what_is_expected(question, old, new, left):
    row = corrected(change(question, new, old))
    assert row[question] == left
    assert row.drop(question).equals(FRAME.iloc[0].drop(question))


@pytest.mark.parametrize(
    ("question", "old", "new", "whole", "marks"),
    [
        ("papers", "card permit", "other", "other", "001"),
        ("papers", "permit card", "card other", "card other", "011"),
        ("papers", "permit card", "居住证", "permit", "100"),
        ("papers/card", "1", "0", "permit", "100"),
        ("papers.other", "0", "TRUE", "permit card other", "111"),
    ],
)
def test_a_select_multiple_stays_consistent(question, old, new, whole, marks):
    row = corrected(change(question, new, old))
    assert (row["papers"], "".join(row[["papers/permit", "papers/card", "papers/other"]])) == (whole, marks)


def test_choosing_an_option_answers_a_blank_question():
    frame = apply(RAW, log_of(change("papers/card", "1", NOTHING, SECRET)), "id")[0].frame
    assert frame.loc[2, ["papers", "papers/permit", "papers/card", "papers/other"]].tolist() == ["card", "0", "1", "0"]


def test_option_columns_keep_their_own_spelling_and_the_whole_cell_its_order():
    frame = FRAME.replace({"papers/permit": {"1": "TRUE", "0": "FALSE"}}).rename(
        columns=lambda name: name.replace("/", ".")
    )
    frame = frame.assign(**{"papers.card": "TRUE", "papers.other": "FALSE", "papers": "card permit"})
    row = corrected(change("papers.other", "1", "0"), export=Export("kobo.csv", frame, FORM))
    assert row[["papers", "papers.permit", "papers.other"]].tolist() == ["card permit other", "TRUE", "TRUE"]


def test_a_question_with_only_its_own_column():
    export = Export("raw.csv", FRAME[["id", "papers"]], FORM)
    assert corrected(change("papers/card", "0", "1"), export=export)["papers"] == "permit"
    assert corrected(change("papers", "other", "card permit"), export=export)["papers"] == "other"
    assert corrected(change("papers", "", "permit card"), export=export)["papers"] == REMOVED_WORD


def test_an_option_without_a_column_gets_one():
    export = Export("raw.csv", FRAME.drop(columns="papers/other"), FORM)
    made, _ = apply(export, log_of(change("papers", "other", "permit card")), "id")
    assert made.frame["papers/other"].tolist() == ["1", "0", "", "0", "0"]
    assert made.frame.columns[-1] == "papers/other"


def test_an_answer_taken_out_is_removed_and_not_blank():
    made, applied = apply(RAW, log_of(change("school"), change("papers")), "id")
    assert (made.frame.iloc[0] == REMOVED_WORD).sum() == 5
    assert made.words == {REMOVED_WORD: Reason.REMOVED}
    assert applied.cells == 2
    assert "correction_unguarded" in rules(applied.findings)


def test_taking_out_the_last_known_option_takes_out_the_answer():
    export = Export("raw.csv", FRAME.assign(**{"papers": "card", "papers/permit": "", "papers/other": ""}), FORM)
    row = corrected(change("papers/card", "", "1"), export=export)
    assert row[["papers", "papers/permit", "papers/card", "papers/other"]].tolist() == [REMOVED_WORD] * 4
    known = corrected(change("papers/card", "", "1"))
    assert known[["papers", "papers/permit", "papers/card", "papers/other"]].tolist() == ["permit", "1", "", "0"]


def test_a_record_is_taken_out_once():
    again = [Correction(row, "remove_survey", key="b", issue="pilot") for row in (2, 3)]
    made, applied = apply(RAW, log_of(*again, change("age", "9", "8", "b")), "id")
    assert made.frame["id"].tolist() == ["a", SECRET, "d", "d"]
    assert made.frame.index.tolist() == [0, 1, 2, 3]
    assert applied.taken_out["id"].tolist() == ["b"]
    assert rules(applied.findings) == {"correction_without_effect": 1}
    assert [finding.count for finding in applied.findings] == [1, 1]
    assert "王" not in repr(applied) + repr(log_of(*again))


def test_the_raw_export_is_never_changed():
    before = FRAME.copy(deep=True)
    apply(RAW, log_of(change("papers"), change("school", "no", "yes")), "id")
    pd.testing.assert_frame_equal(FRAME, before)


def test_corrections_of_one_cell_name_what_the_earlier_one_left():
    assert corrected(change("age", "8", "7"), change("age", "9", "8"))["age"] == "9"
    assert corrected(change("age", "", "7"), change("age", "9", NOTHING))["age"] == "9"
    assert "1 correction(s) expect another value" in refused(change("age", "8", "7"), change("age", "9", "7"))


def test_expect_wins_over_old():
    assert corrected(change("age", "8", "17", expect="7"))["age"] == "8"


def test_a_row_that_repeats_an_earlier_one_is_told_and_stops_nothing():
    _, applied = apply(RAW, log_of(change("age", "8", "7"), change("age", "8", "7")), "id")
    assert rules(applied.findings) == {"correction_repeated": 1}
    assert applied.counts["n"].tolist() == [1]


def test_counts_of_the_annex():
    done = [
        change("age", "8", "7"),
        change("age", "9", "8", "b"),
        Correction(5, "no_action", "age", key=SECRET, issue="odd"),
    ]
    _, applied = apply(RAW, log_of(*done, Correction(6, "remove_survey", key="b", reason="pilot")), "id")
    assert applied.counts.to_dict("tight")["data"] == [
        ["age", "change_response", "r", 2],
        ["", "no_action", "odd", 1],
        ["", "remove_survey", "pilot", 1],
    ]
    assert applied.cells == 1  # the other is gone with its record


def test_everything_that_cannot_be_applied_is_told_at_once():
    wrong = [
        change("school", "no", "no"),
        change("age", "9", "7", "nobody"),
        change("age", "9", "70", "d"),
        change("agee", "9", "7"),
        change("papers/permitt", "1", "0"),
        change("school", "noo", "yes"),
        change("remark", "x", "something else"),
    ]
    message = refused(*wrong, change("spent", "1", "3"))
    assert message.startswith("log.csv: 1 row(s) cannot be used, so nothing was corrected")
    for said in (
        "log.csv: school: 1 correction(s) expect another value than the cell holds (no, not yes) (row 2)",
        "log.csv: age: 1 correction(s) name a record that the export does not have (row 2)",
        "log.csv: age: 1 correction(s) name a key that several records have (row 2)",
        "name a question that the export does not have; did you mean 'age'?",
        "name a question that the export does not have; did you mean 'papers/permit'?",
        "log.csv: school: 1 correction(s) name an option that its list lacks (noo); did you mean 'no'?",
        "log.csv: remark: 1 correction(s) expect another value than the cell holds (row 2)",
        "log.csv: spent: 1 correction(s) expect another value",
    ):
        assert said in message


@pytest.mark.parametrize(
    ("question", "new", "said"),
    [
        ("age", "7.5", "give no whole number"),
        ("age", "about 7", "give no number"),
        ("spent", SECRET, "give no number"),
        ("born", "10/5/2017", "give no day written YYYY-MM-DD"),
        ("born", "2017-02-30", "give no day written YYYY-MM-DD"),
        ("papers", f"card {SECRET}", "name an option that its list lacks"),
        ("papers/card", "perhaps", "give an option neither 1 nor 0"),
    ],
)
def test_a_new_value_must_be_an_answer(question, new, said):
    assert said in refused(change(question, new))


def test_the_key_is_never_corrected():
    assert "name a question that the export does not have" in refused(change("id", "z", "a"))


def test_missing_key_column():
    with pytest.raises(InputError, match=r"raw\.csv has no column 'idd'; did you mean 'id'"):
        apply(RAW, log_of(), "idd")


# --- deriving and comparing ---------------------------------------------------------------------------------

UNIQUE = Export("raw.csv", FRAME.iloc[:4].reset_index(drop=True), FORM)


def cleaned(**cells: str) -> Export:
    """The raw export whose first record holds other cells, its records turned round."""
    frame = UNIQUE.frame.copy()
    for header, text in cells.items():
        frame.loc[0, header.replace("__", "/")] = text
    return Export("clean.csv", frame[::-1].reset_index(drop=True), FORM)


def told(log: Log) -> list[tuple[str, str, str, str]]:
    return [(one.change, one.question, one.old, one.new) for one in log.corrections]


def test_the_same_values_written_otherwise_are_no_correction():
    same = cleaned(age="7.0", spent="300000", born="2017-05-10T00:00:00", school=" yes ", papers="card permit")
    assert told(derive(UNIQUE, same, "id")) == []


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"age": "8"}, [("change_response", "age", "7", "8")]),
        ({"school": ""}, [("blank_response", "school", "yes", "")]),
        ({"papers__other": "1"}, [("change_response", "papers", "permit card", "permit card other")]),
        (
            {"papers__permit": "0", "papers__card": "0"},
            [("change_response", "papers/permit", "1", "0"), ("change_response", "papers/card", "1", "0")],
        ),
        ({"papers__other": ""}, [("blank_response", "papers/other", "0", "")]),
    ],
)
def test_differences_become_corrections(cells, expected):
    derived = derive(UNIQUE, cleaned(**cells), "id")
    assert told(derived) == expected
    assert [one.row for one in derived.corrections] == [1] * len(expected)


def test_what_no_correction_explains_is_told():
    clean = cleaned(papers="permit")
    frame = pd.concat([clean.frame.drop(columns="area").assign(district="north"), FRAME.iloc[[0]].assign(id="new")])
    frame = frame[frame["id"] != "b"].drop(columns="area").fillna("").reset_index(drop=True)
    derived = derive(UNIQUE, Export("clean.csv", frame, FORM), "id")
    assert told(derived) == [("remove_survey", "", "", "")]
    assert rules(derived.findings) == {
        "columns_removed": 1,
        "columns_added": 1,
        "records_added": 1,
        "options_disagree": 1,
    }
    assert "district" in str(derived.findings[1])


def test_keys_that_repeat_cannot_be_matched():
    with pytest.raises(InputError, match="1 record\\(s\\) repeat the key of another in column 'id'"):
        derive(RAW, UNIQUE, "id")


@pytest.mark.parametrize(
    ("corrections", "clean", "expected"),
    [
        ([change("age", "8.0", "7")], {"age": "8"}, []),
        ([change("age", "8", "7"), change("age", "9", "8")], {"age": "9"}, []),
        ([change("age", "8", "7"), change("age", "7", "8")], {}, []),
        ([change("age", "8", "7")], {}, [("log_only", "age")]),
        ([change("age", "8", "7")], {"age": "9"}, [("other_value", "age")]),
        ([], {"age": "9"}, [("data_only", "age")]),
        ([change("papers/other", "1", "0")], {"papers__other": "1"}, []),
        ([change("papers", "other card permit", "permit card")], {"papers__other": "1"}, []),
        ([change("papers/card", "0", "1")], {"papers__other": "1"}, [("other_value", "papers")]),
        ([change("papers/card", "0", "1")], {"papers__other": "1", "papers__card": "0"}, [("other_value", "papers")]),
        ([change("papers", "other", "card")], {}, [("log_only", "papers")]),
        ([change("papers.card", "1", "1")], {}, []),
        ([Correction(2, "remove_survey", key="a", reason="r")], {}, [("log_only", "")]),
    ],
)
def test_a_log_is_compared_with_the_data(corrections, clean, expected):
    found = compare(log_of(*corrections), derive(UNIQUE, cleaned(**clean), "id"), FORM)
    assert list(zip(found["difference"], found["question"], strict=True)) == expected
    assert "a" not in found.astype(str).to_numpy().ravel()


# --- rounds and keys ----------------------------------------------------------------------------------------


def test_a_log_of_several_rounds():
    log = log_of(change("age", "8", "7", round="r1"), change("age", "8", "7", round="r2"))
    assert [one.round for one in log.of_round("r2", ["r1", "r2"]).corrections] == ["r2"]
    with pytest.raises(InputError, match=r"name round 'r22', which study\.yml lacks; did you mean 'r2'"):
        log_of(change("age", round="r22")).of_round("r2", ["r1", "r2"])
    with pytest.raises(InputError, match="name no round although the study has several"):
        log_of(change("age")).of_round("r2", ["r1", "r2"])
    assert len(log_of(change("age")).of_round("r1", ["r1"])) == 1


def test_keys_are_replaced_by_pseudonyms():
    log = log_of(change("age", key="a")).rekeyed(lambda key: key * 2)
    assert log.frame()["key"].tolist() == ["aa"]


# --- reading ------------------------------------------------------------------------------------------------

HEADER = "key,question,change,old,new,reason,when\n"


def read_text(tmp_path: Path, text: str, name: str = "log.csv", **options: object) -> Log:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_log(tmp_path / name, **options)


@pytest.mark.parametrize(
    "header",
    [
        "key,question,change,old,new,reason,when",
        "uuid,question,change_type,old_value,new_value,issue,when",
        "_uuid,questions,Change_Type,old_value,new_value,issue,when",
        "记录编号,题目,更正方式,原值,新值,更正原因,更正日期",
    ],
)
def test_headers_of_cleaningtools_and_in_chinese(tmp_path, header):
    log = read_text(tmp_path, f"{header}\n007, age ,change_response,7,8,typed wrong,2025-05-10\n")
    (one,) = log.corrections
    assert (one.row, one.key, one.question, one.change, one.old, one.new, one.why, one.when) == (
        *(2, "007", "age", "change_response", "7", "8", "typed wrong", "2025-05-10"),
    )


def test_yaml_keeps_what_was_written(tmp_path):
    text = "- {key: 007, question: school, old: no, new: yes, change: change_response, reason: r, when: 2025-05-10}\n"
    text += "- {uuid: 1e3, change: remove_survey, issue: 试点}\n"
    log = read_text(tmp_path, text.replace("uuid", "key"), "log.yml")
    assert [(one.row, one.key, one.old, one.new) for one in log.corrections] == [
        (1, "007", "no", "yes"),
        (2, "1e3", "", ""),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {key: a, key: b}", "'key' is written twice"),
        ("key: a", "is no list of corrections"),
        ("- {key: a, new: [1, 2]}", "a field holds a list or a mapping"),
        ("- {key: a", "log.yml, line"),
    ],
)
def test_yaml_that_is_no_log(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        read_text(tmp_path, text, "log.yml")


def test_a_column_nobody_knows_is_refused_unless_it_is_declared(tmp_path):
    text = f"{HEADER.strip()},resaon,field_team\na,age,change_response,7,8,r,,{SECRET},9\n"
    with pytest.raises(
        InputError, match=r"2 column\(s\) are no part of a log of corrections \('resaon', did you mean 'reason'"
    ):
        read_text(tmp_path, text)
    log = read_text(tmp_path, text, columns={"resaon": "", "field_team": "who"})
    assert log.corrections[0].who == "9"
    with pytest.raises(InputError, match="`columns` names a column 'team'"):
        read_text(tmp_path, text, columns={"team": "who"})
    with pytest.raises(InputError, match="`columns` names a field 'whom'"):
        read_text(tmp_path, text, columns={"field_team": "whom"})


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("key,uuid,question,change,reason", "two columns mean 'key'"),
        ("question,change,reason", "there is no column 'key'"),
        ("key,question,change", "there is no column 'reason'"),
        (f"{SECRET},8,9", "no column of its first row is known"),
    ],
)
def test_a_header_must_be_certain(tmp_path, header, said):
    with pytest.raises(InputError, match=said) as error:
        read_text(tmp_path, header + "\n" + ",".join("x" for _ in header.split(",")) + "\n")
    assert "王" not in str(error.value)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "a,age,chnage_response,7,8,r,",
            "name the change 'chnage_response', which does not exist; did you mean 'change_response'",
        ),
        (f"a,age,{SECRET},7,8,r,", "name no known change"),
        (",age,change_response,7,8,r,", "name no record"),
        ("a,,blank_response,7,,r,", "name no question"),
        ("a,age,change_response,7,8,,", "give no reason"),
        ("a,age,change_response,7,,r,", "give no new value"),
        ("a,age,blank_response,7,8,r,", "give a new value with blank_response"),
        ("a,age,change_response,7,8,r,06/07/2021", "have a day that is not written YYYY-MM-DD"),
        ("a,age,,7,8,r,", "name no known change"),
    ],
)
def test_rows_that_are_refused(tmp_path, row, said):
    with pytest.raises(InputError) as error:
        read_text(tmp_path, f"{HEADER}{row}\n{row}\n")
    assert f"log.csv: 2 correction(s) {said}" in str(error.value)
    assert "(rows 2, 3)" in str(error.value)
    assert "王" not in str(error.value)


def test_rows_nobody_decided_on_are_left_out(tmp_path):
    log = read_text(tmp_path, f"{HEADER}a,age,,7,,,\na,age,no_action,7,,,\n")
    assert (len(log), rules(log.findings)) == (1, {"correction_undecided": 1})


# --- the workbook for cleaning by hand ----------------------------------------------------------------------

LOOK = pd.DataFrame(
    {
        "key": ["a", "b", "a", "b"],
        "question": ["school", "age", "papers/card", "remark"],
        "old": ["yes", "8.0", "1", "=1+1"],
        "issue": ["odd", "outlier", "", "=HYPERLINK(0)"],
    }
)


@pytest.fixture
def book(tmp_path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(write_workbook(LOOK, FORM, tmp_path / "look.xlsx"))


def test_the_workbook_offers_changes_and_the_forms_options(book):
    sheet = book.worksheets[0]
    lists = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert lists["H2:H205"] == "'changes 方式'!$A$2:$A$5"
    assert lists["I2"] == "'options 选项'!$E$2:$E$3"
    assert lists["I4"] == '"1,0"'
    assert lists["I6:I205"].startswith("OFFSET(")
    assert [cell.value for cell in book["options 选项"]["E"]][1:4] == [
        "yes · Yes · 是",
        "no · No · 否",
        "permit · Permit · 居住证",
    ]
    assert len(book["changes 方式"]["A"]) == len(CHANGES) + 1


def test_the_workbook_is_bilingual_frozen_and_explained(book):
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]][:4] == [
        "key 记录编号",
        "round 轮次",
        "question 题目",
        "wording / 题目原文",
    ]
    assert sheet.freeze_panes == "D2"
    assert sheet["D2"].value == "上学吗？\nIn school?"
    assert all(row[0].value and row[1].value for row in book["readme 说明"].iter_rows())


def test_text_never_becomes_a_formula(book):
    kinds = {cell.data_type for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value}
    assert kinds == {"s"}
    assert book.worksheets[0]["E5"].value == "=HYPERLINK(0)"


def test_the_filled_workbook_is_read_back(tmp_path, book):
    sheet = book.worksheets[0]
    filled = {"H2": "change_response 改为新值", "I2": "no · No · 否", "J2": "typed wrong", "L2": dt.date(2025, 5, 10)}
    filled |= {"H3": "change_response", "I3": 9, "J3": "r", "H4": "清空此题", "J4": "r"}
    for place, value in filled.items():
        sheet[place] = value
    book.save(tmp_path / "filled.xlsx")
    log = read_log(tmp_path / "filled.xlsx")
    assert told(log) == [
        ("change_response", "school", "yes", "no · No · 否"),
        ("change_response", "age", "8.0", "9"),
        ("blank_response", "papers/card", "1", ""),
    ]
    assert (log.corrections[0].when, rules(log.findings)) == ("2025-05-10", {"correction_undecided": 1})
    made, _ = apply(RAW, log, "id")
    assert made.frame.loc[0, ["school", "papers", "papers/card"]].tolist() == ["no", "permit", ""]
    assert made.frame.loc[1, "age"] == "9"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (LOOK.drop(columns="key"), "has no field 'key'"),
        (LOOK.rename(columns={"issue": "isue"}), "has an unknown field 'isue'; did you mean 'issue'"),
    ],
)
def test_rows_that_fit_no_workbook(tmp_path, rows, said):
    with pytest.raises(InputError, match=said):
        write_workbook(rows, FORM, tmp_path / "look.xlsx")


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        write_workbook(LOOK, FORM, tmp_path / "nowhere" / "look.xlsx")
