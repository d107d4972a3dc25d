"""A file of homes → points that are computed with and never shown.

No key of the file is kept. Rows are put in the order of their places and numbered, so that a number leads to no row of
the file, and to no child.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.intake.workbook import read_raw
from xzz_analysis.places.datum import DatumAudit, audit_datum, convert, declare, declared
from xzz_analysis.places.directory.codes import as_texts
from xzz_analysis.places.homes.columns import MOST, Columns, Numbers, read_numbers

AREAS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
COLUMNS = ("community", "people", "stated", "geometry")


@dataclass(frozen=True, eq=False, repr=False)
class Homes:
    """Where children live. Printing it shows counts; its points are for computing only.

    Attributes
    ----------
    frame : GeoDataFrame
        Index: numbers as text in the order of the places. Columns ``community`` (str, ``""`` where unknown), ``people``
        (float ≥ 0), ``stated`` (bool: the file names the community, it was not looked up), ``geometry`` (Point) in
        degrees of ``attrs["datum"]``. Internal: never printed, written or released.
    findings : tuple of Finding
        Counts, never a place.

    Raises
    ------
    InputError
        The frame has not these columns, or something else than points and people in them.
    """

    frame: gpd.GeoDataFrame
    findings: tuple[Finding, ...] = field(default=())

    def __post_init__(self) -> None:
        missing = [name for name in COLUMNS if name not in self.frame]
        if missing:
            raise InputError(f"the table of homes has no column {missing[0]!r}; read it with read_homes")
        people = self.frame["people"].to_numpy(dtype=np.float64)
        points = shapely.get_type_id(np.asarray(self.frame.geometry.array)) == shapely.GeometryType.POINT
        wrong = int((~points | ~np.isfinite(people) | (people < 0) | (people > MOST)).sum())
        if wrong:
            raise InputError(f"{wrong:,} of {len(people):,} homes are no points, or have no number of people")
        declared(self.frame)

    def __repr__(self) -> str:
        places = self.frame.loc[self.frame["community"] != "", "community"].nunique()
        return (
            f"<Homes: {len(self):,} in {self.datum}, {self.frame['people'].sum():,.0f} people, "
            f"{places:,} communities, {len(self.findings)} finding(s)>"
        )

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def datum(self) -> str:
        """Datum of the points."""
        return declared(self.frame)

    def audit(self, communities: gpd.GeoDataFrame) -> DatumAudit:
        """Compare the homes with the communities that the file names, under every datum they may be in.

        Parameters
        ----------
        communities : GeoDataFrame
            Polygons, indexed by key, with a declared datum.

        Returns
        -------
        DatumAudit
            Its ``require()`` refuses homes that are mislabelled or mixed, with the evidence and no place.

        Raises
        ------
        InputError
            The file names no community: those looked up from the points prove nothing about the points.

        References
        ----------
        Dixon & Mood (1946), The statistical sign test, JASA 41, 557–566.
        """
        stated = self.frame[self.frame["stated"]]
        if stated.empty:
            raise InputError(
                "the file of homes names no community, so its points cannot be compared with the communities they lie "
                "in; add a column with the community of each home"
            )
        areas = communities.assign(community=communities.index.astype("str"))
        return audit_datum(stated.drop(columns=["people", "stated"]), areas, "community")


def read_homes(
    file: Path,
    *,
    datum: str,
    lon: str,
    lat: str,
    community: str = "",
    people: str = "",
    communities: gpd.GeoDataFrame | None = None,
) -> Homes:
    """Read homes, one in each row, and check them.

    Parameters
    ----------
    file : Path
        CSV or workbook. Columns that are not named here are not kept.
    datum : str
        Of the coordinates: WGS84, CGCS2000, GCJ02 or BD09.
    lon, lat : str
        Columns of degrees.
    community : str
        Column of the communities' keys; an empty cell is looked up from the point.
    people : str
        Column of how many people (children) live there; one in each home by default.
    communities : GeoDataFrame, optional
        Indexed by key. Names in ``community`` must be among the keys; polygons with a datum tell where homes lie.

    Returns
    -------
    Homes
        Without homes that have no point; sorted by place and numbered.

    Raises
    ------
    InputError
        The file cannot be read, a column is missing, or there are errors in cells: coordinates that are no numbers,
        exchanged, out of range or half there, people that are no number, unknown communities. All are told together,
        counted, and without a coordinate.
    """
    file = Path(file)
    raw = read_raw(file)
    columns = Columns(lon, lat, community, people)
    columns.require(raw.frame.columns, file.name)
    if not len(raw.frame):
        raise InputError(f"{file.name} holds no homes; write one in each row below the header")
    numbers, findings = read_numbers(raw.frame, columns, datum, file.name)
    names = as_texts(raw.frame[community]) if community else pd.Series("", index=raw.frame.index, dtype="str")
    keys = None if communities is None else communities.index.astype("str")
    findings += _unknown(names, keys, f"{file.name}: {community}")
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise InputError(f"{file.name} has {len(errors)} problem(s) to correct", errors)
    frame = _frame(numbers, names, datum)
    frame, located = _located(frame, communities, file.name)
    return Homes(frame, (*raw.findings, *findings, *located, *_doubtful(frame, file.name)))


def _unknown(names: pd.Series, keys: pd.Index | None, where: str) -> list[Finding]:
    if keys is None:
        return []
    unknown = names[(names != "") & ~names.isin(keys)]
    if unknown.empty:
        return []
    hints = [hint for name in sorted(set(unknown)) if (hint := suggest(name, keys))]
    said = f"{len(unknown):,} home(s) name a community that is not among the {len(keys):,} communities"
    remedy = "write the keys of the layer of communities" + (hints[0] if hints else "")
    return [Finding("error", "home_community_unknown", where, said, remedy, len(unknown))]


def _frame(numbers: Numbers, names: pd.Series, datum: str) -> gpd.GeoDataFrame:
    """Homes with a point, in an order that only their places give."""
    table = pd.DataFrame({"community": names.to_numpy(), "people": numbers.people})
    table["stated"] = table["community"] != ""
    order = np.lexsort((numbers.people, table["community"], numbers.lat, numbers.lon))
    order = order[numbers.placed[order]]
    width = max(len(str(len(order))), 4)
    index = pd.Index([f"{number:0{width}d}" for number in range(1, len(order) + 1)], name="home")
    points = gpd.points_from_xy(numbers.lon[order], numbers.lat[order])
    return declare(gpd.GeoDataFrame(table.iloc[order].set_axis(index, axis=0), geometry=points), datum)


def _located(
    frame: gpd.GeoDataFrame, communities: gpd.GeoDataFrame | None, where: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Homes with the community they lie in where the file names none; those that lie elsewhere are counted."""
    if communities is None or not has_areas(communities):
        return frame, list(_nowhere(frame, where))
    here = inside(frame, communities)
    blank = ~frame["stated"]
    frame = frame.assign(community=frame["community"].where(~blank, here[0]))
    outside = int((~here[1] & frame["stated"]).sum())
    findings = list(_nowhere(frame, where))
    if outside:
        said = f"{outside:,} of {int(frame['stated'].sum()):,} home(s) lie outside the community that the file names"
        remedy = "compare the datum (audit), the coordinates and the names; they count where the file puts them"
        findings.append(Finding("warning", "home_outside_own", where, said, remedy, outside))
    looked_up = int((blank & (frame["community"] != "")).sum())
    if looked_up:
        said = f"the community of {looked_up:,} home(s) was looked up from the point"
        findings.append(Finding("note", "home_located", where, said, "", looked_up))
    return frame, findings


def _nowhere(frame: gpd.GeoDataFrame, where: str) -> Iterator[Finding]:
    nowhere = int((frame["community"] == "").sum())
    if nowhere:
        said = f"{nowhere:,} of {len(frame):,} home(s) belong to no community, so no figure of a community counts them"
        yield Finding("warning", "home_no_community", where, said, "name their communities in the file", nowhere)


def _doubtful(frame: gpd.GeoDataFrame, where: str) -> Iterator[Finding]:
    """Points that several rows share, and points too coarse to be homes."""
    xy = shapely.get_coordinates(np.asarray(frame.geometry.array))
    shared = int(pd.DataFrame(xy).duplicated(keep=False).sum())
    if shared:
        said = f"{shared:,} of {len(xy):,} homes share their point with another"
        remedy = "in one building that is right; where rows are children, write one row for each home and add them up"
        yield Finding("note", "home_same_point", where, said, remedy, shared)
    coarse = int((np.round(xy, 3) == xy).all(axis=1).sum())
    if coarse:
        said = f"{coarse:,} of {len(xy):,} homes have coordinates of at most three decimals, which is 100 m"
        yield Finding("warning", "home_coarse", where, said, "take five decimals, as devices give them", coarse)


def has_areas(communities: gpd.GeoDataFrame) -> bool:
    """Whether communities are polygons."""
    return bool(np.isin(shapely.get_type_id(np.asarray(communities.geometry.array)), AREAS).all())


def inside(frame: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> tuple[pd.Series, np.ndarray]:
    """Where homes lie.

    Parameters
    ----------
    frame : GeoDataFrame
        As :class:`Homes` holds it.
    communities : GeoDataFrame
        Polygons, indexed by key; their datum may be another.

    Returns
    -------
    Series of str
        The community that each home lies in, of several the one whose key comes first; ``""`` outside all.
    ndarray of bool, shape (homes,)
        Whether it lies in the community that the frame names. A point on a border is inside.
    """
    areas = convert(communities.set_axis(communities.index.astype("str"), axis=0).sort_index(), "WGS84")
    points = np.asarray(convert(frame, "WGS84").geometry.array)
    home, area = shapely.STRtree(np.asarray(areas.geometry.array)).query(points, predicate="intersects")
    first = pd.Series(area).groupby(home).min()
    here = pd.Series("", index=frame.index, dtype="str")
    here.iloc[first.index.to_numpy()] = areas.index.to_numpy()[first.to_numpy()]
    own = np.zeros(len(frame), dtype=bool)
    own[home[area == areas.index.get_indexer(frame["community"])[home]]] = True
    return here, own
