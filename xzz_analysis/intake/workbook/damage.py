"""Identifiers and dates that a spreadsheet program has damaged: told from the cells, and never repaired by guessing.

Excel keeps 15 digits of a number (ECMA-376 part 1, §18.3.1.96 stores numbers as IEEE 754 doubles; the limit is the
program's), so an id card of 18 digits typed as a number loses its last three, and two children can become one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from xzz_analysis.errors import Finding, InputError

DIGITS = 15
"""Digits of a number that Excel keeps."""

FEW = 0.05
"""Long numbers that end in zeros by chance are at most this share of a column; of 18 digits it is 1 in 1,000."""

_SHORTEST = 4
"""Columns without a longer cell hold no identifier."""

_NUMBER = r"^\s*[+-]?[0-9][0-9.]*([eE][+]?[0-9]+)?[Xx]?\s*$"
_SUSPECT = r"^\s*(\d{10}|0\d{3}|\d{6,18}\.0|\d(\.\d*)?[eE]\+?\d|(18|19|20)\d\d[-/.年]\d{1,2}[-/.月])"
_EXPONENT = r"[+-]?\d(?:\.\d*)?[eE]\+?(?:9|[1-9]\d)"
_FLOAT = r"\d{6,}\.0+"
_CARD = r"[1-8]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9Xx]"
_PHONE = r"(?:1[3-9]|0)\d{9}"
_DATE = r"^\s*(18|19|20)\d\d([-/.]\d{1,2}[-/.]\d|年\d{1,2}月)"
_SERIAL = r"^\s*[2-5]\d{4}(\.\d+)?\s*$"
_NO_DATE = r"^(1899-12-3[01]|1900-0[12]-\d\d|\d\d:\d\d:\d\d(\.\d+)?$)"
_CHECK = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_AGAIN = (
    "export it again from the platform as CSV, or with this column as text (Excel: format the column as Text first)"
)


def damaged_identifiers(frame: pd.DataFrame, file: str) -> list[Finding]:
    """Find identifiers that were rounded, merged, made decimal or shortened, and dates that became numbers.

    Parameters
    ----------
    frame : DataFrame of str
        Cells as :func:`~xzz_analysis.intake.workbook.read_raw` gives them.
    file : str
        File, and worksheet, for messages.

    Returns
    -------
    list of Finding
        Rules ``id_rounded`` (an error), ``id_merged`` (an error), ``id_decimal``, ``id_digit_lost``, ``zero_lost``,
        ``date_as_number`` and ``date_of_nothing``; a column and a count each, never a cell.

    Notes
    -----
    A number is rounded when it is written with an exponent of 9 or more, as Excel shows numbers of 12 digits and more,
    or when it has more than 15 digits and zeros after the 15th, in more cells than chance explains.
    """
    findings: list[Finding] = []
    for name, column in frame.items():
        cells = text_cells(column)
        longest = pc.max(pc.binary_length(cells)).as_py() or 0
        if longest < _SHORTEST:
            continue
        texts, counts = cells.value_counts().flatten()
        if not pc.any(pc.match_substring_regex(texts, _SUSPECT)).as_py():
            continue
        where = f"{file}: {name}"
        if pc.any(pc.match_substring_regex(texts, _NUMBER)).as_py():
            numbers = pc.filter(cells, pc.match_substring_regex(cells, _NUMBER)).to_pandas().str.strip()
            findings += _damage(numbers, where)
        findings += _dates(texts, counts, where)
    return findings


def text_cells(column: pd.Series) -> pa.ChunkedArray:
    """The cells of a column of text, without a copy where the column is one of Arrow."""
    cells = pa.array(column)
    return cells if isinstance(cells, pa.ChunkedArray) else pa.chunked_array([cells.cast(pa.large_string())])


def require_whole_key(column: pd.Series, file: str) -> None:
    """Refuse a column by which rows are told apart or linked when its values are damaged.

    Parameters
    ----------
    column : Series of str
        Named as in the file.
    file : str
        File, and worksheet, for messages.

    Raises
    ------
    InputError
        Values are rounded, merged, decimal, or lack a digit that others have; column and counts are named.
    """
    texts = column.astype("str").str.strip()
    numbers = texts[texts.str.fullmatch(_NUMBER).astype(bool)]
    found = [*_damage(numbers, f"{file}: {column.name}")]
    decimal = int(numbers.str.fullmatch(r"\d+\.0+").sum())
    if decimal and not any(finding.rule == "id_decimal" for finding in found):
        found.append(_decimal(decimal, f"{file}: {column.name}"))
    if found:
        raise InputError(
            f"{file}: the column {column.name!r} tells rows apart, but a spreadsheet program has damaged it, so "
            f"different respondents could become one",
            found,
        )


def _damage(numbers: pd.Series, where: str) -> Iterator[Finding]:
    if numbers.empty:
        return
    rounded = numbers[_rounded(numbers)]
    if len(rounded):
        message = (
            f"{len(rounded):,} of {len(numbers):,} number(s) are rounded: Excel keeps {DIGITS} digits, so the last "
            "digits are lost and cannot be had back"
        )
        yield Finding("error", "id_rounded", where, message, _AGAIN, len(rounded))
        values = rounded.nunique()
        if values < len(rounded):
            message = f"after rounding {len(rounded):,} cells share {values:,} value(s), so different ids became one"
            yield Finding("error", "id_merged", where, message, _AGAIN, len(rounded) - values)
    decimal = numbers.str.fullmatch(_FLOAT)
    if decimal.any() and decimal.mean() > 0.9 and numbers[decimal].str.len().nunique() == 1:
        yield _decimal(int(decimal.sum()), where)
    yield from _shortened(numbers, where)


def _rounded(numbers: pd.Series) -> np.ndarray:
    """Which numbers have lost digits; one alone that ends in zeros may be whole when its last character is right."""
    exponent = numbers.str.fullmatch(_EXPONENT).to_numpy(bool)
    long = numbers.str.fullmatch(r"\d{16,19}").to_numpy(bool)
    zeros = np.array(numbers.str.slice(DIGITS).str.strip("0") == "") & long
    if zeros.sum() < max(2, FEW * long.sum()):
        zeros &= ~_checked(numbers) & (3 * zeros.sum() >= long.sum())
    return exponent | zeros


def _checked(numbers: pd.Series) -> np.ndarray:
    """Which of these numbers are id cards whose last character is the right one (GB 11643-1999)."""
    good = np.array(numbers.str.fullmatch(_CARD), dtype=bool)
    cards = "".join(numbers[good].str.upper())
    codes = np.frombuffer(cards.encode(), dtype=np.uint8).reshape(-1, 18).astype(np.int64)
    wanted = np.frombuffer(b"10X98765432", dtype=np.uint8)[(codes[:, :17] - 48) @ _CHECK % 11]
    good[good] = wanted == codes[:, 17]
    return good


def _decimal(count: int, where: str) -> Finding:
    message = f"{count:,} identifier(s) end in .0, so the column was once a decimal number and digits may be lost"
    return Finding("warning", "id_decimal", where, message, _AGAIN, count)


def _shortened(numbers: pd.Series, where: str) -> Iterator[Finding]:
    """Identifiers that lack a digit which others of the column have."""
    lengths = numbers.str.len()
    for pattern, whole, what in ((_CARD, 18, "id cards"), (_PHONE, 11, "phone numbers")):
        good = int(numbers.str.fullmatch(pattern).sum())
        short = int(((lengths == whole - 1) & numbers.str.isdigit()).sum())
        if short and good >= max(short, len(numbers) / 2):
            message = (
                f"{short:,} of {len(numbers):,} {what} have {whole - 1} digits instead of {whole}; a leading zero or "
                "the last character is lost, or they were mistyped"
            )
            yield Finding("warning", "id_digit_lost", where, message, "compare them with the platform", short)
    padded = numbers.str.fullmatch(r"0\d{3,}")
    width = lengths[padded].max() if padded.any() else 0
    short = int((numbers.str.fullmatch(r"[1-9]\d*") & (lengths < width)).sum())
    if short and lengths[padded].min() == width == lengths.max():
        message = (
            f"{short:,} number(s) have fewer than {width} digits while others begin with a zero to have {width}, so "
            "leading zeros were lost"
        )
        yield Finding("warning", "zero_lost", where, message, _AGAIN, short)


def _dates(texts: pa.Array, counts: pa.Array, where: str) -> Iterator[Finding]:
    """Dates of which some became numbers, or the zero of a spreadsheet, among distinct cells and their counts."""
    dates = _cells_like(_DATE, texts, counts)
    if not dates:
        return
    serials = _cells_like(_SERIAL, texts, counts)
    if 0 < serials <= 4 * dates:
        message = (
            f"{serials:,} cell(s) among {dates:,} date(s) are numbers such as a spreadsheet keeps for days, and "
            "nothing tells what day they count from"
        )
        remedy = "format the whole column as a date in the workbook, or export it again"
        yield Finding("warning", "date_as_number", where, message, remedy, serials)
    nothing = _cells_like(_NO_DATE, texts, counts)
    if nothing:
        message = f"{nothing:,} date(s) are times without a day, or from before a spreadsheet's calendar begins"
        yield Finding("warning", "date_of_nothing", where, message, "empty these cells, or type the dates", nothing)


def _cells_like(pattern: str, texts: pa.Array, counts: pa.Array) -> int:
    """How many cells match a pattern."""
    return pc.sum(counts.filter(pc.match_substring_regex(texts, pattern))).as_py() or 0
