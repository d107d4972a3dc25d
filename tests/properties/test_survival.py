"""What holds of all waiting times."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xzz_analysis.services.survival import cumulative_incidence, kaplan_meier, log_rank

waits = st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["", "a", "b"])), min_size=1, max_size=40)


def columns(rows):
    return np.array([days for days, _ in rows]), np.array([cause for _, cause in rows])


@given(waits)
def test_a_curve_falls_from_one_and_its_counts_add_up(rows):
    days, cause = columns(rows)
    curve = kaplan_meier(days, cause != "")
    assert (np.diff(np.r_[1, curve.survival]) <= 1e-12).all() and (curve.survival >= 0).all()
    assert curve.events.sum() + curve.censored.sum() == curve.n == len(rows)
    known = ~np.isnan(curve.low)
    assert (curve.low[known] <= curve.survival[known] + 1e-12).all()
    assert (curve.high[known] >= curve.survival[known] - 1e-12).all()


@given(waits)
def test_shares_of_all_causes_and_of_none_are_everybody(rows):
    days, cause = columns(rows)
    curve = kaplan_meier(days, cause != "")
    found = cumulative_incidence(days, cause)
    both = sum((part["incidence"].to_numpy() for _, part in found.groupby("cause")), np.zeros(len(curve.time)))
    np.testing.assert_allclose(both + curve.survival, 1, atol=1e-12)


@given(waits)
def test_one_cause_alone_is_the_curve_with_its_error(rows):
    """The infinitesimal jackknife of one cause is Greenwood's error, where somebody is left."""
    days, cause = columns(rows)
    curve = kaplan_meier(days, cause != "")
    found = cumulative_incidence(days, np.where(cause == "", "", "a"), causes=["a"])
    np.testing.assert_allclose(1 - found["incidence"], curve.survival, atol=1e-12)
    left = curve.survival > 1e-9
    np.testing.assert_allclose(found["se"][left], curve.se[left], atol=1e-9)


@given(waits, st.integers(1, 5), st.randoms())
def test_the_order_and_the_unit_of_time_change_nothing(rows, unit, source):
    shuffled = source.sample(rows, len(rows))
    one, other = (
        kaplan_meier(days * scale, cause != "")
        for scale, (days, cause) in ((1, columns(rows)), (unit, columns(shuffled)))
    )
    np.testing.assert_allclose(one.survival, other.survival, atol=1e-14)
    np.testing.assert_allclose(np.array(one.quantile(0.5)) * unit, other.quantile(0.5))


@given(waits)
def test_everybody_twice_is_the_same_curve_with_a_narrower_interval(rows):
    days, cause = columns(rows)
    one, two = (kaplan_meier(np.tile(days, k), np.tile(cause != "", k)) for k in (1, 2))
    np.testing.assert_allclose(one.survival, two.survival, atol=1e-12)
    known = ~np.isnan(one.se)
    np.testing.assert_allclose(one.se[known], two.se[known] * np.sqrt(2), atol=1e-12)


@given(waits)
def test_the_mean_until_the_end_lies_between_the_shortest_and_the_end(rows):
    days, cause = columns(rows)
    curve = kaplan_meier(days, cause != "")
    found = curve.restricted_mean(float(days.max()))
    assert days.min() - 1e-9 <= found.estimate <= days.max() + 1e-9 and found.se >= 0


@given(waits)
def test_groups_that_are_alike_do_not_differ(rows):
    days, cause = columns(rows)
    found = log_rank(np.tile(days, 2), np.tile(cause != "", 2), np.repeat(["x", "y"], len(rows)))
    assert np.isnan(found.p) or found.statistic < 1e-9
    np.testing.assert_allclose(found.groups["observed"].sum(), found.groups["expected"].sum())
