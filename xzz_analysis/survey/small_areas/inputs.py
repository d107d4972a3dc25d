"""What the area model is given: the areas of an estimates frame, their covariates and their sampling variances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError, suggest
from xzz_analysis.survey.design.columns import LARGEST, SMALLEST
from xzz_analysis.survey.design.domains import level_name
from xzz_analysis.survey.estimates import MISSING_COLUMNS, group_key, group_pairs

ITEM = ("round", "unit", "indicator", "version", "option", "statistic", "kind")
"""What all areas of one model have in common."""

NEEDED = (*ITEM, "result_id", "by", "estimate", "se", "n", "df", "deff", "flags", "reason")
"""Columns without which an estimates frame cannot be modelled."""

COUNTED = ("n", "n_need", "weighted_n", *MISSING_COLUMNS)
"""Counts that are zero, not absent, where nobody was interviewed."""

FULL_RANK = 1e-8
"""A covariate whose part not explained by the ones before it is below this fraction of its size adds nothing."""


def areas_of(estimates: pd.DataFrame, group: str = "") -> tuple[str, pd.DataFrame]:
    """Pick the rows that are split by one group, one row per area.

    Parameters
    ----------
    estimates : DataFrame
        An estimates frame.
    group : str
        The group whose levels are the areas; it may be left out when every row is split by that group alone.

    Returns
    -------
    tuple of (str, DataFrame of shape (areas, columns))
        Name of the group, and its rows, indexed by area.

    Raises
    ------
    DesignError
        Unknown group, several items, an area twice, a total, or a census.
    """
    if not isinstance(estimates, pd.DataFrame):
        raise DesignError(
            f"small areas are modelled from estimates, not from a {type(estimates).__name__}; give what share() or "
            "mean() return"
        )
    absent = [name for name in NEEDED if name not in estimates]
    if absent:
        raise DesignError(
            f"the estimates lack {len(absent)} columns ({', '.join(absent)}); give what share() or mean() return"
        )
    if len(estimates) == 0:
        raise DesignError("the estimates have no rows, so there is no area to model; check the filter")
    for name in ("estimate", "se", "n", "df", "deff"):
        if (pd.to_numeric(estimates[name], errors="coerce").isna() & estimates[name].notna()).any():
            raise DesignError(f"column {name!r} of the estimates holds no numbers; give what share() or mean() return")
    pairs = [group_pairs(str(by)) for by in estimates["by"].astype(object).fillna("")]
    group = _group(pairs, group)
    chosen = np.array([len(split) == 1 and split[0][0] == group for split in pairs])
    names = [split[0][1] for split in pairs if len(split) == 1 and split[0][0] == group]
    rows = pd.DataFrame(estimates).loc[chosen].set_axis(pd.Index(names, dtype="str"), axis=0)
    _refuse_unsuitable(rows)
    twice = rows.index[rows.index.duplicated()]
    if len(twice):
        raise DesignError(f"area {twice[0]!r} has {names.count(twice[0])} rows, so it is not clear which to model")
    return group, rows


def with_unvisited(rows: pd.DataFrame, auxiliary: pd.DataFrame | None, group: str) -> pd.DataFrame:
    """Add a row without estimate for every area that only the covariates know, its reason ``no_respondents``.

    Raises
    ------
    DesignError
        An area of the estimates that the covariates do not know.
    """
    if auxiliary is None:
        return rows
    if not isinstance(auxiliary, pd.DataFrame | pd.Series):
        raise DesignError(f"covariates are a DataFrame indexed by area, not of type {type(auxiliary).__name__}")
    levels = levels_of(auxiliary)
    names = [name for name in levels if name not in rows.index]
    absent = [name for name in rows.index if name not in levels]
    if absent:
        raise DesignError(
            f"area {absent[0]!r} has no covariates ({len(absent)} such areas of {len(rows)})"
            f"{suggest(absent[0], names)}; give every area of the estimates one row"
        )
    table = rows.reindex([*rows.index, *names])
    counts = [name for name in COUNTED if name in table and (name != "n_need" or _is_share(rows))]
    fill: dict[str, Any] = {name: rows[name].iloc[0] for name in ITEM}
    fill |= dict.fromkeys(counts, 0) | {"reason": "no_respondents", "flags": ""}
    for name, value in fill.items():
        table.loc[names, name] = value
    table.loc[names, "by"] = [group_key([(group, name)]) for name in names]
    return table.astype({name: rows[name].dtype for name in fill})


def levels_of(auxiliary: pd.DataFrame) -> list[str]:
    """Names of areas as an estimates frame writes them; :class:`DesignError` where one has two rows."""
    names = [level_name(level) for level in auxiliary.index]
    twice = pd.Index(names).duplicated()
    if twice.any():
        raise DesignError(
            f"area {names[int(np.argmax(twice))]!r} has several rows of covariates ({int(twice.sum())} rows too many); "
            "keep one for every area"
        )
    return names


def design_of(areas: Sequence[str], auxiliary: pd.DataFrame | None) -> tuple[np.ndarray, list[str]]:
    """Covariates of the areas, the constant first.

    Parameters
    ----------
    areas : sequence of str
        Each has a row of covariates.
    auxiliary : DataFrame of numbers, indexed by area, optional

    Returns
    -------
    tuple of (float array of shape (areas, columns), list of str)
        The design matrix and the names of its columns.

    Raises
    ------
    DesignError
        Two rows of covariates for one area, or covariates that are not finite numbers.
    """
    constant = np.ones((len(areas), 1))
    if auxiliary is None:
        return constant, ["(constant)"]
    table = pd.DataFrame(auxiliary).set_axis(pd.Index(levels_of(auxiliary), dtype="str"), axis=0)
    numbers = [_covariate(table[name].loc[list(areas)], str(name)) for name in table]
    return np.column_stack([constant, *numbers]), ["(constant)", *map(str, table)]


def sampling_variance(rows: pd.DataFrame, *, smooth: bool) -> np.ndarray:
    """Sampling variance ψ of every area's direct estimate; infinite where there is none.

    Parameters
    ----------
    rows : DataFrame, shape (areas, columns)
    smooth : bool
        Take the variance from all areas together instead of each area's own standard error, see
        :func:`xzz_analysis.survey.small_areas.small_area`.

    Returns
    -------
    float array, shape (areas,)

    Raises
    ------
    DesignError
        No area's error can be estimated, or, without smoothing, an area's own is zero.
    """
    present = (rows["estimate"].notna() & (rows["n"] > 0)).to_numpy()
    if not present.any():
        raise DesignError(
            f"none of {len(rows)} areas has a direct estimate, so there is nothing to model; check the item"
        )
    variance = np.full(len(rows), np.inf)
    direct = rows[present]
    variance[present] = _smoothed(direct) if smooth else _own(direct)
    return variance


def refuse_unidentified(design: np.ndarray, names: Sequence[str]) -> None:
    """Refuse too few areas, and covariates that repeat each other, for a model of the areas with direct estimates.

    Parameters
    ----------
    design : float array, shape (areas, columns)
    names : sequence of str
        Names of the columns.
    """
    areas, columns = design.shape
    if areas <= columns:
        raise DesignError(
            f"{areas} areas have a direct estimate, but a model with {columns - 1} covariates and a constant needs "
            f"at least {columns + 1}; leave covariates out, or use smaller areas"
        )
    own = np.abs(np.diag(np.linalg.qr(design, mode="r")))
    for position in np.flatnonzero(own <= FULL_RANK * np.linalg.norm(design, axis=0))[:1]:
        others = ", ".join(["the constant", *names[1:position]])
        raise DesignError(
            f"covariate {names[position]!r} can be calculated from {others} in the {areas} areas with a direct "
            "estimate, so its effect cannot be told apart; leave it out"
        )


def _is_share(rows: pd.DataFrame) -> bool:
    return bool(rows["statistic"].iloc[0] == "share")


def _group(pairs: Sequence[Sequence[tuple[str, str]]], group: str) -> str:
    """The group whose levels are the areas: the one named, or the only one there is."""
    known = list(dict.fromkeys(split[0][0] for split in pairs if len(split) == 1))
    if group and group not in known:
        raise DesignError(f"no row is split by group {group!r} alone{suggest(group, known)}; groups are {known}")
    if group:
        return group
    if len(known) != 1 or any(len(split) != 1 for split in pairs):
        raise DesignError(
            f"the {len(pairs)} rows are not split by one group alone (groups are {known}), so it is not clear what "
            "the areas are; name it with group=, or make one column of crossed groups first"
        )
    return known[0]


def _refuse_unsuitable(rows: pd.DataFrame) -> None:
    """Refuse several items in one frame, totals and censuses."""
    items = rows[list(ITEM)].drop_duplicates()
    if len(items) > 1:
        differing = [name for name in ITEM if items[name].nunique() > 1]
        raise DesignError(
            f"the estimates hold {len(items)} items, which differ in {', '.join(differing)}; a model is about one: "
            f"filter the frame first, such as estimates[estimates[{differing[0]!r}] == {items[differing[0]].iloc[0]!r}]"
        )
    if rows["statistic"].iloc[0] == "total":
        raise DesignError("totals grow with the size of an area; model the mean or the share, and multiply by the size")
    if rows["kind"].iloc[0] == "census":
        raise DesignError("a census has no sampling error, so its direct estimates need no model")


def _covariate(column: pd.Series, name: str) -> np.ndarray:
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
        raise DesignError(f"covariate {name!r} is not a column of numbers; give classes one 0/1 column each")
    values = column.to_numpy(float, na_value=np.nan)
    wrong = np.flatnonzero(~(np.abs(values) <= LARGEST))
    if not len(wrong) and (largest := np.abs(values).max()) and largest < SMALLEST:
        raise DesignError(f"covariate {name!r} is {largest:g} at most, too small to compute with; change its unit")
    if len(wrong):
        raise DesignError(
            f"covariate {name!r} is missing or infinite for area {column.index[wrong[0]]!r} "
            f"({len(wrong)} such areas of {len(values)}); fill it, or leave the covariate out"
        )
    return values


def _smoothed(rows: pd.DataFrame) -> np.ndarray:
    """One variance per respondent from all areas together, divided by the respondents of each."""
    n, df, estimate = (rows[name].to_numpy(float) for name in ("n", "df", "estimate"))
    weight = np.where(df > 0, df, 0.0)
    if _is_share(rows):
        weight = weight * estimate * (1 - estimate)
        pooled = (n @ estimate) / n.sum()
        each, spread = rows["deff"].to_numpy(float), pooled * (1 - pooled)
    else:
        each, spread = n * rows["se"].to_numpy(float) ** 2, 1.0
    known = (weight > 0) & np.isfinite(each)
    effect = (weight[known] @ each[known]) / weight[known].sum() if known.any() else 0.0
    if not effect * spread > 0:
        raise DesignError(
            f"no sampling error can be estimated for any of {len(rows)} areas (one cluster each, or no variation); "
            "where areas are the clusters, declare the sample with strata= the areas and no cluster="
        )
    return np.asarray(effect * spread / n)


def _own(rows: pd.DataFrame) -> np.ndarray:
    se = rows["se"].to_numpy(float)
    useless = np.flatnonzero(~(se > 0) | np.isinf(se))
    if len(useless):
        raise DesignError(
            f"area {rows.index[useless[0]]!r} has a standard error of {se[useless[0]]:g} ({len(useless)} such areas of "
            f"{len(rows)}), which would make its estimate beyond doubt; leave smooth_variance=True"
        )
    return np.asarray(se**2)
