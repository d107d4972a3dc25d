"""Answers of invented families and children to every question of the registry, some with a reason instead."""

import numpy as np
import pandas as pd

from xzz_analysis.intake.answers import MISSING_REASONS, Answers, Reason
from xzz_analysis.intake.store import Dataset
from xzz_analysis.needs.registry import CanonicalQuestion, canonical_questions

NUMBERS = ("integer", "decimal")


def registry_dataset(size: int, seed: int = 0, missing: float = 0.1) -> Dataset:
    """Families and one child of each, ``missing`` of every question's cells with a random reason."""
    made = np.random.default_rng(seed)
    units = {unit: answers(unit, size, made, missing) for unit in ("family", "child")}
    return Dataset(units, {"child": "family"}, (), "")


def answers(unit: str, size: int, made: np.random.Generator, missing: float) -> Answers:
    """Random answers of one unit."""
    asked = {name: one for name, one in canonical_questions().items() if one.unit == unit}
    values, reasons = {}, {}
    for question in asked.values():
        why = np.where(made.random(size) < missing, made.choice([*MISSING_REASONS], size), Reason.ANSWERED)
        for column, cells in columns(question, size, made).items():
            values[column], reasons[column] = pd.Series(cells).mask(why != 0), why
    book = {name: one.question() for name, one in asked.items()}
    parent = pd.Series(np.arange(size)) if unit == "child" else None
    frame = pd.DataFrame(values)
    codes = pd.DataFrame(reasons).astype(np.int8)
    return Answers(unit, frame, codes, pd.Series(["r"] * size, dtype="str"), book, parent=parent)


def columns(question: CanonicalQuestion, size: int, made: np.random.Generator) -> dict[str, np.ndarray]:
    """Random values of one question, by the columns that hold them."""
    options = [*question.options]
    if question.kind == "select_one":
        return {question.name: made.choice(np.array(options, dtype=object), size)}
    if question.kind == "select_multiple":
        chosen = made.random((size, len(options))) < 0.4
        return {f"{question.name}/{name}": chosen[:, j].astype(float) for j, name in enumerate(options)}
    low, high = question.range
    drawn = made.uniform(low, high, size) if question.kind == "decimal" else made.integers(low, high + 1, size)
    return {question.name: drawn.astype(float)}


def with_reason(data: Dataset, unit: str, name: str, row: int, reason: Reason) -> Dataset:
    """The same answers, one of them turned into a missing reason."""
    table = data.unit(unit)
    values, reasons = table.values.copy(), table.reasons.copy()
    listed = [*table.questions[name].columns]
    values.loc[row, listed] = np.nan
    reasons.loc[row, listed] = np.int8(reason)
    changed = Answers(unit, values, reasons, table.rounds, table.questions, parent=table.parent)
    return Dataset({**data.answers, unit: changed}, data.parents, (), "")
