"""Who answered, what they need, how groups compare, what cannot be said."""

from __future__ import annotations

from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.errors import StudyError
from xzz_analysis.language import Label, choose
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.needs.instruments import waiting_for_cutoffs
from xzz_analysis.needs.monitoring import NOT_COMPUTED, MonitoringRound
from xzz_analysis.needs.place import can_compare, own_groups
from xzz_analysis.report.blocks import Block, Column, Heading, Note, Table
from xzz_analysis.report.chapters.instruments import without_cutoffs
from xzz_analysis.report.chapters.naming import (
    both,
    counted_units,
    drawing,
    indicator_naming,
    level_naming,
    lower,
    policy_of,
    population_of,
    unit_label,
    with_figures,
)
from xzz_analysis.report.chapters.place import about_place, respondents, titled
from xzz_analysis.report.chapters.profile import clear_levels
from xzz_analysis.report.sentences import (
    fallback_note,
    group_gaps,
    joined,
    leading_needs,
    lower_first,
    response,
    sample_caution,
)
from xzz_analysis.report.tables import Naming, estimates_table


def title(survey: MonitoringRound, zh: str, en: str) -> list[Block]:
    """The report's title, and what its intervals are worth."""
    notes: list[Block] = [sample_caution(survey.study.design.kind)]
    questions = [question for unit in survey.units for question in survey.dataset.unit(unit).tabulated()]
    fallback = fallback_note(question for question in questions if question.kind != "calculate")
    return [Heading(titled(survey, zh, en), 1), *about_place(survey), *notes, *([fallback] if fallback else [])]


def who_answered(survey: MonitoringRound) -> list[Block]:
    """How many answered, when, and who they are: a table of every declared group for each unit."""
    policy = policy_of(survey)
    counts = respondents(survey)
    first, last = survey.study.rounds[survey.name].collected
    blocks: list[Block] = [response(counts, counted_units(survey), (first.isoformat(), last.isoformat()))]
    return blocks + [profile_table(survey, unit, policy) for unit in counts if len(survey.profile(unit))]


def profile_table(survey: MonitoringRound, unit: str, policy: Policy) -> Table:
    """Shares of every declared group's levels among one unit."""
    safe = protect(survey.profile(unit), policy)
    frame = safe.frame
    keys = list(zip(frame["indicator"], frame["option"], strict=True))
    named = safe.with_column("answer", [f"{group}\x1f{option}" for group, option in keys])
    labels = {f"{group}\x1f{option}": _level(survey, unit, group, option) for group, option in keys}
    groups = {group: survey.label(group, unit) for group, _ in keys}
    whom = unit_label(survey, unit)
    return estimates_table(
        named,
        caption=both("回答者构成：{}", "Who answered: {}", whom),
        rows=Naming("answer", labels, {"zh": "组别", "en": "Group"}),
        section=Naming("indicator", groups),
        columns=(
            "estimate",
            "interval",
            Column("n_need", {"zh": "回答者人数", "en": "Respondents"}, "count"),
        ),
        notes=[weighting_note(survey)],
    )


WEIGHTED: dict[str, dict[str, str]] = {
    "weighted": {"zh": "比例为加权比例，人数未加权。", "en": "Shares are weighted, counts are not."},
    "plain": {
        "zh": "数据没有权重，每位回答者各计一次。",
        "en": "There are no weights: everybody who answered counts once.",
    },
}
"""What the shares of the profile are worth."""


def weighting_note(survey: MonitoringRound) -> dict[str, str]:
    """Whether shares are weighted, as the design declares."""
    design = survey.study.design
    return WEIGHTED["weighted" if design.weight or design.rake else "plain"]


def _level(survey: MonitoringRound, unit: str, group: str, option: str) -> Label:
    return survey.label(group, unit, option) or {"": option}


def domain_heading(domain: str) -> Heading:
    """The chapter heading of one of the four domains."""
    return Heading(dict(DOMAINS[domain]))


def domain_chapter(survey: MonitoringRound, needs: Protected, domain: str) -> list[Block]:
    """The level of every need of a domain: sentence, chart of shares, table with bases.

    Parameters
    ----------
    survey : MonitoringRound
    needs : Protected
        Estimates of the domain's indicators for the whole.
    domain : str
    """
    naming = indicator_naming(survey)
    shares = needs.rows(needs.frame["statistic"] == "share")
    blocks: list[Block] = [leading_needs(needs, naming, counted_units(survey))]
    if not len(needs.frame):
        return blocks
    name = DOMAINS[domain]
    caption = both("{}：各项需求的比例与区间", "{}: share with each need, with interval", name)
    blocks += drawing(shares, naming, caption)
    caption = both("{}：各项指标", "{}: all indicators", name)
    columns = ("estimate", "interval", "n", "n_need", "missing")
    return [*blocks, estimates_table(needs, caption=caption, rows=naming, columns=columns)]


def group_chapter(survey: MonitoringRound, needs: Protected, group: str) -> list[Block]:
    """The needs of a domain side by side for the levels of one group.

    Parameters
    ----------
    survey : MonitoringRound
    needs : Protected
        Estimates of the domain's indicators by the group.
    group : str
        Name of a declared group.
    """
    shares = needs.rows(needs.frame["statistic"] == "share")
    if not len(shares.frame) or not can_compare(survey, group):
        return []
    indicators, levels = indicator_naming(survey), level_naming(survey, shares)
    name = survey.label(group, str(shares.frame["unit"].iloc[0]))
    domains = {one.id: one.domain for one in survey.indicators}
    domain = DOMAINS[domains[shares.frame["indicator"].iloc[0]]]
    heading = Heading(
        {
            "zh": f"{domain['zh']}：按{choose(name, 'zh').text}比较",
            "en": f"{domain['en']} by {lower_first(choose(name, 'en').text)}",
        },
        3,
    )
    declared = survey.study.settings.profile
    tested = declared.reference and declared.group == group and can_compare(survey, group, declared.reference)
    said = clear_levels(survey, set(shares.frame["indicator"])) if tested else group_gaps(shares, indicators, levels)
    blocks: list[Block] = [heading, said]
    if shares.frame["by"].nunique() <= 4:
        blocks += drawing(shares, indicators, both("按{}比较", "By {}", lower(name)), levels)
    return [*blocks, group_table(survey, shares, group)]


def group_table(survey: MonitoringRound, needs: Protected, group: str) -> Table:
    """Estimates by the levels of one group, a section for each indicator that has a figure; the others are named."""
    name, naming = survey.label(group, str(needs.frame["unit"].iloc[0])), indicator_naming(survey)
    shown, notes = with_figures(needs, naming)
    return estimates_table(
        shown,
        caption=both("各项需求，按{}", "Needs by {}", lower(name)),
        rows=level_naming(survey, needs),
        section=naming,
        columns=("estimate", "interval", "n", "n_need"),
        notes=notes,
    )


MOST_LEVELS = 10
"""Groups with more levels than this are left to ``xzz tabulate``: their tables would fill the report."""


def group_annex(survey: MonitoringRound) -> list[Block]:
    """Every need by every declared group of at most :data:`MOST_LEVELS` levels, one table a group."""
    blocks: list[Block] = []
    for group in own_groups(survey):
        needs = survey.needs(group)
        if len(needs) and needs["by"].nunique() <= MOST_LEVELS:
            blocks.append(group_table(survey, protect(needs, policy_of(survey)), group))
    return blocks


def limits(survey: MonitoringRound) -> list[Block]:
    """What the round cannot say: who is outside, what could not be computed."""
    threshold = policy_of(survey).threshold
    population = population_of(survey)
    blocks: list[Block] = [
        Note(
            {
                "zh": f"结果说明的总体：{population['zh']}。",
                "en": f"Whom the results are about: {population['en']}.",
            }
        ),
        Note(
            {
                "zh": f"背后不足{threshold}个受访者的数字不予公布；没有可用回答的人不计入百分比的基数，"
                "并在各表中列出人数。",
                "en": f"Figures with fewer than {threshold} people behind them are not published; people "
                "without a usable answer are not in the base of a percentage, and are counted beside it.",
            }
        ),
    ]
    stated = survey.study.settings.statement.limitations
    if stated:
        blocks.append(Note(dict(stated)))
    blocks += without_cutoffs(survey)
    told = {one.id for one in waiting_for_cutoffs(survey)}
    lost = [one.where.removeprefix("indicators: ") for one in survey.findings if one.rule == NOT_COMPUTED]
    names = [name for name in lost if name not in told]
    if names:
        text = {
            "zh": f"无法计算的指标：{joined(names, 'zh')}。",
            "en": f"Indicators that could not be computed: {joined(names, 'en')}.",
        }
        blocks.append(Note(text, "warning"))
    return blocks


def compared_group(survey: MonitoringRound, name: str) -> str:
    """The group to compare: the named one, else the study's first that is not the place's; :class:`StudyError` without."""
    names = own_groups(survey)
    if not names:
        raise StudyError(
            f"{survey.study.path.name} declares no groups{' but that of the place' if survey.place else ''}, so there is "
            "nothing to compare; add one under groups"
        )
    return name or names[0]
