"""Ways along streets: Dijkstra on neighbourhoods, legs between places and streets included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from xzz_analysis.errors import Finding
from xzz_analysis.places.travel.measured import Legs, Measured
from xzz_analysis.places.travel.points import Points
from xzz_analysis.places.travel.straight import shortest, straight
from xzz_analysis.places.travel.streets.graph import Streets
from xzz_analysis.places.travel.streets.snapping import Network, Snapped, cut, snap

CELLS_AT_ONCE = 4_000_000
"""Distances held at once by a batch of searches (32 MB)."""
Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Rows, columns and metres."""
MARGIN = 1e-3
"""A millimetre: added around a neighbourhood, so that rounding loses no way of exactly the limit."""


def along(streets: Streets, origins: Points, destinations: Points, limit: float, off_streets: float) -> Measured:
    """Measure ways along streets, legs to and from the street included.

    Parameters
    ----------
    streets : Streets
    origins, destinations : Points
        In the coordinate system of the streets.
    limit : float
        Metres; pairs up to and including it are kept.
    off_streets : float
        Metres a place may be from the nearest street.

    Returns
    -------
    Measured
    """
    xy = np.concatenate([origins.xy, destinations.xy])
    snapped = snap(streets, xy, off_streets)
    network, node = cut(streets, snapped)
    first = len(origins.xy)
    legs = Legs(snapped.leg[:first], snapped.leg[first:])
    if first <= len(destinations.xy):
        matrix = walk(network, node[:first], node[first:], legs, limit)
    else:
        matrix = walk(network, node[first:], node[:first], Legs(legs.destinations, legs.origins), limit).T.tocsr()
    near = min(limit, _longest(legs.origins) + _longest(legs.destinations))
    if near > MARGIN:
        matrix = shortest(matrix, straight(origins.xy, destinations.xy, near, legs))
    findings, facts = list(streets.findings), streets_facts(streets)
    for points, part in ((origins, slice(0, first)), (destinations, slice(first, None))):
        one = Snapped(snapped.piece[part], snapped.share[part], snapped.leg[part])
        noticed, measured = _noticed(streets, points, one, off_streets)
        findings += noticed
        facts |= measured
    method = {
        "zh": f"沿街道步行（{streets.source}），含地点到街道的一段（不超过{off_streets:g}米）",
        "en": f"walking along streets ({streets.source}), legs to the street included (up to {off_streets:g} m)",
    }
    return Measured(matrix, method, tuple(findings), facts)


def streets_facts(streets: Streets) -> dict[str, float]:
    """Figures of a street graph: kilometres, connected parts, share of the longest part.

    Parameters
    ----------
    streets : Streets

    Returns
    -------
    dict of str to float
    """
    return {
        "streets_km": float(streets.length.sum() / 1000),
        "streets_parts": float(streets.part.max() + 1),
        "streets_main_share": streets.main_share,
    }


def _longest(leg: np.ndarray) -> float:
    return float(np.nanmax(leg, initial=0.0))


def _noticed(
    streets: Streets, points: Points, snapped: Snapped, off_streets: float
) -> tuple[list[Finding], dict[str, float]]:
    """How far places are from the street, how many are too far, how many are on a part cut off from the rest."""
    what, where = points.what, f"layer of {points.what}"
    on = snapped.piece >= 0
    far = int((~on[points.placed]).sum())
    apart = int((streets.part[streets.ends[snapped.piece[on], 0]] > 0).sum())
    leg = snapped.leg[on]
    facts = {f"{what}_on_streets": float(on.sum()), f"{what}_far": float(far), f"{what}_apart": float(apart)}
    if len(leg):
        for name, share in (("median", 0.5), ("p95", 0.95), ("most", 1.0)):
            facts[f"{what}_leg_{name}_m"] = float(np.quantile(leg, share))
    findings = []
    if far:
        message = f"{far:,} of {len(points.placed):,} {what} are farther than {off_streets:g} m from any street"
        remedy = "they reach nothing; add the missing streets, or raise off_streets"
        findings.append(Finding("warning", "travel_far_from_streets", where, message, remedy, far))
    if apart:
        message = f"{apart:,} of {len(points.placed):,} {what} are on streets that do not connect with the longest part"
        remedy = "join the lines, or use streets.main() so that the nearest connected street is taken"
        findings.append(Finding("note", "travel_apart", where, message, remedy, apart))
    return findings, facts


def walk(network: Network, sources: np.ndarray, targets: np.ndarray, legs: Legs, limit: float) -> sparse.csr_array:
    """Walk from each source to each target within a limit.

    Sources are taken neighbourhood by neighbourhood; a search sees only the streets that a way within the limit can
    use, because no way is shorter than the straight line.

    Parameters
    ----------
    network : Network
    sources, targets : ndarray of int
        Nodes; -1 for a place on no street.
    legs : Legs
        Of the sources and of the targets.
    limit : float
        Metres, legs included; pairs up to and including it are kept.

    Returns
    -------
    csr_array of float, shape (sources, targets)
        Metres; a stored 0.0 is a real zero.
    """
    start, end = Gathered.at(sources), Gathered.at(targets)
    there, local = np.full((2, len(network.xy)), -1)
    there[end.node] = np.arange(len(end.node))
    found: list[Pairs] = []
    for batch, near in _neighbourhoods(network.xy, start.node, limit):
        ends = there[near]
        column = np.flatnonzero(ends >= 0)
        if not len(column):
            continue
        local[near] = np.arange(len(near))
        way = csgraph.dijkstra(network.links[near][:, near], indices=local[start.node[batch]], limit=limit)
        way = (way if len(column) == len(near) else way[:, column]).ravel()
        hit = np.flatnonzero(way <= limit)
        row, reached = np.divmod(hit, len(column))
        found.append(_expanded(start, end, (batch[row], ends[column[reached]], way[hit]), legs, limit))
    rows, columns, metres = map(np.concatenate, zip(*found, strict=True)) if found else ([], [], [])
    return sparse.csr_array((metres, (rows, columns)), shape=(len(sources), len(targets)), dtype=np.float64)


@dataclass(frozen=True)
class Gathered:
    """Places by the node they are at.

    Parameters
    ----------
    node : ndarray of int, shape (nodes used,)
        Ascending.
    first, count : ndarray of int, shape (nodes used,)
        Where the places of a node begin in ``place``, and how many there are.
    place : ndarray of int
        Positions of the places, node by node.
    """

    node: np.ndarray
    first: np.ndarray
    count: np.ndarray
    place: np.ndarray

    @classmethod
    def at(cls, nodes: np.ndarray) -> Gathered:
        """Gather places by node; -1 is a place at none."""
        order = np.argsort(nodes, kind="stable")
        order = order[nodes[order] >= 0]
        node, first, count = np.unique(nodes[order], return_index=True, return_counts=True)
        return cls(node, first, count, order)

    def places(self, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places of nodes (positions in ``node``, repeats allowed), and from which of ``which`` each is."""
        if len(self.node) == len(self.place):
            return self.place[which], np.arange(len(which))
        count = self.count[which]
        origin = np.repeat(np.arange(len(which)), count)
        within = np.arange(len(origin)) - np.repeat(np.cumsum(count) - count, count)
        return self.place[self.first[which[origin]] + within], origin


def _expanded(start: Gathered, end: Gathered, ways: Pairs, legs: Legs, limit: float) -> Pairs:
    """Ways between nodes as ways between the places at them, legs included, up to the limit."""
    source, origin = start.places(ways[0])
    target, again = end.places(ways[1][origin])
    source = source[again]
    metres = legs.origins[source] + ways[2][origin][again] + legs.destinations[target]
    near = metres <= limit
    return source[near], target[near], metres[near]


def _neighbourhoods(xy: np.ndarray, nodes: np.ndarray, limit: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Nodes to start from (as positions) in squares two limits wide, and the nodes ways from them can use."""
    width = max(2 * limit, 1.0)
    square = np.floor((xy[nodes] - xy.min(axis=0)) / width).astype(np.int64)
    key = square[:, 0] * (square[:, 1].max(initial=0) + 1) + square[:, 1]
    order = np.argsort(key, kind="stable")
    eastward = np.argsort(xy[:, 0], kind="stable")
    east, northward = xy[eastward].T
    for group in np.split(order, np.flatnonzero(np.diff(key[order])) + 1) if len(order) else []:
        low, high = (edge(xy[nodes[group]], axis=0) for edge in (np.min, np.max))
        low, high = low - limit - MARGIN, high + limit + MARGIN
        part = slice(*np.searchsorted(east, [low[0], high[0]]))
        strip, north = eastward[part], northward[part]
        near = strip[(north >= low[1]) & (north <= high[1])]
        size = max(CELLS_AT_ONCE // len(near), 1)
        for first in range(0, len(group), size):
            yield group[first : first + size], near
