"""A workbook or CSV of resources → a table that can be relied on, and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.workbook import read_raw, require_whole_key
from xzz_analysis.places.datum.audit import audit_datum
from xzz_analysis.places.datum.layers import declare
from xzz_analysis.places.datum.verdict import DatumAudit
from xzz_analysis.places.directory.catalogue import Catalogue, plain, read_catalogue
from xzz_analysis.places.directory.communities import Communities
from xzz_analysis.places.directory.resources.cells import Context, named, read_cells
from xzz_analysis.places.directory.resources.checks import Limits, check_resources, locate
from xzz_analysis.places.directory.resources.schema import match_headers, resource_fields
from xzz_analysis.places.directory.resources.screen import screened
from xzz_analysis.places.directory.sheets import write_texts
from xzz_analysis.study.datums import datum_name

_DEGREES = ("lon", "lat")


@dataclass(frozen=True, eq=False, repr=False)
class Resources:
    """What there is for people.

    Attributes
    ----------
    confidential : GeoDataFrame
        :attr:`table` with the contacts that are not public: for the organisation's own files only.
    findings : tuple of Finding
    stated : frozenset of str
        Ids of those whose community somebody wrote down; that of the others is told from their point.
    """

    confidential: gpd.GeoDataFrame
    findings: tuple[Finding, ...] = field(default=())
    stated: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        points = int(self.confidential.geometry.notna().sum())
        datum = self.confidential.attrs["datum"]
        return f"<Resources: {len(self)}, {points} with a point in {datum}, {len(self.findings)} finding(s)>"

    def __len__(self) -> int:
        return len(self.confidential)

    @cached_property
    def table(self) -> gpd.GeoDataFrame:
        """Resources as they may be shown: contacts that are not public are left out, wherever they stand.

        Index: ids (str), sorted. Columns as :func:`resource_fields` declares them, without ``id``, ``lon`` and ``lat``;
        ``domains`` and ``eligibility`` are tuples, ``capacity`` is NaN where unknown, ``verified_on`` NaT where never;
        ``geometry`` (Point or None) in degrees of ``attrs["datum"]``.
        """
        return screened(self.confidential)

    def audit(self, communities: gpd.GeoDataFrame) -> DatumAudit:
        """Compare points with the communities that were written beside them, under every datum.

        Parameters
        ----------
        communities : GeoDataFrame
            Polygons, indexed by key, with a declared datum.

        Returns
        -------
        DatumAudit

        Raises
        ------
        InputError
            There is nothing to compare.
        """
        table = self.table[self.table.index.isin(self.stated) & self.table.geometry.notna()]
        areas = communities.assign(community=communities.index)
        return audit_datum(table, areas, "community")


def read_resources(
    file: Path,
    *,
    datum: str,
    as_of: dt.date,
    communities: Communities | None = None,
    sheet: str | None = None,
    columns: Mapping[str, str] | None = None,
    catalogue: Catalogue | None = None,
    limits: Limits | None = None,
) -> Resources:
    """Read a table of resources, one row each, and check it.

    Parameters
    ----------
    file : Path
        CSV or workbook; headers in Chinese or English (see docs/resources.md).
    datum : str
        Of the coordinates: WGS84, CGCS2000, GCJ02 or BD09.
    as_of : date
        Day of the report: verifications are as old as on this day.
    communities : Communities, optional
        Their keys or names are what ``community`` may hold; empty cells are filled from the points.
    sheet : str, optional
        Worksheet; the first by default.
    columns : mapping of str to str, optional
        Field → header, where headers are not those of docs/resources.md.
    catalogue : Catalogue, optional
        The library's by default.
    limits : Limits, optional
        From when on places are reported as the same, or verifications as old.

    Returns
    -------
    Resources
        Sorted by id.

    Raises
    ------
    InputError
        The file cannot be read, a column is missing, ids are damaged, or there are errors in cells; all told together.
    """
    raw = read_raw(Path(file), sheet)
    headers = match_headers(map(str, raw.frame.columns), Path(file).name, columns)
    cells = raw.frame[list(headers.values())].set_axis(list(headers), axis=1)
    _require_whole_ids(cells["id"].rename(headers["id"]), Path(file).name)
    made = make_resources(
        cells,
        Path(file).name,
        datum=datum,
        as_of=as_of,
        communities=communities,
        catalogue=catalogue,
        limits=limits,
    )
    return replace(made, findings=(*raw.findings, *made.findings))


def _require_whole_ids(ids: pd.Series, file: str) -> None:
    try:
        require_whole_key(ids, file)
    except InputError as error:
        raise InputError(
            f"{file}: the column {ids.name!r} tells resources apart, but a spreadsheet program has damaged it, so "
            "different ones could become one",
            error.findings,
        ) from None


def make_resources(
    cells: pd.DataFrame,
    where: str,
    *,
    datum: str,
    as_of: dt.date,
    communities: Communities | None = None,
    catalogue: Catalogue | None = None,
    limits: Limits | None = None,
) -> Resources:
    """Make resources from cells of text.

    Parameters
    ----------
    cells : DataFrame of str
        One column per field of :func:`resource_fields`, ``id`` among them; any order of rows.
    where : str
        File, for messages.
    datum, as_of, communities, catalogue, limits
        As in :func:`read_resources`.

    Returns
    -------
    Resources

    Raises
    ------
    InputError
        There are no rows, or errors in cells; all told together.
    """
    if not len(cells):
        raise InputError(f"{where} holds no resources; write one in each row below the header")
    name = datum_name(datum, where)
    keys = cells["id"].str.strip()
    findings = _keys(keys, where)
    cells = cells.set_axis(pd.Index(keys, dtype="object", name="id"), axis=0).sort_index()
    context = Context(where, catalogue or read_catalogue(), as_of, _community_words(communities))
    table, problems = read_cells(cells, context)
    findings += [*problems, *_half_points(table, where)]
    made = _with_points(table, name, where, findings)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise InputError(f"{where} has {len(errors)} problem(s) to correct", errors)
    assert made is not None
    stated = frozenset(made.index[made["community"] != ""])
    if communities is not None and communities.areas:
        here = locate(made, communities)
        findings += check_resources(made, as_of, where, limits or Limits(), here)
        made["community"] = made["community"].where(made["community"] != "", here)
    else:
        findings += check_resources(made, as_of, where, limits or Limits(), None)
    return Resources(made, tuple(findings), stated)


def _keys(keys: pd.Series, where: str) -> list[Finding]:
    findings = []
    missing = int((keys == "").sum())
    if missing:
        said = f"{missing:,} resource(s) have no id"
        findings.append(Finding("error", "key_missing", f"{where}: id", said, "give each its own", missing))
    twice = sorted(set(keys[keys.duplicated() & (keys != "")]))
    if twice:
        said = f"{len(twice):,} id(s) are there more than once ({named(twice)})"
        findings.append(Finding("error", "duplicate_id", f"{where}: id", said, "give each its own", len(twice)))
    return findings


def _community_words(communities: Communities | None) -> dict[str, str]:
    """Keys, names and codes → key; a name of two communities stands for neither."""
    if communities is None:
        return {}
    layer = communities.layer
    names = pd.concat([layer[name].map(plain) for name in ("name_zh", "name_en", "code")])
    names = names[names != ""].groupby(level=0).unique().explode()
    single = names[~names.duplicated(keep=False)]
    return {word: key for key, word in single.items()} | {plain(key): key for key in layer.index}


def _half_points(table: pd.DataFrame, where: str) -> list[Finding]:
    half = table.index[table["lon"].notna() ^ table["lat"].notna()]
    nowhere = table.index[(table["lon"] == 0) & (table["lat"] == 0)]
    findings = []
    for keys, said in ((half, "have one coordinate of two"), (nowhere, "lie at longitude 0 and latitude 0")):
        if len(keys):
            told = f"{len(keys):,} resource(s) {said} ({named(keys)})"
            findings.append(Finding("error", "point_incomplete", where, told, "correct them, or empty both", len(keys)))
    return findings


def _with_points(table: pd.DataFrame, datum: str, where: str, findings: list[Finding]) -> gpd.GeoDataFrame | None:
    """The table with points instead of degrees; coordinates that cannot be are a finding."""
    there = table[list(_DEGREES)].notna().all(axis=1).to_numpy()
    points = np.full(len(table), None, dtype=object)
    points[there] = gpd.points_from_xy(*(table.loc[there, name] for name in _DEGREES))
    made = gpd.GeoDataFrame(table.drop(columns=list(_DEGREES)), geometry=gpd.GeoSeries(points, index=table.index))
    try:
        return declare(made, datum)
    except InputError as error:
        findings.append(Finding("error", "degrees_impossible", where, str(error)))
        return None


def write_resources(resources: Resources, path: Path, *, language: str = "zh", confidential: bool = False) -> Path:
    """Write resources to a workbook that :func:`read_resources` reads again.

    Parameters
    ----------
    resources : Resources
    path : Path
        ``.xlsx``.
    language : "zh" or "en"
        Of the headers; words in cells are ids.
    confidential : bool
        Write contacts that are not public too: for the organisation's own file.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    InputError
        An unknown language, a text too long for a cell, or the file cannot be written.
    """
    table = resources.confidential if confidential else resources.table
    fields = resource_fields()
    cells = as_cells(table)
    choices = {one.label[language]: list(one.choices) for one in fields.values() if one.choices}
    sheet = cells.set_axis([fields[str(name)].label[language] for name in cells], axis=1)
    return write_texts(path, {"resources": sheet}, choices)


def as_cells(table: gpd.GeoDataFrame) -> pd.DataFrame:
    """A table of resources as cells of text, one column per field, as :func:`make_resources` takes them."""
    out = {"id": table.index.astype("str").to_series(index=table.index)}
    for one in resource_fields().values():
        if one.id in _DEGREES:
            values = table.geometry.x if one.id == "lon" else table.geometry.y
            out[one.id] = values.map(_number)
        elif one.id != "id":
            out[one.id] = table[one.id].map(_as_text)
    return pd.DataFrame({name: out[name] for name in resource_fields()}).astype("str").reset_index(drop=True)


def _as_text(value: object) -> str:
    if isinstance(value, tuple):
        return "、".join(value)
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dt.datetime):
        return "" if pd.isna(value) else value.date().isoformat()
    return str(value)


def _number(value: float) -> str:
    return "" if pd.isna(value) else str(int(value)) if float(value).is_integer() else repr(float(value))


def write_resource_form(path: Path, *, language: str = "zh") -> Path:
    """Write an empty workbook to fill: headers, drop-downs, and what every column and category means.

    Parameters
    ----------
    path : Path
        ``.xlsx``.
    language : "zh" or "en"

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    InputError
        The file exists (somebody may have filled it), or cannot be written.
    """
    if path.exists():
        raise InputError(f"{path.name} exists, and somebody may have filled it; give another name")
    fields = resource_fields()
    head = pd.DataFrame(columns=[one.label[language] for one in fields.values()], dtype="str")
    meaning = pd.DataFrame(
        [{"column": one.label[language], "id": one.id, "meaning": one.meaning[language]} for one in fields.values()]
    )
    kinds = read_catalogue().table.reset_index()[["category", f"heading_{language}", f"name_{language}"]]
    choices = {one.label[language]: list(one.choices) for one in fields.values() if one.choices}
    return write_texts(path, {"resources": head, "columns": meaning, "categories": kinds}, choices)
