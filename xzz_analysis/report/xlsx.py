"""Every table of the blocks → one workbook, a sheet each, with numbers as numbers.

A text is always written as a text: whatever a label begins with, no spreadsheet runs it as a formula.
"""

from __future__ import annotations

import datetime as dt
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from xzz_analysis.disclosure.protect import MARK
from xzz_analysis.errors import ReportError, suggest
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.report.blocks import Block, Column, PageMeta, Table, captions
from xzz_analysis.report.html import replace_file
from xzz_analysis.report.theme import NOTHING, check_glyphs

WORDS: dict[str, Label] = {
    "contents": {"zh": "目录", "en": "Contents"},
    "sheet": {"zh": "表{number}", "en": "Table {number}"},
    "section": {"zh": "分组", "en": "Section"},
    "low": {"zh": "{label} 下限", "en": "{label}, lower end"},
    "high": {"zh": "{label} 上限", "en": "{label}, upper end"},
    "result": {"zh": "结果编号", "en": "Result id"},
    "empty": {"zh": "本报告没有表格。", "en": "This report has no tables."},
}

WIDEST = 44
"""Widest column, in characters of the default font; longer texts wrap."""

LOOKS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "bold": {"bold": True},
    "banner": {"bold": True, "bg_color": "#FFF6DF"},
    "head": {"bold": True, "text_wrap": True, "valign": "bottom", "top": 2, "bottom": 2},
    "text": {"text_wrap": True, "valign": "top"},
    "absent": {"align": "right", "valign": "top"},
    "small": {"font_size": 9, "font_color": "#595959"},
    "link": {"font_color": "#0B5394", "underline": 1},
}

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def plain_text(text: Any) -> Any:
    """A text for a CSV file, with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{text}" if isinstance(text, str) and text.startswith(FORMULA_STARTS) else text


def write_xlsx(blocks: Sequence[Block], path: Path, *, language: str, title: Mapping[str, str], meta: PageMeta) -> Path:
    """Write every table of the blocks as a sheet of one workbook; the first sheet lists them.

    Parameters
    ----------
    blocks : sequence of Block
    path : Path
        Replaced as a whole, or left as it was.
    language : "zh" or "en"
    title : bilingual text
    meta : PageMeta
        Its ``as_of`` is the workbook's date, so the same tables give the same bytes.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    ReportError
        When a character has no glyph or a text is too long for a cell (nothing is written), or the
        file cannot be written.
    """
    if language not in REPORT_LANGUAGES:
        raise ReportError(f"no report is written in {language!r}{suggest(language, REPORT_LANGUAGES)}")
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties(
            {
                "title": title[language],
                "author": meta.publisher[language],
                "comments": " · ".join(meta.banners(language)),
                "created": dt.datetime.combine(dt.date.fromisoformat(meta.as_of), dt.time()),
            }
        )
        writer = _Writer(book, language, meta)
        writer.fill(blocks, title[language])
    check_glyphs(writer.written, path.name)
    return replace_file(path, out.getvalue())


class _Writer:
    """The sheets of one workbook; remembers every text it writes, for the glyph check."""

    def __init__(self, book: Any, language: str, meta: PageMeta) -> None:
        self.book, self.language, self.meta = book, language, meta
        self.written: list[str] = []
        self.looks: dict[str, Any] = {}

    def look(self, name: str, number_format: str = "") -> Any:
        """A cell format by name, or of a number."""
        key = name or number_format
        if key not in self.looks:
            numbers = {"num_format": number_format, "valign": "top"} if number_format else {}
            self.looks[key] = self.book.add_format({**LOOKS.get(name, {}), **numbers})
        return self.looks[key]

    def say(self, sheet: Any, place: tuple[int, int], text: str, look: str = "text") -> None:
        """Write a text as a text."""
        self.written.append(text)
        if sheet.write_string(*place, text, self.look(look)):
            raise ReportError(
                f"sheet {sheet.name!r}: a text of {len(text):,} characters does not fit a cell, which holds "
                "32,767; shorten it"
            )

    def fill(self, blocks: Sequence[Block], title: str) -> None:
        """Write the sheet of contents, then one sheet per table."""
        front = self.book.add_worksheet(WORDS["contents"][self.language])
        self.page(front)
        named = zip(blocks, captions(blocks, self.language), strict=True)
        tables = [(block, caption) for block, caption in named if isinstance(block, Table)]
        row = self.front(front, title)
        if not tables:
            self.say(front, (row, 0), WORDS["empty"][self.language])
        for number, (table, caption) in enumerate(tables, start=1):
            name = WORDS["sheet"][self.language].format(number=number)
            sheet = self.book.add_worksheet(name)
            self.page(sheet)
            self.table(sheet, table, caption)
            front.write_url(row + number - 1, 0, f"internal:'{name}'!A1", self.look("link"), caption)
            self.written.append(caption)

    def front(self, sheet: Any, title: str) -> int:
        """The head of the sheet of contents; the row where the list begins."""
        self.say(sheet, (0, 0), title, "title")
        subtitle = (self.meta.subtitle or self.meta.title)[self.language]
        heads = [(subtitle, "bold")] if subtitle != title else []
        heads += [(banner, "banner") for banner in self.meta.banners(self.language)]
        for row, (text, look) in enumerate(heads, start=1):
            self.say(sheet, (row, 0), text, look)
        facts = self.meta.facts(self.language).values()
        for row, (name, value) in enumerate(facts, start=len(heads) + 2):
            self.say(sheet, (row, 0), name)
            self.say(sheet, (row, 1), value)
        sheet.set_column(0, 1, WIDEST)
        row = len(heads) + len(facts) + 3
        self.say(sheet, (row, 0), WORDS["contents"][self.language], "bold")
        return row + 1

    def page(self, sheet: Any) -> None:
        """A4 across, as wide as the table; the banners on top of every printed page."""
        banners = " · ".join(self.meta.banners(self.language)).replace("&", "&&")
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_header(f"&C{banners}"[:255])
        sheet.set_footer("&C&P / &N")

    def table(self, sheet: Any, table: Table, caption: str) -> None:
        """Caption, banners, head, body and notes of one table."""
        banners = self.meta.banners(self.language)
        self.say(sheet, (0, 0), caption, "bold")
        for row, banner in enumerate(banners, start=1):
            self.say(sheet, (row, 0), banner, "banner")
        top = len(banners) + 1
        lines = [self.head(table), *(self.line(table, row) for row in table.rows)]
        for place, line in enumerate(lines):
            for column, (value, look, number) in enumerate(line):
                if isinstance(value, str):
                    self.say(sheet, (top + place, column), value, look)
                else:
                    sheet.write_number(top + place, column, value, self.look(look, number))
        for column, cells in enumerate(zip(*lines, strict=True)):
            sheet.set_column(column, column, _width(cells))
        for place, note in enumerate(table.notes, start=top + len(lines) + 1):
            self.say(sheet, (place, 0), note[self.language], "small")
        sheet.freeze_panes(top + 1, 2 if _has(table, "section") else 1)
        sheet.repeat_rows(top)

    def head(self, table: Table) -> list[Cell]:
        """The heads of the sheet's columns; an interval takes two."""
        heads = [WORDS["section"][self.language]] if _has(table, "section") else []
        for column in table.columns:
            label = column.label[self.language]
            ends = [WORDS[end][self.language].format(label=label) for end in ("low", "high")]
            heads += ends if column.format == "interval" else [label]
        heads += [WORDS["result"][self.language]] if _traced(table) else []
        return [(text, "head", "") for text in heads]

    def line(self, table: Table, row: Mapping[str, Any]) -> list[Cell]:
        """One row as cells; a figure that is absent is its mark or its reason."""
        cells: list[Cell] = []
        if _has(table, "section"):
            cells.append((choose(row.get("section") or {}, self.language).text, "text", ""))
        for column, wording in zip(table.columns, table.printed(row, self.language), strict=True):
            cell = row.get(column.name)
            if column.format == "text":
                cells.append((wording.text, "text", ""))
            elif cell is None:
                second = MARK if wording.text == MARK else NOTHING
                cells += [(text, "absent", "") for text in (wording.text, second)][: _span(column)]
            else:
                number, factor = _number_format(column, row), 100 if column.unit_of(row) == "points" else 1
                ends = cell if column.format == "interval" else [cell]
                cells += [(round(end * factor, 9), "", number) for end in ends]
        if _traced(table):
            ids = row.get("result_id") or " ".join(row.get("results", {}).values())
            cells.append((ids, "text", ""))
        return cells


Cell = tuple[Any, str, str]
"""A text or number, the name of its look, and its number format."""


def _traced(table: Table) -> bool:
    """Whether figures of the table carry ids of results, one for a row or one for each cell."""
    return _has(table, "result_id") or _has(table, "results")


def _has(table: Table, name: str) -> bool:
    return any(row.get(name) for row in table.rows)


def _span(column: Column) -> int:
    return 2 if column.format == "interval" else 1


def _number_format(column: Column, row: Mapping[str, Any]) -> str:
    unit, mark = column.unit_of(row), column.mark(row)
    shapes = {"percent": "0.0%", "points": "+0.0;−0.0;0.0", "ratio": "0.000", "count": "#,##0", "number": "#,##0"}
    shapes |= {"ratio_change": "+0.000;−0.000;0.000", "number_change": "#,##0"}
    decimals = f".{'0' * column.decimals}" if unit in ("number", "number_change") and column.decimals else ""
    return shapes[unit] + decimals + (f'"{mark}"' if mark else "")


def _width(cells: Iterable[Cell]) -> float:
    """Width of a column: the longest text up to :data:`WIDEST`; a Chinese character is two wide."""
    longest = max(_columns(value) if isinstance(value, str) else 8 for value, _, _ in cells)
    return float(min(WIDEST, max(8, longest + 2)))


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
