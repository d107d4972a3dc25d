"""Jackknife errors equal R's replicate weights; the bootstrap comes close, and repeats itself."""

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError, XzzError

RTOL = 1e-8  # R sums whole columns of replicate weights, we only what a replicate changes
ATOL = 1e-10


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


def test_a_mean_is_the_one_of_leaving_clusters_out_by_hand(samples, households):
    asked = households[households["income"].notna() & (households["w"] > 0)]
    weight, income = asked["w"].to_numpy(), asked["income"].to_numpy()
    clusters = households[["stratum", "grid"]].drop_duplicates().groupby("stratum").size()
    expected = 0.0
    for stratum, grid in households[["stratum", "grid"]].drop_duplicates().itertuples(index=False):
        n, inside = clusters[stratum], (asked["stratum"] == stratum).to_numpy()
        left_out = inside & (asked["grid"] == grid).to_numpy()
        changed = np.where(left_out, 0, np.where(inside, n / (n - 1), 1)) * weight
        expected += (n - 1) / n * (np.average(income, weights=changed) - np.average(income, weights=weight)) ** 2
    found = xzz.replicate(samples["clustered"], "income", statistic="mean")
    np.testing.assert_allclose(found["se"].item(), np.sqrt(expected), rtol=1e-10)  # the same sums in another order


def test_the_bootstrap_repeats_itself_and_comes_close(samples):
    linear = xzz.share(samples["clustered_fpc"], "phone", by="area")
    first, second = (
        xzz.replicate(samples["clustered_fpc"], "phone", by="area", method="bootstrap", replicates=2000)
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, second)
    # 2,000 draws leave 1.6 % of noise in a standard error, and few clusters a few per cent of bias
    np.testing.assert_allclose(first["se"], linear["se"], rtol=0.08)


def test_calibrated_weights_and_averaged_lonely_units_are_refused(samples, households):
    calibrated = xzz.weighting.post_stratify(samples["clustered"], "stratum", households.groupby("stratum")["w"].sum())
    with pytest.raises(DesignError, match="calibrated anew"):
        xzz.replicate(calibrated, "phone")
    lonely = xzz.Sample(households, weight="w", strata="st_lonely", cluster="grid", lonely="adjust")
    with pytest.raises(DesignError, match="'adjust'"):
        xzz.replicate(lonely, "phone")


@pytest.mark.parametrize(("option", "word"), [({"method": "bootstap"}, "bootstrap"), ({"statistic": "men"}, "mean")])
def test_an_unknown_choice_gets_the_nearest_name(samples, option, word):
    with pytest.raises(XzzError, match=f"did you mean '{word}'"):
        xzz.replicate(samples["clustered"], "phone", **option)
