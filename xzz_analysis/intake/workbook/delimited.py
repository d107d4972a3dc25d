"""CSV → text cells; whatever is cut off, garbled or ragged is refused."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from xzz_analysis.errors import InputError
from xzz_analysis.intake.workbook.guard import MAX_UNPACKED, SAVE_AS, reason

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_BLOCK = 1 << 26
_TEXT = pd.StringDtype(na_value=np.nan)


def unpack(data: bytes, name: str) -> bytes:
    """Gunzip, refusing a file that is cut off, damaged or implausibly large."""
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            unpacked = stream.read(MAX_UNPACKED + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(
            f"{name} is cut off or damaged ({reason(error)}); copy or export the whole file again"
        ) from None
    if len(unpacked) > MAX_UNPACKED:
        raise InputError(f"{name} unpacks to more than {MAX_UNPACKED // 1024**3} GB; split it, or export fewer columns")
    return unpacked


def read_delimited(data: bytes, name: str) -> tuple[list[str], pd.DataFrame]:
    """Read CSV text.

    Parameters
    ----------
    data : bytes
        UTF-8, with or without a byte order mark; comma, semicolon or tab, told from the header.
    name : str
        File name for messages.

    Returns
    -------
    tuple
        The headers, and the cells as text with columns numbered from 0.

    Raises
    ------
    InputError
        Not UTF-8 (byte and line are named), an open quote, a last row that is cut off, rows whose
        number of fields differs from the header's, or a header that two delimiters split equally.
    """
    text = _decode(data, name)
    delimiter = _delimiter(text, name)
    _check_quotes(text, delimiter, name)
    lines = io.StringIO(text, newline="")
    headers = next(csv.reader(lines, delimiter=delimiter), [])
    body = text[lines.tell() :].encode()
    if not body.strip():
        return headers, pd.DataFrame(columns=range(len(headers)), dtype=_TEXT)
    keys = [str(position) for position in range(len(headers))]
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
            column_types=dict.fromkeys(keys, pa.string()), strings_can_be_null=False
        ),
    )
    _check_ragged(ragged, len(table) + len(ragged), name)
    return headers, table.to_pandas(types_mapper={pa.string(): _TEXT}.get)


def _decode(data: bytes, name: str) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data:
        raise InputError(f"{name} is UTF-16 or not text at all, so its cells cannot be told apart; {SAVE_AS}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        position = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        line = data.count(b"\n", 0, position) + 1
        cut = error.reason == "unexpected end of data"
        why = "the file was cut off inside a character" if cut else "it was saved in another encoding"
        remedy = "export it again" if cut else SAVE_AS
        raise InputError(
            f"{name} is not UTF-8: byte {position:,} on line {line:,} is 0x{data[position]:02x}; {why}, "
            f"and reading on would garble names and options; {remedy}"
        ) from None


def _delimiter(text: str, name: str) -> str:
    """The one delimiter that splits the header into the most columns."""
    counts = {}
    for delimiter in _DELIMITERS:
        try:
            counts[delimiter] = len(next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), []))
        except csv.Error:
            counts[delimiter] = 1
    most = max(counts.values())
    winners = [delimiter for delimiter, count in counts.items() if count == most]
    if most > 1 and len(winners) > 1:
        words = " and ".join(_DELIMITERS[delimiter] for delimiter in winners)
        raise InputError(f"{name}: {words} split the header equally, into {most} columns; export it with one delimiter")
    return winners[0]


def _check_quotes(text: str, delimiter: str, name: str) -> None:
    """An odd number of quotes is where an open quote can be; only then is the whole text walked."""
    if text.count('"') % 2 == 0:
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
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
