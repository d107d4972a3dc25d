"""Checks of the data, what they found, and the score that a publication needs."""

from xzz_analysis.intake.quality.catalogue import CHECKS, check_records, rule_table
from xzz_analysis.intake.quality.check import Check, Findings, joined
from xzz_analysis.intake.quality.checks.declared import agreement
from xzz_analysis.intake.quality.checks.interviewers import interviewer_table
from xzz_analysis.intake.quality.records import Records, records_of
from xzz_analysis.intake.quality.rules import RULES
from xzz_analysis.intake.quality.score import INTERVIEWER_COLUMNS, Quality, Score, gate, quality_score
from xzz_analysis.intake.quality.tables import (
    MINUTES,
    interview_minutes,
    minutes_between,
    missing_by_reason,
    response_flow,
    undeclared,
)
from xzz_analysis.intake.quality.thresholds import QualityRules, Thresholds

__all__ = [
    "CHECKS",
    "INTERVIEWER_COLUMNS",
    "MINUTES",
    "RULES",
    "Check",
    "Findings",
    "Quality",
    "QualityRules",
    "Records",
    "Score",
    "Thresholds",
    "agreement",
    "check_records",
    "gate",
    "interview_minutes",
    "interviewer_table",
    "joined",
    "minutes_between",
    "missing_by_reason",
    "quality_score",
    "records_of",
    "response_flow",
    "rule_table",
    "undeclared",
]
