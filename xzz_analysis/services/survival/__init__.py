"""Time until something happens, where for some it has not happened yet.

Days are counted from a beginning of each person or merchant (an issue, a first visit) until the event, or until we last
knew that it had not happened (censored). Whoever is censored on a day counts as at risk on that day.
"""

from xzz_analysis.services.survival.checking import INTERVALS, Interval
from xzz_analysis.services.survival.comparison import LogRank, log_rank
from xzz_analysis.services.survival.curve import Mean, Quantile, SurvivalCurve, kaplan_meier
from xzz_analysis.services.survival.incidence import cumulative_incidence, incidence_at

__all__ = [
    "INTERVALS",
    "Interval",
    "LogRank",
    "Mean",
    "Quantile",
    "SurvivalCurve",
    "cumulative_incidence",
    "incidence_at",
    "kaplan_meier",
    "log_rank",
]
