"""Weights that reproduce known totals, bounded weights, and weights for those who did not respond.

Every function takes a Sample and returns a new one; the steps can follow each other, and each calibration is
credited in every later standard error, in the order they were made (as in R's survey). A weight of zero stays
zero and counts in no total. A subpopulation is weighted with its whole sample.
"""

from xzz_analysis.survey.weighting.calibration import calibrate, post_stratify, rake
from xzz_analysis.survey.weighting.inspection import achieved, diagnostics
from xzz_analysis.survey.weighting.nonresponse import adjust_nonresponse, response_rates
from xzz_analysis.survey.weighting.trimming import trim

__all__ = [
    "achieved",
    "adjust_nonresponse",
    "calibrate",
    "diagnostics",
    "post_stratify",
    "rake",
    "response_rates",
    "trim",
]
