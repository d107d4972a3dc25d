"""A page for the funder: what was agreed, what was done, what stands in the way, and what would help."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from xzz_analysis.atlas.services.projects import HIDDEN_LIGHT, protected_targets
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.disclosure.wide import RESULTS
from xzz_analysis.errors import StudyError, suggest
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Heading, Note, Paragraph
from xzz_analysis.report.chapters.services.naming import Bilingual, filled, wide_table
from xzz_analysis.report.chapters.services.projects.wording import (
    INDICATORS,
    Row,
    amount,
    explanation_text,
    in_a_sentence,
    indicator_name,
    result_text,
)
from xzz_analysis.report.tables import Naming
from xzz_analysis.report.theme import figure_text
from xzz_analysis.services.linkage import AMBER, GREEN, NOT_BY_PROJECT, NOT_COUNTED, NOT_KNOWN, RED
from xzz_analysis.services.opening import Ledgers

TOGETHER: Bilingual = {
    "zh": "本页供购买方与服务方一起看进展、想办法，不用来打分或处罚。数字出自日常台账；哪里不清楚，就先弄清楚。",
    "en": "This page is for the funder and the organisation to look at progress together and to find ways forward; it is not "
    "for scoring or sanctions. Its figures come from everyday ledgers; where they are unclear, the first step is to clear them up.",
}
HEADINGS: dict[str, Bilingual] = {
    "agreed": {"zh": "约定做什么", "en": "What was agreed"},
    "done": {"zh": "做到了什么", "en": "What was done"},
    "way": {"zh": "难在哪里", "en": "What stands in the way"},
    "help": {"zh": "什么会有帮助", "en": "What would help"},
}
AGREED: Label = {
    "zh": "{funder}“{project}”，{since}至{until}，约定：{parts}。",
    "en": "“{project}”{funder}, {since} to {until}. Agreed: {parts}.",
}
FUNDED: Label = {"zh": "{funder}购买的服务", "en": ", paid for by {funder}"}
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
    pages = [_page(safe.rows((safe.frame["project"] == key).to_numpy())) for key in keys]
    return [Note(dict(TOGETHER)), *(block for page in pages for block in page)] if pages else []


def _page(safe: Protected) -> list[Block]:
    rows = safe.frame.to_dict("records")
    name = str(rows[0]["name"] or rows[0]["project"])
    blocks: list[Block] = [Heading(dict.fromkeys(REPORT_LANGUAGES, name), 3)]
    blocks += [Heading(dict(HEADINGS["agreed"]), 4), _agreed(rows, name)]
    blocks += [Heading(dict(HEADINGS["done"]), 4), *(done_sentence(row) for row in rows)]
    blocks += [Heading(dict(HEADINGS["way"]), 4), _in_the_way(safe)]
    return [*blocks, Heading(dict(HEADINGS["help"]), 4), *(Paragraph(text) for text in helping(rows))]


def day_text(day: str) -> Bilingual:
    """A day as it is written in a sentence."""
    date = dt.date.fromisoformat(day)
    return {"zh": f"{date.year}年{date.month}月{date.day}日", "en": f"{date.day} {date:%B} {date.year}"}


def _agreed(rows: Sequence[Row], name: str) -> Paragraph:
    funder = str(rows[0]["funder"])
    parts = {
        code: ("、" if code == "zh" else ", ").join(
            f"{in_a_sentence(indicator_name(row['measure']), code)} {amount(row['measure'], row['target'])}"
            for row in rows
        )
        for code in REPORT_LANGUAGES
    }
    text = filled(
        AGREED,
        funder=filled(FUNDED, funder=funder) if funder else {"zh": "", "en": ""},
        project=name,
        since=day_text(min(row["since"] for row in rows)),
        until=day_text(max(row["until"] for row in rows)),
        parts=parts,
    )
    return Paragraph(text, [str(row[RESULTS]["target"]) for row in rows])


def done_sentence(row: Row) -> Paragraph:
    """One target in words, in a tone that helps.

    Parameters
    ----------
    row : mapping
        A row of ``atlas.services.projects.protected_targets``.
    """
    measure = row["measure"]
    text = filled(
        DONE[row["light"]],
        target=indicator_name(measure),
        day=day_text(row["as_of"]),
        result=result_text(row) or {"zh": "", "en": ""},
        agreed=amount(measure, row["target"]),
        reached="" if pd.isna(row["reached"]) else figure_text(row["reached"], "percent"),
        expected=figure_text(row["expected"], decimals=0 if float(row["expected"]).is_integer() else 1),
    )
    return Paragraph(text, [str(row[RESULTS][name]) for name in ("target", "expected", "result", "reached")])


def _in_the_way(safe: Protected) -> Block:
    """Explanations as the ledger has them."""
    rows = safe.frame.to_dict("records")
    texts = [explanation_text(row) for row in rows]
    told = [place for place, text in enumerate(texts) if text]
    if not told:
        smooth = all(row["light"] == GREEN for row in rows)
        return Paragraph(dict(SMOOTH if smooth else SILENT))
    return wide_table(
        safe.with_texts("explanation", texts).ordered(told),
        caption={"zh": "服务方的说明", "en": "What the organisation says"},
        rows=Naming("measure", INDICATORS.labels, INDICATORS.heading),
        columns=[Column("explanation", {"zh": "说明", "en": "Explanation"})],
    )


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
