"""Typed missingness: unmeasured is never "no need", whatever the reason."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xzz_analysis.intake.answers import MISSING_REASONS, Answers, Question, Reason
from xzz_analysis.intake.store import Dataset
from xzz_analysis.needs.indicator import Indicator, item
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimate import estimate_shares

SIZE = 24
BOTH = {"zh": "甲", "en": "A"}


def indicator(**rules: str) -> Indicator:
    """Those aged 6 and over who are not enrolled."""
    return Indicator(
        id="out",
        domain="education",
        kind="normative",
        unit="child",
        label=BOTH,
        definition=BOTH,
        base="${age} >= 6",
        need="${enrolment} = 'none'",
        missing=rules,
    )


def dataset(need: list[bool], reasons: list[Reason], age: list[int]) -> Dataset:
    """Children with an enrolment answer each, some replaced by a missing reason."""
    enrolment = pd.Series(np.where(need, "none", "public"), dtype="str").where(np.array(reasons) == 0)
    values = pd.DataFrame({"enrolment": enrolment, "age": np.array(age, float)})
    codes = pd.DataFrame({"enrolment": reasons, "age": 0}).astype(np.int8)
    questions = {name: Question(name, kind) for name, kind in (("enrolment", "select_one"), ("age", "integer"))}
    rounds = pd.Series(["r"] * len(need), dtype="str")
    return Dataset({"child": Answers("child", values, codes, rounds, questions)}, {}, (), "")


def estimate(data: Dataset, declared: Indicator) -> pd.Series:
    """The indicator's share in an equal-probability sample."""
    return estimates([data], declared).iloc[0]


def estimates(several: Sequence[Dataset], declared: Indicator) -> pd.DataFrame:
    """The same of several tables of answers of the same children, one row each."""
    columns = [item(declared, data, np.ones(SIZE, bool)) for data in several]
    named = [replace(column, option=str(place)) for place, column in enumerate(columns)]
    return estimate_shares(Sample(several[0].unit("child").values), named, None)


def without_need(row: pd.Series) -> float:
    """Children in the base who were found not to have the need."""
    return row["n"] - row["n_need"]


def in_scope(row: pd.Series) -> float:
    """Children in the base, and those who would be had they answered."""
    return row["n"] + sum(row[f"n_{reason.name.lower()}"] for reason in MISSING_REASONS)


answers = st.lists(st.booleans(), min_size=SIZE, max_size=SIZE)
ages = st.lists(st.integers(3, 15), min_size=SIZE, max_size=SIZE)


@pytest.mark.parametrize("reason", MISSING_REASONS)
def test_an_answer_that_turns_missing_leaves_the_base_and_is_counted(reason):
    need, age, known = [True, False] * 12, [8] * SIZE, [Reason.ANSWERED] * SIZE
    before = estimate(dataset(need, known, age), indicator())
    after = estimate(dataset(need, [reason, *known[1:]], age), indicator())
    assert (before["n"], after["n"]) == (SIZE, SIZE - 1)
    assert after[f"n_{reason.name.lower()}"] == 1
    assert in_scope(after) == in_scope(before)


@pytest.mark.parametrize("reason", MISSING_REASONS)
def test_a_reason_declared_as_need_stays_in_the_base_with_the_need(reason):
    need, age, known = [False] * SIZE, [8] * SIZE, [Reason.ANSWERED] * SIZE
    declared = indicator(**{reason.name: "need"})
    after = estimate(dataset(need, [reason, *known[1:]], age), declared)
    assert (after["n"], after["n_need"], after[f"n_{reason.name.lower()}"]) == (SIZE, 1, 0)


def test_no_reason_can_be_declared_no_need():
    with pytest.raises(ValueError, match="'exclude' or 'need'"):
        indicator(BLANK="no_need")


@pytest.mark.parametrize("reason", MISSING_REASONS)
@settings(max_examples=75)  # for each of seven reasons
@given(need=answers, age=ages, place=st.integers(0, SIZE - 1))
def test_no_missing_reason_ever_raises_the_share_without_need(reason, need, age, place):
    known = [Reason.ANSWERED] * SIZE
    fewer = [*known[:place], reason, *known[place + 1 :]]
    both = estimates([dataset(need, codes, age) for codes in (known, fewer)], indicator())
    before, after = both.iloc[0], both.iloc[1]
    assert without_need(after) <= without_need(before)
    assert in_scope(after) == in_scope(before)
    if in_scope(before):
        assert without_need(after) / in_scope(after) <= without_need(before) / in_scope(before)


@given(need=answers, age=ages)
def test_children_outside_the_base_are_neither_counted_nor_missing(need, age):
    row = estimate(dataset(need, [Reason.ANSWERED] * SIZE, age), indicator())
    assert in_scope(row) == sum(one >= 6 for one in age)
