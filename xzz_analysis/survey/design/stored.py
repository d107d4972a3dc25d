"""Tables too large for memory: DuckDB reads Parquet block by block, in the order of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError, InputError
from xzz_analysis.survey.design.columns import hint, refuse_large

if TYPE_CHECKING:
    import pyarrow as pa

BUDGET = 1 << 30
"""Bytes a table may take in memory before it is read block by block instead."""

_WHOLE = ("BOOLEAN", "TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INTEGER", "UINTEGER", "BIGINT", "UBIGINT")


@dataclass(frozen=True)
class StoredTable:
    """A Parquet table that stays on disk; a :class:`~xzz_analysis.survey.design.sample.Sample` takes it as its frame.

    Attributes
    ----------
    files : tuple of Path
        Read one after the other.
    types : dict of str to str
        DuckDB's type of every column.
    rows : int
    """

    files: tuple[Path, ...]
    types: dict[str, str]
    rows: int

    @property
    def place(self) -> Path:
        """The file, or the folder of several."""
        return self.files[0] if len(self.files) == 1 else self.files[0].parent

    def __len__(self) -> int:
        return self.rows

    def __contains__(self, name: object) -> bool:
        return name in self.types

    def is_number(self, name: str) -> bool:
        """Whether a column holds numbers or yes/no."""
        kind = self.types[name].split("(")[0]
        return kind in (*_WHOLE, "FLOAT", "DOUBLE", "DECIMAL", "HUGEINT", "UHUGEINT")

    def read(self, names: Sequence[str]) -> pd.DataFrame:
        """Some columns in memory: numbers as they are stored, texts as categories in sorted order."""
        if not names:
            return pd.DataFrame(index=pd.RangeIndex(self.rows))
        with _readable(self.place):
            table = self._query(names).to_arrow_table()
        return pd.DataFrame({name: _column(table.column(name)) for name in names})

    def blocks(self, names: Sequence[str], rows: int) -> Iterator[list[np.ndarray]]:
        """Numeric columns, ``rows`` at a time, in the order of the table."""
        import pyarrow as pa

        waiting: list[pa.RecordBatch] = []
        count = 0
        for batch in self._batches(names, rows):
            waiting.append(batch)
            count += batch.num_rows
            while count >= rows:
                table = pa.Table.from_batches(waiting)
                yield [_numbers(table.column(name).slice(0, rows)) for name in names]
                waiting = table.slice(rows).to_batches()
                count -= rows
        if count:
            table = pa.Table.from_batches(waiting)
            yield [_numbers(table.column(name)) for name in names]

    def _batches(self, names: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        """The columns as the file comes, and an error when it no longer has as many rows as when it was opened."""
        found = 0
        with _readable(self.place):
            for batch in self._query(names).to_arrow_reader(rows):
                found += batch.num_rows
                yield batch
        if found != self.rows:
            raise InputError(
                f"{self.place.name}: it now holds {found} rows, and {self.rows} when it was opened; open it again"
            )

    def _query(self, names: Sequence[str]) -> Any:
        import duckdb

        chosen = ", ".join(self._expression(name) for name in names)
        return duckdb.connect().sql(f"SELECT {chosen} FROM read_parquet({_listed(self.files)})")

    def _expression(self, name: str) -> str:
        """A column as it is read: numbers that NumPy does not have become doubles."""
        kind = self.types[name].split("(")[0]
        quoted = '"' + name.replace('"', '""') + '"'
        return f"CAST({quoted} AS DOUBLE) AS {quoted}" if kind in ("DECIMAL", "HUGEINT", "UHUGEINT") else quoted


@dataclass(frozen=True)
class StoredColumn:
    """One numeric column of a stored table, standing for its answers."""

    table: StoredTable
    name: str

    def load(self, *, yes_no: bool = False) -> np.ndarray:
        """The column in memory, shape (rows,); ``yes_no`` as in :class:`StoredColumns`."""
        alone = StoredColumns(self.table, (self.name,), yes_no)
        return np.concatenate([block[0] for block in alone.blocks(len(self.table))])


@dataclass(frozen=True)
class StoredColumns:
    """Several numeric columns of a stored table, to be read together.

    Attributes
    ----------
    table : StoredTable
    names : tuple of str
    yes_no : bool
        Whether every answer has to be 0 or 1; :class:`DesignError` names the first column that is not.
    """

    table: StoredTable
    names: tuple[str, ...]
    yes_no: bool = False

    def blocks(self, rows: int) -> Iterator[list[np.ndarray]]:
        """Every column, ``rows`` at a time."""
        for block in self.table.blocks(self.names, rows):
            if self.yes_no:
                self._check(block)
            else:
                for name, values in zip(self.names, block, strict=True):
                    refuse_large(name, values)
            yield block

    def _check(self, block: list[np.ndarray]) -> None:
        for name, values in zip(self.names, block, strict=True):
            wrong = int(((values != 0) & (values != 1) & (values == values)).sum())
            if wrong:
                raise DesignError(
                    f"column {name!r} holds numbers other than 0 and 1 ({wrong} in one block of {len(values)} rows), "
                    "so it has no share; use mean()"
                )


def read_parquet(path: str | Path, *, memory: int = BUDGET) -> pd.DataFrame | StoredTable:
    """Open a Parquet file, or a folder of them, for estimation.

    Parameters
    ----------
    path : str or Path
        A file, or a folder whose ``*.parquet`` files are read in the order of their names.
    memory : int
        Bytes that the whole table may take in memory.

    Returns
    -------
    DataFrame or StoredTable
        In memory where the table fits; otherwise a table that estimates read block by block, with the same
        results to the last bit.

    Raises
    ------
    InputError
        No such file, or it is not Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not isinstance(path, str | Path) or not (isinstance(memory, int) and memory >= 0):
        raise InputError(
            f"read_parquet() takes a path and a number of bytes; got {type(path).__name__} and memory={memory!r}"
        )
    place = Path(path)
    files = tuple(sorted(place.glob("*.parquet"))) if place.is_dir() else (place,)
    if not files or not files[0].exists():
        raise InputError(f"{place.name}: no Parquet file there; give a .parquet file or a folder that holds some")
    with _readable(place):
        schemas = [pq.read_schema(file) for file in files]
        rows = sum(pq.read_metadata(file).num_rows for file in files)
        if not all(schema.equals(schemas[0]) for schema in schemas):
            raise pa.ArrowInvalid("columns differ")
        if rows * sum(_width(field.type) for field in schemas[0]) > memory:
            return StoredTable(files, _types(files), rows)
        table = pa.concat_tables([pq.read_table(file, partitioning=None) for file in files])
    columns = {name: _column(table.column(name)) for name in table.column_names}
    del table  # the frame takes its room
    return pd.DataFrame(columns, copy=False)


@contextmanager
def _readable(place: Path) -> Iterator[None]:
    """Turn what pyarrow and DuckDB raise about files into :class:`InputError`."""
    import duckdb
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, duckdb.Error, OSError) as error:
        problem = f"not a readable Parquet file, or one with other columns than its neighbours ({type(error).__name__})"
        raise InputError(f"{place.name}: {problem}; export it again") from None


def _width(kind: pa.DataType) -> int:
    """Bytes a value takes in memory."""
    try:
        return max(1, int(kind.bit_width) // 8)
    except ValueError:
        return 8  # texts become categories


def _types(files: Sequence[Path]) -> dict[str, str]:
    import duckdb

    with duckdb.connect() as connection:
        described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({_listed(files)})").fetchall()
    return {row[0]: row[1] for row in described}


def known(table: StoredTable, name: str, role: str) -> str:
    """The name itself; :class:`DesignError` with the nearest one when the table has no such column."""
    if name not in table:
        raise DesignError(f"{role} {name!r} is not in the sample{hint(name, table.types)}")
    return name


def _listed(files: Sequence[Path]) -> str:
    return "[" + ", ".join("'" + str(file).replace("'", "''") + "'" for file in files) + "]"


def _column(column: pa.ChunkedArray) -> pd.Series | np.ndarray:
    import pyarrow.types as kinds

    if kinds.is_string(column.type) or kinds.is_large_string(column.type):
        texts: pd.Series = column.dictionary_encode().to_pandas()
        return texts.cat.set_categories(sorted(texts.cat.categories))
    if kinds.is_temporal(column.type):
        days: pd.Series = column.to_pandas()
        return days
    numbers = _numbers(column)
    return numbers if numbers.flags.writeable else numbers.copy()  # a frame may be written to


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    """Numbers as they are stored where none is missing, else with NaN; yes/no as 1 and 0."""
    import pyarrow as pa

    if column.type == pa.bool_():
        column = column.cast(pa.uint8())
    elif pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    return np.asarray(column.to_numpy())
