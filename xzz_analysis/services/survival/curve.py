"""The share for whom it has not happened yet, by Kaplan and Meier.

References
----------
Kaplan, E. L. and Meier, P. (1958). Nonparametric estimation from incomplete observations. Journal of the American
Statistical Association 53, 457–481.
Brookmeyer, R. and Crowley, J. (1982). A confidence interval for the median survival time. Biometrics 38, 29–41.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import CensoredData, ecdf

from xzz_analysis.errors import InputError
from xzz_analysis.services.survival.checking import SAME, Interval, check_interval, require, tally, times_of, yes_or_no


class Quantile(NamedTuple):
    """A time by which a share had the event, and its interval; NaN where the curve does not come so far."""

    estimate: float
    low: float
    high: float


class Mean(NamedTuple):
    """A mean time and its standard error."""

    estimate: float
    se: float


@dataclass(frozen=True, eq=False)
class SurvivalCurve:
    """The share for whom it had not happened yet, by time; arrays of one shape, one place for each observed time.

    Attributes
    ----------
    time : array
        Times at which somebody had the event or was censored, ascending.
    at_risk, events, censored : array
        How many were at risk just before, had the event, and were censored then.
    survival, se, low, high : array
        The share without the event after that time, its standard error (Greenwood) and its interval. NaN where the
        formula gives none: the log-log interval while everybody, and both once nobody, is without the event.
    level : float
    interval : "log-log" or "linear"
    """

    time: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    censored: np.ndarray
    survival: np.ndarray
    se: np.ndarray
    low: np.ndarray
    high: np.ndarray
    level: float
    interval: Interval

    @property
    def n(self) -> int:
        """How many were followed."""
        return int(self.at_risk[0])

    def frame(self) -> pd.DataFrame:
        """The curve as a table, a row for each time."""
        names = ("time", "at_risk", "events", "censored", "survival", "se", "low", "high")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """The curve at some times.

        Parameters
        ----------
        times : array of float
            None of them negative.

        Returns
        -------
        DataFrame
            Columns ``time``, ``survival``, ``low`` and ``high``. Everything is NaN after the last time that is known,
            unless by then nobody is without the event; before the first, everybody is.
        """
        asked = np.atleast_1d(np.asarray(times, float))
        if np.isnan(asked).any() or (asked < 0).any():
            raise InputError("a curve is asked for a time that is negative or missing; ask for days ≥ 0")
        place = np.searchsorted(self.time, asked, side="right")
        beyond = (asked > self.time[-1]) & (self.survival[-1] > 0)
        given = {"survival": (1.0, self.survival), "low": (1.0, self.low), "high": (1.0, self.high)}
        found = {name: np.r_[first, values][place] for name, (first, values) in given.items()}
        return pd.DataFrame({"time": asked, **{name: np.where(beyond, np.nan, one) for name, one in found.items()}})

    def quantile(self, share: float) -> Quantile:
        """The time by which a share had the event.

        Parameters
        ----------
        share : float
            0.5 for the median.

        Returns
        -------
        Quantile
            Where the curve, and the ends of its interval, fall to ``1 − share`` (Brookmeyer and Crowley 1982); the
            middle of a stretch on which they lie just there. NaN: not reached.
        """
        if not 0 < share < 1:
            raise InputError(f"a quantile of {share} was asked for; it lies between 0 and 1, for example 0.5")
        return Quantile(*(_crossing(self.time, 1 - one, share) for one in (self.survival, self.low, self.high)))

    def restricted_mean(self, until: float) -> Mean:
        """The mean time without the event until a given time: the area below the curve.

        Parameters
        ----------
        until : float
            Those without the event by then count with this time.

        Returns
        -------
        Mean
            NaN where the curve is not known until then.
        """
        if not until >= 0:
            raise InputError(f"a mean until {until} was asked for; it is a time ≥ 0")
        if until > self.time[-1] and self.survival[-1] > 0:
            return Mean(float("nan"), float("nan"))
        seen = self.time <= until
        steps = np.diff(np.r_[0.0, self.time[seen], until]) * np.r_[1.0, self.survival[seen]]
        remaining = np.cumsum(steps[::-1])[::-1][1:]
        return Mean(float(steps.sum()), float(np.sqrt((remaining**2 * _greenwood(self)[seen]).sum())))


def _greenwood(curve: SurvivalCurve) -> np.ndarray:
    """Terms of Greenwood's sum; 0 where all at risk had the event, as nothing is left after it."""
    left = curve.at_risk - curve.events
    return np.where(left > 0, curve.events / (curve.at_risk * np.maximum(left, 1)), 0.0)


def _crossing(time: np.ndarray, risen: np.ndarray, share: float) -> float:
    """Where a rising step function comes to a share."""
    known = ~np.isnan(risen)
    heights, first = np.unique(np.r_[0.0, risen[known]], return_index=True)
    begins = np.r_[0.0, time[known]][first]
    reached, passed = heights >= share - SAME, heights >= share + SAME
    if not reached.any():
        return float("nan")
    end = begins[passed.argmax()] if passed.any() else time[-1]
    return float(begins[reached.argmax()] + end) / 2


def kaplan_meier(
    time: ArrayLike, event: ArrayLike, *, level: float = 0.95, interval: Interval = "log-log"
) -> SurvivalCurve:
    """Estimate the share without the event by time, by Kaplan and Meier (scipy's).

    Parameters
    ----------
    time : array of float, shape (n,)
        Time until the event or until censored, ≥ 0: whole days, say. Times that differ in their last bits differ.
    event : array of bool, shape (n,)
        Whether it is the time of the event.
    level : float
        Confidence level of the intervals.
    interval : "log-log" or "linear"
        The log-log interval stays between 0 and 1 and keeps its level with few; R calls the linear one plain.

    Returns
    -------
    SurvivalCurve

    Raises
    ------
    InputError
        Nobody; lengths that differ; times that are negative or missing; events that are neither yes nor no.
    """
    days, happened = times_of(time), yes_or_no(event)
    require(len(days) == len(happened), f"{len(days)} times stand beside {len(happened)} events")
    check_interval(level, interval)
    at, at_risk, events, censored = tally(days, happened)
    found = ecdf(CensoredData.right_censored(days, ~happened)).sf
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # where a formula gives no interval it is NaN, as documented
        ends = found.confidence_interval(level, method=interval)
        se = found.probabilities * np.sqrt(np.cumsum(events / (at_risk * (at_risk - events))))
    low, high = ends.low.probabilities, ends.high.probabilities
    return SurvivalCurve(at, at_risk, events, censored, found.probabilities, se, low, high, level, interval)
