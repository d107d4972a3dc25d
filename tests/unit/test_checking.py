"""From files to the checks of quality: who asked, when, and what is known of a record beside its answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.quality import Quality
from xzz_analysis.intake.sources import source_codes, with_sources
from xzz_analysis.intake.store import Dataset, load, read_study
from xzz_analysis.intake.table.arrival import local_times, other_texts, plain
from xzz_analysis.study import Study, open_study
from xzz_analysis.study.settings import Table

FORM = """| survey |
| | type | name | label::zh | constraint | relevant |
| | start | start | | | |
| | end | end | | | |
| | select_one yn | agree | 同意 | | |
| | integer | age | 年龄 | . <= 20 | |
| | select_multiple need | needs | 需要 | | |
| | text | needs_other | 其他 | | selected(${needs}, 'other') |
| | integer | children | 孩子 | | |
| choices |
| | list_name | name | label::zh |
| | yn | yes | 是 |
| | yn | no | 否 |
| | need | school | 上学 |
| | need | none | 没有 |
| | need | other | 其他 |
"""
HEADER = "id,start,end,agree,age,needs,needs_other,children,who,_submission_time\n"
ROWS = (
    "王1,2025-05-10T09:00:00+08:00,2025-05-10T09:30:00+08:00,yes,25,other,上学,2,张三,2025-05-10T02:00:00\n"
    "王2,2025-05-10T10:00:00+08:00,2025-05-10T10:30:00+08:00,yes,10,school none,,1,张三,2025-05-10T03:00:00\n"
    "王3,2025-05-10T11:00:00+08:00,2025-05-10T11:01:00+08:00,no,,,,,李四,2025-05-10T04:00:00\n"
    "王4,2025-05-14T09:00:00+08:00,2025-05-14T09:30:00+08:00,yes,11,school,,1,李四,2025-05-10T05:00:00\n"
)
CHILD_FORM = "| survey |\n| | type | name | label::zh |\n| | integer | grade | 年级 |\n"
CHILDREN = "cid,id,grade\nc1,王1,3\nc2,王2,4\nc3,王2,5\nc4,王4,6\n"
AGAIN = "id,start,end,agree,age,needs,needs_other,children\n王2,,,yes,12,school,,1\n王9,,,yes,12,school,,1\n"


def make(folder: Path, **changed: object) -> Study:
    """A study of four families and their children, with who asked them and when."""
    files = {"f.md": FORM, "f.csv": HEADER + ROWS, "c.md": CHILD_FORM, "c.csv": CHILDREN, "again.csv": AGAIN}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    family = {"key": "id", "form": "f.md", "raw": {"r1": "f.csv"}, "reader": "kobo", "consent": "${agree} = 'yes'"}
    family |= {"exclusive": {"needs": ["none"]}, "interviewer": "who", "back_check": {"r1": "again.csv"}}
    child = {"key": "cid", "parent": "family", "parent_key": "id", "form": "c.md", "raw": {"r1": "c.csv"}}
    both = {"zh": "试验", "en": "trial"}
    settings = {
        "id": "t",
        "title": both,
        "publisher": both,
        "population": both,
        "rounds": {"r1": {"collected": ["2025-05-10", "2025-05-31"]}},
        "tables": {"family": family, "child": child | {"reader": "kobo"}},
        "design": {"kind": "nonprobability"},
        **changed,
    }
    (folder / "study.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    return open_study(folder)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    counts = [{"name": "n", "unit": "child", "question": "children"}]
    folder = tmp_path_factory.mktemp("study")
    return read_study(make(folder, quality={"counts": counts, "thresholds": {"pairs": 2}}))


def found(dataset: Dataset, rule: str) -> list[tuple[str, ...]]:
    return list(dataset.quality.findings.of(rule)["keys"])


def test_records_are_called_by_their_place_where_there_is_no_vault(dataset):
    assert found(dataset, "constraint_broken") == [("#1",)]
    assert found(dataset, "exclusive_with_others") == [("#2",)]


def test_other_texts_that_say_an_option_are_found(dataset):
    assert found(dataset, "other_repeats_option") == [("#1",)]


def test_those_who_declined_are_not_checked(dataset):
    assert dataset.quality.rows["family", "r1"] == 3
    frame = dataset.quality.findings.frame
    assert "#3" not in {key for keys in frame.loc[frame["unit"] == "family", "keys"] for key in keys}


def test_children_are_counted_against_what_their_family_says(dataset):
    counted = dataset.quality.findings.of("count_linked")
    assert counted[["count", "base"]].to_numpy().tolist() == [[2, 3]]  # one of two, and two of one


def test_the_servers_time_shows_what_lies_in_the_future(dataset):
    assert found(dataset, "in_future") == [("#4",)]


def test_interviewers_are_numbers_and_their_names_nowhere(dataset):
    assert dataset.quality.interviewers["interviewer"].tolist() == ["#1", "#2"]
    told = json.dumps(dataset.quality.written(), ensure_ascii=False)
    assert "张三" not in told and "王1" not in told


def test_quality_is_kept_with_the_answers(tmp_path):
    study = make(tmp_path, quality={"minimum": 90, "thresholds": {"per_day": 1}})
    first, again = load(study).quality, load(study).quality
    for name in ("frame", "not_run"):
        pd.testing.assert_frame_equal(getattr(first.findings, name), getattr(again.findings, name))
    assert (again.rows, again.rules) == (first.rows, first.rules)
    assert again.score("family", "r1").value == first.score("family", "r1").value


def test_a_table_below_the_minimum_is_an_error(tmp_path):
    quality = read_study(make(tmp_path, quality={"minimum": 99})).quality
    (gate,) = quality.gates("r1")
    assert (gate.severity, gate.rule, gate.where) == ("error", "quality_below_minimum", "family")


def test_an_unknown_unit_is_named_with_the_nearest(tmp_path):
    rules = {"ages": [{"unit": "famly", "age": "age", "born": "age"}]}
    with pytest.raises(StudyError) as raised:
        read_study(make(tmp_path, quality=rules))
    assert "'famly'" in raised.value.findings[0].message and "'family'" in raised.value.findings[0].message


def test_an_unknown_key_of_quality_is_named(tmp_path):
    with pytest.raises(StudyError) as raised:
        read_study(make(tmp_path, quality={"treshold": {}}))
    assert "treshold" in str(raised.value.findings[0])


def test_a_column_of_interviewers_that_is_not_there_is_an_error(tmp_path):
    study = make(tmp_path)
    study.tables["family"].__dict__["interviewer"] = "whom"
    with pytest.raises(InputError, match="no column 'whom'; did you mean 'who'"):
        read_study(study)


def test_nothing_is_the_quality_of_a_study_without_checks():
    assert Quality().gates("r1") == [] and len(Quality.read(Quality().written()).findings) == 0


# --- times --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "utc", "hour"),
    [
        ("2025-05-10T09:00:00+08:00", False, 9),
        ("2025-05-10T01:00:00Z", False, 9),
        ("2025-05-10 09:00:00", False, 9),
        ("2025-05-10T01:00:00", True, 9),
        ("2025-05-10T05:00:00.000+0400", True, 9),
        ("2025-05-10", False, 0),
    ],
)
def test_times_are_brought_to_the_zone_of_the_study(written, utc, hour):
    moment = local_times(pd.Series([written]), "Asia/Shanghai", utc=utc)[0]
    assert (moment.tz, moment.day, moment.hour) == (None, 10, hour)


def test_what_is_no_time_is_unknown():
    assert local_times(pd.Series(["", "昨天"]), "Asia/Shanghai").isna().all()


# --- sources ------------------------------------------------------------------------------------------------


def sources(**columns: list[str]) -> Export:
    frame = pd.DataFrame({name: pd.Series(cells, dtype="str") for name, cells in columns.items()})
    return Export("f.csv", frame, Form("f", "", ("zh",), {}, (), ()), roles={name: name for name in columns})


def test_codes_of_interviewers_stay_and_names_are_numbered():
    table = Table(key="id", form=Path("f"), raw={})
    assert source_codes(sources(interviewer=["A03", "A04", ""]), table)["interviewer"].tolist() == ["A03", "A04", ""]
    assert source_codes(sources(interviewer=["王芳", "A04", "王芳"]), table)["interviewer"].tolist() == [
        "#1",
        "#2",
        "#1",
    ]


def test_identifiers_addresses_and_devices_are_always_numbered():
    table, export = Table(key="id", form=Path("f"), raw={}), sources(interviewer=["A03"], ip=["1.2.3.4"], device=["d"])
    codes = source_codes(export, table, direct=["interviewer"])
    assert {role: column[0] for role, column in codes.items()} == {"interviewer": "#1", "ip": "#1", "device": "#1"}


def test_the_columns_themselves_go():
    codes = source_codes(sources(ip=["1.2.3.4", "1.2.3.5"]), Table(key="id", form=Path("f"), raw={}))
    entered = with_sources(sources(ip=["1.2.3.5"]), codes, np.array([1]))
    assert list(entered.frame) == [entered.roles["ip"]] and entered.frame.to_numpy().tolist() == [["#2"]]


# --- other-texts --------------------------------------------------------------------------------------------

NEEDS = Question("needs", "select_multiple", options=(Option("school", {"zh": "上学"}), Option("other")))


@pytest.mark.parametrize(
    ("name", "relevant", "owner"),
    [
        ("needs_other", (), "needs"),
        ("needs_said", ("selected(${needs}, 'other')",), "needs"),
        ("why", ("selected(${needs}, 'other')",), None),
        ("remark", (), None),
    ],
)
def test_an_other_text_belongs_to_its_question(name, relevant, owner):
    questions = {"needs": NEEDS, name: Question(name, "text", relevant=relevant)}
    assert other_texts(questions).get(name) == owner


def test_texts_are_compared_without_width_case_and_punctuation():
    assert plain("（ＡＢc，上 学。）") == plain("abC上学")
