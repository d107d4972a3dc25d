"""Which row of which table holds each row of a repeat, at any depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.export import Export

_SUBMISSION = (("_submission__uuid", "_uuid"), ("_submission__id", "_id"), ("_uuid", "_uuid"))


@dataclass(frozen=True)
class Links:
    """What holds each row of a repeat.

    Attributes
    ----------
    table : str
        Name of the holding table, ``""`` for the main one.
    rows : int array
        Row of that table, -1 where there is none.
    findings : tuple of Finding
        Rows without a holder, and rows whose position and submission disagree.
    """

    table: str
    rows: np.ndarray
    findings: tuple[Finding, ...] = ()


def link_repeats(exports: Mapping[str, Export]) -> dict[str, Links]:
    """Link every repeat with the table that holds it.

    ``PARENT_KEY`` leads to a ``KEY`` (ODK Central, JSON). Kobo's sheets have ``_parent_table_name`` and
    ``_parent_index``, which hold within one export only: rows are linked by them unless the submission's identifier
    says otherwise for one of them. A repeat of the main table is linked by the identifier alone where both have it.

    Parameters
    ----------
    exports : mapping of str to Export
        The main table under ``""``, repeats by name.

    Returns
    -------
    dict of str to Links
        Repeat → its links.

    Raises
    ------
    InputError
        A repeat has no column that leads to another table, or its rows lie in several tables.
    """
    links: dict[str, Links] = {}
    for name, export in exports.items():
        if name:
            found = _by_key(export, exports, name) or _by_submission(name, exports) or _by_index(name, exports)
            if found is None:
                raise InputError(
                    f"{export.file} has no column that links its rows: neither PARENT_KEY, _submission__uuid nor "
                    "_parent_index leads to a row of another table; export it with one of them"
                )
            links[name] = _reported(found, export)
    return links


def _by_key(export: Export, exports: Mapping[str, Export], own: str) -> Links | None:
    """Links by PARENT_KEY; the holder is the table that most keys lead to."""
    if "PARENT_KEY" not in export.frame:
        return None
    keys = export.frame["PARENT_KEY"].str.strip()
    holders = {
        name: _looked_up(keys, other.frame["KEY"])
        for name, other in exports.items()
        if name != own and "KEY" in other.frame
    }
    return _only_holder(export, holders, empty=not len(keys))


def _only_holder(export: Export, holders: Mapping[str, np.ndarray], *, empty: bool) -> Links | None:
    led = {name: rows for name, rows in holders.items() if (rows >= 0).any()}
    if len(led) > 1:
        raise InputError(
            f"{export.file}: its rows lie in {len(led)} tables ({', '.join(name or 'main' for name in led)}), so it is "
            "unknown what they are about; export each repeat to its own sheet"
        )
    if led:
        return Links(*next(iter(led.items())))
    return Links("", next(iter(holders.values()))) if holders and empty else None


def _holder(name: str, exports: Mapping[str, Export]) -> str:
    """Name of the table that ``_parent_table_name`` says; the main table where no repeat has that name."""
    frame = exports[name].frame
    if "_parent_table_name" not in frame:
        return ""
    said = {text[:31] for text in frame["_parent_table_name"].str.strip().unique() if text}
    found = {other for other in exports if other and other[:31] in said} | ({""} if not said else set())
    unknown = said - {other[:31] for other in exports}
    holders = found | ({""} if unknown else set())
    if len(holders) > 1 or len(unknown) > 1:
        raise InputError(
            f"{exports[name].file}: its rows lie in {len(said)} tables, so it is unknown what they are about; "
            "export each repeat to its own sheet"
        )
    return next(iter(holders), "")


def _by_submission(name: str, exports: Mapping[str, Export]) -> Links | None:
    """Links of a repeat of the main table by the submission's identifier."""
    if _holder(name, exports):
        return None
    pointers = _submissions(exports[name].frame, exports[""].frame)
    return None if pointers is None else Links("", pointers)


def _by_index(name: str, exports: Mapping[str, Export]) -> Links | None:
    """Links by Kobo's positions, withdrawn where the submission's identifier says otherwise."""
    holder = _holder(name, exports)
    frame, above, main = exports[name].frame, exports[holder].frame, exports[""].frame
    if "_parent_index" not in frame or "_index" not in above:
        return None
    rows = _looked_up(frame["_parent_index"].str.strip(), above["_index"])
    own, theirs = _submissions(frame, main), _submissions(above, main) if holder else np.arange(len(above))
    if own is None or theirs is None:
        return Links(holder, rows)
    count = int(((rows >= 0) & (own != theirs[rows])).sum()) if len(theirs) else 0
    if not count:
        return Links(holder, rows)
    message = (
        f"{count} of {len(rows):,} row(s) have a position (_parent_index) in {holder or 'the main table'!r} that "
        "belongs to another submission: the files are of two exports, whose positions differ; none is linked"
    )
    remedy = "export the main table and all repeats together"
    finding = Finding("error", "index_of_another_export", exports[name].file, message, remedy, len(rows))
    return Links(holder, np.full(len(rows), -1), (finding,))


def _submissions(frame: pd.DataFrame, main: pd.DataFrame) -> np.ndarray | None:
    """Row of the main table of each row, by the submission's identifier; None when that is not there."""
    for own, theirs in _SUBMISSION:
        if own in frame and theirs in main and (frame[own] != "").any():
            return _looked_up(frame[own].str.strip(), main[theirs])
    return None


def _looked_up(pointers: pd.Series, keys: pd.Series) -> np.ndarray:
    rows = {key: row for row, key in reversed(list(enumerate(keys.str.strip()))) if key}
    return pointers.map(rows).fillna(-1).to_numpy(dtype=np.int64)


def _reported(links: Links, export: Export) -> Links:
    told = sum(finding.count for finding in links.findings)
    count = int((links.rows < 0).sum()) - told
    if count <= 0:
        return links
    message = f"{count} of {len(links.rows):,} row(s) have no row in {links.table or 'the main table'!r}"
    finding = Finding("warning", "parent_missing", export.file, message, "export both tables together", count)
    return Links(links.table, links.rows, (*links.findings, finding))
