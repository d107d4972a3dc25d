"""What every source gives: headers, and the cells below those that are wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from xzz_analysis.errors import Finding


class Rows(NamedTuple):
    """Cells of a source.

    Attributes
    ----------
    table : Table
        A column per header that was wanted: text, or days, numbers and truth values where the source knows types.
    lines : int64 array
        Line of the file that each row stands on (row of a worksheet, place in a Parquet file counted from 2); 0 for the
        rows of a database, which stand in no order.
    broken : tuple of int
        Lines that could not be split into cells and are not in the table.
    """

    table: pa.Table
    lines: np.ndarray
    broken: tuple[int, ...] = ()


@dataclass(frozen=True)
class Source:
    """One file, or one table of a database.

    Attributes
    ----------
    where : str
        What it is called in messages.
    headers : tuple of str
    rows : callable
        Reads the columns of some headers.
    date_system : int
        What day a workbook counts from.
    findings : tuple of Finding
        What opening it noticed.
    """

    where: str
    headers: tuple[str, ...]
    rows: Callable[[Sequence[str]], Rows]
    date_system: int = 1900
    findings: tuple[Finding, ...] = ()
