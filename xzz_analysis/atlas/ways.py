"""Ways that people walk along, as a study declares them."""

from __future__ import annotations

import geopandas as gpd

from xzz_analysis.errors import InputError
from xzz_analysis.places.datum import SHIFTED, convert, declare
from xzz_analysis.places.travel import Streets, read_streets
from xzz_analysis.places.travel.streets.reading import OPENSTREETMAP
from xzz_analysis.study.places import Network

MOST_LINES = 5000
"""Streets that a map draws at most."""


def streets_of(said: Network) -> Streets:
    """The streets of an OSM extract, or of a layer of lines where they really are.

    Raises
    ------
    InputError
        The file cannot be read, or its degrees are of no declared datum.
    """
    return read_streets(said.file if _self_declared(said) else read_lines(said))


def _self_declared(said: Network) -> bool:
    """Whether the library reads the file as it stands: OpenStreetMap is in WGS 84."""
    return said.file.suffix in OPENSTREETMAP or not (said.layer or said.datum)


def read_lines(said: Network) -> gpd.GeoDataFrame:
    """The layer of lines in metres, or in the degrees of a datum that is not shifted."""
    try:
        layer = gpd.read_file(said.file, **({"layer": said.layer} if said.layer else {}))
    except Exception as error:
        raise InputError(
            f"{said.file.name} cannot be read as streets ({type(error).__name__}); save it as GeoJSON or GeoPackage"
        ) from error
    if layer.crs is not None and layer.crs.is_projected:
        return layer
    declared = declare(layer, said.datum) if said.datum else layer
    return convert(declared, "WGS84") if said.datum in SHIFTED else declared


def drawn_lines(said: Network) -> gpd.GeoDataFrame | None:
    """Streets as maps draw them: a layer of lines that is small enough; nothing of an OSM extract."""
    if said.file.suffix in OPENSTREETMAP:
        return None
    layer = read_lines(said)
    if len(layer) > MOST_LINES or layer.crs is None:
        return None
    return layer if layer.crs.is_projected or "datum" in layer.attrs else declare(layer, "CGCS2000")
