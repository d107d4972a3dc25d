"""Figures of a round's indicators, unit by unit, with the influence matrix that comparisons need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from xzz_analysis.needs.indicator import Indicator, item
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimate import Item, estimate_means, estimate_ratios, estimate_shares
from xzz_analysis.survey.estimates import Estimates, join
from xzz_analysis.survey.sampling import find_groups, groups_of, rows_of
from xzz_analysis.survey.testing.families import adjust

ESTIMATORS: dict[str, Callable[..., Estimates]] = {
    "share": estimate_shares,
    "mean": estimate_means,
    "ratio": estimate_ratios,
}
"""How indicators of each statistic are estimated; ranked options have no figure of their own."""

ABOUT = ("domain", "need_kind", "direction")
"""What a profile says of an indicator beside its figures: domain, Bradshaw's kind of need, what more of it means."""


@dataclass(frozen=True)
class Unit:
    """The indicators of one unit in one round; printing it shows no answer.

    Attributes
    ----------
    sample : Sample
    indicators : dict of str to Indicator
    items : dict of str to list of Item
        By statistic.
    """

    sample: Sample
    indicators: dict[str, Indicator]
    items: dict[str, list[Item]] = field(repr=False)
    _known: dict[tuple[str, ...], Estimates] = field(default_factory=dict, repr=False, compare=False)

    def figures(self, by: Sequence[str] = ()) -> Estimates:
        """Estimates of every indicator, joined, so that any two may be compared; ids as ``MonitoringRound.needs``."""
        key = tuple(by)
        if key not in self._known:
            self._known[key] = join([ESTIMATORS[name](self.sample, some, [*by]) for name, some in self.items.items()])
        return self._known[key]


@dataclass(frozen=True)
class Measured:
    """A round whose indicators have been computed once, for all parts of a profile."""

    survey: MonitoringRound
    units: dict[str, Unit]

    @property
    def indicators(self) -> dict[str, Indicator]:
        """Every indicator of the round, in the order of the declarations."""
        return {one.id: one for one in self.survey.indicators}

    def split_by(self, groups: Sequence[str]) -> list[Unit]:
        """Units that all the groups apply to; :class:`StudyError` with the nearest name for an unknown group."""
        study, dataset = self.survey.study, self.survey.dataset
        find_groups(study, list(groups))
        known = {unit: {group.name for group in groups_of(study, dataset, unit)} for unit in self.units}
        return [unit for name, unit in self.units.items() if known[name].issuperset(groups)]


Round = MonitoringRound | Measured
"""What the functions of this room take: a round, or one that is measured already."""


def measured(survey: Round) -> Measured:
    """Compute every indicator of a round that has a figure.

    Parameters
    ----------
    survey : MonitoringRound or Measured

    Returns
    -------
    Measured
    """
    if isinstance(survey, Measured):
        return survey
    today = survey.study.rounds[survey.name].collected[1]
    units: dict[str, Unit] = {}
    for one in survey.indicators:
        if one.statistic in ESTIMATORS and one.unit in survey.units:
            unit = units.setdefault(one.unit, Unit(survey.sample(one.unit), {}, {}))
            unit.indicators[one.id] = one
            rows = rows_of(survey.study, survey.dataset, one.unit, survey.name)
            unit.items.setdefault(one.statistic, []).append(item(one, survey.dataset, rows, today=today))
    return Measured(survey, units)


def told(frame: pd.DataFrame, indicators: Mapping[str, Indicator]) -> pd.DataFrame:
    """The frame with the columns :data:`ABOUT`."""
    known = [indicators[name] for name in frame["indicator"]]
    facts = [[one.domain, one.kind, one.direction] for one in known]
    columns = pd.DataFrame(facts, columns=list(ABOUT), index=frame.index, dtype="str")
    return frame.assign(**{name: columns[name] for name in ABOUT})


def one_family(parts: Sequence[pd.DataFrame], order: Sequence[str]) -> pd.DataFrame:
    """Comparisons of all units as one family: Holm's p of all tests together, indicators in a given order."""
    together = pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
    together["p_adjusted"], together["tests"] = adjust(together["p"].to_numpy(float), "holm")
    place = {name: number for number, name in enumerate(order)}
    return together.sort_values("indicator", key=lambda names: names.map(place), kind="stable", ignore_index=True)


def worse_side(frame: pd.DataFrame) -> np.ndarray:
    """1 where higher is worse, -1 where lower is, 0 where neither; shape (rows,)."""
    return frame["direction"].map({"need": 1, "good": -1, "none": 0}).to_numpy(np.int64)
