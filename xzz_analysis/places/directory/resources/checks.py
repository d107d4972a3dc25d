"""What is doubtful in a table of resources: no place, one place twice, outside every community, long unverified."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from scipy.spatial import cKDTree

from xzz_analysis.errors import Finding
from xzz_analysis.places.datum.layers import convert
from xzz_analysis.places.directory.catalogue import plain
from xzz_analysis.places.directory.communities import Communities
from xzz_analysis.places.directory.resources.cells import named
from xzz_analysis.places.directory.resources.screen import find_mobile

EARTH = 6_371_008.8
"""Mean radius of the earth in metres (IUGG)."""

_TELLING = re.compile(r"[0-9一二三四五六七八九十百东南西北中甲乙丙丁a-z]")
"""Signs that tell two neighbours of one kind apart: 第一小学 and 第二小学."""

_SHORTEST = 3
_PAIRS = 5


@dataclass(frozen=True)
class Limits:
    """From when on something is reported.

    Attributes
    ----------
    near : float
        Metres within which two names may be one place.
    likeness : float
        Least likeness of two names, of 100, to be one place.
    old : int
        Days after which a verification is old.
    """

    near: float = 150.0
    likeness: float = 85.0
    old: int = 365


def locate(resources: gpd.GeoDataFrame, communities: Communities) -> pd.Series:
    """The community that every point lies in.

    Parameters
    ----------
    resources : GeoDataFrame
        Points, some of them None, with a declared datum.
    communities : Communities
        Areas; their datum may be another.

    Returns
    -------
    Series of str
        Keys on the resources' index; ``""`` outside every community and without a point. Of overlapping communities
        the one whose key comes first; a point on a border is inside.
    """
    areas = convert(communities.layer.sort_index(), "WGS84")
    points = np.asarray(convert(resources, "WGS84").geometry.array)
    point, area = shapely.STRtree(np.asarray(areas.geometry.array)).query(points, predicate="intersects")
    first = pd.Series(area).groupby(point).min()
    out = pd.Series("", index=resources.index, dtype="object")
    out.iloc[first.index.to_numpy()] = areas.index.to_numpy()[first.to_numpy()]
    return out.astype("str")


def check_resources(
    table: gpd.GeoDataFrame, as_of: dt.date, where: str, limits: Limits, here: pd.Series | None
) -> list[Finding]:
    """Look for what is doubtful; nothing is changed, a person decides.

    Parameters
    ----------
    table : GeoDataFrame
        As :class:`Resources` holds it.
    as_of : date
    where : str
    limits : Limits
    here : Series of str, optional
        From :func:`locate`; None without areas of communities.

    Returns
    -------
    list of Finding
        Warnings ``resource_no_place``, ``resource_no_point``, ``resource_twice``, ``outside_communities``,
        ``community_differs``, ``verification_old``, ``closed_but_joined``; notes ``verification_missing`` and
        ``mobile_public``. Resources are named by id, never by contact or coordinate.
    """
    told = [*_rows_in_doubt(table, as_of, limits), *(() if here is None else _places_in_doubt(table, here))]
    found = [
        Finding(
            "note" if rule in _NOTES else "warning",
            rule,
            where,
            f"{int(rows.sum()):,} of {len(table):,} resources {said} ({named(table.index[rows])})",
            remedy,
            int(rows.sum()),
        )
        for rule, rows, said, remedy in told
        if rows.any()
    ]
    return [*found, *_twice(same_places(table, limits), where)]


_NOTES = ("verification_missing", "mobile_public")
Doubt = tuple[str, NDArray[np.bool_], str, str]
"""Rule, rows that it finds, what is said of them, and what to do."""


def _rows_in_doubt(table: gpd.GeoDataFrame, as_of: dt.date, limits: Limits) -> Iterator[Doubt]:
    """What a row alone tells."""
    point = table.geometry.notna().to_numpy()
    placed = ((table["address"] != "") | (table["community"] != "")).to_numpy()
    said = "have no point, no address and no community, so nobody finds them"
    yield "resource_no_place", ~point & ~placed, said, "add one"
    yield "resource_no_point", ~point & placed, "have no coordinates and are on no map", "pick the point on a map"
    since = (pd.Timestamp(as_of) - table["verified_on"]).dt.days
    in_use = (table["status"] != "closed").to_numpy()
    old = in_use & (since > limits.old).to_numpy()
    yield "verification_old", old, f"were verified over {limits.old} days before {as_of}", "ask again"
    yield "verification_missing", in_use & since.isna().to_numpy(), "were never verified", "write verified_on"
    joined = ~in_use & (table["voucher"] == "joined").to_numpy()
    yield "closed_but_joined", joined, "are closed and redeem vouchers", "correct status or voucher"
    mobile = table["contact_public"].to_numpy(dtype=bool) & find_mobile(table["contact"]).to_numpy(dtype=bool)
    yield "mobile_public", mobile, "have a mobile number that will be printed", "ask whether its owner agrees"


def _places_in_doubt(table: gpd.GeoDataFrame, here: pd.Series) -> Iterator[Doubt]:
    """What the communities tell of points."""
    named_, found = table["community"].to_numpy(), here.to_numpy()
    outside = table.geometry.notna().to_numpy() & (found == "")
    yield "outside_communities", outside, "lie outside every community", "check the point, and its datum (audit_datum)"
    differs = (found != "") & (named_ != "") & (found != named_)
    yield "community_differs", differs, "lie in another community than they name", "correct the point or the name"


def _twice(pairs: pd.DataFrame, where: str) -> Iterator[Finding]:
    if len(pairs):
        shown = "; ".join(f"{row.first} and {row.second}" for row in pairs.head(_PAIRS).itertuples())
        more = f" and {len(pairs) - _PAIRS:,} more" if len(pairs) > _PAIRS else ""
        said = f"{len(pairs):,} pair(s) of resources may be one place under two names ({shown}{more})"
        yield Finding("warning", "resource_twice", where, said, "keep one of each, or mark one closed", len(pairs))


def same_places(table: gpd.GeoDataFrame, limits: Limits | None = None) -> pd.DataFrame:
    """Pairs of resources that may be one place.

    Parameters
    ----------
    table : GeoDataFrame
        As :class:`Resources` holds it.
    limits : Limits, optional

    Returns
    -------
    DataFrame
        Columns ``first``, ``second`` (ids, in order), ``metres`` (NaN without two points), ``likeness`` (of 100) and
        ``reason`` (``name`` or ``contact``): both under the same heading of the catalogue, near each other (or in the
        same community, without a point), with like names or the same contact. Names that differ in a number or a
        direction (第一小学, 第二小学) are no pair.

    References
    ----------
    Likeness: the larger of the ratio and the best partial ratio of the normalised indel distance (rapidfuzz);
    distances: chords of a sphere of the earth's mean radius (Moritz 2000, Geodetic Reference System 1980), off by 0.6 %
    at most.
    """
    limits = limits or Limits()
    out = [_pairs(part, limits) for _, part in table.groupby(table["category"].str.partition(".")[0].to_numpy())]
    columns = ["first", "second", "metres", "likeness", "reason"]
    found = pd.concat([pd.DataFrame(columns=columns), *(one for one in out if len(one))]) if out else None
    if found is None or not len(found):
        return pd.DataFrame(columns=columns)
    return found.sort_values(["first", "second"], ignore_index=True)


def _pairs(table: gpd.GeoDataFrame, limits: Limits) -> pd.DataFrame:
    """Pairs inside one heading."""
    first, second, metres = _candidates(table, limits.near)
    names = table["name_zh"].map(plain).to_numpy(dtype=object)
    one, other = names[first], names[second]
    whole = process.cpdist(one, other, scorer=fuzz.ratio)
    part = process.cpdist(one, other, scorer=fuzz.partial_ratio)
    short = np.minimum(_lengths(one), _lengths(other)) < _SHORTEST
    likeness = np.maximum(whole, np.where(short, 0, part)).astype(float)
    telling = np.array(["".join(sorted(_TELLING.findall(name))) for name in names], dtype=object)
    apart = (telling[first] != telling[second]) & (whole < 100)
    like = (likeness >= limits.likeness) & ~(apart & (part < 100))
    contact = table["contact"].map(plain).to_numpy(dtype=object)
    kind = table["category"].to_numpy(dtype=object)
    same = (contact[first] == contact[second]) & (contact[first] != "") & (kind[first] == kind[second])
    keep = like | same
    keys = table.index.to_numpy()
    ends = np.sort(np.stack([keys[first[keep]], keys[second[keep]]]).astype(object), axis=0)
    reason = np.where(like[keep], "name", "contact")
    return pd.DataFrame(
        {"first": ends[0], "second": ends[1], "metres": metres[keep], "likeness": likeness[keep], "reason": reason}
    )


def _lengths(names: NDArray[np.object_]) -> NDArray[np.int64]:
    return np.fromiter(map(len, names), dtype=np.int64, count=len(names))


def _candidates(
    table: gpd.GeoDataFrame, near: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Rows near each other, and rows of one community of which one has no point."""
    there = np.flatnonzero(table.geometry.notna().to_numpy())
    points = table.geometry.iloc[there]
    space = _on_sphere(points.x.to_numpy(), points.y.to_numpy())
    pairs = cKDTree(space).query_pairs(near, output_type="ndarray") if len(there) else np.empty((0, 2), dtype=np.int64)
    metres = np.linalg.norm(space[pairs[:, 0]] - space[pairs[:, 1]], axis=1)
    first, second = there[pairs[:, 0]], there[pairs[:, 1]]
    rows = pd.DataFrame({"row": np.arange(len(table)), "community": table["community"].to_numpy()})
    without = rows[~np.isin(rows["row"], there) & (rows["community"] != "")]
    both = without.merge(rows, on="community", suffixes=("", "_other"))
    both = both[(both["row"] < both["row_other"]) | (np.isin(both["row_other"], there))]
    extra = both[["row", "row_other"]].to_numpy()
    return (
        np.concatenate([first, extra[:, 0]]),
        np.concatenate([second, extra[:, 1]]),
        np.concatenate([metres, np.full(len(extra), np.nan)]),
    )


def _on_sphere(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = np.radians(lon), np.radians(lat)
    return EARTH * np.column_stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)])
