"""Items estimated together with one statistic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from numbers import Real

import numpy as np

from xzz_analysis.errors import XzzError, suggest
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.design.sample import require_sample
from xzz_analysis.survey.engine.cells import Cells, make_cells
from xzz_analysis.survey.engine.figures import Figures, means, ratios, totals
from xzz_analysis.survey.engine.interval import (
    DEFAULT,
    Tails,
    check_level,
    effective_size,
    share_interval,
    share_score,
    wald,
)
from xzz_analysis.survey.engine.quantiles import RULES, QuantileFigures, woodruff
from xzz_analysis.survey.estimate.items import Item, answers, columns_of
from xzz_analysis.survey.estimate.layout import Batch, Layout, lay_out
from xzz_analysis.survey.estimates import Estimates

By = str | Sequence[str] | None

CELLS = 1 << 22
"""Sums held at a time, cells × columns: bounds memory, changes no figure."""


def estimate_shares(
    sample: Sample,
    items: Sequence[Item],
    by: By,
    *,
    level: float = 0.95,
    method: str = DEFAULT,
    statistic: str = "share",
    definition: str = "",
    keep_influence: bool = True,
) -> Estimates:
    """Shares of prepared 0/1 items (see :func:`~xzz_analysis.survey.estimate.verbs.share`).

    ``statistic`` says what the items are shares of, and ``definition`` is printed after the method.
    """

    def batch(cells: Cells, some: Sequence[Item]) -> Batch:
        figures = means(cells, columns_of(some, yes_no=True), binary=True)
        p, se, df, n = figures.estimate, figures.se, figures.df, figures.n
        tails = _tails(cells, figures) if method == DEFAULT else None
        low, high = share_interval(p, se, df, n, level=level, method=method, tails=tails)
        if sample.kind == "census":
            low = high = p
        size = effective_size(p, se, n)
        score = None if sample.kind == "census" else share_score(p, se, df, n, method=method, tails=tails)
        made = Batch(some, ["share"], figures, low, high, figures.need, size, method, score)
        return made.named(statistic, definition)

    return estimate_batches(sample, items, by, batch, level=level, keep_influence=keep_influence)


def _tails(cells: Cells, figures: Figures) -> Tails:
    """What the adjusted interval needs.

    Where every unit is one respondent, Wilson's own variance says it all: the excess counts in full from two
    respondents per unit on.
    """
    clusters = cells.held(figures.active)[0]
    excess = cells.excess_kurtosis(figures.z, figures.active, figures.coefficients)
    clustered = np.clip(figures.n / np.maximum(clusters, 1) - 1, 0, 1)
    return Tails(excess * clustered, clusters, figures.telling)


def estimate_means(
    sample: Sample, items: Sequence[Item], by: By, *, level: float = 0.95, keep_influence: bool = True
) -> Estimates:
    """Means of prepared items (see :func:`~xzz_analysis.survey.estimate.verbs.mean`)."""

    def batch(cells: Cells, some: Sequence[Item]) -> Batch:
        return wald_batch(some, "mean", means(cells, columns_of(some)), level)

    return estimate_batches(sample, items, by, batch, level=level, keep_influence=keep_influence)


def estimate_totals(sample: Sample, items: Sequence[Item], by: By, *, level: float = 0.95) -> Estimates:
    """Totals of prepared items (see :func:`~xzz_analysis.survey.estimate.verbs.total`)."""

    def batch(cells: Cells, some: Sequence[Item]) -> Batch:
        return wald_batch(some, "total", totals(cells, columns_of(some)), level)

    return estimate_batches(sample, items, by, batch, level=level)


def estimate_ratios(sample: Sample, items: Sequence[Item], by: By, *, level: float = 0.95) -> Estimates:
    """Ratios of prepared items that carry a denominator (see :func:`~xzz_analysis.survey.estimate.verbs.ratio`)."""

    def batch(cells: Cells, some: Sequence[Item]) -> Batch:
        below = [item.below for item in some if item.below is not None]
        return wald_batch(some, "ratio", ratios(cells, [answers(item) for item in some], below), level)

    return estimate_batches(sample, items, by, batch, level=level)


def estimate_quantiles(
    sample: Sample,
    items: Sequence[Item],
    by: By,
    *,
    probs: Sequence[float] = (0.25, 0.5, 0.75),
    rule: str = "math",
    level: float = 0.95,
    keep_influence: bool = True,
) -> Estimates:
    """Quantiles of prepared items (see :func:`~xzz_analysis.survey.estimate.verbs.quantile`)."""
    listed = list(probs) if isinstance(probs, Sequence | np.ndarray) and not isinstance(probs, str) else []
    if not listed or not all(isinstance(p, Real) and 0 < p < 1 for p in listed):
        raise XzzError(f"quantile probabilities are {probs!r}; give a list of numbers that lie between 0 and 1")
    if rule not in RULES:
        raise XzzError(f"quantile rule {rule!r} is not one of {', '.join(RULES)}{suggest(rule, RULES)}")
    method = "woodruff" if rule == "math" else f"woodruff-{rule}"

    def batch(cells: Cells, some: Sequence[Item]) -> Batch:
        found: QuantileFigures = woodruff(cells, [answers(item) for item in some], probs, level=level, rule=rule)
        repeated = [item for item in some for _ in probs]
        names = [f"p{100 * p:.12g}" for _ in some for p in probs]
        nothing = np.full_like(found.low, np.nan)
        return Batch(repeated, names, found.figures, found.low, found.high, nothing, nothing, method)

    return estimate_batches(sample, items, by, batch, level=level, keep_influence=keep_influence)


def estimate_batches(
    sample: Sample,
    items: Sequence[Item],
    by: By,
    batch: Callable[[Cells, Sequence[Item]], Batch],
    *,
    level: float,
    keep_influence: bool = True,
) -> Estimates:
    """Estimate items block by block and lay the results out as one frame."""
    level = check_level(level)
    domains = require_sample(sample).domains(by)
    if not domains.names or not items:
        return Estimates.none()
    cells = make_cells(sample.design, domains)
    layout = Layout(sample, cells, domains, level, keep_influence)
    return lay_out(layout, (batch(cells, some) for some in _blocks(items, max(1, CELLS // len(cells.domain)))))


def _blocks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def wald_batch(items: Sequence[Item], statistic: str, figures: Figures, level: float) -> Batch:
    """Figures with the interval estimate ± t(df) · se."""
    low, high = wald(figures.estimate, figures.se, figures.df, level)
    nothing = np.full_like(low, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = figures.n / figures.deff if statistic == "mean" else nothing
    return Batch(items, [statistic] * len(items), figures, low, high, nothing, size, "wald")
