"""Corrections: what cleaning changed, declared with a reason, applied in order, and derived back from the data.

Raw data is never edited. Raw data and the log together are the clean data, and the log can be found again by
comparing the two.
"""

from xzz_analysis.intake.corrections.applying import Applied, apply
from xzz_analysis.intake.corrections.by_hand import write_workbook
from xzz_analysis.intake.corrections.deriving import compare, derive
from xzz_analysis.intake.corrections.log import CHANGES, NOTHING, REMOVED_WORD, Correction, Log
from xzz_analysis.intake.corrections.reading import read_log

__all__ = [
    "CHANGES",
    "NOTHING",
    "REMOVED_WORD",
    "Applied",
    "Correction",
    "Log",
    "apply",
    "compare",
    "derive",
    "read_log",
    "write_workbook",
]
