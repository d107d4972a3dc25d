"""Change between two rounds, with the covariance that revisited clusters and followed families give it.

References
----------
Kish, L. (1965). Survey Sampling, section 12.4.
Cochran, W. G. (1977). Sampling Techniques, sections 12.10–12.13.
Lumley, T. (2010). Complex Surveys: A Guide to Analysis Using R, section 2.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.errors import DesignError, suggest
from xzz_analysis.survey.change.comparability import Comparable, Crosswalk, join_items, read_crosswalk
from xzz_analysis.survey.change.rounds import ROUND, Overlap, Rounds, check_groups, question_columns, stack
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.engine.interval import DEFAULT, METHODS
from xzz_analysis.survey.estimate import (
    By,
    Item,
    estimate_means,
    estimate_ratios,
    estimate_shares,
    estimate_totals,
)
from xzz_analysis.survey.estimate.items import answers, groups_of, names_of, number_item, share_items
from xzz_analysis.survey.estimates import MISSING_COLUMNS, Estimates, group_key, group_pairs
from xzz_analysis.survey.testing.comparisons import COMPARISON_COLUMNS, Comparisons, Family, check_family, compare

CHANGE_COLUMNS = (*COMPARISON_COLUMNS, "before", "after", "overlap", "n_before", "n_after", "note")
"""Columns of every frame of changes, in order."""

_ESTIMATORS: dict[str, Callable[..., Estimates]] = {
    "share": estimate_shares,
    "mean": estimate_means,
    "total": estimate_totals,
    "ratio": estimate_ratios,
}
_TEXTS = ("round", "unit", "indicator", "version", "option", "kind")


@dataclass(frozen=True)
class Terms:
    """On what terms rounds are compared; see :func:`change`."""

    statistic: str = "share"
    overlap: Overlap = "cluster"
    key: str | None = None
    comparable: Comparable = None
    adjust: str = "holm"
    level: float = 0.95
    method: str = DEFAULT

    def check(self) -> None:
        """Refuse an unknown statistic, adjustment, level or interval."""
        check_family(self.adjust, self.level)
        if self.method not in METHODS:
            raise DesignError(
                f"interval method {self.method!r} is not one of {', '.join(METHODS)}{suggest(self.method, METHODS)}"
            )
        if self.statistic not in _ESTIMATORS:
            known = ", ".join(_ESTIMATORS)
            raise DesignError(
                f"statistic {self.statistic!r} is not one of {known}{suggest(self.statistic, _ESTIMATORS)}"
            )


@dataclass(frozen=True)
class ByRound:
    """Estimates of every round, those of one item and group side by side.

    Attributes
    ----------
    estimates : Estimates
        Of the joint sample, split by the groups and then by round.
    by : list of str, one per item × group
        The groups alone.
    rows : int array, shape (items × groups, rounds)
        Position in ``estimates``; -1 where nobody of the group is in the round.
    """

    estimates: Estimates
    by: list[str]
    rows: np.ndarray

    def figures(self, column: str) -> np.ndarray:
        """One numeric column, shape (items × groups, rounds); NaN where nobody of the group is in the round."""
        values = np.append(self.estimates[column].to_numpy(float), np.nan)
        return np.asarray(values[self.rows])

    def about(self, statistic: str) -> pd.DataFrame:
        """What each item × group is about, counts added up over rounds (see ``testing.comparisons.Family``)."""
        last = self.rows.max(axis=1)
        table = {name: self.estimates[name].array.take(last) for name in _TEXTS}
        out = pd.DataFrame(table).assign(statistic=statistic, by=pd.array(self.by, dtype="str"))
        for name in ("n", *MISSING_COLUMNS):
            out[name] = np.nan_to_num(self.figures(name)).sum(axis=1)
        out["weighted_n"] = self.figures("weighted_n")[:, -1]
        texts = self.estimates["flags"].to_list()
        out["flags"] = [_suppressed([texts[place] for place in places if place >= 0]) for places in self.rows]
        return out

    def reasons(self) -> np.ndarray:
        """Why rounds cannot be put together, ``""`` where they can, shape (items × groups,)."""
        n = np.nan_to_num(self.figures("n"))
        own = np.append(self.estimates["reason"].to_numpy(object), "")[self.rows]
        own = np.where(np.isnan(self.figures("estimate")) & (n > 0), own, "")
        first = [next(filter(None, reasons), "") for reasons in own]
        checks = [(n == 0).all(axis=1), (n == 0).any(axis=1)]
        return np.select(checks, ["nobody_answered", "not_in_both_rounds"], np.array(first, object))


def change(
    before: Sample,
    after: Sample,
    what: str | Sequence[str],
    by: By = None,
    *,
    statistic: str = "share",
    overlap: Overlap = "cluster",
    key: str | None = None,
    comparable: Comparable = None,
    adjust: str = "holm",
    level: float = 0.95,
    method: str = DEFAULT,
) -> Comparisons:
    """Estimate how much shares, means, totals or a ratio changed from one round to the next.

    Parameters
    ----------
    before, after : Sample
        Two rounds of one survey, each with its own weights.
    what : str or sequence of str
        Columns, as in :func:`~xzz_analysis.survey.estimate.verbs.share`; for a ratio, [numerator, denominator]. A
        question that one round does not have was not asked there.
    by : str or sequence of str, optional
        Grouping columns, crossed.
    statistic : "share", "mean", "total" or "ratio"
    overlap : "cluster", "panel" or "none"
        What the rounds share: clusters with the same stratum and cluster values; also respondents, followed by
        ``key``; or nothing, because the samples are independent.
    key : str, optional
        Column that identifies a respondent, for a panel.
    comparable : mapping or DataFrame, optional
        Crosswalk of questions that may not be compared, see
        :func:`~xzz_analysis.survey.change.comparability.read_crosswalk`.
    adjust : "none", "holm", "benjamini-hochberg" or "max-t"
        How p-values allow for the changes asked together.
    level : float
        Confidence level.
    method : str
        Interval of the shares, as in :func:`~xzz_analysis.survey.estimate.verbs.share`. Two shares with Wilson's
        interval, adjusted or not, have a change whose interval and p are made of both intervals ("square-and-add");
        with the others, and for other statistics, it is estimate ± t · se ("wald"), R's.

    Returns
    -------
    Comparisons
        One row per item × group, columns :data:`CHANGE_COLUMNS`: ``estimate`` is after − before, in the statistic's
        unit; ``statistic`` is for example ``share_change``; ``round`` is ``2025Q2→2025Q4``. ``n`` counts respondents of
        both rounds, ``n_before`` and ``n_after`` of each. ``overlap`` is the share of the clusters (for a panel:
        respondents) behind either figure that are behind both. ``reason`` says why there is no change:
        ``not_comparable`` (``note`` has the crosswalk's words), ``not_in_both_rounds``, or the estimate's own reason.

    Raises
    ------
    DesignError
        Rounds that cannot be put on one design (see :func:`~xzz_analysis.survey.change.rounds.stack`), unknown
        columns, a crosswalk that contradicts itself.

    Notes
    -----
    V(change) = V₁ + V₂ − 2 C₁₂, all three the design covariance of the influences of clusters; a cluster that was
    visited once has influence zero in the other round. Degrees of freedom are the clusters behind either round's
    figure minus the strata they lie in.

    References
    ----------
    Kish, L. (1965). Survey Sampling, section 12.4.
    Cochran, W. G. (1977). Sampling Techniques, sections 12.10–12.13.
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions. Statistics in
    Medicine 17, 873–890.
    """
    terms = Terms(statistic, overlap, key, comparable, adjust, level, method)
    rounds = stack_for([before, after], what, by, terms)
    return changes(rounds, items_of(rounds.sample, what, statistic), by, terms)


def change_items(
    before: Sample, after: Sample, items: tuple[Sequence[Item], Sequence[Item]], by: By, terms: Terms
) -> Comparisons:
    """Estimate change of prepared items, such as indicators; result as in :func:`change`.

    Parameters
    ----------
    before, after : Sample
    items : pair of sequences of Item
        Computed on the rows of ``before`` and of ``after``; items with the same indicator and option belong together.
        An item of one round only was not asked in the other; one whose version changed is not comparable.
    by : str or sequence of str, optional
    terms : Terms
    """
    rounds = stack_for([before, after], [], by, terms)
    joined, versions = join_items(items, (len(before), len(after)))
    return changes(rounds, joined, by, terms, versions=versions)


def changes(
    rounds: Rounds,
    items: Sequence[Item],
    by: By,
    terms: Terms,
    *,
    prefix: str = "",
    versions: dict[tuple[str, str], str] | None = None,
) -> Comparisons:
    """Changes of items of two stacked rounds (see :func:`change`); ``versions`` are refused like the crosswalk's."""
    crosswalk = Crosswalk({**(versions or {}), **read_crosswalk(terms.comparable).refused})
    found = estimate_by_round(rounds, items, by, terms)
    if len(found.rows) == 0:
        return Comparisons(columns=list(CHANGE_COLUMNS))
    about = found.about(f"{prefix}{terms.statistic}_change")
    asked = list(zip(about["indicator"], about["option"], strict=True))
    refused = np.array([crosswalk.refuses(*one) for one in asked])
    about["reason"] = pd.array(np.where(refused, "not_comparable", found.reasons()), dtype="str")
    name = f"{prefix}{terms.statistic}_change:{terms.overlap}"
    family = Family(_minus(found), about, [name] * len(about), terms.adjust, terms.level, 0.0)
    out = compare(found.estimates, family)
    value, n = found.figures("estimate"), np.nan_to_num(found.figures("n"))
    out["before"], out["after"] = (np.where(refused, np.nan, value[:, place]) for place in (0, 1))
    out["overlap"] = overlaps(rounds, items, found, by)
    out["n_before"], out["n_after"] = n[:, 0], n[:, 1]
    out["note"] = pd.array([crosswalk.why(*one) if no else "" for one, no in zip(asked, refused, strict=True)], "str")
    return out


def stack_for(samples: Sequence[Sample], what: str | Sequence[str], by: By, terms: Terms) -> Rounds:
    """Stack rounds with the columns of some questions and groups."""
    terms.check()
    groups = groups_of(by)
    check_groups(samples, groups)
    questions = [column for name in names_of(what) for column in question_columns(samples, name)]
    return stack(samples, terms.overlap, terms.key, columns=[*questions, *groups])


def items_of(sample: Sample, what: str | Sequence[str], statistic: str) -> list[Item]:
    """Items of columns, as the verb of that name makes them."""
    names = names_of(what)
    if statistic == "share":
        return [item for name in names for item in share_items(sample, name)]
    if statistic != "ratio":
        return [number_item(sample, name) for name in names]
    if len(names) != 2:
        raise DesignError(f"a ratio has a numerator and a denominator; got {len(names)} columns: {', '.join(names)}")
    above, below = (number_item(sample, name) for name in names)
    reasons = np.maximum(sample.missing_reason(names[0]), sample.missing_reason(names[1]))
    return [Item("/".join(names), above.y, reasons, below=answers(below))]


def estimate_by_round(rounds: Rounds, items: Sequence[Item], by: By, terms: Terms) -> ByRound:
    """Estimate items in every group and round."""
    groups = [*groups_of(by), ROUND]
    own = {"method": terms.method} if terms.statistic == "share" else {}
    estimates = _ESTIMATORS[terms.statistic](rounds.sample, items, groups, level=terms.level, **own)
    width = len(estimates) // max(len(items), 1)
    pairs = [group_pairs(key) for key in estimates["by"].iloc[:width]]
    by_group = [group_key(one[:-1]) for one in pairs]
    position = {key: place for place, key in enumerate(dict.fromkeys(by_group))}
    rows = np.full((len(position), len(rounds.names)), -1)
    for row, (key, one) in enumerate(zip(by_group, pairs, strict=True)):
        rows[position[key], rounds.names.index(one[-1][1])] = row
    later = width * np.arange(len(items) if width else 0)[:, None, None]
    every = np.where(rows >= 0, rows + later, -1).reshape(-1, len(rounds.names))
    return ByRound(estimates, list(position) * (len(items) if width else 0), every)


def overlaps(rounds: Rounds, items: Sequence[Item], found: ByRound, by: By) -> np.ndarray:
    """Share of the units behind the figures of two rounds that are behind both, shape (items × groups,)."""
    if rounds.overlap == "none":
        return np.zeros(len(found.rows))
    if rounds.overlap == "panel":
        n = np.nan_to_num(found.figures("n"))
        common = _followed(rounds, items, by)
        units = n.sum(axis=1) - common
    else:
        influence = found.estimates.known_influence()
        first = influence.design.first
        inside = sparse.csr_array(
            (np.ones(len(first.unit)), (first.unit, np.arange(len(first.unit)))),
            shape=(len(first.stratum), len(first.unit)),
        )
        active = sparse.csc_array((inside @ influence.active.astype(float)) > 0).astype(float)
        before, after = (_columns(active, found.rows[:, place]) for place in (0, 1))
        common = np.asarray(before.multiply(after).sum(axis=0)).ravel()
        units = np.asarray(before.sum(axis=0) + after.sum(axis=0)).ravel() - common
    return np.asarray(np.divide(common, units, out=np.full(len(units), np.nan), where=units > 0))


def _columns(matrix: sparse.csc_array, places: np.ndarray) -> sparse.csc_array:
    """Columns of a matrix; empty where the place is -1."""
    nothing = sparse.csc_array((matrix.shape[0], 1))
    return sparse.csc_array(sparse.hstack([matrix, nothing], format="csc")[:, places])


def _followed(rounds: Rounds, items: Sequence[Item], by: By) -> np.ndarray:
    """Respondents with an answer in both rounds, in the same group, shape (items × groups,)."""
    domains = rounds.sample.domains(by)
    person = np.zeros(len(rounds.round), np.int64) if rounds.person is None else rounds.person
    before, after = (np.flatnonzero(rounds.round == place) for place in (0, 1))
    _, first, second = np.intersect1d(person[before], person[after], assume_unique=True, return_indices=True)
    first, second = before[first], after[second]
    same = (domains.code[first] == domains.code[second]) & (domains.code[first] >= 0)
    out = []
    for item in items:
        used = ~np.isnan(answers(item)) & (rounds.sample.design.weight > 0)
        if item.below is not None:
            used &= ~np.isnan(item.below)
        both = same & used[first] & used[second]
        out.append(np.bincount(domains.code[first[both]], minlength=len(domains.names)))
    return np.concatenate(out).astype(float)


def _minus(found: ByRound) -> sparse.csr_array:
    """After − before, one row per item × group."""
    place, which = np.nonzero(found.rows >= 0)
    value = np.where(which == 1, 1.0, -1.0)
    shape = (len(found.rows), len(found.estimates))
    return sparse.csr_array((value, (place, found.rows[place, which])), shape=shape)


def _suppressed(flags: Sequence[str]) -> str:
    """Reasons to suppress any of the figures, each once."""
    every = (flag for text in flags for flag in text.split(";") if flag.startswith("suppress"))
    return ";".join(dict.fromkeys(every))
