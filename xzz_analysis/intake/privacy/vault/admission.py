"""How an export enters: identifiers into the vault, keys as pseudonyms, the forgotten left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.headers import find_column
from xzz_analysis.intake.links import Sheet, repeat_rows
from xzz_analysis.intake.privacy.vault.store import Vault

IN_VAULT = "〔vault〕"
"""What stands in a cell whose content went into the vault: answered, and nothing more."""


def admit(
    export: Export, vault: Vault, unit: str, round_name: str, direct: Collection[str], key: str, parent_key: str = ""
) -> Export:
    """Let an export in: identifiers into the vault, keys as pseudonyms; the forgotten and a closed round left out.

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
        With a finding that counts those who were left out.

    Raises
    ------
    InputError
        There is no key.
    """
    if not key:
        why = "without it rows cannot be told apart or linked"
        raise InputError(f"{export.file} has no column for the key of {unit!r}; {why}; correct `key` in study.yml")
    secret = [column for column in export.frame if column in {key, *direct} and column != parent_key]
    columns = [column for column in (key, parent_key) if column]
    frame = _without_words(export, list(dict.fromkeys([*secret, *columns])))
    hashed = {column: vault.pseudonyms(frame[column]) for column in columns}
    over = vault.closed(unit, round_name)
    out = np.full(len(frame), over)
    for pseudonyms in hashed.values():
        out |= vault.forgotten(pseudonyms)
    kept = keep_rows(replace(export, frame=export.frame.assign(**hashed)), ~out)
    parents = kept.frame[parent_key] if parent_key else None
    vault.remember(unit, round_name, kept.frame[key], frame.loc[~out, secret], parents)
    findings = (*export.findings, *([_left_out(export.file, int(out.sum()), over=over)] if out.any() else []))
    return replace(without_direct(kept, direct), findings=findings)


def _left_out(file: str, count: int, *, over: bool) -> Finding:
    if over:
        message = f"{count} record(s) of a round whose time is over were left out"
        remedy = "delete the raw export, and take the round out of study.yml"
        return Finding("note", "round_over", file, message, remedy, count)
    message = f"{count} record(s) of people who asked to be forgotten were left out"
    remedy = "the raw export still holds them: replace it by a copy without them (`xzz forget` tells how)"
    return Finding("note", "forgotten", file, message, remedy, count)


@dataclass(frozen=True)
class Holder:
    """The table whose records hold repeats, before its keys became pseudonyms.

    Attributes
    ----------
    export : Export
        Records that may enter.
    unit, round : str
    key, parent_key : str
        As study.yml names them; ``""`` where there is no parent.
    """

    export: Export
    unit: str
    round: str
    key: str
    parent_key: str = ""


def remember_repeat(export: Export, name: str, direct: Collection[str], holder: Holder, vault: Vault) -> None:
    """Keep the identifiers in a repeat (names of family members) under the pseudonym of the record that holds them.

    Parameters
    ----------
    export : Export
        The repeat.
    name : str
        Of the repeat; its unit in the vault.
    direct : collection of str
        Columns that are direct identifiers.
    holder : Holder
    vault : Vault
        Afterwards knows these words, and forgets them with their record. Rows whose record did not enter, was
        forgotten, or is of a closed round are not kept.
    """
    headers = list(holder.export.frame.columns)
    columns = [find_column(headers, one) for one in (holder.key, holder.parent_key) if one]
    if not columns[0]:
        return  # without a key nothing enters
    main = _without_words(holder.export, [one for one in columns if one])
    words = _without_words(export, [column for column in direct if column in export.frame])
    rows = np.full(len(words), -1)
    if words.shape[1] and not vault.closed(holder.unit, holder.round):
        nobody = pd.Series("", index=export.frame.index, dtype="str")
        held = Sheet(holder.round, holder.export, holder.export.frame, main[columns[0]].str.strip())
        rows = repeat_rows(Sheet(holder.round, export, export.frame, nobody), held, holder.key)
    inside = rows >= 0
    whose = [vault.pseudonyms(main[column]).iloc[rows[inside]] for column in main]
    vault.remember(name, holder.round, whose[0], words[inside], *whose[1:])


def _without_words(export: Export, columns: Collection[str]) -> pd.DataFrame:
    """Some columns, empty where the platform says why there is no answer: that is nobody's name or key."""
    frame = export.frame[list(columns)]
    return frame.mask(frame.isin(list(export.words)), "") if export.words else frame


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
