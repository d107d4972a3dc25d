"""Weighting on any sample: totals are met, and nothing depends on scale, order or the way that is taken."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError
from xzz_analysis.survey import weighting

SIZE = 24
steady = settings(deadline=None, max_examples=40)
ESTIMATED = ["estimate", "se", "df"]

weights = st.lists(st.floats(0.5, 20), min_size=SIZE, max_size=SIZE)
codes = st.lists(st.integers(0, 2), min_size=SIZE - 9, max_size=SIZE - 9)
shares = st.lists(st.floats(0.5, 3), min_size=3, max_size=3)


@st.composite
def samples(draw):
    """Clusters of three, two crossed columns with every cell present, and a number."""
    cells = [divmod(cell, 3) for cell in range(9)] + list(zip(draw(codes), draw(codes), strict=True))
    frame = pd.DataFrame(cells, columns=["a", "b"]).astype(str)
    number = draw(st.lists(st.integers(0, 9), min_size=SIZE, max_size=SIZE))
    frame = frame.assign(w=draw(weights), y=np.array(number, float), grid=np.arange(SIZE) // 3)
    return xzz.Sample(frame, weight="w", cluster="grid")


def totals(given_shares, people=1000.0):
    """Levels with totals that sum to the people."""
    return {str(level): people * share / sum(given_shares) for level, share in enumerate(given_shares)}


def rescaled(sample, factor):
    return sample.reweighted(sample.design.weight * factor)


def sums(sample, column):
    return sample.frame.assign(w=sample.design.weight).groupby(column)["w"].sum().to_dict()


def errors(sample):
    return pd.concat([xzz.mean(sample, "y", "a"), xzz.total(sample, "y")])[ESTIMATED].to_numpy(float)


@steady
@given(sample=samples(), a=shares, b=shares)
def test_raked_totals_are_met(sample, a, b):
    after = weighting.rake(sample, {"a": totals(a), "b": totals(b)})
    assert sums(after, "a") == pytest.approx(totals(a), rel=1e-10)
    assert sums(after, "b") == pytest.approx(totals(b), rel=1e-10)
    assert (after.design.weight > 0).all()


@steady
@given(sample=samples(), a=shares, b=shares)
def test_raking_by_sweeps_and_by_newton_is_the_same(sample, a, b):
    margins = {"a": totals(a), "b": totals(b)}
    swept = weighting.rake(sample, margins)
    solved = weighting.calibrate(sample, margins, distance="raking")
    np.testing.assert_allclose(swept.design.weight, solved.design.weight, rtol=1e-8)
    np.testing.assert_allclose(errors(swept), errors(solved), rtol=1e-7, atol=1e-7)


@steady
@given(sample=samples(), a=shares)
def test_one_margin_is_post_stratification_whichever_way_it_is_taken(sample, a):
    expected = weighting.post_stratify(sample, "a", totals(a))
    ways = [weighting.rake(sample, {"a": totals(a)})]
    ways += [weighting.calibrate(sample, {"a": totals(a)}, distance=name) for name in ("linear", "raking")]
    ways += [weighting.calibrate(sample, {"a": totals(a)}, distance="logit", bounds=(1e-3, 1e4))]
    for after in ways:
        np.testing.assert_allclose(after.design.weight, expected.design.weight, rtol=1e-8)
        np.testing.assert_allclose(errors(after), errors(expected), rtol=1e-7, atol=1e-7)


@steady
@given(sample=samples(), a=shares, y=st.floats(0.8, 1.2), distance=st.sampled_from(["linear", "raking", "logit"]))
def test_calibrated_totals_are_met_inside_the_bounds_or_refused(sample, a, y, distance):
    near = {
        level: total * (0.7 + 0.2 * share) for (level, total), share in zip(sums(sample, "a").items(), a, strict=True)
    }
    wanted = {"a": near, "y": y * float(sample.design.weight @ sample.frame["y"])}
    try:
        after = weighting.calibrate(sample, wanted, distance=distance, bounds=(0.5, 2))
    except DesignError as refused:
        assert "out of reach" in str(refused) or "found no weights" in str(refused)
        return
    factor = after.design.weight / sample.design.weight
    assert factor.min() >= 0.5 - 1e-12 and factor.max() <= 2 + 1e-12
    table = weighting.achieved(after, wanted)
    np.testing.assert_allclose(table["achieved"], table["wanted"], rtol=1e-8)
    assert xzz.total(after, "y")["se"].item() <= 1e-6 * max(1, wanted["y"])


@steady
@given(sample=samples(), a=shares, b=shares, factor=st.floats(1e-6, 1e6))
def test_the_scale_of_the_weights_before_does_not_matter(sample, a, b, factor):
    margins = {"a": totals(a), "b": totals(b)}
    for errors_as in ("residual", "r"):
        small = weighting.rake(sample, margins, errors=errors_as)
        large = weighting.rake(rescaled(sample, factor), margins, errors=errors_as)
        np.testing.assert_allclose(large.design.weight, small.design.weight, rtol=1e-9)
        np.testing.assert_allclose(errors(large), errors(small), rtol=1e-7, atol=1e-7)


@steady
@given(sample=samples(), a=shares, b=shares, order=st.permutations(range(SIZE)))
def test_the_order_of_respondents_and_levels_does_not_matter(sample, a, b, order):
    margins = {"a": totals(a), "b": totals(b)}
    turned = {name: dict(reversed(levels.items())) for name, levels in margins.items()}
    shuffled = xzz.Sample(sample.frame.iloc[order], weight="w", cluster="grid")
    expected = weighting.rake(sample, margins)
    found = weighting.rake(shuffled, turned)
    np.testing.assert_allclose(found.design.weight, expected.design.weight[list(order)], rtol=1e-9)
    np.testing.assert_allclose(errors(found), errors(expected), rtol=1e-7, atol=1e-7)


@steady
@given(sample=samples(), low=st.floats(1, 8), width=st.floats(0.1, 8))
def test_trimmed_weights_lie_between_the_bounds(sample, low, width):
    after = weighting.trim(sample, low=low, high=low + width).design.weight
    assert after.min() >= low and after.max() <= low + width
    inside = (sample.design.weight >= low) & (sample.design.weight <= low + width)
    np.testing.assert_array_equal(after[inside], sample.design.weight[inside])


@steady
@given(sample=samples(), high=st.floats(0.6, 20), redistribute=st.sampled_from(["equal", "proportional"]))
def test_redistribution_keeps_the_sum_and_strictly_the_bound(sample, high, redistribute):
    weight = sample.design.weight
    if weight.sum() > 0.99 * high * SIZE:
        return
    for strict in (False, True):
        after = weighting.trim(sample, high=high, redistribute=redistribute, strict=strict).design.weight
        assert after.sum() == pytest.approx(weight.sum(), rel=1e-10)
    assert after.max() <= high


@steady
@given(sample=samples(), came=st.lists(st.booleans(), min_size=SIZE, max_size=SIZE))
def test_respondents_carry_the_whole_weight_of_their_class(sample, came):
    came = np.array(came)
    came[[0, 3, 6]] = True
    after = weighting.adjust_nonresponse(sample, came, "a")
    assert sums(after, "a") == pytest.approx(sums(sample, "a"), rel=1e-12)
    assert not after.design.weight[~came].any()


@steady
@given(sample=samples(), factor=st.floats(1e-6, 1e6))
def test_the_design_effect_of_weighting_has_no_scale(sample, factor):
    measures = ["cv", "deff_weighting", "n_eff", "largest_share", "max_to_median"]
    found, expected = (
        weighting.diagnostics(one).set_index("measure")["value"][measures] for one in (rescaled(sample, factor), sample)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert SIZE / expected["n_eff"] + 1e-12 >= 1
