"""Figures of a round's indicators, unit by unit, with the influence matrix that comparisons need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from xzz_analysis.errors import StudyError
from xzz_analysis.needs.indicator import Indicator
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimate import Item, estimate_means, estimate_ratios, estimate_shares
from xzz_analysis.survey.estimates import Estimates, join
from xzz_analysis.survey.sampling import find_groups, groups_of
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
    split : callable, optional
        :meth:`MonitoringRound.split`: of one place, the place's rows.
    """

    sample: Sample
    indicators: dict[str, Indicator]
    items: dict[str, list[Item]] = field(repr=False)
    split: Callable[..., Estimates] | None = field(default=None, repr=False, compare=False)
    _known: dict[tuple[str, ...], Estimates] = field(default_factory=dict, repr=False, compare=False)

    def figures(self, by: Sequence[str] = ()) -> Estimates:
        """Estimates of every indicator, joined, so that any two may be compared; ids as ``MonitoringRound.needs``."""
        key = tuple(by)
        if key not in self._known:
            split = self.split or (lambda estimate, groups: estimate(None, groups))
            self._known[key] = split(lambda _, groups: self._whole(groups), [*by])
        return self._known[key]

    def _whole(self, by: list[str]) -> Estimates:
        return join([ESTIMATORS[name](self.sample, some, by) for name, some in self.items.items()])


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
    units: dict[str, Unit] = {}
    for one in survey.indicators:
        if one.statistic in ESTIMATORS and one.unit in survey.units:
            unit = units.setdefault(one.unit, Unit(survey.whole.sample(one.unit), {}, {}, survey.split))
            unit.indicators[one.id] = one
            unit.items.setdefault(one.statistic, []).append(survey.item(one))
    return Measured(survey, units)


def require_whole(survey: Round, what: str) -> None:
    """Refuse what compares the places of a whole study in a round of one place; :class:`StudyError`."""
    place = survey.survey.place if isinstance(survey, Measured) else survey.place
    if place:
        raise StudyError(f"{what} compare the whole study's groups, and the round speaks of {place!r}; open it whole")


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
