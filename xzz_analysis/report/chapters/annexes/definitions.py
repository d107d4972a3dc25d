"""Every indicator in words: what it counts, among whom, asked of whom, and what is known of the measure."""

from __future__ import annotations

from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.indicator import DOMAINS, Indicator
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.registry.explaining import FIELDS, describe
from xzz_analysis.report.blocks import Block, Column, Table
from xzz_analysis.report.chapters.naming import both, unit_label
from xzz_analysis.report.sentences import lower_first

ABOUT: dict[str, dict[str, str]] = {
    "everybody": {"zh": "基数：全部{unit}", "en": "base: all {unit}"},
    "some": {"zh": "基数：定义所说的{unit}", "en": "base: {unit} as defined"},
    "ages": {"zh": "{low}–{high}岁", "en": "aged {low} to {high}"},
    "respondent": {"zh": "回答者：{said}", "en": "answered by: {said}"},
    "recall": {"zh": "回忆期：{said}", "en": "recall: {said}"},
    "policy": {"zh": "对应政策：{said}", "en": "policy: {said}"},
    "version": {"zh": "第{said}版", "en": "version {said}"},
}
"""What is said of an indicator beside its definition."""

NOTED = ("cutoff_source", "licence", "evidence", "to_check")
"""Fields that are told under the table, of the indicators that have them."""


def definitions_annex(survey: MonitoringRound) -> list[Block]:
    """A table for each domain: every indicator in words; sources, licences and evidence stand under it."""
    blocks: list[Block] = []
    for domain, name in DOMAINS.items():
        own = [one for one in survey.indicators if one.domain == domain]
        if own:
            blocks.append(_domain(survey, own, name))
    return blocks


def _domain(survey: MonitoringRound, indicators: list[Indicator], name: Label) -> Table:
    columns = [
        Column("label", {"zh": "指标", "en": "Indicator"}),
        Column("definition", {"zh": "定义与说明", "en": "Definition and what it is about"}),
    ]
    rows = []
    for one in indicators:
        unit = unit_label(survey, one.unit)
        about = {code: f"{one.definition[code]}\n{_about(one, unit, code)}" for code in REPORT_LANGUAGES}
        rows.append({"label": dict(one.label), "definition": about})
    notes = [note for one in indicators if (note := _note(one))]
    return Table(both("{}：指标定义", "{}: definitions of the indicators", name), columns, rows, notes)


def _about(indicator: Indicator, unit: Label, language: str) -> str:
    """Kind of need, base, ages, respondent, recall, policy and version as one line."""
    told = _fields(indicator, language)
    who = "some" if indicator.base else "everybody"
    said = [told["kind"], ABOUT[who][language].format(unit=choose(unit, language).text)]
    if indicator.ages:
        said.append(ABOUT["ages"][language].format(low=indicator.ages[0], high=indicator.ages[1]))
    for name in ("respondent", "recall"):
        if name in told:
            text = told[name] if language == "zh" else lower_first(told[name])
            said.append(ABOUT[name][language].format(said=text))
    if indicator.policy:
        marks = ("、" if language == "zh" else ", ").join(_policy(one) for one in indicator.policy)
        said.append(ABOUT["policy"][language].format(said=marks))
    said.append(ABOUT["version"][language].format(said=indicator.version))
    line = ("；" if language == "zh" else "; ").join(said)
    return f"{line[:1].upper()}{line[1:]}"


def _policy(code: str) -> str:
    """``sdg:4.1`` as a reader knows it: SDG 4.1."""
    list_name, _, item = code.partition(":")
    return f"{list_name.upper()} {item}" if item else code


def _note(indicator: Indicator) -> dict[str, str] | None:
    """Cut-off, licence, evidence, and what has still to be checked; None when nothing is declared."""
    text = {}
    for language, colon, stop in (("zh", "：", "。"), ("en", ": ", ". ")):
        told = _fields(indicator, language)
        parts = [
            f"{choose(FIELDS[name], language).text}{colon}{told[name].rstrip('。. ')}{stop}"
            for name in NOTED
            if name in told
        ]
        if parts:
            text[language] = (
                f"{choose(indicator.label, language).text}{'　' if language == 'zh' else ' – '}"
                + "".join(parts).strip()
            )
    return text or None


def _fields(indicator: Indicator, language: str) -> dict[str, str]:
    return {row["field"]: row["text"] for row in describe(indicator, language)["rows"]}
