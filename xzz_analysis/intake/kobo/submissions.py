"""JSON of Kobo and ODK → submissions one at a time; what is cut off, ambiguous or built to exhaust is refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.workbook import read_bytes
from xzz_analysis.intake.workbook.delimited import unpack
from xzz_analysis.intake.workbook.excel import cell_text

MAX_DEPTH = 50
"""Levels of groups and repeats; real forms have fewer than ten."""
MAX_DIGITS = 300

_LISTS = ("results", "value", "features")
"""Where Kobo's API, ODK Central's OData and GeoJSON keep the submissions."""
_AROUND = re.compile(r"@odata\..*|count|next|previous|type|name|crs|detail")
_NEXT = ("next", "@odata.nextLink")
_SPACE = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]|-?Infinity|NaN|-?[0-9][0-9.eE+-]*', re.S)
_MACHINE_NAME = re.compile(r"(?!.*[0-9]{6})[A-Za-z0-9_./:@-]{1,80}")
_Walk = Generator[dict[str, Any], None, int]
"""Gives submissions, then where it stopped."""
_AGAIN = "download it again from the platform, unchanged"


class _RefusedError(Exception):
    """A value that cannot be kept: what it is called in messages, and the text to look for."""

    def __init__(self, what: str, token: str = "") -> None:
        super().__init__(what)
        self.what, self.token = what, token


@dataclass
class Submissions:
    """Submissions of one file, in file order; iterate once.

    Attributes
    ----------
    file : str
        File name, for messages.
    text : str
    around : dict
        What stands beside the list of submissions (``count``, ``next``), complete after iteration.
    read : int
        Submissions read so far.
    features : bool
        Whether they are GeoJSON features.
    """

    file: str
    text: str
    around: dict[str, Any] = field(default_factory=dict)
    read: int = 0
    features: bool = False
    _start: int = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        at = self._skip(0)
        opening = self.text[at : at + 1]
        if opening == "[":
            at = yield from self._items(at)
        elif opening == "{":
            at = yield from self._object_or_lines(at)
        else:
            self._refuse(at, "holds no JSON list or object", _AGAIN)
        if self._skip(at) != len(self.text):
            self._refuse(self._skip(at), "goes on after its submissions end", _AGAIN)

    def findings(self) -> list[Finding]:
        """What the file says about itself after it was read: that it is one page of several."""
        follows = any(self.around.get(name) for name in _NEXT)
        told = self.around.get("count") or self.around.get("@odata.count") or ""
        total = int(told) if isinstance(told, str) and told.isdecimal() else self.read
        if not follows and total <= self.read:
            return []
        message = (
            f"it holds {self.read:,} submission(s)"
            + (f" of {total:,}" if total > self.read else " and says that more follow")
            + ", so it is one page of a longer answer and every figure would lack the others"
        )
        remedy = "download all pages, or use the export of the whole project"
        return [Finding("error", "export_partial", self.file, message, remedy, max(total - self.read, 1))]

    def too_deep(self) -> NoReturn:
        """Refuse the submission read last because it is nested deeper than :data:`MAX_DEPTH`."""
        self._refuse(self._deep(self._start), f"nests more than {MAX_DEPTH} levels, as no form does", _AGAIN)

    def _object_or_lines(self, at: int) -> _Walk:
        """One object around a list of submissions, or one submission per line."""
        listed = self._list_in(at)
        if listed is None:
            while at < len(self.text):
                submission, end = self._submission(at)
                yield submission
                at = self._skip(end)
            return at
        at = yield from self._items(listed)
        return self._rest(at)

    def _list_in(self, at: int) -> int | None:
        """Where the list starts inside the object at ``at``; None when that is itself a submission."""
        at = self._skip(at + 1)
        while self.text[at : at + 1] == '"':
            key, value = self._key(at)
            if key in _LISTS and self.text[value : value + 1] == "[":
                self.features = key == "features"
                return value
            if not _AROUND.fullmatch(key):
                self.around.clear()
                return None
            self.around[key], at = self._value(value)
            at = self._skip(at)
            at = self._skip(at + 1) if self.text[at : at + 1] == "," else at
        if self.around:
            names = ", ".join(map(repr, self.around))
            why = f"holds no submissions, only {names}: it is a platform's message, not an export"
            self._refuse(at, why, "download the export itself")
        return None

    def _items(self, at: int) -> _Walk:
        at = self._skip(at + 1)
        if self.text[at : at + 1] == "]":
            return at + 1
        while True:
            submission, end = self._submission(at)
            yield submission
            at = self._skip(end)
            mark = self.text[at : at + 1]
            if mark == "]":
                return at + 1
            if mark != ",":
                cut = "is cut off" if not mark else "has no comma between two submissions"
                self._refuse(at, cut, _AGAIN)
            at = self._skip(at + 1)

    def _rest(self, at: int) -> int:
        """Read what follows the list; anything but a remark of the platform makes the file ambiguous."""
        at = self._skip(at)
        while self.text[at : at + 1] == ",":
            key, value = self._key(self._skip(at + 1))
            if not _AROUND.fullmatch(key):
                why = f"has {_shown(key)} beside its list, so it is unknown whether the list holds the submissions"
                self._refuse(value, why, "export a plain list of submissions")
            self.around[key], at = self._value(value)
            at = self._skip(at)
        if self.text[at : at + 1] != "}":
            self._refuse(at, "is cut off", _AGAIN)
        return at + 1

    def _submission(self, at: int) -> tuple[dict[str, Any], int]:
        self._start = at
        submission, end = self._value(at)
        if not isinstance(submission, dict):
            self._refuse(at, "holds something that is no submission (an object in braces)", _AGAIN)
        self.read += 1
        return submission, end

    def _key(self, at: int) -> tuple[str, int]:
        """The key at ``at`` and where its value starts."""
        key, end = self._value(at)
        end = self._skip(end)
        if not isinstance(key, str) or self.text[end : end + 1] != ":":
            self._refuse(end, "is cut off" if end >= len(self.text) else "is no JSON", _AGAIN)
        return key, self._skip(end + 1)

    def _value(self, at: int) -> tuple[Any, int]:
        try:
            return _DECODER.raw_decode(self.text, at)
        except json.JSONDecodeError as error:
            cut = error.pos >= len(self.text.rstrip()) or error.msg.startswith("Unterminated string")
            self._refuse(error.pos, "is cut off" if cut else f"is no JSON ({error.msg.lower()})", _AGAIN)
        except RecursionError:
            self._refuse(self._deep(at), f"nests more than {MAX_DEPTH} levels, as no form does", _AGAIN)
        except _RefusedError as error:
            place = next((t.start() for t in _TOKEN.finditer(self.text, at) if t[0] == error.token), at)
            self._refuse(place, error.what, _AGAIN)

    def _deep(self, at: int) -> int:
        depth = 0
        for token in _TOKEN.finditer(self.text, at):
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
            if depth > MAX_DEPTH:
                return token.start()
        return at

    def _skip(self, at: int) -> int:
        space = _SPACE.match(self.text, at)
        return space.end() if space else at

    def _refuse(self, at: int, why: str, remedy: str) -> NoReturn:
        line = self.text.count("\n", 0, at) + 1
        place = at - self.text.rfind("\n", 0, at)
        raise InputError(f"{self.file} {why} (line {line:,}, character {place:,}); {remedy}") from None


def open_submissions(path: Path) -> Submissions:
    """Open a JSON file of submissions.

    Parameters
    ----------
    path : Path
        A list, ``{"results": […]}`` of Kobo's API, ``{"value": […]}`` of ODK Central's OData, a GeoJSON
        FeatureCollection or one submission per line; UTF-8, gzipped or not.

    Returns
    -------
    Submissions
        Numbers are texts: whole numbers as written, others as the library writes a number in a cell.

    Raises
    ------
    InputError
        The file is missing, empty, cut off or not UTF-8. While it is iterated: no JSON, a key twice in one
        object, NaN, Infinity or a number with more than 300 digits, too many levels, or no submissions;
        line and character are named.
    """
    data = read_bytes(path)
    if data[:2] == b"\x1f\x8b":
        data = unpack(data, path.name)
    return Submissions(path.name, _decode(data, path.name))


def _decode(data: bytes, name: str) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:4]:
        raise InputError(f"{name} is UTF-16 or UTF-32, but JSON is UTF-8; {_AGAIN}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        position = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        line = data.count(b"\n", 0, position) + 1
        raise InputError(
            f"{name} is not UTF-8: byte {position:,} on line {line:,} is 0x{data[position]:02x}, and reading on "
            f"would garble names and options; {_AGAIN}"
        ) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _RefusedError(f"has {_shown(key)} twice in one object, so it is unknown which is the answer")
    return made


def _integer(text: str) -> str:
    if len(text) > MAX_DIGITS:
        raise _RefusedError(f"holds a number of {len(text):,} digits, which no question asks for", text)
    return text


def _decimal(text: str) -> str:
    number = float(text)
    if len(text) > MAX_DIGITS or math.isinf(number):
        raise _RefusedError("holds a number too large for any question", text)
    return cell_text(number)


def _constant(text: str) -> NoReturn:
    raise _RefusedError(f"holds {text}, which is no JSON and no answer", text)


def _shown(key: str) -> str:
    """A key as a message may show it: a name of the form, never a text that could be somebody's."""
    return repr(key) if _MACHINE_NAME.fullmatch(key) else "a key"


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_decimal, parse_constant=_constant
)
