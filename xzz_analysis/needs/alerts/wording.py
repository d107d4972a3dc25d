"""Sentences of alerts, both languages at once; every number is a figure of the row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from xzz_analysis.language import REPORT_LANGUAGES, Label, choose

MINUS_SIGN = "−"

INTERVALS: dict[bool, dict[str, str]] = {
    True: {"zh": "95%参考区间", "en": "95% indicative interval"},
    False: {"zh": "95%置信区间", "en": "95% confidence interval"},
}
"""What an interval is called, by whether the sample is a non-probability sample."""

RANGE: dict[str, str] = {"zh": "{low}～{high}", "en": "{low} to {high}"}
UNITS: dict[str, dict[str, str]] = {
    "points": {"zh": "{}个百分点", "en": "{} percentage points"},
    "number": {"zh": "{}", "en": "{}"},
}

THRESHOLD: dict[int, dict[str, str]] = {
    1: {
        "zh": "{whom}：{what}为{estimate}{interval}，高于警戒线{reference}。",
        "en": "{whom}: {what}, {estimate}{interval}, above the limit of {reference}.",
    },
    -1: {
        "zh": "{whom}：{what}为{estimate}{interval}，低于警戒线{reference}。",
        "en": "{whom}: {what}, {estimate}{interval}, below the limit of {reference}.",
    },
}
WORSENING: dict[int, dict[str, str]] = {
    1: {
        "zh": "{whom}：{what}由{reference}升至{estimate}，上升{change}{interval}。",
        "en": "{whom}: {what} rose from {reference} to {estimate}, by {change}{interval}.",
    },
    -1: {
        "zh": "{whom}：{what}由{reference}降至{estimate}，下降{change}{interval}。",
        "en": "{whom}: {what} fell from {reference} to {estimate}, by {change}{interval}.",
    },
}
GAP: dict[str, str] = {
    "zh": "{whom}与{other}之间：{what}的差距由{reference}变为{estimate}，扩大{change}{interval}。",
    "en": "Between {whom} and {other}: {what}, a gap of {reference} before and {estimate} now, "
    "wider by {change}{interval}.",
}
CLUSTER: dict[int, dict[str, str]] = {
    1: {
        "zh": "{whom}：{what}为{estimate}，其余各组合计为{reference}，高出{change}{interval}。{earlier}",
        "en": "{whom}: {what}, {estimate}, against {reference} of all others together, higher by "
        "{change}{interval}.{earlier}",
    },
    -1: {
        "zh": "{whom}：{what}为{estimate}，其余各组合计为{reference}，低了{change}{interval}。{earlier}",
        "en": "{whom}: {what}, {estimate}, against {reference} of all others together, lower by "
        "{change}{interval}.{earlier}",
    },
}
EARLIER: dict[str, dict[str, str]] = {
    "": {"zh": "", "en": ""},
    "did_not": {"zh": "上一轮没有这样突出。", "en": " It did not stand out in the earlier round."},
    "stood_out": {"zh": "上一轮已经突出。", "en": " It stood out in the earlier round too."},
}
NO_TEST: dict[str, str] = {
    "zh": "{whom}：{what}，本轮无法检验。",
    "en": "{whom}: {what}, no test is possible in this round.",
}
NO_ALERT: dict[str, str] = {"zh": "{whom}：{what}，没有提示。", "en": "{whom}: {what}, no alert."}
WITHHELD: dict[str, str] = {
    "zh": "为保护受访者，这条提示不予公布。",
    "en": "This alert is not published, to protect respondents.",
}
"""Stands in the place of an alert that would give a small count away."""


def message(row: Mapping[Any, Any], what: Label, groups: Sequence[Label]) -> dict[str, str]:
    """State one test; what is no alert is told without a number.

    Parameters
    ----------
    row : mapping
        A row of alerts, or of anything with its columns.
    what : Label
        The indicator.
    groups : sequence of Label
        The group; for a gap both levels.

    Returns
    -------
    dict
        Chinese and English text.
    """
    return {language: _said(row, what, groups, language) for language in REPORT_LANGUAGES}


def _said(row: Mapping[Any, Any], what: Label, groups: Sequence[Label], language: str) -> str:
    names = [choose(group, language).text for group in groups]
    words = {"what": choose(what, language).text, "whom": names[0], "other": names[-1]}
    if not row["alert"]:
        return (NO_TEST if pd.isna(row["p"]) else NO_ALERT)[language].format(**words)
    share = str(row["statistic"]).startswith(("share", "ratio"))
    sign = -1 if row["sign"] < 0 else 1
    facts = {name: level_text(row[name], share=share) for name in ("estimate", "reference")}
    if row["kind"] == "threshold":
        return THRESHOLD[sign][language].format(**words, **facts, interval=_interval(row, share, language, 0))
    direction = 1 if _moved(row) >= 0 else -1
    turned = sign if row["kind"] == "gap" else direction
    facts["change"] = distance_text(turned * _moved(row), language, share=share)
    facts["interval"] = _interval(row, share, language, turned)
    if row["kind"] == "gap":
        gaps = {name: distance_text(sign * row[name], language, share=share) for name in ("estimate", "reference")}
        return GAP[language].format(**words, **{**facts, **gaps})
    table = WORSENING if row["kind"] == "worsening" else CLUSTER
    return table[direction][language].format(**words, **facts, earlier=EARLIER[row["earlier"]][language])


def _moved(row: Mapping[Any, Any]) -> float:
    """What the sentence is about: the change, or how far the group is from the others."""
    return float(row["estimate"] - row["reference"] if row["kind"] == "cluster" else row["change"])


def _interval(row: Mapping[Any, Any], share: bool, language: str, turned: int) -> str:
    """`` (95% confidence interval 1.2 to 11.0 percentage points)``, turned round where a fall is told as positive.

    ``turned`` is 0 for the interval of a level, else 1 or -1 for one of a distance.
    """
    if row["sample"] == "census" or pd.isna(row["low"]):
        return ""
    ends = [row["low"], row["high"]] if turned >= 0 else [-row["high"], -row["low"]]
    word = INTERVALS[row["sample"] == "nonprobability"][language]
    if turned == 0:
        low, high = (level_text(end, share=share) for end in ends)
        span = RANGE[language].format(low=low, high=high)
    else:
        low, high = (number_text(100 * end if share else end, 1 if share else 2) for end in ends)
        span = UNITS["points" if share else "number"][language].format(RANGE[language].format(low=low, high=high))
    return f"（{word}{span}）" if language == "zh" else f" ({word} {span})"


def level_text(value: float, *, share: bool) -> str:
    """A share in percent with one decimal, a number with two."""
    return f"{number_text(100 * value, 1)}%" if share else number_text(value, 2)


def distance_text(value: float, language: str, *, share: bool) -> str:
    """A distance of shares in percentage points with one decimal, of numbers with two."""
    text = number_text(100 * value, 1) if share else number_text(value, 2)
    return UNITS["points" if share else "number"][language].format(text)


def number_text(value: float, digits: int) -> str:
    """A number with a minus sign, never a hyphen, and never a negative zero."""
    return f"{round(float(value), digits) + 0.0:,.{digits}f}".replace("-", MINUS_SIGN)
