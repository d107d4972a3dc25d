"""How the rows of a monitoring report are named, from the declarations of its round."""

from __future__ import annotations

from xzz_analysis.disclosure.protect import Policy, Protected
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.place import place_label
from xzz_analysis.report.blocks import Block
from xzz_analysis.report.figures import dot_interval
from xzz_analysis.report.sentences import joined, lower_first
from xzz_analysis.report.tables import Naming

Bilingual = dict[str, str]


def policy_of(survey: MonitoringRound) -> Policy:
    """The disclosure policy of a round's study, and the place that it speaks of."""
    return Policy.of(survey.study, survey.place)


def population_of(survey: MonitoringRound) -> Bilingual:
    """Whom the figures are about, in words; of one place, the place first."""
    population, label = survey.study.settings.population, place_label(survey)
    if not label:
        return {"zh": population.zh, "en": population.en}
    zh, en = (choose(label, language).text for language in ("zh", "en"))
    return {"zh": f"{zh}（{population.zh}的一部分）", "en": f"{en} (part of: {lower_first(population.en)})"}


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


def drawing(table: Protected, rows: Naming, caption: dict[str, str], series: Naming | None = None) -> list[Block]:
    """The chart of a table without the lines that hold no figure; its caption says how many were left out.

    Parameters
    ----------
    table : Protected
    rows, caption, series
        As in :func:`~xzz_analysis.report.figures.dot_interval`.
    """
    shown = table.frame["estimate"].notna().groupby(table.frame[rows.column]).transform("any")
    left_out = table.frame.loc[~shown, rows.column].nunique()
    if not shown.any():
        return []
    if left_out:
        number = "one more" if left_out == 1 else f"{left_out} more"
        caption = {
            "zh": f"{caption['zh']}（另有{left_out}项没有可以公布的数字，未画出）",
            "en": f"{caption['en']} ({number} without a figure that can be published not drawn)",
        }
    return [dot_interval(table.rows(shown), rows=rows, series=series, caption=caption)]


def with_figures(table: Protected, items: Naming) -> tuple[Protected, list[Bilingual]]:
    """The rows of the items that have any figure, and a note that names the others; all rows where none has one."""
    shown = table.frame["estimate"].notna().groupby(table.frame[items.column]).transform("any")
    if shown.all() or not shown.any():
        return table, []
    names = [items.label(one) for one in table.frame.loc[~shown, items.column].unique()]
    said = {code: joined([choose(name, code).text for name in names], code) for code in REPORT_LANGUAGES}
    note = {
        "zh": f"未列出（没有可以公布的数字）：{said['zh']}",
        "en": f"Left out, having no figure that can be published: {said['en']}",
    }
    return table.rows(shown), [note]


def both(zh: str, en: str, label: Label) -> Bilingual:
    """Put a label into a text of both languages, at ``{}``."""
    return {"zh": zh.format(choose(label, "zh").text), "en": en.format(choose(label, "en").text)}


def lower(label: Label) -> Label:
    """A label as it stands inside an English sentence."""
    return {**label, "en": lower_first(label["en"])} if label.get("en") else label
