"""Identifiers of people in text: found by how they are written, and by what the vault knows.

Spans are positions; no object of this module shows the text it was made from.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import ahocorasick
import numpy as np
import pandas as pd

from xzz_analysis.intake.privacy.patterns import BETWEEN, MASKED, NUMERALS, PATTERNS, PHONES, SAID, Pattern
from xzz_analysis.language import Label

KINDS: dict[str, Label] = {
    "id_card": {"zh": "身份证件号码", "en": "identity card"},
    "permit": {"zh": "通行证", "en": "travel permit"},
    "passport": {"zh": "护照", "en": "passport"},
    "phone": {"zh": "手机号码", "en": "mobile phone"},
    "landline": {"zh": "固定电话", "en": "telephone"},
    "chat_account": {"zh": "微信或QQ号", "en": "WeChat or QQ account"},
    "bank_card": {"zh": "银行卡号", "en": "bank card"},
    "plate": {"zh": "车牌", "en": "number plate"},
    "email": {"zh": "电子邮箱", "en": "e-mail address"},
    "address": {"zh": "详细地址", "en": "address"},
    "coordinate": {"zh": "坐标", "en": "coordinates"},
    "name": {"zh": "姓名", "en": "name"},
    "known": {"zh": "保密库中的内容", "en": "what the vault holds"},
}
"""What is found, and how it is called."""

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_WORD = re.compile(r"[A-Za-z0-9]")
_INVISIBLE = re.compile(r"[\s\u200b-\u200d\ufeff]+")
_SAID_AS_DIGITS = str.maketrans(NUMERALS)


def _narrow_characters() -> dict[int, str]:
    """Full-width characters and the digits of other scripts → one ASCII character each."""
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table |= {0x3000: " ", 0x2014: "-", 0x2013: "-", 0x2212: "-"}
    for code in (*range(0x660, 0x1A9A), *range(0x1D7CE, 0x1D800)):
        if unicodedata.decimal(chr(code), None) is not None:
            table[code] = str(unicodedata.decimal(chr(code)))
    return table


_NARROW = _narrow_characters()


class Span(NamedTuple):
    """Where an identifier stands in a text: ``text[start:end]``."""

    kind: str
    start: int
    end: int


class KnownWords:
    """Names, numbers and addresses that are known, searched all at once (Aho and Corasick 1975).

    Words that would be found everywhere are left out: a single Chinese character, fewer than seven digits, fewer
    than four letters. Latin words and numbers are found between others only, never inside a longer one.

    Parameters
    ----------
    words : iterable of str

    Attributes
    ----------
    count, left_out : int
        How many words are searched, and how many are too short to be.
    """

    def __init__(self, words: Iterable[str]) -> None:
        wanted = {form for word in words for form in _forms(word)}
        kept = {word for word in wanted if is_specific(word)}
        self.count, self.left_out = len(kept), len(wanted) - len(kept)
        self._automaton = ahocorasick.Automaton()
        for word in kept:
            self._automaton.add_word(word, len(word))
        if kept:
            self._automaton.make_automaton()

    def __repr__(self) -> str:
        return f"KnownWords({self.count} words)"

    def find(self, text: str) -> Iterator[Span]:
        """Every place where a word stands, as spans of kind ``known``."""
        if not self.count:
            return
        for last, length in self._automaton.iter(text):
            start, end = last + 1 - length, last + 1
            if not (_joined(text, start) or _joined(text, end)):
                yield Span("known", start, end)


def is_specific(word: str) -> bool:
    """Whether finding a word means finding a person, and not any text."""
    if _HAN.search(word):
        return len(word) >= 2
    return len(word) >= (7 if word.isdigit() else 4)


def find(texts: Iterable[str], known: KnownWords | None = None, kinds: Sequence[str] = ()) -> pd.DataFrame:
    """Find identifiers in many texts at once.

    Parameters
    ----------
    texts : iterable of str
        Answers, one per respondent; ``""`` where there is none.
    known : KnownWords, optional
        Words to find besides.
    kinds : sequence of str
        Only these kinds of :data:`KINDS`; all by default.

    Returns
    -------
    DataFrame
        ``row`` (position of the text), ``kind``, ``start`` and ``end`` (characters of that text). Spans of one text
        do not overlap: where two do, the one that begins first (the longer, if both begin together) gives the kind
        and both are covered.

    Notes
    -----
    Identity numbers: GB 11643-1999, also with a wrong check character when province and birth date are possible.
    Bank cards: ISO/IEC 7812-1. Addresses, names after words such as 我叫, and numbers without a check digit are found
    by their surroundings, so that other ways of writing them are missed.
    """
    codes, different = pd.factorize(np.asarray(list(texts), dtype=object))
    starts = np.concatenate([[0], np.cumsum([len(text) + 1 for text in different], dtype=np.int64)])[:-1]
    found_at = spans(BETWEEN.join(text.replace(BETWEEN, " ") for text in different), known, kinds)
    place = np.array([span.start for span in found_at], dtype=np.int64)
    owner = np.searchsorted(starts, place, side="right") - 1
    offset = starts[owner] if len(place) else place
    found = pd.DataFrame(
        {
            "text": owner,
            "kind": pd.Series([span.kind for span in found_at], dtype=object),
            "start": place - offset,
            "end": np.array([span.end for span in found_at], dtype=np.int64) - offset,
        }
    )
    rows = pd.DataFrame({"row": np.arange(len(codes)), "text": codes})
    return rows.merge(found, on="text").drop(columns="text")


def spans(text: str, known: KnownWords | None = None, kinds: Sequence[str] = ()) -> list[Span]:
    """Find identifiers in one text; parameters as of :func:`find`."""
    narrow = text if text.isascii() else text.translate(_NARROW)
    masked = MASKED.sub(lambda match: "~" * len(match[0]), narrow)
    found = [*(known.find(narrow) if known is not None else ()), *_matches(masked, PATTERNS, kinds)]
    if SAID.search(masked):
        found += _matches(masked.translate(_SAID_AS_DIGITS), PHONES, kinds)
    return _united(found)


def scrub(texts: pd.Series, known: KnownWords | None = None) -> pd.Series:
    """Replace every identifier by its kind, ``〔phone〕``.

    Parameters
    ----------
    texts : Series of str
    known : KnownWords, optional

    Returns
    -------
    Series of str
        Same index.
    """
    cleaned = texts.to_numpy(dtype=object, copy=True)
    for row, kind, start, end in reversed(list(find(texts, known).itertuples(index=False, name=None))):
        text = cleaned[row]
        cleaned[row] = f"{text[:start]}〔{kind}〕{text[end:]}"
    return pd.Series(cleaned, index=texts.index, name=texts.name, dtype=texts.dtype)


def _matches(text: str, patterns: Iterable[Pattern], kinds: Sequence[str]) -> Iterator[Span]:
    for pattern in patterns:
        if not kinds or pattern.kind in kinds:
            for match in pattern.expression.finditer(text):
                place = pattern.check(match) if pattern.check else match.span()
                if place is not None:
                    yield Span(pattern.kind, *place)


def _united(spans: Iterable[Span]) -> list[Span]:
    """Spans in order of place; those that overlap become one."""
    united: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if united and span.start < united[-1].end:
            united[-1] = united[-1]._replace(end=max(united[-1].end, span.end))
        else:
            united.append(span)
    return united


def _forms(word: str) -> tuple[str, ...]:
    """A word as written, and as it is written without spaces and full-width characters."""
    narrow = word.strip().translate(_NARROW)
    squeezed = _INVISIBLE.sub("", narrow)
    spaceless = (squeezed,) if _HAN.search(narrow) or squeezed.isdigit() else ()
    return (word.strip(), narrow, *spaceless)


def _joined(text: str, place: int) -> bool:
    """Whether a Latin letter or digit stands on both sides of a place."""
    if not 0 < place < len(text):
        return False
    return bool(_WORD.match(text[place - 1]) and _WORD.match(text[place]))
