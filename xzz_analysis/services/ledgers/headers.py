"""Headers of a ledger → its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.services.ledgers.cells import plain
from xzz_analysis.services.ledgers.columns import Column, ledger_columns

_SHOWN = 10
_LONGEST = 30
_IDENTIFYING = re.compile(r"\d{5}|@")
"""What no header holds: with a row of data in its place, nothing of it is shown."""


def match_headers(
    kind: str, headers: Sequence[str], named: Mapping[str, str], where: str
) -> tuple[dict[str, str], list[Finding]]:
    """Find the column that each header stands for.

    Parameters
    ----------
    kind : str
        The ledger.
    headers : sequence of str
        Any of a column's id, Chinese and English name and other names; case, spaces and full width count as nothing.
    named : mapping of str to str
        Header → column, from study.yml.
    where : str
        The source, for messages.

    Returns
    -------
    tuple
        Column id → header, and a note on headers that are not read.

    Raises
    ------
    InputError
        A required column is missing, two headers stand for one column, or study.yml names what is not there.
    """
    columns = ledger_columns(kind)
    given = _given(kind, headers, named, where)
    usual = {
        word: one.id for one in columns for word in map(_word, (one.id, one.label["zh"], one.label["en"], *one.also))
    }
    found: dict[str, list[str]] = {}
    unknown = []
    for header in headers:
        column = given.get(header) or (usual.get(_word(header)) if header not in given else None)
        found.setdefault(column, []).append(header) if column else unknown.append(header)
    claimed = set(given.values())
    for column, several in found.items():
        if column in claimed:  # what study.yml says counts more than what a header looks like
            several[:] = [header for header in several if given.get(header) == column]
    twice = {column: several for column, several in found.items() if len(several) > 1}
    if twice:
        told = "; ".join(
            f"{' and '.join(map(_shown, several))} both mean {column}" for column, several in twice.items()
        )
        raise InputError(f"{where}: {told}; keep one of them, or name the one to read in services.{kind}.columns")
    _require(columns, found, unknown, kind, where)
    return {column: several[0] for column, several in found.items()}, _unread(unknown, where)


def _given(kind: str, headers: Sequence[str], named: Mapping[str, str], where: str) -> dict[str, str]:
    """What study.yml says of headers, checked."""
    known = {one.id: one.id for one in ledger_columns(kind)}
    for header, column in named.items():
        if column not in known:
            near = suggest(column, known)
            raise InputError(f"services.{kind}.columns: the ledger has no column {column!r}{near}; {', '.join(known)}")
        if header not in headers:
            near = suggest(header, headers)
            raise InputError(f"{where} has no header {header!r} that services.{kind}.columns names{near}; correct it")
    return dict(named)


def _require(
    columns: Sequence[Column], found: Mapping[str, Sequence[str]], unknown: Sequence[str], kind: str, where: str
) -> None:
    missing = [one for one in columns if one.required and one.id not in found]
    if not missing:
        return
    harmless = [header for header in unknown if _is_harmless(header)]
    told = " and ".join(f"{one.id!r} ({one.label['zh']}, {one.label['en']}{_near(one, harmless)})" for one in missing)
    raise InputError(
        f"{where} has no column {told}, without which nothing is counted; rename the header, or say which it is in "
        f"services.{kind}.columns"
    )


def _near(column: Column, headers: Sequence[str]) -> str:
    """The header that is most like one of the names of a column."""
    names = (column.id, column.label["zh"], column.label["en"], *column.also)
    return next((near for name in names if (near := suggest(name, headers))), "")


def _unread(unknown: Sequence[str], where: str) -> list[Finding]:
    if not unknown:
        return []
    shown = [header for header in unknown if _is_harmless(header)][:_SHOWN]
    names = f" ({', '.join(map(repr, shown))}{', …' if len(unknown) > len(shown) else ''})" if shown else ""
    message = f"{len(unknown)} column(s) belong to no ledger and are not read{names}"
    remedy = "nothing to do, unless one of them is a column under another name: then name it under columns"
    return [Finding("note", "ledger_header_unknown", where, message, remedy, len(unknown))]


def _shown(header: str) -> str:
    return repr(header) if _is_harmless(header) else "a header"


def _is_harmless(header: str) -> bool:
    return len(header) <= _LONGEST and not _IDENTIFYING.search(header)


def _word(header: str) -> str:
    return plain(header).rstrip("*").removesuffix("(必填)")
