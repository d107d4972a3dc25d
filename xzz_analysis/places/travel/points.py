"""Places of a layer as metres: one coordinate system, one point each, and what has no place counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.places.datum.layers import metric
from xzz_analysis.places.travel import table


@dataclass(frozen=True, eq=False, repr=False)
class Points:
    """Places in metres.

    Parameters
    ----------
    ids : Index of str
    xy : ndarray of float, shape (places, 2)
        NaN where a place is not known.
    crs : CRS
        Projected, in metres.
    what : str
        "origins" or "destinations", for messages.
    findings : tuple of Finding
    """

    ids: pd.Index
    xy: np.ndarray
    crs: Any
    what: str
    findings: tuple[Finding, ...]

    @property
    def placed(self) -> np.ndarray:
        """Positions of the places that are known: int."""
        return np.flatnonzero(~np.isnan(self.xy[:, 0]))


def read_points(layer: gpd.GeoDataFrame, what: str) -> Points:
    """Read the places of a layer.

    Parameters
    ----------
    layer : GeoDataFrame
        Index: ids. In a projected coordinate system in metres. Of an area or a line a point inside is taken.
    what : str
        "origins" or "destinations".

    Returns
    -------
    Points

    Raises
    ------
    InputError
        It has no coordinate system or one not in metres, or its ids are blank or repeated.
    """
    crs = metres(layer, what)
    shapes = layer.geometry.to_numpy()
    known = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    findings = []
    if not known.all():
        count = int((~known).sum())
        message = f"{count:,} of {len(layer):,} {what} have no place, so nothing is known to be near them"
        remedy = "give them a place, or leave them out"
        findings.append(Finding("warning", "travel_no_place", f"layer of {what}", message, remedy, count))
    wide = known & (shapely.get_type_id(shapes) != shapely.GeometryType.POINT)
    if wide.any():
        count = int(wide.sum())
        message = f"{count:,} of {len(layer):,} {what} are areas or lines; a point inside stands for each"
        findings.append(Finding("note", "travel_inner_point", f"layer of {what}", message, "", count))
        shapes = shapes.copy()
        shapes[wide] = shapely.point_on_surface(shapes[wide])
    xy = np.full((len(layer), 2), np.nan)
    xy[known] = shapely.get_coordinates(shapes[known])
    return Points(table.ids(layer.index, what), xy, crs, what, tuple(findings))


def metres(layer: gpd.GeoDataFrame, what: str) -> Any:
    """Give the coordinate system of a layer, if it is in metres.

    Parameters
    ----------
    layer : GeoDataFrame
    what : str
        Name of the layer, for the message.

    Returns
    -------
    CRS

    Raises
    ------
    InputError
        The layer has no coordinate system, or one in degrees or feet.
    """
    remedy = "reproject it into one in metres with to_crs"
    if layer.crs is None:
        raise InputError(f"the layer of {what} has no coordinate system, so its distances mean nothing; {remedy}")
    units = {axis.unit_name for axis in layer.crs.axis_info[:2]}
    if units != {"metre"}:
        unit = ", ".join(sorted(units)) or "unknown units"
        raise InputError(f"the layer of {what} is in {crs_name(layer.crs)} ({unit}), not in metres; {remedy}")
    return layer.crs


def in_metres(origins: gpd.GeoDataFrame, destinations: gpd.GeoDataFrame, crs: Any = None) -> tuple[Points, Points]:
    """Read two layers into one coordinate system in metres.

    Parameters
    ----------
    origins, destinations : GeoDataFrame
        In metres, both in the same system, or in degrees of a declared datum.
    crs : CRS, optional
        That of the streets: what is in degrees is brought into it.

    Returns
    -------
    tuple of Points

    Raises
    ------
    InputError
        See :func:`read_points`; both are in metres and differ; a datum is shifted or not declared.
    """
    for layer, what in ((origins, "origins"), (destinations, "destinations")):
        if not isinstance(layer, gpd.GeoDataFrame):
            raise InputError(f"{what} are a {type(layer).__name__}; give a GeoDataFrame whose index is the id")
        if layer.empty:
            raise InputError(f"the layer of {what} is empty; without any place there is nothing to travel between")
    if _projected(origins) and _projected(destinations):
        remedy = "bring both into one: destinations.to_crs(origins.crs)"
        same_crs(origins.crs, destinations.crs, ("origins", "destinations"), remedy)
    like = None if crs is None else gpd.GeoDataFrame(geometry=[], crs=crs)
    if like is None and _projected(destinations):
        like = destinations
    origins = metric(origins) if like is None or _projected(origins) else metric(origins, like=like)
    return read_points(origins, "origins"), read_points(metric(destinations, like=origins), "destinations")


def same_crs(first: Any, second: Any, names: tuple[str, str], remedy: str) -> None:
    """Refuse two layers that are not in one coordinate system.

    Parameters
    ----------
    first, second : CRS
    names : tuple of str
        Names of the layers, for the message.
    remedy : str
        What to do.

    Raises
    ------
    InputError
        They differ.
    """
    if first != second:
        raise InputError(
            f"{names[0]} are in {crs_name(first)} and {names[1]} in {crs_name(second)}; "
            f"distances between them would be wrong; {remedy}"
        )


def crs_name(crs: Any) -> str:
    """Short name of a coordinate system: its code, else its name."""
    code = crs.to_authority()
    return ":".join(code) if code else str(crs.name)


def _projected(layer: gpd.GeoDataFrame) -> bool:
    return layer.crs is not None and bool(layer.crs.is_projected)
