"""Rows that must be hidden too, because the hidden ones could be had by subtraction.

Rows that add up to a printed total are the levels of one grouping, and the options of a question whose
shares add up to one. Tables that overlap otherwise, and other reports, are beyond this rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from xzz_analysis.survey.estimates import REST, WHAT

FAMILY = ["round", "unit", "indicator", "version", "statistic"]
Set = tuple[np.ndarray, np.ndarray, np.ndarray | None]
"""Rows that add up to a known total, the counts of all rows (rows, ways of counting), and people in none of them."""

NEVER = np.inf
"""Rank of rows that are known from elsewhere: to hide them protects nothing."""

_WHOLE = 1e-9
"""Shares of a question's options add up to one but for rounding in their last bits."""


def with_complements(frame: pd.DataFrame, hidden: np.ndarray, threshold: int) -> np.ndarray:
    """Hide further rows until the hidden ones of every set protect each other.

    Parameters
    ----------
    frame : DataFrame
        Estimates, with a ``RangeIndex``.
    hidden : bool array, shape (rows,)
        Rows hidden for their own small counts.
    threshold : int
        People that the hidden rows of a set must hold together: with the need, without it, and in all.

    Returns
    -------
    bool array, shape (rows,)
        Rows to hide; the smallest others of a set go first.
    """
    hidden = hidden.copy()
    if not (hidden.any() or frame.attrs.get(REST)) or not set(FAMILY) <= set(frame):
        return hidden
    answered = frame["n"].to_numpy(float) > 0
    sets = [(members[answered[members]], counts, rest) for members, counts, rest in _sets(frame)]
    hide_in_sets(hidden, sets, threshold)
    return hidden


def hide_in_sets(hidden: np.ndarray, sets: Sequence[Set], threshold: int, rank: np.ndarray | None = None) -> None:
    """Hide further rows, in place, until the hidden ones of every set protect each other; sets may overlap.

    Of the rows that may be taken those of the lowest ``rank`` go first, the smallest before others; rows of the rank
    :data:`NEVER` are not taken.
    """
    ranks = np.zeros(len(hidden)) if rank is None else rank
    before = -1
    while before != hidden.sum():
        before = int(hidden.sum())
        for members, counts, rest in sets:
            _hide_more(hidden, members, counts, threshold, rest, ranks)


def too_few(frame: pd.DataFrame, threshold: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows with too few people behind them, with the need or without it, and rows that nobody answered.

    Parameters
    ----------
    frame : DataFrame
        Estimates.
    threshold : int

    Returns
    -------
    pair of bool arrays, shape (rows,)
    """
    n = frame["n"].to_numpy(float)
    small = n < threshold
    if "n_need" in frame:
        need = frame["n_need"].to_numpy(float)
        small |= (need < threshold) | (n - need < threshold)
    return small & (n != 0), n == 0


def reasons_to_hide(frame: pd.DataFrame, columns: Sequence[str], threshold: int) -> np.ndarray:
    """Which counts of missing answers are hidden: small ones, with the others of their row that are not zero, and those
    of other levels of a group until no hidden count follows from the total.

    Parameters
    ----------
    frame : DataFrame
        Estimates, with a ``RangeIndex``.
    columns : sequence of str
        Columns of counts, one for each reason.
    threshold : int
        People that the hidden counts of a reason must hold together among the levels of a group.

    Returns
    -------
    bool array, shape (rows, columns)
    """
    counts: np.ndarray = np.nan_to_num(frame[list(columns)].to_numpy(float))
    hidden = (counts > 0) & (counts < threshold)
    if not hidden.any():
        return hidden
    levels = list(_levels(frame)) if set(FAMILY) <= set(frame) else []
    before = -1
    while before != hidden.sum():
        before = int(hidden.sum())
        hidden |= hidden.any(axis=1, keepdims=True) & (counts > 0)
        for column in np.flatnonzero(hidden.any(axis=0)):
            flags = hidden[:, column].copy()
            hide_in_sets(flags, [(members, counts[:, [column]], None) for members in levels], threshold)
            hidden[:, column] = flags
    return hidden


def alone(counts: pd.Series, hidden: pd.Series, threshold: int) -> pd.Series:
    """Hide further counts of one column whose total is known, until the hidden ones protect each other."""
    flags = hidden.to_numpy().copy()
    numbers = counts.fillna(0).to_numpy(float)
    hide_in_sets(flags, [(np.flatnonzero(numbers > 0), numbers[:, None], None)], threshold)
    return pd.Series(flags, index=hidden.index)


def ways_of_counting(frame: pd.DataFrame) -> np.ndarray:
    """People behind each row: all, with the need, without it; shape (rows, 3), NaN where a need is not counted."""
    n = frame["n"].to_numpy(float)
    need = frame["n_need"].to_numpy(float) if "n_need" in frame else np.full(len(n), np.nan)
    return np.stack([n, need, n - need], axis=1)


def _sets(frame: pd.DataFrame) -> Iterator[Set]:
    """Rows that add up to a printed total, their counts of people (rows, ways of counting), and those in no row."""
    shares = ways_of_counting(frame)
    n, need = shares[:, 0], shares[:, 1]
    outside = frame.attrs.get(REST, {})
    for members in _levels(frame):
        counted = not np.isnan(need[members]).any()
        first = frame.loc[members[0]]
        lost = outside.get(tuple(str(first[name]) for name in WHAT))
        rest = None
        if lost is not None:
            rest = np.array([lost[0], lost[1], lost[0] - lost[1]] if counted else [lost[0]])
        yield members, shares if counted else n[:, None], rest
    yield from sets_of_options(frame)


def _levels(frame: pd.DataFrame) -> Iterator[np.ndarray]:
    """Rows of all levels of one grouping, for every estimate that is split."""
    grouping = frame["by"].str.replace(r"=[^;]*", "", regex=True)
    split = frame.index[frame["by"] != ""].to_numpy()
    for rows in frame.loc[split].groupby([*FAMILY, "option", grouping.loc[split]], sort=False).indices.values():
        yield split[rows]


def sets_of_options(frame: pd.DataFrame) -> Iterator[Set]:
    """Options of a question whose shares add up to one, inside every group."""
    need = ways_of_counting(frame)[:, 1]
    named = frame.index[frame["option"] != ""].to_numpy()
    for rows in frame.loc[named].groupby([*FAMILY, "by"], sort=False).indices.values():
        members = named[rows]
        if abs(frame.loc[members, "estimate"].sum() - 1) < _WHOLE:
            yield members, need[:, None], None


def _hide_more(
    hidden: np.ndarray,
    members: np.ndarray,
    counts: np.ndarray,
    threshold: int,
    rest: np.ndarray | None,
    ranks: np.ndarray,
) -> None:
    """Hide the smallest shown members of one set until its hidden ones, and those in no row, protect each other."""
    few = rest is not None and bool((rest < threshold).any())
    if not (hidden[members].any() or few):
        return
    lost = np.empty((0, counts.shape[1])) if rest is None else rest[None, :]
    shown = members[~hidden[members] & (ranks[members] < NEVER)]
    for place in shown[np.lexsort((counts[shown].min(axis=1), ranks[shown]))]:
        inside = np.concatenate([counts[members[hidden[members]]], lost])
        if len(inside) > 1 and (inside.sum(axis=0) >= threshold).all():
            return
        hidden[place] = True
