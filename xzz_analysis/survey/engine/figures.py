"""Means, totals and ratios of columns in every domain, with their influences.

References
----------
Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys.
International Statistical Review 51, 279–292.
Demnati, A. and Rao, J. N. K. (2004). Linearization variance estimators for survey data. Survey Methodology 30,
17–26.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from xzz_analysis.survey.engine.cells import Cells
from xzz_analysis.survey.engine.sums import Column, Columns, Sums, square_sums, sum_columns

HUGE = 1e100
"""Largest ratio that can be computed with; beyond it the denominator counts as zero."""


@dataclass(frozen=True)
class Figures:
    """Estimates of one block of columns, each array of shape (domains, columns).

    Attributes
    ----------
    estimate, se, df, n, weighted_n, deff : arrays, shape (domains, columns)
        ``n`` and ``weighted_n`` describe the base: rows with a usable answer and a weight above zero.
    answered : array, shape (domains, columns)
        Rows with a usable answer, whatever their weight.
    need : array, shape (domains, columns)
        Rows with a weight whose answer is 1, for shares.
    telling : array, shape (domains, columns)
        For shares, the fewer of the first-stage units that hold a 1 and those that hold a 0.
    z : array, shape (cells, columns)
        Influence of each cell on its own domain's estimate.
    active : bool array, shape (cells, columns)
        Whether the cell holds a part of the base.
    coefficients : array, shape (domains, totals, columns), or None
        What calibration takes out of the influences.
    """

    estimate: np.ndarray
    se: np.ndarray
    df: np.ndarray
    n: np.ndarray
    weighted_n: np.ndarray
    deff: np.ndarray
    answered: np.ndarray
    need: np.ndarray
    telling: np.ndarray
    z: np.ndarray
    active: np.ndarray
    coefficients: np.ndarray | None


_ROUNDING = 1e-12
"""Sums of the same weights in the same order differ by less, relative to their size."""


def divide(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Quotient, NaN where the denominator is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below != 0, above / np.where(below != 0, below, 1), np.nan)


def means(cells: Cells, columns: Columns, *, binary: bool = False, sums: Sums | None = None) -> Figures:
    """Weighted means (shares, for 0/1 columns) in every domain.

    Parameters
    ----------
    cells : Cells
    columns : sequence of arrays, each of shape (rows,), or Stored
        NaN is a missing answer.
    binary : bool
        Whether every answer is 0 or 1: the spread is then p(1−p), and one pass less is needed.
    sums : Sums, optional
        The columns' sums, where they have been made before.

    Notes
    -----
    z = (Σ w y − p Σ w) / Σ_domain w per cell. deff compares with a simple random sample drawn with
    replacement: V / (s²/n), s² the weighted variance times n/(n−1).
    """
    sums = sums or sum_columns(cells, columns, count=binary)
    base = _Base(cells, sums)
    estimate = divide(base.domains(sums.y), base.total)
    z = _linear(cells, sums.y, estimate, base.expanded, base.total)
    squares = None if binary else square_sums(cells, columns, estimate)
    spread = estimate * (1 - estimate) if squares is None else divide(squares, base.total)
    figures = base.figures(estimate, z, divide(spread, base.n - 1))
    return replace(figures, telling=base.telling()) if binary else figures


def totals(cells: Cells, columns: Columns) -> Figures:
    """Weighted totals in every domain; arguments and deff as in :func:`means`, z = Σ w y per cell."""
    sums = sum_columns(cells, columns)
    base = _Base(cells, sums)
    total = base.domains(sums.y)
    spread = divide(square_sums(cells, columns, divide(total, base.total)), base.total)
    simple = divide(spread, base.n - 1) * base.total**2
    return base.figures(np.where(base.n > 0, total, np.nan), sums.y, simple)


def ratios(cells: Cells, above: list[Column], below: list[Column]) -> Figures:
    """Ratios of totals Σ w·above / Σ w·below in every domain, on rows where both are answered.

    Parameters
    ----------
    cells : Cells
    above, below : lists of arrays, each of shape (rows,)

    Notes
    -----
    z = (Σ w above − R Σ w below) / Σ_domain w below per cell. deff compares the total of the residuals with
    a simple random sample drawn with replacement.
    """
    tops, bottoms = zip(*(_both(top, bottom) for top, bottom in zip(above, below, strict=True)), strict=True)
    top, bottom = sum_columns(cells, tops), sum_columns(cells, bottoms)
    base = _Base(cells, top)
    top_total, bottom_total = base.domains(top.y), base.domains(bottom.y)
    bottom_total = np.where(np.abs(bottom_total) * HUGE < np.abs(top_total), 0.0, bottom_total)
    estimate = divide(top_total, bottom_total)
    z = _linear(cells, top.y, estimate, bottom.y, bottom_total)
    own = estimate[np.maximum(cells.row_domain, 0)].T
    residuals = [top - rate * bottom for top, rate, bottom in zip(tops, own, bottoms, strict=True)]
    spread = divide(square_sums(cells, residuals, np.zeros_like(estimate)), base.total)
    simple = divide(spread, base.n - 1) * divide(base.total, bottom_total) ** 2
    return base.figures(estimate, z, simple)


def _both(above: Column, below: Column) -> tuple[Column, Column]:
    """Two columns as numbers, missing together."""
    above, below = above.astype(float), below.astype(float)
    missing = np.isnan(above) | np.isnan(below)
    return np.where(missing, np.nan, above), np.where(missing, np.nan, below)


def _linear(cells: Cells, y: np.ndarray, rate: np.ndarray, x: np.ndarray, total: np.ndarray) -> np.ndarray:
    """(y − rate·x) / total in every bin, by the bin's domain; zero where the total is."""
    domain = bin_domain(cells, len(y))
    return np.asarray((y - np.nan_to_num(rate)[domain] * x) / np.where(total != 0, total, 1)[domain])


def bin_domain(cells: Cells, bins: int) -> np.ndarray:
    """Domain of every bin: of the cells, then of the domain × calibration totals."""
    width = (bins - len(cells.domain)) // cells.domains
    return np.concatenate([cells.domain, np.repeat(np.arange(cells.domains), width)])


class _Base:
    """The base of each column: who is in it, and what it weighs."""

    def __init__(self, cells: Cells, sums: Sums) -> None:
        self.cells = cells
        self.sums = sums
        self.expanded = sums.base[:, sums.same]
        self.total = self.domains(sums.base)[:, sums.same]
        self.n = sums.n[:, sums.same]

    def domains(self, bins: np.ndarray) -> np.ndarray:
        """Sum the cells among bins inside domains."""
        return self.cells.domain_sums(bins[: len(self.cells.domain)])

    def telling(self) -> np.ndarray:
        """The fewer of the first-stage units that hold a 1 and those that hold a 0, shape (domains, columns)."""
        cells = len(self.cells.domain)
        ones, base = self.sums.y[:cells], self.expanded[:cells]
        with_one, with_zero = self.cells.held(ones > 0)[0], self.cells.held(base - ones > _ROUNDING * base)[0]
        return np.asarray(np.minimum(with_one, with_zero))

    def figures(self, estimate: np.ndarray, bins: np.ndarray, simple: np.ndarray) -> Figures:
        """Complete the figures from influences in bins and the variance of a simple random sample."""
        cells, sums = self.cells, self.sums
        z, gathered = bins[: len(cells.domain)], bins[len(cells.domain) :]
        coefficients = None
        if cells.design.correction is not None:
            by_domain = gathered.reshape(cells.domains, -1, z.shape[1])
            coefficients = np.stack([cells.design.correction.coefficients(one) for one in by_domain])
        active = sums.base[: len(cells.domain)] > 0
        spread = cells.variance(z, active[:, sums.same], coefficients)
        variance = np.where(np.isnan(estimate), np.nan, spread)
        return Figures(
            estimate,
            np.sqrt(variance),
            cells.degrees(active)[:, sums.same],
            self.n,
            self.total,
            divide(variance, simple),
            sums.answered[:, sums.same],
            sums.need,
            np.zeros_like(estimate),
            z,
            active[:, sums.same],
            coefficients,
        )
