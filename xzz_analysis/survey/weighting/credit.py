"""What a calibration makes certain, as projections of the influences of respondents.

The influence of a respondent on an estimate is final weight × linearised value. With d the weights before, w = g d
after, and X the auxiliary columns, the part that the totals explain is w X (X'DX)⁻¹ Σ X (influence / g): the
regression of the linearised values on X, weighted by d.

References
----------
Deville, J.-C. and Särndal, C.-E. (1992). Calibration estimators in survey sampling. Journal of the American
Statistical Association 87, 376–382.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from xzz_analysis.survey.design.calibration import Calibration, Projection
from xzz_analysis.survey.weighting.margins import Margin
from xzz_analysis.survey.weighting.solve import inverse, weighted_products

R_SWEEPS = 10
"""How often R's rake() takes out each margin's means; it does not iterate to the end."""


def regression_credit(x: sparse.csr_array, before: np.ndarray, after: np.ndarray) -> Calibration:
    """Residuals of the regression on auxiliary columns.

    Parameters
    ----------
    x : sparse array, shape (rows, totals)
        Columns that follow from others are allowed.
    before, after : float arrays, shape (rows,)
        Weights d and w. A respondent whose weight became zero leaves the regression as well.
    """
    kept = np.where(after > 0, before, 0.0)
    coefficients = sparse.csr_array(inverse(weighted_products(x, kept)))
    per_factor = kept / np.where(after > 0, after, 1.0)
    spread = sparse.csr_array(x.multiply(after[:, None]) @ coefficients)
    return Calibration((Projection(spread, sparse.csr_array(x.multiply(per_factor[:, None]))),))


def raking_credit(margins: Sequence[Margin], after: np.ndarray) -> Calibration:
    """Deviations from each margin's unweighted means of influence / weight, ten times in turn: R's rake().

    Parameters
    ----------
    margins : sequence of Margin
    after : float array, shape (rows,)
        Raked weights.
    """
    safe = np.where(after > 0, after, 1.0)
    projections = []
    for margin in margins:
        member = indicators(margin)
        size = np.bincount(margin.code[margin.code >= 0], minlength=len(margin.levels))
        spread = member.multiply(after[:, None]) / size
        projections.append(Projection(sparse.csr_array(spread), sparse.csr_array(member.multiply(1 / safe[:, None]))))
    return Calibration(tuple(projections), R_SWEEPS)


def indicators(margin: Margin) -> sparse.csr_array:
    """One 0/1 column per level, shape (rows, levels); zero where the weight is."""
    rows = np.flatnonzero(margin.code >= 0)
    entries = (np.ones(len(rows)), (rows, margin.code[rows]))
    return sparse.csr_array(entries, shape=(len(margin.code), len(margin.levels)))
