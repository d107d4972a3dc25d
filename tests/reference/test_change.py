"""Change equals R's two rounds in one design, ``svyby(covmat=TRUE)`` and ``svycontrast``, row for row."""

import csv
import io
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.errors import DesignError

RTOL = 1e-8  # sums are taken in another order than R's; the standard error takes a root of a difference
ATOL = 1e-10  # R writes 15 digits
DESIGN = {"weight": "w", "strata": "stratum", "cluster": "grid"}
FIXTURES = Path(__file__).parent / "fixtures"


def test_equals_r(case, run, assert_equals_r):
    assert_equals_r(run(case), case, rtol=RTOL, atol=ATOL)


def test_the_two_ends_of_a_change_are_the_rounds_own_estimates(samples):
    found = xzz.change(samples["r1"], samples["r2"], "phone", by="area").set_index("by").dropna(subset=["estimate"])
    before, after = (xzz.share(samples[name], "phone", by="area").set_index("by") for name in ("r1", "r2"))
    np.testing.assert_allclose(found["before"], before.loc[found.index, "estimate"], rtol=RTOL)
    np.testing.assert_allclose(found["after"], after.loc[found.index, "estimate"], rtol=RTOL)
    np.testing.assert_allclose(found["estimate"], found["after"] - found["before"], rtol=RTOL)


def test_independent_rounds_add_their_variances(samples):
    found = xzz.change(samples["r1"], samples["r2"], "phone", overlap="none").iloc[0]
    before, after = (xzz.share(samples[name], "phone").iloc[0] for name in ("r1", "r2"))
    assert found["se"] == pytest.approx(np.hypot(before["se"], after["se"]), rel=RTOL)
    assert found["df"] == before["df"] + after["df"]
    assert found["overlap"] == 0


def test_the_same_round_twice_has_not_changed(samples):
    found = xzz.change(samples["r2"], samples["r2"], ["phone", "water"], by="hukou")
    assert (found["estimate"] == 0).all() and (found["se"] < 1e-12).all()
    assert (found["overlap"] == 1).all()
    assert found["p"].isna().all() and (found["reason"] != "").all()


def test_back_again_turns_the_sign(samples):
    there = xzz.change(samples["r1"], samples["r3"], "water", by="area").dropna(subset=["estimate"])
    back = xzz.change(samples["r3"], samples["r1"], "water", by="area").dropna(subset=["estimate"])
    for column in ("estimate", "t"):
        np.testing.assert_allclose(there[column], -back[column], rtol=RTOL)
    np.testing.assert_allclose(there["se"], back["se"], rtol=RTOL)


def test_a_repeated_share_of_none_has_a_reason_and_costs_no_other_test(samples):
    found = xzz.change(samples["r1"], samples["r2"], "documents", by="area").set_index("by")
    never = found.loc["area=村庄"]
    assert list(never[["before", "after", "estimate", "se"]]) == [0, 0, 0, 0]
    assert np.isnan(never["p"]) and never["reason"]
    assert set(found["tests"]) == {2}


def test_a_group_of_one_round_only_has_no_change_and_says_why(samples):
    found = xzz.change(samples["r1"], samples["r2"], "phone", by="area").set_index("by").loc["area=安置点"]
    assert np.isnan(found[["estimate", "se", "low", "high", "p", "before"]].astype(float)).all()
    assert 0 < found["after"] < 1
    assert found["reason"]


def test_what_is_not_comparable_gets_no_number_and_the_reason(samples):
    found = xzz.change(
        samples["r1"], samples["r2"], ["phone", "water"], comparable={"phone": True, "water": False}
    ).set_index("indicator")
    assert np.isnan(found.loc["water", ["estimate", "se", "low", "high", "p"]].astype(float)).all()
    assert found.loc["water", "reason"]
    assert found.loc["phone", "tests"] == 1


def sample_of(rounds, name, **changes):
    frame = rounds[rounds["round"] == name].assign(**changes)
    return xzz.Sample(frame, **DESIGN)


@pytest.fixture
def rounds(samples):
    return pd.concat([samples[name].frame for name in ("r1", "r2", "r3")], ignore_index=True)


def test_the_order_of_the_rows_changes_nothing(samples, rounds):
    turned = rounds.iloc[::-1]
    found = xzz.change(sample_of(turned, "r1"), sample_of(turned, "r2"), "phone", by="area")
    expected = xzz.change(samples["r1"], samples["r2"], "phone", by="area")
    numbers = ["estimate", "se", "low", "high", "df", "p", "overlap"]
    pd.testing.assert_frame_equal(found[numbers], expected[numbers], rtol=RTOL)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda a, b: xzz.change(a, b, "phone", overlap="panels"), r"'panels'.*did you mean 'panel'"),
        (lambda a, b: xzz.change(a, b, "phone", overlap="panel"), "key"),
        (lambda a, b: xzz.change(a, b, "phone", overlap="panel", key="persn"), r"'persn'.*did you mean 'person'"),
        (lambda a, b: xzz.change(a, b, "phone", overlap="panel", key="hukou"), "'hukou'"),
        (lambda a, b: xzz.change(a, b, "phone", statistic="shares"), r"'shares'.*did you mean 'share'"),
        (lambda a, b: xzz.change(a, b, "phnoe"), r"'phnoe'.*did you mean 'phone'"),
        (lambda a, b: xzz.change(a, b, "phone", adjust="bonferoni"), "'bonferoni'"),
    ],
    ids=["overlap", "no-key", "unknown-key", "repeated-key", "statistic", "question", "adjust"],
)
def test_what_cannot_be_compared_is_refused_by_name(samples, ask, message):
    with pytest.raises(DesignError, match=message):
        ask(samples["r1"], samples["r2"])


def test_a_cluster_that_changed_its_stratum_is_refused(rounds):
    # numbered through, a cluster can be told from its namesake of another stratum
    grids = rounds["stratum"] + rounds["grid"].astype(str)
    moved = rounds["stratum"].where(grids != "东城2", "西城")
    before = sample_of(rounds, "r1", grid=grids)
    after = sample_of(rounds, "r2", grid=grids, stratum=moved)
    with pytest.raises(DesignError, match=r"'东城2'.*'东城'.*'西城'"):
        xzz.change(before, after, "phone")


# --- the data ------------------------------------------------------------------------------------


def test_the_script_makes_the_committed_rounds():
    rows = runpy.run_path(str(FIXTURES / "make_rounds.py"))["respondents"]()
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    assert text.getvalue().encode() == (FIXTURES / "rounds.csv").read_bytes()


def test_the_rounds_hold_every_awkward_thing(rounds):
    visited = rounds.groupby(["stratum", "grid"])["round"].agg(set)
    assert {"r1", "r2", "r3"} in list(visited) and {"r1"} in list(visited) and {"r2", "r3"} in list(visited)
    assert "r1" not in set(rounds.loc[rounds["stratum"] == "北郊", "round"])
    asked = rounds.groupby("person")["round"].agg(set)
    followed = asked[asked.map(lambda of: of == {"r1", "r2"})]
    assert 100 < len(followed) < (rounds["round"] == "r1").sum()
    assert not rounds.duplicated(["round", "person"]).any()
    assert rounds.groupby("person")["w"].nunique().max() == 2
    assert set(rounds.loc[rounds["area"] == "安置点", "round"]) == {"r2", "r3"}
    villages = rounds[(rounds["area"] == "村庄") & (rounds["round"] != "r3")]
    assert villages["documents"].max() == 0
    assert (rounds["w"] == 0).sum() > 10
    assert rounds[rounds["camp"] == "yes"].groupby("round")["grid"].nunique().eq(1).all()


def test_those_who_moved_away_differ_from_those_who_stayed(rounds):
    first, second = (rounds[rounds["round"] == name] for name in ("r1", "r2"))
    again = second.set_index(["stratum", "grid"]).index
    there = first[first.set_index(["stratum", "grid"]).index.isin(again)]
    stayed = there["person"].isin(second["person"])
    assert stayed[there["hukou"] == "本地"].mean() > stayed[there["hukou"] == "外地"].mean() + 0.1
