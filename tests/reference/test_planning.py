"""The planner against R's power.prop.test and power.t.test."""

import ast

import numpy as np
import pandas as pd

from xzz_analysis.survey import planning

FINE = {"power": 1e-11, "change": 1e-11, "clusters": 0}
"""Absolute: R's and scipy's noncentral t agree to about 1e-12; a root inherits that over the slope of the power."""


def test_planner_equals_r(case):
    theirs = pd.DataFrame(case["rows"], columns=case["columns"])
    ours = perform(case["call"])
    if case["call"].startswith("sample_needed"):
        ours = ours[ours["solve_for"] == "clusters"]
    assert len(ours) == len(theirs)
    for column, fine in FINE.items():
        expected = theirs[column].to_numpy(dtype=float)
        asked = ~np.isnan(expected)
        if asked.any():
            np.testing.assert_allclose(ours[column].to_numpy()[asked], expected[asked], rtol=0, atol=fine)
    if case["call"].startswith("detectable_change"):
        unreachable = theirs["change"].isna()
        assert ours.loc[unreachable, "change"].isna().all()
        assert ours.loc[unreachable, "reason"].str.startswith("unreachable").all()
        assert (ours.loc[~unreachable, "reason"] == "").all()


def test_the_cases_hold_what_is_unreachable_and_every_kind_of_sample(request):
    plans = pd.read_csv(request.path.parent / "fixtures" / "plans.csv")
    assert set(plans["test"]) == {"t", "z"}
    assert {0, 1} == set(plans["overlap"])
    assert plans["before"].min() < 0.05 and plans["before"].max() > 0.95
    assert plans["clusters"].min() < 5 and plans["clusters"].max() > 10_000


def perform(call):
    """Make the call as it is written: a verb, a plan of literals, and perhaps a change."""
    tree = ast.parse(call, mode="eval").body
    return getattr(planning, tree.func.id)(planning.Plan(**literals(tree.args[0])), **literals(tree))


def literals(node):
    return {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords}
