"""How long each interview took."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.intake.answers import Question, Reason
from xzz_analysis.intake.headers import need_column
from xzz_analysis.intake.links import Sheet
from xzz_analysis.intake.quality import MINUTES, minutes_between
from xzz_analysis.intake.table.cells.reading import Cells

MINUTES_LABEL = {"zh": "访问用时（分钟）", "en": "Minutes of the interview"}

_SPENT = r"(?:(\d+)\s*(?:时|小时|h))?\s*(?:(\d+)\s*(?:分|分钟|min))?\s*(?:(\d+(?:\.\d+)?)\s*(?:秒|s)?)?"
"""Times as platforms write them: ``123秒``, ``2分3秒``, ``123``."""


def read_minutes(sheet: Sheet, start: str, end: str) -> Cells | None:
    """Read the columns of times.

    Parameters
    ----------
    sheet : Sheet
    start, end : str
        Columns that study.yml names, ``""`` for none: then the platform's own column of seconds counts, or its own
        columns of start and end.

    Returns
    -------
    Cells or None
        Minutes; findings name how many cannot be read. None where the export tells no time.
    """
    roles = sheet.export.roles
    if start and end:
        why = "study.yml names it for the duration of interviews"
        headers = list(sheet.frame.columns)
        columns = [need_column(headers, name, file=sheet.name, why=why) for name in (start, end)]
        return _cells(minutes_between(sheet.frame[columns[0]], sheet.frame[columns[1]]), sheet.name, columns)
    if "seconds" in roles:
        return _cells(minutes_spent(sheet.frame[roles["seconds"]]), sheet.name, [roles["seconds"]])
    if "start" in roles and "end" in roles:
        return read_minutes(sheet, roles["start"], roles["end"])
    return None


def minutes_spent(column: pd.Series) -> np.ndarray:
    """Minutes of times such as ``123秒`` or ``2分3秒``; NaN where a cell holds none."""
    parts = column.str.strip().str.extract(f"^{_SPENT}$").astype(float)
    seconds = parts.fillna(0).to_numpy() @ np.array([3600.0, 60.0, 1.0])
    return np.where(parts.isna().all(axis=1), np.nan, seconds / 60)


def _cells(minutes: np.ndarray, file: str, columns: list[str]) -> Cells:
    unknown = np.isnan(minutes)
    reasons = np.where(unknown, Reason.INVALID, Reason.ANSWERED).astype(np.int8)
    cells = Cells(Question(MINUTES, "other", MINUTES_LABEL), {MINUTES: minutes}, reasons, minutes)
    if unknown.any():
        message = f"{int(unknown.sum())} interview(s) have no readable start and end, or end before they start"
        where = f"{file}: {', '.join(columns)}"
        cells.findings.append(Finding("warning", "time_unreadable", where, message, "", int(unknown.sum())))
    return cells
