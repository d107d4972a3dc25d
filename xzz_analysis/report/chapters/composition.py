"""What the clear changes are made of: change inside groups, and another mix of groups among those who answered."""

from __future__ import annotations

from functools import reduce

from xzz_analysis.disclosure.comparisons import protect_made
from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.language import Label, choose
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.rounds import change_parts
from xzz_analysis.report.blocks import Block, Column
from xzz_analysis.report.chapters.change import DECIMALS, earlier_round, protected_changes
from xzz_analysis.report.chapters.naming import indicator_naming
from xzz_analysis.report.sentences import lower_first, verdict
from xzz_analysis.report.sentences.rounds import split_changes
from xzz_analysis.report.tables import Naming, estimates_table
from xzz_analysis.survey.sampling import find_groups

PARTS: dict[str, Label] = {
    "change": {"zh": "变化", "en": "Change"},
    "within": {"zh": "其中：组内变化", "en": "of it inside the groups"},
    "mix": {"zh": "其中：构成变化", "en": "of it from their mix"},
}
"""A change and Kitagawa's two parts of it, by the last word of the statistic."""

EXPLAINED: dict[str, str] = {
    "zh": "比例以百分点计，均值以原单位计。按 Kitagawa（1955）的方法拆分，两部分相加等于变化；分组不详的回答者不计入，所以变化可能与前文略有出入。"
    "任何一组有一轮的数字不予公布，整个拆分就不公布。",
    "en": "Shares in percentage points, means in their own units. Split after Kitagawa (1955): both parts add up to the change. Respondents whose group is not known are left "
    "out, so the change may differ a little from the one above. Where the figure of any group is withheld in a round, so "
    "is the whole split.",
}


def composition_chapter(survey: MonitoringRound) -> list[Block]:
    """Every clear change split over the groups that study.yml names under ``composition``; nothing without any."""
    groups = [] if survey.place else survey.study.settings.composition
    find_groups(survey.study, groups)
    if not groups:
        return []
    changes = protected_changes(survey).frame
    clear = [row["indicator"] for row in changes.to_dict("records") if verdict(row) in ("rose", "fell")]
    before = earlier_round(survey)
    made = [protected_parts(before, survey, group) for group in groups] if clear else []
    chosen = [one.rows(one.frame["indicator"].isin(clear)) for one in made]
    chosen = [one for one in chosen if len(one.frame)]
    if not chosen:
        return []
    parts = reduce(Protected.joined, chosen)
    order = parts.frame.assign(place=parts.frame["indicator"].map({name: n for n, name in enumerate(clear)}))
    parts = parts.ordered(list(order.sort_values("place", kind="stable").index))
    return [*split_changes(parts, indicator_naming(survey), _labels(survey, parts)), _table(survey, parts)]


def protected_parts(before: MonitoringRound, survey: MonitoringRound, group: str) -> Protected:
    """The parts of every change over one group, as they may be shown."""
    policy = Policy.of(survey.study)
    levels = [protect(one.needs(group), policy) for one in (before, survey)]
    return protect_made(change_parts(before, survey, group), levels)


def _labels(survey: MonitoringRound, parts: Protected) -> dict[str, Label]:
    units = dict(zip(parts.frame["over"], parts.frame["unit"], strict=True))
    return {group: survey.label(group, unit) for group, unit in units.items()}


def _table(survey: MonitoringRound, parts: Protected) -> Block:
    frame, naming, groups = parts.frame, indicator_naming(survey), _labels(survey, parts)
    keys = [f"{name}\x1f{over}" for name, over in zip(frame["indicator"], frame["over"], strict=True)]
    sections = {}
    for key in dict.fromkeys(keys):
        name, _, over = key.partition("\x1f")
        labels = naming.label(name), groups[over]
        zh, en = ([choose(label, language).text for label in labels] for language in ("zh", "en"))
        sections[key] = {"zh": f"{zh[0]}，按{zh[1]}", "en": f"{en[0]}, by {lower_first(en[1])}"}
    safe = parts.with_column("split", keys).with_column("part", list(frame["statistic"].str.rpartition("_")[2]))
    columns: list[str | Column] = [
        Column("estimate", {"zh": "变化", "en": "Change"}, "figure", decimals=DECIMALS),
        "interval",
        Column("n", {"zh": "两轮有效回答", "en": "Answered, both rounds"}, "count"),
    ]
    return estimates_table(
        safe,
        caption={"zh": "明确变化的两个部分", "en": "The two parts of every clear change"},
        rows=Naming("part", PARTS, {"zh": "部分", "en": "Part"}),
        columns=columns,
        section=Naming("split", sections),
        notes=[EXPLAINED],
        decimals=DECIMALS,
    )
