"""Rounds tied together: which question and option of an earlier round is which of the newest.

Two codebooks are compared; what is certain is done, what is in doubt waits for a person in ``crosswalk.yml``, the one
place where a renamed question is known. What nobody decided stops the build.
"""

from xzz_analysis.intake.rounds.applying import apply, check, codebook
from xzz_analysis.intake.rounds.drafting import draft
from xzz_analysis.intake.rounds.entries import Crosswalk, Entry, OptionEntry, comparable
from xzz_analysis.intake.rounds.file import read_crosswalks, write_crosswalks

__all__ = [
    "Crosswalk",
    "Entry",
    "OptionEntry",
    "apply",
    "check",
    "codebook",
    "comparable",
    "draft",
    "read_crosswalks",
    "write_crosswalks",
]
