"""Division codes of twelve digits (统计用区划代码): read as text, checked with their parents, carried over to new ones.

A code is 2 digits of the province, 2 of the city, 2 of the county, 3 of the town (街道、镇、乡) and 3 of the community
(村、居委会); a level that a code does not reach is written with zeros.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.intake.workbook import read_raw

LEVELS: dict[str, tuple[int, int]] = {
    "province": (0, 2),
    "city": (2, 4),
    "county": (4, 6),
    "town": (6, 9),
    "community": (9, 12),
}
"""Level → its digits."""

WIDTH = 12
_WIDTHS = frozenset(end for _, end in LEVELS.values())
_PROVINCES = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 82))
    for code in range(first, last + 1)
)
"""First two digits in use (GB/T 2260)."""

_EXPONENT = r"\s*\d(?:[.,]\d*)?[eE]\+?\d{1,2}\s*"
_AGAIN = "export the column as text again (Excel: format it as Text before typing or pasting), or take the codes anew"
_SHOWN = 5
_WHOLE = 1e15


def level_of(code: str) -> str:
    """The level that a code of twelve digits names: its last group that is not zero; ``""`` for zeros only."""
    found = [level for level, (start, end) in LEVELS.items() if code[start:end].strip("0")]
    return found[-1] if found else ""


def parent_of(code: str) -> str:
    """The code one level up, ``""`` above a province; a town right under a city has the city for its parent."""
    level = level_of(code)
    above = code[: LEVELS[level][0]] if level else ""
    return above.ljust(WIDTH, "0") if above else ""


def read_codes(values: pd.Series, where: str, level: str = "") -> tuple[pd.Series, list[Finding]]:
    """Codes as texts of twelve digits, and what is wrong with them.

    Parameters
    ----------
    values : Series of str or number
        Codes of 2, 4, 6, 9 or 12 digits; empty or missing where there is none.
    where : str
        File and column for messages.
    level : str, optional
        The level all of them have to name, one of :data:`LEVELS`.

    Returns
    -------
    tuple
        Series of str on the same index, ``""`` where there is no code, and findings: ``code_padded``, ``code_decimal``
        (notes), ``code_length``, ``code_province``, ``code_parent`` and ``code_level`` (errors).

    Raises
    ------
    InputError
        Codes in a form such as ``4.40402E+11``: a spreadsheet program has dropped their digits; the rows are counted.
        An unknown level.

    References
    ----------
    统计用区划代码和城乡划分代码编制规则, National Bureau of Statistics (2009); GB/T 2260-2007.
    """
    if level and level not in LEVELS:
        raise InputError(f"level {level!r} of codes is not known{suggest(level, LEVELS)}; it is one of {list(LEVELS)}")
    texts = as_texts(values).str.removeprefix("'")
    damaged = texts.str.fullmatch(_EXPONENT)
    if damaged.any():
        raise InputError(
            f"{where}: {int(damaged.sum()):,} of {int((texts != '').sum()):,} rows hold a code like "
            f"{texts[damaged].iloc[0]!r}: a spreadsheet program took the code for a number, and the digits it dropped "
            f"cannot be had back; {_AGAIN}"
        )
    findings: list[Finding] = []
    decimal = texts.str.fullmatch(r"\d+\.0+")
    if decimal.any():
        said = f"{int(decimal.sum()):,} code(s) were decimal numbers; all their digits are there"
        findings.append(Finding("note", "code_decimal", where, said, "keep codes as text", int(decimal.sum())))
    texts = texts.str.replace(r"\.0+$", "", regex=True)
    short = texts.str.len().isin(_WIDTHS - {WIDTH}) & texts.str.fullmatch(r"\d+")
    if short.any():
        said = f"{int(short.sum()):,} code(s) of fewer than {WIDTH} digits were filled with zeros"
        findings.append(Finding("note", "code_padded", where, said, "", int(short.sum())))
    codes = texts.mask(short, texts.str.pad(WIDTH, side="right", fillchar="0"))
    return codes, [*findings, *_problems(codes, where, level)]


def as_texts(values: pd.Series) -> pd.Series:
    """Cells as texts without blanks around them, full width folded; whole numbers without a decimal point."""
    cells = ["" if pd.isna(value) else _text(value) for value in values.array]
    folded = [unicodedata.normalize("NFKC", cell) for cell in cells]
    return pd.Series(folded, index=values.index, name=values.name, dtype="str")


def _text(value: object) -> str:
    if not isinstance(value, float):
        return str(value).strip()
    return str(int(value)) if value.is_integer() and abs(value) < _WHOLE else repr(float(value))


def _problems(codes: pd.Series, where: str, level: str) -> Iterator[Finding]:
    given = codes[codes != ""]
    whole = given.str.fullmatch(rf"\d{{{WIDTH}}}")
    yield from _wrong(given[~whole], where, "code_length", "have no 2, 4, 6, 9 or 12 digits", "correct them")
    given = given[whole]
    unknown = ~given.str[:2].isin(_PROVINCES)
    said = "begin with two digits that no province has"
    yield from _wrong(given[unknown], where, "code_province", said, "compare them with the list of the NBS")
    given = given[~unknown]
    filled = {name: given.str[start:end].str.strip("0") != "" for name, (start, end) in LEVELS.items()}
    orphan = (filled["county"] & ~filled["city"]) | (filled["town"] & ~filled["city"])
    orphan |= filled["community"] & ~filled["town"]
    said = "have no parent: a level above the one they name is zero"
    yield from _wrong(given[orphan], where, "code_parent", said, "compare them with the list of the NBS")
    if level:
        other = given[~orphan].map(level_of) != level
        said = f"name no {level}; a spreadsheet program that rounds codes leaves zeros at their end"
        yield from _wrong(given[~orphan][other], where, "code_level", said, _AGAIN)


def _wrong(codes: pd.Series, where: str, rule: str, said: str, remedy: str) -> Iterator[Finding]:
    if len(codes):
        yield Finding("error", rule, where, f"{len(codes):,} code(s) {said} ({_few(codes)})", remedy, len(codes))


def _few(codes: Collection[str]) -> str:
    shown = sorted(set(codes))
    more = f" and {len(shown) - _SHOWN:,} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more


def check_known(codes: pd.Series, known: Collection[str], where: str) -> list[Finding]:
    """Compare codes and their parents with a list of divisions.

    Parameters
    ----------
    codes : Series of str
        As :func:`read_codes` gives them.
    known : collection of str
        Codes of twelve digits that exist.
    where : str

    Returns
    -------
    list of Finding
        ``code_unknown`` (a warning: not in the list) and ``code_orphan`` (an error: the parent is not in it either).
    """
    there = frozenset(known)
    missing = sorted(set(codes[codes != ""]) - there)
    orphans = [code for code in missing if parent_of(code) not in there]
    young = [code for code in missing if parent_of(code) in there]
    findings = []
    if young:
        said = f"{len(young):,} code(s) are not in the list of divisions ({_few(young)})"
        findings.append(Finding("warning", "code_unknown", where, said, "they may be old: see changes", len(young)))
    if orphans:
        said = f"{len(orphans):,} code(s) and their parents are not in the list of divisions ({_few(orphans)})"
        findings.append(Finding("error", "code_orphan", where, said, "correct them, or add the change", len(orphans)))
    return findings


@dataclass(frozen=True)
class CodeChanges:
    """Codes that were replaced.

    Attributes
    ----------
    latest : mapping of str to str
        Old code → the code in use now, through any number of changes.
    divided : mapping of str to tuple of str
        Old code → the codes it was divided into: which one is meant, a person has to say.
    """

    latest: Mapping[str, str]
    divided: Mapping[str, tuple[str, ...]]


_OLD, _NEW = ("old", "旧代码", "原代码"), ("new", "新代码", "现代码")


def read_code_changes(path: Path) -> CodeChanges:
    """Read a table of replaced codes, which the user keeps.

    Parameters
    ----------
    path : Path
        CSV or workbook with columns ``old`` and ``new`` (旧代码、新代码); others (date, reason) are for people. One old
        code in several rows was divided.

    Returns
    -------
    CodeChanges

    Raises
    ------
    InputError
        The file or a column is missing, codes are damaged or wrong, or changes run in a circle.
    """
    frame = read_raw(path).frame
    columns = []
    for names in (_OLD, _NEW):
        found = next((name for name in frame if str(name).strip().casefold() in names), None)
        if found is None:
            raise InputError(f"{path.name} has no column {names[0]!r}{suggest(names[0], frame.columns)}; add it")
        columns.append(found)
    read = [read_codes(frame[name], f"{path.name}: {name}") for name in columns]
    wrong = [finding for _, findings in read for finding in findings if finding.severity == "error"]
    if wrong:
        raise InputError(f"{path.name} has {len(wrong)} problem(s) to correct", wrong)
    steps: dict[str, set[str]] = {}
    for old, new in zip(read[0][0], read[1][0], strict=True):
        if old and new and old != new:
            steps.setdefault(old, set()).add(new)
    divided = {old: tuple(sorted(new)) for old, new in sorted(steps.items()) if len(new) > 1}
    once = {old: next(iter(new)) for old, new in steps.items() if len(new) == 1}
    return CodeChanges({old: _follow(old, once, path.name) for old in sorted(once)}, divided)


def _follow(code: str, steps: Mapping[str, str], file: str) -> str:
    seen = [code]
    while (following := steps.get(seen[-1])) is not None:
        if following in seen:
            raise InputError(f"{file}: changes run in a circle ({' → '.join([*seen, following])}); take one out")
        seen.append(following)
    return seen[-1]


def update_codes(codes: pd.Series, changes: CodeChanges, where: str) -> tuple[pd.Series, list[Finding]]:
    """Replace old codes by those in use.

    Parameters
    ----------
    codes : Series of str
        As :func:`read_codes` gives them.
    changes : CodeChanges
    where : str

    Returns
    -------
    tuple
        The codes on the same index, and findings: ``code_changed`` (a note), ``code_merged`` (a warning: rows that had
        different codes share one now) and ``code_divided`` (a warning: left as they are, a person has to choose).
    """
    new = codes.map(lambda code: changes.latest.get(code, code)).astype("str")
    changed = new != codes
    findings = []
    if changed.any():
        said = f"{int(changed.sum()):,} code(s) were replaced by those in use"
        findings.append(Finding("note", "code_changed", where, said, "", int(changed.sum())))
    merged = new[(new != "") & new.duplicated(keep=False) & ~codes.duplicated(keep=False)]
    if len(merged):
        said = f"{len(merged):,} rows had different codes and share one now ({_few(merged)})"
        findings.append(Finding("warning", "code_merged", where, said, "add them up, or keep one row", len(merged)))
    divided = sorted(set(new) & set(changes.divided))
    if divided:
        into = "; ".join(f"{code} into {', '.join(changes.divided[code])}" for code in divided[:_SHOWN])
        said = f"{len(divided):,} code(s) were divided ({into}), and nothing tells which part is meant"
        findings.append(Finding("warning", "code_divided", where, said, "write the new code in the file", len(divided)))
    return new, findings
