"""Access: worked examples by hand and by others, the faults of another package, and what is refused."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from xzz_analysis.errors import InputError
from xzz_analysis.places import access as room
from xzz_analysis.places.access import (
    MEASURES,
    Measure,
    Replicates,
    access,
    access_findings,
    access_interval,
    access_table,
    choices,
    draw_demand,
    load,
    within,
)
from xzz_analysis.places.access.decay.functions import MAKERS
from xzz_analysis.places.travel.cost import Cost

MICRO_COSTS = [[5, 5], [10, 0], [15, 15]]
PAPER_COSTS = [[15, 30, 100], [30, 15, 100], [100, 100, 15]]
"""Soukhov et al. (2023): A and B near each other, C apart."""


def costs(table, limit=math.inf, unit="minutes", origins=None, destinations=None) -> Cost:
    """A Cost of a dense table: NaN, and what is beyond the limit, is no pair."""
    dense = np.asarray(table, float)
    limit = float(np.nanmax(dense)) if math.isinf(limit) else limit
    row, column = np.nonzero(dense <= limit)
    matrix = sparse.csr_array((dense[row, column], (row, column)), shape=dense.shape)
    origins = pd.Index(origins or [f"h{place}" for place in range(dense.shape[0])])
    destinations = pd.Index(destinations or [f"s{place}" for place in range(dense.shape[1])])
    return Cost(matrix, origins, destinations, unit, limit, {"zh": "测试", "en": "test"})


def on(values, prefix) -> pd.Series:
    return pd.Series([float(value) for value in values], index=[f"{prefix}{place}" for place in range(len(values))])


def of(table, people, offered, *asked, limit=math.inf) -> list[float]:
    return access(costs(table, limit), on(people, "h"), on(offered, "s"), *asked).tolist()


# worked examples


@pytest.mark.parametrize("name, expected", [("2sfca", [1.5, 0.5, 0]), ("3sfca", [4 / 3, 2 / 3, 0])])
def test_two_and_three_steps_by_hand(name, expected):
    assert of(MICRO_COSTS, [1, 1, 1], [1, 1], name, within(6)) == pytest.approx(expected, rel=1e-15)


def test_balanced_catchment_by_hand():
    # h0 is shared out 1/2 and 1/2, h1 goes to s1 only: s0 has 1/2 person, s1 has 3/2; both are s1's people 1/2 each
    assert of(MICRO_COSTS, [1, 1, 1], [1, 1], "bfca", within(6)) == pytest.approx([2 + 1 / 3, 1 / 3, 0], rel=1e-15)


def test_soukhov_2023_as_computed_by_the_r_package_accessibility():
    found = of(PAPER_COSTS, [50_000, 150_000, 10_000], [1e5, 1e5, 1e4], "spatial_availability", room.exponential(0.1))
    assert np.round(found).tolist() == [66833, 133203, 9963]


def test_nearest_and_the_second_nearest():
    assert of(MICRO_COSTS, [1, 1, 1], [1, 1], "nearest") == [5, 0, 15]
    assert of([[5, 7], [10, math.nan], [9, 3]], [1, 1, 1], [1, 1], Measure("nearest", n=2)) == [7, 10, 9]


def test_cumulative_and_gravity_by_hand():
    assert of(MICRO_COSTS, [1, 1, 1], [3, 4], "cumulative", within(9)) == [7, 4, 0]
    assert of(MICRO_COSTS, [1, 1, 1], [3, 4], "gravity", room.linear(10)) == [3.5, 4, 0]


def test_a_plain_two_step_of_the_hospital_example():
    """Three tracts, doctors and travel of a test of PySAL access (BSD-3), computed in plain Python there and here."""
    table = [[1, 80, 40], [80, 1, 40], [20, 20, 1]]  # there and back differ
    people, doctors, place = [100, 50, 10], [15, 20, 100], range(3)
    near = [[table[i][j] < 61 for j in place] for i in place]
    crowd = [sum(people[i] / table[i][j] for i in place if near[i][j]) for j in place]
    expected = [sum(doctors[j] / crowd[j] / table[i][j] for j in place if near[i][j]) for i in place]
    found = of(table, people, doctors, "e2sfca", room.power(1, limit=60))
    assert found == pytest.approx(expected, rel=1e-14)


def test_rational_agents_by_hand():
    # twenty people, two services for ten each; s1 is a way of half a unit: s0 fills up until the costs are alike,
    # D0/10 = D1/10 + 1/2 with D0 + D1 = 20, so 12.5 and 7.5 people meet a cost of 1.25
    assert of([[0, 30]], [20], [10, 10], Measure("raam", tau=60)) == pytest.approx([1.25], rel=1e-6)


def test_nobody_leaves_a_service_twice():
    # 99 people have only s0; the one who can choose leaves it for s1: 1/90 + 30/60, and the others meet 99/10
    found = of([[0, 30], [0, math.nan]], [1, 99], [10, 90], Measure("raam", tau=60))
    assert found == pytest.approx([1 / 90 + 0.5, 9.9], rel=1e-9)


def test_rational_agents_keep_the_nearest_when_the_way_is_long():
    assert of([[0, 60]], [1], [10, 10], Measure("raam", tau=1)) == pytest.approx([2.0])  # 1 person, 1 / (1/20 · 10)


@pytest.mark.parametrize(
    "decay, cost, expected",
    [
        (within(30), [0, 30, 30.000001], [1, 1, 0]),
        (room.stepped([10, 20, 30], [1, 0.68, 0.22]), [0, 10, 10.1, 20, 30, 31], [1, 1, 0.68, 0.68, 0.22, 0]),
        (room.linear(40), [0, 10, 40, 50], [1, 0.75, 0, 0]),
        (room.exponential(0.1), [0, 10], [1, math.exp(-1)]),
        (room.gaussian(20), [0, 20, 40, 60], [1, 0.6065306597126334, 0.1353352832366127, 0.011108996538242306]),
        (room.dai(30), [0, 30, 31], [1, 0, 0]),
        (room.logistic(30, 10), [0, 30], [1, (1 + math.exp(-3 * math.pi / math.sqrt(3))) / 2]),
        (room.power(2), [0, 1, 2, 10], [1, 1, 0.25, 0.01]),
        (room.gaussian(20, limit=40), [40, 40.001], [0.1353352832366127, 0]),
    ],
)
def test_decay_values(decay, cost, expected):
    np.testing.assert_allclose(decay(np.array(cost, float)), expected, rtol=1e-14, atol=1e-16)


def test_logistic_does_not_overflow():
    assert room.logistic(30, 0.01)(np.array([0.0, 1e6])).tolist() == [1, 0]


def test_a_decay_is_data():
    assert room.declared("stepped", steps=[10, 20], weights=[1, 0.5]) == room.stepped([10, 20], [1, 0.5])
    assert str(room.gaussian(20)) == "gaussian(width=20)"
    assert room.gaussian(20, "minutes", limit=45).label()["zh"] == "高斯递减，标准差 20 分钟，45 分钟以外不计"
    assert within(800).label("metres")["en"] == "within 800 metres, all alike"
    assert {made.kind for made in map(MADE.get, MAKERS)} == set(MAKERS)


MADE = {
    "within": within(1),
    "stepped": room.stepped([1], [1]),
    "linear": room.linear(1),
    "exponential": room.exponential(1),
    "gaussian": room.gaussian(1),
    "dai": room.dai(1),
    "logistic": room.logistic(1, 1),
    "power": room.power(1),
}


@pytest.mark.parametrize("kind", MADE)
def test_every_decay_has_words(kind):
    assert all("{" not in text for text in MADE[kind].label("minutes").values())


# faults of PySAL access 1.1.10: each has its test


def test_agents_move_where_places_are_small():
    """There, demand of 1 to 4 is rounded down to no move at all."""
    found = of([[0, 1], [0, 1], [0, 1]], [1, 2, 1], [2, 2], Measure("raam", tau=60))
    assert found == pytest.approx([1 + 1 / 120] * 3, rel=1e-5)  # half go to each service but for the way


def test_results_do_not_depend_on_the_hash_seed():
    """There, agents are in the order of a set of text ids."""
    code = (
        "import sys; sys.path.insert(0, 'tests/unit'); import test_access as t; import numpy as np\n"
        "r = np.random.default_rng(7); d = r.uniform(0, 60, (40, 9))\n"
        "c = t.costs(d, 45, origins=[f'x{k * 7919 % 40}' for k in range(40)])\n"
        "p = t.pd.Series(r.uniform(1, 4, 40), index=c.origins)\n"
        "s = t.on(r.uniform(1, 9, 9), 's')\n"
        "print([t.access(c, p, s, name).to_numpy().tobytes().hex() for name in ('raam', 'bfca', '2sfca')])"
    )
    made = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ | {"PYTHONHASHSEED": seed}
        )
        for seed in ("1", "2")
    ]
    first, second = (one.communicate()[0] for one in made)
    assert first == second
    assert len(first) > 1000


@pytest.mark.parametrize("name", MEASURES)
def test_nobody_is_missing_and_nothing_is_infinite(name):
    """There, who reaches nothing is missing, and a catchment without people makes infinity."""
    table = [[5, math.nan, math.nan], [math.nan, 3, math.nan], [math.nan, math.nan, math.nan]]
    cost = costs(table)
    found = access(cost, on([4, 0, 7], "h"), on([2, 3, 1], "s"), name)
    assert np.isfinite(found).all()
    assert found["h2"] == (found.max() if name in room.COSTS else 0)
    reached = access_table(cost, on([4, 0, 7], "h"), on([2, 3, 1], "s"), measures=[name])["reached"]
    assert reached.tolist() == [True, True, False]


def test_averages_over_everybody_not_over_those_served():
    """There, scores are divided by the mean of those who reach something."""
    found = access(costs([[5], [math.nan]]), on([1, 1], "h"), on([1], "s"), "2sfca")
    assert found.mean() == 0.5


def test_callers_tables_are_not_written_to():
    """There, a column is added to the caller's costs."""
    cost, people, offered = costs(MICRO_COSTS), on([1, 2, 3], "h"), on([4, 5], "s")
    before = [cost.matrix.copy(), people.copy(), offered.copy()]

    def spoils(values: np.ndarray) -> np.ndarray:
        values[:] = 1
        return values

    for name in MEASURES:
        access(cost, people, offered, name)
        access(cost, people, offered, name, spoils)
    assert (cost.matrix != before[0]).nnz == 0
    pd.testing.assert_series_equal(people, before[1])
    pd.testing.assert_series_equal(offered, before[2])


def test_an_index_needs_no_name():
    """There, three steps fail without one."""
    assert on([1], "h").index.name is None
    assert of([[5]], [2], [3], "3sfca") == [1.5]


def test_selection_weights_end_at_the_limit_too():
    """There, the choice between services counts those beyond the limit."""
    decay = room.gaussian(10, limit=6)
    assert of([[5, 8]], [2], [3, 9], "3sfca", decay) == of([[5, math.nan]], [2], [3, 9], "3sfca", decay, limit=8)
    assert of([[5, 8]], [2], [3, 9], "3sfca", decay) == pytest.approx([1.5], rel=1e-15)


@pytest.mark.parametrize("name", MEASURES)
def test_exactly_at_the_limit_is_inside(name):
    """There, it is lost among distances and kept among costs."""
    table = access_table(costs([[30.0, 90]]), on([2], "h"), on([3, 1], "s"), measures=[name], decays=within(30))
    assert table["reached"].all()


def test_a_decay_is_called_once_on_an_array():
    """There, it is called for every row."""
    seen = []

    def watched(values: np.ndarray) -> np.ndarray:
        seen.append(len(values))
        return np.ones_like(values)

    of(MICRO_COSTS, [1, 1, 1], [1, 1], "e2sfca", watched)
    assert seen == [6]


def test_a_service_next_door_does_not_weigh_infinitely():
    assert of([[0, 2]], [1], [1, 1], "gravity", room.power(1)) == [1.5]


def test_costs_there_and_back_may_differ():
    """Once, demand was wrong there when they did."""
    assert of([[1, 9], [2, 1]], [10, 30], [8, 5], "2sfca", within(2)) == [8 / 40, 8 / 40 + 5 / 30]


# groups, domains, decays; the inverse view


def test_groups_compete_and_domains_do_not():
    people = pd.DataFrame({"girls": [2.0, 0], "boys": [2.0, 4]}, index=["h0", "h1"])
    offered = pd.DataFrame({"health": [4.0, 0], "education": [0, 8.0]}, index=["s0", "s1"])
    table = access_table(costs([[1, 9], [1, 1]]), people, offered, measures=["2sfca"], decays={"near": within(1)})
    assert table.columns.tolist() == ["domain", "group", "decay", "measure", "access", "reached", "demand"]
    assert table["domain"].tolist() == ["health"] * 4 + ["education"] * 4
    assert table["group"].tolist() == ["girls", "girls", "boys", "boys"] * 2
    assert table["access"].tolist() == [0.5] * 4 + [0, 2, 0, 2]
    assert table["reached"].tolist() == [True] * 4 + [False, True] * 2
    assert table["demand"].tolist() == [2, 0, 2, 4] * 2


def test_services_for_one_group_only_and_speeds_of_their_own():
    people = pd.DataFrame({"adult": [1.0], "child": [1.0]}, index=["h0"])
    may = pd.DataFrame({"adult": [True, True], "child": [True, False]}, index=["s0", "s1"])
    speeds = {"adult": costs([[10, 10]]), "child": costs([[14, 14]])}
    found = access_table(speeds, people, on([2, 2], "s"), measures=["2sfca"], eligible=may).set_index("group")["access"]
    assert found.to_dict() == {"adult": 1 + 2, "child": 1}


def test_several_decays_in_one_call():
    table = access_table(costs([[10, 10]]), on([1], "h"), on([2, 2], "s"), decays={"a": within(9), "b": within(10)})
    assert table.groupby("decay")["reached"].all().to_dict() == {"a": False, "b": True}


def test_a_table_of_one_group_is_the_series():
    cost, people, offered = costs(MICRO_COSTS), on([1, 2, 3], "h"), on([4, 5], "s")
    table = access_table(cost, people, offered)
    assert table["measure"].unique().tolist() == list(room.DEFAULTS)
    for name in room.DEFAULTS:
        assert table["access"][table["measure"] == name].tolist() == access(cost, people, offered, name).tolist()


@pytest.mark.parametrize("name", ["bfca", "2sfca", "spatial_availability_per_head", "raam"])
def test_splitting_people_into_groups_alike_changes_nothing(name):
    people = pd.DataFrame({"a": [1.0, 4, 0], "b": [2.0, 1, 3]}, index=["h0", "h1", "h2"])
    cost, offered = costs(MICRO_COSTS), on([3, 5], "s")
    table = access_table(cost, people, offered, measures=[name]).set_index("group", append=True)["access"].unstack()
    whole = access(cost, people.sum(axis=1), offered, name)
    there = (people > 0).to_numpy()
    np.testing.assert_allclose(table.to_numpy()[there], np.column_stack([whole, whole])[there], rtol=1e-5)


def test_choices_and_the_only_one():
    table = choices(costs([[1, 2], [math.nan, 3], [math.nan, math.nan]]), on([5, 6], "s"))
    assert table["services"].tolist() == [2, 1, 0]
    assert table["only"].tolist() == ["", "s1", ""]
    assert table["reached"].tolist() == [True, True, False]


def test_load_of_services():
    table = load(costs([[1, 2, 9], [math.nan, 3, 9]]), on([4, 6], "h"), on([2, 4, 7], "s"), within(3))
    assert table["people"].tolist() == [4, 10, 0]
    assert table["expected"].tolist() == [2, 8, 0]
    assert table["people_per_supply"].tolist() == [1, 2, 0]
    assert table["only_choice"].tolist() == [0, 6, 0]
    assert table["reached"].tolist() == [True, True, False]


def test_load_of_a_service_that_is_in_no_costs():
    table = load(costs([[1.0]]), on([4], "h"), on([2, 4], "s"))
    assert table.loc["s1"].tolist() == [4, False, 0, 0, 0, 0]


def test_findings_count_and_show_no_home():
    cost = costs([[1, math.nan, 1], [math.nan, math.nan, math.nan], [2, math.nan, 2]])
    people = pd.concat([on([4, 3, 0], "h"), pd.Series({"home-of-li": 2.0})])
    found = {one.rule: one for one in access_findings(cost, people, on([1, 5, 0], "s"))}
    assert {rule: one.count for rule, one in found.items()} == {
        "access_not_in_costs": 1,
        "access_unreached": 2,
        "access_no_demand": 1,
        "access_supply_unreached": 1,
        "access_no_supply": 1,
    }
    assert "5 of 9 people" in found["access_unreached"].message
    assert "5 of 6 offered" in found["access_supply_unreached"].message
    assert not any("home" in str(one) or "h1" in str(one) for one in found.values())


def test_one_place_and_one_service_and_none_at_all():
    assert of([[3]], [2], [6], "bfca") == [3]
    empty = Cost(sparse.csr_array((0, 0)), pd.Index([], dtype=str), pd.Index([], dtype=str), "minutes", 5, {})
    nothing = pd.Series([], dtype=float, index=pd.Index([], dtype=str))
    assert all(access(empty, nothing, nothing, name).empty for name in MEASURES)


# intervals


@pytest.mark.parametrize("measure", ["bfca", "2sfca", "3sfca", Measure("spatial_availability", alpha=0.5), "raam"])
def test_replicates_are_as_many_accesses(measure):
    random = np.random.default_rng(3)
    cost, offered = costs(random.uniform(0, 60, (30, 6)), 40), on(random.uniform(1, 9, 6), "s")
    people = on(random.uniform(1, 9, 30), "h")
    draws = pd.DataFrame(people.to_numpy()[:, None] * random.uniform(0.8, 1.2, (30, 5)), index=people.index)
    found = access_interval(cost, people, offered, Replicates.bootstrap(draws), measure=measure)
    one_by_one = np.column_stack([access(cost, draws[column], offered, measure) for column in draws])
    own = access(cost, people, offered, measure).to_numpy()
    np.testing.assert_allclose(found["se"], np.sqrt(((one_by_one - own[:, None]) ** 2).mean(axis=1)), rtol=1e-12)
    np.testing.assert_allclose(found["low"] * found["high"], own**2, rtol=1e-12)


def test_interval_by_hand():
    # one service of 12 for 4 people: access 3; jackknife with 3 and 5 people: 4 and 2.4, variance (1 + 0.36) / 2
    draws = pd.DataFrame([[3.0, 5.0]], index=["h0"])
    found = access_interval(costs([[1.0]]), on([4], "h"), on([12], "s"), Replicates.jackknife(draws, df=1)).loc["h0"]
    assert found["se"] == pytest.approx(math.sqrt(0.68), rel=1e-14)
    assert found["high"] == pytest.approx(3 * math.exp(12.706204736432095 * math.sqrt(0.68) / 3), rel=1e-9)


def test_access_that_needs_nobody_is_sure():
    draws = pd.DataFrame([[3.0, 5.0]], index=["h0"])
    found = access_interval(costs([[1.0]]), on([4], "h"), on([12], "s"), Replicates.bootstrap(draws), measure="nearest")
    assert found.loc["h0"].tolist() == [1, 0, 1, 1, True]


def test_draws_keep_mean_and_error_and_do_not_mind_the_order():
    people, se = on([100, 50, 0], "h"), on([10, 20, 0], "h")
    made = draw_demand(people, se, draws=4_000).demand
    np.testing.assert_allclose(made.mean(axis=1), people, rtol=0.02)
    np.testing.assert_allclose(made.std(axis=1), se, rtol=0.1)
    again = draw_demand(people[::-1], se, draws=4_000).demand
    pd.testing.assert_frame_equal(again.reindex(made.index), made)


def test_interval_covers():
    """Half the people of a service are estimated with an error of 20 %: 95 % of intervals hold the true access."""
    random, inside = np.random.default_rng(11), 0
    cost, offered, se = costs([[1], [1]]), on([100], "s"), on([0, 10], "h")
    for seed in range(200):
        estimate = on([50, max(random.normal(50, 10), 1)], "h")
        found = access_interval(cost, estimate, offered, draw_demand(estimate, se, seed=seed), measure="2sfca")
        inside += found.loc["h0", "low"] <= 1 <= found.loc["h0", "high"]
    assert 0.91 < inside / 200 < 0.99


# what is refused


@pytest.mark.parametrize(
    "change, said",
    [
        ({"measure": "2sfac"}, "did you mean '2sfca'"),
        ({"measure": "2sfca", "decay": room.gaussian(9)}, "the measure is e2sfca"),
        ({"measure": "cumulative", "decay": room.gaussian(9)}, "the measure is gravity"),
        ({"decay": within(99)}, "measure travel with limit=99"),
        ({"decay": within(10, "metres")}, "give the decay in minutes"),
        ({"decay": lambda cost: -cost}, "negative or not finite"),
        ({"decay": lambda cost: 1 / cost}, "power of a cost of zero"),
        ({"decay": lambda cost: 1.0}, "called once, on an array"),
        ({"demand": on([1, 1], "h")}, "1 of 3 ids of the travel costs have no demand"),
        ({"demand": on([1, 1, -1], "h")}, "1 of 3 values of demand"),
        ({"demand": on([1, 1, math.nan], "h")}, "1 of 3 values of demand"),
        ({"demand": pd.Series([1.0, 1, 1], index=[440402001001, 2, 3])}, "read codes as text"),
        ({"demand": pd.Series([1.0, 1, 1], index=["h0", "h1", "h1"])}, "1 of 3 ids of demand are there twice"),
        ({"demand": pd.Series(["1", "1", "1"], index=["h0", "h1", "h2"])}, "not a number"),
        ({"demand": [1, 2, 3]}, "not list"),
        ({"supply": on([1], "s")}, "1 of 2 ids of the travel costs have no supply"),
    ],
)
def test_refused(change, said):
    asked = {"demand": on([1, 1, 1], "h"), "supply": on([1, 1], "s")} | change
    with pytest.raises(InputError, match=said) as error, np.errstate(divide="ignore"):
        access(costs(MICRO_COSTS), **asked)
    assert not any(f"'h{place}'" in str(error.value) for place in range(3))


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: within(0), "limit of the decay within is 0"),
        (lambda: within(5, "minuts"), "did you mean 'minutes'"),
        (lambda: room.stepped([10, 5], [1, 0.5]), "steps ascend"),
        (lambda: room.stepped([5, 10], [0.5, 1]), "never above the one before"),
        (lambda: room.stepped([5], [1, 0.5]), "one weight for each"),
        (lambda: room.gaussian(5, limit=-1), "leave it out"),
        (lambda: room.declared("gausian", width=3), "did you mean 'gaussian'"),
        (lambda: room.declared("gaussian", sigma=3), "cannot be made"),
        (lambda: Measure("nearest", n=0), "n of nearest is 0"),
        (lambda: Measure("spatial_availability", alpha=-1), "alpha"),
        (lambda: Measure("raam", tau=0), "tau of raam is 0"),
        (lambda: draw_demand(on([1, 2], "h"), on([1], "h")), "1 of 2 ids of demand have no standard error"),
        (
            lambda: access_interval(
                costs([[1.0]]), on([1], "h"), on([1], "s"), Replicates.bootstrap(pd.DataFrame([[1.0]], index=["x"]))
            ),
            "not the same",
        ),
        (
            lambda: access_table({"a": costs([[1.0]])}, on([1], "h").to_frame("b"), on([1], "s")),
            "name the same groups in both",
        ),
    ],
)
def test_declarations_refused(make, said):
    with pytest.raises(InputError, match=said):
        make()


# real data


@pytest.fixture(scope="session")
def belo_horizonte(real_data):
    """898 hexagons of Belo Horizonte with people, jobs and income, and minutes between them (ipeaGIT/accessibility)."""
    folder = real_data / "accessibility_reference"
    land = pd.read_csv(folder / "bho_land_use.csv", dtype={"id": str, "income_decile": str}).set_index("id")
    minutes = pd.read_csv(folder / "bho_travel_matrix.csv.gz", dtype={"from_id": str, "to_id": str})
    return land, minutes


FIVE = ["89a88cdb57bffff", "89a88cdb597ffff", "89a88cdb5b3ffff", "89a88cdb5cfffff", "89a88cd909bffff"]


@pytest.mark.real
def test_worked_examples_of_aceso(real_data):
    made = json.loads((real_data / "accessibility_reference" / "micro_examples.json").read_text(encoding="utf-8"))
    two, three = made["aceso_TwoStepFCA"], made["aceso_ThreeStepFCA_uniform"]
    asked = (two["distance_matrix"], two["demand"], two["supply"])
    assert of(*asked, "2sfca", within(two["radius"])) == two["accessibility"]
    assert (
        load(costs(asked[0]), on(asked[1], "h"), on(asked[2], "s"), within(6))["people"].tolist() == two["step1_demand"]
    )
    assert of(*asked, "3sfca", within(three["scale"])) == pytest.approx(three["accessibility"], rel=1e-15)


@pytest.mark.real
@pytest.mark.parametrize(
    "name, expected", [("2sfca", [0.0152, 0.1491, 0.1491, 0.1068, 0]), ("bfca", [0.0094, 0.1993, 0.1993, 0.1147, 0])]
)
def test_catchments_of_belo_horizonte(belo_horizonte, name, expected):
    """As the tests of R's accessibility have them (its test-floating_catchment_area.R)."""
    land, minutes = belo_horizonte
    some = minutes[minutes["from_id"].isin(FIVE) & minutes["to_id"].isin(FIVE)]
    cost = Cost.from_table(some, "from_id", "to_id", "travel_time")
    found = access(cost, land["population"][FIVE].astype(float), land["jobs"][FIVE].astype(float), name, within(45))
    assert found.round(4).tolist() == expected


@pytest.fixture(scope="session")
def jobs_in_half_an_hour(belo_horizonte):
    land, minutes = belo_horizonte
    cost = Cost.from_table(minutes, "from_id", "to_id", "travel_time", origins=land.index, destinations=land.index)
    return access(cost, land["population"], land["jobs"], "cumulative", within(30))


@pytest.mark.real
def test_inequality_in_belo_horizonte(belo_horizonte, jobs_in_half_an_hour):
    """As the tests of R's accessibility have them (test-gini_index, -fgt_poverty, -concentration_index, -theil_t)."""
    land, five = belo_horizonte[0].loc[FIVE], jobs_in_half_an_hour[FIVE]
    people, income = land["population"], land["income_per_capita"]
    assert round(room.gini(five, people), 4) == 0.1386
    poor = room.poverty(five, people, 100_000)
    assert [round(value, 4) for value in poor.values()] == [1, 0.5588, 0.3256]
    assert set(room.poverty(five, people, 10_000).values()) == {0.0}
    assert round(room.concentration(five, people, income), 4) == -0.0248
    assert round(room.concentration(five, people, income, corrected=True), 4) == -0.1314


@pytest.mark.real
def test_theil_in_belo_horizonte(belo_horizonte, jobs_in_half_an_hour):
    ids = ["89a88cd900bffff", *FIVE[:4]]
    land = belo_horizonte[0].loc[ids]
    found = room.theil(jobs_in_half_an_hour[ids], land["population"], land["income_decile"])
    assert [round(value, 4) for value in found[:3]] == [0.0852, 0.0515, 0.0337]
    expected = {"1": 0.0243, "3": -0.0579, "6": -0.0042, "10": 0.0894}
    assert found.groups["between"].round(4).to_dict() == expected


@pytest.mark.real
def test_all_of_belo_horizonte(belo_horizonte):
    land, minutes = belo_horizonte
    cost = Cost.from_table(minutes, "from_id", "to_id", "travel_time", origins=land.index, destinations=land.index)
    people, jobs = land["population"].astype(float), land["jobs"].astype(float)
    served = load(cost, people, jobs, within(45))
    reachable = jobs[served["reached"]].sum()
    two = access(cost, people, jobs, "2sfca", within(45))
    assert people @ two == pytest.approx(reachable, rel=1e-12)
    assert access(cost, people, jobs, "spatial_availability", within(45)).sum() == pytest.approx(reachable, rel=1e-12)
    assert served["expected"].sum() == pytest.approx(
        people[choices(cost, jobs, within(45))["reached"]].sum(), rel=1e-12
    )
