"""Turnover of merchants: no table may tell one merchant what another takes in.

A sum is unsafe where the second largest merchant, who knows its own turnover, could tell that of the largest within p
per cent; where the n largest make up nearly all of it; or where there are too few merchants. What is unsafe is hidden,
and so is what would give it away by subtraction from a printed total.

References
----------
Hundepool, A. et al. (2012). Statistical Disclosure Control. Wiley, chapter 4: the p % rule and the (n, k) rule (section
4.2.1), their protection levels (table 4.2), and secondary suppression (section 4.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from xzz_analysis.disclosure.complement import NEVER
from xzz_analysis.disclosure.periods import NOWHERE, Elsewhere, Sums
from xzz_analysis.disclosure.protect import FIGURES, SUPPRESSED, Policy, Protected, hidden_rows, protect
from xzz_analysis.errors import DisclosureError
from xzz_analysis.survey.estimates import group_pairs

PARTS = "parts"
"""Column of a table of turnover: what each merchant adds to the row, a mapping of merchant → amount."""

Parts = Mapping[str, float]
Turnover = tuple[float, Parts]
"""People behind a sum, and its parts."""


@dataclass(frozen=True)
class Dominance:
    """When a sum over merchants is unsafe.

    Attributes
    ----------
    percent : float
        Another merchant may not tell the turnover of a merchant within this part of it.
    largest : int
    share : float
        So many merchants may not make up more than this share.
    merchants : int
        Fewest merchants in a sum.
    """

    percent: float = 0.10
    largest: int = 2
    share: float = 0.90
    merchants: int = 3

    def unsafe(self, parts: Parts) -> bool:
        """Whether a sum of these parts tells too much; a sum of nothing tells nothing."""
        return self.protection(parts) > 0

    def protection(self, parts: Parts) -> float:
        """How far above the sum its highest possible value must lie (upper protection level); 0 for a safe sum."""
        amounts = np.sort([value for value in parts.values() if value > 0])[::-1]
        if not len(amounts):
            return 0.0
        total, first = float(amounts.sum()), float(amounts[0])
        by_percent = self.percent * first - (total - float(amounts[:2].sum()))
        by_share = float(amounts[: self.largest].sum()) / self.share - total
        by_count = self.percent * first if len(amounts) < self.merchants else 0.0
        level = max(by_percent, by_share, by_count)
        return level if level > SMALL * total else 0.0


SMALL = 1e-9
"""Differences below this part of a sum are rounding."""

RULE = Dominance()


class _Equation(NamedTuple):
    """A printed sum and the rows that it is the sum of."""

    whole: int
    members: np.ndarray


def turnover_behind(follows: Mapping[str, str], policy: Policy, rule: Dominance = RULE) -> Sums[Turnover]:
    """Turnover that adds up over time; see :class:`~xzz_analysis.disclosure.periods.Sums`."""

    def enough(lost: Sequence[Turnover]) -> bool:
        parts = [one for _, one in lost]
        return sum(n for n, _ in lost) >= policy.threshold and not rule.unsafe(_together(parts, range(len(parts))))

    def weights(table: pd.DataFrame) -> list[Turnover]:
        return list(zip(table["n"].fillna(0).astype(float), table[PARTS], strict=True))

    def unsafe(one: Turnover) -> bool:
        return 0 < one[0] < policy.threshold or rule.unsafe(one[1])

    return Sums(follows, frozenset(follows), weights, enough, unsafe)


def protect_turnover(
    frame: pd.DataFrame, policy: Policy, rule: Dominance = RULE, elsewhere: Elsewhere = NOWHERE
) -> Protected:
    """Suppress sums over merchants that would tell what one of them takes in.

    Parameters
    ----------
    frame : DataFrame
        Estimates of one measure, with :data:`PARTS`. Rows may be the whole (``by`` is empty), the levels of a grouping,
        and those of two groupings crossed; rows that add up to another row of the frame protect each other.
    policy : Policy
        The threshold on people holds too.
    rule : Dominance
    elsewhere : Elsewhere
        What reports on other periods mean for the rows.

    Returns
    -------
    Protected
        Same rows without :data:`PARTS`; a suppressed one loses every figure.

    Raises
    ------
    DisclosureError
        A frame without the parts, or of several measures.
    """
    if PARTS not in frame:
        raise DisclosureError("turnover is protected by what each merchant adds to it; give the column 'parts'")
    table = pd.DataFrame(frame).reset_index(drop=True)
    if len(table[["indicator", "statistic", "option"]].drop_duplicates()) > 1:
        raise DisclosureError("a table of turnover is of one measure; protect each measure by itself")
    parts: list[Parts] = [dict(one) for one in table[PARTS]]
    safe = protect(table.drop(columns=PARTS), policy)
    hidden = safe.frame["suppressed"].to_numpy(bool) | np.array([rule.unsafe(one) for one in parts], bool)
    hidden |= table["result_id"].isin(elsewhere.hidden).to_numpy(bool)
    rank = np.where(table["result_id"].isin(elsewhere.before), 0.0, 1.0)
    rank[table["result_id"].isin(elsewhere.known)] = NEVER
    _hide_more(hidden, parts, _equations(table["by"]), rule, rank)
    return _without(safe, hidden)


def withhold_with(table: Protected, turnover: Protected) -> Protected:
    """Suppress figures of which the turnover of the same group is suppressed: a part of it would give it away.

    Parameters
    ----------
    table, turnover : Protected
        Rows are matched by ``by``.
    """
    hidden = set(turnover.frame.loc[turnover.frame["suppressed"], "by"])
    return _without(table, table.frame["by"].isin(hidden).to_numpy() | table.frame["suppressed"].to_numpy(bool))


def _without(safe: Protected, hidden: np.ndarray) -> Protected:
    frame = safe.frame.copy()
    figures = [name for name in FIGURES if name in frame]
    frame.loc[hidden, figures] = np.nan
    frame.loc[hidden, "reason"] = SUPPRESSED
    frame.loc[hidden, "flags"] = ""
    frame["suppressed"] = hidden
    return hidden_rows(frame, safe.policy)


def _equations(by: Iterable[str]) -> list[_Equation]:
    """Which rows add up to which: those with the same groups but one, and the same levels of all others."""
    keys = [dict(group_pairs(text)) for text in by]
    names = [frozenset(key) for key in keys]
    found = []
    for whole, key in enumerate(keys):
        for more in sorted({name for one in names for name in one} - set(key)):
            wanted = names[whole] | {more}
            members = [
                place
                for place, one in enumerate(keys)
                if names[place] == wanted and all(one[name] == value for name, value in key.items())
            ]
            if members:
                found.append(_Equation(whole, np.array(members)))
    return found


def _hide_more(
    hidden: np.ndarray, parts: Sequence[Parts], equations: Sequence[_Equation], rule: Dominance, rank: np.ndarray
) -> None:
    """Hide further rows, in place, until nobody can tell a merchant's turnover from what is printed."""
    while True:
        chosen = _by_union(hidden, parts, equations, rule, rank)
        if chosen < 0:
            chosen = _by_attack(hidden, parts, equations, rule, rank)
        if chosen < 0:
            return
        hidden[chosen] = True


def _by_union(
    hidden: np.ndarray, parts: Sequence[Parts], equations: Sequence[_Equation], rule: Dominance, rank: np.ndarray
) -> int:
    """A row to hide because the hidden rows of a printed sum are unsafe together too; −1 where none is."""
    for whole, members in equations:
        gone = members[hidden[members]]
        left = [place for place in members if not hidden[place] and rank[place] < NEVER]
        if not len(gone) or hidden[whole] or not left or not rule.unsafe(_together(parts, gone)):
            continue
        return _smallest(left, parts, rank)
    return -1


def _together(parts: Sequence[Parts], places: Iterable[int]) -> dict[str, float]:
    joined: dict[str, float] = {}
    for place in places:
        for merchant, amount in parts[place].items():
            joined[merchant] = joined.get(merchant, 0.0) + amount
    return joined


def _smallest(places: Sequence[int], parts: Sequence[Parts], rank: np.ndarray) -> int:
    """The smallest of some rows that is not nothing, those of the lowest rank first; of nothing but nothings the
    first."""
    sums = {place: sum(parts[place].values()) for place in places}
    return min(places, key=lambda place: (sums[place] <= 0, rank[place], sums[place], place))


def _by_attack(
    hidden: np.ndarray, parts: Sequence[Parts], equations: Sequence[_Equation], rule: Dominance, rank: np.ndarray
) -> int:
    """A row to hide because a merchant, or nobody in particular, could work an unsafe one out; −1 where none can.

    An attacker knows every printed sum, that amounts are not negative, and its own part of every row: a linear program
    tells how high a hidden row could be.
    """
    unsafe = [place for place in map(int, np.flatnonzero(hidden)) if rule.unsafe(parts[place])]
    attackers = sorted({name for place in unsafe for name in _two_largest(parts[place])})
    for attacker in ["", *attackers]:
        for place in unsafe:
            if attacker and not _knows_something(attacker, place, hidden, parts, equations):
                continue
            if _could_tell(place, attacker, hidden, parts, equations, rule):
                left = [one for one in _neighbours(place, hidden, equations) if rank[one] < NEVER]
                if left:
                    return _smallest(left, parts, rank)
    return -1


def _two_largest(parts: Parts) -> list[str]:
    return sorted(parts, key=lambda name: -parts[name])[:2]


def _knows_something(
    attacker: str, place: int, hidden: np.ndarray, parts: Sequence[Parts], equations: Sequence[_Equation]
) -> bool:
    """Whether a merchant is in the row, or in a hidden one that adds up to a sum together with it."""
    if attacker in parts[place]:
        return True
    lines = [line.members for line in equations if place in line.members]
    return any(hidden[one] and attacker in parts[one] for members in lines for one in members)


def _neighbours(place: int, hidden: np.ndarray, equations: Sequence[_Equation]) -> list[int]:
    """Printed rows of the sums that a row is in; where none are left, those of any sum with hidden rows."""
    lines = [line for line in equations if place == line.whole or place in line.members]
    near = [int(one) for line in lines for one in line.members if not hidden[one]]
    if near:
        return near
    far = [line for line in equations if hidden[line.members].any()]
    return [int(one) for line in far for one in (*line.members, line.whole) if not hidden[one]]


def _could_tell(
    place: int,
    attacker: str,
    hidden: np.ndarray,
    parts: Sequence[Parts],
    equations: Sequence[_Equation],
    rule: Dominance,
) -> bool:
    """Whether the highest value that the attacker must reckon with is too near the truth for the largest other."""
    others = {name: amount for name, amount in parts[place].items() if name != attacker and amount > 0}
    if not others:
        return False
    own = float(parts[place].get(attacker, 0.0)) if attacker else 0.0
    largest = max(others.values())
    highest = _highest(place, attacker, hidden, parts, equations)
    return highest - own < (1 + rule.percent) * largest - SMALL * largest


def _highest(
    place: int, attacker: str, hidden: np.ndarray, parts: Sequence[Parts], equations: Sequence[_Equation]
) -> float:
    """The highest value of a hidden row that agrees with everything an attacker knows; infinite without a limit."""
    unknown = [int(row) for row in np.flatnonzero(hidden)]
    column = {row: at for at, row in enumerate(unknown)}
    totals = [sum(one.values()) for one in parts]
    matrix, right = [], []
    for whole, members in equations:
        if not (hidden[members].any() or hidden[whole]):
            continue
        line, known = np.zeros(len(unknown)), 0.0
        for row, sign in [(int(one), 1.0) for one in members] + [(int(whole), -1.0)]:
            if hidden[row]:
                line[column[row]] = sign
            else:
                known += sign * totals[row]
        matrix.append(line)
        right.append(-known)
    if not matrix:
        return float("inf")
    floor = [float(parts[row].get(attacker, 0.0)) if attacker else 0.0 for row in unknown]
    aim = np.zeros(len(unknown))
    aim[column[place]] = -1.0
    found = linprog(aim, A_eq=np.array(matrix), b_eq=right, bounds=[(low, None) for low in floor], method="highs")
    return float(-found.fun) if found.status == 0 else float("inf") if found.status == 3 else totals[place]
