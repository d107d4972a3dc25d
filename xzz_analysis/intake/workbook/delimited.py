"""CSV → text cells; whatever is cut off, garbled or ragged is refused."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import re
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from xzz_analysis.errors import InputError
from xzz_analysis.intake.workbook.encoding import recode
from xzz_analysis.intake.workbook.guard import MAX_RATIO, MAX_UNPACKED, reason, refuse_foreign

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_BLOCK = 1 << 26
_TEXT = pd.StringDtype(na_value=np.nan)
_HEAD = 1 << 17
_STEP = 1 << 22
_FLOOR = 50_000
_ROWS = 50
"""Rows among which the header is looked for, and from the end the notes."""

_LABEL = re.compile(r"\s*[^\W\d_][^:：]{0,30}[:：]")
_NOTE = re.compile(
    r"\s*(?:注|备注|说明|注释|附注|数据来源|资料来源|来源|填报说明|notes?|sources?)\s*\d*\s*[:：.．]", re.IGNORECASE
)


class Cells(NamedTuple):
    """Cells of a sheet or file, and what stands above and below them.

    Attributes
    ----------
    headers : list of str
    frame : DataFrame of str
        Columns numbered from 0.
    preamble, footnotes : tuple of str
        Remarks above the header and below the last row.
    encoding : str
        Of a text file; empty for a workbook.
    open_end : bool
        Whether the last row has no line end.
    """

    headers: list[str]
    frame: pd.DataFrame
    preamble: tuple[str, ...] = ()
    footnotes: tuple[str, ...] = ()
    encoding: str = ""
    open_end: bool = False


def unpack(data: bytes, name: str) -> bytes:
    """Gunzip, refusing a file that is cut off, damaged or implausibly large."""
    packed, blocks, size = io.BytesIO(data), [], 0
    try:
        with gzip.open(packed) as stream:
            while block := stream.read(_STEP):
                blocks.append(block)
                size += len(block)
                if size > MAX_UNPACKED or size > MAX_RATIO * max(packed.tell(), _FLOOR):
                    raise InputError(
                        f"{name} unpacks to more than {size // 1024**2:,} MB, as answers never do, so it was not read; "
                        "split it, or export fewer columns"
                    )
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(
            f"{name} is cut off or damaged ({reason(error)}); copy or export the whole file again"
        ) from None
    return b"".join(blocks)


def read_delimited(data: bytes, name: str) -> Cells:
    """Read CSV text.

    Parameters
    ----------
    data : bytes
        UTF-8, UTF-16 or GB18030; comma, semicolon or tab, told from the header.
    name : str
        File name for messages.

    Returns
    -------
    Cells
        Remarks above the header and notes below the last row are told by their shape: one cell, where the header has
        several.

    Raises
    ------
    InputError
        No text or an unknown encoding (byte and line are named), an open quote, a last row that is cut off, rows whose
        number of fields differs from the header's, or a header that two delimiters split equally.
    """
    refuse_foreign(data, name)
    text, encoding = recode(data, name)
    delimiter, above = _layout(_start(text), name)
    _check_quotes(text, delimiter, name)
    preamble, headers, body = _split_header(text, delimiter, above)
    body, footnotes = _split_notes(body, delimiter, len(headers))
    open_end = not footnotes and bytes(text[-1:]) not in (b"\n", b"\r")
    frame = _parse(body, len(headers), delimiter, name)
    return Cells(headers, frame, tuple(filter(None, preamble)), footnotes, encoding, open_end)


def _start(text: memoryview, size: int = 4 * _HEAD) -> str:
    """The first characters, at least ``size`` bytes of them where there are so many."""
    return str(text[:size], "utf-8", "ignore")


def _split_header(text: memoryview, delimiter: str, above: int) -> tuple[list[str], list[str], memoryview]:
    """Remarks, the header, and the rows below."""
    size = min(16 * _HEAD, len(text))
    while True:
        lines = io.StringIO(_start(text, size), newline="")
        rows = csv.reader(lines, delimiter=delimiter)
        preamble = [remark(next(rows)) for _ in range(above)]
        headers = next(rows, [])
        place = len(lines.getvalue()[: lines.tell()].encode())
        if place < size - 4 or size == len(text):
            return preamble, headers, text[place:]
        size = len(text)  # a header of megabytes


def _parse(body: memoryview, width: int, delimiter: str, name: str) -> pd.DataFrame:
    """Rows below the header as text."""
    if not re.search(rb"\S", body):
        return pd.DataFrame(columns=range(width), dtype=_TEXT)
    keys = [str(position) for position in range(width)]
    ragged: list[arrow_csv.InvalidRow] = []

    def keep_aside(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    table = arrow_csv.read_csv(
        pa.BufferReader(body),
        read_options=arrow_csv.ReadOptions(column_names=keys, use_threads=False, block_size=_BLOCK),
        parse_options=arrow_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=keep_aside
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(keys, pa.large_string()), strings_can_be_null=False
        ),
    )
    _check_ragged(ragged, len(table) + len(ragged), name)
    return text_frame(table)


def text_frame(table: pa.Table) -> pd.DataFrame:
    """Columns of text as a frame whose columns are numbered from 0."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=dict.fromkeys((pa.string(), pa.large_string()), _TEXT).get)
    return frame.set_axis(range(frame.shape[1]), axis=1)


# --- what stands above and below the rows -------------------------------------------------------------------------


def rows_above(rows: Sequence[Sequence[str]]) -> int:
    """How many rows stand above the header.

    Parameters
    ----------
    rows : sequence of sequence of str
        The first rows of a table, as wide as they are written.

    Returns
    -------
    int
        Rows with one filled cell (a title, ``时间：最近20年``), or none, before the first row with several. 0 when the
        first row is the header, or when what looks like remarks could be a header that lost its other names.
    """
    filled = [[cell for cell in row if cell.strip()] for row in rows]
    header = next((place for place, cells in enumerate(filled) if len(cells) > 1), 0)
    remarks = [cells[0] for cells in filled[:header] if cells]
    labelled = all(_LABEL.match(text) for text in remarks)
    named = not any(re.fullmatch(r"\s*-?\d+([.]\d*)?\s*", cell) for cell in filled[header]) if header else True
    if not (labelled or (named and all(_is_title(text) for text in remarks))):
        return 0
    if not remarks:
        return next((place for place, cells in enumerate(filled) if cells), 0)
    return header


def rows_below(rows: Sequence[Sequence[str]], width: int) -> int:
    """How many rows at the end are notes.

    Parameters
    ----------
    rows : sequence of sequence of str
        The last rows of a table.
    width : int
        Named columns of the header.

    Returns
    -------
    int
        Rows from the first that is labelled as a note (``注：``, ``数据来源：``, ``Source:``) and has cells in fewer
        columns than the header, provided that only notes and their continuation lines follow.
    """
    notes = 0
    for count, row in enumerate(reversed(rows), start=1):
        filled = sum(bool(cell.strip()) for cell in row)
        first = next((cell for cell in row if cell.strip()), "")
        narrow = (filled == 1 or len(row) < width) and row[:1] == [first]
        if narrow and _NOTE.match(first):
            notes = count
        elif filled and not (narrow and first[:1].isspace()):
            break
    return notes if width > 1 else 0


def remark(row: Sequence[str]) -> str:
    """The text of a row above the header or below the rows."""
    return " ".join(cell.strip() for cell in row if cell.strip())


def _is_title(text: str) -> bool:
    """Whether the only cell of a row is a title, not the only name of a header."""
    text = text.strip()
    return not text.isascii() and (len(text) > 5 or " " in text)


def _split_notes(body: memoryview, delimiter: str, width: int) -> tuple[memoryview, tuple[str, ...]]:
    """The rows without the notes below them, and the notes."""
    lines = str(body[-4 * _HEAD :], "utf-8", "ignore")[-_HEAD:].splitlines(keepends=True)[-_ROWS:]
    rows = [next(csv.reader([line], delimiter=delimiter), []) for line in lines]
    below = rows_below(rows, width)
    notes = lines[len(lines) - below :]
    if not below or sum(line.count('"') for line in notes) % 2:
        return body, ()
    kept = body[: len(body) - sum(len(line.encode()) for line in notes)]
    return kept, tuple(filter(None, (line.strip().strip(f'"{delimiter}').strip() for line in notes)))


# --- dialect and damage -------------------------------------------------------------------------------------------


def _layout(text: str, name: str) -> tuple[str, int]:
    """The one delimiter that splits the header into the most columns, and how many rows stand above it."""
    counts, above = {}, {}
    for delimiter in _DELIMITERS:
        rows = _first_rows(text, delimiter)
        above[delimiter] = rows_above(rows)
        counts[delimiter] = len(rows[above[delimiter]]) if rows else 0
    most = max(counts.values())
    winners = [delimiter for delimiter, count in counts.items() if count == most]
    if winners == [",", "\t"] and _is_padding(text, above[","]):
        winners = [","]
    if most > 1 and len(winners) > 1:
        words = " and ".join(_DELIMITERS[delimiter] for delimiter in winners)
        raise InputError(f"{name}: {words} split the header equally, into {most} columns; export it with one delimiter")
    return winners[0], above[winners[0]]


def _first_rows(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text[:_HEAD], newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    try:
        rows.extend(itertools.islice(reader, _ROWS))
    except csv.Error:
        return rows or [[""]]
    return rows


def _is_padding(text: str, above: int) -> bool:
    """Whether the tabs of the header only pad its cells, as exports of official statistics do."""
    rows = _first_rows(text, ",")
    return len(rows) > above and not any("\t" in cell.strip() for cell in rows[above])


def _check_quotes(text: memoryview, delimiter: str, name: str) -> None:
    """An odd number of quotes is where an open quote can be; only then is the whole text walked."""
    if sum(bytes(text[start : start + _STEP]).count(b'"') for start in range(0, len(text), _STEP)) % 2 == 0:
        return
    reader = csv.reader(io.StringIO(str(text, "utf-8"), newline=""), delimiter=delimiter, strict=True)
    line = 0
    try:
        for _ in reader:
            line = reader.line_num
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise InputError(
                f'{name} ends inside a quoted cell: the quote (") opened after line {line:,} is never '
                "closed, so the file was cut off or one quote is missing; export it again"
            ) from None


def _check_ragged(ragged: Sequence[arrow_csv.InvalidRow], rows: int, name: str) -> None:
    if not ragged:
        return
    bad = ragged[-1]
    if len(ragged) == 1 and bad.actual_columns < bad.expected_columns and bad.number == rows:
        raise InputError(
            f"{name} is cut off: its last row has {bad.actual_columns} of {bad.expected_columns} fields; "
            "export it again"
        )
    places = ", ".join(str(row.number + 1) for row in ragged[:5])
    raise InputError(
        f"{name}: {len(ragged)} of {rows:,} rows do not have {bad.expected_columns} fields like the header "
        f"(rows {places}{', …' if len(ragged) > 5 else ''}), so their cells cannot be matched with "
        "columns; export it again, with quotes around text"
    )
