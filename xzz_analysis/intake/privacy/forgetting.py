"""Forgetting a child.

Personal Information Protection Law (2021), article 47: data are deleted when consent is withdrawn. The vault and
everything that can be rebuilt is deleted here; raw exports belong to the organisation, which is told which of them
still hold the child and gets copies without it.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.intake.kobo.audit import is_audit_log, submissions_in, without_submissions
from xzz_analysis.intake.privacy.identifiers import is_specific
from xzz_analysis.intake.privacy.vault import Forgotten, Vault, normal_key
from xzz_analysis.intake.store import input_hash
from xzz_analysis.intake.workbook import check_workbook, read_bytes
from xzz_analysis.study import Study

_LINKS = {"_uuid": "_submission__uuid", "_id": "_submission__id", "KEY": "PARENT_KEY"}
"""Column of a record → column of its repeats' rows that names it."""
_ANYWHERE = ""
"""Stands for every column: a long key means one record wherever it stands."""
_ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True)
class Erasure:
    """What forgetting somebody changed, and what is left to do.

    Attributes
    ----------
    forgotten : Forgotten
        What was removed from the vault.
    deleted : tuple of Path
        Stores that were deleted; the next build makes them again without the child.
    regenerate : tuple of Path
        Published editions that were made with the child: build and publish them again.
    raw : DataFrame
        Raw files that still hold the child: ``file`` and ``rows``; rows are missing where a file has no column of
        that name and its key is too short to be looked for in the others.
    drop : dict of str to set of str
        Column → values of the rows to leave out, for :func:`rewrite_raw`; not shown.
    """

    forgotten: Forgotten
    deleted: tuple[Path, ...]
    regenerate: tuple[Path, ...]
    raw: pd.DataFrame
    drop: dict[str, set[str]] = field(repr=False)


def forget(study: Study, vault: Vault, who: str) -> Erasure:
    """Remove a child, or a family with its children, from every store, and never let it back in.

    Parameters
    ----------
    study : Study
    vault : Vault
    who : str
        Original key or pseudonym.

    Returns
    -------
    Erasure

    Raises
    ------
    InputError
        The vault does not know the key; nothing is changed.
    """
    before, made = vault.rows(), tuple(editions(study))  # forgetting changes the hash of the data
    forgotten = vault.forget(who)
    gone = before[before["pseudonym"].isin(forgotten.pseudonyms)]
    drop: dict[str, set[str]] = {}
    for unit, table in study.tables.items():
        keys = set(gone.loc[(gone["unit"] == unit) & (gone["column"] == table.key), "value"])
        drop.setdefault(table.key, set()).update({*map(normal_key, keys), *forgotten.pseudonyms})
        drop.setdefault(_ANYWHERE, set()).update(key for key in map(normal_key, keys) if is_specific(key))
    files = raw_files(study)
    logs = [path for path in files if is_audit_log(path)]
    for path in (path for path in files if path not in logs):
        for column, link in _LINKS.items():
            drop.setdefault(link, set()).update(_linked(path, drop, column))
    counts = {path: _logged(path, drop) if path in logs else _count(path, drop) for path in files}
    held = pd.DataFrame({"file": [path for path in files if counts[path] != 0]})
    held["rows"] = pd.array([counts[path] for path in held["file"]], dtype="Int64")
    return Erasure(forgotten, tuple(delete_stores(study)), made, held, drop)


def raw_files(study: Study, unit: str = "") -> list[Path]:
    """Files that hold records of a unit, or of all units, each once: raw exports, repeats, audit logs, coded texts."""
    places = [(place.split("."), path) for place, path in study.input_files().items() if place.count(".") > 1]
    kinds = {"tables": ("raw", "repeats", "back_check")}
    wanted = [
        path
        for place, path in places
        if unit in ("", place[1]) and (place[0] == "themes" or place[2] in kinds.get(place[0], ()))
    ]
    return list(dict.fromkeys(wanted))


def editions(study: Study) -> list[Path]:
    """Folders of the study's releases that were made from its present data, or from data nobody can tell."""
    data = input_hash(study.input_files())
    found = []
    for name in study.rounds:
        path = study.outputs / "release" / f"{study.id}-{name}" / "manifest.json"
        if path.is_file():
            try:
                reports = json.loads(path.read_text(encoding="utf-8"))["reports"]
                hashes = {report["parts"]["data"] for report in reports.values()}
            except (ValueError, KeyError, TypeError, AttributeError):
                hashes = {data}
            if data in hashes:
                found.append(path.parent)
    return found


def rewrite_raw(source: Path, target: Path, drop: Mapping[str, Collection[str]]) -> int:
    """Write a copy of a raw export without some rows.

    Parameters
    ----------
    source, target : Path
        CSV or XLSX; the target must not exist, and its name ends as the source's.
    drop : mapping of str to collection of str
        Column (``""`` for any) → values; a row of any worksheet goes when one of the columns holds one of its values.

    Returns
    -------
    int
        Rows left out; of audit logs the submissions.

    Raises
    ------
    InputError
        Neither CSV nor XLSX nor audit logs, unreadable, or the target is there already.
    """
    if target.exists():
        raise InputError(f"{target} is there already, and nothing is overwritten; name a new file")
    data = read_bytes(source)
    if is_audit_log(source):
        content, count = without_submissions(source, _submissions(drop)), _logged(source, drop)
    elif _is_xlsx(data):
        content, count = _workbook_without(data, source.name, drop)
    else:
        content, count = _text_without(data, source, drop)
    temporary = target.with_name(f".{target.name}.tmp")
    temporary.write_bytes(content)
    temporary.replace(target)
    return count


def one_log(path: Path) -> bool:
    """Whether a file is the audit log of one submission and nothing else, so that no copy without it can be made."""
    return path.name == "audit.csv" and is_audit_log(path) and submissions_in(path) == {path.parent.name}


def _submissions(drop: Mapping[str, Collection[str]]) -> set[str]:
    """Identifiers of submissions as audit logs write them."""
    return {value.removeprefix("uuid:") for link in _LINKS.values() for value in drop.get(link, ())}


def _logged(path: Path, drop: Mapping[str, Collection[str]]) -> int:
    return len(submissions_in(path) & _submissions(drop))


def _answers(study: Study) -> list[Path]:
    return sorted((study.outputs / "internal" / "answers").glob(f"{study.id}-{'?' * 12}"))


def delete_stores(study: Study) -> list[Path]:
    """Delete what can be rebuilt, and say what it was; releases that a killed run moved aside are no such thing."""
    named = [f"{study.id}-{name}" for name in study.rounds] + [f"{study.id}-quality_log.csv"]
    places = [*_answers(study), *(study.outputs / folder / name for folder in ("internal", "failed") for name in named)]
    workshops = study.outputs.glob(".tmp-build-*/*")
    places += [path for path in workshops if not path.name.startswith("retired--")]
    deleted = [path for path in places if path.exists()]
    for path in deleted:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return deleted


def _is_xlsx(data: bytes) -> bool:
    return data[:4] == b"PK\x03\x04"


def _tables(path: Path) -> list[list[list[str]]]:
    """Every worksheet of a raw file as rows of text, the first row being its header."""
    data = read_bytes(path)
    if not _is_xlsx(data):
        _, rows = _text_rows(data, path)
        return [rows]
    check_workbook(data, path.name)
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    try:
        return [[list(map(_text, row)) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets]
    finally:
        book.close()


def _linked(path: Path, drop: Mapping[str, Collection[str]], column: str) -> set[str]:
    """Values of a column in the rows that are dropped."""
    found: set[str] = set()
    for rows in _tables(path):
        if rows and column in rows[0]:
            place = rows[0].index(column)
            found |= {rows[position][place] for position in _matches(rows, drop)} - {""}
    return found


def _count(path: Path, drop: Mapping[str, Collection[str]]) -> int | None:
    """Rows to drop; None when none of the columns is in the file and no key can be looked for in the others."""
    tables = _tables(path)
    if not drop[_ANYWHERE] and not any(header in drop for rows in tables if rows for header in rows[0]):
        return None
    return sum(len(_matches(rows, drop)) for rows in tables)


def _matches(rows: list[list[str]], drop: Mapping[str, Collection[str]]) -> list[int]:
    """Positions of the rows in which a column holds one of its values."""
    anywhere = set(drop.get(_ANYWHERE, ()))
    wanted = [anywhere | set(drop.get(header, ())) for header in (rows[0] if rows else [])]
    return [
        position
        for position, row in enumerate(rows[1:], start=1)
        if any(cell and cell in values for cell, values in zip(map(normal_key, row), wanted, strict=False))
    ]


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()


def _workbook_without(data: bytes, name: str, drop: Mapping[str, Collection[str]]) -> tuple[bytes, int]:
    check_workbook(data, name)
    book = openpyxl.load_workbook(io.BytesIO(data))
    count = 0
    for sheet in book.worksheets:
        rows = [list(map(_text, row)) for row in sheet.iter_rows(values_only=True)]
        for position in reversed(_matches(rows, drop)):
            sheet.delete_rows(sheet.min_row + position)
            count += 1
    content = io.BytesIO()
    book.save(content)
    return content.getvalue(), count


def _text_without(data: bytes, path: Path, drop: Mapping[str, Collection[str]]) -> tuple[bytes, int]:
    encoding, rows = _text_rows(data, path)
    gone = set(_matches(rows, drop))
    text = io.StringIO(newline="")
    end = "\r\n" if b"\r\n" in data else "\n"
    writer = csv.writer(text, delimiter=_delimiter(data.decode(encoding)), lineterminator=end)
    writer.writerows(row for position, row in enumerate(rows) if position not in gone)
    bom = encoding == "utf-8-sig" and not data.startswith(b"\xef\xbb\xbf")
    return text.getvalue().encode("utf-8" if bom else encoding), len(gone)


def _text_rows(data: bytes, path: Path) -> tuple[str, list[list[str]]]:
    """Encoding and rows of a CSV; UTF-16 begins with its mark, GB18030 is what is left."""
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else _ENCODINGS
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return encoding, list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    raise InputError(
        f"{path.name} is neither XLSX nor CSV text, so no row can be left out; save it as XLSX or CSV UTF-8"
    )


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)
