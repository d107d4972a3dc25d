"""Cells of one question → values, reasons and what the form's logic saw."""

from xzz_analysis.intake.table.cells.reading import (
    EMPTY,
    TEXT,
    Cells,
    Coding,
    distinct,
    keep_column,
    nothing,
    objects,
    read_cells,
    unkept,
)

__all__ = [
    "EMPTY",
    "TEXT",
    "Cells",
    "Coding",
    "distinct",
    "keep_column",
    "nothing",
    "objects",
    "read_cells",
    "unkept",
]
