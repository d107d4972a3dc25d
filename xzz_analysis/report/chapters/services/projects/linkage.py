"""Five platforms that work together (五社联动), by community and by project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from xzz_analysis.atlas.services.projects import SPLITS, UNSTATED, platforms_side_by_side
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.disclosure.wide import HIDDEN, RESULTS
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Paragraph, Table
from xzz_analysis.report.chapters.services.naming import COMMUNITY, ELSEWHERE, Bilingual, filled, wide_table
from xzz_analysis.report.chapters.services.printing import currency_name, money_text
from xzz_analysis.report.chapters.services.projects.wording import project_names
from xzz_analysis.report.tables import Naming
from xzz_analysis.report.theme import figure_text
from xzz_analysis.services.linkage import BY_PROJECT, MEASURES, PLATFORMS
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.survey.estimates import group_pairs

PLATFORM: dict[str, Bilingual] = {
    "community": {"zh": "社区", "en": "community"},
    "social_workers": {"zh": "社会工作者", "en": "social workers"},
    "organisations": {"zh": "社会组织", "en": "social organisations"},
    "volunteers": {"zh": "社区志愿者", "en": "volunteers"},
    "charity": {"zh": "社会慈善资源", "en": "charitable resources"},
}
HEADS: dict[str, Bilingual] = {
    "activities": {"zh": "活动场次", "en": "Activities"},
    "social_workers": {"zh": "社会工作者", "en": "Social workers"},
    "staff": {"zh": "负责的工作人员", "en": "Staff in charge"},
    "incubated": {"zh": "孵化的社会组织", "en": "Organisations incubated"},
    "partners": {"zh": "合作伙伴", "en": "Partners"},
    "volunteers": {"zh": "志愿者、骨干和带头人", "en": "Volunteers, helpers and leaders"},
    "volunteers_active": {"zh": "有服务记录的志愿者", "en": "Volunteers with hours"},
    "volunteer_hours": {"zh": "志愿服务小时", "en": "Volunteer hours"},
    "donors": {"zh": "捐赠方", "en": "Donors"},
    "donated": {"zh": "捐赠金额", "en": "Donated"},
    "merchants_joined": {"zh": "加入的商户", "en": "Merchants joined"},
    "redeemed": {"zh": "核销金额", "en": "Vouchers redeemed"},
}
SAID: dict[str, Label] = {
    "activities": {"zh": "活动{value}场", "en": "activities: {value}"},
    "social_workers": {"zh": "社会工作者{value}名", "en": "social workers: {value}"},
    "staff": {"zh": "负责活动的工作人员{value}名", "en": "staff in charge of activities: {value}"},
    "incubated": {"zh": "孵化社会组织{value}家", "en": "organisations incubated: {value}"},
    "partners": {"zh": "合作伙伴{value}家", "en": "partners: {value}"},
    "volunteers": {"zh": "志愿者、骨干和带头人{value}名", "en": "volunteers, helpers and leaders: {value}"},
    "volunteers_active": {"zh": "有服务记录的志愿者{value}名", "en": "volunteers with hours: {value}"},
    "volunteer_hours": {"zh": "志愿服务{value}小时", "en": "hours volunteered: {value}"},
    "donors": {"zh": "捐赠方{value}家", "en": "donors: {value}"},
    "donated": {"zh": "捐赠{value}", "en": "donated: {value}"},
    "merchants_joined": {"zh": "加入的商户{value}家", "en": "merchants joined: {value}"},
    "redeemed": {"zh": "核销{value}", "en": "vouchers redeemed: {value}"},
}
SHORT: dict[str, Bilingual] = {
    "social_workers": {"zh": "在岗", "en": "in post"},
    "staff": {"zh": "负责活动", "en": "in charge of activities"},
    "incubated": {"zh": "孵化", "en": "incubated"},
    "volunteers": {"zh": "含骨干和带头人", "en": "with helpers and leaders"},
    "volunteers_active": {"zh": "有服务记录", "en": "with hours"},
    "volunteer_hours": {"zh": "服务小时", "en": "hours"},
}
"""Heads of columns behind the name of their platform, where they are shorter."""
MONEY = ("donated", "redeemed")
OPENING: Bilingual = {"zh": "{period}五社联动：{parts}。", "en": "Five platforms in {period}: {parts}."}
NOT_KNOWN: Bilingual = {"zh": "不详：{parts}。", "en": "Not known: {parts}."}
NOT_RECORDED = "not_recorded"
UNRECORDED: Bilingual = {"zh": "{heads}（台账没有记这一项）", "en": "{heads} (not recorded in the ledger)"}
ABSENT: Bilingual = {"zh": "{heads}（没有{ledger}台账）", "en": "{heads} (no ledger of {ledger})"}
PREFIX: dict[str, Bilingual] = {
    "community": {"zh": "社区：{head}", "en": "Community: {head}"},
    "social_workers": {"zh": "社工：{head}", "en": "Social work: {head}"},
    "organisations": {"zh": "社会组织：{head}", "en": "Organisations: {head}"},
    "volunteers": {"zh": "志愿者：{head}", "en": "Volunteers: {head}"},
    "charity": {"zh": "慈善资源：{head}", "en": "Charity: {head}"},
}
"""What stands before the head of a column: its platform."""
IN_MONEY: Label = {"zh": "{name}（{currency}）", "en": "{name} ({currency})"}
BY_COMMUNITY: Label = {"zh": "各社区的五社联动", "en": "Five platforms by community"}
CAPTIONS: dict[bool, Label] = {
    True: {
        "zh": "各社区的五社联动：社区、社会工作者与社会组织",
        "en": "Five platforms by community: communities, social workers and social organisations",
    },
    False: {
        "zh": "各社区的五社联动：志愿者与社会慈善资源",
        "en": "Five platforms by community: volunteers and charitable resources",
    },
}
SECOND = ("volunteers", "charity")
"""Platforms of the second table, where there are two."""

WIDE = 8
"""Columns that fit on a page."""

NOT_TOLD: Bilingual = {
    "zh": "社会组织、捐赠和商户的台账不按项目记录，因此不列入本表。",
    "en": "Ledgers of organisations, donations and merchants are not kept by project, so they are not in this table.",
}
MISSING: Bilingual = {"zh": "尚无记录的一方", "en": "Nothing recorded yet of"}
MISSING_NOTE: Bilingual = {
    "zh": "“尚无记录”只看留有台账的一方；台账里没有的，不等于社区里没有。",
    "en": "“Nothing recorded” is said of platforms with a ledger only; what is in no ledger may still be there.",
}
POSTS: Bilingual = {
    "zh": "社会工作者和工作人员是机构的岗位，数目不作保护处理。",
    "en": "Social workers and staff are posts of the organisation; their number is not protected.",
}


LEDGER_NAMES: dict[str, Bilingual] = {
    "activities": {"zh": "活动", "en": "Activities"},
    "roles": {"zh": "角色", "en": "Roles"},
    "points": {"zh": "志愿积分", "en": "Volunteer points"},
    "organisations": {"zh": "组织与伙伴", "en": "Organisations and partners"},
    "merchant_visits": {"zh": "商户走访", "en": "Merchant visits"},
    "vouchers_redeemed": {"zh": "关爱券核销", "en": "Vouchers redeemed"},
}


def linkage_chapter(ledgers: Ledgers) -> list[Block]:
    """The five platforms of all, of each community and of each project."""
    safe = platforms_side_by_side(ledgers)
    if safe is None:
        return []
    blocks: list[Block] = [linkage_sentence(ledgers, safe)]
    blocks += not_known(ledgers)
    if len(safe.frame) > 1:
        blocks += _communities(ledgers, safe)
    by_project = platforms_side_by_side(ledgers, "project") if ledgers.has("projects") else None
    return blocks if by_project is None or len(by_project.frame) < 2 else [*blocks, _projects(ledgers, by_project)]


def linkage_sentence(ledgers: Ledgers, safe: Protected) -> Paragraph:
    """All platforms in one sentence; what is suppressed is passed over.

    Parameters
    ----------
    ledgers : Ledgers
    safe : Protected
        Of ``atlas.services.projects.platforms_side_by_side``.
    """
    row = safe.frame.iloc[0]
    shown = [name for name in MEASURES if name in safe.frame and pd.notna(row[name])]
    shown = [name for name in shown if row[name] or name == "activities"] or shown
    parts = {
        code: ("，" if code == "zh" else "; ").join(_said(ledgers, name, row[name])[code] for name in shown)
        for code in REPORT_LANGUAGES
    }
    text = filled(OPENING, period=ledgers.period.label, parts=parts)
    return Paragraph(text, [str(row[RESULTS][name]) for name in shown])


def _said(ledgers: Ledgers, name: str, value: float) -> Bilingual:
    number = figure_text(value, decimals=0 if name in MONEY or float(value).is_integer() else 1)
    return filled(SAID[name], value=money_text(ledgers, number) if name in MONEY else number)


def not_known(ledgers: Ledgers) -> list[Paragraph]:
    """What no ledger tells, and which ledger would; nothing where all are kept."""
    lacking: dict[str, list[str]] = {}
    for name in SPLITS["community"]:
        absent = [kind for kind in MEASURES[name].ledgers if not ledgers.has(kind)]
        if absent or not MEASURES[name].kept(ledgers):
            lacking.setdefault([*absent, NOT_RECORDED][0], []).append(name)
    if not lacking:
        return []
    parts = {
        code: ("；" if code == "zh" else "; ").join(_absent(kind, names, code) for kind, names in lacking.items())
        for code in REPORT_LANGUAGES
    }
    return [Paragraph(filled(NOT_KNOWN, parts=parts))]


def _absent(kind: str, names: list[str], code: str) -> str:
    heads = ("、" if code == "zh" else ", ").join(_lower(HEADS[name][code], code) for name in names)
    if kind == NOT_RECORDED:
        return UNRECORDED[code].format(heads=heads)
    return ABSENT[code].format(heads=heads, ledger=_lower(LEDGER_NAMES[kind][code], code))


def _lower(text: str, code: str) -> str:
    return text if code == "zh" else text[0].lower() + text[1:]


def _columns(ledgers: Ledgers, safe: Protected, names: tuple[str, ...]) -> list[Column]:
    made = []
    for name in names:
        if name not in safe.frame:
            continue
        prefix = PREFIX[MEASURES[name].platform]
        told = SHORT.get(name, HEADS[name])
        head = {code: prefix[code].format(head=_lower(told[code], code)) for code in REPORT_LANGUAGES}
        if name in MONEY:
            head = filled(IN_MONEY, name=head, currency=currency_name(ledgers))
        whole = all(float(value).is_integer() for value in safe.frame[name].dropna())
        made.append(Column(name, head, "count" if name in MONEY or whole else "number", decimals=1))
    return made


def _communities(ledgers: Ledgers, safe: Protected) -> list[Table]:
    """Each community in a row: in two tables where one would be too wide for a page."""
    missing = [_missing(ledgers, row) for row in safe.frame.to_dict("records")]
    lacking = any(missing)
    safe = _whole_last(safe.with_texts("lacking", missing))  # type: ignore[arg-type]
    names = {UNSTATED: ELSEWHERE, **ledgers.communities}
    columns = _columns(ledgers, safe, SPLITS["community"])
    first = [one for one in columns if MEASURES[one.name].platform not in SECOND] if len(columns) > WIDE else columns
    second = [one for one in columns if one not in first]
    first = [*first, Column("lacking", dict(MISSING))] if lacking else first
    notes = {True: [*([dict(MISSING_NOTE)] if lacking else []), dict(POSTS)], False: []}
    return [
        wide_table(
            safe,
            caption=dict(BY_COMMUNITY if not second else CAPTIONS[shown is first]),
            rows=Naming("by", _named(safe.frame, names), dict(COMMUNITY)),
            columns=shown,
            notes=notes[shown is first],
        )
        for shown in (first, second)
        if shown
    ]


def _whole_last(safe: Protected) -> Protected:
    """The table with the row of all below the others."""
    by = safe.frame["by"].tolist()
    return safe.ordered([place for place, name in enumerate(by) if name] + [by.index("")]) if "" in by else safe


def _missing(ledgers: Ledgers, row: Mapping[Any, Any]) -> Bilingual | None:
    """Platforms of which the ledgers are there and tell of nothing in this row."""
    found = []
    for platform in PLATFORMS:
        own = [name for name in SPLITS["community"] if MEASURES[name].platform == platform and name in row]
        if own and all(row[name] == 0 and name not in row[HIDDEN] for name in own):
            found.append(platform)
    if not found or row["by"] == f"community={UNSTATED}":
        return None
    return {
        code: ("、" if code == "zh" else ", ").join(PLATFORM[one][code] for one in found) for code in REPORT_LANGUAGES
    }


def _projects(ledgers: Ledgers, safe: Protected) -> Table:
    safe = _whole_last(safe)
    names = {**project_names(ledgers), UNSTATED: ELSEWHERE}
    return wide_table(
        safe,
        caption={"zh": "各项目的五社联动", "en": "Five platforms by project"},
        rows=Naming("by", _named(safe.frame, names), {"zh": "项目", "en": "Project"}),
        columns=_columns(ledgers, safe, BY_PROJECT),
        notes=[dict(NOT_TOLD)],
    )


def _named(frame: pd.DataFrame, names: Mapping[str, Label]) -> dict[str, Label]:
    """What rows are called, by ``by``; the key where nobody says."""
    keys = {by: group_pairs(by)[0][1] for by in frame["by"] if by}
    return {by: names.get(key, {"": key}) for by, key in keys.items()}
