"""Rates of small communities, drawn towards the rate of all as far as their counts are small.

References
----------
Marshall, R. J. (1991). Mapping disease and mortality rates using empirical Bayes estimators. Applied Statistics 40,
283–294.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError


def shrunken_rates(count: pd.Series, base: pd.Series) -> pd.DataFrame:
    """Global empirical Bayes estimates of rates.

    Parameters
    ----------
    count : Series of float
        People concerned, by community; NaN where it was not measured.
    base : Series of float
        People there are, on the same index.

    Returns
    -------
    DataFrame
        On the index: ``rate`` (0 where ``measured`` is False), ``shrunken``, ``weight`` (of the community's own rate,
        0 to 1) and ``measured`` (bool: a count, and a base above 0). Where it was not measured ``shrunken`` is the
        rate of all, with weight 0.

    Raises
    ------
    InputError
        Different indexes, negative or infinite numbers, or nobody in any base.

    Notes
    -----
    With m = Σcount / Σbase and s² = Σ base (rate − m)² / Σbase − m / mean(base), not below 0, the weight
    is s² / (s² + m / base): moments of a rate that varies between communities and of a Poisson count.

    References
    ----------
    Marshall, R. J. (1991). Applied Statistics 40, 283–294.
    """
    if not count.index.equals(base.index):
        raise InputError("count and base have different indexes; bring both to the same communities in the same order")
    counts, people = count.to_numpy(float), base.to_numpy(float)
    measured = ~np.isnan(counts) & (np.nan_to_num(people) > 0)
    wrong = int((~np.isfinite(counts[measured]) | ~np.isfinite(people[measured]) | (counts[measured] < 0)).sum())
    wrong += int((people < 0).sum())
    if wrong:
        raise InputError(f"{wrong} of {len(counts)} counts or bases are negative or infinite; both are people")
    if not measured.any():
        raise InputError("no community has both a count and people to count among, so there is no rate")
    mean = counts[measured].sum() / people[measured].sum()
    rate = np.divide(counts, people, out=np.zeros(len(counts)), where=measured)
    own, size = rate[measured], people[measured]
    spread = max((size * (own - mean) ** 2).sum() / size.sum() - mean / size.mean(), 0.0)
    weight = np.zeros(len(counts))
    if spread > 0:
        weight[measured] = spread / (spread + mean / size)
    shrunken = weight * rate + (1 - weight) * mean
    table = {"rate": rate, "shrunken": shrunken, "weight": weight, "measured": measured}
    return pd.DataFrame(table, index=count.index)
