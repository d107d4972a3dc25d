"""Workbooks of texts: every cell is written as the text it is, so that no code is rounded and no formula runs."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import xlsxwriter

from xzz_analysis.errors import InputError

LONGEST = 32_767
"""Characters that a cell of a workbook holds."""

_MADE = dt.datetime(2000, 1, 1)
_LISTED = 1_000


def write_texts(
    path: Path, sheets: Mapping[str, pd.DataFrame], choices: Mapping[str, Sequence[str]] | None = None
) -> Path:
    """Write tables of texts as the sheets of a workbook; the same tables give the same bytes.

    Parameters
    ----------
    path : Path
        ``.xlsx``; its folder exists.
    sheets : mapping of str to DataFrame of str
        Title → table; the index is not written.
    choices : mapping of str to sequence of str, optional
        Column → words to choose from in a drop-down, wherever a sheet has this column.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    InputError
        A text is too long for a cell (the column is named), or the file cannot be written.
    """
    memory = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(memory, options) as book:
        book.set_properties({"created": _MADE})
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        body = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        for title, table in sheets.items():
            sheet = book.add_worksheet(title)
            sheet.freeze_panes(1, 0)
            for place, name in enumerate(map(str, table.columns)):
                sheet.set_column(place, place, 20, body)
                sheet.write_string(0, place, name, head)
                for row, text in enumerate(table.iloc[:, place].astype("str"), start=1):
                    if len(text) > LONGEST:
                        raise InputError(f"{path.name}: a text of {name!r} has {len(text):,} characters; shorten it")
                    if text:
                        sheet.write_string(row, place, text, body)
                if choices and name in choices:
                    last = max(len(table), _LISTED)
                    sheet.data_validation(1, place, last, place, {"validate": "list", "source": list(choices[name])})
    try:
        path.write_bytes(memory.getvalue())
    except OSError as error:
        raise InputError(f"{path.name} cannot be written ({error.strerror}); close it in Excel") from None
    return path
