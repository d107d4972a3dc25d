"""The five platforms by community and project, and targets beside results, as they may be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from xzz_analysis.disclosure.dominance import PARTS, protect_turnover, withhold_with
from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.disclosure.wide import HIDDEN, side_by_side
from xzz_analysis.language import Label
from xzz_analysis.services.ledgers import ledger_columns
from xzz_analysis.services.linkage import (
    BY_PROJECT,
    MEASURES,
    TURNOVER,
    known_measures,
    light_of,
    measure_by,
    targets,
)
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.results import results

UNSTATED = "not_stated"
"""What ``by`` says of entries whose community or project is not stated."""

METHOD = "counted"
HIDDEN_LIGHT = "hidden"
"""Light of a result that is suppressed: it would tell the result nearly."""

TEXTS = (
    "project",
    "name",
    "funder",
    "measure",
    "since",
    "until",
    "as_of",
    "why",
    "bound",
    "explanation",
    "explanation_en",
)
FIGURES = ("target", "expected", "result", "reached", "ratio")
"""Figures of a target: agreed, to be expected by now, done, and that over the target and over what was expected."""

DEFINITIONS: dict[str, Label] = {
    "linkage_activities": {"zh": "活动场次。", "en": "Activities."},
    "linkage_social_workers": {"zh": "在岗社会工作者。", "en": "Social workers in post."},
    "linkage_staff": {"zh": "负责活动的工作人员。", "en": "Staff in charge of activities."},
    "linkage_incubated": {"zh": "在孵化的社会组织。", "en": "Social organisations incubated."},
    "linkage_partners": {"zh": "合作伙伴。", "en": "Partners."},
    "linkage_volunteers": {"zh": "登记在册的志愿者（含互助骨干、带头人）。", "en": "Volunteers, helpers and leaders."},
    "linkage_volunteers_active": {"zh": "本期有服务记录的志愿者。", "en": "Volunteers with hours in the period."},
    "linkage_volunteer_hours": {"zh": "志愿服务小时。", "en": "Hours volunteered."},
    "linkage_donors": {"zh": "捐赠方。", "en": "Donors."},
    "linkage_donated": {"zh": "本期捐赠金额。", "en": "Donated in the period."},
    "linkage_merchants_joined": {"zh": "已加入的商户。", "en": "Merchants that redeem vouchers."},
    "linkage_redeemed": {"zh": "本期核销金额。", "en": "Vouchers redeemed in the period."},
    **{
        f"project_{name}": {
            "zh": "项目目标及从项目开始到本期末的完成情况。",
            "en": "Target of a project, and what was done from its first day to the end of the period.",
        }
        for name in (
            *("activities", "person_times", "persons", "cases", "groups", "home_visits", "phone_visits", "trainings"),
            *("volunteers", "merchants_joined", "vouchers_redeemed", "organisations"),
        )
    },
}
"""What each indicator of this room is."""


SPLITS: dict[str, tuple[str, ...]] = {
    "community": tuple(name for name in MEASURES if name != "staff"),
    "project": BY_PROJECT,
}
"""Measures that are told by community, and by project."""


@lru_cache(maxsize=8)
def platform_results(ledgers: Ledgers) -> dict[str, pd.DataFrame]:
    """Results of the measures whose ledgers the study keeps: of all, by community and by project.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    dict of str to DataFrame
        Measure → rows with ``split`` (empty, ``community`` or ``project``): 0 where the ledger is there and tells of
        nothing; ``parts`` of sums over merchants.
    """
    known = known_measures(ledgers, tuple(MEASURES))
    found = {by: {name: measure_by(ledgers, name, by) for name in known if name in SPLITS[by]} for by in SPLITS}
    orders = {by: _order(ledgers, by, tables) for by, tables in found.items()}
    made = {}
    for name in known:
        split = {by: tables[name] for by, tables in found.items() if name in tables and orders[by]}
        inside = [_levels(ledgers, name, by, table, orders[by]) for by, table in split.items()]
        made[name] = pd.concat([_whole(ledgers, name), *inside], ignore_index=True)
    return made


def _order(ledgers: Ledgers, by: str, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Communities in the study's order and projects in the ledger's, and then whoever else has an entry."""
    first = list(ledgers.communities) if by == "community" else list(ledgers.table("projects")["project"])
    named = {str(key) for table in tables.values() for key in table.loc[table["estimate"] != 0, by]}
    found = list(dict.fromkeys([*first, *sorted(named - {""})]))
    return [*found, UNSTATED] if found and "" in named else found


def _whole(ledgers: Ledgers, name: str) -> pd.DataFrame:
    table = measure_by(ledgers, name).drop(columns="whole")
    if not len(table):
        table = pd.DataFrame({"estimate": [0.0], "n": [np.nan]})
    return _results(ledgers, name, "", table)


def _levels(ledgers: Ledgers, name: str, by: str, table: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """One measure of every community or project, and of entries that do not state theirs."""
    named = table.assign(**{by: table[by].replace("", UNSTATED)}).set_index(by)
    frame = named.reindex(order).rename_axis(by).reset_index()
    return _results(ledgers, name, by, frame.assign(estimate=frame["estimate"].fillna(0.0)))


def _results(ledgers: Ledgers, name: str, by: str, frame: pd.DataFrame) -> pd.DataFrame:
    if name in TURNOVER:
        given = list(frame[PARTS]) if PARTS in frame else [None] * len(frame)
        frame = frame.assign(
            **{PARTS: pd.Series([one if isinstance(one, dict) else {} for one in given], dtype=object)}
        )
    made = results(ledgers, f"linkage_{name}", "total", frame, [by] if by else [], METHOD)
    return made.drop(columns=by or []).assign(split=by)


@lru_cache(maxsize=8)
def protected_platforms(ledgers: Ledgers) -> dict[str, Protected]:
    """Measures of the platforms as they may be shown.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    dict of str to Protected
        As :func:`platform_results`.
    """
    policy = Policy.of(ledgers.study)
    return {
        name: protect_turnover(frame, policy) if name in TURNOVER else protect(frame, policy)
        for name, frame in platform_results(ledgers).items()
    }


def platforms_side_by_side(ledgers: Ledgers, by: str = "community") -> Protected | None:
    """Measures beside each other, a row for all and for each community or project; None without any ledger.

    Parameters
    ----------
    ledgers : Ledgers
    by : str
        ``community`` or ``project``.
    """
    parts = {
        name: safe.rows(safe.frame["split"].isin(["", by]))
        for name, safe in protected_platforms(ledgers).items()
        if name in SPLITS[by]
    }
    return side_by_side(parts, ["by"]) if parts else None


@lru_cache(maxsize=8)
def target_results(ledgers: Ledgers) -> list[pd.DataFrame]:
    """Results of the targets of projects that run in the period.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    list of DataFrame
        One for each indicator that projects agreed on and each of :data:`FIGURES`, with the columns :data:`TEXTS`, and
        ``parts`` of sums over merchants. ``bound`` is ``yes`` where the result is the least that was done.
    """
    table = targets(ledgers)
    if not len(table):
        return []
    table["bound"] = np.where(table["low"].notna() & (table["low"] != table["high"]), "yes", "")
    table["result"], table["reached"] = table["low"], table["low"] / table["target"].where(table["target"] > 0)
    made = []
    for measure, rows in table.groupby("measure", sort=False):
        for figure in FIGURES:
            agreed = figure in ("target", "expected")
            frame = rows[list(TEXTS)].assign(estimate=rows[figure], n=np.nan if agreed else rows["n"])
            if figure == "result" and measure == "vouchers_redeemed":
                frame[PARTS] = rows["parts"]
            made.append(results(ledgers, f"project_{measure}", figure, frame, ["project", "since", "until"], METHOD))
    return made


@lru_cache(maxsize=8)
def protected_target_parts(ledgers: Ledgers) -> list[Protected]:
    """The results of :func:`target_results` as they may be shown, in the same order."""
    policy = Policy.of(ledgers.study)
    safe: list[Protected] = []
    for frame in target_results(ledgers):
        one = protect_turnover(frame, policy) if PARTS in frame else protect(frame, policy)
        if frame["statistic"].iloc[0] in ("reached", "ratio"):
            result = next(part for part in reversed(safe) if part.frame["statistic"].iloc[0] == "result")
            one = withhold_with(one, result)
        safe.append(one)
    return safe


def protected_targets(ledgers: Ledgers) -> Protected | None:
    """Targets and results side by side, project by project; None where no project runs.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    Protected or None
        :data:`TEXTS`, :data:`FIGURES`, and ``light``: a word of ``services.linkage.LIGHTS``, or :data:`HIDDEN_LIGHT`.
    """
    parts = protected_target_parts(ledgers)
    if not parts:
        return None
    together: dict[str, Protected] = {}
    for one in parts:
        figure = str(one.frame["statistic"].iloc[0])
        together[figure] = together[figure].joined(one) if figure in together else one
    safe = side_by_side(together, list(TEXTS))
    lights = [_light(ledgers, row["ratio"], row[HIDDEN]) for row in safe.frame.to_dict("records")]
    return safe.with_column("light", lights).ordered(_in_order(safe.frame))


def _in_order(frame: pd.DataFrame) -> list[int]:
    """Places of the rows, project by project, indicators in the order of the ledger's choices."""
    choices = list(next(one for one in ledger_columns("projects") if one.id == "indicator").choices)
    keys = list(zip(frame["project"], frame["measure"], strict=True))
    return sorted(range(len(frame)), key=lambda place: (keys[place][0], choices.index(keys[place][1])))


def _light(ledgers: Ledgers, ratio: float, hidden: list[str]) -> str:
    return HIDDEN_LIGHT if "result" in hidden else light_of(ratio, ledgers.declared.lights)


def figures(ledgers: Ledgers) -> Iterator[tuple[pd.DataFrame, Callable[[], Protected]]]:
    """Every figure of this room with an id, and how it is protected.

    Parameters
    ----------
    ledgers : Ledgers

    Yields
    ------
    tuple of DataFrame and callable
    """
    for name, frame in platform_results(ledgers).items():
        yield frame.drop(columns=PARTS, errors="ignore"), _platform_of(ledgers, name)
    for frame, safe in zip(target_results(ledgers), protected_target_parts(ledgers), strict=True):
        yield frame.drop(columns=PARTS, errors="ignore"), _itself(safe)


def _platform_of(ledgers: Ledgers, name: str) -> Callable[[], Protected]:
    return lambda: protected_platforms(ledgers)[name]


def _itself(safe: Protected) -> Callable[[], Protected]:
    return lambda: safe
