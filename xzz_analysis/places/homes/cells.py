"""Cells of at least k homes inside communities: as fine as homes may be shown, and the same cells in every round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from xzz_analysis.errors import DisclosureError, Finding, InputError
from xzz_analysis.places.datum import convert, declare, metric
from xzz_analysis.places.homes.columns import MILLIONTH, millionths
from xzz_analysis.places.homes.reaching import LEAST
from xzz_analysis.places.homes.reading import AREAS, Homes, has_areas
from xzz_analysis.places.homes.splitting import Bounds, Tree, around, find, grow, leaves

TOUCH = 0.001
"""Metres by which a home may miss the shape of its cell: the rounding where a border was cut."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Where cells lie, whoever lives in them.

    Parameters
    ----------
    trees : mapping of str to mapping
        Community → the lines that part it.
    areas : GeoSeries, optional
        Polygons of communities, in metres; without them borders are rectangles.
    shapes : GeoSeries
        Index: ids of cells, sorted. In metres; None where no shape may be shown.
    community : Series of str
        On the ids.
    """

    trees: Mapping[str, Tree]
    areas: gpd.GeoSeries | None
    shapes: gpd.GeoSeries
    community: pd.Series


class _Placed(NamedTuple):
    """Homes in cells, arrays of shape (homes,).

    ``points`` (in metres), ``people`` (millionths), ``cell`` (position, -1 without a community), ``counts``: somebody
    lives there, inside the polygon of the community.
    """

    points: np.ndarray
    people: np.ndarray
    cell: np.ndarray
    counts: np.ndarray

    def sums(self, of: np.ndarray, size: int) -> np.ndarray:
        """Sum of a number over the homes of each cell."""
        kept = self.cell >= 0
        return np.bincount(self.cell[kept], of[kept].astype(np.float64), size)


@dataclass(frozen=True, eq=False, repr=False)
class Cells:
    """Cells with at least ``least`` homes and people each, and what is said of them.

    Attributes
    ----------
    table : DataFrame
        Index: ids (``heyan`` where the community is one cell, else ``heyan/wn``: the north of its west), sorted.
        Columns ``community``, ``published``, ``homes`` (where somebody lives), ``people``, and one per value: its mean
        over people. Figures of a cell that is not published are NaN.
    layout : Layout
    least : int
    findings : tuple of Finding

    Raises
    ------
    DisclosureError
        A published cell has fewer homes or people than ``least``.
    """

    table: pd.DataFrame
    layout: Layout
    least: int
    findings: tuple[Finding, ...] = field(default=())

    def __post_init__(self) -> None:
        few = self.table["published"] & ~(self.table[["homes", "people"]] >= self.least).all(axis=1)
        if few.any():
            raise DisclosureError(f"{int(few.sum()):,} published cells have fewer than {self.least} homes or people")

    def __repr__(self) -> str:
        published = int(self.table["published"].sum())
        return f"<Cells: {published:,} of at least {self.least} homes, {len(self) - published:,} not published>"

    def __len__(self) -> int:
        return len(self.table)

    @property
    def k(self) -> int:
        """Fewest homes of a published cell, 0 where none is; a cell below ``least`` cannot be made."""
        published = self.table.loc[self.table["published"], "homes"]
        return 0 if published.empty else int(published.min())

    @property
    def layer(self) -> gpd.GeoDataFrame:
        """Published cells with figures and shapes, in degrees of CGCS2000, as a map takes them."""
        published = self.table["published"]
        layer = gpd.GeoDataFrame(self.table[published], geometry=self.layout.shapes[published])
        return declare(layer.to_crs(4490), "CGCS2000")

    def fixed(self, homes: Homes, values: pd.DataFrame | None = None) -> Cells:
        """Count other homes, such as those of the next round, in the same cells.

        Parameters
        ----------
        homes : Homes
            Those of communities without cells are left out, with a finding.
        values : DataFrame, optional
            As in :func:`cells`.

        Returns
        -------
        Cells
            With the same ids and shapes. A cell with fewer than ``least`` homes or people is not published, nor are
            as many of the next smallest of its community as it takes until two or more with ``least`` homes and people
            together are withheld: else the community's total less the other cells would tell.

        Raises
        ------
        InputError
            Values are not about these homes, or not finite.

        References
        ----------
        Hundepool, A. et al. (2012). Statistical disclosure control. Wiley, chapter 4 (secondary suppression).
        """
        return _counted(self.layout, homes, values, self.least)


def cells(
    homes: Homes,
    communities: gpd.GeoDataFrame | None = None,
    *,
    least: int = LEAST,
    values: pd.DataFrame | None = None,
) -> Cells:
    """Part communities into cells of at least ``least`` homes.

    Parameters
    ----------
    homes : Homes
    communities : GeoDataFrame, optional
        Polygons, indexed by key, with a declared datum. Without them a community's outer border is a rectangle rounded
        outwards to whole kilometres.
    least : int
        Fewest homes where somebody lives, and fewest people, of a cell.
    values : DataFrame, optional
        Numbers on ``homes.frame.index``, such as :func:`nearest_service` gives; cells have their means over people.

    Returns
    -------
    Cells
        A community with fewer homes or people is one cell that is not published. Homes outside the polygon of their own
        community are counted in the cell at its border, so that cells add up to communities, but protect nobody.

    Raises
    ------
    InputError
        No home has a community, communities are no polygons or lack one that homes name, or values do not fit.
    DisclosureError
        A cell came out with fewer homes inside its shape than ``least``; nothing is returned then.

    References
    ----------
    LeFevre, K., DeWitt, D. J. and Ramakrishnan, R. (2006). Mondrian multidimensional k-anonymity. ICDE 2006.
    Samarati, P. (2001). Protecting respondents' identities in microdata release. IEEE TKDE 13, 1010–1027.
    """
    if least < 2:
        raise InputError(f"cells of at least {least} home(s) protect nobody; give 10, or more")
    if not (homes.frame["community"] != "").any():
        raise InputError("no home has a community, so there is nothing to part; give the polygons of the communities")
    areas = None if communities is None else _areas(communities, homes)
    layout = _laid_out(homes, areas, least)
    made = _counted(layout, homes, values, least)
    short = ~made.table["published"] & made.table["community"].duplicated(keep=False)
    if short.any():
        raise DisclosureError(f"{int(short.sum()):,} cells came out with fewer than {least} homes inside their shapes")
    return made


def _areas(communities: gpd.GeoDataFrame, homes: Homes) -> gpd.GeoSeries:
    """Polygons of the communities that homes name, in metres."""
    if not has_areas(communities):
        raise InputError("the communities are no polygons, so cells have no borders to end at; leave them out")
    layer = communities.set_axis(communities.index.astype("str"), axis=0)
    names = set(homes.frame["community"]) - {""}
    missing = names - set(layer.index)
    if missing:
        raise InputError(
            f"homes are of {len(missing):,} communities that have no polygon; read the homes with the same communities"
        )
    areas = _metric(layer.loc[sorted(names)]).geometry
    shapely.prepare(np.asarray(areas.array))
    return areas


def _metric(layer: gpd.GeoDataFrame, like: Any = None) -> gpd.GeoDataFrame:
    """A layer of any datum in metres."""
    if layer.crs is None or not layer.crs.is_projected:
        layer = convert(layer, "WGS84")
    return metric(layer, like=None if like is None else gpd.GeoDataFrame(geometry=[], crs=like))


def _laid_out(homes: Homes, areas: gpd.GeoSeries | None, least: int) -> Layout:
    """The cells of these homes."""
    located = homes.frame[homes.frame["community"] != ""]
    frame = _metric(located, None if areas is None else areas.crs)
    xy, counts = shapely.get_coordinates(np.asarray(frame.geometry.array)), _counts(frame, areas)
    people = np.where(counts, millionths(frame["people"]), 0)
    trees: dict[str, Tree] = {}
    boxes: dict[str, Mapping[str, Bounds | None]] = {}
    for name, rows in sorted(frame.groupby("community").indices.items()):
        bounds = around(xy[rows]) if areas is None else cast(Bounds, areas[name].bounds)
        trees[name] = grow(xy[rows], people[rows], bounds, least)
        enough = counts[rows].sum() >= least and people[rows].sum() >= least * MILLIONTH
        boxes[name] = leaves(trees[name], bounds) if enough or areas is not None else {"": None}
    return _shaped(trees, boxes, areas, frame.crs)


def _counts(frame: gpd.GeoDataFrame, areas: gpd.GeoSeries | None) -> np.ndarray:
    """Whether homes protect each other: somebody lives there, inside the polygon of the community."""
    counts = millionths(frame["people"]) > 0
    if areas is None:
        return counts
    place = areas.index.get_indexer(frame["community"])
    own = np.asarray(areas.array)[place]
    inside = shapely.intersects(own, np.asarray(frame.geometry.array))
    return np.asarray(counts & (place >= 0) & inside)


def _shaped(
    trees: dict[str, Tree], boxes: Mapping[str, Mapping[str, Bounds | None]], areas: gpd.GeoSeries | None, crs: Any
) -> Layout:
    """Rectangles cut out of the polygons of their communities."""
    rows = [(f"{name}/{path}".rstrip("/"), name, box) for name, own in boxes.items() for path, box in own.items()]
    ids, names, bounds = zip(*sorted(rows), strict=True)
    index = pd.Index(ids, name="cell")
    if not index.is_unique:
        raise InputError("keys of communities that differ by '/' cannot be told from cells; take other keys")
    shapes = np.array([None if box is None else shapely.box(*box) for box in bounds], dtype=object)
    if areas is not None:
        shapes = _polygons(shapely.intersection(shapes, areas.reindex(names).to_numpy()))
    community = pd.Series(names, index=index, dtype="str")
    return Layout(trees, areas, gpd.GeoSeries(shapes, index=index, crs=crs), community)


def _polygons(shapes: np.ndarray) -> np.ndarray:
    """Shapes without the lines and points where a rectangle only touches a border."""
    mixed = np.flatnonzero(~np.isin(shapely.get_type_id(shapes), AREAS))
    for place in mixed:
        parts = shapely.get_parts(shapes[place])
        shapes[place] = shapely.union_all(parts[np.isin(shapely.get_type_id(parts), AREAS)])
    return shapes


def _counted(layout: Layout, homes: Homes, values: pd.DataFrame | None, least: int) -> Cells:
    """Homes counted in cells; those with too few are withheld, and every published one is counted again."""
    placed, left = _placed(layout, homes)
    size = len(layout.shapes)
    table = pd.DataFrame({"community": layout.community, "published": False}, index=layout.shapes.index)
    table["homes"] = placed.sums((placed.people > 0).astype(float), size)
    table["people"] = placed.sums(placed.people, size) / MILLIONTH
    for name, numbers in _values(homes, values).items():
        total = placed.sums(placed.people * numbers, size) / MILLIONTH
        table[name] = np.divide(total, table["people"], out=np.zeros(size), where=table["people"] > 0)
    inside = placed.counts & _touches(placed, layout)
    enough = [placed.sums(inside, size), placed.sums(inside * placed.people, size) / MILLIONTH]
    few = (np.minimum(*enough) < least) | layout.shapes.isna().to_numpy()
    table["published"] = ~_withheld(table["community"], few, enough, least)
    figures = list(table.columns[2:])
    table[figures] = table[figures].where(table["published"])
    return Cells(table, layout, least, left)


def _placed(layout: Layout, homes: Homes) -> tuple[_Placed, tuple[Finding, ...]]:
    """The cell that every home belongs to."""
    frame = _metric(homes.frame, layout.shapes.crs)
    points = np.asarray(frame.geometry.array)
    xy, cell = shapely.get_coordinates(points), np.full(len(frame), -1)
    for name, rows in frame.groupby("community").indices.items():
        if name in layout.trees:
            paths = find(xy[rows], layout.trees[name])
            cell[rows] = layout.shapes.index.get_indexer([f"{name}/{path}".rstrip("/") for path in paths])
    left = int((cell < 0).sum())
    said = f"{left:,} of {len(frame):,} homes belong to no community with cells and are counted nowhere"
    finding = Finding("warning", "home_without_cell", "homes", said, "name their communities in the file", left)
    placed = _Placed(points, millionths(frame["people"]), cell, _counts(frame, layout.areas) & (cell >= 0))
    return placed, (finding,) if left else ()


def _touches(placed: _Placed, layout: Layout) -> np.ndarray:
    """Whether every home lies in the shape of its own cell, looked at apart from the lines that parted them."""
    shapes = np.asarray(layout.shapes.array)[placed.cell]
    return np.asarray(shapely.dwithin(shapes, placed.points, TOUCH) & (placed.cell >= 0))


def _withheld(community: pd.Series, few: np.ndarray, sums: list[np.ndarray], least: int) -> np.ndarray:
    """Cells that are withheld: those with too few, and others of the community that keep them from being told.

    Sorted with the too few first, then by size, a cell is withheld when it has too few itself, or when some cell of
    its community has and those before it are fewer than two or have fewer than ``least`` homes or people.
    """
    table = pd.DataFrame({"community": community.to_numpy(), "open": ~few, "homes": sums[0], "people": sums[1]})
    table = table.sort_values(["community", "open", "homes", "people"], kind="stable")
    groups = table.groupby("community")
    before = groups[["homes", "people"]].cumsum() - table[["homes", "people"]]
    hides = ~groups["open"].transform("all") & ((groups.cumcount() < 2) | (before < least).any(axis=1))
    return np.asarray((hides | ~table["open"]).sort_index())


def _values(homes: Homes, values: pd.DataFrame | None) -> dict[str, np.ndarray]:
    """Numbers of homes by name, all of them finite."""
    if values is None:
        return {}
    if not values.index.equals(homes.frame.index):
        raise InputError("the values are not on the index of these homes; make them from homes.frame.index")
    taken = [str(name) for name in values if str(name) in ("community", "published", "homes", "people")]
    if taken:
        raise InputError(f"a value cannot be called {taken[0]!r}, as cells have that column; rename it")
    numbers = {str(name): values[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in values}
    for name, array in numbers.items():
        wrong = int((~np.isfinite(array)).sum())
        if wrong:
            raise InputError(
                f"{wrong:,} of {len(array):,} homes have no finite {name!r}; where nothing is reached give the limit, "
                "and a column of 0 and 1 beside it (nearest_service does)"
            )
    return numbers
