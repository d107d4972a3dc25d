"""Gaps: causes add up, more places and more knowledge never widen a gap, the order of rows changes nothing."""

import itertools

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from xzz_analysis.places.gaps import CAUSES, Neighbours, bivariate, find_gaps, hot_spots, shrunken_rates
from xzz_analysis.places.travel import Cost

CASES = 25
COMMUNITIES, ORGANISATIONS = ("a", "b", "c"), ("x", "y")
people = st.floats(0, 200, allow_nan=False)


@st.composite
def problems(draw):
    """Needs with intervals by group, services, travel, awareness."""
    cells = list(itertools.product(COMMUNITIES, ["health"], ["local", "migrant"]))
    ends = np.sort([[draw(people) for _ in range(3)] for _ in cells], axis=1)
    needs = pd.DataFrame(cells, columns=["community", "domain", "group"])
    needs = needs.assign(low=ends[:, 0], need=ends[:, 1], high=ends[:, 2])
    services = pd.DataFrame(
        {
            "organisation": ORGANISATIONS,
            "domains": "health",
            "capacity": [draw(st.one_of(st.just(np.nan), people)) for _ in ORGANISATIONS],
            "eligibility": [draw(st.sampled_from(["", "local", "migrant"])) for _ in ORGANISATIONS],
        }
    )
    near = [pair for pair in itertools.product(COMMUNITIES, ORGANISATIONS) if draw(st.booleans())]
    table = pd.DataFrame(near, columns=["origin", "destination"]).assign(minutes=1.0)
    cost = Cost.from_table(table, limit=5, origins=pd.Index(COMMUNITIES), destinations=pd.Index(ORGANISATIONS))
    share = st.one_of(st.none(), st.floats(0, 1))
    known = pd.DataFrame({"community": COMMUNITIES, "domain": "health", "known": [draw(share) for _ in COMMUNITIES]})
    return needs, services, cost, known.dropna().astype({"known": float})


@settings(max_examples=CASES)
@given(problem=problems())
def test_causes_add_up_to_the_gap(problem):
    table = find_gaps(*problem).table
    assert (table[list(CAUSES)].sum(axis=1) == table["gap"]).all()
    assert (table[list(CAUSES)] >= 0).all().all()
    np.testing.assert_allclose(table["gap"] + table["served"], table["need"], atol=1e-9)
    assert (table["served"] >= -1e-9).all()
    assert table["places"].sum() <= problem[1]["capacity"].sum() + 0.01
    assert not table.isna().any().any()


@settings(max_examples=CASES)
@given(problem=problems())
def test_more_places_never_widen_the_gap(problem):
    needs, services, cost, known = problem
    before = find_gaps(needs, services, cost, known).table["places"].sum()
    after = find_gaps(needs, services.assign(capacity=services["capacity"] * 2), cost, known).table["places"].sum()
    assert after >= before - 0.01


@settings(max_examples=CASES)
@given(problem=problems())
def test_what_more_people_know_never_widens_the_gap(problem):
    needs, services, cost, known = problem
    before = find_gaps(needs, services, cost, known).table["gap"]
    after = find_gaps(needs, services, cost, known.assign(known=(1 + known["known"]) / 2)).table["gap"]
    assert (after <= before + 1e-9).all()


@settings(max_examples=CASES)
@given(problem=problems(), random=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(problem, random):
    shuffled = [table.sample(frac=1, random_state=random.randint(0, 99)) for table in problem[:2]]
    one, other = find_gaps(*problem), find_gaps(*shuffled, *problem[2:])
    pd.testing.assert_frame_equal(one.table, other.table)


@st.composite
def maps(draw):
    """Values, some of them missing, and neighbours."""
    size = draw(st.integers(4, 12))
    values = draw(st.lists(st.one_of(st.floats(-50, 50), st.just(np.nan)), min_size=size, max_size=size))
    links = draw(st.lists(st.booleans(), min_size=size * size, max_size=size * size))
    ids = pd.Index([f"c{place:02}" for place in range(size)])
    return pd.Series(values, index=ids), Neighbours(ids, sparse.csr_array(np.array(links, float).reshape(size, size)))


@settings(max_examples=CASES)
@given(drawn=maps().filter(lambda some: some[0].notna().sum() >= 3), random=st.randoms(use_true_random=False))
def test_hot_spots_do_not_depend_on_the_order(drawn, random):
    values, near = drawn
    ids = pd.Index(random.sample(list(values.index), len(values)))
    one = hot_spots(values, near, permutations=99)
    other = hot_spots(values.reindex(ids), near.among(ids), permutations=99)
    pd.testing.assert_frame_equal(one.table, other.table.reindex(values.index))
    assert one.table["p"].between(0, 1).all()
    assert (one.table["q"] >= one.table["p"] - 1e-12).all()
    assert not one.table.isna().any().any()


@settings(max_examples=CASES)
@given(
    drawn=maps().filter(lambda some: some[0].notna().sum() >= 3 and some[0].std() > 1e-3),
    scale=st.floats(0.1, 9),
    shift=st.floats(-20, 20),
)
def test_hot_spots_do_not_depend_on_the_unit(drawn, scale, shift):
    values, near = drawn
    one, other = (hot_spots(some, near, permutations=99).table for some in (values, values * scale + shift))
    np.testing.assert_allclose(one["moran"], other["moran"], atol=1e-6)
    np.testing.assert_allclose(one["g_star"], other["g_star"], atol=1e-6)


@settings(max_examples=CASES)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 40), st.integers(1, 400)).filter(lambda row: row[0] <= row[1]), min_size=2, max_size=9
    )
)
def test_a_shrunken_rate_lies_between_its_own_and_that_of_all(rows):
    count, base = (pd.Series([float(row[side]) for row in rows]) for side in (0, 1))
    table = shrunken_rates(count, base)
    mean = count.sum() / base.sum()
    low, high = np.minimum(table["rate"], mean), np.maximum(table["rate"], mean)
    assert ((table["shrunken"] >= low - 1e-12) & (table["shrunken"] <= high + 1e-12)).all()


@settings(max_examples=CASES)
@given(values=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=20))
def test_equal_values_are_in_one_class_and_larger_ones_never_lower(values):
    need, access = (pd.Series([float(pair[side]) for pair in values]) for side in (0, 1))
    found = bivariate(need, access)
    for series, name in ((need, "need_class"), (access, "access_class")):
        by_value = found.table[name].groupby(series).agg(["min", "max"])
        assert (by_value["min"] == by_value["max"]).all()
        assert by_value["min"].is_monotonic_increasing
    assert found.counts.to_numpy().sum() == len(values)
