"""Scales, growth and rankings in a round: what their figures rest on, and those that are no plain share or mean."""

from xzz_analysis.needs.instruments.children import (
    grown_indicators,
    growth_checks,
    growth_flags,
    waiting_for_cutoffs,
)
from xzz_analysis.needs.instruments.consistency import reliabilities, scored_indicators
from xzz_analysis.needs.instruments.food import FOOD_INSECURITY, food_indicator, food_insecurity, food_items
from xzz_analysis.needs.instruments.ranking import ranked, ranking_indicators

__all__ = [
    "FOOD_INSECURITY",
    "food_indicator",
    "food_insecurity",
    "food_items",
    "grown_indicators",
    "growth_checks",
    "growth_flags",
    "ranked",
    "ranking_indicators",
    "reliabilities",
    "scored_indicators",
    "waiting_for_cutoffs",
]
