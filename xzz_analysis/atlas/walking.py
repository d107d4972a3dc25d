"""How far the nearest service is, in cells that no home can be told from."""

from __future__ import annotations

import geopandas as gpd

from xzz_analysis.atlas.opening import Atlas
from xzz_analysis.atlas.reaching import to_services
from xzz_analysis.disclosure.protect import Policy, Protected, protect_counts
from xzz_analysis.places.homes import cells, nearest_service

LEAST = 30
"""Homes in a cell of a map: finer cells say no more to a reader, and more about a house."""


def protected_cells(atlas: Atlas, kind: str) -> tuple[gpd.GeoDataFrame, Protected] | None:
    """Mean minutes on foot to the nearest service of a kind, in cells of at least :data:`LEAST` homes.

    Returns
    -------
    layer : GeoDataFrame
        Cells that may be shown: index their ids, columns ``name_zh``, ``name_en`` and ``community``.
    table : Protected
        ``cell``, ``minutes`` (whole).
    None
        In a study without homes or without such a service.
    """
    if atlas.homes is None or not atlas.offering(kind):
        return None
    minutes = nearest_service(to_services(atlas.walks, atlas.offering(kind)), atlas.homes)
    found = cells(atlas.homes, atlas.areas, least=max(LEAST, atlas.study.settings.disclosure.threshold), values=minutes)
    layer = found.layer
    if not len(layer):
        return None
    number = layer.groupby("community").cumcount() + 1
    names = atlas.communities.layer.loc[layer["community"]]
    for language, word in (("zh", "片区"), ("en", "cell")):
        own = names[f"name_{language}"].astype(str).to_numpy()
        layer[f"name_{language}"] = [f"{name} {word} {at}" for name, at in zip(own, number, strict=True)]
    table = layer[["minutes"]].round().rename_axis("cell").reset_index()
    safe = protect_counts(table, [], Policy.of(atlas.study).whole)  # cells themselves hold enough homes
    return layer[["name_zh", "name_en", "community", layer.geometry.name]], safe
