"""Every column of an export in one of four classes, by rule, in a file that a person confirms.

The rules propose and a person decides: what ``privacy.yml`` confirms is never overruled. Until then a column that
looks like a direct identifier stops the build.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from xzz_analysis.declaration import Declaration, check, read_yaml, refuse
from xzz_analysis.errors import Finding
from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.privacy.identifiers import find
from xzz_analysis.intake.privacy.patterns import COMPOUND_SURNAMES, SURNAMES
from xzz_analysis.language import Label

Class = Literal["direct", "quasi", "sensitive", "ordinary"]

CLASSES: dict[Class, Label] = {
    "direct": {"zh": "直接标识符", "en": "direct identifier"},
    "quasi": {"zh": "准标识符", "en": "quasi-identifier"},
    "sensitive": {"zh": "敏感信息", "en": "sensitive"},
    "ordinary": {"zh": "普通信息", "en": "ordinary"},
}
"""What a column may be. Direct identifiers go to the vault; the others stay."""

PRIVACY_FILE = "privacy.yml"
SAMPLE = 500
"""Cells of a column that are looked at, evenly spread over the records."""

_ROLES: dict[str, Class] = {"key": "direct", "ip": "direct", "device": "direct", "interviewer": "quasi"}
_FEW = 12
"""A column with at most so many different cells, and many records, names nobody."""
_NAME = re.compile(rf"(?:[{SURNAMES}]|{COMPOUND_SURNAMES})[\u4e00-\u9fff]{{1,2}}")
_SHORT = 16
"""A label longer than this tells a story around its words, so that they are worth less."""
_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9_\-]{5,}")
_PLATFORM = re.compile(
    r"_?(?:index|id|uuid|submission_time|submitted_by|status|version|__version__|notes|tags|validation_status|"
    r"parent_index|parent_table_name|submission__\w+|root_uuid|xform_id_string)|meta/\w+|instanceID|rootUuid|"
    r"formhub/uuid|start|end|today|序号|总分|所用时间|提交答卷时间|来源(?:详情)?",
    re.IGNORECASE,
)
"""Columns that a survey platform adds: they number records, and are never kept."""
_HEAD = """# Which columns tell who somebody is. `xzz check` proposes a class for every column; read each line and write
# `confirmed: yes`. Classes: direct (goes to the vault, never into a report), quasi (tells who somebody is together
# with others: age, school, community), sensitive (health, abuse, debts), ordinary.
"""


class ColumnClass(Declaration):
    """The class of one column, why, and whether a person confirmed it."""

    kind: Class = Field(alias="class")
    reason: str = ""
    confirmed: bool = False


Confirmed = Mapping[str, Mapping[str, ColumnClass]]
"""Unit → column → class, as ``privacy.yml`` has it."""


class _Guess(NamedTuple):
    kind: Class
    rule: str
    confidence: float


def classify(export: Export, keys: Collection[str] = ()) -> pd.DataFrame:
    """Propose a class for every column of an export.

    Parameters
    ----------
    export : Export
    keys : collection of str
        Columns that study.yml names as keys, the parent's too; they are replaced by keyed hashes.

    Returns
    -------
    DataFrame
        One row per column, a select-multiple counting as one: ``column``, ``kind`` (one of :data:`CLASSES`),
        ``rule`` (what decided, with the word or the share of cells, never a cell) and ``confidence`` from 0 to 1.

    Notes
    -----
    In this order: the column's role; cells that are identifiers; words of its name and label; how its cells look
    (surnames, different codes for everybody). The classes are those of GB/T 37964-2019.
    """
    options = {name: question for name, question in export.form.questions.items() if question.kind == "select_multiple"}
    columns = dict.fromkeys(
        name.partition("/")[0] if name.partition("/")[0] in options else name for name in map(str, export.frame.columns)
    )
    roles = {header: role for role, header in export.roles.items()} | dict.fromkeys(keys, "key")
    rows = []
    for column in columns:
        question = export.form.questions.get(column)
        cells = _sample(export, column) if column in export.frame else pd.Series([], dtype=str)
        rows.append((column, *_guess(column, question, cells, roles.get(column, ""))))
    return pd.DataFrame(rows, columns=["column", "kind", "rule", "confidence"])


def read_classes(path: Path) -> dict[str, dict[str, ColumnClass]]:
    """Read ``privacy.yml``.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        Unit → column → :class:`ColumnClass`; empty when there is no such file yet.

    Raises
    ------
    StudyError
        Not YAML, an unknown class or key, a column written twice; all problems at once.
    """
    if not path.is_file():
        return {}
    data, findings = read_yaml(path)
    classes: dict[str, dict[str, ColumnClass]] = {}
    for unit, columns in (data if isinstance(data, dict) else {}).items():
        for column, entry in (columns if isinstance(columns, dict) else {}).items():
            made, problems = check(ColumnClass, entry, f"{path.name}: {unit}.{column}")
            findings += problems
            if made is not None:
                classes.setdefault(str(unit), {})[str(column)] = made
    refuse(path, findings)
    return classes


def write_classes(path: Path, found: Mapping[str, pd.DataFrame], confirmed: Confirmed | None = None) -> None:
    """Write ``privacy.yml`` for a person to confirm.

    Parameters
    ----------
    path : Path
    found : mapping of unit to DataFrame
        What :func:`classify` proposes.
    confirmed : mapping, optional
        What the file holds now: confirmed lines stay as they are, also of columns that no export has any more.
    """
    lines = [_HEAD]
    for unit in dict.fromkeys([*found, *(confirmed or {})]):
        table = found.get(unit, pd.DataFrame(columns=["column", "kind", "rule"]))
        entries = {
            str(column): ColumnClass.model_validate({"class": kind, "reason": rule})
            for column, kind, rule in zip(table["column"], table["kind"], table["rule"], strict=True)
        }
        entries |= {column: entry for column, entry in (confirmed or {}).get(unit, {}).items() if entry.confirmed}
        lines.append(f"{_quoted(unit)}:\n")
        lines += [
            f"  {_quoted(column)}: {{class: {entry.kind}, confirmed: {'yes' if entry.confirmed else 'no'}, "
            f"reason: {_quoted(entry.reason)}}}\n"
            for column, entry in entries.items()
        ]
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text("".join(lines), encoding="utf-8", newline="\n")
    temporary.replace(path)


def check_classes(found: Mapping[str, pd.DataFrame], confirmed: Confirmed, file: str = PRIVACY_FILE) -> list[Finding]:
    """Compare what the rules see with what a person confirmed.

    Parameters
    ----------
    found : mapping of unit to DataFrame
        Of :func:`classify`.
    confirmed : mapping
        Of :func:`read_classes`.
    file : str
        Name of the file, for the findings.

    Returns
    -------
    list of Finding
        An error for every unconfirmed column that looks like a direct identifier; a warning where a confirmed class
        is milder than what nearly every cell shows; per unit a note of the other unconfirmed columns. Columns that
        have a role (keys, devices) need nobody to confirm them.
    """
    findings = []
    for unit, table in found.items():
        known = confirmed.get(unit, {})
        waiting = 0
        for column, kind, rule, confidence in table.itertuples(index=False):
            entry = known.get(column)
            where = f"{file}: {unit}.{column}"
            if rule.startswith("role"):
                continue  # the reader or study.yml says what it is
            if entry is None or not entry.confirmed:
                waiting += kind != "direct"
                if kind == "direct":
                    message = f"column {column!r} looks like a direct identifier ({rule}), and nobody has confirmed it"
                    remedy = f"write its class in {file}, with `confirmed: yes`: direct puts it into the vault"
                    findings.append(Finding("error", "identifier_unconfirmed", where, message, remedy))
            elif kind == "direct" and entry.kind != "direct" and confidence >= 0.9 and rule.startswith("cells"):
                message = f"column {column!r} is confirmed as {entry.kind}, yet {rule}"
                findings.append(Finding("warning", "class_doubtful", where, message, "look at the column again"))
        if waiting:
            message = f"{waiting} column(s) of unit {unit!r} have a proposed class that nobody has confirmed"
            findings.append(
                Finding("note", "class_unconfirmed", f"{file}: {unit}", message, f"confirm them in {file}", waiting)
            )
    return findings


def columns_of(kind: Class, found: pd.DataFrame, confirmed: Mapping[str, ColumnClass]) -> list[str]:
    """Columns of one class: as confirmed, and where nobody has confirmed, as found."""
    settled = {column: entry.kind for column, entry in confirmed.items() if entry.confirmed}
    proposed = dict(zip(map(str, found["column"]), found["kind"], strict=True))
    return [column for column, guess in proposed.items() if settled.get(column, guess) == kind]


def _sample(export: Export, column: str) -> pd.Series:
    cells = export.frame[column]
    cells = cells[~cells.isin({"", *export.words})]
    return cells.iloc[np.unique(np.linspace(0, len(cells) - 1, min(SAMPLE, len(cells))).astype(int))]


def _guess(column: str, question: Question | None, cells: pd.Series, role: str) -> _Guess:
    if role in _ROLES:
        return _Guess(_ROLES[role], f"role {role}", 1.0)
    if role or _PLATFORM.fullmatch(column):
        return _Guess("ordinary", f"role {role}" if role else "column of the platform", 0.9)
    named = _by_words(column, question)
    if question is not None and question.kind in ("select_one", "select_multiple"):
        return named if named.kind != "direct" else _Guess("ordinary", f"question with options, {named.rule}", 0.6)
    found = _by_cells(cells)
    if found is not None and found.confidence >= 0.9:
        return found
    if named.kind == "direct" and not _denied(named, cells, found):
        return named
    if found is not None:
        return found
    if question is not None and question.kind == "text":
        return _Guess("sensitive", "free text", 0.6)
    if named.kind in ("quasi", "sensitive"):
        return named
    return _by_codes(cells, question)


@functools.cache
def _words() -> dict[Class, re.Pattern[str]]:
    """Words of names and labels, one pattern per class, most telling class first."""
    lists, _ = read_yaml(Path(__file__).with_name("words.yml"))
    kinds: tuple[Class, ...] = ("direct", "sensitive", "quasi")
    ignored = {"direct": "|".join(map(re.escape, lists["not"]))}
    return {
        kind: re.compile(
            rf"(?:{ignored.get(kind, '(?!)')})|(?P<word>{'|'.join(lists[kind]['zh'])}|{_english(lists[kind]['en'])})",
            re.I,
        )
        for kind in kinds
    }


def _english(words: Iterable[str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return rf"(?<![A-Za-z])(?:{'|'.join(longest_first)})s?(?![A-Za-z])"


def _by_words(column: str, question: Question | None) -> _Guess:
    """The first word of the lists that stands in the column's name or in a label."""
    name = re.sub(r"[_.\-/]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column))
    labels = list(question.label.values()) if question is not None else []
    for kind, pattern in _words().items():
        for text in (name, *labels):
            word = next((match["word"] for match in pattern.finditer(text) if match["word"]), None)
            if word is not None:
                return _Guess(kind, f"word {word!r}", 0.9 if text is name or len(text) <= _SHORT else 0.7)
    return _Guess("ordinary", "no rule", 0.5)


def _denied(named: _Guess, cells: pd.Series, found: _Guess | None) -> bool:
    """Whether the cells show that a word meant something else, such as 手机 in 每天看手机几小时."""
    if not len(cells):
        return False
    few = len(cells) >= 4 * _FEW and cells.nunique() <= _FEW
    short_numbers = cells.str.fullmatch(r"\d{1,4}(\.\d{1,2})?").mean() > 0.9
    long_question = named.confidence < 0.9 and found is None and len(cells) >= 20
    return bool(few or short_numbers or long_question)


def _by_cells(cells: pd.Series) -> _Guess | None:
    """Cells that are identifiers, or hold some."""
    if not len(cells):
        return None
    spans = find(cells)
    lengths = cells.str.len().to_numpy()
    covered = np.bincount(spans["row"], weights=spans["end"] - spans["start"], minlength=len(cells))
    whole = (covered >= 0.6 * lengths) & (covered > 0)
    surnames = cells.str.strip().str.fullmatch(_NAME) & (cells.str.strip().str.len() >= 2)
    if whole.mean() >= 0.2:
        kind = spans.loc[spans["row"].isin(np.flatnonzero(whole)), "kind"].mode()[0]
        return _Guess("direct", f"cells: {kind} in {whole.mean():.0%} of them", 0.99 if whole.mean() > 0.8 else 0.9)
    if surnames.mean() >= 0.7 and cells.nunique() > min(_FEW, 0.5 * len(cells)):
        return _Guess("direct", f"cells: like names in {surnames.mean():.0%} of them", 0.9)
    holding = spans["row"].nunique()
    if holding:
        kinds = ", ".join(sorted(spans["kind"].unique()))
        return _Guess("sensitive", f"cells: {kinds} inside the text of {holding} in {len(cells)}", 0.85)
    return None


def _by_codes(cells: pd.Series, question: Question | None) -> _Guess:
    """Codes that differ for everybody tell who somebody is to those who have the list."""
    if question is None and len(cells) >= 20:
        different = cells.nunique() / len(cells)
        codes = cells.str.fullmatch(_CODE).mean()
        if different > 0.95 and codes > 0.9:
            return _Guess("quasi", f"cells: codes, {different:.0%} of them different", 0.6)
    return _Guess("ordinary", "no rule", 0.5)


def _quoted(text: str) -> str:
    """A YAML scalar that means this text and nothing else."""
    return json.dumps(text, ensure_ascii=False)
