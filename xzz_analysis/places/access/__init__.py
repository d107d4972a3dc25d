"""Access: who can reach services, who shares them, how unequal that is, and how sure we are."""

from xzz_analysis.places.access.access import access, access_table
from xzz_analysis.places.access.decay import (
    Decay,
    dai,
    declared,
    exponential,
    gaussian,
    linear,
    logistic,
    power,
    stepped,
    within,
)
from xzz_analysis.places.access.inequality import concentration, gini, inequality, palma, poverty, theil
from xzz_analysis.places.access.intervals import Replicates, access_interval, draw_demand
from xzz_analysis.places.access.load import access_findings, choices, load
from xzz_analysis.places.access.measures import COSTS, DEFAULTS, MEASURES, Measure

__all__ = [
    "COSTS",
    "DEFAULTS",
    "MEASURES",
    "Decay",
    "Measure",
    "Replicates",
    "access",
    "access_findings",
    "access_interval",
    "access_table",
    "choices",
    "concentration",
    "dai",
    "declared",
    "draw_demand",
    "exponential",
    "gaussian",
    "gini",
    "inequality",
    "linear",
    "load",
    "logistic",
    "palma",
    "poverty",
    "power",
    "stepped",
    "theil",
    "within",
]
