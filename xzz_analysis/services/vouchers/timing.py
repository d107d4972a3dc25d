"""How long vouchers wait for their first redemption, and which expire unused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.services.survival import SurvivalCurve, kaplan_meier
from xzz_analysis.services.vouchers.book import Book
from xzz_analysis.services.vouchers.counting import different_people, levels, still_open

QUARTILES = {"first_quarter": 0.25, "half": 0.5, "three_quarters": 0.75}
"""Parts of the vouchers that are redeemed by a day."""

SOON = 30
"""Days within which an open voucher is said to expire soon."""

WEEKS = 12
"""Weeks after issue that the curve is told for."""

EXPIRY = ("expired", "expiring", "partly_used")
"""Vouchers that expired in the period unused, that are open and expire within :data:`SOON` days, and those issued in
the period that are redeemed in part."""


@dataclass(frozen=True, eq=False)
class Waiting:
    """Vouchers by how long they waited.

    Attributes
    ----------
    days : ndarray of float, shape (vouchers,)
        Days from issue to the first redemption; to the end of what is known where there was none. A voucher that
        expired unused is never redeemed, however long one waits: it is followed to the end like the others, and not
        censored when it expires.
    redeemed : ndarray of bool, shape (vouchers,)
    rows : DataFrame
        The vouchers.
    before : int
        Vouchers left out because they were redeemed before they were issued.
    """

    days: np.ndarray
    redeemed: np.ndarray
    rows: pd.DataFrame
    before: int

    def curve(self) -> SurvivalCurve:
        """The part that waits still, by days since issue (Kaplan and Meier)."""
        return kaplan_meier(self.days, self.redeemed)


def waiting(book: Book, vouchers: pd.DataFrame | None = None) -> Waiting:
    """Days that vouchers waited for their first redemption.

    Parameters
    ----------
    book : Book
    vouchers : DataFrame, optional
        Rows of ``book.issued``; those of the last twelve months by default.

    Returns
    -------
    Waiting
    """
    rows = book.followed() if vouchers is None else vouchers
    until = rows["first"].where(rows["used"], book.end - pd.Timedelta(days=1))
    days = (until.dt.normalize() - rows["issued"].dt.normalize()).dt.days.to_numpy(float)
    kept = days >= 0
    return Waiting(days[kept], rows["used"].to_numpy(bool)[kept], rows[kept], int((~kept).sum()))


def first_use(book: Book, by: Sequence[str] = ()) -> pd.DataFrame:
    """Days until a quarter, half and three quarters of the vouchers are redeemed.

    Parameters
    ----------
    book : Book
    by : sequence of str

    Returns
    -------
    DataFrame
        Columns of ``by``, ``option`` (of :data:`QUARTILES`), ``estimate`` (days; NaN where so many are not redeemed
        yet, and ``reason`` says so), ``low``, ``high`` and ``n`` (people with a voucher redeemed).
    """
    rows = []
    for level, part in levels(book.followed(), by):
        waited = waiting(book, part)
        if not len(waited.days):
            continue
        curve = waited.curve()
        used = different_people(waited.rows[waited.redeemed])
        for name, share in QUARTILES.items():
            days = curve.quantile(share)
            told = {"estimate": days.estimate, "low": days.low, "high": days.high}
            reason = "" if days.estimate == days.estimate else "beyond_the_data"
            rows.append({**level, "option": name, **told, "n": used, "reason": reason})
    return pd.DataFrame(rows, columns=[*by, "option", "estimate", "low", "high", "n", "reason"])


def redeemed_by_week(book: Book) -> pd.DataFrame:
    """The part of the vouchers redeemed at least once by the end of each week since issue.

    Returns
    -------
    DataFrame
        A row for each week from 0 (the day of issue) to :data:`WEEKS` that is known: ``option`` (the week, two digits),
        ``estimate``, ``low``, ``high``, ``n`` (people), ``n_need`` (people whose voucher was redeemed by then).
    """
    waited = waiting(book)
    columns = ["option", "estimate", "low", "high", "n", "n_need"]
    if not len(waited.days):
        return pd.DataFrame(columns=columns)
    weeks = np.arange(WEEKS + 1)
    told = waited.curve().at(7.0 * weeks)
    people = different_people(waited.rows)
    need = [different_people(waited.rows[waited.redeemed & (waited.days <= 7 * week)]) for week in weeks]
    found = pd.DataFrame(
        {
            "option": [f"{week:02d}" for week in weeks],
            "estimate": 1 - told["survival"],
            "low": 1 - told["high"],
            "high": 1 - told["low"],
            "n": people,
            "n_need": need,
        }
    )
    return found[found["estimate"].notna()].reset_index(drop=True)


def expiry(book: Book, by: Sequence[str] = ()) -> pd.DataFrame:
    """Vouchers that expired unused, that expire soon, and that are used in part; their number and what is left on them.

    Parameters
    ----------
    book : Book
    by : sequence of str

    Returns
    -------
    DataFrame
        Columns of ``by``, ``option`` (of :data:`EXPIRY`), ``vouchers``, ``amount`` (not redeemed) and ``n`` (people).
    """
    rows = []
    for level, part in levels(book.issued, by):
        last = part["expires"]
        began = pd.Timestamp(book.period.first)
        soon = still_open(book, part) & (last < book.end + pd.Timedelta(days=SOON))
        expired = ~part["used"] & (last >= began) & (last < book.end)
        partly = part["used"] & (part["spent"] < part["amount"] - 0.005) & (part["issued"] >= began)
        for name, chosen in zip(EXPIRY, (expired, soon, partly), strict=True):
            found = part[chosen]
            left = float((found["amount"] - found["spent"]).sum())
            rows.append({**level, "option": name, "vouchers": len(found), "amount": left, "n": different_people(found)})
    return pd.DataFrame(rows, columns=[*by, "option", "vouchers", "amount", "n"])
