"""Before a round: how many clusters and respondents it needs, and how small a change it can find."""

from xzz_analysis.survey.planning.communities import plan_sample, plans_of
from xzz_analysis.survey.planning.plan import Plan
from xzz_analysis.survey.planning.sample_size import detectable_change, power_of_change, precision, sample_needed
from xzz_analysis.survey.planning.simulation import simulate

__all__ = [
    "Plan",
    "detectable_change",
    "plan_sample",
    "plans_of",
    "power_of_change",
    "precision",
    "sample_needed",
    "simulate",
]
