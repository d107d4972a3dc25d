"""The planner's table: one row per community and round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError, Finding, suggest
from xzz_analysis.survey.planning.plan import Plan, refuse
from xzz_analysis.survey.planning.sample_size import detectable_change, precision, sample_needed

KEYS = ("community", "round")
INPUTS = tuple(name for name in Plan.__dataclass_fields__ if name != "label")
UNSET: dict[str, Any] = {"share": None, "clusters": None, "per_cluster": None, "icc": None}
"""What every plan needs; still unset where neither the table nor the call gives it."""


def plan_sample(
    communities: pd.DataFrame, *, half_width: float | None = None, change: float | None = None, **same: Any
) -> pd.DataFrame:
    """Lay out precision, detectable change and the sample needed for each community and round.

    Parameters
    ----------
    communities : DataFrame, one row per community and round
        ``community``, ``round`` (optional) and any input of :class:`~xzz_analysis.survey.planning.plan.Plan`.
    half_width, change : float, optional
        Goals, as in :func:`~xzz_analysis.survey.planning.sample_size.sample_needed`; the table then says
        how many clusters, or respondents per cluster, each goal needs.
    **same
        Inputs of every row, for example ``icc=0.05``; a filled cell of ``communities`` goes first.

    Returns
    -------
    DataFrame, one row per row of ``communities``, in its order
        ``community, round``, the columns of ``precision``, ``change_up, change_down`` (the smallest changes
        found between two such rounds), for each goal ``clusters_for_<goal>, per_cluster_for_<goal>``, and
        ``reason``: why a number is absent.

    Raises
    ------
    DesignError
        Naming every wrong input and its community, or a column that is no input.

    References
    ----------
    Kish (1965), Donner and Klar (2000), Tam (1984): see ``planning.plan``.
    """
    plans = plans_of(communities, **same)
    table = precision(plans).drop(columns="label")
    for place, name in enumerate(name for name in KEYS if name in communities):
        table.insert(place, name, communities[name].to_numpy())
    found = detectable_change(plans)
    reasons = [_pairs(found, "reason")]
    table[["change_up", "change_down"]] = _pairs(found, "change")
    for goal in [{"half_width": half_width}, {"change": change}]:
        ((name, wanted),) = goal.items()
        if wanted is not None:
            needed = sample_needed(plans, **goal)
            table[f"clusters_for_{name}"] = _pairs(needed, "clusters")[:, 0]
            table[f"per_cluster_for_{name}"] = _pairs(needed, "per_cluster")[:, 1]
            reasons.append(_pairs(needed, "reason"))
    table["reason"] = ["; ".join(dict.fromkeys(filter(None, row))) for row in np.hstack(reasons)]
    return table


def _pairs(table: pd.DataFrame, column: str) -> np.ndarray:
    """A column of two rows per plan as an array of shape (plans, 2)."""
    return table[column].to_numpy().reshape(-1, 2)


def plans_of(communities: pd.DataFrame, **same: Any) -> list[Plan]:
    """Read one plan per row, as :func:`plan_sample` does; every wrong input of every row is reported together."""
    _check(communities, same)
    keys = communities[[name for name in KEYS if name in communities]].astype(str).agg(" ".join, axis=1)
    given = communities[[name for name in INPUTS if name in communities]].to_dict("records")
    plans: list[Plan] = []
    found: list[Finding] = []
    for label, row in zip(keys, given, strict=True):
        filled = {str(name): value for name, value in row.items() if not pd.isna(value)}
        try:
            plans.append(Plan(**{**UNSET, **same, **filled, "label": label}))
        except DesignError as error:
            found += error.findings
    refuse(found)
    return plans


def _check(communities: pd.DataFrame, same: Mapping[str, Any]) -> None:
    """Refuse a table without rows, a name that is no input, a community and round given twice."""
    if not isinstance(communities, pd.DataFrame) or "community" not in communities or not len(communities):
        raise DesignError("communities needs a column 'community' and one row or more; add the communities to visit")
    for name in [*map(str, communities.columns), *same]:
        if name not in (*KEYS, *INPUTS):
            raise DesignError(f"{name!r} is no input of a plan{suggest(name, INPUTS)}; rename it or leave it out")
    repeated = communities.columns[communities.columns.duplicated()]
    if len(repeated):
        raise DesignError(f"communities has several columns {str(repeated[0])!r}; keep one of each")
    keys = [name for name in KEYS if name in communities]
    unnamed = int(communities[keys].isna().any(axis=1).sum())
    if unnamed:
        raise DesignError(
            f"{unnamed} of {len(communities)} rows of communities have no {' or '.join(keys)}; name them, so that "
            "plans can be told apart"
        )
    twice = communities[keys].astype(str).duplicated()
    if twice.any():
        first = " ".join(map(str, communities.loc[twice, keys].iloc[0]))
        raise DesignError(f"{first!r} is planned more than once ({int(twice.sum())} such rows); keep one row of each")
