"""Which datum points are really in, by the places they should lie in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.places.datum.conversion import Area, area_of
from xzz_analysis.places.datum.hypotheses import Belonging, Hypothesis, belonging, compare, hypotheses
from xzz_analysis.places.datum.layers import declared
from xzz_analysis.places.datum.mixture import CLEAR, exchanged_rows, levels_apart, second_datum, told_apart
from xzz_analysis.places.datum.verdict import DatumAudit, Verdict

FITS = 0.5
"""Share of points inside their own places below which no datum is believed."""
POINT, POLYGONAL = 0, (3, 6)
"""Kinds of shapes, as shapely numbers them."""


def audit_datum(
    points: gpd.GeoDataFrame,
    polygons: gpd.GeoDataFrame,
    names: str | Sequence[str] | None = None,
    *,
    by: str | None = None,
    area: Any = None,
    near: float = 100.0,
) -> DatumAudit:
    """Compare points with the places they should lie in, under every datum they may be in.

    Parameters
    ----------
    points : GeoDataFrame
        Points in degrees. Their datum may be declared (``attrs["datum"]``, or EPSG:4490) or not.
    polygons : GeoDataFrame
        Areas, or landmarks as points, with a declared datum that is relied on.
    names : str or sequence of str, optional
        Columns that both layers have and that say which point belongs to which place (district and sub-district,
        say); the indexes by default. Names are compared as they are: take suffixes off first. Names of several places
        are left out.
    by : str, optional
        Column of ``points``, such as their source or batch; each level is audited alone too.
    area : polygon in WGS 84, or function of longitudes and latitudes, optional
        Where GCJ-02 and BD-09 are in force, as in :func:`to_wgs84`.
    near : float
        Metres from a landmark that count as there; not used with polygons.

    Returns
    -------
    DatumAudit
        Its ``require()`` refuses points that are mislabelled, undeclared or mixed, with the evidence.

    Raises
    ------
    InputError
        Nothing to compare: no names in common, no points, layers in metres, polygons without a declared datum.

    Notes
    -----
    Hypotheses are compared by a sign test over places (is the place nearer under one or under the other), landmarks
    by the F test of a common displacement; 0.001 decides. A second datum among the points shows in points that fit
    only under it, beside the number that the same shift in three other directions takes home by accident. Points and
    polygons that are both in GCJ-02 look as if both were in WGS 84: only the difference between the layers can be
    seen.

    References
    ----------
    Dixon & Mood (1946), The statistical sign test, JASA 41, 557–566; Hotelling (1931), The generalization of Student's
    ratio, Annals of Mathematical Statistics 2, 360–378 (here with equal variances).
    """
    target, origin, where = declared(polygons), _declared_or_not(points), area_of(area)
    rows, place, counts = _matched(points, polygons, names)
    table = pd.DataFrame(points.drop(columns=points.geometry.name)).iloc[rows]
    levels = None if by is None else _levels(table, by)
    data = _belonging(points, polygons, rows, place, near)
    kinds = hypotheses(origin, target)
    found = _judged(data, kinds, origin, where)
    if found.mixture is not None:
        found = replace(found, told_apart_by=told_apart(found.mixture, table))
    if levels is not None:
        found = _by_parts(found, data, kinds, levels, where)
    return replace(found, counts=counts)


def _judged(data: Belonging, kinds: list[Hypothesis], origin: str, area: Area) -> DatumAudit:
    """Decide from the points alone, whatever their source."""
    table, away = compare(data, kinds, area)
    best = int(np.flatnonzero(table["best"])[0])
    mixture = exchanged_rows(data, kinds, away) or second_datum(data, kinds, away, best, area)
    kind, against = kinds[best], table["p"].drop(best)
    plain = DatumAudit("cannot tell", origin, "", kinds[0].polygons, kinds[0].axes, float(against.max()), table)
    if mixture is not None:
        return replace(plain, verdict="mixed", found=kind.points, p=mixture.p, mixture=mixture)
    if table["share"][best] < FITS:
        return plain
    other_axes = table["p"][table["axes"] != kind.axes].max()
    if plain.p < CLEAR:
        verdict: Verdict = "undeclared" if not origin else "agrees" if best == 0 else "mislabelled"
        return replace(plain, verdict=verdict, found=kind.points, polygons=kind.polygons, axes=kind.axes)
    if kind.axes != kinds[0].axes and other_axes < CLEAR:
        return replace(plain, verdict="mislabelled" if origin else "undeclared", axes=kind.axes, p=float(other_axes))
    if best != 0 and origin and against[0] < CLEAR:
        return replace(plain, verdict="mislabelled", p=float(against[0]))
    return plain


def _by_parts(
    whole: DatumAudit, data: Belonging, kinds: list[Hypothesis], levels: NDArray[np.object_], area: Area
) -> DatumAudit:
    """Audit every level alone; levels that are clearly of different datums make the whole mixed."""
    number, names = pd.factorize(levels, sort=True)
    found = [_judged(data.part(number == one), kinds, whole.declared, area) for one in range(len(names))]
    parts = pd.DataFrame([_one_part(audit) for audit in found], index=pd.Index(names, name="level"))
    whole = replace(whole, parts=parts)
    sure = [audit for audit in found if audit.found and audit.verdict != "mixed"]
    if len({(audit.found, audit.polygons, audit.axes) for audit in sure}) > 1:
        return replace(whole, verdict="mixed", p=min(max(audit.p for audit in sure), whole.p))
    if whole.verdict == "mixed":
        return whole
    wrong = min((audit.p for audit in found if audit.refused and whole.declared), default=1.0) * len(found)
    p = min(levels_apart(data, compare(data, kinds, area)[1], number), 1.0 if whole.refused else wrong)
    return replace(whole, verdict="mixed", p=p) if p < CLEAR else whole


def _one_part(audit: DatumAudit) -> dict[str, Any]:
    shares, best = audit.table["share"], audit.table[audit.table["best"]].iloc[0]
    row = {"n": int(best["n"]), "verdict": audit.verdict, "found": audit.found, "axes": audit.axes, "p": audit.p}
    return row | {"share_declared": shares.iloc[0], "best": best["points"], "share_best": best["share"]}


def _levels(table: pd.DataFrame, by: str) -> NDArray[np.object_]:
    if by not in table:
        raise InputError(
            f"the points have no column {by!r}{suggest(by, table.columns)}; name their source or batch in `by`"
        )
    return table[by].astype("string").fillna("").to_numpy(dtype=object)


def _declared_or_not(points: gpd.GeoDataFrame) -> str:
    if points.crs is not None and points.crs.is_projected:
        raise InputError(
            f"the points are in {points.crs.name}, in metres, where no datum shows; audit them in degrees, as they came"
        )
    if points.attrs.get("datum") or (points.crs is not None and points.crs.to_epsg() == 4490):
        return declared(points)
    return ""


def _matched(
    points: gpd.GeoDataFrame, polygons: gpd.GeoDataFrame, names: str | Sequence[str] | None
) -> tuple[NDArray[np.intp], NDArray[np.intp], dict[str, int]]:
    """Rows of points, the row of the place of each, and counts of what is left out."""
    own, theirs = _keys(points, names, "points"), _keys(polygons, names, "polygons")
    shapes = np.asarray(polygons.geometry.array)
    usable = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    placed = _placed(points)
    twice = usable & theirs.duplicated(keep=False).to_numpy()
    rows = pd.Series(np.arange(len(theirs)), index=theirs)[usable & ~twice]
    place = own.map(rows).fillna(-1).to_numpy().astype(np.intp)
    ambiguous = own.isin(theirs[twice]).to_numpy()
    matched = placed & (place >= 0)
    counts = {
        "points": len(points),
        "matched": int(matched.sum()),
        "places": len(np.unique(place[matched])),
        "no_place": int((~placed).sum()),
        "unknown_name": int((placed & (place < 0) & ~ambiguous).sum()),
        "ambiguous_name": int((placed & ambiguous).sum()),
    }
    if not matched.any():
        raise InputError(
            f"none of {len(points)} points can be compared: {counts['unknown_name']} have a name that no polygon has, "
            f"{counts['ambiguous_name']} a name of several, {counts['no_place']} no coordinates; "
            "write names alike in both layers (without 街道, 镇 and the like), or name the columns in `names`"
        )
    kept = np.flatnonzero(matched)
    return kept, place[kept], counts


def _keys(layer: gpd.GeoDataFrame, names: str | Sequence[str] | None, what: str) -> pd.Series:
    """One name for each row, "" where it has none."""
    if names is None:
        return pd.Series(layer.index.astype(str), dtype=object)
    columns = [names] if isinstance(names, str) else list(names)
    for column in columns:
        if column not in layer:
            raise InputError(
                f"the {what} have no column {column!r}{suggest(column, layer.columns)}; both layers need it"
            )
    parts = [layer[column].astype("string").str.strip().reset_index(drop=True) for column in columns]
    joined = parts[0] if len(parts) == 1 else parts[0].str.cat(parts[1:], sep="\x1f")
    return pd.Series(joined.to_numpy(dtype=object, na_value=None))


def _placed(points: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Which points are somewhere: neither missing, nor empty, nor at 0°, 0°."""
    shapes = np.asarray(points.geometry.array)
    other = (shapely.get_type_id(shapes) > POINT) & ~shapely.is_empty(shapes)
    if other.any():
        raise InputError(
            f"{int(other.sum())} of {len(points)} shapes are no points; audit representative_point() of them"
        )
    placed: NDArray[np.bool_] = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    lon, lat = shapely.get_x(shapes[placed]), shapely.get_y(shapes[placed])
    placed[placed] = np.isfinite(lon) & np.isfinite(lat) & ((lon != 0) | (lat != 0))
    return placed


def _belonging(
    points: gpd.GeoDataFrame,
    polygons: gpd.GeoDataFrame,
    rows: NDArray[np.intp],
    place: NDArray[np.intp],
    near: float,
) -> Belonging:
    """Matched points beside their places; places that no point belongs to are left out."""
    used, place = np.unique(place, return_inverse=True)
    shapes = np.asarray(polygons.geometry.array)[used]
    kinds = shapely.get_type_id(shapes)
    landmarks = bool((kinds == POINT).all())
    if not landmarks and (shapely.get_dimensions(shapes) != 2).any():
        count = int((shapely.get_dimensions(shapes) != 2).sum())
        raise InputError(f"{count} of {len(shapes)} places are no areas; give areas, or landmarks as points, not both")
    shape = np.asarray(points.geometry.array)[rows]
    return belonging(shapely.get_x(shape), shapely.get_y(shape), place, shapes, near if landmarks else 0.0)
