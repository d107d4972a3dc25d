"""How long merchants take to decide, and whether those that parents introduced decide otherwise."""

from __future__ import annotations

from xzz_analysis.atlas.services.outreach import (
    MARKS,
    protected_curve,
    protected_decisions,
    protected_introductions,
    protected_medians,
)
from xzz_analysis.disclosure.wide import side_by_side
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Note, Paragraph
from xzz_analysis.report.chapters.services.naming import Bilingual, filled, wide_table
from xzz_analysis.report.chapters.services.outreach.drawings import waiting_figure
from xzz_analysis.report.chapters.services.outreach.wording import Told, count, share_text, told
from xzz_analysis.report.tables import Naming
from xzz_analysis.report.theme import figure_text, interval_text
from xzz_analysis.services.merchants import FEWEST, introductions_compared, merchant_states, stands_at
from xzz_analysis.services.opening import Ledgers

MEDIAN: Label = {
    "zh": "半数商户在首次走访后{days}天内作出了决定（95%区间{interval}）。",
    "en": "Half of the merchants decided within {days} days of the first visit (95% interval {interval}).",
}
MEDIAN_UNKNOWN: Label = {
    "zh": "到{day}为止，作出决定的商户还不到一半，所以中位时间尚不可知。",
    "en": "By {day} fewer than half of the merchants had decided, so the median time is not known yet.",
}
DAYS: Label = {"zh": "{low}～{high}天", "en": "{low} to {high} days"}
DAYS_FROM: Label = {"zh": "{low}天起，上限尚不可知", "en": "from {low} days on, its end not known yet"}
COUNTED: Bilingual = {
    "zh": "时间从首次走访算到台账记下第一次决定（加入或未同意）的那天；尚未决定的，按截至那天仍未决定计算，不当作拒绝。",
    "en": "Time runs from the first visit to the day on which the ledger has the first decision, to join or to refuse. Those that "
    "have not decided count as undecided until then, and not as refusing.",
}
BY_DAYS: Label = {
    "zh": "首次走访后加入和未同意的商户比例",
    "en": "Shares of merchants that joined and refused after the first visit",
}
AFTER: Label = {"zh": "{days}天内", "en": "Within {days} days"}
SINCE: Label = {"zh": "首次走访后", "en": "After the first visit"}
DECISIONS: dict[str, Label] = {
    "joined": {"zh": "先决定加入", "en": "Joined first"},
    "refused": {"zh": "先决定不加入", "en": "Refused first"},
}
COMPETING: Bilingual = {
    "zh": "加入和未同意互相排斥，按竞争风险估计（Aalen–Johansen）；其余的尚未决定。",
    "en": "Joining and refusing keep each other from happening first, and are estimated as competing risks (Aalen–Johansen); the "
    "others had not decided.",
}
TOO_SOON: Bilingual = {"zh": "“—”：走访开始得还不够久。", "en": "“—”: no visit is that long ago."}


def outreach_times(ledgers: Ledgers) -> list[Block]:
    """How long merchants take to decide: the median, the curve, and the shares that joined and refused by days."""
    if not len(merchant_states(ledgers)):
        return []
    median = told(protected_medians(ledgers), group="")
    return [
        Paragraph(_median(ledgers, median), [median.result] if median.value == median.value else []),
        waiting_figure(protected_curve(ledgers)),
        _decisions(ledgers),
        Note(dict(COUNTED)),
    ]


def _median(ledgers: Ledgers, median: Told) -> Bilingual:
    if median.value != median.value:
        return filled(MEDIAN_UNKNOWN, day=stands_at(ledgers).isoformat())
    return filled(MEDIAN, days=f"{median.value:g}", interval=days_text(median))


def days_text(found: Told) -> Bilingual:
    """The interval of a number of days; its end may not be known yet."""
    if found.high != found.high:
        return filled(DAYS_FROM, low=f"{found.low:g}")
    return filled(DAYS, low=f"{found.low:g}", high=f"{found.high:g}")


def _decisions(ledgers: Ledgers) -> Block:
    safe = protected_decisions(ledgers)
    wide = side_by_side({name: safe.rows(safe.frame["decision"] == name) for name in DECISIONS}, ["option"])
    labels = {str(mark): filled(AFTER, days=str(mark)) for mark in MARKS}
    columns = [Column(name, dict(label), "percent") for name, label in DECISIONS.items()]
    rows = Naming("option", labels, dict(SINCE))
    notes = [dict(COMPETING), *([dict(TOO_SOON)] if safe.frame["estimate"].isna().any() else [])]
    return wide_table(wide, caption=dict(BY_DAYS), rows=rows, columns=columns, notes=notes)


COMPARED: Label = {
    "zh": "家长介绍的商户{parents}家，其中{joined}家加入过（{share}）；其他商户{others}家，其中{others_joined}家加入过（{others_share}）。"
    "两个比例相差{difference}个百分点（95%区间{interval}）。",
    "en": "Of {parents} merchants introduced by parents {joined} ever joined ({share}); of {others} others {others_joined} did "
    "({others_share}). The shares differ by {difference} percentage points (95% interval {interval}).",
}
VERDICTS: dict[str, Label] = {
    "more": {"zh": "家长介绍的商户加入得更多。", "en": " Those that parents introduced joined more often."},
    "less": {"zh": "家长介绍的商户加入得更少。", "en": " Those that parents introduced joined less often."},
    "unclear": {
        "zh": "区间含零，不能说两者不同。",
        "en": " The interval holds nought, so it cannot be said that they differ.",
    },
}
SPEED: Label = {
    "zh": "作出决定的中位时间：家长介绍的{parents}，其他的{others}。",
    "en": "Median time to a decision: {parents} where a parent made the introduction, {others} otherwise.",
}
RANKED: Label = {"zh": "加入的快慢，对数秩检验 p {p}。", "en": " How soon they joined, log-rank test: p {p}."}
LEAST_P = 0.001
"""Below it no more is said of p than that."""

HOW_LONG: Label = {"zh": "{days}天", "en": "{days} days"}
NOT_YET: Label = {"zh": "尚不可知（决定的不到一半）", "en": "not known yet (fewer than half decided)"}
ASSOCIATION: Bilingual = {
    "zh": "这是相关，不是因果：家长往往介绍自己熟悉、信任的商户，这些商户本来就可能更愿意加入，类别和地段也可能不同。要知道介绍"
    "本身有没有作用，需要事先把商户随机分给不同的人去走访。",
    "en": "This is an association and not an effect: parents introduce merchants they know and trust, which might have joined anyway and "
    "may be of other kinds and in other places. To know what an introduction does, merchants would have to be allotted at random beforehand.",
}
NOT_STATED: Label = {
    "zh": "另有{count}家没有注明由谁介绍，不在比较之内。",
    "en": " Another {count}, of which nobody says who introduced them, are not compared.",
}
TOO_FEW: Label = {
    "zh": "家长介绍的商户或其他商户不足{fewest}家，不作比较。",
    "en": "Fewer than {fewest} merchants were introduced by parents, or otherwise, so the two are not compared.",
}


def introductions(ledgers: Ledgers) -> list[Block]:
    """Merchants that parents introduced beside the others: an association, and worded as one."""
    states = merchant_states(ledgers)
    if not len(states) or not (states["introduced"] != "").any():
        return []
    compared = introductions_compared(states)
    if compared is None:
        return [Paragraph(filled(TOO_FEW, fewest=str(FEWEST)))]
    return [_shares(ledgers, compared.not_stated), _speed(ledgers), Note(dict(ASSOCIATION), "warning")]


def _shares(ledgers: Ledgers, not_stated: int) -> Paragraph:
    """The shares that joined, their difference, what may be said of it, and who is not compared."""
    safe = protected_introductions(ledgers)
    found = {
        f"{statistic}_{group}_{option}": told(safe, statistic=statistic, group=group, option=option)
        for statistic, option in (("total", "visited"), ("total", "joined"), ("share", "joined"))
        for group in ("parent", "others")
    }
    difference = told(safe, statistic="share_difference")
    ids = [one.result for one in (*found.values(), difference)]
    text = filled(
        COMPARED,
        parents=count(found["total_parent_visited"].value),
        joined=count(found["total_parent_joined"].value),
        share=share_text(found["share_parent_joined"]),
        others=count(found["total_others_visited"].value),
        others_joined=count(found["total_others_joined"].value),
        others_share=share_text(found["share_others_joined"]),
        difference=points(difference.value),
        interval={
            code: interval_text(difference.low, difference.high, code, unit="points") for code in REPORT_LANGUAGES
        },
    )
    verdict = "more" if difference.low > 0 else "less" if difference.high < 0 else "unclear"
    more = [dict(VERDICTS[verdict])]
    if not_stated:
        more.append(filled(NOT_STATED, count=count(not_stated)))
    whole = {code: text[code] + "".join(part[code] for part in more) for code in REPORT_LANGUAGES}
    return Paragraph(whole, ids)


def points(value: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return figure_text(value, "points")


def _speed(ledgers: Ledgers) -> Paragraph:
    medians = protected_medians(ledgers)
    parents, others = (told(medians, group=name) for name in ("parent", "others"))
    test = told(protected_introductions(ledgers), statistic="p")
    text = filled(SPEED, parents=_how_long(parents), others=_how_long(others))
    known = [one.result for one in (parents, others, test) if one.value == one.value]
    if test.value == test.value:
        ranked = filled(RANKED, p=f"= {test.value:.3f}" if test.value >= LEAST_P else f"< {LEAST_P}")
        text = {code: text[code] + ranked[code] for code in REPORT_LANGUAGES}
    return Paragraph(text, known)


def _how_long(median: Told) -> Bilingual:
    return dict(NOT_YET) if median.value != median.value else filled(HOW_LONG, days=f"{median.value:g}")
