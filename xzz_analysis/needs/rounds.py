"""The rounds of a study together: what a change is made of, and how needs go on from round to round.

References
----------
Kitagawa, E. M. (1955). Components of a difference between two rates. JASA 50, 1168-1194.
Aitken, A. C. (1935). On least squares and linear combination of observations. Proceedings of the Royal Society of
Edinburgh 55, 42-48.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.profile.figures import Measured, Unit, measured, one_family
from xzz_analysis.survey.change import Terms, composition_items, trend_items
from xzz_analysis.survey.change.composition import COMPOSITION_COLUMNS
from xzz_analysis.survey.change.trend import FEWEST, TREND_COLUMNS

SOURCES = "sources"
"""Column with the result ids of the plain estimates that a row is made of, joined by a semicolon, for protection."""


def rounds_until(survey: MonitoringRound) -> list[MonitoringRound]:
    """The rounds of the study that were collected up to this one, earliest first."""
    found = [survey]
    while (before := found[0].earlier()) is not None:
        found.insert(0, before)
    return found


def middle_of(survey: MonitoringRound) -> dt.date:
    """The day half-way through a round's collection."""
    first, last = survey.study.rounds[survey.name].collected
    return first + (last - first) / 2


def change_parts(before: MonitoringRound, after: MonitoringRound, over: str) -> pd.DataFrame:
    """Split every change of a share or mean into change inside the levels of a group, and another mix of them.

    Parameters
    ----------
    before, after : MonitoringRound
        Two rounds of one study.
    over : str
        A declared group; indicators of units that it does not apply to are left out.

    Returns
    -------
    DataFrame
        Columns of :func:`~xzz_analysis.survey.change.composition_change` and :data:`SOURCES`: the figures of every
        level in both rounds. Three rows per indicator, in the order of the declarations.

    Raises
    ------
    StudyError
        An unknown group, with the nearest name.

    References
    ----------
    Kitagawa, E. M. (1955). Journal of the American Statistical Association 50, 1168-1194.
    """
    now, then = measured(after), measured(before)
    parts = []
    for unit in now.split_by([over]):
        earlier = then.units.get(unit.sample.labels["unit"])
        for statistic in ("share", "mean") if earlier else ():
            assert earlier is not None
            items = earlier.items.get(statistic, []), unit.items.get(statistic, [])
            if items[1]:
                made = composition_items(earlier.sample, unit.sample, items, over, Terms(statistic))
                parts.append(_with_sources(made, [earlier, unit], [over]))
    return _ordered(parts, now, (*COMPOSITION_COLUMNS, SOURCES))


def trends(rounds: Sequence[MonitoringRound]) -> pd.DataFrame:
    """The slope per year of every indicator through all rounds.

    Parameters
    ----------
    rounds : sequence of MonitoringRound
        Of one study, earliest first. Each stands at the middle of its collection.

    Returns
    -------
    DataFrame
        Columns of :func:`~xzz_analysis.survey.change.trend` and :data:`SOURCES`, in the order of the declarations; all
        slopes are one family (Holm). No row for a unit with answers in fewer than three rounds, nor for an indicator
        whose definition changed.

    References
    ----------
    Aitken, A. C. (1935). Proceedings of the Royal Society of Edinburgh 55, 42-48.
    """
    ready = [measured(one) for one in rounds]
    days = {one.name: middle_of(one) for one in rounds}
    parts = []
    for name, latest in ready[-1].units.items():
        sides = [one.units[name] for one in ready if name in one.units]
        if len(sides) < FEWEST:
            continue
        times = {side.sample.labels["round"]: days[side.sample.labels["round"]] for side in sides}
        for statistic in latest.items:
            items = [side.items.get(statistic, []) for side in sides]
            made = trend_items([side.sample for side in sides], items, Terms(statistic), times=times)
            parts.append(_with_sources(made, sides, []))
    return _ordered([one_family(parts, [])] if parts else [], ready[-1], (*TREND_COLUMNS, SOURCES))


def _with_sources(made: pd.DataFrame, units: Sequence[Unit], by: Sequence[str]) -> pd.DataFrame:
    """Comparisons with the ids of the plain estimates of every round behind them."""
    frames = [unit.figures(by) for unit in units]
    ids: dict[str, list[str]] = {}
    for frame in frames:
        for name, one in zip(frame["indicator"], frame["result_id"], strict=True):
            ids.setdefault(name, []).append(one)
    return pd.DataFrame(made).assign(**{SOURCES: [";".join(ids[name]) for name in made["indicator"]]})


def _ordered(parts: Sequence[pd.DataFrame], ready: Measured, columns: Sequence[str]) -> pd.DataFrame:
    """Rows of all parts in the order of the declarations; only the columns when there are none."""
    if not parts:
        return pd.DataFrame(columns=list(columns))
    order = {name: place for place, name in enumerate(ready.indicators)}
    together = pd.concat(parts, ignore_index=True)
    return together.sort_values("indicator", key=lambda ids: ids.map(order), kind="stable", ignore_index=True)
