"""What it costs to get from each origin to each destination: one sparse table, however it was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.language import Label
from xzz_analysis.places.travel import table

Unit = Literal["minutes", "metres"]

SUPPLIED: Label = {"zh": "使用者提供的出行成本表", "en": "travel costs supplied as a table"}


@dataclass(frozen=True, eq=False, repr=False)
class Cost:
    """Minutes or metres from origins to destinations, for the pairs within a limit.

    Parameters
    ----------
    matrix : csr_array of float64, shape (origins, destinations)
        A stored entry is a pair within ``limit``; a stored 0.0 is a real zero; a pair that is absent is not reached.
    origins, destinations : Index of str
        Unique ids of the rows and columns. There and back may differ: the matrix need not be symmetric.
    unit : "minutes" or "metres"
    limit : float
        Pairs up to and including the limit are kept (``<=``).
    method : Label
        How it was measured, in Chinese and English, as a report prints it.
    findings : tuple of Finding
        What was noticed on the way (points off the network, parts that do not connect): counts, never a place.
    facts : mapping of str to float
        Figures of the measurement (``origins_snap_median_m`` …).

    Raises
    ------
    InputError
        Ids are repeated, the shape does not match them, a cost is negative, not finite or beyond the limit.
    """

    matrix: sparse.csr_array
    origins: pd.Index
    destinations: pd.Index
    unit: Unit
    limit: float
    method: Label
    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise InputError(f"the unit of a travel cost is minutes or metres, not {self.unit!r}")
        if not (math.isfinite(self.limit) and self.limit >= 0):
            raise InputError(f"the limit is {self.limit} {self.unit}; give a finite number that is not negative")
        origins, destinations = table.ids(self.origins, "origins"), table.ids(self.destinations, "destinations")
        matrix = sparse.csr_array(self.matrix, dtype=np.float64)
        if matrix.shape != (len(origins), len(destinations)):
            raise InputError(
                f"the cost matrix is {matrix.shape[0]} × {matrix.shape[1]}, "
                f"but there are {len(origins)} origins and {len(destinations)} destinations"
            )
        if not matrix.has_canonical_format:
            matrix = matrix.copy()
            matrix.sum_duplicates()
        wrong = int(np.count_nonzero(~((matrix.data >= 0) & (matrix.data <= self.limit))))
        if wrong:
            raise InputError(
                f"{wrong} stored costs are negative, not a number or beyond the limit of {self.limit:g} {self.unit}; "
                "leave such pairs out: an absent pair is one that is not reached"
            )
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "origins", origins)
        object.__setattr__(self, "destinations", destinations)

    @classmethod
    def from_table(
        cls,
        frame: pd.DataFrame,
        origin: str = "origin",
        destination: str = "destination",
        cost: str = "minutes",
        unit: Unit = "minutes",
        limit: float | None = None,
        origins: pd.Index | None = None,
        destinations: pd.Index | None = None,
    ) -> Cost:
        """Make a cost from a long table with one row for each pair.

        Parameters
        ----------
        frame : DataFrame
            One row per pair; a pair that cannot be travelled has no row.
        origin, destination, cost : str
            Names of the columns: ids, ids, and a number ≥ 0 in ``unit``.
        unit : "minutes" or "metres"
        limit : float, optional
            Rows with a cost up to and including it are kept; by default all are.
        origins, destinations : Index, optional
            All ids there are, in the order wanted. Without them those of the table are taken, sorted as text.

        Returns
        -------
        Cost

        Raises
        ------
        InputError
            A column is missing; ids are blank, decimal numbers, or (with ``origins`` and ``destinations``) unknown;
            costs are text, missing, negative or infinite; a pair is there twice. All problems are shown together,
            with counts and row numbers.
        """
        known = table.Known(origins, destinations)
        pairs = table.read(frame, (origin, destination, cost), known)
        if limit is None:
            limit = float(pairs.cost.max(initial=0.0))
        kept = pairs.cost <= limit
        matrix = sparse.csr_array(
            (pairs.cost[kept], (pairs.row[kept], pairs.column[kept])),
            shape=(len(pairs.origins), len(pairs.destinations)),
        )
        facts = {"pairs_supplied": float(len(pairs.cost)), "pairs_kept": float(matrix.nnz)}
        return cls(matrix, pairs.origins, pairs.destinations, unit, float(limit), SUPPLIED, facts=facts)

    def __repr__(self) -> str:
        rows, columns = self.matrix.shape
        return f"Cost({rows:,} × {columns:,}, {self.matrix.nnz:,} pairs within {self.limit:g} {self.unit})"

    @property
    def reached(self) -> pd.Series:
        """Whether each origin has at least one destination within the limit: bool, on the origins."""
        return pd.Series(np.diff(self.matrix.indptr) > 0, index=self.origins, name="reached")

    @property
    def nearest(self) -> pd.Series:
        """Cost of the nearest destination: float, on the origins; NaN where none is within the limit."""
        found = np.full(len(self.origins), np.nan)
        starts = self.matrix.indptr[:-1]
        some = np.diff(self.matrix.indptr) > 0
        if some.any():
            found[some] = np.minimum.reduceat(self.matrix.data, starts[some])
        return pd.Series(found, index=self.origins, name=self.unit)

    def within(self, limit: float) -> Cost:
        """Keep the pairs up to and including a smaller limit.

        Parameters
        ----------
        limit : float
            In the unit of this cost, not above its own limit.

        Returns
        -------
        Cost

        Raises
        ------
        InputError
            The limit is above the one the pairs were measured to: farther pairs are not known.
        """
        if not limit <= self.limit:
            raise InputError(
                f"pairs were measured up to {self.limit:g} {self.unit}, so those within {limit:g} are not all known; "
                "measure them again with the wider limit"
            )
        kept = self.matrix.data <= limit
        ends = np.concatenate([[0], np.cumsum(kept)])[self.matrix.indptr]
        matrix = sparse.csr_array((self.matrix.data[kept], self.matrix.indices[kept], ends), shape=self.matrix.shape)
        return replace(self, matrix=matrix, limit=float(limit))

    def reversed(self) -> Cost:
        """Swap origins and destinations: the way back, where it costs the same as the way there.

        Returns
        -------
        Cost
        """
        return replace(self, matrix=self.matrix.T.tocsr(), origins=self.destinations, destinations=self.origins)

    def pairs(self) -> pd.DataFrame:
        """List the pairs.

        Returns
        -------
        DataFrame
            Columns ``origin``, ``destination`` and the unit (float); ordered by origin, then destination, as here.
        """
        rows = np.repeat(np.arange(len(self.origins)), np.diff(self.matrix.indptr))
        columns = self.matrix.indices
        return pd.DataFrame(
            {"origin": self.origins[rows], "destination": self.destinations[columns], self.unit: self.matrix.data}
        )
