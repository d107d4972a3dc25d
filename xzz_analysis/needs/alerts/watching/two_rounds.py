"""Tests between two rounds: figures that changed, and gaps that widened, from one influence matrix.

References
----------
Kish, L. (1965). Survey Sampling, section 12.4.
Lumley, T. (2010). Complex Surveys: A Guide to Analysis Using R, section 2.4 (contrasts of domain estimates).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.needs.alerts.watching.evidence import Evidence, Pair
from xzz_analysis.needs.alerts.watching.tested import (
    LEVEL,
    NO_EARLIER_ROUND,
    Watch,
    compared,
    finished,
    least,
    results_of,
    rows_of_tests,
    sources,
)
from xzz_analysis.survey.estimates import MISSING_COLUMNS, group_key
from xzz_analysis.survey.testing.comparisons import Comparisons, Family
from xzz_analysis.survey.testing.contrast import MINUS

BEFORE_AFTER = np.array([-1.0, 1.0])
GAP_CHANGE = np.array([-1.0, 1.0, 1.0, -1.0])
"""Coefficients of a level before and after, then of the other level."""


def worsened(watch: Watch, evidence: Evidence) -> pd.DataFrame:
    """Changes since the earlier round, as the table of changes has them, against the rule's margin.

    Parameters
    ----------
    watch : Watch
        A rule of kind worsening.
    evidence : Evidence

    Returns
    -------
    DataFrame, one row per indicator and group, columns ``TESTED``
        ``reference`` is the earlier figure, ``change`` the later minus the earlier; ``low`` and ``high`` are of the
        change. ``result_id`` is that of the change in :meth:`MonitoringRound.change`.
    """
    if not evidence.comparable_in(watch.topic, watch.group):
        return _without_earlier(watch, evidence)
    pair, statistic = evidence.pair(watch.topic, watch.group), f"{watch.topic[1]}_change"
    every = _about(pair, statistic)
    kept = np.flatnonzero(watch.of(every))
    about = every.iloc[kept].reset_index(drop=True)
    family = _family(pair, about, _combination(pair, pair.found.rows[kept], BEFORE_AFTER), evidence)
    made, p = compared(pair.found.estimates, family, watch.sign(about), watch.rule.margin)
    value, n, need = (pair.found.figures(name)[kept] for name in ("estimate", "n", "n_need"))
    rows = rows_of_tests(made, watch).assign(p=p, interval="change", change=made["estimate"].to_numpy())
    refused = (about["reason"] == "not_comparable").to_numpy()
    rows["reference"], rows["estimate"] = np.where(refused[:, None], np.nan, value).T
    rows["n"], rows["n_need"] = least(n, need)
    rows["sources"] = sources(rows["indicator"].to_list(), rows["by"].to_list(), watch, evidence)
    return finished(rows)


def widened(watch: Watch, evidence: Evidence) -> pd.DataFrame:
    """Gaps between two levels of a group now and before.

    Parameters
    ----------
    watch : Watch
        A rule of kind gap.
    evidence : Evidence

    Returns
    -------
    DataFrame, one row per indicator, columns ``TESTED``
        ``estimate`` and ``reference`` are the gaps now and before (level minus the other), ``change`` is the
        difference of both, ``low`` and ``high`` are of the change. p is 1 where the level is not worse off now: a gap
        that turns round is no widening.

    Notes
    -----
    (A after − B after) − (A before − B before): one row of four coefficients on the influences of the clusters of both
    rounds, so that clusters visited twice, and clusters that hold both levels, are allowed for.
    """
    if not evidence.comparable_in(watch.topic, watch.group):
        return _without_earlier(watch, evidence)
    return _widening(watch, evidence)[1]


def widening_results(watch: Watch, evidence: Evidence) -> pd.DataFrame:
    """The widenings of :func:`widened` as results that can be traced; ``before`` and ``after`` are the gaps."""
    if not evidence.comparable_in(watch.topic, watch.group):
        return Comparisons.none()
    return results_of(*_widening(watch, evidence), ("after", "before"))


def _widening(watch: Watch, evidence: Evidence) -> tuple[Comparisons, pd.DataFrame]:
    """How much each gap widened, and the tests."""
    pair, statistic = evidence.pair(watch.topic, watch.group), f"{watch.topic[1]}_difference_change"
    about = _about(pair, statistic)
    one, other = _sides(watch, about)
    told = _told(about, one, other, _between(watch))
    places = np.hstack([pair.found.rows[one], pair.found.rows[other]])
    family = _family(pair, told, _combination(pair, places, GAP_CHANGE), evidence)
    made, p = compared(pair.found.estimates, family, watch.sign(told), watch.rule.margin)
    gap = pair.found.figures("estimate")[one] - pair.found.figures("estimate")[other]
    rows = rows_of_tests(made, watch).assign(p=p, interval="change", change=made["estimate"].to_numpy())
    rows["reference"], rows["estimate"] = gap[:, 0], gap[:, 1]
    rows["p"] = rows["p"].mask((watch.sign(told) * gap[:, 1] <= 0) & rows["p"].notna(), 1.0)
    cells = [np.hstack([pair.found.figures(name)[side] for side in (one, other)]) for name in ("n", "n_need")]
    rows["n"], rows["n_need"] = least(*cells)
    both = "\n".join(_levels(watch))
    rows["sources"] = sources(rows["indicator"].to_list(), [both] * len(rows), watch, evidence)
    return made, finished(rows)


def _without_earlier(watch: Watch, evidence: Evidence) -> pd.DataFrame:
    """Rows that say there is no earlier round to compare with."""
    figures = evidence.after.figures(watch.topic, watch.group)
    figures = figures[watch.of(figures)]
    if watch.rule.kind == "gap":
        figures = figures[figures["by"] == _levels(watch)[0]].assign(by=_between(watch), estimate=np.nan)
    rows = rows_of_tests(figures, watch).assign(interval="change", low=np.nan, high=np.nan, reason=NO_EARLIER_ROUND)
    return finished(rows)


def _about(pair: Pair, statistic: str) -> pd.DataFrame:
    about = pair.found.about(statistic)
    about["reason"] = pd.array(pair.reasons, dtype="str")
    return about


def _family(pair: Pair, about: pd.DataFrame, matrix: sparse.csr_array, evidence: Evidence) -> Family:
    """Named as ``survey.change`` names its comparisons, so that the results have the same ids."""
    names = [f"{statistic}:{evidence.overlap}" for statistic in about["statistic"]]
    return Family(matrix, about, names, "holm", LEVEL, 0.0)


def _combination(pair: Pair, places: np.ndarray, coefficients: np.ndarray) -> sparse.csr_array:
    """Coefficients of the rows of estimates at some places, shape (comparisons, figures); -1 is no estimate."""
    row, column = np.nonzero(places >= 0)
    values = np.broadcast_to(coefficients, places.shape)[row, column]
    return sparse.csr_array((values, (row, places[row, column])), shape=(len(places), len(pair.found.estimates)))


def _levels(watch: Watch) -> list[str]:
    return [group_key([(watch.group, level)]) for level in (watch.rule.level, watch.rule.against)]


def _between(watch: Watch) -> str:
    """The two levels in the group's place, as differences are named."""
    return group_key([(watch.group, f"{watch.rule.level}{MINUS}{watch.rule.against}")])


def _sides(watch: Watch, about: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Where the figures of both levels are, for the indicators that have both, shape (indicators,)."""
    places = []
    for by in _levels(watch):
        mine = np.flatnonzero((about["by"] == by).to_numpy() & watch.of(about))
        places.append(dict(zip(about["indicator"].iloc[mine], mine, strict=True)))
    kept = [name for name in places[0] if name in places[1]]
    one, other = (np.array([side[name] for name in kept], np.int64) for side in places)
    return one, other


def _told(about: pd.DataFrame, one: np.ndarray, other: np.ndarray, by: str) -> pd.DataFrame:
    """What comparisons of two levels are about: respondents of both, and why there is none."""
    first, second = (about.iloc[side].reset_index(drop=True) for side in (one, other))
    counts = ["n", "weighted_n", *MISSING_COLUMNS]
    first[counts] = first[counts].to_numpy() + second[counts].to_numpy()
    first["reason"] = first["reason"].where(first["reason"] != "", second["reason"])
    return first.assign(by=by)
