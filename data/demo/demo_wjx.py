"""Answers in the shape of 问卷星 exports: by text (按文本) and by number (按序号)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from demo_kobo import NUMBERS, QUESTIONNAIRE, options, questions

META = ("序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP")
DESIGN = ("stratum", "grid", "n_grids", "weight")
SKIPPED = {"text": "(跳过)", "number": "-3"}
BLANK = {"text": "(空)", "number": "-2"}
OTHER = "其他〖合成示例：其他情况〗"


def asked(form: str) -> list[dict[str, Any]]:
    """Questions in the order in which 问卷星 numbers them."""
    return [row for row in questions(form) if row["type"] not in ("start", "end")]


def export(answers: pd.DataFrame, form: str, flavour: str) -> pd.DataFrame:
    """Lay answers out by text or by number, oldest interview first, with the columns of the sample at the end."""
    answers = answers.sort_values(["start", f"{form}_id"], kind="stable", ignore_index=True)
    columns = _meta(answers)
    for number, row in enumerate(asked(form), start=1):
        if row["name"] in answers:
            for header, cells in _question(row, number, answers[row["name"]], flavour):
                columns[header] = cells
    return pd.DataFrame(columns | {name: answers[name] for name in DESIGN}).astype(str)


def _meta(answers: pd.DataFrame) -> dict[str, Any]:
    start, end = (pd.to_datetime(answers[name]) for name in ("start", "end"))
    number = np.arange(1, len(answers) + 1)
    submitted = end.dt.strftime("%Y/%m/%d %H:%M:%S")
    seconds = (end - start).dt.total_seconds().astype(int).astype(str) + "秒"
    address = [f"203.0.113.{one % 250 + 1}(岚砚-岚砚)" for one in number]  # reserved for documentation
    return dict(zip(META, (number, submitted, seconds, "链接", "直接访问", address), strict=True))


def _question(row: dict[str, Any], number: int, answers: pd.Series, flavour: str) -> Iterator[tuple[str, Any]]:
    """Columns of one question; a cell that the form's logic skips says so, one left blank too."""
    nothing = (SKIPPED if row.get("relevant") else BLANK)[flavour]
    labels = _labels(row)
    if row["type"].startswith("select_multiple") and flavour == "number":
        words = answers.str.split()
        for option, label in labels.items():
            marked = words.map(lambda chosen, option=option: str(int(option in chosen)))
            yield f"第{number}题({label})", marked.where(answers != "", nothing)
        return
    coded = labels if flavour == "text" else {option: str(place) for place, option in enumerate(labels, start=1)}
    written = {text: "┋".join(coded.get(word, word) for word in text.split()) for text in answers.unique()}
    if row["type"] in (*NUMBERS, "text"):
        written = {text: text for text in answers.unique()}
    yield f"{number}、{row['zh']}", answers.map({**written, "": nothing})


def _labels(row: dict[str, Any]) -> dict[str, str]:
    """Option → its wording, in the order of the form."""
    if not row["type"].startswith("select"):
        return {}
    listed = QUESTIONNAIRE["choices"][row["type"].split()[1]]
    return {name: listed[name]["zh"] if name in listed else OTHER for name in options(row)}


def sheet_rows(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Rows of an export for a workbook, header first; 问卷星 writes numbers as numbers, and everything else as text."""
    cells = []
    for name in table:
        number = pd.to_numeric(table[name], errors="coerce")
        cells.append(np.where(number.isna(), table[name], number.astype(object)))
    return [tuple(table.columns), *zip(*cells, strict=True)]
