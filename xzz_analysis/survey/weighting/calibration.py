"""Post-stratification, raking and calibration of a sample's weights to known totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Literal

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.errors import DesignError
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.design.sample import require_sample
from xzz_analysis.survey.weighting.credit import indicators, raking_credit, regression_credit
from xzz_analysis.survey.weighting.margins import (
    Margin,
    Totals,
    any_total,
    number,
    number_column,
    one_of,
    read_cells,
    read_margins,
    settle,
    split_totals,
    usable_total,
)
from xzz_analysis.survey.weighting.solve import Distance, Fit, fit_newton, fit_proportionally, linear, logit, raking

DISTANCES = ("linear", "raking", "logit")
ERRORS = ("residual", "r")


def post_stratify(sample: Sample, by: str | Sequence[str], totals: Totals | pd.DataFrame) -> Sample:
    """Scale the weights inside post-strata to known population totals.

    Parameters
    ----------
    sample : Sample
    by : str or sequence of str
        Columns whose crossed levels are the post-strata.
    totals : mapping or DataFrame
        ``{level: total}`` for one column; otherwise a table with the columns of ``by`` and ``total``, one row
        per post-stratum. People, or shares that sum to 1: they are then of the present sum of weights.

    Returns
    -------
    Sample
        Later standard errors are those of deviations from the post-strata's weighted means.

    Raises
    ------
    DesignError
        A post-stratum that has no total or no respondents, two totals or an unusable one; a missing answer.

    References
    ----------
    Holt, D. and Smith, T. M. F. (1979). Post stratification. Journal of the Royal Statistical Society A 142, 33–46.
    """
    weight = require_sample(sample).design.weight
    (margin,) = settle([read_cells(sample, by, totals)], float(weight.sum()))
    present = np.bincount(margin.code + 1, weight, minlength=len(margin.levels) + 1)[1:]
    after = weight * np.append(margin.total / present, 1.0)[margin.code]
    return sample.reweighted(after, regression_credit(indicators(margin), weight, after))


def rake(
    sample: Sample,
    margins: Mapping[str, Totals] | pd.DataFrame,
    *,
    errors: Literal["residual", "r"] = "residual",
    tolerance: float = 1e-12,
    sweeps: int = 500,
) -> Sample:
    """Scale the weights to several margins at once (iterative proportional fitting).

    Parameters
    ----------
    sample : Sample
    margins : mapping or DataFrame
        ``{column: {level: total}}``, or a table with columns ``variable``, ``level`` and ``total``. Every margin
        has the same sum: people, or shares that sum to 1, which are then of the present sum of weights. A
        percentage is not a share: margins of 100 are a population of 100 people.
    errors : "residual" or "r"
        Standard errors from the regression on all margins, or as R's ``rake()`` takes them: ten sweeps of
        subtracting unweighted means.
    tolerance : float
        Largest relative difference of a level from its total.
    sweeps : int
        Most sweeps over the margins.

    Returns
    -------
    Sample
        With weights whose sums meet every margin, credited in later standard errors.

    Raises
    ------
    DesignError
        Margins that do not agree, a level that has no total or no respondents, no convergence.

    References
    ----------
    Deming, W. E. and Stephan, F. F. (1940). Annals of Mathematical Statistics 11, 427–444.
    Deville, J.-C., Särndal, C.-E. and Sautory, O. (1993). Generalized raking procedures in survey sampling.
    Journal of the American Statistical Association 88, 1013–1020.
    """
    one_of("errors", errors, ERRORS)
    if not (isinstance(tolerance, Real) and 0 <= tolerance < 1 and isinstance(sweeps, int) and sweeps > 0):
        raise DesignError(
            f"tolerance is {tolerance!r} and sweeps is {sweeps!r}; give a number from 0 to below 1, and a whole number "
            "above 0"
        )
    weight = require_sample(sample).design.weight
    read = settle(read_margins(sample, margins), float(weight.sum()))
    codes, totals = [margin.code for margin in read], [margin.total for margin in read]
    fit = fit_proportionally(weight, codes, totals, tolerance=tolerance, sweeps=sweeps)
    known = Auxiliary.of_margins(read)
    if not fit.converged:
        _refuse_unconverged(fit, known, f"raking stopped after {fit.steps} sweeps")
    after = weight * fit.factor
    if errors == "r":
        return sample.reweighted(after, raking_credit(read, after))
    return sample.reweighted(after, regression_credit(known.x, weight, after))


def calibrate(
    sample: Sample,
    totals: Mapping[str, float | Totals],
    *,
    population: float | None = None,
    distance: Literal["linear", "raking", "logit"] = "linear",
    bounds: tuple[float, float] | None = None,
) -> Sample:
    """Change the weights as little as possible so that known totals are met.

    Parameters
    ----------
    sample : Sample
    totals : mapping
        ``{numeric column: total}`` in the column's unit, ``{other column: {level: total}}`` with all levels.
        Levels are counted in people, or in shares that sum to 1 in every column: of ``population`` when it is
        given, otherwise of the present sum of weights.
    population : float, optional
        Number of people; numeric totals alone do not fix it. Several numeric columns without it change
        how many people the sample stands for.
    distance : "linear", "raking" or "logit"
        Squared (the regression estimator, GREG), multiplicative, or logistic between ``bounds``.
    bounds : (float, float), optional
        Smallest and largest new weight ÷ old weight; ``logit`` needs them, with 1 between.

    Returns
    -------
    Sample
        Later standard errors are those of residuals of the regression on the columns.

    Raises
    ------
    DesignError
        Totals that cannot be met, by the bounds or because they contradict each other; weights below zero;
        missing answers.

    References
    ----------
    Deville, J.-C. and Särndal, C.-E. (1992). Journal of the American Statistical Association 87, 376–382.
    """
    form = _distance(distance, bounds)
    weight = require_sample(sample).design.weight
    known = _read_totals(sample, totals, population)
    if bounds is not None or distance != "linear":
        _refuse_unreachable(known, weight, *(bounds or (0.0, np.inf)))
    fit = fit_newton(form, weight, known.x, known.total)
    if not fit.converged:
        _refuse_unconverged(
            fit, known, f"{distance} calibration found no weights" + (_between(*bounds) if bounds else "")
        )
    after = weight * fit.factor
    negative = int((after < 0).sum())
    if negative:
        raise DesignError(
            f"linear calibration gives {negative} of {int((weight > 0).sum())} respondents a weight below zero, and "
            "nobody stands for fewer than no people; set bounds=(0.2, 5), say, or distance='raking'"
        )
    return sample.reweighted(after, regression_credit(known.x, weight, after))


@dataclass(frozen=True)
class Auxiliary:
    """Columns whose population totals are known.

    Attributes
    ----------
    x : sparse array, shape (rows, totals)
    total : float array, shape (totals,)
    names : tuple of str
        What each total is of, for errors.
    """

    x: sparse.csr_array
    total: np.ndarray
    names: tuple[str, ...]

    @classmethod
    def of_margins(cls, margins: Sequence[Margin]) -> Auxiliary:
        """All levels of all margins side by side."""
        names = [f"level {level!r} of {margin.variable!r}" for margin in margins for level in margin.levels]
        x = sparse.hstack([indicators(margin) for margin in margins], format="csr")
        return cls(sparse.csr_array(x), np.concatenate([margin.total for margin in margins]), tuple(names))

    @classmethod
    def of_numbers(cls, columns: Mapping[str, np.ndarray], totals: Sequence[float]) -> Auxiliary:
        """Numeric columns side by side."""
        return cls(sparse.csr_array(np.stack(list(columns.values()), axis=1)), np.array(totals), tuple(columns))


def _read_totals(sample: Sample, totals: Mapping[str, float | Totals], population: float | None) -> Auxiliary:
    """Columns and totals of a calibration, checked."""
    numeric, levels = split_totals(totals)
    columns = {f"the total of {name!r}": number_column(sample, name) for name in numeric}
    wanted = [any_total(given, name) for name, given in numeric.items()]
    if population is not None:
        columns["the population"] = (sample.design.weight > 0).astype(float)
        wanted.append(usable_total(population, "the population"))
    parts = [Auxiliary.of_numbers(columns, wanted)] if columns else []
    if len(levels):
        size = float(sample.design.weight.sum())
        parts.append(Auxiliary.of_margins(settle(read_margins(sample, levels), size, population)))
    if not parts:
        raise DesignError("no totals were given, so there is nothing to calibrate to; give {column: total}")
    x = sparse.csr_array(sparse.hstack([part.x for part in parts], format="csr"))
    names = tuple(name for part in parts for name in part.names)
    return Auxiliary(x, np.concatenate([part.total for part in parts]), names)


def _distance(distance: str, bounds: tuple[float, float] | None) -> Distance:
    one_of("distance", distance, DISTANCES)
    if bounds is None:
        if distance == "logit":
            raise DesignError("distance 'logit' needs bounds on new weight ÷ old weight, such as bounds=(0.3, 3)")
        return linear() if distance == "linear" else raking()
    pair = isinstance(bounds, Sequence) and len(bounds) == 2 and all(isinstance(end, Real) for end in bounds)
    low, high = bounds if pair else (1.0, 0.0)
    if not 0 <= low < high or (distance == "logit" and not low < 1 < high < np.inf):
        needed = "finite, with 1 between them" if distance == "logit" else "at least 0, the lower one first"
        raise DesignError(
            f"bounds {bounds!r} cannot hold new weight ÷ old weight; for {distance!r} they are two numbers, {needed}"
        )
    return {"linear": linear, "raking": raking, "logit": logit}[distance](low, high)


def _refuse_unreachable(known: Auxiliary, weight: np.ndarray, low: float, high: float) -> None:
    """Refuse a total that no factors between the bounds give, whatever the other totals are."""
    up, down = known.x.maximum(0).T @ weight, (-known.x).maximum(0).T @ weight
    upper = [np.where(part > 0, high, 0) * np.where(part > 0, part, 1) for part in (up, down)]
    most, least = upper[0] - low * down, low * up - upper[1]
    slack = 1e-9 * (np.abs(known.total) + up + down)
    outside = np.flatnonzero((known.total > most + slack) | (known.total < least - slack))
    if len(outside):
        worst = outside[0]
        reach = _reach(least[worst], most[worst])
        raise DesignError(
            f"{known.names[worst]} is to be {number(known.total[worst])}, but{_between(low, high)} the sample gives "
            f"{reach} ({len(outside)} of {len(known.total)} totals are out of reach); correct the total, widen the "
            "bounds, or join levels"
        )


def _between(low: float, high: float) -> str:
    """What bounds allow, inside a sentence."""
    return f" with factors from {low:g}" + (f" to {high:g}" if high < np.inf else " upwards")


def _reach(least: float, most: float) -> str:
    """The totals that can be had, inside a sentence."""
    if most == np.inf:
        return f"{number(least)} or more"
    return f"{number(most)} or less" if least == -np.inf else f"{number(least)} to {number(most)}"


def _refuse_unconverged(fit: Fit, known: Auxiliary, what: str) -> None:
    off = np.abs(fit.achieved - known.total) / np.where(known.total != 0, np.abs(known.total), 1)
    worst = int(off.argmax())
    raise DesignError(
        f"{what}: {known.names[worst]} is at {number(fit.achieved[worst])} instead of {number(known.total[worst])} "
        f"({int((off > 1e-6).sum())} of {len(off)} totals are off by more than a millionth); some totals exclude each "
        "other among these respondents: correct them, widen the bounds if there are any, join small levels, or leave "
        "a column out"
    )
