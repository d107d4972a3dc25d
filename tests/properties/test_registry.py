"""Ready indicators: no answer that turns missing makes somebody one without the need; renaming changes no figure."""

import re
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.registry_answers import registry_dataset, with_reason
from xzz_analysis.intake.answers import MISSING_REASONS, Answers, Option, Question
from xzz_analysis.intake.expression import parse
from xzz_analysis.intake.expression.grammar import Call, Chain, Constant, Name
from xzz_analysis.intake.store import Dataset
from xzz_analysis.needs.indicator import Indicator, item
from xzz_analysis.needs.registry import find, indicators, take
from xzz_analysis.needs.rewriting import _levelled, options_named, renamed, write

SIZE = 30
COMPLETE = registry_dataset(SIZE, seed=1, missing=0)
PARTLY = registry_dataset(SIZE, seed=2, missing=0.05)
SHARES = [one for one in indicators() if one.statistic == "share"]
SEVERAL = [
    "edu_exam_rules_unknown",
    "health_care_cost",
    "health_diet_poor",
    "health_stunted",
    "health_wellbeing_low",
    "live_food_insecure",
    "par_not_all_informed",
    "sup_no_local_friends",
]
"""A reason counted as need, a question with several choices, scales with a cut-off, growth, and a long `or`."""


def column(indicator: Indicator, data: Dataset) -> np.ndarray:
    return item(indicator, data, np.ones(SIZE, bool)).y


@lru_cache
def complete_or_partly(name: str, partly: bool) -> np.ndarray:
    return column(find(name), PARTLY if partly else COMPLETE)


def without(y: np.ndarray) -> int:
    return int((y == 0).sum())


@pytest.mark.parametrize("indicator", [one for one in SHARES if one.id in SEVERAL], ids=lambda one: one.id)
@settings(max_examples=80)
@given(data=st.data(), partly=st.booleans(), row=st.integers(0, SIZE - 1), reason=st.sampled_from(MISSING_REASONS))
def test_no_answer_that_turns_missing_makes_somebody_one_without_the_need(indicator, data, partly, row, reason):
    name = data.draw(st.sampled_from(indicator.questions()))
    before = PARTLY if partly else COMPLETE
    after = with_reason(before, before.owner(indicator.unit, name), name, row, reason)
    then, now = complete_or_partly(indicator.id, partly), column(indicator, after)
    assert without(now) <= without(then)
    assert not ((now == 0) & (then != 0)).any()


@pytest.mark.parametrize("indicator", SHARES, ids=lambda one: one.id)
def test_nobody_is_without_the_need_when_nothing_of_the_measure_is_answered(indicator):
    names = {name for text in indicator.measured() for name in parse(text).names}
    data = COMPLETE
    for name in names - set(parse(indicator.base).names if indicator.base else ()):
        unit = data.owner(indicator.unit, name)
        table = data.unit(unit)
        values, reasons = table.values.copy(), table.reasons.copy()
        values[[*table.questions[name].columns]] = np.nan
        reasons[[*table.questions[name].columns]] = np.int8(2)
        gone = Answers(unit, values, reasons, table.rounds, table.questions, parent=table.parent)
        data = Dataset({**data.answers, unit: gone}, data.parents, (), "")
    if data is not COMPLETE:
        assert without(column(indicator, data)) == 0


def strange(data: Dataset, questions: dict[str, str], options: dict[str, dict[str, str]]) -> Dataset:
    """The same answers under other names of questions and options."""
    tables = {}
    for unit, table in data.answers.items():
        book = {}
        columns = {}
        values = table.values.copy()
        for name, asked in table.questions.items():
            codes = options.get(name, {})
            named = tuple(Option(codes.get(one.name, one.name), one.label) for one in asked.options)
            book[questions.get(name, name)] = Question(questions.get(name, name), asked.kind, asked.label, named)
            columns |= dict(zip(asked.columns, book[questions.get(name, name)].columns, strict=True))
            if asked.kind == "select_one":
                values[name] = values[name].map(lambda cell, codes=codes: codes.get(cell, cell))
        made = (values.rename(columns=columns), table.reasons.rename(columns=columns))
        tables[unit] = Answers(unit, *made, table.rounds, book, parent=table.parent)
    return Dataset(tables, data.parents, (), "")


@pytest.mark.parametrize("ready", [one for one in indicators() if not one.rank], ids=lambda one: one.id)
def test_an_indicator_gives_the_same_figures_under_other_names(ready):
    asked = {name: PARTLY.question(ready.unit, name) for name in ready.questions()}
    questions = {name: f"q{place}" for place, name in enumerate(asked, start=1)}
    coded = {name for text in ready.measured() for name in re.findall(r"^\$\{(\w+)\}$", text)}
    options = {
        name: {one.name: f"c{place}" for place, one in enumerate(question.options)}
        for name, question in asked.items()
        if name not in coded
    }
    entry = {"use": ready.id, "questions": questions, "options": _named(ready, options)}
    taken, findings = take(entry, "indicators.yml: x")
    assert not findings
    theirs = item(taken, strange(PARTLY, questions, options), np.ones(SIZE, bool))
    ours = item(ready, PARTLY, np.ones(SIZE, bool))
    np.testing.assert_array_equal(theirs.y, ours.y)
    np.testing.assert_array_equal(theirs.reasons, ours.reasons)


def _named(ready: Indicator, options: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Only the options that the indicator names."""
    named: dict[str, dict[str, str]] = {}
    for text in ready.expressions():
        for name, listed in options_named(text).items():
            named.setdefault(name, {}).update(
                {one: options[name][one] for one in listed if one in options.get(name, {})}
            )
    return {name: codes for name, codes in named.items() if codes}


names = st.sampled_from(["a", "b", "q1", "q12"])
constants = st.one_of(st.sampled_from(["x", "none", "it's", '"', "1"]), st.integers(0, 99).map(float))
leaves = st.one_of(names.map(Name), constants.map(Constant))


def trees(inner):
    pairs = st.tuples(st.sampled_from(["or", "and", "=", "!=", "<", ">=", "+", "-", "*", "div", "mod"]), inner)
    chains = st.builds(lambda first, rest: Chain(first, tuple(rest)), inner, st.lists(pairs, min_size=1, max_size=1))
    calls = st.builds(
        lambda name, one, other: Call(name, (one, other), 0), st.sampled_from(["selected", "min"]), inner, inner
    )
    return st.one_of(chains, calls, inner.map(lambda one: Call("not", (one,), 0)))


def plain(tree) -> str:
    """A tree as text, without the places of its calls."""
    return re.sub(r"position=\d+", "", repr(_levelled(tree)))


@settings(max_examples=300)
@given(tree=st.recursive(leaves, trees, max_leaves=12))
def test_what_is_written_reads_as_it_was_meant(tree):
    text = write(tree)
    again = parse(text).tree
    assert plain(again) == plain(tree)
    assert write(again) == text


@settings(max_examples=200)
@given(tree=st.recursive(leaves, trees, max_leaves=12))
def test_renaming_there_and_back_changes_nothing(tree):
    text = write(tree)
    there = renamed(text, {"q1": "z1", "a": "z2"})
    back = renamed(there, {"z1": "q1", "z2": "a"})
    assert back == text
    assert not {"q1", "a"} & set(parse(there).names)
    assert ("q12" in parse(there).names) == ("q12" in parse(text).names)
