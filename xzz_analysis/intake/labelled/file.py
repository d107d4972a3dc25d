"""A file with labels → its variables, whichever program wrote it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.labelled.dictionary import Head, check_stata, looks_chinese, read_head, undeclared_encoding

SECONDS = 300.0
"""Longest time that a file may take to read."""
MEMORY = 4 * 1024**3
_DAMAGED = "cut off or damaged"
_MOST_PER_BYTE = {0: 1 / 8, 1: 1.0, 2: 1100.0}
"""Values that one byte of a .sav can hold at most, by its compression."""
_SINGLE_BYTE = ("windows-125", "iso-8859", "latin", "us-ascii", "ascii")
_TEXT = pd.StringDtype(na_value=np.nan)

Code = float | str


@dataclass(frozen=True)
class Variable:
    """One variable.

    Attributes
    ----------
    name, label, format, measure : str
        ``format`` as the program writes it (``F8.2``, ``DATE11``, ``%td``); ``measure`` nominal, ordinal, scale, or
        ``""`` and ``unknown``.
    values : float64 array, or Series of str
        NaN or ``""`` where the system has no value.
    labels : mapping of code to text
    missing : tuple of (low, high)
        Ranges of codes that are user-missing; a single code is both ends.
    letters : Series of str, or None
        Stata's ``.a`` to ``.z``: the letter, ``""`` elsewhere.
    """

    name: str
    label: str
    values: np.ndarray | pd.Series
    format: str = ""
    measure: str = ""
    labels: Mapping[Code, str] = field(default_factory=dict)
    missing: tuple[tuple[Code, Code], ...] = ()
    letters: pd.Series | None = None

    @property
    def declares_missing(self) -> bool:
        """Whether some codes or letters stand for missing answers."""
        return bool(self.missing) or self.letters is not None

    @property
    def is_text(self) -> bool:
        """Whether the values are text."""
        return isinstance(self.values, pd.Series)


@dataclass(frozen=True)
class ResponseSet:
    """Variables that are one question with several choices.

    Attributes
    ----------
    name, label : str
    members : tuple of str
        Names of the variables.
    counted : float or str, or None
        The value that means chosen, in sets of dichotomies; None when every variable holds the code of a choice.
    """

    name: str
    label: str
    members: tuple[str, ...]
    counted: Code | None = None


@dataclass(frozen=True)
class LabelledFile:
    """A file with labels.

    Attributes
    ----------
    file, title : str
    variables : dict of str to Variable
        In the file's order.
    sets : tuple of ResponseSet
    findings : tuple of Finding
    """

    file: str
    title: str
    variables: dict[str, Variable]
    sets: tuple[ResponseSet, ...] = ()
    findings: tuple[Finding, ...] = ()


def open_labelled(path: Path, data: bytes, encoding: str = "") -> LabelledFile:
    """Open a ``.sav``, ``.zsav`` or ``.dta`` file; its content decides which it is.

    Parameters
    ----------
    path : Path
    data : bytes
        Content of the file.
    encoding : str
        Where the file declares none, or a wrong one.

    Raises
    ------
    InputError
        The file is damaged, cut off, in an unknown encoding, or claims to hold more than it can.
    """
    findings: list[Finding] = []
    if data[:4] in (b"$FL2", b"$FL3"):
        kind, head = "sav", read_head(data, path.name)
        _check_size(head, data, path.name)
        if not encoding and not head.encoding:
            encoding = undeclared_encoding(head.texts, path.name)
        elif not encoding and head.encoding.lower().startswith(_SINGLE_BYTE) and looks_chinese(head.texts):
            findings.append(_doubtful(path.name, head.encoding))
    elif data[:11] == b"<stata_dta>" or (data[:1] in b"\x69\x6a\x6c\x6e\x6f\x71\x72\x73" and data[1:2] in b"\x01\x02"):
        check_stata(data, path.name)
        kind, head = "dta", None
    else:
        unpack = "; unpack the archive and name the CSV and its codebook" if data[:2] == b"PK" else ""
        raise InputError(f"{path.name} is neither an SPSS .sav nor a Stata .dta file{unpack}; check it in study.yml")
    table = _read_in_child(kind, path, encoding)
    about = json.loads(table.schema.metadata[b"about"])
    if head is not None and head.cases >= 0 and head.cases != about["rows"]:
        raise InputError(
            f"{path.name} is {_DAMAGED}: it declares {head.cases:,} records and holds {about['rows']:,}; "
            "export it again"
        )
    variables = {spec["name"]: _variable(spec, table, position) for position, spec in enumerate(about["variables"])}
    return LabelledFile(path.name, about["title"], variables, _sets(about), tuple(findings))


def _check_size(head: Head, data: bytes, name: str) -> None:
    claimed = max(head.cases, 0) * max(head.values_per_case, 1)
    most = len(data) * _MOST_PER_BYTE.get(head.compression, 1.0)
    if claimed > most + 1024:
        raise InputError(
            f"{name} is {_DAMAGED}: it declares {head.cases:,} records, and its {len(data):,} bytes cannot hold "
            "so many; export it again and copy the whole file"
        )


def _doubtful(name: str, declared: str) -> Finding:
    message = f"it declares {declared}, but its labels read as Chinese in GB18030"
    remedy = "if the labels look garbled, name the encoding GB18030 where the study names the file"
    return Finding("warning", "encoding_doubtful", name, message, remedy)


def _read_in_child(kind: str, path: Path, encoding: str) -> pa.Table:
    """Columns by position; a crash or an error there is an InputError here."""
    script = Path(__file__).with_name("child.py")
    command = [sys.executable, "-I", str(script), kind, str(path.resolve()), encoding, str(MEMORY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        clock = threading.Timer(SECONDS, process.kill)
        clock.start()
        try:
            table = pa.ipc.open_stream(process.stdout).read_all()
        except (OSError, pa.ArrowInvalid):
            table = None
        finally:
            said = process.stderr.read().decode("utf-8", "replace").strip()
            code = process.wait()
            late = not clock.is_alive()
            clock.cancel()
    if table is not None and code == 0:
        return table
    raise _refusal(path.name, said if code == 3 else "", encoding, late=late)


def _refusal(name: str, said: str, encoding: str, *, late: bool) -> InputError:
    """Why the file could not be read."""
    if late:
        return InputError(
            f"{name} took more than {SECONDS:.0f} seconds to read, so it was given up; export it with fewer variables"
        )
    why = f"; the reader says: {said[:120]}" if said else ""
    if "convert" in said.lower() or "encoding" in said.lower():
        shown = f" ({encoding})" if encoding else ""
        return InputError(
            f"{name} holds text that is not in the encoding it declares{shown}{why}; "
            "name the encoding where the study names the file, or save it again in Unicode"
        )
    return InputError(f"{name} is {_DAMAGED}{why}; export it again and copy the whole file")


def _variable(spec: dict[str, Any], table: pa.Table, position: int) -> Variable:
    column = table.column(str(position))
    text = pa.types.is_large_string(column.type)
    letters = f"{position} letters"
    return Variable(
        name=spec["name"],
        label=spec["label"].strip(),
        values=_texts(column) if text else column.to_numpy(),
        format=spec["format"],
        measure=spec["measure"],
        labels={code if isinstance(code, str) else float(code): str(label).strip() for code, label in spec["labels"]},
        missing=tuple((low, high) for low, high in spec["missing"]),
        letters=_texts(table.column(letters)) if letters in table.column_names else None,
    )


def _texts(column: pa.ChunkedArray) -> pd.Series:
    """Text without the spaces that fill up fixed widths."""
    trimmed = pc.utf8_rtrim_whitespace(pc.utf8_rtrim(column, characters=" \0"))
    texts: pd.Series = trimmed.to_pandas(types_mapper={pa.large_string(): _TEXT}.get)
    return texts


def _sets(about: dict[str, Any]) -> tuple[ResponseSet, ...]:
    known = {spec["name"].lower(): spec["name"] for spec in about["variables"]}
    found = []
    for name, spec in about["sets"].items():
        members = tuple(known[member.lower()] for member in spec["variable_list"] if member.lower() in known)
        counted = (
            None if not spec["is_dichotomy"] else (1.0 if spec["counted_value"] is None else spec["counted_value"])
        )
        if len(members) > 1:
            found.append(ResponseSet(name.lstrip("$"), str(spec["label"] or "").strip(), members, counted))
    return tuple(found)
