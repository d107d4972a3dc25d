"""Everything about places that users are promised, called by its public name on a handful of places."""

import subprocess
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import xzz_analysis as xzz

LON, LAT = 113.53, 22.26
"""A corner in Zhuhai, in degrees of WGS 84."""
STEP = 0.01
"""Degrees from one community to the next."""


def squares(count: int = 20) -> gpd.GeoDataFrame:
    """Communities side by side, in rows of five."""
    at = np.arange(count)
    west, south = LON + at % 5 * STEP, LAT + at // 5 * STEP
    layer = gpd.GeoDataFrame(geometry=shapely.box(west, south, west + STEP, south + STEP), crs=4490)
    return layer.set_index(pd.Index([f"c{number:02d}" for number in at]))


def homes(polygons: gpd.GeoDataFrame, each: int = 10) -> gpd.GeoDataFrame:
    """Points in every community, named after it, in WGS 84."""
    draw, bounds = np.random.default_rng(1), np.repeat(polygons.bounds.to_numpy(), each, axis=0)
    share = draw.uniform(0.02, 0.98, (len(bounds), 2))
    xy = bounds[:, :2] + share * (bounds[:, 2:] - bounds[:, :2])
    made = gpd.GeoDataFrame(index=np.repeat(polygons.index, each), geometry=shapely.points(xy))
    made.attrs["datum"] = "WGS84"
    return made


@pytest.fixture
def table() -> pd.DataFrame:
    rows = [("heyan", "clinic", 10), ("heyan", "school", 30), ("weidu", "school", 45), ("weidu", "clinic", 46)]
    return pd.DataFrame(rows, columns=["origin", "destination", "minutes"])


@pytest.fixture
def demand() -> pd.Series:
    return pd.Series({"weidu": 20.0, "heyan": 30.0, "beyond": 5.0})


SUPPLY = pd.Series({"school": 100.0, "clinic": 60.0})


@pytest.mark.parametrize("datum", ["GCJ02", "BD09", "CGCS2000", "WGS84"])
def test_datums_there_and_back(datum):
    lon, lat = np.array([LON, 116.4]), np.array([LAT, 39.9])
    found = xzz.to_wgs84(*xzz.from_wgs84(lon, lat, datum), datum)
    assert np.abs(np.array(found) - [lon, lat]).max() < 1e-9


def test_a_point_of_gcj02_in_wgs84():
    """The pair that gcoord's documentation converts, to its seventh digit."""
    lon, lat = xzz.to_wgs84(116.38404722, 39.91334546, "GCJ02")
    assert (round(float(lon), 5), round(float(lat), 5)) == (116.37782, 39.91195)
    assert xzz.from_wgs84(lon, lat, "GCJ02") == pytest.approx((116.38404722, 39.91334546), abs=1e-9)


def test_columns_of_a_table_keep_their_index():
    places = pd.DataFrame({"lon": [LON, np.nan], "lat": [LAT, LAT]}, index=["a", "b"])
    lon, lat = xzz.to_wgs84(places["lon"], places["lat"], "GCJ02")
    assert list(lon.index) == list(lat.index) == ["a", "b"]
    assert lon.isna().tolist() == lat.isna().tolist() == [False, True]


def test_an_audit_tells_the_datum_of_points():
    polygons = squares()
    points = homes(polygons)
    assert xzz.audit_datum(points, polygons).verdict == "agrees"
    moved = np.column_stack(xzz.from_wgs84(points.geometry.x.to_numpy(), points.geometry.y.to_numpy(), "GCJ02"))
    points = points.set_geometry(shapely.points(moved))
    points.attrs["datum"] = "WGS84"
    audit = xzz.audit_datum(points, polygons)
    assert (audit.verdict, audit.found) == ("mislabelled", "GCJ02")
    with pytest.raises(xzz.XzzError, match="as if in GCJ02"):
        audit.require("homes.csv")


def test_travel_of_layers_in_degrees():
    communities, services = squares(6), homes(squares(6), each=1)
    cost = xzz.travel(communities, services, limit=30)
    assert isinstance(cost, xzz.Cost)
    assert (cost.unit, cost.limit, cost.matrix.shape) == ("minutes", 30, (6, 6))
    assert cost.reached.all()


def test_travel_along_streets():
    row = squares(5)
    line = gpd.GeoDataFrame(geometry=[shapely.LineString([(LON, LAT), (LON + 5 * STEP, LAT)])], crs=4490)
    streets = xzz.read_streets(line)
    cost = xzz.travel(row, row, streets, limit=60, off_streets=1000)
    straight = xzz.travel(row, row, limit=60, detour=1)
    assert len(cost.pairs()) > len(row)
    both = cost.pairs().merge(straight.pairs(), on=["origin", "destination"], suffixes=("", "_straight"))
    assert (both["minutes"] >= both["minutes_straight"] - 1e-9).all()


def test_a_cost_from_a_long_table(table):
    cost = xzz.Cost.from_table(table)
    assert cost.pairs().sort_values("minutes")["minutes"].tolist() == [10, 30, 45, 46]
    assert (cost.unit, cost.limit) == ("minutes", 46)
    nearer = xzz.Cost.from_table(table, "origin", "destination", "minutes", limit=45)
    assert nearer.matrix.nnz == 3


def test_access_as_promised(table, demand):
    """30 of heyan and 20 of weidu share the school; only heyan reaches the clinic within 45 minutes."""
    cost = xzz.Cost.from_table(table)
    found = xzz.access(cost, demand, SUPPLY, measure="2sfca", decay=xzz.within(45))
    assert isinstance(found, pd.Series)
    assert found.index.equals(demand.index)
    assert found.to_dict() == pytest.approx({"weidu": 100 / 50, "heyan": 100 / 50 + 60 / 30, "beyond": 0})


@pytest.mark.parametrize(
    "decay", [xzz.within(45), xzz.stepped([15, 45], [1, 0.5]), xzz.gaussian(20)], ids=["within", "stepped", "gaussian"]
)
def test_what_is_reached_is_shared_out_whole(table, demand, decay):
    cost = xzz.Cost.from_table(table)
    found = xzz.access(cost, demand, SUPPLY, measure="e2sfca", decay=decay)
    assert (found * demand).sum() == pytest.approx(SUPPLY.sum(), abs=1e-12)


def test_access_of_groups_and_domains(table, demand):
    cost = xzz.Cost.from_table(table)
    groups = pd.DataFrame({"boys": demand, "girls": demand})
    found = xzz.access_table(cost, groups, SUPPLY, measures=["2sfca"], decays=xzz.within(45))
    assert found["access"].groupby(found["group"]).sum().nunique() == 1
    assert not found.loc["beyond", "reached"].any()


@pytest.fixture
def needs() -> pd.DataFrame:
    return pd.DataFrame({"community": ["heyan", "weidu"], "domain": "health", "need": [40, 40]})


SERVICES = pd.DataFrame({"organisation": ["clinic"], "domains": ["health"], "capacity": [50]})


def test_matching_with_an_order(needs, table):
    ban = xzz.Order("ban", "heyan", "clinic", by="station", why="closed on Sundays")
    found = xzz.match(needs, SERVICES, xzz.Cost.from_table(table), orders=[ban])
    assert found.summary["met"] == 40
    assert set(found.allocation["community"]) == {"weidu"}


def test_the_site_that_helps_most(table, demand):
    chosen = xzz.site(["clinic", "school"], demand.drop("beyond"), xzz.Cost.from_table(table, limit=45), 1)
    assert chosen.chosen == ("school",)
    assert chosen.covered == 50


def test_gaps_by_cause(needs, table):
    found = xzz.find_gaps(needs, SERVICES, xzz.Cost.from_table(table, limit=45)).table.set_index("community")
    assert found.loc["weidu", "none_in_reach"] == 40
    assert found.loc["heyan", "gap"] == 0


def test_classes_and_hot_spots():
    from xzz_analysis.places.gaps import contiguous

    communities = squares()
    need = pd.Series(np.arange(20.0), index=communities.index)
    assert xzz.bivariate(need, -need).table["cell"].iloc[-1] == "3-1"
    found = xzz.hot_spots(need, contiguous(communities), permutations=99)
    assert found.table.index.equals(communities.index)


def test_communities_resources_and_names(tmp_path):
    layer = squares(2).rename_axis("community").reset_index().assign(name_zh=["禾岩社区", "苇渡社区"])
    layer.to_file(tmp_path / "communities.geojson", driver="GeoJSON")
    declared = xzz.CommunityLayer(
        file=tmp_path / "communities.geojson",
        key="community",
        datum="CGCS2000",
        exemption={"zh": "虚构", "en": "made up"},
    )
    communities = xzz.read_communities(declared)
    assert communities.printable and list(communities.layer.index) == ["c00", "c01"]
    row = {"id": "r1", "name_zh": "社区卫生站", "category": "health.clinic", "lon": LON + 0.001, "lat": LAT + 0.001}
    pd.DataFrame([row]).to_csv(tmp_path / "resources.csv", index=False)
    resources = xzz.read_resources(
        tmp_path / "resources.csv",
        datum="CGCS2000",
        as_of=pd.Timestamp("2026-03-01").date(),
        communities=communities,
    )
    assert resources.table.loc["r1", "community"] == "c00"
    ours = pd.DataFrame({"name": ["禾岩社区"], "within": [""]}, index=["a"])
    theirs = pd.DataFrame({"name": ["禾岩"], "within": [""]}, index=["b"])
    assert xzz.match_names(ours, theirs).table.loc["a", "match"] == "b"


def test_importing_the_library_reads_no_layer():
    loaded = "import sys, xzz_analysis; print('geopandas' in sys.modules, 'scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_travel_takes_a_long_table_that_somebody_else_measured():
    table = pd.DataFrame({"origin": ["a", "b"], "destination": ["x", "x"], "minutes": [45.0, 45.1]})
    assert xzz.travel(table, limit=45).reached.to_dict() == {"a": True, "b": False}
    with pytest.raises(xzz.XzzError, match="needs a limit"):
        xzz.travel(table, table)
