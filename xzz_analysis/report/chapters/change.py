"""What changed since the round before: a page for a director, then the detail."""

from __future__ import annotations

from xzz_analysis.disclosure.comparisons import protect_changes
from xzz_analysis.disclosure.protect import Protected, protect
from xzz_analysis.errors import StudyError
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.report.blocks import Block, Column, Heading, Note, Paragraph, Table
from xzz_analysis.report.chapters.naming import both, drawing, indicator_naming, level_naming, lower, policy_of
from xzz_analysis.report.sentences import changed_needs, verdict
from xzz_analysis.report.sentences.changes import VERDICTS
from xzz_analysis.report.tables import Naming, estimates_table

DECIMALS = 2
"""Of means and their changes: a change is smaller than its levels."""

ADJUSTED: dict[str, str] = {
    "zh": "“上升”“下降”只用于把全部指标（分组时为全部指标和各组）的检验一起作校正（Holm）以后仍然显著的变化。",
    "en": "'rose' and 'fell' are said only of changes that stay significant when all indicators, and in a table by "
    "group all its levels, are tested together (Holm).",
}


ADJUSTED_TOGETHER: dict[str, str] = {
    "zh": "“上升”“下降”只用于与其他各处的同类检验一并作校正（Holm）以后仍然显著的变化。",
    "en": "'rose' and 'fell' are said only of changes that stay significant when the tests of all places are taken together "
    "(Holm).",
}
"""What is said of changes in one place: the tables of the whole study hold them too."""


def earlier_round(survey: MonitoringRound) -> MonitoringRound:
    """The round before; :class:`StudyError` when this one is the first."""
    before = survey.earlier()
    if before is None and survey.whole.earlier() is not None:
        raise StudyError(
            f"nobody of {survey.place!r} was in the round before {survey.name}, so nothing can be compared there; "
            "leave it out of `only` in reports.yml"
        )
    if before is None:
        raise StudyError(
            f"round {survey.name} is the first of the study, so nothing can have changed; build this report from the "
            "second round on"
        )
    return before


def rounds_compared(survey: MonitoringRound) -> Paragraph:
    """Which rounds are compared, when they were collected, and what ties them."""
    before = earlier_round(survey)
    spans = {
        one.name: " – ".join(day.isoformat() for day in one.study.rounds[one.name].collected)
        for one in (before, survey)
    }
    (first, when), (second, then) = spans.items()
    return Paragraph(
        {
            "zh": f"本报告比较{first}轮（{when}）与{second}轮（{then}）。只比较两轮提问方式相同的指标；"
            "同一抽样点两轮都访问时，其相关已计入误差。",
            "en": f"This report compares round {first} ({when}) with round {second} ({then}). Only indicators asked in "
            "the same way are compared; where both rounds visited the same places, errors take that into account.",
        }
    )


def protected_changes(survey: MonitoringRound, by: str = "") -> Protected:
    """Changes of every indicator since the round before, as they may be shown."""
    before, policy, groups = earlier_round(survey), policy_of(survey), by or None
    levels = [protect(one.needs(groups), policy) for one in (before, survey)]
    return protect_changes(survey.change(before, groups), levels)


def change_page(survey: MonitoringRound) -> list[Block]:
    """The page that is read in three minutes: what rose, what fell, what stayed unclear."""
    changes = protected_changes(survey)
    naming = indicator_naming(survey)
    return [changed_needs(changes, naming), change_overview(changes)]


def change_overview(changes: Protected) -> Table:
    """How many indicators of each kind of verdict there are."""
    counts = dict.fromkeys(VERDICTS, 0)
    for row in changes.frame.to_dict("records"):
        counts[verdict(row)] += 1
    rows = [{"verdict": dict(VERDICTS[word]), "count": count} for word, count in counts.items() if count]
    columns = [
        Column("verdict", {"zh": "判断", "en": "Verdict"}),
        Column("count", {"zh": "指标数", "en": "Indicators"}, "count"),
    ]
    note = ADJUSTED_TOGETHER if changes.policy.place else ADJUSTED
    return Table({"zh": "指标变化概览", "en": "The indicators at a glance"}, columns, rows, [note])


def change_chapters(survey: MonitoringRound) -> list[Block]:
    """Domain by domain: the chart of changes, and the table with both levels."""
    changes = protected_changes(survey)
    naming = indicator_naming(survey)
    domains = {one.id: one.domain for one in survey.indicators}
    blocks: list[Block] = []
    for domain, label in DOMAINS.items():
        own = changes.rows(changes.frame["indicator"].map(domains) == domain)
        if not len(own.frame):
            continue
        blocks.append(Heading(dict(label)))
        shares = own.rows(own.frame["statistic"] == "share_change")
        blocks += drawing(shares, naming, both("{}：变化（百分点）", "{}: change in percentage points", label))
        caption = both("{}：两轮比较", "{}: both rounds", label)
        blocks.append(change_table(own, naming, caption))
    return blocks


def change_table(changes: Protected, naming: Naming, caption: dict[str, str], section: Naming | None = None) -> Table:
    """Both levels, the change with its interval, and the verdict."""
    told = changes.with_texts("verdict", [VERDICTS[verdict(row)] for row in changes.frame.to_dict("records")])
    columns: list[str | Column] = [
        Column("before", {"zh": "上轮", "en": "Before"}, "level", decimals=DECIMALS),
        Column("after", {"zh": "本轮", "en": "Now"}, "level", decimals=DECIMALS),
        Column("estimate", {"zh": "变化", "en": "Change"}, "figure", decimals=DECIMALS),
        "interval",
        Column("verdict", {"zh": "判断", "en": "Verdict"}),
    ]
    notes = [
        {
            "zh": "比例和比率的变化以百分点计，均值的变化以原单位计。",
            "en": "Changes of shares and ratios are in percentage points, those of means in their own units.",
        },
        ADJUSTED_TOGETHER if changes.policy.place else ADJUSTED,
    ]
    return estimates_table(
        told, caption=caption, rows=naming, columns=columns, section=section, notes=notes, decimals=DECIMALS
    )


def change_groups(survey: MonitoringRound, group: str) -> list[Block]:
    """Changes by the levels of one group, a section for each indicator."""
    changes = protected_changes(survey, group)
    changes = changes.rows(changes.frame["estimate"].notna() | changes.frame["suppressed"])
    if not len(changes.frame):
        return []
    name = survey.label(group, str(changes.frame["unit"].iloc[0]))
    caption = both("各项变化，按{}", "Changes by {}", lower(name))
    return [change_table(changes, level_naming(survey, changes), caption, indicator_naming(survey))]


def not_compared(survey: MonitoringRound) -> Note | None:
    """Indicators that cannot be compared with the round before; None when all can."""
    changes = protected_changes(survey).frame
    lost = changes[changes["estimate"].isna() & ~changes["suppressed"]]
    if lost.empty:
        return None
    naming = indicator_naming(survey)
    names = {
        language: "、".join(naming.label(one).get(language, one) for one in lost["indicator"]) for language in ("zh",)
    }
    english = ", ".join(naming.label(one).get("en", one) for one in lost["indicator"])
    return Note(
        {
            "zh": f"两轮不能比较的指标（有一轮没有提问，或措辞已改）：{names['zh']}。",
            "en": f"Not comparable between the rounds (not asked in one of them, or asked otherwise): {english}.",
        }
    )
