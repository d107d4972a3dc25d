"""Files that are cut off, garbled, hostile or do not fit together: one clear error, or a reported finding."""

import datetime as dt
import gzip
import io
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.form import read_form
from xzz_analysis.intake.table import Keyed, read_table
from xzz_analysis.intake.workbook import read_raw
from xzz_analysis.study import Table
from xzz_analysis.study.themes import Themes


@pytest.fixture
def refused(tmp_path: Path):
    """Message of the error that a file's bytes cause."""

    def message(content: bytes, name: str = "raw.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InputError) as error:
            read_raw(path)
        assert error.value.exit_code == 1
        return str(error.value)

    return message


# --- CSV ----------------------------------------------------------------------------------------------------


def test_last_row_cut_off(refused):
    assert refused(b"id,q,n\n1,yes,2\n2,n") == ("raw.csv is cut off: its last row has 2 of 3 fields; export it again")


@pytest.mark.parametrize("content", [b'id,q\n1,"yes\n2,no\n', b'id,q\n1,a\n2,"no', b'id,q\n1,"a ""quoted"" \n'])
def test_open_quote(refused, content):
    message = refused(content)
    assert "raw.csv ends inside a quoted cell" in message and "export it again" in message


def test_cut_inside_a_character(refused):
    message = refused("id,姓\n1,王\n2,李".encode()[:-1])
    assert "raw.csv is not UTF-8: byte 15 on line 3 is 0xe6; the file was cut off inside a character" in message


def test_other_encodings_are_refused_with_the_byte_and_the_remedy(refused):
    message = refused("id,姓名\n1,王\n".encode("big5"))
    assert "byte 3" in message and "it was saved in another encoding" in message
    assert "save it again as CSV UTF-8 (Excel: Save As, 'CSV UTF-8')" in message


def test_byte_is_counted_from_the_start_of_the_file(refused):
    assert "byte 5 on line 1 is 0xe9" in refused(b"\xef\xbb\xbfid\xe9,q\n")


def test_binary(refused):
    assert "raw.csv is UTF-16 or not text at all" in refused(b"id,q\n1,\x00\n")


@pytest.mark.parametrize("cut", [10, 40, -8, -1])
def test_gzip_cut_off(refused, cut):
    whole = gzip.compress(b"id,q\n" + b"".join(b"%d,%d\n" % (row, row * 7919 % 1000) for row in range(500)))
    assert "raw.csv.gz is cut off or damaged" in refused(whole[:cut], "raw.csv.gz")


def test_gzip_damaged(refused):
    whole = bytearray(gzip.compress(b"id,q\n" + b"1,2\n" * 500))
    whole[-6] ^= 255
    assert "raw.csv.gz is cut off or damaged" in refused(bytes(whole), "raw.csv.gz")


def test_rows_of_other_lengths(refused):
    message = refused(b"id,q\n1,a\n2,b,c\n3,d\n4\n5,e\n")
    assert "2 of 5 rows do not have 2 fields like the header (rows 3, 5)" in message


def test_short_row_in_the_middle_is_not_called_cut_off(refused):
    message = refused(b"id,q\n1,a\n2\n3,d\n")
    assert "1 of 3 rows do not have 2 fields like the header (rows 3)" in message


def test_same_column_twice(refused):
    message = refused(b"id,q, q\n1,a,b\n")
    assert "raw.csv: 1 column name(s) occur more than once ('q'), so it is unknown which" in message


def test_cells_without_a_header(refused):
    assert "raw.csv: column 2 has cells but no name in the header" in refused(b"id,,q\n1,x,2\n")


def test_two_delimiters_split_the_header_equally(refused):
    assert "comma and semicolon split the header equally, into 2 columns" in refused(b"id,q;n\n1,2;3\n")


def test_empty_and_missing_file(refused, tmp_path):
    assert refused(b"") == "raw.csv is empty (0 bytes); export it again"
    with pytest.raises(InputError, match=r"none\.csv cannot be read \(No such file"):
        read_raw(tmp_path / "none.csv")


def test_no_message_quotes_a_cell(refused):
    secret = "13912345678"
    for content in (f'id,q\n1,"{secret}\n', f"id,q\n1,{secret},2\n2,3\n", f"id,q\n1,2\n{secret}"):
        assert secret not in refused(content.encode())


# --- XLSX ---------------------------------------------------------------------------------------------------


def workbook(cells: dict[str, object], title: str = "needs") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for place, value in cells.items():
        book.active[place] = value
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def rewritten(data: bytes, part: str, change) -> bytes:
    """The same archive with one part changed."""
    saved = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, change(content) if entry.filename == part else content)
    return saved.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
FAR = {"A1": "id", "A2": 1, "XFD1048576": "x"}


def test_far_cell_is_refused_at_once_with_sheet_and_cell(refused):
    content = workbook(FAR)
    started = time.perf_counter()
    message = refused(content, "raw.xlsx")
    assert time.perf_counter() - started < 0.5
    assert "raw.xlsx, sheet 'needs' reaches cell XFD1048576: 17,179,869,184 cells of which 3 are" in message
    assert "delete the rows below and the columns right of the data" in message


def test_far_cell_behind_a_modest_declared_range(refused):
    def lie(sheet: bytes) -> bytes:
        return sheet.replace(b"A1:XFD1048576", b"A1:A2")

    assert "reaches cell XFD1048576" in refused(rewritten(workbook(FAR), SHEET, lie), "raw.xlsx")


def test_huge_declared_range(refused):
    def lie(sheet: bytes) -> bytes:
        return sheet.replace(b'ref="A1:A2"', b'ref="A1:ZZ1000001"')

    content = rewritten(workbook({"A1": "id", "A2": 1}), SHEET, lie)
    assert "reaches cell ZZ1000001: 702,000,702 cells of which 2 are written" in refused(content, "raw.xlsx")


@pytest.mark.parametrize("place", ["A1048576", "XFD1", "AMJ30000"])
def test_long_and_wide_ranges(refused, place):
    assert f"reaches cell {place}: " in refused(workbook({"A1": "id", place: 1}), "raw.xlsx")


def test_form_with_a_far_cell_is_refused_too(tmp_path):
    path = tmp_path / "form.xlsx"
    path.write_bytes(workbook({"A1": "type", "B1": "name", "XFD1048576": "x"}, "survey"))
    with pytest.raises(InputError, match=r"form\.xlsx, sheet 'survey' reaches cell XFD1048576"):
        read_form(path)


def test_zip_bomb(refused):
    content = rewritten(workbook({"A1": "id"}), SHEET, lambda sheet: sheet + b" " * 60_000_000)
    message = refused(content, "raw.xlsx")
    assert "as answers never do, so it was not opened" in message and "MB to 57 MB" in message


def test_too_many_parts(refused):
    saved = io.BytesIO(workbook({"A1": "id"}))
    with zipfile.ZipFile(saved, "a") as archive:
        for number in range(10_001):
            archive.writestr(f"x/{number}", b"")
    assert "raw.xlsx holds 10,0" in refused(saved.getvalue(), "raw.xlsx")


@pytest.mark.parametrize("keep", [30, 2000, -30])
def test_workbook_cut_off(refused, keep):
    assert "raw.xlsx is not a whole XLSX workbook" in refused(workbook({"A1": "id"})[:keep], "raw.xlsx")


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", SHEET])
def test_workbook_with_a_broken_part(refused, part):
    message = refused(rewritten(workbook({"A1": "id"}), part, lambda content: content[:60]), "raw.xlsx")
    assert "raw.xlsx" in message and ("not a whole XLSX" in message or "cannot be read" in message)


def test_zip_that_is_no_workbook(refused):
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "raw.xlsx is not a whole XLSX workbook" in refused(saved.getvalue(), "raw.xlsx")


def test_old_or_protected_workbook(refused):
    message = refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "raw.xls")
    assert "raw.xls is an old .xls workbook or is protected by a password" in message


def test_workbook_without_a_cell(refused):
    assert "sheet 'needs' is empty, without even a header row" in refused(workbook({}), "raw.xlsx")


def test_same_column_twice_in_a_sheet(refused):
    message = refused(workbook({"A1": "id", "B1": "id "}), "raw.xlsx")
    assert "raw.xlsx, sheet 'needs': 1 column name(s) occur more than once ('id')" in message


# --- form and tables ----------------------------------------------------------------------------------------

FORM = """
| survey |
| | type | name | label |
| | select_one yn | papers | Papers |
| | integer | age | Age |
| choices |
| | list_name | name | label |
| | yn | yes | Yes |
| | yn | no | No |
"""


@pytest.fixture
def tables(tmp_path: Path):
    """Read a family and a child table from the given CSV texts."""

    def read(family: str, child: str = "", form: str = FORM) -> dict[str, Keyed]:
        paths = {name: tmp_path / name for name in ("form.md", "family.csv", "child.csv")}
        for path, text in zip(paths.values(), (form, family, child), strict=True):
            path.write_text(text, encoding="utf-8")
        declared = {
            "family": {"key": "family_id", "raw": {"r1": paths["family.csv"]}},
            "child": {"key": "child_id", "raw": {"r1": paths["child.csv"]}}
            | {"parent": "family", "parent_key": "family_id"},
        }
        study = SimpleNamespace(
            tables={unit: Table.model_validate({"form": paths["form.md"], **spec}) for unit, spec in declared.items()},
            rounds={"r1": SimpleNamespace(collected=(dt.date(2025, 5, 1), dt.date(2025, 5, 31)))},
            kept_columns=lambda unit: (),
            themes=Themes(),
            settings=SimpleNamespace(privacy=None, quality={}, time_zone="Asia/Shanghai"),
        )
        families = read_table(study, "family", None)  # type: ignore[arg-type]
        return families | (read_table(study, "child", families["family"]) if child else {})  # type: ignore[arg-type]

    return read


def finding(table: Keyed, rule: str) -> Finding:
    return next(finding for finding in table.answers.findings if finding.rule == rule)


FAMILY = "family_id,papers,age\nF1,yes,30\nF2,no,40\n"


def test_choices_list_missing(tables):
    found = finding(tables(FAMILY, form=FORM.replace("select_one yn", "select_one yn_"))["family"], "list_missing")
    assert found.severity == "error"
    assert "papers: its list 'yn_' (row 2) is not in the choices sheet; did you mean 'yn'?" in str(found)


def test_option_not_in_the_list(tables):
    found = finding(tables(FAMILY + "F3,yess,50\n")["family"], "option_unlisted")
    assert "1 answer(s) name 1 option(s) that its list lacks (yess); did you mean 'yes'?" in found.message


def test_duplicate_keys(tables):
    found = finding(tables(FAMILY + "F2,yes,41\n")["family"], "key_twice")
    assert (found.severity, found.count) == ("error", 1)
    assert "1 of 3 row(s) repeat the key of an earlier row" in found.message and "F2" not in str(found)


def test_child_without_a_family(tables):
    child = tables(FAMILY, "child_id,family_id,papers,age\nC1,F1,yes,8\nC2,F9,yes,8\n")["child"]
    assert child.answers.parent.tolist() == [0, -1]
    found = finding(child, "parent_missing")
    assert "1 of 2 row(s) have no row in 'family' of round r1" in found.message and "F9" not in str(found)


def test_question_in_the_data_but_not_in_the_form(tables):
    found = finding(tables("family_id,papers,age,income\nF1,yes,3,5\n")["family"], "column_unknown")
    assert "1 column(s) belong to no question of the form and are not kept: income" in found.message


def test_question_in_the_form_but_not_in_the_data(tables):
    found = finding(tables("family_id,papers\nF1,yes\n")["family"], "question_without_column")
    assert "1 question(s) of the form have no column and are left out: age" in found.message


def test_key_column_missing(tables):
    with pytest.raises(InputError, match=r"family\.csv has no column 'family_id'; did you mean 'family'\?"):
        tables("family,papers\nF1,yes\n")
