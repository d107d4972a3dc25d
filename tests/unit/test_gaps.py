"""Gaps by cause, shrunken rates, hot spots and classes, by hand or by brute force."""

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from shapely.geometry import Point, box

from xzz_analysis.errors import InputError
from xzz_analysis.places.gaps import (
    CAUSES,
    Neighbours,
    bivariate,
    contiguous,
    find_gaps,
    hot_spots,
    nearest,
    shrunken_rates,
    within,
)
from xzz_analysis.places.gaps.moran import draw_distinct, local_moran
from xzz_analysis.places.gaps.neighbours import from_pairs
from xzz_analysis.places.travel import Cost

NEEDS = pd.DataFrame(
    {
        "community": ["alone", "others", "full", "unsaid", "unaware"],
        "domain": "health",
        "need": [10.0, 20, 30, 40, 50],
        "low": [8.0, 15, 20, 30, 45],
        "high": [12.0, 25, 45, 50, 60],
    }
)
SERVICES = pd.DataFrame(
    {
        "domains": "health",
        "capacity": [100, 12, np.nan, 80, 500],
        "eligibility": ["local", "", "", "", ""],
        "status": ["active", "active", "active", "active", "closed"],
    },
    index=pd.Index(["for_others", "small", "silent", "large", "gone"], name="organisation"),
)
KNOWN = pd.DataFrame({"community": ["unaware", "full"], "domain": "health", "known": [0.4, 1.0]})


def travel(pairs, communities, others, limit=30):
    table = pd.DataFrame(pairs, columns=["origin", "destination", "minutes"])
    return Cost.from_table(table, limit=limit, origins=pd.Index(communities), destinations=pd.Index(others))


@pytest.fixture
def cost():
    pairs = [("others", "for_others", 5), ("full", "small", 6), ("unsaid", "silent", 7), ("unaware", "large", 30)]
    return travel([*pairs, ("alone", "gone", 1)], NEEDS["community"], SERVICES.index)


def test_each_planted_gap_is_found_by_its_cause(cost):
    table = find_gaps(NEEDS, SERVICES, cost, KNOWN).table.set_index("community")
    assert table["main_cause"].to_dict() == {
        "alone": "none_in_reach",
        "others": "wrong_group",
        "full": "full",
        "unsaid": "capacity_not_stated",
        "unaware": "not_known",
    }
    assert table["gap"].to_dict() == {"alone": 10, "others": 20, "full": 18, "unsaid": 40, "unaware": 30}
    assert table.loc["full", ["places", "served", "nearest"]].tolist() == [12, 12, 6]
    assert table.loc["alone", ["reached", "nearest"]].tolist() == [False, 0]


def test_causes_add_up_and_the_interval_holds_the_gap(cost):
    table = find_gaps(NEEDS, SERVICES, cost, KNOWN).table
    assert (table[list(CAUSES)].sum(axis=1) == table["gap"]).all()
    np.testing.assert_allclose(table["gap"] + table["served"], table["need"], rtol=1e-12)
    assert (table["gap_low"] <= table["gap"]).all()
    assert (table["gap"] <= table["gap_high"]).all()
    assert not table.isna().any().any()


def test_awareness_that_was_not_asked_is_no_cause_and_is_told(cost):
    table = find_gaps(NEEDS, SERVICES, cost).table.set_index("community")
    assert table.loc["unaware", ["gap", "known_measured"]].tolist() == [0, False]
    assert "是否知道服务未调查" in table.loc["unaware", "zh"]
    assert "not asked" not in table.loc["alone", "en"]


def test_sentences(cost):
    names = {"full": {"zh": "苇渡社区", "en": "Weidu"}}
    table = find_gaps(NEEDS, SERVICES, cost, KNOWN).sentences(names).set_index("community")
    assert table.loc["full", "zh"] == "苇渡社区的健康：有需要的30人，缺口18人（8～33）：名额已满（18人）。"
    assert table.loc["full", "en"] == (
        "Weidu, health: 30 people in need, a gap of 18 people (8 to 33): services are full (18 people)."
    )


def test_groups_are_judged_on_their_own():
    needs = pd.DataFrame({"community": "x", "domain": "health", "group": ["migrant", "local"], "need": [7.5, 4]})
    services = SERVICES.loc[["for_others"]]
    (row,) = find_gaps(needs, services, travel([("x", "for_others", 2)], ["x"], services.index)).table.to_dict(
        "records"
    )
    assert (row["need"], row["wrong_group"], row["places"], row["gap"]) == (11.5, 7.5, 4, 7.5)


def test_scarce_places_are_shared_fairly():
    needs = pd.DataFrame({"community": ["x", "y"], "domain": "health", "need": [10.0, 30]})
    services = SERVICES.loc[["small"]]
    cost = travel([("x", "small", 1), ("y", "small", 9)], ["x", "y"], services.index)
    table = find_gaps(needs, services, cost).table
    assert table["places"].tolist() == [3, 9]


def test_shares_that_are_no_shares_are_refused(cost):
    with pytest.raises(InputError, match=r"write 60 % as 0.6"):
        find_gaps(NEEDS, SERVICES, cost, KNOWN.assign(known=60))
    with pytest.raises(InputError, match="1 rows of known repeat"):
        find_gaps(NEEDS, SERVICES, cost, KNOWN.assign(community="full"))


# ---- rates


def test_shrunken_rates_by_hand():
    count, base = pd.Series([1.0, 5, 0, 2]), pd.Series([10.0, 20, 5, 40])
    table = shrunken_rates(count, base)
    mean = 8 / 75
    spread = (base * (count / base - mean) ** 2).sum() / 75 - mean / (75 / 4)
    weight = max(spread, 0) / (max(spread, 0) + mean / base)
    np.testing.assert_allclose(table["shrunken"], weight * count / base + (1 - weight) * mean, rtol=1e-14)
    assert table["shrunken"].between(0, 0.25).all()


def test_shrinkage_of_rates_that_differ_by_chance_only():
    assert shrunken_rates(pd.Series([2.0, 4]), pd.Series([10.0, 20])).shrunken.tolist() == pytest.approx([0.2, 0.2])


def test_smaller_communities_are_drawn_further_to_the_mean():
    table = shrunken_rates(pd.Series([4.0, 400, 10, 10]), pd.Series([10.0, 1000, 1000, 1000]))
    assert table["weight"].is_monotonic_increasing or table["weight"][0] < table["weight"][1]
    assert table["shrunken"][0] < table["shrunken"][1]


def test_unmeasured_rates_are_told_apart():
    table = shrunken_rates(pd.Series([3.0, np.nan, 0, 9]), pd.Series([10.0, 10, 0, 10]))
    assert table["measured"].tolist() == [True, False, False, True]
    assert not table.isna().any().any()
    assert table["shrunken"][1] == pytest.approx(12 / 20)


def test_rates_that_cannot_be_made():
    with pytest.raises(InputError, match="2 of 2 counts or bases"):
        shrunken_rates(pd.Series([-1.0, np.inf]), pd.Series([5.0, 5]))
    with pytest.raises(InputError, match="there is no rate"):
        shrunken_rates(pd.Series([np.nan]), pd.Series([5.0]))
    with pytest.raises(InputError, match="different indexes"):
        shrunken_rates(pd.Series([1.0], index=["a"]), pd.Series([5.0], index=["b"]))


# ---- hot spots


def random_neighbours(size, share, seed):
    draw = np.random.default_rng(seed)
    ids = pd.Index([f"c{place:03}" for place in range(size)])
    return Neighbours(ids, sparse.csr_array((draw.random((size, size)) < share).astype(float)))


def exact_p(y, near, place):
    """Two-sided conditional p of one community by every way of drawing its neighbours' values."""
    others = np.delete(y, place)
    neighbours = int(near.matrix[[place]].sum())
    observed = float((near.matrix @ y)[place])
    sums = np.array([sum(some) for some in itertools.combinations(others, neighbours)])
    return min(1.0, 2 * min((sums >= observed - 1e-9).mean(), (sums <= observed + 1e-9).mean()))


def test_p_is_the_exact_conditional_one():
    near = random_neighbours(9, 0.35, 4)
    y = np.random.default_rng(2).normal(size=9).round(1)
    table = hot_spots(pd.Series(y, index=near.ids), near, permutations=40_000).table
    expected = [exact_p(y, near, place) if near.count.iloc[place] else 1.0 for place in range(9)]
    np.testing.assert_allclose(table["p"], expected, atol=0.015)


@pytest.mark.parametrize(("size", "count"), [(50, 3), (8, 5), (6, 6)])
def test_draws_are_distinct_and_uniform(size, count):
    drawn = draw_distinct(size, count, 20_000, np.random.default_rng(0))
    assert (np.sort(drawn, axis=1)[:, 1:] != np.sort(drawn, axis=1)[:, :-1]).all()
    for column in drawn.T:
        np.testing.assert_allclose(np.bincount(column, minlength=size) / len(drawn), 1 / size, atol=0.012)


def test_figures_by_their_definitions():
    near = random_neighbours(30, 0.15, 1)
    y = np.random.default_rng(3).normal(10, 3, 30)
    found = hot_spots(pd.Series(y, index=near.ids), near, permutations=99)
    dense, count = near.matrix.toarray(), near.count.to_numpy()
    weights = dense / np.maximum(count, 1)[:, None]
    z = (y - y.mean()) / y.std()
    np.testing.assert_allclose(found.table["moran"], (30 - 1) * z * (weights @ z) / (z @ z), rtol=0, atol=1e-12)
    assert found.moran == pytest.approx(30 / weights.sum() * (z @ weights @ z) / (z @ z), abs=1e-12)
    star = dense + np.eye(30)
    total, size = star.sum(axis=1), 30
    deviation = np.sqrt((y @ y) / size - y.mean() ** 2)
    expected = (star @ y - y.mean() * total) / (deviation * np.sqrt((size * total - total**2) / (size - 1)))
    some = count > 0
    np.testing.assert_allclose(found.table["g_star"][some], expected[some], rtol=1e-10)


def grid(side):
    cells = {f"{row}{column}": box(column, row, column + 1, row + 1) for row in range(side) for column in range(side)}
    return gpd.GeoDataFrame(geometry=list(cells.values()), index=pd.Index(list(cells)), crs="EPSG:4548")


def test_a_planted_cluster_is_found_and_nothing_else():
    layer = grid(9)
    values = pd.Series(np.random.default_rng(0).normal(0, 0.1, 81), index=layer.index)
    hot = [f"{row}{column}" for row in (3, 4, 5) for column in (3, 4, 5)]
    values[hot] += 3
    table = hot_spots(values, contiguous(layer), permutations=9999, seed=5).table
    assert table.loc["44", "spot"] == "high_high"
    assert set(table.index[table["spot"] == "high_high"]) <= set(hot)
    assert table.loc["44", ["zh", "en"]].tolist() == ["高值聚集", "high among high"]


def test_without_any_pattern_few_are_named():
    layer = grid(9)
    near = contiguous(layer)
    named = 0
    for seed in range(20):
        values = pd.Series(np.random.default_rng(seed).normal(size=81), index=layer.index)
        spots = hot_spots(values, near, permutations=1999, seed=seed).table["spot"]
        named += spots.isin(["high_high", "low_low", "high_low", "low_high"]).any()
    assert named <= 4  # a false discovery rate of 5 % in 20 families


def test_islands_and_unmeasured_take_no_part():
    near = from_pairs(["a", "b", "c", "d", "e"], [("a", "b"), ("b", "c"), ("c", "e")])
    found = hot_spots(pd.Series([1.0, 2, 4, 8, np.nan], index=list("abcde")), near, permutations=99)
    table = found.table
    assert table["spot"].tolist()[3:] == ["no_neighbours", "not_measured"]
    assert table.loc["d", ["moran", "p", "q", "quadrant"]].tolist() == [0, 1, 1, 0]
    assert table["neighbours"].tolist() == [1, 2, 1, 0, 0]
    assert not table.isna().any().any()


def test_values_all_the_same_are_no_cluster():
    layer = grid(3)
    table = hot_spots(pd.Series(0.3, index=layer.index), contiguous(layer), permutations=99).table
    assert set(table["spot"]) == {"not_clear"}
    assert set(table["p"]) == {1.0}
    assert set(table["g_star"]) == {0.0}


def test_everybody_is_everybodys_neighbour():
    ids = pd.Index(list("abcd"))
    table = hot_spots(pd.Series([1.0, 2, 3, 9], index=ids), Neighbours(ids, np.ones((4, 4))), permutations=99).table
    assert set(table["p"]) == {1.0}
    assert set(table["neighbours"]) == {3}


def test_hot_spots_that_cannot_be_found():
    near = from_pairs(["a", "b", "c"], [("a", "b")])
    values = pd.Series([1.0, 2, 3], index=list("abc"))
    with pytest.raises(InputError, match="2 of 3 communities were measured"):
        hot_spots(values.where(values > 1), near)
    with pytest.raises(InputError, match="1 of 3 values are infinite"):
        hot_spots(values.replace(3, np.inf), near)
    with pytest.raises(InputError, match="1 of 3 communities are not among"):
        hot_spots(values.rename({"c": "z"}), near)
    with pytest.raises(InputError, match="0 permutations"):
        hot_spots(values, near, permutations=0)
    with pytest.raises(InputError, match="there twice"):
        hot_spots(values.rename({"c": "a"}), near)


# ---- neighbours


def test_areas_that_touch_are_neighbours():
    near = contiguous(grid(3))
    assert near.count.tolist() == [3, 5, 3, 5, 8, 5, 3, 5, 3]
    assert (near.matrix != near.matrix.T).nnz == 0


def test_nearest_settles_ties_by_id_and_ignores_the_order():
    points = gpd.GeoDataFrame(
        geometry=[Point(0, 0), Point(1, 0), Point(-1, 0), Point(0, 1), Point(9, 9)],
        index=pd.Index(["m", "d", "a", "c", "z"]),
        crs="EPSG:4548",
    )
    near = nearest(points, 2)
    assert sorted(near.ids[near.matrix[[0]].indices]) == ["a", "c"]
    assert set(near.count) == {2}
    again = nearest(points.iloc[::-1], 2).among(points.index)
    assert (again.matrix != near.matrix).nnz == 0


def test_nearest_at_the_same_place():
    points = gpd.GeoDataFrame(geometry=[Point(1, 1)] * 4, index=pd.Index(list("abcd")), crs="EPSG:4548")
    near = nearest(points, 1)
    assert [near.ids[row.indices[0]] for row in (near.matrix[[place]] for place in range(4))] == ["b", "a", "a", "a"]


def test_nearest_wants_metres():
    with pytest.raises(InputError, match="metric layer"):
        nearest(grid(2).set_crs(4490, allow_override=True), 1)
    with pytest.raises(InputError, match="ask for 1 to 3"):
        nearest(grid(2), 4)


def test_neighbours_within_a_travel_cost():
    near = within(travel([("a", "b", 3), ("b", "b", 0), ("c", "a", 0.0)], ["a", "b", "c"], ["c", "b", "a"]))
    assert near.count.tolist() == [1, 0, 1]
    with pytest.raises(InputError, match="same communities"):
        within(travel([("a", "x", 3)], ["a"], ["x"]))


def test_neighbours_that_cannot_be():
    with pytest.raises(InputError, match="there twice"):
        Neighbours(pd.Index(["a", "a"]), sparse.csr_array((2, 2)))
    with pytest.raises(InputError, match="matrix of shape"):
        Neighbours(pd.Index(["a", "b"]), sparse.csr_array((3, 3)))
    with pytest.raises(InputError, match="unknown community"):
        from_pairs(["a", "b"], [("a", "x")])


# ---- classes


def test_thirds_and_ties():
    need = pd.Series([1.0, 2, 3, 4, 5, 6], index=list("abcdef"))
    found = bivariate(need, pd.Series([0.0, 0, 0, 0, 7, 9], index=list("fedcba")))
    assert found.table["need_class"].tolist() == [1, 1, 2, 2, 3, 3]
    assert found.table["access_class"].tolist() == [3, 3, 1, 1, 1, 1]
    assert found.need_breaks == (2, 4)
    assert found.access_breaks == (0, 0)
    assert found.table.loc["f", ["cell", "zh", "en"]].tolist() == ["3-1", "需求高、可及低", "high need, low access"]
    assert found.counts.to_numpy().tolist() == [[0, 0, 2], [2, 0, 0], [2, 0, 0]]


def test_classes_of_what_was_not_measured():
    found = bivariate(pd.Series([1.0, np.nan, 3]), pd.Series([5.0, 6, np.inf]))
    assert found.table["cell"].tolist() == ["1-1", "", ""]
    assert found.table["en"].tolist()[1] == "not measured"
    assert found.counts.to_numpy().sum() == 1


def test_classes_that_cannot_be():
    with pytest.raises(InputError, match="not about the same communities"):
        bivariate(pd.Series([1.0], index=["a"]), pd.Series([1.0], index=["b"]))
    with pytest.raises(InputError, match="none of 1"):
        bivariate(pd.Series([np.nan]), pd.Series([1.0]))


def test_moran_of_one_pair():
    near = sparse.csr_array(np.array([[0, 1.0, 0], [1, 0, 0], [0, 0, 0]]))
    found = local_moran(np.array([0.0, 1, 5]), near, 99, 1)
    assert found.quadrant.tolist() == [3, 3, 0]
    assert found.p[2] == 1
