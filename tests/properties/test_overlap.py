"""Overlap: a missing answer never makes anybody look better off, whoever is first in the file, and the parts add up."""

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from xzz_analysis.intake.answers import MISSING_REASONS
from xzz_analysis.needs.overlap import Dimension, overlap
from xzz_analysis.needs.overlap.overlap import Overlap
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimate import Item
from xzz_analysis.survey.estimates import MISSING_COLUMNS

CASES = 500
SIZE = 12
OUTSIDE = -1
"""An indicator that is not about the child; other negative numbers are reasons."""

cells = st.sampled_from([0, 0, 0, 1, 1, OUTSIDE, *(-1 - reason for reason in MISSING_REASONS)])


@st.composite
def studies(draw) -> tuple[np.ndarray, list[int], list[int]]:
    """Cells (children × indicators), how many indicators each dimension has, and how many of them it needs."""
    widths = draw(st.lists(st.integers(1, 2), min_size=2, max_size=3))
    least = [draw(st.integers(1, width)) for width in widths]
    table = draw(st.lists(st.lists(cells, min_size=sum(widths), max_size=sum(widths)), min_size=SIZE, max_size=SIZE))
    return np.array(table), widths, least


weights = st.lists(st.integers(0, 4), min_size=SIZE, max_size=SIZE).filter(lambda given: sum(given) > 0)
some_weight = st.lists(st.integers(1, 4), min_size=SIZE, max_size=SIZE)
groups = st.lists(st.sampled_from(["a", "b", None]), min_size=SIZE, max_size=SIZE)


def made(study, weight, group=None, **asked) -> Overlap:
    table, widths, least = study
    items = [
        Item(f"i{place}", np.where(column < 0, np.nan, column), np.where(column < -1, -1 - column, 0).astype(np.int8))
        for place, column in enumerate(table.T)
    ]
    starts = np.append(0, np.cumsum(widths))
    dimensions = {
        f"d{place}": Dimension(items[starts[place] : starts[place + 1]], need) for place, need in enumerate(least)
    }
    frame = pd.DataFrame({"w": weight, "cluster": np.arange(len(table)) // 2, "group": group or ["a"] * len(table)})
    return overlap(Sample(frame, weight="w", cluster="cluster"), dimensions, **asked)


def by_key(frame) -> pd.DataFrame:
    return pd.DataFrame(frame).set_index(["indicator", "option", "by"])


@settings(max_examples=CASES)
@given(
    base=st.sampled_from(["measured", "known"]),
    study=studies(),
    weight=some_weight,
    row=st.integers(0, SIZE - 1),
    data=st.data(),
)
def test_no_missing_reason_makes_anybody_look_less_deprived(base, study, weight, row, data):
    table, widths, least = study
    answered = np.flatnonzero(table[row] >= 0)
    assume(len(answered))
    place = data.draw(st.sampled_from(list(answered)))
    after_table = table.copy()
    after_table[row, place] = -1 - data.draw(st.sampled_from(MISSING_REASONS))
    before, after = (made((cells_, widths, least), weight, base=base) for cells_ in (table, after_table))
    assume(before.basis.scheme.version == after.basis.scheme.version)  # the same dimensions are still measured
    assume(before.dimensions)
    one, other = figures(before.bounds, "estimate", "n"), figures(after.bounds, "estimate", "n")
    assert one.keys() == other.keys()
    for key, (estimate, n) in one.items():
        worse = other[key][0] - estimate if key[0].endswith("_low") else estimate - other[key][0]
        assert worse <= 1e-12  # the same sum in another order
        assert other[key][1] == n
    measured, then = shares_of(before), shares_of(after)
    assert measured.keys() == then.keys()
    for key, (n, n_need, *missing) in measured.items():
        n_then, n_need_then, *missing_then = then[key]
        assert n_then - n_need_then <= n - n_need
        assert n_then + sum(missing_then) == n + sum(missing)  # in the base, and those who would be had they answered


def figures(found: pd.DataFrame, *names: str) -> dict[tuple[str, ...], tuple[float, ...]]:
    """Some numbers of every row, by what was asked."""
    keys = zip(*(found[name] for name in ("indicator", "option", "by")), strict=True)
    return dict(zip(keys, zip(*(found[name] for name in names), strict=True), strict=True))


def shares_of(found: Overlap) -> dict[tuple[str, ...], tuple[float, ...]]:
    """Shares of all whom the overlap is about, whose children can be counted."""
    every = figures(found.counting, "n", "n_need", *MISSING_COLUMNS)
    return {key: row for key, row in every.items() if key[0] in ("headcount", "uncensored_headcount")}


@given(study=studies(), weight=weights, group=groups, order=st.permutations(range(SIZE // 2)))
def test_the_order_of_the_rows_does_not_matter(study, weight, group, order):
    table, widths, least = study
    rows = np.array([2 * cluster + place for cluster in order for place in (1, 0)])
    one = made(study, weight, group, by="group")
    other = made((table[rows], widths, least), np.array(weight)[rows], [group[row] for row in rows], by="group")
    assert other.findings == one.findings
    first, second = by_key(one.counting), by_key(other.counting)
    assert set(first.index) == set(second.index)
    for name in ("estimate", "se", "n", "df", *MISSING_COLUMNS):
        ours, theirs = (frame.loc[first.index, name].astype(float) for frame in (second, first))
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9, err_msg=name)


@given(study=studies(), weight=weights, group=groups, data=st.data())
def test_the_parts_add_up(study, weight, group, data):
    importance = data.draw(st.lists(st.integers(1, 5), min_size=len(study[1]), max_size=len(study[1])))
    named = {f"d{place}": value for place, value in enumerate(importance)}
    found = made(study, weight, group, by="group", weights=named)
    assume(found.dimensions)
    every = pd.DataFrame(found.table("cutoffs")).set_index(["indicator", "cutoff", "by"])["estimate"]
    h, a, m0 = (every.loc[name] for name in ("headcount", "intensity", "adjusted_headcount"))
    np.testing.assert_allclose(h * a.where(h != 0, 0), m0, atol=1e-12)
    parts = pd.DataFrame(found.table("dimensions")).groupby(["indicator", "cutoff", "by"])["estimate"]
    whole = parts.sum(min_count=1)
    np.testing.assert_allclose(whole.loc["contribution"].loc[m0.index], m0, atol=1e-12)
    np.testing.assert_allclose(whole.loc["contribution_share"].dropna(), 1, atol=1e-12)
    for name in ("headcount", "adjusted_headcount"):
        assert not (every.loc[f"{name}_low"] > every.loc[f"{name}_high"] + 1e-12).any()
    one_of = pd.DataFrame(found.table("distribution")).query("indicator == 'deprivations'").groupby("by")["estimate"]
    np.testing.assert_allclose(one_of.sum(min_count=1).dropna(), 1, atol=1e-12)
    combined = pd.DataFrame(found.table("combinations"))
    np.testing.assert_allclose(
        combined["estimate"].astype(float).groupby(combined["by"]).sum(min_count=1).dropna(), 1, atol=1e-12
    )
