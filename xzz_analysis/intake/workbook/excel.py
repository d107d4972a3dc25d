"""One worksheet of a workbook → text cells, read in a process of its own with a limit on memory and time."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import pyarrow as pa

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.intake.answers import machine_names
from xzz_analysis.intake.workbook.child import FAILED, cell_text
from xzz_analysis.intake.workbook.delimited import Cells, remark, rows_above, rows_below, text_frame
from xzz_analysis.intake.workbook.guard import SAVE_XLSX, Workbook, inspect_workbook
from xzz_analysis.intake.workbook.titles import sheet_name, sheet_names

__all__ = ["Sheet", "cell_text", "read_sheet"]

CHILD = Path(__file__).with_name("child.py")
MEMORY = 3 * 512 * 1024**2
"""Bytes the child may use, and ten times the unpacked workbook more, up to :data:`MOST_MEMORY`."""

MOST_MEMORY = 8 * 1024**3
SECONDS = 8.0
"""Time the child may take, and one second more for each 4 MB of the unpacked workbook."""

_ROWS = 50
_WHY = {
    "password": "is protected by a password, so its cells cannot be read; remove the password and save it again",
    "memory": "needs more memory than answers ever do, so reading it was stopped; export fewer columns or rows",
    "time": "takes longer to read than answers ever do, so reading it was stopped; export the data again",
    "number": f"holds a number that is none or infinite, so the file is damaged; export it again, or {SAVE_XLSX}",
    "damaged": f"cannot be read, so the file is damaged; export it again, or {SAVE_XLSX}",
}


class Sheet(NamedTuple):
    """One worksheet as text.

    Attributes
    ----------
    sheets : tuple of str
        Names of all worksheets.
    name : str
        The one that was read.
    cells : Cells
    workbook : Workbook
    """

    sheets: tuple[str, ...]
    name: str
    cells: Cells
    workbook: Workbook


def read_sheet(data: bytes, name: str, sheet: str | None = None) -> Sheet:
    """Read one worksheet.

    Parameters
    ----------
    data : bytes
        The workbook: ``.xlsx``, ``.xlsm`` without macros, ``.xls`` or ``.ods``.
    name : str
        File name for messages.
    sheet : str, optional
        The first worksheet by default.

    Returns
    -------
    Sheet
        Rows without any content are left out.

    Raises
    ------
    InputError
        Not safe or not possible to read, no sheet of this name, or a sheet without a cell.
    """
    workbook = inspect_workbook(data, name, sheet)
    sheets, title, table = _read_apart(data, name, sheet, workbook)
    if not len(table):
        what = sheet_name(title, sheets, sheet)
        raise InputError(f"{name}, {what} is empty, without even a header row; export it again")
    above = rows_above(_rows(table.slice(0, _ROWS)))
    preamble = tuple(map(remark, _rows(table.slice(0, above))))
    headers = _rows(table.slice(above, 1))[0]
    body = table.slice(above + 1)
    last = _rows(body.slice(max(len(body) - _ROWS, 0)))
    below = rows_below(last, sum(bool(header.strip()) for header in headers))
    footnotes = tuple(map(remark, last[len(last) - below :]))
    frame = text_frame(body.slice(0, len(body) - below))
    return Sheet(sheets, title, Cells(headers, frame, preamble, footnotes), workbook)


def _rows(table: pa.Table) -> list[list[str]]:
    """Rows of a small table as lists."""
    return [list(row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]


def _read_apart(data: bytes, name: str, sheet: str | None, workbook: Workbook) -> tuple[tuple[str, ...], str, pa.Table]:
    """Names of the worksheets, the one that was read, and its rows, from a process that may fail without harm."""
    unpacked = workbook.unpacked
    first = next(iter(workbook.sheets), None)
    wanted = {"sheet": first if sheet is None else sheet, "memory": min(MEMORY + 10 * unpacked, MOST_MEMORY)}
    late = threading.Event()
    with subprocess.Popen(
        [sys.executable, "-I", str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin and process.stdout
        feeder = threading.Thread(target=_feed, args=(process.stdin, json.dumps(wanted).encode() + b"\n", data))
        clock = threading.Timer(SECONDS + unpacked / 2**22, _stop, args=(process, late))
        feeder.start()
        clock.start()
        try:
            head = json.loads(process.stdout.readline())
            table = None if "error" in head else _table(process.stdout, head)
        except (EOFError, ValueError):
            head, table = {"error": "memory" if process.wait() < 0 else "damaged"}, None
        finally:
            process.kill()
            clock.cancel()
            feeder.join()
    if table is None:
        why = "time" if late.is_set() else head["error"]
        raise _refusal(why, name, sheet, head.get("sheets") or workbook.sheets)
    return tuple(head["sheets"]), head["sheet"], table


def _feed(pipe: IO[bytes], *parts: bytes) -> None:
    with suppress(BrokenPipeError), pipe:
        for part in parts:
            pipe.write(part)


def _stop(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def _table(pipe: IO[bytes], head: dict[str, Any]) -> pa.Table | None:
    """Batches of the child as one table of text; None, with the reason in ``head``, when the child failed."""
    columns: list[list[pa.Array]] = [[] for _ in range(head["width"])]
    while rows := struct.unpack("<I", _exactly(pipe, 4))[0]:
        if rows == FAILED:
            head.update(json.loads(pipe.readline()))
            return None
        for column in columns:
            offsets = _exactly(pipe, 4 * (rows + 1))
            text = _exactly(pipe, struct.unpack("<i", offsets[-4:])[0])
            column.append(pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(text)))
    names = [str(position) for position in range(len(columns))]
    return pa.table([pa.chunked_array(column, type=pa.string()) for column in columns], names=names)


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) != size:
        raise EOFError
    return data


def _refusal(why: str, name: str, sheet: str | None, sheets: Sequence[str]) -> InputError:
    if why == "no_sheet" and sheet is not None:
        near = suggest(sheet, machine_names(sheets, len(sheets)))
        return InputError(f"{name} has no sheet {sheet!r}{near}; it has {sheet_names(sheets)}")
    read = next(iter(sheets), None) if sheet is None else sheet
    where = name if read is None else f"{name}, {sheet_name(read, sheets, sheet)}"
    return InputError(f"{where} {_WHY.get(why, _WHY['damaged'])}")
