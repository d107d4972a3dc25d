"""Official figures beside the survey's own, each with the people it counts in the same cell."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import xzz_analysis
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.needs.facts import Facts, benchmark
from xzz_analysis.needs.facts import facts as read_facts
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.report.blocks import Block, Column, Table
from xzz_analysis.report.chapters.naming import population_of
from xzz_analysis.report.tables import printed_figures, unit_of
from xzz_analysis.study import Study

CAPTION: dict[str, str] = {"zh": "与官方数字对照", "en": "Beside official figures"}

NOTE: dict[str, str] = {
    "zh": "官方数字的统计范围与本次调查不同，只作参照，不能相减。",
    "en": "Official figures count other people than this survey does: they are a reference, and no difference of the "
    "two means anything.",
}

UNCHECKED: dict[str, str] = {
    "zh": "标有“未核对”的官方数字还没有人与发布机构的原文核对过，仍然印出的理由：{}",
    "en": "Official figures marked 'not yet checked' have been compared with the publisher's own page by nobody; why they "
    "are printed all the same: {}",
}
"""What is said where study.yml accepts unchecked facts."""


def benchmark_table(survey: MonitoringRound, needs: Protected) -> list[Block]:
    """The indicators of a table that an official figure may stand beside; nothing where there is none.

    Parameters
    ----------
    survey : MonitoringRound
    needs : Protected
        Estimates for the whole.
    """
    whom = population_of(survey)
    known = study_facts(survey.study)
    shown = set(needs.frame["indicator"])
    rows = [
        row
        for indicator in survey.indicators
        if indicator.id in shown
        for row in benchmark(indicator, known, printed_figures(needs.frame), whom)
    ]
    if not rows:
        return []
    columns = [
        Column("label", {"zh": "需求", "en": "Need"}),
        Column("estimate", {"zh": "本次调查", "en": "This survey"}, "figure"),
        Column("fact_cell", {"zh": "官方数字及其统计范围", "en": "Official figure, and whom it counts"}),
    ]
    body = [
        {
            "label": row["label"],
            "estimate": None if row["estimate"] != row["estimate"] else float(row["estimate"]),
            "fact_cell": row["fact_cell"],
            "unit": unit_of(row["statistic"]),
            "result_id": row["result_id"],
            "fact": row["fact"],
            **({"absent": row["reason"]} if row["reason"] else {}),
        }
        for row in rows
    ]
    notes = [NOTE, *_accepted(survey, known.unchecked(row["fact"] for row in rows))]
    return [Table(dict(CAPTION), columns, body, notes)]


def _accepted(survey: MonitoringRound, unchecked: Iterable[str]) -> list[dict[str, str]]:
    """Why figures that nobody has checked are printed, as study.yml says; each reason once."""
    declared = survey.study.settings.unchecked_facts
    reasons = [declared[name] for name in unchecked if name in declared]
    once = {tuple(reason.items()): reason for reason in reasons}.values()
    return [{language: text.format(reason[language]) for language, text in UNCHECKED.items()} for reason in once]


def study_facts(study: Study) -> Facts:
    """The study's own facts, else those that come with the library."""
    own = study.settings.facts
    here = Path(xzz_analysis.__file__).parent
    shipped = here / "facts" if (here / "facts").is_dir() else here.parent / "data" / "facts"
    return _facts(shipped if own is None else own)


@cache
def _facts(folder: Path) -> Facts:
    return read_facts(folder)
