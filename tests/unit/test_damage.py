"""Identifiers and dates that spreadsheet programs damage, and text that must not become a formula."""

import csv
import datetime as dt
import io

import openpyxl
import pandas as pd
import pytest
import xlsxwriter

from xzz_analysis.errors import InputError
from xzz_analysis.intake.workbook import damaged_identifiers, read_raw, require_whole_key
from xzz_analysis.intake.workbook.plain_text import (
    WORKBOOK_OPTIONS,
    plain_frame,
    plain_text,
    write_csv,
    write_text,
)

CARDS = ["11999920120229001X", "119999201202290028", "119999201301010018"]
"""Identity numbers of a county that does not exist."""


def rules(cells: list[str], column: str = "证件") -> dict[str, int]:
    found = damaged_identifiers(pd.DataFrame({column: pd.Series(cells, dtype="str")}), "raw.csv")
    assert all(finding.where == f"raw.csv: {column}" for finding in found)
    assert not any(cell in str(finding) for finding in found for cell in cells if len(cell) > 5)
    return {finding.rule: finding.count for finding in found}


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (CARDS, {}),
        (["4.40106E+17", "4.40107E+17"], {"id_rounded": 2}),
        (["4.40106E+17", "4.40106E+17"], {"id_rounded": 2, "id_merged": 1}),
        (["1.38E+10", "13912345678"], {"id_rounded": 1}),
        (["440106201202290000", "440106201202291000"], {"id_rounded": 2}),
        (["440106201202290000"] * 3, {"id_rounded": 3, "id_merged": 2}),
        (["4.40106201202290022e+17"], {"id_rounded": 1}),
        (["6222021234567890000", "6222021234567890123"], {"id_rounded": 1}),
        (["13912345678.0", "13812345678.0"], {"id_decimal": 2}),
        (["110101.0", "110102.0"], {"id_decimal": 2}),
        (["150000.0", "20000.5", "1.0"], {}),
        ([*CARDS, "11999920120229001"], {"id_digit_lost": 1}),
        (["13912345678", "13812345678", "1391234567"], {"id_digit_lost": 1}),
        (["0101", "0002", "0310", "77"], {"zero_lost": 1}),
        (["0101", "0002", "1203"], {}),
        (["05", "7", "12"], {}),
        (["1e-07", "2.5e+05", "0.1"], {}),
        (["2025-05-10", "45787"], {"date_as_number": 1}),
        (["2025/5/10 8:30", "45787.35"], {"date_as_number": 1}),
        (["1886.4", "45787"], {}),
        (["2025-05-10", "1899-12-30"], {"date_of_nothing": 1}),
        (["", "", "没有"], {}),
    ],
)
def test_damage_is_told_with_its_column_and_count(cells, found):
    assert rules(cells) == found


def test_one_card_that_really_ends_in_zeros_is_whole():
    body = "11999920120229000"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    last = "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]
    lone = next(
        card
        for card in (f"1199992012{month:02d}{day:02d}{order}000" for month in range(1, 13) for day in range(10, 29)
                     for order in "123456789")
        if "10X98765432"[sum(int(d) * w for d, w in zip(card, weights, strict=False)) % 11] == card[17]
    )  # fmt: skip
    assert rules([*CARDS, body + last, lone]) == {}


@pytest.mark.parametrize(
    "cells",
    [["4.40106E+17", "4.40107E+17"], ["440106201202290000"] * 2, ["1.0", "2.0"], [*CARDS, CARDS[1][:17]]],
)
def test_a_damaged_key_is_refused(cells):
    with pytest.raises(InputError, match=r"raw\.csv: the column 'id' tells rows apart, but a spreadsheet") as error:
        require_whole_key(pd.Series(cells, dtype="str", name="id"), "raw.csv")
    assert error.value.findings and not any(cell in str(error.value) for cell in cells if len(cell) > 5)


@pytest.mark.parametrize("cells", [CARDS, ["F1", "F2"], ["1", "12", "123"], ["0001", "0012"], ["1.5", "2.5"]])
def test_a_whole_key_passes(cells):
    require_whole_key(pd.Series(cells, dtype="str", name="id"), "raw.csv")


def workbook(cells: list[object], number_format: str | int = "General", **options: object) -> bytes:
    saved = io.BytesIO()
    with xlsxwriter.Workbook(saved, {"in_memory": True, **options}) as book:
        sheet, style = book.add_worksheet("表"), book.add_format({"num_format": number_format})
        sheet.write_string(0, 0, "x")
        for row, cell in enumerate(cells, start=1):
            (sheet.write_string if isinstance(cell, str) else sheet.write_number)(row, 0, cell, style)
    return saved.getvalue()


@pytest.fixture
def column(tmp_path):
    """The column of a workbook, and the rules of its findings."""

    def read(content: bytes):
        path = tmp_path / "raw.xlsx"
        path.write_bytes(content)
        raw = read_raw(path)
        return raw.frame["x"].tolist(), [finding.rule for finding in raw.findings], raw.date_system

    return read


def test_long_number_in_a_workbook_never_looks_whole(column):
    texts, found, _ = column(workbook([440106201202290022.0, 1.0]))
    assert texts == ["4.4010620120229e+17", "1"] and found == ["id_rounded"]


@pytest.mark.parametrize("number_format", ["yyyy-mm-dd", 'yyyy"年"m"月"d"日"', 14, 31, 58])
@pytest.mark.parametrize(("options", "zero"), [({}, dt.date(1899, 12, 30)), ({"date_1904": True}, dt.date(1904, 1, 1))])
def test_dates_of_both_calendars(column, number_format, options, zero):
    days = [dt.date(2025, 5, 10), dt.date(1999, 12, 31), dt.date(2012, 2, 29)]
    texts, found, system = column(workbook([(day - zero).days for day in days], number_format, **options))
    assert (texts, found, system) == ([day.isoformat() for day in days], [], 1904 if options else 1900)


def test_text_dates_and_serials_are_told_apart(column):
    assert column(workbook(["2025/5/10", "2025年5月10日"]))[0] == ["2025/5/10", "2025年5月10日"]
    assert column(workbook([45787]))[0] == ["45787"]
    assert column(workbook(["2025-05-10T08:30:00+08:00"]))[0] == ["2025-05-10T08:30:00+08:00"]


def test_no_day_is_reported(column):
    assert column(workbook([45787, 0], "yyyy-mm-dd"))[1] == ["date_of_nothing"]


# --- formulas -------------------------------------------------------------------------------------------------------

HOSTILE = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", '=HYPERLINK("x")']
PLAIN = ["没有", "-1.5", "+3", "-", "1-2", "a=b", "", "5%", "-5%", "1e5"]


@pytest.mark.parametrize("text", HOSTILE)
def test_formula_is_marked(text):
    assert plain_text(text) == f"'{text}"


@pytest.mark.parametrize("text", [text for text in PLAIN if text != "-"])
def test_text_and_numbers_stay(text):
    assert plain_text(text) == text


def test_csv_marks_texts_headers_and_index_but_no_numbers(tmp_path):
    frame = pd.DataFrame(
        {"=x": HOSTILE[:3], "n": [-1, -2, -3], "d": pd.to_datetime(["2025-05-10"] * 3)}, index=list("=ab")
    )
    write_csv(frame, tmp_path / "a.csv", index=True)
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["", "'=x", "n", "d"]
    assert [row[0] for row in rows[1:]] == ["'=", "a", "b"]
    assert [row[2] for row in rows[1:]] == ["-1", "-2", "-3"]
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    assert frame.iloc[0, 0] == "=1+1"


def test_missing_texts_stay_missing():
    assert plain_frame(pd.DataFrame({"a": ["=1", None]}))["a"].isna().tolist() == [False, True]


@pytest.mark.parametrize("text", HOSTILE)
def test_workbooks_hold_texts(tmp_path, text):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx", WORKBOOK_OPTIONS) as book:
        sheet = book.add_worksheet()
        write_text(sheet, 0, 0, text)
        sheet.write(1, 0, text)
    book = openpyxl.Workbook()
    write_text(book.active, 0, 0, text)
    book.save(tmp_path / "b.xlsx")
    for name, rows in (("a.xlsx", 2), ("b.xlsx", 1)):
        cells = [cell for row in openpyxl.load_workbook(tmp_path / name).active.iter_rows() for cell in row]
        assert [cell.data_type for cell in cells] == ["s"] * rows
