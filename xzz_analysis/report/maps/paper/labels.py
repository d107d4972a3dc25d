"""Labels beside points that cover neither each other nor a symbol.

Each label tries places around its point, near ones first, and takes the first that is free; those in open country
choose first, since that leaves most labels placed. What finds no place is left to a numbered key. Greedy placement over
candidate positions follows Christensen, Marks and Shieber (1995), An empirical study of algorithms for point-feature
label placement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

ANGLES = np.radians([0, 180, 90, 270, 45, 315, 135, 225, 22, 338, 158, 202, 68, 112, 248, 292])
"""Directions in the order they are preferred: right of the point, left, above, below, then the rest."""

NEAR = 1.6
"""A label this many first distances away or farther gets a line to its point."""


@dataclass(frozen=True)
class Placed:
    """Where labels stand, in the units of the points.

    Attributes
    ----------
    boxes : array of float, shape (labels, 4)
        Left, bottom, right and top; NaN where a label found no place.
    leaders : array of float, shape (labels, 4)
        From the point (x, y) to the label (x, y); NaN where none is needed.
    """

    boxes: Numbers
    leaders: Numbers

    @property
    def there(self) -> NDArray[np.bool_]:
        """Which labels found a place."""
        return np.isfinite(self.boxes[:, 0])


def place_labels(
    points: Numbers,
    sizes: Numbers,
    *,
    room: tuple[float, float, float, float],
    taken: Numbers,
    distances: Numbers,
    centred: bool = False,
) -> Placed:
    """Place labels so that no two boxes overlap.

    Parameters
    ----------
    points : array of float, shape (labels, 2)
    sizes : array of float, shape (labels, 2)
        Width and height of each label, margin included.
    room : left, bottom, right, top
        Labels stay inside.
    taken : array of float, shape (boxes, 4)
        Boxes that labels keep off: symbols, the scale bar, other labels.
    distances : array of float
        How far from its point a label may stand, nearest first.
    centred : bool
        Whether the middle of a label, rather than its nearest edge, is at the distance (names of areas).

    Returns
    -------
    Placed
        The same for the same input: ties are settled by the order of the points.
    """
    count = len(points)
    boxes, leaders = np.full((count, 4), np.nan), np.full((count, 4), np.nan)
    occupied = np.empty((len(taken) + count, 4))
    occupied[: len(taken)] = taken
    used = len(taken)
    for label in _open_country_first(points, sizes):
        tried = _around(points[label], sizes[label], distances, centred)
        fits = (tried[:, :2] >= room[:2]).all(axis=1) & (tried[:, 2:] <= room[2:]).all(axis=1)
        free = np.flatnonzero(fits & ~overlap(tried, occupied[:used]).any(axis=1))
        far = NEAR * distances[0]
        for candidate in free:
            box = tried[candidate]
            away = distances[candidate // len(ANGLES)]
            line = np.concatenate([points[label], np.clip(points[label], box[:2], box[2:])])
            if not centred and away >= far and _crossed(line, occupied[len(taken) : used], leaders):
                continue
            boxes[label] = occupied[used] = box
            used += 1
            if not centred and away >= far:
                leaders[label] = line
            break
    return Placed(boxes, leaders)


def overlap(these: Numbers, those: Numbers) -> NDArray[np.bool_]:
    """Which boxes of one list overlap which of another, shape (these, those); touching is no overlap."""
    one, other = these[:, None, :], those[None, :, :]
    across = (one[..., 0] < other[..., 2]) & (other[..., 0] < one[..., 2])
    return across & (one[..., 1] < other[..., 3]) & (other[..., 1] < one[..., 3])


def _open_country_first(points: Numbers, sizes: Numbers) -> NDArray[np.intp]:
    """Labels by how many others are near, fewest first."""
    if not len(points):
        return np.empty(0, dtype=np.intp)
    near = 1.5 * float(np.median(sizes[:, 0]))
    apart = np.hypot(*(points[:, None, :] - points[None, :, :]).transpose(2, 0, 1))
    return np.argsort((apart < near).sum(axis=1), kind="stable")


def _around(point: Numbers, size: Numbers, distances: Numbers, centred: bool) -> Numbers:
    """The boxes a label may take, shape (distances × angles, 4); the edge that faces the point slides along it."""
    cosine, sine = np.tile(np.cos(ANGLES), len(distances)), np.tile(np.sin(ANGLES), len(distances))
    away = np.repeat(distances, len(ANGLES))
    slide = 0.0 if centred else 1.0
    left = point[0] + away * cosine - size[0] * (1 - slide * cosine) / 2
    bottom = point[1] + away * sine - size[1] * (1 - slide * sine) / 2
    return np.column_stack([left, bottom, left + size[0], bottom + size[1]])


def _crossed(line: Numbers, boxes: Numbers, leaders: Numbers) -> bool:
    """Whether a line to a label runs through another label, or across another line."""
    along = np.linspace(0.05, 0.95, 12)[:, None]
    spots = line[:2] * (1 - along) + line[2:] * along
    inside = (spots[:, None, :] > boxes[None, :, :2]) & (spots[:, None, :] < boxes[None, :, 2:])
    if bool(inside.all(axis=2).any()):
        return True
    drawn = leaders[np.isfinite(leaders[:, 0])]
    side = _side(line, drawn[:, :2]) * _side(line, drawn[:, 2:])
    back = _turn(drawn, line[:2]) * _turn(drawn, line[2:])
    return bool(((side < 0) & (back < 0)).any())


def _side(line: Numbers, spots: Numbers) -> Numbers:
    """On which side of a line each spot lies."""
    way, off = line[2:] - line[:2], spots - line[:2]
    return np.asarray(way[0] * off[:, 1] - way[1] * off[:, 0], dtype=float)


def _turn(lines: Numbers, spot: Numbers) -> Numbers:
    """On which side of each line a spot lies."""
    way, off = lines[:, 2:] - lines[:, :2], spot - lines[:, :2]
    return np.asarray(way[:, 0] * off[:, 1] - way[:, 1] * off[:, 0], dtype=float)
