"""Weights between bounds."""

from __future__ import annotations

from numbers import Real
from typing import Literal

import numpy as np

from xzz_analysis.errors import DesignError
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.design.sample import require_sample
from xzz_analysis.survey.weighting.margins import number, one_of

REDISTRIBUTE = ("none", "equal", "proportional")


def trim(
    sample: Sample,
    *,
    low: float | None = None,
    high: float | None = None,
    redistribute: Literal["none", "equal", "proportional"] = "none",
    strict: bool = False,
) -> Sample:
    """Bring weights below ``low`` up to it, and weights above ``high`` down to it.

    Parameters
    ----------
    sample : Sample
    low, high : float
        Smallest and largest weight, in people; at least one of them.
    redistribute : "none", "equal" or "proportional"
        What happens to the weight that was cut off: it is lost, or given to the respondents inside the bounds,
        the same amount to each (R's ``trimWeights``, which gives to weights of zero as well) or in proportion to
        their weights, which keeps the sum.
    strict : bool
        Repeat until redistribution itself leaves nobody outside the bounds.

    Returns
    -------
    Sample
        Totals of earlier calibrations are no longer met exactly (:func:`achieved` tells by how much), but stay
        credited in standard errors, as in R's survey. ``diagnostics(after, before=before)`` counts
        whose weight was changed.

    Raises
    ------
    DesignError
        Unusable bounds; nobody inside them to redistribute to; a sum that no weights between them have.

    References
    ----------
    Potter, F. (1990). A study of procedures to identify and trim extreme sampling weights. Proceedings of the
    Section on Survey Research Methods, American Statistical Association, 225–230.
    """
    one_of("redistribute", redistribute, REDISTRIBUTE)
    smallest, largest = _bounds(low, high)
    weighted = require_sample(sample).design.weight > 0
    before = sample.design.weight[weighted]
    if strict and redistribute != "none":
        _refuse_impossible(before, smallest, largest)
    found = _trim_once(before, smallest, largest, redistribute)
    if strict:
        found = _settle(found, smallest, largest, redistribute)
    negative = int((found < 0).sum())
    if negative:
        raise DesignError(
            f"raising weights to {smallest:g} takes more than {negative} of the {len(found)} respondents have; lower "
            "`low`, use strict=True, or use redistribute='none'"
        )
    after = np.zeros(len(sample))
    after[weighted] = found
    return sample.reweighted(after)


def _trim_once(weight: np.ndarray, low: float, high: float, redistribute: str) -> np.ndarray:
    """Cut off what is outside the bounds and give it to those inside, shape (respondents,)."""
    inside = (weight >= low) & (weight <= high)
    cut: np.ndarray = np.clip(weight, low, high)
    if redistribute == "none" or inside.all():
        return cut
    if not inside.any():
        raise DesignError(
            f"all {len(weight)} weights lie outside the bounds, so nobody is left to take what is cut off; widen the "
            "bounds, or use redistribute='none'"
        )
    rest = float((weight - cut).sum())
    given = rest / inside.sum() if redistribute == "equal" else cut * (rest / float(weight[inside].sum()))
    return np.asarray(np.where(inside, cut + given, cut))


def _settle(weight: np.ndarray, low: float, high: float, redistribute: str) -> np.ndarray:
    """Give what is outside the bounds to those who have room, until nobody is outside, shape (respondents,)."""
    cut: np.ndarray = np.clip(weight, low, high)
    rest = float((weight - cut).sum())
    while rest != 0 and redistribute != "none":
        room = cut < high if rest > 0 else cut > low
        if not room.any():  # the sum is that of all weights at one bound, but for rounding
            break
        share = rest / room.sum() if redistribute == "equal" else cut * (rest / float(cut[room].sum()))
        given = np.where(room, cut + share, cut)
        cut = np.clip(given, low, high)
        rest = float((given - cut).sum())
    return cut


def _bounds(low: float | None, high: float | None) -> tuple[float, float]:
    if low is None and high is None:
        raise DesignError("trim needs a smallest weight `low`, a largest weight `high`, or both")
    smallest, largest = 0.0 if low is None else low, np.inf if high is None else high
    numbers = isinstance(smallest, Real) and isinstance(largest, Real)
    if not (numbers and smallest >= 0 and largest > 0 and smallest < largest):
        shown = " and ".join(f"{one:g}" if isinstance(one, Real) else repr(one) for one in (smallest, largest))
        raise DesignError(f"weights cannot be kept between {shown}; `low` is at least 0 and smaller than `high`")
    return float(smallest), float(largest)


def _refuse_impossible(weight: np.ndarray, low: float, high: float) -> None:
    total, least, most = float(weight.sum()), low * len(weight), high * len(weight)
    if not least <= total <= most:
        raise DesignError(
            f"the weights sum to {number(total)}, but {len(weight)} weights between {low:g} and {high:g} sum to "
            f"{number(least)} to {number(most)}; widen the bounds, or use redistribute='none'"
        )
