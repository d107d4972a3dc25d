"""CSV, CSV.gz and XLSX → text cells, exactly as written."""

import datetime as dt
import gzip
import hashlib
import importlib.util
import io
import json
import sys
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import xlsxwriter

from xzz_analysis.errors import InputError
from xzz_analysis.intake.workbook import child, excel, read_raw
from xzz_analysis.intake.workbook.excel import cell_text
from xzz_analysis.intake.workbook.guard.extent import counted_extent
from xzz_analysis.intake.workbook.titles import sheet_name, sheet_names


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
        (999999999999999.0, "999999999999999"),
        (1e15, "1e+15"),
        (1234567890123456.0, "1.234567890123456e+15"),
        (440106201202290022.0, "4.4010620120229005e+17"),
        (440106201202290022, "4.4010620120229005e+17"),
        (-0.0, "0"),
        (1e-7, "1e-07"),
        (7, "7"),
        (True, "TRUE"),
        (False, "FALSE"),
        (dt.date(2025, 5, 10), "2025-05-10"),
        (dt.datetime(2025, 5, 10), "2025-05-10"),
        (dt.datetime(2025, 5, 10, 8, 30), "2025-05-10T08:30:00"),
        (dt.time(8, 30), "08:30:00"),
        (dt.timedelta(hours=36, minutes=5), "36:05:00"),
        (dt.timedelta(seconds=-90), "-00:01:30"),
        (dt.timedelta(milliseconds=1500), "00:00:01.5"),
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


# --- the process that reads ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_none(value):
    with pytest.raises(child.UnreadableError, match="number"):
        list(child.batches([[value]]))


def conversation(data: bytes, sheet: str | None = None) -> bytes:
    """What the child writes when it is given a workbook, without a process."""
    out = io.BytesIO()
    asked = json.dumps({"sheet": sheet, "memory": 0}).encode() + b"\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "limit_memory", lambda size: None)
        child.main(io.BytesIO(asked + data), out)
    return out.getvalue()


def test_child_tells_sheets_and_writes_batches(tmp_path):
    written = conversation(save(tmp_path / "a.xlsx", needs=[["编号", "n"], [1, None]]).read_bytes())
    head, _, body = written.partition(b"\n")
    assert json.loads(head) == {"sheets": ["needs"], "sheet": "needs", "width": 2}
    assert body[:4] == b"\x02\0\0\0" and "编号1".encode() in body and body[-4:] == bytes(4)


@pytest.mark.parametrize(("data", "why"), [(b"", "damaged"), (b"PK\x03\x04", "damaged")])
def test_child_says_why_in_a_word(data, why):
    out = io.BytesIO()
    with pytest.raises(SystemExit), pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "limit_memory", lambda size: None)
        child.main(io.BytesIO(b'{"sheet": null, "memory": 0}\n' + data), out)
    assert json.loads(out.getvalue()) == {"error": why}


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on memory there")
def test_child_that_needs_too_much_memory_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(excel, "MEMORY", 2**20)
    monkeypatch.setattr(excel, "MOST_MEMORY", 2**20)
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("needs").write_column(0, 0, [f"cell {place}" for place in range(20_000)])
    with pytest.raises(InputError, match=r"a\.xlsx, sheet 'needs' needs more memory than answers ever do"):
        read_raw(path)


def test_child_that_takes_too_long_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(excel, "SECONDS", 0.001)
    path = save(tmp_path / "a.xlsx", needs=[["n"], [1]])
    with pytest.raises(InputError, match=r"a\.xlsx, sheet 'needs' takes longer to read than answers ever do"):
        read_raw(path)


def test_more_rows_than_a_batch_keep_their_order(tmp_path):
    rows = [["n", "t"], *([place, f"r{place}"] for place in range(9000))]
    frame = read_raw(save(tmp_path / "a.xlsx", needs=rows)).frame
    assert frame["n"].tolist() == [str(place) for place in range(9000)]
    assert frame["t"].iloc[-1] == "r8999"


def test_names_of_sheets_are_whatever_people_write(tmp_path):
    names = ["a & <b>", " 表'一 ", 'x"y']
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        for name in names:
            sheet = book.add_worksheet(name)
            sheet.write(0, 0, "h")
            sheet.write(1, 0, name)
    assert read_raw(tmp_path / "a.xlsx").sheets == tuple(names)
    assert [read_raw(tmp_path / "a.xlsx", name).frame["h"].tolist() for name in names] == [[name] for name in names]


# --- other workbooks ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def old_workbook(root):
    """Writers of .xls and .ods, from the corpus of faults."""
    path = root / "tests" / "faults" / "corpus" / "old_workbook.py"
    spec = importlib.util.spec_from_file_location("old_workbook", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("epoch", [1900, 1904])
def test_old_workbook(tmp_path, old_workbook, epoch):
    zero = dt.date(1899, 12, 30) if epoch == 1900 else dt.date(1904, 1, 1)
    day = old_workbook.Day((dt.date(2025, 5, 10) - zero).days)
    rows = [["编号", "日期", "是", "n"], ["007", day, True, 2.5], ["x", None, False, 3.0]]
    (tmp_path / "a.xls").write_bytes(old_workbook.xls({"表一": rows, "b": [["z"]]}, epoch=epoch))
    raw = read_raw(tmp_path / "a.xls")
    assert raw.frame.to_dict("list") == {
        "编号": ["007", "x"], "日期": ["2025-05-10", ""], "是": ["TRUE", "FALSE"], "n": ["2.5", "3"],
    }  # fmt: skip
    assert (raw.sheets, raw.date_system) == (("表一", "b"), epoch)
    assert read_raw(tmp_path / "a.xls", "b").frame.to_dict("list") == {"z": []}
    with pytest.raises(InputError, match=r"a\.xls has no sheet 'c'; it has b and 1 whose name may be somebody's"):
        read_raw(tmp_path / "a.xls", "c")


def test_open_document(tmp_path, old_workbook):
    rows = [["编号", "日期"], ["007", "date:2025-05-10"], ["x", "date:2025-05-10T08:30:00"]]
    (tmp_path / "a.ods").write_bytes(old_workbook.ods({"表": rows}))
    raw = read_raw(tmp_path / "a.ods")
    assert raw.frame.to_dict("list") == {"编号": ["007", "x"], "日期": ["2025-05-10", "2025-05-10T08:30:00"]}
    assert raw.sheets == ("表",)


def test_remarks_above_and_notes_below_a_sheet(tmp_path):
    rows = [["二〇二五年春季调查", None], [None, None], ["编号", "n"], ["1", 2], ["注：合计含未答", None]]
    raw = read_raw(save(tmp_path / "a.xlsx", needs=rows))
    assert raw.frame.to_dict("list") == {"编号": ["1"], "n": ["2"]}
    assert (raw.preamble, raw.footnotes) == (("二〇二五年春季调查",), ("注：合计含未答",))
    (found,) = raw.findings
    assert (found.rule, found.severity, found.count) == ("remarks_apart", "note", 2)


@pytest.mark.parametrize("name", ["王小明", "Wang Xiaoming", "13912345678", "小明家 3"])
def test_a_sheet_that_may_be_called_like_somebody_is_numbered_in_messages(tmp_path, monkeypatch, name):
    path = save(tmp_path / "a.xlsx", **{name: [["id", "id"], [1, 2]], "needs": [["n"]]})
    with pytest.raises(InputError, match=r"a\.xlsx, sheet 1: 1 column name\(s\) occur more than once"):
        read_raw(path)
    with pytest.raises(InputError, match=r"has no sheet 'x'; it has needs and 1 whose name may be somebody's$"):
        read_raw(path, "x")
    with pytest.raises(InputError, match=f"a.xlsx, sheet '{name}': 1 column name"):  # asked for by name
        read_raw(path, name)
    monkeypatch.setattr(excel, "SECONDS", 0.001)
    with pytest.raises(InputError, match=r"a\.xlsx, sheet 1 takes longer to read"):
        read_raw(path)


def test_an_empty_or_far_sheet_that_may_be_called_like_somebody_is_numbered(tmp_path):
    path = save(tmp_path / "a.xlsx", 王小明=[])
    with pytest.raises(InputError, match=r"a\.xlsx, sheet 1 is empty"):
        read_raw(path)
    book = openpyxl.Workbook()
    book.active.title = "王小明"
    book.active["A1"], book.active["XFD1048576"] = "id", "x"
    book.save(path)
    with pytest.raises(InputError, match=r"a\.xlsx, sheet 1 reaches cell XFD1048576"):
        read_raw(path)
    names = ["王小明", "needs", "李丽"]
    assert [sheet_name(one, names) for one in names] == ["sheet 1", "sheet 'needs'", "sheet 3"]
    assert (sheet_names(names), sheet_names(["李丽"]), sheet_names([])) == (
        "needs and 2 whose name may be somebody's", "1 whose name may be somebody's", "none"
    )  # fmt: skip
