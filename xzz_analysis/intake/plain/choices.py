"""Several choices, joined in one cell or in columns of 0 and 1; told by exact options, never by substring."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.codebook.kinds import (
    EMPTY_WORDS,
    MOST_OPTIONS,
    REPETITION,
    Confidence,
    is_machine_name,
    is_number,
)
from xzz_analysis.intake.plain.headers import stems

SEPARATORS = ("┋", "|", "；", ";", "\n", "、", "，", ",", "/", " ")
"""Marks that platforms and people put between choices."""

MARKS: dict[str, str] = {"1": "1", "0": "0", "TRUE": "1", "FALSE": "0", "True": "1", "False": "0"} | {
    "true": "1",
    "false": "0",
    "选中": "1",
    "未选中": "0",
    "√": "1",
}
"""What stands in a 0/1 column."""

_LONGEST_PIECE = 60
_FAMILY_MARKS = "/.:：(（[【"
_NUMBERED = re.compile(r"(.+)_A(\d{1,3})")
"""问卷网 writes ``Q3_A1`` for the first option of question 3."""


@dataclass(frozen=True)
class Split:
    """How the cells of a column are read as several choices.

    Attributes
    ----------
    separator : str
        ``""`` when no cell holds more than one.
    options : tuple of str
        The pieces as written, for a column without a form.
    confidence : "high", "medium" or "low"
    because : str
    """

    separator: str
    options: tuple[str, ...]
    confidence: Confidence
    because: str


def same(text: str) -> str:
    """A text for exact comparison: without its width, case, and the spaces around and doubled inside it."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def option_texts(question: Question) -> dict[str, str]:
    """Comparable text → option name, for every spelling that belongs to one option only."""
    owners: dict[str, set[str]] = {}
    for option in question.options:
        for text in (option.name, option.code, *option.label.values()):
            if text:
                owners.setdefault(same(text), set()).add(option.name)
    return {text: next(iter(names)) for text, names in owners.items() if len(names) == 1}


def choices(cell: str, separator: str, texts: Mapping[str, str]) -> tuple[str, ...] | None:
    """Options that a cell names.

    Parameters
    ----------
    cell : str
    separator : str
        ``""`` when the cell is one option.
    texts : mapping of str to str
        Comparable text → option; a text may hold the separator itself.

    Returns
    -------
    tuple of str, or None
        None unless there is exactly one way to read the whole cell as different options.
    """
    if not separator:
        option = texts.get(same(cell))
        return None if option is None else (option,)
    whole = cell.strip()
    bare = whole.rstrip(separator)
    found = {*_readings(whole, separator, texts), *(_readings(bare, separator, texts) if bare != whole else ())}
    return found.pop() if len(found) == 1 else None


def _readings(cell: str, separator: str, texts: Mapping[str, str]) -> list[tuple[str, ...]]:
    """At most two ways to read the whole cell as different options, the pieces of a text joined again."""
    pieces = cell.split(separator)
    ways: list[list[tuple[str, ...]]] = [[()], *([] for _ in pieces)]
    longest = max((text.count(same(separator) or " ") for text in texts), default=0) + 1
    for end in range(1, len(pieces) + 1):
        for start in range(max(0, end - longest), end):
            option = texts.get(same(separator.join(pieces[start:end])))
            if option is not None:
                ways[end] += [(*before, option) for before in ways[start] if option not in before]
        ways[end] = list(dict.fromkeys(ways[end]))[:2]
    return ways[-1]


def split_listed(counts: Mapping[str, int], texts: Mapping[str, str]) -> Split:
    """How cells name the options of a form.

    Parameters
    ----------
    counts : mapping of str to int
        Distinct cells → how many.
    texts : mapping of str to str
        Comparable text → option.
    """
    filled = sum(counts.values())
    read: dict[str, dict[str, tuple[str, ...] | None]] = {}
    for separator in ("", *(mark for mark in SEPARATORS if any(mark in cell for cell in counts))):
        read[separator] = {cell: choices(cell, separator, texts) for cell in counts}
    whole = [separator for separator, found in read.items() if None not in found.values()]
    if whole and all(read[whole[0]] == read[separator] for separator in whole):
        return Split(whole[0], (), "high", f"every piece of {filled:,} filled cells is exactly one of its options")
    if whole:
        marks = " and ".join(map(repr, whole))
        return Split(whole[0], (), "low", f"the marks {marks} both split the cells into options, differently")
    best = max(read, key=lambda mark: (sum(counts[cell] for cell, found in read[mark].items() if found), mark != ""))
    fail = sum(counts[cell] for cell, found in read[best].items() if found is None)
    because = f"{fail:,} of {filled:,} filled cells are not exactly made of its options"
    return Split(best, (), "medium" if fail <= 0.05 * filled else "low", because)


def split_derived(counts: Mapping[str, int]) -> Split | None:
    """How cells of a column without a form join several choices; None when they do not.

    Parameters
    ----------
    counts : mapping of str to int
        Distinct cells → how many.

    Returns
    -------
    Split or None
        The pieces of all cells must be a small set, each in two different cells at least. Two marks that do, codes
        instead of words, spaces, and an order of the pieces that varies are for a person to decide.
    """
    found = [split for mark in SEPARATORS if (split := _split(counts, mark)) is not None]
    if not found:
        return None
    if len(found) > 1 and found[0].separator not in "┋|":
        marks = " and ".join(repr(split.separator) for split in found)
        return Split(found[0].separator, found[0].options, "low", f"the marks {marks} both split into a small set")
    return found[0]


def _split(counts: Mapping[str, int], separator: str) -> Split | None:
    cells = {cell: [piece.strip() for piece in cell.strip(separator).split(separator)] for cell in counts}
    several = [pieces for pieces in cells.values() if len(pieces) > 1]
    within: dict[str, int] = {}
    total: dict[str, int] = {}
    for cell, pieces in cells.items():
        for piece in pieces:
            within[piece] = within.get(piece, 0) + 1
            total[piece] = total.get(piece, 0) + counts[cell]
    filled = sum(counts.values())
    small = len(within) <= MOST_OPTIONS and len(within) < len(cells) and filled >= REPETITION * len(within)
    clean = all(0 < len(piece) <= _LONGEST_PIECE for piece in within)
    once = any(len(set(pieces)) < len(pieces) for pieces in several)
    if len(several) < 2 or not small or not clean or once or min(within.values()) < 2 or min(total.values()) < 2:
        return None
    options = tuple(sorted(within, key=lambda piece: -total[piece]))
    because = f"{len(options)} pieces make up {len(cells)} different cells"
    if separator == " " and not all(map(is_machine_name, options)):
        return None
    if separator == " " or any(map(is_number, options)):
        return Split(separator, options, "low", f"{because}, but spaces or numbers may be something else")
    ordered = _in_order(several)
    if ordered is None:
        return Split(separator, options, "low", f"{because}, but their order varies, as in a ranking")
    rest = [option for option in options if option not in ordered]
    return Split(separator, (*ordered, *rest), "high", f"{because}, always in one order")


def _in_order(cells: Iterable[Sequence[str]]) -> tuple[str, ...] | None:
    """Pieces in the order that all cells keep; None when they contradict each other."""
    after: dict[str, set[str]] = {}
    for pieces in cells:
        for first, second in pairwise(pieces):
            after.setdefault(first, set()).add(second)
            after.setdefault(second, set())
    before = {piece: sum(piece in later for later in after.values()) for piece in after}
    free = [piece for piece, count in before.items() if not count]
    ordered: list[str] = []
    while free:
        ordered.append(free.pop(0))
        for later in sorted(after[ordered[-1]]):
            before[later] -= 1
            if not before[later]:
                free.append(later)
    return tuple(ordered) if len(ordered) == len(after) else None


@dataclass(frozen=True)
class Family:
    """Columns of 0 and 1 that are the options of one question.

    Attributes
    ----------
    question : str
        What their headers share.
    options : dict of str to str
        Header → option.
    """

    question: str
    options: dict[str, str]


def families(frame: pd.DataFrame, headers: Sequence[str]) -> list[Family]:
    """Neighbouring columns of 0 and 1 whose headers share a question and that are empty in the same rows.

    Parameters
    ----------
    frame : DataFrame of str
    headers : sequence of str
        Columns to look at, in the order of the file.
    """
    found: list[Family] = []
    run: list[str] = []
    shared: dict[str, dict[str, str]] = {}
    for header in [*headers, ""]:
        mine = {} if not header else dict(_marked(frame[header], header))
        both = {stem: {**shared[stem], header: rest} for stem, rest in mine.items() if stem in shared}
        if both:
            run, shared = [*run, header], both
            continue
        if len(run) > 1:
            stem = max(shared, key=len)
            if _empty_together(frame[run], shared[stem]):
                found.append(Family(stem, shared[stem]))
        run, shared = [header], {stem: {header: rest} for stem, rest in mine.items()}
    return found


def mark_of(text: str, option: str) -> str | None:
    """``1``, ``0`` or ``""`` for a cell of a 0/1 column, which may hold the option's own text; None otherwise."""
    word = text.strip()
    if not word or word in EMPTY_WORDS:
        return ""
    return "1" if same(word) == same(option) else MARKS.get(word)


def _marked(column: pd.Series, header: str) -> Iterable[tuple[str, str]]:
    """Question and option that the header may name, when the column holds marks of that option."""
    words = [str(word).strip() for word in column.unique()]
    filled = [word for word in words if word and word not in EMPTY_WORDS]
    if not filled:
        return
    numbered = _NUMBERED.fullmatch(header)
    if numbered and set(filled) <= {"0", "1"}:
        yield numbered[1], numbered[2]
    for stem, rest in stems(header):
        mark = header[len(stem) :].strip()[:1]
        plain_marks = set(filled) <= set(MARKS)
        dashed = mark in "-—–" and not stem.isascii() and (not plain_marks or set(filled) <= {"0", "1"})
        if (mark in _FAMILY_MARKS or dashed) and (plain_marks or filled == [rest]):
            yield stem, rest


def _empty_together(frame: pd.DataFrame, options: Mapping[str, str]) -> bool:
    """Whether a row has all of the columns filled or none; columns that hold their own text are never both."""
    empty = np.column_stack([frame[header].str.strip().isin(("", *EMPTY_WORDS)).to_numpy() for header in options])
    own = [option in {str(word).strip() for word in frame[header].unique()} for header, option in options.items()]
    return all(own) or bool((empty.all(axis=1) | ~empty.any(axis=1)).all())
