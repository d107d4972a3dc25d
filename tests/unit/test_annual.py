"""Figures for annual returns: on the page, as a workbook, and by one command."""

import math
from pathlib import Path

import openpyxl
import pytest

from tests.small_ledgers import ledgers_of, write_study
from xzz_analysis.cli import main
from xzz_analysis.disclosure.protect import MARK
from xzz_analysis.errors import ReportError
from xzz_analysis.report.chapters.services.annual import annual_table, write_annual

ACTIVITIES = [
    {"activity": "A1", "date": "2025-03-01", "type": "group", "domain": "health", "person_times": 8, "persons": 8},
    {"activity": "A2", "date": "2025-03-08", "type": "group", "domain": "health", "person_times": 9, "persons": ""},
    {"activity": "A3", "date": "2025-05-01", "type": "case", "domain": "support", "person_times": 2, "persons": 2},
    {"activity": "A4", "date": "2024-05-01", "type": "case", "domain": "support", "person_times": 50, "persons": ""},
]
ROLES = [{"person": f"P{one}", "role": "volunteer", "since": "2025-02-01"} for one in range(7)]
ROLES += [{"person": f"S{one}", "role": "social_worker", "since": "2025-02-01"} for one in range(2)]
LEDGERS = {"activities": ACTIVITIES, "roles": ROLES}


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    return ledgers_of(tmp_path_factory.mktemp("annual") / "study", LEDGERS, periods=["year"])


def told(ledgers, language="en"):
    """Figure → what the page prints of it, in the table or among those that are not known."""
    table, *rest = annual_table(ledgers)
    found = {row["label"][language]: table.printed(row, language)[1].text for row in table.rows}
    for paragraph in rest:
        words, said = ("不详", paragraph.text["zh"]) if language == "zh" else ("not known", paragraph.text["en"])
        names = said.partition("：" if language == "zh" else ": ")[2].partition("。" if language == "zh" else ". No")[0]
        found |= dict.fromkeys(names.split("、" if language == "zh" else "; "), words)
    return found


def sheets(path):
    """Sheet → (lines above, code → (name, value, unit, id))."""
    book = openpyxl.load_workbook(path)
    found = {}
    for sheet in book.worksheets:
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        start = next(place for place, row in enumerate(rows) if row[0] in ("Code", "代码"))
        body = {row[0]: row[1:] for row in rows[start + 1 :]}
        found[sheet.title] = ([row[0] for row in rows[:start]], rows[start], body)
    return found


def test_the_page_prints_numbers_marks_and_what_is_not_known(year):
    found = told(year)
    assert (found["Activities"], found["Groups"], found["Home visits"]) == ("3", "2", "0")
    assert (
        found["Person-times"],
        found["Volunteers (in the role on any day)"],
        found["Social workers (in post on any day)"],
    ) == ("19", "7", "2")
    assert found["Person-times: health"] == MARK or found["Person-times: health"] == "17"
    assert MARK in (found["Person-times: case"], found["Person-times: social support"])  # two people
    for name in ("Projects", "Merchants visited", "Vouchers issued", "Vouchers redeemed: amount", "Partners"):
        assert found[name] == "not known"  # no ledger, and no nought
    assert told(year, "zh")["项目"] == "不详"


def test_only_a_year_has_the_table(tmp_path):
    for name in ("2025-03", "2025Q1"):
        assert annual_table(ledgers_of(tmp_path / name, LEDGERS, name)) == []


def test_the_workbook_has_a_sheet_in_each_language_with_numbers_as_numbers(year, tmp_path):
    path = write_annual(year, tmp_path / "annual.xlsx")
    assert path == tmp_path / "annual.xlsx"
    found = sheets(path)
    assert list(found) == ["年报数字", "Figures"]
    for name, heads in (
        ("年报数字", ["代码", "项目", "数值", "单位", "结果编号"]),
        ("Figures", ["Code", "Figure", "Value", "Unit", "Result id"]),
    ):
        above, first, body = found[name]
        assert first == heads and len(body) > 25
        assert body["activities"][1] == 3 and isinstance(body["activities"][1], int | float)
        assert body["volunteers"][1] == 7
        assert body["person_times_case"][1] == MARK
        assert body["vouchers_issued"][1] == ("不详" if name == "年报数字" else "not known")
        assert all(len(row[3]) == 12 for row in body.values())
        assert above[0] in ("合成演示数据", "Synthetic demonstration data") and any(MARK in line for line in above)
    chinese, english = found["年报数字"][2], found["Figures"][2]
    assert list(chinese) == list(english)
    assert [row[3] for row in chinese.values()] == [row[3] for row in english.values()]
    assert chinese["groups"][:1] == ["小组"] and english["groups"][:1] == ["Groups"]
    assert chinese["activities"][2] == "场" and english["activities"][2] == "activities"


def test_page_and_workbook_say_the_same(year, tmp_path):
    body = sheets(write_annual(year, tmp_path / "annual.xlsx"))["Figures"][2]
    page = told(year)
    assert {row[0] for row in body.values()} == set(page)
    for name, value, *_ in body.values():
        assert str(value) == page[name].replace(",", "") or math.isclose(
            float(value), float(page[name].replace(",", ""))
        )


def test_the_same_ledgers_give_the_same_bytes(year, tmp_path):
    one, other = write_annual(year, tmp_path / "a.xlsx"), write_annual(year, tmp_path / "b.xlsx")
    assert one.read_bytes() == other.read_bytes()


def test_a_file_that_cannot_be_written_is_told(year, tmp_path):
    (tmp_path / "annual.xlsx").mkdir()
    with pytest.raises(ReportError, match=r"annual\.xlsx cannot be written \(.+\); close it in Excel"):
        write_annual(year, tmp_path / "annual.xlsx")
    with pytest.raises(ReportError, match="cannot be written"):
        write_annual(year, tmp_path / "no folder" / "annual.xlsx")


def run(capsys, *arguments) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["annual", *map(str, arguments)])
    said = capsys.readouterr()
    return int(caught.value.code or 0), said.out, said.err


def test_the_command_writes_the_year_and_says_where(tmp_path, capsys):
    write_study(tmp_path / "study", LEDGERS)
    out = tmp_path / "out.xlsx"
    code, said, _ = run(capsys, tmp_path / "study", "--year", "2024", "--out", out)
    assert code == 0 and said.strip() == out.as_posix()
    assert sheets(out)["Figures"][2]["activities"][1] == 1
    assert "Figures of 2024" in sheets(out)["Figures"][0]


def test_the_command_takes_the_last_year_where_none_is_said(tmp_path, capsys):
    write_study(tmp_path / "study", LEDGERS)
    code, _, _ = run(capsys, tmp_path / "study", "--out", tmp_path / "out.xlsx")
    assert code == 0 and sheets(tmp_path / "out.xlsx")["Figures"][2]["activities"][1] == 3


def test_the_command_takes_a_month(tmp_path, capsys):
    write_study(tmp_path / "study", LEDGERS)
    code, _, _ = run(capsys, tmp_path / "study", "--year", "2025-03", "--out", tmp_path / "out.xlsx")
    assert code == 0 and sheets(tmp_path / "out.xlsx")["Figures"][2]["activities"][1] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--year", "25"], "period '25' is no month"), (["--year", "2031"], "begins after 2025-12-31")],
)
def test_the_command_refuses_a_wrong_year(tmp_path: Path, capsys, arguments, message):
    write_study(tmp_path / "study", LEDGERS)
    code, _, said = run(capsys, tmp_path / "study", *arguments, "--out", tmp_path / "out.xlsx")
    assert code != 0 and message in " ".join(said.split()) and "Traceback" not in said
    assert not (tmp_path / "out.xlsx").exists()


def test_the_command_refuses_a_path_that_cannot_be_written(tmp_path, capsys):
    write_study(tmp_path / "study", LEDGERS)
    code, _, said = run(capsys, tmp_path / "study", "--out", tmp_path / "nowhere" / "out.xlsx")
    assert code != 0 and "cannot be written" in " ".join(said.split()) and "Traceback" not in said
