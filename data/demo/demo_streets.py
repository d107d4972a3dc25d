"""Streets of the fictional cities: a jittered grid with gaps, cut by a river, and walking along it.

Everything is in metres east and north of a city's origin on a plane that touches the ellipsoid there; over three
kilometres it is true to a few centimetres. Walking is computed here on its own, apart from the library, so that the
truth does not come from what it is compared with.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
import yaml
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

Points = NDArray[np.float64]
Layer = dict[str, Any]
SPEC = yaml.safe_load((Path(__file__).parent / "places.yml").read_text(encoding="utf-8"))

RADIUS, FLATTENING = 6378137.0, 1 / 298.257222101
"""Of CGCS2000."""
NUMERALS = "〇一二三四五六七八九十"


class Plane(NamedTuple):
    """Metres around an origin in degrees."""

    lon: float
    lat: float

    @property
    def scale(self) -> Points:
        """Metres of a degree of longitude and of latitude."""
        squared = FLATTENING * (2 - FLATTENING)
        bend = 1 - squared * np.sin(np.radians(self.lat)) ** 2
        parallel = RADIUS / np.sqrt(bend) * np.cos(np.radians(self.lat))
        return np.radians([parallel, RADIUS * (1 - squared) / bend**1.5])

    def metres(self, degrees: Any) -> Points:
        return (np.asarray(degrees, float) - [self.lon, self.lat]) * self.scale

    def degrees(self, metres: Any) -> Points:
        return np.asarray(metres, float) / self.scale + [self.lon, self.lat]


class Ways(NamedTuple):
    """Straight pieces of street between crossings: crossings (metres), their two ends, and the name of each piece."""

    xy: Points
    ends: NDArray[np.int64]
    names: NDArray[np.object_]

    @property
    def length(self) -> Points:
        return np.hypot(*(self.xy[self.ends[:, 0]] - self.xy[self.ends[:, 1]]).T)


class City(NamedTuple):
    """One city: its plane, its communities' hubs, polygons (metres) and features, its streets as written."""

    spec: dict[str, Any]
    plane: Plane
    hubs: dict[str, Points]
    areas: dict[str, Any]
    about: dict[str, dict[str, Any]]
    streets: list[dict[str, Any]]

    @property
    def ways(self) -> Ways:
        """Streets as in the file, rounded as there."""
        lines = [self.plane.metres(street["geometry"]["coordinates"]) for street in self.streets]
        return ways(lines, [street["properties"]["name_zh"] for street in self.streets])


def make_city(spec: dict[str, Any], layer: Layer, rng: np.random.Generator) -> City:
    """Streets of a city around its communities."""
    about = {feature["properties"]["community"]: feature for feature in layer["features"]}
    about = {name: about[name] for name in spec["communities"]}
    rings = {name: np.array(feature["geometry"]["coordinates"][0]) for name, feature in about.items()}
    plane = Plane(*np.round(np.concatenate(list(rings.values())).mean(axis=0), 3))
    hubs = {name: plane.metres(SPEC["communities"][name]["hub"]) for name in about}
    areas = {name: shapely.Polygon(plane.metres(ring)) for name, ring in rings.items()}
    if spec["river"]:
        last = hubs[spec["communities"][-1]]
        spec = spec | {"river": (last + spec["river"]).tolist(), "bridge": (last + spec["bridge"]).tolist()}
    wide = shapely.union_all(list(areas.values())).buffer(SPEC["streets"]["margin"])
    found = make_streets(wide, spec, SPEC["streets"], rng)
    names = {name: feature["properties"] for name, feature in about.items()}
    city = City(spec, plane, hubs, areas, names, [])
    return city._replace(streets=_features(city, found))


def link_road(cities: list[City]) -> dict[str, Any]:
    """The road from the first city to the second, between the crossings where they are nearest."""
    first, second = (city.plane.degrees(city.ways.xy) for city in cities[:2])
    start = first[np.hypot(*(first - second.mean(axis=0)).T).argmin()]
    end = second[np.hypot(*(second - start).T).argmin()]
    bends = start + np.linspace(0, 1, 9)[:, None] * (end - start)
    bends[1:-1, 1] += SPEC["link"]["bends"]
    return _feature(SPEC["link"]["name"], "primary", bends)


def _feature(name: str, highway: str, degrees: Points) -> dict[str, Any]:
    properties = {"name_zh": name, "highway": highway, "synthetic": True}
    geometry = {"type": "LineString", "coordinates": np.round(degrees, 6).tolist()}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _features(city: City, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Streets as GeoJSON features, named after the community they are nearest to."""
    first = [min(run["street"][1] for run in found if run["street"][0] == way) - 1 for way in (0, 1)]
    features = []
    for run in found:
        way, number, highway, bridge = run["street"]
        middle = run["xy"].mean(axis=0)
        near = min(city.hubs, key=lambda name: np.hypot(*(city.hubs[name] - middle)))
        root = city.about[near]["name_zh"].removesuffix("社区")
        name = city.spec["bridge_name"] if bridge else f"{root}{numeral(number - first[way])}{'路街'[way]}"
        features.append(_feature(name, highway, city.plane.degrees(run["xy"])))
    return features


def make_streets(
    area: Any, city: dict[str, Any], settings: dict[str, Any], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Streets of one city as runs of crossings: ``xy``, ``highway``, the direction and the number of the street."""
    xy, ends, line = _grid(area, city["turn"], settings, rng)
    river = shapely.LineString(city["river"] or [(9e6, 9e6), (9e6, 9e6 + 1)])
    pieces = shapely.linestrings(xy[ends])
    over = shapely.intersects(pieces, river)
    bridge = np.zeros(len(ends), bool)
    if city["river"]:
        away = shapely.distance(pieces, shapely.Point(city["bridge"]))
        bridge[np.where(over & (line[:, 0] == 0), away, np.inf).argmin()] = True
    main = np.isin(line[:, 1], [3, -4]) | np.isin(line, line[bridge]).all(axis=1)
    kept = (main | (rng.random(len(ends)) > settings["gaps"])) & (~over | bridge)
    kept &= _connected(ends, kept, len(xy))
    foot = rng.random(len(ends)) < settings["footways"]
    highway = np.select([main, foot], ["primary", "footway"], "residential")
    return _runs(xy, ends[kept], line[kept], highway[kept], bridge[kept])


def _grid(
    area: Any, turn: float, settings: dict[str, Any], rng: np.random.Generator
) -> tuple[Points, NDArray[np.int64], NDArray[np.int64]]:
    """Crossings of a jittered, bent and turned grid inside an area; neighbours; direction and number of each street."""
    west, south, east, north = area.bounds
    middle = np.array([(west + east) / 2, (south + north) / 2])
    half = int(np.hypot(east - west, north - south) / 2 / settings["spacing"]) + 2
    steps = np.arange(-half, half + 1)
    column, row = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))
    plain = settings["spacing"] * np.column_stack([column, row])
    plain = plain + 22 * np.column_stack([np.sin(row / 2.7), np.sin(column / 3.3)])
    plain += np.clip(settings["jitter"] * rng.standard_normal(plain.shape), -34, 34)
    cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    xy = plain @ np.array([[cosine, sine], [-sine, cosine]]) + middle
    inside = shapely.contains_xy(area, *xy.T)
    number = np.arange(len(xy)).reshape(len(steps), len(steps))
    ends = [np.column_stack([number[:-1].ravel(), number[1:].ravel()])]
    ends.append(np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()]))
    line = [np.column_stack([np.full(len(part), k), (row, column)[k][part[:, 0]]]) for k, part in enumerate(ends)]
    both = inside[np.concatenate(ends)].all(axis=1)
    return xy, np.concatenate(ends)[both], np.concatenate(line)[both]


def _connected(ends: NDArray[np.int64], kept: NDArray[np.bool_], nodes: int) -> NDArray[np.bool_]:
    """Pieces of the largest part that connects."""
    links = sparse.coo_array((np.ones(int(kept.sum())), tuple(ends[kept].T)), shape=(nodes, nodes))
    _, part = csgraph.connected_components(links, directed=False)
    return part[ends[:, 0]] == np.bincount(part).argmax()


def _runs(xy: Points, ends: Any, line: Any, highway: Any, bridge: Any) -> list[dict[str, Any]]:
    """Pieces that follow each other on one street and are of one kind, as one line each."""
    order = np.lexsort([ends[:, 0], line[:, 1], line[:, 0]])
    runs: list[dict[str, Any]] = []
    for piece in order:
        street = (*map(int, line[piece]), str(highway[piece]), bool(bridge[piece]))
        if runs and runs[-1]["street"] == street and runs[-1]["nodes"][-1] == ends[piece, 0]:
            runs[-1]["nodes"].append(ends[piece, 1])
        else:
            runs.append({"street": street, "nodes": list(ends[piece])})
    return [{"street": run["street"], "xy": xy[run["nodes"]]} for run in runs]


def numeral(number: int) -> str:
    """A number below 100 in Chinese."""
    ten, one = divmod(number, 10)
    tens = "" if not ten else "十" if ten == 1 else f"{NUMERALS[ten]}十"
    return tens + (NUMERALS[one] if one or not ten else "")


def ways(lines: Iterable[Points], names: Iterable[str]) -> Ways:
    """Streets as written to the file (metres) → pieces between crossings; lines meet where they share a vertex."""
    parts, named = [], []
    for line, name in zip(lines, names, strict=True):
        parts.append(np.stack([line[:-1], line[1:]], axis=1))
        named += [name] * (len(line) - 1)
    corners = np.concatenate(parts).reshape(-1, 2)
    _, first, node = np.unique(np.round(corners, 2), axis=0, return_index=True, return_inverse=True)
    return Ways(corners[first], node.reshape(-1, 2), np.array(named, object))


def nearest(streets: Ways, xy: Points) -> tuple[NDArray[np.int64], Points, Points]:
    """The nearest piece of each place, how far along it (0 to 1), and metres to it."""
    start, way = streets.xy[streets.ends[:, 0]], streets.xy[streets.ends[:, 1]] - streets.xy[streets.ends[:, 0]]
    piece, share, leg = np.zeros(len(xy), int), np.zeros(len(xy)), np.zeros(len(xy))
    for number, place in enumerate(xy):
        along = np.clip(((place - start) * way).sum(1) / (way**2).sum(1), 0, 1)
        away = np.hypot(*(place - start - along[:, None] * way).T)
        piece[number] = away.argmin()
        share[number], leg[number] = along[piece[number]], away.min()
    return piece, share, leg


def walks(streets: Ways, homes: Points, services: Points) -> Points:
    """Metres from every home to every service along the streets, legs included; shape (homes, services)."""
    length, nodes = streets.length, len(streets.xy)
    links = sparse.coo_array((length, tuple(streets.ends.T)), shape=(nodes, nodes)).tocsr()
    (at, along, leg), (to, there, step) = nearest(streets, homes), nearest(streets, services)
    ends, far = np.unique(streets.ends[to].ravel(), return_inverse=True)
    steps = csgraph.dijkstra(links, directed=False, indices=ends)[far.reshape(-1, 2)]
    start = np.stack([there, 1 - there], 1) * length[to][:, None]
    from_node = (start[:, :, None] + steps).min(axis=1).T
    beyond = np.stack([along, 1 - along], 1) * length[at][:, None]
    metres = (beyond[:, :, None] + from_node[streets.ends[at]]).min(axis=1)
    same = at[:, None] == to[None, :]
    short = np.abs(along[:, None] - there[None, :]) * length[at][:, None]
    return np.where(same, np.minimum(short, metres), metres) + leg[:, None] + step[None, :]
