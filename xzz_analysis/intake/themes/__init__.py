"""Free text that people coded into themes: read, tied to its records, and nothing of the text kept."""

from xzz_analysis.intake.themes.joining import CODERS, join_themes
from xzz_analysis.intake.themes.quotations import check_quotations
from xzz_analysis.intake.themes.sheet import write_sheet

__all__ = ["CODERS", "check_quotations", "join_themes", "write_sheet"]
