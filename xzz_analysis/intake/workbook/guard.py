"""XLSX files that would exhaust a reader are refused from their structure, before a cell is read."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from typing import IO, NamedTuple
from xml.etree import ElementTree

import numpy as np

from xzz_analysis.errors import InputError

MAX_CELLS = 20_000_000
MAX_COLUMN = 16_000
MAX_ROW = 1_000_000
SPARSE = 0.05
"""A used range past one of the limits above is refused when fewer of its cells than this are written."""
MAX_ENTRIES = 10_000
MAX_UNPACKED = 2 * 1024**3
MAX_RATIO = 200
"""Real worksheets shrink 10 to 50 times; a zip bomb a thousand times."""

SAVE_AS = "save it again as CSV UTF-8 (Excel: Save As, 'CSV UTF-8')"

_CHUNK = 1 << 22
_WINDOW = 16


class _Extent(NamedTuple):
    """Last row and column in use, and how many cells are written."""

    row: int
    column: int
    cells: int

    @property
    def corner(self) -> str:
        """The last cell, ``XFD1048576``."""
        letters, column = "", self.column
        while column:
            column, digit = divmod(column - 1, 26)
            letters = chr(65 + digit) + letters
        return f"{letters}{self.row}"

    @property
    def unreal(self) -> bool:
        """Whether the range is huge and almost nothing is in it."""
        huge = self.column > MAX_COLUMN or self.row > MAX_ROW or self.row * self.column > MAX_CELLS
        return huge and self.cells < SPARSE * self.row * self.column


def check_workbook(data: bytes, name: str, sheet: str | None = None) -> tuple[str, ...]:
    """Refuse an XLSX that would exhaust whoever reads it, without reading its cells.

    Parameters
    ----------
    data : bytes
        The workbook.
    name : str
        File name for messages.
    sheet : str, optional
        Check this worksheet's used range only; all of them by default.

    Returns
    -------
    tuple of str
        Names of the worksheets.

    Raises
    ------
    InputError
        Not a whole workbook, too large when unpacked, or a used range no reader can hold; the sheet
        and the cell are named.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_sizes(archive.infolist(), name)
            parts = _worksheets(archive)
            for title, part in parts.items():
                if sheet in (None, title):
                    with archive.open(part) as stream:
                        _check_extent(stream, f"{name}, sheet {title!r}")
            return tuple(parts)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ElementTree.ParseError) as error:
        raise InputError(
            f"{name} is not a whole XLSX workbook ({reason(error)}); export it again and copy the whole file"
        ) from None


def reason(error: Exception) -> str:
    """What a library's error says, or its name when it says nothing."""
    return str(error).strip("'\"") or type(error).__name__


def _check_sizes(entries: Sequence[zipfile.ZipInfo], name: str) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    bombs = [entry for entry in entries if entry.file_size > MAX_RATIO * max(entry.compress_size, 50_000)]
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or bombs:
        raise InputError(
            f"{name} holds {len(entries):,} part(s) that unpack from {packed / 1024**2:,.1f} MB to "
            f"{unpacked / 1024**2:,.0f} MB, as answers never do, so it was not opened; "
            f"export the data again, or {SAVE_AS}"
        )


def _worksheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Worksheet title → its part of the archive, in the workbook's order."""
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {node.get("Id"): node.get("Target", "") for node in relations}
    found = {}
    for node in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
        if node.tag.endswith("}sheet"):
            relation = next((value for key, value in node.attrib.items() if key.endswith("}id")), None)
            target = targets.get(relation, "")
            if "worksheets/" in target:
                found[node.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return found


def _check_extent(stream: IO[bytes], where: str) -> None:
    head = stream.read(_CHUNK)
    declared = re.search(rb'<[\w:]*dimension[^>]*ref="(?:[A-Z]+\d+:)?([A-Z]+)(\d+)"', head[:4096])
    written = _extent(stream, head)
    extents = [written]
    if declared:
        column = 0
        for letter in declared[1]:
            column = column * 26 + letter - 64
        extents.insert(0, _Extent(int(declared[2]), column, written.cells))
    for extent in extents:
        if extent.unreal:
            raise InputError(
                f"{where} reaches cell {extent.corner}: {extent.row * extent.column:,} cells of which "
                f"{written.cells:,} are written, too many for any reader; delete the rows below and the "
                f"columns right of the data and save, or {SAVE_AS}"
            )


def _extent(stream: IO[bytes], head: bytes) -> _Extent:
    """Far corner of the ``r="AB12"`` references in a worksheet's XML, read as a stream of blocks."""
    row = column = cells = 0
    block = head
    while block:
        more = stream.read(_CHUNK)
        text = np.frombuffer(block if more else block + b" " * _WINDOW, dtype=np.uint8)
        usable = max(len(text) - _WINDOW, 0)
        rows, columns = _references(text, usable)
        row, column = max(row, int(rows.max(initial=0))), max(column, int(columns.max(initial=0)))
        cells += int((columns > 0).sum())
        block = block[usable:] + more if more else b""
    return _Extent(row, column, cells)


def _references(text: np.ndarray, usable: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of every ``r="…"`` attribute that starts before ``usable``."""
    quote = text[3 : usable + 3]
    here = (text[1 : usable + 1] == ord("r")) & (text[2 : usable + 2] == ord("="))
    here &= (text[:usable] <= ord(" ")) & ((quote == ord('"')) | (quote == ord("'")))
    at = np.flatnonzero(here) + 4
    rows, columns = np.zeros(len(at), dtype=np.int64), np.zeros(len(at), dtype=np.int64)
    for _ in range(3):
        letter = text[at].astype(np.int64) - 64
        valid = (letter >= 1) & (letter <= 26)
        columns = np.where(valid, columns * 26 + letter, columns)
        at = at + valid
    for _ in range(7):
        digit = text[at].astype(np.int64) - 48
        valid = (digit >= 0) & (digit <= 9)
        rows = np.where(valid, rows * 10 + digit, rows)
        at = at + valid
    return rows, columns
