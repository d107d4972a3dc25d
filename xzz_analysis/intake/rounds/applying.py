"""An earlier round's export in the terms of the newest codebook."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.rounds.entries import Crosswalk, Entry
from xzz_analysis.intake.rounds.logic import translate

FILE = "crosswalk.yml"


def check(export: Export, crosswalk: Crosswalk, codes: Collection[str] = ()) -> list[Finding]:
    """What of an export no form and no decision knows; each is an error, since it would be read as something else.

    Parameters
    ----------
    export : Export
        Of the crosswalk's earlier round; only questions and options that it has are looked at.
    crosswalk : Crosswalk
    codes : collection of str
        What study.yml declares as written instead of an answer (``missing`` and ``blank``).

    Returns
    -------
    list of Finding
        Rules ``crosswalk_undecided``, ``question_unmapped``, ``option_unmapped`` and ``column_taken``.
    """
    findings = [
        *_undecided(export, crosswalk),
        *_unknown_questions(export, crosswalk),
        *_unknown_options(export, crosswalk, {*codes, *export.words, ""}),
        *_taken_columns(export, crosswalk),
    ]
    for repeat in export.repeats.values():
        findings += check(repeat, crosswalk, codes)
    return findings


def apply(export: Export, crosswalk: Crosswalk, round_name: str, codes: Collection[str] = ()) -> Export:
    """Rename and recode an earlier round's export.

    Parameters
    ----------
    export : Export
    crosswalk : Crosswalk
        Every question of the export decided.
    round_name : str
        The earlier round; what has no counterpart keeps its name, with the round's behind it where that is taken.
    codes : collection of str
        As in :func:`check`.

    Returns
    -------
    Export
        Columns and options in the names of the later form; its ``form`` has the questions and options that this round
        offered, with this round's own skip logic in the later names. Merged options of a select-multiple are any of
        them. Options and questions of the later form that this round did not offer have no column.

    Raises
    ------
    InputError
        When :func:`check` finds anything.
    """
    problems = check(export, crosswalk, codes)
    if problems:
        raise InputError(f"{export.file}: round {round_name} cannot be brought into the newest codebook", problems)
    terms = _Terms(crosswalk, round_name)
    repeats = {name: terms.export(repeat) for name, repeat in export.repeats.items()}
    return replace(terms.export(export), repeats=repeats)


def codebook(later: Form, rounds: Collection[Form]) -> Form:
    """The newest codebook with what only earlier rounds offered.

    Parameters
    ----------
    later : Form
    rounds : collection of Form
        Forms of the earlier rounds' exports, after :func:`apply`.

    Returns
    -------
    Form
        Questions of the newest codebook first; options that only earlier rounds had come last.
    """
    questions = dict(later.questions)
    for form in rounds:
        for name, question in form.questions.items():
            known = questions.setdefault(name, question)
            names = {option.name for option in known.options}
            more = tuple(option for option in question.options if option.name not in names)
            if known.kind == question.kind:
                questions[name] = replace(known, options=(*known.options, *more))
    return replace(later, questions=questions)


def _columns(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Columns of an export by the question they would belong to."""
    found: dict[str, list[str]] = {}
    for header in map(str, frame.columns):
        found.setdefault(header.partition("/")[0], []).append(header)
    return found


def _undecided(export: Export, crosswalk: Crosswalk) -> Iterator[Finding]:
    exported = _columns(export.frame)
    for entry in crosswalk.undecided:
        if entry.question in exported:
            other = f" → {entry.becomes!r}" if entry.becomes else ""
            message = f"question {entry.question!r}{other} differs between rounds: {entry.reason.get('en', '')}"
            remedy = f"decide it in {FILE} and write `confirmed: yes`; until then its rounds cannot be joined"
            yield Finding("error", "crosswalk_undecided", export.file, message, remedy)


def _unknown_questions(export: Export, crosswalk: Crosswalk) -> Iterator[Finding]:
    """Questions and options of the export's own form that the earlier codebook lacks."""
    remedy = f"name this round's own form in study.yml, and draft {FILE} again"
    exported = _columns(export.frame)
    for name, question in export.form.questions.items():
        if question.kind == "other" or name not in exported:
            continue
        known = crosswalk.earlier.questions.get(name)
        if known is None:
            message = f"question {name!r} is in the export and in no codebook of this round"
            yield Finding("error", "question_unmapped", export.file, message, remedy)
            continue
        extra = {option.name for option in question.options} - {option.name for option in known.options}
        if extra and known.options:
            message = f"question {name!r} has option(s) that no codebook of this round has: {', '.join(sorted(extra))}"
            yield Finding("error", "option_unmapped", export.file, message, remedy, len(extra))


def _unknown_options(export: Export, crosswalk: Crosswalk, empty: Collection[str]) -> Iterator[Finding]:
    """Answers that are no option of this round, but would pass for one of the newest codebook's."""
    for entry in crosswalk.entries:
        question = crosswalk.earlier.questions[entry.question]
        if not entry.becomes or not question.options:
            continue
        later = {option.name for option in crosswalk.later.questions[entry.becomes].options}
        passing = later - {option.name for option in question.options} - set(empty)
        count = _passing(export.frame, question, passing) if passing else 0
        if count:
            message = (
                f"{count} answer(s) to {entry.question!r} are no option of this round's codebook, but have the name of "
                f"an option of {entry.becomes!r} in the newest"
            )
            remedy = "add the option to this round's form, or correct the answers"
            yield Finding("error", "option_unmapped", export.file, message, remedy, count)


def _passing(frame: pd.DataFrame, question: Question, names: Collection[str]) -> int:
    if question.kind == "select_multiple":
        headers = [f"{question.name}/{name}" for name in names if f"{question.name}/{name}" in frame]
        count = sum(int((frame[header] == "1").sum()) for header in headers)
        words = frame[question.name].str.split().explode() if question.name in frame else None
        return count + (int(words.isin(names).sum()) if words is not None else 0)
    return int(frame[question.name].isin(names).sum()) if question.name in frame else 0


def _taken_columns(export: Export, crosswalk: Crosswalk) -> Iterator[Finding]:
    """Columns that belong to no question of this round, but have the name of one of the newest codebook's."""
    own = {name for name, question in crosswalk.earlier.questions.items() if question.kind == "other"}
    known = own | crosswalk.by_question.keys()
    for header in map(str, export.frame.columns):
        question = crosswalk.later.questions.get(header.partition("/")[0])
        if question is not None and question.kind != "other" and header.partition("/")[0] not in known:
            message = f"column {header!r} belongs to no question of this round, but {question.name!r} has its name"
            remedy = "add the question to this round's form, or rename the column"
            yield Finding("error", "column_taken", export.file, message, remedy)


@dataclass
class _Terms:
    """Everything of one earlier round in the newest codebook's names.

    Attributes
    ----------
    crosswalk : Crosswalk
    round : str
    findings : list of Finding
    """

    crosswalk: Crosswalk
    round: str
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        entries = self.crosswalk.entries
        self.names = {entry.question: self.crosswalk.kept_name(entry, self.round) for entry in entries}
        self.options = {entry.question: self.crosswalk.kept_options(entry, self.round) for entry in entries}

    def export(self, export: Export) -> Export:
        """One table in the newest names; the columns of a question stand together."""
        self.findings = []
        columns: dict[str, pd.Series] = {}
        for name, headers in _columns(export.frame).items():
            entry = self.crosswalk.by_question.get(name)
            own = {header: export.frame[header] for header in headers}
            self._place(columns, self._recoded(entry, own) if entry else own, export.file)
        frame = pd.DataFrame(columns, index=export.frame.index)
        roles = {role: self.names.get(header, header) for role, header in export.roles.items()}
        form, findings = self._form(export.form), (*export.findings, *self.findings)
        return replace(export, frame=frame, form=form, roles=roles, findings=findings)

    def _place(self, columns: dict[str, pd.Series], more: dict[str, pd.Series], file: str) -> None:
        """Add columns; never one in another's place."""
        twice = sorted(columns.keys() & more.keys())
        if twice:
            raise InputError(
                f"{file}: two columns of round {self.round} would be called {twice[0]!r}, so one would be lost; "
                f"rename one in the export, or give its question another place in {FILE}"
            )
        columns |= more

    def _recoded(self, entry: Entry, own: dict[str, pd.Series]) -> dict[str, pd.Series]:
        """The columns of one question under its new name and with its new options."""
        question, name = self.crosswalk.earlier.questions[entry.question], self.names[entry.question]
        options = self.options[entry.question]
        later = self.crosswalk.later.questions.get(entry.becomes)
        if question.kind == "select_multiple":
            return _any_of(own, question.name, name, options)
        if later is not None and later.kind == "select_multiple" and question.name in own:
            return _spread(own[question.name], name, options)
        return {
            name + header.removeprefix(question.name): _mapped(column, options)
            if any(old != new for old, new in options.items())
            else column
            for header, column in own.items()
        }

    def _form(self, form: Form) -> Form:
        """The round's own questionnaire in the newest names, in the newest order."""
        own = {}
        for name in form.questions:
            entry = self.crosswalk.by_question.get(name)
            question = self._question(entry) if entry else form.questions[name]
            own[question.name] = question
        order = [name for name in self.crosswalk.later.questions if name in own]
        return replace(form, questions={name: own[name] for name in dict.fromkeys([*order, *own])})

    def _question(self, entry: Entry) -> Question:
        """A question as the newest codebook words it, with the options and the logic of this round."""
        question = self.crosswalk.earlier.questions[entry.question]
        kept, mapping = self.crosswalk.later.questions.get(entry.becomes), self.options[entry.question]
        newest = {option.name: option for option in kept.options} if kept else {}
        options: dict[str, Option] = {}
        for option in question.options:
            name = mapping.get(option.name, option.name)
            options.setdefault(name, newest.get(name) or replace(option, name=name))
        order = [name for name in newest if name in options]
        return replace(
            kept or question,
            name=self.names[entry.question],
            options=tuple(options[name] for name in dict.fromkeys([*order, *options])),
            relevant=tuple(self._logic(entry, text) for text in question.relevant),
            constraint=self._logic(entry, question.constraint),
            calculation=self._logic(entry, question.calculation),
            required=question.required,
        )

    def _logic(self, entry: Entry, text: str) -> str:
        """An expression of this round in the newest names; left out, with a finding, where options were merged."""
        own: Mapping[str, Mapping[str, str]] = {**self.options, ".": self.options[entry.question]}
        written = translate(text, self.names, own)
        if written is None:
            message = f"the logic of {entry.question!r} tells options apart that the newest codebook does not"
            remedy = "its empty cells of this round count as left blank"
            self.findings.append(Finding("warning", "logic_untranslated", self.round, message, remedy))
        return written or ""


def _mapped(column: pd.Series, change: Mapping[str, str]) -> pd.Series:
    """A column with texts changed, all at once; others stay."""
    codes, texts = pd.factorize(column, use_na_sentinel=False)
    changed = pd.Series([change.get(text, text) for text in texts], dtype=column.dtype)
    return changed.take(codes).set_axis(column.index)


def _any_of(own: Mapping[str, pd.Series], old: str, new: str, options: Mapping[str, str]) -> dict[str, pd.Series]:
    """Columns of a select-multiple: chosen when any merged option is, unknown when that cannot be told."""
    columns: dict[str, pd.Series] = {}
    for header, column in own.items():
        name = header.partition("/")[2]
        target = f"{new}/{options.get(name, name)}"
        if header == old:
            columns[new] = _mapped(column, {text: _renamed(text, options) for text in column.unique()})
        else:
            columns[target] = _either(columns[target], column) if target in columns else column
    return columns


def _renamed(text: str, options: Mapping[str, str]) -> str:
    words = text.split()
    return " ".join(dict.fromkeys(options.get(word, word) for word in words)) if set(words) & options.keys() else text


def _either(first: pd.Series, second: pd.Series) -> pd.Series:
    """``1`` where either is, else what is not ``0``, else ``0``."""
    one = first.where(first.ne("0"), second)
    return one.mask(first.eq("1") | second.eq("1"), "1")


def _spread(whole: pd.Series, name: str, options: Mapping[str, str]) -> dict[str, pd.Series]:
    """One choice as the columns of a question with several; what is no option stays in every column."""
    columns = {}
    for chosen in dict.fromkeys(options.values()):
        marks = {option: str(int(other == chosen)) for option, other in options.items()}
        columns[f"{name}/{chosen}"] = _mapped(whole, marks)
    return columns
