"""Shapes that cannot be computed with: missing, invalid, of mixed kinds, the same twice, or overlapping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from xzz_analysis.errors import Finding

POLYGONS = (3, 6)
"""Type numbers of polygons in shapely."""

_POINT = 0
_SHOWN = 5
_QGIS = "repair them (QGIS: Fix geometries), or declare `repair: true`"


def _named(keys: Sequence[str]) -> str:
    shown = sorted(keys)
    more = f" and {len(shown) - _SHOWN:,} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more


def is_areas(layer: gpd.GeoDataFrame) -> bool:
    """Whether a layer holds polygons."""
    return bool(np.isin(shapely.get_type_id(np.asarray(layer.geometry.array)), POLYGONS).any())


def repair_shapes(layer: gpd.GeoDataFrame, where: str) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Repair invalid polygons.

    Parameters
    ----------
    layer : GeoDataFrame
        Index: keys.
    where : str

    Returns
    -------
    tuple
        A copy with valid polygons, and a finding ``geometry_repaired`` (a warning) with their number and the largest
        change of an area; what a repair makes besides polygons (lines, points) is left out.
    """
    shapes = np.asarray(layer.geometry.array)
    bad = ~shapely.is_valid(shapes) & np.isin(shapely.get_type_id(shapes), POLYGONS)
    if not bad.any():
        return layer, []
    made = shapely.make_valid(shapes[bad])
    parts = [
        shapely.union_all([one for one in shapely.get_parts(shape) if shapely.get_type_id(one) in POLYGONS])
        for shape in made
    ]
    before, after = np.abs(shapely.area(shapes[bad])), shapely.area(parts)
    moved = float(np.max(np.abs(after - before) / np.maximum(before, np.finfo(float).tiny)))
    out = layer.copy()
    out.geometry = gpd.GeoSeries(_put(shapes, bad, parts), index=layer.index, crs=layer.crs)
    said = f"{int(bad.sum()):,} invalid polygon(s) were repaired; an area changed by {min(moved, 1):.2%} at most"
    return out, [Finding("warning", "geometry_repaired", where, said, "look at them on a map", int(bad.sum()))]


def _put(shapes: NDArray[np.object_], where: NDArray[np.bool_], new: Sequence[object]) -> NDArray[np.object_]:
    out = shapes.copy()
    out[where] = new
    return out


def check_shapes(layer: gpd.GeoDataFrame, where: str, overlap: float = 0.01) -> list[Finding]:
    """Look for shapes that cannot be computed with.

    Parameters
    ----------
    layer : GeoDataFrame
        Index: keys of communities.
    where : str
        File, for messages.
    overlap : float
        Share of the smaller of two polygons that may lie in the other.

    Returns
    -------
    list of Finding
        ``geometry_missing``, ``geometry_kind``, ``geometry_invalid``, ``geometry_flat``, ``geometry_twice`` (errors)
        and ``communities_overlap`` (a warning); communities are named, coordinates are not.
    """
    shapes, keys = np.asarray(layer.geometry.array), layer.index.astype(str).to_numpy()
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    findings = list(_error(keys[missing], "geometry_missing", where, "have no shape", "draw them, or leave them out"))
    shapes, keys = shapes[~missing], keys[~missing]
    kinds = shapely.get_type_id(shapes)
    areas = np.isin(kinds, POLYGONS)
    other = ~areas if areas.any() else kinds != _POINT
    said = "are not polygons while others are" if areas.any() else "are neither points nor polygons"
    findings += _error(keys[other], "geometry_kind", where, said, "use one kind in a layer: polygons, or points")
    findings += _invalid(shapes[areas], keys[areas], where)
    good = areas & shapely.is_valid(shapes)
    flat = good & (shapely.area(shapes) == 0)
    findings += _error(keys[flat], "geometry_flat", where, "have an area of zero", "draw them again")
    findings += _twice(shapes, keys, where)
    good &= ~flat
    return [*findings, *_overlaps(shapes[good], keys[good], where, overlap)]


def _error(keys: Sequence[str], rule: str, where: str, said: str, remedy: str) -> Iterator[Finding]:
    if len(keys):
        yield Finding("error", rule, where, f"{len(keys):,} communities {said} ({_named(keys)})", remedy, len(keys))


def _invalid(shapes: NDArray[np.object_], keys: NDArray[np.object_], where: str) -> Iterator[Finding]:
    bad = ~shapely.is_valid(shapes)
    reasons = {str(text).partition("[")[0].strip().lower() for text in shapely.is_valid_reason(shapes[bad])}
    said = f"are invalid polygons: {', '.join(sorted(reasons))}"
    yield from _error(keys[bad], "geometry_invalid", where, said, _QGIS)


def _twice(shapes: NDArray[np.object_], keys: NDArray[np.object_], where: str) -> Iterator[Finding]:
    """Shapes that several communities share, wherever a ring begins."""
    plain = shapely.to_wkb(shapely.normalize(shapes))
    first: dict[bytes, str] = {}
    shared: set[str] = set()
    for shape, key in zip(plain, keys, strict=True):
        other = first.setdefault(shape, key)
        shared |= {other, key} if other != key else set()
    said = "have the same shape as another"
    yield from _error(sorted(shared), "geometry_twice", where, said, "keep one, or draw the right shape")


def _overlaps(
    shapes: NDArray[np.object_], keys: NDArray[np.object_], where: str, tolerance: float
) -> Iterator[Finding]:
    """Pairs of polygons that share more than a sliver; shares are of degrees squared, the same at one latitude."""
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    first, second = first[first < second], second[first < second]
    common = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    share = common / np.minimum(shapely.area(shapes[first]), shapely.area(shapes[second]))
    same = shapely.equals(shapes[first], shapes[second])
    large = (share > tolerance) & ~same
    if large.any():
        pairs = sorted(
            (" and ".join(sorted((keys[one], keys[other]))), part)
            for one, other, part in zip(first[large], second[large], share[large], strict=True)
        )
        told = "; ".join(f"{pair} by {part:.0%}" for pair, part in pairs[:_SHOWN])
        more = f" and {len(pairs) - _SHOWN:,} more" if len(pairs) > _SHOWN else ""
        said = (
            f"{len(pairs):,} pair(s) of communities overlap by more than {tolerance:.0%} of the smaller "
            f"({told}{more}); a place in both is counted in the one whose key comes first"
        )
        yield Finding("warning", "communities_overlap", where, said, "correct the boundaries", len(pairs))
