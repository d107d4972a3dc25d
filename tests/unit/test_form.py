"""XLSForm → questionnaire: the spellings of the field, and what is wrong said as findings."""

from pathlib import Path

import openpyxl
import pytest

from xzz_analysis.errors import InputError
from xzz_analysis.intake.form import Form, read_form
from xzz_analysis.intake.form.sheets import column, language_code

CHOICES = """
| choices |
|         | list_name | name | label::English (en) | label::中文 (zh) |
|         | yes_no    | yes  | Yes                 | 是              |
|         | yes_no    | no   | No                  | 否              |
"""


@pytest.fixture
def form(tmp_path: Path):
    """Read a form whose survey sheet is given as Markdown rows."""

    def read(survey: str, choices: str = CHOICES, settings: str = "") -> Form:
        path = tmp_path / "form.md"
        path.write_text(f"| survey |\n{survey.strip()}\n{choices}{settings}", encoding="utf-8")
        return read_form(path)

    return read


def rules(form: Form) -> list[str]:
    return [finding.rule for finding in form.findings if finding.rule != "pyxform"]


def said(form: Form, rule: str) -> str:
    return next(str(finding) for finding in form.findings if finding.rule == rule)


HEADER = "|  | type | name | label::English (en) | label::中文 (zh) | relevant | constraint | required |\n"


def test_question_with_everything(form):
    read = form(HEADER + "|  | integer | age | Age | 年龄 | 1 = 1 | . > 5 | yes |")
    age = read.questions["age"]
    assert (age.kind, age.label, age.required) == ("integer", {"en": "Age", "zh": "年龄"}, True)
    assert (age.relevant, age.constraint, age.group, age.repeat) == (("1 = 1",), ". > 5", (), "")
    assert (read.languages, rules(read)) == (("en", "zh"), [])


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("integer", "integer"),
        ("int", "integer"),
        ("decimal", "decimal"),
        ("range", "integer"),
        ("text", "text"),
        ("date", "date"),
        ("today", "other"),
        ("start", "other"),
        ("dateTime", "other"),
        ("geopoint", "other"),
        ("note", "other"),
        ("image", "other"),
        ("calculate", "calculate"),
        ("select_one yes_no", "select_one"),
        ("select one from yes_no", "select_one"),
        ("select1 yes_no", "select_one"),
        ("Select_One yes_no", "select_one"),
        ("select_multiple yes_no", "select_multiple"),
        ("select all that apply from yes_no", "select_multiple"),
    ],
)
def test_kind_of_every_spelling(form, written, kind):
    assert form(f"|  | type | name | label |\n|  | {written} | q | Q |").questions["q"].kind == kind


def test_select_has_options_with_labels_in_every_language(form):
    options = form("|  | type | name |\n|  | select_one yes_no | q |").questions["q"].options
    assert [(option.name, option.label) for option in options] == [
        ("yes", {"en": "Yes", "zh": "是"}),
        ("no", {"en": "No", "zh": "否"}),
    ]


def test_or_other_adds_an_option_and_its_text(form):
    read = form("|  | type | name | relevant |\n|  | select_one yes_no or_other | q | 1 = 1 |")
    assert [option.name for option in read.questions["q"].options] == ["yes", "no", "other"]
    assert read.questions["q_other"].relevant == ("1 = 1", "selected(${q}, 'other')")


def test_select_from_file_has_no_options_and_no_finding(form):
    read = form("|  | type | name | label |\n|  | select_one_from_file cities.csv | city | City |")
    assert (read.questions["city"].options, rules(read)) == ((), [])


NESTED = """
|  | type         | name    | label | relevant          | relevance |
|  | begin_group  | home    | Home  | 1 = 1             |           |
|  | Begin Repeat | member  | Who   | ${n} > 0          |           |
|  | integer      | age     | Age   |                   | 2 = 2     |
|  | end repeat   |         |       |                   |           |
|  | end_group    |         |       |                   |           |
|  | integer      | n       | N     |                   |           |
"""


def test_groups_and_repeats_pass_their_skip_logic_on(form):
    read = form(NESTED.replace("| relevance |", "| bind::relevant |"))
    age = read.questions["age"]
    assert age.group == ("home", "member")
    assert (age.repeat, read.repeats) == ("member", ("member",))
    assert age.relevant == ("1 = 1", "${n} > 0", "2 = 2")
    assert read.questions["n"].relevant == ()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("label::Français (fr)", ("label", "fr")),
        ("label::中文 (zh)", ("label", "zh")),
        ("label:English", ("label", "English")),
        ("Label", ("label", "")),
        ("caption", ("label", "")),
        ("Relevance", ("relevant", "")),
        ("bind::required", ("required", "")),
        ("calculation", ("calculate", "")),
        ("list_name", ("list name", "")),
        ("List Name", ("list name", "")),
        ("value", ("name", "")),
        ("hint::English (en)", ("hint", "")),
    ],
)
def test_columns_in_every_spelling(header, expected):
    assert column(header) == expected


@pytest.mark.parametrize(
    ("text", "code"), [("Français (fr)", "fr"), ("中文（zh）", "中文（zh）"), ("Dari", "Dari"), ("", "")]
)
def test_language_code(text, code):
    assert language_code(text) == code


def test_label_without_language_takes_the_default_language(form):
    settings = "\n| settings |\n| | form_title | version | default_language |\n| | Needs | 3 | 中文 (zh) |\n"
    read = form("|  | type | name | label | label::English (en) |\n|  | integer | n | 人数 | People |", "", settings)
    assert read.questions["n"].label == {"zh": "人数", "en": "People"}
    assert (read.title, read.version, read.languages) == ("Needs", "3", ("zh", "en"))


def test_label_without_any_language(form):
    read = form("|  | type | name | label |\n|  | integer | n | People |", "")
    assert (read.questions["n"].label, read.languages, read.title) == ({"": "People"}, ("",), "form")


@pytest.mark.parametrize(("cell", "required"), [("yes", True), ("TRUE", True), ("1", True), ("true()", True)])
def test_required(form, cell, required):
    assert form(HEADER + f"|  | integer | n | N | N | | | {cell} |").questions["n"].required is required


def test_disabled_rows_and_comments_are_left_out(form):
    read = form("|  | type | name | disabled |\n|  | integer | n | yes |\n|  | #note | x | |\n|  | integer | m | |")
    assert list(read.questions) == ["m"]


def test_missing_list_names_question_row_and_nearest_list(form):
    read = form("|  | type | name | label |\n|  | select_one yes_know | q | Q |")
    finding = next(finding for finding in read.findings if finding.rule == "list_missing")
    assert (finding.severity, read.questions["q"].options) == ("error", ())
    assert str(finding) == (
        "form.md: q: its list 'yes_know' (row 2) is not in the choices sheet; did you mean 'yes_no'?; "
        "add the list to the form, or declare the options under added_options in study.yml"
    )


def test_repeated_option_is_a_finding_and_the_first_is_kept(form):
    choices = CHOICES + "|         | yes_no    | yes  | Yes!                | 对              |\n"
    read = form("|  | type | name | label |\n|  | select_one yes_no | q | Q |", choices)
    assert read.questions["q"].option_label("yes") == {"en": "Yes", "zh": "是"}
    assert "choices, row 4: option 'yes' occurs again in list 'yes_no'" in said(read, "option_twice")
    assert "pyxform" in [finding.rule for finding in read.findings]


def test_option_without_name(form):
    choices = CHOICES + "|         | yes_no    |      | Maybe               | 也许            |\n"
    read = form("|  | type | name | label |\n|  | select_one yes_no | q | Q |", choices)
    assert "row 4: an option of list 'yes_no' has no name" in said(read, "option_unnamed")


def test_repeated_question_is_read_under_the_name_kobo_writes(form):
    read = form("|  | type | name | label |\n|  | integer | n | N |\n|  | text | n | N |\n|  | text | n | N |")
    assert [question.kind for question in read.questions.values()] == ["integer", "text", "text"]
    assert list(read.questions) == ["n", "n_001", "n_002"]
    assert "row 3: question name 'n' occurs again; here it is read as 'n_001'" in said(read, "question_twice")


def test_question_without_name_or_type(form):
    read = form("|  | type | name | label |\n|  | integer | | N |\n|  | | m | M |\n|  | integer | n | N |")
    assert list(read.questions) == ["n"]
    assert "row 2: a question of type 'integer' has no name" in said(read, "question_without_name")
    assert "row 3: question 'm' has no type" in said(read, "question_without_type")


def test_unknown_type_suggests_the_nearest(form):
    read = form("|  | type | name | label |\n|  | integr | n | N |")
    assert read.questions["n"].kind == "other"
    assert "question type 'integr' is unknown; did you mean 'integer'?" in said(read, "type_unknown")


def test_ranking_is_said_not_to_be_kept(form):
    read = form("|  | type | name | label |\n|  | rank yes_no | r | R |")
    assert (read.questions["r"].kind, rules(read)) == ("other", ["type_unread"])


def test_unreadable_expressions_are_counted_once(form):
    rows = "".join(f"|  | integer | q{n} | Q | Q | selected(${{a}} | | |\n" for n in range(3))
    read = form(HEADER + rows)
    finding = next(finding for finding in read.findings if finding.rule == "expression_unread")
    assert (finding.count, finding.where) == (3, "form.md: relevant of q0")
    assert "^" in finding.message


def test_pyxform_objections_are_notes(form):
    read = form("|  | type | name | label |\n|  | select_one yes_know | q | Q |")
    note = next(finding for finding in read.findings if finding.rule == "pyxform")
    assert (note.severity, "List name not in choices sheet: yes_know" in note.message) == ("note", True)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("|  | begin_group | home | Home |", "row 2: group 'home' is never closed"),
        ("|  | end_group | | |", "row 2: a group ends here, but nothing is open"),
        ("|  | begin_repeat | m | M |\n|  | end_group | | |", "a group ends here, but repeat 'm' is open"),
    ],
)
def test_groups_that_do_not_pair_are_an_error(form, rows, message):
    with pytest.raises(InputError) as error:
        form("|  | type | name | label |\n" + rows)
    assert message in str(error.value) and "form.md: survey" in str(error.value)


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_workbook_with_odd_sheet_names_booleans_and_numbers(tmp_path):
    survey = [["Type", "Name", "label::English (en)", "Required"], ["select_one l", "q", "Q", True]]
    choices = [["list_name", "name", "label::English (en)"], ["l", 1, "One"], ["l", 2.0, "Two"]]
    path = workbook(tmp_path / "问卷.xlsx", **{" Survey ": survey, "CHOICES": choices, "notes": [["x"]]})
    question = read_form(path).questions["q"]
    assert question.required
    assert [option.name for option in question.options] == ["1", "2"]


def test_workbook_without_survey_sheet(tmp_path):
    path = workbook(tmp_path / "form.xlsx", questions=[["type", "name"]], choices=[["list_name", "name"]])
    with pytest.raises(InputError, match=r"form\.xlsx has no sheet 'survey'.*'questions', 'choices'"):
        read_form(path)


def test_survey_without_a_type_column(tmp_path):
    path = workbook(tmp_path / "form.xlsx", survey=[["typ", "name", "label"], ["integer", "n", "N"]])
    with pytest.raises(InputError, match="the survey sheet has no column 'type'; did you mean 'typ'"):
        read_form(path)


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut off", b"not a form at all"])
def test_file_that_is_no_form(tmp_path, content):
    path = tmp_path / "form.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"form\.xlsx (is not a whole XLSX|cannot be read as an XLSForm)"):
        read_form(path)


def test_missing_form(tmp_path):
    with pytest.raises(InputError, match=r"form\.xlsx cannot be read \(No such file"):
        read_form(tmp_path / "form.xlsx")
