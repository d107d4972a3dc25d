"""The two flavours of one export side by side: which records, which codes, and where they disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.intake.wjx.files import BLANK, INTEGER, SKIPPED, Column, WjxFile, without_words
from xzz_analysis.intake.wjx.headings import tidy

KEY = "序号"
SAME = 0.95
"""Part of the records from which on two columns that hold the same text are one text question."""


@dataclass(frozen=True)
class Pairs:
    """Records that both files hold.

    Attributes
    ----------
    text, number : int array of shape (pairs,)
        Rows of the record in either file.
    findings : tuple of Finding
    """

    text: np.ndarray
    number: np.ndarray
    findings: tuple[Finding, ...] = ()


def pair_rows(text: WjxFile, number: WjxFile) -> Pairs:
    """Pair the records by the platform's number (序号), or by order where neither file has one.

    Records that only one file holds become a finding: they were exported at different times.
    """
    keys = [_keys(file) for file in (text, number)]
    if any(key is None or key.has_duplicates for key in keys) or keys[0] is None or keys[1] is None:
        return _by_order(text, number)
    found = keys[1].get_indexer(keys[0])
    rows = np.flatnonzero(found >= 0)
    lost, more = len(keys[1]) - len(rows), len(keys[0]) - len(rows)
    findings = []
    where = f"{text.name}, {number.name}"
    remedy = "export both again, one right after the other"
    if lost:
        message = f"{lost} record(s) are in {number.name} only, and would be lost"
        findings.append(Finding("error", "flavours_records", where, message, remedy, lost))
    if more:
        message = f"{more} record(s) are in {text.name} only, and could not be compared"
        findings.append(Finding("warning", "flavours_records", where, message, remedy, more))
    return Pairs(rows, found[rows], tuple(findings))


def _keys(file: WjxFile) -> pd.Index | None:
    column = next((header for header in map(str, file.rest) if tidy(header) == KEY), None)
    return None if column is None else pd.Index(file.rest[column].str.strip())


def _by_order(text: WjxFile, number: WjxFile) -> Pairs:
    where = f"{text.name}, {number.name}"
    sizes = len(text.rest), len(number.rest)
    remedy = f"export both again with the column {KEY!r}"
    if sizes[0] != sizes[1]:
        message = f"they hold {sizes[0]:,} and {sizes[1]:,} records and no unique {KEY!r}, so none could be compared"
        nothing = np.array([], dtype=int)
        finding = Finding("error", "flavours_records", where, message, remedy, abs(sizes[0] - sizes[1]))
        return Pairs(nothing, nothing, (finding,))
    message = f"they have no unique {KEY!r}; their records were paired in the order of the files"
    rows = np.arange(sizes[0])
    return Pairs(rows, rows, (Finding("warning", "flavours_records", where, message, remedy, sizes[0]),))


@dataclass(frozen=True)
class Learnt:
    """Wordings of options and their codes, from records that both files hold.

    Attributes
    ----------
    codes : dict of str to str
        Wording → code, ``""`` where another wording has a better claim on the code.
    """

    codes: dict[str, str]

    @property
    def clear(self) -> bool:
        """Whether every wording has a code of its own."""
        return all(self.codes.values())


def learn_codes(columns: Sequence[tuple[Column, Column]], pairs: Pairs) -> Learnt | None:
    """Codes of the options of one question, or of the rows of one matrix.

    Parameters
    ----------
    columns : sequence of (Column, Column)
        The question by text and by number.
    pairs : Pairs

    Returns
    -------
    Learnt or None
        Each wording has the code it stands beside most often. ``None`` when the question has no codes: both files
        hold the same text or number.
    """
    counts = Counter[tuple[str, str]]()
    for text, number in columns:
        counts.update(_together(text, number, pairs))
    total = sum(counts.values())
    same = sum(count for (wording, code), count in counts.items() if wording == code)
    coded = sum(count for (_, code), count in counts.items() if INTEGER.fullmatch(code))
    if not total or same >= SAME * total or coded < SAME * total:
        return None
    codes: dict[str, str] = {wording: "" for wording, _ in counts}
    claimed: set[str] = set()
    for (wording, code), _ in counts.most_common():
        if not codes[wording] and code not in claimed and INTEGER.fullmatch(code):
            codes[wording] = code
            claimed.add(code)
    return Learnt(codes)


def _together(text: Column, number: Column, pairs: Pairs) -> Mapping[tuple[str, str], int]:
    """How often each wording stands beside each code."""
    width = len(number.texts)
    both = text.codes[pairs.text].astype(np.int64) * width + number.codes[pairs.number]
    counts = Counter[tuple[str, str]]()
    missing = ("", SKIPPED, BLANK)
    for pair, count in zip(*np.unique(both, return_counts=True), strict=True):
        wording, code = without_words(text.texts[pair // width]), without_words(number.texts[pair % width])
        if wording not in missing and code not in missing:
            counts[wording, code] += int(count)
    return counts


def compare(
    text: Mapping[str, pd.Series], number: Mapping[str, pd.Series], pairs: Pairs, columns: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Count the records where the two flavours disagree.

    Parameters
    ----------
    text, number : mapping of str to Series of str
        Columns of the export, read from either file.
    pairs : Pairs
    columns : mapping of str to sequence of str
        Question → its columns.

    Returns
    -------
    DataFrame
        One row per question that both files hold: ``question``, ``compared`` and ``mismatches``, in records. An
        empty cell and ``(空)`` are the same.
    """
    counted = []
    for question, names in columns.items():
        shared = [name for name in names if name in text and name in number]
        if shared:
            differ = np.zeros(len(pairs.text), dtype=bool)
            for name in shared:
                first, second = text[name].array.take(pairs.text), number[name].array.take(pairs.number)
                empty = [np.asarray((cells == "") | (cells == BLANK), dtype=bool) for cells in (first, second)]
                differ |= np.asarray(first != second, dtype=bool) & ~(empty[0] & empty[1])
            counted.append((question, len(differ), int(differ.sum())))
    return pd.DataFrame(counted, columns=["question", "compared", "mismatches"])
