"""People in need, by community and domain: protected estimates of the survey, turned into people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from xzz_analysis.atlas.opening import Atlas
from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.errors import StudyError, suggest
from xzz_analysis.needs.indicator import Indicator
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.survey.estimates import group_pairs

ROUNDED = 10
"""People in need are given in tens: an estimate is no head count."""


def protected_needs(atlas: Atlas) -> Protected | None:
    """Estimates of the needs that study.yml sets beside services, by community; None where there are none.

    Raises
    ------
    StudyError
        study.yml names an indicator that cannot be computed or is no share, or communities that are no group.
    """
    survey = atlas.survey
    if survey is None or not atlas.rules.needs:
        return None
    key = _group(atlas, survey)
    wanted = {one.id for one in _named(atlas, survey)}
    levels = survey.needs(key)
    safe = protect(levels, Policy.of(atlas.study))
    return safe.rows(safe.frame["indicator"].isin(wanted).to_numpy())


def needs_table(atlas: Atlas) -> pd.DataFrame:
    """People in need by community and domain, as they may be shown.

    Returns
    -------
    DataFrame
        ``community``, ``domain``, ``need``, ``low``, ``high`` (people, in tens; NaN where the estimate is not shown),
        ``share``, ``indicator`` and ``sources`` (ids of the estimates). Empty in a study without needs.
    """
    safe = protected_needs(atlas)
    rows = []
    if safe is not None:
        known = {str(name) for name in atlas.communities.layer.index}
        frame = safe.frame.assign(community=[dict(group_pairs(by)).popitem()[1] for by in safe.frame["by"]])
        for domain, said in atlas.rules.needs.items():
            for row in frame[frame["indicator"] == said.indicator].to_dict("records"):
                if row["community"] not in known:
                    continue
                told = {"community": row["community"], "domain": domain, "indicator": said.indicator}
                people = {name: _people(row[column], row) for name, column in PEOPLE.items()}
                rows.append({**told, **people, "share": row["estimate"], "sources": row["result_id"]})
    columns = ["community", "domain", *PEOPLE, "share", "indicator", "sources"]
    return pd.DataFrame(rows, columns=columns)


PEOPLE = {"need": "estimate", "low": "low", "high": "high"}
"""Columns of people, and the figures they are made from."""


def _people(share: float, row: Mapping[Any, Any]) -> float:
    """A share of those an indicator is about, as people in tens."""
    return in_tens(share * row["weighted_n"]) if share == share else float("nan")


def in_tens(people: float) -> int:
    """People rounded to tens."""
    return round(people / ROUNDED) * ROUNDED


def known_table(atlas: Atlas) -> pd.DataFrame | None:
    """The share of people who know of the services of a domain, by community, where the survey asked.

    Returns
    -------
    DataFrame or None
        ``community``, ``domain``, ``known`` (0 to 1), ``sources``.
    """
    safe = protected_needs(atlas)
    if safe is None:
        return None
    frame = safe.frame.assign(community=[dict(group_pairs(by)).popitem()[1] for by in safe.frame["by"]])
    rows = [
        {
            "community": row["community"],
            "domain": domain,
            "known": 1 - row["estimate"],
            "sources": row["result_id"],
        }
        for domain, said in atlas.rules.needs.items()
        if said.not_known
        for row in frame[frame["indicator"] == said.not_known].to_dict("records")
        if row["estimate"] == row["estimate"]
    ]
    return pd.DataFrame(rows) if rows else None


def indicator_of(atlas: Atlas, domain: str) -> Indicator | None:
    """The indicator whose need stands beside the services of a domain."""
    said = atlas.rules.needs.get(domain)  # type: ignore[call-overload]
    if said is None or atlas.survey is None:
        return None
    return next(one for one in atlas.survey.indicators if one.id == said.indicator)


def _group(atlas: Atlas, survey: MonitoringRound) -> str:
    declared = atlas.study.settings.communities
    assert declared is not None
    groups = [group.name for group in survey.study.groups]
    if declared.key not in groups:
        raise StudyError(
            f"{atlas.study.path.name}: access.needs sets needs beside the services of communities, but "
            f"{declared.key!r} is no group{suggest(declared.key, groups)}; declare it under groups"
        )
    return declared.key


def _named(atlas: Atlas, survey: MonitoringRound) -> list[Indicator]:
    """The indicators that access.needs names; all problems in one error."""
    known = {one.id: one for one in survey.indicators if one.statistic == "share"}
    found, problems = [], []
    for domain, said in atlas.rules.needs.items():
        for name in (said.indicator, said.not_known):
            if name and name not in known:
                problems.append(f"access.needs.{domain}: {name!r} is no share of this round{suggest(name, known)}")
            elif name:
                found.append(known[name])
    if problems:
        raise StudyError(f"{atlas.study.path.name}: {'; '.join(problems)}")
    return found
