"""Contrasts equal R's ``svycontrast``; simultaneous ones an integral written out in the R script; row for row."""

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError

RTOL = 1e-8  # sums are taken in another order than R's; the standard error takes a root of a difference
ATOL = 1e-10  # R writes 15 digits
FIGURES = ["estimate", "se", "df", "t", "p"]


def test_equals_r(case, run, assert_equals_r):
    found = run(case).reset_index(drop=True)
    assert_equals_r(found.assign(row=found.index), case, rtol=RTOL, atol=ATOL)


@pytest.fixture
def shares(samples):
    return xzz.share(samples["clustered"], ["phone", "ledger"], by="area")


def test_the_variance_of_a_contrast_is_its_part_of_the_covariance(shares):
    chosen = np.array([1, -0.5, -0.5, 0, 2, 0])
    found = xzz.contrast(shares, {"c": dict(enumerate(chosen))})
    assert found["se"].item() == pytest.approx(np.sqrt(chosen @ shares.covariance() @ chosen), rel=RTOL)
    assert found["estimate"].item() == pytest.approx(chosen @ shares["estimate"], rel=RTOL)


def test_one_estimate_alone_keeps_its_own_error_and_degrees_of_freedom(shares):
    found = xzz.contrast(shares, {str(row): {row: 1} for row in shares.index})
    for column in ("estimate", "se", "df", "n"):
        np.testing.assert_allclose(found[column], shares[column], rtol=RTOL)


def test_rows_are_named_by_their_label_in_any_order(shares):
    turned = shares.sort_values("estimate", ascending=False)
    pick = {"c": {4: 1, 1: -1}}
    pd.testing.assert_frame_equal(
        pd.DataFrame(xzz.contrast(turned, pick)[FIGURES]), pd.DataFrame(xzz.contrast(shares, pick)[FIGURES]), rtol=RTOL
    )


def test_some_rows_of_a_frame_are_compared_as_in_the_whole(shares):
    kept = shares[shares["indicator"] == "ledger"]
    found = xzz.contrast(kept, {"c": {3: 1, 5: -1}})
    pd.testing.assert_frame_equal(found[FIGURES], xzz.contrast(shares, {"c": {3: 1, 5: -1}})[FIGURES], rtol=RTOL)


def test_all_shares_of_one_question_add_up_without_error(samples):
    options = xzz.share(samples["clustered"], "barrier")
    found = xzz.contrast(options, {"all": dict.fromkeys(options.index, 1)}, null=1).iloc[0]
    assert found["estimate"] == pytest.approx(1, rel=1e-12)  # four sums of the same weights
    assert found["se"] < 1e-12
    assert np.isnan(found["p"]) and found["reason"]


def test_turning_a_contrast_round_turns_its_sign(shares):
    found = xzz.contrast(shares, {"a - b": {0: 1, 1: -1}, "b - a": {0: -1, 1: 1}})
    np.testing.assert_allclose(found["t"].iloc[0], -found["t"].iloc[1], rtol=RTOL)
    np.testing.assert_allclose(found["low"].iloc[0], -found["high"].iloc[1], rtol=RTOL)


def test_max_t_asks_less_than_holm_and_more_than_nothing(shares):
    largest, holm = (xzz.differences(shares, "area", adjust=adjust) for adjust in ("max-t", "holm"))
    assert (largest["p_adjusted"] >= largest["p"]).all()
    assert largest["p_adjusted"].min() <= holm["p_adjusted"].min()
    assert ((largest["high"] - largest["low"]) > (holm["high"] - holm["low"])).all()


def test_a_difference_of_every_level_but_the_reference(shares):
    found = xzz.differences(shares, "area", reference="村庄")
    assert len(found) == 4  # two questions, two other areas
    assert list(found["tests"]) == [4] * 4


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda shares: xzz.contrast(shares, {"c": {99: 1}}), "99"),
        (lambda shares: xzz.contrast(shares, {"c": {}}), "'c'"),
        (lambda shares: xzz.contrast(shares, {"c": {0: float("nan")}}), "'c'"),
        (lambda shares: xzz.contrast(shares, {"c": {0: 1}}, adjust="bonferoni"), "'bonferoni'"),
        (lambda shares: xzz.differences(shares, "areas"), r"'areas'.*did you mean 'area'"),
        (lambda shares: xzz.differences(shares, "area", reference="村里"), "'村里'"),
    ],
    ids=["row", "empty", "not-a-number", "adjust", "group", "reference"],
)
def test_what_cannot_be_compared_is_refused_by_name(shares, ask, message):
    with pytest.raises(DesignError, match=message):
        ask(shares)
