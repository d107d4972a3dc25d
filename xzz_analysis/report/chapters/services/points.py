"""Volunteer points: what was earned, spent, corrected and expired, what is left, and who earned more by which rule."""

from __future__ import annotations

from xzz_analysis.atlas.services.people import protected_points, protected_rules
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.disclosure.wide import side_by_side
from xzz_analysis.language import Label
from xzz_analysis.report.blocks import Block, Column, Note, Paragraph, Table
from xzz_analysis.report.chapters.services.naming import COMMUNITY, Bilingual, filled, wide_table
from xzz_analysis.report.chapters.services.people import Row, day_label, level_naming, number, with_total
from xzz_analysis.report.chapters.services.printing import opened_on_demand
from xzz_analysis.report.tables import Naming
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.people import MOVEMENTS
from xzz_analysis.services.period import read_period

ACCOUNT: Label = {
    "zh": "{period}志愿者得分{credited}分（含更正），用去{debited}分（含过期）。截至{day}，结余{closing}分（期初{opening}分）。",
    "en": "In {period} volunteers earned {credited} points (with corrections) and used {debited} (with those that expired). On {day} {closing} "
    "points were left ({opening} at the beginning).",
}
APART: Label = {"zh": "其中{parts}。", "en": "Of these, {parts}."}
APART_OF: dict[str, Label] = {
    "earned": {"zh": "服务得分{number}分", "en": "{number} were earned"},
    "corrected": {"zh": "更正{number}分", "en": "{number} came of corrections"},
    "spent": {"zh": "兑换{number}分", "en": "{number} were spent"},
    "expired": {"zh": "过期{number}分", "en": "{number} expired"},
}
BY_RULE: Label = {
    "zh": "按规则“{rule}”（{times}倍）得分的有{persons}人，共{points}分，比没有这条规则多{more}分。",
    "en": "By the rule “{rule}” (× {times}) {persons} people earned {points} points, {more} more than without it.",
}
MOVED: dict[str, Label] = {
    "opening": {"zh": "期初", "en": "At the beginning"},
    "credited": {"zh": "得分（含更正）", "en": "Earned, with corrections"},
    "debited": {"zh": "用去（含过期）", "en": "Used, with expired"},
    "closing": {"zh": "结余", "en": "Left"},
}
RULE_COLUMNS: dict[str, Label] = {
    "persons": {"zh": "人数", "en": "Persons"},
    "hours": {"zh": "工时", "en": "Hours"},
    "points": {"zh": "积分", "en": "Points"},
    "more": {"zh": "因规则多得", "en": "More by the rule"},
}
MONTH: Label = {"zh": "月份", "en": "Month"}
CAPTIONS: dict[str, Label] = {
    "community": {"zh": "积分账目，按社区", "en": "Account of points, by community"},
    "month": {"zh": "积分账目，按月", "en": "Account of points, by month"},
}
RULES: Label = {"zh": "{period}按规则加倍的得分", "en": "Points multiplied by a rule in {period}"}
ADDS_UP: Bilingual = {
    "zh": "期初＋得分－用去＝结余。积分以百分之一分为单位按整数计算，每笔只舍入一次，因此加总分毫不差。",
    "en": "At the beginning + earned − used = left. Points are counted in hundredths as whole numbers, each entry rounded "
    "once, so that sums are exact.",
}
HOW: Label = {
    "zh": "每小时{per_hour}分。规则：{rules}。几条规则都适用时按倍数最高的一条计算；年龄按服务当天。",
    "en": "An hour earns {per_hour}. Rules: {rules}. Where several hold the highest counts; age is that on the day of the service.",
}
HOW_PLAIN: Label = {"zh": "每小时{per_hour}分。", "en": "An hour earns {per_hour}."}
RULE: Label = {"zh": "{rule}（{times}倍）", "en": "{rule} (× {times})"}
BETWEEN = {"zh": "；", "en": "; "}


def points_chapter(ledgers: Ledgers) -> list[Block]:
    """The account of points in a sentence and by community and month, and who earned more by which rule."""
    if not ledgers.has("points"):
        return []
    total = protected_points(ledgers)
    blocks: list[Block] = [_told(ledgers, total, ACCOUNT)]
    moved = protected_points(ledgers, "", MOVEMENTS)
    if not any(one.frame["suppressed"].any() for one in moved.values()):
        shown = {name: moved[name] for name in MOVEMENTS if name not in total}
        blocks += _apart(shown)
    blocks += _by_rule(ledgers)
    blocks.append(_account(ledgers, total, "community"))
    if ledgers.period.months > 1:
        blocks.append(opened_on_demand(_account(ledgers, total, "month")))
    return [*blocks, *_rules_table(ledgers), _how(ledgers)]


def _told(ledgers: Ledgers, parts: dict[str, Protected], text: Label) -> Paragraph:
    rows: dict[str, Row] = {name: one.frame.iloc[0].to_dict() for name, one in parts.items()}
    told = {name: number(row, "number", digits(row)) for name, row in rows.items()}
    said = filled(text, period=ledgers.period.label, day=day_label(ledgers), **told)
    return Paragraph(said, [str(row["result_id"]) for row in rows.values()])


def _apart(parts: dict[str, Protected]) -> list[Block]:
    """What was earned, corrected, spent and expired, apart from what is nought; nothing where there is one kind alone."""
    rows: dict[str, Row] = {name: one.frame.iloc[0].to_dict() for name, one in parts.items()}
    moved = [name for name in APART_OF if name in rows and rows[name]["estimate"] != 0]
    if len(moved) < 3:  # one way in and one way out: the sentence before says all of it
        return []
    texts = [filled(APART_OF[name], number=number(rows[name], "number", digits(rows[name]))) for name in moved]
    said = {"zh": "，".join(text["zh"] for text in texts), "en": ", ".join(text["en"] for text in texts)}
    return [Paragraph(filled(APART, parts=said), [str(rows[name]["result_id"]) for name in moved])]


def digits(*rows: Row) -> int:
    """Decimals that points need: none, one or two."""
    values = [row["estimate"] for row in rows if row["estimate"] == row["estimate"]]
    return next((places for places in (0, 1) if all(round(value, places) == value for value in values)), 2)


def _columns(parts: dict[str, Protected], labels: dict[str, Label]) -> list[Column]:
    return [
        Column(name, dict(label), "number", decimals=digits(*parts[name].frame.to_dict("records")))
        for name, label in labels.items()
    ]


def _account(ledgers: Ledgers, total: dict[str, Protected], by: str) -> Table:
    parts = protected_points(ledgers, by)
    columns = _columns({name: one.joined(total[name]) for name, one in parts.items()}, MOVED)
    if by == "month":
        months = {name: read_period(name).label for name in parts["opening"].frame["month"]}
        rows, safe = Naming("month", months, dict(MONTH)), side_by_side(parts, ["month"])
    else:
        rows, safe = level_naming(ledgers, by, COMMUNITY), with_total(total, parts, by)
    notes = [ADDS_UP] if by == "community" else []
    return wide_table(safe, caption=dict(CAPTIONS[by]), rows=rows, columns=columns, notes=notes)


def _called(ledgers: Ledgers) -> dict[str, Label]:
    return {one.id: one.label for one in ledgers.declared.point_rules.rules}


def _by_rule(ledgers: Ledgers) -> list[Block]:
    """A sentence for each rule by which somebody earned more."""
    parts, blocks = protected_rules(ledgers), []
    tables = {name: one.frame.set_index("rule") for name, one in parts.items()}
    for rule in ledgers.declared.point_rules.rules:
        rows = {name: table.loc[rule.id].to_dict() for name, table in tables.items()}
        if rows["persons"]["suppressed"] or not rows["persons"]["estimate"] > 0:
            continue
        told = {name: number(row, "number", digits(row)) for name, row in rows.items() if name != "hours"}
        text = filled(BY_RULE, rule=rule.label, times=f"{rule.times:g}", **told)
        blocks.append(Paragraph(text, [str(rows[name]["result_id"]) for name in told]))
    return list(blocks)


def _rules_table(ledgers: Ledgers) -> list[Block]:
    if not ledgers.declared.point_rules.rules:
        return []
    parts = protected_rules(ledgers)
    naming = Naming("rule", _called(ledgers), {"zh": "规则", "en": "Rule"})
    caption = filled(RULES, period=ledgers.period.label)
    return [
        wide_table(side_by_side(parts, ["rule"]), caption=caption, rows=naming, columns=_columns(parts, RULE_COLUMNS))
    ]


def _how(ledgers: Ledgers) -> Note:
    """The rules in words."""
    declared = ledgers.declared.point_rules
    one = declared.per_hour == 1
    per_hour = {"zh": f"{declared.per_hour:g}", "en": f"{declared.per_hour:g} {'point' if one else 'points'}"}
    if not declared.rules:
        return Note(filled(HOW_PLAIN, per_hour=per_hour))
    parts = [filled(RULE, rule=rule.label, times=f"{rule.times:g}") for rule in declared.rules]
    rules = {language: between.join(part[language] for part in parts) for language, between in BETWEEN.items()}
    return Note(filled(HOW, per_hour=per_hour, rules=rules))
