"""A spreadsheet and its confirmed mapping → export."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.intake.answers import Kind, Option, Question, Reason
from xzz_analysis.intake.codebook.kinds import EMPTY_WORDS, iso_date
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.plain.choices import choices, mark_of, option_texts, same
from xzz_analysis.intake.plain.mapping import Column, Mapping
from xzz_analysis.intake.plain.proposal import labels_of
from xzz_analysis.intake.plain.rows import records
from xzz_analysis.intake.workbook import RawTable, read_raw

_TEXT = pd.StringDtype(na_value=np.nan)


def read_plain(
    path: Path, mapping: Mapping, form: Form | None = None, *, read: Callable[..., RawTable] = read_raw
) -> Export:
    """Read a spreadsheet whose columns a person has confirmed.

    Parameters
    ----------
    path : Path
        CSV or XLSX.
    mapping : Mapping
        What its columns are.
    form : Form, optional
        The questionnaire that the mapping names the questions of.
    read : callable
        Reads a sheet of a file.

    Returns
    -------
    Export
        Of a form the questions that the file has; without one, questions with the kinds and options of the mapping.

    Raises
    ------
    InputError
        A column that the mapping does not know or that the file lacks, a question that the form lacks, or columns
        whose proposal nobody has confirmed; all together.
    """
    raw = read(path, mapping.sheet or None)
    rows = records(raw.frame, path.name)
    headers = [str(header) for header in rows.frame.columns]
    problems = [*_columns(headers, mapping, path.name), *_questions(mapping, form, path.name)]
    if problems:
        raise InputError(f"{path.name} cannot be read with its mapping: {len(problems)} problem(s)", problems)
    reader = _Reader(path.name, rows.frame, mapping, form)
    frame = reader.table()
    questions = reader.questions(rows.wordings)
    languages = dict.fromkeys(language for question in questions.values() for language in question.label)
    made = form or Form(path.stem, "", tuple(languages), {}, (), ())
    found = Form(made.title, made.version, made.languages, questions, (), made.findings)
    return Export(
        file=path.name,
        frame=frame,
        form=found,
        words=reader.words(questions),
        roles={column.role: header for header, column in mapping.columns.items() if column.role},
        findings=(*raw.findings, *([_open_end(path.name)] if raw.open_end else []), *rows.findings, *reader.findings),
    )


def _open_end(file: str) -> Finding:
    message = "the last line has no line end, so the file may be cut off and its last value wrong"
    remedy = "compare the last row with the platform, or export again"
    return Finding("warning", "line_end_missing", file, message, remedy)


def _columns(headers: list[str], mapping: Mapping, file: str) -> Iterator[Finding]:
    """What the file and its mapping do not agree on."""
    missing = [header for header in mapping.columns if header not in headers]
    for header in headers:
        if header not in mapping.columns:
            hint = suggest(header, missing)
            message = f"column {header!r} is not in the mapping, so it is unknown what it holds{hint}"
            yield Finding("error", "column_unmapped", file, message, "describe it in the mapping, or leave it out")
    for header in missing:
        message = f"the mapping describes column {header!r}, which the file lacks{suggest(header, headers)}"
        yield Finding("error", "column_missing", file, message, "correct the header, or remove it from the mapping")
    for header in mapping.open_questions():
        message = f"nobody has confirmed what column {header!r} is: {mapping.columns[header].because}"
        remedy = "look at the column, correct the mapping, and write confirmed: true"
        yield Finding("error", "column_unconfirmed", file, message, remedy)


def _questions(mapping: Mapping, form: Form | None, file: str) -> Iterator[Finding]:
    """What the mapping names and the form has not."""
    if form is None:
        return
    for header, column in mapping.columns.items():
        question = form.questions.get(column.question)
        remedy = "correct the mapping"
        if column.question and question is None:
            hint = suggest(column.question, form.questions)
            message = f"column {header!r} is mapped to question {column.question!r}, which the form lacks{hint}"
            yield Finding("error", "question_unknown", file, message, remedy)
        elif question is not None:
            names = [option.name for option in question.options]
            named = dict.fromkeys([*column.options.values(), *([column.option] if column.option else [])])
            for name in named:
                if name not in names:
                    message = f"column {header!r} names option {name!r}, which its question lacks{suggest(name, names)}"
                    yield Finding("error", "option_unknown", file, message, remedy)


class _Reader:
    """One spreadsheet with its mapping."""

    def __init__(self, file: str, frame: pd.DataFrame, mapping: Mapping, form: Form | None) -> None:
        self.file = file
        self.frame = frame
        self.columns = mapping.columns
        self.form = form
        self.findings: list[Finding] = []

    def questions(self, wordings: dict[str, str]) -> dict[str, Question]:
        """Questions that the file has: the form's, or derived ones in the order of the file."""
        named = {column.question: header for header, column in reversed(self.columns.items()) if column.question}
        if self.form is not None:
            return {name: question for name, question in self.form.questions.items() if name in named}
        order = dict.fromkeys(column.question for column in self.columns.values() if column.question)
        return {name: self._derived(name, named[name], wordings) for name in order}

    def _derived(self, name: str, header: str, wordings: dict[str, str]) -> Question:
        column = self.columns[header]
        label = dict(labels_of(column, wordings.get(header, "") or ("" if column.option else header)))
        if column.kind == "select_multiple" and column.option:
            names = [other.option for other in self.columns.values() if other.question == name]
        else:
            names = list(dict.fromkeys(column.options.values()))
        texts = {option: text for text, option in reversed(column.options.items())}
        options = tuple(Option(option, _label(texts.get(option, option))) for option in names)
        kind: Kind = column.kind or "text"
        return Question(name, kind, label or _label(name), options, source=header)

    def table(self) -> pd.DataFrame:
        """The export's frame."""
        made: dict[str, pd.Series] = {}
        for header, column in self.columns.items():
            cells = self.frame[header]
            if column.role:
                made[header] = cells
            elif column.option:
                made[f"{column.question}/{column.option}"] = self._marks(header, column)
            elif column.kind == "select_multiple":
                made |= self._split(header, column)
            elif not column.leave_out:
                made[column.question] = self._single(cells, column)
        return pd.DataFrame(made, index=self.frame.index).astype(_TEXT)

    def words(self, questions: dict[str, Question]) -> dict[str, Reason]:
        """Words for empty cells that stand in the questions' columns and are nobody's option."""
        options = {option.name for question in questions.values() for option in question.options}
        headers = [header for header, column in self.columns.items() if column.question and not column.option]
        held: set[str] = set()
        for header in headers:
            cells = pd.Series(self.frame[header].unique(), dtype=_TEXT).str.strip()
            held.update(cells[cells.isin(list(EMPTY_WORDS))])
        return {word: reason for word, reason in EMPTY_WORDS.items() if word in held - options}

    def _texts(self, column: Column) -> dict[str, str]:
        """Comparable text in a cell → option name."""
        question = self.form.questions[column.question] if self.form else None
        known = option_texts(question) if question else {}
        return known | {same(text): name for text, name in column.options.items()}

    def _single(self, cells: pd.Series, column: Column) -> pd.Series:
        """Option names for a select-one, ISO for a date, else as written."""
        if column.kind == "select_one":
            texts = self._texts(column)
            return _each(cells, lambda word: texts.get(same(word), word))
        if column.kind == "date" and column.order:
            return _each(cells, lambda word: iso_date(word, column.order))
        return cells

    def _marks(self, header: str, column: Column) -> pd.Series:
        """A 0/1 column; with text that is the option's own, an empty cell is unknown."""
        question = self.form.questions[column.question] if self.form else None
        words = [column.option, *(question.option_label(column.option).values() if question else ())]
        strange: list[str] = []

        def mark(word: str) -> str:
            found = [known for own in words if (known := mark_of(word, own)) is not None]
            if not found:
                strange.append(word)
            return found[0] if found else ""

        cells = _each(self.frame[header], mark)
        if strange:
            count = int(self.frame[header].str.strip().isin(strange).sum())
            self._find(header, f"{count} cell(s) hold no mark such as 0 and 1; they count as unknown", count)
        return cells

    def _split(self, header: str, column: Column) -> dict[str, pd.Series]:
        """One column per option, from cells that join several."""
        texts = self._texts(column)
        names = list(dict.fromkeys(column.options.values()))
        if self.form:
            names = [option.name for option in self.form.questions[column.question].options]
        codes, words = pd.factorize(self.frame[header].str.strip())
        read = [() if _is_empty(word) else choices(word, column.separator, texts) for word in words]
        unread = np.array([found is None for found in read], dtype=bool)[codes] if len(words) else np.zeros(0, bool)
        if unread.any():
            count = int(unread.sum())
            message = f"{count} answer(s) are not exactly made of its options; they count as left blank"
            self._find(header, message, count)
        made = {}
        for name in names:
            marks = ["" if not found else str(int(name in found)) for found in read]
            made[f"{column.question}/{name}"] = pd.Series(pd.array(marks, dtype=_TEXT).take(codes), self.frame.index)
        for word in (word for word in words if word in EMPTY_WORDS and EMPTY_WORDS[word] is not Reason.BLANK):
            rows = self.frame[header].str.strip().eq(word)
            made = {name: cells.mask(rows, word) for name, cells in made.items()}
        return made

    def _find(self, header: str, message: str, count: int) -> None:
        remedy = "add the text under options in the mapping, or correct the answers"
        self.findings.append(Finding("warning", "option_unlisted", f"{self.file}: {header}", message, remedy, count))


def _is_empty(word: str) -> bool:
    return not word or word in EMPTY_WORDS


def _each(cells: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """Change every distinct text once; empty words stay as they are."""
    codes, words = pd.factorize(cells.str.strip())
    changed = [word if _is_empty(word) else change(word) for word in words]
    return pd.Series(pd.array(changed, dtype=_TEXT).take(codes) if len(words) else cells, index=cells.index)


def _label(text: str) -> dict[str, str]:
    language = "zh" if any("\u3400" <= letter <= "\u9fff" for letter in text) else ""
    return {language: text} if text else {}
