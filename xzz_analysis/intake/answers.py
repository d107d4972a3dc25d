"""Answers: one frame of values, one frame of reasons, one codebook.

Unmeasured is never "no need": every cell without a usable value carries the reason why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.language import Label

Kind = Literal["select_one", "select_multiple", "integer", "decimal", "text", "date", "calculate", "column", "other"]


class Reason(IntEnum):
    """Why a cell holds a usable value, or why it does not."""

    ANSWERED = 0
    SKIPPED = 1
    BLANK = 2
    DONT_KNOW = 3
    REFUSED = 4
    NOT_ASKED = 5
    REMOVED = 6
    INVALID = 7


MISSING_REASONS = tuple(reason for reason in Reason if reason is not Reason.ANSWERED)

REASON_LABELS: dict[Reason, Label] = {
    Reason.ANSWERED: {"zh": "已回答", "en": "Answered"},
    Reason.SKIPPED: {"zh": "按逻辑跳过", "en": "Skipped by the form"},
    Reason.BLANK: {"zh": "空白", "en": "Left blank"},
    Reason.DONT_KNOW: {"zh": "不知道", "en": "Don't know"},
    Reason.REFUSED: {"zh": "拒绝回答", "en": "Refused"},
    Reason.NOT_ASKED: {"zh": "本轮未问", "en": "Not asked this round"},
    Reason.REMOVED: {"zh": "更正时删除", "en": "Removed"},
    Reason.INVALID: {"zh": "无效值", "en": "Invalid"},
}


_MACHINE_NAME = re.compile(r"(?!.*[0-9]{6})[A-Za-z0-9_.-]{1,40}")


def machine_names(words: Iterable[str], most: int = 3) -> list[str]:
    """The words that look like names of options or questions, a few of them; no word of a person does."""
    return [word for word in dict.fromkeys(words) if _MACHINE_NAME.fullmatch(word)][:most]


@dataclass(frozen=True)
class Option:
    """One answer option.

    Attributes
    ----------
    name : str
        Machine name.
    label : mapping of language code to text
    code : str
        How an export by number writes it; ``""`` when that is not known.
    exclusive : bool
        Whether it cannot be chosen together with others.
    """

    name: str
    label: Label = field(default_factory=dict)
    code: str = ""
    exclusive: bool = False


@dataclass(frozen=True)
class Question:
    """One question as data.

    Attributes
    ----------
    name : str
        Machine name, the column's name in the export.
    kind : Kind
        ``column`` is a column that the form lacks but the study names (a weight, a stratum).
    label : mapping of language code to text
        The wording as asked.
    options : tuple of Option
        For select questions.
    relevant : tuple of str
        XLSForm expressions of the question and of every group around it; all must hold for the
        question to be shown.
    constraint, calculation : str
        XLSForm expressions, ``""`` when there is none.
    required : bool
    group : tuple of str
        Names of the groups around the question, outermost first.
    repeat : str
        Name of the repeat that holds it, ``""`` for the main table.
    source : str
        How an export writes the question where that is neither its name nor its wording.
    """

    name: str
    kind: Kind
    label: Label = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    relevant: tuple[str, ...] = ()
    constraint: str = ""
    calculation: str = ""
    required: bool = False
    group: tuple[str, ...] = ()
    repeat: str = ""
    source: str = ""

    def option_label(self, name: str) -> Label:
        """Labels of one option, ``{}`` when the option is not in the list."""
        return next((option.label for option in self.options if option.name == name), {})

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the values frame that hold the answers (options of a select-multiple)."""
        if self.kind == "select_multiple":
            return tuple(f"{self.name}/{option.name}" for option in self.options)
        return (self.name,)


def shared_reasons(columns: Iterable[np.ndarray]) -> np.ndarray:
    """Reason of a question from those of its columns: an option's NOT_ASKED gives way to what the others say.

    Parameters
    ----------
    columns : iterable of int8 array
        At least one; all of the same shape. No more of them are looked at than needed.
    """
    rest = iter(columns)
    found = next(rest)
    while (absent := found == Reason.NOT_ASKED).any() and (other := next(rest, None)) is not None:
        found = np.where(absent, other, found)
    return found


@dataclass(frozen=True)
class Answers:
    """Answers of one unit (families, children, members of a repeat), all rounds stacked.

    Attributes
    ----------
    unit : str
        Table name in study.yml, or the repeat's name.
    values : DataFrame, shape (respondents, columns)
        ``RangeIndex``. select_one: str; integer, decimal, numeric calculate: float64;
        select_multiple: one float64 column of 0/1 per option, named ``question/option``;
        date: datetime64. Missing is NaN/NaT wherever the reason is not ANSWERED. Free text,
        coordinates and identifiers are never kept: their value column is all missing.
    reasons : DataFrame of int8, same shape and columns as ``values``
        :class:`Reason` codes; the options of a select-multiple share their question's reason, but one that a round
        did not offer is NOT_ASKED in all its rows (:meth:`reasons_of`).
    recorded : DataFrame, shape (respondents, select and number columns)
        What the form's logic saw (declared don't-know codes kept as written, "" for an empty
        cell), for skip logic of linked tables only.
    rounds : Series of str
        Round of each row.
    parent : Series of int64 or None
        Row position in the parent unit's frame, -1 where the parent is missing.
    questions : dict of str to Question
        The codebook, in form order.
    findings : tuple of Finding
    left_out : dict of str to int
        Round → records left out because their key repeats an earlier one's.
    unoffered : DataFrame of bool, shape (respondents, options that some were not offered)
        Of select-one questions, columns ``question/option``: rows whose round did not offer the option.
    """

    unit: str
    values: pd.DataFrame
    reasons: pd.DataFrame
    rounds: pd.Series
    questions: dict[str, Question]
    recorded: pd.DataFrame = field(default_factory=pd.DataFrame)
    parent: pd.Series | None = None
    findings: tuple[Finding, ...] = ()
    left_out: dict[str, int] = field(default_factory=dict)
    unoffered: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __len__(self) -> int:
        return len(self.values)

    def question(self, name: str) -> Question:
        """The question of that name; :class:`InputError` with the nearest name when there is none."""
        try:
            return self.questions[name]
        except KeyError:
            hint = suggest(name, self.questions)
            raise InputError(f"question {name!r} is not in the answers of unit {self.unit!r}{hint}") from None

    def tabulated(self) -> Iterator[Question]:
        """Questions that have options or numbers (calculated numbers too), in form order."""
        for question in self.questions.values():
            if question.kind in ("select_one", "select_multiple", "integer", "decimal") or (
                question.kind == "calculate" and pd.api.types.is_numeric_dtype(self.values[question.name])
            ):
                yield question

    def reasons_of(self, name: str) -> np.ndarray:
        """Reason code of a question for every row, int8: that of its options which the row's round offered."""
        return shared_reasons(self.reasons[column].to_numpy() for column in self.question(name).columns)

    def reasons_of_options(self) -> pd.DataFrame:
        """Reasons of every column, and of each option of a select-one that some rows were not offered.

        Returns
        -------
        DataFrame of int8
            ``reasons``, and columns ``question/option``: NOT_ASKED where the row's round did not offer the option, the
            question's reason elsewhere.
        """
        if self.unoffered.empty:
            return self.reasons
        options = {
            name: np.where(rows, np.int8(Reason.NOT_ASKED), self.reasons[str(name).partition("/")[0]].to_numpy())
            for name, rows in self.unoffered.items()
        }
        return pd.concat([self.reasons, pd.DataFrame(options, index=self.reasons.index)], axis=1)

    def missing_counts(self, name: str, rows: np.ndarray | None = None) -> dict[str, int]:
        """Count the rows by the reason of one question.

        Parameters
        ----------
        name : str
            A question that has columns.
        rows : boolean array of shape (respondents,), optional
            Rows to count; all by default.

        Returns
        -------
        dict
            Lower-case reason name → count, every reason present.
        """
        codes = self.reasons_of(name)
        counts = np.bincount(codes if rows is None else codes[rows], minlength=len(Reason))
        return {reason.name.lower(): int(counts[reason]) for reason in Reason}
