"""Tests within one round: a figure against a limit, and a group against all the others.

References
----------
Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212: the score
test, which the interval of a share inverts.
Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24,
1185-1202: units that stand out, overdispersion allowed for.
Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions. Statistics in
Medicine 17, 873-890.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import ndtr, ndtri, stdtr

from xzz_analysis.needs.alerts.watching.evidence import ESTIMATORS, Evidence, Side
from xzz_analysis.needs.alerts.watching.tested import (
    LEVEL,
    Watch,
    compared,
    evidence_for,
    finished,
    least,
    results_of,
    rows_of_tests,
)
from xzz_analysis.survey.engine.interval import Score
from xzz_analysis.survey.estimate.items import answers
from xzz_analysis.survey.estimates import Estimates, group_pairs, join
from xzz_analysis.survey.testing.comparisons import Comparisons, Family

FEWEST = 5
"""With fewer groups their spread says nothing, and they are taken to differ by chance alone."""

_HELD = 1 << 22
"""Answers held at a time, levels × indicators × respondents."""

STOOD_OUT, DID_NOT = "stood_out", "did_not"
"""What ``earlier`` says of a group in the earlier round."""


def beyond_limit(watch: Watch, evidence: Evidence) -> pd.DataFrame:
    """Figures against a limit: of shares by the score test that their interval inverts, of numbers by t.

    Parameters
    ----------
    watch : Watch
        A rule of kind threshold.
    evidence : Evidence

    Returns
    -------
    DataFrame, one row per indicator and group, columns ``TESTED``
        ``reference`` is the limit, ``low`` and ``high`` are those of the estimate.
    """
    figures = evidence.after.figures(watch.topic, watch.group)
    figures = figures[watch.of(figures)]
    limit = float(watch.rule.limit or 0.0)
    rows = rows_of_tests(figures, watch).assign(reference=limit, interval="estimate")
    if watch.rule.side:
        rows["sign"] = 1 if watch.rule.side == "above" else -1
    beyond = rows["sign"].to_numpy() * (rows["estimate"].to_numpy(float) - limit) > 0
    rows["p"] = evidence_for(figures, limit_p(figures, limit), beyond)
    rows["n"], rows["n_need"] = least(*(figures[[name]].to_numpy(float) for name in ("n", "n_need")))
    return finished(rows)


def limit_p(figures: Estimates, limit: float) -> np.ndarray:
    """Two-sided p of each figure if the limit were the truth: the level at which its interval begins to miss it.

    Parameters
    ----------
    figures : Estimates
        With their influence matrix.
    limit : float

    Returns
    -------
    float array, shape (rows,)
        NaN without sampling error or degrees of freedom.
    """
    score = figures.known_influence().scores(figures["result_id"].to_list())
    estimate, se, df = (figures[name].to_numpy(float) for name in ("estimate", "se", "df"))
    scored = (score.degrees > 0) & (0 < limit < 1)
    spread = np.where(scored, np.sqrt(max(limit * (1 - limit), 0) / np.where(scored, score.size, 1)), se)
    degrees = np.where(scored, score.degrees, df)
    possible = (spread > 0) & (degrees > 0)
    t = np.divide(estimate - limit, spread, out=np.full(len(se), np.nan), where=possible)
    return np.asarray(2 * stdtr(np.where(possible, degrees, 1.0), -np.abs(t)))


def stands_out(watch: Watch, evidence: Evidence) -> pd.DataFrame:
    """Every level of a group against all the others together.

    Parameters
    ----------
    watch : Watch
        A rule of kind cluster.
    evidence : Evidence

    Returns
    -------
    DataFrame, one row per indicator and level, columns ``TESTED``
        ``reference`` is the figure of the others; ``low`` and ``high`` are of the difference to it, as wide as the
        spread of the levels demands. ``earlier`` says whether the level stood out in the earlier round, ``""`` where
        that is not known; then p is 1 unless the rule wants to be told again.

    Notes
    -----
    The difference is one of two estimates of one sample, with their covariance; z is the normal deviate of its p. Where
    all levels differ more than chance lets them, because they are different places, z is divided by √φ,
    φ = max(1, (median|z| / 0.6745)²) over the other levels, from five levels on (see :func:`overdispersion`).
    """
    rows = _against_others(watch, evidence.after)[1]
    if evidence.comparable_in(watch.topic, watch.group) and evidence.before is not None:
        then = _against_others(watch, evidence.before)[1].set_index(["indicator", "by"])["p"]
        known = then.reindex(pd.MultiIndex.from_frame(rows[["indicator", "by"]])).to_numpy(float)
        rows["earlier"] = np.select([np.isnan(known), known <= 1 - LEVEL], ["", STOOD_OUT], DID_NOT)
        if not watch.rule.standing:
            again = (rows["earlier"] == STOOD_OUT) & rows["p"].notna()
            rows["p"] = rows["p"].mask(again, 1.0)
    return rows


@dataclass(frozen=True)
class _Apart:
    """Levels beside all the others: own figures first, then those of the others, and what lies between them."""

    own: Estimates
    both: Estimates
    made: Comparisons
    p: np.ndarray


def standing_results(watch: Watch, evidence: Evidence) -> pd.DataFrame:
    """The differences of :func:`stands_out` as results that can be traced: ``of_level`` and ``of_reference`` are the
    figures of the level and of all the others."""
    return results_of(*_against_others(watch, evidence.after), ("of_level", "of_reference"))


def _against_others(watch: Watch, side: Side) -> tuple[Comparisons, pd.DataFrame]:
    """Differences of every level to the others, and the tests."""
    apart = _compare_levels(watch, side)
    rows, size = rows_of_tests(apart.made, watch), len(apart.own)
    value, difference = apart.both["estimate"].to_numpy(float), apart.made["estimate"].to_numpy(float)
    rows["estimate"], rows["reference"] = value[:size], value[size:]
    wider = np.sqrt(overdispersion(apart.own))
    for end in ("low", "high"):
        rows[end] = difference + wider * (apart.made[end].to_numpy(float) - difference)
    z = ndtri(np.clip(apart.p, 1e-300, 1) / 2) / wider
    rows["p"] = np.where((apart.p == 0) | (apart.p == 1), apart.p, 2 * ndtr(z))
    counts = (apart.both[name].to_numpy(float).reshape(2, -1).T for name in ("n", "n_need"))
    rows["n"], rows["n_need"] = least(*counts)
    rows["sources"], rows["flags"] = apart.own["result_id"].to_numpy(), apart.own["flags"].to_numpy()
    return apart.made, finished(rows.assign(interval="difference"))


def _compare_levels(watch: Watch, side: Side) -> _Apart:
    figures = side.figures(watch.topic, watch.group)
    own = figures[watch.of(figures)]
    rest = _others(watch, side, [group_pairs(by)[0][1] for by in dict.fromkeys(own["by"])])
    both, size = join([own, rest]), len(own)
    about = pd.DataFrame(own).reset_index(drop=True).assign(statistic=f"{watch.topic[1]}_against_others", flags="")
    absent = own["estimate"].isna().to_numpy() | rest["estimate"].isna().to_numpy()
    about["reason"] = np.where(absent, "nobody_answered", "")
    one = sparse.eye_array(size)
    matrix = sparse.csr_array(sparse.hstack([one, -one]))
    family = Family(matrix, about, [f"against_others:{watch.group}"] * size, "none", LEVEL, 0.0)
    return _Apart(own, both, *compared(both, family, watch.sign(about), watch.rule.margin))


def _others(watch: Watch, side: Side, levels: list[str]) -> Estimates:
    """Figures of everybody but one level, for each indicator and level."""
    sample = side.samples[watch.topic[0]]
    column = sample.column(watch.group)
    known, names = column.notna().to_numpy(), column.astype(str).to_numpy()
    apart = {level: known & (names != level) for level in levels}
    watched = [item for item in side.items[watch.topic] if item.indicator in watch.signs]
    size = max(1, _HELD // (len(sample) * max(len(levels), 1)))
    parts = []
    for start in range(0, len(watched), size):
        items = [
            replace(item, y=np.where(rows, answers(item), np.nan), reasons=None, option=f"{watch.group}≠{level}")
            for item in watched[start : start + size]
            for level, rows in apart.items()
        ]
        parts.append(ESTIMATORS[watch.topic[1]](sample, items, None))
    return join(parts)


def overdispersion(own: Estimates) -> np.ndarray:
    """How much more the other levels differ from each other than chance lets them: φ ≥ 1 of each level.

    Parameters
    ----------
    own : Estimates
        Of the levels of one group, indicator by indicator, with their influence matrix.

    Returns
    -------
    float array, shape (rows,)
        max(1, (median|z| / 0.6745)²), z the deviate of each other level from the mean of the others, by population; 1
        where fewer than five levels have a figure. The level itself has no part in it, so that one that stands out does
        not hide behind the spread it makes.
    """
    out, ids = np.ones(len(own)), own["result_id"].to_numpy(object)
    value, size, df = (own[name].to_numpy(float) for name in ("estimate", "weighted_n", "df"))
    influence = own.known_influence()
    score = influence.scores(list(ids))
    degrees = np.where(score.degrees > 0, score.degrees, df)
    usable = np.flatnonzero(~np.isnan(value) & (degrees > 0))
    of = pd.Series(usable).groupby(own["indicator"].to_numpy(object)[usable], sort=False).indices.values()
    for levels in (usable[places] for places in of):
        if len(levels) >= FEWEST:
            covariance = influence.covariance(list(ids[levels]))
            figures = _Levels(value[levels], size[levels], degrees[levels], covariance, score.take(levels))
            out[levels] = figures.spread()
    return out


@dataclass(frozen=True)
class _Levels:
    """The levels of one indicator: arrays of shape (levels,), and the covariance of their figures."""

    value: np.ndarray
    size: np.ndarray
    degrees: np.ndarray
    covariance: np.ndarray
    score: Score

    def spread(self) -> np.ndarray:
        """φ around each level, from the others alone; rows below are levels left out, columns those that are left."""
        left = 1.0 - np.eye(len(self.value))
        weight = left * self.size / (left @ self.size)[:, None]
        mean = (weight @ self.value)[:, None]
        scored = self.score.degrees > 0
        binomial = np.maximum(mean * (1 - mean), 0) / np.where(scored, self.score.size, 1)
        own = np.where(scored, binomial, np.diag(self.covariance))
        shared = weight @ (self.covariance * left) + own * weight
        variance = np.maximum(own - 2 * shared + (weight * shared).sum(axis=1)[:, None], 0)
        apart = np.abs(self.value - mean)
        t = np.divide(apart, np.sqrt(variance), where=variance > 0, out=np.zeros_like(apart))
        z = -ndtri(np.clip(stdtr(self.degrees, -t), 1e-300, 0.5))
        z[np.eye(len(z), dtype=bool)] = np.nan
        return np.asarray(np.maximum(1, (np.nanmedian(z, axis=1) / ndtri(0.75)) ** 2))
