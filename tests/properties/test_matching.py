"""Matching: capacities and orders are honoured, nothing is lost, and the order of rows changes nothing."""

import itertools

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from xzz_analysis.errors import InputError
from xzz_analysis.places.matching import OBJECTIVES, Order, match, site
from xzz_analysis.places.matching.transport import fair_totals
from xzz_analysis.places.travel import Cost

CASES = 25
DOMAINS = ("education", "health")
COMMUNITIES, ORGANISATIONS = ("a", "b", "c"), ("x", "y", "z")
objectives = st.sampled_from(list(OBJECTIVES))


@st.composite
def problems(draw, most: int = 9):
    """Needs, organisations, travel."""
    cells = list(itertools.product(COMMUNITIES, DOMAINS))
    need = draw(st.lists(st.integers(0, most), min_size=len(cells), max_size=len(cells)))
    needs = pd.DataFrame(cells, columns=["community", "domain"]).assign(need=need)
    domains = st.sampled_from(["education", "health", "education health"])
    services = pd.DataFrame(
        {
            "organisation": ORGANISATIONS,
            "domains": [draw(domains) for _ in ORGANISATIONS],
            "capacity": [draw(st.integers(0, 2 * most)) for _ in ORGANISATIONS],
        }
    )
    minutes = st.one_of(st.none(), st.integers(0, 30))
    pairs = [(*pair, draw(minutes)) for pair in itertools.product(COMMUNITIES, ORGANISATIONS)]
    table = pd.DataFrame(pairs, columns=["origin", "destination", "minutes"]).dropna()
    cost = Cost.from_table(
        table, limit=30, origins=pd.Index(COMMUNITIES), destinations=pd.Index(ORGANISATIONS), unit="minutes"
    )
    return needs, services, cost


def most_met(needs, services, cost) -> float:
    """The smallest cut over all sets of needs."""
    near = {(row.origin, row.destination) for row in cost.pairs().itertuples()}
    cuts = []
    rows = list(needs.itertuples())
    for inside in itertools.product([False, True], repeat=len(rows)):
        kept = [row for row, some in zip(rows, inside, strict=True) if some]
        used = {
            offer.Index
            for offer in services.itertuples()
            for row in kept
            if row.domain in offer.domains and (row.community, offer.organisation) in near
        }
        outside = sum(row.need for row, some in zip(rows, inside, strict=True) if not some)
        cuts.append(outside + services.loc[sorted(used), "capacity"].sum())
    return float(min(cuts))


@settings(max_examples=CASES)
@given(problem=problems(), objective=objectives)
def test_nobody_is_served_twice_and_no_place_is_used_twice(problem, objective):
    found = match(*problem, objective)
    assert (found.unmet["met"] <= found.unmet["need"]).all()
    assert (found.use["used"] <= found.use["capacity"]).all()
    assert (found.allocation["people"] % 1 == 0).all()
    assert (found.unmet["met"] + found.unmet["unmet"] == found.unmet["need"]).all()
    assert found.allocation["people"].sum() == found.unmet["met"].sum() == found.use["used"].sum()
    assert (found.candidates.loc[found.candidates["why_not"] != "", "people"] == 0).all()


@settings(max_examples=CASES)
@given(problem=problems(), objective=objectives)
def test_every_objective_meets_the_most_need(problem, objective):
    assert match(*problem, objective).summary["met"] == most_met(*problem)


@settings(max_examples=CASES)
@given(problem=problems(), objective=objectives, place=st.integers(0, 2))
def test_more_places_never_serve_fewer(problem, objective, place):
    needs, services, cost = problem
    doubled = services.assign(capacity=services["capacity"] * np.where(np.arange(3) == place, 2, 1))
    before, after = match(needs, services, cost, objective), match(needs, doubled, cost, objective)
    assert after.summary["met"] >= before.summary["met"]


@settings(max_examples=CASES)
@given(problem=problems(), place=st.integers(0, 2))
def test_the_shadow_price_is_what_one_more_place_does(problem, place):
    needs, services, cost = problem
    before = match(needs, services, cost)
    more = services.assign(capacity=services["capacity"] + (np.arange(3) == place))
    assert match(needs, more, cost).summary["met"] - before.summary["met"] == before.use["one_more"].iloc[place]


@settings(max_examples=CASES)
@given(problem=problems(), objective=objectives, random=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(problem, objective, random):
    needs, services, cost = problem
    rows = [random.sample(range(len(table)), len(table)) for table in (needs, services)]
    pairs = cost.pairs().sample(frac=1, random_state=random.randint(0, 99))
    others = [pd.Index(random.sample(ids, 3)) for ids in (COMMUNITIES, ORGANISATIONS)]
    again = Cost.from_table(pairs, limit=30, origins=others[0], destinations=others[1])
    one = match(needs, services, cost, objective)
    other = match(needs.iloc[rows[0]], services.iloc[rows[1]], again, objective)
    for name in ("allocation", "unmet", "use", "candidates"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


orders = st.lists(
    st.builds(
        Order,
        st.sampled_from(["at_least", "exactly", "ban"]),
        st.sampled_from(COMMUNITIES),
        st.sampled_from(ORGANISATIONS),
        st.integers(0, 6),
        st.sampled_from(["", *DOMAINS]),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=CASES)
@given(problem=problems(), objective=objectives, decided=orders)
def test_orders_are_kept_or_refused(problem, objective, decided):
    needs, services, cost = problem
    try:
        found = match(needs, services, cost, objective, orders=decided)
    except InputError as error:
        assert error.findings
        assert any(order.kind != "ban" for order in decided)
        return
    for order in decided:
        rows = found.allocation.query("community == @order.community and organisation == @order.organisation")
        served = rows.loc[(rows["domain"] == order.domain) | (order.domain == ""), "people"].sum()
        assert {"at_least": served >= order.people, "exactly": served == order.people, "ban": served == 0}[order.kind]
    free = match(needs, services, cost, "most_need", orders=decided)
    assert found.summary["met"] == free.summary["met"]


@settings(max_examples=CASES)
@given(problem=problems(most=2), present=st.lists(st.integers(0, 2), min_size=9, max_size=9))
def test_travel_and_change_are_the_least_of_all_allocations(problem, present):
    needs, services, cost = problem
    needs = needs[needs["domain"] == "health"]
    pairs = list(itertools.product(COMMUNITIES, ORGANISATIONS))
    now = pd.DataFrame(pairs, columns=["community", "organisation"]).assign(domain="health", people=present)
    found = {name: match(needs, services, cost, name, present=now) for name in ("least_travel", "least_change")}
    usable = found["least_travel"].candidates.query("why_not in ['', 'no_places']")
    assume(len(usable) <= 7)
    every = np.array(list(itertools.product(range(3), repeat=len(usable))), float)
    kept = np.ones(len(every), bool)
    for key, most in (("community", needs.set_index("community")["need"]), ("organisation", offered(services))):
        for name, limit in most.items():
            kept &= every[:, (usable[key] == name).to_numpy()].sum(axis=1) <= limit
    every = every[kept]
    every = every[every.sum(axis=1) == every.sum(axis=1).max()]
    travel = found["least_travel"].summary
    assert abs(travel["mean_cost"] * travel["met"] - (every @ usable["cost"].to_numpy()).min()) < 1e-6
    outside = found["least_change"].candidates.query("why_not not in ['', 'no_places']")["now"].sum()
    moved = np.abs(every - usable["now"].to_numpy()).sum(axis=1).min()
    assert abs(found["least_change"].summary["changed"] - outside - moved) < 1e-6


def offered(services) -> pd.Series:
    return services.set_index("organisation")["capacity"]


def by_brute_force(need, capacity, pairs) -> np.ndarray:
    """Fair totals: the set with the smallest share of all that it can get comes first, then the next."""
    rows = len(need)

    def rank(some) -> float:
        cuts = []
        for inside in itertools.chain.from_iterable(
            itertools.combinations(some, size) for size in range(len(some) + 1)
        ):
            used = {pool for row, pool in pairs if row in inside}
            cuts.append(sum(need[row] for row in some if row not in inside) + sum(capacity[pool] for pool in used))
        return min(cuts)

    done, totals = [], np.zeros(rows)
    left = [row for row in range(rows) if need[row] > 0]
    while left:
        sets = list(itertools.chain.from_iterable(itertools.combinations(left, size + 1) for size in range(len(left))))
        share = [(rank([*done, *some]) - rank(done)) / sum(need[row] for row in some) for some in sets]
        lowest = min(share)
        worst = max((some for some, value in zip(sets, share, strict=True) if value < lowest + 1e-9), key=len)
        for row in worst:
            totals[row] = lowest * need[row]
        done, left = [*done, *worst], [row for row in left if row not in worst]
    return totals


@settings(max_examples=CASES)
@given(
    need=st.lists(st.integers(0, 12), min_size=4, max_size=4),
    capacity=st.lists(st.integers(0, 12), min_size=3, max_size=3),
    near=st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_fair_totals_agree_with_brute_force(need, capacity, near):
    pairs = [(row, pool) for (row, pool), some in zip(itertools.product(range(4), range(3)), near, strict=True) if some]
    rows, pools = (np.array([pair[side] for pair in pairs], int) for side in (0, 1))
    found = fair_totals(np.array(need, float), np.array(capacity, float), (rows, pools), np.arange(4), np.zeros(4))
    np.testing.assert_allclose(found, by_brute_force(need, capacity, pairs), atol=2e-3)


@settings(max_examples=CASES)
@given(problem=problems())
def test_fair_is_never_worse_for_the_worst_off(problem):
    fair, other = match(*problem, "fair"), match(*problem)
    lowest = fair.unmet.groupby("community")["need"].sum()
    step = 1 / lowest[lowest > 0].min() if (lowest > 0).any() else 0  # people are whole
    assert fair.summary["lowest_share"] >= other.summary["lowest_share"] - step - 1e-9


@settings(max_examples=30)
@given(problem=problems(), count=st.integers(0, 2), limited=st.booleans())
def test_one_more_site_never_covers_fewer(problem, count, limited):
    needs, services, cost = problem
    demand = needs.groupby("community")["need"].sum().astype(float)
    places = services.set_index("organisation")["capacity"].astype(float) if limited else None
    one, other = (site(ORGANISATIONS, demand, cost, number, capacity=places) for number in (count, count + 1))
    assert other.covered >= one.covered - 1e-6
    assert one.greedy_covered <= one.covered + 1e-6
    assert one.covered <= one.demand + 1e-6
