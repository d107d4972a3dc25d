"""Share the places of organisations among communities in need, by one of four objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.language import Label
from xzz_analysis.places.matching import wording
from xzz_analysis.places.matching.candidates import COLUMNS, find_candidates, usable
from xzz_analysis.places.matching.inputs import (
    KEYS,
    Needs,
    Services,
    check_places,
    numbers,
    read_needs,
    read_services,
    require,
    texts,
)
from xzz_analysis.places.matching.orders import Locks, Order, ban, make_locks
from xzz_analysis.places.matching.transport import Programme, one_more, solve
from xzz_analysis.places.travel.cost import Cost

OBJECTIVES: Mapping[str, Label] = MappingProxyType(
    {
        "most_need": {"zh": "满足最多的需求", "en": "most need met"},
        "least_travel": {"zh": "在满足最多需求的前提下路程最短", "en": "least travel, given the need met"},
        "fair": {"zh": "先提高满足比例最低的社区", "en": "fair: the least served community first"},
        "least_change": {
            "zh": "在满足最多需求的前提下变动最少",
            "en": "least change from the present, given the need met",
        },
    }
)
"""What an allocation can aim at."""


@dataclass(frozen=True, eq=False)
class Match:
    """An allocation and what it leaves open.

    Parameters
    ----------
    objective : str
        A key of ``OBJECTIVES``.
    candidates : DataFrame
        Every need beside every organisation of its domain in reach: ``community``, ``domain``, ``group``,
        ``organisation``, ``cost``, ``capacity``, ``for_all``, ``tie``, ``why_not``, ``people`` (allocated), ``free``
        (places the organisation has left).
    allocation : DataFrame
        The candidates with people: ``community``, ``domain``, ``group``, ``organisation``, ``people``, ``cost``,
        ``now`` (people served at present; 0 where nothing is known).
    unmet : DataFrame
        By community and domain: ``need``, ``met``, ``unmet``, ``share_met`` (1 where there is no need), ``in_reach``
        and ``can_help`` (organisations of the domain within the limit; those that nothing stands against),
        ``places_left`` (their free places).
    use : DataFrame
        By pool of places: ``organisation``, ``domains``, ``capacity``, ``used``, ``free``, ``one_more`` (people met
        by one more place: its shadow price), ``waiting`` (people unmet whom it could serve).
    summary : Mapping of str to float
        ``need``, ``met``, ``unmet``, ``capacity``, ``used``, ``mean_cost`` (of those met), ``lowest_share`` (over
        communities with need that somebody can help) and ``changed`` (people more plus people fewer than now).
    cost : Cost
    orders : tuple of Order
    findings : tuple of Finding
    """

    objective: str
    candidates: pd.DataFrame
    allocation: pd.DataFrame
    unmet: pd.DataFrame
    use: pd.DataFrame
    summary: Mapping[str, float]
    cost: Cost = field(repr=False)
    orders: tuple[Order, ...] = ()
    findings: tuple[Finding, ...] = ()
    problem: Problem | None = field(default=None, repr=False)

    def reasons(self, names: Mapping[str, Label] | None = None) -> pd.DataFrame:
        """The candidates with a sentence for each, ``zh`` and ``en``: why it can help, or why not.

        Parameters
        ----------
        names : Mapping of id to Label, optional
            What communities, organisations, domains and groups are called.

        Returns
        -------
        DataFrame
        """
        return wording.reasons(self.candidates, names or {}, self.cost.unit)

    def actions(self, names: Mapping[str, Label] | None = None) -> pd.DataFrame:
        """What to do, a row and a sentence for each step: who takes whom, who is left, where one more place helps.

        Parameters
        ----------
        names : Mapping of id to Label, optional

        Returns
        -------
        DataFrame
            Columns ``kind`` ("allocate", "unmet", "one_more"), ``community``, ``domain``, ``organisation``, ``people``,
            ``zh``, ``en``; allocations by community, then what is unmet, most people first.
        """
        return wording.actions(self.allocation, self.unmet, self.use, names or {}, self.cost.unit)


@dataclass(frozen=True, eq=False)
class Problem:
    """What an allocation was solved from.

    Parameters
    ----------
    needs : Needs
        In whole people.
    services : Services
        In whole places.
    programme : Programme
    objective : str
    keep : float
    """

    needs: Needs
    services: Services
    programme: Programme
    objective: str
    keep: float


def match(
    needs: pd.DataFrame,
    organisations: pd.DataFrame,
    cost: Cost,
    objective: str = "most_need",
    *,
    present: pd.DataFrame | None = None,
    orders: Sequence[Order] = (),
    keep: float = 1.0,
) -> Match:
    """Match communities in need with organisations that have places.

    Parameters
    ----------
    needs : DataFrame
        ``community``, ``domain``, ``need`` (people), optional ``group``, ``low``, ``high`` (interval of the estimate,
        for :func:`~xzz_analysis.places.matching.stability.stability`). Rounded to whole people.
    organisations : DataFrame
        ``organisation`` (column or index), ``domains``, ``capacity``, optional ``eligibility`` (groups), ``serves``
        (communities), ``ties``, ``status``; a table of resources will do. Rounded down to whole places. Its domains
        share the places of a row.
    cost : Cost
        From communities to organisations; pairs beyond its limit are not in reach.
    objective : "most_need", "least_travel", "fair" or "least_change"
        The first meets the most need, and travel breaks ties. The second and fourth minimise travel, or people moved,
        among the allocations that meet ``keep`` of it. "fair" raises the lowest share met of any community as far as it
        goes, then the next, and so on, and still meets the most need.
    present : DataFrame, optional
        ``community``, ``domain``, ``organisation``, ``people`` and optional ``group``: whom organisations serve now.
    orders : sequence of Order
        Locks and bans by people.
    keep : float
        Share of the most need that can be met, above 0 and at most 1.

    Returns
    -------
    Match
        Ties are settled by shorter travel, then by ids; the order of rows changes nothing.

    Raises
    ------
    InputError
        Tables or ids that cannot be used, an unknown objective, locks that cannot be kept (each with the reason).

    Notes
    -----
    A transport problem solved by HiGHS; solutions are whole people. With locks over several domains the fair allocation
    is exact for the lowest share only.

    References
    ----------
    Fujishige, S. (1980). Lexicographically optimal base of a polymatroid with respect to a
    weight vector. Mathematics of Operations Research 5, 186–196.
    """
    if objective not in OBJECTIVES:
        near = suggest(objective, OBJECTIVES)
        raise InputError(f"the objective {objective!r} is not one of {', '.join(OBJECTIVES)}{near}")
    if not 0 < keep <= 1:
        raise InputError(f"keep is {keep}; it is a share of the most need that can be met, above 0 and at most 1")
    people, services = _whole(read_needs(needs), read_services(organisations))
    findings = (*people.findings, *services.findings, *check_places(people, services, cost))
    candidates = ban(find_candidates(people, services, cost), orders)
    now, unplaced = _now(candidates, present)
    programme = make_programme(people, services, candidates, make_locks(candidates, orders), cost.limit, now)
    problem = Problem(people, services, programme, objective, keep)
    found = solve(programme, objective, keep)
    return _tables(problem, candidates.assign(now=now), found, cost, (tuple(orders), (*findings, *unplaced)))


def make_programme(
    needs: Needs,
    services: Services,
    candidates: pd.DataFrame,
    locks: Locks,
    limit: float,
    now: np.ndarray | None = None,
) -> Programme:
    """Build the transport problem of the candidates that can help.

    Parameters
    ----------
    needs : Needs
    services : Services
    candidates : DataFrame
    locks : Locks
    limit : float
        Of the travel cost.
    now : float array, shape (candidates,), optional

    Returns
    -------
    Programme
    """
    inside = usable(candidates)
    pairs = candidates[inside]
    return Programme(
        needs.table["need"].to_numpy(float),
        services.table["capacity"].to_numpy(float),
        pairs["need_row"].to_numpy(int),
        pairs["pool_row"].to_numpy(int),
        pairs["cost"].to_numpy(float) / (limit or 1.0),
        pd.factorize(needs.table["community"])[0],
        locks,
        np.zeros(len(pairs)) if now is None else now[inside],
    )


def _whole(needs: Needs, services: Services) -> tuple[Needs, Services]:
    """People are whole, halves up; places are whole, rounded down."""
    people = needs.table.assign(need=np.floor(needs.table["need"] + 0.5))
    places = services.table.assign(capacity=np.floor(services.table["capacity"]))
    return Needs(people, needs.findings), Services(places, services.findings)


def _now(candidates: pd.DataFrame, present: pd.DataFrame | None) -> tuple[np.ndarray, tuple[Finding, ...]]:
    """People served at present by candidate, and a finding for those served outside all candidates."""
    if present is None:
        return np.zeros(len(candidates)), ()
    require(present, ("community", "domain", "organisation", "people"), "present")
    keys = [*KEYS, "organisation"]
    served = pd.DataFrame(
        {name: texts(present[name], f"present.{name}", blank=name == "group") for name in keys if name in present}
    )
    served = served.assign(
        group=served.get("group", ""), people=numbers(present["people"], "present.people").fillna(0.0)
    )
    sums = served.groupby(keys)["people"].sum().round()
    now = sums.reindex(pd.MultiIndex.from_frame(candidates[keys])).fillna(0.0).to_numpy()
    outside = float(sums.sum() - now[usable(candidates)].sum())
    if outside <= 0:
        return now, ()
    found = f"{outside:g} people are served now by organisations that are no candidate for their need any more"
    return now, (
        Finding("warning", "present_outside", "present", found, "see why_not of the candidates", int(outside)),
    )


def _tables(
    problem: Problem,
    candidates: pd.DataFrame,
    found: np.ndarray,
    cost: Cost,
    given: tuple[tuple[Order, ...], tuple[Finding, ...]],
) -> Match:
    people = np.zeros(len(candidates))
    people[usable(candidates)] = found
    candidates = candidates.assign(people=people)
    use = _use(problem, candidates, found)
    candidates["free"] = use["free"].to_numpy()[candidates["pool_row"]]
    kept = candidates[candidates["people"] > 0]
    columns = [*KEYS, "organisation", "people", "cost", "now"]
    unmet = unmet_table(problem.needs.table, candidates)
    return Match(
        problem.objective,
        candidates[[*COLUMNS, "now", "people", "free"]],
        kept[columns].reset_index(drop=True),
        unmet,
        use,
        MappingProxyType(_summary(candidates, unmet, use)),
        cost,
        *given,
        problem,
    )


def unmet_table(needs: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    """Need met and unmet by community and domain.

    Parameters
    ----------
    needs : DataFrame
        Of :class:`~xzz_analysis.places.matching.inputs.Needs`.
    candidates : DataFrame
        With ``people``, ``free`` and ``pool_row``.

    Returns
    -------
    DataFrame
        See :class:`Match`.
    """
    keys = ["community", "domain"]
    table = needs.groupby(keys, sort=True)[["need"]].sum()
    table["met"] = candidates.groupby(keys)["people"].sum().reindex(table.index).fillna(0.0)
    table["unmet"] = table["need"] - table["met"]
    table["share_met"] = (table["met"] / table["need"].where(table["need"] > 0)).fillna(1.0)
    for name, some in (("in_reach", candidates), ("can_help", candidates[candidates["why_not"] == ""])):
        table[name] = some.groupby(keys)["organisation"].nunique().reindex(table.index).fillna(0).astype(int)
    pools = candidates[candidates["why_not"] == ""].drop_duplicates([*keys, "pool_row"])
    table["places_left"] = pools.groupby(keys)["free"].sum().reindex(table.index).fillna(0.0)
    return table.reset_index()


def _use(problem: Problem, candidates: pd.DataFrame, found: np.ndarray) -> pd.DataFrame:
    programme = problem.programme
    pools, rows = len(programme.capacity), len(programme.need)
    table = problem.services.table[["organisation", "domains", "capacity"]].copy()
    table["used"] = np.bincount(programme.pool, found, pools)
    table["free"] = table["capacity"] - table["used"]
    most = found if problem.keep == 1 else solve(programme, "most_need")
    table["one_more"] = one_more(programme, most)
    left = programme.need - np.bincount(programme.row, found, rows)
    table["waiting"] = np.bincount(programme.pool, left[programme.row], pools)
    return table


def _summary(candidates: pd.DataFrame, unmet: pd.DataFrame, use: pd.DataFrame) -> dict[str, float]:
    served = candidates["people"].to_numpy()
    total = unmet.groupby("community")[["need", "met", "can_help"]].sum()
    helped = total[(total["need"] > 0) & (total["can_help"] > 0)]
    return {
        "need": float(unmet["need"].sum()),
        "met": float(unmet["met"].sum()),
        "unmet": float(unmet["unmet"].sum()),
        "capacity": float(use["capacity"].sum()),
        "used": float(use["used"].sum()),
        "mean_cost": float(served @ candidates["cost"] / served.sum()) if served.sum() else 0.0,
        "lowest_share": float((helped["met"] / helped["need"]).min()) if len(helped) else 0.0,
        "changed": float(np.abs(served - candidates["now"]).sum()),
    }
