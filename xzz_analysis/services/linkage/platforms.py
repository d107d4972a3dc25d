"""What each of the five platforms brings to a community or a project: 社区、社会工作者、社会组织、志愿者、慈善资源.

References
----------
Central Committee of the Communist Party of China and State Council (2021). Opinions on strengthening the modernisation
of the system and capacity for grassroots governance (关于加强基层治理体系和治理能力现代化建设的意见), 28 April 2021.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.services.opening import Ledgers

PLATFORMS = ("community", "social_workers", "organisations", "volunteers", "charity")
"""The five platforms, in the usual order."""

_VOLUNTEERS = ("volunteer", "helper", "leader")
_COLUMNS = ["community", "project", "unit", "value"]


@dataclass(frozen=True)
class Measure:
    """One indicator of a platform.

    Attributes
    ----------
    platform : str
        A word of :data:`PLATFORMS`.
    ledgers : tuple of str
        Ledgers that it needs; without any of them it is not known.
    parts : callable
        Ledgers → rows with ``community``, ``project`` (empty: not stated), ``unit`` (who or what is behind the row;
        empty for a total) and ``value``.
    distinct : bool
        Whether different units are counted (a total stands for ``value`` of them), or values added up.
    persons : bool
        Whether units are persons served or volunteering, so that small figures are protected. Staff are not: how many
        social workers an organisation employs somewhere is said of the organisation.
    kept : callable
        Ledgers → whether they are kept in such a way that their silence means none.
    """

    platform: str
    ledgers: tuple[str, ...]
    parts: Callable[[Ledgers], pd.DataFrame]
    distinct: bool = True
    persons: bool = False
    kept: Callable[[Ledgers], bool] = lambda ledgers: True


def known_measures(ledgers: Ledgers, names: tuple[str, ...]) -> list[str]:
    """Those measures whose ledgers the study keeps, in such a way that they tell them."""
    there = [name for name in names if all(ledgers.has(kind) for kind in MEASURES[name].ledgers)]
    return [name for name in there if MEASURES[name].kept(ledgers)]


def measure_by(ledgers: Ledgers, name: str, by: str = "") -> pd.DataFrame:
    """Add a measure up by community or project.

    Parameters
    ----------
    ledgers : Ledgers
    name : str
        A word of :data:`MEASURES`.
    by : str
        ``community`` or ``project``; one row for all when empty.

    Returns
    -------
    DataFrame
        ``by``, ``estimate``, ``n`` (different persons behind it, NaN where it rests on none), and of :data:`TURNOVER`
        ``parts``: merchant → its part of the sum.
    """
    measure = MEASURES[name]
    parts = measure.parts(ledgers)
    if not len(parts):
        return pd.DataFrame({by or "whole": pd.Series(dtype="str"), "estimate": [], "n": []})
    keys = parts[by] if by else pd.Series("", index=parts.index, dtype="str")
    named = parts["unit"] != ""
    units = parts[named].groupby(keys[named])["unit"].nunique()
    totals = parts[~named].groupby(keys[~named])["value"].sum()
    counted = units.add(totals, fill_value=0.0)
    found = counted if measure.distinct else parts.groupby(keys)["value"].sum()
    behind = counted.reindex(found.index) if measure.persons else pd.Series(np.nan, index=found.index)
    made = pd.DataFrame({by or "whole": found.index.astype("str"), "estimate": found.to_numpy(float)})
    n = behind.to_numpy(float)
    made["n"] = np.where(n > 0, n, np.nan)  # nothing rests on nobody
    if name in TURNOVER:
        told = [by_merchant(parts[keys == key]) for key in found.index]
        made["parts"] = pd.Series(told, dtype=object)
    return made


def _rows(frame: pd.DataFrame, **columns: pd.Series | str | float) -> pd.DataFrame:
    made = frame.assign(**{"project": "", "value": 1.0, **columns})
    return made[_COLUMNS]


def _standing(ledgers: Ledgers, kind: str) -> pd.DataFrame:
    """Rows with a first and a last day that touch the period."""
    table = ledgers.up_to(kind)
    return table[table["until"].isna() | (table["until"] >= pd.Timestamp(ledgers.period.first))]


def _told(keys: pd.Series, table: pd.Series) -> pd.Series:
    """What a table says of each key, empty where it says nothing."""
    return keys.map(table).astype(object).fillna("").astype("str")


def _home(ledgers: Ledgers, persons: pd.Series) -> pd.Series:
    """Community of persons, as the ledger of people has it."""
    people = ledgers.table("people").drop_duplicates("person").set_index("person")["community"]
    return _told(persons, people)


def _place(stated: pd.Series, other: pd.Series) -> pd.Series:
    return stated.where(stated != "", other)


def _activities(ledgers: Ledgers) -> pd.DataFrame:
    table = ledgers.during("activities")
    return _rows(table, project=table["project"], unit="", value=table["count"].fillna(1.0))


def _roles(*roles: str) -> Callable[[Ledgers], pd.DataFrame]:
    def parts(ledgers: Ledgers) -> pd.DataFrame:
        table = _standing(ledgers, "roles")
        table = table[table["role"].isin(roles)]
        community = _place(table["community"], _home(ledgers, table["person"]))
        return _rows(table, community=community, unit=table["person"], value=table["count"].fillna(1.0))

    return parts


def _names(*roles: str) -> Callable[[Ledgers], bool]:
    """Whether the ledger of roles knows these roles at all: one that names no social worker does not record them."""
    return lambda ledgers: bool(ledgers.table("roles")["role"].isin(roles).any())


def _tells_who_joined(ledgers: Ledgers) -> bool:
    """Whether visits tell who joined: totals without any that did leave it open."""
    visits = ledgers.table("merchant_visits")
    return bool((visits["merchant"] != "").all() or (visits["outcome"] == "joined").any())


def _staff(ledgers: Ledgers) -> pd.DataFrame:
    table = ledgers.during("activities")
    table = table[table["staff"] != ""]
    return _rows(table, project=table["project"], unit=table["staff"])


def _volunteering(ledgers: Ledgers) -> pd.DataFrame:
    """Entries of hours served in the period, where the volunteer lives and the project of the activity."""
    table = ledgers.during("points")
    table = table[table["entry"] == "earned"]
    spells = ledgers.up_to("roles")
    spells = spells[spells["role"].isin(_VOLUNTEERS) & (spells["community"] != "")]
    stated = spells.drop_duplicates("person", keep="last").set_index("person")["community"]
    community = _place(_told(table["person"], stated), _home(ledgers, table["person"]))
    activities = ledgers.table("activities").drop_duplicates("activity").set_index("activity")["project"]
    project = _told(table["activity"], activities.drop("", errors="ignore"))
    hours = table["hours"].fillna(0.0)
    return _rows(table, community=community, project=project, unit=table["person"], value=hours)


def _organisations(*standings: str) -> Callable[[Ledgers], pd.DataFrame]:
    def parts(ledgers: Ledgers) -> pd.DataFrame:
        table = _standing(ledgers, "organisations")
        table = table[table["standing"].isin(standings)]
        return _rows(table, unit=table["organisation"], value=table["count"].fillna(1.0))

    return parts


def _donated(ledgers: Ledgers) -> pd.DataFrame:
    table = ledgers.during("organisations")
    table = table[(table["standing"] == "donor") & table["amount"].notna()]
    return _rows(table, unit=table["organisation"], value=table["amount"])


def _merchants(ledgers: Ledgers) -> pd.DataFrame:
    """Merchants whose last visit up to the period's end says that they redeem vouchers."""
    visits = ledgers.up_to("merchant_visits").sort_values("date", kind="stable")
    single = visits["merchant"] != ""
    last = visits[single].drop_duplicates("merchant", keep="last")
    joined = pd.concat([last, visits[~single]])
    joined = joined[joined["outcome"] == "joined"]
    places = ledgers.table("merchants").drop_duplicates("merchant").set_index("merchant")["community"]
    community = _told(joined["merchant"], places)
    return _rows(joined, community=community, unit=joined["merchant"], value=joined["count"].fillna(1.0))


def _redeemed(ledgers: Ledgers) -> pd.DataFrame:
    return redeemed_vouchers(ledgers, ledgers.during("vouchers_redeemed"))


def redeemed_vouchers(ledgers: Ledgers, table: pd.DataFrame) -> pd.DataFrame:
    """Redemptions with the community, project and recipient of their voucher.

    Parameters
    ----------
    ledgers : Ledgers
    table : DataFrame
        Rows of the ledger of vouchers redeemed; those in another currency are left out.

    Returns
    -------
    DataFrame
        ``community``, ``project``, ``unit`` (the recipient; the voucher where nobody is stated), ``value`` and
        ``merchant``.
    """
    table = table[table["currency"].isin(["", ledgers.declared.currency])]
    issued = ledgers.table("vouchers_issued").drop_duplicates("voucher").set_index("voucher")
    found = {name: _told(table["voucher"], issued[name]) for name in ("community", "project")}
    person = _told(table["voucher"], issued["person"])
    community = _place(found["community"], _home(ledgers, person))
    unit = _place(person, "voucher " + table["voucher"])
    made = _rows(table, community=community, project=found["project"], unit=unit, value=table["amount"].fillna(0.0))
    return made.assign(merchant=table["merchant"])


def by_merchant(rows: pd.DataFrame) -> dict[str, float]:
    """What each merchant took in, of the rows of :func:`redeemed_vouchers`."""
    sums = rows.groupby("merchant", sort=True)["value"].sum()
    return {str(merchant): float(amount) for merchant, amount in sums.items()}


MEASURES: dict[str, Measure] = {
    "activities": Measure("community", ("activities",), _activities),
    "social_workers": Measure("social_workers", ("roles",), _roles("social_worker"), kept=_names("social_worker")),
    "staff": Measure("social_workers", ("activities",), _staff),
    "incubated": Measure("organisations", ("organisations",), _organisations("incubated")),
    "partners": Measure("organisations", ("organisations",), _organisations("partner")),
    "volunteers": Measure("volunteers", ("roles",), _roles(*_VOLUNTEERS), persons=True, kept=_names(*_VOLUNTEERS)),
    "volunteers_active": Measure("volunteers", ("points",), _volunteering, persons=True),
    "volunteer_hours": Measure("volunteers", ("points",), _volunteering, distinct=False, persons=True),
    "donors": Measure("charity", ("organisations",), _organisations("donor")),
    "donated": Measure("charity", ("organisations",), _donated, distinct=False),
    "merchants_joined": Measure("charity", ("merchant_visits",), _merchants, kept=_tells_who_joined),
    "redeemed": Measure("charity", ("vouchers_redeemed",), _redeemed, distinct=False, persons=True),
}
"""Indicators of the platforms, in the order of print."""

TURNOVER = ("redeemed",)
"""Measures that are sums over merchants."""

BY_PROJECT = ("activities", "staff", "volunteers_active", "volunteer_hours", "redeemed")
"""Measures that ledgers tell by project."""
