"""Counting what was done: activities, person-times (人次), and persons (人数) or bounds of them."""

from xzz_analysis.services.counting.annual import annual_figures
from xzz_analysis.services.counting.covering import coverage
from xzz_analysis.services.counting.entries import late_entries, probable_repeats
from xzz_analysis.services.counting.newcomers import Comers, comers
from xzz_analysis.services.counting.rows import Counted, counted, counted_in
from xzz_analysis.services.counting.totals import GROUPS, count, in_order, served

__all__ = [
    "GROUPS",
    "Comers",
    "Counted",
    "annual_figures",
    "comers",
    "count",
    "counted",
    "counted_in",
    "coverage",
    "in_order",
    "late_entries",
    "probable_repeats",
    "served",
]
