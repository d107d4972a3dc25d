"""What study.yml says of places: communities, resources, streets, homes, and what is in reach."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from xzz_analysis.declaration import Declaration
from xzz_analysis.errors import InputError
from xzz_analysis.study.datums import datum_name
from xzz_analysis.study.words import BothLanguages, Name, Text, Words

Level = Literal["province", "city", "county", "town", "community"]
"""What a division code of twelve digits names."""

APPROVAL = re.compile(
    r"(?:G|[\u4e00-\u9fff]{1,2})S[\u4e00-\u9fff]{0,2}[(（\[〔](19|20)\d\d[)）\]〕]第?\d{2,6}号", re.IGNORECASE
)
"""How a map approval number (审图号) is written: GS(2024)0650号, 京S(2023)012号, GS粤(2024)1234号."""

_YEAR = re.compile(r"(19|20)\d\d(-(19|20)\d\d)?")


def _approval(text: str) -> str:
    number = re.sub(r"^审图号\s*[:：]\s*", "", text.strip())
    if number and not APPROVAL.fullmatch(re.sub(r"\s", "", number)):
        raise ValueError("this is no 审图号 such as GS(2024)0650号; copy it from the map, or write exemption instead")
    return number


def _datum(text: str) -> str:
    try:
        return datum_name(text)
    except InputError as error:
        raise ValueError(str(error)) from None


def _year(text: str) -> str:
    if not _YEAR.fullmatch(text):
        raise ValueError("write a year, 2020, or two, 2020-2021")
    return text


Datum = Annotated[str, AfterValidator(_datum)]
Year = Annotated[str, AfterValidator(_year)]


class Count(Declaration):
    """A number of people or families per community: its column, who published it, and the year it is about."""

    column: str = ""
    source: BothLanguages
    year: Year


class CommunityLayer(Declaration):
    """A layer of communities.

    Attributes
    ----------
    file : Path
        GeoJSON, GeoPackage or Shapefile with polygons, or with points.
    layer : str
        Layer of a GeoPackage that has several.
    encoding : str
        Of a Shapefile's texts, where its .cpg does not say it; told from the bytes when empty.
    key : str
        Column that tells communities apart; answers and services name communities by it.
    datum : str
        WGS84, CGCS2000, GCJ02 or BD09. A projected file is brought to degrees first.
    zh, en : str
        Columns of the names.
    code, level, parent : str
        Column of division codes of twelve digits; the level they name; a column that holds their parents' codes.
    changes, divisions : Path
        Table of replaced codes; list of all codes (first column ``code``) that these are compared with.
    counts : dict of Count
        ``population``, ``children``, ``families`` … with source and year.
    keep : tuple of str
        Other columns to keep, as text.
    approval : str
        审图号 of the boundaries.
    exemption : both languages
        Why none is needed: printed instead of it.
    overlap : float
        Share of the smaller of two polygons that may lie in the other before it is reported.
    repair : bool
        Repair invalid polygons, and say how many and by how much their areas changed, instead of refusing them.
    """

    file: Path
    layer: str = ""
    encoding: str = ""
    key: str
    datum: Datum
    zh: str = "name_zh"
    en: str = "name_en"
    code: str = ""
    level: Level | Literal[""] = ""
    parent: str = ""
    changes: Path | None = None
    divisions: Path | None = None
    counts: dict[Name, Count] = Field(default_factory=dict)
    keep: tuple[str, ...] = ()
    approval: Annotated[str, AfterValidator(_approval)] = ""
    exemption: Text = Field(default_factory=dict)
    overlap: float = Field(default=0.01, ge=0, lt=1)
    repair: bool = False


class ResourceTable(Declaration):
    """The table of resources: CSV or workbook, the datum of its points, and headers that are not the usual ones."""

    file: Path
    datum: Datum
    sheet: str = ""
    columns: dict[str, str] = Field(default_factory=dict)


class Network(Declaration):
    """Ways that people walk along: an OSM extract (.osm.pbf), or any layer of lines and the datum it is in."""

    file: Path
    layer: str = ""
    datum: Datum | Literal[""] = ""


class HomePoints(Declaration):
    """Where people live, one row for each home, without names: read to measure access, and shown nowhere.

    ``people`` is the column that says how many live there; one each without it.
    """

    file: Path
    datum: Datum
    lon: str = "lon"
    lat: str = "lat"
    community: str = "community"
    people: str = ""


class DomainNeed(Declaration):
    """The need that is set beside the services of a domain.

    ``indicator`` is a share of those who need something; ``not_known`` one of those who do not know of the service.
    """

    indicator: str
    not_known: str = ""


class PlanOrder(Declaration):
    """A decision that a plan of who takes whom has to keep.

    ``kind``: the resource must serve at_least, or exactly, so many ``people`` of the community, or it is a ban;
    ``domain`` is one of the four, all together when empty. ``by`` (a role, not a name) and ``why`` are printed.
    """

    kind: Literal["at_least", "exactly", "ban"]
    community: str
    resource: str
    people: int = Field(default=0, ge=0)
    domain: Literal["education", "health", "livelihood", "support", ""] = ""
    by: BothLanguages
    why: BothLanguages


class Access(Declaration):
    """What in reach means, and whose needs are set beside what is in reach.

    Attributes
    ----------
    minutes : float
        A service is in reach when the walk to it takes no longer.
    profile : str
        Who walks: ``child`` (0.9 m/s) or ``adult`` (1.3 m/s).
    detour : float
        Way over straight line; used where there is no network.
    groups : list of str
        Groups of the catalogue that everybody in the study belongs to, such as children: a service for one of them is
        for all.
    needs : dict of DomainNeed
        Domain → its need.
    orders : list of PlanOrder
        What people decided before a plan is made.
    """

    minutes: float = Field(default=15, gt=0, le=240)
    profile: Literal["child", "adult"] = "child"
    detour: float = Field(default=1.3, ge=1, le=5)
    groups: Words = Field(default_factory=list)
    needs: dict[Literal["education", "health", "livelihood", "support"], DomainNeed] = Field(default_factory=dict)
    orders: list[PlanOrder] = Field(default_factory=list)
