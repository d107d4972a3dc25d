"""From recipient to volunteer, from volunteer to helper, from helper to leader: how many, and after how long."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.people.roles import GROUPS, UNSTATED, in_order, last_day, parts, people_groups, role_spells
from xzz_analysis.services.survival import cumulative_incidence, incidence_at

STEPS: Mapping[str, str] = {"volunteer": "recipient", "helper": "volunteer", "leader": "helper"}
"""Role → the role that comes before it."""

BECAME, LEFT, STILL = "became", "left", ""
"""What happened first of all: took up the next role; the role ended without it; neither yet."""

YEAR = 365
"""Days after which the share that took the step is told."""

ORIGINS = ("recipient_first", "never_recipient", "volunteer_first")
"""How volunteers began: a recipient before; never one; a volunteer before, or on the same day."""


def step_times(ledgers: Ledgers, step: str) -> pd.DataFrame:
    """How long each person held a role before the next, or before leaving.

    Parameters
    ----------
    ledgers : Ledgers
    step : str
        A role of :data:`STEPS`: the one that is taken up.

    Returns
    -------
    DataFrame
        A row for each person who held the role before and not the next one first: ``days`` from the first day of the
        role before to the first day of the next (``event`` is ``became``), to the day after the role ended
        for good (``left``), or to the last day reported (empty); ``after_break`` (the next role began more than a day
        after the role before ended) and the groups of people. Rows that stand for many have no dates of their own
        and are left out.
    """
    spells = role_spells(ledgers)
    spells = spells[spells["person"] != ""]
    day = last_day(ledgers)
    before = spells[spells["role"] == STEPS[step]]
    begun = before.groupby("person")["since"].min()
    ended = before["until"].where(before["until"] < day, pd.NaT)
    ends = ended.fillna(pd.Timestamp.max.floor("D")).groupby(before["person"]).max()
    next_begun = spells[spells["role"] == step].groupby("person")["since"].min().reindex(begun.index)
    table = pd.DataFrame({"begun": begun, "ends": ends, "next": next_begun})
    table = table[~(table["next"] <= table["begun"])]
    became, left = table["next"].notna(), table["ends"] < day
    one = pd.Timedelta(days=1)
    stop = table["next"].where(became, (table["ends"].where(left, day) + one).where(left, day))
    table["days"] = (stop - table["begun"]).dt.days.astype(float)
    table["event"] = np.select([became, left], [BECAME, LEFT], STILL)
    table["after_break"] = became & left & (table["next"] > table["ends"].where(left, day) + one)
    groups = people_groups(ledgers)[list(GROUPS)].reindex(table.index).fillna(UNSTATED).astype("str")
    return table[["days", "event", "after_break"]].join(groups).rename_axis("person").reset_index()


def conversion(ledgers: Ledgers, step: str, by: str = "") -> pd.DataFrame:
    """How many took a step, and how fast.

    Parameters
    ----------
    ledgers : Ledgers
    step : str
        A role of :data:`STEPS`.
    by : str
        One of ``community``, ``sex`` and ``hardship``; empty for everybody.

    Returns
    -------
    DataFrame
        ``by`` (where there is one) and ``at_risk`` = ``became`` + ``left`` + ``still``; ``after_break`` of those who
        became; ``days`` (median, of those who became); ``within`` (took the step within a year); ``incidence``, ``low``
        and ``high``: the share that took it within a year, leaving being a competing event (NaN where nobody was
        followed that long).
    """
    rows = []
    for name, people in parts(step_times(ledgers, step), by):
        if not len(people):
            continue
        event = people["event"]
        became = people[event == BECAME]
        counts = {"at_risk": len(people), "became": len(became), "left": int((event == LEFT).sum())}
        counts |= {"still": int((event == STILL).sum()), "after_break": int(people["after_break"].sum())}
        told = {"days": became["days"].median(), "within": int((became["days"] <= YEAR).sum()), **_by_a_year(people)}
        rows.append({**({by: name} if by else {}), **counts, **told})
    columns = ["at_risk", "became", "left", "still", "after_break", "days", "within", "incidence", "low", "high"]
    table = pd.DataFrame(rows, columns=[*([by] if by else []), *columns])
    return in_order(ledgers, table, [by]) if by else table


def _by_a_year(people: pd.DataFrame) -> dict[str, float]:
    found = cumulative_incidence(people["days"], people["event"], causes=[BECAME, LEFT])
    row = incidence_at(found, YEAR).to_dict("records")[0]
    return {name: float(row[name]) for name in ("incidence", "low", "high")}


def incidence_curve(ledgers: Ledgers, step: str, months: int = 3) -> pd.DataFrame:
    """The share that had taken a step by the end of every quarter year since the role before began.

    Parameters
    ----------
    ledgers : Ledgers
    step : str
        A role of :data:`STEPS`.
    months : int
        Distance of the points.

    Returns
    -------
    DataFrame
        ``months``, ``incidence``, ``low``, ``high``, ``at_risk`` (persons followed in all), ``became`` and ``left`` (by
        then); up to the last quarter year that anybody was followed. A month is 365/12 days.
    """
    people = step_times(ledgers, step)
    columns = ["months", "incidence", "low", "high", "at_risk", "became", "left"]
    if not len(people):
        return pd.DataFrame(columns=columns)
    found = cumulative_incidence(people["days"], people["event"], causes=[BECAME, LEFT])
    rows = []
    for month in range(months, int(people["days"].max() * 12 / YEAR) + 1, months):
        until = month * YEAR / 12
        row = incidence_at(found, until).to_dict("records")[0]
        seen = people[people["days"] <= until]["event"]
        counts = [len(people), int((seen == BECAME).sum()), int((seen == LEFT).sum())]
        rows.append([month, row["incidence"], row["low"], row["high"], *counts])
    return pd.DataFrame(rows, columns=columns)


def volunteer_origins(ledgers: Ledgers) -> pd.DataFrame:
    """How those who ever volunteered by the last day began.

    Returns
    -------
    DataFrame
        ``origin`` (one of :data:`ORIGINS`) and ``persons``; those of the first kind are the ones that the first step of
        :data:`STEPS` counts. Rows that stand for many are left out.
    """
    spells = role_spells(ledgers)
    first = spells[spells["person"] != ""].groupby(["person", "role"])["since"].min().unstack("role")
    first = first.reindex(columns=["recipient", "volunteer"])
    first = first[first["volunteer"].notna()]
    never = first["recipient"].isna()
    earlier = first["recipient"] < first["volunteer"]
    counts = [int(earlier.sum()), int(never.sum()), int((~never & ~earlier).sum())]
    return pd.DataFrame({"origin": list(ORIGINS), "persons": counts})
