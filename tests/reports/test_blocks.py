"""Blocks: checked when made, carried through a notebook unchanged, printed the same everywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from xzz_analysis.errors import ReportError
from xzz_analysis.report.blocks import (
    MIME,
    Block,
    Column,
    Figure,
    Heading,
    Note,
    PageMeta,
    Paragraph,
    Table,
    captions,
    collect,
    from_json,
)

BOTH = {"zh": "需求", "en": "Needs"}
SHARE = Column("share", BOTH, "percent")
NAME = Column("name", BOTH)


def one_row(**cells: Any) -> Table:
    columns = [
        NAME,
        Column("estimate", BOTH, "figure"),
        Column("interval", BOTH, "interval"),
        Column("n", BOTH, "count"),
    ]
    return Table(BOTH, columns, [{"name": "x", **cells}])


def printed(language: str = "en", **cells: Any) -> list[str]:
    table = one_row(**cells)
    return [wording.text for wording in table.printed(table.rows[0], language)]


@pytest.mark.parametrize("kind", [Heading, Paragraph, Note])
def test_a_text_must_be_in_both_languages(kind: type[Block]) -> None:
    with pytest.raises(ReportError, match=r"'Only English'.*has no zh text; write both languages"):
        kind({"en": "Only English"})  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Heading(BOTH, level=5), "heading level is 5; use 1 to 4"),
        (lambda: Note(BOTH, tone="loud"), "note tone is 'loud'"),
        (lambda: Column("n", BOTH, "pie"), "column format 'pie' is not one of text, count, percent"),
        (
            lambda: Table(BOTH, [SHARE], [{"shere": 0.1}]),
            "a cell 'shere' but no such column; did you mean 'share'",
        ),
        (lambda: Table(BOTH, [SHARE], [{"share": "many"}]), "column 'share' is percent, a cell is 'many'"),
        (lambda: Table(BOTH, [SHARE], [{"share": float("nan")}]), "column 'share' is percent, a cell is nan"),
        (lambda: Table(BOTH, [NAME], [{"name": 3}]), "column 'name' is text, a cell is 3"),
        (lambda: one_row(interval=[0.1]), "column 'interval' is interval"),
        (
            lambda: one_row(absent="supressed"),
            "no words for the reason 'supressed'; did you mean 'suppressed'",
        ),
        (
            lambda: Figure(BOTH, BOTH, {"zh": "aGVsbG8=", "en": "aGVsbG8="}),
            "picture of figure 'Needs' is not a PNG",
        ),
        (lambda: Figure(BOTH, BOTH, {"zh": "<b>", "en": "<b>"}), "picture of figure 'Needs' is not base64"),
        (lambda: from_json({"kind": "pie"}), "block kind 'pie' is unknown; known are figure, heading, "),
        (
            lambda: from_json({"kind": "note", "text": BOTH, "tune": 1}),
            "no field 'tune'; did you mean 'tone'",
        ),
    ],
)
def test_a_wrong_block_says_what_is_wrong(make: Any, message: str) -> None:
    with pytest.raises(ReportError, match=message):
        make()


def test_blocks_travel_through_a_notebook_unchanged(page: list[Block]) -> None:
    outputs = [{"data": block._repr_mimebundle_()} for block in page]
    carried = json.loads(json.dumps({"cells": [{"outputs": outputs}, {"source": "markdown"}]}, allow_nan=False))
    assert collect(carried) == page


def test_a_bundle_kept_as_text_is_read_too() -> None:
    block = Paragraph(BOTH, results=["a1"])
    cell = {"outputs": [{"data": {MIME: json.dumps(block.to_json())}}, {"name": "stdout"}]}
    assert collect({"cells": [cell]}) == [block]


def test_every_text_of_a_table_is_known_to_the_glyph_check() -> None:
    table = Table(BOTH, [NAME], [{"name": {"fr": "Eau"}, "section": BOTH}, {"name": "2025Q4"}], [BOTH])
    texts = list(table.texts())
    assert texts == [BOTH, BOTH, BOTH, {"fr": "Eau"}, BOTH, {"": "2025Q4"}]


def test_previews_escape_what_they_show(page: list[Block]) -> None:
    hostile = Table({"zh": "<b>", "en": "<img onerror=x>"}, [NAME], [{"name": "<script>"}], [BOTH])
    assert hostile.preview("en") == (
        "<table><caption>&lt;img onerror=x&gt;</caption><tr><th>Needs</th></tr>"
        "<tr><td>&lt;script&gt;</td></tr></table><p>Needs</p>"
    )
    assert Paragraph({"zh": "一", "en": "a < b"}).preview("en") == "<p>a &lt; b</p>"
    figure = next(block for block in page if isinstance(block, Figure))
    assert figure.preview("zh").startswith('<img alt="点区间图')


def test_a_row_prints_in_its_own_unit() -> None:
    share: dict[str, Any] = {"estimate": 0.1234, "interval": [0.1, 0.15], "n": 1240, "unit": "percent"}
    assert printed(**share) == ["x", "12.3%", "10.0% to 15.0%", "1,240"]
    assert printed("zh", **share) == ["x", "12.3%", "10.0%～15.0%", "1,240"]
    mean: dict[str, Any] = {"estimate": -1.25, "interval": [-2.04, 0.0], "n": 9, "unit": "number"}
    assert printed(**mean) == ["x", "−1.2", "−2.0 to 0.0", "9"]


def test_a_suppressed_row_shows_the_mark_in_every_figure() -> None:
    assert printed(absent="suppressed") == ["x", "※", "※", "※"]


def test_another_reason_stands_in_words_where_the_first_figure_is_absent() -> None:
    assert printed(absent="nobody_answered", n=0) == ["x", "nobody answered", "—", "0"]
    assert printed("zh", absent="no_degrees_of_freedom", estimate=0.5, n=8) == [
        "x",
        "50.0%",
        "抽样点太少",
        "8",
    ]


def test_a_figure_that_does_not_apply_is_a_dash() -> None:
    assert printed(estimate=2.5, unit="number", n=12) == ["x", "2.5", "—", "12"]


def test_a_label_says_which_language_it_is_in() -> None:
    table = Table(BOTH, [NAME], [{"name": {"fr": "Eau"}}, {"name": {"": "q1"}}, {"name": "2025Q4"}, {}])
    assert [tuple(table.printed(row, "zh")[0]) for row in table.rows] == [
        ("Eau", "fr"),
        ("q1", ""),
        ("2025Q4", "zh"),
        ("", "zh"),
    ]


def test_tables_and_figures_are_numbered_apart(page: list[Block]) -> None:
    assert [text for text in captions(page, "en") if text] == [
        "Table 1. Response flow",
        "Table 2. Needs by domain",
        "Figure 1. Share with each need",
        "Figure 2. Needs of girls and boys",
        "Figure 3. Change between two rounds",
    ]
    assert [text for text in captions(page, "zh") if text][1:3] == [
        "表 2　各领域需求",
        "图 1　各项需求的比例",
    ]


def meta(**changes: Any) -> PageMeta:
    required = {"edition": "2025Q4", "as_of": "2025-11-28", "data_hash": "ab12", "code_version": "0.1"}
    return PageMeta(**{"title": BOTH, "publisher": BOTH, **required, **changes})


def test_a_page_of_an_internal_report_says_so_first() -> None:
    notice = {"zh": "合成演示数据", "en": "Synthetic demonstration data"}
    assert meta().banners("en") == []
    assert meta(notice=notice, audience="internal").banners("en") == [
        "Internal: not for release",
        notice["en"],
    ]
    assert meta(audience="internal").banners("zh") == ["内部资料，不得对外发布"]


def test_the_facts_of_a_page_are_named_in_its_language() -> None:
    assert meta().facts("zh")["as_of"] == ("数据截至", "2025-11-28")
    assert meta().facts("en")["publisher"] == ("Publisher", "Needs")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"as_of": "today"}, "as_of is 'today'; write a date"),
        ({"audience": "public"}, "audience is 'public'; use 'release' or 'internal'"),
        ({"notice": {"en": "Demo"}}, "notice .* has no zh text"),
        ({"subtitle": {"zh": "演示"}}, "subtitle .* has no en text"),
    ],
)
def test_wrong_page_facts_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ReportError, match=message):
        meta(**changes)
