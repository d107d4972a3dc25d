"""What a mask protects and what it costs: figures for the internal report, none of them about one home."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from xzz_analysis.errors import InputError
from xzz_analysis.language import Label
from xzz_analysis.places.gaps import nearest
from xzz_analysis.places.gaps.moran import local_moran
from xzz_analysis.places.homes.masks import around, households, places
from xzz_analysis.places.homes.reaching import LEAST
from xzz_analysis.places.homes.reading import Homes

METRICS: Mapping[str, Label] = {
    "places": {"zh": "地点数", "en": "places"},
    "k_min": {"zh": "最小 k", "en": "smallest k"},
    "k_median": {"zh": "k 的中位数", "en": "median k"},
    "below": {"zh": "k 低于下限的比例", "en": "share with k below the limit"},
    "moved_p05": {"zh": "位移第5百分位（米）", "en": "displacement, 5th percentile (m)"},
    "moved_median": {"zh": "位移中位数（米）", "en": "median displacement (m)"},
    "moved_p95": {"zh": "位移第95百分位（米）", "en": "displacement, 95th percentile (m)"},
    "drift": {"zh": "重心偏移（米）", "en": "drift of the centre (m)"},
    "neighbour_before": {
        "zh": "遮蔽前最近邻平均距离（米）",
        "en": "mean distance to the nearest neighbour, before (m)",
    },
    "neighbour_after": {"zh": "遮蔽后最近邻平均距离（米）", "en": "mean distance to the nearest neighbour, after (m)"},
    "relinked": {
        "zh": "最近住户即真实住户的比例",
        "en": "share where the household nearest to the mask is the true one",
    },
    "moran_before": {"zh": "遮蔽前莫兰指数", "en": "Moran's I before"},
    "moran_after": {"zh": "遮蔽后莫兰指数", "en": "Moran's I after"},
}
"""Figures of :func:`mask_metrics`, in order."""

NEIGHBOURS = 8
"""Nearest places that Moran's I compares a place with."""
SPOT = 1.5
"""Metres within which a household is at the place: twice the rounding of places."""


def mask_metrics(
    homes: Homes, masked: gpd.GeoDataFrame, *, secret: bytes, register: Homes | None = None, least: int = LEAST
) -> pd.Series:
    """Measure what a mask protects and what it costs.

    Parameters
    ----------
    homes : Homes
        Those that were masked.
    masked : GeoDataFrame
        From :func:`mask`, with the same secret and register.
    secret : bytes
    register : Homes, optional
        The homes themselves by default.
    least : int
        Limit that ``below`` counts by.

    Returns
    -------
    Series of float
        Index: the keys of :data:`METRICS`. k is the number of households as near to the masked point as the true place;
        Moran's I is that of people at a place among its 8 nearest (0 where people are the same everywhere, or places
        are fewer than 10).

    Raises
    ------
    InputError
        The masked points are not those of these homes.

    References
    ----------
    Allshouse, W. B. et al. (2010). Geomasking sensitive health data and privacy protection. Geocarto International 25,
    443–452. Kwan, M.-P., Casas, I. and Schmitz, B. (2004). Protection of geoprivacy and accuracy of spatial
    information. Cartographica 39, 15–28.
    """
    true = places(homes, secret, masked)
    if not masked.index.equals(true.frame.index):
        raise InputError(
            f"{len(masked):,} masked points are not those of these {len(true.keys):,} places; "
            "give the homes and the secret that they were made with"
        )
    xy = shapely.get_coordinates(np.asarray(masked.geometry.array))
    known = households(homes if register is None else register, true.frame)
    moved, tree = np.hypot(*(xy - true.xy).T), cKDTree(known)
    k = around(tree, xy, moved)
    linked = np.hypot(*(known[tree.query(xy)[1]] - true.xy).T) <= SPOT
    found = {
        "places": len(xy),
        "k_min": k.min(),
        "k_median": np.median(k),
        "below": (k < least).mean(),
        **dict(zip(("moved_p05", "moved_median", "moved_p95"), np.percentile(moved, [5, 50, 95]), strict=True)),
        "drift": np.hypot(*(xy.mean(axis=0) - true.xy.mean(axis=0))),
        "neighbour_before": _neighbour(true.xy),
        "neighbour_after": _neighbour(xy),
        "relinked": linked.mean(),
        "moran_before": _moran(true.frame),
        "moran_after": _moran(masked),
    }
    return pd.Series(found, dtype=float).reindex(list(METRICS)).rename("value")


def _neighbour(xy: np.ndarray) -> float:
    """Mean distance to the nearest other place, 0 for a single one."""
    return float(cKDTree(xy).query(xy, 2)[0][:, 1].mean()) if len(xy) > 1 else 0.0


def _moran(layer: gpd.GeoDataFrame) -> float:
    if len(layer) < NEIGHBOURS + 2:
        return 0.0
    near = nearest(layer, NEIGHBOURS)
    return local_moran(layer["people"].to_numpy(dtype=float), near.matrix, permutations=0, seed=0).moran
