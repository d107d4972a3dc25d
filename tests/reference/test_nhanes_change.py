"""Change on public survey data equals R on the same files: revisited units, a panel of schools, two stages."""

import pandas as pd
import pytest

import xzz_analysis as xzz

pytestmark = pytest.mark.real

RTOL = 1e-8  # sums are taken in another order than R's; the standard error takes a root of a difference
ATOL = 1e-10  # R writes 15 digits; scores lie near 600, weights near 30,000
DESIGNS = {
    "nhanes": {"weight": "WTMEC2YR", "strata": "SDMVSTRA", "cluster": "SDMVPSU"},
    "apistrat": {"weight": "pw", "strata": "stype", "fpc": "fpc"},
    "apiclus1": {"weight": "pw", "cluster": "dnum", "fpc": "fpc"},
    "apiclus2": {"weight": "pw", "cluster": "dnum", "fpc": ["fpc1", "fpc2"]},
}


@pytest.fixture(scope="module")
def frames(real_data):
    folder = real_data / "us_complex_surveys"
    if not folder.is_dir():
        pytest.skip("no public survey data: XZZ_REAL_DATA holds no us_complex_surveys")
    nhanes = pd.read_csv(folder / "nhanes_hichol_2009_10.csv.gz")
    rows = pd.Series(range(1, len(nhanes) + 1))
    found = {"nhanes": nhanes.assign(round=((rows * 7919) % 5 < 2).map({True: "r1", False: "r2"}))}
    for name in ("apistrat", "apiclus1", "apiclus2"):
        schools = pd.read_csv(folder / f"{name}.csv.gz").assign(person=lambda one: one["cds"])
        parts = [schools.assign(round=label, api=schools[score]) for label, score in (("r1", "api99"), ("r2", "api00"))]
        found[name] = pd.concat(parts, ignore_index=True)
    return found


@pytest.fixture(scope="module")
def samples(frames):
    return {
        f"{name}_{label}": xzz.Sample(frame[frame["round"] == label], **DESIGNS[name])
        for name, frame in frames.items()
        for label in ("r1", "r2")
    }


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


def test_following_the_same_schools_pays(samples):
    """Scores of 1999 and 2000 go together; as independent samples the error would be several times as large."""
    before, after = samples["apistrat_r1"], samples["apistrat_r2"]
    followed = xzz.change(before, after, "api", statistic="mean", overlap="panel", key="person").iloc[0]
    apart = xzz.change(before, after, "api", statistic="mean", overlap="none").iloc[0]
    assert followed["estimate"] == apart["estimate"]
    assert apart["se"] > 5 * followed["se"]
    assert followed["overlap"] == 1
