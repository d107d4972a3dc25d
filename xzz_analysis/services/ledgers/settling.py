"""Rows that can be used, in one order: what is wrong by itself is left out, what is there twice counts once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xzz_analysis.services.ledgers.cells import plain
from xzz_analysis.services.ledgers.cells.days import MOMENT
from xzz_analysis.services.ledgers.cells.texts import by_difference, truth
from xzz_analysis.services.ledgers.columns import DAYS, ledger_columns
from xzz_analysis.services.ledgers.problems import Problem, noticed

MAY_LIE_AHEAD = ("roles", "organisations", "projects")
"""Ledgers whose rows may begin after the day the ledgers stand at."""

_AMOUNTS = ("vouchers_issued", "vouchers_redeemed")
_CURRENCIES = {"rmb": "CNY", "人民币": "CNY", "人民币元": "CNY", "元": "CNY", "¥": "CNY", "yuan": "CNY"}
_OWN: Mapping[str, str] = {
    "activities": "activity",
    "vouchers_issued": "voucher",
    "merchants": "merchant",
    "merchant_visits": "merchant",
    "people": "person",
    "roles": "person",
    "points": "activity",
    "organisations": "organisation",
}
"""Column without which two rows that look the same may be two different things."""

_ONE_EACH = ("vouchers_issued", "merchants", "people", "organisations")
"""Ledgers with one row per number; the number is their first column."""
_COMPARED: Mapping[str, tuple[str, ...]] = {"attendance": ("activity", "person", "date")}
_NOT_COMPARED = ("line", "entered")


class Settled(NamedTuple):
    """Rows that stay, and what was noticed about the others."""

    table: pa.Table
    problems: list[Problem]


def usable(table: pa.Table, kind: str, where: str, until: dt.date, currency: str) -> Settled:
    """Leave out rows that are certainly wrong by themselves.

    Parameters
    ----------
    table : Table
        Typed columns of one source, and ``line``.
    kind, where : str
        The ledger; the ledger and its source.
    until : date
        The day the ledgers stand at.
    currency : str
        The study's.

    Returns
    -------
    Settled
    """
    settled = _not_ahead(table, kind, where, until)
    if "until" in table.column_names:
        settled = _next(settled, _in_order, kind, where)
    if kind in _AMOUNTS:
        settled = _next(settled, _positive, where)
        settled = _next(settled, _one_currency, where, currency)
    if kind == "activities":
        settled = _next(settled, _no_more_persons, where)
    return settled


def _next(settled: Settled, rule: Any, *given: Any) -> Settled:
    made: Settled = rule(settled.table, *given)
    return Settled(made.table, settled.problems + made.problems)


def _without(table: pa.Table, wrong: np.ndarray) -> pa.Table:
    return table.filter(pa.array(~wrong)) if wrong.any() else table


def _lines(table: pa.Table) -> np.ndarray:
    return np.asarray(table["line"])


def _not_ahead(table: pa.Table, kind: str, where: str, until: dt.date) -> Settled:
    if kind in MAY_LIE_AHEAD or kind not in DAYS:
        return Settled(table, [])
    following = dt.datetime.combine(until, dt.time()) + dt.timedelta(days=1)
    ahead = truth(pc.greater_equal(table[DAYS[kind]], pa.scalar(following, MOMENT)))
    return Settled(_without(table, ahead), noticed("ledger_date_future", where, ahead, _lines(table)))


def _in_order(table: pa.Table, kind: str, where: str) -> Settled:
    """A row that ends before it begins: an event keeps its day, what lasts is left out."""
    wrong = truth(pc.less(table["until"], table[DAYS[kind]]))
    event = kind not in MAY_LIE_AHEAD
    what = "their last day counts as not known" if event else "they were left out"
    problems = noticed("ledger_until_before", where, wrong, _lines(table), "until", what)
    return Settled(_with(table, "until", wrong) if event else _without(table, wrong), problems)


def _with(table: pa.Table, column: str, missing: np.ndarray) -> pa.Table:
    """A table in which some cells of a column are missing."""
    if not missing.any():
        return table
    cells = pc.if_else(pa.array(missing), pa.scalar(None, table[column].type), table[column])
    return table.set_column(table.column_names.index(column), column, cells)


def _positive(table: pa.Table, where: str) -> Settled:
    negative, zero = truth(pc.less(table["amount"], 0.0)), truth(pc.equal(table["amount"], 0.0))
    problems = noticed("ledger_amount_negative", where, negative, _lines(table), "amount")
    problems += noticed("ledger_amount_zero", where, zero, _lines(table), "amount")
    return Settled(_without(table, negative | zero), problems)


def _one_currency(table: pa.Table, where: str, currency: str) -> Settled:
    own = _CURRENCIES.get(plain(currency), currency.upper())

    def code(text: str) -> str:
        return _CURRENCIES.get(plain(text), text.upper()) if text else own

    codes = by_difference(table["currency"].combine_chunks(), code, pa.large_string())
    other = truth(pc.not_equal(codes, own))
    made = table.set_column(table.column_names.index("currency"), "currency", pa.chunked_array([codes]))
    return Settled(_without(made, other), noticed("ledger_currency_mixed", where, other, _lines(table), "currency"))


def _no_more_persons(table: pa.Table, where: str) -> Settled:
    wrong = truth(pc.greater(table["persons"], table["person_times"]))
    problems = noticed("ledger_persons_exceed", where, wrong, _lines(table), "persons")
    return Settled(_with(table, "persons", wrong), problems)


def in_order(table: pa.Table) -> pa.Table:
    """Rows sorted by all columns and then by line; rows of a database are given the lines they then stand on."""
    names = [name for name in table.column_names if name != "line"]
    order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in [*names, "line"]])
    made = table.take(order)
    if len(made) and pc.max(made["line"]).as_py() == 0:
        lines = pa.array(np.arange(2, len(made) + 2, dtype=np.int64))
        made = made.set_column(made.column_names.index("line"), "line", lines)
    return made


def counted_once(table: pa.Table, kind: str, where: str) -> Settled:
    """Leave out rows that are there twice.

    Parameters
    ----------
    table : Table
        From :func:`in_order`.
    kind, where : str
        The ledger; the ledger and its source.

    Returns
    -------
    Settled
        Where rows that look the same may be two things, both stay and a problem says so. Of rows with one number and
        different cells the first stays, in ledgers that have one row per number.
    """
    compared = [one for one in _COMPARED.get(kind, table.column_names) if one not in _NOT_COMPARED]
    same = np.logical_and.reduce([_as_before(table[name]) for name in compared])
    sure = same & _is_certain(table, kind)
    rule = "ledger_attendance_twice" if kind == "attendance" else "ledger_row_repeated"
    own, lines = _OWN.get(kind, ""), _lines(table)
    problems = noticed(rule, where, sure, lines) + noticed("ledger_row_alike", where, same & ~sure, lines, own)
    settled = Settled(_without(table, sure), problems)
    first = ledger_columns(kind)[0].id
    return _next(settled, _one_each, kind, where, first) if kind in (*_ONE_EACH, "activities") else settled


def _as_before(cells: pa.ChunkedArray) -> np.ndarray:
    """Where a cell is the same as in the row before; both missing is the same."""
    if len(cells) < 2:
        return np.zeros(len(cells), dtype=bool)
    now, before = cells.slice(1), cells.slice(0, len(cells) - 1)
    same = truth(pc.equal(now, before)) | (truth(pc.is_null(now)) & truth(pc.is_null(before)))
    return np.concatenate([[False], same])


def _is_certain(table: pa.Table, kind: str) -> np.ndarray:
    """Where a second row that is the same can only be a copy."""
    if kind == "vouchers_redeemed":  # with the time of day; on one day a voucher may be used twice
        day = pc.floor_temporal(table["redeemed"], unit="day")
        return truth(pc.not_equal(table["redeemed"], day))
    if kind in _OWN:
        return truth(pc.not_equal(table[_OWN[kind]], ""))
    return np.ones(len(table), dtype=bool)


def _one_each(table: pa.Table, kind: str, where: str, column: str) -> Settled:
    again = _as_before(table[column]) & truth(pc.not_equal(table[column], ""))
    kept = kind not in _ONE_EACH
    what = "all of them were counted" if kept else "the first was kept"
    problems = noticed("ledger_key_repeated", where, again, _lines(table), column, what)
    return Settled(table if kept else _without(table, again), problems)
