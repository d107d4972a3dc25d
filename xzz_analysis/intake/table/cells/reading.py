"""Cells of one question in one file → values, reasons and what the form's logic saw.

A column is worked on through its distinct texts: what each text means is decided once, then spread over the
rows. Messages never show a respondent's words: at most three short machine names.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, Severity, suggest
from xzz_analysis.intake.answers import Option, Question, Reason, machine_names

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ].*)?")


TEXT = pd.StringDtype(na_value=np.nan)
EMPTY = (Reason.BLANK, Reason.SKIPPED, Reason.NOT_ASKED, Reason.REMOVED)
"""Reasons of a cell in which no answer is written: empty, or a word that the platform or a correction puts there."""

IDENTIFIER = 1e9
"""Numbers from here on have ten digits or more: a phone or an id, and no answer about a family."""


@dataclass(frozen=True)
class Coding:
    """How the study writes what is not an answer.

    Attributes
    ----------
    file : str
        File name, for messages.
    table : str
        Where the study declares the table (``tables.family``), for remedies.
    missing : mapping of str to Reason
        Declared codes as written in the export.
    blank : frozenset of str
        Cells that count as empty, beside the empty cell.
    """

    file: str
    table: str = ""
    missing: Mapping[str, Reason] = field(default_factory=dict)
    blank: frozenset[str] = frozenset()

    @cached_property
    def _known(self) -> dict[str, Reason]:
        return {**self.missing, **dict.fromkeys(("", *self.blank), Reason.BLANK)}

    @cached_property
    def unanswered(self) -> list[str]:
        """Texts of a cell in which no answer is written."""
        return [word for word, reason in self._known.items() if reason in EMPTY]

    def reason(self, word: str) -> Reason:
        """BLANK, the declared reason, or ANSWERED when the text may be an answer."""
        return self._known.get(word, Reason.ANSWERED)

    def reasons(self, words: Sequence[str]) -> np.ndarray:
        """The reason of each word, as int8."""
        known = self._known
        reasons = np.full(len(words), Reason.ANSWERED, dtype=np.int8)
        for place in [place for place, word in enumerate(words) if word in known]:
            reasons[place] = known[words[place]]
        return reasons

    def options(self, question: Question) -> tuple[Option, ...]:
        """Options that are answers, not declared codes."""
        return tuple(option for option in question.options if option.name not in self.missing)

    def finding(
        self,
        rule: str,
        question: str,
        message: str,
        remedy: str,
        count: int,
        *,
        severity: Severity = "warning",
    ) -> Finding:
        """A finding about one question of this file."""
        return Finding(severity, rule, f"{self.file}: {question}", message, remedy, int(count))


@dataclass
class Cells:
    """One question in one file.

    Attributes
    ----------
    question : Question
        As kept: declared codes are no options any more; kind ``column`` for what is kept as written.
    values : dict of str to array
        Column of the values frame → text or NaN, float64 or datetime64[us].
    reasons : int8 array
        BLANK stands for every empty cell until skip logic has been applied.
    seen : object array of str, or float64 array
        What the form's logic saw; a cell that is empty or invalid is ``""`` or NaN.
    findings : list of Finding
    """

    question: Question
    values: dict[str, Any]
    reasons: np.ndarray
    seen: np.ndarray
    findings: list[Finding] = field(default_factory=list)

    @property
    def recorded(self) -> bool:
        """Whether what the form saw may be kept: chosen options, numbers and dates, never text."""
        kind = self.question.kind
        if kind == "calculate":
            return bool(self.seen.dtype == np.float64)
        return kind in ("select_one", "select_multiple", "integer", "decimal", "date")


def distinct(raw: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Code of each row, and the distinct texts without the spaces around them."""
    codes, texts = pd.factorize(raw)
    return codes, [text.strip() for text in np.asarray(texts, dtype=object)]


def objects(items: Sequence[object]) -> np.ndarray:
    """One-dimensional object array of the items."""
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def only(words: Sequence[str], keep: np.ndarray, otherwise: object = "") -> np.ndarray:
    """Object array of the words where ``keep``, of ``otherwise`` elsewhere."""
    array: np.ndarray = np.where(keep, objects(words), objects([otherwise]))
    return array


def nothing(rows: int) -> Any:
    """Text that is missing in every row."""
    return pd.array([np.nan], dtype=TEXT).take(np.zeros(rows, dtype=np.int8))


def read_cells(question: Question, raw: pd.Series, coding: Coding) -> Cells:
    """Type the cells of a question that has one column; without options a select is not kept."""
    if question.kind == "select_one" and question.options:
        return _select_one(question, raw, coding)
    if question.kind in ("integer", "decimal"):
        return _number(question, raw, coding)
    if question.kind == "date":
        return _date(question, raw, coding)
    if question.kind == "calculate":
        return _calculate(question, raw, coding)
    return unkept(question, raw, coding)


def unkept(question: Question, raw: pd.Series, coding: Coding) -> Cells:
    """Free text, coordinates, identifiers: only whether there is an answer is kept."""
    words = raw.str.strip()
    reasons, seen = np.full(len(words), Reason.ANSWERED, dtype=np.int8), words.to_numpy(object, copy=True)
    for place in np.flatnonzero(words.isin(coding.unanswered)):
        reasons[place], seen[place] = coding.reason(seen[place]), ""
    return Cells(
        question if question.kind in ("text", "calculate") else replace(question, kind="other", options=()),
        {question.name: nothing(len(words))},
        reasons,
        seen,
    )


def keep_column(question: Question, raw: pd.Series, coding: Coding) -> Cells:
    """A column as written, because the study's design or groups name it."""
    codes, words = distinct(raw)
    cells = unkept(question, raw, coding)
    blank = np.isin(coding.reasons(words), EMPTY)
    names = sorted(word for word, empty in zip(words, blank, strict=True) if not empty)
    kept = replace(question, kind="column", options=tuple(map(Option, dict.fromkeys(names))))
    values = pd.array(only(words, ~blank, np.nan), dtype=TEXT).take(codes)
    return replace(cells, question=kept, values={question.name: values})


def _select_one(question: Question, raw: pd.Series, coding: Coding) -> Cells:
    codes, words = distinct(raw)
    names = {option.name for option in question.options}
    findings = []
    language, labels = _written_as_labels(question, [word for word in words if not coding.reason(word)])
    if labels:
        words = [labels.get(word, word) for word in words]
        message = f"the export holds labels ({language or 'no language'}), not option names; they were matched"
        remedy = "export 'XML values and headers', which do not change with the wording"
        findings.append(coding.finding("labels_exported", question.name, message, remedy, len(raw), severity="note"))
    reasons = coding.reasons(words)
    unlisted = (reasons == Reason.ANSWERED) & ~np.isin(objects(words), list(names))
    reasons[unlisted] = Reason.INVALID
    if unlisted.any():
        strange = [word for word, strange in zip(words, unlisted, strict=True) if strange]
        count = int(unlisted[codes].sum())
        findings.append(unlisted_answers(question, strange, count, coding, "they count as invalid"))
    values = pd.array(only(words, reasons == Reason.ANSWERED, np.nan), dtype=TEXT)
    seen = only(words, ~np.isin(reasons, (*EMPTY, Reason.INVALID)))
    kept = replace(question, options=coding.options(question))
    return Cells(kept, {question.name: values.take(codes)}, reasons[codes], seen[codes], findings)


def _written_as_labels(question: Question, words: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Language and label → name, when the words are no names but each is one label of one language."""
    if all(word in {option.name for option in question.options} for word in words):
        return "", {}
    for language in dict.fromkeys(code for option in question.options for code in option.label):
        written = [option.label.get(language, "").strip() for option in question.options]
        names = {
            label: option.name
            for label, option in zip(written, question.options, strict=True)
            if written.count(label) == 1
        }
        if all(word in names for word in words):
            return language, names
    return "", {}


def unlisted_answers(question: Question, words: Sequence[str], count: int, coding: Coding, consequence: str) -> Finding:
    """Answers that name options which the form's list lacks."""
    names = [option.name for option in question.options]
    shown = [word for word in machine_names(words) if suggest(word, names)]  # a slip, and nobody's name
    examples = f" ({', '.join(shown)}){suggest(shown[0], names)}" if shown else ""
    message = f"{count} answer(s) name {len(set(words))} option(s) that its list lacks{examples}; {consequence}"
    remedy = (
        f"if cleaning added an option, declare it in study.yml under {coding.table}.added_options."
        f"{question.name}; else correct the answers"
    )
    return coding.finding("option_unlisted", question.name, message, remedy, count)


def _number(question: Question, raw: pd.Series, coding: Coding) -> Cells:
    codes, words = distinct(raw)
    numbers = np.array([_number_of(word) for word in words], dtype=np.float64)
    declared = {_number_of(code): reason for code, reason in coding.missing.items() if _NUMBER.fullmatch(code)}
    reasons = coding.reasons(words)
    for at in np.flatnonzero(reasons == Reason.ANSWERED) if declared else ():
        reasons[at] = declared.get(float(numbers[at]), Reason.ANSWERED)
    long = (reasons == Reason.ANSWERED) & (np.abs(numbers) >= IDENTIFIER)
    reasons[long] = Reason.INVALID
    numbers[long] = np.nan
    worded = np.isnan(numbers) & ~np.isin(reasons, (*EMPTY, Reason.ANSWERED))
    seen = only(words, worded | ~np.isnan(numbers)) if worded.any() else numbers
    cells = _measured(question, numbers, reasons, seen, codes=codes, coding=coding)
    count = int(long[codes].sum())
    if count:
        message = f"{count} number(s) have ten digits or more, like a phone or an id, and are not kept"
        remedy = "ask phones and ids as text, which is never kept"
        cells.findings.append(coding.finding("number_identifies", question.name, message, remedy, count))
    return cells


def _date(question: Question, raw: pd.Series, coding: Coding) -> Cells:
    codes, words = distinct(raw)
    days = np.array([_day_of(word) for word in words], dtype="datetime64[us]")
    reasons = coding.reasons(words)
    seen = only(words, ~np.isnat(days) | ~np.isin(reasons, (*EMPTY, Reason.ANSWERED)))
    return _measured(question, days, reasons, seen, codes=codes, coding=coding)


def _measured(
    question: Question,
    levels: np.ndarray,
    reasons: np.ndarray,
    seen: np.ndarray,
    *,
    codes: np.ndarray,
    coding: Coding,
) -> Cells:
    """Cells of a number or a date; what is neither an answer nor a declared code is invalid."""
    unreadable = (reasons == Reason.ANSWERED) & pd.isna(levels)
    reasons[unreadable] = Reason.INVALID
    values = levels.copy()
    values[reasons != Reason.ANSWERED] = np.array([None], dtype=levels.dtype)[0]
    told = values[codes]
    alike = seen.dtype == values.dtype and np.array_equal(seen, values, equal_nan=True)  # then one array serves both
    cells = Cells(question, {question.name: told}, reasons[codes], told if alike else seen[codes])
    count = int(unreadable[codes].sum())
    if count:
        what = "date" if question.kind == "date" else "number"
        message = f"{count} cell(s) hold no {what}; they count as invalid"
        remedy = f"correct them, or declare the code in study.yml under {coding.table}.missing"
        cells.findings.append(coding.finding("value_unreadable", question.name, message, remedy, count))
    return cells


@lru_cache(maxsize=1 << 16)
def _number_of(word: str) -> float:
    number = float(word) if _NUMBER.fullmatch(word) else np.nan
    return number if np.isfinite(number) else np.nan


@lru_cache(maxsize=1 << 16)
def _day_of(word: str) -> dt.date | None:
    written = _DATE.fullmatch(word)
    try:
        return dt.date.fromisoformat(written[1]) if written else None
    except ValueError:  # 2025-02-30 is no day; the caller reports it
        return None


def _calculate(question: Question, raw: pd.Series, coding: Coding) -> Cells:
    """Numbers when every cell that is not empty is one; otherwise text, which is not kept."""
    codes, words = distinct(raw)
    numbers = np.array([_number_of(word) for word in words], dtype=np.float64)
    blank = np.isin(coding.reasons(words), EMPTY)
    cells = unkept(question, raw, coding)
    if np.isnan(numbers[~blank]).any() or (np.abs(numbers[~blank]) >= IDENTIFIER).any():
        return cells
    numbers[blank] = np.nan
    return replace(cells, values={question.name: numbers[codes]}, seen=numbers[codes])
