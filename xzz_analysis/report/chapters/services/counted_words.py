"""Counts in words: how many activities, person-times and persons, between which numbers, or not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xzz_analysis.disclosure.protect import MARK
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.chapters.services.naming import UNKNOWN, Bilingual, filled
from xzz_analysis.report.theme import figure_text

AT_LEAST: Label = {"zh": "至少{number}", "en": "at least {number}"}
BETWEEN: Label = {"zh": "{low}至{high}", "en": "{low} to {high}"}

WORDS: dict[str, tuple[str, str, str]] = {
    "activities": ("{}场", "{} activity", "{} activities"),
    "person_times": ("{}人次", "{} person-time", "{} person-times"),
    "persons": ("{}人", "{} person", "{} different persons"),
    "were_activities": ("{}场", "there was {} activity", "there were {} activities"),
    "more_activities": ("活动增加{}场", "{} more activity", "{} more activities"),
    "fewer_activities": ("活动减少{}场", "{} activity fewer", "{} fewer activities"),
    "same_activities": ("活动场次相同", "as many activities", "as many activities"),
    "more_person_times": ("人次增加{}", "{} more person-time", "{} more person-times"),
    "fewer_person_times": ("人次减少{}", "{} person-time fewer", "{} fewer person-times"),
    "same_person_times": ("人次相同", "as many person-times", "as many person-times"),
}
"""A number in words: Chinese, English for one, English for others."""


def number_text(what: str, value: float) -> Bilingual:
    """A number of a word of :data:`WORDS`: ``12场``, ``12 activities``."""
    number = figure_text(value, "count")
    zh, one, many = WORDS[what]
    return {"zh": zh.format(number), "en": (one if number == "1" else many).format(number)}


def vague(row: Mapping[Any, Any]) -> bool:
    """Whether bounds of persons say nothing: at least nobody, or at least the one who must have been there."""
    return not row["low"] > 1


def persons_text(row: Mapping[Any, Any]) -> Bilingual:
    """Persons of a protected row: a number, the two it lies between, or that it is not known."""
    if row["suppressed"]:
        return dict.fromkeys(REPORT_LANGUAGES, MARK)
    if row["estimate"] == row["estimate"]:
        return dict.fromkeys(REPORT_LANGUAGES, figure_text(row["estimate"], "count"))
    if vague(row):
        return dict(UNKNOWN)
    low, high = row["low"], row["high"]
    if high != high:
        return filled(AT_LEAST, number=figure_text(low, "count"))
    return filled(BETWEEN, low=figure_text(low, "count"), high=figure_text(high, "count"))


def times_text(row: Mapping[Any, Any]) -> Bilingual:
    """Person-times of a protected row: a number, at least one, or that they are not known."""
    if row["suppressed"]:
        return dict.fromkeys(REPORT_LANGUAGES, MARK)
    if row["estimate"] != row["estimate"]:
        return dict(UNKNOWN)
    number = figure_text(row["estimate"], "count")
    return filled(AT_LEAST, number=number) if row["at_least"] else dict.fromkeys(REPORT_LANGUAGES, number)


def so_many_times(row: Mapping[Any, Any]) -> Bilingual:
    """Person-times of a protected row in words: ``12 person-times``, at least so many, or the mark."""
    if row["suppressed"] or row["estimate"] != row["estimate"]:
        return {"zh": f"人次{MARK}", "en": f"{MARK} person-times"}
    text = number_text("person_times", row["estimate"])
    return (
        {language: AT_LEAST[language].format(number=text[language]) for language in text} if row["at_least"] else text
    )
