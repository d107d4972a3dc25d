"""Whether a mutation was mapped right, stopped with its name, or passed in silence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd
from questionnaires import Asked, answers, form

from xzz_analysis.intake.export import Export
from xzz_analysis.intake.rounds import apply, check, draft
from xzz_analysis.intake.rounds.entries import Crosswalk

Verdict = Literal["mapped right", "stopped", "stopped without its name", "silent"]
ROUND = "2025Q2"


@dataclass(frozen=True)
class Case:
    """Two questionnaires, and what happened to the earlier one's export.

    Attributes
    ----------
    kind : str
    earlier, later : sequence of Asked
    damage : callable, optional
        Changes the earlier round's exported frame.
    names : tuple of str
        Questions that a stop must name, beside those that differ.
    """

    kind: str
    earlier: tuple[Asked, ...]
    later: tuple[Asked, ...]
    damage: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    names: tuple[str, ...] = ()

    def reversed(self) -> Case:
        """The same change from the later round to the earlier one."""
        return replace(self, kind=f"{self.kind} (back)", earlier=self.later, later=self.earlier)


@dataclass(frozen=True)
class Judged:
    """A verdict, and whether the proposal would have been right had a person confirmed it unseen."""

    verdict: Verdict
    proposal_right: bool
    message: str = ""


def judge(case: Case, *, propose: bool = False, draft: Callable[..., Crosswalk] = draft) -> Judged:
    """Draft, check, apply, and compare the applied data with what was truly asked.

    ``propose`` also judges the proposals of what is stopped; ``draft`` is what drafts.
    """
    frame = answers(case.earlier)
    frame = case.damage(frame) if case.damage else frame
    export = Export("round.csv", frame, form(case.earlier))
    crosswalk = draft(form(case.earlier), form(case.later))
    findings = check(export, crosswalk)
    if findings:
        said = "\n".join(map(str, findings))
        named = any(re.search(rf"(?<!\w){name}(?!\w)", said) for name in _touched(case))
        right = propose and _proposal(case, export, crosswalk)
        return Judged("stopped" if named else "stopped without its name", right, said)
    wrong = mistakes(case, frame, apply(export, crosswalk, ROUND), crosswalk)
    return Judged("silent" if wrong else "mapped right", not wrong, "\n".join(wrong))


def _proposal(case: Case, export: Export, crosswalk: Crosswalk) -> bool:
    """Whether the proposals, all confirmed as they are, would have given the truth."""
    entries = tuple(entry.model_copy(update={"confirmed": True}) for entry in crosswalk.entries)
    confirmed = replace(crosswalk, entries=entries)
    if check(export, confirmed):
        return False
    return not mistakes(case, export.frame, apply(export, confirmed, ROUND), confirmed)


def _touched(case: Case) -> set[str]:
    """Names of the questions that differ, that another question now stands before, or whose logic uses such a one."""
    sides = [_placed(one) for one in (case.earlier, case.later)]
    found = {one.name for side, other in (sides, sides[::-1]) for one, before in side if (one, before) not in other}
    used = {
        one.name
        for one in (*case.earlier, *case.later)
        if any(f"${{{name}}}" in text for text in one.question.relevant for name in found)
    }
    return found | used | {*case.names}


def _placed(asked: Sequence[Asked]) -> list[tuple[Asked, str]]:
    return [(one, asked[place - 1].asks if place else "") for place, one in enumerate(asked)]


Columns = Mapping[str, Sequence[str]]


def mistakes(case: Case, raw: pd.DataFrame, applied: Export, crosswalk: Crosswalk) -> list[str]:
    """Everything in the applied data that is not what was truly asked and answered."""
    before, after = raw.to_dict("list"), applied.frame.to_dict("list")
    refused = {(question, option) for question, option, _ in crosswalk.not_comparable(ROUND)}
    asked = {one.asks: one for one in case.earlier}
    found = []
    for later in case.later:
        columns = [header for header in after if header.partition("/")[0] == later.name]
        earlier = asked.get(later.asks)
        if earlier is None or not any(header.partition("/")[0] == earlier.name for header in before):
            if columns and (later.name, "") not in refused:
                found.append(f"{later.name} holds answers to another question: {columns}")
        elif earlier.question.kind == "select_multiple":
            found += _marks_differ(earlier, later, before, after)
        else:
            found += _answers_differ(earlier, later, before, after)
    return found


def _answers_differ(earlier: Asked, later: Asked, before: Columns, after: Columns) -> list[str]:
    """Answers of one question that do not say what the respondent said."""
    if later.name not in after:
        return [f"{later.name} lacks the answers of {earlier.name}"]
    pairs = sorted(set(zip(before[earlier.name], after[later.name], strict=True)))
    if not earlier.means:
        return [f"{later.name}: {said} was read as {read}" for said, read in pairs if said != read]
    kept = {name: _place(means, later) for name, means in earlier.means.items()}
    names = {option.name for option in later.question.options}
    return [f"{later.name}: {said} was read as {read}" for said, read in pairs if not _right(said, read, kept, names)]


def _right(said: str, read: str, kept: Mapping[str, str | None], names: set[str]) -> bool:
    """Whether one answer is read as what was said; without a place among the options it must pass for none of them."""
    place = kept.get(said)
    if said == "":
        return read == ""
    return read not in names if place is None else read == place


def _marks_differ(earlier: Asked, later: Asked, before: Columns, after: Columns) -> list[str]:
    """Options of one question that are not marked as they were chosen."""
    found = []
    for name in later.means:
        sources = [
            before[f"{earlier.name}/{one}"]
            for one, means in earlier.means.items()
            if _place(means, later) == name and f"{earlier.name}/{one}" in before
        ]
        column = f"{later.name}/{name}"
        if not sources and column in after:
            found.append(f"{column} was not offered, and holds answers")
        elif sources:
            chosen = ["1" if "1" in marks else marks[0] for marks in zip(*sources, strict=True)]
            if list(after.get(column, ())) != chosen:
                found.append(f"{column} does not hold the answers of its options")
    return found


def _place(means: frozenset[str], later: Asked) -> str | None:
    """The later option that all these answers fall under."""
    return next((name for name, others in later.means.items() if means <= others), None)
