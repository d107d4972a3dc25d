"""The standard chapters of a monitoring report: tables, figures and remarks, in both languages."""

from xzz_analysis.atlas import atlas_of
from xzz_analysis.report.chapters.alerting import accepted_alerts
from xzz_analysis.report.chapters.annexes import change_log, definitions_annex, full_tables, wording_annex
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
from xzz_analysis.report.chapters.communities import communities_chapter
from xzz_analysis.report.chapters.composition import composition_chapter
from xzz_analysis.report.chapters.context import community_table, own_community, service_table
from xzz_analysis.report.chapters.estimators import explained, invented_children, reliability_rules
from xzz_analysis.report.chapters.inequality import inequality_chapter
from xzz_analysis.report.chapters.instruments import (
    food_fit,
    food_security,
    growth_annex,
    reliability_table,
)
from xzz_analysis.report.chapters.methods import (
    bases_table,
    collection,
    computations_table,
    design_table,
    findings_note,
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
from xzz_analysis.report.chapters.place import beside_whole
from xzz_analysis.report.chapters.places import (
    access_chapter,
    assets_table,
    atlas_limits,
    atlas_title,
    cluster_chapter,
    community_facts,
    community_title,
    directory_confidence,
    gap_chapter,
    gap_maps,
    load_chapter,
    nearby_lists,
    open_community,
    opportunities,
    plan_chapter,
    reach_chapter,
    residents_said,
    resource_counts,
    resource_lists,
    resource_maps,
    site_chapter,
    voucher_table,
    walk_maps,
)
from xzz_analysis.report.chapters.policy import coverage_chapter, policy_chapter, services_defined
from xzz_analysis.report.chapters.profile import compared_levels, kinds_table, wanted_help
from xzz_analysis.report.chapters.prose import heading, prose, remark, show
from xzz_analysis.report.chapters.quality import duration_table, findings_table, flow_table, missing_tables
from xzz_analysis.report.chapters.summary import flow, summary
from xzz_analysis.report.chapters.themes import coding_tables, theme_chapter
from xzz_analysis.report.chapters.trend import trend_chapter

__all__ = [
    "accepted_alerts",
    "access_chapter",
    "assets_table",
    "atlas_limits",
    "atlas_of",
    "atlas_title",
    "bases_table",
    "benchmark_table",
    "beside_whole",
    "change_chapters",
    "change_groups",
    "change_log",
    "change_page",
    "checklist_tables",
    "checks_table",
    "cluster_chapter",
    "coding_tables",
    "collection",
    "communities_chapter",
    "community_facts",
    "community_table",
    "community_title",
    "compared_group",
    "compared_levels",
    "composition_chapter",
    "computations_table",
    "coverage_chapter",
    "definitions_annex",
    "design_table",
    "directory_confidence",
    "domain_chapter",
    "domain_heading",
    "duration_table",
    "explained",
    "findings_note",
    "findings_table",
    "flow",
    "flow_table",
    "food_fit",
    "food_security",
    "full_tables",
    "gap_chapter",
    "gap_maps",
    "group_annex",
    "group_chapter",
    "group_table",
    "growth_annex",
    "heading",
    "inequality_chapter",
    "interviewers_table",
    "invented_children",
    "kinds_table",
    "limits",
    "load_chapter",
    "missing_tables",
    "nearby_lists",
    "not_compared",
    "open_community",
    "opportunities",
    "overlap_chapter",
    "own_community",
    "plan_chapter",
    "policy_chapter",
    "policy_of",
    "prose",
    "reach_chapter",
    "reliability_rules",
    "reliability_table",
    "remark",
    "residents_said",
    "resource_counts",
    "resource_lists",
    "resource_maps",
    "rounds_compared",
    "rules_table",
    "score_table",
    "service_table",
    "services_defined",
    "show",
    "site_chapter",
    "summary",
    "theme_chapter",
    "title",
    "trend_chapter",
    "unchecked_table",
    "unfilled",
    "voucher_table",
    "walk_maps",
    "wanted_help",
    "who_answered",
    "wording_annex",
]
