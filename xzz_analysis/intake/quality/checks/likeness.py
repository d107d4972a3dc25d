r"""Which records are nearly the same as another one: Gower's distance over all pairs, without looking at all pairs.

The distance of two records is a mean over the questions that at least one of them answered: 0 or 1 for a select
question (a select-multiple counts as one answer, the set chosen), :math:`|x-y|/range` for a number or a date, 1 where
only one of the two answered. Every question is cut into at most five classes so that the similarity of two classes
bounds that of the answers from above: equal answers are in equal classes, and numbers of different classes differ by
at least the gap between them. The bound of all pairs is then one matrix product, and only the pairs whose bound
reaches the limit are compared exactly: nothing is missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from xzz_analysis.intake.quality.records import Coded

CLASSES = 5
CELLS = 10_000_000
"""Bounds held in memory at a time."""

PAIRS = 20_000
SLACK = 1e-9
"""Distances are sums of fractions; this much above a limit is on it."""

Candidates = Iterator[tuple[np.ndarray, np.ndarray]]
"""Pairs of records that may be near, in lots."""


@dataclass(frozen=True, eq=False)
class Twins:
    """Records that are near another one.

    Attributes
    ----------
    distance : array of float, shape (records,)
        Distance to the partner; infinite where no other record is near.
    partner : array of int, shape (records,)
        A record within the limit, the nearest unless both were settled before; -1 where there is none.
    """

    distance: np.ndarray
    partner: np.ndarray


def near_twins(coded: Coded, limit: float, *, settled: float | None = None) -> Twins:
    """Find the records within a Gower distance of another one.

    Parameters
    ----------
    coded : Coded
        No two records the same (equal ones make the work quadratic).
    limit : float
        Largest distance, 0–1.
    settled : float, optional
        Distance at which a record needs no nearer partner; ``limit`` when left out.

    Returns
    -------
    Twins

    References
    ----------
    Gower, J. C. (1971). A general coefficient of similarity and some of its properties. Biometrics 27, 857-871.
    """
    limits = (limit, limit if settled is None else settled)
    twins = Twins(np.full(len(coded.codes), np.inf), np.full(len(coded.codes), -1))
    for first, second in _bounded(coded, limit):
        for start in range(0, len(first), PAIRS):
            lot = slice(start, start + PAIRS)
            _compare(coded, limits, first[lot], second[lot], twins)
    return twins


def gower(coded: Coded, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Distances of pairs of records.

    Parameters
    ----------
    coded : Coded
    first, second : int arrays of shape (pairs,)

    Returns
    -------
    array of float, shape (pairs,)
        NaN where neither answered anything.
    """
    one, other = coded.codes[first], coded.codes[second]
    differ = one != other
    total = differ.sum(axis=1).astype(float)
    if coded.numeric.any():
        apart = np.abs(coded.numbers[first] - coded.numbers[second]) / _ranges(coded.numbers)
        both = (one[:, coded.numeric] >= 0) & (other[:, coded.numeric] >= 0)
        nearer = differ[:, coded.numeric] & both
        total -= np.where(nearer, 1 - apart, 0).sum(axis=1)
    asked = ((one >= 0) | (other >= 0)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total / asked)


def _compare(coded: Coded, limits: tuple[float, float], first: np.ndarray, second: np.ndarray, twins: Twins) -> None:
    """Note the pairs within the limit; pairs of which both are settled need no look."""
    limit, settled = limits
    open_ = (twins.distance[first] > settled) | (twins.distance[second] > settled)
    first, second = first[open_], second[open_]
    distance = gower(coded, first, second)
    near = distance <= limit + SLACK
    for here, there in ((first[near], second[near]), (second[near], first[near])):
        nearer = distance[near] < twins.distance[here]
        order = np.argsort(-distance[near][nearer], kind="stable")
        twins.distance[here[nearer][order]] = distance[near][nearer][order]
        twins.partner[here[nearer][order]] = there[nearer][order]


def _ranges(numbers: np.ndarray) -> np.ndarray:
    known = ~np.isnan(numbers)
    low = np.where(known, numbers, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, numbers, -np.inf).max(axis=0, initial=-np.inf)
    return np.where(high > low, high - low, 1.0)


def _bounded(coded: Coded, limit: float) -> Candidates:
    """Pairs whose similarity may reach 1 - limit, by blocks of rows."""
    left, right = _classes(coded, 1 - limit)
    needed = ((1 - limit) * coded.answered).astype(np.float32)
    rows = len(coded.codes)
    height = max(CELLS // max(rows, 1), 64)
    for start in range(0, rows, height):
        stop = min(start + height, rows)
        bound = left[start:stop] @ right[start:].T
        bound -= needed[start:]
        first, second = np.nonzero(bound >= needed[start:stop, None] - 1e-2)
        later = second > first
        yield first[later] + start, second[later] + start


def _classes(coded: Coded, similar: float) -> tuple[np.ndarray, np.ndarray]:
    """Two matrices of float32 whose product is, for each pair, a bound of Σ similarity + ``similar`` · both answered.

    The right one says which class each answer is in, the left one what each class is worth to it.
    """
    rows, number = coded.codes.shape[0], 0
    left, right = [np.empty((rows, 0), np.float32)], [np.empty((rows, 0), np.float32)]
    ranges = _ranges(coded.numbers) if coded.numeric.any() else np.empty(0)
    for question, codes in enumerate(coded.codes.T):
        if coded.numeric[question]:
            values, known = coded.numbers[:, number], codes >= 0
            classes, worth = _steps(values, known, ranges[number])
            number += 1
        else:
            classes = np.where(codes >= 0, codes % CLASSES, -1)
            worth = np.eye(int(classes.max(initial=-1)) + 1)
        chosen = (classes[:, None] == np.arange(len(worth))).astype(np.float32)
        right.append(chosen)
        left.append(chosen @ (worth + similar).astype(np.float32))
    return np.concatenate(left, axis=1), np.concatenate(right, axis=1)


def _steps(values: np.ndarray, known: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Cut a number into classes, and bound the similarity of each two classes from above."""
    if not known.any():
        return np.full(len(values), -1), np.empty((0, 0))
    cuts = np.unique(np.quantile(values[known], np.linspace(0, 1, CLASSES + 1)[1:-1]))
    classes = np.searchsorted(cuts, np.where(known, values, cuts[0]), side="right")
    count = len(cuts) + 1
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, classes[known], values[known])
    np.maximum.at(high, classes[known], values[known])
    gap = np.maximum(low[:, None] - high[None, :], low[None, :] - high[:, None])
    worth = np.where(np.isfinite(gap), 1 - np.maximum(gap, 0) / width, 0)
    return np.where(known, classes, -1), worth
