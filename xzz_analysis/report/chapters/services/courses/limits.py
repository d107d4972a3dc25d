"""Who is at the ends of an instrument, where progress cannot be seen, and who was lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from xzz_analysis.atlas.services.courses import LIMITS
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.disclosure.wide import side_by_side
from xzz_analysis.language import Label
from xzz_analysis.report.blocks import Column, Paragraph, Table
from xzz_analysis.report.chapters.services.courses.wording import course_called, interval_words, probability
from xzz_analysis.report.chapters.services.naming import Bilingual, filled, wide_table
from xzz_analysis.report.tables import Naming
from xzz_analysis.report.theme import figure_text
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.training.changes import CEILING

LIMITED: dict[str, Label] = {
    "ceiling": {
        "zh": "{course}：{when}已有{share}的人得满分（不低于{limit}，天花板效应），他们的进步量不出来。",
        "en": "{course}: {share} were at the highest possible score {when} ({limit} or more, a ceiling effect), so their "
        "progress cannot be seen.",
    },
    "floor": {
        "zh": "{course}：{when}有{share}的人得最低分（不低于{limit}，地板效应），他们的退步量不出来。",
        "en": "{course}: {share} were at the lowest possible score {when} ({limit} or more, a floor effect), so a fall of "
        "theirs cannot be seen.",
    },
}
WHEN: dict[str, Bilingual] = {"before": {"zh": "前测", "en": "before"}, "after": {"zh": "后测", "en": "afterwards"}}


def limit_sentences(ledgers: Ledgers, parts: Mapping[str, Protected]) -> list[Paragraph]:
    """Name courses in which many are at the highest or lowest possible score (Terwee et al. 2007)."""
    said = []
    for name in LIMITS:
        kind, side = name.split("_")
        for row in parts[name].frame.to_dict("records"):
            if pd.isna(row["estimate"]) or row["estimate"] < CEILING:
                continue
            text = filled(
                LIMITED[kind],
                course=course_called(ledgers, row["by"]),
                when=WHEN[side],
                share=figure_text(row["estimate"], "percent"),
                limit=f"{CEILING:.0%}",
            )
            said.append(Paragraph(text, [str(row["result_id"])]))
    return said


def limits_table(parts: Mapping[str, Protected], rows: Naming) -> Table:
    """Shares at the highest and lowest possible score, before and after."""
    safe = side_by_side({name: parts[name] for name in LIMITS}, ["by"])
    heads: dict[str, Bilingual] = {
        "ceiling_before": {"zh": "前测满分", "en": "At the highest score before"},
        "ceiling_after": {"zh": "后测满分", "en": "At the highest score after"},
        "floor_before": {"zh": "前测最低分", "en": "At the lowest score before"},
        "floor_after": {"zh": "后测最低分", "en": "At the lowest score after"},
    }
    columns = [Column(name, heads[name], "percent") for name in LIMITS]
    caption = {"zh": "得满分和最低分的人所占比例", "en": "Share at the highest and lowest possible score"}
    note = {
        "zh": "达到15%即认为有天花板或地板效应（Terwee 等 2007）。",
        "en": "From 15% on an instrument is said to have a ceiling or floor effect (Terwee et al. 2007).",
    }
    return replace(wide_table(safe, caption=caption, rows=rows, columns=columns, notes=[note]), folded=True)


LOST: dict[str, Label] = {
    "nobody": {
        "zh": "{course}：有前测的{n}人都有后测。",
        "en": "{course}: everybody of the {n} measured before was measured afterwards too.",
    },
    "alike": {
        "zh": "{course}：有前测的{n}人中，{share}没有后测；他们的前测得分与其他人没有明确差别（平均相差{change}，{interval}）。",
        "en": "{course}: of {n} people measured before, {share} were not measured afterwards; their scores before did not "
        "clearly differ from those of the others (by {change} on average; {interval}).",
    },
    "differ": {
        "zh": "{course}：有前测的{n}人中，{share}没有后测；他们的前测得分与其他人不同（平均相差{change}，{interval}），所以上面的变化不能代表他们。",
        "en": "{course}: of {n} people measured before, {share} were not measured afterwards; their scores before differed "
        "from those of the others (by {change} on average; {interval}), so the change above does not speak for them.",
    },
    "untested": {
        "zh": "{course}：有前测的{n}人中，{share}没有后测；他们与其他人是否不同，无法检验。",
        "en": "{course}: of {n} people measured before, {share} were not measured afterwards; whether they differ from "
        "the others cannot be tested.",
    },
}


def lost_sentences(ledgers: Ledgers, parts: Mapping[str, Protected]) -> list[Paragraph]:
    """Say how many were lost, and whether their scores before differ from those of the others."""
    said = []
    table = zip(*(parts[name].frame.to_dict("records") for name in ("lost", "lost_difference", "lost_p")), strict=True)
    for lost, apart, p in table:
        if pd.isna(lost["estimate"]):
            continue
        tested = "alike" if p["estimate"] >= round(1 - lost["level"], 12) else "differ"
        kind = "nobody" if lost["estimate"] == 0 else "untested" if pd.isna(apart["low"]) else tested
        text = filled(
            LOST[kind],
            course=course_called(ledgers, lost["by"]),
            n=figure_text(lost["n"], "count"),
            share=figure_text(lost["estimate"], "percent"),
            change="" if pd.isna(apart["estimate"]) else figure_text(apart["estimate"], "number_change", 2),
            interval=interval_words(apart, (apart["low"], apart["high"]), "number_change"),
        )
        said.append(Paragraph(text, [str(one["result_id"]) for one in (lost, apart, p)]))
    return said


def lost_table(parts: Mapping[str, Protected], rows: Naming) -> Table:
    """Who was not measured afterwards, and how far their scores before differ."""
    safe = side_by_side({name: parts[name] for name in ("lost", "lost_difference", "lost_p")}, ["by"])
    safe = safe.with_texts("lost_p", [probability(value) for value in safe.frame["lost_p"]])
    columns = [
        Column("lost", {"zh": "没有后测", "en": "Not measured afterwards"}, "percent"),
        Column(
            "lost_difference", {"zh": "前测平均分之差", "en": "Difference of mean scores before"}, "number", decimals=2
        ),
        *([Column("lost_p", {"zh": "p 值", "en": "p"})] if parts["lost_p"].frame["estimate"].notna().any() else []),
    ]
    caption = {"zh": "流失", "en": "Attrition"}
    note = {
        "zh": "之差＝没有后测的人减有后测的人。",
        "en": "Difference: those not measured afterwards minus those who were.",
    }
    return replace(wide_table(safe, caption=caption, rows=rows, columns=columns, notes=[note]), folded=True)
