"""Domains × kinds of need, for everybody and every level of a group.

References
----------
Bradshaw, J. (1972). A taxonomy of social need. New Society 30, 640-643: felt, expressed, normative, comparative.
Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian J. of Statistics 6, 65-70.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.needs.indicator import DOMAINS, KINDS
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.profile.figures import ABOUT, Measured, Round, Unit, measured, one_family, told, worse_side
from xzz_analysis.survey.estimates import COLUMNS, group_pairs, join
from xzz_analysis.survey.testing.comparisons import COMPARISON_COLUMNS, Comparisons, Family, compare

ALPHA = 0.05
"""Adjusted p up to which a group is said to differ from everybody."""

CELL_COLUMNS = (
    "by",
    "domain",
    "need_kind",
    "indicators",
    "highest_indicator",
    "highest",
    "highest_low",
    "highest_high",
    "highest_result_id",
    "worse",
    "better",
    "tested",
    "result_ids",
    "reason",
)
"""Columns of the matrix: one row per level (``""`` is everybody), domain and kind of need.

``indicators`` counts those with a figure. ``highest`` is the highest share of a need among them. ``worse`` and
``better`` count indicators on which the level differs from everybody by a tested difference, on the worse and on the
better side of the indicator's declared direction, of ``tested``. There is no index of the cell: indicators of different
bases have no sum. ``reason`` is ``no_indicator`` where the round measures nothing of the kind, and
``nobody_answered`` where nobody of the level answered: neither says that there is no need.
"""


_CELL = ("by", "domain", "need_kind")


def need_figures(survey: Round, by: Sequence[str] = ()) -> pd.DataFrame:
    """Every indicator of everybody, then of every level of the crossed groups.

    Parameters
    ----------
    survey : MonitoringRound or Measured
    by : sequence of str
        Declared groups, crossed.

    Returns
    -------
    DataFrame
        Columns of estimates and :data:`~xzz_analysis.needs.profile.figures.ABOUT`; the results are those of
        :meth:`MonitoringRound.needs`.
    """
    ready = measured(survey)
    splits = [[], list(by)] if by else [[]]
    parts = [unit.figures(groups) for groups in splits for unit in ready.split_by(groups)]
    if not parts:
        return pd.DataFrame(columns=[*COLUMNS, *ABOUT])
    return told(pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True), ready.indicators)


def against_all(survey: Round, by: Sequence[str]) -> pd.DataFrame:
    """How far every level of a group lies from everybody.

    Parameters
    ----------
    survey : MonitoringRound or Measured
    by : sequence of str
        Declared groups, crossed; at least one.

    Returns
    -------
    DataFrame
        Columns of comparisons and ``ABOUT``: level minus everybody, statistic for example ``share_against_all``. All
        indicators and levels are one family (Holm).

    Notes
    -----
    The level is a part of everybody; the covariance of both estimates is in the influence matrix.
    """
    ready = measured(survey)
    parts = [_against_all(unit, by) for unit in ready.split_by(by)]
    if not parts:
        return pd.DataFrame(columns=[*COMPARISON_COLUMNS, *ABOUT])
    return told(one_family(parts, list(ready.indicators)), ready.indicators)


def _against_all(unit: Unit, by: Sequence[str]) -> Comparisons:
    own, whole = unit.figures(by), unit.figures()
    both, size = join([own, whole]), len(own)
    place = {name: size + row for row, name in enumerate(whole["indicator"])}
    column = np.concatenate([np.arange(size), own["indicator"].map(place).to_numpy(np.int64)])
    row, value = np.tile(np.arange(size), 2), np.repeat([1.0, -1.0], size)
    matrix = sparse.csr_array((value, (row, column)), shape=(size, len(both)))
    about = pd.DataFrame(own).reset_index(drop=True).assign(flags="")
    about["statistic"] = about["statistic"] + "_against_all"
    about["reason"] = np.where(own["estimate"].isna(), "nobody_answered", "")
    names = [f"against_all:{text}" for text in about["by"]]
    return compare(both, Family(matrix, about, names, "holm", 0.95, 0.0))


def against_whole(survey: MonitoringRound) -> pd.DataFrame:
    """How far the place that a round speaks of lies from the whole study.

    Parameters
    ----------
    survey : MonitoringRound
        Of one place.

    Returns
    -------
    DataFrame
        The place's rows of :func:`against_all`, in one family with every other level, and :data:`SIDES`: both figures
        and their results.
    """
    ((group, _),) = group_pairs(survey.place)
    ready = measured(survey.whole)
    apart = against_all(ready, [group])
    out = apart[apart["by"] == survey.place].reset_index(drop=True)
    for side, by in (("level", [group]), ("reference", [])):
        rows = _figures_by(ready, by)
        known = rows[rows["by"] == (survey.place if by else "")].set_index("indicator").reindex(out["indicator"])
        out[f"of_{side}"], out[f"result_id_{side}"] = known["estimate"].to_numpy(), known["result_id"].to_numpy()
    return out


def _figures_by(ready: Measured, by: Sequence[str]) -> pd.DataFrame:
    """Every indicator by crossed groups, everybody without any, of all units one below the other."""
    return pd.concat([pd.DataFrame(unit.figures(by)) for unit in ready.split_by(by)], ignore_index=True)


def need_matrix(figures: pd.DataFrame, differences: pd.DataFrame) -> pd.DataFrame:
    """Domains × kinds of need in words and numbers that can be traced.

    Parameters
    ----------
    figures : DataFrame
        Of :func:`need_figures`.
    differences : DataFrame
        Of :func:`against_all`; empty without groups.

    Returns
    -------
    DataFrame
        Columns :data:`CELL_COLUMNS`, every domain × kind of every level.
    """
    cells, tests = (dict(iter(one.groupby(list(_CELL), sort=False))) for one in (figures, differences))
    nothing, untested = figures.iloc[:0], differences.iloc[:0]
    rows = [
        {"by": by, "domain": domain, "need_kind": kind}
        | _cell(cells.get((by, domain, kind), nothing), tests.get((by, domain, kind), untested), by)
        for by in dict.fromkeys(figures["by"])
        for domain in DOMAINS
        for kind in KINDS
    ]
    return pd.DataFrame(rows, columns=list(CELL_COLUMNS))


def _cell(figures: pd.DataFrame, tests: pd.DataFrame, by: str) -> dict[str, object]:
    """One cell: what is measured, the highest share of a need, and how many indicators differ from everybody."""
    known = figures[figures["estimate"].notna()]
    cell: dict[str, object] = {"indicators": len(known), "result_ids": ";".join(known["result_id"])}
    cell["reason"] = "" if len(known) else "nobody_answered" if len(figures) else "no_indicator"
    asked = (known["direction"] == "none") & (known["need_kind"] == "expressed")  # who asks for help expresses a need
    shares = known[(known["statistic"] == "share") & ((known["direction"] == "need") | asked)]
    if len(shares):
        top = shares.iloc[int(shares["estimate"].to_numpy(float).argmax())]
        cell |= {
            "highest_indicator": top["indicator"],
            "highest": top["estimate"],
            "highest_result_id": top["result_id"],
        }
        cell |= {"highest_low": top["low"], "highest_high": top["high"]}
    if by and len(known) and "p_adjusted" in tests:
        apart = np.sign(tests["estimate"].to_numpy(float)) * worse_side(tests)
        sure = tests["p_adjusted"].to_numpy(float) <= ALPHA
        cell |= {"worse": int((sure & (apart > 0)).sum()), "better": int((sure & (apart < 0)).sum())}
        cell["tested"] = int(tests["p_adjusted"].notna().sum())
    return cell
