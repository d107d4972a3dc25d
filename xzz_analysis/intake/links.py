"""Rows of one unit in one round: their keys, and the parent's row each belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.answers import Answers
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.headers import find_column, match_columns, need_column

REPEAT_LINKS = (("_submission__uuid", "_uuid"), ("_submission__id", "_id"), ("PARENT_KEY", "KEY"))
"""Column of a repeat → column of its main sheet that it points to, as Kobo and ODK Central write them."""


@dataclass(frozen=True)
class Arrival:
    """How the records of one round came in, for the checks of quality; it lives in memory only.

    Attributes
    ----------
    submission : DataFrame, shape (records, up to 9)
        Who asked, from where, with which form, and when: see :class:`~xzz_analysis.intake.quality.Records`.
    broken, other_repeats : DataFrame of bool, shape (records, questions)
        Answers that break the form's constraint; texts of "other" that say what an option says.
    texts : DataFrame of uint64, shape (records, text questions)
        Hashes of free texts, 0 = empty or short.
    again : Keyed, optional
        Those who were interviewed a second time.
    """

    submission: pd.DataFrame = field(default_factory=pd.DataFrame)
    broken: pd.DataFrame = field(default_factory=pd.DataFrame)
    other_repeats: pd.DataFrame = field(default_factory=pd.DataFrame)
    texts: pd.DataFrame = field(default_factory=pd.DataFrame)
    again: Keyed | None = None


@dataclass(frozen=True)
class Keyed:
    """Answers with the keys of their rows, for linking; keys live in memory only and are never stored.

    Attributes
    ----------
    answers : Answers
    keys : Series of (round, key)
        Same index as the answers; the key is ``""`` where the export has none.
    arrivals : mapping of str to Arrival
        Round → how its records came in.
    """

    answers: Answers
    keys: pd.Series
    arrivals: Mapping[str, Arrival] = field(default_factory=dict)


@dataclass(frozen=True)
class Sheet:
    """Rows of one unit in one round.

    Attributes
    ----------
    round : str
    export : Export
    frame : DataFrame of str
        The export's rows that are kept.
    keys : Series of str
        Same index as ``frame``, which is a ``RangeIndex``.
    left_out : DataFrame of str
        Rows whose key repeats an earlier one's; repeat rows of their submissions are left out too.
    """

    round: str
    export: Export
    frame: pd.DataFrame
    keys: pd.Series
    left_out: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def name(self) -> str:
        """File, and worksheet for a repeat, for messages."""
        return self.export.file


def main_sheet(export: Export, round_: str, key: str) -> tuple[Sheet, list[Finding]]:
    """Rows of a table in one round; of rows with one key only the first is kept."""
    why = "without it rows cannot be told apart or linked"
    column = need_column(list(export.frame.columns), key, file=export.file, why=why)
    keys = export.frame[column].str.strip()
    keys = keys.mask(keys.isin(list(export.words)), "")
    empty = int((keys == "").sum())
    again = keys.duplicated() & (keys != "")
    findings = list(export.findings)
    if empty:
        message = f"{empty} of {len(keys):,} row(s) have no key, so nothing can be linked to them; they are kept"
        findings.append(Finding("error", "key_empty", f"{export.file}: {key}", message, "fill in the key", empty))
    if again.any():
        findings.append(_key_twice(export, keys, again, f"{export.file}: {key}"))
    left_out = export.frame[again].reset_index(drop=True)
    frame = (export.frame[~again] if again.any() else export.frame).reset_index(drop=True)
    kept = replace(export, frame=frame)  # the only copy of the cells
    return Sheet(round_, kept, frame, keys[~again].reset_index(drop=True), left_out), findings


def _key_twice(export: Export, keys: pd.Series, again: pd.Series, where: str) -> Finding:
    """A record sent twice is a warning; records that share a key and differ in their answers are an error."""
    columns = match_columns(list(export.frame.columns), export.form.questions)
    asked = [*columns.whole.values(), *(header for options in columns.options.values() for header in options.values())]
    answers = export.frame[[name for name in asked if not _is_metadata(name)]]
    same = int((again & answers.duplicated()).sum())
    count = int(again.sum())
    message = (
        f"{count} of {len(keys):,} row(s) repeat the key of an earlier row ({keys[again].nunique()} key(s) "
        f"occur more than once; {same} of the rows have the same answers, {count - same} differ); the first "
        "row of each key is used, the later ones are left out"
    )
    remedy = "delete the wrong rows in the export, or give them their own keys"
    return Finding("error" if same < count else "warning", "key_twice", where, message, remedy, count)


def _is_metadata(name: str) -> bool:
    """Whether a column identifies the submission, not what was answered."""
    return name.startswith("_") or name.rpartition("/")[2] in ("KEY", "instanceID", "uuid", "instanceName")


def links_only(sheet: Sheet) -> Sheet:
    """The sheet without its cells, when they are typed; columns that rows of repeats point to stay."""
    pointed = [theirs for theirs in (*dict(REPEAT_LINKS).values(), "_index") if theirs in sheet.frame]
    frame = sheet.frame[pointed]
    return replace(sheet, frame=frame, export=replace(sheet.export, frame=frame))


def repeat_sheet(repeat: str, main: Sheet) -> Sheet | None:
    """The rows of a repeat in one round, where the export has them."""
    export = main.export.repeats.get(repeat)
    if export is None:
        return None
    keys = pd.Series([str(position) for position in range(len(export.frame))], dtype="str")
    return Sheet(main.round, export, export.frame, keys)


def parent_rows(sheet: Sheet, column: str, parent: Keyed) -> np.ndarray:
    """Row of the parent for each row of a child table, -1 where there is none."""
    header = need_column(list(sheet.frame.columns), column, file=sheet.name, why="it links each row with its parent")
    rows = {key: row for row, (round_, key) in enumerate(parent.keys) if round_ == sheet.round and key}
    return _looked_up(sheet.frame[header].str.strip(), rows)


def repeat_rows(sheet: Sheet, main: Sheet, key: str) -> np.ndarray:
    """Row of the main sheet for each row of a repeat, -1 where there is none.

    The submission's identifier is used if both have it, else the key of the main table, else Kobo's
    ``_parent_index``, which holds within one export only.
    """
    for own, theirs in REPEAT_LINKS:
        if own in sheet.frame and theirs in main.frame:
            pointers = sheet.frame[own].str.strip()
            if own == "PARENT_KEY":
                pointers = pointers.str.split("/", n=1).str[0]
            return _looked_up(pointers, _rows_of(main.frame[theirs]))
    own_key = find_column(list(sheet.frame.columns), key)
    if own_key:
        return _looked_up(sheet.frame[own_key].str.strip(), _rows_of(main.keys))
    nested = "_parent_table_name" in sheet.frame and sheet.frame["_parent_table_name"].nunique() > 1
    if "_parent_index" in sheet.frame and "_index" in main.frame and not nested:
        return _looked_up(sheet.frame["_parent_index"].str.strip(), _rows_of(main.frame["_index"]))
    known = ", ".join(own for own, _ in REPEAT_LINKS)
    raise InputError(
        f"{sheet.name} has no column that links its rows with {main.name}: none of {key}, {known} and "
        "_parent_index leads to a column there; export it with one of them"
    )


def of_left_out(sheet: Sheet, main: Sheet, key: str) -> np.ndarray:
    """Rows of a repeat that belong to a submission left out because its key repeats another's.

    A submission sent twice has one identifier; then Kobo's positions inside the export tell whose rows are whose, and
    without them the rows stay.
    """
    if main.left_out.empty:
        return np.zeros(len(sheet.frame), dtype=bool)
    nobody = pd.Series([""] * len(main.left_out), dtype="str")
    gone = repeat_rows(sheet, replace(main, frame=main.left_out, keys=nobody), key) >= 0
    shared = gone & (repeat_rows(sheet, main, key) >= 0)
    if shared.any() and "_parent_index" in sheet.frame and "_index" in main.left_out:
        position = _looked_up(sheet.frame["_parent_index"].str.strip(), _rows_of(main.left_out["_index"]))
        return np.asarray(np.where(shared, position >= 0, gone))
    return gone & ~shared


def orphans(sheet: Sheet, rows: np.ndarray, parent: str) -> list[Finding]:
    """A finding when rows have no parent."""
    count = int((rows < 0).sum())
    if not count:
        return []
    message = (
        f"{count} of {len(rows):,} row(s) have no row in {parent!r} of round {sheet.round}; they are kept, "
        f"but the answers and the design of {parent!r} are unknown for them"
    )
    remedy = f"correct the link, or add the missing rows to {parent!r}"
    return [Finding("warning", "parent_missing", sheet.name, message, remedy, count)]


def _rows_of(pointers: pd.Series) -> dict[str, int]:
    stripped = pointers.str.strip()
    return {pointer: row for row, pointer in reversed(list(enumerate(stripped))) if pointer}


def _looked_up(pointers: pd.Series, rows: dict[str, int]) -> np.ndarray:
    return pointers.map(rows).fillna(-1).to_numpy(dtype=np.int64)
