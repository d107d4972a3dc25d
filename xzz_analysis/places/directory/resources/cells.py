"""Cells of a table of resources → values; what cannot be read is a finding, never a guess."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, suggest
from xzz_analysis.places.directory.catalogue import DOMAINS, Catalogue, plain
from xzz_analysis.places.directory.resources.schema import ResourceField, resource_fields

_SPLIT = re.compile(r"[、，,；;|/\n]+")
_DAY = re.compile(r"((?:19|20)\d\d)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]0?0:00(?::00)?)?")
_FLAGS = dict.fromkeys(map(plain, ("是", "公开", "可公开", "yes", "y", "true", "1", "√")), True) | dict.fromkeys(
    map(plain, ("", "否", "不公开", "no", "n", "false", "0", "×")), False
)
_CODE = re.compile(r"^\s*[=+@]|^\s*-(?!\d)|</?\s*[a-z!]|javascript:", re.IGNORECASE)
_SHOWN = 5


@dataclass(frozen=True)
class Context:
    """What cells are read against.

    Attributes
    ----------
    where : str
        File, for messages.
    catalogue : Catalogue
    as_of : date
        Last day that a verification can be of.
    communities : mapping of str to str
        Words for communities (as :func:`plain` gives them) → key; empty when there is no layer.
    """

    where: str
    catalogue: Catalogue
    as_of: dt.date
    communities: Mapping[str, str]


def clean(text: str) -> str:
    """A text without signs that cannot be seen, and without blanks around it; line ends are ``\\n``."""
    if text.isprintable():
        return text.strip()
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    seen = "".join(sign for sign in lines if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs"))
    return seen.strip()


def read_cells(cells: pd.DataFrame, context: Context) -> tuple[pd.DataFrame, list[Finding]]:
    """Read every column.

    Parameters
    ----------
    cells : DataFrame of str
        Columns are fields; the index is the resources' ids.
    context : Context

    Returns
    -------
    tuple
        DataFrame with a column per field but ``id``: str; float for numbers and degrees (NaN where empty or no number);
        bool for flags; tuple of str for domains and groups; datetime64 for days (NaT where empty); and findings:
        ``unknown_word``, ``value_missing``, ``no_number``, ``no_day`` (errors), ``day_to_come`` (warning),
        ``group_unknown`` and ``text_like_code`` (notes).
    """
    findings: list[Finding] = []
    out: dict[str, pd.Series] = {}
    for field in resource_fields().values():
        if field.id == "id":
            continue
        texts = cells[field.id] if field.id in cells else pd.Series("", index=cells.index, dtype="str")
        out[field.id], problems = _READERS[field.kind](texts, field, context)
        findings += problems
    table = pd.DataFrame(out, index=cells.index)
    bare = table["domains"].map(len) == 0
    usual = {name: kind.domains for name, kind in context.catalogue.kinds.items()}
    table["domains"] = table["domains"].where(~bare, table["category"].map(lambda name: usual.get(name, ())))
    table["name_zh"] = table["name_zh"].where(table["name_zh"] != "", table["name_en"])
    without = table.index[table["name_zh"] == ""]
    findings += _told(without, "value_missing", f"{context.where}: name_zh", "have no name", "write it")
    return table, [*findings, *_like_code(table, context.where)]


def named(keys: Iterable[str]) -> str:
    """The first few ids, sorted, for a message."""
    found = sorted(map(str, keys))
    return ", ".join(found[:_SHOWN]) + (f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else "")


def _told(keys: Collection[str], rule: str, where: str, said: str, remedy: str) -> Iterator[Finding]:
    if len(keys):
        yield Finding("error", rule, where, f"{len(keys):,} resource(s) {said} ({named(keys)})", remedy, len(keys))


def _shown(text: str, digits: int = 6) -> str:
    """A wrong value for a message, unless it might be somebody's number."""
    return "a number" if sum(sign.isdigit() for sign in text) > digits else repr(text[:30])


Read = tuple[pd.Series, list[Finding]]


def _text(texts: pd.Series, field: ResourceField, context: Context) -> Read:
    return texts.map(clean).astype("str"), []


def _words(
    texts: pd.Series, known: Mapping[str, str], names: Collection[str], field: ResourceField, context: Context
) -> Read:
    """Words → ids, with the nearest name for every word that nobody knows."""
    values = {text: known.get(plain(text), "") for text in texts.unique()}
    wrong = sorted(text for text, value in values.items() if plain(text) and not value)
    findings = []
    for text in wrong[:_SHOWN]:
        rows = texts.index[texts == text]
        what = f"{field.label['en'].lower()} {_shown(text)}"
        said = f"{what} of {len(rows):,} resource(s) is not known{suggest(text, [*names, *known])}"
        where = f"{context.where}: {field.id}"
        findings.append(Finding("error", "unknown_word", where, said, "see docs/resources.md for the words", len(rows)))
    if len(wrong) > _SHOWN:
        said = f"{len(wrong) - _SHOWN:,} more words are not known"
        findings.append(Finding("error", "unknown_word", f"{context.where}: {field.id}", said, "", len(wrong) - _SHOWN))
    return texts.map(values).astype("str"), findings


def _category(texts: pd.Series, field: ResourceField, context: Context) -> Read:
    catalogue = context.catalogue
    names = [
        *catalogue.kinds,
        *(text for kind in catalogue.kinds.values() for text in (*kind.label.values(), *kind.also)),
    ]
    read, findings = _words(texts, catalogue.words, names, field, context)
    empty = texts.index[texts.map(plain) == ""]
    return read, [
        *findings,
        *_told(empty, "value_missing", f"{context.where}: {field.id}", "have no category", "write it"),
    ]


def _choice(texts: pd.Series, field: ResourceField, context: Context) -> Read:
    names = [word for name, choice in field.choices.items() for word in (name, choice.zh, choice.en)]
    read, findings = _words(texts, field.words(), names, field, context)
    return read.mask(texts.map(plain) == "", field.default).astype("str"), findings


def _community(texts: pd.Series, field: ResourceField, context: Context) -> Read:
    if not context.communities:
        return texts.map(clean).astype("str"), []
    return _words(texts, context.communities, list(context.communities), field, context)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in map(clean, _SPLIT.split(text)) if part))


def _domains(texts: pd.Series, field: ResourceField, context: Context) -> Read:
    headings = {one.id: one.label["zh"] for one in context.catalogue.headings}  # an own catalogue may lack some
    words = {
        plain(word): name
        for name in DOMAINS
        for word in (name, *context.catalogue.domain_label(name).values(), headings.get(name, name))
    }
    apart = texts.map(_parts)
    single = pd.Series([part for parts in apart for part in parts], dtype="str")
    single.index = pd.Index([key for key, parts in apart.items() for _ in parts], dtype="object")
    _, findings = _words(single, words, [*DOMAINS, *words], field, context)
    read = apart.map(lambda parts: {words.get(plain(part), "") for part in parts})
    return read.map(lambda found: tuple(name for name in DOMAINS if name in found)), findings


def _groups(texts: pd.Series, field: ResourceField, context: Context) -> Read:
    """Groups by id where the catalogue knows them, else as written; nothing for everybody."""
    known, everybody = context.catalogue.group_words, context.catalogue.everybody
    read = texts.map(
        lambda text: tuple(
            dict.fromkeys(known.get(plain(part), part) for part in _parts(text) if plain(part) not in everybody)
        )
    )
    strange = sorted({part for parts in read for part in parts if part not in context.catalogue.groups})
    if not strange:
        return read, []
    rows = int(read.map(lambda parts: any(part in strange for part in parts)).sum())
    said = f"{len(strange):,} group(s) of people are not in the catalogue ({', '.join(map(_shown, strange[:_SHOWN]))})"
    remedy = "they are kept as written, and match no group of the survey"
    return read, [Finding("note", "group_unknown", f"{context.where}: {field.id}", said, remedy, rows)]


def _number(texts: pd.Series, field: ResourceField, context: Context) -> Read:
    plainly = texts.map(lambda text: unicodedata.normalize("NFKC", clean(text)).replace(",", ""))
    numbers = pd.to_numeric(plainly.mask(plainly == ""), errors="coerce").astype("float64")
    wrong = (plainly != "") & ~np.isfinite(numbers)
    if field.kind == "number":
        wrong |= numbers < 0
    numbers = numbers.mask(wrong)
    if not wrong.any():
        return numbers, []
    values = (
        ", ".join(sorted({_shown(text) for text in texts[wrong]})[:_SHOWN]) if field.kind == "number" else "not shown"
    )
    said = f"{int(wrong.sum()):,} cell(s) are no number ({values}), of {named(texts.index[wrong])}"
    remedy = "write digits only, or leave it empty when it is unknown"
    return numbers, [Finding("error", "no_number", f"{context.where}: {field.id}", said, remedy, int(wrong.sum()))]


def _flag(texts: pd.Series, field: ResourceField, context: Context) -> Read:
    values = {text: _FLAGS.get(plain(text)) for text in texts.unique()}
    wrong = texts.index[texts.map(values).isna()]
    said = f"say neither yes nor no ({', '.join(sorted({_shown(text) for text in texts[wrong]})[:_SHOWN])})"
    read = texts.map(lambda text: bool(values[text])).astype(bool)
    return read, list(_told(wrong, "unknown_word", f"{context.where}: {field.id}", said, "write 是 or 否, yes or no"))


def _day(texts: pd.Series, field: ResourceField, context: Context) -> Read:
    where = f"{context.where}: {field.id}"
    values = {text: _date(clean(text)) for text in texts.unique()}
    days = texts.map(values)
    wrong = texts.index[(texts.map(clean) != "") & days.isna()]
    said = f"have a date that cannot be read ({', '.join(sorted({_shown(text, 8) for text in texts[wrong]})[:_SHOWN])})"
    findings = list(_told(wrong, "no_day", where, said, "write it as 2026-03-01"))
    ahead = texts.index[[isinstance(day, dt.date) and day > context.as_of for day in days]]
    if len(ahead):
        said = f"{len(ahead):,} resource(s) were verified after the report's {context.as_of} ({named(ahead)})"
        findings.append(Finding("warning", "day_to_come", where, said, "right where the table is newer", len(ahead)))
    return pd.to_datetime(days).astype("datetime64[s]"), findings


def _date(text: str) -> dt.date | None:
    match = _DAY.fullmatch(unicodedata.normalize("NFKC", text))
    if match is None:
        return None
    try:
        return dt.date(*map(int, match.groups()))
    except ValueError:
        return None


def _like_code(table: pd.DataFrame, where: str) -> Iterator[Finding]:
    """Texts that a spreadsheet would take for a formula, or a browser for markup."""
    columns = [field.id for field in resource_fields().values() if field.kind == "text" and field.id in table]
    like = pd.DataFrame({name: table[name].str.contains(_CODE) for name in columns})
    count = int(like.to_numpy().sum())
    if count:
        said = f"{count:,} text(s) look like a formula or markup in {', '.join(like.columns[like.any()])}"
        yield Finding("note", "text_like_code", where, said, "they are kept and printed as text", count)


_READERS: dict[str, Callable[[pd.Series, ResourceField, Context], Read]] = {
    "text": _text,
    "category": _category,
    "domains": _domains,
    "number": _number,
    "groups": _groups,
    "flag": _flag,
    "degrees": _number,
    "choice": _choice,
    "community": _community,
    "day": _day,
}
