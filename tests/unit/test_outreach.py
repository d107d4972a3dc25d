"""Merchants: where they stand, what totals leave open, how long they take, whom to visit next."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from tests.small_ledgers import ledgers_of
from xzz_analysis.atlas.services import outreach
from xzz_analysis.services import merchants


def visit(merchant, date, outcome, **more):
    return {
        "merchant": merchant,
        "date": date,
        "until": "",
        "outcome": outcome,
        "reasons": "",
        "introduced": "",
        "count": "",
    } | more


def total(outcome, count, **more):
    return visit("", "2017-01-01", outcome, until="2017-12-31", count=count, **more)


MERCHANTS = [
    {"merchant": "M1", "community": "east", "category": "food", "resource": "R1", "lon": 112.5, "lat": 28.1},
    {"merchant": "M2", "community": "east", "category": "meals", "resource": "", "lon": "", "lat": ""},
    {"merchant": "M3", "community": "west", "category": "food", "resource": "", "lon": 112.6, "lat": 28.2},
    {"merchant": "M4", "community": "", "category": "", "resource": "", "lon": "", "lat": ""},
    {"merchant": "M5", "community": "west", "category": "food", "resource": "", "lon": "", "lat": ""},
    {"merchant": "M6", "community": "west", "category": "food", "resource": "R6", "lon": "", "lat": ""},
]
VISITS = [
    visit("M1", "2025-01-10", "visited", introduced="parent"),
    visit("M1", "2025-02-09", "joined"),
    visit("M1", "2025-06-01", "left"),
    visit("M2", "2025-03-01", "pending", reasons="settlement;rules", introduced="staff"),
    visit("M2", "2025-03-31", "visited"),
    visit("M3", "2025-02-01", "pending", reasons="settlement", introduced="parent"),
    visit("M3", "2025-02-01", "visited"),
    visit("M3", "2025-02-21", "joined"),
    visit("M3", "2025-08-01", "visited"),
    visit("M4", "2025-05-01", "refused", reasons="margin"),
    visit("M4", "2025-07-01", "refused", reasons="margin"),
    visit("M5", "2025-04-01", "refused", reasons="settlement；margin", introduced="nobody"),
]


@pytest.fixture
def ledgers(tmp_path):
    return ledgers_of(tmp_path, {"merchants": MERCHANTS, "merchant_visits": VISITS})


def states_of(tmp_path, rows, period="2025", **services):
    return merchants.merchant_states(ledgers_of(tmp_path, {"merchant_visits": rows}, period, **services))


def test_a_merchant_stands_where_the_latest_visit_that_says_something_left_it(ledgers):
    found = merchants.merchant_states(ledgers).set_index("merchant")
    assert found["state"].to_dict() == {"M1": "left", "M2": "pending", "M3": "joined", "M4": "refused", "M5": "refused"}
    assert found["ever_joined"].tolist() == [True, False, True, False, False]
    assert found["visits"].tolist() == [3, 2, 4, 2, 1]
    assert found["introduced"].tolist() == ["parent", "staff", "parent", "", "nobody"]
    assert found.loc["M2", "reasons"] == ("settlement", "rules")
    assert found.loc["M4", ["community", "category"]].tolist() == ["", ""]


def test_the_state_is_that_of_the_end_of_the_period(tmp_path):
    ledgers = ledgers_of(tmp_path, {"merchants": MERCHANTS, "merchant_visits": VISITS}, "2025-02")
    found = merchants.merchant_states(ledgers).set_index("merchant")
    assert found["state"].to_dict() == {"M1": "joined", "M3": "joined"}
    assert merchants.visits_in_period(ledgers) == {"visits": 4, "merchants": 2, "first": 1, "joined": 2, "left": 0}


def test_the_order_of_the_rows_plays_no_part(tmp_path, ledgers):
    backwards = ledgers_of(tmp_path / "b", {"merchants": MERCHANTS, "merchant_visits": VISITS[::-1]})
    pd.testing.assert_frame_equal(merchants.merchant_states(ledgers), merchants.merchant_states(backwards))


def test_visits_after_the_day_the_ledgers_stand_at_are_not_known_yet(tmp_path):
    rows = [visit("M1", "2025-01-01", "pending"), visit("M1", "2025-11-30", "joined")]
    found = states_of(tmp_path, rows, until="2025-10-31")
    assert found["state"].tolist() == ["pending"]
    assert found["known_open"].tolist() == [pd.Timestamp("2025-10-31")]


def test_a_merchant_that_no_table_knows_stands_without_a_place(tmp_path):
    found = states_of(tmp_path, [visit("X9", "2025-01-01", "joined")])
    assert found[["community", "category", "state"]].to_numpy().tolist() == [["", "", "joined"]]


def test_stages_add_up_to_the_merchants_visited(ledgers):
    found = merchants.funnel(merchants.merchant_states(ledgers), "community").pivot(
        index="community", columns="stage", values="count"
    )
    parts = ["no_result", "pending", "not_joined", "refused", "joined", "left"]
    assert (found[parts].sum(axis=1) == found["visited"]).all()
    assert found.loc["west", ["visited", "joined", "refused", "decided"]].tolist() == [2, 1, 1, 2]
    assert found["visited"].sum() == 5 and found["ever_joined"].sum() == 2


def test_groups_come_in_the_order_asked_for_and_the_unstated_last(ledgers):
    states = merchants.merchant_states(ledgers)
    assert merchants.funnel(states, "community")["community"].unique().tolist() == ["east", "west", ""]
    ordered = merchants.funnel(states, "community", order=["west"])
    assert ordered["community"].unique().tolist() == ["west", "east", ""]
    asked = outreach.stage_results(ledgers, "introduced")["introduced"].unique().tolist()
    assert asked == ["parent", "staff", "nobody", ""]


def test_shares_have_wilsons_interval(ledgers):
    low, high = merchants.share_interval(np.array([73, 0, 5, 0]), np.array([89, 5, 5, 0]))
    np.testing.assert_allclose([low[0], high[0]], [0.7277, 0.8862], atol=5e-5)  # R: prop.test(73, 89, correct = FALSE)
    assert (low[1], high[2]) == (0, 1) and np.isnan([low[3], high[3]]).all()


def test_reasons_count_a_merchant_once_each(ledgers):
    found = merchants.reasons(ledgers, merchants.merchant_states(ledgers))
    rows = found.set_index("reason")[["merchants", "pending", "refused", "joined_later"]]
    assert rows.loc["settlement"].tolist() == [3, 2, 1, 1]
    assert rows.loc["margin"].tolist() == [2, 0, 2, 0]
    assert rows.loc["rules"].tolist() == [1, 1, 0, 0]
    assert found["of"].tolist() == [4] * 3 and found.attrs["silent"] == 0


def test_days_run_from_the_first_visit_to_the_first_decision(ledgers):
    found = merchants.decision_days(merchants.merchant_states(ledgers)).set_index("merchant")
    assert found["event"].to_dict() == {"M1": "joined", "M2": "", "M3": "joined", "M4": "refused", "M5": "refused"}
    until_the_end = (dt.date(2025, 12, 31) - dt.date(2025, 3, 1)).days
    assert found["days"].tolist() == [30, until_the_end, 20, 0, 0]


def test_of_a_decision_on_no_known_day_only_the_last_open_visit_is_known(tmp_path):
    rows = [
        visit("A", "2025-01-01", "visited"),
        visit("A", "2025-01-11", "pending"),
        visit("A", "2025-03-01", "not_joined"),
        visit("A", "2025-04-01", "joined"),
        visit("B", "2025-01-01", "left"),
        visit("C", "2025-01-01", "not_joined"),
    ]
    states = states_of(tmp_path, rows)
    assert states["state"].tolist() == ["joined", "left", "not_joined"]
    found = merchants.decision_days(states)
    assert found["event"].tolist() == ["", "", ""] and found["days"].tolist() == [10, 0, 0]


def test_newcombes_interval_is_the_published_one():
    """Newcombe 1998, table II: 56/70 and 48/80, method 10."""
    of = np.array([70, 80])
    share = np.array([56, 48]) / of
    low, high = merchants.share_interval(share * of, of)
    found = merchants.newcombe(share, low, high)
    np.testing.assert_allclose(found, [0.2, 0.0524, 0.3339], atol=5e-5)


def test_introductions_are_compared_only_where_there_are_enough(tmp_path, ledgers):
    assert merchants.introductions_compared(merchants.merchant_states(ledgers)) is None
    rows = [visit(f"P{n}", "2025-01-01", "pending", introduced="parent") for n in range(5)]
    rows += [visit(f"P{n}", "2025-02-01", "joined") for n in range(4)]
    rows += [visit(f"S{n}", "2025-01-01", "pending", introduced="staff") for n in range(6)]
    rows += [visit("S0", "2025-03-01", "joined"), visit("N1", "2025-01-01", "pending")]
    found = merchants.introductions_compared(states_of(tmp_path / "b", rows))
    assert (found.merchants, found.joined, found.not_stated) == ((5, 6), (4, 1), 1)
    assert found.difference.low > 0 and found.test.p < 0.05
    assert found.medians[0].estimate == 31 and np.isnan(found.medians[1].estimate)


def test_without_anybody_joined_there_is_no_test_of_how_soon(tmp_path):
    rows = [
        visit(f"{who}{n}", "2025-01-01", "pending", introduced=who) for who in ("parent", "staff") for n in range(5)
    ]
    assert merchants.introductions_compared(states_of(tmp_path, rows)).test is None


def test_89_visited_and_73_pending_or_refused_leave_open_what_nobody_wrote_down(tmp_path):
    ledgers = ledgers_of(tmp_path, {"merchant_visits": [total("visited", 89), total("not_joined", 73)]}, "2017")
    (found,) = merchants.outreach_rounds(ledgers).to_dict("records")
    assert (found["visited"], found["pending_or_refused"], found["not_told"]) == (89, 73, 16)
    assert np.isnan([found["pending"], found["refused"], found["joined"], found["left"]]).all()
    assert found["reasons"] == {}
    assert len(merchants.merchant_states(ledgers)) == 0
    assert merchants.totals_findings(ledgers) == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("visited", 89), ("pending", 50), ("refused", 23), ("joined", 16)], (89, 50, 23, 73, 16, 0, 0)),
        ([("visited", 89), ("pending", 50), ("refused", 23)], (89, 50, 23, 73, None, None, 16)),
        ([("pending", 20), ("pending", 10), ("joined", 3)], (None, 30, None, 30, 3, None, None)),
        ([("visited", 40), ("not_joined", 10), ("refused", 5)], (40, None, None, 15, None, None, 25)),
        ([("visited", 12)], (12, None, None, None, None, None, 12)),
        ([("visited", 10), ("joined", 12)], (10, None, None, None, 12, None, None)),
        ([("visited", 10), ("joined", 10)], (10, 0, 0, None, 10, 0, 0)),
    ],
)
def test_what_totals_say_and_what_they_leave_open(tmp_path, rows, expected):
    ledgers = ledgers_of(tmp_path, {"merchant_visits": [total(*row) for row in rows]}, "2017")
    found = merchants.outreach_rounds(ledgers)
    numbers = ["visited", "pending", "refused", "pending_or_refused", "joined", "left", "not_told"]
    assert [None if value != value else value for value in found[numbers].iloc[0]] == list(expected)


def test_totals_keep_to_their_period_and_are_never_added_up(tmp_path):
    rows = [total("visited", 89), visit("", "2017-03-01", "visited", until="2017-03-31", count=20)]
    rows += [total("visited", 40, introduced="parent"), visit("M1", "2017-05-01", "joined")]
    ledgers = ledgers_of(tmp_path, {"merchant_visits": rows}, "2017")
    assert merchants.outreach_rounds(ledgers)["visited"].tolist() == [89, 40, 20]
    assert len(merchants.merchant_states(ledgers)) == 1
    march = ledgers_of(tmp_path / "b", {"merchant_visits": rows}, "2017-03")
    assert merchants.outreach_rounds(march)["visited"].tolist() == [20]
    (note,) = merchants.totals_findings(march)
    assert (note.rule, note.count, note.where) == ("total_beyond_the_period", 2, "merchant_visits, line 2")


def test_reasons_of_totals_are_told_with_them(tmp_path):
    rows = [total("pending", 20, reasons="rules"), total("refused", 5, reasons="margin;rules"), total("refused", 1)]
    ledgers = ledgers_of(tmp_path, {"merchant_visits": rows}, "2017")
    assert merchants.outreach_rounds(ledgers)["reasons"].iloc[0] == {"rules": 25, "margin": 5}


def test_odd_totals_and_odd_orders_are_findings_without_a_merchant(tmp_path):
    rows = [
        total("visited", 10),
        total("joined", 12),
        visit("", "2017-05-01", "pending"),
        visit("SECRET", "2017-05-01", "left"),
        visit("HIDDEN", "2017-05-01", "joined"),
        visit("HIDDEN", "2017-06-01", "pending"),
    ]
    ledgers = ledgers_of(tmp_path, {"merchant_visits": rows}, "2017")
    found = [*merchants.totals_findings(ledgers), *merchants.merchant_findings(ledgers)]
    assert {one.rule: (one.count, one.where.split(", ")[1]) for one in found} == {
        "merchant_row_without_count": (1, "line 4"),
        "outcomes_exceed_visited": (1, "line 2"),
        "left_without_joining": (1, "line 5"),
        "back_without_leaving": (1, "line 7"),
    }
    assert not [one for one in found if "SECRET" in str(one) or "HIDDEN" in str(one)]


def test_clean_visits_have_no_findings(ledgers):
    assert merchants.merchant_findings(ledgers) == [] and merchants.totals_findings(ledgers) == []


def test_whom_to_visit_next_and_why(ledgers):
    found = merchants.revisit_list(ledgers)
    assert found["merchant"].tolist() == ["M2", "M5"]  # M4 refused twice, M1 left, M3 joined
    assert found["answered"].tolist() == [("settlement",), ("settlement",)]  # after which M3 joined
    assert found["days"].tolist() == [275, 274] and found["near"].isna().all()


def test_the_declared_order_of_visits(tmp_path):
    rows = [
        visit("waiting_long", "2025-01-01", "pending", reasons="margin"),
        visit("waiting_short", "2025-10-01", "pending", reasons="margin"),
        visit("needed", "2025-11-01", "pending", reasons="margin"),
        visit("just_seen", "2025-12-20", "pending", reasons="margin"),
        visit("answered", "2025-12-25", "pending", reasons="rules"),
        visit("refused_once", "2025-01-01", "refused", reasons="rules"),
        visit("refused_twice", "2025-01-01", "refused"),
        visit("refused_twice", "2025-02-01", "refused"),
        visit("refused_then_joined", "2025-02-01", "refused"),
        visit("refused_then_joined", "2025-03-01", "joined"),
    ]
    ledgers = ledgers_of(tmp_path, {"merchant_visits": rows})
    found = merchants.revisit_list(
        ledgers, weights={"needed": 30, "just_seen": 99, "waiting_long": 2, "waiting_short": 2}, addressable=["rules"]
    )
    assert found["merchant"].tolist() == [
        "answered",
        "needed",
        "waiting_long",
        "waiting_short",
        "just_seen",
        "refused_once",
    ]
    assert found["place"].tolist() == [1, 2, 3, 4, 5, 6]


def test_by_default_a_community_with_more_people_with_vouchers_comes_first(tmp_path):
    known = [{"merchant": name, "community": name} for name in ("east", "west")]
    issued = [
        {"voucher": f"V{n}", "person": f"P{min(n, 3)}", "issued": "2025-05-01", "amount": 10, "community": place}
        for n, place in enumerate(["east", "west", "west", "west", "west"])
    ]
    rows = [visit("east", "2025-01-01", "pending"), visit("west", "2025-06-01", "pending")]
    ledgers = ledgers_of(tmp_path, {"merchants": known, "merchant_visits": rows, "vouchers_issued": issued})
    found = merchants.revisit_list(ledgers)
    assert found[["merchant", "near"]].to_numpy().tolist() == [["west", 3.0], ["east", 1.0]]


def test_candidate_sites_are_merchants_that_have_not_decided(ledgers):
    found = merchants.candidate_sites(ledgers)
    assert list(found.columns) == ["id", "community", "category", "resource", "lon", "lat", "state"]
    assert found["id"].tolist() == ["M2"]
    more = merchants.candidate_sites(ledgers, ["pending", "refused", "left", ""])
    assert more["id"].tolist() == ["M1", "M2", "M4", "M5", "M6"]
    assert more.set_index("id")["resource"].to_dict() == {"M1": "R1", "M2": "", "M4": "", "M5": "", "M6": "R6"}
    assert more["lon"].isna().tolist() == [False, True, True, True, True]


def test_every_figure_has_an_id_of_its_own_and_none_rests_on_a_person(ledgers):
    ids = []
    for made, protected in outreach.figures(ledgers):
        safe = protected()
        assert safe.frame["result_id"].tolist() == made["result_id"].tolist()
        assert not safe.frame["suppressed"].any() and safe.frame["n"].isna().all()
        ids += made["result_id"].tolist()
    assert len(set(ids)) == len(ids) > 80


def test_no_figure_names_a_merchant(ledgers):
    for made, _ in outreach.figures(ledgers):
        texts = made.select_dtypes(["object", "str"]).astype(str)
        assert not texts.isin([f"M{n}" for n in range(1, 7)]).any().any()


def test_a_study_without_visits_has_no_figures(tmp_path):
    ledgers = ledgers_of(tmp_path, {"merchants": MERCHANTS})
    assert list(outreach.figures(ledgers)) == []
    assert len(merchants.revisit_list(ledgers)) == 0


def test_a_curve_that_ends_before_a_mark_says_that_it_is_beyond_the_data(tmp_path):
    ledgers = ledgers_of(tmp_path, {"merchant_visits": [visit("M1", "2025-10-20", "pending")]})
    found = outreach.decision_results(ledgers).set_index(["option", "decision"])
    assert found.loc[("60", "joined"), "estimate"] == 0
    assert found.loc[("90", "joined"), "reason"] == "beyond_the_data"
    assert outreach.median_results(ledgers)["reason"].tolist() == ["beyond_the_data"]
