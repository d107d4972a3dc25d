"""Hashes of keys in order: finding one among many, and counting different ones."""

from __future__ import annotations

import numpy as np

ODDS = 1e-5
"""Odds of miscounting one person from which on hashes are compared whole."""


def in_key_order(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort hashes, equal ones as they stand.

    The first bits of each hash are sorted together with its place, which is several times faster than sorting places
    by hashes; the few whose first bits agree are put right afterwards.

    Parameters
    ----------
    keys : ndarray of uint64, shape (lines,)

    Returns
    -------
    tuple of ndarray
        Places in the order of the keys, and the keys in that order.
    """
    low = np.uint64((1 << len(keys).bit_length()) - 1)
    packed = (keys & ~low) | np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    order = (packed & low).astype(np.int64)
    ordered = keys[order]
    for at in np.flatnonzero(ordered[1:] < ordered[:-1]):
        first, last = np.searchsorted(packed, [packed[at] & ~low, packed[at] | low])
        part = order[first : last + 1]
        part = part[np.argsort(keys[part], kind="stable")]
        order[first : last + 1], ordered[first : last + 1] = part, keys[part]
    return order, ordered


def find_keys(ordered: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find keys among ordered ones; of equal ones the last.

    Parameters
    ----------
    ordered : ndarray of uint64, shape (known,)
    keys : ndarray of uint64, shape (asked,)
        Fast where they are in order too.

    Returns
    -------
    tuple of ndarray
        Whether each key is among them, shape (asked,); and where those that are stand.
    """
    if not len(ordered):
        return np.zeros(len(keys), dtype=bool), np.zeros(0, dtype=np.int64)
    at = np.searchsorted(ordered, keys, side="right") - 1
    found = ordered[at] == keys
    return found, at[found]


def different_by_cell(cells: np.ndarray, keys: np.ndarray, count: int) -> np.ndarray:
    """Count different keys in each cell.

    Parameters
    ----------
    cells : ndarray of int, shape (lines,)
        Below ``count``.
    keys : ndarray of uint64, shape (lines,)
    count : int
        Number of cells.

    Returns
    -------
    ndarray of int64, shape (count,)
    """
    bits = max((count - 1).bit_length(), 1)
    sizes = np.bincount(cells, minlength=count).astype(float)
    if (sizes**2).sum() / 2.0 ** (65 - bits) > ODDS:  # the bits left over could be the same by chance
        order = np.lexsort((keys, cells))
        cell, key = cells[order], keys[order]
        first = np.ones(len(key), dtype=bool)
        first[1:] = (key[1:] != key[:-1]) | (cell[1:] != cell[:-1])
        return np.bincount(cell[first], minlength=count)
    packed = cells.astype(np.uint64)
    packed <<= np.uint64(64 - bits)
    packed |= keys >> np.uint64(bits)
    packed.sort()
    different = np.zeros(len(packed) + 1, dtype=np.int64)
    np.cumsum(packed[1:] != packed[:-1], out=different[2:])
    different[1:] += 1
    ends = np.concatenate([[0], np.cumsum(sizes).astype(np.int64)])
    return np.diff(different[ends])


def different(keys: np.ndarray) -> int:
    """Count different keys, whose array is sorted in place.

    Parameters
    ----------
    keys : ndarray of uint64, shape (lines,)

    Returns
    -------
    int
    """
    keys.sort()
    return int(np.count_nonzero(keys[1:] != keys[:-1])) + (len(keys) > 0)
