"""How far the cells of a worksheet reach, counted in its XML as a stream, before any reader makes room for them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any, NamedTuple
from xml.parsers import expat

import numpy as np

MAX_CELLS = 20_000_000
MAX_COLUMN = 16_000
MAX_ROW = 1_000_000
SPARSE = 0.05
"""A used range past one of the limits above is refused when fewer of its cells than this are written."""

STRAY_CELLS = 2_000_000
STRAY = 0.002
"""So is a range of more cells than that of which fewer than this are written: one cell strayed from the others."""

_WINDOW = 16
_LONGEST = 1 << 20
_DIMENSION = re.compile(rb'<[\w:]*dimension[^>]*ref="(?:[A-Z]+\d+:)?([A-Z]+)(\d+)"')
_ERROR = re.compile(rb"""<(?:\w+:)?c\b[^<>]*\bt=["']e["']""")
_UNCALCULATED = re.compile(
    rb"""<((?:\w+:)?)c\b(?![^<>]*\bt=["']str["'])[^<>]*>\s*<\1f\b(?:[^<>]*/>|[^<>]*>[^<]*</\1f>)\s*"""
    rb"""(?:<\1v\s*/>|<\1v>\s*</\1v>)?\s*</\1c>"""
)


class Extent(NamedTuple):
    """Last row and column in use, and how many cells are written, hold an error, or hold a formula without a result."""

    row: int
    column: int
    cells: int
    errors: int = 0
    uncalculated: int = 0

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
        room = self.row * self.column
        huge = self.column > MAX_COLUMN or self.row > MAX_ROW or room > MAX_CELLS
        return (huge and self.cells < SPARSE * room) or (room > STRAY_CELLS and self.cells < STRAY * room)


def declared_extent(head: bytes) -> Extent | None:
    """Extent that a worksheet's XML claims to have, from its first bytes."""
    found = _DIMENSION.search(head[:4096])
    if not found:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + letter - 64
    return Extent(int(found[2]), column, 0)


def counted_extent(blocks: Iterable[bytes]) -> Extent:
    """Extent of the cells written in a worksheet's XML.

    Parameters
    ----------
    blocks : iterable of bytes
        The XML, cut anywhere.
    """
    row = column = cells = errors = uncalculated = 0
    carried = unmatched = b""
    for block in itertools.chain(blocks, (b"",)):
        text = np.frombuffer(carried + (block or b" " * _WINDOW), dtype=np.uint8)
        usable = max(len(text) - _WINDOW, 0)
        rows, columns = _references(text, usable)
        row, column = max(row, int(rows.max(initial=0))), max(column, int(columns.max(initial=0)))
        cells += int((columns > 0).sum())
        carried = text[usable:].tobytes()
        whole, unmatched = _whole_cells(unmatched + block)
        errors += len(_ERROR.findall(whole)) if b't="e"' in whole or b"t='e'" in whole else 0
        uncalculated += len(_UNCALCULATED.findall(whole)) if b"<f" in whole or b":f" in whole else 0
    return Extent(row, column, cells, errors, uncalculated)


def _whole_cells(text: bytes) -> tuple[bytes, bytes]:
    """Text up to the end of a cell, and the rest, of which no more is kept than a cell can be long."""
    at = text.rfind(b"c>") + 2
    return (text[:at], text[at:][-_LONGEST:]) if at > 1 else (b"", text[-_LONGEST:])


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


class OpenDocument:
    """Extents of the tables of an OpenDocument spreadsheet, where one element may stand for a million cells.

    Parameters
    ----------
    blocks : iterable of bytes
        ``content.xml``, cut anywhere.

    Attributes
    ----------
    tables : dict of str to Extent
        In the order of the file.

    Raises
    ------
    xml.parsers.expat.ExpatError
        XML that is not well formed, or declares a document type.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self.tables: dict[str, Extent] = {}
        self._row = self._last_row = self._column = self._last_column = self._cells = self._repeat = self._errors = 0
        self._filled = False
        self._name = ""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        for block in blocks:
            parser.Parse(block, False)
        parser.Parse(b"", True)

    def _start(self, tag: str, attributes: dict[str, Any]) -> None:
        found = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        kind = tag.rpartition(" ")[2]
        if kind == "table":
            self._name = found.get("name", "")
            self._row = self._last_row = self._last_column = self._cells = self._errors = 0
        elif kind == "table-row":
            self._repeat = int(found.get("number-rows-repeated", 1))
            self._column, self._filled = 0, False
        elif kind in ("table-cell", "covered-table-cell"):
            self._column += int(found.get("number-columns-repeated", 1))
            self._errors += found.get("value-type", "") == "error"
            if "value-type" in found:
                self._cells += 1
                self._filled = True
                self._last_column = max(self._last_column, self._column)

    def _end(self, tag: str) -> None:
        kind = tag.rpartition(" ")[2]
        if kind == "table-row":
            self._row += self._repeat
            self._last_row = self._row if self._filled else self._last_row
        elif kind == "table":
            self.tables[self._name] = Extent(self._last_row, self._last_column, self._cells, self._errors)
