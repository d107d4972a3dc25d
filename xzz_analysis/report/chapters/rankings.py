"""What people put first, by indicators that rank options."""

from __future__ import annotations

from typing import Any

from xzz_analysis.disclosure.protect import Protected, protect
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.indicator import Indicator
from xzz_analysis.needs.instruments import ranked, ranking_indicators
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.report.blocks import Block, Column, Paragraph
from xzz_analysis.report.chapters.naming import Bilingual, counted_units, policy_of, unit_label
from xzz_analysis.report.sentences import lower_first, statement
from xzz_analysis.report.tables import Naming, estimates_table, printed_figures

PLACES: dict[str, Label] = {
    "first_choice": {"zh": "列为第一", "en": "Put first"},
    "named": {"zh": "提到（不论名次）", "en": "Named at any place"},
}
"""Shares that the table of a ranking prints, in its order."""

RANK = Column("rank", {"zh": "名次（可能范围）", "en": "Rank (range)"})

RANKED: Bilingual = {
    "zh": "名次按得分排：列为第一得分最高，往后每一名少1分，没有提到的得0分；括号内是抽样误差不能排除的名次。",
    "en": "Ranks are by score: the first choice counts most, each later one a point less, and what is not named nothing; "
    "in brackets, the ranks that sampling error does not exclude.",
}


def ranking_tables(survey: MonitoringRound) -> list[Block]:
    """What every indicator that ranks options says; nothing where the study has none."""
    return [block for one in ranking_indicators(survey) for block in _ranking(survey, one)]


def _ranking(survey: MonitoringRound, indicator: Indicator) -> list[Block]:
    made = ranked(survey, indicator.id)
    if not len(made):
        return []
    safe = protect(made, policy_of(survey))
    shares = _shares(safe)
    options = survey.dataset.question(indicator.unit, indicator.rank[0])
    labels = {one: options.option_label(one) or {"": one} for one in shares.frame["option"]}
    naming = Naming("option", labels, {"zh": "选项", "en": "Option"})
    table = estimates_table(
        shares,
        caption={language: choose(indicator.label, language).text for language in REPORT_LANGUAGES},
        rows=naming,
        section=Naming("statistic", PLACES),
        columns=["estimate", "interval", RANK, "n", "n_need"],
        notes=[RANKED],
    )
    return [*_most_wanted(survey, shares, naming), table]


def _shares(safe: Protected) -> Protected:
    """First choices and mentions, each by rank, with the rank and its range in words."""
    frame = safe.frame
    ranks = frame[frame["statistic"] == "rank"].set_index("option")
    shares = safe.rows(frame["statistic"].isin(list(PLACES)))
    place = shares.frame["option"].map(ranks["estimate"])
    order = shares.frame.assign(
        place=place, shown=shares.frame["statistic"].map(list(PLACES).index), share=-shares.frame["estimate"]
    )
    order = order.sort_values(["shown", "place", "share"], kind="stable", na_position="last")
    shares = shares.ordered(list(order.index))
    return shares.with_texts("rank", [rank_text(ranks.loc[option]) for option in shares.frame["option"]])


def _most_wanted(survey: MonitoringRound, shares: Protected, naming: Naming) -> list[Block]:
    """What is put first most often, in a sentence; none where no share can be published."""
    first = shares.frame[(shares.frame["statistic"] == "first_choice") & shares.frame["estimate"].notna()]
    if not len(first):
        return []
    unit = str(first["unit"].iloc[0])
    top = printed_figures(first).sort_values("estimate", ascending=False, kind="stable").iloc[0].to_dict()
    counted = counted_units(survey)[unit]
    said = {language: statement(top, naming.label(top["option"]), counted, language) for language in REPORT_LANGUAGES}
    whom = choose(unit_label(survey, unit), "zh").text
    text = {"zh": f"{whom}列为第一最多的是{said['zh']}。", "en": f"Put first most often: {lower_first(said['en'])}."}
    return [Paragraph(text, [str(top["result_id"])])]


def rank_text(row: Any) -> dict[str, str]:
    """A rank with the ranks that are possible, from a row of ranks; a dash where there is none."""
    place, low, high = (row[name] for name in ("estimate", "low", "high"))
    if place != place:
        return {"zh": "–", "en": "–"}
    span = f"{low:.0f}" if low == high else f"{low:.0f}–{high:.0f}"
    return {"zh": f"{place:.0f}（{span}）", "en": f"{place:.0f} ({span})"}
