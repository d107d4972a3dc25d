"""What families say they want most, in their own order.

References
----------
Klein, M., Wright, T. and Wieczorek, J. (2020). A joint confidence region for an overall ranking of populations.
Journal of the Royal Statistical Society C 69, 589-606.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.survey.estimates import Estimates, result_ids
from xzz_analysis.survey.measures.multiple import multiple
from xzz_analysis.survey.measures.priorities import priorities, rank_intervals

RANKED_BY_SHARE = "max-t; share of respondents"
"""Method of ranks that come from a question in which options are named without an order."""


def stated_priorities(
    survey: MonitoringRound, unit: str, asked: str | Sequence[str], by: str | Sequence[str] | None = None
) -> Estimates:
    """Order what people say they want, with how far the order is known.

    Parameters
    ----------
    survey : MonitoringRound
    unit : str
        Who was asked.
    asked : str or sequence of str
        A select-multiple question; or a question that ranks options, or the questions of the first choice, the second …
    by : str or sequence of str, optional
        Declared groups, crossed.

    Returns
    -------
    Estimates
        Of a ranking: ``first_choice``, ``named``, ``score`` and ``rank`` (see
        :func:`~xzz_analysis.survey.measures.priorities.priorities`). Of a select-multiple question: ``share``,
        ``share_of_cases``, ``mean_count`` and ``contradictory``
        (see :func:`~xzz_analysis.survey.measures.multiple.multiple`), then ``rank`` by the share of respondents, of the
        options that are not exclusive.

    Raises
    ------
    DesignError, InputError, StudyError
        Questions and groups that are not there.

    References
    ----------
    Klein, M., Wright, T. and Wieczorek, J. (2020). Journal of the Royal Statistical Society C 69, 589-606.
    """
    return survey.split(lambda whole, groups: _stated(whole, unit, asked, groups), by)


def _stated(survey: MonitoringRound, unit: str, asked: str | Sequence[str], groups: list[str]) -> Estimates:
    sample = survey.sample(unit)
    if not isinstance(asked, str) or survey.dataset.question(unit, asked).kind != "select_multiple":
        return priorities(sample, asked, by=groups)
    declared = survey.study.tables[unit].exclusive.get(asked, []) if unit in survey.study.tables else []
    options = sample.columns_of(asked)
    exclusive = [name for name in declared if f"{asked}/{name}" in options]
    made = multiple(sample, asked, groups, exclusive=exclusive, combinations=0)
    kept = made[made["statistic"] != "share_of_mentions"].reset_index(drop=True)
    shares = kept[(kept["statistic"] == "share") & ~kept["option"].isin(exclusive)]
    ranks = _ranks(shares, sample.labels)
    out = Estimates(pd.concat([pd.DataFrame(kept), ranks], ignore_index=True))
    out.influence = made.influence
    return out


def _ranks(shares: Estimates, labels: dict[str, str]) -> pd.DataFrame:
    """Rank of every option by the share that named it, inside each group."""
    parts = [
        _ranked(shares.iloc[rows]) for rows in shares.reset_index(drop=True).groupby("by", sort=False).indices.values()
    ]
    out = pd.concat(parts, ignore_index=True).assign(statistic="rank", method=RANKED_BY_SHARE)
    out[["se", "n_eff", "deff"]] = np.nan
    level = float(out["level"].iloc[0])
    asked = zip(out["indicator"], out["option"], out["by"], strict=True)
    out["result_id"] = [
        result_ids(labels, [(name, "", option, "rank")], [by], level, RANKED_BY_SHARE)[0] for name, option, by in asked
    ]
    return out


def _ranked(shares: Estimates) -> pd.DataFrame:
    """Ranks of one group: equal shares have the better rank; no rank where an option has no share."""
    value, df = shares["estimate"].to_numpy(float), shares["df"].to_numpy(float)
    rank, low, high = np.full((3, len(value)), np.nan)
    if not np.isnan(value).any():
        rank = 1.0 + (value[None, :] > value[:, None]).sum(axis=1)
        if df[0] > 0:
            covariance = shares.covariance()
            low, high = rank_intervals(value, covariance, float(df[0]), float(shares["level"].iloc[0]))
    return pd.DataFrame(shares).assign(estimate=rank, low=low, high=high)
