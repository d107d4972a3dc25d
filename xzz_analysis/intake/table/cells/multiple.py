"""A select-multiple question: one cell of space-joined names, 0/1 columns per option, or both."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.intake.answers import Question, Reason
from xzz_analysis.intake.table.cells.reading import EMPTY, Cells, Coding, distinct, objects, unlisted_answers

_YES, _NO = ("1", "1.0", "true", "yes"), ("", "0", "0.0", "false", "no")
_CONSEQUENCE = "the other options of an answer stand, an answer without any counts as invalid"


@dataclass
class _Marks:
    """What was chosen.

    Attributes
    ----------
    chosen : bool array of shape (rows, options)
    strange : bool array of shape (rows,)
        A word was recorded that is no option.
    filled : bool array of shape (rows,)
        Something was recorded.
    empty : int8 array of shape (rows,)
        Why nothing was, BLANK where nobody says.
    offered : set of str
        Options that could be chosen.
    """

    chosen: np.ndarray
    strange: np.ndarray
    filled: np.ndarray
    empty: np.ndarray
    offered: set[str]


def read_multiple(
    question: Question,
    whole: pd.Series | None,
    options: Mapping[str, pd.Series],
    unlisted: Mapping[str, pd.Series],
    coding: Coding,
) -> Cells:
    """Type a select-multiple question.

    Parameters
    ----------
    question : Question
    whole : Series of str, or None
        The question's own column, names joined by spaces.
    options : mapping of option name to Series of str
        The 0/1 columns.
    unlisted : mapping of str to Series of str
        0/1 columns of what the list of the form lacks.
    coding : Coding

    Returns
    -------
    Cells
        One column of 0/1 per option that is an answer and was offered: with 0/1 columns alone, an option without a
        column was not, nor one whose column is empty where the others hold 0. The own column wins over the 0/1
        columns. A cell with only declared codes has that reason; with only words that are no options it is invalid.
    """
    listed = [option.name for option in question.options]
    names = [*listed, *(code for code in coding.missing if code not in listed)]
    split, findings = _from_options(question, names, {**options, **unlisted}, coding)
    if whole is None:
        marks, strange = split, [word for word, column in unlisted.items() if column.isin(_YES).any()]
        seen = _joined(marks.chosen, names)
    else:
        marks, strange, seen = _from_whole(whole, names, coding)
        if options:
            findings += _disagreements(question, marks, split, [names.index(name) for name in options], coding)
    declared = np.array([name in coding.missing for name in names], dtype=bool)
    reasons = _reasons(marks, names, declared, coding)
    if strange:
        findings.append(unlisted_answers(question, strange, int(marks.strange.sum()), coding, _CONSEQUENCE))
    mixed = int((marks.chosen[:, declared].any(axis=1) & (reasons == Reason.ANSWERED)).sum())
    if mixed:
        message = f"{mixed} answer(s) join a declared code with options; the options stand"
        remedy = "correct the answers, or the form's constraint"
        findings.append(coding.finding("code_with_options", question.name, message, remedy, mixed))
    answered = reasons == Reason.ANSWERED
    kept = replace(question, options=coding.options(question))
    values = {
        f"{question.name}/{option.name}": np.where(answered, marks.chosen[:, names.index(option.name)], np.nan)
        for option in kept.options
        if option.name in marks.offered
    }
    return Cells(kept, values, reasons, np.where(reasons == Reason.INVALID, "", seen), findings)


def _from_whole(whole: pd.Series, names: Sequence[str], coding: Coding) -> tuple[_Marks, list[str], np.ndarray]:
    """Marks, words that are no options, and the cells as the form saw them."""
    codes, texts = distinct(whole)
    reasons = coding.reasons(texts)
    words = [[] if reason in EMPTY else text.split() for reason, text in zip(reasons, texts, strict=True)]
    place = {name: position for position, name in enumerate(names)}
    chosen = np.zeros((len(texts), len(names)), dtype=bool)
    for row, found in enumerate(words):
        chosen[row, [place[word] for word in found if word in place]] = True
    strange = np.array([any(word not in place for word in found) for found in words], dtype=bool)
    filled = np.array([bool(found) for found in words], dtype=bool)
    unknown = [word for found in words for word in found if word not in place]
    empty = np.where(np.isin(reasons, EMPTY), reasons, Reason.BLANK).astype(np.int8)
    marks = _Marks(chosen[codes], strange[codes], filled[codes], empty[codes], set(names))
    return marks, unknown, objects([" ".join(found) for found in words])[codes]


def _from_options(
    question: Question, names: Sequence[str], columns: Mapping[str, pd.Series], coding: Coding
) -> tuple[_Marks, list[Finding]]:
    rows = len(next(iter(columns.values()), ()))
    nothing = np.full(rows, Reason.BLANK, np.int8)
    marks = _Marks(np.zeros((rows, len(names)), dtype=bool), np.zeros(rows, bool), np.zeros(rows, bool), nothing, set())
    unreadable, told = 0, {}
    for name, column in columns.items():
        codes, texts = distinct(column)
        words = [text.lower() for text in texts]
        mark = np.isin(words, (*_YES, *_NO))
        reasons = np.where(mark, Reason.ANSWERED, coding.reasons(texts)).astype(np.int8)
        told[name] = {word for word, reason in zip(words, reasons, strict=True) if word and reason not in EMPTY}
        said = ~np.isin(reasons, (Reason.ANSWERED, Reason.BLANK))
        marks.empty[said[codes]] = reasons[codes][said[codes]]
        chosen = np.isin(words, _YES)[codes]
        unreadable += int((~mark & (reasons == Reason.ANSWERED))[codes].sum())
        if name in names:
            marks.chosen[:, names.index(name)] = chosen
        else:
            marks.strange |= chosen
        marks.filled |= chosen
    zeros = any(words.intersection(_NO) for words in told.values())
    marks.offered |= {name for name, words in told.items() if words or not zeros}
    if not unreadable:
        return marks, []
    message = f"{unreadable} cell(s) of its option columns hold neither 0 nor 1; they count as not chosen"
    remedy = "export the option columns as 0 and 1"
    return marks, [coding.finding("value_unreadable", question.name, message, remedy, unreadable)]


def _disagreements(
    question: Question, marks: _Marks, split: _Marks, compared: Sequence[int], coding: Coding
) -> list[Finding]:
    """Rows where the option columns say otherwise than the question's own column."""
    differ = (marks.chosen[:, compared] != split.chosen[:, compared]).any(axis=1)
    count = int((differ & (marks.filled | split.filled)).sum())
    if not count:
        return []
    message = f"in {count} answer(s) the option columns disagree with the question's own column, which is used"
    remedy = "find out which was edited after export, or leave one of the two out of the export"
    return [coding.finding("options_disagree", question.name, message, remedy, count)]


def _reasons(marks: _Marks, names: Sequence[str], declared: np.ndarray, coding: Coding) -> np.ndarray:
    reasons = np.where(marks.filled, Reason.INVALID, marks.empty)
    for position in reversed(np.flatnonzero(declared)):
        reasons[marks.chosen[:, position]] = coding.missing[names[position]]
    reasons[marks.chosen[:, ~declared].any(axis=1)] = Reason.ANSWERED
    return reasons.astype(np.int8)


def _joined(chosen: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Names of the chosen options, joined by spaces as the form joins them."""
    packed = np.packbits(chosen, axis=1)
    codes, _ = pd.factorize(packed.view(f"S{packed.shape[1]}").ravel())
    first = np.unique(codes, return_index=True)[1]
    return objects([" ".join(itertools.compress(names, row)) for row in chosen[first]])[codes]
