"""Columns of one file of a ledger as arrays, a line each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as parquet

from xzz_analysis.errors import InputError
from xzz_analysis.services.vouchers.partials.store import Store

NEEDED = {
    "issued": ("voucher", "issued", "amount"),
    "redeemed": ("voucher", "redeemed", "merchant", "amount"),
}
NO_TIME = -(2**63) + 1
"""Stands for a moment that is not stated."""


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of names.

    Attributes
    ----------
    codes : ndarray of int, shape (lines,)
        Places in ``names``.
    names : tuple of str
        Sorted, each once; a name that is not stated is empty.
    """

    codes: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of a file in the study's currency.

    Attributes
    ----------
    numbers : dict of str to ndarray
        ``v`` (hash of the voucher), ``at`` (microseconds since 1970, or :data:`NO_TIME`), ``cents``; and of issues
        ``p`` (hash of the person; a voucher without one stands for a person of its own).
    names : dict of str to Coded
    elsewhere : dict of str to int
        Other currency → lines in it.
    span : tuple of str, or None
        First and last number of a voucher; None where there is none.
    """

    numbers: dict[str, np.ndarray]
    names: dict[str, Coded]
    elsewhere: dict[str, int]
    span: tuple[str, str] | None


def read_lines(store: Store, path: Path, kind: str) -> Lines:
    """Read the columns that monthly tables need.

    Parameters
    ----------
    store : Store
    path : Path
    kind : str
        ``issued`` or ``redeemed``.

    Returns
    -------
    Lines

    Raises
    ------
    InputError
        The file cannot be read, or lacks a column that is needed.
    """
    try:
        schema = parquet.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path.name} cannot be read as Parquet ({type(error).__name__})") from None
    lost = [name for name in NEEDED[kind] if name not in schema.names]
    if lost:
        raise InputError(f"{path.name} has no column {', '.join(lost)}; large ledgers use the columns' own names")
    wanted = ("currency", "category", "community") if kind == "issued" else ("currency", "merchant")
    names = _names(path, [name for name in wanted if name in schema.names], schema)
    numbers, span = _numbers(store, path, kind, "person" in schema.names)
    lines = len(numbers["v"])
    nothing = Coded(np.zeros(lines, dtype=np.int64), ("",))
    return _in_currency(store, numbers, {name: names.get(name, nothing) for name in wanted}, span)


def _names(path: Path, wanted: list[str], schema: pa.Schema) -> dict[str, Coded]:
    texts = [name for name in wanted if schema.field(name).type in (pa.string(), pa.large_string())]
    table = parquet.read_table(path, columns=wanted, read_dictionary=texts)
    return {name: _coded(table[name]) for name in wanted}


def _coded(column: pa.ChunkedArray) -> Coded:
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    if not column.num_chunks:
        return Coded(np.zeros(0, dtype=np.int64), ())
    whole = pa.concat_arrays(column.unify_dictionaries().chunks)
    if whole.null_count:
        whole = whole.cast(pa.string()).fill_null("").dictionary_encode()
    order = compute.sort_indices(whole.dictionary).to_numpy()
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return Coded(place[whole.indices.to_numpy()], tuple(whole.dictionary.take(order).to_pylist()))


def _numbers(
    store: Store, path: Path, kind: str, has_person: bool
) -> tuple[dict[str, np.ndarray], tuple[str, str] | None]:
    source = "read_parquet('" + str(path).replace("'", "''") + "')"
    own = "hash('voucher ' || voucher)"
    person = f"CASE WHEN coalesce(person, '') = '' THEN {own} ELSE hash(person) END" if has_person else own
    more = f", {person} AS p" if kind == "issued" else ""
    found = store.database.execute(
        f"""SELECT hash(voucher) AS v, coalesce(epoch_us({kind}::TIMESTAMP), {NO_TIME}) AS at,
        coalesce(round(amount * 100)::BIGINT, 0) AS cents{more} FROM {source}"""
    ).fetchnumpy()
    span = store.database.execute(f"SELECT min(voucher)::VARCHAR, max(voucher)::VARCHAR FROM {source}").fetchall()[0]
    return {name: np.asarray(one) for name, one in found.items()}, None if span[0] is None else (span[0], span[1])


def _in_currency(
    store: Store, numbers: dict[str, np.ndarray], names: dict[str, Coded], span: tuple[str, str] | None
) -> Lines:
    currency = names.pop("currency")
    own = np.array([name in ("", store.settings.currency) for name in currency.names], dtype=bool)
    if own.all():
        return Lines(numbers, names, {}, span)
    counts = np.bincount(currency.codes, minlength=len(own))
    elsewhere = {name: int(counts[at]) for at, name in enumerate(currency.names) if not own[at] and counts[at]}
    kept = own[currency.codes]
    return Lines(
        {name: one[kept] for name, one in numbers.items()},
        {name: Coded(one.codes[kept], one.names) for name, one in names.items()},
        elsewhere,
        span,
    )
