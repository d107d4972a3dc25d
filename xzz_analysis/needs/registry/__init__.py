"""Ready indicators for migrant children and their families: what each is, and whether a form can answer it."""

from xzz_analysis.needs.registry.catalogue import CanonicalQuestion, canonical_questions, find, indicators
from xzz_analysis.needs.registry.coverage import coverage
from xzz_analysis.needs.registry.explaining import describe, explain
from xzz_analysis.needs.registry.taking import Taken, take

__all__ = [
    "CanonicalQuestion",
    "Taken",
    "canonical_questions",
    "coverage",
    "describe",
    "explain",
    "find",
    "indicators",
    "take",
]
