"""Instruments scored as their authors wrote them down, with their reliability."""

from xzz_analysis.needs.scales.fies import Equating, Fies, equate, fies, prevalence
from xzz_analysis.needs.scales.generic import food_groups, how_often, likert
from xzz_analysis.needs.scales.rasch import Fit, Rasch, rasch
from xzz_analysis.needs.scales.reliability import Reliability, reliability
from xzz_analysis.needs.scales.scale import SCALES, Band, CutOffs, Prorate, Rung, Scale, Subscale, read_scales
from xzz_analysis.needs.scales.scoring import categories, inspect_items, item_scores, score

__all__ = [
    "SCALES",
    "Band",
    "CutOffs",
    "Equating",
    "Fies",
    "Fit",
    "Prorate",
    "Rasch",
    "Reliability",
    "Rung",
    "Scale",
    "Subscale",
    "categories",
    "equate",
    "fies",
    "food_groups",
    "how_often",
    "inspect_items",
    "item_scores",
    "likert",
    "prevalence",
    "rasch",
    "read_scales",
    "reliability",
    "score",
]
