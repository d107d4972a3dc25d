"""The register of communities: names and how many families and children live there."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.study import Study

NUMBERS = ("families", "children")
"""Registered counts a community layer may carry."""


def read_communities(study: Study) -> pd.DataFrame:
    """Read the communities of a study as a table; shapes stay behind.

    Parameters
    ----------
    study : Study

    Returns
    -------
    DataFrame
        Index: the community's key (str). Columns ``zh`` and ``en`` (names), ``city_zh``, ``city_en``,
        ``families``, ``children`` (registered; NaN where unknown) and ``area_km2`` (on the ellipsoid).
        Empty when the study names no communities.

    Raises
    ------
    InputError
        The layer cannot be read, lacks the key column, or holds a key twice.
    """
    spec = study.settings.communities
    columns = ["zh", "en", "city_zh", "city_en", *NUMBERS, "area_km2"]
    if spec is None:
        return pd.DataFrame(columns=columns)
    try:
        layer = gpd.read_file(spec.file)
    except Exception as error:
        raise InputError(
            f"{spec.file.name} cannot be read as a map layer ({type(error).__name__}); save it again as GeoJSON"
        ) from error
    if spec.key not in layer:
        raise InputError(f"{spec.file.name} has no column {spec.key!r}{suggest(spec.key, layer.columns)}")
    keys = layer[spec.key].astype(str)
    if keys.duplicated().any():
        raise InputError(
            f"{spec.file.name}: {int(keys.duplicated().sum())} communities share a {spec.key} with another; "
            "give each its own"
        )
    layer = layer.set_crs(spec.crs, allow_override=True)
    table = pd.DataFrame(index=pd.Index(keys, name=spec.key))
    for column in ("zh", "en", "city_zh", "city_en"):
        source = layer.get(f"name_{column}", layer.get(column))
        table[column] = keys.to_numpy() if source is None else source.to_numpy()
    for column in NUMBERS:
        table[column] = pd.to_numeric(layer[column]).to_numpy() if column in layer else float("nan")
    equal_area = layer.to_crs("ESRI:54034")
    table["area_km2"] = equal_area.area.to_numpy() / 1e6
    return table
