"""What can be told of a network without telling of anybody in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import networkx as nx
import numpy as np
import pandas as pd

from xzz_analysis.services.network.graph import Network
from xzz_analysis.services.network.parties import KINDS

LARGE = 1000
"""Nodes up to which betweenness is exact; beyond it is estimated from :data:`SOURCES` of them."""
SOURCES = 256
SEED = 20250101

STEPS = 2
"""Ties that lead to a volunteer within reach."""


@dataclass(frozen=True)
class Measures:
    """A network in figures.

    Attributes
    ----------
    nodes, cut, between : mapping of str to int
        Kind → nodes with a tie; those without whom a part of the network falls off (cut vertices); the fewest nodes
        that carry half of all shortest ways between others (betweenness, Freeman 1977).
    ties, contacts, mutual : int
        Pairs, contacts, and pairs in which each began at least once.
    components, largest : int
        Parts that no tie connects, and nodes of the largest.
    assortativity : float
        Newman's coefficient of communities: 1 where ties stay inside communities, 0 where communities do not matter;
        NaN where all nodes are of one.
    exact : bool
        Whether betweenness was worked out from all nodes.
    """

    nodes: Mapping[str, int] = field(default_factory=dict)
    cut: Mapping[str, int] = field(default_factory=dict)
    between: Mapping[str, int] = field(default_factory=dict)
    ties: int = 0
    contacts: int = 0
    mutual: int = 0
    components: int = 0
    largest: int = 0
    assortativity: float = float("nan")
    exact: bool = True


def measures(found: Network) -> Measures:
    """Measure a network.

    Parameters
    ----------
    found : Network

    Returns
    -------
    Measures

    References
    ----------
    Freeman, L. C. (1977). A set of measures of centrality based on betweenness. Sociometry 40, 35–41.
    Brandes, U. and Pich, C. (2007). Centrality estimation in large networks. Int. J. Bifurcation and Chaos 17.
    Newman, M. E. J. (2003). Mixing patterns in networks. Physical Review E 67, 026126.
    """
    graph = found.graph
    if not len(graph):
        return Measures()
    parts = [len(part) for part in nx.connected_components(graph)]
    return Measures(
        nodes=_by_kind(found, graph),
        cut=_by_kind(found, nx.articulation_points(graph)),
        between=_by_kind(found, carriers(graph)),
        ties=len(found.ties),
        contacts=int(found.ties["contacts"].sum()),
        mutual=int(found.ties["mutual"].sum()),
        components=len(parts),
        largest=max(parts),
        assortativity=_assortativity(found),
        exact=len(graph) <= LARGE,
    )


def carriers(graph: nx.Graph, large: int = LARGE) -> list[str]:
    """The fewest nodes that carry half of all betweenness, most first; nodes that carry alike by name."""
    sample = None if len(graph) <= large else min(SOURCES, len(graph))
    carried = nx.betweenness_centrality(graph, k=sample, seed=SEED, normalized=False)
    order = sorted(carried, key=lambda node: (-round(carried[node], 9), node))
    summed = np.cumsum([carried[node] for node in order])
    if not len(order) or summed[-1] <= 0:
        return []
    return order[: int(np.searchsorted(summed, summed[-1] / 2 - 1e-9)) + 1]


def _by_kind(found: Network, nodes: Iterable[str]) -> dict[str, int]:
    counts = found.parties.nodes["kind"].reindex(list(nodes)).value_counts()
    return {kind: int(counts.get(kind, 0)) for kind in KINDS}


def _assortativity(found: Network) -> float:
    """Newman's coefficient; networkx divides by zero where all are of one community."""
    if found.nodes["community"].nunique() < 2:
        return float("nan")
    return float(nx.attribute_assortativity_coefficient(found.graph, "community"))


def reach(found: Network, by: str = "") -> pd.DataFrame:
    """How many families of the register the network reaches.

    Parameters
    ----------
    found : Network
    by : str
        ``community`` or nothing.

    Returns
    -------
    DataFrame
        ``by``, ``families``, ``tied`` (a member has a tie) and ``near`` (a volunteer is at most two ties away, or is a
        member).
    """
    table = found.parties.families
    near = _near_volunteers(found)
    told = table.assign(tied=table["node"].isin(set(found.graph)), near=table["node"].isin(near))
    families = told.groupby("family", sort=True).agg(
        community=("community", "first"), tied=("tied", "any"), near=("near", "any")
    )
    if by:
        counted = families.groupby(by, sort=True)[["tied", "near"]].sum()
        return counted.assign(families=families.groupby(by, sort=True).size()).reset_index()
    return pd.DataFrame([{"tied": families["tied"].sum(), "near": families["near"].sum(), "families": len(families)}])


def _near_volunteers(found: Network) -> set[str]:
    """Volunteers, and the nodes that at most two ties lead to from them."""
    nodes = found.parties.nodes
    seen = set(nodes.index[nodes["kind"] == "volunteer"])
    edge = seen & set(found.graph)
    for _ in range(STEPS):
        edge = {other for node in edge for other in found.graph[node]} - seen
        seen |= edge
    return seen


def isolates(found: Network) -> dict[str, int]:
    """Families of the register and volunteers without any tie."""
    families = reach(found).iloc[0]
    nodes = found.parties.nodes
    volunteers = nodes.index[nodes["kind"] == "volunteer"]
    return {
        "family": int(families["families"] - families["tied"]),
        "volunteer": int((~volunteers.isin(list(found.graph))).sum()),
    }
