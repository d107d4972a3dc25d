"""Questionnaires and answers in the shapes field tools use: XLSForm workbooks and Kobo exports."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter
import yaml

QUESTIONNAIRE = yaml.safe_load((Path(__file__).parent / "questionnaire.yml").read_text(encoding="utf-8"))
LANGUAGES = {"zh": "中文 (zh)", "en": "English (en)"}
LOGIC = ("relevant", "constraint", "calculation", "repeat_count")
NUMBERS = ("integer", "decimal", "calculate")
UNLABELLED = ("start", "end", "end_group", "end_repeat")
PLAIN = {"strings_to_urls": False, "strings_to_formulas": False}
PROPERTIES = {
    "title": "合成演示数据 synthetic demonstration data",
    "comments": "made by make_demo.py; no real person answered",
    "created": dt.datetime(2025, 4, 20),
}


def rows(form: str) -> list[dict[str, Any]]:
    """Rows of a form's survey sheet, in order."""
    return list(QUESTIONNAIRE[form]["rows"])


def questions(form: str, *, repeat: str = "") -> list[dict[str, Any]]:
    """Rows that an export has columns for, of the main table or of one repeat."""
    found, inside = [], ""
    for row in rows(form):
        if row["type"].endswith("_repeat"):
            inside = row["name"] if row["type"] == "begin_repeat" else ""
        elif not row["type"].endswith("_group") and inside == repeat:
            found.append(row)
    return found


def options(row: dict[str, Any]) -> list[str]:
    """Option names of a select question in form order, ``other`` last where the form adds it."""
    words = row["type"].split()
    names = list(QUESTIONNAIRE["choices"][words[1]])
    return [*names, "other"] if "or_other" in words else names


def write_form(path: Path, form: str) -> None:
    """Write one questionnaire as an XLSForm workbook with fixed properties."""
    settings = [
        ("form_title", "form_id", "version", "default_language"),
        (QUESTIONNAIRE[form]["title"], f"demo_{form}", "2025-10-20", LANGUAGES["zh"]),
    ]
    sheets = {"survey": _survey_rows(form), "choices": _choice_rows(form), "settings": settings}
    write_book(path, sheets)


def write_book(path: Path, sheets: dict[str, list[tuple[Any, ...]]]) -> None:
    """Write sheets of rows to a workbook; empty cells stay empty, the same rows give the same bytes."""
    with xlsxwriter.Workbook(
        str(path), {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
    ) as book:
        book.set_properties(PROPERTIES)
        for name, lines in sheets.items():
            sheet = book.add_worksheet(name)
            for number, line in enumerate(lines):
                sheet.write_row(number, 0, [None if cell == "" else cell for cell in line])


def _survey_rows(form: str) -> list[tuple[str, ...]]:
    labels = [f"{part}::{language}" for part in ("label", "hint") for language in LANGUAGES.values()]
    lines = [("type", "name", *labels, "required", *LOGIC)]
    for row in rows(form):
        hint = row.get("hint", {})
        texts = [row.get(language, "") for language in LANGUAGES]
        texts += [hint.get(language, "") for language in LANGUAGES]
        asked = row["type"] not in UNLABELLED and not row["type"].startswith(("begin", "calculate"))
        required = "yes" if asked and row.get("required", True) else ""
        lines.append((row["type"], row["name"], *texts, required, *(row.get(part, "") for part in LOGIC)))
    return lines


def _choice_rows(form: str) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = [("list_name", "name", *(f"label::{text}" for text in LANGUAGES.values()))]
    used = {row["type"].split()[1] for row in rows(form) if row["type"].startswith("select")}
    for name, choices in QUESTIONNAIRE["choices"].items():
        if name in used:
            lines += [(name, option, *label.values()) for option, label in choices.items()]
    return lines


def export(answers: pd.DataFrame, form: str, rng: np.random.Generator) -> pd.DataFrame:
    """Lay answers out as Kobo does, oldest interview first, with the columns of the sample at the end.

    A select-multiple question is its space-joined cell and one 0/1 column per option, all empty where
    nothing was answered.
    """
    answers = answers.sort_values(["start", f"{form}_id"], kind="stable", ignore_index=True)
    columns: dict[str, Any] = {}
    for row in questions(form):
        name = row["name"]
        if name not in answers:
            continue
        columns[name] = answers[name]
        if row["type"].startswith("select_multiple"):
            words = answers[name].str.split()
            for option in options(row):
                marked = words.map(lambda chosen, option=option: str(int(option in chosen)))
                columns[f"{name}/{option}"] = marked.where(answers[name] != "", "")
        if "or_other" in row["type"]:
            other = answers[name].str.split().map(lambda chosen: "other" in chosen)
            columns[f"{name}_other"] = other.map({True: "合成示例：其他情况", False: ""})
    number = np.arange(1, len(answers) + 1)
    uuid = [_uuid(rng) for _ in number]
    meta = {"_id": 400 + 3 * number, "_uuid": uuid, "_submission_time": answers["end"].str[:16] + ":59"}
    design = {name: answers[name] for name in ("stratum", "grid", "n_grids", "weight")}
    return pd.DataFrame({**columns, **meta, "_validation_status": "", "_index": number, **design}).astype(str)


def export_repeat(members: pd.DataFrame, parent: pd.DataFrame) -> pd.DataFrame:
    """Lay the rows of the repeat ``member`` out as Kobo does, linked to their submission."""
    names = [row["name"] for row in questions("family", repeat="member")]
    link = parent.loc[parent["consent"] == "yes", ["family_id", "_index", "_id", "_uuid", "_submission_time"]]
    rows = link.merge(members, on="family_id", how="left", validate="m:m")
    linked = {
        "_index": np.arange(1, len(rows) + 1),
        "_parent_table_name": "family",
        "_parent_index": rows["_index"],
        "_submission__id": rows["_id"],
        "_submission__uuid": rows["_uuid"],
        "_submission__submission_time": rows["_submission_time"],
    }
    return pd.DataFrame({**{name: rows[name] for name in names}, **linked}).astype(str)


def sheet_rows(table: pd.DataFrame, form: str) -> list[tuple[Any, ...]]:
    """Rows of an export for a workbook, header first; what counts or measures is written as a number."""
    numeric = {row["name"] for row in rows(form) if row["type"] in NUMBERS}
    numeric |= {"_id", "_index", "_parent_index", "_submission__id", "n_grids", "weight"}
    cells = {name: table[name].to_numpy(object) for name in table}
    for name in table:
        if name in numeric or "/" in str(name):
            number = pd.to_numeric(table[name], errors="coerce").to_numpy()
            cells[name] = np.where(np.isnan(number), cells[name], number)
    return [tuple(table.columns), *zip(*cells.values(), strict=True)]


def _uuid(rng: np.random.Generator) -> str:
    digits = rng.bytes(16).hex()
    return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])
