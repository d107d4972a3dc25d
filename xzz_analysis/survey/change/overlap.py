"""What rounds have in common: strata, clusters and population sizes, numbered alike in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.design.columns import plain

SAME = 1e-9
"""Largest relative difference between population sizes that were the same before they became sampling fractions."""


@dataclass(frozen=True)
class Stacking:
    """How rounds are put on one design.

    Attributes
    ----------
    samples : sequence of Sample
    names : tuple of str
        What the rounds are called.
    round : int array, shape (rows,)
        Position of each row's round.
    person : int array, shape (rows,), or None
        Number of each row's respondent, who is one unit in every round.
    apart : bool
        Whether the rounds are independent samples.
    """

    samples: Sequence[Sample]
    names: tuple[str, ...]
    round: np.ndarray
    person: np.ndarray | None
    apart: bool


@dataclass(frozen=True)
class _Stage:
    """One stage of all rounds, rows numbered alike; ``shared`` where its strata are the same in every round."""

    position: int
    role: str
    level: np.ndarray
    labels: pd.Index
    member: np.ndarray
    members: pd.Index | None
    stratum: np.ndarray
    unit: np.ndarray
    shared: bool


def stack_stages(stacking: Stacking) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Number strata and units of every stage alike in all rounds.

    Parameters
    ----------
    stacking : Stacking

    Returns
    -------
    frame : DataFrame of int64, and float64 for fpc, shape (rows, design columns)
    roles : dict
        ``strata``, ``cluster`` and ``fpc``: names of the columns, one per stage.

    Raises
    ------
    DesignError
        Stages that differ between rounds, clusters that change stratum, no unit in common, population sizes that
        differ inside a stratum.
    """
    depth, sizes = _depth(stacking)
    columns: dict[str, np.ndarray] = {}
    roles: dict[str, list[str]] = {"strata": [], "cluster": [], "fpc": []}
    above = np.zeros(len(stacking.round), np.int64)
    for position in range(depth):
        stage = _stage(stacking, position, above)
        if stage.shared and position == 0:
            _refuse_moved(stacking, stage)
            _refuse_strangers(stacking, stage)
        numbered = {"strata": stage.stratum, "cluster": stage.unit}
        if position < sizes:
            numbered["fpc"] = _population(stacking, stage) if stage.shared else _fraction(stacking, position)
        for role, values in numbered.items():
            roles[role].append(f"joint:{role}{position + 1}")
            columns[roles[role][-1]] = values
        above = stage.unit
    return pd.DataFrame(columns), roles


def concatenate(columns: Sequence[pd.Series], what: str) -> pd.Series:
    """One column of several rounds; categories are those of any round.

    Parameters
    ----------
    columns : sequence of Series
    what : str
        Role and name of the column, for the error.

    Raises
    ------
    DesignError
        Numbers in one round and text in another.
    """
    answered = [column for column in columns if column.notna().any()]
    if len({_is_number(column) for column in answered}) > 1:
        raise DesignError(
            f"{what} holds numbers in one round and text in another, so its values cannot be matched; "
            "write it in the same way in every round"
        )
    if answered and all(isinstance(column.dtype, pd.CategoricalDtype) for column in answered):
        levels = list(dict.fromkeys(level for column in answered for level in column.cat.categories))
        ordered = all(column.cat.ordered for column in answered)
        values = pd.concat([column.astype(object) for column in columns], ignore_index=True)
        return pd.Series(pd.Categorical(values, pd.Index(levels), ordered=ordered))
    empty = object if answered and not pd.api.types.is_float_dtype(answered[0]) else float
    parts = [
        column if column.notna().any() else pd.Series(np.full(len(column), np.nan), dtype=empty) for column in columns
    ]
    return pd.concat(parts, ignore_index=True)


def _is_number(column: pd.Series) -> bool:
    if column.dtype == object:
        return pd.api.types.infer_dtype(column, skipna=True) in (
            "boolean",
            "integer",
            "floating",
            "mixed-integer-float",
        )
    return pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)


def _depth(stacking: Stacking) -> tuple[int, int]:
    """Stages that count, and how many of them have population sizes; the same in every round."""
    shapes = []
    for sample, name in zip(stacking.samples, stacking.names, strict=True):
        stages = len(sample.design.stages)
        sizes = 0 if sample.kind == "census" else min(len(sample.spec.fpc), stages)
        shapes.append((stages, sizes))
        if (stages, sizes) != shapes[0]:
            raise DesignError(
                f"round {stacking.names[0]!r} has {shapes[0][0]} stages of sampling with {shapes[0][1]} population "
                f"sizes (fpc), and round {name!r} {stages} with {sizes}; give every round the same stages, "
                "or leave fpc out of all"
            )
    return shapes[0]


def _stage(stacking: Stacking, position: int, above: np.ndarray) -> _Stage:
    strata = [_name(sample.spec.strata, position) for sample in stacking.samples]
    clusters = [_name(sample.spec.cluster, position) for sample in stacking.samples]
    level, labels = _codes(stacking, strata, "strata column")
    shared = not stacking.apart or position > 0
    role, members = "cluster", None
    if all(clusters):
        member, members = _codes(stacking, clusters, "cluster column")
    else:
        role, member = "respondent", _respondents(stacking, clusters, position)
        shared = shared and stacking.person is not None
    stratum = _pair(above, level if shared else _pair(level, stacking.round))
    return _Stage(position, role, level, labels, member, members, stratum, _pair(stratum, member), shared)


def _respondents(stacking: Stacking, clusters: Sequence[str], position: int) -> np.ndarray:
    """Respondents as the units of a stage: persons of a panel, else every row its own."""
    if any(clusters) and not stacking.apart:
        raise DesignError(
            f"round {stacking.names[[bool(name) for name in clusters].index(True)]!r} has clusters that other rounds "
            "do not have; give every round the same stages, or take overlap='none' for independent samples"
        )
    if stacking.person is None and not stacking.apart and position == 0:
        raise DesignError(
            "the rounds have no clusters that could be visited again; take overlap='panel' with the `key` of the "
            "respondents when the same were asked again, and overlap='none' when others were drawn"
        )
    rows = np.arange(len(stacking.round))
    if any(clusters):
        parts = [
            sample.column(name) if name else pd.Series(np.arange(len(sample)))
            for sample, name in zip(stacking.samples, clusters, strict=True)
        ]
        return np.concatenate([pd.factorize(part)[0] for part in parts])
    return rows if stacking.person is None else stacking.person


def _name(names: Sequence[str], position: int) -> str:
    return names[position] if position < len(names) else ""


def _codes(stacking: Stacking, names: Sequence[str], role: str) -> tuple[np.ndarray, pd.Index]:
    """Values of one design column as numbers, the same number for the same value in every round."""
    parts = [
        sample.column(name) if name else pd.Series(np.full(len(sample), ""), dtype="str")
        for sample, name in zip(stacking.samples, names, strict=True)
    ]
    if not all(names) and any(names) and not stacking.apart:
        raise DesignError(
            f"a round has no {role} where another has {plain(next(filter(None, names)))!r}, so it is not known which "
            "strata are the same; name strata in every round, or take overlap='none' for independent samples"
        )
    if stacking.apart:
        parts = [part.astype(str) for part in parts]
    shown = dict.fromkeys(plain(name) for name in names if name)
    code, labels = pd.factorize(concatenate(parts, f"{role} {', '.join(map(repr, shown))}"))
    return code.astype(np.int64), pd.Index(labels)


def _pair(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """Number the pairs (outer, inner) that occur, shape (rows,)."""
    return np.asarray(np.unique(outer * (int(inner.max()) + 1) + inner, return_inverse=True)[1], np.int64)


def _refuse_moved(stacking: Stacking, stage: _Stage) -> None:
    """Refuse units that lie in different strata in different rounds, where their names are unique in each round."""
    seen = pd.DataFrame({"round": stacking.round, "member": stage.member, "level": stage.level}).drop_duplicates()
    if seen.duplicated(["round", "member"]).any():
        return  # units are numbered anew inside each stratum, so a name says nothing without it
    places = seen.groupby("member")["level"].nunique()
    moved = places.index[places > 1]
    if len(moved) == 0:
        return
    of_first = seen[seen["member"] == moved[0]].drop_duplicates("level")
    where = " and ".join(
        f"in stratum {str(stage.labels[row.level])!r} in round {stacking.names[row.round]!r}"
        for row in of_first.iloc[:2].itertuples()
    )
    unit = f"cluster {str(stage.members[moved[0]])!r}" if stage.members is not None else "a followed respondent"
    raise DesignError(
        f"{unit} is {where} ({len(moved)} such {stage.role}s of {len(places)}), so it cannot be one sampled unit; "
        "give both rounds the strata that the sample was drawn from, or take overlap='none'"
    )


def _refuse_strangers(stacking: Stacking, stage: _Stage) -> None:
    """Refuse rounds without a unit in common."""
    visited = np.unique(_pair(stage.unit, stacking.round)).size
    if visited == np.unique(stage.unit).size:
        sizes = [np.unique(stage.unit[stacking.round == place]).size for place in range(len(stacking.names))]
        listed = ", ".join(f"{size} of {name!r}" for size, name in zip(sizes, stacking.names, strict=True))
        raise DesignError(
            f"the rounds have no {stage.role} in common ({listed}), so nothing was visited again; write strata and "
            "clusters alike in every round, or take overlap='none' when they were drawn anew"
        )


def _fraction(stacking: Stacking, position: int) -> np.ndarray:
    """Sampling fraction of each row's stratum in its own round, shape (rows,)."""
    parts = []
    for sample in stacking.samples:
        stage = sample.design.stages[position]
        parts.append(stage.fraction[stage.stratum[stage.unit[sample.design.unit]]])
    return np.concatenate(parts)


def _population(stacking: Stacking, stage: _Stage) -> np.ndarray:
    """Units in the population of each row's stratum, which all rounds agree on, shape (rows,)."""
    sampled = []
    for sample in stacking.samples:
        own = sample.design.stages[stage.position]
        sampled.append(own.sampled[own.stratum[own.unit[sample.design.unit]]])
    size = np.concatenate(sampled) / _fraction(stacking, stage.position)
    size = np.where(np.abs(size - np.rint(size)) <= SAME * size, np.rint(size), size)
    _refuse_sizes(stacking, stage, size)
    first = np.unique(stage.stratum, return_index=True)[1]
    units = np.unique(stage.unit, return_index=True)[1]
    drawn = np.bincount(stage.stratum[units])
    for place in np.flatnonzero(drawn > size[first] * (1 + SAME))[:1]:
        raise DesignError(
            f"fpc says {_stratum(stage, first[place])} holds {size[first[place]]:g} units, but the rounds together "
            f"visited {drawn[place]}; correct the population count, or take overlap='none' for independent samples"
        )
    return np.asarray(size[first][stage.stratum])


def _refuse_sizes(stacking: Stacking, stage: _Stage, size: np.ndarray) -> None:
    """Refuse population sizes that differ between rounds."""
    strata = int(stage.stratum.max()) + 1
    low, high = np.full(strata, np.inf), np.full(strata, -np.inf)
    np.minimum.at(low, stage.stratum, size)
    np.maximum.at(high, stage.stratum, size)
    wrong = np.flatnonzero(high - low > SAME * high)
    if len(wrong) == 0:
        return
    rows = np.flatnonzero(stage.stratum == wrong[0])
    listed = dict(zip(stacking.round[rows], size[rows], strict=True))
    sizes = ", ".join(f"{value:g} in round {stacking.names[place]!r}" for place, value in listed.items())
    raise DesignError(
        f"fpc says {_stratum(stage, rows[0])} holds {sizes} ({len(wrong)} such strata of {strata}), but the same "
        "clusters can be visited again in one population only; write one number of units in every round"
    )


def _stratum(stage: _Stage, row: int) -> str:
    """What a row's stratum is called in an error."""
    if stage.position > 0:
        return "a unit of the stage before"
    return f"stratum {str(stage.labels[stage.level[row]])!r}" if len(stage.labels) > 1 else "the population"
