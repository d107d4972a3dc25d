"""Ledgers: their columns, and reading them from files and databases."""

from xzz_analysis.services.ledgers.attendance import with_activity_days
from xzz_analysis.services.ledgers.columns import COLUMNS, DAYS, Column, ledger_columns
from xzz_analysis.services.ledgers.reading import ReadLedger, empty_ledger, last_day, read_ledger

__all__ = [
    "COLUMNS",
    "DAYS",
    "Column",
    "ReadLedger",
    "empty_ledger",
    "last_day",
    "ledger_columns",
    "read_ledger",
    "with_activity_days",
]
