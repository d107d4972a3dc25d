"""Workbooks and tables that are cut off, changed, hostile, locked or named wrongly."""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from case import Case
from identifiers import book
from old_workbook import Cell, compound, ods, workbook_stream, xls
from texts import cells_of, cut_case, encoded, table, text_of

KIND = "workbooks"
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
BOMB = 400_000_000
DTD = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
XXE = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
PARTS = [SHEET, STRINGS, "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels"]


def cases() -> Iterator[Case]:
    """All damaged and hostile files."""
    draw = random.Random(20250601)
    rows = table(draw, 25, 5)
    for number, row in enumerate(rows[1:]):
        row[0] = f"r{number}"
    yield from _cut(rows)
    yield from _changed(draw, rows)
    yield from _far()
    yield from _bombs(rows)
    yield from _markup(rows)
    yield from _active(rows)
    yield from _named_wrongly(rows)
    yield from _cells()


def sheet(rows: list[list[str]]) -> bytes:
    """The rows as .xlsx."""
    return book({name: list(cells) for name, cells in cells_of(rows).items()})


def old_rows(rows: list[list[str]]) -> list[list[Cell]]:
    """The rows for the writers of old workbooks."""
    return [list(row) for row in rows]


def fresh(name: str) -> zipfile.ZipInfo:
    """A part of an archive that bears no time of today, so that its bytes are always the same."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def changed_part(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The archive with one part changed, or added."""
    saved = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(fresh(entry.filename), change(content) if entry.filename == part else content)
        if part not in old.namelist():
            new.writestr(fresh(part), change(b""))
    return saved.getvalue()


def replaced(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """The archive with the first ``old`` of a part replaced, where it has one."""
    return changed_part(data, part, lambda xml: xml.replace(old, new, 1))


def with_part(data: bytes, part: str, content: bytes) -> bytes:
    """The archive with one part more."""
    return changed_part(data, part, lambda _: content)


# --- damage -------------------------------------------------------------------------------------------------------


def _cut(rows: list[list[str]]) -> Iterator[Case]:
    """Every format, cut after each fiftieth."""
    text = text_of(rows, line_end="\n")
    whole = {
        "xlsx": sheet(rows), "xls": xls({"a": old_rows(rows) * 6}), "ods": ods({"a": old_rows(rows)}),
        "csv.gz": gzip.compress(text.encode(), mtime=0),
    }  # fmt: skip
    for name, content in whole.items():
        yield Case(KIND, f"whole.{name}", content, {} if name == "xls" else cells_of(rows), needed=True)
        for part in range(1, 50):
            yield Case(KIND, f"cut_{part}.{name}", content[: len(content) * part // 50])
    for encoding in ("utf-8", "gb18030", "utf-16-le", "utf-8-sig"):
        content = encoded(text, encoding) or b""
        for part in range(1, 50):
            yield cut_case(KIND, f"cut_{encoding}_{part}.csv", content[: len(content) * part // 50], encoding)


def _changed(draw: random.Random, rows: list[list[str]]) -> Iterator[Case]:
    """One bit, byte or block changed: formats with checksums must notice, the others must not crash or mislead."""
    text = text_of(rows, line_end="\n").encode()
    for name, content in (
        ("xlsx", sheet(rows)),
        ("ods", ods({"a": old_rows(rows)})),
        ("csv.gz", gzip.compress(text, mtime=0)),
    ):
        for number in range(60):
            yield Case(KIND, f"bit_{number}.{name}", _flip(draw, content, 1 + number % 3), cells_of(rows))
        for number in range(20):
            yield Case(KIND, f"block_{number}.{name}", _blank(draw, content), cells_of(rows))
    old = xls({"a": old_rows(rows)})
    for number in range(60):
        place = draw.randrange(512 + 512) if number % 2 else draw.randrange(1024, 1536)
        changed = old[:place] + bytes([old[place] ^ (1 << draw.randrange(8))]) + old[place + 1 :]
        yield Case(KIND, f"bit_{number}.xls", changed, cells_of(rows))
    for number in range(20):
        noise = draw.randbytes(draw.choice([10, 1000, 20_000]))
        start = [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b\x08\x00", b"\xff\xfe"][number % 5]
        yield Case(KIND, f"noise_{number}.xlsx", start + noise)


def _flip(draw: random.Random, content: bytes, count: int) -> bytes:
    changed = bytearray(content)
    for _ in range(count):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _blank(draw: random.Random, content: bytes) -> bytes:
    """A block of zeros, as a broken disk leaves."""
    start = draw.randrange(len(content))
    size = min(draw.choice([8, 64, 512]), len(content) - start)
    return content[:start] + b"\0" * size + content[start + size :]


# --- exhaustion ---------------------------------------------------------------------------------------------------


def _far() -> Iterator[Case]:
    """One cell so far away that a reader would make room for billions."""
    near = book({"id": ["1", "2"]})
    for number, place in enumerate(["XFD1048576", "XFD1", "A1048576", "AMJ30000", "ZZ1000001", "XFC1048575"]):
        cell = f'<row r="9"><c r="{place}" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'.encode()
        for claim in (b"A1:A3", f"A1:{place}".encode()):
            content = replaced(replaced(near, SHEET, b"</sheetData>", cell), SHEET, b"A1:A3", claim)
            yield Case(KIND, f"far_{number}_{claim.decode()[3:]}.xlsx", content)
        yield Case(KIND, f"claimed_{number}.xlsx", replaced(near, SHEET, b"A1:A3", f"A1:{place}".encode()))
    rows: list[list[Cell]] = [["id", "n"], ["1", 2.0]]
    for number, place in enumerate([(65535, 255), (65535, 100), (60000, 200)]):
        yield Case(KIND, f"far_{number}.xls", xls({"a": rows}, stray=place))
    for number, (down, right) in enumerate([(1_048_570, 16_384), (1_000_001, 5), (5, 16_300), (30_000, 1_000)]):
        tail = (
            f'<table:table-row table:number-rows-repeated="{down}"><table:table-cell table:number-columns-repeated='
            f'"{right}" xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:value-type="float" '
            'office:value="1"/></table:table-row>'
        )
        yield Case(KIND, f"far_{number}.ods", ods({"a": rows}, tail=tail))
    empty = (
        '<table:table-row table:number-rows-repeated="1048574"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>'
    )
    yield Case(KIND, "empty_tail.ods", ods({"a": rows}, tail=empty), {"id": ["1"], "n": ["2"]}, needed=True)


def _bombs(rows: list[list[str]]) -> Iterator[Case]:
    """Archives that unpack to far more than they are, and say so or not."""
    good = sheet(rows)
    for number, part in enumerate(
        [SHEET, STRINGS, "xl/worksheets/sheet2.xml", "xl/media/image1.png", "docProps/app.xml"]
    ):
        yield Case(KIND, f"bomb_{number}.xlsx", partial(_bomb, good, part, BOMB))
        unread = cells_of(rows) if part.endswith(".png") else None
        yield Case(KIND, f"bomb_lies_{number}.xlsx", partial(_lying_bomb, good, part), unread)
    packed = gzip.compress(bytes(1000), mtime=0)
    for number in range(3):
        packed = gzip.compress(packed * 1000, mtime=0)
        yield Case(KIND, f"nested_{number}.csv.gz", packed)
    yield Case(KIND, "bomb.csv.gz", _packed_bomb)
    yield Case(KIND, "in_zip.xlsx", lambda: _zip({"readme.txt": b"x", "inner.xlsx": _bomb(good, SHEET, BOMB)}))
    for size in (0, 10, 10**6, 2**32 - 1):
        yield Case(KIND, f"lies_{size}.xlsx", _lying(good, SHEET, size))
    yield Case(KIND, "many.xlsx", _zip({f"x/{number}": b"" for number in range(10_001)}))
    yield Case(KIND, "many_more.xlsx", _zip({**_parts(good), **{f"xl/x/{number}": b"" for number in range(10_001)}}))
    deep = b"<a>" * 300_000
    for part in ("xl/workbook.xml", STRINGS, SHEET, "xl/styles.xml"):
        yield Case(KIND, f"deep_{part.rpartition('/')[2]}.xlsx", changed_part(good, part, lambda _: deep), cells=None)


def _bomb(data: bytes, part: str, size: int) -> bytes:
    """The archive with a part of so many blanks."""
    saved = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename != part:
                new.writestr(fresh(entry.filename), old.read(entry))
        with new.open(fresh(part), "w") as stream:
            for _ in range(size // 10**6):
                stream.write(b" " * 10**6)
    return saved.getvalue()


def _lying_bomb(data: bytes, part: str) -> bytes:
    return _lying(_bomb(data, part, BOMB), part, 1000)


def _packed_bomb() -> bytes:
    """A table of 2.4 GB in 2.4 MB."""
    stream = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(stream.compress(b"a,b\n" * 1_000_000) for _ in range(600)) + stream.flush()


def _lying(data: bytes, part: str, size: int) -> bytes:
    """The archive whose list of contents gives a part another size."""
    changed = bytearray(data)
    name = part.encode()
    at = data.rfind(b"PK\x01\x02")
    while at >= 0:
        length = struct.unpack_from("<H", data, at + 28)[0]
        if data[at + 46 : at + 46 + length] == name:
            struct.pack_into("<I", changed, at + 24, size)
        at = data.rfind(b"PK\x01\x02", 0, at)
    return bytes(changed)


def _parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zip(parts: dict[str, bytes]) -> bytes:
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(fresh(name), content)
    return saved.getvalue()


# --- attacks ------------------------------------------------------------------------------------------------------


def _markup(rows: list[list[str]]) -> Iterator[Case]:
    """Document types and other encodings in the XML of a workbook."""
    good = sheet(rows)
    for number, declared in enumerate(
        [DTD, XXE, b'<!DOCTYPE x SYSTEM "http://example.invalid/x.dtd">', b"<!DOCTYPE x>"]
    ):
        for part in PARTS:
            file = f"dtd_{number}_{part.rpartition('/')[2]}.xlsx"
            yield Case(KIND, file, replaced(good, part, b"?>", b"?>" + declared))
        book_of_tables = ods({"a": old_rows(rows)})
        yield Case(KIND, f"dtd_{number}.ods", replaced(book_of_tables, "content.xml", b"?>", b"?>" + declared))
    late = b"<!--" + b"x" * 5_000_000 + b"-->" + DTD
    yield Case(KIND, "dtd_late.xlsx", replaced(good, SHEET, b"?>", b"?>" + late))
    for part in PARTS:
        file = f"utf16_{part.rpartition('/')[2]}.xlsx"
        yield Case(KIND, file, changed_part(good, part, lambda xml: xml.decode().encode("utf-16")))
        file = f"latin_{part.rpartition('/')[2]}.xlsx"
        yield Case(
            KIND, file, changed_part(good, part, lambda xml: xml.replace(b'encoding="UTF-8"', b'encoding="ISO-8859-1"'))
        )
    for part in PARTS:
        for number, change in enumerate([lambda xml: xml[: len(xml) // 2], lambda _: b"", lambda xml: xml[::-1]]):
            file = f"broken_{number}_{part.rpartition('/')[2]}.xlsx"
            cells = cells_of(rows) if part in ("[Content_Types].xml", "xl/styles.xml") else None
            yield Case(KIND, file, changed_part(good, part, change), cells)


def _active(rows: list[list[str]]) -> Iterator[Case]:
    """Programs, links, passwords, and names that lead elsewhere."""
    good, cells = sheet(rows), cells_of(rows)
    for number, part in enumerate(["xl/vbaProject.bin", "xl/VBAPROJECT.BIN", "xl/macrosheets/sheet1.xml"]):
        yield Case(KIND, f"macro_{number}.xlsm", with_part(good, part, b"\xd0\xcf\x11\xe0 program"))
    yield Case(KIND, "no_macro.xlsm", good, cells, needed=True)
    yield Case(KIND, "macro.ods", ods({"a": old_rows(rows)}, {"Basic/Standard/Module1.xml": "<x/>"}))
    yield Case(KIND, "macro.xls", compound({"Workbook": workbook_stream({"a": old_rows(rows)}), "_VBA_PROJECT": b"x"}))
    for number, part in enumerate(
        ["xl/externalLinks/externalLink1.xml", "xl/connections.xml", "xl/queryTables/queryTable1.xml"]
    ):
        yield Case(KIND, f"link_{number}.xlsx", with_part(good, part, b"<x/>"), cells, rule="outside_data", needed=True)
    for number, part in enumerate(
        ["../../evil.txt", "/etc/evil", "xl/../../evil", "C:\\evil.txt", "..\\evil.txt", "\\\\host\\evil"]
    ):
        yield Case(KIND, f"path_{number}.xlsx", with_part(good, part, b"x"))
    yield Case(KIND, "twice.xlsx", _zip_twice(good, SHEET))
    yield Case(KIND, "password.xlsx", compound({"EncryptionInfo": b"x", "EncryptedPackage": bytes(9000)}))
    yield Case(KIND, "password.xls", xls({"a": old_rows(rows)}, locked=True))
    encrypted = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        "<manifest:encryption-data/></manifest:manifest>"
    )
    yield Case(KIND, "password.ods", ods({"a": old_rows(rows)}, {"META-INF/manifest.xml": encrypted}))
    flagged = bytearray(good)
    at = flagged.find(b"PK\x01\x02")
    flagged[at + 8] |= 1
    yield Case(KIND, "password_zip.xlsx", bytes(flagged))


def _zip_twice(data: bytes, part: str) -> bytes:
    """An archive with two parts of one name, which two readers may choose between differently."""
    parts = _parts(data)
    return _zip({**parts, part.upper(): parts[part]})


def _named_wrongly(rows: list[list[str]]) -> Iterator[Case]:
    """Files that are not what their names say: read as what they are, or refused as it."""
    cells, text = cells_of(rows), text_of(rows)
    page = f"<html><body><table><tr><td>{'</td><td>'.join(rows[0])}</td></tr></table></body></html>"
    spreadsheet = '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>'
    foreign = {
        "page": page.encode(), "page_bom": b"\xef\xbb\xbf" + page.encode(), "page_utf16": page.encode("utf-16"),
        "page_gbk": page.encode("gb18030"), "xml2003": spreadsheet.encode(),
        "mhtml": b"MIME-Version: 1.0\r\n" + page.encode(),
        "pdf": b"%PDF-1.7\n" + bytes(100), "png": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "rar": b"Rar!\x1a\x07\x01" + bytes(50),
        "sav": b"$FL2@(#) SPSS DATA FILE" + b" " * 200,
        "json": b'[{"id": 1}]', "geojson": b'{"type": "FeatureCollection"}',
        "sqlite": b"SQLite format 3\0" + bytes(100), "parquet": b"PAR1" + bytes(100),
        "7z": b"7z\xbc\xaf\x27\x1c" + bytes(50),
        "docx": _zip({"word/document.xml": b"<x/>"}), "xlsb": _zip({"xl/workbook.bin": b"x"}),
        "zip": _zip({"a.csv": text.encode()}),
        "numbers": _zip({"Index/Document.iwa": b"x"}), "doc": compound({"WordDocument": b"x"}), "empty": b"",
        "rtf": b"{\\rtf1 x}", "stata": b"<stata_dta><header>",
    }  # fmt: skip
    for name, content in foreign.items():
        for extension in ("xlsx", "csv", "xls"):
            yield Case(KIND, f"{name}.{extension}", content)
    right = {
        "csv_as": text.encode("utf-8-sig"),
        "gbk_as": text.encode("gb18030"),
        "xlsx_as": sheet(rows),
        "xls_as": xls({"a": old_rows(rows)}),
    }
    for name, content in right.items():
        for extension in ("xlsx", "csv", "xls", "ods", "txt"):
            yield Case(KIND, f"{name}.{extension}", content, cells, needed=True)


def _cells() -> Iterator[Case]:
    """Cells that a reader would turn into something else without a word."""
    plain = book({"id": ["1", "2"], "n": [5.0, 6.0]})
    whole, value = b'"B3" s="1"><v>6</v></c>', b"<v>6</v></c>"
    read = {
        "style_unknown": (whole, b'"B3" s="999"><v>6</v></c>'),
        "formula_saved": (value, b"<f>1+5</f><v>6</v></c>"),
        "quoted": (whole, b'"B3" t="inlineStr"><is><t>6</t></is></c>'),
    }
    stopped = {
        "formula": (value, b"<f>1+1</f></c>"),
        "formula_empty": (value, b"<f>1+1</f><v></v></c>"),
        "formula_shared": (value, b'<f t="shared" si="0"/><v/></c>'),
        "not_a_number": (value, b"<v>nan</v></c>"),
        "infinite": (value, b"<v>1e999</v></c>"),
        "string_unknown": (whole, b'"B3" t="s"><v>99999</v></c>'),
        "type_unknown": (whole, b'"B3" t="zz"><v>6</v></c>'),
    }
    cells = {"id": ["1", "2"], "n": ["5", "6"]}
    for name, (old, new) in read.items():
        yield Case(KIND, f"{name}.xlsx", replaced(plain, SHEET, old, new), cells, needed=True)
    for name, (old, new) in stopped.items():
        yield Case(KIND, f"{name}.xlsx", replaced(plain, SHEET, old, new))
    error = replaced(plain, SHEET, whole, b'"B3" t="e"><v>#N/A</v></c>')
    old = xls({"a": [["id", "n"], ["1", 5.0], ["2", "#N/A"]]})
    yield Case(KIND, "error.xls", old, {**cells, "n": ["5", ""]}, rule="formula_error")
    yield Case(KIND, "error.xlsx", error, {**cells, "n": ["5", ""]}, rule="formula_error")
