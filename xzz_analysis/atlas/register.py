"""People on the register of communities: how closely they live, and how far they walk to the nearest place.

Counts here are published figures of a register or a model and not of a survey: nothing is estimated, nothing hidden.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xzz_analysis.atlas.gaps import FEWEST_COMMUNITIES, neighbours_of
from xzz_analysis.atlas.opening import VOUCHER, Atlas
from xzz_analysis.atlas.reaching import to_services
from xzz_analysis.atlas.results import results
from xzz_analysis.disclosure.protect import Policy, Protected, protect_counts
from xzz_analysis.errors import StudyError, suggest
from xzz_analysis.places.gaps import Classes, HotSpots, bivariate, hot_spots
from xzz_analysis.places.homes import community_cost
from xzz_analysis.places.travel import Cost, travel
from xzz_analysis.survey.estimates import group_key

NEAR = "near"
"""Beginning of the indicator of people who live near a place; the count follows."""

ANY = "any"
"""Kind of place in an option, where every place counts."""

STEPS = (5.0, 10.0, 15.0, 30.0, 60.0)
"""Minutes on foot by which people are added up, and where classes of a map end."""

DAY = 24 * 60.0
"""Minutes up to which straight lines are measured: the farthest village has a distance too."""


def count_name(atlas: Atlas, count: str = "") -> str:
    """The count of people that is asked for, the first one declared when empty.

    Raises
    ------
    StudyError
        The study declares no counts of people, or none of that name.
    """
    known = atlas.communities.counts
    if not known:
        raise StudyError(f"{atlas.study.path.name} declares no counts of people; write communities.counts")
    if count and count not in known:
        raise StudyError(f"there is no count {count!r}{suggest(count, known)}; there are {', '.join(known)}")
    return count or next(iter(known))


def offered(atlas: Atlas, kind: str = "") -> list[str]:
    """Ids of open resources with a point: of a domain, of a category (``health.clinic``), or all when empty.

    Raises
    ------
    StudyError
        There is no such domain or category.
    """
    table, kinds = atlas.places, [*atlas.catalogue.domains, VOUCHER, *atlas.catalogue.kinds]
    if kind and kind not in kinds:
        raise StudyError(f"there is no kind of place {kind!r}{suggest(kind, kinds)}; name a domain or a category")
    if not kind or not len(table):
        return [str(key) for key in table.index]
    if kind in atlas.catalogue.kinds:
        return [str(key) for key in table.index[table["category"] == kind]]
    return atlas.offering(kind)


def walks_from_communities(atlas: Atlas) -> Cost:
    """Minutes from communities to open resources, however far these are where lines are straight.

    A walk begins at a point inside each community; where homes are known, it is what half of the people can walk in.
    """
    if atlas.homes is not None:
        return community_cost(atlas.walks, atlas.homes)
    if atlas.streets is not None:
        return atlas.walks
    rules = atlas.rules
    return travel(atlas.areas, atlas.places, "straight", limit=DAY, profile=rules.profile, detour=rules.detour)


def people_and_walks(atlas: Atlas, count: str = "", kind: str = "") -> pd.DataFrame:
    """People of each community, how closely they live, and their walk to the nearest open place of a kind.

    Parameters
    ----------
    atlas : Atlas
    count : str
        A declared count; the first when empty.
    kind : str
        As for :func:`offered`.

    Returns
    -------
    DataFrame
        Index: communities. ``people`` (NaN where the register says nothing), ``area_km2``, ``density`` (people per
        km²; NaN where communities are points), ``minutes`` (NaN where no such place is reached), and the columns that
        study.yml keeps.
    """
    layer = atlas.communities.layer
    declared = atlas.study.settings.communities
    assert declared is not None
    table = pd.DataFrame(index=layer.index.astype(str).rename("community"))
    table["people"] = layer[count_name(atlas, count)].to_numpy(float)
    table["area_km2"] = layer["area_km2"].to_numpy(float)
    table["density"] = table["people"] / table["area_km2"]
    table["minutes"] = np.nan
    ids = offered(atlas, kind)
    if ids:
        nearest = to_services(walks_from_communities(atlas), ids).nearest
        table["minutes"] = nearest.reindex(table.index).to_numpy(float)
    return table.assign(**{name: layer[name].astype(str).to_numpy() for name in declared.keep})


def reached_within(table: pd.DataFrame, minutes: Sequence[float]) -> pd.DataFrame:
    """How many people live in communities from which the nearest place is no farther than so many minutes.

    Parameters
    ----------
    table : DataFrame
        ``people`` and ``minutes``, as :func:`people_and_walks` makes it.
    minutes : sequence of float
        Limits, each reached by what is exactly as far.

    Returns
    -------
    DataFrame
        ``minutes``, ``people`` and ``share`` (of all people), a row for each limit.
    """
    people, walk = table["people"].fillna(0.0), table["minutes"]
    within = [float(people[walk <= limit].sum()) for limit in minutes]
    every = float(people.sum())
    share = [part / every if every else 0.0 for part in within]
    return pd.DataFrame({"minutes": list(minutes), "people": within, "share": share})


def half_within(table: pd.DataFrame) -> float:
    """Minutes within which half of all people reach the nearest place; infinite where fewer than half reach one."""
    known = table[table["people"] > 0].sort_values("minutes", kind="stable", na_position="last")
    total = known["people"].cumsum()
    if not len(known):
        return float("inf")
    minutes = float(known["minutes"].iloc[int(np.searchsorted(total, total.iloc[-1] / 2))])
    return minutes if minutes == minutes else float("inf")


def by_part(table: pd.DataFrame, column: str, limit: float) -> pd.DataFrame:
    """People and walks added up over the communities of each part of the land, such as a district.

    Parameters
    ----------
    table : DataFrame
        As :func:`people_and_walks` makes it.
    column : str
        A column that study.yml keeps.
    limit : float
        Minutes.

    Returns
    -------
    DataFrame
        ``part``, ``communities``, ``people``, ``density``, ``within`` (share of people within the limit) and ``half``
        (minutes within which half of them reach the nearest; infinite where fewer do), densest first.

    Raises
    ------
    StudyError
        Study.yml keeps no such column.
    """
    if column not in table:
        raise StudyError(
            f"communities have no column {column!r}{suggest(column, map(str, table))}; keep it in study.yml"
        )
    rows = []
    for part, own in table.groupby(column, sort=True):
        people = float(own["people"].sum())
        within = float(reached_within(own, [limit])["share"].iloc[0])
        told = {"part": str(part), "communities": len(own), "people": people}
        rows.append({**told, "density": people / own["area_km2"].sum(), "within": within, "half": half_within(own)})
    return pd.DataFrame(rows).sort_values(["density", "part"], ascending=[False, True], ignore_index=True)


def protected_near(atlas: Atlas, count: str = "", kind: str = "", group: str = "") -> Protected:
    """Shares of people within so many minutes of the nearest place, as results with ids.

    Parameters
    ----------
    atlas : Atlas
    count, kind : str
        As for :func:`people_and_walks`.
    group : str
        A column that study.yml keeps: one row for each of its parts, at the study's own limit; rows for each limit of
        :data:`STEPS` and the study's own, of all people, when empty.

    Returns
    -------
    Protected
        ``estimate`` is the share; beside it ``minutes``, ``people`` and, of parts, the columns of :func:`by_part`.
        Nothing is hidden: a register's figures are published ones.
    """
    table, own = people_and_walks(atlas, count, kind), atlas.rules.minutes
    if group:
        parts = by_part(table, group, own).rename(columns={"within": "estimate"})
        frame = parts.assign(minutes=own, by=[group_key([(group, part)]) for part in parts["part"]])
    else:
        found = reached_within(table, sorted({*STEPS, own}))
        frame = found.rename(columns={"share": "estimate"}).assign(by="")
    frame["option"] = [f"{kind or ANY}:{minutes:g}" for minutes in frame["minutes"]]
    method = walks_from_communities(atlas).method["en"] if offered(atlas, kind) else ""
    name = f"{NEAR}_{count_name(atlas, count)}"
    made = results(atlas, name, "share_in_reach", frame.to_dict("records"), method)
    return protect_counts(made, [], Policy.of(atlas.study).whole)


def clusters(atlas: Atlas, table: pd.DataFrame, column: str = "minutes") -> HotSpots | None:
    """Where long walks, or densely settled communities, lie together; None among too few communities.

    Parameters
    ----------
    atlas : Atlas
    table : DataFrame
        As :func:`people_and_walks` makes it; communities where nobody lives are left out.
    column : str
        ``minutes`` or ``density``.
    """
    values = table[column].where(table["people"] > 0)
    if int(values.notna().sum()) < FEWEST_COMMUNITIES:
        return None
    return hot_spots(values, neighbours_of(atlas.areas))


def density_by_walk(table: pd.DataFrame) -> Classes | None:
    """Thirds of density crossed with thirds of the walk to the nearest place; None among too few communities.

    A place beyond what was measured is farther than all others.
    """
    lived = table["people"] > 0
    if int((lived & table["density"].notna()).sum()) < FEWEST_COMMUNITIES or not table["minutes"].notna().any():
        return None
    walk = table["minutes"].fillna(table["minutes"].max() + 1)
    return bivariate(table["density"].where(lived), walk.where(lived))
