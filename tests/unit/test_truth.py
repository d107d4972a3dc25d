"""The demonstration study's known truth: intervals cover its levels and changes, and what was left as it is stays so.

One sample of its population; docs/methods/simulations.md has two hundred, and how often each planted change is found.
"""

import json
from math import nan

import pandas as pd
import pytest

from xzz_analysis.needs.monitoring import MonitoringRound, open_round


@pytest.fixture(scope="module")
def truth(root):
    return json.loads((root / "data" / "demo" / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rounds(root) -> list[MonitoringRound]:
    return [open_round(root / "data" / "demo", name) for name in ("2025Q2", "2025Q4")]


def compared(monitoring: MonitoringRound, truth: dict) -> pd.DataFrame:
    """Every estimate with the population's value beside it."""
    groups = [None, *[group.name for group in monitoring.study.groups]]
    frame = pd.concat([monitoring.needs(group) for group in groups], ignore_index=True)
    known = truth["truth"][monitoring.name]
    frame["truth"] = [known.get(one, {}).get(by) for one, by in zip(frame["indicator"], frame["by"], strict=True)]
    return frame[frame["truth"].notna() & frame["low"].notna()]


def test_intervals_cover_the_truth_as_often_as_they_say(rounds, truth):
    frame = pd.concat([compared(one, truth) for one in rounds])
    covered = (frame["low"] <= frame["truth"]) & (frame["truth"] <= frame["high"])
    assert len(frame) > 450
    assert 0.93 <= covered.mean() <= 0.98


@pytest.fixture(scope="module")
def changes(rounds, truth) -> pd.DataFrame:
    """Every change with the population's beside it: of the whole, and by each group."""
    before, after = rounds
    groups = [None, *[group.name for group in after.study.groups]]
    frame = pd.concat([pd.DataFrame(after.change(before, group)) for group in groups], ignore_index=True)
    first, last = (truth["truth"][one.name] for one in rounds)
    asked = list(zip(frame["indicator"], frame["by"], strict=True))
    frame["truth"] = [last.get(one, {}).get(by, nan) - first.get(one, {}).get(by, nan) for one, by in asked]
    return frame[frame["truth"].notna() & frame["low"].notna()]


def test_intervals_of_changes_cover_the_truth_too(changes):
    covered = (changes["low"] <= changes["truth"]) & (changes["truth"] <= changes["high"])
    assert len(changes) > 240
    assert 0.93 <= covered.mean() <= 0.98


def test_planted_changes_have_their_direction_and_size(changes, truth):
    whole = changes[changes["by"] == ""].set_index("indicator").loc[list(truth["changes"])]
    planted = pd.Series(truth["changes"])
    assert (whole["truth"] - planted).abs().max() < 1e-5  # truth.json holds six digits
    assert (whole["estimate"] * planted > 0).all()
    assert ((whole["low"] < planted) & (planted < whole["high"])).all()
    assert (whole["p_adjusted"] < 0.05).all()  # each is found


def test_shares_that_were_left_as_they_are_are_not_called_changes(changes, truth):
    whole = changes[(changes["by"] == "") & (changes["statistic"] == "share_change")].set_index("indicator")
    same = whole.drop(list(truth["changes"]))
    assert len(same) == 12
    assert same["truth"].abs().max() < 1e-4
    assert (same["p"] > 0.05).all()


def test_changes_by_group_are_called_no_oftener_than_the_level_says(changes, truth):
    others = changes[~changes["indicator"].isin(truth["changes"]) & (changes["by"] != "")]
    missed = (others["low"] > others["truth"]) | (others["high"] < others["truth"])
    assert missed.mean() < 0.1  # 5 in 100, and the chance of 184 that hang together
    assert (others["p_adjusted"] < 0.05).mean() < 0.01


def test_the_whole_is_estimated_without_a_lean(rounds, truth):
    frame = pd.concat([compared(one, truth) for one in rounds])
    standard = (frame["estimate"] - frame["truth"]) / frame["se"].where(frame["se"] > 0)
    assert abs(standard.mean()) < 0.15


def test_a_question_asked_in_one_round_only_is_not_asked_in_the_other(rounds):
    before, after = (one.needs().set_index("indicator").loc["sup_station_unknown"] for one in rounds)
    assert (before["n"], before["reason"]) == (0, "nobody_answered")
    assert before["n_not_asked"] == len(rounds[0].sample("family"))
    assert after["n"] > 500


def test_groups_of_the_family_apply_to_its_children(rounds):
    table = rounds[1].needs("hardship")
    assert set(table["unit"]) == {"family", "child"}
    assert set(rounds[1].needs("sex")["unit"]) == {"child"}
