"""Change between rounds: how much, what it is made of, how it goes on, and who was lost on the way."""

from xzz_analysis.survey.change.change import Terms, change, change_items
from xzz_analysis.survey.change.composition import composition_change, composition_items
from xzz_analysis.survey.change.panel import attrition, attrition_weights, matched_change
from xzz_analysis.survey.change.trend import trend, trend_items

__all__ = [
    "Terms",
    "attrition",
    "attrition_weights",
    "change",
    "change_items",
    "composition_change",
    "composition_items",
    "matched_change",
    "trend",
    "trend_items",
]
