"""How unequal access is between people: every index counts people, not places.

A value stands for all people of its place, so an index over places with few and many people is that over the people
themselves. Places without people take no part.

References
----------
Cowell, F. A. (2011). Measuring Inequality. Oxford University Press.
van Wee, B. and Mouter, N. (2021). Evaluating transport equity. Advances in Transport Policy and Planning 7, 103–126.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError


class Theil(NamedTuple):
    """Theil's T and its parts.

    Parameters
    ----------
    total, between, within : float
        Total = between groups + within them.
    groups : DataFrame
        On the groups: ``people`` (share), ``access`` (share), ``between`` and ``within`` (what each adds; between
        is negative for a group below the average).
    """

    total: float
    between: float
    within: float
    groups: pd.DataFrame


ROUNDING = 1e-12
"""Part of the highest mean below which the lowest is nothing but rounding."""


def gini(access: pd.Series, people: pd.Series) -> float:
    """Gini index of access: half the mean difference between two people, over the mean.

    Parameters
    ----------
    access : Series
        Access on ids, not negative.
    people : Series
        People on the same ids.

    Returns
    -------
    float
        0 (all alike) to 1; NaN where nobody has any access, which is neither equal nor unequal.

    Raises
    ------
    InputError
        Ids differ, or amounts are missing or negative.

    References
    ----------
    Cowell, F. A. (2011). Measuring Inequality, technical appendix. Oxford University Press.
    """
    value, weight = _used(access, people)
    return _concentrated(value, weight, value)


def concentration(access: pd.Series, people: pd.Series, rank: pd.Series, *, corrected: bool = False) -> float:
    """Concentration index: how far access goes to people who rank high, such as by income.

    Parameters
    ----------
    access, people : Series
        As in :func:`gini`.
    rank : Series of float
        What people are ranked by, on the same ids; those alike share their rank.
    corrected : bool
        Erreygers' index, 4 · mean / (largest − smallest) times as much, for a quantity with bounds.

    Returns
    -------
    float
        −1 (all access is that of the lowest) to 1 (of the highest); NaN where nobody has any access.

    Raises
    ------
    InputError
        Ids differ, or amounts or ranks are missing.

    References
    ----------
    O'Donnell, O., van Doorslaer, E., Wagstaff, A. and Lindelow, M. (2008). Analyzing Health Equity Using Household
    Survey Data, chapter 8. World Bank. Erreygers, G. (2009). Journal of Health Economics 28, 504–515.
    """
    value, weight, order = _used(access, people, rank)
    index = _concentrated(value, weight, order)
    if not corrected or len(value) == 0:
        return index
    span = float(value.max() - value.min())
    return 4 * float(np.average(value, weights=weight)) / span * index if span > 0 else 0.0


def theil(access: pd.Series, people: pd.Series, groups: pd.Series | None = None) -> Theil:
    """Theil's T of access, and what of it lies between groups: Σ s · (x/μ) · ln(x/μ), s the share of people.

    Parameters
    ----------
    access, people : Series
        As in :func:`gini`.
    groups : Series, optional
        Group of every id; one group of all by default.

    Returns
    -------
    Theil
        NaN where nobody has any access.

    Raises
    ------
    InputError
        Ids differ, amounts are missing or negative, or an id has no group.

    References
    ----------
    Theil, H. (1967). Economics and Information Theory, chapter 4. North-Holland.
    """
    value, weight = _used(access, people)
    labels = pd.Series("", index=access.index) if groups is None else groups
    kept = access.index[people.reindex(access.index).to_numpy() > 0]
    of = labels.reindex(kept)
    if of.isna().any():
        raise InputError(f"{int(of.isna().sum())} of {len(of)} ids with people have no group; give every id one")
    frame = pd.DataFrame({"group": of.to_numpy(), "people": weight, "access": weight * value})
    sums = frame.groupby("group", sort=True, observed=True)[["people", "access"]].sum()
    table = sums / sums.sum()
    relative = frame["access"].sum() / max(frame["people"].sum(), 1e-300)
    if not relative > 0:
        return Theil(np.nan, np.nan, np.nan, table.assign(between=np.nan, within=np.nan))
    table["between"] = _entropy(table["access"].to_numpy(), table["people"].to_numpy())
    share = weight / weight.sum()
    each = pd.Series(_entropy(share * value / relative, share)).groupby(frame["group"], sort=True, observed=True).sum()
    table["within"] = each - table["between"]
    between, within = float(table["between"].sum()), float(table["within"].sum())
    return Theil(between + within, between, within, table)


def palma(
    access: pd.Series, people: pd.Series, rank: pd.Series | None = None, *, top: float = 0.1, bottom: float = 0.4
) -> float:
    """Palma ratio: mean access of the highest tenth over that of the lowest four tenths.

    Parameters
    ----------
    access, people : Series
        As in :func:`gini`.
    rank : Series of float, optional
        Who is highest, such as by income; access itself by default. People who rank alike are divided in equal parts.
    top, bottom : float
        Parts of the people.

    Returns
    -------
    float
        1 where both have the same; NaN where the lowest have none.

    Raises
    ------
    InputError
        Ids differ, amounts or ranks are missing, or parts are not between 0 and 1.

    References
    ----------
    Palma, J. G. (2011). Development and Change 42, 87–153.
    """
    if not (0 < top < 1 and 0 < bottom < 1):
        raise InputError(f"parts of the Palma ratio are {top} and {bottom}; give numbers between 0 and 1")
    value, weight, order = _used(access, people, access if rank is None else rank)
    if not len(value):
        return np.nan
    _, place = np.unique(order, return_inverse=True)
    counts = np.bincount(place, weight)
    means = np.bincount(place, weight * value) / counts
    ends = np.cumsum(counts) / counts.sum()
    starts = ends - counts / counts.sum()
    low = np.clip(np.minimum(ends, bottom) - starts, 0, None)
    high = np.clip(ends - np.maximum(starts, 1 - top), 0, None)
    lowest = low @ means / low.sum()
    highest = high @ means / high.sum()
    return float(highest / lowest) if lowest > ROUNDING * highest else np.nan


def poverty(access: pd.Series, people: pd.Series, line: float) -> dict[str, float]:
    """Poverty of access after Foster, Greer and Thorbecke: Σ s · ((line − x) / line)^a over those with x < line.

    Parameters
    ----------
    access, people : Series
        As in :func:`gini`.
    line : float
        Access below it is too little; somebody exactly at it has enough.

    Returns
    -------
    dict
        ``share`` (a = 0: how many), ``gap`` (a = 1: how far below on average), ``severity`` (a = 2).

    Raises
    ------
    InputError
        Ids differ, amounts are missing or negative, or the line is not above 0.

    References
    ----------
    Foster, J., Greer, J. and Thorbecke, E. (1984). Econometrica 52, 761–766.
    """
    if not (np.isfinite(line) and line > 0):
        raise InputError(f"the line of poverty of access is {line}; give an access above 0")
    value, weight = _used(access, people)
    gap = np.clip((line - value) / line, 0, None)
    share = weight / weight.sum() if len(weight) else weight
    return {"share": float(share @ (gap > 0)), "gap": float(share @ gap), "severity": float(share @ gap**2)}


def inequality(
    access: pd.Series,
    people: pd.Series,
    *,
    rank: pd.Series | None = None,
    groups: pd.Series | None = None,
    line: float | None = None,
) -> pd.Series:
    """All indices that can be had from what is given.

    Parameters
    ----------
    access, people : Series
        As in :func:`gini`.
    rank, groups, line
        As in :func:`concentration`, :func:`theil` and :func:`poverty`.

    Returns
    -------
    Series of float64
        ``mean``, ``gini``, ``palma``, ``theil``; with groups ``theil_between`` and ``theil_within``; with a rank
        ``concentration``, and ``palma`` is by the rank; with a line ``poverty_share``, ``poverty_gap`` and
        ``poverty_severity``.

    Raises
    ------
    InputError
        As the functions it calls.

    References
    ----------
    Cowell, F. A. (2011). Measuring Inequality. Oxford University Press.
    """
    value, weight = _used(access, people)
    parts = theil(access, people, groups)
    found = {
        "mean": float(np.average(value, weights=weight)) if len(value) else np.nan,
        "gini": gini(access, people),
        "palma": palma(access, people, rank),
        "theil": parts.total,
    }
    if groups is not None:
        found |= {"theil_between": parts.between, "theil_within": parts.within}
    if rank is not None:
        found["concentration"] = concentration(access, people, rank)
    if line is not None:
        found |= {f"poverty_{name}": amount for name, amount in poverty(access, people, line).items()}
    return pd.Series(found, dtype=np.float64)


def _used(access: pd.Series, *others: pd.Series) -> tuple[np.ndarray, ...]:
    """Access, people and what else is given as arrays of the places that have people, in the order of their ids."""
    index = access.index
    order = index.argsort()
    arrays = [access.to_numpy(np.float64, na_value=np.nan)[order]]
    for other in others:
        if len(other) != len(index) or not other.index.is_unique or not other.index.isin(index).all():
            raise InputError(
                f"access is on {len(index)} ids and what stands beside it on {len(other)}, not the same; "
                "take both from one table"
            )
        arrays.append(other.reindex(index).to_numpy(np.float64, na_value=np.nan)[order])
    peopled = arrays[1] != 0
    arrays = [one[peopled] for one in arrays]
    wrong = int(np.sum([(~np.isfinite(one)).sum() for one in arrays]) + sum((one < 0).sum() for one in arrays[:2]))
    if wrong:
        raise InputError(
            f"{wrong} values of access, people or rank are missing, infinite or negative; leave such ids out"
        )
    return tuple(arrays)


def _concentrated(value: np.ndarray, weight: np.ndarray, order: np.ndarray) -> float:
    """Twice the covariance of access with the share of people ranked below, over the mean."""
    if not len(value) or not value.any():
        return np.nan
    share = weight / weight.sum()
    _, place = np.unique(order, return_inverse=True)
    counts = np.bincount(place, share)
    below = (np.cumsum(counts) - counts / 2)[place]
    mean = share @ value
    return float(2 * (share * (value - mean)) @ (below - 0.5) / mean)


def _entropy(access: np.ndarray, people: np.ndarray) -> np.ndarray:
    """a · ln(a / p) for shares of access and of people; nothing has no entropy."""
    ratio = np.divide(access, people, out=np.ones_like(access), where=(access > 0) & (people > 0))
    return np.asarray(access * np.log(ratio))
