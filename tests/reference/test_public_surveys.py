"""Schools of California and two health surveys of the United States: every figure equals R's on the same files."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.real

REFERENCE = json.loads((Path(__file__).parent / "public_surveys.json").read_text(encoding="utf-8"))
RTOL = 1e-9  # sums are taken in another order than R's; calibrating to scores near 600 solves a nearly singular system
ATOL = 1e-10  # R writes 15 digits; a total that was calibrated to has an error of 0
SMALL_P = 1e-14  # p-values as small as 1e-12 are still compared
SCHOOLS = ("apisrs", "apistrat", "apiclus1", "apiclus2")


@pytest.fixture(scope="module")
def frames(real_data):
    """Tables by the names that the calls of the reference give them."""
    folder = real_data / "us_complex_surveys"
    if not folder.is_dir():
        pytest.skip("no public survey data: XZZ_REAL_DATA holds no us_complex_surveys")
    found = {name: pd.read_csv(folder / f"{name}.csv.gz") for name in SCHOOLS}
    nhanes = pd.read_csv(folder / "nhanes_hichol_2009_10.csv.gz")
    yrbs = pd.read_csv(folder / "yrbs_qn8.csv.gz")
    return found | {
        "nhanes": nhanes.assign(adult=nhanes["agecat"] != "(0,19]"),
        "yrbs": yrbs.assign(rarely_belted=2 - yrbs["qn8"]),
    }


@pytest.fixture(scope="module")
def samples(samples, frames):
    samples.made.update(frames)
    return samples


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("test", REFERENCE["tests"], ids=lambda test: test["id"])
def test_tests_equal_r(test, run, assert_equals_r):
    assert_equals_r(run(test), test, rtol=RTOL, atol=SMALL_P)


@pytest.mark.parametrize("asked", REFERENCE["contrasts"], ids=lambda asked: asked["id"])
def test_contrasts_equal_r(asked, run, assert_equals_r):
    found = run(asked).reset_index(drop=True)
    assert_equals_r(found.assign(row=found.index), asked, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("weights", REFERENCE["weights"], ids=lambda weights: weights["sample"])
def test_calibrated_weights_equal_r(weights, samples):
    ours = samples[weights["sample"]].design.weight
    assert ours.sum() == pytest.approx(weights["sum"], rel=RTOL)
    assert (ours**2).sum() == pytest.approx(weights["squares"], rel=RTOL)
    np.testing.assert_allclose(ours[::13], weights["shown"], rtol=RTOL)
