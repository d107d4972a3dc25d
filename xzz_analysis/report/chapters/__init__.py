"""The standard chapters of a monitoring report: tables, figures and remarks, in both languages."""

from xzz_analysis.report.chapters.alerting import accepted_alerts
from xzz_analysis.report.chapters.benchmarks import benchmark_table
from xzz_analysis.report.chapters.change import (
    change_chapters,
    change_groups,
    change_page,
    not_compared,
    rounds_compared,
)
from xzz_analysis.report.chapters.checklist import checklist_tables, unfilled
from xzz_analysis.report.chapters.checks import (
    checks_table,
    interviewers_table,
    rules_table,
    score_table,
    unchecked_table,
)
from xzz_analysis.report.chapters.context import community_table, service_table
from xzz_analysis.report.chapters.estimators import explained, invented_children, reliability_rules
from xzz_analysis.report.chapters.methods import (
    bases_table,
    collection,
    definitions_table,
    design_table,
    findings_note,
    wording_table,
)
from xzz_analysis.report.chapters.naming import policy_of
from xzz_analysis.report.chapters.needs import (
    compared_group,
    domain_chapter,
    domain_heading,
    group_annex,
    group_chapter,
    group_table,
    limits,
    title,
    who_answered,
)
from xzz_analysis.report.chapters.overlap import overlap_chapter
from xzz_analysis.report.chapters.profile import compared_levels, kinds_table, wanted_help
from xzz_analysis.report.chapters.prose import heading, prose, remark, show
from xzz_analysis.report.chapters.quality import duration_table, findings_table, flow_table, missing_tables
from xzz_analysis.report.chapters.summary import flow, summary

__all__ = [
    "accepted_alerts",
    "bases_table",
    "benchmark_table",
    "change_chapters",
    "change_groups",
    "change_page",
    "checklist_tables",
    "checks_table",
    "collection",
    "community_table",
    "compared_group",
    "compared_levels",
    "definitions_table",
    "design_table",
    "domain_chapter",
    "domain_heading",
    "duration_table",
    "explained",
    "findings_note",
    "findings_table",
    "flow",
    "flow_table",
    "group_annex",
    "group_chapter",
    "group_table",
    "heading",
    "interviewers_table",
    "invented_children",
    "kinds_table",
    "limits",
    "missing_tables",
    "not_compared",
    "overlap_chapter",
    "policy_of",
    "prose",
    "reliability_rules",
    "remark",
    "rounds_compared",
    "rules_table",
    "score_table",
    "service_table",
    "show",
    "summary",
    "title",
    "unchecked_table",
    "unfilled",
    "wanted_help",
    "who_answered",
    "wording_table",
]
