"""Small communities: what each says itself, and what a model of all of them makes of it, side by side."""

from __future__ import annotations

from typing import Any

import pandas as pd

from xzz_analysis.disclosure.comparisons import protect_made
from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.language import REPORT_LANGUAGES, choose
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.profile import small_communities
from xzz_analysis.needs.profile.communities import FEWEST
from xzz_analysis.report.blocks import Block, Column, Note, Paragraph, Table
from xzz_analysis.report.chapters.naming import counted_units, indicator_naming, level_naming
from xzz_analysis.report.sentences import figure, statement
from xzz_analysis.report.tables import caution_of, estimates_table, printed_figures
from xzz_analysis.report.theme import CAUTION, figure_text, interval_text

TOO_FEW: dict[str, str] = {
    "zh": "可以公布的社区不足{fewest}个，社区之间的差异无法估计，所以不作模型估计；各社区自己的数字见分组附录。",
    "en": "Fewer than {fewest} communities can be published, too few to tell how much communities differ, so there is no "
    "model; each community's own figures are in the annex of groups.",
}
BORROWED: dict[str, str] = {
    "zh": "模型（Fay 和 Herriot 1979）把各社区自己的估计向全部社区的平均拉近，回答越少，拉近得越多；“借用”是平均数所占的分量。"
    "模型只用可以公布的社区；不予公布的社区没有模型估计。",
    "en": "The model (Fay and Herriot 1979) draws every community's own estimate towards the mean of all, the more so the "
    "fewer answered there; borrowed is the part that the mean has in it. Only communities that can be published are in the "
    "model: the others have no model estimate.",
}
UNRELIABLE: dict[str, str] = {
    "zh": "有的社区自己的估计不够可靠，不宜单独引用：有效回答不足 30 个，或者区间太宽。",
    "en": "Some communities' own estimates are not reliable enough to be quoted alone: fewer than 30 effective answers, or "
    "too wide an interval.",
}
HIGHEST: dict[str, str] = {
    "zh": "{need}：模型估计最高的是{said}；这个社区自己的估计是{own}。",
    "en": "{need}: highest by the model in {said}; the community's own estimate is {own}.",
}
ALIKE: dict[str, str] = {
    "zh": "{need}：各社区自己的数字虽有高低，都在抽样误差所能解释的范围以内，所以模型给每个社区同一个估计，{said}。",
    "en": "{need}: the communities' own figures differ by no more than sampling error can explain, so the model gives "
    "each of them the same, {said}.",
}
"""Said where the model finds no variance between the communities."""


def communities_chapter(survey: MonitoringRound) -> list[Block]:
    """Direct and model estimates of the most frequent need of every domain by community.

    Returns
    -------
    list of Block
        Nothing where study.yml declares no communities, and in a report on one place; the reason alone where too few
        communities can be published for a model.
    """
    if not community_group(survey):
        return []
    models = protected_communities(survey)
    if not len(models.frame):
        return [Note({code: text.format(fewest=FEWEST) for code, text in TOO_FEW.items()})]
    return [*_highest(survey, models), _table(survey, models)]


def community_group(survey: MonitoringRound) -> str:
    """The group whose levels are the study's communities; empty without, in a census, and in a report on one place."""
    declared = survey.study.settings.communities
    names = {group.name for group in survey.study.groups}
    sampled = survey.study.design.kind != "census" and not survey.place
    return declared.key if declared is not None and sampled and declared.key in names else ""


def protected_communities(survey: MonitoringRound) -> Protected:
    """Model estimates of the communities that are published, of needs with enough of them, beside their own figures.

    The model sees published figures alone, so that nothing it says tells of a community that is withheld.
    """
    group = community_group(survey)
    policy = Policy.of(survey.study)
    levels = protect(survey.needs(group) if group else survey.needs().iloc[:0], policy)
    direct = levels.frame[(levels.frame["statistic"] == "share") & levels.frame["estimate"].notna()]
    enough = direct.groupby("indicator")["result_id"].transform("size") >= FEWEST
    wanted = [name for name in _leading(survey) if name in set(direct.loc[enough, "indicator"])]
    if not wanted:
        return levels.rows(levels.frame["result_id"] == "")
    made, _ = small_communities(survey, group, indicators=wanted, shown=list(direct["result_id"]))
    own = direct.set_index(["indicator", "by"])[["low", "high", "result_id"]]
    own = own.reindex(pd.MultiIndex.from_frame(made[["indicator", "by"]]))
    made["direct_low"], made["direct_high"] = own["low"].to_numpy(float), own["high"].to_numpy(float)
    made["direct_id"] = own["result_id"].to_numpy()
    made["borrowed"] = 1 - made["shrinkage"].to_numpy(float)
    for name in ("direct", "direct_low", "direct_high", "borrowed"):
        made[name] = made[name].astype(float).round(3)  # as printed
    made["direct_flags"], made["flags"] = made["flags"], ""  # they say how reliable the direct figure is
    withheld = levels.rows(levels.frame["suppressed"] & levels.frame["indicator"].isin(made["indicator"]))
    return protect_made(made, [levels]).joined(withheld)


def _leading(survey: MonitoringRound) -> list[str]:
    """The most frequent need of every domain that may be quoted, at most one each."""
    needs = protect(survey.needs(), Policy.of(survey.study)).frame
    known = {one.id: one for one in survey.indicators}
    kept = (needs["statistic"] == "share") & needs["estimate"].notna() & ~needs["flags"].str.contains("suppress")
    is_need = needs["indicator"].map(lambda name: known[name].direction == "need").astype(bool)
    shares = needs[kept & is_need]
    domain = shares["indicator"].map(lambda name: known[name].domain)
    return [name for one in DOMAINS for name in shares[domain == one].nlargest(1, "estimate")["indicator"]]


def _highest(survey: MonitoringRound, models: Protected) -> list[Block]:
    """For every need the community whose model estimate is highest, with its own estimate."""
    naming, places, units = indicator_naming(survey), level_naming(survey, models), counted_units(survey)
    printed = printed_figures(models.frame).assign(whom=models.frame["unit"])
    blocks: list[Block] = []
    for name, rows in printed[printed["estimate"].notna()].groupby("indicator", sort=False):
        (row,) = rows.nlargest(1, "estimate").to_dict("records")
        text = {}
        for code in REPORT_LANGUAGES:
            need = choose(naming.label(name), code).text
            alike = "no_area_variance" in str(row["note"])
            said = statement(row, places.label(row["by"]), units[row["whom"]], code)
            words, said = (ALIKE, figure(row["estimate"])) if alike else (HIGHEST, said)
            text[code] = words[code].format(need=need, said=said, own=_own(row, code))
        blocks.append(Paragraph(text, [str(row["result_id"]), str(row["direct_id"])]))
    return blocks


def _own(row: dict[Any, Any], language: str) -> str:
    """A community's own estimate with its interval."""
    value = figure_text(row["direct"], "percent") + CAUTION.get(caution_of(row["direct_flags"]), "")
    if row["direct_low"] != row["direct_low"]:
        return value
    span = interval_text(row["direct_low"], row["direct_high"], language)
    return f"{value}（{span}）" if language == "zh" else f"{value} ({span})"


def _table(survey: MonitoringRound, models: Protected) -> Table:
    words = [caution_of(str(flags)) for flags in models.frame["direct_flags"].fillna("")]
    naming = indicator_naming(survey)
    order = {name: place for place, name in enumerate(dict.fromkeys(models.frame["indicator"]))}
    places = models.frame.assign(place=models.frame["indicator"].map(order))
    models = models.ordered(list(places.sort_values(["place", "by"], kind="stable").index))
    columns: list[str | Column] = [
        Column("direct", {"zh": "自己的估计", "en": "Own"}, "percent"),
        Column("direct_low", {"zh": "区间下限", "en": "from"}, "percent"),
        Column("direct_high", {"zh": "区间上限", "en": "to"}, "percent"),
        Column("estimate", {"zh": "模型估计", "en": "Model"}, "figure"),
        "interval",
        Column("borrowed", {"zh": "借用", "en": "Borrowed"}, "percent"),
        "n",
    ]
    return estimates_table(
        models,
        caption={"zh": "各社区：自己的估计与模型估计", "en": "Communities: own and model estimates"},
        rows=level_naming(survey, models),
        section=naming,
        columns=columns,
        notes=[BORROWED, *([UNRELIABLE] if "suppress" in words else [])],
    )
