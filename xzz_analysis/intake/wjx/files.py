"""One file of a 问卷星 export, and whether it was written by text (按文本) or by number (按序号)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.codebook import LONGEST_OPTION, MOST_OPTIONS, guess_kind
from xzz_analysis.intake.wjx.headings import Heading, parse_heading
from xzz_analysis.intake.workbook import RawTable, read_raw

Flavour = Literal["text", "number"]

SKIPPED, BLANK, UNREAD = "(跳过)", "(空)", "(未识别)"
"""What stands in a cell instead of an answer; the last one is ours: an answer that is none of the options."""
JOIN, ORDER = "┋", "→"
"""Between the options of a cell: chosen together, and put in order."""
INTEGER = re.compile(r"[+-]?\d{1,9}")
MOST_CODES = 30
"""Highest whole number that is taken for the code of an option where only codes are known."""

_WORDS = re.compile(rf"〖.*?〗(?=\s*(?:{JOIN}|{ORDER}|$))", re.S)
_NAMED = re.compile(r"(\d+)_(按文本|按序号|按分数)_(.*?)(?:_\d+_\d+)?", re.S)
_NAMED_OLD = re.compile(r"\d+_\d+_([0-2])")
_SAID = {"按文本": "text", "按序号": "number", "按分数": "score", "0": "text", "1": "score", "2": "number"}


class Votes(NamedTuple):
    """Questions whose cells one flavour explains better than the other."""

    text: int = 0
    number: int = 0

    @property
    def leading(self) -> Flavour | None:
        """The flavour that most are for, None when as many are for the other."""
        return "text" if self.text > self.number else "number" if self.number > self.text else None


Ballot = Callable[[Sequence["Column"]], Votes]
"""What a form says of the flavour of numbered columns."""


@dataclass(frozen=True)
class WjxCoding:
    """How the export writes what is no answer, where that is not what the platform usually does.

    Attributes
    ----------
    skipped, blank : collection of str
        What stands for a question that was skipped by the form, and for one left empty: whole numbers are codes of an
        export by number, other words count in both flavours, beside ``(跳过)`` and ``(空)``.
    kept : collection of str
        Texts that the study declares as missing codes; they stay as written.
    flavours : mapping of str to "text" or "number"
        File name → flavour, for a file whose content does not tell.
    """

    skipped: Collection[str] = ("-3",)
    blank: Collection[str] = ("-2",)
    kept: Collection[str] = ()
    flavours: Mapping[str, Flavour] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """One column through its distinct cells.

    Attributes
    ----------
    heading : Heading
    codes : int array of shape (records,)
        Position of each record's cell in ``texts``.
    texts : list of str
        The distinct cells; ``(跳过)`` and ``(空)`` however the file writes them.
    """

    heading: Heading
    codes: np.ndarray
    texts: list[str]

    @property
    def answers(self) -> list[str]:
        """The distinct cells that hold an answer."""
        return [text for text in self.texts if text not in ("", SKIPPED, BLANK)]

    @property
    def coded(self) -> bool:
        """Whether every answer is a whole number."""
        return all(INTEGER.fullmatch(without_words(text)) for text in self.answers)

    def spread(self, texts: Sequence[str]) -> pd.Series:
        """One text per distinct cell → one per record."""
        return spread(texts, self.codes)


@dataclass(frozen=True)
class WjxFile:
    """One file of an export.

    Attributes
    ----------
    name : str
    activity : str
        The platform's number of the questionnaire, from the file name; ``""`` when it is not there.
    title : str
        The questionnaire's, from the file name; else the file name.
    flavour : "text" or "number"
    sure : bool
        Whether the study tells the flavour, or the form, the file name and marks in the cells do not contradict.
    columns : tuple of Column
        Numbered questions, in file order.
    rest : DataFrame of str
        The other columns.
    damage : tuple of Finding
        What opening the file found.
    """

    name: str
    activity: str
    title: str
    flavour: Flavour
    sure: bool
    columns: tuple[Column, ...]
    rest: pd.DataFrame
    damage: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found in the file, and a warning when the flavour is a guess."""
        if self.sure:
            return self.damage
        message = (
            f"nothing tells for sure whether it was exported by text or by number; it is read as by {self.flavour}"
        )
        remedy = "find out which it is, and declare it in study.yml under wjx.flavours of the table"
        return (*self.damage, Finding("warning", "flavour_unclear", self.name, message, remedy))


def spread(texts: Sequence[str], codes: np.ndarray) -> pd.Series:
    """Texts by their position; negative positions count from the end."""
    return pd.Series(pd.array(list(texts), dtype="str").take(codes))


def _nothing_said(_: Sequence[Column]) -> Votes:
    return Votes()


def open_all(
    paths: Sequence[Path],
    coding: WjxCoding,
    by_form: Ballot = _nothing_said,
    read: Callable[[Path], RawTable] = read_raw,
) -> list[WjxFile]:
    """Open the files of one round and find out their flavours.

    Parameters
    ----------
    paths : sequence of Path
    coding : WjxCoding
    by_form : callable
        Votes of the form's questions; none without a form.
    read : callable
        Reads a file.

    Returns
    -------
    list of WjxFile
        Of two that look alike, the one whose flavour is a guess is taken for the other flavour.

    Raises
    ------
    InputError
        A file cannot be read, holds no numbered question, or was written by score (按分数).
    """
    files = [_open(path, coding, by_form, read) for path in paths]
    return [_in_words(file, coding) if file.flavour == "number" else file for file in _told_apart(files)]


def _open(path: Path, coding: WjxCoding, by_form: Ballot, read: Callable[[Path], RawTable]) -> WjxFile:
    """A file with its flavour, its codes for skipped and blank as written."""
    raw = read(path)
    headings = {header: parse_heading(header) for header in raw.frame.columns}
    asked = [header for header, heading in headings.items() if heading.number]
    if not asked:
        raise InputError(
            f"{path.name} has no numbered question ('1、…') among its {len(headings)} column(s), so it is no 问卷星 "
            "export; export it again without editing the header, or name another reader in study.yml"
        )
    activity, title, said = _file_name(path.stem)
    if said == "score":
        raise InputError(
            f"{path.name} was exported by score (按分数), where different options share a number, so the answers "
            "cannot be told; export it again by text (按文本) or by number (按序号)"
        )
    columns = [_column(raw.frame[header], headings[header], coding) for header in asked]
    told = coding.flavours.get(path.name)
    flavour, sure = (told, True) if told else _weigh(columns, by_form(columns), said, coding)
    if flavour not in get_args(Flavour):
        raise InputError(f"{path.name}: flavour {flavour!r} is declared; declare 'text' or 'number' in study.yml")
    rest = raw.frame[[header for header in headings if header not in asked]].reset_index(drop=True)
    return WjxFile(path.name, activity, title, flavour, sure, tuple(columns), rest, raw.findings)


def _told_apart(files: list[WjxFile]) -> list[WjxFile]:
    """The files, none or one of each flavour a guess where they are two."""
    unsure = [place for place, file in enumerate(files) if not file.sure]
    if len(files) != 2 or not unsure:
        return files
    if files[0].flavour != files[1].flavour:
        return [replace(file, sure=True) for file in files] if len(unsure) == 1 else files
    worded = [sum(not column.coded for column in file.columns if not column.heading.beside) for file in files]
    text = int(worded[1] > worded[0])
    if len(unsure) == 1:
        text = unsure[0] if files[0].flavour == "number" else 1 - unsure[0]
    return [replace(file, flavour="text" if place == text else "number") for place, file in enumerate(files)]


def without_words(text: str) -> str:
    """The cell without what a respondent wrote in 〖…〗."""
    return _WORDS.sub("", text).strip()


def count_parts(columns: Sequence[Column], separator: str) -> dict[str, int]:
    """Different answers, or parts of them, in order of appearance, and in how many records each occurs.

    What a respondent wrote in 〖…〗 is left out before a cell is cut.
    """
    counts: Counter[str] = Counter()
    for column in columns:
        sizes = np.bincount(column.codes, minlength=len(column.texts))
        for text, size in zip(column.texts, sizes, strict=True):
            if text not in ("", SKIPPED, BLANK):
                bare = without_words(text)
                parts = (part.strip() for part in (bare.split(separator) if separator else [bare]))
                counts.update(dict.fromkeys((part for part in parts if part), int(size)))
    return dict(counts)


def joined_options(columns: Sequence[Column], separator: str) -> dict[str, int]:
    """Parts of cells that are options, with their counts; nothing where they may be a respondent's words.

    Options are few and short, most of those that were joined occur again, and all do twice on average.
    """
    cells = {without_words(text) for column in columns for text in column.answers if separator in text}
    joined = {part.strip() for cell in cells if separator in cell for part in cell.split(separator)} - {""}
    if not joined or len(joined) > MOST_OPTIONS or max(map(len, joined)) > LONGEST_OPTION:
        return {}
    counts = count_parts(columns, separator)
    again = sum(counts[part] > 1 for part in joined)
    recur = 2 * again >= len(joined) and sum(counts[part] for part in joined) >= 2 * len(joined)
    return counts if recur and len(counts) <= MOST_OPTIONS else {}


def _file_name(name: str) -> tuple[str, str, str]:
    """Activity, title and flavour as the platform writes them into the file name, ``""`` where it does not."""
    named = _NAMED.fullmatch(name)
    if named:
        return named[1], named[3], _SAID[named[2]]
    old = _NAMED_OLD.fullmatch(name)
    return "", name, _SAID[old[1]] if old else ""


def _column(cells: pd.Series, heading: Heading, coding: WjxCoding) -> Column:
    codes, texts = pd.factorize(cells)
    words = {word: mark for word, mark in _marks_of(coding).items() if not INTEGER.fullmatch(word)}
    written = [words.get(text.strip()) or _written(text) for text in np.asarray(texts, dtype=object)]
    return Column(heading, codes.astype(np.int32), written)


def _marks_of(coding: WjxCoding) -> dict[str, str]:
    """What the study declares to be written instead of an answer → the platform's own word."""
    return {**dict.fromkeys(coding.blank, BLANK), **dict.fromkeys(coding.skipped, SKIPPED)}


def _written(text: str) -> str:
    """The cell without spaces around it, and the platform's words in one spelling."""
    stripped = text.strip()
    if stripped in ("（跳过）", "（空）"):
        return f"({stripped[1:-1]})"
    return stripped


def _in_words(file: WjxFile, coding: WjxCoding) -> WjxFile:
    """The file with its codes for skipped and blank in words."""
    words = _marks_of(coding)
    made = (replace(column, texts=[words.get(text, text) for text in column.texts]) for column in file.columns)
    return replace(file, columns=tuple(made))


def _weigh(columns: Sequence[Column], form: Votes, said: str, coding: WjxCoding) -> tuple[Flavour, bool]:
    """The flavour, and whether it is sure.

    The form goes before the file name, and that before marks in the cells. Sure is a flavour that nothing leads away
    from and that one of them tells without a vote against it. Where none tells, repeated answers are looked at.
    """
    named = Votes(said == "text", said == "number")
    opinions = [votes for votes in (form, named, _by_marks(columns, coding)) if votes.leading]
    if not opinions:
        return _by_words(columns).leading or "text", False
    leading = {votes.leading for votes in opinions}
    return opinions[0].leading or "text", len(leading) == 1 and any(not min(votes) for votes in opinions)


def _by_marks(columns: Sequence[Column], coding: WjxCoding) -> Votes:
    """Columns with marks of a flavour.

    By text: joined options, ``(跳过)``, and options before 〖…〗 or in a column of one option or row; by number: codes
    there, and -3. Where other numbers are negative too, -3 is an answer and no mark; where a word is declared to stand
    for skipped, it may stand in both flavours.
    """
    codes = {*coding.skipped, *coding.blank}
    own_words = all(INTEGER.fullmatch(word) for word in coding.skipped)
    text = number = 0
    for column in (column for column in columns if not column.heading.beside):
        alone = [*column.answers] if column.heading.item else _recurring_before_words(column)
        worded = any(not INTEGER.fullmatch(without_words(answer)) for answer in alone)
        text += worded or (own_words and SKIPPED in column.texts) or bool(joined_options([column], JOIN))
        number += (bool(alone) and not worded) or _has_codes(column, codes)
    return Votes(text, number)


def _has_codes(column: Column, codes: Collection[str]) -> bool:
    """Whether codes for skipped or blank stand among whole numbers, or again and again among texts."""
    negative = {answer for answer in column.answers if re.fullmatch(r"-\d+", answer)}
    if not negative or not negative <= set(codes):
        return False
    counts = {} if column.coded else count_parts([column], "")
    return column.coded or all(counts[answer] > 1 for answer in negative)


def _recurring_before_words(column: Column) -> list[str]:
    """What stands before 〖…〗 and in another cell too, as options and codes do."""
    cells = [(without_words(text), text) for text in column.answers]
    seen = Counter(bare for bare, _ in cells)
    return [bare for bare, text in cells if bare != text and bare and seen[bare] > 1]


def _by_words(columns: Sequence[Column]) -> Votes:
    """Columns that look like a choice: by its options' words, or by codes from 1 on.

    Words that all occur again count twice: numbers that were typed in look like codes more often than texts do like
    options. What respondents wrote beside an option stands in both flavours.
    """
    text = number = 0
    for column in (column for column in columns if not column.heading.beside):
        counts = count_parts([column], "")
        if column.coded:
            codes = sorted(map(int, counts))
            number += bool(codes) and codes[0] == 1 and codes[-1] <= MOST_CODES and 2 * len(codes) > codes[-1]
        elif guess_kind(counts, column.heading.text, apart=True).kind == "select_one":
            text += 2 if min(counts.values()) > 1 else 1
    return Votes(text, number)
