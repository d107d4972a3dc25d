"""Median splits of a rectangle on a grid of lines, so that every part keeps enough homes and no line tells of one.

A k-d tree puts its lines through points, which would print the coordinate of a home on the map. Here a line is a
multiple of 50 m that no home lies on, as near to the middle of the homes as that allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from xzz_analysis.places.homes.columns import MILLIONTH

GRID = 50.0
"""Metres between the lines that may part cells."""
BOX = 1000.0
"""Metres to which the outer borders of homes without polygons are rounded outwards."""
SIDES = (("w", "e"), ("s", "n"))
"""Letters of the two sides of a line, by axis."""

Bounds = tuple[float, float, float, float]
"""West, south, east, north."""


class Split(NamedTuple):
    """A line: ``axis`` 0 parts west from east, 1 south from north; ``at`` in metres."""

    axis: int
    at: float


Tree = Mapping[str, Split]
"""Path (``""``, then ``"w"``, ``"wn"`` …) → the line that parts it; a path that is not there is a cell."""


def grow(xy: np.ndarray, people: np.ndarray, bounds: Bounds, least: int) -> dict[str, Split]:
    """Part a rectangle as often as every part keeps enough homes and people.

    Parameters
    ----------
    xy : ndarray of float, shape (homes, 2)
        Metres, all inside ``bounds``.
    people : ndarray of int, shape (homes,)
        In millionths. Homes where nobody lives do not count, but no line goes through them either.
    bounds : tuple of float
        The longer side is parted first.
    least : int
        Fewest homes, and fewest people, of a part.

    Returns
    -------
    dict of str to Split
        Empty when the rectangle is one cell.

    References
    ----------
    LeFevre, K., DeWitt, D. J. and Ramakrishnan, R. (2006). Mondrian multidimensional k-anonymity. ICDE 2006.
    """
    tree: dict[str, Split] = {}
    taken = np.sort(xy, axis=0)
    waiting = [("", np.arange(len(xy)), bounds)]
    while waiting:
        path, rows, box = waiting.pop()
        counted = rows[people[rows] > 0]
        if len(counted) < 2 * least:
            continue
        line = _best(xy[counted], people[counted], box, least, taken)
        if line is None:
            continue
        tree[path] = line
        low = xy[rows, line.axis] < line.at
        for letter, side, part in zip(SIDES[line.axis], halves(box, line), (rows[low], rows[~low]), strict=True):
            waiting.append((path + letter, part, side))
    return tree


def _best(xy: np.ndarray, people: np.ndarray, box: Bounds, least: int, taken: np.ndarray) -> Split | None:
    """The line that parts the longer side, else the shorter one."""
    longer = int(box[3] - box[1] > box[2] - box[0])
    for axis in (longer, 1 - longer):
        order = np.argsort(xy[:, axis])
        homes = xy[order, axis]
        between = max(box[axis], homes[least - 1]), min(box[axis + 2], homes[len(homes) - least])
        lines = GRID * np.arange(np.floor(between[0] / GRID) + 1, np.ceil(between[1] / GRID))
        places = taken[:, axis]
        free = np.searchsorted(places, lines, "left") == np.searchsorted(places, lines, "right")
        at = _middle(lines[free], homes, people[order], least)
        if at is not None:
            return Split(axis, at)
    return None


def _middle(lines: np.ndarray, homes: np.ndarray, people: np.ndarray, least: int) -> float | None:
    """The line that parts sorted homes most evenly, of two the lower; None where none leaves enough on both sides."""
    before = np.searchsorted(homes, lines)
    living = np.concatenate([[0], np.cumsum(people)])
    sides = [before, len(homes) - before, living[before] // MILLIONTH, (living[-1] - living[before]) // MILLIONTH]
    enough = (np.array(sides) >= least).all(axis=0)
    if not enough.any():
        return None
    uneven = np.abs(2 * before - len(homes))[enough]
    return float(lines[enough][uneven.argmin()])


def halves(box: Bounds, line: Split) -> tuple[Bounds, Bounds]:
    """Both sides of a line in a rectangle: west or south first.

    Parameters
    ----------
    box : tuple of float
    line : Split

    Returns
    -------
    tuple of tuple of float
    """
    west, south, east, north = box
    if line.axis == 0:
        return (west, south, line.at, north), (line.at, south, east, north)
    return (west, south, east, line.at), (west, line.at, east, north)


def leaves(tree: Tree, bounds: Bounds) -> dict[str, Bounds]:
    """Paths and rectangles of the cells, sorted by path.

    Parameters
    ----------
    tree : mapping of str to Split
    bounds : tuple of float

    Returns
    -------
    dict of str to tuple of float
    """
    found: dict[str, Bounds] = {}
    waiting = [("", bounds)]
    while waiting:
        path, box = waiting.pop()
        line = tree.get(path)
        if line is None:
            found[path] = box
            continue
        waiting += [(path + letter, side) for letter, side in zip(SIDES[line.axis], halves(box, line), strict=True)]
    return dict(sorted(found.items()))


def find(xy: np.ndarray, tree: Tree) -> np.ndarray:
    """The cell that every place belongs to; those outside the rectangle belong to the cell at its border.

    Parameters
    ----------
    xy : ndarray of float, shape (places, 2)
    tree : mapping of str to Split

    Returns
    -------
    ndarray of str, shape (places,)
        Paths.
    """
    paths = np.full(len(xy), "", dtype=object)
    waiting = [("", np.arange(len(xy)))]
    while waiting:
        path, rows = waiting.pop()
        line = tree.get(path)
        if line is None:
            paths[rows] = path
            continue
        low = xy[rows, line.axis] < line.at
        waiting += list(zip((path + letter for letter in SIDES[line.axis]), (rows[low], rows[~low]), strict=True))
    return paths


def around(xy: np.ndarray) -> Bounds:
    """A rectangle around places whose borders are no place's: multiples of 1 km beyond the extreme ones.

    Parameters
    ----------
    xy : ndarray of float, shape (places, 2)

    Returns
    -------
    tuple of float
    """
    low = BOX * (np.ceil(xy.min(axis=0) / BOX) - 1)
    high = BOX * (np.floor(xy.max(axis=0) / BOX) + 1)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
