"""Nothing is published before readers are told what they must be told."""

from __future__ import annotations

import dataclasses

import pytest

import xzz_analysis as xzz
from xzz_analysis.report.chapters.checklist import AAPOR, LISTS, STROBE, checklist_tables, unfilled
from xzz_analysis.study.settings import Statement


@pytest.fixture
def survey(root):
    return xzz.open_round(root / "data" / "demo")


def without(survey, **changed):
    """The round with another statement."""
    study = survey.study
    statement = study.settings.statement.model_copy(update=changed)
    study.settings = study.settings.model_copy(update={"statement": statement})
    return survey


def test_the_list_has_the_eleven_items():
    assert sorted({int(item.label["en"].split()[0]) for item in AAPOR}) == list(range(1, 12))


def test_every_field_of_the_statement_is_asked_for_somewhere():
    asked = {item.field for _, items in LISTS.values() for item in items} - {""}
    assert asked == set(Statement.model_fields) - {"foreign_funding"}


@pytest.mark.parametrize("item", [*AAPOR, *STROBE], ids=lambda item: item.label["en"])
def test_every_item_of_the_demo_is_told_in_both_languages(survey, item):
    told = item.text(survey)
    assert told["zh"].strip() and told["en"].strip() and told["zh"] != told["en"]


def test_a_complete_statement_leaves_nothing_to_say(survey):
    assert unfilled(survey) == []
    assert [block.kind for block in checklist_tables(survey)] == ["table", "table"]


def test_what_is_left_out_stands_in_red_and_is_an_error(survey):
    left = without(survey, weighting={}, sponsor={})
    found = unfilled(left)
    assert {(one.severity, one.where) for one in found} == {
        ("error", "study.yml: statement.weighting"),
        ("error", "study.yml: statement.sponsor"),
    }
    note, aapor, _ = checklist_tables(left)
    assert note.tone == "warning" and "weighting" in note.text["en"] and "2项" in note.text["zh"]
    assert [row["told"]["en"] for row in aapor.rows if "Weighting" in row["item"]["en"]] == [
        "[not filled in] study.yml: statement.weighting"
    ]


def test_funding_from_abroad_is_warned_of(survey):
    warned = checklist_tables(without(survey, foreign_funding=True))[0]
    assert warned.tone == "warning" and "涉外调查" in warned.text["zh"]


def test_sample_sizes_are_those_of_the_samples(survey):
    sizes = next(item for item in AAPOR if item.label["en"].startswith("8")).text(survey)
    assert f"{len(survey.sample('child')):,}名儿童" in sizes["zh"]
    assert dataclasses.is_dataclass(AAPOR[0])
