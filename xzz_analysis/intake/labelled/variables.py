"""One variable → a question and its cells.

Dates are seconds since 14 October 1582 in SPSS, and days, milliseconds or months since 1960 in Stata.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd

from xzz_analysis.intake.answers import Kind, Option, Question, Reason
from xzz_analysis.intake.codebook.kinds import guess_kind, is_personal, word_counts
from xzz_analysis.intake.labelled.file import Code, Variable
from xzz_analysis.intake.labelled.missing import reason_of, word_of
from xzz_analysis.intake.plain.choices import same

_TEXT = pd.StringDtype(na_value=np.nan)
_SPSS_EPOCH = np.datetime64("1582-10-14", "s")
_STATA_EPOCH = np.datetime64("1960-01-01", "s")
_SPSS_DAY = re.compile(r"(?:DATE|ADATE|EDATE|SDATE|JDATE|QYR|MOYR|WKYR)\d*(?:\.\d+)?")
_SPSS_TIME = re.compile(r"(?:DATETIME|YMDHMS)\d*(?:\.\d+)?")
_STATA = re.compile(r"%-?(?:t([dcCwmqh])|(d)).*")
_MONTHS = {"m": 1, "q": 3, "h": 6}
_DAY = 86_400.0
_LATEST = 2.6e11
"""Seconds from 1582 to about the year 9800: later dates are damage."""


@dataclass(frozen=True)
class Cells:
    """A variable in the library's terms.

    Attributes
    ----------
    question : Question
        Derived from the variable.
    cells : Series of str
        Codes of options, numbers and dates as text; a user-missing code is its word.
    words : dict of str to str
        Word of a user-missing code → its label, ``""`` without one.
    unlabelled : int
        Cells of a select question whose value has no label.
    answers : iterable of str
        What the variable's answers may be, as the cells write them.
    """

    question: Question
    cells: pd.Series
    words: dict[str, str] = field(default_factory=dict)
    unlabelled: int = 0
    answers: Iterable[str] = ()


@lru_cache(maxsize=1 << 16)
def code_text(code: Code) -> str:
    """A code as text: whole numbers without a point, others with the fewest digits that identify them."""
    if isinstance(code, str):
        return code.rstrip()
    return str(int(code)) if float(code).is_integer() and abs(code) < 1e15 else repr(float(code))


def read_variable(variable: Variable, question: Question | None = None) -> Cells:
    """A variable as a question.

    Parameters
    ----------
    variable : Variable
    question : Question, optional
        The form's question that it answers; its kind and options hold then.

    Returns
    -------
    Cells
        Of a select-one of the form, cells hold the form's option names wherever a code or its label tells them. For a
        question of the form a code for don't know or refused is written as the form's skip logic saw it: a number as
        itself, a code whose label is an option's as that option; any other code as its label in brackets.
    """
    if isinstance(variable.values, pd.Series) and _is_plain_text(variable, question):
        return Cells(question or _question(variable, "text", []), variable.values, answers=variable.values)
    codes, levels = _levels(variable)
    labels = dict(variable.labels)
    absent = {level for level in levels if _is_missing(variable, level)} if variable.declares_missing else set()
    kind = question.kind if question is not None else _kind(variable, [lv for lv in levels if lv not in absent])
    if kind in ("integer", "decimal"):
        absent |= {level for level in levels if level in labels and reason_of(labels[level]) is not None}
    derived = question or _question(variable, kind, [level for level in levels if level not in absent])
    names = _names(variable, derived) if question is not None else {}
    seen = _seen(variable, derived, absent, set(names.values())) if question is not None else {}
    words = {lv: seen.get(lv) or word_of(labels.get(lv, ""), _shown(variable, lv)) for lv in absent}
    texts = _texts(variable, levels)
    if names:
        texts = [names.get(lv, text) for lv, text in zip(levels, texts, strict=True)]
    written = [words.get(lv, text) for lv, text in zip(levels, texts, strict=True)] if words else texts
    cells = pd.Series(pd.array([*written, ""], dtype=_TEXT).take(codes))
    return Cells(
        question=derived,
        cells=cells,
        words={word: labels.get(level, "") for level, word in words.items()} | _declared_words(variable),
        unlabelled=_without_label(variable, derived, levels, codes, absent),
        answers=[*names.values(), *(text for lv, text in zip(levels, texts, strict=True) if lv not in absent)],
    )


def _is_plain_text(variable: Variable, question: Question | None) -> bool:
    """Whether the cells are the values: text without codes, and no options that it could mean."""
    coded = variable.labels or variable.declares_missing
    return not coded and (question is None or question.kind in ("text", "other"))


def _seen(variable: Variable, question: Question, absent: Collection[Code], taken: Collection[str]) -> dict[Code, str]:
    """What the form's skip logic saw for codes of don't know and refused, where the file tells: a number, or an option.

    For codes of skipped and blank it saw nothing.
    """
    said = [code for code in absent if reason_of(variable.labels.get(code, "")) in (Reason.DONT_KNOW, Reason.REFUSED)]
    if question.kind in ("integer", "decimal"):
        return {code: code_text(code) for code in said if not isinstance(code, str)}
    if question.kind != "select_one":
        return {}
    options = _unique((same(text), option.name) for option in question.options for text in option.label.values())
    named = {code: options.get(same(variable.labels[code]), "") for code in said}
    return {code: name for code, name in named.items() if name and name not in taken}


def _levels(variable: Variable) -> tuple[np.ndarray, list[Code]]:
    """Code of each row (-1, the last, where there is no value) and the distinct values."""
    if isinstance(variable.values, pd.Series):
        codes, different = pd.factorize(variable.values)
        words: list[Code] = list(np.asarray(different, dtype=object))
        empty = [position for position, word in enumerate(words) if word == ""]
        return np.where(np.isin(codes, empty), -1, codes), words
    codes, numbers = pd.factorize(variable.values)
    levels: list[Code] = [float(number) for number in numbers]
    if variable.letters is not None:
        letters = sorted(set(variable.letters.unique()) - {""})
        for letter in letters:
            codes = np.where(variable.letters.to_numpy() == letter, len(levels), codes)
            levels.append(letter)
    return codes, levels


def _is_missing(variable: Variable, level: Code) -> bool:
    if isinstance(level, str) and not variable.is_text:
        return True
    return any(
        low <= level <= high if not isinstance(low, str) else low.rstrip() == level  # type: ignore[operator]
        for low, high in variable.missing
        if isinstance(low, str) == isinstance(level, str)
    )


def _shown(variable: Variable, level: Code) -> str:
    return f".{level}" if isinstance(level, str) and not variable.is_text else code_text(level)


def _declared_words(variable: Variable) -> dict[str, str]:
    """Words of labelled user-missing codes that no row happens to hold."""
    return {
        word_of(label, _shown(variable, code)): label
        for code, label in variable.labels.items()
        if _is_missing(variable, code)
    }


def _kind(variable: Variable, levels: list[Code]) -> Kind:
    """Kind of a question without a form."""
    labels = _answer_labels(variable)
    if variable.is_text:
        return "select_one" if labels and all(level in labels or level == "" for level in levels) else "text"
    if is_date(variable.format):
        return "date"
    categorical = variable.measure in ("nominal", "ordinal") and len(levels) <= 2 * len(labels)
    covered = all(level in labels for level in levels) and (levels or variable.measure != "scale")
    if len(labels) > 1 and (covered or categorical):
        return "select_one"
    whole = all(not isinstance(level, str) and level.is_integer() for level in levels)
    decimals = re.search(r"\.([1-9])", variable.format) if not levels else None
    return "integer" if whole and not decimals else "decimal"


def _answer_labels(variable: Variable) -> dict[Code, str]:
    return {code: label for code, label in variable.labels.items() if not _is_missing(variable, code)}


def _question(variable: Variable, kind: Kind, levels: list[Code]) -> Question:
    label = labelled(variable.label)
    if kind == "text" and isinstance(variable.values, pd.Series):
        content = guess_kind(word_counts(variable.values))
        personal = is_personal(variable.name) or is_personal(variable.label)
        if content.kind == "select_one" and content.confidence == "high" and not personal:
            options = tuple(Option(text, labelled(text)) for text in sorted(content.options))
            return Question(variable.name, "select_one", label, options, source=variable.name)
        kind = "date" if content.kind_as_written == "date" else "text"
    if kind != "select_one":
        return Question(variable.name, kind, label, source=variable.name)
    labels = _answer_labels(variable)
    codes = [*labels, *(level for level in levels if level not in labels)]
    codes.sort(key=lambda code: (isinstance(code, str), code))
    options = tuple(
        Option(code_text(code), labelled(labels.get(code, "")), code=code_text(code)) for code in codes if code != ""
    )
    return Question(variable.name, kind, label, options, source=variable.name)


def labelled(text: str) -> dict[str, str]:
    """A label in the language that its script shows: Chinese, else none named."""
    language = "zh" if re.search(r"[\u3400-\u9fff]", text) else ""
    return {language: text} if text else {}


def _names(variable: Variable, question: Question) -> dict[Code, str]:
    """Value → option name of the form: by the value's label where it is an option's, else by code or name."""
    if question.kind != "select_one":
        return {}
    by_label = _unique((same(text), option.name) for option in question.options for text in option.label.values())
    by_code = {text: option.name for option in question.options for text in (option.code, option.name) if text}
    names: dict[Code, str] = {}
    labels = _answer_labels(variable)
    for code, label in labels.items():
        if same(label) in by_label:
            names[code] = by_label[same(label)]
    taken = set(names.values())
    values: list[Code] = list(labels)
    values += [float(v) if not variable.is_text else str(v) for v in pd.unique(variable.values) if v == v]
    for code in values:
        name = by_code.get(code_text(code))
        if code not in names and name is not None and name not in taken:
            names[code] = name
    return names


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Keys that belong to one name only."""
    owners: dict[str, set[str]] = {}
    for key, name in pairs:
        owners.setdefault(key, set()).add(name)
    return {key: next(iter(names)) for key, names in owners.items() if len(names) == 1}


def _texts(variable: Variable, levels: list[Code]) -> list[str]:
    if is_date(variable.format) and not variable.is_text:
        return texts_of_dates(variable.format, levels)
    if variable.is_text:
        return [str(level).rstrip() for level in levels]
    return [code_text(level) for level in levels]


def _without_label(
    variable: Variable, question: Question, levels: list[Code], codes: np.ndarray, absent: set[Code]
) -> int:
    if question.kind != "select_one" or not variable.labels:
        return 0
    bare = [position for position, level in enumerate(levels) if level not in variable.labels and level not in absent]
    return int(np.isin(codes, bare).sum())


def chosen(variable: Variable, counted: Code) -> np.ndarray:
    """1 where the variable has the counted value, 0 where it has another, NaN where it has none or a missing code."""
    codes, levels = _levels(variable)
    marks = [
        np.nan if _is_missing(variable, level) else float(code_text(level) == code_text(counted)) for level in levels
    ]
    found: np.ndarray = np.array([*marks, np.nan])[codes]
    return found


def is_date(written: str) -> bool:
    """Whether a format is one of dates, with or without a time; times of day and durations are numbers of seconds."""
    return any(pattern.fullmatch(written) for pattern in (_SPSS_DAY, _SPSS_TIME, _STATA))


def texts_of_dates(written: str, levels: Sequence[float | str]) -> list[str]:
    """ISO text of each value of a date format.

    Parameters
    ----------
    written : str
        The format, ``DATE11`` or ``%td``.
    levels : sequence of float
        Values as stored.

    Returns
    -------
    list of str
        ``2025-05-01``, or ``2025-05-01T10:00:00`` for formats with a time; a value that is no date stays a number.
    """
    return [_date_text(written, level) if isinstance(level, float) else str(level) for level in levels]


@lru_cache(maxsize=1 << 16)
def _date_text(written: str, value: float) -> str:
    stata = _STATA.fullmatch(written)
    unit = (stata[1] or stata[2]) if stata else ""
    if unit in _MONTHS:
        return str(np.datetime64("1960-01", "M") + int(value) * _MONTHS[unit]) + "-01"
    if unit == "w":
        year, week = divmod(int(value), 52)
        return str(np.datetime64(f"{1960 + year}-01-01") + 7 * week)
    seconds = value * _DAY if unit == "d" else value / 1000 if unit else value
    if not -_LATEST < seconds < _LATEST or (not unit and seconds < 0):
        return repr(value)
    moment = (_STATA_EPOCH if unit else _SPSS_EPOCH) + np.timedelta64(round(seconds), "s")
    with_time = unit in ("c", "C") or _SPSS_TIME.fullmatch(written) is not None
    return str(moment) if with_time else str(moment.astype("datetime64[D]"))
