"""Indicators that rank options: what people put first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xzz_analysis.errors import StudyError, suggest
from xzz_analysis.needs.indicator import Indicator
from xzz_analysis.needs.instruments.figures import today_of
from xzz_analysis.needs.measure import in_base
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.survey.estimates import Estimates
from xzz_analysis.survey.measures.priorities import priorities


def ranking_indicators(survey: MonitoringRound) -> list[Indicator]:
    """The round's indicators that rank options, in the order of the declarations."""
    return [one for one in survey.indicators if one.rank and one.unit in survey.units]


def ranked(survey: MonitoringRound, name: str, by: str | Sequence[str] | None = None) -> Estimates:
    """Estimate what people put first, by an indicator that ranks options.

    Parameters
    ----------
    survey : MonitoringRound
    name : str
        Id of the indicator.
    by : str or sequence of str, optional
        Declared groups, crossed.

    Returns
    -------
    Estimates
        ``first_choice``, ``named``, ``score`` and ``rank`` of every option, as
        :func:`~xzz_analysis.survey.measures.priorities.priorities` has them, under the indicator's id; no row where
        nobody of its base answered in this round.

    Raises
    ------
    StudyError
        No such indicator that ranks options, with the nearest name; an unknown group.
    """
    known = {one.id: one for one in ranking_indicators(survey)}
    if name not in known:
        raise StudyError(f"{name!r} is no indicator that ranks options{suggest(name, known)}")
    return survey.split(lambda whole, groups: _ranked(whole, known[name], groups), by)


def _ranked(survey: MonitoringRound, indicator: Indicator, by: list[str]) -> Estimates:
    sample, rows = survey.sample(indicator.unit), survey.rows(indicator.unit)
    inside = in_base(indicator, survey.dataset, rows, today=today_of(survey))
    columns = [column for asked in indicator.rank for column in sample.columns_of(asked)]
    named = np.any([sample.column(column).notna().to_numpy() for column in columns], axis=0)
    if not (named & inside).any():
        return Estimates.none()
    choices = indicator.rank if len(indicator.rank) > 1 else indicator.rank[0]
    return priorities(sample.subpopulation(inside), choices, by=by, name=indicator.id, version=str(indicator.version))
