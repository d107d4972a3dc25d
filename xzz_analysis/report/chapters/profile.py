"""Who needs more, in whose eyes a need is one, and what families say they want."""

from __future__ import annotations

from typing import Any

from xzz_analysis.disclosure.comparisons import protect_differences
from xzz_analysis.disclosure.protect import Protected, protect
from xzz_analysis.errors import StudyError
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.indicator import DOMAINS, KINDS
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.place import can_compare
from xzz_analysis.needs.profile import compare_groups, need_figures, need_matrix, stated_priorities
from xzz_analysis.report.blocks import Block, Column, Paragraph, Table
from xzz_analysis.report.chapters.naming import counted_units, indicator_naming, policy_of
from xzz_analysis.report.chapters.rankings import RANK, rank_text, ranking_tables
from xzz_analysis.report.sentences import clear_gaps, lower_first, statement
from xzz_analysis.report.sentences.changes import POINTS
from xzz_analysis.report.sentences.levels import INTERVAL_WORD
from xzz_analysis.report.tables import Naming, estimates_table, printed_figures, unit_of
from xzz_analysis.report.theme import figure_text, interval_text, level_unit
from xzz_analysis.survey.estimates import Estimates, group_pairs
from xzz_analysis.survey.testing.contrast import MINUS

TESTED: dict[str, str] = {
    "zh": "差别按全部指标作校正（Holm）以后仍然显著，才说有明确差别。",
    "en": "A difference is called clear when it stays significant after all indicators are taken together (Holm).",
}


def compared_levels(survey: MonitoringRound) -> list[Block]:
    """Every indicator of one level of a group beside the reference; nothing where study.yml names none."""
    declared = survey.study.settings.profile
    if not declared.group or not can_compare(survey, declared.group, declared.reference):
        return []
    if not declared.reference:
        raise StudyError(f"{survey.study.path.name}: profile names group {declared.group!r} and no reference level")
    safe = protected_differences(survey)
    if not len(safe.frame):
        return []
    naming = indicator_naming(survey)
    domains = {one.id: dict(DOMAINS[one.domain]) for one in survey.indicators}
    safe = safe.with_column("domain_name", [domains[one]["en"] for one in safe.frame["indicator"]])
    sections = {label["en"]: label for label in DOMAINS.values()}
    name, against = _levels(survey, safe)
    columns: list[str | Column] = [
        Column("of_level", dict(name), "level", decimals=2),
        Column("of_reference", dict(against), "level", decimals=2),
        Column("estimate", {"zh": "差别", "en": "Difference"}, "figure", decimals=2),
        "interval",
    ]
    caption = {
        language: f"{choose(name, language).text}{mark}{choose(against, language).text}"
        for language, mark in (("zh", "与"), ("en", " and "))
    }
    section = Naming("domain_name", sections)
    table = estimates_table(
        safe, caption=caption, rows=naming, columns=columns, section=section, notes=[TESTED], decimals=2
    )
    return [_clear(safe, naming, (name, against)), table]


def protected_differences(survey: MonitoringRound) -> Protected:
    """Differences between the declared level and its reference, as they may be shown."""
    declared = survey.study.settings.profile
    made = compare_groups(survey, declared.group, declared.reference)
    return protect_differences(made, protect(survey.needs(declared.group), policy_of(survey)))


def clear_levels(survey: MonitoringRound, indicators: set[str]) -> Paragraph:
    """Which of some indicators clearly differ between the levels that study.yml compares.

    Parameters
    ----------
    survey : MonitoringRound
        Its study declares ``profile`` with a group and a reference.
    indicators : set of str
        Those to speak of; all are tested together.
    """
    safe = protected_differences(survey)
    own = safe.rows(safe.frame["indicator"].isin(indicators))
    units = dict(zip(own.frame["by"], own.frame["unit"], strict=True))
    levels = {by: _sides(survey, by, unit) for by, unit in units.items()}
    return clear_gaps(own, indicator_naming(survey), levels)


def _levels(survey: MonitoringRound, safe: Protected) -> tuple[Label, Label]:
    """What both levels are called."""
    return _sides(survey, str(safe.frame["by"].iloc[0]), str(safe.frame["unit"].iloc[0]))


def _sides(survey: MonitoringRound, by: str, unit: str) -> tuple[Label, Label]:
    """What both sides of a difference are called."""
    ((group, levels),) = group_pairs(by)
    first, second = (survey.label(group, unit, level) or {"": level} for level in levels.split(MINUS))
    return (
        {language: choose(first, language).text for language in REPORT_LANGUAGES},
        {language: choose(second, language).text for language in REPORT_LANGUAGES},
    )


def _clear(safe: Protected, naming: Naming, levels: tuple[Label, Label]) -> Paragraph:
    """The clear differences, largest first, at most five; how many more there are."""
    printed = printed_figures(safe.frame, 2)
    clear = printed[(safe.frame["p_adjusted"] < 0.05) & safe.frame["estimate"].notna()]
    shares = clear[clear["unit"] == "points"].sort_values("estimate", key=abs, ascending=False, kind="stable")
    rows = [dict(row) for row in shares.head(5).to_dict("records")]
    if not rows:
        return Paragraph(
            {
                "zh": "两组之间没有一项比例的差别超出抽样误差所能解释的范围；这不等于没有差别。",
                "en": "No share differs between the two by more than sampling error can explain; that is not to say that "
                "they are alike.",
            }
        )
    said = {language: [said_difference(row, naming, levels, language) for row in rows] for language in REPORT_LANGUAGES}
    zh, en = (choose(levels[0], language).text for language in REPORT_LANGUAGES)
    text = {
        "zh": f"{zh}与{choose(levels[1], 'zh').text}差别明确，差距最大的是：{'；'.join(said['zh'])}。",
        "en": f"The two ({lower_first(en)}, {lower_first(choose(levels[1], 'en').text)}) clearly differ, most of all in: "
        f"{'; '.join(said['en'])}.",
    }
    return Paragraph(text, [str(row["result_id"]) for row in rows])


def said_difference(row: dict[Any, Any], naming: Naming, levels: tuple[Label, Label], language: str) -> str:
    """A difference in words: both figures, how far they are apart, and the interval."""
    unit = str(row["unit"])
    shown = [figure_text(float(str(row[side])), level_unit(unit), 2) for side in ("of_level", "of_reference")]
    name = choose(naming.label(row["indicator"]), language).text
    word = INTERVAL_WORD[row["kind"] == "nonprobability"][language].format(level=f"{float(str(row['level'])):.0%}")
    span = interval_text(float(str(row["low"])), float(str(row["high"])), language, unit=unit, decimals=2)
    moved = figure_text(float(str(row["estimate"])), unit, 2) + POINTS[language]
    if language == "zh":
        return f"{name}（{shown[0]}比{shown[1]}，相差{moved}，{word}{span}{POINTS[language]}）"
    return f"{lower_first(name)} ({shown[0]} against {shown[1]}, {moved}; {word} {span}{POINTS[language]})"


def kinds_table(survey: MonitoringRound) -> Table:
    """Domain × kind of need: the most frequent need of each, and how many were measured."""
    figures = need_figures(survey)
    matrix = need_matrix(figures, figures.iloc[:0])
    shown = {row["result_id"]: row for row in protect(survey.needs(), policy_of(survey)).frame.to_dict("records")}
    naming = indicator_naming(survey)
    rows = []
    for row in matrix.to_dict("records"):
        line = {
            "section": dict(DOMAINS[row["domain"]]),
            "kind": dict(KINDS[row["need_kind"]]),
            "count": int(row["indicators"]),
        }
        found = shown.get(str(row["highest_result_id"]))
        if found is not None and not found["suppressed"]:
            line |= {
                "need": naming.label(row["highest_indicator"]),
                "estimate": round(float(found["estimate"]), 3),
                "unit": unit_of(str(found["statistic"])),
                "result_id": found["result_id"],
            }
        else:
            line |= {"need": dict(NO_NEED["none" if not row["indicators"] else "no_share"])}
        rows.append(line)
    columns = [
        Column("kind", {"zh": "需求类型", "en": "Kind of need"}),
        Column("need", {"zh": "其中最常见的", "en": "The most frequent"}),
        Column("estimate", {"zh": "比例", "en": "Share"}, "figure"),
        Column("count", {"zh": "测量的指标数", "en": "Indicators"}, "count"),
    ]
    caption = {"zh": "四个领域、四种需求", "en": "Four domains, four kinds of need"}
    return Table(caption, columns, rows, [KINDS_NOTE])


NO_NEED: dict[str, Label] = {
    "none": {"zh": "本轮没有测量", "en": "not measured in this round"},
    "no_share": {"zh": "没有可以公布的比例", "en": "no share that can be published"},
}
KINDS_NOTE: dict[str, str] = {
    "zh": "按布拉德肖（1972）的四种需求划分；没有测量的格子不等于没有需求。",
    "en": "After Bradshaw's four kinds of need (1972); a cell that was not measured does not say that there is no need.",
}


def wanted_help(survey: MonitoringRound) -> list[Block]:
    """What families say they want, in their own order, with how far the order is known.

    Without a question named in study.yml it is what the indicators say that rank options.
    """
    safe = protected_priorities(survey)
    if safe is None:
        return ranking_tables(survey)
    frame = safe.frame
    declared = survey.study.settings.profile
    shares = safe.rows(
        (frame["statistic"] == ("share" if "share" in set(frame["statistic"]) else "named")) & (frame["by"] == "")
    )
    order = shares.frame["estimate"].fillna(-1.0).sort_values(ascending=False, kind="stable").index
    shares = shares.ordered(list(order))
    ranks = frame[frame["statistic"] == "rank"].set_index("option")
    texts = [
        rank_text(ranks.loc[option]) if option in ranks.index else {"zh": "–", "en": "–"}
        for option in shares.frame["option"]
    ]
    shares = shares.with_texts("rank", texts)
    asked = str(shares.frame["indicator"].iloc[0])
    labels = {one: survey.label(asked.split(", ")[0], declared.unit, one) for one in shares.frame["option"]}
    naming = Naming("option", labels, {"zh": "希望得到的帮助", "en": "Help wanted"})
    columns: list[str | Column] = [
        "estimate",
        "interval",
        RANK,
        "n",
        "n_need",
    ]
    caption = {"zh": "家庭希望得到的帮助", "en": "The help families want"}
    table = estimates_table(shares, caption=caption, rows=naming, columns=columns)
    top = printed_figures(shares.frame).iloc[0]
    unit = counted_units(survey)[declared.unit]
    said = {
        language: statement(top.to_dict(), naming.label(top["option"]), unit, language) for language in REPORT_LANGUAGES
    }
    if top["estimate"] != top["estimate"]:
        return [table]
    text = {
        "zh": f"家庭提得最多的是{said['zh']}。",
        "en": f"Named most often: {lower_first(said['en'])}.",
    }
    return [Paragraph(text, [str(top["result_id"])]), table]


def protected_priorities(survey: MonitoringRound) -> Protected | None:
    """What families say they want, as it may be shown; None where study.yml names no question."""
    declared = survey.study.settings.profile
    if not declared.asked or declared.unit not in survey.units:
        return None
    made: Estimates = stated_priorities(survey, declared.unit, declared.asked)
    return protect(made, policy_of(survey))
