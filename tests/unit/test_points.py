"""Points: what is earned by the rules, spent, corrected and expired, and what is left."""

import pytest

from tests.small_ledgers import ledgers_of
from xzz_analysis.atlas.services.people import protected_points, protected_rules
from xzz_analysis.errors import StudyError
from xzz_analysis.services.people import account, earned_by_rule, hundredths, points_ledger
from xzz_analysis.services.people.movements import FOLDED, MOVEMENTS

RULES = {
    "per_hour": 1,
    "rules": [
        {
            "id": "young_old",
            "label": {"zh": "60至69岁", "en": "aged 60 to 69"},
            "when": "${age} >= 60 and ${age} < 70",
            "times": 2,
        },
        {"id": "hardship", "label": {"zh": "困境家庭", "en": "in hardship"}, "when": "${hardship} = 'yes'", "times": 3},
    ],
}
PEOPLE = [
    {"person": "a", "community": "heyan", "sex": "female", "born": "1965-07", "hardship": "no"},
    {"person": "b", "community": "heyan", "sex": "male", "born": "1990-01", "hardship": "yes"},
    {"person": "c", "community": "weidu", "sex": "male", "born": "1960-01", "hardship": "yes"},
    {"person": "d", "community": "weidu", "sex": "male", "born": "", "hardship": ""},
]


def earned(person, date, hours, **more):
    return {"person": person, "date": date, "entry": "earned", "hours": hours, **more}


def entry(person, date, kind, points):
    return {"person": person, "date": date, "entry": kind, "points": points}


@pytest.fixture
def points_of(tmp_path):
    def made(rows, period="2025", rules=RULES, people=PEOPLE):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        ledgers = ledgers_of(folder, {"people": people, "points": rows}, period, point_rules=rules)
        return ledgers, points_ledger(ledgers)

    return made


def rules_found(points):
    return {one.rule: one.count for one in points.findings}


def test_age_is_that_on_the_day_of_the_service(points_of):
    _, points = points_of(
        [earned("a", "2025-06-30", 1.5), earned("a", "2025-07-01", 1.5), earned("a", "2035-07-01", 1.5)]
    )
    assert points.entries["hundredths"].to_list() == [150, 300]  # the third is after the last day reported
    assert points.entries["rule"].to_list() == ["", "young_old"]


def test_the_highest_rule_that_holds_counts(points_of):
    _, points = points_of([earned("b", "2025-01-01", 1), earned("c", "2025-01-01", 1)])
    assert points.entries["hundredths"].to_list() == [300, 300]
    assert points.entries["rule"].to_list() == ["hardship", "hardship"]


def test_of_rules_alike_the_first_declared_is_named(points_of):
    alike = {"per_hour": 2, "rules": [{**one, "times": 2} for one in RULES["rules"]]}
    _, points = points_of([earned("c", "2025-01-01", 1)], rules=alike)
    assert points.entries[["hundredths", "rule"]].to_numpy().tolist() == [[400, "young_old"]]


def test_what_is_not_known_earns_no_more_and_is_told(points_of):
    _, points = points_of([earned("d", "2025-01-01", 2)])
    assert points.entries["hundredths"].to_list() == [200]
    assert rules_found(points) == {"points_rule_open": 1}
    assert "first in line 2" in points.findings[0].message


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("${agee} > 60", "did you mean 'age'"),
        ("${age} >", "services.point_rules: one"),
        ("${phone} = '1'", "there is no column 'phone' of people"),
    ],
)
def test_a_rule_that_cannot_be_read_is_named(points_of, when, said):
    rules = {"rules": [{"id": "one", "label": {"zh": "一", "en": "one"}, "when": when, "times": 2}]}
    with pytest.raises(StudyError, match=said):
        points_of([earned("a", "2025-01-01", 1)], rules=rules)


def test_rules_may_name_sex_community_and_days(points_of):
    when = "${sex} = 'female' and ${community} = 'heyan' and ${born} < '1970-01-01'"
    rules = {"rules": [{"id": "one", "label": {"zh": "一", "en": "one"}, "when": when, "times": 1.5}]}
    _, points = points_of([earned("a", "2025-01-01", 1), earned("b", "2025-01-01", 1)], rules=rules)
    assert points.entries["hundredths"].to_list() == [150, 100]


def test_a_multiple_below_one_counts_when_nothing_else_holds(points_of):
    rules = {"rules": [{"id": "half", "label": {"zh": "半", "en": "half"}, "when": "${age} > 10", "times": 0.5}]}
    _, points = points_of([earned("a", "2025-01-01", 1)], rules=rules)
    assert points.entries["hundredths"].to_list() == [50]


def test_decimals_are_exact_and_rounded_once():
    assert hundredths(0.1, 3) == 30
    assert hundredths(1.15, 1.5) == 173  # 1.725, up
    assert hundredths(-0.005) == -1
    assert hundredths(1e6, 10) == 10**9


def test_findings_count_rows_and_name_a_line_and_nobody(points_of):
    rows = [
        earned("a", "2025-01-01", "", points=4),
        earned("a", "2025-01-02", 1, points=7),
        earned("a", "2025-01-02", 1, points=1),
        earned("a", "2025-01-03", ""),
        entry("a", "2025-01-04", "spent", -2),
        earned("b", "2025-01-04", -1),
        entry("b", "2025-01-05", "spent", 9),
        entry("a", "2025-01-06", "corrected", -1),
    ]
    _, points = points_of(rows)
    assert rules_found(points) == {
        "points_missing": 1,
        "points_negative": 2,
        "points_without_hours": 1,
        "points_differ": 1,
        "points_overdrawn": 1,
    }
    lines = {one.rule: one.message.rsplit("line ", 1)[1] for one in points.findings}
    assert lines == {
        "points_missing": "5",
        "points_negative": "6",
        "points_without_hours": "2",
        "points_differ": "3",
        "points_overdrawn": "8",
    }
    assert points.balances().to_dict() == {"a": 500, "b": -900}
    assert points.totals() == {"earned": 600, "spent": 900, "corrected": -100, "expired": 0}


def test_a_balance_below_zero_for_a_day_is_told_even_if_it_was_mended(points_of):
    _, points = points_of([entry("a", "2025-01-01", "spent", 1), earned("a", "2025-01-02", 5)])
    assert rules_found(points) == {"points_overdrawn": 1}
    _, points = points_of([entry("a", "2025-01-02", "spent", 1), earned("a", "2025-01-02", 5)])
    assert rules_found(points) == {}


LONG = [
    earned("a", "2024-12-31", 4),
    earned("a", "2025-01-10", 2),
    entry("a", "2025-02-10", "spent", 3),
    earned("b", "2025-02-11", 1.25),
    entry("b", "2025-03-01", "corrected", -0.75),
    entry("a", "2025-03-31", "expired", 0.5),
]


@pytest.mark.parametrize("by", ["", "community", "month"])
def test_every_row_of_an_account_adds_up(points_of, by):
    ledgers, points = points_of(LONG)
    table = account(ledgers, points, by)
    made = table["opening"] + table["earned"] - table["spent"] + table["corrected"] - table["expired"]
    assert (made == table["closing"]).all()
    assert (table["opening"] + table["credited"] - table["debited"] == table["closing"]).all()
    assert set(MOVEMENTS) | set(FOLDED) <= set(table)


def test_an_account_carries_on_from_the_period_before(points_of):
    quarter, points = points_of(LONG, period="2025-02")
    (row,) = account(quarter, points).to_dict("records")
    assert (row["opening"], row["earned"], row["spent"], row["closing"]) == (6.0, 3.75, 3.0, 6.75)
    assert (row["opening_persons"], row["earned_persons"], row["closing_persons"]) == (1, 1, 2)
    year, points = points_of(LONG)
    months = account(year, points, "month").set_index("month")
    assert months.loc["2025-02", "closing"] == 6.75 == months.loc["2025-03", "opening"]


def test_who_earned_more_by_which_rule(points_of):
    ledgers, points = points_of(
        [earned("a", "2025-08-01", 2), earned("b", "2025-08-01", 1), earned("b", "2025-09-01", 1)]
    )
    assert earned_by_rule(ledgers, points).to_dict("records") == [
        {"rule": "young_old", "persons": 1, "hours": 2.0, "points": 4.0, "more": 2.0},
        {"rule": "hardship", "persons": 1, "hours": 2.0, "points": 6.0, "more": 4.0},
    ]


def crowd(corrected=1):
    communities = ["beili"] * 3 + ["heyan"] * 9 + ["weidu"] * 12
    people = [{"person": f"p{at}", "community": one, "hardship": "yes"} for at, one in enumerate(communities)]
    rows = [earned(one["person"], "2025-05-01", 2) for one in people]
    rows += [entry(f"p{at}", "2025-06-01", "spent", 1) for at in range(20)]
    rows += [entry(f"p{at}", "2025-06-01", "corrected", 1) for at in range(corrected)]
    return people, rows


def test_a_row_of_an_account_is_shown_whole_or_not_at_all(points_of):
    people, rows = crowd()
    ledgers, _ = points_of(rows, people=people)
    safe = protected_points(ledgers, "community")
    hidden = {name: one.frame["suppressed"].to_list() for name, one in safe.items()}
    assert hidden == {name: [True, False, True] for name in safe}  # weidu has the fewest who spent


def test_corrections_of_few_stand_with_what_was_earned(points_of):
    people, rows = crowd(corrected=2)
    ledgers, _ = points_of(rows, people=people)
    total = {name: one.frame["estimate"].to_list() for name, one in protected_points(ledgers).items()}
    assert total == {"opening": [0], "credited": [146], "debited": [20], "closing": [126]}
    assert all(one.frame["suppressed"].all() for one in protected_points(ledgers, "", MOVEMENTS).values())
    ledgers, _ = points_of(crowd(corrected=6)[1], people=people)
    assert protected_points(ledgers, "", MOVEMENTS)["corrected"].frame["estimate"].to_list() == [6]


def test_a_rule_of_few_people_is_not_shown(points_of):
    people, rows = crowd()
    people = [{**one, "hardship": "yes" if at < 4 else "no"} for at, one in enumerate(people)]
    ledgers, _ = points_of(rows, people=people)
    frame = protected_rules(ledgers)["persons"].frame.set_index("rule")
    assert frame.loc["hardship", "suppressed"] and frame.loc["young_old", "estimate"] == 0
