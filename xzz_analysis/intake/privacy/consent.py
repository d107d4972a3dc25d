"""Consent of guardians: records without it never enter.

Provisions on the Cyber Protection of Children's Personal Information (2019), article 9: a guardian's consent comes
first; article 10: what the guardian was told is kept with it, hence the versions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from xzz_analysis.declaration import Declaration
from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.privacy.vault import keep_rows
from xzz_analysis.study import Words

Filled = Annotated[Words, Field(min_length=1)]


class GuardianConsent(Declaration):
    """Which columns hold the guardian's consent, and which texts of consent the study accepts.

    ``agreed`` is a column, ``yes`` what stands in it when the guardian agreed. ``versions`` lists the texts of
    consent that count, and ``version`` the column that says which one was read. ``withdrawn`` is a column: whatever
    stands there besides ``no`` takes the consent back. ``date`` is the day of consent.
    """

    agreed: str
    yes: Filled = Field(default_factory=lambda: ["yes", "1", "同意", "是"])
    version: str = ""
    versions: Words = Field(default_factory=list)
    date: str = ""
    withdrawn: str = ""
    no: Words = Field(default_factory=lambda: ["no", "0", "否", "未撤回"])


_LEFT_OUT = {
    "consent_withdrawn": "whose guardian took the consent back",
    "consent_missing": "without a guardian's consent",
    "consent_version_unknown": "whose guardian agreed to a text that is not in the study's list",
}


def with_consent(export: Export, consent: GuardianConsent, where: str = "study.yml") -> Export:
    """Keep the records whose guardian agreed, to a text that the study knows, and did not withdraw.

    Parameters
    ----------
    export : Export
    consent : GuardianConsent
    where : str
        File and place of the declaration, for messages.

    Returns
    -------
    Export
        Without the other rows, and with findings that count them by the first reason of: withdrawn, no consent,
        unknown version. Consent dated after the interview is a warning, and so is one without a date.

    Raises
    ------
    InputError
        A declared column is not in the export; the nearest name is suggested.
    """
    cells = {role: _column(export, consent, role, where) for role in ("agreed", "version", "withdrawn")}
    withdrawn = ~cells["withdrawn"].isin(["", *consent.no]).to_numpy()
    missing = ~cells["agreed"].isin(consent.yes).to_numpy()
    unknown = ~cells["version"].isin(consent.versions).to_numpy() & bool(consent.version)
    findings = []
    out = np.zeros(len(export.frame), dtype=bool)
    for (rule, reason), rows in zip(_LEFT_OUT.items(), (withdrawn, missing, unknown), strict=True):
        count = int((rows & ~out).sum())
        out |= rows
        if count:
            message = f"{count} of {len(out)} record(s) {reason} were left out"
            remedy = (
                "ask the guardians, or correct the columns that are declared" if rule != "consent_withdrawn" else ""
            )
            findings.append(Finding("warning", rule, f"{export.file}: {where}", message, remedy, count))
    kept = keep_rows(export, ~out)
    return replace(kept, findings=(*kept.findings, *findings, *_late(kept, consent, where)))


def _column(export: Export, consent: GuardianConsent, role: str, where: str) -> pd.Series:
    """Cells of a declared column, what the platform writes instead of an answer being empty."""
    column = getattr(consent, role)
    if not column:
        return pd.Series("", index=export.frame.index, dtype="str")
    if column not in export.frame:
        hint = suggest(column, map(str, export.frame.columns))
        raise InputError(
            f"{export.file} has no column {column!r}{hint}, so it is unknown whose guardian agreed; "
            f"correct `{role}` in {where}"
        )
    cells: pd.Series = export.frame[column].str.strip()
    return cells.mask(cells.isin(list(export.words)), "")


def _late(export: Export, consent: GuardianConsent, where: str) -> list[Finding]:
    """Consents that came after the interview, or without a day."""
    if not consent.date:
        return []
    agreed = days(_column(export, consent, "date", where))
    held = next((export.roles[role] for role in ("start", "submitted", "end") if role in export.roles), "")
    interview = days(export.frame[held]) if held else pd.Series(pd.NaT, index=export.frame.index)
    late, undated = int((agreed > interview).sum()), int(agreed.isna().sum())
    place = f"{export.file}: {consent.date}"
    findings = []
    if late:
        message = f"{late} consent(s) are dated after the interview, and consent comes first"
        findings.append(Finding("warning", "consent_late", place, message, "compare with the signed sheets", late))
    if undated:
        message = f"{undated} consent(s) have no day that can be read"
        findings.append(Finding("warning", "consent_undated", place, message, "write it as 2025-05-10", undated))
    return findings


def days(cells: pd.Series) -> pd.Series:
    """Days of dates as people and platforms write them: 2025-05-10, 2025/5/10 9:30, 2025年5月10日; else NaT."""
    parts = cells.str.extract(r"^\s*(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})")
    joined = parts[0] + "-" + parts[1].str.zfill(2) + "-" + parts[2].str.zfill(2)
    return pd.to_datetime(joined, format="%Y-%m-%d", errors="coerce")
