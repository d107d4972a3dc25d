"""Homes: read without a trace, turned into figures of communities, cells of many homes, and masks."""

import dataclasses
import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy import sparse
from scipy.spatial import cKDTree

from xzz_analysis.errors import DisclosureError, InputError
from xzz_analysis.places.datum import from_wgs84
from xzz_analysis.places.homes import (
    LEAST,
    METRICS,
    Homes,
    cells,
    community_cost,
    mask,
    mask_metrics,
    nearest_service,
    reach_table,
    read_homes,
)
from xzz_analysis.places.homes.columns import Columns
from xzz_analysis.places.homes.masks import displacements, places
from xzz_analysis.places.travel import Cost, travel

SECRET = b"only for the tests of masks, 2025"
BY_HAND = {"zh": "手工", "en": "by hand"}
WEST, SOUTH = 113.60, 32.85
SIDE = 0.02


def communities(names=("heyan", "xingzhan")):
    """Squares of about two kilometres, side by side."""
    boxes = [shapely.box(WEST + SIDE * at, SOUTH, WEST + SIDE * (at + 1), SOUTH + SIDE) for at in range(len(names))]
    layer = gpd.GeoDataFrame(index=pd.Index(names, name="community"), geometry=boxes)
    layer.attrs["datum"] = "CGCS2000"
    return layer


def invented(count=300, seed=3):
    """A table of homes in both communities: clusters and stragglers."""
    draw = np.random.default_rng(seed)
    centres = np.array([[WEST + 0.005, SOUTH + 0.006], [WEST + 0.027, SOUTH + 0.013]])
    at = draw.integers(2, size=count)
    xy = np.clip(centres[at] + draw.normal(0, 0.002, (count, 2)), [WEST, SOUTH], [WEST + 2 * SIDE, SOUTH + SIDE])
    names = np.where(xy[:, 0] < WEST + SIDE, "heyan", "xingzhan")
    people = draw.integers(1, 4, count)
    return pd.DataFrame(
        {"lon": xy[:, 0], "lat": xy[:, 1], "community": names, "children": people, "name": "张小明"}
    ).round(6)


def written(tmp_path, table, name="homes.csv"):
    path = tmp_path / name
    table.to_csv(path, index=False) if name.endswith("csv") else table.to_excel(path, index=False)
    return path


def read(path, **options):
    given = {"datum": "WGS84", "lon": "lon", "lat": "lat", "community": "community", "people": "children"}
    return read_homes(path, **(given | options))


@pytest.fixture
def homes(tmp_path):
    return read(written(tmp_path, invented()), communities=communities())


def rules(found):
    return {finding.rule: finding.count for finding in found.findings}


def shows_no_place(text, table):
    """No coordinate of the table, and no part of one to a kilometre, is in a text."""
    values = pd.to_numeric(pd.concat([table["lon"], table["lat"]]), errors="coerce").dropna()
    return not any(f"{value:.3f}"[:-1] in text for value in values if value != 0)


# reading


def test_reading_keeps_points_and_people_and_nothing_else(homes):
    table = invented()
    assert list(homes.frame) == ["community", "people", "stated", "geometry"]
    assert homes.frame["people"].sum() == table["children"].sum()
    assert homes.datum == "WGS84"
    assert "张小明" not in homes.frame.to_csv()


def test_order_and_numbers_say_nothing_of_the_file(tmp_path, homes):
    shuffled = invented().sample(frac=1, random_state=1)
    other = read(written(tmp_path, shuffled, "shuffled.csv"), communities=communities())
    pd.testing.assert_frame_equal(pd.DataFrame(homes.frame), pd.DataFrame(other.frame))
    assert homes.frame.index[0] == "0001"
    assert homes.frame.geometry.x.is_monotonic_increasing


def test_printing_shows_counts_only(homes):
    assert repr(homes) == f"<Homes: 300 in WGS84, {invented()['children'].sum()} people, 2 communities, 0 finding(s)>"
    assert not hasattr(homes, "_repr_html_")
    assert shows_no_place(repr(homes) + str(homes) + str(homes.findings), invented())


def test_a_workbook_reads_like_a_csv(tmp_path, homes):
    other = read(written(tmp_path, invented(), "homes.xlsx"), communities=communities())
    pd.testing.assert_frame_equal(pd.DataFrame(homes.frame), pd.DataFrame(other.frame))


@pytest.mark.parametrize(
    ("column", "row", "value", "message"),
    [
        ("lat", 0, "", "1 of 300 home\\(s\\) have one coordinate of two"),
        ("lon", 0, "113.61E", "1 of 300 cell\\(s\\) are no number of degrees"),
        ("lon", 0, "inf", "no number of degrees"),
        ("lon", 0, "213.61", "longitude beyond 180"),
        ("children", 0, "two", "no number of people"),
        ("children", 0, "", "say nothing about people"),
        ("children", 0, "-1", "have fewer than 0 people"),
        ("children", 0, "1e12", "have too many"),
        ("community", 0, "heyam", "not among the 2 communities.*did you mean 'heyan'"),
    ],
)
def test_wrong_cells_are_counted_and_not_shown(tmp_path, column, row, value, message):
    table = invented().astype(str)
    table.loc[row, column] = value
    with pytest.raises(InputError, match=message) as refused:
        read(written(tmp_path, table), communities=communities())
    assert shows_no_place(str(refused.value), table)
    assert value in ("", "-1") or value not in str(refused.value)


def test_all_problems_are_told_together(tmp_path):
    table = invented().astype(str)
    table.loc[0, "lat"], table.loc[1, "children"], table.loc[2, "community"] = "", "?", "nowhere"
    with pytest.raises(InputError, match="3 problem"):
        read(written(tmp_path, table), communities=communities())


def test_exchanged_coordinates_are_refused(tmp_path):
    table = invented()
    table[["lon", "lat"]] = table[["lat", "lon"]].to_numpy()
    with pytest.raises(InputError, match="exchanged in 300 of 300 places") as refused:
        read(written(tmp_path, table))
    assert shows_no_place(str(refused.value), table)


def test_zero_zero_is_no_home(tmp_path):
    table = invented()
    table.loc[5, ["lon", "lat"]] = 0
    with pytest.raises(InputError, match="longitude 0 and latitude 0"):
        read(written(tmp_path, table))


def test_a_file_without_header_shows_no_home(tmp_path):
    path = tmp_path / "homes.csv"
    invented().to_csv(path, index=False, header=False)
    with pytest.raises(InputError, match="no column 'lon'") as refused:
        read(path)
    assert shows_no_place(str(refused.value), invented())


def test_a_header_with_digits_is_never_suggested():
    with pytest.raises(InputError) as refused:
        Columns("lon113.60", "lat").require(["lon113.61", "lat"], "homes.csv")
    assert "113.61" not in str(refused.value)


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(InputError, match="no column 'childen'; did you mean 'children'"):
        read(written(tmp_path, invented()), people="childen")
    with pytest.raises(InputError, match="name two columns"):
        read(written(tmp_path, invented()), lat="lon")


def test_no_rows_and_no_points_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"no homes|no rows|empty"):
        read(written(tmp_path, invented().head(0)))
    with pytest.raises(InputError, match="no home has a point"):
        read(written(tmp_path, invented().assign(lon="", lat="")))


def test_homes_without_a_point_are_left_out_and_counted(tmp_path):
    table = invented().astype(str)
    table.loc[:3, ["lon", "lat"]] = ""
    found = read(written(tmp_path, table))
    assert len(found) == 296
    assert rules(found)["home_no_point"] == 4


def test_communities_are_looked_up_where_the_file_names_none(tmp_path):
    table = invented()
    table.loc[:9, "community"] = ""
    table.loc[0, ["lon", "lat"]] = [WEST - 0.05, SOUTH]
    found = read(written(tmp_path, table), communities=communities())
    assert rules(found)["home_located"] == 9
    assert rules(found)["home_no_community"] == 1
    assert not found.frame["stated"].all()
    whole = read(written(tmp_path, invented()), communities=communities(), community="")
    assert (whole.frame["community"] != "").all()


def test_homes_outside_their_own_community_are_counted(tmp_path):
    table = invented()
    table.loc[:6, "community"] = np.where(table.loc[:6, "community"] == "heyan", "xingzhan", "heyan")
    found = read(written(tmp_path, table), communities=communities())
    assert rules(found)["home_outside_own"] == 7


def test_doubtful_points_are_reported(tmp_path):
    table = pd.concat([invented(), invented().head(4)]).round({"lon": 9, "lat": 9})
    table.iloc[50, [0, 1]] = [WEST + 0.001, SOUTH + 0.001]
    table.iloc[60, 3] = 0
    found = rules(read(written(tmp_path, table)))
    assert found["home_same_point"] == 8
    assert found["home_coarse"] == 1
    assert found["home_nobody"] == 1


def test_audit_finds_a_wrong_datum(tmp_path):
    """Sixteen communities of 600 m: homes moved by the shift of GCJ-02 leave them all alike."""
    side, names = 0.006, [f"c{number:02d}" for number in range(16)]
    corners = [(WEST + side * (at % 4), SOUTH + side * (at // 4)) for at in range(16)]
    areas = gpd.GeoDataFrame(index=names, geometry=[shapely.box(x, y, x + side, y + side) for x, y in corners])
    areas.attrs["datum"] = "CGCS2000"
    true = np.repeat(corners, 30, axis=0) + np.random.default_rng(1).uniform(0, side, (480, 2))
    lon, lat = from_wgs84(*true.T, "GCJ02")
    table = pd.DataFrame({"lon": lon, "lat": lat, "community": np.repeat(names, 30), "children": 1})
    wrong = read(written(tmp_path, table), communities=areas)
    audit = wrong.audit(areas)
    assert (audit.verdict, audit.found) == ("mislabelled", "GCJ02")
    with pytest.raises(InputError) as refused:
        audit.require("homes.csv")
    assert shows_no_place(str(refused.value) + str(rules(wrong)), table)
    right = read(written(tmp_path, table), datum="GCJ02", communities=areas)
    assert not right.audit(areas).refused
    assert "home_outside_own" not in rules(right)
    assert cells(right, areas).k >= LEAST
    assert mask(right, secret=SECRET)["homes"].sum() == 480


def test_communities_looked_up_from_points_prove_nothing(tmp_path):
    found = read(written(tmp_path, invented()), communities=communities(), community="")
    with pytest.raises(InputError, match="names no community"):
        found.audit(communities())


def test_homes_are_checked_however_they_were_made(homes):
    with pytest.raises(InputError, match="no column 'stated'"):
        Homes(homes.frame.drop(columns="stated"))
    with pytest.raises(InputError, match="300 of 300 homes"):
        Homes(homes.frame.assign(people=-1.0))


# reach


def small(costs, people, names, limit=15.0, services=("clinic", "club")):
    """Homes and a cost from a dense table; NaN is not reached."""
    dense = np.array(costs, dtype=float)
    ids = pd.Index([f"{number:04d}" for number in range(1, len(dense) + 1)], name="home")
    row, column = np.nonzero(~np.isnan(dense))
    matrix = sparse.csr_array((dense[row, column], (row, column)), shape=dense.shape)
    cost = Cost(matrix, ids, pd.Index(services), "minutes", limit, BY_HAND)
    points = gpd.points_from_xy(np.linspace(113.61, 113.62, len(dense)), np.full(len(dense), 32.9))
    frame = {"community": pd.Series(names, index=ids, dtype="str"), "people": np.array(people, float), "stated": True}
    layer = gpd.GeoDataFrame(frame, geometry=points, index=ids)
    layer.attrs["datum"] = "WGS84"
    return cost, Homes(layer)


def entry(cost, origin, destination):
    pairs = cost.pairs()
    found = pairs[(pairs["origin"] == origin) & (pairs["destination"] == destination)]["minutes"]
    return float(found.iloc[0]) if len(found) else None


def test_weighted_median_by_hand():
    nan = np.nan
    cost, homes = small([[1, 5], [2, nan], [9, nan], [3, 0]], [1, 1, 2, 1], ["a", "a", "a", "b"])
    found = community_cost(cost, homes)
    assert list(found.origins) == ["a", "b"]
    assert entry(found, "a", "clinic") == 2.0  # 2 of 4 people within 2 minutes: at least half
    assert entry(found, "a", "club") is None  # 1 of 4
    assert entry(found, "b", "club") == 0.0  # a stored zero is a real zero
    assert entry(community_cost(cost, homes, quantile=0.51), "a", "clinic") == 9.0
    assert entry(community_cost(cost, homes, quantile=1), "a", "clinic") == 9.0
    assert entry(community_cost(cost, homes, quantile=0.25), "a", "club") == 5.0
    assert "50%" in found.method["en"] and found.method["zh"].startswith("手工；")


def test_shares_that_floats_cannot_hold():
    cost, homes = small([[at, np.nan] for at in range(1, 11)], [0.1] * 10, ["a"] * 10)
    for tenths in range(1, 11):
        assert entry(community_cost(cost, homes, quantile=tenths / 10), "a", "clinic") == tenths


def test_homes_where_nobody_lives_and_homes_of_no_community():
    cost, homes = small([[1, 1], [2, 2], [3, 3]], [0, 1, 5], ["a", "a", ""])
    found = community_cost(cost, homes)
    assert list(found.origins) == ["a"]
    assert entry(found, "a", "clinic") == 2.0
    assert rules(found) == {"home_no_community": 1}
    with pytest.raises(InputError, match="no home has a community"):
        community_cost(*small([[1, 1]], [0], ["a"]))


def test_reach_refusals():
    cost, homes = small([[1, 5]], [1], ["a"])
    for share in (0, 1.1, np.nan):
        with pytest.raises(InputError, match="share of the people"):
            community_cost(cost, homes, quantile=share)
    with pytest.raises(InputError, match="wider limit"):
        reach_table(cost, homes, {"health": ("clinic",)}, 20)
    with pytest.raises(InputError, match=r"such as 'clinik', are no destinations .*did you mean 'clinic'"):
        reach_table(cost, homes, {"health": ("clinik",)}, 15)
    with pytest.raises(InputError, match="in metres"):
        reach_table(dataclasses.replace(cost, unit="metres"), homes, {"health": ("clinic",)}, 15)
    with pytest.raises(InputError, match="1 of 1 homes are not among the origins"):
        community_cost(dataclasses.replace(cost, origins=pd.Index(["x"])), homes)


def test_reach_table_by_hand():
    nan = np.nan
    costs = [[10.0, nan]] * 4 + [[10.2, 3.0]] * 2 + [[nan, nan]] * 4
    cost, homes = small(costs, [2] * 10, ["a"] * 10)
    table = reach_table(cost, homes, {"health": ("clinic", "club"), "support": ()}, 10)
    health, support = table.to_dict("records")
    assert (health["homes"], health["people"], health["within"], health["share"]) == (10, 20, 12, 0.6)  # <= 10
    assert (health["median"], health["median_reached"]) == (10, True)
    assert (health["p90"], health["p90_reached"]) == (15, False)  # beyond: a flag, and the limit
    assert (support["within"], support["median"], support["median_reached"]) == (0, 15, False)
    assert table["published"].all() and not table.isna().any().any()


def test_costs_are_whole_minutes_and_never_beyond_the_limit():
    cost, homes = small([[14.2, np.nan]] * 10, [1] * 10, ["a"] * 10, limit=14.5)
    (row,) = reach_table(cost, homes, {"health": ("clinic",)}, 14.2).to_dict("records")
    assert (row["within"], row["median"]) == (10, 14.5)


def test_few_homes_are_not_published():
    cost, homes = small([[1, 1]] * 12, [1] * 3 + [9] * 9, ["a"] * 3 + ["b"] * 9)
    table = reach_table(cost, homes, {"health": ("clinic",)}, 5)
    assert not table["published"].any()
    assert table[["homes", "people", "within", "share", "median", "p90"]].isna().all().all()
    assert not table[["median_reached", "p90_reached"]].any().any()
    assert reach_table(cost, homes, {"health": ("clinic",)}, 5, least=9)["published"].tolist() == [False, True]


def test_travel_from_homes_to_cells(homes):
    services = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy([WEST + 0.006], [SOUTH + 0.006]), index=pd.Index(["clinic"])
    )
    services.attrs["datum"] = "WGS84"
    cost = travel(homes.frame, services, limit=15)
    values = nearest_service(cost, homes)
    assert values["reached"].isin([0.0, 1.0]).all() and values["minutes"].max() <= 15
    found = cells(homes, communities(), values=values)
    assert found.table["reached"].between(0, 1).all()
    near = found.table.groupby("community")["minutes"].mean()
    assert near["heyan"] < near["xingzhan"]


def test_community_cost_of_many_homes_is_fast():
    draw = np.random.default_rng(0)
    home, service = draw.uniform(0, 30, (20_000, 2)), draw.uniform(0, 30, (500, 2))
    near = cKDTree(home).sparse_distance_matrix(cKDTree(service), 4.0, output_type="ndarray")
    matrix = sparse.csr_array((near["v"], (near["i"], near["j"])), shape=(20_000, 500))
    _, homes = small([[1.0]] * 20_000, draw.integers(0, 4, 20_000), draw.integers(0, 60, 20_000).astype(str), 4, ["s"])
    cost = Cost(matrix, homes.frame.index, pd.Index([f"s{at}" for at in range(500)]), "minutes", 4.0, BY_HAND)
    start = time.process_time()
    community_cost(cost, homes)
    assert time.process_time() - start < 2  # 0.1 s alone; wide because machines are shared


# cells


def test_cells_cover_their_communities_without_overlap(homes):
    found = cells(homes, communities())
    assert found.k >= LEAST
    assert repr(found) == f"<Cells: {len(found)} of at least 10 homes, 0 not published>"
    shapes = found.layout.shapes
    for name, area in found.layout.areas.items():
        own = shapes[found.layout.community == name]
        assert own.area.sum() == pytest.approx(area.area, rel=1e-9)
        assert own.union_all().symmetric_difference(area).area < 1e-3
    assert found.table["people"].sum() == homes.frame["people"].sum()
    assert 300 / 10 >= len(found) > 300 / 40


def test_cells_are_named_by_their_path(homes):
    found = cells(homes, communities())
    assert all(cell.split("/")[0] == name for cell, name in found.table["community"].items())
    assert set("".join(cell.partition("/")[2] for cell in found.table.index)) <= set("wesn")
    middle = found.layout.shapes.centroid
    south, north = (middle[[path for path in middle.index if path.startswith(f"heyan/{at}")]] for at in "sn")
    assert len(south) == 0 or south.y.max() < north.y.min()


def test_lines_are_on_the_grid_and_pass_homes_by(homes):
    found = cells(homes, communities())
    lines = [line for tree in found.layout.trees.values() for line in tree.values()]
    xy = shapely.get_coordinates(homes.frame.to_crs(found.layout.shapes.crs).geometry)
    assert lines
    assert all(line.at % 50 == 0 and line.at not in xy[:, line.axis] for line in lines)


def test_without_polygons_borders_are_whole_kilometres(homes):
    found = cells(homes)
    for name in ("heyan", "xingzhan"):
        bounds = np.array(found.layout.shapes[found.layout.community == name].total_bounds)
        assert (bounds % 1000 == 0).all()


def test_a_small_community_is_not_published_and_has_no_shape_of_its_own(tmp_path):
    table = invented()
    table["community"] = np.where(np.arange(len(table)) < 9, "heyan", "xingzhan")
    found = cells(read(written(tmp_path, table)))
    assert not found.table.loc["heyan", "published"]
    assert found.table.loc["heyan", ["homes", "people"]].isna().all()
    assert found.layout.shapes["heyan"] is None
    assert "heyan" not in found.layer.index
    assert found.table["published"].sum() == len(found) - 1


def test_people_count_as_homes_do(tmp_path):
    table = invented().assign(children=0.5)
    assert (cells(read(written(tmp_path, table)), communities()).table["people"] >= 10).all()
    few = read(written(tmp_path, invented(20).assign(children=[1] * 9 + [0] * 11, community="heyan")))
    assert not cells(few).table["published"].any()


def test_homes_outside_the_polygon_are_counted_but_protect_nobody(tmp_path):
    table = invented(12).assign(community="heyan", lon=WEST - 0.001, lat=SOUTH + 0.001, children=1)
    table.loc[:8, ["lon", "lat"]] = [WEST + 0.001, SOUTH + 0.001]
    homes = read(written(tmp_path, table), communities=communities())
    assert not cells(homes, communities()).table["published"].any()
    table.loc[9, ["lon", "lat"]] = [WEST + 0.002, SOUTH + 0.001]
    (row,) = cells(read(written(tmp_path, table)), communities()).table.to_dict("records")
    assert row["published"] and row["homes"] == 12


def test_homes_outside_the_polygon_do_not_part_a_community(tmp_path):
    lon = [WEST + 0.004] * 12 + [WEST + 0.016] * 5 + [WEST + SIDE + 0.002] * 8
    table = pd.DataFrame({"lon": lon, "lat": SOUTH + 0.007, "community": "heyan", "children": 1})
    (row,) = cells(read(written(tmp_path, table)), communities()).table.to_dict("records")
    assert row["published"] and row["homes"] == 25


def test_tenths_of_people_add_up(tmp_path):
    table = invented(200).assign(children=0.1, community="heyan", lon=WEST + 0.005)
    table["lat"] = np.where(np.arange(200) < 100, SOUTH + 0.003, SOUTH + 0.013)
    found = cells(read(written(tmp_path, table)), communities())
    assert found.table["people"].tolist() == [10.0, 10.0]


def test_an_apartment_house_is_not_parted(tmp_path):
    table = invented(40).assign(community="heyan", lon=WEST + 0.01234, lat=SOUTH + 0.00567)
    found = cells(read(written(tmp_path, table)), communities())
    assert list(found.table.index) == ["heyan"]
    assert found.k == 40


def test_values_are_means_over_people(homes):
    values = pd.DataFrame({"minutes": homes.frame.geometry.x * 100}, index=homes.frame.index)
    found = cells(homes, communities(), values=values).table
    total = (values["minutes"] * homes.frame["people"]).sum()
    assert (found["minutes"] * found["people"]).sum() == pytest.approx(total, rel=1e-12)
    with pytest.raises(InputError, match="1 of 300 homes have no finite 'minutes'"):
        cells(homes, communities(), values=values.assign(minutes=[np.nan, *[1.0] * 299]))
    with pytest.raises(InputError, match="not on the index"):
        cells(homes, communities(), values=values.head(5))
    with pytest.raises(InputError, match="cannot be called 'people'"):
        cells(homes, communities(), values=values.rename(columns={"minutes": "people"}))


def test_cells_refuse_what_they_cannot_use(homes, tmp_path):
    with pytest.raises(InputError, match="protect nobody"):
        cells(homes, communities(), least=1)
    with pytest.raises(InputError, match="no polygons"):
        cells(homes, communities().set_geometry(communities().geometry.centroid))
    with pytest.raises(InputError, match="1 communities that have no polygon"):
        cells(homes, communities(("heyan",)))
    with pytest.raises(InputError, match="no home has a community"):
        cells(read(written(tmp_path, invented()), community=""))


def test_a_cell_below_k_cannot_be_made(homes):
    found = cells(homes, communities())
    table = found.table.copy()
    table.iloc[0, table.columns.get_loc("homes")] = 9
    with pytest.raises(DisclosureError, match="1 published cells have fewer than 10"):
        dataclasses.replace(found, table=table)
    with pytest.raises(DisclosureError):
        dataclasses.replace(found, least=1_000)


def test_the_next_round_is_counted_in_the_same_cells(homes, tmp_path):
    first = cells(homes, communities())
    pd.testing.assert_frame_equal(first.fixed(homes).table, first.table)
    later = read(written(tmp_path, invented(280, seed=3), "later.csv"), communities=communities())
    second = first.fixed(later)
    assert list(second.table.index) == list(first.table.index)
    assert second.layout is first.layout
    assert (second.table.loc[second.table["published"], ["homes", "people"]] >= 10).all().all()


def test_withheld_cells_cannot_be_told_from_the_total(homes, tmp_path):
    first = cells(homes, communities())
    smallest = first.table["homes"].idxmin()
    metric = homes.frame.to_crs(first.layout.shapes.crs)
    gone = metric.geometry.within(first.layout.shapes[smallest]).to_numpy().nonzero()[0][:5]
    later = Homes(homes.frame.drop(homes.frame.index[gone]))
    table = first.fixed(later).table
    own = table[table["community"] == first.table.loc[smallest, "community"]]
    assert not own.loc[smallest, "published"]
    assert (~own["published"]).sum() == 2
    total = later.frame.groupby("community")["people"].sum()[own["community"].iloc[0]]
    assert total - own["people"].sum() >= 10
    assert table[table["community"] != own["community"].iloc[0]]["published"].all()


def test_homes_of_new_communities_are_left_out_and_counted(homes):
    found = cells(Homes(homes.frame[homes.frame["community"] == "heyan"]), communities()).fixed(homes)
    assert rules(found) == {"home_without_cell": int((homes.frame["community"] != "heyan").sum())}


def test_the_layer_holds_published_cells_in_degrees(homes):
    layer = cells(homes, communities()).layer
    assert layer.attrs["datum"] == "CGCS2000"
    assert layer.total_bounds == pytest.approx([WEST, SOUTH, WEST + 2 * SIDE, SOUTH + SIDE], abs=1e-6)


# masks


def test_masks_are_internal_and_hide_every_home(homes):
    masked = mask(homes, secret=SECRET)
    assert masked.attrs == {"internal": True}
    assert masked["homes"].sum() == len(homes)
    found = mask_metrics(homes, masked, secret=SECRET)
    assert list(found.index) == list(METRICS)
    assert found["k_min"] >= LEAST and found["below"] == 0
    assert found["moved_p05"] >= 50
    assert found["relinked"] < 0.05
    assert found["drift"] < found["moved_median"]
    assert found.notna().all()


def test_a_masked_point_is_the_same_for_ever(homes):
    masked = mask(homes, secret=SECRET)
    pd.testing.assert_frame_equal(pd.DataFrame(masked), pd.DataFrame(mask(homes, secret=SECRET)))
    some = Homes(homes.frame.sample(40, random_state=1))
    again = mask(some, secret=SECRET, register=homes)
    assert (again.geometry == masked.geometry[again.index]).all()
    other = mask(homes, secret=b"another secret of some length")
    assert not set(other.index) & set(masked.index)
    assert shapely.distance(other.geometry.sort_values().array, masked.geometry.sort_values().array).max() > 0


def test_masked_points_stay_though_the_register_changes(homes, tmp_path):
    first = mask(homes, secret=SECRET)
    grown = read(written(tmp_path, pd.concat([invented(), invented(500, seed=9)])), communities=communities())
    second = mask(grown, secret=SECRET, earlier=first)
    assert (second.geometry[first.index] == first.geometry).all()
    assert len(second) > len(first) and second.attrs == {"internal": True}
    assert not (mask(grown, secret=SECRET).geometry[first.index] == first.geometry).all()
    with pytest.raises(InputError, match="no layer of masked points"):
        mask(grown, secret=SECRET, earlier=homes.frame)


def test_masked_points_of_a_known_key_do_not_change_with_the_library():
    shift = displacements([b"113.60000,32.85000"], np.array([100.0]), SECRET)
    expected = shift.round(6).tolist()
    assert expected == [[14.269671, -237.695875]]


def test_homes_in_one_building_share_a_point(homes):
    doubled = Homes(pd.concat([homes.frame, homes.frame.set_axis("x" + homes.frame.index, axis=0)]).set_crs(4326))
    assert len(mask(doubled, secret=SECRET)) == len(places(homes, SECRET, mask(homes, secret=SECRET)).keys)


def test_a_building_of_many_households_is_moved_all_the_same(tmp_path):
    table = pd.DataFrame({"lon": [WEST + 0.01] * 30, "lat": [SOUTH + 0.01] * 30})
    block = read(written(tmp_path, table), community="", people="")
    assert mask_metrics(block, mask(block, secret=SECRET), secret=SECRET)["moved_p05"] >= 50


def test_displacements_are_uniform_in_area_and_direction():
    keys = [b"%d" % number for number in range(20_000)]
    shift = displacements(keys, np.full(20_000, 100.0), SECRET)
    radius, turn = np.hypot(*shift.T), np.arctan2(shift[:, 1], shift[:, 0])
    assert radius.min() >= 100 and radius.max() <= 300
    for uniform in ((radius**2 - 100**2) / (300**2 - 100**2), (turn + np.pi) / (2 * np.pi)):
        seen = np.bincount((uniform * 20).astype(int).clip(0, 19), minlength=20)
        assert ((seen - 1000) ** 2 / 1000).sum() < 43.8  # chi-square, 19 degrees of freedom, p = 0.001
    assert np.abs(shift.mean(axis=0)).max() < 5  # five standard errors


def test_mask_refusals(homes):
    with pytest.raises(InputError, match="the secret of masks has 5 bytes"):
        mask(homes, secret=b"short")
    with pytest.raises(InputError, match="the register has 10 households"):
        mask(homes, secret=SECRET, register=Homes(homes.frame.head(10)))
    with pytest.raises(InputError, match="not those of these"):
        mask_metrics(homes, mask(homes, secret=SECRET).head(5), secret=SECRET)


def test_places_print_a_count(homes):
    found = places(homes, SECRET, mask(homes, secret=SECRET))
    assert repr(found) == "<Places: 300>"
    assert found.frame.index.is_monotonic_increasing
