"""Plant identifiers of invented people in the raw tables of a copy of a study, wherever a name can hide.

    python tests/faults/planting/plant.py COPY_OF_A_STUDY LIST.json [COUNT]

plants COUNT (1,000) identifiers in cells, free text, headers, sheet names, comments and properties, and writes the
list of what was planted where. Whatever is built from the copy may hold none of them.
"""

from __future__ import annotations

import csv
import io
import json
import random
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import openpyxl
from invented import MAKERS, SENTENCES, address, name
from openpyxl.comments import Comment
from openpyxl.packaging.custom import StringProperty

COLUMNS = {"name": "家长姓名", "phone": "联系电话", "id_card": "身份证号", "address": "家庭住址"}
"""Kind → header of a column of such identifiers."""
NOTE = "补充说明"
METADATA = ("creator", "lastModifiedBy", "title", "subject", "description", "keywords", "category")


@dataclass(frozen=True)
class Planted:
    """One identifier: what it is, what stands in the file, and where."""

    kind: str
    value: str
    place: str
    file: str


class Planter:
    """Makes identifiers that differ, and keeps the list."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.planted: list[Planted] = []
        self.used: set[str] = set()

    def new(self, kind: str, place: str, file: str) -> str:
        """An identifier that was not used before."""
        makers = {
            **MAKERS,
            "name": name,
            "address": lambda draw: f"河沿区{address(draw)}{draw.randint(1, 99)}-{draw.randint(1, 999)}",
        }
        value = makers[kind](self.draw)
        while value in self.used or len(value) < 3:
            value = makers[kind](self.draw)
        self.used.add(value)
        self.planted.append(Planted(kind, value, place, file))
        return value


def plant(files: Iterable[Path], count: int = 1000, seed: int = 1) -> list[Planted]:
    """Plant identifiers in raw files, changing them.

    Parameters
    ----------
    files : iterable of Path
        CSV (UTF-8) and XLSX files with a header and at least one row.
    count : int
        How many in all; every file gets its part.
    seed : int

    Returns
    -------
    list of Planted
    """
    planter = Planter(seed)
    files = list(files)
    for place, path in enumerate(files):
        share = count * (place + 1) // len(files) - len(planter.planted)
        (_plant_workbook if path.suffix == ".xlsx" else _plant_text)(planter, path, share)
    return planter.planted


def _plant_table(planter: Planter, rows: list[list[str]], count: int, file: str) -> None:
    """Headers, a column per kind, and a column of free text; the cells of some rows stay empty."""
    width = len(rows[0])
    kinds = [*COLUMNS, "note", "header"]
    headers = [*COLUMNS.values(), NOTE, f"备注（{planter.new('name', 'header', file)}）"]
    rows[0] += headers
    for row in rows[1:]:
        row += [""] * (width + len(headers) - len(row))
    for step in range(count - 1):
        column = step % (len(headers) - 1)
        row = rows[1 + planter.draw.randrange(len(rows) - 1)]
        while row[width + column]:
            row = rows[1 + planter.draw.randrange(len(rows) - 1)]
        if kinds[column] == "note":
            kind = planter.draw.choice([kind for kind in MAKERS if kind != "name"])
            sentence = planter.draw.choice(SENTENCES)
            row[width + column] = sentence.format(planter.new(kind, "free text", file))
        else:
            row[width + column] = planter.new(kinds[column], "cell", file)


def _plant_text(planter: Planter, path: Path, count: int) -> None:
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    _plant_table(planter, rows, count, path.name)
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def _plant_workbook(planter: Planter, path: Path, count: int) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    before = len(planter.planted)
    _plant_properties(planter, book, path.name)
    rows = [["" if cell is None else cell for cell in row] for row in sheet.iter_rows(values_only=True)]
    width = len(rows[0])
    _plant_table(planter, rows, count - (len(planter.planted) - before), path.name)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row[width:], start=width + 1):
            if cell:
                sheet.cell(number, column, cell)
    book.save(path)


def _plant_properties(planter: Planter, book: openpyxl.Workbook, file: str) -> None:
    """What a workbook holds besides cells: properties, names of sheets, a hidden one, a comment, a footer."""
    for key in METADATA:
        setattr(book.properties, key, planter.new(planter.draw.choice(list(COLUMNS)), "workbook properties", file))
    book.custom_doc_props.append(StringProperty(name="contact", value=planter.new("phone", "file properties", file)))
    hidden = book.create_sheet(planter.new("name", "sheet name", file))
    hidden.sheet_state = "hidden"
    hidden["A1"] = planter.new("id_card", "hidden sheet", file)
    hidden["A2"] = planter.new("name", "hidden sheet", file)
    sheet = book.worksheets[0]
    sheet.title = planter.new("name", "sheet name", file)
    sheet["A1"].comment = Comment(
        planter.new("phone", "comment", file), planter.new("name", "author of a comment", file)
    )
    sheet.oddFooter.center.text = planter.new("name", "footer", file)


def main(arguments: list[str]) -> None:
    """Plant in the raw files that a study names, and write the list."""
    from xzz_analysis.intake.privacy.forgetting import raw_files
    from xzz_analysis.study import open_study

    study, target, *count = arguments
    planted = plant(raw_files(open_study(study)), int(count[0]) if count else 1000)
    text = json.dumps([asdict(one) for one in planted], ensure_ascii=False, indent=1)
    Path(target).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
