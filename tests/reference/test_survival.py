"""Curves, quantiles, means, competing events and log-rank tests equal R's ``survival``, row for row."""

import ast
import csv
import io
import runpy

import numpy as np
import pandas as pd
import pytest
from scipy.stats import CensoredData, logrank

from xzz_analysis.services import survival

RTOL = 1e-8
ATOL = 1e-10  # R writes 15 digits; a variance that is 0 for R may be 1e-32 for us
NUMBERS = ["time", "at_risk", "events", "estimate", "se", "low", "high"]


@pytest.fixture(scope="module")
def waits(request):
    return pd.read_csv(request.path.parent / "fixtures" / "waits.csv")


def curve_rows(waits, asked, **options):
    mine = waits[waits["case"] == asked]
    curve = survival.kaplan_meier(mine["days"], mine["event"], **options)
    rows = [curve.frame().rename(columns={"survival": "estimate"}).assign(what="curve")]
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        rows.append(pd.DataFrame([{"what": "quantile", "time": share, **curve.quantile(share)._asdict()}]))
    for until in dict.fromkeys((curve.time[-1] / 2, curve.time[-1])):
        rows.append(pd.DataFrame([{"what": "mean", "time": until, **curve.restricted_mean(until)._asdict()}]))
    return pd.concat(rows, ignore_index=True)


def incidence_rows(waits, asked, **options):
    mine = waits[waits["case"] == asked]
    found = survival.cumulative_incidence(mine["days"], mine["cause"], **options)
    return found.rename(columns={"incidence": "estimate"}).assign(what="incidence", name=found["cause"].astype(str))


def test_rows(waits, asked, groups):
    mine = waits[(waits["case"] == asked) & waits["group"].isin(groups)]
    found = survival.log_rank(mine["days"], mine["event"], mine["group"])
    rows = found.groups.rename(columns={"group": "name", "n": "at_risk", "observed": "events", "expected": "estimate"})
    test = pd.DataFrame([{"what": "test", "estimate": found.statistic, "time": found.df, "se": found.p}])
    return pd.concat([rows.assign(what="group"), test], ignore_index=True)


VERBS = {"kaplan_meier": curve_rows, "cumulative_incidence": incidence_rows, "log_rank": test_rows}
test_rows.__test__ = False


def perform(call, waits):
    node = ast.parse(call, mode="eval").body
    options = {option.arg: ast.literal_eval(option.value) for option in node.keywords}
    return VERBS[node.func.id](waits, *map(ast.literal_eval, node.args), **options)


def test_equals_r(case, waits):
    theirs = pd.DataFrame(case["rows"], columns=case["columns"])
    ours = perform(case["call"], waits).reindex(columns=["what", "name", *NUMBERS])
    assert list(ours["what"]) == list(theirs["what"])
    assert list(ours["name"].astype(object).fillna("")) == list(theirs["name"])
    for column in NUMBERS:
        expected, found = (table[column].to_numpy(float) for table in (theirs, ours))
        np.testing.assert_allclose(found, expected, rtol=RTOL, atol=ATOL, err_msg=column)


def test_the_log_rank_test_of_two_groups_is_scipys(waits):
    mine = waits[(waits["case"] == "large") & waits["group"].isin(["a", "d"])]
    one, other = (
        CensoredData.right_censored(rows["days"], rows["event"] == 0) for _, rows in mine.groupby("group", sort=True)
    )
    found = survival.log_rank(mine["days"], mine["event"], mine["group"])
    expected = logrank(one, other)
    np.testing.assert_allclose([found.statistic, found.p], [expected.statistic**2, expected.pvalue], rtol=1e-10)


def test_the_script_makes_the_committed_waits(request):
    folder = request.path.parent / "fixtures"
    rows = runpy.run_path(str(folder / "make_waits.py"))["waits"]()
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    assert text.getvalue().encode() == (folder / "waits.csv").read_bytes()


def test_the_waits_hold_every_awkward_thing(waits):
    large = waits[waits["case"] == "large"]
    assert large.groupby("days")["event"].nunique().max() == 2  # censored on a day of events
    assert (large.groupby(["days", "event"]).size() > 1).any() and (waits["days"] == 0).any()
    events = waits.groupby("case")["event"]
    assert events.all().any() and (~events.any()).any() and (events.size() == 1).sum() == 2
