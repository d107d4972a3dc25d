"""A coded file: one row per record, its key, and which themes its answer names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, Severity, suggest
from xzz_analysis.intake.answers import machine_names
from xzz_analysis.intake.workbook import read_raw, require_whole_key
from xzz_analysis.study.themes import NOTHING_SAID, CodedQuestion

TEXT, CODES, NOTE = "text", "codes", "note"
"""Columns of a coded file beside its key and its themes; the text and the notes are for coders and never read."""

_BETWEEN = re.compile(r"[;；]")


@dataclass(frozen=True)
class Coding:
    """What one coder says of one round.

    Attributes
    ----------
    keys : Series of str
        As written, each once; in memory only.
    marks : float array, shape (rows, themes)
        1 where the theme is named, 0 where not, NaN in rows that nobody has coded.
    """

    keys: pd.Series
    marks: np.ndarray


def read_coding(path: Path, coded: CodedQuestion, key: str) -> tuple[Coding | None, list[Finding]]:
    """Read one coded file, CSV or workbook.

    Parameters
    ----------
    path : Path
    coded : CodedQuestion
    key : str
        Name of the key's column, that of the table in study.yml.

    Returns
    -------
    tuple
        The coding (None when the file or one of its columns is not there) and every problem, with counts.

    Raises
    ------
    InputError
        The file is damaged, or a program has changed its keys.

    Notes
    -----
    A row has themes in one column ``codes`` (``bullying;friends``, ``none`` where the answer names none of them) or in
    a column of 0 and 1 for each theme. A row in which nothing is written has not been coded; in any other row an empty
    cell of a theme is a 0.
    """
    if not path.is_file():
        message, remedy = "the coded file does not exist", f"`xzz themes {coded.id}` writes an empty one to fill in"
        return None, [_finding("error", "theme_file_missing", path, message, remedy)]
    frame = read_raw(path).frame
    problems = list(_columns(list(frame.columns), coded, key, path))
    if problems:
        return None, problems
    require_whole_key(frame[key], path.name)
    keys = frame[key].str.strip()
    marks, findings = (_listed if CODES in frame else _ticked)(frame, coded, path)
    findings += _keys(keys, path)
    kept = (keys != "") & ~keys.duplicated(keep=False)
    return Coding(keys[kept].reset_index(drop=True), marks[kept.to_numpy()]), findings


def _columns(headers: Sequence[str], coded: CodedQuestion, key: str, path: Path) -> Iterator[Finding]:
    """What is wrong with the columns; their names are shown only where they look like names of themes."""
    if key not in headers:
        message = f"no column {key!r}, so no row can be tied to its record{suggest(key, machine_names(headers, 20))}"
        yield _finding("error", "theme_column", path, message, "name the column of keys as study.yml does")
        return
    own = [name for name in headers if name in coded.codes]
    if CODES in headers and own:
        message = f"themes are in the column {CODES!r} and in {len(own)} column(s) of their own"
        yield _finding("error", "theme_column", path, message, "keep one of the two ways", len(own))
    lacking = [name for name in coded.codes if name not in headers]
    if CODES not in headers and lacking:
        message = f"{len(lacking)} of {len(coded.codes)} theme(s) have no column: {', '.join(lacking[:5])}"
        yield _finding("error", "theme_column", path, message, "add the columns, or one column `codes`", len(lacking))
    strange = [name for name in headers if name not in {key, TEXT, CODES, NOTE, *coded.codes}]
    if strange:
        named = machine_names(strange)
        hint = suggest(named[0], coded.codes) if named else ""
        message = (
            f"{len(strange)} column(s) are no theme of {coded.id!r}: {', '.join(named) or 'no machine name'}{hint}"
        )
        remedy = "correct the names, declare the themes, or delete the columns; remarks go into `note`"
        yield _finding("error", "theme_unknown", path, message, remedy, len(strange))


def _listed(frame: pd.DataFrame, coded: CodedQuestion, path: Path) -> tuple[np.ndarray, list[Finding]]:
    """Themes from one column of codes."""
    names = list(coded.codes)
    said = [[part.strip() for part in _BETWEEN.split(cell) if part.strip()] for cell in frame[CODES]]
    unknown = [word for words in said for word in words if word not in coded.codes and word != NOTHING_SAID]
    marks = np.full((len(frame), len(names)), np.nan)
    both = 0
    for row, words in enumerate(said):
        if NOTHING_SAID in words and len(words) > 1:
            both += 1
        elif words and not set(words) - {*names, NOTHING_SAID}:
            marks[row] = [name in words for name in names]
    findings = []
    if unknown:
        shown = machine_names(unknown)
        hint = suggest(shown[0], names) if shown else ""
        message = f"{len(unknown)} code(s) are no theme of {coded.id!r}: {', '.join(shown) or 'no machine name'}{hint}"
        remedy = "correct them, or declare the theme; these rows count as not coded until then"
        findings.append(_finding("error", "theme_unknown", path, message, remedy, len(unknown)))
    if both:
        message = f"{both} row(s) hold {NOTHING_SAID!r} together with a theme"
        findings.append(_finding("error", "theme_cell", path, message, "keep what is meant", both))
    return marks, findings


def _ticked(frame: pd.DataFrame, coded: CodedQuestion, path: Path) -> tuple[np.ndarray, list[Finding]]:
    """Themes from a column of 0 and 1 for each."""
    cells = frame[list(coded.codes)].apply(lambda column: column.str.strip()).to_numpy(object)
    wrong = ~np.isin(cells, ["", "0", "1"])
    marks = np.where(cells == "1", 1.0, 0.0)
    marks[(cells == "").all(axis=1) | wrong.any(axis=1)] = np.nan
    if not wrong.any():
        return marks, []
    count = int(wrong.sum())
    message = f"{count} cell(s) of themes hold something other than 0, 1 or nothing"
    remedy = "write 1 where the answer names the theme; these rows count as not coded until then"
    return marks, [_finding("error", "theme_cell", path, message, remedy, count)]


def _keys(keys: pd.Series, path: Path) -> Iterator[Finding]:
    empty, twice = int((keys == "").sum()), int((keys.duplicated(keep=False) & (keys != "")).sum())
    if empty:
        message = f"{empty} of {len(keys):,} row(s) have no key, so they belong to no record"
        yield _finding("error", "theme_key_empty", path, message, "fill in the key, or delete the row", empty)
    if twice:
        message = f"{twice} of {len(keys):,} row(s) share a key with another, so it is not known which one holds"
        yield _finding("error", "theme_key_twice", path, message, "keep one row a record; none is used now", twice)


def _finding(severity: Severity, rule: str, path: Path, message: str, remedy: str, count: int = 1) -> Finding:
    return Finding(severity, rule, path.name, message, remedy, count)
