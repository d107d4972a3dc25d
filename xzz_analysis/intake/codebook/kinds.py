"""What kind of question a column of answers comes from, and the doubts that remain for a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from xzz_analysis.errors import Finding
from xzz_analysis.intake.answers import Kind
from xzz_analysis.intake.quality.rules import RULES
from xzz_analysis.language import Label

DOUBTS: dict[str, Label] = {word: label for word, label in RULES.items() if word.startswith("codebook_")}
"""What a person should check in a derived codebook, in words; also the rules of its findings."""

_INTEGER = re.compile(r"[+-]?\d{1,9}")
_DECIMAL = re.compile(r"[+-]?(?:\d{1,9}|\d{0,9}\.\d{1,9})")
_DATE = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?")
_PERSONAL = re.compile(
    r"姓名|名字|称呼|电话|手机|身份证|证件|微信|QQ|住址|地址|门牌|邮箱|name|phone|address|e-?mail", re.I
)
_LONG_DIGITS = re.compile(r"\d{7,}")

MOST_OPTIONS, LONGEST_OPTION = 30, 60
"""A choice question has no more options, and none longer."""
FEWEST_PER_OPTION = 3
"""Answers per different answer, on average, from which on the answers are taken for options."""
FEW_DIFFERENT = 6
"""Up to so many different answers may be options even of a question that names a phone or an id."""
HIGHEST_CODE = 10
"""Whole numbers up to here may be codes of options or points of a scale."""


@dataclass(frozen=True)
class Guess:
    """What a column looks like.

    Attributes
    ----------
    kind : Kind
    doubts : tuple of str
        Words of :data:`DOUBTS`.
    """

    kind: Kind
    doubts: tuple[str, ...] = ()


def guess_kind(counts: Mapping[str, int], wording: str = "") -> Guess:
    """Guess the kind of a question from its answers; a column in doubt is text, which is never kept.

    Parameters
    ----------
    counts : mapping of str to int
        Different answer → how often it occurs; without empty cells, codes of missing answers and what a respondent
        wrote beside an option.
    wording : str
        The question.

    Returns
    -------
    Guess
        Whole numbers are ``integer``; few different words that each occur ``FEWEST_PER_OPTION`` times on average
        are ``select_one``.
    """
    if not counts:
        return Guess("text", ("codebook_unanswered",))
    if all(_INTEGER.fullmatch(text) for text in counts):
        small = all(0 <= int(text) <= HIGHEST_CODE for text in counts)
        return Guess("integer", ("codebook_choice_or_number",) if small else ())
    if all(_DECIMAL.fullmatch(text) for text in counts):
        return Guess("decimal")
    if all(_DATE.fullmatch(text) for text in counts):
        return Guess("date")
    personal = _PERSONAL.search(wording) is not None and len(counts) > FEW_DIFFERENT
    if personal or any(_LONG_DIGITS.search(text) for text in counts):
        return Guess("text", ("codebook_personal",))
    return _choice_or_text(counts)


def _choice_or_text(counts: Mapping[str, int]) -> Guess:
    short = len(counts) <= MOST_OPTIONS and max(map(len, counts)) <= LONGEST_OPTION
    answered = sum(counts.values())
    if short and answered >= FEWEST_PER_OPTION * len(counts):
        rare = ("codebook_rare_option",) if min(counts.values()) == 1 else ()
        return Guess("select_one", rare)
    doubtful = short and 2 * answered >= 3 * len(counts)
    return Guess("text", ("codebook_choice_or_text",) if doubtful else ())


def doubt(word: str, file: str, question: str) -> Finding:
    """A doubt about one question as a finding."""
    return Finding(
        "note", word, f"{file}: {question}", DOUBTS[word]["en"], "complete the codebook, and name it as `form`"
    )
