"""Files that would exhaust, mislead or attack a reader are refused from their structure, before a cell is read."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.workbook.guard.archive import DAMAGE, MAX_RATIO, MAX_UNPACKED, Archive
from xzz_analysis.intake.workbook.guard.compound import (
    BOOKS,
    DOCUMENTS,
    ENCRYPTED,
    MACROS,
    Compound,
    read_records,
)
from xzz_analysis.intake.workbook.guard.extent import Extent, OpenDocument, counted_extent, declared_extent
from xzz_analysis.intake.workbook.guard.kind import SAVE_AS, SAVE_XLSX, Foreign, foreign
from xzz_analysis.intake.workbook.titles import sheet_name

__all__ = [
    "MAX_RATIO",
    "MAX_UNPACKED",
    "SAVE_AS",
    "SAVE_XLSX",
    "Workbook",
    "check_workbook",
    "inspect_workbook",
    "reason",
    "refuse_foreign",
]

DEEPEST = 100
"""Levels of XML in the list of a workbook's sheets; real ones have a dozen."""

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTENT = "content.xml"
_SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"
_XML = re.compile(r"\.(xml|rels|vml)$", re.IGNORECASE)
_MACROS = re.compile(r"(^|/)vbaProject\.bin$|^xl/macrosheets/|^Basic/|^Scripts/", re.IGNORECASE)
_OUTSIDE = re.compile(r"^xl/externalLinks/[^/]+$|^xl/connections\.xml$|^xl/queryTables/[^/]+$", re.IGNORECASE)
_DECLARED = re.compile(rb"""^<\?xml[^>]*encoding\s*=\s*["']([^"']*)["']""")
_OTHER_ZIPS = {
    "xl/workbook.bin": Foreign("a binary workbook (.xlsb)", SAVE_XLSX),
    "word/document.xml": Foreign("a Word document (.docx)", "export the answers as .xlsx or CSV"),
    "ppt/presentation.xml": Foreign("a presentation (.pptx)", "export the answers as .xlsx or CSV"),
    "Index/Document.iwa": Foreign("a Numbers document", "export it from Numbers as Excel (.xlsx)"),
}


class Workbook(NamedTuple):
    """A workbook that is safe to read.

    Attributes
    ----------
    kind : str
        ``xlsx`` (``.xlsm`` without macros too), ``xls`` or ``ods``.
    sheets : tuple of str
        Names of the worksheets; empty for ``xls``, whose reader knows them.
    unpacked : int
        Bytes the reader will see.
    date_system : int
        1900 or 1904: what the number 0 of a date counts from.
    findings : tuple of Finding
        What it holds that is not read: links to other files, connections, errors of formulas.
    """

    kind: str
    sheets: tuple[str, ...]
    unpacked: int
    date_system: int = 1900
    findings: tuple[Finding, ...] = ()


def check_workbook(data: bytes, name: str, sheet: str | None = None) -> tuple[str, ...]:
    """Refuse a workbook that would exhaust or mislead whoever reads it, without reading its cells.

    Parameters
    ----------
    data : bytes
        The workbook.
    name : str
        File name for messages.
    sheet : str, optional
        Check the cells of this worksheet only; all of them by default.

    Returns
    -------
    tuple of str
        Names of the worksheets.

    Raises
    ------
    InputError
        Not a whole workbook, a password, macros, a document type in its XML, too large when unpacked, formulas whose
        results were not saved, or a used range no reader can hold; the sheet and the cell are named.
    """
    return inspect_workbook(data, name, sheet).sheets


def inspect_workbook(data: bytes, name: str, sheet: str | None = None) -> Workbook:
    """Check as :func:`check_workbook` does, and tell what kind of workbook it is.

    Parameters
    ----------
    data : bytes
    name : str
    sheet : str, optional

    Returns
    -------
    Workbook

    Raises
    ------
    InputError
        As :func:`check_workbook`.
    """
    if data.startswith(_COMPOUND[:4]):
        return _inspect_compound(data, name)
    try:
        archive = Archive(data, name)
        if "mimetype" in archive.entries and archive.read("mimetype").strip() == _SPREADSHEET:
            return _inspect_open_document(archive, name, sheet)
        return _inspect_xlsx(archive, name, sheet)
    except (*DAMAGE, ElementTree.ParseError, ExpatError) as error:
        raise InputError(
            f"{name} is not a whole XLSX workbook ({reason(error)}); export it again and copy the whole file"
        ) from None


def refuse_foreign(data: bytes, name: str) -> None:
    """Refuse what is neither a workbook nor text in rows, by its real kind; :class:`InputError`."""
    found = foreign(data)
    if found:
        raise InputError(f"{name} is {found.what}, whatever its name says, so it has no cells to read; {found.remedy}")


def reason(error: Exception) -> str:
    """What a library's error says, or its name when it says nothing."""
    return str(error).strip("'\"") or type(error).__name__


def _inspect_compound(data: bytes, name: str) -> Workbook:
    """An old workbook, or a new one inside an envelope of encryption ([MS-OFFCRYPTO] §1.3)."""
    file = Compound(data)
    if ENCRYPTED in file.streams:
        raise _password(name)
    if any(stream in file.streams for stream in DOCUMENTS):
        raise InputError(f"{name} is an old Word or PowerPoint document; export the answers as .xlsx or CSV")
    book = next((stream for stream in BOOKS if stream in file.streams), None)
    if book is None:
        raise InputError(
            f"{name} is an old .xls workbook or is protected by a password, and too damaged to tell which, so it "
            "cannot be read safely; export it again, or open it and save it as .xlsx without a password"
        )
    records = read_records(file.read(book))
    if records.locked:
        raise _password(name)
    if file.cut:
        raise InputError(f"{name} is cut off: it ends before its list of contents does; copy or export it again")
    if any(stream in file.streams for stream in MACROS):
        raise _macros(name)
    findings: list[Finding] = []
    for number, extent in enumerate(records.extents, start=1):
        _refuse_unreal(extent, extent, f"{name}, sheet {number}")
        findings += _errors(extent, f"{name}, sheet {number}")
    return Workbook("xls", (), len(data), records.date_system, tuple(findings))


def _inspect_xlsx(archive: Archive, name: str, sheet: str | None) -> Workbook:
    entries = archive.entries
    if "xl/workbook.xml" not in entries:
        found = next((kind for part, kind in _OTHER_ZIPS.items() if part in entries), None)
        what, remedy = found or (f"a zip archive of {len(entries):,} file(s)", "unpack it and give the table inside")
        raise InputError(f"{name} is not a whole XLSX workbook but {what}; {remedy}")
    if any(_MACROS.search(part) for part in entries):
        raise _macros(name)
    root = _parse(archive.read("xl/workbook.xml"))
    parts = _worksheets(root, archive)
    wanted = {part for title, part in parts.items() if sheet in (None, title)}
    _check_markup(archive, name, set(parts.values()) - wanted, wanted)
    findings = list(_outside(entries, name))
    for title, part in parts.items():
        if sheet in (None, title):
            where = f"{name}, {sheet_name(title, list(parts), sheet)}"
            findings += _check_extent(_marked_up(archive, part, name), where)
    return Workbook("xlsx", tuple(parts), archive.unpacked, _date_system(root), tuple(findings))


def _inspect_open_document(archive: Archive, name: str, sheet: str | None) -> Workbook:
    entries = archive.entries
    if "META-INF/manifest.xml" in entries and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise _password(name)
    if any(_MACROS.search(part) for part in entries):
        raise _macros(name)
    _check_markup(archive, name, set(), {_CONTENT})
    tables = OpenDocument(_marked_up(archive, _CONTENT, name)).tables
    findings: list[Finding] = []
    for title, extent in tables.items():
        if sheet in (None, title):
            where = f"{name}, {sheet_name(title, list(tables), sheet)}"
            _refuse_unreal(extent, extent, where)
            findings += _errors(extent, where)
    return Workbook("ods", tuple(tables), archive.unpacked, findings=tuple(findings))


def _password(name: str) -> InputError:
    return InputError(
        f"{name} is protected by a password, so its cells cannot be read; remove the password "
        "(Excel: File, Info, Protect Workbook) and save it again"
    )


def _macros(name: str) -> InputError:
    return InputError(
        f"{name} holds macros, programs that could run when it is opened, so it was not opened; save it as .xlsx, "
        "which holds none"
    )


def _worksheets(root: ElementTree.Element, archive: Archive) -> dict[str, str]:
    """Worksheet title → its part of the archive, in the workbook's order."""
    relations = _parse(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {node.get("Id"): node.get("Target", "") for node in relations}
    found = {}
    for node in root.iter():
        if node.tag.endswith("}sheet"):
            relation = next((value for key, value in node.attrib.items() if key.endswith("}id")), None)
            target = targets.get(relation, "")
            if "worksheets/" in target:
                found[node.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return found


class _Shallow(ElementTree.TreeBuilder):
    """Builds a tree of no more levels than the parts of a workbook have."""

    depth = 0

    def start(self, tag: Any, attributes: Any, /) -> ElementTree.Element:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ValueError("its XML is nested without end")
        return super().start(tag, attributes)

    def end(self, tag: str, /) -> ElementTree.Element:
        self.depth -= 1
        return super().end(tag)


def _parse(xml: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(xml, parser=ElementTree.XMLParser(target=_Shallow()))


def _date_system(root: ElementTree.Element) -> int:
    """1904 when the workbook says so (ECMA-376 part 1, §18.2.28)."""
    declared = next((node.get("date1904", "0") for node in root.iter() if node.tag.endswith("}workbookPr")), "0")
    return 1904 if declared.lower() in ("1", "true", "on") else 1900


def _check_markup(archive: Archive, name: str, unread: set[str], counted: set[str]) -> None:
    """Refuse a document type in any part; of those nobody reads the start is enough, the counted ones come later."""
    for part in archive.entries:
        if part not in counted and _XML.search(part):
            for _ in _marked_up(archive, part, name):
                if part in unread:
                    break


def _marked_up(archive: Archive, part: str, name: str) -> Iterator[bytes]:
    """Blocks of a part; a document type, which can make XML grow without end or read other files, is refused."""
    before = None
    for block in archive.blocks(part):
        text = block if before is None else before + block
        hidden = before is None and _is_hidden(text)
        if hidden or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            what = "is written in another encoding than UTF-8" if hidden else "declares a document type (DTD)"
            raise InputError(
                f"{name}: its part {part} {what}, as no spreadsheet program writes, so it was not opened; {SAVE_AS}"
            )
        yield block
        before = block[-16:]


def _is_hidden(start: bytes) -> bool:
    """Whether XML is in an encoding in which its markup cannot be searched."""
    declared = _DECLARED.match(start.removeprefix(b"\xef\xbb\xbf").lstrip())
    return b"\0" in start[:64] or (declared is not None and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii"))


def _outside(entries: Iterable[str], name: str) -> Iterator[Finding]:
    """Links to other files and connections are never followed; what is in the cells was true when it was saved."""
    count = sum(bool(_OUTSIDE.match(part)) for part in entries)
    if count:
        message = (
            f"the workbook has {count} link(s) or connection(s) to other files; they are not followed, and cells that "
            "depend on them are read as they were last saved"
        )
        yield Finding("warning", "outside_data", name, message, "paste the cells as values and save again", count)


def _check_extent(blocks: Iterator[bytes], where: str) -> list[Finding]:
    """Refuse a used range that is unreal, and formulas without results; report errors of formulas."""
    head = next(blocks, b"")
    written = counted_extent(itertools.chain([head], blocks))
    _refuse_unreal(declared_extent(head) or written, written, where)
    _refuse_unreal(written, written, where)
    if written.uncalculated:
        raise InputError(
            f"{where}: {written.uncalculated:,} cell(s) hold a formula whose result was not saved, so they would be "
            f"read as empty; {SAVE_XLSX}"
        )
    return _errors(written, where)


def _errors(extent: Extent, where: str) -> list[Finding]:
    if not extent.errors:
        return []
    message = f"{extent.errors:,} cell(s) hold an error of a formula, such as #N/A, and are read as empty"
    return [
        Finding("warning", "formula_error", where, message, "correct the formulas, or type the values", extent.errors)
    ]


def _refuse_unreal(claimed: Extent, written: Extent, where: str) -> None:
    claimed = claimed._replace(cells=written.cells)
    if claimed.unreal:
        raise InputError(
            f"{where} reaches cell {claimed.corner}: {claimed.row * claimed.column:,} cells of which "
            f"{written.cells:,} are written, too many for any reader; delete the rows below and the "
            f"columns right of the data and save, or {SAVE_AS}"
        )
