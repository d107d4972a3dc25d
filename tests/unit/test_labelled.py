"""SPSS and Stata files: labels, user-missing values, several choices, encodings, damage."""

import datetime as dt
import struct

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from xzz_analysis.errors import InputError, XzzError
from xzz_analysis.intake.answers import Option, Question, Reason
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.labelled import read_coded, read_labelled
from xzz_analysis.intake.labelled.missing import reason_of
from xzz_analysis.intake.labelled.variables import code_text
from xzz_analysis.intake.readers import read_without_form
from xzz_analysis.intake.store import read_study
from xzz_analysis.intake.table.cells import Coding, read_cells
from xzz_analysis.study import open_study

HUKOU = Question(
    "hukou",
    "select_one",
    {"zh": "户口类型", "en": "Hukou"},
    (Option("rural", {"zh": "农业户口"}), Option("urban", {"zh": "非农业户口"}), Option("none", {"zh": "没有户口"})),
)
AGE = Question("age", "integer", {"zh": "年龄"})
INCOME = Question("income", "decimal", {"zh": "月收入（千元）"})
MOVED = Question("moved", "date", {"zh": "来本市的日期"})
NEEDS = Question(
    "needs",
    "select_multiple",
    {"zh": "需要哪些服务"},
    (Option("study", {"zh": "课业辅导"}), Option("health", {"zh": "健康检查"}), Option("none", {"zh": "都不需要"})),
)
QUESTIONS = {question.name: question for question in (HUKOU, AGE, INCOME, MOVED, NEEDS)}
MISSING = {97: "不知道", 98: "拒绝回答", 99: "跳过"}
REASONS = {97: Reason.DONT_KNOW, 98: Reason.REFUSED, 99: Reason.SKIPPED}


def form(*questions):
    return Form("儿童", "1", ("zh", "en"), {question.name: question for question in questions}, (), ())


def invented(rows=40):
    """Codes as a person would enter them, user-missing codes and empty cells included."""
    random = np.random.default_rng(8)
    frame = pd.DataFrame(
        {
            "hukou": random.choice([1.0, 2.0, 3.0, 97.0, 98.0, 99.0, np.nan], rows),
            "age": random.choice([0.0, 6.0, 11.0, 15.0, 97.0, 98.0, np.nan], rows),
            "income": random.choice([0.1, 3.25, 12.0, 98.0, 99.0, np.nan], rows),
            "moved": random.choice([dt.date(2024, 2, 29), dt.date(1999, 12, 31), None], rows),
        }
    )
    needs = random.choice([0.0, 1.0], (rows, 3))
    needs[random.random(rows) < 0.2] = random.choice([97.0, 98.0, np.nan])
    needs[0], needs[1] = 98.0, np.nan
    return frame.join(pd.DataFrame(needs, columns=["needs_1", "needs_2", "needs_3"]))


LABELS = {
    **{question.name: question.label["zh"] for question in (HUKOU, AGE, INCOME, MOVED)},
    **{f"needs_{place}": f"需要哪些服务：{option.label['zh']}" for place, option in enumerate(NEEDS.options, 1)},
}
VALUE_LABELS = {
    "hukou": {1: "农业户口", 2: "非农业户口", 3: "没有户口"} | MISSING,
    "age": MISSING,
    "income": MISSING,
    **{f"needs_{place}": {0: "未选中", 1: "选中"} | MISSING for place in (1, 2, 3)},
}


def write_sav(frame, path, **options):
    """Labels and user-missing values as SPSS keeps them."""
    missing = {name: [{"lo": 97, "hi": 99}] for name in VALUE_LABELS if name in frame}
    defaults = {"column_labels": LABELS, "variable_value_labels": VALUE_LABELS, "missing_ranges": missing}
    pyreadstat.write_sav(frame, path, **(defaults | options))
    return path


def write_dta(frame, path):
    """The same with Stata's .a, .b and .c."""
    letters = {97.0: "a", 98.0: "b", 99.0: "c"}
    coded = frame.copy()
    for name in VALUE_LABELS:
        coded[name] = [None if code != code else letters.get(code, code) for code in frame[name]]
    labels = {
        name: {letters.get(float(code), code): label for code, label in spec.items()}
        for name, spec in VALUE_LABELS.items()
        if name not in ("income",)
    }
    missing = {name: ["a", "b", "c"] for name in VALUE_LABELS}
    pyreadstat.write_dta(coded, path, column_labels=LABELS, variable_value_labels=labels, missing_user_values=missing)
    return path


def expected_values(frame, name, names=None):
    """What an analyst expects: names of options or numbers, NaN where there is a reason instead."""
    names = names or {}
    return [np.nan if code != code or code in MISSING else names.get(code, code) for code in frame[name]]


def expected_reasons(frame, name):
    return [Reason.BLANK if code != code else REASONS.get(code, Reason.ANSWERED) for code in frame[name]]


def assert_column(export, question, values, reasons):
    cells = read_cells(question, export.frame[question.name], Coding("x", missing=export.words))
    assert list(cells.reasons) == reasons
    pd.testing.assert_series_equal(
        pd.Series(cells.values[question.name]), pd.Series(values), check_dtype=False, check_names=False
    )


@pytest.fixture(params=["sav", "zsav", "dta"])
def written(request, tmp_path):
    frame = invented()
    path = tmp_path / f"儿童.{request.param}"
    if request.param == "dta":
        return frame, write_dta(frame[[*LABELS]], path)
    return frame, write_sav(frame, path, compress=request.param == "zsav")


def test_round_trip_with_a_form(written):
    frame, path = written
    export = read_labelled(path, form(*QUESTIONS.values()))
    assert export.form.questions == QUESTIONS
    assert_column(
        export,
        HUKOU,
        expected_values(frame, "hukou", {1: "rural", 2: "urban", 3: "none"}),
        expected_reasons(frame, "hukou"),
    )
    assert_column(export, AGE, expected_values(frame, "age"), expected_reasons(frame, "age"))
    days = pd.to_datetime(frame["moved"]).to_numpy("datetime64[us]")
    assert_column(export, MOVED, days, [Reason.BLANK if pd.isna(day) else Reason.ANSWERED for day in days])


def test_round_trip_of_decimals(written):
    frame, path = written
    export = read_labelled(path, form(INCOME))
    reasons = expected_reasons(frame, "income")
    if path.suffix == ".dta":  # its letters have no labels here, so nothing says why
        reasons = [Reason.BLANK if reason in (Reason.REFUSED, Reason.SKIPPED) else reason for reason in reasons]
        assert "missing_unexplained" in {finding.rule for finding in export.findings}
    assert_column(export, INCOME, expected_values(frame, "income"), reasons)


@pytest.mark.parametrize("declared", [True, False])
def test_round_trip_of_several_choices(written, declared):
    frame, path = written
    export = read_labelled(path, form(NEEDS) if declared else None)
    question = export.form.questions["needs"]
    assert question.kind == "select_multiple"
    assert [option.label["zh"] for option in question.options] == ["课业辅导", "健康检查", "都不需要"]
    for place, option in enumerate(question.options, 1):
        codes = frame[f"needs_{place}"]
        words = ["" if code != code else f"({MISSING[code]})" if code in MISSING else str(int(code)) for code in codes]
        assert list(export.frame[f"needs/{option.name}"]) == words


def test_codebook_without_a_form(written):
    _, path = written
    questions = read_labelled(path).form.questions
    assert {name: question.kind for name, question in questions.items()} == {
        "hukou": "select_one", "age": "integer", "income": "decimal", "moved": "date", "needs": "select_multiple"
    }  # fmt: skip
    assert questions["hukou"].options == (
        Option("1", {"zh": "农业户口"}, code="1"),
        Option("2", {"zh": "非农业户口"}, code="2"),
        Option("3", {"zh": "没有户口"}, code="3"),
    )
    assert questions["hukou"].label == {"zh": "户口类型"}


def test_labels_decide_which_option_a_code_is(tmp_path):
    frame = pd.DataFrame({"sex": [1.0, 2.0, 1.0]})
    path = write_sav(frame, tmp_path / "x.sav", variable_value_labels={"sex": {1: "男", 2: "女"}})
    sex = Question("sex", "select_one", {}, (Option("1", {"zh": "女"}), Option("2", {"zh": "男"})))
    assert list(read_labelled(path, form(sex)).frame["sex"]) == ["2", "1", "2"]


def test_user_missing_codes_are_missing_only_where_they_are_declared(tmp_path):
    frame = pd.DataFrame({"q": [1.0, 98.0], "weight": [98.0, 55.0]})
    path = write_sav(frame, tmp_path / "x.sav", variable_value_labels={"q": {98: "拒答"}}, missing_ranges={"q": [98]})
    export = read_labelled(path)
    assert export.frame.to_dict("list") == {"q": ["1", "(拒答)"], "weight": ["98", "55"]}
    assert export.words == {"(拒答)": Reason.REFUSED}


def test_a_code_without_a_reason_is_blank_with_a_finding(tmp_path):
    frame = pd.DataFrame({"q": [1.0, -9.0, -8.0]})
    path = write_sav(
        frame, tmp_path / "x.sav", variable_value_labels={"q": {-8: "访员未录入"}}, missing_ranges={"q": [-9, -8]}
    )
    export = read_labelled(path)
    assert export.words == {"(-9)": Reason.BLANK, "(访员未录入)": Reason.BLANK}
    (finding,) = export.findings
    assert (finding.rule, finding.count) == ("missing_unexplained", 2)
    assert "(-9)" in finding.message


def test_a_labelled_refusal_is_no_age_even_when_nobody_declared_it(tmp_path):
    frame = pd.DataFrame({"age": [6.0, 7.0, 98.0]})
    path = write_sav(frame, tmp_path / "x.sav", variable_value_labels={"age": {98: "拒绝回答"}}, missing_ranges={})
    export = read_labelled(path)
    assert list(export.frame["age"]) == ["6", "7", "(拒绝回答)"]
    assert export.form.questions["age"].kind == "integer"


def test_values_without_a_label_are_counted(tmp_path):
    frame = pd.DataFrame({"q": [1.0, 2.0, 3.0, 3.0]})
    path = write_sav(
        frame,
        tmp_path / "x.sav",
        variable_value_labels={"q": {1: "是", 2: "否"}},
        missing_ranges={},
        variable_measure={"q": "nominal"},
    )
    export = read_labelled(path)
    assert [option.name for option in export.form.questions["q"].options] == ["1", "2", "3"]
    assert [(finding.rule, finding.count) for finding in export.findings] == [("value_unlabelled", 2)]


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("不知道", Reason.DONT_KNOW),
        ("不知道／说不清", Reason.DONT_KNOW),
        ("【拒绝回答】", Reason.REFUSED),
        ("Don’t know", Reason.DONT_KNOW),
        ("Not applicable", Reason.SKIPPED),
        ("未回答", Reason.BLANK),
        ("不知道或拒绝回答", None),
        ("不知道自己的权利", None),
        ("", None),
    ],
)
def test_reasons_that_labels_give(label, reason):
    assert reason_of(label) == reason


@pytest.mark.parametrize(("code", "text"), [(1.0, "1"), (-3.0, "-3"), (0.1, "0.1"), (1e20, "1e+20"), ("A ", "A")])
def test_codes_as_text(code, text):
    assert code_text(code) == text


@pytest.mark.parametrize(
    ("written", "value", "text"),
    [
        ("DATE11", dt.date(2025, 5, 1), "2025-05-01"),
        ("SDATE10", dt.date(1900, 1, 1), "1900-01-01"),
        ("DATETIME20", dt.datetime(2025, 5, 1, 23, 59, 58), "2025-05-01T23:59:58"),
    ],
)
def test_dates_of_spss(tmp_path, written, value, text):
    path = tmp_path / "x.sav"
    pyreadstat.write_sav(pd.DataFrame({"day": [value, None]}), path, variable_format={"day": written})
    export = read_labelled(path)
    assert list(export.frame["day"]) == [text, ""]
    assert export.form.questions["day"].kind == "date"


@pytest.mark.parametrize(
    ("written", "value", "text"),
    [
        ("%td", 23862.0, "2025-05-01"),
        ("%tm", 784.0, "2025-05-01"),
        ("%tq", 261.0, "2025-04-01"),
        ("%tc", 1e3, "1960-01-01T00:00:01"),
    ],
)
def test_dates_of_stata(tmp_path, written, value, text):
    path = tmp_path / "x.dta"
    pyreadstat.write_dta(pd.DataFrame({"day": [value]}), path, variable_format={"day": written})
    assert list(read_labelled(path).frame["day"]) == [text]


def with_record(data, subtype, content):
    """A .sav with one more extension record before the end of its dictionary."""
    end = data.index(struct.pack("<ii", 999, 0))
    return data[:end] + struct.pack("<4i", 7, subtype, 1, len(content)) + content + data[end:]


@pytest.mark.parametrize(
    ("declared", "options", "cells"),
    [
        ("$needs=D1 1 6 服务 a b \n", ["a", "b"], {"needs/a": ["1", "0", ""], "needs/b": ["0", "1", ""]}),
        ("$needs=C 6 服务 a b \n", ["1", "2"], {"needs/1": ["1", "1", ""], "needs/2": ["0", "0", ""]}),
    ],
)
def test_declared_response_sets(tmp_path, declared, options, cells):
    frame = pd.DataFrame({"a": [1.0, np.nan, np.nan], "b": [np.nan, 1.0, np.nan]})
    path = tmp_path / "x.sav"
    labels = {"a": {1: "辅导", 2: "体检"}, "b": {1: "辅导", 2: "体检"}}
    pyreadstat.write_sav(frame, path, variable_value_labels=labels)
    path.write_bytes(with_record(path.read_bytes(), 7, declared.encode()))
    export = read_labelled(path)
    question = export.form.questions["needs"]
    assert (question.label, [option.name for option in question.options]) == ({"zh": "服务"}, options)
    assert export.frame.to_dict("list") == cells


def undeclared(path, labels, encoding):
    """A .sav as old SPSS wrote it: labels in some encoding, none declared."""
    longest = max(len(label.encode(encoding)) for label in labels)
    filler = {name: letter * longest for name, letter in zip(("q1", "q2", "q3"), "XYZ", strict=False)}
    pyreadstat.write_sav(pd.DataFrame({name: [1.0] for name in filler}), path, column_labels=filler)
    data = path.read_bytes().replace(struct.pack("<4i", 7, 20, 1, 5) + b"UTF-8", b"")
    data = data.replace(struct.pack("<i", 65001), struct.pack("<i", 2))
    for label, letter in zip(labels, "XYZ", strict=False):
        data = data.replace(letter.encode() * longest, label.encode(encoding).ljust(longest))
    path.write_bytes(data)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_old_files_without_an_encoding(tmp_path, encoding):
    undeclared(tmp_path / "x.sav", ["户口类型", "孩子年龄", "家庭月收入"], encoding)
    labels = [question.label["zh"] for question in read_labelled(tmp_path / "x.sav").form.questions.values()]
    assert labels == ["户口类型", "孩子年龄", "家庭月收入"]


def test_western_labels_are_not_taken_for_chinese(tmp_path):
    undeclared(tmp_path / "x.sav", ["été à l'école", "âge déclaré", "qualité"], "latin-1")
    with pytest.raises(InputError, match="does not say in which encoding"):
        read_labelled(tmp_path / "x.sav")
    export = read_labelled(tmp_path / "x.sav", encoding="ISO-8859-1")
    assert export.form.questions["q1"].label == {"": "été à l'école"}


def test_a_wrong_declared_encoding_is_noticed(tmp_path):
    undeclared(tmp_path / "x.sav", ["户口类型", "孩子年龄", "家庭月收入"], "gb18030")
    data = (tmp_path / "x.sav").read_bytes()
    (tmp_path / "x.sav").write_bytes(with_record(data, 20, b"windows-1252"))
    findings = read_labelled(tmp_path / "x.sav").findings
    assert [finding.rule for finding in findings] == ["encoding_doubtful"]
    export = read_labelled(tmp_path / "x.sav", encoding="GB18030")
    assert export.form.questions["q1"].label == {"zh": "户口类型"}


@pytest.mark.parametrize("version", [0, 8, 10, 12, 13, 14, 15])
def test_truncated_files_are_refused(tmp_path, version):
    path = tmp_path / "whole"
    if version:
        labels = {"q": {1: "yes", 2: "no"}}
        pyreadstat.write_dta(
            pd.DataFrame({"q": [1, 2, 2], "s": ["a", "b", "c"]}), path, version=version, variable_value_labels=labels
        )
    else:
        write_sav(invented(), path)
    data = path.read_bytes()
    assert len(read_labelled(path).frame) in (3, 40)
    cut = tmp_path / "cut.sav"
    for part in range(1, 50, 3):
        cut.write_bytes(data[: len(data) * part // 50])
        with pytest.raises(InputError, match=r"cut\.sav"):
            read_labelled(cut)


def test_flipped_bits_never_end_the_program(tmp_path):
    path = write_sav(invented(5), tmp_path / "x.sav")
    data = bytearray(path.read_bytes())
    random = np.random.default_rng(3)
    for _ in range(12):
        place, bit = int(random.integers(len(data))), int(random.integers(8))
        data[place] ^= 1 << bit
        path.write_bytes(bytes(data))
        try:
            assert len(read_labelled(path).frame) == 5
        except InputError as error:
            assert "x.sav" in str(error)
        data[place] ^= 1 << bit


@pytest.mark.parametrize("data", [b"", b"abc", b"$FL2", b"$FL2" + b"\0" * 300, b"<stata_dta>", b"PK\x03\x04"])
def test_what_is_no_such_file(tmp_path, data):
    (tmp_path / "x.sav").write_bytes(data)
    with pytest.raises(InputError, match=r"x\.sav"):
        read_labelled(tmp_path / "x.sav")


def test_a_claim_of_more_records_than_bytes_is_refused_before_reading(tmp_path):
    path = write_sav(invented(5), tmp_path / "x.sav")
    data = bytearray(path.read_bytes())
    data[80:84] = struct.pack("<i", 2**30)
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match="cannot hold"):
        read_labelled(path)


def test_messages_show_no_respondent(tmp_path):
    frame = pd.DataFrame({"姓名": ["张三丰", "李四光"], "q": [1.0, -9.0]})
    path = write_sav(frame, tmp_path / "x.sav", missing_ranges={"q": [-9]}, column_labels={}, variable_value_labels={})
    export = read_labelled(path, form(AGE))
    said = " ".join(map(str, export.findings)) + repr(export.form)
    assert "张三丰" not in said and "李四光" not in said


def test_text_that_recurs_becomes_options_unless_it_names_people(tmp_path):
    frame = pd.DataFrame({"district": ["海淀", "朝阳"] * 6, "家长姓名": ["某甲", "某乙"] * 6})
    path = write_sav(frame, tmp_path / "x.sav", column_labels={}, variable_value_labels={}, missing_ranges={})
    questions = read_labelled(path).form.questions
    assert [option.name for option in questions["district"].options] == ["朝阳", "海淀"]
    assert (questions["家长姓名"].kind, questions["家长姓名"].options) == ("text", ())


def test_columns_that_are_no_question_keep_their_header(tmp_path):
    frame = pd.DataFrame({"编号": ["A1", "A2"], "age": [6.0, 7.0], "wt": [0.5, 1.25]})
    path = write_sav(frame, tmp_path / "x.sav", column_labels={}, variable_value_labels={}, missing_ranges={})
    export = read_labelled(path, form(AGE))
    assert export.frame.to_dict("list") == {"编号": ["A1", "A2"], "age": ["6", "7"], "wt": ["0.5", "1.25"]}
    assert (list(export.form.questions), export.roles) == (["age"], {"key": "编号"})
    assert [(finding.rule, finding.count) for finding in export.findings] == [("column_unknown", 1)]


SYNTAX = """\
* 由平台导出.
DATA LIST FILE='data.csv' /Q1 Q2.
VARIABLE LABELS Q1 "性别. (单选)" Q2 '孩子''s 年龄'
 /S1 "服务：辅导" S2 "服务：体检".
VALUE LABELS Q1 1 "男" 2 "女" 9 '拒答' / S1 S2 0 "未选" 1 "选中".
MISSING VALUES Q1 (9) / Q2 (90 THRU HI).
MRSETS /MDGROUP NAME=$S LABEL='服务' VARIABLES=S1 S2 VALUE=1.
EXECUTE.
"""


@pytest.fixture
def coded(tmp_path):
    def read(data, codebook, encoding="gb18030"):
        (tmp_path / "data.csv").write_text(data, encoding="utf-8")
        (tmp_path / "codes.txt").write_text(codebook, encoding=encoding)
        return read_coded(tmp_path / "data.csv", tmp_path / "codes.txt")

    return read


def test_codes_with_spss_syntax(coded):
    export = coded("编号,Q1,Q2,S1,S2\n1,1,6,1,0\n2,9,98,0,1\n3,2,,,\n", SYNTAX)
    assert export.frame.drop(columns="编号").to_dict("list") == {
        "Q1": ["1", "(拒答)", "2"], "Q2": ["6", "(98)", ""], "S/1": ["1", "0", ""], "S/2": ["0", "1", ""]
    }  # fmt: skip
    assert export.words == {"(拒答)": Reason.REFUSED, "(98)": Reason.BLANK}
    questions = export.form.questions
    assert (questions["Q1"].label, questions["Q2"].label) == ({"zh": "性别. (单选)"}, {"zh": "孩子's 年龄"})
    assert [option.label for option in questions["S"].options] == [{"zh": "辅导"}, {"zh": "体检"}]


def test_codes_of_wenjuan(coded):
    codes = "Q1,您的性别,单选题\n,1,男\n,2,女\nQ3,需要的服务,多选题\n,1,课业辅导\n,2,健康检查\nQ4,建议,填空题\n"
    export = coded("start,finish,Q1,Q3_A1,Q3_A2,Q4\n2025-05-01,2025-05-01,2,1,0,无\n", codes)
    assert (export.frame["Q1"][0], export.frame["Q3/1"][0], export.frame["Q3/2"][0]) == ("2", "1", "0")
    assert {name: question.kind for name, question in export.form.questions.items()} == {
        "Q1": "select_one", "Q3": "select_multiple", "Q4": "text"
    }  # fmt: skip
    assert export.form.questions["Q3"].options[1].label == {"zh": "健康检查"}


def test_a_codebook_of_something_else_is_refused(coded):
    with pytest.raises(InputError, match="describes no column"):
        coded("a,b\n1,2\n", "这是一份与数据完全没有关系的说明文字，里面没有任何编码表。\n")


# --- a CSV of codes as a table of a study ---------------------------------------------------------------------

CODES = "Q1,您的性别,单选题\n,1,男\n,2,女\nQ2,孩子几岁,填空题\nQ3,需要的服务,多选题\n,1,课业辅导\n,2,健康检查\n"
STUDY = """
id: coded
title: {zh: 小样, en: Small}
publisher: {zh: 某站, en: A station}
population: {zh: 家庭, en: Families}
rounds:
  r1: {collected: [2025-05-01, 2025-05-31]}
  r2: {collected: [2025-11-01, 2025-11-30]}
tables:
  child:
    key: id
    form: child.md
    raw: {r1: r1.csv, r2: r2.csv}
    reader: coded
    codebook: code.csv
design: {kind: nonprobability}
"""
CHILD = """
| survey |
| | type | name | label::中文 (zh) |
| | select_one sex | sex | 您的性别 |
| | integer | age | 孩子几岁 |
| | select_multiple service | service | 需要的服务 |
| choices |
| | list_name | name | label::中文 (zh) |
| | sex | male | 男 |
| | sex | female | 女 |
| | service | tutor | 课业辅导 |
| | service | clinic | 健康检查 |
"""


@pytest.fixture
def coded_study(tmp_path):
    def write(study=STUDY, **files):
        first = "id,Q1,Q2,Q3_A1,Q3_A2\n1,2,7,1,0\n2,1,9,0,1\n"
        texts = {"r1.csv": first, "r2.csv": first, "code.csv": CODES, "child.md": CHILD, "study.yml": study, **files}
        for name, text in texts.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


@pytest.mark.parametrize("reader", ["    reader: coded\n", ""])
def test_a_csv_of_codes_is_a_table_of_a_study(coded_study, reader):
    study = open_study(coded_study(STUDY.replace("    reader: coded\n", reader)))
    assert any(path.name == "code.csv" for path in study.input_files().values())
    child = read_study(study).unit("child")
    assert child.values["sex"].tolist() == ["female", "male"] * 2
    assert child.values["age"].tolist() == [7, 9] * 2
    assert child.values["service/clinic"].tolist() == [0, 1] * 2


def test_each_round_may_have_codes_of_its_own(coded_study):
    study = STUDY.replace("codebook: code.csv", "codebook: {r1: code.csv, r2: later.csv}")
    later = CODES.replace(",1,男\n,2,女", ",1,女\n,2,男")
    child = read_study(open_study(coded_study(study, **{"later.csv": later}))).unit("child")
    assert child.values["sex"].tolist() == ["female", "male", "male", "female"]


@pytest.mark.parametrize(
    ("codebook", "message"),
    [
        ("codebook: codes.csv", "codes.csv does not exist"),
        ("codebook: {r3: code.csv}", "no round 'r3'"),
        ("encoding: utf-8", "name it under `codebook` in study.yml"),
    ],
)
def test_a_csv_of_codes_without_its_codes_stops(coded_study, codebook, message):
    with pytest.raises(XzzError) as caught:
        read_study(open_study(coded_study(STUDY.replace("codebook: code.csv", codebook))))
    assert message in str(caught.value)


def test_the_questionnaire_of_a_csv_of_codes_is_drafted(coded_study):
    folder = coded_study()
    form = read_without_form([folder / "r1.csv", folder / "code.csv"]).form
    assert {name: question.kind for name, question in form.questions.items() if name != "id"} == {
        "Q1": "select_one", "Q2": "integer", "Q3": "select_multiple"
    }  # fmt: skip
