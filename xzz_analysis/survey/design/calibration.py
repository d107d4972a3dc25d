"""What calibration has made certain is taken out of influences before their spread is measured.

Weights that reproduce known totals remove the part of every estimate's error that those totals explain. Each
calibration is a linear step on the influences x of respondents, x − spread (gatherᵀ x), so that all of it is
done on sums: the gathered sums of an estimate give its coefficients, and units subtract coefficients ×
their own totals of ``spread``.

References
----------
Deville, J.-C. and Särndal, C.-E. (1992). Calibration estimators in survey sampling. Journal of the American
Statistical Association 87, 376–382.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from xzz_analysis.survey.engine.sums import product


@dataclass(frozen=True)
class Projection:
    """One step x − spread @ (gatherᵀ @ x) on the influences x of respondents.

    Attributes
    ----------
    spread, gather : sparse arrays, shape (rows, totals)
    """

    spread: sparse.csr_array
    gather: sparse.csr_array


@dataclass(frozen=True)
class Calibration:
    """Projections applied in turn, as often as ``sweeps`` says."""

    projections: tuple[Projection, ...]
    sweeps: int = 1


@dataclass(frozen=True)
class Correction:
    """All calibrations of a sample, in the order they were made.

    Attributes
    ----------
    calibrations : tuple of Calibration
    gather, spread : sparse arrays, shape (rows, totals)
        The projections' columns side by side.
    totals : array, shape (units, totals)
        ``spread`` summed inside last-stage units.
    cross : array, shape (totals, totals)
        gatherᵀ spread.
    """

    calibrations: tuple[Calibration, ...]
    gather: sparse.csr_array
    spread: sparse.csr_array
    totals: np.ndarray
    cross: np.ndarray

    def coefficients(self, gathered: np.ndarray) -> np.ndarray:
        """Coefficients to subtract, from the gathered sums of estimates.

        Parameters
        ----------
        gathered : array, shape (totals, estimates)
            gatherᵀ x of each estimate.

        Returns
        -------
        array, shape (totals, estimates)
            The corrected influences are x − spread @ coefficients.
        """
        out = np.zeros_like(gathered)
        for calibration, places in zip(self.calibrations, _places(self.calibrations), strict=True):
            for _ in range(calibration.sweeps):
                for place in places:
                    out[place] += gathered[place] - product(self.cross[place], out)
        return out


def _places(calibrations: Sequence[Calibration]) -> list[list[slice]]:
    """Where each projection's columns lie when all stand side by side."""
    places: list[list[slice]] = []
    start = 0
    for calibration in calibrations:
        places.append([])
        for projection in calibration.projections:
            width = projection.gather.shape[1]
            places[-1].append(slice(start, start + width))
            start += width
    return places


def make_correction(calibrations: Sequence[Calibration], unit: np.ndarray, units: int) -> Correction | None:
    """Prepare the calibrations of a sample; None when there are none.

    Parameters
    ----------
    calibrations : sequence of Calibration
    unit : int array, shape (rows,)
        Last-stage unit of each row.
    units : int
    """
    if not calibrations:
        return None
    projections = [projection for one in calibrations for projection in one.projections]
    gather = sparse.hstack([one.gather for one in projections], format="csr")
    spread = sparse.hstack([one.spread for one in projections], format="csr")
    rows = len(unit)
    inside = sparse.csc_array((np.ones(rows), unit, np.arange(rows + 1)), shape=(units, rows))
    totals = (inside @ spread).toarray()
    return Correction(tuple(calibrations), gather, spread, totals, (gather.T @ spread).toarray())
