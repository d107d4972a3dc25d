"""Vouchers issued beside vouchers redeemed, and merchants beside those that are known."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.services.checks.finding import found
from xzz_analysis.services.opening import Ledgers

CENT = 0.005
"""Half the smallest amount: sums differ by less only through rounding."""


def check_vouchers(ledgers: Ledgers) -> Iterator[Finding]:
    """Check redemptions and merchants.

    Parameters
    ----------
    ledgers : Ledgers

    Yields
    ------
    Finding
        Redemptions of vouchers that were never issued, before their issue or after their expiry; vouchers that were
        redeemed for more than they are worth; merchants that are in no list.
    """
    if ledgers.has("vouchers_redeemed") and ledgers.has("vouchers_issued"):
        yield from _redemptions(ledgers)
    if ledgers.has("merchants"):
        known = ledgers.table("merchants")["merchant"]
        for kind in ("vouchers_redeemed", "merchant_visits"):
            if ledgers.has(kind):
                table = ledgers.table(kind)
                strange = table[(table["merchant"] != "") & ~table["merchant"].isin(known)]
                message = "{count} row(s) name a merchant that is not in the table of merchants"
                yield from found(ledgers, kind, "ledger_merchant_unknown", strange, message)


def _redemptions(ledgers: Ledgers) -> Iterator[Finding]:
    kind = "vouchers_redeemed"
    issued = ledgers.table("vouchers_issued")[["voucher", "issued", "expires", "amount"]]
    worth = issued.rename(columns={"amount": "worth"})
    used = ledgers.table(kind)[["voucher", "redeemed", "amount", "line"]].merge(worth, "left", on="voucher")
    strange = used[used["issued"].isna()]
    message = "{count} redemption(s) are of a voucher that was never issued; they stay in what merchants took"
    yield from found(ledgers, kind, "ledger_redeemed_unissued", strange, message)
    early = used[is_before(used["redeemed"], used["issued"])]
    message = "{count} redemption(s) are earlier than the issue of their voucher"
    yield from found(ledgers, kind, "ledger_redeemed_before_issue", early, message)
    late = used[used["redeemed"].dt.floor("D") > used["expires"]]
    message = "{count} redemption(s) are later than the last day of their voucher"
    yield from found(ledgers, kind, "ledger_redeemed_expired", late, message)
    spent = used.groupby("voucher", sort=False).agg(
        spent=("amount", "sum"), worth=("worth", "first"), line=("line", "min")
    )
    over = spent[spent["spent"] > spent["worth"] + CENT]
    message = "{count} voucher(s) were redeemed for more than they are worth"
    yield from found(ledgers, kind, "ledger_redeemed_too_much", over, message)


def is_before(moments: pd.Series, others: pd.Series) -> pd.Series:
    """Where a moment is before another; by days where one of the two has no time of day.

    Parameters
    ----------
    moments, others : Series of datetime64

    Returns
    -------
    Series of bool
        False where either is missing.
    """
    day, other = moments.dt.floor("D"), others.dt.floor("D")
    timed = (moments != day) & (others != other)
    before: pd.Series = (day < other) | (timed & (moments < others))
    return before
