"""From what it costs each home to what it costs a community: weighted quantiles, and who reaches a service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.language import Label
from xzz_analysis.places.homes.columns import MILLIONTH, millionths
from xzz_analysis.places.homes.reading import Homes
from xzz_analysis.places.travel.cost import Cost

LEAST = 10
"""Fewest homes, and fewest people, behind a figure that leaves this room."""
CELLS_AT_ONCE = 4_000_000
"""Cells of a block of destinations × homes, so that memory stays small."""


class _Grouped(NamedTuple):
    """Rows of a cost put together by community: homes where somebody lives.

    ``rows``: positions in the cost; ``ends``: where each community ends in them, shape (communities + 1,);
    ``people``: millionths, shape (rows,).
    """

    communities: pd.Index
    rows: np.ndarray
    ends: np.ndarray
    people: np.ndarray

    def each(self) -> Iterator[tuple[int, slice]]:
        """Number and rows of every community."""
        for number in range(len(self.communities)):
            yield number, slice(self.ends[number], self.ends[number + 1])


def community_cost(cost: Cost, homes: Homes, *, quantile: float = 0.5) -> Cost:
    """Give each community the cost within which a share of its people reach a destination.

    Parameters
    ----------
    cost : Cost
        From homes (the ids of ``homes.frame``) to destinations.
    homes : Homes
    quantile : float
        Share of the people, above 0 and up to 1; the median by default.

    Returns
    -------
    Cost
        From communities (sorted) with at least one home where somebody lives. A pair holds the smallest cost c such
        that at least ``quantile`` of the people of the community live in homes that reach the destination within c
        (``<=``); homes that do not reach it within the limit count as beyond it. A pair is absent when fewer people
        than that reach it. Internal: a cost is the way of one home.

    Raises
    ------
    InputError
        A home is not in the cost, no home has a community, or the share is out of range.

    References
    ----------
    Hyndman, R. J. and Fan, Y. (1996). Sample quantiles in statistical packages. The American Statistician 50, 361–365
    (definition 1, with weights).
    """
    if not 0 < quantile <= 1:
        raise InputError(f"the share of the people is {quantile}; give one above 0 and up to 1, such as 0.5")
    grouped = _grouped(cost, homes)
    matrix = cost.matrix[grouped.rows]
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    for _, rows in grouped.each():
        parts.append(_quantiles(matrix[rows], grouped.people[rows], quantile))
    ends = np.cumsum([0, *(len(columns) for columns, _ in parts)])
    found = sparse.csr_array(
        (np.concatenate([costs for _, costs in parts]), np.concatenate([columns for columns, _ in parts]), ends),
        shape=(len(grouped.communities), len(cost.destinations)),
    )
    findings = (*cost.findings, *_left_out(homes))
    return replace(cost, matrix=found, origins=grouped.communities, method=_said(cost, quantile), findings=findings)


def _quantiles(block: sparse.csr_array, people: np.ndarray, quantile: float) -> tuple[np.ndarray, np.ndarray]:
    """Destinations that enough people of one community reach, and the cost within which they do."""
    columns = sparse.csc_array(block)
    enough = _enough(people, quantile)
    count = np.diff(columns.indptr)
    reached = np.diff(np.concatenate([[0], np.cumsum(people[columns.indices])])[columns.indptr])
    kept = np.flatnonzero((reached >= enough) & (count > 0))
    costs = np.empty(len(kept))
    size = max(1, CELLS_AT_ONCE // max(block.shape[0], 1))
    for first in range(0, len(kept), size):
        some = kept[first : first + size]
        costs[first : first + size] = _lowest(columns, some, people, enough)
    return kept, costs


def _lowest(columns: sparse.csc_array, kept: np.ndarray, people: np.ndarray, enough: int) -> np.ndarray:
    """Smallest cost within which enough people reach each destination; shorter columns end in infinity."""
    count = np.diff(columns.indptr)[kept]
    there = np.arange(count.max()) < count[:, None]
    place = (columns.indptr[kept].astype(np.int64)[:, None] + np.arange(count.max()))[there]
    costs, weights = np.full(there.shape, np.inf), np.zeros(there.shape, np.int64)
    costs[there], weights[there] = columns.data[place], people[columns.indices[place]]
    order = np.argsort(costs, axis=1)
    summed = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    last = (summed >= enough).argmax(axis=1)
    each = np.arange(len(kept))
    lowest: np.ndarray = costs[each, order[each, last]]
    return lowest


def _enough(people: np.ndarray, quantile: float) -> int:
    return max(1, round(quantile * int(people.sum())))


def reach_table(
    cost: Cost,
    homes: Homes,
    groups_of_destinations: Mapping[str, tuple[str, ...]],
    minutes: float,
    *,
    least: int = LEAST,
) -> pd.DataFrame:
    """Count the people of each community who reach a service of each domain.

    Parameters
    ----------
    cost : Cost
        From homes to services, in minutes.
    homes : Homes
    groups_of_destinations : mapping of str to tuple of str
        Domain → ids of its services; none is a domain that nobody offers.
    minutes : float
        A service is in reach when the way takes no longer (``<=``); not above the limit of the cost.
    least : int
        Communities with fewer homes or people are not published.

    Returns
    -------
    DataFrame
        One row per community (sorted) and domain (as given). ``homes`` (where somebody lives) and ``people``;
        ``within`` (people who reach at least one service) and ``share``; ``median`` and ``p90``: whole minutes,
        rounded up, within which half, and nine in ten, of the people reach the nearest; where fewer reach one within
        the limit of the cost, ``median_reached`` or ``p90_reached`` is False and the value is that limit.
        ``published`` is False where there are too few homes or people: figures are NaN then, flags False.

    Raises
    ------
    InputError
        An unknown service, a cost in metres, or a home that is not in the cost.

    References
    ----------
    Hyndman, R. J. and Fan, Y. (1996). Sample quantiles in statistical packages. The American Statistician 50, 361–365.
    """
    if cost.unit != "minutes":
        raise InputError(f"the cost is in {cost.unit}, and {minutes:g} minutes cannot be compared with it")
    if not 0 <= minutes <= cost.limit:
        raise InputError(
            f"services within {minutes:g} minutes are asked for, but travel was measured to {cost.limit:g}; "
            "measure it again with the wider limit"
        )
    grouped = _grouped(cost, homes)
    found = []
    for domain, services in groups_of_destinations.items():
        nearest = _nearest(cost, domain, services)[grouped.rows]
        found.append(_domain(grouped, nearest, minutes, cost.limit).assign(domain=domain))
    if not found:
        raise InputError("no domain is named, so there is nothing to reach; give the services of each domain")
    table = pd.concat(found, ignore_index=True)
    published = (table["homes"] >= least) & (table["people"] >= least)
    figures = ["homes", "people", "within", "share", "median", "p90"]
    table[figures] = table[figures].where(published)
    table[["median_reached", "p90_reached"]] &= published.to_numpy()[:, None]
    table["published"] = published
    shown = table.set_index(["community", "domain"])
    wanted = pd.MultiIndex.from_product([grouped.communities, list(groups_of_destinations)], names=shown.index.names)
    return shown.reindex(wanted).reset_index()


def _domain(grouped: _Grouped, nearest: np.ndarray, minutes: float, limit: float) -> pd.DataFrame:
    """One row per community, about the nearest service of one domain (infinite where none is within the limit)."""
    people, number = grouped.people, np.repeat(np.arange(len(grouped.communities)), np.diff(grouped.ends))
    order = np.lexsort((nearest, number))
    summed = np.cumsum(people[order])
    before = np.concatenate([[0], summed])[grouped.ends]
    total = np.diff(before)
    inside = np.concatenate([[0], np.cumsum(np.where(nearest <= minutes, people, 0))])[grouped.ends]
    within = np.diff(inside)
    table = pd.DataFrame(
        {
            "community": grouped.communities,
            "homes": np.diff(grouped.ends).astype(float),
            "people": total / MILLIONTH,
            "within": within / MILLIONTH,
            "share": within / total,
        }
    )
    for name, quantile in (("median", 0.5), ("p90", 0.9)):
        enough = np.array([max(1, round(quantile * int(sum_))) for sum_ in total])
        value = nearest[order][np.searchsorted(summed, before[:-1] + enough)]
        whole = np.minimum(np.ceil(np.where(np.isinf(value), limit, value) - 1e-9), limit)
        table[name], table[f"{name}_reached"] = whole, ~np.isinf(value)
    return table


def _nearest(cost: Cost, domain: str, services: tuple[str, ...]) -> np.ndarray:
    """Cost of the nearest of some services, shape (origins,); infinite where none is within the limit."""
    place = cost.destinations.get_indexer(pd.Index(list(dict.fromkeys(services)), dtype=object))
    if (place < 0).any():
        unknown = [name for name in dict.fromkeys(services) if name not in cost.destinations]
        raise InputError(
            f"{len(unknown)} service(s) of {domain!r}, such as {unknown[0]!r}, are no destinations of the travel "
            f"cost{suggest(unknown[0], cost.destinations)}"
        )
    wanted = np.zeros(len(cost.destinations), dtype=bool)
    wanted[place] = True
    kept = wanted[cost.matrix.indices]
    ends = np.concatenate([[0], np.cumsum(kept)])[cost.matrix.indptr]
    nearest = np.full(len(cost.origins), np.inf)
    some = np.diff(ends) > 0
    if some.any():
        nearest[some] = np.minimum.reduceat(cost.matrix.data[kept], ends[:-1][some])
    return nearest


def nearest_service(cost: Cost, homes: Homes, services: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Give each home the cost of its nearest service, as cells take it.

    Parameters
    ----------
    cost : Cost
        From homes to services.
    homes : Homes
    services : tuple of str, optional
        All by default.

    Returns
    -------
    DataFrame
        On the homes: ``reached`` (1.0 or 0.0) and the unit of the cost, ``minutes`` or ``metres``, which is the limit
        where none is reached. Internal.

    Raises
    ------
    InputError
        An unknown service, or a home that is not in the cost.
    """
    rows = _rows(cost, homes)
    nearest = _nearest(cost, "all", tuple(cost.destinations) if services is None else services)[rows]
    reached = np.isfinite(nearest)
    table = {"reached": reached.astype(float), cost.unit: np.where(reached, nearest, cost.limit)}
    return pd.DataFrame(table, index=homes.frame.index)


def _rows(cost: Cost, homes: Homes) -> np.ndarray:
    rows = np.asarray(cost.origins.get_indexer(homes.frame.index))
    missing = int((rows < 0).sum())
    if missing:
        raise InputError(
            f"{missing:,} of {len(homes):,} homes are not among the origins of the travel cost; measure travel from "
            "homes.frame as it was read"
        )
    return rows


def _grouped(cost: Cost, homes: Homes) -> _Grouped:
    """Homes where somebody lives, by community."""
    rows = _rows(cost, homes)
    people = millionths(homes.frame["people"])
    names = homes.frame["community"].to_numpy(dtype=object)
    counted = np.flatnonzero((people > 0) & (names != ""))
    if not len(counted):
        raise InputError(
            "no home has a community and somebody living in it, so nothing can be said of communities; name the column "
            "of communities, or give their polygons, when homes are read"
        )
    keys, number = np.unique(names[counted].astype(str), return_inverse=True)
    order = np.argsort(number, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(number))])
    communities = pd.Index(keys.tolist(), name="community")
    return _Grouped(communities, rows[counted][order], ends, people[counted][order])


def _left_out(homes: Homes) -> list[Finding]:
    count = int((homes.frame["community"] == "").sum())
    if not count:
        return []
    said = f"{count:,} of {len(homes):,} homes belong to no community and are in none of these costs"
    return [Finding("warning", "home_no_community", "homes", said, "name their communities in the file", count)]


def _said(cost: Cost, quantile: float) -> Label:
    share = f"{quantile * 100:.6g}%"
    return {
        "zh": f"{cost.method['zh']}；社区内{share}的人不超过此值",
        "en": f"{cost.method['en']}; {share} of the people of a community need no more",
    }
