"""The demonstration study's known truth: intervals cover it, planted changes are large enough to be seen."""

import json

import pandas as pd
import pytest

from xzz_analysis.needs.monitoring import MonitoringRound, open_round


@pytest.fixture(scope="module")
def truth(root):
    return json.loads((root / "data" / "demo" / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rounds(my_study) -> list[MonitoringRound]:
    return [open_round(my_study, name) for name in ("2025Q2", "2025Q4")]


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
