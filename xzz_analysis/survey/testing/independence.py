"""Do answers and groups go together? Rao and Scott's corrections of Pearson's statistic, and Wald's, as numbers.

References
----------
Rao, J. N. K. and Scott, A. J. (1984). On chi-squared tests for multiway contingency tables with cell proportions
estimated from survey data. Annals of Statistics 12, 46–60.
Thomas, D. R. and Rao, J. N. K. (1987). Small-sample comparisons of level and power for simple goodness-of-fit
statistics under cluster sampling. Journal of the American Statistical Association 82, 630–636.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from xzz_analysis.survey.engine.sums import product
from xzz_analysis.survey.testing.equality import NOTHING, Outcome, f_test, wald


@dataclass(frozen=True)
class Table:
    """Weighted totals of answers crossed by groups.

    Attributes
    ----------
    total : float array, shape (answers, groups)
        People each cell stands for.
    covariance : float array, shape (cells, cells)
        Design covariance of the totals, cells row by row.
    n : float
        Respondents behind the table.
    df : float
        Degrees of freedom of the design, from the respondents behind the table.
    """

    total: np.ndarray
    covariance: np.ndarray
    n: float
    df: float

    def without_empty(self) -> Table:
        """The table without answers and groups that nobody is in."""
        answers, groups = self.total.sum(axis=1) > 0, self.total.sum(axis=0) > 0
        kept = np.outer(answers, groups).ravel()
        covariance = self.covariance[np.ix_(kept, kept)]
        return Table(self.total[np.ix_(answers, groups)], covariance, self.n, self.df)

    @property
    def absent(self) -> str:
        """Why no test of this table is possible, ``""`` when one is."""
        if self.n == 0 or self.total.size == 0:
            return "nobody_answered"
        if min(self.total.shape) < 2:
            return "one_category"
        return "no_degrees_of_freedom" if self.df <= 0 else ""


@dataclass(frozen=True)
class Effects:
    """Design effects of a table's interactions: the eigenvalues of Δ, summed up.

    Attributes
    ----------
    pearson : float
        Pearson's X² of the proportions, at n respondents.
    trace, squares : float
        Traces of Δ and of Δ².
    interactions : int
        (answers − 1)(groups − 1), the size of Δ.
    """

    pearson: float
    trace: float
    squares: float
    interactions: int


def rao_scott(table: Table, *, order: int = 2) -> Outcome:
    """Pearson's X² corrected for the design.

    Parameters
    ----------
    table : Table
        Without empty answers or groups; cells may be empty.
    order : 1 or 2
        First order: X² over the mean design effect, chi-square. Second order: X² over the sum of design effects,
        F with Satterthwaite's degrees of freedom d and d · df, d = (tr Δ)²/tr Δ².

    Returns
    -------
    Outcome
    """
    if table.absent:
        return Outcome(reason=table.absent)
    effects, reason = design_effects(table)
    if effects is None:
        return Outcome(reason=reason)
    if order == 1:
        corrected = effects.pearson * effects.interactions / effects.trace
        p = float(chdtrc(effects.interactions, corrected))
        return Outcome(corrected, float(effects.interactions), np.nan, p)
    d = effects.trace**2 / effects.squares
    return f_test(effects.pearson / effects.trace, d, d * table.df)


def design_effects(table: Table) -> tuple[Effects | None, str]:
    """Design effects of a table's interactions, or the reason why there are none.

    Notes
    -----
    Δ = (Cᵀ D⁻¹ C / n)⁻¹ Cᵀ D⁻¹ V D⁻¹ C, where D holds the estimated proportions (0⁻¹ is 0), V is their design
    covariance, and C spans what neither margin explains.
    """
    total = table.total.sum()
    p = table.total.ravel() / total
    to_share = (np.eye(p.size) - p[:, None]) / total
    covariance = product(product(to_share, table.covariance), to_share.T)
    inverse = np.divide(1, p, out=np.zeros_like(p), where=p > 0)
    c = np.kron(*(_contrasts(levels) for levels in table.total.shape)) * inverse[:, None]
    simple = product(c.T, p[:, None] * c) / table.n
    eigenvalues = np.linalg.eigvalsh(simple)
    if eigenvalues[0] <= NOTHING * eigenvalues[-1]:
        return None, "empty_cells"
    delta = np.linalg.solve(simple, product(product(c.T, covariance), c))
    trace = float(np.trace(delta))
    if trace <= NOTHING:
        return None, "no_sampling_error"
    expected = np.outer(table.total.sum(axis=1), table.total.sum(axis=0)).ravel() / total**2
    pearson = float(table.n * ((p - expected) ** 2 / expected).sum())
    return Effects(pearson, trace, float((delta * delta.T).sum()), len(delta)), ""


def table_wald(table: Table, *, adjusted: bool) -> Outcome:
    """Wald's test that totals are what the margins say, see :func:`~.equality.wald`.

    Parameters
    ----------
    table : Table
        Without empty answers or groups.
    adjusted : bool
    """
    if table.absent:
        return Outcome(reason=table.absent)
    total, rows, columns = table.total.sum(), table.total.sum(axis=1), table.total.sum(axis=0)
    expected = np.outer(rows, columns) / total
    same_row = np.kron(np.eye(len(rows)), np.tile(columns, (len(columns), 1)).T)
    same_column = np.kron(np.tile(rows, (len(rows), 1)).T, np.eye(len(columns)))
    slope = np.eye(expected.size) - (same_row + same_column - expected.ravel()[:, None]) / total
    inner = np.arange(expected.size).reshape(expected.shape)[1:, 1:].ravel()
    covariance = product(product(slope, table.covariance), slope.T)[np.ix_(inner, inner)]
    return wald((table.total - expected).ravel()[inner], covariance, table.df, adjusted=adjusted)


def _contrasts(levels: int) -> np.ndarray:
    """Columns that span what sums to zero, shape (levels, levels − 1)."""
    return np.eye(levels)[:, 1:] - 1 / levels
