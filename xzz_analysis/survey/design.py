"""Sample: answers together with strata, clusters, weights and population sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError, suggest

DesignKind = Literal["probability", "census", "nonprobability"]
KINDS = ("probability", "census", "nonprobability")


@dataclass(frozen=True)
class Design:
    """The sample design as arrays; rows are respondents, clusters are first-stage units.

    Attributes
    ----------
    weight : float array, shape (rows,)
        Sampling weight; zero keeps the row in the design and out of every estimate.
    cluster : int array, shape (rows,)
        First-stage unit of each row, numbered in stratum order.
    stratum : int array, shape (clusters,)
        Stratum of each first-stage unit, ascending.
    sampled : float array, shape (strata,)
        Number of first-stage units drawn in each stratum.
    fraction : float array, shape (strata,)
        Sampling fraction of first-stage units; 0 without a finite population correction.
    names : tuple of str
        Names of the strata.
    """

    weight: np.ndarray
    cluster: np.ndarray
    stratum: np.ndarray
    sampled: np.ndarray
    fraction: np.ndarray
    names: tuple[str, ...]


class Sample:
    """Answers with their sample design; what every estimate is made from.

    Parameters
    ----------
    frame : DataFrame, shape (respondents, columns)
        Answers, groups and design columns. NaN is a missing answer: it gets zero weight, and the
        row stays, because it still belongs to the design.
    weight : str, optional
        Column of sampling weights (≥ 0); equal weights by default.
    strata : str, optional
        Column of strata of the first stage.
    cluster : str, optional
        Column of first-stage units, nested in strata; every row is its own unit by default.
    fpc : str, optional
        Column of finite population corrections: first-stage units in the stratum's population, or,
        when all values are at most 1, the sampling fraction. Without it, sampling is treated as with
        replacement.
    kind : "probability", "census" or "nonprobability"
        Carried into every estimate. A census has no sampling error.
    reasons : DataFrame of int8, optional
        Reason codes (``intake.answers.Reason``), same rows; NaN counts as BLANK without it.
    labels : dict of str to str, optional
        ``study``, ``round`` and ``unit``, written into each estimate and its result id.

    Raises
    ------
    DesignError
        Unknown columns, missing, negative or infinite weights, a stratum with one unit, population
        sizes smaller than the sample.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        *,
        weight: str | None = None,
        strata: str | None = None,
        cluster: str | None = None,
        fpc: str | None = None,
        kind: DesignKind = "probability",
        reasons: pd.DataFrame | None = None,
        labels: dict[str, str] | None = None,
    ) -> None:
        if kind not in KINDS:
            raise DesignError(f"design kind {kind!r} is not one of {', '.join(KINDS)}{suggest(kind, KINDS)}")
        if len(frame) == 0:
            raise DesignError("the sample has no rows, so nothing can be estimated; check the round and filter")
        self.frame = frame.reset_index(drop=True)
        self.reasons = None if reasons is None else reasons.reset_index(drop=True)
        self.kind = kind
        self.labels = {"study": "", "round": "", "unit": "respondent", **(labels or {})}
        self.design = _design(self.frame, weight, strata, cluster, fpc, census=kind == "census")

    def __len__(self) -> int:
        return len(self.frame)

    def column(self, name: str) -> pd.Series:
        """One column; :class:`DesignError` with the nearest name when there is none."""
        return _column(self.frame, name, "column")

    def columns_of(self, name: str) -> list[str]:
        """Columns of a question: itself, or one ``question/option`` column per option."""
        if name in self.frame:
            return [name]
        options = [column for column in self.frame.columns if str(column).startswith(f"{name}/")]
        return options or [str(self.column(name).name)]

    def missing_reason(self, column: str) -> np.ndarray:
        """Reason code of every row for one column, shape (rows,)."""
        if self.reasons is not None and column in self.reasons:
            return self.reasons[column].to_numpy()
        blank = 2
        return np.where(self.frame[column].isna().to_numpy(), blank, 0).astype(np.int8)

    def domains(self, by: str | Sequence[str] | None) -> Domains:
        """Number the groups that results are split by (see :class:`Domains`)."""
        groups = [] if by is None else [by] if isinstance(by, str) else list(by)
        if not groups:
            return Domains(np.zeros(len(self), np.int64), (), ((),))
        columns = [_levels(self.column(group)) for group in groups]
        code = np.zeros(len(self), np.int64)
        absent = np.zeros(len(self), bool)
        for codes, levels in columns:
            code = code * len(levels) + codes
            absent |= codes < 0
        code[absent] = -1
        found, numbered = np.unique(code[~absent], return_inverse=True)
        code[~absent] = numbered
        names = []
        for value in found:
            parts = []
            for _, levels in reversed(columns):
                value, position = divmod(int(value), len(levels))
                parts.append(levels[position])
            names.append(tuple(reversed(parts)))
        return Domains(code, tuple(groups), tuple(names))


@dataclass(frozen=True)
class Domains:
    """The groups an estimate is split by.

    Attributes
    ----------
    code : int array, shape (rows,)
        Group of each row, -1 where a grouping answer is missing.
    groups : tuple of str
        Grouping columns, in order; empty for the whole.
    names : tuple of tuple of str
        Levels of each group, one per grouping column.
    """

    code: np.ndarray
    groups: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]

    def pairs(self, position: int) -> list[tuple[str, str]]:
        """Ordered (group, level) pairs of one domain."""
        return list(zip(self.groups, self.names[position], strict=True))


def _levels(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Codes (-1 missing) and level names; categories keep their order, other values are sorted."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy().astype(np.int64), [str(level) for level in column.cat.categories]
    codes, levels = pd.factorize(column, sort=True)
    return codes.astype(np.int64), [f"{level:g}" if isinstance(level, float) else str(level) for level in levels]


_MEANING = {
    "weight": "a weight says how many people a respondent stands for",
    "fpc": "it says how many first-stage units the stratum has in all",
}


def _plain(name: str) -> str:
    """A design column's name as the study writes it, without the prefix it has in the frame."""
    return name.removeprefix("design:")


def _column(frame: pd.DataFrame, name: str, role: str) -> pd.Series:
    if name not in frame:
        raise DesignError(f"{role} {name!r} is not in the sample{suggest(name, map(str, frame.columns))}")
    return frame[name]


def _complete(frame: pd.DataFrame, name: str, role: str) -> pd.Series:
    column = _column(frame, name, role)
    missing = int(column.isna().sum())
    if missing:
        raise DesignError(
            f"{role} column {_plain(name)!r} is missing in {missing} of {len(frame)} rows; "
            "fill it in the export, or leave those interviews out with a declared correction"
        )
    return column


def _numbers(frame: pd.DataFrame, name: str, role: str) -> np.ndarray:
    values = pd.to_numeric(_complete(frame, name, role), errors="coerce").to_numpy(float)
    for problem, wrong in (
        ("not a number", np.isnan(values)),
        ("infinite", np.isinf(values)),
        ("negative", values < 0),
    ):
        if wrong.any():
            raise DesignError(
                f"{role} column {_plain(name)!r} is {problem} in {int(wrong.sum())} of {len(values)} rows; "
                f"{_MEANING[role]}, so correct it in the export"
            )
    return values


def _design(
    frame: pd.DataFrame,
    weight: str | None,
    strata: str | None,
    cluster: str | None,
    fpc: str | None,
    *,
    census: bool,
) -> Design:
    rows = len(frame)
    weights = _numbers(frame, weight, "weight") if weight else np.ones(rows)
    if not weights.any():
        raise DesignError(
            f"weight column {_plain(weight or '')!r} is zero in all {rows} rows, so nobody is represented"
        )
    stratum, names = (
        pd.factorize(_complete(frame, strata, "strata"), sort=True) if strata else (np.zeros(rows, int), [""])
    )
    unit = pd.factorize(_complete(frame, cluster, "cluster"), sort=True)[0] if cluster else np.arange(rows)
    pairs, code = np.unique(np.stack([stratum, unit]), axis=1, return_inverse=True)
    stratum_of = pairs[0]
    sampled = np.bincount(stratum_of, minlength=len(names)).astype(float)
    labels = tuple(str(name) for name in names)
    fraction = np.ones(len(names)) if census else _fraction(frame, fpc, stratum, sampled, labels)
    if not census:
        _refuse_lonely(sampled, fraction, labels, strata)
    return Design(weights, code.ravel().astype(np.int64), stratum_of, sampled, fraction, labels)


def _fraction(
    frame: pd.DataFrame, fpc: str | None, stratum: np.ndarray, sampled: np.ndarray, names: tuple[str, ...]
) -> np.ndarray:
    """Sampling fraction of first-stage units in each stratum."""
    if not fpc:
        return np.zeros(len(sampled))
    values = _numbers(frame, fpc, "fpc")
    low = np.full(len(sampled), np.inf)
    high = np.full(len(sampled), -np.inf)
    np.minimum.at(low, stratum, values)
    np.maximum.at(high, stratum, values)
    for position in np.flatnonzero(low != high)[:1]:
        raise DesignError(
            f"fpc column {_plain(fpc)!r} has different values ({low[position]:g} and {high[position]:g}) inside "
            f"stratum {names[position]!r}; it is one number per stratum"
        )
    fraction = low if (low <= 1).all() else sampled / low
    for position in np.flatnonzero((fraction > 1) | (low <= 0))[:1]:
        raise DesignError(
            f"fpc column {_plain(fpc)!r} says stratum {names[position]!r} holds {low[position]:g} first-stage units, "
            f"but {sampled[position]:g} were sampled; correct the population count"
        )
    return fraction


def _refuse_lonely(sampled: np.ndarray, fraction: np.ndarray, names: tuple[str, ...], strata: str | None) -> None:
    lonely = np.flatnonzero((sampled == 1) & (fraction < 1))
    if len(lonely):
        raise DesignError(
            f"stratum {names[lonely[0]]!r} holds 1 first-stage unit, so its sampling error cannot be "
            f"estimated ({len(lonely)} such strata of {len(sampled)}); merge it with a neighbour in the "
            f"column {_plain(strata or '')!r}, or give its finite population correction if every unit of it was visited"
        )
