"""What rules look at, and one frame of tests for each kind of rule."""

from xzz_analysis.needs.alerts.watching.evidence import Evidence, Side, side_of
from xzz_analysis.needs.alerts.watching.one_round import beyond_limit, standing_results, stands_out
from xzz_analysis.needs.alerts.watching.tested import TESTED, Watch
from xzz_analysis.needs.alerts.watching.two_rounds import widened, widening_results, worsened

__all__ = [
    "TESTED",
    "Evidence",
    "Side",
    "Watch",
    "beyond_limit",
    "side_of",
    "standing_results",
    "stands_out",
    "widened",
    "widening_results",
    "worsened",
]
