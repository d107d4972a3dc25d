"""Trend over three or more rounds: a line through estimates that are correlated.

References
----------
Aitken, A. C. (1935). On least squares and linear combination of observations. Proceedings of the Royal Society of
Edinburgh 55, 42–48.
Binder, D. A. and Hidiroglou, M. A. (1988). Sampling in time. Handbook of Statistics 6, 187–211.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.errors import DesignError, suggest
from xzz_analysis.survey.change.change import ByRound, Terms, estimate_by_round, items_of, stack_for
from xzz_analysis.survey.change.comparability import join_items
from xzz_analysis.survey.change.rounds import Overlap, Rounds
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.design.columns import beyond
from xzz_analysis.survey.engine.influence import Influence
from xzz_analysis.survey.estimate import By, Item
from xzz_analysis.survey.testing.comparisons import COMPARISON_COLUMNS, Comparisons, Family, compare
from xzz_analysis.survey.testing.equality import NOTHING, Outcome, wald

FIT_COLUMNS = ("fit", "fit_df1", "fit_df2", "fit_p", "fit_reason")
TREND_COLUMNS = (*COMPARISON_COLUMNS, "rounds", *FIT_COLUMNS)
"""Columns of every frame of trends, in order."""

FEWEST = 3
"""Rounds that a trend needs: through two, every line fits."""

_SINGULAR = 1e-10
"""Smallest eigenvalue of a correlation matrix that can still be inverted."""

_YEAR = 365.25

Time = float | dt.date


def trend(
    samples: Sequence[Sample],
    what: str | Sequence[str],
    by: By = None,
    *,
    times: Mapping[str, Time] | None = None,
    statistic: str = "share",
    overlap: Overlap = "cluster",
    key: str | None = None,
    adjust: str = "holm",
    level: float = 0.95,
) -> Comparisons:
    """Estimate the slope of a line through the estimates of several rounds.

    Parameters
    ----------
    samples : sequence of Sample
        Three or more rounds, earliest first.
    what, by, statistic, overlap, key, adjust, level
        As in :func:`~xzz_analysis.survey.change.change.change`.
    times : mapping of str to number or date, optional
        When each round was, by the rounds' labels (``1``, ``2`` … where the samples have none). Without it rounds are
        one unit of time apart; dates are counted in years.

    Returns
    -------
    Comparisons
        One row per item × group, columns :data:`TREND_COLUMNS`: the estimate is the slope per unit of time, and
        ``statistic`` for example ``share_trend``. ``rounds`` counts those with an estimate. ``fit`` tests whether the
        estimates lie on a line (Wald, adjusted for the degrees of freedom); a small ``fit_p`` says that the slope does
        not describe what happened. ``reason`` is ``fewer_than_three_rounds``; ``no_sampling_error`` where a round has
        none, such as a share of none, so that a line would have to pass through it; or ``singular_covariance``.

    Raises
    ------
    DesignError
        Fewer than three samples; times that are absent, unknown, of two kinds or not in order.

    Notes
    -----
    With X = (1, t) and V the design covariance of the rounds' estimates y, the slope is the second of
    (Xᵀ V⁻¹ X)⁻¹ Xᵀ V⁻¹ y, and its variance that element of (Xᵀ V⁻¹ X)⁻¹. V is estimated from few clusters, which makes
    the standard error somewhat too small where rounds are many and degrees of freedom few.

    References
    ----------
    Aitken, A. C. (1935). On least squares and linear combination of observations. Proceedings of the Royal Society
    of Edinburgh 55, 42–48.
    """
    terms = Terms(statistic, overlap, key, None, adjust, level)
    if not isinstance(samples, Sequence):
        raise DesignError(f"a trend needs a list of samples, earliest first; got a {type(samples).__name__}")
    _refuse_few(samples)
    rounds = stack_for(samples, what, by, terms)
    return _trends(rounds, items_of(rounds.sample, what, statistic), by, times, terms)


def trend_items(
    samples: Sequence[Sample],
    items: Sequence[Sequence[Item]],
    terms: Terms,
    by: By = None,
    *,
    times: Mapping[str, Time] | None = None,
) -> Comparisons:
    """Trends of prepared items, such as indicators; result as in :func:`trend`.

    Parameters
    ----------
    samples : sequence of Sample
        Three or more rounds, earliest first.
    items : sequence of sequences of Item
        Computed on the rows of each round. An item that a round lacks was not asked there; one whose version changed
        has no trend, and is left out.
    terms : Terms
    by : str or sequence of str, optional
    times : mapping of str to number or date, optional

    References
    ----------
    Aitken, A. C. (1935). Proceedings of the Royal Society of Edinburgh 55, 42-48.
    """
    _refuse_few(samples)
    rounds = stack_for(samples, [], by, terms)
    joined, versions = join_items(items, [len(sample) for sample in samples])
    kept = [item for item in joined if (item.indicator, item.option) not in versions]
    return _trends(rounds, kept, by, times, terms)


def _refuse_few(samples: Sequence[Sample]) -> None:
    if len(samples) < FEWEST:
        raise DesignError(f"a trend needs {FEWEST} rounds or more, and {len(samples)} were given; use change() for two")


def _trends(
    rounds: Rounds, items: Sequence[Item], by: By, times: Mapping[str, Time] | None, terms: Terms
) -> Comparisons:
    """Slopes of items of stacked rounds, one row per item × group."""
    time = _times(times, rounds.names)
    found = estimate_by_round(rounds, items, by, terms)
    if len(found.rows) == 0:
        return Comparisons(columns=list(TREND_COLUMNS))
    fits = [_fit(found, row, time) for row in range(len(found.rows))]
    about = found.about(f"{terms.statistic}_trend")
    about["reason"] = pd.array([reason for _, reason, _ in fits], dtype="str")
    matrix = sparse.csr_array(np.stack([coefficients for coefficients, _, _ in fits]))
    asked = f"{terms.statistic}_trend:{terms.overlap}:{','.join(f'{one:.12g}' for one in time)}"
    family = Family(matrix, about, [asked] * len(about), terms.adjust, terms.level, 0.0, fitted=True)
    out = compare(found.estimates, family)
    out["rounds"] = np.isfinite(found.figures("estimate")).sum(axis=1)
    outcomes = [outcome for _, _, outcome in fits]
    for column, name in zip(FIT_COLUMNS, ("statistic", "df1", "df2", "p", "reason"), strict=True):
        out[column] = pd.array([getattr(one, name) for one in outcomes], dtype="str" if name == "reason" else "float64")
    return out


def line(y: np.ndarray, covariance: np.ndarray, time: np.ndarray, df: float) -> tuple[np.ndarray, Outcome]:
    """Slope of a line through correlated estimates, and the test of the line.

    Parameters
    ----------
    y : float array, shape (rounds,)
    covariance : float array, shape (rounds, rounds)
    time : float array, shape (rounds,)
    df : float
        Degrees of freedom of the design.

    Returns
    -------
    coefficients : float array, shape (rounds,)
        The slope is their product with ``y``; all zero where there is none.
    fit : Outcome
        Of y − Xβ = 0 in the rounds − 2 directions that no line reaches. It has a reason where there are no
        coefficients: a round without sampling error, or a singular covariance.
    """
    se = np.sqrt(np.maximum(np.diag(covariance), 0))
    usable = se > NOTHING * (np.abs(y).max() + se.max())
    unit = np.where(usable, se, 1.0)
    correlation = covariance / np.outer(unit, unit)
    if not usable.all():
        return np.zeros(len(y)), Outcome(reason="no_sampling_error")
    if np.linalg.eigvalsh(correlation)[0] < _SINGULAR:
        return np.zeros(len(y)), Outcome(reason="singular_covariance")
    span = time.max() - time.min()
    straight = np.stack([np.ones(len(y)), (time - time.mean()) / span], axis=1)
    x = straight / unit[:, None]
    weighted = np.linalg.solve(correlation, x)
    coefficients = np.linalg.solve(x.T @ weighted, weighted.T)[1] / unit / span
    basis = np.linalg.qr(straight, mode="complete")[0][:, 2:]
    return coefficients, wald(basis.T @ y, basis.T @ covariance @ basis, df, adjusted=True)


def _fit(found: ByRound, row: int, time: np.ndarray) -> tuple[np.ndarray, str, Outcome]:
    """Coefficients of every estimate in one trend, the reason why there is none, and the test of the line."""
    coefficients = np.zeros(len(found.estimates))
    places = found.rows[row]
    value = found.figures("estimate")[row]
    made = np.isfinite(value)
    if made.sum() < FEWEST:
        reason = "fewer_than_three_rounds" if made.any() else "nobody_answered"
        coefficients[places[places >= 0]] = 1.0  # whose respondents and degrees of freedom the row counts
        return coefficients, reason, Outcome(reason=reason)
    influence: Influence = found.estimates.known_influence()
    ids = list(found.estimates["result_id"].to_numpy()[places[made]])
    own, outcome = line(value[made], influence.covariance(ids), time[made], influence.degrees(ids))
    lacking = outcome.reason if not own.any() else ""
    coefficients[places[made]] = own if own.any() else 1.0
    return coefficients, lacking, outcome


def _times(times: Mapping[str, Time] | None, names: Sequence[str]) -> np.ndarray:
    """When the rounds were, as numbers in increasing order, shape (rounds,)."""
    if times is not None and not isinstance(times, Mapping):
        raise DesignError(f"times is a mapping of rounds to numbers or dates, not of type {type(times).__name__}")
    if times is None:
        return np.arange(len(names), dtype=float)
    for name in names:
        if name not in times:
            raise DesignError(f"times has no round {name!r}; its rounds are {', '.join(map(repr, times))}")
    for name in times:
        if name not in names:
            raise DesignError(f"times names round {name!r}, which is not among the samples{suggest(name, names)}")
    given = [np.nan if isinstance(times[name], type(pd.NaT)) else times[name] for name in names]
    dates = [isinstance(one, dt.date) for one in given]
    if any(dates) != all(dates) or not all(isinstance(one, (dt.date, int, float, np.number)) for one in given):
        raise DesignError(
            f"times holds {', '.join(type(one).__name__ for one in given)}, so the time between rounds is not known; "
            "write all as numbers, or all as dates"
        )
    numbers = [one.toordinal() / _YEAR if isinstance(one, dt.date) else float(one) for one in given]
    if not np.isfinite(numbers).all() or beyond(np.diff(numbers)).any() or (np.diff(numbers) <= 0).any():
        listed = ", ".join(f"{name}: {one}" for name, one in zip(names, given, strict=True))
        raise DesignError(f"rounds are given earliest first, each at a time of its own; got {listed}")
    return np.array(numbers) - numbers[0]
