"""Several stages, lonely units and subpopulations equal R's, row for row and in their covariances."""

import csv
import io
import json
import runpy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError

FOLDER = Path(__file__).parent
RTOL = 1e-8  # sums are taken in another order than R's; the standard error takes a root of a difference
ATOL = 1e-10  # R writes 15 digits
COVARIANCES = json.loads((FOLDER / "stages.json").read_text(encoding="utf-8"))["covariances"]
NUMBERS = ["estimate", "se", "low", "high", "df", "n", "weighted_n", "deff"]
SAME = 1e-12  # the same sums in another order


@pytest.fixture(scope="module")
def stages():
    return pd.read_csv(FOLDER / "fixtures" / "stages.csv")


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("matrix", COVARIANCES, ids=lambda matrix: matrix["call"])
def test_covariance_equals_r(matrix, run, assert_covariance_equals_r):
    assert_covariance_equals_r(run(matrix), matrix, rtol=RTOL)


# --- what stages mean ----------------------------------------------------------------------------


def two_stage(frame, **changes):
    given = {"weight": "w", "strata": "district", "cluster": ["street", "block"], "fpc": ["N_streets", "N_blocks"]}
    return xzz.Sample(frame, **(given | changes))


def assert_same(first, second, columns=tuple(NUMBERS)):
    pd.testing.assert_frame_equal(first[list(columns)], second[list(columns)], rtol=SAME)


def test_units_below_a_stage_with_replacement_change_nothing(samples):
    for shorter, longer in (("streets", "ended_at_streets"), ("ended_at_blocks", "ended_early")):
        assert_same(xzz.mean(samples[longer], "income", by="area"), xzz.mean(samples[shorter], "income", by="area"))


def test_certainty_is_another_word_for_remove(samples):
    for kind in ("lonely", "lonely_fpc", "site"):
        removed = xzz.total(samples[f"{kind}_remove"], "children", by="area")
        assert_same(xzz.total(samples[f"{kind}_certainty"], "children", by="area"), removed)


def test_every_stage_adds_error(samples):
    names = ["streets_fpc", "two_stage", "three_stage", "four_stage"]
    errors = [xzz.mean(samples[name], "income")["se"].item() for name in names]
    assert all(less < more for less, more in pairwise(errors))


def test_the_design_changes_errors_and_never_estimates(samples):
    expected = xzz.mean(samples["streets"], "income", by="hukou")["estimate"]
    for name, sample in samples.items():
        if not name.startswith(("girls", "flooded", "visited")):
            found = xzz.mean(sample, "income", by="hukou")["estimate"]
            np.testing.assert_allclose(found, expected, rtol=SAME, err_msg=name)


def test_a_subpopulation_is_a_group_of_the_whole(samples):
    whole = xzz.mean(samples["two_stage"], "spend", by="girl")
    assert_same(xzz.mean(samples["girls"], "spend"), whole[whole["by"] == "girl=1"].reset_index(drop=True))


def test_a_subpopulation_may_be_given_as_rows(samples, stages):
    rows = stages["girl"] == 1
    expected = xzz.total(samples["girls"], "children", by="area")
    for given in (rows, rows.to_numpy()):
        assert_same(xzz.total(samples["two_stage"].subpopulation(given), "children", by="area"), expected)


def test_the_order_of_the_rows_changes_nothing(samples, stages):
    expected = xzz.total(samples["two_stage"], "debt", by=["area", "hukou"])
    assert_same(xzz.total(two_stage(stages.iloc[::-1]), "debt", by=["area", "hukou"]), expected)


def test_names_of_units_change_nothing(samples, stages):
    renamed = stages.assign(
        street=stages["street"].map(lambda number: f"街道 {9 - number}"),
        block=stages["block"].map(lambda number: -number),
    )
    assert_same(xzz.mean(two_stage(renamed), "income", by="area"), xzz.mean(samples["two_stage"], "income", by="area"))


def test_a_unit_that_is_lonely_below_the_first_stage_is_refused_by_name(stages):
    with pytest.raises(DesignError, match=r"stage 2|second.stage"):
        two_stage(stages, cluster=["street", "site"], fpc=["N_streets", "N_sites"])


def test_a_lonely_district_is_refused_by_name(stages):
    with pytest.raises(DesignError, match=r"河西=新2|南岸区5"):
        two_stage(stages, strata="district_lonely", fpc=["N_lonely", "N_blocks"])


# --- the fixture ---------------------------------------------------------------------------------


def test_the_script_makes_the_committed_people():
    rows = runpy.run_path(str(FOLDER / "fixtures" / "make_stages.py"))["people"]()
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    assert text.getvalue().encode() == (FOLDER / "fixtures" / "stages.csv").read_bytes()


def test_the_people_hold_every_awkward_thing(stages):
    streets = stages.groupby("address")
    assert (streets["w"].sum() == 0).sum() == 1
    assert (stages.groupby(["address", "block"])["w"].sum() == 0).sum() > streets["block"].nunique().max()
    assert (streets["site"].nunique() == 1).sum() == 3
    assert streets["block"].nunique().min() == 2
    assert (stages.groupby("district_lonely")["address"].nunique() == 1).sum() == 3
    assert (stages.groupby(["address", "houses"])["block"].nunique() >= 2).all()
    assert (stages.groupby(["address", "houses_lonely"])["block"].nunique() == 1).any()
    assert (stages["N_streets"] == 3).any() and (stages["N_households"] == 1).any()
    assert (stages.groupby("district")["visited"].count() == 0).sum() == 1
    assert list(stages[stages["camp"] == "yes"].groupby("district")["street"].nunique()) == [1, 1]
