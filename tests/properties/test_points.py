"""Balances of points add up, whatever is in the ledger and in whatever order."""

from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.small_ledgers import ledgers_of
from xzz_analysis.services.people import account, points_ledger

PEOPLE = [
    {"person": "a", "community": "heyan", "born": "1960-05", "hardship": "yes"},
    {"person": "b", "community": "weidu", "born": "1999-01", "hardship": "no"},
    {"person": "c", "community": "", "born": "", "hardship": ""},
]
RULES = {
    "per_hour": 1.5,
    "rules": [
        {"id": "old", "label": {"zh": "老", "en": "old"}, "when": "${age} >= 60", "times": 1.1},
        {"id": "hard", "label": {"zh": "困境", "en": "hardship"}, "when": "${hardship} = 'yes'", "times": 2},
    ],
}
AMOUNT = st.decimals(min_value=-3, max_value=30, places=3).map(float)
ENTRY = st.fixed_dictionaries(
    {
        "person": st.sampled_from("abcd"),
        "date": st.dates(pd.Timestamp("2024-11-01").date(), pd.Timestamp("2026-02-01").date()).map(str),
        "entry": st.sampled_from(["earned", "spent", "corrected", "expired"]),
        "hours": st.none() | AMOUNT,
        "points": st.none() | AMOUNT,
    }
)


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory):
    """Ledgers whose entries the tests exchange."""
    entries = [{"person": "a", "date": "2025-01-01", "entry": "earned", "hours": 1, "points": ""}]
    return ledgers_of(tmp_path_factory.mktemp("points"), {"people": PEOPLE, "points": entries}, point_rules=RULES)


def with_entries(ledgers, rows):
    """The same ledgers with other entries of points, as the reader types them."""
    table = pd.DataFrame(rows, columns=["person", "date", "entry", "hours", "points"])
    typed = table.astype({"person": "str", "entry": "str", "hours": float, "points": float})
    typed["date"] = pd.to_datetime(typed["date"])
    ledgers._read["points"] = type(ledgers._ledger("people"))(typed.assign(line=range(2, len(table) + 2), activity=""))
    return ledgers


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ENTRY, max_size=25), st.randoms(use_true_random=False))
def test_balances_add_up_and_do_not_hang_on_the_order(ledgers, rows, random):
    found = points_ledger(with_entries(ledgers, rows))
    totals = found.totals()
    balances = found.balances()
    assert balances.sum() == totals["earned"] + totals["corrected"] - totals["spent"] - totals["expired"]
    assert found.balances(["community"]).sum() == balances.sum()
    told = {one.rule for one in found.findings}
    assert (balances >= 0).all() or "points_overdrawn" in told
    for by in ("", "community", "month"):
        table = account(ledgers, found, by)
        exact = [
            {name: Fraction(str(value)) for name, value in row.items() if name not in (by,)}
            for row in table.to_dict("records")
        ]
        assert all(row["opening"] + row["credited"] - row["debited"] == row["closing"] for row in exact)
    mixed = list(rows)
    random.shuffle(mixed)
    again = points_ledger(with_entries(ledgers, mixed))
    assert again.balances().to_dict() == balances.to_dict()
    assert {one.rule: one.count for one in again.findings} == {one.rule: one.count for one in found.findings}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ENTRY, min_size=1, max_size=20))
def test_each_entry_is_worth_what_fractions_say(ledgers, rows):
    found = points_ledger(with_entries(ledgers, rows))
    times = {"": Fraction(1), "old": Fraction(11, 10), "hard": Fraction(2)}
    for row in found.entries.merge(pd.DataFrame(rows).assign(line=range(2, len(rows) + 2)), on="line").to_dict(
        "records"
    ):
        by_hours = row["entry_x"] == "earned" and row["hours_y"] == row["hours_y"]
        amount = Fraction(repr(row["hours_y"] if by_hours else row["points"]))
        worth = 100 * amount * (Fraction(3, 2) * times[row["rule"]] if by_hours else 1)
        rounded = (abs(worth) * 2 + 1) // 2 * (1 if worth >= 0 else -1)
        assert row["hundredths"] == rounded * (-1 if row["entry_x"] in ("spent", "expired") else 1)
