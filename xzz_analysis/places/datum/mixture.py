"""Points of two datums in one column: how that shows, and which column tells them apart.

When points of datum A and of datum B stand in one column, some of them fit only under A and others only under B. A
few points fit only under B by accident: they lie wrong, and the shift happens to take them home. How many, is seen by
shifting them as far in the three directions at right angles, where nothing but accident can take them home.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtrc
from scipy.stats import hypergeom

from xzz_analysis.places.datum.conversion import Area
from xzz_analysis.places.datum.hypotheses import (
    AS_GIVEN,
    EXCHANGED,
    SAME,
    Belonging,
    Hypothesis,
    displacement,
    distances,
    position,
    sign_p,
    votes,
)

CLEAR = 0.001
"""p below which something is taken as seen."""
BIAS = 0.01
"""p, for all offsets together, below which one of them fits better than none: no mixture is claimed then."""
OFFSETS, TURNS = (75.0, 150.0, 225.0, 300.0), 8
"""Metres and number of directions of the offsets that borders drawn askew are sought with."""
LEAST_SHARE = 0.03
"""Share of points in the second datum below which no mixture is claimed."""
ELSEWHERE, HOME = 500e3, 50e3
"""Metres: exchanged points lie farther than the first as given and nearer than the second when exchanged back."""
MOST_LEVELS = 20
"""A column with more different values is no batch."""


@dataclass(frozen=True)
class Mixture:
    """What a second datum among the points looks like.

    ``second`` is the hypothesis of the fewer points, ``share`` their estimated share of all, ``only_first`` and
    ``only_second`` the points that fit under one alone, ``by_accident`` those expected to fit only under the second
    were there no mixture, ``p`` the chance of so many. ``first_rows`` and ``second_rows`` (n, bool) are the points
    that fit under one alone.
    """

    second: Hypothesis
    share: float
    only_first: int
    only_second: int
    by_accident: float
    p: float
    first_rows: NDArray[np.bool_]
    second_rows: NDArray[np.bool_]


def exchanged_rows(data: Belonging, kinds: Sequence[Hypothesis], away: NDArray[np.float64]) -> Mixture | None:
    """Some points with longitude and latitude exchanged among others that are not.

    One such point is enough: no accident takes a place from another continent to its own polygon.
    """
    axes = np.array([kind.axes for kind in kinds])
    given, back = away[axes == AS_GIVEN], away[axes == EXCHANGED]
    rows = (given.min(axis=0) > ELSEWHERE) & (back.min(axis=0) < HOME)
    count = int(rows.sum())
    if count in (0, len(rows)):
        return None
    second = next(kind for kind in kinds if kind.axes == EXCHANGED)
    return Mixture(second, count / len(rows), len(rows) - count, count, 0.0, 0.0, ~rows, rows)


def second_datum(
    data: Belonging, kinds: Sequence[Hypothesis], away: NDArray[np.float64], first: int, area: Area
) -> Mixture | None:
    """The clearest second datum beside the best one, or None.

    Parameters
    ----------
    data : Belonging
    kinds : sequence of Hypothesis
    away : ndarray
        Metres (hypotheses × n).
    first : int
        Row of the best hypothesis.
    area : function
        Where GCJ-02 is in force.

    Returns
    -------
    Mixture or None
        None when nothing clear is seen, which small numbers or large polygons may be the reason of.
    """
    one = kinds[first]
    rivals = [kind for kind in kinds if (kind.axes, kind.polygons) == (one.axes, one.polygons) and kind != one]
    start = displacement(data, position(data, one, area))
    found = [_beside(data, start, away[first], kind, area) for kind in rivals]
    clear = [mixture for mixture in found if mixture is not None]
    return min(clear, key=lambda mixture: mixture.p) if clear else None


def _beside(
    data: Belonging, start: NDArray[np.float64], here: NDArray[np.float64], second: Hypothesis, area: Area
) -> Mixture | None:
    shift = displacement(data, position(data, second, area)) - start
    out = here > data.near
    there = distances(data, start + shift)
    home = np.array([out & (there <= data.near), *(_reached(data, start + turned, out) for turned in _turns(shift))])
    p = _most_voted(home, data.place)
    accident = float(home[1:].sum(axis=1).mean())
    left = ~out & (there > data.near)
    only_first, only_second = int(left.sum()), int(home[0].sum())
    share = (only_second - accident) / max(only_first + only_second - 2 * accident, 1.0)
    if p >= CLEAR or share < LEAST_SHARE or _askew(data, start, here):
        return None
    return Mixture(second, min(share, 1.0), only_first, only_second, accident, p, left, home[0])


def _turns(shift: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The shift by 90, 180 and 270 degrees."""
    left = np.column_stack([-shift[:, 1], shift[:, 0]])
    return [left, -shift, -left]


def _reached(data: Belonging, metres: NDArray[np.float64], rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the rows lie in their own place there."""
    reached = np.zeros(len(rows), bool)
    reached[rows] = distances(data.part(rows), metres[rows]) <= data.near
    return reached


def _most_voted(home: NDArray[np.bool_], place: NDArray[np.intp]) -> float:
    """p of so many places where the real shift takes home more points than each turned one; each place has one vote."""
    count = np.array([np.bincount(place, weights=row) for row in home])
    most = count.max(axis=0)
    decided = (most > 0) & ((count == most).sum(axis=0) == 1)
    won = int((decided & (count[0] == most)).sum())
    return float(bdtrc(won - 1, int(decided.sum()), 0.25)) if won else 1.0


def _askew(data: Belonging, start: NDArray[np.float64], here: NDArray[np.float64]) -> bool:
    """Whether clearly more points are at home when all are moved a little, as when the borders are drawn askew."""
    inside = _far(here > data.near)
    for angle in np.arange(TURNS) * 2 * np.pi / TURNS:
        for metres in OFFSETS:
            moved = start + metres * np.array([np.cos(angle), np.sin(angle)])
            better, worse = votes(_far(distances(data, moved) > data.near), inside, data.place)
            if sign_p(better, worse) < BIAS / (TURNS * len(OFFSETS)):
                return True
    return False


def _far(outside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distances that only say inside or outside."""
    return np.where(outside, 2 * SAME, 0.0)


def told_apart(mixture: Mixture, table: pd.DataFrame) -> str:
    """Name the column whose values tell the points of two datums apart best; "" when none does.

    Parameters
    ----------
    mixture : Mixture
    table : DataFrame
        Columns of the same points; those with 2 to 20 different values are looked at.

    Returns
    -------
    str
        Name of the column; its values are not told.
    """
    known = mixture.first_rows | mixture.second_rows
    best, found = CLEAR, ""
    for name in table.columns:
        values = table.loc[known, name].astype("string").fillna("")
        if 2 <= values.nunique() <= MOST_LEVELS:
            seen = pd.crosstab(values, mixture.second_rows[known]).to_numpy()
            p = _apart(seen, slack=True)
            if p < best:
                best, found = p, str(name)
    return found


def levels_apart(data: Belonging, away: NDArray[np.float64], level: NDArray[np.intp]) -> float:
    """Whether levels of a column are of different datums.

    Parameters
    ----------
    data : Belonging
    away : ndarray
        Metres (hypotheses × n); the first three rows are the points in each datum.
    level : ndarray of int
        Level of each point (n), from 0.

    Returns
    -------
    float
        p of the clearest level that fits more often under one datum while the others fit more often under another, by
        Fisher's exact test with one vote per place and level, times the number of tests; 1 when there is none.
    """
    own = pd.factorize(level * (data.place.max() + 1) + data.place)[0]
    of = np.zeros(own.max() + 1, np.intp)
    of[own] = level
    tests = []
    for first, second in ((0, 1), (0, 2), (1, 2)):
        sign = (away[first] <= data.near).astype(float) - (away[second] <= data.near)
        vote = np.bincount(own, weights=sign)
        seen = np.array([np.bincount(of, weights=vote > 0), np.bincount(of, weights=vote < 0)]).T
        tests += [_apart(seen), _apart(seen[:, ::-1])]
    return min(1.0, min(tests) * len(tests))


def _apart(seen: NDArray[np.float64], slack: bool = False) -> float:
    """Smallest p of one level (rows) having more of the second (column) than the others, times their number.

    Of two levels either says the same, so that nothing is multiplied.

    Without slack, most of the level must be of the second and most of the others of the first.
    """
    total, p = seen.sum(axis=0), [1.0]
    for first, second in seen:
        turned = second > first and total[0] - first > total[1] - second
        if slack or turned:
            p.append(float(hypergeom.sf(second - 1, total.sum(), total[1], first + second)))
    return min(1.0, min(p) * (len(seen) if len(seen) > 2 else 1))
