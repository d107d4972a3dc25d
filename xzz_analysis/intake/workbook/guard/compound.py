"""Compound files, which hold old workbooks (.xls) and encrypted new ones: their streams, and the records in them."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from xzz_analysis.intake.workbook.guard.extent import Extent

BOOKS = ("Workbook", "Book")
"""Names of the stream of an old workbook."""

MACROS = ("VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR")
DOCUMENTS = ("WordDocument", "PowerPoint Document")
ENCRYPTED = "EncryptedPackage"

_ENTRY = 128
_SHORTEST = 4096
_FREE, _LAST_SECTOR = 0xFFFFFFFF, 0xFFFFFFFA
_HEADER = 512
_BEGIN, _PASSWORD, _DATES = 0x0809, 0x002F, 0x0022
_WORKSHEET = 0x0010
_FORMULA, _TRUTH, _NUMBERS = 0x0006, 0x0205, 0x00BD
_CELLS = {_FORMULA, _TRUTH, _NUMBERS, 0x0203, 0x0204, 0x027E, 0x00FD, 0x00D6}


class OldWorkbook(NamedTuple):
    """What the records of an old workbook say before its cells are read.

    Attributes
    ----------
    locked : bool
        Protected by a password.
    date_system : int
        1900 or 1904.
    extents : tuple of Extent
        Of its worksheets, in the order of the stream.
    """

    locked: bool
    date_system: int
    extents: tuple[Extent, ...]


class Compound:
    """A compound file ([MS-CFB]).

    Parameters
    ----------
    data : bytes

    Attributes
    ----------
    streams : dict of str to (int, int)
        First sector and size of the streams that tell what the file is.
    cut : bool
        Whether it ends before the last sector that its table of sectors uses.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._sector = 1 << min(max(int.from_bytes(data[30:32], "little"), 7), 16)
        self._table, whole = self._read_table()
        used = np.flatnonzero(self._table != _FREE)
        last = int(used.max(initial=-1))
        self.cut = not whole or (last + 1) * self._sector >= len(data)
        names = (*BOOKS, *MACROS, *DOCUMENTS, ENCRYPTED)
        self.streams = {name: place for name in names if (place := self._find(name)) is not None}

    def read(self, name: str) -> bytes:
        """Content of a stream as far as its chain of sectors goes; nothing of one too short to have such a chain."""
        sector, size = self.streams[name]
        if size < _SHORTEST:
            return b""
        table = self._table.tolist()
        parts: list[bytes] = []
        while sector < len(table) and len(parts) * self._sector < size:
            start = (sector + 1) * self._sector
            parts.append(self._data[start : start + self._sector])
            sector = table[sector]
        return b"".join(parts)[:size]

    def _read_table(self) -> tuple[np.ndarray, bool]:
        """Which sector follows each sector, and whether all of the table is there (§2.3, §2.5)."""
        data, size = self._data, self._sector
        places = np.frombuffer(data[76:_HEADER].ljust(436, b"\xff"), dtype="<u4").tolist()
        following = int.from_bytes(data[68:72], "little")
        while following <= _LAST_SECTOR and len(places) * size < len(data):
            block = data[(following + 1) * size : (following + 2) * size].ljust(size, b"\xff")
            *more, following = np.frombuffer(block, dtype="<u4").tolist()
            places += more
        starts = [(place + 1) * size for place in places if place <= _LAST_SECTOR]
        blocks = [data[start : start + size] for start in starts]
        table = np.frombuffer(b"".join(block.ljust(size, b"\xff") for block in blocks), dtype="<u4")
        return table, all(len(block) == size for block in blocks)

    def _find(self, name: str) -> tuple[int, int] | None:
        """First sector and size in the entry of the folder that has exactly this name (§2.6.1)."""
        text = name.encode("utf-16-le")
        at = self._data.find(text, _HEADER)
        while at >= 0:
            entry = self._data[at : at + _ENTRY]
            length = int.from_bytes(entry[64:66], "little")
            if at % _ENTRY == 0 and len(entry) == _ENTRY and length == len(text) + 2 and entry[66] in (1, 2, 5):
                return struct.unpack_from("<II", entry, 116)
            at = self._data.find(text, at + 1)
        return None


def read_records(stream: bytes) -> OldWorkbook:
    """Walk the records of an old workbook ([MS-XLS] §2.1.4), without reading what its cells hold.

    Parameters
    ----------
    stream : bytes
        Of the name ``Workbook`` or ``Book``.

    Returns
    -------
    OldWorkbook
    """
    locked, date_system, at, end = False, 1900, 0, len(stream) - 4
    extents: list[list[int]] = []
    while at <= end:
        kind, length = struct.unpack_from("<HH", stream, at)
        body = at + 4
        if kind in _CELLS and extents:
            _count(extents[-1], stream, kind, body, length)
        elif kind == _BEGIN and stream[body + 2 : body + 4] == _WORKSHEET.to_bytes(2, "little"):
            extents.append([0, 0, 0, 0])
        elif kind == _PASSWORD:
            locked = True
            break
        elif kind == _DATES and stream[body : body + 2] == b"\x01\x00":
            date_system = 1904
        at = body + length
    return OldWorkbook(locked, date_system, tuple(Extent(*extent) for extent in extents))


def _count(extent: list[int], stream: bytes, kind: int, body: int, length: int) -> None:
    """Add a cell, or a row of numbers, to an extent of last row, last column, cells and errors."""
    if length < 6 or body + length > len(stream):
        return
    row, column = struct.unpack_from("<HH", stream, body)
    last = struct.unpack_from("<H", stream, body + length - 2)[0] if kind == _NUMBERS else column
    extent[0] = max(extent[0], row + 1)
    extent[1] = max(extent[1], last + 1)
    extent[2] += max(last - column, 0) + 1
    if kind == _TRUTH:
        extent[3] += stream[body + 7 : body + 8] == b"\x01"
    elif kind == _FORMULA:
        extent[3] += stream[body + 6 : body + 7] == b"\x02" and stream[body + 12 : body + 14] == b"\xff\xff"
