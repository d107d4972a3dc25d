"""Training and groups: what changed between scores before and after, who was lost, and levels of the health star."""

from xzz_analysis.services.training.changes import course_changes, few_classes
from xzz_analysis.services.training.instruments import Instrument, instrument_of
from xzz_analysis.services.training.lost import course_attrition
from xzz_analysis.services.training.pairing import KEYS, Measured, measured, pair_scores
from xzz_analysis.services.training.star import DIRECTIONS, Stars, star_steps, stars, training_findings

__all__ = [
    "DIRECTIONS",
    "KEYS",
    "Instrument",
    "Measured",
    "Stars",
    "course_attrition",
    "course_changes",
    "few_classes",
    "instrument_of",
    "measured",
    "pair_scores",
    "star_steps",
    "stars",
    "training_findings",
]
