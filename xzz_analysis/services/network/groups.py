"""The network of groups: ties between kinds of nodes of communities, and how it changed; nobody is a node of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from xzz_analysis.services.network.graph import Network
from xzz_analysis.services.network.parties import KINDS, PERSONS

OTHERS = "others"
"""Kind of a group that is made of kinds with too few."""

LEFT_OUT = "left out"
"""Stands for every node that is in no group."""

ANYWHERE = "anywhere"
"""Community of the group of those whose community has too few of every kind."""


@dataclass(frozen=True, eq=False, repr=False)
class GroupNetwork:
    """Ties between groups.

    Attributes
    ----------
    groups : DataFrame
        Index ``group``; ``community``, ``kind`` (with :data:`OTHERS`), ``size`` (nodes with a tie) and ``persons``
        (families and volunteers among them).
    ties : DataFrame
        ``one`` ≤ ``other`` (groups), ``ties`` (pairs of nodes) and ``persons``: the fewest families and volunteers at
        either end, NaN where there are only merchants, organisations and staff. Ties that lead to nodes in no group
        are a row with :data:`LEFT_OUT`, so that all rows add up to the ties of the network; it is never shown.
    """

    groups: pd.DataFrame
    ties: pd.DataFrame

    def __repr__(self) -> str:
        return f"<GroupNetwork: {len(self.groups)} groups, {len(self.ties)} ties>"


def group_network(found: Network, least: int) -> GroupNetwork:
    """Put nodes together by community and kind, and count the ties between groups.

    Parameters
    ----------
    found : Network
    least : int
        Fewest families or volunteers of a group. Kinds with fewer are put together in their community, then
        over all communities; who is even then among too few is left out with his ties.

    Returns
    -------
    GroupNetwork
    """
    nodes = found.nodes.assign(person=lambda table: table["kind"].isin(PERSONS))
    for column, value in (("kind", OTHERS), ("community", ANYWHERE)):
        size = nodes.groupby(["community", "kind"])["person"].transform("sum")
        few = nodes["person"] & (size < least)
        nodes[column] = nodes[column].where(~few, value)
    size = nodes.groupby(["community", "kind"])["person"].transform("sum")
    nodes = nodes[~(nodes["person"] & (size < least))]
    nodes["group"] = nodes["community"] + " " + nodes["kind"]
    grouped = nodes.groupby("group", sort=True)
    groups = grouped.agg(community=("community", "first"), kind=("kind", "first"), persons=("person", "sum"))
    return GroupNetwork(groups.assign(size=grouped.size()), _between(found, nodes))


def _between(found: Network, nodes: pd.DataFrame) -> pd.DataFrame:
    told = found.ties[["one", "other"]].set_axis(["a", "b"], axis=1)
    groups = {side: told[side].map(nodes["group"]) for side in ("a", "b")}
    outside = groups["a"].isna() | groups["b"].isna()
    told = told.assign(ga=groups["a"].mask(outside, LEFT_OUT), gb=groups["b"].mask(outside, LEFT_OUT))
    turned = told["gb"] < told["ga"]
    told.loc[turned, ["a", "b", "ga", "gb"]] = told.loc[turned, ["b", "a", "gb", "ga"]].to_numpy()
    persons = set(nodes.index[nodes["person"]])
    rows = []
    for (one, other), mine in told.groupby(["ga", "gb"], sort=True):
        sides = [{*mine["a"], *mine["b"]}] if one == other else [{*mine["a"]}, {*mine["b"]}]
        counts = [len(side & persons) for side in sides if side & persons]
        few = 1.0 if one == LEFT_OUT else float(min(counts)) if counts else float("nan")
        rows.append({"one": one, "other": other, "ties": len(mine), "persons": few})
    return pd.DataFrame(rows, columns=["one", "other", "ties", "persons"])


def placed(groups: pd.DataFrame, communities: Sequence[str]) -> pd.DataFrame:
    """Where groups are drawn: communities around a circle in the order given, their kinds side by side.

    Parameters
    ----------
    groups : DataFrame
        Of a :class:`GroupNetwork`.
    communities : sequence of str
        Their order; those that are not in it follow by name.

    Returns
    -------
    DataFrame
        ``groups`` in the order of drawing, with ``x`` and ``y`` on the unit circle; the same for the same groups,
        whatever the order of rows, with no chance in it.
    """
    ranks = {key: place for place, key in enumerate(communities)}
    kinds = {kind: place for place, kind in enumerate((*KINDS, OTHERS))}
    order = sorted(
        groups.index,
        key=lambda group: (
            ranks.get(groups["community"][group], len(ranks)),
            groups["community"][group],
            kinds[groups["kind"][group]],
        ),
    )
    made = groups.loc[order].copy()
    change = (made["community"] != made["community"].shift()).astype(int)
    slots = (pd.Series(range(len(made)), index=made.index) + change.cumsum() - 1).astype(float)
    turn = 2 * math.pi * slots / max(len(made) + int(change.sum()), 1)
    made["x"], made["y"] = turn.map(math.sin).round(9), turn.map(math.cos).round(9)
    return made


def tie_changes(before: Network, now: Network) -> dict[str, pd.DataFrame]:
    """Ties of two periods: new, kept and lost.

    Parameters
    ----------
    before, now : Network
        Built with the same parties.

    Returns
    -------
    dict of str to DataFrame
        ``new``, ``kept`` and ``lost``: pairs ``one``, ``other``.
    """
    keys = ["one", "other"]
    both = before.ties[keys].merge(now.ties[keys], how="outer", indicator=True)
    return {
        name: both.loc[both["_merge"] == side, keys].reset_index(drop=True)
        for name, side in (("new", "right_only"), ("kept", "both"), ("lost", "left_only"))
    }


def jaccard(changes: dict[str, pd.DataFrame]) -> float:
    """Ties kept over all ties of either period; NaN where there are none (Jaccard 1901)."""
    counts = [len(changes[name]) for name in ("kept", "new", "lost")]
    return counts[0] / sum(counts) if sum(counts) else float("nan")
