"""Longitudes and latitudes from one datum to another.

GCJ-02 is the offset that GB 20263-2006 asks of maps published in mainland China. Its formula was never published;
this is the one that has circulated since about 2010 and that gcoord (hujiulong, 2017, ``src/crs/GCJ02.ts``) and
eviltransform (googollee, 2013) carry too: a sum of sines of the distance from 105° E, 35° N, in metres on the
ellipsoid of Krasovsky. BD-09 turns and stretches GCJ-02 a little around (0°, 0°) and adds 0.0065° and 0.006°.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from xzz_analysis.errors import InputError
from xzz_analysis.study.datums import SHIFTED, datum_name

Degrees = NDArray[np.float64]
Pair = tuple[Degrees, Degrees]
Area = Callable[[Degrees, Degrees], NDArray[np.bool_]]
"""Longitudes and latitudes in WGS 84 → whether GCJ-02 is in force there."""

RADIUS = 6378245.0
"""Major axis of Krasovsky's ellipsoid (1940), metres."""
SQUARED_ECCENTRICITY = 2 / 298.3 - 1 / 298.3**2
"""Of the same, from its flattening of 1/298.3."""
BAIDU = np.pi * 3000 / 180
ITERATIONS = 6
"""Of the inverse: what is left shrinks about a hundredfold each time, to below 1e-12 degree after six."""
AT_ONCE = 8192
"""Points taken together, so that the arrays between stay in the processor's cache."""

BOX = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east and north of where GCJ-02 can be in force: the box that all map services' conversions use."""


def in_box(lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
    """Tell which points lie in the box around China, borders included; False for NaN."""
    west, south, east, north = BOX
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def gcj_of_wgs(lon: Degrees, lat: Degrees) -> Pair:
    """Longitudes and latitudes in GCJ-02 of points in WGS 84, wherever they are."""
    x, y = lon - 105.0, lat - 35.0
    angle, root = x * np.pi, np.sqrt(np.abs(x))
    waves = 20 * np.sin(6 * angle) + 20 * np.sin(2 * angle)
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (waves + _sines(angle, (20, 40, 150, 300))) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (waves + _sines(y * np.pi, (20, 40, 160, 320))) * 2 / 3
    sine = np.sin(np.radians(lat))
    bend = 1 - SQUARED_ECCENTRICITY * sine * sine
    parallel = RADIUS / np.sqrt(bend) * np.cos(np.radians(lat))
    meridian = RADIUS * (1 - SQUARED_ECCENTRICITY) / (bend * np.sqrt(bend))
    return lon + np.degrees(east / parallel), lat + np.degrees(north / meridian)


def _sines(angle: Degrees, sizes: tuple[int, int, int, int]) -> Degrees:
    """Waves of 2, 6, 24 and 60 degrees."""
    parts = zip(sizes, (1, 3, 12, 30), strict=True)
    total = np.zeros_like(angle)
    for size, slower in parts:
        total += size * np.sin(angle / slower)
    return total


def bd_of_gcj(lon: Degrees, lat: Degrees) -> Pair:
    """Longitudes and latitudes in BD-09 of points in GCJ-02."""
    far = np.hypot(lon, lat) + 2e-5 * np.sin(lat * BAIDU)
    turn = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * BAIDU)
    return far * np.cos(turn) + 0.0065, far * np.sin(turn) + 0.006


def bd_of_wgs(lon: Degrees, lat: Degrees) -> Pair:
    """Longitudes and latitudes in BD-09 of points in WGS 84."""
    return bd_of_gcj(*gcj_of_wgs(lon, lat))


def inverse(forward: Callable[[Degrees, Degrees], Pair], lon: Degrees, lat: Degrees) -> Pair:
    """Find the points that ``forward`` takes to these, by correcting a guess with what is left.

    Every point has the same number of corrections, so that its result depends on no other point.
    """
    x, y = lon, lat
    for _ in range(ITERATIONS):
        east, north = forward(x, y)
        x, y = x - (east - lon), y - (north - lat)
    return x, y


FORWARD: dict[str, Callable[[Degrees, Degrees], Pair]] = {"GCJ02": gcj_of_wgs, "BD09": bd_of_wgs}
"""Shifted datum → what makes it of WGS 84."""


def to_wgs84(lon: Any, lat: Any, datum: str, *, area: Any = None) -> tuple[Any, Any]:
    """Convert longitudes and latitudes of a datum to WGS 84.

    Parameters
    ----------
    lon, lat : float, array or Series
        Degrees, of one shape (or one of them a number). NaN in either makes NaN in both.
    datum : str
        What they are in: ``"WGS84"``, ``"CGCS2000"``, ``"GCJ02"`` or ``"BD09"``, in any spelling of ``ALIASES``. The
        first two agree within centimetres and come back as they are.
    area : polygon in WGS 84, or function of longitudes and latitudes, optional
        Where GCJ-02 and BD-09 are in force; points outside stay as they are. By default the box from 72.004° to
        137.8347° E and 0.8293° to 55.8271° N that map services use, never more than it. It takes in neighbouring
        countries, Hong Kong, Macao and Taiwan, where providers differ: give a boundary where that matters.

    Returns
    -------
    lon, lat : same kind as given
        Degrees in WGS 84, with the index of a Series. The inverse of :func:`from_wgs84` within 1e-11 degree, except
        in the strip of less than 1.6 km outside ``area`` that the shift reaches into.

    Raises
    ------
    InputError
        Latitudes or longitudes out of range, exchanged, or not numbers; columns of different lengths; an unknown datum.

    References
    ----------
    GB 20263-2006 (the requirement); gcoord, hujiulong (2017), src/crs/GCJ02.ts and BD09.ts (the formulas, which are
    unofficial). They are inverted here by iteration; a single step leaves up to 4.7 m.

    Examples
    --------
    >>> lon, lat = to_wgs84(116.38404722, 39.91334546, "GCJ02")
    >>> round(float(lon), 5), round(float(lat), 5)
    (116.37782, 39.91195)
    """
    return _convert(lon, lat, datum, area, _back)


def from_wgs84(lon: Any, lat: Any, datum: str, *, area: Any = None) -> tuple[Any, Any]:
    """Convert longitudes and latitudes in WGS 84 to a datum: the inverse of :func:`to_wgs84`.

    Parameters
    ----------
    lon, lat : float, array or Series
        Degrees in WGS 84.
    datum : str
        What to convert to.
    area : polygon in WGS 84, or function of longitudes and latitudes, optional
        Where GCJ-02 and BD-09 are in force, as in :func:`to_wgs84`.

    Returns
    -------
    lon, lat : same kind as given

    Raises
    ------
    InputError
        As :func:`to_wgs84`.

    References
    ----------
    GB 20263-2006; gcoord, hujiulong (2017).
    """
    return _convert(lon, lat, datum, area, _forth)


def move(lon: Degrees, lat: Degrees, origin: str, target: str, area: Area = in_box) -> Pair:
    """Convert arrays between any two datums without looking at them; what is out of range stays."""
    if origin in SHIFTED and origin != target:
        lon, lat = _back(lon, lat, origin, area)
    if target in SHIFTED and origin != target:
        lon, lat = _forth(lon, lat, target, area)
    return lon, lat


def area_of(area: Any) -> Area:
    """A function from what :func:`to_wgs84` takes as ``area``."""
    if area is None:
        return in_box
    if callable(area):
        return lambda lon, lat: in_box(lon, lat) & np.asarray(area(lon, lat), bool)
    if not isinstance(area, shapely.Geometry) or shapely.get_dimensions(area) != 2:
        raise InputError(
            "area must be a polygon in WGS 84 or a function of longitudes and latitudes; "
            "of a layer take layer.geometry.union_all()"
        )
    shapely.prepare(area)
    return lambda lon, lat: in_box(lon, lat) & shapely.intersects_xy(area, lon, lat)


def check_degrees(lon: Degrees, lat: Degrees, datum: str) -> None:
    """Refuse what cannot be longitudes and latitudes in this order; counts only, never a coordinate."""
    with np.errstate(invalid="ignore"):
        wrong = (np.abs(lat) > 90) | (np.abs(lon) > 180)
        exchanged = in_box(lat, lon) & ((lat > 90) | ((lat > 72) & (datum != "WGS84")))
        metres = (np.abs(lon) > 1000) | (np.abs(lat) > 1000)
    total = int((~np.isnan(lon) & ~np.isnan(lat)).sum())
    if exchanged.any():
        raise InputError(
            f"longitude and latitude are exchanged in {int(exchanged.sum())} of {total} places: their latitudes lie "
            "beyond 72 or 90 degrees, and exchanging the two puts them into China; give the longitude (73 to 135 in "
            "China) first, and correct the file where only some rows are exchanged"
        )
    if metres.any():
        raise InputError(
            f"{int(metres.sum())} of {total} places have coordinates of thousands: these are metres of a projected "
            "system, not degrees; give the layer its own EPSG code and reproject it with to_crs(4490)"
        )
    if wrong.any():
        raise InputError(
            f"{int(wrong.sum())} of {total} places have a latitude beyond 90 or a longitude beyond 180 degrees, "
            "so that they are nowhere; correct them in the file or leave them empty"
        )


Way = Callable[[Degrees, Degrees, str, Area], Pair]


def _convert(lon: Any, lat: Any, datum: str, area: Any, way: Way) -> tuple[Any, Any]:
    name, where = datum_name(datum), area_of(area)
    if isinstance(lon, pd.Series) and isinstance(lat, pd.Series) and not lon.index.equals(lat.index):
        raise InputError("longitudes and latitudes have different indexes; take both from one table")
    x, y = _paired(lon, lat)
    check_degrees(x, y, name)
    shape, x, y = x.shape, x.ravel(), y.ravel()
    if name in SHIFTED:
        x, y = way(x, y, name, where)
    return _like(lon, lat, x.reshape(shape)), _like(lat, lon, y.reshape(shape))


def _paired(lon: Any, lat: Any) -> Pair:
    """Copies as float64 of one shape, NaN together."""
    try:
        x, y = np.broadcast_arrays(*(np.asarray(values, dtype=np.float64) for values in (lon, lat)))
    except (TypeError, ValueError) as error:
        lengths = " and ".join(str(np.size(values)) for values in (lon, lat))
        raise InputError(
            f"longitudes and latitudes must be numbers of one shape, not {lengths} values "
            f"of {np.asarray(lon).dtype} and {np.asarray(lat).dtype}; convert the columns with pandas.to_numeric first"
        ) from error
    gone = np.isnan(x) | np.isnan(y)
    return np.where(gone, np.nan, x), np.where(gone, np.nan, y)


def _like(first: Any, second: Any, values: Degrees) -> Any:
    for given in (first, second):
        if isinstance(given, pd.Series):
            return pd.Series(values, index=given.index, name=first.name if isinstance(first, pd.Series) else None)
    return values[()]


def _forth(lon: Degrees, lat: Degrees, datum: str, area: Area) -> Pair:
    return _by_parts(lon, lat, lambda x, y: _where(area(x, y), FORWARD[datum](x, y), (x, y)))


def _back(lon: Degrees, lat: Degrees, datum: str, area: Area) -> Pair:
    def back(x: Degrees, y: Degrees) -> Pair:
        found = inverse(FORWARD[datum], x, y)
        return _where(area(*found), found, (x, y))

    return _by_parts(lon, lat, back)


def _where(chosen: NDArray[np.bool_], there: Pair, otherwise: Pair) -> Pair:
    return np.where(chosen, there[0], otherwise[0]), np.where(chosen, there[1], otherwise[1])


def _by_parts(lon: Degrees, lat: Degrees, what: Callable[[Degrees, Degrees], Pair]) -> Pair:
    """Apply to points near the box, some thousands at a time; the others stay."""
    x, y = lon.copy(), lat.copy()
    near = np.flatnonzero((lon > 71) & (lon < 139) & (lat > 0) & (lat < 57))
    for start in range(0, len(near), AT_ONCE):
        part = near[start : start + AT_ONCE]
        x[part], y[part] = what(lon[part], lat[part])
    return x, y
