"""Spreadsheets of any origin: columns proposed as questions, confirmed by a person in a file, then read."""

from xzz_analysis.intake.plain.mapping import Column, Mapping, read_mapping, write_mapping
from xzz_analysis.intake.plain.proposal import propose
from xzz_analysis.intake.plain.reading import read_plain

__all__ = [
    "Column",
    "Mapping",
    "propose",
    "read_mapping",
    "read_plain",
    "write_mapping",
]
