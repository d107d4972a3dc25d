"""Several protected figures side by side: their ids, what is hidden and what is not known, on page and in workbook."""

import re

import openpyxl
import pandas as pd
import pytest

from tests.small_ledgers import ledgers_of
from xzz_analysis.disclosure.protect import MARK, Policy, Protected, protect
from xzz_analysis.disclosure.wide import HIDDEN, RESULTS, side_by_side
from xzz_analysis.errors import DisclosureError
from xzz_analysis.report.blocks import Column, PageMeta
from xzz_analysis.report.chapters.services.naming import (
    ELSEWHERE,
    choice_naming,
    code_naming,
    filled,
    suppressed_note,
    wide_table,
)
from xzz_analysis.report.html import render_html
from xzz_analysis.report.tables import Naming
from xzz_analysis.report.xlsx import write_xlsx
from xzz_analysis.services.results import results

ROWS = [{"date": "2025-03-01", "type": "group", "person_times": 8}]
NAMES = {
    name: {"zh": zh, "en": en} for name, zh, en in (("a", "甲", "Alpha"), ("b", "乙", "Beta"), ("c", "丙", "Gamma"))
}
COLUMNS = [
    Column("times", {"zh": "人次", "en": "Person-times"}, "count"),
    Column("people", {"zh": "人数", "en": "Persons"}, "count"),
]
NAN = float("nan")
TIMES = {"a": (30.0, 20), "b": (3.0, 3), "c": (40.0, 40), "d": (7.0, 7), "e": (6.0, 6)}
PEOPLE = {"a": (20.0, 20), "b": (3.0, 3), "c": (NAN, 40), "e": (6.0, 6)}


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory):
    return ledgers_of(tmp_path_factory.mktemp("wide") / "study", {"activities": ROWS})


@pytest.fixture(scope="module")
def part(ledgers):
    """Makes a protected measure: place → (figure, people behind it)."""

    def make(indicator: str, figures: dict[str, tuple[float, float]], threshold: int = 5) -> Protected:
        frame = pd.DataFrame(
            {
                "place": list(figures),
                "estimate": [one for one, _ in figures.values()],
                "n": [n for _, n in figures.values()],
            }
        )
        return protect(results(ledgers, indicator, "total", frame, ["place"]), Policy(threshold))

    return make


@pytest.fixture(scope="module")
def wide(part):
    """Person-times and persons: b is hidden and e protects it, persons of c are not known, and d has none."""
    times = part("times", TIMES)
    people = part("people", PEOPLE)
    return side_by_side({"times": times, "people": people}, ["place"])


def test_every_thing_has_one_row_and_every_measure_a_column(wide):
    assert list(wide.frame) == ["place", "times", "people", RESULTS, HIDDEN, "suppressed", "reason"]
    assert wide.frame["place"].tolist() == ["a", "b", "c", "d", "e"]
    assert wide.frame["times"].tolist()[0] == 30 and wide.frame["people"].tolist()[0] == 20
    assert wide.policy == Policy(5)


def test_hidden_cells_have_no_figure_and_are_named(wide):
    hidden = dict(zip(wide.frame["place"], wide.frame[HIDDEN], strict=True))
    assert {"times", "people"} == set(hidden["b"]) == set(hidden["e"])  # 3 would follow from the total without e
    assert hidden["a"] == hidden["c"] == hidden["d"] == []
    for row in wide.frame.to_dict("records"):
        assert all(row[name] != row[name] for name in row[HIDDEN])  # no figure is left


def test_what_is_not_known_is_not_hidden_and_what_has_no_row_has_no_id(wide):
    row = wide.frame.set_index("place")
    assert pd.isna(row.loc["c", "people"]) and "people" not in row.loc["c", HIDDEN]
    assert set(row.loc["c", RESULTS]) == {"times", "people"}
    assert set(row.loc["d", RESULTS]) == {"times"}


def test_ids_are_those_of_the_results(wide, part):
    people = part("people", PEOPLE).frame
    assert wide.frame[RESULTS][0]["people"] == people["result_id"][0]
    assert re.fullmatch(r"[0-9a-f]{12}", wide.frame[RESULTS][0]["times"])
    assert wide.frame[RESULTS][0]["times"] != wide.frame[RESULTS][0]["people"]


def test_rows_stand_in_the_order_of_the_part_that_has_them_first(part):
    one, other = part("times", {"b": (9.0, 9), "a": (8.0, 8)}), part("people", {"c": (7.0, 7), "a": (6.0, 6)})
    assert side_by_side({"one": one, "other": other}, ["place"]).frame["place"].tolist() == ["b", "a", "c"]


def test_several_keys_make_a_row(ledgers):
    frame = pd.DataFrame({"place": ["a", "a"], "sort": ["x", "y"], "estimate": [8.0, 9.0], "n": [8, 9]})
    safe = protect(results(ledgers, "times", "total", frame, ["place", "sort"]), Policy(5))
    assert side_by_side({"times": safe}, ["place", "sort"]).frame[["place", "sort"]].to_numpy().tolist() == [
        ["a", "x"],
        ["a", "y"],
    ]


def test_rows_that_cannot_be_told_apart_are_refused(part):
    twice = part("times", {"a": (8.0, 8), "b": (9.0, 9)}).with_column("kind", ["x", "x"])
    with pytest.raises(DisclosureError, match="one row for each thing"):
        side_by_side({"times": twice}, ["kind"])


def test_parts_with_different_policies_are_refused(part):
    with pytest.raises(DisclosureError, match="need one policy"):
        side_by_side({"a": part("times", {"a": (8.0, 8)}), "b": part("people", {"a": (8.0, 8)}, 6)}, ["place"])


@pytest.fixture(scope="module")
def table(wide):
    naming = Naming("place", {**NAMES, "d": dict(ELSEWHERE)}, {"zh": "地方", "en": "Place"})
    return wide_table(wide, caption={"zh": "一览", "en": "Side by side"}, rows=naming, columns=COLUMNS)


def test_a_table_keeps_the_ids_of_the_columns_it_shows(table, wide):
    assert [row[RESULTS] for row in table.rows] == wide.frame[RESULTS].tolist()
    naming = Naming("place", NAMES, {"zh": "地方", "en": "Place"})
    some = wide_table(wide, caption={"zh": "一览", "en": "All"}, rows=naming, columns=COLUMNS[:1])
    assert all(set(row[RESULTS]) <= {"times"} and set(row[HIDDEN]) <= {"times"} for row in some.rows)


def test_a_table_with_marks_says_what_they_mean_and_others_do_not(table, part):
    note = suppressed_note(Policy(5))
    assert note in list(table.notes) and MARK in note["zh"] and "5" in note["en"]
    naming = Naming("place", NAMES, {"zh": "地方", "en": "Place"})
    open_ = side_by_side({"times": part("times", {"a": (8.0, 8)})}, ["place"])
    shown = wide_table(open_, caption={"zh": "一览", "en": "All"}, rows=naming, columns=COLUMNS[:1])
    assert note not in list(shown.notes)


META = PageMeta(
    title={"zh": "研究", "en": "Study"},
    publisher={"zh": "机构", "en": "Publisher"},
    notice={"zh": "演示", "en": "Demonstration"},
    edition="2025",
    as_of="2025-12-31",
    data_hash="0" * 12,
    code_version="1",
)
TITLE = {"zh": "报告", "en": "Report"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_on_the_page_every_cell_carries_the_id_of_its_result(table, wide, language):
    html = render_html([table], language=language, title=TITLE, meta=META)
    ids = [name for found in wide.frame[RESULTS] for name in found.values()]
    assert len(ids) == 9
    for one in ids:
        assert f'data-result="{one}"' in html
    body = html[html.index("<tbody>") : html.index("</tbody>")]
    cells = [re.sub("<[^>]+>", "", one).strip() for one in re.findall(r"<t[dh][^>]*>.*?</t[dh]>", body, re.DOTALL)]
    rows = [cells[place : place + 3] for place in range(0, len(cells), 3)]
    names = [NAMES[one][language] for one in "abc"]
    assert [row[0] for row in rows[:3]] == names
    assert rows[0][1:] == ["30", "20"] and rows[1][1:] == [MARK, MARK]
    assert rows[2][1] == "40" and rows[2][2] not in ("0", MARK)  # not known is neither nought nor hidden


@pytest.mark.parametrize("language", ["zh", "en"])
def test_in_the_workbook_figures_are_numbers_and_hidden_ones_marks(table, wide, tmp_path, language):
    path = write_xlsx([table], tmp_path / "t.xlsx", language=language, title=TITLE, meta=META)
    sheet = openpyxl.load_workbook(path).worksheets[1]
    rows = [[cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)]
    assert any(row[:3] == [NAMES["a"][language], 30, 20] for row in rows)
    assert any(row[:3] == [NAMES["b"][language], MARK, MARK] for row in rows)
    text = "\n".join(str(cell) for row in rows for cell in row)
    assert 3 not in [cell for row in rows for cell in row]  # no hidden figure
    assert all(one in text for one in wide.frame[RESULTS][0].values())


def test_choices_and_codes_have_names_in_both_languages(ledgers):
    types = choice_naming("activities", "type", {"zh": "方式", "en": "Type"})
    assert types.labels["group"] == {"zh": "小组", "en": "Group"} and types.labels[""] == ELSEWHERE
    codes = code_naming(ledgers, ["food"], "category", {"zh": "类别", "en": "Category"})
    assert codes.labels == {"food": {"zh": "food", "en": "food"}, "": ELSEWHERE}  # nobody said what it is called


def test_texts_are_filled_by_language():
    text = {"zh": "{place}有{count}家", "en": "{count} in {place}"}
    assert filled(text, place=NAMES["a"], count="3") == {"zh": "甲有3家", "en": "3 in Alpha"}
