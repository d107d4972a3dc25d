"""Access of people to services: one measure, or many groups, domains, decays and measures at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.places.access.measures import DEFAULTS, Measure, divide, measure_access
from xzz_analysis.places.access.reach import Reach, Weighing, reach, stack
from xzz_analysis.places.travel.cost import Cost


def access(
    cost: Cost,
    demand: pd.Series,
    supply: pd.Series,
    measure: str | Measure = "bfca",
    decay: Weighing | None = None,
) -> pd.Series:
    """Measure how well people can reach services.

    Parameters
    ----------
    cost : Cost
        What it takes to get there, origins by destinations.
    demand : Series
        People (float, not negative) on the ids of origins. Every origin of the costs has a number; an id that is not in
        the costs reaches nothing.
    supply : Series
        What services offer (float, not negative; places a month, staff) on the ids of destinations.
    measure : str or Measure
        A name of :data:`~xzz_analysis.places.access.MEASURES`, or one with parameters: ``Measure("nearest", n=2)``.
        Balanced floating catchment by default.
    decay : Decay or callable, optional
        How much a service counts that is some way off; everything within the limit of the costs alike by default.

    Returns
    -------
    Series of float64
        On the index of the demand, named after the measure. In the unit of the supply for each person (2sfca, e2sfca,
        availability per head), in the unit of the supply (cumulative, gravity, spatial availability), of the costs
        (nearest), or without one (raam). Balanced catchments share out what services offer for each person among the
        places that turn to them: places of one call can be compared, not calls with other places. Never missing or
        infinite: who reaches nothing has 0, and the limit (or the worst cost there is) where less is better;
        ``choices`` says who that is.

    Raises
    ------
    InputError
        Ids are no text, repeated or without an amount; amounts are missing or negative; the measure is unknown; the
        decay reaches farther than travel was measured, has another unit, or makes weights that are no weights.

    References
    ----------
    Paez, A., Higgins, C. D. and Vivona, S. F. (2019). PLOS ONE 14, e0218773. The other measures have theirs in
    :mod:`~xzz_analysis.places.access.measures`.
    """
    measure = Measure(measure) if isinstance(measure, str) else measure
    found, rows = reach(cost, demand, supply, decay)
    values, _ = _on_rows(found, measure, rows)
    return pd.Series(values, index=demand.index, name=str(measure))


def _on_rows(found: Reach, measure: Measure, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Access and whether anything is reached, in the order of the demand; -1 is in no row of the costs."""
    values, reached = measure_access(found, measure)
    if not (rows < 0).any():
        return values[rows], reached[rows]
    worst = float(values.max(initial=found.limit)) if measure.less_is_better else 0.0
    return np.append(values, worst)[rows], np.append(reached, False)[rows]


def access_table(
    cost: Cost | Mapping[str, Cost],
    demand: pd.Series | pd.DataFrame,
    supply: pd.Series | pd.DataFrame,
    *,
    measures: Sequence[str | Measure] = DEFAULTS,
    decays: Mapping[str, Weighing | None] | Weighing | None = None,
    eligible: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Measure access for several groups, domains, decays and measures in one call.

    Parameters
    ----------
    cost : Cost, or mapping of group to Cost
        One for all groups, or one for each, such as children who walk slower, with the same origins and destinations.
    demand : Series, or DataFrame with a column for each group
        All groups compete for the same services.
    supply : Series, or DataFrame with a column for each domain
        Domains are separate: a place at school is no use to somebody ill.
    measures : sequence of str or Measure
        Balanced floating catchment and spatial availability by default.
    decays : Decay, callable, or mapping of a name to one
    eligible : DataFrame of bool, optional
        Services by groups: whom a service is for. Everybody by default.

    Returns
    -------
    DataFrame
        On the index of the demand, repeated: ``domain``, ``group``, ``decay`` and ``measure`` (str; "" where there is
        only one), ``access``, ``reached`` (bool) and ``demand``.

    Raises
    ------
    InputError
        As :func:`access`; or groups of costs or of ``eligible`` are not those of the demand.

    References
    ----------
    Paez, A., Higgins, C. D. and Vivona, S. F. (2019). PLOS ONE 14, e0218773.
    """
    people = demand.to_frame("") if isinstance(demand, pd.Series) else demand.rename(columns=str)
    offered = supply.to_frame("") if isinstance(supply, pd.Series) else supply.rename(columns=str)
    named = decays if isinstance(decays, Mapping) else {"" if decays is None else str(decays): decays}
    wanted = [Measure(one) if isinstance(one, str) else one for one in measures]
    parts = []
    for name, decay in named.items():
        for domain in offered:
            found, rows = _stacked(cost, people, offered[domain], decay, eligible)
            for measure in wanted:
                values, reached = _on_rows(found, measure, rows)
                about = {"domain": str(domain), "decay": name, "measure": str(measure)}
                parts.append(_long(people, values, reached, about))
    return pd.concat(parts) if parts else _long(people.iloc[:0], np.empty(0), np.empty(0, bool), {})


def _long(people: pd.DataFrame, values: np.ndarray, reached: np.ndarray, about: dict[str, str]) -> pd.DataFrame:
    """Rows of one domain, decay and measure: group after group."""
    count = len(people)
    table = pd.DataFrame(index=pd.Index(np.tile(people.index, people.shape[1]), name=people.index.name))
    table["domain"] = about.get("domain", "")
    table["group"] = np.repeat(people.columns.to_numpy(), count)
    table["decay"], table["measure"] = about.get("decay", ""), about.get("measure", "")
    table["access"], table["reached"] = values, reached
    table["demand"] = people.to_numpy(np.float64).ravel(order="F")
    return table


def _stacked(
    cost: Cost | Mapping[str, Cost],
    people: pd.DataFrame,
    supply: pd.Series,
    decay: Weighing | None,
    eligible: pd.DataFrame | None,
) -> tuple[Reach, np.ndarray]:
    """All groups as rows under one another, so that they compete; and the row of every id of every group."""
    groups = sorted(map(str, people.columns))
    costs = dict.fromkeys(groups, cost) if isinstance(cost, Cost) else dict(cost)
    _require_groups(costs, groups, "travel costs")
    if eligible is not None:
        _require_groups(eligible, groups, "eligible")
    if not isinstance(cost, Cost) and len({frozenset(costs[group].destinations) for group in groups}) > 1:
        raise InputError("the travel costs of the groups have different services; measure all groups to the same ones")
    parts, rows, shares, start = [], {}, [], 0
    together = people.sum(axis=1).to_numpy(np.float64)
    for group in groups:
        part, place = reach(costs[group], people[group], supply, decay, None if eligible is None else eligible[group])
        rows[group] = np.where(place < 0, -1, place + start)
        start += len(part.demand)
        parts.append(part)
        shares.append(np.zeros(len(part.demand)))
        share = np.where(together > 0, divide(people[group].to_numpy(np.float64), together), 1 / len(groups))
        shares[-1][place[place >= 0]] = share[place >= 0]
    return stack(parts, np.concatenate(shares)), np.concatenate([rows[str(group)] for group in people])


def _require_groups(given: Iterable[object], groups: Sequence[str], what: str) -> None:
    if set(given) != set(groups):
        raise InputError(
            f"{what} are for the groups {', '.join(sorted(map(str, given)))}, and demand is for {', '.join(groups)}; "
            "name the same groups in both"
        )
