"""What figures of services count, in words: for whoever traces one."""

from __future__ import annotations

from xzz_analysis.atlas.services import counted, courses, projects, vouchers
from xzz_analysis.atlas.services.loop import COVERAGE
from xzz_analysis.language import Label

STEP: Label = {
    "zh": "从上一角色走到这一角色的人：人数、比例、天数；离开是竞争事件。",
    "en": "Those who went on from the role before: how many, which part, how soon; leaving is a competing event.",
}
CONTACTS: Label = {
    "zh": "按关系或方式统计的联系次数和两端的人数。",
    "en": "Contacts by relation or mode, and the persons at either end.",
}

_PREFIXES: dict[str, Label] = {
    COVERAGE: {
        "zh": "本期台账里服务到的人数与调查估计的需要人数之比；最少和最多取自人数的上下限与需要人数的区间。",
        "en": "Persons served in the period over persons in need as the survey estimates them; least and most are from "
        "the bounds of the served and the interval of the need.",
    },
    "merchants": {"zh": "截至期末各状态的商户数。", "en": "Merchants by where they stood at the end of the period."},
    "merchant_visits": {"zh": "本期的走访和涉及的商户。", "en": "Visits of the period, and the merchants visited."},
    "merchant_reasons": {"zh": "说出某个原因的商户数。", "en": "Merchants that named a reason."},
    "introduced": {"zh": "按由谁介绍比较加入的商户。", "en": "Merchants that joined, compared by who introduced them."},
    "days_to_decision": {
        "zh": "从首次走访到第一次决定的天数（卡普兰–迈耶法；尚未决定的删失）。",
        "en": "Days from the first visit to the first decision (Kaplan and Meier; the undecided are censored).",
    },
    "merchants_undecided": {
        "zh": "首次走访后若干天仍未决定的比例（卡普兰–迈耶法）。",
        "en": "Part still undecided so many days after the first visit (Kaplan and Meier).",
    },
    "merchants_decided": {
        "zh": "首次走访后若干天内先加入或先不同意的比例（阿伦–约翰森法）。",
        "en": "Part that first joined, or first refused, within so many days (Aalen and Johansen).",
    },
    "role_held": {"zh": "期末担任某角色的人数。", "en": "Persons in a role at the end of the period."},
    "role_new": {"zh": "本期第一次担任某角色的人数。", "en": "Persons in a role for the first time in the period."},
    "volunteer_origin": {
        "zh": "曾做志愿者的人中先受助、从未受助和同时开始的比例。",
        "en": "Of all who ever volunteered, the part that was helped first, never, or from the same day on.",
    },
    "volunteer_conversion": STEP,
    "helper_conversion": STEP,
    "leader_conversion": STEP,
    "became_": {
        "zh": "若干个月内走到下一角色的比例（阿伦–约翰森法）。",
        "en": "Part that took the next role within so many months (Aalen and Johansen).",
    },
    "workers_": {
        "zh": "期末志愿者、社工、工作人员数及每名社工的志愿者数。",
        "en": "Volunteers, social workers and staff at the end of the period, and volunteers for each.",
    },
    "points_account": {
        "zh": "积分账目：期初、得分（含更正）、用去（含过期）、结余。",
        "en": "Account of points: at the beginning, credited, debited, and what is left.",
    },
    "points_movements": {"zh": "各种积分变动。", "en": "Points by kind of entry."},
    "points_by_rule": {"zh": "按规则加倍的得分。", "en": "Points earned under a rule."},
    "ties_by_": CONTACTS,
    "persons_by_": CONTACTS,
    "network": {
        "zh": "由本期联系组成的互助网络的度量；成员只按类别和社区汇总。",
        "en": "Measures of the network that the ties of the period make; members are counted by kind and community.",
    },
}
"""Beginning of an indicator's name → what it counts."""

_EXACT = counted.DEFINITIONS | vouchers.DEFINITIONS | projects.DEFINITIONS | courses.DEFINITIONS


def definition_of(indicator: str) -> Label | None:
    """What an indicator of services counts; None where there is no such indicator."""
    if indicator in _EXACT:
        return _EXACT[indicator]
    known = [prefix for prefix in _PREFIXES if indicator.startswith(prefix)]
    return _PREFIXES[max(known, key=len)] if known else None
