"""Ledgers in tables of databases: DuckDB files, and PostgreSQL servers through ADBC."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from xzz_analysis.declaration import expand
from xzz_analysis.errors import InputError, suggest
from xzz_analysis.services.ledgers.sources.cells import Rows, Source
from xzz_analysis.study import Study
from xzz_analysis.study.services import Ledger

_DUCKDB = "duckdb:///"
_POSTGRES = ("postgresql://", "postgres://")
_NAMES = (
    "SELECT table_schema, table_name, column_name FROM information_schema.columns "
    "WHERE table_schema NOT IN ('information_schema', 'pg_catalog') ORDER BY 1, 2, ordinal_position"
)
_WHY = (
    (
        "authentication failed|no password supplied|role .* does not exist",
        "the server refuses the user or the password",
    ),
    ("database .* does not exist", "the server has no such database"),
    ("permission denied", "the user may not read it; ask for the right to SELECT"),
    ("translate host name|Connection refused|could not connect|timeout", "no server answers there; is it running?"),
)

Query = Callable[[str], pa.Table]


def open_table(named: Ledger, kind: str, study: Study) -> Source:
    """Open the table of a ledger.

    Parameters
    ----------
    named : Ledger
        Its ``url``: ``duckdb:///`` and a path from the study's folder (or, with a fourth stroke, an absolute one), or
        ``postgresql://user@host:port/database``; ``${NAME}`` stands for the environment's. Its ``table``: a name, or a
        schema and a name with a dot between.
    kind : str
        The ledger's name, for messages.
    study : Study

    Returns
    -------
    Source
        Its rows are text, read afresh.

    Raises
    ------
    InputError
        No such database or table, or it cannot be read; the URL is never shown.
    """
    url = expand(named.url)
    where = f"{kind} (table {named.table})"
    query: Query
    if url.startswith(_DUCKDB):
        query = partial(_from_duckdb, study.folder / url.removeprefix(_DUCKDB), where)
    elif url.startswith(_POSTGRES):
        query = partial(_from_postgres, url, study.settings.time_zone, where)
    else:
        raise InputError(
            f"the url of {kind} begins with neither {_DUCKDB} nor {_POSTGRES[0]}, so nobody knows how to read the "
            f"table; correct services.{kind}.url in {study.path.name}"
        )
    schema, table, headers = _find(query(_NAMES), named.table, where)

    def rows(wanted: Sequence[str]) -> Rows:
        cells = ", ".join(f"CAST({quoted(name)} AS text) AS {quoted(name)}" for name in wanted)
        read = query(f"SELECT {cells} FROM {quoted(schema)}.{quoted(table)}")
        return Rows(read, np.zeros(len(read), np.int64))

    return Source(where, headers, rows)


def quoted(name: str) -> str:
    """A name as SQL quotes it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def _find(names: pa.Table, wanted: str, where: str) -> tuple[str, str, tuple[str, ...]]:
    """Schema, name and columns of the table that is meant."""
    columns: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in zip(*(one.to_pylist() for one in names.columns), strict=True):
        columns.setdefault((schema, table), []).append(column)
    found = [one for one in columns if wanted == f"{one[0]}.{one[1]}"] or [one for one in columns if one[1] == wanted]
    if len(found) == 1:
        return *found[0], tuple(columns[found[0]])
    if found:
        schemas = ", ".join(f"{schema}.{table}" for schema, table in found)
        raise InputError(f"{where}: {len(found)} tables have this name; write one of {schemas}")
    near = suggest(wanted, [name for schema, table in columns for name in (table, f"{schema}.{table}")])
    raise InputError(f"{where}: the database has no table {wanted!r} that may be read{near}; correct its name")


def _from_duckdb(path: Path, where: str, sql: str) -> pa.Table:
    if not path.is_file():
        raise InputError(f"{where}: {path.name} does not exist; correct the url (a path from the study's folder)")
    try:
        with duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"}) as connection:
            return connection.sql(sql).to_arrow_table()
    except duckdb.Error as error:
        raise InputError(
            f"{where}: {path.name} cannot be read ({type(error).__name__}); close other programs that write it, and "
            "check that it is a DuckDB file of this version whose tables hold their rows themselves"
        ) from None


def _from_postgres(url: str, zone: str, where: str, sql: str) -> pa.Table:
    dbapi = _driver(where)
    try:
        with dbapi.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            for setting in ("datestyle = 'ISO, YMD'", f"timezone = '{zone}'", "extra_float_digits = 1"):
                cursor.execute(f"SET {setting}")
            cursor.execute(sql)
            return cursor.fetch_arrow_table()
    except dbapi.Error as error:
        raise InputError(f"{where}: the table cannot be read: {_why(str(error))}") from None


def _driver(where: str) -> Any:
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise InputError(
            f"{where}: reading PostgreSQL needs the package adbc-driver-postgresql; install it, or export the table"
        ) from None
    return dbapi


def _why(message: str) -> str:
    """A reason in our words: what a server says may hold the user and the host."""
    found = next((told for pattern, told in _WHY if re.search(pattern, message, re.IGNORECASE)), "")
    return found or "the server refused; try the url and the table with psql"
