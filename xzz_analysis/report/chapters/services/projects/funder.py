"""A page for the funder: what was agreed, what was done, what stands in the way, and what would help."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from xzz_analysis.atlas.services.projects import HIDDEN_LIGHT, protected_targets
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.disclosure.wide import RESULTS
from xzz_analysis.errors import StudyError, suggest
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.report.blocks import Block, Column, Heading, Note, Paragraph, Table
from xzz_analysis.report.chapters.services.naming import Bilingual, filled, wide_table
from xzz_analysis.report.chapters.services.printing import money_text
from xzz_analysis.report.chapters.services.projects.wording import (
    LIGHT,
    MONEY_TARGETS,
    Row,
    amount_text,
    expected_amount,
    explanation_text,
    in_a_sentence,
    indicator_name,
    indicator_naming,
    result_text,
)
from xzz_analysis.report.theme import figure_text
from xzz_analysis.services.linkage import AMBER, GREEN, NOT_BY_PROJECT, NOT_COUNTED, NOT_KNOWN, RED
from xzz_analysis.services.opening import Ledgers

TOGETHER: Bilingual = {
    "zh": "本页供购买方与服务方一起看进展、想办法，不用来打分或处罚。数字出自日常台账；哪里不清楚，就先弄清楚。",
    "en": "This page is for the funder and the organisation to look at progress together and to find ways forward; it is not "
    "for scoring or sanctions. Its figures come from everyday ledgers; where they are unclear, the first step is to clear them up.",
}
HEADINGS: dict[str, Bilingual] = {
    "done": {"zh": "约定了什么，做到了什么", "en": "What was agreed and done"},
    "way": {"zh": "难在哪里", "en": "What stands in the way"},
    "help": {"zh": "什么会有帮助", "en": "What would help"},
}
AGREED: Label = {
    "zh": "“{project}”{funder}，{since}至{until}，约定{count}项目标。",
    "en": "“{project}”{funder} runs from {since} to {until} and has {count}.",
}
FUNDED: Label = {"zh": "由{funder}购买", "en": ", paid for by {funder},"}
SAYS: Label = {"zh": "服务方说明：{text}", "en": " The organisation says: {text}"}
REMARK: Label = {"zh": "{target}：进度正常。", "en": "{target}: on course."}
TARGETS: Label = {"zh": "“{project}”的目标与进展，到{day}", "en": "“{project}”: targets and progress by {day}"}
DONE: dict[str, Label] = {
    GREEN: {
        "zh": "{target}：到{day}做到{result}，为目标{agreed}的{reached}；按天数此时应到{expected}。进度正常。",
        "en": "{target}: {result} by {day}, {reached} of the {agreed} agreed; by days {expected} were to be expected. On "
        "course.",
    },
    AMBER: {
        "zh": "{target}：到{day}做到{result}，为目标{agreed}的{reached}；按天数此时应到{expected}。比进度略慢。",
        "en": "{target}: {result} by {day}, {reached} of the {agreed} agreed; by days {expected} were to be expected. A little "
        "behind.",
    },
    RED: {
        "zh": "{target}：到{day}做到{result}，为目标{agreed}的{reached}；按天数此时应到{expected}。比进度慢得较多，值得一起商量。",
        "en": "{target}: {result} by {day}, {reached} of the {agreed} agreed; by days {expected} were to be expected. Well "
        "behind: worth talking over together.",
    },
    NOT_KNOWN: {
        "zh": "{target}：约定{agreed}，做到多少{result}。",
        "en": "{target}: {agreed} agreed; how many were done is {result}.",
    },
    HIDDEN_LIGHT: {
        "zh": "{target}：约定{agreed}；目前涉及的人太少，为保护他们不公布数字。",
        "en": "{target}: {agreed} agreed; so far too few people are behind the figure for it to be published.",
    },
}
SILENT: Bilingual = {
    "zh": "台账里还没有写说明。落后或不详的几项，请服务方补上一两句。",
    "en": "The ledger holds no explanation yet. A line or two on the targets that are behind or not known would help.",
}
SMOOTH: Bilingual = {
    "zh": "台账里没有写困难，各项进度正常。",
    "en": "The ledger names no difficulty, and every target is on course.",
}
HELP: dict[str, Bilingual] = {
    "people": {
        "zh": "{targets}：一起看看人们怎样知道这项服务，请社区转介；时间、地点、交通和照看孩子的安排是否方便。",
        "en": "{targets}: look together at how people hear of the service, ask the community to refer them, and see whether "
        "hours, place, travel and child care suit them.",
    },
    "work": {
        "zh": "{targets}：一起看看人手、场地和时间；需要时商量调整数量，或者延长期限。",
        "en": "{targets}: look together at staff, rooms and the calendar; where needed agree on another number or a later end.",
    },
    "partners": {
        "zh": "{targets}：请社区和街道帮助引荐。",
        "en": "{targets}: ask the community and the sub-district for introductions.",
    },
    NOT_BY_PROJECT: {
        "zh": "{targets}：在台账里逐条写上项目编号，就能看到进度。",
        "en": "{targets}: write the project beside every entry of the ledger, and progress can be seen.",
    },
    "apart": {
        "zh": "{targets}：台账不按项目记这一项，另报一个数字，就能看到进度。",
        "en": "{targets}: ledgers do not keep these by project; report a number apart, and progress can be seen.",
    },
    NOT_COUNTED: {
        "zh": "{targets}：在台账里填上数目。",
        "en": "{targets}: write the numbers down in the ledger.",
    },
    "no_ledger": {
        "zh": "{targets}：把台账建起来，现在还没有。",
        "en": "{targets}: begin the ledger, which is not kept yet.",
    },
    "none": {"zh": "各项进度正常，保持现在的安排就好。", "en": "Every target is on course: keep what works as it is."},
}
KIND = {
    **dict.fromkeys(("persons", "person_times", "volunteers"), "people"),
    **dict.fromkeys(("merchants_joined", "vouchers_redeemed", "organisations"), "partners"),
}
"""Targets by what would help them; the others are about the work itself."""

NEVER_BY_PROJECT = ("merchants_joined", "organisations")
"""Targets whose ledgers have no column for the project."""


def funder_page(ledgers: Ledgers, project: str = "") -> list[Block]:
    """What was agreed, what was done, what stands in the way and what would help, project by project.

    Parameters
    ----------
    ledgers : Ledgers
    project : str
        Key of one project; all that run in the period when empty.

    Returns
    -------
    list of Block
        Empty without a ledger of projects, or where none runs.

    Raises
    ------
    StudyError
        A project that the ledger does not have.
    """
    known = dict.fromkeys(ledgers.table("projects")["project"])
    if project and project not in known:
        raise StudyError(f"there is no project {project!r} in the ledger of projects{suggest(project, known)}")
    safe = protected_targets(ledgers) if ledgers.has("projects") else None
    if safe is None:
        return []
    keys = [key for key in dict.fromkeys(safe.frame["project"]) if project in ("", key)]
    pages = [_page(ledgers, safe.rows((safe.frame["project"] == key).to_numpy())) for key in keys]
    return [Note(dict(TOGETHER)), *(block for page in pages for block in page)] if pages else []


def _page(ledgers: Ledgers, safe: Protected) -> list[Block]:
    rows = safe.frame.to_dict("records")
    name = str(rows[0]["name"] or rows[0]["project"])
    blocks: list[Block] = [Heading({"zh": f"项目：{name}", "en": f"Project: {name}"}, 3)]
    blocks += [Heading(dict(HEADINGS["done"]), 4), _agreed(rows, name), _progress(ledgers, safe, name)]
    blocks += [Heading(dict(HEADINGS["way"]), 4), *_in_the_way(ledgers, rows)]
    found = helping(rows)
    return [*blocks, Heading(dict(HEADINGS["help"]), 4), *(Paragraph(text) for text in found)] if found else blocks


def day_text(day: str) -> Bilingual:
    """A day as it is written in a sentence."""
    date = dt.date.fromisoformat(day)
    return {"zh": f"{date.year}年{date.month}月{date.day}日", "en": f"{date.day} {date:%B} {date.year}"}


def _agreed(rows: Sequence[Row], name: str) -> Paragraph:
    funder = str(rows[0]["funder"])
    count = len(rows)
    text = filled(
        AGREED,
        funder=filled(FUNDED, funder=funder) if funder else {"zh": "", "en": ""},
        project=name,
        since=day_text(min(row["since"] for row in rows)),
        until=day_text(max(row["until"] for row in rows)),
        count={"zh": str(count), "en": "one target" if count == 1 else f"{count} targets"},
    )
    return Paragraph(text, [str(row[RESULTS]["target"]) for row in rows])


def _progress(ledgers: Ledgers, safe: Protected, name: str) -> Table:
    """What was agreed, what was done, and how that lies to the plan, in a line each."""
    rows = safe.frame.to_dict("records")
    table = safe.with_texts("light", [LIGHT[row["light"]] for row in rows])
    table = table.with_texts("result", [result_text(row) for row in rows])  # type: ignore[misc]
    columns = [
        Column("target", {"zh": "约定", "en": "Agreed"}, "number", decimals=0),
        Column("result", {"zh": "做到", "en": "Done"}),
        Column("reached", {"zh": "为目标的", "en": "Of the target"}, "percent"),
        Column("light", {"zh": "进度", "en": "Progress"}),
    ]
    caption = filled(TARGETS, project=name, day=day_text(max(row["as_of"] for row in rows)))
    return wide_table(table, caption=caption, rows=indicator_naming(ledgers), columns=columns)


def done_sentence(ledgers: Ledgers, row: Row) -> Paragraph:
    """One target in words, in a tone that helps.

    Parameters
    ----------
    ledgers : Ledgers
    row : mapping
        A row of ``atlas.services.projects.protected_targets``.
    """
    measure = row["measure"]
    result = result_text(row) or {"zh": "", "en": ""}
    if measure in MONEY_TARGETS and not pd.isna(row["result"]):
        result = {code: money_text(ledgers, text)[code] for code, text in result.items()}
    text = filled(
        DONE[row["light"]],
        target=indicator_name(measure),
        day=day_text(row["as_of"]),
        result=result,
        agreed=amount_text(ledgers, measure, row["target"]),
        reached="" if pd.isna(row["reached"]) else figure_text(row["reached"], "percent"),
        expected=expected_amount(measure, row["expected"]),
    )
    return Paragraph(text, [str(row[RESULTS][name]) for name in ("target", "expected", "result", "reached")])


def _in_the_way(ledgers: Ledgers, rows: Sequence[Row]) -> list[Block]:
    """Targets that are behind or not known, in words, with explanations as the ledger has them."""
    told: list[Block] = []
    for row in rows:
        explanation = explanation_text(row)
        if row["light"] == GREEN and not explanation:
            continue
        said = done_sentence(ledgers, row)
        if row["light"] == GREEN:
            said = Paragraph(filled(REMARK, target=indicator_name(row["measure"])), said.results)
        told.append(Paragraph(_with(said.text, explanation), said.results) if explanation else said)
    if not told:
        return [Paragraph(dict(SMOOTH))]
    silent = not any(explanation_text(row) for row in rows)
    return [*told, Paragraph(dict(SILENT))] if silent else told


def _with(text: Bilingual, explanation: Label) -> Bilingual:
    """A sentence, and what the organisation says of it; in Chinese where it says so in Chinese alone."""
    words = {code: choose(explanation, code).text for code in REPORT_LANGUAGES}
    return {code: text[code] + SAYS[code].format(text=words[code]) for code in REPORT_LANGUAGES}


def helping(rows: Sequence[Row]) -> list[Bilingual]:
    """What would help, by what is behind or not known."""
    wanted: dict[str, list[str]] = {}
    for row in rows:
        if row["light"] in (AMBER, RED):
            wanted.setdefault(KIND.get(row["measure"], "work"), []).append(row["measure"])
        elif row["light"] == NOT_KNOWN and row["why"]:
            wanted.setdefault(_what_helps(row), []).append(row["measure"])
    if not wanted:
        return [dict(HELP["none"])] if all(row["light"] == GREEN for row in rows) else []
    return [filled(HELP[kind], targets=_listed(measures)) for kind, measures in wanted.items()]


def _what_helps(row: Row) -> str:
    """What would make a result known."""
    if row["why"] == NOT_BY_PROJECT and row["measure"] in NEVER_BY_PROJECT:
        return "apart"
    return row["why"] if row["why"] in HELP else "no_ledger"


def _listed(measures: list[str]) -> Bilingual:
    names = [indicator_name(one) for one in measures]
    rest = {code: [in_a_sentence(name, code) for name in names[1:]] for code in REPORT_LANGUAGES}
    return {code: ("、" if code == "zh" else ", ").join([names[0][code], *rest[code]]) for code in REPORT_LANGUAGES}
