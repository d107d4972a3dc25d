"""Columns are classed by role, words and cells, and what a person confirmed is never overruled."""

import random
import sys

import pandas as pd
import pytest

from xzz_analysis.errors import StudyError
from xzz_analysis.intake.answers import Option, Question, Reason
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.privacy.classification import (
    CLASSES,
    check_classes,
    classify,
    columns_of,
    read_classes,
    write_classes,
)


def export(columns: dict[str, list[str]], *questions: Question, **roles: str) -> Export:
    form = Form("", "", (), {question.name: question for question in questions}, (), ())
    return Export("file.xlsx", pd.DataFrame(columns, dtype=str), form, {"(跳过)": Reason.SKIPPED}, roles)


def classes(given: Export) -> dict[str, str]:
    table = classify(given)
    return dict(zip(table["column"], table["kind"], strict=True))


@pytest.fixture(scope="module")
def invented(root):
    sys.path.insert(0, str(root / "tests" / "faults" / "planting"))
    try:
        import invented
    finally:
        sys.path.pop(0)
    return invented


@pytest.fixture
def table(invented):
    """Sixty families of invented people."""
    draw = random.Random(3)
    made = {kind: [invented.MAKERS[kind](draw) for _ in range(60)] for kind in ("phone", "id_card", "address", "email")}
    return {
        "family_id": [f"F{number}" for number in range(60)],
        "Q1": [invented.name(draw) for _ in range(60)],
        "Q2": made["phone"],
        "Q3": made["id_card"],
        "家庭住址": made["address"],
        "age": [str(3 + number % 13) for number in range(60)],
        "income": [str(1000 + 37 * number) for number in range(60)],
        "friends": [str(number % 6) for number in range(60)],
        "remark": ["希望学校近一点" if number % 9 else f"请打{made['phone'][number]}" for number in range(60)],
        "ip": ["10.0.0.1"] * 60,
        "code": [f"ab{number}-xy" for number in range(60)],
    }


def test_classes_of_a_table(table):
    found = classes(export(table, Question("remark", "text"), key="family_id", ip="ip"))
    assert found == {
        "family_id": "direct",
        "Q1": "direct",
        "Q2": "direct",
        "Q3": "direct",
        "家庭住址": "direct",
        "age": "quasi",
        "income": "sensitive",
        "friends": "ordinary",
        "remark": "sensitive",
        "ip": "direct",
        "code": "quasi",
    }


def test_the_rule_says_what_decided_and_shows_no_cell(table):
    rules = classify(export(table)).set_index("column")["rule"]
    assert rules["Q2"] == "cells: phone in 100% of them"
    assert rules["age"] == "word 'age'"
    shown = " ".join(rules)
    assert not [cell for column in ("Q1", "Q2", "Q3") for cell in table[column] if cell in shown]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("孩子姓名", "direct"),
        ("child_name", "direct"),
        ("guardianPhone", "direct"),
        ("3、家长联系电话", "direct"),
        ("微信号", "direct"),
        ("_gps_latitude", "direct"),
        ("学校名称", "quasi"),
        ("出生日期", "quasi"),
        ("grade", "quasi"),
        ("是否患病", "sensitive"),
        ("bullied", "sensitive"),
        ("arrears", "sensitive"),
        ("rename_date", "ordinary"),
        ("homework_hours", "ordinary"),
        ("message", "ordinary"),
        ("_submission_time", "ordinary"),
    ],
)
def test_words_of_an_empty_column(name, kind):
    assert classes(export({name: []})) == {name: kind}


def test_a_phone_one_owns_is_not_a_phone_number():
    owns = Question("phone", "select_one", {"zh": "孩子有手机吗"}, (Option("yes"), Option("no")))
    hours = ["1", "2", "3", "0.5"] * 20
    watches = Question("screen", "decimal", {"zh": "每天看手机几小时"})
    found = classes(export({"phone": ["yes", "no"] * 40, "screen": hours}, owns, watches))
    assert found == {"phone": "ordinary", "screen": "ordinary"}


def test_a_long_question_about_phones_whose_answers_hold_none():
    question = Question("wish", "text", {"zh": "您希望学校用什么方式（例如电话、微信）通知您，请写下来"})
    assert classes(export({"wish": ["都可以", "短信", "家长会"] * 20}, question)) == {"wish": "sensitive"}


def test_a_select_multiple_is_one_column():
    question = Question("papers", "select_multiple", options=(Option("lease"), Option("hukou")))
    assert list(classes(export({"papers/lease": ["1"], "papers/hukou": ["0"]}, question))) == ["papers"]


def test_what_the_platform_writes_is_no_content(table):
    answers = ["(跳过)"] * 300 + table["Q2"]
    assert classes(export({"Q9": answers})) == {"Q9": "direct"}


def test_keys_of_the_study_need_no_confirmation(table):
    found = {"child": classify(export(table), keys=["family_id", "Q1", "Q2", "Q3", "家庭住址"])}
    assert not [one for one in check_classes(found, {}) if one.severity == "error"]


def test_an_unconfirmed_identifier_stops_the_build(table):
    found = {"family": classify(export(table, key="family_id", ip="ip"))}
    errors = [one for one in check_classes(found, {}) if one.severity == "error"]
    assert [one.where for one in errors] == [f"privacy.yml: family.{name}" for name in ("Q1", "Q2", "Q3", "家庭住址")]
    assert {one.rule for one in errors} == {"identifier_unconfirmed"}


def test_the_file_is_written_confirmed_and_respected(table, tmp_path):
    path = tmp_path / "privacy.yml"
    found = {"family": classify(export(table, key="family_id", ip="ip"))}
    write_classes(path, found)
    assert not any(entry.confirmed for entry in read_classes(path)["family"].values())
    text = path.read_text(encoding="utf-8").replace("confirmed: no", "confirmed: yes")
    path.write_text(text.replace('"Q1": {class: direct', '"Q1": {class: quasi'), encoding="utf-8")
    confirmed = read_classes(path)
    assert not [one for one in check_classes(found, confirmed) if one.severity == "error"]
    assert "Q1" in columns_of("quasi", found["family"], confirmed["family"])
    assert columns_of("direct", found["family"], confirmed["family"]) == ["family_id", "Q2", "Q3", "家庭住址", "ip"]
    write_classes(path, found, confirmed)
    assert read_classes(path) == confirmed


def test_a_new_column_after_confirmation_stops_the_build(table, tmp_path):
    path = tmp_path / "privacy.yml"
    first = {"family": classify(export({"age": table["age"]}))}
    write_classes(path, first)
    path.write_text(path.read_text(encoding="utf-8").replace("confirmed: no", "confirmed: yes"), encoding="utf-8")
    second = {"family": classify(export({"age": table["age"], "Q2": table["Q2"]}))}
    (finding,) = check_classes(second, read_classes(path))
    assert (finding.severity, finding.where) == ("error", "privacy.yml: family.Q2")


def test_a_confirmed_class_that_the_cells_contradict_is_a_warning(table, tmp_path):
    path = tmp_path / "privacy.yml"
    path.write_text("family: {Q2: {class: ordinary, confirmed: yes}}", encoding="utf-8")
    (finding,) = check_classes({"family": classify(export({"Q2": table["Q2"]}))}, read_classes(path))
    assert (finding.severity, finding.rule) == ("warning", "class_doubtful")


def test_a_wrong_file_is_refused_with_every_problem(tmp_path):
    path = tmp_path / "privacy.yml"
    path.write_text("family:\n  a: {class: secret}\n  b: {kind: direct}\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"(?s)secret.*unknown key 'kind'"):
        read_classes(path)


def test_no_file_is_no_class(tmp_path):
    assert read_classes(tmp_path / "privacy.yml") == {}


def test_every_class_has_both_labels():
    assert all(label["zh"] and label["en"] for label in CLASSES.values())
