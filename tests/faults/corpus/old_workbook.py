"""Workbooks of formats that no library here writes: .xls (BIFF8 in a compound file), .ods, and encrypted envelopes."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

Cell = str | int | float | bool | None
Place = tuple[int, int]
SECTOR = 512
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
DATE_STYLE = 1
"""Style of a number in :func:`xls` that is shown as a date."""


class Day(float):
    """A number that is shown as a date."""


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file ([MS-CFB]) with these streams in its root; short ones are padded to 4,096 bytes."""
    bodies = {name: body.ljust(4096, b"\0") for name, body in streams.items()}
    sectors = {name: -(-len(body) // SECTOR) for name, body in bodies.items()}
    folder_sectors = -(-(len(bodies) + 1) // 4)
    used = folder_sectors + sum(sectors.values())
    fat_sectors = 1
    while fat_sectors * 128 < used + fat_sectors:
        fat_sectors += 1
    table: list[int] = [FAT] * fat_sectors
    table += [*range(fat_sectors + 1, fat_sectors + folder_sectors), END]
    entries = [_entry("Root Entry", 5, END, 0, child=1 if bodies else FREE)]
    body = b""
    for number, (name, content) in enumerate(bodies.items(), start=1):
        start = len(table)
        table += [*range(start + 1, start + sectors[name]), END]
        right = number + 1 if number < len(bodies) else FREE
        entries.append(_entry(name, 2, start, len(content), right=right))
        body += content.ljust(sectors[name] * SECTOR, b"\0")
    table += [FREE] * (fat_sectors * 128 - len(table))
    empty = [_entry("", 0, 0, 0)] * (folder_sectors * 4 - len(entries))
    header = struct.pack("<8s16s5H6s", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"")
    header += struct.pack("<9I", 0, fat_sectors, fat_sectors, 0, 4096, END, 0, END, 0)
    header += struct.pack("<109I", *range(fat_sectors), *([FREE] * (109 - fat_sectors)))
    return header + struct.pack(f"<{len(table)}I", *table) + b"".join(entries + empty) + body


def _entry(name: str, kind: int, start: int, size: int, child: int = FREE, right: int = FREE) -> bytes:
    text = name.encode("utf-16-le")
    length = len(text) + 2 if name else 0
    return struct.pack(
        "<64sHBBIII16sIQQIQ", text, length, kind, 1, FREE, right, child, b"", 0, 0, 0, start, size
    )  # fmt: skip


def xls(
    sheets: Mapping[str, Sequence[Sequence[Cell]]],
    *,
    epoch: int = 1900,
    locked: bool = False,
    stray: Place | None = None,
) -> bytes:
    """An Excel 97 workbook ([MS-XLS]): texts, numbers, booleans and dates."""
    return compound({"Workbook": workbook_stream(sheets, epoch=epoch, locked=locked, stray=stray)})


def workbook_stream(
    sheets: Mapping[str, Sequence[Sequence[Cell]]],
    *,
    epoch: int = 1900,
    locked: bool = False,
    stray: Place | None = None,
) -> bytes:
    """The records of a workbook."""
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 0x0600))
    lock = _record(0x002F, struct.pack("<HHH16s16s16s", 1, 1, 1, b"1" * 16, b"2" * 16, b"3" * 16)) if locked else b""
    styles = b"".join(_record(0x00E0, struct.pack("<HHH14s", 0, style, 0, b"")) for style in (0, 14))
    before = begin + lock + _record(0x0042, b"\xb0\x04") + _record(0x0022, struct.pack("<H", epoch == 1904)) + styles
    names = [struct.pack("<BB", len(name), 1) + name.encode("utf-16-le") for name in sheets]
    place = len(before) + sum(10 + len(name) for name in names) + 4
    bounds, bodies = b"", b""
    for name, rows in zip(names, sheets.values(), strict=True):
        bounds += _record(0x0085, struct.pack("<IBB", place + len(bodies), 0, 0) + name)
        bodies += _worksheet(rows, stray)
    return before + bounds + _record(0x000A) + bodies


def _worksheet(rows: Sequence[Sequence[Cell]], stray: Place | None) -> bytes:
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 0x0600))
    width = max(map(len, rows), default=0)
    size = _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    cells = b"".join(_cell(row, column, value) for row, cells in enumerate(rows) for column, value in enumerate(cells))
    far = _cell(*stray, "x") if stray else b""
    return begin + size + cells + far + _record(0x000A)


def _cell(row: int, column: int, value: Cell) -> bytes:
    if value is None or value == "":
        return b""
    style = DATE_STYLE if isinstance(value, Day) else 0
    at = struct.pack("<HHH", row, column, style)
    if value == "#N/A":
        return _record(0x0205, at + struct.pack("<BB", 0x2A, 1))
    if isinstance(value, bool):
        return _record(0x0205, at + struct.pack("<BB", value, 0))
    if isinstance(value, str):
        return _record(0x0204, at + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
    return _record(0x0203, at + struct.pack("<d", value))


def _record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


# --- OpenDocument -------------------------------------------------------------------------------------------------

_NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)
_KIND = "application/vnd.oasis.opendocument.spreadsheet"


def ods(
    sheets: Mapping[str, Sequence[Sequence[Cell]]], parts: Mapping[str, str] | None = None, tail: str = ""
) -> bytes:
    """An OpenDocument spreadsheet; dates are given as texts that begin with ``date:``."""
    tables = "".join(
        f"<table:table table:name={quoteattr(name)}>{''.join(map(_ods_row, rows))}{tail}</table:table>"
        for name, rows in sheets.items()
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMES} office:version="1.2"><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_KIND}"/></manifest:manifest>'
    )
    written = {"content.xml": content, "META-INF/manifest.xml": manifest, **(parts or {})}
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), _KIND)
        for part, text in written.items():
            archive.writestr(zipfile.ZipInfo(part), text, zipfile.ZIP_DEFLATED)
    return saved.getvalue()


def _ods_row(cells: Sequence[Cell]) -> str:
    return f"<table:table-row>{''.join(map(_ods_cell, cells))}</table:table-row>"


def _ods_cell(value: Cell) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, bool):
        kind, shown = f'office:value-type="boolean" office:boolean-value="{str(value).lower()}"', str(value)
    elif isinstance(value, str) and value.startswith("date:"):
        kind, shown = f'office:value-type="date" office:date-value="{value[5:]}"', value[5:]
    elif isinstance(value, str):
        kind, shown = 'office:value-type="string"', value
    else:
        kind, shown = f'office:value-type="float" office:value="{value!r}"', repr(value)
    return f"<table:table-cell {kind}><text:p>{escape(shown)}</text:p></table:table-cell>"
