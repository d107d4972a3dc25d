"""A file is read once, whether study.yml names its reader or its content tells it."""

from collections import Counter

import pytest

from tests.wjx_export import Asked, Given, form_of, write_number, write_text
from xzz_analysis.intake import workbook
from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.labelled import read_coded
from xzz_analysis.intake.plain import propose, write_mapping
from xzz_analysis.intake.readers import Given as Round
from xzz_analysis.intake.readers import detect, read_export, read_without_form
from xzz_analysis.intake.workbook import Opened, read_raw

ONE = Asked("one", "性别", ("男", "女"))
RECORDS = [[Given(row % 2)] for row in range(8)]
AGE = Form("t", "", (), {"age": Question("age", "integer", {"zh": "年龄"})}, (), ())


@pytest.fixture
def opened(monkeypatch):
    """Counts how often each file's bytes are read."""
    counts, read = Counter(), workbook.read_bytes

    def counting(path):
        counts[path.name] += 1
        return read(path)

    monkeypatch.setattr(workbook, "read_bytes", counting)
    return counts


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("age,note\n7,x\n8,y\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("reader", ["", "kobo"])
def test_an_export_of_kobo_is_read_once(table, opened, reader):
    export = read_export(Round([table], AGE), reader)
    assert export.frame["age"].tolist() == ["7", "8"]
    assert opened == {"a.csv": 1}


def test_both_flavours_are_read_once(tmp_path, opened):
    paths = [write_text(tmp_path / "a.xlsx", [ONE], RECORDS), write_number(tmp_path / "b.xlsx", [ONE], RECORDS)]
    given = Round(paths, form_of([ONE]))
    assert detect(given) == "wjx"
    assert read_export(given).frame["q1"].tolist() == ["1", "2"] * 4
    assert opened == {"a.xlsx": 1, "b.xlsx": 1}
    opened.clear()
    assert read_without_form(paths).form.questions["q1"].kind == "select_one"
    assert opened == {"a.xlsx": 1, "b.xlsx": 1}


def test_a_spreadsheet_with_a_mapping_is_read_once(table, tmp_path, opened):
    write_mapping(propose(read_raw(table), AGE), tmp_path / "mapping.yml")
    opened.clear()
    export = read_export(Round([table], AGE, mapping=tmp_path / "mapping.yml"))
    assert export.frame["age"].tolist() == ["7", "8"]
    assert opened == {"a.csv": 1}


def test_the_rows_of_a_repeat_are_read_once(table, tmp_path, opened):
    rows = tmp_path / "member.csv"
    rows.write_text("size\n3\n", encoding="utf-8")
    size = Question("size", "integer", repeat="member")
    form = Form("t", "", (), {**AGE.questions, "size": size}, ("member",), ())
    export = read_export(Round([table], form, {"member": rows}))
    assert export.repeats["member"].frame["size"].tolist() == ["3"]
    assert opened == {"a.csv": 1, "member.csv": 1}


def test_codes_and_their_codebook_are_read_once(tmp_path, opened):
    data, codes = tmp_path / "d.csv", tmp_path / "d.sps"
    data.write_text("sex\n1\n2\n", encoding="utf-8")
    codes.write_text("VARIABLE LABELS sex '性别'.\nVALUE LABELS sex 1 '男' 2 '女'.\n", encoding="utf-8")
    assert read_without_form([data, codes]).form == read_coded(data, codes).form
    assert opened["d.csv"] == 2  # once each


def test_what_was_looked_at_is_given_away(table, opened):
    files = Opened()
    first = files.look(table)
    assert files.look(table) is first and files.read(table) is first
    assert files.read(table) is not first
    assert opened == {"a.csv": 2}
