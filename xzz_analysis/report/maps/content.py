"""What a map shows: communities and their figures, places, lines, and whom the drawing may be shown to.

Figures come from :class:`~xzz_analysis.disclosure.protect.Protected` tables alone and are rounded to what a table
prints; points are resources, which are public facts. Nothing about a home is ever given to a map.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from xzz_analysis.errors import DisclosureError, InputError, ReportError, suggest
from xzz_analysis.language import Label
from xzz_analysis.places.datum import SHIFTED, declare, declared
from xzz_analysis.report.blocks import bilingual
from xzz_analysis.report.maps.shading import Shading
from xzz_analysis.study.places import APPROVAL

if TYPE_CHECKING:
    from xzz_analysis.places.directory.catalogue import Catalogue

SHOWN_STATUS = ("active", "unverified")
"""A closed place is not drawn."""

PLACE_TEXTS = ("items", "hours", "fee", "procedure", "papers", "address", "contact", "verified_by", "verified_on")
"""What a place may say of itself beside its name, category and groups, in the order it is read."""

BESIDE = 0.03
"""Degrees from a community, about three kilometres, up to which a place outside all of them is on its map."""

VOUCHERS = ("", "visited", "pending", "refused", "joined")


@dataclass(frozen=True)
class Credits:
    """Where a map comes from, and by what right its boundaries are shown.

    Attributes
    ----------
    source : bilingual text
        Whose layers these are.
    date : str
        ISO date the layers stand at.
    approval : str
        Map review number (审图号) of the boundaries, as the approval prints it; empty when there is none.
    exemption : bilingual text, or empty
        Why the boundaries need none (fictional places; a sketch that no boundary can be taken from).
    notice : bilingual text, or empty
        Printed on top of the map (合成演示数据 / Synthetic demonstration data).

    References
    ----------
    State Council of the People's Republic of China (2015). Regulations on map management (地图管理条例), Decree 664,
    articles 15 and 16: maps shown to the public are reviewed and carry their review number.
    """

    source: dict[str, str]
    date: str
    approval: str = ""
    exemption: dict[str, str] = field(default_factory=dict)
    notice: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        bilingual(self.source, "source of a map")
        for what in ("exemption", "notice"):
            if any(getattr(self, what).values()):
                bilingual(getattr(self, what), f"{what} of a map")
        try:
            dt.date.fromisoformat(self.date)
        except ValueError:
            raise ReportError(f"the date of a map is {self.date!r}; write a date as 2025-11-28") from None
        if self.approval and not APPROVAL.fullmatch(re.sub(r"\s", "", self.approval)):
            raise ReportError(
                f"map review number {self.approval!r} does not look like one (GS(2024)0650号, 京S(2023)012号); copy it "
                "from the approval, or say in exemption why none is needed"
            )

    @property
    def publishable(self) -> bool:
        """Whether boundaries may be shown to the public."""
        return bool(self.approval or any(self.exemption.values()))


@dataclass(frozen=True)
class Places:
    """Resources as a map shows them.

    Attributes
    ----------
    frame : GeoDataFrame
        Index: id. Columns ``zh``, ``en`` (names), ``category``, ``domains`` and ``eligibility`` (tuples), ``voucher``,
        ``status`` and :data:`PLACE_TEXTS`; points in longitude and latitude.
    catalogue : Catalogue
    left_out : mapping of str to int
        How many are not drawn, by reason: ``closed``, ``without_place``.
    """

    frame: gpd.GeoDataFrame
    catalogue: Catalogue
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def catalogue_groups(self) -> dict[str, Label]:
        """Groups of people → their labels."""
        return {name: {"zh": group.zh, "en": group.en} for name, group in self.catalogue.groups.items()}

    def used(self) -> list[str]:
        """Categories with places, in the order of the catalogue."""
        there = set(self.frame["category"])
        return [name for name in self.catalogue.kinds if name in there]


@dataclass(frozen=True)
class MapContent:
    """Everything one map shows; made by :func:`resource_map` or :func:`~.paper.tiles.tile_map`.

    Attributes
    ----------
    credits : Credits
    areas : GeoDataFrame or None
        Communities: index id, columns ``zh`` and ``en``, polygons in longitude and latitude (squares of a plane when
        ``schematic``).
    places : Places or None
    shading : Shading or None
        Figures of the areas.
    lines : GeoDataFrame or None
        Streets and the like, drawn thinly.
    audience : "release" or "internal"
    schematic : bool
        Areas are tiles of one size and not where they lie: no scale, no north, no boundary.
    named : bool
        Whether names of areas are written on the map; cells inside communities have none that anybody looks for.
    """

    credits: Credits
    areas: gpd.GeoDataFrame | None = None
    places: Places | None = None
    shading: Shading | None = None
    lines: gpd.GeoDataFrame | None = None
    audience: str = "release"
    schematic: bool = False
    named: bool = True

    def __post_init__(self) -> None:
        if self.areas is None and (self.places is None or self.places.frame.empty):
            raise ReportError("a map of no communities and no places shows nothing; give it boundaries or resources")
        if self.audience not in ("release", "internal"):
            raise ReportError(f"audience is {self.audience!r}; use 'release' or 'internal'")
        self.require_publishable(self.audience)
        if self.shading is not None:
            self.shading.require_areas([] if self.areas is None else list(self.areas.index))

    def require_publishable(self, audience: str) -> None:
        """Refuse boundaries without a review number or an exemption in what the public sees.

        Raises
        ------
        DisclosureError
        """
        if audience == "release" and self.areas is not None and not (self.schematic or self.credits.publishable):
            raise DisclosureError(
                f"a map with {len(self.areas)} boundaries was to be released without a map review number (审图号); "
                "put the number or the exemption into communities.approval of study.yml, show the tile map instead, "
                "or keep the report internal"
            )

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """West, south, east and north of what is shown."""
        shown = [self.areas] if self.areas is not None else []
        shown += [self.places.frame] if self.places is not None and len(self.places.frame) else []
        bounds = pd.DataFrame([layer.total_bounds for layer in shown])
        return (bounds[0].min(), bounds[1].min(), bounds[2].max(), bounds[3].max())


def resource_map(
    boundaries: gpd.GeoDataFrame | None,
    resources: gpd.GeoDataFrame | None = None,
    *,
    credits: Credits,
    catalogue: Catalogue | None = None,
    shading: Shading | None = None,
    lines: gpd.GeoDataFrame | None = None,
    audience: str = "release",
) -> MapContent:
    """Put communities, resources and figures on one map.

    Parameters
    ----------
    boundaries : GeoDataFrame or None
        Communities: index id; columns ``name_zh`` and ``name_en`` (or ``zh`` and ``en``); polygons.
    resources : GeoDataFrame, optional
        ``Resources.table`` of ``places.directory``; closed ones and those without a point are counted and left out,
        and a contact that is not public is dropped.
    credits : Credits
    catalogue : Catalogue, optional
        What categories are called; that of the library by default.
    shading : Shading, optional
        Made by ``shaded_by_figure`` or ``shaded_by_class``.
    lines : GeoDataFrame, optional
        Streets.
    audience : "release" or "internal"

    Returns
    -------
    MapContent

    Raises
    ------
    InputError
        A layer does not say its datum, or is in GCJ-02 or BD-09; a category is unknown.
    DisclosureError
        Boundaries for release without a map review number or an exemption.
    """
    areas = None if boundaries is None else _areas(boundaries)
    places = None if resources is None else _places(resources, catalogue)
    drawn = None if lines is None else geographic(lines, "streets")[[lines.geometry.name]]
    return MapContent(credits, areas, places, shading, drawn, audience)


def geographic(layer: gpd.GeoDataFrame, what: str) -> gpd.GeoDataFrame:
    """A layer in longitude and latitude of WGS 84 or CGCS2000, which agree within centimetres.

    Raises
    ------
    InputError
        The layer is in a shifted datum, or says none.
    """
    if layer.crs is not None and layer.crs.is_projected:
        return declare(layer.to_crs("EPSG:4490"), "CGCS2000")
    datum = declared(layer)
    if datum in SHIFTED:
        raise InputError(
            f"{what} are in {datum}, hundreds of metres off the other layers of a map; convert them first: "
            "places.datum.convert(layer, 'WGS84')"
        )
    return declare(layer, datum)


def _names(layer: pd.DataFrame) -> dict[str, list[str]]:
    """Names by language; the id where there is none."""
    names = {}
    for language in ("zh", "en"):
        source = layer.get(f"name_{language}", layer.get(language))
        texts = [""] * len(layer) if source is None else [_text(value) for value in source.tolist()]
        names[language] = texts
    blank = [str(name) for name in layer.index]
    both = zip(names["zh"], names["en"], blank, strict=True)
    names["zh"] = [zh or en or key for zh, en, key in both]
    names["en"] = [en or zh for zh, en in zip(names["zh"], names["en"], strict=True)]
    return names


def _text(value: Any) -> str:
    """A cell as text; empty for what is missing."""
    return "" if value is None or value is pd.NaT or value != value else str(value).strip()


def _areas(boundaries: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    layer = geographic(boundaries, "boundaries")
    wrong = ~layer.geom_type.isin(["Polygon", "MultiPolygon"])
    if len(layer) == 0 or wrong.any():
        raise InputError(
            f"{int(wrong.sum())} of {len(layer)} communities are no polygons, so they cannot be drawn; "
            "give points as resources, and repair the layer"
        )
    index = pd.Index(map(str, layer.index), name="area")
    frame = gpd.GeoDataFrame(_names(layer), geometry=layer.geometry.to_numpy(), crs=layer.crs, index=index)
    return declare(frame, declared(layer))


def _places(resources: gpd.GeoDataFrame, catalogue: Catalogue | None) -> Places:
    """Resources that can be drawn, with what may be read of them."""
    from xzz_analysis.places.directory.catalogue import read_catalogue

    catalogue = catalogue or read_catalogue()
    layer = geographic(resources, "resources")
    located = (layer.geometry.notna() & ~layer.geometry.is_empty).to_numpy()
    status = _column(layer, "status", "unverified")
    opened = status.isin(SHOWN_STATUS).to_numpy()
    left_out = {"closed": int((~opened).sum()), "without_place": int((opened & ~located).sum())}
    kept = layer[opened & located]
    unknown = sorted(set(kept["category"]) - set(catalogue.kinds))
    if unknown:
        hint = suggest(unknown[0], catalogue.kinds)
        raise InputError(f"{len(unknown)} categories of resources are not in the catalogue, first {unknown[0]!r}{hint}")
    if not kept.geom_type.eq("Point").all():
        raise InputError("some resources are not points; give the entrance of each as its place")
    frame = gpd.GeoDataFrame(_names(kept), geometry=kept.geometry.to_numpy(), crs=layer.crs)
    frame.index = pd.Index(map(str, kept.index), name="resource")
    frame["category"] = kept["category"].to_numpy()
    frame["status"] = status[opened & located].to_numpy()
    frame["voucher"] = _column(kept, "voucher", "").to_numpy()
    for name in ("domains", "eligibility"):
        frame[name] = _tuples(kept, name)
    for name in PLACE_TEXTS:
        frame[name] = [_text(value) for value in kept[name].tolist()] if name in kept else ""
    public = kept["contact_public"].eq(True).to_numpy() if "contact_public" in kept else False
    frame["contact"] = frame["contact"].where(public, "")
    frame["verified_on"] = [text[:10] for text in frame["verified_on"]]
    frame.attrs["datum"] = declared(layer)
    return Places(frame, catalogue, {name: count for name, count in left_out.items() if count})


def _column(layer: pd.DataFrame, name: str, default: str) -> pd.Series:
    """A column of words; the default where a cell, or the column, is missing."""
    if name not in layer:
        return pd.Series(default, index=layer.index)
    return pd.Series([_text(value) or default for value in layer[name].tolist()], index=layer.index)


def _tuples(layer: pd.DataFrame, name: str) -> pd.Series:
    cells = [tuple(value) if isinstance(value, tuple | list) else () for value in layer.get(name, [()] * len(layer))]
    made = pd.Series([None] * len(layer), dtype=object)
    made[:] = cells
    return made.set_axis(pd.Index(map(str, layer.index), name="resource"))


def only(content: MapContent, areas: list[str]) -> MapContent:
    """The part of a map with some of its communities, and the places inside or nearer to them than to the others.

    What the whole leaves out belongs to no part and is not counted there.

    Parameters
    ----------
    content : MapContent
    areas : list of str
        Ids; an unknown one is refused with the nearest.
    """
    if content.areas is None:
        raise ReportError("a map without communities has no part; give it boundaries")
    for name in areas:
        if name not in content.areas.index:
            raise ReportError(f"the map has no community {name!r}{suggest(name, content.areas.index)}")
    kept = content.areas.loc[areas]
    places = content.places
    if places is not None:
        near = _nearest_area(places.frame, content.areas)
        places = replace(places, frame=places.frame[near.isin(areas)], left_out={})
    lines = None if content.lines is None else content.lines.clip(tuple(kept.total_bounds))
    shading = None if content.shading is None else content.shading.only(areas)
    return replace(content, areas=kept, places=places, lines=lines, shading=shading)


def _nearest_area(places: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.Series:
    """The area that each place is in or, outside all, near; "" for those farther away than :data:`BESIDE`."""
    shapes = np.asarray(areas.geometry.array)
    place, area = shapely.STRtree(shapes).query_nearest(np.asarray(places.geometry.array), max_distance=BESIDE)
    first = pd.Series(area).groupby(place).min()
    found = pd.Series("", index=places.index, dtype=object)
    found.iloc[first.index.to_numpy()] = areas.index.to_numpy()[first.to_numpy()]
    return found


def words_of(labels: Mapping[str, Label], names: tuple[str, ...]) -> dict[str, str]:
    """Several names as one bilingual text; a name without a label stands as it is."""
    between = {"zh": "、", "en": ", "}
    return {
        language: sign.join(str(labels.get(name, {}).get(language, name)) for name in names)
        for language, sign in between.items()
    }
