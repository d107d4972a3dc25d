"""Whatever options and answers are: a cell is read as what was chosen, or not at all."""

import datetime as dt

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from xzz_analysis.intake.codebook.kinds import guess_kind, iso_date, word_counts
from xzz_analysis.intake.plain.choices import SEPARATORS, choices, same, split_derived, split_listed
from xzz_analysis.intake.plain.mapping import Column, Mapping, read_mapping, write_mapping

LETTERS = "甲乙丙ab1 、，,;/┋|（"
OPTIONS = st.lists(st.text(LETTERS, min_size=1, max_size=5).map(str.strip).filter(bool), min_size=1, max_size=6)
TEXT = st.text(min_size=1, max_size=12).map(lambda text: "".join(text.split())).filter(bool)


@given(OPTIONS, st.sampled_from(SEPARATORS), st.data())
def test_a_joined_cell_is_read_right_or_not_at_all(options, separator, data):
    texts = {same(option): option for option in options}
    chosen = data.draw(st.lists(st.sampled_from(options), min_size=1, unique_by=same))
    found = choices(separator.join(chosen), separator, texts)
    assert found is None or [same(option) for option in found] == [same(option) for option in chosen]


@given(st.lists(st.text("甲乙丙丁ab", min_size=1, max_size=4), min_size=1, max_size=6, unique=True), st.data())
def test_options_without_separators_are_always_read(options, data):
    texts = {same(option): option for option in options}
    separator = data.draw(st.sampled_from(SEPARATORS))
    chosen = data.draw(st.lists(st.sampled_from(options), min_size=1, unique=True))
    assert choices(separator.join(chosen), separator, texts) == tuple(chosen)


@given(OPTIONS, st.sampled_from(SEPARATORS), st.data())
def test_a_separator_that_is_sure_reads_every_cell(options, separator, data):
    texts = {same(option): option for option in options}
    answers = data.draw(
        st.lists(st.lists(st.sampled_from(options), min_size=1, unique_by=same), min_size=1, max_size=8)
    )
    counts = {separator.join(chosen): 1 for chosen in answers}
    split = split_listed(counts, texts)
    if split.confidence == "high":
        assert all(choices(cell, split.separator, texts) is not None for cell in counts)


@given(st.dictionaries(TEXT, st.integers(1, 9), max_size=20))
def test_derived_pieces_recur(counts):
    split = split_derived(counts)
    if split is not None:
        for option in split.options:
            assert sum(option in [piece.strip() for piece in cell.split(split.separator)] for cell in counts) >= 2


@given(st.lists(st.text(max_size=8), max_size=40))
def test_listed_options_recur_or_are_machine_names(cells):
    counts = word_counts(pd.Series(cells, dtype=str))
    for option in guess_kind(counts).options:
        assert counts[option] > 1 or option.isascii()


@given(
    st.dates(min_value=dt.date(1000, 1, 1)),
    st.sampled_from([("ymd", "%Y/%m/%d"), ("dmy", "%d/%m/%Y"), ("mdy", "%m-%d-%Y")]),
)
def test_dates_keep_their_day(day, written):
    order, style = written
    padded = (
        day.strftime(style).replace(str(day.year), f"{day.year:04d}", 1) if day.year < 1000 else day.strftime(style)
    )
    if day.year >= 1000:
        assert iso_date(padded, order) == day.isoformat()


HEADERS = st.text(min_size=1, max_size=15)
COLUMNS = st.one_of(
    st.builds(Column, leave_out=st.just(True), because=st.text(max_size=20)),
    st.builds(
        Column,
        question=HEADERS,
        kind=st.just("select_multiple"),
        separator=st.sampled_from(["", *SEPARATORS]),
        options=st.dictionaries(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8), max_size=4),
        confidence=st.sampled_from(["high", "medium", "low"]),
        confirmed=st.booleans(),
    ),
)


@settings(max_examples=60)
@given(st.dictionaries(HEADERS, COLUMNS, min_size=1, max_size=4))
def test_a_mapping_survives_its_file(tmp_path_factory, columns):
    questions = [column.question for column in columns.values() if column.question]
    if len(set(questions)) < len(questions):
        return
    path = tmp_path_factory.mktemp("mapping") / "mapping.yml"
    write_mapping(Mapping(columns=columns), path)
    assert read_mapping(path) == Mapping(columns=columns)
