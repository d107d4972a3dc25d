"""What alerts are made of: the figures of a round, and those of two rounds with their common error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from xzz_analysis.needs.indicator import Indicator
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.survey.change.change import ByRound, Terms, estimate_by_round, stack_for
from xzz_analysis.survey.change.comparability import Comparable, join_items, read_crosswalk
from xzz_analysis.survey.change.rounds import Overlap
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimate import Item, estimate_means, estimate_ratios, estimate_shares
from xzz_analysis.survey.estimates import Estimates

ESTIMATORS: dict[str, Callable[..., Estimates]] = {
    "share": estimate_shares,
    "mean": estimate_means,
    "ratio": estimate_ratios,
}
"""How indicators of each statistic are estimated."""

Topic = tuple[str, str]
"""Unit and statistic: what can be estimated together."""


@dataclass(frozen=True)
class Side:
    """One round: samples by unit, and the indicators' columns on them by unit and statistic; printing it shows none."""

    name: str
    samples: dict[str, Sample] = field(repr=False)
    items: dict[Topic, list[Item]] = field(repr=False)
    _figures: dict[tuple[Topic, str], Estimates] = field(default_factory=dict, repr=False, compare=False)

    def has(self, topic: Topic, group: str) -> bool:
        """Whether the round has such indicators, and its unit the group."""
        return bool(self.items.get(topic)) and (not group or group in self.samples[topic[0]].frame)

    def figures(self, topic: Topic, group: str) -> Estimates:
        """Estimates of every indicator of a topic, by one group or of everybody when it is empty."""
        if (topic, group) not in self._figures:
            by = [group] if group else None
            self._figures[topic, group] = ESTIMATORS[topic[1]](self.samples[topic[0]], self.items[topic], by)
        return self._figures[topic, group]


@dataclass(frozen=True)
class Pair:
    """Two rounds on one design.

    Attributes
    ----------
    found : ByRound
        Estimates of both rounds, by item and group.
    reasons : object array, shape (items × groups,)
        Why the rounds cannot be compared, ``""`` where they can.
    """

    found: ByRound
    reasons: np.ndarray


@dataclass(frozen=True)
class Evidence:
    """Everything that alert rules may look at.

    Attributes
    ----------
    after : Side
    before : Side, optional
        The earlier round.
    overlap : "cluster" or "none"
        What the rounds share, as in :func:`~xzz_analysis.survey.change.change.change`.
    comparable : mapping or DataFrame, optional
        Indicators that may not be compared, as there.
    """

    after: Side
    before: Side | None = None
    overlap: Overlap = "cluster"
    comparable: Comparable = None
    _pairs: dict[tuple[Topic, str], Pair] = field(default_factory=dict, repr=False, compare=False)

    def comparable_in(self, topic: Topic, group: str) -> bool:
        """Whether the earlier round has such indicators and groups too."""
        return self.before is not None and self.before.has(topic, group)

    def pair(self, topic: Topic, group: str) -> Pair:
        """Both rounds stacked, so that what they share is in their covariance."""
        if (topic, group) not in self._pairs:
            self._pairs[topic, group] = self._stacked(topic, [group] if group else [])
        return self._pairs[topic, group]

    def terms(self, statistic: str) -> Terms:
        """On what terms the rounds are compared: those of a change table, so that results have the same ids."""
        return Terms(statistic, self.overlap, None, self.comparable)

    def _stacked(self, topic: Topic, by: list[str]) -> Pair:
        assert self.before is not None
        unit, statistic = topic
        terms = self.terms(statistic)
        samples = self.before.samples[unit], self.after.samples[unit]
        rounds = stack_for(samples, [], by, terms)
        items = self.before.items.get(topic, []), self.after.items[topic]
        joined, versions = join_items(items, (len(samples[0]), len(samples[1])))
        found = estimate_by_round(rounds, joined, by, terms)
        refused = {**versions, **read_crosswalk(self.comparable).refused}
        names = found.estimates["indicator"].to_numpy(object)[found.rows.max(axis=1)]
        wrong = np.array([(name, "") in refused for name in names], bool)
        return Pair(found, np.where(wrong, "not_comparable", found.reasons()))


def side_of(survey: MonitoringRound, indicators: Sequence[Indicator]) -> Side:
    """Compute some indicators' columns in one round; units without answers in it are left out."""
    samples: dict[str, Sample] = {}
    items: dict[Topic, list[Item]] = {}
    for one in indicators:
        if one.unit in survey.units:
            samples[one.unit] = survey.sample(one.unit)
            items.setdefault((one.unit, one.statistic), []).append(survey.item(one))
    return Side(survey.name, samples, items)
