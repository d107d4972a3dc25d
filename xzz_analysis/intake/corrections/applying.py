"""Raw export and log → clean export; what the log expects and does not find stops the work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.intake.answers import Reason
from xzz_analysis.intake.corrections.editing import Editing
from xzz_analysis.intake.corrections.log import NOTHING, REMOVED_WORD, Correction, Log, Problems
from xzz_analysis.intake.corrections.places import Place, Places, key_column, option_names, places_of
from xzz_analysis.intake.export import Export

_STALE = (
    "the export or an earlier row of the log changed the cell since; look at the record again and correct the log "
    f"(an empty cell is expected with {NOTHING!r})"
)


@dataclass(frozen=True)
class Applied:
    """What a log did to an export.

    Attributes
    ----------
    counts : DataFrame
        Columns ``question`` (str, ``""`` for whole records), ``change``, ``reason`` (the staff's own words) and ``n``
        (int), one row for each combination, in the order of the log.
    taken_out : DataFrame of str
        The rows of the raw export that were taken out; rows of repeats that belong to them go with them.
    cells : int
        Answers that hold something else than in the raw export, records taken out not counted.
    findings : tuple of Finding
        Rows of the log that nothing guards, that repeat another, or that do nothing.
    """

    counts: pd.DataFrame
    taken_out: pd.DataFrame = field(repr=False)
    cells: int
    findings: tuple[Finding, ...] = ()


def apply(export: Export, log: Log, key: str) -> tuple[Export, Applied]:
    """Apply the corrections in the order of the log.

    Parameters
    ----------
    export : Export
        Never changed itself.
    log : Log
        Corrections of this round whose keys are written as in the export (:meth:`Log.of_round`, :meth:`Log.rekeyed`).
    key : str
        Column that identifies a record, group names in front allowed.

    Returns
    -------
    tuple of Export and Applied
        A select-multiple's option columns and its own column are changed together. An answer that was taken out
        holds :data:`REMOVED_WORD`, which ``words`` of the new export maps to ``Reason.REMOVED``.

    Raises
    ------
    InputError
        No such key column; or every correction that cannot be applied, told at once by question and row of the log:
        its record, question or option is unknown, its record is not the only one with that key, or its cell does not
        hold what it expects.
    """
    key = key_column(export, key)
    work = _Work(export, log, places_of(export, key), _positions(export.frame[key]))
    for correction in log.corrections:
        work.take(correction)
    work.problems.refuse()
    return work.corrected(), work.applied()


def _positions(keys: pd.Series) -> dict[str, int]:
    """Row of each key; -1 when several records have it."""
    rows: dict[str, int] = {}
    for row, written in enumerate(keys.astype(str).str.strip()):
        if written:
            rows[written] = -1 if written in rows else row
    return rows


@dataclass
class _Work:
    """A table while it is corrected."""

    export: Export
    log: Log
    places: Places
    rows: Mapping[str, int]
    problems: Problems = field(init=False)
    notes: Problems = field(init=False)
    cells: Editing = field(init=False)
    removed: set[int] = field(default_factory=set)
    before: dict[tuple[int, str], tuple[Place, object]] = field(default_factory=dict)
    done: set[tuple[int, str, str, str]] = field(default_factory=set)
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.cells = Editing(self.export.frame)
        self.problems = Problems(self.log.file)
        self.notes = Problems(self.log.file, "warning")

    def take(self, one: Correction) -> None:
        """Apply one correction, or note why it cannot be."""
        row = self.rows.get(one.key.strip())
        place = self.places.find(one.question) if one.changes_cell else None
        if row is None:
            said = "name a record that the export does not have"
            remedy = "check which export and round the log belongs to, and how its keys are written"
            self.problems.add("correction_key_unknown", one.question, said, remedy, one.row)
        elif row < 0:
            said = "name a key that several records have"
            self.problems.add("correction_ambiguous", one.question, said, "use a key that is unique", one.row)
        elif one.changes_cell and place is None:
            said = f"name a question that the export does not have{self.places.near(one.question)}"
            self.problems.add("correction_question_unknown", one.question, said, "correct the name", one.row)
        elif row in self.removed and one.change != "no_action":
            said = "are about a record that an earlier row takes out, and do nothing"
            self.notes.add("correction_without_effect", place.name if place else "", said, "", one.row)
        else:
            self._do(one, row, place)

    def _do(self, one: Correction, row: int, place: Place | None) -> None:
        if place is not None and not self._may(one, row, place):
            return
        self.counts[place.name if place else "", one.change, one.why] += 1
        if one.change == "remove_survey":
            self.removed.add(row)
        elif place is not None:
            self.before.setdefault((row, place.question.name), (place, self.cells.state(row, place)))
            self.cells.write(row, place, place.written(one.new) if one.change == "change_response" else REMOVED_WORD)
            self.done.add((row, place.name, one.expected, one.new))

    def _may(self, one: Correction, row: int, place: Place) -> bool:
        """Whether the new value is an answer, and the cell holds what the correction expects."""
        objection = place.objection(one.new) if one.change == "change_response" else ""
        if objection:
            remedy = "correct the new value; an option that cleaning adds is declared in study.yml under added_options"
            self.problems.add("correction_value", place.name, objection, remedy, one.row)
            return False
        held = self.cells.held(row, place)
        if not one.expected:
            said = "do not say what the cell held, so nothing guards them"
            self.notes.add("correction_unguarded", place.name, said, "write the old value", one.row)
        elif not place.same(one.expected, held):
            if (row, place.name, one.expected, one.new) in self.done and place.same(one.new, held):
                said = "repeat an earlier row, and do nothing"
                self.notes.add("correction_repeated", place.name, said, "delete them", one.row)
            else:
                said = f"expect another value than the cell holds{_shown(place, one.expected, held)}"
                self.problems.add("correction_stale", place.name, said, _STALE, one.row)
            return False
        return True

    def applied(self) -> Applied:
        """Counts for the annex, and what is odd but stops nothing."""
        rows = [(*what, n) for what, n in self.counts.items()]
        counts = pd.DataFrame(rows, columns=["question", "change", "reason", "n"])
        changed = sum(
            state != self.cells.state(row, place)
            for (row, _), (place, state) in self.before.items()
            if row not in self.removed
        )
        findings = (*self.log.findings, *self.notes.findings())
        taken_out = self.export.frame.iloc[sorted(self.removed)].reset_index(drop=True)
        return Applied(counts, taken_out, changed, findings)

    def corrected(self) -> Export:
        """The export without the records taken out, its answers corrected."""
        stay = np.ones(len(self.export.frame), dtype=bool)
        stay[list(self.removed)] = False
        words = {**self.export.words, REMOVED_WORD: Reason.REMOVED}
        return replace(self.export, frame=self.cells.made(stay), words=words)


def _shown(place: Place, expected: str, held: str) -> str:
    """What was expected and found, if both are options of the form."""
    known = option_names(place.question)
    shown = place.question.kind == "select_one" and {expected, held} <= set(known)
    return f" ({expected}, not {held})" if shown else ""
