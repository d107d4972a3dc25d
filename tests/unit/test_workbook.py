"""CSV, CSV.gz and XLSX → text cells, exactly as written."""

import datetime as dt
import gzip
import hashlib
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from xzz_analysis.errors import InputError
from xzz_analysis.intake.workbook import read_raw
from xzz_analysis.intake.workbook.excel import cell_text
from xzz_analysis.intake.workbook.guard.extent import counted_extent


@pytest.fixture
def cells(tmp_path: Path):
    """Cells of a CSV given as text or bytes, by column."""

    def read(content: str | bytes, name: str = "raw.csv") -> dict[str, list[str]]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_raw(path).frame.to_dict("list")

    return read


PLAIN = {"id": ["1", "2"], "儿童": ["a", ""]}


@pytest.mark.parametrize(
    "content",
    [
        "id,儿童\n1,a\n2,\n",
        "id,儿童\r\n1,a\r\n2,\r\n",
        "id,儿童\r1,a\r2,",
        "\ufeffid,儿童\n1,a\n2,\n",
        "id;儿童\n1;a\n2;\n",
        "id\t儿童\n1\ta\n2\t\n",
        '"id","儿童"\n"1","a"\n"2",""\n',
        " id , 儿童\u00a0\n1,a\n2,\n",
        "id,儿童,,\n1,a,,\n2,,,\n",
        "id,儿童\n\n1,a\n\n2,\n\n",
    ],
)
def test_csv_in_every_dialect(cells, content):
    assert cells(content) == PLAIN


def test_csv_cells_are_kept_as_written(cells):
    content = 'a,b\n" x ","1,""2""\nthree"\nNA,007\n1.0,5" pipe\n'
    assert cells(content) == {"a": [" x ", "NA", "1.0"], "b": ['1,"2"\nthree', "007", '5" pipe']}


def test_header_over_two_lines(cells):
    assert cells('"a\nb",c\n1,2\n') == {"a\nb": ["1"], "c": ["2"]}


@pytest.mark.parametrize("content", ["a,b", "a,b\n", "a,b\r\n\r\n"])
def test_csv_without_rows(cells, content):
    assert cells(content) == {"a": [], "b": []}


def test_one_column(cells):
    assert cells("a\n1\n2\n") == {"a": ["1", "2"]}


def test_gzip_is_known_by_its_content_and_hash_is_of_the_file(tmp_path):
    path = tmp_path / "raw.csv"
    path.write_bytes(gzip.compress("id,儿童\n1,a\n2,\n".encode()))
    raw = read_raw(path)
    assert raw.frame.to_dict("list") == PLAIN
    assert (raw.sha256, raw.sheets) == (hashlib.sha256(path.read_bytes()).hexdigest(), ())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        (" x ", " x "),
        (1.0, "1"),
        (1.5, "1.5"),
        (-0.1, "-0.1"),
        (123456789012345.0, "123456789012345"),
        (7, "7"),
        (True, "TRUE"),
        (False, "FALSE"),
        (dt.date(2025, 5, 10), "2025-05-10"),
        (dt.datetime(2025, 5, 10), "2025-05-10"),
        (dt.datetime(2025, 5, 10, 8, 30), "2025-05-10T08:30:00"),
        (dt.time(8, 30), "08:30:00"),
    ],
)
def test_cell_of_a_workbook_as_text(value, text):
    assert cell_text(value) == text


def save(path: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_workbook_reads_the_first_sheet_or_the_named_one(tmp_path):
    rows = [[" id ", "n", None], [1, 2.5, None], [None, None, None], [True, dt.date(2025, 5, 10), None]]
    path = save(tmp_path / "家庭.xlsx", needs=rows, member=[["age"]])
    raw = read_raw(path)
    assert raw.frame.to_dict("list") == {"id": ["1", "TRUE"], "n": ["2.5", "2025-05-10"]}
    assert (raw.sheets, raw.frame.dtypes.unique().tolist()) == (("needs", "member"), ["str"])
    assert read_raw(path, "member").frame.to_dict("list") == {"age": []}


def test_sheet_that_is_not_there(tmp_path):
    path = save(tmp_path / "a.xlsx", needs=[["id"]], member=[["age"]])
    with pytest.raises(
        InputError, match=r"a\.xlsx has no sheet 'membr'; did you mean 'member'\?; it has needs, member"
    ):
        read_raw(path, "membr")


@pytest.mark.parametrize("cut", [1, 5, 9, 14, 15, 16, 17, 30, 55, 70])
def test_cells_on_the_edge_of_a_block_are_counted_once(cut):
    text = b'<row r="70000"><c r="B70000" t="e"><v>1</v></c><c\tr=\'ZZ9\' t="s"/><c r="A9"><f>1</f></c></row>'
    extent = counted_extent([b"x" * 100, text[:cut], text[cut:]])
    assert (extent.row, extent.column, extent.cells, extent.corner) == (70000, 702, 3, "ZZ70000")
    assert (extent.errors, extent.uncalculated) == (1, 1)


def test_numbers_of_a_wide_workbook_survive(tmp_path):
    numbers = np.random.default_rng(1).integers(0, 10**6, size=(20, 300))
    path = save(tmp_path / "wide.xlsx", wide=[[f"q{column}" for column in range(300)], *numbers.tolist()])
    np.testing.assert_array_equal(read_raw(path).frame.to_numpy(dtype=int), numbers)
