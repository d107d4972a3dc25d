"""The one public door: from two layers to what it costs to travel between them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.language import Label
from xzz_analysis.places.travel.cost import Cost, Unit
from xzz_analysis.places.travel.points import Points, crs_name, in_metres, same_crs
from xzz_analysis.places.travel.profiles import WALKING, Profile, find_profile, speed_label
from xzz_analysis.places.travel.straight import by_straight_line
from xzz_analysis.places.travel.streets import Streets, along, read_streets

AT_THE_LIMIT = 1e-9
"""Rounding allowed at the limit, relative: a place exactly at the limit is within it."""
OFF_STREETS = 250.0
"""Metres a place may be from the nearest street, unless told otherwise."""


def travel(
    origins: gpd.GeoDataFrame | pd.DataFrame,
    destinations: gpd.GeoDataFrame | None = None,
    how: str | Streets | gpd.GeoDataFrame | Path = "straight",
    *,
    limit: float | None = None,
    profile: Profile | str | None = "child",
    detour: float = WALKING.detour.factor,
    off_streets: float = OFF_STREETS,
) -> Cost:
    """Measure what it costs to get from each origin to each destination on foot.

    Parameters
    ----------
    origins, destinations : GeoDataFrame
        Layers whose index is the id: in degrees of a declared datum (WGS 84 or CGCS2000), or both in one projected
        coordinate system in metres. Of an area a point inside is taken. Or ``origins`` alone, as a long table of what
        somebody else measured: columns ``origin``, ``destination`` and ``minutes`` (``metres`` without a profile), one
        row for each pair (see :meth:`Cost.from_table`).
    how : "straight", Streets, GeoDataFrame or Path
        The straight line times ``detour``; or along streets: those of :func:`read_streets`, a layer of lines, or a
        file of streets.
    limit : float
        Minutes, or metres without a profile. Pairs up to and including the limit are kept; of a table all may be.
    profile : Profile, str or None
        Who walks: "child" (0.9 m/s), "adult" (1.3 m/s), one of your own, or None to measure metres.
    detour : float
        How much longer a way is than the straight line, at least 1; for ``how="straight"`` only.
    off_streets : float
        Metres a place may be from the nearest street. The leg between is walked straight and is part of the cost; a
        place farther away reaches nothing and is counted in a finding. Two places no farther apart than both legs
        together meet directly.

    Returns
    -------
    Cost
        In minutes (metres without a profile), with the method in words, findings and figures of the measurement.

    Raises
    ------
    InputError
        A layer is empty, of no declared or a shifted datum, or in another coordinate system than the other or the
        streets; an id is blank or repeated; a number is out of its range; a profile or a file is not known; more pairs
        are within the limit than memory should hold.

    References
    ----------
    Dijkstra, E. W. (1959) "A note on two problems in connexion with graphs", Numerische Mathematik 1, 269–271.
    O'Sullivan, S. and Morrall, J. (1996) "Walking distances to and from light-rail transit stations", Transportation
    Research Record 1538, 19–26.
    """
    if destinations is None:
        return _from_table(origins, limit, "minutes" if profile else "metres")
    if limit is None:
        raise InputError("travel between layers needs a limit: travel(homes, clinics, limit=45) for 45 minutes")
    _check(limit, detour, off_streets)
    speed = None if profile is None else find_profile(profile)
    start, end = in_metres(cast(gpd.GeoDataFrame, origins), destinations, how.crs if isinstance(how, Streets) else None)
    pace = speed.metres_per_minute if speed else 1.0
    reach = limit * (1 + AT_THE_LIMIT) * pace
    if isinstance(how, str):
        _known(how)
        measured = by_straight_line(start, end, reach, detour)
    else:
        measured = along(_streets(how, start), start, end, reach, off_streets)
    matrix = measured.matrix
    matrix.data = np.minimum(matrix.data / pace, limit)
    return Cost(
        matrix,
        start.ids,
        end.ids,
        "minutes" if speed else "metres",
        float(limit),
        _method(measured.method, speed),
        (*start.findings, *end.findings, *measured.findings),
        {**_placed(start), **_placed(end), **measured.facts},
    )


def _from_table(table: pd.DataFrame, limit: float | None, unit: Unit) -> Cost:
    """Costs that somebody else measured."""
    if isinstance(table, gpd.GeoDataFrame):
        raise InputError("travel needs the layer to travel to: travel(homes, clinics, limit=45)")
    return Cost.from_table(table, cost=unit, unit=unit, limit=limit)


def _check(limit: float, detour: float, off_streets: float) -> None:
    """Refuse numbers that mean nothing."""
    for name, value, least in (("limit", limit, 0.0), ("detour", detour, 1.0), ("off_streets", off_streets, 0.0)):
        if not (least <= value < math.inf):
            raise InputError(f"{name} is {value}; give a finite number of at least {least:g}")


def _known(how: str) -> None:
    if how != "straight":
        raise InputError(
            f"how is {how!r}{suggest(how, ['straight'])}; "
            "give 'straight', the streets of read_streets, or the path of a street file as a Path"
        )


def _streets(how: Streets | gpd.GeoDataFrame | Path, origins: Points) -> Streets:
    """The streets asked for, in the coordinate system of the places."""
    streets = how if isinstance(how, Streets) else read_streets(how, origins.crs)
    remedy = f"read the streets into that of the places: read_streets(path, crs={crs_name(origins.crs)!r})"
    same_crs(origins.crs, streets.crs, ("origins", "streets"), remedy)
    return streets


def _method(method: Label, speed: Profile | None) -> Label:
    """The way of measuring, and the speed of who walks."""
    if speed is None:
        return method
    said = speed_label(speed)
    return {"zh": f"{method['zh']}，{said['zh']}", "en": f"{method['en']}, {said['en']}"}


def _placed(points: Points) -> dict[str, float]:
    return {points.what: float(len(points.ids)), f"{points.what}_placed": float(len(points.placed))}
