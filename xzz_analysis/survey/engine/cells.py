"""Cells → Z → V: one pass over respondents, then small-table algebra.

A cell is a first-stage unit × domain that holds at least one respondent. Everything a design-based
estimate needs is a sum inside cells; the influence of each unit on each estimate (Z) is linear in those
sums; the covariance of any estimates is the stratified covariance of the columns of Z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from xzz_analysis.survey.design import Design, Domains


@dataclass(frozen=True)
class Cells:
    """The cells of one design and one set of domains, sorted by domain, then by unit.

    Attributes
    ----------
    design : Design
    domain : int array, shape (cells,)
        Domain of each cell.
    cluster : int array, shape (cells,)
        First-stage unit of each cell.
    starts : int array, shape (runs,)
        Position of the first cell of each stratum × domain run.
    gather : sparse array, shape (cells, rows)
        Row membership of cells (1 where the row lies in the cell).
    row_domain : int array, shape (rows,)
        Domain of each row, -1 for none.
    domains : int
        Number of domains.
    """

    design: Design
    domain: np.ndarray
    cluster: np.ndarray
    starts: np.ndarray
    gather: sparse.csr_array
    row_domain: np.ndarray
    domains: int

    def sums(self, columns: np.ndarray) -> np.ndarray:
        """Sum row values inside cells, shape (rows, columns) → (cells, columns)."""
        return np.asarray(self.gather @ columns)

    def domain_sums(self, cells: np.ndarray) -> np.ndarray:
        """Sum cell values inside domains, shape (cells, columns) → (domains, columns)."""
        first = np.searchsorted(self.domain, np.arange(self.domains))
        empty = np.diff(np.append(first, len(self.domain))) == 0
        if len(self.domain) == 0:
            return np.zeros((self.domains, cells.shape[1]))
        sums: np.ndarray = np.add.reduceat(cells, np.minimum(first, len(cells) - 1), axis=0)
        sums[empty] = 0
        return np.asarray(sums)

    def variance(self, z: np.ndarray) -> np.ndarray:
        """Design variance of each column's domain estimates from cell influences.

        Parameters
        ----------
        z : array, shape (cells, columns)
            Influence of each cell on its own domain's estimate; units without members of the domain
            have influence zero and still count, which is what keeps domain errors right.

        Returns
        -------
        array, shape (domains, columns)
            Σ over strata of (1−f) n/(n−1) (Σ z² − (Σ z)²/n).
        """
        if len(z) == 0:
            return np.full((self.domains, z.shape[1]), np.nan)
        stratum = self.design.stratum[self.cluster[self.starts]]
        n = self.design.sampled[stratum][:, None]
        present = np.diff(np.append(self.starts, len(z)))
        centre = np.add.reduceat(z, self.starts, axis=0) / n
        deviation = z - np.repeat(centre, present, axis=0)
        spread = np.add.reduceat(deviation**2, self.starts, axis=0) + (n - present[:, None]) * centre**2
        factor = (1 - self.design.fraction[stratum])[:, None] * n / np.maximum(n - 1, 1)
        return self._by_domain(spread * factor)

    def degrees(self, active: np.ndarray) -> np.ndarray:
        """Degrees of freedom of each domain: units with members minus strata with members.

        Parameters
        ----------
        active : bool array, shape (cells, columns)
            Whether the cell holds a respondent with positive weight and a usable answer.
        """
        if len(active) == 0:
            return np.zeros((self.domains, active.shape[1]))
        strata = np.logical_or.reduceat(active, self.starts, axis=0)
        units = self.domain_sums(active.astype(float))
        return np.asarray(units - self._by_domain(strata.astype(float)))

    def _by_domain(self, runs: np.ndarray) -> np.ndarray:
        """Sum stratum × domain runs inside domains, shape (runs, columns) → (domains, columns)."""
        out = np.zeros((self.domains, runs.shape[1]))
        np.add.at(out, self.domain[self.starts], runs)
        return out


def make_cells(design: Design, domains: Domains) -> Cells:
    """Number the cells of a design split by domains."""
    rows = np.flatnonzero(domains.code >= 0)
    clusters = len(design.stratum)
    key = domains.code[rows] * clusters + design.cluster[rows]
    found, position = np.unique(key, return_inverse=True)
    domain, cluster = np.divmod(found, clusters)
    gather = sparse.csr_array((np.ones(len(rows)), (position, rows)), shape=(len(found), len(design.weight)))
    run = domain * len(design.sampled) + design.stratum[cluster]
    starts = np.flatnonzero(np.diff(run, prepend=-1))
    return Cells(design, domain, cluster, starts, gather, domains.code, len(domains.names))


@dataclass(frozen=True)
class Figures:
    """Estimates of one block of columns, each array of shape (domains, columns).

    ``z`` (cells × columns) is the influence of each cell; ``n``, ``weighted_n`` describe the base:
    rows with a usable answer and a weight above zero.
    """

    estimate: np.ndarray
    se: np.ndarray
    df: np.ndarray
    n: np.ndarray
    weighted_n: np.ndarray
    deff: np.ndarray
    z: np.ndarray


def _base(cells: Cells, usable: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cell weights, respondents with weight per domain and degrees of freedom of usable answers."""
    columns: dict[bytes, int] = {}
    same = [columns.setdefault(column.tobytes(), len(columns)) for column in usable.T]
    first = [same.index(position) for position in range(len(columns))]
    usable = usable[:, first]  # the options of a question share their base
    weight = cells.design.weight[:, None]
    in_cell = cells.sums(usable * weight)
    n = cells.domain_sums(cells.sums((usable & (weight > 0)).astype(float)))
    return in_cell[:, same], n[:, same], cells.degrees(in_cell > 0)[:, same]


def _divide(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Quotient, NaN where the denominator is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below != 0, above / np.where(below != 0, below, 1), np.nan)


def _own(cells: Cells, estimate: np.ndarray) -> np.ndarray:
    """Each row's own domain's estimate, shape (rows, columns)."""
    return np.asarray(estimate[np.maximum(cells.row_domain, 0)])


def _spread(cells: Cells, residual: np.ndarray, total_weight: np.ndarray) -> np.ndarray:
    """Weighted mean square of residuals in every domain."""
    weight = cells.design.weight[:, None]
    return _divide(cells.domain_sums(cells.sums(residual**2 * weight)), total_weight)


def means(cells: Cells, y: np.ndarray, *, binary: bool = False) -> Figures:
    """Weighted means (shares, for 0/1 columns) in every domain.

    Parameters
    ----------
    y : float array, shape (rows, columns)
        NaN is a missing answer.
    binary : bool
        Whether every answer is 0 or 1: the spread is then p(1−p), and one pass less is needed.

    Notes
    -----
    z = (Σ w y − p Σ w) / Σ_domain w per cell. deff compares with a simple random sample drawn with
    replacement: V / (s²/n), s² the weighted variance times n/(n−1).
    """
    usable = ~np.isnan(y)
    filled = np.where(usable, y, 0.0)
    weight = cells.design.weight[:, None]
    in_cell, n, df = _base(cells, usable)
    sums = cells.sums(filled * weight)
    total_weight = cells.domain_sums(in_cell)
    estimate = _divide(cells.domain_sums(sums), total_weight)
    z = (sums - estimate[cells.domain] * in_cell) / np.where(total_weight > 0, total_weight, 1)[cells.domain]
    variance = cells.variance(z)
    if binary:
        spread = estimate * (1 - estimate)
    else:
        spread = _spread(cells, np.where(usable, y - _own(cells, estimate), 0.0), total_weight)
    deff = _divide(variance, _divide(spread, n - 1))
    return Figures(estimate, np.sqrt(variance), df, n, total_weight, deff, z)


def totals(cells: Cells, y: np.ndarray) -> Figures:
    """Weighted totals in every domain; arguments and deff as in :func:`means`, z = Σ w y per cell."""
    usable = ~np.isnan(y)
    weight = cells.design.weight[:, None]
    in_cell, n, df = _base(cells, usable)
    z = cells.sums(np.where(usable, y, 0.0) * weight)
    variance = cells.variance(z)
    average = means(cells, y)
    simple = _divide(average.se**2, average.deff) * average.weighted_n**2
    estimate = np.where(n > 0, cells.domain_sums(z), np.nan)
    return Figures(estimate, np.sqrt(variance), df, n, cells.domain_sums(in_cell), _divide(variance, simple), z)


def ratios(cells: Cells, above: np.ndarray, below: np.ndarray) -> Figures:
    """Ratios of totals Σ w·above / Σ w·below in every domain, on rows where both are answered.

    Parameters
    ----------
    above, below : float arrays, shape (rows, columns)

    Notes
    -----
    z = (Σ w above − R Σ w below) / Σ_domain w below per cell. deff compares the total of the residuals with
    a simple random sample drawn with replacement.
    """
    usable = ~np.isnan(above) & ~np.isnan(below)
    weight = cells.design.weight[:, None]
    in_cell, n, df = _base(cells, usable)
    top = cells.sums(np.where(usable, above, 0.0) * weight)
    bottom = cells.sums(np.where(usable, below, 0.0) * weight)
    bottom_total = cells.domain_sums(bottom)
    estimate = _divide(cells.domain_sums(top), bottom_total)
    z = (top - estimate[cells.domain] * bottom) / np.where(bottom_total != 0, bottom_total, 1)[cells.domain]
    variance = cells.variance(z)
    total_weight = cells.domain_sums(in_cell)
    residual = np.where(usable, above - _own(cells, estimate) * below, 0.0)
    spread = _spread(cells, residual, total_weight)
    simple = _divide(spread, n - 1) * _divide(total_weight, bottom_total) ** 2
    return Figures(estimate, np.sqrt(variance), df, n, total_weight, _divide(variance, simple), z)
