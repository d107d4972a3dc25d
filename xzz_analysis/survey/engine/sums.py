"""One pass over respondents: weighted sums of columns inside cells.

Rows are read in blocks of :data:`ROWS`, and blocks are added up in order, so that columns in memory and
columns read from a file give the same sums to the last bit; :func:`product` gives the same for any number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from xzz_analysis.survey.engine.cells import Cells

ROWS = 1 << 17
"""Respondents read at a time."""

TILE = 64
"""Rows, columns and terms of a tile of a matrix product: 64³ multiplications are the most that OpenBLAS gives to one
thread."""

Column = np.ndarray
"""Answers of one column, shape (rows,): any number type; NaN is missing."""


class Stored(Protocol):
    """Columns that are not in memory."""

    def blocks(self, rows: int) -> Iterator[Sequence[np.ndarray]]:
        """Read every column, ``rows`` respondents at a time, in the order of the sample."""


Columns = Sequence[Column] | Stored


@dataclass
class Sums:
    """Weighted sums of some columns; bins are cells, then domain × calibration totals.

    Attributes
    ----------
    y : array, shape (bins, columns)
        Σ w y over usable answers.
    base : array, shape (bins, bases)
        Σ w over usable answers; columns without a missing answer share the first.
    same : int array, shape (columns,)
        Each column's base.
    n : array, shape (domains, bases)
        Respondents with a usable answer and a weight.
    answered : array, shape (domains, bases)
        Respondents with a usable answer, whatever their weight.
    need : array, shape (domains, columns)
        Σ y over respondents with a weight.
    """

    y: np.ndarray
    base: np.ndarray
    same: np.ndarray
    n: np.ndarray
    answered: np.ndarray
    need: np.ndarray


@dataclass
class _Block:
    """Rows of one block: where they fall, and their weights."""

    start: int
    stop: int
    cell: np.ndarray
    domain: np.ndarray
    weight: np.ndarray
    gather: sparse.csc_array | None
    members: np.ndarray
    """Rows with a weight and a domain, domain by domain."""
    starts: np.ndarray
    """Where each domain begins among them."""
    present: np.ndarray
    """Which domain that is."""
    product: np.ndarray
    """Room for the weighted answers of one column."""


@dataclass
class _Base:
    """Running sums of one pattern of usable answers."""

    weight: np.ndarray
    n: np.ndarray
    answered: np.ndarray

    def add(self, other: _Base) -> None:
        self.weight += other.weight
        self.n += other.n
        self.answered += other.answered

    def copy(self) -> _Base:
        return _Base(self.weight.copy(), self.n.copy(), self.answered.copy())


def read_blocks(columns: Columns) -> Iterator[Sequence[np.ndarray]]:
    """Columns a block of rows at a time."""
    if not isinstance(columns, Sequence):
        yield from columns.blocks(ROWS)
        return
    for start in range(0, len(columns[0]), ROWS):
        yield [column[start : start + ROWS] for column in columns]


def sum_columns(cells: Cells, columns: Columns, *, count: bool = False) -> Sums:
    """Sum columns inside cells.

    Parameters
    ----------
    cells : Cells
    columns : sequence of arrays, each of shape (rows,), or Stored
    count : bool
        Whether to fill ``need``; the columns are then 0 or 1.
    """
    tally = _Tally(cells)
    start = 0
    for arrays in read_blocks(columns):
        stop = start + len(arrays[0])
        tally.add(_block(cells, start, stop), arrays, count=count)
        start = stop
    return tally.sums()


def square_sums(cells: Cells, columns: Columns, centre: np.ndarray) -> np.ndarray:
    """Σ w (y − centre of the row's own domain)² over usable answers, shape (domains, columns).

    Parameters
    ----------
    cells : Cells
    columns : sequence of arrays, each of shape (rows,), or Stored
    centre : array, shape (domains, columns)
    """
    out = np.zeros(centre.shape)
    start = 0
    for arrays in read_blocks(columns):
        stop = start + len(arrays[0])
        domain, weight = cells.row_domain[start:stop], cells.design.weight[start:stop]
        for j, values in enumerate(arrays):
            squares = (values - centre[np.maximum(domain, 0), j]) ** 2 * weight
            squares[np.isnan(squares)] = 0.0
            out[:, j] += np.bincount(domain + 1, squares, minlength=cells.domains + 1)[1:]
        start = stop
    return out


def _block(cells: Cells, start: int, stop: int) -> _Block:
    rows = slice(start, stop)
    domain, weight = cells.row_domain[rows], cells.design.weight[rows]
    narrow = np.int16 if cells.domains < np.iinfo(np.int16).max else np.int32  # sorted several times faster
    counted: np.ndarray = np.where(weight > 0, domain, -1).astype(narrow)
    members = np.argsort(counted, kind="stable")[np.count_nonzero(counted < 0) :]
    starts = np.flatnonzero(np.diff(counted[members], prepend=-1))
    present = counted[members][starts]
    cell, gather = cells.row_cell[rows] + 1, _gather(cells, rows)
    return _Block(start, stop, cell, domain + 1, weight, gather, members, starts, present, np.empty(stop - start))


def _gather(cells: Cells, rows: slice) -> sparse.csc_array | None:
    """Calibration totals of a block: (domain × total) × rows, weighted."""
    if cells.design.correction is None:
        return None
    gather = cells.design.correction.gather[rows]
    width = gather.shape[1]
    counts = np.diff(gather.indptr)
    domain = np.repeat(cells.row_domain[rows], counts)
    data = gather.data * np.repeat(cells.design.weight[rows], counts) * (domain >= 0)
    index = np.maximum(domain, 0) * width + gather.indices
    return sparse.csc_array((data, index, gather.indptr), shape=(cells.domains * width, gather.shape[0]))


@dataclass
class _Tally:
    """Sums as they grow, block by block."""

    cells: Cells
    y: list[np.ndarray] = field(default_factory=list)
    need: list[np.ndarray] = field(default_factory=list)
    common: _Base | None = None
    own: dict[int, _Base] = field(default_factory=dict)

    def add(self, block: _Block, arrays: Sequence[np.ndarray], *, count: bool) -> None:
        whole = self._base(block, np.ones(block.stop - block.start))
        found: dict[bytes, _Base] = {}
        incomplete: dict[int, _Base] = {}
        for j, values in enumerate(arrays):
            missing = np.isnan(values) if values.dtype.kind == "f" else None
            if missing is not None and missing.any():
                values = np.where(missing, 0, values)
                key = missing.tobytes()
                if key not in found:
                    found[key] = self._base(block, (~missing).astype(float))
                incomplete[j] = found[key]
            few = count and _are_few(values)
            y, need = self._of_few(block, values) if few else (self._binned(block, values), None)
            self._add(j, y, self._needed(block, values) if count and need is None else need)
        self._add_bases(whole, incomplete)

    def _add(self, j: int, y: np.ndarray, need: np.ndarray | None) -> None:
        if j == len(self.y):
            self.y.append(y)
            self.need.append(np.zeros(0) if need is None else need)
        else:
            self.y[j] += y
            if need is not None:
                self.need[j] += need

    def _add_bases(self, whole: _Base, incomplete: dict[int, _Base]) -> None:
        if self.common is None:
            self.common = _Base(*(np.zeros_like(part) for part in (whole.weight, whole.n, whole.answered)))
        for j in incomplete.keys() - self.own.keys():
            self.own[j] = self.common.copy()
        for j, base in self.own.items():
            base.add(incomplete.get(j, whole))
        self.common.add(whole)

    def _binned(self, block: _Block, values: np.ndarray) -> np.ndarray:
        """Σ w·values in every bin."""
        weighted = np.multiply(block.weight, values, out=block.product)
        in_cell = np.bincount(block.cell, weighted, minlength=len(self.cells.domain) + 1)[1:]
        if block.gather is None:
            return np.asarray(in_cell)
        return np.concatenate([in_cell, block.gather @ values.astype(float)])

    def _of_few(self, block: _Block, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums and counts as :meth:`_binned` and :meth:`_needed` have them, looking only at the rows with a 1."""
        rows = np.flatnonzero(values.view(bool))
        weight = block.weight[rows]
        in_cell = np.bincount(block.cell[rows], weight, minlength=len(self.cells.domain) + 1)[1:]
        y = in_cell if block.gather is None else np.concatenate([in_cell, block.gather @ values.astype(float)])
        domain = block.domain[rows] if self.cells.all_weighted else block.domain[rows[weight > 0]]
        return y, np.bincount(domain, minlength=self.cells.domains + 1)[1:].astype(float)

    def _base(self, block: _Block, usable: np.ndarray) -> _Base:
        places = self.cells.domains + 1
        n = np.bincount(block.domain, usable * (block.weight > 0), minlength=places)[1:]
        answered = np.bincount(block.domain, usable, minlength=places)[1:]
        return _Base(self._binned(block, usable), n, answered)

    def _needed(self, block: _Block, values: np.ndarray) -> np.ndarray:
        """Respondents with a weight whose value is 1, in every domain."""
        out = np.zeros(self.cells.domains)
        if len(block.members):
            given = values[block.members]
            found = given if given.dtype == np.uint8 else given != 0
            out[block.present] = np.add.reduceat(found, block.starts, dtype=np.uint32)
        return out

    def sums(self) -> Sums:
        bases = [base for base in (self.common, *(self.own[j] for j in sorted(self.own))) if base]
        same = np.zeros(len(self.y), np.int64)
        same[sorted(self.own)] = np.arange(1, len(bases))
        return Sums(
            np.stack(self.y, axis=1),
            np.stack([base.weight for base in bases], axis=1),
            same,
            np.stack([base.n for base in bases], axis=1),
            np.stack([base.answered for base in bases], axis=1),
            np.stack(self.need, axis=1),
        )


def _are_few(values: np.ndarray) -> bool:
    """Whether so few of the yes/no answers are 1 that it is faster to look for them."""
    return values.dtype == np.uint8 and bool(3 * np.count_nonzero(values) < len(values))


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b of two matrices, the same to the last bit however many threads the machine works with.

    The library behind NumPy splits large products among threads, and adds up in another order when it does; the tiles
    that the product is made of here are too small to be split.

    Parameters
    ----------
    a : float array, shape (rows, terms)
    b : float array, shape (terms, columns)

    Returns
    -------
    float array, shape (rows, columns)
    """
    left, right = np.array(a, float, order="C"), np.ascontiguousarray(b, float)
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
