"""One community: land and people, what is there first, then needs, gaps, and who could help."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xzz_analysis.atlas import Atlas, atlas_of
from xzz_analysis.atlas.gaps import protected_gaps
from xzz_analysis.errors import StudyError
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.needs.monitoring import MonitoringRound, open_round
from xzz_analysis.needs.place import levels_with_people, read_place
from xzz_analysis.places.directory import known_facts
from xzz_analysis.places.directory.facts import GROUPS
from xzz_analysis.report.blocks import Block, Column, Heading, Note, Paragraph, Table
from xzz_analysis.report.chapters.context import COUNTED, own_community
from xzz_analysis.report.chapters.places.directory import resource_lists
from xzz_analysis.report.chapters.places.naming import Bilingual, filled, kind_label, listed, where
from xzz_analysis.report.chapters.themes import theme_chapter
from xzz_analysis.report.theme import figure_text
from xzz_analysis.study import open_study

FACTS: Label = {"zh": "基本情况", "en": "The community in facts"}
ASSETS: Label = {"zh": "社区资产", "en": "What the community has"}
COUNTS: Label = {"zh": "登记人数", "en": "People on the register"}


def open_community(study: str | Path, name: str = "", place: str = "") -> MonitoringRound:
    """Open a round of a study for one of its communities.

    Parameters
    ----------
    study : str or Path
    name : str
        Round; the latest when empty.
    place : str
        ``community=heyan``; the first community with people in the round when empty.

    Raises
    ------
    StudyError
        The study names no communities, nobody of the round is in any, or the place is no community.
    """
    opened = open_study(study)
    declared = opened.settings.communities
    if declared is None:
        raise StudyError(f"{opened.path.name} names no communities; write `communities:` (docs/maps.md)")
    whole = open_round(opened, name)
    known = levels_with_people(whole, declared.key)
    if not known:
        raise StudyError(f"nobody of round {whole.name} is in any community")
    survey = whole.within(*(read_place(place) if place else (declared.key, next(iter(known)))))
    if not own_community(survey):
        raise StudyError(f"{place!r} is no community; write {declared.key}={next(iter(known))}")
    return survey


def community_title(survey: MonitoringRound, zh: str, en: str) -> list[Block]:
    """The title of a profile, and what it is about.

    Raises
    ------
    StudyError
        The report has no place that is a community.
    """
    atlas = atlas_of(survey)
    name = where(atlas, own_community(survey))
    return [Heading({"zh": f"{name['zh']}{zh}", "en": f"{name['en']}: {en}"}, 1), Note(filled(ABOUT, name=name))]


ABOUT: Label = {
    "zh": "本报告先写{name}有什么，再写需要什么、缺口在哪里、谁可以帮忙。每一项都注明来源和年份；住处和个人不在其中。",
    "en": "This profile says first what {name} has, then what is needed, where the gaps are and who could help. Everything has its "
    "source and year; no home and no person is in it.",
}


def community_facts(atlas: Atlas, community: str) -> list[Block]:
    """Land, people, organisations, facilities, surroundings and transport, each with source and year."""
    rows = [*_registered(atlas, community), *_told(atlas, community)]
    if not rows:
        return []
    columns = [
        Column("label", {"zh": "事项", "en": "Item"}),
        Column("value", {"zh": "内容", "en": "Value"}),
        Column("source", {"zh": "来源", "en": "Source"}),
        Column("year", {"zh": "年份", "en": "Year"}),
    ]
    return [Table(dict(FACTS), columns, rows)]


def _registered(atlas: Atlas, community: str) -> list[dict[str, object]]:
    """Area and counts of the layer of communities."""
    row = atlas.communities.layer.loc[community]
    rows: list[dict[str, object]] = []
    land = {"zh": "地域", "en": "Land and people on the map"}
    if row["area_km2"] == row["area_km2"]:
        area = figure_text(round(float(row["area_km2"]), 2), "number", 2)
        value = {"zh": f"{area} 平方公里", "en": f"{area} km²"}
        source = {"zh": "按边界计算", "en": "from the boundary"}
        rows.append(
            {"label": {"zh": "面积", "en": "Area"}, "value": value, "source": source, "year": "", "section": land}
        )
    for name, count in atlas.communities.counts.items():
        if row[name] == row[name]:
            text = figure_text(float(row[name]), "count")
            rows.append(
                {
                    "label": dict(COUNTED.get(name, {"zh": name, "en": name})),
                    "value": {"zh": text, "en": text},
                    "source": dict(count.source),
                    "year": count.year,
                    "section": land,
                }
            )
    return rows


def _told(atlas: Atlas, community: str) -> list[dict[str, object]]:
    """Facts of the community, the newest of each."""
    if atlas.facts is None:
        return []
    known = known_facts()
    return [
        {
            "label": dict(known[row["fact"]].label),
            "value": _value(row),
            "source": str(row["source"]),
            "year": str(row["year"]),
            "section": dict(GROUPS[row["group"]]),
        }
        for row in atlas.facts.of(community).to_dict("records")
        if row["fact"] != "area" or not atlas.communities.areas  # the boundary's is printed already
    ]


def _value(row: Mapping[Any, Any]) -> Bilingual:
    """What a fact says, with its unit; texts in English where somebody wrote them."""
    fact = known_facts()[str(row["fact"])]
    if fact.kind == "text":
        return {"zh": str(row["value"]), "en": str(row["value_en"] or row["value"])}
    number = (
        figure_text(float(str(row["number"])), "count") if float(str(row["number"])).is_integer() else str(row["value"])
    )
    unit = {language: fact.unit.get(language, "") for language in REPORT_LANGUAGES}
    return {language: f"{number} {unit[language]}".strip() for language in REPORT_LANGUAGES}


def assets_table(atlas: Atlas, community: str) -> list[Block]:
    """What is there by kind of asset, with names: individuals, associations, institutions, places, economy, culture.

    References
    ----------
    Kretzmann, J. and McKnight, J. (1993). Building communities from the inside out. ACTA Publications.
    """
    table = atlas.resources
    if "status" not in table:
        return []
    table = table[(table["community"] == community) & (table["status"] != "closed")]
    if not len(table):
        return [Note(filled(NO_ASSETS, name=where(atlas, community)))]
    kinds = atlas.catalogue.kinds
    rows = []
    for asset, label in atlas.catalogue.assets.items():
        own = [(str(key), row) for key, row in table.to_dict("index").items() if kinds[row["category"]].asset == asset]
        if own:
            names = listed([dict(atlas.names[key]) for key, _ in own])
            rows.append({"label": dict(label), "count": len(own), "names": names})
    columns = [
        Column("label", {"zh": "资产类别", "en": "Kind of asset"}),
        Column("count", {"zh": "数量", "en": "Number"}, "count"),
        Column("names", {"zh": "有哪些", "en": "Which"}),
    ]
    return [Table(dict(ASSETS), columns, rows)]


NO_ASSETS: Label = {
    "zh": "台账里还没有{name}的资源：这是台账的空白，不等于社区什么也没有。",
    "en": "The directory lists nothing in {name} yet: a gap of the directory, which is not to say that nothing is there.",
}


def nearby_lists(atlas: Atlas, community: str) -> list[Block]:
    """Resources of the community with hours and how to apply, a folded table for each heading."""
    return resource_lists(atlas, community)


OPPORTUNITY: dict[str, Label] = {
    "none_in_reach": {
        "zh": "{kind}：步行可及范围内没有服务，可考虑设点或定期上门（见资源地图报告的选址表）。",
        "en": "{kind}: no service within a walk; consider a new point or regular outreach (see the siting table of the resource map).",
    },
    "wrong_group": {
        "zh": "{kind}：可及的服务对象不符，可与对方商议放宽条件：{names}。",
        "en": "{kind}: services in reach are for others; talk about eligibility with: {names}.",
    },
    "full": {
        "zh": "{kind}：可及的服务名额不足，可商议增加：{names}。",
        "en": "{kind}: services in reach are full; talk about more places with: {names}.",
    },
    "capacity_not_stated": {
        "zh": "{kind}：可及的服务没有说明名额，先问清楚：{names}。",
        "en": "{kind}: services in reach do not state their places; ask first: {names}.",
    },
    "not_known": {
        "zh": "{kind}：有名额而家长不知道，可由社区告知：{names}。",
        "en": "{kind}: there are places that families do not know of; tell them about: {names}.",
    },
}


def opportunities(atlas: Atlas, community: str) -> list[Block]:
    """What could be done about each gap, by its main cause, with the services concerned."""
    safe = protected_gaps(atlas)
    if safe is None:
        return []
    rows = safe.frame[(safe.frame["community"] == community) & (safe.frame["estimate"] > 0)]
    near = atlas.cost.pairs()
    reached = set(near.loc[near["origin"] == community, "destination"])
    blocks: list[Block] = []
    for row in rows.sort_values("estimate", ascending=False, kind="stable").to_dict("records"):
        ids = [key for key in atlas.offering(row["option"]) if key in reached & _concerned(atlas, row["main_cause"])]
        names = listed([dict(atlas.names[key]) for key in ids]) if ids else {"zh": "", "en": ""}
        blocks.append(
            Paragraph(filled(OPPORTUNITY[row["main_cause"]], kind=kind_label(atlas, row["option"]), names=names))
        )
    return blocks


def _concerned(atlas: Atlas, cause: str) -> set[str]:
    """Resources to talk to about a cause: those for others, those that do not state their places, or those with places."""
    alone, stated = atlas.for_whom.map(len) > 0, atlas.places["capacity"].notna()
    wanted = {"wrong_group": alone, "capacity_not_stated": ~alone & ~stated}.get(cause, ~alone & stated)
    return {str(key) for key in atlas.places.index[wanted]}


def residents_said(survey: MonitoringRound) -> list[Block]:
    """Themes that people of the place named in their own words, domain by domain; nothing where none were coded."""
    return [block for domain in DOMAINS for block in theme_chapter(survey, domain)]
