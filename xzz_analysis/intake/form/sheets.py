"""The sheets of an XLSForm as rows of named cells, whatever spelling of the columns was used."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
from pyxform import aliases, constants
from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import DefinitionData, get_xlsform
from pyxform.xls2xform import convert

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.intake.answers import Option
from xzz_analysis.intake.workbook import check_workbook, read_bytes

_ALIASES = {**aliases.list_header, **aliases.survey_header, **aliases.settings_header}
YES = {word.lower() for word, yes in aliases.yes_no.items() if yes} | {"1"}
"""Words that mean yes in a form."""

_BROKEN = (ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, SyntaxError)
"""What pyxform and openpyxl let through from a malformed workbook, beside pyxform's own errors."""


class Row(NamedTuple):
    """One row of a sheet: its number, its cells by the column's plain name, its labels by language."""

    number: int
    cells: dict[str, str]
    label: dict[str, str]


def open_form(path: Path) -> DefinitionData:
    """Open a form with pyxform's workbook reader, after checking that the workbook is safe to read."""
    data = read_bytes(path)
    workbook = data[:4] == b"PK\x03\x04"
    if workbook:
        check_workbook(data, path.name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # openpyxl's, about styles it does not keep
            definition = get_xlsform(path)
            if workbook and any(_is_odd(name) for name in definition.sheet_names or ()):
                definition = get_xlsform(_plain_names(data), ".xlsx")
    except (PyXFormError, *_BROKEN) as error:
        raise InputError(
            f"{path.name} cannot be read as an XLSForm: {error}; open it, correct it and save it as .xlsx"
        ) from None
    if definition.survey is None:
        sheets = ", ".join(map(repr, definition.sheet_names or ())) or "none"
        raise InputError(
            f"{path.name} has no sheet 'survey', so it holds no questions (its sheets: {sheets}); "
            "name the sheet with the questions 'survey'"
        )
    return definition


def _is_odd(name: str) -> bool:
    """Whether a sheet is one of XLSForm's, with spaces around its name that pyxform does not expect."""
    return name != name.strip() and name.strip().lower() in constants.SUPPORTED_SHEET_NAMES


def _plain_names(data: bytes) -> io.BytesIO:
    """The same workbook, without spaces around the names of XLSForm's sheets."""
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    for sheet in workbook.worksheets:
        if _is_odd(sheet.title):
            sheet.title = sheet.title.strip().lower()
    plain = io.BytesIO()
    workbook.save(plain)
    return plain


def rows(sheet: Sequence[Mapping[str, Any]] | None, default: str) -> Iterator[Row]:
    """Rows of a sheet as pyxform read it.

    Parameters
    ----------
    sheet : sequence of dict, or None
    default : str
        Language of a label column without one.
    """
    for number, written in enumerate(sheet or (), start=2):
        cells: dict[str, str] = {}
        label: dict[str, str] = {}
        for header, cell in written.items():
            text = "" if cell is None else str(cell).strip()
            name, language = column(header)
            if text and name == "label":
                label.setdefault(language or default, text)
            elif text:
                cells.setdefault(name, text)
        yield Row(number, cells, label)


def column(header: str) -> tuple[str, str]:
    """Plain name and language of a column: ``label::Français (fr)``, ``Relevance``, ``bind::required``."""
    parts = [part.strip() for part in header.split("::" if "::" in header else ":")]
    base = re.sub(r"\s+", "_", parts[0].lower())
    if base == "bind" and len(parts) > 1:
        base = parts[1].lower()
    known = _ALIASES.get(base, base)
    name = known if isinstance(known, str) else known[-1]
    return name, language_code(parts[-1]) if name == "label" and len(parts) > 1 else ""


def language_code(text: str) -> str:
    """``fr`` of ``Français (fr)``; the name itself when there is no code."""
    code = re.search(r"\(([^()]+)\)\s*$", text)
    return code[1].strip() if code else text.strip()


def choice_lists(
    definition: DefinitionData, file: str, default: str
) -> tuple[dict[str, tuple[Option, ...]], list[Finding]]:
    """Choice lists by name, and what is wrong with them; of options of one name the first is kept."""
    lists: dict[str, dict[str, Option]] = {}
    findings = []
    for sheet, written in (
        ("choices", definition.choices),
        ("external_choices", definition.external_choices),
    ):
        for row in rows(written, default):
            key, option = row.cells.get("list name", ""), row.cells.get("name", "")
            where = f"{file}: {sheet}, row {row.number}"
            if key and not option:
                message, remedy = f"an option of list {key!r} has no name", "name it, or delete the row"
                findings.append(Finding("warning", "option_unnamed", where, message, remedy))
            elif option in lists.get(key, {}):
                message = f"option {option!r} occurs again in list {key!r}; the first one is used"
                findings.append(Finding("warning", "option_twice", where, message, "delete one of them"))
            elif key:
                exclusive = row.cells.get("exclusive", "").lower() in YES
                made = Option(option, row.label, row.cells.get("code", ""), exclusive)
                lists.setdefault(key, {})[option] = made
    return {key: tuple(options.values()) for key, options in lists.items()}, findings


def objections(definition: DefinitionData, file: str) -> list[Finding]:
    """What pyxform's own conversion says, as notes; it stops at its first error."""
    sheets = {spec.name: getattr(definition, spec.name) for spec in fields(definition)}
    said: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            convert(sheets | {"fallback_form_name": "form"}, warnings=said)
    except (PyXFormError, *_BROKEN) as error:
        said.append(f"it would not convert this form: {error}")
    remedy = "correct the form before it is fielded again; its answers are read all the same"
    return [Finding("note", "pyxform", file, f"pyxform: {' '.join(text.split()).rstrip('.')}", remedy) for text in said]
