"""Ledgers in files: CSV, workbooks and Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.workbook import RawTable, read_raw
from xzz_analysis.services.ledgers.sources.broken import Sound, row_lines, sound_rows
from xzz_analysis.services.ledgers.sources.cells import Rows, Source


def open_file(path: Path, sheet: str, kind: str) -> Source:
    """Open a file of a ledger; its content decides what it is.

    Parameters
    ----------
    path : Path
    sheet : str
        Worksheet of a workbook; the first when empty.
    kind : str
        The ledger's name, for messages.

    Raises
    ------
    InputError
        The file cannot be read; see :func:`xzz_analysis.intake.workbook.read_raw`.
    """
    where = f"{kind} ({path.name})"
    if _is_parquet(path):
        return _open_parquet(path, where)
    try:
        raw = read_raw(path, sheet or None)
    except InputError:
        sound = None if sheet else sound_rows(path)
        if sound is None:
            raise
        return _open_sound(sound, where)
    return _open_raw(raw, path, where)


def _open_raw(raw: RawTable, path: Path, where: str) -> Source:
    first = len(raw.preamble) + 2
    lines = np.arange(first, first + len(raw.frame), dtype=np.int64)
    if raw.encoding:
        lines = row_lines(path, raw, lines)

    def rows(wanted: Sequence[str]) -> Rows:
        return Rows(text_table(raw.frame, wanted), lines)

    findings = tuple(finding for finding in raw.findings if finding.severity != "note")
    return Source(where, tuple(raw.frame.columns), rows, raw.date_system, _renamed(findings, where))


def _open_sound(sound: Sound, where: str) -> Source:
    def rows(wanted: Sequence[str]) -> Rows:
        return Rows(text_table(sound.frame, wanted), sound.lines, sound.broken)

    return Source(where, tuple(sound.frame.columns), rows)


def _renamed(findings: Sequence[Finding], where: str) -> tuple[Finding, ...]:
    return tuple(Finding(one.severity, one.rule, where, one.message, one.remedy, one.count) for one in findings)


def text_table(frame: pd.DataFrame, wanted: Sequence[str]) -> pa.Table:
    """Columns of a frame of text as a table."""
    cells = [pa.chunked_array(pa.array(frame[name], pa.large_string(), from_pandas=True)) for name in wanted]
    return pa.table(cells, names=list(wanted))


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError:
        return False  # read_raw says what is wrong


def _open_parquet(path: Path, where: str) -> Source:
    advice = "write it again, or copy the whole file"
    try:
        headers = tuple(pq.read_schema(path).names)
    except (pa.ArrowException, OSError):
        raise InputError(f"{path.name} is cut off or damaged Parquet, so it cannot be read; {advice}") from None

    def rows(wanted: Sequence[str]) -> Rows:
        try:
            table = pq.ParquetFile(path).read(columns=list(wanted))
        except (pa.ArrowException, OSError):
            raise InputError(f"{path.name} is damaged inside a column, so it cannot be read; {advice}") from None
        return Rows(table, np.arange(2, len(table) + 2, dtype=np.int64))

    return Source(where, headers, rows)
