"""Needs assessment and monitoring for children who move: from raw exports to a published report.

The names below are the public face; everything else may move. They are loaded when first used, so that
``import xzz_analysis`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xzz_analysis.atlas import Atlas, open_atlas
    from xzz_analysis.disclosure.protect import Policy, Protected, protect
    from xzz_analysis.errors import XzzError
    from xzz_analysis.needs.growth import growth_z
    from xzz_analysis.needs.monitoring import MonitoringRound, open_round
    from xzz_analysis.needs.overlap import overlap
    from xzz_analysis.needs.profile import need_profile
    from xzz_analysis.needs.registry import indicators
    from xzz_analysis.places.access import access, access_table, gaussian, stepped, within
    from xzz_analysis.places.datum import audit_datum, from_wgs84, to_wgs84
    from xzz_analysis.places.directory import CommunityLayer, match_names, read_communities, read_resources
    from xzz_analysis.places.gaps import bivariate, find_gaps, hot_spots
    from xzz_analysis.places.matching import Order, match, site
    from xzz_analysis.places.travel import Cost, read_streets, travel
    from xzz_analysis.report import chapters
    from xzz_analysis.services.opening import Ledgers, open_ledgers
    from xzz_analysis.services.period import Period, read_period
    from xzz_analysis.study import Study, open_study
    from xzz_analysis.survey import weighting
    from xzz_analysis.survey.change import (
        attrition,
        attrition_weights,
        change,
        composition_change,
        matched_change,
        trend,
    )
    from xzz_analysis.survey.design import Sample, read_parquet
    from xzz_analysis.survey.estimate import mean, quantile, ratio, replicate, share, total
    from xzz_analysis.survey.estimates import Estimates, join
    from xzz_analysis.survey.measures.inequality import concentration, gini
    from xzz_analysis.survey.measures.multiple import multiple
    from xzz_analysis.survey.measures.priorities import priorities
    from xzz_analysis.survey.measures.standardised import standardised
    from xzz_analysis.survey.planning import plan_sample
    from xzz_analysis.survey.small_areas import small_area
    from xzz_analysis.survey.tabulate import tabulate
    from xzz_analysis.survey.testing import Comparisons, contrast, differences, test

__version__ = "0.1.0"

_HOMES = {
    "Atlas": "atlas",
    "CommunityLayer": "places.directory",
    "Comparisons": "survey.testing",
    "Cost": "places.travel",
    "Estimates": "survey.estimates",
    "Ledgers": "services.opening",
    "MonitoringRound": "needs.monitoring",
    "Order": "places.matching",
    "Period": "services.period",
    "Policy": "disclosure.protect",
    "Protected": "disclosure.protect",
    "Sample": "survey.design",
    "Study": "study",
    "XzzError": "errors",
    "access": "places.access",
    "access_table": "places.access",
    "attrition": "survey.change",
    "attrition_weights": "survey.change",
    "audit_datum": "places.datum",
    "bivariate": "places.gaps",
    "change": "survey.change",
    "composition_change": "survey.change",
    "concentration": "survey.measures.inequality",
    "contrast": "survey.testing",
    "differences": "survey.testing",
    "find_gaps": "places.gaps",
    "from_wgs84": "places.datum",
    "gaussian": "places.access",
    "gini": "survey.measures.inequality",
    "growth_z": "needs.growth",
    "hot_spots": "places.gaps",
    "indicators": "needs.registry",
    "join": "survey.estimates",
    "match": "places.matching",
    "match_names": "places.directory",
    "matched_change": "survey.change",
    "mean": "survey.estimate",
    "multiple": "survey.measures.multiple",
    "need_profile": "needs.profile",
    "open_atlas": "atlas",
    "open_ledgers": "services.opening",
    "open_round": "needs.monitoring",
    "open_study": "study",
    "overlap": "needs.overlap",
    "plan_sample": "survey.planning",
    "priorities": "survey.measures.priorities",
    "protect": "disclosure.protect",
    "quantile": "survey.estimate",
    "ratio": "survey.estimate",
    "read_communities": "places.directory",
    "read_parquet": "survey.design",
    "read_period": "services.period",
    "read_resources": "places.directory",
    "read_streets": "places.travel",
    "replicate": "survey.estimate",
    "share": "survey.estimate",
    "site": "places.matching",
    "small_area": "survey.small_areas",
    "standardised": "survey.measures.standardised",
    "stepped": "places.access",
    "tabulate": "survey.tabulate",
    "test": "survey.testing",
    "to_wgs84": "places.datum",
    "total": "survey.estimate",
    "travel": "places.travel",
    "trend": "survey.change",
    "within": "places.access",
}

_ROOMS = {"chapters": "report.chapters", "weighting": "survey.weighting"}

__all__ = [
    "Atlas",
    "CommunityLayer",
    "Comparisons",
    "Cost",
    "Estimates",
    "Ledgers",
    "MonitoringRound",
    "Order",
    "Period",
    "Policy",
    "Protected",
    "Sample",
    "Study",
    "XzzError",
    "access",
    "access_table",
    "attrition",
    "attrition_weights",
    "audit_datum",
    "bivariate",
    "change",
    "chapters",
    "composition_change",
    "concentration",
    "contrast",
    "differences",
    "find_gaps",
    "from_wgs84",
    "gaussian",
    "gini",
    "growth_z",
    "hot_spots",
    "indicators",
    "join",
    "match",
    "match_names",
    "matched_change",
    "mean",
    "multiple",
    "need_profile",
    "open_atlas",
    "open_ledgers",
    "open_round",
    "open_study",
    "overlap",
    "plan_sample",
    "priorities",
    "protect",
    "quantile",
    "ratio",
    "read_communities",
    "read_parquet",
    "read_period",
    "read_resources",
    "read_streets",
    "replicate",
    "share",
    "site",
    "small_area",
    "standardised",
    "stepped",
    "tabulate",
    "test",
    "to_wgs84",
    "total",
    "travel",
    "trend",
    "weighting",
    "within",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"xzz_analysis.{_ROOMS[name]}")
    if name in _HOMES:
        return getattr(import_module(f"xzz_analysis.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'xzz_analysis' has no public name {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
