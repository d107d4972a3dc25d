"""Comparisons: linear combinations of estimates with their own influence, tested as one family."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import stdtr

from xzz_analysis.errors import DesignError, suggest
from xzz_analysis.survey.design.columns import LARGEST
from xzz_analysis.survey.engine.influence import Influence, join_influences
from xzz_analysis.survey.engine.interval import check_level, critical
from xzz_analysis.survey.engine.reliability import number_flags
from xzz_analysis.survey.estimates import COLUMNS, Estimates
from xzz_analysis.survey.testing.equality import is_nothing
from xzz_analysis.survey.testing.families import ADJUSTMENTS
from xzz_analysis.survey.testing.families import adjust as adjust_family
from xzz_analysis.survey.testing.simultaneous import simultaneous
from xzz_analysis.survey.testing.square_and_add import Differences, differences_of, equivalent_t

COMPARISON_COLUMNS = (*COLUMNS, "null", "t", "p", "p_adjusted", "adjust", "tests")
"""Columns of every frame of comparisons, in order."""

FAMILY_ADJUSTMENTS = (*ADJUSTMENTS, "max-t")
"""Adjustments of a family of comparisons."""

_HELD = 1 << 22
"""Influences held at a time, units × comparisons: bounds memory, changes no figure."""


class Comparisons(Estimates):
    """Tidy frame of comparisons, one row per question, with columns :data:`COMPARISON_COLUMNS`.

    ``estimate``, ``se``, ``low`` and ``high`` are those of the combination; ``t`` and ``p`` test whether it is
    ``null``; ``p_adjusted`` allows for the ``tests`` of its family. ``method`` is ``wald`` (estimate ± t · se), or
    ``square-and-add`` for the difference of two shares with score intervals: then p is where that interval begins to
    miss the null, and t the one that has this p. It keeps an influence matrix of its own, so comparisons can be
    compared again.
    """

    @classmethod
    def none(cls) -> Comparisons:
        """A frame with every column and no row."""
        return cls(columns=list(COMPARISON_COLUMNS))

    @property
    def _constructor(self) -> type[Comparisons]:
        return Comparisons


@dataclass(frozen=True)
class Family:
    """Questions that are asked together.

    Attributes
    ----------
    matrix : sparse array, shape (comparisons, rows of the estimates)
        Coefficient of every estimate in every comparison.
    about : DataFrame, one row per comparison
        Columns of estimates that say what is compared and how many answered; ``reason`` is ``""`` or says why
        a comparison is not possible, ``flags`` holds those of the estimates.
    names : sequence of str
        What each comparison is called, one per comparison.
    adjust : "none", "holm", "benjamini-hochberg" or "max-t"
    level : float
    null : float
        Value that the comparisons are tested against.
    fitted : bool
        Whether the coefficients come out of the data, and are no part of what was asked.
    """

    matrix: sparse.csr_array
    about: pd.DataFrame
    names: Sequence[str]
    adjust: str
    level: float
    null: float
    fitted: bool = False


def check_family(adjust: str, level: float, null: float = 0.0) -> None:
    """Refuse an unknown adjustment, a level outside 0–1 and a null that is not a number."""
    if adjust not in FAMILY_ADJUSTMENTS:
        known = ", ".join(FAMILY_ADJUSTMENTS)
        raise DesignError(f"adjustment {adjust!r} is not one of {known}{suggest(adjust, FAMILY_ADJUSTMENTS)}")
    check_level(level)
    if not (isinstance(null, Real) and abs(float(null)) <= LARGEST):
        raise DesignError(f"comparisons are tested against null={null}; it is a finite number, usually 0")


def require_estimates(given: object) -> None:
    """Refuse what is no longer a frame of estimates: another type, columns dropped or overwritten by text."""
    if not isinstance(given, Estimates):
        raise DesignError(
            f"comparisons are made of Estimates, not of a {type(given).__name__}; keep what share() or mean() "
            "returned, and put several together with join()"
        )
    for name in COLUMNS:
        numeric = pd.api.types.is_numeric_dtype(given.known(name))
        if name in ("estimate", "se", "df", "n") and len(given) and not numeric:
            raise DesignError(f"column {name!r} of the estimates holds no numbers any more; leave it as it came")


def compare(estimates: Estimates, family: Family) -> Comparisons:
    """Compute a family of comparisons.

    Parameters
    ----------
    estimates : Estimates
        With its influence matrix.
    family : Family

    Returns
    -------
    Comparisons
        One row per comparison, in the family's order. ``reason`` says why there is no test: the estimate's own
        reason, ``no_degrees_of_freedom``, or ``no_sampling_error`` where the standard error is zero.

    Raises
    ------
    XzzError
        The estimates keep no influence matrix.
    """
    if family.matrix.shape[0] == 0:
        return Comparisons.none()
    ids = _result_ids(estimates, family)
    influence = _combined(estimates, family.matrix, ids)
    table = family.about.copy()
    table["result_id"] = ids
    table["estimate"], table["se"] = _figures(estimates, family, influence)
    table["df"] = degrees(influence)
    table["level"], table["null"], table["adjust"] = family.level, family.null, family.adjust
    table = _tested(table, influence, _skewed(estimates, family, table))
    table["flags"] = _flags(table)
    table[["n_need", "n_eff", "deff"]] = np.nan
    out = Comparisons(table[list(COMPARISON_COLUMNS)])
    out.influence = influence
    return out


def _skewed(estimates: Estimates, family: Family, table: pd.DataFrame) -> Differences:
    """The comparisons whose shares have score intervals; none where the data gave the coefficients."""
    asked = (table["df"] > 0) & (table["reason"] == "") & (not family.fitted)
    return differences_of(estimates, family.matrix, np.flatnonzero(asked), table["se"].to_numpy(float))


def degrees(influence: Influence) -> np.ndarray:
    """Degrees of freedom of every estimate of an influence matrix, shape (estimates,).

    First-stage units with respondents behind the estimate, minus the strata they lie in; a comparison has the
    respondents of all the estimates it is made of.
    """
    first = influence.design.first
    unit_starts, stratum_starts = (np.flatnonzero(np.diff(code, prepend=-1)) for code in (first.unit, first.stratum))
    out = [np.zeros(0)]
    for block in _blocks(influence, influence.active.shape[1]):
        units = np.logical_or.reduceat(influence.active[:, block].toarray(), unit_starts, axis=0)
        strata = np.logical_or.reduceat(units, stratum_starts, axis=0)
        out.append(units.sum(axis=0) - strata.sum(axis=0))
    return np.concatenate(out).astype(float)


def _blocks(influence: Influence, comparisons: int) -> list[slice]:
    """Comparisons a few at a time, so that their influences on every unit fit into memory."""
    size = max(1, _HELD // influence.design.units)
    return [slice(start, start + size) for start in range(0, comparisons, size)]


def _combined(estimates: Estimates, matrix: sparse.csr_array, ids: list[str]) -> Influence:
    """Influence of the comparisons, a block of them at a time."""
    given = estimates.known_influence()
    known = estimates["result_id"].to_numpy()
    given.check_unchanged(list(known), estimates["estimate"].to_numpy(float))
    parts = []
    for block in _blocks(given, len(ids)):
        rows = matrix[block]
        used = np.flatnonzero(np.bincount(rows.indices, minlength=rows.shape[1]))
        parts.append(given.combine(rows[:, used].toarray().T, list(known[used]), ids[block]))
    return join_influences(parts) if len(parts) > 1 else parts[0]


def _figures(estimates: Estimates, family: Family, influence: Influence) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and standard errors; an error that is only rounding is zero."""
    value, se = estimates["estimate"].to_numpy(float), estimates["se"].to_numpy(float)
    estimate = family.matrix @ np.nan_to_num(value)
    estimate[family.about["reason"].to_numpy() != ""] = np.nan
    ids = influence.result_ids
    variance = [influence.variance(ids[block]) for block in _blocks(influence, len(ids))]
    own = np.sqrt(np.concatenate(variance))
    scale = abs(family.matrix) @ (np.abs(np.nan_to_num(value)) + np.nan_to_num(se))
    own = np.where(is_nothing(own, scale), 0.0, own)
    return estimate, np.where(np.isnan(estimate), np.nan, own)


def _tested(table: pd.DataFrame, influence: Influence, skewed: Differences) -> pd.DataFrame:
    """Add t, p, adjusted p, intervals and reasons to a table of one family."""
    estimate, se, df, null = (table[name].to_numpy(float) for name in ("estimate", "se", "df", "null"))
    places = skewed.places
    possible = (se > 0) & (df > 0)
    t = np.full(len(table), np.nan)
    t[possible] = (estimate - null)[possible] / se[possible]
    p = 2 * stdtr(np.where(possible, df, 1.0), -np.abs(t))
    p[places] = np.where(se[places] > 0, skewed.p(null[places]), np.nan)
    t[places] = equivalent_t(p[places], df[places], (estimate - null)[places])
    table["t"], table["p"] = t, p
    table["p_adjusted"], limit = _adjusted(table, influence, np.flatnonzero(possible))
    low, high = estimate - limit * se, estimate + limit * se
    low[places], high[places] = skewed.interval(2 * stdtr(df[places], -limit[places]))
    table["low"], table["high"] = low, high
    table["tests"] = int(possible.sum())
    table["method"] = _methods(len(table), places, str(table["adjust"].iloc[0]))
    checks = [table["reason"] != "", df <= 0, se == 0]
    table["reason"] = np.select(checks, [table["reason"], "no_degrees_of_freedom", "no_sampling_error"], "")
    return table


def _adjusted(table: pd.DataFrame, influence: Influence, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Adjusted p, NaN without a test, and critical values of t, both of shape (comparisons,)."""
    p, df, level = table["p"].to_numpy(float), table["df"].to_numpy(float), float(table["level"].iloc[0])
    limit = critical(df, level)
    if (method := str(table["adjust"].iloc[0])) != "max-t":
        return adjust_family(p, method)[0], limit
    adjusted = np.full(len(p), np.nan)
    if len(places):
        together = simultaneous(p[places], _correlation(influence, places), df[places], level)
        adjusted[places], limit[places] = together.p_adjusted, together.critical
    return adjusted, limit


def _methods(count: int, skewed: np.ndarray, adjust: str) -> list[str]:
    names = np.full(count, "max-t" if adjust == "max-t" else "wald", object)
    names[skewed] = "square-and-add, max-t" if adjust == "max-t" else "square-and-add"
    return list(names)


def _correlation(influence: Influence, places: np.ndarray) -> np.ndarray:
    covariance = influence.covariance([influence.result_ids[place] for place in places])
    se = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(se, se))


def _flags(table: pd.DataFrame) -> list[str]:
    """The estimates' reasons to suppress, then the comparison's own flags."""
    census = bool((table["kind"] == "census").all())
    own = number_flags(*(table[name].to_numpy(float) for name in ("estimate", "n", "df")), census=census)
    return [
        flag if not (flag and inherited) else inherited if flag == "show" else f"{inherited};{flag}"
        for inherited, flag in zip(table["flags"], own, strict=True)
    ]


def _result_ids(estimates: Estimates, family: Family) -> list[str]:
    """Identify comparisons by what was asked: twelve hexadecimal digits of the SHA-256 of the JSON list of
    ``contrast``, name, estimates with coefficients (0 where the data give them), null, level and adjustment; for
    max-t also the names of the family."""
    known = estimates["result_id"].to_list()
    out = []
    for row, name in enumerate(family.names):
        inside = slice(family.matrix.indptr[row], family.matrix.indptr[row + 1])
        places, coefficients = family.matrix.indices[inside], family.matrix.data[inside]
        told = np.zeros(len(places)) if family.fitted else coefficients
        inputs = [[known[place], float(value)] for place, value in zip(places, told, strict=True)]
        asked = ["contrast", name, inputs, float(family.null), float(family.level), family.adjust]
        if family.adjust == "max-t":  # whose intervals depend on what else is compared
            asked.append(list(family.names))
        text = json.dumps(asked, ensure_ascii=False, separators=(",", ":"))
        out.append(hashlib.sha256(text.encode()).hexdigest()[:12])
    return out
