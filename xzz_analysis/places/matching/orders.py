"""Orders: what people decide before anything is computed, with their name for it and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.places.matching.candidates import WHY_NOT, usable

Kind = Literal["at_least", "exactly", "ban"]


@dataclass(frozen=True)
class Order:
    """One decision by people about one community and one organisation.

    Parameters
    ----------
    kind : "at_least", "exactly" or "ban"
        The organisation must serve at least, or exactly, so many people of the community; or nobody.
    community, organisation : str
    people : float
        For locks; in one domain, or in all together.
    domain : str
        "" for all domains.
    by, why : str
        Who decided (a role, not a name) and the reason; both are printed.
    """

    kind: Kind
    community: str
    organisation: str
    people: float = 0.0
    domain: str = ""
    by: str = ""
    why: str = ""

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InputError(
                f"an order is at_least, exactly or ban, not {self.kind!r}{suggest(self.kind, get_args(Kind))}"
            )
        if not (np.isfinite(self.people) and self.people >= 0):
            raise InputError(f"{self}: the number of people must be 0 or more")

    def __str__(self) -> str:
        what = {"at_least": f"at least {self.people:g} people", "exactly": f"exactly {self.people:g} people"}
        domain = f" for {self.domain}" if self.domain else ""
        return f"{self.organisation} serves {what.get(self.kind, 'nobody')} of {self.community}{domain}"


@dataclass(frozen=True, eq=False)
class Locks:
    """Locks as rows of a linear programme.

    Parameters
    ----------
    rows : csr_array, shape (locks, pairs)
        1 where a pair counts for a lock.
    people : float array, shape (locks,)
    exact : bool array, shape (locks,)
    orders : tuple of Order
    """

    rows: sparse.csr_array
    people: np.ndarray
    exact: np.ndarray
    orders: tuple[Order, ...] = ()


def ban(candidates: pd.DataFrame, orders: Sequence[Order]) -> pd.DataFrame:
    """Mark the candidates that people decided against.

    Parameters
    ----------
    candidates : DataFrame
    orders : sequence of Order

    Returns
    -------
    DataFrame
        With ``why_not`` "banned"; a ban of a pair that is no candidate changes nothing.
    """
    hit = np.zeros(len(candidates), bool)
    for order in orders:
        if order.kind == "ban":
            hit |= concerned(candidates, order)
    return candidates.assign(why_not=candidates["why_not"].where(~hit, "banned"))


def make_locks(candidates: pd.DataFrame, orders: Sequence[Order]) -> Locks:
    """Turn locks into rows over the candidates that can help.

    Parameters
    ----------
    candidates : DataFrame
        All of them, bans marked.
    orders : sequence of Order

    Returns
    -------
    Locks
        Over the candidates that are in the programme, in their order.

    Raises
    ------
    InputError
        A lock names a pair that cannot be matched; the reason is given for each.
    """
    locks = tuple(sorted((order for order in orders if order.kind != "ban"), key=_key))
    refused = [(order, _against(candidates, order)) for order in locks if order.people > 0]
    problems = [
        Finding("error", "lock_refused", "orders", f"{order}: {reason}", "change the order, or what stands against it")
        for order, reason in refused
        if reason
    ]
    if problems:
        raise InputError(f"{len(problems)} of {len(locks)} locks cannot be kept", problems)
    pairs = candidates[usable(candidates)]
    hits = [concerned(pairs, order) for order in locks]
    rows = sparse.csr_array(np.array(hits, float).reshape(len(locks), len(pairs)))
    people = np.array([order.people for order in locks], float)
    return Locks(rows, people, np.array([order.kind == "exactly" for order in locks], bool), locks)


def concerned(candidates: pd.DataFrame, order: Order) -> np.ndarray:
    """Which candidates an order is about: bool, shape (candidates,)."""
    hit = (candidates["community"] == order.community) & (candidates["organisation"] == order.organisation)
    return np.asarray(hit & ((candidates["domain"] == order.domain) | (order.domain == "")), bool)


def _against(candidates: pd.DataFrame, order: Order) -> str:
    """Why no candidate can keep a lock; "" when one can."""
    about = candidates[concerned(candidates, order)]
    if not len(about):
        return "the organisation is not within reach of the community, or offers nothing it needs"
    reasons = list(dict.fromkeys(about["why_not"]))
    return "" if "" in reasons else " and ".join(WHY_NOT[reason]["en"] for reason in reasons)


def _key(order: Order) -> tuple[str, str, str, str, float]:
    return (order.community, order.organisation, order.domain, order.kind, order.people)
