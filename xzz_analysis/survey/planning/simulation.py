"""The planner checked by simulation: draw both rounds many times, and compare with the formulas.

The model has exactly the declared correlations. The true shares of clusters are beta with mean p and
variance icc · p(1−p); answers are independent given them (beta-binomial counts). In the second round a
revisited cluster keeps its standing with a fixed probability, otherwise it draws anew: kept shares are
parts of one Dirichlet draw, so their covariance is icc · p(1−q) for shares p ≤ q, the largest there
is, and the probability is chosen to give ``correlation``. A respondent answers yes when a personal
uniform number is below the cluster's share; one asked again keeps that number with a probability
chosen to give ``panel_correlation``.

References
----------
Donner, A. and Klar, N. (2000). Design and Analysis of Cluster Randomization Trials in Health Research. Arnold.
Skellam, J. G. (1948). A probability distribution derived from the binomial distribution by regarding
the probability of success as variable between the sets of trials. J. R. Statist. Soc. B 10, 257–261.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
from scipy.special import betainc, betaincc, betaincinv

from xzz_analysis.errors import DesignError, Finding
from xzz_analysis.survey.engine.interval import critical, wilson
from xzz_analysis.survey.planning.plan import (
    Inputs,
    Plan,
    change_variance,
    impossible_overlap,
    refuse,
    require_plan,
    share_variance,
)
from xzz_analysis.survey.planning.sample_size import detectable_change, power_of_change

ANSWERS = 4_000_000
"""Most answers of a round that are held at once."""

SAME = 1e-9
"""Below this icc the clusters are drawn with one and the same share."""

POINTS = 400
"""Points of an integral over a smooth function; its error is far below that of any simulation."""

QUANTITIES = ("se of the share", "se of the change", "coverage of the share", "coverage of the change", "power")


def simulate(plan: Plan, *, change: float | None = None, repeats: int = 2000, seed: int = 1) -> pd.DataFrame:
    """Draw both rounds of a plan many times and set what happened beside the formulas.

    Each repeat estimates the share of the first round with the plain Wilson interval, and the change
    with the t interval of the design, both from the clusters' own totals.

    Parameters
    ----------
    plan : Plan
        Its clusters revisited and respondents asked again must be whole numbers, in one stratum. The
        test is t.
    change : float, optional
        True change; by default the smallest that the plan detects.
    repeats : int
        Number of simulated surveys, 100 or more.
    seed : int
        The same seed gives the same numbers.

    Returns
    -------
    DataFrame, five rows
        ``quantity, formula, simulated, error, reason``: empirical standard errors, coverage of the intervals,
        and the share of repeats that found the change in its own direction. ``error`` is the Monte
        Carlo standard error of ``simulated``. With a finite population only standard errors are
        simulated.

    Raises
    ------
    DesignError
        When the plan cannot be drawn, or no change can be detected and none is given.
    """
    require_plan(plan)
    if not (isinstance(repeats, int) and isinstance(seed, int) and seed >= 0):
        raise DesignError(f"repeats is {repeats!r} and seed is {seed!r}; both are whole numbers, the seed 0 or more")
    model = _model(plan, _true_change(plan, change), repeats)
    rng = np.random.default_rng(seed)
    parts = [_survey(model, rng, size) for size in _batches(model, repeats)]
    drawn = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    simulated, error = zip(*(_summary(name, drawn[name]) for name in QUANTITIES), strict=True)
    table = pd.DataFrame({"quantity": QUANTITIES, "formula": _formulas(plan, model), "simulated": simulated})
    table["error"], table["reason"] = error, ""
    if plan.population is not None:
        table.loc[2:, ["formula", "simulated", "error"]] = np.nan
        table.loc[2:, "reason"] = "with a finite population only standard errors are simulated"
    return table


@dataclass(frozen=True)
class _Model:
    """What is drawn: all clusters and respondents that either round needs.

    Attributes
    ----------
    before, after : float
        True shares of the two rounds.
    icc, level : float
    kept, kept_own : float
        Probabilities that a revisited cluster keeps its standing, and a respondent the personal number.
    clusters, shared, all_clusters : int
        Visited in each round, visited in both, and drawn in all.
    respondents, again, all_respondents : int
        The same for the respondents of a cluster.
    weights : array, shape (clusters,)
        Weights of the clusters, adding up to 1.
    finite, finite_clusters : bool
        Whether the target is the community's own share, and whether its clusters can be counted too.
    """

    before: float
    after: float
    icc: float
    level: float
    kept: float
    kept_own: float
    clusters: int
    shared: int
    all_clusters: int
    respondents: int
    again: int
    all_respondents: int
    weights: np.ndarray
    finite: bool
    finite_clusters: bool


def _true_change(plan: Plan, change: float | None) -> float:
    tested = replace(plan, test="t")
    found = detectable_change(tested) if change is None else power_of_change(tested, change)
    possible = found["change"].dropna()
    if possible.empty:
        raise DesignError(f"no change can be simulated ({found['reason'].iloc[0]}); give another plan or change=")
    return float(possible.iloc[0])


def _model(plan: Plan, change: float, repeats: int) -> _Model:
    _check(plan, repeats)
    before, after = plan.share, min(max(plan.share + change, 0.0), 1.0)
    kept, kept_own = _keeping(plan, before, after)
    k, m = int(plan.clusters), round(plan.per_cluster)
    shared = round(plan.overlap * k)
    again = round(plan.panel * m) if shared else m
    return _Model(
        before=before,
        after=after,
        icc=plan.icc,
        level=plan.level,
        kept=kept,
        kept_own=kept_own,
        clusters=k,
        shared=shared,
        all_clusters=round(plan.population or 2 * k - shared),
        respondents=m,
        again=again,
        all_respondents=round(plan.cluster_size or 2 * m - again),
        weights=_weights(k, plan.weight_cv),
        finite=plan.population is not None,
        finite_clusters=plan.cluster_size is not None,
    )


def _check(plan: Plan, repeats: int) -> None:
    """Refuse what cannot be drawn."""
    shared, again = plan.overlap * plan.clusters, plan.panel * plan.per_cluster
    size = (plan.population or 2 * plan.clusters) * (plan.cluster_size or 2 * plan.per_cluster)
    impossible = impossible_overlap(Inputs.of(plan))[0]
    checks = (
        (repeats < 100, f"{repeats} repeats show nothing", "take 100 or more"),
        (plan.strata != 1, f"strata is {plan.strata:g}, and one stratum is drawn", "set strata to 1"),
        (_broken(plan.per_cluster), f"per_cluster is {plan.per_cluster:g}", "give a whole number"),
        (_broken(shared), f"{shared:g} clusters are revisited", "give an overlap that makes it a whole number"),
        (_broken(again), f"{again:g} respondents are asked again", "give a panel that makes it a whole number"),
        (_broken(plan.population or 0), f"population is {plan.population}", "give a whole number"),
        (_broken(plan.cluster_size or 0), f"cluster_size is {plan.cluster_size}", "give a whole number"),
        (plan.weight_cv**2 >= plan.clusters - 1, f"weight_cv is {plan.weight_cv:g}", "give less, or more clusters"),
        (size > ANSWERS, f"{size:g} respondents in each repeat", f"at most {ANSWERS:g} can be drawn"),
        (impossible != "", impossible, "change the overlap"),
    )
    where = plan.label or "the plan"
    refuse([Finding("error", "plan", where, message, remedy) for wrong, message, remedy in checks if wrong])


def _broken(number: float) -> bool:
    return abs(number - round(number)) > 1e-9


def _keeping(plan: Plan, before: float, after: float) -> tuple[float, float]:
    """Probabilities that give the declared correlations, for clusters and for respondents."""
    most = min(before, after) * (1 - max(before, after))
    if most == 0:
        return 0.0, 0.0
    spread = math.sqrt(before * (1 - before) * after * (1 - after))
    kept = min(plan.correlation * spread / most, 1.0)
    declared = plan.correlation * plan.icc if plan.panel_correlation is None else plan.panel_correlation
    own = max(min(declared * spread, most) - plan.icc * kept * most, 0.0)
    reach = kept * most * (1 - plan.icc) + (1 - kept) * max(_reach_of_new(plan.icc, before, after), 0.0)
    if own > reach + 1e-9:
        limit = (reach + plan.icc * kept * most) / spread
        raise DesignError(
            f"panel_correlation {declared:g} cannot be simulated with correlation {plan.correlation:g} "
            f"and icc {plan.icc:g}: at most {limit:.4g}; lower it, or raise correlation"
        )
    return kept, min(own / reach, 1.0) if reach else 0.0


def _reach_of_new(icc: float, before: float, after: float) -> float:
    """Covariance of a respondent's answers with one personal number and two unrelated cluster shares.

    E min(P, Q) − pq for independent beta P and Q: E min(P, x) in closed form, averaged over the
    quantiles x of Q at the points of Gauss and Legendre.
    """
    if icc < SAME:
        return min(before, after) * (1 - max(before, after))
    total = (1 - icc) / icc
    points, weights = _gauss_legendre()
    x = betaincinv(after * total, (1 - after) * total, (points + 1) / 2)
    below = before * betainc(before * total + 1, (1 - before) * total, x)
    above = x * betaincc(before * total, (1 - before) * total, x)
    return float(weights @ (below + above)) / 2 - before * after


@cache
def _gauss_legendre() -> tuple[np.ndarray, np.ndarray]:
    points, weights = np.polynomial.legendre.leggauss(POINTS)
    return points, weights


def _weights(clusters: int, cv: float) -> np.ndarray:
    """Weights of two sizes with coefficient of variation ``cv``, adding up to 1."""
    heavy = max(1, int(clusters / (2 * (1 + cv**2))))
    odds = heavy / (clusters - heavy)
    weights = np.full(clusters, 1 - cv * math.sqrt(odds))
    weights[:heavy] = 1 + cv / math.sqrt(odds)
    return np.asarray(weights / clusters)


def _batches(model: _Model, repeats: int) -> Iterator[int]:
    most = max(1, ANSWERS // (model.all_clusters * model.all_respondents))
    for start in range(0, repeats, most):
        yield min(most, repeats - start)


def _survey(model: _Model, rng: np.random.Generator, repeats: int) -> dict[str, np.ndarray]:
    """Draw and estimate; errors of the estimates and whether the intervals and the test were right, (repeats,)."""
    true = _cluster_shares(model, rng, (repeats, model.all_clusters))
    answers = _answers(model, rng, true)
    k, m = model.clusters, model.respondents
    first, later = k - model.shared, m - model.again
    weights = rng.permuted(np.tile(model.weights, (repeats, 1)), axis=1)
    weights_after = np.concatenate([weights[:, first:], weights[:, :first]], axis=1)
    before = answers[0][:, :k, :m].mean(axis=2)
    after = answers[1][:, first : first + k, later : later + m].mean(axis=2)
    shares = [(weights * before).sum(axis=1), (weights_after * after).sum(axis=1)]
    influence = [weights * (before - shares[0][:, None]), weights_after * (after - shares[1][:, None])]
    together = (influence[0][:, first:] * influence[1][:, : model.shared]).sum(axis=1)
    variances = [(part**2).sum(axis=1) * k / (k - 1) for part in influence]
    change_se = np.sqrt(np.maximum(variances[0] + variances[1] - 2 * together * k / (k - 1), 0))
    return _outcomes(model, shares, np.sqrt(variances[0]), change_se, _targets(model, true, answers))


def _cluster_shares(model: _Model, rng: np.random.Generator, shape: tuple[int, int]) -> list[np.ndarray]:
    """True shares of the clusters in the two rounds, each of ``shape`` (repeats, clusters)."""
    low, high = sorted((model.before, model.after))
    total = (1 - model.icc) / model.icc if model.icc >= SAME else math.inf
    top = _beta(rng, high, total, shape)
    kept = top * (_beta(rng, low / high, high * total, shape) if high else 1.0)
    bottom = np.where(rng.random(shape) < model.kept, kept, _beta(rng, low, total, shape))
    return [bottom, top] if model.before <= model.after else [top, bottom]


def _beta(rng: np.random.Generator, mean: float, total: float, shape: tuple[int, int]) -> np.ndarray:
    """Beta draws with parameters mean · total and (1 − mean) · total; constant where they do not vary."""
    if mean in (0, 1) or math.isinf(total):
        return np.full(shape, mean)
    return rng.beta(mean * total, (1 - mean) * total, shape)


def _answers(model: _Model, rng: np.random.Generator, true: list[np.ndarray]) -> list[np.ndarray]:
    """Answers of everybody in the two rounds, each of shape (repeats, clusters, respondents)."""
    shape = (*true[0].shape, model.all_respondents)
    number = rng.random(shape)
    before = number < true[0][:, :, None]
    number = np.where(rng.random(shape) < model.kept_own, number, rng.random(shape))
    return [before, number < true[1][:, :, None]]


def _targets(model: _Model, true: list[np.ndarray], answers: list[np.ndarray]) -> list[np.ndarray]:
    """What the two estimates aim at: the model's share, or that of the community drawn, (repeats,)."""
    if not model.finite:
        return [np.full(len(true[0]), share) for share in (model.before, model.after)]
    if not model.finite_clusters:
        return [shares.mean(axis=1) for shares in true]
    return [round_answers.mean(axis=(1, 2)) for round_answers in answers]


def _outcomes(
    model: _Model, shares: list[np.ndarray], se: np.ndarray, change_se: np.ndarray, targets: list[np.ndarray]
) -> dict[str, np.ndarray]:
    """One array of shape (repeats,) for each of :data:`QUANTITIES`."""
    k = model.clusters
    df = np.full_like(se, k - 1)
    low, high = wilson(shares[0], se, df, np.full_like(se, k * model.respondents), model.level)
    change, target = shares[1] - shares[0], targets[1] - targets[0]
    reach = critical(df * (2 - model.shared / k), model.level) * change_se
    direction = 1 if model.after >= model.before else -1
    outcomes = (
        shares[0] - targets[0],
        change - target,
        (low <= targets[0]) & (targets[0] <= high),
        np.abs(change - target) <= reach,
        direction * change > reach,
    )
    return dict(zip(QUANTITIES, outcomes, strict=True))


def _summary(quantity: str, values: np.ndarray) -> tuple[float, float]:
    """Simulated quantity, and its Monte Carlo standard error by the delta method."""
    if not quantity.startswith("se"):
        return float(values.mean()), float(values.std() / math.sqrt(len(values)))
    se = math.sqrt((values**2).mean())
    return se, float((values**2).std() / (2 * se * math.sqrt(len(values)))) if se > 0 else 0.0


def _formulas(plan: Plan, model: _Model) -> list[float]:
    inputs = Inputs.of(replace(plan, test="t"))
    before, after = np.array([model.before]), np.array([model.after])
    share = math.sqrt(share_variance(inputs, before)[0])
    change = math.sqrt(change_variance(inputs, before, after)[0])
    power = power_of_change(replace(plan, test="t"), model.after - model.before)["power"].iloc[0]
    return [share, change, plan.level, plan.level, float(power)]
