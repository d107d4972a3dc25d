"""Vouchers in a period: how many were issued and used, how soon, with which merchants, and what to look at."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from xzz_analysis.atlas.services.vouchers import (
    CONCENTRATIONS,
    TURNOVER,
    UNSTATED,
    book_of,
    concentration_classes,
    protected_concentration,
    protected_expiry,
    protected_first_use,
    protected_share,
    protected_total,
    protected_weeks,
)
from xzz_analysis.disclosure.protect import MARK, Protected
from xzz_analysis.disclosure.wide import HIDDEN, side_by_side
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Figure, Paragraph, Table
from xzz_analysis.report.chapters.services.naming import ELSEWHERE, Bilingual, choice_naming, filled, wide_table
from xzz_analysis.report.chapters.services.printing import currency_name, money_text, noted_once
from xzz_analysis.report.chapters.services.voucher_anomalies import voucher_anomalies
from xzz_analysis.report.figures import WIDTH
from xzz_analysis.report.tables import Naming
from xzz_analysis.report.theme import COLOURS, check_glyphs, figure_text, house_style, png_bytes
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.vouchers.timing import EXPIRY, QUARTILES, SOON

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

__all__ = [
    "voucher_anomalies",
    "voucher_concentration",
    "voucher_concentration_inside",
    "voucher_figure",
    "voucher_summary",
    "voucher_tables",
]

Made = Callable[[Ledgers, str, tuple[str, ...]], Protected]

ISSUED: Label = {
    "zh": "{period}发放关爱券{vouchers}张，面额共{amount}，{people}人领取。",
    "en": "In {period}, {vouchers} vouchers worth {amount} were issued to {people} people.",
}
REDEEMED: Label = {
    "zh": "同期核销{times}次，涉及{vouchers}张券，共{amount}，{people}人使用。",
    "en": "In the same time there were {times} redemptions of {vouchers} vouchers, {amount} in all, by {people} people.",
}
UPTAKE: Label = {
    "zh": "本期发放的券，到期末有{uptake}至少用过一次；{open}没有用过，但仍可使用。",
    "en": "Of the vouchers issued in the period, {uptake} had been used at least once by its end; {open} had not been used but "
    "were still valid.",
}
UPTAKE_ALONE: Label = {
    "zh": "本期发放的券，到期末有{uptake}至少用过一次。",
    "en": "Of the vouchers issued in the period, {uptake} had been used at least once by its end.",
}
MONEY: Label = {"zh": "按金额计，已核销{share}。", "en": "Of their worth, {share} had been redeemed."}
HALF: Label = {
    "zh": "近十二个月发放的券，一半在发放后{days}天之内首次使用。",
    "en": "Of the vouchers issued in the last twelve months, half were first used within {days} days of issue.",
}
NOT_HALF: Label = {
    "zh": "近十二个月发放的券，到期末用过的还不到一半。",
    "en": "Of the vouchers issued in the last twelve months, fewer than half had been used by the end of the period.",
}
NOBODY: Label = {"zh": "{period}没有发放或核销关爱券。", "en": "No vouchers were issued or redeemed in {period}."}

COLUMNS: dict[str, Label] = {
    "vouchers_issued": {"zh": "发放（张）", "en": "Vouchers issued"},
    "voucher_amount_issued": {"zh": "发放金额（{currency}）", "en": "Amount issued ({currency})"},
    TURNOVER: {"zh": "核销金额（{currency}）", "en": "Amount redeemed ({currency})"},
    "voucher_uptake": {"zh": "至少用过一次", "en": "Used at least once"},
    "voucher_open": {"zh": "未用而仍可用", "en": "Not used, still valid"},
    "voucher_amount_share": {"zh": "已核销的金额", "en": "Part of the amount redeemed"},
}
BY: dict[str, tuple[Label, Label]] = {
    "category": ({"zh": "各类别的关爱券", "en": "Vouchers by category"}, {"zh": "类别", "en": "Category"}),
    "community": ({"zh": "各社区的关爱券", "en": "Vouchers by community"}, {"zh": "社区", "en": "Community"}),
}
GROUPED: Label = {"zh": "哪些人用了关爱券", "en": "Who uses vouchers"}
GROUP: Label = {"zh": "领取人", "en": "Who received them"}
HARDSHIP: dict[str, Label] = {
    "yes": {"zh": "困境家庭", "en": "Families in hardship"},
    "no": {"zh": "其他家庭", "en": "Other families"},
}
DOMINATED: Label = {
    "zh": "金额还按商户保护：一家商户的营业额可能被另一家推算出来的，不予公布（p%规则，p = 10；最大两家不超过九成；至少三家商户）。",
    "en": "Amounts are protected for merchants too: none is published from which one merchant could work out what another "
    "takes in (p % rule, p = 10; the two largest hold no more than 90 %; at least three merchants).",
}
ALSO_MERCHANTS: Label = {
    "zh": "※ 也用来保护商户：一家商户的营业额可能被另一家推算出来的，不予公布。",
    "en": "※ also protects merchants: no amount is published from which one could work out what another takes in.",
}
COHORT: Label = {
    "zh": "比例按本期发放的券算，看到期末为止；核销金额是本期之内的，不论券何时发放。",
    "en": "Percentages are of the vouchers issued in the period, by its end; amounts redeemed are those of the period, "
    "whenever the voucher was issued.",
}
WAITED: Label = {"zh": "从发放到首次使用的天数", "en": "Days from issue to first use"}
QUARTER_COLUMNS: dict[str, Label] = {
    "first_quarter": {"zh": "四分之一的券用过（天）", "en": "A quarter used (days)"},
    "half": {"zh": "一半用过（天）", "en": "Half used (days)"},
    "three_quarters": {"zh": "四分之三用过（天）", "en": "Three quarters used (days)"},
}
NOT_YET: Label = {
    "zh": "按截至期末十二个月内发放的券算（卡普兰–迈耶法）。“—”：到期末还没有这么多券用过。",
    "en": "Of vouchers issued in the twelve months up to the end of the period (Kaplan and Meier). “—”: so many had not been "
    "used by then.",
}
LEFT_OVER: Label = {"zh": "没有用掉的金额（{currency}）", "en": "Amount not used ({currency})"}
ENDED: Label = {"zh": "过期与剩余", "en": "Expired and left over"}
KINDS: dict[str, Label] = {
    "expired": {"zh": "本期过期未用", "en": "Expired unused in the period"},
    "expiring": {"zh": f"未用、{SOON}天内到期", "en": f"Not used, expire within {SOON} days"},
    "partly_used": {"zh": "本期发放、用了一部分", "en": "Issued in the period, used in part"},
}
CURVE: Label = {
    "zh": "关爱券发放后各周，至少用过一次的比例",
    "en": "Part of the vouchers used at least once, by weeks since issue",
}
SPREAD: Label = {"zh": "核销集中在多少商户", "en": "How redemptions are spread over merchants"}
INSIDE: Label = {"zh": "核销集中程度（内部）", "en": "Concentration of redemptions (internal)"}
CLASS_WORDS: dict[str, Label] = {
    "spread": {"zh": "分散", "en": "spread out"},
    "concentrated": {"zh": "较集中", "en": "concentrated"},
    "highly_concentrated": {"zh": "很集中", "en": "highly concentrated"},
    "": {"zh": MARK, "en": MARK},
}
CLASS_NOTE: Label = {
    "zh": "集中程度按赫芬达尔指数：低于0.10为分散，0.18以上为很集中（美国司法部与联邦贸易委员会2023年合并指南）。",
    "en": "Concentration by Herfindahl's index: below 0.10 spread out, from 0.18 highly concentrated (US Department of "
    "Justice and Federal Trade Commission, Merger Guidelines 2023).",
}


def voucher_summary(ledgers: Ledgers) -> list[Block]:
    """What was issued and redeemed in the period, in sentences."""
    if not _kept(ledgers):
        return []
    period = ledgers.period.label
    issued, redeemed = (
        {name: _one(protected_total(ledgers, name)) for name in names}
        for names in (
            ("vouchers_issued", "voucher_amount_issued", "voucher_receivers"),
            ("voucher_redemptions", TURNOVER, "vouchers_redeemed", "voucher_redeemers"),
        )
    )
    if issued["vouchers_issued"][1] == redeemed["voucher_redemptions"][1] == "0":
        return [Paragraph(filled(NOBODY, period=period), [issued["vouchers_issued"][0], *_ids(redeemed)[:1]])]
    parts = {"vouchers": issued["vouchers_issued"][1], "people": issued["voucher_receivers"][1]}
    first = filled(ISSUED, period=period, amount=_money(ledgers, issued["voucher_amount_issued"][1]), **parts)
    told = {"times": "voucher_redemptions", "vouchers": "vouchers_redeemed", "people": "voucher_redeemers"}
    used = {word: redeemed[name][1] for word, name in told.items()}
    second = filled(REDEEMED, amount=_money(ledgers, redeemed[TURNOVER][1]), **used)
    done = Paragraph(_joined([first, second]), [*_ids(issued), *_ids(redeemed)])
    used_up = [*_uptake(ledgers), *_half(ledgers)]
    if not used_up:
        return [done]
    ids = [one for paragraph in used_up for one in paragraph.results]
    return [done, Paragraph(_joined([paragraph.text for paragraph in used_up]), ids)]


def _joined(texts: Sequence[Bilingual]) -> Bilingual:
    return {"zh": "".join(text["zh"] for text in texts), "en": " ".join(text["en"] for text in texts)}


def _kept(ledgers: Ledgers) -> bool:
    return ledgers.has("vouchers_issued") or ledgers.has("vouchers_redeemed")


def _one(safe: Protected, unit: str = "count") -> tuple[str, str]:
    """Id and text of the one figure of a table."""
    row = safe.frame.iloc[0]
    return str(row["result_id"]), MARK if row["suppressed"] else _text(row["estimate"], unit)


def _text(value: float, unit: str) -> str:
    return figure_text(round(value, 3) if unit == "percent" else value, unit) if value == value else "–"


def _ids(figures: Mapping[str, tuple[str, str]]) -> list[str]:
    return [one for one, text in figures.values() if text != MARK]


def _money(ledgers: Ledgers, amount: str) -> Bilingual:
    """An amount with its currency; the mark stands alone."""
    return dict.fromkeys(REPORT_LANGUAGES, MARK) if amount == MARK else money_text(ledgers, amount)


def _uptake(ledgers: Ledgers) -> list[Paragraph]:
    """What part of the vouchers was used, and of their money."""
    names = ("voucher_uptake", "voucher_open", "voucher_amount_share")
    figures = {name: _one(protected_share(ledgers, name), "percent") for name in names}
    if figures["voucher_uptake"][1] == "–":
        return []
    told = {name: figures[name] for name in names[:2]}
    whole = UPTAKE if told["voucher_open"][1] != MARK else UPTAKE_ALONE
    text = filled(whole, uptake=told["voucher_uptake"][1], open=told["voucher_open"][1])
    money = filled(MONEY, share=figures["voucher_amount_share"][1])
    return [Paragraph(text, _ids(told)), Paragraph(money, _ids({"share": figures["voucher_amount_share"]}))]


def _half(ledgers: Ledgers) -> list[Paragraph]:
    """By when half of the vouchers had been used."""
    frame = protected_first_use(ledgers).frame
    rows = frame[(frame["option"] == "half") & ~frame["suppressed"]]
    if not len(rows):
        return []
    row = rows.iloc[0]
    if row["estimate"] != row["estimate"]:
        return [Paragraph(dict(NOT_HALF), [str(row["result_id"])])]
    return [Paragraph(filled(HALF, days=figure_text(row["estimate"], "count")), [str(row["result_id"])])]


def voucher_tables(ledgers: Ledgers) -> list[Block]:
    """Vouchers by category, by community and by who received them; days until first use; what expired."""
    if not _kept(ledgers) or not len(book_of(ledgers).issued):
        return []
    tables = [_by(ledgers, name) for name in BY if len(protected_total(ledgers, "vouchers_issued", (name,)).frame)]
    return [*noted_once([*tables, *_groups(ledgers)], [COHORT, DOMINATED]), *_waited(ledgers), _ended(ledgers)]


def _rows(ledgers: Ledgers, made: Made, measure: str, by: Sequence[str]) -> Protected:
    """A measure by levels, and for all."""
    safe = made(ledgers, measure, (by[0],))
    for name in by[1:]:
        safe = safe.joined(made(ledgers, measure, (name,)))
    return safe.joined(made(ledgers, measure, ()))


def _naming(ledgers: Ledgers, name: str, levels: Sequence[str], heading: Label) -> Naming:
    """Rows named by one group, whose levels stand in ``by``."""
    called = {code: ledgers.called(code) for code in levels} | (ledgers.communities if name == "community" else {})
    labels = {f"{name}={code}": label for code, label in called.items()}
    return Naming("by", {**labels, f"{name}={UNSTATED}": ELSEWHERE}, dict(heading))


def _columns(ledgers: Ledgers, names: Sequence[str]) -> list[Column]:
    shape = {
        name: "percent" if name in ("voucher_uptake", "voucher_open", "voucher_amount_share") else "count"
        for name in names
    }
    unit = currency_name(ledgers)
    return [Column(name, filled(COLUMNS[name], currency=unit), shape[name]) for name in names]


def _by(ledgers: Ledgers, name: str) -> Table:
    """Everything of vouchers by one group."""
    columns = _columns(ledgers, list(COLUMNS))
    parts = {
        measure: _rows(ledgers, protected_total if shape == "count" else protected_share, measure, [name])
        for measure, shape in ((column.name, column.format) for column in columns)
    }
    levels = parts["vouchers_issued"].frame[name].dropna()
    caption, heading = BY[name]
    safe = side_by_side(parts, ["by"])
    notes = [dict(COHORT), *([dict(DOMINATED)] if _dominated(safe) else [])]
    naming = _naming(ledgers, name, list(levels), heading)
    return wide_table(safe, caption=dict(caption), rows=naming, columns=columns, notes=notes)


def _dominated(safe: Protected) -> bool:
    return any(TURNOVER in hidden or "voucher_amount_share" in hidden for hidden in safe.frame[HIDDEN])


def _groups(ledgers: Ledgers) -> list[Table]:
    """Shares by sex and by hardship, where the table of people tells them and those who received vouchers differ."""
    book = book_of(ledgers)
    known = [name for name in ("sex", "hardship") if len(set(book.issued_during()[name]) - {""}) > 1]
    if not known:
        return []
    names = ["voucher_uptake", "voucher_amount_share"]
    safe = side_by_side({name: _rows(ledgers, protected_share, name, known) for name in names}, ["by"])
    sexes = {f"sex={code}": label for code, label in choice_naming("people", "sex", GROUP).labels.items() if code}
    labels = {**sexes, **{f"hardship={code}": label for code, label in HARDSHIP.items()}}
    unstated = {f"{name}={UNSTATED}": ELSEWHERE for name in known}
    naming = Naming("by", {**labels, **unstated}, dict(GROUP))
    notes = [dict(COHORT), *([dict(DOMINATED)] if _dominated(safe) else [])]
    return [wide_table(safe, caption=dict(GROUPED), rows=naming, columns=_columns(ledgers, names), notes=notes)]


def _waited(ledgers: Ledgers) -> list[Block]:
    """Days until the first use, by category."""
    safe = protected_first_use(ledgers, ("category",)).joined(protected_first_use(ledgers))
    if not len(safe.frame):
        return []
    parts = {name: safe.rows((safe.frame["option"] == name).to_numpy()) for name in QUARTILES}
    columns = [Column(name, dict(label), "count") for name, label in QUARTER_COLUMNS.items()]
    naming = _naming(ledgers, "category", list(safe.frame["category"].dropna()), BY["category"][1])
    wide = side_by_side(parts, ["by"])
    return [wide_table(wide, caption=dict(WAITED), rows=naming, columns=columns, notes=[dict(NOT_YET)])]


def _ended(ledgers: Ledgers) -> Table:
    """Vouchers expired, about to, and used in part."""
    safe = side_by_side({what: protected_expiry(ledgers, what) for what in ("vouchers", "amount")}, ["option"])
    columns = [
        Column("vouchers", {"zh": "券（张）", "en": "Vouchers"}, "count"),
        Column("amount", filled(LEFT_OVER, currency=currency_name(ledgers)), "count"),
    ]
    naming = Naming("option", {name: KINDS[name] for name in EXPIRY}, {"zh": "情况", "en": "What happened"})
    return wide_table(safe, caption=dict(ENDED), rows=naming, columns=columns)


def voucher_figure(ledgers: Ledgers) -> list[Block]:
    """The part of the vouchers used at least once, by weeks since issue."""
    if not _kept(ledgers):
        return []
    frame = protected_weeks(ledgers).frame
    shown = frame[frame["estimate"].notna()]
    if len(shown) < 2:
        return []
    weeks, values = [int(week) for week in shown["option"]], shown["estimate"].round(3).tolist()
    words = {"zh": ("发放后第几周", "第{}周"), "en": ("Weeks since issue", "week {}")}
    png, alt = {}, {}
    for language in REPORT_LANGUAGES:
        axis, week = words[language]
        check_glyphs([axis], "voucher figure")
        with house_style():
            png[language] = base64.b64encode(png_bytes(_draw(shown, axis))).decode()
        between = {"zh": ("：", "，", "。"), "en": (": ", ", ", ".")}[language]
        said = [f"{week.format(at)} {figure_text(value, 'percent')}" for at, value in zip(weeks, values, strict=True)]
        alt[language] = CURVE[language] + between[0] + between[1].join(said) + between[2]
    return [Figure(dict(CURVE), alt, png, list(shown["result_id"]))]


def _draw(shown: pd.DataFrame, axis: str) -> Canvas:
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(WIDTH, 2.6))
    axes = canvas.add_subplot()
    weeks = shown["option"].astype(int).to_numpy()
    low, middle, high = (100 * shown[name].round(3).to_numpy(float) for name in ("low", "estimate", "high"))
    axes.fill_between(weeks, low, high, color=COLOURS["blue"], alpha=0.2, linewidth=0)
    axes.plot(weeks, middle, "o-", color=COLOURS["blue"], markersize=4.5, linewidth=1.4)
    axes.set(ylim=(0, 100), xlabel=axis)
    axes.set_xticks(weeks)
    axes.yaxis.set_major_formatter("{x:.0f}%")
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    return canvas


def voucher_concentration(ledgers: Ledgers) -> list[Block]:
    """How many merchants redeem, and how concentrated it is: in words, so that no turnover can be worked out."""
    if not len(_redeemed(ledgers)):
        return []
    classes = concentration_classes(ledgers)
    amounts = _rows(ledgers, protected_total, TURNOVER, ["category"])
    known = amounts.rows(amounts.frame["by"].isin(set(classes.frame["by"])).to_numpy())
    safe = side_by_side({"voucher_merchants": classes, TURNOVER: known}, ["by"])
    found = dict(zip(classes.frame["by"], classes.frame["found"], strict=True))
    safe = safe.with_texts("found", [dict(CLASS_WORDS[found.get(by, "")]) for by in safe.frame["by"]])
    columns = [
        Column("voucher_merchants", {"zh": "商户（家）", "en": "Merchants"}, "count"),
        *_columns(ledgers, [TURNOVER]),
        Column("found", {"zh": "集中程度", "en": "Concentration"}),
    ]
    naming = _naming(ledgers, "category", list(classes.frame["category"]), BY["category"][1])
    notes = [dict(CLASS_NOTE), *([dict(ALSO_MERCHANTS)] if _dominated(safe) else [])]
    return [wide_table(safe, caption=dict(SPREAD), rows=naming, columns=columns, notes=notes)]


def _redeemed(ledgers: Ledgers) -> pd.DataFrame:
    return book_of(ledgers).redeemed_during() if _kept(ledgers) else pd.DataFrame()


def voucher_concentration_inside(ledgers: Ledgers) -> list[Block]:
    """Concentration in figures: for the house alone, as they tell what the largest merchants take in."""
    if not len(_redeemed(ledgers)):
        return []
    safe = side_by_side({name: protected_concentration(ledgers, name) for name in CONCENTRATIONS}, ["by"])
    columns = [
        Column("voucher_merchants", {"zh": "商户（家）", "en": "Merchants"}, "count"),
        Column("voucher_herfindahl", {"zh": "赫芬达尔指数", "en": "Herfindahl index"}, "number", decimals=2),
        Column("voucher_largest", {"zh": "最大一家占比", "en": "Share of the largest"}, "percent"),
        Column("voucher_two_largest", {"zh": "最大两家占比", "en": "Share of the two largest"}, "percent"),
    ]
    levels = protected_concentration(ledgers, "voucher_merchants").frame["category"]
    naming = _naming(ledgers, "category", list(levels), BY["category"][1])
    return [wide_table(safe, caption=dict(INSIDE), rows=naming, columns=columns, notes=[dict(CLASS_NOTE)])]
