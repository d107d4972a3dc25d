"""What stands at the end of the needs report: definitions, full tables, wording, and what changed."""

from xzz_analysis.report.chapters.annexes.definitions import definitions_annex
from xzz_analysis.report.chapters.annexes.history import change_log
from xzz_analysis.report.chapters.annexes.questions import full_tables
from xzz_analysis.report.chapters.annexes.wording import wording_annex

__all__ = ["change_log", "definitions_annex", "full_tables", "wording_annex"]
