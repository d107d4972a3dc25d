"""What SPSS and Stata files declare about themselves, read before any library does: encoding, size, and their end.

The layouts are those of the PSPP project's description of the system file format (Free Software Foundation, PSPP
Developers Guide, "System File Format") and of Stata's manual (StataCorp, ``help dta_115`` and ``help dta``).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from xzz_analysis.errors import InputError

_CODEPAGES = {932: "SHIFT_JIS", 936: "GB18030", 950: "BIG5", 54936: "GB18030", 65001: "UTF-8"}
_UNDECLARED = range(1, 5)
"""EBCDIC, ASCII, 8-bit ASCII, DEC Kanji: written by every old SPSS whatever the encoding was."""
_DAMAGED = "is damaged or cut off inside its dictionary; export it again and copy the whole file"


@dataclass(frozen=True)
class Head:
    """The head of a ``.sav`` file.

    Attributes
    ----------
    encoding : str
        As declared, ``""`` when the file declares none.
    cases : int
        Rows, -1 when the file does not say.
    values_per_case : int
        Units of eight bytes that one row takes.
    compression : int
        0 none, 1 by code bytes, 2 zlib.
    texts : tuple of bytes
        Labels of variables and values, in the file's encoding.
    """

    encoding: str
    cases: int
    values_per_case: int
    compression: int
    texts: tuple[bytes, ...]


def read_head(data: bytes, name: str) -> Head:
    """Read the dictionary of a ``.sav`` or ``.zsav`` file.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
        File name, for messages.

    Raises
    ------
    InputError
        The dictionary does not end, or its records run past the end of the file.
    """
    try:
        return _Walk(data).head()
    except (struct.error, ValueError, LookupError):
        raise InputError(f"{name} {_DAMAGED}") from None


class _Walk:
    """Steps through the records of the dictionary."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.order = "<" if struct.unpack_from("<i", data, 64)[0] in (2, 3) else ">"
        self.at = 176
        self.variables = 0
        self.encoding = self.codepage = ""
        self.texts: list[bytes] = []

    def integer(self) -> int:
        value: int = struct.unpack_from(f"{self.order}i", self.data, self.at)[0]
        self.at += 4
        return value

    def take(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.data):
            raise ValueError
        taken = self.data[self.at : self.at + size]
        self.at += size
        return taken

    def head(self) -> Head:
        _, units, compression, _, cases = struct.unpack_from(f"{self.order}5i", self.data, 64)
        while (record := self.integer()) != 999:
            {2: self.variable, 3: self.labels, 4: self.indexes, 6: self.document, 7: self.extension}[record]()
        return Head(self.encoding or self.codepage, cases, max(units, self.variables), compression, tuple(self.texts))

    def variable(self) -> None:
        kind, labelled, missing = self.integer(), self.integer(), self.integer()
        self.take(16)
        self.variables += 1
        if kind >= 0 and labelled:
            size = self.integer()
            self.texts.append(self.take(size))
            self.take(-size % 4)
        self.take(8 * min(abs(missing), 3))

    def labels(self) -> None:
        for _ in range(self.integer()):
            self.take(8)
            size = self.take(1)[0]
            self.texts.append(self.take(size))
            self.take(-(size + 1) % 8)

    def indexes(self) -> None:
        self.take(4 * self.integer())

    def document(self) -> None:
        self.take(80 * self.integer())

    def extension(self) -> None:
        subtype, size, count = self.integer(), self.integer(), self.integer()
        content = self.take(size * count)
        if subtype == 20:
            self.encoding = content.decode("ascii").strip("\0 ")
        elif subtype == 3 and size == 4 and count >= 8:
            page = struct.unpack_from(f"{self.order}8i", content)[7]
            declared = page not in (0, *_UNDECLARED)
            self.codepage = _CODEPAGES.get(page, f"WINDOWS-{page}") if declared else ""


_STATA_WIDTHS = {251: 1, 252: 2, 253: 4, 254: 4, 255: 8}
_STATA_FORMATS = {113: 12, 114: 49, 115: 49}
"""Format of the file → bytes of one variable's display format."""


def check_stata(data: bytes, name: str) -> None:
    """Refuse a Stata file that does not end where it says; the library would drop the labels that are cut off.

    Parameters
    ----------
    data : bytes
        The file: Stata 8 and later.
    name : str
        File name, for messages.

    Raises
    ------
    InputError
        It is cut off, or of a Stata before version 8.
    """
    if data.startswith(b"<stata_dta>"):
        whole = data.rstrip(b"\0\r\n ").endswith(b"</stata_dta>")
    elif data[0] in _STATA_FORMATS:
        try:
            whole = _stata_end(data) == len(data)
        except (struct.error, LookupError):
            whole = False
    else:
        raise InputError(f"{name} is of a Stata before version 8; open it in Stata and save it again")
    if not whole:
        raise InputError(f"{name} is cut off or damaged: it does not end where it says; export it again")


def _stata_end(data: bytes) -> int:
    """Where a file of Stata 8 to 12 ends, by its own counts."""
    order = "<" if data[1] == 2 else ">"
    variables, records = struct.unpack_from(f"{order}Hi", data, 4)
    types = data[109 : 109 + variables]
    at: int = 109 + variables * (1 + 33 + 2 + _STATA_FORMATS[data[0]] + 33 + 81) + 2
    while True:
        kind, size = struct.unpack_from(f"{order}bi", data, at)
        at += 5 + size
        if not kind and not size:
            break
    at += records * sum(_STATA_WIDTHS.get(code, code) for code in types)
    while at < len(data):
        at += 4 + 33 + 3 + int(struct.unpack_from(f"{order}i", data, at)[0])
    return at


def undeclared_encoding(texts: tuple[bytes, ...], name: str) -> str:
    """The encoding of a file that declares none: UTF-8, then GB18030, strictly, and only if the result is Chinese.

    Raises
    ------
    InputError
        Neither is certain.
    """
    written = b"\n".join(text.rstrip(b" \0") for text in texts)
    if written.isascii():
        return ""
    if _decodes(written, "utf-8"):
        return "UTF-8"
    if _decodes(written, "gb18030") and _common_chinese(written):
        return "GB18030"
    raise InputError(
        f"{name} does not say in which encoding its labels are, and they are neither UTF-8 nor Chinese in GB18030; "
        "name the encoding where the study names the file, or save it again from SPSS in Unicode mode"
    )


def looks_chinese(texts: tuple[bytes, ...]) -> bool:
    """Whether labels that declare a Western encoding read as common Chinese in GB18030."""
    written = b"\n".join(text.rstrip(b" \0") for text in texts)
    return not written.isascii() and _decodes(written, "gb18030") and _common_chinese(written)


def _decodes(written: bytes, encoding: str) -> bool:
    try:
        written.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _common_chinese(written: bytes) -> bool:
    """Whether nearly all characters outside ASCII are of GB 2312; accented Western letters read as GB18030 are not."""
    letters = [letter for letter in written.decode("gb18030") if ord(letter) > 127]
    common = sum(_is_gb2312(letter) for letter in letters)
    return bool(letters) and common >= 0.9 * len(letters)


def _is_gb2312(letter: str) -> bool:
    try:
        return len(letter.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False
