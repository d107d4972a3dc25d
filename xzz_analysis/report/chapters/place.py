"""One place of a study: what the report is about, who answered there, and the place beside the whole study."""

from __future__ import annotations

import pandas as pd

from xzz_analysis.disclosure.comparisons import protect_differences
from xzz_analysis.disclosure.protect import Protected, protect, protect_counts
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.place import place_label
from xzz_analysis.needs.profile.matrix import against_whole
from xzz_analysis.report.blocks import Block, Column, Note, Paragraph, Table
from xzz_analysis.report.chapters.naming import both, indicator_naming, lower, policy_of, unit_labels
from xzz_analysis.report.chapters.profile import said_difference
from xzz_analysis.report.tables import Naming, counts_table, estimates_table, printed_figures
from xzz_analysis.survey.estimates import group_pairs
from xzz_analysis.survey.sampling import classify, consented, find_groups

WHOLE: Label = {"zh": "调查整体", "en": "Whole study"}
MOST = 5
"""Clear differences that the sentence names, the largest first."""


def titled(survey: MonitoringRound, zh: str, en: str) -> dict[str, str]:
    """A title with the place that the report is about."""
    label = place_label(survey)
    if not label:
        return {"zh": zh, "en": en}
    return {"zh": f"{zh}：{choose(label, 'zh').text}", "en": f"{en}: {choose(label, 'en').text}"}


def about_place(survey: MonitoringRound) -> list[Block]:
    """What a report on one place is about, and how it stands to the report on the whole study; nothing for the whole."""
    if not survey.place:
        return []
    ((group, _),) = group_pairs(survey.place)
    name, by = place_label(survey), lower(survey.label(group, survey.units[0]))
    said = {
        language: ABOUT[language].format(place=choose(name, language).text, by=choose(by, language).text)
        for language in REPORT_LANGUAGES
    }
    return [Note(said)]


ABOUT: dict[str, str] = {
    "zh": "本报告只说明{place}。误差按整个调查的抽样设计计算，数字与调查整体报告中按{by}列出的相同；"
    "在那里不予公布的数字，这里也不公布。",
    "en": "This report is about {place} only. Sampling errors follow from the design of the whole survey, figures are those "
    "that the report on the whole study gives by {by}, and what is withheld there is withheld here.",
}


def respondents(survey: MonitoringRound) -> dict[str, float]:
    """How many of each table of the study are in the sample, of one place where the round speaks of one.

    Returns
    -------
    dict of unit to number
        NaN where the number may not be shown.
    """
    units = [unit for unit in survey.units if unit in survey.study.tables]
    if not survey.place:
        return {unit: len(survey.sample(unit)) for unit in units}
    counts = place_counts(survey).frame.set_index("unit")["sample"]
    return {unit: float(counts[unit]) for unit in units}


def place_counts(survey: MonitoringRound) -> Protected:
    """Who declined and who is in the sample of the place, a row for each unit; protected beside the other places."""
    ((group, level),) = group_pairs(survey.place)
    units = [unit for unit in survey.units if unit in survey.study.tables]
    parts = [_by_level(survey.whole, unit, group) for unit in units]
    policy = policy_of(survey).whole
    safe = [protect_counts(part, ["declined", "sample"], policy, total=True) for part in parts]
    rows = [one.rows(one.frame["level"] == level) for one in safe]
    together = rows[0]
    for one in rows[1:]:
        together = together.joined(one)
    return together


def _by_level(survey: MonitoringRound, unit: str, group: str) -> pd.DataFrame:
    """Records of the round by the levels of a group: declined, and in the sample."""
    (declared,) = find_groups(survey.study, [group])
    today = survey.study.rounds[survey.name].collected[1]
    level = classify(survey.dataset, unit, declared, today=today)
    asked = (survey.dataset.unit(unit).rounds == survey.name).to_numpy()
    declined = asked & ~consented(survey.study, survey.dataset, unit)
    counted = {"declined": level[declined], "sample": survey.sample(unit).frame[group]}
    table = pd.DataFrame({name: one.value_counts() for name, one in counted.items()}).fillna(0)
    return table.rename_axis("level").reset_index().astype({"level": "str"}).assign(unit=unit)


def place_flow(survey: MonitoringRound) -> Table:
    """Who declined in the place and who is in the sample; repeats are of no place, and stand in the whole study's."""
    columns = [
        Column("declined", {"zh": "不同意受访", "en": "Declined"}, "count"),
        Column("sample", {"zh": "进入样本", "en": "In the sample"}, "count"),
    ]
    caption = both("{}的样本", "The sample of {}", place_label(survey))
    naming = Naming("unit", unit_labels(survey), {"zh": "对象", "en": "Of"})
    return counts_table(place_counts(survey), caption=caption, rows=naming, columns=columns)


def beside_whole(survey: MonitoringRound) -> list[Block]:
    """Every indicator of the place beside the whole study, with the difference tested; nothing for the whole."""
    if not survey.place:
        return []
    safe = protected_beside(survey)
    if not len(safe.frame):
        return []
    naming, name = indicator_naming(survey), place_label(survey)
    domains = {one.id: DOMAINS[one.domain]["en"] for one in survey.indicators}
    safe = safe.with_column("domain_name", [domains[one] for one in safe.frame["indicator"]])
    columns: list[str | Column] = [
        Column("of_level", {code: choose(name, code).text for code in REPORT_LANGUAGES}, "level", decimals=2),
        Column("of_reference", dict(WHOLE), "level", decimals=2),
        Column("estimate", {"zh": "差别", "en": "Difference"}, "figure", decimals=2),
        "interval",
    ]
    ((group, _),) = group_pairs(survey.place)
    by = lower(survey.label(group, survey.units[0]))
    note = {code: text.format(place=choose(name, code).text, by=choose(by, code).text) for code, text in INSIDE.items()}
    table = estimates_table(
        safe,
        caption=both("{}与调查整体", "{} and the whole study", name),
        rows=naming,
        columns=columns,
        section=Naming("domain_name", {label["en"]: label for label in DOMAINS.values()}),
        notes=[note],
        decimals=2,
    )
    return [_clear(safe, naming, name), table]


INSIDE: dict[str, str] = {
    "zh": "调查整体包括{place}在内。差别按全部指标、全部{by}一并作校正（Holm）以后仍然显著，才说有明确差别。",
    "en": "The whole study includes {place}. A difference is called clear when it stays significant after all indicators "
    "and every {by} are taken together (Holm).",
}


def protected_beside(survey: MonitoringRound) -> Protected:
    """Differences between a place and the whole study, as they may be shown: where both figures may."""
    policy = policy_of(survey)
    levels = protect(survey.needs(), policy).joined(protect(survey.whole.needs(), policy.whole))
    return protect_differences(against_whole(survey), levels)


def _clear(safe: Protected, naming: Naming, name: Label) -> Paragraph:
    """The clear differences from the whole study, largest first."""
    printed = printed_figures(safe.frame, 2)
    clear = printed[(safe.frame["p_adjusted"] < 0.05) & safe.frame["estimate"].notna() & (printed["unit"] == "points")]
    rows = clear.sort_values("estimate", key=abs, ascending=False, kind="stable").head(MOST).to_dict("records")
    text = {}
    for language in REPORT_LANGUAGES:
        place = choose(name, language).text
        said = [said_difference(row, naming, (name, WHOLE), language) for row in rows]
        mark = "；" if language == "zh" else "; "
        text[language] = CLEAR[bool(rows)][language].format(place=place, listed=mark.join(said))
    return Paragraph(text, [str(row["result_id"]) for row in rows])


CLEAR: dict[bool, dict[str, str]] = {
    True: {
        "zh": "{place}与调查整体差别明确，差距最大的是：{listed}。",
        "en": "{place} clearly differs from the whole study, most of all in: {listed}.",
    },
    False: {
        "zh": "{place}的各项比例与调查整体的差别都没有超出抽样误差所能解释的范围；这不等于没有差别。",
        "en": "No share of {place} differs from the whole study's by more than sampling error can explain; that is not to "
        "say that they are alike.",
    },
}
