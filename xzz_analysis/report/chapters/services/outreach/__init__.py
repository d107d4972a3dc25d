"""Outreach to merchants: where they stand, why they hesitate, how long they take, and whom to visit next."""

from xzz_analysis.report.chapters.services.outreach.deciding import introductions, outreach_times
from xzz_analysis.report.chapters.services.outreach.revisiting import revisit_list
from xzz_analysis.report.chapters.services.outreach.standing import outreach_funnel, outreach_reasons, outreach_summary

__all__ = [
    "introductions",
    "outreach_funnel",
    "outreach_reasons",
    "outreach_summary",
    "outreach_times",
    "revisit_list",
]
