"""What projects agreed to do beside what the ledgers say was done, and a light by the declared rule."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.services.counting import count, counted
from xzz_analysis.services.linkage.platforms import by_merchant, redeemed_vouchers
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.study.services import Lights

GREEN, AMBER, RED, NOT_KNOWN = "green", "amber", "red", "not_known"
LIGHTS = (GREEN, AMBER, RED, NOT_KNOWN)

NOT_BY_PROJECT, NOT_COUNTED = "not_by_project", "not_counted"
"""Why a result is not known beside ``no_<ledger>``: no ledger tells it by project; no entry states a number."""

NAN = float("nan")
TYPES = {
    "cases": "case",
    "groups": "group",
    "home_visits": "home_visit",
    "phone_visits": "phone_visit",
    "trainings": "training",
}
"""Targets that count activities of one type."""


@dataclass(frozen=True)
class Reached:
    """What the ledgers say of one target.

    Attributes
    ----------
    low, high : float
        Fewest and most that it can be; the same where it is known.
    n : float
        Different persons behind it (the most there can be); NaN where it rests on none.
    why : str
        Why it is not known, or empty.
    parts : mapping
        Of sums over merchants: merchant → its part.
    """

    low: float = NAN
    high: float = NAN
    n: float = NAN
    why: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asked:
    ledgers: Ledgers
    project: str
    measure: str
    first: dt.date
    last: dt.date


def targets(ledgers: Ledgers) -> pd.DataFrame:
    """Set the targets of projects that run in the period beside what was done.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    DataFrame
        One row per project and indicator, in the ledger's order: ``project``, ``name``, ``funder``, ``measure``,
        ``target``, ``since``, ``until`` and ``as_of`` (ISO days), ``expected`` (target × days gone ÷ days of the
        project), ``low``, ``high``, ``n``, ``why`` and ``parts`` of :class:`Reached` from the first day to ``as_of``,
        ``ratio`` (low ÷ expected), ``light``, ``explanation`` and ``explanation_en``.
    """
    usable = _usable(ledgers.table("projects"))
    running = usable[usable["until"] >= pd.Timestamp(ledgers.period.first)]
    running = running[running["since"] <= pd.Timestamp(min(ledgers.period.last, ledgers.until))]
    rows = [_row(ledgers, pd.Series(row)) for row in running.to_dict("records")]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


_COLUMNS = (
    *("project", "name", "funder", "measure", "target", "since", "until", "as_of", "expected"),
    *("low", "high", "n", "why", "ratio", "light", "explanation", "explanation_en", "parts"),
)
_KEY = ["project", "indicator", "since", "until"]


def _usable(projects: pd.DataFrame) -> pd.DataFrame:
    """Targets with an indicator and a time to be reached in; of repeated ones the highest."""
    sound = projects["target"].notna() & (projects["indicator"] != "")
    return projects[sound].sort_values("target", ascending=False, kind="stable").drop_duplicates(_KEY).sort_index()


def target_findings(ledgers: Ledgers) -> list[Finding]:
    """What is wrong with the ledger of projects, with counts.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    list of Finding
        ``target_repeated``.
    """
    projects = ledgers.table("projects")
    rows = projects[projects.duplicated(_KEY)]
    if not len(rows):
        return []
    message = (
        f"{len(rows)} targets stand twice for the same project, indicator and days (first in line "
        f"{int(rows['line'].min())}); the highest counts"
    )
    remedy = "keep one line for each target in the ledger of projects"
    return [Finding("warning", "target_repeated", "projects", message, remedy, len(rows))]


def light_of(ratio: float, lights: Lights) -> str:
    """The light of what was reached over what should have been by now; not known without a ratio."""
    if not math.isfinite(ratio):
        return NOT_KNOWN
    return GREEN if ratio >= lights.green else AMBER if ratio >= lights.amber else RED


def _row(ledgers: Ledgers, row: pd.Series) -> dict[str, object]:
    first, end = row["since"].date(), row["until"].date()
    as_of = min(end, ledgers.period.last, ledgers.until)
    expected = row["target"] * ((as_of - first).days + 1) / ((end - first).days + 1)
    asked = _Asked(ledgers, row["project"], row["indicator"], first, as_of)
    found = _reached(asked)
    ratio = found.low / expected if expected > 0 else NAN
    days = {"since": first.isoformat(), "until": end.isoformat(), "as_of": as_of.isoformat()}
    told = {name: row[name] for name in ("project", "name", "funder", "target", "explanation", "explanation_en")}
    figures = {"low": found.low, "high": found.high, "n": found.n, "why": found.why, "parts": found.parts}
    light = light_of(ratio, ledgers.declared.lights)
    return {
        **told,
        **days,
        **figures,
        "measure": row["indicator"],
        "expected": expected,
        "ratio": ratio,
        "light": light,
    }


def _reached(asked: _Asked) -> Reached:
    """What was done from the project's first day on."""
    source, work = RESULTS.get(asked.measure, ("", None))
    if work is None:
        return Reached(why=NOT_BY_PROJECT)
    if not asked.ledgers.has(source):
        return Reached(why=f"no_{source}")
    return work(asked)


def _between(asked: _Asked, kind: str, day: str) -> pd.DataFrame:
    table = asked.ledgers.table(kind)
    return table[
        (table[day] >= pd.Timestamp(asked.first)) & (table[day] < pd.Timestamp(asked.last) + pd.Timedelta(days=1))
    ]


def _of_activities(asked: _Asked) -> Reached:
    """Activities, of one type or all, person-times and persons of the project's activities."""
    table = asked.ledgers.table("activities")
    if not (table["project"] != "").any():
        return Reached(why=NOT_BY_PROJECT)
    own = table[table["project"] == asked.project]
    if asked.measure in TYPES:
        own = own[own["type"] == TYPES[asked.measure]]
    chosen = counted(own, asked.ledgers.table("attendance"), asked.first, asked.last)
    if not len(chosen.rows):
        return Reached(0.0, 0.0)
    found = count(chosen).iloc[0]
    partly = bool(len(chosen.left_out))
    if asked.measure == "person_times":
        if math.isnan(found["person_times"]):
            return Reached(why=NOT_COUNTED)
        times = float(found["person_times"])
        return Reached(times, NAN if found["at_least"] or partly else times, _people(times, found))
    if asked.measure == "persons":
        high = NAN if partly else float(found["persons_high"])
        return Reached(float(found["persons_low"]), high, _people(float(found["persons_low"]), found))
    number = float(found["activities"])
    return Reached(number, NAN if partly else number)


def _people(value: float, found: pd.Series) -> float:
    """Most different persons behind a figure; none behind a zero."""
    most = float(found["persons_high"])
    return NAN if value == 0 else most if math.isfinite(most) else value


def _of_points(asked: _Asked) -> Reached:
    activities = asked.ledgers.table("activities")
    own = activities.loc[(activities["project"] == asked.project) & (activities["activity"] != ""), "activity"]
    entries = _between(asked, "points", "date")
    served = entries[(entries["entry"] == "earned") & entries["activity"].isin(own)]
    if not (entries["activity"] != "").any() or not len(own):
        return Reached(why=NOT_BY_PROJECT)
    persons = float(served["person"].nunique())
    return Reached(persons, persons, persons or NAN)


def _of_vouchers(asked: _Asked) -> Reached:
    if not (asked.ledgers.table("vouchers_issued")["project"] != "").any():
        return Reached(why=NOT_BY_PROJECT)
    used = redeemed_vouchers(asked.ledgers, _between(asked, "vouchers_redeemed", "redeemed"))
    own = used[used["project"] == asked.project]
    amount, persons = float(own["value"].sum()), float(own["unit"].nunique())
    return Reached(amount, amount, persons or NAN, parts=by_merchant(own))


RESULTS: dict[str, tuple[str, Callable[[_Asked], Reached]]] = {
    **dict.fromkeys(("activities", "person_times", "persons", *TYPES), ("activities", _of_activities)),
    "volunteers": ("points", _of_points),
    "vouchers_redeemed": ("vouchers_redeemed", _of_vouchers),
}
"""Target → ledger that knows it and how it is counted; merchants and organisations are not kept by project."""
