"""Alerts: every test of every rule of one run, with false discoveries held down among all of them.

References
----------
Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal Statistical Society
B 57, 289-300.
Benjamini, Y. and Yekutieli, D. (2001). The control of the false discovery rate in multiple testing under dependency.
Annals of Statistics 29, 1165-1188.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.needs.alerts.rules import AlertRules, Control, check_rules, refuse_rules
from xzz_analysis.needs.alerts.watching import (
    TESTED,
    Evidence,
    Watch,
    beyond_limit,
    side_of,
    standing_results,
    stands_out,
    widened,
    widening_results,
    worsened,
)
from xzz_analysis.needs.alerts.wording import message
from xzz_analysis.needs.indicator import Indicator
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.survey.change.comparability import Comparable
from xzz_analysis.survey.change.rounds import Overlap
from xzz_analysis.survey.estimates import group_pairs
from xzz_analysis.survey.testing.comparisons import Comparisons
from xzz_analysis.survey.testing.contrast import MINUS
from xzz_analysis.survey.testing.families import benjamini_hochberg

ALERT_COLUMNS = (
    "alert_id",
    "watch_id",
    "alert",
    "rule",
    "kind",
    "severity",
    "round",
    "earlier_round",
    *TESTED,
    "q",
    "message_zh",
    "message_en",
)
"""Columns of every frame of alerts.

``alert_id`` is made of rule, indicator, group and round, ``watch_id`` of the first three alone; ``alert`` says whether
the row is one. What ``estimate``, ``reference`` and ``change`` are depends on the kind: the figure, the limit, nothing
(threshold); the figure, the earlier one, their difference (worsening); the gap, the earlier one, its widening (gap);
the group's figure, that of all others, nothing (cluster). ``low`` and ``high`` bound what ``interval`` names. ``n`` is
the least number of respondents behind any of these figures, ``n_need`` the least with the need or without it.
``sources`` are result ids of the estimates behind the row, joined by a semicolon. ``sample`` is the kind of sample;
``reason`` says why there was no test.
"""

_KINDS: dict[str, Callable[[Watch, Evidence], pd.DataFrame]] = {
    "threshold": beyond_limit,
    "worsening": worsened,
    "gap": widened,
    "cluster": stands_out,
}

_RESULTS: dict[str, Callable[[Watch, Evidence], pd.DataFrame]] = {
    "gap": widening_results,
    "cluster": standing_results,
}
"""Kinds of rules whose results are in no table of estimates or changes."""


class Alerts(pd.DataFrame):
    """Tidy frame of everything that was tested in one run, one row per rule, indicator and group."""

    @property
    def _constructor(self) -> type[Alerts]:
        return Alerts

    def raised(self) -> Alerts:
        """The rows that are alerts: the more severe first, then the smaller q."""
        order = {"high": 0, "medium": 1, "low": 2}
        rows = self[self["alert"].astype(bool)].assign(_rank=lambda frame: frame["severity"].map(order))
        return Alerts(
            rows.sort_values(["_rank", "q", "alert_id"], kind="stable", ignore_index=True).drop(columns="_rank")
        )


def alerts(
    survey: MonitoringRound,
    before: MonitoringRound | None,
    rules: AlertRules,
    *,
    overlap: Overlap = "cluster",
    comparable: Comparable = None,
) -> Alerts:
    """Look for needs that a person should look at.

    Parameters
    ----------
    survey : MonitoringRound
    before : MonitoringRound, optional
        An earlier round of the same study. Without it rules about change test nothing and say so.
    rules : AlertRules
        See :func:`~xzz_analysis.needs.alerts.rules.read_rules`.
    overlap, comparable
        As in :func:`~xzz_analysis.survey.change.change.change`.

    Returns
    -------
    Alerts
        Every test, columns :data:`ALERT_COLUMNS`; ``alert`` is True where q is at most ``rules.control.q``. All tests
        of the run are one family, those that found nothing included. An alert is a reason to look, not a finding: a
        person accepts or dismisses it (:mod:`~xzz_analysis.needs.alerts.triage`).

    Raises
    ------
    StudyError
        Rules that name indicators, groups or levels that the study does not have; all problems in one error.
    DesignError
        Rounds that cannot be put on one design.

    Notes
    -----
    p is two-sided, agrees with the 95 % interval beside it, and is 1 where the figure lies on the better side of what
    it is compared with. q is the smallest rate of false discoveries at which the row would be reported: Benjamini and
    Hochberg's, which holds for tests that are independent or positively dependent, or Benjamini and Yekutieli's, which
    holds always.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995). Journal of the Royal Statistical Society B 57, 289-300.
    Benjamini, Y. and Yekutieli, D. (2001). Annals of Statistics 29, 1165-1188.
    Spiegelhalter, D. J. (2005). Statistics in Medicine 24, 1185-1202.
    """
    evidence, watched = _gathered(survey, before, rules)
    evidence = replace(evidence, overlap=overlap, comparable=comparable)
    found = find_alerts(evidence, rules, watched)
    names = {one.id: one.label for one in watched}
    texts = [message(row, names[row["indicator"]], _names(survey, row)) for row in found.to_dict("records")]
    for language in ("zh", "en"):
        found[f"message_{language}"] = pd.array([text[language] for text in texts], dtype="str")
    return found


def alert_results(survey: MonitoringRound, before: MonitoringRound | None, rules: AlertRules) -> pd.DataFrame:
    """The figures behind alerts that no other table has: widened gaps, and levels beside all the others.

    Parameters
    ----------
    survey, before, rules
        As in :func:`alerts`.

    Returns
    -------
    DataFrame
        One row per result id, with ``sources`` and ``fewest`` for protection; ``before`` and ``after`` of gaps,
        ``of_level`` and ``of_reference`` of levels. Results of rules about limits and worsening are those of the tables
        of estimates and of changes.

    Raises
    ------
    StudyError
        As in :func:`alerts`.
    """
    evidence, watched = _gathered(survey, before, rules)
    watches = [watch for watch in _watches(evidence, rules, watched) if watch.rule.kind in _RESULTS]
    parts = [_RESULTS[watch.rule.kind](watch, evidence) for watch in watches]
    parts = [part for part in parts if len(part)]
    if not parts:
        return Comparisons.none().assign(sources="", fewest=np.nan)
    return pd.concat(parts, ignore_index=True).drop_duplicates("result_id", ignore_index=True)


def _gathered(
    survey: MonitoringRound, before: MonitoringRound | None, rules: AlertRules
) -> tuple[Evidence, list[Indicator]]:
    """The evidence that some rules ask for, and the indicators they watch."""
    refuse_rules(check_rules(rules, survey))
    asked = {one.id for rule in rules.rules for one in rules.watched(rule, survey.indicators)}
    watched = [one for one in survey.indicators if one.id in asked]
    earlier = None if before is None else side_of(before, [one for one in before.indicators if one.id in asked])
    return Evidence(side_of(survey, watched), earlier), watched


def find_alerts(evidence: Evidence, rules: AlertRules, indicators: Sequence[Indicator]) -> Alerts:
    """Run every test of the rules on figures that are ready, without words (see :func:`alerts`).

    Parameters
    ----------
    evidence : Evidence
    rules : AlertRules
    indicators : sequence of Indicator
        Those of the later round.

    Returns
    -------
    Alerts
    """
    parts = list(_tests(evidence, rules, indicators))
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*ALERT_COLUMNS])
    found["round"] = evidence.after.name
    found["earlier_round"] = np.where(found["kind"] == "threshold", "", evidence.before.name if evidence.before else "")
    found["q"] = false_discovery(found["p"].to_numpy(float), rules.control)
    found["alert"] = found["q"].to_numpy(float) <= rules.control.q
    about = found[["rule", "indicator", "by"]].astype(str).to_numpy().tolist()
    found["watch_id"] = pd.array([_hash("w", one) for one in about], dtype="str")
    found["alert_id"] = pd.array([_hash("a", [*one, evidence.after.name]) for one in about], dtype="str")
    return Alerts(found.reindex(columns=list(ALERT_COLUMNS)))


def false_discovery(p: np.ndarray, control: Control) -> np.ndarray:
    """Adjust the p-values of a run.

    Parameters
    ----------
    p : float array, shape (tests,)
        NaN where there was no test; such rows cost the others nothing.
    control : Control

    Returns
    -------
    float array, shape (tests,)
        q: Benjamini and Hochberg's adjusted p; for Benjamini and Yekutieli's times 1 + 1/2 + … + 1/m, at most 1.
    """
    made = ~np.isnan(p)
    q = np.full(len(p), np.nan)
    q[made] = benjamini_hochberg(p[made])
    if control.method == "benjamini-yekutieli":
        q = np.minimum(q * (1 / np.arange(1, made.sum() + 1)).sum(), 1.0)
    return q


def _tests(evidence: Evidence, rules: AlertRules, indicators: Sequence[Indicator]) -> Iterator[pd.DataFrame]:
    """One frame for each rule, topic and grouping that applies."""
    for watch in _watches(evidence, rules, indicators):
        rule = watch.rule
        yield _KINDS[rule.kind](watch, evidence).assign(rule=rule.id, kind=rule.kind, severity=rule.severity)


def _watches(evidence: Evidence, rules: AlertRules, indicators: Sequence[Indicator]) -> Iterator[Watch]:
    """Every rule on each topic and grouping that applies."""
    for rule in rules.rules:
        watched = rules.watched(rule, indicators)
        for topic in dict.fromkeys((one.unit, one.statistic) for one in watched):
            signs = {one.id: rules.sign(one) for one in watched if (one.unit, one.statistic) == topic}
            for group in rule.groupings():
                if evidence.after.has(topic, group):
                    yield Watch(rule, topic, group, signs)


def _hash(letter: str, about: Sequence[str]) -> str:
    """A letter, so that YAML never takes it for a number, and twelve hexadecimal digits of what was asked."""
    text = json.dumps(["alert", *about], ensure_ascii=False, separators=(",", ":"))
    return letter + hashlib.sha256(text.encode()).hexdigest()[:12]


def _names(survey: MonitoringRound, row: Mapping[Any, Any]) -> list[dict[str, str]]:
    """Labels of the groups a row is about: one, or the two levels of a gap."""
    unit, by = str(row["unit"]), str(row["by"])
    if row["kind"] != "gap":
        return [dict(survey.by_label(by, unit))]
    group, levels = group_pairs(by)[0]
    return [dict(survey.label(group, unit, level)) or {"": level} for level in levels.split(MINUS)]
