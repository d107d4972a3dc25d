"""Change as two parts: groups whose rates changed, and a population made up of the groups in other shares.

Reference
---------
Kitagawa, E. M. (1955). Components of a difference between two rates. JASA 50, 1168–1194.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.errors import DesignError
from xzz_analysis.survey.change.change import ByRound, Terms, estimate_by_round, items_of, overlaps, stack_for
from xzz_analysis.survey.change.comparability import join_items
from xzz_analysis.survey.change.rounds import Overlap, Rounds
from xzz_analysis.survey.design import Domains, Sample
from xzz_analysis.survey.engine.influence import Influence, join_influences
from xzz_analysis.survey.estimate import By, Item
from xzz_analysis.survey.estimate.items import answers, groups_of, names_of
from xzz_analysis.survey.estimates import Estimates, join, result_ids
from xzz_analysis.survey.testing.comparisons import COMPARISON_COLUMNS, Comparisons, Family, compare

COMPOSITION_COLUMNS = (*COMPARISON_COLUMNS, "over", "overlap", "n_before", "n_after")
"""Columns of every split change, in order."""

PARTS = ("", "_within", "_mix")
"""What follows ``share_change`` in ``statistic``: the change itself, and its two parts."""


@dataclass(frozen=True)
class Parts:
    """A change and its two parts in every group.

    Attributes
    ----------
    value : float array, shape (groups, 3)
        Change, within, mix; NaN where there is none.
    influence : Influence
        Of the parts, group by group.
    reason : object array, shape (groups, 3)
    """

    value: np.ndarray
    influence: Influence
    reason: np.ndarray


def composition_change(
    before: Sample,
    after: Sample,
    what: str | Sequence[str],
    over: str | Sequence[str],
    by: By = None,
    *,
    statistic: str = "share",
    overlap: Overlap = "cluster",
    key: str | None = None,
    adjust: str = "holm",
    level: float = 0.95,
) -> Comparisons:
    """Split change into change within groups and change in the mix of groups.

    Parameters
    ----------
    before, after, what, by, overlap, key, adjust, level
        As in :func:`~xzz_analysis.survey.change.change.change`.
    over : str or sequence of str
        Columns whose crossed levels are the groups; respondents without one are left out of all three figures.
    statistic : "share" or "mean"

    Returns
    -------
    Comparisons
        Three rows per item × group of ``by``, columns :data:`COMPOSITION_COLUMNS`: ``share_change``,
        ``share_change_within`` and ``share_change_mix``; the last two add up to the first. ``reason`` is
        ``level_not_in_both_rounds`` where a level of ``over`` has answers in one round only, so that its rate cannot be
        compared.

    Raises
    ------
    DesignError
        As in ``change``; a total or a ratio, which are no average of groups.

    Notes
    -----
    With shares W and rates R of the groups k, before and after:
    within = Σ (R₂ − R₁)(W₁ + W₂)/2, mix = Σ (W₂ − W₁)(R₁ + R₂)/2. Errors are those of the linearised parts, W and R
    both estimated.

    References
    ----------
    Kitagawa, E. M. (1955). Components of a difference between two rates. Journal of the American Statistical
    Association 50, 1168–1194.
    """
    terms = Terms(statistic, overlap, key, None, adjust, level)
    levels = _levels(over, by, statistic)
    rounds = stack_for([before, after], what, [*groups_of(by), *levels], terms)
    return _split_all(rounds, items_of(rounds.sample, what, statistic), levels, by, terms)


def composition_items(
    before: Sample,
    after: Sample,
    items: tuple[Sequence[Item], Sequence[Item]],
    over: str | Sequence[str],
    terms: Terms,
    by: By = None,
) -> Comparisons:
    """Split change of prepared items, such as indicators; result as in :func:`composition_change`.

    Parameters
    ----------
    before, after : Sample
    items : pair of sequences of Item
        Computed on the rows of ``before`` and of ``after``, as in
        :func:`~xzz_analysis.survey.change.change.change_items`. An item whose version changed has no change, and is
        left out.
    over : str or sequence of str
    terms : Terms
    by : str or sequence of str, optional

    References
    ----------
    Kitagawa, E. M. (1955). Journal of the American Statistical Association 50, 1168-1194.
    """
    levels = _levels(over, by, terms.statistic)
    rounds = stack_for([before, after], [], [*groups_of(by), *levels], terms)
    joined, versions = join_items(items, (len(before), len(after)))
    kept = [item for item in joined if (item.indicator, item.option) not in versions]
    return _split_all(rounds, kept, levels, by, terms)


def _levels(over: str | Sequence[str], by: By, statistic: str) -> list[str]:
    """Groups to split by; :class:`DesignError` for none, for one of ``by``, and for what cannot be split."""
    if statistic not in ("share", "mean"):
        raise DesignError(f"statistic {statistic!r} is no average of groups; a change of a share or mean can be split")
    levels = names_of(over)
    if not levels or set(levels) & set(groups_of(by)):
        raise DesignError(f"over={over!r} names the groups to split by: at least one, and none of those in `by`")
    return levels


def _split_all(rounds: Rounds, given: Sequence[Item], levels: list[str], by: By, terms: Terms) -> Comparisons:
    cells = rounds.sample.domains(levels)
    if not cells.names:
        raise DesignError(
            f"nobody's {' × '.join(levels)} is known in any round, so no change can be split over it; check the columns"
        )
    items = [_known(item, cells) for item in given]
    split = [_split(rounds, item, cells, by, terms) for item in items]
    if not split:
        return Comparisons(columns=list(COMPOSITION_COLUMNS))
    return _lay_out(rounds, items, split, by, terms, ";".join(levels))


def _known(item: Item, cells: Domains) -> Item:
    """An item of those whose group is known."""
    return replace(item, y=np.where(cells.code >= 0, answers(item), np.nan))


def _split(rounds: Rounds, item: Item, cells: Domains, by: By, terms: Terms) -> Parts:
    """Split one item's change in every group of ``by``."""
    y = answers(item)
    inside = [cells.code == place for place in range(len(cells.names))]
    rates = [_piece(item, "rate", place, np.where(rows, y, np.nan)) for place, rows in enumerate(inside)]
    shares = [_piece(item, "mix", place, np.where(np.isnan(y), np.nan, rows)) for place, rows in enumerate(inside)]
    of_rates = estimate_by_round(rounds, [item, *rates], by, terms)
    of_shares = estimate_by_round(rounds, shares, by, replace(terms, statistic="share"))
    groups = len(of_shares.rows) // len(cells.names)
    every = join([of_rates.estimates, of_shares.estimates])
    shifted = np.where(of_shares.rows >= 0, of_shares.rows + len(of_rates.estimates), -1)
    rows = np.concatenate([of_rates.rows, shifted]).reshape(-1, groups, 2)
    return _parts(every, of_rates, rows, item)


def _piece(item: Item, kind: str, place: int, y: np.ndarray) -> Item:
    return Item(f"{item.indicator}:{kind}{place}", y, item.reasons, item.option, item.version)


def _parts(estimates: Estimates, found: ByRound, rows: np.ndarray, item: Item) -> Parts:
    """Parts from the estimates of the change, of all rates and of all shares, rows of shape (1 + 2k, groups, 2)."""
    groups, levels = rows.shape[1], (len(rows) - 1) // 2
    value = np.append(estimates["estimate"].to_numpy(float), np.nan)[rows]
    total, rate, share = value[0], value[1 : 1 + levels], value[1 + levels :]
    there = np.nan_to_num(share) > 0
    one_sided = (there.any(axis=2) & ~there.all(axis=2)).any(axis=0)
    rate, share = np.where(there, rate, 0.0), np.where(there, share, 0.0)
    middle, other = share.mean(axis=2, keepdims=True), rate.mean(axis=2, keepdims=True)
    gap, shift = np.diff(rate, axis=2), np.diff(share, axis=2)
    sign = np.array([-1.0, 1.0])
    within = np.concatenate([np.zeros((1, groups, 2)), middle * sign, gap / 2 + 0 * sign])
    mix = np.concatenate([np.zeros((1, groups, 2)), shift / 2 + 0 * sign, other * sign])
    whole = np.concatenate([np.broadcast_to(sign, (1, groups, 2)), np.zeros((2 * levels, groups, 2))])
    parts = np.stack([np.diff(total)[:, 0], (gap * middle).sum((0, 2)), (shift * other).sum((0, 2))], axis=1)
    reason = np.repeat(found.reasons()[:groups, None], 3, axis=1)
    reason[one_sided & (reason[:, 0] == ""), 1:] = "level_not_in_both_rounds"
    return Parts(parts, _influence(estimates, rows, [whole, within, mix], item), reason)


def _influence(estimates: Estimates, rows: np.ndarray, slopes: Sequence[np.ndarray], item: Item) -> Influence:
    """Influence of the parts from their slopes in every estimate, group by group."""
    groups = rows.shape[1]
    matrix = np.zeros((len(estimates) + 1, groups, len(slopes)))
    for part, slope in enumerate(slopes):
        for group in range(groups):
            matrix[rows[:, group].ravel(), group, part] += slope[:, group].ravel()
    names = [f"{item.indicator}|{item.option}|{place}" for place in range(groups * len(slopes))]
    inputs = list(estimates["result_id"])
    return estimates.known_influence().combine(matrix[:-1].reshape(len(inputs), -1), inputs, names, linear=False)


def _lay_out(
    rounds: Rounds, items: Sequence[Item], split: Sequence[Parts], by: By, terms: Terms, over: str
) -> Comparisons:
    """Parts of all items as one family."""
    found = estimate_by_round(rounds, items, by, terms)
    statistics = [f"{terms.statistic}_change{part}" for part in PARTS]
    about = pd.concat([found.about(name) for name in statistics])
    order = np.arange(len(about)).reshape(3, -1).T.ravel()
    about = about.iloc[order].reset_index(drop=True)
    about["reason"] = pd.array(np.concatenate([one.reason.ravel() for one in split]), dtype="str")
    influence = join_influences([one.influence for one in split])
    estimates = Estimates(about.assign(estimate=np.concatenate([one.value.ravel() for one in split])))
    estimates["se"] = np.sqrt(influence.variance(influence.result_ids))
    method = f"kitagawa:{over}:{terms.overlap}"
    keys = list(
        zip(about["indicator"], about["version"], about["option"], about["statistic"], about["by"], strict=True)
    )
    ids = [result_ids(rounds.sample.labels, [key[:4]], [key[4]], terms.level, method)[0] for key in keys]
    estimates["result_id"] = ids
    estimates.influence = replace(influence, result_ids=tuple(ids))
    family = Family(sparse.eye_array(len(about), format="csr"), about, ids, terms.adjust, terms.level, 0.0)
    out = compare(estimates, family)
    n = np.repeat(np.nan_to_num(found.figures("n")), 3, axis=0)
    out["over"] = pd.array([over] * len(out), dtype="str")
    out["overlap"] = np.repeat(overlaps(rounds, items, found, by), 3)
    out["n_before"], out["n_after"] = n[:, 0], n[:, 1]
    return out
