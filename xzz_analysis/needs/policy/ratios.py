"""Coverage, awareness and gap of services among those eligible, as the survey engine estimates them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from xzz_analysis.errors import InputError
from xzz_analysis.language import Label
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimate import By, Item, estimate_shares
from xzz_analysis.survey.estimate.items import answers
from xzz_analysis.survey.estimates import MISSING_COLUMNS, Estimates

MEASURES: dict[str, Label] = {
    "awareness": {"zh": "知道（知晓率）", "en": "Know of it (awareness)"},
    "coverage": {"zh": "得到过（覆盖率）", "en": "Had it (coverage)"},
    "gap": {"zh": "没有得到（缺口）", "en": "Did not have it (gap)"},
    "refused": {"zh": "申请过而被拒绝", "en": "Asked and were refused"},
    "want": {"zh": "希望得到", "en": "Want it"},
}
"""What is estimated of a service, each among those eligible, in the order of tables."""


@dataclass(frozen=True, eq=False)
class Service:
    """What was asked about one service.

    Attributes
    ----------
    item : str
        Item of the national list, or any name; it becomes the result's ``indicator``.
    eligible : Item
        1 for those it is meant for, 0 for others, NaN where unknown.
    used, know, refused, want : Item, optional
        1 for those who used it, who know of it, who asked for it in vain, who want it.
    """

    item: str
    eligible: Item
    used: Item | None = None
    know: Item | None = None
    refused: Item | None = None
    want: Item | None = None

    def items(self) -> list[Item]:
        """One item for each of :data:`MEASURES` that was asked."""
        asked = {"awareness": self.know, "coverage": self.used, "refused": self.refused, "want": self.want}
        known = {option: one for option, one in asked.items() if one is not None}
        made = {option: _over(one, self.eligible, self.item, option) for option, one in known.items()}
        if self.used is not None:
            made["gap"] = gap(self.used, self.eligible, self.item)
        return [made[option] for option in MEASURES if option in made]


def coverage(used: Item, eligible: Item, name: str = "") -> Item:
    """Used / eligible, as an item of :func:`~xzz_analysis.survey.estimate.estimate_ratios`.

    Parameters
    ----------
    used, eligible : Item
        0/1 columns of the same respondents, NaN where unknown, with their reasons.
    name : str
        What the result is called; the indicator of ``used`` when empty.

    Returns
    -------
    Item
        ``y`` is 1 for eligible people who used it and 0 for those who did not, ``below`` 1 for both; NaN without a
        reason for people who are not eligible, NaN with the reason where either answer is missing. Who did not answer
        is never taken for somebody who did not use it. The option is ``coverage``.

    Raises
    ------
    InputError
        Columns of different length; numbers other than 0 and 1.

    References
    ----------
    Tanahashi, T. (1978), Health service coverage and its evaluation. Bulletin of the WHO 56, 295–303.
    """
    return _over(used, eligible, name, "coverage")


def awareness(know: Item, eligible: Item, name: str = "") -> Item:
    """Know / eligible; as :func:`coverage`, with the option ``awareness``."""
    return _over(know, eligible, name, "awareness")


def gap(used: Item, eligible: Item, name: str = "") -> Item:
    """Eligible people who did not use it / eligible; as :func:`coverage`, with the option ``gap``."""
    made = _over(used, eligible, name, "gap")
    return replace(made, y=1 - answers(made))


def _over(above: Item, eligible: Item, name: str, option: str) -> Item:
    y, base = _binary(above), _binary(eligible)
    if len(y) != len(base):
        raise InputError(
            f"{above.indicator!r} holds {len(y)} answers and {eligible.indicator!r} {len(base)}; take both of one unit"
        )
    counted = base == 1
    reasons = np.select([np.isnan(base), counted & np.isnan(y)], [_reasons(eligible, base), _reasons(above, y)], 0)
    known = counted & ~np.isnan(y)
    return Item(
        name or above.indicator,
        np.where(known, y, np.nan),
        reasons.astype(np.int8),
        option,
        above.version,
        np.where(known, 1.0, np.nan),
    )


def _binary(item: Item) -> np.ndarray:
    column = np.asarray(answers(item), float)
    wrong = int((~np.isnan(column) & (column != 0) & (column != 1)).sum())
    if wrong:
        raise InputError(f"{item.indicator!r} holds {wrong} numbers other than 0 and 1, so nobody can be counted")
    return column


def _reasons(item: Item, column: np.ndarray) -> np.ndarray:
    """Reason of each missing answer: BLANK where none was given, as everywhere in the engine."""
    given = np.zeros(len(column), np.int8) if item.reasons is None else item.reasons
    return np.where(np.isnan(column) & (given == 0), 2, given)


def service_ratios(sample: Sample, services: Sequence[Service], by: By = None, *, level: float = 0.95) -> Estimates:
    """Estimate coverage, awareness and gap of services.

    Parameters
    ----------
    sample : Sample
    services : sequence of Service
        Columns of the sample's respondents.
    by : str or sequence of str, optional
        Grouping columns.
    level : float
        Confidence level.

    Returns
    -------
    Estimates
        Statistic ``share``: the denominator counts people, so the ratio is the share among those eligible, and its
        interval stays between 0 and 1. ``indicator`` is the service's item, ``option`` one of :data:`MEASURES`; ``n``
        counts those eligible who answered, ``n_need`` those for whom it holds. What was not asked has no row. Gap and
        coverage of a service add to one and have the same error. Where nobody is eligible the reason is
        ``denominator_zero``.

    Raises
    ------
    XzzError
        As :func:`coverage`, and as :func:`~xzz_analysis.survey.estimate.share`.

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling, section 5.6.
    """
    items = [replace(item, below=None) for one in services for item in one.items()]
    found = estimate_shares(sample, items, by, level=level)
    nobody = (found["n"] == 0) & (found[list(MISSING_COLUMNS)].sum(axis=1) == 0)
    found.loc[nobody, "reason"] = "denominator_zero"
    return found
