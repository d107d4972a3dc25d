"""Two readings of the same deprivations: Alkire and Foster's counts, and MODA's patterns.

References
----------
Alkire, S. and Foster, J. (2011). Counting and multidimensional poverty measurement. Journal of Public Economics 95,
476–487.
de Neubourg, C., Chai, J., de Milliano, M., Plavgo, I. and Wei, Z. (2012). Step-by-step guidelines to the Multiple
Overlapping Deprivation Analysis. UNICEF Office of Research, Working Paper 2012-10.
Manski, C. F. (2003). Partial Identification of Probability Distributions, chapter 1 (bounds with missing answers).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations as pairs_of

import numpy as np

from xzz_analysis.language import Label
from xzz_analysis.needs.overlap.basis import Basis, Rows
from xzz_analysis.needs.overlap.dimensions import TOGETHER, alike, counted_rows
from xzz_analysis.survey.estimate import Item
from xzz_analysis.survey.estimate.batches import CELLS
from xzz_analysis.survey.estimates import Estimates, group_key, join

MEASURES: dict[str, Label] = {
    "headcount": {"zh": "多重剥夺发生率 H", "en": "Share multiply deprived, H"},
    "headcount_low": {"zh": "多重剥夺发生率的下界", "en": "Share multiply deprived, lowest possible"},
    "headcount_high": {"zh": "多重剥夺发生率的上界", "en": "Share multiply deprived, highest possible"},
    "intensity": {"zh": "平均剥夺强度 A", "en": "Average share of deprivations among the multiply deprived, A"},
    "adjusted_headcount": {"zh": "调整后的多重剥夺指数 M0", "en": "Adjusted headcount ratio, M0"},
    "adjusted_headcount_low": {"zh": "调整后指数的下界", "en": "Adjusted headcount ratio, lowest possible"},
    "adjusted_headcount_high": {"zh": "调整后指数的上界", "en": "Adjusted headcount ratio, highest possible"},
    "uncensored_headcount": {"zh": "单项剥夺率（未截取）", "en": "Share deprived in the dimension"},
    "incidence": {"zh": "单项剥夺率（该维度已测量者）", "en": "Share deprived, of all measured in the dimension"},
    "incidence_low": {"zh": "单项剥夺率的下界", "en": "Share deprived in the dimension, lowest possible"},
    "incidence_high": {"zh": "单项剥夺率的上界", "en": "Share deprived in the dimension, highest possible"},
    "censored_headcount": {
        "zh": "多重剥夺且该维度被剥夺的比例",
        "en": "Share multiply deprived and deprived in the dimension",
    },
    "contribution": {"zh": "维度对 M0 的贡献", "en": "Contribution of the dimension to M0"},
    "contribution_share": {"zh": "维度对 M0 的贡献率", "en": "Contribution of the dimension as a share of M0"},
    "group_share": {"zh": "该组占儿童的比例", "en": "Share of the children who are in the group"},
    "group_contribution": {"zh": "该组对 M0 的贡献率", "en": "Contribution of the group as a share of M0"},
    "deprivations": {"zh": "恰有若干项剥夺的比例", "en": "Share with exactly this many deprivations"},
    "at_least": {"zh": "至少有若干项剥夺的比例", "en": "Share with at least this many deprivations"},
    "at_least_low": {"zh": "至少若干项剥夺比例的下界", "en": "Share with at least this many, lowest possible"},
    "at_least_high": {"zh": "至少若干项剥夺比例的上界", "en": "Share with at least this many, highest possible"},
    "mean_deprivations": {"zh": "人均剥夺项数", "en": "Deprivations per child"},
    "depth": {"zh": "被剥夺儿童的人均剥夺项数", "en": "Deprivations per deprived child"},
    "together": {"zh": "在该维度被剥夺、同时另有若干项", "en": "Share deprived here and in so many others"},
    "together_of_deprived": {
        "zh": "该维度被剥夺者中另有若干项的比例",
        "en": "Of those deprived here, share with so many others",
    },
    "pair": {"zh": "两个维度同时被剥夺的比例", "en": "Share deprived in both dimensions"},
    "combination": {"zh": "恰好被剥夺于这些维度的比例", "en": "Share deprived in exactly these dimensions"},
}
"""What each measure is, in the words of a report."""

BATCH = 64
"""Combinations estimated at a time: bounds memory, changes no figure."""


def counting(basis: Basis) -> Estimates:
    """Alkire and Foster's measures of every cutoff.

    Parameters
    ----------
    basis : Basis

    Returns
    -------
    Estimates
        ``headcount`` H, ``intensity`` A and ``adjusted_headcount`` M0; by cutoff and dimension ``censored_headcount``,
        ``contribution`` (adding up to M0) and ``contribution_share`` (to one); by dimension ``uncensored_headcount``.

    Notes
    -----
    With deprivations g and weights w that add up to one, cᵢ = Σ_d w_d gᵢ_d, and ρᵢ = 1 where cᵢ ≥ k: H is the mean of
    ρ, M0 the mean of cρ, A = Σcρ / Σρ, the contribution of d the mean of w_d g_d ρ.
    """
    return basis.asked.estimate(*counting_items(basis))


def counting_items(basis: Basis) -> tuple[list[Item], list[Item], list[Item]]:
    """The columns behind :func:`counting`: shares, means and ratios."""
    rows, shares, means, ratios = basis.measured, [], [], []
    for cutoff in basis.scheme.cutoffs:
        place, poor = {"cutoff": cutoff.name}, basis.reaches(basis.score, cutoff)
        counted = basis.score * poor
        shares.append(rows.item("headcount", poor, place))
        means.append(rows.item("adjusted_headcount", counted, place))
        ratios.append(rows.item("intensity", counted, place, poor))
        for name, weight, deprived in _dimensions(basis):
            both, at = deprived & poor, {**place, "dimension": name}
            shares.append(rows.item("censored_headcount", both, at))
            means.append(rows.item("contribution", weight * both, at))
            ratios.append(rows.item("contribution_share", weight * both, at, counted))
    shares += [
        rows.item("uncensored_headcount", deprived, {"dimension": name}) for name, _, deprived in _dimensions(basis)
    ]
    return shares, means, ratios


def bounds(basis: Basis) -> Estimates:
    """The lowest and the highest value that the missing answers allow.

    Parameters
    ----------
    basis : Basis

    Returns
    -------
    Estimates
        ``_low`` and ``_high`` of ``headcount`` and ``adjusted_headcount`` by cutoff, of ``incidence`` by dimension, and
        of ``at_least`` by count, about everybody whom all dimensions are about.

    Notes
    -----
    Lower bounds put 0 for every unmeasured dimension, upper bounds 1: H and M0 never fall when a deprivation is added.
    Their standard errors are those of the bounds, not of the unknown value between them (Manski 2003).
    """
    rows, states, shares, means = basis.everybody, basis.states, [], []
    for end, score, deprived in (("low", basis.score, states.low), ("high", basis.highest, states.high)):
        for cutoff in basis.scheme.cutoffs:
            place, poor = {"cutoff": cutoff.name}, basis.reaches(score, cutoff)
            shares.append(rows.item(f"headcount_{end}", poor, place))
            means.append(rows.item(f"adjusted_headcount_{end}", score * poor, place))
        for name, one in zip(states.names, deprived.T, strict=True):
            shares.append(rows.item(f"incidence_{end}", one, {"dimension": name}))
        for number in range(1, len(states.names) + 1):
            shares.append(rows.item(f"at_least_{end}", deprived.sum(axis=1) >= number, {"count": str(number)}))
    return basis.asked.estimate(shares, means)


def _dimensions(basis: Basis) -> Iterator[tuple[str, float, np.ndarray]]:
    """Name, weight and certain deprivations of every dimension."""
    return zip(basis.states.names, basis.scheme.weights, basis.states.low.T, strict=True)


def group_contributions(basis: Basis) -> Estimates:
    """How much of M0 each group makes up, and how many of the children it holds.

    Parameters
    ----------
    basis : Basis

    Returns
    -------
    Estimates
        Of the whole: ``group_share`` by group, ``group_contribution`` by cutoff and group, both adding up to one; those
        whose group is not known are left out of both.
    """
    if not basis.asked.by:
        return Estimates.none()
    domains = basis.asked.sample.domains(basis.asked.by)
    groups, states = len(domains.names) + 1, len(basis.score)
    code = basis.states.code * groups + domains.code + 1
    asked = replace(basis.asked, code=code, by=())
    inside, group = np.repeat(basis.measured.inside, groups), np.tile(np.arange(groups) - 1, states)
    rows = replace(basis.measured, inside=inside & (group >= 0))
    size = max(1, CELLS // (len(group) * (len(basis.scheme.cutoffs) + 1)))
    parts = []
    for start in range(0, groups - 1, size):
        some = range(start, min(start + size, groups - 1))
        named = [(group_key(domains.pairs(one)), group == one) for one in some]
        shares = [rows.item("group_share", member, {"group": name}) for name, member in named]
        parts.append(asked.estimate(shares, (), _of_groups(basis, rows, named)))
    return join(parts)


def _of_groups(basis: Basis, rows: Rows, named: Sequence[tuple[str, np.ndarray]]) -> list[Item]:
    """Share of M0 that some groups make up, one column per group and cutoff."""
    items = []
    for cutoff in basis.scheme.cutoffs:
        counted = np.repeat(basis.score * basis.reaches(basis.score, cutoff), len(rows.inside) // len(basis.score))
        for name, member in named:
            place = {"cutoff": cutoff.name, "group": name}
            items.append(rows.item("group_contribution", counted * member, place, counted))
    return items


def patterns(basis: Basis) -> Estimates:
    """MODA's patterns, each dimension counted once whatever its weight.

    Parameters
    ----------
    basis : Basis

    Returns
    -------
    Estimates
        ``incidence`` of each dimension of all measured in it; ``deprivations`` and ``at_least`` by count;
        ``mean_deprivations`` and ``depth``; ``together`` and ``together_of_deprived`` by dimension and number of
        others; ``pair`` of two dimensions.
    """
    states, count = basis.states, basis.states.low.sum(axis=1)
    shares = [*_incidence(basis), *_counts(basis)]
    for name, _, deprived in _dimensions(basis):
        deprived_here = replace(basis.measured, inside=basis.measured.inside & deprived)
        for others in range(len(states.names)):
            same = count == others + 1
            place = {"dimension": name, "others": str(others)}
            shares.append(basis.measured.item("together", deprived & same, place))
            shares.append(deprived_here.item("together_of_deprived", same, place))
    for first, second in pairs_of(range(len(states.names)), 2):
        both, names = states.low[:, first] & states.low[:, second], (states.names[first], states.names[second])
        shares.append(basis.measured.item("pair", both, {"dimension": names[0], "other": names[1]}))
    means = [basis.measured.item("mean_deprivations", count.astype(float), {})]
    return basis.asked.estimate(shares, means, [basis.measured.item("depth", count.astype(float), {}, count > 0)])


def _incidence(basis: Basis) -> list[Item]:
    """Each dimension on everybody measured in it."""
    states, items = basis.states, []
    for place, name in enumerate(states.names):
        settled = states.settled(basis.base)[:, place] & states.applies
        answered = (settled | ~states.applies)[states.code]
        reasons = np.where(answered, 0, states.reasons[:, place]).astype(np.int8)
        rows = Rows(settled, reasons, basis.scheme.version)
        items.append(rows.item("incidence", states.low[:, place], {"dimension": name}))
    return items


def _counts(basis: Basis) -> list[Item]:
    """How many deprivations there are: exactly, and at least."""
    rows, count = basis.measured, basis.states.low.sum(axis=1)
    items = [rows.item("deprivations", count == 0, {"count": "0"})]
    for number in range(1, len(basis.states.names) + 1):
        place = {"count": str(number)}
        items += [rows.item("deprivations", count == number, place), rows.item("at_least", count >= number, place)]
    return items


def combinations(basis: Basis) -> Estimates:
    """Share deprived in exactly these dimensions and no other, for every combination that occurs.

    Parameters
    ----------
    basis : Basis

    Returns
    -------
    Estimates
        ``combination``, the most frequent in the whole sample first; ``option`` holds the dimensions joined by ``+``,
        nothing for children who are deprived in none.
    """
    states = basis.states
    code, first = alike(states.low)
    sample = basis.asked.sample
    inside = basis.measured.inside[states.code] & counted_rows(sample)
    total = np.bincount(code[states.code[inside]], sample.design.weight[inside], minlength=len(first))
    ordered = np.argsort(-total, kind="stable")[: np.count_nonzero(total)]
    parts = []
    for start in range(0, len(ordered), BATCH):
        items = [
            basis.measured.item("combination", code == one, {"combination": _name(basis, states.low[first[one]])})
            for one in ordered[start : start + BATCH]
        ]
        parts.append(basis.asked.estimate(items))
    return join(parts)


def _name(basis: Basis, held: np.ndarray) -> str:
    """Dimensions of a combination, joined."""
    return TOGETHER.join(name for name, one in zip(basis.states.names, held, strict=True) if one)
