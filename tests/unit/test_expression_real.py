"""Every expression of two forms that were really fielded parses, or fails for a reason named here."""

from __future__ import annotations

import csv
import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from xzz_analysis.errors import ExpressionError
from xzz_analysis.intake.expression import parse, text_vector
from xzz_analysis.intake.expression.evaluation import evaluate

ROOT = Path(os.environ.get("XZZ_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
FORMS = ("talafar_wash_2021", "haiti_msna_2022")
MISSING = [form for form in FORMS if not (ROOT / form / "survey.csv").is_file()]
COLUMNS = ("relevant", "constraint", "calculation")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        bool(MISSING) and "XZZ_REAL_DATA" not in os.environ,
        reason=f"{', '.join(MISSING)} not under {ROOT}; set XZZ_REAL_DATA",
    ),
]


def expressions(form: str) -> list[str]:
    """Distinct expressions of a form, in form order."""
    with (ROOT / form / "survey.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return list(dict.fromkeys(row[column] for row in rows for column in COLUMNS if row.get(column)))


def failures(form: str) -> dict[str, str]:
    """Expression → why it cannot be parsed."""
    found = {}
    for text in expressions(form):
        try:
            parse(text)
        except ExpressionError as error:
            found[text] = str(error).splitlines()[0]
    return found


def test_every_expression_of_tal_afar_parses() -> None:
    assert len(expressions("talafar_wash_2021")) == 142
    assert failures("talafar_wash_2021") == {}


def test_haiti_fails_only_where_a_repeat_or_a_list_is_read() -> None:
    repeat = "is not supported: it reads other rows of a repeat (character 1)"
    form = "is not supported: it reads the form or a file beside it (character 1)"
    assert len(expressions("haiti_msna_2022")) == 283
    assert failures("haiti_msna_2022") == {
        "position(..)": f"expression cannot be used: position() {repeat}",
        "jr:choice-name(${i_admin3},'${i_admin3}')": f"expression cannot be used: jr:choice-name() {form}",
        "indexed-repeat(${c_age_membre}, ${c_grp_rep}, ${c_membre_sante})": (
            f"expression cannot be used: indexed-repeat() {repeat}"
        ),
        "indexed-repeat(${c_genre_membre}, ${c_grp_rep}, ${c_membre_sante})": (
            f"expression cannot be used: indexed-repeat() {repeat}"
        ),
    }


def test_the_functions_the_two_forms_use() -> None:
    used = {
        name
        for form in FORMS
        for text in expressions(form)
        if text not in failures(form)
        for name in parse(text).functions
    }
    assert used == {"selected", "count-selected", "not", "if", "sum", "regex"}


@pytest.mark.parametrize("form", FORMS)
def test_every_expression_evaluates_on_empty_and_on_unmeasured_answers(form: str) -> None:
    empty = text_vector(["", ""], known=np.array([True, False]))
    for text in expressions(form):
        if text not in failures(form):
            result = evaluate(text, lambda name: empty, 2, here=empty, today=date(2022, 6, 1))
            assert result.known[0], text


def test_an_operator_joined_to_the_dot_is_read() -> None:
    (text,) = [text for text in expressions("haiti_msna_2022") if "and.<=168" in text]
    here = text_vector(["0", "168", "169"])
    assert evaluate(text, lambda name: here, 3, here=here).truth().tolist() == [0, 1, 0]
