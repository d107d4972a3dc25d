"""Rows of a spreadsheet that are no records: a second header, units, totals, footnotes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.intake.codebook.kinds import EMPTY_WORDS, is_number, word_counts

_TOTALS = frozenset(
    ("合计", "总计", "小计", "总和", "总数", "平均", "平均值", "均值", "total", "grandtotal", "subtotal", "sum", "mean")
)
_FOOTNOTE = re.compile(r"\s*(?:(?:注|备注|说明|数据来源|资料来源|来源|note|notes|source)\s*[:：]|\d{1,2}[.、])", re.I)
_UNIT = re.compile(
    r"[(（\[]?(?:单位[:：]?)?(?:%|％|‰|[千万亿]?[元人户个次天日月年岁件套平米吨]|小时|分钟|公里|千米|厘米|平方米|公斤"
    r"|kg|km|m|cm|years?|days?|hours?|minutes?|persons?|people|yuan|rmb|cny|usd)[)）\]]?",
    re.I,
)
_NUMERIC = 0.8
"""A column is one of numbers when this share of its filled cells, the first row apart, are numbers."""
_LOOKED_AT = 500
"""Rows from the top in which that is looked at."""


@dataclass(frozen=True)
class Records:
    """The rows that are records, and what the others were.

    Attributes
    ----------
    frame : DataFrame of str
        ``RangeIndex``.
    wordings : dict of str to str
        Header → text below it in a second header row.
    findings : tuple of Finding
    """

    frame: pd.DataFrame
    wordings: dict[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def records(frame: pd.DataFrame, file: str) -> Records:
    """Leave out the rows that are no records, each kind with a finding.

    Parameters
    ----------
    frame : DataFrame of str
        Rows below the header.
    file : str
        File name, for messages.

    Returns
    -------
    Records
        A first row is a second header when every column of numbers holds a text there; it is a row of units when all
        these texts are units. A total is a row whose first text is exactly 合计, 总计, Total …; footnotes are the last
        rows when only their first cell is filled and reads 注：, 数据来源： ….
    """
    frame = frame.reset_index(drop=True)
    keep = np.ones(len(frame), dtype=bool)
    found: list[Finding] = []
    wordings, units = _second_header(frame)
    if wordings:
        keep[0] = False
        message = "the first row below the header holds " + ("units" if units else "a second header")
        found.append(_left_out("units_row" if units else "header_row_twice", file, message, 1))
        wordings = {} if units else wordings
    notes = _footnotes(frame, keep)
    if notes:
        found.append(_left_out("footnote_row", file, f"{notes} row(s) at the end are notes", notes))
    totals = int(_totals(frame, keep))
    if totals:
        found.append(_left_out("total_row", file, f"{totals} row(s) are totals or means of the others", totals))
    return Records(frame[keep].reset_index(drop=True), wordings, tuple(found))


def _left_out(rule: str, file: str, message: str, count: int) -> Finding:
    remedy = "nothing to do if that is right; else delete or rename the row in a copy of the export"
    return Finding("warning", rule, file, f"{message}; left out", remedy, count)


def _second_header(frame: pd.DataFrame) -> tuple[dict[str, str], bool]:
    """Texts of the first row by header, when it cannot be a record, and whether they are units."""
    if len(frame) < 3:
        return {}, False
    first = {str(header): str(frame[header].iloc[0]).strip() for header in frame.columns}
    texts = []
    for header, text in first.items():
        if text and text not in EMPTY_WORDS and _is_numeric(frame[header].iloc[1:_LOOKED_AT]):
            if is_number(text):
                return {}, False
            texts.append(text)
    units = bool(texts) and all(_UNIT.fullmatch(text) for text in texts)
    wordings = len(texts) > 1 and len(set(texts)) >= len(texts) / 4
    if not (units or wordings):
        return {}, False
    return {header: text for header, text in first.items() if text}, units


def _is_numeric(column: pd.Series) -> bool:
    counts = word_counts(column)
    filled = sum(counts.values())
    return filled >= 2 and sum(count for word, count in counts.items() if is_number(word)) >= _NUMERIC * filled


def _totals(frame: pd.DataFrame, keep: np.ndarray) -> int:
    """Mark rows whose first text is a word for totals; the count."""
    first = pd.Series("", index=frame.index, dtype=object)
    for header in list(frame.columns)[:3]:
        first = first.where(first != "", frame[header].str.strip().astype(object))
    words = first.map(lambda text: re.sub(r"[\s:：]", "", unicodedata.normalize("NFKC", str(text)).casefold()))
    total = words.isin(_TOTALS).to_numpy() & keep
    keep[total] = False
    return int(total.sum())


def _footnotes(frame: pd.DataFrame, keep: np.ndarray) -> int:
    """Mark the last rows when they are notes; the count."""
    marked = 0
    for position in _from_the_end(frame):
        keep[position] = False
        marked += 1
    return marked


def _from_the_end(frame: pd.DataFrame) -> Iterator[int]:
    """Positions of the last rows that hold one cell only, up to the first of the notes among them."""
    alone: list[int] = []
    notes = 0
    for position in range(len(frame) - 1, -1, -1):
        cells = frame.iloc[position].to_numpy(dtype=object)
        if len(frame.columns) < 2 or not cells[0] or any(cells[1:]):
            break
        alone.append(position)
        if _FOOTNOTE.match(str(cells[0])):
            notes = len(alone)
    yield from alone[:notes]
