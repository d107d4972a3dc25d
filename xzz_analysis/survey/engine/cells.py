"""Cells → Z → V: one pass over respondents, then small-table algebra.

A cell is a last-stage unit × domain that holds at least one respondent. Everything a design-based
estimate needs is a sum inside cells; the influence of each unit on each estimate (Z) is linear in those
sums; the covariance of any estimates is the stratified covariance of the columns of Z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xzz_analysis.survey.design.domains import Domains, distinct
from xzz_analysis.survey.design.stages import Design, Stage
from xzz_analysis.survey.engine.sums import product


@dataclass(frozen=True)
class Runs:
    """One stage's units and strata as runs of cells, domain by domain.

    Attributes
    ----------
    stage : Stage
    units : int array, shape (runs,)
        First cell of each unit × domain.
    strata : int array, shape (stratum runs,)
        First unit run of each stratum × domain.
    stratum : int array, shape (stratum runs,)
    domain : int array, shape (stratum runs,)
    """

    stage: Stage
    units: np.ndarray
    strata: np.ndarray
    stratum: np.ndarray
    domain: np.ndarray

    def by_domain(self, values: np.ndarray) -> np.ndarray:
        """Sum stratum runs inside domains, shape (stratum runs, columns) → (domains, columns)."""
        starts = np.flatnonzero(np.diff(self.domain, prepend=-1))
        return np.asarray(np.add.reduceat(values, starts, axis=0))

    def any_unit(self, active: np.ndarray) -> np.ndarray:
        """Whether each unit run holds an active cell, shape (cells, columns) → (unit runs, columns)."""
        whole = len(self.units) == len(active)
        return active if whole else np.asarray(np.logical_or.reduceat(active, self.units, axis=0))

    def spread(self, z: np.ndarray) -> np.ndarray:
        """Scaled squares of unit totals about their stratum's mean, shape (stratum runs, columns).

        Units of the stratum without members of the domain have influence zero and still count, which is
        what keeps domain errors right.
        """
        return self._powers(z, (1,))[0]

    def spreads(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The scaled squares of :meth:`spread`, and the sums of their squares, both (stratum runs, columns)."""
        squares, fourth = self._powers(z, (1, 2))
        return squares, fourth

    def _powers(self, z: np.ndarray, powers: Sequence[int]) -> list[np.ndarray]:
        totals = z if len(self.units) == len(z) else np.add.reduceat(z, self.units, axis=0)
        n = self.stage.sampled[self.stratum][:, None]
        present = np.diff(np.append(self.strata, len(totals)))
        centre = np.add.reduceat(totals, self.strata, axis=0) / n * self.stage.centred[self.stratum][:, None]
        deviation = totals - np.repeat(centre, present, axis=0)
        each, absent = deviation**2, centre**2
        out = []
        for power in powers:
            summed = np.add.reduceat(each**power, self.strata, axis=0) + (n - present[:, None]) * absent**power
            out.append(summed * self.stage.factor[self.stratum][:, None] ** power)
        return out


@dataclass(frozen=True)
class Cells:
    """The cells of one design and one set of domains, sorted by domain, then by unit.

    Attributes
    ----------
    design : Design
    domain, unit : int arrays, shape (cells,)
        Domain and last-stage unit of each cell.
    row_cell, row_domain : int arrays, shape (rows,)
        Cell and domain of each row, -1 for none.
    domains : int
        Number of domains.
    runs : tuple of Runs
        One for each stage.
    all_weighted : bool
        Whether every row has a weight above zero.
    """

    design: Design
    domain: np.ndarray
    unit: np.ndarray
    row_cell: np.ndarray
    row_domain: np.ndarray
    domains: int
    runs: tuple[Runs, ...]
    all_weighted: bool

    def domain_sums(self, cells: np.ndarray) -> np.ndarray:
        """Sum cell values inside domains, shape (cells, columns) → (domains, columns)."""
        starts = np.flatnonzero(np.diff(self.domain, prepend=-1))
        return np.asarray(np.add.reduceat(cells, starts, axis=0))

    def variance(self, z: np.ndarray, active: np.ndarray, coefficients: np.ndarray | None = None) -> np.ndarray:
        """Design variance of each column's domain estimates from cell influences.

        Parameters
        ----------
        z : array, shape (cells, columns)
            Influence of each cell on its own domain's estimate.
        active : bool array, shape (cells, columns)
            Whether the cell holds a part of the base.
        coefficients : array, shape (domains, totals, columns), optional
            What calibration takes out (see :mod:`xzz_analysis.survey.design.calibration`).

        Returns
        -------
        array, shape (domains, columns)
            Σ over stages and strata of (1−f) n/(n−1) (Σ z² − (Σ z)²/n), times the fractions of the stages above.
        """
        if coefficients is not None:
            return np.stack([self._calibrated(z, coefficients, domain) for domain in range(self.domains)])
        out = np.zeros((self.domains, z.shape[1]))
        for runs in self.runs:
            part = runs.by_domain(runs.spread(z))
            out += part * self._average_scale(runs, active) if runs.stage.averaged.any() else part
        return out

    def _average_scale(self, runs: Runs, active: np.ndarray) -> np.ndarray:
        """What averaged strata add, by domain and column (see ``Stage.average_scale``)."""
        units = runs.any_unit(active)
        strata = np.logical_or.reduceat(units, runs.strata, axis=0)
        held = np.zeros((self.domains, len(runs.stage.sampled), active.shape[1]), bool)
        held[runs.domain, runs.stratum] = strata
        return np.stack([runs.stage.average_scale(one) for one in held])

    def _calibrated(self, z: np.ndarray, coefficients: np.ndarray, domain: int) -> np.ndarray:
        """Variance of one domain's estimates, every unit of the sample taking part."""
        return self.design.variance(self._influence(z, coefficients, domain))

    def _influence(self, z: np.ndarray, coefficients: np.ndarray, domain: int) -> np.ndarray:
        """Influence of every unit on one domain's estimates, calibration taken out."""
        correction = self.design.correction
        inside = self.domain == domain
        influence = np.zeros((self.design.units, z.shape[1]))
        influence[self.unit[inside]] = z[inside]
        if correction is not None:
            influence -= product(correction.totals, coefficients[domain])
        return influence

    def excess_kurtosis(self, z: np.ndarray, active: np.ndarray, coefficients: np.ndarray | None = None) -> np.ndarray:
        """How much more than normal the variance depends on a few first-stage units.

        Arguments as in :meth:`variance`.

        Returns
        -------
        array, shape (domains, columns)
            Σ u² / (Σ u)² − 3/k, at least 0: u what each of the k units of the strata held adds to the variance.
        """
        squares, fourth, units = self._moments(z, active, coefficients)
        known = (squares**2 > 0) & (units > 0)
        ratio = fourth / np.where(known, squares, 1) ** 2 - 3 / np.where(known, units, 1)
        return np.where(known, np.maximum(ratio, 0), 0.0)

    def _moments(
        self, z: np.ndarray, active: np.ndarray, coefficients: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Σ u, Σ u² and the number of units, each of shape (domains, columns)."""
        first = self.runs[0]
        if coefficients is not None:
            parts = [self._influence(z, coefficients, domain) for domain in range(self.domains)]
            each = [first.stage.deviations(part) ** 2 for part in parts]
            squares = np.stack([one.sum(axis=0) for one in each])
            fourth = np.stack([(one**2).sum(axis=0) for one in each])
            return squares, fourth, np.full(squares.shape, float(len(first.stage.stratum)))
        strata = np.logical_or.reduceat(first.any_unit(active), first.strata, axis=0)
        units = first.by_domain(strata * first.stage.sampled[first.stratum][:, None])
        squares, fourth = map(first.by_domain, first.spreads(z))
        return squares, fourth, units

    def held(self, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First-stage units, and strata, that hold a part of each base, both of shape (domains, columns).

        Parameters
        ----------
        active : bool array, shape (cells, columns)
            Whether the cell holds a respondent with positive weight and a usable answer.
        """
        first = self.runs[0]
        units = first.any_unit(active)
        strata = np.logical_or.reduceat(units, first.strata, axis=0)
        counted = np.add.reduceat(units, first.strata, axis=0, dtype=np.int32)
        return first.by_domain(counted.astype(float)), first.by_domain(strata.astype(float))

    def degrees(self, active: np.ndarray) -> np.ndarray:
        """Degrees of freedom of each domain: first-stage units with members minus strata with members."""
        units, strata = self.held(active)
        return np.asarray(units - strata)


def make_cells(design: Design, domains: Domains) -> Cells:
    """Number the cells of a design split by domains, of which there is at least one."""
    key = np.where(domains.code >= 0, domains.code * design.units + design.unit, -1)
    top = len(domains.names) * design.units
    if top > 4 * len(key):
        found = distinct(key[key >= 0])
        row_cell = np.where(key >= 0, np.searchsorted(found, key), -1)
    else:
        occurs = np.bincount(key + 1, minlength=top + 1)[1:] > 0
        found = np.flatnonzero(occurs)
        row_cell = np.append(np.cumsum(occurs) - 1, -1)[key]
    domain, unit = np.divmod(found, design.units)
    runs = tuple(_runs(stage, domain, unit) for stage in design.stages)
    all_weighted = bool((design.weight > 0).all())
    return Cells(design, domain, unit, row_cell, domains.code, len(domains.names), runs, all_weighted)


def _runs(stage: Stage, domain: np.ndarray, unit: np.ndarray) -> Runs:
    member = stage.unit[unit]
    units = _starts(domain, member)
    stratum = stage.stratum[member[units]]
    strata = _starts(domain[units], stratum)
    return Runs(stage, units, strata, stratum[strata], domain[units][strata])


def _starts(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """Where a pair of codes differs from the one before."""
    return np.flatnonzero((np.diff(outer, prepend=-1) != 0) | (np.diff(inner, prepend=-1) != 0))
