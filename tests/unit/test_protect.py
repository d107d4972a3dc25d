"""The threshold on n, k and n − k; percentages disappear with their counts."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.disclosure.comparisons import protect_made
from xzz_analysis.disclosure.protect import FIGURES, Policy, Protected, protect, protect_counts
from xzz_analysis.errors import DisclosureError
from xzz_analysis.survey.estimates import REST, WHAT, without_level


def estimates(n: int, need: int) -> xzz.Estimates:
    """A share with `need` of `n` respondents."""
    frame = pd.DataFrame({"q": [1.0] * need + [0.0] * (n - need)})
    return xzz.share(xzz.Sample(frame), "q")


@pytest.mark.parametrize(
    ("n", "need", "shown"),
    [
        (30, 15, True),
        (10, 5, True),
        (30, 4, False),
        (30, 26, False),
        (9, 5, False),
        (4, 2, False),
        (30, 0, False),
        (30, 30, False),
    ],
)
def test_a_share_needs_the_threshold_on_both_sides(n, need, shown):
    assert bool(protect(estimates(n, need), Policy(5)).frame["suppressed"][0]) is not shown


def test_every_figure_of_a_suppressed_row_disappears():
    frame = protect(estimates(30, 2), Policy(5)).frame
    assert frame[[name for name in FIGURES if name in frame]].isna().all(axis=None)
    assert frame["reason"][0] == "suppressed"


def test_what_was_asked_stays():
    frame = protect(estimates(30, 2), Policy(5)).frame
    assert frame["result_id"][0] == estimates(30, 2)["result_id"][0]


def test_a_mean_needs_the_threshold_on_n_only():
    few = xzz.mean(xzz.Sample(pd.DataFrame({"x": [1.0, 2, 3, np.nan, 5]})), "x")
    enough = xzz.mean(xzz.Sample(pd.DataFrame({"x": [1.0, 2, 3, 4, 5]})), "x")
    assert protect(few, Policy(5)).frame["estimate"].isna().all()
    assert protect(enough, Policy(5)).frame["estimate"].tolist() == [3.0]


def test_a_row_that_nobody_answered_keeps_its_reason():
    frame = xzz.share(xzz.Sample(pd.DataFrame({"q": [np.nan] * 8})), "q")
    safe = protect(frame, Policy(5)).frame
    assert safe["reason"].tolist() == ["nobody_answered"]
    assert safe[["n", "n_blank"]].isna().all(axis=None)


def test_small_counts_are_suppressed_and_zero_is_shown():
    table = protect_counts(pd.DataFrame({"what": ["a", "b", "c"], "n": [0, 4, 5]}), ["n"], Policy(5)).frame
    assert table["n"].isna().tolist() == [False, True, False]


def test_a_hidden_count_whose_total_is_known_hides_the_next_smallest():
    counts = pd.DataFrame({"who": list("abcd"), "n": [3, 180, 202, 357]})
    assert protect_counts(counts, ["n"], Policy(5), total=True).frame["n"].isna().tolist() == [True, True, False, False]
    assert protect_counts(counts, ["n"], Policy(5)).frame["n"].isna().tolist() == [True, False, False, False]


def test_protected_cannot_be_made_by_hand():
    with pytest.raises(DisclosureError, match="never by hand"):
        Protected(pd.DataFrame(), Policy())


def test_rows_and_names_stay_protected():
    table = protect(estimates(30, 2), Policy(5))
    assert table.rows(np.array([True])).with_column("name", ["x"]).frame["estimate"].isna().all()


def test_a_threshold_that_protects_nobody_is_refused():
    with pytest.raises(DisclosureError, match=r"disclosure.threshold is 0"):
        Policy(0)


def levels(**need: int) -> xzz.Estimates:
    """A share among 50 respondents of each level of one group."""
    rows = [(level, float(k < count)) for level, count in need.items() for k in range(50)]
    return xzz.share(xzz.Sample(pd.DataFrame(rows, columns=["g", "q"])), "q", by="g")


def hidden(estimates: pd.DataFrame, name: str) -> list[str]:
    frame = protect(estimates, Policy(5)).frame
    return list(frame.loc[frame["suppressed"], name])


def test_one_hidden_level_takes_the_next_smallest_with_it():
    assert hidden(levels(a=3, b=20, c=30), "by") == ["g=a", "g=b"]


def test_two_hidden_levels_that_hold_too_few_take_a_third():
    assert hidden(levels(a=1, b=2, c=20, d=30), "by") == ["g=a", "g=b", "g=c"]


def test_two_hidden_levels_that_hold_enough_are_enough():
    assert hidden(levels(a=3, b=4, c=20), "by") == ["g=a", "g=b"]


def test_a_hidden_option_cannot_be_had_from_the_others():
    answers = ["x"] * 3 + ["y"] * 20 + ["z"] * 40
    frame = xzz.share(xzz.Sample(pd.DataFrame({"q": answers})), "q")
    assert hidden(frame, "option") == ["x", "y"]


def test_options_that_do_not_add_up_hide_alone():
    frame = pd.DataFrame({"q/x": [1.0] * 3 + [0.0] * 60, "q/y": [1.0] * 40 + [0.0] * 23})
    assert hidden(xzz.share(xzz.Sample(frame), "q"), "option") == ["x"]


def test_hidden_levels_protect_those_without_the_need_too():
    need = {"a": (49, 50), "b": (38, 40), "c": (90, 110), "d": (60, 110)}
    rows = [(g, float(k < with_need)) for g, (with_need, n) in need.items() for k in range(n)]
    frame = xzz.share(xzz.Sample(pd.DataFrame(rows, columns=["g", "q"])), "q", by="g")
    assert hidden(frame, "by") == ["g=a", "g=b", "g=c"]


def test_a_level_that_nobody_answered_takes_no_other_with_it():
    frame = pd.DataFrame({"g": ["a"] * 40 + ["b"] * 40, "q": [1.0, 0.0] * 20 + [np.nan] * 40})
    assert hidden(xzz.share(xzz.Sample(frame), "q", by="g"), "by") == []


def test_people_of_weight_zero_stand_behind_no_figure():
    frame = pd.DataFrame({"x": np.arange(12.0), "w": [1.0] + [0.0] * 11})
    assert hidden(xzz.mean(xzz.Sample(frame, weight="w"), "x"), "statistic") == ["mean"]


def test_a_small_count_of_missing_answers_hides_the_others_of_its_row():
    frame = pd.DataFrame({"q": [1.0, 0.0] * 20 + [np.nan] * 12})
    reasons = pd.DataFrame({"q": [0] * 40 + [3] * 9 + [4] * 3}).astype(np.int8)
    safe = protect(xzz.share(xzz.Sample(frame).described(reasons=reasons), "q"), Policy(5)).frame.iloc[0]
    assert np.isnan(safe["n_refused"])
    assert np.isnan(safe["n_dont_know"])
    assert (safe["n_blank"], safe["n"]) == (0, 40)


def test_a_small_count_of_missing_answers_cannot_be_had_from_the_other_levels():
    missing = {"a": 2, "b": 6, "c": 9}
    frame = pd.DataFrame(
        [(level, value) for level in missing for value in [1.0, 0.0] * 20]
        + [(level, np.nan) for level, count in missing.items() for _ in range(count)],
        columns=["g", "q"],
    )
    made = xzz.share(xzz.Sample(frame), "q", by="g")
    assert made["n_blank"].tolist() == [2, 6, 9]
    assert protect(made, Policy(5)).frame["n_blank"].isna().tolist() == [True, True, False]
    alike = made.assign(n_blank=[5, 6, 9])
    assert protect(alike, Policy(5)).frame["n_blank"].tolist() == [5, 6, 9]


def test_nothing_that_was_made_of_estimates_is_protected_too():
    made = estimates(30, 15).assign(sources="").iloc[:0]
    assert protect_made(made, [protect(estimates(30, 15), Policy(5))]).frame.empty


def test_protected_cannot_be_forged_from_another():
    table = protect(estimates(30, 15), Policy(5))
    with pytest.raises((DisclosureError, TypeError, ValueError)):
        dataclasses.replace(table, frame=pd.DataFrame())
    with pytest.raises(DisclosureError):
        Protected(pd.DataFrame(), Policy(), getattr(table, "key", None))


def test_protecting_does_not_change_the_estimates():
    before = estimates(30, 2)
    protect(before, Policy(5))
    assert before["n"][0] == 30


def in_two_levels(outside: int) -> pd.DataFrame:
    """Shares of two levels of a group, of everybody but some who are in neither."""
    frame = pd.DataFrame({"q": [1.0] * 30 + [0.0] * (40 + outside), "g": (["a", "b"] * 35) + [None] * outside})
    sample = xzz.Sample(frame)
    split = xzz.share(sample, "q", "g")
    split.attrs[REST] = without_level(xzz.share(sample, "q"), split)
    return split


@pytest.mark.parametrize(("outside", "hidden_rows"), [(0, 0), (1, 1), (4, 1), (70, 1)])
def test_people_in_no_level_are_protected_like_a_hidden_level(outside, hidden_rows):
    frame = in_two_levels(outside)
    assert bool(frame.attrs[REST]) is (outside > 0)
    assert protect(frame, Policy(5)).frame["suppressed"].sum() == hidden_rows


def test_many_people_of_both_answers_in_no_level_need_no_protection():
    frame = in_two_levels(0)
    frame.attrs[REST] = {tuple(frame.loc[0, list(WHAT)].astype(str)): (20.0, 10.0)}
    assert not protect(frame, Policy(5)).frame["suppressed"].any()
