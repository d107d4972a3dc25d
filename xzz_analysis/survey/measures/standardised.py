"""Directly standardised shares and means: what groups would have if they were composed alike.

References
----------
Breslow, N. E. and Day, N. E. (1987). Statistical Methods in Cancer Research II, section 2.3: the directly
standardised rate. IARC.
Korn, E. L. and Graubard, B. I. (1999). Analysis of Health Surveys, section 3.7. Wiley.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.errors import DesignError, suggest
from xzz_analysis.intake.answers import Reason
from xzz_analysis.survey.design import Domains, Sample
from xzz_analysis.survey.design.columns import LARGEST
from xzz_analysis.survey.design.domains import level_name, number_domains
from xzz_analysis.survey.design.sample import require_sample
from xzz_analysis.survey.engine.cells import Cells, make_cells
from xzz_analysis.survey.engine.figures import divide, means, totals
from xzz_analysis.survey.engine.influence import influence_of
from xzz_analysis.survey.engine.interval import wald
from xzz_analysis.survey.engine.sums import sum_columns
from xzz_analysis.survey.estimate.batches import By, estimate_batches, wald_batch
from xzz_analysis.survey.estimate.items import Item, answers, names_of, number_item, share_items
from xzz_analysis.survey.estimate.layout import Batch
from xzz_analysis.survey.estimates import Estimates

STATISTICS = ("share", "mean")


@dataclass(frozen=True)
class _Standard:
    """The composition that groups are brought to.

    Attributes
    ----------
    code : int array, shape (rows,)
        Level of each respondent, -1 where it is not known.
    share : float array, shape (levels,)
        Weight of each level, adding up to one.
    reasons : int8 array, shape (rows,)
        Why a respondent's level is not known.
    text : str
        The definition, printed with every result.
    """

    code: np.ndarray
    share: np.ndarray
    reasons: np.ndarray
    text: str

    def means(self, cells: Cells, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means and weighted bases of the levels inside each domain, both of shape (domains, levels)."""
        inside = (cells.row_domain >= 0) & (self.code >= 0) & ~np.isnan(y)
        place = cells.row_domain[inside] * len(self.share) + self.code[inside]
        weight = cells.design.weight[inside]
        shape, size = (cells.domains, len(self.share)), cells.domains * len(self.share)
        base = np.bincount(place, weight, minlength=size).reshape(shape)
        return divide(np.bincount(place, weight * y[inside], minlength=size).reshape(shape), base), base

    def rate(self, level_means: np.ndarray) -> np.ndarray:
        """Standardised means, shape (domains,); NaN where a level that counts has no mean."""
        return np.asarray(level_means[:, self.share > 0] @ self.share[self.share > 0])


def standardised(
    sample: Sample,
    what: str | Sequence[str],
    over: str | Sequence[str],
    standard: Mapping[Any, float] | str,
    by: By = None,
    *,
    statistic: str = "share",
    level: float = 0.95,
) -> Estimates:
    """Estimate shares or means of groups as if all had the same composition.

    Parameters
    ----------
    sample : Sample
    what : str or sequence of str
        Questions, as in :func:`~xzz_analysis.survey.estimate.verbs.share` or ``mean``.
    over : str or sequence of str
        Columns that say how groups are composed, such as age, crossed when there are several.
    standard : mapping, or "sample"
        People, or the share of people, at each level of ``over``; a tuple of levels for several columns. They count
        as known without error. "sample" takes the weighted composition of the whole sample, and its sampling
        error with it.
    by : str or sequence of str, optional
        Grouping columns; the whole sample without them.
    statistic : "share" or "mean"
    level : float
        Confidence level.

    Returns
    -------
    Estimates
        Statistic ``standardised_share`` or ``standardised_mean``; ``method`` prints the standard. ``n`` counts those
        whose answer and level are known and whose level counts in the standard. A group in which nobody answered at
        such a level has no figure (reason ``empty_stratum``): its rate there cannot be known.

    Raises
    ------
    DesignError
        Levels of the sample without a weight in the standard, unknown levels, weights that are no finite numbers
        ≥ 0 or all zero, a column in both ``over`` and ``by``, answers that have no share or mean.

    Notes
    -----
    θ_d = Σ_a π_a ȳ_da with influence π_a (y − ȳ_da) / Σ_da w, and (ȳ_da − θ_d) / Σ w for π from the sample. The
    interval is θ ± t(df) · se, df those of the group.

    References
    ----------
    Breslow, N. E. and Day, N. E. (1987). Statistical Methods in Cancer Research II, section 2.3. IARC.
    """
    levels = _levels(require_sample(sample), names_of(over), by, statistic)
    chosen = _standard(sample, levels, standard)
    made = [_items(sample, name, statistic, chosen) for name in names_of(what)]
    items = [item for some in made for item in some]

    def batch(cells: Cells, some: Sequence[Item]) -> Batch:
        made = _batch(cells, some, chosen, level).named(f"standardised_{statistic}", chosen.text)
        return made if statistic == "share" else replace(made, n_need=np.full_like(made.n_need, np.nan))

    out = estimate_batches(sample, items, by, batch, level=level)
    if isinstance(standard, str) and standard == "sample" and len(out):
        out = _with_sampled_standard(sample, out, chosen, items, by)
    out["reason"] = out["reason"].replace("denominator_zero", "empty_stratum")
    return out


def _batch(cells: Cells, items: Sequence[Item], standard: _Standard, level: float) -> Batch:
    """Standardise some items: figures of the linearised answers, with the rates as estimates."""
    rates, columns, counted = [], [], []
    domain, code = np.maximum(cells.row_domain, 0), np.maximum(standard.code, 0)
    for item in items:
        y = _counted(answers(item), standard)
        level_means, base = standard.means(cells, y)
        slope = divide(np.broadcast_to(standard.share, base.shape), base)
        u = slope[domain, code] * (y - level_means[domain, code])
        columns.append(np.where(np.isnan(y), np.nan, np.nan_to_num(u)))
        rates.append(standard.rate(level_means))
        counted.append(y)
    figures = totals(cells, columns)
    rate = np.where(figures.n > 0, np.stack(rates, axis=1), np.nan)
    nothing = np.full_like(rate, np.nan)
    figures = replace(figures, estimate=rate, se=np.where(np.isnan(rate), np.nan, figures.se), deff=nothing)
    batch = wald_batch(items, "", figures, level)
    return replace(batch, n_need=sum_columns(cells, counted, count=True).need)


def _counted(y: np.ndarray, standard: _Standard) -> np.ndarray:
    """Answers as numbers, missing where the level is not known or does not count."""
    counts = (standard.code >= 0) & (standard.share > 0)[standard.code]
    return np.where(counts, y.astype(float), np.nan)


def _with_sampled_standard(
    sample: Sample, out: Estimates, standard: _Standard, items: Sequence[Item], by: By
) -> Estimates:
    """Add the error of the sample's own composition to standardised rates."""
    whole = make_cells(sample.design, sample.domains(None))
    cells = make_cells(sample.design, sample.domains(by))
    names = [f"level {position}" for position in range(len(standard.share))]
    columns = [np.where(standard.code >= 0, standard.code == place, np.nan) for place in range(len(names))]
    composition = influence_of(whole, means(whole, columns, binary=True), names)
    level_means = [standard.means(cells, _counted(answers(item), standard))[0].T for item in items]
    ids = list(out["result_id"])
    moved = composition.combine(np.nan_to_num(np.concatenate(level_means, axis=1)), names, ids, linear=False)
    own = out.known_influence()
    z = sparse.csc_array(own.z + moved.z)
    out.influence = replace(own, z=z, coefficients=own.coefficients + moved.coefficients)
    variance = out.influence.variance(ids)
    out["se"] = np.where(out["estimate"].isna(), np.nan, np.sqrt(variance))
    estimate, se, df = (out[name].to_numpy(float) for name in ("estimate", "se", "df"))
    out["low"], out["high"] = wald(estimate, se, df, float(out["level"].iloc[0]))
    return out


def _items(sample: Sample, name: str, statistic: str, standard: _Standard) -> list[Item]:
    """Items of one question, their missing answers and levels with a reason."""
    made = share_items(sample, name) if statistic == "share" else [number_item(sample, name)]
    out = []
    for item in made:
        y = answers(item, yes_no=statistic == "share")
        blank = np.where(np.isnan(y), Reason.BLANK, Reason.ANSWERED) if item.reasons is None else item.reasons
        out.append(replace(item, y=y, reasons=np.maximum(blank, standard.reasons)))
    return out


def _levels(sample: Sample, over: list[str], by: By, statistic: str) -> Domains:
    """The crossed levels of ``over`` that occur in the sample."""
    if statistic not in STATISTICS:
        raise DesignError(f"statistic {statistic!r} is not one of share, mean{suggest(statistic, STATISTICS)}")
    both = sorted(set(over) & set(names_of(by or [])))
    if both or not over:
        where = f"column {both[0]!r} is in over and in by" if both else "over names no column"
        raise DesignError(f"{where}; groups are standardised over columns that do not define them, such as age")
    return number_domains([sample.column(name) for name in over], None, len(sample))


def _standard(sample: Sample, levels: Domains, standard: Mapping[Any, float] | str) -> _Standard:
    """Read the standard: the weight of every level of the sample, and of levels that nobody is in."""
    name = " × ".join(levels.groups)
    reasons = np.max([sample.missing_reason(group) for group in levels.groups], axis=0)
    reasons = np.where(levels.code < 0, reasons, Reason.ANSWERED)
    if isinstance(standard, str) and standard == "sample":
        inside = (sample.domains(None).code >= 0) & (levels.code >= 0)
        share = np.bincount(levels.code[inside], sample.design.weight[inside], minlength=len(levels.names))
        if not share.any():
            raise DesignError(f"nobody with a weight has a known {name}, so the sample's composition is not known")
        return _Standard(levels.code, share / share.sum(), reasons, f"standard {name} of the sample")
    if isinstance(standard, pd.Series):
        standard = standard.to_dict()
    if not isinstance(standard, Mapping):
        told = repr(standard) if isinstance(standard, str) else f"of type {type(standard).__name__}"
        raise DesignError(f"standard {told} is neither 'sample' nor a mapping of levels to people")
    for level, people in standard.items():
        if not isinstance(people, Real):
            raise DesignError(f"level {level!r} of the standard has no number of people; give one for each level")
    given = {_key(level): float(people) for level, people in standard.items()}
    _check_weights(name, given)
    _check_levels(sample, levels, given)
    known = [*levels.names, *(level for level in given if level not in levels.names)]
    weight = np.array([given.get(level, 0.0) for level in known]) / sum(given.values())
    listed = ", ".join(f"{' × '.join(level)} {value:.10g}" for level, value in zip(known, weight, strict=True) if value)
    return _Standard(levels.code, weight, reasons, f"standard {name}: {listed}")


def _key(level: Any) -> tuple[str, ...]:
    """A level as the sample's groups write it."""
    parts = level if isinstance(level, tuple) else (level,)
    return tuple(level_name(part) for part in parts)


def _check_weights(name: str, given: Mapping[tuple[str, ...], float]) -> None:
    """Refuse weights that are no numbers of people."""
    wrong = {" × ".join(level): value for level, value in given.items() if not (0 <= value <= LARGEST)}
    if wrong or not any(given.values()):
        found = f"level {next(iter(wrong))!r} has {next(iter(wrong.values())):g}" if wrong else "no level has a weight"
        raise DesignError(f"the standard of {name!r} cannot be used: {found}; give finite numbers ≥ 0, not all zero")


def _check_levels(sample: Sample, levels: Domains, given: Mapping[tuple[str, ...], float]) -> None:
    """Refuse levels that the columns do not have, and levels of the sample that the standard forgets."""
    name, width = " × ".join(levels.groups), len(levels.groups)
    known = [_known_levels(sample.column(group)) for group in levels.groups]
    for level in given:
        place = next((place for place in range(width) if len(level) != width or level[place] not in known[place]), None)
        if place is not None:
            raise DesignError(
                f"level {' × '.join(level)!r} of the standard is not a level of {name}"
                f"{suggest(level[min(place, len(level) - 1)], known[place])}; give one for each of {width} column(s)"
            )
    weighted = (levels.code >= 0) & (sample.design.weight > 0)
    count = np.bincount(levels.code[weighted], minlength=len(levels.names))
    forgotten = [place for place, level in enumerate(levels.names) if level not in given and count[place]]
    if forgotten:
        raise DesignError(
            f"level {' × '.join(levels.names[forgotten[0]])!r} of {name} has {count[forgotten[0]]} respondents but no "
            f"weight in the standard ({len(forgotten)} such levels of {len(count)}); add it, with 0 to leave them out"
        )


def _known_levels(column: pd.Series) -> set[str]:
    """Levels a column can have."""
    values = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column.dropna().unique()
    return {_key(value)[0] for value in values}
