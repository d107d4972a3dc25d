"""Matching on tables small enough to be solved by hand."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from xzz_analysis.errors import InputError
from xzz_analysis.places.matching import OBJECTIVES, Order, match, site, stability
from xzz_analysis.places.matching.candidates import WHY_NOT
from xzz_analysis.places.travel import Cost

NEEDS = pd.DataFrame(
    {
        "community": ["ash", "ash", "birch", "cedar", "dune"],
        "domain": ["education", "health", "education", "education", "support"],
        "need": [10, 5, 20, 7, 3],
        "low": [6, 3, 15, 2, 1],
        "high": [14, 8, 25, 12, 9],
    }
)
SERVICES = pd.DataFrame(
    {
        "organisation": ["north", "south", "west"],
        "domains": ["education health", ("education",), "education"],
        "capacity": [12, 9.9, np.nan],
        "ties": ["ash", "", ""],
    }
)
MINUTES = [
    ("ash", "north", 5),
    ("ash", "south", 12),
    ("birch", "north", 30),
    ("birch", "south", 3),
    ("cedar", "west", 4),
]


def cost_of(pairs=MINUTES, limit=45, communities=("ash", "birch", "cedar", "dune"), others=("north", "south", "west")):
    table = pd.DataFrame(pairs, columns=["origin", "destination", "minutes"])
    return Cost.from_table(table, limit=limit, origins=pd.Index(communities), destinations=pd.Index(others))


def people(found, community, organisation, domain="education"):
    rows = found.allocation.query("community == @community and organisation == @organisation and domain == @domain")
    return float(rows["people"].sum())


def test_most_need_is_met_and_the_rest_is_told():
    found = match(NEEDS, SERVICES, cost_of())
    assert found.summary["met"] == 21
    assert found.summary["unmet"] == 24
    unmet = found.unmet.set_index(["community", "domain"])
    assert unmet["need"].sum() == unmet["met"].sum() + unmet["unmet"].sum()
    assert unmet.loc[("cedar", "education"), ["in_reach", "can_help"]].tolist() == [1, 0]
    assert unmet.loc[("dune", "support"), "in_reach"] == 0
    assert {finding.rule for finding in found.findings} == {"capacity_not_stated"}


def test_places_are_whole_and_shared_by_the_domains_of_a_row():
    use = match(NEEDS, SERVICES, cost_of()).use.set_index("organisation")
    assert use["capacity"].tolist() == [12, 9, 0]
    assert (use["used"] + use["free"] == use["capacity"]).all()
    assert use["one_more"].tolist() == [1, 1, 0]


def test_separate_places_for_each_domain():
    services = pd.DataFrame({"organisation": ["north", "north"], "domain": ["education", "health"], "capacity": [4, 5]})
    found = match(NEEDS, services, cost_of())
    assert people(found, "ash", "north", "health") == 5
    assert found.summary["met"] == 9


def test_fair_raises_the_lowest_share_and_loses_nobody():
    found = match(NEEDS, SERVICES, cost_of(), "fair")
    shares = found.unmet.groupby("community")[["met", "need"]].sum()
    assert (shares["met"] / shares["need"])[["ash", "birch"]].tolist() == [0.6, 0.6]
    assert found.summary["lowest_share"] == 0.6
    assert found.summary["met"] == match(NEEDS, SERVICES, cost_of()).summary["met"]


def test_least_change_stays_with_the_present():
    present = pd.DataFrame(
        {"community": ["birch", "ash"], "domain": "education", "organisation": ["north", "south"], "people": [6, 2]}
    )
    kept = match(NEEDS, SERVICES, cost_of(), "least_change", present=present)
    assert (people(kept, "birch", "north"), people(kept, "ash", "south")) == (6, 2)
    assert kept.summary["met"] == 21
    assert kept.summary["changed"] == 13
    nearest = match(NEEDS, SERVICES, cost_of(), "least_travel", present=present)
    assert people(nearest, "birch", "north") == 0
    assert nearest.summary["mean_cost"] < kept.summary["mean_cost"]


def test_present_outside_the_candidates_is_a_finding():
    present = pd.DataFrame({"community": ["cedar"], "domain": "education", "organisation": ["west"], "people": [6]})
    found = match(NEEDS, SERVICES, cost_of(), "least_change", present=present)
    (finding,) = [one for one in found.findings if one.rule == "present_outside"]
    assert finding.count == 6


def test_keep_trades_need_for_travel():
    far = [("ash", "north", 5), ("birch", "north", 44)]
    needs = pd.DataFrame({"community": ["ash", "birch"], "domain": "health", "need": [5, 5]})
    services = pd.DataFrame({"organisation": ["north"], "domain": ["health"], "capacity": [10]})
    found = match(needs, services, cost_of(far), "least_travel", keep=0.5)
    assert found.allocation["community"].tolist() == ["ash"]
    assert found.use["one_more"].tolist() == [0]
    assert "还有名额，但本方案没有安排" in found.actions().set_index("kind").loc["unmet", "zh"]


def test_locks_and_bans_are_kept():
    orders = [
        Order("exactly", "birch", "north", 3),
        Order("ban", "birch", "south"),
        Order("at_least", "ash", "north", 2),
    ]
    found = match(NEEDS, SERVICES, cost_of(), orders=orders)
    assert people(found, "birch", "north") == 3
    assert people(found, "birch", "south") == 0
    assert people(found, "ash", "north") + people(found, "ash", "north", "health") >= 2
    banned = found.candidates.query("community == 'birch' and organisation == 'south'")
    assert banned["why_not"].tolist() == ["banned"]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (Order("at_least", "cedar", "west", 2), "does not say how many people it can take"),
        (Order("at_least", "cedar", "north", 2), "not within reach"),
        (Order("at_least", "ash", "south", 2, domain="health"), "offers nothing it needs"),
        (Order("at_least", "ash", "north", 13), "1 people too many"),
        (Order("at_least", "birch", "south", 12), "3 people too many"),
    ],
)
def test_locks_that_cannot_be_kept_are_refused_with_the_reason(order, reason):
    with pytest.raises(InputError, match=reason):
        match(NEEDS, SERVICES, cost_of(), orders=[order])


def test_a_lock_against_a_ban_is_refused():
    orders = [Order("ban", "birch", "south"), Order("exactly", "birch", "south", 3)]
    with pytest.raises(InputError, match="people decided against it"):
        match(NEEDS, SERVICES, cost_of(), orders=orders)


def test_locks_that_are_too_much_together_are_refused():
    orders = [Order("at_least", "ash", "south", 6), Order("at_least", "birch", "south", 6)]
    with pytest.raises(InputError, match="2 locks cannot all be kept") as caught:
        match(NEEDS, SERVICES, cost_of(), orders=orders)
    assert len(caught.value.findings) == 1


def test_fair_keeps_locks():
    orders = [Order("at_least", "birch", "north", 8), Order("exactly", "ash", "south", 1)]
    found = match(NEEDS, SERVICES, cost_of(), "fair", orders=orders)
    assert people(found, "birch", "north") >= 8
    assert people(found, "ash", "south") == 1
    assert found.summary["met"] == 21


def test_groups_communities_and_closed_organisations():
    needs = pd.DataFrame({"community": "ash", "domain": "health", "group": ["migrant", "local", ""], "need": [4, 4, 4]})
    services = pd.DataFrame(
        {
            "organisation": ["a", "b", "c", "d"],
            "domains": "health",
            "capacity": 50,
            "eligibility": ["local", "", "", ""],
            "serves": ["", "birch", "", "ash"],
            "status": ["active", "active", "closed", "unverified"],
        }
    )
    cost = cost_of([("ash", key, 9) for key in "abcd"], others=tuple("abcd"))
    found = match(needs, services, cost)
    told = found.candidates.set_index(["group", "organisation"])["why_not"]
    assert told[("migrant", "a")] == "group"
    assert told[("", "a")] == "group"
    assert told[("local", "a")] == ""
    assert set(told.xs("b", level="organisation")) == {"community"}
    assert set(told.xs("c", level="organisation")) == {"closed"}
    assert set(told.xs("d", level="organisation")) == {""}
    assert set(WHY_NOT) >= set(told)


def test_reach_includes_the_limit_and_zero():
    needs = pd.DataFrame({"community": ["ash", "birch"], "domain": "health", "need": [1, 1]})
    services = pd.DataFrame({"organisation": ["north"], "domain": "health", "capacity": 5})
    found = match(needs, services, cost_of([("ash", "north", 0.0), ("birch", "north", 45.0)]))
    assert found.summary["met"] == 2


def test_ties_go_to_the_first_id():
    needs = pd.DataFrame({"community": ["ash"], "domain": "health", "need": [5]})
    services = pd.DataFrame({"organisation": ["b", "a", "c"], "domain": "health", "capacity": 5})
    cost = cost_of([("ash", key, 9) for key in "cab"], others=tuple("cab"))
    for objective in OBJECTIVES:
        assert match(needs, services, cost, objective).allocation["organisation"].tolist() == ["a"]


def test_sentences_for_a_station_head():
    names = {
        "ash": {"zh": "梣社区", "en": "Ash"},
        "birch": {"zh": "桦社区", "en": "Birch"},
        "south": {"zh": "南站", "en": "the South station"},
    }
    present = pd.DataFrame({"community": ["birch"], "domain": "education", "organisation": ["south"], "people": [1]})
    table = match(NEEDS, SERVICES, cost_of(), present=present).actions(names)
    served = table.query("kind == 'allocate' and community == 'birch'").iloc[0]
    assert served["zh"] == "南站为桦社区的9人提供教育服务（路程3分钟，目前服务1人）。"
    assert served["en"] == "the South station serves 9 people of Birch for education (3 minutes away; 1 person now)."
    left = table.query("kind == 'unmet'")
    assert left["people"].tolist() == [11, 7, 3, 3]
    assert left["zh"].iloc[0] == (
        "桦社区的教育：有需要的20人，可以安排9人，还有11人没有着落；可及范围内能接收的机构有2家，名额已用完。"
    )
    assert left["en"].iloc[0] == (
        "Birch, education: 20 people in need, 9 people with a place, 11 people without; "
        "services in reach that can take them: 2, all places taken."
    )
    more = table.query("kind == 'one_more'")["en"].tolist()
    assert (
        more[1]
        == "One more place at the South station serves one person more; it could take 11 people who have no place."
    )


def test_reasons_in_both_languages():
    table = match(NEEDS, SERVICES, cost_of()).reasons()
    assert (table["zh"] != "").all()
    west = table.query("organisation == 'west'").iloc[0]
    assert west["en"] == "it offers education and is 4 minutes away, but it does not say how many people it can take"
    north = table.query("organisation == 'north' and domain == 'health'").iloc[0]
    assert north["zh"] == "提供健康服务，路程5分钟，共12个名额，还剩0个，面向所有人，已有合作"


def test_stability():
    found = match(NEEDS, SERVICES, cost_of())
    told, again = stability(found, 60, seed=3), stability(found, 60, seed=3)
    pd.testing.assert_frame_equal(told.pairs, again.pairs)
    pairs = told.pairs.set_index(["community", "domain", "organisation"])
    assert pairs.loc[("birch", "education", "south"), "stays"] == 1
    assert 0 < pairs.loc[("ash", "health", "north"), "stays"] < 1
    unmet = told.unmet.set_index(["community", "domain"])
    assert unmet.loc[("dune", "support"), "left"] == 1
    assert (unmet["unmet_low"] <= unmet["unmet"]).all()
    assert (unmet["unmet"] <= unmet["unmet_high"]).all()


def test_stability_without_intervals_changes_nothing():
    found = match(NEEDS.drop(columns=["low", "high"]), SERVICES, cost_of(), "fair")
    told = stability(found, 3)
    assert set(told.pairs["stays"]) == {1.0}
    assert (told.pairs["people"] == told.pairs["people_low"]).all()


def test_another_community_does_not_change_the_draws_of_the_others():
    found = match(NEEDS, SERVICES, cost_of())
    fewer = match(NEEDS.iloc[:-1], SERVICES, cost_of())
    one, other = (stability(some, 40).unmet.set_index(["community", "domain"]) for some in (found, fewer))
    pd.testing.assert_frame_equal(one.loc[other.index], other)


def test_stability_with_locks():
    found = match(NEEDS, SERVICES, cost_of(), orders=[Order("at_least", "ash", "south", 9, domain="education")])
    assert stability(found, 20).pairs.set_index("organisation").loc["south", "stays"].max() == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda needs: needs.rename(columns={"need": "needs"}), "did you mean 'needs'"),
        (lambda needs: needs.assign(need=-1), "5 are negative"),
        (lambda needs: needs.assign(need="many"), "5 are text"),
        (lambda needs: needs.assign(need=np.inf), "5 are infinite"),
        (lambda needs: pd.concat([needs, needs.iloc[:2]]), "2 rows of needs repeat"),
        (lambda needs: needs.assign(high=1), "outside their own interval"),
        (lambda needs: needs.assign(community=1.5), "leading zeros"),
        (lambda needs: needs.assign(community=""), "blank in 5 of 5"),
        (lambda needs: needs.assign(community=["ash", "ash2", "birch", "cedar", "dune"]), "did you mean 'ash'"),
    ],
)
def test_needs_that_cannot_be_used(change, message):
    with pytest.raises(InputError, match=message):
        match(change(NEEDS), SERVICES, cost_of())


def test_unmeasured_need_is_left_out_and_said():
    found = match(NEEDS.assign(need=[10, np.nan, 20, 7, 3], low=np.nan, high=np.nan), SERVICES, cost_of())
    assert "need_not_measured" in {finding.rule for finding in found.findings}
    assert ("ash", "health") not in set(zip(found.unmet["community"], found.unmet["domain"], strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="capacity"), "no column 'capacity'"),
        (lambda table: table.assign(capacity=-2), "3 are negative"),
        (lambda table: table.assign(organisation="north"), "name a domain in more than one row"),
        (lambda table: table.assign(organisation=["norh", "x", "y"]), "did you mean 'north'"),
    ],
)
def test_organisations_that_cannot_be_used(change, message):
    with pytest.raises(InputError, match=message):
        match(NEEDS, change(SERVICES), cost_of())


def test_an_organisation_without_a_place_is_a_finding():
    services = pd.concat([SERVICES, pd.DataFrame({"organisation": ["line"], "domains": "health", "capacity": 5})])
    found = match(NEEDS, services, cost_of())
    assert "organisation_without_place" in {finding.rule for finding in found.findings}


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_nothing_to_match(objective):
    found = match(NEEDS.iloc[:0], SERVICES, cost_of(), objective)
    assert found.summary["need"] == 0
    assert not len(found.actions().query("kind != 'one_more'"))
    nobody = match(NEEDS, SERVICES, cost_of([]), objective)
    assert nobody.summary["met"] == 0
    assert len(nobody.actions().query("kind == 'unmet'")) == 5


def test_wrong_words_are_refused():
    with pytest.raises(InputError, match="did you mean 'most_need'"):
        match(NEEDS, SERVICES, cost_of(), "most_needs")
    with pytest.raises(InputError, match="keep is 0"):
        match(NEEDS, SERVICES, cost_of(), keep=0)
    with pytest.raises(InputError, match="did you mean 'ban'"):
        Order("bann", "ash", "north")
    with pytest.raises(InputError, match="0 draws"):
        stability(match(NEEDS, SERVICES, cost_of()), 0)


# ---- siting


def town(seed, communities=12, sites=7, reach=40.0):
    draw = np.random.default_rng(seed)
    one, other = draw.uniform(0, 100, (communities, 2)), draw.uniform(0, 100, (sites, 2))
    far = np.hypot(*(one[:, None] - other[None]).transpose(2, 0, 1))
    ids = [f"c{place:02}" for place in range(communities)], [f"s{place}" for place in range(sites)]
    rows = [(ids[0][i], ids[1][j], far[i, j]) for i, j in np.argwhere(far <= reach)]
    cost = cost_of(rows, reach, *(tuple(names) for names in ids))
    return pd.Series(draw.integers(1, 40, communities).astype(float), index=ids[0]), cost, far


def covered(demand, far, chosen, reach=40.0):
    return float(demand[(far[:, list(chosen)] <= reach).any(axis=1)].sum()) if chosen else 0.0


@pytest.mark.parametrize("seed", range(4))
def test_cover_agrees_with_all_choices(seed):
    demand, cost, far = town(seed)
    best = max(covered(demand, far, chosen) for chosen in itertools.combinations(range(7), 3))
    found = site(cost.destinations, demand, cost, 3)
    assert found.covered == pytest.approx(best)
    assert (found.gap, found.bound) == (0, pytest.approx(best))
    assert covered(demand, far, [int(key[1:]) for key in found.chosen]) == pytest.approx(best)
    assert best * (1 - 1 / np.e) <= found.greedy_covered <= best


@pytest.mark.parametrize("seed", range(4))
def test_median_agrees_with_all_choices(seed):
    demand, cost, far = town(seed, reach=60.0)

    def travel(chosen):
        near = far[:, list(chosen)].min(axis=1)
        return -covered(demand, far, chosen, 60.0), float((near * demand)[near <= 60].sum())

    best = min(travel(chosen) for chosen in itertools.combinations(range(7), 3))
    found = site(cost.destinations, demand, cost, 3, method="median")
    assert (found.covered, found.covered * found.mean_cost) == pytest.approx((-best[0], best[1]))


def test_marginal_values_are_those_of_adding_and_dropping():
    demand, cost, far = town(5)
    found = site(cost.destinations, demand, cost, 3)
    chosen = {int(key[1:]) for key in found.chosen}
    for key, row in found.candidates.iterrows():
        place = int(key[1:])
        expected = abs(covered(demand, far, chosen ^ {place}) - found.covered)
        assert row["adds"] == pytest.approx(expected)
        assert row["alone"] == pytest.approx(covered(demand, far, [place]))


def test_open_services_stay_and_do_not_count():
    demand, cost, far = town(6)
    found = site(cost.destinations, demand, cost, 2, already_open=["s3"])
    best = max(covered(demand, far, (3, *chosen)) for chosen in itertools.combinations([0, 1, 2, 4, 5, 6], 2))
    assert found.covered == pytest.approx(best)
    assert found.before == pytest.approx(covered(demand, far, [3]))
    assert "s3" not in found.chosen
    assert "s3" not in found.candidates.index


@pytest.mark.parametrize("seed", range(3))
def test_capacities_agree_with_all_choices(seed):
    demand, cost, far = town(seed, communities=8, sites=6)
    places = pd.Series([15.0, 25, 40, 8, 30, 22], index=cost.destinations)
    found = site(cost.destinations, demand, cost, 2, capacity=places)

    def served(chosen):
        """Most people placed: the smallest cut over sets of communities."""
        cuts = []
        for some in itertools.product([False, True], repeat=8):
            inside = np.array(some)
            near = [place for place in chosen if (far[inside, place] <= 40).any()]
            cuts.append(demand[~inside].sum() + places.iloc[near].sum())
        return min(cuts)

    best = max(served(chosen) for chosen in itertools.combinations(range(6), 2))
    assert found.covered == pytest.approx(best)
    for key, row in found.candidates.iterrows():
        chosen = {int(name[1:]) for name in found.chosen} ^ {int(key[1:])}
        assert row["adds"] == pytest.approx(abs(served(sorted(chosen)) - found.covered))


def test_siting_says_what_it_found():
    demand, cost, _ = town(1)
    found = site(cost.destinations, demand, cost, 2)
    told = found.sentences({found.chosen[0]: {"zh": "甲", "en": "A"}})
    assert f"由0人增至{found.covered:.0f}人，共{demand.sum():.0f}人。已证明没有更好的选择。" in told["zh"]
    assert told["en"].startswith(
        f"With 2 new (A, {found.chosen[1]}), people covered rise from 0 to {found.covered:.0f}"
    )
    assert found.served["covered"].sum() == found.covered
    assert (found.served.loc[~found.served["reached"], "site"] == "").all()


def test_a_siting_that_was_not_proved_says_so():
    demand, cost, _ = town(1)
    found = replace(site(cost.destinations, demand, cost, 2), bound=999.0, gap=0.5)
    assert "限定时间内未能证明最优：任何选择最多覆盖999人。" in found.sentences()["zh"]
    assert "no choice covers more than 999" in found.sentences()["en"]
    with pytest.raises(InputError, match="give it more time"):
        site(cost.destinations, demand, cost, 2, seconds=0)


def test_siting_does_not_depend_on_the_order():
    demand, cost, _ = town(2)
    one = site(cost.destinations, demand, cost, 3)
    other = site(list(cost.destinations)[::-1], demand.iloc[::-1], cost, 3)
    assert one.chosen == other.chosen
    pd.testing.assert_frame_equal(one.candidates, other.candidates)
    pd.testing.assert_frame_equal(one.served, other.served)


def test_siting_nothing():
    demand, cost, _ = town(2)
    assert site(cost.destinations, demand, cost, 0).covered == 0
    assert site(cost.destinations, demand * 0, cost, 1).demand == 0
    everything = site(cost.destinations, demand, cost, 7)
    assert len(everything.chosen) == 7
    assert everything.covered <= demand.sum()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"count": 9}, "9 of 7 candidates"),
        ({"candidates": ["s1", "s11"]}, "did you mean 's1'"),
        ({"already_open": ["x"]}, "already_open"),
        ({"method": "covers"}, "did you mean 'cover'"),
        ({"capacity": pd.Series({"s1": 3.0})}, "6 sites have no capacity"),
        ({"demand": pd.Series({"c01": np.nan})}, "unmeasured is not zero"),
        ({"demand": pd.Series({"nowhere": 4.0})}, "no origin"),
        ({"demand": pd.Series([4.0, 5.0], index=["c01", "c01"])}, "there twice"),
    ],
)
def test_sitings_that_cannot_be_made(given, message):
    demand, cost, _ = town(1)
    asked = {"candidates": cost.destinations, "demand": demand, "cost": cost, "count": 1} | given
    with pytest.raises(InputError, match=message):
        site(**asked)
