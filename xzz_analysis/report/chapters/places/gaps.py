"""Need beside services: gaps by cause, and where they cluster."""

from __future__ import annotations

import pandas as pd

from xzz_analysis.atlas import Atlas
from xzz_analysis.atlas.gaps import FEWEST_COMMUNITIES, gap_clusters, need_by_access, protected_gaps
from xzz_analysis.atlas.needing import indicator_of, protected_needs
from xzz_analysis.atlas.reaching import protected_reach
from xzz_analysis.disclosure.protect import Policy, Protected, protect_counts
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.indicator import Indicator
from xzz_analysis.places.gaps import CAUSES
from xzz_analysis.places.gaps.hotspots import CLASSES, QUADRANTS
from xzz_analysis.report.blocks import Block, Column, Note, Paragraph
from xzz_analysis.report.chapters.naming import counted_units, unit_label
from xzz_analysis.report.chapters.places.maps import shaded_communities
from xzz_analysis.report.chapters.places.naming import (
    NAMED,
    Bilingual,
    community_naming,
    filled,
    folded,
    kind_label,
    kind_naming,
    listed,
    where,
)
from xzz_analysis.report.maps.shading import shaded_by_class
from xzz_analysis.report.sentences import lower_first
from xzz_analysis.report.tables import counts_table
from xzz_analysis.report.theme import figure_text, interval_text

TABLE: Label = {"zh": "需求、名额与缺口", "en": "Need, places, and gap"}
MEASURED: Label = {
    "zh": "需求指：{listed}。人数由比例推算，取整到十；区间是所有需求都取区间下限和上限时的缺口。",
    "en": "Need means: {listed}. People are worked out from shares and given in tens; the interval is the gap when all needs are at "
    "the low, and at the high ends of theirs.",
}
CAUSE_NOTE: Bilingual = {
    "zh": "缺口之后各列是原因，每个人只计入最先成立的一项：可及范围内没有服务；有服务但对象不符；名额已满；名额不明；有名额但不知道。",
    "en": "The columns after the gap are its causes; everybody counts for the first that holds: no service in reach; services in reach are for others; they are full; "
    "their places are not stated; there are places, but they are not known.",
}
NOT_ASKED: Label = {
    "zh": "{kind}：是否知道服务没有调查，缺口是下限。",
    "en": "{kind}: whether people know of services was not asked, so the gap is a lower bound.",
}
SAID: Label = {
    "zh": "{where}的{kind}缺口最大，约{gap}{unit}（{interval}），主要原因是{cause}。",
    "en": "{where} has its largest gap in {kind}: about {gap} {unit} ({interval}), mainly because of this: {cause}.",
}
NONE: Label = {"zh": "{where}没有发现缺口。", "en": "No gap was found in {where}."}


def gap_chapter(atlas: Atlas, community: str = "") -> list[Block]:
    """The largest gap of each community in a sentence, and every gap by cause in a table."""
    safe = protected_gaps(atlas)
    if safe is None:
        return []
    if community:
        safe = safe.rows((safe.frame["community"] == community).to_numpy())
    if not len(safe.frame):
        return []
    columns = [
        Column("need", {"zh": "有需要", "en": "In need"}, "count"),
        Column("places", {"zh": "有名额", "en": "With a place"}, "count"),
        Column("estimate", {"zh": "缺口", "en": "Gap"}, "count"),
        Column("interval", {"zh": "区间", "en": "Interval"}, "interval", unit="count"),
        *(Column(name, head, "count") for name, head in HEADS.items() if safe.frame[name].sum() > 0),
    ]
    section = None if community else community_naming(atlas)
    rows = kind_naming(atlas)
    notes = [_measured(atlas), dict(CAUSE_NOTE), *_unasked(safe, atlas)]
    table = counts_table(safe, caption=dict(TABLE), rows=rows, columns=columns, section=section, notes=notes)
    return [*_largest(atlas, safe), folded(table)]


HEADS: dict[str, Bilingual] = {
    "none_in_reach": {"zh": "无服务", "en": "None in reach"},
    "wrong_group": {"zh": "对象不符", "en": "For others"},
    "full": {"zh": "已满", "en": "Full"},
    "capacity_not_stated": {"zh": "名额不明", "en": "Places unknown"},
    "not_known": {"zh": "不知道", "en": "Not known of"},
}
"""Causes as heads of columns; the note under the table says them in full."""


def _largest(atlas: Atlas, safe: Protected) -> list[Block]:
    """The largest gap of each community, in words."""
    blocks: list[Block] = []
    largest = safe.frame.groupby("community", sort=False)["estimate"].max()
    kept = largest if len(largest) <= NAMED else largest.nlargest(NAMED - 1)
    for name in kept.index:
        rows = safe.frame[(safe.frame["community"] == name) & safe.frame["estimate"].notna()]
        if not len(rows):
            continue
        row = rows.iloc[int(rows["estimate"].to_numpy().argmax())]
        place = where(atlas, name)
        if row["estimate"] <= 0:
            blocks.append(Paragraph(filled(NONE, where=place)))
            continue
        kind, cause = kind_label(atlas, row["option"]), CAUSES[row["main_cause"]]
        counted = _counted(atlas, row["option"])
        said = {
            language: SAID[language].format(
                where=place[language],
                kind=lower_first(kind[language]),
                gap=figure_text(row["estimate"], "count"),
                unit=counted[language],
                interval=interval_text(row["low"], row["high"], language, unit="count"),
                cause=cause[language],
            )
            for language in REPORT_LANGUAGES
        }
        blocks.append(Paragraph(said, [str(row["result_id"])]))
    return blocks


def _counted(atlas: Atlas, domain: str) -> Bilingual:
    """How a number of those in need is said after the number: 名儿童 / children."""
    indicator = indicator_of(atlas, domain)
    if indicator is None or atlas.survey is None:
        return {"zh": "人", "en": "people"}
    said = counted_units(atlas.survey)[indicator.unit]
    return {language: choose(said, language).text for language in REPORT_LANGUAGES}


def _measured(atlas: Atlas) -> Bilingual:
    """What need means in each domain."""
    told = []
    for domain in atlas.rules.needs:
        indicator = indicator_of(atlas, domain)
        if isinstance(indicator, Indicator):
            kind = kind_label(atlas, domain)
            whom = unit_label(atlas.survey, indicator.unit) if atlas.survey is not None else {}
            unit = {language: choose(whom, language).text for language in REPORT_LANGUAGES}
            unit["en"] = lower_first(unit["en"])
            told.append(filled(NEED, kind=kind, need=_label(indicator), unit=unit))
    joined = {"zh": "；", "en": "; "}
    return filled(MEASURED, listed={one: joined[one].join(text[one] for text in told) for one in REPORT_LANGUAGES})


NEED: Label = {"zh": "{kind}——{need}（{unit}）", "en": "{kind}: {need} ({unit})"}


def _label(indicator: Indicator) -> Bilingual:
    return {"zh": str(indicator.label["zh"]), "en": lower_first(str(indicator.label["en"]))}


def _unasked(safe: Protected, atlas: Atlas) -> list[Bilingual]:
    """Domains in which nobody was asked whether they know of the services."""
    asked = safe.frame.groupby("option", sort=False)["known_measured"].any()
    names = [kind_label(atlas, str(name)) for name in asked.index[~asked]]
    return [filled(NOT_ASKED, kind=listed(names))] if names else []


FEW: Label = {
    "zh": "只有{count}个社区有可以公布的缺口，少于{fewest}个，不作聚集分析：邻居几乎就是全部社区。",
    "en": "Only {count} communities have a gap that can be published, fewer than {fewest}: clusters are not looked for, since "
    "neighbours would be nearly everybody.",
}
SPOT: Label = {"zh": "{kind}缺口的聚集", "en": "Clusters of the gap in {kind}"}
NO_CLUSTER: Label = {
    "zh": "{kind}：相邻社区的缺口没有明确的聚集（局部莫兰指数，错误发现率5%）。",
    "en": "{kind}: the gaps of neighbouring communities do not clearly cluster (local Moran, false discovery rate 5 %).",
}
CROSSED: Label = {"zh": "{kind}：需求与可及", "en": "{kind}: need and access"}


def cluster_chapter(atlas: Atlas) -> list[Block]:
    """Where gaps cluster, and need crossed with access; a reason where there are too few communities."""
    safe = protected_gaps(atlas)
    if safe is None:
        return []
    count = int(safe.frame.loc[safe.frame["estimate"].notna(), "community"].nunique())
    if count < FEWEST_COMMUNITIES:
        return [Note(filled(FEW, count=str(count), fewest=str(FEWEST_COMMUNITIES)))]
    blocks: list[Block] = []
    for domain in dict.fromkeys(safe.frame["option"]):
        blocks += [*_spots(atlas, domain), *_crossed(atlas, domain)]
    return blocks


def _spots(atlas: Atlas, domain: str) -> list[Block]:
    found = gap_clusters(atlas, domain)
    if found is None:
        return []
    table = found.spots.table.rename_axis("community").reset_index()[["community", "spot"]]
    safe = protect_counts(table, [], Policy.of(atlas.study).whole)
    kind = kind_label(atlas, domain)
    title = filled(SPOT, kind=kind)
    there = {name: label for name, label in CLASSES.items() if name in set(table["spot"])}
    if not set(there) & set(QUADRANTS):
        return [Note(filled(NO_CLUSTER, kind=kind))]
    shading = shaded_by_class(safe, title=title, column="spot", classes=there, areas="community")
    return shaded_communities(atlas, shading, title)


def _crossed(atlas: Atlas, domain: str) -> list[Block]:
    """Thirds of need by thirds of access on a map."""
    needs, reach = protected_needs(atlas), protected_reach(atlas)
    if needs is None:
        return []
    declared = atlas.rules.needs[domain]  # type: ignore[index]
    index = pd.Index([str(key) for key in atlas.communities.layer.index])
    share = needs.frame[needs.frame["indicator"] == declared.indicator]
    need = pd.Series(share["estimate"].to_numpy(float), index=share["by"].str.rpartition("=")[2]).reindex(index)
    near = reach.frame[reach.frame["option"] == domain].set_index("community")["estimate"].reindex(index)
    classes = need_by_access(need, near)
    if classes is None:
        return []
    table = classes.table.rename_axis("community").reset_index()[["community", "cell"]]
    safe = protect_counts(table, [], Policy.of(atlas.study).whole)
    title = filled(CROSSED, kind=kind_label(atlas, domain))
    words = {f"{row}-{column}": THIRDS[(row, column)] for row in (1, 2, 3) for column in (1, 2, 3)}
    crossed = ({"zh": "需求", "en": "need"}, {"zh": "可及", "en": "access"})
    shading = shaded_by_class(safe, title=title, column="cell", classes=words, areas="community", crossed=crossed)
    return shaded_communities(atlas, shading, title)


STEPS = {1: {"zh": "低", "en": "low"}, 2: {"zh": "中", "en": "middle"}, 3: {"zh": "高", "en": "high"}}
THIRDS: dict[tuple[int, int], Label] = {
    (need, near): {
        "zh": f"需求{STEPS[need]['zh']}、可及{STEPS[near]['zh']}",
        "en": f"need {STEPS[need]['en']}, access {STEPS[near]['en']}",
    }
    for need in STEPS
    for near in STEPS
}
