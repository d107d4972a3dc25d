"""Nested submissions → one table per repeat, linked by the submission's identifier and position."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

from xzz_analysis.intake.answers import Kind

PACK = 4096
"""Rows after which cells are packed, so that a large file does not stand in memory as Python texts."""
LOCATED = "1"
"""Stands in a cell for a place, which is never kept."""
VERSION = "_submission___version__"
"""Column of a repeat with the version of the form of its submission, as Kobo names it."""

_TEXT = pd.StringDtype(na_value=np.nan)
_DROPPED = re.compile(
    r"_attachments|_notes|_geolocation|_tags|_supplementalDetails|_downloads|__id|__.*-id|.*@odata\..*"
)
"""Of the platform: files, remarks, places, and identifiers that KEY and PARENT_KEY repeat."""
_HOLDER = re.compile(r"__.*-id")
"""Where ODK Central's document of one repeat says which row holds each of its rows."""
_OWN = {"_uuid", "KEY", "__system/submitterName"}
"""Read otherwise, or not at all."""
_SCALARS: dict[bool | None, str] = {None: "", True: "TRUE", False: "FALSE"}
_GEOMETRY = {"type", "coordinates", "properties"}
_PLACE = (
    r"(?s)\A(\s*-?[0-9]{1,2}\.[0-9]{3,}\s+-?[0-9]{1,3}\.[0-9]{3,}(\s+-?[0-9.]+){0,2}\s*(;.*)?|\s*POINT ?Z?\s*\(.*)\z"
)
_LATITUDE = re.compile(r"(.*[_:./-]|)(latitude|lat)", re.I)
_LAST = re.compile(r"[^_:./-]*\Z")
_BESIDE = ("latitude", "longitude", "altitude", "precision", "accuracy", "lat", "lon", "lng", "long", "alt")
_IDENTIFIERS = ("_uuid", "meta/rootUuid", "rootUuid", "meta/instanceID", "instanceID", "__id", "KEY")
VERSIONS = ("__version__", "_version_", "__system/formVersion", "_version")
_LIST = r"\[\s*('[^']*'\s*;?\s*)*\]"
_LISTED = re.compile(r"'([^']*)'")
_SURROGATES = re.compile("[\ud800-\udfff]")


class TooDeepError(Exception):
    """A submission nests deeper than the limit."""


@dataclass
class Table:
    """Rows of the main table or of one repeat while they are gathered, packed from time to time.

    Attributes
    ----------
    name : str
        Last part of the repeat's path, ``""`` for the main table.
    row : int
        Number of the last row since the table was packed, from 0.
    packed : int
        Rows that are packed.
    kinds : dict of str to Kind
        Columns whose kind is told by how they are written: a list is a select-multiple, a place is nothing to keep.
    """

    name: str
    row: int = -1
    packed: int = 0
    kinds: dict[str, Kind] = field(default_factory=dict)
    _cells: dict[str, list[str]] = field(default_factory=dict)
    _filled: dict[str, list[pa.Array]] = field(default_factory=dict)
    _known: dict[str, dict[str, tuple[str, list[str]] | None]] = field(default_factory=dict)
    _begun: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def __contains__(self, column: str) -> bool:
        return column in self._filled

    def start(self) -> None:
        """Start a row."""
        self.row += 1
        if self.row >= PACK:
            self._pack(self.row)
            self.row = 0

    def known(self, before: str) -> dict[str, tuple[str, list[str]] | None]:
        """Key of an object below that path → its column and cells; None where it is never kept."""
        return self._known.setdefault(before, {})

    def begun(self, before: str) -> dict[str, list[str]]:
        """Key of an object below that path → cells of its column, once it has any."""
        return self._begun.setdefault(before, {})

    def column(self, before: str, key: str) -> tuple[str, list[str]] | None:
        """Column and cells of a key, remembered for :meth:`known`."""
        name = key if not before or key.startswith(before) else before + key
        dropped = _DROPPED.fullmatch(key) or name in _OWN
        found = None if dropped else (name, self._cells.setdefault(name, []))
        self._known.setdefault(before, {})[key] = found
        return found

    def put(self, column: str, cells: list[str], text: str) -> None:
        """Write a cell of the last row; an empty one gives way to what else is written there."""
        if not cells:
            self._filled.setdefault(column, [])
        gap = self.row - len(cells)
        if gap > 0:
            cells.extend([""] * gap)
        if gap >= 0:
            cells.append(text)
        elif text:
            cells[-1] = text

    def own(self, column: str, text: str) -> None:
        """Write a cell of a column that this reader adds."""
        self.put(column, self._cells.setdefault(column, []), text)

    def _pack(self, rows: int) -> None:
        for name, chunks in self._filled.items():
            cells = self._cells[name]
            cells.extend([""] * (rows - len(cells)))
            if self.packed and not chunks:
                chunks.append(pa.array([""] * self.packed, pa.large_string()))
            chunks.append(_packed(cells))
            cells.clear()
        self.packed += rows

    def frame(self) -> pd.DataFrame:
        """The rows as text, places hidden; nothing can be added afterwards."""
        self._pack(self.row + 1)
        texts = {}
        for name, chunks in self._filled.items():
            packed = pa.chunked_array(chunks, pa.large_string())
            if _is_place(packed) or self.kinds.get(name) == "other":
                self.kinds[name] = "other"
            texts[name] = packed.to_pandas(types_mapper={pa.large_string(): _TEXT}.get)
        frame = pd.DataFrame(texts, index=pd.RangeIndex(self.packed))
        self.kinds |= dict.fromkeys(_beside_latitude(list(texts)), "other")
        for name in (name for name, kind in self.kinds.items() if kind == "other" and name in frame):
            frame[name] = pd.Series(np.where(frame[name] != "", LOCATED, ""), index=frame.index, dtype=_TEXT)
        return frame


@dataclass
class Tables:
    """All tables of a file.

    Attributes
    ----------
    repeats : collection of str
        Repeats that the form declares, for those that are written without a list.
    depth : int
        Levels that are allowed.
    tables : dict of str to Table
        By the repeat's path, ``""`` for the main table.
    keys : dict of str to int
        How often each submission's identifier has occurred.
    without_key, spaced, unread : int
        Submissions without identifier, chosen options with a space inside, values of no known shape.
    empty : set of str
        Paths of lists that never held anything.
    """

    repeats: Collection[str] = ()
    depth: int = 50
    tables: dict[str, Table] = field(default_factory=lambda: {"": Table("")})
    keys: dict[str, int] = field(default_factory=dict)
    without_key: int = 0
    spaced: int = 0
    unread: int = 0
    empty: set[str] = field(default_factory=set)
    _version: str = ""
    _no_holder: set[str] = field(default_factory=set)

    def add(self, submission: Mapping[str, Any]) -> None:
        """Add one submission; :class:`TooDeepError` when it nests too deep."""
        main = self.tables[""]
        main.start()
        uuid = identifier(submission)
        self.without_key += not uuid
        again = self.keys[uuid] = self.keys.get(uuid, 0) + 1
        key = (uuid if again == 1 else f"{uuid}#{again}") if uuid else f"row:{main.packed + main.row + 1}"
        self._version = _version(submission)
        main.own("_uuid", uuid)
        main.own("KEY", key)
        for name in [name for name in submission if name not in self._no_holder]:
            holder = submission[name]
            if not _HOLDER.fullmatch(name):
                self._no_holder.add(name)
            elif isinstance(holder, str):
                main.own("PARENT_KEY", holder.removeprefix("uuid:"))
        self._object(main, "", submission, key, 1)

    def _object(self, table: Table, before: str, written: Mapping[str, Any], key: str, depth: int) -> None:
        """Put the cells of an object: a submission, a group (its path goes before) or a row of a repeat."""
        if depth > self.depth:
            raise TooDeepError
        known, begun, row = table.known(before), table.begun(before), table.row
        for name, value in written.items():
            cells = begun.get(name)
            if cells is not None and type(value) is str and len(cells) == row:
                cells.append(value)  # nearly every cell comes here; the others take the longer way
                continue
            column = known[name] if name in known else table.column(before, name)
            if column is None:
                continue
            if type(value) is str:
                table.put(*column, value)
                begun[name] = column[1]
            elif value is None or value is True or value is False:
                table.put(*column, _SCALARS[value])
            else:
                self._nested(table, column, value, key, depth)

    def _nested(self, table: Table, place: tuple[str, list[str]], value: Any, key: str, depth: int) -> None:
        """Put a group, a place, the rows of a repeat or a list of chosen options."""
        column, cells = place
        if isinstance(value, dict):
            if "coordinates" in value and value.keys() <= _GEOMETRY:
                table.kinds[column] = "other"
                table.put(column, cells, LOCATED)
            elif column == "_validation_status":
                table.put(column, cells, str(value.get("uid") or value.get("label") or ""))
            elif column.rpartition("/")[2] in self.repeats:
                self._rows(column, [value], key, depth)
            else:
                self._object(table, f"{column}/", value, key, depth + 1)
        elif not value:
            self.empty.add(column)
        elif all(isinstance(item, dict) for item in value):
            self._rows(column, value, key, depth)
        elif any(isinstance(item, dict | list) for item in value):
            self.unread += 1
        else:
            table.kinds[column] = "select_multiple"
            table.put(column, cells, " ".join(map(self._chosen, value)))

    def _chosen(self, item: object) -> str:
        """One chosen option as a word: its spaces would part it in two."""
        text = item if isinstance(item, str) else {True: "TRUE", False: "FALSE"}.get(bool(item), "")
        words = text.split()
        self.spaced += len(words) > 1
        return "_".join(words)

    def _rows(self, path: str, items: Iterable[Mapping[str, Any]], key: str, depth: int) -> None:
        table = self.tables.get(path)
        if table is None:
            table = self.tables[path] = Table(self._free_name(path))
        for position, item in enumerate(items, start=1):
            own = f"{key}/{table.name}[{position}]"
            table.start()
            table.own("KEY", own)
            table.own("PARENT_KEY", key)
            if self._version:
                table.own(VERSION, self._version)
            self._object(table, f"{path}/", item, own, depth + 1)

    def _free_name(self, path: str) -> str:
        name = path.rpartition("/")[2]
        taken = {table.name for table in self.tables.values()}
        return path if name in taken else name


def identifier(submission: Mapping[str, Any]) -> str:
    """Identifier of a submission without ``uuid:``, ``""`` when it has none."""
    meta = submission.get("meta")
    nested = {f"meta/{name}": value for name, value in meta.items()} if isinstance(meta, dict) else {}
    for name in _IDENTIFIERS:
        value = submission.get(name) or nested.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip().removeprefix("uuid:")
    return ""


def _version(submission: Mapping[str, Any]) -> str:
    system = submission.get("__system")
    if isinstance(system, dict) and isinstance(system.get("formVersion"), str):
        return str(system["formVersion"])
    found = (submission.get(name) for name in VERSIONS)
    return next((text for text in found if isinstance(text, str) and text), "")


def _beside_latitude(names: Sequence[str]) -> list[str]:
    """Columns of a latitude and of what stands beside it, such as ``gps:Altitude`` beside ``gps:Latitude``."""
    starts = {latitude[1].lower() for name in names if (latitude := _LATITUDE.fullmatch(name))}
    ends = {name: _LAST.search(name) for name in names}
    return [
        name
        for name, end in ends.items()
        if end is not None and end[0].lower() in _BESIDE and name[: end.start()].lower() in starts
    ]


def unpack_lists(frame: pd.DataFrame) -> pd.DataFrame:
    """Cells such as ``['maize' ; 'beans']``, as scripts write lists into CSV, become ``maize beans``.

    Parameters
    ----------
    frame : DataFrame of str

    Returns
    -------
    DataFrame of str
        A column changes only where all its cells in brackets are such lists; spaces in an item become underscores.
    """
    made = frame.copy()
    for name in frame.columns:
        column = frame[name].str.strip()
        listed = column.str.startswith("[")
        if listed.any() and column[listed].str.fullmatch(_LIST).all():
            words = [" ".join("_".join(item.split()) for item in _LISTED.findall(cell)) for cell in column[listed]]
            made.loc[listed, name] = pd.array(words, dtype=_TEXT)
    return made


def _is_place(column: pa.ChunkedArray) -> bool:
    return bool(compute.any(compute.match_substring_regex(column, _PLACE)).as_py())


def _packed(cells: list[str]) -> pa.Array:
    try:
        return pa.array(cells, pa.large_string())
    except UnicodeEncodeError:  # half of a letter outside the basic plane, which no encoding can write
        return pa.array([_SURROGATES.sub("\ufffd", cell) for cell in cells], pa.large_string())
