"""Access seen from the services: who depends on one alone, how full each will be, and what nobody reaches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.places.access.measures import catchment_of, divide, rows_of
from xzz_analysis.places.access.reach import Weighing, in_order, reach
from xzz_analysis.places.travel.cost import Cost


def choices(cost: Cost, supply: pd.Series, decay: Weighing | None = None) -> pd.DataFrame:
    """Count the services that people can choose from, and find those who have only one.

    Parameters
    ----------
    cost, supply, decay
        As in :func:`~xzz_analysis.places.access.access`; a service that offers nothing is no choice.

    Returns
    -------
    DataFrame
        On the origins of the costs: ``reached`` (bool), ``services`` (int), and ``only`` (str), the one service in
        reach, "" where there are none or several.

    Raises
    ------
    InputError
        As :func:`~xzz_analysis.places.access.access`.

    References
    ----------
    Church, R. and ReVelle, C. (1974). Papers of the Regional Science Association 32, 101–118 (coverage).
    """
    found, rows = reach(cost, pd.Series(0.0, index=cost.origins), supply, decay)
    counts = found.choices[rows]
    table = pd.DataFrame({"reached": counts > 0, "services": counts}, index=cost.origins)
    only = np.full(len(found.demand), "", dtype=object)
    single = found.choices == 1
    only[single] = in_order(cost).services.to_numpy(object)[found.costs.indices[found.costs.indptr[:-1][single]]]
    return table.assign(only=pd.array(only[rows], dtype="str"))


def load(cost: Cost, demand: pd.Series, supply: pd.Series, decay: Weighing | None = None) -> pd.DataFrame:
    """See access from the services: how many people each has in reach, how full it will be, who depends on it alone.

    Parameters
    ----------
    cost, demand, supply, decay
        As in :func:`~xzz_analysis.places.access.access`.

    Returns
    -------
    DataFrame
        On the index of the supply: ``supply``; ``reached`` (bool, some people have it in reach); ``people`` in reach;
        ``expected``, people when everybody in reach of any service is shared out among those in reach by their weights
        (the balanced catchment: the column adds up to the people who reach something); ``people_per_supply``, expected
        over supply; ``only_choice``, people for whom it is the only service in reach. 0 where a service offers nothing.

    Raises
    ------
    InputError
        As :func:`~xzz_analysis.places.access.access`.

    References
    ----------
    Paez, A., Higgins, C. D. and Vivona, S. F. (2019). PLOS ONE 14, e0218773.
    """
    found, _ = reach(cost, demand, supply, decay)
    count = len(found.supply)
    people = found.demand[rows_of(found.costs)]
    alone = people * (found.choices == 1)[rows_of(found.costs)]
    expected = catchment_of(found, "bfca").toward.T @ found.demand
    table = pd.DataFrame(
        {
            "supply": found.supply,
            "reached": np.bincount(found.costs.indices, people > 0, count) > 0,
            "people": np.bincount(found.costs.indices, people, count),
            "expected": expected,
            "people_per_supply": divide(expected, found.supply),
            "only_choice": np.bincount(found.costs.indices, alone, count),
        },
        index=in_order(cost).services,
    )
    elsewhere = {"supply": supply[~supply.index.isin(table.index)]}
    table = pd.concat([table, pd.DataFrame(elsewhere).assign(reached=False)]) if len(elsewhere["supply"]) else table
    return table.reindex(supply.index).fillna(dict.fromkeys(table.columns.drop(["supply", "reached"]), 0.0))


def access_findings(
    cost: Cost, demand: pd.Series, supply: pd.Series, decay: Weighing | None = None
) -> tuple[Finding, ...]:
    """Say what a reader must know before the figures: who reaches nothing, and which services nobody reaches.

    Parameters
    ----------
    cost, demand, supply, decay
        As in :func:`~xzz_analysis.places.access.access`.

    Returns
    -------
    tuple of Finding
        Rules ``access_not_in_costs``, ``access_unreached``, ``access_no_demand``, ``access_supply_unreached`` and
        ``access_no_supply``, with counts of places, people and services; never a place of somebody's home.

    Raises
    ------
    InputError
        As :func:`~xzz_analysis.places.access.access`.
    """
    found, rows = reach(cost, demand, supply, decay)
    reached = np.append(found.choices > 0, False)[rows]
    people = demand.to_numpy(np.float64)
    services = load(cost, demand, supply, decay)
    idle = ~services["reached"] & (services["supply"] > 0)
    offered = float(services["supply"].sum())
    part = f"{services['supply'][idle].sum():g} of {offered:g} offered"
    lost = f"places with {people[~reached].sum():g} of {people.sum():g} people reach no service within {found.limit:g}"
    told = (
        ("warning", "access_not_in_costs", rows < 0, "places have no travel costs at all and count as not reached"),
        ("note", "access_unreached", ~reached & (people > 0), f"{lost} {cost.unit}; their access is 0"),
        ("note", "access_no_demand", people == 0, "places have no people: they have access but take part in no sum"),
        ("note", "access_supply_unreached", idle, f"services are reached by nobody ({part}): they count for no access"),
        ("note", "access_no_supply", services["supply"] == 0, "services offer nothing and are no choice for anybody"),
    )
    return tuple(
        Finding(severity, rule, "access", f"{int(which.sum())} {text}", REMEDIES[rule], int(which.sum()))  # type: ignore[arg-type]
        for severity, rule, which, text in told
        if which.any()
    )


REMEDIES: Mapping[str, str] = {
    "access_not_in_costs": "compare the ids of demand with the origins of the travel costs",
    "access_unreached": "",
    "access_no_demand": "",
    "access_supply_unreached": "look at where they are, and at the limit",
    "access_no_supply": "fill in their capacity, or mark them as closed",
}
"""What to do about a finding."""
