"""Chapters of the service report."""

from xzz_analysis.report.chapters.services.annual import annual_table
from xzz_analysis.report.chapters.services.asking import merchants_to_ask
from xzz_analysis.report.chapters.services.beside import vouchers_beside
from xzz_analysis.report.chapters.services.counted import (
    counted_figure,
    counted_summary,
    counted_tables,
    counting_notes,
)
from xzz_analysis.report.chapters.services.courses import courses_chapter, star_chapter
from xzz_analysis.report.chapters.services.loop import loop_summary, loop_table
from xzz_analysis.report.chapters.services.noticed import noticed_chapter
from xzz_analysis.report.chapters.services.opening import atlas_beside, service_limits, service_title
from xzz_analysis.report.chapters.services.outreach import (
    introductions,
    outreach_funnel,
    outreach_reasons,
    outreach_summary,
    outreach_times,
    revisit_list,
)
from xzz_analysis.report.chapters.services.people import conversion_chapter, helpers_summary, workers_chapter
from xzz_analysis.report.chapters.services.points import points_chapter
from xzz_analysis.report.chapters.services.projects import funder_page, linkage_chapter, projects_chapter
from xzz_analysis.report.chapters.services.ties import network_chapter, ties_chapter
from xzz_analysis.report.chapters.services.voucher_anomalies import voucher_anomalies
from xzz_analysis.report.chapters.services.vouchers import (
    voucher_concentration,
    voucher_concentration_inside,
    voucher_figure,
    voucher_summary,
    voucher_tables,
)

__all__ = [
    "annual_table",
    "atlas_beside",
    "conversion_chapter",
    "counted_figure",
    "counted_summary",
    "counted_tables",
    "counting_notes",
    "courses_chapter",
    "funder_page",
    "helpers_summary",
    "introductions",
    "linkage_chapter",
    "loop_summary",
    "loop_table",
    "merchants_to_ask",
    "network_chapter",
    "noticed_chapter",
    "outreach_funnel",
    "outreach_reasons",
    "outreach_summary",
    "outreach_times",
    "points_chapter",
    "projects_chapter",
    "revisit_list",
    "service_limits",
    "service_title",
    "star_chapter",
    "ties_chapter",
    "voucher_anomalies",
    "voucher_concentration",
    "voucher_concentration_inside",
    "voucher_figure",
    "voucher_summary",
    "voucher_tables",
    "vouchers_beside",
    "workers_chapter",
]
