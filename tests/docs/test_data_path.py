"""docs/data-path.md tells the truth: the number is found again by hand, from the raw file to the sentence."""

import numpy as np
import pandas as pd
import pytest

from xzz_analysis.disclosure.protect import Policy, protect
from xzz_analysis.needs.monitoring import open_round
from xzz_analysis.report.sentences import leading_needs
from xzz_analysis.report.tables import Naming


@pytest.fixture(scope="module")
def by_hand(demo_children) -> pd.DataFrame:
    """Children of the base with a usable answer, straight from the raw file."""
    table = demo_children["2025Q4"].drop_duplicates("child_id")
    base = table[pd.to_numeric(table["age"]) >= 6]
    return base[~base["enrolment"].isin(["", "refused", "dont_know"])]


@pytest.fixture(scope="module")
def row(my_study) -> pd.Series:
    needs = open_round(my_study, "2025Q4").needs()
    return needs[needs["indicator"] == "edu_out_of_school"].iloc[0]


def test_counts_and_share_are_those_of_the_raw_file(by_hand, row):
    out = (by_hand["enrolment"] == "none").to_numpy(float)
    weight = by_hand["weight"].to_numpy(float)
    assert (len(by_hand), out.sum()) == (660, 19) == (row["n"], row["n_need"])
    assert row["estimate"] == pytest.approx((weight * out).sum() / weight.sum(), rel=1e-12)


def test_error_is_the_spread_of_the_grids_within_communities(by_hand, row, demo_children):
    whole = demo_children["2025Q4"]
    out = (by_hand["enrolment"] == "none").to_numpy(float)
    weight = by_hand["weight"].to_numpy(float)
    influence = weight * (out - row["estimate"]) / weight.sum()
    totals = pd.Series(influence).groupby([by_hand["stratum"].to_numpy(), by_hand["grid"].to_numpy()]).sum()
    grids = whole[["stratum", "grid"]].drop_duplicates().groupby("stratum").size()
    spread = (totals**2).groupby(level=0).sum() - totals.groupby(level=0).sum() ** 2 / grids
    variance = (spread * grids / (grids - 1)).sum()
    assert row["se"] == pytest.approx(np.sqrt(variance), rel=1e-10)


def test_the_page_says_what_the_estimate_says(root, row):
    text = " ".join((root / "docs" / "data-path.md").read_text(encoding="utf-8").split())
    assert (row["n_refused"], row["df"]) == (8, 50)
    assert "660 are in the base with a usable answer and 19 of them have the need; 8 who refused" in text
    assert f"{100 * row['estimate']:.2f} %" in text
    assert f"runs from {100 * row['low']:.1f} % to {100 * row['high']:.1f} %" in text


def test_the_sentence_is_the_one_the_report_prints(root, row):
    text = (root / "docs" / "data-path.md").read_text(encoding="utf-8")
    naming = Naming("indicator", {"edu_out_of_school": {"zh": "学龄未在学", "en": "Out of school"}})
    safe = protect(pd.DataFrame([row]), Policy(5))
    said = leading_needs(safe, naming, {"child": {"zh": "名儿童", "en": "children"}}).text
    assert said["zh"].rstrip("。") in text
    assert said["en"].rstrip(".") in text
