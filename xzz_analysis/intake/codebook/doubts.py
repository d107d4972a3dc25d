"""What a person should check in a derived codebook."""

from __future__ import annotations

from xzz_analysis.errors import Finding
from xzz_analysis.intake.quality.rules import RULES
from xzz_analysis.language import Label

DOUBTS: dict[str, Label] = {word: label for word, label in RULES.items() if word.startswith("codebook_")}
"""The doubts in words; also the rules of their findings."""


def doubt(word: str, file: str, question: str) -> Finding:
    """A doubt about one question as a finding."""
    return Finding(
        "note", word, f"{file}: {question}", DOUBTS[word]["en"], "complete the codebook, and name it as `form`"
    )
