"""Who reaches what: walks from homes, added up to communities before anybody sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from xzz_analysis.atlas.opening import VOUCHER, Atlas
from xzz_analysis.atlas.results import results
from xzz_analysis.disclosure.protect import Policy, Protected, protect_register
from xzz_analysis.places.access import access, access_findings, inequality, load
from xzz_analysis.places.homes import reach_table
from xzz_analysis.places.travel import Cost

REACH = "reach"
"""Indicator of the share of people with a service in reach."""

LEFT_OUT = "capacity_not_stated"


def kinds(atlas: Atlas) -> list[str]:
    """The kinds of service that the study has: domains with an open resource, and merchants that take vouchers."""
    return [one for one in (*atlas.catalogue.domains, VOUCHER) if atlas.offering(one)]


def reach(atlas: Atlas) -> pd.DataFrame:
    """The share of people who walk no longer than the limit to a service of each kind, by community.

    Returns
    -------
    DataFrame
        As :func:`~xzz_analysis.atlas.results.results` makes it, with ``people``, ``within``, ``minutes`` (within which
        half of the people reach the nearest) and ``minutes_known`` (False where they walk farther than was measured).
        A kind that nobody offers is there with a share of 0; NaN where there are too few homes to say anything.
    """
    offered = {one: tuple(atlas.offering(one)) for one in (*atlas.catalogue.domains, VOUCHER)}
    if atlas.homes is None:
        table = _from_inside(atlas, offered)
    else:
        table = reach_table(atlas.walks, atlas.homes, offered, atlas.rules.minutes)
    told = {"share": "estimate", "median": "minutes", "median_reached": "minutes_known", "domain": "option"}
    rows = table.rename(columns=told)[["community", *told.values(), "people", "within"]]
    rows = rows.assign(n=rows["people"], n_need=rows["within"])
    return results(atlas, REACH, "share_in_reach", rows.to_dict("records"), said_method(atlas))


def _from_inside(atlas: Atlas, offered: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """Reach of a point inside each community, which stands for all of its people."""
    people = people_of(atlas)["people"]
    rows = []
    for kind, ids in offered.items():
        walks = to_services(atlas.walks, ids).nearest
        for name, minutes in walks.items():
            inside = bool(minutes <= atlas.rules.minutes)
            told = {
                "median": minutes if minutes == minutes else atlas.walks.limit,
                "median_reached": minutes == minutes,
            }
            counted = {"people": people[str(name)], "within": people[str(name)] * inside, "share": float(inside)}
            rows.append({"community": name, "domain": kind, **told, **counted})
    return pd.DataFrame(rows)


def said_method(atlas: Atlas) -> str:
    """How walks were measured, for the trace."""
    return f"{atlas.walks.method['en']}; at most {atlas.rules.minutes:g} minutes"


def protected_reach(atlas: Atlas) -> Protected:
    """Reach as it may be shown: never of so few people that somebody could be told."""
    return protect_register(reach(atlas), "people", "within", Policy.of(atlas.study))


def people_of(atlas: Atlas) -> pd.DataFrame:
    """People where walks begin: ``people`` and ``community`` on the origins; for computing alone.

    Without homes one point inside each community stands for all of its people: the first count of the layer.
    """
    if atlas.homes is not None:
        return pd.DataFrame(atlas.homes.frame[["people", "community"]])
    layer = atlas.communities.layer
    counted = layer[next(iter(atlas.communities.counts))] if atlas.communities.counts else None
    people = 1.0 if counted is None else counted.fillna(0.0).to_numpy(float)
    return pd.DataFrame({"people": people, "community": layer.index.astype(str)}, index=layer.index)


def demand(atlas: Atlas) -> pd.Series:
    """People on the origins of walks."""
    return people_of(atlas)["people"].astype(float)


def supply(atlas: Atlas, kind: str) -> tuple[pd.Series, int]:
    """Places of each open resource of a kind, and how many of these do not state theirs.

    Resources for some groups only have no place for people in general.
    """
    table = atlas.places.loc[atlas.offering(kind)]
    capacity = table["capacity"].astype(float).where(atlas.for_whom[table.index].map(len) == 0, 0.0)
    return capacity.fillna(0.0), int(capacity.isna().sum())


def to_services(walks: Cost, ids: Sequence[str]) -> Cost:
    """The part of walks that leads to some services."""
    wanted = walks.destinations.get_indexer(pd.Index(ids, dtype=object))
    return replace(walks, matrix=walks.matrix[:, wanted], destinations=walks.destinations[wanted])


def within_reach(atlas: Atlas, kind: str) -> Cost:
    """Walks no longer than the limit to the resources of a kind."""
    return to_services(atlas.walks, atlas.offering(kind)).within(atlas.rules.minutes)


MEASURE = "spatial_availability"
"""How places are shared out: it adds up to the places there are, so that places per head mean what they say. Balanced
catchments do not, and their size hangs on how finely origins are told apart."""


def access_by_community(atlas: Atlas, kind: str, measures: Sequence[str] = (MEASURE,)) -> pd.DataFrame:
    """Places for each person of a community, in each measure: means over its people.

    Returns
    -------
    DataFrame
        Index: communities. A column for each measure, and ``people``.
    """
    offered, _ = supply(atlas, kind)
    people, cost = demand(atlas), within_reach(atlas, kind)
    community = people_of(atlas)["community"]
    table = pd.DataFrame({"people": people.groupby(community).sum()})
    for measure in measures:
        weighted = access(cost, people, offered, measure) * people
        table[measure] = weighted.groupby(community).sum() / table["people"].where(table["people"] > 0)
    return table.reindex(atlas.communities.layer.index).fillna(0.0)


def unequal_access(atlas: Atlas, kind: str, measure: str = MEASURE) -> pd.Series:
    """How unequally places are spread over people, and how much of it lies between communities."""
    offered, _ = supply(atlas, kind)
    people, cost = demand(atlas), within_reach(atlas, kind)
    community = people_of(atlas)["community"]
    return inequality(access(cost, people, offered, measure), people, groups=community)


def loads(atlas: Atlas, kind: str) -> Protected:
    """How many people have each service in reach, and for how many it is the only one; as it may be shown."""
    each = pd.Series(1.0, index=pd.Index(atlas.offering(kind)))  # who depends on a place does not hang on its capacity
    table = load(within_reach(atlas, kind), demand(atlas), each)[["people", "only_choice"]]
    table["capacity"] = atlas.places["capacity"].astype(float).reindex(table.index)
    return protect_register(
        table.rename_axis("resource").reset_index(), "people", "only_choice", Policy.of(atlas.study)
    )


def noticed(atlas: Atlas, kind: str) -> tuple[str, ...]:
    """Rules of what is to be said beside the access of a kind of service."""
    offered, unstated = supply(atlas, kind)
    found = access_findings(within_reach(atlas, kind), demand(atlas), offered)
    return (*(one.rule for one in found), *([LEFT_OUT] if unstated else []))
