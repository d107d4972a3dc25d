"""An indicator is a declaration: the methods annex prints the same object that computes the number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from xzz_analysis.declaration import Declaration, read_list, refuse
from xzz_analysis.errors import ExpressionError, Finding, InputError
from xzz_analysis.intake.answers import Reason, shared_reasons
from xzz_analysis.intake.expression import Vector, evaluate, parse
from xzz_analysis.intake.store import Dataset
from xzz_analysis.language import Label
from xzz_analysis.study import BothLanguages, Name, Study
from xzz_analysis.survey.estimate import Item

DOMAINS: dict[str, Label] = {
    "education": {"zh": "教育公平", "en": "Education"},
    "health": {"zh": "身心健康", "en": "Health"},
    "livelihood": {"zh": "生计发展", "en": "Livelihood"},
    "support": {"zh": "社会支持", "en": "Social support"},
}
"""The four domains of needs monitoring, in the order reports follow."""

KINDS: dict[str, Label] = {
    "felt": {"zh": "感觉性需求", "en": "felt need"},
    "expressed": {"zh": "表达性需求", "en": "expressed need"},
    "normative": {"zh": "规范性需求", "en": "normative need"},
    "comparative": {"zh": "比较性需求", "en": "comparative need"},
}
"""Bradshaw's four kinds of need (Bradshaw 1972, New Society 30, 640–643)."""

ReasonName = Literal["SKIPPED", "BLANK", "DONT_KNOW", "REFUSED", "NOT_ASKED", "REMOVED", "INVALID"]


class Indicator(Declaration):
    """One indicator.

    Attributes
    ----------
    id, version : str, int
        A word that is stable for ever; a changed definition gets a new version.
    base : str
        Expression of those the indicator is about; everybody of the unit when empty.
    need : str
        Expression of those with the need: a share.
    value : str
        Expression of a number: a mean.
    over : pair of str
        Expressions of numerator and denominator: a ratio of totals.
    missing : dict
        Reason → ``exclude`` (default: out of the base, and counted) or ``need`` (counted as having
        the need). No reason can be declared "no need".
    """

    id: Name
    version: int = 1
    domain: Literal["education", "health", "livelihood", "support"]
    kind: Literal["felt", "expressed", "normative", "comparative"]
    unit: str
    label: BothLanguages
    definition: BothLanguages
    base: str = ""
    need: str = ""
    value: str = ""
    over: Annotated[list[str], Field(max_length=2)] = Field(default_factory=list)
    missing: dict[ReasonName, Literal["exclude", "need"]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        measures = [name for name in ("need", "value", "over") if getattr(self, name)]
        if len(measures) != 1:
            raise ValueError(f"write exactly one of need, value and over; found {measures or 'none'}")
        if "need" in self.missing.values() and not self.need:
            raise ValueError("a missing answer can only be counted as a need where `need` is declared")
        if self.over and len(self.over) != 2:
            raise ValueError("over is a pair: [numerator, denominator]")
        return self

    @property
    def statistic(self) -> str:
        """``share``, ``mean`` or ``ratio``."""
        return "share" if self.need else "mean" if self.value else "ratio"

    def expressions(self) -> list[str]:
        """Every expression of the declaration."""
        return [text for text in (self.base, self.need, self.value, *self.over) if text]

    def questions(self) -> list[str]:
        """Names of the questions the indicator is computed from, in order of use."""
        names = [name for text in self.expressions() for name in parse(text).names]
        return list(dict.fromkeys(names))


def read_indicators(study: Study) -> list[Indicator]:
    """Read the study's indicators.

    Raises
    ------
    StudyError
        One error with every problem: unknown keys, ids used twice, expressions that do not parse,
        unknown units.
    """
    path: Path | None = study.settings.indicators
    if path is None:
        return []
    indicators, findings = read_list(Indicator, path, "id")
    findings += [problem for one in indicators for problem in _problems(one, study, path.name)]
    refuse(path, findings)
    return indicators


def _problems(indicator: Indicator, study: Study, where: str) -> list[Finding]:
    findings = []
    repeats = {name for table in study.tables.values() for name in table.repeats}
    if indicator.unit not in study.tables.keys() | repeats:
        message = f"unit {indicator.unit!r} is not a table of the study"
        findings.append(Finding("error", "unknown_name", f"{where}: {indicator.id}", message, "name a table"))
    for text in indicator.expressions():
        try:
            parse(text)
        except ExpressionError as error:
            findings.append(Finding("error", "expression", f"{where}: {indicator.id}", str(error), "correct it"))
    return findings


def item(indicator: Indicator, dataset: Dataset, rows: np.ndarray, *, today: dt.date | None = None) -> Item:
    """Compute an indicator's column on some rows of its unit.

    Parameters
    ----------
    indicator : Indicator
    dataset : Dataset
    rows : bool array, shape (respondents of the unit,)
        Rows to keep (one round).
    today : date, optional
        What ``today()`` means: the round's last day.

    Returns
    -------
    Item
        ``y`` is 0/1 for a share, the number for a mean, the numerator for a ratio; NaN outside the
        base and where unmeasured. The reason of an unmeasured row is that of the first question without
        a usable answer: of the base's questions where the base is unknown, of the measure's where it
        holds; INVALID where every question is answered and the value is still unknown (0 div 0). Rows
        outside the base carry no reason.

    Raises
    ------
    InputError
        A question that is not asked of the unit or its parents.
    """
    length = len(dataset.unit(indicator.unit))
    compute = partial(evaluate, bindings=dataset.bindings(indicator.unit), length=length, today=today)
    base = compute(indicator.base).truth() if indicator.base else np.ones(length, np.int8)
    texts = indicator.over or [indicator.need or indicator.value]
    columns = [_measured(compute(text), is_need=bool(indicator.need)) for text in texts]
    y = np.where(base == 1, columns[0], np.nan)
    below = np.where(base == 1, columns[1], np.nan) if indicator.over else None
    unmeasured = np.isnan(y) | (np.isnan(below) if below is not None else False)
    first = np.where(
        base == 1,
        _first_reason(indicator, dataset, texts),
        _first_reason(indicator, dataset, [indicator.base]),
    )
    reasons = np.where(unmeasured & (base != 0), first, 0).astype(np.int8)
    for name, rule in indicator.missing.items():
        if rule == "need" and indicator.need:
            counted = (reasons == Reason[name]) & (base == 1)
            y[counted], reasons[counted] = 1.0, Reason.ANSWERED
    return Item(
        indicator.id,
        y[rows],
        reasons[rows],
        version=str(indicator.version),
        below=None if below is None else below[rows],
    )


def _measured(value: Vector, *, is_need: bool) -> np.ndarray:
    """The value of one expression: 0/1/NaN for a need, else a finite number or NaN."""
    if is_need:
        truth = value.truth().astype(float)
        return np.where(truth < 0, np.nan, truth)
    number = value.number()
    return np.where(np.isfinite(number), number, np.nan)


def _first_reason(indicator: Indicator, dataset: Dataset, texts: Sequence[str]) -> np.ndarray:
    """Reason of the first question of some expressions without a usable answer.

    NOT_ASKED where all have one but an option that they name was not offered, INVALID where that is not so either.
    """
    found = np.zeros(len(dataset.unit(indicator.unit)), np.int8)
    unoffered = np.zeros(len(found), bool)
    written = " ".join(texts)
    for name in dict.fromkeys(name for text in texts if text for name in parse(text).names):
        columns = dataset.question(indicator.unit, name).columns
        reasons = [dataset.values(indicator.unit, column, name)[1] for column in columns]
        if reasons:
            found = np.where(found == 0, shared_reasons(reasons), found)
        for column, own in zip(columns, reasons, strict=True):
            unoffered |= (own == Reason.NOT_ASKED) & (column.rpartition("/")[2] in written)
    return np.where(found > 0, found, np.where(unoffered, Reason.NOT_ASKED, Reason.INVALID)).astype(np.int8)


def computable(indicator: Indicator, dataset: Dataset) -> str:
    """Why an indicator cannot be computed from the answers, ``""`` when it can."""
    try:
        for name in indicator.questions():
            dataset.question(indicator.unit, name)
    except InputError as error:
        return str(error)
    return ""
