"""Matrix products that are the same to the last bit, however many threads the machine works with.

The library behind NumPy splits large products among threads, and adds up in another order when it does. Tiles are too
small to be split.
"""

from __future__ import annotations

import numpy as np

TILE = 64
"""Rows, columns and terms of a tile: 64³ multiplications are the most that OpenBLAS gives to one thread."""


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b of two matrices, tile by tile.

    Parameters
    ----------
    a : float array, shape (rows, terms)
    b : float array, shape (terms, columns)

    Returns
    -------
    float array, shape (rows, columns)
    """
    left = np.array(a, float, order="C")
    right = np.ascontiguousarray(b, float)
    rows, terms, columns = *left.shape, right.shape[1]
    tiles = terms // TILE
    whole = tiles * TILE
    above = left[:, :whole].reshape(rows, tiles, TILE).swapaxes(0, 1)
    below = right[:whole].reshape(tiles, TILE, columns)
    out = np.empty((rows, columns))
    for i in range(0, rows, TILE):
        for j in range(0, columns, TILE):
            row, column = slice(i, i + TILE), slice(j, j + TILE)
            rest = left[row, whole:] @ right[whole:, column]
            out[row, column] = np.matmul(above[:, row], below[:, :, column]).sum(axis=0) + rest
    return out
