"""SPSS and Stata files with labels."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

import data


def write(path: Path, made: data.Answers) -> None:
    """Codes with labels; a select-multiple is one variable of 0 and 1 for each option; nothing where not answered."""
    stata = path.suffix == ".dta"
    columns, labels, values, formats = {}, {}, {}, {}
    columns["record"] = pd.Series([f"R{row:07d}" for row in range(len(made))], dtype=object)
    labels["record"] = "编号"
    for question, code in zip(made.questions, made.codes, strict=True):
        name = question.name
        for own, wording, cells in _variables(question, code, stata):
            columns[own], labels[own] = cells, wording
            if question.kind == "select_one":
                values[name] = dict(enumerate(data.option_labels(question), start=1))
            elif question.kind == "date":
                formats[own] = "%td" if stata else "DATE11"
            elif question.kind != "text":
                formats[own] = "%9.0g" if stata else "F8.1" if question.kind == "decimal" else "F8.0"
    frame = pd.DataFrame(columns)
    common = {"column_labels": [labels[name] for name in frame], "variable_value_labels": values}
    if stata:
        pyreadstat.write_dta(frame, path, version=15, **common, variable_format=formats)
    else:
        pyreadstat.write_sav(frame, path, row_compress=True, **common, variable_format=formats)


def _variables(question: data.Question, code: np.ndarray, stata: bool) -> list[tuple[str, str, np.ndarray | pd.Series]]:
    wording = data.label(question)
    if question.kind == "select_multiple":
        options = zip(data.marks(question, code, []), data.option_labels(question), strict=True)
        return [
            (f"{question.name}_o{at + 1}", f"{wording}：{text}", np.where(chosen < 0, np.nan, chosen))
            for (at, _, chosen), text in options
        ]
    if question.kind == "text":
        texts = np.array([*data.possible(question, [], ""), "", ""], dtype=object)
        return [(question.name, wording, pd.Series(texts[code], dtype=object))]
    shift, scale = {"select_one": (1, 1.0), "decimal": (0, 10.0), "date": (_first_day(stata), 1.0)}.get(
        question.kind, (0, 1.0)
    )
    numbers = (code + shift) / scale * (86_400.0 if question.kind == "date" and not stata else 1.0)
    return [(question.name, wording, np.where(code < 0, np.nan, numbers))]


def _first_day(stata: bool) -> int:
    epoch = dt.date(1960, 1, 1) if stata else dt.date(1582, 10, 14)
    return (dt.date(2018, 1, 1) - epoch).days
