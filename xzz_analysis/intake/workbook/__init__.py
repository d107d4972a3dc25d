"""Raw files → text cells: CSV, CSV.gz, XLSX, XLS and ODS, every cell exactly as written.

A file that is cut off, in an encoding that cannot be told or built to exhaust a reader is refused before it is read.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.workbook.damage import damaged_identifiers, require_whole_key, text_cells
from xzz_analysis.intake.workbook.delimited import Cells, read_delimited, unpack
from xzz_analysis.intake.workbook.excel import read_sheet
from xzz_analysis.intake.workbook.guard import check_workbook
from xzz_analysis.intake.workbook.titles import sheet_name

__all__ = ["Opened", "RawTable", "check_workbook", "damaged_identifiers", "read_bytes", "read_raw", "require_whole_key"]

MAX_FILE = 1024**3
_GARBLED = ("\N{REPLACEMENT CHARACTER}", "锟斤拷")
"""What is left of characters that an earlier program could not convert."""

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True)
class RawTable:
    """One sheet or CSV file as text.

    Attributes
    ----------
    frame : DataFrame of str, shape (rows, named columns)
        Cells as written, ``""`` where empty; rows and unnamed columns without any content are left out.
    sheets : tuple of str
        Names of all worksheets of the file, empty for CSV.
    sha256 : str
        Hash of the file's bytes.
    open_end : bool
        A CSV whose last line has no line end: its last value may be cut off.
    encoding : str
        ``utf-8``, ``utf-16-le``, ``utf-16-be`` or ``gb18030``; empty for a workbook.
    preamble, footnotes : tuple of str
        Remarks above the header and notes below the last row, which are no data.
    date_system : int
        1900 or 1904: what day a number in a workbook counts from, where a cell is no date but means one.
    findings : tuple of Finding
        What the file holds that is not in the frame, or looks damaged.
    """

    frame: pd.DataFrame
    sheets: tuple[str, ...]
    sha256: str
    open_end: bool = False
    encoding: str = ""
    preamble: tuple[str, ...] = ()
    footnotes: tuple[str, ...] = ()
    date_system: int = 1900
    findings: tuple[Finding, ...] = ()


def read_raw(path: Path, sheet: str | None = None) -> RawTable:
    """Read a CSV, a gzipped CSV or one sheet of a workbook; the content decides which it is.

    Parameters
    ----------
    path : Path
    sheet : str, optional
        Worksheet to read, the first one by default.

    Returns
    -------
    RawTable

    Raises
    ------
    InputError
        The file is missing, cut off, in an encoding that cannot be told, no table at all, protected, holds macros, has
        two columns of the same name, or its used range is too large to be real.
    """
    data = read_bytes(path)
    sha256 = hashlib.sha256(data).hexdigest()
    if data[:2] == b"\x1f\x8b":
        data = unpack(data, path.name)
    if data.startswith(_WORKBOOKS):
        read = read_sheet(data, path.name, sheet)
        where, cells, sheets = f"{path.name}, {sheet_name(read.name, read.sheets, sheet)}", read.cells, read.sheets
        date_system, findings = read.workbook.date_system, read.workbook.findings
    else:
        where, cells, sheets = path.name, read_delimited(data, path.name), ()
        date_system, findings = 1900, ()
    frame = _named(cells.frame, cells.headers, where)
    return RawTable(
        frame,
        sheets,
        sha256,
        open_end=cells.open_end,
        encoding=cells.encoding,
        preamble=cells.preamble,
        footnotes=cells.footnotes,
        date_system=date_system,
        findings=(*findings, *_remarks(cells, where), *_garbled(frame, where), *damaged_identifiers(frame, where)),
    )


@dataclass(frozen=True)
class Opened:
    """Files of one round, each read once.

    What was looked at to tell its platform is given to its reader, and given away: one copy at most is in memory.
    """

    _kept: dict[Path, RawTable] = field(default_factory=dict)

    def look(self, path: Path) -> RawTable:
        """The file, or the first worksheet of a workbook, which whoever reads it next will have too.

        Parameters
        ----------
        path : Path

        Raises
        ------
        InputError
            See :func:`read_raw`.
        """
        if path not in self._kept:
            self._kept[path] = read_raw(path)
        return self._kept[path]

    def read(self, path: Path, sheet: str | None = None) -> RawTable:
        """As :func:`read_raw`; what was looked at is not read again.

        Parameters
        ----------
        path : Path
        sheet : str, optional
            Worksheet to read, the first one by default.

        Raises
        ------
        InputError
            See :func:`read_raw`.
        """
        kept = self._kept.pop(path, None)
        return kept if kept is not None and sheet is None else read_raw(path, sheet)


def read_bytes(path: Path) -> bytes:
    """Bytes of a file; :class:`InputError` when there is none, it is empty or too large."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            raise InputError(f"{path.name} is larger than {MAX_FILE // 1024**3} GB; split it, or export fewer columns")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read ({error.strerror}); check its path in study.yml") from None
    if not data:
        raise InputError(f"{path.name} is empty (0 bytes); export it again")
    return data


def _named(frame: pd.DataFrame, headers: Sequence[str], where: str) -> pd.DataFrame:
    """Give the columns their trimmed headers; unnamed columns go if they are empty."""
    names = [header.strip() for header in headers]
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise InputError(
            f"{where}: {len(twice)} column name(s) occur more than once ({', '.join(map(repr, twice[:5]))}), "
            "so it is unknown which column holds the answer; rename or delete the others in the export"
        )
    kept = []
    for position, name in enumerate(names):
        if name:
            kept.append(position)
        elif (frame.iloc[:, position] != "").any():
            raise InputError(
                f"{where}: column {position + 1} has cells but no name in the header; "
                "name it or delete it in the export"
            )
    frame = frame.iloc[:, kept]
    frame.columns = [names[position] for position in kept]
    return frame


def _remarks(cells: Cells, where: str) -> list[Finding]:
    """Say how many rows were taken for remarks, so that none is lost unseen."""
    count = len(cells.preamble) + len(cells.footnotes)
    if not count:
        return []
    message = (
        f"{len(cells.preamble)} row(s) above the header and {len(cells.footnotes)} below the rows are remarks and are "
        "not read as answers"
    )
    return [Finding("note", "remarks_apart", where, message, "delete them in the file if they are no remarks", count)]


def _garbled(frame: pd.DataFrame, where: str) -> list[Finding]:
    """Characters that an earlier program could not convert are lost, whatever the encoding is now."""
    count = 0
    for _, column in frame.items():
        cells = text_cells(column)
        texts = [chunk.buffers()[2].to_pybytes() for chunk in cells.chunks if len(chunk) and chunk.buffers()[2]]
        if any(mark.encode() in text for text in texts for mark in _GARBLED):
            count += pc.sum(pc.match_substring_regex(cells, "|".join(_GARBLED))).as_py() or 0
    if not count:
        return []
    message = (
        f"{count:,} cell(s) hold marks of an earlier wrong conversion (\N{REPLACEMENT CHARACTER}, 锟斤拷): text is lost"
    )
    return [Finding("warning", "text_garbled", where, message, "export it again from the platform", count)]
