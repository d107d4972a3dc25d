"""Homes: every cell keeps k, no border tells of a home, order changes nothing, masks stay and hide."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial import cKDTree

from xzz_analysis.places.homes import Homes, cells, community_cost, mask, reach_table
from xzz_analysis.places.homes.masks import households, places
from xzz_analysis.places.homes.splitting import around, find, grow, leaves
from xzz_analysis.places.travel import Cost

CASES = 40
SECRET = b"only for the tests of masks, 2025"
seeds = st.integers(0, 2**32 - 1)


def layer(lon, lat, people, names):
    index = pd.Index([f"{number:04d}" for number in range(1, len(lon) + 1)], name="home")
    columns = {"community": pd.Series(names, index=index, dtype="str"), "people": np.asarray(people, float)}
    frame = gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(lon, lat), index=index).assign(stated=True)
    frame.attrs["datum"] = "CGCS2000"
    return frame


@st.composite
def points(draw, most=120):
    """Places in metres, often on the lines of the grid, often several on one spot."""
    count = draw(st.integers(1, most))
    random = np.random.default_rng(draw(seeds))
    step = draw(st.sampled_from([0.001, 5.0, 25.0, 50.0, 500.0]))
    spread = draw(st.sampled_from([60.0, 700.0, 4000.0]))
    xy = np.round(random.normal(0, spread, (count, 2)) / step) * step
    people = random.choice([0, 400_000, 1_000_000, 3_000_000], count)
    return xy, people, draw(st.integers(2, 12))


@settings(max_examples=CASES)
@given(case=points())
def test_every_part_keeps_k_and_no_line_goes_through_a_home(case):
    xy, people, least = case
    bounds = around(xy)
    tree = grow(xy, people, bounds, least)
    assert not (set(bounds[::2]) & set(xy[:, 0]) or set(bounds[1::2]) & set(xy[:, 1]))
    for line in tree.values():
        assert line.at % 50 == 0
        assert line.at not in xy[:, line.axis]
    paths = find(xy, tree)
    for path, (west, south, east, north) in leaves(tree, bounds).items():
        own = paths == path
        assert ((xy[own] > [west, south]) & (xy[own] < [east, north])).all()
        if tree:
            assert (people[own] > 0).sum() >= least
            assert people[own].sum() >= least * 1_000_000


@settings(max_examples=CASES)
@given(case=points(), seed=seeds)
def test_parts_do_not_depend_on_the_order_of_homes(case, seed):
    xy, people, least = case
    order = np.random.default_rng(seed).permutation(len(xy))
    tree = grow(xy, people, around(xy), least)
    assert grow(xy[order], people[order], around(xy), least) == tree
    assert (find(xy[order], tree) == find(xy, tree)[order]).all()


@settings(max_examples=15)
@given(seed=seeds, count=st.integers(1, 150), least=st.integers(2, 15))
def test_published_cells_hold_k_homes_in_every_round(seed, count, least):
    random = np.random.default_rng(seed)
    frame = layer(
        random.normal(113.6, 0.01, count),
        random.normal(32.9, 0.01, count),
        random.integers(0, 4, count),
        random.choice(["a", "b"], count),
    )
    first = cells(Homes(frame), least=least)
    later = Homes(frame[random.random(count) < 0.8])
    for found, homes in ((first, frame), (first.fixed(later), later.frame)):
        table, total = found.table, homes.groupby("community")["people"].sum()
        published = table[table["published"]]
        assert (published[["homes", "people"]] >= least).all().all()
        assert table.loc[~table["published"], ["homes", "people"]].isna().all().all()
        for name, own in table.groupby("community"):
            hidden = total.get(name, 0) - own["people"].sum()
            if own["published"].any():
                assert hidden == pytest.approx(0) or hidden >= least


@st.composite
def journeys(draw):
    """Homes of two communities, services, and costs some of which are exactly at the limit."""
    homes, services = draw(st.integers(1, 14)), draw(st.integers(1, 3))
    cost = st.sampled_from([None, 0.0, 1.0, 4.0, 7.5, 10.0])
    dense = [[draw(cost) for _ in range(services)] for _ in range(homes)]
    people = [draw(st.sampled_from([0.3, 1.0, 2.0])) for _ in range(homes)]
    return dense, people, [draw(st.sampled_from("ab")) for _ in range(homes)]


def sparse_cost(dense, ids, limit=10.0):
    table = np.array([[np.nan if cell is None else cell for cell in row] for row in dense])
    row, column = np.nonzero(~np.isnan(table))
    matrix = sparse.csr_array((table[row, column], (row, column)), shape=table.shape)
    services = pd.Index([f"s{at}" for at in range(table.shape[1])])
    return Cost(matrix, ids, services, "minutes", limit, {"zh": "手工", "en": "by hand"})


def brute(costs, people, share):
    """Smallest cost within which a share of the people reach, straight from its definition; None if there is none."""
    total = sum(people)
    for limit in sorted({cost for cost in costs if cost is not None}):
        near = sum(person for cost, person in zip(costs, people, strict=True) if cost is not None and cost <= limit)
        if near >= share * total - 1e-9:
            return limit
    return None


@settings(max_examples=CASES)
@given(case=journeys(), share=st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_community_costs_are_what_their_definition_says(case, share):
    dense, people, names = case
    frame = layer(np.linspace(113.6, 113.7, len(dense)), np.full(len(dense), 32.9), people, names)
    found = community_cost(sparse_cost(dense, frame.index), Homes(frame), quantile=share)
    pairs = found.pairs().set_index(["origin", "destination"])["minutes"].to_dict()
    for name in set(names):
        own = [at for at, community in enumerate(names) if community == name]
        for service in range(len(dense[0])):
            expected = brute([dense[at][service] for at in own], [people[at] for at in own], share)
            assert pairs.get((name, f"s{service}")) == expected


@settings(max_examples=CASES)
@given(case=journeys(), seed=seeds, minutes=st.sampled_from([0.0, 4.0, 7.5, 10.0]))
def test_reach_counts_those_exactly_at_the_limit_in_any_order(case, seed, minutes):
    dense, people, names = case
    frame = layer(np.linspace(113.6, 113.7, len(dense)), np.full(len(dense), 32.9), people, names)
    cost, services = sparse_cost(dense, frame.index), {"health": tuple(f"s{at}" for at in range(len(dense[0])))}
    table = reach_table(cost, Homes(frame), services, minutes, least=0).set_index("community")
    for name in set(names):
        near = [min((cell for cell in row if cell is not None), default=np.inf) for row in dense]
        own = [at for at, community in enumerate(names) if community == name]
        within = sum(people[at] for at in own if near[at] <= minutes)
        assert table.loc[name, "within"] == pytest.approx(within)
        middle = brute([near[at] if np.isfinite(near[at]) else None for at in own], [people[at] for at in own], 0.5)
        assert table.loc[name, "median_reached"] == (middle is not None)
        assert table.loc[name, "median"] == (10.0 if middle is None else np.ceil(middle))
    order = np.random.default_rng(seed).permutation(len(dense))
    shuffled = sparse_cost([dense[at] for at in order], frame.index[order])
    again = reach_table(shuffled, Homes(frame.iloc[order]), services, minutes, least=0).set_index("community")
    pd.testing.assert_frame_equal(table, again)


@settings(max_examples=15)
@given(seed=seeds, count=st.integers(12, 80), least=st.integers(2, 10), spread=st.sampled_from([0.0, 1e-4, 1e-2]))
def test_masks_stay_and_hide_a_home_among_k(seed, count, least, spread):
    assume(count >= 4 * least)  # fewer households cannot hide one another, and mask() says so
    random = np.random.default_rng(seed)
    lon, lat = random.normal(113.6, spread, count), random.normal(32.9, spread, count)
    register = Homes(layer(lon, lat, np.ones(count), ["a"] * count))
    masked = mask(register, secret=SECRET, least=least)
    some = Homes(register.frame[random.random(count) < 0.5])
    if len(some):
        again = mask(some, secret=SECRET, register=register, least=least)
        assert (again.geometry == masked.geometry[again.index]).all()
    true = places(register, SECRET, masked)
    xy = np.column_stack([masked.geometry.x, masked.geometry.y])
    moved = np.hypot(*(xy - true.xy).T)
    near = cKDTree(households(register, true.frame)).query(xy, least)[0].reshape(len(xy), least)[:, -1]
    assert (near <= moved + 1e-3).all()
    assert (moved >= 50 - 1e-6).all()
