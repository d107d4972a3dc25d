"""Scores before and after, and levels of the health star, as they may be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import pandas as pd

from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.language import Label
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.results import results
from xzz_analysis.services.training import (
    DIRECTIONS,
    KEYS,
    Stars,
    course_attrition,
    course_changes,
    few_classes,
    instrument_of,
    measured,
    stars,
)

UNSTATED = "not_stated"
"""What ``by`` says of people whose community is not stated."""

DEFINITIONS: dict[str, Label] = {
    "score_change": {
        "zh": "同一人后测与前测得分之差的平均；有两个以上班次时以班次为群，否则以人为单位。",
        "en": "Mean of the score after minus the score before of the same persons; classes are clusters where there "
        "are at least two, else persons are units.",
    },
    "score_before": {"zh": "前后都测过的人的前测平均分。", "en": "Mean score before of those measured twice."},
    "score_after": {"zh": "前后都测过的人的后测平均分。", "en": "Mean score after of those measured twice."},
    "effect_d_z": {
        "zh": "平均变化除以变化的标准差（Lakens 2013 的 d_z），区间由非中心 t 分布得出。",
        "en": "Mean change over the standard deviation of the changes (d_z of Lakens 2013), interval by noncentral t.",
    },
    "effect_d_av": {
        "zh": "平均变化除以前后标准差的平均（Lakens 2013 的 d_av），区间由非中心 t 分布得出。",
        "en": "Mean change over the average of both standard deviations (d_av of Lakens 2013), interval by noncentral "
        "t.",
    },
    "improved": {
        "zh": "得分改善达到规定步长的人所占比例。",
        "en": "Share of those whose score got better by at least the declared step.",
    },
    "ceiling_before": {"zh": "前测得满分的比例。", "en": "Share at the highest possible score before."},
    "ceiling_after": {"zh": "后测得满分的比例。", "en": "Share at the highest possible score after."},
    "floor_before": {"zh": "前测得最低分的比例。", "en": "Share at the lowest possible score before."},
    "floor_after": {"zh": "后测得最低分的比例。", "en": "Share at the lowest possible score after."},
    "lost": {"zh": "有前测而没有后测的比例。", "en": "Share measured before and not afterwards."},
    "lost_difference": {
        "zh": "流失者与留下者前测平均分之差。",
        "en": "Mean score before of those lost, minus that of those who stayed.",
    },
    "star_step": {
        "zh": "健康之星等级上升、不变、下降的人所占比例。",
        "en": "Share whose level of the health star rose, stayed or fell.",
    },
    "star_cell": {"zh": "由一个等级到另一个等级的人数。", "en": "Persons who went from one level to another."},
}
"""What each indicator of this room is."""

LIMITS = ("ceiling_before", "ceiling_after", "floor_before", "floor_after")
_TESTS = ("t", "p", "p_adjusted")


@lru_cache(maxsize=8)
def course_results(ledgers: Ledgers) -> dict[str, pd.DataFrame]:
    """Results of every course and instrument measured in the period.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    dict of str to DataFrame
        ``change`` (with texts ``units``, ``classes`` and ``few``: ``yes`` where there are too few classes to conclude
        anything), ``before``, ``after``, ``t``, ``p``, ``p_adjusted``, ``d_z``, ``d_av``, ``improved``,
        :data:`LIMITS`, ``lost``, ``lost_difference`` and ``lost_p``; empty where nobody was measured twice.
    """
    found = measured(ledgers)
    table = course_changes(found.pairs, lambda name: instrument_of(ledgers, name))
    if not len(table):
        return {}
    few = [few_classes(units, classes) for units, classes in zip(table["units"], table["classes"], strict=True)]
    told = {"units": table["units"], "classes": table["classes"].astype("str"), "few": np.where(few, "yes", "")}
    figures = table[[*KEYS, "estimate", "se", "low", "high", "df", "n", "flags", "reason"]]
    made = {"change": _results(ledgers, "score_change", "mean_change", figures.join(pd.DataFrame(told)))}
    for side in ("before", "after"):
        made[side] = _results(ledgers, f"score_{side}", "mean", _plain(table, side))
    for name in _TESTS:
        made[name] = _results(ledgers, "score_change", name, _plain(table, name))
    for name in ("d_z", "d_av"):
        ends = {"low": table[f"{name}_low"], "high": table[f"{name}_high"], "reason": table["reason"]}
        made[name] = _results(ledgers, f"effect_{name}", "effect", _plain(table, name).assign(**ends))
    ends = {"low": table["improved_low"], "high": table["improved_high"], "n_need": table["improved_n"]}
    made["improved"] = _results(ledgers, "improved", "share", _plain(table, "improved").assign(**ends))
    return {**made, **_limits(ledgers, table), **_lost(ledgers, course_attrition(found))}


def _results(ledgers: Ledgers, indicator: str, statistic: str, frame: pd.DataFrame) -> pd.DataFrame:
    return results(ledgers, indicator, statistic, frame, KEYS, "paired")


def _plain(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table[[*KEYS, "n"]].assign(estimate=table[name].astype(float))


def _limits(ledgers: Ledgers, table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Shares at the ends of the instrument."""
    made = {}
    for name in LIMITS:
        base = (table["highest_known"] if name.startswith("ceiling") else table["n"]).astype(float)
        need = table[name].astype(float)
        frame = table[KEYS].assign(n=base.where(base > 0), n_need=need, estimate=need / base.where(base > 0))
        made[name] = _results(ledgers, name, "share", frame)
    return made


def _lost(ledgers: Ledgers, table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Who was lost; that nobody was is a statement about records, and is shown."""
    need = table["lost"].astype(float).where(table["lost"] > 0)
    told = table[KEYS].assign(n=table["started"].astype(float), n_need=need)
    figures = table[["estimate", "se", "low", "high", "df"]]
    return {
        "lost": _results(ledgers, "lost", "share", told.assign(estimate=table["lost"] / table["started"])),
        "lost_difference": _results(
            ledgers, "lost_difference", "mean_difference", told.join(figures).assign(reason=table["reason"])
        ),
        "lost_p": _results(ledgers, "lost_difference", "p", told.assign(estimate=table["p"])),
    }


@lru_cache(maxsize=8)
def protected_courses(ledgers: Ledgers) -> dict[str, Protected]:
    """Results of courses as they may be shown.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    dict of str to Protected
        As :func:`course_results`. Courses do not add up to a printed total, so each is protected by itself.
    """
    policy = Policy.of(ledgers.study)
    return {name: _each(frame, policy) for name, frame in course_results(ledgers).items()}


def _each(frame: pd.DataFrame, policy: Policy) -> Protected:
    """Rows protected one by one."""
    rows = [protect(frame.iloc[[place]], policy) for place in range(len(frame))]
    safe = rows[0]
    for one in rows[1:]:
        safe = safe.joined(one)
    return safe


def star_results(ledgers: Ledgers) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Results of the health star: shares that rose, stayed and fell, and how many went from level to level.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    tuple of DataFrame
        Shares (``option`` is the direction) of all and by ``community``; persons by the levels ``before`` and
        ``after``, every combination. Both empty without a star or pairs.
    """
    found = stars(ledgers)
    if found is None or not len(found.steps):
        return pd.DataFrame(), pd.DataFrame()
    steps = found.steps.assign(community=found.steps["community"].replace("", UNSTATED))
    met = set(steps["community"])
    order = dict.fromkeys([*ledgers.communities, *sorted(met - {UNSTATED}), UNSTATED])
    rows = [_directions(steps, "")]
    rows += [_directions(steps[steps["community"] == name], name) for name in order if name in met]
    shares = results(ledgers, "star_step", "share", pd.concat(rows, ignore_index=True), ["community"], "paired")
    return shares, _cells(ledgers, found)


def _directions(steps: pd.DataFrame, community: str) -> pd.DataFrame:
    need = [float((steps["direction"] == one).sum()) for one in DIRECTIONS]
    made = pd.DataFrame({"option": DIRECTIONS, "community": community, "n": float(len(steps)), "n_need": need})
    return made.assign(estimate=made["n_need"] / made["n"])


def _cells(ledgers: Ledgers, found: Stars) -> pd.DataFrame:
    levels = range(1, found.levels + 1)
    both = pd.MultiIndex.from_product([levels, levels], names=["before", "after"])
    counts = found.steps.groupby(["before", "after"]).size().reindex(both, fill_value=0)
    frame = counts.rename("estimate").astype(float).reset_index()
    moved = frame["after"] - frame["before"]
    frame["option"] = np.select([moved > 0, moved < 0], ["rose", "fell"], "stayed")
    frame["n"] = frame["estimate"].where(frame["estimate"] > 0)
    frame[["before", "after"]] = frame[["before", "after"]].astype("str")
    return results(ledgers, "star_cell", "total", frame, ["before", "after"], "paired")


@lru_cache(maxsize=8)
def protected_star(ledgers: Ledgers) -> tuple[Protected, Protected] | None:
    """The health star as it may be shown; None where there is none.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    tuple of Protected, or None
        Shares, and persons from level to level. The latter add up to the shares by direction: where one of those of all
        is suppressed, no number of persons is given.
    """
    shares, cells = star_results(ledgers)
    if not len(shares):
        return None
    policy = Policy.of(ledgers.study)
    safe = protect(shares, policy)
    shown = not safe.frame.loc[safe.frame["by"] == "", "suppressed"].any()
    inside = protect(cells, policy)
    return safe, inside if shown else inside.rows(np.zeros(len(cells), bool))


def figures(ledgers: Ledgers) -> Iterator[tuple[pd.DataFrame, Callable[[], Protected]]]:
    """Every figure of this room with an id, and how it is protected.

    Parameters
    ----------
    ledgers : Ledgers

    Yields
    ------
    tuple of DataFrame and callable
    """
    if not ledgers.has("scores"):
        return
    for name, frame in course_results(ledgers).items():
        yield frame, _course_of(ledgers, name)
    shown = protected_star(ledgers)
    if shown is not None:
        for frame, safe in zip(star_results(ledgers), shown, strict=True):
            if len(safe.frame):
                yield frame, _itself(safe)


def _course_of(ledgers: Ledgers, name: str) -> Callable[[], Protected]:
    return lambda: protected_courses(ledgers)[name]


def _itself(safe: Protected) -> Callable[[], Protected]:
    return lambda: safe
