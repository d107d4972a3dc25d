"""What happens in the field within one round: the form is deployed again, and the devices log how long it took."""

import zipfile

import pandas as pd
import pytest

from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.intake.answers import Reason
from xzz_analysis.intake.kobo.versions import NOT_ASKED_WORD
from xzz_analysis.intake.readers import Given, read_export
from xzz_analysis.intake.store import load, read_study
from xzz_analysis.study import open_study

STUDY = """
id: s
title: {zh: 研究, en: Study}
publisher: {zh: 机构, en: Publisher}
population: {zh: 总体, en: Population}
rounds:
  r1: {collected: [2025-05-10, 2025-06-05]}
  r2: {collected: [2025-11-01, 2025-11-28]}
tables:
  family:
    key: id
    form: v2.md
    raw: {r1: r1.EXTENSION, r2: r2.csv}
    MORE
design: {kind: census}
"""
CHOICES = """| choices |
| | list_name | name | label |
| | yn | yes | Yes |
| | yn | no | No |
| | help | food | Food |
| | help | rent | Rent |
"""
COMMON = """| survey |
| | type | name | label |
| | text | id | Id |
| | integer | size | Size |
"""
V1 = f"""{COMMON}| | select_one yn | radio | Radio? |
| | select_multiple help | wanted | Help wanted |
| | begin_repeat | member | Member |
| | integer | age | Age |
| | end_repeat | | |
{CHOICES}"""
V2 = f"""{COMMON}| | select_one yn | phone | Phone? |
| | select_multiple help | wanted | Help wanted |
| | text | why | Why |
| | begin_repeat | member | Member |
| | integer | age | Age |
| | select_one yn | works | Works? |
| | end_repeat | | |
{CHOICES}| | help | school | School |
"""
R1 = """id,size,radio,phone,wanted,wanted/food,wanted/rent,wanted/school,why,_uuid,__version__
F1,3,yes,,food,1,0,,,u1,vOld
F2,4,,no,,,,,,u2,vNew
F3,,no,,,,,,,u3,vOld
F4,5,,yes,school,0,0,1,so,u4,vNew
"""
R2 = "id,size,phone,wanted,why,_uuid,__version__\nF1,3,yes,,,u5,vNew\n"
MEMBERS = "age,works,_submission__uuid\n8,,u1\n40,yes,u2\n41,,u2\n"
VERSIONS = "versions: {r1: {vOld: v1.md, vNew: v2.md}}"


@pytest.fixture
def write(tmp_path):
    """Write a study whose first round was asked with two versions of the form."""
    for name, text in {"v1.md": V1, "v2.md": V2, "r1.csv": R1, "r2.csv": R2, "members.csv": MEMBERS}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def _write(more: str, extension: str = "csv"):
        text = STUDY.replace("EXTENSION", extension).replace("MORE", more)
        (tmp_path / "study.yml").write_text(text, encoding="utf-8")
        return tmp_path

    return _write


def reasons(answers, column, round_="r1"):
    return [Reason(code).name for code in answers.reasons.loc[answers.rounds == round_, column]]


def rules(dataset):
    return {finding.rule: finding for finding in dataset.findings}


# --- versions -----------------------------------------------------------------------------------------------


def test_what_a_version_lacked_was_not_asked(write):
    family = read_study(open_study(write(VERSIONS))).unit("family")
    assert list(family.questions) == ["id", "size", "phone", "wanted", "why", "radio"]
    assert reasons(family, "radio") == ["ANSWERED", "NOT_ASKED", "ANSWERED", "NOT_ASKED"]
    assert reasons(family, "phone") == ["NOT_ASKED", "ANSWERED", "NOT_ASKED", "ANSWERED"]
    assert reasons(family, "why") == ["NOT_ASKED", "BLANK", "NOT_ASKED", "ANSWERED"]
    assert reasons(family, "size") == ["ANSWERED", "ANSWERED", "BLANK", "ANSWERED"]
    assert reasons(family, "wanted/food") == ["ANSWERED", "BLANK", "BLANK", "ANSWERED"]
    assert [option.name for option in family.questions["wanted"].options] == ["food", "rent", "school"]
    assert reasons(family, "radio", "r2") == ["NOT_ASKED"]


def test_changes_between_the_versions_are_told_once(write):
    dataset = read_study(open_study(write(VERSIONS)))
    messages = [finding.message for finding in dataset.findings if finding.rule.startswith(("question_", "option_"))]
    assert "3 question(s) were added: phone, why, works" in messages
    assert "1 question(s) were removed: radio" in messages
    assert "1 option(s) were added: wanted/school" in messages
    assert len(messages) == len(set(messages))


def test_without_versions_a_blank_stays_a_blank(write):
    family = read_study(open_study(write(""))).unit("family")
    assert reasons(family, "phone") == ["BLANK", "ANSWERED", "BLANK", "ANSWERED"]
    assert "radio" not in family.questions


def test_rows_of_a_repeat_have_the_version_of_their_submission(write):
    dataset = read_study(open_study(write(VERSIONS + "\n    repeats: {member: {r1: members.csv}}")))
    assert reasons(dataset.unit("member"), "works") == ["NOT_ASKED", "ANSWERED", "BLANK"]
    assert reasons(dataset.unit("member"), "age") == ["ANSWERED"] * 3


def test_json_holds_no_blanks_and_gets_the_same_reasons(write):
    folder = write(VERSIONS, "json")
    lines = [
        '{"_uuid": "u1", "id": "F1", "size": "3", "radio": "yes", "wanted": "food", "__version__": "vOld",'
        ' "member": [{"member/age": "8"}]}',
        '{"_uuid": "u2", "id": "F2", "size": "4", "phone": "no", "__version__": "vNew",'
        ' "member": [{"member/age": "40", "member/works": "yes"}, {"member/age": "41"}]}',
    ]
    (folder / "r1.json").write_text(f"[{','.join(lines)}]", encoding="utf-8")
    dataset = read_study(open_study(folder))
    assert reasons(dataset.unit("family"), "radio") == ["ANSWERED", "NOT_ASKED"]
    assert reasons(dataset.unit("family"), "phone") == ["NOT_ASKED", "ANSWERED"]
    assert reasons(dataset.unit("member"), "works") == ["NOT_ASKED", "ANSWERED", "BLANK"]


def test_option_columns_of_zeros_are_no_answer(write):
    folder = write(VERSIONS)
    form = V1.replace("| | select_multiple help | wanted | Help wanted |\n", "")
    (folder / "v1.md").write_text(form, encoding="utf-8")
    raw = "id,size,wanted/food,wanted/rent,_uuid,__version__\nF1,3,0,0,u1,vOld\nF2,3,1,0,u2,vNew\nF3,3,1,0,u3,vOld\n"
    (folder / "r1.csv").write_text(raw, encoding="utf-8")
    dataset = read_study(open_study(folder))
    assert reasons(dataset.unit("family"), "wanted/food") == ["NOT_ASKED", "ANSWERED", "ANSWERED"]
    finding = rules(dataset)["answer_of_other_version"]
    assert (finding.count, "wanted" in finding.message) == (1, True)


def test_a_version_that_nobody_named_is_counted(write):
    dataset = read_study(open_study(write("versions: {r1: {vOld: v1.md}}")))
    finding = rules(dataset)["form_version_unknown"]
    assert "2 of 4 record(s)" in finding.message and "vNew (2)" in finding.message
    assert reasons(dataset.unit("family"), "phone") == ["NOT_ASKED", "ANSWERED", "NOT_ASKED", "ANSWERED"]
    assert reasons(dataset.unit("family"), "radio") == ["ANSWERED", "BLANK", "ANSWERED", "BLANK"]


def test_a_form_deployed_again_unchanged_has_two_names(write):
    folder = write("versions: {r1: {vOld: v1.md, vAgain: v1.md, vNew: v2.md}}")
    (folder / "r1.csv").write_text(R1.replace("u3,vOld", "u3,vAgain"), encoding="utf-8")
    dataset = read_study(open_study(folder))
    assert reasons(dataset.unit("family"), "phone") == ["NOT_ASKED", "ANSWERED", "NOT_ASKED", "ANSWERED"]
    assert sum(finding.rule == "question_added" for finding in dataset.findings) == 1


def test_what_was_not_asked_is_kept_by_the_store(write):
    study = open_study(write(VERSIONS))
    load(study)
    assert reasons(load(study).unit("family"), "phone") == ["NOT_ASKED", "ANSWERED", "NOT_ASKED", "ANSWERED"]
    assert not any(NOT_ASKED_WORD.encode() in path.read_bytes() for path in study.outputs.rglob("*") if path.is_file())


def test_a_form_or_a_round_that_is_not_there_is_named(write):
    with pytest.raises(StudyError, match=r"versions\.r1\.vOld.*v0\.md does not exist"):
        open_study(write("versions: {r1: {vOld: v0.md}}"))
    with pytest.raises(StudyError, match="no round 'r3'; declare it under rounds"):
        open_study(write("versions: {r3: {vOld: v1.md}}"))


# --- audit logs ---------------------------------------------------------------------------------------------

LOG = """event,node,start,end,latitude,longitude,accuracy,old-value,new-value
question,/data/size,0,{first},39.9042,116.4074,5,,13800138000
question,/data/why,{first},{second},,,,,Wang Xiaohong
question,/data/why,{second},{late},,,,,
"""


def log(first, second):
    return LOG.format(first=first * 1000, second=(first + second) * 1000, late=(first + second) * 1000 + 3_600_000)


@pytest.fixture
def logs(tmp_path):
    """Logs of three of the four submissions, and of one that is not in the export; a pause of an hour in each."""
    for number, seconds in {"u1": (10, 20), "uuid:u2": (5, 15.5), "u4": (7, 1), "u9": (1, 1)}.items():
        folder = tmp_path / "raw audit" / number.replace(":", "")
        folder = tmp_path / "audit" / number.removeprefix("uuid:")
        folder.mkdir(parents=True)
        (folder / "audit.csv").write_text(log(*seconds), encoding="utf-8")
    return tmp_path / "audit"


def minutes(dataset):
    family = dataset.unit("family")
    return (family.values.loc[family.rounds == "r1", "interview_minutes"] * 60).round(3).tolist()


def test_seconds_without_pauses_become_the_duration(write, logs):
    dataset = read_study(open_study(write("audit: {r1: audit}")))
    assert minutes(dataset)[:2] == [30, 20.5] and minutes(dataset)[3] == 8
    assert pd.isna(minutes(dataset)[2])
    found = rules(dataset)
    assert found["audit_read"].message == (
        "3 of 4 record(s) have a time in the audit logs; the questions that took longest, median seconds: "
        "why 16, size 7"
    )
    assert (found["audit_missing"].count, found["audit_without_record"].count) == (1, 1)


def test_a_zip_and_one_file_of_all_submissions_tell_the_same(write, logs, tmp_path):
    by_folder = minutes(read_study(open_study(write("audit: {r1: audit}"))))
    with zipfile.ZipFile(tmp_path / "media.zip", "w") as archive:
        for path in logs.rglob("audit.csv"):
            archive.write(path, f"wang/attachments/{path.parent.name}/audit.csv")
    assert str(minutes(read_study(open_study(write("audit: {r1: media.zip}"))))) == str(by_folder)
    lines = [path.read_text(encoding="utf-8").splitlines() for path in logs.rglob("audit.csv")]
    names = [path.parent.name for path in logs.rglob("audit.csv")]
    rows = [f"uuid:{name},{row}" for name, own in zip(names, lines, strict=True) for row in own[1:]]
    text = "\n".join([f"instance ID,{lines[0][0]}", *rows, ""])
    (tmp_path / "all.csv").write_text(text, encoding="utf-8")
    assert str(minutes(read_study(open_study(write("audit: {r1: all.csv}"))))) == str(by_folder)


def test_nothing_of_the_logs_but_seconds_is_kept(write, logs):
    study = open_study(write("audit: {r1: audit}"))
    dataset = load(study)
    kept = b"".join(path.read_bytes() for path in study.outputs.rglob("*") if path.is_file())
    said = "\n".join(map(str, dataset.findings))
    for word in ("13800138000", "Xiaohong", "39.90", "116.40", "u9"):
        assert word.encode() not in kept and word not in said


def test_a_changed_log_is_read_again(write, logs):
    study = open_study(write("audit: {r1: audit}"))
    first = minutes(load(study))
    (logs / "u4" / "audit.csv").write_text(log(70, 1), encoding="utf-8")
    assert minutes(load(open_study(study.path)))[3] - first[3] == 63


def test_without_logs_nothing_changes(write):
    dataset = read_study(open_study(write("")))
    assert "interview_minutes" not in dataset.unit("family").values
    assert not [rule for rule in rules(dataset) if rule.startswith("audit")]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("audit: {r1: nowhere.zip}", r"nowhere\.zip does not exist"),
        ("audit: {r1: empty}", r"empty/audit\.csv does not exist"),
        ("audit: {r5: audit}", "no round 'r5'"),
    ],
)
def test_logs_that_are_not_there(write, logs, tmp_path, more, message):
    (tmp_path / "empty").mkdir()
    with pytest.raises(StudyError, match=message):
        open_study(write(more))


def test_an_export_without_identifiers_cannot_be_tied_to_logs(write, logs, tmp_path):
    (tmp_path / "r1.csv").write_text("id,size,phone,wanted,why\nF1,3,yes,,\n", encoding="utf-8")
    with pytest.raises(InputError, match="no audit log can be tied to its record; export _uuid"):
        read_study(open_study(write("audit: {r1: audit}")))


def test_a_second_file_that_is_no_log_is_refused(write, tmp_path):
    study = open_study(write("audit: {r1: r2.csv}"))
    with pytest.raises(InputError, match="2 files are given for one round and one is read"):
        read_export(Given(study.tables["family"].raw["r1"], None), "kobo")
