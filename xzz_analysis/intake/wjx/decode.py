"""Columns of one target → columns of the export: names of options, numbers and texts as written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, suggest
from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.wjx.cells import Chosen, Wordings, explained, read_choice
from xzz_analysis.intake.wjx.files import (
    BLANK,
    JOIN,
    ORDER,
    SKIPPED,
    UNREAD,
    Column,
    Votes,
    WjxCoding,
    WjxFile,
    spread,
)
from xzz_analysis.intake.wjx.matching import Bound, Matcher, Target

LOOKED_AT = 200
"""Different answers to one question that are looked at to find out the flavour."""

_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T].*)?")
_DIGITS = re.compile(r"(\d{1,3})(?:〖(.*)〗)?", re.S)


@dataclass
class Decoded:
    """One target in one file.

    Attributes
    ----------
    columns : dict of str to Series of str
        As in :class:`xzz_analysis.intake.export.Export`.
    words : Series of str, or None
        What respondents wrote beside an option; ``None`` when nobody did, unless the form asks for it and the export
        would tell, as one by text does.
    findings : list of Finding
    """

    columns: dict[str, pd.Series]
    words: pd.Series | None = None
    findings: list[Finding] = field(default_factory=list)


def decode(bound: Bound, file: WjxFile, coding: WjxCoding) -> Decoded:
    """Read the columns of one target.

    Parameters
    ----------
    bound : Bound
    file : WjxFile
    coding : WjxCoding

    Returns
    -------
    Decoded
        ``(跳过)`` and ``(空)`` stand in every column of the target; an answer that is no option is ``(未识别)``, so
        that no respondent's words are taken for an option.
    """
    question = bound.target.question
    if bound.items:
        made = _ranked_items(bound, file) if bound.target.ranking else _marked_items(bound, file)
    elif bound.whole is None:
        made = Decoded({})
    elif question.kind in ("select_one", "select_multiple"):
        made = _choices(bound, bound.whole, file, coding)
    else:
        texts = bound.whole.texts
        made = Decoded(
            {question.name: bound.whole.spread(list(map(_day, texts)) if question.kind == "date" else texts)}
        )
    beside = [
        column.spread([text if text not in (SKIPPED, BLANK) else "" for text in column.texts])
        for column in bound.beside
    ]
    made.words = _joined_words([made.words, *beside])
    if made.words is None and bound.target.other is not None and file.flavour == "text":
        made.words = pd.Series("", index=pd.RangeIndex(len(file.rest)), dtype="str")
    return made


def _choices(bound: Bound, column: Column, file: WjxFile, coding: WjxCoding) -> Decoded:
    """One column that holds the chosen options."""
    target, question = bound.target, bound.target.question
    separator = _separator(target)
    wordings = Wordings(question.options, file.flavour == "number")
    chosen = [read_choice(text, wordings, separator, coding.kept) for text in column.texts]
    columns = {}
    if question.kind == "select_multiple":
        for name, option in zip(question.columns, question.options, strict=True):
            columns[name] = column.spread([_cell(cell, "1" if option.name in cell.names else "0") for cell in chosen])
    else:
        for place, asked in enumerate(target.questions):
            names = [cell.names[place] if place < len(cell.names) else "" for cell in chosen]
            columns[asked.name] = column.spread([_cell(cell, name) for cell, name in zip(chosen, names, strict=True)])
    words = [cell.words for cell in chosen]
    return Decoded(columns, column.spread(words) if any(words) else None, _unread(question, column, chosen, file))


def _separator(target: Target) -> str:
    """What stands between the options of one cell."""
    return ORDER if target.ranking else JOIN if target.question.kind == "select_multiple" else ""


def flavour_votes(columns: Sequence[Column], targets: Sequence[Target], coding: WjxCoding) -> Votes:
    """Questions of a form whose options tell the flavour.

    Parameters
    ----------
    columns : sequence of Column
        Numbered questions of a file.
    targets : sequence of Target
        What the form asks.
    coding : WjxCoding

    Returns
    -------
    Votes
        A question votes for text where the wordings of its options explain more of its different answers than their
        codes do, and for number where it is the other way round; in both cases at least half of them.
    """
    text = number = 0
    for bound in Matcher("", targets).match(columns).values():
        options = bound.target.question.options
        answers = [cell for cell in bound.whole.answers if cell not in coding.kept] if bound.whole and options else []
        looked_at = answers[:LOOKED_AT]
        worded, coded = explained(looked_at, options, _separator(bound.target))
        text += worded > coded and 2 * worded >= len(looked_at)
        number += coded > worded and 2 * coded >= len(looked_at)
    return Votes(text, number)


def _cell(chosen: Chosen, value: str) -> str:
    if chosen.missing is not None:
        return chosen.missing
    return value if chosen.names else UNREAD


def _unread(question: Question, column: Column, chosen: list[Chosen], file: WjxFile) -> list[Finding]:
    """Answers that hold what is no option; a respondent's words may be among them, so none is shown."""
    strange = np.array([bool(cell.unread) for cell in chosen], dtype=bool)
    count = int(strange[column.codes].sum())
    if not count:
        return []
    parts = {part for cell in chosen for part in cell.unread}
    where = f"{file.name}: {question.name}"
    if file.flavour == "number" and not any(option.code for option in question.options):
        message = f"its {len(question.options)} option(s) have no code, so {count} answer(s) by number cannot be told"
        remedy = "write the code of each option in the form's choices, or read the export by text (按文本)"
        return [Finding("warning", "option_code_missing", where, message, remedy, count)]
    labels = [label for option in question.options for label in option.label.values()]
    near = next((hint for part in sorted(parts) if (hint := suggest(part, labels))), "")
    hint = f"; one is close to option {near.removeprefix('; did you mean ').rstrip('?')}" if near else ""
    message = f"{count} answer(s) hold {len(parts)} text(s) or code(s) that are no option of the form{hint}"
    remedy = "if an option was re-worded or added, add it to the form; an answer without any known option is invalid"
    return [Finding("warning", "option_unlisted", where, message, remedy, count)]


@dataclass(frozen=True)
class _Marks:
    """The column of one option: its digits, negative where there is none, and the words beside the option."""

    digits: np.ndarray
    words: pd.Series | None


_EMPTY, _BLANK, _SKIPPED, _UNREAD = -1, -2, -3, -4
_MISSING = {"": _EMPTY, BLANK: _BLANK, SKIPPED: _SKIPPED}
_IN_WORDS = ["0", "1", UNREAD, SKIPPED, BLANK, ""]
"""Indexed by a mark: 0, 1, and from the end the negative ones."""


def _marks(column: Column) -> _Marks:
    found = [None if text in _MISSING else _DIGITS.fullmatch(text) for text in column.texts]
    digits = [
        int(match[1]) if match else _MISSING.get(text, _UNREAD) for text, match in zip(column.texts, found, strict=True)
    ]
    words = [(match[2] or "").strip() if match else "" for match in found]
    return _Marks(np.array([*digits, 0], dtype=np.int16)[column.codes], column.spread(words) if any(words) else None)


def _marked_items(bound: Bound, file: WjxFile) -> Decoded:
    """One column of 0 and 1 per option."""
    question = bound.target.question
    read = {name: _marks(column) for name, column in bound.items.items()}
    digits = {name: np.where(found.digits > 1, _UNREAD, found.digits) for name, found in read.items()}
    state = _state(list(digits.values()))
    columns = {}
    for option in question.options:
        mine = digits.get(option.name)
        marks = np.full(len(state), _EMPTY) if mine is None else np.where(mine < 0, np.where(mine < -2, -1, 0), mine)
        columns[f"{question.name}/{option.name}"] = spread(_IN_WORDS, np.where(state == 0, marks, state))
    words = _joined_words([found.words for found in read.values()])
    return Decoded(columns, words, _strange(question, digits, file, "neither 0 nor 1"))


def _ranked_items(bound: Bound, file: WjxFile) -> Decoded:
    """One column per option that holds its place; of two options at one place the first is kept."""
    target = bound.target
    read = {name: _marks(column) for name, column in bound.items.items()}
    last = len(target.questions)
    digits = {name: np.where(found.digits > last, _UNREAD, found.digits) for name, found in read.items()}
    state = _state(list(digits.values()))
    columns = {}
    for place, question in enumerate(target.questions, start=1):
        cells = np.where(state == 0, _EMPTY, state)
        for position, mine in reversed(list(enumerate(digits.values()))):
            cells[mine == place] = position
        columns[question.name] = spread([*digits, *_IN_WORDS[2:]], cells)
    findings = _strange(target.question, digits, file, f"no place from 1 to {last}")
    words = _joined_words([found.words for found in read.values()])
    return Decoded(columns, words, [*findings, *_repeated(target.question, digits, file)])


def _repeated(question: Question, digits: Mapping[str, np.ndarray], file: WjxFile) -> list[Finding]:
    places = np.sort(np.stack(list(digits.values())), axis=0)
    count = int(((places[1:] == places[:-1]) & (places[1:] > 0)).any(axis=0).sum())
    if not count:
        return []
    message = f"{count} answer(s) put two options at the same place; the first of them is kept there"
    where = f"{file.name}: {question.name}"
    return [Finding("warning", "place_repeated", where, message, "ask the platform, or correct the answers", count)]


def _state(columns: Sequence[np.ndarray]) -> np.ndarray:
    """0 where an option was chosen; else the mark that stands in every column of the record."""
    digits = np.stack(list(columns))
    state = np.full(digits.shape[1], _BLANK)
    state[(digits == _SKIPPED).any(axis=0)] = _SKIPPED
    state[(digits == _UNREAD).any(axis=0)] = _UNREAD
    state[(digits > 0).any(axis=0)] = 0
    return state


def _strange(question: Question, digits: Mapping[str, np.ndarray], file: WjxFile, what: str) -> list[Finding]:
    count = int(np.any([marks == _UNREAD for marks in digits.values()], axis=0).sum())
    if not count:
        return []
    message = f"{count} answer(s) hold {what} in the column of an option; such a cell is taken as unknown"
    remedy = "export the answers again, or declare the file's flavour in study.yml under wjx.flavours of the table"
    return [Finding("warning", "value_unreadable", f"{file.name}: {question.name}", message, remedy, count)]


def _joined_words(written: Sequence[pd.Series | None]) -> pd.Series | None:
    """Words beside all options of a record, in one cell."""
    joined: pd.Series | None = None
    for more in (words for words in written if words is not None):
        if joined is not None:
            both = (joined != "") & (more != "")
            more = joined + spread(["", "；"], both.to_numpy(np.int16)) + more
        joined = more
    return joined


def _day(text: str) -> str:
    """``2025-05-03`` of ``2025/5/3``, ``2025年5月3日`` and the like; anything else as written."""
    found = _DATE.fullmatch(text)
    return f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}" if found else text
