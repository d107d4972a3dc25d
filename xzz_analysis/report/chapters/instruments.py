"""Scales, the food questions and children's growth: what the figures rest on, and the prevalences of food insecurity."""

from __future__ import annotations

from collections.abc import Mapping

from xzz_analysis.disclosure.protect import MARK, Protected, protect, protect_counts
from xzz_analysis.intake.expression import parse
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.growth import FLAGS, REFERENCES, STANDARDS, unchecked_tables
from xzz_analysis.needs.indicator import Growth, Indicator
from xzz_analysis.needs.instruments import (
    FOOD_INSECURITY,
    food_indicator,
    food_insecurity,
    food_items,
    grown_indicators,
    growth_flags,
    reliabilities,
    scored_indicators,
    waiting_for_cutoffs,
)
from xzz_analysis.needs.measure import scale_of
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.scales import SCALES
from xzz_analysis.report.blocks import Block, Column, Note, Paragraph
from xzz_analysis.report.chapters.naming import Bilingual, counted_units, policy_of
from xzz_analysis.report.sentences import joined, lower_first, statement
from xzz_analysis.report.tables import Naming, counts_table, estimates_table, printed_figures
from xzz_analysis.report.theme import figure_text

COEFFICIENTS: dict[str, Label] = {
    "alpha": {"zh": "克隆巴赫 α 系数", "en": "Cronbach's alpha"},
    "omega": {"zh": "麦克唐纳 ω 系数", "en": "McDonald's omega"},
}

RELIABLE: Bilingual = {
    "zh": "信度说明各题在多大程度上测的是同一件事，不说明测得准不准。只算答完全部题目的人；区间按有效样本量计算，没有计入整群抽样。"
    "数食物种类、数应对办法一类的量表，各题本来就不必一致，信度低不等于不能用。",
    "en": "Reliability says how far the items measure one thing, not whether they measure the right one. Only those who "
    "answered every item count; intervals are of the effective sample size and do not allow for clusters. Where a scale "
    "counts foods or ways of coping, its items need not agree, and a low figure does not speak against it.",
}

FOOD: Bilingual = {
    "zh": "按联合国粮农组织的粮食不安全体验量表估计：每户的概率由它肯定回答的项数经拉施（Rasch）模型得出，比例是这些概率的加权平均，"
    "与全球标准对齐，可以和其他地方比较。题目的拟合情况见《方法说明》。",
    "en": "By FAO's Food Insecurity Experience Scale: the number of questions that a family answers with yes gives its "
    "probability through the Rasch model, and the prevalence is the weighted mean of these, brought to the global "
    "standard so that places can be compared. How the questions fit is said in the Methods report.",
}

FITS: Bilingual = {
    "zh": "加权残差均方（infit）接近1，说明该题与其他题测的是同一件事；粮农组织以0.7至1.3为可用范围。题目的严重程度与全球标准相差太大的，"
    "不用来对齐。所有人回答都一样的题目不进入模型。",
    "en": "The infit mean square is near 1 where a question measures what the others do; FAO takes 0.7 to 1.3 as good enough. "
    "A question that does not lie where the global standard has it is not used to align the two. One that everybody "
    "answered alike is not in the model.",
}

REMARKS: dict[str, Label] = {
    "misfit": {"zh": "拟合不好", "en": "does not fit"},
    "dependent": {"zh": "与另一题问的像是同一件事", "en": "seems to ask the same as another question"},
    "unique": {"zh": "未用于与全球标准对齐", "en": "not used to align with the global standard"},
    "left_out": {"zh": "不在模型内", "en": "not in the model"},
    "": {"zh": "可用", "en": "good enough"},
    MARK: {"zh": MARK, "en": MARK},
}
"""What is said of a food question, by the flags of its row."""


def reliability_table(survey: MonitoringRound) -> list[Block]:
    """Alpha and omega of every scale, with why there is none; nothing where the round has no scale."""
    estimates = reliabilities(survey)
    if not len(estimates):
        return []
    labels = {one.id: _named_scale(one) for one in scored_indicators(survey.whole)}
    return [
        estimates_table(
            protect(estimates, policy_of(survey.whole)),
            caption={"zh": "量表的信度", "en": "Reliability of the scales"},
            rows=Naming("statistic", COEFFICIENTS, {"zh": "系数", "en": "Coefficient"}),
            section=Naming("indicator", labels),
            columns=(Column("estimate", {"zh": "数值", "en": "Figure"}, "figure"), "interval", "n"),
            notes=[RELIABLE],
        )
    ]


def _named_scale(indicator: Indicator) -> Label:
    """An indicator with its scale and how many items that has."""
    assert indicator.scale is not None
    scale = scale_of(indicator.scale)
    count = len(scale.items)
    names = {language: choose(indicator.label, language).text for language in REPORT_LANGUAGES}
    return {
        "zh": f"{names['zh']}：{choose(scale.label, 'zh').text}，{count}题",
        "en": f"{names['en']}: {choose(scale.label, 'en').text}, {count} items",
    }


def food_security(survey: MonitoringRound) -> list[Block]:
    """Moderate or severe, and severe, food insecurity; nothing where the eight questions are not asked."""
    estimates = food_insecurity(survey)
    if not len(estimates):
        return []
    safe = protect(estimates, policy_of(survey))
    naming = Naming("indicator", FOOD_INSECURITY, {"zh": "程度", "en": "Degree"})
    caption = {"zh": "粮食不安全的比例", "en": "Prevalence of food insecurity"}
    columns = ("estimate", "interval", "n", "missing")
    table = estimates_table(safe, caption=caption, rows=naming, columns=columns, notes=[FOOD])
    return [*_said_food(survey, safe, naming), table]


def _said_food(survey: MonitoringRound, safe: Protected, naming: Naming) -> list[Block]:
    """The prevalences in a sentence; none where they are withheld or cannot be computed."""
    kept = safe.frame[safe.frame["estimate"].notna()]
    rows = printed_figures(kept).assign(whom=kept["unit"]).to_dict("records")
    if not rows:
        return []
    units = counted_units(survey)
    said = {
        language: [statement(row, naming.label(row["indicator"]), units[row["whom"]], language) for row in rows]
        for language in REPORT_LANGUAGES
    }
    text = {
        "zh": f"按粮食不安全体验量表估计，{'；'.join(said['zh'])}。",
        "en": f"By the Food Insecurity Experience Scale, {'; '.join(map(lower_first, said['en']))}.",
    }
    return [Paragraph(text, [str(row["result_id"]) for row in rows])]


def food_fit(survey: MonitoringRound) -> list[Block]:
    """How each food question fits the Rasch model; nothing where there is no model."""
    estimates = food_items(survey)
    if not len(estimates):
        return []
    safe = protect(estimates, policy_of(survey.whole))
    items = safe.rows(safe.frame["statistic"] == "infit")
    rows = zip(items.frame["flags"], items.frame["suppressed"], strict=True)
    items = items.with_texts("remark", [_remark(MARK if hidden else flags) for flags, hidden in rows])
    table = estimates_table(
        items,
        caption={"zh": "粮食不安全体验量表：各题的拟合", "en": "Food insecurity: how each question fits"},
        rows=Naming("option", _questions(survey.whole), {"zh": "题目", "en": "Question"}),
        columns=(
            Column("estimate", {"zh": "加权残差均方（infit）", "en": "Infit mean square"}, "figure"),
            "n",
            Column("remark", {"zh": "判断", "en": "Remark"}),
        ),
        notes=[FITS],
    )
    return [*_said_reliability(safe.rows(safe.frame["statistic"] == "rasch_reliability")), table]


def _said_reliability(safe: Protected) -> list[Block]:
    rows = printed_figures(safe.frame[safe.frame["estimate"].notna()]).to_dict("records")
    shown = [figure_text(row["estimate"], row["unit"]) for row in rows]
    text = {
        "zh": f"粮食不安全体验量表的拉施信度为{'、'.join(shown)}（粮农组织认为八道题达到0.7即可）。",
        "en": f"The Rasch reliability of the food questions is {', '.join(shown)} (FAO takes 0.7 as enough for eight).",
    }
    return [Paragraph(text, [str(row["result_id"]) for row in rows])] if rows else []


def _remark(flags: str) -> Label:
    """What the flags of a question say; the mark where its figure is withheld."""
    said = [REMARKS[flag] for flag in (flags.split(";") if flags else [""])]
    return {
        "zh": "，".join(choose(one, "zh").text for one in said),
        "en": ", ".join(choose(one, "en").text for one in said),
    }


def _questions(survey: MonitoringRound) -> dict[str, Label]:
    """Wording of the study's question behind each item."""
    asked: dict[str, Label] = {}
    for unit in survey.units:
        one = food_indicator(survey, unit)
        if one is None or one.scale is None:
            continue
        for name, text in zip(SCALES["fies"].items, one.scale.items, strict=True):
            asked[name] = survey.dataset.question(unit, parse(text).names[0]).label
    return asked


def growth_annex(survey: MonitoringRound) -> list[Block]:
    """By which references children are measured, and who is left out; nothing where no child was measured."""
    measured = grown_indicators(survey.whole)
    if not measured:
        return []
    columns = [Column(one.id, _measured_by(one), "count") for one in measured]
    safe = protect_counts(growth_flags(survey), [one.id for one in measured], policy_of(survey.whole), total=True)
    naming = Naming("flag", FLAGS, {"zh": "测量结果", "en": "Measurement"})
    caption = {"zh": "身高和体重的测量结果", "en": "Measurements of height and weight"}
    note = {
        "zh": "人数未加权。世卫组织认为不可能出现的数值按测量或录入错误处理，不计入比例；单位混用、月龄写成岁等问题由 xzz check 逐项列出。",
        "en": "Counts are not weighted. What WHO takes for impossible is an error of measurement or entry, and in no share; "
        "units that are mixed and ages in years are listed by xzz check.",
    }
    return [
        counts_table(safe, caption=caption, rows=naming, columns=columns, notes=[note]),
        *_unchecked(measured),
    ]


def _measured_by(indicator: Indicator) -> dict[str, str]:
    """An indicator with the reference it is measured by."""
    assert indicator.growth is not None
    by = reference_label(indicator.growth)
    return {
        "zh": f"{choose(indicator.label, 'zh').text}：{choose(by, 'zh').text}",
        "en": f"{choose(indicator.label, 'en').text}: {choose(by, 'en').text}",
    }


def reference_label(growth: Growth) -> Label:
    """What the reference of a declaration is called."""
    known: Mapping[str, Label] = {name: one.label for name, one in (REFERENCES | STANDARDS).items()}
    if growth.reference in known:
        return known[growth.reference]
    both = [one.label for one in REFERENCES.values()]
    return {
        "zh": "；".join(choose(one, "zh").text for one in both),
        "en": "; ".join(choose(one, "en").text for one in both),
    }


def _unchecked(measured: list[Indicator]) -> list[Block]:
    """A warning for tables of cut-offs that are invented, or that no second person compared with the standard."""
    rules = {finding.rule for finding in unchecked_tables(one.growth for one in measured)}
    said: dict[str, Bilingual] = {
        "cutoffs_invented": {
            "zh": "国家标准的界值表是虚构示例，不是标准中的数值：由它得出的数字不得发布。",
            "en": "The table of national cut-offs is an invented example, no standard: its figures must not be published.",
        },
        "cutoffs_unchecked": {
            "zh": "国家标准的界值表录入后没有第二个人与标准原文核对：核对之前，由它得出的数字不得发布。",
            "en": "Nobody but who typed it compared the table of national cut-offs with the standard: its figures must not "
            "be published before that is done.",
        },
    }
    return [Note(text, "warning") for rule, text in said.items() if rule in rules]


def without_cutoffs(survey: MonitoringRound) -> list[Block]:
    """Which indicators wait for a national table that the study does not supply; nothing where none does."""
    waiting = waiting_for_cutoffs(survey)
    if not waiting:
        return []
    standards = list(dict.fromkeys(one.growth.reference for one in waiting if one.growth is not None))
    names = {language: [choose(one.label, language).text for one in waiting] for language in REPORT_LANGUAGES}
    by = {language: [choose(STANDARDS[one].label, language).text for one in standards] for language in REPORT_LANGUAGES}
    text = {
        "zh": f"没有计算：{joined(names['zh'], 'zh')}。需要的界值（{joined(by['zh'], 'zh')}）没有提供；程序不自带也不推测这些数值，"
        "须由人从标准原文录入。",
        "en": f"Not computed: {joined([lower_first(name) for name in names['en']], 'en')}. The cut-offs they need "
        f"({joined(by['en'], 'en')}) are not supplied; none are made up, a person types them from the standard.",
    }
    return [Note(text, "warning")]
