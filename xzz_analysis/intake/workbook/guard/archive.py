"""A zip archive whose parts are exactly what its list of contents says, or it is refused."""

from __future__ import annotations

import io
import itertools
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

from xzz_analysis.errors import InputError
from xzz_analysis.intake.workbook.guard.kind import SAVE_AS

MAX_ENTRIES = 10_000
MAX_UNPACKED = 2 * 1024**3
MAX_RATIO = 200
"""Real worksheets shrink 10 to 50 times; a zip bomb a thousand times."""

MAX_SMALL = 64 * 1024**2
"""A part other than a worksheet or the list of texts is never larger."""

_BLOCK = 1 << 22
_HEADER = struct.Struct("<4s5H3I2H")
"""Header before the content of a part (APPNOTE.TXT 6.3.10, §4.3.7)."""

DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, ValueError, NotImplementedError, OSError)
"""What a damaged archive, or the XML in it, makes its readers raise."""


class Archive:
    """Parts of a zip archive, read without trust.

    Parameters
    ----------
    data : bytes
        The archive.
    name : str
        File name for messages.

    Raises
    ------
    InputError
        Too many parts, too much content, a password, or parts whose names lead out of the archive.
    zipfile.BadZipFile
        Not a whole archive, or its lists of contents disagree.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
        self._check_sizes(entries)
        self._check_names(entries)
        self.entries = {entry.filename: entry for entry in entries}
        self._content = {entry.filename: self._place(entry) for entry in entries}
        places = sorted(self._content.values())
        if any(start < end for (_, end), (start, _) in itertools.pairwise(places)):
            raise zipfile.BadZipFile("its parts overlap")

    @property
    def unpacked(self) -> int:
        """Bytes of all parts together."""
        return sum(entry.file_size for entry in self.entries.values())

    def blocks(self, part: str) -> Iterator[bytes]:
        """Content of a part, in blocks of 4 MB; its size and checksum must be those of the list of contents."""
        entry = self.entries[part]
        start, end = self._content[part]
        size = checksum = 0
        for block in _inflated(memoryview(self._data)[start:end], entry.compress_type):
            size += len(block)
            checksum = zlib.crc32(block, checksum)
            if size > entry.file_size:
                break
            yield block
        if size != entry.file_size or checksum != entry.CRC:
            raise zipfile.BadZipFile(f"{part} is not what the list of contents says")

    def read(self, part: str) -> bytes:
        """Whole content of a small part."""
        if self.entries[part].file_size > MAX_SMALL:
            raise zipfile.BadZipFile(f"{part} is too large")
        return b"".join(self.blocks(part))

    def _check_sizes(self, entries: list[zipfile.ZipInfo]) -> None:
        unpacked = sum(entry.file_size for entry in entries)
        packed = sum(entry.compress_size for entry in entries)
        bombs = [entry for entry in entries if entry.file_size > MAX_RATIO * max(entry.compress_size, 50_000)]
        if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or bombs:
            raise InputError(
                f"{self._name} holds {len(entries):,} part(s) that unpack from {packed / 1024**2:,.1f} MB to "
                f"{unpacked / 1024**2:,.0f} MB, as answers never do, so it was not opened; "
                f"export the data again, or {SAVE_AS}"
            )

    def _check_names(self, entries: list[zipfile.ZipInfo]) -> None:
        names = [entry.filename for entry in entries]
        if any(entry.flag_bits & 1 for entry in entries):
            raise InputError(f"{self._name} is protected by a password; remove the password and save it again")
        away = [name for name in names if re.match(r"[/\\]|[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name)]
        if away:
            raise InputError(
                f"{self._name} holds {len(away)} part(s) whose names lead out of the file, as no workbook does, so it "
                "was not opened; export the data again from the platform"
            )
        if len({name.lower() for name in names}) < len(names):
            raise zipfile.BadZipFile("it holds two parts of one name")

    def _place(self, entry: zipfile.ZipInfo) -> tuple[int, int]:
        """Where the content of a part begins and ends."""
        at = entry.header_offset
        header = _HEADER.unpack_from(self._data, at)
        start = at + _HEADER.size + header[9] + header[10]
        named = self._data[at + _HEADER.size : at + _HEADER.size + header[9]]
        encoding = "utf-8" if entry.flag_bits & 0x800 else "cp437"
        if header[0] != b"PK\x03\x04" or named.decode(encoding) != entry.orig_filename:
            raise zipfile.BadZipFile("its lists of contents disagree")
        if start + entry.compress_size > len(self._data):
            raise zipfile.BadZipFile("a part ends after the file")
        return start, start + entry.compress_size


def _inflated(content: memoryview, method: int) -> Iterator[bytes]:
    """Unpacked content, never more than a block at a time."""
    if method == zipfile.ZIP_STORED:
        yield from (bytes(content[at : at + _BLOCK]) for at in range(0, len(content), _BLOCK))
        return
    if method != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile(f"packed by method {method}, which no workbook uses")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    waiting: bytes | memoryview = content
    while not inflater.eof:
        block = inflater.decompress(waiting, _BLOCK)
        waiting = inflater.unconsumed_tail
        if not block and not waiting:
            break
        yield block
    if not inflater.eof or inflater.unused_data or waiting:
        raise zipfile.BadZipFile("a part is cut off")
