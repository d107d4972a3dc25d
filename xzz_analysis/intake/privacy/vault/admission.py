"""How an export enters: identifiers into the vault, keys as pseudonyms, the forgotten left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from xzz_analysis.errors import Finding
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.privacy.vault.store import Vault

IN_VAULT = "〔vault〕"
"""What stands in a cell whose content went into the vault: answered, and nothing more."""


def admit(
    export: Export, vault: Vault, unit: str, round_name: str, direct: Collection[str], key: str, parent_key: str = ""
) -> Export:
    """Let an export in: identifiers into the vault, keys as pseudonyms, the forgotten left out.

    Parameters
    ----------
    export : Export
    vault : Vault
    unit, round_name : str
    direct : collection of str
        Columns that are direct identifiers.
    key, parent_key : str
        Columns of the record's key and of its parent's, ``""`` where there is none.

    Returns
    -------
    Export
        With a finding that counts the forgotten.
    """
    frame = export.frame
    columns = [column for column in (key, parent_key) if column]
    hashed = {column: vault.pseudonyms(frame[column]) for column in columns}
    out = np.zeros(len(frame), dtype=bool)
    for pseudonyms in hashed.values():
        out |= vault.forgotten(pseudonyms)
    kept = keep_rows(replace(export, frame=frame.assign(**hashed)), ~out)
    secret = [column for column in frame.columns if column in {key, *direct} and column != parent_key]
    parents = kept.frame[parent_key] if parent_key else None
    vault.remember(unit, round_name, kept.frame[key], frame.loc[~out, secret], parents)
    findings = export.findings
    if out.any():
        message = f"{out.sum()} record(s) of people who asked to be forgotten were left out"
        remedy = "the raw export still holds them: replace it by a copy without them (`xzz forget` tells how)"
        findings = (*findings, Finding("note", "forgotten", export.file, message, remedy, int(out.sum())))
    return replace(without_direct(kept, direct), findings=findings)


def without_direct(export: Export, direct: Collection[str]) -> Export:
    """The export with the filled cells of some columns hidden; their questions become text, which is never kept."""
    frame = export.frame.copy()
    questions = dict(export.form.questions)
    for column in frame.columns.intersection(list(direct)):
        frame[column] = frame[column].where(frame[column].isin({"", *export.words}), IN_VAULT)
        if column in questions:
            questions[column] = replace(questions[column], kind="text", options=(), constraint="", calculation="")
    return replace(export, frame=frame, form=replace(export.form, questions=questions))


def keep_rows(export: Export, rows: np.ndarray) -> Export:
    """The export with some of its rows, numbered anew."""
    return replace(export, frame=export.frame[rows].reset_index(drop=True))
