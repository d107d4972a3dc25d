"""Times and events as they are given: what is refused, and how they are counted."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from xzz_analysis.errors import InputError, suggest

Interval = Literal["log-log", "linear"]
INTERVALS: tuple[Interval, ...] = ("log-log", "linear")

SAME = 1.5e-8
"""Shares closer than this are the same, as they are to R."""


def tally(days: np.ndarray, happened: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Observed times, and how many are at risk, have the event and are censored at each."""
    at, place = np.unique(days, return_inverse=True)
    events = np.bincount(place, weights=happened, minlength=len(at))
    leaving = np.bincount(place, minlength=len(at)).astype(float)
    return at, np.cumsum(leaving[::-1])[::-1], events, leaving - events


def times_of(time: ArrayLike) -> np.ndarray:
    """Times as numbers; refused where there are none, or some are negative or missing."""
    days = np.asarray(time, float)
    require(days.ndim == 1 and days.size > 0, f"times have the shape {days.shape}; give one time each, of one or more")
    wrong = int((~np.isfinite(days) | (days < 0)).sum())
    require(not wrong, f"{wrong} of {len(days)} times are negative or missing; leave them out, or mend them")
    return days


def yes_or_no(event: ArrayLike) -> np.ndarray:
    """Whether it happened, as booleans; refused where it is neither true nor false."""
    given = pd.Series(np.asarray(event).ravel(), dtype=object)
    wrong = ~given.isin([True, False])
    require(not wrong.any(), f"{int(wrong.sum())} of {len(given)} events are neither true nor false")
    return given.astype(bool).to_numpy()


def check_interval(level: float, interval: Interval) -> None:
    """Refuse a confidence level or a kind of interval that is none."""
    near = suggest(str(interval), INTERVALS)
    require(interval in INTERVALS, f"interval {interval!r} is not one of {', '.join(INTERVALS)}{near}")
    require(0 < level < 1, f"confidence level is {level}; it lies between 0 and 1, for example 0.95")


def require(holds: bool, message: str) -> None:
    """Refuse what was given, unless a condition holds."""
    if not holds:
        raise InputError(message)
