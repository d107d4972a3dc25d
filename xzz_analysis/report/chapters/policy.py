"""What the needs say about public policy: the national list of services, and whom services reach."""

from __future__ import annotations

from xzz_analysis.disclosure.protect import Protected, protect
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.policy import (
    MEASURES,
    Crosswalk,
    articles_text,
    crosswalk_of,
    goals_text,
    item_label,
    list_rows,
    places,
    read_services,
    service_estimates,
    service_findings,
)
from xzz_analysis.report.blocks import Block, Column, Note, Table
from xzz_analysis.report.chapters.naming import (
    counted_units,
    indicator_naming,
    level_naming,
    lower,
    policy_of,
    unit_label,
)
from xzz_analysis.report.sentences import joined, lower_first
from xzz_analysis.report.sentences.services import service_gaps
from xzz_analysis.report.tables import Naming, estimates_table
from xzz_analysis.study import PublicService

NOTHING: dict[str, str] = {"zh": "没有", "en": "none"}

UNREADABLE: dict[str, str] = {
    "zh": "清单共{}项，各项原文和所属方面都未提供：须由机构对照公布的清单填写，报告不代为编写。在此之前，指标只对应到清单的方面。",
    "en": "The list has {} items, and the words of none have been supplied: the organisation copies them from the "
    "published list, and nothing is written in their place. Until then indicators are linked to aspects of the list only.",
}
LINKED: dict[str, str] = {
    "zh": "指标与清单、可持续发展目标和《儿童权利公约》的对应由我们作出；一个指标可以对应多处，也只反映其中一个侧面。",
    "en": "The links to the list, the Sustainable Development Goals and the Convention on the Rights of the Child are ours; "
    "an indicator may bear on several, and shows one side of each.",
}
COVERED: dict[str, str] = {
    "zh": "比例的基数是符合条件、并且回答了这一题的人；没有回答的人既不算得到，也不算没有得到。",
    "en": "Shares are of those who are eligible and answered; who did not answer is counted neither as having had it nor "
    "as not having had it.",
}


def policy_chapter(survey: MonitoringRound) -> list[Block]:
    """The study's indicators in the order of the national list; nothing where study.yml declares no policy.

    Parameters
    ----------
    survey : MonitoringRound
    """
    declared = survey.study.settings.policy
    if declared is None:
        return []
    crosswalk = crosswalk_of(survey.study)
    needs = protect(survey.needs(), policy_of(survey))
    known = [one.id for one in survey.indicators]
    measured = {one.item: one.label for one in declared.services if one.item is not None}
    blocks: list[Block] = [_indicators(survey, crosswalk, needs)] if len(needs.frame) else []
    if len(list_rows(crosswalk, known, measured)) == 1:
        total = crosswalk.expected
        return [*blocks, Note({code: text.format(total) for code, text in UNREADABLE.items()})]
    return [*blocks, _items(survey, crosswalk, known)]


def _indicators(survey: MonitoringRound, crosswalk: Crosswalk, needs: Protected) -> Table:
    """Every indicator at its places of the list, with its present level and what else it bears on."""
    position = {name: row for row, name in enumerate(needs.frame["indicator"])}
    found = places(crosswalk, list(position))
    rows = [(place.key, name) for place in found for name in place.indicators]
    names = [name for _, name in rows]
    safe = needs.ordered([position[name] for name in names]).with_column("place", [key for key, _ in rows])
    safe = safe.with_texts("goals", [goals_text(crosswalk, name) for name in names])
    safe = safe.with_texts("articles", [articles_text(crosswalk, name) for name in names])
    columns: list[str | Column] = [
        "estimate",
        "interval",
        "n",
        Column("goals", {"zh": "可持续发展目标", "en": "Sustainable Development Goals"}),
        Column("articles", {"zh": "《儿童权利公约》", "en": "Convention on the Rights of the Child"}),
    ]
    return estimates_table(
        safe,
        caption={language: LIST[language].format(lower(crosswalk.title)[language]) for language in REPORT_LANGUAGES},
        rows=indicator_naming(survey),
        section=Naming("place", {place.key: place.label for place in found}),
        columns=columns,
        notes=[LINKED],
    )


LIST: Label = {"zh": "指标与{}", "en": "Indicators and the {}"}


def _items(survey: MonitoringRound, crosswalk: Crosswalk, indicators: list[str]) -> Table:
    """The items of the list, and what measures each."""
    naming, services = indicator_naming(survey), read_services(survey.study)
    numbers = [one.item for one in services if one.item is not None]
    rows = []
    for line in list_rows(crosswalk, indicators, numbers):
        labels = [naming.label(name) for name in line.indicators]
        labels += [one.label for one in services if one.item == line.first]
        by = {
            language: joined([choose(one, language).text for one in labels], language) or NOTHING[language]
            for language in REPORT_LANGUAGES
        }
        rows.append({"number": line.number, "aspect": line.aspect, "text": line.text, "measured": by})
    columns = [
        Column("number", {"zh": "条目", "en": "Item"}),
        Column("aspect", {"zh": "方面", "en": "Aspect"}),
        Column("text", {"zh": "原文", "en": "Words of the list"}),
        Column("measured", {"zh": "本次调查测量它的指标和服务", "en": "Indicators and services that measure it"}),
    ]
    caption = {"zh": "国家清单各项与本次调查", "en": "The items of the national list, and this survey"}
    return Table(caption, columns, rows)


def coverage_chapter(survey: MonitoringRound, group: str = "") -> list[Block]:
    """Who knows, used and did not use each service among those eligible; nothing where study.yml declares none.

    Parameters
    ----------
    survey : MonitoringRound
    group : str
        Group whose levels are set side by side; none when empty.
    """
    services = read_services(survey.study)
    if not services:
        return []
    naming = Naming("indicator", {one.id: one.label for one in services}, {"zh": "服务", "en": "Service"})
    safe = protect(service_estimates(survey), policy_of(survey))
    blocks: list[Block] = []
    if len(safe.frame):
        blocks += [*service_gaps(safe, naming, counted_units(survey)), _covered(survey, services, safe)]
        blocks += _by_group(survey, services, group)
    return [*blocks, *_not_computed(survey, naming)]


def _covered(survey: MonitoringRound, services: list[PublicService], safe: Protected) -> Table:
    """The measures of every service, each service a section that says whom it is for."""
    return estimates_table(
        safe,
        caption={"zh": "服务的知晓、覆盖与缺口", "en": "Services: awareness, coverage and gap"},
        rows=Naming("option", MEASURES, {"zh": "符合条件者中", "en": "Of those eligible"}),
        section=Naming("indicator", {one.id: service_label(survey, one) for one in services}),
        columns=("estimate", "interval", Column("n", ANSWERED, "count"), "n_need", "missing"),
        notes=[COVERED],
    )


ANSWERED: dict[str, str] = {"zh": "符合条件且已回答", "en": "Eligible, answered"}


def service_label(survey: MonitoringRound, service: PublicService) -> dict[str, str]:
    """A service with whom it is for, and its item of the national list where one is declared.

    Parameters
    ----------
    survey : MonitoringRound
    service : PublicService
    """
    unit = unit_label(survey, service.unit)
    everybody = {"zh": f"全体{choose(unit, 'zh').text}", "en": f"all {choose(unit, 'en').text}"}
    some = {"zh": f"符合条件的{choose(unit, 'zh').text}", "en": f"eligible {choose(unit, 'en').text}"}
    whom = service.whom or (some if service.eligible else everybody)
    said = {
        "zh": f"{service.label['zh']}（{whom['zh']}）",
        "en": f"{service.label['en']} ({lower_first(whom['en'])})",
    }
    if service.item is None:
        return said
    item = item_label(crosswalk_of(survey.study), service.item)
    return {
        "zh": f"{said['zh']}　国家清单：{item['zh']}",
        "en": f"{said['en']}. National list: {lower_first(item['en'])}",
    }


def _by_group(survey: MonitoringRound, services: list[PublicService], group: str) -> list[Block]:
    """What of each service does not reach the levels of one group: the gap, or awareness where use was not asked."""
    if group not in {one.name for one in survey.study.groups}:
        return []
    safe = protect(service_estimates(survey, group), policy_of(survey))
    wanted = {one.id: "gap" if one.use else "awareness" for one in services}
    asked = [wanted[name] for name in safe.frame["indicator"]]
    rows = safe.rows((safe.frame["option"] == asked) & (safe.frame["by"] != ""))
    if not len(rows.frame):
        return []
    sections = {one.id: _measure_label(one, wanted[one.id]) for one in services}
    name = lower(survey.label(group, str(rows.frame["unit"].iloc[0])))
    return [
        estimates_table(
            rows,
            caption={
                "zh": f"服务的知晓与缺口，按{choose(name, 'zh').text}",
                "en": f"Services by {choose(name, 'en').text}: awareness and gap",
            },
            rows=level_naming(survey, rows),
            section=Naming("indicator", sections),
            columns=("estimate", "interval", Column("n", ANSWERED, "count"), "n_need"),
        )
    ]


def _measure_label(service: PublicService, option: str) -> dict[str, str]:
    return {
        "zh": f"{service.label['zh']}：{MEASURES[option]['zh']}",
        "en": f"{service.label['en']}: {lower_first(MEASURES[option]['en'])}",
    }


def _not_computed(survey: MonitoringRound, naming: Naming) -> list[Block]:
    names = [one.where.removeprefix("services: ") for one in service_findings(survey)]
    if not names:
        return []
    labels = [naming.label(name) for name in names]
    text = {
        "zh": f"问卷没有问到、无法计算的服务：{joined([one['zh'] for one in labels], 'zh')}。",
        "en": "Services that the questionnaire does not ask about and that could not be computed: "
        f"{joined([one['en'] for one in labels], 'en')}.",
    }
    return [Note(text, "warning")]


def services_defined(survey: MonitoringRound) -> list[Block]:
    """How every service is computed, as declared; nothing where study.yml declares none.

    Parameters
    ----------
    survey : MonitoringRound
    """
    services = read_services(survey.study)
    if not services:
        return []
    rows = [
        {
            "label": dict(one.label),
            "unit": dict(unit_label(survey, one.unit)),
            "eligible": one.eligible or {"zh": "全体", "en": "everybody"},
            "asked": {code: _asked(one, code) for code in REPORT_LANGUAGES},
        }
        for one in services
    ]
    columns = [
        Column("label", {"zh": "服务", "en": "Service"}),
        Column("unit", {"zh": "单位", "en": "Unit"}),
        Column("eligible", {"zh": "符合条件", "en": "Eligible"}),
        Column("asked", {"zh": "计算（问卷表达式）", "en": "Computed (expressions)"}),
    ]
    caption = {"zh": "服务的计算", "en": "How the services are computed"}
    return [Table(caption, columns, rows)]


def _asked(service: PublicService, language: str) -> str:
    texts = {
        "awareness": service.know,
        "coverage": service.use,
        "refused": service.refused,
        "want": service.want,
    }
    colon, join = ("：", "；") if language == "zh" else (": ", "; ")
    return join.join(f"{MEASURES[option][language]}{colon}{text}" for option, text in texts.items() if text)
