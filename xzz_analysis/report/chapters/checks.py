"""What the checks of quality found, what they cost, and what could not be checked."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from xzz_analysis.intake.quality import RULES, rule_table
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.report.blocks import Block, Column, Note, Table
from xzz_analysis.report.chapters.naming import unit_label

SEVERITY: dict[str, Label] = {
    "error": {"zh": "错误", "en": "error"},
    "warning": {"zh": "警告", "en": "warning"},
    "note": {"zh": "提示", "en": "note"},
}
UNIT: dict[str, str] = {"zh": "单位", "en": "Unit"}
RULE = Column("rule", {"zh": "核查", "en": "Check"})
LEVEL = Column("severity", {"zh": "程度", "en": "Severity"})


def score_table(survey: MonitoringRound) -> Table:
    """The quality score of every unit, and the checks that cost most points."""
    quality, rows, notes = survey.dataset.quality, [], []
    for unit in _checked(survey):
        score = quality.score(unit, survey.name)
        notes = [{language: score.definition(language) for language in REPORT_LANGUAGES}]
        dearest = [RULES[rule] for rule in score.parts.query("points > 0")["rule"].drop_duplicates().head(3)]
        rows.append(
            {
                "unit": dict(unit_label(survey, unit)),
                "score": score.value,
                "records": score.rows,
                "not_run": score.not_run,
                "dearest": _listed(dearest) if dearest else {"zh": "没有", "en": "none"},
            }
        )
    columns = [
        Column("unit", UNIT),
        Column("score", {"zh": "得分（满分100）", "en": "Score of 100"}, "number"),
        Column("records", {"zh": "核查的记录", "en": "Records checked"}, "count"),
        Column("not_run", {"zh": "未能运行的核查", "en": "Checks not run"}, "count"),
        Column("dearest", {"zh": "扣分最多的核查", "en": "What cost most points"}),
    ]
    notes.append(_minimum(quality.rules.minimum))
    return Table({"zh": "数据质量得分", "en": "Quality scores"}, columns, rows, notes)


def _minimum(least: float) -> dict[str, str]:
    if least:
        return {
            "zh": f"发布要求每张表不低于{least:g}分（study.yml 的 quality.minimum）。",
            "en": f"To be published, every table needs {least:g} points (quality.minimum in study.yml).",
        }
    return {
        "zh": "study.yml 没有规定发布所需的最低分（quality.minimum）。",
        "en": "study.yml sets no minimum for publication (quality.minimum).",
    }


def checks_table(survey: MonitoringRound) -> Block:
    """What the checks of this round found, the dearest severity first; how many records, never which."""
    found = [survey.dataset.quality.of(unit, survey.name).public() for unit in _checked(survey)]
    table = pd.concat(found) if found else pd.DataFrame()
    if table.empty:
        text = {"zh": "各项核查没有发现问题。", "en": "The checks found nothing."}
        return Note(text)
    table["place"] = table["unit"].map(_checked(survey).index)
    table["order"] = table["severity"].map(list(SEVERITY).index)
    rows = [
        {
            "section": dict(unit_label(survey, row["unit"])),
            "severity": dict(SEVERITY[row["severity"]]),
            "rule": dict(RULES[row["rule"]]),
            "found": {language: _asked(survey, row, language) + row[language] for language in REPORT_LANGUAGES},
            "remedy": {language: row[f"remedy_{language}"] for language in REPORT_LANGUAGES},
        }
        for row in table.sort_values(["place", "order"], kind="stable").to_dict("records")
    ]
    columns = [
        LEVEL,
        RULE,
        Column("found", {"zh": "发现", "en": "What was found"}),
        Column("remedy", {"zh": "处理", "en": "What to do"}),
    ]
    note = {
        "zh": "涉及哪些记录，只写在内部的记录清单中（由 xzz check 写出）。",
        "en": "Which records are concerned is said in an internal list alone, which xzz check writes.",
    }
    return Table({"zh": "本轮记录的核查发现", "en": "What the checks found in this round"}, columns, rows, [note])


def unchecked_table(survey: MonitoringRound) -> Block:
    """Checks that could not run, and why, so that silence is not taken for quality."""
    tables = [survey.dataset.quality.of(unit, survey.name).not_run for unit in _checked(survey)]
    told = pd.concat(tables) if tables else pd.DataFrame()
    if told.empty:
        return Note({"zh": "全部核查都已运行。", "en": "Every check was run."})
    absent: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (rule, zh, en), rows_of in told.groupby(["rule", "zh", "en"], sort=False):
        absent.setdefault((str(zh), str(en), tuple(rows_of["unit"])), []).append(str(rule))
    rows = [
        {
            "why": {"zh": zh, "en": en},
            "units": _listed([unit_label(survey, unit) for unit in units]),
            "rules": _listed([RULES[rule] for rule in rules]),
        }
        for (zh, en, units), rules in absent.items()
    ]
    columns = [
        Column("why", {"zh": "原因", "en": "Why"}),
        Column("units", {"zh": "未能核查的单位", "en": "Units not checked"}),
        Column("rules", {"zh": "未能运行的核查", "en": "Checks"}),
    ]
    return Table({"zh": "未能运行的核查", "en": "Checks that could not run"}, columns, rows)


def interviewers_table(survey: MonitoringRound) -> Block:
    """What each interviewer did, for those who lead the fieldwork; internal."""
    told = survey.dataset.quality.interviewers
    told = told[told["round"] == survey.name] if len(told) else told
    if told.empty:
        text = {
            "zh": "没有列说明访员，无法比较访员；在 study.yml 该表的 interviewer 一项写明列名。",
            "en": "No column says who interviewed, so interviewers cannot be compared; name it as `interviewer` of "
            "the table in study.yml.",
        }
        return Note(text)
    rows = [{**row, "unit": dict(unit_label(survey, row["unit"]))} for row in told.to_dict("records")]
    columns = [
        Column("unit", UNIT),
        Column("interviewer", {"zh": "访员", "en": "Interviewer"}),
        Column("records", {"zh": "记录", "en": "Records"}, "count"),
        Column("minutes", {"zh": "用时中位数（分钟）", "en": "Median minutes"}, "number"),
        Column("missing", {"zh": "问到而无可用回答", "en": "Asked, no usable answer"}, "percent"),
        Column("unlike", {"zh": "与他人不同的题", "en": "Questions unlike others'"}, "count"),
    ]
    names = [column.name for column in columns]
    return Table(
        {"zh": "访员的工作", "en": "The work of interviewers"},
        columns,
        [{name: _cell(row[name]) for name in names} for row in rows],
    )


def rules_table(survey: MonitoringRound) -> Table:
    """Every check with its severity, limits and an example, as declared."""
    both_ = {
        language: rule_table(language, survey.dataset.quality.rules).to_dict("records") for language in REPORT_LANGUAGES
    }
    rows = [
        {
            "rule": dict(RULES[one["zh"]["rule"]]),
            "severity": dict(SEVERITY[one["zh"]["severity"]]),
            **{part: _of_both(one, part) for part in ("example", "limits", "reference")},
        }
        for one in (dict(zip(both_, rows, strict=True)) for rows in zip(*both_.values(), strict=True))
    ]
    columns = [
        RULE,
        LEVEL,
        Column("example", {"zh": "例子", "en": "Example"}),
        Column("limits", {"zh": "界限", "en": "Limits"}),
        Column("reference", {"zh": "出处", "en": "Source"}),
    ]
    return Table({"zh": "数据核查及其界限", "en": "Checks of the data and their limits"}, columns, rows)


def _of_both(one: Mapping[str, Mapping[str, Any]], part: str) -> dict[str, str]:
    return {language: str(row[part]) or "–" for language, row in one.items()}


def _checked(survey: MonitoringRound) -> list[str]:
    return [unit for unit, round_ in survey.dataset.quality.rows if round_ == survey.name]


def _asked(survey: MonitoringRound, row: Mapping[Hashable, Any], language: str) -> str:
    """The question in words, in front of a finding about one."""
    if not row["question"]:
        return ""
    question = survey.dataset.unit(row["unit"]).questions.get(row["question"])
    said: Label = question.label if question is not None and question.label else {"": row["question"]}
    between = {"zh": "“{}”：", "en": "“{}”: "}
    return between[language].format(choose(said, language).text)


def _listed(labels: list[Label]) -> dict[str, str]:
    between = {"zh": "、", "en": ", "}
    return {
        language: between[language].join(choose(one, language).text for one in labels) for language in REPORT_LANGUAGES
    }


def _cell(value: Any) -> Any:
    return None if isinstance(value, float) and pd.isna(value) else value
