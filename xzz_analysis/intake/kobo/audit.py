"""audit.csv of Kobo and ODK: how long each question was on the screen, without places or answers.

The format is ODK's (getodk.github.io/xforms-spec/client-audit-logs): one row per event, times in milliseconds;
only the time that passes between events of one session is exact, since users can set the clock of a device.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError, suggest

KEY_COLUMNS = ("instance ID", "instanceID", "_uuid", "KEY")
"""Column that says whose log a row is; ODK Central writes the first. A log in a folder is its folder's."""
MAX_FILES = 1_000_000
MAX_LOG = 64 * 1024**2

_NEEDED = ("event", "node", "start", "end")
_CHANGES = ("old-value", "new-value")
_TIME = re.compile(r"[0-9]{1,15}(\.[0-9]+)?")
_PLACE_IN_REPEAT = re.compile(r"\[[0-9]+\]")
_Row = tuple[str, str, str, str, float]


def read_audit(path: Path, idle: float = 600) -> pd.DataFrame:
    """Read how long each question was on the screen.

    Parameters
    ----------
    path : Path
        ``audit.csv`` of one submission in its folder, ODK Central's CSV of all submissions, or the zip of
        attachments with a log in every submission's folder. Coordinates and users are never read; answers only
        to see whether one was changed.
    idle : float, default 600
        Seconds after which a screen counts as left alone; such a visit is counted and its time is not.

    Returns
    -------
    DataFrame
        One row per submission and question, in the order they were shown: the submission's identifier in a column
        named as in the file (``_uuid`` where the folder names it; never to be stored), ``question``, ``seconds``,
        ``visits``, ``changes`` (answers that replaced another; NaN where the log does not tell) and ``idle``
        (visits without a time: left alone, cut short, or ended before they began). Questions on one screen share
        its time equally, so that the sum over questions is the time of the submission.

    Raises
    ------
    InputError
        The file is unreadable, holds no log, or a log lacks ``event``, ``node``, ``start`` or ``end``.
    """
    try:
        with path.open("rb") as stream:
            zipped = stream.read(4) == b"PK\x03\x04"
        texts = _logs_of_zip(path) if zipped else [(path.parent.name, path.name, _text(path.read_bytes(), path.name))]
        key, rows = "_uuid", []
        for folder, name, text in texts:
            key, events = _events(text, folder, name)
            rows.extend(events)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read ({error.strerror}); check its path in study.yml") from None
    return _visits(rows, key, idle)


def active_seconds(audit: pd.DataFrame) -> pd.Series:
    """Time that each submission's questions were on the screen.

    Parameters
    ----------
    audit : DataFrame
        As :func:`read_audit` gives it.

    Returns
    -------
    Series of float, seconds
        By the submission's identifier; NaN where no visit has a time.
    """
    key = audit.columns[0]
    return audit.groupby(key, sort=False)["seconds"].sum(min_count=1).rename("seconds")


def _logs_of_zip(path: Path) -> Iterator[tuple[str, str, str]]:
    """Folder, name for messages and text of every log in a zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            logs = [entry for entry in entries if PurePosixPath(entry.filename).name == "audit.csv"]
            if len(entries) > MAX_FILES or not logs:
                why = f"more than {MAX_FILES:,} files" if logs else f"no audit.csv among {len(entries):,} file(s)"
                raise InputError(f"{path.name} holds {why}; export the attachments with the form's audit log")
            for number, entry in enumerate(logs, start=1):
                name = f"{path.name}, log {number}"
                if entry.file_size > MAX_LOG or entry.flag_bits & 1:
                    why = "is encrypted" if entry.flag_bits & 1 else f"unpacks to more than {MAX_LOG // 1024**2} MB"
                    raise InputError(f"{name} {why}, as no audit log is; export the attachments again")
                yield PurePosixPath(entry.filename).parent.name, name, _text(archive.read(entry), name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        raise InputError(f"{path.name} is cut off or damaged; download it again") from None


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{name} is not UTF-8, as audit logs are; download it again") from None


def _events(text: str, folder: str, name: str) -> tuple[str, list[_Row]]:
    """Name of the key column, and key, question, start, end and change of every question shown."""
    reader = csv.reader(io.StringIO(text, newline=""))
    headers = [header.strip() for header in next(reader, [])]
    for needed in _NEEDED:
        if needed not in headers:
            raise InputError(
                f"{name} has no column {needed!r}{suggest(needed, headers)}, so it is no audit log; "
                "name the audit.csv that Kobo or ODK exports"
            )
    own = next((column for column in KEY_COLUMNS if column in headers), "")
    places = [headers.index(column) for column in _NEEDED]
    changes = [headers.index(column) for column in _CHANGES if column in headers]
    rows = []
    for row in reader:
        if len(row) <= max(places):
            continue
        event, node, start, end = (row[place].strip() for place in places)
        if event == "question" and node:
            key = row[headers.index(own)].strip() if own else folder
            question = _PLACE_IN_REPEAT.sub("", node).rpartition("/")[2]
            rows.append((key.removeprefix("uuid:"), question, start, end, _changed(row, changes)))
    return own or "_uuid", rows


def _changed(row: Sequence[str], columns: Sequence[int]) -> float:
    """1 when an answer replaced another, NaN when the log does not track changes."""
    if len(columns) < 2 or len(row) <= max(columns):
        return np.nan
    old, new = (row[column] for column in columns)
    return float(bool(old) and old != new)


def _visits(rows: Sequence[_Row], key: str, idle: float) -> pd.DataFrame:
    """Sum the visits by submission and question."""
    events = pd.DataFrame(rows, columns=[key, "question", "start", "end", "changes"])
    start, end = (_milliseconds(events[name]) for name in ("start", "end"))
    screen = [events[key], start, end]
    sharing = events.groupby(screen, sort=False, dropna=False)["question"].transform("size").to_numpy(dtype=float)
    seconds = (end - start).to_numpy() / 1000
    timed = (seconds >= 0) & (seconds <= idle)
    events["seconds"] = np.where(timed, seconds / np.where(sharing > 0, sharing, 1), np.nan)
    events["idle"] = (~timed).astype(np.int64)
    found = events.groupby([key, "question"], sort=False)
    return pd.DataFrame(
        {
            "seconds": found["seconds"].sum(min_count=1),
            "visits": found.size(),
            "changes": found["changes"].sum(min_count=1),
            "idle": found["idle"].sum(),
        }
    ).reset_index()


def _milliseconds(texts: pd.Series) -> pd.Series:
    readable = texts.str.fullmatch(_TIME.pattern)
    return pd.to_numeric(texts.where(readable.astype(bool), np.nan)).astype(np.float64)
