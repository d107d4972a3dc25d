"""Contrasts: any linear combination of estimates, and the differences between the levels of a group.

References
----------
Lumley, T. (2010). Complex Surveys: A Guide to Analysis Using R, section 2.4 (contrasts of domain estimates).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import combinations, starmap
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.errors import DesignError, suggest
from xzz_analysis.survey.design.columns import beyond
from xzz_analysis.survey.estimates import MISSING_COLUMNS, Estimates, group_key, group_pairs
from xzz_analysis.survey.testing.comparisons import Comparisons, Family, check_family, compare, require_estimates

MINUS = " − "
"""Between the two levels of a difference, in ``by``: ``hukou=外地 − 本地``."""

NAMED = "contrast"
"""Group under which ``by`` holds a contrast's name: ``area=村庄;contrast=gap``."""

MOST_PAIRS = 100_000
"""Differences that are computed together at most."""

_TEXTS = ("round", "unit", "indicator", "version", "option")
_COUNTS = ("n", "weighted_n", *MISSING_COLUMNS)
_WEAKEST = ("nonprobability", "probability", "census")


def contrast(
    estimates: Estimates,
    coefficients: Mapping[str, Mapping[Any, float]],
    *,
    adjust: str = "none",
    level: float = 0.95,
    null: float = 0.0,
) -> Comparisons:
    """Combine estimates of one sample, with the error that follows from their covariance.

    Parameters
    ----------
    estimates : Estimates
        With its influence matrix; estimates of several calls are put together with
        :func:`~xzz_analysis.survey.estimates.join`.
    coefficients : mapping of str to mapping
        For each contrast, a coefficient for each row of ``estimates``, by the row's label in the frame's index;
        rows that are not named have none.
    adjust : "none", "holm", "benjamini-hochberg" or "max-t"
        How p-values allow for the contrasts asked together; "max-t" makes the intervals hold together too.
    level : float
        Confidence level, of all intervals at once with "max-t".
    null : float
        Value that each contrast is tested against.

    Returns
    -------
    Comparisons
        One row per contrast, in the given order; ``statistic`` is ``contrast``, and ``by`` holds the groups that
        all its estimates share, then ``contrast=name``. Respondents are added up over groups without members in
        common; of others, the largest number is given.

    Raises
    ------
    DesignError
        Unknown rows, coefficients that are no finite numbers, a contrast without one.

    Notes
    -----
    Var(L θ) = L V Lᵀ. Degrees of freedom are the first-stage units minus the strata with respondents behind any
    of the contrast's estimates.

    Examples
    --------
    >>> contrast(shares, {"gap": {0: 1, 1: -1}})  # doctest: +SKIP

    References
    ----------
    Lumley, T. (2010). Complex Surveys: A Guide to Analysis Using R, section 2.4.
    """
    check_family(adjust, level, null)
    require_estimates(estimates)
    if not isinstance(coefficients, Mapping):
        raise DesignError("contrasts are a mapping of names to {row: coefficient}, such as {'gap': {0: 1, 1: -1}}")
    if not estimates.index.is_unique:
        raise DesignError("the estimates' row labels repeat, so a coefficient's row is not known; reset_index() first")
    rows = [_coefficients(estimates, name, given) for name, given in coefficients.items()]
    matrix = _matrix(rows, len(estimates))
    pairs = [group_pairs(by) for by in estimates["by"]]
    by = [
        group_key([*_shared([pairs[place] for place in row]), (NAMED, name)])
        for name, row in zip(coefficients, rows, strict=True)
    ]
    about = _about(estimates, matrix, [NAMED] * len(rows), by)
    return compare(estimates, Family(matrix, about, list(coefficients), adjust, level, null))


def differences(
    estimates: Estimates, group: str, *, reference: str = "", adjust: str = "holm", level: float = 0.95
) -> Comparisons:
    """Compare the levels of a group, within the levels of the other groups.

    Parameters
    ----------
    estimates : Estimates
        Split by ``group``, with its influence matrix; rows that are not split by it are passed over.
    group : str
    reference : str
        Level that is subtracted from each other level. Without it all pairs are taken, the earlier level from the
        later, in the order of the estimates.
    adjust, level
        As in :func:`contrast`.

    Returns
    -------
    Comparisons
        One row per indicator, option, other groups and pair of levels; ``statistic`` is for example
        ``share_difference``, and ``by`` names the two levels in the group's place: ``area=村庄;hukou=外地 − 本地``.
        Where one of the two has no estimate, the row has none and says so.

    Raises
    ------
    DesignError
        No row is split by ``group``, the reference is not one of its levels, or two estimates are of the same level.

    References
    ----------
    Lumley, T. (2010). Complex Surveys: A Guide to Analysis Using R, section 2.4.
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian J. of Statistics 6, 65–70.
    """
    check_family(adjust, level)
    require_estimates(estimates)
    if not isinstance(reference, str) or not isinstance(group, str):
        raise DesignError(
            f"group {group!r} and reference {reference!r} are named by texts, as `by` writes them; write '1' for 1"
        )
    asked = _pairs(_levels(estimates, group), group, reference)
    rows = [
        {place: sign for place, sign in ((earlier, -1.0), (later, 1.0)) if place >= 0} for earlier, later, _ in asked
    ]
    matrix = _matrix(rows, len(estimates))
    keys, statistics = estimates["by"].to_list(), estimates["statistic"].to_list()
    one = [max(earlier, later) for earlier, later, _ in asked]
    by = [_with_level(keys[place], group, names) for place, (_, _, names) in zip(one, asked, strict=True)]
    about = _about(estimates, matrix, [f"{statistics[place]}_difference" for place in one], by)
    about.loc[np.array([len(row) < 2 for row in rows], bool), "reason"] = "nobody_answered"
    return compare(estimates, Family(matrix, about, by, adjust, level, 0.0))


def _pairs(found: Mapping[Hashable, Mapping[str, int]], group: str, reference: str) -> list[tuple[int, int, str]]:
    """Positions of the level subtracted and of the other one (-1 without an estimate), and what they are called."""
    levels = list(dict.fromkeys(name for places in found.values() for name in places))
    if reference and reference not in levels:
        raise DesignError(
            f"{reference!r} is not a level of group {group!r}{suggest(reference, levels)}; {_listed(levels)}"
        )
    count = len(found) * (len(levels) if reference else len(levels) * (len(levels) - 1) // 2)
    if count > MOST_PAIRS:
        raise DesignError(
            f"group {group!r} has {len(levels)} levels, which makes {count} differences, and {MOST_PAIRS} are computed "
            "at most; give a reference, or filter the estimates"
        )
    pairs = [(reference, name) for name in levels if name != reference] if reference else combinations(levels, 2)
    named = [(earlier, later, f"{later}{MINUS}{earlier}") for earlier, later in pairs]
    return [
        (places.get(earlier, -1), places.get(later, -1), names)
        for places in found.values()
        for earlier, later, names in named
        if earlier in places or later in places
    ]


def _coefficients(estimates: Estimates, name: str, given: Mapping[Any, float]) -> dict[int, float]:
    """Coefficients of one contrast by position, those of zero left out."""
    if not isinstance(given, Mapping | pd.Series) or not all(isinstance(one, Real) for _, one in given.items()):
        raise DesignError(f"contrast {name!r} is not a mapping of rows to numbers; write {{row: coefficient}}")
    labels = [label for label, _ in given.items()]
    places = estimates.index.get_indexer(pd.Index(labels))
    unknown = [label for label, place in zip(labels, places, strict=True) if place < 0]
    if unknown:
        known = f"from {estimates.index[0]!r} to {estimates.index[-1]!r}" if len(estimates) else "and there is none"
        raise DesignError(
            f"contrast {name!r} names {len(unknown)} rows that the estimates do not have, such as {unknown[0]!r}; "
            f"rows are named by the frame's index, {known}"
        )
    values = np.array([one for _, one in given.items()], float)
    if not np.isfinite(values).all() or not values.any() or beyond(values).any():
        raise DesignError(
            f"contrast {name!r} has the coefficients {values.tolist()}; they are finite, and not all zero; correct them"
        )
    return {int(place): float(value) for place, value in zip(places, values, strict=True) if value}


def _matrix(rows: Sequence[Mapping[int, float]], width: int) -> sparse.csr_array:
    """Coefficients of comparisons × estimates; coefficients keep their order inside a comparison."""
    ends = np.cumsum([0, *(len(row) for row in rows)])
    places = np.array([place for row in rows for place in row], np.int64)
    values = np.array([value for row in rows for value in row.values()], float)
    return sparse.csr_array((values, places, ends), shape=(len(rows), width))


def _levels(estimates: Estimates, group: str) -> dict[Hashable, dict[str, int]]:
    """Position of each level of a group, for everything that is compared within."""
    same = ["round", "unit", "indicator", "version", "option", "statistic", "level", "method"]
    pairs = {by: group_pairs(by) for by in estimates["by"].unique()}
    out: dict[Hashable, dict[str, int]] = {}
    for place, (by, *rest) in enumerate(estimates[["by", *same]].itertuples(index=False, name=None)):
        level = dict(pairs[by]).get(group)
        if level is None:
            continue
        within = out.setdefault((*rest, tuple(pair for pair in pairs[by] if pair[0] != group)), {})
        if level in within:
            raise DesignError(
                f"two estimates are of {rest[2]!r} for {by!r}, so their difference is not clear; keep one"
            )
        within[level] = place
    if not out:
        known = list(dict.fromkeys(name for found in pairs.values() for name, _ in found))
        raise DesignError(f"no estimate is split by group {group!r}{suggest(group, known)}; {_listed(known)}")
    return out


def _listed(names: Sequence[str]) -> str:
    return f"there are {', '.join(map(repr, names[:10]))}" if names else "there are none, so estimate with by= first"


def _with_level(by: str, group: str, level: str) -> str:
    return group_key([(name, level if name == group else own) for name, own in group_pairs(by)])


def _shared(pairs: Sequence[list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Pairs of group and level that all have, in the order of the first."""
    return [pair for pair in pairs[0] if all(pair in other for other in pairs[1:])]


def _about(estimates: Estimates, matrix: sparse.csr_array, statistic: Sequence[str], by: Sequence[str]) -> pd.DataFrame:
    """What each comparison is about: names that its estimates share, or both; respondents; absences."""
    columns = {name: estimates[name].to_list() for name in (*_TEXTS, "kind", "by", "flags", "reason")}
    columns["reason"] = np.where(estimates["estimate"].isna(), estimates["reason"], "").tolist()
    counts = estimates[list(_COUNTS)].to_numpy(float)
    respondents = list(zip(columns["round"], columns["by"], strict=True))
    apart = _Apart()
    table: dict[str, list[Any]] = {name: [] for name in (*_TEXTS, "kind", "flags", "reason")}
    union = np.zeros((matrix.shape[0], len(_COUNTS)))
    for row, (start, end) in enumerate(zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)):
        places, values = matrix.indices[start:end], matrix.data[start:end]
        for name in _TEXTS:
            table[name].append(_joined([columns[name][place] for place in places], values))
        kinds = {columns["kind"][place] for place in places}
        table["kind"].append(min(kinds, key=_WEAKEST.index))
        table["flags"].append(_suppressed(columns["flags"][place] for place in places))
        table["reason"].append(next(filter(None, (columns["reason"][place] for place in places)), ""))
        union[row] = apart.union([respondents[place] for place in places], counts[places])
    out = pd.DataFrame(table, dtype="str").assign(statistic=list(statistic), by=list(by))
    out = out.assign(**{name: union[:, column] for column, name in enumerate(_COUNTS)})
    return out.astype(dict.fromkeys(MISSING_COLUMNS, np.int64))


def _joined(values: Sequence[str], coefficients: np.ndarray) -> str:
    """One name for all; ``a − b`` for two of which the second is subtracted; else all of them."""
    distinct = list(dict.fromkeys(values))
    if len(distinct) == 1:
        return distinct[0]
    if len(values) == 2 and coefficients[0] * coefficients[1] < 0:
        ordered = values if coefficients[0] > 0 else values[::-1]
        return MINUS.join(ordered)
    return "; ".join(distinct)


def _suppressed(flags: Iterable[str]) -> str:
    """Reasons to suppress any of the estimates, each once."""
    found = (flag for text in flags for flag in text.split(";") if flag.startswith("suppress"))
    return ";".join(dict.fromkeys(found))


class _Apart:
    """Which groups of respondents have no member in common; asked once for every two."""

    def __init__(self) -> None:
        self.known: dict[tuple[Hashable, Hashable], bool] = {}

    def union(self, respondents: Sequence[tuple[str, str]], counts: np.ndarray) -> np.ndarray:
        """Counts of respondents of several groups together, shape (groups, counts) → (counts,).

        The largest where groups are the same, or may overlap; the sum of groups that are apart, and of rounds.
        """
        distinct = list(dict.fromkeys(respondents))
        if not all(starmap(self._two, combinations(distinct, 2))):
            return np.asarray(counts.max(axis=0))
        place = [distinct.index(one) for one in respondents]
        largest = np.zeros((len(distinct), counts.shape[1]))
        np.maximum.at(largest, place, counts)
        return np.asarray(largest.sum(axis=0))

    def _two(self, one: tuple[str, str], other: tuple[str, str]) -> bool:
        if (one, other) not in self.known:
            levels = dict(group_pairs(other[1]))
            self.known[one, other] = one[0] != other[0] or any(
                group != NAMED and MINUS not in level + levels.get(group, MINUS) and levels[group] != level
                for group, level in group_pairs(one[1])
            )
        return self.known[one, other]
