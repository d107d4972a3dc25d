"""Needs that come together, as the needs report prints them."""

from __future__ import annotations

import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import StudyError
from xzz_analysis.report.chapters.overlap import overlap_chapter
from xzz_analysis.report.drawings import flow_figure, upset_figure


@pytest.fixture(scope="module")
def survey(root):
    return xzz.open_round(root / "data" / "demo")


@pytest.fixture(scope="module")
def blocks(survey):
    return overlap_chapter(survey, "hardship")


def tables(blocks):
    return {block.caption["en"]: block for block in blocks if block.kind == "table"}


def test_dimensions_are_named_with_their_indicators(blocks):
    said = blocks[0].text
    assert "教育（学龄未在学、学籍不在本市和近30个上学日有缺课）" in said["zh"]
    assert "Education (out of school, no student record in the city and absent" in said["en"]


def test_the_sentence_states_the_estimate_and_its_base(survey, blocks):
    row = survey.overlap().table("cutoffs", "").query("indicator == 'headcount' and cutoff == '2'").iloc[0]
    assert f"{row['estimate']:.1%}" in blocks[1].text["en"] and f"{row['n']:.0f} children" in blocks[1].text["en"]
    assert len(blocks[1].results) == 1


def test_counts_of_dimensions_add_up_to_everybody(blocks):
    rows = tables(blocks)["In how many dimensions at once"].rows
    assert sum(row["estimate"] for row in rows) == pytest.approx(1, abs=0.003)


def test_measures_stand_under_their_cutoff_with_bounds_around(blocks):
    rows = tables(blocks)["How much comes together"].rows
    assert [row["section"]["en"] for row in rows] == ["At least 2 dimensions"] * 5 + ["At least 3 dimensions"] * 5
    for first in (0, 5):
        share, _, _, low, high = (row["estimate"] for row in rows[first : first + 5])
        assert low <= share <= high


def test_every_figure_has_a_result_that_can_be_computed_again(blocks):
    stated = [row["result_id"] for block in blocks if block.kind == "table" for row in block.rows]
    assert len(stated) == len(set(stated)) > 30


def test_combinations_are_drawn_most_frequent_first(blocks):
    figure = next(block for block in blocks if block.kind == "figure")
    rows = tables(blocks)["Combinations of needs"].rows
    shares = [row["estimate"] for row in rows]
    assert shares == sorted(shares, reverse=True)
    assert figure.results == [row["result_id"] for row in rows][: len(figure.results)]
    assert figure.alt["zh"].startswith("哪些需求同时出现：") and figure.alt["en"].endswith(".")


def test_groups_are_compared_where_one_is_named(survey, blocks):
    assert "How much comes together, by hardship" in tables(blocks)
    assert "How much comes together, by hardship" not in tables(overlap_chapter(survey))


def changed(survey, **update):
    overlap = survey.study.settings.overlap
    overlap = overlap.model_copy(update=update) if update else None
    settings = survey.study.settings
    survey.study.settings = settings.model_copy(update={"overlap": overlap})
    return survey


def test_a_study_without_overlap_has_no_chapter(root):
    survey = changed(xzz.open_round(root / "data" / "demo"))
    assert overlap_chapter(survey) == []
    with pytest.raises(StudyError, match="declares no `overlap`"):
        survey.overlap()


def test_an_indicator_that_is_no_share_is_named_with_the_nearest(root):
    survey = xzz.open_round(root / "data" / "demo")
    dimensions = dict(survey.study.settings.overlap.dimensions)
    dimensions["health"] = dimensions["health"].model_copy(update={"indicators": ["health_uninsurd"]})
    with pytest.raises(StudyError, match=r"'health_uninsurd' .*did you mean 'health_uninsured'"):
        changed(survey, dimensions=dimensions).overlap()


def test_drawings_take_protected_tables_only(survey):
    for draw in (lambda: flow_figure(survey.needs(), None), lambda: upset_figure(survey.needs(), {}, {})):
        with pytest.raises(xzz.XzzError, match="not protected"):
            draw()
