"""Counting activities, person-times and persons of small ledgers whose answers are known."""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd
import pytest

from tests.small_ledgers import ledgers_of
from xzz_analysis.atlas.services.counted import (
    counts,
    figures,
    measured,
    protected_annual,
    protected_by_community_and_domain,
    protected_newcomers,
)
from xzz_analysis.services.counting import (
    annual_figures,
    comers,
    count,
    counted_in,
    coverage,
    late_entries,
    probable_repeats,
    served,
)

ACTIVITY = {"activity": "", "date": "2025-03-01", "until": "", "type": "group", "domain": "education", "community": "a"}
ACTIVITY |= {"project": "", "name": "", "count": "", "person_times": "", "persons": "", "entered": ""}


def activity(**cells):
    return {**ACTIVITY, **cells}


def attendance(name, people, **cells):
    return [{"activity": name, "person": f"p{one}", "date": "", "entered": "", **cells} for one in people]


def opened(folder, activities, people=(), period="2025", **services):
    """Ledgers of activities and attendance."""
    named = {"activities": activities, **({"attendance": list(people)} if people else {})}
    return ledgers_of(folder, named, period, **services)


def whole(ledgers):
    return count(counted_in(ledgers)).iloc[0]


# --- persons and person-times


def test_somebody_who_comes_to_two_activities_is_one_person_and_two_person_times(tmp_path):
    both = [activity(activity="A"), activity(activity="B", community="b", domain="health")]
    ledgers = opened(tmp_path, both, attendance("A", range(6)) + attendance("B", range(4, 10)))
    row = whole(ledgers)
    assert (row["activities"], row["person_times"], row["persons"]) == (2, 12, 10)
    assert list(served(ledgers)["persons"]) == [6, 6]


def test_somebody_on_the_sheet_twice_a_day_counts_once_and_on_two_days_twice(tmp_path):
    days = [dict.fromkeys(["date"], day) for day in ("2025-03-01", "2025-03-01", "2025-03-02")]
    entered = ["2025-03-03", "2025-03-04", "2025-03-04"]
    rows = [{"activity": "A", "person": "p1", **day, "entered": late} for day, late in zip(days, entered, strict=True)]
    row = whole(opened(tmp_path, [activity(activity="A", until="2025-03-02")], rows))
    assert (row["person_times"], row["persons"]) == (2, 1)


@pytest.mark.parametrize(
    ("cells", "low", "high"),
    [
        ({"person_times": 20}, 20, 20),
        ({"person_times": 20, "persons": 18}, 18, 18),
        ({"person_times": 20, "count": 3}, 7, 20),
        ({"person_times": 20, "until": "2025-03-31"}, 1, 20),
        ({"person_times": 20, "until": "2025-03-31", "persons": 9}, 9, 9),
        ({"persons": 9}, 9, 9),
        ({"person_times": 20, "persons": 25}, 20, 20),
        ({"person_times": 0}, 0, 0),
        ({}, 0, math.nan),
    ],
    ids=str,
)
def test_bounds_of_one_row_without_a_sheet(tmp_path, cells, low, high):
    row = whole(opened(tmp_path, [activity(**cells)]))
    assert row["persons_low"] == low
    assert row["persons_high"] == high or (math.isnan(high) and math.isnan(row["persons_high"]))


def test_persons_lie_between_the_largest_part_and_the_sum(tmp_path):
    ledgers = opened(
        tmp_path,
        [activity(activity="A"), activity(person_times=30), activity(person_times=12, persons=10)],
        attendance("A", range(8)),
    )
    row = whole(ledgers)
    assert (row["persons_low"], row["persons_high"], row["person_times"]) == (30, 48, 50)
    assert math.isnan(row["persons"])


def test_the_sheet_counts_where_it_differs_from_what_is_stated(tmp_path):
    chosen = counted_in(opened(tmp_path, [activity(activity="A", person_times=9)], attendance("A", range(7))))
    assert count(chosen)["person_times"].item() == 7 and chosen.differing == 1


def test_unknown_person_times_are_not_nought(tmp_path):
    row = whole(opened(tmp_path, [activity(), activity(count=3)]))
    assert math.isnan(row["person_times"]) and row["activities"] == row["without_times"] == 4
    some = whole(opened(tmp_path / "some", [activity(), activity(person_times=6), activity(persons=5)]))
    assert some["person_times"] == 11 and some["at_least"] and some["without_times"] == 2


def test_a_total_of_no_activity_states_the_person_times_of_others(tmp_path):
    year = {"date": "2025-01-01", "until": "2025-12-31"}
    rows = [activity(type="case", count=9, **year), activity(type="group", count=58, **year)]
    rows.append(activity(type="other", count=0, person_times=46000, **year))
    chosen = counted_in(opened(tmp_path, rows))
    row = count(chosen).iloc[0]
    assert (row["activities"], row["person_times"], row["without_times"]) == (67, 46000, 0)
    assert not row["at_least"] and (row["persons_low"], row["persons_high"]) == (1, 46000)
    types = count(chosen, ["type"]).set_index("type")
    assert types["person_times"].isna().to_dict() == {"case": True, "group": True, "other": False}
    shorter = [*rows[:2], {**rows[2], "until": "2025-06-30"}]
    assert count(counted_in(opened(tmp_path / "half", shorter)))["at_least"].item()


def test_attendance_follows_its_day_where_two_rows_have_one_id(tmp_path):
    sessions = [activity(activity="G", domain="health"), activity(activity="G", date="2025-03-08")]
    sessions.append(activity(activity="H", domain="support", person_times=9))
    people = attendance("G", range(5), date="2025-03-08") + attendance("G", range(7), date="2025-03-02")
    table = count(counted_in(opened(tmp_path, sessions, people)), ["domain"]).set_index("domain")
    assert table["person_times"].to_dict() == {"education": 5, "health": 7, "support": 9}


def test_a_total_belongs_to_a_period_that_holds_all_of_it(tmp_path):
    total = activity(date="2025-03-20", until="2025-04-10", person_times=50, count=5)
    march = counted_in(opened(tmp_path, [total, activity(person_times=6)], period="2025-03"))
    assert count(march)["activities"].item() == 1
    assert march.left_out[["activities", "times"]].to_numpy().tolist() == [[5, 50]]
    year = counted_in(opened(tmp_path / "year", [total]))
    assert count(year)["activities"].item() == 5 and not len(year.left_out)
    assert list(count(year, ["month"])["month"]) == [""]


def test_communities_stand_in_order_and_what_is_not_stated_last(tmp_path):
    cells = [("", "health"), ("b", ""), ("b", "support"), ("a", "livelihood"), ("b", "education")]
    rows = [activity(community=community, domain=domain, person_times=5) for community, domain in cells]
    table = served(opened(tmp_path, rows))
    found = list(table[["community", "domain"]].itertuples(index=False, name=None))
    assert found == [("a", "livelihood"), ("b", "education"), ("b", "support"), ("b", ""), ("", "health")]


def test_new_persons_are_those_who_never_came_before(tmp_path):
    rows = [activity(activity="A", date="2024-12-01"), activity(activity="B"), activity(activity="C")]
    people = attendance("A", range(6)) + attendance("B", range(4, 12)) + attendance("C", [11])
    ledgers = opened(tmp_path, rows, people)
    found = comers(ledgers.table("activities"), ledgers.table("attendance"), dt.date(2025, 1, 1), dt.date(2025, 12, 31))
    assert found == (6, 2, dt.date(2024, 12, 1))


# --- entries


def test_late_entries_are_those_after_the_declared_days(tmp_path):
    rows = [activity(activity="A", entered="2025-03-11"), activity(entered="2025-03-12"), activity()]
    rows += [activity(date="2025-03-01", until="2025-03-31", entered="2025-04-01")]
    people = attendance("A", [1], entered="2025-03-01") + attendance("A", [2], entered="2025-05-01")
    table = late_entries(opened(tmp_path, rows, people, late_days=10)).set_index("ledger")
    assert table.loc["activities"].to_list() == [4, 3, 1, 10]
    assert table.loc["attendance"].to_list() == [2, 2, 1, 30.5]


def test_probable_repeats_are_counted_and_stay(tmp_path):
    rows = [activity(person_times=7, name="x")] * 3 + [activity(person_times=7, name="y")]
    rows += [activity(activity=one, person_times=5) for one in "AB"]
    rows = [{**row, "staff": f"s{place}"} for place, row in enumerate(rows)]  # exact repeats are left out when reading
    ledgers = opened(tmp_path, rows, attendance("A", range(5)) + attendance("B", range(5)))
    assert probable_repeats(ledgers) == 2
    assert whole(ledgers)["person_times"] == 38


# --- coverage


def test_coverage_carries_the_interval_of_the_need_and_the_bounds_of_the_served():
    served_rows = pd.DataFrame(
        [("a", "health", 30, 30, 30), ("b", "health", math.nan, 20, 60), ("c", "health", 90, 90, 90)],
        columns=["community", "domain", "persons", "low", "high"],
    )
    needs = pd.DataFrame(
        [
            ("a", "health", 60, 50, 75),
            ("b", "health", 40, 0, 80),
            ("c", "health", 60, 40, 80),
            ("d", "health", 9, 5, 20),
        ],
        columns=["community", "domain", "need", "low", "high"],
    )
    table = coverage(served_rows, needs).set_index("community")
    assert table.loc["a", ["estimate", "low", "high"]].to_list() == [0.5, 0.4, 0.6]
    assert (
        table.loc["b", "low"] == 0.25 and math.isnan(table.loc["b", "high"]) and table.loc["b", "reason"] == "not_known"
    )
    assert table.loc["c", ["estimate", "low", "more"]].to_list() == [1.5, 1.125, True]
    assert table.loc["d", ["estimate", "low", "high"]].to_list() == [0, 0, 0]


def test_what_was_served_where_no_need_is_known_keeps_its_row():
    cells = pd.DataFrame([("a", "", 5, 5, 5)], columns=["community", "domain", "persons", "low", "high"])
    needs = pd.DataFrame([("a", "health", 8, 6, 9)], columns=["community", "domain", "need", "low", "high"])
    table = coverage(cells, needs)
    assert list(table["reason"]) == ["", "need_not_known"] and list(table["served_low"]) == [0, 5]


# --- figures of reporting forms


@pytest.fixture(scope="module")
def organisation(tmp_path_factory):
    """A station's year: sheets, totals, people, merchants, vouchers."""
    ledgers = {
        "activities": [
            activity(activity="A", type="training"),
            activity(type="case", count=9, date="2025-01-01", until="2025-12-31"),
            activity(type="phone_visit", count=148, person_times=148, date="2025-01-01", until="2025-12-31"),
        ],
        "attendance": attendance("A", range(12)),
        "roles": [
            {"person": "", "role": "volunteer", "since": "2025-01-01", "count": 156},
            {"person": "v1", "role": "volunteer", "since": "2024-05-01", "until": "2024-12-31"},
            {"person": "w1", "role": "social_worker", "since": "2024-05-01"},
            {"person": "w1", "role": "social_worker", "since": "2025-05-01"},
        ],
        "organisations": [
            {"organisation": "", "standing": "incubated", "since": "2025-02-01", "count": 3},
            {"organisation": "o1", "standing": "incubated", "since": "2023-02-01"},
            {"organisation": "o2", "standing": "partner", "since": "2023-02-01"},
        ],
        "merchant_visits": [
            {"merchant": "", "date": "2025-05-01", "outcome": "visited", "count": 89},
            {"merchant": "", "date": "2025-05-01", "outcome": "not_joined", "count": 73},
            {"merchant": "", "date": "2025-05-01", "outcome": "joined", "count": 16},
        ],
        "vouchers_issued": [
            {"voucher": f"v{one}", "person": f"p{one % 7}", "issued": "2025-03-01", "amount": 20, "currency": ""}
            for one in range(10)
        ],
        "vouchers_redeemed": [
            {"voucher": f"v{one % 5}", "redeemed": "2025-03-02", "merchant": "m", "amount": 10, "currency": ""}
            for one in range(6)
        ],
    }
    return ledgers_of(tmp_path_factory.mktemp("station"), ledgers)


def test_annual_figures_are_those_of_the_ledgers(organisation):
    found = annual_figures(organisation).set_index("code")["value"]
    assert found[["activities", "cases", "phone_visits", "trainings", "home_visits"]].to_list() == [158, 9, 148, 1, 0]
    assert found["person_times"] == 160 and found["persons_least"] == 12 and math.isnan(found["persons_most"])
    assert found[["volunteers", "social_workers", "organisations", "partners"]].to_list() == [156, 1, 3, 1]
    assert found[["merchants_visited", "merchants_joined"]].to_list() == [89, 16]
    assert found[["vouchers_issued", "vouchers_issued_amount"]].to_list() == [10, 200]
    assert found[["vouchers_redeemed", "vouchers_redeemed_amount"]].to_list() == [5, 60]


def test_what_no_ledger_tells_is_not_known(organisation, tmp_path):
    assert not annual_figures(organisation).set_index("code").loc["projects", "known"]
    year = opened(tmp_path, [activity(type="other", count=1019, person_times=11252, domain="", until="2025-12-31")])
    table = annual_figures(year).set_index("code")
    assert table.loc[["activities", "person_times", "persons_most"], "value"].to_list() == [1019, 11252, 11252]
    assert not table.loc[["cases", "persons", "persons_least", "person_times_health", "volunteers"], "known"].any()


def test_person_times_that_are_a_lower_end_are_called_so(tmp_path):
    table = annual_figures(opened(tmp_path, [activity(), activity(person_times=9, type="case")])).set_index("code")
    assert table.loc["person_times", ["zh", "value"]].to_list() == ["服务人次（至少）", 9]
    assert list(table.loc[["person_times_case", "person_times_education"], "en"]) == [
        "Person-times: case",
        "Person-times: education, at least",
    ]


def test_annual_figures_that_may_be_shown_are_results_in_their_order(organisation):
    safe = protected_annual(organisation).frame
    assert list(safe["code"]) == list(annual_figures(organisation)["code"])
    assert safe["result_id"].is_unique
    assert set(safe.loc[safe["suppressed"], "code"]) == set()
    assert set(counts(organisation)["result_id"]) & set(safe["result_id"])


# --- protection


@pytest.fixture(scope="module")
def crossed(tmp_path_factory):
    """Two communities × two domains with sheets; two persons in one cell."""
    sizes = {("a", "education"): 2, ("a", "health"): 30, ("b", "education"): 20, ("b", "health"): 40}
    rows = [activity(activity=f"{c}{d}", community=c, domain=d) for c, d in sizes]
    people = [one for (c, d), size in sizes.items() for one in attendance(f"{c}{d}", range(size))]
    return opened(tmp_path_factory.mktemp("crossed"), rows, people)


def test_a_small_cell_cannot_be_had_from_the_margins(crossed):
    for measure in ("person_times", "persons"):
        cells = measured(crossed, measure, "community", "domain").frame
        assert cells["suppressed"].all() and cells[["estimate", "low", "high", "n"]].isna().all().all()
        assert measured(crossed, measure, "community").frame["estimate"].notna().all()
    assert measured(crossed, "activities", "community", "domain").frame["estimate"].eq(1).all()


def test_every_figure_is_there_with_its_protected_version(crossed):
    for frame, protected in figures(crossed):
        safe = protected().frame
        assert list(safe["result_id"]) == list(frame["result_id"]) and frame["result_id"].is_unique


def test_what_is_not_stated_is_not_taken_for_the_whole(tmp_path):
    ledgers = opened(tmp_path, [activity(community="", domain="", person_times=8), activity(person_times=20)])
    safe = protected_by_community_and_domain(ledgers).frame
    assert list(safe["by"]) == ["community=a;domain=education", "community=not_stated;domain=not_stated"]
    assert safe[["community", "domain"]].to_numpy().tolist() == [["a", "education"], ["", ""]]
    assert list(safe["estimate"]) == [20, 8]


def test_few_newcomers_are_hidden_with_the_others(tmp_path):
    rows = [activity(activity="A", date="2024-12-01"), activity(activity="B")]
    ledgers = opened(tmp_path, rows, attendance("A", range(20)) + attendance("B", range(17, 40)))
    safe = protected_newcomers(ledgers).frame
    assert list(safe["suppressed"]) == [False, True, True]


def test_persons_that_cannot_be_told_apart_have_bounds_and_a_reason(tmp_path):
    safe = protected_by_community_and_domain(
        opened(tmp_path, [activity(person_times=30), activity(person_times=8)])
    ).frame
    row = safe.iloc[0]
    assert math.isnan(row["estimate"]) and (row["low"], row["high"], row["reason"]) == (30, 38, "not_known")


def test_a_study_without_activities_has_figures_of_other_ledgers_alone(tmp_path):
    ledgers = ledgers_of(tmp_path, {"roles": [{"person": "", "role": "volunteer", "since": "2025-01-01", "count": 9}]})
    found = [frame["indicator"].iloc[0] for frame, _ in figures(ledgers)]
    assert found == ["activities", "annual"]
    values = annual_figures(ledgers).set_index("code")["value"]
    assert values["volunteers"] == 9 and math.isnan(values["activities"])
