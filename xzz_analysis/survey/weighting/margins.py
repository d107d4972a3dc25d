"""Known population totals, read and checked against the sample before any weight is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError, suggest
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.design.columns import LARGEST, texts
from xzz_analysis.survey.design.domains import Domains, level_name, number_domains
from xzz_analysis.survey.estimate.items import is_number
from xzz_analysis.survey.estimates import group_key

Totals = Mapping[Any, float]
"""Level → total."""

AGREE = 1e-6
"""Largest relative difference between the sums of margins: totals rounded to whole people pass, another
population does not."""

NAMED = 5
"""Most levels that an error lists."""


@dataclass(frozen=True)
class Margin:
    """The levels of one variable, or of several crossed, with their population totals.

    Attributes
    ----------
    variable : str
        Column, or columns joined by " × ".
    levels : tuple of str
    code : int array, shape (rows,)
        Level of each respondent; -1 where the weight is zero.
    total : float array, shape (levels,)
        People in the population, above zero.
    """

    variable: str
    levels: tuple[str, ...]
    code: np.ndarray
    total: np.ndarray


def read_margins(sample: Sample, margins: Mapping[str, Totals] | pd.DataFrame) -> list[Margin]:
    """Read one-way margins and check each against the sample.

    Parameters
    ----------
    sample : Sample
    margins : mapping or DataFrame
        ``{column: {level: total}}``, or columns ``variable``, ``level`` and ``total``.

    Raises
    ------
    DesignError
        Unknown columns, duplicates, unusable totals, missing answers, levels on one side only.
    """
    wanted = _tables(margins)
    if not wanted:
        raise DesignError("no margins were given, so there is nothing to weight to; give {column: {level: total}}")
    return [_match(sample, [variable], table) for variable, table in wanted.items()]


def split_totals(
    totals: Mapping[str, float | Totals] | pd.DataFrame,
) -> tuple[dict[str, Any], Mapping[str, Totals] | pd.DataFrame]:
    """Totals of numeric columns, and margins of levels."""
    if isinstance(totals, pd.DataFrame):
        return {}, totals
    given = dict(_items("the totals", totals))
    levels: dict[str, Any] = {name: one for name, one in given.items() if isinstance(one, Mapping | pd.Series)}
    return {name: one for name, one in given.items() if name not in levels}, levels


def read_cells(sample: Sample, by: str | Sequence[str], totals: Totals | pd.DataFrame) -> Margin:
    """Read the totals of post-strata: the levels of ``by``, crossed when there are several columns.

    Parameters
    ----------
    sample : Sample
    by : str or sequence of str
    totals : mapping or DataFrame
        ``{level: total}`` for one column; otherwise the columns of ``by`` and ``total``, one row per cell.
    """
    groups = texts(by)
    if isinstance(totals, pd.DataFrame):
        return _match(sample, groups, _cell_table(totals, groups))
    if len(groups) != 1:
        raise DesignError(
            f"post-strata of {len(groups)} columns ({', '.join(groups)}) need a table with these columns and 'total'; "
            "a mapping of levels has room for one column"
        )
    return _match(sample, groups, _table(groups[0], _items(f"the margin of {groups[0]!r}", totals)))


def settle(margins: Sequence[Margin], size: float, population: float | None = None) -> list[Margin]:
    """Bring margins to one population: shares become people, rounding is levelled, disagreement refused.

    Parameters
    ----------
    margins : sequence of Margin
    size : float
        Sum of the present weights: the population that shares are of, without another.
    population : float, optional
        Number of people that every margin has to sum to.

    Returns
    -------
    list of Margin
        Every margin sums to the population, to ``size`` (when all sum to 1), or to the first margin's sum.
    """
    sums = [float(margin.total.sum()) for margin in margins]
    if all(abs(found - 1) <= AGREE for found in sums):
        aim = size if population is None else population
    else:
        aim = sums[0] if population is None else population
        for margin, found in zip(margins, sums, strict=True):
            if abs(found - aim) > AGREE * aim:
                other = f"those of {margins[0].variable!r}" if population is None else "the population"
                raise DesignError(
                    f"the totals of {margin.variable!r} sum to {number(found)}, but {other} to {number(aim)}, so no "
                    "weights can meet both; correct the totals, or give shares that sum to 1 in every margin"
                )
    return [replace(one, total=one.total * (aim / found)) for one, found in zip(margins, sums, strict=True)]


def groups_of(sample: Sample, groups: Sequence[str], why: str) -> Domains:
    """Number the levels of crossed columns over the whole sample; -1, and no level, where the weight is zero.

    Raises
    ------
    DesignError
        An answer is missing where the weight is above zero; ``why`` says what it is needed for.
    """
    found = number_domains([sample.column(group) for group in groups], None, len(sample))
    weighted = sample.design.weight > 0
    for group in groups:
        missing = int((sample.column(group).isna().to_numpy() & weighted).sum())
        if missing:
            raise DesignError(
                f"column {group!r} is missing for {missing} of {int(weighted.sum())} respondents with a weight, {why}; "
                "give missing answers a level of their own, fill them in, or set those weights to zero"
            )
    kept = np.unique(found.code[weighted])
    code = np.where(weighted, np.searchsorted(kept, found.code), -1)
    return Domains(code, found.groups, tuple(found.names[place] for place in kept))


def number(value: float) -> str:
    """A total as text: digits grouped, no more than ten that count."""
    return f"{value:,.10g}"


def label(domains: Domains, position: int) -> str:
    """A level by name; crossed levels as ``sex=f;area=village``."""
    return domains.names[position][0] if len(domains.groups) == 1 else group_key(domains.pairs(position))


def _match(sample: Sample, groups: Sequence[str], wanted: Mapping[str, float]) -> Margin:
    """Join a table of totals to the sample; levels on one side only are refused."""
    domains = groups_of(sample, groups, "so it cannot be told which total they count in")
    variable = " × ".join(groups)
    levels = [label(domains, place) for place in range(len(domains.names))]
    counted = np.bincount(domains.code + 1, minlength=len(levels) + 1)[1:]
    sampled = dict(zip(levels, map(int, counted), strict=True))
    _refuse_without_total(variable, sampled, wanted)
    _refuse_without_respondents(variable, sampled, wanted)
    return Margin(variable, tuple(levels), domains.code, np.array([wanted[name] for name in levels], float))


def _refuse_without_total(variable: str, sampled: Mapping[str, int], wanted: Mapping[str, float]) -> None:
    absent = [name for name in sampled if name not in wanted]
    if absent:
        raise DesignError(
            f"level {absent[0]!r} of {variable!r} has {sampled[absent[0]]} respondents but no total"
            f"{suggest(absent[0], wanted)}{_all_of(absent, sampled)}; add it to the totals, or join it to another level"
        )
    zero = [name for name in sampled if wanted[name] == 0]
    if zero:
        raise DesignError(
            f"level {zero[0]!r} of {variable!r} has a total of 0 but {sampled[zero[0]]} respondents"
            f"{_all_of(zero, sampled)}; correct the total, or set the weight of those respondents to zero"
        )


def _refuse_without_respondents(variable: str, sampled: Mapping[str, int], wanted: Mapping[str, float]) -> None:
    empty = [name for name, total in wanted.items() if total > 0 and name not in sampled]
    if empty:
        raise DesignError(
            f"level {empty[0]!r} of {variable!r} has a total of {number(wanted[empty[0]])} but no respondent with a "
            f"weight{suggest(empty[0], sampled)}{_all_of(empty, wanted)}; nobody can stand for them, so join it to "
            "another level in the totals and in the sample"
        )


def _all_of(names: Sequence[str], levels: Iterable[str]) -> str:
    """How many levels of how many, with their names."""
    listed = ", ".join(map(repr, names[:NAMED])) + (" …" if len(names) > NAMED else "")
    return f" ({len(names)} such levels of {len(list(levels))}: {listed})"


def _tables(margins: Mapping[str, Totals] | pd.DataFrame) -> dict[str, dict[str, float]]:
    if isinstance(margins, pd.DataFrame):
        _require_columns(margins, ["variable", "level", "total"])
        groups = margins.groupby("variable", sort=False, dropna=False)
        return {str(name): _table(str(name), zip(rows["level"], rows["total"], strict=True)) for name, rows in groups}
    given = _items("the margins", margins)
    return {str(name): _table(str(name), _items(f"the margin of {str(name)!r}", table)) for name, table in given}


def _items(what: str, table: Any) -> Iterable[tuple[Any, Any]]:
    if not isinstance(table, Mapping | pd.Series):
        shown = repr(table) if isinstance(table, str | Real) or table is None else f"of type {type(table).__name__}"
        raise DesignError(
            f"{what} is {shown}, not totals by level; write {{level: total}}, inside {{column: …}} for several"
        )
    return table.items()


def _table(variable: str, items: Iterable[tuple[Any, Any]]) -> dict[str, float]:
    out: dict[str, float] = {}
    for level, total in items:
        name = level_text(level)
        if name in out:
            raise DesignError(f"level {name!r} of {variable!r} has two totals; keep one")
        out[name] = usable_total(total, f"level {name!r} of {variable!r}")
    if not out:
        raise DesignError(f"the margin of {variable!r} has no levels; write {{level: total}}")
    return out


def _cell_table(totals: pd.DataFrame, groups: Sequence[str]) -> dict[str, float]:
    _require_columns(totals, [*groups, "total"])
    if len(groups) == 1:
        return _table(groups[0], zip(totals[groups[0]], totals["total"], strict=True))
    levels = [[level_text(level) for level in totals[group]] for group in groups]
    names = [group_key(list(zip(groups, cell, strict=True))) for cell in zip(*levels, strict=True)]
    return _table(" × ".join(groups), zip(names, totals["total"], strict=True))


def _require_columns(table: pd.DataFrame, wanted: Sequence[str]) -> None:
    """Refuse a table of totals whose columns are not exactly the wanted ones."""
    for name in wanted:
        if name not in table:
            raise DesignError(f"the totals have no column {name!r}{suggest(name, map(str, table.columns))}")
    extra = [str(name) for name in table if name not in wanted]
    if extra:
        raise DesignError(
            f"the totals have a column {extra[0]!r} that is not used; their columns are {', '.join(wanted)}: "
            "drop it, or add the rows up over it"
        )


def level_text(level: Any) -> str:
    """A level as results write it: ``1`` for 1 and 1.0."""
    if pd.api.types.is_scalar(level) and pd.isna(level):
        raise DesignError("a level of the totals is missing, so it is not known whom the total is about; name it")
    return level_name(level)


def usable_total(total: Any, of: str) -> float:
    """A total of people as a number; :class:`DesignError` unless it is finite and ≥ 0."""
    value = as_number(total)
    if not 0 <= value <= LARGEST:
        raise DesignError(
            f"the total of {of} is {total!r}, but people are counted by a finite number above zero; correct it"
        )
    return value


def any_total(total: Any, of: str) -> float:
    """A total of a numeric column, which may be below zero."""
    value = as_number(total)
    if not abs(value) <= LARGEST:
        shown = repr(total) if isinstance(total, str | Real) or total is None else f"of type {type(total).__name__}"
        raise DesignError(f"the total of {of!r} is {shown}, not a finite number; give a number or {{level: total}}")
    return value


def number_column(sample: Sample, name: str) -> np.ndarray:
    """A numeric column without missing answers, zero where the weight is, shape (rows,)."""
    column = sample.column(name)
    if not is_number(column):
        raise DesignError(f"column {name!r} holds text, so it has no single total; give {{level: total}} instead")
    weighted = sample.design.weight > 0
    values = column.to_numpy(float, na_value=np.nan)
    wrong = int((~(np.abs(values) <= LARGEST) & weighted).sum())
    if wrong:
        raise DesignError(
            f"column {name!r} is missing or infinite for {wrong} of {int(weighted.sum())} respondents with a weight, "
            "so its total is unknown; fill them in, or set those weights to zero"
        )
    return np.where(weighted, values, 0.0)


def one_of(role: str, given: str, known: Sequence[str]) -> None:
    """Refuse an option that does not exist, with the nearest that does."""
    if given not in known:
        raise DesignError(f"{role} {given!r} is not one of {', '.join(known)}{suggest(given, known)}")


def as_number(value: Any) -> float:
    """A number as it was given, or NaN for anything else."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
