"""What readers must be told about a survey: AAPOR's eleven items and STROBE's list, filled from declarations and data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xzz_analysis.errors import Finding
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.report.blocks import Block, Column, Note, Table
from xzz_analysis.report.chapters.naming import counted_units
from xzz_analysis.report.sentences import joined

UNFILLED: dict[str, str] = {"zh": "【未填写】study.yml：statement.{}", "en": "[not filled in] study.yml: statement.{}"}


@dataclass(frozen=True)
class Item:
    """One item of a list.

    Attributes
    ----------
    label : bilingual text
        What has to be told.
    field : str
        Field of ``statement`` in study.yml that tells it, ``""`` when the data do.
    told : callable
        What the data or other declarations tell; an empty label when nothing.
    """

    label: Label
    field: str = ""
    told: Callable[[MonitoringRound], Label] = lambda survey: {}

    def text(self, survey: MonitoringRound) -> dict[str, str]:
        """What is told, ``{}`` when nobody has filled it in."""
        given = getattr(survey.study.settings.statement, self.field) if self.field else {}
        found = [part for part in (self.told(survey), given) if any(part.values())]
        if self.field and not given:
            return {}
        return {language: " ".join(choose(part, language).text for part in found) for language in REPORT_LANGUAGES}


def _population(survey: MonitoringRound) -> Label:
    population = survey.study.settings.population
    return {"zh": f"{population.zh}。", "en": f"{population.en}."}


def _modes(survey: MonitoringRound) -> Label:
    return survey.study.rounds[survey.name].mode


def _dates(survey: MonitoringRound) -> Label:
    first, last = (day.isoformat() for day in survey.study.rounds[survey.name].collected)
    return {"zh": f"{first}至{last}。", "en": f"{first} to {last}."}


def _sizes(survey: MonitoringRound) -> Label:
    units = counted_units(survey)
    counts = {unit: len(survey.sample(unit)) for unit in survey.units if unit in survey.study.tables}
    said = {
        "zh": joined([f"{n:,}{choose(units[unit], 'zh').text}" for unit, n in counts.items()], "zh"),
        "en": joined([f"{n:,} {choose(units[unit], 'en').text}" for unit, n in counts.items()], "en"),
    }
    return {
        "zh": f"{said['zh']}；每个数字旁都印有区间和基数。",
        "en": f"{said['en']}; an interval and a base stand beside every figure.",
    }


def _instruments(survey: MonitoringRound) -> Label:
    return {
        "zh": "问卷措辞见“指标定义与题目措辞”。",
        "en": "The wording is printed under 'Definitions and wording'.",
    }


def _found(zh: str, en: str) -> Callable[[MonitoringRound], Label]:
    return lambda survey: {"zh": zh, "en": en}


AAPOR: tuple[Item, ...] = (
    Item({"zh": "1 资料收集的方案", "en": "1 Data collection strategy"}, "strategy"),
    Item({"zh": "2 资助者", "en": "2 Who sponsored the research"}, "sponsor"),
    Item({"zh": "2 执行者", "en": "2 Who conducted it"}, "conductor"),
    Item({"zh": "3 测量工具", "en": "3 Measurement tools"}, told=_instruments),
    Item({"zh": "4 调查总体", "en": "4 Population under study"}, "eligibility", _population),
    Item({"zh": "5 样本的产生和招募", "en": "5 How the sample was generated and recruited"}, "recruitment"),
    Item({"zh": "6 收集方式", "en": "6 Mode of data collection"}, told=_modes),
    Item({"zh": "7 收集日期", "en": "7 Dates of data collection"}, told=_dates),
    Item({"zh": "8 样本量与精度", "en": "8 Sample sizes and precision"}, told=_sizes),
    Item({"zh": "9 加权", "en": "9 Weighting"}, "weighting"),
    Item({"zh": "10 数据处理与质量", "en": "10 Data processing and quality"}, "processing"),
    Item({"zh": "11 局限", "en": "11 Limitations"}, "limitations"),
)
"""American Association for Public Opinion Research, Disclosure Standards (April 2021), the items of its checklist."""

STROBE: tuple[Item, ...] = (
    Item({"zh": "目的", "en": "Objectives"}, "objectives"),
    Item({"zh": "研究设计", "en": "Study design"}, "strategy"),
    Item({"zh": "地点与日期", "en": "Setting and dates"}, told=_dates),
    Item({"zh": "参与者的资格", "en": "Eligibility of participants"}, "eligibility", _population),
    Item({"zh": "变量定义", "en": "Definitions of variables"}, told=_instruments),
    Item({"zh": "样本量的确定", "en": "How the size was arrived at"}, "size"),
    Item(
        {"zh": "缺失数据", "en": "Missing data"},
        told=_found("按原因列于“每个百分比的基数”。", "By reason, under 'The base of every percentage'."),
    ),
    Item(
        {"zh": "参与者人数", "en": "Numbers of participants"},
        told=_sizes,
    ),
    Item({"zh": "局限", "en": "Limitations"}, "limitations"),
    Item({"zh": "伦理", "en": "Ethics"}, "ethics"),
    Item({"zh": "资助", "en": "Funding"}, "sponsor"),
    Item({"zh": "联系方式", "en": "Contact"}, "contact"),
)
"""What a survey tool can fill of STROBE's list for cross-sectional studies (von Elm et al. 2007, Lancet 370, 1453)."""

LISTS: dict[str, tuple[Label, tuple[Item, ...]]] = {
    "aapor": ({"zh": "美国民意研究协会（AAPOR）披露清单", "en": "AAPOR disclosure checklist"}, AAPOR),
    "strobe": ({"zh": "横断面研究报告清单（STROBE）", "en": "STROBE list for cross-sectional studies"}, STROBE),
}


def checklist_tables(survey: MonitoringRound) -> list[Block]:
    """Both lists with what is told of each item; what is missing is said in red, and in front."""
    blocks: list[Block] = []
    missing = unfilled(survey)
    if missing:
        names = {
            language: joined([one.where.rpartition(".")[2] for one in missing], language)
            for language in REPORT_LANGUAGES
        }
        text = {
            "zh": f"还有{len(missing)}项没有填写，填写之前不能发布：{names['zh']}（study.yml 的 statement）。",
            "en": f"{len(missing)} item(s) are not filled in, and nothing is published before they are: {names['en']} "
            "(statement in study.yml).",
        }
        blocks.append(Note(text, "warning"))
    if survey.study.settings.statement.foreign_funding:
        text = {
            "zh": "本调查接受境外资助：依照《涉外调查管理办法》，须由有资格的机构进行并经批准。",
            "en": "This survey is funded from abroad: under the rules on foreign-related surveys it needs a licensed "
            "agency and approval.",
        }
        blocks.append(Note(text, "warning"))
    return [*blocks, *(_table(survey, caption, items) for caption, items in LISTS.values())]


def _table(survey: MonitoringRound, caption: Label, items: tuple[Item, ...]) -> Table:
    rows = [
        {
            "item": dict(item.label),
            "told": item.text(survey) or {language: text.format(item.field) for language, text in UNFILLED.items()},
        }
        for item in items
    ]
    columns = [Column("item", {"zh": "项目", "en": "Item"}), Column("told", {"zh": "说明", "en": "What is told"})]
    return Table(dict(caption), columns, rows)


def unfilled(survey: MonitoringRound) -> list[Finding]:
    """Items that nobody has filled in: an error each, which blocks publication."""
    fields: dict[str, Label] = {}
    for _, items in LISTS.values():
        fields |= {item.field: item.label for item in items if item.field and not item.text(survey)}
    return [
        Finding(
            "error",
            "statement_unfilled",
            f"{survey.study.path.name}: statement.{field}",
            f"readers are not told: {choose(label, 'en').text}",
            "write it in both languages",
        )
        for field, label in fields.items()
    ]
