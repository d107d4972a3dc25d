"""Raw data and a log are the clean data, and the log is found again by comparing the two."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xzz_analysis.errors import InputError
from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.intake.corrections import NOTHING, REMOVED_WORD, Correction, Log, apply, compare, derive
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form

OPTIONS = ("b", "a", "c")
KEYS = ("k1", "k2", "k3")
QUESTIONS = (
    Question("one", "select_one", {}, tuple(map(Option, OPTIONS))),
    Question("many", "select_multiple", {}, tuple(map(Option, OPTIONS))),
    Question("few", "select_multiple", {}, tuple(map(Option, OPTIONS))),
    Question("number", "integer"),
    Question("text", "text"),
)
FORM = Form("", "", ("",), {question.name: question for question in QUESTIONS}, (), ())
COLUMNS = [f"many/{option}" for option in OPTIONS]
SINGLE = {
    "one": st.sampled_from(OPTIONS),
    "number": st.sampled_from(["1", "2", "30"]),
    "text": st.text("xyz", min_size=1),
}
sets = st.lists(st.sampled_from(OPTIONS), min_size=1, unique=True).map(" ".join)


@st.composite
def exports(draw: st.DrawFn) -> Export:
    """Three records; ``many`` has option columns and perhaps its own, ``few`` only its own."""
    rows = []
    for key in KEYS:
        marks = draw(st.lists(st.sampled_from(["1", "0", ""]), min_size=3, max_size=3))
        chosen = [option for option, one in zip(OPTIONS, marks, strict=True) if one == "1"]
        row = {"id": key, "many": " ".join(chosen), **dict(zip(COLUMNS, marks, strict=True))}
        row["few"] = draw(sets | st.just(""))
        rows.append(row | {name: draw(values | st.just("")) for name, values in SINGLE.items()})
    frame = pd.DataFrame(rows, dtype="str")
    return Export("raw.csv", frame if draw(st.booleans()) else frame.drop(columns="many"), FORM)


@st.composite
def steps(draw: st.DrawFn) -> Correction:
    """One correction that does not say yet what it expects."""
    change = draw(st.sampled_from(["change_response"] * 4 + ["blank_response"] * 3 + ["remove_survey", "no_action"]))
    name = draw(st.sampled_from(["many", "many", "many", "few", "one", "number", "text"]))
    values = SINGLE.get(name, sets)
    if name in ("many", "few") and draw(st.integers(0, 3)):
        name, values = f"{name}/{draw(st.sampled_from(OPTIONS))}", st.sampled_from(["1", "0"])
    new = draw(values) if change == "change_response" else ""
    return Correction(2, change, name, key=draw(st.sampled_from(KEYS)), new=new, reason="r")


def holds(export: Export, one: Correction) -> str:
    """What the cell of a correction holds, found without the code under test; ``""`` when its record is gone."""
    rows = export.frame[export.frame["id"] == one.key]
    if rows.empty:
        return ""
    row = rows.iloc[0].replace(REMOVED_WORD, "")
    question, _, option = one.question.partition("/")
    if question == "many":
        held = row[f"many/{option}"] if option else " ".join(name for name in OPTIONS if row[f"many/{name}"] == "1")
    elif option:
        held = str(int(option in row[question].split())) if row[question] else ""
    else:
        held = row[question]
    return held or NOTHING


def guarded(export: Export, made: list[Correction]) -> Log:
    """A log in which every correction says what its cell holds when its turn comes."""
    log = Log("log.csv")
    for row, one in enumerate(made, start=2):
        before, _ = apply(export, log, "id")
        old = holds(before, one) if one.changes_cell else ""
        added = Correction(row, one.change, one.question, key=one.key, old=old, new=one.new, reason="r")
        log = Log("log.csv", (*log.corrections, added))
    return log


logs = st.lists(steps(), max_size=5)


def plain(export: Export) -> pd.DataFrame:
    """The frame with the options of a cell in one order."""
    several = [name for name in ("many", "few") if name in export.frame]
    sort = {name: export.frame[name].map(lambda cell: " ".join(sorted(cell.split()))) for name in several}
    return export.frame.assign(**sort)


@given(exports(), logs)
def test_the_log_is_found_again_by_comparing_raw_and_clean(raw, made):
    log = guarded(raw, made)
    clean, _ = apply(raw, log, "id")
    derived = derive(raw, clean, "id")
    again, applied = apply(raw, derived, "id")
    pd.testing.assert_frame_equal(plain(again), plain(clean))
    assert compare(log, derived, FORM).empty
    assert derive(clean, clean, "id").corrections == ()
    assert applied.findings == ()


def without_reasons(export: Export) -> pd.DataFrame:
    """What the cells hold, a removed answer as an empty one, and the option columns alone for ``many``."""
    return plain(export).replace(REMOVED_WORD, "").drop(columns="many", errors="ignore")


@given(exports(), exports(), st.sets(st.sampled_from(KEYS)))
def test_any_clean_data_are_reached_by_the_log_derived_from_them(raw, clean, kept):
    frame = clean.frame[clean.frame["id"].isin(kept)].reset_index(drop=True)
    clean = Export("clean.csv", frame, FORM)
    reached, applied = apply(raw, derive(raw, clean, "id"), "id")
    pd.testing.assert_frame_equal(without_reasons(reached), without_reasons(clean))
    assert len(applied.taken_out) == 3 - len(kept)
    assert not [one for one in applied.findings if one.rule.startswith("correction")]


@settings(max_examples=40)
@given(exports(), logs, st.permutations(range(3)))
def test_the_order_of_the_clean_records_means_nothing(raw, made, order):
    clean, _ = apply(raw, guarded(raw, made), "id")
    stay = [row for row in order if row < len(clean.frame)]
    turned = Export("clean.csv", clean.frame.iloc[stay].reset_index(drop=True), FORM)
    assert derive(raw, turned, "id").corrections == derive(raw, clean, "id").corrections


@settings(max_examples=40)
@given(exports(), logs)
def test_every_option_column_agrees_with_the_whole_cell(raw, made):
    clean, applied = apply(raw, guarded(raw, made), "id")
    for _, row in clean.frame.iterrows():
        chosen = {option for option in OPTIONS if row[f"many/{option}"] == "1"}
        removed = [header for header in ("many", *COLUMNS) if row.get(header) == REMOVED_WORD]
        assert not removed or set(removed) == {"many", *COLUMNS} & set(clean.frame)
        assert "many" not in row or removed or set(row["many"].split()) == chosen
    assert len(clean.frame) + len(applied.taken_out) == len(raw.frame)


@settings(max_examples=40)
@given(exports(), logs.filter(lambda made: any(one.changes_cell for one in made)), st.data())
def test_one_wrong_expectation_stops_everything(raw, made, data):
    log = guarded(raw, [one for one in made if one.change != "remove_survey"])
    wrong = data.draw(st.sampled_from([at for at, one in enumerate(log.corrections) if one.changes_cell]))
    one = log.corrections[wrong]
    option = "/" in one.question
    other = "1" if option and one.old != "1" else "0" if option else "b a c" if one.old == NOTHING else NOTHING
    stale = Correction(one.row, one.change, one.question, key=one.key, old=other, new=one.new, reason="r")
    changed = (*log.corrections[:wrong], stale, *log.corrections[wrong + 1 :])
    repeated = (one.key, one.question, other, one.new) in {
        (earlier.key, earlier.question, earlier.old, earlier.new) for earlier in log.corrections[:wrong]
    }
    if not repeated:
        with pytest.raises(InputError, match="expect another value than the cell holds"):
            apply(raw, Log("log.csv", changed), "id")
