"""What was done in a period: activities, person-times and persons, in sentences, tables and a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from xzz_analysis.atlas.services.counted import (
    MEASURES,
    NOT_KNOWN,
    earlier,
    measured,
    protected_entries,
    protected_newcomers,
)
from xzz_analysis.disclosure.protect import MARK, Protected
from xzz_analysis.disclosure.wide import side_by_side
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Paragraph, Table
from xzz_analysis.report.chapters.services.counted_drawing import series_figure
from xzz_analysis.report.chapters.services.counted_words import (
    number_text,
    persons_text,
    so_many_times,
    times_text,
    vague,
)
from xzz_analysis.report.chapters.services.naming import (
    ELSEWHERE,
    Bilingual,
    choice_naming,
    community_naming,
    domain_naming,
    filled,
    wide_table,
)
from xzz_analysis.report.chapters.services.printing import noted_once
from xzz_analysis.report.tables import Naming
from xzz_analysis.report.theme import figure_text
from xzz_analysis.services.counting import comers
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.period import Period, read_period

EVERY = "every"
"""Level of the row that adds a table up."""

ALL: Label = {"zh": "合计", "en": "All"}

COLUMNS: dict[str, Label] = {
    "activities": {"zh": "活动（场）", "en": "Activities"},
    "person_times": {"zh": "人次", "en": "Person-times"},
    "persons": {"zh": "人数", "en": "Persons"},
}

NONE: Label = {"zh": "{period}台账里没有活动。", "en": "The ledger has no activities in {period}."}
DONE: Label = {
    "zh": "{period}开展活动{activities}，服务{times}。",
    "en": "In {period} {activities} with {times}.",
}
TIMES_UNKNOWN: Label = {
    "zh": "{period}开展活动{activities}，人次不详。",
    "en": "In {period} {activities}; person-times are not known.",
}
PERSONS: dict[str, Label] = {
    "exact": {"zh": "按编号去重，服务{exact}。", "en": "{exact} took part, told apart by their keys."},
    "between": {
        "zh": "服务人数在{low}至{high}人之间：部分活动没有签到表，同一个人来过几次无从分辨。",
        "en": "Between {low} and {high} different persons took part: some activities have no attendance sheet, so nobody can tell who came "
        "more than once.",
    },
    "at_least": {
        "zh": "服务人数不少于{low}人，最多多少不详：部分活动没有签到表，也没有人次。",
        "en": "At least {low} different persons took part; how many at most is not known: some activities have neither an attendance sheet "
        "nor person-times.",
    },
    "unknown": {
        "zh": "服务了多少人不详：台账没有签到表，只有汇总数。",
        "en": "How many different persons took part is not known: the ledger has totals and no attendance sheets.",
    },
    "hidden": {"zh": f"服务人数{MARK}。", "en": f"Persons: {MARK}."},
}
MEANING: Bilingual = {
    "zh": "人次不是人数：一个人参加三次，计三人次、一人。",
    "en": "Person-times are not persons: somebody who came three times counts as three person-times and one person.",
}
COMPARED: Label = {
    "zh": "与{before}相比，{activities}，{times}。",
    "en": "Compared with {before}: {activities}, {times}.",
}
COMERS: Label = {
    "zh": "签到表上的{all}人中，{new}人首次参加，{old}人以前来过（签到表自{since}起）。",
    "en": "Of the {all} persons on attendance sheets, {new} came for the first time and {old} had come before (the sheets begin in {since}).",
}
PLACE: Label = {"zh": "活动全部在{place}。", "en": "All of them took place in {place}."}


def counted_summary(ledgers: Ledgers) -> list[Block]:
    """How much was done, for how many persons, and how it compares with the period before."""
    if not ledgers.has("activities"):
        return []
    rows = _totals(ledgers)
    activities, times, persons = (rows[name] for name in MEASURES)
    told = {"period": ledgers.period.label, "activities": number_text("were_activities", activities["estimate"])}
    if activities["estimate"] == 0:
        return [Paragraph(filled(NONE, period=ledgers.period.label), [str(activities["result_id"])])]
    known = times["suppressed"] or times["estimate"] == times["estimate"]
    parts = [
        filled(DONE if known else TIMES_UNKNOWN, times=so_many_times(times), **told),
        _place(ledgers),
        _persons(persons),
    ]
    ids = [str(row["result_id"]) for row in (activities, times, persons)]
    blocks: list[Block] = [Paragraph(_joined([*parts, MEANING]), ids)]
    return [*blocks, *_comers(ledgers), *_compared(ledgers)]


def _totals(ledgers: Ledgers) -> dict[str, dict[Any, Any]]:
    """The row of everything of each measure."""
    return {name: measured(ledgers, name).frame.iloc[0].to_dict() for name in MEASURES}


def _persons(row: Mapping[Any, Any]) -> Bilingual:
    """The sentence on persons."""
    numbers = {name: figure_text(row[name], "count") for name in ("low", "high") if row[name] == row[name]}
    if row["suppressed"]:
        return dict(PERSONS["hidden"])
    if row["estimate"] == row["estimate"]:
        return filled(PERSONS["exact"], exact=number_text("persons", row["estimate"]))
    if vague(row):
        return dict(PERSONS["unknown"])
    return filled(PERSONS["between" if "high" in numbers else "at_least"], **numbers)


def _place(ledgers: Ledgers) -> Bilingual:
    """Where everything was, if it was in one community."""
    found = list(measured(ledgers, "activities", "community").frame["community"])
    if len(found) != 1 or not found[0]:
        return {"zh": "", "en": ""}
    return filled(PLACE, place=ledgers.communities.get(found[0], {"zh": found[0], "en": found[0]}))


def _joined(texts: Sequence[Bilingual]) -> Bilingual:
    return {
        "zh": "".join(text["zh"] for text in texts),
        "en": " ".join(text["en"] for text in texts if text["en"]),
    }


def _comers(ledgers: Ledgers) -> list[Block]:
    """How many came for the first time, where the sheets reach back before the period."""
    period = ledgers.period
    since = comers(ledgers.table("activities"), ledgers.table("attendance"), period.first, period.last).since
    frame = protected_newcomers(ledgers).frame
    if since is None or since >= period.first or frame["estimate"].isna().any() or not frame["estimate"].all():
        return []
    numbers = [figure_text(value, "count") for value in frame["estimate"]]
    month = read_period(f"{since:%Y-%m}").label
    text = filled(COMERS, since=month, **dict(zip(("all", "new", "old"), numbers, strict=True)))
    return [Paragraph(text, list(frame["result_id"]))]


def _compared(ledgers: Ledgers) -> list[Block]:
    """More or fewer than in the period before; nothing where either is not known exactly."""
    before = earlier(ledgers)
    if before is None:
        return []
    now, then = _totals(ledgers), _totals(before)
    said: dict[str, Bilingual] = {}
    ids: list[str] = []
    for name in ("activities", "person_times"):
        rows = (now[name], then[name])
        if any(row["estimate"] != row["estimate"] or row["at_least"] for row in rows):
            return []
        change = rows[0]["estimate"] - rows[1]["estimate"]
        direction = "more" if change > 0 else "fewer" if change < 0 else "same"
        said[name] = number_text(f"{direction}_{name}", abs(change))
        ids += [str(row["result_id"]) for row in rows]
    text = filled(COMPARED, before=before.period.label, activities=said["activities"], times=said["person_times"])
    return [Paragraph(text, ids)]


TITLES: dict[tuple[str, ...], Label] = {
    ("domain",): {"zh": "各领域的活动、人次与人数", "en": "Activities, person-times and persons by domain"},
    ("community", "domain"): {
        "zh": "各社区各领域的活动、人次与人数",
        "en": "Activities, person-times and persons by community and domain",
    },
    ("type",): {"zh": "各类型的活动、人次与人数", "en": "Activities, person-times and persons by type"},
    ("project",): {"zh": "各项目的活动、人次与人数", "en": "Activities, person-times and persons by project"},
    ("month",): {"zh": "逐月的活动、人次与人数", "en": "Activities, person-times and persons by month"},
}
"""Tables that are printed, by what they are split by."""

ONCE: Bilingual = {
    "zh": "同一个人出现在几行时，合计里只算一次，所以各行人数相加可以大于合计。",
    "en": "A person who is in several rows counts once in all, so persons of the rows may add up to more.",
}
RANGES: Bilingual = {
    "zh": "人数写成“至”或“至少”的，是因为部分活动没有签到表：下限是肯定不同的人，上限把每一人次当作不同的人。",
    "en": "“To” and “at least”: some activities have no attendance sheet. The lower number are surely different persons, the upper takes "
    "every person-time for another person.",
}
SEVERAL: Label = {"zh": "跨月汇总", "en": "Totals over several months"}


def counted_tables(ledgers: Ledgers) -> list[Block]:
    """Activities, person-times and persons by domain, by community and domain, by type, by project, and by month."""
    tables = [table for by in TITLES for table in counted_table(ledgers, by)]
    return list(noted_once(tables, [ONCE, RANGES]))


def counted_table(ledgers: Ledgers, by: tuple[str, ...]) -> list[Table]:
    """One table of :data:`TITLES`; nothing where no row says what it is split by, or all are in one community."""
    levels = list(measured(ledgers, "activities", *by).frame[by[0]])
    if not any(levels) or (by[0] == "community" and len(set(levels)) < 2):
        return []
    parts = {name: _with_all(ledgers, name, by) for name in MEASURES}
    persons, times = (parts[name].frame.to_dict("records") for name in ("persons", "person_times"))
    safe, columns = side_by_side(parts, list(by)), dict(COLUMNS)
    shapes = dict.fromkeys(columns, "count")
    if any(row["reason"] == NOT_KNOWN or row["at_least"] for row in times):
        safe, shapes["person_times"] = safe.with_texts("person_times", [times_text(row) for row in times]), "text"
    bounded = any(row["reason"] == NOT_KNOWN for row in persons)
    if bounded:
        safe, shapes["persons"] = safe.with_texts("persons", [persons_text(row) for row in persons]), "text"
    table = wide_table(
        safe,
        caption=dict(TITLES[by]),
        rows=_naming(ledgers, by[-1]),
        columns=[Column(name, dict(label), shapes[name]) for name, label in columns.items()],
        section=community_naming(ledgers) if len(by) > 1 else None,
        notes=[*([ONCE] if len(by) == 1 else []), *([RANGES] if bounded else [])],
    )
    return [replace(table, folded=len(by) > 1)]


def _with_all(ledgers: Ledgers, measure: str, by: tuple[str, ...]) -> Protected:
    """Rows of a split, and below them the row of everything where the table has no sections."""
    safe = measured(ledgers, measure, *by)
    if len(by) > 1:
        return safe
    return safe.joined(measured(ledgers, measure).with_column(by[0], [EVERY]))


def _naming(ledgers: Ledgers, column: str) -> Naming:
    """How the rows of a table are named."""
    if column == "domain":
        found = domain_naming()
    elif column == "type":
        found = choice_naming("activities", "type", {"zh": "类型", "en": "Type"})
    elif column == "project":
        found = project_naming(ledgers)
    else:
        months = measured(ledgers, "activities", "month").frame["month"]
        found = Naming(
            column, {name: read_period(name).label for name in months if name}, {"zh": "月份", "en": "Month"}
        )
    labels = {**found.labels, EVERY: ALL}
    return replace(found, labels={**labels, "": SEVERAL} if column == "month" else labels)


def project_naming(ledgers: Ledgers) -> Naming:
    """Rows named by project, as the ledger of projects calls it."""
    table = ledgers.table("projects").drop_duplicates("project")
    named = {row["project"]: dict.fromkeys(REPORT_LANGUAGES, row["name"]) for row in table.to_dict("records")}
    shown = {project: label for project, label in named.items() if label["en"]}
    return Naming("project", {**shown, "": ELSEWHERE}, {"zh": "项目", "en": "Project"})


SHEETS: Label = {
    "zh": "有签到表的{keyed}，{keyed_times}；没有签到表的{other}，{other_times}。",
    "en": "With an attendance sheet: {keyed}, {keyed_times}. Without: {other}, {other_times}.",
}
ASIDE: dict[str, Label] = {
    "without_person_times": {
        "zh": "{number}场活动没有登记人次，不计入人次。",
        "en": "Activities that state no person-times, and add none to the total: {number}.",
    },
    "totals_left_out": {
        "zh": "{number}行汇总数只有一部分落在本期，未计入，也不按天拆分。",
        "en": "Totals that lie partly outside the period, and are neither counted nor split by days: {number}.",
    },
    "sheets_differ": {
        "zh": "{number}场活动登记的人次与签到表不同，按签到表计。",
        "en": "Activities whose stated person-times differ from their attendance sheet (the sheet is counted): {number}.",
    },
    "probable_repeats": {
        "zh": "{number}行没有签到表的活动与另一行的日期、类型、社区、领域、名称和人次完全相同，可能重复登记；已计入，请核对。",
        "en": "Activities without a sheet that repeat another's day, type, community, domain, name and person-times, perhaps entered "
        "twice; they are counted, please check: {number}.",
    },
}


def counting_notes(ledgers: Ledgers) -> list[Block]:
    """What has an attendance sheet and what not, what is not known, and which totals are left out."""
    if not ledgers.has("activities"):
        return []
    return [*_sheets(ledgers), *_aside(ledgers)]


def _sheets(ledgers: Ledgers) -> list[Block]:
    """How much is counted by attendance sheets, and how much without."""
    said: dict[str, Bilingual] = {}
    ids = []
    for measure, name in (("activities", "{}"), ("person_times", "{}_times")):
        rows = measured(ledgers, measure, "sheet").frame
        if set(rows["sheet"]) != {"keyed", "count_only"}:
            return []
        for row in rows.to_dict("records"):
            word = name.format("keyed" if row["sheet"] == "keyed" else "other")
            said[word] = so_many_times(row) if measure == "person_times" else number_text(measure, row["estimate"])
            ids.append(str(row["result_id"]))
    return [Paragraph(filled(SHEETS, **said), ids)]


def _aside(ledgers: Ledgers) -> list[Block]:
    """What could not be counted, or should be looked at."""
    told = {row["indicator"]: row for row in protected_entries(ledgers).frame.to_dict("records")}
    found = [(text, told[name]) for name, text in ASIDE.items() if told[name]["estimate"] > 0]
    return [
        Paragraph(filled(text, number=figure_text(row["estimate"], "count")), [str(row["result_id"])])
        for text, row in found
    ]


PICTURE: dict[str, Label] = {
    "month": {"zh": "各领域逐月的人次", "en": "Person-times by domain and month"},
    "week": {"zh": "各领域逐周的人次（按每周首日）", "en": "Person-times by domain and week (first day of the week)"},
}


def counted_figure(ledgers: Ledgers) -> list[Block]:
    """Person-times by domain, month by month; in a single month week by week. Nothing where none may be shown."""
    step = "month" if ledgers.period.months > 1 else "week"
    safe = measured(ledgers, "person_times", step, "domain")
    safe = safe.rows((safe.frame[step] != "").to_numpy())
    if not safe.frame["estimate"].notna().any():
        return []
    return [series_figure(safe, domain_naming(), step, _steps(ledgers.period), dict(PICTURE[step]))]


def _steps(period: Period) -> list[str]:
    """Months of a period, or the weeks of a single month by their first day in it."""
    days = pd.date_range(period.first, period.last)
    if period.months > 1:
        return list(days.strftime("%Y-%m").unique())
    return list(days[(days.day_of_week == 0) | (days == days[0])].strftime("%Y-%m-%d"))
