"""Figures of merchants as they are written in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.language import REPORT_LANGUAGES
from xzz_analysis.report.chapters.services.naming import Bilingual
from xzz_analysis.report.theme import figure_text, interval_text


class Told(NamedTuple):
    """A figure and the id of its result."""

    value: float
    low: float
    high: float
    result: str


def told(safe: Protected, **keys: str) -> Told:
    """The one row of a protected table with these keys."""
    frame = safe.frame
    for name, value in keys.items():
        frame = frame[frame[name] == value]
    (row,) = frame.to_dict("records")
    return Told(float(row["estimate"]), float(row["low"]), float(row["high"]), str(row["result_id"]))


def count(value: float) -> str:
    """A number of merchants as it is printed."""
    return figure_text(value, "count")


def merchants(value: float) -> Bilingual:
    """A number of merchants with its noun."""
    number = count(value)
    return {"zh": f"商户{number}家", "en": f"{number} merchant{'' if value == 1 else 's'}"}


def share_text(share: Told) -> Bilingual:
    """A share with its interval."""
    middle = figure_text(round(share.value, 3), "percent")
    ends = {code: interval_text(round(share.low, 3), round(share.high, 3), code) for code in REPORT_LANGUAGES}
    return {"zh": f"{middle}，95%区间{ends['zh']}", "en": f"{middle}; 95% interval {ends['en']}"}


def listed(parts: Sequence[Mapping[str, str]]) -> Bilingual:
    """Parts of a sentence, one after another."""
    between = {"zh": "，", "en": ", "}
    return {language: between[language].join(part[language] for part in parts) for language in REPORT_LANGUAGES}
