"""Kobo and ODK exports → answers: columns matched with the form, cells typed, blanks explained."""

from xzz_analysis.intake.kobo.links import Keyed
from xzz_analysis.intake.kobo.table import read_table

__all__ = ["Keyed", "read_table"]
