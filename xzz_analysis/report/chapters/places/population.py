"""People of a register on the map: how closely they live, and how far they walk to the nearest place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from xzz_analysis.atlas import Atlas
from xzz_analysis.atlas.register import (
    clusters,
    count_name,
    density_by_walk,
    people_and_walks,
)
from xzz_analysis.disclosure.protect import Policy, Protected, protect_counts
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.places.gaps.hotspots import CLASSES
from xzz_analysis.report.blocks import Block, Column, Note, Paragraph
from xzz_analysis.report.chapters.context import COUNTED
from xzz_analysis.report.chapters.places.maps import shaded_communities
from xzz_analysis.report.chapters.places.naming import (
    Bilingual,
    category_label,
    community_naming,
    filled,
    kind_label,
)
from xzz_analysis.report.maps.shading import shaded_by_class, shaded_by_figure
from xzz_analysis.report.maps.symbols import scale_colours
from xzz_analysis.report.sentences import lower_first
from xzz_analysis.report.tables import Naming, counts_table
from xzz_analysis.report.theme import figure_text

AREA: Label = {"zh": "片区", "en": "Area"}
ANY: Label = {"zh": "资源点", "en": "place on the list"}
DENSITY: Label = {"zh": "每平方公里{count}", "en": "{count} per km²"}
SOURCE: Label = {
    "zh": "{count}的来源：{source}（{year}）。着色按片区排序，每级片区数大致相等。",
    "en": "{count}: {source} ({year}). Classes hold about equally many areas.",
}
DENSE: Label = {
    "zh": "{count}个片区共有{people}人；每平方公里人数从{low}到{high}，中位数为{middle}。",
    "en": "{people} people live in {count} areas, {low} to {high} of them to the km²; the median is {middle}.",
}


def place_label(atlas: Atlas, kind: str) -> Bilingual:
    """What the places of a domain or a category are called inside a sentence."""
    if not kind:
        return dict(ANY)
    label = category_label(atlas, kind) if kind in atlas.catalogue.kinds else kind_label(atlas, kind)
    return {**label, "en": lower_first(label["en"])}


def count_label(atlas: Atlas, count: str = "") -> Bilingual:
    """What a count of people is called."""
    name = count_name(atlas, count)
    return dict(COUNTED.get(name, dict.fromkeys(REPORT_LANGUAGES, name)))


def published(atlas: Atlas, table: pd.DataFrame) -> Protected:
    """Published figures of a register, and what is computed from them: nothing of them is hidden."""
    return protect_counts(table, [], Policy.of(atlas.study).whole)


def own_names(values: Iterable[object]) -> dict[str, Label]:
    """Names that are the same in every language: those of real places, as their register writes them."""
    return {str(value): dict.fromkeys(REPORT_LANGUAGES, str(value)) for value in values}


def population_map(atlas: Atlas, count: str = "") -> list[Block]:
    """Communities shaded by how many people live on a square kilometre; by how many there are where these are points.

    Parameters
    ----------
    atlas : Atlas
    count : str
        A declared count of people; the first when empty.
    """
    name = count_name(atlas, count)
    table = people_and_walks(atlas, name).reset_index()
    column = "density" if atlas.communities.areas else "people"
    label, declared = count_label(atlas, name), atlas.communities.counts[name]
    title = filled(DENSITY, count=label) if column == "density" else label
    shading = shaded_by_figure(
        published(atlas, table[["community", column]]),
        title=title,
        areas="community",
        value=column,
        unit="count",
        classes=5,
    )
    note = Note(filled(SOURCE, count=label, source=dict(declared.source), year=declared.year))
    return [_said_density(table), *shaded_communities(atlas, shading, title), note]


def _said_density(table: pd.DataFrame) -> Paragraph:
    """How many people there are, and how closely they live."""
    density = table["density"]
    figures = {"low": density.min(), "middle": density.median(), "high": density.max(), "people": table["people"].sum()}
    told = {name: figure_text(float(round(value)), "count") for name, value in figures.items()}
    return Paragraph(filled(DENSE, count=figure_text(len(table), "count"), **told))


SPOTS: dict[str, Label] = {
    "minutes": {"zh": "步行时间的聚集：{kind}", "en": "Clusters of long and short walks: {kind}"},
    "density": {"zh": "人口密度的聚集", "en": "Clusters of dense and sparse settlement"},
}
SPOT_WORDS: Mapping[str, dict[str, Label]] = {
    "minutes": {
        "high_high": {"zh": "远处连片", "en": "far among far"},
        "low_low": {"zh": "近处连片", "en": "near among near"},
        "high_low": {"zh": "近处中的远处", "en": "far among near"},
        "low_high": {"zh": "远处中的近处", "en": "near among far"},
    },
    "density": {
        "high_high": {"zh": "密集连片", "en": "dense among dense"},
        "low_low": {"zh": "稀疏连片", "en": "sparse among sparse"},
        "high_low": {"zh": "稀疏中的密集处", "en": "dense among sparse"},
        "low_high": {"zh": "密集中的稀疏处", "en": "sparse among dense"},
    },
}
"""What high and low mean of each figure."""
SPOT_NOTE: Label = {
    "zh": "局部莫兰指数，随机置换{permutations}次，错误发现率不超过{level}（Benjamini–Hochberg）；全局莫兰指数 {moran}。没有人居住的片区不参加。",
    "en": "Local Moran's I, {permutations} permutations, false discovery rate at most {level} (Benjamini–Hochberg); Moran's I of all is "
    "{moran}. Areas where nobody lives take no part.",
}
SPOT_COLOURS = {
    "high_high": ("vermilion", 2),
    "low_low": ("blue", 2),
    "high_low": ("vermilion", 0),
    "low_high": ("blue", 0),
    "not_clear": ("grey", 0),
    "no_neighbours": ("grey", 1),
    "not_measured": ("grey", 2),
}
"""Hue and tint of each class: what is clear stands out, what is not is pale."""


def walk_clusters(atlas: Atlas, count: str = "", kind: str = "", column: str = "minutes") -> list[Block]:
    """Where long walks to the nearest place lie together (``column="density"``: where people live closely).

    Parameters
    ----------
    atlas : Atlas
    count, kind : str
        As for :func:`walk_chapter`.
    column : "minutes" or "density"

    Returns
    -------
    list of Block
        Empty among too few communities.
    """
    found = clusters(atlas, people_and_walks(atlas, count, kind), column)
    if found is None:
        return []
    table = found.table.rename_axis("community").reset_index()[["community", "spot"]]
    words = {**CLASSES, **SPOT_WORDS[column]}
    there = {name: words[name] for name in CLASSES if name in set(table["spot"])}
    colours = [scale_colours(3, SPOT_COLOURS[name][0])[SPOT_COLOURS[name][1]] for name in there]
    title = filled(SPOTS[column], kind=place_label(atlas, kind))
    shading = shaded_by_class(
        published(atlas, table), title=title, column="spot", classes=there, areas="community", colours=colours
    )
    told = {
        "permutations": f"{found.permutations:,}",
        "level": figure_text(found.level, "percent"),
        "moran": figure_text(found.moran, "number", 2),
    }
    return [*shaded_communities(atlas, shading, title), Note(filled(SPOT_NOTE, **told))]


CROSSED: Label = {"zh": "人口密度与步行时间：{kind}", "en": "Density and walks: {kind}"}
CROSS_NOTE: Label = {
    "zh": "两个数字各按片区分成三等份。密度高而步行时间长的{count}个片区（{people}人）最值得先看。",
    "en": "Both figures in thirds of the areas. The {count} areas that are dense and walk far ({people} people) are the "
    "first to look at.",
}
THIRDS: dict[int, Label] = {
    1: {"zh": "低", "en": "low"},
    2: {"zh": "中", "en": "middle"},
    3: {"zh": "高", "en": "high"},
}
WALKED: dict[int, Label] = {
    1: {"zh": "短", "en": "short"},
    2: {"zh": "中", "en": "middle"},
    3: {"zh": "长", "en": "long"},
}
CELL: Label = {"zh": "密度{density}、步行{walk}", "en": "density {density}, walk {walk}"}


def density_map(atlas: Atlas, count: str = "", kind: str = "") -> list[Block]:
    """Thirds of density by thirds of the walk to the nearest place, nine classes on a map.

    Parameters
    ----------
    atlas : Atlas
    count, kind : str
        As for :func:`walk_chapter`.
    """
    people = people_and_walks(atlas, count, kind)
    found = density_by_walk(people)
    if found is None:
        return []
    table = found.table.rename_axis("community").reset_index()[["community", "cell"]]
    words = {
        f"{row}-{column}": filled(CELL, density=dict(THIRDS[row]), walk=dict(WALKED[column]))
        for row in THIRDS
        for column in WALKED
    }
    title = filled(CROSSED, kind=place_label(atlas, kind))
    shading = shaded_by_class(
        published(atlas, table),
        title=title,
        column="cell",
        classes=words,
        areas="community",
        crossed=({"zh": "密度", "en": "density"}, {"zh": "步行", "en": "walk"}),
    )
    worst = people[(found.table["cell"] == "3-3").to_numpy()]
    told = {"count": str(len(worst)), "people": figure_text(float(worst["people"].sum()), "count")}
    return [*shaded_communities(atlas, shading, title), Note(filled(CROSS_NOTE, **told))]


EVERY: Label = {"zh": "每个片区的人口与步行时间", "en": "People and walks of every area"}


def register_table(atlas: Atlas, count: str = "", kind: str = "", group: str = "") -> list[Block]:
    """Every community with its people and their walk: what maps show, to be read; a table that opens at its caption."""
    table = people_and_walks(atlas, count, kind).reset_index()
    if group:
        table = table.sort_values([group, "community"], kind="stable")
    columns = [
        Column("people", count_label(atlas, count), "count"),
        Column("area_km2", {"zh": "面积（平方公里）", "en": "Area (km²)"}, "number"),
        Column("density", {"zh": "每平方公里人数", "en": "People per km²"}, "count"),
        Column("minutes", {"zh": "步行分钟数", "en": "Minutes on foot"}, "count"),
    ]
    section = Naming(group, own_names(table[group]), {"zh": "区县", "en": "District"}) if group else None
    made = counts_table(
        published(atlas, table),
        caption=dict(EVERY),
        rows=replace(community_naming(atlas), heading=dict(AREA)),
        columns=columns,
        section=section,
    )
    return [replace(made, folded=True)]
