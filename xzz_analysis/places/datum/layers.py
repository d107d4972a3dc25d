"""Layers that know their datum, and copies of them in metres."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from xzz_analysis.errors import InputError
from xzz_analysis.places.datum.conversion import area_of, check_degrees, in_box, move
from xzz_analysis.study.datums import CODES, DATUMS, SHIFTED, datum_name

SCALE_ERROR = 0.01
"""Largest error of lengths that :func:`metric` accepts at the borders of a layer: 10 metres in a kilometre."""
FAR = 5.0
"""Degrees from the middle of a layer beyond which a shape is counted as far away."""


def declare(layer: gpd.GeoDataFrame, datum: str) -> gpd.GeoDataFrame:
    """Say in which datum the degrees of a layer are; nothing is moved.

    Parameters
    ----------
    layer : GeoDataFrame
        In degrees. A reference system that its file carries gives way to the declaration.
    datum : str
        A name or alias of ``DATUMS``.

    Returns
    -------
    GeoDataFrame
        A copy with ``attrs["datum"]``; its ``crs`` is that of the datum, or None for GCJ-02 and BD-09, so that nothing
        reprojects them by mistake.

    Raises
    ------
    InputError
        The layer is in metres, its coordinates are exchanged or out of range, or the datum is unknown.
    """
    name = datum_name(datum)
    if layer.crs is not None and layer.crs.is_projected:
        raise InputError(
            f"the layer is in {layer.crs.name}, whose units are metres, and cannot be declared {name}; "
            f"reproject it with to_crs({CODES['CGCS2000'].removeprefix('EPSG:')}) and declare that CGCS2000"
        )
    _check_layer(layer, name)
    return _labelled(layer.copy(), name)


def declared(layer: gpd.GeoDataFrame) -> str:
    """Read the datum of a layer in degrees.

    Parameters
    ----------
    layer : GeoDataFrame

    Returns
    -------
    str
        ``attrs["datum"]``, else CGCS2000 when the layer's reference system is EPSG:4490. EPSG:4326 says nothing:
        software writes it on coordinates of every datum.

    Raises
    ------
    InputError
        Nobody declared a datum, or it is unknown.
    """
    if layer.attrs.get("datum"):
        return datum_name(layer.attrs["datum"], "attrs['datum']")
    if layer.crs is not None and layer.crs.to_epsg() == 4490:
        return "CGCS2000"
    kind = "says EPSG:4326, which files of every datum say" if layer.crs is not None else "names no reference system"
    raise InputError(
        f"the datum of a layer of {len(layer)} places is not declared (it {kind}), and places would lie up to 1.5 km "
        f"off in China if it were guessed; declare one of {', '.join(DATUMS)} (datum: in study.yml, or declare())"
        ", and let audit_datum compare it with polygons or landmarks"
    )


def convert(layer: gpd.GeoDataFrame, to: str, *, area: Any = None) -> gpd.GeoDataFrame:
    """Convert a layer in degrees to another datum.

    Parameters
    ----------
    layer : GeoDataFrame
        With a declared datum; any kinds of geometry, empty and missing ones too; heights stay.
    to : str
        A name or alias of ``DATUMS``.
    area : polygon in WGS 84, or function of longitudes and latitudes, optional
        Where GCJ-02 and BD-09 are in force, as in :func:`to_wgs84`.

    Returns
    -------
    GeoDataFrame
        A copy, every vertex moved.

    Raises
    ------
    InputError
        The datum is not declared or unknown, or coordinates are exchanged or out of range.

    References
    ----------
    GB 20263-2006; gcoord, hujiulong (2017).
    """
    origin, target, where = declared(layer), datum_name(to), area_of(area)
    _check_layer(layer, origin)
    out = layer.copy()
    if origin != target and (origin in SHIFTED or target in SHIFTED):
        moved = _moved(np.asarray(layer.geometry.array), lambda lon, lat: move(lon, lat, origin, target, where))
        out = out.set_geometry(gpd.GeoSeries(moved, index=layer.index), crs=None)
    return _labelled(out, target)


def metric(layer: gpd.GeoDataFrame, *, like: gpd.GeoDataFrame | None = None) -> gpd.GeoDataFrame:
    """Reproject a layer to metres, so that distances and areas can be computed.

    Parameters
    ----------
    layer : GeoDataFrame
        In WGS 84 or CGCS2000 (declared), or already in metres.
    like : GeoDataFrame, optional
        A layer that :func:`metric` returned; the result has its reference system, so that distances between the two
        layers mean something.

    Returns
    -------
    GeoDataFrame
        A copy in the CGCS2000 3-degree zone (EPSG 4534 to 4554) of the layer's middle inside the box around China, in
        the UTM zone of its middle elsewhere; east first, then north. It carries no datum. A layer in metres comes
        back as it is, unless ``like`` has another system or its lengths are wrong (Web Mercator).

    Raises
    ------
    InputError
        The datum is GCJ-02, BD-09 or not declared; the layer is empty, or so wide that lengths would be off by more
        than 1 %.

    References
    ----------
    EPSG Geodetic Parameter Dataset, codes 4534 to 4554 (CGCS2000 / 3-degree Gauss-Kruger); Snyder (1987), Map
    projections: a working manual, USGS Professional Paper 1395, chapter 8.
    """
    degrees = _in_degrees(layer)
    own = layer if like is None else like
    target = _zone(degrees) if like is None and degrees is not None else own.crs
    if target is None or not target.is_projected:
        raise InputError("like must be a layer in metres, as metric() returns it")
    out = (layer if degrees is None else degrees).to_crs(target)
    out.attrs = {name: value for name, value in layer.attrs.items() if name != "datum"}
    return out


def _in_degrees(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """The layer in degrees, or None when it is in metres that can stay."""
    if layer.crs is not None and layer.crs.is_projected:
        return layer.to_crs(CODES["WGS84"]) if layer.crs.to_epsg() in (3857, 3395, None) else None
    datum = declared(layer)
    if datum in SHIFTED:
        raise InputError(
            f"distances cannot be computed in {datum}: it moves places by up to 1.5 km, and not all alike; "
            "convert the layer first: convert(layer, 'WGS84')"
        )
    _check_layer(layer, datum)
    return layer.set_crs(CODES[datum], allow_override=True)


def _zone(layer: gpd.GeoDataFrame) -> Any:
    """The reference system in metres for a layer in degrees."""
    west, south, east, north = layer.total_bounds
    if np.isnan(west):
        raise InputError("a layer without any shape has no place on earth; leave it out, or read its file again")
    middle = np.array([(west + east) / 2]), np.array([(south + north) / 2])
    if in_box(*middle)[0]:
        system = pyproj.CRS.from_epsg(int(np.clip(4534 + np.round(middle[0][0] / 3) - 25, 4534, 4554)))
    else:
        system = layer.estimate_utm_crs()
    _refuse_wide(layer, system)
    return system


def _refuse_wide(layer: gpd.GeoDataFrame, system: Any) -> None:
    west, south, east, north = layer.total_bounds
    corners = np.array([(x, y) for x in (west, (west + east) / 2, east) for y in (south, north)])
    factors = pyproj.Proj(system).get_factors(corners[:, 0], corners[:, 1])
    error = np.max(np.abs(np.asarray(factors.meridional_scale) - 1))
    if error <= SCALE_ERROR:
        return
    bounds = shapely.bounds(np.asarray(layer.geometry.array))
    centres = (bounds[:, :2] + bounds[:, 2:]) / 2
    far = int((np.abs(centres - np.nanmedian(centres, axis=0)) > FAR).any(axis=1).sum())
    stray = (
        f"; {far} of {len(layer)} places lie more than {FAR:g} degrees from the middle: are they misplaced?"
        if far
        else ""
    )
    raise InputError(
        f"the layer is {east - west:.1f} degrees wide, and in {system.name} its lengths would be off by up to "
        f"{error:.1%}{stray}; compute distances city by city, or correct the places that lie far away"
    )


def _labelled(layer: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    layer = layer.set_crs(CODES.get(name), allow_override=True)
    layer.attrs["datum"] = name
    return layer


def _check_layer(layer: gpd.GeoDataFrame, datum: str) -> None:
    """Refuse impossible degrees, counted by place and not by vertex."""
    bounds = shapely.bounds(np.asarray(layer.geometry.array))
    lon = np.where(np.abs(bounds[:, 0]) > np.abs(bounds[:, 2]), bounds[:, 0], bounds[:, 2])
    lat = np.where(np.abs(bounds[:, 1]) > np.abs(bounds[:, 3]), bounds[:, 1], bounds[:, 3])
    check_degrees(lon, lat, datum)


def _moved(shapes: NDArray[np.object_], how: Any) -> NDArray[np.object_]:
    """Shapes with every vertex moved; heights as they are."""

    def flat(points: NDArray[np.float64]) -> NDArray[np.float64]:
        out = points.copy()
        out[:, 0], out[:, 1] = how(np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1]))
        return out

    moved: NDArray[np.object_] = shapely.transform(shapes, flat, include_z=bool(np.any(shapely.has_z(shapes))))
    return moved
