"""Need beside what is in reach: gaps by cause, and whether they cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from xzz_analysis.atlas.needing import in_tens, known_table, needs_table, protected_needs
from xzz_analysis.atlas.opening import Atlas
from xzz_analysis.atlas.results import results
from xzz_analysis.disclosure.comparisons import SOURCES, protect_made
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.places.datum import metric
from xzz_analysis.places.gaps import (
    CAUSES,
    Classes,
    Gaps,
    HotSpots,
    Neighbours,
    bivariate,
    contiguous,
    find_gaps,
    hot_spots,
    nearest,
    shrunken_rates,
)

GAP = "service_gap"
"""Indicator of people in need without a service."""

FEWEST_COMMUNITIES = 12
"""Communities from which on clusters and classes are told: among fewer, neighbours are nearly everybody."""

NEIGHBOURS = 4
"""Nearest communities that count as neighbours where communities do not touch."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """Where gaps of a domain cluster.

    Attributes
    ----------
    spots : HotSpots
    rates : DataFrame
        As :func:`~xzz_analysis.places.gaps.shrunken_rates` returns them.
    """

    spots: HotSpots
    rates: pd.DataFrame


def measured_needs(atlas: Atlas) -> pd.DataFrame:
    """People in need by community and domain, where the figure may be shown and walks of the community are known."""
    needs = needs_table(atlas)
    needs = needs[needs["need"].notna()]
    if not len(needs) or not len(atlas.places):
        return needs
    return needs[needs["community"].isin(atlas.cost.origins)]


def find(atlas: Atlas) -> Gaps | None:
    """Gaps by cause of the needs that may be shown; None where the study has no needs or no services."""
    needs = measured_needs(atlas)
    if not len(needs) or not len(atlas.places):
        return None
    known = known_table(atlas)
    columns = ["community", "domain", "need", "low", "high"]
    asked = None if known is None else known[["community", "domain", "known"]]
    return find_gaps(needs[columns], atlas.pools, atlas.cost, asked)


def protected_gaps(atlas: Atlas) -> Protected | None:
    """Gaps by cause as results that may be shown: made of estimates that are.

    Returns
    -------
    Protected or None
        ``estimate`` is the gap (people), ``low`` and ``high`` its ends; beside it the columns of
        :class:`~xzz_analysis.places.gaps.Gaps`.
    """
    gaps, safe = find(atlas), protected_needs(atlas)
    if gaps is None or safe is None:
        return None
    needs, known = measured_needs(atlas), known_table(atlas)
    told = needs[["community", "domain", "sources"]]
    if known is not None:
        told = pd.concat([told, known[["community", "domain", "sources"]]])
    sources = told.groupby(["community", "domain"])["sources"].agg(";".join)
    rows = [
        {
            **{name: row[name] for name in ("community", "domain", "need", "in_reach", "open_to", "main_cause")},
            "places": round(row["places"]),
            **parts(row),
            "known_measured": bool(row["known_measured"]),
            "option": row["domain"],
            "estimate": float(sum(parts(row).values())),
            "low": float(in_tens(row["gap_low"])),
            "high": float(in_tens(row["gap_high"])),
            SOURCES: sources[(row["community"], row["domain"])],
        }
        for row in gaps.table.to_dict("records")
    ]
    return protect_made(results(atlas, GAP, "people", rows, "need beside places, by cause"), [safe])


def parts(row: Mapping[Any, Any]) -> dict[str, int]:
    """People of each cause in tens, like the needs that they are parts of."""
    return {name: in_tens(row[name]) for name in CAUSES}


def gap_clusters(atlas: Atlas, domain: str) -> Clusters | None:
    """Hot spots of the gap of a domain, in shrunken rates; None among too few communities."""
    gaps = find(atlas)
    if gaps is None:
        return None
    needs = measured_needs(atlas)
    base = (needs["need"] / needs["share"]).where(needs["share"] > 0)
    table = gaps.table[gaps.table["domain"] == domain].set_index("community")
    people = needs.assign(base=base)[needs["domain"] == domain].set_index("community")["base"]
    index = atlas.communities.layer.index
    count, among = table["gap"].reindex(index), people.reindex(index).fillna(0.0)
    if int((count.notna() & (among > 0)).sum()) < FEWEST_COMMUNITIES:
        return None
    rates = shrunken_rates(count, among)
    spots = hot_spots(rates["shrunken"].where(rates["measured"]), neighbours_of(atlas.areas))
    return Clusters(spots, rates)


def need_by_access(need: pd.Series, reach: pd.Series) -> Classes | None:
    """Thirds of need crossed with thirds of access; None among too few communities."""
    both = need.notna() & reach.notna()
    return bivariate(need, reach) if int(both.sum()) >= FEWEST_COMMUNITIES else None


def neighbours_of(areas: gpd.GeoDataFrame) -> Neighbours:
    """Communities that touch; the nearest few where most touch nobody."""
    touching = contiguous(areas) if areas.geom_type.isin(["Polygon", "MultiPolygon"]).all() else None
    if touching is not None and (touching.count > 0).mean() >= 0.5:
        return touching
    return nearest(metric(areas), min(NEIGHBOURS, len(areas) - 1))
