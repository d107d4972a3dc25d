"""Indicators and policy: the national list, SDG and CRC; coverage, awareness and gap of services."""

from xzz_analysis.needs.policy.crosswalk import Aspect, Crosswalk, Link, ListItem, read_crosswalk
from xzz_analysis.needs.policy.declared import (
    SuppliedItem,
    crosswalk_of,
    questions_of,
    read_services,
    service_estimates,
    service_findings,
    service_told,
)
from xzz_analysis.needs.policy.ratios import MEASURES, Service, awareness, coverage, gap, service_ratios
from xzz_analysis.needs.policy.tables import (
    NOT_SUPPLIED,
    ListRow,
    Place,
    articles_text,
    goals_text,
    item_label,
    list_rows,
    places,
)

__all__ = [
    "MEASURES",
    "NOT_SUPPLIED",
    "Aspect",
    "Crosswalk",
    "Link",
    "ListItem",
    "ListRow",
    "Place",
    "Service",
    "SuppliedItem",
    "articles_text",
    "awareness",
    "coverage",
    "crosswalk_of",
    "gap",
    "goals_text",
    "item_label",
    "list_rows",
    "places",
    "questions_of",
    "read_crosswalk",
    "read_services",
    "service_estimates",
    "service_findings",
    "service_ratios",
    "service_told",
]
