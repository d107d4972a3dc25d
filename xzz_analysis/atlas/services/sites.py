"""Merchants that have not joined, as candidates for a place to redeem vouchers: whose joining would help most."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from xzz_analysis.atlas.opening import FARTHEST, VOUCHER, Atlas
from xzz_analysis.atlas.reaching import demand
from xzz_analysis.places.datum import SHIFTED, convert
from xzz_analysis.places.matching import Siting, site
from xzz_analysis.places.travel import travel
from xzz_analysis.services.merchants import candidate_sites
from xzz_analysis.services.opening import Ledgers


def located_candidates(ledgers: Ledgers, atlas: Atlas) -> gpd.GeoDataFrame:
    """Merchants that are pending or only visited, where they are.

    Parameters
    ----------
    ledgers : Ledgers
    atlas : Atlas
        Its resources say where merchants are that name one; other coordinates are in the datum of the resources.

    Returns
    -------
    GeoDataFrame
        Index: the merchants' ids; columns of :func:`~xzz_analysis.services.merchants.candidate_sites` and a point, in
        WGS 84 or CGCS2000. Merchants whose place nobody states are left out.
    """
    table = candidate_sites(ledgers).set_index("id")
    declared = atlas.study.settings.resources
    datum = "WGS84" if declared is None else declared.datum
    stated = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs="EPSG:4326")
    stated = stated[table["lon"].notna() & table["lat"].notna()]
    stated.attrs["datum"] = datum
    points = (convert(stated, "WGS84") if datum in SHIFTED and len(stated) else stated).geometry
    known = table["resource"].map(atlas.resources.geometry) if len(atlas.resources) else pd.Series(dtype=object)
    places = points.reindex(table.index).where(points.reindex(table.index).notna(), known.reindex(table.index))
    made = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(places, crs="EPSG:4326"))
    made = made[made.geometry.notna()]
    made.attrs["datum"] = "WGS84"
    return made


def merchant_sites(ledgers: Ledgers, atlas: Atlas, count: int = 1) -> Siting | None:
    """Whose joining would bring most people within a walk of a merchant that redeems vouchers.

    Parameters
    ----------
    ledgers : Ledgers
    atlas : Atlas
    count : int
        How many merchants are to join.

    Returns
    -------
    Siting or None
        As :func:`~xzz_analysis.places.matching.site` makes it, with merchants' ids as candidates; None without homes,
        or with fewer candidates than ``count`` whose place is known. People are those of the homes.
    """
    if atlas.homes is None or not ledgers.has("merchant_visits"):
        return None
    candidates = located_candidates(ledgers, atlas)
    if len(candidates) < count or not len(candidates):
        return None
    running = atlas.places.loc[atlas.offering(VOUCHER)]
    together = pd.concat([running[["geometry"]], candidates[["geometry"]]])
    together.attrs["datum"] = "WGS84"
    how = "straight" if atlas.streets is None else atlas.streets
    limit = max(FARTHEST, atlas.rules.minutes)
    walks = travel(
        atlas.homes.frame, together, how, limit=limit, profile=atlas.rules.profile, detour=atlas.rules.detour
    )
    near = walks.within(atlas.rules.minutes)
    return site([*map(str, candidates.index)], demand(atlas), near, count, already_open=[*map(str, running.index)])
