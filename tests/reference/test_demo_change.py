"""Change on the demonstration study, from its exports to the result, equals R on the same raw files."""

import numpy as np

import xzz_analysis as xzz

RTOL = 1e-8  # sums are taken in another order than R's; the standard error takes a root of a difference
ATOL = 1e-10  # R writes 15 digits


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


def test_every_grid_was_visited_twice(samples):
    found = xzz.change(samples["before"], samples["after"], "health_insurance")
    assert (found["overlap"] == 1).all()
    assert set(found["round"]) == {"2025Q2→2025Q4"}


def test_going_back_to_the_same_grids_pays(samples):
    """Answers of one grid resemble each other, so a change is known better than two levels are."""
    shares = {
        overlap: xzz.change(samples["before"], samples["after"], "health_insurance", overlap=overlap)
        for overlap in ("cluster", "none")
    }
    assert (shares["cluster"]["se"] < shares["none"]["se"]).any()
    assert (shares["none"]["df"] == 2 * shares["cluster"]["df"]).all()


def test_reasons_for_missing_answers_are_those_of_both_rounds(samples):
    found = xzz.change(samples["before"], samples["after"], "trusted_adults", statistic="mean").iloc[0]
    rounds = [xzz.mean(samples[name], "trusted_adults").iloc[0] for name in ("before", "after")]
    for column in ("n", "n_dont_know", "n_refused", "n_blank", "n_invalid"):
        assert found[column] == sum(one[column] for one in rounds)
    assert found["n_dont_know"] > 0
    np.testing.assert_allclose(found["after"], rounds[1]["estimate"], rtol=1e-12)  # the same sums
