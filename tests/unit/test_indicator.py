"""Indicators on a small study of families and children: reasons, links, dates, groups."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from xzz_analysis.errors import InputError
from xzz_analysis.intake.answers import Answers, Option, Question, Reason
from xzz_analysis.intake.store import Dataset
from xzz_analysis.needs.indicator import Indicator, computable, item, problems_of
from xzz_analysis.needs.scales import SCALES
from xzz_analysis.needs.scales.scale import Prorate

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
        ({"need": "1", "rank": ["a"]}, "exactly one"),
        ({"need": "1", "cut": "> 3"}, "cut belongs to scale and growth"),
        ({"value": "${age}", "ages": [6]}, "ages is a pair"),
        ({"value": "${age}", "ages": [9, 6]}, "ages is a pair"),
        ({"need": "1", "recall": {"zh": "上月"}}, "no text in en"),
        ({"need": "1", "recall": "last month"}, "dictionary"),
        ({"scale": {"rule": "who5", "items": []}}, "at least 1 item"),
        (
            {"growth": {"measure": "bmi", "value": "1", "age": "2", "sex": "'male'"}, "missing": {"BLANK": "need"}},
            "cut",
        ),
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


def test_more_is_worse_of_a_share_unless_it_says_otherwise():
    assert declared(need="1").direction == "need"
    assert declared(need="1", direction="none").direction == "none"
    assert declared(value="${age}").direction == "none"
    assert declared(scale={"rule": "who5", "items": ["1"] * 5}, cut="<= 50").direction == "need"


def test_a_citation_reads_the_same_in_both_languages():
    one = declared(need="1", cutoff_source="WS/T 586-2018", licence={"zh": "自编", "en": "own"})
    assert one.cutoff_source == {"zh": "WS/T 586-2018", "en": "WS/T 586-2018"}
    assert (one.licence["en"], one.evidence, one.recall) == ("own", {}, {})


@pytest.mark.parametrize(
    ("fields", "statistic", "written"),
    [
        ({"need": "${age} > 3"}, "share", "${age} > 3"),
        ({"value": "${age}"}, "mean", "${age}"),
        ({"over": ["${age}", "${rent}"]}, "ratio", "(${age}) ÷ (${rent})"),
        ({"rank": ["first", "second"]}, "rank", "${first} > ${second}"),
        ({"scale": {"rule": "fies", "items": ["${age}"]}, "cut": ">= 4"}, "share", "fies(${age}) >= 4"),
        ({"scale": {"rule": "mspss", "part": "family", "items": ["${age}"]}}, "mean", "mspss.family(${age})"),
        (
            {"growth": {"measure": "height", "value": "${cm}", "age": "${age}", "sex": "${sex}"}, "cut": "< -2"},
            "share",
            "who2007.height(${cm}, ${age}, ${sex}) < -2",
        ),
    ],
)
def test_what_is_computed_is_said_on_one_line(fields, statistic, written):
    one = declared(**fields)
    assert (one.statistic, one.computation()) == (statistic, written)


MOODS = {f"w{place}": "integer" for place in range(1, 6)}
WHO5 = {"rule": "who5", "items": [f"${{{name}}}" for name in MOODS]}


@pytest.fixture
def moods() -> Dataset:
    """Well-being by the answers of five items: 100, 40, one unanswered, one with a code that there is not."""
    rows = [(5.0,) * 5, (2.0,) * 5, (5.0, 5.0, Reason.REFUSED, SKIPPED, 5.0), (0.0, 0.0, 0.0, 0.0, 6.0)]
    return Dataset({"child": table("child", MOODS, rows)}, {}, (), "")


def test_a_scale_is_a_mean_and_with_a_cut_off_a_share(moods):
    np.testing.assert_array_equal(computed(declared(scale=WHO5), moods).y, [100, 40, np.nan, np.nan])
    column = computed(declared(scale=WHO5, cut="<= 50"), moods)
    np.testing.assert_array_equal(column.y, [0, 1, np.nan, np.nan])
    assert column.reasons.tolist() == [A, A, Reason.REFUSED, Reason.INVALID]


def test_a_score_may_do_without_an_item_and_a_share_may_not(moods, monkeypatch):
    lenient = SCALES["who5"].model_copy(update={"id": "lenient", "missing": Prorate(prorate=3)})
    monkeypatch.setitem(SCALES, "lenient", lenient)
    score, share = (computed(declared(scale=WHO5 | {"rule": "lenient"}, cut=cut), moods) for cut in ("", "<= 50"))
    np.testing.assert_array_equal(score.y, [100, 40, 100, 0])
    np.testing.assert_array_equal(share.y, [0, 1, np.nan, np.nan])
    assert share.reasons.tolist() == [A, A, Reason.REFUSED, Reason.INVALID]


def test_a_missing_item_may_be_declared_a_need(moods):
    column = computed(declared(scale=WHO5, cut="<= 50", missing={"REFUSED": "need"}), moods)
    np.testing.assert_array_equal(column.y, [0, 1, 1, np.nan])


def test_an_item_that_needs_no_answer_gives_no_reason():
    rows = [("no", SKIPPED, 1.0, 1.0, 1.0), ("yes", 3.0, DONT_KNOW, 1.0, 1.0), ("no", SKIPPED, BLANK, 1.0, 1.0)]
    data = Dataset({"child": table("child", {"any": "select_one"} | dict(list(MOODS.items())[:4]), rows)}, {}, (), "")
    items = ["if(${any} = 'no', 0, ${w1})", "${w2}", "${w3}", "${w4}", "1"]
    column = computed(declared(scale={"rule": "who5", "items": items}), data)
    np.testing.assert_array_equal(column.y, [16, np.nan, np.nan])
    assert column.reasons.tolist() == [A, DONT_KNOW, BLANK]


def test_a_part_of_a_scale_has_its_own_items():
    one = declared(scale={"rule": "mspss", "part": "family", "items": ["${age}"] * 4})
    assert problems_of(one, "x.yml") == []
    (finding,) = problems_of(declared(scale={"rule": "mspss", "items": ["${age}"] * 4}), "x.yml")
    assert "has 12 items and `items` names 4" in finding.message


def test_unknown_scales_references_and_cut_offs_are_named():
    bad = {"measure": "hight", "value": "${age}", "age": "${age}", "sex": "'male'"}
    said = [
        problems_of(declared(scale={"rule": "who-5", "items": ["1"] * 5}), "x.yml"),
        problems_of(declared(growth=bad), "x.yml"),
        problems_of(declared(growth=bad | {"measure": "height", "reference": "who2017"}), "x.yml"),
        problems_of(declared(scale=WHO5, cut="=< 50"), "x.yml"),
    ]
    hints = ["did you mean 'who5'", "did you mean 'height'", "did you mean 'who2007'", "cannot be used"]
    for found, hint in zip(said, hints, strict=True):
        assert hint in str(found[0])
        assert len(found) == 1


GROWN = {"height": "decimal", "months": "decimal", "sex": "select_one"}
BY_HEIGHT = {
    "measure": "height",
    "value": "${height}",
    "age": "${months}",
    "sex": "if(${sex} = 'yes', 'male', 'female')",
}


def test_growth_leaves_out_what_is_implausible_or_outside_the_reference():
    rows = [(121.7, 84.5, "yes"), (100.0, 84.5, "yes"), (40.0, 84.5, "yes"), (121.7, 10.0, "yes"), (BLANK, 84.5, "no")]
    data = Dataset({"child": table("child", GROWN, [*rows, (121.7, 84.5, DONT_KNOW)])}, {}, (), "")
    z = computed(declared(growth=BY_HEIGHT), data)
    assert abs(z.y[0]) < 0.2
    assert z.y[1] < -3
    assert np.isnan(z.y[2:]).all()
    assert z.reasons.tolist() == [A, A, Reason.INVALID, Reason.INVALID, BLANK, DONT_KNOW]
    share = computed(declared(growth=BY_HEIGHT, cut="< -2"), data)
    np.testing.assert_array_equal(share.y, [0, 1, np.nan, np.nan, np.nan, np.nan])


def test_an_option_that_its_question_does_not_have_is_a_reason(data):
    assert "has no option 'yess' that the indicator names; did you mean 'yes'" in computable(
        declared(need="${glasses} = 'yess'"), data
    )
    assert "is to be a number and is asked as select_one" in computable(declared(need="${glasses} > 3"), data)
    assert computable(declared(need="${age} = 3 or ${glasses} != ''"), data) == ""
