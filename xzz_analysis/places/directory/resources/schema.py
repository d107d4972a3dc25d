"""Columns of a table of resources, declared once: headers, kinds of cells, words to choose from, and meanings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from xzz_analysis.declaration import Declaration, read_list, refuse
from xzz_analysis.errors import InputError, suggest
from xzz_analysis.places.directory.catalogue import plain
from xzz_analysis.study import BothLanguages, Name

FILE = Path(__file__).with_name("fields.yml")
CellKind = Literal[
    "key", "text", "category", "domains", "number", "groups", "flag", "degrees", "choice", "community", "day"
]


class Choice(Declaration):
    """One word that a cell may hold: label in both languages, and other words for it."""

    zh: str
    en: str
    also: tuple[str, ...] = ()


class ResourceField(Declaration):
    """One column.

    Attributes
    ----------
    id : str
        Its name in the table.
    kind : str
        How a cell is read.
    label, meaning : both languages
        Header, and what to write.
    also : tuple of str
        Other headers.
    required : bool
        Whether every row has to have it.
    default : str
        What an empty cell means.
    choices : dict of Choice
    hsds : str
        Where HSDS 3.0 keeps it.
    """

    id: Name
    kind: CellKind
    label: BothLanguages
    meaning: BothLanguages
    also: tuple[str, ...] = ()
    required: bool = False
    default: str = ""
    choices: dict[Name, Choice] = Field(default_factory=dict)
    hsds: str

    def words(self) -> dict[str, str]:
        """Every word for a choice → its id."""
        return {
            plain(word): name
            for name, choice in self.choices.items()
            for word in (name, choice.zh, choice.en, *choice.also)
        }


@lru_cache(maxsize=1)
def resource_fields() -> Mapping[str, ResourceField]:
    """Every column of a table of resources, in order.

    Returns
    -------
    mapping of str to ResourceField

    Raises
    ------
    StudyError
        The library's file of columns is damaged.
    """
    fields, findings = read_list(ResourceField, FILE, "id")
    refuse(FILE, findings)
    return {field.id: field for field in fields}


def match_headers(headers: Iterable[str], file: str, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Which column holds which field.

    Parameters
    ----------
    headers : iterable of str
    file : str
        For messages.
    given : mapping of str to str, optional
        Field → header, where a person has said it.

    Returns
    -------
    dict of str to str
        Field → header. Headers that no field knows are left out.

    Raises
    ------
    InputError
        A field or header that is given does not exist; two headers mean the same field; a required one is missing.
    """
    names, fields = list(headers), resource_fields()
    found = dict(given or {})
    for field, header in found.items():
        if field not in fields:
            raise InputError(f"{field!r} is no field of a resource{suggest(field, fields)}; see docs/resources.md")
        if header not in names:
            raise InputError(f"{file} has no column {header!r}{suggest(header, names)}; correct `columns`")
    words = {
        plain(word): field.id for field in fields.values() for word in (field.id, *field.label.values(), *field.also)
    }
    for header in names:
        field = words.get(plain(header), "")
        if not field or header in found.values() or field in (given or {}):
            continue
        if field in found:
            raise InputError(f"{file}: columns {found[field]!r} and {header!r} both mean {field!r}; rename one of them")
        found[field] = header
    missing = [field for field in fields.values() if field.required and field.id not in found]
    if missing:
        wanted = ", ".join(f"{field.id} ({field.label['zh']})" for field in missing)
        raise InputError(f"{file} has no column for {wanted}, which every resource needs; add it, or declare `columns`")
    return found
