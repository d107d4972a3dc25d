"""The page of the loop: what is needed, what is there, what was done, what came of it, and what comes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from xzz_analysis.atlas import Atlas
from xzz_analysis.atlas.services.loop import LoopRow, loop_rows
from xzz_analysis.disclosure.protect import MARK
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.report.blocks import Block, Column, Paragraph, Table
from xzz_analysis.report.chapters.services.naming import Bilingual, filled, policy_of, suppressed_note
from xzz_analysis.report.sentences import verdict
from xzz_analysis.report.sentences.changes import VERDICTS
from xzz_analysis.report.theme import NOTHING, figure_text
from xzz_analysis.services.opening import Ledgers

CAPTION: Label = {
    "zh": "需求、资源、服务与结果，按社区和领域",
    "en": "Need, resources, service and result by community and domain",
}
NOTES: tuple[Bilingual, ...] = (
    {
        "zh": "需求：抽样调查估计的比例和人数（取整到十）；变化：与上一轮相比；可及：规定步行时间内能走到服务的儿童比例；名额：可及服务"
        "每月的名额；已服务：本期台账里不同的人数；覆盖：已服务人数与需要人数之比，区间来自需求的抽样误差。",
        "en": "Need: share and people, as the sample survey estimates them (in tens); change: since the round before; reach: children "
        "with a service within the walk; places: what services in reach offer a month; served: different persons in the ledgers "
        "of the period; coverage: persons served over persons in need, with the sampling error of the need.",
    },
    {
        "zh": "已服务的人不一定就是有需要的人，所以覆盖只说明规模是否相当，不说明服务是否到了最需要的人手里。",
        "en": "Those served need not be those in need: coverage says whether the scale fits, not whether help reached those who need it most.",
    },
)

NEXT: dict[str, Label] = {
    "none_in_reach": {
        "zh": "附近没有服务：设点，或定期上门",
        "en": "no service near: open a point, or go there regularly",
    },
    "wrong_group": {
        "zh": "可及的服务对象不符：商议放宽条件",
        "en": "services in reach are for others: talk about eligibility",
    },
    "full": {"zh": "名额不足：商议增加名额", "en": "places are full: talk about more of them"},
    "capacity_not_stated": {"zh": "名额不明：先向服务方问清", "en": "places not stated: ask the services first"},
    "not_known": {"zh": "有名额而家长不知道：告知", "en": "families do not know of the places: tell them"},
    "reach_out": {
        "zh": "有名额，服务到的人还不到一半：主动联系",
        "en": "places are there, fewer than half were served: reach out",
    },
    "keep": {"zh": "规模相当：保持，并看是否到了最需要的人", "en": "the scale fits: keep on, and see who is reached"},
    "unsure": {
        "zh": "服务到多少人说不准：记签到表，下一期再看",
        "en": "how many were served is uncertain: keep attendance sheets, look again",
    },
    "measure": {"zh": "需求没有可用的数字：下一轮补问", "en": "no figure of the need: ask in the next round"},
}
HALF = 0.5
"""Coverage below which people are to be reached out to."""

FIRST: Label = {"zh": "需求上升，优先：", "en": "need rose, look here first: "}


def loop_table(ledgers: Ledgers, atlas: Atlas | None) -> list[Block]:
    """One row for each community and domain; nothing in a study without needs and places."""
    rows = [] if atlas is None else loop_rows(ledgers, atlas)
    if not any(one.need or one.served for one in rows):
        return []
    columns = [
        Column("label", {"zh": "领域", "en": "Domain"}),
        Column("need", {"zh": "需求与变化", "en": "Need and change"}),
        Column("reach", {"zh": "可及", "en": "Reach"}, "percent"),
        Column("places", {"zh": "月名额", "en": "Places"}, "count"),
        Column("served", {"zh": "已服务", "en": "Served"}),
        Column("coverage", {"zh": "结果：覆盖", "en": "Result: coverage"}),
        Column("next", {"zh": "下一步", "en": "Next step"}),
    ]
    body = [_line(ledgers, one) for one in rows]
    printed = [text for row in body for cell in row.values() if isinstance(cell, Mapping) for text in cell.values()]
    hidden = any(row["hidden"] for row in body) or any(MARK in text for text in printed)
    notes = [*NOTES, *([suppressed_note(policy_of(ledgers))] if hidden else [])]
    return [Table(dict(CAPTION), columns, body, notes)]


def _line(ledgers: Ledgers, one: LoopRow) -> dict[str, Any]:
    cells: dict[str, Any] = {"need": _need(one), "reach": _share(one.reach)}
    cells |= {
        "places": _places(one),
        "served": served_text(one.served),
        "coverage": _coverage(one),
        "next": next_step(one),
    }
    of = {"need": one.need, "change": one.change, "reach": one.reach, "served": one.served, "coverage": _stated(one)}
    return {
        "label": dict(DOMAINS[one.domain]),
        **cells,
        "section": dict(ledgers.communities[one.community]),
        "hidden": ["reach"] if one.reach is not None and one.reach.get("suppressed") else [],
        "results": {name: str(row["result_id"]) for name, row in of.items() if row is not None and _shown(row)},
    }


def _shown(row: Mapping[Any, Any]) -> bool:
    """Whether a result says anything: itself, or by its bounds."""
    return _has(row) or (row["low"] == row["low"] and not row.get("suppressed"))


def _stated(one: LoopRow) -> Mapping[Any, Any] | None:
    """The result that a cell of coverage is known by."""
    return next((row for row in one.coverage.values() if _has(row)), None)


def _same(text: str) -> Bilingual:
    return dict.fromkeys(REPORT_LANGUAGES, text)


def _absent(row: Mapping[Any, Any] | None) -> Bilingual:
    """The mark of a suppressed figure, or a dash where there is none."""
    return _same(MARK if row is not None and row.get("suppressed") else NOTHING)


def _has(row: Mapping[Any, Any] | None) -> bool:
    return row is not None and row["estimate"] == row["estimate"]


def _share(row: Mapping[Any, Any] | None) -> float | None:
    return round(float(row["estimate"]), 3) if row is not None and _has(row) else None


def _need(one: LoopRow) -> Bilingual:
    """The share in need, and about how many people that is."""
    if one.need is None or one.people is None or not _has(one.need):
        return _absent(one.need)
    share = figure_text(round(one.need["estimate"], 3), "percent")
    people, change = figure_text(one.people["need"], "count"), _change(one)
    told = {"zh": f"{share}（约{people}人）", "en": f"{share} (about {people} people)"}
    between = {"zh": "，", "en": ", "}
    return {
        language: told[language] + (between[language] + change[language] if _has(one.change) else "")
        for language in told
    }


def _change(one: LoopRow) -> Bilingual:
    """How the need changed since the round before, in words."""
    if one.change is None or not _has(one.change):
        return _absent(one.change)
    return dict(VERDICTS[verdict(one.change)])


def _places(one: LoopRow) -> int | None:
    """Places a month in reach, as far as they are stated."""
    if one.gap is None or one.gap["places"] != one.gap["places"] or one.gap.get("suppressed"):
        return None
    unstated = not one.gap["places"] and one.gap["main_cause"] == "capacity_not_stated"
    return None if unstated else round(one.gap["places"])


def served_text(row: Mapping[Any, Any] | None) -> Bilingual:
    """Persons served: a number, or between which two it lies where nobody can tell."""
    if row is None:
        return _same("0")
    if _has(row):
        return _same(figure_text(row["estimate"], "count"))
    low, high = row["low"], row["high"]
    if row.get("suppressed") or low != low:
        return _absent(row)
    least = figure_text(low, "count")
    if high != high:
        return {"zh": f"至少{least}", "en": f"at least {least}"}
    return {"zh": f"{least}至{figure_text(high, 'count')}", "en": f"{least} to {figure_text(high, 'count')}"}


def _coverage(one: LoopRow) -> Bilingual:
    """Coverage with the least and the most that intervals and bounds allow."""
    found = {name: _ratio(row) for name, row in one.coverage.items()}
    middle, low, high = (found.get(name, "") for name in ("", "least", "most"))
    if not low:
        return _absent(one.coverage.get(""))
    if not high:
        return {"zh": f"至少{low}", "en": f"at least {low}"}
    if low == high:
        return _same(low)
    if not middle:
        return {"zh": f"{low}至{high}", "en": f"{low} to {high}"}
    return {"zh": f"{middle}（{low}至{high}）", "en": f"{middle} ({low} to {high})"}


def _ratio(row: Mapping[Any, Any]) -> str:
    """Coverage in whole percent; empty where there is none."""
    return f"{row['estimate']:.0%}" if _has(row) else ""


def step_of(one: LoopRow) -> str:
    """The word of :data:`NEXT` for a row: the main cause of its gap, and where there is none, how many were served."""
    if one.need is None or not _has(one.need):
        return "measure"
    if one.gap is not None and _has(one.gap) and one.gap["estimate"] > 0:
        return str(one.gap["main_cause"])
    least, most = (one.coverage.get(name) for name in ("least", "most"))
    if most is not None and _has(most) and most["estimate"] < HALF:
        return "reach_out"
    return "keep" if least is not None and _has(least) and least["estimate"] >= HALF else "unsure"


def next_step(one: LoopRow) -> Bilingual:
    """What could be done next, in words."""
    text = dict(NEXT[step_of(one)])
    rose = one.change is not None and _has(one.change) and verdict(one.change) == "rose"
    return {language: FIRST[language] + text[language] if rose else text[language] for language in REPORT_LANGUAGES}


SUMMARY: Label = {
    "zh": "把{count}个“社区×领域”逐一对照，下一步是：{steps}。",
    "en": "Each of {count} pairs of a community and a domain was looked at. What comes next: {steps}.",
}
SHORT: dict[str, Label] = {
    "none_in_reach": {"zh": "设点或上门{count}处", "en": "open a point or go there in {count}"},
    "wrong_group": {"zh": "商议服务对象{count}处", "en": "talk about eligibility in {count}"},
    "full": {"zh": "增加名额{count}处", "en": "more places in {count}"},
    "capacity_not_stated": {"zh": "问清名额{count}处", "en": "ask for the places in {count}"},
    "not_known": {"zh": "告知家长{count}处", "en": "tell families in {count}"},
    "reach_out": {"zh": "主动联系{count}处", "en": "reach out in {count}"},
    "unsure": {"zh": "记好签到再看{count}处", "en": "keep attendance sheets and look again in {count}"},
    "keep": {"zh": "保持{count}处", "en": "keep on in {count}"},
    "measure": {"zh": "补问需求{count}处", "en": "ask about the need in {count}"},
}
"""What is said of so many pairs that call for each step, in the order of :data:`NEXT`."""


def loop_summary(ledgers: Ledgers, atlas: Atlas | None) -> list[Block]:
    """How many pairs of community and domain call for what, in a sentence."""
    rows = [one for one in ([] if atlas is None else loop_rows(ledgers, atlas)) if one.need or one.served]
    if not rows:
        return []
    counts = Counter(step_of(one) for one in rows)
    told = [filled(SHORT[step], count=str(counts[step])) for step in SHORT if counts[step]]
    steps = {"zh": "，".join(one["zh"] for one in told), "en": "; ".join(one["en"] for one in told)}
    return [Paragraph(filled(SUMMARY, count=str(len(rows)), steps=steps))]
