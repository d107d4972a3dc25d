"""Bytes → text, by a strict order of trials; where two encodings could be meant, the file is refused, never guessed.

UTF-8 is tried first, then UTF-16 (by its byte order mark, or by the zero bytes of its delimiters), then GB18030, which
holds all of GBK and GB2312 (GB 18030-2022). Each trial is strict. Encodings in which every byte means something, such
as Latin-1, are never tried: they cannot fail, so they would garble names in silence.
"""

from __future__ import annotations

import codecs
import functools
import re
import unicodedata
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from xzz_analysis.errors import InputError
from xzz_analysis.intake.workbook.guard import SAVE_AS

ORDINARY = 0.7
"""Share of its characters beyond ASCII that a text in GB18030 has in GB 2312: all but rare characters of names. Texts
of other encodings that happen to decode have about a third."""

_CONTROL = bytes(sorted({*range(32), 127} - {*b"\t\n\v\f\r\x1c\x1d\x1e\x1f"}))
_CHUNK = 1 << 22
_ASCII_AS_SPACE = bytes([32] * 128 + list(range(128, 256)))
_IN_UTF8 = re.compile(rb"(?<![\x80-\xff])(?:[\xe3-\xe9][\x80-\xbf]{2}|\xef[\xbc\xbd][\x80-\xbf])+(?![\x80-\xff])")
_SIGNS = set("°²±µ£")
"""Latin signs that stand alone; the characters of the same bytes in GB18030 hardly ever do."""


class Decoded(NamedTuple):
    """Text, and the encoding it was in: ``utf-8``, ``utf-16-le``, ``utf-16-be`` or ``gb18030``."""

    text: str
    encoding: str


class Recoded(NamedTuple):
    """Text as UTF-8, and the encoding it was in, as in :class:`Decoded`."""

    data: memoryview
    encoding: str


def decode(data: bytes, name: str) -> Decoded:
    """Decode a text file.

    Parameters
    ----------
    data : bytes
    name : str
        File name for messages.

    Returns
    -------
    Decoded
        Without a byte order mark.

    Raises
    ------
    InputError
        No text, cut off inside a character, in an encoding that is not tried, in two encodings, or short and readable
        in two encodings; the byte and line are named.
    """
    found = recode(data, name)
    return Decoded(str(found.data, "utf-8"), found.encoding)


def recode(data: bytes, name: str) -> Recoded:
    """A text file as UTF-8; a large one that is UTF-8 already is not copied.

    Parameters
    ----------
    data : bytes
    name : str
        File name for messages.

    Returns
    -------
    Recoded
        Without a byte order mark.

    Raises
    ------
    InputError
        As :func:`decode`.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data:
        text, encoding = _utf16(data, name)
        return Recoded(memoryview(text.encode()), encoding)
    for start in range(0, len(data), _CHUNK):
        chunk = data[start : start + _CHUNK]
        if len(chunk.translate(None, _CONTROL)) < len(chunk):
            at = start + next(position for position, byte in enumerate(chunk) if byte in _CONTROL)
            raise _damaged(data, name, at, "a control character, which no text holds")
    try:
        _require_utf8(data)
    except UnicodeDecodeError as error:
        return Recoded(memoryview(_gb18030(data, name, error)), "gb18030")
    if _could_be_gb18030(data):
        raise InputError(
            f"{name} is too short to tell its encoding: its characters beyond ASCII could be UTF-8 or GB18030, and the "
            f"wrong one would garble them; {SAVE_AS}"
        )
    return Recoded(memoryview(data)[3 if data.startswith(b"\xef\xbb\xbf") else 0 :], "utf-8")


def _require_utf8(data: bytes) -> None:
    """Raise ``UnicodeDecodeError`` unless the bytes are UTF-8, without making a text of a large file that is."""
    offsets = pa.py_buffer(np.array([0, len(data)], dtype=np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        data.decode("utf-8-sig")


def _gb18030(data: bytes, name: str, failed: UnicodeDecodeError) -> bytearray:
    """Text in GB18030 as UTF-8, unless it is UTF-8 that is cut off or damaged, or something else."""
    marked = data.startswith(b"\xef\xbb\xbf")
    position = failed.start + (3 if marked else 0)
    if failed.reason == "unexpected end of data":
        raise _not_utf8(data, name, position, "the file was cut off inside a character", "export it again")
    if marked:
        raise _not_utf8(data, name, position, "the file is damaged there", "export it again")
    mixed = _utf8_among(data)
    if mixed is not None:
        why = f"yet {_place(data, mixed)} is, so the file is damaged or in two encodings"
        raise _not_utf8(data, name, position, why, f"export it again, or {SAVE_AS}")
    try:
        text, counts = _from_gb18030(data)
    except UnicodeDecodeError:
        raise _not_gb18030(data, name, position) from None
    kinds = _kinds(counts)
    if kinds.strange:
        whole = data.decode("gb18030")
        at = next(place for place, character in enumerate(whole) if is_strange(character))
        raise _not_chinese(data, name, position, len(whole[:at].encode("gb18030")))
    if kinds.ordinary < ORDINARY * (kinds.ordinary + kinds.rare):
        raise _not_chinese(data, name, position, None)
    return text


def _from_gb18030(data: bytes) -> tuple[bytearray, np.ndarray]:
    """Text in GB18030 as UTF-8, block by block, and how often each character occurs."""
    decoder = codecs.getincrementaldecoder("gb18030")()
    text, counts = bytearray(), np.zeros(0x110000, dtype=np.int64)
    for start in range(0, len(data), _CHUNK):
        block = decoder.decode(data[start : start + _CHUNK], final=start + _CHUNK >= len(data))
        text += block.encode("utf-8", "surrogatepass")
        counts += _counted(block)
    return text, counts


def _not_gb18030(data: bytes, name: str, position: int) -> InputError:
    """Where bytes are no GB18030 either; ``position`` is where they are no UTF-8."""
    try:
        data.decode("gb18030")
    except UnicodeDecodeError as error:
        if error.reason == "incomplete multibyte sequence" and error.end == len(data):
            why = f"byte {error.start:,} is not GB18030 either, so the file was cut off inside a character"
            return _not_utf8(data, name, position, why, "export it again")
        return _not_chinese(data, name, position, error.start)
    return _not_chinese(data, name, position, None)


def _utf16(data: bytes, name: str) -> Decoded:
    """Text in UTF-16, with a byte order mark or told by where the zero bytes of its delimiters stand."""
    marks = {b"\xff\xfe": ["utf-16-le"], b"\xfe\xff": ["utf-16-be"]}
    marked = data[:2] in marks
    found = []
    for encoding in marks.get(data[:2], ["utf-16-le", "utf-16-be"]):
        try:
            text = data[2 if marked else 0 :].decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _unlike_text(text) and (marked or re.search(r"[\n\r,;\t]", text)):
            found.append(Decoded(text, encoding))
    if len(found) != 1:
        cut = marked and len(data) % 2
        raise InputError(
            f"{name} is UTF-16 or not text at all, so its cells cannot be told apart"
            f"{'; the file was cut off inside a character; export it again' if cut else f'; {SAVE_AS}'}"
        )
    return found[0]


def _unlike_text(text: str) -> bool:
    return count_characters(text).strange > 0 or any(chr(code) in text for code in _CONTROL)


class Kinds(NamedTuple):
    """How many characters beyond ASCII are in GB 2312, in Unicode beside, or in neither."""

    ordinary: int
    rare: int
    strange: int


def count_characters(text: str) -> Kinds:
    """Count a text's characters beyond ASCII by kind.

    Parameters
    ----------
    text : str

    Returns
    -------
    Kinds
        ``ordinary``: Chinese characters and punctuation of GB 2312, and characters that GB18030 writes in four bytes
        outside the basic plane, such as emoji; ``strange``: unassigned or for private use.
    """
    counts = np.zeros(0x110000, dtype=np.int64)
    for start in range(0, len(text), _CHUNK):
        counts += _counted(text[start : start + _CHUNK])
    return _kinds(counts)


def _counted(text: str) -> np.ndarray:
    """How often each character of Unicode occurs."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return np.bincount(codes, minlength=0x110000)


def _kinds(counts: np.ndarray) -> Kinds:
    ordinary = rare = strange = 0
    for code in np.flatnonzero(counts[128:]) + 128:
        count = int(counts[code])
        if is_strange(chr(code)):
            strange += count
        elif code > 0xFFFF or chr(code) in _gb2312():
            ordinary += count
        else:
            rare += count
    return Kinds(ordinary, rare, strange)


def is_strange(character: str) -> bool:
    """Whether a character is unassigned, for private use, or half of one."""
    return unicodedata.category(character) in ("Cn", "Co", "Cs")


@functools.cache
def _gb2312() -> frozenset[str]:
    """Punctuation (rows 1 to 3), box drawings (row 9, used as separators) and Chinese characters (rows 16 to 87)."""
    rows = [*range(0xA1, 0xA4), 0xA9, *range(0xB0, 0xF8)]
    cells = (bytes((row, cell)) for row in rows for cell in range(0xA1, 0xFF))
    text = "".join(cell.decode("gb18030", errors="ignore") for cell in cells)
    return frozenset(character for character in text if not is_strange(character))


def _utf8_among(data: bytes) -> int | None:
    """Byte at which a run of UTF-8 begins that makes no sense in GB18030, None when there is none."""
    different = _runs_beyond_ascii(data)
    if not any(map(_IN_UTF8.fullmatch, different)):
        return None
    doubtful: set[bytes] = set()
    runs = {run[0]: run.start() for run in reversed(list(_IN_UTF8.finditer(data)))}
    for run, start in runs.items():
        characters = run.decode("gb18030", errors="replace")
        if not set(characters) <= _gb2312():
            return start
        if set(run.decode("utf-8", errors="replace")) <= _gb2312():
            doubtful.add(run)
    if doubtful and len(doubtful) > len(different) / 10_000:
        return min(runs[run] for run in doubtful)
    return None


def _runs_beyond_ascii(data: bytes) -> set[bytes]:
    """The different runs of bytes beyond ASCII, looked for in blocks of whole lines."""
    runs: set[bytes] = set()
    start = 0
    while start < len(data):
        end = data.find(b"\n", start + _CHUNK) + 1 or len(data)
        runs.update(data[start:end].translate(_ASCII_AS_SPACE).split())
        start = end
    return runs


def _could_be_gb18030(data: bytes) -> bool:
    """Whether a text that is UTF-8 is Chinese in GB18030 just as well.

    Only characters of two bytes can be both. Words of a Latin, Greek, Cyrillic, Hebrew or Arabic script decide for
    UTF-8; a lone character, such as 女 (in UTF-8 ``Ů``), decides nothing.
    """
    codes = np.frombuffer(data, dtype=np.uint8)
    if data.startswith(b"\xef\xbb\xbf") or codes.max(initial=0) < 128 or codes.max() >= 0xE0:
        return False
    beyond = codes > 127
    beside = beyond.copy()
    beside[1:] |= beyond[:-1]
    beside[:-1] |= beyond[1:]
    words = set(np.where(beside, codes, 32).astype(np.uint8).tobytes().decode().split())
    if any(_SIGNS & set(word) or any(map(_is_word, re.findall(r"[^\W\d_]+", word))) for word in words):
        return False
    try:
        kinds = count_characters(data.decode("gb18030"))
    except UnicodeDecodeError:
        return False
    return kinds.rare == kinds.strange == 0


def _is_word(word: str) -> bool:
    """Whether letters beyond ASCII make a word of one script."""
    beyond = [letter for letter in word if letter > "\x7f"]
    if beyond and max(beyond) <= "\u017f" and any("a" <= letter <= "z" for letter in word):
        return True
    return len(beyond) > 2 and len({unicodedata.name(letter, "?").split()[0] for letter in beyond}) == 1


def _place(data: bytes, position: int) -> str:
    return f"byte {position:,} on line {data.count(10, 0, position) + 1:,}"


def _not_utf8(data: bytes, name: str, position: int, why: str, remedy: str) -> InputError:
    return InputError(
        f"{name} is not UTF-8: {_place(data, position)} is 0x{data[position]:02x}; {why}, "
        f"and reading on would garble names and options; {remedy}"
    )


def _not_chinese(data: bytes, name: str, position: int, where: int | None) -> InputError:
    """GB18030 has room for characters that mean nothing, or are hardly ever used; the file was in another encoding."""
    what = "its characters would be" if where is None else f"{_place(data, where)} would be"
    why = f"it was saved in another encoding than GB18030 too, in which {what} none that Chinese texts use"
    return _not_utf8(data, name, position, why, SAVE_AS)


def _damaged(data: bytes, name: str, position: int, what: str) -> InputError:
    return InputError(
        f"{name} is no whole text: {_place(data, position)} is {what}, so the file is damaged or of another kind; "
        f"export it again, or {SAVE_AS}"
    )
