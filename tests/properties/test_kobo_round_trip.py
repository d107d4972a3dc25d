"""Interviews written in every format of Kobo and ODK come back as the same answers, reasons and links."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import kobo_export as kobo
from tests.kobo_export import Interviews, Item
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form, read_form
from xzz_analysis.intake.kobo import link_repeats, read_json
from xzz_analysis.intake.readers import Given, read_export
from xzz_analysis.intake.table import Keyed, read_table
from xzz_analysis.study import Table
from xzz_analysis.study.themes import Themes

OPTIONS = ("yes", "no", "dk", "école", "居住证", "8", "10")
LETTERS = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=12)


# --- invented forms and interviews --------------------------------------------------------------------------


@st.composite
def interviews(draw: st.DrawFn) -> Interviews:
    """A form with groups, a repeat and a repeat inside it, and up to five submissions."""
    names = (f"q{number}" for number in range(100))

    def question(relevant: str) -> Item:
        kind = draw(st.sampled_from(KINDS))
        options = draw(st.lists(st.sampled_from(OPTIONS), min_size=1, max_size=4, unique=True))
        name = next(names)
        return Item(
            kind, name, tuple(options) if kind.startswith("select") else (), draw(st.sampled_from(["", relevant]))
        )

    def some(low: int, high: int) -> tuple[Item, ...]:
        return tuple(question("${gate} = 'yes'") for _ in range(draw(st.integers(low, high))))

    gate = Item("select_one", "gate", ("yes", "no"))
    visit = Item("repeat", "visit", items=(*some(1, 2), Item("group", "inside", items=some(0, 2))))
    member = Item("repeat", "member", items=(*some(1, 3), *([visit] if draw(st.booleans()) else [])))
    household = Item("group", "household", items=(*some(0, 2), member))
    items = (gate, *some(1, 3), Item("group", "outer", items=(Item("group", "inner", items=some(0, 2)),)), household)
    records = draw(st.lists(record(items), min_size=1, max_size=5))
    order = draw(st.permutations(range(len(records))))
    return Interviews(items, records, order=order)


KINDS = (
    "select_one",
    "select_multiple",
    "select_one or_other",
    "select_multiple or_other",
    "integer",
    "decimal",
    "text",
    "date",
)


def record(items: Sequence[Item]) -> st.SearchStrategy[dict]:
    """Answers to these questions; a skipped question may be answered all the same, as after an edit."""
    answers = {}
    for _, item in kobo.questions(items):
        if item.kind == "repeat":
            answers[item.name] = st.lists(record(item.items), max_size=3)
        else:
            answers[item.name] = st.none() | answer(item)
    return st.fixed_dictionaries(answers)


def answer(item: Item) -> st.SearchStrategy:
    options = [*item.options, *(["other"] if item.kind.endswith("or_other") else [])]
    if item.kind.startswith("select_multiple"):
        return st.lists(st.sampled_from(options), min_size=1, unique=True)
    if item.kind.startswith("select_one"):
        return st.sampled_from(options)
    return {
        "integer": st.integers(-1000, 10**8),
        "decimal": st.floats(-1e6, 1e6).map(lambda number: round(number, 6)),
        "date": st.dates().map(dt.date.isoformat),
        "text": LETTERS,
    }[item.kind]


# --- written and read back ----------------------------------------------------------------------------------


def read(form: Path, raw: Path, repeats: Mapping[str, Path] | None = None) -> dict[str, Keyed]:
    """Read one round as `xzz` does."""
    files = {repeat: {"r1": path} for repeat, path in (repeats or {}).items()}
    table = Table.model_validate({"key": "_uuid", "form": form, "raw": {"r1": raw}, "repeats": files, "reader": "kobo"})
    rounds = {"r1": SimpleNamespace(collected=(dt.date(2025, 5, 1), dt.date(2025, 5, 31)))}
    study = SimpleNamespace(
        tables={"needs": table},
        rounds=rounds,
        kept_columns=lambda unit: (),
        themes=Themes(),
        settings=SimpleNamespace(privacy=None, quality={}, time_zone="Asia/Shanghai"),
    )
    return read_table(study, "needs", None)  # type: ignore[arg-type]


def every_way(interviews: Interviews, folder: Path) -> dict[str, dict[str, Keyed]]:
    """The answers from each format."""
    form = folder / "needs.md"
    form.write_text(kobo.form_text(interviews.items), encoding="utf-8")
    main, *repeats = kobo.write_csv(interviews, folder, "export").items()
    contents = {
        "nested": kobo.nested(interviews),
        "flattened": {"count": len(interviews.records), "next": None, "results": kobo.flattened(interviews)},
        "odata": kobo.odata(interviews),
        "geojson": kobo.geojson(interviews),
    }
    found = {
        "workbook": read(form, kobo.write_workbook(interviews, folder / "export.xlsx")),
        "csv": read(form, main[1], dict(repeats)),
    }
    for name, content in contents.items():
        path = kobo.write_json(content, folder / f"{name}.json")
        found[name] = read(form, path)
    lines = kobo.write_json(kobo.flattened(interviews), folder / "lines.json", lines=True)
    return found | {"lines": read(form, lines)}


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(interviews())
def test_answers_reasons_and_links_are_the_same_from_every_format(interviews):
    with TemporaryDirectory() as folder:
        found = every_way(interviews, Path(folder))
    expected = found.pop("workbook")
    for name, tables in found.items():
        present = {unit: table for unit, table in expected.items() if unit in tables}
        assert {unit for unit in expected if len(expected[unit].answers)} <= present.keys(), name
        for unit, table in present.items():
            same(table, tables[unit])


def same(expected: Keyed, found: Keyed) -> None:
    pd.testing.assert_frame_equal(found.answers.values, expected.answers.values, check_like=True)
    pd.testing.assert_frame_equal(found.answers.reasons, expected.answers.reasons, check_like=True)
    pd.testing.assert_frame_equal(found.answers.recorded, expected.answers.recorded, check_like=True)
    if expected.answers.parent is not None:
        assert found.answers.parent.tolist() == expected.answers.parent.tolist()
    if expected.answers.unit == "needs":
        assert found.keys.tolist() == expected.keys.tolist()


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(interviews())
def test_a_repeat_inside_a_repeat_keeps_its_row(interviews):
    expected = [
        row
        for _, answers in interviews.ordered
        for row, inner in enumerate(answers["member"])
        for _ in inner.get("visit", ())
    ]
    with TemporaryDirectory() as folder:
        form, json_file, book = exported(interviews, Path(folder))
    for exports in (json_file, book):
        links = link_repeats(exports)
        assert all((found.rows >= 0).all() and not found.findings for found in links.values())
        assert links["member"].rows.tolist() == [
            row for row, (_, answers) in enumerate(interviews.ordered) for _ in answers["member"]
        ]
        if "visit" in form.repeats and expected:
            places = exports["member"].frame.groupby(links["member"].rows).cumcount().to_numpy()
            assert links["visit"].table == "member"
            assert places[links["visit"].rows].tolist() == expected


def exported(interviews: Interviews, folder: Path) -> tuple[Form, dict[str, Export], dict[str, Export]]:
    path = folder / "needs.md"
    path.write_text(kobo.form_text(interviews.items), encoding="utf-8")
    form = read_form(path)
    book = read_export(Given([kobo.write_workbook(interviews, folder / "export.xlsx")], form), "kobo")
    return (
        form,
        read_json(kobo.write_json(kobo.nested(interviews), folder / "n.json"), form),
        {"": book, **book.repeats},
    )


@settings(max_examples=25)
@given(interviews())
def test_a_form_is_derived_without_losing_a_question(interviews):
    with TemporaryDirectory() as folder:
        path = kobo.write_json(kobo.nested(interviews), Path(folder) / "nested.json")
        exports = read_json(path)
    answered = {
        column.rpartition("/")[2]
        for name, export in exports.items()
        for column in export.frame
        if (export.frame[column] != "").any() and not column.startswith(("_", "meta/", "KEY", "PARENT_KEY"))
    }
    assert answered <= exports[""].form.questions.keys()
    asked = {item.name: item for item in walk(interviews.items)}
    for name, question in exports[""].form.questions.items():
        if name in asked and question.kind == "select_multiple":
            assert {option.name for option in question.options} <= {*asked[name].options, "other"}


def walk(items: Sequence[Item]):
    for _, item in kobo.questions(items):
        yield item
        yield from walk(item.items)
