"""Kobo and ODK beyond one sheet: nested JSON, versions of a form, how long each question took."""

from xzz_analysis.intake.kobo.audit import active_seconds, is_audit_log, read_audit, with_durations
from xzz_analysis.intake.kobo.derive import derive_form
from xzz_analysis.intake.kobo.links import Links, link_repeats
from xzz_analysis.intake.kobo.nested import unpack_lists
from xzz_analysis.intake.kobo.reading import read_json, read_submissions, roles_of
from xzz_analysis.intake.kobo.versions import (
    asked_by_version,
    mark_not_asked,
    merge_forms,
    record_versions,
    version_findings,
    with_versions,
)

__all__ = [
    "Links",
    "active_seconds",
    "asked_by_version",
    "derive_form",
    "is_audit_log",
    "link_repeats",
    "mark_not_asked",
    "merge_forms",
    "read_audit",
    "read_json",
    "read_submissions",
    "record_versions",
    "roles_of",
    "unpack_lists",
    "version_findings",
    "with_durations",
    "with_versions",
]
