"""Raw and clean export → the log that turns one into the other; and where a log given by hand says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.corrections.log import NOTHING, REMOVED_WORD, Correction, Log
from xzz_analysis.intake.corrections.places import Place, Places, form_places, key_column, mark, marks, places_of
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form

COLUMNS = ["difference", "question", "change", "log_row", "record_row"]
LOG_ONLY, DATA_ONLY, OTHER = "log_only", "data_only", "other_value"


def derive(raw: Export, clean: Export, key: str) -> Log:
    """Find the corrections that turn a raw export into a clean one.

    Parameters
    ----------
    raw, clean : Export
        With the same form; the records of ``clean`` may stand in any order.
    key : str
        Header of the column that identifies a record in both.

    Returns
    -------
    Log
        Records that are gone, then answers that differ, in the order of the raw export. ``row`` is the position of
        the record there, from 1. A select-multiple is one correction with all its options, or one per option where
        not every option is known. ``findings`` tell what no correction can: columns and records that only one of
        the two has, and a select-multiple whose own column disagrees with its option columns.

    Raises
    ------
    InputError
        One of them has no column ``key``, or several records share a key.
    """
    key = key_column(raw, key)
    before, after = _rows(raw, key), _rows(clean, key_column(clean, key))
    shared = before.index.intersection(after.index, sort=False)
    pair = _Pair(raw, clean, key, before[shared].to_numpy(), after[shared].to_numpy())
    made = [
        Correction(int(row) + 1, "remove_survey", key=str(name), reason="derived")
        for name, row in before.drop(shared).items()
    ]
    made += sorted(pair.corrections(), key=lambda one: one.row)
    added = len(after.index.difference(before.index))
    return Log(f"{raw.file} → {clean.file}", tuple(made), tuple(_unexplained(pair, added)))


def _rows(export: Export, key: str) -> pd.Series:
    """Row of every record by its key; records without a key are left out."""
    keys = export.frame[key].astype(str).str.strip()
    rows = pd.Series(np.arange(len(keys)), index=pd.Index(keys, dtype=object))[(keys != "").to_numpy()]
    twice = int(rows.index.duplicated().sum())
    if twice:
        raise InputError(
            f"{export.file}: {twice} record(s) repeat the key of another in column {key!r}, so it is not known which "
            "belongs to which; name a column that is unique, such as _uuid"
        )
    return rows


@dataclass(frozen=True)
class _Pair:
    """Two exports and the rows of the records that both have."""

    raw: Export
    clean: Export
    key: str
    before: np.ndarray
    after: np.ndarray

    def corrections(self) -> Iterator[Correction]:
        """Every answer that differs, question by question."""
        places, others = places_of(self.raw, self.key), places_of(self.clean, self.key)
        for name, place in places.by_name.items():
            other = others.by_name.get(name)
            if other is None:
                continue
            if place.question.kind == "select_multiple" and place.options and other.options:
                yield from self._multiple(place, other)
            elif place.whole and other.whole:
                yield from self._single(place, other)

    def _single(self, place: Place, other: Place) -> Iterator[Correction]:
        old, new = self._cells(place.whole, other.whole)
        removed = (new == REMOVED_WORD) & (old != REMOVED_WORD)
        for at in map(int, np.flatnonzero(old != new)):
            if removed[at] or not place.same(old[at], new[at]):
                yield self._correction(at, place.name, old[at], new[at])

    def _multiple(self, place: Place, other: Place) -> Iterator[Correction]:
        names = list(dict.fromkeys((*place.options, *other.options)))
        old, new = self._matrix(place, names, self.raw), self._matrix(other, names, self.clean)
        for at in map(int, np.flatnonzero((old != new).any(axis=1))):
            yield from self._chosen(at, place, names, old[at], new[at])

    def _chosen(
        self, at: int, place: Place, names: list[str], old: np.ndarray, new: np.ndarray
    ) -> Iterator[Correction]:
        """Corrections of one answer of a select-multiple."""
        was = " ".join(name for name, one in zip(names, old, strict=True) if one == "1")
        if not {"0", "1"} & set(new):
            yield self._correction(at, place.name, was, "")
        elif "1" in new and set(new) <= {"0", "1"}:
            now = " ".join(name for name, one in zip(names, new, strict=True) if one == "1")
            yield self._correction(at, place.name, was, now)
        else:
            yield from self._marked(at, place, sorted(zip(names, old, new, strict=True), key=lambda one: one[2] != "1"))

    def _marked(self, at: int, place: Place, marked: list[tuple[str, str, str]]) -> Iterator[Correction]:
        """One correction per option; once one is chosen, an option that was unknown counts as not chosen."""
        answered = False
        for name, old, new in marked:
            was = "0" if answered and not mark(old) else mark(old)
            if was != mark(new):
                yield self._correction(at, f"{place.name}/{name}", was, mark(new))
                answered = answered or new == "1"

    def _correction(self, at: int, question: str, old: str, new: str) -> Correction:
        row = int(self.before[at])
        gone = new in ("", REMOVED_WORD)
        return Correction(
            row + 1,
            "blank_response" if gone else "change_response",
            question,
            key=str(self.raw.frame[self.key].iat[row]).strip(),
            old=NOTHING if old in ("", REMOVED_WORD) else old,
            new="" if gone else new,
            reason="derived",
        )

    def _cells(self, header: str, other: str) -> tuple[np.ndarray, np.ndarray]:
        """The cells of the records that both have, as written without spaces around."""
        old = self.raw.frame[header].str.strip().to_numpy(object)[self.before]
        return old, self.clean.frame[other].str.strip().to_numpy(object)[self.after]

    def _matrix(self, place: Place, names: list[str], export: Export) -> np.ndarray:
        """``1``, ``0`` or ``""`` per record and option; an option without a column was not chosen."""
        rows = self.before if export is self.raw else self.after
        known = {name: marks(export.frame[header])[rows] for name, header in place.options.items()}
        answered = np.isin(np.column_stack(list(known.values())), ("0", "1")).any(axis=1)
        absent = np.where(answered, "0", next(iter(known.values()))).astype(object)
        return np.column_stack([known.get(name, absent) for name in names])


def _unexplained(pair: _Pair, added: int) -> Iterator[Finding]:
    """What differs and is no correction."""
    where = pair.clean.file
    before, after = (list(map(str, one.frame.columns)) for one in (pair.raw, pair.clean))
    options = {
        header for place in places_of(pair.clean, pair.key).by_name.values() for header in place.options.values()
    }
    gone = [name for name in before if name not in after]
    new = [name for name in after if name not in before and name not in options]
    if gone:
        yield _note("columns_removed", where, f"lacks {len(gone)} column(s) of the raw export", gone)
    if new:
        yield _note("columns_added", where, f"has {len(new)} column(s) that the raw export lacks", new)
    if added:
        message = f"{added} record(s) are not in the raw export, and no correction adds records"
        yield Finding("warning", "records_added", where, message, "find out where they come from", added)
    for export in (pair.raw, pair.clean):
        empty = int((export.frame[pair.key].str.strip() == "").sum())
        if empty:
            message = f"{empty} record(s) have no key and were not compared"
            yield Finding("warning", "key_empty", f"{export.file}: {pair.key}", message, "fill in the key", empty)
    yield from _own_columns(pair)


def _own_columns(pair: _Pair) -> Iterator[Finding]:
    """Questions of the clean export whose own column disagrees with their option columns."""
    for name, place in places_of(pair.clean, pair.key).by_name.items():
        if place.multiple and place.whole and place.options:
            count = _disagreements(pair, place)
            if count:
                message = f"in {count} answer(s) its own column says otherwise than its option columns, which are used"
                remedy = "make the question's own column again from its options"
                yield Finding("warning", "options_disagree", f"{pair.clean.file}: {name}", message, remedy, count)


def _note(rule: str, where: str, said: str, names: list[str]) -> Finding:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return Finding("note", rule, where, f"{said}: {', '.join(names[:20])}{more}", "", len(names))


def _disagreements(pair: _Pair, place: Place) -> int:
    """Answers of the clean export whose own column does not name the options that are marked."""
    frame = pair.clean.frame
    text = pd.Series("", index=frame.index, dtype=object)
    for name, header in place.options.items():
        text = text + np.where(marks(frame[header]) == "1", f"{name} ", "")
    whole = frame[place.whole].replace(REMOVED_WORD, "").astype(object)
    pairs = pd.DataFrame({"text": text, "whole": whole}).value_counts()
    differ = [set(one.split()) != set(other.split()) for one, other in pairs.index]
    return int(pairs[differ].sum())


def compare(log: Log, derived: Log, form: Form) -> pd.DataFrame:
    """Say where a log and the data disagree.

    Parameters
    ----------
    log : Log
        As handed in.
    derived : Log
        From :func:`derive` of the raw and the clean export, with the same keys.
    form : Form
        For option names, numbers and days; of several corrections of one cell the last counts.

    Returns
    -------
    DataFrame
        One row per disagreement, none when they agree. ``difference``: ``log_only`` (the data do not show it),
        ``data_only`` (the log does not say it), ``other_value`` (both say that the cell changed, to different
        values). ``question`` is ``""`` for whole records. ``log_row`` is the row of the log, ``record_row`` the
        position of the record in the raw export from 1; 0 where there is none. No key and no value is shown.
    """
    places = form_places(form)
    given, told = _by_cell(log.corrections, places), _by_cell(derived.corrections, places)
    gone = {one.key for one in derived.corrections if one.change == "remove_survey"}
    rows = list(_records(log, derived))
    for (key, question), said in given.items():
        if key in gone:
            continue
        found = told.get((key, question), [])
        difference = _difference(said, found, places.by_name.get(question))
        if difference:
            rows.append((difference, question, said[-1].change, said[-1].row, found[0].row if found else 0))
    for (key, question), found in told.items():
        if (key, question) not in given:
            rows.append((DATA_ONLY, question, found[-1].change, 0, found[0].row))
    return pd.DataFrame(rows, columns=COLUMNS)


def _by_cell(corrections: Iterable[Correction], places: Places) -> dict[tuple[str, str], list[Correction]]:
    """Corrections of cells by key and question, the options of a select-multiple with their question."""
    found: dict[tuple[str, str], list[Correction]] = {}
    for one in corrections:
        if one.changes_cell:
            place = places.find(one.question)
            name = place.question.name if place else one.question
            found.setdefault((one.key, name), []).append(one)
    return found


def _records(log: Log, derived: Log) -> Iterator[tuple[str, str, str, int, int]]:
    """Records that only one of the two takes out."""
    said = {one.key: one.row for one in log.corrections if one.change == "remove_survey"}
    found = {one.key: one.row for one in derived.corrections if one.change == "remove_survey"}
    for key, row in said.items():
        if key not in found:
            yield LOG_ONLY, "", "remove_survey", row, 0
    for key, row in found.items():
        if key not in said:
            yield DATA_ONLY, "", "remove_survey", 0, row


def _difference(said: Sequence[Correction], found: Sequence[Correction], place: Place | None) -> str:
    """How the corrections of one answer differ from what the data tell of it, ``""`` when they do not."""
    place = place or Place(Question(said[0].question, "column"), said[0].question)
    if place.multiple:
        return _chosen_differ(said, found, place)
    last = place.plain(said[-1].new)
    if not found:
        return "" if said[0].expected and place.plain(said[0].expected) == last else LOG_ONLY
    return "" if place.plain(found[-1].new) == last else OTHER


def _chosen_differ(said: Sequence[Correction], found: Sequence[Correction], place: Place) -> str:
    """The same for a select-multiple, by the options that are chosen in the end."""
    start = _chosen(set(), [_undone(one) for one in reversed(found or said)], place)
    end = _chosen(start, said, place)
    if not found:
        return "" if end == start and all(one.expected for one in said) else LOG_ONLY
    seen = _chosen(start, found, place)
    if any(one.question == place.name for one in found):
        return "" if end == seen else OTHER
    told = {_option(one, place) for one in found}  # of the other options the data tell only that they are as before
    return "" if end & told == seen & told else OTHER


def _chosen(start: set[str], corrections: Iterable[Correction], place: Place) -> set[str]:
    """Options that are chosen after the corrections."""
    chosen = set(start)
    for one in corrections:
        if one.question == place.name:
            chosen = set() if one.new in ("", NOTHING) else set(place.words(one.new))
        elif mark(one.new) == "1":
            chosen.add(_option(one, place))
        else:
            chosen.discard(_option(one, place))
    return chosen


def _option(one: Correction, place: Place) -> str:
    return one.question[len(place.name) + 1 :]


def _undone(one: Correction) -> Correction:
    return Correction(one.row, one.change, one.question, new=one.expected)
