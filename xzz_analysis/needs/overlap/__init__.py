"""Overlap of deprivations in the same children: counts, patterns, bounds, robustness, change, severity."""

from xzz_analysis.needs.overlap.decomposition import OverlapChange, overlap_change
from xzz_analysis.needs.overlap.dimensions import Dimension
from xzz_analysis.needs.overlap.measures import MEASURES
from xzz_analysis.needs.overlap.overlap import TABLES, Overlap, overlap
from xzz_analysis.needs.overlap.robustness import Sensitivity, cutoff_robustness, weighting_sensitivity
from xzz_analysis.needs.overlap.severity import SEVERITY_MEASURES, Severity, deprived_from, severity

__all__ = [
    "MEASURES",
    "SEVERITY_MEASURES",
    "TABLES",
    "Dimension",
    "Overlap",
    "OverlapChange",
    "Sensitivity",
    "Severity",
    "cutoff_robustness",
    "deprived_from",
    "overlap",
    "overlap_change",
    "severity",
    "weighting_sensitivity",
]
