"""Reading streets people can walk on, from OpenStreetMap or any layer of lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from xzz_analysis.errors import InputError
from xzz_analysis.places.datum.layers import declared, metric
from xzz_analysis.places.travel.points import metres
from xzz_analysis.places.travel.profiles import WALKING
from xzz_analysis.places.travel.streets.graph import Streets, graph
from xzz_analysis.study.datums import SHIFTED

OPENSTREETMAP = (".pbf", ".osm")


def read_streets(source: Path | str | gpd.GeoDataFrame, crs: Any = None) -> Streets:
    """Read the streets people can walk on.

    Lines join where they share a vertex: an overpass does not join the street below. One-way rules are for vehicles and
    are ignored. Of OpenStreetMap (``.osm.pbf``, ``.osm``) and of any layer with a column ``highway``, the ways in
    ``walking.yml`` are kept, without those whose ``access`` is no or private, unless ``foot`` opens them.

    Parameters
    ----------
    source : Path, str or GeoDataFrame
        An OpenStreetMap file, any file of lines that GDAL reads, or a layer of lines with a coordinate system.
    crs : CRS or str, optional
        Projected coordinate system in metres to work in: that of the places. Without it that of the layer, if it is in
        metres, else the zone that ``datum.metric`` takes.

    Returns
    -------
    Streets

    Raises
    ------
    InputError
        The file is missing or unreadable, has no lines, nothing walkable, no coordinate system, or degrees that are
        shifted (GCJ-02, BD-09) or of no declared datum. OpenStreetMap is in WGS 84.
    """
    layer, name = (source, "streets") if isinstance(source, gpd.GeoDataFrame) else _read(Path(source))
    total = len(layer)
    layer = layer[walkable(layer)]
    if layer.empty:
        raise InputError(f"{name} holds {total:,} lines and none is a street to walk on; name another file of streets")
    shapes = _lines(layer.geometry, name)
    return graph(shapes, _system(layer, crs, name), name)


def walkable(layer: gpd.GeoDataFrame) -> np.ndarray:
    """Which lines people may walk on.

    Parameters
    ----------
    layer : GeoDataFrame
        With the tags of OpenStreetMap as columns or in ``other_tags``; without a column ``highway`` all lines are kept.

    Returns
    -------
    ndarray of bool, shape (lines,)
    """
    if "highway" not in layer:
        return np.ones(len(layer), dtype=bool)
    foot, sidewalk, access = (_tag(layer, name) for name in ("foot", "sidewalk", "access"))
    opened = foot.isin(WALKING.foot_open)
    marked = opened | sidewalk.isin(WALKING.sidewalk_open)
    kind = layer["highway"].isin(WALKING.walkable) | (layer["highway"].isin(WALKING.walkable_if_marked) & marked)
    shut = foot.isin(WALKING.foot_closed) | (access.isin(WALKING.access_closed) & ~opened)
    kept: np.ndarray = (kind & ~shut).to_numpy(dtype=bool)
    return kept


def _tag(layer: gpd.GeoDataFrame, name: str) -> pd.Series:
    """One tag of each line: its own column, or a pair of the text GDAL gathers the others in."""
    tag: pd.Series
    if name in layer:
        tag = layer[name]
    elif "other_tags" in layer:
        tag = layer["other_tags"].astype("string").str.extract(rf'"{name}"=>"([^"\\]*)"', expand=False)
    else:
        tag = pd.Series("", index=layer.index)
    return tag


def _read(path: Path) -> tuple[gpd.GeoDataFrame, str]:
    if not path.exists():
        raise InputError(f"there is no file of streets {path}; name one, or travel by straight line")
    asked = {"layer": "lines", "where": "highway IS NOT NULL"} if path.suffix.lower() in OPENSTREETMAP else {}
    try:
        layer = gpd.read_file(path, **asked)
    except Exception as error:
        raise InputError(
            f"{path.name} cannot be read as streets ({type(error).__name__}); "
            "give an OpenStreetMap extract (.osm.pbf) or a layer of lines (GeoPackage, GeoJSON)"
        ) from error
    if asked:
        layer.attrs["datum"] = "WGS84"
    return layer, path.name


def _lines(shapes: gpd.GeoSeries, name: str) -> gpd.GeoSeries:
    """Single lines, or the reason why there are none."""
    if shapes.crs is None:
        raise InputError(f"{name} has no coordinate system, so its lengths mean nothing; set it (set_crs) first")
    shapes = shapes[shapes.notna() & ~shapes.is_empty]
    shapes = shapes.explode(ignore_index=True)
    wrong = int((~shapes.geom_type.isin(["LineString", "LinearRing"])).sum())
    if wrong or shapes.empty:
        raise InputError(f"{name} holds {wrong:,} shapes that are not lines of {len(shapes):,}; give a layer of lines")
    return shapes


def _system(layer: gpd.GeoDataFrame, crs: Any, name: str) -> Any:
    """The coordinate system to work in; degrees must be of a declared datum that is not shifted."""
    if not layer.crs.is_projected and declared(layer) in SHIFTED:
        raise InputError(
            f"{name} is in {declared(layer)}, which moves streets; convert it first: convert(layer, 'WGS84')"
        )
    if crs is None:
        whole = gpd.GeoDataFrame(geometry=[shapely.box(*layer.total_bounds)], crs=layer.crs)
        whole.attrs = dict(layer.attrs)
        crs = metric(whole).crs
    return metres(gpd.GeoDataFrame(geometry=[], crs=crs), name)
