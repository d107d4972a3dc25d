"""What the form's own logic says about a file: which questions were shown, which constraints hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from xzz_analysis.errors import ExpressionError, Finding
from xzz_analysis.intake.answers import Answers, Question, Reason
from xzz_analysis.intake.expression import Vector, evaluate, number_vector, parse, text_vector
from xzz_analysis.intake.table.cells import EMPTY, Cells, Coding

UNSEEN = (Reason.INVALID, Reason.NOT_ASKED, Reason.REMOVED)
"""Reasons for which it is unknown what the form saw."""

Linked = Callable[[str], Vector | None]
"""A parent's answer to a question, on the rows at hand; None when the parent was not asked it."""


def linked_answers(parent: Answers | None, positions: np.ndarray) -> Linked:
    """Bind names to what the parent's form saw.

    Parameters
    ----------
    parent : Answers or None
    positions : int array
        Row of the parent for each row at hand, -1 where there is none.
    """

    def bind(name: str) -> Vector | None:
        if parent is None or name not in parent.recorded:
            return None
        columns = parent.questions[name].columns
        reasons = parent.reasons_of(name) if columns else np.zeros(len(parent), np.int8)
        seen = parent.recorded[name].to_numpy()
        if not len(parent):
            return unknown(len(positions))
        known = (positions >= 0) & ~np.isin(reasons[positions], UNSEEN)
        return vector(seen[positions], known)

    return bind


def vector(seen: np.ndarray, known: np.ndarray) -> Vector:
    """A column of an expression from what the form saw."""
    return number_vector(seen, known) if seen.dtype == np.float64 else text_vector(seen, known)


def unknown(rows: int) -> Vector:
    """A column about which nothing is known."""
    return text_vector(np.full(rows, "", dtype=object), np.zeros(rows, dtype=bool))


@dataclass
class Logic:
    """The form's logic over the rows of one file.

    Attributes
    ----------
    cells : dict of str to Cells
        Typed questions of the file; :meth:`apply` decides the reason of their empty cells.
    questions : mapping of str to Question
        All questions that the form asks of this unit.
    linked : Linked
    today : date
        Last day of the round.
    coding : Coding
    broken : dict of str to bool array
        Question → its answers that break the form's constraint; they are kept.
    """

    cells: dict[str, Cells]
    questions: Mapping[str, Question]
    linked: Linked
    today: dt.date
    coding: Coding
    rows: int
    broken: dict[str, np.ndarray] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    _columns: dict[str, Vector] = field(default_factory=dict)
    _truths: dict[str, np.ndarray] = field(default_factory=dict)
    _unsure: dict[str, int] = field(default_factory=dict)
    _untold: dict[str, None] = field(default_factory=dict)

    def column(self, name: str) -> Vector:
        """What the form saw for a name: this unit's answer, else the parent's, else unknown."""
        if name not in self._columns:
            cells = self.cells.get(name)
            if cells is not None:
                found: Vector | None = vector(cells.seen, ~np.isin(cells.reasons, UNSEEN))
            else:
                found = None if name in self.questions else self.linked(name)
            self._columns[name] = unknown(self.rows) if found is None else found
        return self._columns[name]

    def truth(self, text: str, here: Vector | None = None) -> np.ndarray:
        """Truth of an expression as int8: 1, 0, or -1 where it is unknown."""
        try:
            parsed = parse(text)
        except ExpressionError:  # the form's reader has reported it
            return np.full(self.rows, -1, dtype=np.int8)
        try:
            return evaluate(parsed, self.column, self.rows, today=self.today, here=here).truth()
        except ExpressionError as error:
            self.findings.append(
                Finding("warning", "expression_unread", self.coding.file, str(error), "correct it in the form")
            )
            return np.full(self.rows, -1, dtype=np.int8)

    def shown(self, question: Question) -> np.ndarray:
        """Whether the form showed the question: false as soon as one condition around it is."""
        shown = np.ones(self.rows, dtype=np.int8)
        for text in question.relevant:
            if text not in self._truths:
                self._truths[text] = self.truth(text)
            truth = self._truths[text]
            shown = np.where((shown == 0) | (truth == 0), 0, np.minimum(shown, truth)).astype(np.int8)
        return shown

    def apply(self, question: Question) -> None:
        """Tell skipped from left blank, and note what contradicts the form."""
        cells = self.cells[question.name]
        shown = self.shown(question)
        blank = cells.reasons == Reason.BLANK
        cells.reasons[blank & (shown == 0)] = Reason.SKIPPED
        self._note_unsure(question, blank & (shown == -1))
        self._note(
            "answer_not_shown",
            question,
            ~np.isin(cells.reasons, EMPTY) & (shown == 0),
            "answer(s) where the skip logic says the question was not shown; they are kept",
            "correct the answer, or the one that the skip logic reads",
        )
        if question.required and question.kind != "calculate":
            self._note(
                "required_blank",
                question,
                blank & (shown == 1),
                "empty cell(s) although the form requires an answer",
                "find out whether the form or the answers were changed after fielding",
            )
        if question.constraint and question.kind != "calculate":
            holds = self.truth(question.constraint, self.column(question.name))
            self.broken[question.name] = (cells.reasons == Reason.ANSWERED) & (holds == 0)

    def _note(self, rule: str, question: Question, rows: np.ndarray, message: str, remedy: str) -> None:
        count = int(rows.sum())
        if count:
            text = f"{count} {message}"
            self.findings.append(self.coding.finding(rule, question.name, text, remedy, count))

    def _note_unsure(self, question: Question, rows: np.ndarray) -> None:
        count = int(rows.sum())
        if not count:
            return
        self._unsure[question.name] = count
        for text in question.relevant:
            if (self._truths[text][rows] == -1).any():
                names = [name for name in names_in(text) if not self.column(name).known[rows].all()]
                self._untold.update(dict.fromkeys(names))

    def unsure(self) -> list[Finding]:
        """One finding for all empty cells whose skip logic reads what the file does not tell."""
        if not self._unsure:
            return []
        count = sum(self._unsure.values())
        untold = f"what the export does not tell ({', '.join(self._untold)})" if self._untold else ""
        message = (
            f"{count:,} empty cell(s) of {len(self._unsure)} question(s) count as left blank, because their "
            f"skip logic reads {untold or 'as no expression'}"
        )
        remedy = "export these columns too, or correct their invalid answers" if untold else "correct the form"
        return [Finding("warning", "skip_unknown", self.coding.file, message, remedy, count)]


def names_in(text: str) -> tuple[str, ...]:
    """Questions that an expression reads; none when it cannot be read."""
    try:
        return parse(text).names
    except ExpressionError:  # the form's reader has reported it
        return ()
