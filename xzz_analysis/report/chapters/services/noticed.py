"""What reading and checking the ledgers noticed, and how late they were written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from xzz_analysis.atlas.services.counted import protected_entries
from xzz_analysis.disclosure.protect import protect_counts
from xzz_analysis.disclosure.wide import side_by_side
from xzz_analysis.errors import Finding
from xzz_analysis.language import Label
from xzz_analysis.report.blocks import Block, Column, Paragraph
from xzz_analysis.report.chapters.services.naming import Bilingual, filled, policy_of, wide_table
from xzz_analysis.report.tables import Naming, counts_table
from xzz_analysis.services.checks import RULES, rule_words
from xzz_analysis.services.noticing import ledger_findings
from xzz_analysis.services.opening import Ledgers

SEVERITIES: dict[str, Label] = {
    "error": {"zh": "不能使用", "en": "Cannot be used"},
    "warning": {"zh": "需要核对", "en": "To be checked"},
    "note": {"zh": "供参考", "en": "Worth knowing"},
}
"""Graveness of a finding, gravest first."""

NOTICED: Label = {"zh": "台账核查发现", "en": "What the ledgers' checks noticed"}
FOUND: Bilingual = {
    "zh": "发现只说明记录不寻常或前后不符，不等于谁做错了；须由人核对。",
    "en": "A finding says that records are unusual or do not agree, not that anybody did wrong; a person has to look.",
}
CLEAN: Bilingual = {"zh": "台账核查没有发现问题。", "en": "The ledgers' checks noticed nothing."}

LATE: Label = {"zh": "登记是否及时", "en": "How soon the ledgers were written"}
LATE_NOTE: Label = {
    "zh": "超过{days}天才登记的算晚。没有登记日期的行不计。",
    "en": "An entry is late when it was made more than {days} days after. Rows without a day of entry are left out.",
}


def noticed_table(
    ledgers: Ledgers, findings: Sequence[Finding], words: Mapping[str, Label] | None = None
) -> list[Block]:
    """Findings of the ledgers by rule, with how many rows each is about.

    Parameters
    ----------
    ledgers : Ledgers
    findings : sequence of Finding
    words : mapping of str to Label, optional
        Rule → what it notices; by default what the rules of the ledgers' checks say, and what to do.
    """
    if not findings:
        return [Paragraph(dict(CLEAN))]
    told = {rule: rule_words(rule) for rule in RULES} if words is None else words
    rows = [(one.severity, one.rule, one.count) for one in findings]
    table = pd.DataFrame(rows, columns=["severity", "rule", "count"])
    table = pd.DataFrame(table.groupby(["severity", "rule"], as_index=False)["count"].sum())
    order = {"severity": list(SEVERITIES), "rule": list(told)}
    table = table.sort_values(
        ["severity", "rule"],
        key=lambda column: column.map({word: place for place, word in enumerate(order[str(column.name)])}),
        kind="stable",
    )
    safe = protect_counts(table, ["count"], policy_of(ledgers))
    naming = Naming("rule", dict(told), {"zh": "发现", "en": "Finding"})
    columns = [Column("count", {"zh": "行数", "en": "Rows"}, "count")]
    section = Naming("severity", SEVERITIES)
    return [
        counts_table(safe, caption=dict(NOTICED), rows=naming, columns=columns, section=section, notes=[dict(FOUND)])
    ]


def noticed_chapter(ledgers: Ledgers) -> list[Block]:
    """What the checks of all ledgers notice, and how late entries were made."""
    return [*noticed_table(ledgers, ledger_findings(ledgers)), *late_table(ledgers)]


def late_table(ledgers: Ledgers) -> list[Block]:
    """Rows of the period by ledger, how many were written down late, and the usual delay in days."""
    safe = protected_entries(ledgers) if ledgers.has("activities") else None
    if safe is None or not (safe.frame["indicator"] == "late_entries").any():
        return []
    delays = safe.frame.loc[safe.frame["indicator"] == "entry_delay", "estimate"].dropna()
    digits = 0 if (delays == delays.round()).all() else 1
    shown = {
        "entry_rows": Column("entry_rows", {"zh": "本期行数", "en": "Rows in the period"}, "count"),
        "late_entries": Column("late_entries", {"zh": "晚登记", "en": "Late"}, "count"),
        "entry_delay": Column(
            "entry_delay",
            {"zh": "一般几天后登记（中位数）", "en": "Usual delay (median days)"},
            "number",
            decimals=digits,
        ),
    }
    parts = {name: safe.rows((safe.frame["indicator"] == name).to_numpy()) for name in shown}
    named = {"activities": {"zh": "活动台账", "en": "Activities"}, "attendance": {"zh": "签到表", "en": "Attendance"}}
    note = filled(LATE_NOTE, days=str(ledgers.declared.late_days))
    naming = Naming("ledger", named, {"zh": "台账", "en": "Ledger"})
    wide = side_by_side(parts, ["ledger"])
    return [wide_table(wide, caption=dict(LATE), rows=naming, columns=list(shown.values()), notes=[note])]
