"""How far groups lie apart: the extremes, their ratio, and the mean deviation from everybody.

References
----------
Harper, S. and Lynch, J. (2005). Methods for Measuring Cancer Disparities. National Cancer Institute: absolute and
relative differences, and the mean deviation of groups weighted by their size.
Demnati, A. and Rao, J. N. K. (2004). Linearization variance estimators for survey data. Survey Methodology 30, 17-26.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from xzz_analysis.needs.profile.figures import ABOUT, Round, Unit, measured, one_family, told
from xzz_analysis.needs.profile.matrix import against_all
from xzz_analysis.survey.engine.cells import Cells
from xzz_analysis.survey.engine.figures import ratios
from xzz_analysis.survey.engine.interval import critical
from xzz_analysis.survey.estimate import Item
from xzz_analysis.survey.estimate.batches import estimate_batches, wald_batch
from xzz_analysis.survey.estimate.items import answers
from xzz_analysis.survey.estimate.layout import Batch
from xzz_analysis.survey.estimates import COLUMNS, Estimates, group_key, group_pairs, result_ids
from xzz_analysis.survey.testing import differences
from xzz_analysis.survey.testing.contrast import MINUS
from xzz_analysis.survey.testing.equality import adjusted_mean_wald

LEVEL = 0.95
ADDED = ("p", "p_adjusted", "tests", "by_chance", "levels")
"""Columns after those of estimates: p that all levels are equal (of the deviation; Holm's of all indicators), what
chance alone would make of the deviation, and how many levels have a figure."""

STATISTICS = ("between_deviation", "between_gap", "between_ratio")
"""Mean deviation of the levels from everybody, weighted by their size; highest minus lowest; highest over lowest."""


def between_groups(survey: Round, group: str) -> pd.DataFrame:
    """Measure how unequal the levels of a group are, indicator by indicator.

    Parameters
    ----------
    survey : MonitoringRound or Measured
    group : str
        A declared group.

    Returns
    -------
    DataFrame
        Columns of estimates, ``ABOUT`` and :data:`ADDED`; three rows per indicator, :data:`STATISTICS`, in the
        indicator's own unit but for the ratio. ``by`` names the highest and the lowest level of gap and ratio. A ratio
        has no figure where the lowest level is at zero.

    Raises
    ------
    StudyError
        An unknown group, with the nearest name.

    Notes
    -----
    The deviation is M = Σ s_g |p_g − p|, s_g the level's part of the base. With σ_g the sign of p_g − p and
    B = Σ s_g σ_g it is the mean of (σ_g − B)(y − p), whose influence is also that of M where no level lies exactly at
    p. It is never negative, and above zero by chance alone: ``by_chance`` is Σ s_g √(2/π) se(p_g − p), what equal
    groups would show; read it together with p. Highest and lowest are chosen by the data, so the intervals of gap and
    ratio are Bonferroni's for all pairs of levels (ratio: of the logarithm).

    References
    ----------
    Harper, S. and Lynch, J. (2005). Methods for Measuring Cancer Disparities. National Cancer Institute.
    Demnati, A. and Rao, J. N. K. (2004). Survey Methodology 30, 17-26.
    """
    ready = measured(survey)
    parts = [_of_unit(unit, group) for unit in ready.split_by([group])]
    if not parts:
        return pd.DataFrame(columns=[*COLUMNS, *ADDED, *ABOUT])
    out = told(one_family(parts, list(ready.indicators)), ready.indicators)
    apart = against_all(ready, [group])
    part = apart["weighted_n"] / apart.groupby("indicator")["weighted_n"].transform("sum")
    chance = (part * np.sqrt(2 / np.pi) * apart["se"]).groupby(apart["indicator"]).sum()
    deviation = out["statistic"] == "between_deviation"
    out["by_chance"] = out["indicator"].map(chance).where(deviation & out["estimate"].notna())
    return out[[*COLUMNS, *ADDED, *ABOUT]]


def _of_unit(unit: Unit, group: str) -> pd.DataFrame:
    figures, deviation = unit.figures([group]), _deviations(unit, group)
    rows = []
    for name, made in deviation.set_index("indicator", drop=False).iterrows():
        own = figures[(figures["indicator"] == name) & figures["estimate"].notna() & (figures["df"] > 0)]
        facts = {"p": np.nan, "levels": len(own)}
        if len(own) > 1:
            df = own.known_influence().degrees(own["result_id"].to_list())
            facts["p"] = adjusted_mean_wald(own["estimate"].to_numpy(float), own.covariance(), df).p
        rows.append({**made, **facts})
        rows += [{**one, "levels": len(own)} for one in _extremes(own, group, unit.sample.labels)]
    return pd.DataFrame(rows, columns=[*COLUMNS, "p", "levels"])


def _extremes(own: Estimates, group: str, labels: dict[str, str]) -> list[dict[str, object]]:
    """Gap and ratio of the highest and the lowest level, with intervals that hold for all pairs."""
    if len(own) < 2:
        return []
    order = own["estimate"].to_numpy(float).argsort(kind="stable")
    pair = own.iloc[[order[0], order[-1]]]
    pairs = len(own) * (len(own) - 1) // 2
    level = 1 - (1 - LEVEL) / pairs
    gap = differences(pair, group, adjust="none", level=level).iloc[0]
    low, high = (group_pairs(by)[0][1] for by in pair["by"])
    by, said = group_key([(group, f"{high}{MINUS}{low}")]), f"bonferroni of {pairs}"
    row = {
        **gap[list(COLUMNS)],
        "by": by,
        "statistic": "between_gap",
        "level": LEVEL,
        "method": f"{gap['method']}; {said}",
    }
    return [
        _named(row, labels),
        _named(row | _ratio(pair, float(gap["df"]), level) | {"method": f"log; {said}"}, labels),
    ]


def _ratio(pair: Estimates, df: float, level: float) -> dict[str, object]:
    """Highest over lowest by the logarithm, se on the scale of the ratio; nothing where the lowest is not above 0."""
    lowest, highest = pair["estimate"].to_numpy(float)
    row: dict[str, object] = {"statistic": "between_ratio", "flags": ""}
    if lowest <= 0:
        return row | dict.fromkeys(("estimate", "se", "low", "high"), np.nan) | {"reason": "denominator_zero"}
    slope = np.array([-1 / lowest, 1 / highest])
    error = float(np.sqrt(max(slope @ pair.covariance() @ slope, 0)))
    ratio, reach = highest / lowest, float(critical(np.array([df]), level)[0]) * error
    return row | {"estimate": ratio, "se": ratio * error, "low": ratio * np.exp(-reach), "high": ratio * np.exp(reach)}


def _named(row: dict[str, object], labels: dict[str, str]) -> dict[str, object]:
    asked = [tuple(str(row[name]) for name in ("indicator", "version", "option", "statistic"))]
    group = group_pairs(str(row["by"]))[0][0]  # which levels are the extremes is an answer, not asked
    found = result_ids(labels, asked, [group], LEVEL, str(row["method"]).rpartition("; ")[2])  # type: ignore[arg-type]
    return row | {"result_id": found[0]}


def _deviations(unit: Unit, group: str) -> Estimates:
    """Mean deviation of every indicator: a ratio of totals, with the base 1 for shares and means."""
    parts = []
    for items in unit.items.values():
        made = [_linearised(unit, item, group) for item in items]

        def batch(cells: Cells, some: Sequence[Item]) -> Batch:
            below = [np.ones(len(item.y)) if item.below is None else item.below for item in some]  # type: ignore[arg-type]
            figures = ratios(cells, [answers(item) for item in some], below)
            return wald_batch(some, "mean", figures, LEVEL).named("between_deviation", f"levels of {group}")

        parts.append(estimate_batches(unit.sample, made, None, batch, level=LEVEL))
    out = Estimates(pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True))
    out["low"] = out["low"].clip(lower=0)
    return out


def _linearised(unit: Unit, item: Item, group: str) -> Item:
    """(σ_g − B)(y − p x), NaN outside the base or where the level is not known; x is 1 for shares and means."""
    column = unit.sample.column(group)
    code, levels = pd.factorize(column, sort=True)
    y = answers(item).astype(float)
    x = np.ones(len(y)) if item.below is None else item.below.astype(float)
    inside = ~np.isnan(y) & ~np.isnan(x) & (code >= 0)
    weight = np.where(inside, unit.sample.design.weight, 0)
    place = np.where(inside, code, 0)
    above, below = (np.bincount(place, weight * np.where(inside, one, 0), minlength=len(levels)) for one in (y, x))
    rate = above.sum() / below.sum() if below.sum() else np.nan
    sign = np.sign(above - rate * below)
    balance = float((sign * below).sum() / below.sum()) if below.sum() else np.nan
    return replace(item, y=np.where(inside, (sign[place] - balance) * (y - rate * x), np.nan), below=item.below)
