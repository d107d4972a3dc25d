"""A file of communities → a layer whose keys, names, codes, counts and shapes can be relied on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.intake.workbook import read_raw
from xzz_analysis.language import Label
from xzz_analysis.places.datum.layers import convert, declare
from xzz_analysis.places.directory.codes import (
    as_texts,
    check_known,
    parent_of,
    read_code_changes,
    read_codes,
    update_codes,
)
from xzz_analysis.places.directory.communities.shapes import check_shapes, is_areas, repair_shapes
from xzz_analysis.study.places import CommunityLayer, Count

_EQUAL_AREA = "ESRI:54034"
_STARTS = {b"{": "GeoJSON", b"SQLite format 3\0": "GeoPackage", b"\0\0\x27\x0a": "Shapefile"}
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, eq=False, repr=False)
class Communities:
    """Communities of a study.

    Attributes
    ----------
    layer : GeoDataFrame
        Index: keys (str). Columns ``name_zh``, ``name_en``, ``code`` (twelve digits or ``""``), one per count (float,
        NaN where unknown), the kept ones (str), ``area_km2`` (on the ellipsoid; NaN for points) and ``geometry`` in
        degrees; ``attrs["datum"]`` names their datum.
    counts : dict of str to Count
        Source and year of each count.
    approval : str
        审图号, or ``""``.
    exemption : mapping of language code to text
        Why none is needed; empty when nothing is claimed.
    findings : tuple of Finding
    """

    layer: gpd.GeoDataFrame
    counts: dict[str, Count]
    approval: str
    exemption: Label
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        kind = "areas" if self.areas else "points"
        return (
            f"<Communities: {len(self.layer)} {kind} in {self.layer.attrs['datum']}, {len(self.findings)} finding(s)>"
        )

    def __len__(self) -> int:
        return len(self.layer)

    @property
    def areas(self) -> bool:
        """Whether communities are polygons."""
        return is_areas(self.layer)

    @property
    def printable(self) -> bool:
        """Whether their boundaries may be printed: they have a 审图号, or an exemption is claimed."""
        return bool(self.approval or self.exemption)


def read_communities(declared: CommunityLayer) -> Communities:
    """Read a layer of communities and check everything in it.

    Parameters
    ----------
    declared : CommunityLayer

    Returns
    -------
    Communities
        In the order of the file.

    Raises
    ------
    InputError
        The file is no layer or has no shapes, a column is missing, or codes are damaged. All errors inside a layer are
        told together: keys missing or twice, shapes that cannot be computed with, wrong codes, counts that are no
        numbers or contradict each other.
    """
    raw = _file(declared)
    file = declared.file.name
    findings: list[Finding] = []
    keys = as_texts(_column(raw, declared.key, file))
    layer = raw.set_index(pd.Index(keys.to_numpy(dtype=object), name=declared.key))
    findings += _keys(keys, f"{file}: {declared.key}")
    if declared.repair:
        layer, repaired = repair_shapes(layer, file)
        findings += repaired
    findings += check_shapes(layer, file, declared.overlap)
    out = _names(layer, declared)
    findings += _same_names(out, file)
    out["code"], problems = _codes(layer, declared)
    findings += problems
    for name, count in declared.counts.items():
        out[name], problems = _count(layer, count.column or name, file)
        findings += problems
    findings += [*_sums(out, file), *_approval(declared)]
    for name in declared.keep:
        out[name] = as_texts(_column(layer, name, file)).to_numpy()
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise InputError(f"{file} has {len(errors)} problem(s) to correct", errors)
    made = declare(gpd.GeoDataFrame(out, geometry=layer.geometry.array, crs=layer.crs), declared.datum)
    made.insert(len(made.columns) - 1, "area_km2", _area(made))
    return Communities(made, dict(declared.counts), declared.approval, dict(declared.exemption), tuple(findings))


def _file(declared: CommunityLayer) -> gpd.GeoDataFrame:
    path = declared.file
    try:
        with path.open("rb") as file:
            start = file.read(16).removeprefix(_MARK).lstrip()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read ({error.strerror}); check its path") from None
    kind = next((kind for sign, kind in _STARTS.items() if start.startswith(sign)), "")
    if not kind:
        raise InputError(f"{path.name} is no GeoJSON, GeoPackage or Shapefile; save the layer as one of them")
    options: dict[str, Any] = {"layer": declared.layer} if declared.layer else {}
    if kind == "Shapefile":
        options["encoding"] = declared.encoding or _encoding(path)
    try:
        layer = gpd.read_file(path, **options)
    except (RuntimeError, ValueError, OSError, shapely.errors.ShapelyError) as error:
        raise InputError(
            f"{path.name} cannot be read as a map layer ({type(error).__name__}); save it again as GeoJSON"
        ) from None
    if not isinstance(layer, gpd.GeoDataFrame) or not len(layer):
        raise InputError(f"{path.name} holds no shapes; export the layer of communities again")
    return layer.to_crs(4490) if layer.crs is not None and layer.crs.is_projected else layer


def _encoding(path: Path) -> str | None:
    """Encoding of a Shapefile's texts; Chinese software often leaves out the file that names it."""
    table = path.with_suffix(".dbf")
    if path.with_suffix(".cpg").exists() or not table.exists():
        return None
    try:
        table.read_bytes()[32:].decode("utf-8")
    except UnicodeDecodeError:
        return "GB18030"
    return "UTF-8"


def _column(layer: pd.DataFrame, name: str, file: str) -> pd.Series:
    if name not in layer:
        known = [column for column in map(str, layer.columns) if column != "geometry"]
        raise InputError(f"{file} has no column {name!r}{suggest(name, known)}; it has {', '.join(known) or 'none'}")
    return layer[name]


def _keys(keys: pd.Series, where: str) -> Iterator[Finding]:
    missing = int((keys == "").sum())
    if missing:
        said = f"{missing:,} communities have no key"
        yield Finding("error", "key_missing", where, said, "give each its own", missing)
    twice = sorted(set(keys[keys.duplicated() & (keys != "")]))
    if twice:
        said = f"{len(twice):,} key(s) name several communities ({', '.join(twice[:5])})"
        yield Finding("error", "duplicate_id", where, said, "give each its own, or unite their shapes", len(twice))


def _names(layer: gpd.GeoDataFrame, declared: CommunityLayer) -> pd.DataFrame:
    """The table with both names; the key, or the other language, stands in for a name that is missing."""
    out = pd.DataFrame(index=layer.index)
    given = {language: getattr(declared, language) for language in ("zh", "en")}
    names = {
        language: as_texts(layer[name]).to_numpy(dtype=object) if name in layer else np.full(len(layer), "", object)
        for language, name in given.items()
    }
    keys = layer.index.to_numpy()
    out["name_zh"] = np.where(names["zh"] != "", names["zh"], np.where(names["en"] != "", names["en"], keys))
    out["name_en"] = np.where(names["en"] != "", names["en"], out["name_zh"])
    return out


def _same_names(table: pd.DataFrame, file: str) -> Iterator[Finding]:
    twice = sorted(set(table["name_zh"][table["name_zh"].duplicated()]))
    if twice:
        said = f"{len(twice):,} name(s) stand for several communities ({', '.join(twice[:5])})"
        yield Finding("warning", "name_twice", file, said, "are they the same? If not, add the district", len(twice))


def _codes(layer: gpd.GeoDataFrame, declared: CommunityLayer) -> tuple[pd.Series, list[Finding]]:
    """Division codes in use now, compared with the list and the parents that were declared."""
    if not declared.code:
        return pd.Series("", index=layer.index, dtype="str"), []
    where = f"{declared.file.name}: {declared.code}"
    codes, findings = read_codes(_column(layer, declared.code, declared.file.name), where, declared.level)
    if declared.changes is not None:
        codes, changed = update_codes(codes, read_code_changes(declared.changes), where)
        findings += changed
    if declared.divisions is not None:
        known = read_raw(declared.divisions).frame
        listed, _ = read_codes(_column(known, "code", declared.divisions.name), declared.divisions.name)
        findings += check_known(codes, set(listed), where)
    if declared.parent:
        above, problems = read_codes(_column(layer, declared.parent, declared.file.name), f"{where}, parent")
        findings += problems
        other = (codes != "") & (above != "") & (codes.map(parent_of).to_numpy() != above.to_numpy())
        if other.any():
            said = f"{int(other.sum()):,} code(s) do not begin with the code in {declared.parent!r}"
            findings.append(Finding("error", "code_parent", where, said, "correct one of them", int(other.sum())))
    twice = codes[(codes != "") & codes.duplicated()]
    if len(twice):
        said = f"{len(twice):,} communities share their code with another ({', '.join(sorted(set(twice))[:5])})"
        findings.append(Finding("error", "code_twice", where, said, "give each its own code", len(twice)))
    return codes, findings


def _count(layer: gpd.GeoDataFrame, column: str, file: str) -> tuple[pd.Series, list[Finding]]:
    given = as_texts(_column(layer, column, file)).str.replace(",", "")
    numbers = pd.to_numeric(given.mask(given == ""), errors="coerce").astype("float64")
    wrong = ((given != "") & ~np.isfinite(numbers)) | (numbers < 0)
    if not wrong.any():
        return numbers, []
    said = f"{int(wrong.sum()):,} cell(s) are no count ({given[wrong].iloc[0][:20]!r})"
    return numbers, [Finding("error", "count_no_number", f"{file}: {column}", said, "write digits", int(wrong.sum()))]


def _sums(table: pd.DataFrame, file: str) -> Iterator[Finding]:
    """Parts larger than their whole, and communities where nobody is registered."""
    if "population" not in table:
        return
    for part in ("children", "migrants", "families"):
        if part in table and (over := int((table[part] > table["population"]).sum())):
            said = f"{over:,} communities have more {part} than people"
            yield Finding("error", "part_exceeds_whole", file, said, "compare both columns with their sources", over)
    nobody = sorted(table.index[table["population"] == 0])
    if nobody:
        said = f"{len(nobody):,} communities have a population of 0 ({', '.join(nobody[:5])}), so no rate can be given"
        yield Finding("warning", "nobody_registered", file, said, "leave the cell empty if it is unknown", len(nobody))


def _approval(declared: CommunityLayer) -> Iterator[Finding]:
    if not declared.approval and not declared.exemption:
        said = "no approval number (审图号) and no exemption is declared, so these boundaries will not be published"
        yield Finding("warning", "no_map_approval", declared.file.name, said, "write approval, or exemption")


def _area(layer: gpd.GeoDataFrame) -> np.ndarray:
    if not is_areas(layer):
        return np.full(len(layer), np.nan)
    return np.asarray(convert(layer, "WGS84").to_crs(_EQUAL_AREA).area) / 1e6
