"""Standard errors by resampling first-stage units, without a column of weights per replicate.

A replicate changes how often a unit counts, so its estimates are sums over units with other multipliers: the
sums inside cells are all that is needed.

References
----------
Rao, J. N. K. and Wu, C. F. J. (1988). Resampling inference with complex survey data. Journal of the American
Statistical Association 83, 231–241.
Wolter, K. M. (2007). Introduction to Variance Estimation, chapter 4 (jackknife).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from xzz_analysis.errors import DesignError, XzzError, suggest
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.engine.cells import Cells, Runs
from xzz_analysis.survey.engine.figures import Figures, divide, means
from xzz_analysis.survey.engine.interval import wald
from xzz_analysis.survey.engine.sums import Columns, Sums, product, sum_columns
from xzz_analysis.survey.estimate.batches import By, estimate_batches
from xzz_analysis.survey.estimate.items import Item, columns_of, names_of, number_item, share_items
from xzz_analysis.survey.estimate.layout import Batch
from xzz_analysis.survey.estimates import Estimates

METHODS = ("jackknife", "bootstrap")
STATISTICS = ("share", "mean")

MOST = 100_000
"""Bootstrap draws at most: the multipliers of all of them are held in memory."""


def replicate(
    sample: Sample,
    what: str | Sequence[str],
    by: By = None,
    *,
    statistic: str = "share",
    method: str = "jackknife",
    replicates: int = 1000,
    seed: int = 1,
    level: float = 0.95,
) -> Estimates:
    """Estimate shares or means with a standard error from replicates, as a check of the linearised one.

    Parameters
    ----------
    sample : Sample
    what, by, level
        As in :func:`~xzz_analysis.survey.estimate.verbs.share`.
    statistic : "share" or "mean"
    method : "jackknife" or "bootstrap"
        Jackknife: each first-stage unit left out once, its stratum's others weighted up. Bootstrap: n−1 of
        the n units of each stratum drawn with replacement and rescaled, population sizes allowed for.
    replicates, seed : int
        Number of bootstrap draws, and where their random numbers start.

    Returns
    -------
    Estimates
        ``se`` is the root mean square of the replicates about the estimate; the interval is
        estimate ± t(df) · se. No influence matrix is kept.

    Raises
    ------
    DesignError
        Calibrated weights, whose calibration each replicate would have to repeat; population sizes at several
        stages; a rule for lonely units that resampling cannot follow.

    References
    ----------
    Rao, J. N. K. and Wu, C. F. J. (1988). Resampling inference with complex survey data. JASA 83, 231–241.
    """
    for role, given, known in (("method", method, METHODS), ("statistic", statistic, STATISTICS)):
        if given not in known:
            raise XzzError(f"{role} {given!r} is not one of {', '.join(known)}{suggest(given, known)}")
    _refuse(sample)
    names = names_of(what)
    numbers = [number_item(sample, name) for name in names if statistic == "mean"]
    items = numbers or [item for name in names for item in share_items(sample, name)]
    word = method if method == "jackknife" else f"bootstrap-{replicates}-{seed}"
    spread = _jackknife if method == "jackknife" else _bootstrap(sample, replicates, seed)

    def batch(cells: Cells, some: Sequence[Item]) -> Batch:
        figures = _replicated(cells, columns_of(some, yes_no=statistic == "share"), spread, binary=statistic == "share")
        low, high = wald(figures.estimate, figures.se, figures.df, level)
        need = figures.need if statistic == "share" else np.full_like(low, np.nan)
        return Batch(some, [statistic] * len(some), figures, low, high, need, figures.n / figures.deff, word)

    return estimate_batches(sample, items, by, batch, level=level, keep_influence=False)


def _refuse(sample: Sample) -> None:
    first = sample.design.first
    if sample.design.correction is not None:
        raise DesignError(
            "the weights are calibrated, and every replicate would have to be calibrated anew; use share() or mean(), "
            "whose standard errors know about the calibration"
        )
    if len(sample.design.stages) > 1:
        raise DesignError(
            f"the design has {len(sample.design.stages)} stages with population sizes, and replicates draw units of "
            "the first stage only, which would leave the others' error out; use share() or mean()"
        )
    if ((first.sampled == 1) & ((first.factor > 0) | (first.centred == 0))).any() or sample.spec.lonely == "average":
        raise DesignError(
            f"strata with one unit follow the rule {sample.spec.lonely!r}, which replicates cannot; "
            "choose lonely 'certainty', or merge the strata"
        )


Spread = Callable[[Cells, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""(cells, unit sums of y, unit sums of the base, estimate) → variance, shape (domains, columns)."""


def _replicated(cells: Cells, columns: Columns, spread: Spread, *, binary: bool) -> Figures:
    sums: Sums = sum_columns(cells, columns, count=binary)
    figures = means(cells, columns, binary=binary, sums=sums)
    units = cells.runs[0].units
    y, base = (np.add.reduceat(part, units, axis=0) for part in (sums.y, sums.base))
    variance = spread(cells, y, base[:, sums.same], figures.estimate)
    deff = divide(variance, divide(figures.se**2, figures.deff))
    return replace(figures, se=np.sqrt(np.where(np.isnan(figures.estimate), np.nan, variance)), deff=deff)


def _jackknife(cells: Cells, y: np.ndarray, base: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """Leave each first-stage unit out; units without members of a domain all give the same replicate."""
    runs = cells.runs[0]
    n = runs.stage.sampled[runs.stratum][:, None]
    present = np.diff(np.append(runs.strata, len(y)))
    tops, bottoms = (_left_out(cells, part, n, present) for part in (y, base))
    theta = np.repeat(estimate[runs.domain], present, axis=0)
    inside = np.add.reduceat((divide(tops[0], bottoms[0]) - theta) ** 2, runs.strata, axis=0)
    absent = n - present[:, None]
    outside = np.where(absent > 0, absent * (divide(tops[1], bottoms[1]) - estimate[runs.domain]) ** 2, 0.0)
    scale = ((1 - runs.stage.fraction[runs.stratum])[:, None] * (n - 1) / n) * (n > 1)
    out = np.zeros(estimate.shape)
    np.add.at(out, runs.domain, np.where(scale > 0, (inside + outside) * scale, 0.0))
    return out


def _left_out(cells: Cells, part: np.ndarray, n: np.ndarray, present: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Domain sums without each unit that has members, and without a unit of each stratum that has none."""
    runs: Runs = cells.runs[0]
    in_stratum = np.add.reduceat(part, runs.strata, axis=0)
    total = np.zeros((cells.domains, part.shape[1]))
    np.add.at(total, runs.domain, in_stratum)
    others = total[runs.domain] + in_stratum / np.maximum(n - 1, 1)
    rescaled = np.repeat(n / np.maximum(n - 1, 1), present, axis=0)
    return np.repeat(others, present, axis=0) - part * rescaled, others


def _bootstrap(sample: Sample, replicates: int, seed: int) -> Spread:
    if not (isinstance(replicates, int) and 2 <= replicates <= MOST):
        raise XzzError(f"{replicates!r} replicates have no spread, or no end; draw 2 to {MOST}, usually 1000")
    if not (isinstance(seed, int) and seed >= 0):
        raise XzzError(f"seed is {seed!r}; it is a whole number of 0 or more, so that the same draws can be made again")
    multipliers = _multipliers(sample, replicates, seed)

    def spread(cells: Cells, y: np.ndarray, base: np.ndarray, estimate: np.ndarray) -> np.ndarray:
        runs = cells.runs[0]
        unit = runs.stage.unit[cells.unit[runs.units]]
        domain = cells.domain[runs.units]
        out = np.zeros(estimate.shape)
        for position in range(cells.domains):
            rows = np.flatnonzero(domain == position)
            drawn = multipliers[:, unit[rows]]
            theta = divide(product(drawn, y[rows]), _shared_product(drawn, base[rows]))
            squares = (theta - estimate[position]) ** 2
            usable = ~np.isnan(squares)
            out[position] = divide(np.where(usable, squares, 0.0).sum(axis=0), usable.sum(axis=0))
        return out

    return spread


def _shared_product(drawn: np.ndarray, base: np.ndarray) -> np.ndarray:
    """drawn @ base, once where all columns have the same base."""
    if (base == base[:, :1]).all():
        return product(drawn, base[:, :1])
    return product(drawn, base)


def _multipliers(sample: Sample, replicates: int, seed: int) -> np.ndarray:
    """How often each first-stage unit counts in each replicate, shape (replicates, units)."""
    stage = sample.design.first
    draw = np.random.default_rng(seed)
    out = np.ones((replicates, len(stage.stratum)))
    for stratum, size in enumerate(stage.sampled.astype(int)):
        if size == 1:
            continue
        places = np.flatnonzero(stage.stratum == stratum)
        drawn = draw.multinomial(size - 1, np.full(size, 1 / size), size=replicates)
        shrink = np.sqrt(1 - stage.fraction[stratum])
        out[:, places] = 1 - shrink + shrink * size / (size - 1) * drawn
    return out
