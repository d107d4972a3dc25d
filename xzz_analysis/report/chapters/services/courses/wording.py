"""What courses are called, and figures of theirs in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.report.chapters.services.naming import Bilingual, filled
from xzz_analysis.report.sentences import INTERVAL_WORD
from xzz_analysis.report.tables import Naming
from xzz_analysis.report.theme import figure_text, interval_text
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.survey.estimates import group_pairs

Row = Mapping[Any, Any]

COURSE: Bilingual = {"zh": "课程（量表）", "en": "Course (instrument)"}
NAMED: Label = {"zh": "{course} · {instrument}", "en": "{course} · {instrument}"}

NO_COMPARISON: Bilingual = {
    "zh": "没有对照组，得分上升不能证明是课程带来的：年龄增长、测过一次更熟悉、同期发生的其他事情，都会使得分变化。",
    "en": "There is no comparison group, so a rise is no proof that the course had an effect: growing older, knowing the "
    "questions from the first time, and whatever else happened meanwhile move scores too.",
}


def course_naming(ledgers: Ledgers, keys: Iterable[str]) -> Naming:
    """Rows named by course and instrument."""
    return Naming("by", {key: course_called(ledgers, key) for key in keys}, dict(COURSE))


def course_called(ledgers: Ledgers, by: str) -> Bilingual:
    """A course and its instrument, from ``by`` of a result."""
    told = dict(group_pairs(by))
    return filled(NAMED, **{name: called(ledgers, told[name]) for name in told})


def called(ledgers: Ledgers, code: str) -> Bilingual:
    """What a course or an instrument is called in both languages; its code where nobody says."""
    return {language: choose(ledgers.called(code), language).text for language in REPORT_LANGUAGES}


def interval_words(row: Row, ends: tuple[float, float], unit: str) -> Bilingual:
    """An interval with its level; empty where there is none."""
    if pd.isna(ends[0]):
        return dict.fromkeys(REPORT_LANGUAGES, "")
    level = f"{row['level']:.0%}"
    return {
        "zh": INTERVAL_WORD[False]["zh"].format(level=level) + interval_text(*ends, "zh", unit=unit, decimals=2),
        "en": f"{INTERVAL_WORD[False]['en'].format(level=level)} {interval_text(*ends, 'en', unit=unit, decimals=2)}",
    }


def probability(p: float) -> Any:
    """A p value as printed, ``<0.001`` where it is smaller; None where there is none."""
    if pd.isna(p):
        return None
    return dict.fromkeys(REPORT_LANGUAGES, "<0.001" if p < 0.001 else figure_text(p, decimals=3))
