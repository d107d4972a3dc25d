"""问卷星 (wjx.cn) exports: by text (按文本), by number (按序号), or both reconciled."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.answers import Question, Reason
from xzz_analysis.intake.codebook import derive
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.wjx.decode import Decoded, decode, flavour_votes
from xzz_analysis.intake.wjx.files import BLANK, SKIPPED, UNREAD, Flavour, WjxCoding, WjxFile, open_all
from xzz_analysis.intake.wjx.headings import META, is_wjx, tidy
from xzz_analysis.intake.wjx.matching import Bound, choices_of, match_file, renumber, targets_of, with_options
from xzz_analysis.intake.wjx.pairs import Pairs, compare, learn_codes, pair_rows
from xzz_analysis.intake.wjx.questions import derive_form, other_question
from xzz_analysis.intake.workbook import RawTable, read_raw

__all__ = ["WORDS", "Flavour", "WjxCoding", "is_wjx", "read_wjx", "reconcile"]

WORDS = {SKIPPED: Reason.SKIPPED, BLANK: Reason.BLANK, UNREAD: Reason.INVALID}
"""What stands in a cell of the export instead of an answer; every column of a select-multiple holds it."""

_TIME = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[ T]+(\d{1,2}):(\d{2}(?::\d{2})?)(?:\.\d+)?")
_SPENT = re.compile(r"(?:(\d+)(?:小时|时))?(?:(\d+)(?:分钟|分))?(?:(\d+)秒?)?")


def read_wjx(
    paths: Sequence[Path],
    form: Form | None = None,
    coding: WjxCoding | None = None,
    *,
    read: Callable[[Path], RawTable] = read_raw,
) -> Export:
    """Read one round of a 问卷星 questionnaire.

    Parameters
    ----------
    paths : sequence of Path
        The export by text, by number, or both; told apart by the form's options, the file name and marks in the cells.
    form : Form, optional
        Derived from the files without it, for :func:`xzz_analysis.intake.codebook.write_codebook`. Columns are matched
        by their wording with ``source`` and the labels of its questions, options by their whole label or ``code``.
    coding : WjxCoding, optional
    read : callable
        Reads a file.

    Returns
    -------
    Export
        Answers are read from the export by text where there is one; the export by number gives the codes and their
        order, and every question on which the two disagree is a finding. A ranking becomes one select-one question
        per place (``q8_choice1`` …), which :func:`xzz_analysis.priorities` reads. Words beside an option are the text
        question ``q6_other``. Times are ISO 8601, time spent is in seconds.

    Raises
    ------
    InputError
        More than two files, two of the same flavour, or a file that cannot be read.
    """
    return _Reading.open(paths, form, coding or WjxCoding(), read).export()


def reconcile(paths: Sequence[Path], form: Form | None = None, coding: WjxCoding | None = None) -> pd.DataFrame:
    """Compare the two flavours of one export, record by record.

    Parameters
    ----------
    paths : sequence of Path
        The export by text and the export by number.
    form, coding
        As in :func:`read_wjx`.

    Returns
    -------
    DataFrame
        One row per question in both files: ``question``, ``compared`` and ``mismatches``, in records. What respondents
        wrote beside an option is not compared.

    Raises
    ------
    InputError
        Not two files, or one that cannot be read.
    """
    reading = _Reading.open(paths, form, coding or WjxCoding())
    if reading.pairs is None:
        raise InputError(f"{paths[0].name} is one file; name the export by text and the export by number to compare")
    reading.export()
    return reading.table


@dataclass
class _Reading:
    """The files of one round, and what is known of them.

    Attributes
    ----------
    main : WjxFile
        The file whose answers are kept.
    second : WjxFile or None
        The export by number beside an export by text.
    pairs : Pairs or None
    form : Form
    derived : bool
    coding : WjxCoding
    table : DataFrame
        The comparison, after :meth:`export`.
    """

    main: WjxFile
    second: WjxFile | None
    pairs: Pairs | None
    form: Form
    derived: bool
    coding: WjxCoding
    table: pd.DataFrame

    @classmethod
    def open(
        cls,
        paths: Sequence[Path],
        form: Form | None,
        coding: WjxCoding,
        read: Callable[[Path], RawTable] = read_raw,
    ) -> _Reading:
        """Open the files; :class:`InputError` when they are not one file of each flavour."""
        files: dict[Flavour, WjxFile] = {}
        targets = targets_of(form) if form else []
        for file in open_all(paths, coding, lambda columns: flavour_votes(columns, targets, coding), read):
            if file.flavour in files:
                raise InputError(
                    f"{files[file.flavour].name} and {file.name} are both exports by {file.flavour}; one round is read "
                    "from one export by text and one by number: name one of each in study.yml"
                )
            files[file.flavour] = file
        text, number = files.get("text"), files.get("number")
        main = text or number
        if main is None:
            raise InputError("no file of the round is named; name the export in study.yml")
        pairs = pair_rows(text, number) if text and number else None
        made = form or derive_form(text, number, pairs)
        return cls(main, number if text else None, pairs, made, form is None, coding, pd.DataFrame())

    def export(self) -> Export:
        """Match, read and compare."""
        targets = targets_of(self.form)
        bound, findings = match_file(self.main, targets)
        findings += [finding for file in (self.main, self.second) if file for finding in file.findings]
        second: dict[int, Bound] = {}
        if self.second is not None and self.pairs is not None:
            second, more = match_file(self.second, renumber(targets, bound))
            findings += [*self.pairs.findings, *more]
            self._complete_codes(bound, second, self.pairs)
        decoded = {place: decode(found, self.main, self.coding) for place, found in bound.items()}
        if self.second is not None and self.pairs is not None:
            numbers = {place: decode(found, self.second, self.coding) for place, found in second.items()}
            findings += self._compare(bound, decoded, numbers, self.pairs)
        findings += [finding for made in decoded.values() for finding in made.findings]
        return self._assemble(bound, decoded, findings)

    def _complete_codes(self, bound: dict[int, Bound], second: dict[int, Bound], pairs: Pairs) -> None:
        """Learn the codes that the form lacks from the records that both files hold."""
        for place in bound.keys() & second.keys():
            first, other = bound[place], second[place]
            options = first.target.question.options
            if first.whole and other.whole and options and not all(option.code for option in options):
                learnt = learn_codes([(first.whole, other.whole)], pairs)
                codes = learnt.codes if learnt and not first.target.by_items else {}
                named = {first.target.wordings.find(wording): code for wording, code in codes.items()}
                made = tuple(replace(one, code=one.code or named.get(one.name, "")) for one in options)
                first.target = other.target = with_options(first.target, made)

    def _compare(
        self, bound: dict[int, Bound], text: dict[int, Decoded], number: dict[int, Decoded], pairs: Pairs
    ) -> list[Finding]:
        """Fill the table of mismatches; a question with mismatches becomes a finding."""
        names = {place: re.sub(r"_choice\d+$", "", found.target.question.name) for place, found in bound.items()}
        columns = {names[place]: list(made.columns) for place, made in text.items()}
        self.table = compare(_flat(text), _flat(number), pairs, columns)
        remedy = "find out which file was edited after export, or export both again; the export by text is used"
        findings = []
        for question, compared, count in self.table.itertuples(index=False):
            if count:
                where = f"{self.main.name}: {question}"
                message = f"{count} of {compared:,} records differ between the export by text and the one by number"
                findings.append(Finding("warning", "flavours_disagree", where, message, remedy, count))
        return findings

    def _assemble(self, bound: dict[int, Bound], decoded: dict[int, Decoded], findings: list[Finding]) -> Export:
        rest, roles = _meta(self.main.rest)
        columns: dict[str, pd.Series] = {}
        for place, made in decoded.items():
            columns.update(made.columns)
            if made.words is not None:
                target = bound[place].target
                columns[(target.other or other_question(target.question)).name] = made.words
        twice = [name for name in columns if name in rest]
        if twice:
            raise InputError(
                f"{self.main.name} has a column {twice[0]!r} that is named like a question of the form ({len(twice)} "
                "such column(s)), so they cannot be told apart; rename the column in the file, or the question"
            )
        form = self._form(bound, columns)
        order = [name for question in form.questions.values() for name in question.columns if name in columns]
        answers = pd.DataFrame({name: columns[name] for name in order}, index=rest.index)
        frame = pd.concat([rest, answers], axis=1)
        export = Export(self.main.name, frame, form, words=WORDS, roles=roles)
        if self.derived:
            export = replace(export, form=derive(export))
        return replace(export, findings=(*self.form_findings(export), *findings))

    def form_findings(self, export: Export) -> tuple[Finding, ...]:
        """Doubts of a derived form; a declared form tells its own."""
        return export.form.findings if self.derived else ()

    def _form(self, bound: dict[int, Bound], columns: dict[str, pd.Series]) -> Form:
        """The form with a ranking as its choices, codes that were learnt, and words beside an option as a question."""
        known = {question.name: question for found in bound.values() for question in found.target.questions}
        questions: dict[str, Question] = {}
        for asked in (made for question in self.form.questions.values() for made in choices_of(question)):
            questions[asked.name] = known.get(asked.name, asked)
        beside: dict[str, list[Question]] = {}
        for found in bound.values():
            other = other_question(found.target.question)
            if found.target.other is None and other.name in columns and other.name not in questions:
                beside.setdefault(found.target.questions[-1].name, []).append(other)
        ordered = [one for question in questions.values() for one in (question, *beside.get(question.name, []))]
        return replace(self.form, questions={question.name: question for question in ordered})


def _flat(decoded: dict[int, Decoded]) -> dict[str, pd.Series]:
    """The columns of all targets of one file."""
    return {name: cells for made in decoded.values() for name, cells in made.columns.items()}


def _meta(rest: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """The columns that are no question, times as ISO and time spent in seconds, and the role of each."""
    roles = {META[tidy(header)]: header for header in rest.columns if META.get(tidy(header))}
    made = rest.copy()
    for role, read in (("submitted", _iso), ("seconds", _seconds)):
        if role in roles:
            codes, texts = pd.factorize(rest[roles[role]])
            made[roles[role]] = pd.array([read(str(text).strip()) for text in texts], dtype="str").take(codes)
    return made, roles


def _iso(text: str) -> str:
    """``2026-09-03 12:00:00`` of ``2026/9/3 12:00:00``; anything else as written."""
    found = _TIME.fullmatch(text)
    if not found:
        return text
    return f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d} {int(found[4]):02d}:{found[5]}"


def _seconds(text: str) -> str:
    """``123`` of ``123秒`` and of ``2分3秒``; anything else as written."""
    found = _SPENT.fullmatch(text)
    if not found or not any(found.groups()):
        return text
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return str(3600 * hours + 60 * minutes + seconds)
