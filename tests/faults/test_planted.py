"""Identifiers planted wherever a file can hide them are found by the scan, and nothing else is.

The invented people come from ``planting/plant.py``, which also plants them in a copy of a study.
"""

import base64
import gzip
import io
import json
import sqlite3
import sys
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from xzz_analysis.intake.privacy.identifiers import find
from xzz_analysis.intake.privacy.scan import Leak, scan

NAME, PHONE, SHORT = "欧阳梓涵", "13712345678", "王芳"
WORDS = [NAME, PHONE, SHORT]


@pytest.fixture(scope="module")
def plant(root):
    sys.path.insert(0, str(root / "tests" / "faults" / "planting"))
    try:
        import plant
    finally:
        sys.path.pop(0)
    return plant


@pytest.fixture
def raw(tmp_path) -> list[Path]:
    """Raw tables without anybody in them: two CSV files and a workbook."""
    rows = [["child_id", "age", "remark"], *(["C" + str(1000 + n), str(n % 16), "希望近一点"] for n in range(400))]
    texts = [tmp_path / "child.csv", tmp_path / "member.csv"]
    for path in texts:
        path.write_text("\n".join(map(",".join, rows)) + "\n", encoding="utf-8")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "family.xlsx")
    return [*texts, tmp_path / "family.xlsx"]


def known(leaks: list[Leak]) -> int:
    return sum(leak.count for leak in leaks if leak.kind == "known")


def png(text: str, *, packed: bool) -> bytes:
    about, content = PngInfo(), io.BytesIO()
    about.add_itxt("Author", text, zip=packed)
    Image.new("RGB", (20, 20), "red").save(content, "png", pnginfo=about)
    return content.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def workbook(text: str) -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    book.create_sheet("two").sheet_state = "hidden"
    book["two"]["C3"] = text
    book.save(content)
    return content.getvalue()


def titled(text: str) -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    book.properties.title = text
    book.save(content)
    return content.getvalue()


def pdf(text: str) -> bytes:
    shown = f"BT <{text.encode('utf-16-be').hex()}> Tj ET".encode()
    return (
        b"%PDF-1.7\n1 0 obj <</Filter /FlateDecode>> stream\n" + zlib.compress(shown) + b"\nendstream endobj\n\xff\xfe"
    )


def notebook(text: str) -> bytes:
    picture = base64.encodebytes(png(text, packed=True)).decode()
    cell = {"cell_type": "code", "source": ["1"], "metadata": {}, "outputs": [{"data": {"image/png": picture}}]}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}).encode()


def git_object(text: str) -> bytes:
    content = text.encode()
    return zlib.compress(f"blob {len(content)}\0".encode() + content)


def data_address(text: str) -> bytes:
    return (
        b"<img src='data:image/svg+xml;base64," + base64.b64encode(f"<svg><text>{text}</text></svg>".encode()) + b"'>"
    )


WAYS: dict[str, Callable[[str], bytes]] = {
    "a.log": lambda text: f"row {text} is wrong\n".encode(),
    "gb18030.csv": lambda text: f"姓名,年龄\n{text},8\n".encode("gb18030"),
    "utf16.csv": lambda text: f"姓名\t年龄\n{text}\t8\n".encode("utf-16"),
    "escaped.json": lambda text: json.dumps({"name": text}).encode(),
    "lines.jsonl": lambda text: b'{"a": 1}\n' + json.dumps({"name": text}).encode(),
    "decimal.html": lambda text: "".join(f"&#{ord(letter)};" for letter in text).encode(),
    "hexadecimal.html": lambda text: "".join(f"&#x{ord(letter):x};" for letter in text).encode(),
    "split.html": lambda text: f"<p>{text[0]}<b>{text[1:]}</b></p>".encode(),
    "address.html": data_address,
    "drawing.svg": lambda text: f"<svg><title>{text}</title></svg>".encode(),
    "plain.png": lambda text: png(text, packed=False),
    "packed.png": lambda text: png(text, packed=True),
    "hidden.xlsx": workbook,
    "titled.xlsx": titled,
    "letter.docx": lambda text: zipped({"word/document.xml": f"<w:t>{text[0]}</w:t><w:t>{text[1:]}</w:t>".encode()}),
    "twice.zip": lambda text: zipped({"inner.xlsx": workbook(text)}),
    "named.zip": lambda text: zipped({f"{text}.txt": b"nothing"}),
    "page.pdf": pdf,
    "notebook.ipynb": notebook,
    "metadata.ipynb": lambda text: json.dumps({"cells": [], "metadata": {"author": text}}).encode(),
    "log.gz": lambda text: gzip.compress(text.encode()),
    "objects/0123": git_object,
}


@pytest.mark.parametrize("text", WORDS)
@pytest.mark.parametrize("way", WAYS)
def test_a_word_is_found_in_every_kind_of_file(way, text, tmp_path):
    path = tmp_path / way
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(WAYS[way](text))
    assert known(scan(tmp_path, WORDS)) > 0


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_found_where_nothing_is(way, tmp_path):
    path = tmp_path / way
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(WAYS[way]("不是名字"))
    assert scan(tmp_path, WORDS) == []


@pytest.mark.parametrize("text", WORDS)
def test_a_word_is_found_in_databases(text, tmp_path):
    frame = pd.DataFrame({"a": [text] * 3, "b": ["x", "y", "z"]})
    frame.to_parquet(tmp_path / "t.parquet")
    with duckdb.connect(str(tmp_path / "t.duckdb")) as database:
        database.execute("create table t as select * from frame")
    with closing(sqlite3.connect(tmp_path / "t.sqlite")) as database, database:
        frame.to_sql("t", database)
    found = scan(tmp_path, WORDS)
    assert {leak.file for leak in found if leak.kind == "known"} == {"t.parquet", "t.duckdb", "t.sqlite"}


def test_a_column_named_after_somebody_is_found(tmp_path):
    pd.DataFrame({f"note {NAME}": [1]}).to_parquet(tmp_path / "t.parquet")
    assert known(scan(tmp_path, WORDS)) > 0


def test_a_file_named_after_somebody_is_found_and_not_named(tmp_path):
    (tmp_path / f"{NAME}.txt").write_text("nothing", encoding="utf-8")
    (leak,) = scan(tmp_path, WORDS)
    assert (leak.part, leak.kind) == ("name", "known")
    assert NAME not in repr(leak)


def test_identifiers_of_people_nobody_knows_are_found_too(tmp_path):
    (tmp_path / "a.txt").write_text("打138-0013-8000或11010519491231002X", encoding="utf-8")
    assert {leak.kind for leak in scan(tmp_path, [])} == {"phone", "id_card"}


def test_the_publishers_telephone_is_allowed(tmp_path):
    (tmp_path / "a.txt").write_text("咨询电话13800138000", encoding="utf-8")
    assert scan(tmp_path, ["13800138000"], allowed=["13800138000"]) == []


def test_what_cannot_be_read_is_said(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "b.xlsx").write_bytes(workbook(NAME)[:900])
    assert {(leak.file, leak.kind) for leak in scan(tmp_path, WORDS)} == {("a.parquet", "unread"), ("b.xlsx", "unread")}


def test_no_leak_shows_what_it_is(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(workbook(f"{NAME} {PHONE}"))
    said = repr(scan(tmp_path, WORDS))
    assert not [word for word in WORDS if word in said]


def test_a_thousand_identifiers_are_planted(plant, raw):
    planted = plant.plant(raw, 1000)
    assert len(planted) == len({one.value for one in planted}) == 1000
    assert {one.kind for one in planted} >= {"name", "phone", "id_card", "address", "email", "plate"}
    places = {one.place for one in planted}
    assert places >= {"cell", "free text", "header", "sheet name", "hidden sheet", "workbook properties", "comment"}


def test_the_same_seed_plants_the_same(plant, raw):
    before = raw[0].read_bytes()
    first = plant.plant(raw[:1], 200, seed=7), raw[0].read_bytes()
    raw[0].write_bytes(before)
    assert (plant.plant(raw[:1], 200, seed=7), raw[0].read_bytes()) == first
    assert first[1] != before


def test_every_planted_identifier_is_in_its_file(plant, raw):
    planted = plant.plant(raw, 1000)
    for path in raw:
        mine = [one.value for one in planted if one.file == path.name]
        text = path.read_text(encoding="utf-8") if path.suffix == ".csv" else _all_text(path)
        assert [value for value in mine if value not in text] == []


def test_the_scan_finds_every_planted_identifier(plant, raw, tmp_path):
    """One output file per identifier, so that none can hide behind another."""
    planted = plant.plant(raw, 300)
    words = [one.value for one in planted]
    folder = tmp_path / "outputs"
    folder.mkdir()
    for place, one in enumerate(planted):
        (folder / f"{place}.html").write_text(f"<p>表 {place}：{one.value}。</p>", encoding="utf-8")
    found = {leak.file for leak in scan(folder, words) if leak.kind == "known"}
    assert len(found) == len(planted)


def test_the_detectors_find_the_planted_without_knowing_them(plant, raw):
    """All but names, which only the vault knows."""
    planted = plant.plant(raw, 1000)
    values = [one.value for one in planted if one.kind != "name"]
    assert len(set(find(values)["row"])) == len(values)


def test_the_demonstration_holds_no_planted_word(plant, raw, root):
    words = [one.value for one in plant.plant(raw, 1000)]
    assert not known(scan(root / "data" / "demo" / "raw", words, kinds=("passport",)))


def _all_text(path: Path) -> str:
    """The text of every part of a workbook, with XML's and its own escapes undone."""
    with zipfile.ZipFile(path) as archive:
        return "\n".join(archive.read(name).decode("utf-8", "ignore") for name in archive.namelist()).replace(
            "&amp;", "&"
        )
