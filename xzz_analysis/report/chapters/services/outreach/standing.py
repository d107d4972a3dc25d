"""Where merchants stand at the end of the period, by community, category and introduction, and why they hesitate."""

from __future__ import annotations

from collections.abc import Sequence

from xzz_analysis.atlas.services.outreach import (
    GROUPINGS,
    protected_reasons,
    protected_reasons_base,
    protected_shares,
    protected_stages,
    protected_work,
)
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.disclosure.wide import side_by_side
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Note, Paragraph, Table
from xzz_analysis.report.chapters.services.naming import (
    Bilingual,
    choice_naming,
    code_naming,
    community_naming,
    filled,
    wide_table,
)
from xzz_analysis.report.chapters.services.outreach.drawings import funnel_figure
from xzz_analysis.report.chapters.services.outreach.totals import rounds
from xzz_analysis.report.chapters.services.outreach.wording import count, listed, merchants, share_text, told
from xzz_analysis.report.chapters.services.printing import opened_on_demand
from xzz_analysis.report.tables import Naming
from xzz_analysis.report.theme import interval_text
from xzz_analysis.services.merchants import merchant_states, stands_at
from xzz_analysis.services.opening import Ledgers

SUMMARY: Label = {
    "zh": "截至{day}，共走访{merchants}：{parts}。",
    "en": "By {day}, {merchants} had been visited: {parts}.",
}
PARTS: dict[str, Label] = {
    "joined": {"zh": "已加入{count}家（{share}）", "en": "{count} joined ({share})"},
    "pending": {"zh": "洽谈中{count}家", "en": "{count} pending"},
    "refused": {"zh": "未同意{count}家", "en": "{count} refused"},
    "not_joined": {
        "zh": "待定或未同意{count}家（是哪一种，不详）",
        "en": "{count} pending or refused (which is not known)",
    },
    "left": {"zh": "加入后退出{count}家", "en": "{count} left again"},
    "no_result": {"zh": "走访后尚无结果{count}家", "en": "{count} visited without a result so far"},
}
ALWAYS = ("joined", "pending", "refused")
"""Stages that have a column even where they are nought."""

WORK: Label = {
    "zh": "{period}走访{visits}，涉及{merchants}{parts}。",
    "en": "In {period}: {visits} to {merchants}{parts}.",
}
DONE: dict[str, Label] = {
    "first": {"zh": "首次走访{count}家", "en": "{count} visited for the first time"},
    "joined": {"zh": "新加入{count}家", "en": "{count} newly joined"},
    "left": {"zh": "退出{count}家", "en": "{count} left"},
}
NO_VISIT: Label = {"zh": "{period}没有走访商户。", "en": "No merchant was visited in {period}."}
WILSON: Bilingual = {
    "zh": "比例以走访过的商户为基数。台账记下了全部走访，没有抽样误差；区间（威尔逊法）说明：若再走访同样多的同类商户，比例大约会落在哪里。",
    "en": "Shares are of merchants visited. The ledger holds all of them, so there is no sampling error; the interval (Wilson's) "
    "says about where the share would lie if as many merchants of the same kind were visited again.",
}


def outreach_summary(ledgers: Ledgers) -> list[Block]:
    """Where merchants stand at the end of the period, what was done in it, and rounds of which only totals are known."""
    blocks: list[Block] = []
    if ledgers.has("merchant_visits") and len(merchant_states(ledgers)):
        blocks += [_standing(ledgers), _work(ledgers), Note(dict(WILSON))]
    return [*blocks, *rounds(ledgers)]


def _standing(ledgers: Ledgers) -> Paragraph:
    safe, shares = protected_stages(ledgers), protected_shares(ledgers)
    visited, joined = told(safe, option="visited"), told(shares, option="joined")
    ids, parts = [visited.result], []
    for stage, text in PARTS.items():
        found = told(safe, option=stage)
        if found.value or stage == "joined":
            parts.append(filled(text, count=count(found.value), share=share_text(joined)))
            ids += [found.result, *([joined.result] if stage == "joined" else [])]
    sentence = filled(
        SUMMARY, day=stands_at(ledgers).isoformat(), merchants=merchants(visited.value), parts=listed(parts)
    )
    return Paragraph(sentence, ids)


def _work(ledgers: Ledgers) -> Paragraph:
    safe = protected_work(ledgers)
    found = {name: told(safe, option=name) for name in safe.frame["option"]}
    ids, visits = [one.result for one in found.values()], found["visits"].value
    if not visits:
        return Paragraph(filled(NO_VISIT, period=ledgers.period.label), ids)
    done = listed([filled(text, count=count(found[name].value)) for name, text in DONE.items() if found[name].value])
    numbers: dict[str, Bilingual] = {
        "merchants": merchants(found["merchants"].value),
        "visits": {"zh": f"{count(visits)}次", "en": f"{count(visits)} visit{'' if visits == 1 else 's'}"},
        "parts": {"zh": f"；{done['zh']}", "en": f"; {done['en']}"} if done["zh"] else {"zh": "", "en": ""},
    }
    return Paragraph(filled(WORK, period=ledgers.period.label, **numbers), ids)


GROUPED: dict[str, Label] = {
    "community": {"zh": "走访的商户，按社区", "en": "Merchants visited, by community"},
    "category": {"zh": "走访的商户，按类别", "en": "Merchants visited, by category"},
    "introduced": {"zh": "走访的商户，按由谁介绍", "en": "Merchants visited, by who introduced them"},
}
CATEGORY: Label = {"zh": "类别", "en": "Category"}
INTRODUCED: Label = {"zh": "介绍人", "en": "Introduced by"}
STAGE_COLUMNS: dict[str, Label] = {
    "visited": {"zh": "走访", "en": "Visited"},
    "pending": {"zh": "洽谈中", "en": "Pending"},
    "not_joined": {"zh": "待定或未同意", "en": "Pending or refused"},
    "refused": {"zh": "未同意", "en": "Refused"},
    "joined": {"zh": "已加入", "en": "Joined"},
    "left": {"zh": "已退出", "en": "Left"},
    "no_result": {"zh": "尚无结果", "en": "No result yet"},
}
SHARE_JOINED: Label = {"zh": "已加入的比例", "en": "Share joined"}
INTERVAL: Label = {"zh": "95%区间", "en": "95% interval"}


def outreach_funnel(ledgers: Ledgers) -> list[Block]:
    """Merchants by stage: a drawing of all, and a table by community, category and introduction."""
    states = merchant_states(ledgers)
    if not len(states):
        return []
    safe, shares = protected_stages(ledgers), protected_shares(ledgers)
    blocks: list[Block] = [funnel_figure(safe, shares)]
    groups = [by for by in GROUPINGS if set(states[by]) - {""}]
    tables = [_grouped(ledgers, by) for by in groups]
    return [*blocks, *tables[:1], *(opened_on_demand(table) for table in tables[1:])]


def _grouped(ledgers: Ledgers, by: str) -> Table:
    safe, shares = protected_stages(ledgers, by), protected_shares(ledgers, by)
    shown = [name for name in STAGE_COLUMNS if name in ("visited", *ALWAYS) or _any(safe, name)]
    parts = {name: safe.rows(safe.frame["option"] == name) for name in shown}
    parts["share"] = shares.rows(shares.frame["option"] == "joined")
    ends = parts["share"].frame[["low", "high"]].round(3).itertuples(index=False, name=None)
    texts = [{code: interval_text(low, high, code) for code in REPORT_LANGUAGES} for low, high in ends]
    wide = side_by_side(parts, [by]).with_texts("interval", texts)
    columns = [Column(name, dict(STAGE_COLUMNS[name]), "count") for name in shown]
    columns += [Column("share", dict(SHARE_JOINED), "percent"), Column("interval", dict(INTERVAL))]
    return wide_table(wide, caption=dict(GROUPED[by]), rows=_naming(ledgers, by, list(wide.frame[by])), columns=columns)


def _any(safe: Protected, option: str) -> bool:
    return bool((safe.frame.loc[safe.frame["option"] == option, "estimate"] > 0).any())


def _naming(ledgers: Ledgers, by: str, codes: Sequence[str]) -> Naming:
    if by == "community":
        return community_naming(ledgers)
    if by == "introduced":
        return choice_naming("merchant_visits", "introduced", INTRODUCED)
    return code_naming(ledgers, codes, "category", CATEGORY)


ASKED: Label = {
    "zh": "在{asked}家曾经洽谈中或未同意的商户里，{silent}家没有说明原因。说得最多的是{most}（{count}家）。",
    "en": "Of {asked} that {were} pending or refused at some visit, {silent} gave no reason. Named most often: {most} ({count}).",
}
ALL_SAID: Label = {
    "zh": "{asked}家曾经洽谈中或未同意的商户都说明了原因。说得最多的是{most}（{count}家）。",
    "en": "{asked} {were} pending or refused at some visit, and each gave a reason. Named most often: {most} ({count}).",
}
NO_REASON: Label = {
    "zh": "曾经洽谈中或未同意的商户有{asked}家；没有一家的原因有记录，不详。",
    "en": "{asked} {were} pending or refused at some visit; no reasons were written down, so they are not known.",
}
REASON: Label = {"zh": "原因", "en": "Reason"}
REASONS: Label = {"zh": "洽谈中或未同意的原因", "en": "Reasons for being undecided or refusing"}
REASON_COLUMNS: dict[str, Label] = {
    "merchants": {"zh": "说过的商户", "en": "Merchants that named it"},
    "pending": {"zh": "洽谈中时", "en": "When pending"},
    "refused": {"zh": "未同意时", "en": "When refusing"},
    "joined_later": {"zh": "后来加入", "en": "Joined later"},
}
SEVERAL: Bilingual = {
    "zh": "一家商户可以说几个原因，也可以在洽谈中和未同意时各说一次，所以各行各列不能相加。",
    "en": "A merchant may name several reasons, and name one both when pending and when refusing: rows and columns do not add up.",
}


def _were(value: float) -> str:
    """The verb of so many merchants, in English."""
    return "was" if value == 1 else "were"


def outreach_reasons(ledgers: Ledgers) -> list[Block]:
    """Why merchants were pending or refused, and how many that said so joined later."""
    if not len(merchant_states(ledgers)):
        return []
    base, safe = protected_reasons_base(ledgers), protected_reasons(ledgers)
    asked, silent = told(base, option="asked"), told(base, option="silent")
    if not asked.value:
        return []
    named = safe.rows(safe.frame["option"] == "merchants")
    if not len(named.frame):
        few: dict[str, Bilingual | str] = {
            "asked": merchants(asked.value) | {"zh": count(asked.value)},
            "were": _were(asked.value),
        }
        return [Paragraph(filled(NO_REASON, **few), [asked.result])]
    top = named.frame[named.frame["estimate"] == named.frame["estimate"].max()]
    most = [ledgers.called(code) for code in top["reason_named"]]
    text = filled(
        ASKED if silent.value else ALL_SAID,
        asked={"zh": count(asked.value), "en": merchants(asked.value)["en"]},
        were=_were(asked.value),
        silent=count(silent.value),
        most={"zh": "、".join(f"“{one['zh']}”" for one in most), "en": ", ".join(one["en"] for one in most)},
        count=count(top["estimate"].iloc[0]),
    )
    paragraph = Paragraph(text, [asked.result, silent.result, *top["result_id"]])
    parts = {name: safe.rows(safe.frame["option"] == name) for name in REASON_COLUMNS}
    columns = [Column(name, dict(label), "count") for name, label in REASON_COLUMNS.items()]
    rows = code_naming(ledgers, list(named.frame["reason_named"]), "reason_named", REASON)
    wide = side_by_side(parts, ["reason_named"])
    return [paragraph, wide_table(wide, caption=dict(REASONS), rows=rows, columns=columns, notes=[dict(SEVERAL)])]
