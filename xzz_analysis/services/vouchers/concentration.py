"""Whether a few merchants redeem most: Herfindahl's index and the shares of the largest.

References
----------
Herfindahl, O. C. (1950). Concentration in the Steel Industry. Columbia University.
US Department of Justice and Federal Trade Commission (2023). Merger Guidelines, guideline 1: an index above 0.18 is a
highly concentrated market, above 0.10 a concentrated one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.vouchers.book import Book

CLASSES: Mapping[str, float] = {"spread": 0.0, "concentrated": 0.10, "highly_concentrated": 0.18}
"""Class → the index from which it begins."""


class Concentration(NamedTuple):
    """How money is spread over merchants.

    Attributes
    ----------
    amount : float
    merchants : int
        With a positive amount.
    herfindahl : float
        Sum of squared shares: 1 for one merchant, 1/merchants for equal ones; NaN without money.
    largest, two_largest : float
        Their shares.
    """

    amount: float
    merchants: int
    herfindahl: float
    largest: float
    two_largest: float


def concentration(amounts: Mapping[str, float]) -> Concentration:
    """Measure how money is spread over merchants.

    Parameters
    ----------
    amounts : mapping of str to float
        Merchant → what it redeemed; amounts that are not positive are left out.
    """
    found = np.sort(np.array([value for value in amounts.values() if value > 0], float))[::-1]
    total = float(found.sum())
    if not len(found):
        return Concentration(0.0, 0, float("nan"), float("nan"), float("nan"))
    parts = found / total
    return Concentration(total, len(found), float((parts**2).sum()), float(parts[0]), float(parts[:2].sum()))


def class_of(herfindahl: float) -> str:
    """The class of an index, a word of :data:`CLASSES`; empty where there is none."""
    return max((name for name, begins in CLASSES.items() if herfindahl >= begins), key=CLASSES.__getitem__, default="")


def by_category(ledgers: Ledgers, book: Book) -> dict[str, dict[str, float]]:
    """What each merchant redeemed in the period, by category of the voucher; ``""`` for all of them together.

    A voucher without a category takes that of the merchant; redemptions without either are in the whole alone.
    """
    rows = book.redeemed_during()
    shops = ledgers.table("merchants").drop_duplicates("merchant", keep="last").set_index("merchant")["category"]
    sold = rows["merchant"].map(shops).astype(object)
    category = rows["category"].where(rows["category"] != "", sold.where(sold.notna(), "").astype("str"))
    found = {"": _amounts(rows)}
    return found | {str(name): _amounts(part) for name, part in rows.groupby(category, sort=True) if name}


def _amounts(rows: pd.DataFrame) -> dict[str, float]:
    return {str(name): float(value) for name, value in rows.groupby("merchant")["amount"].sum().items()}


def beside_change(change: pd.DataFrame, uptake: pd.DataFrame) -> pd.DataFrame:
    """Lay changes of an indicator and the uptake of vouchers in the same communities side by side.

    They stand side by side as an association: communities where more was redeemed may differ in many other ways, so
    nothing here says that one brought about the other.

    Parameters
    ----------
    change : DataFrame
        ``community``, ``estimate``, ``low`` and ``high``: how an indicator changed between two rounds.
    uptake : DataFrame
        ``community`` and ``estimate``: what part of the vouchers was redeemed.

    Returns
    -------
    DataFrame
        ``community``, ``change``, ``low``, ``high`` and ``uptake``, in the order of the first, for communities in both.
        ``attrs["rank_correlation"]`` is Spearman's, NaN among fewer than four communities.
    """
    told = change[["community", "estimate", "low", "high"]].rename(columns={"estimate": "change"})
    beside = uptake[["community", "estimate"]].rename(columns={"estimate": "uptake"})
    table = told.merge(beside, on="community", validate="one_to_one").dropna(subset=["change", "uptake"])
    moves = len(table) >= 4 and table["change"].nunique() > 1 and table["uptake"].nunique() > 1
    ranks = table[["change", "uptake"]].rank()
    table.attrs["rank_correlation"] = float(ranks["change"].corr(ranks["uptake"])) if moves else float("nan")
    return table.reset_index(drop=True)


def by_distance(uptake: pd.DataFrame, metres: pd.DataFrame) -> pd.DataFrame:
    """Lay the uptake of vouchers and the way to the nearest merchant side by side, nearest community first.

    Parameters
    ----------
    uptake : DataFrame
        ``community`` and ``estimate``.
    metres : DataFrame
        ``community`` and ``metres``, as places measures it.

    Returns
    -------
    DataFrame
        ``community``, ``metres`` and ``uptake``, for communities in both; an association, as in :func:`beside_change`.
    """
    told = uptake[["community", "estimate"]].rename(columns={"estimate": "uptake"})
    table = metres[["community", "metres"]].merge(told, on="community", validate="one_to_one").dropna()
    return table.sort_values(["metres", "community"], ignore_index=True)
