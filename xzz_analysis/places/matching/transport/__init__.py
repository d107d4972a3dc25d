"""Allocation as a transport problem: programmes that are solved, and shares that are fair."""

from xzz_analysis.places.matching.transport.fairness import fair_totals
from xzz_analysis.places.matching.transport.programme import Programme, one_more, solve

__all__ = ["Programme", "fair_totals", "one_more", "solve"]
