"""Protected tables: the only thing ``report/`` accepts.

The rule of this module is a threshold on the number of people behind a figure: a count, and every
figure computed from it, is shown only when the count ``n`` and, for a share, both the people with the
need ``k`` and the people without it ``n − k`` reach the threshold. All figures of a suppressed row
disappear together (a percentage goes with its counts), behind one single mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.errors import DisclosureError
from xzz_analysis.survey.estimates import MISSING_COLUMNS

MARK = "※"
"""The one mark of a suppressed figure, in every table, chart and sentence."""

SUPPRESSED = "suppressed"
_WHOLE = 1e-9
"""Shares of a question's options add up to one but for rounding in their last bits."""

FIGURES: tuple[str, ...] = (
    "estimate",
    "se",
    "low",
    "high",
    "df",
    "n",
    "n_need",
    "n_eff",
    "weighted_n",
    "deff",
    *MISSING_COLUMNS,
)
"""Columns that disappear together when a row is suppressed."""


@dataclass(frozen=True)
class Policy:
    """How small a group may be shown.

    Attributes
    ----------
    threshold : int
        Fewest people behind a published count and behind its complement.
    """

    threshold: int = 5

    def __post_init__(self) -> None:
        if self.threshold < 1:
            raise DisclosureError(
                f"disclosure.threshold is {self.threshold}, which would protect nobody; "
                "set it to 5 or more in study.yml"
            )


_KEY = object()


@dataclass(frozen=True, eq=False)
class Protected:
    """A table that may leave; only :func:`protect` and :func:`protect_counts` make one.

    Attributes
    ----------
    frame : DataFrame
        Suppressed figures are NaN and their row's ``suppressed`` is True.
    policy : Policy
    """

    frame: pd.DataFrame
    policy: Policy
    key: object = None

    def __post_init__(self) -> None:
        if self.key is not _KEY:
            raise DisclosureError("a Protected table is made by disclosure.protect(), never by hand")

    def rows(self, mask: pd.Series | np.ndarray) -> Protected:
        """The rows where the boolean mask holds, still protected."""
        return Protected(self.frame[mask].reset_index(drop=True), self.policy, _KEY)

    def with_column(self, name: str, values: Sequence[str]) -> Protected:
        """The same table with one more column of names (never of figures)."""
        return Protected(self.frame.assign(**{name: pd.Series(list(values), dtype="str")}), self.policy, _KEY)


def protect(estimates: pd.DataFrame, policy: Policy) -> Protected:
    """Suppress every row of estimates with too few people behind it.

    Parameters
    ----------
    estimates : Estimates
        Columns of ``survey.estimates.COLUMNS``.
    policy : Policy

    Returns
    -------
    Protected
        Same rows; suppressed ones keep what was asked, lose every figure and get
        ``reason = "suppressed"``. A row that nobody answered loses its figures and keeps its reason.
        Of the other rows, counts of missing answers below the threshold are suppressed one by one.
    """
    frame = pd.DataFrame(estimates).reset_index(drop=True).copy()
    small = frame["n"].to_numpy(float) < policy.threshold
    if "n_need" in frame:
        need = frame["n_need"].to_numpy(float)
        without = frame["n"].to_numpy(float) - need
        small |= (need < policy.threshold) | (without < policy.threshold)
    small = _with_complements(frame, small, policy.threshold)
    nobody = frame["n"].to_numpy(float) == 0
    figures = [column for column in FIGURES if column in frame]
    frame[figures] = frame[figures].astype(float)
    frame.loc[small, figures] = np.nan
    counts = [column for column in MISSING_COLUMNS if column in frame]
    few = (frame[counts] > 0) & (frame[counts] < policy.threshold)
    frame[counts] = frame[counts].mask(few)
    small &= ~nobody
    frame.loc[small, "reason"] = SUPPRESSED
    frame["suppressed"] = small
    return Protected(frame, policy, _KEY)


_FAMILY = ["round", "unit", "indicator", "version", "statistic"]


def _with_complements(frame: pd.DataFrame, small: np.ndarray, threshold: int) -> np.ndarray:
    """Suppress further rows until none can be had by subtracting the shown ones from their total.

    Rows that add up to a printed total are the levels of one grouping, and the options of a question
    whose shares add up to one. Among them at least two rows, with the threshold of people between
    them, stay hidden; the smallest others go first. Tables that overlap otherwise, and other reports,
    are beyond this rule.
    """
    if not small.any() or not set(_FAMILY) <= set(frame):
        return small
    count = (
        frame["n_need"].fillna(frame["n"]).to_numpy(float)
        if "n_need" in frame
        else frame["n"].to_numpy(float)
    )
    grouping = frame["by"].str.replace(r"=[^;]*", "", regex=True)
    levels = frame[frame["by"] != ""].groupby([*_FAMILY, "option", grouping], sort=False).indices
    options = frame[frame["option"] != ""].groupby([*_FAMILY, "by"], sort=False).indices
    labels = {"levels": frame.index[frame["by"] != ""], "options": frame.index[frame["option"] != ""]}
    sets = [labels["levels"][rows] for rows in levels.values()]
    for rows in options.values():
        members = labels["options"][rows]
        if abs(frame.loc[members, "estimate"].sum() - 1) < _WHOLE:
            sets.append(members)
    hidden = small.copy()
    before = -1
    while before != hidden.sum():
        before = hidden.sum()
        for members in sets:
            _hide_more(hidden, np.asarray(members), count, threshold)
    return hidden


def _hide_more(hidden: np.ndarray, members: np.ndarray, count: np.ndarray, threshold: int) -> None:
    """Hide the smallest shown members of one set until its hidden ones protect each other."""
    own = hidden[members]
    if not own.any():
        return
    for place in members[~own][np.argsort(count[members[~own]], kind="stable")]:
        inside = members[hidden[members]]
        if len(inside) > 1 and np.nansum(count[inside]) >= threshold:
            return
        hidden[place] = True


def protect_counts(frame: pd.DataFrame, counts: Sequence[str], policy: Policy) -> Protected:
    """Suppress small counts of records (response flow, missing answers, findings).

    Parameters
    ----------
    frame : DataFrame
    counts : sequence of str
        Columns of counts; a count of 1 … threshold − 1 is suppressed, a zero is shown (it is a
        statement about records, not about a person).
    policy : Policy
    """
    table = frame.reset_index(drop=True).copy()
    numbers = table[list(counts)].astype(float)
    small = (numbers > 0) & (numbers < policy.threshold)
    table[list(counts)] = numbers.mask(small)
    table["suppressed"] = small.any(axis=1).to_numpy()
    return Protected(table, policy, _KEY)
