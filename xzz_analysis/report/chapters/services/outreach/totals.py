"""Rounds of outreach of which only totals are known: what they say, and what they leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xzz_analysis.atlas.services.outreach import protected_round_shares, protected_rounds
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Note, Paragraph
from xzz_analysis.report.chapters.services.naming import Bilingual, filled
from xzz_analysis.report.chapters.services.outreach.wording import Told, count, listed, merchants, share_text, told
from xzz_analysis.services.merchants import outreach_rounds
from xzz_analysis.services.opening import Ledgers

ROUND: dict[str, Label] = {
    "visited": {"zh": "{when}走访{merchants}{by}", "en": "{when}, {merchants}{by} were visited"},
    "one": {"zh": "{when}走访{merchants}{by}", "en": "{when}, {merchants}{by} was visited"},
    "unknown": {
        "zh": "{when}走访了多少家商户{by}，不详",
        "en": "{when}: how many merchants{by} were visited is not known",
    },
    "pending_or_refused": {
        "zh": "，其中{count}家待定或未同意（{share}）",
        "en": ", {count} of them pending or refused ({share})",
    },
    "pending_or_refused_bare": {"zh": "；待定或未同意{count}家", "en": "; pending or refused: {count}"},
    "joined": {"zh": "；已加入{count}家", "en": "; joined: {count}"},
    "left": {"zh": "；加入后退出{count}家", "en": "; left again: {count}"},
    "end": {"zh": "。", "en": "."},
    "each": {"zh": "其中洽谈中{pending}家，未同意{refused}家。", "en": " Pending: {pending}; refused: {refused}."},
    "which": {"zh": "这{count}家里有多少家未同意，不详。", "en": " How many of the {count} refused is not known."},
    "why": {"zh": "原因没有记录，不详。", "en": " Their reasons were not written down and are not known."},
    "reasons": {"zh": "说明的原因：{reasons}。", "en": " Reasons given: {reasons}."},
    "rest": {
        "zh": "其余{count}家的结果没有记录，不详。",
        "en": " For the other {count} no result was written down, so it is not known.",
    },
    "all": {"zh": "结果没有记录，不详。", "en": " No result was written down, so none is known."},
}
BY: Label = {"zh": "（{who}介绍）", "en": " introduced by {who}"}
WHO: dict[str, Label] = {
    "parent": {"zh": "家长", "en": "a parent"},
    "volunteer": {"zh": "志愿者", "en": "a volunteer"},
    "merchant": {"zh": "其他商户", "en": "another merchant"},
    "staff": {"zh": "工作人员", "en": "staff"},
    "nobody": {"zh": "无人", "en": "nobody"},
}
BETWEEN: Label = {"zh": "{since}至{until}", "en": "From {since} to {until}"}
WITHIN: Label = {"zh": "{period}", "en": "In {period}"}
TOTALS_ONLY: Bilingual = {
    "zh": "以上只有汇总数，没有逐家记录：是哪些商户、用了多久，都不详；不同轮次、逐家登记的商户可能是同一家，所以从不相加。",
    "en": "Only totals are known of these: which merchants they were, and how long they took, is not known. Merchants of several "
    "rounds, or entered one by one, may be the same, so they are never added up.",
}


def rounds(ledgers: Ledgers) -> list[Block]:
    """Rounds of outreach of which only totals are known, and what they leave open."""
    if not ledgers.has("merchant_visits"):
        return []
    safe, shares = protected_rounds(ledgers), protected_round_shares(ledgers)
    keys = list(dict.fromkeys(safe.frame[["since", "until", "introduced"]].itertuples(index=False, name=None)))
    given = {_key(row): row["reasons"] for row in outreach_rounds(ledgers).to_dict("records")}
    blocks: list[Block] = []
    for key in keys:
        mine = [table.rows((table.frame[list(KEYS)] == list(key)).all(axis=1)) for table in (safe, shares)]
        blocks.append(_round(ledgers, key, mine, given.get(key, {})))
    return [*blocks, Note(dict(TOTALS_ONLY))] if blocks else []


KEYS = ("since", "until", "introduced")
"""Columns that tell rounds apart."""


def _key(row: Mapping[Any, Any]) -> tuple[str, str, str]:
    return (f"{row['since']:%Y-%m-%d}", f"{row['until']:%Y-%m-%d}", str(row["introduced"]))


def _when(ledgers: Ledgers, since: str, until: str) -> Bilingual:
    period = ledgers.period
    if (since, until) == (period.first.isoformat(), period.last.isoformat()):
        return filled(WITHIN, period=period.label)
    return filled(BETWEEN, since=since, until=until)


def _round(
    ledgers: Ledgers, key: tuple[str, str, str], tables: Sequence[Protected], given: Mapping[str, float]
) -> Paragraph:
    """One round in sentences: what is told, and then what is not known."""
    found = {str(one): told(tables[0], option=str(one)) for one in tables[0].frame["option"]}
    share = told(tables[1], option="pending_or_refused")
    known = {name: one for name, one in found.items() if one.value == one.value}
    by = filled(BY, who=WHO[key[2]]) if key[2] else {"zh": "", "en": ""}
    visited = known.get("visited")
    start = "unknown" if visited is None else "one" if visited.value == 1 else "visited"
    number = merchants(visited.value) if visited else {"zh": "", "en": ""}
    parts = [filled(ROUND[start], when=_when(ledgers, key[0], key[1]), merchants=number, by=by)]
    for name in ("pending_or_refused", "joined", "left"):
        if name in known and (known[name].value or name != "left"):
            bare = name == "pending_or_refused" and share.value != share.value
            text = ROUND[f"{name}_bare" if bare else name]
            parts.append(filled(text, count=count(known[name].value), share=share_text(share)))
    parts += [dict(ROUND["end"]), *_left_open(ledgers, known, given)]
    ids = [one.result for one in known.values()] + ([share.result] if share.value == share.value else [])
    return Paragraph({code: "".join(part[code] for part in parts) for code in REPORT_LANGUAGES}, ids)


def _left_open(ledgers: Ledgers, known: Mapping[str, Told], given: Mapping[str, float]) -> list[Bilingual]:
    """What totals say of pending and refused, of reasons, and of the rest; and what they do not say."""
    parts = []
    either = known.get("pending_or_refused")
    if either is not None and {"pending", "refused"} <= set(known):
        numbers = {name: count(known[name].value) for name in ("pending", "refused")}
        parts.append(filled(ROUND["each"], **numbers))
    elif either is not None and either.value:
        parts.append(filled(ROUND["which"], count=count(either.value)))
    if given:
        named = [_with_count(ledgers.called(reason), number) for reason, number in given.items()]
        parts.append(filled(ROUND["reasons"], reasons=listed(named)))
    elif either is not None and either.value:
        parts.append(dict(ROUND["why"]))
    rest = known.get("not_told")
    if rest is not None and rest.value:
        alone = rest.value == known["visited"].value
        parts.append(filled(ROUND["all" if alone else "rest"], count=count(rest.value)))
    return parts


def _with_count(label: Label, number: float) -> Bilingual:
    return filled({"zh": "{name}（{count}家）", "en": "{name} ({count})"}, name=label, count=count(number))
