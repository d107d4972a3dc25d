"""Simultaneous comparisons: how large the largest |t| of a family gets by chance.

The estimates of one sample are correlated, and the influence matrix says how much; a family of correlated
comparisons needs less correction than Holm's or Bonferroni's, which know nothing of it.

References
----------
Hothorn, T., Bretz, F. and Westfall, P. (2008). Simultaneous inference in general parametric models.
Biometrical Journal 50, 346–363.
Genz, A. and Bretz, F. (2009). Computation of Multivariate Normal and t Probabilities, sections 4.1 and 4.2.
Richtmyer, R. D. (1951). The evaluation of definite integrals, and a quasi-Monte-Carlo method. Los Alamos LA-1342.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, fdtrc, gammaln, ndtri, stdtr, stdtrit

from xzz_analysis.errors import DesignError
from xzz_analysis.survey.engine.sums import product

MOST = 300
"""Comparisons in one family at most: their correlations and directions are held in memory."""

_MOST_POINTS, _FEWEST_POINTS = 2**17, 2**14
_WORK = 2**24
"""Coordinates of points, and cosines with comparisons, that a family may cost: about a second."""

_BLOCK = 2**11
_BINS = 4096
_MOST_IN_A_PLANE, _NODES = 20, 48
"""Comparisons of rank 2 up to which the plane is integrated exactly, and points between two turns of it."""

_SAME = 1e-9
"""Variance left below which a comparison counts as a combination of the ones before it."""


@dataclass(frozen=True)
class Simultaneous:
    """What a family of comparisons does to each of its members.

    Attributes
    ----------
    p_adjusted : float array, shape (comparisons,)
        Probability that the smallest p-value of the family is as small as this one.
    critical : float array, shape (comparisons,)
        Critical value of each |t|: intervals of ± critical · se hold all at once.
    """

    p_adjusted: np.ndarray
    critical: np.ndarray


def simultaneous(p: np.ndarray, correlation: np.ndarray, df: np.ndarray, level: float = 0.95) -> Simultaneous:
    """Adjust a family by the distribution of its largest |t|.

    Parameters
    ----------
    p : float array, shape (comparisons,)
        Two-sided p-values, none missing.
    correlation : float array, shape (comparisons, comparisons)
        Correlation of the compared estimates.
    df : float array, shape (comparisons,)
        Degrees of freedom, all positive.
    level : float
        Simultaneous confidence level.

    Returns
    -------
    Simultaneous
        Exact (1e-9) when the comparisons are combinations of one or two, as three groups are. Otherwise the relative
        error of an adjusted p is below 0.3 % up to 10 comparisons, 1 % up to 100 and 2 % up to 300, that of a
        critical value a tenth of it; always the same figures for the same family, because the points are fixed.

    Raises
    ------
    DesignError
        More than :data:`MOST` comparisons.

    Notes
    -----
    With equal df this is the multivariate t distribution. Unequal df keep each comparison's own t distribution and
    join them as a multivariate t with the largest df, which is on the safe side. The radius of the distribution is
    integrated exactly (it is an F), its direction by a quasi-random lattice.
    """
    if len(p) > MOST:
        raise DesignError(
            f"the family has {len(p)} comparisons and max-t takes {MOST} at most; use adjust='holm', or split it"
        )
    factor = _factor(correlation)
    if factor.shape[1] <= 1:
        return Simultaneous(np.array(p, float), -stdtrit(df, (1 - level) / 2))
    joint = float(df.max())
    largest = _Largest.of(factor, joint)
    reach = -stdtrit(joint, np.maximum(p, np.finfo(float).tiny) / 2)
    adjusted = np.clip(largest.exceeds(reach), p, np.minimum(1, len(p) * p))
    single = 2 * stdtr(joint, -largest.critical(level))
    return Simultaneous(adjusted, -stdtrit(df, single / 2))


@dataclass(frozen=True)
class _Largest:
    """Distribution of the largest |t|: its radius is known, its direction counted.

    ``size`` (directions,) is the largest |a·u| over the comparisons a for directions u, ``weight`` (directions,) how
    often it occurs.
    """

    size: np.ndarray
    weight: np.ndarray
    rank: int
    df: float

    @classmethod
    def of(cls, factor: np.ndarray, df: float) -> _Largest:
        """Count the directions; ``factor`` has shape (comparisons, rank)."""
        comparisons, rank = factor.shape
        if rank == 2 and comparisons <= _MOST_IN_A_PLANE:
            return cls(*_around(factor), rank, df)
        frequency, total = np.zeros(_BINS), np.zeros(_BINS)
        for direction, weight in _directions(factor):
            size = np.abs(product(direction, factor.T)).max(axis=1)
            place = np.minimum((size * _BINS).astype(np.int64), _BINS - 1)
            frequency += np.bincount(place, weights=weight, minlength=_BINS)
            total += np.bincount(place, weights=weight * size, minlength=_BINS)
        found = frequency > 0
        return cls(total[found] / frequency[found], frequency[found] / frequency.sum(), rank, df)

    def exceeds(self, reach: np.ndarray) -> np.ndarray:
        """Probability that the largest |t| exceeds each of some values, shape (values,)."""
        tails = [fdtrc(self.rank, self.df, (value / self.size) ** 2 / self.rank) * self.weight for value in reach]
        return np.array([tail.sum() for tail in tails])

    def critical(self, level: float) -> float:
        """Value that the largest |t| exceeds with probability 1 − level, by bisection."""
        single = float(-stdtrit(self.df, (1 - level) / 2))
        low, high = single, 2 * single
        while self.exceeds(np.array([high]))[0] > 1 - level:
            high *= 2
        for _ in range(60):
            middle = (low + high) / 2
            over = self.exceeds(np.array([middle]))[0] > 1 - level
            low, high = (middle, high) if over else (low, middle)
        return (low + high) / 2


def _factor(correlation: np.ndarray) -> np.ndarray:
    """Rows whose products are the correlations, shape (comparisons, rank): Cholesky, skipping what repeats."""
    size = len(correlation)
    factor = np.zeros((size, size))
    rank = 0
    for position in range(size):
        left = correlation[position:, position] - (factor[position:, :rank] * factor[position, :rank]).sum(axis=1)
        if left[0] > _SAME:
            factor[position:, rank] = left / np.sqrt(left[0])
            rank += 1
    return factor[:, :rank]


def _around(factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sizes and weights of directions in a plane, by quadrature between the angles where the largest changes."""
    first, second = np.triu_indices(len(factor), 1)
    equal = np.concatenate([factor[first] - factor[second], factor[first] + factor[second]])
    turns = np.unique((np.arctan2(equal[:, 1], equal[:, 0]) + np.pi / 2) % np.pi)
    ends = np.append(turns, turns[0] + np.pi)
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    half = np.diff(ends)[:, None] / 2
    angle = (ends[:-1, None] + half + half * node).ravel()
    size = np.abs(product(np.stack([np.cos(angle), np.sin(angle)], axis=1), factor.T)).max(axis=1)
    return size, (half * weight).ravel() / np.pi


def _directions(factor: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Directions of shape (points, rank) and their weights, in blocks.

    Every second point is spread evenly over the sphere; the others lie near one comparison after the other,
    as if the sphere had ``near`` dimensions, because that is where a rare |t| comes from. A point's weight is
    the even density over the density of this mixture, at most 2.
    """
    comparisons, rank = factor.shape
    near = max(3.0, (rank + 15) / 16)
    wanted = int(np.clip(_WORK // (comparisons + rank), _FEWEST_POINTS, _MOST_POINTS))
    step = np.sqrt(_primes(rank + 1))
    shape = gammaln(near / 2) - gammaln((near - 1) / 2) - gammaln(rank / 2) + gammaln((rank - 1) / 2)
    for start in range(1, wanted, _BLOCK):
        point = np.arange(start, start + _BLOCK)
        uniform = np.clip(np.abs(2 * ((point[:, None] * step) % 1) - 1), 1e-12, 1 - 1e-12)
        direction = ndtri(uniform[:, 1:])
        direction /= np.linalg.norm(direction, axis=1)[:, None]
        if rank > near:
            along = np.sqrt(betaincinv(0.5, (near - 1) / 2, uniform[1::2, 0]))
            direction[1::2] = _turn(direction[1::2], factor[(point[1::2] // 2) % comparisons], along)
        cosine = np.minimum(product(direction, factor.T) ** 2, 1 - 1e-12)
        tilt = np.exp(shape + (near - rank) / 2 * np.log1p(-cosine)).mean(axis=1) if rank > near else 1.0
        yield direction, np.broadcast_to(2 / (1 + tilt), _BLOCK)


def _turn(direction: np.ndarray, towards: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Directions that keep their remainder but lie ``along`` (points,) of the way on other unit vectors."""
    rest = direction - (direction * towards).sum(axis=1)[:, None] * towards
    rest /= np.linalg.norm(rest, axis=1)[:, None]
    return np.asarray(along[:, None] * towards + np.sqrt(1 - along**2)[:, None] * rest)


def _primes(count: int) -> np.ndarray:
    """The first primes, shape (count,)."""
    limit = int(count * (np.log(count + 2) + np.log(np.log(count + 2) + 1))) + 10
    sieve = np.arange(limit) > 1
    for number in range(2, int(limit**0.5) + 1):
        sieve[number * number :: number] &= not sieve[number]
    return np.flatnonzero(sieve)[:count]
