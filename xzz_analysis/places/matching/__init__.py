"""Matching: who could help whom, how places are shared out, and where one more service helps most."""

from xzz_analysis.places.matching.allocation import OBJECTIVES, Match, match
from xzz_analysis.places.matching.orders import Order
from xzz_analysis.places.matching.siting import Siting, site
from xzz_analysis.places.matching.stability import Stability, stability

__all__ = ["OBJECTIVES", "Match", "Order", "Siting", "Stability", "match", "site", "stability"]
