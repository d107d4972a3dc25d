"""Who asked and from where, as codes: checks compare them, and nobody reads a name or an address in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from xzz_analysis.intake.answers import machine_names
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.headers import need_column
from xzz_analysis.study import Table

SOURCES = ("interviewer", "device", "ip", "version")
"""Roles of columns that say where a record came from."""

SOURCE = "\x00"
"""What the columns of codes begin with; no header of a file does."""


def source_codes(export: Export, table: Table, direct: Collection[str] = ()) -> dict[str, pd.Series]:
    """Codes of who asked and from where, before identifiers are taken out.

    Parameters
    ----------
    export : Export
    table : Table
        Names columns where the platform's own are not meant.
    direct : collection of str
        Columns that are direct identifiers.

    Returns
    -------
    dict of role to Series of str
        Same index as the export's rows, ``""`` where unknown. An interviewer or a version is called as written where
        that is a code (``A03``); names, devices and addresses are numbered ``#1``, ``#2`` … in the order of the file.

    Raises
    ------
    InputError
        study.yml names a column that the file lacks.
    """
    headers, found = list(export.frame.columns), {}
    for role in SOURCES:
        named = getattr(table, role)
        header = export.roles.get(role, "")
        if named:
            header = need_column(headers, named, file=export.file, why=f"study.yml names it as {role}")
        if header in headers:
            open_ = role in ("interviewer", "version") and header not in direct
            found[role] = _codes(export.frame[header].str.strip(), as_written=open_)
    return found


def _codes(column: pd.Series, *, as_written: bool) -> pd.Series:
    codes, texts = pd.factorize(column.where(column != ""))
    words = [str(text) for text in texts]
    if not (as_written and len(machine_names(words, len(words))) == len(words)):
        words = [f"#{place}" for place in range(1, len(words) + 1)]
    return pd.Series(np.array([*words, ""], dtype=object)[codes], index=column.index, name=column.name, dtype="str")


def with_sources(
    export: Export, codes: Mapping[str, pd.Series], rows: np.ndarray, kept: Collection[str] = ()
) -> Export:
    """The export with a column of codes for each source, and its roles pointing there.

    Parameters
    ----------
    export : Export
    codes : mapping of role to Series of str
        Of :func:`source_codes`; each is named as the column it codes.
    rows : int array
        Which rows of the codes the export's rows are.
    kept : collection of str
        Columns that stay beside their codes, as questions do; the others go.
    """
    made = {f"{SOURCE}{role}": column.to_numpy()[rows] for role, column in codes.items()}
    roles = {**export.roles, **{role: f"{SOURCE}{role}" for role in codes}}
    stay = {*kept, *export.form.questions}
    gone = [str(one.name) for one in codes.values() if str(one.name).rpartition("/")[2] not in stay]
    frame = export.frame.drop(columns=gone).assign(**made)
    return replace(export, frame=frame, roles=roles)
