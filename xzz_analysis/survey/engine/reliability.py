"""How far an estimate can be relied on: show, review or suppress, in every row.

Reference
---------
Parker, J. D., Talih, M., Malec, D. J. et al. (2017). National Center for Health Statistics data presentation
standards for proportions. Vital and Health Statistics, Series 2, No. 175.
"""

from __future__ import annotations

import numpy as np

from xzz_analysis.survey.engine.interval import korn_graubard

# Series 2 No. 175, "Sample size": a denominator, and an effective denominator, of at least 30.
FEWEST = 30
# Series 2 No. 175, "Confidence interval": Korn and Graubard's 95 % interval decides.
LEVEL = 0.95
# Series 2 No. 175: an absolute width of 0.30 or more is suppressed, one of 0.05 or less may be shown …
WIDE, NARROW = 0.30, 0.05
# … and between them the width relative to the proportion decides: more than 130 % is suppressed.
RELATIVE = 1.30
# Series 2 No. 175, "Degrees of freedom": fewer than 8 need review.
FEW_DEGREES = 8

FLAGS = (
    "suppress:few_answers",
    "suppress:wide_interval",
    "suppress:wide_for_its_size",
    "review:few_degrees_of_freedom",
    "review:none_or_all",
    "review:few_answers",
)
"""Every flag; ``show`` where none applies, joined by ``;`` where several do."""


def share_flags(
    share: np.ndarray, se: np.ndarray, n: np.ndarray, n_eff: np.ndarray, df: np.ndarray, *, census: bool = False
) -> np.ndarray:
    """Flags of shares by the rules of Series 2 No. 175.

    Parameters
    ----------
    share, se, n, n_eff, df : arrays of one shape
    census : bool
        Nobody was sampled, so only the number of people matters.

    Returns
    -------
    array of str, same shape
    """
    few = n < FEWEST
    none_or_all = (share <= 0) | (share >= 1)
    if census:
        return _join(share, {"suppress:few_answers": few, "review:none_or_all": none_or_all})
    low, high = korn_graubard(share, se, df, n, LEVEL)
    width = np.where(np.isnan(high - low), 1.0, high - low)
    relative = width / np.where(share > 0, share, np.nan)
    between = (width > NARROW) & (width < WIDE)
    return _join(
        share,
        {
            "suppress:few_answers": few | (n_eff < FEWEST),
            "suppress:wide_interval": width >= WIDE,
            "suppress:wide_for_its_size": between & (relative > RELATIVE),
            "review:few_degrees_of_freedom": df < FEW_DEGREES,
            "review:none_or_all": none_or_all,
        },
    )


def number_flags(estimate: np.ndarray, n: np.ndarray, df: np.ndarray, *, census: bool = False) -> np.ndarray:
    """Flags of means, totals, ratios and quantiles, for which the standard has no width: n and df only."""
    checks = {"review:few_answers": n < FEWEST}
    if not census:
        checks["review:few_degrees_of_freedom"] = df < FEW_DEGREES
    return _join(estimate, checks)


def _join(estimate: np.ndarray, checks: dict[str, np.ndarray]) -> np.ndarray:
    """Names of the checks that hold, ``show`` where none does, ``""`` where there is no estimate."""
    code = np.zeros(estimate.shape, np.int64)  # a bit for each check that holds
    for place, holds in enumerate(checks.values()):
        code |= holds.astype(np.int64) << place
    held = ([name for place, name in enumerate(checks) if one >> place & 1] for one in range(1 << len(checks)))
    texts = np.array([";".join(names) or "show" for names in held], object)
    return np.where(np.isnan(estimate), "", texts[code])
