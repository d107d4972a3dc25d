"""Raw files → text cells: CSV, CSV.gz and XLSX, every cell exactly as written.

A file that is cut off, in another encoding or built to exhaust a reader is refused before it is read.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.intake.workbook.delimited import read_delimited, unpack
from xzz_analysis.intake.workbook.excel import read_sheet
from xzz_analysis.intake.workbook.guard import check_workbook

__all__ = ["RawTable", "check_workbook", "read_bytes", "read_raw"]


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
    """

    frame: pd.DataFrame
    sheets: tuple[str, ...]
    sha256: str
    open_end: bool = False


def read_raw(path: Path, sheet: str | None = None) -> RawTable:
    """Read a CSV, a gzipped CSV or one sheet of an XLSX workbook; the content decides which it is.

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
        The file is missing, cut off, not UTF-8, has two columns of the same name, or its used range
        is too large to be real.
    """
    data = read_bytes(path)
    sha256 = hashlib.sha256(data).hexdigest()
    if data[:2] == b"\x1f\x8b":
        data = unpack(data, path.name)
    if data[:4] == b"PK\x03\x04":
        sheets, title, headers, frame = read_sheet(data, path.name, sheet)
        return RawTable(_named(frame, headers, f"{path.name}, sheet {title!r}"), sheets, sha256)
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise InputError(
            f"{path.name} is an old .xls workbook or is protected by a password, so it cannot be read "
            "safely; open it and save it as .xlsx without a password"
        )
    headers, frame = read_delimited(data, path.name)
    return RawTable(_named(frame, headers, path.name), (), sha256, not data.endswith((b"\n", b"\r")))


def read_bytes(path: Path) -> bytes:
    """Bytes of a file; :class:`InputError` when there is none or it is empty."""
    try:
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
