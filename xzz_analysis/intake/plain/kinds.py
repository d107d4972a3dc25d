"""What a column without a form holds, told from its distinct texts: numbers, dates, recurring answers, or words.

Nothing here returns a text that only one respondent wrote, except option names that machines make.
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

MOST_OPTIONS = 60
LONGEST_OPTION = 80
REPETITION = 3
"""A column of recurring answers has at least this many cells per distinct text."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]+")
_WITH_UNIT = re.compile(r"[+-]?[0-9][0-9,，.]*\s?[^\d\s,，.:/年-][^\d]{0,3}")
_MACHINE_NAME = re.compile(r"(?!.*[0-9]{6})[A-Za-z0-9_.-]{1,80}")
_CLOCK = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})(?:[-/.]|年)(\d{{1,2}})(?:[-/.]|月)(\d{{1,2}})日?{_CLOCK}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){_CLOCK}")
_LATIN = r"(?:^|[^A-Za-z])(?:name|phone|mobile|address|wechat)(?:$|[^A-Za-z])"
_PERSONAL = re.compile(rf"姓名|名字|电话|手机|身份证|证件号|微信号|QQ|住址|地址|邮箱|{_LATIN}", re.I)


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
    """

    kind: Kind
    confidence: Confidence
    because: str
    options: tuple[str, ...] = ()
    order: str = ""


def word_counts(column: pd.Series) -> dict[str, int]:
    """Distinct texts without the spaces around them → cells, most frequent first; empty cells are left out."""
    counts: dict[str, int] = {}
    for text, count in column.value_counts(sort=True).items():
        word = str(text).strip()
        if word and word not in EMPTY_WORDS:
            counts[word] = counts.get(word, 0) + int(count)
    return counts


def derive(counts: Mapping[str, int]) -> Content:
    """Derive a column's kind from its content.

    Parameters
    ----------
    counts : mapping of str to int
        Distinct texts → cells, as :func:`word_counts` gives them.

    Returns
    -------
    Content
        Digits with leading zeros or of ten places and more are identifiers, hence text.
    """
    if not counts:
        return Content("text", "high", "no cell is filled")
    if all(_NUMBER.fullmatch(word) for word in counts):
        return _digits(counts)
    order = _date_order(counts)
    if order is not None:
        return order
    with_unit = sum(count for word, count in counts.items() if _WITH_UNIT.fullmatch(word))
    numbers = sum(count for word, count in counts.items() if _NUMBER.fullmatch(word))
    filled = sum(counts.values())
    listed = _listed(counts, filled)
    if listed is not None and not (numbers and len(counts) > 10):
        return listed
    if with_unit + numbers >= 0.8 * filled:
        other = filled - numbers
        because = f"{other} of {filled:,} filled cells are no plain number (a unit, a comma, or a word beside it)"
        return Content("decimal", "low", because)
    return Content("text", "high", f"{len(counts):,} different texts in {filled:,} filled cells")


def iso_date(word: str, order: str) -> str:
    """ISO form of a date written in one order, its clock kept; the word itself where it is no such date."""
    found = (_YEAR_FIRST if order == "ymd" else _YEAR_LAST).fullmatch(word)
    if not found:
        return word
    year, month, day = found.groups() if order == "ymd" else (found[3], found[2], found[1])
    if order == "mdy":
        month, day = day, month
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return word
    clock = re.sub(r"^[^T ]*[T ](?=\d)", "", word) if ":" in word else ""
    hour, _, rest = clock.partition(":")
    return f"{year}-{int(month):02d}-{int(day):02d}" + (f"T{int(hour):02d}:{rest}" if clock else "")


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
    if any(_LEADING_ZERO.fullmatch(word) for word in counts):
        return Content("text", "high", "numbers with leading zeros are codes or identifiers, not amounts")
    long = sum(count for word, count in counts.items() if abs(float(word)) >= 1e9)
    if long:
        return Content("text", "high", f"{long:,} cells have ten digits or more, like a phone or an id")
    if all(float(word).is_integer() for word in counts):
        return Content("integer", "high", "every filled cell is a whole number")
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


def _listed(counts: Mapping[str, int], filled: int) -> Content | None:
    """Recurring answers, when the column is a list of them."""
    short = max(map(len, counts)) <= LONGEST_OPTION and not any("\n" in word for word in counts)
    few = len(counts) <= MOST_OPTIONS and filled >= REPETITION * len(counts)
    if not (short and few):
        return None
    kept = tuple(word for word, count in counts.items() if count > 1 or is_machine_name(word))
    once = len(counts) - len(kept)
    if once > 0.5 * len(counts) or re.search(r"[0-9]{6}", " ".join(kept)):
        return None
    if once:
        because = (
            f"{len(kept)} texts recur; {once} more occur once each and are not listed here: "
            "add those that are options, or write kind: text"
        )
        return Content("select_one", "low", because, kept)
    return Content("select_one", "high", f"{len(kept)} different texts in {filled:,} filled cells", kept)
