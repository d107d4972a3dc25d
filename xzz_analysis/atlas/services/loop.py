"""The loop from need to result: need, change, reach, capacity and service of each community and domain in one row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from xzz_analysis.atlas.gaps import protected_gaps
from xzz_analysis.atlas.needing import needs_table, protected_needs
from xzz_analysis.atlas.opening import Atlas
from xzz_analysis.atlas.reaching import protected_reach
from xzz_analysis.atlas.services.counted import measured
from xzz_analysis.disclosure.comparisons import SOURCES, protect_changes, protect_made
from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.services.counting import coverage
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.results import results
from xzz_analysis.survey.estimates import COLUMNS, group_pairs

COVERAGE = "coverage"
"""Indicator of persons served over persons in need."""

METHOD = "persons served / persons in need; least and most: the bounds of the served over the interval of the need"

ENDS = {"": "estimate", "least": "low", "most": "high"}
"""Options of coverage: the figure itself, and the least and the most that bounds and intervals allow."""

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class LoopRow:
    """What is known of one community and domain; None where nothing is.

    Attributes
    ----------
    community, domain : str
    people : mapping or None
        ``need``, ``low``, ``high``: people in need, in tens.
    need, change, reach, gap, served : mapping or None
        Rows of protected results.
    coverage : mapping
        Word of :data:`ENDS` → row of protected results.
    """

    community: str
    domain: str
    people: Row | None
    need: Row | None
    change: Row | None
    reach: Row | None
    gap: Row | None
    served: Row | None
    coverage: Mapping[str, Row]


def loop_rows(ledgers: Ledgers, atlas: Atlas) -> list[LoopRow]:
    """Need, change, reach, gap, served and coverage of every community and domain, all as they may be shown.

    Parameters
    ----------
    ledgers : Ledgers
        Of the period.
    atlas : Atlas
        Needs and places of the round.
    """
    needs, reach, gaps = protected_needs(atlas), protected_reach(atlas), protected_gaps(atlas)
    people = {(str(row["community"]), str(row["domain"])): row for row in needs_table(atlas).to_dict("records")}
    indicators = {domain: said.indicator for domain, said in atlas.rules.needs.items()}
    of_indicator = {indicator: str(domain) for domain, indicator in indicators.items()}
    found: dict[str, dict[tuple[str, str], Row]] = {
        "need": _by_indicator(needs, of_indicator),
        "change": _by_indicator(protected_need_changes(atlas), of_indicator),
        "reach": _keyed(reach, "option"),
        "gap": _keyed(gaps, "option"),
        "served": _keyed(protected_served(ledgers), "domain"),
    }
    covered = _covered(protected_coverage(ledgers, atlas))
    rows = []
    for community in map(str, atlas.communities.layer.index):
        for domain in map(str, atlas.catalogue.domains):
            key = (community, domain)
            told = {name: table.get(key) for name, table in found.items()}
            rows.append(LoopRow(community, domain, people.get(key), **told, coverage=covered.get(key, {})))
    return rows


def protected_served(ledgers: Ledgers) -> Protected:
    """Persons served by community and domain, or their bounds, where both are stated."""
    safe = measured(ledgers, "persons", "community", "domain")
    return safe.rows((safe.frame["community"] != "") & (safe.frame["domain"] != ""))


def _keyed(safe: Protected | None, column: str) -> dict[tuple[str, str], Row]:
    if safe is None:
        return {}
    return {(str(row["community"]), str(row[column])): row for row in safe.frame.to_dict("records")}


def _covered(safe: Protected | None) -> dict[tuple[str, str], dict[str, Row]]:
    """Rows of coverage, by community and domain and then by option."""
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in safe.frame.to_dict("records") if safe is not None else ():
        found.setdefault((str(row["community"]), str(row["domain"])), {})[str(row["option"])] = row
    return found


def _by_indicator(safe: Protected | None, domains: Mapping[str, str]) -> dict[tuple[str, str], Row]:
    if safe is None:
        return {}
    rows = safe.frame[safe.frame["indicator"].isin(list(domains))].to_dict("records")
    return {(dict(group_pairs(row["by"])).popitem()[1], domains[row["indicator"]]): row for row in rows}


def protected_need_changes(atlas: Atlas) -> Protected | None:
    """Changes of the needs that stand beside services, by community; None without an earlier round."""
    survey = atlas.survey
    declared = atlas.study.settings.communities
    before = None if survey is None or not atlas.rules.needs else survey.earlier()
    if survey is None or before is None or declared is None:
        return None
    policy, group = Policy.of(atlas.study), declared.key
    if not survey.units_compared(before, [group]):
        return None
    levels = [protect(one.needs(group), policy) for one in (before, survey)]
    return protect_changes(survey.change(before, group), levels)


def coverage_results(ledgers: Ledgers, atlas: Atlas) -> pd.DataFrame:
    """Coverage by community and domain as results, with the ids that each is made of."""
    needs = needs_table(atlas)
    served = protected_served(ledgers).frame
    keys = ["community", "domain"]
    people = served[[*keys, "estimate", "low", "high"]].rename(columns={"estimate": "persons"})
    table = coverage(people, needs[[*keys, "need", "low", "high"]])
    table = table[table["need"].notna()]
    sources = needs.set_index(keys)["sources"].to_dict()
    ids = served.set_index(keys)["result_id"].to_dict()
    told = [
        ";".join(name for name in (sources.get(key), ids.get(key)) if name)
        for key in zip(table["community"], table["domain"], strict=True)
    ]
    parts = [
        table[keys].assign(option=option, estimate=table[column], reason=table["reason"], **{SOURCES: told})
        for option, column in ENDS.items()
    ]
    together = pd.concat(parts, ignore_index=True)
    together["reason"] = together["reason"].where(together["estimate"].isna(), "")
    return results(ledgers, COVERAGE, "ratio", together, keys, METHOD)


def protected_coverage(ledgers: Ledgers, atlas: Atlas) -> Protected | None:
    """Coverage as it may be shown: made of estimates and counts that are; None without needs."""
    needs = protected_needs(atlas)
    if needs is None:
        return None
    made = coverage_results(ledgers, atlas)
    return protect_made(made, [needs, protected_served(ledgers)])


def loop_sources(atlas: Atlas) -> Iterator[tuple[pd.DataFrame, Callable[[], Protected]]]:
    """The needs, their changes and the reach that stand beside services, and how they are protected."""
    survey, declared = atlas.survey, atlas.study.settings.communities
    if survey is not None and atlas.rules.needs and declared is not None:
        needs = survey.needs(declared.key)
        yield needs, partial(protect, needs, Policy.of(atlas.study))
        changes = protected_need_changes(atlas)
        if changes is not None:
            yield changes.frame, lambda: changes
    if len(atlas.places):
        reach = protected_reach(atlas)
        own = [str(name) for name in reach.frame if name not in (*COLUMNS, "suppressed")]
        yield reach.frame, partial(reach.without, own)


def loop_figures(ledgers: Ledgers, atlas: Atlas) -> Iterator[tuple[pd.DataFrame, Callable[[], Protected]]]:
    """Figures that set services beside needs, and how they are protected."""
    if protected_needs(atlas) is not None:
        made = coverage_results(ledgers, atlas).drop(columns=[SOURCES])
        yield made, partial(_coverage, ledgers, atlas)


def _coverage(ledgers: Ledgers, atlas: Atlas) -> Protected:
    safe = protected_coverage(ledgers, atlas)
    assert safe is not None
    return safe
