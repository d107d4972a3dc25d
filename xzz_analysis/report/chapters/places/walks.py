"""How far people of a register walk to the nearest place: on a map, added up, and by part of the land."""

from __future__ import annotations

import math

import pandas as pd

from xzz_analysis.atlas import Atlas
from xzz_analysis.atlas.register import STEPS, half_within, offered, people_and_walks, protected_near
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Note, Paragraph, Table
from xzz_analysis.report.chapters.places.maps import shaded_communities
from xzz_analysis.report.chapters.places.naming import Bilingual, filled
from xzz_analysis.report.chapters.places.population import own_names, place_label, published
from xzz_analysis.report.maps.shading import shaded_by_figure
from xzz_analysis.report.tables import Naming, counts_table
from xzz_analysis.report.theme import figure_text

WALK: Label = {"zh": "步行到最近的{kind}的分钟数", "en": "Minutes on foot to the nearest {kind}"}
WITHIN: Label = {"zh": "{minutes}分钟以内", "en": "within {minutes} minutes"}
WITHIN_HEAD: Label = {"zh": "{minutes}分钟以内", "en": "Within {minutes} minutes"}
NEAR: Label = {"zh": "走到最近的{kind}要多久（累计）", "en": "How long people walk to the nearest {kind} (cumulative)"}
HALF: Label = {
    "zh": "{share} 的人住在{limit}分钟内可走到最近{kind}的片区；一半的人不超过{half}分钟。",
    "en": "{share} of people live in areas from which the nearest {kind} is within {limit} minutes on foot; half live "
    "within {half}.",
}
LESS_THAN_HALF: Label = {
    "zh": "{share} 的人住在{limit}分钟内可走到最近{kind}的片区；一半以上的人走不到任何一处。",
    "en": "{share} of people live in areas from which the nearest {kind} is within {limit} minutes on foot; fewer than half "
    "reach any.",
}
METHOD: Label = {
    "zh": "步行时间的算法：{method}。以片区内一点代表全片区，大的片区里各家远近不同；名单以外的地点不在其中，所以时间是上限。",
    "en": "How walks were measured: {method}. A point inside each area stands for all of it, though homes in a large one differ; "
    "places that are not on the list may be nearer.",
}
NO_WAY: Label = {
    "zh": "没有数字：沿街{limit}分钟内走不到，或片区内一点附近没有街道（{count}个片区，{people}人）。",
    "en": "No figure: nothing within {limit} minutes along the streets, or no street near the point inside the area "
    "({count} areas, {people} people).",
}


def walk_chapter(atlas: Atlas, count: str = "", kind: str = "", group: str = "") -> list[Block]:
    """How far people walk to the nearest place of a kind: in a sentence, on a map, added up, and by part of the land.

    Parameters
    ----------
    atlas : Atlas
    count : str
        A declared count of people; the first when empty.
    kind : str
        A domain, a category (``health.clinic``), or every open resource when empty.
    group : str
        A column that study.yml keeps, such as the district, by which people are added up too.

    Returns
    -------
    list of Block
        Empty where there is no such place.
    """
    if not offered(atlas, kind):
        return []
    table = people_and_walks(atlas, count, kind)
    safe, label = protected_near(atlas, count, kind), place_label(atlas, kind)
    title = filled(WALK, kind=label)
    rows = table.reset_index()[["community", "minutes"]]
    shading = shaded_by_figure(
        published(atlas, rows), title=title, areas="community", value="minutes", unit="count", breaks=STEPS
    )
    blocks: list[Block] = [_said_walk(atlas, table, safe, label), *shaded_communities(atlas, shading, title)]
    blocks += _no_way(atlas, table)
    blocks.append(_cumulative(safe, label))
    blocks += [_parts(atlas, count, kind, group)] if group else []
    method = {language: atlas.walks.method[language] for language in REPORT_LANGUAGES}
    return [*blocks, Note(filled(METHOD, method=method))]


def _said_walk(atlas: Atlas, table: pd.DataFrame, safe: Protected, label: Bilingual) -> Paragraph:
    """The share within the study's limit, and within how many minutes half of the people live."""
    limit, half = atlas.rules.minutes, half_within(table)
    row = safe.frame[safe.frame["minutes"] == limit].iloc[0]
    told: dict[str, Bilingual | str] = {"kind": label, "limit": f"{limit:g}"}
    told["share"] = figure_text(round(row["estimate"], 3), "percent")
    found = [str(row["result_id"])]
    if math.isinf(half):
        return Paragraph(filled(LESS_THAN_HALF, **told), found)
    return Paragraph(filled(HALF, **told, half=str(math.ceil(half))), found)


def _no_way(atlas: Atlas, table: pd.DataFrame) -> list[Block]:
    """How many people have no figure on the map."""
    none = table[table["minutes"].isna()]
    if not len(none):
        return []
    people = figure_text(float(none["people"].sum()), "count")
    return [Note(filled(NO_WAY, limit=f"{atlas.walks.limit:g}", count=str(len(none)), people=people))]


def _cumulative(safe: Protected, label: Bilingual) -> Table:
    """People by minutes on foot."""
    names = {option: filled(WITHIN, minutes=option.rpartition(":")[2]) for option in safe.frame["option"]}
    columns = [
        Column("people", {"zh": "人数", "en": "People"}, "count"),
        Column("estimate", {"zh": "占全部", "en": "Share of all"}, "percent"),
    ]
    naming = Naming("option", names, {"zh": "步行时间", "en": "Time on foot"})
    return counts_table(safe, caption=filled(NEAR, kind=label), rows=naming, columns=columns)


PARTS: Label = {"zh": "各区：人口密度与步行时间", "en": "By district: density, and walks to the nearest place"}


def _parts(atlas: Atlas, count: str, kind: str, group: str) -> Table:
    """People and walks by part of the land."""
    safe = protected_near(atlas, count, kind, group)
    halves = [_half(minutes, atlas.walks.limit) for minutes in safe.frame["half"]]
    columns = [
        Column("communities", {"zh": "片区数", "en": "Areas"}, "count"),
        Column("people", {"zh": "人数", "en": "People"}, "count"),
        Column("density", {"zh": "每平方公里人数", "en": "People per km²"}, "count"),
        Column("estimate", filled(WITHIN_HEAD, minutes=f"{atlas.rules.minutes:g}"), "percent"),
        Column("half_of", {"zh": "一半的人不超过", "en": "Half live within"}),
    ]
    naming = Naming("part", own_names(safe.frame["part"]), {"zh": "区县", "en": "District"})
    return counts_table(safe.with_texts("half_of", halves), caption=dict(PARTS), rows=naming, columns=columns)


def _half(minutes: float, limit: float) -> Bilingual:
    """Minutes within which half of the people live, in words."""
    if math.isinf(minutes):
        return {"zh": f"超过{limit:g}分钟", "en": f"more than {limit:g} minutes"}
    return {"zh": f"{math.ceil(minutes)}分钟", "en": f"{math.ceil(minutes)} minutes"}
