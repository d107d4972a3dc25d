"""Who can reach what: shares within a walk, places for each person, and services that many depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from xzz_analysis.atlas import Atlas
from xzz_analysis.atlas.opening import VOUCHER
from xzz_analysis.atlas.reaching import (
    LEFT_OUT,
    MEASURE,
    access_by_community,
    kinds,
    loads,
    noticed,
    protected_reach,
    unequal_access,
)
from xzz_analysis.disclosure.protect import Policy, Protected, protect_counts
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Note, Paragraph, Table
from xzz_analysis.report.chapters.places.naming import (
    NAMED,
    NOBODY_SAYS,
    Bilingual,
    community_naming,
    filled,
    folded,
    kind_label,
    kind_naming,
    lower_kind,
    where,
)
from xzz_analysis.report.tables import Naming, counts_table
from xzz_analysis.report.theme import figure_text

REACHED: Label = {
    "zh": "{minutes}分钟步行可及的儿童比例",
    "en": "Share of children with a service within {minutes} minutes on foot",
}
SHARED: Label = {"zh": "每百名儿童可得的名额", "en": "Places for every hundred children"}
DEPEND: Label = {"zh": "最多儿童依靠的服务", "en": "Services that most children depend on"}
METHOD: Label = {
    "zh": "步行时间的算法：{method}。可及是指步行不超过{minutes}分钟。从住处算起，再按社区汇总；住处本身不出现在任何地方。",
    "en": "How walks were measured: {method}. In reach means within {minutes} minutes. Walks begin at homes and are added up to "
    "communities; no home is shown anywhere.",
}
INSIDE: Label = {
    "zh": "步行时间的算法：{method}。可及是指步行不超过{minutes}分钟。没有住处数据，以社区内一点代表全社区，只能作粗略判断。",
    "en": "How walks were measured: {method}. In reach means within {minutes} minutes. Homes are not known, so a point inside "
    "each community stands for all of it: a rough guide only.",
}
MOST = 8
"""Services listed by how many depend on them."""


def method_note(atlas: Atlas) -> Note:
    """How walks were measured, in words."""
    text = METHOD if atlas.homes is not None else INSIDE
    method = {language: atlas.walks.method[language] for language in REPORT_LANGUAGES}
    return Note(filled(text, method=method, minutes=f"{atlas.rules.minutes:g}"))


def reach_chapter(atlas: Atlas, community: str = "") -> list[Block]:
    """Who has a service of each kind within a walk, by community."""
    if not len(atlas.places):
        return []
    safe = protected_reach(atlas)
    if community:
        safe = safe.rows((safe.frame["community"] == community).to_numpy())
    if not len(safe.frame):
        return []
    safe = safe.with_texts("walk", [_walk(atlas, row) for row in safe.frame.to_dict("records")])
    columns = [
        Column("estimate", {"zh": "可及比例", "en": "In reach"}, "percent"),
        Column("walk", {"zh": "半数儿童的步行时间", "en": "Walk of half the children"}),
    ]
    caption = filled(REACHED, minutes=f"{atlas.rules.minutes:g}")
    naming, section = kind_naming(atlas), community_naming(atlas)
    table = counts_table(safe, caption=caption, rows=naming, columns=columns, section=None if community else section)
    return [*_farthest(atlas, safe, community), folded(table), method_note(atlas)]


def _places(capacity: float) -> Bilingual:
    """Places as an organisation states them."""
    if capacity != capacity:
        return dict(NOBODY_SAYS)
    return dict.fromkeys(REPORT_LANGUAGES, figure_text(capacity, "count"))


def _walk(atlas: Atlas, row: Mapping[Any, Any]) -> Bilingual:
    """Within how many minutes half of the people reach the nearest, in words."""
    if row["suppressed"] or row["minutes"] != row["minutes"]:
        return {"zh": "", "en": ""}
    if not row["minutes_known"]:
        limit = f"{atlas.walks.limit:g}"
        return {"zh": f"超过{limit}分钟", "en": f"more than {limit} minutes"}
    minutes = figure_text(row["minutes"], "count")
    return {"zh": f"{minutes}分钟以内", "en": f"within {minutes} minutes"}


LOWEST: Label = {
    "zh": "{where}可及比例最低的是{kind}：{share} 的儿童能在{minutes}分钟内走到。",
    "en": "In {where} the fewest children have this in reach: {kind}, {share} within {minutes} minutes.",
}


def _farthest(atlas: Atlas, safe: Protected, community: str) -> list[Block]:
    """The kind of service that fewest have in reach, of each community."""
    blocks: list[Block] = []
    frame = safe.frame[safe.frame["estimate"].notna()]
    lowest = frame.groupby("community", sort=False)["estimate"].min()
    kept = lowest if len(lowest) <= NAMED else lowest.nsmallest(NAMED - 1)
    for name in [community] if community else list(kept.index):
        rows = frame[frame["community"] == name]
        if len(rows):
            row = rows.iloc[int(rows["estimate"].to_numpy().argmin())]
            text = filled(
                LOWEST,
                where=where(atlas, name),
                kind=lower_kind(atlas, row["option"]),
                share=figure_text(round(row["estimate"], 3), "percent"),
                minutes=f"{atlas.rules.minutes:g}",
            )
            blocks.append(Paragraph(text, [str(row["result_id"])]))
    return blocks


def access_chapter(atlas: Atlas) -> list[Block]:
    """Places for every hundred children in each community, and how unequally they are spread."""
    offered = [one for one in kinds(atlas) if one != VOUCHER]
    if not offered or atlas.homes is None:
        return []
    safe = _places_table(atlas, offered)
    columns = [
        Column(MEASURE, {"zh": "每百名儿童的名额", "en": "Places per hundred children"}, "number"),
    ]
    naming, section = kind_naming(atlas), community_naming(atlas)
    notes = [dict(HOW_SHARED), *_warnings(atlas, offered)]
    table = counts_table(safe, caption=dict(SHARED), rows=naming, columns=columns, section=section, notes=notes)
    return [folded(table), *_unequal(atlas, offered)]


HOW_SHARED: Bilingual = {
    "zh": "名额按步行可及分给周围的儿童（空间可得量，Soukhov 等 2023）：多人共用的服务，每人分到的就少。只算面向所有人的服务。",
    "en": "Places are shared out among the children who can walk there (spatial availability, Soukhov et al. 2023): where many share a "
    "service, each has less of it. Services for some groups only are left out.",
}


def _places_table(atlas: Atlas, offered: list[str]) -> Protected:
    parts = []
    for kind in offered:
        table = access_by_community(atlas, kind).rename_axis("community").reset_index().assign(option=kind)
        parts.append(table)
    together = pd.concat(parts, ignore_index=True)
    together[MEASURE] = together[MEASURE] * 100
    order = {str(key): place for place, key in enumerate(atlas.communities.layer.index)}
    together = together.sort_values("community", key=lambda keys: keys.map(order), kind="stable")
    return protect_counts(together, ["people"], Policy.of(atlas.study).whole)


WARNED: dict[str, Label] = {
    LEFT_OUT: {
        "zh": "{kind}：有的服务没有说明名额，不计入。",
        "en": "{kind}: services that do not state their places are left out.",
    },
    "access_supply_unreached": {
        "zh": "{kind}：有的服务附近没有任何儿童可及，其名额谁也分不到。",
        "en": "{kind}: some services are in nobody's reach, and their places reach nobody.",
    },
}


def _warnings(atlas: Atlas, offered: list[str]) -> list[Bilingual]:
    told = [(rule, kind) for kind in offered for rule in noticed(atlas, kind) if rule in WARNED]
    return [filled(WARNED[rule], kind=kind_label(atlas, kind)) for rule, kind in dict.fromkeys(told)]


UNEQUAL: Label = {"zh": "名额在儿童之间分布得有多不均", "en": "How unequally places are spread over children"}


def _unequal(atlas: Atlas, offered: list[str]) -> list[Block]:
    """Gini and Theil of places over children, by kind of service."""
    rows = []
    for kind in offered:
        found = unequal_access(atlas, kind)
        total = found["theil"]
        if total != total:
            continue
        rows.append(
            {"option": kind, "gini": found["gini"], "between": found["theil_between"] / total if total else 0.0}
        )
    if not rows:
        return []
    safe = protect_counts(pd.DataFrame(rows), [], Policy.of(atlas.study).whole)
    columns = [
        Column("gini", {"zh": "基尼系数", "en": "Gini coefficient"}, "number", decimals=2),
        Column(
            "between",
            {"zh": "社区之间的差别所占份额（泰尔）", "en": "Part that lies between communities (Theil)"},
            "percent",
        ),
    ]
    note = {
        "zh": "基尼系数为0表示人人一样，越接近1越不均。",
        "en": "A Gini of 0 means the same for everybody; near 1, all for few.",
    }
    return [counts_table(safe, caption=dict(UNEQUAL), rows=kind_naming(atlas), columns=columns, notes=[note])]


def load_chapter(atlas: Atlas) -> list[Block]:
    """The services that most children have in reach, and for how many each is the only one."""
    if not len(atlas.places) or atlas.homes is None:
        return []
    blocks: list[Block] = []
    for kind in kinds(atlas):
        safe = loads(atlas, kind)
        order = safe.frame.sort_values(["only_choice", "people", "resource"], ascending=[False, False, True]).index
        shown = [place for place in order if safe.frame["people"][place] > 0][:MOST]
        if not shown:
            continue
        columns = [
            Column("people", {"zh": "可及的儿童", "en": "Children in reach"}, "count"),
            Column("only_choice", {"zh": "其中只有这一处", "en": "For whom it is the only one"}, "count"),
        ]
        if safe.frame["capacity"].notna().any():
            safe = safe.with_texts("places", [_places(value) for value in safe.frame["capacity"]])
            columns.append(Column("places", {"zh": "名额（每月）", "en": "Places a month"}))
        rows = Naming("resource", atlas.names, {"zh": "服务", "en": "Service"})
        caption = filled(
            {language: f"{text}{SEP[language]}{{kind}}" for language, text in DEPEND.items()},
            kind=kind_label(atlas, kind),
        )
        table: Table = counts_table(safe.ordered(shown), caption=caption, rows=rows, columns=columns)
        blocks.append(table)
    return blocks


SEP = {"zh": "：", "en": ": "}
