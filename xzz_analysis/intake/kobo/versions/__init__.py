"""Versions of a form that were in use side by side: merged into one, and which record was asked what."""

from xzz_analysis.intake.kobo.versions.asked import (
    NOT_ASKED_WORD,
    asked_by_version,
    mark_not_asked,
    record_versions,
    version_findings,
)
from xzz_analysis.intake.kobo.versions.merging import merge_forms, with_versions

__all__ = [
    "NOT_ASKED_WORD",
    "asked_by_version",
    "mark_not_asked",
    "merge_forms",
    "record_versions",
    "version_findings",
    "with_versions",
]
