"""Changes between scores before and after equal R's svyttest(), with classes as clusters and with persons as units."""

import ast
import datetime as dt

import numpy as np
import pandas as pd

from tests.reference.conftest import fixture_frame
from xzz_analysis.services.training import Instrument, course_attrition, course_changes, pair_scores

RTOL = 1e-8  # sums are taken in another order than R's, and R's noncentral t ends at 1e-12


def scores(question, course, classes):
    """A ledger of scores: a number of the people of two rounds, their grids in the part of classes."""
    table = fixture_frame("rounds")
    table = table[table["round"].isin(["r1", "r2"]) & table[question].notna() & table[course].notna()]
    first = table[table["round"] == "r1"].set_index("person")
    table = table[table["person"].isin(first.index)]
    grid = first["stratum"] + " " + first["grid"].astype(str)
    before = table["round"] == "r1"
    made = pd.DataFrame(
        {
            "person": table["person"].astype("str"),
            "course": table["person"].map(first[course]).astype("str"),
            "cluster": table["person"].map(grid).astype("str") if classes else "",
            "instrument": "numbers",
            "wave": np.where(before, "before", "after"),
            "date": pd.to_datetime(np.where(before, "2025-01-01", "2025-06-01")),
            "score": table[question].astype(float),
            "highest": np.nan,
            "lowest": np.nan,
            "community": "",
        }
    )
    return made.assign(line=range(2, len(made) + 2))


def paired(question, course, *, classes):
    found = pair_scores(scores(question, course, classes), dt.date(2025, 1, 1))
    changes = course_changes(found.pairs, lambda name: Instrument()).set_index("course")
    lost = course_attrition(found).set_index("course")
    renamed = {"estimate": "difference"}
    figures = lost[["estimate", "se", "low", "high", "df", "p"]].rename(columns=renamed).add_prefix("lost_")
    return changes.assign(lost=lost["lost"]).join(figures)


def test_equals_r(case):
    call = ast.parse(case["call"], mode="eval").body
    given = [ast.literal_eval(one) for one in call.args]
    ours = paired(*given, **{one.arg: ast.literal_eval(one.value) for one in call.keywords})
    theirs = pd.DataFrame(case["rows"], columns=case["columns"]).set_index("course").astype(float)
    assert list(ours.index) == list(theirs.index)
    found = ours[list(theirs)].astype(float).to_numpy()
    np.testing.assert_allclose(found, theirs.to_numpy(), rtol=RTOL, atol=1e-10)
