"""Resources and facts of the fictional communities as the tables an organisation keeps, in Chinese."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import shapely
from demo_streets import SPEC, City, Points, Ways, nearest

from xzz_analysis.places.datum import from_wgs84
from xzz_analysis.places.directory.catalogue import read_catalogue
from xzz_analysis.places.directory.facts import known_facts
from xzz_analysis.places.directory.resources import resource_fields

Frame = pd.DataFrame
Rows = list[tuple[Any, ...]]
FACTS = ("社区", "事项", "数值", "英文内容", "来源", "年份", "备注")
NOTES = {"area": "按边界计算"}
YEAR = "2025"
LEDGER, WALK = "社区台账（合成）", "社区走访（合成）"


def make_resources(city: City, rng: np.random.Generator) -> Frame:
    """Resources of a city with their place (metres, on the street's edge) and everything the table says of them."""
    streets, rows = city.ways, []
    for name in city.areas:
        for spec in SPEC["resources"][name]:
            xy, address = _placed(city, streets, name, spec)
            degrees = None if xy is None else city.plane.degrees(xy)
            rows.append(
                {
                    "city": city.spec["city"],
                    "spec": spec,
                    "xy": xy,
                    "degrees": degrees,
                    **_cells(city, name, spec, address, rng),
                }
            )
    return Frame(rows)


def _placed(city: City, streets: Ways, name: str, spec: dict[str, Any]) -> tuple[Points | None, str]:
    """A place eight metres off the nearest street, and the crossing it is near."""
    if "at" not in spec:
        return None, ""
    wanted = city.hubs[name] + spec["at"]
    (piece,), (share,), (leg,) = nearest(streets, wanted[None])
    start, end = streets.xy[streets.ends[piece]]
    foot = start + share * (end - start)
    xy = foot + (wanted - foot) * min(1, 8 / max(leg, 1e-9))
    return xy, f"{city.spec['city']}{_crossing(streets, piece, xy)}路口附近"


def _crossing(streets: Ways, piece: int, xy: Points) -> str:
    """The street of a piece and one that crosses it, at the nearer end where one does."""
    nodes = sorted(streets.ends[piece], key=lambda node: np.hypot(*(streets.xy[node] - xy)))
    for node in nodes:
        others = set(streets.names[(streets.ends == node).any(axis=1)]) - {streets.names[piece]}
        if others:
            return f"{streets.names[piece]}与{min(others)}"
    raise ValueError("no street crosses the nearest one; move the resource")


def _cells(city: City, name: str, spec: dict[str, Any], address: str, rng: np.random.Generator) -> dict[str, str]:
    """Cells of one row as text, by field, in Chinese."""
    draw = {key: SPEC[key][rng.integers(len(SPEC[key]))] for key in ("sources", "verified_by")}
    first, last = SPEC["verified"]
    day = first + dt.timedelta(days=int(rng.integers((last - first).days + 1)))
    number = f"000-0000-{rng.integers(10_000):04d}"
    usual = SPEC["usual"]["shop" if spec.get("shop") else spec["category"].split(".")[0]]
    kind, words = read_catalogue(), resource_fields()
    verified = spec.get("verified", day)
    contact = spec.get("contact", "public")
    return {
        "id": spec["id"],
        "name_zh": spec["zh"],
        "name_en": spec["en"],
        "organisation": spec.get("organisation", ""),
        "category": kind.kinds[spec["category"]].label["zh"],
        "domains": "、".join(kind.domain_label(domain)["zh"] for domain in spec["domains"]),
        "items": spec["items"],
        "capacity": str(spec.get("capacity", "")),
        "eligibility": "、".join(kind.groups[word].zh if word in kind.groups else word for word in spec.get("for", []))
        or "不限",
        **{key: spec.get(key, usual[key]) for key in ("hours", "fee", "procedure", "papers")},
        "contact": "" if contact == "none" else number,
        "contact_public": "是" if contact == "public" else "否",
        "address": address,
        "precision": words["precision"].choices[spec.get("precision", "door")].zh if address else "",
        "community": "" if _outside(city, name, spec) else city.about[name]["name_zh"],
        "source": draw["sources"],
        "verified_by": draw["verified_by"] if verified else "",
        "verified_on": str(verified),
        "status": words["status"].choices[spec.get("status", "active")].zh,
        "voucher": words["voucher"].choices[spec["voucher"]].zh if "voucher" in spec else "",
    }


def _outside(city: City, name: str, spec: dict[str, Any]) -> bool:
    return "at" in spec and not city.areas[name].contains(shapely.Point(city.hubs[name] + spec["at"]))


def resource_rows(resources: Frame) -> Rows:
    """Rows for a workbook, header first; points are written in GCJ-02, as they come from map services in China."""
    fields = resource_fields()
    there = resources["degrees"].notna()
    lon, lat = np.array(resources.loc[there, "degrees"].tolist()).T
    cells = resources.assign(lon="", lat="")
    for axis, values in zip(("lon", "lat"), from_wgs84(lon, lat, "GCJ02"), strict=True):
        cells.loc[there, axis] = [f"{value:.6f}" for value in values]
    lines = cells[list(fields)].itertuples(index=False, name=None)
    return [tuple(field.label["zh"] for field in fields.values()), *lines]


def fact_rows(cities: list[City]) -> Rows:
    """Rows for a workbook of facts, header first, in the library's order; texts are in both languages."""
    rows: Rows = [FACTS]
    for city in cities:
        for name, area in city.areas.items():
            given = {"area": round(area.area / 1e6, 2), "grids": 60} | SPEC["facts"][name]
            for fact, about in known_facts().items():
                if fact in given:
                    rows.append(
                        (city.about[name]["name_zh"], about.label["zh"], *_said(given[fact]), YEAR, NOTES.get(fact, ""))
                    )
    return rows


def _said(value: Any) -> tuple[str, str, str]:
    """What is said in Chinese and in English, and who says it."""
    return (value["zh"], value["en"], WALK) if isinstance(value, dict) else (str(value), "", LEDGER)
