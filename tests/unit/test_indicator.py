"""Indicators on a small study of families and children: reasons, links, dates, groups."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from xzz_analysis.errors import InputError
from xzz_analysis.intake.answers import Answers, Option, Question, Reason
from xzz_analysis.intake.store import Dataset
from xzz_analysis.needs.indicator import Indicator, computable, item

A, SKIPPED, BLANK, DONT_KNOW = Reason.ANSWERED, Reason.SKIPPED, Reason.BLANK, Reason.DONT_KNOW
BOTH = {"zh": "甲", "en": "A"}


def table(unit: str, questions: dict[str, str], rows: list[tuple], parent: list[int] | None = None) -> Answers:
    """Answers from rows of values; a Reason stands for a missing one."""
    names = list(questions)
    cells = pd.DataFrame(rows, columns=names, dtype=object)
    missing = cells.map(lambda cell: isinstance(cell, Reason))
    reasons = cells.where(missing, A).astype(np.int8)
    values = cells.mask(missing)
    for name, kind in questions.items():
        values[name] = values[name].astype("str" if kind == "select_one" else float)
    book = {name: Question(name, kind, options=(Option("yes"), Option("no"))) for name, kind in questions.items()}
    rounds = pd.Series(["r"] * len(rows), dtype="str")
    linked = None if parent is None else pd.Series(parent)
    return Answers(unit, values, reasons, rounds, book, parent=linked)


@pytest.fixture
def data() -> Dataset:
    family = table(
        "family",
        {"rent": "decimal", "debt": "select_one"},
        [(900.0, "yes"), (DONT_KNOW, "no"), (0.0, SKIPPED)],
    )
    rows = [(8.0, "yes"), (9.0, DONT_KNOW), (3.0, SKIPPED), (10.0, "no"), (BLANK, "yes")]
    child = table("child", {"age": "integer", "glasses": "select_one"}, rows, parent=[0, 0, 1, -1, 2])
    return Dataset({"family": family, "child": child}, {"child": "family"}, (), "")


def declared(**fields) -> Indicator:
    base = {"id": "x", "domain": "health", "kind": "felt", "unit": "child", "label": BOTH, "definition": BOTH}
    return Indicator(**{**base, **fields})


def computed(indicator: Indicator, data: Dataset, **options):
    return item(indicator, data, np.ones(len(data.unit(indicator.unit)), bool), **options)


def test_the_reason_is_that_of_the_measure_where_the_base_holds(data):
    column = computed(declared(base="${glasses} = 'yes' or ${age} >= 3", need="${glasses} = 'yes'"), data)
    assert column.reasons.tolist() == [A, DONT_KNOW, SKIPPED, A, A]


def test_the_reason_is_that_of_the_base_where_the_base_is_unknown(data):
    column = computed(declared(base="${age} >= 6", need="${glasses} = 'yes'"), data)
    np.testing.assert_array_equal(column.y, [1, np.nan, np.nan, 0, np.nan])
    assert column.reasons.tolist() == [A, DONT_KNOW, A, A, BLANK]


def test_a_reason_declared_as_need_counts_only_inside_the_base(data):
    rule = {"DONT_KNOW": "need", "SKIPPED": "need"}
    column = computed(declared(base="${age} >= 6", need="${glasses} = 'no'", missing=rule), data)
    np.testing.assert_array_equal(column.y, [0, 1, np.nan, 1, np.nan])


def test_a_child_sees_its_familys_answers(data):
    column = computed(declared(need="${debt} = 'yes'"), data)
    np.testing.assert_array_equal(column.y, [1, 1, 0, np.nan, np.nan])
    assert column.reasons.tolist() == [A, A, A, BLANK, SKIPPED]


def test_a_division_by_zero_is_invalid_and_never_infinite(data):
    column = computed(declared(unit="family", value="100 div ${rent}"), data)
    np.testing.assert_array_equal(column.y, [100 / 900, np.nan, np.nan])
    assert column.reasons.tolist() == [A, DONT_KNOW, Reason.INVALID]


def test_a_ratio_needs_both_answers(data):
    column = computed(declared(unit="family", over=["${rent}", "${rent} + 1"]), data)
    assert np.isnan(column.y[1])
    assert np.isnan(column.below[1])


def test_today_is_the_last_day_of_the_round(data):
    column = computed(declared(need="today() > '2025-11-01'"), data, today=dt.date(2025, 11, 28))
    assert column.y.tolist() == [1] * 5


def test_a_question_of_nobody_is_named_with_the_nearest(data):
    assert "did you mean 'glasses'" in computable(declared(need="${glases} = 'yes'"), data)
    with pytest.raises(InputError, match="not asked of unit 'child' or of its parents"):
        computed(declared(need="${glases} = 'yes'"), data)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "exactly one of need, value and over"),
        ({"need": "1", "value": "2"}, "exactly one of need, value and over"),
        ({"over": ["1"]}, "over is a pair"),
        ({"value": "${age}", "missing": {"BLANK": "need"}}, "only be counted as a need"),
        ({"need": "1", "domain": "housing"}, "education"),
    ],
)
def test_a_declaration_that_says_nothing_clear_is_refused(fields, said):
    with pytest.raises(ValueError, match=said):
        declared(**fields)


def test_linked_follows_every_generation(data):
    grandchild = table("visit", {"kept": "select_one"}, [("yes",), ("no",), ("yes",)], parent=[0, 3, -1])
    wide = Dataset({**data.answers, "visit": grandchild}, {"child": "family", "visit": "child"}, (), "")
    assert wide.linked("visit", "visit").tolist() == [True, True, True]
    assert wide.linked("visit", "child").tolist() == [True, True, False]
    assert wide.linked("visit", "family").tolist() == [True, False, False]
    assert wide.lineage("visit") == ["visit", "child", "family"]
