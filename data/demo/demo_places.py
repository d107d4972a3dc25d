"""Streets, homes, resources and facts of the fictional communities, and the truth about what is in reach.

Drawn from places.yml with a generator of its own, so that the survey stays as it is whatever changes here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from demo_kobo import write_book
from demo_resources import fact_rows, make_resources, resource_rows
from demo_streets import SPEC, City, Layer, Points, link_road, make_city, walks

SEED = 20251128
DOMAINS = ("education", "health", "livelihood", "support")
MINUTES, METRES_PER_SECOND = 15, 0.9
BUILDINGS = 110
"""In each community."""
MOST_CHILDREN = 3
OFF_RIVER = 40.0
INSIDE = 35.0
"""Metres of a building from the river, and from the border of its community."""

Frame = pd.DataFrame


def add_codes(layer: Layer) -> Layer:
    """Give communities fictional division codes of twelve digits, as their second property."""
    codes = {name: f"{city['code']}001{number:03d}" for city in SPEC["cities"] for number, name in _numbered(city)}
    for feature in layer["features"]:
        about = feature["properties"]
        feature["properties"] = {"community": about["community"], "code": codes[about["community"]]} | about
    return layer


def _numbered(city: dict[str, Any]) -> enumerate[str]:
    return enumerate(city["communities"], start=1)


def make_places(folder: Path, layer: Layer) -> dict[str, Any]:
    """Write everything but the communities themselves into a folder; the truth about reach is handed back."""
    rng = np.random.default_rng(SEED)
    cities = [make_city(spec, layer, rng) for spec in SPEC["cities"]]
    streets = [*(street for city in cities for street in city.streets), link_road(cities)]
    _write_lines(folder / "streets.geojson", layer, streets)
    homes = pd.concat([make_homes(city, rng) for city in cities], ignore_index=True)
    homes.to_csv(folder / "homes.csv", index=False, lineterminator="\n")
    resources = pd.concat([make_resources(city, rng) for city in cities], ignore_index=True)
    write_book(folder / "resources.xlsx", {"resources": resource_rows(resources)})
    write_book(folder / "community_facts.xlsx", {"facts": fact_rows(cities)})
    return describe_places(cities, homes, resources)


def make_homes(city: City, rng: np.random.Generator) -> Frame:
    """One row for each family, in buildings along the streets of its community; nobody is named."""
    tables = []
    for name, area in city.areas.items():
        about = city.about[name]
        buildings = _buildings(city, name, area, rng)
        size = rng.gamma(2.5, size=len(buildings))
        where = rng.choice(len(buildings), about["families"], p=size / size.sum())
        xy = buildings[where] + rng.uniform(-7, 7, (len(where), 2))
        place = city.plane.degrees(xy)
        children = _children(about["families"], about["children"], rng)
        table = Frame({"lon": place[:, 0], "lat": place[:, 1], "community": name, "children": children})
        tables.append(table.sort_values(["lon", "lat"]))
    homes = pd.concat(tables, ignore_index=True)
    return homes.assign(**{axis: homes[axis].map("{:.5f}".format) for axis in ("lon", "lat")})


def _buildings(city: City, name: str, area: Any, rng: np.random.Generator) -> Points:
    """Where buildings stand: beside the streets, most of them around the hub and its neighbours."""
    streets = city.ways
    piece = rng.choice(len(streets.ends), 12_000, p=streets.length / streets.length.sum())
    start, end = (streets.xy[streets.ends[piece, side]] for side in (0, 1))
    way = (end - start) / streets.length[piece][:, None]
    beside = np.column_stack([-way[:, 1], way[:, 0]]) * rng.choice([-1, 1], len(piece))[:, None]
    xy = (
        start + rng.uniform(0.12, 0.88, (len(piece), 1)) * (end - start) + beside * rng.uniform(11, 20, (len(piece), 1))
    )
    fit = shapely.contains_xy(area.buffer(-INSIDE), *xy.T)
    if city.spec["river"]:
        fit &= shapely.distance(shapely.points(xy), shapely.LineString(city.spec["river"])) > OFF_RIVER
    xy = xy[fit]
    clusters = SPEC["communities"][name]["homes"]
    weight = np.full(len(xy), (1 - sum(share for *_, share in clusters)) / len(xy))
    for east, north, spread, share in clusters:
        away = np.hypot(*(xy - city.hubs[name] - [east, north]).T)
        near = np.exp(-((away / spread) ** 2) / 2)
        weight += share * near / near.sum()
    return xy[rng.choice(len(xy), BUILDINGS, replace=False, p=weight)]


def _children(families: int, children: int, rng: np.random.Generator) -> np.ndarray:
    """One child in every family, and the others dealt out, at most three in each."""
    places = np.repeat(np.arange(families), MOST_CHILDREN - 1)
    more = rng.choice(places, children - families, replace=False)
    return 1 + np.bincount(more, minlength=families)


def _write_lines(path: Path, like: Layer, features: list[dict[str, Any]]) -> None:
    """GeoJSON in the reference system of another layer, one feature in each line."""
    head = json.dumps({key: value for key, value in like.items() if key != "features"}, ensure_ascii=False)
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features)
    path.write_text(f'{head[:-1]}, "features": [\n{lines}\n]}}\n', encoding="utf-8", newline="\n")


def describe_places(cities: list[City], homes: Frame, resources: Frame) -> dict[str, Any]:
    """Who is in reach of what, from walks computed here, and what is planted.

    ``reach``: the share of a community's children who can walk to a resource in time. ``within``, by domain: the share
    who can walk to any running resource of the domain, to any that is for everybody, and to the one most can walk to.
    """
    reach: dict[str, dict[str, float]] = {}
    within: dict[str, dict[str, dict[str, float]]] = {}
    for city in cities:
        for name in city.areas:
            near, weight = _near(city, homes[homes["community"] == name], resources)
            shares = {key: round(float(weight[row].sum() / weight.sum()), 4) for key, row in near.items()}
            reach[name] = {key: share for key, share in shares.items() if share}
            within[name] = {domain: _within(near, weight, resources, domain) for domain in DOMAINS}
    counts = homes.groupby("community")["children"].agg(["size", "sum"]).reindex(list(reach))
    return {
        "seed": SEED,
        "minutes": MINUTES,
        "metres_per_second": METRES_PER_SECOND,
        "homes": {name: int(size) for name, size in counts["size"].items()},
        "children": {name: int(number) for name, number in counts["sum"].items()},
        "planted": SPEC["planted"],
        "findings": SPEC["findings"],
        "within": within,
        "reach": reach,
    }


def _near(city: City, homes: Frame, resources: Frame) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """For each resource of the city, whether each home is near enough; and the homes' children."""
    here = resources[resources["xy"].notna() & resources["city"].eq(city.spec["city"])]
    start = city.plane.metres(homes[["lon", "lat"]].astype(float))
    metres = walks(city.ways, start, np.stack(here["xy"].tolist()))
    near = metres <= MINUTES * 60 * METRES_PER_SECOND
    return dict(zip(here["id"], near.T, strict=True)), homes["children"].to_numpy(float)


def _within(near: dict[str, np.ndarray], weight: np.ndarray, resources: Frame, domain: str) -> dict[str, float]:
    """Shares of children within reach of a domain's running resources."""
    specs = {spec["id"]: spec for spec in resources["spec"]}
    running = [key for key in near if domain in specs[key]["domains"] and specs[key].get("status") != "closed"]
    open_to_all = [key for key in running if not specs[key].get("for")]
    sums = {
        "any": np.any([near[key] for key in running], axis=0),
        "for_everybody": np.any([near[key] for key in open_to_all] or [np.zeros(len(weight), bool)], axis=0),
        "best": max((near[key] for key in running), key=lambda row: float(row @ weight)),
    }
    return {name: round(float(row @ weight / weight.sum()), 4) for name, row in sums.items()}
