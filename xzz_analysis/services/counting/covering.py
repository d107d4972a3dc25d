"""Persons served beside persons in need."""

from __future__ import annotations

import numpy as np
import pandas as pd

CELL = ["community", "domain"]


def coverage(served: pd.DataFrame, needs: pd.DataFrame) -> pd.DataFrame:
    """Persons served for each person in need, by community and domain.

    Parameters
    ----------
    served : DataFrame
        ``community``, ``domain``, ``persons`` (NaN where they cannot be told apart) and their bounds ``low`` and
        ``high`` (NaN: nothing bounds them), one row per cell; nobody was served in a cell that is not there.
    needs : DataFrame
        ``community``, ``domain``, and persons in need: ``need`` with its interval ``low`` … ``high`` (NaN: not shown).

    Returns
    -------
    DataFrame
        Cells of ``needs`` and then those that were served only: ``served_low``, ``served_high``, ``need``,
        ``need_low``, ``need_high``, and

        - ``estimate``: persons / need, where both are known;
        - ``low`` = served_low / need_high and ``high`` = served_high / need_low (NaN where need_low is 0 or nothing
          bounds the served): what the interval of the need and the bounds of the served allow. Nothing is cut at 1;
        - ``more``: True where even ``low`` is above 1: more were served than the survey finds in need;
        - ``reason``: why there is no estimate: ``need_not_known``, ``denominator_zero`` (nobody in need) or
          ``not_known`` (persons served cannot be told apart).

        Those served need not be those in need, so this is a ratio of two counts and no share of persons.
    """
    told = needs[[*CELL, "need", "low", "high"]].rename(columns={"low": "need_low", "high": "need_high"})
    bounds = served[[*CELL, "persons", "low", "high"]].rename(columns={"low": "served_low", "high": "served_high"})
    cells = pd.concat([told[CELL], bounds[CELL]], ignore_index=True).drop_duplicates(ignore_index=True)
    table = cells.merge(told, on=CELL, how="left").merge(bounds.assign(there=1.0), on=CELL, how="left")
    counts = ["persons", "served_low", "served_high"]
    table.loc[table["there"].isna(), counts] = 0.0
    for name in counts[1:]:
        table[name] = table[name].fillna(table["persons"])
    return _divided(table.drop(columns="there"))


def _divided(table: pd.DataFrame) -> pd.DataFrame:
    """The same cells with ratios and their bounds."""
    names = ("persons", "served_low", "served_high", "need", "need_low", "need_high")
    persons, fewest, most, need, need_low, need_high = (table[name].to_numpy(float) for name in names)
    usable = need > 0
    exact = usable & ~np.isnan(persons)
    low = _ratio(fewest, np.where(usable, need_high, np.nan))
    high = _ratio(most, np.where(usable, need_low, np.nan))
    reasons = [np.isnan(need), need <= 0, ~exact]
    reason = np.select(reasons, ["need_not_known", "denominator_zero", "not_known"], "")
    estimate = np.where(exact, _ratio(persons, need), np.nan)
    told = table.drop(columns="persons")
    return told.assign(estimate=estimate, low=low, high=high, more=low > 1, reason=pd.Series(reason, dtype="str"))


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Quotients; NaN where there is nothing to divide by."""
    quotient = np.full(len(above), np.nan)
    np.divide(above, below, where=below > 0, out=quotient)
    return quotient
