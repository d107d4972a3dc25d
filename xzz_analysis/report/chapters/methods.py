"""How the figures were made, printed from the objects that compute them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xzz_analysis.disclosure.protect import Protected, protect_counts
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.indicator import DOMAINS, Indicator
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.report.blocks import Column, Note, Paragraph, Table
from xzz_analysis.report.chapters.naming import (
    Bilingual,
    indicator_naming,
    policy_of,
    unit_label,
    unit_labels,
)
from xzz_analysis.report.tables import Naming, counts_table, estimates_table


def computations_table(survey: MonitoringRound) -> Table:
    """How every indicator is computed, as declared; the needs report says the same in words."""
    columns = [
        Column("label", {"zh": "指标", "en": "Indicator"}),
        Column("expression", {"zh": "基数与计算（问卷表达式）", "en": "Base and computation (expressions)"}),
    ]
    rows = [
        {
            "label": dict(indicator.label),
            "expression": _expressions(indicator, unit_label(survey, indicator.unit)),
            "section": dict(DOMAINS[indicator.domain]),
        }
        for indicator in survey.indicators
    ]
    return Table({"zh": "指标的计算", "en": "How the indicators are computed"}, columns, rows)


def _expressions(indicator: Indicator, unit: Label) -> Bilingual:
    base = indicator.base or ""
    computed = expression_text(indicator)
    return {
        "zh": f"基数：{base or '全部' + choose(unit, 'zh').text}。计算：{computed}",
        "en": f"Base: {base or 'all ' + choose(unit, 'en').text}. Computed: {computed}",
    }


def expression_text(indicator: Indicator) -> str:
    """What an indicator computes, as one line."""
    return indicator.computation()


def bases_table(survey: MonitoringRound, needs: Protected) -> Table:
    """The base of every percentage: who is in it, and who is not, by reason."""
    columns = ("n", "n_skipped", "n_blank", "n_dont_know", "n_refused", "n_not_asked", "n_invalid")
    caption = {"zh": "每个指标的基数与缺失", "en": "The base of every indicator, and who is missing from it"}
    return estimates_table(needs, caption=caption, rows=indicator_naming(survey), columns=columns)


ROLES: dict[str, Bilingual] = {
    "strata": {"zh": "层", "en": "strata"},
    "cluster": {"zh": "群", "en": "clusters"},
    "weight": {"zh": "权重", "en": "weight"},
    "fpc": {"zh": "有限总体校正", "en": "finite population correction"},
    "rake": {"zh": "迭代加权的边际总数", "en": "totals the weights are raked to"},
}
"""Columns of the sample design, in words."""


def collection(survey: MonitoringRound) -> Paragraph:
    """When and how the round was collected, whom it speaks about, and by which definition."""
    study = survey.study
    spec, population = study.rounds[survey.name], study.settings.population
    first, last = (day.isoformat() for day in spec.collected)
    mode = {language: choose(spec.mode, language).text for language in REPORT_LANGUAGES}
    way = {"zh": f"，方式：{mode['zh']}", "en": f", {mode['en']}"} if mode["en"] else {"zh": "", "en": ""}
    rule = population.definition
    defined = {"zh": f"总体定义：{rule}。", "en": f" Definition of the population: {rule}."} if rule else {}
    return Paragraph(
        {
            "zh": f"总体：{population.zh}。收集时间：{first}至{last}{way['zh']}。{defined.get('zh', '')}",
            "en": f"Population: {population.en}. Collected from {first} to {last}{way['en']}.{defined.get('en', '')}",
        }
    )


def design_table(survey: MonitoringRound) -> Table:
    """The sample design of each unit: strata, sampled first-stage units, respondents, columns."""
    columns = [
        Column("strata", {"zh": "层数", "en": "Strata"}, "count"),
        Column("clusters", {"zh": "初级抽样单元", "en": "Clusters"}, "count"),
        Column("n", {"zh": "回答者", "en": "Respondents"}, "count"),
    ]
    if any(_design_columns(survey).values()):
        columns.append(Column("columns", {"zh": "所用列", "en": "Columns used"}))
    used = {
        language: "; ".join(f"{ROLES[role][language]}: {names}" for role, names in _design_columns(survey).items())
        for language in REPORT_LANGUAGES
    }
    units = [unit for unit in survey.units if unit in survey.study.tables]
    table = pd.DataFrame(
        {
            "unit": units,
            "strata": [len(survey.sample(unit).design.names) for unit in units],
            "clusters": [len(survey.sample(unit).design.first.stratum) for unit in units],
            "n": [len(survey.sample(unit)) for unit in units],
            "columns": [used] * len(units),
        }
    )
    safe = protect_counts(table, ["n"], policy_of(survey))
    naming = Naming("unit", unit_labels(survey), {"zh": "单位", "en": "Unit"})
    return counts_table(safe, caption={"zh": "抽样设计", "en": "Sample design"}, rows=naming, columns=columns)


def _design_columns(survey: MonitoringRound) -> dict[str, str]:
    """Columns of each role of the design, one per stage."""
    design = survey.study.design
    named = {role: getattr(design, role) for role in ROLES}
    texts = {role: given.name if isinstance(given, Path) else given for role, given in named.items() if given}
    return {role: " → ".join(text) if isinstance(text, list) else text for role, text in texts.items()}


def findings_note(survey: MonitoringRound) -> Note:
    """How many findings the reading of the study and the checks of this round left, by severity."""
    checks = survey.dataset.quality.findings.frame
    severities = [finding.severity for finding in (*survey.dataset.findings, *survey.findings)]
    severities += list(checks.loc[checks["round"] == survey.name, "severity"])
    errors, warnings, notes = (severities.count(name) for name in ("error", "warning", "note"))
    text = {
        "zh": f"核查共有{len(severities)}项发现：错误{errors}项，警告{warnings}项，提示{notes}项。",
        "en": f"The checks made {len(severities)} findings: {errors} errors, {warnings} warnings, {notes} notes.",
    }
    return Note(text, "warning" if errors else "note")
