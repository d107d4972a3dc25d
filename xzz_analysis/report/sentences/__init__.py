"""Sentences of a report: numbers come from protected tables, words from here, both languages at once."""

from xzz_analysis.report.sentences.changes import changed_needs, verdict
from xzz_analysis.report.sentences.differences import clear_gaps
from xzz_analysis.report.sentences.levels import (
    GAPS,
    INTERVAL_WORD,
    OVERCLAIMS,
    beside,
    fallback_note,
    figure,
    group_gaps,
    joined,
    leading_needs,
    lower_first,
    refuse_overclaims,
    response,
    sample_caution,
    statement,
)

__all__ = [
    "GAPS",
    "INTERVAL_WORD",
    "OVERCLAIMS",
    "beside",
    "changed_needs",
    "clear_gaps",
    "fallback_note",
    "figure",
    "group_gaps",
    "joined",
    "leading_needs",
    "lower_first",
    "refuse_overclaims",
    "response",
    "sample_caution",
    "statement",
    "verdict",
]
