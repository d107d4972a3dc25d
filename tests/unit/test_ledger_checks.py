"""Checks between ledgers: each planted mistake is found, counted and told without a key."""

import re
from pathlib import Path

import pytest

from tests.small_ledgers import ledgers_of
from xzz_analysis.errors import StudyError
from xzz_analysis.services.checks import RULES, check_ledgers, remember_ledgers, rule_words
from xzz_analysis.services.checks.remembering import memory_file
from xzz_analysis.services.checks.rules import rules_table
from xzz_analysis.services.ledgers.problems import MESSAGES

ACTIVITIES = [
    {"activity": "A1", "date": "2025-03-04", "type": "group", "person_times": "2", "project": "X", "entered": ""},
    {"activity": "A2", "date": "2025-03-11", "type": "group", "person_times": "1", "project": "X", "entered": ""},
]  # fmt: skip
PEOPLE = [
    {"person": "P1", "family": "F1", "sex": "女", "born": "2015-01", "consent": "2025-01-01", "withdrawn": ""},
    {
        "person": "P2",
        "family": "F1",
        "sex": "男",
        "born": "2015-01",
        "consent": "2025-01-01",
        "withdrawn": "2025-06-01",
    },
]
ATTENDANCE = [
    {"activity": "A1", "person": "P1", "date": "2025-03-04"},
    {"activity": "A1", "person": "P2", "date": "2025-03-04"},
    {"activity": "A2", "person": "P1", "date": "2025-03-11"},
]
ISSUED = [{"voucher": "V1", "person": "P1", "issued": "2025-03-01 10:00", "expires": "2025-06-30", "amount": "50"}]
REDEEMED = [
    {"voucher": "V1", "redeemed": "2025-03-02 09:00", "merchant": "M1", "amount": "20"},
    {"voucher": "V1", "redeemed": "2025-06-30 23:00", "merchant": "M1", "amount": "30"},
]
ROLES = [
    {"person": "P1", "role": "recipient", "since": "2025-01-01", "until": ""},
    {"person": "P1", "role": "volunteer", "since": "2025-02-01", "until": ""},
    {"person": "P2", "role": "staff", "since": "2025-01-01", "until": "2025-03-31"},
    {"person": "P2", "role": "recipient", "since": "2025-04-01", "until": ""},
]
PROJECT = {"project": "X", "indicator": "persons", "target": "9", "since": "2025-01-01", "until": "2025-12-31"}
CLEAN = {
    "activities": ACTIVITIES,
    "attendance": ATTENDANCE,
    "people": PEOPLE,
    "vouchers_issued": ISSUED,
    "vouchers_redeemed": REDEEMED,
    "merchants": [{"merchant": "M1"}],
    "roles": ROLES,
    "projects": [PROJECT],
}


def found(folder, **changed):
    """Rule → count, of the clean ledgers with some of them changed."""
    return {one.rule: one.count for one in check_ledgers(ledgers_of(folder / "s", CLEAN | changed))}


def changed(rows, place, **cells):
    return [row | cells if number == place else row for number, row in enumerate(rows)]


def test_clean_ledgers_have_no_findings(tmp_path):
    assert found(tmp_path) == {}


@pytest.mark.parametrize(
    ("kind", "rows", "expected"),
    [
        ("vouchers_redeemed", changed(REDEEMED, 0, voucher="V9"), {"redeemed_unissued": 1}),
        ("vouchers_redeemed", changed(REDEEMED, 0, redeemed="2025-03-01 09:59"), {"redeemed_before_issue": 1}),
        ("vouchers_redeemed", changed(REDEEMED, 0, redeemed="2025-03-01"), {}),  # perhaps later that day
        ("vouchers_redeemed", changed(REDEEMED, 0, redeemed="2025-02-28"), {"redeemed_before_issue": 1}),
        ("vouchers_redeemed", changed(REDEEMED, 1, redeemed="2025-07-01 00:00"), {"redeemed_expired": 1}),
        ("vouchers_redeemed", changed(REDEEMED, 0, amount="20.01"), {"redeemed_too_much": 1}),
        ("vouchers_redeemed", changed(REDEEMED, 0, merchant="M9"), {"merchant_unknown": 1}),
        ("vouchers_redeemed", changed(REDEEMED, 0, amount="-20"), {"amount_negative": 1}),
        ("vouchers_issued", changed(ISSUED, 0, person="P9"), {"person_unknown": 1}),
        ("roles", changed(ROLES, 2, until="2025-04-01"), {"roles_exclusive": 1}),
        ("roles", changed(ROLES, 1, role="social_worker"), {"roles_exclusive": 1}),
        ("attendance", changed(ATTENDANCE, 0, person="P9"), {"person_unknown": 1}),
        ("attendance", [*ATTENDANCE, ATTENDANCE[0] | {"activity": "A9"}], {"activity_unknown": 1}),
        ("attendance", ATTENDANCE[1:], {"person_times_differ": 1}),
        ("attendance", [*ATTENDANCE, ATTENDANCE[0]], {"attendance_twice": 1}),
        ("attendance", [*ATTENDANCE, ATTENDANCE[0] | {"date": "2025-03-05"}],
         {"attendance_again": 1, "person_times_differ": 1}),
        ("attendance", changed(ATTENDANCE, 0, entered="2025-04-04"), {"late": 1}),
        ("activities", changed(ACTIVITIES, 0, entered="2025-04-03"), {}),
        ("activities", changed(ACTIVITIES, 0, entered="2025-04-04"), {"late": 1}),
        ("activities", changed(ACTIVITIES, 0, project="Y"), {"project_unknown": 1}),
        ("people", changed(PEOPLE, 1, sex="女"), {"person_perhaps_twice": 2}),
        ("people", changed(PEOPLE, 0, consent="2025-03-05"), {"attendance_before_consent": 1}),
        ("people", changed(PEOPLE, 1, withdrawn="2025-03-03"), {"attendance_after_withdrawal": 1}),
        ("people", changed(PEOPLE, 1, withdrawn="2025-03-04"), {}),
    ],
)  # fmt: skip
def test_a_planted_mistake_is_found_and_nothing_else(tmp_path, kind, rows, expected):
    assert found(tmp_path, **{kind: rows}) == {f"ledger_{rule}": count for rule, count in expected.items()}


TOTAL = {"date": "2025-03-01", "until": "2025-03-31", "type": "group", "person_times": "40", "count": "4"}


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([TOTAL], 1),
        ([TOTAL | {"type": "case"}], 0),
        ([TOTAL | {"date": "2025-03-05", "until": "2025-03-10"}], 0),
        ([TOTAL | {"project": "Y"}, TOTAL | {"project": "Z"}], 0),
        ([TOTAL | {"type": "case"}, TOTAL | {"type": "case", "date": "2025-03-31", "until": "2025-04-30"}], 2),
        (
            [{"activity": "G", "date": "2025-03-01", "until": "2025-03-31", "type": "group"}],
            0,
        ),  # a group of eight weeks
    ],
)
def test_totals_that_cover_what_is_written_down_beside_them_are_found(tmp_path, rows, count):
    assert found(tmp_path, activities=[*ACTIVITIES, *rows]).get("ledger_totals_overlap", 0) == count


def test_findings_show_no_key_and_name_the_ledger_and_the_first_line(tmp_path):
    ledgers = ledgers_of(tmp_path / "s", CLEAN | {"vouchers_redeemed": changed(REDEEMED, 1, voucher="SECRET-9")})
    one = check_ledgers(ledgers)[0]
    assert one.where == "vouchers_redeemed (vouchers_redeemed.csv), line 3"
    assert "SECRET" not in f"{one}{one!r}"
    assert one.remedy


def test_only_named_ledgers_are_compared(tmp_path):
    alone = {kind: rows for kind, rows in CLEAN.items() if kind in ("attendance", "vouchers_redeemed")}
    assert check_ledgers(ledgers_of(tmp_path / "s", alone)) == ()


# A ledger that shrank -------------------------------------------------------------------------------------------------


def test_a_ledger_that_shrank_since_the_last_build_is_a_warning(tmp_path):
    ledgers = ledgers_of(tmp_path / "s", CLEAN)
    path = remember_ledgers(ledgers)
    assert path == memory_file(ledgers.study)
    assert "P1" not in path.read_text(encoding="utf-8")
    assert found(tmp_path) == {}
    assert found(tmp_path, roles=[*ROLES, ROLES[1] | {"since": "2025-05-01", "role": "leader"}]) == {}
    ledgers = ledgers_of(tmp_path / "s", CLEAN | {"roles": ROLES[:2]})
    (one,) = check_ledgers(ledgers)
    assert (one.rule, one.severity, one.count) == ("ledger_shrank", "warning", 2)
    assert one.message == (
        "the ledger had 4 rows at the last build and has 2; its last day was 2025-04-01 and is 2025-02-01"
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"roles": {"rows": "many"}}', '{"roles": 3}'])
def test_a_memory_that_is_damaged_says_nothing_and_is_written_anew(tmp_path, text):
    ledgers = ledgers_of(tmp_path / "s", CLEAN)
    memory_file(ledgers.study).parent.mkdir(parents=True)
    memory_file(ledgers.study).write_text(text)
    assert check_ledgers(ledgers) == ()
    remember_ledgers(ledgers)
    assert '"rows": 4' in memory_file(ledgers.study).read_text()


# Words ----------------------------------------------------------------------------------------------------------------


def test_every_rule_has_words_and_every_word_a_rule(root):
    folder = root / "xzz_analysis/services"
    sources = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    used = set(re.findall(r'"(ledger_[a-z_]+)"', sources))
    assert used - {"ledger_columns", "ledger_findings"} <= set(RULES)
    assert all(f'"{rule}"' in sources for rule in RULES)
    assert set(MESSAGES) <= set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_words_are_sentences_in_both_languages(rule):
    words = rule_words(rule)
    assert words["zh"].count("。") == 2
    assert re.fullmatch(r"[A-Z].+[^.]\. [A-Z].+[^.]\.", words["en"])


def test_the_words_of_a_rule_read_as_a_person_would_write_them():
    assert rule_words("ledger_redeemed_before_issue") == {
        "zh": "核销早于发放。核对两处的日期。",
        "en": "A voucher was redeemed before it was issued. Compare the two days.",
    }
    with pytest.raises(StudyError, match="did you mean 'ledger_late'"):
        rule_words("ledger_lat")


def test_the_page_on_services_lists_every_rule(root):
    assert rules_table() in (root / "docs/services.md").read_text(encoding="utf-8")


def test_the_mistakes_planted_in_the_demonstration_are_found(root):
    """Counts that are planted by one row each; data/demo/truth.json lists them all."""
    import json

    from xzz_analysis.services.opening import open_ledgers

    planted = json.loads((root / "data/demo/truth.json").read_text(encoding="utf-8"))["services"]["planted"]
    rules = {
        "redeemed_before_issue": "redeemed_before_issue", "merchant_unknown": "merchant_unknown",
        "amount_negative": "amount_negative", "currency_mixed": "currency_mixed", "date_in_future": "date_future",
        "voucher_overspent": "redeemed_too_much", "before_consent": "attendance_before_consent",
        "after_withdrawal": "attendance_after_withdrawal", "entered_late": "late",
        "sheet_differs": "person_times_differ",
    }  # fmt: skip
    found = {
        (one.rule, one.where.split()[0]): one.count for one in check_ledgers(open_ledgers(Path(root / "data/demo")))
    }
    wanted = {(f"ledger_{rules[one['rule']]}", one["ledger"]): one["count"] for one in planted if one["rule"] in rules}
    assert {key: found.get(key) for key in wanted} == wanted
