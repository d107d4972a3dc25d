"""How long merchants take to decide, and whether those that parents introduced decide otherwise.

Days run from the first visit to the first decision on record. A merchant without a decision is censored on the last day
on which none was known to have been made; joining and refusing keep each other from happening first.

References
----------
Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions: comparison of eleven
methods. Statistics in Medicine 17, 873–890 (method 10).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.services.merchants.funnel import share_interval
from xzz_analysis.services.merchants.states import DECIDED
from xzz_analysis.services.survival import (
    LogRank,
    Quantile,
    SurvivalCurve,
    cumulative_incidence,
    kaplan_meier,
    log_rank,
)

FEWEST = 5
"""Merchants in a group from which on groups are compared."""


def decision_days(states: pd.DataFrame) -> pd.DataFrame:
    """How long each merchant took, or has taken so far.

    Parameters
    ----------
    states : DataFrame
        From :func:`~xzz_analysis.services.merchants.states.merchant_states`.

    Returns
    -------
    DataFrame
        ``merchant``, ``introduced``, ``days`` (from the first visit), ``event`` (``joined``, ``refused``, or empty
        where it is not decided, or nobody wrote down when).
    """
    days = (states["known_open"] - states["first"]).dt.days if len(states) else pd.Series([], dtype=float)
    return pd.DataFrame(
        {
            "merchant": states["merchant"],
            "introduced": states["introduced"],
            "days": days.astype(float),
            "event": states["decision"],
        }
    )


def pending_curve(days: pd.DataFrame, level: float = 0.95) -> SurvivalCurve:
    """The share of merchants still undecided, by days since the first visit (Kaplan and Meier).

    Parameters
    ----------
    days : DataFrame
        From :func:`decision_days`; not empty.
    level : float
    """
    return kaplan_meier(days["days"], days["event"] != "", level=level)


def decided_by(days: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """The shares that had joined and that had refused, by days since the first visit (Aalen and Johansen).

    Parameters
    ----------
    days : DataFrame
        From :func:`decision_days`; not empty.
    level : float

    Returns
    -------
    DataFrame
        See :func:`~xzz_analysis.services.survival.cumulative_incidence`; causes ``joined`` and ``refused``.
    """
    return cumulative_incidence(days["days"], days["event"], causes=DECIDED, level=level)


@dataclass(frozen=True, eq=False)
class Introductions:
    """Merchants that parents introduced beside those that others did, or nobody.

    Attributes
    ----------
    merchants : tuple of int
        Introduced by parents, and not.
    joined : tuple of int
        Of them, that joined at any time.
    shares, low, high : tuple of float
        Of both, with Wilson's intervals.
    difference : Quantile
        The first share less the second, with Newcombe's interval.
    medians : tuple of Quantile
        Days until half have decided, of both.
    test : LogRank or None
        Of the days until joined, where a refusal ends what is known; None where nobody joined.
    not_stated : int
        Merchants whose introduction no visit states; in neither group.
    """

    merchants: tuple[int, int]
    joined: tuple[int, int]
    shares: tuple[float, float]
    low: tuple[float, float]
    high: tuple[float, float]
    difference: Quantile
    medians: tuple[Quantile, Quantile]
    test: LogRank | None
    not_stated: int


def introductions_compared(states: pd.DataFrame, level: float = 0.95) -> Introductions | None:
    """Set merchants that parents introduced beside the others.

    It is an association: parents introduce merchants they know and trust, which might have joined anyway.

    Parameters
    ----------
    states : DataFrame
        From :func:`~xzz_analysis.services.merchants.states.merchant_states`.
    level : float

    Returns
    -------
    Introductions or None
        None where either group has fewer than :data:`FEWEST` merchants.
    """
    stated = states[states["introduced"] != ""]
    parents = (stated["introduced"] == "parent").to_numpy(bool)
    groups = [stated[parents], stated[~parents]]
    if min(len(one) for one in groups) < FEWEST:
        return None
    number = np.array([len(one) for one in groups])
    joined = np.array([int(one["ever_joined"].astype(bool).sum()) for one in groups])
    low, high = share_interval(joined, number, level)
    days = decision_days(stated)
    event = (days["event"] == "joined").to_numpy(bool)
    medians = [pending_curve(decision_days(one), level).quantile(0.5) for one in groups]
    shares = joined / number
    return Introductions(
        (int(number[0]), int(number[1])),
        (int(joined[0]), int(joined[1])),
        (float(shares[0]), float(shares[1])),
        (float(low[0]), float(low[1])),
        (float(high[0]), float(high[1])),
        newcombe(shares, low, high),
        (medians[0], medians[1]),
        log_rank(days["days"], event, parents) if event.any() else None,
        len(states) - len(stated),
    )


def newcombe(share: np.ndarray, low: np.ndarray, high: np.ndarray) -> Quantile:
    """The difference of two independent shares, the first less the second, with Newcombe's hybrid score interval.

    Parameters
    ----------
    share, low, high : array, shape (2,)
        The shares and the ends of Wilson's intervals.
    """
    difference = share[0] - share[1]
    down = np.hypot(share[0] - low[0], high[1] - share[1])
    up = np.hypot(high[0] - share[0], share[1] - low[1])
    return Quantile(float(difference), float(difference - down), float(difference + up))
