"""Five platforms by community and project, targets beside results, lights, and what may be shown of them."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from tests.small_ledgers import ledgers_of
from xzz_analysis.atlas.services.projects import (
    DEFINITIONS,
    HIDDEN_LIGHT,
    figures,
    platforms_side_by_side,
    protected_platforms,
    protected_targets,
)
from xzz_analysis.services.linkage import (
    AMBER,
    GREEN,
    MEASURES,
    NOT_BY_PROJECT,
    NOT_COUNTED,
    NOT_KNOWN,
    PLATFORMS,
    RED,
    known_measures,
    light_of,
    measure_by,
    target_findings,
    targets,
)
from xzz_analysis.study.services import Lights


def activity(number, **more):
    row = {"activity": f"a{number}", "date": "2025-03-05", "type": "group", "community": "east", "project": "p1"}
    return {**row, "staff": "s1", "count": "", "person_times": "", "persons": "", **more}


def attending(number, persons):
    return [{"activity": f"a{number}", "person": f"k{one}"} for one in persons]


def target(indicator, wanted, **more):
    row = {"project": "p1", "name": "门口的支持", "funder": "民政局", "indicator": indicator, "target": wanted}
    return {**row, "since": "2025-01-01", "until": "2025-12-31", "explanation": "", "explanation_en": "", **more}


def role(person, kind="volunteer", **more):
    return {"person": person, "role": kind, "since": "2024-05-01", "until": "", "community": "", "count": "", **more}


def told(ledgers, name, by="community"):
    found = measure_by(ledgers, name, by)
    return dict(zip(found[by or "whole"], found["estimate"], strict=True))


def one_target(folder, row, period="2025", **ledgers):
    return targets(ledgers_of(folder, {**ledgers, "projects": [row]}, period)).iloc[0]


# --- platforms ----------------------------------------------------------------------------------------------------


def test_every_platform_has_measures():
    assert {measure.platform for measure in MEASURES.values()} == set(PLATFORMS)


def test_activities_are_added_up_and_totals_stand_for_many(tmp_path):
    rows = [activity(1), activity(2, count=7, community="west"), activity(3, community="", project="")]
    ledgers = ledgers_of(tmp_path, {"activities": rows})
    assert told(ledgers, "activities") == {"": 1, "east": 1, "west": 7}
    assert told(ledgers, "activities", "project") == {"": 1, "p1": 8}
    assert told(ledgers, "activities", "") == {"": 9}


def test_roles_count_persons_once_and_totals_by_their_number(tmp_path):
    rows = [role("a"), role("a", "helper"), role("b", community="west"), role("", count=20, community="west")]
    rows += [role("c", until="2024-12-31"), role("d", "social_worker", community="east")]
    people = [{"person": "a", "community": "east"}]
    ledgers = ledgers_of(tmp_path, {"roles": rows, "people": people})
    assert told(ledgers, "volunteers") == {"east": 1, "west": 21}
    assert told(ledgers, "social_workers") == {"east": 1}
    assert measure_by(ledgers, "volunteers", "")["n"].tolist() == [22]
    assert measure_by(ledgers, "social_workers", "")["n"].isna().all()


def test_hours_are_told_where_volunteers_are_and_by_the_project_of_the_activity(tmp_path):
    points = [
        {"person": "a", "date": "2025-03-05", "entry": "earned", "hours": 2.5, "activity": "a1"},
        {"person": "a", "date": "2025-04-05", "entry": "earned", "hours": 1, "activity": ""},
        {"person": "a", "date": "2025-04-06", "entry": "spent", "points": 3, "activity": ""},
        {"person": "b", "date": "2024-04-06", "entry": "earned", "hours": 9, "activity": "a1"},
    ]
    ledgers = ledgers_of(
        tmp_path, {"points": points, "activities": [activity(1)], "roles": [role("a", community="east")]}
    )
    assert told(ledgers, "volunteer_hours") == {"east": 3.5}
    assert told(ledgers, "volunteers_active") == {"east": 1}
    assert told(ledgers, "volunteer_hours", "project") == {"": 1, "p1": 2.5}


def test_organisations_that_have_left_do_not_count_and_gifts_count_in_their_period(tmp_path):
    rows = [
        {"organisation": "o1", "standing": "incubated", "since": "2024-01-01", "community": "east"},
        {"organisation": "o2", "standing": "partner", "since": "2024-01-01", "until": "2024-12-31"},
        {"organisation": "", "standing": "partner", "since": "2025-02-01", "count": 4},
        {"organisation": "o3", "standing": "donor", "since": "2025-02-01", "amount": 2000.5, "community": "east"},
        {"organisation": "o4", "standing": "donor", "since": "2024-02-01", "amount": 999},
    ]
    ledgers = ledgers_of(tmp_path, {"organisations": rows})
    assert told(ledgers, "incubated") == {"east": 1}
    assert told(ledgers, "partners") == {"": 4}
    assert told(ledgers, "donors", "") == {"": 2}
    assert told(ledgers, "donated", "") == {"": 2000.5}


def test_the_last_visit_says_whether_a_merchant_has_joined(tmp_path):
    visits = [("m1", "2025-01-05", "pending"), ("m1", "2025-02-05", "joined"), ("m2", "2025-01-05", "joined")]
    visits += [("m2", "2025-03-05", "left")]
    rows = [dict(zip(("merchant", "date", "outcome"), one, strict=True)) for one in visits]
    rows.append({"merchant": "", "date": "2025-01-31", "outcome": "joined", "count": 16})
    merchants = [{"merchant": "m1", "community": "east"}, {"merchant": "m2", "community": "east"}]
    ledgers = ledgers_of(tmp_path, {"merchant_visits": rows, "merchants": merchants})
    assert told(ledgers, "merchants_joined") == {"": 16, "east": 1}


def vouchers(people=6, merchants=6):
    issued, redeemed = [], []
    for place in range(people):
        common = {"voucher": f"v{place}", "person": f"k{place}", "issued": "2025-02-01", "amount": 100}
        issued.append({**common, "community": "east", "project": "p1"})
        shop = f"m{place % merchants}"
        redeemed.append({"voucher": f"v{place}", "redeemed": "2025-03-01", "merchant": shop, "amount": 50})
    return {"vouchers_issued": issued, "vouchers_redeemed": redeemed}


def test_redeemed_amounts_are_of_the_recipients_community(tmp_path):
    ledgers = ledgers_of(tmp_path, vouchers())
    assert told(ledgers, "redeemed") == {"east": 300}
    assert told(ledgers, "redeemed", "project") == {"p1": 300}
    assert measure_by(ledgers, "redeemed", "community")["n"].tolist() == [6]


def test_what_no_ledger_tells_is_not_known(tmp_path):
    ledgers = ledgers_of(tmp_path, {"activities": [activity(1)]})
    assert known_measures(ledgers, tuple(MEASURES)) == ["activities", "staff"]
    assert set(protected_platforms(ledgers)) == {"activities", "staff"}


def test_totals_of_visits_without_any_that_joined_do_not_say_nobody_did(tmp_path):
    visits = [{"merchant": "", "date": "2025-01-31", "outcome": "visited", "count": 89}]
    roles = [role("", "local_worker", count=41), role("", count=156)]
    ledgers = ledgers_of(tmp_path, {"merchant_visits": visits, "roles": roles})
    assert known_measures(ledgers, tuple(MEASURES)) == ["volunteers"]


def test_a_ledger_that_is_there_and_empty_says_nothing_happened(tmp_path):
    activities = [activity(1, date="2024-03-05")]
    ledgers = ledgers_of(tmp_path, {"activities": activities, "projects": [target("activities", 10)]})
    assert platforms_side_by_side(ledgers).frame["activities"].tolist() == [0]
    assert platforms_side_by_side(ledgers, "project").frame["activities"].tolist() == [0, 0]


def test_few_volunteers_are_hidden_with_a_neighbour_and_staff_are_not(tmp_path):
    rows = [
        role(f"{place}{one}", community=place)
        for place, count in (("east", 3), ("west", 9), ("north", 30))
        for one in range(count)
    ]
    rows += [role("w", "social_worker", community="east")]
    frame = platforms_side_by_side(ledgers_of(tmp_path, {"roles": rows})).frame.set_index("by")
    assert frame.loc["", "volunteers"] == 42
    assert frame["volunteers"].isna().to_dict() == {
        "": False,
        "community=east": True,
        "community=north": False,
        "community=west": True,
    }
    assert frame.loc["community=east", "social_workers"] == 1


def test_turnover_of_one_merchant_is_hidden(tmp_path):
    safe = protected_platforms(ledgers_of(tmp_path, vouchers(people=9, merchants=1)))["redeemed"]
    assert safe.frame["estimate"].isna().all()
    assert "m0" not in safe.frame.to_csv()


# --- targets ------------------------------------------------------------------------------------------------------


def test_expected_is_the_target_by_days_gone(tmp_path):
    row = one_target(tmp_path, target("activities", 365), "2025-03", activities=[activity(1), activity(2)])
    assert (row["as_of"], row["expected"]) == ("2025-03-31", pytest.approx(90))
    assert (row["low"], row["high"], row["ratio"]) == (2, 2, pytest.approx(2 / 90))
    assert row["light"] == RED


def test_what_was_done_before_and_after_the_project_does_not_count(tmp_path):
    rows = [activity(1, date="2025-02-28"), activity(2, date="2025-03-01"), activity(3, date="2025-07-01")]
    wanted = target("activities", 1, since="2025-03-01", until="2025-06-30")
    row = one_target(tmp_path, wanted, activities=rows)
    assert (row["low"], row["expected"], row["as_of"]) == (1, 1, "2025-06-30")


def test_projects_that_do_not_run_in_the_period_are_left_out(tmp_path):
    rows = [target("activities", 1, since="2024-01-01", until="2024-12-31")]
    rows += [target("activities", 1, project="p2", since="2025-07-01", until="2025-12-31")]
    ledgers = {"activities": [activity(1)], "projects": rows}
    assert not len(targets(ledgers_of(tmp_path, ledgers, "2025-03")))


@pytest.mark.parametrize(
    ("indicator", "kind"),
    [("cases", "case"), ("groups", "group"), ("home_visits", "home_visit"), ("phone_visits", "phone_visit")],
)
def test_some_targets_count_activities_of_one_type(tmp_path, indicator, kind):
    rows = [activity(1, type=kind, count=4), activity(2, type="training"), activity(3, type=kind, project="p2")]
    assert one_target(tmp_path, target(indicator, 8), activities=rows)["low"] == 4


def test_persons_and_person_times_of_attendance_sheets(tmp_path):
    ledgers = {
        "activities": [activity(1), activity(2)],
        "attendance": attending(1, range(6)) + attending(2, range(3, 8)),
    }
    assert one_target(tmp_path / "persons", target("persons", 8), **ledgers)[["low", "high"]].tolist() == [8, 8]
    assert one_target(tmp_path / "times", target("person_times", 8), **ledgers)[["low", "high"]].tolist() == [11, 11]


def test_the_light_of_count_only_sheets_goes_by_the_lower_bound(tmp_path):
    rows = [activity(1, person_times=30), activity(2, person_times=45)]
    row = one_target(tmp_path, target("persons", 60), activities=rows)
    assert (row["low"], row["high"]) == (45, 75)
    assert (row["ratio"], row["light"]) == (0.75, AMBER)


def test_person_times_that_some_entries_do_not_state_are_at_least_the_rest(tmp_path):
    row = one_target(tmp_path, target("person_times", 30), activities=[activity(1, person_times=30), activity(2)])
    assert row["low"] == 30
    assert np.isnan(row["high"])


@pytest.mark.parametrize(
    ("indicator", "ledgers", "why"),
    [
        ("merchants_joined", {}, NOT_BY_PROJECT),
        ("organisations", {}, NOT_BY_PROJECT),
        ("volunteers", {}, "no_points"),
        ("vouchers_redeemed", {}, "no_vouchers_redeemed"),
        ("activities", {}, "no_activities"),
        ("activities", {"activities": [activity(1, project="")]}, NOT_BY_PROJECT),
        ("person_times", {"activities": [activity(1)]}, NOT_COUNTED),
    ],
)
def test_what_cannot_be_told_says_why(tmp_path, indicator, ledgers, why):
    row = one_target(tmp_path, target(indicator, 5), **ledgers)
    assert (row["why"], row["light"]) == (why, NOT_KNOWN)
    assert np.isnan(row["low"])


def test_volunteers_of_a_project_are_those_with_hours_in_its_activities(tmp_path):
    points = [
        {"person": f"v{one}", "date": "2025-03-05", "entry": "earned", "hours": 1, "activity": f"a{1 + one % 2}"}
        for one in range(9)
    ]
    activities = [activity(1), activity(2, project="p2")]
    row = one_target(tmp_path, target("volunteers", 5), activities=activities, points=points)
    assert (row["low"], row["n"], row["light"]) == (5, 5, GREEN)


def test_vouchers_of_a_project_are_those_issued_in_it(tmp_path):
    row = one_target(tmp_path, target("vouchers_redeemed", 400), **vouchers())
    assert (row["low"], row["n"]) == (300, 6)


def test_a_target_of_nothing_has_no_light(tmp_path):
    assert one_target(tmp_path, target("activities", 0), activities=[activity(1)])["light"] == NOT_KNOWN


@pytest.mark.parametrize(
    ("ratio", "light"),
    [(0.9, GREEN), (0.8999, AMBER), (0.7, AMBER), (0.6999, RED), (0.0, RED), (float("nan"), NOT_KNOWN)],
)
def test_lights_begin_where_they_are_declared(ratio, light):
    assert light_of(ratio, Lights()) == light
    assert light_of(0.5, Lights(green=0.5, amber=0.2)) == GREEN


def test_of_a_target_that_stands_twice_the_highest_counts(tmp_path):
    rows = [target("groups", 4), target("groups", 3), target("groups", 9, until="2025-06-30")]
    ledgers = ledgers_of(tmp_path, {"activities": [activity(1)], "projects": rows})
    assert sorted(targets(ledgers)["target"]) == [4, 9]
    assert [(one.rule, one.count) for one in target_findings(ledgers)] == [("target_repeated", 1)]


# --- what may be shown --------------------------------------------------------------------------------------------


def test_a_result_of_few_persons_is_hidden_with_its_light(tmp_path):
    ledgers = {"activities": [activity(1)], "attendance": attending(1, range(3))}
    rows = [target("persons", 3), target("activities", 1)]
    frame = protected_targets(ledgers_of(tmp_path, {**ledgers, "projects": rows})).frame.set_index("measure")
    assert frame.loc["persons", ["result", "reached", "ratio"]].isna().all()
    assert frame["light"].to_dict() == {"activities": GREEN, "persons": HIDDEN_LIGHT}
    assert frame.loc["persons", "target"] == 3


def test_an_amount_redeemed_at_one_merchant_is_hidden_with_its_light(tmp_path):
    ledgers = {**vouchers(people=9, merchants=1), "projects": [target("vouchers_redeemed", 100)]}
    frame = protected_targets(ledgers_of(tmp_path, ledgers)).frame
    assert frame[["result", "reached", "ratio"]].isna().all().all()
    assert frame["light"].tolist() == [HIDDEN_LIGHT]


def test_targets_stand_by_project_in_the_order_of_the_choices(tmp_path):
    rows = [target("groups", 1), target("activities", 1), target("persons", 1, project="p0"), target("persons", 1)]
    frame = protected_targets(ledgers_of(tmp_path, {"activities": [activity(1)], "projects": rows})).frame
    assert list(zip(frame["project"], frame["measure"], strict=True)) == [
        ("p0", "persons"),
        ("p1", "activities"),
        ("p1", "persons"),
        ("p1", "groups"),
    ]


def test_every_figure_has_one_id_and_a_definition(tmp_path):
    rows = [target("activities", 4), target("persons", 9), target("vouchers_redeemed", 400), target("organisations", 1)]
    ledgers = {"activities": [activity(1)], "attendance": attending(1, range(8)), "projects": rows, **vouchers()}
    seen = []
    for frame, protected in figures(ledgers_of(tmp_path, ledgers)):
        assert list(protected().frame["result_id"]) == list(frame["result_id"])
        assert set(frame["indicator"]) <= set(DEFINITIONS)
        seen += list(frame["result_id"])
    assert len(seen) == len(set(seen)) > 20


def test_no_key_is_among_the_figures(tmp_path):
    rows = [role(f"key{one}", community="east") for one in range(9)]
    ledgers = {"roles": rows, **vouchers(), "projects": [target("vouchers_redeemed", 400)]}
    text = "".join(safe().frame.to_csv() for _, safe in figures(ledgers_of(tmp_path, ledgers)))
    assert not any(word in text for word in ("key1", "k1,", "v1,", "voucher v"))


def test_days_are_dates_of_the_ledger(tmp_path):
    row = one_target(tmp_path, target("activities", 1), activities=[activity(1)])
    assert dt.date.fromisoformat(row["since"]) == dt.date(2025, 1, 1)
    assert isinstance(row, pd.Series)
