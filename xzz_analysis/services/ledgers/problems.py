"""What reading a ledger noticed, collected over its files: counts and first lines, never a key or a cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from xzz_analysis.errors import Finding, Severity

MESSAGES: dict[str, tuple[Severity, str, str]] = {
    "ledger_line_broken": (
        "warning",
        "{count} line(s) could not be split into cells and were left out",
        "correct the lines (a missing quote, a delimiter too many) and export again",
    ),
    "ledger_row_left_out": (
        "warning",
        "{count} row(s) were left out because {column} is empty or cannot be read, and nothing is counted without it",
        "fill in or correct {column}",
    ),
    "ledger_cell_unread": (
        "warning",
        "{count} cell(s) of {column} cannot be read and count as missing; the rows stay",
        "correct the cells",
    ),
    "ledger_money_rounded": (
        "note",
        "{count} amount(s) of {column} have more than two decimals and were rounded",
        "write amounts with two decimals",
    ),
    "ledger_community_unknown": (
        "warning",
        "{count} cell(s) of {column} name no community of the study; they are kept as written",
        "write the key or the name as in the layer of communities",
    ),
    "ledger_date_future": (
        "warning",
        "{count} row(s) are dated after the day the ledgers stand at and were left out",
        "correct the dates, or set services.until to a later day",
    ),
    "ledger_amount_negative": (
        "warning",
        "{count} row(s) have a negative amount and were left out",
        "correct the amount; take a wrong row away instead of writing it a second time with a minus",
    ),
    "ledger_amount_zero": (
        "warning",
        "{count} row(s) have an amount of 0 and were left out",
        "write the amount, or take the row away",
    ),
    "ledger_currency_mixed": (
        "warning",
        "{count} row(s) are in another currency than services.currency, cannot be added up and were left out",
        "keep one currency per study, or convert the amounts",
    ),
    "ledger_persons_exceed": (
        "warning",
        "{count} row(s) state more persons than person-times, which cannot be; their persons count as not known",
        "count again, or leave persons empty",
    ),
    "ledger_until_before": (
        "warning",
        "{count} row(s) end before they begin; {what}",
        "correct the days",
    ),
    "ledger_forgotten": (
        "note",
        "{few} of people who asked to be forgotten were not read",
        "take them out of the ledger too: this study may not keep them",
    ),
    "ledger_row_repeated": (
        "warning",
        "{count} row(s) are there more than once and were counted once",
        "take the copies away",
    ),
    "ledger_row_alike": (
        "note",
        "{count} row(s) are the same as another row but have no number of their own, so all of them were counted",
        "give rows a number ({column}), or take away those that are copies",
    ),
    "ledger_key_repeated": (
        "warning",
        "{count} row(s) have a number in {column} that an earlier row has, with other cells; {what}",
        "give each its own number, or keep the row that is right",
    ),
    "ledger_attendance_twice": (
        "warning",
        "{count} attendance(s) of one person at one activity on one day are there more than once and were counted once",
        "take the copies away",
    ),
    "ledger_attendance_undated": (
        "warning",
        "{count} attendance(s) have no day, and their activity is unknown or has several; they are in no period",
        "write the day, or the activity's number as in the ledger of activities",
    ),
    "ledger_person_twice": (
        "warning",
        "{count} key(s) share {column} with another key: probably one person under two keys",
        "compare the two in your own register, and give the person one key",
    ),
}
"""Rule → severity, message and remedy."""


@dataclass(frozen=True)
class Problem:
    """One thing noticed in one source.

    Attributes
    ----------
    rule : str
    where : str
        The ledger and its source.
    count : int
    line : int
        First line; 0 where rows stand in no order.
    column : str
    what : str
        What became of the rows.
    """

    rule: str
    where: str
    count: int
    line: int = 0
    column: str = ""
    what: str = ""


def noticed(
    rule: str, where: str, rows: np.ndarray, lines: np.ndarray, column: str = "", what: str = ""
) -> list[Problem]:
    """A problem, if any row has it.

    Parameters
    ----------
    rule, where : str
    rows : bool array
    lines : int64 array of the same length
    column, what : str
    """
    count = int(rows.sum())
    return [Problem(rule, where, count, int(lines[rows].min()), column, what)] if count else []


def as_findings(problems: Iterable[Problem], threshold: int = 5) -> tuple[Finding, ...]:
    """Problems as findings: those of several files together, under the first.

    Parameters
    ----------
    problems : iterable of Problem
    threshold : int
        A smaller number of rows of people who asked to be forgotten is not told.
    """
    together: dict[tuple[str, str, str], list[Problem]] = {}
    for one in problems:
        together.setdefault((one.rule, one.column, one.what), []).append(one)
    return tuple(_finding(several, threshold) for several in together.values())


def _finding(several: list[Problem], threshold: int) -> Finding:
    first, count = several[0], sum(one.count for one in several)
    severity, message, remedy = MESSAGES[first.rule]
    few = f"{count} row(s)" if count >= threshold else f"fewer than {threshold} rows"
    told = {"count": count, "column": first.column, "what": first.what, "few": few}
    hidden = first.rule == "ledger_forgotten"
    where = first.where if hidden or not first.line else f"{first.where}, line {first.line}"
    if len(several) > 1:
        where += f" and {len(several) - 1} more file(s)"
    shown = 0 if hidden and count < threshold else count
    return Finding(severity, first.rule, where, message.format(**told), remedy.format(**told), shown)
