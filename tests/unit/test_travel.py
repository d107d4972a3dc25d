"""Travel: what counts as near, what is refused, and that no place is ever shown."""

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from shapely.geometry import LineString, Point, box

from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.places.travel import PROFILES, Cost, Profile, read_profiles, read_streets, straight, travel
from xzz_analysis.places.travel.streets import snapping, walking

METRIC = "EPSG:4547"
X, Y = 440_000.0, 2_460_000.0
"""A place in Zhuhai, in metres."""


def places(*xy, ids="abcdefghij", crs=METRIC) -> gpd.GeoDataFrame:
    shapes = [None if pair is None else Point(X + pair[0], Y + pair[1]) for pair in xy]
    return gpd.GeoDataFrame(index=pd.Index(list(ids[: len(xy)]), dtype=str), geometry=shapes, crs=crs)


def lines(*paths, **columns) -> gpd.GeoDataFrame:
    shapes = [LineString([(X + x, Y + y) for x, y in path]) for path in paths]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=METRIC)


def table(rows, columns=("origin", "destination", "minutes")) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))


def cost(dense, limit=60.0) -> Cost:
    matrix = sparse.coo_array(np.array(dense, dtype=float))
    rows, columns = list("abcdefghij"[: matrix.shape[0]]), list("stuvwxyz"[: matrix.shape[1]])
    return Cost(matrix, rows, columns, "minutes", limit, {"zh": "表", "en": "table"})


def no_place(text) -> bool:
    """No run of five digits before the point: every coordinate here has six."""
    return not re.search(r"\d{5}", re.sub(r"\.\d+", "", str(text)))


# The cost itself


def test_a_stored_zero_is_a_real_zero():
    made = Cost.from_table(table([["a", "s", 0.0], ["a", "t", 3.0], ["b", "t", 1.0]]))
    assert made.matrix.nnz == 3
    assert made.nearest.to_dict() == {"a": 0.0, "b": 1.0}


def test_absent_pairs_are_not_reached():
    made = Cost.from_table(table([["a", "s", 5.0]]), origins=pd.Index(["b", "a"]), destinations=pd.Index(["s", "t"]))
    assert made.reached.to_dict() == {"b": False, "a": True}
    assert np.isnan(made.nearest["b"])


def test_the_limit_itself_is_within():
    rows = table([["a", "s", 14.9], ["a", "t", 15.0], ["a", "u", 15.1]])
    assert Cost.from_table(rows, limit=15).pairs()["destination"].tolist() == ["s", "t"]
    assert Cost.from_table(rows).within(15).pairs()["minutes"].tolist() == [14.9, 15.0]


def test_farther_pairs_than_measured_are_not_known():
    with pytest.raises(InputError, match="up to 15 minutes, so those within 30 are not all known"):
        Cost.from_table(table([["a", "s", 1.0]]), limit=15).within(30)


def test_there_and_back_may_differ():
    made = Cost.from_table(table([["a", "b", 5.0], ["b", "a", 9.0]]))
    assert made.matrix.toarray().tolist() == [[0, 5], [9, 0]]
    assert made.reversed().matrix.toarray().tolist() == [[0, 9], [5, 0]]


def test_the_order_of_rows_does_not_matter():
    rows = table([["a", "t", 5.0], ["b", "s", 9.0], ["a", "s", 0.0], ["c", "s", 2.0]])
    first, second = Cost.from_table(rows), Cost.from_table(rows.iloc[::-1])
    pd.testing.assert_frame_equal(first.pairs(), second.pairs())


def test_whole_numbers_are_ids_too():
    made = Cost.from_table(table([[440402001, 7, 5.0]]))
    assert (made.origins.tolist(), made.destinations.tolist()) == (["440402001"], ["7"])


def test_repr_says_sizes_only():
    assert repr(cost([[1, 0, 2]])) == "Cost(1 × 3, 2 pairs within 60 minutes)"


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf, 61.0])
def test_costs_that_mean_nothing(wrong):
    with pytest.raises(InputError, match="1 stored costs are negative, not a number or beyond the limit of 60"):
        cost([[1, wrong]])


def test_shape_ids_unit_and_limit_are_checked():
    matrix = sparse.csr_array((1, 1))
    with pytest.raises(InputError, match="1 × 1, but there are 2 origins and 1 destinations"):
        Cost(matrix, ["a", "b"], ["s"], "minutes", 1.0, {})
    with pytest.raises(InputError, match="1 of the 2 ids of origins are there twice"):
        Cost(sparse.csr_array((2, 1)), ["a", "a"], ["s"], "minutes", 1.0, {})
    with pytest.raises(InputError, match="minutes or metres, not 'hours'"):
        Cost(matrix, ["a"], ["s"], "hours", 1.0, {})
    with pytest.raises(InputError, match="the limit is inf minutes"):
        Cost(matrix, ["a"], ["s"], "minutes", np.inf, {})


# A table of pairs


@pytest.mark.parametrize(
    ("rows", "rule", "count"),
    [
        ([["a", "s", 1.0], ["a", "s", 1.0], ["a", "t", 1.0]], "travel_pair_twice", 1),
        ([["a", "s", -1.0], ["a", "t", -0.1]], "travel_cost_negative", 2),
        ([["a", "s", np.nan], ["a", "t", 1.0]], "travel_cost_missing", 1),
        ([["a", "s", np.inf]], "travel_cost_infinite", 1),
        ([["a", "s", "5"], ["a", "t", "6 min"]], "travel_cost_text", 2),
        ([["a", "s", True]], "travel_cost_text", 1),
        ([[None, "s", 1.0], [" ", "t", 1.0]], "travel_id_blank", 2),
        ([[1.0, "s", 1.0], [2.0, "s", 1.0]], "travel_id_decimal", 2),
        ([["q", "s", 1.0], ["a", "s", 1.0]], "travel_id_unknown", 1),
    ],
)
def test_bad_tables(rows, rule, count):
    with pytest.raises(InputError) as caught:
        Cost.from_table(table(rows), origins=pd.Index(["a", "b"]))
    assert {finding.rule: finding.count for finding in caught.value.findings}[rule] == count


def test_all_problems_are_shown_together_and_no_id():
    rows = [["home-771", "s", -1.0], ["home-771", "s", np.nan], ["home-772", "", 1.0]]
    with pytest.raises(InputError) as caught:
        Cost.from_table(table(rows))
    assert [finding.rule for finding in caught.value.findings] == [
        "travel_cost_missing",
        "travel_cost_negative",
        "travel_id_blank",
        "travel_pair_twice",
    ]
    assert "home" not in str(caught.value)
    assert "data rows 2: missing costs: 1; leave out the rows" in str(caught.value)


def test_leading_zeros_that_a_spreadsheet_took():
    with pytest.raises(InputError, match="leading zeros are gone: read the column as text"):
        Cost.from_table(table([[101, "s", 1.0]]), origins=pd.Index(["000101", "000102"]))


def test_a_column_by_another_name():
    with pytest.raises(InputError, match="no column 'minutes'; did you mean 'minute'"):
        Cost.from_table(table([["a", "s", 1.0]], ["origin", "destination", "minute"]))


# Straight lines


def test_exactly_at_the_limit_is_within():
    metres = 15 * 60 * 0.9 / 1.3
    made = travel(places((0, 0)), places((metres, 0), (0, metres), (metres + 0.01, 0)), limit=15)
    assert made.pairs()["destination"].tolist() == ["a", "b"]
    assert made.matrix.data.max() <= 15


def test_minutes_of_a_child_and_of_an_adult():
    made = [travel(places((0, 0)), places((300, 400)), limit=60, profile=profile) for profile in ("child", "adult")]
    assert [one.matrix.data[0] for one in made] == pytest.approx([650 / 54, 650 / 78], rel=1e-9)
    assert made[0].method == {
        "zh": "直线距离×1.3，步速0.9米/秒（儿童步行）",
        "en": "straight line × 1.3, at 0.9 m/s (child walking)",
    }


def test_metres_without_a_profile():
    made = travel(places((0, 0)), places((300, 400)), limit=500, profile=None, detour=1)
    assert (made.unit, made.matrix.data.tolist()) == ("metres", [500.0])
    assert made.method["en"] == "straight line × 1"


def test_the_same_place_costs_nothing_and_is_stored():
    made = travel(places((5, 5)), places((5, 5), (9e5, 0)), limit=10)
    assert (made.matrix.nnz, made.matrix.data[0]) == (1, 0.0)


def test_a_resource_without_a_place_is_counted():
    made = travel(places((0, 0)), places((1, 0), None), limit=10)
    assert made.pairs()["destination"].tolist() == ["a"]
    assert [(finding.rule, finding.count) for finding in made.findings] == [("travel_no_place", 1)]
    assert made.facts["destinations_placed"] == 1


def test_nobody_has_a_place():
    made = travel(places(None, None), places((1, 0)), limit=10)
    assert not made.reached.any()


def test_a_point_inside_stands_for_an_area():
    ring = box(X, Y, X + 300, Y + 300).difference(box(X + 50, Y + 50, X + 250, Y + 250))
    area = gpd.GeoDataFrame(index=["a"], geometry=[ring], crs=METRIC)
    made = travel(area, places((150, 150)), limit=1000, profile=None, detour=1)
    assert made.matrix.data[0] > 100
    assert made.findings[0].rule == "travel_inner_point"


def test_blocks_change_nothing(monkeypatch):
    rng = np.random.default_rng(5)
    xy, sites = rng.uniform(0, 2000, (60, 2)), rng.uniform(0, 2000, (9, 2))
    ids = [f"p{number:02}" for number in range(60)]
    layers = places(*xy, ids=ids), places(*sites)
    whole = travel(*layers, limit=20)
    monkeypatch.setattr(straight, "CELLS_AT_ONCE", 40)
    pd.testing.assert_frame_equal(travel(*layers, limit=20).pairs(), whole.pairs(), check_exact=True)


def test_more_pairs_than_memory_holds(monkeypatch):
    monkeypatch.setattr(straight, "MOST_PAIRS", 3)
    with pytest.raises(InputError, match="more than 3 pairs are within"):
        travel(places((0, 0), (1, 0)), places((0, 1), (1, 1)), limit=10)


def test_degrees_of_a_declared_datum_are_brought_into_one_zone():
    first, second = places((0, 0)).to_crs("EPSG:4490"), places((300, 400)).to_crs("EPSG:4326")
    second.attrs["datum"] = "WGS84"
    made = travel(first, second, limit=500.1, profile=None, detour=1)
    assert made.matrix.data[0] == pytest.approx(500, abs=0.05)
    mixed = travel(places((0, 0)), second, limit=500.1, profile=None, detour=1)
    assert mixed.matrix.data[0] == pytest.approx(500, abs=0.05)


def test_web_mercator_metres_are_not_metres():
    stretched = [places((0, 0)).to_crs(3857), places((300, 400)).to_crs(3857)]
    assert travel(*stretched, limit=600, profile=None, detour=1).matrix.data[0] == pytest.approx(500, abs=0.1)


# Layers that cannot be used


def test_a_shifted_datum_is_refused():
    shifted = places((0, 0)).to_crs("EPSG:4326")
    shifted.attrs["datum"] = "GCJ02"
    with pytest.raises(InputError, match="distances cannot be computed in GCJ02"):
        travel(places((0, 0)), shifted, limit=10)


def test_two_coordinate_systems_are_refused():
    with pytest.raises(InputError, match=r"EPSG:4547 and destinations in EPSG:32649; .*to_crs\(origins.crs\)"):
        travel(places((0, 0)), places((0, 0), crs="EPSG:32649"), limit=10)


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        (None, "datum of a layer of 1 places is not declared"),
        ("EPSG:4326", "not declared"),
        ("EPSG:2263", "US survey foot"),
    ],
)
def test_only_metres(crs, words):
    with pytest.raises(InputError, match=words):
        travel(places((0, 0), crs=crs), places((0, 0), crs=crs), limit=10)


def test_empty_layers_and_other_tables_are_refused():
    with pytest.raises(InputError, match="the layer of destinations is empty"):
        travel(places((0, 0)), places(), limit=10)
    with pytest.raises(InputError, match="origins are a DataFrame; give a GeoDataFrame"):
        travel(pd.DataFrame({"x": [1]}), places((0, 0)), limit=10)


@pytest.mark.parametrize("wrong", [{"limit": -1}, {"limit": np.nan}, {"limit": 5, "detour": 0.9}, {"limit": np.inf}])
def test_numbers_that_mean_nothing(wrong):
    with pytest.raises(InputError, match="give a finite number of at least"):
        travel(places((0, 0)), places((0, 0)), **wrong)


def test_a_word_that_is_no_way():
    with pytest.raises(InputError, match="how is 'strait'; did you mean 'straight'"):
        travel(places((0, 0)), places((0, 0)), "strait", limit=5)


# Speed profiles


def test_profiles_name_their_source():
    assert {name: profile.metres_per_second for name, profile in PROFILES.items()} == {"child": 0.9, "adult": 1.3}
    assert all(
        re.search(r"\d{4}", profile.source) and profile.label.keys() == {"zh", "en"} for profile in PROFILES.values()
    )


def test_an_unknown_profile():
    with pytest.raises(InputError, match="no speed profile 'chld'; did you mean 'child'"):
        travel(places((0, 0)), places((0, 0)), limit=5, profile="chld")


def test_a_profile_of_ones_own(tmp_path):
    file = tmp_path / "speeds.yml"
    file.write_text(
        "- {id: pram, label: {zh: 推婴儿车, en: with a pram}, metres_per_second: 0.5, source: 社区走访 2025}\n", "utf-8"
    )
    made = travel(places((0, 0)), places((30, 0)), limit=5, detour=1, profile=read_profiles(file)["pram"])
    assert made.matrix.data[0] == pytest.approx(1.0)
    file.write_text("- {id: pram, label: {zh: 推婴儿车}, metres_per_second: 0.5}\n", "utf-8")
    with pytest.raises(StudyError, match="source"):
        read_profiles(file)


def test_a_profile_too_fast_to_walk():
    with pytest.raises(ValueError, match="less than or equal to 5"):
        Profile(id="car", label={}, metres_per_second=14, source="")


# Streets

TEE = ([(0, 0), (100, 0), (200, 0)], [(100, 0), (100, 100)])


def test_along_streets_with_legs():
    made = travel(places((10, 5)), places((95, 60)), lines(*TEE), limit=500, profile=None)
    assert made.matrix.data[0] == pytest.approx(5 + 90 + 60 + 5)
    assert made.method["en"] == "walking along streets (streets), legs to the street included (up to 250 m)"
    assert made.facts["origins_leg_most_m"] == pytest.approx(5)


def test_on_the_same_piece_of_street():
    made = travel(places((10, 5)), places((70, -5)), lines([(0, 0), (100, 0)]), limit=500, profile=None)
    assert made.matrix.data[0] == pytest.approx(5 + 60 + 5)


def test_two_places_that_meet_off_the_street():
    away = places((50, 100))
    made = travel(away, places((50, 100), (80, 140)), lines([(0, 0), (100, 0)]), limit=500, profile=None)
    assert made.matrix.toarray().tolist() == [[0.0, 50.0]]
    assert made.matrix.nnz == 2


def test_streets_at_the_limit():
    ends = places((1500, 0), (1500.01, 0))
    step = np.linspace(0, 1600, 37)
    street = lines([*((x, 0) for x in step)])
    assert travel(places((0, 0)), ends, street, limit=1500, profile=None).reversed().reached.tolist() == [True, False]


def test_parallel_lines_are_not_added_up():
    twice = lines([(0, 0), (100, 0)], [(100, 0), (0, 0)], [(0, 0), (50, 80), (100, 0)])
    assert travel(places((0, 0)), places((100, 0)), twice, limit=500, profile=None).matrix.data[0] == 100


def test_lines_join_only_where_they_share_a_vertex():
    bridge = lines([(0, 0), (100, 0)], [(50, -50), (50, 50)])
    made = travel(places((0, 0)), places((50, 50)), bridge, limit=5000, profile=None)
    assert made.matrix.nnz == 0
    assert {finding.rule: finding.count for finding in made.findings} == {"travel_parts": 2, "travel_apart": 1}


def test_the_order_and_direction_of_lines_do_not_matter():
    rng = np.random.default_rng(3)
    start, end = places(*rng.uniform(0, 200, (9, 2))), places(*rng.uniform(0, 200, (5, 2)))
    first = travel(start, end, lines(*TEE), limit=500, profile=None)
    second = travel(start, end, lines(*(path[::-1] for path in TEE[::-1])), limit=500, profile=None)
    pd.testing.assert_frame_equal(first.pairs(), second.pairs(), check_exact=True)


def test_places_far_from_any_street_are_counted_and_not_shown():
    made = travel(places((0, 10), (0, 251), (0, 250)), places((100, 0)), lines([(0, 0), (100, 0)]), limit=60)
    far = next(finding for finding in made.findings if finding.rule == "travel_far_from_streets")
    assert (far.count, made.reached.tolist()) == (1, [True, False, True])
    assert "farther than 250 m" in str(far)
    assert no_place(far) and no_place(repr(made)) and no_place(made.facts)


def test_places_far_from_any_street_do_not_meet_either():
    away = places((0, 500), (0, 500), (0, 300))
    assert travel(away, away, lines([(0, 0), (100, 0)]), limit=60).matrix.nnz == 0


def test_only_the_longest_part():
    streets = read_streets(lines([(0, 0), (100, 0)], [(0, 50), (20, 50)]))
    assert repr(streets) == "Streets(streets: 0.1 km, 4 nodes, 2 parts)"
    made = travel(places((0, 50)), places((100, 0)), streets.main(), limit=500, profile=None)
    assert made.matrix.data[0] == pytest.approx(150)
    assert (streets.findings[0].severity, streets.main().findings) == ("warning", ())


def test_more_origins_than_destinations_is_the_same_way_back():
    many, few = places((0, 5), (30, 9), (60, -7)), places((95, 90))
    there, back = (travel(*pair, lines(*TEE), limit=500, profile=None) for pair in ((many, few), (few, many)))
    assert there.matrix.toarray().tolist() == back.matrix.T.toarray().tolist()


def test_batches_change_nothing(monkeypatch):
    rng = np.random.default_rng(8)
    grid = [[(x, 0), *((x, y) for y in range(100, 1000, 100))] for x in range(0, 1000, 100)]
    across = [[(x, y) for x in range(0, 1000, 100)] for y in range(0, 1000, 300)]
    ids = [f"p{number:02}" for number in range(40)]
    layers = places(*rng.uniform(0, 900, (40, 2)), ids=ids), places(*rng.uniform(0, 900, (10, 2)))
    whole = travel(*layers, lines(*grid, *across), limit=400, profile=None)
    monkeypatch.setattr(walking, "CELLS_AT_ONCE", 300)
    assert whole.matrix.nnz > 50
    pd.testing.assert_frame_equal(
        travel(*layers, lines(*grid, *across), limit=400, profile=None).pairs(), whole.pairs(), check_exact=True
    )


def test_the_nearest_street_is_found_however_few_samples_are_asked(monkeypatch):
    rng = np.random.default_rng(11)
    paths = [[tuple(rng.uniform(0, 900, 2)), tuple(rng.uniform(0, 900, 2))] for _ in range(30)]
    streets, xy = read_streets(lines(*paths)), np.array([X, Y]) + rng.uniform(-300, 1200, (200, 2))
    found = snapping.snap(streets, xy, 150.0)
    monkeypatch.setattr(snapping, "FIRST_ASKED", 1)
    again = snapping.snap(streets, xy, 150.0)
    assert all(
        np.array_equal(*pair, equal_nan=True) for pair in zip(vars(found).values(), vars(again).values(), strict=True)
    )
    start, way = streets.xy[streets.ends[:, 0]], streets.xy[streets.ends[:, 1]] - streets.xy[streets.ends[:, 0]]
    share = np.clip(((xy[:, None] - start) * way).sum(axis=2) / (way**2).sum(axis=1), 0, 1)
    away = np.linalg.norm(xy[:, None] - (start + share[..., None] * way), axis=2).min(axis=1)
    np.testing.assert_allclose(found.leg, np.where(away <= 150, away, np.nan), rtol=1e-12)


def test_streets_in_another_coordinate_system_are_refused():
    streets = read_streets(lines(*TEE), crs="EPSG:32649")
    with pytest.raises(InputError, match=r"streets in EPSG:32649; .*read_streets\(path, crs='EPSG:4547'\)"):
        travel(places((0, 0)), places((1, 0)), streets, limit=5)


def test_places_in_degrees_follow_the_streets():
    streets = read_streets(lines(*TEE), crs="EPSG:32649")
    degrees = places((0, 0), (200, 0)).to_crs("EPSG:4490")
    made = travel(degrees, degrees, streets, limit=500, profile=None)
    assert made.matrix.toarray() == pytest.approx(np.array([[0, 1], [1, 0]]) * 200, rel=1e-3)


def test_streets_in_degrees_are_worked_in_metres():
    degrees = lines(*TEE).to_crs("EPSG:4490")
    made = travel(places((0, 0)), places((200, 0)), degrees, limit=500, profile=None)
    assert made.matrix.data[0] == pytest.approx(200, abs=0.05)
    assert read_streets(degrees).crs == METRIC


# OpenStreetMap

NODES = {1: (114, 0.5), 2: (114.001, 0.5), 3: (114.002, 0.5)}


def open_street_map(path, *ways):
    """A file of ways: each the numbers of its nodes and its tags. 0.001 degree is about 111 m near the equator."""
    nodes = [f'<node id="{name}" version="1" lon="{x}" lat="{y}"/>' for name, (x, y) in NODES.items()]
    made = []
    for number, (refs, tags) in enumerate(ways, 1):
        inner = [*(f'<nd ref="{ref}"/>' for ref in refs), *(f'<tag k="{key}" v="{tags[key]}"/>' for key in tags)]
        made.append(f'<way id="{number}" version="1">{"".join(inner)}</way>')
    path.write_text(f'<?xml version="1.0"?><osm version="0.6">{"".join(nodes + made)}</osm>', "utf-8")
    return path


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "residential", "oneway": "yes"}, True),
        ({"highway": "steps"}, True),
        ({"highway": "motorway"}, False),
        ({"highway": "construction"}, False),
        ({"highway": "trunk"}, False),
        ({"highway": "trunk", "sidewalk": "both"}, True),
        ({"highway": "cycleway", "foot": "yes"}, True),
        ({"highway": "service", "access": "private"}, False),
        ({"highway": "service", "access": "no"}, False),
        ({"highway": "service", "access": "private", "foot": "designated"}, True),
        ({"highway": "footway", "foot": "no"}, False),
        ({"railway": "rail"}, False),
    ],
)
def test_ways_to_walk_on(tmp_path, tags, kept):
    file = open_street_map(tmp_path / "city.osm", ([1, 2], {"highway": "residential"}), ([2, 3], tags))
    assert len(read_streets(file).ends) == 1 + kept


def test_one_way_streets_are_walked_both_ways(tmp_path):
    file = open_street_map(tmp_path / "city.osm", ([1, 2, 3], {"highway": "residential", "oneway": "yes"}))
    ends = gpd.GeoDataFrame(index=["a", "b"], geometry=gpd.points_from_xy([114, 114.002], [0.5, 0.5], crs=4326))
    ends.attrs["datum"] = "WGS84"
    made = travel(ends, ends, file, limit=10)
    assert made.matrix.toarray() == pytest.approx(np.array([[0, 1], [1, 0]]) * 222.6 / 54, rel=2e-3)
    assert made.method["zh"] == "沿街道步行（city.osm），含地点到街道的一段（不超过250米），步速0.9米/秒（儿童步行）"


def test_files_that_are_no_streets(tmp_path):
    with pytest.raises(InputError, match="there is no file of streets"):
        read_streets(tmp_path / "nothing.osm.pbf")
    (tmp_path / "bad.osm.pbf").write_bytes(b"no map at all" * 9)
    with pytest.raises(InputError, match=r"bad.osm.pbf cannot be read as streets"):
        read_streets(tmp_path / "bad.osm.pbf")
    with pytest.raises(InputError, match="holds 1 lines and none is a street to walk on"):
        read_streets(open_street_map(tmp_path / "city.osm", ([1, 2], {"highway": "motorway"})))
    with pytest.raises(InputError, match="holds 2 shapes that are not lines of 2"):
        read_streets(places((0, 0), (1, 1)))
    with pytest.raises(InputError, match="has no coordinate system"):
        read_streets(lines(*TEE).set_crs(None, allow_override=True))
    with pytest.raises(InputError, match="have no length"):
        read_streets(lines([(0, 0), (0, 0.001)]))


def test_shifted_streets_are_refused():
    shifted = lines(*TEE).to_crs("EPSG:4326")
    shifted.attrs["datum"] = "GCJ02"
    with pytest.raises(InputError, match="streets is in GCJ02, which moves streets"):
        read_streets(shifted)


# Real places


@pytest.mark.real
def test_belo_horizonte(real_data):
    rows = pd.read_csv(real_data / "accessibility_reference" / "bho_travel_matrix.csv.gz")
    made = Cost.from_table(rows, "from_id", "to_id", "travel_time")
    assert repr(made) == "Cost(898 × 898, 748,437 pairs within 120 minutes)"
    assert made.matrix.sum() == pytest.approx(rows["travel_time"].sum(), rel=1e-12)
    shuffled = Cost.from_table(rows.sample(frac=1, random_state=1), "from_id", "to_id", "travel_time", limit=30)
    assert shuffled.matrix.nnz == int((rows["travel_time"] <= 30).sum())
    pd.testing.assert_frame_equal(shuffled.pairs(), made.within(30).pairs(), check_exact=True)


@pytest.mark.real
def test_porto_alegre(real_data):
    folder = real_data / "accessibility_reference"
    layers = []
    for name in ("poa_hexgrid", "poa_points_of_interest"):
        frame = pd.read_csv(folder / f"{name}.csv", index_col="id")
        layers.append(gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["lon"], frame["lat"], crs="EPSG:4326")))
        layers[-1].attrs["datum"] = "WGS84"
    streets = read_streets(folder / "poa_osm.pbf")
    made = travel(*layers, streets, limit=30)
    assert repr(made) == "Cost(1,227 × 15, 640 pairs within 30 minutes)"
    assert streets.crs == "EPSG:32722"
    assert made.facts["streets_main_share"] > 0.98
    ways, crow = (
        travel(*layers, how, limit=3000, profile=None, detour=1).matrix.tocoo() for how in (streets, "straight")
    )
    direct = dict(zip(zip(*crow.coords, strict=True), crow.data, strict=True))
    longer = [
        way / direct[pair]
        for pair, way in zip(zip(*ways.coords, strict=True), ways.data, strict=True)
        if direct[pair] > 200
    ]
    assert min(longer) >= 1 - 1e-9
    assert 1.2 < np.median(longer) < 1.3
