"""Spreadsheets of any origin: proposed, confirmed, read; several choices only by exact options."""

from dataclasses import replace

import pandas as pd
import pytest

from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.intake.answers import Option, Question, Reason
from xzz_analysis.intake.codebook.kinds import guess_kind, iso_date, word_counts
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.plain import Mapping, propose, read_mapping, read_plain, write_mapping
from xzz_analysis.intake.plain.choices import choices, families, option_texts, split_derived, split_listed
from xzz_analysis.intake.plain.headers import plain, role_of
from xzz_analysis.intake.plain.rows import records
from xzz_analysis.intake.workbook import read_raw

SEX = Question("sex", "select_one", {"zh": "性别", "en": "Sex"}, (Option("f", {"zh": "女"}), Option("m", {"zh": "男"})))
AGE = Question("age", "integer", {"zh": "孩子的年龄"})
NEEDS = Question(
    "needs",
    "select_multiple",
    {"zh": "您的家庭需要哪些服务？"},
    (
        Option("study", {"zh": "课业辅导"}),
        Option("job", {"zh": "就业、创业"}),
        Option("other", {"zh": "其他"}),
    ),
)


def form(*questions):
    return Form("家庭", "1", ("zh",), {question.name: question for question in questions}, (), ())


@pytest.fixture
def table(tmp_path):
    """A CSV made of columns; returns its path and its raw table."""

    def make(columns, name="export.csv"):
        path = tmp_path / name
        pd.DataFrame(columns).to_csv(path, index=False)
        return path, read_raw(path)

    return make


def confirmed(mapping, **changes):
    """The mapping with some columns confirmed, as a person would edit them."""
    columns = dict(mapping.columns)
    for header, change in changes.items():
        columns[header] = columns[header].model_copy(update={**change, "confirmed": True})
    return mapping.model_copy(update={"columns": columns})


TENCENT = {
    "编号": [str(row) for row in range(1, 13)],
    "开始答题时间": ["2025-05-01 10:00:00"] * 12,
    "结束答题时间": ["2025-05-01 10:05:00"] * 12,
    "答题时长": ["300"] * 12,
    "地理位置国家和地区": ["中国"] * 12,
    "地理位置省": ["北京"] * 12,
    "地理位置市": ["北京"] * 12,
    "用户类型": ["微信用户"] * 12,
    "昵称": [f"某{row}" for row in range(12)],
    "自定义字段": [""] * 12,
    "1.性别": ["女", "男"] * 6,
    "2.孩子的年龄": ["6", "7", "11"] * 4,
    "3.您的家庭需要哪些服务?（多选）": ["课业辅导┋就业、创业", "其他", "课业辅导"] * 4,
}


def test_an_export_of_tencent_with_its_form(table):
    path, raw = table(TENCENT)
    mapping = propose(raw, form(SEX, AGE, NEEDS))
    assert mapping.open_questions() == []
    export = read_plain(path, mapping, form(SEX, AGE, NEEDS))
    assert export.roles == {"key": "编号", "start": "开始答题时间", "end": "结束答题时间", "seconds": "答题时长"}
    assert list(export.frame) == [*export.roles.values(), "sex", "age", "needs/study", "needs/job", "needs/other"]
    assert list(export.frame["sex"][:2]) == ["f", "m"]
    assert list(export.frame["needs/job"][:3]) == ["1", "0", "0"]
    assert export.form.questions == {"sex": SEX, "age": AGE, "needs": NEEDS}


def test_an_export_of_tencent_without_a_form(table):
    path, raw = table(TENCENT)
    mapping = propose(raw)
    found = {header: column.kind for header, column in mapping.columns.items() if column.question}
    assert found == {
        "1.性别": "select_one", "2.孩子的年龄": "integer", "3.您的家庭需要哪些服务?（多选）": "select_one"
    }  # fmt: skip
    questions = read_plain(path, mapping).form.questions
    assert [(question.name, dict(question.label)) for question in questions.values()][:2] == [
        ("Q1", {"zh": "1.性别"}),
        ("Q2", {"zh": "2.孩子的年龄"}),
    ]


def test_columns_of_wenjuan(table):
    path, raw = table({"start": ["2025-05-01"] * 2, "finish": ["2025-05-01"] * 2, "Q1": ["1", "2"],
                       "Q3_A1": ["1", "0"], "Q3_A2": ["0", "1"]})  # fmt: skip
    export = read_plain(path, propose(raw))
    assert export.roles == {"start": "start", "end": "finish"}
    assert export.frame[["Q3/1", "Q3/2"]].to_numpy().tolist() == [["1", "0"], ["0", "1"]]


@pytest.mark.parametrize(
    ("written", "role"),
    [("答题时长", "seconds"), ("IP", "ip"), ("来自IP", "ip"), ("提交答卷时间", "submitted"), ("年龄", "")],
)
def test_roles(written, role):
    assert role_of(written) == role


@pytest.mark.parametrize(
    "written",
    ["孩子的年龄", "2、孩子的年龄", "Q2. 孩子 的年龄？", "第2题：孩子的年龄", "2）孩子的年龄*", "孩子的年龄（单选）"],
)
def test_wordings_are_compared_without_numbering_and_punctuation(written):
    assert plain(written) == "孩子的年龄"


def test_a_similar_wording_is_only_proposed(table):
    path, raw = table({"您孩子现在的年龄": ["6", "7"]})
    mapping = propose(raw, form(AGE))
    column = mapping.columns["您孩子现在的年龄"]
    assert (column.question, column.confidence) == ("age", "low")
    with pytest.raises(InputError, match="nobody has confirmed what column '您孩子现在的年龄'"):
        read_plain(path, mapping, form(AGE))
    export = read_plain(path, confirmed(mapping, 您孩子现在的年龄={}), form(AGE))
    assert list(export.frame["age"]) == ["6", "7"]


def test_cells_that_do_not_fit_the_question_are_asked_about(table):
    _, raw = table({"孩子的年龄": ["6岁", "7岁", "8"], "性别": ["女", "女性", "男性"]})
    mapping = propose(raw, form(AGE, SEX))
    assert mapping.open_questions() == ["孩子的年龄", "性别"]
    assert "2 of 3 filled cells hold no plain number" in mapping.columns["孩子的年龄"].because
    assert "女性" not in repr(mapping)


def test_a_person_says_what_a_text_means(table):
    path, raw = table({"性别": ["女性", "男性", "女"]})
    mapping = confirmed(propose(raw, form(SEX)), 性别={"options": {"女性": "f", "男性": "m"}})
    assert list(read_plain(path, mapping, form(SEX)).frame["sex"]) == ["f", "m", "f"]


def test_a_column_the_form_does_not_know_is_left_out(table):
    path, raw = table({"性别": ["女"], "内部流水": ["x"]})
    mapping = propose(raw, form(SEX))
    assert mapping.columns["内部流水"].leave_out
    assert list(read_plain(path, mapping, form(SEX)).frame) == ["sex"]


def test_two_columns_for_one_question_are_asked_about(table):
    _, raw = table({"性别": ["女"], "Sex": ["f"]})
    assert propose(raw, form(SEX)).open_questions() == ["Sex"]


TEXTS = option_texts(NEEDS)


@pytest.mark.parametrize(
    ("cell", "separator", "found"),
    [
        ("课业辅导", "、", ("study",)),
        ("就业、创业", "、", ("job",)),
        ("课业辅导、就业、创业、其他", "、", ("study", "job", "other")),
        (" 课业辅导 ┋其他┋", "┋", ("study", "other")),
        ("课业辅导┋课业", "┋", None),
        ("就业", "、", None),
        ("课业辅导、课业辅导", "、", None),
        ("课业辅导其他", "、", None),
    ],
)
def test_choices_are_read_by_exact_options(cell, separator, found):
    assert choices(cell, separator, TEXTS) == found


def test_a_cell_that_can_be_read_in_two_ways_is_not_read():
    assert choices("a、b", "、", {"a": "A", "b": "B", "a、b": "C"}) is None


@pytest.mark.parametrize(
    ("cells", "separator", "confidence"),
    [
        (["课业辅导┋其他", "其他"], "┋", "high"),
        (["课业辅导、就业、创业", "其他"], "、", "high"),
        (["课业辅导", "就业、创业"], "", "high"),
        (["课业辅导┋其他: 修车", "其他"], "┋", "low"),
    ],
)
def test_separators_with_a_form(cells, separator, confidence):
    split = split_listed(dict.fromkeys(cells, 1), TEXTS)
    assert (split.separator, split.confidence) == (separator, confidence)


@pytest.mark.parametrize(
    ("cells", "separator", "confidence"),
    [
        (["a┋b", "b┋c", "a", "a┋c", "b"], "┋", "high"),
        (["甲；乙", "乙；丙", "甲", "甲；丙"], "；", "high"),
        (["经济、住房困难", "就业困难", "没有困难"], None, None),
        (["b、a", "a、b", "a", "b"], "、", "low"),
        (["1,2", "2,3", "1", "1,3"], ",", "low"),
        (["甲、乙/丙", "甲/乙、丙", "甲/丙", "乙、丙", "丙", "甲"], None, None),
    ],
)
def test_separators_without_a_form(cells, separator, confidence):
    split = split_derived(dict.fromkeys(cells, 4))
    assert (split and split.separator, split and split.confidence) == (separator, confidence)


def test_option_columns_that_hold_their_own_text(table):
    path, raw = table(
        {"需要的服务:辅导": ["辅导", "", ""], "需要的服务:体检": ["", "体检", ""], "其他": ["1", "2", "3"]}
    )
    export = read_plain(path, propose(raw))
    assert list(export.form.questions) == ["需要的服务", "其他"]
    assert list(export.frame["需要的服务/辅导"]) == ["1", "", ""]


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"q/a": ["1", "0", ""], "q/b": ["0", "1", ""]}, {"q": ["a", "b"]}),
        ({"第6题(动漫(含游戏))": ["1", "0"], "第6题(运动)": ["0", "1"]}, {"第6题": ["动漫(含游戏)", "运动"]}),
        ({"q/a": ["1", ""], "q/b": ["", "1"]}, {}),
        ({"q/a": ["1", "2"], "q/b": ["0", "1"]}, {}),
        ({"q_a": ["1", "0"], "q_b": ["0", "1"]}, {}),
        ({"q/a": ["1", "0"]}, {}),
    ],
)
def test_families_of_option_columns(columns, found):
    frame = pd.DataFrame(columns)
    assert {family.question: list(family.options.values()) for family in families(frame, list(columns))} == found


@pytest.mark.parametrize(
    ("cells", "kind", "confidence"),
    [
        (["1", "2", "10"], "integer", "high"),
        (["1.5", "2", "-3e2"], "decimal", "high"),
        (["001", "002"], "text", "high"),
        (["13800138000", "13900139000"], "text", "high"),
        (["2025-05-01", "2025/5/1 10:00", "2025年5月1日"], "date", "high"),
        (["13/5/2025", "1/5/2025"], "date", "high"),
        (["1/5/2025", "2/5/2025"], "date", "low"),
        (["6岁", "7岁", "8岁"], "decimal", "low"),
        (["是", "否"] * 6, "select_one", "high"),
        (["是", "否"] * 6 + ["看情况吧"], "select_one", "low"),
        (["很好", "还行", "不知道怎么说"], "text", "high"),
        (["", "n/a"], "text", "high"),
    ],
)
def test_kinds_from_content(cells, kind, confidence):
    content = guess_kind(word_counts(pd.Series(cells)))
    assert (content.kind, content.confidence) == (kind, confidence)
    assert "看情况吧" not in (*content.options, content.because)


def test_recurring_names_are_nobodys_options(table):
    _, raw = table({"家长姓名": ["某甲", "某乙"] * 9})
    column = propose(raw).columns["家长姓名"]
    assert (column.kind, column.options) == ("text", {})


@pytest.mark.parametrize(
    ("written", "order", "text"),
    [
        ("2025/5/1", "ymd", "2025-05-01"),
        ("2025年5月1日", "ymd", "2025-05-01"),
        ("2025/5/1 9:30", "ymd", "2025-05-01T09:30"),
        ("13/5/2025", "dmy", "2025-05-13"),
        ("5/13/2025", "mdy", "2025-05-13"),
        ("13/5/2025", "mdy", "13/5/2025"),
        ("昨天", "ymd", "昨天"),
    ],
)
def test_dates_become_iso(written, order, text):
    assert iso_date(written, order) == text


NUMBERS = {"学校": ["甲", "乙", "丙"], "人数": ["10", "20", "30"], "比例": ["0.1", "0.2", "0.3"]}


def with_row(position, *cells):
    frame = pd.DataFrame(NUMBERS)
    row = pd.DataFrame([cells], columns=frame.columns)
    return pd.concat([frame[:position], row, frame[position:]], ignore_index=True)


@pytest.mark.parametrize(
    ("frame", "rule"),
    [
        (with_row(0, "单位", "人", "%"), "units_row"),
        (with_row(0, "学校名称", "在校学生人数", "流动儿童比例"), "header_row_twice"),
        (with_row(3, "合计", "60", "0.2"), "total_row"),
        (with_row(3, "Total:", "60", ""), "total_row"),
        (with_row(3, "注：不含幼儿园", "", ""), "footnote_row"),
    ],
)
def test_rows_that_are_no_records_are_left_out(frame, rule):
    found = records(frame, "x.csv")
    assert found.frame.to_dict("list") == NUMBERS
    assert [finding.rule for finding in found.findings] == [rule]


@pytest.mark.parametrize("cells", [("丁", "不知道", "0.4"), ("合计小学", "4", "0.4"), ("丁", "", "")])
def test_rows_that_are_records_stay(cells):
    assert len(records(with_row(0, *cells), "x.csv").frame) == 4


def test_the_second_header_becomes_the_wording(table):
    columns = {"q1": ["您孩子的年龄", "6", "7", "8"], "q2": ["家里几口人", "3", "4", "5"]}
    path, raw = table(columns)
    export = read_plain(path, propose(raw))
    assert export.form.questions["q1"].label == {"zh": "您孩子的年龄"}
    assert len(export.frame) == 3


def test_words_for_empty_cells(table):
    path, raw = table({"性别": ["女", "(跳过)", "n/a"], "孩子的年龄": ["6", "(空)", ""]})
    export = read_plain(path, propose(raw, form(SEX, AGE)), form(SEX, AGE))
    assert export.words == {"(跳过)": Reason.SKIPPED, "n/a": Reason.BLANK, "(空)": Reason.BLANK}
    assert list(export.frame["sex"]) == ["f", "(跳过)", "n/a"]


def test_a_mapping_is_written_for_a_person_and_read_back(table, tmp_path):
    _, raw = table(TENCENT)
    mapping = propose(raw, form(SEX, AGE, NEEDS))
    write_mapping(mapping, tmp_path / "mapping.yml")
    assert read_mapping(tmp_path / "mapping.yml") == mapping
    text = (tmp_path / "mapping.yml").read_text(encoding="utf-8")
    assert "2.孩子的年龄:" in text and "某1" not in text
    with pytest.raises(StudyError, match="move it away"):
        write_mapping(mapping, tmp_path / "mapping.yml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "columns:\n  a: {question: q, kind: integer, confirm: true}",
            "unknown key 'confirm'; did you mean 'confirmed'",
        ),
        ("columns:\n  a: {question: q}", "a question needs its kind"),
        ("columns:\n  a: {question: q, kind: integer, leave_out: true}", "one of question, role and leave_out"),
        ("columns:\n  a: {question: q, kind: integer, separator: ';'}", "are for kind: select_multiple"),
        ("columns:\n  a: {role: keys}", "Input should be"),
        ("columns:\n  a: {role: key}\n  b: {role: key}", "2 columns"),
        ("columns:\n  a: {leave_out: true}\n  a: {leave_out: true}", "written twice"),
        ("sheet: x", "is missing"),
        ("[]", "mapping"),
    ],
)
def test_a_wrong_mapping_is_refused(tmp_path, text, message):
    path = tmp_path / "mapping.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=message):
        read_mapping(path)


def test_a_file_that_changed_is_refused(table):
    _, raw = table({"性别": ["女"], "孩子的年龄": ["6"]})
    mapping = propose(raw, form(SEX, AGE))
    path, _ = table({"性别": ["女"], "孩子的年龄段": ["6"]})
    with pytest.raises(InputError) as caught:
        read_plain(path, mapping, form(SEX, AGE))
    assert [finding.rule for finding in caught.value.findings] == ["column_unmapped", "column_missing"]
    assert "did you mean '孩子的年龄段'" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "rule"), [({"question": "sexx"}, "question_unknown"), ({"options": {"女": "w"}}, "option_unknown")]
)
def test_a_mapping_that_names_what_the_form_lacks_is_refused(table, change, rule):
    path, raw = table({"性别": ["女"]})
    with pytest.raises(InputError) as caught:
        read_plain(path, confirmed(propose(raw, form(SEX)), 性别=change), form(SEX))
    assert [finding.rule for finding in caught.value.findings] == [rule]


def test_answers_that_are_no_options_are_blank_with_a_count(table):
    path, raw = table({NEEDS.label["zh"]: ["课业辅导┋其他：会修车", "课业辅导", ""]})
    mapping = confirmed(propose(raw, form(NEEDS)), **{NEEDS.label["zh"]: {"separator": "┋"}})
    export = read_plain(path, mapping, form(NEEDS))
    assert list(export.frame["needs/study"]) == ["", "1", ""]
    assert [(finding.rule, finding.count) for finding in export.findings] == [("option_unlisted", 1)]
    assert "修车" not in str(export.findings)


def test_kobo_columns_with_a_form(table):
    path, raw = table({"sex": ["f", "m"], "needs": ["study other", "job"], "needs/study": ["1", "0"]})
    mapping = propose(raw, form(SEX, NEEDS))
    assert mapping.columns["needs"].separator == " "
    assert mapping.columns["needs/study"].option == "study"
    wanted = confirmed(mapping, **{"needs/study": {"question": "", "option": "", "kind": "", "leave_out": True}})
    assert list(read_plain(path, wanted, form(SEX, NEEDS)).frame["needs/other"]) == ["1", "0"]


@pytest.mark.real
def test_lebanon_loads_with_no_hand_editing(real_data):
    path = real_data / "lebanon_msna_2022" / "lebanon_msna_2022_extract.csv.gz"
    mapping = propose(read_raw(path))
    assert (len(mapping.columns), mapping.open_questions()) == (737, [])
    export = read_plain(path, mapping)
    kinds = pd.Series([question.kind for question in export.form.questions.values()]).value_counts()
    assert len(export.frame) == 5363
    assert kinds["select_multiple"] == 43
    assert sum(column.leave_out for column in mapping.columns.values()) == 43
    assert export.form.questions["pop_group"].kind == "select_one"


@pytest.mark.real
@pytest.mark.parametrize(
    ("folder", "least"),
    [("nbs_gbk_exports", 8), ("wash_schools_piracema_3rounds", 5), ("wfp_indicator_samples", 30)],
)
def test_real_spreadsheets_load(real_data, folder, least):
    read = 0
    for path in sorted((real_data / folder).rglob("*.csv")):
        if path.name.startswith(("EIG_", "PROP_AAP")):  # columns named twice; dates whose day nobody can tell
            continue
        mapping = propose(read_raw(path))
        assert mapping.open_questions() == [], path.name
        read += len(read_plain(path, mapping).frame) > 0
    assert read >= least


@pytest.mark.real
def test_lists_with_answers_that_occur_once_are_asked_about(real_data):
    folder = real_data / "wash_household_openwashdata"
    mapping = propose(read_raw(folder / "nchalo_clean.csv"))
    assert "income_in_2020_mwk" in mapping.open_questions()
    answered = {header: {} for header in mapping.open_questions()}
    assert len(read_plain(folder / "nchalo_clean.csv", confirmed(mapping, **answered)).frame) == 74


def test_an_empty_mapping_reads_nothing(table):
    path, _ = table({"a": ["1"]})
    with pytest.raises(InputError, match="column 'a' is not in the mapping"):
        read_plain(path, Mapping(columns={}))


def test_an_option_is_known_by_name_label_or_code():
    coded = replace(
        SEX, options=tuple(replace(option, code=code) for option, code in zip(SEX.options, "12", strict=True))
    )
    assert option_texts(coded) == {"f": "f", "女": "f", "1": "f", "m": "m", "男": "m", "2": "m"}
