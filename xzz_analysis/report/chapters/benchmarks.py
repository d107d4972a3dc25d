"""Official figures beside the survey's own, each with the people it counts in the same cell."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import xzz_analysis
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.needs.facts import Facts, benchmark
from xzz_analysis.needs.facts import facts as read_facts
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.report.blocks import Block, Column, Table
from xzz_analysis.report.tables import printed_figures, unit_of

CAPTION: dict[str, str] = {"zh": "与官方数字对照", "en": "Beside official figures"}

NOTE: dict[str, str] = {
    "zh": "官方数字的统计范围与本次调查不同，只作参照，不能相减。",
    "en": "Official figures count other people than this survey does: they are a reference, and no difference of the "
    "two means anything.",
}


def benchmark_table(survey: MonitoringRound, needs: Protected) -> list[Block]:
    """The indicators of a table that an official figure may stand beside; nothing where there is none.

    Parameters
    ----------
    survey : MonitoringRound
    needs : Protected
        Estimates for the whole.
    """
    population = survey.study.settings.population
    whom = {"zh": population.zh, "en": population.en}
    known = _facts(facts_folder(survey))
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
            **({"absent": row["reason"]} if row["reason"] else {}),
        }
        for row in rows
    ]
    return [Table(dict(CAPTION), columns, body, [NOTE])]


def facts_folder(survey: MonitoringRound) -> Path:
    """The study's folder of facts, else the one that comes with the library."""
    own = survey.study.settings.facts
    if own is not None:
        return own
    here = Path(xzz_analysis.__file__).parent
    return here / "facts" if (here / "facts").is_dir() else here.parent / "data" / "facts"


@cache
def _facts(folder: Path) -> Facts:
    return read_facts(folder)
