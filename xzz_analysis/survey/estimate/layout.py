"""Figures → the tidy frame of estimates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.survey.design import Domains, Sample
from xzz_analysis.survey.engine.cells import Cells
from xzz_analysis.survey.engine.figures import Figures
from xzz_analysis.survey.engine.influence import Influence, influence_of, join_influences
from xzz_analysis.survey.engine.interval import Score
from xzz_analysis.survey.engine.reliability import number_flags, share_flags
from xzz_analysis.survey.estimate.items import Item
from xzz_analysis.survey.estimates import COLUMNS, MISSING_COLUMNS, Estimates, group_key, result_ids

SHARES = (
    "share",
    "share_of_cases",
    "combination",
    "contradictory",
    "first_choice",
    "named",
    "repeated_choice",
    "skipped_place",
)
"""Statistics that are shares of respondents, and flagged as such."""


@dataclass(frozen=True)
class Batch:
    """Items estimated together with one statistic: figures plus interval ends.

    ``n_need`` is the number with the need for shares, NaN otherwise; all arrays (domains, items). ``score`` says
    what the intervals of shares are made of, where they are score intervals.
    """

    items: Sequence[Item]
    statistic: Sequence[str]
    figures: Figures
    low: np.ndarray
    high: np.ndarray
    n_need: np.ndarray
    n_eff: np.ndarray
    method: str
    score: Score | None = None

    def named(self, statistic: str, definition: str = "") -> Batch:
        """The same figures as another statistic; a definition is printed after the method."""
        method = f"{self.method}; {definition}" if definition else self.method
        return replace(self, statistic=[statistic] * len(self.items), method=method)


@dataclass(frozen=True)
class Layout:
    """What all batches of one call have in common."""

    sample: Sample
    cells: Cells
    domains: Domains
    level: float
    keep_influence: bool
    reasons: dict[int, tuple[np.ndarray | None, np.ndarray]] = field(default_factory=dict)

    def counted(self, reasons: np.ndarray | None) -> np.ndarray:
        """Respondents of each domain by reason, int array (domains, reasons); without reasons all are blank.

        Items share their reasons, so what has been counted is kept (with its reasons, so that no others take their id).
        """
        if id(reasons) not in self.reasons:
            d, kinds = len(self.domains.names), len(MISSING_COLUMNS) + 1
            inside = self.domains.code >= 0
            code = self.domains.code[inside] * kinds + (_BLANK if reasons is None else reasons[inside])
            self.reasons[id(reasons)] = reasons, np.bincount(code, minlength=d * kinds).reshape(d, kinds)
        return self.reasons[id(reasons)][1]

    @cached_property
    def keys(self) -> list[str]:
        """The domains as ``by`` writes them."""
        return [group_key(self.domains.pairs(position)) for position in range(len(self.domains.names))]


@dataclass(frozen=True)
class _Texts:
    """A column of repeated texts, each written once: row → place among them."""

    texts: Sequence[str]
    places: np.ndarray


_Table = dict[str, np.ndarray | _Texts]
"""Columns of one batch by name."""


def lay_out(layout: Layout, batches: Iterable[Batch]) -> Estimates:
    """Lay batches out as one tidy frame, item by item, domain by domain."""
    return lay_out_all([(layout, batches)])


def lay_out_all(parts: Iterable[tuple[Layout, Iterable[Batch]]]) -> Estimates:
    """Lay batches of several splits of one sample out as one tidy frame with one influence matrix, in their order."""
    tables: list[_Table] = []
    influences: list[Influence] = []
    for layout, batches in parts:
        for made in batches:
            batch = made
            if layout.sample.kind == "census":
                batch = replace(made, low=made.figures.estimate, high=made.figures.estimate)
            ids = _ids(layout, batch)
            tables.append(_table(layout, batch, ids))
            if layout.keep_influence:
                influences.append(influence_of(layout.cells, batch.figures, ids, batch.score))
    if not tables:
        return Estimates.none()
    out = Estimates({name: _together([table[name] for table in tables]) for name in COLUMNS})
    if influences:
        out.influence = join_influences(influences) if len(influences) > 1 else influences[0]
    return out


def _together(parts: Sequence[np.ndarray | _Texts]) -> object:
    """One column of several tables."""
    every = [part for part in parts if isinstance(part, _Texts)]
    if not every:
        return np.concatenate([np.asarray(part) for part in parts])
    starts = np.cumsum([0, *(len(part.texts) for part in every)])
    places = np.concatenate([part.places + start for part, start in zip(every, starts, strict=False)])
    return pd.array([text for part in every for text in part.texts], dtype="str").take(places)


def _ids(layout: Layout, batch: Batch) -> list[str]:
    """Result ids, item by item, domain by domain."""
    asked = [
        (one.indicator, one.version, one.option, name) for one, name in zip(batch.items, batch.statistic, strict=True)
    ]
    return result_ids(layout.sample.labels, asked, layout.keys, layout.level, batch.method)


def _table(layout: Layout, batch: Batch, ids: list[str]) -> _Table:
    figures, census = batch.figures, layout.sample.kind == "census"
    d, j = len(layout.keys), len(batch.items)
    item, domain, every = np.repeat(np.arange(j), d), np.tile(np.arange(d), j), np.zeros(d * j, np.int64)
    labels = layout.sample.labels
    constant = {"round": labels["round"], "unit": labels["unit"], "method": batch.method, "kind": layout.sample.kind}
    table: _Table = {
        **{name: _Texts([text], every) for name, text in constant.items()},
        **{name: _Texts([getattr(one, name) for one in batch.items], item) for name in _NAMES},
        "statistic": _Texts(batch.statistic, item),
        "by": _Texts(layout.keys, domain),
        "level": np.full(d * j, layout.level),
        "flags": _repeated(_flags(batch, census=census).T.ravel()),
        "result_id": _Texts(ids, np.arange(d * j)),
    }
    for name in ("estimate", "se", "df", "n", "weighted_n", "deff"):
        table[name] = _finite(getattr(figures, name).T.ravel())
    for name in ("low", "high", "n_need", "n_eff"):
        table[name] = _finite(getattr(batch, name).T.ravel())
    return {**table, **_missing(layout, batch), "reason": _reasons(table, batch.method)}


_NAMES = ("indicator", "version", "option")


def _repeated(texts: np.ndarray) -> _Texts:
    """A column of few different texts."""
    places, distinct = pd.factorize(texts)
    return _Texts(list(distinct), places)


def _flags(batch: Batch, *, census: bool) -> np.ndarray:
    figures = batch.figures
    if batch.statistic[0] in SHARES:
        estimate, se = figures.estimate, figures.se
        return share_flags(estimate, se, figures.n, batch.n_eff, figures.df, census=census)
    return number_flags(figures.estimate, figures.n, figures.df, census=census)


def _finite(figures: np.ndarray) -> np.ndarray:
    """NaN for what is infinite, such as the effective size of an error of zero."""
    return np.where(np.isinf(figures), np.nan, figures)


def _missing(layout: Layout, batch: Batch) -> dict[str, np.ndarray]:
    """Respondents of each domain without a usable answer, by reason; items may share their reasons."""
    parts = []
    for j, item in enumerate(batch.items):
        part = layout.counted(item.reasons)
        if item.reasons is None:
            part = part.copy()
            part[:, _BLANK] -= batch.figures.answered[:, j].astype(np.int64)
        parts.append(part)
    stacked = np.concatenate(parts)
    return {name: stacked[:, position + 1] for position, name in enumerate(MISSING_COLUMNS)}


_BLANK = MISSING_COLUMNS.index("n_blank") + 1


def _reasons(table: Mapping[str, Any], method: str) -> _Texts:
    """Why a figure of a row is absent, ``""`` when none is."""
    no_low, no_high, no_estimate = (np.isnan(table[name]) for name in ("low", "high", "estimate"))
    checks = {
        "": np.zeros(len(no_low), bool),
        "nobody_answered": table["n"] == 0,
        "no_weight": table["weighted_n"] == 0,
        "denominator_zero": no_estimate,
        "no_degrees_of_freedom": (table["df"] <= 0) & no_low,
        "interval_undefined": no_low & (method == "logit"),
        "beyond_the_data": no_low | no_high,
    }
    return _Texts(list(checks), np.argmax(np.stack(list(checks.values())), axis=0))
