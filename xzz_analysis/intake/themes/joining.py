"""Coded themes as a question of their unit: one 0/1 column a theme, with a reason wherever nobody can say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, suggest
from xzz_analysis.intake.answers import Answers, Option, Question, Reason
from xzz_analysis.intake.door import Door
from xzz_analysis.intake.links import Keyed
from xzz_analysis.intake.themes.reading import Coding, read_coding
from xzz_analysis.study import CodedQuestion, Study

CODERS = ("unit", "question", "round", "option", "both", "first", "second", "neither")
"""Columns of what two coders made of the same answers: how many both, only one, or neither of them gave the theme."""


def join_themes(study: Study, keyed: Mapping[str, Keyed], door: Door) -> tuple[dict[str, Keyed], pd.DataFrame]:
    """Add every coded question of a study to the answers of its unit.

    Parameters
    ----------
    study : Study
    keyed : mapping of str to Keyed
        Tables as read, with their keys.
    door : Door
        Knows pseudonyms, and who stood at the door and stayed out.

    Returns
    -------
    dict of str to Keyed
        With the themes as a select-multiple question of its own name. A text that the respondent left blank, refused
        or was not asked keeps its reason; a coded answer without a theme is ANSWERED with 0 everywhere; an
        answered text that nobody has coded is INVALID, counted, and no 0.
    DataFrame
        Columns of :data:`CODERS`: what two coders made of the answers that both have read. Counts, no records.
    """
    found, doubles = dict(keyed), []
    for coded in study.themes.questions:
        own = found[coded.unit]
        problems = list(_unknown(coded, own.answers))
        if problems:
            found[coded.unit] = _told(own, own.answers, problems)
            continue
        reader = _Joining(study, coded, own, door)
        answers, findings = reader.answers()
        doubles.append(reader.compared())
        found[coded.unit] = _told(own, answers, findings + reader.second_findings)
    table = pd.concat(doubles, ignore_index=True) if doubles else pd.DataFrame(columns=list(CODERS))
    return found, table


def _told(own: Keyed, answers: Answers, findings: list[Finding]) -> Keyed:
    return replace(own, answers=replace(answers, findings=(*answers.findings, *findings)))


def _unknown(coded: CodedQuestion, answers: Answers) -> Iterator[Finding]:
    """What the declaration names and the questionnaire does not have."""
    where = f"themes.yml: {coded.id}"
    asked = answers.questions.get(coded.question)
    if asked is None:
        hint = suggest(coded.question, answers.questions)
        message = f"question {coded.question!r} is not in the answers of unit {coded.unit!r}{hint}"
        yield Finding("error", "theme_question", where, message, "name the free-text question that was coded")
    elif asked.kind != "text":
        message = f"question {coded.question!r} is of kind {asked.kind}: its answers are no free text"
        yield Finding("error", "theme_question", where, message, "count its options instead of coding them")
    if coded.id in answers.questions:
        message = f"unit {coded.unit!r} asks a question {coded.id!r} already"
        yield Finding("error", "theme_question", where, message, "give the coded question another id")


@dataclass
class _Joining:
    """One coded question on its way to the rows of its unit."""

    study: Study
    coded: CodedQuestion
    own: Keyed
    door: Door

    def __post_init__(self) -> None:
        self.rounds = self.own.answers.rounds.to_numpy(object)
        self.second_findings: list[Finding] = []
        reasons = self.own.answers.reasons[self.coded.question].to_numpy()
        self.reasons = np.where(np.isin(self.rounds, self.coded.uncoded), Reason.NOT_ASKED, reasons).astype(np.int8)
        self.marks = np.empty((0, 0))

    def answers(self) -> tuple[Answers, list[Finding]]:
        """The unit's answers with the coded question, and what was noticed."""
        self.marks, findings = self._marks(self.coded.file)
        said = self.reasons == Reason.ANSWERED
        read = ~np.isnan(self.marks).any(axis=1)
        findings += [*self._uncoded(said & ~read), *self._without_text(read & ~said)]
        reasons = np.where(said & ~read, Reason.INVALID, self.reasons).astype(np.int8)
        self.marks[~said] = np.nan
        names = [f"{self.coded.id}/{code}" for code in self.coded.codes]
        index = self.own.answers.values.index
        values = pd.DataFrame(self.marks, index=index, columns=names)
        whys = pd.DataFrame(dict.fromkeys(names, reasons), index=index)
        options = tuple(Option(code, dict(theme.label)) for code, theme in self.coded.codes.items())
        question = Question(self.coded.id, "select_multiple", dict(self.coded.label), options)
        joined = replace(
            self.own.answers,
            values=pd.concat([self.own.answers.values, values], axis=1),
            reasons=pd.concat([self.own.answers.reasons, whys], axis=1),
            questions={**self.own.answers.questions, question.name: question},
        )
        return joined, findings

    def compared(self) -> pd.DataFrame:
        """What the second coder made of the same answers, by round and theme."""
        if not self.coded.second_coder:
            return pd.DataFrame(columns=list(CODERS))
        second, self.second_findings = self._marks(self.coded.second_coder)
        double = ~(np.isnan(self.marks) | np.isnan(second)).any(axis=1)
        rows = []
        for name in (name for name in self.study.rounds if name in self.coded.second_coder):
            here = double & (self.rounds == name)
            for place, code in enumerate(self.coded.codes):
                one, other = self.marks[here, place] == 1, second[here, place] == 1
                counts = ((one & other), (one & ~other), (~one & other), (~one & ~other))
                rows.append((self.coded.unit, self.coded.id, name, code, *(int(count.sum()) for count in counts)))
        return pd.DataFrame(rows, columns=list(CODERS))

    def _marks(self, files: Mapping[str, Path]) -> tuple[np.ndarray, list[Finding]]:
        """Marks of one coder on the rows of the unit, NaN where there are none."""
        marks = np.full((len(self.rounds), len(self.coded.codes)), np.nan)
        findings: list[Finding] = []
        for name, path in files.items():
            coding, found = read_coding(path, self.coded, self.study.tables[self.coded.unit].key)
            findings += found
            if coding is not None:
                rows, problems = self._rows(coding, name, path.name)
                marks[rows[rows >= 0]] = coding.marks[rows >= 0]
                findings += problems
        return marks, findings

    def _rows(self, coding: Coding, round_: str, file: str) -> tuple[np.ndarray, list[Finding]]:
        """Row of the unit for every row of a coded file, -1 where there is none."""
        places = {key: row for row, (made, key) in enumerate(self.own.keys) if made == round_ and key}
        rows, known = self.door.found(coding.keys, places, self.coded.unit, round_)
        count, out = int((rows < 0).sum()), int(((rows < 0) & known).sum())
        findings = []
        if out:
            message = f"{out} coded row(s) are of people who were left out of the study"
            remedy = "nothing to do, unless they asked to be forgotten: `xzz forget` writes a copy without them"
            findings.append(Finding("note", "theme_left_out", file, message, remedy, out))
        if count > out:
            message = f"{count - out} of {len(rows):,} coded row(s) have a key that no record of round {round_} has"
            remedy = "correct the keys, or delete the rows"
            findings.append(Finding("error", "theme_key_unknown", file, message, remedy, count - out))
        return rows, findings

    def _uncoded(self, left: np.ndarray) -> Iterator[Finding]:
        """Answers that nobody has coded, by round."""
        where = f"themes.yml: {self.coded.id}"
        said = self.reasons == Reason.ANSWERED
        for name in dict.fromkeys(self.rounds[left]):
            here = self.rounds == name
            count, whole = int((left & here).sum()), int((said & here).sum())
            if count == whole and name not in self.coded.file:
                message = f"round {name} has {whole:,} answer(s) to {self.coded.question!r} and no coded file"
                remedy = f"name its file, or write `uncoded: [{name}]`: its themes then count as not asked"
                yield Finding("error", "theme_round_missing", where, message, remedy, whole)
            elif count == whole and self.coded.file[name].is_file():
                message = f"none of the {whole:,} answer(s) of round {name} is coded"
                yield Finding(
                    "error", "theme_round_missing", where, message, "code them in the file named there", whole
                )
            elif count < whole:
                message = (
                    f"{count} of {whole:,} answer(s) of round {name} are not coded; they count as missing (invalid), "
                    "not as answers without a theme"
                )
                yield Finding("warning", "theme_not_coded", where, message, "code them", count)

    def _without_text(self, odd: np.ndarray) -> Iterator[Finding]:
        count = int(odd.sum())
        if count:
            message = (
                f"{count} coded row(s) are of records without an answer to {self.coded.question!r}; they are not used"
            )
            remedy = "look whether the keys slipped by a row in the spreadsheet"
            yield Finding("warning", "theme_without_text", f"themes.yml: {self.coded.id}", message, remedy, count)
