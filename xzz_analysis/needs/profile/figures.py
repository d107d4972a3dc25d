"""Figures of a round's indicators, unit by unit, with the influence matrix that comparisons need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

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
"""What every frame of a profile says of an indicator beside its figures: domain, Bradshaw's kind, what more of it means."""


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
    items: dict[str, list[Item]]

    def __repr__(self) -> str:
        return f"Unit({list(self.indicators)})"

    def figures(self, by: Sequence[str] = ()) -> Estimates:
        """Estimates of every indicator, joined, so that any two may be compared; ids as ``MonitoringRound.needs``."""
        return join([ESTIMATORS[name](self.sample, items, list(by)) for name, items in self.items.items()])


def units_of(survey: MonitoringRound, groups: Sequence[str] = ()) -> dict[str, Unit]:
    """Indicators of a round by unit.

    Parameters
    ----------
    survey : MonitoringRound
    groups : sequence of str
        Declared groups; units that they do not apply to are left out.

    Returns
    -------
    dict of str to Unit

    Raises
    ------
    StudyError
        An unknown group, with the nearest name.
    """
    find_groups(survey.study, list(groups))
    today = survey.study.rounds[survey.name].collected[1]
    out: dict[str, Unit] = {}
    for one in survey.indicators:
        known = {group.name for group in groups_of(survey.study, survey.dataset, one.unit)}
        if one.statistic not in ESTIMATORS or one.unit not in survey.units or not known.issuperset(groups):
            continue
        unit = out.setdefault(one.unit, Unit(survey.sample(one.unit), {}, {}))
        unit.indicators[one.id] = one
        rows = rows_of(survey.study, survey.dataset, one.unit, survey.name)
        unit.items.setdefault(one.statistic, []).append(item(one, survey.dataset, rows, today=today))
    return out


def told(frame: pd.DataFrame, indicators: Mapping[str, Indicator]) -> pd.DataFrame:
    """The frame with the columns :data:`ABOUT`."""
    known = [indicators[name] for name in frame["indicator"]]
    facts = {"domain": [one.domain for one in known], "need_kind": [one.kind for one in known]}
    facts["direction"] = [one.direction for one in known]
    return frame.assign(**{name: pd.array(values, dtype="str") for name, values in facts.items()})


def one_family(parts: Sequence[pd.DataFrame], order: Sequence[str]) -> pd.DataFrame:
    """Comparisons of all units as one family: Holm's p of all tests together, indicators in a given order."""
    together = pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
    together["p_adjusted"], together["tests"] = adjust(together["p"].to_numpy(float), "holm")
    place = {name: number for number, name in enumerate(order)}
    return together.sort_values("indicator", key=lambda names: names.map(place), kind="stable", ignore_index=True)


def worse_side(frame: pd.DataFrame) -> np.ndarray:
    """1 where higher is worse, -1 where lower is, 0 where neither; shape (rows,)."""
    return frame["direction"].map({"need": 1, "good": -1, "none": 0}).to_numpy(np.int64)
