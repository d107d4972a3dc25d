"""Maps of a study: what is there, who is in reach, and why there are gaps."""

from __future__ import annotations

from dataclasses import replace

from xzz_analysis.atlas import Atlas
from xzz_analysis.atlas.gaps import protected_gaps
from xzz_analysis.atlas.reaching import kinds, protected_reach
from xzz_analysis.atlas.walking import protected_cells
from xzz_analysis.language import Label
from xzz_analysis.places.gaps import CAUSES
from xzz_analysis.report.blocks import Block
from xzz_analysis.report.chapters.places.naming import Bilingual, filled, lower_kind, site_label, where
from xzz_analysis.report.maps.block import map_block
from xzz_analysis.report.maps.content import Credits, MapContent, only, resource_map
from xzz_analysis.report.maps.paper.body import MANY_AREAS
from xzz_analysis.report.maps.paper.tiles import tile_map
from xzz_analysis.report.maps.shading import Shading, shaded_by_class, shaded_by_figure
from xzz_analysis.report.maps.symbols import scale_colours

MINUTES = (5.0, 10.0, 15.0, 30.0)
"""Where classes of walking minutes end."""

NO_GAP = "none"
"""Class of communities without a gap."""

CLASSES: dict[str, Label] = {NO_GAP: {"zh": "没有缺口", "en": "no gap"}, **CAUSES}

CAPTION: Label = {"zh": "{where}资源地图", "en": "Resources of {where}"}
AT: Label = {"zh": "{where}：{title}", "en": "{where}: {title}"}
HUES = ("vermilion", "purple", "orange", "sky", "green")
FEWEST_ON_A_MAP = 4
"""Communities of a site from which on a map says more than a table."""
WALKS: Label = {"zh": "{where}：步行到最近的服务（{kind}）", "en": "{where}: walk to the nearest service ({kind})"}
CAUSE: Label = {"zh": "{kind}缺口的主要原因", "en": "Main cause of the gap in {kind}"}
WALK: Label = {"zh": "步行到最近服务的分钟数（{kind}）", "en": "Minutes on foot to the nearest service ({kind})"}


def map_credits(atlas: Atlas) -> Credits:
    """Where the map of a study comes from, and by what right its boundaries are shown."""
    settings, communities = atlas.study.settings, atlas.communities
    source = {"zh": "{}社区资源台账", "en": "Directory of resources, {}"}
    told = {language: text.format(settings.publisher[language]) for language, text in source.items()}
    notice, exemption = dict(settings.notice), dict(communities.exemption)
    return Credits(told, atlas.as_of.isoformat(), communities.approval, exemption, notice)


def resource_maps(atlas: Atlas, community: str = "") -> list[Block]:
    """The map of resources, one for each city or site; of one community, its own."""
    return [map_block(content, caption=caption) for _, caption, content in map_contents(atlas, community)]


def map_contents(atlas: Atlas, community: str = "") -> list[tuple[str, Bilingual, MapContent]]:
    """What maps of resources show: for each city or site, or one community, its key, a title and the content.

    Without a map review number or an exemption resources are drawn without boundaries, on one map.
    """
    if not len(atlas.places):
        return []
    if not atlas.bounded:
        content = resource_map(None, atlas.resources, credits=map_credits(atlas), catalogue=atlas.catalogue)
        return [("", filled(CAPTION, where=site_label(atlas, "")), content)]
    whole = _content(atlas, resources=True)
    return [(key, filled(CAPTION, where=label), only(whole, keys)) for key, label, keys in _parts(atlas, community)]


def gap_maps(atlas: Atlas) -> list[Block]:
    """Why there is a gap: a map for each domain whose communities differ; nothing where few communities lie together."""
    safe = protected_gaps(atlas)
    if safe is None or max(map(len, atlas.sites.values())) < FEWEST_ON_A_MAP:
        return []
    safe = safe.with_column("cause", [cause or NO_GAP for cause in safe.frame["main_cause"]])
    blocks: list[Block] = []
    for domain in dict.fromkeys(safe.frame["option"]):
        rows = safe.rows((safe.frame["option"] == domain).to_numpy())
        if rows.frame["cause"].nunique() > 1:
            title = filled(CAUSE, kind=lower_kind(atlas, domain))
            colours = (scale_colours(3, "grey")[0], *(scale_colours(3, hue)[1] for hue in HUES))
            shading = shaded_by_class(rows, title=title, column="cause", classes=CLASSES, areas="by", colours=colours)
            blocks += shaded_communities(atlas, shading, title)
    return blocks


def walk_maps(atlas: Atlas, kind: str = "") -> list[Block]:
    """Minutes on foot to the nearest service of a kind, in cells of many homes; nothing without homes.

    Parameters
    ----------
    atlas : Atlas
    kind : str
        A domain, or ``voucher``; the one that fewest have in reach when empty.
    """
    kind = kind or _farthest(atlas)
    found = protected_cells(atlas, kind)
    if found is None or not atlas.bounded:
        return []
    layer, safe = found
    shading = shaded_by_figure(
        safe,
        title=filled(WALK, kind=lower_kind(atlas, kind)),
        areas="cell",
        value="minutes",
        unit="count",
        breaks=MINUTES,
    )
    content = resource_map(
        layer,
        atlas.places.loc[atlas.offering(kind)],
        credits=map_credits(atlas),
        catalogue=atlas.catalogue,
        shading=shading,
        audience=atlas.audience,
    )
    content = replace(content, named=False)
    label = lower_kind(atlas, kind)
    return [
        map_block(
            only(content, [str(key) for key in layer.index[layer["community"].isin(keys)]]),
            caption=filled(WALKS, where=site_label(atlas, site), kind=label),
        )
        for site, keys in atlas.sites.items()
    ]


def _farthest(atlas: Atlas) -> str:
    """The kind of service on offer that fewest people have in reach."""
    offered = kinds(atlas)
    if atlas.homes is None or not offered:
        return ""
    frame = protected_reach(atlas).frame
    within = frame[frame["option"].isin(offered)].groupby("option", sort=False)["within"].sum()
    return str(within.idxmin())


def _parts(atlas: Atlas, community: str) -> list[tuple[str, Bilingual, list[str]]]:
    """What maps are drawn of: one community, or every site."""
    if community:
        return [(community, where(atlas, community), [community])]
    return [(keys[0], site_label(atlas, name), keys) for name, keys in atlas.sites.items()]


def _content(atlas: Atlas, shading: Shading | None = None, *, resources: bool) -> MapContent:
    """The map of all communities of a study."""
    table = atlas.resources if resources else None
    return resource_map(
        atlas.drawn,
        table,
        credits=map_credits(atlas),
        catalogue=atlas.catalogue,
        shading=shading,
        lines=atlas.lines,
        audience=atlas.audience,
    )


def shaded_communities(atlas: Atlas, shading: Shading, title: Bilingual) -> list[Block]:
    """Shaded communities, a map for each site; hexagons where boundaries may not be shown."""
    if not atlas.bounded:
        content = tile_map(atlas.areas, credits=map_credits(atlas), shading=shading, audience=atlas.audience)
        return [map_block(replace(content, named=len(atlas.areas) <= MANY_AREAS), caption=title)]
    content = replace(_content(atlas, shading, resources=False), lines=None)
    return [
        map_block(
            only(content, keys), caption=filled(AT, where=site_label(atlas, name), title=title) if name else title
        )
        for name, keys in atlas.sites.items()
    ]
