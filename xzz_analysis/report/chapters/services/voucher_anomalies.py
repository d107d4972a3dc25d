"""Redemptions that a person should look at, with why they are listed and innocent reasons; for the house alone."""

from __future__ import annotations

from collections.abc import Sequence

from xzz_analysis.atlas.services.vouchers import book_of, protected_anomalies
from xzz_analysis.language import Label
from xzz_analysis.report.blocks import Block, Column, Note, Paragraph, Table
from xzz_analysis.report.chapters.services.naming import filled
from xzz_analysis.report.tables import Naming, counts_table
from xzz_analysis.report.theme import figure_text
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.vouchers.anomalies import AT_ONCE, IN_A_ROW, SECONDS

LISTED: Label = {"zh": "值得看一看的核销", "en": "Redemptions worth a look"}
WHY: Label = {"zh": "为什么列出，可能的正常原因", "en": "Why they are listed, and innocent reasons"}
NO_ACCUSATION: Label = {
    "zh": "以下只是请人看一看，不是指控：每一项都可能有正常原因，请先问，再下结论。仅供内部，不写个人。",
    "en": "This asks a person to look, and accuses nobody: each line may have an innocent reason, so ask before concluding. "
    "For the house alone; no person is named.",
}
NOTHING_LISTED: Label = {
    "zh": "按{count}条规则查过，{period}没有需要看的核销。",
    "en": "{count} rules were applied; none lists a redemption of {period}.",
}
SEVERAL: Label = {"zh": "（几家商户）", "en": "(several merchants)"}

RULES: dict[str, tuple[Label, Label, Label]] = {
    "voucher_burst": (
        {"zh": "短时间内大量核销", "en": "Many redemptions within minutes"},
        {
            "zh": "同一商户{burst_minutes}分钟内核销{burst}次或更多。",
            "en": "{burst} or more redemptions at one merchant within {burst_minutes} minutes.",
        },
        {
            "zh": "赶集、活动日、集中发券之后，或者商户攒到一起补录。",
            "en": "A market day, an event, vouchers handed out together, or a merchant who enters them in one go.",
        },
    ),
    "voucher_round_amounts": (
        {"zh": "整数金额过多", "en": "Too many round amounts"},
        {
            "zh": "一家商户至少{round_share}的核销是{round_to}的整倍数，远多于同类别的其他商户。",
            "en": "At least {round_share} of a merchant's redemptions are multiples of {round_to}, far more than others of the "
            "same category have.",
        },
        {
            "zh": "商品按整数定价、卖套餐或储值卡。",
            "en": "Goods with round prices, set meals, or prepaid cards.",
        },
    ),
    "voucher_self_dealing": (
        {"zh": "在自家店里使用", "en": "Used in the family's own shop"},
        {
            "zh": "领券人是店主本人，或与店主同属一个家庭。",
            "en": "The person with the voucher owns the merchant, or is of the owner's family.",
        },
        {
            "zh": "受助家庭自己开店，附近只有这一家，或规则允许。",
            "en": "A family served may keep a shop, it may be the only one near, or the rules may allow it.",
        },
    ),
    "voucher_many_merchants": (
        {"zh": "几分钟内在多家商户使用", "en": "Several merchants within minutes"},
        {
            "zh": "同一个人{minutes}分钟内在{merchants}家或更多商户使用。",
            "en": "One person at {merchants} or more merchants within {minutes} minutes.",
        },
        {
            "zh": "商户同在一个市场，或家人帮忙分头去买。",
            "en": "Stalls of one market, or relatives who shop for each other.",
        },
    ),
    "voucher_at_once": (
        {"zh": "一发放就核销", "en": "Redeemed as soon as issued"},
        {
            "zh": f"同一商户一天内有{AT_ONCE}次或更多核销发生在发放后{SECONDS}秒之内。",
            "en": f"{AT_ONCE} or more redemptions at one merchant on a day came within {SECONDS} seconds of issue.",
        },
        {
            "zh": "在店里当场发券，或发放与核销事后一起录入。",
            "en": "Vouchers handed out in the shop, or issue and redemption entered together afterwards.",
        },
    ),
    "voucher_in_a_row": (
        {"zh": "连号集中核销", "en": "Consecutive numbers in one go"},
        {
            "zh": f"同一商户接连核销{IN_A_ROW}张或更多连号的券，领取人不止一个。",
            "en": f"{IN_A_ROW} or more vouchers with consecutive numbers, of several persons, redeemed one after another at one "
            "merchant.",
        },
        {
            "zh": "邻居一起领券、一起去买，或小组活动当天使用。",
            "en": "Neighbours who received them together and went together, or a group's outing.",
        },
    ),
}
"""Rule → what it is called, why redemptions are listed, and innocent reasons."""


def voucher_anomalies(ledgers: Ledgers) -> list[Block]:
    """Redemptions that a person should look at, with why they are listed and innocent reasons: for the house alone."""
    if not ledgers.has("vouchers_redeemed") or not len(book_of(ledgers).redeemed_during()):
        return []
    safe = protected_anomalies(ledgers)
    if not len(safe.frame):
        return [Paragraph(filled(NOTHING_LISTED, period=ledgers.period.label, count=str(len(RULES))))]
    columns = [
        Column("day", {"zh": "日期", "en": "Day"}),
        Column("estimate", {"zh": "核销（次）", "en": "Redemptions"}, "count"),
    ]
    section = Naming("rule", {name: told[0] for name, told in RULES.items()}, {"zh": "情况", "en": "What was seen"})
    rows = Naming("merchant", {**_merchants(ledgers), "": SEVERAL}, {"zh": "商户", "en": "Merchant"})
    table = counts_table(safe, caption=dict(LISTED), rows=rows, columns=columns, section=section)
    seen = [name for name in RULES if name in set(safe.frame["rule"])]
    return [Note(dict(NO_ACCUSATION), "warning"), table, _reasons(ledgers, seen)]


def _merchants(ledgers: Ledgers) -> dict[str, Label]:
    table = ledgers.table("merchants")
    return {
        row["merchant"]: {
            "zh": row["name_zh"] or row["merchant"],
            "en": row["name_en"] or row["name_zh"] or row["merchant"],
        }
        for row in table.to_dict("records")
    }


def _reasons(ledgers: Ledgers, rules: Sequence[str]) -> Table:
    """Each rule that lists something: why, and what innocent reasons there are."""
    limits = ledgers.declared.anomalies
    said = {name: f"{value:g}" for name, value in limits.model_dump().items() if isinstance(value, int | float)}
    said["round_share"] = figure_text(limits.round_share, "percent")
    rows = [
        {
            "label": dict(RULES[name][0]),
            "why": {language: text.format(**said) for language, text in RULES[name][1].items()},
            "innocent": dict(RULES[name][2]),
        }
        for name in rules
    ]
    columns = [
        Column("label", {"zh": "情况", "en": "What was seen"}),
        Column("why", {"zh": "为什么列出", "en": "Why it is listed"}),
        Column("innocent", {"zh": "可能的正常原因", "en": "Innocent reasons"}),
    ]
    return Table(dict(WHY), columns, rows)
