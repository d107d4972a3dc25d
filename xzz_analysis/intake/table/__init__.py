"""Exports → answers: columns matched with the form, cells typed, blanks explained."""

from xzz_analysis.intake.links import Keyed
from xzz_analysis.intake.table.table import read_sheets, read_table

__all__ = ["Keyed", "read_sheets", "read_table"]
