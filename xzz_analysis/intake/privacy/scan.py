"""Search every byte of a folder for people: for what the vault knows, and for what looks like an identifier.

Verbatim words are found in text, in the text of every part of a container, in any of the ways in which files write
them, and in what is compressed inside; what is drawn as a picture or split into glyphs is not.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import html
import io
import json
import re
import sqlite3
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from xzz_analysis.intake.privacy.identifiers import KnownWords, is_specific, spans

DETECTED = ("id_card", "phone", "bank_card", "chat_account", "email")
"""Kinds of identifiers that outputs are searched for: those that numbers of a report are not mistaken for."""

MAX_UNPACKED = 256 * 1024**2
"""A part that is larger when unpacked is reported as unread."""

_DEEPEST = 6
_SHORTEST = 6
"""Bytes of a word in another encoding: fewer are found by chance in compressed data."""
_DATA = re.compile(rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{24,}(?:\r?\n[A-Za-z0-9+/]{4,})*={0,2}")
_TAG = re.compile(r"<[^<>]*>")
_STREAM = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_HEXADECIMAL = re.compile(rb"<([0-9A-Fa-f\s]{8,})>")
_READABLE = re.compile(rb"[\x20-\x7e]{11,}")
"""Where bytes that are no text may hold a number that can be read."""
_BLOCK = 1 << 16
_PICTURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Leak:
    """Something that may tell who somebody is; what it is stays unsaid.

    ``kind`` is one of ``identifiers.KINDS``, ``known`` for what the vault holds, or ``unread`` for a part that could
    not be searched.
    """

    file: str
    part: str
    kind: str
    count: int


def scan(
    folder: Path, words: Iterable[str], *, allowed: Iterable[str] = (), kinds: tuple[str, ...] = DETECTED
) -> list[Leak]:
    """Search every file under a folder.

    Parameters
    ----------
    folder : Path
        Or one file.
    words : iterable of str
        What the vault knows, :meth:`Vault.known_words`.
    allowed : iterable of str
        Words that may be there, such as the publisher's own telephone.
    kinds : tuple of str
        Identifiers to look for besides, whoever they belong to.

    Returns
    -------
    list of Leak
        Per file, part and kind, the number of places; empty when nothing was found.

    Notes
    -----
    Multiple-pattern search: Aho, A. V. and Corasick, M. J. (1975). Efficient string matching. Communications of the
    ACM 18(6).
    """
    allowed = frozenset(allowed)
    search = _Search([word for word in words if word not in allowed], allowed, kinds)
    leaks: list[Leak] = []
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else [folder]
    for path in files:
        name = path.relative_to(folder).as_posix() if folder.is_dir() else path.name
        leaks += search.in_name(name)
        counts: Counter[tuple[str, str]] = Counter()
        for part, content in _parts(path):
            if content is None:
                counts[part, "unread"] += 1
            else:
                for kind, count in search.count(content).items():
                    counts[part, kind] += count
        leaks += [Leak(name, part, kind, count) for (part, kind), count in counts.items()]
    return leaks


class _Search:
    """Words in every way of writing, and the detectors."""

    def __init__(self, words: list[str], allowed: frozenset[str], kinds: tuple[str, ...]) -> None:
        self.allowed = allowed
        self.kinds = kinds
        self.known = KnownWords(words)
        self.written = KnownWords({form for word in words if is_specific(word) for form in _written(word)})

    def count(self, content: bytes | str) -> dict[str, int]:
        """How many places of each kind a part holds."""
        if isinstance(content, bytes):
            readable = b"\0".join(_READABLE.findall(content)).decode("ascii")
            written = self.written.find(content.decode("latin-1"))
            return self._detected(readable) | _not_nothing("known", len(set(written)))
        places = {(span.start, span.end) for known in (self.known, self.written) for span in known.find(content)}
        bare = _TAG.sub("", content) if "<" in content else ""
        return self._detected(content) | _not_nothing("known", max(len(places), len(set(self.known.find(bare)))))

    def in_name(self, name: str) -> list[Leak]:
        """Words in the name of a file or of its folders; the name is not shown then."""
        found = sum(1 for _ in self.known.find(name))
        return [Leak("(a file whose name is one)", "name", "known", found)] if found else []

    def _detected(self, text: str) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for kind, start, end in spans(text, kinds=self.kinds):
            counts[kind] += text[start:end] not in self.allowed
        return {kind: count for kind, count in counts.items() if count}


def _not_nothing(kind: str, count: int) -> dict[str, int]:
    return {kind: count} if count else {}


def _written(word: str) -> set[str]:
    """A word as files write it, each byte one character: encodings, and escapes of JSON, HTML and addresses."""
    forms = {word.encode(encoding, "ignore") for encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030")}
    kept = {form.decode("latin-1") for form in forms if len(form) >= _SHORTEST}
    if not word.isascii():
        escaped = json.dumps(word)[1:-1]
        kept |= {escaped, re.sub(r"\\u(....)", lambda match: f"\\u{match[1].upper()}", escaped), quote(word)}
        kept |= {"".join(f"&#{ord(letter)};" for letter in word)}
        kept |= {
            "".join(f"&#x{code:x};" for code in map(ord, word)),
            "".join(f"&#x{code:X};" for code in map(ord, word)),
        }
    return kept


def _decoded(content: bytes, *encodings: str) -> str | None:
    """Text of bytes that are text in one of the encodings."""
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    return None


Part = tuple[str, bytes | str | None]


def _parts(path: Path) -> Iterator[Part]:
    """Every part of a file that can be searched; None where it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError:
        yield "", None
        return
    yield from _opened("", content, 0)
    reader = _READERS.get(path.suffix.lower())
    if reader is not None:
        try:
            yield from reader(path)
        except (OSError, ValueError, sqlite3.Error, pa.ArrowException) as error:
            yield f"({type(error).__name__})", None


def _opened(part: str, content: bytes, depth: int) -> Iterator[Part]:
    """A part, and the parts that are packed inside it."""
    text = _decoded(content, "utf-8-sig")
    if content[:8] != _PICTURE:
        yield part, content if text is None else text
    if depth >= _DEEPEST:
        return
    if content[:4] == b"PK\x03\x04":
        yield from _archived(part, content, depth)
    elif content[:8] == _PICTURE:
        yield from _pictured(part, content, depth)
    elif content[:2] == b"\x1f\x8b":
        with gzip.open(io.BytesIO(content)) as stream:
            yield from _unpacked(f"{part}(gz)", lambda: stream.read(MAX_UNPACKED + 1), depth)
    elif text is None:
        yield from _binary(part, content, depth)
    else:
        yield from _textual(part, text, content, depth)


def _textual(part: str, text: str, content: bytes, depth: int) -> Iterator[Part]:
    if text[:1] in ("{", "[") or "\\u" in text:
        yield from _json(part, text, depth)
    if "&" in text:
        yield f"{part}(entities)", html.unescape(text)
    if "(stream)" in part:
        yield from _hexadecimal(part, content)
    for match in _DATA.finditer(content):
        yield from _encoded(part, match[0], depth)


def _binary(part: str, content: bytes, depth: int) -> Iterator[Part]:
    """What is compressed inside; and the text, where the bytes are text in a Chinese or a wide encoding."""
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = _decoded(content, *(("utf-16",) if wide else ("gb18030",)))
    if text is not None:
        yield part, text
        if wide:
            yield from _textual(part, text, text.encode(), depth)
    view, place = memoryview(content), 0
    while match := _STREAM.search(content, place):
        unpacked, place = _inflated(view, match.start())
        if unpacked:
            yield from _opened(f"{part}(stream)", unpacked, depth + 2)
    if b"%PDF-" in content[:1024] or "(stream)" in part:
        yield from _hexadecimal(part, content)


def _pictured(part: str, content: bytes, depth: int) -> Iterator[Part]:
    """The texts of a PNG; its pixels are numbers that now and then read as anything."""
    place = len(_PICTURE)
    while place + 12 <= len(content):
        size, kind = int.from_bytes(content[place : place + 4]), content[place + 4 : place + 8]
        if kind != b"IDAT":
            yield from _opened(f"{part}({kind.decode('latin-1')})", content[place + 8 : place + 8 + size], depth + 1)
        place += 12 + size
    if place < len(content):
        yield f"{part}(after the picture)", content[place:]


def _archived(part: str, content: bytes, depth: int) -> Iterator[Part]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield f"{part}(comment)", archive.comment
            for entry in archive.infolist():
                name = f"{part}/{entry.filename}"
                yield name, entry.filename
                if entry.file_size > MAX_UNPACKED or entry.flag_bits & 1:
                    yield name, None
                else:
                    yield from _opened(name, archive.read(entry), depth + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError):
        yield f"{part}(damaged archive)", None


def _unpacked(part: str, read: Callable[[], bytes], depth: int) -> Iterator[Part]:
    try:
        content = read()
    except (OSError, EOFError, zlib.error):
        yield part, None
        return
    if len(content) > MAX_UNPACKED:
        yield part, None
    else:
        yield from _opened(part, content, depth + 1)


def _inflated(view: memoryview, start: int) -> tuple[bytes, int]:
    """A compressed stream that begins here (of a PDF, a picture's text, a git object or pack), and where it ends."""
    stream, blocks, place, size = zlib.decompressobj(), [], start, 0
    try:
        while not stream.eof and place < len(view) and size <= MAX_UNPACKED:
            blocks.append(stream.decompress(view[place : place + _BLOCK]))
            place += _BLOCK
            size += len(blocks[-1])
    except zlib.error:
        if size < _BLOCK:
            return b"", start + 2
    return b"".join(blocks), max(start + 2, min(place, len(view)) - len(stream.unused_data))


def _hexadecimal(part: str, content: bytes) -> Iterator[Part]:
    """Strings that a PDF writes as hexadecimal digits."""
    digits = (re.sub(rb"\s", b"", match[1]) for match in _HEXADECIMAL.finditer(content))
    written = [binascii.unhexlify(one[: len(one) // 2 * 2]) for one in digits]
    if written:
        yield f"{part}(hexadecimal)", "\n".join(one.decode("utf-16-be", "ignore") for one in written)


def _encoded(part: str, data: bytes, depth: int) -> Iterator[Part]:
    """Bytes written as base 64."""
    letters = re.sub(rb"[\s=]", b"", data)
    try:
        content = base64.b64decode(letters[: len(letters) - (len(letters) % 4 == 1)] + b"=" * (-len(letters) % 4))
    except binascii.Error:
        return
    yield from _opened(f"{part}(base64)", content, depth + 1)


def _json(part: str, text: str, depth: int) -> Iterator[Part]:
    """Strings of JSON (notebooks too) as they are meant, whether one document or one on each line."""
    for document in (text, *text.splitlines()):
        try:
            found = list(_strings(json.loads(document)))
        except (ValueError, RecursionError):
            continue
        yield f"{part}(strings)", "\n".join(found)
        for one in found:
            if len(one) > 64 and "\n" in one and re.fullmatch(r"[A-Za-z0-9+/\s]+={0,2}\s*", one):
                yield from _encoded(part, one.encode(), depth)
        if document is text:
            return


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield str(key)
            yield from _strings(value)
    elif isinstance(data, list):
        yield "".join(data) if all(isinstance(one, str) for one in data) else ""
        for value in data:
            yield from _strings(value)


def _parquet(path: Path) -> Iterator[Part]:
    table = pq.read_table(path)
    for name in table.column_names:
        column = table.column(name)
        yield f"column {table.column_names.index(name) + 1}", "\n".join(map(str, column.unique().to_pylist()))
    yield "schema", str(table.schema) + str(table.schema.metadata)


def _sqlite(path: Path) -> Iterator[Part]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)) as database:
        for (name,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            quoted = name.replace('"', '""')
            rows = database.execute(f'select * from "{quoted}"')
            yield "table", "\n".join("\t".join(map(str, row)) for row in rows)


def _duckdb(path: Path) -> Iterator[Part]:
    import duckdb  # heavy, and rarely needed

    try:
        with duckdb.connect(str(path), read_only=True) as database:
            for schema, name in database.execute("select schema_name, table_name from duckdb_tables()").fetchall():
                rows = database.execute(f'from "{schema}"."{name}"').fetchall()
                yield "table", "\n".join("\t".join(map(str, row)) for row in rows)
    except duckdb.Error as error:
        raise ValueError("not a DuckDB file") from error


_READERS: dict[str, Callable[[Path], Iterator[Part]]] = {
    ".parquet": _parquet,
    ".sqlite": _sqlite,
    ".sqlite3": _sqlite,
    ".db": _sqlite,
    ".duckdb": _duckdb,
}
