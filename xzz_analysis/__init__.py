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
    from xzz_analysis.needs.monitoring import MonitoringRound, open_round
    from xzz_analysis.report import chapters
    from xzz_analysis.study import Study, open_study
    from xzz_analysis.survey.design import Sample
    from xzz_analysis.survey.estimate import mean, quantile, ratio, share, total
    from xzz_analysis.survey.estimates import Estimates, join
    from xzz_analysis.survey.tabulate import tabulate

__version__ = "0.1.0"

_HOMES = {
    "Estimates": "survey.estimates",
    "MonitoringRound": "needs.monitoring",
    "Policy": "disclosure.protect",
    "Protected": "disclosure.protect",
    "Sample": "survey.design",
    "Study": "study",
    "XzzError": "errors",
    "join": "survey.estimates",
    "mean": "survey.estimate",
    "open_round": "needs.monitoring",
    "open_study": "study",
    "protect": "disclosure.protect",
    "quantile": "survey.estimate",
    "ratio": "survey.estimate",
    "share": "survey.estimate",
    "tabulate": "survey.tabulate",
    "total": "survey.estimate",
}

__all__ = [
    "Estimates",
    "MonitoringRound",
    "Policy",
    "Protected",
    "Sample",
    "Study",
    "XzzError",
    "chapters",
    "join",
    "mean",
    "open_round",
    "open_study",
    "protect",
    "quantile",
    "ratio",
    "share",
    "tabulate",
    "total",
]


def __getattr__(name: str) -> Any:
    if name == "chapters":
        return import_module("xzz_analysis.report.chapters")
    if name in _HOMES:
        return getattr(import_module(f"xzz_analysis.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'xzz_analysis' has no public name {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
