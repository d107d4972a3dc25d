"""Whom to visit next: a page for those who do the visits, never for release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from xzz_analysis.language import Label, choose
from xzz_analysis.report.blocks import Block, Column, Note, Table
from xzz_analysis.report.chapters.services.naming import (
    COMMUNITY,
    Bilingual,
    choice_naming,
    code_naming,
    community_naming,
    filled,
    policy_of,
)
from xzz_analysis.report.chapters.services.outreach.wording import listed
from xzz_analysis.services.merchants import revisit_list as next_visits
from xzz_analysis.services.opening import Ledgers

MOST = 20
"""Merchants on the page."""

CAPTION: Label = {"zh": "下一步走访哪些商户", "en": "Merchants to visit next"}
INTERNAL: Bilingual = {
    "zh": "只供机构内部安排走访，不对外发布。",
    "en": "For planning visits inside the organisation; not for release.",
}
ORDER: Bilingual = {
    "zh": "排序：尚未决定的在前，曾拒绝一次的在后；其中，说过同样原因的别的商户后来加入了的在前；30天内没有走访过的在"
    "前；所在社区领过券的人多的在前；久未走访的在前。已加入、已退出和拒绝过两次的不列入。",
    "en": "Order: those that have not decided before those that refused once; then those with a reason after which "
    "another merchant joined; then those not visited for 30 days; then where more people were given vouchers; then the "
    "longest without a visit. Merchants that joined, left, or refused twice are not listed.",
}
MORE: Label = {"zh": "另有{count}家，见台账。", "en": "{count} more are in the ledger."}
NAME: Label = {"zh": "商户", "en": "Merchant"}
CATEGORY: Label = {"zh": "类别", "en": "Category"}
STATE: Label = {"zh": "状态", "en": "State"}
DAYS: Label = {"zh": "距上次走访（天）", "en": "Days since the last visit"}
WHY: Label = {"zh": "为什么现在去", "en": "Why now"}
WHYS: dict[str, Label] = {
    "open": {"zh": "尚未决定", "en": "not decided yet"},
    "refused": {"zh": "只拒绝过一次", "en": "refused only once"},
    "answered": {
        "zh": "说过同样原因（{reasons}）的别的商户后来加入了",
        "en": "gave a reason ({reasons}) after which others joined",
    },
    "near": {"zh": "所在社区有{count}人领过券", "en": "{count} people in its community were given vouchers"},
}


def revisit_list(ledgers: Ledgers, most: int = MOST) -> list[Block]:
    """Merchants to visit next, with the reasons for it; for internal pages alone.

    Parameters
    ----------
    ledgers : Ledgers
    most : int
        Merchants on the page.
    """
    if not ledgers.has("merchant_visits"):
        return []
    chosen = next_visits(ledgers)
    if not len(chosen):
        return []
    body = _rows(ledgers, chosen.head(most))
    columns = [
        Column("label", dict(NAME)),
        Column("community", dict(COMMUNITY)),
        Column("category", dict(CATEGORY)),
        Column("state", dict(STATE)),
        Column("days", dict(DAYS), "count"),
        Column("why", dict(WHY)),
    ]
    rest = len(chosen) - len(body)
    notes = [dict(ORDER), *([filled(MORE, count=str(rest))] if rest else [])]
    return [Note(dict(INTERNAL), "warning"), Table(dict(CAPTION), columns, body, notes)]


def _rows(ledgers: Ledgers, chosen: pd.DataFrame) -> list[dict[str, Any]]:
    names = _names(ledgers)
    state = choice_naming("merchant_visits", "outcome", STATE)
    category = code_naming(ledgers, sorted(set(chosen["category"])), "category", CATEGORY)
    community = community_naming(ledgers)
    return [
        {
            "label": names.get(row["merchant"]) or {"": str(row["merchant"])},
            "community": community.label(row["community"]),
            "category": category.label(row["category"]),
            "state": state.label(row["state"]),
            "days": int(row["days"]),
            "why": _why(ledgers, row),
        }
        for row in chosen.to_dict("records")
    ]


def _names(ledgers: Ledgers) -> dict[str, Label]:
    known = ledgers.table("merchants")
    both = {row["merchant"]: {"zh": str(row["name_zh"]), "en": str(row["name_en"])} for row in known.to_dict("records")}
    return {
        key: {"zh": choose(name, "zh").text, "en": choose(name, "en").text}
        for key, name in both.items()
        if any(name.values())
    }


def _why(ledgers: Ledgers, row: Mapping[Any, Any]) -> Bilingual:
    """Why it is worth a visit now; a small number of people is not told even here."""
    parts: list[Mapping[str, str]] = [WHYS["refused" if row["state"] == "refused" else "open"]]
    if row["answered"]:
        parts.append(filled(WHYS["answered"], reasons=listed([ledgers.called(one) for one in row["answered"]])))
    if row["near"] == row["near"] and row["near"] >= policy_of(ledgers).threshold:
        parts.append(filled(WHYS["near"], count=f"{row['near']:g}"))
    between = {"zh": "；", "en": "; "}
    return {language: between[language].join(part[language] for part in parts) for language in between}
