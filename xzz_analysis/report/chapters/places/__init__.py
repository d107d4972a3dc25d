"""Chapters on places: maps, the directory, who reaches what, gaps, plans, and profiles of communities."""

from xzz_analysis.report.chapters.places.community import (
    assets_table,
    community_facts,
    community_title,
    nearby_lists,
    open_community,
    opportunities,
    residents_said,
)
from xzz_analysis.report.chapters.places.datum import datum_chapter
from xzz_analysis.report.chapters.places.directory import (
    directory_confidence,
    resource_counts,
    resource_lists,
    voucher_table,
)
from xzz_analysis.report.chapters.places.gaps import cluster_chapter, gap_chapter
from xzz_analysis.report.chapters.places.limits import atlas_limits, atlas_title
from xzz_analysis.report.chapters.places.maps import gap_maps, resource_maps, walk_maps
from xzz_analysis.report.chapters.places.planning import plan_chapter, site_chapter
from xzz_analysis.report.chapters.places.population import density_map, population_map, register_table, walk_clusters
from xzz_analysis.report.chapters.places.reach import access_chapter, load_chapter, reach_chapter
from xzz_analysis.report.chapters.places.walks import walk_chapter

__all__ = [
    "access_chapter",
    "assets_table",
    "atlas_limits",
    "atlas_title",
    "cluster_chapter",
    "community_facts",
    "community_title",
    "datum_chapter",
    "density_map",
    "directory_confidence",
    "gap_chapter",
    "gap_maps",
    "load_chapter",
    "nearby_lists",
    "open_community",
    "opportunities",
    "plan_chapter",
    "population_map",
    "reach_chapter",
    "register_table",
    "residents_said",
    "resource_counts",
    "resource_lists",
    "resource_maps",
    "site_chapter",
    "voucher_table",
    "walk_chapter",
    "walk_clusters",
    "walk_maps",
]
