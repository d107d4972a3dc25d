"""Rounds of a study: indicators side by side, changed, and contrasted."""

import numpy as np
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import StudyError, XzzError


@pytest.fixture(scope="module")
def rounds(root):
    return [xzz.open_round(root / "data" / "demo", name) for name in ("2025Q2", "2025Q4")]


def test_a_change_is_the_later_figure_minus_the_earlier(rounds):
    before, after = (one.needs().set_index("indicator") for one in rounds)
    change = rounds[1].change(rounds[0]).set_index("indicator")
    assert list(change.index) == list(after.index)
    for column, figures in (("before", before), ("after", after)):
        asked = change.index.intersection(figures.index)
        asked = asked[change.loc[asked, "reason"] == ""]
        np.testing.assert_allclose(change.loc[asked, column], figures.loc[asked, "estimate"], rtol=1e-12)
    assert set(change["statistic"]) == {"share_change", "mean_change", "ratio_change"}


def test_what_one_round_did_not_ask_has_no_change_and_says_so(rounds):
    change = rounds[1].change(rounds[0]).set_index("indicator")
    assert change.loc["sup_station_unknown", "reason"] == "not_in_both_rounds"
    assert np.isnan(change.loc["sup_station_unknown", "estimate"])


def test_indicators_of_one_unit_can_be_contrasted(rounds):
    needs = rounds[1].needs("hukou", domain="education")
    gaps = xzz.differences(needs, "hukou")
    assert len(gaps) == len(needs) * (len(needs["by"].unique()) - 1) / 2
    one = needs[needs["indicator"] == "edu_absent"]
    assert gaps[gaps["indicator"] == "edu_absent"].iloc[0]["estimate"] == pytest.approx(
        one["estimate"].iloc[1] - one["estimate"].iloc[0]
    )


def test_indicators_of_several_units_have_no_common_covariance(rounds):
    with pytest.raises(XzzError, match="influence"):
        rounds[1].needs().covariance()


def test_an_unknown_group_gets_the_nearest_name(rounds):
    with pytest.raises(StudyError, match="did you mean 'hukou'"):
        rounds[1].change(rounds[0], by="huku")
