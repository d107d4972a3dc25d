"""Files that come with their own codebook: SPSS, Stata, and CSVs of codes beside SPSS syntax or a table of codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.intake.answers import Option, Question, Reason
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.labelled.coded import open_coded
from xzz_analysis.intake.labelled.file import LabelledFile, Variable, open_labelled
from xzz_analysis.intake.labelled.missing import reason_of, reasons_of, word_of
from xzz_analysis.intake.labelled.sets import Multiple, cells_of, find_multiple
from xzz_analysis.intake.labelled.variables import read_variable
from xzz_analysis.intake.plain.headers import Addresses, role_of
from xzz_analysis.intake.workbook import RawTable, read_bytes, read_raw

__all__ = ["read_coded", "read_labelled"]

_TEXT = pd.StringDtype(na_value=np.nan)


def read_labelled(path: Path, form: Form | None = None, *, encoding: str = "") -> Export:
    """Read an SPSS or Stata file.

    Parameters
    ----------
    path : Path
        ``.sav``, ``.zsav`` or ``.dta``; the content decides which.
    form : Form, optional
        The questionnaire. Its questions are found by the variables' names or labels, its options by the values' labels
        or codes; without it the questions are those of the file, options named by their codes.
    encoding : str
        Of a file that declares none or a wrong one.

    Returns
    -------
    Export
        A user-missing code stands in the cells as its label in brackets, ``(不知道)``, or as itself, ``(-9)``; with a
        form, don't know and refused stand as the number or the option that its skip logic saw, unless that is an
        answer of another question. ``words`` gives the reason that the label names, and BLANK where it names none,
        with a finding.

    Raises
    ------
    InputError
        The file is damaged, cut off, or in an unknown encoding.
    """
    return _export(open_labelled(path, read_bytes(path), encoding), form)


def read_coded(
    data: Path, codebook: Path, form: Form | None = None, *, read: Callable[[Path], RawTable] = read_raw
) -> Export:
    """Read a CSV of codes that a second file explains.

    Parameters
    ----------
    data : Path
        The CSV: iMUR's 答题编码, or ``All_Data_Original.csv`` of 问卷网.
    codebook : Path
        The SPSS syntax exported with it, or ``code.csv``.
    form : Form, optional
        As for :func:`read_labelled`.
    read : callable
        Reads the CSV.

    Returns
    -------
    Export

    Raises
    ------
    InputError
        A file cannot be read, or the codebook does not belong to the data.
    """
    return _export(open_coded(data, codebook, read), form)


def _export(file: LabelledFile, form: Form | None) -> Export:
    """A file with labels as an export."""
    build = _Build(file, form)
    build.read()
    questions = build.in_order()
    languages = dict.fromkeys(language for question in questions.values() for language in question.label)
    made = form or Form(file.title or file.file, "", tuple(languages), {}, (), ())
    return Export(
        file=file.file,
        frame=pd.DataFrame(build.columns).astype(_TEXT),
        form=Form(made.title, made.version, made.languages, questions, (), made.findings),
        words=reasons_of(build.words.items()),
        roles=build.roles,
        findings=(*file.findings, *build.findings, *_without_reason(build.words, file.file)),
    )


@dataclass
class _Build:
    """An export in the making.

    Attributes
    ----------
    file : LabelledFile
    form : Form or None
    questions, columns, words, roles, findings
        What :meth:`read` made.
    absent : dict of str to dict of str to str
        Column → word of a user-missing code in it → its label.
    answers : dict of str to set of Reason or None
        What names an option or stands for a missing answer → the reason that its label gives, None for an answer.
    plain : list of iterable of str
        What stands in cells as an answer, variable by variable.
    """

    file: LabelledFile
    form: Form | None
    questions: dict[str, Question] = field(default_factory=dict)
    columns: dict[str, pd.Series] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    absent: dict[str, dict[str, str]] = field(default_factory=dict)
    answers: dict[str, set[Reason | None]] = field(default_factory=dict)
    plain: list[Iterable[str]] = field(default_factory=list)

    def read(self) -> None:
        """Read every variable, those of a select-multiple at the first of them."""
        multiples = {name: multiple for multiple in find_multiple(self.file, self.form) for name in multiple.variables}
        addresses = Addresses(self.form.questions) if self.form else None
        unlabelled: dict[str, int] = {}
        unknown: list[str] = []
        for name, variable in self.file.variables.items():
            if name in multiples:
                self._multiple(multiples[name])
                continue
            question = self._question(variable, addresses)
            role = role_of(name) or role_of(variable.label)
            cells = read_variable(variable, question)
            if question is None and (self.form is not None or role):
                self.columns[name] = cells.cells
                unknown += [name] if not role else []
                if role:
                    self.roles.setdefault(role, name)
            else:
                self._add(cells.question, {cells.question.name: cells.cells})
                unlabelled |= {name: cells.unlabelled} if cells.unlabelled else {}
            self.absent[next(reversed(self.columns))] = cells.words
            self.plain.append(cells.answers)
        self._tell_apart()
        self._report(unlabelled, unknown, multiples.values())

    def _note_answers(self, reasons: Mapping[str, Reason | None]) -> None:
        for text, reason in reasons.items():
            self.answers.setdefault(text, set()).add(reason)

    def _tell_apart(self) -> None:
        """Put a user-missing code in brackets where it is an answer elsewhere, or missing for another reason."""
        for words in self.absent.values():
            self._note_answers({word: reason_of(label) or Reason.BLANK for word, label in words.items()})
        plain = set().union(*self.plain) if any(self.absent.values()) else set()
        for name, words in self.absent.items():
            for word, label in words.items():
                written = word
                if len(self.answers[word] | ({None} if word in plain else set())) > 1:
                    written = word_of(label, word)
                    self.columns[name] = self.columns[name].mask(self.columns[name] == word, written)
                self.words[written] = label

    def in_order(self) -> dict[str, Question]:
        """Questions in the order of the form, or of the file."""
        if self.form is None:
            return self.questions
        return {name: self.questions[name] for name in self.form.questions if name in self.questions}

    def _question(self, variable: Variable, addresses: Addresses | None) -> Question | None:
        """The form's question of a variable that is not one of several choices."""
        if addresses is None:
            return None
        found = addresses.exact(variable.name) or (addresses.exact(variable.label) if variable.label else [])
        if len(found) != 1 or found[0].option or found[0].question in self.questions:
            return None
        question = addresses.questions[found[0].question]
        return question if question.kind != "select_multiple" else None

    def _add(self, question: Question, columns: Mapping[str, pd.Series]) -> None:
        name = question.name
        while name in self.questions:
            name = f"{name}_set"
        self.questions[name] = replace(question, name=name)
        self.columns |= {f"{name}{key.removeprefix(question.name)}": cells for key, cells in columns.items()}

    def _multiple(self, multiple: Multiple) -> None:
        if multiple.question.name in self.questions:
            return
        columns, words = cells_of(multiple, self.file.variables)
        self._add(multiple.question, columns)
        self.words |= words
        self._note_answers({"0": None, "1": None})
        self._note_answers({option.name: _reason_of(option) for option in multiple.question.options})

    def _report(self, unlabelled: Mapping[str, int], unknown: list[str], multiples: Iterable[Multiple]) -> None:
        for name, count in unlabelled.items():
            message = f"{count} cell(s) hold a value without a label"
            remedy = "label the value in the file, or add the option to the form"
            self.findings.append(
                Finding("warning", "value_unlabelled", f"{self.file.file}: {name}", message, remedy, count)
            )
        if unknown:
            shown = f"{', '.join(unknown[:5])}{', …' if len(unknown) > 5 else ''}"
            message = f"{len(unknown)} column(s) belong to no question of the form and are not kept: {shown}"
            self.findings.append(Finding("note", "column_unknown", self.file.file, message, "", len(unknown)))
        for multiple in {multiple.question.name: multiple for multiple in multiples if multiple.derived}.values():
            count = len(multiple.variables)
            message = f"{count} neighbouring 0/1 variables with one label are read as a question with several choices"
            where = f"{self.file.file}: {multiple.question.name}"
            remedy = "declare a multiple-response set in the file, or name a form"
            self.findings.append(Finding("note", "multiple_derived", where, message, remedy, count))


def _reason_of(option: Option) -> Reason | None:
    """The reason that the label of an option gives, None when it is an answer."""
    return next((reason for label in option.label.values() if (reason := reason_of(label)) is not None), None)


def _without_reason(words: Mapping[str, str], file: str) -> list[Finding]:
    """User-missing codes whose label does not say why the answer is missing."""
    bare = [word for word, label in words.items() if reason_of(label) is None]
    if not bare:
        return []
    message = f"{len(bare)} user-missing code(s) have no label that says why; their cells count as left blank: "
    shown = ", ".join(bare[:5])
    remedy = "if it was don't know or a refusal, list these words in study.yml under missing of the table"
    return [Finding("warning", "missing_unexplained", file, f"{message}{shown}", remedy, len(bare))]
