"""Whether conclusions hang on the weights and cutoffs that were chosen.

References
----------
Alkire, S., Foster, J., Seth, S., Santos, M. E., Roche, J. M. and Ballon, P. (2015). Multidimensional Poverty
Measurement and Analysis, chapter 8 (robustness analysis and statistical inference). Oxford University Press.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations as pairs_of

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.needs.overlap.basis import ROUNDING, Basis
from xzz_analysis.needs.overlap.dimensions import counted_rows
from xzz_analysis.needs.overlap.overlap import Overlap
from xzz_analysis.survey.estimates import Estimates, group_key
from xzz_analysis.survey.testing import Comparisons, differences

KINDS = ("declared", "shifted", "random")
"""Weights as declared; one dimension heavier or lighter; all drawn at random."""

SEED = 20240601
"""Of the random weights, so that the same data give the same table."""


@dataclass(frozen=True)
class Sensitivity:
    """Figures under many weightings; none has a standard error, all are of one sample.

    Attributes
    ----------
    weightings : DataFrame
        One row per weighting: ``weighting`` (number), ``kind`` and the weight of each dimension.
    figures : DataFrame
        weighting, by, cutoff, measure (``headcount`` or ``adjusted_headcount``), estimate, rank (1 is the highest among
        the groups).
    ranges : DataFrame
        by, cutoff, measure, kind: declared estimate, lowest and highest; share of weightings with the declared rank.
    order : DataFrame
        Pairs of groups: first, second, cutoff, measure, kind, declared difference (second − first), ``kept``: share of
        weightings in which it has the declared sign; ``reason`` where a group has no estimate or the two are equal.
    """

    weightings: pd.DataFrame
    figures: pd.DataFrame
    ranges: pd.DataFrame
    order: pd.DataFrame


def weighting_sensitivity(overlap: Overlap, *, draws: int = 500, shift: float = 0.5, seed: int = SEED) -> Sensitivity:
    """Recompute H and M0 under other weights, and see which groups keep their order.

    Parameters
    ----------
    overlap : Overlap
    draws : int
        Random weightings, uniform over all weights that add up to one (Dirichlet with parameters 1).
    shift : float
        Each dimension in turn this share heavier and lighter, above 0 and below 1; the others keep their proportions.
    seed : int

    Returns
    -------
    Sensitivity

    Raises
    ------
    InputError
        No random weightings asked for, a shift outside 0–1, no dimension measured.

    Notes
    -----
    A cutoff of k of D dimensions stays k/D of the weight.

    References
    ----------
    Alkire, S. et al. (2015). Multidimensional Poverty Measurement and Analysis, section 8.1. Oxford University Press.
    """
    if not overlap.dimensions:
        raise InputError("no dimension was measured, so there are no weights to vary; see the overlap's findings")
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 1 or not 0 < shift < 1:
        raise InputError(
            f"draws={draws!r} and shift={shift!r}; give a whole number from 1 on and a share between 0 and 1"
        )
    weights, kinds = _weightings(overlap.basis.scheme.weights, draws, shift, seed)
    names, masses = _masses(overlap.basis)
    figures = _figures(overlap.basis, weights, names, masses)
    table = pd.DataFrame(weights, columns=pd.Index(overlap.dimensions))
    table.insert(0, "kind", kinds)
    table.insert(0, "weighting", np.arange(len(table)))
    figures["kind"] = np.array(kinds)[figures["weighting"].to_numpy()]
    return Sensitivity(table, figures, _ranges(figures), _order(figures, names))


def _weightings(declared: np.ndarray, draws: int, shift: float, seed: int) -> tuple[np.ndarray, list[str]]:
    """Weightings, one a row, and their kinds."""
    size = len(declared)
    factor = np.ones((2 * size, size))
    factor[np.arange(2 * size), np.repeat(np.arange(size), 2)] = np.tile([1 + shift, 1 - shift], size)
    shifted = declared * factor
    drawn = np.random.default_rng(seed).dirichlet(np.ones(size), draws)
    every = np.concatenate([declared[None], shifted / shifted.sum(axis=1, keepdims=True), drawn])
    return every, ["declared"] + ["shifted"] * (2 * size) + ["random"] * draws


def _masses(basis: Basis) -> tuple[list[str], np.ndarray]:
    """Names of the whole and of the groups, and the share of each that is in a state, shape (groups, states)."""
    sample, code = basis.asked.sample, basis.states.code
    inside = basis.measured.inside[code] & counted_rows(sample)
    domains = sample.domains(basis.asked.by)
    groups = [group_key(domains.pairs(place)) for place in range(len(domains.names))] if basis.asked.by else []
    states, weight = len(basis.score), sample.design.weight
    rows = [np.bincount(code[inside], weight[inside], minlength=states)]
    for place in range(len(groups)):
        mine = inside & (domains.code == place)
        rows.append(np.bincount(code[mine], weight[mine], minlength=states))
    total = np.stack(rows)
    with np.errstate(invalid="ignore"):
        return ["", *groups], total / total.sum(axis=1, keepdims=True)


def _figures(basis: Basis, weights: np.ndarray, names: list[str], masses: np.ndarray) -> pd.DataFrame:
    """H and M0 of every weighting, group and cutoff, with ranks among the groups."""
    score = basis.states.low @ weights.T
    parts = []
    for cutoff in basis.scheme.cutoffs:
        poor = score >= cutoff.share - ROUNDING
        for measure, y in (("headcount", poor), ("adjusted_headcount", poor * score)):
            found = masses @ y
            ranks = np.full(found.shape, np.nan)
            ranks[1:] = pd.DataFrame(-np.round(found[1:], 12)).rank(method="min").to_numpy()
            place = np.indices(found.shape)
            parts.append(
                pd.DataFrame(
                    {
                        "weighting": place[1].ravel(),
                        "by": np.array(names, object)[place[0].ravel()],
                        "cutoff": cutoff.name,
                        "measure": measure,
                        "estimate": found.ravel(),
                        "rank": ranks.ravel(),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _ranges(figures: pd.DataFrame) -> pd.DataFrame:
    """How far each figure moves, and how often a group keeps its rank."""
    key = ["by", "cutoff", "measure"]
    declared = figures[figures["kind"] == "declared"].set_index(key)[["estimate", "rank"]].add_prefix("declared_")
    varied = figures[figures["kind"] != "declared"].join(declared, on=key)
    varied["same"] = np.where(varied["rank"].isna(), np.nan, varied["rank"] == varied["declared_rank"])
    grouped = varied.groupby([*key, "kind"], sort=False, dropna=False)
    out = grouped.agg(
        declared=("declared_estimate", "first"),
        lowest=("estimate", "min"),
        highest=("estimate", "max"),
        declared_rank=("declared_rank", "first"),
        rank_kept=("same", "mean"),
    )
    return out.reset_index()


def _order(figures: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """For every pair of groups how many weightings keep the declared order."""
    rows = []
    for (cutoff, measure), part in figures.groupby(["cutoff", "measure"], sort=False):
        wide = part.pivot(index="weighting", columns="by", values="estimate")
        kinds = part.drop_duplicates("weighting").set_index("weighting")["kind"].loc[wide.index].to_numpy()
        for first, second in pairs_of(names[1:], 2):
            gap = np.round((wide[second] - wide[first]).to_numpy(), 12)
            reason = "nobody_answered" if np.isnan(gap[0]) else "equal" if gap[0] == 0 else ""
            same = np.sign(gap) == np.sign(gap[0])
            for kind in KINDS[1:]:
                kept = np.nan if reason else float(same[kinds == kind].mean())
                rows.append((first, second, cutoff, measure, kind, gap[0], kept, reason))
    columns = ["first", "second", "cutoff", "measure", "kind", "difference", "kept", "reason"]
    return pd.DataFrame(rows, columns=columns)


def cutoff_robustness(overlap: Overlap, *, adjust: str = "holm") -> Comparisons:
    """Compare the groups at every cutoff, with errors.

    Parameters
    ----------
    overlap : Overlap
        With groups.
    adjust : str
        How p-values allow for all comparisons, as in ``survey.testing.differences``.

    Returns
    -------
    Comparisons
        Differences of H and M0 between the levels of each grouping column; in front ``cutoff``, and ``always``: whether
        the pair is in the same order at every cutoff of the overlap (equal counts as the same).

    Raises
    ------
    InputError
        The overlap has no groups.

    References
    ----------
    Alkire, S. et al. (2015). Multidimensional Poverty Measurement and Analysis, section 8.1. Oxford University Press.
    """
    if not overlap.basis.asked.by:
        raise InputError("the overlap is not split by a group, so there is no order to compare; give it by=")
    chosen = overlap.counting["indicator"].isin(["headcount", "adjusted_headcount"]) & (overlap.counting["by"] != "")
    estimates: Estimates = overlap.counting[chosen].reset_index(drop=True)
    parts = [differences(estimates, group, adjust=adjust) for group in overlap.basis.asked.by]
    out = Comparisons(pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True))
    out.insert(0, "cutoff", out["option"].str.removeprefix("cutoff="))
    sign = np.sign(out["estimate"].fillna(0).round(12))
    bounds = sign.groupby([out["indicator"], out["by"]]).agg(["min", "max"])
    always = (bounds["min"] >= 0) | (bounds["max"] <= 0)
    out.insert(1, "always", always.loc[list(zip(out["indicator"], out["by"], strict=True))].to_numpy())
    return out
