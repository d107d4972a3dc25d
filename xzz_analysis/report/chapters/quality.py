"""Response flow, missing answers, durations and findings: the internal page on data quality."""

from __future__ import annotations

import pandas as pd

from xzz_analysis.disclosure.protect import Policy, Protected, protect_counts
from xzz_analysis.errors import Finding
from xzz_analysis.intake.quality import (
    RULES,
    interview_minutes,
    missing_by_reason,
    response_flow,
)
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.report.blocks import Block, Column, Note, Table
from xzz_analysis.report.chapters.checks import LEVEL, RULE, SEVERITY, UNIT
from xzz_analysis.report.chapters.naming import both, policy_of, unit_label, unit_labels
from xzz_analysis.report.tables import COLUMN_LABELS, Naming, counts_table
from xzz_analysis.survey.sampling import consented

RECORDS = Policy(1)
"""Counts of records handled (sent twice, without a parent) say nothing about anybody's answers."""


FLOW = (
    Column("received", {"zh": "收到的记录", "en": "Records received"}, "count"),
    Column("repeated", {"zh": "其中重复而未计", "en": "Repeats left out"}, "count"),
    Column("declined", {"zh": "不同意受访", "en": "Declined"}, "count"),
    Column("sample", {"zh": "进入样本", "en": "In the sample"}, "count"),
    Column("without_parent", {"zh": "找不到上级记录", "en": "Parent not found"}, "count"),
)


def flow_counts(survey: MonitoringRound) -> Protected:
    """From records received to the sample, a row for each table of the study and a column for each of :data:`FLOW`."""
    flows = {}
    for unit in survey.study.tables:
        flow = response_flow(survey.dataset.unit(unit), survey.name)
        agreed = consented(survey.study, survey.dataset, unit)
        asked = (survey.dataset.unit(unit).rounds == survey.name).to_numpy()
        flows[unit] = {**flow, "declined": int((asked & ~agreed).sum()), "sample": len(survey.sample(unit))}
    table = pd.DataFrame.from_dict(flows, orient="index").rename_axis("unit").reset_index()
    names = _names(list(FLOW))
    return protect_counts(table.reindex(columns=["unit", *names]), names, RECORDS)


def flow_table(survey: MonitoringRound) -> Table:
    """From records received to usable answers, for each table of the study."""
    caption = {"zh": "从收到的记录到样本", "en": "From records received to the sample"}
    rows = Naming("unit", unit_labels(survey), UNIT)
    return counts_table(flow_counts(survey), caption=caption, rows=rows, columns=FLOW)


def missing_tables(survey: MonitoringRound, most: int = 15) -> list[Block]:
    """For each unit, the questions with the most unusable answers, by reason.

    Parameters
    ----------
    survey : MonitoringRound
    most : int
        Questions to list for each unit.
    """
    blocks: list[Block] = []
    reasons = ("skipped", "blank", "dont_know", "refused", "not_asked", "invalid")
    columns = [
        Column("answered", COLUMN_LABELS["n"], "count"),
        *(Column(reason, COLUMN_LABELS[f"n_{reason}"], "count") for reason in reasons),
    ]
    for unit in survey.units:
        answers = survey.dataset.unit(unit)
        table = missing_by_reason(answers, survey.name)
        worst = table[table["unusable"] > 0].sort_values("unusable", ascending=False, kind="stable").head(most)
        whom = unit_label(survey, unit)
        if worst.empty:
            blocks.append(
                Note(
                    both(
                        "{}：问到的题目都有可用回答。",
                        "Of {}, every question asked has a usable answer.",
                        whom,
                    )
                )
            )
            continue
        safe = protect_counts(worst, _names(columns), policy_of(survey))
        labels = {name: answers.question(name).label for name in worst["question"]}
        caption = both("没有可用回答最多的题目：{}", "Questions with the most unusable answers: {}", whom)
        naming = Naming("question", labels, {"zh": "题目", "en": "Question"})
        blocks.append(counts_table(safe, caption=caption, rows=naming, columns=columns))
    return blocks


def duration_table(survey: MonitoringRound) -> Block:
    """Quartiles of interview minutes for each table whose start and end are declared."""
    rows = []
    for unit in survey.study.tables:
        minutes = interview_minutes(survey.dataset.unit(unit), survey.name)
        if len(minutes):
            quartiles = dict(zip(("p25", "p50", "p75"), minutes.quantile([0.25, 0.5, 0.75]), strict=True))
            rows.append({"unit": unit, "n": len(minutes), **quartiles})
    if not rows:
        return Note(
            {
                "zh": "study.yml 没有说明哪些列是访问的开始和结束时间，无法计算用时。",
                "en": "study.yml does not say which columns hold the start and end of interviews, so "
                "durations cannot be computed.",
            }
        )
    columns = [
        Column("n", {"zh": "时间可读的访问", "en": "Interviews with times"}, "count"),
        Column("p25", {"zh": "下四分位（分钟）", "en": "Lower quartile, minutes"}, "number"),
        Column("p50", {"zh": "中位数（分钟）", "en": "Median, minutes"}, "number"),
        Column("p75", {"zh": "上四分位（分钟）", "en": "Upper quartile, minutes"}, "number"),
    ]
    safe = protect_counts(pd.DataFrame(rows), ["n"], policy_of(survey))
    caption = {"zh": "访问用时", "en": "Duration of interviews"}
    return counts_table(safe, caption=caption, rows=Naming("unit", unit_labels(survey), UNIT), columns=columns)


def findings_table(survey: MonitoringRound) -> Table:
    """Everything noticed while the study was read: rule, place, how many; never a respondent."""
    columns = [
        LEVEL,
        RULE,
        Column("where", {"zh": "位置", "en": "Place"}),
        Column("count", {"zh": "数量", "en": "Count"}, "count"),
    ]
    order = list(SEVERITY)
    findings = sorted((*survey.dataset.findings, *survey.findings), key=lambda one: order.index(one.severity))
    rows = [_finding_row(finding) for finding in findings]
    note = {
        "zh": "每项发现的说明和处理办法：xzz check 会逐条列出，并写入核查记录。",
        "en": "xzz check prints each finding with what to do, and writes the quality log.",
    }
    return Table({"zh": "读取文件时的发现", "en": "What was noticed while reading"}, columns, rows, [note])


def _finding_row(finding: Finding) -> dict[str, object]:
    return {
        "severity": dict(SEVERITY[finding.severity]),
        "rule": dict(RULES.get(finding.rule, {"": finding.rule})),
        "where": finding.where,
        "count": finding.count,
    }


def _names(columns: list[Column]) -> list[str]:
    return [column.name for column in columns]
