"""The Rasch model by weighted conditional maximum likelihood: severities of items, measures of persons, and fit.

P(x = 1) = 1 / (1 + exp(β_i − θ)). Given the raw score r the measure θ drops out, and the likelihood of a pattern is
Π ε_i^{x_i} / γ_r(ε) with ε_i = exp(−β_i) and γ_r the elementary symmetric function of order r.

References
----------
Fischer, G. H. and Molenaar, I. W. (1995). Rasch Models: Foundations, Recent Developments, and Applications,
chapters 3, 4 and 8. Springer.
Cafiero, C., Viviani, S. and Nord, M. (2018). Food security measurement in a global context: The food insecurity
experience scale. Measurement 116, 146–152.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph
from scipy.special import expit, logit

from xzz_analysis.errors import InputError

_STEPS = 50
"""Newton steps at most; a likelihood with a maximum is climbed in fewer than ten."""

_SMALL = 1e-10
"""Slope per respondent at which the maximum is reached; rounding is below 1e-14."""

EXTREME = 0.5
"""Raw scores 0 and k are measured as if half an item were affirmed or denied (Cafiero et al. 2018)."""


@dataclass(frozen=True)
class Fit:
    """How well the answers follow the model.

    Attributes
    ----------
    infit, outfit : float arrays, shape (k,)
        Mean squares, 1 when an item fits; residuals are from the probabilities given the raw score.
    residual_correlation : float array, shape (k, k)
        Of the residuals of two items, given the raw score; high where two items ask the same thing.
    reliability, reliability_flat : float
        Share of the variance of measures that is no error of measurement, extreme scores left out; the second
        counts every raw score alike, so that surveys can be compared.
    """

    infit: np.ndarray
    outfit: np.ndarray
    residual_correlation: np.ndarray
    reliability: float
    reliability_flat: float


@dataclass(frozen=True)
class Rasch:
    """A fitted Rasch model of k items.

    Attributes
    ----------
    items : tuple of str
    severity, se : float arrays, shape (k,)
        β in logits, with mean 0, and their model-based standard errors.
    covariance : float array, shape (k, k)
        Of the severities; each row adds up to 0.
    log_likelihood : float
        Weighted, weights of those used adding up to their number.
    measure, error : float arrays, shape (k + 1,)
        θ in logits of each raw score by maximum likelihood, and its error of measurement.
    raw : float array, shape (n,)
        Items affirmed; NaN for respondents with a missing answer.
    influence : float array, shape (n, k)
        How the severities move with a respondent's weight, 0 for extreme or incomplete answers: a weighted total of
        these has the design-based error of the severities.
    fit : Fit
    n, extreme, incomplete : int
        Respondents the severities are estimated from, those with all or no items affirmed, and those with a
        missing answer.
    """

    items: tuple[str, ...]
    severity: np.ndarray
    se: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    measure: np.ndarray
    error: np.ndarray
    raw: np.ndarray
    influence: np.ndarray
    fit: Fit
    n: int
    extreme: int
    incomplete: int


def rasch(items: pd.DataFrame, weights: np.ndarray | None = None) -> Rasch:
    """Fit the Rasch model to yes/no items.

    Parameters
    ----------
    items : DataFrame of float, shape (n, k)
        1 affirmed, 0 denied, NaN without an answer; one column per item, k ≥ 3.
    weights : float array, shape (n,), optional
        Sampling weights in any unit; all alike without them.

    Returns
    -------
    Rasch

    Raises
    ------
    InputError
        Values other than 0 and 1, fewer than three items, weights that are negative or not finite, nobody with a
        complete and not extreme set of answers, items that everybody or nobody affirmed, items that fall into groups
        which no respondent connects.

    Notes
    -----
    Only complete answers count, and those with raw score 0 or k say nothing about the items. Newton's method on the
    conditional log-likelihood, with symmetric functions by the summation algorithm, in which nothing is subtracted.

    References
    ----------
    Andersen, E. B. (1972). The numerical solution of a set of conditional estimation equations. J. Royal Statistical
    Society B 34, 42–54.
    Formann, A. K. (1986). A note on the computation of the second-order derivatives of the elementary symmetric
    functions in the Rasch model. Psychometrika 51, 335–339.
    """
    x, names = _answers(items)
    weight = _weights(weights, len(x))
    raw = x.sum(axis=1)
    complete = ~np.isnan(raw) & (weight > 0)
    used = complete & (raw > 0) & (raw < len(names))
    _refuse_undetermined(x[used], names, int(complete.sum()))
    relative = used.sum() / weight[used].sum()
    patterns = _Patterns(x[used], raw[used].astype(int), weight[used] * relative)
    severity, likelihood = _maximise(patterns)
    covariance = _inverse(_information(severity, patterns.counts))
    influence = np.zeros_like(x)
    influence[used] = relative * (conditional(severity)[patterns.raw] - patterns.x) @ covariance
    measure, error = measures(severity)
    return Rasch(
        items=names,
        severity=severity,
        se=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        log_likelihood=likelihood,
        measure=measure,
        error=error,
        raw=raw,
        influence=influence,
        fit=_fit(patterns, severity),
        n=int(used.sum()),
        extreme=int((complete & ~used).sum()),
        incomplete=int(np.isnan(raw).sum()),
    )


@dataclass(frozen=True)
class _Patterns:
    """Answers that say something about the items: x of shape (m, k), raw scores and weights of shape (m,)."""

    x: np.ndarray
    raw: np.ndarray
    share: np.ndarray

    @property
    def affirmed(self) -> np.ndarray:
        """Weighted number who affirmed each item, shape (k,)."""
        return np.asarray(self.share @ self.x)

    @property
    def counts(self) -> np.ndarray:
        """Weighted number with each raw score, shape (k + 1,)."""
        return np.bincount(self.raw, self.share, minlength=self.x.shape[1] + 1)


def symmetric(epsilon: np.ndarray) -> np.ndarray:
    """Elementary symmetric functions by the summation algorithm.

    Parameters
    ----------
    epsilon : float array, shape (…, k)
        Zero leaves an item out.

    Returns
    -------
    float array, shape (…, k + 1)
        γ_0 = 1 to γ_k, the product of all.

    References
    ----------
    Fischer, G. H. (1974). Einführung in die Theorie psychologischer Tests, chapter 14. Huber.
    """
    size = epsilon.shape[-1]
    gamma = np.zeros((*epsilon.shape[:-1], size + 1))
    gamma[..., 0] = 1.0
    for place in range(size):
        gamma[..., 1:] = gamma[..., 1:] + epsilon[..., place, None] * gamma[..., :-1]
    return gamma


def conditional(severity: np.ndarray) -> np.ndarray:
    """Probability that each item is affirmed, given the raw score.

    Parameters
    ----------
    severity : float array, shape (k,)

    Returns
    -------
    float array, shape (k + 1, k)
        For raw scores 0 to k; a row adds up to its raw score.
    """
    epsilon = np.exp(-(severity - severity.mean()))
    without = symmetric(epsilon * ~np.eye(len(epsilon), dtype=bool))
    gamma = symmetric(epsilon)
    out = np.zeros((len(gamma), len(epsilon)))
    out[1:] = epsilon * without[:, :-1].T / gamma[1:, None]
    return out


def measures(severity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Measure of every raw score, and its error.

    Parameters
    ----------
    severity : float array, shape (k,)
        In logits.

    Returns
    -------
    measure, error : float arrays, shape (k + 1,)
        θ with Σ P_i(θ) = r, and 1 / √(Σ P_i (1 − P_i)); raw scores 0 and k are taken as 0.5 and k − 0.5.

    References
    ----------
    Cafiero, C., Viviani, S. and Nord, M. (2018). Measurement 116, 146–152.
    """
    size = len(severity)
    raw = np.clip(np.arange(size + 1.0), EXTREME, size - EXTREME)
    low = np.full(size + 1, severity.min() + logit(EXTREME / size) - 1)
    high = np.full(size + 1, severity.max() - logit(EXTREME / size) + 1)
    for _ in range(60):  # halving: 2⁻⁶⁰ of the bracket is below rounding
        middle = (low + high) / 2
        below = expit(middle[:, None] - severity).sum(axis=1) < raw
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    measure = (low + high) / 2
    p = expit(measure[:, None] - severity)
    return measure, 1 / np.sqrt((p * (1 - p)).sum(axis=1))


def _maximise(patterns: _Patterns) -> tuple[np.ndarray, float]:
    """Severities and the log-likelihood at its maximum, by Newton's method."""
    affirmed, counts = patterns.affirmed, patterns.counts
    severity = np.log((counts.sum() - affirmed) / affirmed)
    severity -= severity.mean()
    likelihood = _likelihood(severity, affirmed, counts)
    for _ in range(_STEPS):
        slope = counts @ conditional(severity) - affirmed
        if np.abs(slope).max() <= _SMALL * counts.sum():
            return severity, likelihood
        step = _inverse(_information(severity, counts)) @ slope
        severity, likelihood = _climb(severity, step, likelihood, (affirmed, counts))
    raise InputError(
        f"the severities of {len(severity)} items did not settle in {_STEPS} steps ({len(patterns.x)} respondents); "
        "leave out items that nearly everybody or nearly nobody affirmed"
    )


def _climb(
    severity: np.ndarray, step: np.ndarray, likelihood: float, data: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, float]:
    """Take a Newton step, halved until the likelihood does not fall."""
    for _ in range(30):
        tried = severity + step - (severity + step).mean()
        reached = _likelihood(tried, *data)
        if reached >= likelihood - 1e-12 * abs(likelihood):
            return tried, reached
        step = step / 2
    return severity, likelihood


def _likelihood(severity: np.ndarray, affirmed: np.ndarray, counts: np.ndarray) -> float:
    held = counts > 0
    return float(-severity @ affirmed - counts[held] @ np.log(symmetric(np.exp(-severity))[held]))


def _information(severity: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Σ_r n_r Cov(x_i, x_j | r), shape (k, k); adding a constant to all severities changes nothing."""
    size = len(severity)
    epsilon = np.exp(-severity)
    others = ~(np.eye(size, dtype=bool)[:, None, :] | np.eye(size, dtype=bool)[None, :, :])
    gamma = symmetric(epsilon)
    both = np.zeros((size + 1, size, size))
    both[2:] = np.moveaxis(symmetric(epsilon * others)[..., : size - 1], -1, 0)
    both *= epsilon[:, None] * epsilon / gamma[:, None, None]
    single = conditional(severity)
    places = np.arange(size)
    both[:, places, places] = single
    return np.asarray(np.einsum("r,rij->ij", counts, both - single[:, :, None] * single[:, None, :]))


def _inverse(information: np.ndarray) -> np.ndarray:
    """Inverse among changes that leave the mean severity at 0; the information knows no other."""
    size = len(information)
    constant = np.full((size, size), np.trace(information) / size**2)
    mean = np.full((size, size), 1 / np.trace(information))
    return np.asarray(np.linalg.inv(information + constant) - mean)


def _fit(patterns: _Patterns, severity: np.ndarray) -> Fit:
    x, p, share = patterns.x, conditional(severity)[patterns.raw], patterns.share
    squared, variance = (x - p) ** 2, p * (1 - p)
    measured, counts = measures(severity), patterns.counts[1:-1]
    return Fit(
        infit=share @ squared / (share @ variance),
        outfit=share @ (squared / variance) / share.sum(),
        residual_correlation=_correlation(x - p, share),
        reliability=_reliability(*measured, counts),
        reliability_flat=_reliability(*measured, np.ones_like(counts)),
    )


def _reliability(measure: np.ndarray, error: np.ndarray, counts: np.ndarray) -> float:
    """Variance between raw scores over itself plus the error of measurement; extreme scores are left out."""
    mean = np.average(measure[1:-1], weights=counts)
    between = np.average((measure[1:-1] - mean) ** 2, weights=counts)
    return float(between / (between + np.average(error[1:-1] ** 2, weights=counts)))


def _correlation(residual: np.ndarray, share: np.ndarray) -> np.ndarray:
    centred = residual - np.average(residual, axis=0, weights=share)
    covariance = (centred * share[:, None]).T @ centred
    spread = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(spread, spread))


def _answers(items: pd.DataFrame) -> tuple[np.ndarray, tuple[str, ...]]:
    names = tuple(str(name) for name in items.columns)
    if len(names) < 3:
        raise InputError(f"the Rasch model needs at least 3 items, and {len(names)} were given ({', '.join(names)})")
    kinds = zip(names, items.dtypes, strict=True)
    number, boolean = pd.api.types.is_any_real_numeric_dtype, pd.api.types.is_bool_dtype
    text = [name for name, kind in kinds if not (number(kind) or boolean(kind))]
    if text:
        raise InputError(f"item {text[0]!r} holds no numbers; the Rasch model needs 1 for affirmed and 0 for denied")
    x = np.asarray(items.to_numpy(float, na_value=np.nan))
    wrong = (~np.isnan(x) & (x != 0) & (x != 1)).sum(axis=0)
    if wrong.any():
        place = int(np.flatnonzero(wrong)[0])
        raise InputError(f"item {names[place]!r} has {wrong[place]} answers other than 0 and 1; recode them first")
    return x, names


def _weights(weights: np.ndarray | None, size: int) -> np.ndarray:
    if weights is None:
        return np.ones(size)
    given = np.asarray(weights, float)
    wrong = int((~np.isfinite(given) | (given < 0)).sum()) if given.shape == (size,) else size
    if wrong:
        raise InputError(f"{wrong} of {size} weights are no finite numbers ≥ 0; give one weight for each respondent")
    return given


def _refuse_undetermined(x: np.ndarray, names: Sequence[str], complete: int) -> None:
    """Finite severities exist where respondents connect every item with every other, in both directions."""
    if not len(x):
        raise InputError(
            f"none of {complete} complete respondents affirmed some items and denied others, so the items' severities "
            "cannot be estimated; with everybody at one end report the share of raw score 0 instead"
        )
    for told, at_end in (("nobody", x.sum(axis=0) == 0), ("everybody", x.sum(axis=0) == len(x))):
        if at_end.any():
            item = names[int(np.flatnonzero(at_end)[0])]
            raise InputError(
                f"item {item!r} was affirmed by {told} of the {len(x)} respondents who affirmed some items and denied "
                "others, so its severity is not finite; leave it out, and equate without it"
            )
    connected = sparse.csr_array((x.T @ (1 - x)) > 0)
    groups, member = csgraph.connected_components(connected, directed=True, connection="strong")
    if groups > 1:
        first = [name for name, group in zip(names, member, strict=True) if group == member[0]]
        raise InputError(
            f"items fall into {groups} groups that answers do not connect ({', '.join(first)} and the rest): nobody "
            f"of {len(x)} affirmed the severer ones alone, so their distance is not finite; leave some out"
        )
