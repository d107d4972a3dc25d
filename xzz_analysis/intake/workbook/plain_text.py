"""Text that looks like a formula stays text in what this library writes.

A spreadsheet program takes a CSV cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return for a
formula, and runs it when the file is opened (OWASP, CSV injection, 2014). An answer must never do that.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters after which a spreadsheet may take a text for a formula; the wide forms in Chinese editions."""

WORKBOOK_OPTIONS: dict[str, Any] = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
"""Options of ``xlsxwriter.Workbook`` with which a text is written as a text and as nothing else."""

_MARK = "'"
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?%?")


def plain_text(text: str) -> str:
    """Text for a CSV cell that no spreadsheet program takes for a formula.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        With an apostrophe before it when it begins like a formula; numbers such as ``-1.5`` stay as they are.
    """
    start = text.lstrip(" \u3000\ufeff")
    if not start.startswith(FORMULA_STARTS) and not text.startswith(FORMULA_STARTS):
        return text
    return text if _NUMBER.fullmatch(text) else _MARK + text


def plain_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A table whose texts, headers and index are safe in a CSV file; numbers and dates are left alone.

    Parameters
    ----------
    frame : DataFrame

    Returns
    -------
    DataFrame
        A copy where a text had to be marked, else the same cells.
    """
    changed = {
        place: frame.iloc[:, place].map(_if_text)
        for place in range(frame.shape[1])
        if frame.iloc[:, place].dtype.kind not in "biufcmM"
    }
    columns = [changed.get(place, frame.iloc[:, place]) for place in range(frame.shape[1])]
    plain = pd.concat(columns, axis=1) if columns else frame.copy()
    plain.columns = frame.columns.map(_if_text)
    return plain if frame.index.dtype.kind in "biufcmM" else plain.set_axis(frame.index.map(_if_text))


def write_csv(frame: pd.DataFrame, path: Path, *, index: bool = False) -> None:
    """Write a table as CSV that opens in Excel with its characters whole and no text as a formula.

    Parameters
    ----------
    frame : DataFrame
    path : Path
    index : bool
        Write the index as the first column.
    """
    plain_frame(frame).to_csv(path, index=index, encoding="utf-8-sig", lineterminator="\n")


def write_text(sheet: Any, row: int, column: int, text: str, style: Any = None) -> None:
    """Write a text into a cell of an ``openpyxl`` or ``xlsxwriter`` worksheet, as a text whatever it looks like.

    Parameters
    ----------
    sheet : openpyxl or xlsxwriter worksheet
    row, column : int
        Counted from 0.
    text : str
    style : xlsxwriter format, optional
    """
    if hasattr(sheet, "write_string"):
        sheet.write_string(row, column, text, style)
        return
    cell = sheet.cell(row + 1, column + 1)
    cell.value = text
    cell.data_type = "s"
    cell.quotePrefix = text.startswith(FORMULA_STARTS)


def _if_text(value: Any) -> Any:
    return plain_text(value) if isinstance(value, str) else value
