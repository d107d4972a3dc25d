"""Tables of HSDS 3.0 in files: a folder of CSV, or one JSON of services with everything inside them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.intake.workbook import read_bytes, read_raw
from xzz_analysis.places.directory.hsds.exporting import Hsds
from xzz_analysis.places.directory.hsds.schema import FILES, TABLES

_NUMBERS = ("latitude", "longitude")
_INSIDE: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "service": (
        ("service_at_locations", "service_at_location", "service_id"),
        ("schedules", "schedule", "service_id"),
        ("contacts", "contact", "service_id"),
        ("required_documents", "required_document", "service_id"),
        ("attributes", "attribute", "link_id"),
    ),
    "service_at_location": (("schedules", "schedule", "service_at_location_id"),),
    "location": (("addresses", "address", "location_id"),),
    "contact": (("phones", "phone", "contact_id"),),
}
"""Table → lists inside its rows: name of the list, table, and the column that links them in the tabular form."""

_ONE: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "service": (("organization", "organization", "organization_id"),),
    "service_at_location": (("location", "location", "location_id"),),
    "attribute": (("taxonomy_term", "taxonomy_term", "taxonomy_term_id"),),
    "taxonomy_term": (("taxonomy_detail", "taxonomy", "taxonomy_id"),),
}
"""Table → objects inside its rows: name, table, and the linking column."""


def write_hsds(made: Hsds, path: Path) -> Path:
    """Write tables of HSDS 3.0.

    Parameters
    ----------
    made : Hsds
    path : Path
        ``….json`` for one file of services with everything inside them, as the API of HSDS gives them; else a folder,
        made where there is none, for one CSV per table.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    InputError
        The file or folder cannot be written.
    """
    try:
        if path.suffix == ".json":
            path.write_text(json.dumps(_nested(made.tables), ensure_ascii=False, indent=1), encoding="utf-8")
            return path
        path.mkdir(exist_ok=True)
        for name, table in made.tables.items():
            (path / FILES[name]).write_text(_as_csv(table), encoding="utf-8-sig", newline="")
    except OSError as error:
        raise InputError(f"{path.name} cannot be written ({error.strerror}); choose another folder") from None
    return path


def _as_csv(table: pd.DataFrame) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(table.columns)
    writer.writerows(table.itertuples(index=False, name=None))
    return out.getvalue()


def read_hsds(path: Path) -> dict[str, pd.DataFrame]:
    """Read tables of HSDS 3.0.

    Parameters
    ----------
    path : Path
        A folder of CSV, a JSON of services with everything inside them (a list, or a page of the API), or a JSON of
        tables.

    Returns
    -------
    dict of str to DataFrame of str
        Tables that :data:`TABLES` names; other tables and columns are left out.

    Raises
    ------
    InputError
        Nothing is there, or it is no HSDS.
    """
    if path.is_dir():
        tables = {}
        for name, file in FILES.items():
            found = next((one for one in (path / file, path / f"{name}.csv") if one.exists()), None)
            if found is not None:
                tables[name] = read_raw(found).frame.astype("str")
        if "service" not in tables:
            raise InputError(
                f"{path.name} holds no {FILES['service']}, so it is no HSDS; name the folder of its CSV files"
            )
        return tables
    try:
        data = json.loads(read_bytes(path).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise InputError(f"{path.name} is no JSON; name a JSON file or a folder of CSV files of HSDS") from None
    return _tables(data, path.name)


def _tables(data: Any, file: str) -> dict[str, pd.DataFrame]:
    rows: dict[str, dict[str, dict[str, str]]] = {name: {} for name in TABLES}
    if isinstance(data, dict) and isinstance(data.get("service"), list):
        for name in TABLES:
            for entry in data.get(name, []):
                _flatten(entry, name, rows, file)
    else:
        found = data.get("contents", data.get("services", data)) if isinstance(data, dict) else data
        for entry in found if isinstance(found, list) else [found]:
            _flatten(entry, "service", rows, file)
    return {name: pd.DataFrame(list(table.values()), dtype="str").fillna("") for name, table in rows.items() if table}


def _flatten(
    entry: Any, name: str, rows: dict[str, dict[str, dict[str, str]]], file: str, link: dict[str, str] | None = None
) -> str:
    """Put an object and everything inside it into the tables; its id."""
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or not entry["id"]:
        raise InputError(f"{file}: a {name} is no object with an id, so it is no HSDS; export it again")
    key = str(entry["id"])
    row = {field: _plain(entry.get(field)) for field in TABLES[name]} | (link or {})
    for inside, table, column in _ONE.get(name, ()):
        if isinstance(entry.get(inside), dict):
            row[column] = _flatten(entry[inside], table, rows, file)
    for inside, table, column in _INSIDE.get(name, ()):
        held = entry.get(inside)
        for one in held if isinstance(held, list) else []:
            _flatten(one, table, rows, file, {column: key})
    known = rows[name].get(key, {})
    rows[name][key] = {field: text or known.get(field, "") for field, text in row.items()}
    return key


def _plain(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    return repr(value) if isinstance(value, float) else str(value)


def _nested(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Services with everything inside them."""
    by_id = {name: {row["id"]: row for row in _records(table)} for name, table in tables.items()}
    by_link: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    for lists in _INSIDE.values():
        for _, table, column in lists:
            held = by_link.setdefault((table, column), {})
            for row in _records(tables[table]) if not held else []:
                held.setdefault(row.get(column, ""), []).append(row)
    return [_nest(row, "service", by_id, by_link) for row in by_id["service"].values()]


def _records(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Rows without their empty fields; degrees as numbers."""
    for row in table.to_dict("records"):
        yield {
            str(field): float(text) if field in _NUMBERS else text
            for field, text in row.items()
            if text or field == "name"
        }


def _nest(
    row: Mapping[str, Any],
    name: str,
    by_id: Mapping[str, Mapping[str, Mapping[str, Any]]],
    by_link: Mapping[tuple[str, str], Mapping[str, list[dict[str, Any]]]],
) -> dict[str, Any]:
    links = {column for lists in _INSIDE.values() for _, table, column in lists if table == name}
    ones = {column for _, _, column in _ONE.get(name, ())}
    out = {field: value for field, value in row.items() if field not in links | ones}
    for inside, table, column in _ONE.get(name, ()):
        if row.get(column):
            out[inside] = _nest(by_id[table][row[column]], table, by_id, by_link)
    for inside, table, column in _INSIDE.get(name, ()):
        held = by_link[(table, column)].get(row["id"], [])
        if held:
            out[inside] = [_nest(one, table, by_id, by_link) for one in held]
    return out
