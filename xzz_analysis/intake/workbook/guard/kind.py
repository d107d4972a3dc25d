"""What a file is, told from its first bytes and not from its name."""

from __future__ import annotations

import re
from typing import NamedTuple

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
