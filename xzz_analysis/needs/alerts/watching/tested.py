"""Tests as rows: the figures of one comparison, the p that counts as evidence, and what it rests on.

Every p is two-sided and agrees with the interval beside it. It counts on the worse side alone and is 1 on the other, so
for the one-sided question of an alert it errs on the safe side, also where the tails are unequal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.needs.alerts.rules import AlertRule
from xzz_analysis.needs.alerts.watching.evidence import Evidence, Topic
from xzz_analysis.survey.estimates import Estimates
from xzz_analysis.survey.testing.comparisons import Comparisons, Family, compare

LEVEL = 0.95
"""Confidence level of every interval, as in the tables of estimates and of changes."""

NO_EARLIER_ROUND = "no_earlier_round"
"""Reason of a test that needs an earlier round where there is none, or where it has no such indicator or group."""

TESTED = (
    "indicator",
    "version",
    "unit",
    "by",
    "statistic",
    "sample",
    "sign",
    "estimate",
    "reference",
    "change",
    "low",
    "high",
    "interval",
    "p",
    "n",
    "n_need",
    "earlier",
    "result_id",
    "sources",
    "flags",
    "reason",
)
"""Columns of every frame of tests, in order; what they hold is told with
:data:`xzz_analysis.needs.alerts.detection.ALERT_COLUMNS`."""


@dataclass(frozen=True)
class Watch:
    """A rule at work on one topic and grouping.

    Attributes
    ----------
    rule : AlertRule
    topic : (unit, statistic)
    group : str
        ``""`` for everybody.
    signs : mapping of indicator to 1 or -1
        The indicators watched; 1 where higher is worse.
    """

    rule: AlertRule
    topic: Topic
    group: str
    signs: Mapping[str, int]

    def of(self, frame: pd.DataFrame) -> np.ndarray:
        """Rows of a frame that are about the indicators watched, bool array."""
        return frame["indicator"].isin(list(self.signs)).to_numpy(bool)

    def sign(self, frame: pd.DataFrame) -> np.ndarray:
        """Sign of each row's indicator, int array."""
        return frame["indicator"].map(dict(self.signs)).to_numpy(np.int64)


def rows_of_tests(figures: pd.DataFrame, watch: Watch) -> pd.DataFrame:
    """Begin a frame of tests from estimates or comparisons, one row each; figures that need more are NaN."""
    named = (
        "indicator",
        "version",
        "unit",
        "by",
        "statistic",
        "estimate",
        "low",
        "high",
        "result_id",
        "flags",
        "reason",
    )
    rows = pd.DataFrame({name: figures[name].to_numpy() for name in named})
    rows["sample"], rows["sign"] = figures["kind"].to_numpy(), watch.sign(figures)
    rows[["reference", "change", "p", "n", "n_need"]] = np.nan
    rows["earlier"], rows["interval"], rows["sources"] = "", "", rows["result_id"]
    return rows


def finished(rows: pd.DataFrame) -> pd.DataFrame:
    """The columns of :data:`TESTED` in order; without a p, and only then, the row says why."""
    said = np.where(rows["reason"] == "", "no_sampling_error", rows["reason"])
    rows["reason"] = np.where(rows["p"].isna(), said, "")
    return rows[list(TESTED)]


def compared(estimates: Estimates, family: Family, sign: np.ndarray, margin: float) -> tuple[Comparisons, np.ndarray]:
    """Compare estimates, and test whether they are apart by more than a margin on the worse side.

    Parameters
    ----------
    estimates : Estimates
    family : Family
        Tested against 0, so that the results are those of the tables of changes and differences.
    sign : int array, shape (comparisons,)
    margin : float

    Returns
    -------
    made : Comparisons
    p : float array, shape (comparisons,)
        See :func:`evidence_for`.
    """
    made = compare(estimates, family)
    p = made["p"].to_numpy(float)
    if margin and len(made):
        matrix = sparse.csr_array(sparse.diags_array(sign.astype(float)) @ family.matrix)
        p = compare(estimates, replace(family, matrix=matrix, null=margin))["p"].to_numpy(float)
    return made, evidence_for(made, p, sign * made["estimate"].to_numpy(float) > margin)


def results_of(made: Comparisons, rows: pd.DataFrame, sides: tuple[str, str]) -> pd.DataFrame:
    """Comparisons behind some tests as results that can be printed and traced.

    Parameters
    ----------
    made : Comparisons
    rows : DataFrame
        Of :data:`TESTED`, one row per comparison in the same order.
    sides : (str, str)
        What the test's ``estimate`` and ``reference`` are called, such as ``after`` and ``before``.

    Returns
    -------
    DataFrame
        ``made`` with the interval of the test, both sides, ``sources``, and ``fewest``: the fewest people behind any of
        the figures, with the need or without it.
    """
    told = {name: rows[name].to_numpy() for name in ("low", "high", "sources")}
    told |= {side: rows[name].to_numpy(float) for side, name in zip(sides, ("estimate", "reference"), strict=True)}
    fewest = np.fmin(rows["n"].to_numpy(float), rows["n_need"].to_numpy(float))
    return pd.DataFrame(made).reset_index(drop=True).assign(**told, fewest=fewest)


def evidence_for(figures: pd.DataFrame, p: np.ndarray, beyond: np.ndarray) -> np.ndarray:
    """The p that counts for an alert, shape (rows,).

    Parameters
    ----------
    figures : DataFrame
        With the ``kind`` of sample, ``estimate`` and ``se``.
    p : float array
        Two-sided; NaN without a test.
    beyond : bool array
        Whether the figure lies on the worse side at all.

    Returns
    -------
    float array
        p where the figure is on the worse side, 1 where not. In a census, where nothing is left to chance, 0 or 1.
    """
    sure = (figures["kind"] == "census").to_numpy() & figures["estimate"].notna().to_numpy()
    counted = np.where(np.isnan(p), np.nan, np.where(beyond, p, 1.0))
    return np.where(sure, np.where(beyond, 0.0, 1.0), counted)


def least(n: np.ndarray, n_need: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fewest respondents behind any figure of a test, and fewest with the need or without it.

    Parameters
    ----------
    n, n_need : float arrays, shape (rows, figures)
        ``n_need`` is NaN for numbers.

    Returns
    -------
    pair of float arrays, shape (rows,)
    """
    either = np.fmin(n_need, n - n_need)
    return np.fmin.reduce(np.nan_to_num(n), axis=1), np.fmin.reduce(either, axis=1)


def sources(names: Sequence[str], groups: Sequence[str], watch: Watch, evidence: Evidence) -> list[str]:
    """Result ids of the plain estimates behind each test, of both rounds, joined by a semicolon.

    Parameters
    ----------
    names : sequence of str
        Indicator of each test.
    groups : sequence of str
        Values of ``by`` that hold figures of the test, joined by a line break where there are several.
    """
    known: list[dict[tuple[str, str], str]] = []
    for side in (evidence.after, evidence.before):
        if side is not None and side.has(watch.topic, watch.group):
            figures = side.figures(watch.topic, watch.group)
            keys = zip(figures["indicator"], figures["by"], strict=True)
            known.append(dict(zip(keys, figures["result_id"], strict=True)))
    return [
        ";".join(ids[name, by] for ids in known for by in group.split("\n") if (name, by) in ids)
        for name, group in zip(names, groups, strict=True)
    ]
