"""Numbers and amounts of money from what people write."""

from __future__ import annotations

import math
import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

from xzz_analysis.services.ledgers.cells.texts import by_difference, plain_array, text_of

NUMBER = pa.float64()
WHOLE = 1e15
"""Whole numbers from here on are not exact."""

_PLAIN = r"^-?\d{1,15}(\.\d{1,15})?$"
_WRITTEN = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?(?:[eE][+-]?\d+)?")
_MONEY = re.compile(r"^(?:人民币|CNY|RMB|[¥$€])\s*|\s*(?:元整?|圆整?|CNY|RMB)$", re.IGNORECASE)


def read_numbers(cells: pa.ChunkedArray, kind: str) -> pa.Array:
    """Read numbers.

    Parameters
    ----------
    cells : ChunkedArray
        Numbers, or text: ``1200``, ``1,200``, full-width digits; of money also ``￥1,200.50`` and ``1200.5元``.
    kind : str
        ``number``; ``whole``: 0 or more; ``money``: rounded to two decimals.

    Returns
    -------
    Array of float64
        Null where nothing can be read.
    """
    array = plain_array(cells)
    kind_of_cells = array.type
    if pa.types.is_integer(kind_of_cells) or pa.types.is_floating(kind_of_cells):
        numbers = pc.cast(array, NUMBER, safe=False)
    else:
        numbers = _from_text(text_of(array), kind)
    numbers = pc.if_else(pc.fill_null(pc.is_finite(numbers), False), numbers, None)
    if kind == "whole":
        good = pc.and_(pc.greater_equal(numbers, 0.0), pc.equal(numbers, pc.floor(numbers)))
        good = pc.and_(good, pc.less(numbers, WHOLE))
        return pc.if_else(pc.fill_null(good, False), numbers, None)
    return pc.add(pc.round(numbers, 2), 0.0) if kind == "money" else numbers


def rounded(cells: pa.ChunkedArray, money: pa.Array) -> pa.Array:
    """Where an amount was written with more than two decimals, by more than a spreadsheet's own noise."""
    exact = read_numbers(cells, "number") if pa.types.is_floating(plain_array(cells).type) else _exact(cells)
    return pc.fill_null(pc.greater(pc.abs(pc.subtract(exact, money)), 1e-6), False)


def _exact(cells: pa.ChunkedArray) -> pa.Array:
    return _from_text(text_of(cells), "money")


def _from_text(text: pa.Array, kind: str) -> pa.Array:
    plain = pc.match_substring_regex(text, _PLAIN)
    quick = pc.cast(pc.if_else(plain, text, None), NUMBER)
    if pc.all(plain, min_count=0).as_py():
        return quick
    return pc.coalesce(quick, by_difference(pc.if_else(plain, None, text), lambda one: _number(one, kind), NUMBER))


def _number(text: str, kind: str) -> float | None:
    text = unicodedata.normalize("NFKC", text).strip()
    if kind == "money":
        text = _MONEY.sub("", text)
    if not _WRITTEN.fullmatch(text):
        return None
    value = float(text.replace(",", ""))
    return value if math.isfinite(value) else None
