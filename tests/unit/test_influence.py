"""What is computed from influences agrees with the estimates they belong to, and refuses those it does not."""

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError, XzzError

RULES = ["remove", "certainty", "average", "adjust"]


def frame(**columns):
    number = np.arange(240)
    made = {
        "stratum": np.where(number < 20, "孤", np.where(number < 130, "东", "西")),
        "grid": number // 10,
        "w": 1.0 + number % 3,
        "sex": np.where(number % 3, "f", "m"),
        "need": (number % 7 < 2).astype(float),
        "age": 6.0 + number % 9,
        "one_grid": np.where(number < 20, 0, number // 10),
    }
    return pd.DataFrame(made | columns)


def sample(lonely="fail", **columns):
    return xzz.Sample(frame(**columns), weight="w", strata="stratum", cluster="one_grid", lonely=lonely)


@pytest.mark.parametrize("lonely", RULES)
@pytest.mark.parametrize("by", [None, "sex", "stratum"])
def test_a_contrast_of_one_estimate_has_its_own_error(lonely, by):
    estimates = xzz.share(sample(lonely), "need", by=by)
    known = estimates[estimates["se"].notna()]
    alone = xzz.contrast(estimates, {str(row): {row: 1.0} for row in known.index})
    np.testing.assert_allclose(alone["se"], known["se"], rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(np.sqrt(np.diag(known.covariance())), known["se"], rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("lonely", RULES)
def test_independent_rounds_add_their_variances(lonely):
    before, after = (
        sample(lonely, need=need).described(labels={"round": name})
        for name, need in (("1", np.arange(240) % 5 == 0), ("2", np.arange(240) % 3 == 0))
    )
    apart = [xzz.share(one, "need").iloc[0]["se"] for one in (before, after)]
    change = xzz.change(before, after, "need", overlap="none").iloc[0]
    if lonely != "average":  # which averages over the strata of both rounds together
        assert change["se"] == pytest.approx(np.hypot(*apart), rel=1e-10)
    assert change["estimate"] == pytest.approx(change["after"] - change["before"])


def test_percentages_are_not_compared_with_the_errors_of_shares():
    estimates = xzz.share(sample("certainty"), "need", by="sex")
    percent = estimates.assign(estimate=estimates["estimate"] * 100, se=estimates["se"] * 100)
    with pytest.raises(XzzError, match=r"changed after they were made.*rescale after"):
        xzz.differences(percent, "sex")


def test_a_trend_is_identified_by_what_was_asked():
    answers = [np.arange(240) % step == 0 for step in (5, 4, 3)]
    changed = [answers[0], answers[1], np.roll(answers[2], 1)]
    ids = []
    for needs in (answers, changed):
        rounds = [sample("certainty", need=need).described(labels={"round": f"{n}"}) for n, need in enumerate(needs)]
        ids.append(xzz.trend(rounds, "need")["result_id"].item())
    assert ids[0] == ids[1]


def test_a_simultaneous_interval_is_identified_with_its_family():
    estimates = xzz.share(sample("certainty"), "need", by="stratum")
    known = list(estimates.index[estimates["df"] > 0])
    one, two = {"a": {known[0]: 1.0}}, {"a": {known[0]: 1.0}, "b": {known[1]: 1.0}}
    alone, together = (xzz.contrast(estimates, asked, adjust="max-t").iloc[0] for asked in (one, two))
    assert alone["result_id"] != together["result_id"]


def test_replicates_refuse_what_they_would_leave_out():
    sizes = {"grids": 40, "people": 60}
    stages = xzz.Sample(frame(**sizes), weight="w", cluster=["grid"], fpc=["grids", "people"])
    with pytest.raises(DesignError, match="2 stages"):
        xzz.replicate(stages, "need")


def test_members_are_told_apart_by_position():
    shuffled = frame()["sex"].eq("f").sample(frac=1, random_state=1)
    with pytest.raises(DesignError, match="index of its own"):
        sample("certainty").subpopulation(shuffled)
