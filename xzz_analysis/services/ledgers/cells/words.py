"""Words, choices, flags and tags, and phones and id numbers as hashes."""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from xzz_analysis.services.ledgers.cells.texts import TEXT, by_difference, text_of

SEPARATOR = ";"
"""Between the tags of a cell, as they are kept until the table is made."""

_FLAGS = {
    True: ("1", "yes", "y", "true", "t", "是", "有", "对", "√", "✓", "✔"),
    False: ("0", "no", "n", "false", "f", "否", "无", "不是", "没有", "×", "✗"),
}
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_SPLIT = re.compile(r"[;；、|]")
_LEAST = 6
"""Letters and digits that a phone or an id number has at least; less says nothing of a person."""


def plain(text: str) -> str:
    """A word as it is compared: narrow, small, without spaces and invisible characters."""
    return re.sub(rf"[\s{_INVISIBLE}]+", "", unicodedata.normalize("NFKC", text)).casefold()


def read_words(cells: pa.ChunkedArray) -> pa.Array:
    """Keys, names and texts: full-width characters narrow, invisible ones and spaces around gone, case kept."""
    text = text_of(cells)
    if pc.all(pc.string_is_ascii(text), min_count=0).as_py():
        return text
    narrow = pc.utf8_normalize(pc.replace_substring_regex(text, f"[{_INVISIBLE}]", ""), form="NFKC")
    return pc.cast(pc.utf8_trim_whitespace(narrow), TEXT)


def words_of(labels: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Every way to write a code → the code; what two codes share stands for neither.

    Parameters
    ----------
    labels : mapping
        Code → ``zh``, ``en`` and, where there are others, ``also``.
    """
    found: dict[str, str] = {}
    twice = set()
    for code, told in labels.items():
        for word in {
            plain(code),
            plain(told.get("zh", "")),
            plain(told.get("en", "")),
            *map(plain, told.get("also", ())),
        }:
            if word and found.setdefault(word, code) != code:
                twice.add(word)
    codes = {plain(code): code for code in labels}
    return {word: code for word, code in found.items() if word not in twice} | codes


def read_choices(cells: pa.ChunkedArray, words: Mapping[str, str]) -> pa.Array:
    """Codes of choices; null where a cell is no word of a choice, ``""`` where it is empty."""
    return by_difference(text_of(cells), lambda one: words.get(plain(one)) if one else "", TEXT)


def read_known(cells: pa.ChunkedArray, words: Mapping[str, str]) -> pa.Array:
    """Names of things that have a code as the code, others as they are written."""
    return by_difference(read_words(cells), lambda one: words.get(plain(one), one), TEXT)


def read_flags(cells: pa.ChunkedArray) -> pa.Array:
    """Yes and no; null where a cell is neither."""
    known = {plain(word): value for value, words in _FLAGS.items() for word in words}
    return by_difference(text_of(cells), lambda one: known.get(plain(one)), pa.bool_())


def read_tags(cells: pa.ChunkedArray, words: Mapping[str, str]) -> pa.Array:
    """Tags of a cell, each once in the order written, joined by :data:`SEPARATOR`."""

    def tags(text: str) -> str:
        parts = [unicodedata.normalize("NFKC", part).strip() for part in _SPLIT.split(text)]
        return SEPARATOR.join(dict.fromkeys(words.get(plain(part), part) for part in parts if part))

    return by_difference(text_of(cells), tags, TEXT)


def read_secrets(cells: pa.ChunkedArray, key: bytes) -> pa.Array:
    """Phones and id numbers as keyed hashes (BLAKE2, RFC 7693), to be compared and thrown away with the key.

    Parameters
    ----------
    cells : ChunkedArray
    key : bytes
        Made for one reading of one ledger, kept nowhere.

    Returns
    -------
    Array of large_string
        ``""`` where the cell is empty or too short to tell people apart.
    """
    return by_difference(text_of(cells), functools.partial(_hashed, key=key), TEXT)


def _hashed(text: str, key: bytes) -> str:
    signs = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).upper()
    if len(signs) < _LEAST or len(set(signs)) < 3:
        return ""
    if signs.isdigit() and len(signs) in (13, 15) and signs.startswith(("86", "0086")):
        signs = signs[-11:]
    return hashlib.blake2b(signs.encode(), key=key, digest_size=16).hexdigest()
