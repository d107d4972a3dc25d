"""Workbooks: small ones, and worksheets of tens of millions of cells, written faster than a general writer can."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

if TYPE_CHECKING:
    from data import Column

STEP = 1000
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_START = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
    f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
    f'ContentType="{_KIND}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" '
    f'ContentType="{_KIND}.worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" '
    f'ContentType="{_KIND}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
    '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
    f'Type="{_RELATIONS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
}


def write_small(path: Path, sheets: dict[str, list[tuple[Any, ...]]]) -> None:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        for name, lines in sheets.items():
            sheet = book.add_worksheet(name)
            for number, line in enumerate(lines):
                sheet.write_row(number, 0, [None if cell == "" else cell for cell in line])


def write_large(path: Path, columns: list[Column], rows: int) -> None:
    """One worksheet with a list of shared texts, as platforms and Excel write it; empty cells are left out."""
    texts: dict[str, int] = {}
    headers = [_shared(column.header, texts) for column in columns]
    ends = [_ends(column, texts) for column in columns]
    letters = [xl_col_to_name(place) for place in range(len(columns))]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part, content in _PARTS.items():
            archive.writestr(part, _START + content)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as out:
            size = f"A1:{letters[-1]}{rows + 1}"
            out.write(f'{_START}<worksheet xmlns="{_MAIN}"><dimension ref="{size}"/><sheetData>'.encode())
            head = "".join(f'<c r="{letter}1"{end}' for letter, end in zip(letters, headers, strict=True))
            out.write(f'<row r="1">{head}</row>'.encode())
            for first in range(0, rows, STEP):
                cells = [end[one.codes[first : first + STEP]] for end, one in zip(ends, columns, strict=True)]
                out.write("".join(_rows(cells, letters, first + 2)).encode())
            out.write(b"</sheetData></worksheet>")
        shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
        total = len(texts)
        content = f'{_START}<sst xmlns="{_MAIN}" count="{total}" uniqueCount="{total}">{shared}</sst>'
        archive.writestr("xl/sharedStrings.xml", content)


def _rows(cells: list[np.ndarray], letters: list[str], first: int) -> Iterator[str]:
    for number, row in enumerate(zip(*cells, strict=True), start=first):
        line = [f'<c r="{letter}{number}"{end}' for letter, end in zip(letters, row, strict=True) if end]
        yield f'<row r="{number}">{"".join(line)}</row>'


def _ends(column: Column, texts: dict[str, int]) -> np.ndarray:
    """What follows the address of a cell, for every text that stands in the column."""
    ends = np.full(len(column.texts), "", dtype=object)
    for code in np.unique(column.codes):
        ends[code] = _end(column.texts[code], column.number, texts)
    return ends


def _end(text: str, number: bool, texts: dict[str, int]) -> str:
    """A cell after its address; ``""`` when there is none."""
    if not text:
        return ""
    if number and text.removeprefix("-").replace(".", "", 1).isdecimal():
        return f"><v>{text}</v></c>"
    return _shared(text, texts)


def _shared(text: str, texts: dict[str, int]) -> str:
    return f' t="s"><v>{texts.setdefault(text, len(texts))}</v></c>'
