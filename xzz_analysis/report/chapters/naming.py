"""How the rows of a monitoring report are named, from the declarations of its round."""

from __future__ import annotations

from xzz_analysis.disclosure.protect import Policy, Protected
from xzz_analysis.language import Label, choose
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.report.sentences import lower_first
from xzz_analysis.report.tables import Naming

Bilingual = dict[str, str]


def policy_of(survey: MonitoringRound) -> Policy:
    """The disclosure policy of a round's study."""
    return Policy.of(survey.study)


def unit_label(survey: MonitoringRound, unit: str) -> Label:
    """How a unit is called in sentences: 儿童 / children."""
    tables = survey.study.tables
    repeats = {name: label for table in tables.values() for name, label in table.repeat_labels.items()}
    own = tables[unit].label if unit in tables else repeats.get(unit, {})
    return own or {"zh": unit, "en": unit}


def unit_labels(survey: MonitoringRound) -> dict[str, Label]:
    """Labels of every unit of the round."""
    return {unit: unit_label(survey, unit) for unit in survey.units}


def counted_units(survey: MonitoringRound) -> dict[str, Label]:
    """How a number of each unit is said after the number: 户家庭 / families."""
    tables = survey.study.tables
    said = {unit: tables[unit].counted for unit in survey.units if unit in tables}
    labels = unit_labels(survey)
    return {
        unit: {**label, "zh": f"个{choose(label, 'zh').text}", **said.get(unit, {})} for unit, label in labels.items()
    }


def indicator_naming(survey: MonitoringRound) -> Naming:
    """Rows named by indicator."""
    labels = {indicator.id: indicator.label for indicator in survey.indicators}
    return Naming("indicator", labels, {"zh": "需求", "en": "Need"})


def level_naming(survey: MonitoringRound, table: Protected) -> Naming:
    """Rows named by the level of the group they are about."""
    units = dict(zip(table.frame["by"], table.frame["unit"], strict=True))
    labels = {by: survey.by_label(by, unit) for by, unit in units.items()}
    return Naming("by", labels, {"zh": "组别", "en": "Group"})


def both(zh: str, en: str, label: Label) -> Bilingual:
    """Put a label into a text of both languages, at ``{}``."""
    return {"zh": zh.format(choose(label, "zh").text), "en": en.format(choose(label, "en").text)}


def lower(label: Label) -> Label:
    """A label as it stands inside an English sentence."""
    return {**label, "en": lower_first(label["en"])} if label.get("en") else label
