"""Where new services help most: maximal covering, or the shortest travel among the sitings that cover the most.

References
----------
Church, R. and ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional Science Association 32,
101–118.
Hakimi, S. L. (1964). Optimum locations of switching centers and the absolute centers and medians of a graph. Operations
Research 12, 450–459.
Nemhauser, G. L., Wolsey, L. A. and Fisher, M. L. (1978). An analysis of approximations for maximizing submodular set
functions. Mathematical Programming 14, 265–294.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.places.matching.inputs import numbers, some, texts
from xzz_analysis.places.matching.siting.location import Located, Sites, cover, greedy, median
from xzz_analysis.places.matching.wording import count_text, name_of, people_text
from xzz_analysis.places.travel.cost import Cost

METHODS: Mapping[str, Label] = {
    "cover": {"zh": "覆盖最多的人", "en": "most people covered"},
    "median": {"zh": "覆盖最多的人，其中路程最短", "en": "most people covered, then the shortest travel"},
}
"""What a siting can aim at."""

CHOSEN: Label = {
    "zh": "新开{number}处（{sites}）后，能得到服务的由{before}人增至{covered}人，共{demand}人。{proof}{greedy}",
    "en": "With {number} new ({sites}), people covered rise from {before} to {covered}, of {demand}. {proof} {greedy}",
}
PROOF: Mapping[bool, Label] = {
    True: {"zh": "已证明没有更好的选择。", "en": "It is proved that no other choice covers more."},
    False: {
        "zh": "限定时间内未能证明最优：任何选择最多覆盖{bound}人。",
        "en": "Not proved best in the time given: no choice covers more than {bound}.",
    },
}
GREEDY: Label = {"zh": "逐个选择时为{greedy}人。", "en": "Chosen one after the other: {greedy}."}
ADDS: Mapping[bool, Label] = {
    True: {
        "zh": "选中：如不开，少覆盖{adds}；单独开设可增加{alone}",
        "en": "chosen: without it {adds} fewer are covered; alone it would add {alone}",
    },
    False: {
        "zh": "未选：再开可增加{adds}；单独开设可增加{alone}",
        "en": "not chosen: as one more it would add {adds}; alone {alone}",
    },
}


@dataclass(frozen=True, eq=False)
class Siting:
    """Where to open new services.

    Parameters
    ----------
    chosen : tuple of str
        Ids, sorted.
    covered, before, demand : float
        People within the limit of a service (with a place, where capacities are given) after, before, and in all.
    bound : float
        No choice of as many sites covers more than this.
    gap : float
        (``bound`` − ``covered``) / ``bound``; 0 when the choice is proved best.
    greedy_chosen : tuple of str
        The sites taken one after the other, each where it adds most.
    greedy_covered : float
    mean_cost : float
        Of those covered, to the service they are counted for; the nearest where there are no capacities.
    candidates : DataFrame
        Index the candidates: ``chosen`` (bool), ``alone`` (people it would add to the open services as the only new
        one), ``adds`` (people it adds to the others chosen; where it is not chosen, to all chosen), ``zh``, ``en``.
    served : DataFrame
        By community: ``demand``, ``covered``, ``reached`` (any open or chosen service within the limit), ``site``
        (the one that counts for most of its people, else "").
    """

    chosen: tuple[str, ...]
    covered: float
    before: float
    demand: float
    bound: float
    gap: float
    greedy_chosen: tuple[str, ...]
    greedy_covered: float
    mean_cost: float
    candidates: pd.DataFrame
    served: pd.DataFrame

    def sentences(self, names: Mapping[str, Label] | None = None) -> dict[str, str]:
        """The result in a sentence, in both languages.

        Parameters
        ----------
        names : Mapping of id to Label, optional

        Returns
        -------
        dict
            Language code to text.
        """
        return {language: _said(self, names or {}, language) for language in REPORT_LANGUAGES}


def site(
    candidates: Iterable[str],
    demand: pd.Series,
    cost: Cost,
    count: int,
    *,
    already_open: Iterable[str] = (),
    capacity: pd.Series | None = None,
    method: str = "cover",
    seconds: float = 60.0,
) -> Siting:
    """Choose where new services, stations or merchants help most.

    Parameters
    ----------
    candidates : iterable of str
        Destinations that could be opened.
    demand : Series of float
        People, on the origins.
    cost : Cost
        People within its limit can be served; take ``cost.within(…)`` for a nearer one.
    count : int
        How many to open.
    already_open : iterable of str
        Destinations that are open and stay so; they take no part in ``count``.
    capacity : Series of float, optional
        Places on destinations; without it a service takes everybody within the limit.
    method : "cover" or "median"
        Cover the most people; or, among the choices that do, the one with the least travel in all (a p-median in which
        nobody travels beyond the limit).
    seconds : float
        Time for the solver; when it runs out the best choice found is given, with its bound and gap.

    Returns
    -------
    Siting
        Candidates are taken in the order of ids, which settles ties of the greedy choice; the order in which they are
        given changes nothing.

    Raises
    ------
    InputError
        Ids that are not in the cost, a count that is no number of candidates, demand or capacity that is missing,
        negative or infinite, an unknown method.

    References
    ----------
    Church, R. and ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional Science Association
    32, 101–118.
    Hakimi, S. L. (1964). Optimum locations of switching centers. Operations Research 12, 450–459.
    """
    if method not in METHODS:
        raise InputError(f"the method {method!r} is not one of {', '.join(METHODS)}{suggest(method, METHODS)}")
    problem = _problem(candidates, demand, cost, (already_open, capacity))
    new = int(problem.is_new.sum())
    if not 0 <= count <= new:
        raise InputError(f"{count} of {new} candidates cannot be opened; ask for 0 to {new}")
    best = cover(problem, count, seconds)
    if method == "median":
        best = median(problem, count, best, seconds)
    return _result(problem, best, greedy(problem, count))


def _problem(
    candidates: Iterable[str], demand: pd.Series, cost: Cost, rest: tuple[Iterable[str], pd.Series | None]
) -> Sites:
    """Rows of demand in the order of ids against columns of sites in the order of ids."""
    already_open, capacity = rest
    running = sorted(set(_known(already_open, cost, "already_open")))
    new = sorted(set(_known(candidates, cost, "candidates")) - set(running))
    ids = pd.Index(sorted([*running, *new]), dtype=object)
    people = _on(demand, "demand").sort_index()
    people = people[people > 0]
    unknown = [key for key in people.index if key not in cost.origins]
    if unknown:
        raise InputError(f"{len(unknown)} ids of demand are no origin of the travel cost ({some(unknown)})")
    matrix = cost.matrix[cost.origins.get_indexer(people.index)][:, cost.destinations.get_indexer(ids)]
    places = None
    if capacity is not None:
        given = _on(capacity, "capacity").reindex(ids)
        if given.isna().any():
            raise InputError(f"{int(given.isna().sum())} sites have no capacity ({some(ids[given.isna()])}); state it")
        places = given.to_numpy()
    is_new = np.asarray(ids.isin(new), bool)
    return Sites(people.index, ids, people.to_numpy(), sparse.csr_array(matrix), is_new, places, cost.limit)


def _known(ids: Iterable[str], cost: Cost, what: str) -> list[str]:
    given = [str(one) for one in ids]
    unknown = [one for one in given if one not in cost.destinations]
    if unknown:
        near = suggest(unknown[0], cost.destinations)
        raise InputError(f"{len(unknown)} {what} are no destination of the travel cost ({some(unknown)}{near})")
    return given


def _on(values: pd.Series, what: str) -> pd.Series:
    index = pd.Index(texts(values.index, f"{what} (index)"), dtype=object)
    if index.has_duplicates:
        raise InputError(f"{int(index.duplicated().sum())} ids of {what} are there twice; give one number for each")
    checked = numbers(values, what)
    if checked.isna().any():
        raise InputError(
            f"{int(checked.isna().sum())} numbers of {what} are missing; unmeasured is not zero: estimate them"
        )
    return pd.Series(checked.to_numpy(), index=index)


def _result(problem: Sites, best: Located, other: Located) -> Siting:
    covered, bound = best.covered, max(best.bound, best.covered)
    chosen = best.open & problem.is_new
    table = pd.DataFrame({"chosen": chosen}, index=problem.ids)
    table["alone"] = problem.adds(~problem.is_new)
    table["adds"] = problem.adds(best.open)
    table = table[problem.is_new]
    for language in REPORT_LANGUAGES:
        table[language] = [_candidate(row, language) for row in table.to_dict("records")]
    served = pd.DataFrame({"demand": problem.demand}, index=problem.communities)
    served["covered"] = np.bincount(problem.row, best.people, len(problem.demand))
    served["reached"] = problem.near(best.open) > 0
    served["site"] = _main_site(problem, best.people)
    return Siting(
        tuple(problem.ids[chosen]),
        covered,
        problem.value(~problem.is_new),
        float(problem.demand.sum()),
        bound,
        (bound - covered) / bound if bound > 0 else 0.0,
        tuple(problem.ids[other.open & problem.is_new]),
        other.covered,
        float(problem.matrix.data @ best.people / covered) if covered else 0.0,
        table,
        served,
    )


def _main_site(problem: Sites, people: np.ndarray) -> np.ndarray:
    """The site that counts for most people of each community, the first id of several; "" where there is none."""
    found = np.full(len(problem.demand), "", dtype=object)
    some_ = np.flatnonzero(people > 0)
    order = some_[np.lexsort((problem.site[some_], -people[some_], problem.row[some_]))]
    rows, first = np.unique(problem.row[order], return_index=True)
    found[rows] = problem.ids.to_numpy()[problem.site[order[first]]]
    return found


def _said(siting: Siting, names: Mapping[str, Label], language: str) -> str:
    listed = ("、" if language == "zh" else ", ").join(name_of(key, names, language) for key in siting.chosen)
    figures = {name: count_text(getattr(siting, name)) for name in ("before", "covered", "demand", "bound")}
    proof = PROOF[siting.gap == 0][language].format(**figures)
    other = GREEDY[language].format(greedy=count_text(siting.greedy_covered))
    return CHOSEN[language].format(**figures, number=len(siting.chosen), sites=listed, proof=proof, greedy=other)


def _candidate(row: Mapping[Any, Any], language: str) -> str:
    figures = {name: people_text(row[name], language) for name in ("adds", "alone")}
    return ADDS[bool(row["chosen"])][language].format(**figures)
