"""A CSV of codes and the file that explains them: SPSS syntax (as iMUR exports it) or 问卷网's ``code.csv``."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.intake.codebook.kinds import EMPTY_WORDS, is_number
from xzz_analysis.intake.labelled.file import Code, LabelledFile, ResponseSet, Variable
from xzz_analysis.intake.workbook import RawTable, read_bytes, read_raw
from xzz_analysis.intake.workbook.encoding import decode

_TOKEN = re.compile(
    r"""(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*")|(?P<end>\.[ \t]*(?=\r|\n|\Z))|(?P<mark>[/(),=])"""
    r"""|(?P<word>(?:(?!\.[ \t]*(?:\r|\n|\Z))[^\s/(),='"])+)"""
)
_TEXT = pd.StringDtype(na_value=np.nan)
_MULTIPLE = "多选题"


def open_coded(data: Path, codebook: Path, read: Callable[[Path], RawTable] = read_raw) -> LabelledFile:
    """Open a CSV of codes with its codebook.

    Parameters
    ----------
    data : Path
        One row per record, one column per variable.
    codebook : Path
        SPSS syntax with ``VARIABLE LABELS`` and ``VALUE LABELS``, or 问卷网's ``code.csv``.
    read : callable
        Reads the CSV.

    Raises
    ------
    InputError
        A file cannot be read, or the codebook is neither, or it describes none of the columns.
    """
    raw = read(data)
    variables = {str(header): _variable(str(header), raw.frame[header]) for header in raw.frame.columns}
    text = decode(read_bytes(codebook), codebook.name).text
    if re.search(r"^\s*(?:ADD\s+)?VALUE\s+LABELS\b", text, re.I | re.M):
        described, sets = _Syntax(variables).read(text)
    else:
        described, sets = _wenjuan(text, variables)
    if not sets and all(variable is variables[name] for name, variable in described.items()):
        raise InputError(
            f"{codebook.name} describes no column of {data.name}: it is neither SPSS syntax with VALUE LABELS nor the "
            "code.csv of 问卷网; name the codebook that was exported together with the data"
        )
    return LabelledFile(data.name, data.stem, described, tuple(sets), raw.findings)


def _variable(name: str, column: pd.Series) -> Variable:
    """Numbers where every filled cell is one, else text."""
    codes, words = pd.factorize(column.str.strip())
    plain = ["" if word in EMPTY_WORDS else str(word) for word in words]
    long = any(len(word) > 15 or re.fullmatch(r"0\d+", word) for word in plain)
    if all(not word or is_number(word) for word in plain) and not long:
        return Variable(name, "", np.array([float(word) if word else np.nan for word in plain] or [np.nan])[codes])
    return Variable(name, "", pd.Series(pd.array(plain, dtype=_TEXT).take(codes)))


class _Syntax:
    """Commands of SPSS syntax that describe variables; all others are passed over."""

    def __init__(self, variables: dict[str, Variable]) -> None:
        self.variables = dict(variables)
        self.names = {name.lower(): name for name in variables}
        self.sets: list[ResponseSet] = []

    def read(self, text: str) -> tuple[dict[str, Variable], list[ResponseSet]]:
        """Read every command up to its full stop."""
        command: list[str] = []
        for token in _TOKEN.finditer(text):
            if token.lastgroup != "end":
                command.append(token[0])
                continue
            self._command(command)
            command = []
        self._command(command)
        return self.variables, self.sets

    def _command(self, tokens: list[str]) -> None:
        said = [token.upper() for token in tokens[:3]]
        if said[:2] == ["VARIABLE", "LABELS"]:
            for name, label in zip(*_pairs([token for token in tokens[2:] if token != "/"]), strict=False):
                self._describe([name], label=_unquoted(label))
        elif said[:2] == ["VALUE", "LABELS"] or said == ["ADD", "VALUE", "LABELS"]:
            for part in _parts(tokens[said.index("LABELS") + 1 :]):
                self._value_labels(part)
        elif said[:2] == ["MISSING", "VALUES"]:
            self._missing(tokens[2:])
        elif said[:1] == ["MRSETS"]:
            for part in _parts(tokens[1:]):
                self._set(part)

    def _describe(self, names: Sequence[str], **changes: object) -> None:
        for name in names:
            known = self.names.get(name.lower())
            if known:
                self.variables[known] = replace(self.variables[known], **changes)  # type: ignore[arg-type]

    def _value_labels(self, part: list[str]) -> None:
        names = [token for token in part if token.lower() in self.names]
        rest = part[len(names) :]
        labels = {_code(code): _unquoted(label) for code, label in zip(*_pairs(rest), strict=False)}
        self._describe(names, labels=labels)

    def _missing(self, tokens: list[str]) -> None:
        names: list[str] = []
        position = 0
        while position < len(tokens):
            if tokens[position] != "(":
                names += [tokens[position]] if tokens[position] not in ("/", ",") else []
                position += 1
                continue
            end = tokens.index(")", position) if ")" in tokens[position:] else len(tokens)
            self._describe(names, missing=tuple(_ranges(tokens[position + 1 : end])))
            names, position = [], end + 1

    def _set(self, part: list[str]) -> None:
        said: dict[str, list[str]] = {"": []}
        last = ""
        for position, token in enumerate(part):
            if position + 1 < len(part) and part[position + 1] == "=":
                last = token.upper()
                said[last] = []
            elif token not in ("=", ","):
                said[last].append(token)
        kind = " ".join(said[""]).upper()
        members = tuple(self.names[name.lower()] for name in said.get("VARIABLES", ()) if name.lower() in self.names)
        if kind in ("MDGROUP", "MCGROUP") and len(members) > 1 and said.get("NAME"):
            counted = _code(said["VALUE"][0]) if kind == "MDGROUP" and said.get("VALUE") else None
            label = _unquoted("".join(said.get("LABEL", [])))
            counted = 1.0 if kind == "MDGROUP" and counted is None else counted
            self.sets.append(ResponseSet(said["NAME"][0].lstrip("$"), label, members, counted))


def _pairs(tokens: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    return tokens[::2], tokens[1::2]


def _parts(tokens: Sequence[str]) -> Iterator[list[str]]:
    """Token lists between slashes."""
    part: list[str] = []
    for token in tokens:
        if token != "/":
            part.append(token)
        elif part:
            yield part
            part = []
    if part:
        yield part


def _ranges(tokens: Sequence[str]) -> Iterator[tuple[Code, Code]]:
    """Codes and ranges of ``98, 99`` and ``90 THRU HIGHEST``."""
    words = [token for token in tokens if token != ","]
    ends = {"LO": -np.inf, "LOWEST": -np.inf, "HI": np.inf, "HIGHEST": np.inf}
    values: list[Code] = [ends[word.upper()] if word.upper() in ends else _code(word) for word in words]
    position = 0
    while position < len(values):
        if position + 2 < len(values) and words[position + 1].upper() in ("THRU", "TO"):
            yield values[position], values[position + 2]
            position += 3
        else:
            yield values[position], values[position]
            position += 1


def _code(token: str) -> Code:
    return float(token) if is_number(token) else _unquoted(token)


def _unquoted(token: str) -> str:
    if token[:1] in ("'", '"') and token[-1:] == token[:1]:
        return token[1:-1].replace(token[0] * 2, token[0]).strip()
    return token.strip()


def _wenjuan(text: str, variables: dict[str, Variable]) -> tuple[dict[str, Variable], list[ResponseSet]]:
    """问卷网's ``code.csv``: a row ``Q3,wording,多选题``, then rows ``,1,option`` of it."""
    described, sets = dict(variables), []
    question, wording, kind = "", "", ""
    options: dict[str, list[tuple[str, str]]] = {}
    heads: dict[str, tuple[str, str]] = {}
    for row in csv.reader(io.StringIO(text, newline="")):
        first, second, third = (*(cell.strip() for cell in row[:3]), "", "", "")[:3]
        if first:
            question, wording, kind = first, second, third
            heads[question], options[question] = (wording, kind), []
        elif question and third:
            options[question].append((second, third))
    for name, (wording, kind) in heads.items():
        members = [header for header in variables if header == name or header.startswith(f"{name}_")]
        labels = {_code(code): label for code, label in options[name]}
        if kind == _MULTIPLE:
            named = {f"{name}_A{code}": label for code, label in options[name]}
            members = [header for header in members if header in named]
            for header in members:
                described[header] = replace(variables[header], label=f"{wording}：{named[header]}")
            sets += [ResponseSet(name, wording, tuple(members), 1.0)] if len(members) > 1 else []
            continue
        for header in members:
            described[header] = replace(variables[header], label=wording, labels=labels)
    return described, sets
