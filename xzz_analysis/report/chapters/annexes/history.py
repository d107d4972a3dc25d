"""What changed between rounds: the rounds, the questions, the definitions, and what was corrected or removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd

from xzz_analysis.disclosure.protect import Policy, protect_counts
from xzz_analysis.intake.answers import Reason
from xzz_analysis.intake.corrections import CHANGES, read_log
from xzz_analysis.intake.forms import crosswalks_of
from xzz_analysis.intake.privacy.vault import Vault
from xzz_analysis.intake.rounds import Crosswalk, Entry
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.report.blocks import Block, Column, Note, Table
from xzz_analysis.report.chapters.naming import both, policy_of, unit_label
from xzz_analysis.report.tables import Naming, counts_table

RECORDS = Policy(1)
"""How many cells were corrected says nothing about anybody's answer."""

CHANGED: dict[str, Label] = {
    "renamed": {"zh": "题目改名", "en": "another name"},
    "recoded": {"zh": "选项换名或合并", "en": "options renamed or merged"},
    "not comparable": {"zh": "不可比", "en": "not comparable"},
    "dropped": {"zh": "后来不再问", "en": "asked no more"},
    "added": {"zh": "后来新增", "en": "added later"},
    "not asked": {"zh": "该轮没有问", "en": "not asked in that round"},
}
"""What may have happened to a question, in words."""

WHOLE_RECORD: Label = {"zh": "（整条记录）", "en": "(whole record)"}
QUESTION = Column("question", {"zh": "题目", "en": "Question"})


def change_log(survey: MonitoringRound) -> list[Block]:
    """Rounds, changed questions, new versions of indicators, corrections and removals; nothing where there are none.

    Parameters
    ----------
    survey : MonitoringRound

    Returns
    -------
    list of Block
        Made from declarations, codebooks and counts of records; no answer is in it.
    """
    if survey.place:
        return []  # it is the whole study's, and stands in the report on it
    return [*_rounds(survey), *_questions(survey), *_versions(survey), *_corrections(survey), *_removed(survey)]


def _rounds(survey: MonitoringRound) -> list[Block]:
    """Every round until this one with its days and records; nothing for the first."""
    spans = {name: spec.collected for name, spec in survey.study.rounds.items()}
    past = sorted((name for name in spans if spans[name][1] <= spans[survey.name][1]), key=lambda one: spans[one])
    if len(past) < 2:
        return []
    units = [unit for unit in survey.study.tables if unit in survey.dataset.answers]
    table = pd.DataFrame({"round": past})
    table["days"] = [" – ".join(day.isoformat() for day in spans[name]) for name in past]
    for unit in units:
        table[unit] = table["round"].map(survey.dataset.unit(unit).rounds.value_counts()).fillna(0)
    columns = [
        Column("days", {"zh": "收集时间", "en": "Collected"}),
        *(Column(unit, both("{}记录", "Records of {}", unit_label(survey, unit)), "count") for unit in units),
    ]
    named = {name: dict.fromkeys(REPORT_LANGUAGES, name) for name in past}
    naming = Naming("round", named, {"zh": "轮次", "en": "Round"})
    safe = protect_counts(table, units, policy_of(survey))
    return [
        counts_table(safe, caption={"zh": "历次收集的轮次", "en": "The rounds so far"}, rows=naming, columns=columns)
    ]


def _questions(survey: MonitoringRound) -> list[Block]:
    """Questions that the rounds do not have in common, as the crosswalk and the answers tell."""
    crosswalks = crosswalks_of(survey.study)
    rows: list[dict[str, Any]] = []
    for unit in survey.dataset.answers:
        told = [row for name, one in crosswalks.get(unit, {}).items() for row in _crossed(survey, unit, name, one)]
        known = {row.pop("name") for row in told}
        rows += [*told, *_unasked(survey, unit, known)]
    if not rows:
        return []
    columns = [
        QUESTION,
        Column("round", {"zh": "轮次", "en": "Round"}),
        Column("change", {"zh": "变动", "en": "What changed"}),
    ]
    if any(row["reason"] for row in rows):
        columns.append(Column("reason", {"zh": "说明", "en": "Why"}))
    rows = [{name: cell for name, cell in row.items() if cell is not None} for row in rows]
    note = {
        "zh": "不可比的题目不计算轮次之间的变化。",
        "en": "No change between rounds is computed from questions that are not comparable.",
    }
    return [Table({"zh": "各轮问卷的不同", "en": "How the questionnaires differ"}, columns, rows, [note])]


def _crossed(survey: MonitoringRound, unit: str, round_name: str, crosswalk: Crosswalk) -> Iterator[dict[str, Any]]:
    """What the crosswalk says of an earlier round's questions, those without any change left out."""
    place = {"round": round_name, "section": unit_label(survey, unit)}
    for entry in (one for one in crosswalk.entries if not one.trivial):
        name = entry.becomes or entry.question
        question = crosswalk.later.questions.get(entry.becomes) or crosswalk.earlier.questions[entry.question]
        change = {"change": dict(CHANGED[_change(entry)]), "reason": dict(entry.reason) or None}
        yield {"name": name, "question": dict(question.label) or name, **place, **change}
    for name in crosswalk.added:
        label = crosswalk.later.questions[name].label
        yield {"name": name, "question": dict(label) or name, **place, "change": dict(CHANGED["added"]), "reason": None}


def _change(entry: Entry) -> str:
    if not entry.becomes:
        return "dropped"
    return "renamed" if entry.relation == "same" else entry.relation


def _unasked(survey: MonitoringRound, unit: str, known: set[str]) -> Iterator[dict[str, Any]]:
    """Questions that one round asked and another did not, beside those the crosswalk names."""
    answers = survey.dataset.unit(unit)
    rounds = list(dict.fromkeys(answers.rounds))
    for question in answers.tabulated() if len(rounds) > 1 else ():
        reasons = pd.Series(answers.reasons_of(question.name) == Reason.NOT_ASKED)
        never = reasons.groupby(answers.rounds.to_numpy()).all()
        for name in (one for one in rounds if never[one] and question.name not in known and not never.all()):
            yield {
                "question": dict(question.label) or question.name,
                "round": name,
                "change": dict(CHANGED["not asked"]),
                "reason": None,
                "section": unit_label(survey, unit),
            }


def _versions(survey: MonitoringRound) -> list[Block]:
    """Indicators whose definition is no longer the first."""
    raised = [one for one in survey.indicators if one.version > 1]
    if not raised:
        return []
    said = {
        "zh": "；".join(f"{one.label['zh']}（第{one.version}版）" for one in raised),
        "en": "; ".join(f"{one.label['en']} (version {one.version})" for one in raised),
    }
    return [
        Note(
            {
                "zh": f"定义改过的指标：{said['zh']}。以前各版的数字不与现在的比较。",
                "en": f"Indicators whose definition was changed: {said['en']}. Figures of earlier versions are not "
                "compared with present ones.",
            }
        )
    ]


def _corrections(survey: MonitoringRound) -> list[Block]:
    """How many answers of this round were corrected, by question; whose and why stays in the log."""
    rows: list[dict[str, Any]] = []
    for unit, table in survey.study.tables.items():
        if table.corrections is None:
            continue
        log = read_log(table.corrections).of_round(survey.name, list(survey.study.rounds))
        done = [one for one in log.corrections if one.change != "no_action"]
        counts = Counter((one.question if one.changes_cell else "", one.change) for one in done)
        rows += [{"unit": unit, "question": name, "change": change, "n": n} for (name, change), n in counts.items()]
    if not rows:
        return []
    frame = pd.DataFrame(rows)
    frame["place"] = frame["unit"] + "\x1f" + frame["question"]
    safe = protect_counts(frame, ["n"], RECORDS).with_texts("what", [CHANGES[row["change"]] for row in rows])
    labels = {row["place"]: _asked(survey, row["unit"], row["question"]) for row in frame.to_dict("records")}
    units = {unit: unit_label(survey, unit) for unit in frame["unit"]}
    columns = [
        Column("what", {"zh": "更正方式", "en": "What was done"}),
        Column("n", {"zh": "更正数", "en": "Corrections"}, "count"),
    ]
    caption = {"zh": f"{survey.name}轮登记的更正", "en": f"Corrections declared for round {survey.name}"}
    rows_named = Naming("place", labels, dict(QUESTION.label))
    return [counts_table(safe, caption=caption, rows=rows_named, columns=columns, section=Naming("unit", units))]


def _asked(survey: MonitoringRound, unit: str, name: str) -> Label:
    """The wording of a corrected question; of one option, that of its question."""
    questions = survey.dataset.unit(unit).questions
    found = next((part for part in (name, name.partition("/")[0], name.rpartition("/")[2]) if part in questions), "")
    return WHOLE_RECORD if not name else questions[found].label if found else {"": name}


def _removed(survey: MonitoringRound) -> list[Block]:
    """How many records were removed for good because somebody asked for it."""
    privacy = survey.study.settings.privacy
    if privacy is None or not (privacy.vault / "forgotten.txt").is_file():
        return []
    vault = Vault.open(survey.study.folder, privacy.vault)
    closed = sum(vault.closed(unit, name) for unit in survey.study.tables for name in survey.study.rounds)
    count = vault.buried() - closed
    if not count:
        return []
    threshold = survey.study.settings.disclosure.threshold
    said = {
        "zh": f"{count:,}条" if count >= threshold else f"不足{threshold}条",
        "en": f"{count:,} records" if count >= threshold else f"Fewer than {threshold} records",
    }
    return [
        Note(
            {
                "zh": f"应本人或监护人要求，{said['zh']}记录已从全部轮次中永久删除，不在任何数字之内。",
                "en": f"{said['en']} were removed for good from all rounds because somebody asked for it; they are in no "
                "figure.",
            }
        )
    ]
