"""Effect sizes of paired scores, with intervals from the noncentral t distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri, ndtr

NAN = float("nan")


@dataclass(frozen=True)
class Effect:
    """A standardised change; low and high are NaN where there is no test.

    Attributes
    ----------
    estimate, low, high : float
        In standard deviations.
    """

    estimate: float = NAN
    low: float = NAN
    high: float = NAN


def noncentrality(t: float, df: float, level: float = 0.95) -> tuple[float, float]:
    """The noncentrality parameters between which a t statistic is not surprising.

    Parameters
    ----------
    t : float
    df : float
        Degrees of freedom, > 0.
    level : float
        Confidence level.

    Returns
    -------
    tuple of float
        δ with P(T ≥ t | δ) = (1 − level)/2, and δ with P(T ≤ t | δ) = (1 − level)/2; NaN without a t or a df.

    References
    ----------
    Cumming, G. and Finch, S. (2001). A primer on the understanding, use, and calculation of confidence intervals that
    are based on central and noncentral distributions. Educational and Psychological Measurement 61, 532–574.
    """
    if not (math.isfinite(t) and df > 0):
        return NAN, NAN
    if t < 0:
        low, high = noncentrality(-t, df, level)
        return -high, -low
    tail = (1 - level) / 2
    ends = [math.sqrt(float(chdtri(df, part)) / df) for part in (1 - _FAR, _FAR)]
    inside = (
        t * ends[0] - 4,
        t * ends[1] + 4,
    )  # the probability is above 0.999 at one end and below 0.001 at the other

    def solve(target: float) -> float:
        return float(brentq(lambda delta: _below(t, df, delta) - target, *inside, xtol=1e-13, rtol=1e-14))

    return solve(1 - tail), solve(tail)


_FAR, _NEVER, _WIDE = 1e-4, 1e-18, 9.0


def _below(t: float, df: float, delta: float) -> float:
    """P(T ≤ t) of the noncentral t distribution, for t ≥ 0: the normal part may be as high as t times the root of the
    chi-square part, so P = Φ(−δ) + ∫ φ(z) P(χ² ≥ df·((z + δ)/t)²) dz over z > −δ; scipy's own gives up on large t."""
    first = max(-delta, -_WIDE)
    last = min(_WIDE, t * math.sqrt(float(chdtri(df, _NEVER)) / df) - delta)
    if last <= first:
        return float(ndtr(-delta))

    def part(z: float) -> float:
        return math.exp(-z * z / 2) * float(chdtrc(df, df * ((z + delta) / t) ** 2))

    inside = float(quad(part, first, last, epsabs=1e-14, epsrel=1e-13, limit=200)[0])
    return float(ndtr(first)) + inside / math.sqrt(2 * math.pi)


def standardised(change: float, se: float, df: float, sd: float, level: float = 0.95) -> Effect:
    """A mean change in standard deviations.

    Parameters
    ----------
    change, se, df : float
        Mean change, its standard error and degrees of freedom.
    sd : float
        The standard deviation that it is divided by: of the changes (d_z), or the average of those before and after
        (d_av).
    level : float

    Returns
    -------
    Effect
        Limits are δ·se/sd with δ of :func:`noncentrality`. With persons as units and the standard deviation of changes
        se/sd is 1/√n, and this is the exact interval of d_z; with classes as units the standard error says how many
        independent persons the classes are worth.

    References
    ----------
    Lakens, D. (2013). Calculating and reporting effect sizes to facilitate cumulative science. Frontiers in Psychology
    4, 863.
    Algina, J. and Keselman, H. J. (2003). Approximate confidence intervals for effect sizes. Educational and
    Psychological Measurement 63, 537–553.
    """
    if not sd > 0:
        return Effect()
    if not se > 0:
        return Effect(change / sd)
    low, high = noncentrality(change / se, df, level)
    return Effect(change / sd, low * se / sd, high * se / sd)
