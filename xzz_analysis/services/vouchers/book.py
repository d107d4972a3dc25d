"""Vouchers of one study and period as one book: what was issued, to whom, and what became of each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.period import Period

KNOWN = ("person", "community", "category", "issued", "amount", "expires", "sex", "hardship")
"""What a redemption takes over from the voucher that it belongs to."""

FOLLOWED = 12
"""Months up to the end of the period whose vouchers are followed until they are redeemed."""


@dataclass(frozen=True, eq=False)
class Book:
    """Vouchers in the study's currency up to the end of the period.

    Attributes
    ----------
    issued : DataFrame
        A row per line of the ledger: its columns, ``sex`` and ``hardship`` (``yes``, ``no`` or empty) of the person,
        ``used`` (redeemed at least once), ``first`` (when first) and ``spent`` (amount redeemed).
    redeemed : DataFrame
        A row per redemption: its columns, and of its voucher :data:`KNOWN`, with ``face`` for the voucher's amount;
        empty where the voucher is not in the ledger of issues (``known`` is False).
    period : Period
    end : Timestamp
        The day after the last one looked at: that after the period, or after the ledgers stand still.
    """

    issued: pd.DataFrame
    redeemed: pd.DataFrame
    period: Period
    end: pd.Timestamp

    def issued_during(self) -> pd.DataFrame:
        """Vouchers issued in the period."""
        return self.issued[self.issued["issued"] >= pd.Timestamp(self.period.first)]

    def redeemed_during(self) -> pd.DataFrame:
        """Redemptions in the period."""
        return self.redeemed[self.redeemed["redeemed"] >= pd.Timestamp(self.period.first)]

    def followed(self) -> pd.DataFrame:
        """Vouchers issued in the twelve months up to the end of the period."""
        first = pd.Timestamp(self.period.last) + pd.Timedelta(days=1) - pd.DateOffset(months=FOLLOWED)
        return self.issued[self.issued["issued"] >= first]


def voucher_book(ledgers: Ledgers) -> Book:
    """Bring both ledgers of vouchers and the table of people together.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    Book
        Without lines later than the end of the period. Lines in other currencies, and a number that is issued again,
        have been left out when the ledgers were read, and are findings.
    """
    end = pd.Timestamp(min(ledgers.period.last, ledgers.until) + dt.timedelta(days=1))
    issued, redeemed = ledgers.table("vouchers_issued"), ledgers.table("vouchers_redeemed")
    issued = _with_people(issued[issued["issued"] < end], ledgers.table("people"))
    redeemed = redeemed[redeemed["redeemed"] < end]
    return Book(_with_use(issued, redeemed), _with_vouchers(redeemed, issued), ledgers.period, end)


def _with_people(issued: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Vouchers with the sex of who received them, hardship, and the community where the voucher states none."""
    known = people.drop_duplicates("person", keep="last").set_index("person")
    flags = known["hardship"].map({True: "yes", False: "no"}).astype(object)
    told = pd.DataFrame({"sex": known["sex"], "hardship": flags.where(flags.notna(), "").astype("str")})
    out = issued.join(told, on="person")
    home = issued["person"].map(known["community"]).astype(object)
    stated = out["community"].where(out["community"] != "", home.where(home.notna(), "").astype("str"))
    return out.assign(community=stated.astype("str"), **{name: out[name].fillna("") for name in ("sex", "hardship")})


def _with_use(issued: pd.DataFrame, redeemed: pd.DataFrame) -> pd.DataFrame:
    """Vouchers with what became of them."""
    by_voucher = redeemed.groupby("voucher")
    told = pd.DataFrame({"first": by_voucher["redeemed"].min(), "spent": by_voucher["amount"].sum()})
    out = issued.join(told, on="voucher")
    return out.assign(used=out["first"].notna(), spent=out["spent"].fillna(0.0))


def _with_vouchers(redeemed: pd.DataFrame, issued: pd.DataFrame) -> pd.DataFrame:
    """Redemptions with what is known of their vouchers."""
    vouchers = issued.set_index("voucher")[list(KNOWN)].rename(columns={"amount": "face"}).assign(known=True)
    out = redeemed.join(vouchers, on="voucher")
    texts = ["person", "community", "category", "sex", "hardship"]
    return out.assign(known=out["known"].notna(), **{name: out[name].fillna("") for name in texts})
