"""Cells of one worksheet, read in a process of its own with a limit on memory: run as a script, never imported to read.

It imports the reader and the standard library only, so that it starts in about 30 ms. It reads from its standard
input one line of JSON, ``{"sheet": …, "memory": …}``, and the bytes of a workbook, and writes to its standard output
one line of JSON, ``{"sheets": […], "sheet": …, "width": …}`` or ``{"error": …}``, and then batches of rows: the
number of rows (0 at the end), and of each column the offsets of its cells (one more than rows) and their UTF-8 text.
"""

from __future__ import annotations

import array
import datetime as dt
import functools
import io
import itertools
import json
import math
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

WHOLE = 1e15
"""Excel keeps 15 digits of a number, so whole numbers from here on are not what was typed."""

FAILED = 0xFFFFFFFF
"""Instead of a number of rows: a line ``{"error": …}`` follows."""

_ROWS = 4096


class UnreadableError(Exception):
    """Why the cells cannot be had: ``password``, ``memory``, ``damaged``, ``no_sheet``, ``number``."""


def cell_text(value: Any) -> str:
    """Text of a cell.

    Whole numbers are written without ``.0``, but with an exponent from 10¹⁵ on, where Excel has lost digits; dates and
    times as ISO, durations as hours, minutes and seconds, booleans as Excel shows them, texts as they are.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float | int):
        return _number(value)
    if isinstance(value, dt.timedelta):
        return _duration(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


@functools.lru_cache(maxsize=1 << 16, typed=True)
def _remembered(value: Any) -> str:
    """Text of a cell that is no text; the same few numbers and dates come again and again."""
    if isinstance(value, float) and not math.isfinite(value):
        raise UnreadableError("number")
    return cell_text(value)


def _number(value: float) -> str:
    text = repr(float(value))
    if not text.endswith(".0"):
        return text
    if abs(value) < WHOLE:
        return str(int(value))
    digits, _, power = f"{value:.16e}".partition("e")
    return f"{digits.rstrip('0').rstrip('.')}e{power}"


def _duration(value: dt.timedelta) -> str:
    seconds, microseconds = divmod(abs(value) // dt.timedelta(microseconds=1), 1_000_000)
    fraction = f".{microseconds:06d}".rstrip("0").rstrip(".") if microseconds else ""
    sign = "-" if value < dt.timedelta() else ""
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction}"


def open_sheet(data: bytes, sheet: str | None) -> tuple[list[str], CalamineSheet]:
    """Names of the worksheets, and the one that is wanted, the first by default.

    Raises
    ------
    UnreadableError
        ``no_sheet``, with the names of those there are.
    """
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    names = [found.name for found in workbook.sheets_metadata if found.typ == SheetTypeEnum.WorkSheet]
    wanted = sheet if sheet is not None else next(iter(names), None)
    if wanted not in names:
        raise UnreadableError("no_sheet", names)
    return names, workbook.get_sheet_by_name(str(wanted))


def batches(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Rows that are not empty, many at a time: how many, and column by column the offsets and the text of the cells."""
    filled = (row for row in rows if any(cell != "" for cell in row))
    while batch := list(itertools.islice(filled, _ROWS)):
        parts = [struct.pack("<I", len(batch))]
        for column in zip(*batch, strict=True):
            texts = [(value if type(value) is str else _remembered(value)).encode() for value in column]
            parts.append(array.array("i", itertools.accumulate(map(len, texts), initial=0)).tobytes())
            parts.extend(texts)
        yield b"".join(parts)


def limit_memory(size: int) -> None:
    """Let this process have no more than ``size`` bytes, where the system can tell it so."""
    try:
        import resource
    except ImportError:  # Windows: only the clock of the parent limits the child
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size if most == resource.RLIM_INFINITY else min(size, most), most))


def main(source: IO[bytes], out: IO[bytes]) -> None:
    """Read a workbook from ``source`` and write its cells to ``out``."""
    wanted = json.loads(source.readline())
    limit_memory(wanted["memory"])
    before = b""
    try:
        names, sheet = open_sheet(source.read(), wanted["sheet"])
        out.write(json.dumps({"sheets": names, "sheet": sheet.name, "width": sheet.width}).encode() + b"\n")
        before = struct.pack("<I", FAILED)
        for batch in batches(sheet.iter_rows()):
            out.write(batch)
        out.write(struct.pack("<I", 0))
    except (UnreadableError, CalamineError, MemoryError, OSError, ValueError, OverflowError) as error:
        out.write(before + json.dumps(_excuse(error)).encode() + b"\n")
        raise SystemExit(1) from None
    finally:
        out.flush()


def _excuse(error: BaseException) -> dict[str, Any]:
    """What the parent is told: a word of :class:`UnreadableError`, and no word of the workbook itself."""
    if isinstance(error, UnreadableError):
        return {"error": error.args[0], "sheets": error.args[1] if len(error.args) > 1 else []}
    if isinstance(error, PasswordError):
        return {"error": "password"}
    if isinstance(error, MemoryError):
        return {"error": "memory"}
    if isinstance(error, CalamineError) and "assword" in str(error):
        return {"error": "password"}
    return {"error": "damaged"}


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
