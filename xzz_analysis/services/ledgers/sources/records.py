"""Records of CSV text: the line and the bytes of each, and how many cells it has."""

from __future__ import annotations

import csv
import io
import re
from array import array
from collections import deque
from typing import NamedTuple

import numpy as np

from xzz_analysis.intake.workbook.delimited import rows_above

_JOINED = 20
"""Lines after its first that one record may have, in cells with line ends."""
_HEAD = 1 << 16
_ROWS = 50
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1b\x7f]")
_QUOTED = re.compile(rb'"[^"]*"')
_BREAKS = (b"\n", b"\r\n", b"\r")


class Record(NamedTuple):
    """A record as it lies in a file.

    Attributes
    ----------
    line : int
        Its first line, counted from 1.
    start, end : int
        Its bytes.
    cells : int
        0 when it is broken: a quote that is never closed, or bytes that are no text.
    """

    line: int
    start: int
    end: int
    cells: int


def scan(text: bytes, damaged: bool = False) -> tuple[np.ndarray, list[Record]]:
    """Find the records below the header.

    Parameters
    ----------
    text : bytes
        UTF-8.
    damaged : bool
        Whether some of it may be no UTF-8 or hold control characters: such records are broken.

    Returns
    -------
    tuple
        Lines of the records that have as many cells as the header (int64 array), and the other records.
    """
    delimiter, above = _layout(text)
    lines = _Lines(text, delimiter, damaged)
    width = 0
    for _ in range(above + 1):
        head = lines.record(0)
        width = head.cells if head else 0
    sound, broken = array("q"), []
    while (record := lines.record(width)) is not None:
        if record.cells == width:
            sound.append(record.line)
        else:
            broken.append(record)
    return np.array(sound, dtype=np.int64), broken


class _Lines:
    """Lines of a text, one after another; some may be put back."""

    def __init__(self, text: bytes, delimiter: bytes, damaged: bool) -> None:
        self._stream = io.BytesIO(text)
        self._back: deque[bytes] = deque()
        self._delimiter = delimiter
        self._damaged = damaged
        self._line = self._place = 0

    def record(self, width: int) -> Record | None:
        """The next record that is not an empty line; None at the end. Records of several lines have ``width`` cells."""
        text = self._take()
        while text in _BREAKS:
            text = self._take()
        if not text:
            return None
        line, start = self._line, self._place - len(text)
        if text.count(b'"') % 2 == 0:
            return Record(line, start, self._place, self._cells(text))
        more = self._until_closed()
        cells = self._cells(b"".join([text, *more])) if more else 0
        if cells and width in (0, cells):
            return Record(line, start, self._place, cells)
        self._put_back(more)
        return Record(line, start, self._place, 0)

    def _until_closed(self) -> list[bytes]:
        """Following lines to the one that closes an open quote; none when there is no such line nearby."""
        more: list[bytes] = []
        while len(more) < _JOINED and (text := self._take()):
            more.append(text)
            if text.count(b'"') % 2:
                return more
        self._put_back(more)
        return []

    def _take(self) -> bytes:
        text = self._back.popleft() if self._back else self._stream.readline()
        self._line += bool(text)
        self._place += len(text)
        return text

    def _put_back(self, lines: list[bytes]) -> None:
        self._back.extendleft(reversed(lines))
        self._line -= len(lines)
        self._place -= sum(map(len, lines))

    def _cells(self, text: bytes) -> int:
        if self._damaged and (_CONTROL.search(text) or not _is_utf8(text)):
            return 0
        return (_QUOTED.sub(b"", text) if b'"' in text else text).count(self._delimiter) + 1


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _layout(text: bytes) -> tuple[bytes, int]:
    """The delimiter that splits the header into the most cells, and how many rows stand above it."""
    lines = text[:_HEAD].decode("utf-8", "replace").splitlines()[:_ROWS]
    found = []
    for delimiter in ",;\t":
        rows = [next(csv.reader([line], delimiter=delimiter), []) for line in lines]
        above = rows_above(rows)
        found.append((len(rows[above]) if rows else 0, delimiter.encode(), above))
    _, best, above = max(found, key=lambda one: one[0])
    return best, above
