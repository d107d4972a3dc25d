"""The file in which a person confirms what the columns of a spreadsheet are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import model_validator

from xzz_analysis.declaration import Declaration, check, read_yaml, refuse
from xzz_analysis.errors import Finding, StudyError
from xzz_analysis.intake.answers import Kind
from xzz_analysis.intake.codebook.kinds import Confidence

Role = Literal["", "key", "submitted", "start", "end", "seconds", "source", "ip", "device", "interviewer", "version"]

_HEAD = """\
# 每一列是什么？请核对；confidence: low 的列必须改对并写 confirmed: true 后才能读取。
# What is each column? Please check; columns with confidence: low are read only once they are right and say
# confirmed: true. A column has a question with a kind (and an option, if it is a 0/1 column), or a role, or
# leave_out: true. options: text in the cell → name of the option. separator: what stands between several choices.
"""


class Column(Declaration):
    """What one column is: a question's answers, a role, or left out.

    Attributes
    ----------
    question, option : str
        Question; and its option, for a 0/1 column.
    role : str
        One of :data:`xzz_analysis.intake.export.ROLES`.
    leave_out : bool
    kind : Kind
    label : str
        Wording, where the header is not it.
    separator : str
        Between several choices of one cell; ``""`` when a cell never holds two.
    options : dict of str to str
        Text in the cell → option name.
    order : str
        Of the parts of a date.
    confidence : "high", "medium" or "low"
    because : str
        What the proposal rests on.
    confirmed : bool
        Whether a person has said that it is right.
    """

    question: str = ""
    option: str = ""
    role: Role = ""
    leave_out: bool = False
    kind: Kind | Literal[""] = ""
    label: str = ""
    separator: str = ""
    options: dict[str, str] = {}
    order: Literal["", "ymd", "dmy", "mdy"] = ""
    confidence: Confidence = "low"
    because: str = ""
    confirmed: bool = False

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.question != "") + (self.role != "") + self.leave_out != 1:
            raise ValueError("a column has one of question, role and leave_out: true")
        if self.question and not self.kind:
            raise ValueError("a question needs its kind, such as select_one or integer")
        if (self.option or self.separator) and self.kind != "select_multiple":
            raise ValueError("option and separator are for kind: select_multiple")
        return self


class Mapping(Declaration):
    """What every column of a spreadsheet is.

    Attributes
    ----------
    file, sheet : str
        The file it was proposed from, and its worksheet (``""`` for the first one).
    columns : dict of str to Column
        Header → what the column is.
    """

    file: str = ""
    sheet: str = ""
    columns: dict[str, Column]

    def open_questions(self) -> list[str]:
        """Headers whose proposal has low confidence and that nobody has confirmed."""
        return [name for name, column in self.columns.items() if column.confidence == "low" and not column.confirmed]


class _Dumper(yaml.SafeDumper):
    """Quotes every text that holds a control character or an unusual line end, which YAML would fold away."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if all(letter.isprintable() for letter in text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def write_mapping(mapping: Mapping, path: Path) -> None:
    """Write a mapping as YAML for a person; what is empty is left out.

    Raises
    ------
    StudyError
        The file exists already: what a person has confirmed is never written over.
    """
    if path.exists():
        raise StudyError(f"{path.name} exists, and a person may have confirmed it; move it away to propose again")
    written: dict[str, Any] = mapping.model_dump(exclude_defaults=True)
    columns = {header: {**column, "confirmed": column.get("confirmed", False)} for header, column in _ordered(mapping)}
    text = yaml.dump({**written, "columns": columns}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)
    path.write_text(_HEAD + text, encoding="utf-8")


def _ordered(mapping: Mapping) -> Iterator[tuple[str, dict[str, Any]]]:
    for header, column in mapping.columns.items():
        yield header, column.model_dump(exclude_defaults=True) | {"confidence": column.confidence}


def read_mapping(path: Path) -> Mapping:
    """Read a confirmed mapping.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Mapping

    Raises
    ------
    StudyError
        Not YAML, an unknown key (with the nearest name), or columns that contradict each other; all together.
    """
    data, findings = read_yaml(path)
    mapping, problems = check(Mapping, data, path.name)
    findings += problems
    if mapping is not None:
        findings += _contradictions(mapping, path.name)
    refuse(path, findings)
    if mapping is None:
        raise StudyError(f"{path.name} holds no mapping")
    return mapping


def _contradictions(mapping: Mapping, file: str) -> Iterator[Finding]:
    """Two columns for one thing."""
    used: dict[tuple[str, ...], list[str]] = {}
    kinds: dict[str, set[str]] = {}
    for header, column in mapping.columns.items():
        if not column.leave_out:
            used.setdefault((column.role, column.question, column.option), []).append(header)
        if column.question:
            kinds.setdefault(column.question, set()).add(column.kind)
    for (role, question, _), headers in used.items():
        if len(headers) > 1:
            message = f"{len(headers)} columns ({', '.join(headers[:3])}) are {role or question!r}"
            yield Finding("error", "column_twice", f"{file}: columns", message, "keep one, and leave out the others")
    for question, found in kinds.items():
        if len(found) > 1:
            message = f"question {question!r} has the kinds {', '.join(sorted(found))}"
            yield Finding("error", "column_twice", f"{file}: columns", message, "write one kind")
