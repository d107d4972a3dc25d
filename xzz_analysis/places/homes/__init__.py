"""Homes of children, never shown: they become figures of communities, cells of many homes, or internal masks."""

from xzz_analysis.places.homes.cells import Cells, Layout, cells
from xzz_analysis.places.homes.masks import mask
from xzz_analysis.places.homes.metrics import METRICS, mask_metrics
from xzz_analysis.places.homes.reaching import LEAST, community_cost, nearest_service, reach_table
from xzz_analysis.places.homes.reading import Homes, read_homes

__all__ = [
    "LEAST",
    "METRICS",
    "Cells",
    "Homes",
    "Layout",
    "cells",
    "community_cost",
    "mask",
    "mask_metrics",
    "nearest_service",
    "reach_table",
    "read_homes",
]
