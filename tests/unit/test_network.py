"""The network of mutual support, against small ones whose figures are known."""

import networkx as nx
import pytest

from tests.small_ledgers import ledgers_of
from xzz_analysis.atlas.services import ties as shown
from xzz_analysis.services.network import (
    LEFT_OUT,
    carriers,
    group_network,
    isolates,
    jaccard,
    measures,
    network,
    parties,
    placed,
    reach,
    tie_changes,
    tie_counts,
)

PEOPLE = [
    {"person": "mother", "family": "F1", "community": "heyan"},
    {"person": "child", "family": "F1", "community": "heyan"},
    {"person": "father", "family": "F2", "community": "heyan"},
    {"person": "alone", "family": "", "community": "weidu"},
    {"person": "helper", "family": "F3", "community": "heyan"},
    {"person": "grandmother", "family": "F3", "community": "heyan"},
    {"person": "worker", "family": "", "community": "weidu"},
    {"person": "grocer", "family": "F4", "community": "weidu"},
    {"person": "gone", "family": "F5", "community": "weidu", "withdrawn": "2025-01-01"},
]
ROLES = [
    {"person": "helper", "role": "helper", "since": "2024-01-01"},
    {"person": "worker", "role": "social_worker", "since": "2024-01-01"},
    {"person": "father", "role": "volunteer", "since": "2024-01-01", "until": "2024-12-31"},
]
MERCHANTS = [{"merchant": "M1", "community": "weidu", "owner": "grocer"}]
ORGANISATIONS = [{"organisation": "O1", "standing": "partner", "since": "2024-01-01", "community": "heyan"}]


def tie(source, target, date="2025-05-01", **more):
    return {"source": source, "target": target, "date": date, "relation": "", "mode": "", **more}


def opened(folder, ties, period="2025", people=PEOPLE, roles=ROLES):
    tables = {"people": people, "roles": roles, "merchants": MERCHANTS, "organisations": ORGANISATIONS, "ties": ties}
    return ledgers_of(folder, tables, period)


TIES = [
    tie("helper", "mother"),
    tie("mother", "helper", "2025-06-01"),
    tie("helper", "father"),
    tie("father", "M1"),
    tie("O1", "worker"),
]


def test_what_stands_at_the_ends_of_ties(tmp_path):
    known = parties(opened(tmp_path, TIES))
    kinds = known.node.map(known.nodes["kind"]).to_dict()
    assert kinds == {
        "mother": "family", "child": "family", "father": "family", "alone": "family", "helper": "volunteer",
        "grandmother": "family", "worker": "staff", "grocer": "merchant", "M1": "merchant", "O1": "organisation",
    }  # fmt: skip
    assert known.node["mother"] == known.node["child"] and known.node["grocer"] == known.node["M1"]
    assert set(known.families["family"]) == {"F1", "F2", "F3", "F4", "alone alone"}


def test_a_network_whose_every_tie_names_a_stranger(tmp_path):
    found = network(opened(tmp_path, [tie("nobody", "stranger")]))
    changes = tie_changes(found, network(opened(tmp_path / "other", TIES)))
    assert len(found.ties) == 0 and [one.count for one in found.findings] == [1]
    assert len(changes["new"]) == 4 and len(changes["lost"]) == 0


def test_the_figures_of_a_small_network(tmp_path):
    found = network(opened(tmp_path, TIES))
    told = measures(found)
    assert (told.ties, told.contacts, told.mutual, told.components, told.largest) == (4, 5, 1, 2, 4)
    assert told.nodes == {"family": 2, "volunteer": 1, "merchant": 1, "organisation": 1, "staff": 1}
    assert told.cut == {"family": 1, "volunteer": 1, "merchant": 0, "organisation": 0, "staff": 0}
    assert told.exact and found.findings == ()


def test_families_are_reached_through_any_member(tmp_path):
    found = network(opened(tmp_path, TIES))
    (row,) = reach(found).to_dict("records")
    assert row == {"families": 5, "tied": 4, "near": 4}  # F4 through the shop; F3 through its volunteer
    by = reach(found, "community").set_index("community")
    assert by.loc["heyan"].to_list() == [3, 3, 3] and by.loc["weidu", "families"] == 2
    assert isolates(found) == {"family": 1, "volunteer": 0}


def test_two_ties_lead_to_a_volunteer_and_three_do_not(tmp_path):
    chain = [tie("helper", "mother"), tie("mother", "father"), tie("father", "alone")]
    (row,) = reach(network(opened(tmp_path, chain))).to_dict("records")
    assert row == {"families": 5, "tied": 4, "near": 3}


def test_what_is_no_tie_is_counted_and_told_without_a_key(tmp_path):
    ties = [
        tie("helper", "grandmother"),
        tie("mother", "child"),
        tie("mother", "nobody"),
        tie("gone", "mother"),
        tie("M1", "grocer"),
    ]
    found = network(opened(tmp_path, ties))
    assert len(found.ties) == 0
    assert {one.rule: one.count for one in found.findings} == {"tie_unknown_party": 2, "tie_to_itself": 3}
    said = " ".join(str(one) for one in found.findings) + repr(found) + repr(found.parties)
    assert not [key for key in ("helper", "mother", "nobody", "gone", "F1") if key in said.replace("himself", "")]
    assert "first in line 4" in said and "first in line 2" in said


def test_only_ties_of_the_period_count(tmp_path):
    ledgers = opened(tmp_path, [tie("helper", "mother", "2024-12-31"), tie("helper", "father", "2025-01-01")])
    now, before = network(ledgers), network(ledgers, ledgers.period.before())
    changes = tie_changes(before, now)
    assert {name: len(table) for name, table in changes.items()} == {"new": 1, "kept": 0, "lost": 1}
    assert jaccard(changes) == 0


def test_kinds_are_the_same_in_both_periods(tmp_path):
    # father volunteered in 2024 only: in both networks of a report on 2025 he is his family
    ledgers = opened(tmp_path, [tie("mother", "father", "2024-05-01"), tie("father", "mother", "2025-05-01")])
    changes = tie_changes(network(ledgers, ledgers.period.before()), network(ledgers))
    assert len(changes["kept"]) == 1 and jaccard(changes) == 1


def test_nothing_has_no_jaccard_and_no_assortativity(tmp_path):
    ledgers = opened(tmp_path, [tie("helper", "mother", "2023-05-01")])
    found = network(ledgers)
    assert measures(found).ties == 0 and measures(found).assortativity != measures(found).assortativity
    assert jaccard(tie_changes(found, found)) != jaccard(tie_changes(found, found))
    assert all(len(safe().frame) == len(frame) for frame, safe in shown.figures(ledgers))


def test_the_middle_of_a_star_carries_everything():
    assert carriers(nx.star_graph(["hub", *"abcdef"])) == ["hub"]
    assert carriers(nx.path_graph(list("abcde"))) == ["c", "b"]  # 4 + 3 of 10
    assert carriers(nx.Graph([("a", "b")])) == []


def test_betweenness_is_sampled_with_a_fixed_seed():
    graph = nx.barabasi_albert_graph(400, 2, seed=4)
    exact, sampled = carriers(graph), carriers(graph, large=100)
    assert sampled == carriers(graph, large=100)
    assert len(set(exact) & set(sampled)) > 0.8 * len(exact)


def test_assortativity_is_one_where_ties_stay_inside(tmp_path):
    ties = [tie("helper", "mother"), tie("alone", "grocer")]
    assert measures(network(opened(tmp_path, ties))).assortativity == pytest.approx(1)


def test_relations_and_modes_are_counted(tmp_path):
    ties = [
        tie("helper", "mother", relation="peer", mode="online"),
        tie("helper", "mother", relation="peer", mode="at_home"),
        tie("M1", "O1", relation="partnership", mode="online"),
        tie("helper", "father", "2024-01-01", relation="mentor"),
    ]
    ledgers = opened(tmp_path, ties)
    assert tie_counts(ledgers, "relation").to_numpy().tolist() == [["peer", 2, 2], ["partnership", 1, 0]]
    assert tie_counts(ledgers, "mode").to_numpy().tolist() == [["online", 2, 2], ["at_home", 1, 2]]


# --- groups


def crowd(folder, small=2, seed_ties=()):
    """Eight families and six volunteers of heyan, as many of weidu, and a few families of beili."""
    people, roles, ties = [], [], []
    for community, families in (("heyan", 8), ("weidu", 8), ("beili", small)):
        names = [f"{community}{at}" for at in range(families)]
        people += [{"person": name, "family": f"f {name}", "community": community} for name in names]
        if community != "beili":
            helpers = [f"{community} v{at}" for at in range(6)]
            people += [{"person": name, "family": "", "community": community} for name in helpers]
            roles += [{"person": name, "role": "volunteer", "since": "2024-01-01"} for name in helpers]
            ties += [tie(helpers[at % 6], name) for at, name in enumerate(names)]
        else:
            ties += [tie("heyan v0", name) for name in names]
    return opened(folder, [*ties, *seed_ties], people=people, roles=roles)


def test_groups_with_few_are_left_out_with_their_ties(tmp_path):
    found = group_network(network(crowd(tmp_path)), 5)
    assert set(found.groups.index) == {"heyan family", "heyan volunteer", "weidu family", "weidu volunteer"}
    assert found.groups["persons"].min() >= 5
    assert found.ties["ties"].sum() == 18  # those that lead out of the groups are a row of their own
    assert found.ties[found.ties["one"] == LEFT_OUT]["ties"].to_list() == [2]


def test_few_of_several_communities_are_put_together(tmp_path):
    people = [{"person": f"p{at}", "family": f"f{at}", "community": f"c{at % 3}"} for at in range(9)]
    ties = [tie(f"p{at}", f"p{(at + 1) % 9}") for at in range(9)]
    found = group_network(network(opened(tmp_path, ties, people=people, roles=ROLES[:1])), 5)
    assert found.groups[["community", "kind", "persons"]].to_numpy().tolist() == [["anywhere", "others", 9]]


def test_lines_of_few_are_hidden_and_do_not_follow_from_the_total(tmp_path):
    frame = shown.protected_groups(crowd(tmp_path)).frame
    hidden = frame[frame["suppressed"]]
    assert LEFT_OUT in set(hidden["one"])
    assert len(hidden) == 2 and hidden["estimate"].isna().all()  # the smallest other line goes with it


def test_places_of_groups_do_not_hang_on_the_order_of_rows(tmp_path):
    groups = group_network(network(crowd(tmp_path)), 5).groups
    one, other = placed(groups, ["weidu", "heyan"]), placed(groups[::-1], ["weidu", "heyan"])
    assert one.equals(other) and list(one["community"]) == ["weidu", "weidu", "heyan", "heyan"]
    assert ((one["x"] ** 2 + one["y"] ** 2) - 1).abs().max() < 1e-8


def test_changes_are_shown_together_or_not_at_all(tmp_path):
    few = shown.protected_single(opened(tmp_path, TIES)).frame.set_index("option")
    assert few.loc[["new", "ties", "jaccard"], "suppressed"].all()
    enough = shown.protected_single(crowd(tmp_path / "more")).frame.set_index("option")
    assert enough.loc[["new", "kept", "lost"], "estimate"].to_list() == [18, 0, 0]


def test_no_key_is_in_any_result(tmp_path):
    told = " ".join(frame.to_csv() + safe().frame.to_csv() for frame, safe in shown.figures(crowd(tmp_path)))
    assert not [at for at in range(6) if f"heyan v{at}" in told or f"heyan{at}" in told]


def test_every_figure_has_an_id_of_its_own(tmp_path):
    ids = [one for frame, _ in shown.figures(crowd(tmp_path)) for one in frame["result_id"]]
    assert len(ids) == len(set(ids)) > 30
