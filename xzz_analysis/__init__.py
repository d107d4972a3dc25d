"""Needs assessment and monitoring for children who move: from raw exports to a published report.

The names below are the public face; everything else may move. They are loaded when first used, so that
``import xzz_analysis`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xzz_analysis.disclosure.protect import Policy, Protected, protect
    from xzz_analysis.errors import XzzError
    from xzz_analysis.needs.growth import growth_z
    from xzz_analysis.needs.monitoring import MonitoringRound, open_round
    from xzz_analysis.needs.overlap import overlap
    from xzz_analysis.needs.profile import need_profile
    from xzz_analysis.needs.registry import indicators
    from xzz_analysis.report import chapters
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
    "Comparisons": "survey.testing",
    "Estimates": "survey.estimates",
    "MonitoringRound": "needs.monitoring",
    "Policy": "disclosure.protect",
    "Protected": "disclosure.protect",
    "Sample": "survey.design",
    "Study": "study",
    "XzzError": "errors",
    "attrition": "survey.change",
    "attrition_weights": "survey.change",
    "change": "survey.change",
    "composition_change": "survey.change",
    "concentration": "survey.measures.inequality",
    "contrast": "survey.testing",
    "differences": "survey.testing",
    "gini": "survey.measures.inequality",
    "growth_z": "needs.growth",
    "indicators": "needs.registry",
    "join": "survey.estimates",
    "matched_change": "survey.change",
    "mean": "survey.estimate",
    "multiple": "survey.measures.multiple",
    "need_profile": "needs.profile",
    "open_round": "needs.monitoring",
    "open_study": "study",
    "overlap": "needs.overlap",
    "plan_sample": "survey.planning",
    "priorities": "survey.measures.priorities",
    "protect": "disclosure.protect",
    "quantile": "survey.estimate",
    "ratio": "survey.estimate",
    "read_parquet": "survey.design",
    "replicate": "survey.estimate",
    "share": "survey.estimate",
    "small_area": "survey.small_areas",
    "standardised": "survey.measures.standardised",
    "tabulate": "survey.tabulate",
    "test": "survey.testing",
    "total": "survey.estimate",
    "trend": "survey.change",
}

_ROOMS = {"chapters": "report.chapters", "weighting": "survey.weighting"}

__all__ = [
    "Comparisons",
    "Estimates",
    "MonitoringRound",
    "Policy",
    "Protected",
    "Sample",
    "Study",
    "XzzError",
    "attrition",
    "attrition_weights",
    "change",
    "chapters",
    "composition_change",
    "concentration",
    "contrast",
    "differences",
    "gini",
    "growth_z",
    "indicators",
    "join",
    "matched_change",
    "mean",
    "multiple",
    "need_profile",
    "open_round",
    "open_study",
    "overlap",
    "plan_sample",
    "priorities",
    "protect",
    "quantile",
    "ratio",
    "read_parquet",
    "replicate",
    "share",
    "small_area",
    "standardised",
    "tabulate",
    "test",
    "total",
    "trend",
    "weighting",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"xzz_analysis.{_ROOMS[name]}")
    if name in _HOMES:
        return getattr(import_module(f"xzz_analysis.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'xzz_analysis' has no public name {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
