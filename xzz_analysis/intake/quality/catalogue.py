"""All checks, run together and printed for the annex on methods."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from xzz_analysis.intake.quality.check import Check, Findings, joined
from xzz_analysis.intake.quality.checks import declared, duplicates, interviewers, patterns, times, values
from xzz_analysis.intake.quality.records import NEEDS, Records
from xzz_analysis.intake.quality.thresholds import QualityRules

CHECKS: tuple[Check, ...] = (
    *times.CHECKS,
    *patterns.CHECKS,
    *duplicates.CHECKS,
    *values.CHECKS,
    *interviewers.CHECKS,
    *declared.CHECKS,
)
"""Every check, in the order of the quality page."""


def check_records(records: Records | Iterable[Records], rules: QualityRules | None = None) -> Findings:
    """Run every check on one or several tables.

    Parameters
    ----------
    records : Records, or several
        One per unit and round.
    rules : QualityRules, optional
        The ``quality`` part of study.yml; the defaults when left out.

    Returns
    -------
    Findings
        What was found, and which checks could not run and why.

    Raises
    ------
    InputError
        A declared rule names a question that neither the unit nor its parent is asked.
    ExpressionError
        A declared expression cannot be read.
    """
    tables = [records] if isinstance(records, Records) else list(records)
    chosen = rules or QualityRules()
    return joined(check.run(table, chosen) for table in tables for check in CHECKS)


def rule_table(language: str = "en", rules: QualityRules | None = None) -> pd.DataFrame:
    """Every check as the annex on methods prints it.

    Parameters
    ----------
    language : "zh" or "en"
    rules : QualityRules, optional
        Where the limits and severities of a study come from.

    Returns
    -------
    DataFrame
        ``rule``, ``label``, ``severity``, ``example``, ``limits`` (in words, with values), ``off`` ("" or why a study
        does without it), ``unless`` (why it may be unable to run), ``remedy``, ``reference``.
    """
    chosen = rules or QualityRules()
    rows = [
        {
            "rule": check.rule,
            "label": check.label[language],
            "severity": chosen.severity.get(check.rule, check.severity),
            "example": check.example[language],
            "limits": "; ".join(chosen.meaning(name, language) for name in check.limits),
            "off": chosen.without.get(check.rule, ""),
            "unless": "; ".join(NEEDS[need][language] for need in check.needs),
            "remedy": check.remedy[language],
            "reference": check.reference,
        }
        for check in CHECKS
    ]
    return pd.DataFrame(rows)
