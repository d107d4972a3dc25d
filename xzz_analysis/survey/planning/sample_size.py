"""How precise a planned sample is, how small a change it finds, and how large it must be.

A share is judged by the plain Wilson interval at the effective sample size, since nobody knows yet in how few
clusters a need will lie; a change
between two rounds by the t test of their difference, whose power is that of the noncentral t
distribution: the chance that the change is found in its own direction. It takes estimated shares for
normal, which is good to about three points of power for shares between 10 % and 90 %; for rarer needs, few clusters or
very unequal weights look at :func:`~xzz_analysis.survey.planning.simulation.simulate`.

References
----------
Kish, L. (1965). Survey Sampling. Wiley.
Donner, A. and Klar, N. (2000). Design and Analysis of Cluster Randomization Trials in Health Research. Arnold.
Fleiss, J. L., Levin, B. and Paik, M. C. (2003). Statistical Methods for Rates and Proportions, 3rd ed. Wiley:
the normal test with the pooled share under no change (``test="z"``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from numbers import Real
from typing import Any, cast

import numpy as np
import pandas as pd
from scipy.special import nctdtr, ndtr, ndtri

from xzz_analysis.errors import DesignError
from xzz_analysis.survey.engine.interval import critical, effective_size, wilson
from xzz_analysis.survey.planning.plan import Inputs, Plan, change_variance, impossible_overlap, share_variance

Plans = Plan | Sequence[Plan]

MOST = 2**40
"""Largest number of clusters, or of respondents per cluster, that is searched."""

HALVINGS = 60
"""Steps of the search for a change: 2⁻⁶⁰ of the range is below the precision of a share."""


def precision(plan: Plans) -> pd.DataFrame:
    """Say how precise the share of one round will be.

    Parameters
    ----------
    plan : Plan or sequence of Plan

    Returns
    -------
    DataFrame, one row per plan
        ``label, share, clusters, per_cluster, n, icc, deff, n_eff, se, low, high, half_width, level, df``.
        ``deff`` is Kish's (1 + cv²)(1 + (m − 1) · icc); ``se`` and everything after it include the
        population correction. As in estimates, ``n_eff`` is at most ``n``. ``low`` and ``high`` are
        Wilson's interval around the expected share with ``df`` = clusters − strata, ``half_width`` half
        its length.

    References
    ----------
    Kish (1965), see the module.
    """
    inputs = Inputs.of(plan)
    n, se, low, high = _interval(inputs)
    columns = {
        "label": inputs.label,
        "share": inputs.share,
        "clusters": inputs.clusters,
        "per_cluster": inputs.per_cluster,
        "n": n,
        "icc": inputs.icc,
        "deff": inputs.deff,
        "n_eff": effective_size(inputs.share, se, n),
        "se": se,
        "low": low,
        "high": high,
        "half_width": (high - low) / 2,
        "level": inputs.level,
        "df": inputs.clusters - inputs.strata,
    }
    return pd.DataFrame(columns)


def power_of_change(plan: Plans, change: float | np.ndarray) -> pd.DataFrame:
    """Chance that a change between two rounds is found.

    Parameters
    ----------
    plan : Plan or sequence of Plan
    change : float, or array of shape (plans,)
        Share after minus share before, for example −0.1 for ten percentage points fewer.

    Returns
    -------
    DataFrame, one row per plan
        ``label, share, change, share_after, se, level, df, power, reason``; ``se`` is that of the change. The
        degrees of freedom are (2 − overlap)(clusters − strata): those of two separate samples without
        overlap, those of one sample when every cluster is revisited. Where the share would leave 0 to 1,
        or such an overlap cannot be drawn, power is NaN and ``reason`` says why.

    Raises
    ------
    DesignError
        When the change is no difference of two shares.
    """
    inputs = Inputs.of(plan)
    after = _after(inputs, change)
    reason = _impossible(inputs, after)
    power = np.where(reason == "", _power(inputs, after), np.nan)
    return pd.DataFrame({**_change_columns(inputs, after), "power": power, "reason": reason})


def detectable_change(plan: Plans) -> pd.DataFrame:
    """Find the smallest change between two rounds that is found with the plan's power.

    The variance depends on both shares, so the change is solved for, upwards and downwards.

    Parameters
    ----------
    plan : Plan or sequence of Plan

    Returns
    -------
    DataFrame, two rows per plan
        ``label, direction, share, change, share_after, se, level, df, power, limit, reason``. ``direction`` is
        "up" or "down", ``change`` has its sign, ``se`` is that of the change. ``limit`` is the power for the
        largest change there is, to 100 % or to 0 %; where it stays below the plan's power the change
        is NaN and ``reason`` begins with "unreachable".

    References
    ----------
    Donner and Klar (2000); the covariance of revisited clusters: Tam (1984), see ``planning.plan``.
    """
    inputs = Inputs.of(plan)
    both = [_detectable(inputs, direction, end) for direction, end in (("up", 1.0), ("down", 0.0))]
    return pd.concat(both).sort_index(kind="stable").reset_index(drop=True)


def sample_needed(plan: Plans, *, half_width: float | None = None, change: float | None = None) -> pd.DataFrame:
    """Find the smallest sample that is precise enough, or that finds a change with the plan's power.

    Parameters
    ----------
    plan : Plan or sequence of Plan
    half_width : float, optional
        Wanted half width of the share's interval, for example 0.05.
    change : float, optional
        Change between two rounds that is to be found; give one of the two.

    Returns
    -------
    DataFrame, two rows per plan
        ``label, solve_for, goal, wanted, clusters, per_cluster, n, reached, limit, reason``. ``solve_for`` is
        "clusters" (per_cluster as planned) or "per_cluster" (clusters as planned); the number solved for
        is the smallest whole one. ``reached`` is the half width, or the power, with those numbers, and ``limit`` the
        best that any number can reach: the icc sets a floor that more respondents per cluster
        cannot break. Beyond it the number is NaN and ``reason`` begins with "unreachable".

    Raises
    ------
    DesignError
        When both goals or none is given, or the goal makes no sense.
    """
    inputs = Inputs.of(plan)
    goal = _goal(inputs, half_width, change)
    both = [_needed(inputs, name, goal) for name in ("clusters", "per_cluster")]
    return pd.concat(both).sort_index(kind="stable").reset_index(drop=True)


def _interval(inputs: Inputs) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Respondents, standard error, and Wilson's interval around the expected share."""
    n = inputs.clusters * inputs.per_cluster
    se = np.sqrt(share_variance(inputs, inputs.share))
    level: Any = inputs.level  # one level per plan: the intervals are elementwise
    with np.errstate(over="ignore"):  # of an effective size without limit
        low, high = wilson(inputs.share, se, inputs.clusters - inputs.strata, n, level)
    counted = np.isfinite(n) & (inputs.population * inputs.cluster_size <= n)  # everybody was asked
    return n, se, np.where(counted, inputs.share, low), np.where(counted, inputs.share, high)


def _half_width(inputs: Inputs) -> np.ndarray:
    _, _, low, high = _interval(inputs)
    return np.asarray((high - low) / 2)


def _df(inputs: Inputs) -> np.ndarray:
    """Of a change; the library's own for no overlap and for all clusters revisited, fewer in between."""
    return np.asarray((2 - inputs.overlap) * (inputs.clusters - inputs.strata), dtype=float)


def _power(inputs: Inputs, after: np.ndarray) -> np.ndarray:
    """Chance to find the change from ``inputs.share`` to ``after`` in its own direction, shape (plans,)."""
    before, level = inputs.share, cast(Any, inputs.level)
    distance = np.abs(after - before)
    se = np.sqrt(change_variance(inputs, before, after))
    middle = (before + after) / 2
    se_without = np.sqrt(change_variance(inputs, middle, middle))
    usable = np.where(se > 0, se, 1.0)
    sure = (se == 0) & (distance > 0)
    normal = ndtr((distance - ndtri(0.5 + inputs.level / 2) * se_without) / usable)
    student = _student_power(_df(inputs), distance / usable, critical(_df(inputs), level))
    return np.where(sure, 1.0, np.where(inputs.pooled, normal, student))


def _student_power(df: np.ndarray, distance: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Upper tail beyond ``limit`` of the noncentral t, ``distance`` standard errors away.

    From 9 limits + 40 on the tail is 1 to every digit, for any ``df``; the series takes too long or gives up there.
    """
    tail = 1 - nctdtr(df, np.minimum(distance, 9 * limit + 40), limit)
    return np.asarray(np.where(np.isnan(tail) & (distance > limit), 1.0, tail))


def _change_columns(inputs: Inputs, after: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "label": inputs.label,
        "share": inputs.share,
        "change": after - inputs.share,
        "share_after": after,
        "se": np.sqrt(change_variance(inputs, inputs.share, after)),
        "level": inputs.level,
        "df": _df(inputs),
    }


def _after(inputs: Inputs, change: float | np.ndarray) -> np.ndarray:
    """Shares of the second round; NaN outside 0 to 1, where rounding errors are forgiven."""
    numbers = isinstance(change, Real) or (isinstance(change, np.ndarray) and change.shape == inputs.share.shape)
    wanted = np.broadcast_to(np.asarray(change if numbers else np.nan, dtype=float), inputs.share.shape)
    if not (np.abs(wanted) < 1).all():
        raise DesignError(f"change {change!r} is no difference of two shares; give one such as 0.1 for ten points more")
    after = inputs.share + wanted
    return np.where((after > -1e-12) & (after < 1 + 1e-12), np.clip(after, 0, 1), np.nan)


def _impossible(inputs: Inputs, after: np.ndarray) -> np.ndarray:
    """Why there is no such change or no such second round; empty where there is."""
    texts = np.array(
        [f"impossible: a share of {share:g} cannot change so much" for share in inputs.share], dtype=object
    )
    return np.where(np.isnan(after), texts, impossible_overlap(inputs))


def _detectable(inputs: Inputs, direction: str, end: float) -> pd.DataFrame:
    """Halve the way from the share to ``end`` until the smallest change with enough power is left."""
    reason = impossible_overlap(inputs)
    limit = np.where(reason == "", _power(inputs, np.full_like(inputs.share, end)), np.nan)
    low, high = np.zeros_like(limit), np.ones_like(limit)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        found = _power(inputs, inputs.share + (end - inputs.share) * middle) >= inputs.power
        low, high = np.where(found, low, middle), np.where(found, middle, high)
    words = f"unreachable: even a change to {end:.0%} would be found with a power of only"
    short = np.array([f"{words} {value:.4g}" for value in limit], dtype=object)
    reason = np.where((reason == "") & (limit < inputs.power), short, reason)
    far = np.where(reason == "", high, np.nan)
    power = _power(inputs, inputs.share + (end - inputs.share) * far)
    after = inputs.share + (end - inputs.share) * np.where(far < 2.0**-50, 0, far)  # nothing is too small for a census
    table = pd.DataFrame({**_change_columns(inputs, after), "power": power, "limit": limit, "reason": reason})
    table.insert(1, "direction", direction)
    return table


@dataclass(frozen=True)
class _Goal:
    """What a sample is to reach: a half width of ``wanted``, or the plan's power for the change ``wanted``."""

    name: str
    wanted: float
    measure: Callable[[Inputs], np.ndarray]
    impossible: Callable[[Inputs], np.ndarray]

    def met(self, inputs: Inputs) -> np.ndarray:
        value = self.measure(inputs)
        return np.asarray(value <= self.wanted if self.name == "half_width" else value >= inputs.power)


def _goal(inputs: Inputs, half_width: float | None, change: float | None) -> _Goal:
    if half_width is not None and change is None:
        if not (isinstance(half_width, Real) and 0 < half_width < 0.5):
            raise DesignError(f"half_width {half_width!r} cannot be a goal; give one between 0 and 0.5, such as 0.05")
        return _Goal("half_width", half_width, _half_width, lambda some: np.full_like(some.label, ""))
    if change is not None and half_width is None:
        if isinstance(change, Real) and change == 0:
            raise DesignError("change 0 cannot be found by any sample; give the smallest change that matters")
        after = _after(inputs, change)
        return _Goal("change", float(change), partial(_power, after=after), partial(_impossible, after=after))
    raise DesignError("give one goal: half_width= for a share's interval, or change= between two rounds")


def _needed(inputs: Inputs, name: str, goal: _Goal) -> pd.DataFrame:
    """Solve one goal for ``name``, the number of clusters or of respondents per cluster."""

    def with_number(number: np.ndarray) -> Inputs:
        return replace(inputs, **{name: number})

    low, high = _range(inputs, name, goal)
    reason = goal.impossible(with_number(low))
    limit = goal.measure(with_number(np.where(high == MOST, np.inf, high)))
    limit = np.where(reason == "", limit, np.nan)
    short = (reason == "") & ~goal.met(with_number(high))
    reason = np.where(short, _unreachable(inputs, name, high, goal, limit), reason)
    solved = with_number(_smallest(lambda number: goal.met(with_number(number)), low, high))
    reached = np.where(reason == "", goal.measure(solved), np.nan)
    table = pd.DataFrame({"label": inputs.label, "solve_for": name, "goal": goal.name, "wanted": goal.wanted})
    table["clusters"], table["per_cluster"] = solved.clusters, solved.per_cluster
    table["n"] = solved.clusters * solved.per_cluster
    table["reached"], table["limit"], table["reason"] = reached, limit, reason
    table.loc[reason != "", [name, "n"]] = np.nan
    return table


def _range(inputs: Inputs, name: str, goal: _Goal) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest number to try; two rounds need more of the community than one."""
    if name == "clusters":
        low, whole, again = np.maximum(inputs.strata + 1, 2), inputs.population, inputs.overlap
    else:
        low, whole = np.ones_like(inputs.share), inputs.cluster_size
        again = np.where(inputs.overlap > 0, inputs.panel, 1.0)
    high = np.minimum(whole / (2 - again) if goal.name == "change" else whole, MOST)
    return low, np.maximum(np.floor(high + 1e-9), low)


def _unreachable(inputs: Inputs, name: str, most: np.ndarray, goal: _Goal, limit: np.ndarray) -> np.ndarray:
    unit = "half width" if goal.name == "half_width" else "power"
    rows = zip(inputs.clusters, inputs.per_cluster, inputs.icc, most, limit, strict=True)
    texts = [
        f"unreachable: {top:g} clusters, all there are, of {m:g} respondents each give a {unit} of {best:.4g} at best"
        if name == "clusters"
        else f"unreachable: {k:g} clusters with icc {icc:g}, however large, give a {unit} of {best:.4g} at best"
        for k, m, icc, top, best in rows
    ]
    return np.array(texts, dtype=object)


def _smallest(enough: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Smallest whole number from ``low`` to ``high`` that is enough; ``high`` where none is."""
    while (low < high).any():
        middle = np.floor((low + high) / 2)
        found = enough(middle)
        low, high = np.where(found, low, np.minimum(middle + 1, high)), np.where(found, middle, high)
    return high
