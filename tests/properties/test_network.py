"""Whatever the ties are, the figures of a network agree with each other and do not hang on the order of rows."""

import networkx as nx
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.small_ledgers import ledgers_of
from xzz_analysis.services.network import (
    group_network,
    isolates,
    jaccard,
    measures,
    network,
    placed,
    reach,
    tie_changes,
)

PEOPLE = [
    {"person": f"p{at}", "family": f"f{at // 2}", "community": ["heyan", "weidu", ""][at % 3]} for at in range(16)
]
ROLES = [
    {"person": f"p{at}", "role": ["volunteer", "leader", "staff"][at % 3], "since": "2024-01-01"} for at in range(5)
]
MERCHANTS = [{"merchant": "m1", "community": "heyan"}]
KEYS = [*(one["person"] for one in PEOPLE), "m1", "stranger"]
TIE = st.tuples(
    st.sampled_from(KEYS), st.sampled_from(KEYS), st.sampled_from(["2024-03-01", "2025-03-01", "2025-09-01"])
)


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory):
    ties = [{"source": "p0", "target": "p2", "date": "2025-01-01"}]
    tables = {"people": PEOPLE, "roles": ROLES, "merchants": MERCHANTS, "ties": ties}
    return ledgers_of(tmp_path_factory.mktemp("network"), tables)


def with_ties(ledgers, rows):
    """The same ledgers with other ties, as the reader types them."""
    table = pd.DataFrame(rows, columns=["source", "target", "date"]).astype({"source": "str", "target": "str"})
    table["date"] = pd.to_datetime(table["date"])
    table = table.assign(line=range(2, len(table) + 2), relation="", mode="")
    ledgers._read["ties"] = type(ledgers._ledger("people"))(table)
    return ledgers


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TIE, max_size=40), st.randoms(use_true_random=False))
def test_figures_agree_and_do_not_hang_on_the_order(ledgers, rows, random):
    found = network(with_ties(ledgers, rows))
    told = measures(found)
    assert sum(told.nodes.values()) == len(found.graph) and told.ties == found.graph.number_of_edges()
    assert told.contacts + sum(one.count for one in found.findings) == sum(day.startswith("2025") for *_, day in rows)
    assert told.mutual <= told.ties <= told.contacts
    assert sum(told.cut.values()) == len(list(nx.articulation_points(found.graph)))
    assert all(told.between[kind] <= told.nodes.get(kind, 0) for kind in told.between)
    whole, parts = reach(found).iloc[0], reach(found, "community")
    assert parts[["families", "tied", "near"]].sum().to_dict() == whole[["families", "tied", "near"]].to_dict()
    assert isolates(found)["family"] == whole["families"] - whole["tied"]
    mixed = list(rows)
    random.shuffle(mixed)
    again = network(with_ties(ledgers, mixed))
    assert (again.ties.equals(found.ties) and measures(again) == told) or told.assortativity != told.assortativity


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TIE, max_size=40), st.integers(1, 6))
def test_groups_hold_enough_people_and_their_ties_add_up(ledgers, rows, least):
    found = network(with_ties(ledgers, rows))
    made = group_network(found, least)
    people = made.groups[made.groups["persons"] > 0]
    assert (people["persons"] >= least).all()
    assert made.ties["ties"].sum() == len(found.ties)
    assert len(placed(made.groups, ["heyan", "weidu"])) == len(made.groups)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TIE, max_size=40))
def test_changes_add_up_to_both_periods(ledgers, rows):
    opened = with_ties(ledgers, rows)
    now, before = network(opened), network(opened, opened.period.before())
    changes = tie_changes(before, now)
    assert len(changes["new"]) + len(changes["kept"]) == len(now.ties)
    assert len(changes["lost"]) + len(changes["kept"]) == len(before.ties)
    share = jaccard(changes)
    assert share != share or 0 <= share <= 1
