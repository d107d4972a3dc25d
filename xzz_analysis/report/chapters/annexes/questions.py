"""Every question of the round: the share of each option, the mean of each number, by section of the questionnaire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from xzz_analysis.disclosure.protect import Protected, protect
from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.form import read_form
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.policy import questions_of, read_services
from xzz_analysis.report.blocks import Table
from xzz_analysis.report.chapters.naming import Bilingual, policy_of, unit_label, with_figures
from xzz_analysis.report.sentences import joined
from xzz_analysis.report.tables import Naming, estimates_table

MEAN: Label = {"zh": "均值", "en": "Mean"}
ELSEWHERE: Label = {"zh": "其他题目", "en": "Other questions"}
"""Questions that are in no section of the questionnaire."""


def full_tables(survey: MonitoringRound) -> list[Table]:
    """Every question that has options or is a number, for everybody who answered; free text is never tabulated.

    Parameters
    ----------
    survey : MonitoringRound

    Returns
    -------
    list of Table
        Folded, one for each section of each unit's questionnaire.
    """
    owners = {unit: _owner(survey, unit) for unit in survey.units}
    headings = {owner: _headings(survey, owner) for owner in dict.fromkeys(owners.values())}
    return [table for unit, owner in owners.items() for table in _of_unit(survey, unit, headings[owner])]


def _owner(survey: MonitoringRound, unit: str) -> str:
    """The table whose questionnaire asks about a unit: itself, or that of a repeat."""
    return next(one for one in survey.dataset.lineage(unit) if one in survey.study.tables)


def _of_unit(survey: MonitoringRound, unit: str, headings: Mapping[str, Label]) -> list[Table]:
    every = _tabulated(survey, unit)
    safe = _not_told_twice(survey, every)
    left = set(every.frame["indicator"]) - set(safe.frame["indicator"])
    questions = survey.dataset.unit(unit).questions
    paths = pd.Series(["/".join(questions[name].group) for name in safe.frame["indicator"]], dtype="str")
    tables = []
    for path in paths.unique():
        table = _section(survey, safe.rows(paths == path), unit, headings.get(path.rpartition("/")[2]) or ELSEWHERE)
        own = [questions[name] for name in questions if name in left and "/".join(questions[name].group) == path]
        tables.append(replace(table, notes=[*table.notes, *_left_out(own)]))
    return tables


def _left_out(questions: list[Question]) -> list[Bilingual]:
    """Names the questions that are left out whole."""
    if not questions:
        return []
    names = _wordings(questions).values()
    said = {code: joined([choose(name, code).text for name in names], code) for code in REPORT_LANGUAGES}
    return [
        {
            "zh": f"整题未列出（有的回答人数过少，而报告别处用到这道题）：{said['zh']}",
            "en": "Left out as a whole, since few people gave some answer and the report uses the question elsewhere: "
            f"{said['en']}",
        }
    ]


def _tabulated(survey: MonitoringRound, unit: str) -> Protected:
    """Shares and means of the whole, in the order of the questionnaire; who asked is nobody's answer."""
    every = [protect(frame, policy_of(survey)) for frame in survey.tabulations(unit, [[]])]
    safe = every[0]
    frame = safe.frame
    kept = frame["statistic"].isin(["share", "mean"]) & ~frame["indicator"].isin(_about_fieldwork(survey, unit))
    safe = safe.rows(kept)
    place = {name: position for position, name in enumerate(survey.dataset.unit(unit).questions)}
    return safe.ordered(list(safe.frame["indicator"].map(place).sort_values(kind="stable").index))


def _not_told_twice(survey: MonitoringRound, safe: Protected) -> Protected:
    """The rows without questions that hide an option and that a need or a service is computed from: what is hidden here
    could be had from the figure there."""
    frame = safe.frame
    told = {name for one in survey.indicators for name in one.questions()}
    told |= {name for service in read_services(survey.study) for name in questions_of(service)}
    options = frame["option"] != ""
    broken = set(frame.loc[options & frame["suppressed"], "indicator"]) & told
    return safe.rows(~(options & frame["indicator"].isin(broken)))


def _about_fieldwork(survey: MonitoringRound, unit: str) -> set[str]:
    """Columns that say who asked, on what device and with which form."""
    table = survey.study.tables.get(unit)
    named = [table.interviewer, table.device, table.ip, table.version] if table else []
    return {name.rpartition("/")[2] for name in named if name}


def _headings(survey: MonitoringRound, table: str) -> dict[str, Label]:
    """What the sections of a table's questionnaire are called."""
    found = read_form(survey.study.tables[table].form).headings
    return {name: label for name, label in found.items() if any(text.strip() for text in label.values())}


def _section(survey: MonitoringRound, safe: Protected, unit: str, heading: Label) -> Table:
    questions = survey.dataset.unit(unit).questions
    keys = list(zip(safe.frame["indicator"], safe.frame["option"], safe.frame["statistic"], strict=True))
    labels = {"\x1f".join(key): _answer(questions[key[0]], key[1], key[2]) for key in keys}
    named = safe.with_column("answer", ["\x1f".join(key) for key in keys])
    wording = Naming("indicator", _wordings([questions[name] for name in dict.fromkeys(key[0] for key in keys)]))
    shown, notes = with_figures(named, wording)
    whom = unit_label(survey, unit)
    caption = {
        "zh": f"{choose(whom, 'zh').text}问卷：{choose(heading, 'zh').text}",
        "en": f"Questionnaire of {choose(whom, 'en').text}: {choose(heading, 'en').text}",
    }
    table = estimates_table(
        shown,
        caption=caption,
        rows=Naming("answer", labels, {"zh": "题目与回答", "en": "Question and answer"}),
        section=wording,
        columns=("estimate", "interval", "n", "n_need"),
        notes=notes,
    )
    return replace(table, folded=True)


def _answer(question: Question, option: str, statistic: str) -> Label:
    return MEAN if statistic == "mean" else question.option_label(option) or {"": option}


def _wordings(questions: list[Question]) -> dict[str, Label]:
    """The wording of each question; where several have the same, its name is added."""
    counts = Counter(choose(question.label, REPORT_LANGUAGES[0]).text for question in questions)
    labels: dict[str, Label] = {}
    for question in questions:
        several = counts[choose(question.label, REPORT_LANGUAGES[0]).text] > 1
        labels[question.name] = {
            code: f"{text} ({question.name})" if several and text else text for code, text in question.label.items()
        }
    return labels
