"""What the checks may see of one unit in one round: coded answers and how they came in, never a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.intake.answers import Answers, Question, Reason
from xzz_analysis.intake.expression import Bindings, Vector, number_vector, text_vector
from xzz_analysis.language import Label

SUBMISSION = ("interviewer", "device", "ip", "version", "stratum", "start", "end", "submitted", "seconds")
"""Columns of :attr:`Records.submission`: who asked, from where, with which form, and when."""

NEEDS: dict[str, Label] = {
    "interviewer": {"zh": "没有访员列", "en": "no column says who interviewed"},
    "self_completed": {"zh": "由访员填写，设备共用属正常", "en": "interviewers share devices by design"},
    "device": {"zh": "没有设备列", "en": "no column tells the device"},
    "ip": {"zh": "没有 IP 列", "en": "no column tells the address"},
    "version": {"zh": "没有问卷版本列", "en": "no column tells the form's version"},
    "start": {"zh": "没有开始时间", "en": "no column tells the start"},
    "end": {"zh": "没有结束时间", "en": "no column tells the end"},
    "moment": {"zh": "没有任何时间列", "en": "no column tells when"},
    "seconds": {"zh": "没有用时", "en": "no duration is known"},
    "collected": {"zh": "没有声明轮次起止日", "en": "the round's days are not declared"},
    "read_on": {"zh": "不知道读取时间", "en": "the moment of reading is not known"},
    "texts": {"zh": "没有文字题", "en": "no free text was asked"},
    "broken": {"zh": "问卷没有约束条件", "en": "the form has no constraints"},
    "other_repeats": {"zh": "没有“其他”文字题", "en": "no question has an other-text"},
    "exclusive": {"zh": "没有声明互斥选项", "en": "no option is declared exclusive"},
    "parent": {"zh": "没有上级单位", "en": "the unit has no parent"},
    "again": {"zh": "没有回访数据", "en": "nobody was interviewed again"},
    "logic": {"zh": "没有声明逻辑规则", "en": "study.yml declares no quality.logic"},
    "counts": {"zh": "没有声明数量核对", "en": "study.yml declares no quality.counts"},
    "ages": {"zh": "没有声明年龄核对", "en": "study.yml declares no quality.ages"},
    "plans": {"zh": "没有声明样本计划", "en": "study.yml declares no quality.plans"},
    "blocks": {"zh": "没有量表题组", "en": "no block of questions shares a scale"},
}
"""Why a check cannot run, by what it needs."""


def _none() -> pd.DataFrame:
    return pd.DataFrame()


@dataclass(frozen=True, eq=False)
class Records:
    """One unit in one round, as the checks see it.

    Attributes
    ----------
    unit, round : str
    values, reasons : DataFrame, shape (records, columns)
        As in :class:`~xzz_analysis.intake.answers.Answers`.
    questions : mapping of str to Question
        In form order.
    keys : Series of str, shape (records,)
        Pseudonyms, each once; they reach internal tables only.
    submission : DataFrame, shape (records, up to 9)
        Any of :data:`SUBMISSION`: codes as str ("" = unknown; device and address as hashes, never raw), times as
        datetime64 without offset in the study's own time zone, ``seconds`` as float64.
    collected : (date, date) or None
        First and last day of the round.
    read_on : Timestamp or None
        When the data were received; what lies after it lies in the future.
    broken, other_repeats : DataFrame of bool, shape (records, questions)
        Answers that break the form's constraint, and texts of "other" that repeat a listed option.
    texts : DataFrame of uint64, shape (records, text questions)
        Hashes of free texts, 0 = empty or shorter than the texts that are compared.
    exclusive : mapping of str to tuple of str
        Select-multiple question → options that cannot be chosen with others.
    parent : Records or None
        Records of the parent unit in this round.
    parent_rows : int array of shape (records,)
        Row of ``parent``, -1 where there is none.
    again : Records or None
        A second, independent interview of some of the records, with the same pseudonyms.
    """

    unit: str
    round: str
    values: pd.DataFrame
    reasons: pd.DataFrame
    questions: Mapping[str, Question]
    keys: pd.Series
    submission: pd.DataFrame = field(default_factory=_none)
    collected: tuple[dt.date, dt.date] | None = None
    read_on: pd.Timestamp | None = None
    broken: pd.DataFrame = field(default_factory=_none)
    other_repeats: pd.DataFrame = field(default_factory=_none)
    texts: pd.DataFrame = field(default_factory=_none)
    exclusive: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parent: Records | None = None
    parent_rows: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    again: Records | None = None

    def __post_init__(self) -> None:
        rows = len(self.values)
        frames = (self.submission, self.broken, self.other_repeats, self.texts)
        wrong = [len(frame) for frame in frames if frame.shape[1] and len(frame) != rows]
        if wrong or {len(self.reasons), len(self.keys)} != {rows}:
            raise InputError(f"the parts of {self!r} have different numbers of rows; build them from one table")
        if self.parent is not None and len(self.parent_rows) != rows:
            raise InputError(
                f"{self!r} has a parent, but {len(self.parent_rows)} links to it; one per record is needed"
            )
        again = int(self.keys.duplicated().sum())
        if again:
            raise InputError(f"{again} pseudonyms of {self!r} repeat an earlier one; give every record its own")
        unknown = [str(name) for name in self.submission if name not in SUBMISSION]
        if unknown:
            raise InputError(f"{unknown[0]!r} is no column of a submission{suggest(unknown[0], SUBMISSION)}")

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"Records({self.unit!r}, round={self.round!r}, {len(self):,} records, {len(self.questions)} questions)"

    def has(self, need: str) -> bool:
        """Whether the records have what a check needs, a word of :data:`NEEDS`."""
        if need in SUBMISSION:
            return need in self.submission and bool(_told(self.submission[need]).any())
        if need == "moment":
            return self.moment is not None
        if need == "self_completed":
            return not self.has("interviewer")
        if need in ("collected", "read_on", "parent", "again"):
            return getattr(self, need) is not None
        if need in ("broken", "other_repeats", "texts"):
            return bool(getattr(self, need).shape[1])
        return True if need != "exclusive" else bool(self.exclusive)

    @cached_property
    def moment(self) -> pd.Series | None:
        """When each record was made: its start, else its submission, else its end; None when nothing tells."""
        told = [self.submission[name] for name in ("start", "submitted", "end") if self.has(name)]
        if not told:
            return None
        first = told[0]
        for other in told[1:]:
            first = first.where(first.notna(), other)
        return first

    @cached_property
    def coded(self) -> Coded:
        """Select, number and date questions as numbers."""
        return code(self)

    @property
    def bindings(self) -> Bindings:
        """What ``${name}`` means: the record's usable answer, else its parent's; every missing one is unknown."""

        def bind(name: str) -> Vector:
            if name in self.questions:
                return _column(self, self.questions[name])
            if self.parent is not None and name in self.parent.questions:
                return _of_parent(self.parent.bindings(name), self.parent_rows)
            known = [*self.questions, *(self.parent.questions if self.parent else ())]
            raise InputError(f"no question {name!r} is asked of unit {self.unit!r} or its parent{suggest(name, known)}")

        return bind


@dataclass(frozen=True, eq=False)
class Coded:
    """Answers as numbers, one column per question, whatever the order of the records.

    Attributes
    ----------
    names : tuple of str
        Select, number and date questions; calculated ones only repeat others and are left out.
    codes : array of int32, shape (records, questions)
        Select questions: which answer, or which set of answers, from 0; numbers: which of the distinct values; -1 =
        no usable answer.
    numbers : array of float64, shape (records, number and date questions)
        NaN = no usable answer; dates as days.
    numeric : array of bool, shape (questions,)
        Which columns of ``codes`` are those of ``numbers``.
    """

    names: tuple[str, ...]
    codes: np.ndarray
    numbers: np.ndarray
    numeric: np.ndarray

    def part(self, rows: np.ndarray) -> Coded:
        """The coded answers of some records."""
        return Coded(self.names, self.codes[rows], self.numbers[rows], self.numeric)

    @cached_property
    def answered(self) -> np.ndarray:
        """Answered questions of each record, array of int, shape (records,)."""
        return np.asarray((self.codes >= 0).sum(axis=1))

    @cached_property
    def fingerprint(self) -> np.ndarray:
        """One number per record, equal only for equal answers; array of uint64, shape (records,)."""
        return mix(self.codes)


def blocks(questions: Mapping[str, Question], scales: Mapping[str, list[str]], least: int) -> list[tuple[str, ...]]:
    """Questions with one answer scale: those declared, and neighbours in one group with the same options.

    Parameters
    ----------
    questions : mapping of str to Question
        In form order.
    scales : mapping of str to list of str
        Declared blocks; names that are no select-one question are passed over.
    least : int
        Fewest questions of a block.
    """
    single = {name: one for name, one in questions.items() if one.kind == "select_one" and len(one.options) >= 3}
    declared = [tuple(name for name in names if name in single) for names in scales.values()]
    taken = {name for names in declared for name in names}
    runs: dict[tuple[object, ...], list[str]] = {}
    before, run = None, 0
    for question in questions.values():
        like = (question.group, tuple(option.name for option in question.options))
        run += like != before
        before = like
        if question.name in single and question.name not in taken:
            runs.setdefault((run, *like), []).append(question.name)
    return [names for names in [*declared, *(tuple(run) for run in runs.values())] if len(names) >= least]


def mix(codes: np.ndarray) -> np.ndarray:
    """Hash the rows of an integer matrix to uint64; two different rows collide once in 2⁶⁴."""
    factors = np.random.default_rng(20260101).integers(1, 2**63, size=(2, codes.shape[1]), dtype=np.uint64) * 2 + 1
    words = codes.astype(np.int64).astype(np.uint64) * factors[0]
    words ^= words >> np.uint64(29)
    return np.asarray((words * factors[1]).sum(axis=1, dtype=np.uint64))


def code(records: Records) -> Coded:
    """Bring select, number and date questions into one matrix of codes.

    Parameters
    ----------
    records : Records

    Returns
    -------
    Coded
    """
    names, columns, numbers, numeric = [], [], [], []
    for question in records.questions.values():
        if question.kind not in ("select_one", "select_multiple", "integer", "decimal", "date"):
            continue
        if not set(question.columns) <= set(records.values.columns) or not question.columns:
            continue
        known = records.reasons[question.columns[0]].to_numpy() == Reason.ANSWERED
        told = content(records.values, question)
        names.append(question.name)
        columns.append(np.where(known, pd.factorize(told, sort=True)[0], -1).astype(np.int32))
        numeric.append(question.kind in ("integer", "decimal", "date"))
        if numeric[-1]:
            numbers.append(np.where(known, told, np.nan))
    rows = len(records)
    codes = np.column_stack(columns) if columns else np.empty((rows, 0), np.int32)
    stacked = np.column_stack(numbers) if numbers else np.empty((rows, 0))
    return Coded(tuple(names), codes, stacked, np.array(numeric, bool))


def content(values: pd.DataFrame, question: Question) -> np.ndarray:
    """What a question's cells hold, in a form that can be compared and put in order."""
    if question.kind == "select_multiple":
        return mix((values[list(question.columns)].to_numpy(float) == 1).astype(np.int32))
    column = values[question.name]
    if question.kind == "date":
        days = (pd.to_datetime(column) - pd.Timestamp(0)) / pd.Timedelta(days=1)
        return days.to_numpy(float)
    return column.to_numpy(float) if question.kind in ("integer", "decimal") else column.to_numpy(object, na_value="")


def records_of(
    answers: Answers, round_name: str, keys: pd.Series, rows: np.ndarray | None = None, **more: object
) -> Records:
    """The records of one round from the answers of a unit.

    Parameters
    ----------
    answers : Answers
        All rounds.
    round_name : str
    keys : Series of str, same index as the answers
        Pseudonyms; a record without one is called by its position.
    rows : bool array of shape (respondents,), optional
        Rows of the round that are checked; all by default.
    **more
        Other fields of :class:`Records`, already those of the round (their rows in the same order).

    Returns
    -------
    Records

    Raises
    ------
    InputError
        When the parts do not fit together or a pseudonym occurs twice.
    """
    rows = (answers.rounds == round_name).to_numpy() if rows is None else rows
    own = keys[rows].reset_index(drop=True).astype("str")
    own = own.mask(own == "", pd.Series([f"#{row}" for row in range(len(own))], dtype="str"))
    values, reasons = (frame[rows].reset_index(drop=True) for frame in (answers.values, answers.reasons))
    questions = {name: _as_offered(question, reasons) for name, question in answers.questions.items()}
    return Records(answers.unit, round_name, values, reasons, questions, own, **more)  # type: ignore[arg-type]


def _as_offered(question: Question, reasons: pd.DataFrame) -> Question:
    """A question with the options that the round offered; all of them where it did not ask the question."""
    if question.kind != "select_multiple":
        return question
    columns = zip(question.options, question.columns, strict=True)
    offered = tuple(option for option, column in columns if (reasons[column] != Reason.NOT_ASKED).any())
    return replace(question, options=offered or question.options)


def _told(column: pd.Series) -> pd.Series:
    return column.notna() & (column != "") if column.dtype.kind not in "fM" else column.notna()


def _column(records: Records, question: Question) -> Vector:
    """One question as a column of an expression."""
    known = (records.reasons[question.columns[0]].to_numpy() == Reason.ANSWERED) if question.columns else None
    if known is None:
        return text_vector(np.full(len(records), "", object), np.zeros(len(records), bool))
    if question.kind == "select_multiple":
        return text_vector(_chosen(records.values, question), known)
    values = records.values[question.name]
    if pd.api.types.is_numeric_dtype(values):
        return number_vector(values.to_numpy(float), known & values.notna().to_numpy())
    if pd.api.types.is_datetime64_any_dtype(values):
        values = values.dt.strftime("%Y-%m-%d")
    return text_vector(values.fillna("").to_numpy(object), known & values.notna().to_numpy())


def _chosen(values: pd.DataFrame, question: Question) -> np.ndarray:
    """The names of the chosen options, joined by spaces."""
    text = np.full(len(values), "", dtype=object)
    for option in question.options:
        chosen = values[f"{question.name}/{option.name}"].to_numpy(float) == 1
        text = text + np.where(chosen & (text != ""), " ", "").astype(object)
        text = text + np.where(chosen, option.name, "").astype(object)
    return text


def _of_parent(column: Vector, rows: np.ndarray) -> Vector:
    """A parent's column on the rows of its children; unknown where there is no parent."""
    if not len(column.values):
        return text_vector(np.full(len(rows), "", object), np.zeros(len(rows), bool))
    blank = None if column.blank is None else column.blank[rows]
    return Vector(column.kind, column.values[rows], column.known[rows] & (rows >= 0), blank)
