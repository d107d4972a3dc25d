"""The share that had each of several events, where one keeps the others from happening.

References
----------
Aalen, O. O. and Johansen, S. (1978). An empirical transition matrix for non-homogeneous Markov chains based on censored
observations. Scandinavian Journal of Statistics 5, 141–150.
Therneau, T. M. and Grambsch, P. M. (2000). Modeling Survival Data. Springer; the variance of the share of an event is
their infinitesimal jackknife, which R's ``survival`` uses.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtri

from xzz_analysis.services.survival.checking import SAME, Interval, check_interval, require, times_of


def cumulative_incidence(
    time: ArrayLike,
    event: Sequence[Hashable] | np.ndarray | pd.Series,
    *,
    causes: Sequence[Hashable] | None = None,
    level: float = 0.95,
    interval: Interval = "log-log",
) -> pd.DataFrame:
    """Estimate the share that had each of several events by time, where one keeps the others from happening.

    Parameters
    ----------
    time : array of float, shape (n,)
        Time until the first event or until censored, ≥ 0.
    event : array, shape (n,)
        Which event it was; empty text, 0 or a missing value for the censored.
    causes : sequence, optional
        Events in the order of the rows, those nobody had among them; all that happened, sorted, when not given.
    level : float
    interval : "log-log" or "linear"

    Returns
    -------
    DataFrame
        A row for each cause and observed time: ``cause``, ``time``, ``at_risk``, ``events``, ``incidence`` (Aalen and
        Johansen), ``se`` (infinitesimal jackknife), ``low`` and ``high``; the interval is NaN at shares of 0 and 1
        where it is log-log. The incidences of all causes and the share without any event add up to one.

    Raises
    ------
    InputError
        As :func:`kaplan_meier`; an event that is not among the causes.
    """
    days, codes = times_of(time), pd.Series(event, dtype=object).reset_index(drop=True)
    require(len(days) == len(codes), f"{len(days)} times stand beside {len(codes)} events")
    check_interval(level, interval)
    censored = (codes.isna() | codes.isin(["", 0])).to_numpy()
    happened = codes[~censored]
    named = list(causes) if causes is not None else sorted(happened.unique())  # type: ignore[type-var]
    other = set(happened) - set(named)
    require(not other, f"{len(other)} events are not among the causes {', '.join(map(str, named))}")
    which = pd.Categorical(codes.where(~censored), categories=named).codes + 1
    at, at_risk, by_cause, shares, se = _aalen_johansen(days, which, len(named))
    frames = [
        pd.DataFrame({"cause": cause, "time": at, "at_risk": at_risk, "events": count, "incidence": share, "se": error})
        for cause, count, share, error in zip(named, by_cause, shares, se, strict=True)
    ]
    columns = ["cause", "time", "at_risk", "events", "incidence", "se"]
    made = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    low, high = _ends(made["incidence"].to_numpy(float), made["se"].to_numpy(float), level, interval)
    return made.assign(low=low, high=high)


def incidence_at(incidence: pd.DataFrame, time: float) -> pd.DataFrame:
    """The shares that had each event by a time.

    Parameters
    ----------
    incidence : DataFrame
        From :func:`cumulative_incidence`.
    time : float
        A time ≥ 0.

    Returns
    -------
    DataFrame
        ``cause``, ``incidence``, ``se``, ``low`` and ``high``, a row for each cause; NaN after the last time that is
        known, unless by then nobody is without an event.
    """
    rows = []
    figures = ["incidence", "se", "low", "high"]
    ended = incidence.groupby("cause", sort=False)["incidence"].last().sum() > 1 - SAME
    for cause, curve in incidence.groupby("cause", sort=False):
        place = int(np.searchsorted(curve["time"], time, side="right"))
        none = [0.0, 0.0, np.nan, np.nan]
        found = curve[figures].iloc[place - 1].tolist() if place else none
        known = ended or time <= curve["time"].iloc[-1]
        rows.append([cause, *(found if known else [np.nan] * len(figures))])
    return pd.DataFrame(rows, columns=["cause", *figures])


def _aalen_johansen(days: np.ndarray, which: np.ndarray, causes: int) -> tuple[np.ndarray, ...]:
    """Times, at risk, and of each cause (rows) by time: events, shares and standard errors.

    People with the same time and event move every share alike, so the jackknife goes over kinds of people.
    """
    kinds, people = np.unique(np.column_stack([days, which]), axis=0, return_counts=True)
    at = np.unique(days)
    at_risk = np.array([people[kinds[:, 0] >= one].sum() for one in at], float)
    events = np.zeros((causes, len(at)))
    shares, errors = np.zeros_like(events), np.zeros_like(events)
    without, share = 1.0, np.zeros(causes)
    moves_without, moves = np.zeros(len(kinds)), np.zeros((causes, len(kinds)))
    for place, one in enumerate(at):
        now, exposed = kinds[:, 0] == one, kinds[:, 0] >= one
        mine = np.array([now & (kinds[:, 1] == cause) for cause in range(1, causes + 1)]).reshape(causes, len(kinds))
        events[:, place] = mine @ people
        hazard = events[:, place] / at_risk[place]
        change = (mine - exposed * hazard[:, None]) / at_risk[place]
        moves += moves_without * hazard[:, None] + without * change
        moves_without = moves_without * (1 - hazard.sum()) - without * change.sum(axis=0)
        share = share + without * hazard
        without *= 1 - hazard.sum()
        shares[:, place], errors[:, place] = share, np.sqrt((moves**2) @ people)
    return at, at_risk, events, shares, errors


def _ends(share: np.ndarray, se: np.ndarray, level: float, interval: Interval) -> tuple[np.ndarray, np.ndarray]:
    reach = ndtri((1 + level) / 2) * se
    if interval == "linear":
        return np.clip(share - reach, 0, 1), np.clip(share + reach, 0, 1)
    inside = np.where((share > 0) & (share < 1), share, np.nan)
    width = reach / (inside * np.log(inside))
    middle = np.log(-np.log(inside))
    return np.exp(-np.exp(middle - width)), np.exp(-np.exp(middle + width))
