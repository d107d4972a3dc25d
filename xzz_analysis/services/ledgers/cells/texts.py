"""Cells of any type as the text that a person would have written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

TEXT = pa.large_string()


def text_of(cells: pa.ChunkedArray) -> pa.Array:
    """Cells as trimmed text, ``""`` where there is none.

    Parameters
    ----------
    cells : ChunkedArray
        Text, numbers, days, moments, truth values, or dictionaries of them.

    Returns
    -------
    Array of large_string
        Whole numbers without ``.0``, days and moments as ISO, truth as ``true`` and ``false``.
    """
    array = plain_array(cells)
    kind = array.type
    if pa.types.is_floating(kind):
        text = by_difference(pc.if_else(pc.is_nan(array), None, array), _number, TEXT)
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_nested(kind):
        text = pa.nulls(len(array), TEXT)
    else:
        text = pc.cast(array, TEXT)
    filled = pc.fill_null(text, "")
    trimmed = pc.utf8_trim_whitespace(filled)
    return trimmed if isinstance(trimmed, pa.Array) else trimmed.combine_chunks()


def plain_array(cells: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Cells in one piece, without dictionary and extension around them."""
    array = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    if isinstance(array, pa.ChunkedArray):  # of nothing at all
        array = pa.array([], array.type)
    if isinstance(array.type, pa.BaseExtensionType):
        array = array.storage
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def by_difference(array: pa.Array, read: Callable[[Any], Any], kind: pa.DataType) -> pa.Array:
    """What a function makes of each different cell, once.

    Parameters
    ----------
    array : Array
    read : callable
        Of a Python value; None stays None.
    kind : DataType
        Of the answer.

    Returns
    -------
    Array
        As long as ``array``.
    """
    encoded = pc.dictionary_encode(array)
    made = pa.array([None if one is None else read(one) for one in encoded.dictionary.to_pylist()], kind)
    return made.take(encoded.indices)


def truth(array: pa.Array) -> np.ndarray:
    """Truth values as a NumPy array; unknown is false."""
    made: np.ndarray = np.asarray(pc.fill_null(array, False))
    return made


def _number(value: float) -> str:
    text = repr(float(value))
    return text.removesuffix(".0")
