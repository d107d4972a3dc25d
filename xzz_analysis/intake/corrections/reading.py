"""CSV, XLSX or YAML → log of corrections; what is not understood is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import yaml

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.intake.corrections.log import CHANGES, FIELDS, Change, Correction, Log, Problems, row_list
from xzz_analysis.intake.workbook import read_bytes, read_raw

_OTHER_NAMES = {
    "key": ("uuid", "_uuid", "x_uuid"),
    "question": ("questions",),
    "change": ("change_type",),
    "old": ("old_value",),
    "new": ("new_value",),
}
"""How IMPACT's cleaningtools names the columns."""
_FOR_READERS = ("wording", "old wording", "题目原文", "原值原文")
"""Columns of our own workbook that only help a person."""
_NEEDED = ("key", "question", "change")


def read_log(path: Path, columns: Mapping[str, str] | None = None) -> Log:
    """Read a log of corrections.

    Parameters
    ----------
    path : Path
        CSV, XLSX (its first sheet) or YAML (a list of mappings).
    columns : mapping of str to str, optional
        Header of the file → field of :class:`Correction`, or ``""`` for a column to leave out, where the headers
        are neither ours, in English or Chinese, nor those of cleaningtools.

    Returns
    -------
    Log
        In the order of the file. Rows without any decision are left out, with a finding.

    Raises
    ------
    InputError
        A column nobody knows or that is missing; rows with an unknown change, an unreadable day, no reason, no key,
        no question, or a new value that does not go with the change. All are told at once, none shows a value.
    """
    listed = path.suffix.lower() in (".yml", ".yaml")
    frame = _yaml_rows(path) if listed else read_raw(path).frame
    fields = _fields(list(frame.columns), columns or {}, path.name, () if listed else _NEEDED)
    frame = frame[list(fields)].rename(columns=fields)
    problems = Problems(path.name)
    made, undecided = [], []
    for row, written in enumerate(frame.to_dict("records"), start=1 if listed else 2):
        cells = dict.fromkeys(FIELDS, "") | {str(name): str(cell).strip() for name, cell in written.items()}
        if not cells["change"] and not cells["new"]:
            undecided += [row] if any(cells.values()) else []
        elif (correction := _correction(row, cells, problems)) is not None:
            made.append(correction)
    problems.refuse()
    return Log(path.name, tuple(made), _undecided(path.name, undecided))


def field_of(header: str) -> str:
    """The field that a header means, ``""`` for a column that only helps a person, ``"?"`` for an unknown one."""
    plain = " ".join(header.split()).casefold()
    if plain in _FOR_READERS or plain.split("/")[0].strip() in _FOR_READERS:
        return ""
    for name, label in FIELDS.items():
        known = (name, *label.values(), *_OTHER_NAMES.get(name, ()), f"{name} {label['zh']}")
        if plain in (one.casefold() for one in known):
            return name
    return "?"


def change_of(text: str) -> Change | None:
    """The change that a cell names, by its word or by its label in either language."""
    for change, label in CHANGES.items():
        if text.casefold() in (change, *label.values(), f"{change} {label['zh']}"):
            return change
    return None


def _fields(headers: Sequence[str], declared: Mapping[str, str], file: str, needed: Sequence[str]) -> dict[str, str]:
    """Header → field, for the columns that say something."""
    absent = [header for header in declared if header not in headers]
    wrong = [name for name in declared.values() if name and name not in FIELDS]
    if absent or wrong:
        what = f"a column {absent[0]!r}{suggest(absent[0], headers)}" if absent else f"a field {wrong[0]!r}"
        raise InputError(f"{file}: `columns` names {what}, which there is not; correct it in study.yml")
    found = {header: declared[header] if header in declared else field_of(header) for header in headers}
    unknown = [header for header, name in found.items() if name == "?"]
    if len(unknown) == len(headers):  # perhaps answers, which no message may show
        raise InputError(f"{file}: no column of its first row is known; write a header with {', '.join(FIELDS)}")
    if unknown:
        hints = "; ".join(f"{header!r}{suggest(header, FIELDS).replace('; ', ', ')}" for header in unknown[:5])
        raise InputError(
            f"{file}: {len(unknown)} column(s) are no part of a log of corrections ({hints}), so what they say would "
            f"be lost; rename them to one of {', '.join(FIELDS)}, delete them, or declare them under `columns`"
        )
    used = [name for name in found.values() if name]
    twice = sorted({name for name in used if used.count(name) > 1})
    missing = [name for name in needed if name not in used]
    missing += ["reason"] if needed and not {"reason", "issue"} & set(used) else []
    if twice or missing:
        said = f"two columns mean {twice[0]!r}" if twice else f"there is no column {', '.join(map(repr, missing))}"
        raise InputError(f"{file}: {said}, so the corrections are not certain; correct the header")
    return {header: name for header, name in found.items() if name}


def _correction(row: int, cells: Mapping[str, str], problems: Problems) -> Correction | None:
    """One line, or None when it has problems."""
    change = change_of(cells["change"])
    wrong = list(_objections(cells, change))
    for rule, said, remedy in wrong:
        problems.add(rule, "", said, remedy, row)
    if wrong or change is None:
        return None
    rest = {name: text for name, text in cells.items() if name != "change"}
    return Correction(row, change, **rest)


def _objections(cells: Mapping[str, str], change: Change | None) -> Iterable[tuple[str, str, str]]:
    """Rule, problem and remedy of everything that is wrong with a line."""
    if change is None:
        near = suggest(cells["change"], CHANGES)
        said = f"name the change {cells['change']!r}, which does not exist{near}" if near else "name no known change"
        yield "correction_change", said, f"write one of {', '.join(CHANGES)}"
    if not cells["key"]:
        yield "correction_key_empty", "name no record", "write the key of the record"
    if change in ("change_response", "blank_response") and not cells["question"]:
        yield "correction_question_empty", "name no question", "write the name of the question"
    if change != "no_action" and not (cells["reason"] or cells["issue"]):
        yield "correction_reason_empty", "give no reason", "write why the change is right"
    if change == "change_response" and not cells["new"]:
        yield "correction_new_empty", "give no new value", "write it, or blank_response to take the answer out"
    if change in ("blank_response", "remove_survey") and cells["new"]:
        yield "correction_new_unused", f"give a new value with {change}", "choose change_response, or delete the value"
    if cells["when"] and not _is_day(cells["when"]):
        yield "correction_day", "have a day that is not written YYYY-MM-DD", "write days like 2025-05-10"


def _is_day(text: str) -> bool:
    try:
        return bool(dt.datetime.fromisoformat(text)) and text[4:5] == "-"
    except ValueError:  # the caller reports it
        return False


def _undecided(file: str, rows: Sequence[int]) -> tuple[Finding, ...]:
    if not rows:
        return ()
    message = f"{len(rows)} row(s) name no change and are left out ({row_list(rows)})"
    remedy = "choose a change for each; no_action where the answer is right"
    return (Finding("warning", "correction_undecided", file, message, remedy, len(rows)),)


class _Texts(yaml.SafeLoader):
    """Every scalar as the text that was written, so that ``no`` stays an option and ``007`` a key."""

    yaml_implicit_resolvers: dict = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        names = [str(key.value) for key, _ in node.value]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise yaml.MarkedYAMLError(problem=f"{twice[0]!r} is written twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep=deep)


def _yaml_rows(path: Path) -> pd.DataFrame:
    """Entries of a YAML list as a table of text."""
    try:
        data = yaml.load(read_bytes(path).decode("utf-8-sig"), Loader=_Texts)
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is not UTF-8 (byte {error.start}); save it again as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", "") or "it cannot be read"
        raise InputError(f"{path.name}{line}: this is not YAML: {problem}; check indentation and colons") from None
    if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
        raise InputError(f"{path.name} is no list of corrections; begin each with '- key: …'")
    if any(not isinstance(value, str) for entry in data for value in entry.values()):
        raise InputError(f"{path.name}: a field holds a list or a mapping; write options joined by spaces")
    return pd.DataFrame(data, dtype="str").fillna("")
