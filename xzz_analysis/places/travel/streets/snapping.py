"""Places put on the nearest street, and streets cut where places meet them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from xzz_analysis.places.travel.streets.graph import Streets

SAMPLED = 25.0
"""Metres between points that stand for a street while the nearest is looked for."""
FIRST_ASKED = 8
"""Samples asked for at first."""
AT_ONCE = 50_000
"""Places looked up together."""


@dataclass(frozen=True)
class Snapped:
    """Places on their nearest street.

    Parameters
    ----------
    piece : ndarray of int, shape (places,)
        The nearest piece of street; -1 where none is near enough.
    share : ndarray of float, shape (places,)
        How far along the piece, 0 to 1.
    leg : ndarray of float, shape (places,)
        Metres from the place to the street; NaN where none is near enough.
    """

    piece: np.ndarray
    share: np.ndarray
    leg: np.ndarray


@dataclass(frozen=True)
class Network:
    """Streets cut where places meet them.

    Parameters
    ----------
    links : csr_array of float, shape (nodes, nodes)
        Metres between neighbours, both ways; a stored 0.0 is a link without length.
    xy : ndarray of float, shape (nodes, 2)
    """

    links: sparse.csr_array
    xy: np.ndarray


def snap(streets: Streets, xy: np.ndarray, reach: float) -> Snapped:
    """Find the nearest point of the streets to each place, exactly.

    Pieces of street are sampled every 25 m; those of the nearest samples are measured, and more until no other piece
    can be nearer. Of pieces equally near the first in the order of the streets is taken.

    Parameters
    ----------
    streets : Streets
    xy : ndarray of float, shape (places, 2)
        NaN for a place that is not known.
    reach : float
        Metres; a street up to and including it is near enough.

    Returns
    -------
    Snapped
    """
    sample, owner = _samples(streets)
    tree = cKDTree(sample, balanced_tree=False, compact_nodes=False)
    result = Snapped(np.full(len(xy), -1), np.zeros(len(xy)), np.full(len(xy), np.nan))
    uncertain, asked = np.flatnonzero(~np.isnan(xy[:, 0])), FIRST_ASKED
    while len(uncertain):
        left = []
        for some in np.array_split(uncertain, len(uncertain) // AT_ONCE + 1):
            nearest, certain = _nearest(streets, tree, owner, xy[some], (min(asked, tree.n), reach))
            on = nearest.leg <= reach
            for whole, part in zip(vars(result).values(), vars(nearest).values(), strict=True):
                whole[some[on]] = part[on]
            left.append(some[~certain])
        uncertain, asked = np.concatenate(left), asked * 4
    return result


def _samples(streets: Streets) -> tuple[np.ndarray, np.ndarray]:
    """Points along the pieces, none farther than half of ``SAMPLED`` from any point of its piece, and their pieces."""
    count = np.maximum(np.ceil(streets.length / SAMPLED), 1).astype(np.int64)
    owner = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    start, end = (streets.xy[streets.ends[owner, side]] for side in (0, 1))
    return start + ((within + 0.5) / count[owner])[:, None] * (end - start), owner


def _nearest(
    streets: Streets, tree: cKDTree, owner: np.ndarray, xy: np.ndarray, asked: tuple[int, float]
) -> tuple[Snapped, np.ndarray]:
    """The nearest of the pieces that own the nearest samples; ``asked``: how many, and within how many metres.

    With it, whether it is certain: no piece whose samples were not asked can be nearer, or as near.
    """
    most, bound = asked[0], asked[1] + SAMPLED
    away, found = tree.query(xy, k=np.arange(1, most + 1), distance_upper_bound=bound)
    none = len(streets.ends)
    piece = np.append(owner, none)[found]
    share, leg = _project(streets, piece, xy[:, None])
    least = leg.min(axis=1)
    first = np.where(leg == least[:, None], piece, none).min(axis=1)
    place = np.arange(len(xy)), (piece == first[:, None]).argmax(axis=1)
    certain = (least < np.minimum(away[:, -1], bound) - SAMPLED / 2) | (away[:, -1] > bound) | (most == tree.n)
    return Snapped(first, share[place], least), certain


def _project(streets: Streets, piece: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share along each piece and distance to it; infinitely far from the number after the last, which is none."""
    none = piece == len(streets.ends)
    ends = streets.ends[np.where(none, 0, piece)]
    start = streets.xy[ends[..., 0]]
    way = streets.xy[ends[..., 1]] - start
    share = np.clip(((xy - start) * way).sum(axis=-1) / (way**2).sum(axis=-1), 0, 1)
    off = xy - (start + share[..., None] * way)
    away: np.ndarray = np.where(none, np.inf, np.hypot(off[..., 0], off[..., 1]))
    return share, away


def cut(streets: Streets, snapped: Snapped) -> tuple[Network, np.ndarray]:
    """Cut pieces of street where places meet them, so that each place has a node.

    Parameters
    ----------
    streets : Streets
    snapped : Snapped
        All places, origins and destinations together.

    Returns
    -------
    tuple of Network and ndarray of int, shape (places,)
        The network, and the node of each place; -1 where a place is on no street.
    """
    ends = streets.ends
    node = np.full(len(snapped.piece), -1)
    on = snapped.piece >= 0
    for side in (0, 1):
        at = on & (snapped.share == side)
        node[at] = ends[snapped.piece[at], side]
    between = np.flatnonzero(on & (node < 0))
    cuts, inverse = np.unique(
        np.column_stack([snapped.piece[between], snapped.share[between]]), axis=0, return_inverse=True
    )
    node[between] = len(streets.xy) + inverse.ravel()
    piece, share = cuts[:, 0].astype(np.int64), cuts[:, 1]
    start, way = streets.xy[ends[piece, 0]], streets.xy[ends[piece, 1]] - streets.xy[ends[piece, 0]]
    xy = np.concatenate([streets.xy, start + share[:, None] * way])
    links, metres = _chain(streets, piece, share)
    return Network(_both_ways(links, metres, len(xy)), xy), node


def _chain(streets: Streets, piece: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Links and their metres after cutting: start, cuts in order, end of each piece that is cut."""
    ends, length = streets.ends, streets.length
    new = np.arange(len(piece)) + len(streets.xy)
    whole = np.ones(len(length), dtype=bool)
    whole[piece] = False
    if not len(piece):
        return ends, length
    same = np.append(piece[1:] == piece[:-1], False)
    following = np.where(same, np.append(new[1:], 0), ends[piece, 1])
    until = np.where(same, np.append(share[1:], 1.0), 1.0)
    head = np.append(True, ~same[:-1])
    links = [ends[whole], np.column_stack([ends[piece[head], 0], new[head]]), np.column_stack([new, following])]
    metres = [length[whole], share[head] * length[piece[head]], (until - share) * length[piece]]
    return np.concatenate(links), np.concatenate(metres)


def _both_ways(links: np.ndarray, metres: np.ndarray, nodes: int) -> sparse.csr_array:
    """Links in both directions; no two join the same nodes, so nothing is added up."""
    rows, columns = np.concatenate([links, links[:, ::-1]]).T
    return sparse.csr_array((np.tile(metres, 2), (rows, columns)), shape=(nodes, nodes))
