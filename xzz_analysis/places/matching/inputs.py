"""Tables of needs and of organisations, checked and put in the order of ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.places.travel.cost import Cost

KEYS = ["community", "domain", "group"]
"""What a need is known by; ``group`` is "" where the people in need are not told apart."""

CLOSED = "closed"
SHOWN = 3
"""A message lists no more ids than this."""


@dataclass(frozen=True, eq=False)
class Needs:
    """People in need, ordered by their keys.

    Parameters
    ----------
    table : DataFrame
        Columns ``community``, ``domain``, ``group`` (str), ``need``, ``low``, ``high`` (people ≥ 0, none missing).
    findings : tuple of Finding
        What was left out, with counts.
    """

    table: pd.DataFrame
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, eq=False)
class Services:
    """What organisations offer; a row is one pool of places, ordered by organisation and domains.

    Parameters
    ----------
    table : DataFrame
        Columns ``organisation`` (str), ``domains``, ``eligibility``, ``serves``, ``ties`` (sorted tuples of str),
        ``capacity`` (float; 0.0 where not stated), ``stated`` and ``closed`` (bool).
    findings : tuple of Finding
    """

    table: pd.DataFrame
    findings: tuple[Finding, ...] = ()


def read_needs(frame: pd.DataFrame) -> Needs:
    """Check a table of needs.

    Parameters
    ----------
    frame : DataFrame
        Columns ``community``, ``domain``, ``need`` (people), optional ``low``, ``high`` and ``group``.

    Returns
    -------
    Needs
        Rows whose need is missing are left out with a finding: unmeasured is not zero, and cannot be matched.

    Raises
    ------
    InputError
        A column is missing, an id is blank or a decimal number, a key is there twice, a number is negative, infinite
        or outside its own interval.
    """
    require(frame, ("community", "domain", "need"), "needs")
    table = pd.DataFrame(
        {name: texts(frame[name], f"needs.{name}", blank=name == "group") for name in KEYS if name in frame}
    ).reset_index(drop=True)
    table = table.assign(group=table.get("group", "")).astype({"group": str})
    for name in ("need", "low", "high"):
        table[name] = numbers(frame[name] if name in frame else frame["need"], f"needs.{name}")
    twice = int(table.duplicated(KEYS).sum())
    if twice:
        raise InputError(f"{twice} rows of needs repeat a community, domain and group; keep one row for each")
    missing = table["need"].isna()
    table = table[~missing].sort_values(KEYS, kind="stable", ignore_index=True)
    for name in ("low", "high"):
        table[name] = table[name].fillna(table["need"])
    outside = int(((table["low"] > table["need"]) | (table["need"] > table["high"])).sum())
    if outside:
        raise InputError(f"{outside} needs lie outside their own interval; low ≤ need ≤ high must hold")
    return Needs(table[[*KEYS, "need", "low", "high"]], tuple(_left_out(int(missing.sum()))))


def _left_out(missing: int) -> Iterable[Finding]:
    if missing:
        yield Finding(
            "warning",
            "need_not_measured",
            "needs.need",
            f"{missing} needs have no number; they are left out, and are not counted as no need",
            "estimate them, or say in the report for whom nothing is known",
            missing,
        )


def read_services(frame: pd.DataFrame) -> Services:
    """Check a table of organisations or resources.

    Parameters
    ----------
    frame : DataFrame
        ``organisation`` as a column or the index; ``domains`` (tuple, or text with separators; ``domain`` will do);
        ``capacity`` (people; NaN where not stated). Optional: ``eligibility`` (groups that are served; empty is
        everybody), ``serves`` (communities that are served; empty is all), ``ties`` (communities it works with
        already), ``status`` (rows that are ``closed`` are not matched). One row is one pool of places, which its
        domains share; an organisation with separate places for each domain has a row for each.

    Returns
    -------
    Services

    Raises
    ------
    InputError
        A column is missing, an id is blank or a decimal number, a capacity is negative or infinite, or two rows of an
        organisation name the same domain.
    """
    given = frame if "organisation" in frame else frame.rename_axis("organisation").reset_index()
    if "domains" not in given and "domain" in given:
        given = given.rename(columns={"domain": "domains"})
    require(given, ("organisation", "domains", "capacity"), "organisations")
    table = pd.DataFrame({"organisation": texts(given["organisation"], "organisations.organisation")})
    for name in ("domains", "eligibility", "serves", "ties"):
        table[name] = [words(value) for value in given[name]] if name in given else [()] * len(given)
    places = numbers(given["capacity"], "organisations.capacity")
    table["capacity"], table["stated"] = places.fillna(0.0), places.notna()
    table["closed"] = (given["status"].astype(str) == CLOSED).to_numpy() if "status" in given else False
    pools = table.explode("domains")
    twice = pools.duplicated(["organisation", "domains"])
    if twice.any():
        raise InputError(
            f"organisations name a domain in more than one row ({some(pools['organisation'][twice])}); "
            "put all places of an organisation for a domain into one row"
        )
    order = table["domains"].map(" ".join)
    table = table.assign(order=order).sort_values(["organisation", "order"], kind="stable", ignore_index=True)
    return Services(table.drop(columns="order"), tuple(_unstated(table)))


def _unstated(table: pd.DataFrame) -> Iterable[Finding]:
    count = int((~table["stated"] & ~table["closed"]).sum())
    if count:
        yield Finding(
            "warning",
            "capacity_not_stated",
            "organisations.capacity",
            f"{count} organisations do not say how many people they can take; nobody is allocated to them",
            "ask them, or enter the number that is safe to count on",
            count,
        )


def check_places(needs: Needs, services: Services, cost: Cost) -> tuple[Finding, ...]:
    """See that the travel cost is about these communities and organisations.

    Parameters
    ----------
    needs : Needs
    services : Services
    cost : Cost
        Origins are communities, destinations are organisations.

    Returns
    -------
    tuple of Finding
        Organisations without a place: nobody reaches them.

    Raises
    ------
    InputError
        A community in need is no origin, or none of the organisations is a destination.
    """
    unknown = needs.table.loc[~needs.table["community"].isin(cost.origins), "community"].unique()
    if len(unknown):
        near = suggest(unknown[0], cost.origins)
        raise InputError(
            f"{len(unknown)} communities in need are no origin of the travel cost ({some(unknown)}{near}); "
            "measure travel from every community, or correct the ids"
        )
    outside = sorted(set(services.table["organisation"]) - set(cost.destinations))
    if outside and len(outside) == services.table["organisation"].nunique():
        raise InputError(
            f"none of the {len(outside)} organisations is a destination of the travel cost ({some(outside)}"
            f"{suggest(outside[0], cost.destinations)}); use the same ids in both"
        )
    if not outside:
        return ()
    found = f"{len(outside)} organisations have no place in the travel cost, so nobody reaches them ({some(outside)})"
    return (Finding("warning", "organisation_without_place", "cost", found, "give them a place", len(outside)),)


def require(frame: pd.DataFrame, columns: Iterable[str], what: str) -> None:
    """Refuse a table that lacks a column.

    Parameters
    ----------
    frame : DataFrame
    columns : iterable of str
    what : str
        Name of the table in the message.

    Raises
    ------
    InputError
    """
    for name in columns:
        if name not in frame:
            raise InputError(f"the table of {what} has no column {name!r}{suggest(name, frame.columns)}")


def texts(values: pd.Series | pd.Index, where: str, *, blank: bool = False) -> pd.Series:
    """Ids or words as text, with a fresh index.

    Parameters
    ----------
    values : Series or Index
    where : str
        Table and column, for the message.
    blank : bool
        Whether "" is a word too; missing values become it.

    Returns
    -------
    Series of str

    Raises
    ------
    InputError
        Blank ids, or decimal numbers, which have lost digits or leading zeros.
    """
    given = pd.Series(values).reset_index(drop=True)
    if pd.api.types.is_float_dtype(given.dtype) and given.notna().any():
        raise InputError(
            f"{where} holds numbers with decimals; read the column as text, so that leading zeros are kept"
        )
    text = given.astype("string").fillna("").str.strip().astype(str)
    empty = int((text == "").sum())
    if empty and not blank:
        raise InputError(f"{where} is blank in {empty} of {len(text)} rows; give every row its id")
    return text


def numbers(values: pd.Series, where: str) -> pd.Series:
    """Numbers ≥ 0 as floats, NaN where missing, with a fresh index.

    Parameters
    ----------
    values : Series
    where : str
        Table and column, for the message.

    Returns
    -------
    Series of float

    Raises
    ------
    InputError
        Text, negative or infinite numbers.
    """
    given = pd.to_numeric(values, errors="coerce").astype("float64").reset_index(drop=True)
    counts: dict[str, Callable[[], int]] = {
        "are text": lambda: int((given.isna() & values.reset_index(drop=True).notna()).sum()),
        "are negative": lambda: int((given < 0).sum()),
        "are infinite": lambda: int(np.isinf(given).sum()),
    }
    wrong = [f"{count()} {what}" for what, count in counts.items() if count()]
    if wrong:
        raise InputError(f"{where}: {', '.join(wrong)} of {len(given)} numbers; they must be people, 0 or more")
    return given


def words(value: object) -> tuple[str, ...]:
    """Several words of one cell, sorted: a tuple or list, or text with spaces or commas of any kind between them."""
    if isinstance(value, str):
        return tuple(sorted({part for part in re.split(r"[\s,;|，；、]+", value) if part}))
    if isinstance(value, Iterable):
        return tuple(sorted({str(part) for part in value}))
    return ()


def some(ids: Iterable[object]) -> str:
    """The first ids of a list, for a message."""
    listed = list(dict.fromkeys(str(one) for one in ids))
    return ", ".join(listed[:SHOWN]) + (" …" if len(listed) > SHOWN else "")
