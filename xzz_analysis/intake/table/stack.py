"""Files of several rounds → one frame of answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.intake.answers import Answers, Question, Reason
from xzz_analysis.intake.expression import text_of
from xzz_analysis.intake.links import Arrival, Keyed, Sheet
from xzz_analysis.intake.table.cells import TEXT, Cells, nothing, objects


@dataclass(frozen=True)
class Part:
    """One unit in one round, typed.

    Attributes
    ----------
    sheet : Sheet
    cells : dict of str to Cells
        Questions that have a column in this round, reasons decided.
    parent : int array or None
        Row of the parent unit, -1 where there is none.
    findings : list of Finding
    arrival : Arrival
        How the rows came in.
    """

    sheet: Sheet
    cells: dict[str, Cells]
    parent: np.ndarray | None
    findings: list[Finding]
    arrival: Arrival = field(default_factory=Arrival)


def stack(unit: str, parts: Sequence[Part], questions: Mapping[str, Question]) -> Keyed:
    """Stack the rounds of one unit.

    Parameters
    ----------
    unit : str
    parts : sequence of Part
        One per round, in the order of the study.
    questions : mapping of str to Question
        The form's questions of this unit, for their order and for those that no round has.

    Returns
    -------
    Keyed
        A question that one round lacks and another has is NOT_ASKED there; one that all rounds lack
        is left out, with a finding. So is an option that a round did not offer: a column of a select-multiple, a row
        of ``unoffered`` of a select-one.
    """
    asked = {name for part in parts for name in part.cells}
    names = [name for name in questions if name in asked]
    names += [name for name in dict.fromkeys(name for part in parts for name in part.cells) if name not in names]
    values: dict[str, pd.Series] = {}
    reasons: dict[str, np.ndarray] = {}
    recorded: dict[str, np.ndarray] = {}
    codebook: dict[str, Question] = {}
    unoffered: dict[str, np.ndarray] = {}
    lengths = [len(part.sheet.frame) for part in parts]
    for name in names:
        cells, own = _alike([part.cells.get(name) for part in parts], lengths)
        codebook[name] = cells.question
        unoffered |= _unoffered(cells.question, parts, lengths)
        values |= {column: _series(column_values) for column, column_values in cells.values.items()}
        reasons |= own
        if cells.recorded:
            recorded[name] = cells.seen
        for part in parts:
            if name in part.cells:
                part.cells[name] = _emptied(part.cells[name])
    rounds = [part.sheet.round for part in parts for _ in range(len(part.sheet.frame))]
    index = pd.RangeIndex(len(rounds))
    linked = [part.parent for part in parts if part.parent is not None]
    answers = Answers(
        unit=unit,
        values=pd.DataFrame(values, index=index, copy=False),
        reasons=pd.DataFrame(reasons, index=index),
        rounds=pd.Series(rounds, index=index, name="round", dtype=TEXT),
        questions=codebook,
        recorded=pd.DataFrame(recorded, index=index, copy=False),
        parent=pd.Series(np.concatenate(linked), index=index, name="parent") if linked else None,
        findings=(
            *_drift(parts, questions, asked),
            *_options_not_offered(parts, codebook),
            *(finding for part in parts for finding in part.findings),
        ),
        unoffered=pd.DataFrame(unoffered, index=index),
        left_out={part.sheet.round: len(part.sheet.left_out) for part in parts if len(part.sheet.left_out)},
    )
    keys = [(part.sheet.round, key) for part in parts for key in part.sheet.keys]
    arrivals = {part.sheet.round: part.arrival for part in parts}
    return Keyed(answers, pd.Series(objects(keys), index=index, name="key"), arrivals)


def _emptied(cells: Cells) -> Cells:
    """The cells without their arrays, which are in the stacked table now."""
    nothing = np.empty(0, dtype=np.int8)
    return replace(cells, values=dict.fromkeys(cells.values, nothing), seen=nothing)


def _alike(parts: Sequence[Cells | None], lengths: Sequence[int]) -> tuple[Cells, dict[str, np.ndarray]]:
    """The cells of one question over all rounds, and the reasons of each of its columns."""
    question = _whole([part.question for part in parts if part is not None])
    reasons = _joined([None if part is None else part.reasons for part in parts], lengths, Reason.NOT_ASKED)
    values, own = {}, {}
    for column in question.columns:
        given = [None if part is None else part.values.get(column) for part in parts]
        values[column] = _joined(given, lengths)
        absent = [part is not None and found is None for part, found in zip(parts, given, strict=True)]
        unoffered = np.repeat(absent, lengths)
        own[column] = np.where(unoffered, np.int8(Reason.NOT_ASKED), reasons) if any(absent) else reasons
    seen = _joined([None if part is None else part.seen for part in parts], lengths, absent="")
    if question.kind == "calculate" and (seen.dtype == object or not (reasons == Reason.ANSWERED).any()):
        values = {question.name: nothing(len(reasons))}
        seen = np.full(len(reasons), "", dtype=object)
    return Cells(question, values, reasons, seen), own


def _unoffered(question: Question, parts: Sequence[Part], lengths: Sequence[int]) -> dict[str, np.ndarray]:
    """Rows that were asked a select-one question without one of its options, for each such option."""
    if question.kind != "select_one":
        return {}
    own = [part.cells.get(question.name) for part in parts]
    absent = [set() if cells is None else set(_absent(question, cells)) for cells in own]
    return {column: np.repeat([column in one for one in absent], lengths) for column in sorted(set().union(*absent))}


def _whole(asked: Sequence[Question]) -> Question:
    """A question as the newest round asks it, options that only earlier rounds had last."""
    options = {option.name: option for question in asked for option in question.options}
    names = list(dict.fromkeys(option.name for question in reversed(asked) for option in question.options))
    names = sorted(names) if asked[-1].kind == "column" else names
    return replace(asked[-1], options=tuple(options[name] for name in names))


def _joined(parts: Sequence[Any], lengths: Sequence[int], absent: object = None) -> Any:
    """Join the rounds' arrays; ``absent`` (or the type's missing value) where a round has none."""
    types = {part.dtype for part in parts if part is not None} or {np.dtype(float)}
    if types == {TEXT}:
        texts = [nothing(length) if part is None else part for part, length in zip(parts, lengths, strict=True)]
        return texts[0] if len(texts) == 1 else pd.concat(list(map(pd.Series, texts))).array
    dtype = types.pop() if len(types) == 1 else np.dtype(object)
    number = np.issubdtype(dtype, np.floating) or np.issubdtype(dtype, np.datetime64)
    filler = np.array([None], dtype=dtype)[0] if number or absent is None else absent
    filler = np.nan if filler is None else filler
    arrays = []
    for part, length in zip(parts, lengths, strict=True):
        if part is None:
            arrays.append(np.full(length, filler, dtype=dtype))
        else:
            arrays.append(part if part.dtype == dtype else _as_text(part))
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _as_text(numbers: Any) -> np.ndarray:
    if numbers.dtype == TEXT:
        return np.asarray(numbers, dtype=object)
    return objects(["" if np.isnan(number) else text_of(number) for number in numbers])


def _series(values: Any) -> pd.Series:
    return pd.Series(values, dtype=TEXT if values.dtype == object else values.dtype)


def _drift(parts: Sequence[Part], questions: Mapping[str, Question], asked: set[str]) -> Iterator[Finding]:
    """Questions of the form that no round, or not every round, has a column for."""
    files = ", ".join(part.sheet.name for part in parts)
    never = [name for name, question in questions.items() if name not in asked and question.kind != "other"]
    if parts and never:
        message = f"{len(never)} question(s) of the form have no column and are left out: {listed(never)}"
        yield Finding("note", "question_without_column", files, message, "", len(never))
    for part in parts:
        absent = [name for name in questions if name in asked and name not in part.cells]
        if absent:
            message = (
                f"{len(absent)} question(s) have a column in another round but not here, so they count as "
                f"not asked in {part.sheet.round}: {listed(absent)}"
            )
            remedy = "if they were asked, export them"
            yield Finding("note", "question_not_asked", part.sheet.name, message, remedy, len(absent))


def _options_not_offered(parts: Sequence[Part], codebook: Mapping[str, Question]) -> Iterator[Finding]:
    """Options that a round asked the question without offering."""
    for part in parts:
        absent = [column for name, cells in part.cells.items() for column in _absent(codebook[name], cells)]
        if absent:
            message = (
                f"{len(absent)} option(s) are not in the questionnaire of {part.sheet.round}, or have no column of 0 "
                f"and 1, so they count as not asked there: {listed(absent)}"
            )
            remedy = "if they were offered, export them"
            yield Finding("note", "option_not_asked", part.sheet.name, message, remedy, len(absent))


def _absent(question: Question, cells: Cells) -> Iterator[str]:
    """Options of a select question that one round did not offer, as ``question/option``."""
    own = {option.name for option in cells.question.options}
    for option in question.options if question.kind.startswith("select") else ():
        column = f"{question.name}/{option.name}"
        if column not in cells.values if question.kind == "select_multiple" else option.name not in own:
            yield column


def listed(names: Sequence[str]) -> str:
    """At most twenty names, and how many more there are."""
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more
