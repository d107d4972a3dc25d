"""Indicators and policy: the national list of services, SDG and CRC; coverage, awareness and the gap between them."""

from xzz_analysis.needs.policy.crosswalk import Aspect, Crosswalk, Link, ListItem, read_crosswalk
from xzz_analysis.needs.policy.ratios import MEASURES, Service, awareness, coverage, gap, service_ratios
from xzz_analysis.needs.policy.tables import NOT_SUPPLIED, indicator_table, item_table, service_table

__all__ = [
    "MEASURES",
    "NOT_SUPPLIED",
    "Aspect",
    "Crosswalk",
    "Link",
    "ListItem",
    "Service",
    "awareness",
    "coverage",
    "gap",
    "indicator_table",
    "item_table",
    "read_crosswalk",
    "service_ratios",
    "service_table",
]
