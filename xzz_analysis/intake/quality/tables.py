"""Checks made while a table is read, and the counts of the page on data quality."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, suggest
from xzz_analysis.intake.answers import Answers, Reason
from xzz_analysis.study import Study, Table

MINUTES = "interview_minutes"
"""Column of the time an interview took, computed from the table's ``start`` and ``end``."""

SHORT = 1 / 3
"""An interview is short when it took less than this part of the round's median."""


def check_answers(study: Study, unit: str, answers: Answers) -> list[Finding]:
    """Checks of one table's answers beyond single cells.

    Parameters
    ----------
    study : Study
    unit : str
        A table of the study.
    answers : Answers
        All rounds.
    """
    return [*_exclusive(study.tables[unit], unit, answers), *_short(study, unit, answers)]


def _exclusive(table: Table, unit: str, answers: Answers) -> Iterator[Finding]:
    """Exclusive options chosen together with others."""
    for name, exclusive in table.exclusive.items():
        question = answers.questions.get(name)
        known = [option.name for option in question.options] if question else []
        if question is None or question.kind != "select_multiple" or not set(exclusive) & set(known):
            hint = suggest(name, answers.questions)
            message = f"{name!r} is no select-multiple question with one of these options{hint}"
            where = f"study.yml: tables.{unit}.exclusive"
            yield Finding("warning", "exclusive_unknown", where, message, "correct the name or the options")
            continue
        alone = [column for column in question.columns if column.removeprefix(f"{name}/") in exclusive]
        chosen = answers.values[list(question.columns)].to_numpy(float) == 1
        together = (answers.values[alone].to_numpy(float) == 1).any(axis=1) & (chosen.sum(axis=1) > 1)
        for round_name, rows in answers.rounds.groupby(answers.rounds, sort=False).groups.items():
            count = int(together[rows].sum())
            if count:
                message = f"{count} answer(s) of round {round_name} join an exclusive option with others"
                remedy = "decide which stands, and correct the answers"
                yield Finding("warning", "exclusive_with_others", f"{unit}: {name}", message, remedy, count)


def _short(study: Study, unit: str, answers: Answers) -> Iterator[Finding]:
    """Interviews much shorter than the round's median."""
    if MINUTES not in answers.values:
        return
    for name in study.rounds:
        minutes = interview_minutes(answers, name)
        count = int((minutes < SHORT * minutes.median()).sum())
        if count:
            message = (
                f"{count} of {len(minutes):,} interviews of round {name} took less than a third of the "
                f"median of {minutes.median():.0f} minutes"
            )
            remedy = "look at them, and ask the interviewer"
            yield Finding("warning", "short_interview", unit, message, remedy, count)


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
        {"question": question.name, **answers.missing_counts(question.columns[0], rows)}
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
