"""Travel: the same as trying everything, whatever the order; farther limits only add pairs."""

import geopandas as gpd
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from xzz_analysis.places.travel import Cost, travel

METRIC = "EPSG:4547"
CASES = 60
REACH = 40.0


def layer(xy, prefix) -> gpd.GeoDataFrame:
    ids = [f"{prefix}{number}" for number in range(len(xy))]
    return gpd.GeoDataFrame(index=pd.Index(ids, dtype=str), geometry=gpd.points_from_xy(*np.array(xy).T, crs=METRIC))


def town(seed, size, missing) -> tuple[np.ndarray, np.ndarray]:
    """Crossings of a crooked grid, and which of them are joined; some streets are missing."""
    rng = np.random.default_rng(seed)
    column, row = np.meshgrid(np.arange(size), np.arange(size))
    xy = np.column_stack([column.ravel(), row.ravel()]) * 50.0 + rng.uniform(-15, 15, (size * size, 2))
    number = np.arange(size * size).reshape(size, size)
    across = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    up = np.column_stack([number[:-1].ravel(), number[1:].ravel()])
    ends = np.concatenate([across, up])
    kept = rng.random(len(ends)) >= missing
    kept[0] = True
    return np.round(xy, 2), ends[kept]


def by_trying_everything(xy, ends, origins, destinations, limit) -> np.ndarray:
    """Metres by Floyd and Warshall between all crossings, and every way onto and off the nearest piece; inf beyond."""
    length = np.hypot(*(xy[ends[:, 0]] - xy[ends[:, 1]]).T)
    between = np.full((len(xy), len(xy)), np.inf)
    np.fill_diagonal(between, 0)
    between[ends[:, 0], ends[:, 1]] = between[ends[:, 1], ends[:, 0]] = length
    for middle in range(len(xy)):
        between = np.minimum(between, between[:, [middle]] + between[[middle]])
    start, end = (nearest_piece(xy, ends, points) for points in (origins, destinations))
    cost = np.full((len(origins), len(destinations)), np.inf)
    for row, (one, along, leg) in enumerate(zip(*start, strict=True)):
        for column, (other, beside, last) in enumerate(zip(*end, strict=True)):
            if max(leg, last) > REACH:
                continue
            ways = [
                on + between[ends[one, first], ends[other, second]] + off
                for first, on in enumerate((along * length[one], (1 - along) * length[one]))
                for second, off in enumerate((beside * length[other], (1 - beside) * length[other]))
            ]
            if one == other:
                ways.append(abs(along - beside) * length[one])
            crow = np.hypot(*(origins[row] - destinations[column]))
            cost[row, column] = min(leg + min(ways) + last, crow if crow <= leg + last else np.inf)
    cost[cost > limit] = np.inf
    return cost


def nearest_piece(xy, ends, points) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The nearest piece of each point, the share of it before the foot, and the distance."""
    start, way = xy[ends[:, 0]], xy[ends[:, 1]] - xy[ends[:, 0]]
    share = np.clip(((points[:, None] - start) * way).sum(axis=2) / (way**2).sum(axis=1), 0, 1)
    away = np.linalg.norm(points[:, None] - (start + share[..., None] * way), axis=2)
    best = away.argmin(axis=1)
    rows = np.arange(len(points))
    return best, share[rows, best], away[rows, best]


def dense(cost: Cost) -> np.ndarray:
    full = np.full(cost.matrix.shape, np.inf)
    rows = np.repeat(np.arange(len(cost.origins)), np.diff(cost.matrix.indptr))
    full[rows, cost.matrix.indices] = cost.matrix.data
    return full


seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=CASES)
@given(
    seed=seeds,
    size=st.integers(2, 6),
    missing=st.sampled_from([0.0, 0.2, 0.5]),
    limit=st.sampled_from([60.0, 130.0, 1e4]),
)
def test_ways_along_streets_equal_trying_everything(seed, size, missing, limit):
    xy, ends = town(seed, size, missing)
    rng = np.random.default_rng(seed)
    origins, destinations = (np.round(rng.uniform(-40, 50 * size, (count, 2)), 2) for count in (7, 5))
    streets = gpd.GeoDataFrame(geometry=[LineString(xy[list(pair)]) for pair in ends], crs=METRIC)
    made = travel(layer(origins, "o"), layer(destinations, "d"), streets, limit=limit, profile=None, off_streets=REACH)
    np.testing.assert_allclose(dense(made), by_trying_everything(xy, ends, origins, destinations, limit), rtol=1e-9)


@settings(max_examples=CASES)
@given(seed=seeds, limit=st.floats(0, 90))
def test_straight_lines_equal_the_dense_distances(seed, limit):
    rng = np.random.default_rng(seed)
    origins, destinations = rng.integers(0, 60, (12, 2)) * 1.0, rng.integers(0, 60, (9, 2)) * 1.0
    made = dense(travel(layer(origins, "o"), layer(destinations, "d"), limit=limit, profile=None, detour=1))
    expected = np.linalg.norm(origins[:, None] - destinations, axis=2)
    np.testing.assert_allclose(made[expected <= limit], expected[expected <= limit], rtol=1e-12)
    assert np.isinf(made[expected > limit * (1 + 1e-6)]).all()


@settings(max_examples=CASES)
@given(seed=seeds)
def test_the_order_of_places_and_of_streets_does_not_matter(seed):
    xy, ends = town(seed, 4, 0.2)
    rng = np.random.default_rng(seed)
    origins, destinations = layer(rng.uniform(0, 200, (8, 2)), "o"), layer(rng.uniform(0, 200, (6, 2)), "d")
    streets = gpd.GeoDataFrame(geometry=[LineString(xy[list(pair)]) for pair in ends], crs=METRIC)
    shuffled = [frame.sample(frac=1, random_state=seed % 1000) for frame in (origins, destinations, streets)]
    first = travel(origins, destinations, streets, limit=5)
    second = travel(*shuffled, limit=5)
    for made in (first, second):
        assert made.findings == first.findings
    pairs = [made.pairs().sort_values(["origin", "destination"], ignore_index=True) for made in (first, second)]
    pd.testing.assert_frame_equal(*pairs, rtol=1e-12)


@settings(max_examples=CASES)
@given(seed=seeds, near=st.floats(0.1, 3), more=st.floats(0, 3))
def test_a_farther_limit_only_adds_pairs(seed, near, more):
    xy, ends = town(seed, 4, 0.1)
    rng = np.random.default_rng(seed)
    places = layer(rng.uniform(0, 200, (9, 2)), "p")
    streets = gpd.GeoDataFrame(geometry=[LineString(xy[list(pair)]) for pair in ends], crs=METRIC)
    first, second = (dense(travel(places, places, streets, limit=limit)) for limit in (near, near + more))
    kept = np.isfinite(first)
    np.testing.assert_allclose(first[kept], second[kept], rtol=1e-12)
    np.testing.assert_allclose(second, second.T, rtol=1e-12)
    assert (np.diag(second) == 0).all()


@settings(max_examples=CASES)
@given(seed=seeds, missing=st.floats(0, 1))
def test_a_table_comes_back_as_it_went_in(seed, missing):
    rng = np.random.default_rng(seed)
    rows = pd.MultiIndex.from_product([list("abcd"), list("xyz")], names=["origin", "destination"]).to_frame(
        index=False
    )
    rows["minutes"] = rng.integers(0, 5, len(rows)) * 1.0
    rows = rows[rng.random(len(rows)) >= missing].sample(frac=1, random_state=seed % 1000)
    made = Cost.from_table(rows, origins=pd.Index(list("abcd")), destinations=pd.Index(list("xyz")))
    expected = rows.sort_values(["origin", "destination"], ignore_index=True)
    pd.testing.assert_frame_equal(made.pairs(), expected, check_dtype=False)
    again = made.reversed().reversed()
    pd.testing.assert_frame_equal(again.pairs(), made.pairs(), check_exact=True)
