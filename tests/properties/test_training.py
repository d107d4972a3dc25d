"""Scores before and after: what holds for any ledger."""

import datetime as dt

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from xzz_analysis.services.training import (
    DIRECTIONS,
    Instrument,
    course_attrition,
    course_changes,
    pair_scores,
    star_steps,
)

CASES = 40
FIRST = dt.date(2025, 1, 1)
values = st.integers(0, 20)


@st.composite
def ledgers(draw):
    """A ledger of up to 25 persons, some of them not measured twice, in up to four classes."""
    people = draw(st.integers(2, 25))
    rows = []
    for person in range(people):
        cluster = draw(st.sampled_from(["", "a", "b", "c"]))
        for wave, day in (("before", "2025-03-01"), ("after", "2025-06-01")):
            for _ in range(draw(st.integers(0, 2))):
                rows.append((f"p{person}", cluster, wave, day, float(draw(values))))
    rows += [("x", "a", "before", "2025-03-01", 5.0), ("x", "a", "after", "2025-06-01", 6.0)]
    frame = pd.DataFrame(rows, columns=["person", "cluster", "wave", "date", "score"])
    told = {"course": "one", "instrument": "scale", "highest": 20.0, "lowest": 0.0, "community": ""}
    return frame.assign(date=pd.to_datetime(frame["date"]), line=range(2, len(frame) + 2), **told)


def changes(table):
    return course_changes(pair_scores(table, FIRST).pairs, lambda name: Instrument()).iloc[0]


@settings(max_examples=CASES, deadline=None)
@given(ledgers())
def test_everybody_measured_before_is_a_pair_lost_or_in_a_class_without_an_end(table):
    found = pair_scores(table, FIRST)
    started = set(table.loc[table["wave"] == "before", "person"])
    pairs, lost = set(found.pairs["person"]), set(found.lost["person"])
    assert not pairs & lost
    assert pairs | lost <= started
    assert len(found.pairs) == len(pairs)
    told = sum(one.count for one in found.findings if one.rule in ("score_measured_again", "score_only_after"))
    assert len(table) == 2 * len(pairs) + len(started - pairs) + told


@settings(max_examples=CASES, deadline=None)
@given(ledgers())
def test_the_change_is_the_difference_of_the_means_and_exchanging_waves_turns_it_round(table):
    row = changes(table)
    np.testing.assert_allclose(row["estimate"], row["after"] - row["before"], atol=1e-10)
    pairs = pair_scores(table, FIRST).pairs
    turned = pairs.rename(columns={"before": "after", "after": "before"})
    other = course_changes(turned, lambda name: Instrument()).iloc[0]
    np.testing.assert_allclose(other["estimate"], -row["estimate"], atol=1e-10)
    np.testing.assert_allclose([other["se"], other["p"]], [row["se"], row["p"]], atol=1e-10)
    np.testing.assert_allclose([other["d_z_low"], other["d_z_high"]], [-row["d_z_high"], -row["d_z_low"]], atol=1e-8)


@settings(max_examples=CASES, deadline=None)
@given(ledgers(), st.integers(1, 50), st.integers(-30, 30))
def test_effect_sizes_do_not_depend_on_the_unit_of_the_score(table, times, more):
    row = changes(table)
    scaled = table.assign(score=table["score"] * times + more, highest=np.nan, lowest=-1000.0)
    other = changes(scaled)
    names = ["d_z", "d_z_low", "d_z_high", "d_av", "p", "t"]
    np.testing.assert_allclose(other[names].to_numpy(float), row[names].to_numpy(float), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(other["estimate"], row["estimate"] * times, atol=1e-8)


@settings(max_examples=CASES, deadline=None)
@given(ledgers())
def test_intervals_hold_their_estimate_and_counts_fit(table):
    row = changes(table)
    for name, low, high in (("estimate", "low", "high"), ("d_z", "d_z_low", "d_z_high")):
        if not np.isnan(row[low]):
            assert row[low] <= row[name] + 1e-9
            assert row[name] <= row[high] + 1e-9
    assert 0 <= row["improved_n"] <= row["n"]
    assert max(row["ceiling_before"], row["floor_after"]) <= row["n"]
    lost = course_attrition(pair_scores(table, FIRST)).iloc[0]
    assert lost["started"] == row["n"] + lost["lost"]


@settings(max_examples=CASES, deadline=None)
@given(
    st.lists(st.tuples(values, values), min_size=1, max_size=30), st.sets(st.integers(0, 20), min_size=2, max_size=6)
)
def test_everybody_rises_stays_falls_or_is_below(scores, ends):
    frame = pd.DataFrame(scores, columns=["before", "after"]).assign(community="")
    found = star_steps(frame.assign(person=[str(one) for one in frame.index]), sorted(ends))
    assert len(found.steps) + found.below == len(scores)
    assert set(found.steps["direction"]) <= set(DIRECTIONS)
    moved = np.sign(found.steps["after"] - found.steps["before"])
    assert (found.steps["direction"].map({"rose": 1, "stayed": 0, "fell": -1}) == moved).all()
    assert found.steps[["before", "after"]].isin(range(1, found.levels + 1)).all().all()
