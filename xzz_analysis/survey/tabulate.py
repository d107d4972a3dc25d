"""Every question by named groups: the share of each option, the mean and quantiles of each number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.intake.answers import Question, shared_reasons
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimate import (
    By,
    Item,
    estimate_means,
    estimate_quantiles,
    estimate_shares,
)
from xzz_analysis.survey.estimates import Estimates

BLOCK = 200
"""Columns estimated together: bounds memory, changes no figure."""

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Columns:
    """What is tabulated: 0/1 columns of options, and numbers."""

    shares: list[Item]
    numbers: list[Item]

    def __len__(self) -> int:
        return len(self.shares) + len(self.numbers)


def columns_of(sample: Sample, questions: Iterable[Question]) -> Columns:
    """Prepare the columns of questions once, to tabulate them by several groupings.

    Parameters
    ----------
    sample : Sample
        Its frame holds the questions' columns; questions without a column are passed over.
    questions : iterable of Question
    """
    columns = Columns([], [])
    for question in questions:
        if question.columns and not sample.holds(question.columns[0]):
            continue
        if question.kind in ("select_one", "select_multiple"):
            columns.shares.extend(option_items(sample, question))
        elif pd.api.types.is_numeric_dtype(sample.column(question.name)):
            y = sample.column(question.name).to_numpy(float)
            columns.numbers.append(Item(question.name, y, sample.missing_reason(question.name)))
    return columns


def tabulate(
    sample: Sample,
    questions: Iterable[Question] | Columns,
    by: By = None,
    *,
    level: float = 0.95,
    progress: Progress | None = None,
) -> Estimates:
    """Tabulate questions by one grouping.

    Parameters
    ----------
    sample : Sample
    questions : iterable of Question, or Columns
        Select questions give one row per option of the form, chosen or not; numbers give their mean
        and quartiles. Others are passed over.
    by : str or sequence of str, optional
        Grouping columns, crossed; the whole sample without them.
    level : float
        Confidence level.
    progress : callable, optional
        Called with the number of columns finished.

    Returns
    -------
    Estimates
        Without the influence matrix, which would be large; take contrasts with
        :func:`~xzz_analysis.survey.estimate.share`.

    Raises
    ------
    DesignError
        A grouping column that is not in the sample.
    """
    columns = questions if isinstance(questions, Columns) else columns_of(sample, questions)
    parts = []
    for block in _blocks(columns.shares, BLOCK):
        parts.append(estimate_shares(sample, block, by, level=level, keep_influence=False))
        if progress:
            progress(len(block))
    for block in _blocks(columns.numbers, BLOCK // 4):
        parts.append(estimate_means(sample, block, by, level=level, keep_influence=False))
        parts.append(estimate_quantiles(sample, block, by, level=level, keep_influence=False))
        if progress:
            progress(len(block))
    return Estimates(pd.concat(parts, ignore_index=True)) if parts else Estimates.none()


def _blocks(items: list[Item], size: int) -> Iterator[list[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def option_items(sample: Sample, question: Question) -> Iterator[Item]:
    """One 0/1 item per option of a select question, in the form's order."""
    options = [option.name for option in question.options]
    if question.kind == "select_multiple":
        own = [sample.missing_reason(column) for column in question.columns]
        reasons = shared_reasons(own) if own else np.zeros(0, np.int8)
        for option, column, given in zip(options, question.columns, own, strict=True):
            shared = reasons if np.array_equal(given, reasons) else given  # options that share them are counted once
            yield Item(question.name, sample.column(column).to_numpy(float), shared, option)
        return
    reasons = sample.missing_reason(question.name)
    codes, answers = pd.factorize(sample.column(question.name))
    position = {str(answer): code for code, answer in enumerate(answers)}
    blank = np.where(codes < 0, np.nan, 0.0)
    for option in options:
        yield Item(question.name, blank + (codes == position.get(option, len(answers))), reasons, option)


def groupings(names: Sequence[str]) -> list[list[str]]:
    """Groupings as typed on the command line: ``["a", "b,c"]`` → by a, and by b crossed with c."""
    return [[part.strip() for part in name.split(",") if part.strip()] for name in names]
