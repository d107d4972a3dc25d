"""Proposes what every column of a spreadsheet is, with the reason and how sure it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.codebook.kinds import Confidence, guess_kind, is_number, is_personal, word_counts
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.plain.choices import (
    Family,
    choices,
    families,
    mark_of,
    option_texts,
    same,
    split_derived,
    split_listed,
)
from xzz_analysis.intake.plain.headers import Addresses, Match, left_out_because, plain, role_of
from xzz_analysis.intake.plain.mapping import Column, Mapping
from xzz_analysis.intake.plain.rows import records
from xzz_analysis.intake.workbook import RawTable

MOST_UNLISTED = 0.05
"""Share of the filled cells that may hold something else than the question expects before a person is asked."""

_NUMBERED = re.compile(r"\s*(?:[Qq]\s*)?(\d{1,3}(?:[.-]\d{1,2})?)\s*[、.．:：]\s*\S")


def propose(raw: RawTable, form: Form | None = None) -> Mapping:
    """Propose what the columns of a spreadsheet are.

    Parameters
    ----------
    raw : RawTable
    form : Form, optional
        The questionnaire, when there is one; without it the questions are derived from the columns.

    Returns
    -------
    Mapping
        Exact names and wordings have high confidence when the cells fit the question; a similar wording, marks between
        choices that can be read in two ways, and cells that do not fit have low confidence: a person must confirm them.
    """
    found = records(raw.frame, "")
    proposer = _Proposer(found.frame, found.wordings, Addresses(form.questions if form else {}), form is not None)
    return Mapping(columns=proposer.columns())


@dataclass
class _Proposer:
    """One spreadsheet."""

    frame: pd.DataFrame
    wordings: dict[str, str]
    addresses: Addresses
    with_form: bool

    def columns(self) -> dict[str, Column]:
        """Header → proposal, in the order of the file."""
        headers = [str(header) for header in self.frame.columns]
        done = {header: column for header in headers if (column := self._own(header)) is not None}
        matches = {header: self.addresses.exact(header) for header in headers if header not in done}
        done |= {header: self._matched(header, found) for header, found in matches.items() if found}
        self._ask_about_twins(done)
        rest = [header for header in headers if header not in done]
        done |= self._similar(rest, done) if self.with_form else self._derived(rest)
        return {header: done[header] for header in headers}

    def _own(self, header: str) -> Column | None:
        """A column that the platform adds by itself; a question of that name in the form comes first."""
        if self.addresses.exact(header):
            return None
        role, because = role_of(header), left_out_because(header)
        if because:
            return Column(leave_out=True, confidence="high", because=because)
        if role:
            return Column.model_validate({"role": role, "confidence": "high", "because": "the header says so"})
        return None

    def _matched(self, header: str, found: list[Match]) -> Column:
        """A column that the form knows; whether its cells fit decides how sure it is."""
        question = self.addresses.questions[found[0].question]
        column = self._fitted(header, question, found[0])
        if len(found) == 1:
            return column
        names = ", ".join(match.question for match in found)
        return column.model_copy(update={"confidence": "low", "because": f"the wording of several questions: {names}"})

    def _fitted(self, header: str, question: Question, match: Match) -> Column:
        counts = word_counts(self.frame[header])
        base = Column(question=question.name, kind=question.kind, confidence="high", because=match.because)
        if match.option:
            return self._mark(base, question, match, counts)
        if question.kind == "select_multiple":
            split = split_listed(counts, option_texts(question))
            update = {"separator": split.separator, "confidence": split.confidence}
            update["because"] = f"{match.because}; {split.because}"
            texts = _texts(question, counts, split.separator)
            return base.model_copy(update={**update, "options": texts})
        if question.kind == "select_one":
            known = option_texts(question)
            strange = sum(count for word, count in counts.items() if same(word) not in known)
            column = base.model_copy(update={"options": _texts(question, counts, "")})
            return _sure(column, strange, counts, "none of its options")
        if question.kind in ("integer", "decimal"):
            strange = sum(count for word, count in counts.items() if not is_number(word))
            return _sure(base, strange, counts, "no plain number")
        if question.kind == "date":
            content = guess_kind(counts)
            column = base.model_copy(update={"order": content.order})
            if content.kind == "date" and content.confidence == "low":
                return column.model_copy(update={"confidence": "low", "because": content.because})
            return _sure(column, 0 if content.kind == "date" else sum(counts.values()), counts, "no date")
        return base

    def _mark(self, base: Column, question: Question, match: Match, counts: dict[str, int]) -> Column:
        """A 0/1 column of one option of the form."""
        words = {match.option, *question.option_label(match.option).values()}
        strange = sum(count for word, count in counts.items() if all(mark_of(word, own) is None for own in words))
        column = base.model_copy(update={"option": match.option})
        return _sure(column, strange, counts, "no mark such as 0 and 1")

    def _ask_about_twins(self, done: dict[str, Column]) -> None:
        """Two columns for one question or role: the second and later are for a person to decide."""
        seen: dict[tuple[str, str, str], str] = {}
        for header, column in done.items():
            address = (column.role, column.question, column.option)
            if any(address) and address in seen:
                because = f"{seen[address]!r} is already {column.role or column.question!r}"
                confidence: Confidence = "medium" if column.role else "low"
                done[header] = Column(leave_out=True, confidence=confidence, because=because)
            seen.setdefault(address, header)

    def _similar(self, rest: list[str], done: dict[str, Column]) -> dict[str, Column]:
        """Proposals for the columns that the form does not know exactly."""
        taken = {column.question for column in done.values()}
        found = {}
        for header in rest:
            match = self.addresses.similar(header, taken)
            if match is None:
                because = "the form has no such question"
                found[header] = Column(leave_out=True, confidence="medium", because=because)
                continue
            column = self._fitted(header, self.addresses.questions[match.question], match)
            found[header] = column.model_copy(update={"confidence": "low"})
            taken.add(match.question)
        return found

    def _derived(self, rest: list[str]) -> dict[str, Column]:
        """Questions made from columns, when there is no form."""
        found: dict[str, Column] = {}
        for family in families(self.frame, rest):
            found |= self._family(family, rest)
        names: set[str] = {column.question for column in found.values()}
        for header in rest:
            if header not in found:
                name = _question_name(header)
                found[header] = self._one(header, header if name in names else name)
                names.add(found[header].question)
        return found

    def _family(self, family: Family, rest: list[str]) -> dict[str, Column]:
        """0/1 columns, and the column beside them that holds the same answers joined."""
        because = f"{len(family.options)} neighbouring columns of 0 and 1 share {family.question!r}"
        name = _question_name(family.question)
        columns = {
            header: Column(
                question=name,
                option=option,
                kind="select_multiple",
                label=family.question if name != family.question else "",
                confidence="high",
                because=because,
            )
            for header, option in family.options.items()
        }
        if family.question in rest:
            confidence, why = self._repeated(family)
            columns[family.question] = Column(leave_out=True, confidence=confidence, because=why)
        return columns

    def _repeated(self, family: Family) -> tuple[Confidence, str]:
        """Whether a column says the same as its 0/1 columns."""
        names = list(family.options.values())
        texts = {same(option): option for option in names}
        codes, words = pd.factorize(self.frame[family.question].str.strip())
        marks = np.column_stack([_is_chosen(self.frame[header], own) for header, own in family.options.items()])
        filled = np.array([word != "" for word in words], dtype=bool)[codes]
        agree = 0
        for separator in ("", " ", "┋", ",", ";"):
            read = [choices(str(word), separator, texts) for word in words]
            known = np.array([found is not None for found in read], dtype=bool)[codes]
            expected = np.array([[name in (found or ()) for name in names] for found in read], dtype=bool)[codes]
            agree = max(agree, int((known & filled & (expected == marks).all(axis=1)).sum()))
        count = int(filled.sum())
        if agree == count:
            return "high", "its 0/1 columns hold the same answers"
        differ = f"in {count - agree:,} of {count:,} cells they differ or cannot be compared"
        return "medium", f"its 0/1 columns are used; {differ}"

    def _one(self, header: str, name: str) -> Column:
        """One column of its own."""
        counts = word_counts(self.frame[header])
        wording = self.wordings.get(header, "") or (header if name != header else "")
        base = Column(question=name, kind="text", label=wording, confidence="high", because="")
        if is_personal(header) or is_personal(wording):
            return base.model_copy(update={"because": "the header asks for a person's name, number or address"})
        content = guess_kind(counts)
        split = split_derived(counts) if content.kind in ("text", "select_one") else None
        if split is not None:
            options = {option: option for option in split.options}
            return Column(
                question=name, kind="select_multiple", label=wording, separator=split.separator, options=options,
                confidence=split.confidence, because=split.because,
            )  # fmt: skip
        update = {"kind": content.kind, "order": content.order, "confidence": content.confidence}
        return base.model_copy(
            update={**update, "because": content.because, "options": {option: option for option in content.options}}
        )


def _sure(column: Column, strange: int, counts: dict[str, int], what: str) -> Column:
    """The column with its confidence, after some cells turned out not to fit."""
    if not strange:
        return column
    filled = sum(counts.values())
    confidence = "medium" if strange <= MOST_UNLISTED * filled else "low"
    because = f"{column.because}; {strange:,} of {filled:,} filled cells hold {what}"
    return column.model_copy(update={"confidence": confidence, "because": because})


def _texts(question: Question, counts: dict[str, int], separator: str) -> dict[str, str]:
    """Text in the cells → option name, where the cells hold something else than the names."""
    known = option_texts(question)
    used = {name for cell in counts for name in choices(cell, separator, known) or ()}
    names = {option.name for option in question.options}
    if all(cell in names for cell in counts):
        return {}
    texts = {}
    for option in question.options:
        for text in (*option.label.values(), option.code):
            if option.name in used and known.get(same(text)) == option.name:
                texts[text] = option.name
    return texts


def _is_chosen(column: pd.Series, option: str) -> np.ndarray:
    """Whether a 0/1 column says that its option was chosen, by row."""
    codes, words = pd.factorize(column)
    chosen: np.ndarray = np.array([mark_of(str(word), option) == "1" for word in words], dtype=bool)[codes]
    return chosen


def _question_name(header: str) -> str:
    """Q3 for ``3、孩子的户口类型``, the header itself where it has no number."""
    numbered = _NUMBERED.match(header)
    return f"Q{numbered[1].replace('.', '_').replace('-', '_')}" if numbered and plain(header) else header


def labels_of(column: Column, header: str) -> Iterator[tuple[str, str]]:
    """Language and wording of a derived question: Chinese where it has Chinese characters, else none named."""
    wording = column.label or header
    if wording:
        yield "zh" if re.search(r"[\u3400-\u9fff]", wording) else "", wording
