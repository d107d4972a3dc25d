"""Families of tests: p-values adjusted for how many questions were asked together.

References
----------
Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6, 65–70.
Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal Statistical
Society B 57, 289–300.
"""

from __future__ import annotations

import numpy as np

from xzz_analysis.errors import DesignError, suggest

ADJUSTMENTS = ("none", "holm", "benjamini-hochberg")
"""Adjustments that need the p-values alone."""


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down p-values: no false difference in the whole family, with the stated probability.

    Parameters
    ----------
    p : float array, shape (tests,)
        Between 0 and 1, none missing.

    Returns
    -------
    float array, shape (tests,)
        The largest of (tests − i + 1)·p₍ᵢ₎ over the p-values up to each one, at most 1.
    """
    order = np.argsort(p, kind="stable")
    left = len(p) - np.arange(len(p))
    stepped = np.minimum(np.maximum.accumulate(left * p[order]), 1)
    return _undo(stepped, order)


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's p-values: the share of false differences among those reported.

    Parameters
    ----------
    p : float array, shape (tests,)
        Between 0 and 1, none missing.

    Returns
    -------
    float array, shape (tests,)
        The smallest of tests/i·p₍ᵢ₎ over the p-values from each one up, at most 1.
    """
    order = np.argsort(p, kind="stable")
    raised = len(p) / (np.arange(len(p)) + 1) * p[order]
    stepped = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1)
    return _undo(stepped, order)


def adjust(p: np.ndarray, method: str) -> tuple[np.ndarray, int]:
    """Adjust the p-values of one declared family.

    Parameters
    ----------
    p : float array, shape (questions,)
        NaN where there is no test.
    method : "none", "holm" or "benjamini-hochberg"

    Returns
    -------
    adjusted : float array, shape (questions,)
        NaN where there is no test.
    tests : int
        Tests counted: questions without a test cost the others nothing.

    Raises
    ------
    DesignError
        Unknown method, or a p-value outside 0–1.
    """
    if method not in ADJUSTMENTS:
        raise DesignError(f"adjustment {method!r} is not one of {', '.join(ADJUSTMENTS)}{suggest(method, ADJUSTMENTS)}")
    made = ~np.isnan(p)
    outside = int(((p[made] < 0) | (p[made] > 1)).sum())
    if outside:
        raise DesignError(f"{outside} of {int(made.sum())} p-values lie outside 0–1, so they cannot be adjusted")
    adjusted = np.array(p, float)
    if method == "holm":
        adjusted[made] = holm(adjusted[made])
    elif method == "benjamini-hochberg":
        adjusted[made] = benjamini_hochberg(adjusted[made])
    return adjusted, int(made.sum())


def _undo(ordered: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Put values back where ``order`` took them from."""
    out = np.empty_like(ordered)
    out[order] = ordered
    return out
