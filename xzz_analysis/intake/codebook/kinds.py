"""What a column without a form holds, told from its distinct texts: numbers, dates, recurring answers, or words.

Nothing here returns a text that only one respondent wrote, except option names that machines make, and options of a
platform that keeps respondents' own words apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from xzz_analysis.intake.answers import Kind, Reason

Confidence = Literal["high", "medium", "low"]

EMPTY_WORDS: dict[str, Reason] = dict.fromkeys(
    ("n/a", "N/A", "NA", "NaN", "nan", "NULL", "null", "None", "#N/A", "-", "--", "—", "——", "(空)", "（空）", "空"),
    Reason.BLANK,
) | dict.fromkeys(("(跳过)", "（跳过）"), Reason.SKIPPED)
"""What programs write in an empty cell."""

MOST_OPTIONS, LONGEST_OPTION = 60, 80
"""A choice question has no more options, and none longer."""
REPETITION = 3
"""A column of recurring answers has at least this many cells per distinct text."""
FEW_DIFFERENT = 6
"""Up to so many different answers may be options even of a question that names a phone or an id."""
HIGHEST_CODE = 10
"""Whole numbers up to here may be codes of options or points of a scale."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]+")
_WITH_UNIT = re.compile(r"[+-]?[0-9][0-9,，.]*\s?[^\d\s,，.:/年-][^\d]{0,3}")
_MACHINE_NAME = re.compile(r"(?!.*[0-9]{6})[A-Za-z0-9_.-]{1,80}")
_CLOCK = r"(?:[T ](\d{1,2}):(\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?))?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})\s*[-/.年]\s*(\d{{1,2}})\s*[-/.月]\s*(\d{{1,2}})\s*日?{_CLOCK}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){_CLOCK}")
_NAMES = r"(?:sur|first|last|full|family|nick|user)?names?|(?:tele)?phones?|mobile|address(?:es)?|wechat|e-?mails?"
_LATIN = rf"(?:^|[^A-Za-z])(?:{_NAMES})(?:$|[^A-Za-z])"
_CHINESE = "姓名|名字|称呼|电话|手机|身份证|证件(?!类|种)|微信(?!群)|QQ|住址|地址|门牌|邮箱"
_PERSONAL = re.compile(rf"{_CHINESE}|{_LATIN}", re.I)
_LONG_DIGITS = re.compile(r"[0-9]{6}")


@dataclass(frozen=True)
class Content:
    """What a column holds.

    Attributes
    ----------
    kind : Kind
    confidence : "high", "medium" or "low"
        Low where the content allows two readings that give different answers.
    because : str
        Why, in words that show no answer.
    options : tuple of str
        Recurring answers as written, most frequent first, for ``select_one``.
    order : str
        ``ymd``, ``dmy`` or ``mdy`` for dates.
    doubts : tuple of str
        What a person should check in a codebook, words of :data:`xzz_analysis.intake.codebook.DOUBTS`.
    """

    kind: Kind
    confidence: Confidence
    because: str
    options: tuple[str, ...] = ()
    order: str = ""
    doubts: tuple[str, ...] = ()

    @property
    def kind_as_written(self) -> Kind:
        """The kind where cells stay as they are written: dates in another order than year first are text."""
        return "text" if self.kind == "date" and self.order != "ymd" else self.kind


def word_counts(column: pd.Series) -> dict[str, int]:
    """Distinct texts without the spaces around them → cells, most frequent first; empty cells are left out."""
    counts: dict[str, int] = {}
    for text, count in column.value_counts(sort=True).items():
        word = str(text).strip()
        if word and word not in EMPTY_WORDS:
            counts[word] = counts.get(word, 0) + int(count)
    return counts


def guess_kind(counts: Mapping[str, int], wording: str = "", *, apart: bool = False) -> Content:
    """Guess a question's kind from its answers.

    Parameters
    ----------
    counts : mapping of str to int
        Distinct texts → cells, as :func:`word_counts` gives them; without codes of missing answers.
    wording : str
        The question: one that asks for a name, a phone, an id or an address is text, unless few answers recur.
    apart : bool
        Whether the platform keeps respondents' own words apart from options, so that an answer that occurs once is an
        option too; else it is one only if a machine made its name.

    Returns
    -------
    Content
        Digits with leading zeros or of ten places and more are identifiers, hence text; what is in doubt is text,
        which is never kept.
    """
    if not counts:
        return Content("text", "high", "no cell is filled", doubts=("codebook_unanswered",))
    if all(_NUMBER.fullmatch(word) for word in counts):
        return _digits(counts)
    order = _date_order(counts)
    if order is not None:
        return order
    filled = sum(counts.values())
    said = f"{len(counts):,} different texts in {filled:,} filled cells"
    if is_personal(wording) and len(counts) > FEW_DIFFERENT:
        return Content("text", "high", said, doubts=("codebook_personal",))
    numbers = sum(count for word, count in counts.items() if _NUMBER.fullmatch(word))
    listed = _listed(counts, filled, apart=apart)
    if listed is not None and not (numbers and len(counts) > 10):
        return listed
    with_unit = sum(count for word, count in counts.items() if _WITH_UNIT.fullmatch(word))
    if with_unit + numbers >= 0.8 * filled:
        because = f"{filled - numbers} of {filled:,} filled cells are no plain number (a unit, a comma, or a word)"
        return Content("decimal", "low", because, doubts=("codebook_choice_or_text",))
    return Content("text", "high", said, doubts=_doubts_of_text(counts, filled))


def iso_date(word: str, order: str) -> str:
    """ISO form of a date written in one order, its clock kept; the word itself where it is no such date."""
    found = (_YEAR_FIRST if order == "ymd" else _YEAR_LAST).fullmatch(word)
    if not found:
        return word
    year, month, day = (found[1], found[2], found[3]) if order == "ymd" else (found[3], found[2], found[1])
    if order == "mdy":
        month, day = day, month
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return word
    return f"{year}-{int(month):02d}-{int(day):02d}" + (f"T{int(found[4]):02d}:{found[5]}" if found[4] else "")


def is_personal(header: str) -> bool:
    """Whether a header asks for what identifies a person, so that recurring answers are still nobody's options."""
    return _PERSONAL.search(header) is not None


def is_machine_name(word: str) -> bool:
    """Whether a text is written as programs write option names, and holds no long number."""
    return _MACHINE_NAME.fullmatch(word) is not None


def is_number(word: str) -> bool:
    """Whether a text is a plain number."""
    return _NUMBER.fullmatch(word) is not None


def _digits(counts: Mapping[str, int]) -> Content:
    personal = ("codebook_personal",)
    if any(_LEADING_ZERO.fullmatch(word) for word in counts):
        because = "numbers with leading zeros are codes or identifiers, not amounts"
        return Content("text", "high", because, doubts=personal)
    long = sum(count for word, count in counts.items() if abs(float(word)) >= 1e9)
    if long:
        return Content(
            "text", "high", f"{long:,} cells have ten digits or more, like a phone or an id", doubts=personal
        )
    if all(float(word).is_integer() for word in counts):
        small = all(0 <= float(word) <= HIGHEST_CODE for word in counts)
        doubts = ("codebook_choice_or_number",) if small else ()
        return Content("integer", "high", "every filled cell is a whole number", doubts=doubts)
    return Content("decimal", "high", "every filled cell is a number")


def _date_order(counts: Mapping[str, int]) -> Content | None:
    if all(_YEAR_FIRST.fullmatch(word) for word in counts):
        return Content("date", "high", "every filled cell is a date, year first", order="ymd")
    found = [_YEAR_LAST.fullmatch(word) for word in counts]
    if not all(found):
        return None
    first = max(int(match[1]) for match in found if match)
    second = max(int(match[2]) for match in found if match)
    if first > 12 >= second:
        return Content("date", "high", "every filled cell is a date, day first", order="dmy")
    if second > 12 >= first:
        return Content("date", "high", "every filled cell is a date, month first", order="mdy")
    because = "dates whose day and month cannot be told apart; write order: dmy or order: mdy"
    return Content("date", "low", because, order="dmy")


def _is_short(counts: Mapping[str, int]) -> bool:
    """Whether the texts are few and short, as options are."""
    return len(counts) <= MOST_OPTIONS and max(map(len, counts)) <= LONGEST_OPTION


def _listed(counts: Mapping[str, int], filled: int, *, apart: bool) -> Content | None:
    """Recurring answers, when the column is a list of them."""
    lines = any("\n" in word for word in counts)
    if lines or not _is_short(counts) or filled < REPETITION * len(counts):
        return None
    kept = tuple(word for word, count in counts.items() if apart or count > 1 or is_machine_name(word))
    once = len(counts) - len(kept)
    if once > 0.5 * len(counts) or any(map(_LONG_DIGITS.search, kept)):
        return None
    if once:
        because = (
            f"{len(kept)} texts recur; {once} more occur once each and are not listed here: "
            "add those that are options, or write kind: text"
        )
        return Content("select_one", "low", because, kept, doubts=("codebook_choice_or_text",))
    doubts = ("codebook_rare_option",) if min(counts.values()) == 1 else ()
    because = f"{len(kept)} different texts in {filled:,} filled cells"
    return Content("select_one", "high", because, kept, doubts=doubts)


def _doubts_of_text(counts: Mapping[str, int], filled: int) -> tuple[str, ...]:
    if any(map(_LONG_DIGITS.search, counts)):
        return ("codebook_personal",)
    return ("codebook_choice_or_text",) if _is_short(counts) and 2 * filled >= 3 * len(counts) else ()
