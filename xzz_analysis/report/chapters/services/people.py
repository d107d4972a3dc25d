"""People who help: roles, steps from being helped to helping, and volunteers for every social worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xzz_analysis.atlas.services.people import (
    protected_conversion,
    protected_curve,
    protected_origins,
    protected_roles,
    protected_workers,
)
from xzz_analysis.disclosure.protect import MARK, Protected
from xzz_analysis.disclosure.wide import HIDDEN, side_by_side
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Paragraph, Table
from xzz_analysis.report.chapters.services.naming import (
    COMMUNITY,
    ELSEWHERE,
    Bilingual,
    choice_naming,
    filled,
    wide_table,
)
from xzz_analysis.report.chapters.services.people_drawing import incidence_figure
from xzz_analysis.report.chapters.services.printing import opened_on_demand
from xzz_analysis.report.tables import Naming
from xzz_analysis.report.theme import figure_text, interval_text
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.people import GROUPS, ORIGINS, STEPS, UNSTATED, WORKERS
from xzz_analysis.services.people.roles import last_day

EVERY = "every"
"""Level of the row that adds a table up."""

ALL: Label = {"zh": "合计", "en": "All"}

Row = Mapping[Any, Any]


def level_naming(ledgers: Ledgers, column: str, heading: Label) -> Naming:
    """Rows named by community, with those of whom it is not stated, and the row of all."""
    return Naming(column, {**ledgers.communities, UNSTATED: ELSEWHERE, EVERY: ALL}, dict(heading))


def with_total(total: Mapping[str, Protected], split: Mapping[str, Protected], by: str) -> Protected:
    """Measures side by side, a row for each level of a group and the row of all below."""
    together = {
        name: one.joined(total[name].with_column(by, [EVERY] * len(total[name].frame))) for name, one in split.items()
    }
    return side_by_side(together, [by])


def day_label(ledgers: Ledgers) -> Bilingual:
    """The last day reported: ``2025年12月31日``, ``31 December 2025``."""
    day = last_day(ledgers)
    return {"zh": f"{day.year}年{day.month}月{day.day}日", "en": f"{day.day} {day.month_name()} {day.year}"}


def number(row: Row, shape: str = "count", decimals: int = 1) -> str:
    """A figure of a protected row as it stands in a sentence; the mark where it is not published."""
    if row["suppressed"]:
        return MARK
    value = row["estimate"]
    return figure_text(round(value, 3) if shape == "percent" else value, shape, decimals)


def _rows(parts: Mapping[str, Protected], option: str = "") -> dict[str, Row]:
    """The row of each measure that is about an option."""
    found: dict[str, Row] = {}
    for name, one in parts.items():
        rows = one.frame[one.frame["option"] == option].to_dict("records")
        if rows:
            found[name] = rows[0]
    return found


PERSONS_IN: dict[str, tuple[str, str, str]] = {
    "recipient": ("服务对象{}人", "{} recipient", "{} recipients"),
    "volunteer": ("志愿者{}人", "{} volunteer", "{} volunteers"),
    "helper": ("互助骨干{}人", "{} helper", "{} helpers"),
    "leader": ("带头人{}人", "{} leader", "{} leaders"),
    "merchant": ("商户经营者{}人", "{} business owner", "{} business owners"),
    "staff": ("工作人员{}人", "{} member of staff", "{} members of staff"),
    "social_worker": ("社工{}人", "{} social worker", "{} social workers"),
    "local_worker": ("本地工作者{}人", "{} local worker", "{} local workers"),
}
"""How many hold a role: Chinese, English for one, English for others."""

HELD: Label = {"zh": "截至{day}，台账上有{roles}。", "en": "On {day} the ledger had {roles}."}
NEW: Label = {"zh": "{period}新增{roles}。", "en": "In {period} there were {roles} who were new to the role."}
NOBODY: Label = {"zh": "截至{day}，台账上没有人担任任何角色。", "en": "On {day} nobody in the ledger held a role."}
HELPING = ("volunteer", "helper", "leader")
JOINED = {"zh": "、", "en": ", "}


def _listed(rows: Sequence[Row]) -> Bilingual:
    texts = []
    for row in rows:
        zh, one, many = PERSONS_IN[str(row["option"])]
        shown = number(row)
        texts.append({"zh": zh.format(shown), "en": (one if shown == "1" else many).format(shown)})
    first, last = [text["en"] for text in texts[:-1]], texts[-1]["en"]
    return {"zh": "、".join(text["zh"] for text in texts), "en": f"{', '.join(first)} and {last}" if first else last}


def _nonzero(safe: Protected, among: Sequence[str] = tuple(PERSONS_IN)) -> list[Row]:
    rows = safe.frame[safe.frame["option"].isin(list(among))].to_dict("records")
    return [row for row in rows if row["suppressed"] or row["estimate"] > 0]


def helpers_summary(ledgers: Ledgers) -> list[Block]:
    """How many hold each role on the last day, and how many took up helping in the period."""
    if not ledgers.has("roles"):
        return []
    safe = protected_roles(ledgers)
    held, new = _nonzero(safe["held"]), [row for row in _nonzero(safe["new"], HELPING) if not row["suppressed"]]
    day, ids = day_label(ledgers), [str(row["result_id"]) for row in [*held, *new]]
    text = filled(HELD, day=day, roles=_listed(held)) if held else filled(NOBODY, day=day)
    if new:
        more = filled(NEW, period=ledgers.period.label, roles=_listed(new))
        text = {"zh": text["zh"] + more["zh"], "en": f"{text['en']} {more['en']}"}
    return [Paragraph(text, ids)]


ROLES_TABLE: Label = {"zh": "各角色的人数", "en": "People in each role"}
OWNERS: Label = {"zh": "商户经营者", "en": "Business owner"}
UPPER: Label = {
    "zh": "一人可有几个角色。台账中只有人数、没有编号的行按人数计入在任，不计入新增和转化；其中如有重复无从分辨。",
    "en": "Somebody may hold several roles. Rows with a number of people and no keys count with that number among those who hold a role, and neither as new nor towards conversion; "
    "whether they hold anybody twice cannot be told.",
}


def _roles_table(ledgers: Ledgers) -> Table:
    safe = side_by_side(protected_roles(ledgers), ["option"])
    columns = [
        Column("held", {"zh": "{day}在任", "en": "On {day}"}, "count"),
        Column("new", {"zh": "{period}新增", "en": "New in {period}"}, "count"),
    ]
    told = {"day": day_label(ledgers), "period": ledgers.period.label}
    columns = [Column(one.name, filled(one.label, **told), one.format) for one in columns]
    rows = choice_naming("roles", "role", {"zh": "角色", "en": "Role"})
    naming = Naming("option", {**rows.labels, "merchant": OWNERS}, rows.heading)
    return wide_table(safe, caption=dict(ROLES_TABLE), rows=naming, columns=columns, notes=[dict(UPPER)])


# --- conversion

TOOK: dict[str, Label] = {
    "volunteer": {
        "zh": "先受助的{at_risk}人中，{became}人成为志愿者（{share}），{left}人离开而没有成为志愿者，{still}人仍在受助。",
        "en": "Of {at_risk} people who were helped first, {became} became volunteers ({share}), {left} left without, and {still} are still helped.",
    },
    "helper": {
        "zh": "先做志愿者的{at_risk}人中，{became}人成为互助骨干（{share}），{left}人离开而没有成为骨干，{still}人仍是志愿者。",
        "en": "Of {at_risk} people who volunteered first, {became} became helpers ({share}), {left} left without, and {still} are still volunteers.",
    },
    "leader": {
        "zh": "先做互助骨干的{at_risk}人中，{became}人成为带头人（{share}），{left}人离开而没有成为带头人，{still}人仍是骨干。",
        "en": "Of {at_risk} people who were helpers first, {became} became leaders ({share}), {left} left without, and {still} are still helpers.",
    },
}
STEP_LABELS: dict[str, Label] = {
    "volunteer": {"zh": "从受助到志愿者", "en": "From recipient to volunteer"},
    "helper": {"zh": "从志愿者到互助骨干", "en": "From volunteer to helper"},
    "leader": {"zh": "从互助骨干到带头人", "en": "From helper to leader"},
}
STEP: Label = {"zh": "从何到何", "en": "Step"}
BEGAN: Label = {
    "zh": "曾经做过志愿者的人中，{parts}；{rest}不计入转化。",
    "en": "Of all who ever volunteered, {parts}; {rest} not count as conversion.",
}
BEGAN_ALL: Label = {"zh": "曾经做过志愿者的人中，{parts}。", "en": "Of all who ever volunteered, {parts}."}
BEGUN: dict[str, Label] = {
    "recipient_first": {"zh": "先受助的占{share}", "en": "{share} had been helped first"},
    "never_recipient": {"zh": "从未受助的占{share}", "en": "{share} were never helped"},
    "volunteer_first": {
        "zh": "先做志愿者或同日开始的占{share}",
        "en": "{share} volunteered first or began both on one day",
    },
}
REST: dict[int, Label] = {1: {"zh": "后一类", "en": "the last do"}, 2: {"zh": "后两类", "en": "the last two do"}}
UNKNOWN_YEAR: Bilingual = {"zh": "观察不足一年", "en": "not followed for a year"}
HOW_LONG: Label = {
    "zh": "一年内：阿伦—约翰森累积发生率，“离开”（角色结束而没有下一个）作为竞争事件；仍在原角色的人在最后一天删失。时间从原角色的第一天算起。"
    "离开的人以后还可能回来，因此以后的报告可能把他们从离开改为转化。",
    "en": "Within a year: cumulative incidence (Aalen and Johansen), where leaving (the role ended without the next) is a competing event; those "
    "still in the role are censored on the last day. Time runs from the first day of the role before. Who left may come back, so that later "
    "reports may count some of them as having taken the step.",
}
COMPETING: Label = {
    "zh": "从原角色开始起，多少个月之内走出下一步的比例（离开为竞争事件）",
    "en": "Share that took the next step within so many months of beginning the role before (leaving competes)",
}
STEPS_TABLE: Label = {"zh": "从受助到互助", "en": "From being helped to helping"}
SPLIT: Label = {"zh": "{step}，按社区、性别与困境", "en": "{step}, by community, sex and hardship"}
GROUP_LABELS: dict[str, Label] = {
    "community": COMMUNITY,
    "sex": {"zh": "性别", "en": "Sex"},
    "hardship": {"zh": "困境家庭", "en": "Family in hardship"},
}
LEVELS: dict[str, Label] = {
    "female": {"zh": "女", "en": "Female"},
    "male": {"zh": "男", "en": "Male"},
    "yes": {"zh": "困境", "en": "In hardship"},
    "no": {"zh": "非困境", "en": "Not in hardship"},
}


def conversion_chapter(ledgers: Ledgers) -> list[Block]:
    """How recipients become volunteers, helpers and leaders: sentences, tables and the share by time."""
    if not ledgers.has("roles"):
        return []
    parts = protected_conversion(ledgers)
    steps = [step for step in STEPS if _rows(parts, step)]
    told = [_took(step, _rows(parts, step)) for step in steps]
    blocks: list[Block] = [*told, *_began(ledgers), _roles_table(ledgers)]
    if not steps:
        return blocks
    curves = {step: safe for step in steps if (safe := protected_curve(ledgers, step)).frame["estimate"].notna().any()}
    names = {step: STEP_LABELS[step] for step in curves}
    drawn: list[Block] = [incidence_figure(curves, names, dict(COMPETING))] if curves else []
    return [*blocks, _steps_table(parts), *drawn, *(_split_table(ledgers, step) for step in steps)]


def _took(step: str, rows: Mapping[str, Row]) -> Paragraph:
    told = {name: number(rows[name]) for name in ("at_risk", "became", "left", "still")}
    ids = [str(rows[name]["result_id"]) for name in (*told, "share")]
    return Paragraph(filled(TOOK[step], share=number(rows["share"], "percent"), **told), ids)


def _began(ledgers: Ledgers) -> list[Block]:
    safe = protected_origins(ledgers)["share"]
    rows = {str(row["option"]): row for row in safe.frame.to_dict("records")}
    if safe.frame["estimate"].isna().all():
        return []
    shown = [name for name in ORIGINS if rows[name]["suppressed"] or rows[name]["estimate"] > 0]
    texts = [filled(BEGUN[name], share=number(rows[name], "percent")) for name in shown]
    parts = {
        "zh": "，".join(text["zh"] for text in texts),
        "en": " and ".join([one for one in (", ".join(text["en"] for text in texts[:-1]), texts[-1]["en"]) if one]),
    }
    rest = len([name for name in shown if name != "recipient_first"])
    text = filled(BEGAN, parts=parts, rest=REST[rest]) if rest else filled(BEGAN_ALL, parts=parts)
    return [Paragraph(text, [str(rows[name]["result_id"]) for name in ORIGINS])]


YEAR_COLUMNS = (
    Column("share", {"zh": "比例", "en": "Share"}, "percent"),
    Column("incidence", {"zh": "一年内", "en": "Within a year"}, "percent"),
    Column("interval", {"zh": "95% 置信区间", "en": "95% confidence interval"}),
)
COUNT_LABELS: dict[str, Label] = {
    "at_risk": {"zh": "原角色", "en": "In the role before"},
    "became": {"zh": "走出这一步", "en": "Took the step"},
    "left": {"zh": "离开", "en": "Left"},
    "still": {"zh": "仍在原角色", "en": "Still there"},
    "days": {"zh": "半数用了（天）", "en": "Half took (days)"},
}


def _counts(names: Sequence[str]) -> list[Column]:
    return [Column(name, dict(COUNT_LABELS[name]), "count") for name in names]


def _with_intervals(safe: Protected, incidence: Protected) -> Protected:
    """The table with the interval of the share within a year in words."""
    found = {row["result_id"]: row for row in incidence.frame.to_dict("records")}
    texts: list[Bilingual | None] = []
    for ids in safe.frame["results"]:
        row = found.get(ids.get("incidence", ""))
        if row is None or row["estimate"] in (0.0, 1.0):
            texts.append(None)
        elif row["suppressed"]:
            texts.append(dict.fromkeys(REPORT_LANGUAGES, MARK))
        elif row["low"] != row["low"]:
            texts.append(dict(UNKNOWN_YEAR))
        else:
            low, high = round(row["low"], 3), round(row["high"], 3)
            texts.append({language: interval_text(low, high, language) for language in REPORT_LANGUAGES})
    return safe.with_texts("interval", texts)  # type: ignore[arg-type]


def _steps_table(parts: Mapping[str, Protected]) -> Table:
    safe = _with_intervals(side_by_side(parts, ["option"]), parts["incidence"])
    columns = [*_counts(["at_risk", "became", "left"]), *YEAR_COLUMNS, *_counts(["days"])]
    rows = Naming("option", STEP_LABELS, dict(STEP))
    return wide_table(safe, caption=dict(STEPS_TABLE), rows=rows, columns=columns, notes=[dict(HOW_LONG)])


def _split_table(ledgers: Ledgers, step: str) -> Table:
    """One step by community, sex and hardship, a section each."""
    together: dict[str, Protected] = {}
    for by in GROUPS:
        parts = protected_conversion(ledgers, by)
        for name, safe in parts.items():
            mine = safe.rows((safe.frame["option"] == step).to_numpy())
            mine = mine.with_column("level", list(mine.frame[by])).with_column("group", [by] * len(mine.frame))
            mine = mine.without([by])
            together[name] = together[name].joined(mine) if name in together else mine
    safe = _with_intervals(side_by_side(together, ["group", "level"]), together["incidence"])
    naming = Naming("level", {**ledgers.communities, **LEVELS, UNSTATED: ELSEWHERE}, {"zh": "组别", "en": "Group"})
    table = wide_table(
        safe,
        caption=filled(SPLIT, step=STEP_LABELS[step]),
        rows=naming,
        columns=[*_counts(["at_risk", "became"]), *YEAR_COLUMNS],
        section=Naming("group", GROUP_LABELS),
    )
    return opened_on_demand(table)


# --- volunteers for every social worker

RATIO: Label = {
    "zh": "截至{day}，志愿者{volunteers}人，社工{workers}人，平均每名社工{ratio}名志愿者。",
    "en": "On {day} there were {volunteers} volunteers and {workers} social workers: {ratio} volunteers for every social worker.",
}
NO_WORKER: Label = {
    "zh": "截至{day}，志愿者{volunteers}人；台账上没有社工，每名社工多少志愿者不详。",
    "en": "On {day} there were {volunteers} volunteers; the ledger has no social worker, so volunteers for each are not known.",
}
BESIDE: dict[str, Label] = {
    "more": {
        "zh": "高于每名社工{declared}名志愿者（来源：{source}）。",
        "en": "That is more than {declared} for each (source: {source}).",
    },
    "fewer": {
        "zh": "低于每名社工{declared}名志愿者（来源：{source}）。",
        "en": "That is fewer than {declared} for each (source: {source}).",
    },
    "as many": {
        "zh": "正是每名社工{declared}名志愿者（来源：{source}）。",
        "en": "That is just {declared} for each (source: {source}).",
    },
}
WORKERS_TABLE: Label = {"zh": "每名社工有多少志愿者", "en": "Volunteers for every social worker"}
WORKER_LABELS: dict[str, Label] = {
    "volunteers": {"zh": "志愿者", "en": "Volunteers"},
    "social_worker": {"zh": "社工", "en": "Social workers"},
    "per_social_worker": {"zh": "每名社工的志愿者", "en": "Volunteers per social worker"},
    "staff": {"zh": "工作人员", "en": "Staff"},
    "per_staff": {"zh": "每名工作人员的志愿者", "en": "Volunteers per member of staff"},
}
POSTS_NOTE: Bilingual = {
    "zh": "志愿者是当天担任志愿者角色的人；不再同时担任志愿者的骨干和带头人不在其中。社工与其他工作人员分开计算，是岗位而不是服务对象，人数照印。",
    "en": "Volunteers are those who hold that role on the day; helpers and leaders who no longer hold it are not among them. Social workers and "
    "other staff are counted apart; they are posts and not people served, so that their numbers are printed however small.",
}
ASKED: Label = {
    "zh": "对照：每名社工{declared}名志愿者，来源：{source}{url}。",
    "en": "Beside: {declared} volunteers for every social worker, source: {source}{url}.",
}


def workers_chapter(ledgers: Ledgers) -> list[Block]:
    """Volunteers for every social worker, by community and in all, beside the ratios that study.yml declares."""
    if not ledgers.has("roles"):
        return []
    total = protected_workers(ledgers)
    rows: dict[str, Row] = {name: one.frame.iloc[0].to_dict() for name, one in total.items()}
    safe = with_total(total, protected_workers(ledgers, "community"), "community")
    columns = [
        Column(name, dict(label), "number" if name.startswith("per_") else "count")
        for name, label in WORKER_LABELS.items()
    ]
    asked = [
        filled(ASKED, declared=str(one.volunteers), source=one.source, url=f" {one.url}")
        for one in ledgers.declared.ratios
        if one.url
    ]
    columns = [
        one
        for one in columns
        if safe.frame[one.name].notna().any() or any(one.name in row for row in safe.frame[HIDDEN])
    ]
    notes = [*asked, POSTS_NOTE]
    naming = level_naming(ledgers, "community", COMMUNITY)
    return [
        _ratio(ledgers, rows),
        wide_table(safe, caption=dict(WORKERS_TABLE), rows=naming, columns=columns, notes=notes),
    ]


def _ratio(ledgers: Ledgers, rows: Mapping[str, Row]) -> Paragraph:
    """The ratio of all, and how it lies to those declared."""
    volunteers, workers, ratio = (rows[name] for name in ("volunteers", WORKERS[0], f"per_{WORKERS[0]}"))
    day, ids = day_label(ledgers), [str(row["result_id"]) for row in (volunteers, workers, ratio)]
    if not workers["estimate"] > 0:
        return Paragraph(filled(NO_WORKER, day=day, volunteers=number(volunteers)), ids[:2])
    told = {"volunteers": number(volunteers), "workers": number(workers), "ratio": number(ratio, "number")}
    parts = [filled(RATIO, day=day, **told)]
    for one in ledgers.declared.ratios if not ratio["suppressed"] else ():
        shown = round(ratio["estimate"], 1)
        word = "more" if shown > one.volunteers else "fewer" if shown < one.volunteers else "as many"
        parts.append(filled(BESIDE[word], declared=str(one.volunteers), source=one.source))
    return Paragraph({"zh": "".join(part["zh"] for part in parts), "en": " ".join(part["en"] for part in parts)}, ids)
