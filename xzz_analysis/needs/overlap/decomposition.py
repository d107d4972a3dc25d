"""What made M0 change between two rounds: more children or deeper need, which dimension, which groups.

References
----------
Shorrocks, A. F. (2013). Decomposition procedures for distributional analysis: a unified framework based on the Shapley
value. Journal of Economic Inequality 11, 99–126.
Alkire, S., Roche, J. M. and Vaz, A. (2017). Changes over time in multidimensional poverty. World Development 94,
232–249.
Kitagawa, E. M. (1955). Components of a difference between two rates. JASA 50, 1168–1194.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.needs.overlap.basis import Asked, Basis
from xzz_analysis.needs.overlap.dimensions import (
    Dimension,
    Dimensions,
    check_dimensions,
    counted_rows,
    measured_dimensions,
    read_dimensions,
)
from xzz_analysis.needs.overlap.measures import counting_items
from xzz_analysis.needs.overlap.overlap import Cutoffs, make_scheme
from xzz_analysis.survey.change import composition_change
from xzz_analysis.survey.change.change import ByRound, Terms, change_items, estimate_by_round, stack_for
from xzz_analysis.survey.change.comparability import join_items
from xzz_analysis.survey.change.rounds import Rounds
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimate import By, Item
from xzz_analysis.survey.estimate.items import answers
from xzz_analysis.survey.estimates import Estimates, join, result_ids
from xzz_analysis.survey.testing.comparisons import Comparisons, Family, compare

STATISTICS = ("share", "mean", "ratio")
"""Of the measures, in the order they are made."""

EFFECTS = ("headcount_effect", "intensity_effect")
"""What H and what A add to the change of M0."""


@dataclass(frozen=True)
class OverlapChange:
    """How the overlap changed.

    Attributes
    ----------
    changes : Comparisons
        Changes of H (``headcount``), A, M0, censored and uncensored headcounts and contributions; those of the
        ``contribution`` of all dimensions add up to that of M0.
    effects : Comparisons
        ``headcount_effect`` and ``intensity_effect`` on M0, which add up to its change.
    mix : Comparisons
        The change of M0 within groups and by their mix, where ``over`` names groups.
    findings : tuple of Finding
        What was left out, and why.
    """

    changes: Comparisons
    effects: Comparisons
    mix: Comparisons
    findings: tuple[Finding, ...] = ()


def overlap_change(
    before: Sample,
    after: Sample,
    dimensions: tuple[Dimensions, Dimensions],
    cutoffs: Cutoffs = None,
    weights: Mapping[str, float] | None = None,
    by: By = None,
    *,
    over: str | Sequence[str] = (),
    terms: Terms | None = None,
) -> OverlapChange:
    """Estimate and split the change of an overlap between two rounds.

    Parameters
    ----------
    before, after : Sample
        Two rounds of one survey.
    dimensions : pair of mappings
        The same dimensions computed on the rows of each round. What only one round has measured, or has measured by
        another version, is left out of both.
    cutoffs, weights
        As in :func:`~xzz_analysis.needs.overlap.overlap.overlap`.
    by : str or sequence of str, optional
        Grouping columns, crossed; the whole only without them.
    over : str or sequence of str
        Groups whose mix may have changed, for ``mix``.
    terms : Terms, optional
        What the rounds share, adjustment and level, see ``survey.change``; its statistic is not used.

    Returns
    -------
    OverlapChange

    Raises
    ------
    InputError
        Dimensions that differ between the rounds, weights or cutoffs that cannot be used.
    DesignError
        Rounds that cannot be put on one design.

    Notes
    -----
    M0 = H·A, so ΔM0 = ΔH·(A₁+A₂)/2 + ΔA·(H₁+H₂)/2, Shapley's values of the two factors; standard errors by the delta
    method from the joint influences of both rounds. Where nobody is multiply deprived in a round, A is not defined
    there and the effects have the reason ``denominator_zero``.

    References
    ----------
    Shorrocks, A. F. (2013). Journal of Economic Inequality 11, 99–126.
    Alkire, S., Roche, J. M. and Vaz, A. (2017). World Development 94, 232–249.
    Kitagawa, E. M. (1955). Journal of the American Statistical Association 50, 1168–1194.
    """
    given = terms or Terms()
    pair, findings = _in_both((before, after), dimensions)
    if not pair[0]:
        return OverlapChange(Comparisons.none(), Comparisons.none(), Comparisons.none(), tuple(findings))
    bases = []
    for sample, one in zip((before, after), pair, strict=True):
        states, outside = read_dimensions(sample, one)
        scheme, unreached = make_scheme(states, list(dimensions[0]), cutoffs, weights)
        bases.append(Basis(Asked(sample, states.code, (), given.level), states, scheme, "measured"))
        findings += _of_round(outside, sample)
    items = (_items(bases[0]), _items(bases[1]))
    changes = [
        change_items(before, after, (items[0][name], items[1][name]), by, replace(given, statistic=name))
        for name in STATISTICS
    ]
    return OverlapChange(
        Comparisons(pd.concat([pd.DataFrame(part) for part in changes], ignore_index=True)),
        _effects((before, after), items, by, given),
        _mix((before, after), (items[0]["mean"], items[1]["mean"]), over, given) if over else Comparisons.none(),
        (*findings, *unreached),
    )


def _in_both(
    samples: tuple[Sample, Sample], dimensions: tuple[Dimensions, Dimensions]
) -> tuple[tuple[dict[str, Dimension], dict[str, Dimension]], list[Finding]]:
    """Dimensions of what both rounds have measured, the same way."""
    checked = [check_dimensions(one, len(sample)) for one, sample in zip(dimensions, samples, strict=True)]
    told = [{name: one.at_least for name, one in some.items()} for some in checked]
    if list(told[0].items()) != list(told[1].items()):
        raise InputError(
            f"the rounds have dimensions {told[0]} and {told[1]} (with the indicators each needs); what changed is "
            "told of the same dimensions in the same order"
        )
    found = [measured_dimensions(one, counted_rows(sample)) for one, sample in zip(checked, samples, strict=True)]
    findings = [one for sample, (_, some) in zip(samples, found, strict=True) for one in _of_round(some, sample)]
    first: dict[str, Dimension] = {}
    second: dict[str, Dimension] = {}
    for name, least in told[0].items():
        here, there = ({_asked(one): one for one in used[name].items} if name in used else {} for used, _ in found)
        both = [key for key in here if key in there]
        if len(both) < max(len(here), len(there)):
            findings.append(_not_comparable(name, max(len(here), len(there)) - len(both)))
        if len(both) >= least:
            first[name] = Dimension(tuple(here[key] for key in both), least)
            second[name] = Dimension(tuple(there[key] for key in both), least)
    return (first, second), findings


def _of_round(findings: Sequence[Finding], sample: Sample) -> list[Finding]:
    """Findings that say which round they are about."""
    name = sample.labels["round"]
    return [replace(one, where=f"{one.where}, {name}") if name else one for one in findings]


def _asked(item: Item) -> tuple[str, str, str]:
    return item.indicator, item.option, item.version


def _not_comparable(name: str, count: int) -> Finding:
    """Indicators of a dimension that only one round has measured."""
    message = (
        f"{count} of its indicators have an answer in one round only, or another version in each, so what changed is "
        "told without them"
    )
    remedy = "ask the same indicators in both rounds"
    return Finding("warning", "overlap_not_comparable", f"overlap: {name}", message, remedy, count)


def _items(basis: Basis) -> dict[str, list[Item]]:
    """Columns of respondents by statistic."""
    columns = zip(STATISTICS, counting_items(basis), strict=True)
    return {statistic: basis.asked.of_rows(items) for statistic, items in columns}


def _effects(
    samples: tuple[Sample, Sample], items: tuple[dict[str, list[Item]], dict[str, list[Item]]], by: By, terms: Terms
) -> Comparisons:
    """Shapley's split of every change of M0 into H and A."""
    rounds = stack_for(samples, [], by, terms)
    found = []
    for statistic, measure in (("share", "headcount"), ("ratio", "intensity")):
        pair = [[item for item in some[statistic] if item.indicator == measure] for some in items]
        joined, _ = join_items((pair[0], pair[1]), (len(samples[0]), len(samples[1])))
        found.append(estimate_by_round(rounds, joined, by, replace(terms, statistic=statistic)))
    if not len(found[0].rows):
        return Comparisons.none()
    every = join([one.estimates for one in found])
    shifted = np.where(found[1].rows >= 0, found[1].rows + len(found[0].estimates), -1)
    estimates = _linearised(every, np.stack([found[0].rows, shifted], axis=1), found[1], (rounds, terms))
    about = estimates.drop(columns=["estimate", "se", "result_id"])
    matrix, ids = sparse.eye_array(len(about), format="csr"), list(estimates["result_id"])
    out = compare(estimates, Family(matrix, pd.DataFrame(about), ids, terms.adjust, terms.level, 0.0))
    n = np.tile(np.nan_to_num(found[1].figures("n")), (2, 1))
    out["n_before"], out["n_after"] = n[:, 0], n[:, 1]
    return out


def _linearised(every: Estimates, rows: np.ndarray, found: ByRound, asked: tuple[Rounds, Terms]) -> Estimates:
    """Both effects with their influence; ``rows`` of shape (items × groups, 2 factors, 2 rounds)."""
    value = np.append(every["estimate"].to_numpy(float), np.nan)[rows]
    effect = np.diff(value, axis=2)[:, :, 0] * value.mean(axis=2)[:, ::-1]
    reason = found.reasons()
    abouts = [
        found.about(name).assign(
            indicator="adjusted_headcount",
            reason=pd.array(reason, dtype="str"),
            estimate=np.where(reason == "", effect[:, factor], np.nan),
        )
        for factor, name in enumerate(EFFECTS)
    ]
    estimates = Estimates(pd.concat(abouts, ignore_index=True))
    ids = _ids(estimates, *asked)
    slopes = _slopes(rows, value, len(every))
    influence = every.known_influence().combine(slopes, list(every["result_id"]), ids, linear=False)
    estimates["result_id"], estimates["se"] = ids, np.sqrt(influence.variance(ids))
    estimates.influence = influence
    return estimates


def _slopes(rows: np.ndarray, value: np.ndarray, size: int) -> np.ndarray:
    """Derivative of (X₂ − X₁)(Y₁ + Y₂)/2 in every estimate, for X = H, Y = A and the other way round."""
    known = np.where(np.isnan(value).any(axis=(1, 2), keepdims=True), 0.0, value)
    gap, middle = np.diff(known, axis=2)[:, :, 0], known.mean(axis=2)
    slopes = np.zeros((size + 1, 2 * len(rows)))
    for factor in (0, 1):
        other, place = 1 - factor, np.arange(len(rows)) + factor * len(rows)
        for one, sign in ((0, -1.0), (1, 1.0)):
            slopes[rows[:, factor, one], place] += sign * middle[:, other]
            slopes[rows[:, other, one], place] += gap[:, factor] / 2
    return slopes[:-1]


def _ids(estimates: Estimates, rounds: Rounds, terms: Terms) -> list[str]:
    """Result ids of the effects, from what was asked."""
    keys = estimates[["indicator", "version", "option", "statistic", "by"]].itertuples(index=False, name=None)
    method = f"shapley:{terms.overlap}"
    return [result_ids(rounds.sample.labels, [key[:4]], [key[4]], terms.level, method)[0] for key in keys]


def _mix(
    samples: tuple[Sample, Sample], means: tuple[list[Item], list[Item]], over: str | Sequence[str], terms: Terms
) -> Comparisons:
    """Kitagawa's split of every change of M0 into change within groups and change of their mix."""
    chosen = [[item for item in some if item.indicator == "adjusted_headcount"] for some in means]
    columns = [f"adjusted_headcount;{item.option};{item.version}" for item in chosen[0]]
    first, second = (_with_columns(sample, columns, some) for sample, some in zip(samples, chosen, strict=True))
    out = composition_change(
        *(first, second, columns, over),
        statistic="mean",
        overlap=terms.overlap,
        key=terms.key,
        adjust=terms.adjust,
        level=terms.level,
    )
    item = dict(zip(columns, chosen[0], strict=True))
    named = [item[column] for column in out["indicator"]]
    out["indicator"], out["option"] = "adjusted_headcount", [one.option for one in named]
    out["version"] = [one.version for one in named]
    return out


def _with_columns(sample: Sample, columns: Sequence[str], items: Sequence[Item]) -> Sample:
    """The sample with columns of its own, and why their answers are missing."""
    added = pd.DataFrame({name: answers(item) for name, item in zip(columns, items, strict=True)})
    reasons = pd.DataFrame({name: item.reasons for name, item in zip(columns, items, strict=True)})
    known = reasons if sample.reasons is None else pd.concat([sample.reasons, reasons], axis=1)
    out = sample.described(reasons=known)
    out.frame = pd.concat([sample.frame, added], axis=1)
    return out
