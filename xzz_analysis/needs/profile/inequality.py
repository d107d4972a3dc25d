"""How far groups lie apart: the extremes, their ratio, and the mean deviation from everybody.

References
----------
Harper, S. and Lynch, J. (2005). Methods for Measuring Cancer Disparities. National Cancer Institute: absolute and
relative differences, and the mean deviation of groups weighted by their size.
Demnati, A. and Rao, J. N. K. (2004). Linearization variance estimators for survey data. Survey Methodology 30, 17-26.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import stdtr

from xzz_analysis.needs.profile.figures import ABOUT, Round, Unit, measured, one_family, require_whole, told
from xzz_analysis.needs.profile.matrix import against_all
from xzz_analysis.survey.engine.cells import Cells
from xzz_analysis.survey.engine.figures import ratios
from xzz_analysis.survey.engine.interval import critical
from xzz_analysis.survey.estimate import Item
from xzz_analysis.survey.estimate.batches import estimate_batches, wald_batch
from xzz_analysis.survey.estimate.items import answers
from xzz_analysis.survey.estimate.layout import Batch
from xzz_analysis.survey.estimates import COLUMNS, Estimates, group_key, group_pairs, result_ids
from xzz_analysis.survey.measures.inequality import concentration_items, gini_items
from xzz_analysis.survey.testing import contrast
from xzz_analysis.survey.testing.contrast import MINUS
from xzz_analysis.survey.testing.equality import adjusted_mean_wald

LEVEL = 0.95
ADDED = ("p", "p_adjusted", "tests", "by_chance", "levels")
"""Columns after those of estimates: p that all levels are equal (of the deviation; Holm's of all indicators), what
chance alone would make of the deviation, and how many levels have a figure."""

STATISTICS = ("between_deviation", "between_gap", "between_ratio")
"""Ends of the statistics, such as ``share_between_gap``: mean deviation of the levels from everybody, weighted by their
size; highest minus lowest; highest over lowest."""

OF_GAPS = ("of_level", "of_reference", "group", "sources")
"""Columns of gaps and ratios: figure of the highest and of the lowest level, the group, and the result ids of the
figures of all levels compared, joined by a semicolon."""


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
    require_whole(survey, "inequalities between groups")
    ready = measured(survey)
    parts = [_of_unit(unit, group) for unit in ready.split_by([group])]
    if not parts:
        return pd.DataFrame(columns=[*COLUMNS, *ADDED, *ABOUT])
    out = told(one_family(parts, list(ready.indicators)), ready.indicators)
    apart = against_all(ready, [group])
    part = apart["weighted_n"] / apart.groupby("indicator")["weighted_n"].transform("sum")
    chance = (part * np.sqrt(2 / np.pi) * apart["se"]).groupby(apart["indicator"]).sum()
    deviation = out["statistic"].str.endswith("_between_deviation")
    out["by_chance"] = out["indicator"].map(chance).where(deviation & out["estimate"].notna())
    return out[[*COLUMNS, *ADDED, *ABOUT]]


def _of_unit(unit: Unit, group: str) -> pd.DataFrame:
    figures, deviation = unit.figures([group]), _deviations(unit, group)
    rows = []
    for name, made in deviation.set_index("indicator", drop=False).iterrows():
        (own,) = owns = [_comparable(figures, str(name))]
        rows.append({**made, "p": _equality(own), "levels": len(own)})
        found = _extremes(figures, owns, group)[0]
        rows += [{**_named(one, unit.sample.labels), "levels": len(own)} for one in found]
    return pd.DataFrame(rows, columns=[*COLUMNS, "p", "levels"])


def _comparable(figures: Estimates, indicator: str, shown: Collection[str] | None = None) -> Estimates:
    """Levels of an indicator that have a figure with an error, of those that may be compared."""
    kept = (figures["indicator"] == indicator) & figures["estimate"].notna() & (figures["df"] > 0)
    return figures[kept if shown is None else kept & figures["result_id"].isin(list(shown))]


def _equality(own: Estimates) -> float:
    """p that all levels are equal; NaN for fewer than two."""
    if len(own) < 2:
        return np.nan
    df = own.known_influence().degrees(own["result_id"].to_list())
    return float(adjusted_mean_wald(own["estimate"].to_numpy(float), own.covariance(), df).p)


def largest_gaps(survey: Round, groups: Sequence[str], shown: Collection[str] | None = None) -> pd.DataFrame:
    """Set the highest level of every group beside the lowest, indicator by indicator.

    Parameters
    ----------
    survey : MonitoringRound or Measured
    groups : sequence of str
        Declared groups, one after the other.
    shown : collection of str, optional
        Result ids of the levels' figures that may be compared; all by default. The highest level says something about
        those below it, so levels that are not published take no part.

    Returns
    -------
    DataFrame
        Columns of estimates, ``p``, ``p_adjusted``, ``tests``, ``levels``, ``ABOUT`` and :data:`OF_GAPS`; for every
        indicator and group with two levels or more the gap and the ratio (see :func:`between_groups`). ``p`` of a gap
        is that all its levels are equal; all indicators and groups are one family (Holm).

    Raises
    ------
    StudyError
        An unknown group, with the nearest name.

    References
    ----------
    Harper, S. and Lynch, J. (2005). Methods for Measuring Cancer Disparities. National Cancer Institute.
    """
    ready = measured(survey)
    rows = []
    for group in groups:
        for unit in ready.split_by([group]):
            figures = unit.figures([group])
            owns = [_comparable(figures, name, shown) for name in unit.indicators]
            for own, found in zip(owns, _extremes(figures, owns, group), strict=True):
                facts = {"levels": len(own), "group": group, "sources": ";".join(own["result_id"])}
                p = (_equality(own), np.nan) if found else ()
                rows += [
                    _named(row, unit.sample.labels) | facts | {"p": one} for row, one in zip(found, p, strict=True)
                ]
    table = pd.DataFrame(rows, columns=[*COLUMNS, "p", "levels", *OF_GAPS])
    out = told(one_family([table], list(ready.indicators)), ready.indicators)
    place = {group: number for number, group in enumerate(groups)}
    out = out.sort_values("group", key=lambda names: names.map(place), kind="stable", ignore_index=True)
    return out[[*COLUMNS, "p", "p_adjusted", "tests", "levels", *ABOUT, *OF_GAPS]]


def along_ranking(survey: Round, rank: str) -> pd.DataFrame:
    """Measure how far needs are concentrated among those ranked low, such as families with little income.

    Parameters
    ----------
    survey : MonitoringRound or Measured
    rank : str
        A question with a number, of a unit or of what it belongs to.

    Returns
    -------
    DataFrame
        Columns of estimates, ``p``, ``p_adjusted``, ``tests``, ``sources`` (the result id of the indicator's own
        figure) and ``fewest`` (the fewest people with or without the need). One row per indicator that is a share,
        statistic ``concentration_erreygers``: 4 (2 Σ w y F / Σ w − ȳ), F the share of people ranked below, from −1 (the
        need is that of the lower half alone) to 1. p is that there is no concentration; all indicators are one family
        (Holm). Then the ``gini`` index of the number itself, without a test, unless somebody's is negative.

    Raises
    ------
    InputError
        No unit is asked the question, with the nearest name.

    References
    ----------
    Erreygers, G. (2009). Correcting the concentration index. Journal of Health Economics 28, 504-515.
    """
    ready = measured(survey)
    dataset = ready.survey.dataset
    asked = [name for name in ready.units if dataset.asks(name, rank)]
    for name in [] if asked else list(ready.units)[:1]:
        dataset.owner(name, rank)  # says which question may be meant
    parts = [pd.DataFrame(columns=[*COLUMNS, "p", "sources", "fewest"])]
    for name in asked:
        values, reasons = dataset.values(name, rank)
        rows = ready.survey.rows(name)
        order = pd.to_numeric(values[rows], errors="coerce").to_numpy(float, na_value=np.nan)
        parts.append(_concentrated(ready.units[name], (rank, order), reasons[rows]))
        if dataset.owner(name, rank) == name and not (order < 0).any():
            made = gini_items(ready.units[name].sample, [Item(rank, order, reasons[rows])])
            parts.append(pd.DataFrame(made).assign(p=np.nan, sources="", fewest=made["n"].astype(float)))
    return one_family([part for part in parts if len(part)] or parts, list(ready.indicators))


def _concentrated(unit: Unit, rank: tuple[str, np.ndarray], reasons: np.ndarray) -> pd.DataFrame:
    """Concentration of every share of a unit, with its test and what protection asks for."""
    items = [_ranked(item, rank[1], reasons) for item in unit.items.get("share", [])]
    made = concentration_items(unit.sample, items, rank, correction="erreygers")
    own = unit.figures()
    ids = dict(zip(own["indicator"], own["result_id"], strict=True))
    with_need = [float(np.nansum(answers(item))) for item in items]
    fewest = np.fmin(with_need, made["n"].to_numpy(float) - with_need)
    return pd.DataFrame(made).assign(p=_two_sided(made), sources=made["indicator"].map(ids), fewest=fewest)


def _ranked(item: Item, order: np.ndarray, reasons: np.ndarray) -> Item:
    """An item in which somebody without a rank has no answer, for the rank's reason."""
    y, lost = answers(item), np.isnan(order)
    own = np.zeros(len(y), np.int8) if item.reasons is None else item.reasons
    return replace(
        item, y=np.where(lost, np.nan, y), reasons=np.where(lost & ~np.isnan(y), reasons, own).astype(np.int8)
    )


def _two_sided(made: pd.DataFrame) -> np.ndarray:
    """p that a figure is zero, NaN without an error."""
    estimate, se, df = (made[name].to_numpy(float) for name in ("estimate", "se", "df"))
    possible = (se > 0) & (df > 0)
    t = np.divide(estimate, se, out=np.full(len(se), np.nan), where=possible)
    return np.asarray(2 * stdtr(np.where(possible, df, 1.0), -np.abs(t)))


def _extremes(figures: Estimates, owns: Sequence[Estimates], group: str) -> list[list[dict[str, object]]]:
    """Gap and ratio of the highest and the lowest level of each, with intervals that hold for all pairs."""
    pairs = np.array([len(own) * (len(own) - 1) // 2 for own in owns], np.int64)
    rows: list[list[dict[str, object]]] = [[] for _ in owns]
    for count in np.unique(pairs[pairs > 0]):
        places = np.flatnonzero(pairs == count).tolist()
        ends = [_ends(owns[place]) for place in places]
        level = 1 - (1 - LEVEL) / float(count)
        asked = {str(number): {low: -1.0, high: 1.0} for number, (low, high) in enumerate(ends)}
        gaps = contrast(figures, asked, adjust="none", level=level).to_dict("records")
        for place, gap, (low, high) in zip(places, gaps, ends, strict=True):
            rows[place] = _gap_and_ratio(
                figures.loc[[low, high]], {str(k): v for k, v in gap.items()}, (group, level, count)
            )
    return rows


def _ends(own: Estimates) -> tuple[int, int]:
    """Row labels of the lowest and the highest level."""
    order = own["estimate"].to_numpy(float).argsort(kind="stable")
    return own.index[order[0]], own.index[order[-1]]


def _gap_and_ratio(pair: Estimates, gap: dict[str, object], asked: tuple[str, float, int]) -> list[dict[str, object]]:
    """Rows of a gap and of the ratio of the same two levels, the lower one first in ``pair``."""
    group, level, count = asked
    low, high = (group_pairs(by)[0][1] for by in pair["by"])
    said = f"bonferroni of {count}"
    row = {name: gap[name] for name in COLUMNS} | {
        "by": group_key([(group, f"{high}{MINUS}{low}")]),
        "statistic": f"{pair['statistic'].iloc[0]}_between_gap",
        "level": LEVEL,
        "of_level": pair["estimate"].iloc[1],
        "of_reference": pair["estimate"].iloc[0],
    }
    ratio = _ratio(pair, float(str(gap["df"])), level)
    return [row | {"method": f"{gap['method']}; {said}"}, row | ratio | {"method": f"log; {said}"}]


def _ratio(pair: Estimates, df: float, level: float) -> dict[str, object]:
    """Highest over lowest by the logarithm, se on the scale of the ratio; nothing where the lowest is not above 0."""
    lowest, highest = pair["estimate"].to_numpy(float)
    row: dict[str, object] = {"statistic": f"{pair['statistic'].iloc[0]}_between_ratio", "flags": ""}
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
    for statistic, items in unit.items.items():
        made = [_linearised(unit, item, group) for item in items]
        name = f"{statistic}_between_deviation"

        def batch(cells: Cells, some: Sequence[Item], name: str = name) -> Batch:
            below = [np.ones(len(item.y)) if item.below is None else item.below for item in some]  # type: ignore[arg-type]
            figures = ratios(cells, [answers(item) for item in some], below)
            return wald_batch(some, "mean", figures, LEVEL).named(name, f"levels of {group}")

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
