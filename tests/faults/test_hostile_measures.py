"""Measures refuse what cannot be meant, in a sentence."""

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError

ROWS = 60
NUMBER = np.arange(ROWS)
FRAME = pd.DataFrame(
    {
        "grid": NUMBER // 5,
        "age": np.where(NUMBER % 2, "young", "old"),
        "need": NUMBER % 3 == 0,
        "income": 10.0 + NUMBER,
        "first": np.where(NUMBER % 2, "school", "clinic"),
        "second": np.where(NUMBER % 2, "clinic", "school"),
        "blank": pd.Series([""] * ROWS, dtype=object),
        "lists": [["school"]] * ROWS,
        "help/school": (NUMBER % 2).astype(float),
        "help/clinic": (NUMBER % 5 == 0).astype(float),
    }
)
PLACES = ["first", "second"]

ATTACKS = {
    "a frame for a sample, standardised": lambda sample: xzz.standardised(FRAME, "need", "age", "sample"),
    "a frame for a sample, multiple": lambda sample: xzz.multiple(FRAME, "help"),
    "a frame for a sample, priorities": lambda sample: xzz.priorities(FRAME, PLACES),
    "a frame for a sample, concentration": lambda sample: xzz.concentration(FRAME, "need", rank="income"),
    "choices of nothing": lambda sample: xzz.priorities(sample, None),
    "choices that are lists": lambda sample: xzz.priorities(sample, ["lists", "second"]),
    "choices that are blank": lambda sample: xzz.priorities(sample, "blank"),
    "scores of text": lambda sample: xzz.priorities(sample, PLACES, scores=["two", "one"]),
    "scores of nothing": lambda sample: xzz.priorities(sample, PLACES, scores=[None, 1]),
    "a number for scores": lambda sample: xzz.priorities(sample, PLACES, scores=3),
    "scores of 1e300": lambda sample: xzz.priorities(sample, PLACES, scores=[1e300, 1]),
    "combinations of nothing": lambda sample: xzz.multiple(sample, "help", combinations=None),
    "combinations of a half": lambda sample: xzz.multiple(sample, "help", combinations=1.5),
    "no bounds": lambda sample: xzz.concentration(sample, "need", rank="income", correction="wagstaff", bounds=None),
    "one bound": lambda sample: xzz.concentration(sample, "need", rank="income", correction="wagstaff", bounds=[1]),
    "bounds of text": lambda sample: xzz.concentration(sample, "need", rank="income", bounds=("a", "b")),
    "a standard of text": lambda sample: xzz.standardised(sample, "need", "age", {"young": "many", "old": 1}),
    "a standard of nothing": lambda sample: xzz.standardised(sample, "need", "age", {"young": None, "old": 1}),
    "a standard of 1e308": lambda sample: xzz.standardised(sample, "need", "age", {"young": 1e308, "old": 1e308}),
    "a number for a standard": lambda sample: xzz.standardised(sample, "need", "age", 3),
}


@pytest.fixture(scope="module")
def sample():
    return xzz.Sample(FRAME, cluster="grid")


@pytest.mark.parametrize("name", ATTACKS)
def test_it_is_refused_in_a_sentence(sample, name):
    with pytest.raises(DesignError) as caught:
        ATTACKS[name](sample)
    assert len(str(caught.value)) > 30


def test_a_series_is_a_standard(sample):
    people = {"young": 30, "old": 70}
    given, expected = (xzz.standardised(sample, "need", "age", one) for one in (pd.Series(people), people))
    pd.testing.assert_frame_equal(given, expected)
