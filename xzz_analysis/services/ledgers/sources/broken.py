"""Lines of a CSV file: which of them a row begins on, and which are broken and have to be left out.

The reader of answers refuses a file with a line that cannot be split into cells. A ledger of millions of lines is not
refused for one: such lines are left out and counted. Lines that are not broken are read by the same reader.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.intake.workbook import RawTable, read_bytes
from xzz_analysis.intake.workbook.delimited import read_delimited, unpack
from xzz_analysis.intake.workbook.encoding import recode
from xzz_analysis.services.ledgers.sources.records import Record, scan

FEW = 3
"""So many lines of any file may be broken …"""
SHARE = 0.05
"""… and this part of a long one; a file with more is no ledger and is refused."""

_MARK = b"\xef\xbb\xbf"
_PACKED = b"\x1f\x8b"
_BOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class Sound(NamedTuple):
    """Rows of a file without its broken lines.

    Attributes
    ----------
    frame : DataFrame of str
    lines : int64 array
        Line that each row begins on.
    broken : tuple of int
        Lines that were left out.
    """

    frame: pd.DataFrame
    lines: np.ndarray
    broken: tuple[int, ...]


def row_lines(path: Path, raw: RawTable, plain: np.ndarray) -> np.ndarray:
    """Lines that the rows of a file begin on.

    Parameters
    ----------
    path : Path
    raw : RawTable
        The file as it was read.
    plain : int64 array
        The lines, if every row has one line and no line is empty.

    Returns
    -------
    int64 array
        ``plain`` where that is so, and where it cannot be told.
    """
    text = bytes(recode(_unpacked(path), path.name).data)
    ends = text.count(b"\n") + (not text.endswith(b"\n"))
    if ends <= len(plain) + 1 + len(raw.preamble) + len(raw.footnotes):
        return plain
    lines, _ = scan(text)
    return lines[: len(plain)] if len(lines) >= len(plain) else plain


def sound_rows(path: Path) -> Sound | None:
    """Rows of a CSV file that the reader of answers refuses, without the broken lines.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Sound or None
        None when that is no CSV, when no line is broken, or when too many are.
    """
    data = _unpacked(path)
    if data.startswith(_BOOKS):
        return None
    try:
        text, damaged = bytes(recode(data, path.name).data), False
    except InputError:
        text, damaged = data.removeprefix(_MARK), True
    del data
    lines, broken = scan(text, damaged)
    if not broken or not len(lines) or len(broken) > max(FEW, SHARE * len(lines)):
        return None
    try:
        cells = read_delimited(_without(text, broken), path.name)
    except InputError:
        return None
    names = [header.strip() for header in cells.headers]
    if max(Counter(names).values()) > 1 or "" in names:
        return None
    frame = cells.frame.set_axis(names, axis=1)
    return Sound(frame, lines[: len(frame)], tuple(record.line for record in broken))


def _unpacked(path: Path) -> bytes:
    data = read_bytes(path)
    return unpack(data, path.name) if data.startswith(_PACKED) else data


def _without(text: bytes, broken: list[Record]) -> bytes:
    """The text without some records, marked as UTF-8."""
    view, kept, start = memoryview(text), [memoryview(_MARK)], 0
    for record in broken:
        kept.append(view[start : record.start])
        start = record.end
    return b"".join([*kept, view[start:]])
