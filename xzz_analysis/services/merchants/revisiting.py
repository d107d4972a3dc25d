"""Whom to visit next, and which merchants could still become a place for vouchers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from xzz_analysis.services.merchants.funnel import reasons
from xzz_analysis.services.merchants.states import merchant_states, stands_at
from xzz_analysis.services.opening import Ledgers

REFUSED_TWICE = 2
"""Refusals after which a merchant is left in peace."""

WANTED = ("visited", "pending", "not_joined")
"""States of merchants that have not decided, or of which nobody knows whether they have."""

RESTED = 30
"""Days after a visit before which a merchant has not had time to think."""

ORDER = ("undecided", "addressable", "rested", "near", "waiting")
"""What comes first: not decided before refused once; a reason after which others joined; no visit for :data:`RESTED`
days; more people with vouchers in its community; longest without a visit."""


def revisit_list(
    ledgers: Ledgers, *, weights: Mapping[str, float] | None = None, addressable: Collection[str] | None = None
) -> pd.DataFrame:
    """Merchants to visit next, in order, with the reasons for it: for those who do the visits, and never for release.

    Parameters
    ----------
    ledgers : Ledgers
    weights : mapping of str to float, optional
        Merchant → how much it is needed where it is; by default the people in its community who were given vouchers.
    addressable : collection of str, optional
        Reasons that can be answered; by default those after which another merchant joined.

    Returns
    -------
    DataFrame
        ``place`` (1 first), ``merchant``, ``community``, ``category``, ``state``, ``days`` (since the last visit),
        ``reasons`` (tuple), ``answered`` (tuple: those of them that can be answered), ``near`` (the weight; NaN where
        it is not known), sorted as :data:`ORDER` says and then by id. Merchants that joined, that left, or that refused
        twice are not in it.
    """
    states = merchant_states(ledgers)
    asked = states[states["state"].isin([*WANTED, "refused"]) & (states["refusals"] < REFUSED_TWICE)]
    known = set(addressable) if addressable is not None else _answered(ledgers, states)
    answered = [tuple(one for one in told if one in known) for told in asked["reasons"]]
    near = asked["merchant"].map(weights).astype(float) if weights is not None else _holders(ledgers, asked)
    days = (pd.Timestamp(stands_at(ledgers)) - pd.to_datetime(asked["last"])).dt.days
    made = asked.assign(near=near, days=days, answered=pd.Series(answered, index=asked.index, dtype=object))
    keys = pd.DataFrame(
        {
            "undecided": ~made["state"].isin(WANTED),
            "addressable": made["answered"].map(len) == 0,
            "rested": made["days"] < RESTED,
            "near": -made["near"].fillna(0),
            "waiting": -made["days"],
            "merchant": made["merchant"],
        }
    )
    made = made.loc[keys.sort_values([*ORDER, "merchant"]).index].reset_index(drop=True)
    columns = ["merchant", "community", "category", "state", "days", "reasons", "answered", "near"]
    return made.assign(place=range(1, len(made) + 1))[["place", *columns]]


def _answered(ledgers: Ledgers, states: pd.DataFrame) -> set[str]:
    """Reasons that did not keep everybody who gave them from joining later."""
    told = reasons(ledgers, states)
    return set(told.loc[told["joined_later"] > 0, "reason"])


def _holders(ledgers: Ledgers, merchants: pd.DataFrame) -> pd.Series:
    """Different people who were given vouchers, in the community of each merchant; NaN where it is not known."""
    issued = ledgers.up_to("vouchers_issued")
    keyed = issued[(issued["person"] != "") & (issued["community"] != "")]
    holders = keyed.groupby("community")["person"].nunique()
    return merchants["community"].map(holders).astype(float)


def candidate_sites(ledgers: Ledgers, states: Sequence[str] = WANTED) -> pd.DataFrame:
    """Merchants that could become a place for vouchers, as a table for the choice of sites.

    Parameters
    ----------
    ledgers : Ledgers
    states : sequence of str
        States that make a candidate; the empty one stands for merchants of the ledger that nobody has visited.

    Returns
    -------
    DataFrame
        ``id``, ``community``, ``category``, ``resource`` (id in the study's resources, empty where none is stated),
        ``lon`` and ``lat`` (in the datum of the resources; NaN where none is stated) and ``state``, sorted by id.
        Merchants are places of business, so these are no homes.
    """
    visited = merchant_states(ledgers).set_index("merchant")["state"]
    known = ledgers.table("merchants").drop_duplicates("merchant").set_index("merchant")
    keys = sorted({*visited.index, *known.index})
    made = known.reindex(keys)[["community", "category", "resource", "lon", "lat"]]
    texts = ["community", "category", "resource"]
    made[texts] = made[texts].fillna("")
    made["state"] = visited.reindex(keys).fillna("").astype("str")
    return made[made["state"].isin(list(states))].rename_axis("id").reset_index()
