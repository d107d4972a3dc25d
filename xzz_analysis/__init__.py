"""Needs assessment and monitoring for children who move: from raw exports to a published report."""

from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimate import mean, quantile, ratio, share, total

__version__ = "0.1.0"
