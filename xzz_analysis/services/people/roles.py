"""Roles that people hold: who recipients, volunteers, helpers, leaders and staff are, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from xzz_analysis.services.ledgers import COLUMNS
from xzz_analysis.services.opening import Ledgers

ROLES: tuple[str, ...] = tuple(next(one for one in COLUMNS["roles"] if one.id == "role").choices)
"""Every role, in the order of the ledger."""

POSTS = ("staff", "social_worker", "local_worker")
"""Roles that are posts of the organisation: how many it has says something of it, and of no person it serves."""

UNSTATED = "not_stated"
"""Group of those of whom a ledger does not say which they belong to."""

GROUPS = ("community", "sex", "hardship")
"""What people are split by."""


def last_day(ledgers: Ledgers) -> pd.Timestamp:
    """The last day that is reported: that of the period, or the day the ledgers stand at if it comes first."""
    return pd.Timestamp(min(ledgers.period.last, ledgers.until))


def people_groups(ledgers: Ledgers) -> pd.DataFrame:
    """What people are split by.

    Returns
    -------
    DataFrame
        Index ``person``; columns ``family`` (empty when not stated) and :data:`GROUPS`, with :data:`UNSTATED` for what
        is not stated. A person with several rows counts by the first.
    """
    table = ledgers.table("people").drop_duplicates("person").set_index("person")
    hardship = table["hardship"].map({True: "yes", False: "no"}).astype(object)
    told = table[["family", "community", "sex"]].assign(hardship=hardship.fillna(""))
    told[list(GROUPS)] = told[list(GROUPS)].astype(object).replace("", UNSTATED).astype("str")
    return told


def role_spells(ledgers: Ledgers) -> pd.DataFrame:
    """Spells of roles that began by the last day reported.

    Returns
    -------
    DataFrame
        ``person`` (empty in a row that stands for many), ``role``, ``since``, ``until`` (NaT: still), ``count`` (1 of a
        person), ``community`` (of the spell, or of the person) and ``line``. Spells that end before they begin and rows
        without a role, or with neither person nor number, are left out.
    """
    table = ledgers.up_to("roles")
    table = table[(table["since"] <= last_day(ledgers)) & (table["role"] != "")]
    known = (table["person"] != "") | table["count"].notna()
    backwards = table["until"].notna() & (table["until"] < table["since"])
    table = table[known & ~backwards]
    of_person = table["person"].map(people_groups(ledgers)["community"])
    own = table["community"].where(table["community"] != "", of_person)
    count = table["count"].where(table["person"] == "", 1.0)
    kept = table[["person", "role", "since", "until", "line"]]
    return kept.assign(community=own.fillna(UNSTATED).astype("str"), count=count.astype(float)).reset_index(drop=True)


def held_on(spells: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """The spells that cover a day."""
    return spells[(spells["since"] <= day) & (spells["until"].isna() | (spells["until"] >= day))]


def headcount(spells: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """People behind spells: each person once, and the numbers of rows that stand for many on top.

    Returns
    -------
    DataFrame
        ``by`` and ``persons``.
    """
    keyed = spells[spells["person"] != ""].drop_duplicates([*by, "person"])
    together = pd.concat([keyed, spells[spells["person"] == ""]])
    if not by:
        return pd.DataFrame({"persons": [float(together["count"].sum())]})
    return together.groupby(list(by), sort=False)["count"].sum().rename("persons").reset_index()


def role_stocks(ledgers: Ledgers, by: Sequence[str] = ()) -> pd.DataFrame:
    """Roles held on the last day reported, and taken up in the period.

    Parameters
    ----------
    ledgers : Ledgers
    by : sequence of str
        ``community``, or nothing.

    Returns
    -------
    DataFrame
        ``role``, ``by``, ``held`` (persons who hold it on the last day) and ``new`` (persons who never held it before
        the period began; NaN where there are only rows that stand for many, of whose people nothing else is known).
        Such rows count in ``held`` with their number, as the upper bound of persons, and not in ``new``.
    """
    spells = role_spells(ledgers)
    keys = ["role", *by]
    keyed = spells[spells["person"] != ""]
    first = keyed.groupby(["role", "person"])["since"].transform("min")
    new = keyed[(first >= pd.Timestamp(ledgers.period.first)) & (keyed["since"] == first)]
    index = headcount(spells, keys).set_index(keys).index
    held = headcount(held_on(spells, last_day(ledgers)), keys).set_index(keys)["persons"].reindex(index)
    taken_up = headcount(new, keys).set_index(keys)["persons"].reindex(index)
    known = headcount(keyed, keys).set_index(keys)["persons"].reindex(index).notna()
    figures = {"held": held.fillna(0.0), "new": taken_up.fillna(0.0).where(known)}
    table = pd.DataFrame(figures).reset_index()
    return in_order(ledgers, table, by)


def in_order(ledgers: Ledgers, table: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Rows in the order of roles (where there are any) and of the study's communities, then by name."""
    places = {key: place for place, key in enumerate(ledgers.communities)}
    ranks = pd.DataFrame(index=table.index)
    if "role" in table:
        ranks["role"] = table["role"].map({role: place for place, role in enumerate(ROLES)})
    for name in by:
        unstated = table[name] == UNSTATED
        ranks[f"{name} rank"] = table[name].map(places).fillna(len(places)).where(~unstated, np.inf)
        ranks[name] = table[name].astype(str)
    order = ranks.sort_values([str(name) for name in ranks], kind="stable").index if len(ranks.columns) else ranks.index
    return table.loc[order].reset_index(drop=True)


def parts(table: pd.DataFrame, by: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each level of a group, sorted by name; all of them under an empty name without a group."""
    if not by:
        yield "", table
        return
    for name, rows in table.groupby(by, sort=True):
        yield str(name), rows
