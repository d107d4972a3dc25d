"""Sentences of a match, in both languages; every number is a figure of the row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.places.matching.candidates import WHY_NOT

DOMAINS: Mapping[str, Label] = {
    "education": {"zh": "教育", "en": "education"},
    "health": {"zh": "健康", "en": "health"},
    "livelihood": {"zh": "生计", "en": "livelihood"},
    "support": {"zh": "社会支持", "en": "social support"},
}
"""The four domains inside a sentence; other ids are printed as they are, or as ``names`` call them."""

DISTANCE: Mapping[str, Label] = {
    "minutes": {"zh": "路程{}分钟", "en": "{} minutes away"},
    "metres": {"zh": "路程{}米", "en": "{} metres away"},
}
ALLOCATE: Label = {
    "zh": "{organisation}为{community}的{people}提供{domain}服务（{distance}{now}）。",
    "en": "{organisation} serves {people} of {community} for {domain} ({distance}{now}).",
}
NOW: Label = {"zh": "，目前服务{}", "en": "; {} now"}
UNMET: Label = {
    "zh": "{community}的{domain}：有需要的{need}，可以安排{met}，还有{unmet}没有着落；{why}。",
    "en": "{community}, {domain}: {need} in need, {met} with a place, {unmet} without; {why}.",
}
WHY_UNMET: Mapping[str, Label] = {
    "none": {"zh": "可及范围内没有这类服务", "en": "no such service is in reach"},
    "against": {
        "zh": "可及范围内有{}家机构提供，但都不能接收",
        "en": "services in reach: {}, of which none can take them",
    },
    "full": {
        "zh": "可及范围内能接收的机构有{}家，名额已用完",
        "en": "services in reach that can take them: {}, all places taken",
    },
    "left": {
        "zh": "可及范围内能接收的机构有{}家，还有名额，但本方案没有安排",
        "en": "services in reach that can take them: {}, with places that this plan leaves free",
    },
}
ONE_MORE: Label = {
    "zh": "{organisation}增加1个名额，就能多服务1人；它能接收、目前没有着落的有{waiting}。",
    "en": "One more place at {organisation} serves one person more; it could take {waiting} who have no place.",
}
CAN_HELP: Label = {
    "zh": "提供{domain}服务，{distance}，共{capacity}个名额，{free}{who}{tie}",
    "en": "it offers {domain}, is {distance} and has {capacity} places, {free}{who}{tie}",
}
FREE: Label = {"zh": "还剩{}个", "en": "{} of them free"}
WHO: Mapping[bool, Label] = {
    True: {"zh": "，面向所有人", "en": "; it is for everybody"},
    False: {"zh": "，面向这一群体", "en": "; it is for this group"},
}
TIE: Label = {"zh": "，已有合作", "en": "; they work together already"}
NOT_HELP: Label = {
    "zh": "提供{domain}服务，{distance}，但{why}",
    "en": "it offers {domain} and is {distance}, but {why}",
}


def reasons(candidates: pd.DataFrame, names: Mapping[str, Label], unit: str) -> pd.DataFrame:
    """Say for each candidate why it can help, or why not.

    Parameters
    ----------
    candidates : DataFrame
    names : Mapping of id to Label
    unit : "minutes" or "metres"

    Returns
    -------
    DataFrame
        The candidates with ``zh`` and ``en``.
    """
    rows = candidates.to_dict("records")
    said = {
        language: pd.Series([_reason(row, names, unit, language) for row in rows], candidates.index, dtype=object)
        for language in REPORT_LANGUAGES
    }
    return candidates.assign(**said)


def actions(
    allocation: pd.DataFrame, unmet: pd.DataFrame, use: pd.DataFrame, names: Mapping[str, Label], unit: str
) -> pd.DataFrame:
    """Say what to do, who is left and where one more place helps.

    Parameters
    ----------
    allocation, unmet, use : DataFrame
        Of a match.
    names : Mapping of id to Label
    unit : "minutes" or "metres"

    Returns
    -------
    DataFrame
        See :meth:`~xzz_analysis.places.matching.allocation.Match.actions`.
    """
    left = unmet[unmet["unmet"] > 0].sort_values(["unmet", "community", "domain"], ascending=[False, True, True])
    more = use[use["one_more"] > 0].sort_values(["waiting", "organisation"], ascending=[False, True])
    served = allocation.assign(kind="allocate")
    left = left.assign(kind="unmet", organisation="", people=left["unmet"])
    more = more.assign(kind="one_more", community="", domain=[" ".join(named) for named in more["domains"]])
    more["people"] = more["waiting"]
    columns = ["kind", "community", "domain", "organisation", "people"]
    rows = [*served.to_dict("records"), *left.to_dict("records"), *more.to_dict("records")]
    table = pd.DataFrame(rows, columns=columns)
    for language in REPORT_LANGUAGES:
        table[language] = [_action(row, names, unit, language) for row in rows]
    return table


def count_text(number: float) -> str:
    """A number of people or minutes: whole where it is, else with one decimal."""
    near = round(float(number), 6)
    return f"{near:,.0f}" if near.is_integer() else f"{near:,.1f}"


def people_text(number: float, language: str) -> str:
    """So many people."""
    if language == "zh":
        return f"{count_text(number)}人"
    return f"{count_text(number)} person" if number == 1 else f"{count_text(number)} people"


def name_of(key: str, names: Mapping[str, Label], language: str) -> str:
    """What an id is called: by ``names``, else as a domain, else the id itself."""
    return choose(names.get(key, DOMAINS.get(key, {})), language, key).text


def _distance(cost: float, unit: str, language: str) -> str:
    near = {"minutes": float(np.ceil(cost)), "metres": float(np.ceil(cost / 10) * 10)}[unit]
    text = DISTANCE[unit][language].format(count_text(near))
    return text.replace("1 minutes", "1 minute") if near == 1 else text


def _reason(row: Mapping[Any, Any], names: Mapping[str, Label], unit: str, language: str) -> str:
    words = {
        "domain": name_of(row["domain"], names, language),
        "distance": _distance(row["cost"], unit, language),
        "why": WHY_NOT[row["why_not"]][language],
    }
    if row["why_not"]:
        return NOT_HELP[language].format(**words)
    return CAN_HELP[language].format(
        **words,
        capacity=count_text(row["capacity"]),
        free=FREE[language].format(count_text(row["free"])),
        who=WHO[bool(row["for_all"])][language],
        tie=TIE[language] if row["tie"] else "",
    )


def _action(row: Mapping[Any, Any], names: Mapping[str, Label], unit: str, language: str) -> str:
    words = {name: name_of(row[name], names, language) for name in ("community", "organisation", "domain")}
    if row["kind"] == "allocate":
        now = NOW[language].format(people_text(row["now"], language)) if row["now"] else ""
        served = people_text(row["people"], language)
        return ALLOCATE[language].format(
            **words, people=served, distance=_distance(row["cost"], unit, language), now=now
        )
    if row["kind"] == "unmet":
        figures = {name: people_text(row[name], language) for name in ("need", "met", "unmet")}
        return UNMET[language].format(**words, **figures, why=_why_unmet(row, language))
    return ONE_MORE[language].format(**words, waiting=people_text(row["waiting"], language))


def _why_unmet(row: Mapping[Any, Any], language: str) -> str:
    if not row["in_reach"]:
        return WHY_UNMET["none"][language]
    if not row["can_help"]:
        return WHY_UNMET["against"][language].format(row["in_reach"])
    return WHY_UNMET["left" if row["places_left"] else "full"][language].format(row["can_help"])
