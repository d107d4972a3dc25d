"""A JSON export of Kobo or ODK → exports: the main table and every repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.kobo.derive import derive_form
from xzz_analysis.intake.kobo.nested import LOCATED, VERSION, VERSIONS, Table, Tables, TooDeepError
from xzz_analysis.intake.kobo.submissions import MAX_DEPTH, Submissions, open_submissions

_ROLES = {
    "key": ("_uuid",),
    "submitted": ("_submission_time", "__system/submissionDate", "SubmissionDate"),
    "start": ("start",),
    "end": ("end",),
    "device": ("deviceid", "__system/deviceId", "DeviceID"),
    "interviewer": ("_submitted_by", "__system/submitterId", "username"),
    "version": (*VERSIONS, VERSION),
}
_TEXT = pd.StringDtype(na_value=np.nan)


def read_json(path: Path, form: Form | None = None) -> dict[str, Export]:
    """Read a JSON export of Kobo or ODK.

    Parameters
    ----------
    path : Path
        What :func:`~xzz_analysis.intake.kobo.submissions.open_submissions` opens.
    form : Form, optional
        The declared form; without one it is derived from the answers.

    Returns
    -------
    dict of str to Export
        The main table under ``""``, every repeat under its name, nested ones too. Columns are named
        ``group/question``, ``group/repeat/question`` in a repeat. ``KEY`` and ``PARENT_KEY`` link a row with
        the row that holds it: the submission's identifier, followed by the places in the repeats
        (``a1b2/member[2]``). With a form, questions that nobody answered have a column of empty cells.

    Raises
    ------
    InputError
        See :func:`~xzz_analysis.intake.kobo.submissions.open_submissions`; nothing of it shows an answer.
    """
    submissions = open_submissions(path)
    tables = _gathered(submissions, form)
    if not submissions.read:
        raise InputError(f"{path.name} holds no submissions; export it again, or leave the round out")
    findings = (*submissions.findings(), *_findings(tables, path.name))
    frames = {table.name: table.frame() for table in tables.tables.values()}
    if form:
        known, frames = form, _with_unanswered(frames, form)
    else:
        paths = {table.name: where for where, table in tables.tables.items()}
        known = derive_form(path.name, frames, paths, {table.name: table.kinds for table in tables.tables.values()})
    return {
        name: Export(
            f"{path.name}: {name}" if name else path.name,
            frame,
            known,
            roles=roles_of(frame),
            findings=() if name else findings,
        )
        for name, frame in frames.items()
    }


def _gathered(submissions: Submissions, form: Form | None) -> Tables:
    tables = Tables(repeats=frozenset(form.repeats if form else ()), depth=MAX_DEPTH)
    for submission in submissions:
        try:
            tables.add(_feature(submission) if submissions.features else submission)
        except TooDeepError:
            submissions.too_deep()
    return tables


def read_submissions(paths: Sequence[Path], form: Form, repeats: Mapping[str, Path]) -> Export:
    """Read one round from a JSON export; see :func:`read_json`.

    Parameters
    ----------
    paths : sequence of Path
        One file.
    form : Form
    repeats : mapping of str to Path
        Must be empty: the repeats are inside the file.

    Returns
    -------
    Export
        The main table with its repeats.

    Raises
    ------
    InputError
        Several files, files of repeats, or what :func:`read_json` refuses.
    """
    if len(paths) != 1 or repeats:
        raise InputError(
            f"{paths[0].name} is JSON, which holds its repeats, but more file(s) are given for the round; name it alone"
        )
    exports = read_json(paths[0], form)
    return replace(exports[""], repeats={name: export for name, export in exports.items() if name})


def _feature(feature: Mapping[str, Any]) -> dict[str, Any]:
    """A GeoJSON feature as a submission: its properties, and whether it has a place."""
    properties = feature.get("properties")
    place = feature.get("geometry")
    return {**(properties if isinstance(properties, dict) else {}), "_geometry": LOCATED if place else ""}


def _with_unanswered(frames: Mapping[str, pd.DataFrame], form: Form) -> dict[str, pd.DataFrame]:
    """Add what the form asks and no submission holds: platforms leave out what has no answer."""
    complete = {}
    for table in ("", *form.repeats):
        frame = frames.get(table, pd.DataFrame({"KEY": [], "PARENT_KEY": []}, dtype=_TEXT))
        present = {str(name).rpartition("/")[2] for name in frame}
        absent = [
            "/".join((*question.group, question.name))
            for question in form.questions.values()
            if question.repeat == table and question.kind != "other" and question.name not in present
        ]
        empty = pd.DataFrame("", index=frame.index, columns=absent, dtype=_TEXT)
        complete[table] = pd.concat([frame, empty], axis=1) if absent else frame
    return complete | {name: frame for name, frame in frames.items() if name not in complete}


def roles_of(frame: pd.DataFrame) -> dict[str, str]:
    """Which of an export's columns say who, when and from where: role → header."""
    return {role: found for role, names in _ROLES.items() if (found := next((n for n in names if n in frame), ""))}


def _findings(tables: Tables, file: str) -> list[Finding]:
    findings = []
    if tables.without_key:
        message = f"{tables.without_key:,} submission(s) have no identifier, so they are known by their place only"
        remedy = "export _uuid or instanceID with them; corrections and rounds cannot be tied to a place"
        findings.append(Finding("warning", "submission_without_id", file, message, remedy, tables.without_key))
    if tables.spaced:
        message = f"{tables.spaced:,} chosen option(s) hold spaces, so they are labels; the spaces became underscores"
        remedy = "export XML values, which do not change with the wording"
        findings.append(Finding("warning", "choice_with_space", file, message, remedy, tables.spaced))
    if tables.unread:
        message = f"{tables.unread:,} value(s) mix lists, objects and texts; no question is written so, none is kept"
        findings.append(Finding("warning", "value_unread", file, message, "export them again", tables.unread))
    empty = [name for name in tables.empty if name not in tables.tables and not _has_column(tables.tables, name)]
    if empty:
        message = f"{len(empty)} list(s) are empty in every submission, so it is unknown what they would hold"
        findings.append(Finding("note", "list_empty", file, message, "nothing to do if nobody had any", len(empty)))
    return findings


def _has_column(tables: Mapping[str, Table], name: str) -> bool:
    return any(name in table for table in tables.values())
