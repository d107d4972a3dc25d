"""Headers of a 问卷星 export → question number, wording, and the row or option they are about.

The grammar was read from public exports and the code that post-processes them: ``6、题干`` (also ``6．`` and ``6:``),
a matrix as ``6、题干—行1`` and then ``6、行2``, and one column per option or row as ``第6题(选项)``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

META = {
    "序号": "key",
    "提交答卷时间": "submitted",
    "所用时间": "seconds",
    "来源": "source",
    "来源详情": "detail",
    "来自IP": "ip",
    "总分": "total",
    "用户ID": "device",
}
"""Columns that the platform adds by itself → their role in :data:`xzz_analysis.intake.export.ROLES`, or ``""``."""

_NUMBER = r"((?:[(（]\d{1,3}[)）]\s*)?\d{1,3}(?:-\d{1,3})*)"
_NUMBERED = re.compile(rf"{_NUMBER}\s*(?:[、．:：]|\.(?!\d))\s*(.*)", re.S)
_ITEM = re.compile(rf"第\s*{_NUMBER}\s*题\s*[(（](.*)[)）]", re.S)
_BESIDE = re.compile(r"[(（](.*)[:：]\s*[)）]\s*[:：]?", re.S)
_BARE_NUMBER = re.compile(rf"第?\s*{_NUMBER}\s*题?")
_ROLE = re.compile(r"(.*?)(〖〗|→\d+)?", re.S)
_DASHES, _QUOTES = "—–―─‒−~∼〜", "“”‘’「」『』\"'"
_FOLDED = str.maketrans({**dict.fromkeys(_DASHES, "-"), **dict.fromkeys(_QUOTES, "'")})
_EDGE = "?:.。!,;*、"


@dataclass(frozen=True)
class Heading:
    """One header of the export.

    Attributes
    ----------
    header : str
        As written.
    number : str
        The platform's question number, ``""`` for a column that is no question.
    text : str
        What follows the number: the wording, with the row of a matrix behind a dash, or the row alone.
    item : str
        The option or row in ``第6题(…)``.
    beside : str
        The option whose words the column holds, in ``6、(其他:)``.
    """

    header: str
    number: str = ""
    text: str = ""
    item: str = ""
    beside: str = ""


@dataclass(frozen=True)
class Source:
    """The ``source`` of a question in a form, taken apart.

    Attributes
    ----------
    heading : Heading
    role : str
        ``""``; ``〖〗`` for the words written beside an option; ``→2`` for the second choice of a ranking.
    """

    heading: Heading
    role: str = ""

    @property
    def base(self) -> str:
        """What the source says of the header alone, comparable with the base of other sources."""
        return f"{self.heading.number}|{plain(self.heading.header)}"


def is_wjx(headers: Sequence[str]) -> bool:
    """Whether the headers are those of a 问卷星 export.

    Parameters
    ----------
    headers : sequence of str

    Returns
    -------
    bool
        Two of the platform's own columns and a numbered question, or the number of the record followed by
        numbered questions only.
    """
    known = [header for header in headers if tidy(header) in META]
    numbered = [header for header in headers if parse_heading(header).number]
    only_numbered = tidy(headers[0]) == "序号" and len(numbered) == len(headers) - 1 if len(headers) else False
    return bool(numbered) and (len(known) >= 2 or only_numbered)


def parse_heading(header: str) -> Heading:
    """Take a header apart; one without a number is a column that is no question."""
    written = tidy(header)
    if written in META:
        return Heading(header)
    item = _ITEM.fullmatch(written)
    if item:
        return Heading(header, _digits(item[1]), item=item[2].strip())
    numbered = _NUMBERED.fullmatch(written)
    if not numbered:
        return Heading(header)
    beside = _BESIDE.fullmatch(numbered[2])
    if beside and _one_bracket(numbered[2].rstrip(":： ")):
        return Heading(header, _digits(numbered[1]), beside=beside[1].strip())
    return Heading(header, _digits(numbered[1]), text=numbered[2].strip())


def parse_source(source: str) -> Source:
    """Take the source of a question apart: a header, or its number alone, and the question's role."""
    found = _ROLE.fullmatch(source.strip())
    written, role = (found[1], found[2] or "") if found else (source, "")
    bare = _BARE_NUMBER.fullmatch(tidy(written))
    return Source(Heading(written, _digits(bare[1])) if bare else parse_heading(written), role)


def tidy(text: str) -> str:
    """The text with tabs, odd spaces and invisible characters as single spaces, none at its ends."""
    seen = (" " if unicodedata.category(letter)[0] in "ZC" else letter for letter in text)
    return " ".join("".join(seen).split())


def plain(text: str) -> str:
    """The text for comparison: full width as half width, without spaces, one kind of dash and of quote."""
    folded = unicodedata.normalize("NFKC", text).translate(_FOLDED)
    kept = "".join(letter for letter in folded if unicodedata.category(letter)[0] not in "ZC")
    return re.sub("-+", "-", kept)


def stem(text: str) -> str:
    """A wording for comparison: :func:`plain`, without the marks at its ends."""
    return plain(text).strip(_EDGE)


def cuts(text: str) -> list[tuple[str, str]]:
    """Every way to cut ``题干—行`` at a dash: single dashes before those of a ``——``, the last one first."""
    places = [place.start() for place in re.finditer("—", text)]
    single = {place.start() for place in re.finditer("(?<!—)—(?!—)", text)}
    places.sort(key=lambda place: (place not in single, -place))
    return [(text[:place].strip(), text[place + 1 :].strip()) for place in places]


def shown(header: str) -> str:
    """A header for a message, at most 40 characters of it."""
    written = tidy(header)
    return repr(written if len(written) <= 40 else f"{written[:39]}…")


def _digits(number: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", number))


def _one_bracket(text: str) -> bool:
    """Whether the bracket that opens the text closes at its end."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter in "(（") - (letter in ")）")
        if depth == 0:
            return place == len(text) - 1
    return False
