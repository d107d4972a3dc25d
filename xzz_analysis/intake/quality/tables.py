"""The counts of the page on data quality."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, suggest
from xzz_analysis.intake.answers import Answers, Reason
from xzz_analysis.study import Table

MINUTES = "interview_minutes"
"""Column of the time an interview took, computed from the table's ``start`` and ``end``."""


def undeclared(table: Table, unit: str, answers: Answers) -> Iterator[Finding]:
    """Exclusive options that study.yml declares wrongly.

    Parameters
    ----------
    table : Table
    unit : str
    answers : Answers
        All rounds.
    """
    codes = {code for codes in table.missing.values() for code in codes}
    for name, exclusive in table.exclusive.items():
        question = answers.questions.get(name)
        known = codes | {option.name for option in question.options} if question else codes
        if question is None or question.kind != "select_multiple" or not known & set(exclusive):
            hint = suggest(name, [other for other in answers.questions if other != name])
            message = f"{name!r} is no select-multiple question with one of these options{hint}"
            where = f"study.yml: tables.{unit}.exclusive"
            yield Finding("warning", "exclusive_unknown", where, message, "correct the name or the options")


def interview_minutes(answers: Answers, round_name: str) -> pd.Series:
    """Minutes of each interview of a round whose times are known; empty when the table has none."""
    if MINUTES not in answers.values:
        return pd.Series(dtype=float)
    return answers.values.loc[answers.rounds == round_name, MINUTES].dropna().astype(float)


def missing_by_reason(answers: Answers, round_name: str) -> pd.DataFrame:
    """Count the rows of a round by question and reason.

    Parameters
    ----------
    answers : Answers
    round_name : str

    Returns
    -------
    DataFrame
        One row per question that was asked and has options or numbers, in form order: ``question``, a
        column per reason (lower-case name), and ``unusable``: asked, and without a usable answer.
    """
    rows = (answers.rounds == round_name).to_numpy()
    names = [reason.name.lower() for reason in Reason]
    counted = [
        {"question": question.name, **answers.missing_counts(question.name, rows)}
        for question in answers.tabulated()
        if question.kind != "calculate"
    ]
    table = pd.DataFrame(counted, columns=["question", *names])
    unusable = ["blank", "dont_know", "refused", "removed", "invalid"]
    table["unusable"] = table[unusable].sum(axis=1)
    return table


def response_flow(answers: Answers, round_name: str) -> dict[str, int]:
    """Records of a round: received, left out because their key repeats, kept, kept without a parent."""
    rows = (answers.rounds == round_name).to_numpy()
    kept, left_out = int(rows.sum()), answers.left_out.get(round_name, 0)
    flow = {"received": kept + left_out, "repeated": left_out, "kept": kept}
    if answers.parent is not None:
        flow["without_parent"] = int((answers.parent.to_numpy()[rows] < 0).sum())
    return flow


def minutes_between(start: pd.Series, end: pd.Series) -> np.ndarray:
    """Minutes between two columns of times as written; NaN where either cannot be read or they run backwards.

    Parameters
    ----------
    start, end : Series of str
        ISO 8601 with or without an offset, or ``YYYY-MM-DD HH:MM:SS``.
    """
    first, last = (pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601") for column in (start, end))
    minutes = (last - first).dt.total_seconds().to_numpy(float) / 60
    return np.where(minutes >= 0, minutes, np.nan)
