"""Drawings of outreach: the funnel of merchants, and the share still undecided by days."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Figure
from xzz_analysis.report.figures import WIDTH
from xzz_analysis.report.tables import protected_frame
from xzz_analysis.report.theme import COLOURS, check_glyphs, figure_text, house_style, interval_text, png_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

FUNNEL: dict[str, str] = {"zh": "从走访到加入", "en": "From the visit to joining"}
BARS: dict[str, Label] = {
    "visited": {"zh": "走访", "en": "Visited"},
    "decided": {"zh": "已有决定", "en": "Decided"},
    "ever_joined": {"zh": "加入过", "en": "Ever joined"},
    "joined": {"zh": "现仍加入", "en": "Joined now"},
}
"""Bars of the funnel, from top to bottom; each is a part of the first."""

WAITING: dict[str, str] = {
    "zh": "尚未决定的商户比例，按首次走访后的天数",
    "en": "Share of merchants still undecided, by days since the first visit",
}
DAYS: Label = {"zh": "首次走访后的天数", "en": "Days since the first visit"}
BAND: Label = {
    "zh": "线为尚未决定的比例（Kaplan–Meier），带为95%区间。",
    "en": "Line: share still undecided (Kaplan–Meier); band: 95% interval.",
}
READ: Label = {"zh": "第{day}天 {share}（{interval}）", "en": "day {day} {share} ({interval})"}
READ_BARE: Label = {"zh": "第{day}天 {share}", "en": "day {day} {share}"}
SIGNS = {"zh": ("：", "；", "。"), "en": (": ", "; ", ".")}
READ_DAYS = (0, 30, 60, 90, 180, 365)
"""Days that the alternative text reads out, where the curve comes so far."""


def funnel_figure(stages: Protected, shares: Protected) -> Figure:
    """Draw how many merchants were visited, decided, ever joined and are still in.

    Parameters
    ----------
    stages, shares : Protected
        Of all merchants, with ``option`` a stage.
    """
    counts = protected_frame(stages, "funnel_figure", ["option"]).set_index("option")
    parts = protected_frame(shares, "funnel_figure", ["option"]).set_index("option")
    numbers = [float(counts["estimate"][name]) for name in BARS]
    texts = [figure_text(number, "count") for number in numbers]
    for place, name in enumerate(BARS):
        if name in parts.index:
            texts[place] += f" ({figure_text(round(float(parts['estimate'][name]), 3), 'percent')})"
    png, alt = {}, {}
    for language in REPORT_LANGUAGES:
        names = [label[language] for label in BARS.values()]
        check_glyphs(names, "funnel of merchants")
        with house_style():
            png[language] = base64.b64encode(png_bytes(_bars(names, numbers, texts))).decode()
        first, between, last = SIGNS[language]
        said = [f"{name} {text}" for name, text in zip(names, texts, strict=True)]
        alt[language] = FUNNEL[language] + first + between.join(said) + last
    ids = [str(table["result_id"][name]) for table in (counts, parts) for name in BARS if name in table.index]
    return Figure(dict(FUNNEL), alt, png, ids)


def _bars(names: Sequence[str], numbers: Sequence[float], texts: Sequence[str]) -> Canvas:
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(WIDTH, 0.38 * len(names) + 0.3))
    axes = canvas.add_subplot()
    places = range(len(names))
    axes.barh(places, numbers, height=0.62, color=COLOURS["blue"])
    axes.set(ylim=(len(names) - 0.5, -0.5), xlim=(0, max(numbers) * 1.2), xticks=[])
    axes.set_yticks(places, names)
    axes.tick_params(axis="y", length=0)
    axes.spines[:].set_visible(False)
    for place, number, text in zip(places, numbers, texts, strict=True):
        axes.annotate(text, (number, place), (4, 0), textcoords="offset points", va="center", fontsize=8.5)
    return canvas


def waiting_figure(curve: Protected) -> Figure:
    """Draw the share of merchants still undecided as steps on a band.

    Parameters
    ----------
    curve : Protected
        Shares with their intervals; ``option`` is the days since the first visit, ascending.
    """
    frame = protected_frame(curve, "waiting_figure", ["option", "estimate", "low", "high"])
    shown = frame[frame["estimate"].notna()].assign(day=frame["option"].astype(float))
    png, alt = {}, {}
    for language in REPORT_LANGUAGES:
        check_glyphs([DAYS[language], BAND[language]], "curve of merchants")
        with house_style():
            png[language] = base64.b64encode(png_bytes(_steps(shown, language))).decode()
        first, between, last = SIGNS[language]
        alt[language] = WAITING[language] + first + between.join(_readings(shown, language)) + last
    return Figure(dict(WAITING), alt, png, list(shown["result_id"]))


def _readings(shown: pd.DataFrame, language: str) -> list[str]:
    """The curve at some days, in words."""
    said = []
    for day in (one for one in READ_DAYS if one <= shown["day"].max()):
        before = shown[shown["day"] <= day]
        row = before[["estimate", "low", "high"]].iloc[-1].round(3) if len(before) else pd.Series({"estimate": 1.0})
        known = bool(row.reindex(["low", "high"]).notna().all())
        interval = interval_text(row["low"], row["high"], language) if known else ""
        text = (READ if known else READ_BARE)[language]
        said.append(text.format(day=day, share=figure_text(row["estimate"], "percent"), interval=interval))
    return said


def _steps(shown: pd.DataFrame, language: str) -> Canvas:
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(WIDTH, 2.9))
    axes = canvas.add_subplot()
    begins = pd.DataFrame({"day": [0.0], "estimate": [1.0], "low": [1.0], "high": [1.0]})
    drawn = pd.concat([begins, shown[["day", "estimate", "low", "high"]]], ignore_index=True)
    percent = 100 * drawn[["estimate", "low", "high"]]
    axes.fill_between(
        drawn["day"], percent["low"], percent["high"], step="post", color=COLOURS["sky"], alpha=0.35, linewidth=0
    )
    axes.step(drawn["day"], percent["estimate"], where="post", color=COLOURS["blue"])
    axes.set(ylim=(0, 102), xlim=(0, max(1.0, drawn["day"].max())), xlabel=DAYS[language])
    axes.yaxis.set_major_formatter("{x:.0f}%")
    axes.grid(visible=True)
    axes.set_axisbelow(True)
    canvas.supxlabel(BAND[language], x=0.01, ha="left", fontsize=7.5, color=COLOURS["grey"])
    return canvas
