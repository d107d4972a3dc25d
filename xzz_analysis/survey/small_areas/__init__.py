"""Estimates for areas with few respondents: each borrows strength from the others (Fay–Herriot)."""

from xzz_analysis.survey.small_areas.areas import small_area
from xzz_analysis.survey.small_areas.model import AreaModel, Shrunken, fit_area_model, shrink

__all__ = ["AreaModel", "Shrunken", "fit_area_model", "shrink", "small_area"]
