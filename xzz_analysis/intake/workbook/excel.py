"""One worksheet of an XLSX → text cells."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import numpy as np
import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.intake.workbook.guard import check_workbook, reason

_TEXT = pd.StringDtype(na_value=np.nan)


def read_sheet(
    data: bytes, name: str, sheet: str | None = None
) -> tuple[tuple[str, ...], str, list[str], pd.DataFrame]:
    """Read one worksheet.

    Parameters
    ----------
    data : bytes
        The workbook.
    name : str
        File name for messages.
    sheet : str, optional
        The first worksheet by default.

    Returns
    -------
    tuple
        Names of all worksheets, the name of the one read, its headers, and its cells as text with
        columns numbered from 0; rows without any content are left out.
    """
    titles = check_workbook(data, name, sheet)
    title = sheet if sheet is not None else next(iter(titles), "")
    if title not in titles:
        raise InputError(f"{name} has no sheet {title!r}{suggest(title, titles)}; it has {', '.join(titles) or 'none'}")
    try:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(title).to_python()
    except (CalamineError, OSError) as error:
        raise InputError(f"{name}, sheet {title!r} cannot be read ({reason(error)}); save the workbook again") from None
    rows = [row for row in rows if any(cell != "" for cell in row)]
    if not rows:
        raise InputError(f"{name}, sheet {title!r} is empty, without even a header row; export it again")
    headers = [cell_text(cell) for cell in rows[0]]
    columns = zip(*rows[1:], strict=True) if len(rows) > 1 else ((),) * len(headers)
    texts = [pd.array([cell_text(cell) for cell in column], dtype=_TEXT) for column in columns]
    return titles, title, headers, pd.DataFrame(dict(enumerate(texts)))


def cell_text(value: Any) -> str:
    """Text of a cell: whole numbers without ``.0``, dates as ISO, booleans as Excel shows them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)
