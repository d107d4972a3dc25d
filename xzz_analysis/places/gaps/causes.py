"""Gaps between need and service by community and domain, split by what causes them in a stated order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.places.matching.candidates import find_candidates, usable
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
from xzz_analysis.places.matching.transport import fair_totals
from xzz_analysis.places.matching.wording import count_text, name_of, people_text
from xzz_analysis.places.travel.cost import Cost

CAUSES: Mapping[str, Label] = {
    "none_in_reach": {"zh": "可及范围内没有服务", "en": "no service in reach"},
    "wrong_group": {"zh": "有服务但对象不符", "en": "services in reach are for others"},
    "full": {"zh": "名额已满", "en": "services are full"},
    "capacity_not_stated": {"zh": "名额不明", "en": "places are not stated"},
    "not_known": {"zh": "有名额但不知道", "en": "there are places, but they are not known"},
}
"""Causes in the order in which people in need are asked about: each person counts for the first that holds."""

RESOLUTION = 0.01
"""People below which nobody is missing: places are found to a thousandth of a person."""

SENTENCE: Label = {
    "zh": "{community}的{domain}：有需要的{need}，缺口{gap}{interval}{parts}。",
    "en": "{community}, {domain}: {need} in need, a gap of {gap}{interval}{parts}.",
}
INTERVAL: Label = {"zh": "（{low}～{high}）", "en": " ({low} to {high})"}
PART: Label = {"zh": "{cause}（{people}）", "en": "{cause} ({people})"}
JOINED: Mapping[str, tuple[str, str]] = {"zh": ("：", "；"), "en": (": ", "; ")}
NOT_ASKED: Label = {"zh": "；是否知道服务未调查", "en": "; whether people know of services was not asked"}


@dataclass(frozen=True, eq=False)
class Gaps:
    """Gaps by community and domain.

    Parameters
    ----------
    table : DataFrame
        ``community``, ``domain``, ``need``, ``low``, ``high`` (people), ``in_reach`` and ``open_to`` (organisations
        within the limit; those that take these people), ``reached`` (any that takes them), ``nearest`` (its travel
        cost; 0 where ``reached`` is False), ``places`` (people for whom there is a place), a column of people for
        each of ``CAUSES``, ``gap`` (their sum), ``served`` (need − gap), ``gap_low``, ``gap_high``, ``known`` (share;
        1 where not measured), ``known_measured``, ``main_cause`` (the largest, "" without a gap), ``zh``, ``en``.
    findings : tuple of Finding
    """

    table: pd.DataFrame
    findings: tuple[Finding, ...] = ()

    def sentences(self, names: Mapping[str, Label] | None = None) -> pd.DataFrame:
        """The table with ``zh`` and ``en`` in the names given.

        Parameters
        ----------
        names : Mapping of id to Label, optional

        Returns
        -------
        DataFrame
        """
        rows = self.table.to_dict("records")
        said = {language: [_said(row, names or {}, language) for row in rows] for language in REPORT_LANGUAGES}
        return self.table.assign(**said)


def find_gaps(needs: pd.DataFrame, services: pd.DataFrame, cost: Cost, known: pd.DataFrame | None = None) -> Gaps:
    """Compare need with reach and capacity.

    Parameters
    ----------
    needs : DataFrame
        ``community``, ``domain``, ``need`` (people), optional ``low``, ``high`` and ``group``.
    services : DataFrame
        As for :func:`~xzz_analysis.places.matching.allocation.match`: ``organisation`` (column or index), ``domains``,
        ``capacity``, optional ``eligibility``, ``serves``, ``status``.
    cost : Cost
        From communities to organisations.
    known : DataFrame, optional
        ``community``, ``domain``, ``known``: the share, 0 to 1, of people in need who know of a service, by survey.

    Returns
    -------
    Gaps

    Raises
    ------
    InputError
        Tables or ids that cannot be used; a share outside 0 to 1.

    Notes
    -----
    In this order: (1) nobody offers the domain within the limit; (2) those who do are for other groups or
    communities; (3) there is no place for them when places are shared out fairly, the least served community and
    domain first, or (4) that cannot be told because a service in reach does not state its places; (5) there is a
    place, and they do not know of it. The fair sharing loses no place (Fujishige 1980), so the sum of ``places`` is
    the most need that can be met. The interval repeats everything with all needs at their low and at their high ends.
    Where awareness was not asked, nothing is put down to it, and ``known_measured`` is False: the gap is then a lower
    bound.

    References
    ----------
    Fujishige, S. (1980). Mathematics of Operations Research 5, 186–196.
    Penchansky, R. and Thomas, J. W. (1981). The concept of access. Medical Care 19, 127–140.
    """
    people, offers = read_needs(needs), read_services(services)
    findings = (*people.findings, *offers.findings, *check_places(people, offers, cost))
    running = Services(offers.table[~offers.table["closed"]].reset_index(drop=True), offers.findings)
    candidates = find_candidates(people, running, cost)
    share = _shares(people.table, known)
    table = _split(people, running, candidates, share)
    for end in ("low", "high"):
        moved = Needs(people.table.assign(need=people.table[end]))
        table[f"gap_{end}"] = _split(moved, running, candidates, share)["gap"]
    parts = table[list(CAUSES)]
    table["main_cause"] = np.where(
        table["gap"] > 0, np.array(list(CAUSES), dtype=object)[parts.to_numpy().argmax(1)], ""
    )
    gaps = Gaps(table.reset_index(), findings)
    return Gaps(gaps.sentences(), findings)


def _shares(needs: pd.DataFrame, known: pd.DataFrame | None) -> np.ndarray:
    """The share who know, on the rows of needs; NaN where it was not asked."""
    if known is None:
        return np.full(len(needs), np.nan)
    require(known, ("community", "domain", "known"), "known")
    keys = pd.MultiIndex.from_arrays([texts(known[name], f"known.{name}") for name in ("community", "domain")])
    if keys.has_duplicates:
        raise InputError(
            f"{int(keys.duplicated().sum())} rows of known repeat a community and domain; keep one of each"
        )
    shares = pd.Series(numbers(known["known"], "known.known").to_numpy(), index=keys)
    if (shares > 1).any():
        raise InputError(f"{int((shares > 1).sum())} of {len(shares)} shares of known are above 1; write 60 % as 0.6")
    return np.asarray(shares.reindex(pd.MultiIndex.from_frame(needs[["community", "domain"]])).to_numpy(float))


def _split(needs: Needs, services: Services, candidates: pd.DataFrame, share: np.ndarray) -> pd.DataFrame:
    """Causes by community and domain; groups are added up."""
    rows, need = len(needs.table), needs.table["need"].to_numpy()
    against = candidates["why_not"].isin(["group", "community"]).to_numpy()
    row = candidates["need_row"].to_numpy()
    in_reach, open_to = (np.bincount(row, on.astype(float), rows) for on in (np.ones(len(row)), ~against))
    unstated = np.bincount(row, (candidates["why_not"] == "capacity_not_stated").to_numpy(float), rows)
    places = np.minimum(_places(needs, services, candidates), need)
    without = np.where(need - places > RESOLUTION, need - places, 0.0)
    parts = {
        "none_in_reach": np.where(in_reach == 0, need, 0.0),
        "wrong_group": np.where((in_reach > 0) & (open_to == 0), need, 0.0),
        "full": np.where((open_to > 0) & (unstated == 0), without, 0.0),
        "capacity_not_stated": np.where((open_to > 0) & (unstated > 0), without, 0.0),
        "not_known": places * (1 - np.nan_to_num(share, nan=1.0)),
    }
    table = needs.table[KEYS[:2]].assign(need=need, low=needs.table["low"], high=needs.table["high"])
    table = table.assign(places=places, **parts).groupby(KEYS[:2], sort=True).sum()
    table["gap"] = table[list(CAUSES)].sum(axis=1)
    table["served"] = table["need"] - table["gap"]
    table["known"], table["known_measured"] = _known(needs.table, share, table.index)
    return _reach(table, candidates, against)


def _known(needs: pd.DataFrame, share: np.ndarray, index: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    first = needs.assign(share=share).groupby(KEYS[:2], sort=True)["share"].first().reindex(index)
    return first.fillna(1.0).to_numpy(), first.notna().to_numpy()


def _reach(table: pd.DataFrame, candidates: pd.DataFrame, against: np.ndarray) -> pd.DataFrame:
    """Organisations in reach, those that take these people, and the nearest of them."""
    for name, some in (("in_reach", candidates), ("open_to", candidates[~against])):
        counted = some.groupby(KEYS[:2])["organisation"].nunique()
        table[name] = counted.reindex(table.index).fillna(0).astype(int)
    table["reached"] = table["open_to"] > 0
    table["nearest"] = candidates[~against].groupby(KEYS[:2])["cost"].min().reindex(table.index).fillna(0.0)
    return table


def _places(needs: Needs, services: Services, candidates: pd.DataFrame) -> np.ndarray:
    """People with a place on the rows of needs when places are shared fairly, to a thousandth."""
    pairs = candidates[usable(candidates)]
    rows = len(needs.table)
    found = fair_totals(
        needs.table["need"].to_numpy(float),
        services.table["capacity"].to_numpy(float),
        (pairs["need_row"].to_numpy(int), pairs["pool_row"].to_numpy(int)),
        np.arange(rows),
        np.zeros(rows),
    )
    return np.asarray(np.round(found, 3))


def _said(row: Mapping[Any, Any], names: Mapping[str, Label], language: str) -> str:
    named = {name: name_of(row[name], names, language) for name in KEYS[:2]}
    start, between = JOINED[language]
    parts = [
        PART[language].format(cause=CAUSES[one][language], people=people_text(row[one], language))
        for one in CAUSES
        if row[one] > 0
    ]
    ends = {end: count_text(row[f"gap_{end}"]) for end in ("low", "high")}
    interval = INTERVAL[language].format(**ends) if row["gap_low"] < row["gap_high"] else ""
    figures = {name: people_text(row[name], language) for name in ("need", "gap")}
    asked = "" if row["known_measured"] or not row["places"] else NOT_ASKED[language]
    return SENTENCE[language].format(
        **named, **figures, interval=interval, parts=(start + between.join(parts) if parts else "") + asked
    )
