"""How many vouchers, how much money and how many people; and what part of it was used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xzz_analysis.services.vouchers.book import Book

MEASURES = (
    "vouchers_issued",
    "voucher_amount_issued",
    "voucher_receivers",
    "voucher_redemptions",
    "voucher_amount_redeemed",
    "vouchers_redeemed",
    "voucher_redeemers",
)
"""Totals of a period: vouchers, amounts and different people on the side of issue and of redemption."""

SHARES = ("voucher_uptake", "voucher_open", "voucher_amount_share")
"""Of the vouchers issued in the period, by its end: the part redeemed at least once, the part neither redeemed nor
expired, and the part of their amount that was redeemed."""


def different_people(rows: pd.DataFrame) -> int:
    """Different persons behind rows; a voucher whose person is not known counts as one more, the most there can be."""
    unknown = rows.loc[rows["person"] == "", "voucher"].nunique()
    return int(rows.loc[rows["person"] != "", "person"].nunique() + unknown)


def totals(book: Book, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count vouchers, money and people of the period.

    Parameters
    ----------
    book : Book
    by : sequence of str
        Columns of the book to split by: ``category``, ``community``, ``sex``, ``hardship``.

    Returns
    -------
    DataFrame
        A row for each measure and level: columns of ``by``, ``measure`` (one of :data:`MEASURES`), ``estimate`` and
        ``n`` (different persons behind it).
    """
    rows = []
    for level, part in levels(book.issued_during(), by):
        people = different_people(part)
        before = zip(MEASURES[:3], (len(part), part["amount"].sum(), people), strict=True)
        rows += [{**level, "measure": name, "estimate": value, "n": people} for name, value in before]
    for level, part in levels(book.redeemed_during(), by):
        people = different_people(part)
        after = zip(MEASURES[3:], (len(part), part["amount"].sum(), part["voucher"].nunique(), people), strict=True)
        rows += [{**level, "measure": name, "estimate": value, "n": people} for name, value in after]
    return _frame(rows, by)


def levels(rows: pd.DataFrame, by: Sequence[str]) -> list[tuple[dict[str, str], pd.DataFrame]]:
    """Rows of each level of a grouping, sorted by its name; all of them where there is no grouping."""
    if not by:
        return [({}, rows)]
    split = rows.groupby(list(by), sort=True)
    return [(dict(zip(by, map(str, key), strict=True)), part) for key, part in split]


def _frame(rows: list[dict[str, object]], by: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*by, "measure", "estimate", "n", *(["n_need"] if _needs(rows) else [])])


def _needs(rows: list[dict[str, object]]) -> bool:
    return bool(rows) and "n_need" in rows[0]


def shares(book: Book, by: Sequence[str] = ()) -> pd.DataFrame:
    """What part of the vouchers issued in the period was used by its end.

    Parameters
    ----------
    book : Book
    by : sequence of str

    Returns
    -------
    DataFrame
        A row for each of :data:`SHARES` and level: columns of ``by``, ``measure``, ``estimate`` (NaN without vouchers),
        ``n`` and ``n_need``. The share is one of vouchers, and somebody may hold vouchers of both sorts: ``n_need`` are
        the people with at least one voucher that counts, and ``n`` is that and the people with at least one that does
        not, so that both sides rest on enough people where a figure is shown. Of the share of money ``n`` are those
        who received a voucher, and ``n_need`` is NaN.
    """
    rows: list[dict[str, object]] = []
    for level, part in levels(book.issued_during(), by):
        among, still = max(len(part), 1), still_open(book, part)
        worth = part["amount"].sum()
        found = (
            (part["used"].sum() / among if len(part) else np.nan, *_sides(part, part["used"])),
            (still.sum() / among if len(part) else np.nan, *_sides(part, still)),
            (part["spent"].sum() / worth if worth > 0 else np.nan, different_people(part), np.nan),
        )
        told = zip(SHARES, found, strict=True)
        rows += [
            {**level, "measure": name, "estimate": share, "n": n, "n_need": need} for name, (share, n, need) in told
        ]
    return _frame(rows, by)


def _sides(vouchers: pd.DataFrame, counts: pd.Series) -> tuple[int, int]:
    """People with a voucher that counts and people with one that does not, together; and the first alone."""
    with_one = different_people(vouchers[counts])
    return with_one + different_people(vouchers[~counts]), with_one


def still_open(book: Book, vouchers: pd.DataFrame) -> pd.Series:
    """Vouchers not redeemed that could still be: their last day is not before the end, or they never expire."""
    return ~vouchers["used"] & (vouchers["expires"].isna() | (vouchers["expires"] >= book.end))


def parts_of_amount(rows: pd.DataFrame, by: Sequence[str], amount: str = "amount") -> pd.Series:
    """What each merchant redeemed, by level: a dict of merchant → amount, for the rule of dominance.

    Parameters
    ----------
    rows : DataFrame
        Redemptions.
    by : sequence of str
    amount : str

    Returns
    -------
    Series of dict
        Index: the levels' texts joined in the order of ``by``; ``""`` without a grouping.
    """
    made = {
        "\t".join(level.values()): part.groupby("merchant")[amount].sum().to_dict() for level, part in levels(rows, by)
    }
    return pd.Series(made, dtype=object)
