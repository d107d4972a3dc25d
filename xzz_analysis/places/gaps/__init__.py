"""Gaps: need beside reach and capacity, by cause; where gaps cluster; need and access together."""

from xzz_analysis.places.gaps.bivariate import Classes, bivariate
from xzz_analysis.places.gaps.causes import CAUSES, Gaps, find_gaps
from xzz_analysis.places.gaps.hotspots import HotSpots, hot_spots
from xzz_analysis.places.gaps.neighbours import Neighbours, contiguous, nearest, within
from xzz_analysis.places.gaps.rates import shrunken_rates

__all__ = [
    "CAUSES",
    "Classes",
    "Gaps",
    "HotSpots",
    "Neighbours",
    "bivariate",
    "contiguous",
    "find_gaps",
    "hot_spots",
    "nearest",
    "shrunken_rates",
    "within",
]
