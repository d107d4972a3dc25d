"""What a file is, told from its first bytes and not from its name."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

SAVE_AS = "save it again as CSV UTF-8 (Excel: Save As, 'CSV UTF-8')"
SAVE_XLSX = "open it in Excel or WPS and save it as .xlsx"

_EXPORT = "export the answers as .xlsx or CSV"
_UNPACK = "unpack it and give the table inside"
_SIGNATURES = {
    b"%PDF": ("a PDF document", _EXPORT),
    b"\x89PNG": ("a picture", _EXPORT),
    b"\xff\xd8\xff": ("a picture", _EXPORT),
    b"GIF8": ("a picture", _EXPORT),
    b"Rar!\x1a": ("a RAR archive", _UNPACK),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", _UNPACK),
    b"\xfd7zXZ\0": ("an xz archive", _UNPACK),
    b"\x28\xb5\x2f\xfd": ("a zstd archive", _UNPACK),
    b"BZh91AY&SY": ("a bzip2 archive", _UNPACK),
    b"$FL2@(#)": ("an SPSS file", "name it .sav, or export it as .xlsx or CSV"),
    b"$FL3@(#)": ("an SPSS file", "name it .sav, or export it as .xlsx or CSV"),
    b"<stata_dta>": ("a Stata file", "name it .dta, or export it as .xlsx or CSV"),
    b"PAR1": ("a Parquet file", _EXPORT),
    b"ARROW1": ("an Arrow file", _EXPORT),
    b"SQLite format 3\0": ("a database", _EXPORT),
    b"{\\rtf": ("a text document (RTF)", _EXPORT),
    b"\x7fELF": ("a program", _EXPORT),
}
_MARKUP = {
    "urn:schemas-microsoft-com:office:spreadsheet": "an XML spreadsheet of 2003",
    "<html": "a web page (HTML)",
    "<!doctype html": "a web page (HTML)",
    "<table": "a web page (HTML)",
    "<meta": "a web page (HTML)",
    "<head": "a web page (HTML)",
    "<style": "a web page (HTML)",
}
_STREAMS = (
    "Workbook",
    "Book",
    "EncryptedPackage",
    "VBA",
    "_VBA_PROJECT",
    "_VBA_PROJECT_CUR",
    "WordDocument",
    "PowerPoint Document",
)
_FILEPASS = b"\x2f\x00"
_LAST_SECTOR, _FREE = 0xFFFFFFFA, 0xFFFFFFFF
_ENTRY = 128
"""Bytes of an entry in the folder of a compound file ([MS-CFB] §2.6.1)."""


class Foreign(NamedTuple):
    """A file that holds no table this library reads: what it is, and what to do."""

    what: str
    remedy: str


def foreign(data: bytes) -> Foreign | None:
    """What a file is when it is neither a workbook nor plain text in rows, else None."""
    for signature, (what, remedy) in _SIGNATURES.items():
        if data.startswith(signature):
            return Foreign(what, remedy)
    start = _start(data)
    if start.startswith("mime-version:"):
        return Foreign("a web page (MHTML)", SAVE_XLSX)
    if re.match(r"<[a-z!?]", start):
        what = next((what for mark, what in _MARKUP.items() if mark in start), "an XML document")
        return Foreign(what, SAVE_XLSX)
    if re.match(r"[\[{]\s*[\[{\"]", start):
        return Foreign("a JSON document", "name it .json, or export the answers as .xlsx or CSV")
    return None


def _start(data: bytes) -> str:
    """The first characters in lower case, without white space or a byte order mark."""
    head = data[:4096]
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return head.decode(encoding, errors="ignore").lstrip().lower()


def streams(data: bytes) -> dict[str, int]:
    """Streams of a compound file (old Office document) that tell what it is, and where each begins ([MS-CFB] §2.6)."""
    found = {}
    sector = 1 << min(int.from_bytes(data[30:32], "little"), 16)
    for name in _STREAMS:
        text = name.encode("utf-16-le")
        at = data.find(text, 512)
        while at >= 0:
            entry = data[at : at + _ENTRY]
            if at % _ENTRY == 0 and _is_entry(entry, text):
                found[name] = (int.from_bytes(entry[116:120], "little") + 1) * sector
                break
            at = data.find(text, at + 1)
    return found


def _is_entry(entry: bytes, name: bytes) -> bool:
    """Whether this is an entry of the folder of a compound file, and has exactly this name."""
    length = int.from_bytes(entry[64:66], "little")
    return len(entry) == _ENTRY and length == len(name) + 2 and entry[66] in (1, 2, 5)


def is_locked(data: bytes, start: int) -> bool:
    """Whether the records of an old workbook are encrypted: one of the first says so ([MS-XLS] §2.4.117)."""
    for _ in range(4):
        kind, length = data[start : start + 2], int.from_bytes(data[start + 2 : start + 4], "little")
        if kind == _FILEPASS:
            return True
        start += 4 + length
    return False


def is_cut(data: bytes) -> bool:
    """Whether a compound file ends before the last sector that its table of sectors uses ([MS-CFB] §2.3, §2.5)."""
    size = 1 << min(int.from_bytes(data[30:32], "little"), 16)
    places = np.frombuffer(data[76:512].ljust(436, b"\xff"), dtype="<u4")
    last = -1
    for number, place in enumerate(places[places <= _LAST_SECTOR]):
        start = (int(place) + 1) * size
        table = np.frombuffer(data[start : start + size], dtype="<u4", count=max(min(size, len(data) - start), 0) // 4)
        if len(table) * 4 < size:
            return True
        used = np.flatnonzero(table != _FREE)
        last = max(last, number * len(table) + int(used.max(initial=-1))) if len(used) else last
    return (last + 1) * size >= len(data)
