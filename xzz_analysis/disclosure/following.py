"""Which hidden rows follow from the printed ones, where many sums overlap, and what to hide against it.

References
----------
Hundepool, A. et al. (2012). Statistical Disclosure Control. Wiley, section 4.4 (linked tables).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import lsmr

_NOTHING = 1e-6
"""A row that moves less than this, where all others may move about 1, is known."""
_EXACT = 1e-13


class Sum(NamedTuple):
    """A row, and the rows that add up to it."""

    whole: int
    parts: tuple[int, ...]


def matrix_of(sums: Sequence[Sum], rows: int) -> sparse.csc_matrix:
    """The equations as a matrix of 1 (parts) and −1 (whole), shape (sums, rows)."""
    lines = [at for at, one in enumerate(sums) for _ in range(len(one.parts) + 1)]
    columns = [row for one in sums for row in (one.whole, *one.parts)]
    values = [value for one in sums for value in (-1.0, *[1.0] * len(one.parts))]
    return sparse.csc_matrix((values, (lines, columns)), shape=(len(sums), rows))


def followed(matrix: sparse.csc_matrix, hidden: np.ndarray) -> np.ndarray:
    """Hidden rows whose value follows from the equations and the rows that are not hidden.

    Parameters
    ----------
    matrix : csc_matrix, shape (sums, rows)
    hidden : bool array, shape (rows,)

    Returns
    -------
    bool array, shape (rows,)
        A row moves in some solution or it does not: a random solution of the equations of the hidden rows, with nothing
        on the right, is not zero where the row can move, but for a chance of nought.
    """
    unknown = np.flatnonzero(hidden)
    found = np.zeros(len(hidden), bool)
    if not len(unknown):
        return found
    start = np.random.default_rng(len(unknown)).normal(size=len(unknown))
    moved = start - _nearest(matrix[:, unknown], start)
    found[unknown] = np.abs(moved) < _NOTHING
    return found


def _nearest(equations: sparse.csc_matrix, start: np.ndarray) -> np.ndarray:
    """What of a vector lies in the row space of the equations."""
    return np.asarray(equations.T @ lsmr(equations.T, start, atol=_EXACT, btol=_EXACT, conlim=0, maxiter=20_000)[0])


def shown_in_derivation(matrix: sparse.csc_matrix, hidden: np.ndarray, row: int) -> np.ndarray:
    """Rows that are not hidden and out of which a row that follows can be worked out, bool array of shape (rows,)."""
    unknown = np.flatnonzero(hidden)
    aim = (unknown == row).astype(float)
    factors = lsmr(matrix[:, unknown].T, aim, atol=_EXACT, btol=_EXACT, conlim=0, maxiter=20_000)[0]
    used: np.ndarray = np.abs(np.asarray(matrix.T @ factors)) > _NOTHING
    used[hidden] = False
    return used
