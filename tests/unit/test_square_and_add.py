"""The interval of a difference of two shares: published figures, its own p, and what it falls back to."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import xzz_analysis as xzz
from xzz_analysis.survey.engine.interval import Score
from xzz_analysis.survey.testing.square_and_add import Differences

MANY = 1e9  # degrees of freedom: Student's t is normal


def one(p, n, df=MANY):
    return np.array([p]), Score(np.array([float(n)]), np.array([float(df)]))


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),  # Newcombe (1998), table II, method 10
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((5, 56), (0, 29), -0.0381, 0.1926),
    ],
)
def test_newcombes_published_intervals_of_independent_shares(first, second, low, high):
    (a, m), (b, n) = first, second
    found = Differences(np.array([0]), one(a / m, m), one(b / n, n), np.zeros(1)).interval(np.array([0.05]))
    assert [end.item() for end in found] == pytest.approx([low, high], abs=5e-5)


def test_p_is_where_the_interval_begins_to_miss_the_null():
    pair = Differences(np.array([0]), one(0.3, 40, 12), one(0.12, 55, 9), np.array([0.4]))
    p = pair.p(np.array([0.02]))
    low, high = pair.interval(p)
    assert low.item() == pytest.approx(0.02, abs=1e-12) and high.item() > 0.02
    root = optimize.brentq(lambda tail: pair.interval(np.array([tail]))[0].item() - 0.02, 1e-6, 0.999, xtol=1e-14)
    assert p.item() == pytest.approx(root, rel=1e-9)


def test_p_of_no_difference_is_one_and_of_the_impossible_nearly_zero():
    even = Differences(np.array([0]), one(0.2, 50), one(0.2, 30), np.zeros(1))
    apart = Differences(np.array([0]), one(0.999, 1e6), one(0.001, 1e6), np.zeros(1))
    assert even.p(np.zeros(1)).item() == 1
    assert 0 <= apart.p(np.zeros(1)).item() <= 1e-29


def survey(rng, share, weights=True):
    """Sixty respondents of twelve clusters in three strata."""
    cluster = np.repeat(np.arange(12), 5)
    need = (rng.random(60) < share).astype(np.int8)
    frame = pd.DataFrame({"need": need, "cluster": cluster, "stratum": cluster % 3, "sex": rng.integers(0, 2, 60)})
    return xzz.Sample(frame.assign(w=rng.gamma(5, 1, 60)), weight="w", strata="stratum", cluster="cluster")


@pytest.fixture
def rounds():
    rng = np.random.default_rng(7)
    return survey(rng, 0.1), survey(rng, 0.3)


def test_change_is_made_of_the_intervals_of_both_rounds(rounds):
    before, after = (xzz.share(one, "need").iloc[0] for one in rounds)
    found = xzz.change(*rounds, "need", overlap="none").iloc[0]
    down = np.hypot(after["estimate"] - after["low"], before["high"] - before["estimate"])
    up = np.hypot(after["high"] - after["estimate"], before["estimate"] - before["low"])
    assert found["low"] == pytest.approx(found["estimate"] - down, rel=1e-12)
    assert found["high"] == pytest.approx(found["estimate"] + up, rel=1e-12)
    assert found["method"] == "square-and-add"
    assert found["p"] == pytest.approx(2 * stats.t.sf(abs(found["t"]), found["df"]), rel=1e-9)


@pytest.mark.parametrize("method", ["logit", "korn-graubard", "wald"])
def test_other_intervals_of_shares_leave_the_change_to_its_standard_error(rounds, method):
    found = xzz.change(*rounds, "need", method=method).iloc[0]
    half = stats.t.ppf(0.975, found["df"]) * found["se"]
    assert [found["low"], found["high"]] == pytest.approx([found["estimate"] - half, found["estimate"] + half])
    assert found["method"] == "wald" and found["t"] == pytest.approx(found["estimate"] / found["se"])


def test_interval_and_p_agree_at_every_level(rounds):
    p = xzz.change(*rounds, "need").iloc[0]["p"]
    for level in (1 - 0.99 * p, 1 - 1.01 * p):
        found = xzz.change(*rounds, "need", level=level).iloc[0]
        assert (found["low"] > 0) == (p < 1 - level)


def test_differences_of_a_subset_and_of_joined_frames_keep_their_intervals(rounds):
    shares = xzz.share(rounds[1], "need", "sex")
    joined = xzz.join([xzz.mean(rounds[1], "need", "sex"), shares])
    expected = xzz.differences(shares, "sex").iloc[0]
    found = xzz.differences(joined[joined["statistic"] == "share"], "sex").iloc[0]
    assert expected["method"] == "square-and-add"
    assert list(found[["low", "high", "p"]]) == list(expected[["low", "high", "p"]])


def test_only_plain_differences_are_treated_so(rounds):
    shares = xzz.share(rounds[1], "need", "sex")
    found = xzz.contrast(shares, {"mean": {0: 0.5, 1: 0.5}, "gap": {0: 1, 1: -1}, "double": {0: 2, 1: -2}})
    assert list(found["method"]) == ["wald", "square-and-add", "wald"]


def test_a_census_has_no_interval_of_its_change(rounds):
    both = [xzz.Sample(one.frame, kind="census") for one in rounds]
    found = xzz.change(*both, "need", overlap="none").iloc[0]
    assert found["low"] == found["high"] == found["estimate"] and found["reason"] == "no_sampling_error"


def test_an_unknown_interval_is_refused_with_the_nearest_name(rounds):
    with pytest.raises(xzz.XzzError, match=r"'wilsn' is not one of .*did you mean 'wilson'"):
        xzz.change(*rounds, "need", method="wilsn")
