"""Checks between ledgers: what cannot be, and what a person should look at."""

from xzz_analysis.services.checks.checking import check_ledgers
from xzz_analysis.services.checks.remembering import remember_ledgers
from xzz_analysis.services.checks.rules import RULES, rule_words

__all__ = ["RULES", "check_ledgers", "remember_ledgers", "rule_words"]
