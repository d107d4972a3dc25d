"""Which record was asked what, where several versions of a form were in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.answers import Reason
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.headers import match_columns
from xzz_analysis.intake.kobo.links import Links, link_repeats
from xzz_analysis.intake.kobo.nested import VERSION, VERSIONS
from xzz_analysis.intake.kobo.versions.merging import different, merge_forms

VERSION_COLUMNS = (*VERSIONS, "FormVersion", VERSION)
"""Columns that say which version a submission was filled in with; re-uploaded forms add ``_version__001``."""
NOT_ASKED_WORD = "〔not asked〕"
"""What stands in an empty cell of a question that the record's version of the form lacked."""
_NOTHING = ("", "0", "0.0", "false", "no")
"""What an option's column holds where the option was not chosen."""


def mark_not_asked(export: Export) -> Export:
    """Tell what was not asked from what was left blank.

    Parameters
    ----------
    export : Export
        Its form's ``versions`` say which version asked what.

    Returns
    -------
    Export
        Empty cells of a question that the record's version lacked hold :data:`NOT_ASKED_WORD`, which ``words`` maps
        to ``Reason.NOT_ASKED``; so do those of its repeats. An answer to such a question stands, and is counted.
        Its findings say what changed between the versions. Where one version was in use the export itself.
    """
    forms = export.form.versions
    if not forms:
        return export
    tables = {"": export, **export.repeats}
    told = _told(tables, forms)
    made = {}
    for name, table in tables.items():
        known = replace(table, frame=table.frame.assign(**{VERSION: told[name]}))
        frame, findings = _marked(table, asked_by_version(known, forms, name), name)
        words = {**table.words, NOT_ASKED_WORD: Reason.NOT_ASKED}
        unknown = version_findings(known, forms) if not name or np.isin(told[""], list(forms)).all() else []
        made[name] = replace(table, frame=frame, words=words, findings=(*table.findings, *unknown, *findings))
    main = made.pop("")
    changes = merge_forms(different(forms))[1]
    return replace(main, repeats=made, findings=(*main.findings, *changes))


def _told(tables: Mapping[str, Export], forms: Mapping[str, Form]) -> dict[str, np.ndarray]:
    """Version of each row of each table; rows of a repeat that do not tell have their submission's."""
    found = {name: record_versions(table, forms) for name, table in tables.items()}
    silent = [name for name, own in found.items() if name and not (own != "").any()]
    if silent:
        links = _linked(tables)
        found |= {name: _inherited(name, found, links) for name in silent}
    return found


def _linked(tables: Mapping[str, Export]) -> Mapping[str, Links]:
    try:
        return link_repeats(tables)
    except InputError:
        return {}  # rows that nothing links have an unknown version, which is counted


def _inherited(name: str, found: Mapping[str, np.ndarray], links: Mapping[str, Links]) -> np.ndarray:
    if name not in links or (found[name] != "").any():
        return found[name]
    held = np.append(_inherited(links[name].table, found, links), "")
    return np.asarray(held[links[name].rows])


def _marked(export: Export, asked: pd.DataFrame, repeat: str) -> tuple[pd.DataFrame, list[Finding]]:
    """The frame with its unasked cells marked, and the answers to what was not asked."""
    frame, marked, answered = export.frame, {}, {}
    for name, own, options in _headers(export, repeat):
        unasked = ~asked[name].to_numpy() if name in asked else np.zeros(len(frame), dtype=bool)
        if not unasked.any():
            continue
        filled = np.zeros(len(frame), dtype=bool)
        for header in (*own, *options):
            cells = frame[header].str.strip().str.lower()
            filled |= ~cells.isin(_NOTHING if header in options else ("",)).to_numpy()
        answered[name] = int((unasked & filled).sum())
        for header in (*own, *options):
            marked[header] = frame[header].mask(unasked & ~filled, NOT_ASKED_WORD)
    return frame.assign(**marked), _answered_unasked(export, {name: count for name, count in answered.items() if count})


def _headers(export: Export, repeat: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Every question of one table, its own column and those of its options; what the device notes is no question."""
    questions = {name: one for name, one in export.form.questions.items() if one.repeat == repeat}
    columns = match_columns(list(export.frame.columns), questions)
    for name, question in questions.items():
        own = [columns.whole[name]] if name in columns.whole else []
        options = [*columns.options.get(name, {}).values(), *columns.unlisted.get(name, {}).values()]
        if question.kind != "other" and not {*own, *options} & set(export.roles.values()):
            yield name, own, options


def _answered_unasked(export: Export, answered: Mapping[str, int]) -> list[Finding]:
    if not answered:
        return []
    count = sum(answered.values())
    named = ", ".join(list(answered)[:20])
    message = f"{count:,} answer(s) to question(s) that the record's version of the form lacks: {named}; they are kept"
    remedy = "find out whether records were edited, or which form belongs to which version in study.yml"
    return [Finding("warning", "answer_of_other_version", export.file, message, remedy, count)]


def asked_by_version(export: Export, forms: Mapping[str, Form], repeat: str = "") -> pd.DataFrame:
    """Whether the version a submission was filled in with has each question.

    Parameters
    ----------
    export : Export
        The main table or a repeat.
    forms : mapping of str to Form
        Version as the export writes it (``__version__``) → form.
    repeat : str, default ""
        Name of the repeat that the export holds, ``""`` for the main table.

    Returns
    -------
    DataFrame of bool, shape (records, questions of this table in any version)
        Same index as the export's frame. Where it is False a blank is NOT_ASKED, before skip logic is applied.
        A record whose version is unknown is taken to have been asked everything; :func:`version_findings` counts
        them.
    """
    versions = record_versions(export, forms)
    unknown = ~np.isin(versions, list(forms))
    asked = {}
    for name in _names(forms, repeat):
        having = [version for version, form in forms.items() if name in form.questions]
        asked[name] = unknown | np.isin(versions, having)
    return pd.DataFrame(asked, index=export.frame.index)


def record_versions(export: Export, forms: Mapping[str, Form]) -> np.ndarray:
    """Version of the form of each record, ``""`` where no column tells.

    Parameters
    ----------
    export : Export
    forms : mapping of str to Form
        By version as the export writes it.

    Returns
    -------
    object array of str
        Of several version columns the first that names a known version; else the first that is filled.
    """
    frame = export.frame
    again = [str(name) for name in frame if str(name).startswith("_version__")]
    columns = [name for name in (*VERSION_COLUMNS, *again) if name in frame]
    found = np.full(len(frame), "", dtype=object)
    for known in (True, False):
        for name in columns:
            texts = frame[name].str.strip().to_numpy(dtype=object)
            usable = (found == "") & (np.isin(texts, list(forms)) if known else texts != "")
            found[usable] = texts[usable]
    return found


def version_findings(export: Export, forms: Mapping[str, Form]) -> list[Finding]:
    """Findings about records whose version of the form is unknown.

    Parameters
    ----------
    export : Export
    forms : mapping of str to Form
        By version as the export writes it.

    Returns
    -------
    list of Finding
    """
    versions = pd.Series(record_versions(export, forms), dtype=object)
    strange = versions[~versions.isin(list(forms))]
    if strange.empty:
        return []
    named = [f"{name} ({count})" for name, count in strange[strange != ""].value_counts().head(5).items()]
    message = (
        f"{len(strange):,} of {len(versions):,} record(s) were filled in with a version of the form that is not given"
        + (f": {', '.join(named)}" if named else ", or do not say which")
        + "; their blanks count as blanks, though some questions may not have been asked"
    )
    remedy = "download the forms of these versions and name them under `versions` in study.yml"
    return [Finding("warning", "form_version_unknown", export.file, message, remedy, len(strange))]


def _names(forms: Mapping[str, Form], repeat: str) -> list[str]:
    """Questions that any version has in this table."""
    asked = (question for form in forms.values() for question in form.questions.values())
    return list(dict.fromkeys(question.name for question in asked if question.repeat == repeat))
