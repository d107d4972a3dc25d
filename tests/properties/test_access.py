"""Access: identities that hold for any data, dense literal versions, and orders that change nothing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import minimize

from xzz_analysis.places import access as room
from xzz_analysis.places.access import MEASURES, Measure, access, access_findings, choices, load
from xzz_analysis.places.travel.cost import Cost

CASES = 30
CLOSE = 1e-12
LIMIT = 60.0
UNREACHED = 999.0
"""A pair that is not there, in the dense table."""

DECAYS = (
    None,
    room.within(30),
    room.stepped([10, 20, 30], [1, 0.68, 0.22]),
    room.linear(45),
    room.exponential(0.1),
    room.gaussian(20),
    room.dai(30),
    room.logistic(30, 10),
    room.power(1.5),
)


@st.composite
def worlds(draw):
    """Minutes (dense), people, supply and a decay; zeros, ties and places that reach nothing among them."""
    rows, columns = draw(st.integers(1, 7)), draw(st.integers(1, 5))
    minute = st.sampled_from([0.0, 5.0, 10.0, 20.0, 29.5, 30.0, 44.0, LIMIT, UNREACHED, UNREACHED])
    table = np.array(draw(st.lists(minute, min_size=rows * columns, max_size=rows * columns))).reshape(rows, columns)
    amount = st.sampled_from([0.0, 0.5, 1.0, 3.0, 12.0, 400.0])
    people = np.array(draw(st.lists(amount, min_size=rows, max_size=rows)))
    supply = np.array(draw(st.lists(amount, min_size=columns, max_size=columns)))
    return table, people, supply, draw(st.sampled_from(DECAYS))


def given_as(table, people, supply) -> tuple[Cost, pd.Series, pd.Series]:
    row, column = np.nonzero(table <= LIMIT)
    matrix = sparse.csr_array((table[row, column], (row, column)), shape=table.shape)
    origins = pd.Index([f"h{place}" for place in range(table.shape[0])])
    services = pd.Index([f"s{place}" for place in range(table.shape[1])])
    cost = Cost(matrix, origins, services, "minutes", LIMIT, {"zh": "测试", "en": "test"})
    return cost, pd.Series(people, origins), pd.Series(supply, services)


def weights_of(table, supply, decay) -> np.ndarray:
    """Dense weights: nothing for pairs that are not there and for services that offer nothing."""
    weight = (table <= LIMIT).astype(float) if decay is None else np.where(table <= LIMIT, decay(table), 0.0)
    return weight * (supply > 0)


# dense literal versions, one loop for each sum of the formula


def two_steps(weight, people, supply):
    places, services = range(len(people)), range(len(supply))
    crowd = [sum(people[k] * weight[k, j] for k in places) for j in services]
    return [sum(weight[i, j] * supply[j] / crowd[j] for j in services if crowd[j] > 0) for i in places]


def three_steps(weight, people, supply):
    chosen = [[one / sum(row) if one else 0.0 for one in row] for row in weight]
    return two_steps(weight * np.array(chosen), people, supply)


def balanced(weight, people, supply):
    places, services = range(len(people)), range(len(supply))
    of_row = [[one / sum(row) if one else 0.0 for one in row] for row in weight]
    of_column = [[weight[i, j] / sum(weight[:, j]) if weight[i, j] else 0.0 for j in services] for i in places]
    crowd = [sum(people[k] * of_row[k][j] for k in places) for j in services]
    return [sum(of_column[i][j] * supply[j] / crowd[j] for j in services if crowd[j] > 0) for i in places]


def availability(weight, people, supply, alpha=1.0):
    places, services = range(len(people)), range(len(supply))
    amount = [one**alpha if one > 0 else 0.0 for one in people]
    whole = sum(amount)
    found = np.zeros(len(people))
    for j in services:
        impeded = [weight[i, j] / sum(weight[:, j]) if weight[i, j] else 0.0 for i in places]
        both = [amount[i] / whole * impeded[i] if whole else 0.0 for i in places]
        found += [supply[j] * one / sum(both) if one else 0.0 for one in both]
    return found


LITERAL = {
    "e2sfca": two_steps,
    "3sfca": three_steps,
    "bfca": balanced,
    "spatial_availability": availability,
    "gravity": lambda weight, people, supply: weight @ supply,
}


@settings(max_examples=CASES)
@pytest.mark.parametrize("name", LITERAL)
@given(world=worlds())
def test_equals_the_literal_version(name, world):
    table, people, supply, decay = world
    expected = LITERAL[name](weights_of(table, supply, decay), people, supply)
    np.testing.assert_allclose(access(*given_as(*world[:3]), name, decay), expected, rtol=CLOSE, atol=0)


@settings(max_examples=CASES)
@given(world=worlds(), alpha=st.sampled_from([0.0, 0.5, 2.0]))
def test_availability_with_any_alpha_equals_the_literal_version(world, alpha):
    table, people, supply, decay = world
    measure = Measure("spatial_availability", alpha=alpha)
    expected = availability(weights_of(table, supply, decay), people, supply, alpha)
    np.testing.assert_allclose(access(*given_as(*world[:3]), measure, decay), expected, rtol=CLOSE, atol=0)


@settings(max_examples=CASES)
@given(world=worlds(), n=st.integers(1, 3))
def test_nearest_equals_the_literal_version(world, n):
    table, _, supply, decay = world
    near = [sorted(row[one > 0]) for row, one in zip(table, weights_of(table, supply, decay), strict=True)]
    limit = min(LIMIT, getattr(decay, "reach", LIMIT))
    expected = [row[n - 1] if len(row) >= n else limit for row in near]
    assert access(*given_as(*world[:3]), Measure("nearest", n=n), decay).tolist() == expected


# identities


@settings(max_examples=CASES)
@given(world=worlds())
def test_all_that_can_be_reached_is_given_away_once(world):
    cost, people, supply = given_as(*world[:3])
    served = load(cost, people, supply, world[3])["reached"]
    reachable = supply[served].sum()
    assert people @ access(cost, people, supply, "e2sfca", world[3]) == pytest.approx(reachable, rel=CLOSE)
    for alpha in (0.0, 0.5, 1.0, 2.0):
        measure = Measure("spatial_availability", alpha=alpha)
        assert access(cost, people, supply, measure, world[3]).sum() == pytest.approx(reachable, rel=CLOSE)


@settings(max_examples=CASES)
@given(world=worlds())
def test_availability_per_head_is_e2sfca(world):
    cost, people, supply = given_as(*world[:3])
    each = access(cost, people, supply, "spatial_availability_per_head", world[3])
    np.testing.assert_allclose(
        each, access(cost, people, supply, "e2sfca", world[3]).where(people > 0, 0.0), rtol=CLOSE, atol=0
    )


@settings(max_examples=CASES)
@given(world=worlds())
def test_balanced_catchments_give_every_person_and_every_ratio_once(world):
    cost, people, supply = given_as(*world[:3])
    loads = load(cost, people, supply, world[3])
    reached = choices(cost, supply, world[3])["reached"]
    assert loads["expected"].sum() == pytest.approx(people[reached].sum(), rel=CLOSE)
    ratio = (loads["supply"] / loads["expected"])[loads["expected"] > 0]
    assert access(cost, people, supply, "bfca", world[3]).sum() == pytest.approx(ratio.sum(), rel=CLOSE)


@settings(max_examples=CASES)
@pytest.mark.parametrize("name", ["e2sfca", "bfca", "spatial_availability", "gravity"])
@given(world=worlds(), data=st.data())
def test_more_supply_lowers_nobodys_access(name, world, data):
    cost, people, supply = given_as(*world[:3])
    more = supply.copy()
    more.iloc[data.draw(st.integers(0, len(supply) - 1))] += 7.0
    before, after = (access(cost, people, one, name, world[3]) for one in (supply, more))
    assert (after >= before * (1 - CLOSE)).all()


def test_three_steps_can_lower_access_where_a_service_opens():
    """Why 3SFCA is no default: a service too small to help still draws its neighbours out of the other's catchment."""
    cost, people, _ = given_as(np.array([[5.0, 5.0], [5.0, UNREACHED]]), np.ones(2), np.ones(2))
    before, after = (access(cost, people, pd.Series([10, new], ["s0", "s1"]), "3sfca") for new in (0.0, 0.1))
    assert after["h0"] < 0.8 * before["h0"]


@settings(max_examples=CASES)
@given(world=worlds())
def test_flags_agree(world):
    cost, people, supply = given_as(*world[:3])
    reached = choices(cost, supply, world[3])
    for name in ("bfca", "gravity"):
        table = room.access_table(cost, people, supply, measures=[name], decays=world[3])
        assert (table["reached"] == reached["reached"]).all()
        assert (table["access"][~table["reached"]] == 0).all()
    assert ((reached["services"] == 1) == (reached["only"] != "")).all()
    loads = load(cost, people, supply, world[3])
    assert loads["only_choice"].sum() == pytest.approx(people[reached["services"] == 1].sum(), rel=CLOSE)
    assert np.isfinite(loads.drop(columns="reached").to_numpy(float)).all()
    counts = {one.rule: one.count for one in access_findings(cost, people, supply, world[3])}
    assert counts.get("access_unreached", 0) == (~reached["reached"] & (people > 0)).sum()


# order


@settings(max_examples=CASES)
@pytest.mark.parametrize("name", sorted(set(MEASURES) - {"2sfca", "cumulative"}))
@given(world=worlds(), seed=st.integers(0, 2**31))
def test_the_order_of_anything_changes_no_bit(name, world, seed):
    random = np.random.default_rng(seed)
    cost, people, supply = given_as(*world[:3])
    down, across = random.permutation(len(people)), random.permutation(len(supply))
    other = Cost(
        cost.matrix[down][:, across], cost.origins[down], cost.destinations[across], "minutes", LIMIT, cost.method
    )
    shuffled = access(other, people.sample(frac=1, random_state=1), supply.iloc[across], name, world[3])
    pd.testing.assert_series_equal(
        shuffled.reindex(people.index), access(cost, people, supply, name, world[3]), check_exact=True
    )


# rational agents


@settings(max_examples=CASES)
@given(world=worlds())
def test_agents_are_in_equilibrium(world):
    """Costs by a general optimiser on the convex function whose minimum the equilibrium is."""
    table, people, supply, _ = world
    cost, demand, offered = given_as(table, people, supply)
    pairs = [(i, j) for i, j in zip(*np.nonzero(table <= LIMIT), strict=True) if people[i] > 0 and supply[j] > 0]
    assume(pairs and len(pairs) < 9)
    rows, columns = np.array(pairs).T
    there = np.flatnonzero([((table[i] <= LIMIT) & (supply > 0)).any() for i in range(len(people))])
    open_ = sorted({j for i in there for j in np.flatnonzero((table[i] <= LIMIT) & (supply > 0))})
    average = people[there].sum() / supply[open_].sum()
    filling, way = (
        np.divide(1, average * supply, where=supply > 0, out=np.zeros(len(supply))),
        table[rows, columns] / 60,
    )

    def load_of(going):
        return np.bincount(columns, going, len(supply))

    scale = people.max()
    places = sorted(set(rows))
    start = np.array([people[i] / (rows == i).sum() for i in rows]) / scale
    best = minimize(
        lambda x: (load_of(x * scale) ** 2 @ filling / 2 + x * scale @ way) / scale,
        start,
        jac=lambda x: (load_of(x * scale) * filling)[columns] + way,
        bounds=[(0, None)] * len(rows),
        constraints=[
            {
                "type": "eq",
                "fun": lambda x, i=i: x[rows == i].sum() - people[i] / scale,
                "jac": lambda x, i=i: (rows == i) * 1.0,
            }
            for i in places
        ],
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assume(best.success)
    price = (load_of(best.x * scale) * filling)[columns] + way
    expected = [price[rows == i].min() for i in places]
    found = access(cost, demand, offered, Measure("raam", tau=60)).to_numpy()[places]
    np.testing.assert_allclose(found, expected, rtol=2e-3)


# inequality


people_with = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 1.0, 2.0, 7.5]), st.sampled_from([0, 1, 2, 5]), st.sampled_from("abc")),
    min_size=2,
    max_size=7,
).filter(lambda rows: sum(value * count for value, count, _ in rows) > 0)


def columns_of(rows) -> tuple[pd.Series, pd.Series, pd.Series]:
    frame = pd.DataFrame(rows, columns=["access", "people", "group"], index=[f"h{place}" for place in range(len(rows))])
    return frame["access"], frame["people"].astype(float), frame["group"]


def persons(rows) -> tuple[np.ndarray, np.ndarray]:
    """Everybody in a row of their own."""
    each = [(value, group) for value, count, group in rows for _ in range(count)]
    return np.array([value for value, _ in each]), np.array([group for _, group in each])


@settings(max_examples=CASES)
@given(rows=people_with)
def test_gini_is_the_mean_difference_between_persons(rows):
    each, _ = persons(rows)
    pairs = np.abs(each[:, None] - each[None, :]).mean()
    assert room.gini(*columns_of(rows)[:2]) == pytest.approx(pairs / (2 * each.mean()), rel=1e-12, abs=1e-14)


@settings(max_examples=CASES)
@given(rows=people_with)
def test_theil_is_that_of_persons_and_adds_up(rows):
    each, group = persons(rows)
    relative = each / each.mean()
    expected = np.mean([one * np.log(one) if one else 0.0 for one in relative])
    found = room.theil(*columns_of(rows))
    means = pd.Series(each).groupby(group).transform("mean").to_numpy() / each.mean()
    assert found.total == pytest.approx(expected, rel=1e-12, abs=1e-14)
    between = np.mean([one * np.log(one) if one else 0.0 for one in means])
    assert found.between == pytest.approx(between, rel=1e-12, abs=1e-14)
    assert found.within >= -1e-14
    assert found.groups["within"].sum() == pytest.approx(found.within, rel=1e-12, abs=1e-14)


@settings(max_examples=CASES)
@given(rows=people_with, line=st.sampled_from([0.5, 1.0, 3.0]))
def test_poverty_and_palma_are_those_of_persons(rows, line):
    access_, people, _ = columns_of(rows)
    each = np.sort(persons(rows)[0])
    gaps = np.clip((line - each) / line, 0, None)
    expected = [np.mean(each < line), gaps.mean(), (gaps**2).mean()]
    assert list(room.poverty(access_, people, line).values()) == pytest.approx(expected, rel=1e-12)
    tenfold = np.repeat(each, 10)  # so that tenths are whole persons
    low, high = tenfold[: len(each) * 4].mean(), tenfold[-len(each) :].mean()
    found = room.palma(access_, people)
    assert np.isnan(found) if low == 0 else found == pytest.approx(high / low, rel=1e-9)


@settings(max_examples=CASES)
@given(rows=people_with)
def test_concentration_by_access_itself_is_gini_and_turns_round(rows):
    access_, people, _ = columns_of(rows)
    assert room.concentration(access_, people, access_) == pytest.approx(room.gini(access_, people), abs=1e-14)
    assert room.concentration(access_, people, -access_) == pytest.approx(-room.gini(access_, people), abs=1e-14)
