"""Invented interviews as Kobo and ODK export them: workbook, CSV per repeat, nested and flattened JSON, OData."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xlsxwriter

Record = dict[str, Any]
"""Answers of one submission, or of one row of a repeat, by question; rows of a repeat by its name."""
Table = list[list[str]]


@dataclass(frozen=True)
class Item:
    """A question, a group or a repeat of an invented form."""

    kind: str
    name: str
    options: tuple[str, ...] = ()
    relevant: str = ""
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Interviews:
    """An invented form and what was answered."""

    items: tuple[Item, ...]
    records: Sequence[Record]
    version: str = "v1"
    order: Sequence[int] = ()
    """Order of the submissions in an export; as they are when empty."""
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ordered(self) -> list[tuple[int, Record]]:
        """Number and answers of the submissions in export order."""
        numbers = self.order or range(len(self.records))
        return [(number, self.records[number]) for number in numbers]


def uuid(number: int) -> str:
    """Identifier of a submission."""
    return f"00000000-0000-4000-8000-{number:012d}"


def form_text(items: Sequence[Item]) -> str:
    """The form as pyxform's Markdown."""
    lines = ["| survey |", "| | type | name | label | relevant |"]
    choices = ["| choices |", "| | list_name | name | label |"]

    def walk(level: Sequence[Item]) -> None:
        for item in level:
            if item.kind in ("group", "repeat"):
                lines.append(f"| | begin_{item.kind} | {item.name} | {item.name} | {item.relevant} |")
                walk(item.items)
                lines.append(f"| | end_{item.kind} | | | |")
                continue
            kind = item.kind.replace("select_one", f"select_one l_{item.name}")
            kind = kind.replace("select_multiple", f"select_multiple l_{item.name}")
            lines.append(f"| | {kind} | {item.name} | {item.name} | {item.relevant} |")
            choices.extend(f"| | l_{item.name} | {option} | {option} |" for option in item.options)

    walk(items)
    return "\n".join([*lines, *choices, ""])


def questions(items: Sequence[Item], path: str = "") -> Iterator[tuple[str, Item]]:
    """Path and item of every question and repeat of one table, in form order."""
    for item in items:
        here = f"{path}{item.name}"
        if item.kind == "group":
            yield from questions(item.items, f"{here}/")
        else:
            yield here, item
            if item.kind.endswith("or_other"):
                yield f"{here}_other", Item("text", f"{item.name}_other")


# --- sheets -------------------------------------------------------------------------------------------------


def sheets(interviews: Interviews) -> dict[str, Table]:
    """Rows of the main sheet under ``""`` and of every repeat, headers first, as Kobo writes them."""
    tables: dict[str, Table] = {}
    _sheet(interviews.items, "", "", tables)
    tables[""][0] += ["_id", "_uuid", "_submission_time", "__version__", "_index"]
    for number, record in interviews.ordered:
        index = len(tables[""])
        submission = [str(1000 + number), uuid(number), "2025-05-10T10:00:00", interviews.version]
        _rows(interviews.items, record, "", [*submission, str(index)], tables, "needs", submission)
    return tables


def _sheet(items: Sequence[Item], name: str, path: str, tables: dict[str, Table]) -> None:
    header: list[str] = []
    tables[name] = [header]
    for place, item in questions(items, path):
        if item.kind == "repeat":
            _sheet(item.items, item.name, f"{place}/", tables)
            links = ["_index", "_parent_table_name", "_parent_index", "_submission__id", "_submission__uuid"]
            tables[item.name][0].extend(links)
        else:
            header.append(place)
            header.extend(f"{place}/{option}" for option in _all_options(item))


def _all_options(item: Item) -> list[str]:
    if not item.kind.startswith("select_multiple"):
        return []
    return [*item.options, *(["other"] if item.kind.endswith("or_other") else [])]


def _rows(
    items: Sequence[Item],
    record: Record,
    name: str,
    end: Sequence[str],
    tables: dict[str, Table],
    title: str,
    submission: Sequence[str],
) -> None:
    row: list[str] = []
    index = str(len(tables[name]))
    tables[name].append(row)
    for _, item in questions(items):
        if item.kind == "repeat":
            for inner in record.get(item.name, ()):
                links = [str(len(tables[item.name])), title, index, submission[0], submission[1]]
                _rows(item.items, inner, item.name, links, tables, item.name, submission)
        else:
            value = record.get(item.name)
            row.append(text(value))
            row.extend("" if value is None else str(int(option in value)) for option in _all_options(item))
    row.extend(end)


def text(value: Any) -> str:
    """An answer as a cell of Kobo."""
    if value is None:
        return ""
    return " ".join(value) if isinstance(value, list) else str(value)


def write_workbook(interviews: Interviews, path: Path) -> Path:
    """Write main sheet and repeats into one workbook."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    for name, table in sheets(interviews).items():
        sheet = book.add_worksheet(name or "needs")
        for row, cells in enumerate(table):
            for column, cell in enumerate(cells):
                if cell:
                    sheet.write_string(row, column, cell)
    book.close()
    return path


def write_csv(interviews: Interviews, folder: Path, stem: str) -> dict[str, Path]:
    """Write one CSV per table; the main one is under ``""``."""
    paths = {}
    for name, table in sheets(interviews).items():
        stream = io.StringIO(newline="")
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(table)
        paths[name] = folder / f"{stem}_{name or 'needs'}.csv"
        paths[name].write_bytes(stream.getvalue().encode("utf-8-sig"))
    return paths


# --- JSON ---------------------------------------------------------------------------------------------------


def nested(interviews: Interviews) -> list[Record]:
    """Submissions with groups as objects and select-multiple answers as lists."""
    return [
        {
            **_nest(interviews.items, record),
            "__version__": interviews.version,
            "meta": {"instanceID": f"uuid:{uuid(number)}"},
            **interviews.meta,
        }
        for number, record in interviews.ordered
    ]


def _nest(items: Sequence[Item], record: Record) -> Record:
    made: Record = {}
    for item in items:
        if item.kind == "group":
            made[item.name] = _nest(item.items, record)
        elif item.kind == "repeat":
            made[item.name] = [_nest(item.items, row) for row in record.get(item.name, ())]
        else:
            made[item.name] = record.get(item.name)
            if item.kind.endswith("or_other"):
                made[f"{item.name}_other"] = record.get(f"{item.name}_other")
    return made


def flattened(interviews: Interviews) -> list[Record]:
    """Submissions as Kobo's API writes them: paths as keys, texts as values, nothing for what has no answer."""
    return [
        {
            "_id": 1000 + number,
            "formhub/uuid": "0" * 32,
            **_flatten(interviews.items, record, ""),
            "__version__": interviews.version,
            "meta/instanceID": f"uuid:{uuid(number)}",
            "_uuid": uuid(number),
            "_attachments": [{"filename": "house.jpg", "id": 7}],
            "_geolocation": [39.9042, 116.4074],
            "_notes": [{"note": "call Mrs Wang"}],
            "_tags": [],
            "_validation_status": {"uid": "validation_status_approved", "label": "Approved", "by_whom": "wang"},
            **interviews.meta,
        }
        for number, record in interviews.ordered
    ]


def _flatten(items: Sequence[Item], record: Record, path: str) -> Record:
    made: Record = {}
    for place, item in questions(items, path):
        value = record.get(item.name)
        if item.kind == "repeat":
            rows = [_flatten(item.items, row, f"{place}/") for row in value or ()]
            if rows:
                made[place] = rows
        elif value is not None:
            made[place] = text(value)
    return made


def odata(interviews: Interviews) -> dict[str, Any]:
    """ODK Central's OData document with expanded repeats."""
    rows = [
        {
            "__id": f"uuid:{uuid(number)}",
            "__system": {
                "submissionDate": "2025-05-10T10:00:00.000Z",
                "submitterId": "5",
                "submitterName": "Wang",
                "formVersion": interviews.version,
            },
            **_expand(interviews.items, record, f"uuid:{uuid(number)}", "Submissions"),
        }
        for number, record in interviews.ordered
    ]
    return {"@odata.context": "https://odk.example/$metadata#Submissions", "value": rows, "@odata.count": len(rows)}


def _expand(items: Sequence[Item], record: Record, key: str, path: str) -> Record:
    made: Record = {}
    for item in items:
        if item.kind == "group":
            made[item.name] = _expand(item.items, record, key, f"{path}.{item.name}")
        elif item.kind == "repeat":
            here = f"{path}.{item.name}"
            made[f"{item.name}@odata.navigationLink"] = f"{path}('{key}')/{item.name}"
            made[item.name] = [
                {"__id": f"{key}.{place}", f"__{path}-id": key, **_expand(item.items, row, f"{key}.{place}", here)}
                for place, row in enumerate(record.get(item.name, ()))
            ]
        else:
            value = record.get(item.name)
            made[item.name] = text(value) if isinstance(value, list) else value
            if item.kind.endswith("or_other"):
                made[f"{item.name}_other"] = record.get(f"{item.name}_other")
    return made


def geojson(interviews: Interviews) -> dict[str, Any]:
    """A FeatureCollection as Kobo exports it."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [116.4074, 39.9042]} if number % 2 else None,
            "properties": record,
        }
        for (number, _), record in zip(interviews.ordered, flattened(interviews), strict=True)
    ]
    return {"type": "FeatureCollection", "name": "needs", "features": features}


def write_json(content: object, path: Path, *, lines: bool = False) -> Path:
    """Write JSON, one submission per line if asked."""
    rows = content if lines and isinstance(content, list) else [content]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")
    return path
