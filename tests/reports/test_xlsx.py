"""The workbook: numbers as numbers, texts as texts, the same bytes every time."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from xzz_analysis.errors import ReportError
from xzz_analysis.report.blocks import Block, Column, PageMeta, Paragraph, Table
from xzz_analysis.report.xlsx import plain_text, write_xlsx

BOTH = {"zh": "需求", "en": "Needs"}
NAME = Column("name", BOTH)


@pytest.fixture
def book(title: dict[str, str], meta: PageMeta, tmp_path: Path) -> Any:
    def written(blocks: list[Block], language: str = "en", **changes: Any) -> openpyxl.Workbook:
        changed = PageMeta(**{**meta.__dict__, **changes})
        path = write_xlsx(blocks, tmp_path / "t.xlsx", language=language, title=title, meta=changed)
        return openpyxl.load_workbook(io.BytesIO(path.read_bytes()))

    return written


def rows(sheet: Any) -> list[list[Any]]:
    return [[cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)]


def test_the_first_sheet_lists_the_others_and_carries_the_notice(book: Any, page: list[Block]) -> None:
    written = book(page, "zh")
    assert written.sheetnames == ["目录", "表1", "表2"]
    front = rows(written["目录"])
    assert front[:3] == [["流动儿童需求报告"], ["流动儿童及其家庭需求监测（演示）"], ["合成演示数据"]]
    assert front[-2:] == [["表 1　回答流程"], ["表 2　各领域需求"]]
    assert written["目录"]["A12"].hyperlink.location == "'表1'!A1"


def test_every_sheet_carries_the_notice_on_screen_and_in_print(book: Any, page: list[Block]) -> None:
    for sheet in book(page).worksheets:
        assert ["Synthetic demonstration data"] in rows(sheet)
        assert sheet.oddHeader.center.text == "Synthetic demonstration data"


def test_figures_are_numbers_with_the_format_they_are_printed_in(book: Any, page: list[Block]) -> None:
    sheet = book(page)["Table 2"]
    (line,) = sheet.iter_rows(min_row=4, max_row=4)
    assert [cell.value for cell in line] == [
        "Education",
        "Out of school",
        0.083,
        0.048,
        0.119,
        240,
        20,
        30,
        "a00000000000",
    ]
    assert [cell.number_format for cell in line[2:6]] == ["0.0%", "0.0%", "0.0%", "#,##0"]


def test_an_interval_takes_two_columns_with_their_own_heads(book: Any, page: list[Block]) -> None:
    heads = rows(book(page)["Table 2"])[2]
    assert heads[2:6] == [
        "Estimate",
        "95% confidence interval, lower end",
        "95% confidence interval, upper end",
        "Answered",
    ]


def test_a_suppressed_row_is_all_marks(book: Any, page: list[Block]) -> None:
    lines = {row[1]: row[2:] for row in rows(book(page)["Table 2"]) if len(row) > 2}
    assert lines["Vaccination not up to date"] == ["※"] * 6 + ["a00000000002"]


def test_a_number_keeps_its_decimals(book: Any) -> None:
    mean = Column("mean", BOTH, "figure", decimals=2)
    table = Table(BOTH, [NAME, mean], [{"name": "x", "mean": 3.25, "unit": "number"}])
    assert book([table])["Table 1"]["B4"].number_format == "#,##0.00"


def test_heads_and_names_stay_in_sight(book: Any, page: list[Block]) -> None:
    written = book(page)
    assert (written["Table 1"].freeze_panes, written["Table 2"].freeze_panes) == ("B4", "C4")
    assert written["Table 2"].print_title_rows == "$3:$3"


def test_columns_are_wide_enough_for_chinese(book: Any) -> None:
    table = Table(BOTH, [NAME], [{"name": {"zh": "疫苗未按时接种的儿童", "en": "x"}}])
    widths = book([table], "zh")["表1"].column_dimensions
    assert widths["A"].width == pytest.approx(22, abs=1)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "http://example.org", "{=1}", "007"])
def test_a_text_never_becomes_a_formula_or_a_link(text: str, book: Any) -> None:
    table = Table(BOTH, [NAME], [{"name": {"zh": text, "en": text}}], [{"zh": text, "en": text}])
    sheet = book([table])["Table 1"]
    for place in ("A4", "A6"):
        assert (sheet[place].value, sheet[place].data_type, sheet[place].hyperlink) == (text, "s", None)


def test_sheet_names_are_safe_whatever_the_captions_are(book: Any) -> None:
    captions = ["[a]:*?/\\", "History", "x" * 300, "x" * 300]
    tables = [Table({"zh": text, "en": text}, [NAME], []) for text in captions]
    assert book(tables).sheetnames == ["Contents", "Table 1", "Table 2", "Table 3", "Table 4"]


def test_an_ampersand_in_the_notice_is_not_a_code_of_the_header(book: Any) -> None:
    notice = {"zh": "甲&乙", "en": "A & B"}
    assert book([], notice=notice)["Contents"].oddHeader.center.text == "A && B"


def test_a_report_without_tables_says_so(book: Any) -> None:
    assert rows(book([Paragraph(BOTH)])["Contents"])[-1] == ["This report has no tables."]


def test_an_internal_workbook_says_so(book: Any) -> None:
    front = rows(book([], audience="internal")["Contents"])
    assert front[2:4] == [["Internal: not for release"], ["Synthetic demonstration data"]]


def test_the_same_tables_give_the_same_bytes(
    page: list[Block], title: dict[str, str], meta: PageMeta, tmp_path: Path
) -> None:
    first, second = (
        write_xlsx(page, tmp_path / name, language="zh", title=title, meta=meta).read_bytes() for name in "ab"
    )
    assert first == second


@pytest.mark.parametrize(
    ("text", "message"),
    [("好👍", r"t.xlsx: 1 character.*U\+1F44D"), ("长" * 40_000, "40,000 characters does not fit a cell")],
)
def test_what_a_cell_cannot_hold_is_an_error_and_nothing_is_written(
    text: str, message: str, book: Any, tmp_path: Path
) -> None:
    with pytest.raises(ReportError, match=message):
        book([Table(BOTH, [NAME], [{"name": text}])])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "safe"),
    [("=1", "'=1"), ("@x", "'@x"), ("-3", "'-3"), ("plain", "plain"), ("a=b", "a=b"), (3, 3)],
)
def test_a_text_for_csv_is_not_run_by_a_spreadsheet(text: Any, safe: Any) -> None:
    assert plain_text(text) == safe
