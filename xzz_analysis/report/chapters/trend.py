"""How needs go on over three rounds or more: a slope a year with its interval, and a small figure."""

from __future__ import annotations

from functools import reduce

import pandas as pd

from xzz_analysis.disclosure.comparisons import protect_made
from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.rounds import middle_of, rounds_until, trends
from xzz_analysis.report.blocks import Block, Column
from xzz_analysis.report.chapters.change import DECIMALS
from xzz_analysis.report.chapters.naming import indicator_naming
from xzz_analysis.report.lines import round_lines
from xzz_analysis.report.sentences import verdict
from xzz_analysis.report.sentences.rounds import TRENDS, clear_trends
from xzz_analysis.report.tables import Naming, estimates_table
from xzz_analysis.survey.change.trend import FEWEST

PANELS = 9
"""Needs that are drawn, those that move most beside their error first."""

BENT: dict[bool, dict[str, str]] = {
    False: {"zh": "", "en": ""},
    True: {"zh": "不在一条直线上", "en": "not on a line"},
}
"""Whether the test of the line says that the slope does not describe what happened."""

EXPLAINED: dict[str, str] = {
    "zh": "趋势是穿过各轮估计值的直线（广义最小二乘，轮次之间的相关已计入），以访问期的中点计时；"
    "只有按全部指标校正（Holm）后仍显著才说有趋势。",
    "en": "A trend is a line through the estimates of all rounds (generalised least squares, with what they have in "
    "common), each round at the middle of its fieldwork; it is called one only when it stays significant with all "
    "indicators taken together (Holm).",
}


def trend_chapter(survey: MonitoringRound) -> list[Block]:
    """Slopes of every indicator through all rounds up to this one; nothing with fewer than three."""
    rounds = [] if survey.place else rounds_until(survey)
    slopes = protected_trends(rounds)
    if slopes is None or not len(slopes.frame):
        return []
    naming = indicator_naming(survey)
    return [clear_trends(slopes, naming, len(rounds)), *_drawn(rounds, slopes, naming), _table(survey, slopes, naming)]


def protected_trends(rounds: list[MonitoringRound]) -> Protected | None:
    """The slopes through some rounds, as they may be shown; None for fewer than three."""
    if len(rounds) < FEWEST:
        return None
    return protect_made(trends(rounds), _levels(rounds))


def _levels(rounds: list[MonitoringRound]) -> list[Protected]:
    policy = Policy.of(rounds[-1].study)
    return [protect(one.needs(), policy) for one in rounds]


def _drawn(rounds: list[MonitoringRound], slopes: Protected, naming: Naming) -> list[Block]:
    """The needs that move most beside their error, round by round."""
    frame = slopes.frame[slopes.frame["statistic"] == "share_trend"]
    moved = frame.loc[frame["t"].abs().sort_values(ascending=False, kind="stable").index]
    chosen = list(moved.loc[moved["estimate"].notna(), "indicator"].head(PANELS))
    if not chosen:
        return []
    levels = reduce(Protected.joined, _levels(rounds))
    order = levels.frame["indicator"].map({name: place for place, name in enumerate(chosen)}).dropna()
    shares = levels.ordered(list(order.sort_values(kind="stable").index))
    days = {one.name: middle_of(one) for one in rounds}
    caption = {"zh": "各轮的比例", "en": "Shares from round to round"}
    return [round_lines(shares, days, rows=naming, caption=caption)]


def _table(survey: MonitoringRound, slopes: Protected, naming: Naming) -> Block:
    domains = {one.id: dict(DOMAINS[one.domain]) for one in survey.indicators}
    order = slopes.frame["indicator"].map({one.id: list(DOMAINS).index(one.domain) for one in survey.indicators})
    slopes = slopes.ordered(list(order.sort_values(kind="stable").index))
    rows = slopes.frame.to_dict("records")
    told = slopes.with_texts("verdict", [TRENDS[verdict(row)] for row in rows])
    told = told.with_texts("line", [BENT[bool(pd.notna(row["fit_p"]) and row["fit_p"] < 0.05)] for row in rows])
    told = told.with_column("domain_name", [domains[row["indicator"]]["en"] for row in rows])
    columns: list[str | Column] = [
        Column("estimate", {"zh": "平均每年", "en": "A year"}, "figure", decimals=DECIMALS),
        "interval",
        Column("rounds", {"zh": "轮次数", "en": "Rounds"}, "count"),
        Column("verdict", {"zh": "判断", "en": "Verdict"}),
        Column("line", {"zh": "直线检验", "en": "Test of the line"}),
    ]
    return estimates_table(
        told,
        caption={"zh": "各轮的趋势", "en": "Trends over all rounds"},
        rows=naming,
        columns=columns,
        section=Naming("domain_name", {label["en"]: label for label in DOMAINS.values()}),
        notes=[EXPLAINED],
        decimals=DECIMALS,
    )
