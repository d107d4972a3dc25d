"""Counting: bounds that worlds attain, parts that add up, persons that count once, order that changes nothing."""

import datetime as dt
import itertools
import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from xzz_analysis.services.counting import GROUPS, comers, count, counted, coverage
from xzz_analysis.services.ledgers import ledger_columns

CASES = 60
FIRST, LAST = dt.date(2025, 1, 1), dt.date(2025, 12, 31)
EMPTY = {"day": pd.NaT, "whole": np.nan}


def typed(kind, rows):
    """Rows of a ledger as it is read: cells that are not there are empty."""
    columns = {one.id: EMPTY.get(one.kind, "") for one in ledger_columns(kind)}
    table = pd.DataFrame([{**columns, **row} for row in rows], columns=list(columns))
    days = [one.id for one in ledger_columns(kind) if one.kind == "day"]
    numbers = [one.id for one in ledger_columns(kind) if one.kind == "whole"]
    texts = [name for name in columns if name not in (*days, *numbers)]
    kinds = dict.fromkeys(days, "datetime64[ns]") | dict.fromkeys(numbers, float) | dict.fromkeys(texts, "str")
    return table.astype(kinds)


# --- brute force: everybody that each row of the ledger could mean

PEOPLE = range(6)
SUBSETS = [frozenset(one) for size in range(len(PEOPLE) + 1) for one in itertools.combinations(PEOPLE, size)]


@cache
def meanings(days, many, times, persons):
    """All sets of persons that a count-only row allows: who was at its activities, told one by one."""
    if days == 1:  # so many activities, a person once at each
        attended = [(set().union(*one), sum(map(len, one))) for one in itertools.product(SUBSETS, repeat=many)]
    elif times is None:
        attended = [(who, None) for who in SUBSETS]
    else:  # a person as often as she comes
        attended = [(set(one), times) for one in itertools.product(PEOPLE, repeat=times)]
    fitting = [who for who, size in attended if times is None or size == times]
    return {frozenset(who) for who in fitting if persons is None or len(who) == persons}


known = st.one_of(st.none(), st.integers(0, 2))
count_only = st.tuples(st.sampled_from([1, 20]), st.integers(1, 2), known, known)


@settings(max_examples=80, deadline=None)
@given(st.lists(count_only, max_size=2), st.sets(st.sampled_from([0, 1]), max_size=2))
def test_bounds_are_those_of_all_worlds_that_the_ledgers_allow(rows, keyed):
    worlds = [meanings(*row) for row in rows]
    assume(all(worlds))
    sizes = {len(keyed.union(*world)) for world in itertools.product(*worlds)} or {len(keyed)}
    day = pd.Timestamp("2025-03-01")
    told = [
        {
            "date": day,
            "until": day + pd.Timedelta(days=days - 1),
            "count": many,
            "person_times": times,
            "persons": persons,
        }
        for days, many, times, persons in rows
    ]
    sheet = [{"activity": "k", "date": day}] if keyed else []
    chosen = counted(
        typed("activities", [*told, *sheet]),
        typed("attendance", [{"activity": "k", "person": f"p{one}"} for one in keyed]),
        FIRST,
        LAST,
    )
    found = count(chosen).iloc[0]
    assert found["persons_low"] == min(sizes)
    boundless = any(times is None and persons is None for _, _, times, persons in rows)
    assert math.isnan(found["persons_high"]) if boundless else found["persons_high"] == max(sizes)
    assert (found["persons"] == found["persons_low"]) == (not boundless and len(sizes) == 1)


# --- ledgers of any shape

COMMUNITIES, DOMAINS, TYPES = ("a", "b", ""), ("education", "health", ""), ("case", "group", "other")
wholes = st.one_of(st.just(np.nan), st.integers(0, 30))


@st.composite
def ledgers(draw):
    """Activities, some with sheets, some with totals over months, and attendance with repeats and strangers."""
    activities, attendance = [], []
    for number in range(draw(st.integers(0, 8))):
        date = pd.Timestamp("2024-11-01") + pd.Timedelta(days=draw(st.integers(0, 480)))
        row = {
            "activity": draw(st.sampled_from(["", f"A{number}"])),
            "date": date,
            "type": draw(st.sampled_from(TYPES)),
            "domain": draw(st.sampled_from(DOMAINS)),
            "community": draw(st.sampled_from(COMMUNITIES)),
            "until": date + pd.Timedelta(days=draw(st.sampled_from([0, 40]))),
            "count": draw(st.one_of(st.just(np.nan), st.integers(0, 4))),
            "person_times": draw(wholes),
            "persons": draw(wholes),
        }
        activities.append(row)
        people = draw(st.lists(st.integers(0, 9), max_size=6)) if row["activity"] else []
        attendance += [{"activity": row["activity"], "person": f"p{one}"} for one in people]
    attendance += [{"activity": "nowhere", "person": "p0"}] * draw(st.integers(0, 1))
    return typed("activities", activities), typed("attendance", attendance)


@settings(max_examples=CASES, deadline=None)
@given(ledgers(), st.sampled_from([[one] for one in GROUPS] + [["community", "domain"], ["month", "domain"]]))
def test_person_times_and_activities_add_up_and_persons_do_not_exceed_the_sum(both, by):
    chosen = counted(*both, FIRST, LAST)
    whole, parts = count(chosen).iloc[0], count(chosen, by)
    assert whole["activities"] == parts["activities"].sum()
    assert np.nan_to_num(whole["person_times"]) == parts["person_times"].sum()
    assert parts["persons_low"].max() <= whole["persons_low"] if len(parts) else whole["persons_low"] == 0
    assert whole["keyed_persons"] <= parts["keyed_persons"].sum()
    most = parts["persons_high"].sum(skipna=False)
    assert math.isnan(most) or whole["persons_high"] <= most
    assert whole["people"] <= parts["people"].sum() and parts["at_least"].any() >= whole["at_least"]


@settings(max_examples=CASES, deadline=None)
@given(ledgers())
def test_there_are_never_more_persons_than_person_times(both):
    chosen = counted(*both, FIRST, LAST)
    for by in ([], ["domain"], ["community", "domain"], ["month"], ["sheet"]):
        table = count(chosen, by)
        assert (table["persons_low"] <= table["person_times"].fillna(0)).all()
        surely = table[~table["at_least"]]
        assert (surely["persons_high"] <= surely["person_times"]).all()
        assert (table["persons_low"] <= table["persons_high"].fillna(np.inf)).all()


@settings(max_examples=CASES, deadline=None)
@given(ledgers(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(both, random):
    def mixed(table):
        places = list(range(len(table)))
        random.shuffle(places)
        return table.iloc[places].reset_index(drop=True)

    shuffled = [mixed(table) for table in both]
    for by in ([], ["community", "domain"], ["month"], ["sheet"]):
        before, after = (count(counted(*tables, FIRST, LAST), by) for tables in (both, shuffled))
        pd.testing.assert_frame_equal(before, after)
    assert comers(*both, FIRST, LAST) == comers(*shuffled, FIRST, LAST)


@settings(max_examples=CASES, deadline=None)
@given(ledgers())
def test_persons_on_sheets_are_exactly_the_different_keys(both):
    activities, attendance = both
    end = activities["until"].where(activities["until"].notna(), activities["date"])
    inside = activities[(activities["date"] >= pd.Timestamp(FIRST)) & (end <= pd.Timestamp(LAST))]
    table = count(counted(*both, FIRST, LAST), ["domain"]).set_index("domain")["keyed_persons"]
    for domain in DOMAINS:
        ids = set(inside.loc[inside["domain"] == domain, "activity"]) - {""}
        assert table.get(domain, 0) == len(set(attendance.loc[attendance["activity"].isin(ids), "person"]))
    there = set(attendance.loc[attendance["activity"].isin(set(inside["activity"]) - {""}), "person"])
    assert sum(comers(*both, FIRST, LAST)[:2]) == len(there)


@settings(max_examples=CASES, deadline=None)
@given(ledgers(), st.integers(1, 11))
def test_a_row_is_in_one_part_of_the_year_or_left_out_of_both(both, month):
    middle = dt.date(2025, month + 1, 1)
    year = counted(*both, FIRST, LAST)
    halves = [counted(*both, FIRST, middle - dt.timedelta(days=1)), counted(*both, middle, LAST)]
    split = len(year.rows) - sum(len(half.rows) for half in halves)
    assert split >= 0
    end = both[0]["until"].where(both[0]["until"].notna(), both[0]["date"])
    across = int(((both[0]["date"] < pd.Timestamp(middle)) & (end >= pd.Timestamp(middle))).sum())
    assert split <= across
    touching = [len(half.rows) + len(half.left_out) for half in (*halves, year)]
    assert touching[0] + touching[1] == touching[2] + across


# --- coverage

ends = st.lists(st.integers(0, 50), min_size=3, max_size=3).map(sorted)


@settings(max_examples=CASES, deadline=None)
@given(ends, st.lists(st.integers(0, 60), min_size=2, max_size=2).map(sorted))
def test_coverage_lies_inside_what_need_and_persons_allow(need, persons):
    exact = persons[0] == persons[1]
    cell = {"community": ["a"], "domain": ["health"]}
    served = pd.DataFrame({**cell, "persons": persons[0] if exact else np.nan, "low": persons[0], "high": persons[1]})
    needs = pd.DataFrame({**cell, "low": need[0], "need": need[1], "high": need[2]})
    row = coverage(served, needs).iloc[0]
    assert (row["estimate"] == row["estimate"]) == (exact and need[1] > 0)
    if need[0] > 0:
        assert row["low"] == persons[0] / need[2] and row["high"] == persons[1] / need[0]
        assert row["low"] <= row["high"] and (not exact or row["low"] <= row["estimate"] <= row["high"])
    assert row["more"] == (need[1] > 0 and persons[0] > need[2])


@pytest.mark.parametrize(
    ("need", "reason"), [(math.nan, "need_not_known"), (0.0, "denominator_zero"), (10.0, "")], ids=str
)
def test_coverage_without_a_need_says_why(need, reason):
    needs = pd.DataFrame({"community": ["a"], "domain": ["health"], "need": [need], "low": [need], "high": [need]})
    nobody = pd.DataFrame(columns=["community", "domain", "persons", "low", "high"]).astype(
        {"community": "str", "domain": "str", "persons": float, "low": float, "high": float}
    )
    row = coverage(nobody, needs).iloc[0]
    assert row["reason"] == reason and (row["estimate"] == 0 if need > 0 else math.isnan(row["estimate"]))
