"""The first page: five findings, each with its interval and base."""

from __future__ import annotations

from typing import Any

from xzz_analysis.disclosure.protect import Protected, protect
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.place import own_groups
from xzz_analysis.report.blocks import Block, Figure, Paragraph, Table
from xzz_analysis.report.chapters.change import protected_changes
from xzz_analysis.report.chapters.naming import counted_units, indicator_naming, policy_of, unit_labels
from xzz_analysis.report.chapters.place import place_flow
from xzz_analysis.report.chapters.quality import flow_counts
from xzz_analysis.report.drawings import flow_figure
from xzz_analysis.report.sentences import lower_first, statement, verdict
from xzz_analysis.report.sentences.changes import change_text
from xzz_analysis.report.tables import Naming, printed_figures
from xzz_analysis.survey.estimates import group_pairs

FINDINGS = 5
"""How many findings the summary states."""


def summary(survey: MonitoringRound) -> list[Block]:
    """The most frequent need of every domain, then the largest clear change, each with interval and base.

    A need whose figure is not reliable enough to be quoted alone is passed over.
    """
    needs = protect(survey.needs(), policy_of(survey))
    blocks: list[Block] = [_leading(survey, needs, domain) for domain in DOMAINS if _best(survey, needs, domain)]
    before = survey.earlier()
    if before is not None and {one.unit for one in survey.indicators} & set(survey.units) & set(before.units):
        blocks += _largest_change(survey)
    return blocks[:FINDINGS]


def _best(survey: MonitoringRound, needs: Protected, domain: str) -> list[dict[Any, Any]]:
    """The row of the most frequent need of a domain that may be quoted alone; at most one."""
    own = [one.id for one in survey.indicators if one.domain == domain]
    frame = printed_figures(needs.frame).assign(whom=needs.frame["unit"])
    quotable = frame["estimate"].notna() & ~frame["flags"].str.contains("suppress", na=False)
    shares = frame[frame["indicator"].isin(own) & (frame["statistic"] == "share") & quotable]
    return [dict(row) for row in shares.nlargest(1, "estimate").to_dict("records")]


def _leading(survey: MonitoringRound, needs: Protected, domain: str) -> Paragraph:
    (row,) = _best(survey, needs, domain)
    label, unit = indicator_naming(survey).label(row["indicator"]), counted_units(survey)[str(row["whom"])]
    sides = [] if _drawn(survey) else _sides(survey, row)
    if sides:
        return Paragraph(_groups_first(survey, row, sides, domain), [str(one["result_id"]) for one in (*sides, row)])
    quoted = {**label, "en": f"“{choose(label, 'en').text}”"}
    said = {language: statement(row, quoted, unit, language) for language in REPORT_LANGUAGES}
    name = DOMAINS[domain]
    text = {
        "zh": f"{name['zh']}方面，最常见的需求是{said['zh']}。",
        "en": f"{name['en']}: the most frequent need is {said['en']}.",
    }
    return Paragraph(text, [str(row["result_id"])])


def _drawn(survey: MonitoringRound) -> bool:
    """Whether figures of all respondents together speak of a population."""
    return survey.study.design.kind != "nonprobability"


def _sides(survey: MonitoringRound, row: dict[Any, Any]) -> list[dict[Any, Any]]:
    """The highest and the lowest level of the first group that splits a need; none where fewer than two can be quoted."""
    for group in own_groups(survey):
        found = protect(survey.needs(group), policy_of(survey)).frame
        own = found[(found["indicator"] == row["indicator"]) & (found["statistic"] == "share")]
        shown = printed_figures(own[own["estimate"].notna() & ~own["flags"].str.contains("suppress", na=False)])
        if len(shown) > 1:
            ordered = shown.sort_values("estimate", ascending=False, kind="stable").to_dict("records")
            return [dict(ordered[0]), dict(ordered[-1])]
    return []


def _groups_first(
    survey: MonitoringRound, row: dict[Any, Any], sides: list[dict[Any, Any]], domain: str
) -> dict[str, str]:
    """A need of a sample that was not drawn: its groups first, since all together depend on how many of each were asked."""
    whom, name = str(row["whom"]), DOMAINS[domain]
    label, unit = indicator_naming(survey).label(row["indicator"]), counted_units(survey)[whom]
    ((group, _),) = group_pairs(str(sides[0]["by"]))
    said = {}
    for language in REPORT_LANGUAGES:
        high, low = (statement(one, survey.by_label(one["by"], whom), unit, language) for one in sides)
        every = statement(row, TOGETHER, unit, language)
        words = [choose(one, language).text for one in (label, survey.label(group, whom))]
        need, by = words if language == "zh" else (words[0], lower_first(words[1]))
        said[language] = GROUPS_FIRST[language].format(
            domain=name[language], need=need, by=by, high=high, low=low, all=every
        )
    return said


TOGETHER: Label = {"zh": "受访者合计", "en": "all who answered"}

GROUPS_FIRST: dict[str, str] = {
    "zh": "{domain}方面，最常见的需求是{need}。按{by}看，最高的是{high}，最低的是{low}；{all}。",
    "en": "{domain}: the most frequent need is “{need}”. By {by}, highest: {high}; lowest: {low}; {all}.",
}


def _largest_change(survey: MonitoringRound) -> list[Block]:
    """The clear change that is largest beside its error; none when nothing changed clearly."""
    changes = protected_changes(survey)
    printed = printed_figures(changes.frame, 2).to_dict("records")
    rows = changes.frame.to_dict("records")
    clear = [place for place, row in enumerate(rows) if verdict(row) in ("rose", "fell")]
    if not clear:
        return []
    largest = max(clear, key=lambda place: abs(rows[place]["estimate"] / rows[place]["se"]))
    row, naming = printed[largest], indicator_naming(survey)
    said = {language: change_text(row, naming.label(row["indicator"]), language) for language in REPORT_LANGUAGES}
    text = {"zh": f"与上一轮相比，{said['zh']}。", "en": f"Since the last round, {lower_first(said['en'])}."}
    return [Paragraph(text, [str(row["result_id"])])]


def flow(survey: MonitoringRound) -> Figure | Table:
    """How records became the sample, for every table of the study; of one place, who declined and who is in it."""
    if survey.place:
        return place_flow(survey)
    return flow_figure(flow_counts(survey), Naming("unit", unit_labels(survey)))
