"""Comparisons of estimates and tests, in declared families."""

from xzz_analysis.survey.testing.comparisons import Comparisons
from xzz_analysis.survey.testing.contrast import contrast, differences
from xzz_analysis.survey.testing.hypotheses import test

__all__ = ["Comparisons", "contrast", "differences", "test"]
