"""Roles, steps from being helped to helping, and volunteers for every social worker, against hand-made ledgers."""

import pandas as pd
import pytest

from tests.small_ledgers import ledgers_of, write_study
from xzz_analysis.atlas.services import people as shown
from xzz_analysis.disclosure.protect import SUPPRESSED, Policy
from xzz_analysis.needs.facts import facts
from xzz_analysis.services.opening import open_ledgers
from xzz_analysis.services.people import (
    STEPS,
    conversion,
    incidence_curve,
    role_stocks,
    step_times,
    volunteer_origins,
    volunteers_per_worker,
)

PEOPLE = [
    {"person": key, "community": community, "sex": sex, "hardship": hardship}
    for key, community, sex, hardship in (
        ("became", "heyan", "female", "yes"),
        ("left", "heyan", "male", "no"),
        ("still", "weidu", "female", ""),
        ("back", "weidu", "female", "yes"),
        ("never", "heyan", "male", "no"),
        ("volunteer first", "heyan", "male", "no"),
        ("same day", "heyan", "", ""),
    )
]
ROLES = [
    {"person": "became", "role": "recipient", "since": "2025-01-01", "until": "2025-01-31"},
    {"person": "became", "role": "volunteer", "since": "2025-02-01"},
    {"person": "became", "role": "helper", "since": "2025-03-01"},
    {"person": "left", "role": "recipient", "since": "2025-01-01", "until": "2025-03-31"},
    {"person": "still", "role": "recipient", "since": "2025-12-01"},
    {"person": "back", "role": "recipient", "since": "2024-01-01", "until": "2024-03-31"},
    {"person": "back", "role": "volunteer", "since": "2025-01-01", "until": "2025-06-30"},
    {"person": "never", "role": "volunteer", "since": "2025-05-01"},
    {"person": "volunteer first", "role": "volunteer", "since": "2025-05-01"},
    {"person": "volunteer first", "role": "recipient", "since": "2025-06-01"},
    {"person": "same day", "role": "volunteer", "since": "2025-06-01"},
    {"person": "same day", "role": "recipient", "since": "2025-06-01"},
    {"role": "volunteer", "since": "2025-01-01", "count": 20, "community": "weidu"},
    {"role": "volunteer", "since": "2024-01-01", "until": "2024-12-31", "count": 7, "community": "weidu"},
    {"person": "w", "role": "social_worker", "since": "2020-01-01", "community": "heyan"},
    {"person": "s", "role": "staff", "since": "2020-01-01", "community": "weidu"},
    {"person": "backwards", "role": "leader", "since": "2025-05-01", "until": "2025-04-01"},
    {"person": "later", "role": "leader", "since": "2026-05-01"},
]


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory):
    return ledgers_of(tmp_path_factory.mktemp("roles"), {"people": PEOPLE, "roles": ROLES})


def of(table, **where):
    """The one row where columns have these values."""
    for name, value in where.items():
        table = table[table[name] == value]
    (row,) = table.to_dict("records")
    return row


def test_roles_held_on_the_last_day_and_new_in_the_period(ledgers):
    table = role_stocks(ledgers)
    assert of(table, role="volunteer") | {"role": ""} == {"role": "", "held": 24, "new": 5}
    assert of(table, role="recipient") | {"role": ""} == {"role": "", "held": 3, "new": 5}
    assert of(table, role="social_worker")["new"] == 0
    assert "leader" not in set(table["role"])  # one ends before it begins, one begins after the period


def test_the_community_of_a_role_is_its_own_or_that_of_the_person(ledgers):
    table = role_stocks(ledgers, ["community"])
    assert of(table, role="volunteer", community="weidu")["held"] == 20
    assert of(table, role="volunteer", community="heyan")["held"] == 4
    assert table.groupby("role")["held"].sum()["volunteer"] == 24


def test_days_and_events_of_the_first_step(ledgers):
    table = step_times(ledgers, "volunteer").set_index("person")
    assert table["event"].to_dict() == {"became": "became", "left": "left", "still": "", "back": "became"}
    assert table["days"].to_dict() == {"became": 31, "left": 90, "still": 30, "back": 366}
    assert table.index[table["after_break"]].to_list() == ["back"]


def test_nobody_is_lost_between_became_left_and_still(ledgers):
    for step in STEPS:
        for by in ("", "community", "sex", "hardship"):
            table = conversion(ledgers, step, by)
            assert (table["at_risk"] == table["became"] + table["left"] + table["still"]).all()
    row = of(conversion(ledgers, "volunteer"))
    assert (row["at_risk"], row["became"], row["within"], row["after_break"]) == (4, 2, 1, 1)
    assert of(conversion(ledgers, "helper"))["became"] == 1
    assert of(conversion(ledgers, "volunteer", "hardship"), hardship="not_stated")["still"] == 1


def test_leaving_competes_with_becoming(ledgers):
    # At 31 days 1 of 3 who are followed so long becomes, at 91 − 1 one of 2 leaves: 1/3 within a year, and not 1/3 + …
    assert of(conversion(ledgers, "volunteer"))["incidence"] == pytest.approx(1 / 3)
    curve = incidence_curve(ledgers, "volunteer")
    assert curve["months"].to_list() == [3, 6, 9, 12]
    assert curve["incidence"].to_numpy() == pytest.approx([1 / 3] * 4)


def test_how_volunteers_began(ledgers):
    assert volunteer_origins(ledgers).set_index("origin")["persons"].to_dict() == {
        "recipient_first": 2,
        "never_recipient": 1,
        "volunteer_first": 2,
    }


def test_social_workers_and_staff_are_counted_apart(ledgers):
    row = of(volunteers_per_worker(ledgers))
    assert (row["volunteers"], row["social_worker"], row["staff"]) == (24, 1, 1)
    assert row["per_social_worker"] == row["per_staff"] == 24
    heyan = of(volunteers_per_worker(ledgers, ["community"]), community="heyan")
    assert heyan["per_social_worker"] == 4 and heyan["per_staff"] != heyan["per_staff"]


def test_a_month_stands_at_its_own_last_day(tmp_path):
    month = ledgers_of(tmp_path, {"people": PEOPLE, "roles": ROLES}, period="2025-01")
    assert of(role_stocks(month), role="volunteer")["held"] == 21
    assert of(conversion(month, "volunteer"))["still"] == 2
    early = ledgers_of(tmp_path, {"people": PEOPLE, "roles": ROLES}, until="2025-02-15")
    assert of(role_stocks(early), role="volunteer")["held"] == 22


def test_totals_alone_have_stocks_and_no_conversion(tmp_path):
    rows = [
        {"role": "volunteer", "since": "2025-01-01", "count": 156},
        {"role": "local_worker", "since": "2025-01-01", "count": 41},
    ]
    alone = ledgers_of(tmp_path, {"roles": rows})
    assert role_stocks(alone)["held"].to_list() == [156, 41]
    assert role_stocks(alone)["new"].isna().all()
    assert volunteers_per_worker(alone)["social_worker"].isna().all()
    assert len(conversion(alone, "volunteer")) == len(step_times(alone, "volunteer")) == 0
    assert [len(shown.protected_conversion(alone)[name].frame) for name in ("share", "became")] == [0, 0]


def test_no_ledger_of_roles_has_no_figures(tmp_path):
    assert list(shown.figures(ledgers_of(tmp_path, {"people": PEOPLE}))) == []


# --- what may be shown


def many(count=40, short=3):
    """So many recipients; every other becomes a volunteer, those of a small community are few."""
    people = [{"person": f"p{at}", "community": "beili" if at < short else "heyan"} for at in range(count)]
    roles = [{"person": f"p{at}", "role": "recipient", "since": "2025-01-01"} for at in range(count)]
    roles += [{"person": f"p{at}", "role": "volunteer", "since": "2025-03-01"} for at in range(0, count, 2)]
    roles += [{"person": "w", "role": "social_worker", "since": "2025-01-01", "community": "heyan"}]
    return {"people": people, "roles": roles}


def test_small_groups_are_hidden_and_posts_are_not(tmp_path):
    ledgers = ledgers_of(tmp_path, many())
    held = shown.protected_roles(ledgers, "community")["held"].frame
    beili = held[held["community"] == "beili"]
    assert (beili["reason"] == SUPPRESSED).all() and beili["estimate"].isna().all()
    workers = shown.protected_workers(ledgers)
    assert workers["social_worker"].frame["estimate"].to_list() == [1]
    assert workers["per_social_worker"].frame["estimate"].to_list() == [20]


def test_all_measures_of_a_step_are_hidden_together(tmp_path):
    table = many()
    table["roles"][0] |= {"until": "2025-02-01"}
    table["roles"] = [
        row for row in table["roles"] if row != {"person": "p0", "role": "volunteer", "since": "2025-03-01"}
    ]
    safe = shown.protected_conversion(ledgers_of(tmp_path, table))
    assert all(one.frame["suppressed"].to_list() == [True, False] for one in safe.values())


def test_points_of_the_curve_with_few_between_them_are_left_out(tmp_path):
    table = many()
    for row in table["roles"][-4:-1]:
        row["since"] = "2025-10-01"
    drawn = shown.curve_results(ledgers_of(tmp_path, table), "volunteer")
    assert drawn["option"].to_list() == ["03", "06"]
    assert drawn["n_need"].to_list() == [17, 17]


def test_measures_that_follow_from_one_another_are_hidden_in_the_same_rows():
    def part(n, indicator):
        frame = pd.DataFrame({"who": list("abc"), "by": ["g=a", "g=b", "g=c"], "estimate": [1.0, 2.0, 3.0], "n": n})
        told = {"round": "2025", "unit": "service", "indicator": indicator, "version": "1", "option": ""}
        return frame.assign(**told, statistic="total", reason="", flags="", result_id=["x", "y", "z"])

    safe = shown.together({"one": part([3, 9, 8], "one"), "other": part([9, 6, 9], "other")}, ["who"], Policy(5))
    hidden = {name: one.frame["suppressed"].to_list() for name, one in safe.items()}
    assert hidden["one"] == hidden["other"] and sum(hidden["one"]) >= 2


def test_every_figure_has_an_id_of_its_own_and_a_protected_version(tmp_path):
    points = [{"person": f"p{at}", "date": "2025-03-05", "entry": "earned", "hours": 1} for at in range(12)]
    seen = set()
    for frame, safe in shown.figures(ledgers_of(tmp_path, {**many(), "points": points})):
        assert list(safe().frame["result_id"]) == list(frame["result_id"])
        assert not seen & set(frame["result_id"])
        seen |= set(frame["result_id"])
    assert len(seen) > 40


def test_figures_of_a_period_are_the_same_whatever_the_order_of_rows(tmp_path):
    table = many()
    turned = {name: rows[::-1] for name, rows in table.items()}
    one, other = (ledgers_of(tmp_path / name, rows) for name, rows in (("a", table), ("b", turned)))
    for mine, yours in zip(shown.figures(one), shown.figures(other), strict=True):
        pd.testing.assert_frame_equal(mine[0], yours[0])


def test_the_facts_are_read_with_a_list_of_none(root):
    assert (root / "data/facts/volunteers.yml").is_file()
    assert facts(root / "data/facts")


def test_roles_of_a_study_opened_twice_are_the_same(tmp_path):
    study = write_study(tmp_path, many())
    pd.testing.assert_frame_equal(role_stocks(open_ledgers(study, "2025")), role_stocks(open_ledgers(study, "2025")))
