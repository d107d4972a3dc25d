"""The ground of a paper map: layers in metres, and where they lie on the sheet."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from matplotlib.path import Path
from numpy.typing import NDArray

from xzz_analysis.places.datum import metric
from xzz_analysis.report.maps.content import MapContent

Numbers = NDArray[np.float64]

MARGIN = 0.03
"""Of the longer side of what is shown, left free around it."""


@dataclass(frozen=True)
class Ground:
    """Layers of a map in metres (in units of a plane when it is schematic).

    Attributes
    ----------
    areas : array of geometry
    middles : array of float, shape (areas, 2)
    points : array of float, shape (places, 2)
    lines : tuple of arrays of float, shape (vertices, 2)
    bounds : west, south, east, north
    convergence : float
        Degrees by which true north lies left of the sheet's upper edge.
    """

    areas: NDArray[np.object_]
    middles: Numbers
    points: Numbers
    lines: tuple[Numbers, ...]
    bounds: tuple[float, float, float, float]
    convergence: float = 0.0

    @property
    def aspect(self) -> float:
        """Width by height of what is shown."""
        west, south, east, north = self.bounds
        return (east - west) / (north - south)


def ground_of(content: MapContent) -> Ground:
    """Bring the layers of a map into one metric reference system.

    Parameters
    ----------
    content : MapContent
    """
    empty = np.empty(0, dtype=object)
    if content.schematic:
        assert content.areas is not None
        shapes = content.areas.geometry.to_numpy()
        return Ground(shapes, _points(shapely.centroid(shapes)), np.empty((0, 2)), (), _padded([content.areas]))
    places = content.places.frame if content.places is not None and len(content.places.frame) else None
    first = metric(content.areas if content.areas is not None else places)
    areas = None if content.areas is None else first
    points = None if places is None else metric(places, like=first)
    lines = () if content.lines is None else _lines(metric(content.lines, like=first))
    shapes = empty if areas is None else areas.geometry.to_numpy()
    west, south, east, north = content.extent
    factors = pyproj.Proj(first.crs).get_factors((west + east) / 2, (south + north) / 2)
    return Ground(
        shapes,
        _points(shapely.point_on_surface(shapes)),
        np.empty((0, 2)) if points is None else _points(points.geometry.to_numpy()),
        lines,
        _padded([layer for layer in (areas, points) if layer is not None]),
        float(factors.meridian_convergence),
    )


def _points(shapes: NDArray[np.object_]) -> Numbers:
    return shapely.get_coordinates(shapes) if len(shapes) else np.empty((0, 2))


def _lines(layer: gpd.GeoDataFrame) -> tuple[Numbers, ...]:
    parts = shapely.get_parts(layer.geometry.to_numpy())
    return tuple(shapely.get_coordinates(part) for part in parts if part.geom_type == "LineString")


def _padded(layers: list[gpd.GeoDataFrame]) -> tuple[float, float, float, float]:
    """The bounds of all layers with a margin; a single point gets a kilometre around it."""
    bounds = np.array([layer.total_bounds for layer in layers])
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    margin = MARGIN * max(east - west, north - south) or 500.0
    return float(west - margin), float(south - margin), float(east + margin), float(north + margin)


@dataclass(frozen=True)
class View:
    """Where the ground lies on a sheet, in millimetres from its upper left corner.

    Attributes
    ----------
    left, top, width, height : float
        The frame of the map.
    west, north : float
        Ground at the frame's upper left corner.
    scale : float
        Millimetres on the sheet for one unit of the ground.
    """

    left: float
    top: float
    width: float
    height: float
    west: float
    north: float
    scale: float

    @classmethod
    def of(cls, ground: Ground, left: float, top: float, width: float, height: float) -> View:
        """The largest view of all of the ground in a frame, in its middle."""
        west, south, east, north = ground.bounds
        scale = min(width / (east - west), height / (north - south))
        spare = width / scale - (east - west), height / scale - (north - south)
        return cls(left, top, width, height, west - spare[0] / 2, north + spare[1] / 2, scale)

    @property
    def room(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the frame."""
        return self.left, self.top, self.left + self.width, self.top + self.height

    def on_sheet(self, points: Numbers) -> Numbers:
        """Points of the ground in millimetres on the sheet, y downwards."""
        return (points - [self.west, self.north]) * [self.scale, -self.scale] + [self.left, self.top]

    def outline(self, shape: shapely.Geometry) -> Path:
        """An area as a path on the sheet, holes included."""
        rings = [ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)]
        paths = [Path(self.on_sheet(shapely.get_coordinates(ring)), closed=True) for ring in rings]
        return Path.make_compound_path(*paths)
