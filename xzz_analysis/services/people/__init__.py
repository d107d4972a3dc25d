"""People of the services: the roles they hold, how helping grows, and the points of volunteers."""

from xzz_analysis.services.people.conversion import (
    ORIGINS,
    STEPS,
    YEAR,
    conversion,
    incidence_curve,
    step_times,
    volunteer_origins,
)
from xzz_analysis.services.people.movements import FOLDED, MOVEMENTS, account, earned_by_rule
from xzz_analysis.services.people.points import PointsLedger, hundredths, points_ledger
from xzz_analysis.services.people.ratios import WORKERS, volunteers_per_worker
from xzz_analysis.services.people.roles import GROUPS, POSTS, ROLES, UNSTATED, in_order, role_stocks

__all__ = [
    "FOLDED",
    "GROUPS",
    "MOVEMENTS",
    "ORIGINS",
    "POSTS",
    "ROLES",
    "STEPS",
    "UNSTATED",
    "WORKERS",
    "YEAR",
    "PointsLedger",
    "account",
    "conversion",
    "earned_by_rule",
    "hundredths",
    "in_order",
    "incidence_curve",
    "points_ledger",
    "role_stocks",
    "step_times",
    "volunteer_origins",
    "volunteers_per_worker",
]
