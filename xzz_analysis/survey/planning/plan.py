"""Plan: what is known or assumed before a round, and the sampling variance that follows from it.

Answers are yes or no with variance σ² = p(1−p). Two respondents of one cluster are alike with the
correlation ``icc``; two respondents of one cluster, one asked in each round, with ``correlation`` · ``icc``;
one respondent asked in both rounds with ``panel_correlation``.

References
----------
Kish, L. (1965). Survey Sampling. Wiley: the design effect 1 + (m − 1) · icc, and overlapping samples.
Kish, L. (1992). Weighting for unequal Pi. Journal of Official Statistics 8, 183–200: the factor 1 + cv².
Donner, A. and Klar, N. (2000). Design and Analysis of Cluster Randomization Trials in Health Research. Arnold.
Tam, S. M. (1984). On covariances from overlapping samples. The American Statistician 38, 288–289.
Steel, D. and McLaren, C. (2009). Design and analysis of surveys repeated over time. In: Handbook of Statistics
29B, Sample Surveys: Inference and Analysis, 289–313. Elsevier.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Literal

import numpy as np

from xzz_analysis.errors import DesignError, Finding, suggest
from xzz_analysis.survey.engine.interval import LEVELS

Test = Literal["t", "z"]
TESTS = ("t", "z")
SHOWN = 20
"""Most wrong inputs that one error lists; it always says how many there are."""


@dataclass(frozen=True)
class Plan:
    """One share of one community, and the sample that is to estimate it; both rounds have the same size.

    Parameters
    ----------
    share : float
        Expected share, between 0 and 1, both excluded; 0.5 is the most cautious.
    clusters : int
        First-stage units to visit in each round, at least 2 and more than ``strata``.
    per_cluster : float
        Respondents with a usable answer in each cluster, on average, at least 1.
    icc : float
        Correlation of the answers inside a cluster, from 0 to below 1; take it from an earlier round.
    overlap : float
        Share of the clusters that both rounds visit, 0 to 1.
    correlation : float
        Correlation between the rounds of the clusters' true shares, 0 to 1; 0 is the most cautious.
    panel : float
        Share of the respondents of revisited clusters who are asked again, 0 to 1.
    panel_correlation : float, optional
        Correlation of one respondent's two answers; by default no more than two neighbours',
        ``correlation`` · ``icc``.
    level, power : float
        Confidence level, and the chance that a real change is found.
    strata : int
        Strata of the sample; they cost degrees of freedom, and no gain in precision is assumed.
    weight_cv : float
        Coefficient of variation of the weights. Kish's factor 1 + cv² is exact when weights differ
        between clusters and cautious when they differ inside them.
    population : float, optional
        Clusters that the community has in all; more than can be counted by default.
    cluster_size : float, optional
        Respondents that a cluster has in all; more than can be counted by default. It matters only
        together with ``population``, and is 1 where respondents themselves are drawn.
    test : "t" or "z"
        How a change will be tested: "t" as the library does, with the degrees of freedom of the design;
        "z" as textbooks and R's ``power.prop.test`` do, normal with the pooled share under no change.
    label : str
        What the plan is about, for tables and errors.

    Raises
    ------
    DesignError
        Naming every input that cannot be used.
    """

    share: float
    clusters: int
    per_cluster: float
    icc: float
    overlap: float = 0.0
    correlation: float = 0.0
    panel: float = 0.0
    panel_correlation: float | None = None
    level: float = 0.95
    power: float = 0.8
    strata: int = 1
    weight_cv: float = 0.0
    population: float | None = None
    cluster_size: float | None = None
    test: Test = "t"
    label: str = ""

    def __post_init__(self) -> None:
        refuse(_wrong_alone(self) or _wrong_together(self))


@dataclass(frozen=True)
class Inputs:
    """The inputs of several plans as arrays of shape (plans,); what :class:`Plan` leaves open is filled in."""

    share: np.ndarray
    clusters: np.ndarray
    per_cluster: np.ndarray
    icc: np.ndarray
    overlap: np.ndarray
    correlation: np.ndarray
    panel: np.ndarray
    panel_correlation: np.ndarray
    level: np.ndarray
    power: np.ndarray
    strata: np.ndarray
    weight_cv: np.ndarray
    population: np.ndarray
    cluster_size: np.ndarray
    pooled: np.ndarray
    label: np.ndarray

    @classmethod
    def of(cls, plans: Plan | Sequence[Plan]) -> Inputs:
        """Collect one plan or several; no population is an infinite one."""
        listed = [plans] if isinstance(plans, Plan) else list(plans) if isinstance(plans, Sequence) else [plans]
        for plan in listed:
            require_plan(plan)
        names = (name for name in Plan.__dataclass_fields__ if name not in ("test", "label"))
        arrays = {name: np.array([_number(plan, name) for plan in listed], dtype=float) for name in names}
        pooled = np.array([plan.test == "z" for plan in listed], dtype=bool)
        return cls(**arrays, pooled=pooled, label=np.array([plan.label for plan in listed], dtype=object))

    @property
    def deff(self) -> np.ndarray:
        """Design effect of clusters and weights, (1 + cv²)(1 + (m − 1) · icc), before any population correction."""
        return np.asarray((1 + self.weight_cv**2) * (1 + (self.per_cluster - 1) * self.icc))


def share_variance(inputs: Inputs, share: np.ndarray) -> np.ndarray:
    """Sampling variance of a share in one round, shape (plans,).

    p(1−p) { (1 + cv²)/k · [icc + (1−icc)/m] − [icc + (1−icc)/M]/K }: the variance that k clusters of m
    respondents have in an endless population, less the part that belongs to the community's own
    K clusters of M respondents. Without K it is p(1−p)/n · deff.
    """
    drawn = (1 + inputs.weight_cv**2) / inputs.clusters * (inputs.icc + (1 - inputs.icc) / inputs.per_cluster)
    whole = (inputs.icc + (1 - inputs.icc) / inputs.cluster_size) / inputs.population
    return np.asarray(share * (1 - share) * np.maximum(drawn - whole, 0))


def share_covariance(inputs: Inputs, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Sampling covariance of the shares of two rounds, shape (plans,).

    overlap · (1 + cv²)/k · [c + panel/m · (r − c)] − [c + (r − c)/M]/K, where c = correlation · icc · σ₁σ₂ is
    the covariance of two neighbours and r = panel_correlation · σ₁σ₂ that of one respondent's two
    answers (Tam 1984 at both stages). Two different shares p < q cannot move together completely, so
    correlation · σ₁σ₂ and r are at most p(1−q), the largest covariance of two such answers.
    """
    spread = np.sqrt(before * (1 - before) * after * (1 - after))
    most = np.minimum(before, after) * (1 - np.maximum(before, after))
    neighbours = inputs.icc * np.minimum(inputs.correlation * spread, most)
    own = np.minimum(inputs.panel_correlation * spread, most) - neighbours
    shared = inputs.overlap * (1 + inputs.weight_cv**2) / inputs.clusters
    whole = (neighbours + own / inputs.cluster_size) / inputs.population
    return np.asarray(shared * (neighbours + inputs.panel / inputs.per_cluster * own) - whole)


def change_variance(inputs: Inputs, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Sampling variance of the difference of two rounds' shares, V₁ + V₂ − 2 Cov, shape (plans,)."""
    alone = share_variance(inputs, before) + share_variance(inputs, after)
    return np.asarray(np.maximum(alone - 2 * share_covariance(inputs, before, after), 0))


def impossible_overlap(inputs: Inputs) -> np.ndarray:
    """Why a second round with this overlap cannot be drawn from the community; empty where it can, shape (plans,)."""
    clusters = _too_few(inputs.clusters, inputs.population, inputs.overlap, "clusters", "overlap")
    respondents = _too_few(inputs.per_cluster, inputs.cluster_size, inputs.panel, "respondents per cluster", "panel")
    return np.where((clusters == "") & (inputs.overlap > 0), respondents, clusters)


def _too_few(drawn: np.ndarray, whole: np.ndarray, again: np.ndarray, units: str, name: str) -> np.ndarray:
    """Two rounds take 2 − again times the units of one, and there are only ``whole``."""
    texts = [
        f"impossible: {d:g} of {w:g} {units} in each round with {name} {a:g}; {name} must be {2 - w / d:.4g} or more"
        for d, w, a in zip(drawn, whole, again, strict=True)
    ]
    return np.where((2 - again) * drawn > whole * (1 + 1e-12), np.array(texts, dtype=object), "")


def require_plan(given: object) -> Plan:
    """The plan itself; :class:`DesignError` for anything else."""
    if not isinstance(given, Plan):
        raise DesignError(f"a Plan is needed, not a {type(given).__name__}; write Plan(share=…, clusters=…, …)")
    return given


def refuse(findings: Sequence[Finding]) -> None:
    """Raise one error that lists the wrong inputs; nothing happens when there is none."""
    if findings:
        more = f"; the first {SHOWN} are shown" if len(findings) > SHOWN else ""
        inputs = "1 input is" if len(findings) == 1 else f"{len(findings)} inputs are"
        raise DesignError(f"no sample can be planned: {inputs} wrong{more}", list(findings)[:SHOWN])


def _number(plan: Plan, name: str) -> float:
    value = getattr(plan, name)
    if value is not None:
        return float(value)
    return plan.correlation * plan.icc if name == "panel_correlation" else math.inf


MOST = 1e12
"""Largest input that is planned with."""

_UNIT = (lambda x: 0 <= x <= 1, "must lie from 0 to 1")
_INSIDE = (lambda x: 0 < x < 1, "must lie between 0 and 1, both excluded")
_RULES: dict[str, tuple[Callable[[float], bool], str]] = {
    "share": _INSIDE,
    "clusters": (lambda x: x >= 2 and x == int(x), "must be a whole number of 2 or more: one cluster shows no error"),
    "per_cluster": (lambda x: x >= 1, "must be 1 or more"),
    "icc": (lambda x: 0 <= x < 1, "must lie from 0 to below 1"),
    "overlap": _UNIT,
    "correlation": _UNIT,
    "panel": _UNIT,
    "panel_correlation": _UNIT,
    "level": (lambda x: LEVELS[0] <= x <= LEVELS[1], "must lie between 0 and 1, both excluded"),
    "power": _INSIDE,
    "strata": (lambda x: x >= 1 and x == int(x), "must be a whole number of 1 or more"),
    "weight_cv": (lambda x: x >= 0, "must be 0 (equal weights) or more"),
    "population": (lambda x: x >= 2, "counts the community's clusters: 2 or more"),
    "cluster_size": (lambda x: x >= 1, "counts a cluster's respondents: 1 or more"),
}
"""What each number must be, taken alone, and the words that say so."""

_OPEN = ("panel_correlation", "population", "cluster_size")


def _wrong_alone(plan: Plan) -> list[Finding]:
    """Inputs that are wrong whatever the others are."""
    found = []
    for name, (fits, words) in _RULES.items():
        value = getattr(plan, name)
        if value is None and name in _OPEN:
            continue
        if value is None:
            found.append(_finding(plan, f"{name} is not given", f"it {words}"))
        elif not (isinstance(value, Real) and math.isfinite(value)):
            found.append(_finding(plan, f"{name} is {value!r}", "give a finite number"))
        elif not fits(float(value)) or float(value) > MOST:
            remedy = f"it {words}" if float(value) <= MOST else f"give {MOST:g} at most"
            found.append(_finding(plan, f"{name} is {value:g}", remedy))
    if plan.test not in TESTS:
        found.append(_finding(plan, f"test is {plan.test!r}", f"choose t or z{suggest(plan.test, TESTS)}"))
    return found


def _wrong_together(plan: Plan) -> list[Finding]:
    """Inputs that contradict each other."""
    clusters, per_cluster, chance = plan.clusters, plan.per_cluster, (1 - plan.level) / 2
    population, size = _number(plan, "population"), _number(plan, "cluster_size")
    least = plan.correlation * plan.icc
    most = least + 1 - plan.icc
    answers = _number(plan, "panel_correlation")
    between = f"panel_correlation is {answers:g}; icc {plan.icc:g} and correlation {plan.correlation:g} do not allow it"
    checks = (
        (clusters <= plan.strata, f"{clusters:g} clusters in {plan.strata:g} strata", "give each stratum 2 or more"),
        (plan.power <= chance, f"power {plan.power:g} is no more than chance", f"it must exceed {chance:g}"),
        (clusters > population, f"{clusters:g} clusters of {population:g}", "correct clusters or population"),
        (per_cluster > size, f"{per_cluster:g} respondents of {size:g}", "correct per_cluster or cluster_size"),
        (not least - 1e-12 <= answers <= most + 1e-12, between, f"it must lie from {least:g} to {most:g}"),
    )
    return [_finding(plan, message, remedy) for wrong, message, remedy in checks if wrong]


def _finding(plan: Plan, message: str, remedy: str) -> Finding:
    return Finding("error", "plan", str(plan.label) or "the plan", message, remedy)
