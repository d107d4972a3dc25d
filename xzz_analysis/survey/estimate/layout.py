"""Figures → the tidy frame of estimates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

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


def lay_out(layout: Layout, batches: Iterable[Batch]) -> Estimates:
    """Lay batches out as one tidy frame, item by item, domain by domain."""
    frames: list[pd.DataFrame] = []
    influences: list[Influence] = []
    for made in batches:
        batch = made
        if layout.sample.kind == "census":
            batch = replace(made, low=made.figures.estimate, high=made.figures.estimate)
        frames.append(_frame(layout, batch))
        if layout.keep_influence:
            ids = tuple(frames[-1]["result_id"])
            influences.append(influence_of(layout.cells, batch.figures, ids, batch.score))
    out = Estimates(pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0])
    if influences:
        out.influence = join_influences(influences) if len(influences) > 1 else influences[0]
    return out


def _frame(layout: Layout, batch: Batch) -> pd.DataFrame:
    figures, domains, labels = batch.figures, layout.domains, layout.sample.labels
    keys = [group_key(domains.pairs(position)) for position in range(len(domains.names))]
    d, j = len(keys), len(batch.items)
    item, domain = np.repeat(np.arange(j), d), np.tile(np.arange(d), j)
    constant = {"round": labels["round"], "unit": labels["unit"], "method": batch.method, "kind": layout.sample.kind}
    table: dict[str, object] = {
        **{name: _texts([text], np.zeros(d * j, int)) for name, text in constant.items()},
        "indicator": _texts([one.indicator for one in batch.items], item),
        "version": _texts([one.version for one in batch.items], item),
        "option": _texts([one.option for one in batch.items], item),
        "statistic": _texts(batch.statistic, item),
        "by": _texts(keys, domain),
        "level": layout.level,
        "flags": pd.array(_flags(batch, census=layout.sample.kind == "census").T.ravel(), dtype="str"),
    }
    for name in ("estimate", "se", "df", "n", "weighted_n", "deff"):
        table[name] = _finite(getattr(figures, name).T.ravel())
    for name in ("low", "high", "n_need", "n_eff"):
        table[name] = _finite(getattr(batch, name).T.ravel())
    table.update(_missing(domains, batch))
    frame = pd.DataFrame(table)
    frame["reason"] = _reasons(frame)
    asked = [
        (one.indicator, one.version, one.option, name) for one, name in zip(batch.items, batch.statistic, strict=True)
    ]
    frame["result_id"] = result_ids(labels, asked, keys, layout.level, batch.method)
    return frame[list(COLUMNS)]


def _flags(batch: Batch, *, census: bool) -> np.ndarray:
    figures = batch.figures
    if batch.statistic[0] in SHARES:
        estimate, se = figures.estimate, figures.se
        return share_flags(estimate, se, figures.n, batch.n_eff, figures.df, census=census)
    return number_flags(figures.estimate, figures.n, figures.df, census=census)


def _finite(figures: np.ndarray) -> np.ndarray:
    """NaN for what is infinite, such as the effective size of an error of zero."""
    return np.where(np.isinf(figures), np.nan, figures)


def _texts(texts: Sequence[str], rows: np.ndarray) -> pd.api.extensions.ExtensionArray:
    """A column of repeated texts: each is converted once."""
    return pd.array(list(texts), dtype="str").take(rows)


def _missing(domains: Domains, batch: Batch) -> dict[str, np.ndarray]:
    """Respondents of each domain without a usable answer, by reason; items may share their reasons."""
    d, kinds = len(domains.names), len(MISSING_COLUMNS) + 1
    inside = domains.code >= 0
    size = np.bincount(domains.code[inside], minlength=d)
    counted: dict[int, np.ndarray] = {}
    parts = []
    for j, item in enumerate(batch.items):
        if item.reasons is None:
            part = np.zeros((d, kinds), np.int64)
            part[:, _BLANK] = size - batch.figures.answered[:, j]
            parts.append(part)
            continue
        if id(item.reasons) not in counted:
            code = domains.code[inside] * kinds + item.reasons[inside]
            counted[id(item.reasons)] = np.bincount(code, minlength=d * kinds).reshape(d, kinds)
        parts.append(counted[id(item.reasons)])
    stacked = np.concatenate(parts)
    return {name: stacked[:, position + 1] for position, name in enumerate(MISSING_COLUMNS)}


_BLANK = MISSING_COLUMNS.index("n_blank") + 1


def _reasons(frame: pd.DataFrame) -> np.ndarray:
    """Why a figure of a row is absent, ``""`` when none is."""
    checks = [
        (frame["n"] == 0, "nobody_answered"),
        (frame["weighted_n"] == 0, "no_weight"),
        (frame["estimate"].isna(), "denominator_zero"),
        ((frame["df"] <= 0) & frame["low"].isna(), "no_degrees_of_freedom"),
        (frame["low"].isna() & (frame["method"] == "logit"), "interval_undefined"),
        (frame["low"].isna() | frame["high"].isna(), "beyond_the_data"),
    ]
    return np.select([check.to_numpy() for check, _ in checks], [reason for _, reason in checks], "")
