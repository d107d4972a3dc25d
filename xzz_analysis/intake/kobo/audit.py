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
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.workbook.excel import cell_text

KEY_COLUMNS = ("instance ID", "instanceID", "_uuid", "KEY")
"""Column that says whose log a row is; ODK Central writes the first. A log in a folder is its folder's."""
INSTANCES = ("_uuid", "meta/instanceID", "meta-instanceID", "instanceID", "meta/rootUuid", "KEY")
"""Columns of an export that name the submission; Kobo gives an edited one a new ``_uuid``."""
SECONDS = "audit_seconds"
"""Column of the time that an interview's questions were on the screen."""
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
        ``audit.csv`` of one submission in its folder, a folder of such folders, ODK Central's CSV of all
        submissions, or the zip of attachments with a log in every submission's folder. Coordinates and users are
        never read; answers only to see whether one was changed.
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
        key, rows = "_uuid", []
        for folder, name, text in _logs(path):
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


def is_audit_log(path: Path) -> bool:
    """Whether a path is a folder, a zip or a CSV of audit logs, and no export."""
    if path.is_dir():
        return True
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head[:4] == b"PK\x03\x04":
        return zipfile.is_zipfile(path) and any(PurePosixPath(name).name == "audit.csv" for name in _names(path))
    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0]
    return {b"event", b"node"} <= {name.strip(b' \r"') for name in first.split(b",")}


def with_durations(export: Export, logs: Sequence[Path]) -> Export:
    """Give each record the time that its questions were on the screen.

    Parameters
    ----------
    export : Export
    logs : sequence of Path
        Audit logs, as :func:`read_audit` takes them.

    Returns
    -------
    Export
        With the column :data:`SECONDS` in the role ``seconds``, ``""`` where no log tells; screens that were left
        alone are not counted. Findings name the questions that took longest, and count records without a log and
        logs without a record. Without logs the export itself.

    Raises
    ------
    InputError
        A log cannot be read, or the export has none of the columns :data:`INSTANCES`.
    """
    if not logs:
        return export
    audits = [audit.rename(columns={audit.columns[0]: "_uuid"}) for audit in map(read_audit, logs)]
    audit = pd.concat(audits, ignore_index=True)
    seconds, told = active_seconds(audit).drop("", errors="ignore"), pd.Series(np.nan, index=export.frame.index)
    used: set[str] = set()
    present = [name for name in INSTANCES if name in export.frame]
    if not present:
        why = "so no audit log can be tied to its record; export _uuid or instanceID too"
        raise InputError(f"{export.file} has none of the columns {', '.join(INSTANCES)}, {why}")
    for name in present:
        ids = export.frame[name].str.strip().str.removeprefix("uuid:")
        told = told.fillna(ids.map(seconds))
        used |= set(ids)
    column = told.map(lambda value: "" if np.isnan(value) else cell_text(round(value, 1))).astype("str")
    findings = _duration_findings(export, audit[audit["_uuid"].isin(used)], told, len(set(seconds.index) - used))
    return replace(
        export,
        frame=export.frame.assign(**{SECONDS: column}),
        roles={**export.roles, "seconds": SECONDS},
        findings=(*export.findings, *findings),
    )


def submissions_in(path: Path) -> set[str]:
    """Identifiers of the submissions whose logs are in a file or folder; never to be stored."""
    found: set[str] = set()
    for folder, _, text in _logs(path):
        rows = csv.reader(io.StringIO(text, newline=""))
        place = _key_place(next(rows, []))
        found |= {folder} if place < 0 else {row[place].strip().removeprefix("uuid:") for row in rows if row}
    return found - {""}


def without_submissions(path: Path, submissions: Collection[str]) -> bytes:
    """A zip or CSV of logs without those of some submissions; of a zip everything in their folders goes."""
    data = path.read_bytes()
    content = io.BytesIO()
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as copy:
            for entry in archive.infolist():
                if not set(PurePosixPath(entry.filename).parts) & set(submissions):
                    copy.writestr(entry, archive.read(entry))
        return content.getvalue()
    rows = list(csv.reader(io.StringIO(_text(data, path.name), newline="")))
    place = _key_place(rows[0])
    kept = [row for row in rows if not row or row[place].strip().removeprefix("uuid:") not in submissions]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(kept)
    return text.getvalue().encode()


def _key_place(headers: Sequence[str]) -> int:
    """Position of the column that says whose log a row is; -1 where the folder says it."""
    names = [header.strip() for header in headers]
    return next((names.index(column) for column in KEY_COLUMNS if column in names), -1)


def _duration_findings(export: Export, audit: pd.DataFrame, told: pd.Series, strange: int) -> Iterator[Finding]:
    """What the logs tell of the round; questions only, never who answered."""
    untimed, records = int(told.isna().sum()), len(told)
    asked = audit[audit["question"].isin(list(export.form.questions))]
    longest = asked.groupby("question")["seconds"].median().dropna().sort_values(ascending=False, kind="stable").head(5)
    if len(longest):
        named = ", ".join(f"{name} {seconds:.0f}" for name, seconds in longest.items())
        message = f"{records - untimed:,} of {records:,} record(s) have a time in the audit logs"
        message += f"; the questions that took longest, median seconds: {named}"
        yield Finding("note", "audit_read", export.file, message, "", records - untimed)
    if untimed:
        message = f"{untimed:,} of {records:,} record(s) have no time in the audit logs"
        remedy = "download the logs of all submissions, if the form kept them"
        yield Finding("note", "audit_missing", export.file, message, remedy, untimed)
    if strange:
        message = f"{strange:,} audit log(s) belong to no record of the export"
        remedy = "make sure that the logs and the export are of one form and round"
        yield Finding("warning", "audit_without_record", export.file, message, remedy, strange)


def _logs(path: Path) -> Iterator[tuple[str, str, str]]:
    """Folder, name for messages and text of every log of a file or folder."""
    if path.is_dir():
        files = sorted(path.rglob("audit.csv"))
        if not files:
            raise InputError(f"{path.name} holds no audit.csv; export the attachments with the form's audit log")
        for number, file in enumerate(files, start=1):
            name = f"{path.name}, log {number}"
            if file.stat().st_size > MAX_LOG:
                raise InputError(f"{name} has more than {MAX_LOG // 1024**2} MB, as no audit log has; export it again")
            yield file.parent.name, name, _text(file.read_bytes(), name)
        return
    with path.open("rb") as stream:
        zipped = stream.read(4) == b"PK\x03\x04"
    if zipped:
        yield from _logs_of_zip(path)
    else:
        yield path.parent.name, path.name, _text(path.read_bytes(), path.name)


def _names(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError):
        return []  # the reader that opens it as an export tells what is wrong with it


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
