"""The survey sheet → questions, with the skip logic of every group around them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pyxform import aliases, constants
from pyxform.question_type_dictionary import QUESTION_TYPE_DICT
from pyxform.xls2json_backends import DefinitionData

from xzz_analysis.errors import ExpressionError, Finding, InputError, Severity, suggest
from xzz_analysis.intake.answers import Kind, Option, Question
from xzz_analysis.intake.expression import parse
from xzz_analysis.intake.form.sheets import YES, Row, column, rows

_OTHER = Option("other", {"en": "Other", "zh": "其他"})


def _spellings(words: Mapping[str, str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\ ", r"[\s_]+") for word in longest_first)


_SELECT = re.compile(
    rf"({_spellings(aliases.select)})\s+(\$\{{[^}}]+\}}|\S+)(\s+(?:or specify other|or_other|or other))?",
    re.I,
)
_CONTROL = re.compile(rf"(begin|end)[\s_]*({_spellings(aliases.control)})", re.I)
_TYPES = {word.lower(): spec for word, spec in QUESTION_TYPE_DICT.items()}
_KINDS: dict[str, Kind] = {"int": "integer", "decimal": "decimal", "date": "date", "string": "text"}


class _Group(NamedTuple):
    """A group or repeat that is open."""

    control: str
    name: str
    relevant: str
    row: int


@dataclass
class Survey:
    """Walks the survey sheet from top to bottom.

    Attributes
    ----------
    file : str
        Name of the form's file, for messages.
    lists : dict of str to tuple of Option
    default : str
        Language of labels without one.
    questions, languages, repeats, headings, findings
        What :meth:`read` found, in form order.
    """

    file: str
    lists: dict[str, tuple[Option, ...]]
    default: str
    questions: dict[str, Question] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    repeats: list[str] = field(default_factory=list)
    headings: dict[str, dict[str, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    groups: list[_Group] = field(default_factory=list)

    def read(self, definition: DefinitionData) -> None:
        """Read every row; :class:`InputError` when groups do not pair or a needed column is missing."""
        headers = [column(header) for header in (definition.survey_header or [{}])[0]]
        names = [name for name, _ in headers]
        for needed in ("type", "name"):
            if needed not in names:
                raise InputError(
                    f"{self.file}: the survey sheet has no column {needed!r}{suggest(needed, names)}; "
                    f"it has {', '.join(names[:8])}; add the column"
                )
        self.languages = tuple(language or self.default for name, language in headers if name == "label")
        for row in rows(definition.survey, self.default):
            disabled = row.cells.get("disabled", "").lower() in YES
            if not disabled and not row.cells.get("type", "").startswith("#"):
                self._read_row(row)
        if self.groups:
            group = self.groups[-1]
            raise InputError(
                f"{self.file}: survey, row {group.row}: {group.control} {group.name!r} is never closed, so "
                f"it is unknown which questions its skip logic covers; add an 'end_{group.control}' row"
            )
        self._check_expressions()

    def _read_row(self, row: Row) -> None:
        written = " ".join(row.cells.get("type", "").split())
        name = row.cells.get("name", "")
        control = _CONTROL.fullmatch(written)
        if control:
            self._group(control, row)
        elif written and name:
            self._question(written, name, row)
        elif written or name:
            lacks = "type" if name else "name"
            message = f"{f'question {name!r}' if name else f'a question of type {written!r}'} has no {lacks}"
            remedy = f"write its {lacks}; without it the answers cannot be found in the export"
            self._find("warning", f"question_without_{lacks}", row, message, remedy)

    def _group(self, control: re.Match[str], row: Row) -> None:
        word = aliases.control[" ".join(control[2].lower().replace("_", " ").split())]
        kind = constants.GROUP if word == constants.GROUP else constants.REPEAT
        if control[1].lower() == "begin":
            name = row.cells.get("name", "")
            self.groups.append(_Group(kind, name, row.cells.get("relevant", ""), row.number))
            self.headings.setdefault(name, row.label)
            if kind == constants.REPEAT:
                self.repeats.append(name)
        elif self.groups and self.groups[-1].control == kind:
            self.groups.pop()
        else:
            last = f"{self.groups[-1].control} {self.groups[-1].name!r}" if self.groups else "nothing"
            raise InputError(
                f"{self.file}: survey, row {row.number}: a {kind} ends here, but {last} is open, so it is "
                "unknown which questions the skip logic covers; pair every begin with its end"
            )

    def _question(self, written: str, name: str, row: Row) -> None:
        select = _SELECT.fullmatch(written)
        repeats = [group.name for group in self.groups if group.control == constants.REPEAT]
        conditions = (*(group.relevant for group in self.groups), row.cells.get("relevant", ""))
        question = Question(
            name=self._free_name(name, row),
            kind=self._kind(written, select, row),
            label=row.label,
            options=self._options(select, name, row) if select else (),
            relevant=tuple(text for text in conditions if text),
            constraint=row.cells.get("constraint", ""),
            calculation=row.cells.get("calculate", ""),
            required=row.cells.get("required", "").lower() in YES,
            group=tuple(group.name for group in self.groups),
            repeat=repeats[-1] if repeats else "",
            source=row.cells.get("source", ""),
        )
        self.questions[question.name] = question
        if select and select[3]:
            specify = f"{question.name}_{_OTHER.name}"
            chosen = (*question.relevant, f"selected(${{{question.name}}}, '{_OTHER.name}')")
            self.questions[specify] = Question(
                specify, "text", relevant=chosen, group=question.group, repeat=question.repeat
            )

    def _free_name(self, name: str, row: Row) -> str:
        if name not in self.questions:
            return name
        again = 1
        while f"{name}_{again:03d}" in self.questions:
            again += 1
        free = f"{name}_{again:03d}"
        message = f"question name {name!r} occurs again; here it is read as {free!r}, as Kobo writes it"
        self._find("warning", "question_twice", row, message, "give every question its own name")
        return free

    def _options(self, select: re.Match[str], name: str, row: Row) -> tuple[Option, ...]:
        listed = select[2]
        if _command(select) in aliases.select_from_file or listed.startswith("${"):
            return ()
        options = self.lists.get(listed, ())
        if not options:
            hint = suggest(listed, self.lists)
            message = f"its list {listed!r} (row {row.number}) is not in the choices sheet{hint}"
            remedy = "add the list to the form, or declare the options under added_options in study.yml"
            self.findings.append(Finding("error", "list_missing", f"{self.file}: {name}", message, remedy))
        missing_other = select[3] and all(option.name != _OTHER.name for option in options)
        return (*options, _OTHER) if missing_other else options

    def _kind(self, written: str, select: re.Match[str] | None, row: Row) -> Kind:
        if select:
            command = aliases.select[_command(select)]
            if command == constants.RANK:
                self._find("note", "type_unread", row, "answers to ranking questions are not kept yet", "")
                return "other"
            return "select_multiple" if command == constants.SELECT_ALL_THAT_APPLY else "select_one"
        known = _TYPES.get(written.lower())
        if known is None:
            message = f"question type {written!r} is unknown{suggest(written.lower(), _TYPES)}"
            remedy = "its answers are not kept; correct the type if they matter"
            self._find("warning", "type_unknown", row, message, remedy)
            return "other"
        if written.lower() in ("calculate", "q calculate", "add calculate prompt"):
            return "calculate"
        bind = known.get("bind", {})
        asked = known.get("control", {}).get("tag") in ("input", "range") and "readonly" not in bind
        return _KINDS.get(bind.get("type", ""), "other") if asked else "other"

    def _check_expressions(self) -> None:
        """Name every skip rule and constraint that cannot be read: in the answers its truth is unknown."""
        rules: dict[tuple[str, str], list[str]] = {}
        for question in self.questions.values():
            for text in question.relevant:
                rules.setdefault(("relevant", text), []).append(question.name)
            if question.constraint:
                rules.setdefault(("constraint", question.constraint), []).append(question.name)
        for (rule, text), names in rules.items():
            try:
                parse(text)
            except ExpressionError as error:
                where = f"{self.file}: {rule} of {names[0]}"
                remedy = "its empty cells count as left blank" if rule == "relevant" else "it is not checked"
                self.findings.append(Finding("warning", "expression_unread", where, str(error), remedy, len(names)))

    def _find(self, severity: Severity, rule: str, row: Row, message: str, remedy: str) -> None:
        where = f"{self.file}: survey, row {row.number}"
        self.findings.append(Finding(severity, rule, where, message, remedy))


def _command(select: re.Match[str]) -> str:
    """The select command as pyxform spells it."""
    words = " ".join(select[1].lower().split())
    return next(known for known in (words, words.replace("_", " "), words.replace(" ", "_")) if known in aliases.select)
