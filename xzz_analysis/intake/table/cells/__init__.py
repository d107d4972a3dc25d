"""Cells of one question → values, reasons and what the form's logic saw."""

from xzz_analysis.intake.table.cells.reading import (
    EMPTY,
    Cells,
    Coding,
    distinct,
    keep_column,
    objects,
    read_cells,
    unkept,
)

__all__ = ["EMPTY", "Cells", "Coding", "distinct", "keep_column", "objects", "read_cells", "unkept"]
