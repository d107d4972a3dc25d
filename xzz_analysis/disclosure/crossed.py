"""Rows of one place, protected inside the tables of the whole study that they are a part of.

Reports on every place and on the whole study are read together: all rows of a place's tables are known to somebody,
but for those that are hidden in all of them. A row is hidden

- where too few people are behind it;
- where a margin of it is hidden: all of the place, or all of the other group (the rows of a margin give it away);
- where it, or another hidden row, could be had from the shown ones: along every line of the crossed table, along the
  options of a question, and along both together.

References
----------
Willenborg, L. and de Waal, T. (2001). Elements of Statistical Disclosure Control, chapter 6 (linked tables).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from xzz_analysis.disclosure.complement import (
    FAMILY,
    NEVER,
    Set,
    hide_in_sets,
    sets_of_options,
    too_few,
    ways_of_counting,
)
from xzz_analysis.errors import DisclosureError
from xzz_analysis.survey.estimates import MISSING_COLUMNS, group_key, group_pairs
from xzz_analysis.survey.part import Part

_NOTHING = 1e-9
"""A hidden row that moves less than this when all others may move is known."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """A part's table as margins and lines.

    Attributes
    ----------
    frame : DataFrame
    depth : int array, shape (rows,)
        By how many groups each row is split.
    margins : list of lists of int
        Rows that each row adds to: the same question with one group fewer.
    lines : list of (int array, int, int)
        Rows that differ in one group only, the row they add up to, or -1 where it is not in the table, and the same
        again where it can be told whom they leave out, else -1.
    """

    frame: pd.DataFrame
    depth: np.ndarray
    margins: list[list[int]]
    lines: list[tuple[np.ndarray, int, int]]


def lattice(part: Part) -> Lattice:
    """Lay a part's table out as margins and lines."""
    frame = part.table.reset_index(drop=True)
    asked = frame.groupby([*FAMILY, "option"], sort=False).ngroup().to_list()
    place = {(one, by): row for row, (one, by) in enumerate(zip(asked, frame["by"], strict=True))}
    splits = {by: group_pairs(by) for by in frame["by"].unique()}
    above = {by: [group_key([*pairs[:k], *pairs[k + 1 :]]) for k in range(len(pairs))] for by, pairs in splits.items()}
    margins: list[list[int]] = []
    lines: dict[tuple[int, str, str], list[int]] = {}
    for row, (one, by) in enumerate(zip(asked, frame["by"], strict=True)):
        margins.append([place[one, margin] for margin in above[by] if (one, margin) in place])
        for (group, _), margin in zip(splits[by], above[by], strict=True):
            lines.setdefault((one, group, margin), []).append(row)
    wholes = [place.get((one, margin), -1) for one, _, margin in lines]
    told = [
        (np.array(rows), whole, whole if group in part.classes else -1)
        for ((_, group, _), rows), whole in zip(lines.items(), wholes, strict=True)
    ]
    depth = frame["by"].map({by: len(pairs) for by, pairs in splits.items()}).to_numpy(int)
    return Lattice(frame, depth, margins, told)


@lru_cache(maxsize=16)
def hidden_in(part: Part, threshold: int) -> pd.Series:
    """Which rows of a part's table are hidden.

    Parameters
    ----------
    part : Part
    threshold : int

    Returns
    -------
    Series of bool, indexed by result_id
    """
    table = lattice(part)
    hidden, nobody = too_few(table.frame, threshold)
    ids = table.frame["result_id"]
    known = ids.isin(part.known).to_numpy(bool)
    rank = np.where(known, NEVER, np.where(ids.isin(part.before), 0.0, 1.0))
    hidden |= ids.isin(part.hidden).to_numpy(bool) & ~nobody
    for depth in range(int(table.depth.max(initial=0)) + 1):
        rows = np.flatnonzero((table.depth == depth) & ~nobody)
        hidden[rows] |= [bool(hidden[table.margins[row]].any()) and not known[row] for row in rows]
        sets = list(_sets(table, depth, ~nobody, hidden if part.watched else np.zeros(len(hidden), bool)))
        hide_in_sets(hidden, sets, threshold, rank)
        while _hide_for_known(hidden, sets, rank):
            hide_in_sets(hidden, sets, threshold, rank)
    return pd.Series(hidden, index=table.frame["result_id"])


def _sets(table: Lattice, depth: int, answered: np.ndarray, unknown: np.ndarray) -> Iterator[Set]:
    """Lines of one depth but for those whose margin is unknown, then the options of its questions."""
    counts = ways_of_counting(table.frame)
    for rows, whole, margin in table.lines:
        if table.depth[rows[0]] != depth or (whole >= 0 and unknown[whole]):
            continue
        ways = counts if not np.isnan(counts[rows, 1]).any() else counts[:, :1]
        rest = None if margin < 0 else ways[margin] - ways[rows].sum(axis=0)
        yield rows[answered[rows]], ways, rest if rest is not None and rest[0] > 0 else None
    for rows, ways, rest in sets_of_options(table.frame):
        if table.depth[rows[0]] == depth:
            yield rows[answered[rows]], ways, rest


def _hide_for_known(hidden: np.ndarray, sets: Sequence[Set], rank: np.ndarray) -> bool:
    """Hide one more row beside each hidden one that follows from the totals of all sets; whether there was any."""
    known = [row for rows in _linked(hidden, sets) for row in _known_rows(rows, hidden, sets)]
    before = hidden.sum()
    for row in known:
        beside = [
            (rank[place], counts[place].min(), place)
            for members, counts, _ in sets
            if row in members
            for place in members[~hidden[members] & (rank[members] < NEVER)]
        ]
        if beside:
            hidden[min(beside)[2]] = True
    return bool(hidden.sum() > before)


def _linked(hidden: np.ndarray, sets: Sequence[Set]) -> Iterator[list[int]]:
    """Hidden rows that share sets, directly or through others; only where some row is in two sets."""
    home: dict[int, set[int]] = {}
    seen: dict[int, int] = {}
    for members, _, _ in sets:
        rows = [int(row) for row in members[hidden[members]]]
        joined = set(rows).union(*(home[row] for row in rows if row in home))
        for row in rows:
            seen[row] = seen.get(row, 0) + 1
        home |= dict.fromkeys(joined, joined)
    for linked in {id(one): one for one in home.values()}.values():
        if any(seen[row] > 1 for row in linked):
            yield sorted(linked)


def _known_rows(rows: list[int], hidden: np.ndarray, sets: Sequence[Set]) -> list[int]:
    """Hidden rows whose value follows from the totals: they move in no solution of the equations."""
    place = {row: column for column, row in enumerate(rows)}
    equations = []
    for members, _, rest in sets:
        inside = [place[int(row)] for row in members if hidden[row] and int(row) in place]
        if inside and rest is None:  # who is in no row is unknown, and leaves the equation open
            line = np.zeros(len(rows))
            line[inside] = 1
            equations.append(line)
    if not equations:
        return []
    matrix = np.array(equations)
    free = np.eye(len(rows)) - np.linalg.pinv(matrix) @ matrix
    return [row for row in rows if abs(free[place[row], place[row]]) < _NOTHING]


def hidden_rows_of(frame: pd.DataFrame, part: Part, threshold: int) -> np.ndarray:
    """Which rows of a frame are hidden in the tables that they are a part of, bool array of shape (rows,).

    Raises
    ------
    DisclosureError
        Rows that are not in those tables.
    """
    found = hidden_in(part, threshold).reindex(frame["result_id"])
    if found.isna().any():
        raise DisclosureError(
            f"{int(found.isna().sum())} of {len(frame)} rows about {part.place!r} are not in the tables of the whole "
            "study that they are said to be a part of; protect them as they were estimated"
        )
    return found.to_numpy(bool)


def mask_reasons_of(frame: pd.DataFrame, part: Part, threshold: int) -> None:
    """Suppress counts of missing answers, in place, that other places' counts and the whole would give away."""
    columns = [name for name in MISSING_COLUMNS if name in frame]
    hidden = _hidden_reasons(part, threshold).loc[frame["result_id"], columns].to_numpy()
    frame[columns] = frame[columns].astype(float).mask(hidden)


@lru_cache(maxsize=16)
def _hidden_reasons(part: Part, threshold: int) -> pd.DataFrame:
    """Which counts of missing answers of a part's table are hidden: alone in no row and in no line."""
    table = lattice(part)
    counts = table.frame[list(MISSING_COLUMNS)].to_numpy(float)
    hidden = (counts > 0) & (counts < threshold)
    before = -1
    while before != hidden.sum():
        before = int(hidden.sum())
        hidden |= hidden.any(axis=1, keepdims=True) & (counts > 0)
        for row in np.argsort(table.depth, kind="stable"):
            for margin in table.margins[row]:
                hidden[row] |= hidden[margin] & (counts[row] > 0)
        for column in np.flatnonzero(hidden.any(axis=0)):
            number, flags = counts[:, [column]], hidden[:, column].copy()
            sets: list[Set] = [
                (rows, number, None) for rows, _, _ in table.lines
            ]  # zeros too, where nothing else is left
            hide_in_sets(flags, sets, threshold)
            hidden[:, column] = flags
    return pd.DataFrame(hidden, index=pd.Index(table.frame["result_id"]), columns=list(MISSING_COLUMNS))
