"""Roles, conversion, ratios and points as results, and as they may be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial

import numpy as np
import pandas as pd

from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.people import (
    MOVEMENTS,
    POSTS,
    STEPS,
    WORKERS,
    PointsLedger,
    account,
    conversion,
    earned_by_rule,
    incidence_curve,
    points_ledger,
    role_stocks,
    volunteer_origins,
    volunteers_per_worker,
)
from xzz_analysis.services.results import results

Parts = Mapping[str, pd.DataFrame]
"""Measure → results; the rows of all measures have the same keys."""

Figures = Iterator[tuple[pd.DataFrame, Callable[[], Protected]]]

ON_LAST_DAY = "roles held on the last day reported"
AALEN_JOHANSEN = "Aalen–Johansen, leaving competes"
BY_RULES = "hours × points an hour × times of the highest rule, in hundredths"


def together(parts: Parts, keys: Sequence[str], policy: Policy) -> dict[str, Protected]:
    """Protect measures of the same things so that a row shows all of them or none.

    Parameters
    ----------
    parts : mapping of str to DataFrame
        Measures that follow from one another, as ``opening + earned − spent = closing``.
    keys : sequence of str
        Columns of texts that say what a row is about.
    policy : Policy

    Returns
    -------
    dict of str to Protected
    """
    hidden: set[tuple[str, ...]] = set()
    while True:
        safe = {name: protect(_lowered(frame, keys, hidden, policy), policy) for name, frame in parts.items()}
        now = {key for one in safe.values() for key in _keys(one.frame[one.frame["suppressed"]], keys)}
        if now <= hidden:
            return safe
        hidden |= now


def _keys(frame: pd.DataFrame, keys: Sequence[str]) -> list[tuple[str, ...]]:
    return list(frame[list(keys)].itertuples(index=False, name=None))


def _lowered(frame: pd.DataFrame, keys: Sequence[str], hidden: set[tuple[str, ...]], policy: Policy) -> pd.DataFrame:
    """The frame with too few people behind rows that are hidden elsewhere."""
    rows = np.array([key in hidden for key in _keys(frame, keys)], dtype=bool)
    return frame.assign(n=frame["n"].where(~rows, np.fmin(frame["n"], policy.threshold - 1)))


def fewest(*counts: pd.Series) -> pd.Series:
    """The smallest of several counts of people that is not zero; NaN where all are."""
    table = pd.concat(list(counts), axis=1).astype(float)
    return table.where(table > 0).min(axis=1)


def _some(counts: pd.Series) -> pd.Series:
    """Counts of people, NaN instead of zero: that there is nobody is shown."""
    return counts.where(counts > 0).astype(float)


# --- roles


def role_results(ledgers: Ledgers, by: str = "") -> dict[str, pd.DataFrame]:
    """Persons who hold each role on the last day, and who took it up in the period; posts have no n."""
    table = role_stocks(ledgers, [by] if by else [])
    table = table.rename(columns={"role": "option"})
    made = {}
    for name in ("held", "new"):
        n = _some(table[name]).where(~table["option"].isin(POSTS))
        frame = table[["option", *([by] if by else [])]].assign(estimate=table[name], n=n)
        made[name] = results(ledgers, f"role_{name}", "total", frame, [by] if by else [], ON_LAST_DAY)
    return made


def protected_roles(ledgers: Ledgers, by: str = "") -> dict[str, Protected]:
    """Roles held and taken up, by ``community`` or in all.

    Returns
    -------
    dict of str to Protected
        ``held`` and ``new``; a row for each role (``option``).
    """
    policy = Policy.of(ledgers.study)
    return {name: protect(frame, policy) for name, frame in role_results(ledgers, by).items()}


def origin_results(ledgers: Ledgers) -> dict[str, pd.DataFrame]:
    """Volunteers by how they began: persons and their share."""
    table = volunteer_origins(ledgers).rename(columns={"origin": "option"})
    everybody = table["persons"].sum()
    some = table["persons"] > 0  # that nobody began so is shown
    base = table[["option"]].assign(n=np.where(some, everybody, np.nan), n_need=table["persons"].where(some))
    share = table["persons"] / (everybody or float("nan"))
    return {
        "persons": results(ledgers, "volunteer_origin", "total", base.assign(estimate=table["persons"])),
        "share": results(ledgers, "volunteer_origin", "share", base.assign(estimate=share)),
    }


def protected_origins(ledgers: Ledgers) -> dict[str, Protected]:
    """How volunteers began, as it may be shown: ``persons`` and ``share``."""
    return together(origin_results(ledgers), ["option"], Policy.of(ledgers.study))


# --- conversion


def conversion_results(ledgers: Ledgers, by: str = "") -> dict[str, pd.DataFrame]:
    """Steps from role to role.

    Parameters
    ----------
    ledgers : Ledgers
    by : str
        ``community``, ``sex`` or ``hardship``; empty for everybody.

    Returns
    -------
    dict of str to DataFrame
        ``at_risk``, ``became`` and ``share`` (became / at risk), ``incidence`` (within a year), and for
        everybody ``left``, ``still`` and ``days`` too; a row for each step (``option``: the role taken up).
    """
    steps = [_step_results(ledgers, step, by) for step in STEPS]
    return {name: pd.concat([one[name] for one in steps], ignore_index=True) for name in steps[0]}


def _step_results(ledgers: Ledgers, step: str, by: str) -> dict[str, pd.DataFrame]:
    """Measures of one step; each step is an indicator of its own, as steps do not add up to anything."""
    table = conversion(ledgers, step, by).assign(option=step)
    groups = [by] if by else []
    if by:
        base = table[["option", by]].assign(n=table["at_risk"], n_need=table["became"])
        names = ["at_risk", "became"]
    else:
        base = table[["option"]].assign(n=fewest(table["became"], table["left"], table["still"]))
        names = ["at_risk", "became", "left", "still", "days"]
    made = {
        name: results(ledgers, f"{step}_conversion_{name}", "total", base.assign(estimate=table[name]), groups)
        for name in names
    }
    share = base.assign(estimate=table["became"] / table["at_risk"])
    made["share"] = results(ledgers, f"{step}_conversion", "share", share, groups)
    ends = base.assign(estimate=table["incidence"], low=table["low"], high=table["high"])
    made["incidence"] = results(ledgers, f"{step}_conversion_year", "share", ends, groups, AALEN_JOHANSEN)
    return made


@lru_cache(maxsize=8)
def protected_conversion(ledgers: Ledgers, by: str = "") -> dict[str, Protected]:
    """Steps from role to role as they may be shown: all figures of a row, or none."""
    return together(conversion_results(ledgers, by), ["option", *([by] if by else [])], Policy.of(ledgers.study))


def curve_results(ledgers: Ledgers, step: str) -> pd.DataFrame:
    """The share that had taken a step after so many months (``option``).

    Returns
    -------
    DataFrame
        Points between which some people took the step, but fewer than the threshold, are left out: their difference
        would tell of these.
    """
    table = incidence_curve(ledgers, step)
    kept, reached = [], 0
    for place, became in enumerate(table["became"]):
        if became == reached or became - reached >= ledgers.study.settings.disclosure.threshold:
            kept.append(place)
            reached = became
    table = table.iloc[[place for place in kept if table["became"].iloc[place] > 0]]
    frame = pd.DataFrame(
        {"option": [f"{month:02d}" for month in table["months"]], "estimate": table["incidence"].to_list()}
    )
    frame = frame.assign(low=table["low"].to_list(), high=table["high"].to_list())
    frame = frame.assign(n=table["at_risk"].to_list(), n_need=table["became"].to_list())
    return results(ledgers, f"became_{step}_by_month", "share", frame, method=AALEN_JOHANSEN)


def protected_curve(ledgers: Ledgers, step: str) -> Protected:
    """The curve of a step as it may be drawn."""
    return protect(curve_results(ledgers, step), Policy.of(ledgers.study))


# --- volunteers for every social worker


def worker_results(ledgers: Ledgers, by: str = "") -> dict[str, pd.DataFrame]:
    """Volunteers, posts, and volunteers for each post; posts have no n, as they tell of the organisation."""
    groups = [by] if by else []
    table = volunteers_per_worker(ledgers, groups)
    n = _some(table["volunteers"])
    made = {}
    for name in ("volunteers", *WORKERS, *(f"per_{role}" for role in WORKERS)):
        reason = np.where(table[name].isna() & (name not in WORKERS), "denominator_zero", "")
        frame = table[groups].assign(estimate=table[name], n=np.nan if name in WORKERS else n, reason=reason)
        statistic = "mean" if name.startswith("per_") else "total"
        made[name] = results(ledgers, f"workers_{name}", statistic, frame, groups, ON_LAST_DAY)
    return made


def protected_workers(ledgers: Ledgers, by: str = "") -> dict[str, Protected]:
    """Volunteers for every social worker as they may be shown."""
    policy = Policy.of(ledgers.study)
    return {name: protect(frame, policy) for name, frame in worker_results(ledgers, by).items()}


# --- points


@lru_cache(maxsize=2)
def _points_of(ledgers: Ledgers) -> PointsLedger:
    """The entries, worked out once for all tables of a report."""
    return points_ledger(ledgers)


SHORT = ("opening", "credited", "debited", "closing")
"""Columns of accounts by community and month: corrections, which often are of few people, go with what is earned."""


def point_results(ledgers: Ledgers, by: str = "", names: Sequence[str] = SHORT) -> dict[str, pd.DataFrame]:
    """The account of points: columns of which the last follows from the others.

    Parameters
    ----------
    ledgers : Ledgers
    by : str
        ``community`` or ``month``; empty for all.
    names : sequence of str
        :data:`SHORT`, or :data:`~xzz_analysis.services.people.MOVEMENTS` with corrections and expiry apart.
    """
    groups = [by] if by else []
    table = account(ledgers, _points_of(ledgers), by)
    n = fewest(*(table[f"{name}_persons"] for name in names))
    kind = "account" if tuple(names) == SHORT else "movements"
    return {
        name: results(
            ledgers, f"points_{kind}_{name}", "total", table[groups].assign(estimate=table[name], n=n), groups, BY_RULES
        )
        for name in names
    }


def protected_points(ledgers: Ledgers, by: str = "", names: Sequence[str] = SHORT) -> dict[str, Protected]:
    """The account as it may be shown: all figures of a row, or none."""
    keys = [by] if by else ["by"]
    return together(point_results(ledgers, by, names), keys, Policy.of(ledgers.study))


def rule_results(ledgers: Ledgers) -> dict[str, pd.DataFrame]:
    """Who earned more by which rule: persons, hours, points, and how many more.

    What was earned without a rule is not among them: the sum of all would tell corrections of few people.
    """
    table = earned_by_rule(ledgers, _points_of(ledgers))
    table = table.assign(n=_some(table["persons"].astype(float)))
    return {
        name: results(
            ledgers,
            f"points_by_rule_{name}",
            "total",
            table[["rule", "n"]].assign(estimate=table[name]),
            ["rule"],
            BY_RULES,
        )
        for name in ("persons", "hours", "points", "more")
    }


def protected_rules(ledgers: Ledgers) -> dict[str, Protected]:
    """Who earned by which rule, as it may be shown."""
    return together(rule_results(ledgers), ["rule"], Policy.of(ledgers.study))


# --- for the trace


def figures(ledgers: Ledgers) -> Figures:
    """Every results frame of this room with its protected version.

    Yields
    ------
    tuple of DataFrame and callable
    """
    if ledgers.has("roles"):
        for by in ("", "community"):
            yield from each_measure(role_results(ledgers, by), partial(protected_roles, ledgers, by))
            yield from each_measure(worker_results(ledgers, by), partial(protected_workers, ledgers, by))
        for by in ("", "community", "sex", "hardship"):
            yield from each_measure(conversion_results(ledgers, by), partial(protected_conversion, ledgers, by))
        yield from each_measure(origin_results(ledgers), partial(protected_origins, ledgers))
        for step in STEPS:
            yield curve_results(ledgers, step), partial(protected_curve, ledgers, step)
    if ledgers.has("points"):
        for by in ("", "community", "month"):
            yield from each_measure(point_results(ledgers, by), partial(protected_points, ledgers, by))
        moved = partial(protected_points, ledgers, "", MOVEMENTS)
        yield from each_measure(point_results(ledgers, "", MOVEMENTS), moved)
        yield from each_measure(rule_results(ledgers), partial(protected_rules, ledgers))


def each_measure(parts: Parts, safe: Callable[[], Mapping[str, Protected]]) -> Figures:
    """Each measure with its protected version."""
    once = lru_cache(maxsize=1)(safe)
    for name, frame in parts.items():
        yield frame, partial(_one, once, name)


def _one(safe: Callable[[], Mapping[str, Protected]], name: str) -> Protected:
    return safe()[name]
