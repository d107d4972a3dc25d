"""Inequality: the Gini index of a number, and the concentration of a need along a ranking.

Both are 2 Σ w y F / Σ w y − 1, where F is the share of people ranked below, half of those ranked alike
counted as below: ranked by the number itself for Gini, by something else for concentration.

References
----------
Langel, M. and Tillé, Y. (2013). Variance estimation of the Gini index: revisiting a result several times
published. Journal of the Royal Statistical Society A 176, 521–540.
Kakwani, N., Wagstaff, A. and van Doorslaer, E. (1997). Socioeconomic inequalities in health: measurement,
computation, and statistical inference. Journal of Econometrics 77, 87–103.
O'Donnell, O., van Doorslaer, E., Wagstaff, A. and Lindelow, M. (2008). Analyzing Health Equity Using Household
Survey Data, chapter 8. World Bank.
Demnati, A. and Rao, J. N. K. (2004). Linearization variance estimators for survey data. Survey Methodology 30,
17–26.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError, suggest
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.design.columns import finite_numbers
from xzz_analysis.survey.design.sample import require_sample
from xzz_analysis.survey.engine.cells import Cells
from xzz_analysis.survey.engine.figures import divide, totals
from xzz_analysis.survey.estimate.batches import By, estimate_batches, wald_batch
from xzz_analysis.survey.estimate.items import Item, answers, is_number, names_of, number_item
from xzz_analysis.survey.estimate.layout import Batch
from xzz_analysis.survey.estimates import Estimates

CORRECTIONS = ("none", "wagstaff", "erreygers")
"""What is done about the mean, which limits the concentration index of a number with bounds."""


@dataclass(frozen=True)
class Linearised:
    """An index in every domain, and how much each respondent moves it.

    Attributes
    ----------
    index : float array, shape (domains,)
        NaN where Σ w y is zero.
    u : float array, shape (rows,)
        Derivative of the index of the row's own domain in the row's weight; NaN outside the base. Σ w u is zero in
        every domain.
    """

    index: np.ndarray
    u: np.ndarray


@dataclass(frozen=True)
class Scale:
    """What the generalised index 2 cov(y, F) is divided by: the mean, or what the bounds of ``y`` make of it."""

    correction: str = "none"
    low: float = 0.0
    high: float = 1.0

    def index(self, generalised: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The index, and its derivatives in the generalised index and in the mean; arrays of one shape."""
        width, one = self.high - self.low, np.ones_like(mean)
        if self.correction == "erreygers":
            return 4 * generalised / width, 4 * one / width, 0 * one
        if self.correction == "none":
            return divide(generalised, mean), divide(one, mean), -divide(generalised, mean**2)
        room, turn = (self.high - mean) * (mean - self.low), self.high + self.low - 2 * mean
        slope = divide(width * one, room)
        return slope * generalised, slope, -divide(width * generalised * turn, room**2)


def gini(sample: Sample, what: str | Sequence[str], by: By = None, *, level: float = 0.95) -> Estimates:
    """Estimate the Gini index of numbers: 0 when all have the same, near 1 when one has everything.

    Parameters
    ----------
    sample : Sample
    what : str or sequence of str
        Numeric columns ≥ 0, such as income.
    by : str or sequence of str, optional
        Grouping columns; ranks are taken inside each group.
    level : float
        Confidence level.

    Returns
    -------
    Estimates
        Statistic ``gini``, no unit; no figure where everybody has zero.

    Raises
    ------
    DesignError
        Unknown column, text, infinite or negative numbers.

    Notes
    -----
    G = Σ Σ wᵢ wⱼ |yᵢ − yⱼ| / (2 (Σ w)² ȳ); there is no correction for small samples. The error is that of
    the linearised index (Langel and Tillé 2013); the interval is G ± t(df) · se, which is too short where a few
    clusters hold the largest numbers.
    """
    return gini_items(sample, [number_item(sample, name) for name in names_of(what)], by, level=level)


def gini_items(sample: Sample, items: Sequence[Item], by: By = None, *, level: float = 0.95) -> Estimates:
    """Gini index of prepared items of numbers ≥ 0; result as in :func:`gini`.

    Parameters
    ----------
    sample : Sample
    items : sequence of Item
    by : str or sequence of str, optional
    level : float

    References
    ----------
    Langel, M. and Tillé, Y. (2013). Journal of the Royal Statistical Society A 176, 521-540.
    """

    def batch(cells: Cells, some: Sequence[Item]) -> Batch:
        found = [concentrate(cells, answers(item), answers(item)) for item in some]
        return _batch(cells, some, found, level).named("gini")

    return estimate_batches(sample, [_checked(item) for item in items], by, batch, level=level)


def concentration(
    sample: Sample,
    what: str | Sequence[str],
    rank: str,
    by: By = None,
    *,
    correction: str = "none",
    bounds: tuple[float, float] = (0, 1),
    level: float = 0.95,
) -> Estimates:
    """Estimate how far a need is concentrated among those ranked low (below 0) or high (above 0).

    Parameters
    ----------
    sample : Sample
    what : str or sequence of str
        Needs as 0/1 columns, or numbers ≥ 0.
    rank : str
        Column that ranks people, lowest first: a number such as income, or an ordered category. A column that is
        the same for a whole group, such as a district's mean income, ranks groups. Ties share the mean rank.
    by : str or sequence of str, optional
        Grouping columns; ranks are taken inside each group.
    correction : "none", "wagstaff" or "erreygers"
        The index of a 0/1 need lies between ±(1 − p), so that groups with different p cannot be compared; "wagstaff"
        divides by what is possible, "erreygers" measures differences in percentage points.
    bounds : (float, float)
        Lowest and highest number possible, for a correction.
    level : float
        Confidence level.

    Returns
    -------
    Estimates
        Statistic ``concentration``, ``concentration_wagstaff`` or ``concentration_erreygers``, no unit; no figure where
        nobody has the need, except with "erreygers" (or everybody, with "wagstaff"). ``method`` prints the rank.

    Raises
    ------
    DesignError
        Unknown column, text, infinite or negative numbers, numbers outside ``bounds``, a rank without an order.

    Notes
    -----
    C = 2 cov_w(y, F) / ȳ. The error is that of the linearised index, the ranks' own sampling error included; the
    interval is C ± t(df) · se.

    References
    ----------
    Wagstaff, A. (2005). The bounds of the concentration index when the variable of interest is binary. Health
    Economics 14, 429–432.
    Erreygers, G. (2009). Correcting the concentration index. Journal of Health Economics 28, 504–515.
    """
    require_sample(sample)
    scale = _scale(correction, bounds)
    order, unranked = _rank(sample, rank)
    items = [_with_reasons(sample, name, unranked, scale) for name in names_of(what)]
    return _concentrations(sample, items, (rank, order), scale, by, level)


def concentration_items(
    sample: Sample,
    items: Sequence[Item],
    rank: tuple[str, np.ndarray],
    by: By = None,
    *,
    correction: str = "none",
    level: float = 0.95,
) -> Estimates:
    """Concentration of prepared 0/1 items, such as indicators; result as in :func:`concentration`.

    Parameters
    ----------
    sample : Sample
    items : sequence of Item
        Of 0, 1 and NaN, on the rows of the sample; their reasons say why somebody has no answer or no rank.
    rank : (str, float array of shape (rows,))
        What people are ranked by, and the numbers, NaN where missing.
    by : str or sequence of str, optional
    correction : "none", "wagstaff" or "erreygers"
    level : float

    References
    ----------
    Erreygers, G. (2009). Journal of Health Economics 28, 504-515.
    """
    require_sample(sample)
    return _concentrations(sample, items, rank, _scale(correction, (0, 1)), by, level)


def _concentrations(
    sample: Sample, items: Sequence[Item], rank: tuple[str, np.ndarray], scale: Scale, by: By, level: float
) -> Estimates:
    statistic, definition = "concentration", f"rank {rank[0]}"
    if scale.correction != "none":
        statistic = f"{statistic}_{scale.correction}"
        definition = f"{definition}, bounds {scale.low:g} to {scale.high:g}"

    def batch(cells: Cells, some: Sequence[Item]) -> Batch:
        found = [concentrate(cells, answers(item), rank[1], scale) for item in some]
        return _batch(cells, some, found, level).named(statistic, definition)

    return estimate_batches(sample, items, by, batch, level=level)


def concentrate(cells: Cells, y: np.ndarray, rank: np.ndarray, scale: Scale | None = None) -> Linearised:
    """Concentration index of a number along a ranking in every domain, linearised.

    Parameters
    ----------
    cells : Cells
    y, rank : arrays, shape (rows,)
        NaN is a missing answer; a respondent without either is left out.
    scale : Scale, optional
        By default the mean.

    Notes
    -----
    With W = Σ w, ȳ = Σ w y / W and A = Σ w y W F, the generalised index is g = 2A/W² − ȳ. Its derivative in a weight is
    (2 (y W F + Q)/W − 2g − ȳ − y)/W, where Q sums w y over those ranked above, half of those ranked alike; that of
    the mean is (y − ȳ)/W.
    """
    y, rank = y.astype(float), rank.astype(float)
    rows = np.flatnonzero((cells.row_domain >= 0) & ~np.isnan(y) & ~np.isnan(rank))
    domain, weight, value = cells.row_domain[rows], cells.design.weight[rows], y[rows]
    people = np.bincount(domain, weight, minlength=cells.domains)
    amount = np.bincount(domain, weight * value, minlength=cells.domains).astype(float)
    below, below_amount = _below(domain, rank[rows], np.stack([weight, weight * value]))
    mean = divide(amount, people)
    ranked = np.bincount(domain, weight * value * below, minlength=cells.domains)
    generalised = 2 * divide(ranked, people**2) - mean
    total, mine = people[domain], mean[domain]
    gained = 2 * divide(value * below + amount[domain] - below_amount, total) - 2 * generalised[domain] - mine - value
    index, in_generalised, in_mean = (scale or Scale()).index(generalised, mean)
    u = np.full(len(y), np.nan)
    u[rows] = divide(in_generalised[domain] * gained + in_mean[domain] * (value - mine), total)
    u[rows] = np.nan_to_num(u[rows])
    return Linearised(index, u)


def _below(domain: np.ndarray, rank: np.ndarray, masses: np.ndarray) -> np.ndarray:
    """Mass of those ranked below in the same domain, half of those ranked alike, shape (masses, rows)."""
    out = np.zeros_like(masses)
    if not len(rank):
        return out
    order = np.lexsort((rank, domain))
    first = np.diff(domain[order], prepend=-1) != 0
    starts = np.flatnonzero(first | (np.diff(rank[order], prepend=np.nan) != 0))
    tied = np.add.reduceat(masses[:, order], starts, axis=1)
    before = np.cumsum(tied, axis=1) - tied
    opening = np.flatnonzero(first[starts])
    before -= np.repeat(before[:, opening], np.diff(np.append(opening, len(starts))), axis=1)
    out[:, order] = np.repeat(before + tied / 2, np.diff(np.append(starts, len(rank))), axis=1)
    return out


def _batch(cells: Cells, items: Sequence[Item], found: Sequence[Linearised], level: float) -> Batch:
    """Figures of linearised indices: the errors are those of the totals Σ w u."""
    figures = totals(cells, [one.u for one in found])
    index = np.where(figures.n > 0, np.stack([one.index for one in found], axis=1), np.nan)
    absent = np.isnan(index)
    se, deff = (np.where(absent, np.nan, column) for column in (figures.se, figures.deff))
    return wald_batch(items, "", replace(figures, estimate=index, se=se, deff=deff), level)


def _checked(item: Item) -> Item:
    """Refuse negative numbers, which leave the index without bounds."""
    y = answers(item)
    negative = int((y < 0).sum())
    if negative:
        raise DesignError(
            f"column {item.indicator!r} is negative in {negative} of {len(y)} rows, and an index of inequality has "
            "no bounds then; correct those answers, or state how far apart people are with quantile()"
        )
    return item


def _with_reasons(sample: Sample, name: str, unranked: np.ndarray, scale: Scale) -> Item:
    """A numeric column inside its bounds, where a missing rank counts as a missing answer."""
    item = _checked(number_item(sample, name))
    y = answers(item)
    outside = int(((y < scale.low) | (y > scale.high)).sum())
    if outside and scale.correction != "none":
        raise DesignError(
            f"column {name!r} lies outside {scale.low:g} to {scale.high:g} in {outside} of {len(y)} rows; give the "
            "lowest and the highest number possible as bounds=(low, high)"
        )
    return replace(item, y=y, reasons=np.maximum(sample.missing_reason(name), unranked))


def _scale(correction: str, bounds: tuple[float, float]) -> Scale:
    if correction not in CORRECTIONS:
        known = ", ".join(CORRECTIONS)
        raise DesignError(f"correction {correction!r} is not one of {known}{suggest(correction, CORRECTIONS)}")
    given = finite_numbers("bounds", bounds)
    if len(given) != 2:
        raise DesignError(f"bounds hold {len(given)} numbers; give the lowest and the highest answer possible")
    low, high = given
    if not (np.isfinite([low, high]).all() and 0 <= low < high):
        raise DesignError(
            f"bounds are {low:g} and {high:g}; they are finite, the second above the first, none negative"
        )
    return Scale(correction, float(low), float(high))


def _rank(sample: Sample, name: str) -> tuple[np.ndarray, np.ndarray]:
    """What people are ranked by, NaN where missing, and the reasons for that; both of shape (rows,)."""
    column = sample.column(name)
    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
        codes = column.cat.codes.to_numpy().astype(float)
        return np.where(codes < 0, np.nan, codes), sample.missing_reason(name)
    if not is_number(column):
        raise DesignError(
            f"column {name!r} holds text, which ranks nobody; give a number such as income, or an ordered category"
        )
    return answers(number_item(sample, name)).astype(float), sample.missing_reason(name)
