"""A log of corrections: one line says what was found in one cell or record, and what was done about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import pandas as pd

from xzz_analysis.errors import Finding, InputError, Severity, suggest
from xzz_analysis.language import Label

Change = Literal["change_response", "blank_response", "remove_survey", "no_action"]

CHANGES: dict[Change, Label] = {
    "change_response": {"zh": "改为新值", "en": "give the answer its new value"},
    "blank_response": {"zh": "清空此题", "en": "take the answer out"},
    "remove_survey": {"zh": "删除整条记录", "en": "take the whole record out"},
    "no_action": {"zh": "已核实，不改", "en": "looked at, and left as it is"},
}
assert tuple(CHANGES) == get_args(Change)

FIELDS: dict[str, Label] = {
    "key": {"zh": "记录编号", "en": "record"},
    "round": {"zh": "轮次", "en": "round"},
    "question": {"zh": "题目", "en": "question"},
    "old": {"zh": "原值", "en": "what the cell held"},
    "change": {"zh": "更正方式", "en": "what to do"},
    "new": {"zh": "新值", "en": "what it is to hold"},
    "issue": {"zh": "疑点", "en": "what was noticed"},
    "reason": {"zh": "更正原因", "en": "why it is changed"},
    "who": {"zh": "更正人", "en": "who decided"},
    "when": {"zh": "更正日期", "en": "day of the decision"},
    "expect": {"zh": "更正前应为", "en": "what the cell must hold before"},
}

REMOVED_WORD = "(xzz:removed)"
"""Stands in every cell that a correction emptied; :attr:`Export.words` says it means ``Reason.REMOVED``."""
NOTHING = "(blank)"
"""Written as ``old`` or ``expect``: the cell was empty. An empty ``old`` says that nobody noted what it held."""


@dataclass(frozen=True)
class Correction:
    """One line of a log. Printing it shows no respondent: key, values and free words are left out.

    Attributes
    ----------
    row : int
        Row of the log (the header is row 1); of a derived log, position of the record in the raw export, from 1.
    change : "change_response", "blank_response", "remove_survey" or "no_action"
    question : str
        Question, ``question/option`` for one option of a select-multiple, or a column that is no question.
    key : str
        Key of the record as the log has it, or its pseudonym.
    round : str
        ``""`` where the study has one round.
    old, new : str
        Values as the export writes them: option names, joined by spaces for a select-multiple. A label of an option
        is understood too.
    expect : str
        What the cell must hold when the correction's turn comes; ``old`` where it is empty.
    issue, reason : str
        What was noticed, and why the change is right; one of them must be given for a change.
    who, when : str
        ``when`` is an ISO day.
    """

    row: int
    change: Change
    question: str = ""
    key: str = field(default="", repr=False)
    round: str = ""
    old: str = field(default="", repr=False)
    new: str = field(default="", repr=False)
    expect: str = field(default="", repr=False)
    issue: str = field(default="", repr=False)
    reason: str = field(default="", repr=False)
    who: str = field(default="", repr=False)
    when: str = ""

    @property
    def expected(self) -> str:
        """What the cell must hold before the correction; ``""`` when the log does not say."""
        return self.expect or self.old

    @property
    def why(self) -> str:
        """The reason, or what was noticed."""
        return self.reason or self.issue

    @property
    def changes_cell(self) -> bool:
        """Whether it is about one cell, and not a whole record or nothing."""
        return self.change in ("change_response", "blank_response")


@dataclass(frozen=True)
class Log:
    """Corrections in the order in which they are applied.

    Attributes
    ----------
    file : str
        File name, for messages.
    corrections : tuple of Correction
    findings : tuple of Finding
        Of a log that was read: rows nobody decided on. Of a derived log: columns and records that no correction
        explains.
    """

    file: str
    corrections: tuple[Correction, ...] = field(default=(), repr=False)
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return len(self.corrections)

    def rekeyed(self, pseudonym: Callable[[str], str]) -> Log:
        """The same log with every key replaced.

        Parameters
        ----------
        pseudonym : callable
            Key as written → what stands for it in the export.
        """
        made = (dataclasses.replace(one, key=pseudonym(one.key)) for one in self.corrections)
        return dataclasses.replace(self, corrections=tuple(made))

    def of_round(self, name: str, rounds: Sequence[str]) -> Log:
        """The corrections of one round.

        Parameters
        ----------
        name : str
        rounds : sequence of str
            All rounds of the study.

        Returns
        -------
        Log

        Raises
        ------
        InputError
            A row names no round of the study; or none, where the study has several.
        """
        problems = Problems(self.file)
        for one in self.corrections:
            if one.round and one.round not in rounds:
                near = suggest(one.round, rounds)
                said = (
                    f"name round {one.round!r}, which study.yml lacks{near}" if near else "name no round of the study"
                )
                problems.add("correction_round", "", said, "correct the round", one.row)
            elif not one.round and len(rounds) > 1:
                said = "name no round although the study has several, so the record is not known"
                problems.add("correction_round", "", said, f"write one of {', '.join(rounds)}", one.row)
        problems.refuse()
        kept = tuple(one for one in self.corrections if one.round in ("", name))
        return dataclasses.replace(self, corrections=kept)

    def frame(self) -> pd.DataFrame:
        """The log as a table of str with a column ``row`` and one per field, keys included: internal only."""
        columns = ["row", *FIELDS]
        rows = [[getattr(one, column) for column in columns] for one in self.corrections]
        return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(FIELDS, "str"))


@dataclass
class Problems:
    """Problems of single rows of a log, told together: one finding per kind of problem and question."""

    file: str
    severity: Severity = "error"
    _rows: dict[tuple[str, str, str, str], list[int]] = field(default_factory=dict)

    def add(self, rule: str, question: str, said: str, remedy: str, row: int) -> None:
        """Note that a row has a problem; ``said`` goes on after "3 correction(s)"."""
        self._rows.setdefault((rule, question, said, remedy), []).append(row)

    def findings(self) -> tuple[Finding, ...]:
        """One finding for all rows that have the same problem."""
        return tuple(
            Finding(
                self.severity,
                rule,
                f"{self.file}: {question}" if question else self.file,
                f"{len(rows)} correction(s) {said} ({row_list(rows)})",
                remedy,
                len(rows),
            )
            for (rule, question, said, remedy), rows in self._rows.items()
        )

    def refuse(self) -> None:
        """Raise one :class:`InputError` with all problems, if there are any."""
        if self._rows:
            count = len({row for rows in self._rows.values() for row in rows})
            raise InputError(f"{self.file}: {count} row(s) cannot be used, so nothing was corrected", self.findings())


def row_list(rows: Iterable[int]) -> str:
    """``row 4`` or ``rows 4, 5, 9 and 3 more``."""
    numbers = sorted(set(rows))
    more = f" and {len(numbers) - 8} more" if len(numbers) > 8 else ""
    return f"row{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers[:8]))}{more}"
