"""Versions of a form merged, which record was asked what, and how long each question was on the screen."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.kobo import (
    active_seconds,
    asked_by_version,
    merge_forms,
    read_audit,
    read_json,
    record_versions,
    version_findings,
)

YES, NO = Option("yes", {"en": "Yes", "zh": "是"}), Option("no", {"en": "No", "zh": "否"})
SCHOOL = Question("school", "select_one", {"en": "Goes to school?"}, (YES, NO))
AGE = Question("age", "integer", {"en": "Age"})
NAME = Question("name", "text", {"en": "Name"})


def version(number: str, *questions: Question, repeats: tuple[str, ...] = ()) -> Form:
    return Form("Needs", number, ("en",), {question.name: question for question in questions}, repeats, ())


def merged(*forms: Form) -> tuple[dict[str, Question], dict[str, Finding]]:
    form, findings = merge_forms(forms)
    return form.questions, {finding.rule: finding for finding in findings}


# --- merging ------------------------------------------------------------------------------------------------


def test_one_version_is_itself():
    form = version("1", AGE, NAME)
    assert merge_forms([form]) == (form, [])


def test_no_version():
    with pytest.raises(InputError, match="no version of the form is given"):
        merge_forms([])


def test_added_and_removed_questions_keep_their_places():
    questions, findings = merged(version("1", AGE, NAME, SCHOOL), version("2", AGE, SCHOOL, Question("new", "date")))
    assert list(questions) == ["age", "name", "school", "new"]
    assert findings.keys() == {"question_added", "question_removed"}
    assert str(findings["question_removed"]) == (
        "Needs, version '1' → '2': 1 question(s) were removed: name; newer records count as not asked"
    )


def test_a_question_that_moved_is_named_alone():
    names = [Question(name, "text") for name in "abcde"]
    questions, findings = merged(version("1", *names), version("2", *names[3:4], *names[:3], names[4]))
    assert list(questions) == list("dabce")
    assert (findings["question_reordered"].message, len(findings)) == ("1 question(s) changed places: d", 1)


def test_options_are_joined_and_the_latest_wording_wins():
    later = replace(SCHOOL, options=(Option("yes", {"en": "Yes, now"}), Option("part", {"en": "Partly"})))
    questions, findings = merged(version("1", SCHOOL), version("2", later))
    assert [option.name for option in questions["school"].options] == ["yes", "part", "no"]
    assert questions["school"].option_label("yes") == {"en": "Yes, now", "zh": "是"}
    messages = {rule: finding.message for rule, finding in findings.items()}
    assert messages == {
        "option_added": "1 option(s) were added: school/part",
        "option_removed": "1 option(s) were removed; they are kept for older records: school/no",
        "option_reworded": "1 option(s) were re-worded; the latest wording is used: school/yes",
    }


@pytest.mark.parametrize(
    ("change", "rule", "severity"),
    [
        ({"label": {"en": "At school?"}}, "label_changed", "warning"),
        ({"label": {"en": "Goes  to school?", "zh": "在学吗"}}, "", ""),
        ({"kind": "select_multiple"}, "kind_changed", "error"),
        ({"repeat": "child", "group": ("child",)}, "repeat_changed", "error"),
        ({"group": ("education",)}, "group_changed", "note"),
        ({"relevant": ("${age} > 5",)}, "logic_changed", "warning"),
        ({"required": True}, "constraint_changed", "note"),
    ],
)
def test_what_changed_in_a_question(change, rule, severity):
    _, findings = merged(version("1", SCHOOL), version("2", replace(SCHOOL, **change)))
    assert {name: finding.severity for name, finding in findings.items()} == ({rule: severity} if rule else {})


def test_a_whole_number_may_become_a_decimal():
    questions, findings = merged(version("1", AGE), version("2", replace(AGE, kind="decimal")), version("3", AGE))
    assert (questions["age"].kind, findings["kind_changed"].severity) == ("decimal", "warning")


def test_a_question_that_came_back_is_compared_with_what_it_was():
    back = replace(AGE, label={"en": "Age in years"})
    form, findings = merge_forms([version("1", NAME, AGE), version("2", NAME), version("3", NAME, back)])
    assert list(form.questions) == ["name", "age"]
    assert [finding.rule for finding in findings] == ["question_removed", "question_added", "label_changed"]


def test_repeats_and_languages_of_all_versions():
    first = replace(version("1", AGE, repeats=("child",)), languages=("zh",))
    form, _ = merge_forms([first, version("2", AGE, repeats=("adult",))])
    assert (form.version, form.repeats, form.languages) == ("2", ("adult", "child"), ("en", "zh"))


# --- who was asked what -------------------------------------------------------------------------------------

FORMS = {"v1": version("v1", AGE), "v2": version("v2", AGE, replace(SCHOOL, repeat="child"), NAME, repeats=("child",))}


def export(**columns: list[str]) -> Export:
    return Export("needs.csv", pd.DataFrame(columns, dtype="str"), FORMS["v2"])


def test_a_question_the_version_lacks_was_not_asked():
    asked = asked_by_version(export(__version__=["v1", "v2", "", "v9"], age=["1", "2", "", ""]), FORMS)
    assert asked.to_dict("list") == {"age": [True] * 4, "name": [False, True, True, True]}


def test_versions_of_a_form_that_was_uploaded_again():
    frame = export(_version_=["v1", "v1", "old"], _version__001=["", "v2", ""], __version__=["", "vX", ""])
    assert record_versions(frame, FORMS).tolist() == ["v1", "v1", "old"]


def test_rows_of_a_repeat_carry_the_version_of_their_submission(tmp_path):
    path = tmp_path / "needs.json"
    path.write_text('[{"_uuid": "a", "__version__": "v1", "child": [{"school": "yes"}]}]', encoding="utf-8")
    child = read_json(path, FORMS["v2"])["child"]
    assert asked_by_version(child, FORMS, "child").to_dict("list") == {"school": [False]}


def test_unknown_versions_are_counted():
    (finding,) = version_findings(export(__version__=["v1", "v9", "v9", ""]), FORMS)
    assert (finding.rule, finding.severity, finding.count) == ("form_version_unknown", "warning", 3)
    assert "3 of 4 record(s)" in finding.message and "v9 (2)" in finding.message
    assert version_findings(export(__version__=["v1"]), FORMS) == []


# --- durations ----------------------------------------------------------------------------------------------

LOG = """event,node,start,end,latitude,longitude,accuracy,old-value,new-value,user
form start,,1000,,39.9042,116.4074,5,,,Mrs Wang
question,/data/name,1000,3000,39.9042,116.4074,5,,Xiao Ming,Mrs Wang
question,/data/home/member[1]/age,3000,4500,,,,,8,
question,/data/home/member[2]/age,4500,5500,,,,,40,
group questions,/data/home/screen,5500,9500,,,,,,
question,/data/home/screen/school,5500,9500,,,,,yes,
question,/data/home/screen/class,5500,9500,,,,,3,
question,/data/name,9500,10000,,,,Xiao Ming,Xiao Hong,
question,/data/left,10000,9000000,,,,,,
question,/data/cut,9000000,,,,,,,
question,/data/back,9000000,8000000,,,,,,
end screen,,9000000,9100000,,,,,,
form exit,,9100000,,,,,,,
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "a1b2"
    folder.mkdir()
    path = folder / "audit.csv"
    path.write_text(LOG, encoding="utf-8")
    return path


def test_seconds_visits_and_changes(log):
    audit = read_audit(log).set_index("question")
    assert audit["_uuid"].unique().tolist() == ["a1b2"]
    assert audit["seconds"].replace({np.nan: None}).to_dict() == {
        "name": 2.5, "age": 2.5, "school": 2.0, "class": 2.0, "left": None, "cut": None, "back": None,
    }  # fmt: skip
    assert audit["visits"].tolist() == [2, 2, 1, 1, 1, 1, 1]
    assert audit["changes"].tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert audit["idle"].tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_time_of_a_submission_counts_a_shared_screen_once(log):
    seconds = active_seconds(read_audit(log))
    assert seconds.to_dict() == {"a1b2": 9.0}
    assert active_seconds(read_audit(log, idle=10_000))["a1b2"] == 9.0 + 8990


def test_neither_places_nor_answers_nor_users_are_kept(log):
    text = read_audit(log).to_csv()
    assert not any(word in text for word in ("39.9", "116.4", "Xiao", "Wang", "yes"))


def test_a_log_without_changes(tmp_path):
    path = tmp_path / "audit.csv"
    path.write_text("\ufeffevent,node,start,end\nquestion,/d/q,0,1500\nquestion,/d/r,x,1\nquestion\n", encoding="utf-8")
    audit = read_audit(path)
    assert audit["seconds"].tolist()[0] == 1.5
    assert audit["changes"].isna().all()
    assert audit["idle"].tolist() == [0, 1]


def test_all_submissions_in_one_file(tmp_path):
    path = tmp_path / "needs - audit.csv"
    rows = "uuid:a,question,/d/q,0,1000\nuuid:b,question,/d/q,0,3000\nuuid:a,question,/d/q,1000,2000\n"
    path.write_text("instance ID,event,node,start,end\n" + rows, encoding="utf-8")
    audit = read_audit(path)
    assert list(audit) == ["instance ID", "question", "seconds", "visits", "changes", "idle"]
    assert active_seconds(audit).to_dict() == {"a": 2.0, "b": 3.0}


def test_a_zip_of_attachments(tmp_path):
    path = tmp_path / "media.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("wang/attachments/0f/a1b2/audit.csv", LOG)
        archive.writestr("wang/attachments/0f/a1b2/house.jpg", b"\xff\xd8")
        archive.writestr("wang/attachments/0f/c3d4/audit.csv", "event,node,start,end\nquestion,/d/q,0,4000\n")
    assert active_seconds(read_audit(path)).to_dict() == {"a1b2": 9.0, "c3d4": 4.0}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"event,node,begin,end\n", "has no column 'start'"),
        (b"event,node,starts,end\n", "did you mean 'starts'?"),
        ("事件".encode("gb18030"), "is not UTF-8"),
        (b"PK\x03\x04 not a zip", "is cut off or damaged"),
        (b"", "has no column 'event'"),
    ],
)
def test_no_audit_log(tmp_path, content, message):
    path = tmp_path / "audit.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_audit(path)
    assert message in str(caught.value)


def test_a_missing_log(tmp_path):
    with pytest.raises(InputError, match=r"audit\.csv cannot be read"):
        read_audit(tmp_path / "audit.csv")


@pytest.mark.parametrize("kind", ["no log", "bomb", "encrypted"])
def test_zips_that_are_refused(tmp_path, kind):
    path = tmp_path / "media.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "a/audit.csv" if kind != "no log" else "a/house.jpg", b" " * (65 * 1024**2 if kind == "bomb" else 9)
        )
    if kind == "encrypted":
        data = bytearray(path.read_bytes())
        for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
            data[data.index(mark) + offset] |= 1
        path.write_bytes(data)
    words = {"no log": "no audit.csv among 1 file", "bomb": "unpacks to more than 64 MB", "encrypted": "is encrypted"}
    with pytest.raises(InputError, match=words[kind]):
        read_audit(path)
