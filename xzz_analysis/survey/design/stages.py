"""Stages of sampling as arrays, and the covariance they give to totals of sampled units.

References
----------
Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling, chapter 4.
Lumley, T. (2010). Complex Surveys: A Guide to Analysis Using R, chapters 2 and 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError
from xzz_analysis.survey.design.calibration import Correction
from xzz_analysis.survey.design.columns import codes, column, names_of, numbers, plain, texts, weights
from xzz_analysis.survey.engine.sums import product

LONELY = ("fail", "remove", "certainty", "average", "adjust")
"""Rules for a stratum with one sampled unit: refuse it, leave it out, call it certain (both contribute
nothing), give it the average of the other strata, or measure it from zero instead of its own mean."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True)
class Stage:
    """One stage of sampling.

    Attributes
    ----------
    unit : int array, shape (last-stage units,)
        This stage's unit of each last-stage unit, ascending.
    stratum : int array, shape (units,)
        Stratum of each unit of this stage, ascending; at later stages, strata lie inside one unit of the
        stage before.
    sampled : float array, shape (strata,)
        Units drawn in each stratum.
    fraction : float array, shape (strata,)
        Sampling fraction of units; 0 without a finite population correction.
    factor : float array, shape (strata,)
        What a stratum's Σ (z − z̄)² counts: (1−f) n/(n−1), times the fractions of the stages above.
    centred : float array, shape (strata,)
        1 where deviations are taken from the stratum's mean, 0 where from zero (``lonely="adjust"``).
    averaged : bool array, shape (strata,)
        Where a stratum's spread is taken to be the average of the others (``lonely="average"``).
    """

    unit: np.ndarray
    stratum: np.ndarray
    sampled: np.ndarray
    fraction: np.ndarray
    factor: np.ndarray
    centred: np.ndarray
    averaged: np.ndarray

    def average_scale(self, held: np.ndarray) -> np.ndarray:
        """What the other strata's variance is multiplied by to stand for the averaged ones too.

        Parameters
        ----------
        held : bool array, shape (strata, columns)
            Whether the stratum holds a part of the estimate's base.

        Returns
        -------
        array, shape (columns,)
            Strata held over strata held and not averaged; NaN where there is no other stratum.
        """
        known = (held & ~self.averaged[:, None]).sum(axis=0)
        return np.where(known > 0, held.sum(axis=0) / np.maximum(known, 1), np.nan)

    def deviations(self, z: np.ndarray) -> np.ndarray:
        """Scaled deviations of this stage's unit totals: their squares sum to the stage's variance.

        Parameters
        ----------
        z : array, shape (last-stage units, columns)

        Returns
        -------
        array, shape (units, columns)
        """
        totals = z if len(self.unit) == len(self.stratum) else _runs(z, self.unit)
        mean = _runs(totals, self.stratum) * (self.centred / self.sampled)[:, None]
        return np.asarray((totals - mean[self.stratum]) * np.sqrt(self.factor)[self.stratum][:, None])


def _runs(values: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Sum rows with equal, ascending codes; every code from 0 occurs."""
    starts = np.flatnonzero(np.diff(code, prepend=-1))
    return np.asarray(np.add.reduceat(values, starts, axis=0))


@dataclass(frozen=True)
class Design:
    """The sample design as arrays; rows are respondents.

    Attributes
    ----------
    weight : float array, shape (rows,)
        Sampling weight; zero keeps the row in the design and out of every estimate.
    unit : int array, shape (rows,)
        Last-stage unit of each row whose variance counts, numbered in the order of the stages.
    stages : tuple of Stage
        First stage first.
    names : tuple of str
        Names of the first stage's strata.
    correction : Correction, optional
        What calibration has made certain.
    """

    weight: np.ndarray
    unit: np.ndarray
    stages: tuple[Stage, ...]
    names: tuple[str, ...]
    correction: Correction | None = None

    @property
    def units(self) -> int:
        """Number of last-stage units."""
        return len(self.stages[0].unit)

    @property
    def first(self) -> Stage:
        """The first stage."""
        return self.stages[0]

    def deviations(self, z: np.ndarray, active: np.ndarray | None = None) -> Iterator[np.ndarray]:
        """Scaled deviations of every stage (see :meth:`Stage.deviations`), averaged strata allowed for.

        Parameters
        ----------
        z : array, shape (units, columns)
        active : bool array, shape (units, columns), optional
            Units that hold a part of each estimate's base; all of them by default.
        """
        for stage in self.stages:
            part = stage.deviations(z)
            if stage.averaged.any():
                stratum = stage.stratum[stage.unit]
                held = (
                    np.ones((len(stage.sampled), z.shape[1]))
                    if active is None
                    else _runs(active.astype(float), stratum)
                )
                part = part * np.sqrt(stage.average_scale(held > 0))
            yield part

    def variance(self, z: np.ndarray, active: np.ndarray | None = None) -> np.ndarray:
        """Design variance of each column of unit influences, shape (units, columns) → (columns,)."""
        return np.asarray(sum(np.einsum("ij,ij->j", part, part) for part in self.deviations(z, active)))

    def covariance(self, z: np.ndarray, active: np.ndarray | None = None) -> np.ndarray:
        """Design covariance of the columns of unit influences, shape (columns, columns)."""
        return np.asarray(sum(product(part.T, part) for part in self.deviations(z, active)))


@dataclass(frozen=True)
class DesignSpec:
    """Names of the design's columns, one per stage where there are several."""

    weight: str
    strata: list[str]
    cluster: list[str]
    fpc: list[str]
    lonely: str

    @classmethod
    def of(
        cls,
        weight: str | None,
        strata: str | Sequence[str | None] | None,
        cluster: str | Sequence[str] | None,
        fpc: str | Sequence[str] | None,
        lonely: str,
    ) -> DesignSpec:
        """Bring what a user may write into one form: one name per stage."""
        return cls(names_of([weight])[0], names_of(strata), names_of(cluster), names_of(fpc), lonely)

    def columns(self) -> list[str]:
        """Every named column, once."""
        named = (self.weight, *self.strata, *self.cluster, *self.fpc)
        return list(dict.fromkeys(name for name in named if name))

    def check(self, frame: pd.DataFrame) -> None:
        """Refuse unknown columns, and more population sizes or strata than there are stages."""
        stages = len(self.cluster) + 1
        for role, given in (("fpc", self.fpc), ("strata", self.strata)):
            if len(given) > stages:
                raise DesignError(
                    f"{role} names {len(given)} columns, but the design has {stages} stages at most: "
                    f"{', '.join([*map(plain, self.cluster), 'respondents'])}; give one column per stage"
                )
        for name in (*self.strata, *self.cluster, *self.fpc):
            if name:
                column(frame, name, "cluster" if name in self.cluster else "fpc" if name in self.fpc else "strata")
        texts([name for name in self.cluster if name])
        if "" in self.fpc or "" in self.cluster:
            raise DesignError("a stage's cluster and fpc columns cannot be empty; leave out the stages that follow")


def make_design(frame: pd.DataFrame, spec: DesignSpec, *, census: bool) -> Design:
    """Read the design of a frame (see :class:`~xzz_analysis.survey.design.sample.Sample`)."""
    spec.check(frame)
    weight = weights(frame, spec.weight)
    above = np.zeros(len(frame), np.int64)
    respondents_last = len(spec.fpc) > len(spec.cluster) or not spec.cluster
    clusters = [*spec.cluster, ""] if respondents_last else spec.cluster
    stages: list[_Numbered] = []
    for position, name in enumerate(clusters[:1] if census else clusters[: len(spec.fpc) + 1]):
        stages.append(_number_stage(frame, spec, position, name, above))
        above = stages[-1].unit
    return Design(weight, above, _link(stages, spec, census=census), stages[0].names)


@dataclass(frozen=True)
class _Numbered:
    """A stage with its rows numbered: units and strata ascend in the order of the stages above."""

    unit: np.ndarray
    stratum: np.ndarray
    fraction: np.ndarray
    names: tuple[str, ...]
    parent: np.ndarray
    """The stratum's unit of the stage before."""


def _number_stage(frame: pd.DataFrame, spec: DesignSpec, position: int, cluster: str, above: np.ndarray) -> _Numbered:
    strata = spec.strata[position] if position < len(spec.strata) else ""
    level, labels = codes(frame, strata, "strata") if strata else (np.zeros(len(frame), np.int64), pd.Index([""]))
    stratum, pairs = _number(above, level, len(labels))
    member = codes(frame, cluster, "cluster")[0] if cluster else np.arange(len(frame))
    unit, members = _number(stratum, member, int(member.max()) + 1)
    parent, label = np.divmod(pairs, len(labels))
    stratum_of = members // (int(member.max()) + 1)
    names = tuple(str(labels[value]) for value in label)
    sampled = np.bincount(stratum_of).astype(float)
    fpc = spec.fpc[position] if position < len(spec.fpc) else ""
    fraction = _fraction(frame, fpc, stratum, sampled, names) if fpc else np.zeros(len(sampled))
    return _Numbered(unit, stratum_of, fraction, names, parent)


def _number(outer: np.ndarray, inner: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Number the pairs (outer, inner) that occur: each row's number, and the pairs as outer · size + inner."""
    key = outer * size + inner
    top = int(key.max()) + 1
    if top > 4 * len(key):
        found, number = np.unique(key, return_inverse=True)
        return number.astype(np.int64), found
    occurs = np.bincount(key, minlength=top) > 0
    return (np.cumsum(occurs) - 1)[key], np.flatnonzero(occurs)


def _fraction(
    frame: pd.DataFrame, fpc: str, stratum: np.ndarray, sampled: np.ndarray, names: tuple[str, ...]
) -> np.ndarray:
    """Sampling fraction of units in each stratum of one stage."""
    values = numbers(frame, fpc, "fpc")
    low, high = np.full(len(sampled), np.inf), np.full(len(sampled), -np.inf)
    np.minimum.at(low, stratum, values)
    np.maximum.at(high, stratum, values)
    for position in np.flatnonzero(low != high)[:1]:
        raise DesignError(
            f"fpc column {plain(fpc)!r} has different values ({low[position]:g} and {high[position]:g}) inside "
            f"stratum {names[position]!r}; it is one number per stratum"
        )
    fraction = low if (low <= 1).all() else sampled / np.where(low > 0, low, np.nan)
    for position in np.flatnonzero(~(fraction <= 1) | (low <= 0))[:1]:
        raise DesignError(
            f"fpc column {plain(fpc)!r} says stratum {names[position]!r} holds {low[position]:g} units, "
            f"but {sampled[position]:g} were sampled; correct the population count"
        )
    return np.asarray(fraction)


def _link(numbered: Sequence[_Numbered], spec: DesignSpec, *, census: bool) -> tuple[Stage, ...]:
    """Join the stages: each one's unit of every last-stage unit, and what its spread counts."""
    stages: list[Stage] = []
    share = np.ones(1)
    for position, stage in enumerate(numbered):
        sampled = np.bincount(stage.stratum).astype(float)
        fraction = np.ones(len(sampled)) if census else stage.fraction
        over = share[stage.parent]
        factor = over * (1 - fraction) * sampled / np.maximum(sampled - 1, 1)
        plain_centre, not_averaged = np.ones(len(sampled)), np.zeros(len(sampled), bool)
        unit = np.arange(len(stage.stratum))
        found = Stage(unit, stage.stratum, sampled, fraction, factor, plain_centre, not_averaged)
        stages.append(_settle_lonely(found, stage.names, spec, position))
        share = (over * fraction)[stage.stratum]
    last = numbered[-1]
    first_row = np.empty(len(last.stratum), np.int64)
    first_row[last.unit[::-1]] = np.arange(len(last.unit))[::-1]  # the first row of each unit is written last
    return tuple(replace(stage, unit=one.unit[first_row]) for stage, one in zip(stages, numbered, strict=True))


def _settle_lonely(stage: Stage, names: tuple[str, ...], spec: DesignSpec, position: int) -> Stage:
    """Apply the rule for strata with one sampled unit."""
    lonely = (stage.sampled == 1) & (stage.factor > 0)
    if not lonely.any():
        return stage
    if spec.lonely == "fail":
        _refuse_lonely(names, lonely, spec, position)
    if spec.lonely == "adjust":
        return replace(stage, centred=np.where(lonely, 0.0, 1.0))
    if spec.lonely == "average" and lonely.all():
        raise DesignError(
            f"every stratum holds 1 {_ordinal(position)}-stage unit, so there is no stratum whose average could "
            "stand for the lonely ones; merge strata, or choose lonely 'adjust'"
        )
    averaged = lonely if spec.lonely == "average" else stage.averaged
    return replace(stage, factor=np.where(lonely, 0.0, stage.factor), averaged=averaged)


def _refuse_lonely(names: tuple[str, ...], lonely: np.ndarray, spec: DesignSpec, position: int) -> None:
    column = plain(spec.strata[position]) if position < len(spec.strata) else ""
    where = f"stratum {names[int(np.flatnonzero(lonely)[0])]!r}" if position == 0 else "a unit of the stage before"
    if not column and position == 0:
        where = "the sample"
    merge = f"merge it with a neighbour in the column {column!r}, " if column else ""
    raise DesignError(
        f"{where} holds 1 {_ordinal(position)}-stage unit, so its sampling error cannot be estimated "
        f"({int(lonely.sum())} such strata of {len(lonely)}); {merge}give "
        "its finite population correction if every unit of it was visited, or choose another rule for lonely units"
    )


def _ordinal(position: int) -> str:
    return _ORDINALS[position] if position < len(_ORDINALS) else f"{position + 1}th"
