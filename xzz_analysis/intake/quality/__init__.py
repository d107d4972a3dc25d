"""Checks of the data, what they found, and the score that a publication needs."""

from xzz_analysis.intake.quality.rules import RULES
from xzz_analysis.intake.quality.tables import (
    MINUTES,
    SHORT,
    check_answers,
    interview_minutes,
    minutes_between,
    missing_by_reason,
    response_flow,
)

__all__ = [
    "MINUTES",
    "RULES",
    "SHORT",
    "check_answers",
    "interview_minutes",
    "minutes_between",
    "missing_by_reason",
    "response_flow",
]
