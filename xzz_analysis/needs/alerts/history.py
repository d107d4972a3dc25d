"""Alerts over editions: first seen, still there, gone. A frame that grows and is never rewritten."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.language import Label
from xzz_analysis.needs.alerts.detection import Alerts

FILE = "alerts_history.csv"
HISTORY_COLUMNS = (
    "edition",
    "round",
    "watch_id",
    "alert_id",
    "rule",
    "kind",
    "severity",
    "unit",
    "indicator",
    "by",
    "state",
)
"""Columns of the history, all texts; no figure is kept. An edition without alerts has one row without ids."""

COURSES: dict[str, Label] = {
    "new": {"zh": "新出现", "en": "first seen"},
    "still_there": {"zh": "仍然存在", "en": "still there"},
    "back": {"zh": "再次出现", "en": "back again"},
    "gone": {"zh": "已消失", "en": "gone"},
}
"""How an alert goes on from edition to edition."""

STANDING_COLUMNS = (
    "watch_id",
    "course",
    "first_edition",
    "first_round",
    "last_edition",
    "last_round",
    "editions",
    "rule",
    "kind",
    "severity",
    "unit",
    "indicator",
    "by",
    "state",
)
"""Columns of :func:`standing`."""


def no_history() -> pd.DataFrame:
    """A history of no edition."""
    return pd.DataFrame(columns=list(HISTORY_COLUMNS), dtype="str")


def add_edition(history: pd.DataFrame, alerts: Alerts, states: pd.Series, edition: str) -> pd.DataFrame:
    """Add one edition to the history.

    Parameters
    ----------
    history : DataFrame
        Columns :data:`HISTORY_COLUMNS`.
    alerts : Alerts
        Of the edition; the rows that are alerts are kept.
    states : Series of str, same index as ``alerts``
        What was decided, see :func:`~xzz_analysis.needs.alerts.triage.states`.
    edition : str
        Name of the edition, not in the history yet; the same edition with the same rows changes nothing.

    Returns
    -------
    DataFrame
        The old rows as they were, then the new ones.

    Raises
    ------
    InputError
        The edition is there already with other alerts: what was published cannot be another thing today.
    """
    rows = pd.DataFrame(Alerts(alerts.assign(state=states.to_numpy())).raised()).assign(edition=edition)
    if rows.empty:
        rows = pd.DataFrame([dict.fromkeys(HISTORY_COLUMNS, "") | {"edition": edition, "round": _round(alerts)}])
    fresh = rows[list(HISTORY_COLUMNS)].astype("str").reset_index(drop=True)
    there = history[history["edition"] == edition].reset_index(drop=True)
    if there.empty:
        return pd.concat([history, fresh], ignore_index=True)
    if not _same(there, fresh):
        raise InputError(
            f"edition {edition!r} is in the history of alerts with {len(there)} row(s), and others are to be written "
            f"({len(fresh)}); a history is never rewritten: give the new edition a name of its own"
        )
    return history


def standing(history: pd.DataFrame) -> pd.DataFrame:
    """How every alert ever seen stands in the last edition of a history.

    Parameters
    ----------
    history : DataFrame

    Returns
    -------
    DataFrame, one row per watch id, in the order of their first appearance
        Columns :data:`STANDING_COLUMNS`. ``course`` is ``new`` (in the last edition for the first time),
        ``still_there`` (in the one before too), ``back`` (earlier, then not), or ``gone``; ``editions`` counts those
        that had it. The other columns are those of its last appearance.
    """
    editions = list(dict.fromkeys(history["edition"]))
    place = history["edition"].map({name: number for number, name in enumerate(editions)})
    seen = history.assign(place=place)[history["watch_id"] != ""]
    if seen.empty:
        return pd.DataFrame(columns=list(STANDING_COLUMNS))
    groups = seen.groupby("watch_id", sort=False)
    first, last = groups.head(1).set_index("watch_id"), groups.tail(1).set_index("watch_id")
    count = groups["place"].nunique()
    now = len(editions) - 1
    before = set(seen.loc[seen["place"] == now - 1, "watch_id"])
    there, earlier = (last["place"] == now).reindex(first.index), np.array([name in before for name in first.index])
    course = np.select([~there, count.reindex(first.index) == 1, earlier], ["gone", "new", "still_there"], "back")
    told = last.reindex(first.index)[["rule", "kind", "severity", "unit", "indicator", "by", "state"]]
    told = told.assign(course=course, editions=count.reindex(first.index))
    for name, rows in (("first", first), ("last", last.reindex(first.index))):
        told[f"{name}_edition"], told[f"{name}_round"] = rows["edition"], rows["round"]
    return told.reset_index()[list(STANDING_COLUMNS)]


def read_history(folder: Path) -> pd.DataFrame:
    """Read the history of a folder; without a file it is one of no edition.

    Raises
    ------
    InputError
        The file is not UTF-8, or has other columns.
    """
    path = folder / FILE
    if not path.is_file():
        return no_history()
    try:
        table = pd.read_csv(path, dtype="str", encoding="utf-8", keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{FILE} is no CSV in UTF-8 ({type(error).__name__}); take it from a backup") from None
    absent = [name for name in HISTORY_COLUMNS if name not in table]
    if absent or len(table.columns) != len(HISTORY_COLUMNS):
        near = suggest(absent[0], table.columns) if absent else ""
        said = f"lacks {', '.join(map(repr, absent))}{near}" if absent else "has columns of no history"
        raise InputError(f"{FILE} {said}; its columns are {', '.join(HISTORY_COLUMNS)}: take it from a backup")
    return table[list(HISTORY_COLUMNS)]


def write_history(folder: Path, history: pd.DataFrame) -> Path:
    """Write a history that goes on from the one in the folder: complete, or not at all.

    Parameters
    ----------
    folder : Path
        It exists.
    history : DataFrame

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        The file holds rows that the new history does not begin with.
    """
    path, old = folder / FILE, read_history(folder)
    if not _same(old, history.head(len(old))):
        raise InputError(
            f"{FILE} holds {len(old)} row(s), and the history to be written ({len(history)} rows) does not begin with "
            "them; a history is never rewritten: read it, add the edition, and write that"
        )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([HISTORY_COLUMNS, *history[list(HISTORY_COLUMNS)].to_numpy().tolist()])
    temporary = path.with_name(f".{FILE}.tmp")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(text.getvalue())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return path


def _round(alerts: pd.DataFrame) -> str:
    return str(alerts["round"].iloc[0]) if len(alerts) else ""


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    names = list(HISTORY_COLUMNS)
    return one[names].astype(str).to_numpy().tolist() == other[names].astype(str).to_numpy().tolist()
