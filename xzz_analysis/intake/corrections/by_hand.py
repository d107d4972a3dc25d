"""An Excel log for those who clean by hand: rows to look at, drop-downs from the form, an explanation."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.corrections.log import CHANGES, FIELDS
from xzz_analysis.intake.corrections.places import Place, form_places, option_entry
from xzz_analysis.intake.form import Form
from xzz_analysis.language import choose

_LOG, _OPTIONS, _CHANGES, _README = "corrections 更正", "options 选项", "changes 方式", "readme 说明"
_ORDER = (
    *("key", "round", "question", "wording", "issue", "old", "old wording"),
    *("change", "new", "reason", "who", "when", "expect"),
)
_HELP = {"wording": "题目原文", "old wording": "原值原文"}
_WIDTHS = {
    "key": 18,
    "round": 10,
    "question": 24,
    "wording": 40,
    "issue": 36,
    "old wording": 24,
    "new": 24,
    "reason": 30,
}
_SPARE = 200
_DAY_FORMAT = "yyyy-mm-dd"
_LENIENT = {"error_type": "warning", "error_message": "不在选项中，请再核对。Not an option: look again."}

_TEXT = (
    (
        "每一行是一处需要核对的回答。请在 change（更正方式）中选择处理办法，在 new（新值）中选择或填写新值，"
        "在 reason（更正原因）中写明理由。",
        "Each row is an answer to look at. Choose what to do under change, choose or write the new value under new, "
        "and say why under reason.",
    ),
    (
        "没有选择更正方式的行不起作用。核实无误请选 no_action。",
        "A row without a change does nothing. Choose no_action where the answer is right.",
    ),
    (
        "多选题的新值写全部应选选项的名称，用空格隔开；也可以把题目写成“题目/选项”，新值写 1 或 0。",
        "For a question with several answers write the names of all options to be chosen, separated by spaces; or "
        "write question/option and give 1 or 0.",
    ),
    (
        "old（原值）是更正的依据：单元格若已不是原值，程序会停下来，不会改错。原本为空时写 (blank)。",
        "old guards the correction: if the cell holds something else by then, the work stops and nothing is changed. "
        "Write (blank) for an empty cell.",
    ),
    (
        "同一处回答可以更正两次；后一次的原值要写前一次留下的值。",
        "An answer may be corrected twice; the later row must name the value that the earlier one left.",
    ),
    (
        "日期写成 2025-05-10。不要改列名；可以在下面加行。",
        "Write days like 2025-05-10. Leave the header as it is; rows may be added below.",
    ),
    (
        "本文件含受访者的回答，只能在内部使用，用完请删除。",
        "This file holds answers of respondents: keep it inside, and delete it when it is done.",
    ),
)


def write_workbook(rows: pd.DataFrame, form: Form, path: Path) -> Path:
    """Write a log to fill in by hand; :func:`read_log` reads it back.

    Parameters
    ----------
    rows : DataFrame of str
        Answers to look at, columns among the fields of :class:`Correction` (at least ``key`` and ``question``; keys
        should be pseudonyms). Missing cells are empty.
    form : Form
        Whose options the drop-downs offer.
    path : Path
        Internal: the workbook holds answers.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        ``rows`` has a column that is no field, or too many rows for a worksheet, or the file cannot be written.
    """
    unknown = [str(name) for name in rows.columns if name not in FIELDS]
    missing = [name for name in ("key", "question") if name not in rows.columns]
    if unknown or missing:
        said = f"has no field {missing[0]!r}" if missing else f"has an unknown field {unknown[0]!r}"
        raise InputError(f"the table of rows to look at {said}{suggest(unknown[0], FIELDS) if unknown else ''}")
    if len(rows) + _SPARE >= 1_000_000:
        raise InputError(f"{len(rows):,} rows to look at do not fit a worksheet; choose fewer")
    out = io.BytesIO()
    safe = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, safe) as book:
        book.set_properties({"title": _LOG, "created": dt.datetime(2000, 1, 1)})
        given = {name: rows[name].astype("str").fillna("") if name in rows else "" for name in FIELDS}
        _Sheets(book, form).fill(pd.DataFrame(given, index=rows.index, dtype="str"))
    try:
        path.write_bytes(out.getvalue())
    except OSError as error:
        raise InputError(
            f"{path.name} cannot be written ({error.strerror}); close it in Excel, or choose a folder"
        ) from None
    return path


class _Sheets:
    """The sheets of one workbook."""

    def __init__(self, book: Any, form: Form) -> None:
        self.form, self.places = form, form_places(form)
        self.head = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#DDE6EE", "border": 1}
        )
        self.text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        self.plain = book.add_format({"text_wrap": True, "valign": "top"})
        self.day = book.add_format({"num_format": _DAY_FORMAT, "valign": "top"})
        self.log, self.options, self.changes, self.readme = map(book.add_worksheet, (_LOG, _OPTIONS, _CHANGES, _README))
        self.ranges: dict[str, str] = {}

    def fill(self, rows: pd.DataFrame) -> None:
        """Write every sheet."""
        self._fill_options()
        self._fill_changes()
        self._fill_readme()
        self._fill_log(rows)
        self.log.activate()

    def _fill_options(self) -> None:
        """Every option on a row, those of a question together, and where they are."""
        header = ["question 题目", "option 选项", "中文", "English", "as chosen 下拉文字"]
        _write_header(self.options, header, self.head)
        row = 1
        for name, question in self.form.questions.items():
            first = row
            for option in question.options:
                labels = [option.label.get(language, "") for language in ("zh", "en")]
                for column, text in enumerate((name, option.name, *labels, option_entry(option))):
                    self.options.write_string(row, column, text, self.text)
                row += 1
            if row > first:
                self.ranges[name] = f"='{_OPTIONS}'!$E${first + 1}:$E${row}"
        self.options.set_column(0, 4, 28)
        self.options.freeze_panes(1, 1)

    def _fill_changes(self) -> None:
        _write_header(self.changes, ["change 更正方式", "English"], self.head)
        for row, (change, label) in enumerate(CHANGES.items(), start=1):
            self.changes.write_string(row, 0, f"{change} {label['zh']}", self.text)
            self.changes.write_string(row, 1, label["en"], self.text)
        self.changes.set_column(0, 1, 34)

    def _fill_readme(self) -> None:
        self.readme.set_column(0, 1, 70)
        for row, texts in enumerate(_TEXT):
            for column, text in enumerate(texts):
                self.readme.write_string(row, column, text, self.plain)

    def _fill_log(self, rows: pd.DataFrame) -> None:
        headers = [f"{name} {FIELDS[name]['zh']}" if name in FIELDS else f"{name} / {_HELP[name]}" for name in _ORDER]
        _write_header(self.log, headers, self.head)
        for column, name in enumerate(_ORDER):
            self.log.set_column(column, column, _WIDTHS.get(name, 16), self.text)
        self.log.set_column(_ORDER.index("when"), _ORDER.index("when"), 12, self.day)
        for number, cells in enumerate(rows.to_dict("records"), start=1):
            place = self.places.find(cells["question"])
            texts: dict[str, str] = {str(name): text for name, text in cells.items()}
            texts |= {"wording": _wording(place), "old wording": _old_wording(place, cells["old"])}
            for column, name in enumerate(_ORDER):
                text = texts[name]
                if text:
                    self.log.write_string(number, column, text, self._format(name, place))
                elif name == "new":
                    self.log.write_blank(number, column, None, self._format(name, place))
        self.log.freeze_panes(1, 3)
        self.log.autofilter(0, 0, max(len(rows), 1), len(_ORDER) - 1)
        self._offer(rows["question"].tolist())

    def _format(self, field: str, place: Place | None) -> Any:
        """Text stays text; a new number or day is typed as one, so that Excel does not keep it as ambiguous text."""
        if field == "new" and place and not place.option and place.question.kind in ("integer", "decimal"):
            return self.plain
        return self.day if field == "new" and place and place.question.kind == "date" else self.text

    def _offer(self, questions: Sequence[str]) -> None:
        """Drop-downs: the change in every row, the options of the row's question under its new value."""
        first, last = len(questions) + 1, len(questions) + _SPARE
        change, new = _ORDER.index("change"), _ORDER.index("new")
        source = f"='{_CHANGES}'!$A$2:$A${len(CHANGES) + 1}"
        self.log.data_validation(1, change, last, change, {"validate": "list", "source": source})
        asked, names = f"${chr(65 + _ORDER.index('question'))}{first + 1}", f"'{_OPTIONS}'!$A:$A"
        source = f"=OFFSET('{_OPTIONS}'!$E$1,MATCH({asked},{names},0)-1,0,COUNTIF({names},{asked}),1)"
        self.log.data_validation(first, new, last, new, {"validate": "list", "source": source, **_LENIENT})
        self._offer_options(questions, new)

    def _offer_options(self, questions: Sequence[str], new: int) -> None:
        rows: dict[str, list[int]] = {}
        for number, name in enumerate(questions, start=1):
            place = self.places.find(name)
            if place is not None:
                rows.setdefault("0/1" if place.option else place.question.name, []).append(number)
        for name, numbers in rows.items():
            if name == "0/1" or name in self.ranges:
                offered = ["1", "0"] if name == "0/1" else self.ranges[name]
                rule = {"validate": "list", "source": offered, **_LENIENT}
                cells = [[number, new, number, new] for number in numbers]
                for start in range(0, len(cells), 500):
                    block = cells[start : start + 500]
                    self.log.data_validation(*block[0], {**rule, "other_cells": block[1:]})


def _write_header(sheet: Any, headers: Sequence[str], look: Any) -> None:
    for column, text in enumerate(headers):
        sheet.write_string(0, column, text, look)
    sheet.freeze_panes(1, 0)


def _wording(place: Place | None) -> str:
    """The question as asked, in Chinese and English where the form has both."""
    if place is None:
        return ""
    question: Question = place.question
    texts = dict.fromkeys(choose(question.label, language).text for language in ("zh", "en"))
    option = f" / {place.option}" if place.option else ""
    return "\n".join(text for text in texts if text) + option


def _old_wording(place: Place | None, old: str) -> str:
    """Labels of the options that a cell holds."""
    if place is None or place.option or not place.question.kind.startswith("select"):
        return ""
    names = set(place.words(old))
    found = (option_entry(option) for option in place.question.options if option.name in names)
    return "; ".join(found)
