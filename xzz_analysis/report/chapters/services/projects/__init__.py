"""Linkage and purchased services: five platforms, targets beside results, and a page for the funder."""

from xzz_analysis.report.chapters.services.projects.funder import funder_page
from xzz_analysis.report.chapters.services.projects.linkage import linkage_chapter, linkage_sentence
from xzz_analysis.report.chapters.services.projects.targets import lights_sentence, projects_chapter

__all__ = ["funder_page", "lights_sentence", "linkage_chapter", "linkage_sentence", "projects_chapter"]
