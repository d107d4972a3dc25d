"""What a study declares about policy: words of the national list that a person supplied, and services to estimate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from xzz_analysis.declaration import Declaration, read_list, refuse
from xzz_analysis.errors import Finding, suggest
from xzz_analysis.needs.indicator import Indicator, computable, item, problems_of, read_indicators
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.policy.crosswalk import Crosswalk, ListItem, Text, read_crosswalk
from xzz_analysis.needs.policy.ratios import MEASURES, Service, service_ratios
from xzz_analysis.study import PublicService, Study
from xzz_analysis.survey.estimate import Item
from xzz_analysis.survey.estimates import REST, Estimates, without_level
from xzz_analysis.survey.sampling import groups_of

CONDITIONS = ("eligible", "know", "use", "refused", "want")
"""Expressions that a service may declare."""


class SuppliedItem(Declaration):
    """One item of the national list, as a person writes it into ``policy.items``.

    Attributes
    ----------
    item : int
        Its number in the list.
    aspect : str
        Id of its aspect.
    text : mapping of language code to text
        The item's words, and a translation.
    source, page, checked_by : str
        Where the words were copied from, and who compared them.
    indicators : list of str
        Indicators of the study that measure it.
    """

    item: int
    aspect: str = ""
    text: Text = Field(default_factory=dict)
    source: str = ""
    page: str = ""
    checked_by: str = ""
    indicators: list[str] = Field(default_factory=list)


def crosswalk_of(study: Study) -> Crosswalk:
    """The crosswalk of a study: what is shipped, what a person supplied, and what its indicators declare.

    Parameters
    ----------
    study : Study

    Returns
    -------
    Crosswalk

    Raises
    ------
    StudyError
        All problems of the file together: unknown keys, a number that the list does not have, an item twice, an
        indicator that there is none of, an unknown aspect, a text without source or in one language; a policy tag of an
        indicator that names nothing.
    """
    crosswalk = read_crosswalk()
    indicators = read_indicators(study)
    tags = {one.id: list(one.policy) for one in indicators}
    path = None if study.settings.policy is None else study.settings.policy.items
    if path is not None:
        supplied, findings = read_list(SuppliedItem, path, "item")
        findings += [problem for one in supplied for problem in _problems(one, crosswalk, list(tags), path.name)]
        refuse(path, findings)
        ids = {one.item: crosswalk.items[one.item - 1].id for one in supplied}
        made = [ListItem(id=ids[one.item], **one.model_dump(exclude={"item", "indicators"})) for one in supplied]
        crosswalk = crosswalk.with_items(made, path.name)
        for one in supplied:
            for name in one.indicators:
                tags[name].append(ids[one.item])
    return crosswalk.with_tags(tags)


def _problems(supplied: SuppliedItem, crosswalk: Crosswalk, indicators: Sequence[str], file: str) -> list[Finding]:
    where = f"{file}: item {supplied.item}"
    out = [
        Finding("error", "unknown_name", where, f"no indicator {name!r}{suggest(name, indicators)}", "correct the name")
        for name in supplied.indicators
        if name not in indicators
    ]
    return out + _number_problems(supplied.item, crosswalk, where)


def _number_problems(number: int, crosswalk: Crosswalk, where: str) -> list[Finding]:
    if 1 <= number <= crosswalk.expected:
        return []
    message = f"the national list has no item {number}; its items are numbered 1 to {crosswalk.expected}"
    return [Finding("error", "policy_wrong", where, message, "write the number as in the published list")]


def read_services(study: Study) -> list[PublicService]:
    """The services that study.yml declares under ``policy``; none where it declares none.

    Raises
    ------
    StudyError
        All problems together: an id used twice, an unknown unit or item number, an expression that does not parse.
    """
    declared = [] if study.settings.policy is None else study.settings.policy.services
    if not declared:
        return []
    units = study.tables.keys() | {name for table in study.tables.values() for name in table.repeats}
    crosswalk = read_crosswalk()
    names = [one.id for one in declared]
    findings: list[Finding] = []
    for one in declared:
        where = f"{study.path.name}: policy.services.{one.id}"
        if names.count(one.id) > 1:
            findings.append(Finding("error", "duplicate_id", where, "is declared twice", "rename one"))
        if one.unit not in units:
            message = f"unit {one.unit!r} is not a table of the study{suggest(one.unit, units)}"
            findings.append(Finding("error", "unknown_name", where, message, "name a table"))
        findings += [] if one.item is None else _number_problems(one.item, crosswalk, where)
        findings += [problem for asked in _conditions(one).values() for problem in problems_of(asked, where)]
    refuse(Path(study.path.name), list(dict.fromkeys(findings)))
    return declared


def questions_of(service: PublicService) -> list[str]:
    """Names of the questions that a service's expressions ask."""
    return list(dict.fromkeys(name for asked in _conditions(service).values() for name in asked.questions()))


def service_findings(survey: MonitoringRound) -> list[Finding]:
    """Services that cannot be estimated from the questionnaire, each with the reason.

    Parameters
    ----------
    survey : MonitoringRound

    Returns
    -------
    list of Finding
        ``service_not_computed``: a question that is not asked of the unit, an option that its question does not have.
    """
    return [
        Finding("warning", "service_not_computed", f"services: {one.id}", reason, "correct the expression in study.yml")
        for one in read_services(survey.study)
        if (reason := _not_computable(one, survey))
    ]


def _not_computable(service: PublicService, survey: MonitoringRound) -> str:
    found = (computable(asked, survey.dataset) for asked in _conditions(service).values())
    return "; ".join(dict.fromkeys(reason for reason in found if reason))


def _conditions(service: PublicService) -> dict[str, Indicator]:
    """Each declared expression as a share of its own, so that it is read, checked and counted as indicators are."""
    return {
        name: Indicator(
            id=service.id,
            version=service.version,
            domain="support",
            kind="expressed",
            unit=service.unit,
            label=service.label,
            definition=service.label,
            need=text,
        )
        for name in CONDITIONS
        if (text := getattr(service, name))
    }


def service_estimates(survey: MonitoringRound, by: str | Sequence[str] | None = None) -> Estimates:
    """Estimate who knows, used and did not use each declared service, among those eligible.

    Parameters
    ----------
    survey : MonitoringRound
    by : str or sequence of str, optional
        Declared groups, crossed; services for units that the groups do not apply to are left out.

    Returns
    -------
    Estimates
        As :func:`~xzz_analysis.needs.policy.ratios.service_ratios`, in the order of the declarations. Services that
        :func:`service_findings` names have no row. A missing answer is never taken for "not used".

    Raises
    ------
    StudyError
        As :func:`read_services`; an unknown group.

    References
    ----------
    Tanahashi, T. (1978), Health service coverage and its evaluation. Bulletin of the WHO 56, 295–303.
    """
    return survey.split(_by_groups, by)


def _by_groups(survey: MonitoringRound, names: list[str]) -> Estimates:
    found = _estimated(survey, names)
    if any(group.classes for group in survey.study.groups if group.name in names):
        found.attrs[REST] = without_level(_estimated(survey, []), found)
    return found


def _estimated(survey: MonitoringRound, by: list[str]) -> Estimates:
    wanted = [one for one in read_services(survey.study) if not _not_computable(one, survey)]
    parts = []
    for unit in dict.fromkeys(one.unit for one in wanted):
        allowed = {group.name for group in groups_of(survey.study, survey.dataset, unit)}
        if unit in survey.units and allowed.issuperset(by):
            services = [_service(one, survey) for one in wanted if one.unit == unit]
            parts.append(service_ratios(survey.sample(unit), services, by or None))
    if not parts:
        return Estimates.none()
    found = parts[0] if len(parts) == 1 else Estimates(pd.concat(parts, ignore_index=True))
    order = {one.id: place for place, one in enumerate(wanted)}
    return found.sort_values("indicator", key=lambda ids: ids.map(order), kind="stable", ignore_index=True)


def _service(declared: PublicService, survey: MonitoringRound) -> Service:
    """The columns of one service, on its unit's rows of the round."""
    rows = survey.rows(declared.unit)
    today = survey.study.rounds[survey.name].collected[1]
    asked = {name: item(one, survey.dataset, rows, today=today) for name, one in _conditions(declared).items()}
    everybody = Item(declared.id, np.ones(int(rows.sum())), version=str(declared.version))
    return Service(
        declared.id,
        asked.get("eligible", everybody),
        used=asked.get("use"),
        know=asked.get("know"),
        refused=asked.get("refused"),
        want=asked.get("want"),
    )


def service_told(study: Study, name: str, option: str) -> dict[str, Any]:
    """What one measure of a service is computed from, to trace a printed figure.

    Parameters
    ----------
    study : Study
    name : str
        Id of a declared service.
    option : str
        One of :data:`~xzz_analysis.needs.policy.ratios.MEASURES`.

    Returns
    -------
    dict
        ``service`` (its label), ``measure`` (in words), ``base`` and ``expression``.
    """
    service = next(one for one in read_services(study) if one.id == name)
    asked = {"awareness": service.know, "refused": service.refused, "want": service.want}.get(option, service.use)
    return {
        "service": dict(service.label),
        "measure": dict(MEASURES[option]),
        "base": service.eligible or f"every {service.unit}",
        "expression": f"not({asked})" if option == "gap" else asked,
    }
