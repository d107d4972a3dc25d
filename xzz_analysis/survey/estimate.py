"""Shares, means, totals, ratios and quantiles of a sample, as a tidy frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.errors import DesignError, XzzError
from xzz_analysis.survey.design import Domains, Sample
from xzz_analysis.survey.engine.cells import Cells, Figures, make_cells, means, ratios, totals
from xzz_analysis.survey.engine.interval import effective_size, share_interval, wald
from xzz_analysis.survey.engine.quantiles import QuantileFigures, woodruff
from xzz_analysis.survey.estimates import (
    COLUMNS,
    MISSING_COLUMNS,
    Estimates,
    Influence,
    group_key,
    result_ids,
)

By = str | Sequence[str] | None


@dataclass(frozen=True)
class Item:
    """One column to estimate, and what to call it.

    Attributes
    ----------
    indicator, option, version : str
        Names written into the result.
    y : float array, shape (rows,)
        NaN is a missing answer.
    reasons : int8 array, shape (rows,)
        Reason code of every row (``intake.answers.Reason``).
    below : float array, optional
        Denominator, for a ratio.
    """

    indicator: str
    y: np.ndarray
    reasons: np.ndarray
    option: str = ""
    version: str = ""
    below: np.ndarray | None = None


@dataclass(frozen=True)
class Batch:
    """Items estimated together with one statistic: figures plus interval ends.

    ``n_need`` is the number with the need for shares, NaN otherwise; all arrays (domains, items).
    """

    items: Sequence[Item]
    statistic: Sequence[str]
    figures: Figures
    low: np.ndarray
    high: np.ndarray
    n_need: np.ndarray
    n_eff: np.ndarray
    method: str


def share(
    sample: Sample, what: str | Sequence[str], by: By = None, *, level: float = 0.95, method: str = "wilson"
) -> Estimates:
    """Estimate the share of people with each answer.

    Parameters
    ----------
    sample : Sample
    what : str or sequence of str
        A 0/1 column gives one row; a text column one row per answer; a select-multiple question one
        row per option (share of those who answered the question).
    by : str or sequence of str, optional
        Grouping columns, crossed in the given order; the whole sample without them.
    level : float
        Confidence level.
    method : "wilson", "korn-graubard", "logit" or "wald"
        Interval, see :mod:`xzz_analysis.survey.engine.interval`.

    Returns
    -------
    Estimates
        Shares between 0 and 1; ``n_need`` respondents have the answer.

    Raises
    ------
    DesignError
        Unknown column, or numbers other than 0 and 1.
    """
    items = [item for name in _names(what) for item in _share_items(sample, name)]
    return estimate_shares(sample, items, by, level=level, method=method)


def mean(sample: Sample, what: str | Sequence[str], by: By = None, *, level: float = 0.95) -> Estimates:
    """Estimate means of numeric columns, in the columns' unit; arguments as in :func:`share`."""
    return estimate_means(sample, [_number(sample, name) for name in _names(what)], by, level=level)


def total(sample: Sample, what: str | Sequence[str], by: By = None, *, level: float = 0.95) -> Estimates:
    """Estimate population totals Σ w·y of numeric columns; arguments as in :func:`share`."""
    items = [_number(sample, name) for name in _names(what)]
    cells, domains = _cells(sample, by)
    if not domains.names:
        return Estimates.none()
    figures = totals(cells, _matrix(items))
    return _frame(sample, cells, domains, _with_wald(items, "total", figures, level), level)


def ratio(sample: Sample, numerator: str, denominator: str, by: By = None, *, level: float = 0.95) -> Estimates:
    """Estimate the ratio of two totals; respondents without either answer are left out of both.

    Parameters
    ----------
    numerator, denominator : str
        Numeric columns; the result's indicator is ``numerator/denominator``.
    """
    above, below = _number(sample, numerator), _number(sample, denominator)
    item = Item(f"{numerator}/{denominator}", above.y, np.maximum(above.reasons, below.reasons), below=below.y)
    return estimate_ratios(sample, [item], by, level=level)


def quantile(
    sample: Sample,
    what: str | Sequence[str],
    by: By = None,
    *,
    probs: Sequence[float] = (0.25, 0.5, 0.75),
    level: float = 0.95,
) -> Estimates:
    """Estimate quantiles with Woodruff's interval.

    Parameters
    ----------
    probs : sequence of float
        Between 0 and 1; the statistic of a row is ``p25``, ``p50`` …

    Notes
    -----
    The quantile is the smallest answer at which the weighted distribution reaches the probability;
    the interval inverts the Wald interval of the distribution there (Woodruff 1952, JASA 47, 635–646).
    """
    return estimate_quantiles(sample, [_number(sample, name) for name in _names(what)], by, probs=probs, level=level)


def estimate_shares(
    sample: Sample,
    items: Sequence[Item],
    by: By,
    *,
    level: float = 0.95,
    method: str = "wilson",
    keep_influence: bool = True,
) -> Estimates:
    """Shares of prepared 0/1 items (see :func:`share`)."""
    cells, domains = _cells(sample, by)
    if not domains.names:
        return Estimates.none()
    y = _matrix(items)
    figures = means(cells, y, binary=True)
    need = cells.domain_sums(cells.sums(np.nan_to_num(y) * (sample.design.weight[:, None] > 0)))
    low, high = share_interval(figures.estimate, figures.se, figures.df, figures.n, level=level, method=method)
    size = effective_size(figures.estimate, figures.se, figures.n)
    if sample.kind == "census":
        low = high = figures.estimate
    batch = Batch(items, ["share"] * len(items), figures, low, high, need, size, method)
    return _frame(sample, cells, domains, batch, level, keep_influence)


def estimate_means(
    sample: Sample, items: Sequence[Item], by: By, *, level: float = 0.95, keep_influence: bool = True
) -> Estimates:
    """Means of prepared items (see :func:`mean`)."""
    cells, domains = _cells(sample, by)
    if not domains.names:
        return Estimates.none()
    batch = _with_wald(items, "mean", means(cells, _matrix(items)), level)
    return _frame(sample, cells, domains, batch, level, keep_influence)


def estimate_ratios(sample: Sample, items: Sequence[Item], by: By, *, level: float = 0.95) -> Estimates:
    """Ratios of prepared items that carry a denominator (see :func:`ratio`)."""
    cells, domains = _cells(sample, by)
    if not domains.names:
        return Estimates.none()
    below = np.stack([item.below for item in items if item.below is not None], axis=1)
    figures = ratios(cells, _matrix(items), below)
    return _frame(sample, cells, domains, _with_wald(items, "ratio", figures, level), level)


def estimate_quantiles(
    sample: Sample,
    items: Sequence[Item],
    by: By,
    *,
    probs: Sequence[float] = (0.25, 0.5, 0.75),
    level: float = 0.95,
    keep_influence: bool = True,
) -> Estimates:
    """Quantiles of prepared items (see :func:`quantile`)."""
    if not all(0 < p < 1 for p in probs):
        raise XzzError(f"quantile probabilities are {list(probs)}; each lies between 0 and 1")
    cells, domains = _cells(sample, by)
    if not domains.names:
        return Estimates.none()
    found: QuantileFigures = woodruff(cells, domains.code, _matrix(items), probs, level)
    repeated = [item for item in items for _ in probs]
    names = [f"p{100 * p:g}" for _ in items for p in probs]
    nothing = np.full_like(found.low, np.nan)
    batch = Batch(repeated, names, found.figures, found.low, found.high, nothing, nothing, "woodruff")
    return _frame(sample, cells, domains, batch, level, keep_influence)


def _names(what: str | Sequence[str]) -> list[str]:
    return [what] if isinstance(what, str) else list(what)


def _cells(sample: Sample, by: By) -> tuple[Cells, Domains]:
    domains = sample.domains(by)
    return make_cells(sample.design, domains), domains


def _matrix(items: Sequence[Item]) -> np.ndarray:
    return np.stack([item.y for item in items], axis=1)


def _number(sample: Sample, name: str) -> Item:
    column = sample.column(name)
    if not _is_number(column):
        raise DesignError(f"column {name!r} holds text, so it has no mean, total or quantile; use share()")
    return Item(name, column.to_numpy(float, na_value=np.nan), sample.missing_reason(name))


def _is_number(column: pd.Series) -> bool:
    """Whether a column holds numbers or yes/no, also as objects beside None."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return True
    return column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) in ("boolean", "empty")


def _share_items(sample: Sample, name: str) -> list[Item]:
    columns = sample.columns_of(name)
    if columns != [name]:
        return [_indicator(sample, column, name, column.removeprefix(f"{name}/")) for column in columns]
    column = sample.column(name)
    if _is_number(column):
        return [_indicator(sample, name, name, "")]
    reasons = sample.missing_reason(name)
    answered = column.notna().to_numpy()
    given = column[answered].astype(object).to_numpy()
    categorical = isinstance(column.dtype, pd.CategoricalDtype)
    levels = column.cat.categories if categorical else sorted(column.dropna().unique())
    items = []
    for level in levels:
        y = np.full(len(column), np.nan)
        y[answered] = given == level
        items.append(Item(name, y, reasons, str(level)))
    return items


def _indicator(sample: Sample, column: str, name: str, option: str) -> Item:
    y = sample.column(column).to_numpy(float, na_value=np.nan)
    wrong = int((~np.isnan(y) & (y != 0) & (y != 1)).sum())
    if wrong:
        raise DesignError(f"column {column!r} holds {wrong} numbers other than 0 and 1, so it has no share; use mean()")
    return Item(name, y, sample.missing_reason(column), option)


def _with_wald(items: Sequence[Item], statistic: str, figures: Figures, level: float) -> Batch:
    low, high = wald(figures.estimate, figures.se, figures.df, level)
    nothing = np.full_like(low, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = figures.n / figures.deff if statistic == "mean" else nothing
    return Batch(items, [statistic] * len(items), figures, low, high, nothing, size, "wald")


def _frame(
    sample: Sample, cells: Cells, domains: Domains, batch: Batch, level: float, keep_influence: bool = True
) -> Estimates:
    """Lay a batch out as a tidy frame, item by item, domain by domain."""
    figures = batch.figures
    keys = [group_key(domains.pairs(position)) for position in range(len(domains.names))]
    d, j = len(keys), len(batch.items)
    item, domain = np.repeat(np.arange(j), d), np.tile(np.arange(d), j)
    constant = {"round": sample.labels["round"], "unit": sample.labels["unit"], "method": batch.method}
    constant |= {"kind": sample.kind, "flags": ""}
    table: dict[str, object] = {
        **{name: _texts([text], np.zeros(d * j, int)) for name, text in constant.items()},
        "indicator": _texts([one.indicator for one in batch.items], item),
        "version": _texts([one.version for one in batch.items], item),
        "option": _texts([one.option for one in batch.items], item),
        "statistic": _texts(batch.statistic, item),
        "by": _texts(keys, domain),
        "level": level,
    }
    for name in ("estimate", "se", "df", "n", "weighted_n", "deff"):
        table[name] = _finite(getattr(figures, name).T.ravel())
    for name in ("low", "high", "n_need", "n_eff"):
        table[name] = _finite(getattr(batch, name).T.ravel())
    table.update(_missing(domains, batch.items))
    frame = pd.DataFrame(table)
    frame["reason"] = _reasons(frame)
    frame["result_id"] = result_ids(
        sample.labels,
        [_asked(one, name) for one, name in zip(batch.items, batch.statistic, strict=True)],
        keys,
        level,
        batch.method,
    )
    out = Estimates(frame[list(COLUMNS)])
    if keep_influence:
        out.influence = _influence(cells, figures, tuple(frame["result_id"]))
    return out


def _finite(figures: np.ndarray) -> np.ndarray:
    """NaN for what is infinite, such as the effective size of an error of zero."""
    return np.where(np.isinf(figures), np.nan, figures)


def _texts(texts: Sequence[str], rows: np.ndarray) -> pd.api.extensions.ExtensionArray:
    """A column of repeated texts: each is converted once."""
    return pd.array(list(texts), dtype="str").take(rows)


def _asked(item: Item, statistic: str) -> tuple[str, str, str, str]:
    return item.indicator, item.version, item.option, statistic


def _missing(domains: Domains, items: Sequence[Item]) -> dict[str, np.ndarray]:
    """Respondents of each domain without a usable answer, by reason; items may share their reasons."""
    d, kinds = len(domains.names), len(MISSING_COLUMNS) + 1
    counted: dict[int, np.ndarray] = {}
    inside = domains.code >= 0
    for item in items:
        if id(item.reasons) not in counted:
            code = domains.code[inside] * kinds + item.reasons[inside]
            counted[id(item.reasons)] = np.bincount(code, minlength=d * kinds).reshape(d, kinds)
    stacked = np.concatenate([counted[id(item.reasons)] for item in items])
    return {name: stacked[:, position + 1] for position, name in enumerate(MISSING_COLUMNS)}


def _reasons(frame: pd.DataFrame) -> np.ndarray:
    """Why a figure of a row is absent, ``""`` when none is."""
    checks = [
        (frame["n"] == 0, "nobody_answered"),
        (frame["weighted_n"] == 0, "no_weight"),
        (frame["estimate"].isna(), "denominator_zero"),
        (frame["df"] <= 0, "no_degrees_of_freedom"),
        (frame["low"].isna() & (frame["method"] == "logit"), "interval_undefined"),
        (frame["low"].isna() | frame["high"].isna(), "beyond_the_data"),
    ]
    return np.select([check.to_numpy() for check, _ in checks], [reason for _, reason in checks], "")


def _influence(cells: Cells, figures: Figures, result_ids: tuple[str, ...]) -> Influence:
    """Spread cell influences over (clusters × estimates), estimates in the frame's order."""
    domains, items = figures.estimate.shape
    column = np.arange(items) * domains + cells.domain[:, None]
    row = np.broadcast_to(cells.cluster[:, None], column.shape)
    entries = (figures.z.ravel(), (row.ravel(), column.ravel()))
    shape = (len(cells.design.stratum), items * domains)
    design = cells.design
    z = sparse.csc_array(sparse.coo_array(entries, shape=shape))
    return Influence(z, design.stratum, design.sampled, design.fraction, result_ids)
