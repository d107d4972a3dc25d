"""One table of a study and its repeats, all rounds, from whatever platforms wrote them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.intake.answers import Option, Question, Reason, machine_names
from xzz_analysis.intake.door import Door, declared, quality_rules
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.forms import forms_of, whole_form
from xzz_analysis.intake.headers import Columns, find_column, match_columns
from xzz_analysis.intake.links import (
    Keyed,
    Sheet,
    links_only,
    main_sheet,
    of_left_out,
    orphans,
    parent_rows,
    repeat_rows,
    repeat_sheet,
)
from xzz_analysis.intake.quality import MINUTES, QualityRules
from xzz_analysis.intake.readers import Given, WjxWords, read_export
from xzz_analysis.intake.table.arrival import submission, told
from xzz_analysis.intake.table.cells import Cells, Coding, keep_column, read_cells, unkept
from xzz_analysis.intake.table.cells.minutes import read_minutes
from xzz_analysis.intake.table.cells.multiple import read_multiple
from xzz_analysis.intake.table.logic import Logic, linked_answers
from xzz_analysis.intake.table.stack import Part, listed, stack
from xzz_analysis.study import EVERY_ROUND, Study, Table

MEASURED = ("select_one", "select_multiple", "integer", "decimal", "date")
"""Kinds of question whose answers are kept whether or not the study names them."""


def read_table(study: Study, unit: str, parent: Keyed | None, door: Door | None = None) -> dict[str, Keyed]:
    """Read a table and its repeats, all rounds stacked.

    Parameters
    ----------
    study : Study
    unit : str
        A table of study.yml.
    parent : Keyed or None
        The parent table, already read, when the table has one.
    door : Door, optional
        What exports pass on their way in; the study's own by default.

    Returns
    -------
    dict of str to Keyed
        The table under its name, then each repeat that has data under the repeat's name; a repeat's
        parent is the table.

    Raises
    ------
    InputError
        A file or the form cannot be read, or a key or link column is missing.
    """
    spec = study.tables[unit]
    if spec.parent and parent is None:
        raise InputError(f"table {unit!r} needs the answers of its parent {spec.parent!r}, which is not read")
    reader = _reader(study, unit, door or Door.of(study))
    sheets, findings = reader.sheets()
    parts = [reader.main_part(sheets.pop(0), parent) for _ in range(len(sheets))]  # texts go once they are typed
    main = stack(unit, parts, reader.questions(""))
    findings = [*reader.form_findings(), *findings]
    found = {}
    for repeat in reader.form.repeats:
        repeated = reader.repeat_parts(repeat, [part.sheet for part in parts], main)
        if repeated:
            found[repeat] = stack(repeat, repeated, reader.questions(repeat))
        else:
            findings.append(reader.repeat_without_data(repeat))
    answers = replace(main.answers, findings=(*findings, *main.answers.findings))
    return {unit: replace(main, answers=answers), **found}


def read_sheets(study: Study, unit: str, door: Door) -> list[Sheet]:
    """Rows of a table as they entered, round by round, texts and all: for memory only, never to be stored.

    Parameters
    ----------
    study : Study
    unit : str
        A table of study.yml.
    door : Door
    """
    return _reader(study, unit, door).sheets()[0]


def _reader(study: Study, unit: str, door: Door) -> _Reader:
    forms = forms_of(study, unit)
    return _Reader(study, unit, study.tables[unit], whole_form(study, unit, forms), forms, door, quality_rules(study))


@dataclass(frozen=True)
class _Reader:
    """What stays the same for all files of a table."""

    study: Study
    unit: str
    spec: Table
    form: Form
    forms: dict[str, Form]
    door: Door
    rules: QualityRules

    def questions(self, repeat: str, form: Form | None = None) -> dict[str, Question]:
        """Questions of the table or of one repeat, with the options that cleaning added."""
        return {
            name: replace(question, options=(*question.options, *self._added(question)))
            for name, question in (form or self.form).questions.items()
            if question.repeat == repeat
        }

    def _added(self, question: Question) -> Iterator[Option]:
        known = {option.name for option in question.options}
        for name, label in self.spec.added_options.get(question.name, {}).items():
            if name not in known:
                yield Option(name, label)

    def _declared(self) -> dict[str, Reason]:
        """What the study declares to stand for a missing answer."""
        return {code: Reason[name] for name, codes in self.spec.missing.items() for code in codes}

    def form_findings(self) -> Iterator[Finding]:
        """The form's findings; a missing list is no error where the study knows a way around it."""
        kept = self.study.kept_columns(self.unit)
        for finding in self.form.findings:
            question = finding.where.rpartition(": ")[2]
            if finding.rule == "list_missing" and question in self.spec.added_options:
                continue
            if finding.rule == "list_missing" and question in kept:
                message = f"{finding.message}; the study names it, so its values are kept as written"
                yield replace(finding, severity="warning", message=message)
            else:
                yield finding
        where = f"study.yml: tables.{self.unit}"
        for name in self.spec.added_options.keys() - self.form.questions.keys():
            message = f"added_options names {name!r}, which the form lacks{suggest(name, self.form.questions)}"
            yield Finding("error", "question_unknown", where, message, "correct the name")
        for name in self.spec.repeats.keys() - set(self.form.repeats):
            message = f"repeats names {name!r}, which is no repeat of the form{suggest(name, self.form.repeats)}"
            yield Finding("error", "repeat_unknown", where, message, "correct the name")

    def repeat_without_data(self, repeat: str) -> Finding:
        """Note for a repeat that neither study.yml nor the export has rows of."""
        count = len(self.questions(repeat))
        message = f"repeat {repeat!r} ({count} question(s)) has no data and is left out"
        remedy = f"if it was exported, name its files in study.yml under tables.{self.unit}.repeats"
        return Finding("note", "repeat_without_data", self.spec.form.name, message, remedy, count)

    def sheets(self) -> tuple[list[Sheet], list[Finding]]:
        """The table's files in the order of the study's rounds."""
        sheets, findings = [], []
        for name in self.study.rounds:
            if name in self.spec.raw:
                repeats = {repeat: files[name] for repeat, files in self.spec.repeats.items() if name in files}
                export = read_export(self._given(name, self.spec.raw[name], repeats), self.spec.reader)
                sheet, found = main_sheet(self.door.enter(self.unit, name, export), name, self.spec.key)
                sheets.append(sheet)
                findings += found
        return sheets, findings

    def _given(self, round_: str, files: Sequence[Path], repeats: Mapping[str, Path]) -> Given:
        """Files of one round, and what study.yml says about them."""
        spec = self.spec
        words = declared(WjxWords, spec.wjx, f"study.yml: tables.{self.unit}.wjx") or WjxWords()
        codes = spec.codebook.get(round_) or spec.codebook.get(EVERY_ROUND)
        wjx = words.coding(self._declared())
        return Given(files, self.forms[round_], repeats, spec.mapping, spec.encoding, codebook=codes, wjx=wjx)

    def main_part(self, sheet: Sheet, parent: Keyed | None) -> Part:
        """Type the table's own rows of one round."""
        rows = parent_rows(sheet, self.spec.parent_key, parent) if parent and self.spec.parent else None
        part = self._part(sheet, "", parent if rows is not None else None, rows)
        if rows is not None:
            part.findings.extend(orphans(sheet, rows, self.spec.parent))
        if minutes := read_minutes(sheet, self.spec.start, self.spec.end):
            part.cells[MINUTES] = minutes
            part.findings.extend(minutes.findings)
        sent = submission(sheet, self.spec, part.cells, self.study.settings.time_zone)
        arrival = replace(part.arrival, submission=sent, again=self._again(sheet.round))
        return replace(part, sheet=links_only(sheet), arrival=arrival)

    def _again(self, round_: str) -> Keyed | None:
        """Those who were interviewed a second time, where study.yml names a file of them."""
        if round_ not in self.spec.back_check:
            return None
        given = self._given(round_, self.spec.back_check[round_], {})
        export = self.door.enter_again(self.unit, read_export(given, self.spec.reader))
        sheet, _ = main_sheet(export, round_, self.spec.key)
        return stack(self.unit, [self._part(sheet, "", None, None)], self.questions(""))

    def repeat_parts(self, repeat: str, mains: Sequence[Sheet], parent: Keyed) -> list[Part]:
        """Type the rows of one repeat, round by round."""
        parts, first = [], 0
        for main in mains:
            sheet = repeat_sheet(repeat, main)
            if sheet is not None:
                stay = ~of_left_out(sheet, main, self.spec.key)
                sheet = replace(
                    sheet,
                    frame=sheet.frame[stay].reset_index(drop=True),
                    keys=sheet.keys[stay].reset_index(drop=True),
                )
                rows = repeat_rows(sheet, main, self.spec.key)
                part = self._part(sheet, repeat, parent, np.where(rows >= 0, rows + first, -1))
                part.findings.extend(orphans(sheet, rows, self.unit))
                parts.append(part)
            first += len(main.frame)
        return parts

    def _part(self, sheet: Sheet, repeat: str, parent: Keyed | None, rows: np.ndarray | None) -> Part:
        questions = self.questions(repeat, sheet.export.form)
        coding = Coding(
            file=sheet.name,
            table=f"tables.{self.unit}",
            missing={**sheet.export.words, **self._declared()},
            blank=frozenset(self.spec.blank),
        )
        kept = self.study.kept_columns(repeat or self.unit)
        cells, findings = self._cells(sheet, questions, kept, coding)
        positions = np.full(len(sheet.frame), -1, dtype=np.int64) if rows is None else rows
        linked = linked_answers(parent.answers if parent else None, positions)
        today = self.study.rounds[sheet.round].collected[1]
        logic = Logic(cells, questions, linked, today, coding, len(sheet.frame))
        for name, question in questions.items():
            if name in cells:
                findings += cells[name].findings
                logic.apply(question)
        arrived = told(sheet, cells, logic.broken, self.rules.thresholds.text_length)
        return Part(sheet, cells, rows, [*findings, *logic.findings, *logic.unsure()], arrived)

    def _cells(
        self, sheet: Sheet, questions: dict[str, Question], kept: Sequence[str], coding: Coding
    ) -> tuple[dict[str, Cells], list[Finding]]:
        frame = sheet.frame
        headers = list(frame.columns)
        identifiers = {find_column(headers, name) for name in (self.spec.key, self.spec.parent_key) if name} - {""}
        columns = match_columns(headers, questions)
        cells = {
            name: _read(question, columns, frame, coding, kept=name in kept, hidden=identifiers)
            for name, question in questions.items()
            if name in columns
        }
        expected = {*identifiers, *sheet.export.roles.values(), self.spec.start, self.spec.end, self.spec.submitted}
        findings = []
        for name in kept:
            header = columns.whole.get(name) or find_column(headers, name)
            expected.add(header)
            if header in identifiers:
                message = "the design or a group names a key column, whose values are never kept"
                remedy = "name a column that does not identify single rows"
                findings.append(coding.finding("key_not_kept", name, message, remedy, len(frame)))
            elif header and name not in questions:
                cells[name] = keep_column(Question(name, "column"), frame[header], coding)
        return cells, [*findings, *_column_findings(columns, frame, coding, expected)]


def _read(
    question: Question,
    columns: Columns,
    frame: pd.DataFrame,
    coding: Coding,
    *,
    kept: bool,
    hidden: Collection[str],
) -> Cells:
    """Type one question; an identifier is never kept, a column that the study names always is."""
    header = columns.whole.get(question.name)
    if header in hidden:
        return unkept(replace(question, kind="other"), frame[header], coding)
    if question.kind == "select_multiple" and question.options:
        options = {name: frame[column] for name, column in columns.options.get(question.name, {}).items()}
        unlisted = {name: frame[column] for name, column in columns.unlisted.get(question.name, {}).items()}
        return read_multiple(question, frame[header] if header else None, options, unlisted, coding)
    raw = frame[header]
    measured = question.kind in MEASURED and (question.options or not question.kind.startswith("select"))
    if kept and question.kind == "text":
        cells = read_cells(question, raw, coding)
        message = "the design or a group names a free-text question, whose answers are never kept"
        remedy = "name a select question, or declare classes"
        cells.findings.append(coding.finding("text_not_kept", question.name, message, remedy, 1, severity="error"))
        return cells
    return keep_column(question, raw, coding) if kept and not measured else read_cells(question, raw, coding)


def _column_findings(columns: Columns, frame: pd.DataFrame, coding: Coding, expected: Collection[str]) -> list[Finding]:
    """What the export has and the form has not."""
    findings = []
    unknown = [
        header for header in columns.unknown if header not in expected and not _unlisted_option(header, columns, frame)
    ]
    if unknown:
        named = machine_names(unknown, len(unknown))
        others = f"{len(unknown) - len(named)} whose header may name somebody" if len(named) < len(unknown) else ""
        said = " and ".join(filter(None, (listed(named), others)))
        message = f"{len(unknown)} column(s) belong to no question of the form and are not kept: {said}"
        findings.append(Finding("note", "column_unknown", coding.file, message, "", len(unknown)))
    if columns.unaccented:
        count = len(columns.unaccented)
        message = f"{count} column(s) match the form only without accents: {listed(columns.unaccented)}"
        remedy = "nothing to do if the match is right"
        findings.append(Finding("note", "column_unaccented", coding.file, message, remedy, count))
    return findings


def _unlisted_option(header: str, columns: Columns, frame: pd.DataFrame) -> bool:
    """Whether a column ``question_x`` belongs to an option ``x`` that answers hold and the list lacks."""
    for question in columns.options:
        own = columns.whole.get(question)
        if own and header.startswith(f"{question}_"):
            words = {word for cell in frame[own].unique() for word in cell.split()}
            if header.removeprefix(f"{question}_") in words:
                return True
    return False
